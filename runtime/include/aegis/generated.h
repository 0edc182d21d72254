/* What generated code is made of: the inlined codec primitives, and the entry points of the runtime it calls.
 * Not for users: it changes together with AEGIS_ABI.
 *
 * Two families, `mp` (MessagePack) and `js` (JSON), have the same shape. Errors are sticky: after the first
 * one a reader is at its end, a writer writes into its scratch, and nothing happens any more until _close
 * reports the error. Where it happened is not recorded on the way: the path is found by walking the bytes
 * once, when something failed.
 *
 * put_key and put_item reserve AEGIS_SCALAR_ROOM bytes for the scalar that follows, which therefore checks
 * nothing; a value that can be longer reserves for itself.
 */
#ifndef AEGIS_GENERATED_H
#define AEGIS_GENERATED_H

#include <aegis/aegis.h>
#include <stdarg.h>
#include <string.h>

#if defined(__GNUC__) || defined(__clang__)
#define AEGIS_INLINE         static inline __attribute__((always_inline, unused))
#define AEGIS_LIKELY(test)   __builtin_expect(!!(test), 1)
#define AEGIS_UNLIKELY(test) __builtin_expect(!!(test), 0)
#else
#define AEGIS_INLINE         static inline
#define AEGIS_LIKELY(test)   (test)
#define AEGIS_UNLIKELY(test) (test)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Deepest nesting of a message, in maps and lists; deeper ones are refused. */
#define AEGIS_DEPTH_LIMIT 64
/** Longest scalar: a JSON float with its sign, exponent and comma. */
#define AEGIS_SCALAR_ROOM 32

/** Decoding state. On the stack of whoever decodes; one thread. */
typedef struct aegis_reader {
    const uint8_t *at, *end, *start;
    aegis_arena *arena;
    aegis_format format;
    uint32_t depth;
    bool failed;
    aegis_error error; /* only meaningful when failed */
} aegis_reader;

/** Encoding state. The bytes are the arena's; `start` moves when they outgrow their place. */
typedef struct aegis_writer {
    uint8_t *at, *end, *start;
    aegis_arena *arena;
    size_t limit;
    aegis_format format;
    uint32_t depth;
    bool failed;
    uint8_t scratch[2 * AEGIS_SCALAR_ROOM]; /* where scalars go after a failure */
    aegis_error error;                      /* only meaningful when failed */
} aegis_writer;

/* ---- entry points (codec/) ---------------------------------------------------------------------------- */

/** AUTO is MessagePack; `limit` 0 is AEGIS_ARENA_LIMIT. */
AEGIS_API void aegis_writer_open(aegis_writer *w, aegis_arena *arena, aegis_format format, size_t limit);
/** The encoded value, in the arena; or why it could not be encoded. */
AEGIS_API aegis_status aegis_writer_close(aegis_writer *w, aegis_bytes *out, aegis_error *error);
/** AUTO detects by the first byte. `body` must outlive the reader, and `raw` values read from it. */
AEGIS_API void aegis_reader_open(aegis_reader *r, aegis_bytes body, aegis_format format, aegis_arena *arena);
/** The first error met; bytes left over are one. */
AEGIS_API aegis_status aegis_reader_close(aegis_reader *r, aegis_error *error);
/** `value` in the other format; nothing is copied when it is in that format already. */
AEGIS_API aegis_status aegis_transcode(aegis_raw value, aegis_format to, aegis_arena *arena, aegis_raw *out,
                                       aegis_error *error);

/* ---- failing ------------------------------------------------------------------------------------------- */

/** About the value that would be written next. */
AEGIS_API void aegis_put_fail(aegis_writer *w, aegis_status status, const char *format, ...)
    AEGIS_PRINTF(3, 4);
/** About what was read last: a value, or a key whose value has not been read. */
AEGIS_API void aegis_get_fail(aegis_reader *r, aegis_status status, const char *format, ...)
    AEGIS_PRINTF(3, 4);
/** A required member of the map that begins at `map_start` (`r->at` before get_map) did not come. */
AEGIS_API void aegis_get_missing(aegis_reader *r, const uint8_t *map_start, const char *name);
/** The key read last has come before. */
AEGIS_API void aegis_get_repeated(aegis_reader *r);
AEGIS_API void aegis_get_too_deep(aegis_reader *r);
AEGIS_API void aegis_put_too_deep(aegis_writer *w);

