/* Reading and writing JSON, as far as it is inlined into generated code. See codec.h.
 *
 * Every value that is written leaves a comma behind itself, which the end of its container replaces. While
 * reading, `left` is 1 inside a map and 2 inside a list while something follows, then 0; the reader then
 * stands on a key or an item, without space before it.
 */
#ifndef AEGIS_CODEC_JS_H
#define AEGIS_CODEC_JS_H

#include <aegis/codec.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- writing ------------------------------------------------------------------------------------------- */

AEGIS_API uint8_t *aegis_js_put_i64_at(uint8_t *at, int64_t value);
AEGIS_API uint8_t *aegis_js_put_u64_at(uint8_t *at, uint64_t value);

/** The head of a struct. */
AEGIS_INLINE void aegis_js_put_map(aegis_writer *w)
{
    uint8_t *at = w->at;

    *at = '{';
    w->at = at + 1;
}

/** Heads of lists, and of maps with run-time keys; these look for room themselves. */
AEGIS_API void aegis_js_put_list(aegis_writer *w, size_t count, size_t lo, size_t hi);
AEGIS_API void aegis_js_put_entries(aegis_writer *w, size_t count, size_t lo, size_t hi);
/** '}' or ']'; looks for room itself. */
AEGIS_API void aegis_js_end(aegis_writer *w, uint8_t bracket);

AEGIS_INLINE void aegis_js_put_null(aegis_writer *w)
{
    aegis_put_key(w, "null,", 5);
}

AEGIS_INLINE void aegis_js_put_bool(aegis_writer *w, bool value)
{
    if (value)
        aegis_put_key(w, "true,", 5);
    else
        aegis_put_key(w, "false,", 6);
}

AEGIS_INLINE void aegis_js_put_u64(aegis_writer *w, uint64_t value, uint64_t lo, uint64_t hi)
{
    if (AEGIS_UNLIKELY(value < lo || value > hi))
        aegis_put_u64_bounds(w, value, lo, hi);
    else
        w->at = aegis_js_put_u64_at(w->at, value);
}

AEGIS_INLINE void aegis_js_put_i64(aegis_writer *w, int64_t value, int64_t lo, int64_t hi)
{
    if (AEGIS_UNLIKELY(value < lo || value > hi))
        aegis_put_i64_bounds(w, value, lo, hi);
    else
        w->at = aegis_js_put_i64_at(w->at, value);
}

AEGIS_API uint8_t *aegis_js_put_f64_at(aegis_writer *w, uint8_t *at, double value);

AEGIS_INLINE void aegis_js_put_f64(aegis_writer *w, double value)
{
    w->at = aegis_js_put_f64_at(w, w->at, value);
}

/** A text of `size` bytes with `after` behind it, ',' or ':'; or why not: `invalid`. */
AEGIS_API uint8_t *aegis_js_put_text_at(aegis_writer *w, uint8_t *at, const char *text, size_t size,
                                        uint8_t after, const char *invalid);

AEGIS_INLINE void aegis_js_put_text(aegis_writer *w, const char *text, size_t size, uint8_t after,
                                    const char *invalid)
{
    w->at = aegis_js_put_text_at(w, w->at, text, size, after, invalid);
}

AEGIS_INLINE void aegis_js_put_string(aegis_writer *w, const char *value, size_t lo, size_t hi)
{
    size_t size = value != NULL ? strlen(value) : 0;

    if (AEGIS_UNLIKELY(value == NULL || size < lo || size > hi))
        aegis_put_string_wrong(w, value, lo, hi);
    else
        aegis_js_put_text(w, value, size, ',', "not valid UTF-8");
}

/* ---- reading ------------------------------------------------------------------------------------------- */

AEGIS_API size_t aegis_js_get_map(aegis_reader *r);
AEGIS_API size_t aegis_js_get_list(aegis_reader *r);
/** What is left then. */
AEGIS_API size_t aegis_js_next_other(aegis_reader *r, size_t left);

/** After each member of a map and each item of a list. */
AEGIS_INLINE void aegis_js_next(aegis_reader *r, size_t *left)
{
    const uint8_t *at = r->at;

    if (AEGIS_LIKELY(r->end - at > 1 && at[0] == ',' && at[1] > ' '))
        r->at = at + 1;
    else
        *left = aegis_js_next_other(r, *left);
}

/** Behind a member of a map: whether another follows, as `left`. */
AEGIS_INLINE size_t aegis_js_more(aegis_reader *r)
{
    size_t left = 1;

    aegis_js_next(r, &left);
    return left;
}

AEGIS_API bool aegis_js_get_null(aegis_reader *r);
AEGIS_API bool aegis_js_get_bool(aegis_reader *r);
AEGIS_API int64_t aegis_js_get_i64(aegis_reader *r, int64_t lo, int64_t hi);
AEGIS_API uint64_t aegis_js_get_u64(aegis_reader *r, uint64_t lo, uint64_t hi);
AEGIS_API double aegis_js_get_f64(aegis_reader *r);
AEGIS_API aegis_text aegis_js_get_text_in_at(aegis_reader *r, const uint8_t *at, size_t lo, size_t hi);

/** In the arena, with a NUL; "" after a failure. */
AEGIS_INLINE const char *aegis_js_get_string(aegis_reader *r, size_t lo, size_t hi)
{
    const aegis_text text = aegis_js_get_text_in_at(r, r->at, lo, hi);

    r->at = text.behind;
    return text.data;
}

/** ':' behind a key. */
AEGIS_API void aegis_js_get_colon(aegis_reader *r);

#ifdef __cplusplus
}
#endif

#endif
