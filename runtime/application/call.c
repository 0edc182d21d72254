/* The life of one call on the server. It is made in its arena, has exactly one answer, and ends when both its
 * handler has returned and its answer is out; with a deferral these come in either order and on any threads,
 * so the two meet in `phase`, and the later one frees. */
#include <string.h>

#include "application/envelope.h"
#include "application/service.h"
#include "application/trace.h"

aegis_duration aegis_call_remaining(const aegis_call *call)
{
    int64_t left = call->deadline - aegis_clock_monotonic();

    return left > 0 ? left : 0;
}

bool aegis_call_cancelled(const aegis_call *call)
{
    aegis_call_state *state = call->state;

    return atomic_load_explicit(&state->cancelled, memory_order_relaxed) ||
           atomic_load_explicit(&state->service->hard, memory_order_relaxed) ||
           aegis_clock_monotonic() >= call->deadline;
}

aegis_call_state *aegis_call_new(aegis_service *service, aegis_arena *arena, const aegis_message *message)
{
    aegis_call_state *state = (aegis_call_state *)aegis_arena_alloc(arena, sizeof *state);

    if (state == NULL)
        return NULL;
    memset(state, 0, offsetof(aegis_call_state, writer));
    state->sampled = -1;
    atomic_init(&state->answered, false);
    atomic_init(&state->cancelled, false);
    atomic_init(&state->released, false);
    atomic_init(&state->phase, 0);
    state->writer.failed = false;
    state->nested = NULL;
    state->nested_count = 0;
    state->job = NULL;
    state->event = false;
    state->shortened = false;
    state->deferred.next = NULL;
    atomic_init(&state->expired, false);
    state->call.bus = service->bus;
    state->call.arena = arena;
    state->call.service = service->type->name;
    state->call.method = "";
    state->call.attempt = 1;
    state->call.maybe_executed = false;
    state->call.state = state;
    state->service = service;
    state->message = *message;
    state->format = aegis_format_of(message->body);
    return state;
}

void aegis_call_release(aegis_call_state *state)
{
    if (atomic_exchange(&state->released, true))
        return;
    if (aegis_service_enter(state->service)) {
        state->service->bus->port->ops->release(&state->message);
        aegis_service_leave(state->service);
    }
    memset(&state->message, 0, sizeof state->message);
}

static bool was_called(const aegis_method *method, const char *name)
{
    size_t i;

    for (i = 0; i < method->was_count; i++) {
        if (strcmp(method->was[i], name) == 0)
            return true;
    }
    return false;
}

const aegis_endpoint *aegis_endpoint_find(const aegis_service *service, const char *method, bool command)
{
    size_t i;

    for (i = 0; i < service->type->endpoint_count; i++) {
        const aegis_endpoint *endpoint = &service->type->endpoints[i];

        if (endpoint->method->command == command &&
            (strcmp(endpoint->method->name, method) == 0 || was_called(endpoint->method, method)))
            return endpoint;
    }
    return NULL;
}

void aegis_call_read_trace(aegis_call_state *state)
{
    aegis_traceparent *outside;
    char text[AEGIS_UUID_TEXT];
    const char *value =
        aegis_header_value(state->message.headers, state->message.header_count, AEGIS_TRACEPARENT);

    outside =
        value != NULL ? (aegis_traceparent *)aegis_arena_alloc(state->call.arena, sizeof *outside) : NULL;
    if (outside == NULL || !aegis_traceparent_read(value, outside))
        return;
    state->outside = outside;
    state->sampled = (int8_t)outside->sampled;
    state->call.trace_id = aegis_arena_strdup(state->call.arena, aegis_uuid_format(outside->trace, text));
}

aegis_reply aegis_call_run(aegis_call_state *state, const aegis_endpoint *endpoint, aegis_raw body)
{
    aegis_call *call = &state->call;
    const aegis_log_context here = {call->service, call->method, call->trace_id, call->source, state, false};
    const aegis_log_context *before = aegis_log_enter(&here);
    aegis_reader reader;
    aegis_reply reply;

    aegis_call_begin_span(state, NULL);
    aegis_envelope_open_body(&reader, body, state->format, call->arena);
    reply = endpoint->serve(call, &reader, state->service->ops, state->service->user);
    (void)aegis_log_enter(before);
    return reply;
}

static void unlink_deferred(aegis_call_state *state)
{
    aegis_service *service = state->service;
    bool listed = false;

    (void)pthread_mutex_lock(&service->lock);
    if (state->deferred.next != NULL) {
        aegis_list_remove(&state->deferred);
        service->deferred_count--;
        aegis_pool_wake(service);
        (void)pthread_cond_broadcast(&service->changed);
        listed = true;
    }
    (void)pthread_mutex_unlock(&service->lock);
    if (listed)
        aegis_service_drop(service);
}

void aegis_call_finished(aegis_call_state *state)
{
    unsigned before = atomic_fetch_or(&state->phase, AEGIS_PHASE_FINISHED);

    if ((before & AEGIS_PHASE_DEFERRED) == 0 || (before & AEGIS_PHASE_FINISHED) != 0)
        return;
    aegis_call_release(state);
    /* Last: a service that waits for its deferred calls may be gone right after. */
    {
        aegis_arena *arena = state->call.arena;

        unlink_deferred(state);
        aegis_arena_free(arena);
    }
}

/* True: the call is out of the handler's hands, and of ours. */
static bool defer(aegis_call_state *state)
{
    aegis_service *service = state->service;

    (void)pthread_mutex_lock(&service->lock);
    aegis_list_add(&service->deferred, &state->deferred);
    service->deferred_count++;
    service->references++;
    (void)pthread_mutex_unlock(&service->lock);
    aegis_keeper_nudge(service);
    if ((atomic_fetch_or(&state->phase, AEGIS_PHASE_DEFERRED) & AEGIS_PHASE_FINISHED) == 0)
        return true;
    unlink_deferred(state);
    return false;
}

bool aegis_call_end(aegis_call_state *state, aegis_reply reply)
{
    enum { NOTHING = 0, ANSWERED = 1, DEFERRED = 2 };

    if (reply.made == DEFERRED && defer(state))
        return false;
    if (reply.made != DEFERRED && !atomic_load(&state->answered))
        aegis_reply_plain(state, AEGIS_INTERNAL, "the handler returned without a reply");
    aegis_call_release(state);
    return true;
}