/** Every reader of a struct or union enters before get_map and leaves after; false: do not go in. */
AEGIS_INLINE bool aegis_get_enter(aegis_reader *r)
{
    if (AEGIS_LIKELY(r->depth < AEGIS_DEPTH_LIMIT && !r->failed)) {
        r->depth++;
        return true;
    }
    aegis_get_too_deep(r);
    return false;
}

AEGIS_INLINE void aegis_get_leave(aegis_reader *r)
{
    r->depth--;
}

AEGIS_INLINE bool aegis_put_enter(aegis_writer *w)
{
    if (AEGIS_LIKELY(w->depth < AEGIS_DEPTH_LIMIT)) {
        w->depth++;
        return true;
    }
    aegis_put_too_deep(w);
    return false;
}

AEGIS_INLINE void aegis_put_leave(aegis_writer *w)
{
    w->depth--;
}

/* ---- shared -------------------------------------------------------------------------------------------- */

/** Cold part of aegis_put_room: grows the buffer. False after a failure, with `at` rewound into the scratch.
 */
AEGIS_API bool aegis_put_grow(aegis_writer *w, size_t size);

AEGIS_INLINE bool aegis_put_room(aegis_writer *w, size_t size)
{
    if (AEGIS_LIKELY((size_t)(w->end - w->at) >= size))
        return true;
    return aegis_put_grow(w, size);
}

/** Make room for one more item of a list or map whose length is not known beforehand (JSON): doubles in the
 * arena. `capacity` starts as 0 with `items` NULL. NULL, and the reader failed, when memory is exhausted. */
AEGIS_API void *aegis_list_grow(aegis_reader *r, void *items, size_t count, size_t *capacity,
                                size_t item_size);
/** Memory for `count` items; NULL, and the reader failed, when memory is exhausted. Never NULL for a reader
 * that has not failed, also for a count of 0. */
AEGIS_API void *aegis_get_memory(aegis_reader *r, size_t count, size_t item_size);

/* Cold parts: what the checks of the inline functions call. */
AEGIS_API void aegis_put_i64_bounds(aegis_writer *w, int64_t value, int64_t lo, int64_t hi);
AEGIS_API void aegis_put_u64_bounds(aegis_writer *w, uint64_t value, uint64_t lo, uint64_t hi);
AEGIS_API void aegis_put_f64_bounds(aegis_writer *w, double value, double lo, double hi);

/* In the writers below the bytes are stored before `w->at` is, never after: a byte may alias anything, so
 * that the position would have to be read again from memory, and the next value would wait for that. */

/* ---- writing MessagePack ------------------------------------------------------------------------------- */

AEGIS_INLINE void aegis_store_be16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

AEGIS_INLINE void aegis_store_be32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

AEGIS_INLINE void aegis_store_be64(uint8_t *at, uint64_t value)
{
    at[0] = (uint8_t)(value >> 56);
    at[1] = (uint8_t)(value >> 48);
    at[2] = (uint8_t)(value >> 40);
    at[3] = (uint8_t)(value >> 32);
    at[4] = (uint8_t)(value >> 24);
    at[5] = (uint8_t)(value >> 16);
    at[6] = (uint8_t)(value >> 8);
    at[7] = (uint8_t)value;
}

AEGIS_API void aegis_mp_put_map_big(aegis_writer *w, size_t count);
AEGIS_API void aegis_mp_put_list_big(aegis_writer *w, size_t count);
/** An integer of more than one byte; the room is there. */
AEGIS_API void aegis_mp_put_uint_big(aegis_writer *w, uint64_t value);
AEGIS_API void aegis_mp_put_int_big(aegis_writer *w, int64_t value);

/* One byte, for which there is room. */
AEGIS_INLINE void aegis_mp_put_byte(aegis_writer *w, uint8_t byte)
{
    uint8_t *at = w->at;

    *at = byte;
    w->at = at + 1;
}

AEGIS_INLINE void aegis_mp_put_map(aegis_writer *w, size_t count)
{
    if (AEGIS_UNLIKELY(count > 15 || !aegis_put_room(w, 1)))
        aegis_mp_put_map_big(w, count);
    else
        aegis_mp_put_byte(w, (uint8_t)(0x80u | count));
}

AEGIS_INLINE void aegis_mp_end_map(aegis_writer *w)
{
    (void)w;
}

/** `literal` is the key as it stands on the wire, `size` its bytes. */
AEGIS_INLINE void aegis_mp_put_key(aegis_writer *w, const char *literal, size_t size)
{
    if (AEGIS_LIKELY(aegis_put_room(w, size + AEGIS_SCALAR_ROOM))) {
        uint8_t *at = w->at;

        memcpy(at, literal, size);
        w->at = at + size;
    }
}

