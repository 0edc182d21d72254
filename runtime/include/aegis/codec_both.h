/* Reading and writing in either encoding, for who knows which one when it is compiled. A generated type has
 * one body that writes it and one that reads it; each is inlined twice, with a constant for `json`, and then
 * nothing is left of the other side. Not for users, see codec.h.
 */
#ifndef AEGIS_CODEC_BOTH_H
#define AEGIS_CODEC_BOTH_H

#include <aegis/codec_js.h>
#include <aegis/codec_mp.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- keys ---------------------------------------------------------------------------------------------- */

/** The key of a member as it travels. The keys of a type stand in one table: first those of its members in
 * their order, then older names. */
typedef struct aegis_key {
    uint16_t member;     /* which one it means */
    uint16_t sorted;     /* the place of the key that stands here when they are sorted by size, then bytes */
    uint16_t size;       /* bytes of the name */
    const char *msgpack; /* the name behind its head */
    const char *json;    /* `,"name":` */
} aegis_key;

/** The member that the next key means, which is noted in `seen`, a bit for each member; twice is an error.
 * -1: it is none of these. */
AEGIS_API int aegis_get_member(aegis_reader *r, const aegis_key *keys, size_t count, uint64_t *seen);
/** Fails for the first of the members that `missing` has a bit for; `start` is where the map begins. */
AEGIS_API void aegis_get_required(aegis_reader *r, const uint8_t *start, const aegis_key *keys,
                                  uint64_t missing);

AEGIS_INLINE size_t aegis_key_head(const aegis_key *key)
{
    return key->size < 32 ? 1 : 2;
}

AEGIS_INLINE void aegis_write_key(aegis_writer *w, bool json, const aegis_key *key)
{
    if (json)
        aegis_put_key(w, key->json + 1, key->size + (size_t)3);
    else
        aegis_put_key(w, key->msgpack, key->size + aegis_key_head(key));
}

/** Whether this key is next, after `{` or what aegis_read_next went over; then it is consumed. */
AEGIS_INLINE bool aegis_read_key(aegis_reader *r, bool json, const aegis_key *key)
{
    return json ? aegis_expect(r, key->json + 1, key->size + (size_t)3)
                : aegis_expect(r, key->msgpack, key->size + aegis_key_head(key));
}

/** The same right behind a value, with JSON's comma. */
AEGIS_INLINE bool aegis_read_then(aegis_reader *r, bool json, const aegis_key *key)
{
    return json ? aegis_expect(r, key->json, key->size + (size_t)4)
                : aegis_expect(r, key->msgpack, key->size + aegis_key_head(key));
}

/* ---- maps and lists ------------------------------------------------------------------------------------ */

/** The head of a struct of `count` members. */
AEGIS_INLINE void aegis_write_map(aegis_writer *w, bool json, size_t count)
{
    if (json)
        aegis_js_put_map(w);
    else
        aegis_mp_put_map(w, count);
}

/** The end of a map, or of a list. */
AEGIS_INLINE void aegis_write_map_end(aegis_writer *w, bool json)
{
    if (json)
        aegis_js_end(w, '}');
}

AEGIS_INLINE void aegis_write_list_end(aegis_writer *w, bool json)
{
    if (json)
        aegis_js_end(w, ']');
}

AEGIS_INLINE void aegis_write_list(aegis_writer *w, bool json, size_t count, size_t lo, size_t hi)
{
    if (json)
        aegis_js_put_list(w, count, lo, hi);
    else
        aegis_mp_put_list(w, count, lo, hi);
}

AEGIS_INLINE void aegis_write_entries(aegis_writer *w, bool json, size_t count, size_t lo, size_t hi)
{
    if (json)
        aegis_js_put_entries(w, count, lo, hi);
    else
        aegis_mp_put_entries(w, count, lo, hi);
}

/** What is left of the map that comes, as aegis_read_next counts it. */
AEGIS_INLINE size_t aegis_read_map(aegis_reader *r, bool json)
{
    return json ? aegis_js_get_map(r) : aegis_mp_get_map(r);
}

/** The same of a map of `count` members of which `read` have been. */
AEGIS_INLINE size_t aegis_read_rest(aegis_reader *r, bool json, size_t count, size_t read)
{
    if (read == 0)
        return aegis_read_map(r, json);
    return json ? aegis_js_more(r) : count - read;
}

/** Over what stands between members and items. */
AEGIS_INLINE void aegis_read_next(aegis_reader *r, bool json, size_t *left)
{
    if (json)
        aegis_js_next(r, left);
    else
        aegis_mp_next(r, left);
}

/** Over the value of the member `index`, which came where it was expected. */
AEGIS_INLINE void aegis_read_on(aegis_reader *r, bool json, size_t *left, uint64_t *seen, unsigned index)
{
    *seen |= UINT64_C(1) << index;
    aegis_read_next(r, json, left);
}

/** The end of a map all of whose members have been read. */
AEGIS_INLINE bool aegis_read_end(aegis_reader *r, bool json)
{
    return !json || aegis_expect(r, "}", 1);
}

