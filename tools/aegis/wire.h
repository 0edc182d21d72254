/* Asking whoever is on the bus, without a schema: one answer, or all that come; bodies in either format, as
 * JSON. */
#ifndef AEGIS_TOOL_WIRE_H
#define AEGIS_TOOL_WIRE_H

#include "session.h"

/* A body as JSON. NULL, and why in `error` (may be NULL), for what is neither MessagePack nor JSON, or cannot
 * be told in JSON. Binary values are base64; an ext is {"ext": type, "base64": ...}. The arena is used for a
 * moment. */
json_t *wire_decode(session *s, aegis_bytes body, aegis_error *error);

/* JSON that somebody wrote or sent. Integers that have no place in 64 bits with sign become texts of their
 * digits, which are read as well. `why` may be NULL. */
json_t *wire_parse(const char *text, size_t size, size_t flags, json_error_t *why);
/* Bytes as JSON has them: padded base64. */
json_t *wire_base64(aegis_bytes bytes);

/* Ask `subject` with a JSON body (NULL: an empty one) and wait. `*answer` is the caller's. */
aegis_status wire_ask(session *s, const char *subject, json_t *body, aegis_duration timeout, json_t **answer,
                      aegis_error *error);

/* Ask everybody who listens: an array of what was answered, until nothing came for `quiet` after the first
 * answer, or until `timeout` without any. Nobody: an empty array. `*answers` is the caller's. */
aegis_status wire_gather(session *s, const char *subject, aegis_duration quiet, aegis_duration timeout,
                         json_t **answers, aegis_error *error);
/* The same of several subjects at once. An answer that is an object has one member more: when it came,
 * on aegis_clock_monotonic. */
#define WIRE_ARRIVED                                                                                         \
    "\x01"                                                                                                   \
    "arrived"
aegis_status wire_gather_all(session *s, const char *const *subjects, size_t count, aegis_duration quiet,
                             aegis_duration timeout, json_t **answers, aegis_error *error);
/* What is usual for the latter: 300 ms, 1 s. */
#define WIRE_QUIET (300 * AEGIS_MILLISECOND)
#define WIRE_LIMIT AEGIS_SECOND

/* Members of an object, with a value for when there is none of that kind. */
const char *wire_text(json_t *object, const char *key, const char *otherwise);
double wire_number(json_t *object, const char *key, double otherwise);

#endif