AEGIS_INLINE void aegis_mp_put_list(aegis_writer *w, size_t count)
{
    if (AEGIS_UNLIKELY(count > 15 || !aegis_put_room(w, 1)))
        aegis_mp_put_list_big(w, count);
    else
        aegis_mp_put_byte(w, (uint8_t)(0x90u | count));
}

AEGIS_INLINE void aegis_mp_end_list(aegis_writer *w)
{
    (void)w;
}

AEGIS_INLINE void aegis_mp_put_item(aegis_writer *w)
{
    (void)aegis_put_room(w, AEGIS_SCALAR_ROOM);
}

AEGIS_INLINE void aegis_mp_put_null(aegis_writer *w)
{
    aegis_mp_put_byte(w, 0xc0);
}

AEGIS_INLINE void aegis_mp_put_bool(aegis_writer *w, bool value)
{
    aegis_mp_put_byte(w, value ? 0xc3 : 0xc2);
}

AEGIS_INLINE void aegis_mp_put_u64(aegis_writer *w, uint64_t value, uint64_t lo, uint64_t hi)
{
    if (AEGIS_UNLIKELY(value < lo || value > hi))
        aegis_put_u64_bounds(w, value, lo, hi);
    else if (value < 0x80)
        aegis_mp_put_byte(w, (uint8_t)value);
    else
        aegis_mp_put_uint_big(w, value);
}

AEGIS_INLINE void aegis_mp_put_i64(aegis_writer *w, int64_t value, int64_t lo, int64_t hi)
{
    if (AEGIS_UNLIKELY(value < lo || value > hi))
        aegis_put_i64_bounds(w, value, lo, hi);
    else if (value >= -32 && value < 0x80)
        aegis_mp_put_byte(w, (uint8_t)value);
    else
        aegis_mp_put_int_big(w, value);
}

AEGIS_INLINE void aegis_mp_put_f64(aegis_writer *w, double value)
{
    uint8_t *at = w->at;
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    at[0] = 0xcb;
    aegis_store_be64(at + 1, bits);
    w->at = at + 9;
}

AEGIS_INLINE void aegis_mp_put_f64_in(aegis_writer *w, double value, double lo, double hi)
{
    if (AEGIS_UNLIKELY(!(value >= lo && value <= hi)))
        aegis_put_f64_bounds(w, value, lo, hi);
    else
        aegis_mp_put_f64(w, value);
}

AEGIS_INLINE void aegis_mp_put_f32(aegis_writer *w, float value)
{
    aegis_mp_put_f64(w, (double)value);
}

AEGIS_INLINE void aegis_mp_put_duration(aegis_writer *w, aegis_duration value)
{
    aegis_mp_put_i64(w, value, INT64_MIN, INT64_MAX);
}

AEGIS_API void aegis_mp_put_text_key(aegis_writer *w, const char *key);
AEGIS_API void aegis_mp_put_string(aegis_writer *w, const char *value, size_t lo, size_t hi);
AEGIS_API void aegis_mp_put_token(aegis_writer *w, const char *text, size_t size);
AEGIS_API void aegis_mp_put_bytes(aegis_writer *w, aegis_bytes value, size_t lo, size_t hi);
AEGIS_API void aegis_mp_put_uuid(aegis_writer *w, aegis_uuid value);
AEGIS_API void aegis_mp_put_timestamp(aegis_writer *w, aegis_timestamp value);
AEGIS_API void aegis_mp_put_decimal(aegis_writer *w, const char *value);
AEGIS_API void aegis_mp_put_any(aegis_writer *w, aegis_any value);
AEGIS_API void aegis_mp_put_raw(aegis_writer *w, aegis_raw value);

/* ---- reading MessagePack ------------------------------------------------------------------------------- */

AEGIS_API size_t aegis_mp_get_map_big(aegis_reader *r);
AEGIS_API size_t aegis_mp_get_list_big(aegis_reader *r, size_t min_bytes, size_t lo, size_t hi);
AEGIS_API uint64_t aegis_mp_get_uint_big(aegis_reader *r, uint64_t lo, uint64_t hi);
AEGIS_API int64_t aegis_mp_get_int_big(aegis_reader *r, int64_t lo, int64_t hi);
AEGIS_API bool aegis_mp_get_bool_other(aegis_reader *r);
AEGIS_API double aegis_mp_get_f64_other(aegis_reader *r);

