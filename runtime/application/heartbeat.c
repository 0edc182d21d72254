/* What an instance says with each heartbeat: the original's body, with our own figures under the original's
 * names. Times are milliseconds rounded to hundredths, as there. Smallest and largest time are the bounds of
 * their buckets. */
#include <math.h>
#include <string.h>

#include "application/envelope.h"
#include "application/registry.h"
#include "application/service.h"

/* Of one service: two counters each method and one each subscription, and four more. */
#define COUNTERS(methods, subscriptions) (2 * (methods) + (subscriptions) + 4)

typedef struct filling {
    aegis_arena *arena;
    const char *service;
    aegis_u64_map_entry *counters;
    size_t counter_count;
    aegis_duties_heartbeat_summary_map_entry *summaries;
    size_t summary_count;
    bool failed;
} filling;

static void count(filling *f, uint64_t value, const char *key)
{
    if (key == NULL)
        f->failed = true;
    else if (value > 0)
        f->counters[f->counter_count++] = (aegis_u64_map_entry){key, value};
}

static double milliseconds(double nanoseconds)
{
    return round(nanoseconds / 1e4) / 1e2;
}

static double smallest(const aegis_latency *latency)
{
    size_t i;

    for (i = 0; i < AEGIS_LATENCY_BUCKETS && latency->buckets[i] == 0; i++)
        continue;
    return i == 0 || i == AEGIS_LATENCY_BUCKETS ? 0.0 : (double)aegis_latency_bound(i - 1);
}

/* The last bucket has no bound but the one before it. */
static double quantile(const aegis_latency *latency, double wanted)
{
    const aegis_duration most = aegis_latency_bound(AEGIS_LATENCY_BUCKETS - 2);
    const aegis_duration value = aegis_latency_quantile(latency, wanted);

    return milliseconds((double)(value < most ? value : most));
}

static void summarize(filling *f, const aegis_latency *latency, const char *key)
{
    aegis_duties_heartbeat_summary_map_entry *entry;

    if (key == NULL)
        f->failed = true;
    if (key == NULL || latency->count == 0)
        return;
    entry = &f->summaries[f->summary_count++];
    entry->key = key;
    entry->value = (aegis_duties_heartbeat_summary){
        .count = latency->count,
        .average = milliseconds((double)latency->sum / (double)latency->count),
        .min = milliseconds(smallest(latency)),
        .max = quantile(latency, 1.0),
        .p50 = quantile(latency, 0.5),
        .p90 = quantile(latency, 0.9),
        .p99 = quantile(latency, 0.99)};
}

static bool is_command(const aegis_service *service, const char *method)
{
    size_t i;

    for (i = 0; i < service->type->endpoint_count; i++) {
        const aegis_method *m = service->type->endpoints[i].method;

        if (m->command && strcmp(m->name, method) == 0)
            return true;
    }
    return false;
}

static uint64_t failures_of(const aegis_method_metrics *m)
{
    uint64_t sum = 0;
    size_t i;

    for (i = AEGIS_OK + 1; i < AEGIS_STATUS_COUNT; i++)
        sum += m->status[i];
    return sum;
}

static void add_methods(filling *f, const aegis_service *service, const aegis_metrics *metrics)
{
    uint64_t failed_commands = 0;
    size_t i;

    for (i = 0; i < metrics->method_count; i++) {
        const aegis_method_metrics *m = &metrics->methods[i];
        const char *kind;

        if (!m->server || strcmp(m->service, f->service) != 0)
            continue;
        kind = is_command(service, m->method) ? "commands" : "rpc";
        summarize(f, &m->latency, aegis_arena_printf(f->arena, "%s.%s.%s", kind, m->service, m->method));
        if (kind[0] == 'c') {
            failed_commands += failures_of(m);
            count(f, m->status[AEGIS_OK],
                  aegis_arena_printf(f->arena, "commands.processed.%s.%s", m->service, m->method));
            continue;
        }
        count(f, m->status[AEGIS_OK],
              aegis_arena_printf(f->arena, "rpc.%s.%s.success", m->service, m->method));
        count(f, failures_of(m), aegis_arena_printf(f->arena, "rpc.%s.%s.error", m->service, m->method));
    }
    count(f, failed_commands, "commands.errors");
}

