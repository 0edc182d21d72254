/* One command, from its message to its handler: it is opened, may have to wait for its time, is claimed, and
 * runs. A handler that defers gives its slot back, so many more commands can be under way than there are
 * slots. What it comes to is ending.c's business. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "application/crash.h"
#include "application/envelope.h"
#include "application/service.h"

/* A delayed message is looked at this often: the clock that its time is on may be set. */
#define LONGEST_DELAY AEGIS_HOUR

/* ---- a message ---------------------------------------------------------------------------------------- */

aegis_job *aegis_job_new(aegis_lane *lane, aegis_arena *arena, const aegis_message *message)
{
    aegis_service *service = lane->service;
    aegis_job *job = (aegis_job *)aegis_arena_alloc(arena, sizeof *job);

    if (job == NULL)
        return NULL;
    memset(job, 0, sizeof *job);
    job->state = aegis_call_new(service, arena, message);
    if (job->state == NULL)
        return NULL;
    job->lane = lane;
    job->state->job = job;
    job->state->method = lane->endpoint->method;
    job->state->endpoint = 1 + (size_t)(lane->endpoint - service->type->endpoints);
    job->state->series = service->series[job->state->endpoint - 1];
    job->state->call.method = lane->endpoint->method->name;
    job->state->call.message_id = "";
    return job;
}

void aegis_job_count(aegis_job *job, aegis_tallied what)
{
    aegis_service *service = job->state->service;

    if (!aegis_service_enter(service))
        return;
    aegis_tally_add(job->lane->tally, what, 1);
    aegis_service_leave(service);
}

void aegis_job_leave(aegis_job *job)
{
    aegis_service *service = job->state->service;

    (void)pthread_mutex_lock(&service->lock);
    bool ran = job->running.next != NULL;
    aegis_list_remove(&job->running);
    (void)pthread_mutex_unlock(&service->lock);
    if (!ran || !aegis_service_enter(service))
        return;
    aegis_tally_move(job->lane->tally, AEGIS_TALLY_RUNNING, -1);
    aegis_service_leave(service);
}

void aegis_job_settle(aegis_job *job, aegis_settlement settlement, aegis_duration delay)
{
    aegis_service *service = job->state->service;

    aegis_lease_end(job);
    aegis_job_leave(job);
    if (!aegis_service_enter(service))
        return;
    (void)service->bus->port->ops->settle(&job->state->message, settlement, delay);
    aegis_service_leave(service);
}

void aegis_job_hand_back(aegis_job *job, aegis_duration delay)
{
    aegis_job_settle(job, AEGIS_NAK, delay);
    aegis_call_release(job->state);
}

/* False: it is no command, and *why says so. */
static bool open_command(aegis_job *job, aegis_raw *payload, aegis_error *why)
{
    aegis_call_state *state = job->state;
    aegis_wire_command command = {0};
    aegis_reader reader;

    aegis_reader_open(&reader, state->message.body, state->format, state->call.arena);
    aegis_wire_command_get(&reader, &command);
    if (command.message_id != NULL)
        state->call.message_id = command.message_id;
    state->call.trace_id = command.trace_id;
    state->call.source = command.source;
    if (state->message.header_count > 0)
        aegis_call_read_trace(state);
    if (aegis_reader_close(&reader, why) != AEGIS_OK)
        return false;
    if (!aegis_record_fits(state->call.message_id)) {
        (void)aegis_error_set(why, AEGIS_INVALID_ARGUMENT, "message_id is empty, or too long for a record");
        return false;
    }
    state->call.deadline = aegis_clock_monotonic() + aegis_seconds_to_duration(command.timeout);
    job->max_retries = command.max_retries;
    *payload = command.payload;
    return true;
}

