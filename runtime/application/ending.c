/* What an attempt comes to: another attempt, or an outcome. An outcome is first recorded, then told to
 * whoever listens, and only then is the message acknowledged (or a dead letter, which acknowledges it):
 * whoever dies in between is followed by somebody who finds the record and goes on from there. An outcome
 * that the record refuses came too late: another attempt has begun, and the message is that one's.
 */
#include <stdio.h>
#include <string.h>

#include "application/crash.h"
#include "application/envelope.h"
#include "application/service.h"
#include "domain/policy.h"

/* How long an outcome waits for the bus to take it. What was done and is not recorded is done again. */
#define RECORD_TIMEOUT (10 * AEGIS_SECOND)
/* One that its handler has not come to, or of a service that must stop: there may be thousands. */
#define HURRIED AEGIS_SECOND
/* All of them together, after the time a service had to stop. */
#define LAST_WORDS (3 * AEGIS_SECOND)
/* A refused outcome of what never ran: there is something new to be read. */
#define SOON (10 * AEGIS_MILLISECOND)

/* Live listeners get these messages and the stream COMMANDS, whose subjects they match, refuses to store
 * them. */
static const aegis_header not_stored = {"Nats-Expected-Stream", "-"};

/* ---- telling ------------------------------------------------------------------------------------------ */

aegis_status aegis_command_tell(aegis_call_state *state, const char *what, aegis_bytes body, aegis_error *why)
{
    aegis_service *service = state->service;
    aegis_outgoing message = {0};
    char subject[320];
    const int length = snprintf(subject, sizeof subject, "commands.%s.%s", what, state->call.message_id);

    if (length >= (int)sizeof subject)
        return aegis_error_set(why, AEGIS_INVALID_ARGUMENT, "its id is too long for a subject");
    message.subject = subject;
    message.headers = &not_stored;
    message.header_count = 1;
    message.body = body;
    if (!aegis_service_enter(service))
        return aegis_error_set(why, AEGIS_UNAVAILABLE, "the service has stopped");
    aegis_status status = service->bus->port->ops->publish(service->bus->port, &message, why);
    aegis_service_leave(service);
    return status;
}

/* Whoever does not hear it reads the record. */
static void tell_outcome(const aegis_job *job, aegis_arena *arena, const char *error, const aegis_raw *result)
{
    aegis_call_state *state = job->state;
    aegis_wire_completion completion = {0};
    aegis_error why = {0};
    aegis_writer writer;
    aegis_bytes body;

    completion.command_id = state->call.message_id;
    completion.status = error == NULL ? "completed" : "failed";
    completion.result = result;
    completion.error = error;
    aegis_writer_open(&writer, arena, state->format, 0);
    aegis_wire_completion_put(&writer, &completion);
    aegis_status status = aegis_writer_close(&writer, &body, &why);
    if (status == AEGIS_OK)
        status = aegis_command_tell(state, "callback", body, &why);
    if (status != AEGIS_OK)
        aegis_log_write(&state->service->bus->log, AEGIS_LOG_WARNING,
                        "%s.%s: the completion of %s is in its record, but was not sent: %s",
                        state->call.service, state->method->name, state->call.message_id,
                        aegis_error_text(&why));
}

static void bury(aegis_job *job, aegis_arena *arena, const aegis_raw *result)
{
    aegis_service *service = job->state->service;
    aegis_letter letter = {0};

    letter.name = job->state->method->name;
    letter.why = job->dead;
    letter.attempts = job->record.value.attempt;
    if (result != NULL)
        letter.failure = *result;
    aegis_job_leave(job);
    if (!aegis_service_enter(service))
        return;
    if (aegis_dead_letter(service, &job->state->message, &letter, arena) == AEGIS_OK)
        aegis_tally_add(job->lane->tally, AEGIS_TALLY_DEAD, 1);
    aegis_service_leave(service);
}

/* The record has it. */
static void publish_outcome(aegis_job *job, aegis_arena *arena, const char *error, const aegis_raw *result)
{
    tell_outcome(job, arena, error, result);
    AEGIS_CRASH_AT("callback");
    if (job->dead != NULL)
        bury(job, arena, result);
    else
        aegis_job_settle(job, AEGIS_ACK, 0);
    AEGIS_CRASH_AT("ack");
}

void aegis_command_answer(aegis_job *job, aegis_arena *arena)
{
    const aegis_duties_command_record *value = &job->record.value;
    const bool failed = value->state != AEGIS_DUTIES_COMMAND_STATE_COMPLETED;
    const char *error = value->error != NULL ? value->error : "it failed";

    aegis_lease_end(job);
    job->dead = value->dead_letter ? error : NULL;
    publish_outcome(job, arena, failed ? error : NULL, value->result);
}

/* ---- another attempt ---------------------------------------------------------------------------------- */

static int64_t patience_ends(const aegis_job *job)
{
    const aegis_service *service = job->state->service;
    const bool hard = atomic_load(&service->hard);
    int64_t now = aegis_clock_monotonic();
    aegis_health health;

    if (!hard && !job->unsure)
        return now + RECORD_TIMEOUT;
    service->bus->port->ops->health(service->bus->port, &health);
    if (!health.connected || (hard && now >= service->drain_deadline + LAST_WORDS))
        return now;
    return now + HURRIED;
}

static aegis_status write_record(aegis_job *job, aegis_arena *arena, aegis_error *why)
{
    aegis_service *service = job->state->service;

    if (!job->fenced)
        job->record.revision = AEGIS_KV_ANY;
    job->record.value.owner = service->instance;
    if (!aegis_service_enter(service))
        return aegis_error_set(why, AEGIS_UNAVAILABLE, "the service has stopped");
    aegis_status status = aegis_record_write(service->bus, &job->record, patience_ends(job), arena, why);
    aegis_service_leave(service);
    return status;
}

