/* How a program is: whether it is alive, and whether it can take work, with the reasons. An instance that is not well
 * takes itself out of its queue group, so that calls, commands and events go to the others, and returns when it is well;
 * docs/OPERATE.md says when. For the same over HTTP see <aegis/http.h>.
 */
#ifndef AEGIS_HEALTH_H
#define AEGIS_HEALTH_H

#include <aegis/bus.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One thing that is looked at. */
typedef struct aegis_health_check {
    const char *name;            /**< "jetstream", "order-service.handlers" */
    bool good;
    const char *text;            /**< what was seen: one line, "" when there is nothing to say */
} aegis_health_check;

typedef struct aegis_health_report {
    bool live;                   /**< false: only a new start helps. Handlers that have held up a service for a minute, or
                                      a `healthy` function that does not return */
    bool ready;                  /**< all checks are good: it takes work */
    const aegis_health_check *checks;
    size_t check_count;
} aegis_health_report;

/** How it is now, in `arena`. Never waits: what is asked of others was asked before. */
AEGIS_API aegis_status aegis_health_read(aegis_bus *bus, aegis_arena *arena, aegis_health_report *report,
                                         aegis_error *error);

#ifdef __cplusplus
}
#endif

#endif
