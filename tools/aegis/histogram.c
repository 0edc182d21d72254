/* Latencies, and how they look. */
#include "histogram.h"

#include <math.h>
#include <string.h>

#define FINE_BITS 7
#define FINE      (1u << FINE_BITS)

/* Below 2 * FINE a bucket is one nanosecond wide; then FINE buckets to each doubling. */
static size_t bucket_of(int64_t ns)
{
    uint64_t value = ns > 0 ? (uint64_t)ns : 0;
    size_t shift = 0, index;

    while (value >= 2 * FINE) {
        value >>= 1;
        shift++;
    }
    index = shift * FINE + (size_t)value;
    return index < HISTOGRAM_BUCKETS ? index : HISTOGRAM_BUCKETS - 1;
}

/* The least that the bucket holds. */
static int64_t start_of(size_t index)
{
    const size_t shift = index < 2 * FINE ? 0 : index / FINE - 1;

    return (int64_t)((uint64_t)(index - shift * FINE) << shift);
}

void histogram_add(histogram *h, int64_t ns)
{
    const int64_t value = ns > 0 ? ns : 0;

    h->counts[bucket_of(value)]++;
    h->least = h->count == 0 || value < h->least ? value : h->least;
    h->most = value > h->most ? value : h->most;
    h->sum += (double)value;
    h->count++;
}

int64_t histogram_quantile(const histogram *h, double part)
{
    const uint64_t wanted = (uint64_t)ceil(part * (double)h->count);
    uint64_t seen = 0;
    size_t i;

    if (part <= 0 || h->count == 0)
        return h->least;
    for (i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
        seen += h->counts[i];
        if (seen >= wanted && seen > 0)
            break;
    }
    return i + 1 < HISTOGRAM_BUCKETS && start_of(i + 1) - 1 < h->most ? start_of(i + 1) - 1 : h->most;
}

uint64_t histogram_between(const histogram *h, int64_t from, int64_t to)
{
    uint64_t sum = 0;
    size_t i;

    for (i = bucket_of(from); i < HISTOGRAM_BUCKETS && start_of(i) < to; i++)
        sum += start_of(i) >= from ? h->counts[i] : 0;
    return sum;
}

/* ---- drawn ---- */

static const struct {
    const char *name;
    double part;
} percentiles[] = {{"p50", 0.5},  {"p75", 0.75},    {"p90", 0.9},      {"p95", 0.95},
                   {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}};

#define PERCENTILES (sizeof percentiles / sizeof percentiles[0])
#define ROWS_MAX    24
#define BAR_COLUMNS 40

/* 1, 2 or 5 times a power of ten: the bounds of rows, in which people think. */
static int64_t next_round(int64_t ns)
{
    int64_t unit = 1;

    while (unit * 10 <= ns)
        unit *= 10;
    return ns < 2 * unit ? 2 * unit : ns < 5 * unit ? 5 * unit : 10 * unit;
}

/* A bar of eighths of a column. */
static void put_bar(const screen *out, double part)
{
    const int eighths = (int)lround(part * BAR_COLUMNS * 8);
    int i;

    if (eighths == 0)
        return;
    fputs("  ", out->file);
    fputs(screen_ink_text(out, INK_CYAN), out->file);
    for (i = 0; i < eighths / 8; i++)
        fputs(screen_sign_text(SIGN_FULL), out->file);
    if (eighths % 8 > 0 && screen_unicode())
        fprintf(out->file, "\xe2\x96%c", 0x90 - eighths % 8); /* U+258F to U+2589 */
    fputs(screen_ink_text(out, INK_PLAIN), out->file);
}

static void put_rows(const histogram *h, const screen *out, const int64_t *bounds, size_t rows)
{
    uint64_t most = 1, seen = 0;
    size_t i;

    for (i = 0; i < rows; i++) {
        const uint64_t count = histogram_between(h, bounds[i], bounds[i + 1]);

        most = count > most ? count : most;
    }
    for (i = 0; i < rows; i++) {
        const uint64_t count = histogram_between(h, bounds[i], bounds[i + 1]);
        char from[SCREEN_TEXT], number[SCREEN_TEXT];

        seen += count;
        fprintf(out->file, "  %9s  %7s %6.2f %%", screen_duration(bounds[i], from),
                screen_count((double)count, number), 100 * (double)seen / (double)h->count);
        put_bar(out, (double)count / (double)most);
        fputc('\n', out->file);
    }
}

/* Into how many a row is parted so that the parts are round too: from 1, 2 or 5 on. */
static size_t parts_of(int64_t from, int64_t to, size_t rows)
{
    if (rows > 9)
        return 1;
    if (rows > 3)
        return to == from * 5 / 2 ? 3 : 2;
    return to == from * 5 / 2 ? 6 : 5;
}

/* Rows as fine as fit; how many. */
static size_t choose_bounds(const histogram *h, int64_t bounds[ROWS_MAX + 1])
{
    const int64_t least = h->least > 1 ? h->least : 1;
    int64_t round[ROWS_MAX + 1], at = 1;
    size_t count = 0, rows = 0, i, k;

    while (next_round(at) <= least)
        at = next_round(at);
    for (round[0] = at; count < ROWS_MAX && round[count] <= h->most; count++)
        round[count + 1] = next_round(round[count]);
    for (i = 0; i < count; i++) {
        const size_t parts = parts_of(round[i], round[i + 1], count);

        for (k = 0; k < parts && rows < ROWS_MAX; k++)
            bounds[rows++] = round[i] + (round[i + 1] - round[i]) * (int64_t)k / (int64_t)parts;
    }
    bounds[rows] = count < ROWS_MAX ? round[count] : INT64_MAX;
    return rows;
}

void histogram_draw(const histogram *h, const screen *out)
{
    int64_t bounds[ROWS_MAX + 1];
    char text[SCREEN_TEXT];
    size_t rows, first = 0, i;

    if (h->count == 0)
        return;
    fprintf(out->file, "  %-8s%s\n", "min", screen_duration(h->least, text));
    fprintf(out->file, "  %-8s%s\n", "mean", screen_duration((int64_t)(h->sum / (double)h->count), text));
    for (i = 0; i < PERCENTILES; i++)
        fprintf(out->file, "  %-8s%s\n", percentiles[i].name,
                screen_duration(histogram_quantile(h, percentiles[i].part), text));
    fprintf(out->file, "  %-8s%s\n\n", "max", screen_duration(h->most, text));
    rows = choose_bounds(h, bounds);
    while (first + 1 < rows && bounds[first + 1] <= h->least)
        first++;
    while (rows > first + 1 && bounds[rows - 1] > h->most)
        rows--;
    put_rows(h, out, bounds + first, rows - first);
}

json_t *histogram_json(const histogram *h)
{
    json_t *out = json_pack("{s:I, s:I, s:I}", "count", (json_int_t)h->count, "min", (json_int_t)h->least,
                            "mean", (json_int_t)(h->count > 0 ? h->sum / (double)h->count : 0));
    size_t i;

    for (i = 0; i < PERCENTILES; i++)
        (void)json_object_set_new(out, percentiles[i].name,
                                  json_integer(histogram_quantile(h, percentiles[i].part)));
    (void)json_object_set_new(out, "max", json_integer(h->most));
    return out;
}
