/* Side-by-side measurement: ours and a peer's, in turns, so that whatever the machine does hits both. */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Does the work `count` times. False ends the benchmark. */
typedef bool (*bench_work)(void *context, uint64_t count);

typedef struct bench_case {
    const char *name;      /* "codec/msgpack/encode/order/msgpack-c" */
    const char *peer_name; /* "msgpack-c packer" */
    bench_work ours, peer;
    void *context;
    bool computes; /* measure this thread's CPU time: work that waits for nothing is not others' load to bear
                    */
} bench_case;

/* Measure in nanoseconds per operation: `rounds` turns of about `round_ms` each a side; the medians go to the
 * terminal and, as one JSON object, to the file BENCH_OUTPUT names. False when a side failed. */
bool bench_run(const bench_case *one, unsigned rounds, unsigned round_ms);

/* One measured line, to the terminal and to BENCH_OUTPUT; `peer` 0: there is none to compare with. */
void bench_line(const char *name, const char *unit, double ours, double peer, const char *peer_name);

/* Calls of malloc, calloc and realloc so far, by anybody in this process (process.c counts them). */
uint64_t bench_allocations(void);
/* CPU, memory and connections of an idle child, as lines idle/cpu (percent), idle/rss (MiB),
 * idle/connections. */
bool bench_idle(pid_t child, unsigned seconds);
void bench_end(pid_t child);
/* Nanoseconds of CPU time that a process has taken, to the tick. */
double bench_cpu_of(pid_t pid);

/* Keeps the optimizer from dropping the work that made `value`. */
void bench_keep(const void *value);

#endif
