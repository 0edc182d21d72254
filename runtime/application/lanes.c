#define _POSIX_C_SOURCE 200809L
#include "application/lanes.h"

#include "application/subscriptions.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* What of a lane is under way in all instances, waits for its time or for another attempt. */
#define COMMANDS_UNSETTLED 65536

static const struct {
    aegis_priority priority;
    uint32_t weight;
    const char *suffix;
} lanes_of_command[] = {
    {AEGIS_PRIORITY_NORMAL, 4, ""},
    {AEGIS_PRIORITY_LOW, 1, ".low"},
    {AEGIS_PRIORITY_HIGH, 8, ".high"},
    {AEGIS_PRIORITY_CRITICAL, 16, ".critical"},
};
#define LANES_OF_COMMAND (sizeof lanes_of_command / sizeof lanes_of_command[0])

const char *aegis_lane_suffix(aegis_priority priority)
{
    size_t i;

    for (i = 0; i < LANES_OF_COMMAND; i++) {
        if (lanes_of_command[i].priority == priority)
            return lanes_of_command[i].suffix;
    }
    return "";
}

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

/* One lane of a command under one of its names. */
static aegis_status open_command(aegis_service *service, const aegis_endpoint *endpoint,
                                 const char *service_name, const char *name, size_t which, aegis_lane *lane,
                                 aegis_error *error)
{
    aegis_consumer_config *config = &lane->config;
    const char *suffix = lanes_of_command[which].suffix;

    lane->endpoint = endpoint;
    lane->weight = lanes_of_command[which].weight;
    config->stream = aegis_bus_stream(service->bus, AEGIS_KIND_COMMANDS);
    config->filter = aegis_arena_printf(service->arena, "commands.%s.%s%s", service_name, name, suffix);
    config->durable = aegis_arena_printf(service->arena, "%s__%s%s%s", service_name, name,
                                         suffix[0] != '\0' ? "_" : "", suffix[0] != '\0' ? suffix + 1 : "");
    config->ack_wait = service->lease;
    config->max_ack_pending = COMMANDS_UNSETTLED;
    if (config->filter == NULL || config->durable == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    return aegis_lane_open(service, config, lane, error);
}

/* Under every pair of names that service and command have or had. */
static aegis_status open_command_names(aegis_service *service, const aegis_endpoint *endpoint,
                                       aegis_error *error)
{
    const aegis_service_type *type = service->type;
    const aegis_method *method = endpoint->method;
    aegis_status status = AEGIS_OK;
    size_t i;
    size_t j;
    size_t k;

    for (i = 0; i <= type->was_count; i++) {
        for (j = 0; j <= method->was_count; j++) {
            for (k = 0; status == AEGIS_OK && k < (method->lanes ? LANES_OF_COMMAND : 1); k++)
                status = open_command(service, endpoint, i == 0 ? type->name : type->was[i - 1],
                                      j == 0 ? method->name : method->was[j - 1], k,
                                      &service->lanes[service->lane_count++], error);
        }
    }
    return status;
}

static aegis_status open_commands(aegis_service *service, aegis_error *error)
{
    aegis_port *port = service->bus->port;
    aegis_status status = AEGIS_OK;
    size_t i;
    bool any = false;

    for (i = 0; i < service->type->endpoint_count; i++) {
        const aegis_endpoint *endpoint = &service->type->endpoints[i];

        if (!endpoint->method->command)
            continue;
        if (!any)
            status = aegis_bus_ensure(service->bus, AEGIS_KIND_COMMANDS, error);
        if (!any && status == AEGIS_OK)
            status = aegis_bus_ensure(service->bus, AEGIS_KIND_RECORDS, error);
        if (!any && status == AEGIS_OK && !aegis_cancels_prepare(service))
            status = aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
        any = true;
        if (status == AEGIS_OK)
            status = open_command_names(service, endpoint, error);
        if (status != AEGIS_OK)
            return status;
    }
    return any ? port->ops->subscribe(port, "commands.cancel.*", NULL, 0, true, &service->cancels, error)
               : AEGIS_OK;
}

static size_t lanes_at_most(const aegis_service_type *type)
{
    size_t most = 1 + aegis_subscriptions_count(type);
    size_t i;

    for (i = 0; i < type->endpoint_count; i++)
        most += LANES_OF_COMMAND * (1 + type->was_count) * (1 + type->endpoints[i].method->was_count);
    return most;
}

aegis_status aegis_lanes_open(aegis_service *service, aegis_error *error)
{
    const aegis_service_type *type = service->type;
    size_t most = lanes_at_most(type);
    aegis_status status;
    size_t i;

    service->lanes = (aegis_lane *)aegis_arena_alloc(service->arena, most * sizeof *service->lanes);
    if (service->lanes == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    memset(service->lanes, 0, most * sizeof *service->lanes);
    for (i = 0; i < most; i++)
        service->lanes[i].service = service;

    status = aegis_subscriptions_open(service, error);
    if (status == AEGIS_OK)
        status = open_commands(service, error);
    for (i = 0; i < service->lane_count; i++)
        (void)pthread_mutex_init(&service->lanes[i].turn, NULL);
    return status;
}
