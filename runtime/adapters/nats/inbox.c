/* Calls: a message goes out, one answer comes back, or none by the deadline. Each call has a sync
 * subscription of its own from a pool, because nats.c hides which subject a no-responders answer came for;
 * the last token of the reply subject is the call's number, so that a second answer to an earlier call is
 * told apart. A slot whose call was not answered is retired. Blocking and submitted calls differ only in who
 * is told.
 *
 * A server looks up who gets a subject, and remembers the last thousand: a new one for each call costs it
 * half as much again as all else it does for the call. So where an answer itself says whose it is, a slot's
 * numbers recur, as many as are remembered; and a slot that got a stray answer is retired, for others may
 * follow.
 */
#define _GNU_SOURCE
#include "internal.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_KEPT     1024
#define REMEMBERED     384  /* subjects, of those a server (from 2.9 on: 512 a connection, 1,024 in all) */
#define RECUR_MAX      64   /* of a slot */
#define UNIQUE_FROM    1000 /* above these */
#define CALLS_KEPT     1024
#define PROBE_INTERVAL AEGIS_SECOND
#define PROBE_PATIENCE (2 * AEGIS_SECOND)

/* ---- slots ----------------------------------------------------------------------------------------------
 */

static void slot_free(nats_slot *slot)
{
    slot->link->slots_all--;
    aegis_nats_bury(slot->link->engine, &slot->grave, slot->subscription);
}

static nats_slot *slot_take(nats_link *link)
{
    nats_engine *engine = link->engine;
    nats_slot *slot = link->slots;
    if (slot != NULL) {
        link->slots = slot->next;
        link->slot_count--;
        return slot;
    }
    slot = (nats_slot *)calloc(1, sizeof *slot);
    if (slot == NULL)
        return NULL;
    const int length =
        snprintf(slot->subject, sizeof slot->subject, "%s.%" PRIu64 ".*", engine->inbox, engine->slot_id++);
    slot->prefix = (size_t)length - 1;
    slot->link = link;
    if (natsConnection_SubscribeSync(&slot->subscription, link->connection, slot->subject) != NATS_OK) {
        free(slot);
        return NULL;
    }
    link->slots_all++;
    slot->unique = UNIQUE_FROM;
    return slot;
}

/* The next call's number; two that follow one another differ. */
static uint64_t slot_number(nats_slot *slot, bool correlated)
{
    const size_t each = REMEMBERED / slot->link->slots_all;

    if (!correlated)
        slot->number = ++slot->unique;
    else
        slot->number = (slot->number + 1) % (each < 2 ? 2 : each > RECUR_MAX ? RECUR_MAX : each);
    return slot->number;
}

static void slot_give(nats_slot *slot, bool good)
{
    nats_link *link = slot->link;
    if (!good || slot->strayed || link->slot_count >= SLOTS_KEPT) {
        slot_free(slot);
        return;
    }
    slot->next = link->slots;
    link->slots = slot;
    link->slot_count++;
}

void aegis_nats_slots_free(nats_link *link)
{
    while (link->slots != NULL) {
        nats_slot *slot = link->slots;
        link->slots = slot->next;
        slot_free(slot);
    }
    link->slot_count = 0;
}

/* The call gets a slot on the best connection there is; false when there is none. */
static bool place(nats_engine *engine, nats_call *call)
{
    nats_link *link = call->slot == NULL ? aegis_nats_pick(engine, call->role) : NULL;
    if (link != NULL)
        call->slot = slot_take(link);
    if (link != NULL && call->slot != NULL)
        link->load++;
    return call->slot != NULL;
}

/* ---- calls ----------------------------------------------------------------------------------------------
 */

/* A call of the heap's, but for what it says. Lock held; NULL: no memory. */
static nats_call *call_new(nats_engine *engine)
{
    nats_call *call = engine->free_calls;
    if (call == NULL) {
        call = (nats_call *)malloc(sizeof *call);
    } else {
        engine->free_calls = call->next;
        engine->free_call_count--;
    }
    if (call != NULL) {
        memset(call, 0, offsetof(nats_call, text));
        call->text[0] = '\0';
    }
    return call;
}

static void give_back(nats_engine *engine, nats_call *call)
{
    if (engine->free_call_count >= CALLS_KEPT) {
        free(call);
        return;
    }
    call->next = engine->free_calls;
    engine->free_calls = call;
    engine->free_call_count++;
}

