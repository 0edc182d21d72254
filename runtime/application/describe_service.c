/* What a service says of itself, as NATS' service protocol asks for it. Its endpoints are its methods and
 * what it subscribes to; what is counted is this instance's own. */
#include <string.h>

#include "application/describe.h"
#include "application/envelope.h"
#include "application/load.h"
#include "application/wellbeing.h"

#define VERSION_OF_WIRE "1"
/* Whose name says that it stands for all callers that are not told apart. */
#define OTHERS "other"

/* ---- what all answers begin with ---------------------------------------------------------------------- */

static const char *text_or(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

/* The two entries that every service has, and what others are to know that think of leaving their work to
 * this one; `room` holds them. On the thread that looks whether it is well. */
static aegis_string_map metadata_of(aegis_service *service, aegis_string_map_entry room[3])
{
    const char *hindrance = aegis_wellbeing_hindrance(service);
    aegis_string_map map = {room, 1};

    room[0] = (aegis_string_map_entry){"aegis.wire", VERSION_OF_WIRE};
    if (service->type->schema != NULL)
        room[map.count++] = (aegis_string_map_entry){"aegis.schema", service->type->schema->hash};
    if (hindrance != NULL)
        room[map.count++] = (aegis_string_map_entry){AEGIS_HINDRANCE, hindrance};
    return map;
}

aegis_status aegis_describe_ping(aegis_service *service, aegis_arena *arena, aegis_bytes *out,
                                 aegis_error *error)
{
    aegis_string_map_entry room[3];
    const aegis_duties_micro_ping answer = {.type = "io.nats.micro.v1.ping_response",
                                            .name = service->type->name,
                                            .id = service->instance,
                                            .version = service->type->version,
                                            .metadata = metadata_of(service, room)};

    return aegis_duties_micro_ping_encode(&answer, AEGIS_FORMAT_JSON, arena, out, error);
}

/* ---- endpoints ---------------------------------------------------------------------------------------- */

static size_t count_of(const aegis_service_type *type)
{
    return type->endpoint_count + type->subscription_count;
}

/* Only letters, digits, '-' and '_': "payment_any" for "payment.*". */
static const char *name_of_pattern(const char *pattern, aegis_arena *arena)
{
    char *name = (char *)aegis_arena_alloc(arena, 4 * strlen(pattern) + 1), *at = name;

    for (; name != NULL && *pattern != '\0'; pattern++) {
        const char *word = *pattern == '*' ? "any" : *pattern == '>' ? "rest" : NULL;

        if (word != NULL) {
            memcpy(at, word, strlen(word));
            at += strlen(word);
        } else {
            *at++ = *pattern == '.' ? '_' : *pattern;
        }
    }
    if (name != NULL)
        *at = '\0';
    return name;
}

/* Methods are called in a queue group; commands and events come by a durable consumer, which is one, too. */
static bool describe_method(const aegis_service *service, const aegis_method *method, aegis_arena *arena,
                            aegis_duties_micro_endpoint *out)
{
    const char *kind = method->command ? "commands" : "rpc";

    out->name = method->name;
    out->subject = aegis_arena_printf(arena, "%s.%s.%s", kind, service->type->name, method->name);
    out->queue_group = method->command
                           ? aegis_arena_printf(arena, "%s__%s", service->type->name, method->name)
                           : aegis_arena_printf(arena, "rpc.%s", service->type->name);
    return out->subject != NULL && out->queue_group != NULL;
}

static bool describe_subscription(const aegis_subscription *subscription, aegis_arena *arena,
                                  aegis_duties_micro_endpoint *out)
{
    out->name = name_of_pattern(subscription->pattern, arena);
    out->subject = aegis_arena_printf(arena, "events.%s", subscription->pattern);
    out->queue_group = subscription->broadcast ? "" : text_or(subscription->durable, "");
    return out->name != NULL && out->subject != NULL;
}

/* Number `i` of them, without its metadata. */
static bool describe_endpoint(const aegis_service *service, size_t i, aegis_arena *arena,
                              aegis_duties_micro_endpoint *out)
{
    const aegis_service_type *type = service->type;

    memset(out, 0, sizeof *out);
    return i < type->endpoint_count
               ? describe_method(service, type->endpoints[i].method, arena, out)
               : describe_subscription(&type->subscriptions[i - type->endpoint_count], arena, out);
}

/* ---- what it offers ----------------------------------------------------------------------------------- */

static const char *kind_of(const aegis_service_type *type, size_t i)
{
    if (i >= type->endpoint_count)
        return "event";
    return type->endpoints[i].method->command ? "command" : "rpc";
}

/* Each endpoint's metadata is one entry. */
static bool describe_endpoints(const aegis_service *service, aegis_arena *arena, aegis_duties_micro_info *out)
{
    const size_t count = count_of(service->type);
    aegis_duties_micro_endpoint *items =
        (aegis_duties_micro_endpoint *)aegis_arena_alloc(arena, (count + 1) * sizeof *items);
    aegis_string_map_entry *entries =
        (aegis_string_map_entry *)aegis_arena_alloc(arena, (count + 1) * sizeof *entries);
    const char **subjects = (const char **)aegis_arena_alloc(arena, (count + 1) * sizeof *subjects);
    size_t i;

    if (items == NULL || entries == NULL || subjects == NULL)
        return false;
    for (i = 0; i < count; i++) {
        if (!describe_endpoint(service, i, arena, &items[i]))
            return false;
        entries[i] = (aegis_string_map_entry){"aegis.kind", kind_of(service->type, i)};
        items[i].metadata = (aegis_string_map){&entries[i], 1};
        subjects[i] = items[i].subject;
    }
    out->endpoints = (aegis_duties_micro_endpoint_list){items, count};
    out->subjects = (aegis_string_list){subjects, count};
    return true;
}

aegis_status aegis_describe_info(aegis_service *service, aegis_arena *arena, aegis_bytes *out,
                                 aegis_error *error)
{
    aegis_string_map_entry room[3];
    aegis_duties_micro_info answer = {.type = "io.nats.micro.v1.info_response",
                                      .name = service->type->name,
                                      .id = service->instance,
                                      .version = service->type->version,
                                      .metadata = metadata_of(service, room),
                                      .description = text_or(service->type->description, "")};

    if (!describe_endpoints(service, arena, &answer))
        return aegis_no_memory(error);
    return aegis_duties_micro_info_encode(&answer, AEGIS_FORMAT_JSON, arena, out, error);
}

/* ---- what it has done --------------------------------------------------------------------------------- */

static bool list_callers(const aegis_called *called, aegis_arena *arena, aegis_duties_micro_caller_list *out)
{
    aegis_duties_micro_caller *items =
        (aegis_duties_micro_caller *)aegis_arena_alloc(arena, (called->caller_count + 1) * sizeof *items);
    size_t i;

    if (items == NULL)
        return false;
    for (i = 0; i < called->caller_count; i++)
        items[i] = (aegis_duties_micro_caller){called->callers[i].source, called->callers[i].requests,
                                               called->callers[i].errors};
    if (called->others.requests > 0)
        items[i++] = (aegis_duties_micro_caller){OTHERS, called->others.requests, called->others.errors};
    *out = (aegis_duties_micro_caller_list){items, i};
    return true;
}

/* The buckets that hold something; the last one has no bound, and is told with the longest there is. */
static bool describe_latency(const aegis_latency *latency, aegis_arena *arena,
                             aegis_duties_micro_latency *out)
{
    aegis_i64_list *pairs = (aegis_i64_list *)aegis_arena_alloc(arena, AEGIS_LATENCY_BUCKETS * sizeof *pairs);
    size_t count = 0, i;

    for (i = 0; pairs != NULL && i < AEGIS_LATENCY_BUCKETS; i++) {
        int64_t *pair;

        if (latency->buckets[i] == 0)
            continue;
        pair = (int64_t *)aegis_arena_alloc(arena, 2 * sizeof *pair);
        if (pair == NULL)
            return false;
        pair[0] = aegis_latency_bound(i);
        pair[1] = (int64_t)latency->buckets[i];
        pairs[count++] = (aegis_i64_list){pair, 2};
    }
    out->p50 = aegis_latency_quantile(latency, 0.5);
    out->p99 = aegis_latency_quantile(latency, 0.99);
    out->buckets.items = pairs;
    out->buckets.count = count;
    return pairs != NULL;
}

/* The endpoint that a lane brings messages to. */
static size_t endpoint_of(const aegis_service *service, const aegis_lane *lane)
{
    const aegis_service_type *type = service->type;

    return lane->endpoint != NULL ? (size_t)(lane->endpoint - type->endpoints)
                                  : type->endpoint_count + (size_t)(lane->subscription - type->subscriptions);
}

/* What consumers say, each lane's added to its endpoint. */
static void describe_lanes(const aegis_service *service, aegis_duties_micro_stat *items)
{
    size_t i;

    for (i = 0; i < service->lane_count; i++) {
        const aegis_lane *lane = &service->lanes[i];
        const uint64_t *before = service->tallied[i];
        aegis_duties_micro_data *data = &items[endpoint_of(service, lane)].data;

        data->running.has = data->waiting.has = data->retried.has = data->dead.has = true;
        data->lost.has = lane->endpoint == NULL;
        data->running.value += aegis_tally_level_of(lane->tally, AEGIS_TALLY_RUNNING);
        data->waiting.value += aegis_tally_level_of(lane->tally, AEGIS_TALLY_READY);
        data->retried.value +=
            aegis_tally_count(lane->tally, AEGIS_TALLY_RETRIED) - before[AEGIS_TALLY_RETRIED];
        data->dead.value += aegis_tally_count(lane->tally, AEGIS_TALLY_DEAD) - before[AEGIS_TALLY_DEAD];
        data->lost.value += aegis_tally_count(lane->tally, AEGIS_TALLY_LOST) - before[AEGIS_TALLY_LOST];
    }
}

static bool describe_stat(const aegis_service *service, size_t i, const aegis_called *called,
                          aegis_arena *arena, aegis_duties_micro_stat *out)
{
    aegis_duties_micro_endpoint endpoint;

    memset(out, 0, sizeof *out);
    if (!describe_endpoint(service, i, arena, &endpoint))
        return false;
    out->name = endpoint.name;
    out->subject = endpoint.subject;
    out->queue_group = endpoint.queue_group;
    out->num_requests = called->requests;
    out->num_errors = called->errors;
    out->last_error = called->error;
    out->processing_time = called->took;
    out->average_processing_time = called->requests > 0 ? called->took / called->requests : 0;
    return list_callers(called, arena, &out->data.callers) &&
           describe_latency(&called->latency, arena, &out->data.latency);
}

/* Calls; of commands and events describe_lanes says it. */
static void describe_load(const aegis_service *service, const aegis_load *load,
                          aegis_duties_micro_stat *items)
{
    size_t i;

    for (i = 0; i < service->type->endpoint_count; i++) {
        aegis_duties_micro_data *data = &items[i].data;

        if (service->type->endpoints[i].method->command)
            continue;
        data->running.has = data->waiting.has = true;
        data->running.value = load[i].running;
        data->waiting.value = load[i].waiting;
    }
}

static bool describe_stats(aegis_service *service, aegis_arena *arena, aegis_duties_micro_stats *out)
{
    const size_t count = count_of(service->type);
    const aegis_called *called = aegis_callers_read(service->callers, arena);
    aegis_duties_micro_stat *items =
        (aegis_duties_micro_stat *)aegis_arena_alloc(arena, (count + 1) * sizeof *items);
    const aegis_load *load = aegis_load_read(service, arena);
    bool good = called != NULL && items != NULL && load != NULL;
    size_t i;

    for (i = 0; good && i < count; i++)
        good = describe_stat(service, i, &called[i], arena, &items[i]);
    if (good) {
        describe_lanes(service, items);
        describe_load(service, load, items);
    }
    out->endpoints = (aegis_duties_micro_stat_list){items, count};
    return good;
}

aegis_status aegis_describe_stats(aegis_service *service, aegis_arena *arena, aegis_bytes *out,
                                  aegis_error *error)
{
    aegis_string_map_entry room[3];
    aegis_duties_micro_stats answer = {.type = "io.nats.micro.v1.stats_response",
                                       .name = service->type->name,
                                       .id = service->instance,
                                       .version = service->type->version,
                                       .metadata = metadata_of(service, room),
                                       .started = service->started_at};

    if (!describe_stats(service, arena, &answer))
        return aegis_no_memory(error);
    return aegis_duties_micro_stats_encode(&answer, AEGIS_FORMAT_JSON, arena, out, error);
}
