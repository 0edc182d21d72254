/* Comparing what is there with what services need. */
#include "plan.h"

#include <stdarg.h>
#include <string.h>

#include "descriptor.h"
#include "jetstream.h"
#include "ports/clock.h"
#include "ports/stream.h"
#include "wire.h"

/* Of a service's lease, where consumers are made: the library's default. */
#define LEASE   (10 * AEGIS_SECOND)
#define TIMEOUT (5 * AEGIS_SECOND)

typedef struct planning {
    session *s;
    plan *out;
    int code;
} planning;

static plan_step *add_step(planning *p, plan_act act, const char *kind, const char *name)
{
    plan_step *steps =
        (plan_step *)arena_grow(&p->s->line->memory, p->out->steps, p->out->count, sizeof *steps);

    if (steps == NULL) {
        p->code = cli_out_of_memory();
        return NULL;
    }
    p->out->steps = steps;
    steps += p->out->count++;
    memset(steps, 0, sizeof *steps);
    steps->act = act;
    steps->kind = kind;
    steps->name = name;
    return steps;
}

/* "a; b" */
static void append(planning *p, const char **to, const char *format, ...) AEGIS_PRINTF(3, 4);
static void append(planning *p, const char **to, const char *format, ...)
{
    arena *memory = &p->s->line->memory;
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = arena_vprintf(memory, format, arguments);
    va_end(arguments);
    if (text != NULL && *to != NULL)
        text = arena_printf(memory, "%s; %s", *to, text);
    if (text != NULL)
        *to = text;
}

/* ---- streams and buckets ---- */

/* A limit, for a person. */
static const char *limit_text(planning *p, const char *field, json_int_t value)
{
    char text[SCREEN_TEXT];

    if (value <= 0)
        return "unlimited";
    if (strstr(field, "bytes") != NULL)
        return arena_strdup(&p->s->line->memory, screen_bytes((double)value, text));
    if (strcmp(field, "max_age") == 0 || strcmp(field, "duplicate_window") == 0)
        return arena_strdup(&p->s->line->memory, screen_duration(value, text));
    return arena_printf(&p->s->line->memory, "%lld", (long long)value);
}

/* A server alone accepts any number of replicas, and makes none. */
static bool in_cluster(json_t *info)
{
    return json_object_get(json_object_get(info, "cluster"), "name") != NULL;
}

/* One limit of a stream: changed when it was asked for, else only noted. */
static void compare_limit(planning *p, plan_step *step, const char *field, int64_t wanted, bool asked)
{
    const json_int_t is = json_integer_value(json_object_get(json_object_get(step->info, "config"), field));
    const char *is_text = limit_text(p, field, is), *wanted_text = limit_text(p, field, wanted);

    if ((is > 0 ? is : 0) == (wanted > 0 ? wanted : 0))
        return;
    if (!asked) {
        append(p, &step->note, "keeps its %s of %s (%s is usual)", field, is_text, wanted_text);
        return;
    }
    append(p, &step->about, "%s %s -> %s", field, is_text, wanted_text);
    if (strcmp(field, "num_replicas") == 0 && wanted > 1 && !in_cluster(step->info)) {
        step->act = PLAN_REFUSE;
        append(p, &step->note, "this server is in no cluster, so there is nowhere to put them");
        return;
    }
    if (step->act == PLAN_KEEP)
        step->act = PLAN_CHANGE;
    (void)json_object_set_new(step->config, field, json_integer(wanted > 0 ? wanted : -1));
    if (strcmp(field, "max_age") == 0 || strcmp(field, "duplicate_window") == 0)
        (void)json_object_set_new(step->config, field, json_integer(wanted > 0 ? wanted : 0));
    if (wanted > 0 && (is <= 0 || wanted < is) && strcmp(field, "num_replicas") != 0) {
        step->risky = true;
        append(p, &step->note, "a smaller %s can take away what is stored: insist with --force", field);
    }
}

/* A word that a promise depends on, and that JetStream lets nobody change. */
static void compare_fixed(planning *p, plan_step *step, const char *field, const char *wanted)
{
    const char *is = wire_text(json_object_get(step->info, "config"), field, "");

    if (strcmp(is, wanted) == 0)
        return;
    step->act = PLAN_REFUSE;
    append(p, &step->about, "%s is %s, not %s, which JetStream lets nobody change", field, is, wanted);
    step->note = "copy what has to be kept, delete the stream, and apply again";
}

