/* Who calls what: for each endpoint of one instance of a service, how often each caller was answered, how
 * often that was a failure, and how long handlers ran. A caller is the `source` of its messages, which is the
 * instance id of its client. Endpoints are the service's methods, then its subscriptions.
 *
 * Counting takes no lock: a pair of endpoint and caller has a slot in an open hash table, found by the hash
 * of both. There are AEGIS_CALLERS pairs at most; what comes beyond is counted together, by endpoint.
 */
#ifndef AEGIS_APPLICATION_CALLERS_H
#define AEGIS_APPLICATION_CALLERS_H

#include <pthread.h>
#include <stdatomic.h>

#include <aegis/metrics.h>

/* Pairs of endpoint and caller that are told apart. */
#define AEGIS_CALLERS 256
/* What is kept of a source, and of an error's text; with the NUL. */
#define AEGIS_CALLER_NAME 96
#define AEGIS_CALLER_TEXT 256

typedef struct aegis_callers aegis_callers;

/* NULL without memory. */
aegis_callers *aegis_callers_new(const aegis_allocator *allocator, size_t endpoints);
void aegis_callers_free(aegis_callers *callers);

/* One request, or one try, is over. `source` may be NULL; `took` is how long its handler ran, 0 when it did
 * not; `error` NULL when it went well. Any thread. */
void aegis_callers_count(aegis_callers *callers, size_t endpoint, const char *source, aegis_duration took,
                         const char *error);

/* What was counted, of about the same moment. */
typedef struct aegis_caller {
    const char *source; /* "": it did not say */
    uint64_t requests, errors;
} aegis_caller;

typedef struct aegis_called {
    uint64_t requests, errors; /* of all callers */
    uint64_t took;             /* nanoseconds */
    aegis_latency latency;     /* of those whose handler ran */
    const char *error;         /* the last one, or "" */
    const aegis_caller *callers;
    size_t caller_count;
    aegis_caller others; /* beyond those that are told apart */
} aegis_called;

/* One for each endpoint, in `arena`; NULL without memory. Any thread. */
const aegis_called *aegis_callers_read(aegis_callers *callers, aegis_arena *arena);

#endif
