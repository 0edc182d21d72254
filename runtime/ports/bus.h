/* The message-bus port: all the core knows of a bus. An adapter fills an `aegis_port_ops`; the contract suite in
 * tests/contract says what each function must do, and every adapter passes the same one.
 *
 * What crosses the port is pulled, never called back: a message or a completion is read with `next` from the source it
 * belongs to, by a thread of the application. An adapter may do what it likes inside, but runs no user's code.
 *
 * Deadlines are absolute, on aegis_clock_monotonic(), in nanoseconds; every function that can wait takes one and
 * returns DEADLINE_EXCEEDED no later than 50 ms after it. All functions may be called from any thread, except that a
 * message belongs to whoever read it. Strings passed in are copied where they outlive the call. `error` may be NULL.
 */
#ifndef AEGIS_PORTS_BUS_H
#define AEGIS_PORTS_BUS_H

#include <aegis/base.h>
#include <aegis/bus.h>
#include <aegis/health.h>

typedef struct aegis_port aegis_port;

/* Something that yields messages: a subscription, a durable consumer, a completion queue, the connection's events. */
typedef struct aegis_source aegis_source;

typedef struct aegis_header {
    const char *name;
    const char *value;
} aegis_header;

/* The value of a header, whatever its case: something between two servers may change that. NULL: there is none. */
const char *aegis_header_value(const aegis_header *headers, size_t count, const char *name);

/* A message to send. `headers` NULL when there are none: the RPC path carries none. */
typedef struct aegis_outgoing {
    const char *subject;
    const char *reply;             /* NULL: none */
    const aegis_header *headers;
    size_t header_count;
    aegis_bytes body;
    const char *stream;            /* publish_durable: only its acknowledgement counts; NULL: whichever stream's */
    bool more;                     /* others follow at once: may be held back for them, 2 ms at most */
    bool correlated;               /* its answer says whose it is, and who gets it looks: the adapter need not see to it
                                      that a second answer to an earlier request is told from the first to this one */
} aegis_outgoing;

/* A message or completion read with `next`. Everything it points to lives until `release`. Fields that do not apply
 * are zero. */
typedef struct aegis_message {
    const char *subject;
    const char *reply;             /* NULL: nobody waits for an answer */
    const aegis_header *headers;
    size_t header_count;
    aegis_bytes body;
    int64_t arrived;               /* monotonic ns, when the adapter took it off the wire */

    /* durable deliveries */
    uint64_t sequence;             /* in its stream */
    uint32_t deliveries;           /* 1 for the first */
    aegis_timestamp stored_at;
    uint64_t pending;              /* messages still behind it for this consumer */

    /* completions (of `submit`; the body of one that failed may say why, as text) and connection events */
    uint64_t token;
    aegis_status status;           /* outcome of the operation */
    bool not_processed;            /* certainly no receiver saw it */
    bool duplicate;                /* publish_durable: the stream had this id already */
    aegis_connection_event event;

    void *adapter;                 /* the adapter's own */
} aegis_message;

/* What the stream answered to a durable publication. */
typedef struct aegis_publish_ack {
    uint64_t sequence;
    bool duplicate;                /* the stream had a message with this Nats-Msg-Id */
} aegis_publish_ack;

/* INTEREST is never asked for, but can be found. */
typedef enum aegis_retention {
    AEGIS_RETAIN_LIMITS = 0,
    AEGIS_RETAIN_WORK_QUEUE = 1,
    AEGIS_RETAIN_INTEREST = 2
} aegis_retention;
typedef enum aegis_discard { AEGIS_DISCARD_OLD = 0, AEGIS_DISCARD_NEW = 1 } aegis_discard;

/* The mark in a stream's description by which its creator is known. */
#define AEGIS_STREAM_MARK "created by Aegis"
/* How long message ids are remembered, unless somebody says otherwise. */
#define AEGIS_DUPLICATE_WINDOW (2 * AEGIS_MINUTE)

/* A bucket is a stream, too: `name` is the bucket's, max_per_subject how many values of a key are kept (0: 1). Its
 * subjects, retention and discard are given, so what is compared is storage alone; over max_bytes kv_put is
 * RESOURCE_EXHAUSTED. */
typedef struct aegis_stream_config {
    const char *name;
    bool bucket;
    const char *const *subjects;
    size_t subject_count;
    aegis_retention retention;
    aegis_discard discard;
    aegis_storage storage;
    int64_t max_bytes;             /* 0: unlimited */
    int64_t max_messages;          /* 0: unlimited */
    int64_t max_per_subject;       /* messages; 0: unlimited */
    int64_t max_message_size;      /* 0: unlimited */
    aegis_duration max_age;        /* 0: for ever */
    aegis_duration duplicate_window; /* 0: AEGIS_DUPLICATE_WINDOW, or max_age when that is less */
    uint32_t replicas;             /* 0: 1 */
    bool no_ack;                   /* never asked for, but can be found */
} aegis_stream_config;