void aegis_nats_calls_free(nats_engine *engine)
{
    while (engine->free_calls != NULL) {
        nats_call *call = engine->free_calls;
        engine->free_calls = call->next;
        free(call);
    }
}

void aegis_nats_call_name(nats_call *call, const char *subject)
{
    const size_t length = strnlen(subject, sizeof call->subject - 1);
    memcpy(call->subject, subject, length);
    call->subject[length] = '\0';
}

void aegis_nats_call_start(nats_engine *engine, nats_call *call)
{
    call->next = NULL;
    call->previous = engine->calls_last; /* oldest first: most answers come in this order */
    if (engine->calls_last != NULL)
        engine->calls_last->next = call;
    else
        engine->calls = call;
    engine->calls_last = call;
    engine->call_count++;
    aegis_nats_timer(engine, call->deadline);
}

static void complete(nats_engine *engine, nats_call *call)
{
    nats_source *source = call->completions;
    nats_parcel *parcel = call->answer;
    if (parcel == NULL)
        parcel = call->spare;
    else
        aegis_nats_parcel_free(call->spare);
    parcel->message.token = call->token;
    parcel->message.status = call->status;
    parcel->message.not_processed = call->not_processed;
    if (call->kind == NATS_CALL_DURABLE) {
        parcel->message.sequence = call->ack.sequence;
        parcel->message.duplicate = call->ack.duplicate;
        parcel->text = call->status != AEGIS_OK ? strdup(call->text) : NULL;
        if (parcel->text != NULL)
            parcel->message.body = (aegis_bytes){(const uint8_t *)parcel->text, strlen(parcel->text)};
    }
    aegis_nats_push(source, parcel);
    aegis_nats_signal(engine, source, source->count);
    give_back(engine, call);
}

/* Ends it. A submitted call is freed. */
void aegis_nats_call_finish(nats_engine *engine, nats_call *call, aegis_status status)
{
    if (call->previous != NULL)
        call->previous->next = call->next;
    else
        engine->calls = call->next;
    if (call->next != NULL)
        call->next->previous = call->previous;
    else
        engine->calls_last = call->previous;
    engine->call_count--;
    if (call->slot != NULL) {
        call->slot->link->load--;
        slot_give(call->slot, call->answered && call->times <= 1);
    }
    call->slot = NULL;
    call->done = true;
    call->status = status;
    if (call->completions != NULL)
        complete(engine, call);
    else if (call->waiter != NULL && call->waiter != engine->leader)
        aegis_nats_signal_waiter(engine, call->waiter);
    else if (call->waiter == NULL)
        give_back(engine, call); /* a probe */
}

/* Send it, for the first time or again. Lock held; the call may be over, and gone, on return. */
void aegis_nats_call_send(nats_engine *engine, nats_call *call, const aegis_outgoing *message)
{
    char reply[NATS_REPLY_MAX];
    if (!place(engine, call)) {
        if (call->kind == NATS_CALL_REQUEST || !call->repeatable) {
            call->not_processed = !call->sent;
            snprintf(call->text, sizeof call->text, "no connection to %s", engine->url);
            aegis_nats_call_finish(engine, call, AEGIS_UNAVAILABLE);
        }
        return;
    }
    nats_slot *slot = call->slot;
    aegis_nats_reply(reply, slot->subject, slot->prefix, slot_number(slot, message->correlated));
    engine->resent += call->times > 0;
    call->times++;
    const natsStatus status = aegis_nats_send(slot->link, message, reply);
    if (status == NATS_OK) {
        call->sent = true;
        if (call->repeatable) {
            call->pause = call->pause == 0 ? AEGIS_SECOND : call->pause * 2;
            call->resend_at = aegis_clock_monotonic() + call->pause;
            aegis_nats_timer(engine, call->resend_at);
        }
        return;
    }
    if (call->repeatable && status == NATS_CONNECTION_CLOSED)
        return;
    aegis_error error = {0};
    call->not_processed = !call->sent;
    const aegis_status result = aegis_nats_error(&error, status, "send");
    snprintf(call->text, sizeof call->text, "%.*s", (int)sizeof call->text - 1, error.text);
    aegis_nats_call_finish(engine, call, result);
}

