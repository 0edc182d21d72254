/* A load of calls: so many in flight (closed loop), or so many a second whatever becomes of them (open loop).
 *
 * In a closed loop the next call starts when one ends, so a service that stalls is asked less meanwhile, and
 * the stall shows in few calls: what is measured is how long calls take at that concurrency. In an open loop
 * each call has a time at which it is due, and its latency counts from there, also when it could not be sent
 * then because the generator was late or all of `concurrency` were in flight. So a stall shows in every call
 * that was due in it; this is the correction for what is known as coordinated omission. How long calls took
 * from when they were really sent is kept too.
 */
#ifndef AEGIS_TOOL_BENCH_H
#define AEGIS_TOOL_BENCH_H

#include <pthread.h>

#include <aegis/generated.h>

#include "histogram.h"
#include "session.h"

#define BENCH_CONCURRENCY_MAX 65000u
#define BENCH_OUTCOMES        ((size_t)AEGIS_STATUS_COUNT + 64)

typedef struct bench_plan {
    aegis_method method;
    aegis_raw parameters;
    aegis_call_options call;
    uint32_t concurrency;
    double rate;                     /* a second; 0: closed loop */
    aegis_duration warmup, duration; /* duration 0: until `count` */
    uint64_t count;                  /* counted ones; 0: no limit */
} bench_plan;

typedef struct bench bench;

typedef struct bench_slot {
    bench *owner;
    int64_t due, sent;
    struct bench_slot *next; /* free ones */
} bench_slot;

struct bench {
    const bench_plan *plan;
    aegis_client *client;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    bench_slot *slots, *idle;
    uint32_t in_flight;
    bool ending;
    uint64_t started, counted;    /* calls after the warm-up: sent, ended */
    uint64_t in_time;             /* of those that ended: before `ended` */
    int64_t begun, ended;         /* of what counts, monotonic */
    histogram *latency, *service; /* of all: from due, from sent */
    /* Latency by what became of calls, NULL where nothing did: statuses (OK is 0), then the method's errors,
     * of which the last holds the rest. */
    histogram *outcomes[BENCH_OUTCOMES];
    char failure[200]; /* the first one's text */
};

/* How many ended so, and what that is called. */
uint64_t bench_outcome(const bench *b, size_t outcome);
const char *bench_outcome_name(const bench *b, size_t outcome);
static inline bool bench_is_declared(size_t outcome)
{
    return outcome >= AEGIS_STATUS_COUNT;
}

/* `client` has room for concurrency + BENCH_SPARE. The exit code. */
#define BENCH_SPARE 64u
int bench_init(bench *b, session *s, aegis_client *client, const bench_plan *plan);
/* `tell`, on the caller's thread a few times a second. Returns when all is done, or on a signal. */
void bench_run(bench *b, void (*tell)(const bench *b, int64_t now, void *user), void *user);
/* After the client is freed: until then callbacks may come. */
void bench_end(bench *b);

#endif
