/* Opening what a service reads durably: its streams first, then a consumer and a source a lane. */
#define _POSIX_C_SOURCE 200809L
#include "application/lanes.h"

#include <string.h>

#include "application/needs.h"
#include "application/subscriptions.h"

aegis_status aegis_lane_open(aegis_service *service, const aegis_consumer_config *config, aegis_lane *lane,
                             aegis_error *error)
{
    aegis_port *port = service->bus->port;
    aegis_status status =
        port->ops->ensure_consumer(port, config, aegis_clock_monotonic() + AEGIS_MANAGE_TIMEOUT, error);

    if (status != AEGIS_OK)
        return status;
    return port->ops->consume(port, config->stream, config->durable, &lane->source, error);
}

/* The stream that lanes of this kind read, and where it is recorded what became of its messages. */
static aegis_status ensure(aegis_service *service, bool commands, aegis_error *error)
{
    aegis_status status =
        aegis_bus_ensure(service->bus, commands ? AEGIS_KIND_COMMANDS : AEGIS_KIND_EVENTS, error);

    if (status == AEGIS_OK)
        status = aegis_bus_ensure(service->bus, commands ? AEGIS_KIND_RECORDS : AEGIS_KIND_TRIES, error);
    if (status == AEGIS_OK && commands && !aegis_cancels_prepare(service))
        status = aegis_no_memory(error);
    return status;
}

static aegis_status open_lane(aegis_service *service, const aegis_need *need, aegis_error *error)
{
    aegis_lane *lane = &service->lanes[service->lane_count++];

    if (need->subscription != NULL)
        return aegis_subscription_open(lane, need, error);
    lane->tally = aegis_tally_of(service->bus, service->type->name, need->endpoint->method->name,
                                 need->config.filter, true);
    lane->endpoint = need->endpoint;
    lane->weight = need->weight;
    lane->config = need->config;
    return aegis_lane_open(service, &lane->config, lane, error);
}

static aegis_status open_lanes(aegis_service *service, const aegis_needs *needs, aegis_error *error)
{
    aegis_port *port = service->bus->port;
    bool ready[2] = {false, false};
    aegis_status status = AEGIS_OK;

    for (size_t i = 0; status == AEGIS_OK && i < needs->count; i++) {
        const bool commands = needs->items[i].subscription == NULL;

        if (!ready[commands])
            status = ensure(service, commands, error);
        ready[commands] = true;
        if (status == AEGIS_OK)
            status = open_lane(service, &needs->items[i], error);
    }
    if (status == AEGIS_OK && ready[true])
        status = port->ops->subscribe(port, "commands.cancel.*", NULL, 0, true, &service->cancels, error);
    return status;
}

aegis_status aegis_lanes_open(aegis_service *service, aegis_error *error)
{
    aegis_needs needs;
    aegis_status status =
        aegis_needs_list(service->bus, service->type, service->lease, service->arena, &needs, error);

    if (status != AEGIS_OK)
        return status;
    service->lanes = (aegis_lane *)aegis_arena_alloc(service->arena, needs.count * sizeof *service->lanes);
    if (service->lanes == NULL)
        return aegis_no_memory(error);
    memset(service->lanes, 0, needs.count * sizeof *service->lanes);
    for (size_t i = 0; i < needs.count; i++)
        service->lanes[i].service = service;
    status = open_lanes(service, &needs, error);
    for (size_t i = 0; i < service->lane_count; i++)
        (void)pthread_mutex_init(&service->lanes[i].turn, NULL);
    return status;
}
