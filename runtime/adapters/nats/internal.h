/* What the files of the NATS adapter share. Nothing outside this folder includes it.
 *
 *   open.c        the table of operations, health, flush, the first connection, close
 *   options.c     URL and options as nats.c wants them
 *   seats.c       which connection does which work: roles, loads, failover
 *   connection.c  one nats.c connection: made, subscribed anew, taken down
 *   engine.c      who reads the socket: leader, followers, keeper
 *   source.c      sources and the messages in them; subscriptions, events
 *   send.c        publishing, and when it is written
 *   inbox.c       calls: request, submit, completions, their deadlines
 *   durable.c     publications a stream acknowledges; what an acknowledgement is
 *   ring.c        many of them under way, in order
 *   consumer.c    pull consumers and settlement
 *   manage.c      streams and consumers: $JS.API in JSON        kv.c   buckets
 *   json.c        the little JSON these need
 *
 * One mutex per engine (`lock`) guards everything below unless a field says otherwise. Lock order: engine,
 * then whatever nats.c locks inside. nats.c's hooks are called with its connection locked, so they touch
 * atomics and the eventfd only.
 */
#ifndef AEGIS_NATS_INTERNAL_H
#define AEGIS_NATS_INTERNAL_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "compat.h"
#include "ports/bus.h"
#include "ports/clock.h"
#include "ports/log.h"

#define NATS_URL_MAX     16 /* servers in a URL list */
#define NATS_INBOX_MAX   96 /* an inbox subject with its NUL */
#define NATS_REPLY_MAX   (NATS_INBOX_MAX + 24)
#define NATS_UNSENT_HIGH ((size_t)4 << 20) /* bytes buffered before publishers wait */
#define NATS_WRITE_LIMIT                                                                                     \
    (500 * AEGIS_MILLISECOND)               /* how long they wait before the connection counts as stuck */
#define NATS_BATCH_BYTES ((size_t)64 << 10) /* what is written together */
#define NATS_HOLD        AEGIS_MILLISECOND  /* how long it waits for more */
/* Nobody takes a publication that is to be stored: when it is said again, and how long that may be a stream
 * without a leader. */
#define NATS_NOBODY_PAUSE     (100 * AEGIS_MILLISECOND)
#define NATS_NOBODY_PAUSE_MAX (AEGIS_SECOND / 2)
#define NATS_NOBODY_PATIENCE  (2 * AEGIS_SECOND)
#define NATS_PULLS_MAX        32 /* pull requests of one consumer under way */
#define NATS_CALL_SUBJECT     128
#define NATS_DEAD_MAX         256                  /* messages destroyed together */
#define NATS_SEATS_MAX        16                   /* connections of one port */
#define NATS_LINKS_MAX        (2 * NATS_SEATS_MAX) /* with those that leave */
#define NATS_API_MAX          128                  /* "$JS.<domain>.API" */

typedef struct nats_engine nats_engine;
typedef struct nats_source nats_source;
typedef struct nats_parcel nats_parcel;
typedef struct nats_slot nats_slot;
typedef struct nats_ring nats_ring;

/* A subscription that is over, and waits to be destroyed. */
typedef struct nats_grave {
    struct nats_grave *next;
    natsSubscription *subscription;
} nats_grave;

/* What a connection is for: small messages somebody waits for, or whatever goes to and from streams. */
typedef enum nats_role { NATS_RPC, NATS_BULK } nats_role;

/* What nats.c has counted. */
typedef struct nats_traffic {
    uint64_t messages_in, bytes_in, messages_out, bytes_out;
} nats_traffic;

