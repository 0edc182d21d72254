/* The consumers behind a service's subscriptions: a durable one shared by all instances, one for the pattern
 * and one for each older name of what it selects. With @broadcast it is this instance's alone: its name ends
 * in something random, it is deleted when the service stops, and the server forgets it when the instance died
 * without stopping. */
#include "application/subscriptions.h"

#include <stdio.h>
#include <string.h>

#include "application/lanes.h"

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

static aegis_intake *new_intake(aegis_lane *lane, const aegis_need *need)
{
    aegis_service *service = lane->service;
    aegis_intake *in = (aegis_intake *)aegis_arena_alloc(service->arena, sizeof *in);

    if (in == NULL)
        return NULL;
    memset(in, 0, sizeof *in);
    in->lane = lane;
    in->own = need->subscription->broadcast;
    set_limits(in, need->subscription);
    in->config = need->config;
    in->ack_wait = need->config.ack_wait;
    if (in->own)
        in->config.durable = own_name(need->config.durable, service->arena);
    return in->config.durable != NULL ? in : NULL;
}

aegis_status aegis_subscription_open(aegis_lane *lane, const aegis_need *need, aegis_error *error)
{
    lane->subscription = need->subscription;
    lane->tally = aegis_tally_of(lane->service->bus, lane->service->type->name, need->pattern,
                                 need->config.filter, false);
    lane->intake = new_intake(lane, need);
    if (lane->intake == NULL)
        return aegis_no_memory(error);
    aegis_status status = aegis_lane_open(lane->service, &lane->intake->config, lane, error);
    lane->intake->open = status == AEGIS_OK;
    if (status == AEGIS_OK)
        aegis_losses_begin(lane->intake);
    return status;
}

void aegis_subscriptions_close(aegis_service *service)
{
    aegis_port *port = service->bus->port;
    const int64_t deadline = aegis_clock_monotonic() + DELETE_TIMEOUT;

    for (size_t i = 0; i < service->lane_count; i++) {
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
    aegis_error error = {0};

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
