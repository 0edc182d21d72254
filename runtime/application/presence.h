/* The one background thread of a bus for operating duties: answering who asks what runs here ($SRV.*),
 * telling the registry, looking whether services are well. It starts with the first service and ends with the
 * bus.
 *
 *   presence.c  the thread             describe.c  answers to $SRV.* and service.<name>.schema
 *   registry.c  who is there           wellbeing.c whether services are well
 *   lag.c       how many messages wait for whom
 *
 * It waits for what seldom comes, so nobody's call waits for it; nor does it hold a lock while it does
 * anything slow. Every single thing it does is bounded to PRESENCE_TIMEOUT, as who asks meanwhile waits.
 */
#ifndef AEGIS_APPLICATION_PRESENCE_H
#define AEGIS_APPLICATION_PRESENCE_H

#include "application/bus.h"

/* Longest wait for one thing on the thread. */
#define AEGIS_PRESENCE_TIMEOUT AEGIS_SECOND

/* Once per bus; any thread. Later ones find it started. */
aegis_status aegis_presence_start(aegis_bus *bus, aegis_error *error);
/* Before the port is closed, and after all sources of aegis_presence_hear are. */
void aegis_presence_stop(aegis_bus *bus);

/* Subscribe; what comes is handed to aegis_describe_answer on the thread. The source is the caller's to
 * close. */
aegis_status aegis_presence_hear(aegis_bus *bus, const char *subject, const char *queue,
                                 aegis_source **source, aegis_error *error);
/* For so long a user's function has held up the thread; 0: none does. Any thread, with the bus's lock, of a
 * bus that has a presence. */
aegis_duration aegis_presence_held_up(aegis_bus *bus);
/* There may be something to do now. Any thread. */
void aegis_presence_nudge(aegis_bus *bus);

#endif
