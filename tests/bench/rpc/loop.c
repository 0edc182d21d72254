/* A bus without I/O: requests and answers are copied between two rings, and that is all. What a call costs
 * over it is what our runtime costs: envelopes, codecs, dispatch, deadlines, metrics. Streams are said to be
 * there and yield nothing.
 *
 * One client, one service; nothing is allocated for a call. A message stays in its slot until it is released:
 * a reader that is interrupted may be passed by any number of others.
 */
#define _GNU_SOURCE
#include "bench/rpc/rpc.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "application/bus.h"

enum { SLOTS = 1024, BODY = 2048 };

typedef struct loop loop;
typedef struct lane lane;

typedef struct slot {
    struct slot *next; /* free */
    lane *of;
    aegis_message message;
    char subject[96], reply[24];
    uint8_t body[BODY];
} slot;

/* A ring of messages. Idle sources have no room at all. */
struct lane {
    aegis_source base;
    loop *of;
    pthread_cond_t changed;
    bool woken, ended;
    unsigned asleep, called; /* readers, and those woken that have not looked yet */
    size_t room;
    uint64_t head, tail;
    slot *slots, *unused;
    slot **ring;
};

struct loop {
    aegis_port base;
    pthread_mutex_t lock;
    lane *requests, *answers;
};

static loop *of_port(aegis_port *port)
{
    return (loop *)(void *)port;
}

static lane *of_source(aegis_source *source)
{
    return (lane *)(void *)source;
}

static aegis_status open_lane(loop *l, size_t room, lane **out)
{
    pthread_condattr_t monotonic;
    lane *made = (lane *)calloc(1, sizeof *made);

    if (made != NULL && room > 0) {
        made->slots = (slot *)calloc(room, sizeof *made->slots);
        made->ring = (slot **)calloc(room, sizeof *made->ring);
    }
    if (made == NULL || (room > 0 && (made->slots == NULL || made->ring == NULL))) {
        if (made != NULL) {
            free(made->slots);
            free(made->ring);
        }
        free(made);
        return AEGIS_RESOURCE_EXHAUSTED;
    }
    for (size_t i = 0; i < room; i++) {
        made->slots[i].of = made;
        made->slots[i].next = made->unused;
        made->unused = &made->slots[i];
    }
    made->base.port = &l->base;
    made->of = l;
    made->room = room;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&made->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *out = made;
    return AEGIS_OK;
}

static void close_source(aegis_source *source)
{
    lane *l = of_source(source);

    pthread_cond_destroy(&l->changed);
    free(l->slots);
    free(l->ring);
    free(l);
}

/* ---- messages ----------------------------------------------------------------------------------------- */

/* A copy in the ring, with the lock held; NULL when it is full. */
static slot *put(lane *l, aegis_bytes body)
{
    slot *into;

    if (l == NULL || l->unused == NULL || body.len > BODY)
        return NULL;
    into = l->unused;
    l->unused = into->next;
    l->ring[l->tail++ % l->room] = into;
    memcpy(into->body, body.data, body.len);
    memset(&into->message, 0, sizeof into->message);
    into->message.adapter = into;
    into->message.body = (aegis_bytes){into->body, body.len};
    if (l->asleep > l->called) {
        l->called++;
        pthread_cond_signal(&l->changed);
    }
    return into;
}

static aegis_status submit(aegis_source *completions, aegis_operation_kind kind,
                           const aegis_outgoing *message, uint64_t token, int64_t deadline,
                           aegis_error *error)
{
    loop *l = of_source(completions)->of;
    slot *into;

    (void)deadline;
    pthread_mutex_lock(&l->lock);
    into = kind == AEGIS_OP_REQUEST ? put(l->requests, message->body) : NULL;
    if (into != NULL) {
        memcpy(into->subject, message->subject, strlen(message->subject) + 1);
        for (size_t i = 0; i < sizeof token; i++) { /* text without a NUL: 16 letters */
            const uint8_t byte = (uint8_t)(token >> (8 * i));
            into->reply[2 * i] = (char)('a' + (byte & 15));
            into->reply[2 * i + 1] = (char)('a' + (byte >> 4));
        }
        into->reply[2 * sizeof token] = '\0';
        into->message.arrived = aegis_clock_monotonic();
        into->message.subject = into->subject;
        into->message.reply = into->reply;
    }
    pthread_mutex_unlock(&l->lock);
    return into != NULL ? AEGIS_OK : aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "the ring is full");
}

