/* A service at work, as its parts see it.
 *
 *   service.c   starts and stops it          rpc.c        reads requests, runs handlers
 *   keeper.c    its one housekeeping thread  events.c     reads subscriptions
 *   call.c      the life of one call         deadletter.c where undeliverable messages go
 *   reply.c     what handlers answer with
 *
 *   pool.c      reads command lanes, and says who is next
 *   commands.c  a command of them            claim.c      whether an attempt may run
 *   ending.c    what an attempt comes to     lease.c      keeps what is claimed
 *   cancels.c   what is to be cancelled      progress.c   how far commands are
 *   lanes.c     the consumers of commands    rewind.c     whether they still have their place
 *
 * Locks: `service->lock` guards the lists and counters below it; it is never held while a handler runs. A
 * lane's `turn` is held by the one thread that reads its source.
 */
#ifndef AEGIS_APPLICATION_SERVICE_H
#define AEGIS_APPLICATION_SERVICE_H

#include <pthread.h>
#include <stdatomic.h>

#include <aegis/discovery.h>
#include <aegis/generated.h>

#include "application/bus.h"
#include "application/callers.h"
#include "application/metrics.h"
#include "application/record.h"

/* Most deferred calls of a service at a time; beyond them requests are refused. */
#define AEGIS_DEFERRED_MAX 4096

/* A durable message whose handler runs: the keeper tells the server so. */
typedef struct aegis_keep {
    aegis_list link; /* in service->kept; next NULL: not in it */
    const aegis_message *message;
    aegis_duration every;
    int64_t due;
} aegis_keep;

typedef struct aegis_lane aegis_lane;
typedef struct aegis_intake aegis_intake;

/* Bits of aegis_call_state.phase. */
#define AEGIS_PHASE_DEFERRED 1u /* the handler returned without an answer */
#define AEGIS_PHASE_FINISHED 2u /* the answer is out; nothing more is done with the call */

/* What a call has beyond others when it is an attempt of a command. Lives in the call's arena. */
typedef struct aegis_job {
    struct aegis_call_state *state;
    aegis_lane *lane;
    uint32_t max_retries;
    aegis_list running; /* in service->running */

    /* the lease; the first five belong to lease.c */
    aegis_list lease; /* in service->leases, by `due` */
    int64_t due;
    bool claimed;  /* `record` says that this attempt runs, and is renewed */
    bool renewing; /* which is going on */
    bool lost;     /* somebody else has claimed the command since */
    bool fenced;   /* `record` has the revision that the outcome replaces; else it replaces any */
    bool creates;  /* the outcome is written only where there is no record */
    aegis_record record;

    const char *dead; /* why the message becomes a dead letter, or NULL */
    bool unsure;      /* the attempt is over but maybe its handler is not */

    /* progress, under service->progress */
    aegis_list held_back; /* in service->held_back; next NULL: nothing is */
    uint8_t *held;        /* from the bus's allocator */
    size_t held_size, held_room;
    int64_t sent_at;
    bool told;                         /* all has been said */
    unsigned char *mark_at, *mark_end; /* what was free in the call's arena when an update was begun */
    const struct aegis_chunk *mark_chunk;
} aegis_job;

/* One call. Lives in its own arena. */
typedef struct aegis_call_state {
    aegis_call call;
    struct aegis_service *service;
    const aegis_method *method; /* NULL until it is known */
    aegis_message message;      /* released with the call */
    aegis_format format;        /* of the request, hence of the answer */
    aegis_series *series;       /* NULL: not counted */
    size_t endpoint;            /* in service->callers, number from 1; 0: it is not known */
    int64_t began;              /* when its handler did, monotonic; 0: it did not */
    aegis_status outcome;
    aegis_span *span;                        /* NULL: nobody wants it */
    const struct aegis_traceparent *outside; /* the caller's, where it sent one */
    int8_t sampled;                          /* -1: as the trace id says */
    bool not_processed;                      /* no handler has seen it */
    aegis_writer writer;                     /* of the reply, or of a progress update */
    bool more;                               /* other requests wait: their answers follow at once */
    atomic_bool answered;                    /* the one answer has been claimed */
    atomic_bool cancelled;
    atomic_bool released; /* the message is the adapter's again */
    atomic_uint phase;
    const aegis_cause *nested; /* why a call made by this handler failed */
    size_t nested_count;
    aegis_job *job;      /* NULL: no command */
    bool event;          /* an event's: nobody waits for a reply */
    bool shortened;      /* the answer was too large to be sent; what goes out instead is a failure */
    aegis_list deferred; /* in service->deferred */
    atomic_bool expired; /* the keeper has answered it */
} aegis_call_state;

