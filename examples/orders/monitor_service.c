/* A durable subscriber. The server remembers for it what it has handled: stop it, create orders, start it again, and
 * it prints those as well. */
#include "orders.h"

#include <stdio.h>

static aegis_settle on_order_created(const aegis_event *event, const shop_order_created *payload, void *user)
{
    char id[AEGIS_UUID_TEXT];

    (void)user;
    printf("monitor: order %s of %s, %zu line(s)%s\n", aegis_uuid_format(payload->order.id, id),
           payload->order.customer, payload->order.items.count,
           event->base.attempt > 1 ? " (delivered again)" : "");
    (void)fflush(stdout);
    return AEGIS_DONE; /* AEGIS_RETRY would bring it back later, AEGIS_DEAD put it aside */
}

static const shop_monitor_ops ops = {.on_order_created = on_order_created};

aegis_status monitor_serve(aegis_bus *bus, aegis_service **service, aegis_error *error)
{
    return shop_monitor_serve(bus, &ops, NULL, NULL, service, error);
}
