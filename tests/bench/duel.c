/* See duel.h. */
#define _GNU_SOURCE
#include "bench/duel.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

double bench_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

void bench_sample(bench_samples *samples, double nanoseconds)
{
    if (samples != NULL && samples->count < BENCH_SAMPLES)
        samples->values[samples->count++] = (float)nanoseconds;
}

double duel_cpu_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double duel_switches_now(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_nvcsw + usage.ru_nivcsw);
}

static int by_double(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static int by_float(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

double duel_median(double *values, size_t count)
{
    qsort(values, count, sizeof values[0], by_double);
    return values[count / 2];
}

double duel_percentile(bench_samples *samples, double part)
{
    if (samples->count == 0)
        return 0;
    qsort(samples->values, samples->count, sizeof samples->values[0], by_float);
    return (double)samples->values[(size_t)((double)(samples->count - 1) * part)];
}

/* Operations a second; 0 when one failed. */
static double run(duel_side *s, uint64_t count, unsigned depth, bench_samples *samples)
{
    const double start = bench_now();

    if (!s->form(s->context, count, depth, samples))
        return 0;
    return (double)count / (s->elapsed != NULL ? s->elapsed(s->context) : bench_now() - start) * 1e9;
}

static bool prepare(duel_side *s, uint64_t count)
{
    return s->prepare == NULL || s->prepare(s->context, count);
}

double duel_rate(duel_side *s, uint64_t count, unsigned depth, bench_samples *samples)
{
    return prepare(s, count) ? run(s, count, depth, samples) : 0;
}

bool duel_calibrate(duel_side *s, unsigned depth, unsigned ms)
{
    double rate = 0;

    for (uint64_t count = 2 * (uint64_t)depth + 16; count < UINT64_C(1) << 28; count *= 4) {
        rate = duel_rate(s, count, depth, NULL);
        if (rate == 0 || (double)count / rate > 0.02)
            break;
    }
    s->count = (uint64_t)(rate * ms / 1000) + 1;
    return rate > 0;
}

static bool play(duel_side *s, unsigned depth, unsigned round)
{
    if (!prepare(s, s->count))
        return false;
    const double cpu = duel_cpu_now(), switches = duel_switches_now();
    s->rates[round] = run(s, s->count, depth, &s->samples);
    s->cpu[round] = (duel_cpu_now() - cpu) / (double)s->count;
    s->switches[round] = (duel_switches_now() - switches) / (double)s->count;
    return s->rates[round] > 0;
}

bool duel_fight(duel_side *ours, duel_side *peer, unsigned depth)
{
    duel_side *sides[2] = {ours, peer};
    bool good = true;

    for (int i = 0; good && i < 2; i++) {
        sides[i]->samples = (bench_samples){(float *)calloc(BENCH_SAMPLES, sizeof(float)), 0};
        good = sides[i]->samples.values != NULL && duel_calibrate(sides[i], depth, DUEL_ROUND_MS);
    }
    for (unsigned round = 0; good && round < DUEL_ROUNDS; round++)
        good = play(sides[round % 2], depth, round) && play(sides[1 - round % 2], depth, round);
    if (!good)
        fprintf(stderr, "%s or %s failed\n", ours->name, peer->name);
    return good;
}

void duel_show(duel_side *s)
{
    printf("    %-64s p50 %7.1f us  p99 %8.1f us  cpu %6.1f us  switches %5.2f  %8.0f/s\n", s->name,
           duel_percentile(&s->samples, 0.5) / 1e3, duel_percentile(&s->samples, 0.99) / 1e3,
           duel_median(s->cpu, DUEL_ROUNDS) / 1e3, duel_median(s->switches, DUEL_ROUNDS),
           duel_median(s->rates, DUEL_ROUNDS));
}

void duel_free(duel_side *s)
{
    free(s->samples.values);
    s->samples.values = NULL;
}