/* What a promise depends on and can be put right. */
static void put_right(planning *p, plan_step *step, const char *field, const char *is, const char *wanted,
                      json_t *value)
{
    const char *description = wire_text(json_object_get(step->info, "config"), "description", "");

    append(p, &step->about, "%s %s -> %s", field, is, wanted);
    if (step->act == PLAN_KEEP)
        step->act = PLAN_CHANGE;
    (void)json_object_set_new(step->config, field, value);
    if (strstr(description, AEGIS_STREAM_MARK) != NULL)
        return;
    step->risky = true;
    append(p, &step->note, "somebody else made it and may need it as it is: insist with --force");
}

static bool same_subjects(json_t *has, const aegis_stream_config *wanted)
{
    size_t i, k;

    if (json_array_size(has) != wanted->subject_count)
        return false;
    for (i = 0; i < wanted->subject_count; i++) {
        for (k = 0; k < json_array_size(has); k++) {
            if (strcmp(json_string_value(json_array_get(has, k)), wanted->subjects[i]) == 0)
                break;
        }
        if (k == json_array_size(has))
            return false;
    }
    return true;
}

static void compare_promises(planning *p, plan_step *step, const aegis_stream_config *wanted)
{
    json_t *config = json_object_get(step->info, "config"), *subjects = json_object_get(config, "subjects");
    const char *discard = wire_text(config, "discard", "old");
    const char *wanted_discard = aegis_discard_name(wanted->discard);
    json_t *list;
    size_t i;

    compare_fixed(p, step, "retention", aegis_retention_name(wanted->retention));
    compare_fixed(p, step, "storage", aegis_storage_name(wanted->storage));
    if (!same_subjects(subjects, wanted)) {
        char *is = json_dumps(subjects, JSON_ENCODE_ANY);

        list = json_array();
        for (i = 0; i < wanted->subject_count; i++)
            (void)json_array_append_new(list, json_string(wanted->subjects[i]));
        put_right(p, step, "subjects", is != NULL ? is : "[]", wanted->subjects[0], list);
        free(is);
    }
    if (strcmp(discard, wanted_discard) != 0 && wanted->discard == AEGIS_DISCARD_NEW)
        put_right(p, step, "discard", discard, wanted_discard, json_string(wanted_discard));
    if (json_is_true(json_object_get(config, "no_ack")))
        put_right(p, step, "no_ack", "true", "false", json_false());
}

static void describe_stream(planning *p, plan_step *step, const aegis_stream_config *wanted)
{
    append(p, &step->about, "%s, %s, in %s%s, %s, %u replica%s", wanted->subjects[0],
           wanted->retention == AEGIS_RETAIN_WORK_QUEUE ? "a work queue" : "kept up to its limits",
           wanted->storage == AEGIS_STORE_MEMORY ? "memory" : "files",
           wanted->discard == AEGIS_DISCARD_NEW ? ", refuses what does not fit" : "",
           limit_text(p, "max_bytes", wanted->max_bytes), wanted->replicas > 0 ? wanted->replicas : 1,
           wanted->replicas > 1 ? "s" : "");
}

static const aegis_stream_options *options_of(const session *s, aegis_stream_kind kind)
{
    const aegis_options *o = &s->bus_options;

    return kind == AEGIS_KIND_EVENTS     ? &o->events
           : kind == AEGIS_KIND_COMMANDS ? &o->commands
           : kind == AEGIS_KIND_DLQ      ? &o->dead_letters
                                         : &o->results;
}

/* What is there, in a step that keeps it; or one that creates it. */
static plan_step *look(planning *p, aegis_stream_kind which, const char *kind, const char *name,
                       const char *stream)
{
    aegis_error error = {0};
    json_t *info = NULL;
    const aegis_status status = jetstream_stream(p->s, stream, &info, &error);
    plan_step *step;

    if (status != AEGIS_OK && status != AEGIS_NOT_FOUND) {
        p->code = session_failed(p->s, &error, "cannot look at %s %s", kind, name);
        return NULL;
    }
    step = add_step(p, status == AEGIS_OK ? PLAN_KEEP : PLAN_CREATE, kind, name);
    if (step == NULL) {
        json_decref(info);
        return NULL;
    }
    step->which = which;
    step->info = info;
    step->config = json_deep_copy(json_object_get(info, "config"));
    return step;
}

static void plan_stream(planning *p, aegis_stream_kind which)
{
    const aegis_topology *t = &p->s->bus->topology;
    const aegis_stream_config *wanted = &t->streams[which];
    const aegis_stream_options *asked = options_of(p->s, which);
    plan_step *step = p->code == CLI_DONE ? look(p, which, "stream", t->names[which], t->names[which]) : NULL;

    if (step == NULL)
        return;
    if (step->act == PLAN_CREATE) {
        describe_stream(p, step, wanted);
        return;
    }
    compare_promises(p, step, wanted);
    compare_limit(p, step, "max_bytes", wanted->max_bytes, asked->max_bytes != 0);
    compare_limit(p, step, "max_msgs", wanted->max_messages, asked->max_messages != 0);
    compare_limit(p, step, "max_age", wanted->max_age, asked->max_age != 0);
    compare_limit(p, step, "num_replicas", wanted->replicas > 0 ? wanted->replicas : 1,
                  p->s->bus_options.replicas != 0);
}

