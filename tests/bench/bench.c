/* See bench.h. Each side is calibrated first, so that a round takes the time asked for; then the sides
 * alternate and the order within a pair alternates too. The median of each side's rounds is what counts.
 */
#define _POSIX_C_SOURCE 200809L
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BENCH_MAX_ROUNDS 101

static const void *volatile bench_sink;

void bench_keep(const void *value)
{
    bench_sink = value;
}

static double now(clockid_t clock)
{
    struct timespec t;

    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Nanoseconds per operation, or a negative number when the work failed. */
static double round_of(const bench_case *one, bench_work work, uint64_t count)
{
    const clockid_t clock = one->computes ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
    const double start = now(clock);

    if (!work(one->context, count))
        return -1.0;
    return (now(clock) - start) / (double)count;
}

static uint64_t calibrate(const bench_case *one, bench_work work, unsigned round_ms)
{
    uint64_t count = 16;
    double each;

    do {
        count *= 2;
        each = round_of(one, work, count);
    } while (each >= 0 && each * (double)count < 5e6 && count < UINT64_C(1) << 32);
    if (each < 0)
        return 0;
    count = (uint64_t)((double)round_ms * 1e6 / each);
    return count > 0 ? count : 1;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void bench_line(const char *name, const char *unit, double ours, double peer, const char *peer_name)
{
    const char *path = getenv("BENCH_OUTPUT");
    const double ratio = peer > 0 ? ours / peer : 0;
    FILE *file;

    printf("%-42s %10.*f %-7s %-24s %10.*f   ratio %.2f\n", name, ours < 100 ? 2 : 0, ours, unit, peer_name,
           peer < 100 ? 2 : 0, peer, ratio);
    (void)fflush(stdout);
    if (path == NULL)
        return;
    file = fopen(path, "a");
    if (file == NULL)
        return;
    fprintf(
        file,
        "{\"name\":\"%s\",\"unit\":\"%s\",\"ours\":%.2f,\"peer\":%.2f,\"peer_name\":\"%s\",\"ratio\":%.3f}\n",
        name, unit, ours, peer, peer_name, ratio);
    (void)fclose(file);
}

bool bench_run(const bench_case *one, unsigned rounds, unsigned round_ms)
{
    double ours[BENCH_MAX_ROUNDS], peer[BENCH_MAX_ROUNDS];
    const uint64_t our_count = calibrate(one, one->ours, round_ms);
    const uint64_t peer_count = calibrate(one, one->peer, round_ms);
    bool good = our_count > 0 && peer_count > 0;

    if (rounds > BENCH_MAX_ROUNDS)
        rounds = BENCH_MAX_ROUNDS;
    for (unsigned i = 0; good && i < rounds; i++) {
        if (i % 2 == 0)
            ours[i] = round_of(one, one->ours, our_count);
        peer[i] = round_of(one, one->peer, peer_count);
        if (i % 2 != 0)
            ours[i] = round_of(one, one->ours, our_count);
        good = ours[i] >= 0 && peer[i] >= 0;
    }
    if (!good) {
        fprintf(stderr, "%s: one side failed\n", one->name);
        return false;
    }
    qsort(ours, rounds, sizeof ours[0], by_value);
    qsort(peer, rounds, sizeof peer[0], by_value);
    bench_line(one->name, "ns", ours[rounds / 2], peer[rounds / 2], one->peer_name);
    return true;
}
