/* A worker process dies at each step of an exactly-once command, over a real server; and one that aborts with
 * the message it handles does not do so for ever. */
#define _POSIX_C_SOURCE 200809L
#include "contract/crashes.h"

static void test_each_step(void **state)
{
    world *w = (world *)*state;
    crash_count counts[CRASH_POINTS];

    crashes_run(w->bus, w->url, 1, counts);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {WORLD_CASE(test_each_step)};

    if (station_called(argc, argv))
        return station_work(argv);
    return world_run_nats(cases, sizeof cases / sizeof cases[0]);
}
