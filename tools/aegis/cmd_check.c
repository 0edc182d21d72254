/* aegis check: is everything there that services need, and is it well? Server, JetStream, streams, consumers,
 * dead letters, instances; what is wrong is said with what to do. */
#include <string.h>

#include <aegis/discovery.h>

#include "commands.h"
#include "findings.h"
#include "jetstream.h"
#include "plan.h"
#include "wire.h"

typedef struct request {
    session_options common;
    bool quiet;
} request;

/* Messages that wait, from which it is worth a word. */
#define LAG_WARNING 1000

static const char *area_of(findings *f, const plan_step *step)
{
    const char *area = arena_printf(&f->s->line->memory, "%s %s", step->kind, step->name);

    return area != NULL ? area : step->kind;
}

/* ---- streams and buckets ---- */

static void check_fill(findings *f, const plan_step *step, const char *area)
{
    json_t *state = json_object_get(step->info, "state"), *config = json_object_get(step->info, "config");
    const double bytes = wire_number(state, "bytes", 0), limit = wire_number(config, "max_bytes", -1);
    const double percent = limit > 0 ? 100 * bytes / limit : 0;
    const finding_level level = findings_fill(percent);
    const bool refuses = strcmp(wire_text(config, "discard", "old"), "new") == 0;
    char a[SCREEN_TEXT], b[SCREEN_TEXT], n[SCREEN_TEXT];

    if (level == FINDING_GOOD) {
        findings_add(f, FINDING_GOOD, area, NULL, "%s messages, %s%s%s",
                     screen_count(wire_number(state, "messages", 0), n), screen_bytes(bytes, a),
                     limit > 0 ? " of " : "", limit > 0 ? screen_bytes(limit, b) : "");
        return;
    }
    if (!refuses) {
        findings_add(f, FINDING_GOOD, area, NULL, "%s messages, %s of %s: it forgets the oldest",
                     screen_count(wire_number(state, "messages", 0), n), screen_bytes(bytes, a),
                     screen_bytes(limit, b));
        return;
    }
    findings_add(f, level, area,
                 step->which == AEGIS_KIND_DLQ
                     ? "look at them (aegis dlq ls), replay or drop them"
                     : "see why workers do not keep up; start more of them, or raise the limit "
                       "(aegis apply --commands-max-bytes)",
                 "%.0f %% full (%s of %s); when it is, it refuses", percent, screen_bytes(bytes, a),
                 screen_bytes(limit, b));
}

static void check_replicas(findings *f, const plan_step *step, const char *area)
{
    json_t *cluster = json_object_get(step->info, "cluster"), *replica;
    size_t i;

    if (json_object_get(cluster, "name") == NULL)
        return;
    if (wire_text(cluster, "leader", "")[0] == '\0')
        findings_add(f, FINDING_BAD, area,
                     "see which servers of the cluster are away: most of its replicas must be there",
                     "it has no leader: nothing can be stored or read");
    json_array_foreach(json_object_get(cluster, "replicas"), i, replica)
    {
        if (json_is_true(json_object_get(replica, "offline")) ||
            json_is_false(json_object_get(replica, "current")))
            findings_add(f, FINDING_WARNING, area, "see whether that server is up; it catches up by itself",
                         "the replica on %s is %s", wire_text(replica, "name", "?"),
                         json_is_true(json_object_get(replica, "offline")) ? "away" : "behind");
    }
}

static void check_store(findings *f, const plan_step *step)
{
    const char *area = area_of(f, step);

    switch (step->act) {
    case PLAN_CREATE:
        findings_add(f, FINDING_WARNING, area, "nothing: whoever needs it first makes it; or 'aegis apply'",
                     "is not there yet");
        return;
    case PLAN_CHANGE:
    case PLAN_REFUSE:
        findings_add(f, FINDING_BAD, area,
                     step->act == PLAN_CHANGE ? "'aegis plan' shows it, 'aegis apply' changes it"
                                              : step->note,
                     "%s", step->about);
        break;
    case PLAN_KEEP:
    case PLAN_REMOVE:
        break;
    }
    check_fill(f, step, area);
    check_replicas(f, step, area);
}

