/* F3: processes that consume events and are killed. A program that uses this starts itself again as the
 * consumer, so its main begins with `if (argc > 1) return victim_main(argv)`. */
#ifndef TESTS_CONTRACT_VICTIMS_H
#define TESTS_CONTRACT_VICTIMS_H

#include "contract/world.h"

int victim_main(char **argv);

/* Publish events all the while, kill -9 the consumer at random moments, then let it finish: every event was
 * handled, none is a dead letter, and the acknowledgement floor reaches the end. Prints the line F3. */
void victims_killed(world *w, int kills);
/* One event of many ends the process of whoever handles it: it becomes a dead letter, and all others are
 * handled. */
void victims_poisoned(world *w);

#endif
