/* What a handler answers with. Encoding happens at once, into the call's arena; then the answer is claimed,
 * so that a second one (or one after the deadline) is refused, and sent: as a response to a call, or as the
 * completion of a command. */
#include <stdio.h>
#include <string.h>

#include "application/envelope.h"
#include "application/service.h"
#include "application/trace.h"
#include "domain/error.h"
#include "domain/policy.h"

static const aegis_reply answered = {1};
static const aegis_reply deferred = {2};

/* Longest text of a failure. */
#define TEXT_MAX 1024

static bool claim(aegis_call_state *state)
{
    if (!atomic_exchange(&state->answered, true))
        return true;
    if (atomic_load(&state->expired))
        aegis_call_finished(state); /* late: the keeper has answered, and left the memory to us */
    else
        aegis_log_write(&state->service->bus->log, AEGIS_LOG_WARNING,
                        "%s.%s: a second reply to %s was refused", state->call.service, state->call.method,
                        state->call.message_id != NULL ? state->call.message_id : "a call");
    return false;
}

/* The response envelope, sent to whoever waits. */
static aegis_status respond(aegis_call_state *state, aegis_arena *arena, const char *error, aegis_raw result,
                            aegis_error *why)
{
    aegis_service *service = state->service;
    aegis_wire_rpc_response response = {0};
    aegis_outgoing answer = {0};
    aegis_writer writer;
    char id[AEGIS_UUID_TEXT];
    char trace[AEGIS_UUID_TEXT];

    if (state->message.reply == NULL || !aegis_service_enter(service))
        return AEGIS_OK;
    response.message_id = aegis_uuid_format(aegis_uuid_new(), id);
    response.trace_id = state->call.trace_id;
    if (response.trace_id == NULL || response.trace_id[0] == '\0')
        response.trace_id = aegis_uuid_format(aegis_uuid_new(), trace);
    if (state->call.message_id != NULL && state->call.message_id[0] != '\0')
        response.correlation_id = state->call.message_id;
    response.timestamp = aegis_now();
    response.source = service->instance;
    response.target = state->call.source;
    response.success = error == NULL;
    response.result = result;
    response.error = error;
    answer.subject = state->message.reply;
    aegis_writer_open(&writer, arena, state->format, 0);
    aegis_wire_rpc_response_put(&writer, &response);
    aegis_status status = aegis_writer_close(&writer, &answer.body, why);
    answer.more = state->more && (atomic_load(&state->phase) & AEGIS_PHASE_DEFERRED) == 0;
    if (status == AEGIS_OK)
        status = service->bus->port->ops->publish(service->bus->port, &answer, why);
    aegis_service_leave(service);
    if (status != AEGIS_OK)
        aegis_log_write(&service->bus->log, AEGIS_LOG_ERROR, "%s.%s: the answer could not be sent: %s",
                        state->call.service, state->call.method, aegis_error_text(why));
    return status;
}

static void fail_with(aegis_call_state *state, aegis_arena *arena, const char *type, int32_t code, bool again,
                      aegis_raw details, const char *text);

static void over(aegis_call_state *state, const char *error)
{
    const int64_t now = aegis_clock_monotonic();

    aegis_series_record(state->series, state->outcome,
                        state->not_processed ? -1 : now - state->message.arrived);
    if (state->endpoint != 0)
        aegis_callers_count(state->service->callers, state->endpoint - 1, state->call.source,
                            state->began != 0 ? now - state->began : 0, error);
    if (state->span != NULL)
        aegis_span_finish(state->service->bus, state->span, state->outcome, error, now);
}

/* The one way out: the answer was claimed. `error` NULL is success. `arena` is for the envelope; `again`: a
 * command may be tried again. An answer over the server's limit, or over the arena's, is replaced by a
 * failure that says so: nobody shall wait for it until the deadline. */
static void send(aegis_call_state *state, aegis_arena *arena, bool again, const char *error, aegis_raw result)
{
    const aegis_raw nothing = {{NULL, 0}, state->format};
    char text[AEGIS_ERROR_TEXT_MAX + 64];
    aegis_error why = {0};

    aegis_status status = state->job != NULL
                              ? aegis_command_conclude(state, arena, again, error, result, &why)
                              : respond(state, arena, error, result, &why);
    if (status != AEGIS_RESOURCE_EXHAUSTED || state->shortened) {
        over(state, error);
        return;
    }
    state->shortened = true;
    state->nested_count = 0;
    (void)snprintf(text, sizeof text, "the answer cannot be sent: %s", aegis_error_text(&why));
    fail_with(state, arena, NULL, aegis_code_of_status(AEGIS_RESOURCE_EXHAUSTED), false, nothing, text);
}

/* This hop, then those of the nested call that failed. */
static size_t chain_of(aegis_call_state *state, int32_t code, const char *text, aegis_wire_hop *chain)
{
    size_t count = 1;

    chain[0].service = state->call.service;
    chain[0].method = state->call.method;
    chain[0].code = code;
    chain[0].message = text;
    for (size_t i = 0; i < state->nested_count && count < AEGIS_CHAIN_MAX; i++, count++) {
        chain[count].service = state->nested[i].service;
        chain[count].method = state->nested[i].method;
        chain[count].code = state->nested[i].code;
        chain[count].message = state->nested[i].message;
    }
    return count;
}

