/* The in-process bus, inside. One lock per bus guards all of it; each source has a condition variable of its
 * own. There is no thread: what time brings about (a redelivery, an operation's deadline, an entry's age) is
 * done by whoever waits for it or looks next, since nobody else could notice. All memory comes from
 * memory_alloc, which counts it, so one limit bounds everything. Functions here are called with the lock held
 * unless they say otherwise.
 */
#ifndef AEGIS_ADAPTERS_MEMORY_H
#define AEGIS_ADAPTERS_MEMORY_H

#include "ports/bus.h"
#include "ports/stream.h"

#include <pthread.h>

/* A server's default max_payload, kept so that what works here works there. */
#define MEMORY_BODY_MAX ((size_t)1 << 20)
#define MEMORY_LIMIT    ((size_t)256 << 20)
#define MEMORY_CAPACITY 65536
#define MEMORY_EVENTS   64
#define MEMORY_BUCKETS  256
/* Streams that forget their oldest do so from here on, so that the rest of the bus has room to work. */
#define MEMORY_CROWDED (MEMORY_LIMIT / 4 * 3)
/* When memory was short for a delivery: it may be back by then. */
#define MEMORY_RETRY        (100 * AEGIS_MILLISECOND)
#define MEMORY_INBOX_PREFIX "_INBOX.memory."

typedef struct memory_bus memory_bus;
typedef struct memory_source memory_source;
typedef struct memory_stream memory_stream;
typedef struct memory_consumer memory_consumer;
typedef struct memory_operation memory_operation;
typedef struct memory_kv memory_kv;

/* One message, copied once when it is sent and shared by all who receive it: a single allocation. */
typedef struct memory_packet {
    size_t size;
    size_t references;
    const char *subject;
    const char *reply;
    aegis_header *headers;
    size_t header_count;
    aegis_bytes body;
} memory_packet;

/* A message on its way to, or in the hands of, one reader: aegis_message.adapter. */
typedef struct memory_delivery {
    struct memory_delivery *next;
    memory_bus *bus;
    memory_packet *packet; /* NULL: an event, or a completion without an answer */
    aegis_message message;
    memory_consumer *consumer; /* durable deliveries; a reference */
    bool settled;
    bool diverted; /* came to another source than it is read from */
} memory_delivery;

/* The subscriptions with one queue name: a message goes to one of those it matches. */
typedef struct memory_group {
    struct memory_group *next;
    struct memory_group *touched; /* list of the groups that the message being routed has met */
    memory_source *chosen;
    uint64_t scan;
    uint64_t candidates;
    size_t members;
    char *name;
} memory_group;

typedef enum memory_kind {
    MEMORY_SUBSCRIPTION,
    MEMORY_DURABLE,
    MEMORY_COMPLETIONS,
    MEMORY_EVENT_SOURCE
} memory_kind;

struct memory_source {
    aegis_source base;
    memory_kind kind;
    memory_source *next, *previous; /* all sources of the bus */
    pthread_cond_t changed;
    size_t waiting; /* threads in next */
    size_t wakes;
    bool drained;
    memory_delivery *first, *last;
    size_t count, capacity;
    bool overflowed; /* reported, and not read from since */

    char *subject; /* subscriptions */
    memory_group *group;
    memory_source *route_next, *route_previous;
    memory_source **route_head; /* NULL: not routed to */
    memory_source *into;        /* where its messages are read; NULL: here */
    uint64_t token;

    memory_consumer *consumer; /* durables */
    uint64_t credit;
    memory_source *reader_next;

    memory_operation *operations; /* completions: under way */
    size_t under_way;
    int64_t earliest; /* no deadline of `operations` is before this */
};

/* A request that waits for its answer. */
struct memory_operation {
    memory_operation *hash_next;
    memory_operation *next, *previous; /* in its completions source */
    memory_source *completions;        /* NULL: a blocking request, on its caller's stack */
    memory_delivery *completion;       /* allocated at the start, so that completing cannot fail */
    uint64_t id;
    uint64_t token;
    int64_t deadline;
    bool done;
    memory_packet *answer;
    pthread_cond_t answered; /* blocking requests */
};

struct memory_bus {
    aegis_port base;
    aegis_allocator allocator;
    pthread_mutex_t lock;
    size_t bytes;
    memory_source *sources;
    memory_source *literal[MEMORY_BUCKETS]; /* subscriptions without wildcards, by hash of the subject */
    memory_source *patterns;
    memory_group *groups;
    memory_operation *waiting[MEMORY_BUCKETS];
    memory_stream *streams;
    memory_kv *buckets;
    uint64_t dropped; /* messages that sources had no room for */
    uint64_t scans;
    uint64_t random;
    uint64_t next_inbox;
};

