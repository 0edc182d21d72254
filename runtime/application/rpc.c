/* Reading requests. All threads of the service share one source; one of them, the leader, is in next(). It
 * takes a message and runs the handler itself, handing the lead to another thread first; with `concurrency`
 * handlers busy the leader fills the waiting room, and refuses what does not fit. There are concurrency + 1
 * threads, so somebody always leads: a request is taken off the wire, or refused, at once. */
#include <string.h>

#include "application/envelope.h"
#include "application/service.h"

/* How long next() is asked to wait; the leader then simply asks again. */
#define LEAD_FOR AEGIS_MINUTE

/* Fill the call from its envelope. False: *why says what is wrong with it. */
static bool open_request(aegis_call_state *state, aegis_raw *params, aegis_error *why)
{
    aegis_wire_rpc_request request;
    aegis_reader reader;
    aegis_status status;

    memset(&request, 0, sizeof request);
    aegis_reader_open(&reader, state->message.body, state->format, state->call.arena);
    aegis_wire_rpc_request_get(&reader, &request);
    status = aegis_reader_close(&reader, why);
    /* Also of a malformed one: whatever could be read tells the caller which request was meant. */
    state->call.message_id = request.message_id;
    state->call.trace_id = request.trace_id;
    state->call.source = request.source;
    if (status != AEGIS_OK)
        return false;
    state->call.method = request.method;
    state->call.deadline = state->message.arrived + aegis_seconds_to_duration(request.timeout);
    *params = request.params;
    return true;
}

/* Who may call what is decided by subjects, so the envelope must not say something else. */
static bool subject_agrees(const aegis_call_state *state)
{
    const char *dot = strrchr(state->message.subject, '.');

    return dot != NULL && strcmp(dot + 1, state->call.method) == 0;
}

/* A message becomes a call and its handler runs. True when the arena may be used again. */
static bool serve(aegis_service *service, aegis_message *message, aegis_arena *arena, bool refuse)
{
    aegis_call_state *state = aegis_call_new(service, arena, message);
    const aegis_endpoint *endpoint;
    aegis_reader reader;
    aegis_error why = {0};
    aegis_raw params = {{NULL, 0}, AEGIS_FORMAT_AUTO};
    aegis_reply reply = {0};

    if (state == NULL) {
        service->bus->port->ops->release(message);
        return true;
    }
    if (!open_request(state, &params, &why)) {
        aegis_reply_plain(state, AEGIS_INVALID_ARGUMENT,
                          aegis_arena_printf(arena, "the request is malformed: %s", why.text));
    } else if (!subject_agrees(state)) {
        aegis_reply_plain(state, AEGIS_INVALID_ARGUMENT,
                          "the request is malformed: method is not the one its subject names");
    } else if (refuse) {
        aegis_reply_plain(state, AEGIS_RESOURCE_EXHAUSTED, "the service is overloaded");
    } else if (atomic_load_explicit(&service->hard, memory_order_relaxed)) {
        aegis_reply_plain(state, AEGIS_UNAVAILABLE, "the service is stopping");
    } else if (aegis_clock_monotonic() >= state->call.deadline) {
        aegis_reply_plain(state, AEGIS_DEADLINE_EXCEEDED, "the deadline passed before the call could start");
    } else {
        endpoint = aegis_endpoint_find(service, state->call.method, false);
        if (endpoint == NULL) {
            aegis_reply_plain(
                state, AEGIS_UNIMPLEMENTED,
                aegis_arena_printf(arena, "%s has no method %s", service->type->name, state->call.method));
        } else {
            state->method = endpoint->method;
            aegis_envelope_open_body(&reader, params, state->format, arena);
            reply = endpoint->serve(&state->call, &reader, service->ops, service->user);
        }
    }
    return aegis_call_end(state, reply);
}

/* The leader's part. Called and returning with the lock held. */
static bool lead(aegis_service *service, aegis_message *message)
{
    aegis_status status;

    service->leading = true;
    (void)pthread_mutex_unlock(&service->lock);
    status = service->bus->port->ops->next(service->requests, aegis_clock_monotonic() + LEAD_FOR, message);
    (void)pthread_mutex_lock(&service->lock);
    service->leading = false;
    if (status == AEGIS_OK)
        return true;
    if (status == AEGIS_UNAVAILABLE || atomic_load(&service->hard)) {
        service->ended = true;
        (void)pthread_cond_broadcast(&service->turn);
    }
    return false;
}

static void pop_waiting(aegis_service *service, aegis_message *message)
{
    *message = service->waiting[service->waiting_first];
    service->waiting_first = (service->waiting_first + 1) % service->room;
    service->waiting_count--;
}

/* The next message to serve; false when the service has ended. `*refuse`: answer it RESOURCE_EXHAUSTED. On
 * true the caller counts as busy unless it refuses. */
static bool take(aegis_service *service, aegis_message *message, bool *refuse)
{
    *refuse = false;
    for (;;) {
        if (service->waiting_count > 0 && service->busy < service->concurrency) {
            pop_waiting(service, message);
            service->busy++;
            return true;
        }
        if (service->ended && (service->waiting_count == 0 || service->busy >= service->concurrency))
            return false;
        if (service->leading || service->ended) {
            (void)pthread_cond_wait(&service->turn, &service->lock);
            continue;
        }
        if (!lead(service, message))
            continue;
        if (service->deferred_count >= AEGIS_DEFERRED_MAX) {
            *refuse = true;
            return true;
        }
        if (service->busy < service->concurrency && service->waiting_count == 0) {
            service->busy++;
            return true;
        }
        if (service->waiting_count == service->room) {
            *refuse = true;
            return true;
        }
        service->waiting[(service->waiting_first + service->waiting_count++) % service->room] = *message;
    }
}

void *aegis_rpc_work(void *argument)
{
    aegis_worker *worker = (aegis_worker *)argument;
    aegis_service *service = worker->service;
    aegis_arena *arena = NULL;
    aegis_message message;
    bool refuse;

    for (;;) {
        arena = aegis_service_arena(service, arena);
        if (arena == NULL)
            break;
        (void)pthread_mutex_lock(&service->lock);
        if (!take(service, &message, &refuse)) {
            (void)pthread_mutex_unlock(&service->lock);
            break;
        }
        if (!service->leading)
            (void)pthread_cond_signal(&service->turn);
        (void)pthread_mutex_unlock(&service->lock);
        if (!serve(service, &message, arena, refuse))
            arena = NULL;
        if (refuse)
            continue;
        (void)pthread_mutex_lock(&service->lock);
        service->busy--;
        (void)pthread_mutex_unlock(&service->lock);
    }
    aegis_arena_free(arena);
    aegis_service_thread_done(service);
    return NULL;
}