/** The number of members. */
AEGIS_INLINE size_t aegis_mp_get_map(aegis_reader *r)
{
    size_t count;

    if (AEGIS_LIKELY(r->at != r->end && (*r->at & 0xf0) == 0x80)) {
        count = *r->at & 0x0fu;
        if (AEGIS_LIKELY((size_t)(r->end - r->at) > 2 * count)) {
            r->at++;
            return count;
        }
    }
    return aegis_mp_get_map_big(r);
}

/** True, and the key is consumed, when exactly this key comes next. */
AEGIS_INLINE bool aegis_mp_expect(aegis_reader *r, const size_t *left, const char *literal, size_t size)
{
    if (AEGIS_LIKELY(*left > 0 && (size_t)(r->end - r->at) >= size && memcmp(r->at, literal, size) == 0)) {
        r->at += size;
        return true;
    }
    return false;
}

AEGIS_INLINE void aegis_mp_next(aegis_reader *r, size_t *left)
{
    *left = AEGIS_UNLIKELY(r->failed) ? 0 : *left - 1;
}

/** The number of items; never more than `min_bytes` each leave room for in what is left of the message. */
AEGIS_INLINE size_t aegis_mp_get_list(aegis_reader *r, size_t min_bytes, size_t lo, size_t hi)
{
    size_t count;

    if (AEGIS_LIKELY(r->at != r->end && (*r->at & 0xf0) == 0x90)) {
        count = *r->at & 0x0fu;
        if (AEGIS_LIKELY(count >= lo && count <= hi && count * min_bytes < (size_t)(r->end - r->at))) {
            r->at++;
            return count;
        }
    }
    return aegis_mp_get_list_big(r, min_bytes, lo, hi);
}

AEGIS_INLINE bool aegis_mp_get_null(aegis_reader *r)
{
    if (AEGIS_UNLIKELY(r->at != r->end && *r->at == 0xc0)) {
        r->at++;
        return true;
    }
    return false;
}

AEGIS_INLINE bool aegis_mp_get_bool(aegis_reader *r)
{
    if (AEGIS_LIKELY(r->at != r->end && (*r->at & 0xfe) == 0xc2))
        return *r->at++ == 0xc3;
    return aegis_mp_get_bool_other(r);
}

AEGIS_INLINE uint64_t aegis_mp_get_u64(aegis_reader *r, uint64_t lo, uint64_t hi)
{
    if (AEGIS_LIKELY(r->at != r->end && *r->at < 0x80 && *r->at >= lo && *r->at <= hi))
        return *r->at++;
    return aegis_mp_get_uint_big(r, lo, hi);
}

AEGIS_INLINE int64_t aegis_mp_get_i64(aegis_reader *r, int64_t lo, int64_t hi)
{
    if (AEGIS_LIKELY(r->at != r->end && *r->at < 0x80 && *r->at >= lo && *r->at <= hi))
        return *r->at++;
    return aegis_mp_get_int_big(r, lo, hi);
}

AEGIS_INLINE double aegis_mp_get_f64(aegis_reader *r)
{
    const uint8_t *at = r->at;
    uint64_t bits;
    double value;

    if (AEGIS_UNLIKELY(r->end - at < 9 || *at != 0xcb))
        return aegis_mp_get_f64_other(r);
    bits = (uint64_t)at[1] << 56 | (uint64_t)at[2] << 48 | (uint64_t)at[3] << 40 | (uint64_t)at[4] << 32 |
           (uint64_t)at[5] << 24 | (uint64_t)at[6] << 16 | (uint64_t)at[7] << 8 | (uint64_t)at[8];
    r->at = at + 9;
    memcpy(&value, &bits, sizeof value);
    return value;
}

AEGIS_INLINE aegis_duration aegis_mp_get_duration(aegis_reader *r)
{
    return aegis_mp_get_i64(r, INT64_MIN, INT64_MAX);
}

/** The next key, for the fallback when members come in another order. Not checked for UTF-8. */
AEGIS_API aegis_bytes aegis_mp_get_key(aegis_reader *r);
/** The next key of a map with run-time keys: checked, NUL-terminated, in the arena. Never NULL: "" after a
 * failure. */
