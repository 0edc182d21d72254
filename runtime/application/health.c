/* What is known of a bus and its services, as a list of checks. Nothing is asked of the server here: the
 * adapter knows its connections, topology.c which streams were found to be as they should, and the thread of
 * the presence has looked after the services. */
#include <aegis/health.h>

#include <stdio.h>
#include <string.h>

#include "application/presence.h"
#include "application/wellbeing.h"

/* Of a bus, and of each service. */
#define BUS_CHECKS     5
#define SERVICE_CHECKS 5

typedef struct listing {
    aegis_arena *arena;
    aegis_health_check *checks;
    size_t count;
    bool failed, dead;
} listing;

static void add(listing *l, const char *name, bool good, const char *text)
{
    if (name == NULL || text == NULL)
        l->failed = true;
    else
        l->checks[l->count++] = (aegis_health_check){name, good, text};
}

/* ---- the bus ---------------------------------------------------------------------------------------------
 */

static void add_connections(listing *l, const aegis_health *health)
{
    const char *server = aegis_arena_strdup(l->arena, health->server);

    add(l, "connection.calls", health->connected,
        !health->connected || health->call_connections > 0
            ? server
            : aegis_arena_printf(l->arena, "%s, over a connection for streams", health->server));
    if (health->bulk_wanted)
        add(l, "connection.streams", health->connected,
            !health->connected || health->bulk_connections > 0
                ? server
                : aegis_arena_printf(l->arena, "%s, over a connection for calls", health->server));
}

/* Only what somebody here has needed. The registry is nobody's condition. */
static void add_streams(listing *l, aegis_bus *bus, const aegis_health *health)
{
    const aegis_topology *t = &bus->topology;
    char text[256] = "";
    size_t length = 0;
    bool needed = false, ready = true;
    int kind;

    for (kind = 0; kind < AEGIS_KIND_COUNT; kind++) {
        if (kind == AEGIS_KIND_REGISTRY || !atomic_load(&t->wanted[kind]))
            continue;
        needed = true;
        if (atomic_load(&t->ready[kind]))
            continue;
        ready = false;
        if (length < sizeof text)
            length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", length > 0 ? ", " : "",
                                       t->names[kind]);
    }
    if (!needed)
        return;
    add(l, "jetstream", health->durable,
        health->durable      ? ""
        : !health->connected ? "not connected"
                             : "it does not answer, or its store was full less than 10 s ago");
    add(l, "streams", ready,
        ready ? "" : aegis_arena_printf(l->arena, "gone, or not as they should be: %s", text));
}

/* ---- services; with the lock of the service --------------------------------------------------------------
 */

static const char *name_of(listing *l, const aegis_service *service, const char *what)
{
    return aegis_arena_printf(l->arena, "%s.%s", service->type->name, what);
}

static void add_handlers(listing *l, const aegis_service *service)
{
    const aegis_wellbeing *w = &service->wellbeing;

    if (w->stuck && w->stood >= AEGIS_STUCK_DEAD)
        l->dead = true;
    add(l, name_of(l, service, "handlers"), !w->stuck,
        w->stuck ? aegis_arena_printf(l->arena, "all %u are held up for %lld s", service->concurrency,
                                      (long long)(w->still / AEGIS_SECOND))
                 : aegis_arena_printf(l->arena, "%u of %u run", service->busy, service->concurrency));
}

static void add_service(listing *l, aegis_service *service)
{
    const aegis_wellbeing *w = &service->wellbeing;
    const bool draining = atomic_load(&service->stopping);
    const bool away = aegis_service_away(service);

    if (w->healthy != NULL)
        add(l, name_of(l, service, "healthy"), w->well, aegis_arena_strdup(l->arena, w->why));
    add(l, name_of(l, service, "waiting_room"), w->full < AEGIS_FULL_LOOKS,
        aegis_arena_printf(l->arena, "%zu of %zu wait", service->waiting_count, aegis_rpc_places(service)));
    add_handlers(l, service);
    add(l, name_of(l, service, "accepting"), !draining,
        draining ? "it stops: it finishes what it has, and takes nothing new" : "");
    add(l, name_of(l, service, "takes_work"), !away,
        away ? "it left its queue group, and returns when it has been well for 3 s" : "");
}

/* With the bus's lock held, so that no service goes. */
static bool add_services(listing *l, aegis_bus *bus, size_t count)
{
    aegis_service *service;

    for (service = bus->services; service != NULL && count > 0; service = service->next, count--) {
        (void)pthread_mutex_lock(&service->lock);
        if (atomic_load(&service->opened))
            add_service(l, service);
        (void)pthread_mutex_unlock(&service->lock);
    }
    return !l->failed;
}

static size_t count_services(aegis_bus *bus)
{
    const aegis_service *service;
    size_t count = 0;

    for (service = bus->services; service != NULL; service = service->next)
        count++;
    return count;
}

static void add_presence(listing *l, aegis_bus *bus)
{
    aegis_duration held_up;

    if (bus->presence == NULL)
        return;
    held_up = aegis_presence_held_up(bus);
    if (held_up > 0)
        l->dead = true;
    add(l, "duties", held_up == 0,
        held_up == 0 ? ""
                     : aegis_arena_printf(l->arena, "a function of the program does not return for %lld s",
                                          (long long)(held_up / AEGIS_SECOND)));
}

static void conclude(const listing *l, aegis_health_report *report)
{
    size_t i;

    report->checks = l->checks;
    report->check_count = l->count;
    report->live = !l->dead;
    report->ready = true;
    for (i = 0; i < l->count; i++)
        report->ready = report->ready && l->checks[i].good;
}

aegis_status aegis_health_read(aegis_bus *bus, aegis_arena *arena, aegis_health_report *report,
                               aegis_error *error)
{
    listing l = {.arena = arena};
    aegis_health health;
    size_t services;
    bool good;

    memset(report, 0, sizeof *report);
    memset(&health, 0, sizeof health);
    bus->port->ops->health(bus->port, &health);
    (void)pthread_mutex_lock(&bus->lock);
    services = count_services(bus);
    l.checks = (aegis_health_check *)aegis_arena_alloc(arena, (BUS_CHECKS + SERVICE_CHECKS * services) *
                                                                  sizeof *l.checks);
    good = l.checks != NULL;
    if (good) {
        add_connections(&l, &health);
        add_streams(&l, bus, &health);
        add_presence(&l, bus);
        good = add_services(&l, bus, services);
    }
    (void)pthread_mutex_unlock(&bus->lock);
    if (!good)
        return aegis_no_memory(error);
    conclude(&l, report);
    return AEGIS_OK;
}
