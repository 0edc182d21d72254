/* One attempt of a call after the other. A call may be sent again in two cases: when certainly no handler saw
 * it (nobody listens, no connection, the service's waiting room was full), whatever its method; and when its
 * method is idempotent, after a failure that may pass. Either way the service's retry budget must have a
 * token left, or the retries of many callers would be the load that keeps a service down. Each attempt has a
 * message id of its own, whose last half, the client's span, stays; and tells the budget that is left at that
 * moment.
 */
#include <stdio.h>
#include <string.h>

#include "application/client.h"
#include "application/service.h"
#include "application/trace.h"
#include "domain/error.h"

/* Of what was certainly not processed: soon, and not for long, because nobody may be there at all. */
#define RESENDS    2
#define RESEND_MIN (5 * AEGIS_MILLISECOND)
#define RESEND_MAX (50 * AEGIS_MILLISECOND)
/* Of what an instance does not have, while others may: a service is upgraded one instance at a time, and the
 * server chooses among old and new ones by chance. More often when one is known to have it. Such an answer
 * costs the instance next to nothing, so this is not from the budget. */
#define ELSEWHERE       12
#define ELSEWHERE_KNOWN 100
#define ELSEWHERE_MIN   AEGIS_MILLISECOND
#define ELSEWHERE_MAX   (10 * AEGIS_MILLISECOND)

/* ---- begin -------------------------------------------------------------------------------------------- */

static void begin_trace(aegis_exchange *x, const aegis_call_options *options)
{
    const aegis_span what = {.kind = AEGIS_SPAN_CLIENT,
                             .about = AEGIS_SPAN_CALL,
                             .service = x->target->peer->service,
                             .method = x->target->name,
                             .began = x->started};

    aegis_exchange_trace(x, &what, options != NULL ? options->traceparent : NULL, false);
}

void aegis_attempt_prepare(aegis_exchange *x, const aegis_method *method, const aegis_call_options *options)
{
    aegis_duration timeout = options != NULL && options->timeout > 0 ? options->timeout : method->timeout;
    aegis_duration hedge = options != NULL && options->hedge != 0 ? options->hedge : method->hedge;

    x->method = method;
    x->started = x->now = aegis_clock_monotonic();
    x->deadline = x->started + timeout;
    if (x->parent != NULL && x->parent->deadline < x->deadline)
        x->deadline = x->parent->deadline;
    x->once = options != NULL && options->once;
    x->hedge = method->idempotent && !x->once && hedge > 0 && hedge < x->deadline - x->started ? hedge : 0;
    x->attempts = x->retries = x->resends = 0;
    x->final = x->safe = false;
    x->target = aegis_client_target(x->client, method);
    if (x->target != NULL)
        aegis_series_count(x->target->series, AEGIS_COUNT_STARTED);
    if (x->target == NULL && x->begun) {
        x->begun = false;
        (void)aegis_error_set(&x->error, AEGIS_RESOURCE_EXHAUSTED,
                              "no memory, or more than %d methods called by one client", AEGIS_TARGETS);
    }
    if (x->begun)
        begin_trace(x, options);
}

/* ---- one attempt -------------------------------------------------------------------------------------- */

static void put_header(aegis_exchange *x, aegis_outgoing *request)
{
    aegis_header *header = (aegis_header *)aegis_arena_alloc(x->arena, sizeof *header);

    if (header == NULL)
        return;
    request->headers = header;
    request->header_count = aegis_exchange_traceparent(x, header);
}

static aegis_status encode(aegis_exchange *x, unsigned which, int64_t now, aegis_raw params,
                           aegis_outgoing *request, aegis_error *failed)
{
    aegis_identity who;
    aegis_wire_rpc_request envelope;

    x->sent_id[which] = x->message_id;
    if (x->attempts > 0)
        memcpy(x->sent_id[which].bytes, aegis_uuid_new().bytes, 8);
    aegis_exchange_identity(x, &x->sent_id[which], &who);
    envelope =
        (aegis_wire_rpc_request){AEGIS_ENVELOPE(who), .target = x->method->service, .method = x->method->name,
                                 .params = params, .timeout = aegis_duration_to_seconds(x->deadline - now)};
    aegis_writer_open(&x->writer, x->arena, x->format, 0);
    aegis_wire_rpc_request_put(&x->writer, &envelope);
    memset(request, 0, sizeof *request);
    request->subject = x->target->subject;
    request->correlated = true;
    if (x->sampled >= 0)
        put_header(x, request);
    return aegis_writer_close(&x->writer, &request->body, failed);
}

