/* F27: a service is upgraded one instance at a time, and back again, while old and new programs call it and
 * publish. */
#ifndef TESTS_CONTRACT_UPGRADE_H
#define TESTS_CONTRACT_UPGRADE_H

#include "contract/world.h"

/* `instances` of the service, each replaced after `pause`, new ones first and then back. No call fails, a
 * method that only new ones have is answered from when the first of them is up until the last goes, no event
 * of either version is lost or a dead letter. Prints the line F27. */
void upgrade_rolls(world *w, int instances, aegis_duration pause);

#endif
