/* What a service is busy with at this moment; see load.c. */
#ifndef AEGIS_APPLICATION_LOAD_H
#define AEGIS_APPLICATION_LOAD_H

#include "application/service.h"

typedef struct aegis_load {
    uint32_t running; /* handlers of calls, and calls that are to be answered later */
    uint32_t waiting; /* calls in the waiting room */
} aegis_load;

/* One for each endpoint, in `arena`; those of commands are 0. NULL without memory. Any thread. */
const aegis_load *aegis_load_read(aegis_service *service, aegis_arena *arena);

/* Does the caller of a handler that runs still wait for it? With the lock held, of a service that has
 * opened. */
bool aegis_load_awaited(const aegis_service *service, int64_t now);

#endif