bool aegis_attempt_open(aegis_exchange *x, unsigned which, aegis_raw params, aegis_outgoing *request,
                        aegis_error *failed)
{
    const int64_t now = x->attempts == 0 ? x->started : aegis_clock_monotonic();
    aegis_status status;

    x->final = true;
    if (now >= x->deadline)
        status = aegis_error_set(failed, AEGIS_DEADLINE_EXCEEDED, "no time was left to call %s.%s",
                                 x->method->service, x->method->name);
    else
        status = encode(x, which, now, params, request, failed);
    if (status == AEGIS_OK && !aegis_breaker_admit(&x->target->peer->breaker, now)) {
        aegis_series_count(x->target->series, AEGIS_COUNT_REFUSED);
        status =
            aegis_error_set(failed, AEGIS_UNAVAILABLE,
                            "too many calls to %s failed: its circuit breaker is open", x->method->service);
    }
    if (status != AEGIS_OK) {
        if (x->attempts == 0)
            failed->not_processed = true;
        return false;
    }
    if (x->attempts++ == 0)
        aegis_budget_earn(&x->target->peer->budget);
    x->sent_at[which] = now;
    x->final = false;
    return true;
}

static void report(aegis_exchange *x, unsigned which, aegis_verdict verdict)
{
    x->now = aegis_clock_monotonic();
    aegis_breaker_report(&x->target->peer->breaker, x->sent_at[which], x->now, verdict);
}

void aegis_attempt_dropped(aegis_exchange *x, unsigned which)
{
    report(x, which, AEGIS_VERDICT_NONE);
}

int aegis_attempt_failed(aegis_exchange *x, unsigned which, const aegis_error *failed)
{
    report(x, which, aegis_verdict_of(failed->status));
    x->safe = failed->status == AEGIS_UNAVAILABLE && failed->not_processed;
    return AEGIS_ANSWER_FAILED;
}

static int read_answer(aegis_exchange *x, unsigned which, aegis_bytes body, aegis_error *failed)
{
    aegis_wire_rpc_response response;
    aegis_format format = aegis_format_of(body);
    aegis_error why;
    char id[AEGIS_UUID_TEXT];

    memset(&response, 0, sizeof response);
    aegis_reader_open(&x->reader, body, format, x->arena);
    aegis_wire_rpc_response_get(&x->reader, &response);
    if (aegis_reader_close(&x->reader, &why) != AEGIS_OK)
        return aegis_exchange_unreadable(x, &why, failed);
    /* A peer that could not read the request cannot name it either. */
    if (response.correlation_id == NULL
            ? response.success
            : strcmp(response.correlation_id, aegis_uuid_format(x->sent_id[which], id)) != 0) {
        (void)aegis_error_set(&why, AEGIS_INTERNAL, "it belongs to another call");
        return aegis_exchange_unreadable(x, &why, failed);
    }
    if (!response.success)
        return aegis_envelope_failure(x->method, response.error, response.result, format, x->arena,
                                      &x->reader, failed);
    aegis_envelope_open_body(&x->reader, response.result, format, x->arena);
    return AEGIS_ANSWER_OK;
}

int aegis_attempt_answered(aegis_exchange *x, unsigned which, aegis_bytes body, aegis_error *failed)
{
    int answer;

    memset(failed, 0, sizeof *failed);
    answer = read_answer(x, which, body, failed);
    report(x, which, answer == AEGIS_ANSWER_FAILED ? aegis_verdict_of(failed->status) : AEGIS_VERDICT_GOOD);
    x->safe = answer == AEGIS_ANSWER_FAILED && failed->not_processed;
    if (!x->safe && !atomic_load_explicit(&x->target->exists, memory_order_relaxed))
        atomic_store(&x->target->exists, true);
    return answer;
}

int aegis_attempt_completed(aegis_exchange *x, unsigned which, const aegis_message *message,
                            aegis_error *failed)
{
    const char *what = "could not be called";

    if (message->status == AEGIS_OK)
        return aegis_attempt_answered(x, which, message->body, failed);
    memset(failed, 0, sizeof *failed);
    if (message->status == AEGIS_DEADLINE_EXCEEDED)
        what = "gave no answer in time";
    else if (message->status == AEGIS_CANCELLED)
        what = "was called, and the call cancelled";
    else if (message->status == AEGIS_UNAVAILABLE)
        what = message->not_processed ? "is not there" : "was lost with the connection";
    (void)aegis_error_set(failed, message->status, "%s.%s %s", x->method->service, x->method->name, what);
    failed->not_processed = message->not_processed;
    return aegis_attempt_failed(x, which, failed);
}

