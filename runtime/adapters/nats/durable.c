/* Publications a stream acknowledges. With a Nats-Msg-Id a repetition is harmless, so such a message is sent
 * again on a timeout, after a reconnection and when nobody answered, until its deadline. Only a JSON object
 * that names the stream is an acknowledgement: live subscribers of the same subject may answer into the
 * publisher's inbox too.
 */
#define _GNU_SOURCE
#include "internal.h"
#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* JetStream's error codes that have a meaning here. Source: nats-server's errors.json. */
#define ERR_WRONG_LAST_SEQUENCE     10071
#define ERR_WRONG_LAST_SEQUENCE_2   10164
#define ERR_STREAM_STORE_FAILED     10077
#define ERR_MESSAGE_TOO_LARGE       10054
#define ERR_RESOURCES_EXCEEDED      10002
#define ERR_STORAGE_EXCEEDED        10047
#define ERR_MEMORY_EXCEEDED         10028
#define ERR_STREAM_MAX_BYTES        10110
#define ERR_STREAM_NOT_MATCH        10060
#define ERR_WRONG_LAST_MSG_ID       10070
#define ERR_NOT_ENABLED             10076
#define ERR_NOT_ENABLED_FOR_ACCOUNT 10039
#define ERR_INSUFFICIENT            10023
#define ERR_UNAVAILABLE             10008

/* What needs more memory to be read is no acknowledgement. */
#define LONGEST_ACK ((size_t)16 << 10)

aegis_status aegis_nats_js_status(uint32_t code, const char *description)
{
    switch (code) {
    case ERR_WRONG_LAST_SEQUENCE:
    case ERR_WRONG_LAST_SEQUENCE_2:
    case ERR_WRONG_LAST_MSG_ID:
        return AEGIS_ABORTED;
    case ERR_STREAM_STORE_FAILED:
        return strstr(description, "maximum") != NULL || strstr(description, "no space") != NULL
                   ? AEGIS_RESOURCE_EXHAUSTED
                   : AEGIS_UNAVAILABLE;
    case ERR_MESSAGE_TOO_LARGE:
    case ERR_RESOURCES_EXCEEDED:
    case ERR_STORAGE_EXCEEDED:
    case ERR_MEMORY_EXCEEDED:
    case ERR_STREAM_MAX_BYTES:
    case ERR_INSUFFICIENT:
        return AEGIS_RESOURCE_EXHAUSTED;
    case ERR_NOT_ENABLED:
    case ERR_NOT_ENABLED_FOR_ACCOUNT:
    case ERR_UNAVAILABLE:
        return AEGIS_UNAVAILABLE;
    case ERR_STREAM_NOT_MATCH:
        return AEGIS_FAILED_PRECONDITION;
    default:
        return AEGIS_FAILED_PRECONDITION;
    }
}

/* Is it the server's store, rather than this stream's own limit? */
static bool store_is_full(uint32_t code, const char *description)
{
    switch (code) {
    case ERR_STREAM_STORE_FAILED:
        return strstr(description, "maximum") == NULL;
    case ERR_RESOURCES_EXCEEDED:
    case ERR_STORAGE_EXCEEDED:
    case ERR_MEMORY_EXCEEDED:
    case ERR_INSUFFICIENT:
        return true;
    default:
        return false;
    }
}

/* What the reader of the error can do about it. */
static const char *advice(uint32_t code, const char *description)
{
    if (code == ERR_MESSAGE_TOO_LARGE)
        return "; the stream's limit for one message can be raised";
    if (code == ERR_STREAM_MAX_BYTES || strstr(description, "maximum") != NULL)
        return "; it is full: let its consumers catch up, delete from it or raise its limit";
    if (store_is_full(code, description))
        return "; the server has no room to store: free its disk, or raise its storage limit";
    return "";
}