/* -- port.c: memory, locks, packets -- */
void *memory_alloc(memory_bus *bus, size_t size); /* cleared; NULL over the limit */
void memory_free(memory_bus *bus, void *pointer, size_t size);
char *memory_strdup(memory_bus *bus, const char *text);
void memory_free_text(memory_bus *bus, char *text);
memory_bus *memory_of(aegis_port *port);
uint64_t memory_hash(const char *text);
memory_packet *memory_packet_new(memory_bus *bus, const aegis_outgoing *message, const char *reply);
memory_packet *memory_packet_keep(memory_packet *packet);
void memory_packet_drop(memory_bus *bus, memory_packet *packet);
const char *memory_packet_header(const memory_packet *packet, const char *name);
/* Valid subject and reply, body within the limit. Takes no lock. */
aegis_status memory_check_outgoing(const aegis_outgoing *message, aegis_error *error);
aegis_status memory_exhausted(aegis_error *error);

/* -- broker.c -- */
/* Give the packet to subscribers, waiting requests and streams. Returns how many took it. */
size_t memory_route(memory_bus *bus, memory_packet *packet);
/* The same without the streams. */
size_t memory_route_live(memory_bus *bus, memory_packet *packet);
void memory_route_to(memory_bus *bus, memory_source *source);
void memory_unroute(memory_bus *bus, memory_source *source);
void memory_leave_group(memory_bus *bus, memory_source *source);
aegis_status memory_publish(aegis_port *port, const aegis_outgoing *message, aegis_error *error);
aegis_status memory_listen(aegis_port *port, const char *subject, size_t capacity, aegis_source **source,
                           aegis_error *error);
aegis_status memory_hold(aegis_source *source, bool held, int64_t deadline);
void memory_divert(aegis_source *source, aegis_source *into, uint64_t token);
aegis_status memory_subscribe(aegis_port *port, const char *subject, const char *queue, size_t capacity,
                              bool seldom, aegis_source **source, aegis_error *error);

/* -- source.c -- */
memory_source *memory_source_new(memory_bus *bus, memory_kind kind, size_t capacity);
/* Forget one that was never handed out. */
void memory_source_free(memory_bus *bus, memory_source *source);
memory_delivery *memory_delivery_new(memory_bus *bus, memory_packet *packet);
void memory_delivery_free(memory_bus *bus, memory_delivery *delivery);
void memory_enqueue(memory_source *source, memory_delivery *delivery);
/* To where `source` is diverted. */
void memory_hand_on(const memory_source *source, memory_delivery *delivery);
void memory_event(memory_bus *bus, aegis_connection_event event, const char *subject);
aegis_status memory_events(aegis_port *port, aegis_source **source, aegis_error *error);
aegis_status memory_next_batch(aegis_source *source, int64_t deadline, aegis_message *messages, size_t most,
                               size_t *count);
aegis_status memory_next(aegis_source *source, int64_t deadline, aegis_message *message);
void memory_release(aegis_message *message);
void memory_wake(aegis_source *source);
aegis_status memory_drain(aegis_source *source, int64_t deadline);
void memory_close_source(aegis_source *source);

/* -- operations.c -- */
aegis_status memory_request(aegis_port *port, const aegis_outgoing *message, int64_t deadline,
                            aegis_message *answer, aegis_error *error);
aegis_status memory_completions(aegis_port *port, size_t capacity, aegis_source **source, aegis_error *error);
aegis_status memory_submit(aegis_source *completions, aegis_operation_kind kind,
                           const aegis_outgoing *message, uint64_t token, int64_t deadline,
                           aegis_error *error);
void memory_cancel(aegis_source *completions, uint64_t token);
/* True when `packet` answered a request that waits. */
bool memory_answer(memory_bus *bus, memory_packet *packet);
/* Complete what is late; returns when to look again. */
int64_t memory_expire_operations(memory_source *completions, int64_t now);
void memory_abandon_operations(memory_source *completions);

/* -- stream.c -- */
typedef struct memory_stored {
    uint64_t sequence;
    memory_packet *packet;
    int64_t stored; /* monotonic */
    aegis_timestamp stored_at;
    size_t size; /* as a server counts it */
} memory_stored;

typedef struct memory_seen {
    struct memory_seen *hash_next;
    struct memory_seen *next; /* by age */
    uint64_t sequence;
    int64_t when;
    char *id;
} memory_seen;

struct memory_stream {
    memory_stream *next;
    aegis_stream_config config; /* its pointers are ours */
    char *name;
    char **subjects;
    memory_stored **slots; /* [head, head + used): sequences from `base`; NULL: removed */
    size_t head, used, room;
    uint64_t base; /* sequence of slots[head], or the next one when used is 0 */
    uint64_t messages, bytes;
    memory_seen *seen[MEMORY_BUCKETS];
    memory_seen *seen_first, *seen_last;
    size_t seen_count;
    memory_consumer *consumers;
};

memory_stream *memory_stream_find(memory_bus *bus, const char *name);
memory_stream *memory_stream_for(memory_bus *bus, const char *subject);
aegis_status memory_store(memory_bus *bus, memory_stream *stream, memory_packet *packet,
                          aegis_publish_ack *ack, aegis_error *error);
