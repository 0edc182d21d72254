/* F4: a worker dies by SIGKILL at each step of claim, effect, result, callback and ack, and another one
 * follows. Run a few times by `make test` and often by `make fault`. */
#ifndef TESTS_CONTRACT_CRASHES_H
#define TESTS_CONTRACT_CRASHES_H

#include "contract/station.h"

enum { CRASH_POINTS = 5 };

/* What came of one step. */
typedef struct crash_count {
    const char *point;
    int crashes, effects, doubts; /* doubts: effects that were told that they may not be the first */
} crash_count;

void crashes_run(aegis_bus *bus, const char *url, int rounds, crash_count counts[CRASH_POINTS]);

#endif