static void read_refusal(nats_engine *engine, nats_json failure, nats_verdict *out)
{
    const char *description = aegis_json_text(failure, "description");
    const uint32_t code = (uint32_t)aegis_json_u64(failure, "err_code");

    if (store_is_full(code, description))
        engine->unstored = aegis_clock_monotonic();
    out->again = code == ERR_UNAVAILABLE;
    out->final = !out->again;
    out->status = aegis_nats_js_status(code, description);
    snprintf(out->text, sizeof out->text, "the stream refused it: %.128s (%" PRIu32 ")%s", description, code,
             advice(code, description));
}

static void read_stored(nats_engine *engine, const char *wanted, nats_json object, nats_verdict *out)
{
    const char *stream = aegis_json_text(object, "stream");

    out->final = true;
    if (wanted != NULL && strcmp(stream, wanted) != 0) {
        out->status = AEGIS_FAILED_PRECONDITION;
        snprintf(out->text, sizeof out->text, "stream %.64s has taken it instead of %s", stream, wanted);
        return;
    }
    engine->unstored = 0;
    engine->stored = engine->arrived;
    out->status = AEGIS_OK;
    out->ack.sequence = aegis_json_u64(object, "seq");
    out->ack.duplicate = aegis_json_true(object, "duplicate");
}

/* What nearly every answer is, letter by letter: {"stream":"EVENTS", "seq":17} with the stream that is
 * wanted. All else, also what another server may write with other blanks, is read as JSON. The sequence, or
 * 0. */
static uint64_t plain_ack(aegis_bytes body, const char *stream)
{
    static const char before[] = "{\"stream\":\"", between[] = "\", \"seq\":";
    const size_t name = stream != NULL ? strlen(stream) : 0;
    const size_t digits = sizeof before - 1 + name + sizeof between - 1;
    uint64_t sequence = 0;

    if (name == 0 || body.len < digits + 2 || body.len > digits + 20 || body.data[body.len - 1] != '}' ||
        memcmp(body.data, before, sizeof before - 1) != 0 ||
        memcmp(body.data + sizeof before - 1, stream, name) != 0 ||
        memcmp(body.data + sizeof before - 1 + name, between, sizeof between - 1) != 0)
        return 0;
    for (size_t i = digits; i < body.len - 1; i++) {
        if (body.data[i] < '0' || body.data[i] > '9')
            return 0;
        sequence = sequence * 10 + (uint64_t)(body.data[i] - '0');
    }
    return sequence;
}

void aegis_nats_verdict_read(nats_engine *engine, const char *stream, natsMsg *raw, nats_verdict *out)
{
    const aegis_bytes body = {(const uint8_t *)natsMsg_GetData(raw), (size_t)natsMsg_GetDataLength(raw)};
    const uint64_t plain = plain_ack(body, stream);

    out->final = plain != 0;
    out->again = false;
    out->status = AEGIS_OK;
    out->text[0] = '\0';
    out->ack.sequence = plain;
    out->ack.duplicate = false;
    if (plain != 0) {
        engine->unstored = 0;
        engine->stored = engine->arrived;
        return;
    }
    AEGIS_SCOPED_ARENA(arena);
    aegis_arena_set_limit(arena, LONGEST_ACK);
    const nats_json object = aegis_json_object(body, arena);
    const nats_json failure = aegis_json_member(object, "error");
    if (aegis_json_member(failure, "code").object != NULL)
        read_refusal(engine, failure, out);
    else if (aegis_json_text(object, "stream")[0] != '\0' && aegis_json_u64(object, "seq") > 0)
        read_stored(engine, stream, object, out);
    /* else a live subscriber of the subject, which is no acknowledgement */
}