/* ---- consumers ---- */

/* How those who read a consumer keep up. */
static void judge_reading(findings *f, const char *area, json_t *info, const char *what)
{
    const double pending = wire_number(info, "num_pending", 0);
    const double in_hand = wire_number(info, "num_ack_pending", 0);
    const double most = wire_number(json_object_get(info, "config"), "max_ack_pending", -1);
    const bool read = wire_number(info, "num_waiting", 0) > 0 || in_hand > 0;
    char n[SCREEN_TEXT], m[SCREEN_TEXT];

    if (most > 1 && in_hand >= most)
        findings_add(f, FINDING_BAD, area,
                     "see what the service's handlers wait for; until they settle, nothing more is delivered",
                     "all %s that may be in hand are", screen_count(in_hand, n));
    if (pending > 0 && !read)
        findings_add(f, FINDING_BAD, area, "start an instance of the service", "%s %s wait, and nobody reads",
                     screen_count(pending, n), what);
    else if (pending >= LAG_WARNING)
        findings_add(f, FINDING_WARNING, area, "start more instances, or raise concurrency", "%s %s wait",
                     screen_count(pending, n), what);
    else
        findings_add(f, FINDING_GOOD, area, NULL, "%s wait, %s in hand%s", screen_count(pending, n),
                     screen_count(in_hand, m), read ? "" : "; nobody reads it now");
}

static void check_consumer(findings *f, const plan_step *step)
{
    const char *area = area_of(f, step);

    switch (step->act) {
    case PLAN_CREATE:
        findings_add(f, FINDING_WARNING, area,
                     "start the service, or 'aegis apply' so that nothing is missed until then",
                     "is not there yet: what is sent before it is made %s",
                     step->consumer->from == AEGIS_DELIVER_NEW ? "is not seen by it" : "waits");
        break;
    case PLAN_CHANGE:
    case PLAN_REFUSE:
        findings_add(f, FINDING_BAD, area, step->note, "%s", step->about);
        break;
    case PLAN_REMOVE:
        findings_add(f, FINDING_WARNING, area,
                     "'aegis apply --prune' removes it, when no older version runs any more", "%s",
                     step->about);
        break;
    case PLAN_KEEP:
        judge_reading(f, area, step->info, step->consumer->filter[0] == 'e' ? "events" : "commands");
        break;
    }
}

/* ---- services ---- */

static void check_versions(findings *f, json_t *answers)
{
    size_t i, k;
    json_t *one, *other;

    json_array_foreach(answers, i, one)
    {
        const char *name = wire_text(one, "name", "?"), *version = wire_text(one, "version", "?");
        const char *hash = wire_text(json_object_get(one, "metadata"), "aegis.schema", "");
        size_t instances = 1;
        bool first = true, same_version = true, same_hash = true;

        json_array_foreach(answers, k, other)
        {
            if (k == i || strcmp(wire_text(other, "name", "?"), name) != 0)
                continue;
            first = first && k > i;
            instances++;
            same_version = same_version && strcmp(wire_text(other, "version", "?"), version) == 0;
            same_hash = same_hash &&
                        strcmp(wire_text(json_object_get(other, "metadata"), "aegis.schema", ""), hash) == 0;
        }
        if (!first)
            continue;
        if (same_version && same_hash)
            findings_add(f, FINDING_GOOD, arena_printf(&f->s->line->memory, "service %s", name), NULL,
                         "%zu instance%s of version %s", instances, instances == 1 ? "" : "s", version);
        else
            findings_add(f, FINDING_WARNING, arena_printf(&f->s->line->memory, "service %s", name),
                         "finish the roll-out; 'aegis ls' shows which instance is which",
                         "its %zu instances differ in %s", instances,
                         same_version ? "their schema" : "their version");
    }
}