/* Most that is kept ready of a lane. */
#define AEGIS_LANE_READY 17

/* A durable source with the threads that read it: a subscription, or one lane of a command. */
struct aegis_lane {
    struct aegis_service *service;
    const aegis_subscription *subscription; /* or */
    const aegis_endpoint *endpoint;
    aegis_intake *intake; /* of a subscription, see subscriptions.h */
    aegis_tally *tally;   /* what is counted of it */
    aegis_source *source;
    pthread_mutex_t turn;

    /* commands: see rewind.c */
    aegis_consumer_config config; /* of its consumer */
    uint64_t unseen;              /* a message it does not seem to see; 0: none */
    atomic_uint absence;          /* of the service, when it was last asked for messages */

    /* commands: see pool.c */
    uint32_t asked;                     /* messages that were asked for and have not come; under `turn` */
    uint32_t weight;                    /* share of the slots when others wait too */
    int32_t credit;                     /* of the smooth weighted round robin */
    bool reading;                       /* somebody does */
    aegis_job *ready[AEGIS_LANE_READY]; /* a ring: read, without a slot */
    uint32_t ready_first, ready_count;
};

/* A record that did not change since it was first seen, by its revision: see claim.c. */
typedef struct aegis_watch {
    uint64_t revision; /* 0: free */
    int64_t first, last;
} aegis_watch;

/* Cancelled ids that are remembered for commands that have not come yet. */
#define AEGIS_CANCELS   1024
#define AEGIS_CANCEL_ID 64

/* Messages a worker takes at once. */
#define AEGIS_BATCH 64

typedef struct aegis_worker {
    struct aegis_service *service;
    aegis_lane *lane;
    aegis_message *batch; /* of those who lead; the refused ones are still to be answered */
    size_t refused_first, refused_end;
    aegis_source *older; /* of those who feed */
    pthread_t thread;
    bool started;
    atomic_size_t serving; /* of those who lead: 1 + the endpoint whose handler runs; 0: none */
    atomic_llong until;    /* that call's deadline */
} aegis_worker;

/* See rewind.c. */
typedef struct aegis_rewinding {
    bool begun;
    uint64_t reconnects; /* of the bus, when looking began */
    unsigned looks;
    int64_t at; /* the next one */
} aegis_rewinding;

/* Whether a service is well: see wellbeing.c. Under its lock up to `idle`, the rest belongs to the thread of
 * the bus's presence. */
typedef struct aegis_wellbeing {
    bool (*healthy)(void *user, char *why, size_t size); /* the user's; does not change */
    bool well;                                           /* as `healthy` said last */
    char why[128];
    bool asking;          /* `healthy` runs */
    bool away;            /* it takes no work, or is about to leave */
    bool held_up;         /* at the last look all handlers ran and others waited */
    bool slow;            /* and that for too long */
    bool stuck;           /* at the look before, too */
    aegis_duration still; /* since no handler has ended, */
    aegis_duration stood; /* and since it is too long: as much as was looked at, see observe() */
    unsigned full;        /* looks in a row at a full waiting room, */
    unsigned overran;     /* and after requests were refused */
    bool refuses;         /* some were, between the last two */
    uint64_t finished;    /* at the last look */
    uint64_t refused;
    int64_t looked; /* when that was; 0: never */
    bool idle;

    bool held;    /* the server knows that it is away */
    bool overrun; /* why it is */
    unsigned good;
    int64_t alone_until;
    int64_t due;
} aegis_wellbeing;

/* What a service is to the registry. The first three under its lock, the rest belongs to the thread of the
 * bus's presence. */
typedef struct aegis_registrant {
    bool listed; /* it is to be, and others may know of it */
    bool leaving;
    bool unlisted; /* by its options; does not change */
    bool announced;
    bool put;        /* there may be an entry of it */
    bool impossible; /* there cannot be */
    aegis_instance_state told;
    int64_t due; /* the next heartbeat */
    uint64_t beats;
} aegis_registrant;

