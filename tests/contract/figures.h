/* A service of which everything is counted that can be counted of streams: events of which one is tried
 * twice, one dead; commands on two lanes, one attempted twice, with progress; and what was sent for it. */
#ifndef TESTS_CONTRACT_FIGURES_H
#define TESTS_CONTRACT_FIGURES_H

#include "contract/world.h"

extern const aegis_service_type figures_type;

/* Start it as w->service, send everything, and wait until all has come to an end: 3 events of which 2 are
 * handled, one of them at its second try, and one is a dead letter; 2 commands on the normal lane, one of
 * them at its second attempt, and one on the high lane. */
void figures_run(world *w);
/* What is counted of a consumer; all zeros: nothing. */
aegis_consumer_metrics figures_consumer(world *w, const char *subject);

#endif
