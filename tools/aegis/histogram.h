/* Latencies of many calls: buckets that are 128 to each doubling, so that what is read from them is off by
 * less than one percent, from nanoseconds to minutes, in 33 KB. One thread writes.
 */
#ifndef AEGIS_TOOL_HISTOGRAM_H
#define AEGIS_TOOL_HISTOGRAM_H

#include "screen.h"

#define HISTOGRAM_BUCKETS 4224

typedef struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t count;
    int64_t least, most;
    double sum;
} histogram;

/* Negative durations count as 0; those over two minutes in the last bucket. */
void histogram_add(histogram *h, int64_t ns);
/* What `part` (0.99) of all did not exceed; exact for 0 and 1. 0 when it is empty. */
int64_t histogram_quantile(const histogram *h, double part);
/* How many are in it that are at least `from` and less than `to`. */
uint64_t histogram_between(const histogram *h, int64_t from, int64_t to);

/* Percentiles, and a row for each range of latencies with a bar. */
void histogram_draw(const histogram *h, const screen *out);
/* {"count", "min", "mean", "p50", ..., "max"} in nanoseconds. */
json_t *histogram_json(const histogram *h);

#endif
