/* What waits in JetStream for services: the lag of durable consumers, and dead letters. Read from the server
 * itself, so that it is also known of services that are not there, and of those of the original SDK.
 */
#ifndef AEGIS_TOOL_DURABLES_H
#define AEGIS_TOOL_DURABLES_H

#include "fleet.h"

typedef struct durable {
    const char *service; /* whose it is, by its name; NULL: nobody's that is known */
    const char *stream, *name, *filter;
    double lag;         /* messages that were not delivered yet */
    double unsettled;   /* delivered, and not settled */
    double redelivered; /* of these, more than once */
    double readers;     /* pulls that wait: 0 means that nobody reads it now; below 0: it is pushed */
} durable;

typedef struct dead_letters {
    const char *service, *name; /* of whom, and of which event, pattern or command */
    double count;
} dead_letters;

typedef struct durables {
    const durable *items;
    size_t count;
    const dead_letters *letters;
    size_t letter_count;
    bool read;       /* else why not: */
    const char *why; /* "no JetStream" */
} durables;

/* All there are, at most some thousands; of `f` (may be NULL) the names of services. In `memory`. */
void durables_read(session *s, const fleet *f, arena *memory, durables *out);

/* Sums of one service (NULL: of all); below 0 when that is not known. */
double durables_lag(const durables *d, const char *service);
double durables_dead(const durables *d, const char *service);

#endif
