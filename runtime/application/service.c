/* Starting and stopping a service. Starting makes streams, consumers and sources first and the request
 * subscription last, so that a service which answers is complete. Stopping is the reverse in time: the inflow
 * stops, what runs is finished, what did not start is handed back; only then is anything freed. A handler
 * that outlives the drain is left alone: it keeps the service's memory, not the port. */
#define _POSIX_C_SOURCE 200809L
#include "application/service.h"

#include <stdio.h>
#include <string.h>

#include "application/describe.h"
#include "application/lanes.h"
#include "application/presence.h"
#include "application/registry.h"
#include "application/subscriptions.h"
#include "application/wellbeing.h"

#define DEFAULT_ROOM  256
#define DEFAULT_DRAIN (30 * AEGIS_SECOND)
#define DEFAULT_LEASE (10 * AEGIS_SECOND)
#define LEAST_LEASE   (100 * AEGIS_MILLISECOND)
/* How long handlers that ask aegis_call_cancelled have to notice, once the drain is over. */
#define HARD_GRACE           (AEGIS_SECOND / 2)
#define WAIT_SLICE           (20 * AEGIS_MILLISECOND)
#define SERVICES_MAX_THREADS 4096

bool aegis_service_enter(aegis_service *service)
{
    (void)atomic_fetch_add(&service->inside, 1);
    if (!atomic_load(&service->abandoned))
        return true;
    (void)atomic_fetch_sub(&service->inside, 1);
    return false;
}

void aegis_service_leave(aegis_service *service)
{
    (void)atomic_fetch_sub(&service->inside, 1);
}

aegis_arena *aegis_service_arena(aegis_service *service, aegis_arena *arena)
{
    if (arena != NULL) {
        aegis_arena_reset(arena);
        return arena;
    }
    while ((arena = aegis_arena_new(service->bus->allocator)) == NULL && !atomic_load(&service->abandoned))
        aegis_pause(10 * AEGIS_MILLISECOND);
    return arena;
}

const char *aegis_service_instance(const aegis_service *service)
{
    return service->instance;
}

/* ---- memory ------------------------------------------------------------------------------------------- */

static void free_memory(aegis_service *service)
{
    const aegis_allocator *allocator = service->allocator;
    aegis_bus *bus = service->bus;
    size_t i;

    for (i = 0; i < service->lane_count; i++)
        (void)pthread_mutex_destroy(&service->lanes[i].turn);
    (void)pthread_cond_destroy(&service->changed);
    (void)pthread_cond_destroy(&service->slot);
    (void)pthread_cond_destroy(&service->leased);
    (void)pthread_mutex_destroy(&service->lock);
    (void)pthread_mutex_destroy(&service->progress);
    aegis_memory_put(allocator, service->watches, service->watch_size * sizeof *service->watches);
    aegis_callers_free(service->callers);
    aegis_arena_free(service->arena);
    aegis_memory_put(allocator, service, sizeof *service);
    aegis_bus_drop(bus);
}

void aegis_service_drop(aegis_service *service)
{
    bool last;

    (void)pthread_mutex_lock(&service->lock);
    last = --service->references == 0;
    (void)pthread_mutex_unlock(&service->lock);
    if (last)
        free_memory(service);
}

void aegis_service_thread_done(aegis_service *service)
{
    (void)pthread_mutex_lock(&service->lock);
    service->alive--;
    (void)pthread_cond_broadcast(&service->changed);
    (void)pthread_mutex_unlock(&service->lock);
    aegis_service_drop(service);
}

static void init_locks(aegis_service *service)
{
    (void)pthread_mutex_init(&service->lock, NULL);
    (void)pthread_mutex_init(&service->progress, NULL);
    (void)aegis_condition_init(&service->changed);
    (void)aegis_condition_init(&service->slot);
    (void)aegis_condition_init(&service->leased);
    aegis_list_init(&service->deferred);
    aegis_list_init(&service->running);
    aegis_list_init(&service->leases);
    aegis_list_init(&service->held_back);
    aegis_list_init(&service->kept);
}