static bool runs(json_t *answers, const char *wire)
{
    json_t *one;
    size_t i;

    json_array_foreach(answers, i, one)
    {
        if (strcmp(wire_text(one, "name", ""), wire) == 0)
            return true;
    }
    return false;
}

/* Then it is said of the service itself. */
static bool is_listed(const catalog_list *services, const schema_service *service)
{
    size_t i;

    for (i = 0; i < services->count; i++) {
        if (strcmp(services->items[i]->wire, service->wire) == 0)
            return true;
    }
    return false;
}

/* Those that are in the registry: whether they are well, and answer. */
static void check_registry(findings *f, json_t *answers)
{
    aegis_error error = {0};
    aegis_instance_list list = {NULL, 0};
    char age[SCREEN_TEXT];
    size_t i, k;

    if (aegis_instances_read(f->s->bus, NULL, f->s->arena, &list, &error) != AEGIS_OK) {
        findings_add(f, FINDING_WARNING, "registry",
                     "give this user the right to read $KV.service_registry.>", "cannot be read: %s",
                     aegis_error_text(&error));
        return;
    }
    for (i = 0; i < list.count; i++) {
        const aegis_instance *instance = &list.items[i];
        const char *area = arena_printf(&f->s->line->memory, "instance %s", instance->id);
        bool answered = false, ours = false;
        json_t *one;

        json_array_foreach(answers, k, one)
        {
            answered = answered || strcmp(wire_text(one, "id", ""), instance->id) == 0;
            ours = ours || strcmp(wire_text(one, "name", ""), instance->service) == 0;
        }
        if (area != NULL && instance->state == AEGIS_INSTANCE_UNHEALTHY)
            findings_add(f, FINDING_BAD, area,
                         "see its log, or its /readyz: it takes no work until it is well",
                         "says that it is unwell");
        else if (area != NULL && ours && !answered)
            findings_add(f, FINDING_WARNING, area, "nothing, if it was killed: it leaves the list by itself",
                         "is listed, last heard of %s ago, and does not answer",
                         screen_duration(instance->age, age));
    }
}

/* `stored`: there is a registry to look into. */
static void check_services(findings *f, const catalog_list *services, bool stored)
{
    aegis_error error = {0};
    json_t *answers = NULL;
    size_t i, k;

    if (wire_gather(f->s, "$SRV.INFO", WIRE_QUIET, WIRE_LIMIT, &answers, &error) != AEGIS_OK) {
        findings_add(f, FINDING_BAD, "services",
                     "give this user the right to publish to $SRV.> and to read its inbox",
                     "cannot ask which services run: %s", aegis_error_text(&error));
        return;
    }
    check_versions(f, answers);
    if (json_array_size(answers) == 0 && services->count == 0)
        findings_add(f, FINDING_WARNING, "services", "start them; -f names schemas of those that should run",
                     "none runs, so that nothing is known of what they need");
    if (stored)
        check_registry(f, answers);
    for (i = 0; i < services->count; i++) {
        const schema_service *service = services->items[i];

        if (!runs(answers, service->wire))
            findings_add(f, FINDING_WARNING, arena_printf(&f->s->line->memory, "service %s", service->wire),
                         "start it", "no instance runs");
        for (k = 0; k < service->use_count; k++) {
            if (!runs(answers, service->uses[k]->wire) && !is_listed(services, service->uses[k]))
                findings_add(
                    f, FINDING_WARNING, arena_printf(&f->s->line->memory, "service %s", service->wire),
                    "start that service", "it uses %s, of which no instance runs", service->uses[k]->wire);
        }
    }
    json_decref(answers);
}

/* ---- dead letters ---- */

