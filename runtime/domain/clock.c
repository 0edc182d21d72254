/* The monotonic clock. */
#define _POSIX_C_SOURCE 200809L
#include "ports/clock.h"

#include <time.h>

int64_t aegis_clock_monotonic(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static struct timespec timespec_of(int64_t when)
{
    const int64_t at = when > 0 ? when : 0;

    return (struct timespec){.tv_sec = (time_t)(at / AEGIS_SECOND), .tv_nsec = (long)(at % AEGIS_SECOND)};
}

bool aegis_condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    if (pthread_condattr_init(&attributes) != 0)
        return false;
    const bool made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                      pthread_cond_init(condition, &attributes) == 0;
    (void)pthread_condattr_destroy(&attributes);
    return made;
}

bool aegis_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until)
{
    const struct timespec at = timespec_of(until);

    if (until == INT64_MAX)
        return pthread_cond_wait(condition, lock) == 0;
    return pthread_cond_timedwait(condition, lock, &at) == 0;
}

void aegis_pause_until(int64_t when)
{
    const struct timespec at = timespec_of(when);

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) != 0)
        continue;
}

void aegis_pause(aegis_duration duration)
{
    aegis_pause_until(aegis_clock_monotonic() + duration);
}
