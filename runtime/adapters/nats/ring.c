/* Publications under way, in order: what `submit` is given to store with a Nats-Msg-Id. All of a completion
 * source share one inbox and stay on one connection, so that the stream takes them as they were submitted.
 * The last token of the inbox subject is the publication's number, so any acknowledgement finds it, also one
 * of an earlier sending.
 *
 * When something is amiss (connection lost, no responders, silence) all of them are sent again, in their
 * order: message ids make repetitions harmless. The oldest goes alone, and when it is acknowledged the rest
 * follows: while a stream is about to come back its first message must not overtake those before it. It also
 * tells whom a no-responders answer belongs to, which nats.c does not.
 */
#define _GNU_SOURCE
#include "internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SILENCE     AEGIS_SECOND /* after the last acknowledgement, before the first repetition */
#define SILENCE_MAX (8 * AEGIS_SECOND)
/* With fewer than FEW under way one is written at once; else the acknowledgements that come wake the leader,
 * who writes what has gathered. With MANY the server has enough to do, and larger writes cost both sides
 * less.
 */
#define FEW  2
#define MANY 256

typedef struct entry {
    struct entry *next, *previous; /* as submitted */
    struct entry *chain;           /* in its bucket */
    uint64_t number, token;
    int64_t deadline;
    natsMsg *raw;
    size_t size;
    bool sent;          /* ever */
    bool out;           /* since the last rewind */
    bool unsure;        /* it may be stored although the last thing heard of it says no */
    nats_parcel *spare; /* its completion */
    const char *stream; /* in `text` */
    char text[];
} entry;

struct nats_ring {
    entry *first, *last;
    entry *next;        /* to be sent; NULL: all are */
    size_t outstanding; /* those that are `out` */
    bool proven;        /* the stream has answered since the last rewind */
    int64_t resume;     /* nothing is sent before; 0: no pause */
    int64_t pause;      /* the last one */
    int64_t nobody;     /* since when: no responders; 0: somebody */
    int64_t heard;      /* last acknowledgement, or sending after a rewind */
    int64_t silence;    /* how much of it is too much */
    int64_t expiry;     /* no deadline is earlier */
    atomic_ullong numbers;
    char inbox[NATS_INBOX_MAX];
    size_t prefix; /* of the inbox before the number */
    size_t mask;
    entry *buckets[];
};

/* ---- entries ------------------------------------------------------------------------------------------- */

static void entry_free(nats_engine *engine, entry *e)
{
    if (e == NULL)
        return;
    if (e->spare != NULL)
        aegis_nats_parcel_free(e->spare);
    if (e->raw != NULL)
        aegis_nats_message_dead(engine, e->raw, e->size);
    free(e);
}

static entry *entry_new(nats_source *source, const aegis_outgoing *message, uint64_t token, int64_t deadline)
{
    nats_ring *ring = source->ring;
    const size_t length = message->stream != NULL ? strlen(message->stream) + 1 : 0;
    entry *e = (entry *)calloc(1, sizeof *e + length);
    char reply[NATS_REPLY_MAX];

    if (e == NULL)
        return NULL;
    e->number = atomic_fetch_add_explicit(&ring->numbers, 1, memory_order_relaxed);
    e->token = token;
    e->deadline = deadline;
    e->size = message->body.len;
    if (length > 0)
        e->stream = (const char *)memcpy(e->text, message->stream, length);
    aegis_nats_reply(reply, ring->inbox, ring->prefix, e->number);
    (void)aegis_nats_message_new(message, reply, &e->raw);
    e->spare = aegis_nats_parcel_new(source->engine, NULL);
    if (e->raw != NULL && e->spare != NULL)
        return e;
    entry_free(source->engine, e);
    return NULL;
}

static entry *entry_find(const nats_ring *ring, uint64_t number)
{
    entry *e = ring->buckets[number & ring->mask];

    while (e != NULL && e->number != number)
        e = e->chain;
    return e;
}

static void entry_add(nats_ring *ring, entry *e)
{
    entry **bucket = &ring->buckets[e->number & ring->mask];

    e->chain = *bucket;
    *bucket = e;
    e->previous = ring->last;
    if (ring->last != NULL)
        ring->last->next = e;
    else
        ring->first = e;
    ring->last = e;
    if (ring->next == NULL)
        ring->next = e;
    if (e->deadline < ring->expiry)
        ring->expiry = e->deadline;
}