static void check_letters(findings *f, const plan_step *step)
{
    const double count = wire_number(json_object_get(step->info, "state"), "messages", 0);
    char n[SCREEN_TEXT];

    if (count > 0)
        findings_add(f, FINDING_WARNING, "dead letters",
                     "'aegis dlq ls' lists them, 'aegis dlq show N' says why",
                     "%s message%s could not be handled", screen_count(count, n), count == 1 ? "" : "s");
    else
        findings_add(f, FINDING_GOOD, "dead letters", NULL, "none");
}

/* ---- consumers of services that are not known ---- */

/* When no schema tells whose they are: all that are there. */
static void check_unknown(findings *f, aegis_stream_kind kind)
{
    const char *stream = aegis_bus_stream(f->s->bus, kind);
    aegis_error error = {0};
    json_t *list = NULL, *one;
    size_t i;

    if (jetstream_consumers(f->s, stream, &list, &error) != AEGIS_OK) {
        findings_add(f, FINDING_WARNING, "consumers", "give this user the right to publish to $JS.API.>",
                     "those of %s cannot be listed: %s", stream, aegis_error_text(&error));
        return;
    }
    json_array_foreach(list, i, one)
    {
        const char *area = arena_printf(&f->s->line->memory, "consumer %s", wire_text(one, "name", "?"));

        if (area != NULL)
            judge_reading(f, area, one, kind == AEGIS_KIND_EVENTS ? "events" : "commands");
    }
    json_decref(list);
}

/* ---- the command ---- */

static int check_stored(findings *f, const catalog_list *services)
{
    plan p;
    const int code = plan_make(f->s, services, &p);
    size_t i;

    if (code != CLI_DONE)
        return code;
    for (i = 0; i < p.count; i++) {
        if (strcmp(p.steps[i].kind, "consumer") == 0)
            check_consumer(f, &p.steps[i]);
        else
            check_store(f, &p.steps[i]);
        if (p.steps[i].which == AEGIS_KIND_DLQ && p.steps[i].consumer == NULL && p.steps[i].stream == NULL)
            check_letters(f, &p.steps[i]);
    }
    plan_free(&p);
    if (services->count == 0) {
        check_unknown(f, AEGIS_KIND_EVENTS);
        check_unknown(f, AEGIS_KIND_COMMANDS);
    }
    return CLI_DONE;
}

static int work(session *s, const void *data)
{
    const request *r = (const request *)data;
    findings f = {.s = s};
    catalog *known = NULL;
    catalog_list services;
    int code = session_connect(s);

    if (code == CLI_DONE)
        code = catalog_open(s, &known);
    if (code == CLI_DONE)
        code = catalog_all(known, &services);
    if (code == CLI_DONE) {
        bool stored;

        check_server(&f);
        stored = check_jetstream(&f);
        if (stored)
            code = check_stored(&f, &services);
        check_services(&f, &services, stored);
    }
    catalog_free(known);
    if (code != CLI_DONE)
        return code;
    if (r->quiet)
        findings_only(&f, FINDING_WARNING);
    findings_print(&f);
    return findings_count(&f, FINDING_BAD) > 0 ? CLI_MISTAKES : CLI_DONE;
}

static int run(cli *line, void *data)
{
    return session_run(line, &((const request *)data)->common, work, data);
}

static const cli_option options[] = {
    {"--quiet", NULL, CLI_FLAG, offsetof(request, quiet), "only what is not well"},
    SESSION_OPTIONS(request, common)};

const cli_command cmd_check = {
    .name = "check",
    .summary = "looks whether server, streams, consumers and services are well",
    .takes = "",
    .about = "Looks at the server, JetStream, streams, consumers, dead letters and instances of the services "
             "of -f, or of\n"
             "those that run, and says what is wrong and what to do. Changes nothing.",
    .examples = "  aegis check\n"
                "  aegis check -f shop.aegis --quiet\n"
                "  aegis check --json | jq '.[] | select(.level == \"bad\")'\n",
    .failure = "something is bad",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .least = 0,
    .most = 0,
    .on_missing = "",
    .run = run,
};
