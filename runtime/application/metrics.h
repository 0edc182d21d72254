/* Where calls are counted. A series is one method on one side; it has a cell for each processor core, on
 * cache lines of its own, and lives as long as its bus. */
#ifndef AEGIS_APPLICATION_METRICS_H
#define AEGIS_APPLICATION_METRICS_H

#include <stdatomic.h>

#include <aegis/metrics.h>

#include "application/bus.h"

#define AEGIS_SERIES_MAX 1024

typedef enum aegis_count {
    AEGIS_COUNT_RETRIED = 0,
    AEGIS_COUNT_HEDGED,
    AEGIS_COUNT_REFUSED,
    AEGIS_COUNT_EXPIRED,
    AEGIS_COUNTS
} aegis_count;

typedef struct aegis_series aegis_series;

/* The series of a method; NULL when there are too many, or no memory. The counting functions take a NULL. */
aegis_series *aegis_series_of(aegis_bus *bus, const char *service, const char *method, bool server);
void aegis_series_count(aegis_series *series, aegis_count what);
/* One call is over; below 0 `nanoseconds` say nothing. */
void aegis_series_record(aegis_series *series, aegis_status status, int64_t nanoseconds);
void aegis_series_free(aegis_bus *bus);

/* The tally of one subscription, which lives as long as its bus. NULL as with series, and taken as such. */
typedef struct aegis_tally aegis_tally;
typedef enum aegis_tallied {
    AEGIS_TALLY_HANDLED = 0,
    AEGIS_TALLY_RETRIED,
    AEGIS_TALLY_DEAD,
    AEGIS_TALLY_LOST,
    AEGIS_TALLIES
} aegis_tallied;

aegis_tally *aegis_tally_of(aegis_bus *bus, const char *service, const char *pattern);
void aegis_tally_add(aegis_tally *tally, aegis_tallied what, uint64_t count);

#endif
