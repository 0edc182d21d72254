/* Two ways of doing the same over a network: the sides take turns in short rounds, the order within a pair
 * alternates, and each side's median round counts. With the rates come latencies of single operations, CPU
 * time of this process and its context switches.
 */
#ifndef TESTS_BENCH_DUEL_H
#define TESTS_BENCH_DUEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BENCH_SAMPLES = 200000, DUEL_ROUNDS = 15, DUEL_ROUND_MS = 200 };

/* Latencies in nanoseconds; once full, no more are kept. One writer at a time, or the lock of the form. */
typedef struct bench_samples {
    float *values;
    size_t count;
} bench_samples;

/* `samples` may be NULL. */
void bench_sample(bench_samples *samples, double nanoseconds);
/* Monotonic, in nanoseconds. */
double bench_now(void);

/* One way of doing `count` operations with `depth` of them under way. False when one failed. */
typedef bool (*bench_form)(void *context, uint64_t count, unsigned depth, bench_samples *samples);

typedef struct duel_side {
    const char *name;
    bench_form form;
    void *context;
    bool (*prepare)(void *context, uint64_t count); /* before each round, unmeasured; NULL: nothing */
    double (*elapsed)(void *context); /* of the form's last run, in nanoseconds; NULL: all of it counts */
    bench_samples samples;
    uint64_t count;                                                     /* operations in a round */
    double rates[DUEL_ROUNDS], cpu[DUEL_ROUNDS], switches[DUEL_ROUNDS]; /* a second; each; each */
} duel_side;

/* Find how many operations take `ms`. */
bool duel_calibrate(duel_side *side, unsigned depth, unsigned ms);
/* All rounds. False when a side failed. */
bool duel_fight(duel_side *ours, duel_side *peer, unsigned depth);
/* What a round measured, to the terminal. */
void duel_show(duel_side *side);
void duel_free(duel_side *side);

/* Operations a second, or 0 when one failed. */
double duel_rate(duel_side *side, uint64_t count, unsigned depth, bench_samples *samples);
/* These sort what they are given. */
double duel_median(double *values, size_t count);
double duel_percentile(bench_samples *samples, double part);
/* Of this process so far: nanoseconds of CPU time; context switches. */
double duel_cpu_now(void);
double duel_switches_now(void);

#endif
