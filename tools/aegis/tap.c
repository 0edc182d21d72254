/* Every subscription is diverted into one source; a message that several patterns take is left to the first.
 */
#include "tap.h"

#include <string.h>

#include "domain/subject.h"
#include "ports/clock.h"

/* Messages that wait to be shown; more are lost, which is told. */
#define WAITING_MAX 65536

int tap_add(tap *t, const char *pattern)
{
    if (!aegis_subject_pattern_valid(pattern)) {
        cli_complain("'%s' is no pattern of subjects" CLI_HINT
                     "words with dots between, * for one word, > for the rest",
                     pattern);
        return CLI_USAGE;
    }
    if (t->count == TAP_PATTERNS_MAX) {
        cli_complain("more than %d patterns", TAP_PATTERNS_MAX);
        return CLI_USAGE;
    }
    t->patterns[t->count++] = pattern;
    return CLI_DONE;
}

int tap_open(tap *t, session *s)
{
    const aegis_port_ops *ops = session_port(s)->ops;
    aegis_error error = {0};
    aegis_status status;
    size_t i;

    t->s = s;
    status = ops->events(session_port(s), &t->events, &error);
    if (status == AEGIS_OK)
        status = ops->completions(session_port(s), WAITING_MAX, &t->flow, &error);
    for (i = 0; i < t->count && status == AEGIS_OK; i++) {
        status =
            ops->subscribe(session_port(s), t->patterns[i], NULL, WAITING_MAX, false, &t->sources[i], &error);
        if (status == AEGIS_OK)
            ops->divert(t->sources[i], t->flow, i);
    }
    return status == AEGIS_OK ? CLI_DONE : session_failed(s, &error, "cannot listen");
}

static void tell(aegis_connection_event event)
{
    switch (event) {
    case AEGIS_CONNECTION_DOWN:
        cli_remark("the connection is lost; trying again");
        break;
    case AEGIS_CONNECTION_UP:
        cli_remark("connected again; what was sent meanwhile is not shown");
        break;
    case AEGIS_CONNECTION_DROPPED:
        cli_remark("more came than could be shown; some is left out");
        break;
    default:
        break;
    }
}

/* The first UP is that of the beginning. */
static void look_at_connection(const tap *t)
{
    const aegis_port_ops *ops = session_port(t->s)->ops;
    aegis_health health;
    aegis_message message;

    while (ops->next(t->events, aegis_clock_monotonic(), &message) == AEGIS_OK) {
        memset(&health, 0, sizeof health);
        ops->health(session_port(t->s), &health);
        if (message.event != AEGIS_CONNECTION_UP || health.reconnects > 0)
            tell(message.event);
        ops->release(&message);
    }
}

static bool is_repeated(const tap *t, const aegis_message *message)
{
    size_t i;

    for (i = 0; i < message->token && i < t->count; i++) {
        if (aegis_subject_matches(t->patterns[i], message->subject))
            return true;
    }
    return false;
}

aegis_status tap_next(tap *t, int64_t deadline, aegis_message *message)
{
    const aegis_port_ops *ops = session_port(t->s)->ops;
    aegis_status status;

    look_at_connection(t);
    for (;;) {
        status = ops->next(t->flow, deadline, message);
        if (status != AEGIS_OK || !is_repeated(t, message))
            return status;
        ops->release(message);
    }
}

void tap_close(tap *t)
{
    const aegis_port_ops *ops;
    size_t i;

    if (t->s == NULL)
        return;
    ops = session_port(t->s)->ops;
    for (i = 0; i < t->count; i++) {
        if (t->sources[i] != NULL)
            ops->close_source(t->sources[i]);
    }
    if (t->flow != NULL)
        ops->close_source(t->flow);
    if (t->events != NULL)
        ops->close_source(t->events);
    memset(t, 0, sizeof *t);
}
