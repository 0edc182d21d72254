/* The thread of a bus's operating duties: it reads one source, into which all that it listens to is diverted,
 * and looks around whenever something is due. */
#define _POSIX_C_SOURCE 200809L
#include "application/presence.h"

#include <time.h>

#include "application/describe.h"

/* It looks around at least so often. */
#define TICK (10 * AEGIS_SECOND)
/* Pause after the source failed for another reason than a wake. */
#define PAUSE (100 * AEGIS_MILLISECOND)
/* Of the source, which only ever gets what is diverted. */
#define OPERATIONS 1

struct aegis_presence {
    aegis_bus *bus;
    aegis_source *source;
    pthread_t thread;
    atomic_bool stopping;
};

static void *work(void *argument)
{
    struct aegis_presence *presence = (struct aegis_presence *)argument;
    aegis_bus *bus = presence->bus;
    const aegis_port_ops *ops = bus->port->ops;
    const struct timespec pause = {0, (long)PAUSE};
    aegis_message message;

    while (!atomic_load(&presence->stopping)) {
        const aegis_status status = ops->next(presence->source, aegis_clock_monotonic() + TICK, &message);

        if (status == AEGIS_OK) {
            aegis_describe_answer(bus, &message);
            ops->release(&message);
        } else if (status != AEGIS_DEADLINE_EXCEEDED && status != AEGIS_CANCELLED) {
            (void)nanosleep(&pause, NULL);
        }
    }
    return NULL;
}

static void discard(struct aegis_presence *presence)
{
    if (presence->source != NULL)
        presence->bus->port->ops->close_source(presence->source);
    aegis_memory_put(presence->bus->allocator, presence, sizeof *presence);
}

static struct aegis_presence *prepare(aegis_bus *bus, aegis_error *error)
{
    struct aegis_presence *presence =
        (struct aegis_presence *)aegis_memory_get(bus->allocator, sizeof *presence);

    if (presence == NULL) {
        (void)aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
        return NULL;
    }
    presence->bus = bus;
    if (bus->port->ops->completions(bus->port, OPERATIONS, &presence->source, error) != AEGIS_OK) {
        presence->source = NULL;
        discard(presence);
        return NULL;
    }
    if (pthread_create(&presence->thread, NULL, work, presence) != 0) {
        (void)aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no more threads");
        discard(presence);
        return NULL;
    }
    return presence;
}

aegis_status aegis_presence_start(aegis_bus *bus, aegis_error *error)
{
    aegis_status status = AEGIS_OK;
    aegis_error why = {0};

    (void)pthread_mutex_lock(&bus->lock);
    if (bus->presence == NULL) {
        bus->presence = prepare(bus, &why);
        status = bus->presence != NULL ? AEGIS_OK : why.status;
    }
    (void)pthread_mutex_unlock(&bus->lock);
    if (status != AEGIS_OK && error != NULL)
        *error = why;
    return status;
}

void aegis_presence_stop(aegis_bus *bus)
{
    struct aegis_presence *presence = bus->presence;

    if (presence == NULL)
        return;
    atomic_store(&presence->stopping, true);
    aegis_presence_nudge(bus);
    (void)pthread_join(presence->thread, NULL);
    bus->presence = NULL;
    discard(presence);
}

aegis_status aegis_presence_hear(aegis_bus *bus, const char *subject, const char *queue,
                                 aegis_source **source, aegis_error *error)
{
    const aegis_port_ops *ops = bus->port->ops;
    const aegis_status status = ops->subscribe(bus->port, subject, queue, 0, true, source, error);

    if (status == AEGIS_OK)
        ops->divert(*source, bus->presence->source, 0);
    return status;
}

void aegis_presence_nudge(aegis_bus *bus)
{
    if (bus->presence != NULL)
        bus->port->ops->wake(bus->presence->source);
}
