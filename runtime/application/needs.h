/* The durable consumers of a service: what whoever starts one makes or verifies, and what a plan of it names.
 */
#ifndef AEGIS_APPLICATION_NEEDS_H
#define AEGIS_APPLICATION_NEEDS_H

#include <aegis/generated.h>

#include "application/bus.h"

/* One of a subscription, under one of its names; or of one lane of a command, under one of its. */
typedef struct aegis_need {
    aegis_consumer_config config; /* its strings in the arena, or the type's */
    const aegis_subscription
        *subscription;   /* NULL: of a command. @broadcast: each instance adds to the durable's name */
    const char *pattern; /* of the subscription */
    const aegis_endpoint *endpoint;
    uint32_t weight; /* of the lane: its share when others wait too */
} aegis_need;

typedef struct aegis_needs {
    aegis_need *items; /* subscriptions first */
    size_t count;
} aegis_needs;

/* All of them; `lease` as in the service's options. RESOURCE_EXHAUSTED without memory. */
aegis_status aegis_needs_list(const aegis_bus *bus, const aegis_service_type *type, aegis_duration lease,
                              aegis_arena *arena, aegis_needs *out, aegis_error *error);

/* The part of a command's subject that selects the lane: "" or ".high". */
const char *aegis_lane_suffix(aegis_priority priority);

#endif
