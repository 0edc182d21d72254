/* Who is there: the live instances of services, ours and those of the original AegisSDK, as the registry of the bus has
 * them (a bucket of its own, `service_registry`). Calls do not need it: who answers is decided by the bus. It is for
 * people and programs that want to see.
 */
#ifndef AEGIS_DISCOVERY_H
#define AEGIS_DISCOVERY_H

#include <aegis/bus.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum aegis_instance_state {
    AEGIS_INSTANCE_ACTIVE = 0,
    AEGIS_INSTANCE_STANDBY,      /**< of the original's: waits to take over */
    AEGIS_INSTANCE_UNHEALTHY,    /**< is there, but takes no work (or says something that is not known here) */
    AEGIS_INSTANCE_SHUTDOWN      /**< finishes what it has, and goes */
} aegis_instance_state;

/** "ACTIVE"; "UNKNOWN" for what is none. */
AEGIS_API const char *aegis_instance_state_name(aegis_instance_state state);

/** One instance of a service. */
typedef struct aegis_instance {
    const char *service;         /**< wire name */
    const char *id;
    const char *version;
    aegis_instance_state state;
    aegis_timestamp last_heartbeat; /**< by the instance's clock */
    aegis_timestamp started_at;  /**< by the instance's clock; 0: it does not say */
    aegis_duration age;          /**< since its last heartbeat came in, by the server's clock alone */
} aegis_instance;

typedef struct aegis_instance_list {
    const aegis_instance *items; /**< by service, then by id */
    size_t count;
} aegis_instance_list;

/** The live instances of `service`, or of all services (NULL), in `arena`. One that has not been heard of for three
 *  heartbeats (options.heartbeat; 30 s) is not live. Nobody there is an empty list. Waits for the server, 5 s at most;
 *  UNAVAILABLE without JetStream or connection. `error` may be NULL. */
AEGIS_API aegis_status aegis_instances_read(aegis_bus *bus, const char *service, aegis_arena *arena,
                                            aegis_instance_list *list, aegis_error *error);

#ifdef __cplusplus
}
#endif

#endif
