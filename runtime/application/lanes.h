/* The durable sources of a service: one a subscription, and one a command or, with priorities, four. */
#ifndef AEGIS_APPLICATION_LANES_H
#define AEGIS_APPLICATION_LANES_H

#include "application/service.h"

/* Make streams and consumers and open the sources, also the one for cancellations. */
aegis_status aegis_lanes_open(aegis_service *service, aegis_error *error);

/* Make the consumer, or verify it, and open the lane's source. */
aegis_status aegis_lane_open(aegis_service *service, const aegis_consumer_config *config, aegis_lane *lane,
                             aegis_error *error);

#endif