/* The caller's thread waits for a call of its own. The lock is held on entry, not on return. */
void aegis_nats_call_wait(nats_engine *engine, nats_call *call)
{
    nats_waiter waiter;
    aegis_nats_waiter_init(&waiter);
    waiter.call = call;
    call->waiter = &waiter;
    if (call->done) {
        aegis_nats_unlock(engine);
    } else if (!aegis_nats_wait_call(engine, &waiter, call->deadline)) {
        const bool durable = call->kind == NATS_CALL_DURABLE;
        aegis_nats_call_finish(engine, call,
                               durable ? aegis_nats_durable_expired(engine, call) : AEGIS_DEADLINE_EXCEEDED);
        aegis_nats_unlock(engine);
    }
    call->waiter = NULL;
    sem_destroy(&waiter.wake);
}

/* ---- what the leader does for them ----------------------------------------------------------------------
 */

/* Whether it answers what was sent last in this slot; of a repeated call any answer counts. */
static bool answers(const nats_call *call, natsMsg *raw)
{
    const char *subject = natsMsg_GetSubject(raw);
    if (strlen(subject) <= call->slot->prefix)
        return false;
    const uint64_t number = strtoull(subject + call->slot->prefix, NULL, 10);
    return number <= call->slot->number && number + call->times > call->slot->number;
}

static void nobody(nats_engine *engine, nats_call *call)
{
    call->answered = true;
    if (call->kind == NATS_CALL_DURABLE) {
        aegis_nats_durable_nobody(engine, call);
        return;
    }
    if (call->kind == NATS_CALL_PROBE)
        engine->durable = 0;
    call->not_processed = true;
    snprintf(call->text, sizeof call->text, "nobody listens to %s", call->subject);
    aegis_nats_call_finish(engine, call, AEGIS_UNAVAILABLE);
}

/* False: a stray answer to an earlier call in the slot. */
static bool answer(nats_engine *engine, nats_call *call, natsMsg *raw)
{
    if (!answers(call, raw)) {
        call->slot->strayed = true;
        natsMsg_Destroy(raw);
        return false;
    }
    if (call->kind == NATS_CALL_DURABLE) {
        aegis_nats_durable_answer(engine, call, raw);
        return true;
    }
    call->answered = true;
    if (call->kind == NATS_CALL_PROBE) {
        const char *body = natsMsg_GetData(raw);
        engine->durable = body != NULL && strstr(body, "\"error\"") == NULL ? 1 : 0;
        natsMsg_Destroy(raw);
        aegis_nats_call_finish(engine, call, AEGIS_OK);
        return true;
    }
    call->answer = aegis_nats_parcel_new(engine, raw);
    aegis_nats_call_finish(engine, call, call->answer != NULL ? AEGIS_OK : AEGIS_RESOURCE_EXHAUSTED);
    return true;
}

/* What has come for the call, one message at a time. False when nothing has, or a stray one. */
static bool take_answer(nats_engine *engine, nats_call *call)
{
    natsMsg *raw = NULL;
    int messages = 0;
    int bytes = 0;

    if (call->slot == NULL ||
        natsSubscription_GetPending(call->slot->subscription, &messages, &bytes) != NATS_OK || messages <= 0)
        return false;
    const natsStatus status = natsSubscription_NextMsg(&raw, call->slot->subscription, 1);
    if (messages > 1 || (status != NATS_OK && status != NATS_NO_RESPONDERS))
        engine->look_again = true; /* at all of them, in the next round, which comes at once */
    if (status == NATS_NO_RESPONDERS)
        nobody(engine, call);
    return status == NATS_NO_RESPONDERS || (status == NATS_OK && answer(engine, call, raw));
}

/* nats.c does not tell who got something, so we look, but at no more calls than it takes to find `came`
 * messages. A stray one does not count: it may have come long ago, while its slot was free. */
void aegis_nats_calls_dispatch(nats_engine *engine, uint64_t came)
{
    nats_call *following = NULL;
    const bool all = engine->look_again;

    engine->look_again = false;
    for (nats_call *call = engine->calls; call != NULL && (all || came > 0); call = following) {
        following = call->next;
        if (take_answer(engine, call) && came > 0)
            came--;
    }
}

