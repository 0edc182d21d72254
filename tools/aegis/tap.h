/* Listening to what travels: any number of subject patterns as one flow of messages, each of which comes
 * once, and what befalls the connection meanwhile. */
#ifndef AEGIS_TOOL_TAP_H
#define AEGIS_TOOL_TAP_H

#include "session.h"

#define TAP_PATTERNS_MAX 64

typedef struct tap {
    session *s;
    const char *patterns[TAP_PATTERNS_MAX];
    aegis_source *sources[TAP_PATTERNS_MAX];
    size_t count;
    aegis_source *flow;   /* all of them */
    aegis_source *events; /* of the connection */
} tap;

/* Patterns are added first; CLI_USAGE, having said why, when one is none or there are too many. */
int tap_add(tap *t, const char *pattern);
/* Listen to all of them. A complaint, or CLI_DONE; to be closed in any case. */
int tap_open(tap *t, session *s);
/* The next message, to be released; DEADLINE_EXCEEDED. What befell the connection is told on standard error.
 */
aegis_status tap_next(tap *t, int64_t deadline, aegis_message *message);
void tap_close(tap *t);

#endif
