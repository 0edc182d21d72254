/* A recording: what travelled, a message a line, as JSON:
 *
 *     {"time": "2026-11-24T13:05:58.123456789Z", "subject": "events.order.created", "headers":
 * [["Nats-Msg-Id", "..."]], "body": "<base64>", "decoded": {...}}
 *
 * `decoded` is for people and tools; what is replayed is `body`.
 */
#ifndef AEGIS_TOOL_RECORDING_H
#define AEGIS_TOOL_RECORDING_H

#include "session.h"

/* Marks what replay sends, so that nobody records it again. */
#define RECORDING_MARK "Aegis-Replayed"
/* Bytes of one line that is read. */
#define RECORDING_LINE_MAX ((size_t)96 << 20)

typedef struct recorded {
    aegis_timestamp when;
    const char *subject;
    const aegis_header *headers;
    size_t header_count;
    aegis_bytes body;
} recorded;

/* Write one line. False: it could not be written. */
bool recording_put(session *s, FILE *file, const recorded *message);

/* The next message, in the session's arena; `*line` counts lines. CLI_DONE and true in `*more`, or false at
 * the end; complains about a line that is none, naming `path`. */
int recording_get(session *s, FILE *file, const char *path, unsigned long *line, recorded *message,
                  bool *more);

/* The subject pattern that a word of a command line means: "order.*" and "order" are events; what begins with
 * events., commands., rpc., service. or dlq. is a subject as it stands. NULL without memory. */
const char *recording_pattern(session *s, const char *word);

#endif