/* Points that a promise depends on, as bits. */
typedef enum aegis_stream_point {
    AEGIS_POINT_SUBJECTS = 1,
    AEGIS_POINT_RETENTION = 2,
    AEGIS_POINT_STORAGE = 4,
    AEGIS_POINT_DISCARD = 8,       /* where `new` was asked for, or a work queue */
    AEGIS_POINT_NO_ACK = 16
} aegis_stream_point;

typedef struct aegis_stream_info {
    uint64_t messages;
    uint64_t bytes;
    uint64_t first_sequence;
    uint64_t last_sequence;
    bool ours;                     /* the description holds AEGIS_STREAM_MARK */
    unsigned differs;              /* aegis_stream_point bits: not as the config asked for */
    char difference[256];          /* those points in words ("discard is old, not new"), or "" */
    char limits[256];              /* in which sizes, ages and replicas it is not as asked for, or "" */
} aegis_stream_info;

/* A message read from a stream by its number. All of it is in the arena given. */
typedef struct aegis_stored {
    const char *subject;
    const aegis_header *headers;
    size_t header_count;
    aegis_bytes body;
    uint64_t sequence;
    aegis_timestamp stored_at;
} aegis_stored;

typedef enum aegis_deliver_from { AEGIS_DELIVER_ALL = 0, AEGIS_DELIVER_NEW = 1 } aegis_deliver_from;

/* A durable pull consumer with explicit acknowledgement. */
typedef struct aegis_consumer_config {
    const char *stream;
    const char *durable;
    const char *filter;            /* subject pattern */
    aegis_deliver_from from;       /* only when it is created, like the next two */
    uint64_t start;                /* begin with this sequence, or the first after it that there is; 0: as `from` says */
    aegis_duration inactive;       /* forgotten when nobody has read for so long; 0: kept for ever */
    aegis_duration ack_wait;       /* 0: 30 s */
    uint32_t max_ack_pending;      /* 0: 1000 */
} aegis_consumer_config;

typedef struct aegis_consumer_info {
    uint64_t pending;              /* not yet delivered */
    uint64_t ack_pending;          /* delivered, not settled */
    uint64_t ack_floor;            /* stream sequence below which all is settled */
    uint64_t delivered;            /* the last stream sequence handed out, or where it began */
    uint64_t redelivered;
    aegis_duration ack_wait;       /* as it was created */
} aegis_consumer_info;

typedef enum aegis_settlement {
    AEGIS_ACK = 0,                 /* done; the message is gone for this consumer */
    AEGIS_NAK,                     /* again, after `delay` */
    AEGIS_TERM,                    /* never again */
    AEGIS_WORKING                  /* still at it: restarts ack_wait */
} aegis_settlement;

typedef struct aegis_kv_entry {
    aegis_bytes value;             /* in the arena passed to kv_get */
    uint64_t revision;
    aegis_timestamp written_at;
} aegis_kv_entry;

typedef struct aegis_kv_item {
    const char *key;
    aegis_kv_entry entry;
} aegis_kv_item;

typedef struct aegis_kv_list {
    const aegis_kv_item *items;
    size_t count;
    aegis_timestamp now;           /* when it was read, by the clock that `written_at` is of */
} aegis_kv_list;

/* For `expected` of kv_put and kv_delete: whatever is there. 0 means: only if the key does not exist. */
#define AEGIS_KV_ANY UINT64_MAX

typedef enum aegis_operation_kind { AEGIS_OP_REQUEST = 1, AEGIS_OP_PUBLISH_DURABLE = 2 } aegis_operation_kind;

typedef struct aegis_health {
    bool connected;
    bool durable;                  /* streams can be used: JetStream answers, and its store was not full lately */
    uint32_t connections;
    uint32_t call_connections;     /* of these, for calls; while there is none, others carry them */
    uint32_t bulk_connections;     /* for streams and buckets, likewise */
    bool bulk_wanted;              /* there should be such */
    uint64_t reconnects;
    uint64_t lame_ducks;           /* servers that announced their end, by connection */
    uint64_t dropped;              /* messages that overflowing sources of core subscriptions lost */
    uint64_t resent;               /* of durable publishing and of what is asked of streams: sent another time */
    uint64_t messages_in, bytes_in, messages_out, bytes_out; /* over the wire; 0 without one */
    uint64_t max_payload;          /* bytes of body and headers; 0: no limit */
    char server[128];              /* URL of the server in use, or of the last one tried */
} aegis_health;

