/* Reading and writing MessagePack, as far as it is inlined into generated code. See codec.h.
 * Source: https://github.com/msgpack/msgpack/blob/master/spec.md
 */
#ifndef AEGIS_CODEC_MP_H
#define AEGIS_CODEC_MP_H

#include <aegis/codec.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- bytes: the builtins, because compilers make something slower of shifts once more is stored beside them
 * -- */

AEGIS_INLINE uint64_t aegis_big_endian(uint64_t value)
{
#if defined(__BYTE_ORDER__) && defined(__ORDER_LITTLE_ENDIAN__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return __builtin_bswap64(value);
#else
    uint8_t bytes[8];

    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (56 - 8 * i));
    memcpy(&value, bytes, sizeof value);
    return value;
#endif
}

AEGIS_INLINE void aegis_store_be64(uint8_t *at, uint64_t value)
{
    value = aegis_big_endian(value);
    memcpy(at, &value, sizeof value);
}

AEGIS_INLINE uint64_t aegis_load_be64(const uint8_t *at)
{
    uint64_t value;

    memcpy(&value, at, sizeof value);
    return aegis_big_endian(value);
}

/* ---- writing ------------------------------------------------------------------------------------------- */

/** A head and the lowest 1, 2, 4 or 8 bytes of `value`: eight are stored, so many count. */
AEGIS_INLINE uint8_t *aegis_mp_put_number_at(uint8_t *at, uint8_t head, unsigned width, uint64_t value)
{
    at[0] = (uint8_t)(head + width);
    aegis_store_be64(at + 1, value << (64 - (8u << width)));
    return at + 1 + ((size_t)1 << width);
}

/** An integer of more than one byte; the room is there. Of a narrow type compilers leave out what it cannot
 * be. */
AEGIS_INLINE uint8_t *aegis_mp_put_uint_at(uint8_t *at, uint64_t value)
{
    const unsigned width = (unsigned)(value > UINT8_MAX) + (value > UINT16_MAX) + (value > UINT32_MAX);

    return aegis_mp_put_number_at(at, 0xcc, width, value);
}

AEGIS_INLINE uint8_t *aegis_mp_put_int_at(uint8_t *at, int64_t value)
{
    const unsigned width = (unsigned)(value < INT8_MIN) + (value < INT16_MIN) + (value < INT32_MIN);

    return value >= 0 ? aegis_mp_put_uint_at(at, (uint64_t)value)
                      : aegis_mp_put_number_at(at, 0xd0, width, (uint64_t)value);
}
/** A map or list of more than 15 members, or of more than there is room for. */
AEGIS_API void aegis_mp_put_count(aegis_writer *w, uint8_t head16, size_t count);

AEGIS_INLINE void aegis_mp_put_byte(aegis_writer *w, uint8_t byte)
{
    uint8_t *at = w->at;

    *at = byte;
    w->at = at + 1;
}

/** The head of a struct. */
AEGIS_INLINE void aegis_mp_put_map(aegis_writer *w, size_t count)
{
    if (count <= 15)
        aegis_mp_put_byte(w, (uint8_t)(0x80u | count));
    else
        aegis_mp_put_count(w, 0xde, count);
}

/** Heads of lists, and of maps with run-time keys; these look for room themselves. */
AEGIS_API void aegis_mp_put_list(aegis_writer *w, size_t count, size_t lo, size_t hi);
AEGIS_API void aegis_mp_put_entries(aegis_writer *w, size_t count, size_t lo, size_t hi);

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
        w->at = aegis_mp_put_uint_at(w->at, value);
}

