/* What the runtime's own messages have in common: bodies that may be missing, times as seconds, identity. The
 * messages themselves are idl/aegis/wire.aegis, compiled by aegisc. */
#ifndef AEGIS_APPLICATION_ENVELOPE_H
#define AEGIS_APPLICATION_ENVELOPE_H

#include <aegis/generated.h>

#include "aegis/wire.h"

/* Deepest chain of causes that is sent or kept. */
#define AEGIS_CHAIN_MAX 16

/* What every envelope begins with; with places for texts that are made for it. */
typedef struct aegis_identity {
    const char *message_id, *trace_id, *correlation_id, *source;
    aegis_timestamp timestamp;
    char id[AEGIS_UUID_TEXT], trace[AEGIS_UUID_TEXT];
} aegis_identity;

/* Of the message `id` of an exchange; a trace begins here unless it has one. */
void aegis_exchange_identity(const aegis_exchange *x, const aegis_uuid *id, aegis_identity *out);

/* In the initializer of an aegis_wire_... envelope. */
#define AEGIS_ENVELOPE(identity)                                                                             \
    .message_id = (identity).message_id, .trace_id = (identity).trace_id,                                    \
    .correlation_id = (identity).correlation_id, .timestamp = (identity).timestamp,                          \
    .source = (identity).source

/* A budget in seconds as it travels; nonsense is 0, more than a year is a year. */
aegis_duration aegis_seconds_to_duration(double seconds);
double aegis_duration_to_seconds(aegis_duration duration);

/* Is it nil (or absent)? */
bool aegis_raw_is_nil(aegis_raw value);

/* Read params, a result or a payload: nil and missing count as an empty map. */
void aegis_envelope_open_body(aegis_reader *reader, aegis_raw body, aegis_format format, aegis_arena *arena);

/* What an answer that is no success says. `result` may be a FailureResult or anything else; its strings are
 * copied into `arena`. Fills *failed and returns AEGIS_ANSWER_FAILED; for an error the method declares its
 * index instead, with `reader` open on its details. */
int aegis_envelope_failure(const aegis_method *method, const char *text, aegis_raw result,
                           aegis_format format, aegis_arena *arena, aegis_reader *reader,
                           aegis_error *failed);

#endif
