/* Time, in one place. */
#ifndef AEGIS_PORTS_CLOCK_H
#define AEGIS_PORTS_CLOCK_H

#include <stdint.h>

/* Nanoseconds on a clock that never jumps; for deadlines. The wall clock is aegis_now(). */
int64_t aegis_clock_monotonic(void);

#endif