static aegis_status publish(aegis_port *port, const aegis_outgoing *message, aegis_error *error)
{
    loop *l = of_port(port);
    slot *into;

    pthread_mutex_lock(&l->lock);
    into = put(l->answers, message->body);
    for (size_t i = 0; into != NULL && i < sizeof into->message.token; i++)
        into->message.token |=
            (uint64_t)((message->subject[2 * i] - 'a') | (message->subject[2 * i + 1] - 'a') << 4) << (8 * i);
    pthread_mutex_unlock(&l->lock);
    return into != NULL ? AEGIS_OK : aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "the ring is full");
}

/* Until there is something, with the lock held. */
static aegis_status await(lane *l, int64_t deadline)
{
    const struct timespec until = {(time_t)(deadline / AEGIS_SECOND), (long)(deadline % AEGIS_SECOND)};
    bool late = false;

    while (l->head == l->tail) {
        if (l->woken) {
            l->woken = false;
            return AEGIS_CANCELLED;
        }
        if (l->ended)
            return AEGIS_UNAVAILABLE;
        if (late)
            return AEGIS_DEADLINE_EXCEEDED;
        l->asleep++;
        late = pthread_cond_timedwait(&l->changed, &l->of->lock, &until) != 0;
        l->asleep--;
        if (l->called > 0)
            l->called--;
    }
    return AEGIS_OK;
}

static aegis_status next_batch(aegis_source *source, int64_t deadline, aegis_message *messages, size_t most,
                               size_t *count)
{
    lane *l = of_source(source);
    aegis_status status;

    pthread_mutex_lock(&l->of->lock);
    status = await(l, deadline);
    for (*count = 0; *count < most && l->head != l->tail; l->head++)
        messages[(*count)++] = l->ring[l->head % l->room]->message;
    pthread_mutex_unlock(&l->of->lock);
    return status;
}

static aegis_status next(aegis_source *source, int64_t deadline, aegis_message *message)
{
    size_t count;

    return next_batch(source, deadline, message, 1, &count);
}

static void release(aegis_message *message)
{
    slot *s = (slot *)message->adapter;

    pthread_mutex_lock(&s->of->of->lock);
    s->next = s->of->unused;
    s->of->unused = s;
    pthread_mutex_unlock(&s->of->of->lock);
}

static void nudge(aegis_source *source, bool end)
{
    lane *l = of_source(source);

    pthread_mutex_lock(&l->of->lock);
    l->ended = l->ended || end;
    l->woken = l->woken || !end;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->of->lock);
}

static void wake(aegis_source *source)
{
    nudge(source, false);
}

static aegis_status drain(aegis_source *source, int64_t deadline)
{
    (void)deadline;
    nudge(source, true);
    return AEGIS_OK;
}

static void cancel(aegis_source *completions, uint64_t token)
{
    (void)completions;
    (void)token;
}

/* ---- sources ------------------------------------------------------------------------------------------ */

static aegis_status open_source(loop *l, bool live, lane **kept, aegis_source **source)
{
    lane *made = NULL;
    const aegis_status status = open_lane(l, live ? SLOTS : 0, &made);

    if (live)
        *kept = made;
    *source = made != NULL ? &made->base : NULL;
    return status;
}

static aegis_status subscribe(aegis_port *port, const char *subject, const char *queue, size_t capacity,
                              bool seldom, aegis_source **source, aegis_error *error)
{
    loop *l = of_port(port);

    (void)queue;
    (void)capacity;
    (void)seldom;
    (void)error;
    return open_source(l, strncmp(subject, "rpc.", 4) == 0, &l->requests, source);
}

