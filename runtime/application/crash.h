/* Where a test lets a worker die: AEGIS_CRASH_AT=<point> in the environment, in objects compiled with
 * -DAEGIS_CRASH_HOOK. They are never installed; there the points are nothing. */
#ifndef AEGIS_APPLICATION_CRASH_H
#define AEGIS_APPLICATION_CRASH_H

#ifdef AEGIS_CRASH_HOOK
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static inline void aegis_crash_at(const char *point)
{
    const char *wanted = getenv("AEGIS_CRASH_AT");

    if (wanted != NULL && strcmp(wanted, point) == 0)
        (void)raise(SIGKILL);
}
#define AEGIS_CRASH_AT(point) aegis_crash_at(point)
#else
#define AEGIS_CRASH_AT(point) ((void)0)
#endif

#endif