struct aegis_service {
    aegis_bus *bus;
    struct aegis_service *next; /* in bus->services */
    const aegis_service_type *type;
    const void *ops;
    void *user;
    char instance[80];
    uint32_t concurrency;
    size_t room;
    aegis_duration drain_timeout;
    int64_t drain_deadline;
    bool stopped; /* drained; only memory is left */
    aegis_registrant registrant;
    atomic_bool opened; /* it has started: its lanes are there */
    int64_t lag_due;    /* lag.c's, on the thread of the bus's presence */
    aegis_wellbeing wellbeing;
    atomic_uint absence; /* odd while it takes no work; readers of lanes compare it with their own */
    const aegis_allocator *allocator;
    aegis_arena *arena; /* of everything that lives as long as the service */

    aegis_worker *workers;
    size_t worker_count;
    aegis_lane *lanes;
    size_t lane_count;
    uint64_t (*tallied)[AEGIS_TALLIES]; /* by lane: what its tally had when this instance began */
    aegis_series **series;              /* by endpoint */
    aegis_callers *callers;             /* of the endpoints, then of the subscriptions */
    aegis_source *asked;                /* service.<name>.schema; NULL: nobody listens */
    atomic_bool askable;                /* it may be asked what it is, see describe.c */
    pthread_t keeper;
    bool keeper_started;
    aegis_source *cancels; /* commands.cancel.*; NULL without commands */
    aegis_duration lease;
    pthread_t leaser;
    bool leaser_started;
    aegis_timestamp started_at;

    /* Handlers that outlive the drain may not touch the port: they enter and leave, see aegis_service_enter.
     */
    atomic_bool abandoned;
    atomic_uint inside;
    atomic_bool stopping;
    atomic_bool hard; /* aegis_call_cancelled says so */

    pthread_mutex_t lock;
    pthread_cond_t changed; /* anything below, except for who waits on: */
    pthread_cond_t slot;    /* something to do in pool.c */
    pthread_cond_t leased;  /* service->leases, or a job that is no longer renewing */
    unsigned references;    /* threads, deferred calls, and the handle */
    unsigned alive;         /* worker threads still working */
    bool draining;          /* the keeper may end */
    bool nudged;            /* the keeper has something new to look at */

    /* calls */
    aegis_source *requests; /* rpc.<service>.*; NULL without methods */
    unsigned readers;       /* threads in next_batch */
    aegis_source **older;   /* the same under each of the older names */
    size_t older_count;
    unsigned feeders; /* threads that read those */
    bool ended;       /* the drained source is empty */
    unsigned busy;
    uint64_t finished;                                 /* handlers, ever */
    uint64_t refused;                                  /* requests that had no place, ever */
    aegis_message *waiting;                            /* ring of `room` */
    size_t waiting_first, waiting_count, waiting_size; /* a ring: room, and one for each slot */
    aegis_duration usual;                              /* how long a handler runs, */
    aegis_duration patience; /* and how long callers wait: moving averages, 0 until known */

    /* commands */
    aegis_rewinding rewinding; /* the keeper's */
    unsigned slots;            /* free */
    int64_t took;              /* how long an attempt has its slot, a moving average; 0: not known */
    aegis_list running, leases;
    aegis_watch *watches; /* a hash table of `watch_size`; NULL: none yet */
    size_t watch_size, watch_count;
    char (*cancelled)[AEGIS_CANCEL_ID]; /* the last AEGIS_CANCELS of them */
    size_t cancelled_count;             /* ever */

    aegis_list deferred;
    size_t deferred_count;
    aegis_list kept;
    int64_t looks_at; /* when the keeper will look around */

    pthread_mutex_t progress; /* held while an update is sent; guards what is held back */
    aegis_list held_back;
};

/* ---- service.c ---- */
/* Stop every service on the bus, without freeing them. */
void aegis_bus_drain(aegis_bus *bus);
/* Free the deferred calls of stopped services that were overdue a minute ago. */
void aegis_bus_lay(aegis_bus *bus, int64_t now);
/* False once the service was given up: the port may be gone. Leave only after a true. */
bool aegis_service_enter(aegis_service *service);
void aegis_service_leave(aegis_service *service);