/* What is diverted never comes. */
static void divert(aegis_source *source, aegis_source *into, uint64_t token)
{
    (void)source;
    (void)into;
    (void)token;
}

static aegis_status completions(aegis_port *port, size_t capacity, aegis_source **source, aegis_error *error)
{
    (void)capacity;
    (void)error;
    return open_source(of_port(port), true, &of_port(port)->answers, source);
}

static aegis_status consume(aegis_port *port, const char *stream, const char *durable, aegis_source **source,
                            aegis_error *error)
{
    (void)stream;
    (void)durable;
    (void)error;
    return open_source(of_port(port), false, NULL, source);
}

static void credit(aegis_source *source, uint32_t messages)
{
    (void)source;
    (void)messages;
}

/* ---- the rest is there -------------------------------------------------------------------------------- */

static aegis_status ensure_stream(aegis_port *port, const aegis_stream_config *config, int64_t deadline,
                                  aegis_stream_info *info, aegis_error *error)
{
    (void)port;
    (void)config;
    (void)deadline;
    (void)error;
    if (info != NULL) {
        memset(info, 0, sizeof *info);
        info->ours = true;
    }
    return AEGIS_OK;
}

static aegis_status ensure_consumer(aegis_port *port, const aegis_consumer_config *config, int64_t deadline,
                                    aegis_error *error)
{
    (void)port;
    (void)config;
    (void)deadline;
    (void)error;
    return AEGIS_OK;
}

static aegis_status listen_to(aegis_port *port, const char *subject, size_t capacity, aegis_source **source,
                              aegis_error *error)
{
    return subscribe(port, subject, NULL, capacity, false, source, error);
}

static aegis_status stream_info(aegis_port *port, const char *stream, int64_t deadline,
                                aegis_stream_info *info, aegis_error *error)
{
    (void)port;
    (void)stream;
    (void)deadline;
    (void)error;
    memset(info, 0, sizeof *info);
    return AEGIS_OK;
}

static aegis_status consumer_info(aegis_port *port, const char *stream, const char *durable, int64_t deadline,
                                  aegis_consumer_info *info, aegis_error *error)
{
    (void)port;
    (void)stream;
    (void)durable;
    (void)deadline;
    (void)error;
    memset(info, 0, sizeof *info);
    return AEGIS_OK;
}

static aegis_status delete_consumer(aegis_port *port, const char *stream, const char *durable,
                                    int64_t deadline, aegis_error *error)
{
    (void)port;
    (void)stream;
    (void)durable;
    (void)deadline;
    (void)error;
    return AEGIS_OK;
}

static aegis_status message_get(aegis_port *port, const char *stream, const char *filter, uint64_t sequence,
                                int64_t deadline, aegis_arena *arena, aegis_stored *stored,
                                aegis_error *error)
{
    (void)port;
    (void)stream;
    (void)filter;
    (void)sequence;
    (void)deadline;
    (void)arena;
    (void)stored;
    return aegis_error_set(error, AEGIS_NOT_FOUND, "nothing is stored");
}

static aegis_status kv_get(aegis_port *port, const char *bucket, const char *key, int64_t deadline,
                           aegis_arena *arena, aegis_kv_entry *entry, aegis_error *error)
{
    (void)port;
    (void)bucket;
    (void)key;
    (void)deadline;
    (void)arena;
    (void)entry;
    return aegis_error_set(error, AEGIS_NOT_FOUND, "nothing is stored");
}

static aegis_status kv_put(aegis_port *port, const char *bucket, const char *key, aegis_bytes value,
                           uint64_t expected, int64_t deadline, uint64_t *revision, aegis_error *error)
{
    (void)port;
    (void)bucket;
    (void)key;
    (void)value;
    (void)expected;
    (void)deadline;
    (void)error;
    if (revision != NULL)
        *revision = 1;
    return AEGIS_OK;
}

static aegis_status flush(aegis_port *port, int64_t deadline, aegis_error *error)
{
    (void)port;
    (void)deadline;
    (void)error;
    return AEGIS_OK;
}

