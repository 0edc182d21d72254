/* The registry of instances: an entry for each in a bucket, which is put again with every heartbeat and grows
 * old when the instance dies, and messages on service.<name>.register, .heartbeat and .unregister for who
 * listens. Nothing waits for it but the end of a service, and that not for long.
 *
 *   registry.c   puts and takes out    heartbeat.c  what a heartbeat says
 *   discovery.c  reads
 */
#ifndef AEGIS_APPLICATION_REGISTRY_H
#define AEGIS_APPLICATION_REGISTRY_H

#include <aegis/discovery.h>

#include "application/bus.h"

/* Of aegis_options.heartbeat. */
#define AEGIS_HEARTBEAT       (10 * AEGIS_SECOND)
#define AEGIS_HEARTBEAT_LEAST (100 * AEGIS_MILLISECOND)
/* Heartbeats an instance may miss before it counts as gone. */
#define AEGIS_HEARTBEATS_LIFE 3
/* A key is "service-instances__<service>__<instance>". */
#define AEGIS_REGISTRY_PREFIX "service-instances__"

struct aegis_service;

/* Between two. */
static inline aegis_duration aegis_heartbeat_of(const aegis_options *options)
{
    const aegis_duration asked = options->heartbeat > 0 ? options->heartbeat : AEGIS_HEARTBEAT;

    return asked > AEGIS_HEARTBEAT_LEAST ? asked : AEGIS_HEARTBEAT_LEAST;
}

/* ---- registry.c; the thread of the bus's presence -------------------------------------------------------
 */
/* Do what is due for this service; returns when to look again. */
int64_t aegis_registry_turn(struct aegis_service *service, aegis_arena *arena, int64_t now);

/* ---- registry.c; any thread ------------------------------------------------------------------------------
 */
/* It has ended: returns when it is no longer listed, or after AEGIS_PRESENCE_TIMEOUT, as what cannot be taken
 * out grows old by itself. */
void aegis_registry_leave(struct aegis_service *service);

/* ---- discovery.c; aegis_instances_read with a deadline ---- */
aegis_status aegis_registry_read(aegis_bus *bus, const char *service, int64_t deadline, aegis_arena *arena,
                                 aegis_instance_list *list, aegis_error *error);

/* ---- heartbeat.c -----------------------------------------------------------------------------------------
 */
/* The body of a heartbeat: what was counted so far, in the original's words. */
aegis_status aegis_heartbeat_body(struct aegis_service *service, aegis_arena *arena, aegis_bytes *body,
                                  aegis_error *error);
/* JSON without spaces with one behind each comma and colon, as json.dumps of Python has it. data NULL: no
 * memory. */
aegis_bytes aegis_json_spread(aegis_bytes json, aegis_arena *arena);

#endif
