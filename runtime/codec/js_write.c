/* Writing JSON: compact, raw UTF-8, a comma behind every value, which the end of its container replaces. */
#include "codec/codec.h"

#include <math.h>

/* ---- maps and lists ---- */

static void open_container(aegis_writer *w, uint8_t bracket, size_t count, size_t lo, size_t hi)
{
    if (AEGIS_UNLIKELY(count < lo || count > hi))
        aegis_put_size_wrong(w, count, lo, hi, "items");
    else if (AEGIS_LIKELY(aegis_put_room(w, 1)))
        *w->at++ = bracket;
}

void aegis_js_put_list(aegis_writer *w, size_t count, size_t lo, size_t hi)
{
    open_container(w, '[', count, lo, hi);
}

void aegis_js_put_entries(aegis_writer *w, size_t count, size_t lo, size_t hi)
{
    open_container(w, '{', count, lo, hi);
}

void aegis_js_end(aegis_writer *w, uint8_t bracket)
{
    uint8_t *at;

    if (AEGIS_UNLIKELY(!aegis_put_room(w, 2)))
        return;
    at = w->at;
    if (at[-1] == ',')
        at--;
    at[0] = bracket;
    at[1] = ',';
    w->at = at + 2;
}

/* ---- numbers ---- */

uint8_t *aegis_js_put_u64_at(uint8_t *at, uint64_t value)
{
    at = aegis_js_u64_text(at, value);
    *at = ',';
    return at + 1;
}

uint8_t *aegis_js_put_i64_at(uint8_t *at, int64_t value)
{
    if (value >= 0)
        return aegis_js_put_u64_at(at, (uint64_t)value);
    *at = '-';
    return aegis_js_put_u64_at(at + 1, 0 - (uint64_t)value);
}

uint8_t *aegis_js_put_f64_at(aegis_writer *w, uint8_t *at, double value)
{
    if (AEGIS_UNLIKELY(!isfinite(value))) {
        w->at = at;
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "JSON has no %s", isnan(value) ? "NaN" : "infinity");
        return w->at;
    }
    at = aegis_js_double_text(at, value);
    *at = ',';
    return at + 1;
}

/* ---- texts ---- */

static uint8_t *put_escaped(uint8_t *at, uint8_t c)
{
    static const char digits[] = "0123456789abcdef";
    static const char shorts[] = "btn?fr"; /* 8, 9, 10, 12, 13 */

    *at++ = '\\';
    if (c == '"' || c == '\\') {
        *at++ = c;
    } else if (c >= 8 && c <= 13 && c != 11) {
        *at++ = (uint8_t)shorts[c - 8];
    } else {
        memcpy(at, "u00", 3);
        at[3] = (uint8_t)digits[c >> 4];
        at[4] = (uint8_t)digits[c & 15];
        at += 5;
    }
    return at;
}

static bool needs_escape(uint8_t c)
{
    return c < 0x20 || c == '"' || c == '\\';
}

/* A text that is not plain. */
static AEGIS_APART uint8_t *put_other(aegis_writer *w, uint8_t *at, const uint8_t *text, size_t size,
                                      uint8_t after, const char *invalid)
{
    size_t escapes = 0, i;

    w->at = at;
    for (i = 0; i < size; i++)
        escapes += needs_escape(text[i]);
    if (!aegis_utf8_valid(text, size)) {
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "%s", invalid);
        return w->at;
    }
    if (!aegis_put_room(w, size + 5 * escapes + 3 + AEGIS_ROOM)) /* \u001f is the longest */
        return w->at;
    at = w->at;
    *at++ = '"';
    for (i = 0; i < size; i++) {
        if (needs_escape(text[i]))
            at = put_escaped(at, text[i]);
        else
            *at++ = text[i];
    }
    at[0] = '"';
    at[1] = after;
    return at + 2;
}

static AEGIS_COLD uint8_t *put_with_room(aegis_writer *w, uint8_t *at, const char *text, size_t size,
                                         uint8_t after, const char *invalid)
{
    w->at = at;
    if (aegis_put_grow(w, size + 3 + AEGIS_ROOM))
        return aegis_js_put_text_at(w, w->at, text, size, after, invalid);
    return w->at;
}

uint8_t *aegis_js_put_text_at(aegis_writer *w, uint8_t *at, const char *text, size_t size, uint8_t after,
                              const char *invalid)
{
    if (AEGIS_UNLIKELY(w->end - at < (ptrdiff_t)(size + 3 + AEGIS_ROOM)))
        return put_with_room(w, at, text, size, after, invalid);
    at[0] = '"';
    if (AEGIS_UNLIKELY(!aegis_copy_text((char *)at + 1, (const uint8_t *)text, size, aegis_json_marks)))
        return put_other(w, at, (const uint8_t *)text, size, after, invalid);
    at[size + 1] = '"';
    at[size + 2] = after;
    return at + size + 3;
}