static void set_options(aegis_service *service, const aegis_service_options *options)
{
    static const aegis_service_options none = {0};
    const aegis_service_options *chosen = options != NULL ? options : &none;

    if (chosen->instance != NULL)
        (void)snprintf(service->instance, sizeof service->instance, "%s", chosen->instance);
    else
        aegis_instance_name(service->type->name, service->instance, sizeof service->instance);
    service->concurrency = chosen->concurrency != 0 ? chosen->concurrency : 1;
    service->room = chosen->waiting_room != 0 ? chosen->waiting_room : DEFAULT_ROOM;
    service->drain_timeout = chosen->drain_timeout > 0 ? chosen->drain_timeout : DEFAULT_DRAIN;
    service->slots = service->concurrency;
    service->lease = chosen->lease > 0 ? chosen->lease : DEFAULT_LEASE;
    if (service->lease < LEAST_LEASE)
        service->lease = LEAST_LEASE;
    service->started_at = aegis_now();
    service->registrant.unlisted = chosen->unlisted;
    service->wellbeing.healthy = chosen->healthy;
    service->wellbeing.well = true;
}

/* What its endpoints are counted in, and the waiting room. */
static bool get_room(aegis_service *service)
{
    const aegis_service_type *type = service->type;
    size_t i;

    service->waiting_size = service->room + service->concurrency;
    service->waiting =
        (aegis_message *)aegis_arena_alloc(service->arena, service->waiting_size * sizeof *service->waiting);
    service->series =
        (aegis_series **)aegis_arena_alloc(service->arena, type->endpoint_count * sizeof *service->series);
    for (i = 0; service->series != NULL && i < type->endpoint_count; i++)
        service->series[i] =
            aegis_series_of(service->bus, type->name, type->endpoints[i].method->name,
                            type->endpoints[i].method->command ? AEGIS_SERIES_COMMAND : AEGIS_SERIES_SERVER);
    service->callers = aegis_callers_new(service->allocator, type->endpoint_count + type->subscription_count);
    return service->waiting != NULL && service->series != NULL && service->callers != NULL;
}

static aegis_service *new_service(aegis_bus *bus, const aegis_service_type *type,
                                  const aegis_service_options *options)
{
    aegis_service *service = (aegis_service *)aegis_memory_get(bus->allocator, sizeof *service);

    if (service == NULL)
        return NULL;
    aegis_bus_keep(bus);
    service->bus = bus;
    service->allocator = bus->allocator;
    service->type = type;
    service->references = 1;
    init_locks(service);
    set_options(service, options);
    service->arena = aegis_arena_new(bus->allocator);
    if (service->arena != NULL && get_room(service))
        return service;
    free_memory(service);
    return NULL;
}

/* ---- threads ------------------------------------------------------------------------------------------ */

static bool start_thread(aegis_service *service, aegis_worker *worker, void *(*work)(void *))
{
    (void)pthread_mutex_lock(&service->lock);
    service->alive++;
    service->references++;
    (void)pthread_mutex_unlock(&service->lock);
    worker->started = pthread_create(&worker->thread, NULL, work, worker) == 0;
    if (!worker->started) {
        (void)pthread_mutex_lock(&service->lock);
        service->alive--;
        service->references--;
        (void)pthread_mutex_unlock(&service->lock);
    }
    return worker->started;
}

/* Those of commands belong to no lane: there is one a lane, and one for each that may run besides. */
static uint32_t threads_of(const aegis_lane *lane)
{
    return lane->endpoint != NULL ? 1 : lane->intake->slots;
}

static bool add_worker(aegis_service *service, aegis_lane *lane, void *(*work)(void *))
{
    aegis_worker *worker = &service->workers[service->worker_count++];

    worker->service = service;
    worker->lane = lane;
    if (lane == NULL)
        worker->batch =
            (aegis_message *)aegis_arena_alloc(service->arena, AEGIS_BATCH * sizeof *worker->batch);
    if (lane == NULL && worker->batch == NULL)
        return false;
    return start_thread(service, worker, work);
}

static bool add_feeder(aegis_service *service, aegis_source *source)
{
    service->workers[service->worker_count].older = source;
    (void)pthread_mutex_lock(&service->lock);
    service->feeders++;
    (void)pthread_mutex_unlock(&service->lock);
    if (add_worker(service, NULL, aegis_rpc_feed))
        return true;
    (void)pthread_mutex_lock(&service->lock);
    service->feeders--;
    (void)pthread_mutex_unlock(&service->lock);
    return false;
}

