/* What the registry knows: also the services of the original SDK, which answer no $SRV. */
#include <string.h>

#include <aegis/discovery.h>

#include "fleet_parts.h"

static const char *state_name(aegis_instance_state state)
{
    switch (state) {
    case AEGIS_INSTANCE_ACTIVE:
        return "active";
    case AEGIS_INSTANCE_STANDBY:
        return "standby";
    case AEGIS_INSTANCE_UNHEALTHY:
        return "unhealthy";
    case AEGIS_INSTANCE_SHUTDOWN:
        return "shutdown";
    }
    return "unknown";
}

fleet_instance *fleet_add_registered(session *s, const char *service, fleet *f, fleet_instance *list,
                                     size_t *count)
{
    aegis_instance_list found = {0};
    aegis_error error = {0};
    fleet_instance *all;
    size_t i;

    if (aegis_instances_read(s->bus, service, s->arena, &found, &error) != AEGIS_OK) {
        f->registry_why = arena_strdup(f->memory, aegis_error_text(&error));
        return list;
    }
    f->registry_read = true;
    if (found.count == 0)
        return list;
    all = (fleet_instance *)arena_array(f->memory, *count + found.count, sizeof *all);
    if (all == NULL)
        return NULL;
    memcpy(all, list, *count * sizeof *all);
    for (i = 0; i < found.count; i++) {
        const aegis_instance *told = &found.items[i];

        all[(*count)++] = (fleet_instance){.service = arena_strdup(f->memory, told->service),
                                           .id = arena_strdup(f->memory, told->id),
                                           .version = arena_strdup(f->memory, told->version),
                                           .state = state_name(told->state),
                                           .description = "",
                                           .registered = true,
                                           .seen = told->age,
                                           .started = told->started_at,
                                           .heartbeat = told->last_heartbeat};
    }
    return f->memory->failed ? NULL : all;
}