/* One adapter. Statuses common to all: UNAVAILABLE when there is no connection (not_processed is set when nothing was
 * sent), DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED for a body over the server's limit (the text names both sizes) and for
 * exhausted memory, CANCELLED after close. */
typedef struct aegis_port_ops {
    /* -- core messages: at most once -- */

    /* Send. OK means handed to the connection. */
    aegis_status (*publish)(aegis_port *port, const aegis_outgoing *message, aegis_error *error);
    /* Send and wait for one answer. Nobody subscribed: UNAVAILABLE with not_processed. */
    aegis_status (*request)(aegis_port *port, const aegis_outgoing *message, int64_t deadline, aegis_message *answer,
                            aegis_error *error);
    /* Wildcards `*` and `>`. With `queue`, each message goes to one member of that group. At most `capacity` messages
     * wait in the source (0: 65536); the rest is dropped and reported as an event. In place when it returns.
     * `seldom`: messages are rare, so that whoever waits for them does none of the connection's work meanwhile. */
    aegis_status (*subscribe)(aegis_port *port, const char *subject, const char *queue, size_t capacity,
                              bool seldom, aegis_source **source, aegis_error *error);
    /* The same for one's own ear, without waiting for the server: in place before what publish_durable sends
     * afterwards. For what a durable message brings about. */
    aegis_status (*listen)(aegis_port *port, const char *subject, size_t capacity, aegis_source **source,
                           aegis_error *error);

    /* -- sources -- */

    /* The next message; OK, DEADLINE_EXCEEDED, CANCELLED (woken), or UNAVAILABLE once a drained source is empty. A
     * lost connection is no reason to return: it heals underneath. */
    aegis_status (*next)(aegis_source *source, int64_t deadline, aegis_message *message);
    /* The same for all that is there, `most` at the most: on OK `*count` is at least 1. */
    aegis_status (*next_batch)(aegis_source *source, int64_t deadline, aegis_message *messages, size_t most,
                               size_t *count);
    void (*release)(aegis_message *message);
    /* One `next`, running or to come, returns CANCELLED. Wakes do not add up beyond the threads waiting, and at least
     * one is remembered. */
    void (*wake)(aegis_source *source);
    /* Stop the inflow; what has arrived can still be read. The server has seen it when this returns OK. */
    aegis_status (*drain)(aegis_source *source, int64_t deadline);
    /* Stop the inflow, or let it in again. Held, a subscription is not there: the others of its queue group get its
     * part, and without others nobody does; a reader of a durable is given nothing. What has arrived can still be read.
     * Credit given before is void, both ways. The server has seen it when this returns OK; else try again. */
    aegis_status (*hold)(aegis_source *source, bool held, int64_t deadline);
    /* What `source`, a subscription, has and gets comes out of `into`, a source of completions, with `token`. For good:
     * nobody reads `source` any more, which is closed before `into`. If `source` is seldom, so is `into`. */
    void (*divert)(aegis_source *source, aegis_source *into, uint64_t token);
    /* Free. No thread may be in `next`; unsettled durable messages are handed back (nak) and unread completions lost. */
    void (*close_source)(aegis_source *source);

    /* -- submitted operations: completions come out of `completions` exactly once each -- */

    aegis_status (*completions)(aegis_port *port, size_t capacity, aegis_source **source, aegis_error *error);
    /* Start it. After OK exactly one completion with `token` will come; after anything else none. RESOURCE_EXHAUSTED
     * when `capacity` operations are under way. Durable publications with a Nats-Msg-Id that are submitted to one
     * source are stored in the order of submission as long as the stream refuses none of them and, on a cluster, its
     * leader stays: what has to be sent again is sent again in that order, and what follows waits. */
    aegis_status (*submit)(aegis_source *completions, aegis_operation_kind kind, const aegis_outgoing *message,
                           uint64_t token, int64_t deadline, aegis_error *error);
    /* Its completion comes with CANCELLED, unless it is already there. */
    void (*cancel)(aegis_source *completions, uint64_t token);

    /* -- durable messages: at least once -- */

    /* Create it, or verify that it is as promised; never alters one. FAILED_PRECONDITION, with the difference, when
     * one with our mark differs in a point that a promise depends on. One without our mark is used as it is: then
     * `info->ours` is false. `info`, which may be NULL, is filled in all three cases. */
    aegis_status (*ensure_stream)(aegis_port *port, const aegis_stream_config *config, int64_t deadline,
                                  aegis_stream_info *info, aegis_error *error);
    /* NOT_FOUND when there is none. */
    aegis_status (*stream_info)(aegis_port *port, const char *stream, int64_t deadline, aegis_stream_info *info,
                                aegis_error *error);
    /* One message. `filter` NULL: that of exactly this sequence; else the first at or behind it whose subject the
     * pattern takes. NOT_FOUND when there is none, or no such stream. */
    aegis_status (*message_get)(aegis_port *port, const char *stream, const char *filter, uint64_t sequence,
                                int64_t deadline, aegis_arena *arena, aegis_stored *stored, aegis_error *error);
    /* NOT_FOUND when it is not there. */
    aegis_status (*message_delete)(aegis_port *port, const char *stream, uint64_t sequence, int64_t deadline,
                                   aegis_error *error);
    /* Stored when it returns OK; a header Nats-Msg-Id makes a repetition harmless, so it is sent again on a timeout or
     * a reconnection until the deadline, but only when that header is there. NOT_FOUND: no stream takes the subject.
     * RESOURCE_EXHAUSTED: the stream, or the server's store, is full. UNAVAILABLE: the server cannot store.
     * FAILED_PRECONDITION: another stream than `message->stream` has taken it. */
    aegis_status (*publish_durable)(aegis_port *port, const aegis_outgoing *message, int64_t deadline,
                                    aegis_publish_ack *ack, aegis_error *error);
    /* Create or verify; never alters. FAILED_PRECONDITION when one of that name has another filter. */
    aegis_status (*ensure_consumer)(aegis_port *port, const aegis_consumer_config *config, int64_t deadline,
                                    aegis_error *error);
    aegis_status (*consumer_info)(aegis_port *port, const char *stream, const char *durable, int64_t deadline,
                                  aegis_consumer_info *info, aegis_error *error);
    /* Forget it. What reads it gets nothing more, until there is one of that name again. NOT_FOUND: there is none. */
    aegis_status (*delete_consumer)(aegis_port *port, const char *stream, const char *durable, int64_t deadline,
                                    aegis_error *error);
    /* Read a durable. It yields nothing until it is given credit. */
    aegis_status (*consume)(aegis_port *port, const char *stream, const char *durable, aegis_source **source,
                            aegis_error *error);
    /* Allow `messages` more deliveries. */
    void (*credit)(aegis_source *source, uint32_t messages);
    /* Settle a durable message; ACK, NAK and TERM once each. `delay` for NAK. The message is still to be released. */
    aegis_status (*settle)(const aegis_message *message, aegis_settlement settlement, aegis_duration delay);

    /* -- key-value buckets -- */

    /* NOT_FOUND when there is no such key, or it was deleted. */
    aegis_status (*kv_get)(aegis_port *port, const char *bucket, const char *key, int64_t deadline,
                           aegis_arena *arena, aegis_kv_entry *entry, aegis_error *error);
    /* ABORTED when the key's revision is not `expected`. `revision` (may be NULL) is the new one. */
    aegis_status (*kv_put)(aegis_port *port, const char *bucket, const char *key, aegis_bytes value,
                           uint64_t expected, int64_t deadline, uint64_t *revision, aegis_error *error);
    aegis_status (*kv_delete)(aegis_port *port, const char *bucket, const char *key, uint64_t expected,
                              int64_t deadline, aegis_error *error);
    /* All that is in it, in no particular order and all of it in `arena`. NOT_FOUND: no such bucket. */
    aegis_status (*kv_list)(aegis_port *port, const char *bucket, int64_t deadline, aegis_arena *arena,
                            aegis_kv_list *list, aegis_error *error);

    /* -- the connection -- */

    /* A source of aegis_message.event. When the port is connected, its first is UP. Bounded: when nobody reads it the
     * oldest are forgotten. */
    aegis_status (*events)(aegis_port *port, aegis_source **source, aegis_error *error);
    void (*health)(aegis_port *port, aegis_health *health);
    /* Everything published before has reached the server. */
    aegis_status (*flush)(aegis_port *port, int64_t deadline, aegis_error *error);
    /* Flush, disconnect, free. All sources are closed before. */
    void (*close)(aegis_port *port);
} aegis_port_ops;

/* Adapters embed these as their first member. */
struct aegis_port {
    const aegis_port_ops *ops;
};
struct aegis_source {
    aegis_port *port;
};

/* The constructors, one an adapter; only runtime/open.c chooses between them. */
aegis_status aegis_memory_open(const char *url, const aegis_options *options, aegis_port **port, aegis_error *error);
aegis_status aegis_nats_open(const char *url, const aegis_options *options, aegis_port **port, aegis_error *error);

#endif