/* One nats.c connection, from connect to closed. */
typedef struct nats_link {
    nats_engine *engine;
    natsConnection *connection;
    nats_role role;
    size_t load;          /* calls under way on it */
    uint64_t came;        /* messages that nats.c has taken from it, when they were last handed out */
    bool fresh;           /* some came in this round */
    nats_traffic traffic; /* when the leader last looked */
    size_t unsent;        /* bytes given to nats.c since it last had nothing to write */
    size_t unsent_count;  /* messages of them */
    bool stuck;           /* what is buffered has not moved for NATS_WRITE_LIMIT */
    bool lame;            /* its server is about to go */
    int64_t moves_at;  /* it has left its seat, and its subscriptions end then; 0: they have, or it has not */
    unsigned flushers; /* threads inside nats.c's flush */
    nats_slot *slots;  /* free */
    size_t slot_count; /* free */
    size_t slots_all;
    char server[128];
    atomic_llong hold; /* what is buffered waits for more until then; 0: it does not */
    atomic_bool quiet; /* a publisher will see to the writing itself */
    atomic_int fd;     /* in the epoll set, or -1 */
    atomic_int let_go; /* a socket to hand back to nats.c, or -1 */
    atomic_bool detached;
    atomic_bool writable; /* nats.c has something to write */
    bool closed;          /* by the closed callback, under the engine's lock */
    pthread_mutex_t write_lock;
    bool writing; /* EPOLLOUT is armed; the leader's */
} nats_link;

/* The place of a connection: it is filled again when it falls empty. */
typedef struct nats_seat {
    nats_role role;
    bool wanted;        /* a bulk seat is filled when there is something to store or to consume */
    nats_link *link;    /* NULL: down */
    bool served;        /* it was filled before */
    unsigned failures;  /* attempts since the last success */
    int64_t connect_at; /* not before */
} nats_seat;

/* A thread asleep, or leading, in `next` or in a call. On its own stack. */
typedef struct nats_waiter {
    struct nats_waiter *next;
    struct nats_waiter *previous;
    nats_source *source;    /* waits for a message here, */
    struct nats_call *call; /* or for this call */
    sem_t wake;             /* slept on without the lock */
    atomic_bool signalled;
    bool listed;     /* in engine->sleeping */
    bool heir;       /* was woken to lead */
    unsigned served; /* as the leader: how often others were woken for what came to them */
} nats_waiter;

/* What `next` hands out, and `release` takes back. */
struct nats_parcel {
    nats_parcel *next;
    nats_engine *engine;
    natsMsg *raw; /* NULL for events and completions without an answer */
    aegis_header *headers;
    aegis_header few[2]; /* where they are when there are no more */
    char *text;          /* why a completion failed, or NULL */
    aegis_message message;
    nats_source *consumer; /* durable delivery not yet settled: its source */
    bool released;         /* by its reader, without having been settled */
    bool diverted;         /* came to another source than it is read from */
    nats_parcel *later;    /* the consumer's list of those */
    nats_parcel *earlier;
};

typedef enum nats_source_kind {
    NATS_SUBSCRIPTION = 1,
    NATS_CONSUMER,
    NATS_COMPLETIONS,
    NATS_EVENTS
} nats_source_kind;

/* A pull request under way. */
typedef struct nats_pull {
    uint64_t id;
    uint32_t left;
    int64_t ends;
} nats_pull;

struct nats_source {
    aegis_source base;
    nats_source_kind kind;
    nats_engine *engine;
    nats_source *next;
    nats_source *previous;
    nats_parcel *head;
    nats_parcel *tail;
    size_t count;
    size_t capacity;
    bool overflowed;  /* since the queue was last empty; one event for each time */
    bool seldom;      /* who waits here never leads */
    unsigned waiting; /* threads inside `next` */
    unsigned wakes;
    bool draining; /* not to be subscribed again */
    bool held;     /* not to be subscribed for now */
    bool drained;
    natsSubscription *subscription; /* NULL while there is no connection for it */
    nats_grave *grave;              /* for it, so that closing cannot fail for memory */
    nats_link *link;                /* where it is subscribed */
    natsSubscription *former;       /* the same on a connection that leaves, or NULL */
    nats_grave *former_grave;
    nats_link *former_link;
    char *subject; /* a consumer's: "<inbox>.*" */
    char *queue;
    /* a consumer's */
    char *pull_subject;
    uint64_t credit; /* deliveries allowed and not yet made */
    uint64_t asked;  /* of these, how many the server knows of */
    uint64_t pull_id;
    int64_t pull_after; /* not before, after an error */
    unsigned pull_errors;
    nats_pull pulls[NATS_PULLS_MAX];
    unsigned pull_count;
    nats_parcel *unsettled;
    /* completions' */
    size_t under_way;
    _Atomic(nats_ring *) ring; /* NULL until something is to be stored; set once, under the lock */
    /* a subscription's */
    nats_role role;
    nats_source *into; /* NULL: its messages are read here */
    uint64_t token;
};