memory_stored *memory_stored_at(const memory_stream *stream, uint64_t sequence);
uint64_t memory_stream_next_sequence(const memory_stream *stream);
void memory_stream_remove(memory_bus *bus, memory_stream *stream, uint64_t sequence);
void memory_stream_expire(memory_bus *bus, memory_stream *stream, int64_t now);
void memory_streams_free(memory_bus *bus);
aegis_status memory_ensure_stream(aegis_port *port, const aegis_stream_config *config, int64_t deadline,
                                  aegis_stream_info *info, aegis_error *error);
aegis_status memory_stream_info(aegis_port *port, const char *stream, int64_t deadline,
                                aegis_stream_info *info, aegis_error *error);
aegis_status memory_publish_durable(aegis_port *port, const aegis_outgoing *message, int64_t deadline,
                                    aegis_publish_ack *ack, aegis_error *error);
aegis_status memory_message_get(aegis_port *port, const char *stream, const char *filter, uint64_t sequence,
                                int64_t deadline, aegis_arena *arena, aegis_stored *stored,
                                aegis_error *error);
aegis_status memory_message_delete(aegis_port *port, const char *stream, uint64_t sequence, int64_t deadline,
                                   aegis_error *error);
/* publish_durable without its lock. */
aegis_status memory_publish_stored(memory_bus *bus, const aegis_outgoing *message, aegis_publish_ack *ack,
                                   aegis_error *error);

/* -- consumer.c -- */
/* Delivered and not settled. */
typedef struct memory_unsettled {
    struct memory_unsettled *next; /* by sequence */
    uint64_t sequence;
    uint32_t deliveries;
    int64_t due;          /* when it is delivered again */
    memory_source *owner; /* NULL: handed back */
} memory_unsettled;

struct memory_consumer {
    memory_consumer *next;
    size_t references; /* its stream's, one of each reader, one of each delivery in somebody's hands */
    bool gone;         /* deleted: not its stream's any more */
    int64_t inactive;  /* without readers for so long it is deleted; 0: never */
    int64_t left;      /* when the last reader went, or it was made */
    memory_stream *stream;
    char *durable;
    char *filter;
    int64_t ack_wait;
    size_t max_unsettled;
    uint64_t position;  /* the next sequence to look at */
    uint64_t delivered; /* the last sequence delivered for the first time, or where it began */
    memory_unsettled *unsettled;
    size_t unsettled_count;
    int64_t earliest; /* no `due` is before this */
    memory_source *readers;
};

/* The next message of a durable source, or NULL and, in `look`, when there may be one without further notice.
 */
memory_delivery *memory_consumer_take(memory_source *source, int64_t now, int64_t *look);
void memory_consumer_notify(memory_consumer *consumer);
void memory_consumer_leave(memory_source *source);
/* One reference less. */
void memory_consumer_drop(memory_bus *bus, memory_consumer *consumer);
/* Delete those that nobody has read for too long. */
void memory_consumers_expire(memory_bus *bus, memory_stream *stream, int64_t now);
void memory_consumers_free(memory_bus *bus, memory_stream *stream);
aegis_status memory_ensure_consumer(aegis_port *port, const aegis_consumer_config *config, int64_t deadline,
                                    aegis_error *error);
aegis_status memory_consumer_info(aegis_port *port, const char *stream, const char *durable, int64_t deadline,
                                  aegis_consumer_info *info, aegis_error *error);
aegis_status memory_delete_consumer(aegis_port *port, const char *stream, const char *durable,
                                    int64_t deadline, aegis_error *error);
aegis_status memory_consume(aegis_port *port, const char *stream, const char *durable, aegis_source **source,
                            aegis_error *error);
void memory_credit(aegis_source *source, uint32_t messages);
aegis_status memory_settle(const aegis_message *message, aegis_settlement settlement, aegis_duration delay);

/* -- kv.c -- */
void memory_kv_free(memory_bus *bus);
aegis_status memory_ensure_bucket(aegis_port *port, const aegis_stream_config *config,
                                  aegis_stream_info *info, aegis_error *error);
aegis_status memory_kv_get(aegis_port *port, const char *bucket, const char *key, int64_t deadline,
                           aegis_arena *arena, aegis_kv_entry *entry, aegis_error *error);
aegis_status memory_kv_put(aegis_port *port, const char *bucket, const char *key, aegis_bytes value,
                           uint64_t expected, int64_t deadline, uint64_t *revision, aegis_error *error);
aegis_status memory_kv_delete(aegis_port *port, const char *bucket, const char *key, uint64_t expected,
                              int64_t deadline, aegis_error *error);
aegis_status memory_kv_list(aegis_port *port, const char *bucket, int64_t deadline, aegis_arena *arena,
                            aegis_kv_list *list, aegis_error *error);

#endif
