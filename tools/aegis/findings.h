/* What `aegis check` has found: one line each, how grave it is, and what to do. */
#ifndef AEGIS_TOOL_FINDINGS_H
#define AEGIS_TOOL_FINDINGS_H

#include "session.h"

typedef enum finding_level { FINDING_GOOD, FINDING_WARNING, FINDING_BAD } finding_level;

typedef struct finding {
    finding_level level;
    const char *area; /* "server", "stream EVENTS" */
    const char *text;
    const char *advice; /* NULL: nothing is to be done */
} finding;

typedef struct findings {
    session *s;
    finding *items;
    size_t count;
    size_t good; /* that are not among them any more */
} findings;

/* Texts are copied; `advice` may be NULL. What does not fit into memory is left out. */
void findings_add(findings *f, finding_level level, const char *area, const char *advice, const char *format,
                  ...) AEGIS_PRINTF(5, 6);
size_t findings_count(const findings *f, finding_level level);
/* Forget what is less grave. */
void findings_only(findings *f, finding_level least);
void findings_print(const findings *f);

/* How grave it is that so many percent of a limit are in use. */
finding_level findings_fill(double percent);

/* ---- check_server.c ---- */
/* The servers of the URL as they greet who connects: version, limits, JetStream. */
void check_server(findings *f);
/* The account's JetStream: whether there is one, and how full. False: there is none. */
bool check_jetstream(findings *f);

#endif