/* A subscription of its own for one call at a time: nats.c hides which subject a no-responders answer came
 * for. */
struct nats_slot {
    nats_grave grave; /* first: the slot becomes it */
    nats_slot *next;
    nats_link *link;
    natsSubscription *subscription;
    uint64_t number; /* the last token of the reply subject: tells a stray answer */
    uint64_t unique; /* the last of the numbers that do not recur */
    bool strayed;    /* a stray one came, so others may */
    size_t prefix;
    char subject[NATS_INBOX_MAX];
};

typedef enum nats_call_kind { NATS_CALL_REQUEST = 1, NATS_CALL_DURABLE, NATS_CALL_PROBE } nats_call_kind;

typedef struct nats_call {
    struct nats_call *next;
    struct nats_call *previous;
    nats_call_kind kind;
    nats_role role;
    nats_slot *slot;                 /* NULL: not sent, or lost with its connection */
    const aegis_outgoing *message;   /* NULL: not to be said again */
    char subject[NATS_CALL_SUBJECT]; /* clipped: for texts */
    int64_t deadline;
    int64_t resend_at; /* 0: never */
    int64_t pause;     /* until the next time */
    bool repeatable;   /* has a Nats-Msg-Id */
    bool sent;
    bool unsure;        /* it may be stored although the last thing heard of it says no */
    int64_t nobody;     /* since when the answer is: no responders; 0: it is not */
    bool answered;      /* nothing more is to come: the slot can be used again */
    nats_parcel *spare; /* a submitted call's, so that its completion cannot fail for memory */
    unsigned times;
    nats_waiter *waiter;      /* a blocking call's */
    nats_source *completions; /* a submitted call's; the call is then on the heap */
    uint64_t token;
    bool done;
    aegis_status status;
    bool not_processed;
    aegis_publish_ack ack;
    nats_parcel *answer;
    char text[320];
} nats_call;

struct nats_engine {
    aegis_port *port;
    aegis_log log;
    pthread_mutex_t lock;
    int epoll;
    int event;
    atomic_bool polling; /* the leader is, or will be at once, in epoll_wait */
    atomic_bool kicked;

    natsOptions *options; /* for every connection; the event loop's argument is set anew each time */
    unsigned servers;
    bool credentials; /* some were given */
    char url[256];    /* as configured, without credentials */
    char server[128]; /* in use last */
    char inbox[NATS_INBOX_MAX];
    char api[NATS_API_MAX];       /* "$JS.API", in a domain "$JS.<domain>.API" */
    char kv_prefix[NATS_API_MAX]; /* "", in a domain its api and a dot */
    char *known[NATS_URL_MAX];    /* URLs of the cluster's servers, as the last connection heard of them */
    unsigned known_count;
    nats_seat seats[NATS_SEATS_MAX];
    size_t seat_count;
    nats_link *leaving[NATS_SEATS_MAX]; /* of servers about to go: what runs over them may end */
    size_t leaving_count;
    size_t up; /* seats with a link */
    uint64_t reconnects;
    uint64_t lame_ducks, dropped, resent; /* since it began */
    nats_traffic past;                    /* of connections that are gone */
    uint64_t random;
    atomic_llong max_payload; /* of the last connection */

    _Atomic(nats_waiter *) leader;
    atomic_uint coming;   /* threads woken that will take the lock, and then lead or see that somebody does */
    nats_waiter *usurper; /* waits for the leader to step back, or NULL */
    nats_waiter keeper_waiter;
    nats_waiter *sleeping;
    nats_waiter *sleeping_last;
    nats_waiter *woken; /* to be woken by whoever lets go of the lock */
    uint64_t reigns;    /* leaders so far: the keeper sees whether the engine is in use */
    bool brief;         /* the leader is back soon to write what there is, come what may */
    pthread_t keeper;
    pthread_cond_t keeper_wake;
    bool keeper_started;
    bool keeper_asleep;
    bool keeper_yield;
    bool dispatching; /* the leader hands out what it read */
    bool stopping;
    unsigned flushers; /* of all links */
    pthread_cond_t flushed;
    pthread_cond_t seated; /* a connection attempt is over */