AEGIS_API const char *aegis_mp_get_text_key(aegis_reader *r);
AEGIS_API double aegis_mp_get_f64_in(aegis_reader *r, double lo, double hi);
AEGIS_API float aegis_mp_get_f32(aegis_reader *r);
/** In the arena; "" after a failure. */
AEGIS_API const char *aegis_mp_get_string(aegis_reader *r, size_t lo, size_t hi);
AEGIS_API aegis_bytes aegis_mp_get_token(aegis_reader *r);
AEGIS_API aegis_bytes aegis_mp_get_bytes(aegis_reader *r, size_t lo, size_t hi);
AEGIS_API aegis_uuid aegis_mp_get_uuid(aegis_reader *r);
AEGIS_API aegis_timestamp aegis_mp_get_timestamp(aegis_reader *r);
AEGIS_API const char *aegis_mp_get_decimal(aegis_reader *r);
AEGIS_API aegis_any aegis_mp_get_any(aegis_reader *r);
AEGIS_API aegis_raw aegis_mp_get_raw(aegis_reader *r);
AEGIS_API void aegis_mp_skip(aegis_reader *r);

/* ---- writing JSON: every value leaves a comma behind itself, which the end of its container replaces -----
 */

AEGIS_API void aegis_js_put_i64_text(aegis_writer *w, int64_t value);
AEGIS_API void aegis_js_put_u64_text(aegis_writer *w, uint64_t value);

AEGIS_INLINE void aegis_js_put_map(aegis_writer *w, size_t count)
{
    (void)count;
    if (AEGIS_LIKELY(aegis_put_room(w, 1)))
        *w->at++ = '{';
}

AEGIS_INLINE void aegis_js_end(aegis_writer *w, uint8_t bracket)
{
    if (AEGIS_UNLIKELY(!aegis_put_room(w, 2)))
        return;
    if (w->at[-1] == ',')
        w->at--;
    w->at[0] = bracket;
    w->at[1] = ',';
    w->at += 2;
}

AEGIS_INLINE void aegis_js_end_map(aegis_writer *w)
{
    aegis_js_end(w, '}');
}

AEGIS_INLINE void aegis_js_put_key(aegis_writer *w, const char *literal, size_t size)
{
    aegis_mp_put_key(w, literal, size);
}

AEGIS_INLINE void aegis_js_put_list(aegis_writer *w, size_t count)
{
    (void)count;
    if (AEGIS_LIKELY(aegis_put_room(w, 1)))
        *w->at++ = '[';
}

AEGIS_INLINE void aegis_js_end_list(aegis_writer *w)
{
    aegis_js_end(w, ']');
}

AEGIS_INLINE void aegis_js_put_item(aegis_writer *w)
{
    (void)aegis_put_room(w, AEGIS_SCALAR_ROOM);
}

AEGIS_INLINE void aegis_js_put_null(aegis_writer *w)
{
    memcpy(w->at, "null,", 5);
    w->at += 5;
}

AEGIS_INLINE void aegis_js_put_bool(aegis_writer *w, bool value)
{
    memcpy(w->at, value ? "true, " : "false,", 6);
    w->at += value ? 5 : 6;
}

AEGIS_INLINE void aegis_js_put_u64(aegis_writer *w, uint64_t value, uint64_t lo, uint64_t hi)
{
    if (AEGIS_UNLIKELY(value < lo || value > hi))
        aegis_put_u64_bounds(w, value, lo, hi);
    else
        aegis_js_put_u64_text(w, value);
}

AEGIS_INLINE void aegis_js_put_i64(aegis_writer *w, int64_t value, int64_t lo, int64_t hi)
{
    if (AEGIS_UNLIKELY(value < lo || value > hi))
        aegis_put_i64_bounds(w, value, lo, hi);
    else
        aegis_js_put_i64_text(w, value);
}

AEGIS_INLINE void aegis_js_put_duration(aegis_writer *w, aegis_duration value)
{
    aegis_js_put_i64_text(w, value);
}

AEGIS_API void aegis_js_put_f64(aegis_writer *w, double value);

AEGIS_INLINE void aegis_js_put_f64_in(aegis_writer *w, double value, double lo, double hi)
{
    if (AEGIS_UNLIKELY(!(value >= lo && value <= hi)))
        aegis_put_f64_bounds(w, value, lo, hi);
    else
        aegis_js_put_f64(w, value);
}

AEGIS_INLINE void aegis_js_put_f32(aegis_writer *w, float value)
{
    aegis_js_put_f64(w, (double)value);
}

