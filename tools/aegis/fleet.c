/* From answers to instances, from instances to services. */
#include "fleet.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "domain/time.h"
#include "fleet_parts.h"
#include "ports/clock.h"
#include "wire.h"

/* Endpoints that are kept of one instance, callers of one endpoint. */
#define ENDPOINTS_MAX 1024
#define CALLERS_MAX   256
/* Beyond it nobody has counted. */
#define COUNT_MAX 1e18

/* ---- one answer ---- */

static aegis_timestamp time_of(json_t *object, const char *key)
{
    const char *text = wire_text(object, key, "");
    aegis_timestamp value = 0;

    return aegis_timestamp_parse(text, strlen(text), &value) ? value : 0;
}

/* Numbers that count something: below 0 where there is none that is meant. */
static double count_of(json_t *object, const char *key)
{
    const double value = wire_number(object, key, -1);

    return value >= 0 && value < COUNT_MAX ? value : -1;
}

static size_t bucket_of(double bound)
{
    size_t low = 0, high = AEGIS_LATENCY_BUCKETS - 1;

    while (low < high) {
        const size_t middle = (low + high) / 2;

        if ((double)aegis_latency_bound(middle) < bound)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* [[bound, count], ...] */
static const aegis_latency *read_latency(arena *memory, json_t *buckets, double spent)
{
    aegis_latency *latency;
    json_t *pair;
    size_t i;

    if (!json_is_array(buckets) || (latency = arena_new(memory, aegis_latency)) == NULL)
        return NULL;
    json_array_foreach(buckets, i, pair)
    {
        const double bound = json_number_value(json_array_get(pair, 0));
        const double count = json_number_value(json_array_get(pair, 1));

        if (!(count >= 1 && count < 9e15 && bound >= 0))
            continue;
        latency->buckets[bucket_of(bound)] += (uint64_t)count;
        latency->count += (uint64_t)count;
    }
    latency->sum = spent > 0 && spent < 9e18 ? (uint64_t)spent : 0;
    return latency;
}

static void read_callers(arena *memory, json_t *list, fleet_endpoint *out)
{
    const size_t most = json_array_size(list) < CALLERS_MAX ? json_array_size(list) : CALLERS_MAX;
    fleet_caller *callers = most > 0 ? (fleet_caller *)arena_array(memory, most, sizeof *callers) : NULL;
    json_t *item;
    size_t i;

    out->callers = callers;
    json_array_foreach(list, i, item)
    {
        const char *source = wire_text(item, "source", NULL);

        if (callers == NULL || out->caller_count == most)
            break;
        if (source == NULL)
            continue;
        callers[out->caller_count++] =
            (fleet_caller){source, count_of(item, "requests"), count_of(item, "errors"), -1};
    }
}

/* One of INFO or of STATS; what the other says stays unknown. */
static void read_endpoint(arena *memory, json_t *told, fleet_endpoint *out)
{
    json_t *data = json_object_get(told, "data"), *latency = json_object_get(data, "latency");

    *out = (fleet_endpoint){.name = wire_text(told, "name", ""),
                            .subject = wire_text(told, "subject", ""),
                            .queue = wire_text(told, "queue_group", ""),
                            .kind = wire_text(json_object_get(told, "metadata"), "aegis.kind", ""),
                            .requests = count_of(told, "num_requests"),
                            .errors = count_of(told, "num_errors"),
                            .spent = count_of(told, "processing_time"),
                            .rate = -1,
                            .error_rate = -1,
                            .running = count_of(data, "running"),
                            .waiting = count_of(data, "waiting"),
                            .retried = count_of(data, "retried"),
                            .dead = count_of(data, "dead"),
                            .lost = count_of(data, "lost"),
                            .last_error = wire_text(told, "last_error", "")};
    out->latency = read_latency(memory, json_object_get(latency, "buckets"), out->spent);
    read_callers(memory, json_object_get(data, "callers"), out);
}

static void read_endpoints(arena *memory, json_t *list, fleet_instance *out)
{
    const size_t most = json_array_size(list) < ENDPOINTS_MAX ? json_array_size(list) : ENDPOINTS_MAX;
    json_t *item;
    size_t i;

    out->endpoints = most > 0 ? (fleet_endpoint *)arena_array(memory, most, sizeof *out->endpoints) : NULL;
    json_array_foreach(list, i, item)
    {
        if (out->endpoints != NULL && out->endpoint_count < most && wire_text(item, "name", "")[0] != '\0')
            read_endpoint(memory, item, &out->endpoints[out->endpoint_count++]);
    }
}

/* False for what is no answer of the protocol. */
static bool read_answer(arena *memory, json_t *answer, fleet_instance *out)
{
    static const char prefix[] = "io.nats.micro.v1.";
    const char *type = wire_text(answer, "type", "");
    json_t *metadata = json_object_get(answer, "metadata");

    *out = (fleet_instance){.service = wire_text(answer, "name", ""),
                            .id = wire_text(answer, "id", ""),
                            .version = wire_text(answer, "version", ""),
                            .state = "active",
                            .schema = wire_text(metadata, "aegis.schema", NULL),
                            .description = wire_text(answer, "description", ""),
                            .answers = true,
                            .seen = -1,
                            .started = time_of(answer, "started")};
    if (strncmp(type, prefix, sizeof prefix - 1) != 0 || out->service[0] == '\0' || out->id[0] == '\0')
        return false;
    if (strcmp(type + sizeof prefix - 1, "stats_response") == 0)
        out->arrived = (int64_t)json_integer_value(json_object_get(answer, WIRE_ARRIVED));
    read_endpoints(memory, json_object_get(answer, "endpoints"), out);
    return true;
}

/* ---- several answers of one instance ---- */

static void keep_known(double *to, double from)
{
    if (from >= 0)
        *to = from;
}

static void keep_text(const char **to, const char *from)
{
    if (*to == NULL || (*to)[0] == '\0')
        *to = from;
}

static void merge_endpoint(fleet_endpoint *to, const fleet_endpoint *from)
{
    keep_text(&to->kind, from->kind);
    keep_text(&to->last_error, from->last_error);
    keep_known(&to->requests, from->requests);
    keep_known(&to->errors, from->errors);
    keep_known(&to->spent, from->spent);
    keep_known(&to->running, from->running);
    keep_known(&to->waiting, from->waiting);
    keep_known(&to->retried, from->retried);
    keep_known(&to->dead, from->dead);
    keep_known(&to->lost, from->lost);
    if (from->latency != NULL)
        to->latency = from->latency;
    if (from->caller_count > 0) {
        to->callers = from->callers;
        to->caller_count = from->caller_count;
    }
}

const fleet_endpoint *fleet_same_endpoint(const fleet_endpoint *list, size_t count, const fleet_endpoint *as,
                                          size_t likely)
{
    size_t i;

    for (i = 0; i < count; i++) {
        const fleet_endpoint *found = &list[(likely + i) % count];

        if (strcmp(found->name, as->name) == 0 && strcmp(found->subject, as->subject) == 0)
            return found;
    }
    return NULL;
}

static void merge(arena *memory, fleet_instance *to, fleet_instance *from)
{
    size_t i;

    keep_text(&to->version, from->version);
    keep_text(&to->schema, from->schema);
    keep_text(&to->description, from->description);
    to->started = to->started != 0 ? to->started : from->started;
    to->heartbeat = to->heartbeat != 0 ? to->heartbeat : from->heartbeat;
    to->arrived = to->arrived != 0 ? to->arrived : from->arrived;
    to->answers = to->answers || from->answers;
    if (from->registered) { /* only the registry knows how it is */
        to->registered = true;
        to->seen = from->seen;
        to->state = from->state;
    }
    if (to->endpoint_count == 0) {
        to->endpoints = from->endpoints;
        to->endpoint_count = from->endpoint_count;
        return;
    }
    for (i = 0; i < from->endpoint_count; i++) {
        const fleet_endpoint *same =
            fleet_same_endpoint(to->endpoints, to->endpoint_count, &from->endpoints[i], i);
        fleet_endpoint *grown;

        if (same != NULL) {
            merge_endpoint(&to->endpoints[same - to->endpoints], &from->endpoints[i]);
            continue;
        }
        grown = (fleet_endpoint *)arena_grow(memory, to->endpoints, to->endpoint_count, sizeof *grown);
        if (grown == NULL || to->endpoint_count >= ENDPOINTS_MAX)
            return;
        grown[to->endpoint_count++] = from->endpoints[i];
        to->endpoints = grown;
    }
}

static int by_name(const void *a, const void *b)
{
    const fleet_instance *x = (const fleet_instance *)a, *y = (const fleet_instance *)b;
    const int order = strcmp(x->service, y->service);

    return order != 0 ? order : strcmp(x->id, y->id);
}

/* Sorted, each instance once. */
static size_t settle(arena *memory, fleet_instance *list, size_t count)
{
    size_t kept = 0, i;

    if (count > 0)
        qsort(list, count, sizeof *list, by_name);
    for (i = 0; i < count; i++) {
        if (kept > 0 && by_name(&list[kept - 1], &list[i]) == 0)
            merge(memory, &list[kept - 1], &list[i]);
        else
            list[kept++] = list[i];
    }
    return kept;
}

/* ---- reading ---- */

static aegis_status out_of_memory(aegis_error *error)
{
    return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
}

/* Service names go into subjects. */
static bool is_token(const char *text)
{
    return text[0] != '\0' && strpbrk(text, " .*>\t\r\n") == NULL;
}

static aegis_status ask(session *s, const char *service, arena *memory, json_t **answers, aegis_error *error)
{
    const char *subjects[2] = {"$SRV.INFO", "$SRV.STATS"};
    size_t i;

    for (i = 0; service != NULL && i < 2; i++) {
        if (!is_token(service))
            return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is no name of a service", service);
        subjects[i] = arena_printf(memory, "%s.%s", subjects[i], service);
        if (subjects[i] == NULL)
            return out_of_memory(error);
    }
    return wire_gather_all(s, subjects, 2, WIRE_QUIET, session_timeout(s, WIRE_LIMIT), answers, error);
}

aegis_status fleet_read(session *s, const char *service, const fleet *before, arena *memory, fleet *out,
                        aegis_error *error)
{
    fleet_instance *list;
    size_t count = 0, i;
    json_t *answer;
    aegis_status status;

    memset(out, 0, sizeof *out);
    out->memory = memory;
    status = ask(s, service, memory, &out->answers, error);
    if (status != AEGIS_OK)
        return status;
    list = (fleet_instance *)arena_array(memory, json_array_size(out->answers) + 1, sizeof *list);
    json_array_foreach(out->answers, i, answer)
    {
        if (list != NULL && read_answer(memory, answer, &list[count]) &&
            (service == NULL || strcmp(list[count].service, service) == 0)) /* others have no business here */
            count++;
    }
    list = list != NULL ? fleet_add_registered(s, service, out, list, &count) : NULL;
    if (list == NULL || memory->failed) {
        fleet_free(out);
        return out_of_memory(error);
    }
    out->instances = list;
    out->instance_count = settle(memory, list, count);
    if (before != NULL)
        fleet_set_rates(before, list, out->instance_count, memory);
    fleet_make_services(out);
    if (!memory->failed)
        return AEGIS_OK;
    fleet_free(out);
    return out_of_memory(error);
}

void fleet_free(fleet *f)
{
    json_decref(f->answers);
    f->answers = NULL;
    f->instance_count = 0;
    f->service_count = 0;
}

int fleet_nobody(session *s, const char *service)
{
    const char **names = NULL, *near = NULL;
    aegis_error error = {0};
    fleet f;
    size_t i;

    if (fleet_read(s, NULL, NULL, &s->line->memory, &f, &error) == AEGIS_OK) {
        names = (const char **)arena_array(&s->line->memory, f.service_count + 1, sizeof *names);
        for (i = 0; names != NULL && i < f.service_count; i++)
            names[i] = f.services[i].name;
        near = names != NULL ? diag_nearest(service, names, f.service_count) : NULL;
    }
    cli_status("NOT_FOUND");
    if (near != NULL)
        cli_complain("no instance of '%s' runs" CLI_HINT "did you mean '%s'?", service, near);
    else
        cli_complain("no instance of '%s' runs" CLI_HINT "'aegis ls' lists what does", service);
    fleet_free(&f);
    return CLI_MISTAKES;
}

const fleet_service *fleet_find(const fleet *f, const char *service)
{
    size_t i;

    for (i = 0; i < f->service_count; i++) {
        if (strcmp(f->services[i].name, service) == 0)
            return &f->services[i];
    }
    return NULL;
}

const fleet_instance *fleet_instance_of(const fleet *f, const char *id)
{
    size_t i;

    for (i = 0; i < f->instance_count; i++) {
        if (strcmp(f->instances[i].id, id) == 0)
            return &f->instances[i];
    }
    return NULL;
}

const char *fleet_age(aegis_duration age, char text[SCREEN_TEXT])
{
    if (age < 0)
        return "-";
    if (age >= AEGIS_MINUTE)
        return screen_duration(age, text);
    (void)snprintf(text, SCREEN_TEXT, "%d s", (int)(age / AEGIS_SECOND));
    return text;
}

aegis_duration fleet_up(const fleet_instance *i)
{
    const aegis_timestamp now = aegis_now();

    return i->started == 0 ? -1 : now > i->started ? now - i->started : 0;
}