static void entry_remove(nats_ring *ring, entry *e)
{
    entry **at = &ring->buckets[e->number & ring->mask];

    while (*at != e)
        at = &(*at)->chain;
    *at = e->chain;
    if (e->out)
        ring->outstanding--;
    if (ring->next == e)
        ring->next = e->next;
    if (e->previous != NULL)
        e->previous->next = e->next;
    else
        ring->first = e->next;
    if (e->next != NULL)
        e->next->previous = e->previous;
    else
        ring->last = e->previous;
}

/* Its completion moves to the source's queue. */
static void finish(nats_source *source, entry *e, const nats_verdict *verdict)
{
    nats_parcel *parcel = e->spare;

    entry_remove(source->ring, e);
    parcel->message.token = e->token;
    parcel->message.status = verdict->status;
    parcel->message.arrived = source->engine->arrived;
    if (verdict->status == AEGIS_OK) {
        parcel->message.sequence = verdict->ack.sequence;
        parcel->message.duplicate = verdict->ack.duplicate;
    } else {
        parcel->message.not_processed = verdict->status != AEGIS_DEADLINE_EXCEEDED && !e->unsure;
        parcel->text = strdup(verdict->text);
        if (parcel->text != NULL)
            parcel->message.body = (aegis_bytes){(const uint8_t *)parcel->text, strlen(parcel->text)};
    }
    e->spare = NULL;
    entry_free(source->engine, e);
    aegis_nats_push(source, parcel);
}

/* ---- sending ------------------------------------------------------------------------------------------- */

/* From the oldest again, and that one alone. */
static void rewind_to_first(nats_ring *ring)
{
    for (entry *e = ring->first; e != ring->next; e = e->next)
        e->out = false;
    ring->next = ring->first;
    ring->outstanding = 0;
    ring->proven = false;
}

/* False: not now. */
static bool send_one(nats_source *source, entry *e)
{
    nats_link *link = source->link;
    nats_verdict failed = {.final = true};
    aegis_error error = {0};

    atomic_store(&link->quiet, true);
    const natsStatus status = natsConnection_PublishMsg(link->connection, e->raw);
    atomic_store(&link->quiet, false);
    if (status == NATS_CONNECTION_CLOSED)
        return false;
    if (status != NATS_OK) {
        failed.status = aegis_nats_error(&error, status, "send");
        snprintf(failed.text, sizeof failed.text, "%.*s", (int)sizeof failed.text - 1, error.text);
        finish(source, e, &failed);
        aegis_nats_signal(source->engine, source, 1);
        return true;
    }
    link->unsent += e->size + 128;
    source->engine->resent += e->sent;
    e->sent = e->out = true;
    source->ring->outstanding++;
    source->ring->next = e->next;
    return true;
}

/* Write what is buffered when nothing comes that would make the leader do so. */
static void see_to_writing(nats_source *source, size_t before, int64_t now)
{
    nats_engine *engine = source->engine;
    nats_link *link = source->link;

    if (!atomic_load(&link->writable)) {
        aegis_nats_sent(link);
    } else if (before < FEW || engine->dispatching || link->unsent >= NATS_BATCH_BYTES) {
        if (link->unsent < NATS_UNSENT_HIGH)
            aegis_nats_write(link);
        if (!atomic_load(&link->writable))
            aegis_nats_sent(link);
        else if (engine->leader != NULL)
            aegis_nats_kick(engine);
    } else if (source->ring->outstanding >= MANY && atomic_load(&link->hold) == 0) {
        atomic_store(&link->hold, now + NATS_HOLD);
    }
    if (engine->leader == NULL && engine->keeper_asleep && atomic_load(&link->writable))
        pthread_cond_signal(&engine->keeper_wake);
}

