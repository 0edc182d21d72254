/* The one clock that deadlines are on, and waiting by it. */
#ifndef AEGIS_PORTS_CLOCK_H
#define AEGIS_PORTS_CLOCK_H

#include <pthread.h>

#include <aegis/base.h>

/* Nanoseconds on a clock that never jumps; for deadlines. The wall clock is aegis_now(). */
int64_t aegis_clock_monotonic(void);

/* A condition whose waits end by that clock. False: there is no memory. */
bool aegis_condition_init(pthread_cond_t *condition);
/* Wait for it until then (INT64_MAX: for ever). False: the time has come. */
bool aegis_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until);

/* Sleep, whatever signals come. */
void aegis_pause(aegis_duration duration);
void aegis_pause_until(int64_t when);

#endif