static void plan_bucket(planning *p, aegis_stream_kind which, const aegis_stream_config *wanted)
{
    const aegis_stream_options *asked = options_of(p->s, which);
    const bool results = which == AEGIS_KIND_RECORDS;
    plan_step *step = p->code == CLI_DONE ? look(p, which, "bucket", wanted->name,
                                                 arena_printf(&p->s->line->memory, "KV_%s", wanted->name))
                                          : NULL;

    if (step == NULL)
        return;
    if (step->act == PLAN_CREATE) {
        append(p, &step->about, "an entry is kept for %s, in %s, %s, %u replica%s",
               limit_text(p, "max_age", wanted->max_age),
               wanted->storage == AEGIS_STORE_MEMORY ? "memory" : "files",
               limit_text(p, "max_bytes", wanted->max_bytes), wanted->replicas > 0 ? wanted->replicas : 1,
               wanted->replicas > 1 ? "s" : "");
        return;
    }
    compare_fixed(p, step, "storage", aegis_storage_name(wanted->storage));
    compare_limit(p, step, "max_age", wanted->max_age, results && asked->max_age != 0);
    compare_limit(p, step, "max_bytes", wanted->max_bytes, results && asked->max_bytes != 0);
    compare_limit(p, step, "num_replicas", wanted->replicas > 0 ? wanted->replicas : 1,
                  p->s->bus_options.replicas != 0);
}

/* ---- consumers ---- */

static json_t *consumer_named(json_t *list, const char *durable)
{
    json_t *consumer;
    size_t i;

    json_array_foreach(list, i, consumer)
    {
        if (strcmp(wire_text(consumer, "name", ""), durable) == 0)
            return consumer;
    }
    return NULL;
}

static void plan_consumer(planning *p, const aegis_need *need, json_t *there)
{
    json_t *info = consumer_named(there, need->config.durable);
    const char *filter = wire_text(json_object_get(info, "config"), "filter_subject", "");
    plan_step *step;

    if (need->subscription != NULL && need->subscription->broadcast)
        return; /* each instance makes its own while it runs */
    step = add_step(p, info == NULL ? PLAN_CREATE : PLAN_KEEP, "consumer", need->config.durable);
    if (step == NULL)
        return;
    step->stream = need->config.stream;
    step->consumer = &need->config;
    step->info = json_incref(info);
    if (info == NULL) {
        append(p, &step->about, "%s%s", need->config.filter,
               need->config.from == AEGIS_DELIVER_NEW ? ", from now on"
               : need->subscription != NULL           ? ", from the first"
                                                      : "");
    } else if (strcmp(filter, need->config.filter) != 0) {
        step->act = PLAN_REFUSE;
        append(p, &step->about, "it reads '%s', not '%s'", filter, need->config.filter);
        step->note = "another filter is another consumer: delete it when nobody needs what it has not read, "
                     "and apply again";
    }
}

/* A consumer of one of the services that it does not need. */
static void plan_left_over(planning *p, const catalog_list *services, const aegis_needs *needs,
                           size_t service_count, const char *stream, json_t *info)
{
    const char *name = wire_text(info, "name", "");
    plan_step *step;
    bool theirs = false;
    size_t i, k;

    for (i = 0; i < services->count; i++) {
        const char *wire = services->items[i]->wire;

        theirs =
            theirs || (strncmp(name, wire, strlen(wire)) == 0 && strncmp(name + strlen(wire), "__", 2) == 0);
    }
    for (i = 0; theirs && i < service_count; i++) {
        for (k = 0; k < needs[i].count; k++) {
            const aegis_need *need = &needs[i].items[k];
            const bool broadcast = need->subscription != NULL && need->subscription->broadcast;

            if (broadcast ? strncmp(name, need->config.durable, strlen(need->config.durable)) == 0
                          : strcmp(name, need->config.durable) == 0)
                return;
        }
    }
    step = theirs ? add_step(p, PLAN_REMOVE, "consumer", arena_strdup(&p->s->line->memory, name)) : NULL;
    if (step == NULL)
        return;
    step->stream = stream;
    step->info = json_incref(info);
    append(p, &step->about, "nothing here needs it; %.0f unread", wire_number(info, "num_pending", 0));
    step->note = "removed with --prune only: an older version that still runs may need it";
}

