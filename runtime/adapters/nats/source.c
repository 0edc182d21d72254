/* Sources, and the messages that wait in them. The leader moves what nats.c has parsed into the source it
 * belongs to; `next` takes it from there. Core subscriptions have a bound and drop what is over it, with one
 * event for each overflow; a consumer's bound is its credit, a completion queue's the operations under way.
 */
#define _GNU_SOURCE
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#include "domain/subject.h"

#define DEFAULT_CAPACITY 65536
#define EVENT_CAPACITY   64
#define POOL_MAX         2048
#define DEAD_BYTES       ((size_t)1 << 20)
#define DEAD_MAX         (sizeof((nats_engine *)NULL)->dead / sizeof(natsMsg *))

/* ---- parcels --------------------------------------------------------------------------------------------
 */

static nats_parcel *pool_take(nats_engine *engine)
{
    pthread_mutex_lock(&engine->pool_lock);
    nats_parcel *parcel = engine->pool;
    if (parcel != NULL) {
        engine->pool = parcel->next;
        engine->pool_count--;
    }
    pthread_mutex_unlock(&engine->pool_lock);
    if (parcel == NULL)
        parcel = (nats_parcel *)malloc(sizeof *parcel);
    if (parcel != NULL)
        memset(parcel, 0, sizeof *parcel);
    return parcel;
}

static bool take_headers(nats_parcel *parcel)
{
    const char **keys = NULL;
    int count = 0;
    if (natsMsgHeader_Keys(parcel->raw, &keys, &count) != NATS_OK || count <= 0) {
        free((void *)keys);
        return true;
    }
    parcel->headers = (size_t)count <= sizeof parcel->few / sizeof parcel->few[0]
                          ? parcel->few
                          : (aegis_header *)calloc((size_t)count, sizeof *parcel->headers);
    for (int i = 0; parcel->headers != NULL && i < count; i++) {
        const char *value = "";
        natsMsgHeader_Get(parcel->raw, keys[i], &value);
        parcel->headers[i] = (aegis_header){.name = keys[i], .value = value};
    }
    free((void *)keys);
    parcel->message.headers = parcel->headers;
    parcel->message.header_count = (size_t)count;
    return parcel->headers != NULL;
}

/* Takes `raw`, also when it returns NULL: no memory, and the message is gone. */
nats_parcel *aegis_nats_parcel_new(nats_engine *engine, natsMsg *raw)
{
    nats_parcel *parcel = pool_take(engine);
    if (parcel == NULL) {
        natsMsg_Destroy(raw);
        return NULL;
    }
    parcel->engine = engine;
    parcel->message.adapter = parcel;
    if (raw == NULL)
        return parcel;
    parcel->raw = raw;
    parcel->message.subject = natsMsg_GetSubject(raw);
    parcel->message.reply = natsMsg_GetReply(raw);
    parcel->message.body.data = (const uint8_t *)natsMsg_GetData(raw);
    parcel->message.body.len = (size_t)natsMsg_GetDataLength(raw);
    parcel->message.arrived = engine->arrived;
    if (!take_headers(parcel)) {
        aegis_nats_parcel_free(parcel);
        return NULL;
    }
    return parcel;
}

/* nats.c wakes a thread for each destruction, so they gather; pool_lock held. What is to be destroyed now
 * goes to `dead`. */
static size_t gather(nats_engine *engine, natsMsg *raw, size_t bytes, natsMsg **dead)
{
    size_t count = 0;

    engine->dead[engine->dead_count++] = raw;
    engine->dead_bytes += bytes;
    if (engine->dead_count == DEAD_MAX || engine->dead_bytes > DEAD_BYTES) {
        count = engine->dead_count;
        memcpy(dead, engine->dead, count * sizeof dead[0]);
        engine->dead_count = 0;
        engine->dead_bytes = 0;
    }
    return count;
}

void aegis_nats_message_dead(nats_engine *engine, natsMsg *raw, size_t bytes)
{
    natsMsg *dead[DEAD_MAX];

    pthread_mutex_lock(&engine->pool_lock);
    size_t count = gather(engine, raw, bytes, dead);
    pthread_mutex_unlock(&engine->pool_lock);
    while (count > 0)
        natsMsg_Destroy(dead[--count]);
}