AEGIS_API void aegis_js_put_text_key(aegis_writer *w, const char *key);
AEGIS_API void aegis_js_put_string(aegis_writer *w, const char *value, size_t lo, size_t hi);
AEGIS_API void aegis_js_put_token(aegis_writer *w, const char *text, size_t size);
AEGIS_API void aegis_js_put_bytes(aegis_writer *w, aegis_bytes value, size_t lo, size_t hi);
AEGIS_API void aegis_js_put_uuid(aegis_writer *w, aegis_uuid value);
AEGIS_API void aegis_js_put_timestamp(aegis_writer *w, aegis_timestamp value);
AEGIS_API void aegis_js_put_decimal(aegis_writer *w, const char *value);
AEGIS_API void aegis_js_put_any(aegis_writer *w, aegis_any value);
AEGIS_API void aegis_js_put_raw(aegis_writer *w, aegis_raw value);

/* ---- reading JSON: `left` is 1 inside a map and 2 inside a list while something follows, then 0 -----------
 */

AEGIS_API size_t aegis_js_get_map(aegis_reader *r);
/** The bounds are for aegis_js_list_done, when the count is known. */
AEGIS_API size_t aegis_js_get_list(aegis_reader *r, size_t min_bytes, size_t lo, size_t hi);
AEGIS_API void aegis_js_list_done(aegis_reader *r, size_t count, size_t lo, size_t hi);
AEGIS_API void aegis_js_next_other(aegis_reader *r, size_t *left);

AEGIS_INLINE bool aegis_js_expect(aegis_reader *r, const size_t *left, const char *literal, size_t size)
{
    return aegis_mp_expect(r, left, literal, size);
}

/** After each member of a map and each item of a list. */
AEGIS_INLINE void aegis_js_next(aegis_reader *r, size_t *left)
{
    if (AEGIS_LIKELY(r->end - r->at > 1 && r->at[0] == ',' && r->at[1] > ' '))
        r->at++;
    else
        aegis_js_next_other(r, left);
}

AEGIS_API bool aegis_js_get_null(aegis_reader *r);
AEGIS_API bool aegis_js_get_bool(aegis_reader *r);
AEGIS_API int64_t aegis_js_get_i64(aegis_reader *r, int64_t lo, int64_t hi);
AEGIS_API uint64_t aegis_js_get_u64(aegis_reader *r, uint64_t lo, uint64_t hi);
AEGIS_API double aegis_js_get_f64(aegis_reader *r);

AEGIS_INLINE aegis_duration aegis_js_get_duration(aegis_reader *r)
{
    return aegis_js_get_i64(r, INT64_MIN, INT64_MAX);
}

/** The next key with its colon, unescaped: into the arena only if it has escapes. */
AEGIS_API aegis_bytes aegis_js_get_key(aegis_reader *r);
AEGIS_API const char *aegis_js_get_text_key(aegis_reader *r);
AEGIS_API double aegis_js_get_f64_in(aegis_reader *r, double lo, double hi);
AEGIS_API float aegis_js_get_f32(aegis_reader *r);
AEGIS_API const char *aegis_js_get_string(aegis_reader *r, size_t lo, size_t hi);
AEGIS_API aegis_bytes aegis_js_get_token(aegis_reader *r);
AEGIS_API aegis_bytes aegis_js_get_bytes(aegis_reader *r, size_t lo, size_t hi);
AEGIS_API aegis_uuid aegis_js_get_uuid(aegis_reader *r);
AEGIS_API aegis_timestamp aegis_js_get_timestamp(aegis_reader *r);
AEGIS_API const char *aegis_js_get_decimal(aegis_reader *r);
AEGIS_API aegis_any aegis_js_get_any(aegis_reader *r);
AEGIS_API aegis_raw aegis_js_get_raw(aegis_reader *r);
AEGIS_API void aegis_js_skip(aegis_reader *r);

/* ---- patterns (codec/pattern.c) ------------------------------------------------------------------------ */

/** Characters from `first` on, up to the next range, are of this kind. */
typedef struct aegis_pattern_range {
    uint32_t first;
    uint8_t kind;
} aegis_pattern_range;

/** A @pattern as a table. A text begins in state 2; 0 and 1 decide: no, yes. */
typedef struct aegis_pattern {
    const char *text;                  /* for messages */
    const uint8_t *kinds;              /* of the 128 characters of ASCII */
    const aegis_pattern_range *ranges; /* of the others */
    size_t range_count;
    const uint16_t *moves; /* of each state: where each kind leads, then the end of the text */
    size_t columns;
} aegis_pattern;

AEGIS_API void aegis_mp_put_string_like(aegis_writer *w, const char *value, size_t lo, size_t hi,
                                        const aegis_pattern *pattern);