void aegis_nats_calls_due(nats_engine *engine, int64_t now)
{
    nats_call *following = NULL;
    for (nats_call *call = engine->calls; call != NULL; call = following) {
        following = call->next;
        if (call->waiter == NULL && now >= call->deadline) {
            const bool durable = call->kind == NATS_CALL_DURABLE;
            aegis_nats_call_finish(
                engine, call, durable ? aegis_nats_durable_expired(engine, call) : AEGIS_DEADLINE_EXCEEDED);
            continue;
        }
        if (call->waiter == NULL)
            aegis_nats_timer(engine, call->deadline);
        if (call->resend_at != 0 && now >= call->resend_at) {
            call->resend_at = 0;
            call->unsure = call->unsure || call->nobody == 0;
            if (engine->up > 0)
                aegis_nats_call_send(engine, call, call->message);
        } else if (call->resend_at != 0) {
            aegis_nats_timer(engine, call->resend_at);
        }
    }
}

/* The connection is gone (NULL: all are): what may be said again waits for the next one, the rest fails. */
void aegis_nats_calls_lost(nats_engine *engine, const nats_link *link)
{
    nats_call *following = NULL;
    for (nats_call *call = engine->calls; call != NULL; call = following) {
        following = call->next;
        if (link != NULL && (call->slot == NULL || call->slot->link != link))
            continue;
        if (call->slot != NULL) {
            call->slot->link->load--;
            slot_free(call->slot);
        }
        call->slot = NULL;
        call->unsure = call->unsure || (call->sent && call->nobody == 0);
        call->nobody = 0;
        call->resend_at = 0;
        if (call->repeatable && !engine->stopping)
            continue;
        call->not_processed = !call->sent;
        snprintf(call->text, sizeof call->text, "the connection to %s was lost", engine->url);
        aegis_nats_call_finish(engine, call, engine->stopping ? AEGIS_CANCELLED : AEGIS_UNAVAILABLE);
    }
}

void aegis_nats_calls_again(nats_engine *engine)
{
    nats_call *following = NULL;
    for (nats_call *call = engine->calls; call != NULL; call = following) {
        following = call->next;
        if (call->slot == NULL && call->repeatable) {
            call->pause = 0;
            aegis_nats_call_send(engine, call, call->message);
        }
    }
}

/* Ask whether JetStream is there; the answer is in engine->durable some time later. Lock held, connection up.
 */
void aegis_nats_probe(nats_engine *engine)
{
    const int64_t now = aegis_clock_monotonic();
    if (engine->probed != 0 && now - engine->probed < PROBE_INTERVAL)
        return;
    char subject[NATS_API_MAX + 8];
    snprintf(subject, sizeof subject, "%s.INFO", engine->api);
    const aegis_outgoing question = {.subject = subject};
    nats_call *call = call_new(engine);
    if (call == NULL)
        return;
    aegis_nats_call_name(call, subject);
    engine->probed = now;
    call->kind = NATS_CALL_PROBE;
    call->deadline = now + PROBE_PATIENCE;
    aegis_nats_call_start(engine, call);
    aegis_nats_call_send(engine, call, &question);
}

/* ---- the port's operations ------------------------------------------------------------------------------
 */

aegis_status aegis_nats_call_outcome(const nats_call *call, aegis_error *error)
{
    if (call->status == AEGIS_OK)
        return AEGIS_OK;
    if (call->text[0] != '\0')
        aegis_error_set(error, call->status, "%s", call->text);
    else if (call->status == AEGIS_DEADLINE_EXCEEDED)
        aegis_error_set(error, call->status, "no answer from %s in time", call->subject);
    else
        aegis_error_set(error, call->status, "the call to %s failed", call->subject);
    if (error != NULL)
        error->not_processed = call->not_processed;
    return call->status;
}

aegis_status aegis_nats_ask(nats_engine *engine, nats_role role, const aegis_outgoing *message,
                            int64_t deadline, aegis_message *answer_out, aegis_error *error)
{
    const aegis_status status = aegis_nats_check(engine, message, error);
    if (status != AEGIS_OK)
        return status;
    if (aegis_clock_monotonic() >= deadline) {
        aegis_error_set(error, AEGIS_DEADLINE_EXCEEDED, "the deadline of the call to %s has passed",
                        message->subject);
        if (error != NULL)
            error->not_processed = true;
        return AEGIS_DEADLINE_EXCEEDED;
    }
    nats_call call = {.kind = NATS_CALL_REQUEST, .role = role, .message = message, .deadline = deadline};
    nats_waiter placeholder = {0};
    pthread_mutex_lock(&engine->lock);
    if (aegis_nats_with_room(engine, aegis_nats_pick, role) == NULL) {
        aegis_nats_unlock(engine);
        return aegis_nats_unavailable(engine, error);
    }
    call.waiter = &placeholder; /* it is ours: nobody frees it */
    aegis_nats_call_name(&call, message->subject);
    aegis_nats_call_start(engine, &call);
    aegis_nats_call_send(engine, &call, message);
    aegis_nats_call_wait(engine, &call);
    if (call.status == AEGIS_OK)
        *answer_out = call.answer->message;
    return aegis_nats_call_outcome(&call, error);
}

