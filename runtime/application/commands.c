/* Working off commands. Each lane reads its own durable; a message waits (one a lane) for one of the
 * service's slots, which go to the waiting lanes by weight, so that urgent ones come first and none starves.
 * An attempt ends in another one (nak with the command's backoff) or in a completion, sent before the message
 * is acknowledged. */
#include <stdio.h>
#include <string.h>

#include "application/envelope.h"
#include "application/lanes.h"
#include "application/service.h"
#include "domain/policy.h"

/* Live listeners get these messages and the stream COMMANDS, whose subjects they match, refuses to store
 * them. */
static const aegis_header not_stored = {"Nats-Expected-Stream", "-"};

/* Deliveries beyond the command's attempts, each ended by the death of its worker; then it has failed. */
#define COMMAND_CRASHES 10

/* ---- slots -------------------------------------------------------------------------------------------- */

/* Smooth weighted round robin over the lanes that wait. With the lock held. */
static void grant(aegis_service *service)
{
    while (service->slots > 0) {
        aegis_lane *best = NULL;
        int32_t total = 0;
        size_t i;

        for (i = 0; i < service->lane_count; i++) {
            aegis_lane *lane = &service->lanes[i];

            if (!lane->waiting)
                continue;
            lane->credit += (int32_t)lane->weight;
            total += (int32_t)lane->weight;
            if (best == NULL || lane->credit > best->credit)
                best = lane;
        }
        if (best == NULL)
            return;
        best->credit -= total;
        best->waiting = false;
        service->slots--;
    }
}

static bool take_slot(aegis_lane *lane)
{
    aegis_service *service = lane->service;
    bool mine;

    (void)pthread_mutex_lock(&service->lock);
    lane->waiting = true;
    grant(service);
    (void)pthread_cond_broadcast(&service->slot);
    while (lane->waiting && !atomic_load(&service->stopping))
        (void)pthread_cond_wait(&service->slot, &service->lock);
    mine = !lane->waiting;
    lane->waiting = false;
    (void)pthread_mutex_unlock(&service->lock);
    return mine;
}

static void give_slot(aegis_service *service)
{
    (void)pthread_mutex_lock(&service->lock);
    service->slots++;
    grant(service);
    (void)pthread_cond_broadcast(&service->slot);
    (void)pthread_mutex_unlock(&service->lock);
}

/* ---- one attempt -------------------------------------------------------------------------------------- */

/* False: it is no command, and *why says so. */
static bool open_command(aegis_call_state *state, aegis_raw *payload, aegis_error *why)
{
    aegis_wire_command command;
    aegis_reader reader;

    memset(&command, 0, sizeof command);
    aegis_reader_open(&reader, state->message.body, state->format, state->call.arena);
    aegis_wire_command_get(&reader, &command);
    if (aegis_reader_close(&reader, why) != AEGIS_OK)
        return false;
    state->call.message_id = command.message_id;
    state->call.trace_id = command.trace_id;
    state->call.source = command.source;
    state->call.method = state->method->name;
    state->call.attempt = state->message.deliveries != 0 ? state->message.deliveries : 1;
    state->call.deadline = aegis_clock_monotonic() + aegis_seconds_to_duration(command.timeout);
    state->max_retries = command.max_retries;
    *payload = command.payload;
    return true;
}

static void settle(aegis_call_state *state, aegis_settlement settlement, aegis_duration delay)
{
    aegis_service *service = state->service;

    aegis_keep_end(service, &state->keep);
    (void)pthread_mutex_lock(&service->lock);
    aegis_list_remove(&state->running);
    (void)pthread_mutex_unlock(&service->lock);
    if (!aegis_service_enter(service))
        return;
    (void)service->bus->port->ops->settle(&state->message, settlement, delay);
    aegis_service_leave(service);
}

static void refuse(aegis_call_state *state, const aegis_error *why)
{
    aegis_service *service = state->service;
    char text[AEGIS_ERROR_TEXT_MAX + 64];
    aegis_letter letter;

    aegis_keep_end(service, &state->keep);
    (void)snprintf(text, sizeof text, "the command is malformed: %s", why->text);
    if (aegis_service_enter(service)) {
        memset(&letter, 0, sizeof letter);
        letter.name = state->method->name;
        letter.why = text;
        (void)aegis_dead_letter(service, &state->message, &letter, state->call.arena);
        aegis_service_leave(service);
    }
}

/* Runs the handler. True when the arena may be used again. */
static bool attempt(aegis_call_state *state)
{
    aegis_service *service = state->service;
    aegis_raw payload = {{NULL, 0}, AEGIS_FORMAT_AUTO};
    aegis_error why;

    memset(&why, 0, sizeof why);
    if (!open_command(state, &payload, &why)) {
        refuse(state, &why);
        aegis_call_release(state);
        return true;
    }
    (void)pthread_mutex_lock(&service->lock);
    aegis_list_add(&service->running, &state->running);
    (void)pthread_mutex_unlock(&service->lock);
    if (state->call.attempt > COMMAND_CRASHES &&
        state->call.attempt - COMMAND_CRASHES > state->max_retries + UINT64_C(1)) {
        aegis_reply_plain(state, AEGIS_ABORTED, "given up: its workers ended without an outcome");
        return aegis_call_end(state, (aegis_reply){0});
    }
    return aegis_call_end(state, aegis_call_run(state, state->lane->endpoint, payload));
}

static void hand_back(aegis_call_state *state)
{
    settle(state, AEGIS_NAK, 0);
    aegis_call_release(state);
}