AEGIS_API void aegis_js_put_string_like(aegis_writer *w, const char *value, size_t lo, size_t hi,
                                        const aegis_pattern *pattern);
AEGIS_API const char *aegis_mp_get_string_like(aegis_reader *r, size_t lo, size_t hi,
                                               const aegis_pattern *pattern);
AEGIS_API const char *aegis_js_get_string_like(aegis_reader *r, size_t lo, size_t hi,
                                               const aegis_pattern *pattern);

/* ---- copying (codec/) ---------------------------------------------------------------------------------- */

/** A copy of `count` items, never NULL while memory lasts, also for a count of 0. */
AEGIS_API void *aegis_copy_array(aegis_arena *arena, const void *items, size_t count, size_t size);
/* Each replaces what it is given by a copy in `arena`; false when memory is exhausted. */
AEGIS_API bool aegis_copy_string(aegis_arena *arena, const char **text);
AEGIS_API bool aegis_copy_bytes(aegis_arena *arena, aegis_bytes *bytes);
AEGIS_API bool aegis_copy_any(aegis_arena *arena, aegis_any *any);
AEGIS_API bool aegis_copy_raw(aegis_arena *arena, aegis_raw *raw);

/* ---- descriptors: what a service is, as constants of the generated code ---------------------------------
 */

/** An older wire name of a typed error. */
typedef struct aegis_older_error {
    const char *name;
    size_t index; /* into the method's errors */
} aegis_older_error;

/** An rpc or a command; client and server share it. */
typedef struct aegis_method {
    const char *service; /* wire names */
    const char *name;
    const char *const *was; /* older names that are served too */
    size_t was_count;
    aegis_duration timeout;
    const char *const *errors;  /* wire names of the typed errors it raises */
    const int32_t *error_codes; /* their HTTP-like numbers */
    size_t error_count;
    const aegis_older_error *older_errors; /* that are understood too */
    size_t older_error_count;
    bool idempotent;
    uint32_t max_retries; /* of an rpc only with `idempotent` */
    aegis_duration backoff_min, backoff_max;
    aegis_duration hedge; /* 0: none */
    bool command;         /* what follows is about commands */
    bool lanes;           /* @priority was given */
    aegis_priority priority;
} aegis_method;

typedef struct aegis_endpoint {
    const aegis_method *method;
    aegis_reply (*serve)(aegis_call *call, struct aegis_reader *params, const void *ops, void *user);
} aegis_endpoint;

typedef struct aegis_event_type {
    const char *domain, *type, *version; /* "order", "created", "1.1" */
} aegis_event_type;

typedef struct aegis_event_case {
    const aegis_event_type *type;
    aegis_settle (*handle)(const aegis_event *event, struct aegis_reader *payload, const void *ops,
                           void *user);
} aegis_event_case;

/** Where events of a subscription were published under an older name. */
typedef struct aegis_older_subject {
    const char *pattern, *durable;
} aegis_older_subject;

typedef struct aegis_subscription {
    const char *pattern; /* "order.created", "payment.*" */
    const char *durable; /* "order-service__order_created" */
    const aegis_older_subject *older;
    size_t older_count;
    bool from_new, broadcast, ordered;
    uint32_t concurrency;
    const aegis_event_case *cases;
    size_t case_count;
    aegis_settle (*raw)(const aegis_event *event, const void *ops, void *user); /* NULL unless a wildcard */
} aegis_subscription;

typedef struct aegis_service_type {
    const char *name, *version;
    const char *const *was; /* older names that are served too */
    size_t was_count;
    const aegis_endpoint *endpoints; /* rpc and commands */
    size_t endpoint_count;
    const aegis_subscription *subscriptions;
    size_t subscription_count;
} aegis_service_type;

/* ---- server (application/) ------------------------------------------------------------------------------
 */

AEGIS_API aegis_status aegis_service_start(aegis_bus *bus, const aegis_service_type *type, const void *ops,
                                           void *user, const aegis_service_options *options,
                                           aegis_service **service, aegis_error *error);

/* Replies: begin, encode, end. A second reply on a call is refused. When the writer failed, INTERNAL with the
 * path is sent instead. */
AEGIS_API struct aegis_writer *aegis_reply_begin(aegis_call *call);
AEGIS_API aegis_reply aegis_reply_ok(aegis_call *call);
/** `message` is the error's field of that name, or NULL. */
AEGIS_API aegis_reply aegis_reply_error(aegis_call *call, size_t error_index, const char *message);
AEGIS_API aegis_reply aegis_reply_fail(aegis_call *call, aegis_status status, const char *format,
                                       va_list arguments) AEGIS_PRINTF(3, 0);
