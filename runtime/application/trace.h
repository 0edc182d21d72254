/* W3C trace context on the original's envelopes, which have no place for it: the trace id is `trace_id`
 * written as a uuid, a client's span is the last half of `message_id`, a service's the first. The header is
 * read when a peer sends it, and sent only when these rules would give something else.
 *
 *   trace.c   ids, texts and sampling          spans.c   what begins and ends, and of whom it is the child
 *
 * A consumer's span is a child of the publication's and has a link to it besides: OpenTelemetry's messaging
 * conventions ask for the link ("the Process span SHOULD link to the message's creation context") and allow
 * the parent where a span stands for one message, as ours do, so that a trace is one tree from the first call
 * to the last attempt.
 */
#ifndef AEGIS_APPLICATION_TRACE_H
#define AEGIS_APPLICATION_TRACE_H

#include <aegis/generated.h>
#include <aegis/trace.h>

#include "application/bus.h"

#define AEGIS_TRACEPARENT "traceparent"

typedef struct aegis_traceparent {
    aegis_uuid trace;
    uint8_t span[8];
    bool sampled;
} aegis_traceparent;

/* ---- trace.c ---- */
/* False for anything but a valid traceparent of any version. */
bool aegis_traceparent_read(const char *text, aegis_traceparent *out);
const char *aegis_traceparent_write(const uint8_t trace[16], const uint8_t span[8], bool sampled,
                                    char text[AEGIS_TRACEPARENT_TEXT]);

/* The 16 bytes of a trace id: a uuid's, or of any other text its hash (two FNV-1a of 64 bits). */
void aegis_trace_bytes(const char *trace_id, uint8_t bytes[16]);

/* For bus->trace_threshold, of a ratio from 0 to 1. */
uint64_t aegis_trace_threshold(double ratio);
/* What every process of a trace decides alike, from the last 7 bytes of its id; `told` (not -1) is what a
 * header said, which goes before that. */
bool aegis_trace_sampled(const aegis_bus *bus, const uint8_t trace[16], int8_t told);

/* ---- spans.c ---- */
/* What leaves here gets a trace, that of its parent or of the world outside (`traceparent`, or NULL), else a
 * new one; and a span like `what`, if the trace is sampled and somebody wants it. After its message id is
 * known; `given`: it was chosen by somebody, who may choose it again, so it names neither trace nor span. */
void aegis_exchange_trace(aegis_exchange *x, const aegis_span *what, const char *traceparent, bool given);
/* How many headers it wants: 1 and `header`, its texts in the exchange's arena, when the envelope says
 * something else; or none. */
size_t aegis_exchange_traceparent(const aegis_exchange *x, aegis_header *header);
/* The exchange's span is over, if it has one. `error` may be NULL. */
void aegis_exchange_end_span(aegis_exchange *x, aegis_status status, const aegis_error *error);

void aegis_span_finish(aegis_bus *bus, aegis_span *span, aegis_status status, const char *error, int64_t now);

/* A copy of what is begun that lives until aegis_span_drop, for spans that outlive their arena. NULL when
 * memory is short, or `span` is. */
aegis_span *aegis_span_keep(const aegis_bus *bus, const aegis_span *span);
void aegis_span_drop(const aegis_bus *bus, aegis_span *span);

/* Waiting for what a command comes to, which was sent in this context; memory from keep. NULL: not wanted. */
typedef struct aegis_sent {
    bool known, recorded; /* it was sent from here; with a span */
    uint8_t trace[16], span[8], parent[8];
} aegis_sent;
aegis_span *aegis_span_await(aegis_bus *bus, const aegis_sent *sent, const aegis_method *method,
                             const char *id);

#endif
