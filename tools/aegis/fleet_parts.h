/* The parts of fleet_read. */
#ifndef AEGIS_TOOL_FLEET_PARTS_H
#define AEGIS_TOOL_FLEET_PARTS_H

#include "fleet.h"

/* `likely` is where it probably stands. */
const fleet_endpoint *fleet_same_endpoint(const fleet_endpoint *list, size_t count, const fleet_endpoint *as,
                                          size_t likely);

/* The list with what the registry has; NULL without memory. Sets registry_read and registry_why. */
fleet_instance *fleet_add_registered(session *s, const char *service, fleet *f, fleet_instance *list,
                                     size_t *count);
/* Rates and recent latencies of each instance, which are sorted. */
void fleet_set_rates(const fleet *before, fleet_instance *now, size_t count, arena *memory);
/* Put instances of a name together. */
void fleet_make_services(fleet *f);

#endif