    atomic_uint_fast64_t denied[64]; /* hashes of what the server refused, as it was logged */
    nats_grave *graves;
    nats_source *sources;
    size_t backlog;        /* messages waiting in subscriptions, and completions */
    nats_call *free_calls; /* of submitted ones */
    size_t free_call_count;
    nats_call *calls, *calls_last; /* in the order they were made */
    bool look_again;               /* at all calls, whether anything came or not */
    natsStatistics *statistics;    /* the leader's, to read into */
    size_t call_count;
    uint64_t slot_id;
    int64_t timer;   /* no timer is due before this */
    int64_t arrived; /* when the leader last read */
    int durable;     /* 1 JetStream answers, 0 it does not, -1 not known yet */
    int64_t probed;
    int64_t stored;   /* when the last acknowledgement came */
    int64_t unstored; /* when the server last had no room, or fell silent; 0: it has stored since */

    pthread_mutex_t pool_lock; /* guards the rest */
    nats_parcel *pool;
    size_t pool_count;
    natsMsg *dead[NATS_DEAD_MAX]; /* nats.c wakes a thread for each destruction: batched */
    size_t dead_count;
    size_t dead_bytes;
};

typedef struct nats_port {
    aegis_port base;
    nats_engine engine;
} nats_port;

/* engine.c */
aegis_status aegis_nats_engine_start(nats_engine *engine);
void aegis_nats_engine_stop(nats_engine *engine);
aegis_status aegis_nats_keeper_start(nats_engine *engine);
void aegis_nats_kick(nats_engine *engine);
void aegis_nats_write(nats_link *link);
/* Lock held: a timer was set; whoever sleeps too long for it looks again. */
void aegis_nats_kick_idle(nats_engine *engine);
/* Lock held. True when the waiter has what it waits for, false at the deadline. */
bool aegis_nats_wait(nats_engine *engine, nats_waiter *waiter, int64_t deadline);
/* The same for a call. When it returns true the lock is no longer held: who is woken because its call is over
 * does not stand in the others' way. */
bool aegis_nats_wait_call(nats_engine *engine, nats_waiter *waiter, int64_t deadline);
void aegis_nats_waiter_init(nats_waiter *waiter);
/* Lock held: somebody who waits at `source` may take a message. */
void aegis_nats_signal(nats_engine *engine, nats_source *source, size_t messages);
void aegis_nats_signal_waiter(nats_engine *engine, nats_waiter *waiter);
/* Let go of the engine's lock, then wake those who were signalled under it: they would only queue for it. */
void aegis_nats_unlock(nats_engine *engine);
/* Lock held: somebody has to lead, if nobody does. */
void aegis_nats_pass_on(nats_engine *engine);
/* Lock held. Ends the subscription now and destroys it when no leader can be inside nats.c with it; takes the
 * grave, which comes from malloc. */
void aegis_nats_bury(nats_engine *engine, nats_grave *grave, natsSubscription *subscription);
/* Lock held: run what is due. `timer` may only move forward here. */
void aegis_nats_timer(nats_engine *engine, int64_t when);
/* Lock held, on return too. What was written to `link` before has reached the server. */
aegis_status aegis_nats_flush_link(nats_engine *engine, nats_link *link, int64_t deadline,
                                   aegis_error *error);
/* Lock held. False at the time. */
bool aegis_nats_cond_until(nats_engine *engine, pthread_cond_t *condition, int64_t when);

/* options.c */
/* Reads URL and options into the engine. Errors are the user's mistakes. */
aegis_status aegis_nats_configure(nats_engine *engine, const char *url, const aegis_options *options,
                                  aegis_error *error);

/* seats.c: lock held in all of them. */
/* The healthy connection with the least to do: of this role if there is one, else of the other. NULL: none.
 */
nats_link *aegis_nats_pick(nats_engine *engine, nats_role role);
/* The first healthy one for it, the same for all while it lasts: what is sent over it keeps its order. */
nats_link *aegis_nats_first(nats_engine *engine, nats_role role);
/* The bulk connections are made when they are needed first; returns when one is there, or cannot be had now.
 */