void *aegis_commands_work(void *argument)
{
    aegis_worker *worker = (aegis_worker *)argument;
    aegis_lane *lane = worker->lane;
    aegis_service *service = worker->service;
    aegis_arena *arena = NULL;
    aegis_call_state *state;
    aegis_message message;
    bool mine;

    while (!atomic_load(&service->stopping)) {
        arena = aegis_service_arena(service, arena);
        if (arena == NULL || !aegis_lane_next(lane, &message))
            break;
        state = aegis_call_new(service, arena, &message);
        if (state == NULL) {
            (void)service->bus->port->ops->settle(&message, AEGIS_NAK, AEGIS_SECOND);
            service->bus->port->ops->release(&message);
            (void)pthread_mutex_unlock(&lane->turn);
            continue;
        }
        state->lane = lane;
        state->method = lane->endpoint->method;
        state->series = service->series[lane->endpoint - service->type->endpoints];
        aegis_keep_begin(service, &state->keep, &state->message);
        mine = take_slot(lane);
        (void)pthread_mutex_unlock(&lane->turn);
        if (!mine) {
            hand_back(state);
            continue;
        }
        if (!attempt(state))
            arena = NULL;
        give_slot(service);
    }
    aegis_arena_free(arena);
    aegis_service_thread_done(service);
    return NULL;
}

/* ---- outcome ------------------------------------------------------------------------------------------ */

static aegis_status tell(aegis_call_state *state, aegis_arena *arena, const char *what, aegis_bytes body,
                         aegis_error *why)
{
    aegis_service *service = state->service;
    aegis_outgoing message;
    aegis_status status;

    memset(&message, 0, sizeof message);
    message.subject = aegis_arena_printf(arena, "commands.%s.%s", what, state->call.message_id);
    message.headers = &not_stored;
    message.header_count = 1;
    message.body = body;
    if (message.subject == NULL || !aegis_service_enter(service))
        return aegis_error_set(why, AEGIS_UNAVAILABLE, "the service has stopped");
    status = service->bus->port->ops->publish(service->bus->port, &message, why);
    aegis_service_leave(service);
    return status;
}

static aegis_status complete(aegis_call_state *state, aegis_arena *arena, const char *error, aegis_raw result,
                             aegis_error *why)
{
    aegis_wire_completion completion;
    aegis_writer writer;
    aegis_bytes body;

    memset(&completion, 0, sizeof completion);
    completion.command_id = state->call.message_id;
    completion.status = error == NULL ? "completed" : "failed";
    completion.result = &result;
    completion.error = error;
    aegis_writer_open(&writer, arena, state->format, 0);
    aegis_wire_completion_put(&writer, &completion);
    if (aegis_writer_close(&writer, &body, why) != AEGIS_OK)
        return why->status;
    return tell(state, arena, "callback", body, why);
}

aegis_status aegis_command_conclude(aegis_call_state *state, aegis_arena *arena, bool again,
                                    const char *error, aegis_raw result, aegis_error *why)
{
    const aegis_method *method = state->method;
    const aegis_log *log = &state->service->bus->log;
    aegis_status status;

    if (error != NULL && again && !atomic_load(&state->cancelled) &&
        (state->call.attempt <= state->max_retries || atomic_load(&state->service->hard))) {
        aegis_log_write(log, AEGIS_LOG_INFO, "%s.%s: attempt %u of %s failed, another follows: %s",
                        state->call.service, method->name, state->call.attempt, state->call.message_id,
                        error);
        settle(state, AEGIS_NAK,
               aegis_policy_delay(state->call.attempt, method->backoff_min, method->backoff_max,
                                  aegis_random_fraction()));
        return AEGIS_OK;
    }
    status = complete(state, arena, error, result, why);
    if (status != AEGIS_OK)
        aegis_log_write(log, AEGIS_LOG_ERROR, "%s.%s: the completion of %s could not be sent: %s",
                        state->call.service, method->name, state->call.message_id, aegis_error_text(why));
    if (status != AEGIS_RESOURCE_EXHAUSTED || state->shortened)
        settle(state, AEGIS_ACK, 0);
    return status;
}

/* ---- progress ----------------------------------------------------------------------------------------- */

aegis_writer *aegis_progress_begin(aegis_call *call)
{
    aegis_writer_open(&call->state->writer, call->arena, call->state->format, 0);
    return &call->state->writer;
}

bool aegis_progress_end(aegis_call *call)
{
    aegis_call_state *state = call->state;
    aegis_wire_progress progress;
    aegis_raw detail;
    aegis_writer writer;
    aegis_bytes body;
    aegis_error why;

    memset(&why, 0, sizeof why);
    memset(&progress, 0, sizeof progress);
    detail.format = state->writer.format;
    if (aegis_writer_close(&state->writer, &detail.data, &why) == AEGIS_OK) {
        progress.command_id = call->message_id;
        progress.timestamp = (double)(aegis_now() / AEGIS_MICROSECOND) / 1e6;
        progress.detail = &detail;
        aegis_progress_summary(detail, call->arena, &progress.progress, &progress.status);
        aegis_writer_open(&writer, call->arena, state->format, 0);
        aegis_wire_progress_put(&writer, &progress);
        if (aegis_writer_close(&writer, &body, &why) == AEGIS_OK)
            (void)tell(state, call->arena, "progress", body, &why);
    }
    if (why.status != AEGIS_OK)
        aegis_log_write(&state->service->bus->log, AEGIS_LOG_WARNING,
                        "%s.%s: a progress update was not sent: %s", call->service, call->method,
                        aegis_error_text(&why));
    return !aegis_call_cancelled(call);
}
