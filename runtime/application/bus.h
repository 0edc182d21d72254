/* What a bus is inside the application layer: a port, the options every part of it needs, and the list of
 * services that aegis_run has to stop. The port is the only way out; which adapter is behind it is decided in
 * open.c. */
#ifndef AEGIS_APPLICATION_BUS_H
#define AEGIS_APPLICATION_BUS_H

#include <pthread.h>
#include <stdatomic.h>

#include <aegis/bus.h>
#include <aegis/metrics.h>

#include "application/topology.h"
#include "domain/error.h"
#include "ports/bus.h"
#include "ports/clock.h"
#include "ports/log.h"

/* Longest wait for one management operation (a stream, a consumer). */
#define AEGIS_MANAGE_TIMEOUT (5 * AEGIS_SECOND)

/* Places of subjects that are sent to; beyond them finding one takes longer. */
#define AEGIS_SENDINGS 64

struct aegis_bus {
    aegis_port *port; /* owned */
    aegis_log log;
    const aegis_allocator *allocator; /* NULL: the C library's */
    aegis_format format;              /* never AUTO */
    char name[65];
    aegis_span_function span_start, span_end;
    void *span_user;
    uint64_t trace_threshold; /* a trace is sampled when the last 56 bits of its id are at least this */
    bool spans;               /* somebody wants them */
    int stop_pipe[2];         /* a byte in it makes aegis_run return */
    atomic_bool hurry;        /* a second signal came: stop waiting for handlers */
    aegis_topology topology;
    struct {
        aegis_duration heartbeat;
        int64_t put_after; /* the rest belongs to the thread of the presence */
        unsigned failures;
        bool told;
    } registry;
    int64_t lag_after;               /* lag.c's, on the thread of the presence: not to be asked before */
    atomic_uint references;          /* of whoever opened it, and of each service until its memory is freed */
    struct aegis_presence *presence; /* set once under the lock, before the first service starts */
    pthread_mutex_t asking;          /* guards the next two, see describe.c */
    aegis_source *asked;
    unsigned askable;     /* services that listen */
    pthread_mutex_t lock; /* guards the rest */
    struct aegis_service *services;
    struct aegis_service *ghosts; /* stopped, with deferred calls that may yet be answered */
    struct aegis_client *clients;
    struct aegis_series *series; /* what is counted; grows only, at most AEGIS_SERIES_MAX */
    size_t series_count;
    struct aegis_tally *tallies; /* likewise, of consumers */
    size_t tally_count;
    /* not guarded */
    _Atomic(struct aegis_series *) sendings[AEGIS_SENDINGS]; /* some of the series */
    atomic_llong metrics_read_at; /* when somebody last wanted them, on the monotonic clock; 0: never */
};

/* Takes the port over, also when it fails. */
aegis_status aegis_bus_new(aegis_port *port, const aegis_options *options, aegis_bus **bus,
                           aegis_error *error);

/* Stops what still runs, closes the port, frees; but what a handler that outlives its service counts in is
 * freed after it. */
void aegis_bus_free(aegis_bus *bus);
void aegis_bus_keep(aegis_bus *bus);
void aegis_bus_drop(aegis_bus *bus);

/* A second signal came while aegis_run drains. */
bool aegis_bus_hurried(aegis_bus *bus);

/* "<prefix>-<8 hex digits>" into `text`. */
void aegis_instance_name(const char *prefix, char *text, size_t size);

/* Random, from 0 up to 1: for delays that must not coincide. */
double aegis_random_fraction(void);

/* ---- lists: circular, with a head; an item that is in none has a `next` of NULL ---- */
typedef struct aegis_list {
    struct aegis_list *next, *prev;
} aegis_list;

static inline void aegis_list_init(aegis_list *list)
{
    list->next = list->prev = list;
}
static inline void aegis_list_add(aegis_list *list, aegis_list *item)
{
    item->next = list;
    item->prev = list->prev;
    list->prev->next = item;
    list->prev = item;
}
static inline void aegis_list_remove(aegis_list *item)
{
    if (item->next == NULL)
        return;
    item->prev->next = item->next;
    item->next->prev = item->prev;
    item->next = item->prev = NULL;
}

/* Memory from an allocator (NULL: the C library's). Zeroed; NULL when exhausted. */
void *aegis_memory_get(const aegis_allocator *allocator, size_t size);
void aegis_memory_put(const aegis_allocator *allocator, void *pointer, size_t size);

#endif
