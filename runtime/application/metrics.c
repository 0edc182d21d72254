/* Counting, and reading what was counted. Cells are only ever added to, with relaxed atomics on the caller's
 * own core; a reader adds them up while that goes on, so that its figures are of about the same moment, not
 * of one. */
#define _GNU_SOURCE
#include "application/metrics.h"

#include <string.h>
#include <unistd.h>

#include "application/client.h"
#include "application/service.h"

#define MOST_CELLS 16
#define LINE       64 /* bytes of a cache line */
/* Latencies are counted in units of 1,024 ns: the first four buckets are one each, then four to a doubling.
 */
#define UNIT_BITS 10

/* The counters of aegis_method_metrics from `status` on, in their order and one after the other. */
enum {
    COUNTS = AEGIS_STATUS_COUNT,
    SUM = COUNTS + AEGIS_COUNTS,
    BUCKETS,
    COUNTERS = BUCKETS + AEGIS_LATENCY_BUCKETS
};
_Static_assert(offsetof(aegis_method_metrics, latency.count) - offsetof(aegis_method_metrics, status) ==
                   COUNTERS * sizeof(uint64_t),
               "the counters are not where they are read to");

typedef struct cell {
    _Alignas(LINE) atomic_uint_fast64_t counters[COUNTERS];
} cell;

struct aegis_series {
    struct aegis_series *next;
    const char *service, *method; /* behind the cells */
    bool server;
    size_t size;  /* of the block */
    size_t cells; /* a power of two */
    cell *first;
};

static size_t bucket_of(int64_t nanoseconds)
{
    const uint64_t units = (uint64_t)nanoseconds >> UNIT_BITS;
    size_t doubling = 2, at;

    if (units < 4)
        return (size_t)units;
    while (units >> doubling > 1)
        doubling++;
    at = 4 * (doubling - 1) + (size_t)((units >> (doubling - 2)) & 3);
    return at < AEGIS_LATENCY_BUCKETS ? at : AEGIS_LATENCY_BUCKETS - 1;
}

aegis_duration aegis_latency_bound(size_t index)
{
    if (index >= AEGIS_LATENCY_BUCKETS - 1)
        return INT64_MAX;
    if (index < 4)
        return (aegis_duration)(index + 1) << UNIT_BITS;
    return (aegis_duration)(index % 4 + 5) << (index / 4 - 1 + UNIT_BITS);
}

aegis_duration aegis_latency_quantile(const aegis_latency *latency, double quantile)
{
    const double wanted = quantile * (double)latency->count;
    uint64_t seen = 0;
    size_t i;

    for (i = 0; latency->count > 0 && i < AEGIS_LATENCY_BUCKETS; i++) {
        seen += latency->buckets[i];
        if (seen > 0 && (double)seen >= wanted)
            return aegis_latency_bound(i);
    }
    return 0;
}

/* ---- counting ----------------------------------------------------------------------------------------- */

static aegis_series *new_series(aegis_bus *bus, const char *service, const char *method, bool server)
{
    const long cores = sysconf(_SC_NPROCESSORS_CONF);
    const size_t names = strlen(service) + strlen(method) + 2;
    aegis_series *series;
    size_t cells = 1, size;
    char *text;

    while (cells < MOST_CELLS && (long)cells < cores)
        cells *= 2;
    size = sizeof *series + LINE + cells * sizeof(cell) + names;
    series = (aegis_series *)aegis_memory_get(bus->allocator, size);
    if (series == NULL)
        return NULL;
    series->size = size;
    series->cells = cells;
    series->server = server;
    series->first = (cell *)(((uintptr_t)(series + 1) + LINE - 1) / LINE * LINE);
    text = (char *)(series->first + cells);
    series->service = strcpy(text, service);
    series->method = strcpy(text + strlen(service) + 1, method);
    return series;
}

aegis_series *aegis_series_of(aegis_bus *bus, const char *service, const char *method, bool server)
{
    aegis_series *series;

    (void)pthread_mutex_lock(&bus->lock);
    for (series = bus->series; series != NULL; series = series->next) {
        if (series->server == server && strcmp(series->service, service) == 0 &&
            strcmp(series->method, method) == 0)
            break;
    }
    if (series == NULL && bus->series_count < AEGIS_SERIES_MAX) {
        series = new_series(bus, service, method, server);
        if (series != NULL) {
            series->next = bus->series;
            bus->series = series;
            bus->series_count++;
        }
    }
    (void)pthread_mutex_unlock(&bus->lock);
    return series;
}