/** INVALID_ARGUMENT with the reader's text: "items[2].sku is missing". */
AEGIS_API aegis_reply aegis_reply_invalid(aegis_call *call, struct aegis_reader *params);
AEGIS_API aegis_reply aegis_reply_unimplemented(aegis_call *call);
AEGIS_API aegis_reply aegis_reply_defer(aegis_call *call);
AEGIS_API struct aegis_writer *aegis_progress_begin(aegis_call *call);
AEGIS_API bool aegis_progress_end(aegis_call *call);

/* ---- client (application/) ------------------------------------------------------------------------------
 */

/** One exchange, on the stack of a stub. Its members belong to the application layer. */
typedef struct aegis_exchange {
    struct aegis_writer writer;
    struct aegis_reader reader;
    aegis_client *client;
    const aegis_method *method;    /* calls, commands */
    const aegis_event_type *event; /* publications */
    aegis_arena *arena;
    const aegis_call *parent;
    int64_t started, deadline, now; /* monotonic; `now` was read last */
    aegis_duration budget;     /* commands: what is told to the receiver */
    aegis_priority priority;
    aegis_format format;
    aegis_uuid message_id;
    const char *trace_id;
    const char *correlation_id;
    struct aegis_span *span; /* NULL unless somebody wants it */
    int8_t sampled;          /* -1: as the trace id says */
    bool begun, owns_arena;
    aegis_error error; /* why _begin failed, for _finish to report; of an async call why it did */
    /* calls: where to, and what became of the attempts */
    struct aegis_target *target;
    aegis_duration hedge; /* 0: none */
    aegis_uuid sent_id[2];
    int64_t sent_at[2];
    uint32_t attempts, retries, resends;
    bool once, final, safe; /* not again: by option, by the last failure; certainly not processed */
} aegis_exchange;

#define AEGIS_ANSWER_FAILED (-1)
#define AEGIS_ANSWER_OK     (-2) /* an answer >= 0 is an index into method->errors */

AEGIS_API struct aegis_writer *aegis_call_begin(aegis_exchange *x, aegis_client *client,
                                                const aegis_method *method, const aegis_call_options *options,
                                                aegis_arena *arena);
/** Sends and waits. Afterwards the exchange's reader yields the result or the error's details; fills *failed
 * for FAILED. */
AEGIS_API int aegis_call_finish(aegis_exchange *x, aegis_error *failed);
AEGIS_API struct aegis_reader *aegis_exchange_reader(aegis_exchange *x);
/** Closes the reader. False: fills *failed with INTERNAL, naming service, method and path. */
AEGIS_API bool aegis_exchange_done(aegis_exchange *x, aegis_error *failed);

/** What an async call came to, decoded and handed to `callback`; for FAILED why is in the exchange. */
typedef void (*aegis_async_thunk)(aegis_exchange *x, int answer, void (*callback)(void), void *user);
/** An exchange of the client's own, whose writer takes the request; NULL when there is none left. */
AEGIS_API aegis_exchange *aegis_async_begin(aegis_client *client, const aegis_method *method,
                                            const aegis_call_options *options);
AEGIS_API aegis_call_id aegis_async_send(aegis_exchange *x, aegis_async_thunk thunk, void (*callback)(void),
                                         void *user);

AEGIS_API struct aegis_writer *aegis_command_begin(aegis_exchange *x, aegis_client *client,
                                                   const aegis_method *method,
                                                   const aegis_command_options *options, aegis_arena *arena);
AEGIS_API aegis_status aegis_command_submit(aegis_exchange *x, aegis_command **command, aegis_error *error);
typedef void (*aegis_progress_thunk)(struct aegis_reader *update, void *context);
AEGIS_API int aegis_command_wait(aegis_command *command, const aegis_method *method, aegis_duration timeout,
                                 aegis_progress_thunk progress, void *context, aegis_arena *arena,
                                 aegis_exchange *x, aegis_error *failed);

/** Has an arena of its own, which _finish frees. */
AEGIS_API struct aegis_writer *aegis_publish_begin(aegis_exchange *x, aegis_publisher *publisher,
                                                   const aegis_event_type *type,
                                                   const aegis_publish_options *options);
AEGIS_API aegis_status aegis_publish_finish(aegis_exchange *x, aegis_error *error);

#ifdef __cplusplus
}
#endif

#endif
