/* Everything that was counted, and how things are now, into an arena. Names that are not generated code's are
 * copied: who reads may keep the figures for longer than a client or a service lives. Lists are in the order
 * of names, so that a reader finds the same at the same place each time. */
#include <stdlib.h>
#include <string.h>

#include "application/client.h"
#include "application/load.h"
#include "application/service.h"

/* ---- methods, and what is sent ------------------------------------------------------------------------ */

static void fill_method(const aegis_series *series, const aegis_counted *counted, aegis_method_metrics *out)
{
    out->service = series->service;
    out->method = series->method;
    out->server = series->kind != AEGIS_SERIES_CLIENT;
    out->command = series->kind == AEGIS_SERIES_COMMAND;
    memcpy(out->status, counted->status, sizeof out->status);
    out->in_flight = counted->in_flight;
    out->running = out->waiting = 0; /* what services add is of this moment */
    out->retried = counted->counts[AEGIS_COUNT_RETRIED];
    out->hedged = counted->counts[AEGIS_COUNT_HEDGED];
    out->refused = counted->counts[AEGIS_COUNT_REFUSED];
    out->expired = counted->counts[AEGIS_COUNT_EXPIRED];
    out->latency = counted->latency;
    out->failed = counted->failed;
}

static void fill_sending(const aegis_series *series, const aegis_counted *counted, aegis_sending_metrics *out)
{
    out->subject = series->method;
    memcpy(out->status, counted->status, sizeof out->status);
    out->in_flight = counted->in_flight;
    out->latency = counted->latency;
    out->failed = counted->failed;
}

static int by_method(const void *a, const void *b)
{
    const aegis_method_metrics *one = (const aegis_method_metrics *)a, *two = (const aegis_method_metrics *)b;
    const int services = strcmp(one->service, two->service);
    const int methods = services != 0 ? services : strcmp(one->method, two->method);

    return methods != 0 ? methods : one->server - two->server;
}

static int by_subject(const void *a, const void *b)
{
    return strcmp(((const aegis_sending_metrics *)a)->subject, ((const aegis_sending_metrics *)b)->subject);
}

/* What a service is busy with, to what its methods have counted; several instances are added up. */
static bool add_load(aegis_service *service, aegis_arena *arena, const aegis_metrics *out,
                     aegis_method_metrics *methods)
{
    const aegis_load *load = aegis_load_read(service, arena);
    size_t i;

    for (i = 0; load != NULL && i < service->type->endpoint_count; i++) {
        const aegis_method_metrics wanted = {.service = service->type->name,
                                             .method = service->type->endpoints[i].method->name,
                                             .server = true};
        aegis_method_metrics *found =
            (aegis_method_metrics *)bsearch(&wanted, methods, out->method_count, sizeof wanted, by_method);

        if (found == NULL) /* beyond those that are counted */
            continue;
        found->running += load[i].running;
        found->waiting += load[i].waiting;
    }
    return load != NULL;
}

static bool read_series(const aegis_bus *bus, aegis_arena *arena, aegis_metrics *out)
{
    const aegis_series *series;
    aegis_method_metrics *methods;
    aegis_sending_metrics *sendings;
    aegis_counted counted;
    aegis_service *service;
    bool good = true;
    size_t count = 0;

    for (series = bus->series; series != NULL; series = series->next)
        count += series->kind == AEGIS_SERIES_SENDING;
    methods = (aegis_method_metrics *)aegis_arena_alloc(arena, (bus->series_count - count) * sizeof *methods);
    sendings = (aegis_sending_metrics *)aegis_arena_alloc(arena, count * sizeof *sendings);
    if (methods == NULL || sendings == NULL)
        return false;
    for (series = bus->series; series != NULL; series = series->next) {
        aegis_series_read(series, &counted);
        if (series->kind == AEGIS_SERIES_SENDING)
            fill_sending(series, &counted, &sendings[out->sending_count++]);
        else
            fill_method(series, &counted, &methods[out->method_count++]);
    }
    qsort(methods, out->method_count, sizeof *methods, by_method);
    qsort(sendings, out->sending_count, sizeof *sendings, by_subject);
    out->methods = methods;
    out->sendings = sendings;
    for (service = bus->services; good && service != NULL; service = service->next)
        good = add_load(service, arena, out, methods);
    return good;
}

/* ---- consumers ---------------------------------------------------------------------------------------- */

static int by_consumer(const void *a, const void *b)
{
    const aegis_consumer_metrics *one = (const aegis_consumer_metrics *)a;
    const aegis_consumer_metrics *two = (const aegis_consumer_metrics *)b;
    const int services = strcmp(one->service, two->service);

    return services != 0 ? services : strcmp(one->subject, two->subject);
}

