/* Tallies: what is counted of one consumer. Names are its service's, which generated code has and keeps; a
 * service that stops and starts again finds its tally. */
#include <string.h>

#include "application/metrics.h"

struct aegis_tally {
    struct aegis_tally *next;
    const char *service, *name; /* generated code's: they stay */
    const char *subject;        /* behind the struct */
    size_t size;                /* of the block */
    bool command;
    atomic_uint_fast64_t counts[AEGIS_TALLIES];
    atomic_int_fast32_t levels[AEGIS_TALLY_LEVELS];
    atomic_uint_fast64_t pending; /* one more than it is; 0: not known */
    atomic_uint_fast64_t sum;     /* of the buckets */
    atomic_uint_fast64_t buckets[AEGIS_LATENCY_BUCKETS];
};

static aegis_tally *new_tally(aegis_bus *bus, const char *service, const char *name, const char *subject,
                              bool command)
{
    const size_t size = sizeof(aegis_tally) + strlen(subject) + 1;
    aegis_tally *tally = (aegis_tally *)aegis_memory_get(bus->allocator, size);

    if (tally == NULL)
        return NULL;
    tally->size = size;
    tally->service = service;
    tally->name = name;
    tally->subject = strcpy((char *)(tally + 1), subject);
    tally->command = command;
    return tally;
}

aegis_tally *aegis_tally_of(aegis_bus *bus, const char *service, const char *name, const char *subject,
                            bool command)
{
    aegis_tally *tally;

    (void)pthread_mutex_lock(&bus->lock);
    for (tally = bus->tallies; tally != NULL; tally = tally->next) {
        if (strcmp(tally->service, service) == 0 && strcmp(tally->subject, subject) == 0)
            break;
    }
    if (tally == NULL && bus->tally_count < AEGIS_SERIES_MAX) {
        tally = new_tally(bus, service, name, subject, command);
        if (tally != NULL) {
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

void aegis_tally_move(aegis_tally *tally, aegis_tally_level what, int32_t by)
{
    if (tally != NULL)
        (void)atomic_fetch_add_explicit(&tally->levels[what], by, memory_order_relaxed);
}

void aegis_tally_took(aegis_tally *tally, int64_t nanoseconds)
{
    if (tally == NULL || nanoseconds < 0)
        return;
    (void)atomic_fetch_add_explicit(&tally->sum, (uint64_t)nanoseconds, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&tally->buckets[aegis_latency_bucket(nanoseconds)], 1,
                                    memory_order_relaxed);
}

void aegis_tally_pending(aegis_tally *tally, uint64_t messages)
{
    if (tally != NULL)
        atomic_store_explicit(&tally->pending, messages + 1, memory_order_relaxed);
}

/* ---- reading ------------------------------------------------------------------------------------------ */

/* By the last word of the subject, behind the command's name. */
static const char *lane_of(const aegis_tally *tally)
{
    static const char *const lanes[] = {"low", "high", "critical"};
    const char *last = strrchr(tally->subject, '.');
    size_t i, dots = 0;

    if (!tally->command || last == NULL)
        return "";
    for (i = 0; tally->subject[i] != '\0'; i++)
        dots += tally->subject[i] == '.';
    for (i = 0; dots > 2 && i < sizeof lanes / sizeof lanes[0]; i++) {
        if (strcmp(last + 1, lanes[i]) == 0)
            return lanes[i];
    }
    return "normal";
}

uint64_t aegis_tally_count(const aegis_tally *tally, aegis_tallied what)
{
    return tally == NULL ? 0 : atomic_load_explicit(&tally->counts[what], memory_order_relaxed);
}

/* Added to on several cores, so that a moment's view may be below 0. */
uint32_t aegis_tally_level_of(const aegis_tally *tally, aegis_tally_level what)
{
    const int_fast32_t level =
        tally == NULL ? 0 : atomic_load_explicit(&tally->levels[what], memory_order_relaxed);

    return level > 0 ? (uint32_t)level : 0;
}

static void read_latency(const aegis_tally *tally, aegis_latency *out)
{
    out->count = 0;
    for (size_t i = 0; i < AEGIS_LATENCY_BUCKETS; i++) {
        out->buckets[i] = atomic_load_explicit(&tally->buckets[i], memory_order_relaxed);
        out->count += out->buckets[i];
    }
    out->sum = atomic_load_explicit(&tally->sum, memory_order_relaxed);
}

static void read_one(const aegis_tally *tally, aegis_consumer_metrics *out)
{
    const uint64_t pending = atomic_load_explicit(&tally->pending, memory_order_relaxed);

    out->service = tally->service;
    out->subject = tally->subject;
    out->command = tally->command;
    out->name = tally->name;
    out->lane = lane_of(tally);
    out->pending_known = pending > 0;
    out->pending = pending > 0 ? pending - 1 : 0;
    out->ready = aegis_tally_level_of(tally, AEGIS_TALLY_READY);
    out->running = aegis_tally_level_of(tally, AEGIS_TALLY_RUNNING);
    out->redelivered = aegis_tally_count(tally, AEGIS_TALLY_REDELIVERED);
    out->handled = aegis_tally_count(tally, AEGIS_TALLY_HANDLED);
    out->retried = aegis_tally_count(tally, AEGIS_TALLY_RETRIED);
    out->dead = aegis_tally_count(tally, AEGIS_TALLY_DEAD);
    out->lost = aegis_tally_count(tally, AEGIS_TALLY_LOST);
    out->taken_over = aegis_tally_count(tally, AEGIS_TALLY_TAKEN_OVER);
    out->leases_lost = aegis_tally_count(tally, AEGIS_TALLY_LEASES_LOST);
    out->progress_sent = aegis_tally_count(tally, AEGIS_TALLY_PROGRESS_SENT);
    out->progress_replaced = aegis_tally_count(tally, AEGIS_TALLY_PROGRESS_REPLACED);
    read_latency(tally, &out->latency);
}

void aegis_tallies_read(const aegis_bus *bus, aegis_consumer_metrics *out, size_t count)
{
    for (const aegis_tally *tally = bus->tallies; tally != NULL && count > 0; tally = tally->next, count--)
        read_one(tally, out++);
}

void aegis_tallies_free(aegis_bus *bus)
{
    while (bus->tallies != NULL) {
        aegis_tally *tally = bus->tallies;

        bus->tallies = tally->next;
        aegis_memory_put(bus->allocator, tally, tally->size);
    }
}
