/* Writing Prometheus's text format, version 0.0.4: families with HELP, TYPE and UNIT, samples with labels.
 * The first sample of a family brings its head along, so that a family without samples is not there. Errors
 * are sticky: `failed` is looked at once, at the end.
 *
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/
 */
#ifndef AEGIS_HTTP_EXPOSITION_H
#define AEGIS_HTTP_EXPOSITION_H

#include <aegis/metrics.h>

typedef enum aegis_family_type { AEGIS_COUNTER = 0, AEGIS_GAUGE, AEGIS_HISTOGRAM } aegis_family_type;

typedef struct aegis_family {
    const char *name; /* with the unit and, of a counter, _total in it */
    aegis_family_type type;
    const char *unit; /* "seconds", or NULL */
    const char *help; /* one line */
} aegis_family;

typedef struct aegis_label {
    const char *name;
    const char *value; /* any text; NULL: there is no such label */
} aegis_label;

typedef struct aegis_exposition {
    aegis_arena *arena;
    char *text;
    size_t size, room;
    const aegis_family *family;
    bool failed; /* memory */
} aegis_exposition;

void aegis_exposition_sample(aegis_exposition *out, const aegis_family *family, const aegis_label *labels,
                             size_t count, uint64_t value);
void aegis_exposition_histogram(aegis_exposition *out, const aegis_family *family, const aegis_label *labels,
                                size_t count, const aegis_latency *latency);

#endif
