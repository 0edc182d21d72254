/* W3C trace context on the original's envelopes, which have no place for it: the trace id is `trace_id`
 * written as a uuid, a client's span is the last half of `message_id`, a service's the first. The header is
 * read when a peer sends it, and sent only when these rules would give something else. */
#ifndef AEGIS_APPLICATION_TRACE_H
#define AEGIS_APPLICATION_TRACE_H

#include <aegis/metrics.h>

#include "application/bus.h"

#define AEGIS_TRACEPARENT "traceparent"

typedef struct aegis_traceparent {
    aegis_uuid trace;
    uint8_t span[8];
    bool sampled;
} aegis_traceparent;

/* False for anything but a valid traceparent of any version. */
bool aegis_traceparent_read(const char *text, aegis_traceparent *out);
const char *aegis_traceparent_write(const uint8_t trace[16], const uint8_t span[8], bool sampled,
                                    char text[AEGIS_TRACEPARENT_TEXT]);

/* The 16 bytes of a trace id: a uuid's, or of any other text its hash (two FNV-1a of 64 bits). */
void aegis_trace_bytes(const char *trace_id, uint8_t bytes[16]);

/* What every process of a trace decides alike: from the last 7 bytes of its id. */
bool aegis_trace_sampled(const aegis_bus *bus, const uint8_t trace[16]);

/* A span like `what`, in the arena, and told of; NULL when memory is short. `sampled` -1: as the trace id
 * says. */
aegis_span *aegis_span_begin(aegis_bus *bus, aegis_arena *arena, const aegis_span *what, const char *trace_id,
                             int8_t sampled);
void aegis_span_finish(aegis_bus *bus, aegis_span *span, aegis_status status, const char *error,
                       int64_t took);

static inline bool aegis_spans_wanted(const aegis_bus *bus)
{
    return bus->span_start != NULL || bus->span_end != NULL;
}

#endif