/* An empty arena for the next message: `arena`, or a new one when that is NULL. Waits while memory is short;
 * NULL only once the service was given up. */
aegis_arena *aegis_service_arena(aegis_service *service, aegis_arena *arena);
/* One of service->references is gone; the last one frees. */
void aegis_service_drop(aegis_service *service);
/* The last thing a worker thread does. */
void aegis_service_thread_done(aegis_service *service);

/* ---- lag.c; the thread of the bus's presence ---- */
/* Ask how far consumers are behind, when it is time; returns when to look again. */
int64_t aegis_lag_turn(aegis_service *service, int64_t now);
/* It takes no work, until it is well again: see wellbeing.c. */
static inline bool aegis_service_away(const aegis_service *service)
{
    return (atomic_load(&service->absence) & 1) != 0;
}
/* A message that came nevertheless goes back for others, after this: at once, the server may think of us
 * again. */
#define AEGIS_AWAY_DELAY (100 * AEGIS_MILLISECOND)

/* ---- threads ---- */
void *aegis_rpc_work(void *worker);
void *aegis_rpc_feed(void *worker);
void *aegis_events_work(void *worker);
void *aegis_commands_work(void *worker);
void *aegis_keeper_work(void *service);

/* ---- call.c ---- */
/* A call in `arena` for `message`, which it owns from now on. NULL when memory is exhausted: the message is
 * still the caller's. */
aegis_call_state *aegis_call_new(aegis_service *service, aegis_arena *arena, const aegis_message *message);
/* Run the handler on `body`. */
aegis_reply aegis_call_run(aegis_call_state *state, const aegis_endpoint *endpoint, aegis_raw body);
/* What a `traceparent` header of the message says goes before its envelope. */
void aegis_call_read_trace(aegis_call_state *state);

/* After the handler: makes good a missing answer. True when arena and call are the caller's again; false when
 * they are deferred and belong to the call. */
bool aegis_call_end(aegis_call_state *state, aegis_reply reply);
/* The answer is out: frees a deferred call. Nothing of `state` may be used afterwards unless its handler
 * runs. */
void aegis_call_finished(aegis_call_state *state);
/* Give the message back to the adapter. */
void aegis_call_release(aegis_call_state *state);
const aegis_endpoint *aegis_endpoint_find(const aegis_service *service, const char *method, bool command);

/* ---- spans.c ---- */
/* Where somebody wants it. The span of a call is the first half of the request's id; each attempt of a
 * command or an event has its own. `subscription`: an event's. */
void aegis_call_begin_span(aegis_call_state *state, const char *subscription);

/* ---- reply.c ---- */
void aegis_reply_plain(aegis_call_state *state, aegis_status status, const char *text);
/* The same, telling the caller that no handler has seen the request. */
void aegis_reply_refuse(aegis_call_state *state, aegis_status status, const char *text);
/* The keeper's answer to a deferred call, which it has claimed, encoded in `arena`. The call stays. */
void aegis_reply_expire(aegis_call_state *state, aegis_arena *arena, aegis_status status, const char *text);

/* ---- rpc.c ---- */
/* How many requests may wait. With the lock held. */
size_t aegis_rpc_places(const aegis_service *service);

/* ---- pool.c ---- */
/* There may be something to do for one more thread. With the lock held. */
void aegis_pool_wake(aegis_service *service);

/* ---- commands.c ---- */
/* A job for a message of the lane, which it owns from now on; NULL when memory is exhausted. */
aegis_job *aegis_job_new(aegis_lane *lane, aegis_arena *arena, const aegis_message *message);
/* It has a slot. True when it is over, and its arena free; false when it is deferred. */
bool aegis_job_attempt(aegis_job *job);
/* Its message comes again after `delay`, and nothing has happened. */
void aegis_job_hand_back(aegis_job *job, aegis_duration delay);
/* The message is settled, and the command no longer runs here. */
void aegis_job_settle(aegis_job *job, aegis_settlement settlement, aegis_duration delay);
/* It does not run here any more, if it did. */
void aegis_job_leave(aegis_job *job);
/* Of its lane; not any more once the service was given up. */
void aegis_job_count(aegis_job *job, aegis_tallied what);