/* Send what may be sent. */
static void pump(nats_source *source, int64_t now)
{
    nats_ring *ring = source->ring;
    nats_link *link = source->link;
    const size_t before = ring->outstanding;

    if (ring->next == NULL || link == NULL || link->closed)
        return;
    if (now < ring->resume) {
        aegis_nats_timer(source->engine, ring->resume);
        return;
    }
    ring->resume = 0;
    if (before == 0)
        ring->heard = now;
    while (ring->next != NULL && (ring->proven || ring->outstanding == 0) &&
           link->unsent < NATS_UNSENT_HIGH) {
        if (!send_one(source, ring->next))
            break;
    }
    if (ring->outstanding > before)
        see_to_writing(source, before, now);
    if (ring->next != NULL && ring->proven)
        aegis_nats_timer(source->engine, now + AEGIS_MILLISECOND);
    if (ring->first != NULL)
        aegis_nats_timer(source->engine, ring->heard + ring->silence);
}

/* ---- what comes back ----------------------------------------------------------------------------------- */

/* The stream has no leader just now, or there is none; the head of the ring, sent alone, learns which. */
void aegis_nats_ring_nobody(nats_source *source)
{
    nats_engine *engine = source->engine;
    nats_ring *ring = source->ring;
    const int64_t now = aegis_clock_monotonic();
    nats_verdict verdict = {.final = true};

    if (ring->first == NULL)
        return;
    if (engine->up > 0)
        aegis_nats_probe(engine); /* is it JetStream that is missing? */
    if (ring->nobody == 0)
        ring->nobody = now;
    if (!ring->proven && ring->first->out && engine->durable == 1 &&
        now - ring->nobody > NATS_NOBODY_PATIENCE) {
        entry *e = ring->first;
        verdict.status = aegis_nats_silence(engine, natsMsg_GetSubject(e->raw), true, true, verdict.text,
                                            sizeof verdict.text);
        finish(source, e, &verdict);
        ring->resume = 0;
        return;
    }
    rewind_to_first(ring);
    ring->pause = ring->pause == 0                          ? NATS_NOBODY_PAUSE
                  : ring->pause * 2 < NATS_NOBODY_PAUSE_MAX ? ring->pause * 2
                                                            : NATS_NOBODY_PAUSE_MAX;
    ring->resume = now + ring->pause;
    aegis_nats_timer(engine, ring->resume);
}

/* An answer; not taken over. */
void aegis_nats_ring_answer(nats_source *source, natsMsg *raw)
{
    nats_engine *engine = source->engine;
    nats_ring *ring = source->ring;
    const char *subject = natsMsg_GetSubject(raw);
    nats_verdict verdict;

    if (strlen(subject) <= ring->prefix)
        return;
    entry *e = entry_find(ring, strtoull(subject + ring->prefix, NULL, 10));
    if (e == NULL)
        return;
    aegis_nats_verdict_read(engine, e->stream, raw, &verdict);
    if (verdict.again) {
        aegis_nats_ring_nobody(source);
    } else if (verdict.final) {
        ring->proven = true;
        ring->nobody = 0;
        ring->pause = 0;
        ring->heard = engine->arrived;
        ring->silence = SILENCE;
        finish(source, e, &verdict);
    }
}

/* The connection is gone: all of them are for the next one. */
void aegis_nats_ring_lost(nats_source *source)
{
    nats_ring *ring = source->ring;
    nats_verdict verdict = {.final = true, .status = AEGIS_CANCELLED};

    for (entry *e = ring->first; e != NULL; e = e->next)
        e->unsure = e->unsure || e->out;
    rewind_to_first(ring);
    ring->nobody = ring->resume = ring->pause = 0;
    if (!source->engine->stopping)
        return;
    snprintf(verdict.text, sizeof verdict.text, "the bus was closed");
    while (ring->first != NULL)
        finish(source, ring->first, &verdict);
    aegis_nats_signal(source->engine, source, source->count);
}

/* ---- time ---------------------------------------------------------------------------------------------- */

static void expire(nats_source *source, int64_t now)
{
    nats_engine *engine = source->engine;
    nats_ring *ring = source->ring;
    nats_verdict verdict = {.final = true};
    const size_t before = source->count;
    entry *following;

    ring->expiry = INT64_MAX;
    for (entry *e = ring->first; e != NULL; e = following) {
        following = e->next;
        if (e->deadline > now) {
            ring->expiry = e->deadline < ring->expiry ? e->deadline : ring->expiry;
            continue;
        }
        verdict.status = aegis_nats_silence(engine, natsMsg_GetSubject(e->raw), ring->nobody != 0, e->sent,
                                            verdict.text, sizeof verdict.text);
        finish(source, e, &verdict);
    }
    if (source->count > before)
        aegis_nats_signal(engine, source, 1);
}

