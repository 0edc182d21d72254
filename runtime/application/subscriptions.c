/* The consumers behind a service's subscriptions: a durable one shared by all instances, one for the pattern
 * and one for each older name of what it selects. With @broadcast it is this instance's alone: its name ends
 * in something random, it is deleted when the service stops, and the server forgets it when the instance died
 * without stopping. */
#include "application/subscriptions.h"

#include <stdio.h>
#include <string.h>

#include "application/lanes.h"

/* How long a broadcast consumer outlives its last reader: an instance that is cut off for longer begins anew
 * where it left off. */
#define INACTIVE (5 * AEGIS_MINUTE)
/* For the server to delete one, when the service stops. */
#define DELETE_TIMEOUT AEGIS_SECOND

static const char *own_name(const char *durable, aegis_arena *arena)
{
    char random[16];

    aegis_instance_name("", random, sizeof random);
    return aegis_arena_printf(arena, "%.200s_%s", durable, random);
}

static void set_limits(aegis_intake *in, const aegis_subscription *subscription)
{
    in->slots = subscription->ordered || subscription->concurrency == 0 ? 1 : subscription->concurrency;
    in->most = subscription->in_flight != 0 ? subscription->in_flight : AEGIS_EVENTS_IN_FLIGHT;
    if (in->most < in->slots)
        in->most = in->slots;
    in->max_retries = subscription->max_retries;
    in->backoff_min = subscription->backoff_min;
    in->backoff_max = subscription->backoff_max;
    if (in->backoff_max > 0)
        return;
    in->max_retries = AEGIS_EVENT_RETRIES;
    in->backoff_min = AEGIS_EVENT_DELAY_MIN;
    in->backoff_max = AEGIS_EVENT_DELAY_MAX;
}

static aegis_intake *new_intake(aegis_service *service, const aegis_subscription *subscription,
                                const char *pattern, const char *durable, aegis_lane *lane)
{
    aegis_intake *in = (aegis_intake *)aegis_arena_alloc(service->arena, sizeof *in);

    if (in == NULL)
        return NULL;
    memset(in, 0, sizeof *in);
    in->lane = lane;
    in->own = subscription->broadcast;
    set_limits(in, subscription);
    in->tally = aegis_tally_of(service->bus, service->type->name, pattern);
    in->config.stream = aegis_bus_stream(service->bus, AEGIS_KIND_EVENTS);
    in->config.durable = in->own ? own_name(durable, service->arena) : durable;
    in->config.filter = aegis_arena_printf(service->arena, "events.%s", pattern);
    in->config.from = subscription->from_new ? AEGIS_DELIVER_NEW : AEGIS_DELIVER_ALL;
    in->config.inactive = in->own ? INACTIVE : 0;
    in->config.ack_wait = in->ack_wait = service->lease;
    in->config.max_ack_pending = subscription->ordered ? 1 : 0;
    return in->config.durable != NULL && in->config.filter != NULL ? in : NULL;
}

static aegis_status open_subscription(aegis_service *service, const aegis_subscription *subscription,
                                      const char *pattern, const char *durable, aegis_error *error)
{
    aegis_lane *lane = &service->lanes[service->lane_count++];
    aegis_status status;

    lane->subscription = subscription;
    lane->intake = new_intake(service, subscription, pattern, durable, lane);
    if (lane->intake == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    status = aegis_lane_open(service, &lane->intake->config, lane, error);
    lane->intake->open = status == AEGIS_OK;
    if (status == AEGIS_OK)
        aegis_losses_begin(lane->intake);
    return status;
}

/* A subscription, and what it has under older names. */
static aegis_status open_names(aegis_service *service, const aegis_subscription *subscription,
                               aegis_error *error)
{
    aegis_status status =
        open_subscription(service, subscription, subscription->pattern, subscription->durable, error);
    size_t i;

    for (i = 0; status == AEGIS_OK && i < subscription->older_count; i++)
        status = open_subscription(service, subscription, subscription->older[i].pattern,
                                   subscription->older[i].durable, error);
    return status;
}

size_t aegis_subscriptions_count(const aegis_service_type *type)
{
    size_t count = 0;
    size_t i;

    for (i = 0; i < type->subscription_count; i++)
        count += 1 + type->subscriptions[i].older_count;
    return count;
}

aegis_status aegis_subscriptions_open(aegis_service *service, aegis_error *error)
{
    const aegis_service_type *type = service->type;
    aegis_status status = AEGIS_OK;
    size_t i;

    if (type->subscription_count > 0)
        status = aegis_bus_ensure(service->bus, AEGIS_KIND_EVENTS, error);
    if (status == AEGIS_OK && type->subscription_count > 0)
        status = aegis_bus_ensure(service->bus, AEGIS_KIND_TRIES, error);
    for (i = 0; status == AEGIS_OK && i < type->subscription_count; i++)
        status = open_names(service, &type->subscriptions[i], error);
    return status;
}

void aegis_subscriptions_close(aegis_service *service)
{
    aegis_port *port = service->bus->port;
    const int64_t deadline = aegis_clock_monotonic() + DELETE_TIMEOUT;
    size_t i;

    for (i = 0; i < service->lane_count; i++) {
        const aegis_intake *in = service->lanes[i].intake;

        if (in != NULL && in->own && in->open)
            (void)port->ops->delete_consumer(port, in->config.stream, in->config.durable, deadline, NULL);
    }
}

void aegis_subscription_reopen(aegis_intake *in)
{
    aegis_service *service = in->lane->service;
    aegis_port *port = service->bus->port;
    aegis_consumer_config config = in->config;
    aegis_error error;

    memset(&error, 0, sizeof error);
    config.start = in->losses.floor + 1;
    if (port->ops->ensure_consumer(port, &config, aegis_clock_monotonic() + AEGIS_MANAGE_TIMEOUT, &error) ==
        AEGIS_OK)
        aegis_log_write(&service->bus->log, AEGIS_LOG_WARNING,
                        "%s: consumer %s was gone; it is there again, from event %llu on",
                        service->type->name, config.durable, (unsigned long long)config.start);
    else
        aegis_log_write(&service->bus->log, AEGIS_LOG_ERROR,
                        "%s: consumer %s is gone and cannot be made again: %s", service->type->name,
                        config.durable, aegis_error_text(&error));
}
