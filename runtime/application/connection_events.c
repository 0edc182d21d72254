/* What happens to a connection, for a program that wants to know when it does: a source of the port. */
#include <aegis/health.h>

#include "application/bus.h"

struct aegis_connection_events {
    aegis_bus *bus;
    aegis_source *source;
};

const char *aegis_connection_event_name(aegis_connection_event event)
{
    switch (event) {
    case AEGIS_CONNECTION_UP:
        return "up";
    case AEGIS_CONNECTION_DOWN:
        return "down";
    case AEGIS_CONNECTION_LAME_DUCK:
        return "lame duck";
    case AEGIS_CONNECTION_DROPPED:
        return "dropped";
    }
    return "unknown";
}

aegis_status aegis_connection_events_open(aegis_bus *bus, aegis_connection_events **out, aegis_error *error)
{
    aegis_connection_events *events =
        (aegis_connection_events *)aegis_memory_get(bus->allocator, sizeof *events);
    aegis_status status;

    *out = NULL;
    if (events == NULL)
        return aegis_no_memory(error);
    events->bus = bus;
    status = bus->port->ops->events(bus->port, &events->source, error);
    if (status == AEGIS_OK)
        *out = events;
    else
        aegis_memory_put(bus->allocator, events, sizeof *events);
    return status;
}

aegis_status aegis_connection_events_next(aegis_connection_events *events, aegis_duration wait,
                                          aegis_connection_event *event)
{
    const aegis_port_ops *ops = events->bus->port->ops;
    aegis_message message;
    const aegis_status status = ops->next(events->source, aegis_clock_monotonic() + wait, &message);

    if (status != AEGIS_OK)
        return status;
    *event = message.event;
    ops->release(&message);
    return AEGIS_OK;
}

void aegis_connection_events_close(aegis_connection_events *events)
{
    if (events == NULL)
        return;
    events->bus->port->ops->close_source(events->source);
    aegis_memory_put(events->bus->allocator, events, sizeof *events);
}