/* Which core this is may be outdated at once; then two share a cell for a moment. */
static cell *here(aegis_series *series)
{
    const int core = sched_getcpu();

    return &series->first[core > 0 ? (size_t)core & (series->cells - 1) : 0];
}

static void add(cell *c, size_t counter, uint64_t value)
{
    (void)atomic_fetch_add_explicit(&c->counters[counter], value, memory_order_relaxed);
}

void aegis_series_count(aegis_series *series, aegis_count what)
{
    if (series != NULL)
        add(here(series), COUNTS + (size_t)what, 1);
}

void aegis_series_record(aegis_series *series, aegis_status status, int64_t nanoseconds)
{
    cell *c;

    if (series == NULL)
        return;
    c = here(series);
    add(c, (size_t)status < AEGIS_STATUS_COUNT ? (size_t)status : AEGIS_UNKNOWN, 1);
    if (nanoseconds < 0)
        return;
    add(c, SUM, (uint64_t)nanoseconds);
    add(c, BUCKETS + bucket_of(nanoseconds), 1);
}

/* ---- subscriptions: events are fewer than calls, so that one place for all cores will do ----------------
 */

struct aegis_tally {
    struct aegis_tally *next;
    const char *service, *pattern; /* generated code's: they stay */
    atomic_uint_fast64_t counts[AEGIS_TALLIES];
};

aegis_tally *aegis_tally_of(aegis_bus *bus, const char *service, const char *pattern)
{
    aegis_tally *tally;

    (void)pthread_mutex_lock(&bus->lock);
    for (tally = bus->tallies; tally != NULL; tally = tally->next) {
        if (strcmp(tally->service, service) == 0 && strcmp(tally->pattern, pattern) == 0)
            break;
    }
    if (tally == NULL && bus->tally_count < AEGIS_SERIES_MAX) {
        tally = (aegis_tally *)aegis_memory_get(bus->allocator, sizeof *tally);
        if (tally != NULL) {
            tally->service = service;
            tally->pattern = pattern;
            tally->next = bus->tallies;
            bus->tallies = tally;
            bus->tally_count++;
        }
    }
    (void)pthread_mutex_unlock(&bus->lock);
    return tally;
}

void aegis_tally_add(aegis_tally *tally, aegis_tallied what, uint64_t count)
{
    if (tally != NULL)
        (void)atomic_fetch_add_explicit(&tally->counts[what], count, memory_order_relaxed);
}

static void read_tallies(const aegis_bus *bus, aegis_subscription_metrics *out)
{
    aegis_tally *tally;

    for (tally = bus->tallies; tally != NULL; tally = tally->next, out++) {
        out->service = tally->service;
        out->pattern = tally->pattern;
        out->handled = atomic_load(&tally->counts[AEGIS_TALLY_HANDLED]);
        out->retried = atomic_load(&tally->counts[AEGIS_TALLY_RETRIED]);
        out->dead = atomic_load(&tally->counts[AEGIS_TALLY_DEAD]);
        out->lost = atomic_load(&tally->counts[AEGIS_TALLY_LOST]);
    }
}

void aegis_series_free(aegis_bus *bus)
{
    while (bus->tallies != NULL) {
        aegis_tally *tally = bus->tallies;

        bus->tallies = tally->next;
        aegis_memory_put(bus->allocator, tally, sizeof *tally);
    }
    while (bus->series != NULL) {
        aegis_series *series = bus->series;

        bus->series = series->next;
        aegis_memory_put(bus->allocator, series, series->size);
    }
}

/* ---- reading ------------------------------------------------------------------------------------------ */

static void read_series(aegis_series *series, aegis_method_metrics *out)
{
    uint64_t sums[COUNTERS] = {0};
    size_t i, k;

    for (i = 0; i < series->cells; i++) {
        for (k = 0; k < COUNTERS; k++)
            sums[k] += atomic_load_explicit(&series->first[i].counters[k], memory_order_relaxed);
    }
    memset(out, 0, sizeof *out);
    out->service = series->service;
    out->method = series->method;
    out->server = series->server;
    memcpy((char *)out + offsetof(aegis_method_metrics, status), sums, sizeof sums);
    for (i = 0; i < AEGIS_LATENCY_BUCKETS; i++)
        out->latency.count += sums[BUCKETS + i];
}

