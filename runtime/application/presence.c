/* The thread of a bus's operating duties: it reads one source, into which all that it listens to is diverted,
 * and looks around whenever something is due. */
#define _POSIX_C_SOURCE 200809L
#include "application/presence.h"

#include "application/describe.h"
#include "application/registry.h"
#include "application/wellbeing.h"

/* It looks around at least so often. */
#define TICK (10 * AEGIS_SECOND)
/* It has begun nothing for so long: a user's function holds it up; and so long it must be found to be so. */
#define LOOKS_DEAD (30 * AEGIS_SECOND)
#define DOUBT      AEGIS_SECOND
/* Pause after the source failed for another reason than a wake. */
#define PAUSE (100 * AEGIS_MILLISECOND)
/* Of the source, which only ever gets what is diverted. */
#define OPERATIONS 1

struct aegis_presence {
    aegis_bus *bus;
    aegis_source *source;
    aegis_arena *arena; /* the thread's */
    pthread_t thread;
    atomic_bool stopping;
    atomic_llong looked; /* when it last began something */
    long long doubted;   /* `looked`, when it was first found to be long ago; with the bus's lock */
    int64_t doubted_at;  /* and when that was */
};

/* ---- looking around --------------------------------------------------------------------------------------
 */

typedef struct round_of {
    aegis_service **services; /* each with a reference */
    size_t count;
} round_of;

/* All services of the bus, so that none goes while it is seen to. */
static round_of begin_round(aegis_bus *bus, aegis_arena *arena)
{
    round_of all = {NULL, 0};
    aegis_service *service;
    size_t count = 0;

    (void)pthread_mutex_lock(&bus->lock);
    for (service = bus->services; service != NULL; service = service->next)
        count++;
    all.services = (aegis_service **)aegis_arena_alloc(arena, count * sizeof(aegis_service *));
    for (service = bus->services; all.services != NULL && service != NULL; service = service->next) {
        (void)pthread_mutex_lock(&service->lock);
        service->references++;
        (void)pthread_mutex_unlock(&service->lock);
        all.services[all.count++] = service;
    }
    (void)pthread_mutex_unlock(&bus->lock);
    return all;
}

/* What is due; returns when to look again. */
static int64_t look_around(struct aegis_presence *presence)
{
    aegis_arena *arena = presence->arena;
    const round_of all = begin_round(presence->bus, arena);
    const int64_t now = aegis_clock_monotonic();
    int64_t due = now + TICK;
    size_t i;

    for (i = 0; i < all.count; i++) {
        int64_t look, beat, later;

        atomic_store(&presence->looked, (long long)aegis_clock_monotonic());
        look = aegis_wellbeing_turn(all.services[i], arena, aegis_clock_monotonic());
        beat = aegis_registry_turn(all.services[i], arena, aegis_clock_monotonic());
        later = aegis_lag_turn(all.services[i], aegis_clock_monotonic());
        due = look < due ? look : due;
        due = beat < due ? beat : due;
        due = later < due ? later : due;
        aegis_service_drop(all.services[i]);
    }
    return due;
}

static void *work(void *argument)
{
    struct aegis_presence *presence = (struct aegis_presence *)argument;
    aegis_bus *bus = presence->bus;
    const aegis_port_ops *ops = bus->port->ops;
    aegis_message message;
    int64_t due = 0;

    while (!atomic_load(&presence->stopping)) {
        aegis_status status;

        atomic_store(&presence->looked, (long long)aegis_clock_monotonic());
        if (due <= aegis_clock_monotonic()) {
            due = look_around(presence);
            aegis_arena_reset(presence->arena);
        }
        status = ops->next(presence->source, due, &message);
        if (status == AEGIS_OK) {
            aegis_describe_answer(bus, &message);
            ops->release(&message);
        } else if (status == AEGIS_CANCELLED) {
            due = 0; /* somebody has something to do */
        } else if (status != AEGIS_DEADLINE_EXCEEDED) {
            aegis_pause(PAUSE);
        }
    }
    return NULL;
}

/* ---- its life --------------------------------------------------------------------------------------------
 */

static void discard(struct aegis_presence *presence)
{
    if (presence->source != NULL)
        presence->bus->port->ops->close_source(presence->source);
    aegis_arena_free(presence->arena);
    aegis_memory_put(presence->bus->allocator, presence, sizeof *presence);
}

static struct aegis_presence *prepare(aegis_bus *bus, aegis_error *error)
{
    struct aegis_presence *presence =
        (struct aegis_presence *)aegis_memory_get(bus->allocator, sizeof *presence);

    if (presence == NULL) {
        (void)aegis_no_memory(error);
        return NULL;
    }
    presence->bus = bus;
    presence->arena = aegis_arena_new(bus->allocator);
    if (presence->arena == NULL) {
        (void)aegis_no_memory(error);
        discard(presence);
        return NULL;
    }
    if (bus->port->ops->completions(bus->port, OPERATIONS, &presence->source, error) != AEGIS_OK) {
        presence->source = NULL;
        discard(presence);
        return NULL;
    }
    atomic_init(&presence->looked, (long long)aegis_clock_monotonic());
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

/* Long ago is only believed when it is found twice: after a time in which the whole process stood still, who
 * asks may run before the thread does. */
aegis_duration aegis_presence_held_up(aegis_bus *bus)
{
    struct aegis_presence *presence = bus->presence;
    const long long looked = atomic_load(&presence->looked);
    const int64_t now = aegis_clock_monotonic();

    if (now - looked < LOOKS_DEAD)
        return 0;
    if (presence->doubted != looked) {
        presence->doubted = looked;
        presence->doubted_at = now;
    }
    return now - presence->doubted_at < DOUBT ? 0 : now - looked;
}