aegis_status aegis_nats_request(aegis_port *port, const aegis_outgoing *message, int64_t deadline,
                                aegis_message *answer_out, aegis_error *error)
{
    return aegis_nats_ask(aegis_nats_engine_of(port), NATS_RPC, message, deadline, answer_out, error);
}

aegis_status aegis_nats_completions(aegis_port *port, size_t capacity, aegis_source **source,
                                    aegis_error *error)
{
    nats_source *made =
        aegis_nats_source_new(aegis_nats_engine_of(port), NATS_COMPLETIONS, capacity != 0 ? capacity : 1024);
    if (made == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no memory for a source");
    return aegis_nats_source_add(made, source, error);
}

bool aegis_nats_has_id(const aegis_outgoing *message)
{
    return aegis_header_value(message->headers, message->header_count, "Nats-Msg-Id") != NULL;
}

aegis_status aegis_nats_submit(aegis_source *base, aegis_operation_kind kind, const aegis_outgoing *message,
                               uint64_t token, int64_t deadline, aegis_error *error)
{
    nats_source *source = aegis_nats_source_of(base);
    nats_engine *engine = source->engine;
    const aegis_status status = aegis_nats_check(engine, message, error);
    if (status != AEGIS_OK)
        return status;
    if (kind == AEGIS_OP_PUBLISH_DURABLE && aegis_nats_has_id(message))
        return aegis_nats_ring_submit(source, message, token, deadline, error);
    const nats_role role = kind == AEGIS_OP_REQUEST ? NATS_RPC : NATS_BULK;
    nats_parcel *spare = aegis_nats_parcel_new(engine, NULL);
    if (spare == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no memory for a call");
    pthread_mutex_lock(&engine->lock);
    if (role == NATS_BULK)
        aegis_nats_want_bulk(engine, deadline);
    const bool room = aegis_nats_with_room(engine, aegis_nats_pick, role) != NULL;
    nats_call *call = room && source->under_way < source->capacity ? call_new(engine) : NULL;
    if (call == NULL) {
        const bool full = source->under_way >= source->capacity;
        aegis_nats_unlock(engine);
        aegis_nats_parcel_free(spare);
        if (!room)
            return aegis_nats_unavailable(engine, error);
        return full ? aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "%zu operations are under way",
                                      source->capacity)
                    : aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no memory for a call");
    }
    call->kind = kind == AEGIS_OP_REQUEST ? NATS_CALL_REQUEST : NATS_CALL_DURABLE;
    call->role = role;
    call->completions = source;
    call->spare = spare;
    call->token = token;
    call->deadline = deadline;
    aegis_nats_call_name(call, message->subject);
    source->under_way++;
    aegis_nats_call_start(engine, call);
    aegis_nats_call_send(engine, call, message);
    aegis_nats_kick_idle(engine);
    aegis_nats_unlock(engine);
    return AEGIS_OK;
}

void aegis_nats_cancel(aegis_source *base, uint64_t token)
{
    nats_source *source = aegis_nats_source_of(base);
    nats_engine *engine = source->engine;
    pthread_mutex_lock(&engine->lock);
    bool found = source->ring != NULL && aegis_nats_ring_cancel(source, token);
    for (nats_call *call = engine->calls; call != NULL && !found; call = call->next) {
        if (call->completions == source && call->token == token) {
            aegis_nats_call_finish(engine, call, AEGIS_CANCELLED);
            break;
        }
    }
    aegis_nats_unlock(engine);
}

/* The source goes: its calls are forgotten. Lock held. */
void aegis_nats_calls_abandon(nats_engine *engine, const nats_source *completions)
{
    nats_call *following = NULL;
    for (nats_call *call = engine->calls; call != NULL; call = following) {
        following = call->next;
        if (call->completions == completions)
            aegis_nats_call_finish(engine, call, AEGIS_CANCELLED);
    }
}
