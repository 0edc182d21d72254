/* Sleeping in slices, because a signal may come between looking and sleeping. */
#define _POSIX_C_SOURCE 200809L
#include "wait.h"

#include <time.h>

#include "ports/clock.h"
#include "session.h"

#define SLICE (20 * AEGIS_MILLISECOND)

void wait_for(aegis_duration time)
{
    const int64_t until = aegis_clock_monotonic() + time;

    while (!session_interrupted()) {
        const int64_t left = until - aegis_clock_monotonic();
        const int64_t slice = left < SLICE ? left : SLICE;
        const struct timespec span = {.tv_sec = 0, .tv_nsec = (long)slice};

        if (left <= 0)
            return;
        (void)nanosleep(&span, NULL);
    }
}