void aegis_nats_want_bulk(nats_engine *engine, int64_t deadline);
/* What is known of the cluster is for the next connection; connecting thread only. */
void aegis_nats_use_servers(nats_engine *engine);
void aegis_nats_forget_servers(nats_engine *engine);
/* An empty seat to be filled now, or NULL; `*when` is when the next will be (INT64_MAX: none is empty). */
nats_seat *aegis_nats_seat_due(nats_engine *engine, int64_t now, int64_t *when);
/* All that are up or leave; at most NATS_LINKS_MAX. */
size_t aegis_nats_links(const nats_engine *engine, nats_link **links);

/* connection.c */
aegis_status aegis_nats_connect(nats_engine *engine, nats_role role, int64_t deadline, nats_link **link,
                                natsStatus *status);
void aegis_nats_link_free(nats_link *link);
void aegis_nats_traffic_add(nats_traffic *sum, const nats_traffic *more);
/* Lock held. */
void aegis_nats_link_up(nats_engine *engine, nats_seat *seat, nats_link *link);
void aegis_nats_link_down(nats_engine *engine, nats_link *link);
/* Subscriptions of links that leave end where they are. `now`: those that are due. */
void aegis_nats_links_move(nats_engine *engine, int64_t now);
void aegis_nats_disconnect(nats_engine *engine);
aegis_status aegis_nats_error(aegis_error *error, natsStatus status, const char *what);

/* source.c */
nats_parcel *aegis_nats_parcel_new(nats_engine *engine, natsMsg *raw);
void aegis_nats_parcel_free(nats_parcel *parcel);
/* Destroys it, together with others; any thread, the engine's lock may be held. */
void aegis_nats_message_dead(nats_engine *engine, natsMsg *raw, size_t bytes);
void aegis_nats_push(nats_source *source, nats_parcel *parcel);
nats_source *aegis_nats_source_new(nats_engine *engine, nats_source_kind kind, size_t capacity);
void aegis_nats_source_free(nats_source *source);
aegis_status aegis_nats_source_add(nats_source *made, aegis_source **source, aegis_error *error);
void aegis_nats_event(nats_engine *engine, aegis_connection_event event);
/* Lock held: see that it has, or all have, a subscription, if there is a connection for it. */
void aegis_nats_source_subscribe(nats_source *source);
void aegis_nats_sources_subscribe(nats_engine *engine);
/* How many messages it took. */
size_t aegis_nats_source_dispatch(nats_source *source);
aegis_status aegis_nats_listen(aegis_port *port, const char *subject, size_t capacity, aegis_source **source,
                               aegis_error *error);
void aegis_nats_divert(aegis_source *source, aegis_source *into, uint64_t token);
aegis_status aegis_nats_subscribe(aegis_port *port, const char *subject, const char *queue, size_t capacity,
                                  bool seldom, aegis_source **source, aegis_error *error);
aegis_status aegis_nats_next(aegis_source *source, int64_t deadline, aegis_message *message);
aegis_status aegis_nats_next_batch(aegis_source *source, int64_t deadline, aegis_message *messages,
                                   size_t most, size_t *count);
void aegis_nats_release(aegis_message *message);
void aegis_nats_wake(aegis_source *source);
aegis_status aegis_nats_drain(aegis_source *source, int64_t deadline);
aegis_status aegis_nats_hold(aegis_source *source, bool held, int64_t deadline);
void aegis_nats_close_source(aegis_source *source);
aegis_status aegis_nats_events(aegis_port *port, aegis_source **source, aegis_error *error);

/* send.c */
aegis_status aegis_nats_check(const nats_engine *engine, const aegis_outgoing *message, aegis_error *error);
/* With headers; NULL when it is not OK. */
natsStatus aegis_nats_message_new(const aegis_outgoing *message, const char *reply, natsMsg **result);
/* Lock held: nothing is left to be written. */
void aegis_nats_sent(nats_link *link);
/* A reply subject: the inbox up to its `prefix`, and the number. */
void aegis_nats_reply(char reply[NATS_REPLY_MAX], const char *inbox, size_t prefix, uint64_t number);
/* Lock held. */
natsStatus aegis_nats_send(nats_link *link, const aegis_outgoing *message, const char *reply);
aegis_status aegis_nats_publish(aegis_port *port, const aegis_outgoing *message, aegis_error *error);
typedef nats_link *nats_choice(nats_engine *engine, nats_role role);
/* Lock held. The link chosen, once it has room in its buffer; NULL when there is none that moves. */
nats_link *aegis_nats_with_room(nats_engine *engine, nats_choice *choose, nats_role role);
aegis_status aegis_nats_unavailable(nats_engine *engine, aegis_error *error);