static void *(*work_of(const aegis_lane *lane))(void *)
{
    return lane->endpoint != NULL ? aegis_commands_work : aegis_events_work;
}

static aegis_status start_threads(aegis_service *service, aegis_error *error)
{
    size_t wanted = service->requests != NULL ? (size_t)service->concurrency + 1 + service->older_count : 0;
    const uint32_t runners = service->cancels != NULL ? service->concurrency : 0;
    size_t i;
    uint32_t k;
    bool fine = true;

    wanted += runners;
    for (i = 0; i < service->lane_count; i++)
        wanted += threads_of(&service->lanes[i]);
    if (wanted > SERVICES_MAX_THREADS)
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "concurrency asks for %zu threads; at most %d",
                               wanted, SERVICES_MAX_THREADS);
    service->workers =
        (aegis_worker *)aegis_arena_alloc(service->arena, (wanted + 1) * sizeof *service->workers);
    if (service->workers == NULL)
        return aegis_no_memory(error);
    memset(service->workers, 0, (wanted + 1) * sizeof *service->workers);
    service->keeper_started = pthread_create(&service->keeper, NULL, aegis_keeper_work, service) == 0;
    fine = service->keeper_started;
    if (fine && service->cancels != NULL)
        fine = service->leaser_started =
            pthread_create(&service->leaser, NULL, aegis_leases_work, service) == 0;
    for (k = 0; fine && service->requests != NULL && k <= service->concurrency; k++)
        fine = add_worker(service, NULL, aegis_rpc_work);
    for (i = 0; fine && i < service->older_count; i++)
        fine = add_feeder(service, service->older[i]);
    for (i = 0; fine && i < service->lane_count; i++) {
        for (k = 0; fine && k < threads_of(&service->lanes[i]); k++)
            fine = add_worker(service, &service->lanes[i], work_of(&service->lanes[i]));
    }
    for (k = 0; fine && k < runners; k++)
        fine = add_worker(service, &service->lanes[0], aegis_commands_work);
    if (!fine)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no more threads");
    return AEGIS_OK;
}

/* ---- start -------------------------------------------------------------------------------------------- */

static aegis_status subscribe_as(aegis_service *service, const char *name, aegis_source **source,
                                 aegis_error *error)
{
    aegis_port *port = service->bus->port;
    char subject[160];
    char queue[160];

    (void)snprintf(subject, sizeof subject, "rpc.%s.*", name);
    (void)snprintf(queue, sizeof queue, "rpc.%s", name);
    return port->ops->subscribe(port, subject, queue, 0, false, source, error);
}

/* The older names first: who has found the service under its present one finds it under all. */
static aegis_status subscribe_requests(aegis_service *service, aegis_error *error)
{
    const aegis_service_type *type = service->type;
    aegis_status status = AEGIS_OK;
    size_t i;

    for (i = 0; i < service->type->endpoint_count; i++) {
        if (!service->type->endpoints[i].method->command)
            break;
    }
    if (i == service->type->endpoint_count)
        return AEGIS_OK;
    service->older =
        (aegis_source **)aegis_arena_alloc(service->arena, (type->was_count + 1) * sizeof(aegis_source *));
    if (service->older == NULL)
        return aegis_no_memory(error);
    for (i = 0; status == AEGIS_OK && i < type->was_count; i++) {
        status = subscribe_as(service, type->was[i], &service->older[i], error);
        service->older_count += status == AEGIS_OK;
    }
    return status != AEGIS_OK ? status : subscribe_as(service, type->name, &service->requests, error);
}