static size_t peers_of(const aegis_bus *bus)
{
    const aegis_client *client;
    const aegis_peer *peer;
    size_t count = 0;

    for (client = bus->clients; client != NULL; client = client->next) {
        for (peer = atomic_load(&client->peers); peer != NULL; peer = peer->next)
            count++;
    }
    return count;
}

/* At most `count` of them: more may have been met since they were counted. */
static bool read_peers(const aegis_bus *bus, aegis_arena *arena, aegis_breaker_metrics *out, size_t count)
{
    const aegis_client *client;
    aegis_peer *peer;
    size_t i = 0;

    for (client = bus->clients; client != NULL; client = client->next) {
        for (peer = atomic_load(&client->peers); peer != NULL && i < count; peer = peer->next, i++) {
            out[i].service = aegis_arena_strdup(arena, peer->service);
            out[i].client = aegis_arena_strdup(arena, client->source);
            out[i].state = (aegis_breaker_state)atomic_load(&peer->breaker.state);
            out[i].opened = atomic_load(&peer->breaker.opened);
            out[i].rejected = atomic_load(&peer->breaker.rejected);
            if (out[i].service == NULL || out[i].client == NULL)
                return false;
        }
    }
    return true;
}

static bool read_services(const aegis_bus *bus, aegis_arena *arena, aegis_service_metrics *out)
{
    aegis_service *service;

    for (service = bus->services; service != NULL; service = service->next, out++) {
        out->service = service->type->name; /* generated code's: it stays */
        out->instance = aegis_arena_strdup(arena, service->instance);
        out->concurrency = service->concurrency;
        (void)pthread_mutex_lock(&service->lock);
        out->running = service->busy;
        out->waiting = (uint32_t)service->waiting_count;
        out->deferred = (uint32_t)service->deferred_count;
        (void)pthread_mutex_unlock(&service->lock);
        if (out->instance == NULL)
            return false;
    }
    return true;
}

static bool read_connection(const aegis_bus *bus, aegis_arena *arena, aegis_connection_metrics *out)
{
    aegis_health health;

    memset(&health, 0, sizeof health);
    bus->port->ops->health(bus->port, &health);
    out->server = aegis_arena_strdup(arena, health.server);
    out->connected = health.connected;
    out->durable = health.durable;
    out->connections = health.connections;
    out->reconnects = health.reconnects;
    return out->server != NULL;
}

/* With the bus's lock held, so that no client and no service goes. */
static bool read_all(aegis_bus *bus, aegis_arena *arena, aegis_metrics *out)
{
    aegis_method_metrics *methods;
    aegis_breaker_metrics *breakers;
    aegis_service_metrics *services;
    aegis_subscription_metrics *subscriptions;
    aegis_series *series;
    const aegis_service *service;

    out->breaker_count = peers_of(bus);
    for (service = bus->services; service != NULL; service = service->next)
        out->service_count++;
    out->method_count = bus->series_count;
    methods = (aegis_method_metrics *)aegis_arena_alloc(arena, out->method_count * sizeof *methods);
    breakers = (aegis_breaker_metrics *)aegis_arena_alloc(arena, out->breaker_count * sizeof *breakers);
    services = (aegis_service_metrics *)aegis_arena_alloc(arena, out->service_count * sizeof *services);
    out->subscription_count = bus->tally_count;
    subscriptions =
        (aegis_subscription_metrics *)aegis_arena_alloc(arena, bus->tally_count * sizeof *subscriptions);
    if (methods == NULL || breakers == NULL || services == NULL || subscriptions == NULL)
        return false;
    out->subscriptions = subscriptions;
    read_tallies(bus, subscriptions);
    out->methods = methods;
    out->breakers = breakers;
    out->services = services;
    for (series = bus->series; series != NULL; series = series->next)
        read_series(series, methods++);
    return read_peers(bus, arena, breakers, out->breaker_count) && read_services(bus, arena, services);
}

aegis_status aegis_metrics_read(aegis_bus *bus, aegis_arena *arena, aegis_metrics *metrics,
                                aegis_error *error)
{
    bool good;

    memset(metrics, 0, sizeof *metrics);
    (void)pthread_mutex_lock(&bus->lock);
    good = read_all(bus, arena, metrics);
    (void)pthread_mutex_unlock(&bus->lock);
    good = good && read_connection(bus, arena, &metrics->connection);
    if (good)
        return AEGIS_OK;
    memset(metrics, 0, sizeof *metrics);
    return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
}