/* inbox.c */
aegis_status aegis_nats_request(aegis_port *port, const aegis_outgoing *message, int64_t deadline,
                                aegis_message *answer, aegis_error *error);
void aegis_nats_call_start(nats_engine *engine, nats_call *call);
void aegis_nats_call_send(nats_engine *engine, nats_call *call, const aegis_outgoing *message);
void aegis_nats_call_name(nats_call *call, const char *subject);
void aegis_nats_calls_free(nats_engine *engine);
void aegis_nats_call_finish(nats_engine *engine, nats_call *call, aegis_status status);
void aegis_nats_call_wait(nats_engine *engine, nats_call *call);
void aegis_nats_calls_dispatch(nats_engine *engine, uint64_t came);
void aegis_nats_calls_due(nats_engine *engine, int64_t now);
void aegis_nats_calls_lost(nats_engine *engine, const nats_link *link);
void aegis_nats_calls_again(nats_engine *engine);
aegis_status aegis_nats_call_outcome(const nats_call *call, aegis_error *error);
bool aegis_nats_has_id(const aegis_outgoing *message);
void aegis_nats_slots_free(nats_link *link);
/* As the port's request, on a connection of this role. */
aegis_status aegis_nats_ask(nats_engine *engine, nats_role role, const aegis_outgoing *message,
                            int64_t deadline, aegis_message *answer, aegis_error *error);
void aegis_nats_probe(nats_engine *engine);
aegis_status aegis_nats_completions(aegis_port *port, size_t capacity, aegis_source **source,
                                    aegis_error *error);
aegis_status aegis_nats_submit(aegis_source *completions, aegis_operation_kind kind,
                               const aegis_outgoing *message, uint64_t token, int64_t deadline,
                               aegis_error *error);
void aegis_nats_cancel(aegis_source *completions, uint64_t token);
void aegis_nats_calls_abandon(nats_engine *engine, const nats_source *completions);

/* durable.c */
/* What came into the inbox of a publication. */
typedef struct nats_verdict {
    bool final; /* `status` is its outcome */
    bool again; /* not now, says the server */
    aegis_status status;
    aegis_publish_ack ack;
    char text[320];
} nats_verdict;
/* Neither final nor again: no acknowledgement, another may follow. `stream` is the one it is to be in, or
 * NULL. */
void aegis_nats_verdict_read(nats_engine *engine, const char *stream, natsMsg *raw, nats_verdict *out);
/* What it comes to that no acknowledgement was had in time, and the text of it. */
aegis_status aegis_nats_silence(nats_engine *engine, const char *subject, bool nobody, bool sent, char *text,
                                size_t size);
void aegis_nats_durable_answer(nats_engine *engine, nats_call *call, natsMsg *answer);
void aegis_nats_durable_nobody(nats_engine *engine, nats_call *call);
aegis_status aegis_nats_js_status(uint32_t code, const char *description);
aegis_status aegis_nats_durable_expired(nats_engine *engine, nats_call *call);
aegis_status aegis_nats_publish_durable(aegis_port *port, const aegis_outgoing *message, int64_t deadline,
                                        aegis_publish_ack *ack, aegis_error *error);

/* ring.c; lock held, but in `submit` */
aegis_status aegis_nats_ring_submit(nats_source *source, const aegis_outgoing *message, uint64_t token,
                                    int64_t deadline, aegis_error *error);
bool aegis_nats_ring_cancel(nats_source *source, uint64_t token);
void aegis_nats_ring_answer(nats_source *source, natsMsg *raw);
void aegis_nats_ring_nobody(nats_source *source);
void aegis_nats_ring_lost(nats_source *source);
void aegis_nats_ring_turn(nats_source *source, int64_t now);
void aegis_nats_ring_free(nats_source *source);