/* ---- and the next ------------------------------------------------------------------------------------- */

/* Whether another instance may have the method. */
static bool elsewhere(const aegis_exchange *x, const aegis_error *failed)
{
    if (!x->safe || failed->status != AEGIS_UNIMPLEMENTED)
        return false;
    if (x->resends < (atomic_load(&x->target->exists) ? ELSEWHERE_KNOWN : ELSEWHERE))
        return true;
    atomic_store(&x->target->exists, false); /* not any more */
    return false;
}

bool aegis_attempt_hopeful(const aegis_exchange *x, const aegis_error *failed)
{
    if (x->once || x->final)
        return false;
    if (x->safe && failed->status == AEGIS_UNIMPLEMENTED)
        return elsewhere(x, failed);
    return (x->safe && x->resends < RESENDS) ||
           (x->method->idempotent && x->retries < x->method->max_retries &&
            aegis_policy_retryable(failed->status));
}

bool aegis_attempt_again(aegis_exchange *x, const aegis_error *failed, int64_t *when)
{
    const aegis_method *method = x->method;
    aegis_duration pause;

    if (!aegis_attempt_hopeful(x, failed))
        return false;
    if (elsewhere(x, failed)) {
        *when =
            x->now + aegis_policy_delay(++x->resends, ELSEWHERE_MIN, ELSEWHERE_MAX, aegis_random_fraction());
        if (*when >= x->deadline)
            return false;
        aegis_series_count(x->target->series, AEGIS_COUNT_RETRIED);
        return true;
    }
    if (x->safe && x->resends < RESENDS)
        pause = aegis_policy_delay(++x->resends, RESEND_MIN, RESEND_MAX, aegis_random_fraction());
    else
        pause = aegis_policy_delay(++x->retries, method->backoff_min, method->backoff_max,
                                   aegis_random_fraction());
    *when = x->now + pause;
    if (*when >= x->deadline || !aegis_budget_spend(&x->target->peer->budget))
        return false;
    aegis_series_count(x->target->series, AEGIS_COUNT_RETRIED);
    return true;
}

bool aegis_attempt_hedge(aegis_exchange *x)
{
    if (!aegis_budget_spend(&x->target->peer->budget))
        return false;
    aegis_series_count(x->target->series, AEGIS_COUNT_HEDGED);
    return true;
}

/* ---- over --------------------------------------------------------------------------------------------- */

/* A call that a handler made has failed: its own failure will name the hop. */
static void blame(const aegis_exchange *x, const aegis_error *failed)
{
    aegis_arena *arena = x->parent->arena;
    size_t count = failed->chain_count > 0 ? failed->chain_count : 1;
    aegis_cause *chain = (aegis_cause *)aegis_arena_alloc(arena, count * sizeof *chain);
    const aegis_cause itself = {x->method->service, x->method->name, failed->code, failed->text};
    size_t i;

    for (i = 0; chain != NULL && i < count; i++) {
        const aegis_cause *from = failed->chain_count > 0 ? &failed->chain[i] : &itself;

        chain[i].service = aegis_arena_strdup(arena, from->service);
        chain[i].method = aegis_arena_strdup(arena, from->method);
        chain[i].code = from->code;
        chain[i].message = aegis_arena_strdup(arena, from->message);
        if (chain[i].service == NULL || chain[i].method == NULL || chain[i].message == NULL)
            return;
    }
    x->parent->state->nested = chain;
    x->parent->state->nested_count = chain != NULL ? count : 0;
}

void aegis_attempt_over(aegis_exchange *x, int answer, const aegis_error *failed)
{
    const int64_t took = x->now - x->started;
    const aegis_status status = answer == AEGIS_ANSWER_OK ? AEGIS_OK
                                : answer >= 0 ? aegis_status_of_code(x->method->error_codes[answer])
                                              : failed->status;

    if (x->target != NULL)
        aegis_series_record(x->target->series, status, took);
    if (answer != AEGIS_ANSWER_OK && x->parent != NULL)
        blame(x, failed);
    if (x->span == NULL)
        return;
    x->span->attempts = x->attempts;
    if (answer != AEGIS_ANSWER_OK)
        x->span->error_type = answer >= 0 ? x->method->errors[answer] : failed->type;
    aegis_span_finish(x->client->bus, x->span, status, answer == AEGIS_ANSWER_OK ? NULL : failed->text,
                      x->now);
}