static void add_subscriptions(filling *f, const aegis_metrics *metrics)
{
    uint64_t failed = 0;
    size_t i;

    for (i = 0; i < metrics->consumer_count; i++) {
        const aegis_consumer_metrics *s = &metrics->consumers[i];

        if (s->command || strcmp(s->service, f->service) != 0)
            continue;
        failed += s->retried + s->dead;
        count(f, s->handled, aegis_arena_printf(f->arena, "events.processed.%s", s->name));
    }
    count(f, failed, "events.errors");
}

static bool fill(filling *f, aegis_service *service, const aegis_metrics *metrics)
{
    const size_t counters = COUNTERS(metrics->method_count, metrics->consumer_count);

    f->service = service->type->name;
    f->counters = (aegis_u64_map_entry *)aegis_arena_alloc(f->arena, counters * sizeof *f->counters);
    f->summaries = (aegis_duties_heartbeat_summary_map_entry *)aegis_arena_alloc(
        f->arena, (metrics->method_count + 1) * sizeof *f->summaries);
    if (f->counters == NULL || f->summaries == NULL)
        return false;
    count(f, 1, "services.registered");
    count(f, service->registrant.beats, "heartbeats.sent");
    add_methods(f, service, metrics);
    add_subscriptions(f, metrics);
    return !f->failed;
}

aegis_status aegis_heartbeat_body(aegis_service *service, aegis_arena *arena, aegis_bytes *body,
                                  aegis_error *error)
{
    const aegis_timestamp now = aegis_now();
    filling f = {.arena = arena};
    aegis_health health;
    aegis_metrics metrics;
    aegis_status status = aegis_metrics_gather(service->bus, arena, &metrics, error);

    *body = (aegis_bytes){NULL, 0};
    if (status == AEGIS_OK && !fill(&f, service, &metrics))
        status = aegis_no_memory(error);
    if (status != AEGIS_OK)
        return status;
    memset(&health, 0, sizeof health);
    service->bus->port->ops->health(service->bus->port, &health);
    const aegis_f64_map_entry gauges[] = {{"nats.connections", (double)health.connections}};
    const aegis_duties_heartbeat beat = {
        .instance_id = service->instance,
        .timestamp = (double)(now / AEGIS_MICROSECOND) / 1e6,
        .metrics = {.uptime_seconds = (double)((now - service->started_at) / AEGIS_MILLISECOND) / 1e3,
                    .counters = {f.counters, f.counter_count},
                    .gauges = {gauges, 1},
                    .summaries = {f.summaries, f.summary_count}}};
    status = aegis_duties_heartbeat_encode(&beat, AEGIS_FORMAT_JSON, arena, body, error);
    if (status != AEGIS_OK)
        return status;
    *body = aegis_json_spread(*body, arena);
    return body->data != NULL ? AEGIS_OK : aegis_no_memory(error);
}

aegis_bytes aegis_json_spread(aegis_bytes json, aegis_arena *arena)
{
    uint8_t *out = (uint8_t *)aegis_arena_alloc(arena, 2 * json.len);
    aegis_bytes spread = {out, 0};
    bool inside = false;
    size_t i;

    for (i = 0; out != NULL && i < json.len; i++) {
        const uint8_t c = json.data[i];

        out[spread.len++] = c;
        if (c == '"')
            inside = !inside;
        else if (c == '\\' && inside && i + 1 < json.len)
            out[spread.len++] = json.data[++i];
        else if (!inside && (c == ',' || c == ':'))
            out[spread.len++] = ' ';
    }
    return spread;
}
