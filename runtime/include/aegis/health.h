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

/* ---- the connection, as events ---- */

/** What happens to the connection of a bus. */
typedef enum aegis_connection_event {
    AEGIS_CONNECTION_UP = 1,     /**< connected, again: subscriptions are in place. With several connections: one of them */
    AEGIS_CONNECTION_DOWN,       /**< lost; it is made anew by itself */
    AEGIS_CONNECTION_LAME_DUCK,  /**< its server is about to go; it is left for another before that */
    AEGIS_CONNECTION_DROPPED     /**< a subscription had no room for a message: lost, unless it is in a stream */
} aegis_connection_event;

/** The name of one: "up", "down", "lame duck", "dropped". */
AEGIS_API const char *aegis_connection_event_name(aegis_connection_event event);

/** A reader of them. */
typedef struct aegis_connection_events aegis_connection_events;

/** From now on; the first is UP when the bus is connected. Each reader gets all. To be closed before the bus is. */
AEGIS_API aegis_status aegis_connection_events_open(aegis_bus *bus, aegis_connection_events **events,
                                                    aegis_error *error);

/** The next one, waiting for it at most `wait`: DEADLINE_EXCEEDED when none came; then `*event` is as it was. One thread
 *  reads. Of a reader that does not read, the oldest are forgotten: some dozens are kept. */
AEGIS_API aegis_status aegis_connection_events_next(aegis_connection_events *events, aegis_duration wait,
                                                    aegis_connection_event *event);

/** Not while another thread waits in _next. NULL is fine. */
AEGIS_API void aegis_connection_events_close(aegis_connection_events *events);

#ifdef __cplusplus
}
#endif

#endif
