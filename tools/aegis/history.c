/* Messages by their number; each is one question to the server. */
#include "history.h"

#include "domain/subject.h"
#include "ports/clock.h"

#define PATIENCE (5 * AEGIS_SECOND)

static int64_t soon(void)
{
    return aegis_clock_monotonic() + PATIENCE;
}

int history_ends(session *s, const char *stream, uint64_t *first, uint64_t *last)
{
    aegis_stream_info info = {0};
    aegis_error error = {0};

    if (session_port(s)->ops->stream_info(session_port(s), stream, soon(), &info, &error) != AEGIS_OK)
        return session_failed(s, &error, "cannot read what was published before");
    *first = info.first_sequence;
    *last = info.messages > 0 ? info.last_sequence : 0;
    return CLI_DONE;
}

int history_since(session *s, const char *stream, aegis_timestamp when, uint64_t first, uint64_t last,
                  uint64_t *sequence)
{
    const aegis_port_ops *ops = session_port(s)->ops;
    aegis_error error = {0};
    aegis_stored stored;

    while (first <= last) {
        const uint64_t middle = first + (last - first) / 2;
        aegis_status status;

        aegis_arena_reset(s->arena);
        status = ops->message_get(session_port(s), stream, ">", middle, soon(), s->arena, &stored, &error);
        if (status != AEGIS_OK && status != AEGIS_NOT_FOUND)
            return session_failed(s, &error, "cannot read what was published before");
        if (status == AEGIS_OK && stored.stored_at < when)
            first = stored.sequence + 1;
        else if (middle == 0 || middle == first)
            break;
        else
            last = middle - 1;
    }
    *sequence = first;
    return CLI_DONE;
}

static bool takes(const char *const *patterns, size_t count, const char *subject)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (aegis_subject_matches(patterns[i], subject))
            return true;
    }
    return false;
}

bool history_next(session *s, const char *stream, const char *const *patterns, size_t pattern_count,
                  uint64_t *sequence, uint64_t last, aegis_stored *stored, int *code)
{
    const aegis_port_ops *ops = session_port(s)->ops;
    aegis_error error = {0};
    aegis_status status;

    *code = CLI_DONE;
    while (*sequence <= last && !session_interrupted()) {
        aegis_arena_reset(s->arena);
        status = ops->message_get(session_port(s), stream, pattern_count == 1 ? patterns[0] : ">", *sequence,
                                  soon(), s->arena, stored, &error);
        if (status == AEGIS_NOT_FOUND)
            return false;
        if (status != AEGIS_OK) {
            *code = session_failed(s, &error, "cannot read what was published before");
            return false;
        }
        *sequence = stored->sequence + 1;
        if (stored->sequence > last)
            return false;
        if (takes(patterns, pattern_count, stored->subject))
            return true;
    }
    return false;
}
