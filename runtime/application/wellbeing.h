/* Whether a service is well, and that it takes no work while it is not.
 *
 *   wellbeing.c  looks, and lets it leave and return    health.c  reports
 */
#ifndef AEGIS_APPLICATION_WELLBEING_H
#define AEGIS_APPLICATION_WELLBEING_H

#include "application/service.h"

/* Handlers that have held up a service for so long will not come back. */
#define AEGIS_STUCK_DEAD AEGIS_MINUTE
/* So many looks in a row the waiting room is full, before it counts. */
#define AEGIS_FULL_LOOKS 2
/* The thread of the presence has not looked around for so long: it is held up by a user's function. */
#define AEGIS_LOOKS_DEAD (30 * AEGIS_SECOND)

/* Look, if it is time to; returns when to look again. On the thread of the bus's presence. */
int64_t aegis_wellbeing_turn(aegis_service *service, aegis_arena *arena, int64_t now);

#endif