/* Timers are due, or something was acknowledged. */
void aegis_nats_ring_turn(nats_source *source, int64_t now)
{
    nats_ring *ring = source->ring;

    if (now >= ring->expiry)
        expire(source, now);
    if (ring->outstanding > 0 && now - ring->heard >= ring->silence) {
        for (entry *e = ring->first; e != ring->next; e = e->next)
            e->unsure = e->unsure || e->out;
        rewind_to_first(ring);
        ring->silence = ring->silence * 2 < SILENCE_MAX ? ring->silence * 2 : SILENCE_MAX;
    }
    aegis_nats_timer(source->engine, ring->expiry);
    pump(source, now);
}

/* ---- for `submit` and the source ----------------------------------------------------------------------- */

/* Lock held. */
static bool ring_new(nats_source *source)
{
    nats_engine *engine = source->engine;
    size_t size = 16;

    while (size < source->capacity)
        size *= 2;
    nats_ring *ring = (nats_ring *)calloc(1, sizeof *ring + size * sizeof ring->buckets[0]);
    if (ring == NULL)
        return false;
    ring->mask = size - 1;
    ring->expiry = INT64_MAX;
    ring->silence = SILENCE;
    ring->prefix = (size_t)snprintf(ring->inbox, sizeof ring->inbox, "%s.%" PRIu64 ".", engine->inbox,
                                    engine->slot_id++);
    if (asprintf(&source->subject, "%s*", ring->inbox) < 0) {
        source->subject = NULL;
        free(ring);
        return false;
    }
    atomic_store_explicit(&source->ring, ring, memory_order_release);
    return true;
}

/* The first publication makes it. */
static bool ring_there(nats_source *source)
{
    if (atomic_load_explicit(&source->ring, memory_order_acquire) != NULL)
        return true;
    pthread_mutex_lock(&source->engine->lock);
    const bool there = source->ring != NULL || ring_new(source);
    aegis_nats_unlock(source->engine);
    return there;
}

aegis_status aegis_nats_ring_submit(nats_source *source, const aegis_outgoing *message, uint64_t token,
                                    int64_t deadline, aegis_error *error)
{
    nats_engine *engine = source->engine;
    bool room = false;
    entry *e = NULL;

    if (ring_there(source))
        e = entry_new(source, message, token, deadline);
    if (e == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no memory for a publication");
    pthread_mutex_lock(&engine->lock);
    if (source->subscription == NULL) {
        aegis_nats_want_bulk(engine, deadline);
        aegis_nats_source_subscribe(source);
    }
    room = source->under_way < source->capacity;
    if (room) {
        source->under_way++;
        entry_add(source->ring, e);
        aegis_nats_timer(engine, deadline);
        pump(source, aegis_clock_monotonic());
    }
    aegis_nats_unlock(engine);
    if (room)
        return AEGIS_OK;
    entry_free(engine, e);
    return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "%zu operations are under way", source->capacity);
}

/* Lock held. False: there is no such publication. */
bool aegis_nats_ring_cancel(nats_source *source, uint64_t token)
{
    nats_verdict verdict = {.final = true, .status = AEGIS_CANCELLED};

    for (entry *e = source->ring->first; e != NULL; e = e->next) {
        if (e->token == token) {
            snprintf(verdict.text, sizeof verdict.text, "the publication was cancelled");
            e->unsure = e->unsure || e->sent;
            finish(source, e, &verdict);
            aegis_nats_signal(source->engine, source, 1);
            return true;
        }
    }
    return false;
}

/* Lock held: the source closes. */
void aegis_nats_ring_free(nats_source *source)
{
    nats_ring *ring = source->ring;

    while (ring->first != NULL) {
        entry *e = ring->first;
        entry_remove(ring, e);
        entry_free(source->engine, e);
    }
    free(ring);
    source->ring = NULL;
}
