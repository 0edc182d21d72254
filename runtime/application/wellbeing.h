/* Whether a service is well, and that it takes no work while it is not.
 *
 *   wellbeing.c  looks, and lets it leave and return    health.c  reports
 */
#ifndef AEGIS_APPLICATION_WELLBEING_H
#define AEGIS_APPLICATION_WELLBEING_H

#include "application/service.h"

/* Handlers that have held up a service for so long after that was found will not come back. */
#define AEGIS_STUCK_DEAD AEGIS_MINUTE
/* So many looks in a row the waiting room is full, before it counts. */
#define AEGIS_FULL_LOOKS 2

/* In an answer to $SRV.*, metadata with this name says that the instance cannot take over anybody's work. */
#define AEGIS_HINDRANCE "aegis.hindrance"
/* Its value: "away", "full"; NULL: it can. On the thread of the bus's presence. */
const char *aegis_wellbeing_hindrance(aegis_service *service);

/* When it returns the user's function does not run any more, if it returns in time at all. */
void aegis_wellbeing_end(aegis_service *service);

/* Look, if it is time to; returns when to look again. On the thread of the bus's presence. */
int64_t aegis_wellbeing_turn(aegis_service *service, aegis_arena *arena, int64_t now);

#endif