/* ---- claim.c ---- */
/* May this attempt run? For START and TAKE_OVER it is claimed, and the call knows its number. For all but
 * HELD job->record is ready for what follows; HELD also says that the bus did not answer. `later`: when to
 * look again. */
aegis_claim aegis_job_claim(aegis_job *job, aegis_duration *later);

/* ---- lease.c ---- */
/* The server is told that its message is not forgotten, */
void aegis_lease_begin(aegis_job *job);
/* and from now on others, by the record, that the attempt runs. */
void aegis_lease_claimed(aegis_job *job);
/* Neither any more when it returns; job->lost is final. */
void aegis_lease_end(aegis_job *job);
void *aegis_leases_work(void *service);

/* ---- ending.c ---- */
/* What became of an attempt: another one follows, or the outcome is recorded, told, and the message settled.
 * `again`: the failure may pass. RESOURCE_EXHAUSTED while the state is not `shortened`: the outcome was too
 * large, nothing is settled, and a shorter one must follow. */
aegis_status aegis_command_conclude(aegis_call_state *state, aegis_arena *arena, bool again,
                                    const char *error, aegis_raw result, aegis_error *why);
/* It had ended before: tell it again. */
void aegis_command_answer(aegis_job *job, aegis_arena *arena);
/* To commands.<what>.<id>, not stored. */
aegis_status aegis_command_tell(aegis_call_state *state, const char *what, aegis_bytes body,
                                aegis_error *why);

/* ---- cancels.c ---- */
bool aegis_cancels_prepare(aegis_service *service);
void aegis_cancels_add(aegis_service *service, const char *id);
bool aegis_cancels_has(aegis_service *service, const char *id);
/* Some may have been missed of a command stored at that time. */
bool aegis_cancels_missed(aegis_service *service, aegis_timestamp stored_at);

/* ---- progress.c ---- */
/* How far `detail`, a command's own progress value, says it is. */
void aegis_progress_summary(aegis_raw detail, aegis_arena *arena, double *percent, const char **status);
/* Send what was held back and is due; returns when to look again, `due` at the latest. */
int64_t aegis_progress_sweep(aegis_service *service, int64_t now, int64_t due);
/* Send what is held back of this one; nothing more follows. */
void aegis_progress_close(aegis_job *job);

/* ---- deadletter.c ---- */
typedef struct aegis_letter {
    const char *name;  /* what follows dlq.<service>. in its subject */
    const char *why;   /* one line */
    aegis_raw failure; /* FailureResult of the last attempt, with the chain of causes; data.len 0: none */
    uint32_t attempts; /* 0: the message's deliveries */
} aegis_letter;

/* Store the message in the dead-letter stream. OK: stored, and acknowledged at its source. Else it is handed
 * back for later, and why is logged: a full stream holds it where it is. */
aegis_status aegis_dead_letter(aegis_service *service, const aegis_message *message,
                               const aegis_letter *letter, aegis_arena *arena);
/* Is it an event that was replayed for another service than this? Then it is not for us. */
bool aegis_replay_for_another(const aegis_service *service, const aegis_message *message);

/* ---- rewind.c ---- */
/* See to it that the consumers of commands are not ahead of their stream; returns `due`, or when to look
 * again. */
int64_t aegis_rewind(aegis_service *service, aegis_arena *arena, int64_t now, int64_t due);

/* ---- keeper.c ---- */
void aegis_keep_begin(aegis_service *service, aegis_keep *keep, const aegis_message *message,
                      aegis_duration every);
/* No WORKING is sent any more when it returns. */
void aegis_keep_end(aegis_service *service, aegis_keep *keep);
void aegis_keeper_nudge(aegis_service *service);
/* It is to look around at `when`. */
void aegis_keeper_due(aegis_service *service, int64_t when);
/* Free the deferred calls that were overdue a minute before `now` (INT64_MAX: that ever were) and got no
 * reply. */
void aegis_keeper_forget(aegis_service *service, int64_t now);
/* After the keeper: answer the deferred calls that have no answer, and give the port all their messages back.
 */
void aegis_keeper_last(aegis_service *service);

#endif