/* Any thread; the engine's lock may be held. */
void aegis_nats_parcel_free(nats_parcel *parcel)
{
    nats_engine *engine = parcel->engine;
    natsMsg *dead[DEAD_MAX];
    size_t count = 0;
    if (parcel->headers != parcel->few)
        free(parcel->headers);
    free(parcel->text);
    pthread_mutex_lock(&engine->pool_lock);
    if (parcel->raw != NULL)
        count = gather(engine, parcel->raw, parcel->message.body.len, dead);
    const bool keep = engine->pool_count < POOL_MAX;
    if (keep) {
        parcel->next = engine->pool;
        engine->pool = parcel;
        engine->pool_count++;
    }
    pthread_mutex_unlock(&engine->pool_lock);
    if (!keep)
        free(parcel);
    while (count > 0)
        natsMsg_Destroy(dead[--count]);
}

void aegis_nats_release(aegis_message *message)
{
    if (message == NULL || message->adapter == NULL)
        return;
    nats_parcel *parcel = (nats_parcel *)message->adapter;
    message->adapter = NULL;
    nats_engine *engine = parcel->engine;
    if (parcel->message.sequence != 0) {
        pthread_mutex_lock(&engine->lock);
        parcel->released = parcel->consumer != NULL; /* unsettled: kept, to be handed back at the end */
        const bool keep = parcel->released;
        aegis_nats_unlock(engine);
        if (keep)
            return;
    }
    aegis_nats_parcel_free(parcel);
}

/* ---- queues ---------------------------------------------------------------------------------------------
 */

void aegis_nats_push(nats_source *source, nats_parcel *parcel)
{
    parcel->next = NULL;
    if (source->tail != NULL)
        source->tail->next = parcel;
    else
        source->head = parcel;
    source->tail = parcel;
    source->count++;
    if (source->kind == NATS_SUBSCRIPTION || source->kind == NATS_COMPLETIONS)
        source->engine->backlog++;
}

static nats_parcel *pop(nats_source *source)
{
    nats_parcel *parcel = source->head;
    if (parcel == NULL)
        return NULL;
    source->head = parcel->next;
    if (source->head == NULL) {
        source->tail = NULL;
        source->overflowed = false;
    }
    source->count--;
    if (source->kind == NATS_SUBSCRIPTION || source->kind == NATS_COMPLETIONS)
        source->engine->backlog--;
    if (source->kind == NATS_COMPLETIONS && !parcel->diverted)
        source->under_way--;
    return parcel;
}

/* Where it is read. */
static nats_source *reader_of(nats_source *source)
{
    return source->into != NULL ? source->into : source;
}

static void push(nats_source *source, nats_parcel *parcel)
{
    if (source->into != NULL) {
        parcel->message.token = source->token;
        parcel->diverted = true;
    }
    aegis_nats_push(reader_of(source), parcel);
}

static bool full(const nats_source *source)
{
    if (source->into != NULL)
        return source->into->count >= DEFAULT_CAPACITY;
    return source->kind == NATS_SUBSCRIPTION && source->count >= source->capacity;
}

static void event_add(nats_source *source, aegis_connection_event event)
{
    if (source->count >= source->capacity)
        aegis_nats_parcel_free(pop(source));
    nats_parcel *parcel = aegis_nats_parcel_new(source->engine, NULL);
    if (parcel == NULL)
        return;
    parcel->message.event = event;
    parcel->message.arrived = aegis_clock_monotonic();
    aegis_nats_push(source, parcel);
    aegis_nats_signal(source->engine, source, source->count);
}

void aegis_nats_event(nats_engine *engine, aegis_connection_event event)
{
    for (nats_source *s = engine->sources; s != NULL; s = s->next) {
        if (s->kind == NATS_EVENTS)
            event_add(s, event);
    }
}

static void overflow(nats_source *source, natsMsg *raw)
{
    natsMsg_Destroy(raw);
    source->engine->dropped++;
    if (source->overflowed)
        return;
    source->overflowed = true;
    aegis_nats_event(source->engine, AEGIS_CONNECTION_DROPPED);
}