/* Somebody else is at it, or has been: nothing is settled, because the message is theirs. */
static void drop(aegis_job *job)
{
    aegis_service *service = job->state->service;

    if (job->state->not_processed) { /* it never ran, so the message is nobody's */
        aegis_job_settle(job, AEGIS_NAK, SOON);
        return;
    }
    aegis_log_write(&service->bus->log, AEGIS_LOG_WARNING,
                    "%s.%s: the outcome of %s came after another attempt had begun, and is dropped",
                    job->state->call.service, job->state->method->name, job->state->call.message_id);
    aegis_job_leave(job);
}

/* The outcome is known and cannot be recorded: the attempt counts as one that was cut short. */
static void leave(aegis_job *job, const aegis_error *why)
{
    aegis_log_write(&job->state->service->bus->log, AEGIS_LOG_ERROR,
                    "%s.%s: the outcome of attempt %u of %s could not be recorded: %s",
                    job->state->call.service, job->state->method->name, job->state->call.attempt,
                    job->state->call.message_id, aegis_error_text(why));
    aegis_job_settle(job, AEGIS_NAK, job->state->service->lease);
}

static bool may_repeat(const aegis_job *job)
{
    const aegis_call_state *state = job->state;

    if (job->dead != NULL || state->method->guarantee == AEGIS_AT_MOST_ONCE)
        return false;
    if (atomic_load(&state->service->hard))
        return true;
    return !atomic_load(&state->cancelled) && state->call.attempt <= job->max_retries;
}

/* An attempt that its service's end cut off, in order, is none. */
static void repeat(aegis_job *job, aegis_arena *arena, const char *error)
{
    aegis_call_state *state = job->state;
    const aegis_method *method = state->method;
    const bool hard = atomic_load(&state->service->hard);
    aegis_duration pause = 0;
    aegis_status status;
    aegis_error why = {0};

    if (!hard)
        pause = aegis_policy_delay(state->call.attempt, method->backoff_min, method->backoff_max,
                                   aegis_random_fraction());
    aegis_log_write(&state->service->bus->log, AEGIS_LOG_INFO, "%s.%s: attempt %u of %s %s: %s",
                    state->call.service, method->name, state->call.attempt, state->call.message_id,
                    hard ? "is handed back" : "failed, another follows", error);
    if (job->fenced) {
        aegis_record_conclude(&job->record, AEGIS_DUTIES_COMMAND_STATE_WAITING, error, NULL);
        job->record.value.maybe_executed = job->record.value.maybe_executed || job->unsure;
        if (hard && !job->unsure)
            job->record.value.attempt--;
        status = write_record(job, arena, &why);
        if (status == AEGIS_ABORTED) {
            drop(job);
            return;
        }
        if (status != AEGIS_OK) {
            leave(job, &why);
            return;
        }
    }
    aegis_job_count(job, AEGIS_TALLY_RETRIED);
    aegis_job_settle(job, AEGIS_NAK, pause);
}

/* ---- the outcome -------------------------------------------------------------------------------------- */

/* Why a failure that nothing follows is a dead letter besides; NULL: it is not. */
static const char *reason(const aegis_job *job, aegis_arena *arena, bool again, const char *error)
{
    const aegis_call_state *state = job->state;

    if (job->dead != NULL || !again || atomic_load(&state->cancelled))
        return job->dead;
    if (state->method->guarantee != AEGIS_AT_MOST_ONCE)
        return aegis_arena_printf(arena, "given up after %u attempts: %s", state->call.attempt, error);
    return job->unsure ? aegis_arena_printf(arena, "it may have been executed: %s", error) : NULL;
}

static aegis_status finish(aegis_job *job, aegis_arena *arena, const char *error, const aegis_raw *result,
                           aegis_error *why)
{
    aegis_record_conclude(&job->record,
                          error == NULL ? AEGIS_DUTIES_COMMAND_STATE_COMPLETED
                                        : AEGIS_DUTIES_COMMAND_STATE_FAILED,
                          error, result);
    job->record.value.dead_letter = job->dead != NULL;
    aegis_status status = write_record(job, arena, why);
    job->record.value.result = NULL;
    AEGIS_CRASH_AT("result");
    if (status == AEGIS_RESOURCE_EXHAUSTED && !job->state->shortened)
        return status;
    if (status == AEGIS_OK)
        aegis_job_count(job, AEGIS_TALLY_HANDLED);
    if (status == AEGIS_OK)
        publish_outcome(job, arena, error, result);
    else if (status == AEGIS_ABORTED && job->creates)
        bury(job, arena, result);
    else if (status == AEGIS_ABORTED)
        drop(job);
    else
        leave(job, why);
    return AEGIS_OK;
}

aegis_status aegis_command_conclude(aegis_call_state *state, aegis_arena *arena, bool again,
                                    const char *error, aegis_raw result, aegis_error *why)
{
    aegis_job *job = state->job;

    AEGIS_CRASH_AT("effect");
    aegis_lease_end(job);
    aegis_progress_close(job);
    if (job->lost) {
        drop(job);
        return AEGIS_OK;
    }
    if (error != NULL && again && may_repeat(job)) {
        repeat(job, arena, error);
        return AEGIS_OK;
    }
    if (error != NULL)
        job->dead = reason(job, arena, again, error);
    return finish(job, arena, error, &result, why);
}