static bool read_consumers(const aegis_bus *bus, aegis_arena *arena, aegis_metrics *out)
{
    aegis_consumer_metrics *consumers =
        (aegis_consumer_metrics *)aegis_arena_alloc(arena, bus->tally_count * sizeof *consumers);

    if (consumers == NULL)
        return false;
    aegis_tallies_read(bus, consumers, bus->tally_count);
    out->consumers = consumers;
    out->consumer_count = bus->tally_count;
    qsort(consumers, out->consumer_count, sizeof *consumers, by_consumer);
    return true;
}

/* ---- clients, services, the connection ------------------------------------------------------------------
 */

static size_t peers_of(const aegis_bus *bus)
{
    const aegis_client *client;
    const aegis_peer *peer;
    size_t count = 0;

    for (client = bus->clients; client != NULL; client = client->next) {
        for (peer = atomic_load(&client->peers); peer != NULL; peer = peer->next)
            count++;
    }
    return count;
}

/* At most `count` of them: more may have been met since they were counted. */
static bool read_peers(const aegis_bus *bus, aegis_arena *arena, aegis_breaker_metrics *out, size_t count)
{
    const aegis_client *client;
    aegis_peer *peer;
    size_t i = 0;

    for (client = bus->clients; client != NULL; client = client->next) {
        for (peer = atomic_load(&client->peers); peer != NULL && i < count; peer = peer->next, i++) {
            out[i].service = aegis_arena_strdup(arena, peer->service);
            out[i].client = aegis_arena_strdup(arena, client->source);
            out[i].state = (aegis_breaker_state)atomic_load(&peer->breaker.state);
            out[i].opened = atomic_load(&peer->breaker.opened);
            out[i].rejected = atomic_load(&peer->breaker.rejected);
            if (out[i].service == NULL || out[i].client == NULL)
                return false;
        }
    }
    return true;
}

static bool read_services(const aegis_bus *bus, aegis_arena *arena, aegis_service_metrics *out)
{
    aegis_service *service;

    for (service = bus->services; service != NULL; service = service->next, out++) {
        out->service = service->type->name; /* generated code's: it stays */
        out->instance = aegis_arena_strdup(arena, service->instance);
        out->concurrency = service->concurrency;
        (void)pthread_mutex_lock(&service->lock);
        out->running = service->busy;
        out->waiting = (uint32_t)service->waiting_count;
        out->deferred = (uint32_t)service->deferred_count;
        (void)pthread_mutex_unlock(&service->lock);
        if (out->instance == NULL)
            return false;
    }
    return true;
}

static bool read_connection(const aegis_bus *bus, aegis_arena *arena, aegis_connection_metrics *out)
{
    aegis_health health;

    memset(&health, 0, sizeof health);
    bus->port->ops->health(bus->port, &health);
    out->server = aegis_arena_strdup(arena, health.server);
    out->connected = health.connected;
    out->durable = health.durable;
    out->connections = health.connections;
    out->reconnects = health.reconnects;
    out->lame_ducks = health.lame_ducks;
    out->dropped = health.dropped;
    out->resent = health.resent;
    out->messages_in = health.messages_in;
    out->bytes_in = health.bytes_in;
    out->messages_out = health.messages_out;
    out->bytes_out = health.bytes_out;
    return out->server != NULL;
}

/* With the bus's lock held, so that no client and no service goes. */
static bool read_all(aegis_bus *bus, aegis_arena *arena, aegis_metrics *out)
{
    aegis_breaker_metrics *breakers;
    aegis_service_metrics *services;
    const aegis_service *service;

    out->breaker_count = peers_of(bus);
    for (service = bus->services; service != NULL; service = service->next)
        out->service_count++;
    breakers = (aegis_breaker_metrics *)aegis_arena_alloc(arena, out->breaker_count * sizeof *breakers);
    services = (aegis_service_metrics *)aegis_arena_alloc(arena, out->service_count * sizeof *services);
    if (breakers == NULL || services == NULL)
        return false;
    out->breakers = breakers;
    out->services = services;
    return read_series(bus, arena, out) && read_consumers(bus, arena, out) &&
           read_peers(bus, arena, breakers, out->breaker_count) && read_services(bus, arena, services);
}

aegis_status aegis_metrics_gather(aegis_bus *bus, aegis_arena *arena, aegis_metrics *metrics,
                                  aegis_error *error)
{
    bool good;

    memset(metrics, 0, sizeof *metrics);
    (void)pthread_mutex_lock(&bus->lock);
    good = read_all(bus, arena, metrics);
    (void)pthread_mutex_unlock(&bus->lock);
    good = good && read_connection(bus, arena, &metrics->connection);
    if (good)
        return AEGIS_OK;
    memset(metrics, 0, sizeof *metrics);
    return aegis_no_memory(error);
}

aegis_status aegis_metrics_read(aegis_bus *bus, aegis_arena *arena, aegis_metrics *metrics,
                                aegis_error *error)
{
    atomic_store(&bus->metrics_read_at, aegis_clock_monotonic());
    return aegis_metrics_gather(bus, arena, metrics, error);
}
