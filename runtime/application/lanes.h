/* The durable sources of a service: one a subscription, and one a command or, with priorities, four. */
#ifndef AEGIS_APPLICATION_LANES_H
#define AEGIS_APPLICATION_LANES_H

#include "application/service.h"

/* Make streams and consumers and open the sources, also the one for cancellations. */
aegis_status aegis_lanes_open(aegis_service *service, aegis_error *error);

/* Read the next message of a lane, one thread at a time. False: the service stops. The caller has the turn
 * when true comes back, and gives it back with pthread_mutex_unlock(&lane->turn). */
bool aegis_lane_next(aegis_lane *lane, aegis_message *message);

/* Make the consumer, or verify it, and open the lane's source. */
aegis_status aegis_lane_open(aegis_service *service, const aegis_consumer_config *config, aegis_lane *lane,
                             aegis_error *error);

/* The part of a command's subject that selects the lane: "" or ".high". */
const char *aegis_lane_suffix(aegis_priority priority);

#endif