static void plan_consumers(planning *p, const catalog_list *services, const aegis_needs *needs)
{
    static const aegis_stream_kind kinds[] = {AEGIS_KIND_EVENTS, AEGIS_KIND_COMMANDS};
    size_t i, k, m;

    for (k = 0; k < CLI_COUNT(kinds) && p->code == CLI_DONE; k++) {
        const char *stream = aegis_bus_stream(p->s->bus, kinds[k]);
        aegis_error error = {0};
        json_t *there, *info;

        if (jetstream_consumers(p->s, stream, &there, &error) != AEGIS_OK) {
            p->code = session_failed(p->s, &error, "cannot list the consumers of %s", stream);
            return;
        }
        for (i = 0; i < services->count; i++) {
            for (m = 0; m < needs[i].count; m++) {
                if (strcmp(needs[i].items[m].config.stream, stream) == 0)
                    plan_consumer(p, &needs[i].items[m], there);
            }
        }
        json_array_foreach(there, i, info) plan_left_over(p, services, needs, services->count, stream, info);
        json_decref(there);
    }
}

/* ---- all of it ---- */

static aegis_needs *list_needs(planning *p, const catalog_list *services)
{
    session *s = p->s;
    aegis_needs *needs = (aegis_needs *)arena_array(&s->line->memory, services->count + 1, sizeof *needs);
    aegis_error error = {0};
    size_t i;

    for (i = 0; needs != NULL && i < services->count; i++) {
        const aegis_service_type *type = descriptor_of_service(&s->line->memory, services->items[i]);

        if (type == NULL || aegis_needs_list(s->bus, type, LEASE, s->arena, &needs[i], &error) != AEGIS_OK)
            needs = NULL;
    }
    if (needs == NULL)
        p->code = cli_out_of_memory();
    return needs;
}

int plan_make(session *s, const catalog_list *services, plan *out)
{
    planning p = {s, out, CLI_DONE};
    const aegis_topology *t = &s->bus->topology;
    aegis_needs *needs;
    bool commands = services->count == 0;
    size_t i, k;

    memset(out, 0, sizeof *out);
    needs = list_needs(&p, services);
    for (i = 0; needs != NULL && i < services->count; i++) {
        for (k = 0; k < needs[i].count; k++)
            commands = commands || needs[i].items[k].subscription == NULL;
    }
    plan_stream(&p, AEGIS_KIND_EVENTS);
    plan_bucket(&p, AEGIS_KIND_TRIES, &t->streams[AEGIS_KIND_TRIES]);
    if (commands) {
        plan_stream(&p, AEGIS_KIND_COMMANDS);
        plan_bucket(&p, AEGIS_KIND_RECORDS, &t->streams[AEGIS_KIND_RECORDS]);
    }
    plan_stream(&p, AEGIS_KIND_DLQ);
    plan_bucket(&p, AEGIS_KIND_REGISTRY, &t->streams[AEGIS_KIND_REGISTRY]);
    if (p.code == CLI_DONE)
        plan_consumers(&p, services, needs);
    if (p.code != CLI_DONE)
        plan_free(out);
    return p.code;
}

void plan_free(plan *p)
{
    size_t i;

    for (i = 0; i < p->count; i++) {
        json_decref(p->steps[i].config);
        json_decref(p->steps[i].info);
    }
    p->count = 0;
}

/* ---- taking a step ---- */

static aegis_status create(session *s, const plan_step *step, aegis_error *error)
{
    const aegis_port_ops *ops = s->bus->port->ops;
    const aegis_topology *t = &s->bus->topology;
    const int64_t deadline = aegis_clock_monotonic() + session_timeout(s, TIMEOUT);

    if (step->consumer != NULL)
        return ops->ensure_consumer(s->bus->port, step->consumer, deadline, error);
    return ops->ensure_stream(s->bus->port, &t->streams[step->which], deadline, NULL, error);
}

static aegis_status change(session *s, const plan_step *step, aegis_error *error)
{
    const char *name = wire_text(step->config, "name", "");
    const char *what = arena_printf(&s->line->memory, "STREAM.UPDATE.%s", name);
    json_t *answer = NULL;
    const aegis_status status = jetstream_ask(s, what, step->config, &answer, error);

    json_decref(answer);
    return status;
}

aegis_status plan_take(session *s, const plan_step *step, aegis_error *error)
{
    switch (step->act) {
    case PLAN_CREATE:
        return create(s, step, error);
    case PLAN_CHANGE:
        return change(s, step, error);
    case PLAN_REMOVE:
        return s->bus->port->ops->delete_consumer(s->bus->port, step->stream, step->name,
                                                  aegis_clock_monotonic() + session_timeout(s, TIMEOUT),
                                                  error);
    case PLAN_REFUSE:
        return aegis_error_set(error, AEGIS_FAILED_PRECONDITION, "%s", step->about);
    case PLAN_KEEP:
        break;
    }
    return AEGIS_OK;
}
