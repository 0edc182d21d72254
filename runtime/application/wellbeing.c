/* An instance that is not well takes no more work. Its subscriptions leave their queue groups and its readers
 * are given nothing, so that others get what would have come to it; what it has it finishes, or hands back if
 * it has not begun. Nothing fails by that. When all has been well for a while it returns.
 *
 * Not well is: the user's function says so; or nothing moves, as all handlers have been running for long,
 * and for longer than their callers wait, while others wait; or requests have been refused for a while as the
 * waiting room was full, but that only when another instance is there to take over and has room: under a load
 * that is too much for all, each would leave in turn and none do any work.
 *
 * To leave by mistake costs what to stay costs nobody, so all of it is judged by what was seen at looks: time
 * in which the process stood still, or this thread did, is no time in which nothing moved.
 *
 * Everything here is done by the thread of the bus's presence, but for what the report reads. */
#define _POSIX_C_SOURCE 200809L
#include "application/wellbeing.h"

#include <stdio.h>
#include <string.h>

#include "application/envelope.h"
#include "application/load.h"
#include "application/presence.h"
#include "application/registry.h"

/* Between two looks; longer when nothing is done and nothing to be asked. */
#define LOOK      AEGIS_SECOND
#define LOOK_IDLE (5 * AEGIS_SECOND)
/* A look that comes later than this was held up itself. */
#define LOOK_LATE (2 * LOOK)
/* So many looks in a row requests were refused, before it leaves, */
#define FULL_LEAVE 5
/* and all is well, before it returns. */
#define WELL_LOOKS 3
/* All handlers must have been running for so long, and twice what the slowest method may take. */
#define STUCK_LEAST (2 * AEGIS_SECOND)
/* Nobody was there to take over: ask again after this. */
#define ALONE (30 * AEGIS_SECOND)
/* Others that are asked whether they are there; each may take AEGIS_PRESENCE_TIMEOUT. */
#define OTHERS_ASKED 3

/* ---- looking ---------------------------------------------------------------------------------------------
 */

/* The user's function, without any lock; not any more once the service stops, see aegis_wellbeing_end. */
static void ask(aegis_service *service)
{
    aegis_wellbeing *w = &service->wellbeing;
    char why[sizeof w->why] = "";
    bool well;

    if (w->healthy == NULL)
        return;
    (void)pthread_mutex_lock(&service->lock);
    w->asking = !atomic_load(&service->stopping);
    (void)pthread_mutex_unlock(&service->lock);
    if (!w->asking)
        return;
    well = w->healthy(service->user, why, sizeof why);
    why[sizeof why - 1] = '\0';
    (void)pthread_mutex_lock(&service->lock);
    w->asking = false;
    w->well = well;
    memcpy(w->why, why, sizeof why);
    (void)pthread_cond_broadcast(&service->changed);
    (void)pthread_mutex_unlock(&service->lock);
}

void aegis_wellbeing_end(aegis_service *service)
{
    const int64_t least = aegis_clock_monotonic() + AEGIS_PRESENCE_TIMEOUT;
    const int64_t until = service->drain_deadline > least ? service->drain_deadline : least;
    bool asking;

    (void)pthread_mutex_lock(&service->lock);
    while (service->wellbeing.asking && aegis_condition_wait(&service->changed, &service->lock, until))
        continue;
    asking = service->wellbeing.asking;
    (void)pthread_mutex_unlock(&service->lock);
    if (asking)
        aegis_log_write(&service->bus->log, AEGIS_LOG_WARNING, "%s: its health function outlived it",
                        service->type->name);
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
    const aegis_duration since = w->looked == 0 ? 0 : now - w->looked;
    const aegis_duration seen = since < LOOK_LATE ? since : LOOK;
    bool slow;

    w->looked = now;
    if (!held_up || !w->held_up || service->finished != w->finished)
        w->still = 0;
    else
        w->still += seen;
    w->held_up = held_up;
    w->finished = service->finished;
    slow = w->still >= patience_of(service) && !aegis_load_awaited(service, now);
    w->stood = slow && w->stuck ? w->stood + seen : 0;
    w->stuck = slow && w->slow; /* found twice: between the looks they had their chance */
    w->slow = slow;
    w->full = service->waiting_count >= high_water(service) ? w->full + 1 : 0;
    w->refuses = service->refused != w->refused;
    w->overran = w->full > 0 && w->refuses ? w->overran + 1 : 0;
    w->refused = service->refused;
    w->idle = service->busy == 0 && service->waiting_count == 0;
}

