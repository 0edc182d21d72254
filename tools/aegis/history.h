/* Reading what a stream keeps, in order, one message after the other and without a consumer: nothing is left
 * behind, and nobody else's reading is disturbed. */
#ifndef AEGIS_TOOL_HISTORY_H
#define AEGIS_TOOL_HISTORY_H

#include "session.h"

/* What the stream of events holds; false, having complained, when that cannot be learnt. */
int history_ends(session *s, const char *stream, uint64_t *first, uint64_t *last);
/* The first sequence that was stored at `when` or later; above `last` when none was. */
int history_since(session *s, const char *stream, aegis_timestamp when, uint64_t first, uint64_t last,
                  uint64_t *sequence);
/* The first message at or behind `*sequence`, up to `last`, that one of the patterns takes; false: there is
 * none, or `*code` says that it could not be read. In the session's arena. */
bool history_next(session *s, const char *stream, const char *const *patterns, size_t pattern_count,
                  uint64_t *sequence, uint64_t last, aegis_stored *stored, int *code);

#endif
