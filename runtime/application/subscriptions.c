/* The sources of a service's subscriptions: a durable consumer shared by all instances, one for the pattern
 * and one for each older name of what it selects, or, with @broadcast, one of this instance alone. */
#include <stdio.h>
#include <string.h>

#include "application/lanes.h"

static aegis_status open_subscription(aegis_service *service, const aegis_subscription *subscription,
                                      const char *pattern, const char *durable, aegis_lane *lane,
                                      aegis_error *error)
{
    aegis_port *port = service->bus->port;
    aegis_consumer_config config;
    aegis_status status;
    char filter[320];

    lane->subscription = subscription;
    (void)snprintf(filter, sizeof filter, "events.%s", pattern);
    if (subscription->broadcast)
        return port->ops->subscribe(port, filter, NULL, 0, &lane->source, error);
    status = aegis_bus_ensure(service->bus, AEGIS_KIND_EVENTS, error);
    if (status != AEGIS_OK)
        return status;
    memset(&config, 0, sizeof config);
    config.stream = aegis_bus_stream(service->bus, AEGIS_KIND_EVENTS);
    config.durable = durable;
    config.filter = filter;
    config.from = subscription->from_new ? AEGIS_DELIVER_NEW : AEGIS_DELIVER_ALL;
    config.ack_wait = AEGIS_ACK_WAIT;
    config.max_ack_pending = subscription->ordered ? 1 : 0;
    return aegis_lane_open(service, &config, lane, error);
}

/* A subscription, and what it has under older names. */
static aegis_status open_names(aegis_service *service, const aegis_subscription *subscription,
                               aegis_error *error)
{
    aegis_status status =
        open_subscription(service, subscription, subscription->pattern, subscription->durable,
                          &service->lanes[service->lane_count++], error);
    size_t i;

    for (i = 0; status == AEGIS_OK && i < subscription->older_count; i++) {
        const aegis_older_subject *older = &subscription->older[i];

        status = open_subscription(service, subscription, older->pattern, older->durable,
                                   &service->lanes[service->lane_count++], error);
    }
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
    aegis_status status = AEGIS_OK;
    size_t i;

    for (i = 0; status == AEGIS_OK && i < service->type->subscription_count; i++)
        status = open_names(service, &service->type->subscriptions[i], error);
    return status;
}