/* Takes the answer. */
void aegis_nats_durable_answer(nats_engine *engine, nats_call *call, natsMsg *raw)
{
    nats_verdict verdict;

    aegis_nats_verdict_read(engine, call->message != NULL ? call->message->stream : NULL, raw, &verdict);
    aegis_nats_message_dead(engine, raw, (size_t)natsMsg_GetDataLength(raw));
    if (verdict.again && call->repeatable) {
        aegis_nats_durable_nobody(engine, call);
    } else if (verdict.final || verdict.again) {
        call->answered = true;
        call->ack = verdict.ack;
        call->not_processed = verdict.status != AEGIS_OK && !call->unsure;
        memcpy(call->text, verdict.text, sizeof call->text);
        aegis_nats_call_finish(engine, call, verdict.status);
    } /* else keep waiting */
}

/* No responders: no stream takes the subject, or it has no leader just now. */
void aegis_nats_durable_nobody(nats_engine *engine, nats_call *call)
{
    const int64_t now = aegis_clock_monotonic();
    if (call->nobody == 0)
        call->nobody = now;
    if (engine->up > 0)
        aegis_nats_probe(engine); /* is it JetStream that is missing? */
    /* A stream may just have no leader; after a while there is none. */
    if (!call->repeatable || (engine->durable == 1 && now - call->nobody > NATS_NOBODY_PATIENCE)) {
        aegis_nats_call_finish(engine, call, aegis_nats_durable_expired(engine, call));
        return;
    }
    int64_t pause = NATS_NOBODY_PAUSE << (call->times < 6 ? call->times : 6);
    if (pause > NATS_NOBODY_PAUSE_MAX)
        pause = NATS_NOBODY_PAUSE_MAX;
    call->resend_at = now + pause;
    aegis_nats_timer(engine, call->resend_at);
}

aegis_status aegis_nats_silence(nats_engine *engine, const char *subject, bool nobody, bool sent, char *text,
                                size_t size)
{
    if (nobody && engine->durable != 0) {
        snprintf(text, size, "no stream takes %s", subject);
        return AEGIS_NOT_FOUND;
    }
    if (nobody) {
        snprintf(text, size, "JetStream is not there: start the server with -js, or see why it gave up");
        return AEGIS_UNAVAILABLE;
    }
    if (engine->up == 0 && !sent) {
        snprintf(text, size, "no connection to %s", engine->url);
        return AEGIS_UNAVAILABLE;
    }
    /* A 2.9 server whose disk is full does not say so: it says nothing any more. */
    const int64_t now = aegis_clock_monotonic();
    if (engine->up > 0 && now - engine->stored > AEGIS_SECOND)
        engine->unstored = now;
    snprintf(text, size, "no acknowledgement for %s in time; it may have been stored", subject);
    return AEGIS_DEADLINE_EXCEEDED;
}

/* What to say at the end. */
aegis_status aegis_nats_durable_expired(nats_engine *engine, nats_call *call)
{
    const aegis_status status = aegis_nats_silence(engine, call->subject, call->nobody != 0, call->sent,
                                                   call->text, sizeof call->text);

    call->not_processed = status != AEGIS_DEADLINE_EXCEEDED && !call->unsure;
    return status;
}

aegis_status aegis_nats_publish_durable(aegis_port *port, const aegis_outgoing *message, int64_t deadline,
                                        aegis_publish_ack *ack, aegis_error *error)
{
    nats_engine *engine = aegis_nats_engine_of(port);
    const aegis_status status = aegis_nats_check(engine, message, error);
    if (status != AEGIS_OK)
        return status;
    nats_waiter placeholder = {0};
    nats_call call = {.kind = NATS_CALL_DURABLE,
                      .role = NATS_BULK,
                      .message = message,
                      .deadline = deadline,
                      .waiter = &placeholder};
    call.repeatable = aegis_nats_has_id(message);
    pthread_mutex_lock(&engine->lock);
    aegis_nats_want_bulk(engine, deadline);
    aegis_nats_call_name(&call, message->subject);
    aegis_nats_call_start(engine, &call);
    aegis_nats_call_send(engine, &call, message);
    aegis_nats_call_wait(engine, &call);
    if (call.status == AEGIS_OK && ack != NULL)
        *ack = call.ack;
    return aegis_nats_call_outcome(&call, error);
}
