/* After the connection was lost a service looks whether the consumers of its commands still have their place
 * (place.h), at first at once and then ever more rarely, and makes anew those that have not.
 */
#include "application/place.h"
#include "application/service.h"

#define LOOKS 8 /* after a connection: 0, 1, 3, 7 ... 127 seconds */
#define TICK  AEGIS_SECOND

/* False: there was no answer. */
static bool look(aegis_service *service, aegis_lane *lane, aegis_arena *arena)
{
    const aegis_place place = aegis_place_look(service->bus, &lane->config, &lane->unseen, arena);

    if (place == AEGIS_PLACE_LOST)
        return aegis_place_remake(service->bus, &lane->config, service->type->name) == AEGIS_OK;
    return place != AEGIS_PLACE_UNKNOWN;
}

int64_t aegis_rewind(aegis_service *service, aegis_arena *arena, int64_t now, int64_t due)
{
    aegis_rewinding *r = &service->rewinding;
    aegis_health health = {0};
    bool good = true;

    if (service->cancels == NULL)
        return due; /* no commands */
    service->bus->port->ops->health(service->bus->port, &health);
    if (!r->begun || health.reconnects != r->reconnects) {
        r->begun = true;
        r->reconnects = health.reconnects;
        r->looks = 0;
        r->at = now;
    }
    if (health.connected && r->looks < LOOKS && now >= r->at) {
        for (size_t i = 0; good && i < service->lane_count; i++) {
            good = service->lanes[i].endpoint == NULL || look(service, &service->lanes[i], arena);
            aegis_arena_reset(arena);
        }
        r->at = aegis_clock_monotonic() + (AEGIS_SECOND << r->looks);
        r->looks += good ? 1 : 0;
    }
    return due < now + TICK ? due : now + TICK;
}