/* A dead letter; and a failure, when it can be read whose. */
static void refuse(aegis_job *job, const aegis_error *why)
{
    aegis_call_state *state = job->state;
    aegis_service *service = state->service;
    char text[AEGIS_ERROR_TEXT_MAX + 64];
    aegis_letter letter = {.name = state->method->name, .why = text};

    (void)snprintf(text, sizeof text, "the command is malformed: %s", why->text);
    if (aegis_record_fits(state->call.message_id)) {
        job->dead = text;
        job->fenced = job->creates = true;
        aegis_record_begin(&job->record, state->call.message_id, state->call.service, state->method->name);
        aegis_reply_refuse(state, AEGIS_INVALID_ARGUMENT, text);
        return;
    }
    aegis_lease_end(job);
    if (aegis_service_enter(service)) {
        if (aegis_dead_letter(service, &state->message, &letter, state->call.arena) == AEGIS_OK)
            aegis_tally_add(job->lane->tally, AEGIS_TALLY_DEAD, 1);
        aegis_service_leave(service);
    }
}

/* Until the time its sender asked for; the wall clock counts, because nobody shares another. */
static aegis_duration delay_left(const aegis_message *message)
{
    const char *text = aegis_header_value(message->headers, message->header_count, AEGIS_NOT_BEFORE);

    if (text == NULL)
        return 0;
    aegis_duration left = strtoll(text, NULL, 10);
    left = left > INT64_MAX / AEGIS_MILLISECOND ? INT64_MAX : left * AEGIS_MILLISECOND;
    left = left > aegis_now() ? left - aegis_now() : 0;
    return left > LONGEST_DELAY ? LONGEST_DELAY : left;
}

/* ---- an attempt --------------------------------------------------------------------------------------- */

/* It ends without its handler. */
static void stop_short(aegis_job *job, aegis_claim claim)
{
    aegis_call_state *state = job->state;
    char text[160];

    state->call.attempt = job->record.value.attempt;
    if (claim == AEGIS_CLAIM_CANCELLED) {
        aegis_reply_refuse(state, AEGIS_CANCELLED, "it was cancelled before it ran");
        return;
    }
    if (claim == AEGIS_CLAIM_PARK)
        (void)snprintf(text, sizeof text,
                       "it may have been executed: its worker ended without an outcome, and it is to run at "
                       "most once");
    else
        (void)snprintf(text, sizeof text,
                       "given up after %u attempts and %u deliveries: its workers ended without an outcome",
                       job->record.value.attempt, state->message.deliveries);
    job->dead = text;
    aegis_reply_plain(state, AEGIS_ABORTED, text);
}

static void enter_running(aegis_job *job)
{
    aegis_service *service = job->state->service;

    (void)pthread_mutex_lock(&service->lock);
    aegis_list_add(&service->running, &job->running);
    (void)pthread_mutex_unlock(&service->lock);
    aegis_tally_move(job->lane->tally, AEGIS_TALLY_RUNNING, 1);
}

bool aegis_job_attempt(aegis_job *job)
{
    const aegis_reply answered = {0};
    aegis_raw payload = {{NULL, 0}, AEGIS_FORMAT_AUTO};
    aegis_error why = {0};

    if (!open_command(job, &payload, &why)) {
        refuse(job, &why);
        aegis_call_release(job->state);
        return true;
    }
    aegis_duration later = delay_left(&job->state->message);
    if (later > 0) {
        aegis_job_hand_back(job, later);
        return true;
    }
    enter_running(job);
    aegis_claim claim = aegis_job_claim(job, &later);
    switch (claim) {
    case AEGIS_CLAIM_START:
    case AEGIS_CLAIM_TAKE_OVER:
        AEGIS_CRASH_AT("claim");
        job->state->began = aegis_clock_monotonic();
        return aegis_call_end(job->state, aegis_call_run(job->state, job->lane->endpoint, payload));
    case AEGIS_CLAIM_ENDED:
        aegis_command_answer(job, job->state->call.arena);
        aegis_call_release(job->state);
        return true;
    case AEGIS_CLAIM_HELD:
        aegis_job_hand_back(job, later);
        return true;
    case AEGIS_CLAIM_CANCELLED:
    case AEGIS_CLAIM_PARK:
    case AEGIS_CLAIM_GIVE_UP:
        break;
    }
    stop_short(job, claim);
    return aegis_call_end(job->state, answered);
}
