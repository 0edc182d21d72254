/* What the runtime's own messages have in common: bodies that may be missing, times as seconds, identity. The
 * messages themselves are idl/aegis/wire.aegis, compiled by aegisc. */
#ifndef AEGIS_APPLICATION_ENVELOPE_H
#define AEGIS_APPLICATION_ENVELOPE_H

#include <aegis/generated.h>

#include "aegis/wire.h"

/* Deepest chain of causes that is sent or kept. */
#define AEGIS_CHAIN_MAX 16

/* A budget in seconds as it travels; nonsense is 0, more than a year is a year. */
aegis_duration aegis_seconds_to_duration(double seconds);
double aegis_duration_to_seconds(aegis_duration duration);

/* Is it nil (or absent)? */
bool aegis_raw_is_nil(aegis_raw value);

/* Read params, a result or a payload: nil and missing count as an empty map. */
void aegis_envelope_open_body(aegis_reader *reader, aegis_raw body, aegis_format format, aegis_arena *arena);

/* What an answer that is no success says. `result` may be a FailureResult or anything else; its strings are
 * copied into `arena`. Fills *failed and returns AEGIS_ANSWER_FAILED; for an error the method declares it
 * returns its index instead and opens `reader` on its details. */
int aegis_envelope_failure(const aegis_method *method, const char *text, aegis_raw result,
                           aegis_format format, aegis_arena *arena, aegis_reader *reader,
                           aegis_error *failed);

#endif
