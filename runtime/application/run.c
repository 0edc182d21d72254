/* aegis_run and aegis_stop: wait for SIGINT or SIGTERM, then stop every service. The process-wide state a
 * signal handler cannot do without (which pipe to write to, how many signals came) is the only such state in
 * the library, and lives here. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "application/bus.h"
#include "application/service.h"

static _Atomic(aegis_bus *) running;

static void on_signal(int number)
{
    aegis_bus *bus = atomic_load(&running);
    int saved = errno;

    (void)number;
    if (bus != NULL) {
        const char byte = 's';
        /* The first signal stops, a second one hurries: see aegis_bus_hurried. */
        ssize_t written = write(bus->stop_pipe[1], &byte, 1);
        (void)written;
    }
    errno = saved;
}

void aegis_stop(aegis_bus *bus)
{
    const char byte = 'x';
    ssize_t written = write(bus->stop_pipe[1], &byte, 1);

    (void)written; /* a full pipe already says it */
}

static void wait_for_stop(aegis_bus *bus)
{
    struct pollfd ready = {bus->stop_pipe[0], POLLIN, 0};
    char byte;

    while (read(bus->stop_pipe[0], &byte, 1) != 1)
        (void)poll(&ready, 1, -1);
}

/* While services drain: a second signal is a byte 's' in the pipe. */
bool aegis_bus_hurried(aegis_bus *bus)
{
    char byte;

    if (atomic_load(&running) == bus) {
        while (read(bus->stop_pipe[0], &byte, 1) == 1) {
            if (byte == 's')
                atomic_store(&bus->hurry, true);
        }
    }
    return atomic_load(&bus->hurry);
}

aegis_status aegis_run(aegis_bus *bus, aegis_error *error)
{
    aegis_bus *expected = NULL;
    struct sigaction action = {0};
    struct sigaction before_int;
    struct sigaction before_term;

    if (!atomic_compare_exchange_strong(&running, &expected, bus))
        return aegis_error_set(error, AEGIS_FAILED_PRECONDITION,
                               "another thread of this process is in aegis_run");
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, &before_int);
    (void)sigaction(SIGTERM, &action, &before_term);

    wait_for_stop(bus);
    aegis_bus_drain(bus);

    (void)sigaction(SIGINT, &before_int, NULL);
    (void)sigaction(SIGTERM, &before_term, NULL);
    atomic_store(&running, NULL);
    atomic_store(&bus->hurry, false);
    return AEGIS_OK;
}
