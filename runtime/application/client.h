/* A client, and one call of it, as its files see them.
 *
 *   client.c    the object; whom it calls          exchange.c  what calls, commands and publications share
 *   attempt.c   one attempt of a call, and whether there is another one
 *   invoke.c    calls whose thread waits           async.c     calls with a callback
 *   publisher.c publications whose thread waits    publisher_ring.c  publications under way
 *
 * An attempt and all that is decided about it needs no lock; `lock` guards the client's lists.
 */
#ifndef AEGIS_APPLICATION_CLIENT_H
#define AEGIS_APPLICATION_CLIENT_H

#include <aegis/generated.h>

#include "application/bus.h"
#include "application/envelope.h"
#include "application/metrics.h"
#include "domain/policy.h"

/* Most methods one client calls. */
#define AEGIS_TARGETS 512

/* A service, as one client has met it. */
typedef struct aegis_peer {
    struct aegis_peer *next;
    const char *service;
    aegis_budget budget;
    aegis_breaker breaker;
} aegis_peer;

/* A method of it. Descriptors may be on somebody's stack, so the names are ours. */
typedef struct aegis_target {
    const aegis_method *method; /* only to be compared */
    const char *name;
    aegis_peer *peer;
    aegis_series *series;
    const char *subject; /* rpc.<service>.<method> */
    atomic_bool exists;  /* some instance of the service has the method */
} aegis_target;

typedef struct aegis_flight aegis_flight;
typedef struct aegis_notices aegis_notices;

struct aegis_client {
    aegis_client *next; /* in bus->clients */
    aegis_bus *bus;
    aegis_format format;
    char source[80];
    bool named; /* by whoever made it */
    uint32_t retry_percent;
    aegis_breaker_options breaker;
    pthread_mutex_t lock;
    aegis_arena *arena; /* of targets and peers; under the lock */
    _Atomic(aegis_peer *) peers;
    _Atomic(aegis_target *) targets[AEGIS_TARGETS]; /* by the descriptor's address */

    /* async calls: see async.c */
    uint32_t limit;
    aegis_source *completions; /* NULL until the first */
    pthread_t thread;
    aegis_flight **flights; /* [2 * limit]: taken ones, then those refused */
    uint32_t flight_count;
    uint32_t taken, refused; /* under way */
    aegis_flight *idle;
    aegis_list timers; /* by when they are due */
    bool closing;

    aegis_notices *notices; /* NULL until the first: see commands_notify.c */
};

/* An async publication under way, or none. */
typedef struct aegis_post {
    aegis_list item; /* of those under way, oldest first */
    uint32_t next;   /* free: the one after it */
    uint64_t ticket;
    size_t size;
    aegis_uuid id;
    aegis_span *span; /* NULL: nobody wants it */
    aegis_publication_callback callback;
    void *user;
    aegis_series *series; /* where it is counted */
    int64_t started;
} aegis_post;

typedef struct aegis_waiters {
    pthread_cond_t wake;
    unsigned count;
} aegis_waiters;

/* Arenas a publisher keeps: one for each thread that encodes at the same time. */
#define AEGIS_PUBLISHER_ARENAS 8

struct aegis_publisher {
    aegis_client sender; /* what an exchange needs to know of a sender; its own parts are not used */
    pthread_mutex_t lock;
    aegis_arena *arenas[AEGIS_PUBLISHER_ARENAS];
    size_t arena_count;

    /* async publications: see publisher_ring.c */
    aegis_waiters short_of_room, flushing;
    aegis_source *completions; /* NULL until the first */
    pthread_t thread;
    aegis_post *posts;   /* [limit] */
    uint32_t post_count; /* used so far */
    uint32_t idle;       /* the first free one of these; UINT32_MAX: none */
    aegis_list posted;
    uint32_t under_way;
    size_t bytes;
    uint64_t tickets;
    uint64_t failures;  /* since the last flush */
    aegis_error failed; /* the first of them */
    bool closing;
};

/* ---- client.c ---- */
/* NULL when there are too many, or no memory. */
aegis_target *aegis_client_target(aegis_client *client, const aegis_method *method);
/* What the options say, into a zeroed client. */
void aegis_client_fill(aegis_client *client, aegis_bus *bus, const aegis_client_options *options);
/* ---- publisher.c ---- */
/* A publication as a message, in the exchange's arena. */
typedef struct aegis_event_out {
    aegis_outgoing message;
    aegis_header headers[2];
    aegis_identity who;
} aegis_event_out;
aegis_status aegis_publish_compose(aegis_exchange *x, aegis_event_out *out, aegis_error *error);
void aegis_publish_end(aegis_exchange *x);
static inline aegis_publisher *aegis_publisher_of(const aegis_exchange *x)
{
    return (aegis_publisher *)(void *)x->client;
}
/* Is this a callback, which must not wait? */
bool aegis_publish_in_callback(void);
/* ---- publisher_ring.c ---- */
void aegis_posts_close(aegis_publisher *publisher);
/* ---- async.c ---- */
void aegis_async_close(aegis_client *client);

/* ---- exchange.c ---- */
/* Shared beginning of an exchange: identity, trace and an open writer. `arena` NULL is reported by _finish.
 */
aegis_writer *aegis_exchange_begin(aegis_exchange *x, aegis_client *sender, aegis_arena *arena,
                                   const aegis_call *parent);
/* The encoded value, or why there is none (INVALID_ARGUMENT, certainly not processed). */
aegis_status aegis_exchange_value(aegis_exchange *x, const char *what, aegis_raw *value, aegis_error *error);
/* A copy of the bytes in the exchange's arena, so that what is decoded from them lives as long as it. */
aegis_status aegis_exchange_keep(aegis_exchange *x, aegis_bytes *body, aegis_error *error);
/* The answer cannot be read, and asking again will not help. Returns AEGIS_ANSWER_FAILED. */
int aegis_exchange_unreadable(aegis_exchange *x, const aegis_error *why, aegis_error *failed);
/* OK, or FAILED_PRECONDITION where a thread must not wait for others. */
aegis_status aegis_exchange_may_wait(const aegis_exchange *x, aegis_error *error);

/* ---- attempt.c ---- */
/* After aegis_exchange_begin. */
void aegis_attempt_prepare(aegis_exchange *x, const aegis_method *method, const aegis_call_options *options);
/* Attempt `which` (1: the hedge) as a message in the exchange's arena; false when it must not, or cannot, go
 * out. */
bool aegis_attempt_open(aegis_exchange *x, unsigned which, aegis_raw params, aegis_outgoing *request,
                        aegis_error *failed);
/* What came of it: an answer, whose reader is then open, or a failure. After a true of _open exactly one of:
 */
int aegis_attempt_answered(aegis_exchange *x, unsigned which, aegis_bytes body, aegis_error *failed);
int aegis_attempt_failed(aegis_exchange *x, unsigned which, const aegis_error *failed);
void aegis_attempt_dropped(aegis_exchange *x, unsigned which);
/* The same of a completion of the port. */
int aegis_attempt_completed(aegis_exchange *x, unsigned which, const aegis_message *message,
                            aegis_error *failed);
/* Could another attempt change it? */
bool aegis_attempt_hopeful(const aegis_exchange *x, const aegis_error *failed);
/* Another one, then, and at what time; it is paid for. */
bool aegis_attempt_again(aegis_exchange *x, const aegis_error *failed, int64_t *when);
/* May a second request go out beside the first? It is paid for. */
bool aegis_attempt_hedge(aegis_exchange *x);
/* The call is over. */
void aegis_attempt_over(aegis_exchange *x, int answer, const aegis_error *failed);

#endif