/* One message of nats.c's, or false when it has none. */
static bool take_one(nats_source *source, natsSubscription *subscription)
{
    natsMsg *raw = NULL;
    const natsStatus status = natsSubscription_NextMsg(&raw, subscription, 1);
    if (status == NATS_NO_RESPONDERS && source->kind == NATS_CONSUMER) {
        aegis_nats_pull_nobody(source);
        return true;
    }
    if (status == NATS_NO_RESPONDERS && source->ring != NULL) {
        aegis_nats_ring_nobody(source);
        return true;
    }
    if (status != NATS_OK)
        return status == NATS_SLOW_CONSUMER || status == NATS_NO_RESPONDERS;
    if (full(source)) {
        overflow(source, raw);
        return true;
    }
    if (source->kind == NATS_CONSUMER && aegis_nats_pull_status(source, raw)) {
        natsMsg_Destroy(raw);
        return true;
    }
    if (source->ring != NULL) {
        aegis_nats_ring_answer(source, raw);
        aegis_nats_message_dead(source->engine, raw, (size_t)natsMsg_GetDataLength(raw));
        return true;
    }
    nats_parcel *parcel = aegis_nats_parcel_new(source->engine, raw);
    if (parcel == NULL)
        return true;
    if (source->kind == NATS_CONSUMER)
        aegis_nats_delivery(source, parcel);
    push(source, parcel);
    return true;
}

/* All messages of one of its subscriptions. */
static size_t take_all(nats_source *source, natsSubscription *subscription)
{
    size_t taken = 0;
    int messages = 0;
    int bytes = 0;
    while (subscription != NULL && natsSubscription_GetPending(subscription, &messages, &bytes) == NATS_OK &&
           messages > 0) {
        for (; messages > 0 && take_one(source, subscription); messages--)
            taken++;
        if (messages > 0) {
            source->engine->look_again = true; /* nobody knows whether it was taken */
            break;
        }
    }
    return taken;
}

size_t aegis_nats_source_dispatch(nats_source *source)
{
    nats_source *reader = reader_of(source);
    const size_t before = reader->count;
    size_t taken = take_all(source, source->former);
    taken += take_all(source, source->subscription);
    if (taken > 0 && source->ring != NULL)
        aegis_nats_ring_turn(source, source->engine->arrived);
    if (reader->count > before)
        aegis_nats_signal(source->engine, reader, 1);
    return taken;
}

/* ---- making them ----------------------------------------------------------------------------------------
 */

nats_source *aegis_nats_source_new(nats_engine *engine, nats_source_kind kind, size_t capacity)
{
    nats_source *source = (nats_source *)calloc(1, sizeof *source);
    if (source == NULL)
        return NULL;
    source->grave = (nats_grave *)calloc(1, sizeof *source->grave);
    source->former_grave = (nats_grave *)calloc(1, sizeof *source->former_grave);
    if (source->grave == NULL || source->former_grave == NULL) {
        free(source->grave);
        free(source->former_grave);
        free(source);
        return NULL;
    }
    source->base.port = engine->port;
    source->engine = engine;
    source->kind = kind;
    source->capacity = capacity;
    source->role = kind == NATS_SUBSCRIPTION ? NATS_RPC : NATS_BULK;
    return source;
}

void aegis_nats_source_free(nats_source *source)
{
    free(source->subject);
    free(source->queue);
    free(source->pull_subject);
    free(source->grave);
    free(source->former_grave);
    free(source);
}

/* Where it is to be subscribed now. A connection of its own role that is about to come is worth waiting for:
 * it would stay on the other. */
static nats_link *place_of(const nats_source *source)
{
    nats_engine *engine = source->engine;
    const nats_role role = source->role;
    nats_link *link = aegis_nats_pick(engine, role);
    for (size_t i = 0; link != NULL && link->role != role && i < engine->seat_count; i++) {
        const nats_seat *seat = &engine->seats[i];
        if (seat->role == role && seat->wanted && seat->link == NULL && seat->failures < 2)
            return NULL;
    }
    return link;
}

/* Subscribe at the server, if it is there; on reconnecting it is called again. */
void aegis_nats_source_subscribe(nats_source *source)
{
    if (source->subject == NULL || source->draining || source->held || source->subscription != NULL)
        return;
    nats_link *link = place_of(source);
    if (link == NULL)
        return;
    natsConnection *connection = link->connection;
    natsStatus status;
    if (source->queue != NULL)
        status = natsConnection_QueueSubscribeSync(&source->subscription, connection, source->subject,
                                                   source->queue);
    else
        status = natsConnection_SubscribeSync(&source->subscription, connection, source->subject);
    if (status != NATS_OK) {
        source->subscription = NULL;
        return;
    }
    source->link = link;
    natsSubscription_SetPendingLimits(source->subscription, -1, -1);
    if (source->kind != NATS_SUBSCRIPTION)
        aegis_nats_timer(source->engine, 0); /* pulls, or what is to be stored, are due */
}