/* consumer.c */
aegis_status aegis_nats_consume(aegis_port *port, const char *stream, const char *durable,
                                aegis_source **source, aegis_error *error);
void aegis_nats_credit(aegis_source *source, uint32_t messages);
aegis_status aegis_nats_settle(const aegis_message *message, aegis_settlement settlement,
                               aegis_duration delay);
void aegis_nats_pull(nats_source *source, int64_t now);
void aegis_nats_pulls_lost(nats_source *source);
void aegis_nats_pulls_anew(nats_engine *engine, const char *stream, const char *durable);
void aegis_nats_pull_nobody(nats_source *source);
/* True when the message was about a pull and not a delivery. */
bool aegis_nats_pull_status(nats_source *source, natsMsg *raw);
void aegis_nats_delivery(nats_source *source, nats_parcel *parcel);
void aegis_nats_hand_back(nats_source *source);

/* manage.c */
/* A request to the JetStream API: `what` is what follows "$JS.API."; the answer's object is in `arena`;
 * `code` is the err_code, 0 if none. */
aegis_status aegis_nats_api(aegis_port *port, const char *what, const char *body, int64_t deadline,
                            aegis_arena *arena, aegis_any *answer, uint32_t *code, aegis_error *error);
bool aegis_nats_name_ok(const char *name);
/* Look for the stream, and create it when there is none: also when others do the same at this moment. */
aegis_status aegis_nats_ensure(aegis_port *port, const aegis_stream_config *config, int64_t deadline,
                               aegis_stream_info *info, aegis_error *error);
aegis_status aegis_nats_ensure_stream(aegis_port *port, const aegis_stream_config *config, int64_t deadline,
                                      aegis_stream_info *info, aegis_error *error);
aegis_status aegis_nats_stream_info(aegis_port *port, const char *stream, int64_t deadline,
                                    aegis_stream_info *info, aegis_error *error);
aegis_status aegis_nats_ensure_consumer(aegis_port *port, const aegis_consumer_config *config,
                                        int64_t deadline, aegis_error *error);
aegis_status aegis_nats_delete_consumer(aegis_port *port, const char *stream, const char *durable,
                                        int64_t deadline, aegis_error *error);
aegis_status aegis_nats_consumer_info(aegis_port *port, const char *stream, const char *durable,
                                      int64_t deadline, aegis_consumer_info *info, aegis_error *error);

/* stored.c */
aegis_status aegis_nats_message_get(aegis_port *port, const char *stream, const char *filter,
                                    uint64_t sequence, int64_t deadline, aegis_arena *arena,
                                    aegis_stored *stored, aegis_error *error);
aegis_status aegis_nats_message_delete(aegis_port *port, const char *stream, uint64_t sequence,
                                       int64_t deadline, aegis_error *error);

/* kv.c */
aegis_status aegis_nats_ensure_bucket(aegis_port *port, const aegis_stream_config *config, int64_t deadline,
                                      aegis_stream_info *info, aegis_error *error);
/* RFC 3339 as the server writes it, always UTC; 0 for anything else. */
aegis_timestamp aegis_nats_time(const char *text);
aegis_status aegis_nats_kv_get(aegis_port *port, const char *bucket, const char *key, int64_t deadline,
                               aegis_arena *arena, aegis_kv_entry *entry, aegis_error *error);
aegis_status aegis_nats_kv_put(aegis_port *port, const char *bucket, const char *key, aegis_bytes value,
                               uint64_t expected, int64_t deadline, uint64_t *revision, aegis_error *error);
aegis_status aegis_nats_kv_delete(aegis_port *port, const char *bucket, const char *key, uint64_t expected,
                                  int64_t deadline, aegis_error *error);
aegis_status aegis_nats_kv_list(aegis_port *port, const char *bucket, int64_t deadline, aegis_arena *arena,
                                aegis_kv_list *list, aegis_error *error);

static inline nats_engine *aegis_nats_engine_of(aegis_port *port)
{
    return &((nats_port *)(void *)port)->engine;
}

static inline nats_source *aegis_nats_source_of(aegis_source *source)
{
    return (nats_source *)(void *)source;
}

#endif
