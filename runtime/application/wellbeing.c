/* An instance that is not well takes no more work. Its subscriptions leave their queue groups and its readers
 * are given nothing, so that others get what would have come to it; what it has it finishes, or hands back if
 * it has not begun. Nothing fails by that. When all has been well for a while it returns.
 *
 * Not well is: the user's function says so; or nothing moves, as all handlers have been running for long
 * while others wait; or the waiting room has been full for a while, but that only when another instance is
 * there to take over: under a load that is too much for all, each would leave in turn and none do any work.
 *
 * Everything here is done by the thread of the bus's presence, but for what the report reads. */
#define _POSIX_C_SOURCE 200809L
#include "application/wellbeing.h"

#include <stdio.h>
#include <string.h>

#include "application/presence.h"
#include "application/registry.h"

/* Between two looks; longer when nothing is done and nothing to be asked. */
#define LOOK      AEGIS_SECOND
#define LOOK_IDLE (5 * AEGIS_SECOND)
/* So many looks in a row the waiting room is full, before it leaves, */
#define FULL_LEAVE 5
/* and all is well, before it returns. */
#define WELL_LOOKS 3
/* All handlers must have been running for so long, and twice what the slowest method may take. */
#define STUCK_LEAST (2 * AEGIS_SECOND)
/* Nobody was there to take over: ask again after this. */
#define ALONE (30 * AEGIS_SECOND)

/* ---- looking ---------------------------------------------------------------------------------------------
 */

/* The user's function, without any lock. */
static void ask(aegis_service *service)
{
    aegis_wellbeing *w = &service->wellbeing;
    char why[sizeof w->why] = "";
    bool well;

    if (w->healthy == NULL)
        return;
    well = w->healthy(service->user, why, sizeof why);
    why[sizeof why - 1] = '\0';
    (void)pthread_mutex_lock(&service->lock);
    w->well = well;
    memcpy(w->why, why, sizeof why);
    (void)pthread_mutex_unlock(&service->lock);
}

static aegis_duration patience_of(const aegis_service *service)
{
    aegis_duration longest = STUCK_LEAST / 2;
    size_t i;

    for (i = 0; i < service->type->endpoint_count; i++) {
        const aegis_method *method = service->type->endpoints[i].method;

        if (!method->command && method->timeout > longest)
            longest = method->timeout;
    }
    return 2 * longest;
}

/* With the lock held. */
static size_t high_water(const aegis_service *service)
{
    const size_t places = aegis_rpc_places(service);

    return places - places / 10;
}

/* With the lock held. */
static void observe(aegis_service *service, int64_t now)
{
    aegis_wellbeing *w = &service->wellbeing;
    const bool held_up = service->busy >= service->concurrency && service->waiting_count > 0;

    if (!held_up || !w->held_up || service->finished != w->finished)
        w->still_since = now;
    w->held_up = held_up;
    w->finished = service->finished;
    if (now - w->still_since < patience_of(service))
        w->stuck_since = 0;
    else if (w->stuck_since == 0)
        w->stuck_since = now;
    w->full = service->waiting_count >= high_water(service) ? w->full + 1 : 0;
    w->idle = service->busy == 0 && service->waiting_count == 0;
}

/* What is wrong, or NULL. With the lock held. */
static const char *wrong(const aegis_service *service)
{
    const aegis_wellbeing *w = &service->wellbeing;

    if (!w->well)
        return w->why[0] != '\0' ? w->why : "its health function says so";
    if (w->stuck_since != 0)
        return "all its handlers are held up";
    if (w->overrun && service->waiting_count > aegis_rpc_places(service) / 4)
        return "its waiting room is full";
    return NULL;
}

/* ---- leaving and returning -------------------------------------------------------------------------------
 */

/* All that brings work. True when the server has seen it. */
static bool hold(aegis_service *service, bool held)
{
    const aegis_port_ops *ops = service->bus->port->ops;
    const int64_t deadline = aegis_clock_monotonic() + AEGIS_PRESENCE_TIMEOUT;
    bool good = true;
    size_t i;

    if (!aegis_service_enter(service)) /* the port may be gone */
        return true;
    for (i = 0; i < service->older_count; i++)
        good = ops->hold(service->older[i], held, deadline) == AEGIS_OK && good;
    if (service->requests != NULL)
        good = ops->hold(service->requests, held, deadline) == AEGIS_OK && good;
    for (i = 0; i < service->lane_count; i++)
        good = ops->hold(service->lanes[i].source, held, deadline) == AEGIS_OK && good;
    aegis_service_leave(service);
    return good;
}

