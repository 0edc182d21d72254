/* Texts that have to match a pattern. aegisc has made a table of it (compiler/pattern.h): one look for each
 * character, no going back, nothing allocated. */
#include "codec/codec.h"

/* States that decide, and the one a text begins in; the numbers are aegisc's. */
enum { NEVER = 0, MATCHED = 1, START = 2 };

/* The kind of a character outside ASCII; `*text` moves behind it. What is not UTF-8 is refused elsewhere,
 * here it only must not be read beyond its end. */
static uint8_t wide_kind(const aegis_pattern *p, const uint8_t **text)
{
    const uint8_t *at = *text;
    uint32_t character = *at < 0xe0 ? *at & 0x1fu : *at < 0xf0 ? *at & 0x0fu : *at & 0x07u;
    size_t i = p->range_count - 1;

    for (at++; (*at & 0xc0) == 0x80; at++)
        character = character << 6 | (*at & 0x3fu);
    *text = at;
    while (i > 0 && p->ranges[i].first > character)
        i--;
    return p->ranges[i].kind;
}

bool aegis_pattern_matches(const aegis_pattern *p, const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    size_t state = START;

    while (*at != 0 && state > MATCHED) {
        uint8_t kind = *at < 0x80 ? p->kinds[*at++] : wide_kind(p, &at);

        state = p->moves[state * p->columns + kind];
    }
    return p->moves[state * p->columns + p->columns - 1] == MATCHED;
}

/* Whether `value` may be written; what is no text at all is left to the writer to say. */
static bool may_put(aegis_writer *w, const char *value, const aegis_pattern *pattern)
{
    if (value == NULL || aegis_pattern_matches(pattern, value) ||
        !aegis_utf8_valid((const uint8_t *)value, strlen(value)))
        return true;
    aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "does not match %s", pattern->text);
    return false;
}

void aegis_put_string_like(aegis_writer *w, const char *value, size_t lo, size_t hi,
                           const aegis_pattern *pattern)
{
    if (may_put(w, value, pattern))
        AEGIS_PUT(w, string, w, value, lo, hi);
}

const char *aegis_get_string_like(aegis_reader *r, size_t lo, size_t hi, const aegis_pattern *pattern)
{
    const char *value = aegis_get_string_in(r, lo, hi);

    if (AEGIS_UNLIKELY(!r->failed && !aegis_pattern_matches(pattern, value)))
        aegis_get_fail(r, AEGIS_INVALID_ARGUMENT, "does not match %s", pattern->text);
    return value;
}