/** The head of a map of `count` members and the first one's key; or nothing is consumed. */
AEGIS_INLINE bool aegis_read_first(aegis_reader *r, bool json, size_t count, const aegis_key *key)
{
    const uint8_t head[3] = {json          ? (uint8_t)'{'
                             : count <= 15 ? (uint8_t)(0x80 | count)
                                           : (uint8_t)0xde,
                             (uint8_t)(count >> 8), (uint8_t)count};
    const size_t before = json || count <= 15 ? 1 : 3;
    const size_t size = json ? key->size + (size_t)3 : key->size + aegis_key_head(key);
    const uint8_t *at = r->at;
    const bool found = (size_t)(r->end - at) >= before + size && memcmp(at, head, before) == 0 &&
                       memcmp(at + before, json ? key->json + 1 : key->msgpack, size) == 0;

    if (AEGIS_LIKELY(found))
        r->at = at + before + size;
    return AEGIS_LIKELY(found);
}

/** The first `count` members. */
AEGIS_INLINE uint64_t aegis_seen(size_t count)
{
    return count < 64 ? (UINT64_C(1) << count) - 1 : UINT64_MAX;
}

/** `least` are the bytes that one item has at least. */
AEGIS_INLINE size_t aegis_read_list(aegis_reader *r, bool json, size_t least, size_t lo, size_t hi)
{
    return json ? aegis_js_get_list(r) : aegis_mp_get_list(r, least, lo, hi);
}

AEGIS_INLINE size_t aegis_read_entries(aegis_reader *r, bool json, size_t least, size_t lo, size_t hi)
{
    return json ? aegis_js_get_map(r) : aegis_mp_get_entries(r, least, lo, hi);
}

/** Memory for all items; NULL where their number comes out only in the end. */
AEGIS_INLINE void *aegis_read_items(aegis_reader *r, bool json, size_t left, size_t size)
{
    return json ? NULL : aegis_get_memory(r, left, size);
}

/** Whether another item follows. A reader of JSON that failed has nothing left. */
AEGIS_INLINE bool aegis_read_more(aegis_reader *r, bool json, size_t left)
{
    return left > 0 && (json || !r->failed);
}

/* ---- values; those that are not here are the same in both encodings
 * ------------------------------------------ */

AEGIS_INLINE void aegis_write_null(aegis_writer *w, bool json)
{
    if (json)
        aegis_js_put_null(w);
    else
        aegis_mp_put_null(w);
}

AEGIS_INLINE void aegis_write_bool(aegis_writer *w, bool json, bool value)
{
    if (json)
        aegis_js_put_bool(w, value);
    else
        aegis_mp_put_bool(w, value);
}

AEGIS_INLINE void aegis_write_i64_in(aegis_writer *w, bool json, int64_t value, int64_t lo, int64_t hi)
{
    if (json)
        aegis_js_put_i64(w, value, lo, hi);
    else
        aegis_mp_put_i64(w, value, lo, hi);
}

AEGIS_INLINE void aegis_write_i64(aegis_writer *w, bool json, int64_t value)
{
    aegis_write_i64_in(w, json, value, INT64_MIN, INT64_MAX);
}

AEGIS_INLINE void aegis_write_u64_in(aegis_writer *w, bool json, uint64_t value, uint64_t lo, uint64_t hi)
{
    if (json)
        aegis_js_put_u64(w, value, lo, hi);
    else
        aegis_mp_put_u64(w, value, lo, hi);
}

AEGIS_INLINE void aegis_write_u64(aegis_writer *w, bool json, uint64_t value)
{
    aegis_write_u64_in(w, json, value, 0, UINT64_MAX);
}

AEGIS_INLINE void aegis_write_f64(aegis_writer *w, bool json, double value)
{
    if (json)
        aegis_js_put_f64(w, value);
    else
        aegis_mp_put_f64(w, value);
}

AEGIS_INLINE void aegis_write_string_in(aegis_writer *w, bool json, const char *value, size_t lo, size_t hi)
{
    if (json)
        aegis_js_put_string(w, value, lo, hi);
    else
        aegis_mp_put_string(w, value, lo, hi);
}

AEGIS_INLINE void aegis_write_string(aegis_writer *w, bool json, const char *value)
{
    aegis_write_string_in(w, json, value, 0, SIZE_MAX);
}

AEGIS_INLINE bool aegis_read_null(aegis_reader *r, bool json)
{
    return json ? aegis_js_get_null(r) : aegis_mp_get_null(r);
}

AEGIS_INLINE bool aegis_read_bool(aegis_reader *r, bool json)
{
    return json ? aegis_js_get_bool(r) : aegis_mp_get_bool(r);
}

AEGIS_INLINE int64_t aegis_read_i64_in(aegis_reader *r, bool json, int64_t lo, int64_t hi)
{
    return json ? aegis_js_get_i64(r, lo, hi) : aegis_mp_get_i64(r, lo, hi);
}

AEGIS_INLINE uint64_t aegis_read_u64_in(aegis_reader *r, bool json, uint64_t lo, uint64_t hi)
{
    return json ? aegis_js_get_u64(r, lo, hi) : aegis_mp_get_u64(r, lo, hi);
}

