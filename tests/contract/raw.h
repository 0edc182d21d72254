/* A responder without the application layer: it takes the requests of one method off the port, counts them,
 * and answers as it is told. What a call really sends is seen here.
 */
#ifndef TESTS_CONTRACT_RAW_H
#define TESTS_CONTRACT_RAW_H

#include "contract/world.h"
#include "ports/bus.h"

typedef enum raw_mode {
    RAW_OK,
    RAW_SILENT,
    RAW_UNAVAILABLE, /* a failure that may pass */
    RAW_NOT_FOUND,   /* one that will not */
    RAW_SHED         /* refused unseen */
} raw_mode;

typedef struct raw {
    world *w;
    aegis_source *source;
    pthread_t thread;
    atomic_bool stop;
    atomic_int mode;  /* raw_mode, of what comes */
    atomic_int first; /* so many of them are answered as `first_mode` says */
    atomic_int first_mode;
    atomic_int seen;
    char last_id[64], first_id[64]; /* message ids */
    char header[64];                /* traceparent of the last one, or "" */
    char trace[64], correlation[64];
    double budget; /* seconds, as the last one said */
} raw;

/* Serves rpc.raw.ask until raw_stop, or the end of the world. */
raw *raw_start(world *w, raw_mode mode);
/* NULL is fine. */
void raw_stop(raw *r);
/* Descriptors of raw.ask: not idempotent; and with 3 retries, 5 to 20 ms. */
extern const aegis_method raw_plain, raw_idempotent;

#endif