void aegis_nats_sources_subscribe(nats_engine *engine)
{
    for (nats_source *s = engine->sources; s != NULL; s = s->next)
        aegis_nats_source_subscribe(s);
}

static void source_link(nats_source *source)
{
    nats_engine *engine = source->engine;
    source->previous = NULL;
    source->next = engine->sources;
    if (engine->sources != NULL)
        engine->sources->previous = source;
    engine->sources = source;
    aegis_nats_source_subscribe(source);
}

/* Add it and see that the server has it. */
static aegis_status source_add(nats_source *made, aegis_source **source, aegis_error *error)
{
    nats_engine *engine = made->engine;
    const int64_t deadline = aegis_clock_monotonic() + 2 * AEGIS_SECOND;
    aegis_status status = AEGIS_OK;
    pthread_mutex_lock(&engine->lock);
    if (made->kind == NATS_CONSUMER)
        aegis_nats_want_bulk(engine, deadline);
    source_link(made);
    /* While there is no connection for it, it is put in place when one comes. */
    if (made->link != NULL)
        status = aegis_nats_flush_link(engine, made->link, deadline, error);
    aegis_nats_unlock(engine);
    if (status != AEGIS_OK && status != AEGIS_UNAVAILABLE) {
        aegis_nats_close_source(&made->base);
        return status;
    }
    *source = &made->base;
    return AEGIS_OK;
}

static nats_source *new_subscription(nats_engine *engine, const char *subject, const char *queue,
                                     size_t capacity, aegis_error *error)
{
    nats_source *made;
    if (!aegis_subject_pattern_valid(subject) || (queue != NULL && !aegis_subject_valid(queue))) {
        aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is not a subject to subscribe to",
                        subject != NULL ? subject : "");
        return NULL;
    }
    made = aegis_nats_source_new(engine, NATS_SUBSCRIPTION, capacity != 0 ? capacity : DEFAULT_CAPACITY);
    if (made != NULL) {
        made->subject = strdup(subject);
        made->queue = queue != NULL ? strdup(queue) : NULL;
    }
    if (made == NULL || made->subject == NULL || (queue != NULL && made->queue == NULL)) {
        if (made != NULL)
            aegis_nats_source_free(made);
        aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no memory for a subscription");
        return NULL;
    }
    return made;
}

aegis_status aegis_nats_subscribe(aegis_port *port, const char *subject, const char *queue, size_t capacity,
                                  bool seldom, aegis_source **source, aegis_error *error)
{
    aegis_error why = {0};
    nats_source *made =
        new_subscription(aegis_nats_engine_of(port), subject, queue, capacity, error != NULL ? error : &why);
    if (made == NULL)
        return error != NULL ? error->status : why.status;
    made->seldom = seldom;
    return source_add(made, source, error);
}

/* The server takes things in order on one connection, so a subscription on the one that what is stored goes
 * over needs no answer; nor is it written before that is. With several of these connections it does. */
static bool in_order(const nats_engine *engine, const nats_link *link)
{
    size_t bulk = 0;
    for (size_t i = 0; i < engine->seat_count; i++)
        bulk += engine->seats[i].role == NATS_BULK ? 1 : 0;
    return bulk == 1 && link->role == NATS_BULK;
}

aegis_status aegis_nats_listen(aegis_port *port, const char *subject, size_t capacity, aegis_source **source,
                               aegis_error *error)
{
    nats_engine *engine = aegis_nats_engine_of(port);
    const int64_t deadline = aegis_clock_monotonic() + 2 * AEGIS_SECOND;
    aegis_error why = {0};
    aegis_status status = AEGIS_OK;
    nats_source *made = new_subscription(engine, subject, NULL, capacity, error != NULL ? error : &why);
    if (made == NULL)
        return error != NULL ? error->status : why.status;
    made->role = NATS_BULK;
    pthread_mutex_lock(&engine->lock);
    aegis_nats_want_bulk(engine, deadline);
    nats_link *link = aegis_nats_pick(engine, NATS_BULK);
    if (link != NULL)
        atomic_store(&link->quiet, true);
    source_link(made);
    if (link != NULL)
        atomic_store(&link->quiet, false);
    if (made->link != NULL && !in_order(engine, made->link))
        status = aegis_nats_flush_link(engine, made->link, deadline, error);
    aegis_nats_unlock(engine);
    if (status != AEGIS_OK && status != AEGIS_UNAVAILABLE) {
        aegis_nats_close_source(&made->base);
        return status;
    }
    *source = &made->base;
    return AEGIS_OK;
}