AEGIS_INLINE double aegis_read_f64(aegis_reader *r, bool json)
{
    return json ? aegis_js_get_f64(r) : aegis_mp_get_f64(r);
}

AEGIS_INLINE const char *aegis_read_string_in(aegis_reader *r, bool json, size_t lo, size_t hi)
{
    return json ? aegis_js_get_string(r, lo, hi) : aegis_mp_get_string(r, lo, hi);
}

AEGIS_INLINE const char *aegis_read_string(aegis_reader *r, bool json)
{
    return aegis_read_string_in(r, json, 0, SIZE_MAX);
}

/** A key of a map with run-time keys. */
AEGIS_INLINE void aegis_write_text_key(aegis_writer *w, bool json, const char *key)
{
    static const char invalid[] = "a key is not valid UTF-8";

    if (AEGIS_UNLIKELY(key == NULL))
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "a key is NULL");
    else if (json)
        aegis_js_put_text(w, key, strlen(key), ':', invalid);
    else
        aegis_mp_put_text(w, key, strlen(key), invalid);
}

/** The next of them: checked, in the arena. "" after a failure. */
AEGIS_INLINE const char *aegis_read_text_key(aegis_reader *r, bool json)
{
    const char *key = aegis_read_string(r, json);

    if (json && !r->failed)
        aegis_js_get_colon(r);
    return key;
}

/* Integers with no other bounds than their type's. */

AEGIS_INLINE int8_t aegis_read_i8(aegis_reader *r, bool json)
{
    return (int8_t)aegis_read_i64_in(r, json, INT8_MIN, INT8_MAX);
}

AEGIS_INLINE uint8_t aegis_read_u8(aegis_reader *r, bool json)
{
    return (uint8_t)aegis_read_u64_in(r, json, 0, UINT8_MAX);
}

AEGIS_INLINE int16_t aegis_read_i16(aegis_reader *r, bool json)
{
    return (int16_t)aegis_read_i64_in(r, json, INT16_MIN, INT16_MAX);
}

AEGIS_INLINE uint16_t aegis_read_u16(aegis_reader *r, bool json)
{
    return (uint16_t)aegis_read_u64_in(r, json, 0, UINT16_MAX);
}

AEGIS_INLINE int32_t aegis_read_i32(aegis_reader *r, bool json)
{
    return (int32_t)aegis_read_i64_in(r, json, INT32_MIN, INT32_MAX);
}

AEGIS_INLINE uint32_t aegis_read_u32(aegis_reader *r, bool json)
{
    return (uint32_t)aegis_read_u64_in(r, json, 0, UINT32_MAX);
}

AEGIS_INLINE int64_t aegis_read_i64(aegis_reader *r, bool json)
{
    return aegis_read_i64_in(r, json, INT64_MIN, INT64_MAX);
}

AEGIS_INLINE uint64_t aegis_read_u64(aegis_reader *r, bool json)
{
    return aegis_read_u64_in(r, json, 0, UINT64_MAX);
}

/* ---- the same for who does not know the encoding
 * ------------------------------------------------------------ */

AEGIS_INLINE int8_t aegis_get_i8(aegis_reader *r)
{
    return (int8_t)aegis_get_i64_in(r, INT8_MIN, INT8_MAX);
}

AEGIS_INLINE uint8_t aegis_get_u8(aegis_reader *r)
{
    return (uint8_t)aegis_get_u64_in(r, 0, UINT8_MAX);
}

AEGIS_INLINE int16_t aegis_get_i16(aegis_reader *r)
{
    return (int16_t)aegis_get_i64_in(r, INT16_MIN, INT16_MAX);
}

AEGIS_INLINE uint16_t aegis_get_u16(aegis_reader *r)
{
    return (uint16_t)aegis_get_u64_in(r, 0, UINT16_MAX);
}

AEGIS_INLINE int32_t aegis_get_i32(aegis_reader *r)
{
    return (int32_t)aegis_get_i64_in(r, INT32_MIN, INT32_MAX);
}

AEGIS_INLINE uint32_t aegis_get_u32(aegis_reader *r)
{
    return (uint32_t)aegis_get_u64_in(r, 0, UINT32_MAX);
}

AEGIS_INLINE int64_t aegis_get_i64(aegis_reader *r)
{
    return aegis_get_i64_in(r, INT64_MIN, INT64_MAX);
}

AEGIS_INLINE uint64_t aegis_get_u64(aegis_reader *r)
{
    return aegis_get_u64_in(r, 0, UINT64_MAX);
}

AEGIS_INLINE const char *aegis_get_string(aegis_reader *r)
{
    return aegis_get_string_in(r, 0, SIZE_MAX);
}

AEGIS_INLINE aegis_bytes aegis_get_bytes(aegis_reader *r)
{
    return aegis_get_bytes_in(r, 0, SIZE_MAX);
}

AEGIS_INLINE void aegis_put_bytes(aegis_writer *w, aegis_bytes value)
{
    aegis_put_bytes_in(w, value, 0, SIZE_MAX);
}

#ifdef __cplusplus
}
#endif

#endif
