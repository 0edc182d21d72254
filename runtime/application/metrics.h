/* Where things are counted, without a lock. A series is one method on one side, or one subject that is sent
 * to; it has a cell for each processor core, on cache lines of its own. A tally is one consumer: messages of
 * streams are fewer than calls, so one place for all cores will do. Both live as long as their bus.
 *
 *   metrics.c       series           tally.c  tallies
 *   metrics_read.c  all of it, for who asks
 */
#ifndef AEGIS_APPLICATION_METRICS_H
#define AEGIS_APPLICATION_METRICS_H

#include <stdatomic.h>

#include <aegis/metrics.h>

#include "application/bus.h"

#define AEGIS_SERIES_MAX 1024

/* ---- metrics_read.c ---- */
/* aegis_metrics_read, for ourselves: it does not count as somebody who wants them. */
aegis_status aegis_metrics_gather(aegis_bus *bus, aegis_arena *arena, aegis_metrics *metrics,
                                  aegis_error *error);

/* ---- metrics.c: series -------------------------------------------------------------------------------- */

typedef enum aegis_series_kind {
    AEGIS_SERIES_CLIENT = 0,
    AEGIS_SERIES_SERVER,
    AEGIS_SERIES_COMMAND, /* attempts of one */
    AEGIS_SERIES_SENDING
} aegis_series_kind;

typedef enum aegis_count {
    AEGIS_COUNT_STARTED = 0, /* clients and what is sent: how many are under way follows from it */
    AEGIS_COUNT_RETRIED,
    AEGIS_COUNT_HEDGED,
    AEGIS_COUNT_REFUSED,
    AEGIS_COUNT_EXPIRED,
    AEGIS_COUNTS
} aegis_count;

typedef struct aegis_series aegis_series;

/* What a series has counted. */
typedef struct aegis_counted {
    uint64_t status[AEGIS_STATUS_COUNT];
    uint64_t counts[AEGIS_COUNTS];
    uint64_t in_flight;
    aegis_latency latency, failed; /* all of them, and those that did not end OK */
} aegis_counted;

/* The series of a method; NULL when there are too many, or no memory. The counting functions take a NULL. */
aegis_series *aegis_series_of(aegis_bus *bus, const char *service, const char *method,
                              aegis_series_kind kind);
/* Of what is sent to <what>.<one>.<two>; found again without a lock. */
aegis_series *aegis_series_sending(aegis_bus *bus, const char *what, const char *one, const char *two);
void aegis_series_count(aegis_series *series, aegis_count what);
/* One call is over; below 0 `nanoseconds` say nothing. */
void aegis_series_record(aegis_series *series, aegis_status status, int64_t nanoseconds);
void aegis_series_read(const aegis_series *series, aegis_counted *out);
void aegis_series_free(aegis_bus *bus);

struct aegis_series {
    struct aegis_series *next;
    const char *service,
        *method; /* behind the cells; of what is sent `service` is "" and `method` the subject */
    aegis_series_kind kind;
    size_t size;  /* of the block */
    size_t cells; /* a power of two */
    struct aegis_cell *first;
};

/* Which bucket of an aegis_latency. */
size_t aegis_latency_bucket(int64_t nanoseconds);

/* ---- tally.c: consumers ------------------------------------------------------------------------------- */

typedef enum aegis_tallied {
    AEGIS_TALLY_HANDLED = 0,
    AEGIS_TALLY_RETRIED,
    AEGIS_TALLY_DEAD,
    AEGIS_TALLY_LOST,
    AEGIS_TALLY_REDELIVERED,
    AEGIS_TALLY_TAKEN_OVER,
    AEGIS_TALLY_LEASES_LOST,
    AEGIS_TALLY_PROGRESS_SENT,
    AEGIS_TALLY_PROGRESS_REPLACED,
    AEGIS_TALLIES
} aegis_tallied;

typedef enum aegis_tally_level {
    AEGIS_TALLY_READY = 0,
    AEGIS_TALLY_RUNNING,
    AEGIS_TALLY_LEVELS
} aegis_tally_level;

typedef struct aegis_tally aegis_tally;

/* The tally of a consumer that takes `subject`, for the subscription or command `name`; `service` and `name`
 * stay, the subject is copied. NULL as with series, and taken as such. */
aegis_tally *aegis_tally_of(aegis_bus *bus, const char *service, const char *name, const char *subject,
                            bool command);
void aegis_tally_add(aegis_tally *tally, aegis_tallied what, uint64_t count);
/* One more is so now, or one less. */
void aegis_tally_move(aegis_tally *tally, aegis_tally_level what, int32_t by);
void aegis_tally_took(aegis_tally *tally, int64_t nanoseconds);
/* What was added so far, and how many are so now. */
uint64_t aegis_tally_count(const aegis_tally *tally, aegis_tallied what);
uint32_t aegis_tally_level_of(const aegis_tally *tally, aegis_tally_level what);
/* So many wait for the consumer. */
void aegis_tally_pending(aegis_tally *tally, uint64_t messages);
/* All of a bus, at most `count`. With its lock held. */
void aegis_tallies_read(const aegis_bus *bus, aegis_consumer_metrics *out, size_t count);
void aegis_tallies_free(aegis_bus *bus);

#endif