static void fail_with(aegis_call_state *state, aegis_arena *arena, const char *type, int32_t code, bool again,
                      aegis_raw details, const char *text)
{
    aegis_wire_hop chain[AEGIS_CHAIN_MAX];
    aegis_wire_failure_result failure = {0};
    aegis_raw result = {{NULL, 0}, state->format};
    aegis_writer writer;

    state->outcome = aegis_status_of_code(code);
    if (state->span != NULL)
        state->span->error_type = type;
    failure.not_processed.has = failure.not_processed.value = state->not_processed;
    failure.type = type;
    failure.code = code;
    failure.details = details;
    failure.chain.count = chain_of(state, code, text, chain);
    failure.chain.items = chain;
    aegis_writer_open(&writer, arena, state->format, 0);
    aegis_wire_failure_result_put(&writer, &failure);
    if (aegis_writer_close(&writer, &result.data, NULL) != AEGIS_OK)
        result.data.len = 0; /* the text alone must do */
    result.format = writer.format;
    send(state, arena, again, text, result);
}

static void fail_plain(aegis_call_state *state, aegis_arena *arena, aegis_status status, const char *text)
{
    const aegis_raw nothing = {{NULL, 0}, state->format};
    /* A handler that gave up because its service stops hard has not failed: another worker may finish it. */
    const bool hard = status == AEGIS_CANCELLED && atomic_load(&state->service->hard);

    /* Told to stop, it may have said that it was cancelled; but its time was over, and nobody cancelled it.
     */
    if (status == AEGIS_CANCELLED && !hard && state->job != NULL && !atomic_load(&state->cancelled) &&
        aegis_clock_monotonic() >= state->call.deadline)
        status = AEGIS_DEADLINE_EXCEEDED;
    bool again = hard || aegis_policy_retryable(status);

    fail_with(state, arena, NULL, aegis_code_of_status(status), again, nothing,
              text != NULL && text[0] != '\0' ? text : aegis_status_name(status));
}

void aegis_reply_plain(aegis_call_state *state, aegis_status status, const char *text)
{
    if (!claim(state))
        return;
    fail_plain(state, state->call.arena, status, text);
    aegis_call_finished(state);
}

void aegis_reply_refuse(aegis_call_state *state, aegis_status status, const char *text)
{
    state->not_processed = true;
    aegis_reply_plain(state, status, text);
}

void aegis_reply_expire(aegis_call_state *state, aegis_arena *arena, aegis_status status, const char *text)
{
    if (state->job != NULL)
        state->job->unsure = true;
    fail_plain(state, arena, status, text);
    atomic_store(&state->expired, true);
}

aegis_writer *aegis_reply_begin(aegis_call *call)
{
    aegis_writer_open(&call->state->writer, call->arena, call->state->format, 0);
    return &call->state->writer;
}

/* The encoded reply; false when it could not be, which has then been answered. */
static bool encoded(aegis_call_state *state, aegis_raw *value)
{
    aegis_error why = {0};
    char text[TEXT_MAX];

    value->format = state->writer.format;
    if (aegis_writer_close(&state->writer, &value->data, &why) == AEGIS_OK)
        return true;
    (void)snprintf(text, sizeof text, "the reply of %s.%s cannot be encoded: %s", state->call.service,
                   state->call.method, why.text);
    aegis_log_write(&state->service->bus->log, AEGIS_LOG_ERROR, "%s", text);
    fail_plain(state, state->call.arena, AEGIS_INTERNAL, text);
    aegis_call_finished(state);
    return false;
}

aegis_reply aegis_reply_ok(aegis_call *call)
{
    aegis_call_state *state = call->state;
    aegis_raw value;

    if (claim(state) && encoded(state, &value)) {
        send(state, call->arena, false, NULL, value);
        aegis_call_finished(state);
    }
    return answered;
}

aegis_reply aegis_reply_error(aegis_call *call, size_t index, const char *message)
{
    aegis_call_state *state = call->state;
    const aegis_method *method = state->method;
    char text[TEXT_MAX];
    const bool again = method->retried_errors != NULL && method->retried_errors[index];
    aegis_raw details;

    if (!claim(state) || !encoded(state, &details))
        return answered;
    if (message != NULL && message[0] != '\0')
        (void)snprintf(text, sizeof text, "%s: %s", method->errors[index], message);
    else
        (void)snprintf(text, sizeof text, "%s", method->errors[index]);
    aegis_error_clip(text);
    fail_with(state, call->arena, method->errors[index], method->error_codes[index], again, details, text);
    aegis_call_finished(state);
    return answered;
}

aegis_reply aegis_reply_fail(aegis_call *call, aegis_status status, const char *format, va_list arguments)
{
    char text[TEXT_MAX];

    (void)vsnprintf(text, sizeof text, format, arguments);
    aegis_error_clip(text);
    aegis_reply_plain(call->state, status == AEGIS_OK ? AEGIS_UNKNOWN : status, text);
    return answered;
}

aegis_reply aegis_reply_invalid(aegis_call *call, aegis_reader *params)
{
    aegis_error why = {0};

    (void)aegis_reader_close(params, &why);
    if (call->state->job != NULL)
        call->state->job->dead = aegis_arena_printf(call->arena, "the payload is malformed: %s", why.text);
    aegis_reply_plain(call->state, why.status != AEGIS_OK ? why.status : AEGIS_INVALID_ARGUMENT, why.text);
    return answered;
}

aegis_reply aegis_reply_unimplemented(aegis_call *call)
{
    char text[TEXT_MAX];

    (void)snprintf(text, sizeof text, "%s.%s is declared but has no handler", call->service, call->method);
    aegis_reply_refuse(call->state, AEGIS_UNIMPLEMENTED, text);
    return answered;
}

aegis_reply aegis_reply_defer(aegis_call *call)
{
    (void)call;
    return deferred;
}