/* Readers look at service->absence again. */
static void wake_readers(aegis_service *service)
{
    size_t i;

    if (!aegis_service_enter(service))
        return;
    for (i = 0; i < service->lane_count; i++)
        service->bus->port->ops->wake(service->lanes[i].source);
    aegis_service_leave(service);
    (void)pthread_mutex_lock(&service->lock);
    (void)pthread_cond_broadcast(&service->slot);
    (void)pthread_mutex_unlock(&service->lock);
}

static void set_away(aegis_service *service, bool away)
{
    (void)pthread_mutex_lock(&service->lock);
    service->wellbeing.away = away;
    (void)pthread_mutex_unlock(&service->lock);
}

static void leave(aegis_service *service, const char *why)
{
    aegis_log_write(&service->bus->log, AEGIS_LOG_WARNING, "%s: instance %s takes no more work: %s",
                    service->type->name, service->instance, why);
    set_away(service, true);
    service->wellbeing.good = 0;
    (void)atomic_fetch_add(&service->absence, 1);
    service->wellbeing.held = hold(service, true);
    wake_readers(service);
}

static void come_back(aegis_service *service)
{
    if (!hold(service, false))
        return; /* it is tried again */
    set_away(service, false);
    (void)atomic_fetch_add(&service->absence, 1);
    wake_readers(service);
    aegis_log_write(&service->bus->log, AEGIS_LOG_INFO, "%s: instance %s takes work again",
                    service->type->name, service->instance);
}

/* Is there another instance that takes work? It is listed as out of work first, so that of two who ask each
 * other at the same time none goes. */
static bool others_there(aegis_service *service, aegis_arena *arena)
{
    aegis_bus *bus = service->bus;
    const int64_t now = aegis_clock_monotonic();
    aegis_instance_list list;
    bool there = false;
    size_t i;

    if (!service->registrant.put || now < service->wellbeing.alone_until)
        return false;
    set_away(service, true);
    (void)aegis_registry_turn(service, arena, now);
    if (aegis_registry_read(bus, service->type->name, now + AEGIS_PRESENCE_TIMEOUT, arena, &list, NULL) ==
        AEGIS_OK) {
        for (i = 0; i < list.count; i++)
            there = there || (list.items[i].state == AEGIS_INSTANCE_ACTIVE &&
                              strcmp(list.items[i].id, service->instance) != 0);
    }
    if (!there) {
        set_away(service, false);
        service->wellbeing.alone_until = now + ALONE;
    }
    return there;
}

static void decide(aegis_service *service, aegis_arena *arena)
{
    aegis_wellbeing *w = &service->wellbeing;
    const char *found;
    char why[sizeof w->why];
    bool full;

    (void)pthread_mutex_lock(&service->lock);
    found = wrong(service);
    (void)snprintf(why, sizeof why, "%s", found != NULL ? found : "");
    full = found == NULL && !w->away && w->full >= FULL_LEAVE;
    (void)pthread_mutex_unlock(&service->lock);
    if (w->away) {
        if (!w->held)
            w->held = hold(service, true);
        w->good = found == NULL ? w->good + 1 : 0;
        if (w->good < WELL_LOOKS)
            return;
        w->overrun = false;
        come_back(service);
    } else if (found != NULL) {
        leave(service, why);
    } else if (full && others_there(service, arena)) {
        w->overrun = true;
        leave(service, "its waiting room is full, and others are there");
    }
}

int64_t aegis_wellbeing_turn(aegis_service *service, aegis_arena *arena, int64_t now)
{
    aegis_wellbeing *w = &service->wellbeing;

    if (!atomic_load(&service->opened) || atomic_load(&service->stopping))
        return INT64_MAX;
    if (now < w->due)
        return w->due;
    ask(service);
    now = aegis_clock_monotonic();
    (void)pthread_mutex_lock(&service->lock);
    observe(service, now);
    (void)pthread_mutex_unlock(&service->lock);
    decide(service, arena);
    w->due = now + (w->idle && w->healthy == NULL && !w->away ? LOOK_IDLE : LOOK);
    return w->due;
}