static void health(aegis_port *port, aegis_health *out)
{
    (void)port;
    memset(out, 0, sizeof *out);
    out->connected = out->durable = true;
}

static void close_port(aegis_port *port)
{
    pthread_mutex_destroy(&of_port(port)->lock);
    free(of_port(port));
}

aegis_port *rpc_loop_open(void)
{
    static const aegis_port_ops ops = {.publish = publish,
                                       .subscribe = subscribe,
                                       .next = next,
                                       .next_batch = next_batch,
                                       .release = release,
                                       .wake = wake,
                                       .drain = drain,
                                       .divert = divert,
                                       .close_source = close_source,
                                       .completions = completions,
                                       .submit = submit,
                                       .cancel = cancel,
                                       .ensure_stream = ensure_stream,
                                       .ensure_consumer = ensure_consumer,
                                       .consume = consume,
                                       .credit = credit,
                                       .listen = listen_to,
                                       .stream_info = stream_info,
                                       .consumer_info = consumer_info,
                                       .delete_consumer = delete_consumer,
                                       .message_get = message_get,
                                       .kv_get = kv_get,
                                       .kv_put = kv_put,
                                       .health = health,
                                       .flush = flush,
                                       .close = close_port};
    loop *l = (loop *)calloc(1, sizeof *l);

    if (l == NULL)
        return NULL;
    l->base.ops = &ops;
    pthread_mutex_init(&l->lock, NULL);
    return &l->base;
}

/* ---- what the loop itself costs ----------------------------------------------------------------------- */

struct rpc_carrier {
    aegis_port *port;
    aegis_source *requests, *answers;
    aegis_outgoing request, answer;
    uint8_t bytes[BODY];
};

rpc_carrier *rpc_carrier_open(size_t request_bytes, size_t answer_bytes)
{
    rpc_carrier *c = (rpc_carrier *)calloc(1, sizeof *c);

    if (c == NULL || request_bytes > BODY || answer_bytes > BODY || (c->port = rpc_loop_open()) == NULL) {
        free(c);
        return NULL;
    }
    c->request.subject = "rpc.order-service.create_order";
    c->request.body = (aegis_bytes){c->bytes, request_bytes};
    c->answer.body = (aegis_bytes){c->bytes, answer_bytes};
    if (subscribe(c->port, "rpc.", NULL, 0, false, &c->requests, NULL) == AEGIS_OK &&
        completions(c->port, 0, &c->answers, NULL) == AEGIS_OK)
        return c;
    rpc_carrier_close(c);
    return NULL;
}

void rpc_carrier_close(rpc_carrier *c)
{
    if (c == NULL)
        return;
    if (c->requests != NULL)
        close_source(c->requests);
    if (c->answers != NULL)
        close_source(c->answers);
    close_port(c->port);
    free(c);
}

/* A batch there, a batch back. */
static bool carry(rpc_carrier *c, unsigned depth)
{
    aegis_message messages[SLOTS / 2];
    size_t count = 0;

    for (unsigned i = 0; i < depth; i++) {
        if (submit(c->answers, AEGIS_OP_REQUEST, &c->request, i, 0, NULL) != AEGIS_OK)
            return false;
    }
    if (next_batch(c->requests, 0, messages, depth, &count) != AEGIS_OK)
        return false;
    for (size_t i = 0; i < count; i++) {
        c->answer.subject = messages[i].reply;
        if (publish(c->port, &c->answer, NULL) != AEGIS_OK)
            return false;
        release(&messages[i]);
    }
    if (next_batch(c->answers, 0, messages, depth, &count) != AEGIS_OK || count != depth)
        return false;
    for (size_t i = 0; i < count; i++)
        release(&messages[i]);
    return true;
}

bool rpc_carrier_carry(void *context, uint64_t count, unsigned depth, rpc_samples *samples)
{
    (void)samples;
    for (uint64_t i = 0; i < count; i += depth) {
        if (depth > SLOTS / 2 || !carry((rpc_carrier *)context, depth))
            return false;
    }
    return true;
}
