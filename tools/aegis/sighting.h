/* A message that was seen, of whatever kind, as JSON and as a line: events, calls, commands and what they
 * tell. */
#ifndef AEGIS_TOOL_SIGHTING_H
#define AEGIS_TOOL_SIGHTING_H

#include "session.h"

/* {"kind", "name", "id", "source", "time", "subject", "version", "payload"...}; the caller's, NULL without
 * memory. `stored_at` 0: it came just now. What is no envelope has "raw" instead of a payload. */
json_t *sighting_make(session *s, const char *subject, aegis_bytes body, uint64_t sequence,
                      aegis_timestamp stored_at);

/* Whether a member has a value: "order.customer=ada", "status!=paid"; in the payload, or else of the sighting
 * itself. */
bool sighting_fits(json_t *seen, const char *condition);
/* Whether that is a condition at all. */
bool sighting_is_condition(const char *text);

/* One line, cut at the terminal's edge; or `wide`, with the payload below. */
void sighting_print(const screen *out, json_t *seen, bool wide);

#endif
