/* Reading requests. There are concurrency + 1 threads. One that is free waits in next_batch, puts what has
 * come into the waiting room, and runs the handler of the first itself; so a lone request is served without
 * waking anybody. With `concurrency` handlers busy there is still one thread to take requests off the wire,
 * and to refuse what does not fit. Under each older name of the service one more thread reads, which only
 * fills the waiting room. */
#define _POSIX_C_SOURCE 200809L
#include <string.h>

#include "application/envelope.h"
#include "application/service.h"
#include "application/trace.h"

/* How long next_batch is asked to wait; the thread then simply asks again. */
#define READ_FOR AEGIS_MINUTE

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

/* Others may see what the thread does, see aegis_rpc_running. */
static aegis_reply run(aegis_worker *worker, aegis_call_state *state, const aegis_endpoint *endpoint,
                       aegis_raw params)
{
    aegis_reply reply;

    atomic_store_explicit(&worker->until, (long long)state->call.deadline, memory_order_relaxed);
    atomic_store_explicit(&worker->serving, state->endpoint, memory_order_release);
    reply = aegis_call_run(state, endpoint, params);
    atomic_store_explicit(&worker->serving, 0, memory_order_relaxed);
    return reply;
}

/* What is well formed is run, if at `now` it still can. */
static aegis_reply dispatch(aegis_worker *worker, aegis_call_state *state, aegis_raw params, bool refuse,
                            int64_t now)
{
    aegis_service *service = state->service;
    const aegis_endpoint *endpoint = aegis_endpoint_find(service, state->call.method, false);
    const aegis_reply answered = {0};

    if (state->message.header_count > 0)
        aegis_call_read_trace(state);
    if (endpoint != NULL) {
        state->method = endpoint->method;
        state->endpoint = 1 + (size_t)(endpoint - service->type->endpoints);
        state->series = service->series[state->endpoint - 1];
    }
    if (refuse) {
        aegis_series_count(state->series, AEGIS_COUNT_REFUSED);
        aegis_reply_refuse(state, AEGIS_RESOURCE_EXHAUSTED, "the service is overloaded");
    } else if (atomic_load_explicit(&service->hard, memory_order_relaxed)) {
        aegis_reply_refuse(state, AEGIS_UNAVAILABLE, "the service is stopping");
    } else if (now >= state->call.deadline) {
        aegis_series_count(state->series, AEGIS_COUNT_EXPIRED);
        aegis_reply_refuse(state, AEGIS_DEADLINE_EXCEEDED, "the deadline passed before the call could start");
    } else if (endpoint == NULL) {
        aegis_reply_refuse(state, AEGIS_UNIMPLEMENTED,
                           aegis_arena_printf(state->call.arena, "%s has no method %s", service->type->name,
                                              state->call.method));
    } else {
        state->began = now;
        return run(worker, state, endpoint, params);
    }
    return answered;
}

/* A message becomes a call and, from `now`, its handler runs. True when the arena may be used again.
 * `*budget` is what the caller had left, 0 if it cannot be known. */
static bool serve(aegis_worker *worker, aegis_message *message, aegis_arena *arena, bool refuse, bool more,
                  int64_t now, aegis_duration *budget)
{
    aegis_service *service = worker->service;
    aegis_call_state *state = aegis_call_new(service, arena, message);
    aegis_error why = {0};
    aegis_raw params = {{NULL, 0}, AEGIS_FORMAT_AUTO};
    aegis_reply reply = {0};

    *budget = 0;

    if (state == NULL) {
        service->bus->port->ops->release(message);
        return true;
    }
    state->more = more;
    if (!open_request(state, &params, &why)) {
        aegis_reply_plain(state, AEGIS_INVALID_ARGUMENT,
                          aegis_arena_printf(arena, "the request is malformed: %s", why.text));
    } else if (!subject_agrees(state)) {
        aegis_reply_plain(state, AEGIS_INVALID_ARGUMENT,
                          "the request is malformed: method is not the one its subject names");
    } else {
        *budget = state->call.deadline - state->message.arrived;
        reply = dispatch(worker, state, params, refuse, now);
    }
    return aegis_call_end(state, reply);
}

static void pop_waiting(aegis_service *service, aegis_message *message)
{
    *message = service->waiting[service->waiting_first];
    service->waiting_first = (service->waiting_first + 1) % service->waiting_size;
    service->waiting_count--;
}

/* How many may wait: as many as there is room for, but not longer than three quarters of what callers usually
 * wait. Otherwise those that are started are those whose caller is about to give up, and all work is for
 * nothing. With the lock held. */
size_t aegis_rpc_places(const aegis_service *service)
{
    int64_t in_time;

    if (service->usual <= 0 || service->patience <= 0)
        return service->room;
    in_time = service->patience / 4 * 3 / service->usual * (int64_t)service->concurrency;
    if (in_time < (int64_t)service->concurrency)
        return service->concurrency;
    return in_time < (int64_t)service->room ? (size_t)in_time : service->room;
}

/* The last eight or so count. With the lock held. */
static void learn(aegis_duration *average, aegis_duration value)
{
    if (value > 0)
        *average = *average == 0 ? value : *average + (value - *average) / 8;
}