aegis_status aegis_service_start(aegis_bus *bus, const aegis_service_type *type, const void *ops, void *user,
                                 const aegis_service_options *options, aegis_service **out,
                                 aegis_error *error)
{
    aegis_service *service = new_service(bus, type, options);
    aegis_status status;

    *out = NULL;
    if (service == NULL)
        return aegis_no_memory(error);
    service->ops = ops;
    service->user = user;
    (void)pthread_mutex_lock(&bus->lock);
    service->next = bus->services;
    bus->services = service;
    (void)pthread_mutex_unlock(&bus->lock);
    status = aegis_presence_start(bus, error);
    if (status == AEGIS_OK)
        status = aegis_lanes_open(service, error);
    if (status == AEGIS_OK)
        status = aegis_describe_open(service, error);
    if (status == AEGIS_OK)
        status = subscribe_requests(service, error);
    if (status == AEGIS_OK)
        status = start_threads(service, error);
    if (status != AEGIS_OK) {
        aegis_service_stop(service);
        return status;
    }
    atomic_store(&service->opened, true);
    (void)pthread_mutex_lock(&service->lock);
    service->registrant.listed = !service->registrant.unlisted;
    (void)pthread_mutex_unlock(&service->lock);
    aegis_presence_nudge(bus);
    *out = service;
    return AEGIS_OK;
}

/* ---- stop --------------------------------------------------------------------------------------------- */

/* The older names first: what has come under them is with the workers before those are told that nothing more
 * will come. */
static void drain_requests(aegis_service *service)
{
    const aegis_port_ops *ops = service->bus->port->ops;
    bool feeding = service->older_count > 0;
    size_t i;

    for (i = 0; i < service->older_count; i++)
        (void)ops->drain(service->older[i], service->drain_deadline);
    while (feeding && aegis_clock_monotonic() < service->drain_deadline) {
        (void)pthread_mutex_lock(&service->lock);
        feeding = service->feeders > 0;
        (void)pthread_mutex_unlock(&service->lock);
        if (feeding)
            aegis_pause(AEGIS_MILLISECOND);
    }
    if (service->requests != NULL && ops->drain(service->requests, service->drain_deadline) != AEGIS_OK)
        aegis_log_write(&service->bus->log, AEGIS_LOG_WARNING, "%s: the subscription could not be drained",
                        service->type->name);
}

/* Nothing new comes in after this. */
static void drain_begin(aegis_service *service)
{
    const aegis_port_ops *ops = service->bus->port->ops;
    size_t i;

    if (atomic_exchange(&service->stopping, true))
        return;
    service->drain_deadline = aegis_clock_monotonic() + service->drain_timeout;
    aegis_presence_nudge(service->bus); /* to tell it */
    drain_requests(service);
    for (i = 0; i < service->lane_count; i++) {
        if (service->lanes[i].source != NULL) /* what comes yet is handed back when it is closed */
            (void)ops->drain(service->lanes[i].source, service->drain_deadline);
    }
    (void)pthread_mutex_lock(&service->lock);
    (void)pthread_cond_broadcast(&service->slot);
    (void)pthread_mutex_unlock(&service->lock);
}

/* Calls that wait for their reply function. Those the keeper has answered are no reason to wait. With the
 * lock held. */
static size_t unanswered(const aegis_service *service)
{
    const aegis_list *item;
    size_t count = 0;

    for (item = service->deferred.next; item != &service->deferred; item = item->next) {
        const aegis_call_state *state =
            (const aegis_call_state *)(const void *)((const char *)item -
                                                     offsetof(aegis_call_state, deferred));

        count += !atomic_load(&state->expired);
    }
    return count;
}

/* Until nothing runs any more, the deadline, or (with `hurry`) a second signal. */
static bool wait_idle(aegis_service *service, int64_t deadline, bool hurry)
{
    bool idle;

    (void)pthread_mutex_lock(&service->lock);
    for (;;) {
        int64_t until = aegis_clock_monotonic() + WAIT_SLICE;

        idle = service->alive == 0 && unanswered(service) == 0;
        if (idle || until - WAIT_SLICE >= deadline || (hurry && aegis_bus_hurried(service->bus)))
            break;
        (void)aegis_condition_wait(&service->changed, &service->lock, until);
    }
    (void)pthread_mutex_unlock(&service->lock);
    return idle;
}

/* No more patience: handlers see it in aegis_call_cancelled, threads that wait go home. */
static void stop_hard(aegis_service *service)
{
    size_t i;

    atomic_store(&service->hard, true);
    if (service->requests != NULL)
        service->bus->port->ops->wake(service->requests);
    for (i = 0; i < service->older_count; i++)
        service->bus->port->ops->wake(service->older[i]);
    (void)wait_idle(service, aegis_clock_monotonic() + HARD_GRACE, false);
}

