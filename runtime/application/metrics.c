/* Series. Cells are only ever added to, with relaxed atomics on the caller's own core; a reader adds them up
 * while that goes on, so that its figures are of about the same moment, not of one. What ends OK and what
 * does not have buckets of their own, so that both together are what ended, whenever one looks. */
#define _GNU_SOURCE
#include "application/metrics.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MOST_CELLS 16
#define LINE       64 /* bytes of a cache line */
/* Latencies are counted in units of 1,024 ns: the first four buckets are one each, then four to a doubling.
 */
#define UNIT_BITS 10

/* Where in a cell. */
enum {
    COUNTS = AEGIS_STATUS_COUNT,
    TIMES = COUNTS + AEGIS_COUNTS, /* those that ended OK, then the others: a sum and buckets each */
    ONE_TIME = 1 + AEGIS_LATENCY_BUCKETS,
    COUNTERS = TIMES + 2 * ONE_TIME
};

typedef struct aegis_cell {
    _Alignas(LINE) atomic_uint_fast64_t counters[COUNTERS];
} cell;

size_t aegis_latency_bucket(int64_t nanoseconds)
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

static aegis_series *new_series(aegis_bus *bus, const char *service, const char *method,
                                aegis_series_kind kind)
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
    series->kind = kind;
    series->first = (cell *)(((uintptr_t)(series + 1) + LINE - 1) / LINE * LINE);
    text = (char *)(series->first + cells);
    series->service = strcpy(text, service);
    series->method = strcpy(text + strlen(service) + 1, method);
    return series;
}

aegis_series *aegis_series_of(aegis_bus *bus, const char *service, const char *method, aegis_series_kind kind)
{
    aegis_series *series;

    (void)pthread_mutex_lock(&bus->lock);
    for (series = bus->series; series != NULL; series = series->next) {
        if (series->kind == kind && strcmp(series->service, service) == 0 &&
            strcmp(series->method, method) == 0)
            break;
    }
    if (series == NULL && bus->series_count < AEGIS_SERIES_MAX) {
        series = new_series(bus, service, method, kind);
        if (series != NULL) {
            series->next = bus->series;
            bus->series = series;
            bus->series_count++;
        }
    }
    (void)pthread_mutex_unlock(&bus->lock);
    return series;
}

/* Is it the series of <what>.<one>.<two>? */
static bool sends_to(const aegis_series *series, const char *what, const char *one, const char *two)
{
    const char *at = series->method;
    const size_t first = strlen(what), second = strlen(one);

    return strncmp(at, what, first) == 0 && at[first] == '.' && strncmp(at + first + 1, one, second) == 0 &&
           at[first + 1 + second] == '.' && strcmp(at + first + second + 2, two) == 0;
}

static aegis_series *new_sending(aegis_bus *bus, const char *what, const char *one, const char *two)
{
    char subject[512];
    const int length = snprintf(subject, sizeof subject, "%s.%s.%s", what, one, two);

    return length < (int)sizeof subject ? aegis_series_of(bus, "", subject, AEGIS_SERIES_SENDING) : NULL;
}

/* A few places, by a hash of the name; one that has none is looked for in the list each time. */
aegis_series *aegis_series_sending(aegis_bus *bus, const char *what, const char *one, const char *two)
{
    aegis_series *series, *none = NULL;
    uint32_t hash = 2166136261U;
    const char *at;
    size_t i;

    for (at = one; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * 16777619U;
    for (at = two; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * 16777619U;
    for (i = 0; i < 4; i++) {
        _Atomic(aegis_series *) *place = &bus->sendings[(hash + i) % AEGIS_SENDINGS];

        series = atomic_load_explicit(place, memory_order_acquire);
        if (series != NULL && sends_to(series, what, one, two))
            return series;
        if (series == NULL) {
            series = new_sending(bus, what, one, two);
            if (series != NULL)
                (void)atomic_compare_exchange_strong(place, &none, series);
            return series;
        }
    }
    return new_sending(bus, what, one, two);
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
    const size_t at = TIMES + (status == AEGIS_OK ? 0 : ONE_TIME);
    cell *c;

    if (series == NULL)
        return;
    c = here(series);
    add(c, (size_t)status < AEGIS_STATUS_COUNT ? (size_t)status : AEGIS_UNKNOWN, 1);
    if (nanoseconds < 0)
        return;
    add(c, at, (uint64_t)nanoseconds);
    add(c, at + 1 + aegis_latency_bucket(nanoseconds), 1);
}

/* ---- reading ------------------------------------------------------------------------------------------ */

static void add_times(aegis_latency *out, const uint64_t *times)
{
    size_t i;

    out->sum += times[0];
    for (i = 0; i < AEGIS_LATENCY_BUCKETS; i++) {
        out->buckets[i] += times[1 + i];
        out->count += times[1 + i];
    }
}

void aegis_series_read(const aegis_series *series, aegis_counted *out)
{
    uint64_t sums[COUNTERS] = {0}, ended = 0;
    size_t i, k;

    for (i = 0; i < series->cells; i++) {
        for (k = 0; k < COUNTERS; k++)
            sums[k] += atomic_load_explicit(&series->first[i].counters[k], memory_order_relaxed);
    }
    memset(out, 0, sizeof *out);
    memcpy(out->status, sums, sizeof out->status);
    memcpy(out->counts, sums + COUNTS, sizeof out->counts);
    add_times(&out->latency, sums + TIMES);
    add_times(&out->latency, sums + TIMES + ONE_TIME);
    add_times(&out->failed, sums + TIMES + ONE_TIME);
    for (i = 0; i < AEGIS_STATUS_COUNT; i++)
        ended += out->status[i];
    if (out->counts[AEGIS_COUNT_STARTED] > ended) /* one may have ended where we looked last */
        out->in_flight = out->counts[AEGIS_COUNT_STARTED] - ended;
}

void aegis_series_free(aegis_bus *bus)
{
    while (bus->series != NULL) {
        aegis_series *series = bus->series;

        bus->series = series->next;
        aegis_memory_put(bus->allocator, series, series->size);
    }
}