/* What is wrong, or NULL. With the lock held. */
static const char *wrong(const aegis_service *service)
{
    const aegis_wellbeing *w = &service->wellbeing;

    if (!w->well)
        return w->why[0] != '\0' ? w->why : "its health function says so";
    if (w->stuck)
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

/* ---- others ----------------------------------------------------------------------------------------------
 */

const char *aegis_wellbeing_hindrance(aegis_service *service)
{
    const aegis_wellbeing *w = &service->wellbeing;
    bool away, full;

    (void)pthread_mutex_lock(&service->lock);
    away = w->away;
    /* The last look may be long ago: it was idle then. */
    full = w->full > 0 || w->refuses || service->refused != w->refused ||
           service->waiting_count >= high_water(service);
    (void)pthread_mutex_unlock(&service->lock);
    return away ? "away" : full ? "full" : NULL;
}

/* An instance on the same bus, whom this thread cannot ask by a message: NULL when it is none. With the bus's
 * lock held. */
static aegis_service *neighbour(const aegis_service *service, const char *id)
{
    aegis_service *other;

    for (other = service->bus->services; other != NULL; other = other->next) {
        if (strcmp(other->type->name, service->type->name) == 0 && strcmp(other->instance, id) == 0)
            return other;
    }
    return NULL;
}

/* Does it answer, and has it room? */
static bool answers(aegis_service *service, const char *id, aegis_arena *arena)
{
    aegis_port *port = service->bus->port;
    const aegis_outgoing request = {
        .subject = aegis_arena_printf(arena, "$SRV.PING.%s.%s", service->type->name, id)};
    aegis_duties_micro_ping answer;
    aegis_message message;
    bool good;
    size_t i;

    if (request.subject == NULL ||
        port->ops->request(port, &request, aegis_clock_monotonic() + AEGIS_PRESENCE_TIMEOUT, &message,
                           NULL) != AEGIS_OK)
        return false;
    good = aegis_duties_micro_ping_decode(message.body, AEGIS_FORMAT_JSON, arena, &answer, NULL) == AEGIS_OK;
    for (i = 0; good && i < answer.metadata.count; i++)
        good = strcmp(answer.metadata.entries[i].key, AEGIS_HINDRANCE) != 0;
    port->ops->release(&message);
    return good;
}

static bool takes_over(aegis_service *service, const char *id, aegis_arena *arena)
{
    aegis_service *other;
    bool here, good = false;

    (void)pthread_mutex_lock(&service->bus->lock);
    other = neighbour(service, id);
    here = other != NULL;
    if (here && other != service)
        good = atomic_load(&other->opened) && !atomic_load(&other->stopping) &&
               aegis_wellbeing_hindrance(other) == NULL;
    (void)pthread_mutex_unlock(&service->bus->lock);
    return here ? good : answers(service, id, arena);
}

/* Is there another instance that takes work? The registry knows those that may be; whether they are is asked,
 * for one that died is listed for a while, and that is when the others have too much to do. It is listed as
 * out of work itself first, so that of two who ask each other at the same time none goes. */
static bool others_there(aegis_service *service, aegis_arena *arena)
{
    aegis_bus *bus = service->bus;
    const int64_t now = aegis_clock_monotonic();
    aegis_instance_list list;
    bool there = false;
    size_t i, asked = 0;

    if (!service->registrant.put || now < service->wellbeing.alone_until)
        return false;
    set_away(service, true);
    (void)aegis_registry_turn(service, arena, now);
    if (aegis_registry_read(bus, service->type->name, now + AEGIS_PRESENCE_TIMEOUT, arena, &list, NULL) ==
        AEGIS_OK) {
        for (i = 0; !there && i < list.count && asked < OTHERS_ASKED; i++) {
            if (list.items[i].state != AEGIS_INSTANCE_ACTIVE)
                continue;
            there = takes_over(service, list.items[i].id, arena);
            asked++;
        }
    }
    if (!there) {
        set_away(service, false);
        service->wellbeing.alone_until = aegis_clock_monotonic() + ALONE;
    }
    return there;
}

/* ---- in time ---------------------------------------------------------------------------------------------
 */

static void decide(aegis_service *service, aegis_arena *arena)
{
    aegis_wellbeing *w = &service->wellbeing;
    const char *found;
    char why[sizeof w->why];
    bool full;

    (void)pthread_mutex_lock(&service->lock);
    found = wrong(service);
    (void)snprintf(why, sizeof why, "%s", found != NULL ? found : "");
    full = found == NULL && !w->away && w->overran >= FULL_LEAVE;
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
        leave(service, "it refuses requests, and others have room");
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