/* The keeper, then every source; from here on no thread of this service uses the port. */
static void let_go_of_port(aegis_service *service)
{
    const aegis_port_ops *ops = service->bus->port->ops;
    size_t i;

    (void)pthread_mutex_lock(&service->lock);
    service->draining = true;
    (void)pthread_cond_broadcast(&service->leased);
    (void)pthread_mutex_unlock(&service->lock);
    aegis_keeper_nudge(service);
    if (service->leaser_started)
        (void)pthread_join(service->leaser, NULL);
    if (service->keeper_started)
        (void)pthread_join(service->keeper, NULL);
    aegis_keeper_last(service);
    atomic_store(&service->abandoned, true);
    while (atomic_load(&service->inside) != 0)
        aegis_pause(AEGIS_MILLISECOND);
    (void)pthread_mutex_lock(&service->lock);
    while (service->readers > 0 || service->feeders > 0) {
        (void)pthread_mutex_unlock(&service->lock);
        aegis_pause(AEGIS_MILLISECOND);
        (void)pthread_mutex_lock(&service->lock);
    }
    (void)pthread_mutex_unlock(&service->lock);
    if (service->requests != NULL)
        ops->close_source(service->requests);
    for (i = 0; i < service->older_count; i++)
        ops->close_source(service->older[i]);
    for (i = 0; i < service->lane_count; i++) {
        (void)pthread_mutex_lock(&service->lanes[i].turn);
        if (service->lanes[i].source != NULL)
            ops->close_source(service->lanes[i].source);
        service->lanes[i].source = NULL;
        (void)pthread_mutex_unlock(&service->lanes[i].turn);
    }
    aegis_describe_close(service);
    aegis_subscriptions_close(service);
    if (service->cancels != NULL)
        ops->close_source(service->cancels);
    (void)ops->flush(service->bus->port, aegis_clock_monotonic() + AEGIS_SECOND, NULL);
}

static void drain_finish(aegis_service *service)
{
    bool idle;
    size_t i;

    if (service->stopped)
        return;
    idle = wait_idle(service, service->drain_deadline, true);
    if (!idle) {
        stop_hard(service);
        idle = wait_idle(service, 0, false);
    }
    aegis_wellbeing_end(service);
    aegis_registry_leave(service);
    let_go_of_port(service);
    if (!idle)
        aegis_log_write(&service->bus->log, AEGIS_LOG_WARNING,
                        "%s: %u handlers and %zu deferred calls outlived it", service->type->name,
                        service->alive, service->deferred_count);
    for (i = 0; i < service->worker_count; i++) {
        if (!service->workers[i].started)
            continue;
        if (idle)
            (void)pthread_join(service->workers[i].thread, NULL);
        else
            (void)pthread_detach(service->workers[i].thread);
    }
    service->stopped = true;
}

void aegis_bus_drain(aegis_bus *bus)
{
    aegis_service *service;

    for (service = bus->services; service != NULL; service = service->next)
        drain_begin(service);
    for (service = bus->services; service != NULL; service = service->next)
        drain_finish(service);
}

void aegis_bus_lay(aegis_bus *bus, int64_t now)
{
    aegis_service **at = &bus->ghosts;

    (void)pthread_mutex_lock(&bus->lock);
    while (*at != NULL) {
        aegis_service *service = *at;

        aegis_keeper_forget(service, now);
        if (service->deferred_count > 0) {
            at = &service->next;
        } else {
            *at = service->next;
            aegis_service_drop(service);
        }
    }
    (void)pthread_mutex_unlock(&bus->lock);
}

void aegis_service_stop(aegis_service *service)
{
    aegis_service **at;

    if (service == NULL)
        return;
    drain_begin(service);
    drain_finish(service);
    (void)pthread_mutex_lock(&service->bus->lock);
    for (at = &service->bus->services; *at != NULL; at = &(*at)->next) {
        if (*at == service) {
            *at = service->next;
            break;
        }
    }
    service->next = service->bus->ghosts;
    service->bus->ghosts = service;
    (void)pthread_mutex_unlock(&service->bus->lock);
    aegis_bus_lay(service->bus, aegis_clock_monotonic());
}
