/* Something that takes HTTP requests and says OK: a process of its own, so that its time is not counted. */
#ifndef TESTS_BENCH_SINK_H
#define TESTS_BENCH_SINK_H

#include <stdint.h>
#include <sys/types.h>

/* Before there are threads. Its process, to be ended with bench_end; -1: it cannot. */
pid_t sink_start(uint16_t *port);

#endif