/* Whether one more may wait; with a free slot it will not have to. With the lock held. */
static bool admit(const aegis_service *service)
{
    const size_t free_slots = service->busy < service->concurrency ? service->concurrency - service->busy : 0;

    if (service->deferred_count >= AEGIS_DEFERRED_MAX || service->waiting_count >= service->waiting_size)
        return false;
    return service->waiting_count < free_slots + aegis_rpc_places(service);
}

/* With the lock held; the caller has seen that it may wait. */
static void let_wait(aegis_service *service, const aegis_message *message)
{
    service->waiting[(service->waiting_first + service->waiting_count++) % service->waiting_size] = *message;
}

/* What has come goes to the waiting room; what it does not hold stays with the worker, to be refused. Called
 * and returning with the lock held. */
static void read_requests(aegis_service *service, aegis_worker *worker)
{
    const aegis_port_ops *ops = service->bus->port->ops;
    aegis_status status;
    size_t count;
    size_t i;

    service->readers++;
    (void)pthread_mutex_unlock(&service->lock);
    status = ops->next_batch(service->requests, aegis_clock_monotonic() + READ_FOR, worker->batch,
                             AEGIS_BATCH, &count);
    (void)pthread_mutex_lock(&service->lock);
    service->readers--;
    if (status == AEGIS_UNAVAILABLE || atomic_load(&service->hard))
        service->ended = true;
    if (service->ended && service->readers > 0) /* the others go home one after the other */
        ops->wake(service->requests);
    for (i = 0; i < count && admit(service); i++)
        let_wait(service, &worker->batch[i]);
    worker->refused_first = i;
    worker->refused_end = count;
    service->refused += count - i;
}

/* The next message to serve; false when the service has ended. `*refuse`: answer it RESOURCE_EXHAUSTED. On
 * true the caller counts as busy unless it refuses. */
static bool take(aegis_worker *worker, aegis_message *message, bool *refuse)
{
    aegis_service *service = worker->service;

    for (;;) {
        *refuse = worker->refused_first < worker->refused_end;
        if (*refuse) {
            *message = worker->batch[worker->refused_first++];
            return true;
        }
        if (service->waiting_count > 0 && service->busy < service->concurrency) {
            pop_waiting(service, message);
            service->busy++;
            if (service->waiting_count > 0 && service->busy < service->concurrency && service->readers > 0)
                service->bus->port->ops->wake(service->requests); /* there is work for another */
            return true;
        }
        if (service->ended)
            return false;
        read_requests(service, worker);
    }
}

void *aegis_rpc_work(void *argument)
{
    aegis_worker *worker = (aegis_worker *)argument;
    aegis_service *service = worker->service;
    aegis_arena *arena = NULL;
    aegis_message message;
    aegis_duration budget;
    int64_t began;
    bool refuse, more;

    (void)pthread_mutex_lock(&service->lock);
    while (take(worker, &message, &refuse)) {
        more = service->waiting_count > 0;
        (void)pthread_mutex_unlock(&service->lock);
        began = aegis_clock_monotonic();
        arena = aegis_service_arena(service, arena);
        if (arena == NULL) { /* given up, and the port with it */
            (void)pthread_mutex_lock(&service->lock);
            break;
        }
        if (!serve(worker, &message, arena, refuse, more, began, &budget))
            arena = NULL;
        began = aegis_clock_monotonic() - began;
        (void)pthread_mutex_lock(&service->lock);
        if (refuse)
            continue;
        service->busy--;
        service->finished++;
        learn(&service->usual, began);
        learn(&service->patience, budget);
    }
    (void)pthread_mutex_unlock(&service->lock);
    aegis_arena_free(arena);
    aegis_service_thread_done(service);
    return NULL;
}

/* One message under an older name: to a worker, or refused. */
static void feed(aegis_worker *worker, aegis_message *message)
{
    aegis_service *service = worker->service;
    aegis_duration budget;
    aegis_arena *arena;
    bool admitted;

    (void)pthread_mutex_lock(&service->lock);
    admitted = admit(service);
    service->refused += !admitted;
    if (admitted)
        let_wait(service, message);
    if (admitted && service->busy < service->concurrency && service->readers > 0)
        service->bus->port->ops->wake(service->requests);
    (void)pthread_mutex_unlock(&service->lock);
    arena = admitted ? NULL : aegis_service_arena(service, NULL);
    if (arena != NULL && serve(worker, message, arena, true, false, aegis_clock_monotonic(), &budget))
        aegis_arena_free(arena);
}

void *aegis_rpc_feed(void *argument)
{
    aegis_worker *worker = (aegis_worker *)argument;
    aegis_service *service = worker->service;
    aegis_status status = AEGIS_OK;
    aegis_message message;

    while (status != AEGIS_UNAVAILABLE && !atomic_load(&service->hard)) {
        status = service->bus->port->ops->next(worker->older, aegis_clock_monotonic() + READ_FOR, &message);
        if (status == AEGIS_OK)
            feed(worker, &message);
    }
    (void)pthread_mutex_lock(&service->lock);
    service->feeders--;
    (void)pthread_mutex_unlock(&service->lock);
    aegis_service_thread_done(service);
    return NULL;
}