aegis_status aegis_nats_events(aegis_port *port, aegis_source **source, aegis_error *error)
{
    nats_source *made = aegis_nats_source_new(aegis_nats_engine_of(port), NATS_EVENTS, EVENT_CAPACITY);
    if (made == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no memory for a source");
    aegis_status status = source_add(made, source, error);
    pthread_mutex_lock(&made->engine->lock);
    if (status == AEGIS_OK && made->engine->up > 0 && made->count == 0)
        event_add(made, AEGIS_CONNECTION_UP); /* a reader learns the state it begins in */
    aegis_nats_unlock(made->engine);
    return status;
}

/* For consumer.c and inbox.c, whose sources need more before they are added. */
aegis_status aegis_nats_source_add(nats_source *made, aegis_source **source, aegis_error *error)
{
    return source_add(made, source, error);
}

/* ---- reading --------------------------------------------------------------------------------------------
 */

aegis_status aegis_nats_next_batch(aegis_source *base, int64_t deadline, aegis_message *messages, size_t most,
                                   size_t *count)
{
    nats_source *source = aegis_nats_source_of(base);
    nats_engine *engine = source->engine;
    aegis_status status = AEGIS_OK;
    *count = 0;
    pthread_mutex_lock(&engine->lock);
    if (source->count == 0 && source->wakes == 0 && !source->drained) {
        nats_waiter waiter;
        aegis_nats_waiter_init(&waiter);
        waiter.source = source;
        source->waiting++;
        aegis_nats_wait(engine, &waiter, deadline);
        source->waiting--;
        sem_destroy(&waiter.wake);
    }
    if (source->wakes > 0) {
        source->wakes--;
        status = AEGIS_CANCELLED;
    } else if (source->count == 0) {
        status = source->drained ? AEGIS_UNAVAILABLE : AEGIS_DEADLINE_EXCEEDED;
    }
    while (status == AEGIS_OK && *count < most && source->count > 0) {
        const nats_parcel *parcel = pop(source);
        messages[(*count)++] = parcel->message;
    }
    if (source->count > 0 && source->waiting > 0) /* one was told of all of them: tell the next */
        aegis_nats_signal(engine, source, 1);
    aegis_nats_unlock(engine);
    return status;
}

aegis_status aegis_nats_next(aegis_source *source, int64_t deadline, aegis_message *message)
{
    size_t count;
    return aegis_nats_next_batch(source, deadline, message, 1, &count);
}

void aegis_nats_wake(aegis_source *base)
{
    nats_source *source = aegis_nats_source_of(base);
    nats_engine *engine = source->engine;
    pthread_mutex_lock(&engine->lock);
    const unsigned most = source->waiting > 0 ? source->waiting : 1;
    if (source->wakes < most)
        source->wakes++;
    aegis_nats_signal(engine, source, source->wakes + source->count);
    aegis_nats_unlock(engine);
}

void aegis_nats_divert(aegis_source *base, aegis_source *into, uint64_t token)
{
    nats_source *source = aegis_nats_source_of(base);
    nats_engine *engine = source->engine;
    pthread_mutex_lock(&engine->lock);
    const size_t count = source->count;
    nats_parcel *parcel = pop(source);
    source->into = aegis_nats_source_of(into);
    source->token = token;
    if (source->seldom && !source->into->seldom) {
        source->into->seldom = true;
        aegis_nats_kick(engine); /* who waits there may lead just now */
    }
    for (; parcel != NULL; parcel = pop(source))
        push(source, parcel);
    if (count > 0)
        aegis_nats_signal(engine, source->into, count);
    aegis_nats_unlock(engine);
}

/* ---- ending ---------------------------------------------------------------------------------------------
 */

aegis_status aegis_nats_drain(aegis_source *base, int64_t deadline)
{
    nats_source *source = aegis_nats_source_of(base);
    nats_engine *engine = source->engine;
    aegis_status status = AEGIS_OK;
    pthread_mutex_lock(&engine->lock);
    source->draining = true;
    source->credit = 0;
    if (source->subscription != NULL) {
        /* after the UNSUB nats.c still takes what was under way; the leader moves it to the queue */
        natsSubscription_DrainTimeout(source->subscription, 2000);
        status = aegis_nats_flush_link(engine, source->link, deadline, NULL);
    }
    if (source->former != NULL) {
        natsSubscription_DrainTimeout(source->former, 2000);
        (void)aegis_nats_flush_link(engine, source->former_link, deadline, NULL);
    }
    if (status == AEGIS_UNAVAILABLE) /* the connection is gone, and with it the subscription */
        status = AEGIS_OK;
    aegis_nats_source_dispatch(source);
    source->drained = true;
    nats_waiter *following = NULL;
    for (nats_waiter *w = engine->sleeping; w != NULL; w = following) {
        following = w->next;
        if (w->source == source)
            aegis_nats_signal_waiter(engine, w);
    }
    aegis_nats_kick(engine);
    aegis_nats_unlock(engine);
    return status;
}

static bool leaves(const nats_engine *engine, const nats_link *link)
{
    for (size_t i = 0; i < engine->leaving_count; i++) {
        if (engine->leaving[i] == link)
            return true;
    }
    return false;
}

/* What was subscribed before, and has nothing any more. A grave is taken from `spare`. */
static void former_away(nats_source *source, nats_grave **spare)
{
    if (source->former == NULL)
        return;
    aegis_nats_bury(source->engine, source->former_grave, source->former);
    source->former = NULL;
    source->former_link = NULL;
    source->former_grave = *spare;
    *spare = NULL;
}

/* Lock held, and let go of while it waits. */
static aegis_status hold(nats_source *source, int64_t deadline)
{
    if (source->subscription == NULL)
        return AEGIS_OK;
    source->former = source->subscription;
    source->former_link = source->link;
    source->subscription = NULL;
    source->link = NULL;
    natsSubscription_DrainTimeout(source->former, 2000);
    const aegis_status status = aegis_nats_flush_link(source->engine, source->former_link, deadline, NULL);
    aegis_nats_source_dispatch(source);
    return status;
}

static aegis_status let_in(nats_source *source, int64_t deadline)
{
    aegis_nats_source_subscribe(source);
    if (source->link == NULL) /* it is put in place when there is a connection */
        return AEGIS_OK;
    return aegis_nats_flush_link(source->engine, source->link, deadline, NULL);
}

aegis_status aegis_nats_hold(aegis_source *base, bool held, int64_t deadline)
{
    nats_source *source = aegis_nats_source_of(base);
    nats_engine *engine = source->engine;
    nats_grave *spare = (nats_grave *)calloc(1, sizeof *spare);
    aegis_status status = AEGIS_OK;
    if (spare == NULL)
        return AEGIS_RESOURCE_EXHAUSTED;
    pthread_mutex_lock(&engine->lock);
    if (source->former != NULL && leaves(engine, source->former_link)) {
        status = AEGIS_UNAVAILABLE; /* its messages are moving to another connection */
    } else {
        former_away(source, &spare);
        source->held = held;
        source->credit = 0;
        if (source->kind == NATS_CONSUMER)
            aegis_nats_pulls_lost(source);
        status = held ? hold(source, deadline) : let_in(source, deadline);
        if (status == AEGIS_UNAVAILABLE) /* the connection is gone, and with it what was subscribed there */
            status = AEGIS_OK;
    }
    aegis_nats_unlock(engine);
    free(spare);
    return status;
}

void aegis_nats_close_source(aegis_source *base)
{
    if (base == NULL)
        return;
    nats_source *source = aegis_nats_source_of(base);
    nats_engine *engine = source->engine;
    pthread_mutex_lock(&engine->lock);
    if (source->kind == NATS_COMPLETIONS)
        aegis_nats_calls_abandon(engine, source);
    if (source->ring != NULL)
        aegis_nats_ring_free(source);
    if (source->previous != NULL)
        source->previous->next = source->next;
    else
        engine->sources = source->next;
    if (source->next != NULL)
        source->next->previous = source->previous;
    natsSubscription *subscription = source->subscription;
    source->subscription = NULL;
    source->link = NULL;
    if (subscription != NULL) {
        aegis_nats_bury(engine, source->grave, subscription);
        source->grave = NULL;
    }
    if (source->former != NULL) {
        aegis_nats_bury(engine, source->former_grave, source->former);
        source->former = NULL;
        source->former_grave = NULL;
    }
    if (source->kind == NATS_CONSUMER) /* after the UNSUB, or they are sent to this subscription again */
        aegis_nats_hand_back(source);
    for (nats_parcel *p = pop(source); p != NULL; p = pop(source))
        aegis_nats_parcel_free(p);
    aegis_nats_unlock(engine);
    aegis_nats_source_free(source);
}