AEGIS_INLINE void aegis_mp_put_i64(aegis_writer *w, int64_t value, int64_t lo, int64_t hi)
{
    if (AEGIS_UNLIKELY(value < lo || value > hi))
        aegis_put_i64_bounds(w, value, lo, hi);
    else if (value >= -32 && value < 0x80)
        aegis_mp_put_byte(w, (uint8_t)value);
    else
        w->at = aegis_mp_put_int_at(w->at, value);
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

/** A text of `size` bytes, or why not: `invalid`. */
AEGIS_API uint8_t *aegis_mp_put_text_at(aegis_writer *w, uint8_t *at, const char *text, size_t size,
                                        const char *invalid);

AEGIS_INLINE void aegis_mp_put_text(aegis_writer *w, const char *text, size_t size, const char *invalid)
{
    w->at = aegis_mp_put_text_at(w, w->at, text, size, invalid);
}

AEGIS_INLINE void aegis_mp_put_string(aegis_writer *w, const char *value, size_t lo, size_t hi)
{
    size_t size = value != NULL ? strlen(value) : 0;

    if (AEGIS_UNLIKELY(value == NULL || size < lo || size > hi))
        aegis_put_string_wrong(w, value, lo, hi);
    else
        aegis_mp_put_text(w, value, size, "not valid UTF-8");
}

/* ---- reading ------------------------------------------------------------------------------------------- */

AEGIS_API size_t aegis_mp_get_map_big(aegis_reader *r);
AEGIS_API uint64_t aegis_mp_get_uint_big(aegis_reader *r, uint64_t lo, uint64_t hi);
AEGIS_API int64_t aegis_mp_get_int_big(aegis_reader *r, int64_t lo, int64_t hi);
AEGIS_API AEGIS_COLD bool aegis_mp_get_bool_other(aegis_reader *r);
AEGIS_API AEGIS_COLD double aegis_mp_get_f64_other(aegis_reader *r);

/** The number of members. */
AEGIS_INLINE size_t aegis_mp_get_map(aegis_reader *r)
{
    const uint8_t *at = r->at;

    if (AEGIS_LIKELY(at != r->end && (*at & 0xf0) == 0x80)) {
        r->at = at + 1;
        return *at & 0x0fu;
    }
    return aegis_mp_get_map_big(r);
}

/** The number of items, or of entries with run-time keys; never more than one more than `min_bytes` each
 * leave room for in what is left of the message. */
AEGIS_API size_t aegis_mp_get_list(aegis_reader *r, size_t min_bytes, size_t lo, size_t hi);
AEGIS_API size_t aegis_mp_get_entries(aegis_reader *r, size_t min_bytes, size_t lo, size_t hi);

AEGIS_INLINE void aegis_mp_next(aegis_reader *r, size_t *left)
{
    (void)r;
    --*left;
}

AEGIS_INLINE bool aegis_mp_get_null(aegis_reader *r)
{
    const uint8_t *at = r->at;

    if (at != r->end && *at == 0xc0) {
        r->at = at + 1;
        return true;
    }
    return false;
}

AEGIS_INLINE bool aegis_mp_get_bool(aegis_reader *r)
{
    const uint8_t *at = r->at;

    if (AEGIS_UNLIKELY(at == r->end || (*at & 0xfe) != 0xc2))
        return aegis_mp_get_bool_other(r);
    r->at = at + 1;
    return *at == 0xc3;
}

AEGIS_INLINE uint64_t aegis_mp_get_u64(aegis_reader *r, uint64_t lo, uint64_t hi)
{
    const uint8_t *at = r->at;

    if (AEGIS_LIKELY(at != r->end && *at < 0x80 && *at >= lo && *at <= hi)) {
        r->at = at + 1;
        return *at;
    }
    return aegis_mp_get_uint_big(r, lo, hi);
}

AEGIS_INLINE int64_t aegis_mp_get_i64(aegis_reader *r, int64_t lo, int64_t hi)
{
    const uint8_t *at = r->at;

    if (AEGIS_LIKELY(at != r->end && *at < 0x80 && *at >= lo && *at <= hi)) {
        r->at = at + 1;
        return *at;
    }
    return aegis_mp_get_int_big(r, lo, hi);
}

AEGIS_INLINE double aegis_mp_get_f64(aegis_reader *r)
{
    const uint8_t *at = r->at;
    uint64_t bits;
    double value;

    if (AEGIS_UNLIKELY(r->end - at < 9 || *at != 0xcb))
        return aegis_mp_get_f64_other(r);
    bits = aegis_load_be64(at + 1);
    r->at = at + 9;
    memcpy(&value, &bits, sizeof value);
    return value;
}

AEGIS_API aegis_text aegis_mp_get_text_at(aegis_reader *r, const uint8_t *at);
/** One of lo..hi bytes. */
AEGIS_API aegis_text aegis_mp_get_text_in_at(aegis_reader *r, const uint8_t *at, size_t lo, size_t hi);

/** In the arena, with a NUL; "" after a failure. */
AEGIS_INLINE const char *aegis_mp_get_string(aegis_reader *r, size_t lo, size_t hi)
{
    const aegis_text text = lo == 0 && hi == SIZE_MAX ? aegis_mp_get_text_at(r, r->at)
                                                      : aegis_mp_get_text_in_at(r, r->at, lo, hi);

    r->at = text.behind;
    return text.data;
}

#ifdef __cplusplus
}
#endif

#endif
