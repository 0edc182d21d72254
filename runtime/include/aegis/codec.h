/* How generated code reads and writes: the states, and what both encodings share. codec_mp.h and codec_js.h
 * hold what differs, and codec_both.h chooses between them. Not for users: it changes together with
 * AEGIS_ABI.
 *
 * Errors are sticky. After the first one a reader is at its end and a writer has no room, and nothing happens
 * any more until _close reports the error. Where it happened is not recorded on the way: the path is found by
 * walking the bytes once, when something failed.
 *
 * Room is asked for once for a run of keys and values whose size is known. A value of unknown size asks for
 * itself, and for AEGIS_ROOM bytes more: a run that is no longer than that needs not ask. After a failure
 * there is always as much room as there was, so that a run may end before anybody looks.
 */
#ifndef AEGIS_CODEC_H
#define AEGIS_CODEC_H

#include <aegis/aegis.h>
#include <string.h>

#if defined(__GNUC__) || defined(__clang__)
#define AEGIS_INLINE         static inline __attribute__((always_inline, unused))
#define AEGIS_COLD           __attribute__((cold, noinline))
#define AEGIS_APART          __attribute__((noinline))
#define AEGIS_LIKELY(test)   __builtin_expect(!!(test), 1)
#define AEGIS_UNLIKELY(test) __builtin_expect(!!(test), 0)
#else
#define AEGIS_INLINE static inline
#define AEGIS_COLD
#define AEGIS_APART
#define AEGIS_LIKELY(test)   (test)
#define AEGIS_UNLIKELY(test) (test)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Deepest nesting of a message, in maps and lists; deeper ones are refused. */
#define AEGIS_DEPTH_LIMIT 64
/** What a value of unknown size leaves free behind itself: enough for any scalar. */
#define AEGIS_ROOM 64

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
    uint8_t scratch[AEGIS_ROOM]; /* instead of the arena's, when it had none */
    aegis_error error;           /* only meaningful when failed */
} aegis_writer;

/** A string that was read, in the arena with a NUL, and what stands behind it in the message; "" after a
 * failure. */
typedef struct aegis_text {
    const char *data;
    const uint8_t *behind;
} aegis_text;

/* ---- beginning and end --------------------------------------------------------------------------------- */

/** AUTO is MessagePack; `limit` 0 is AEGIS_ARENA_LIMIT. */
AEGIS_API void aegis_writer_open(aegis_writer *w, aegis_arena *arena, aegis_format format, size_t limit);
/** The encoded value, in the arena; or why it could not be encoded. */
AEGIS_API aegis_status aegis_writer_close(aegis_writer *w, aegis_bytes *out, aegis_error *error);
/** The same as a text with a NUL, or NULL. */
AEGIS_API const char *aegis_writer_text(aegis_writer *w);
/** AUTO detects by the first byte. `body` must outlive the reader, and `raw` values read from it. */
AEGIS_API void aegis_reader_open(aegis_reader *r, aegis_bytes body, aegis_format format, aegis_arena *arena);
/** The first error met; bytes left over are one. */
AEGIS_API aegis_status aegis_reader_close(aegis_reader *r, aegis_error *error);
/** `value` in the other format; nothing is copied when it is in that format already. */
AEGIS_API aegis_status aegis_transcode(aegis_raw value, aegis_format to, aegis_arena *arena, aegis_raw *out,
                                       aegis_error *error);

/* ---- failing ------------------------------------------------------------------------------------------- */

/** About the value that would be written next. */
AEGIS_API AEGIS_COLD void aegis_put_fail(aegis_writer *w, aegis_status status, const char *format, ...)
    AEGIS_PRINTF(3, 4);
/** About what was read last: a value, or a key whose value has not been read. */
AEGIS_API AEGIS_COLD void aegis_get_fail(aegis_reader *r, aegis_status status, const char *format, ...)
    AEGIS_PRINTF(3, 4);
AEGIS_API AEGIS_COLD void aegis_put_i64_bounds(aegis_writer *w, int64_t value, int64_t lo, int64_t hi);
AEGIS_API AEGIS_COLD void aegis_put_u64_bounds(aegis_writer *w, uint64_t value, uint64_t lo, uint64_t hi);
/** A string that is NULL, or whose length is not in lo..hi. */
AEGIS_API AEGIS_COLD void aegis_put_string_wrong(aegis_writer *w, const char *value, size_t lo, size_t hi);

/* ---- depth: types that can contain themselves count it, others are as deep as they are declared ----------
 */

AEGIS_API AEGIS_COLD void aegis_get_too_deep(aegis_reader *r);
AEGIS_API AEGIS_COLD void aegis_put_too_deep(aegis_writer *w);

/** False: do not go in. */
AEGIS_INLINE bool aegis_get_enter(aegis_reader *r)
{
    if (AEGIS_LIKELY(r->depth < AEGIS_DEPTH_LIMIT)) {
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

/* ---- room and memory ----------------------------------------------------------------------------------- */

/** Grows the buffer. False after a failure, with `at` back at the start. */
AEGIS_API AEGIS_COLD bool aegis_put_grow(aegis_writer *w, size_t size);

/** Whether `size` more bytes may be written: `end` is before `at` when something failed. */
AEGIS_INLINE bool aegis_put_room(aegis_writer *w, size_t size)
{
    if (AEGIS_LIKELY(w->end - w->at >= (ptrdiff_t)size))
        return true;
    return aegis_put_grow(w, size);
}

/** Before each scalar of a list. */
AEGIS_INLINE void aegis_put_item(aegis_writer *w)
{
    (void)aegis_put_room(w, AEGIS_ROOM);
}

/** Make room for one more item of a list or map whose length is not known beforehand (JSON): doubles in the
 * arena. `capacity` starts as 0 with `items` NULL. NULL, and the reader failed, when memory is exhausted. */
AEGIS_API void *aegis_list_grow(aegis_reader *r, void *items, size_t count, size_t *capacity,
                                size_t item_size);
/** Memory for `count` items; NULL, and the reader failed, when memory is exhausted. Never NULL for a reader
 * that has not failed, also for a count of 0. */
AEGIS_API void *aegis_get_memory(aegis_reader *r, size_t count, size_t item_size);
/** Fails unless a list or map of `count` items, which was just read, may have as many. */
AEGIS_API void aegis_get_count_in(aegis_reader *r, size_t count, size_t lo, size_t hi);

/* ---- keys ---------------------------------------------------------------------------------------------- */

/* Everywhere here the bytes are stored before `w->at` is, never after: a byte may alias anything, so that the
 * position would have to be read again from memory, and the next value would wait for that. For the same
 * reason functions of the library whose names end in `_at` take the position and return the one behind what
 * they wrote or read: from one value to the next it stays in a register. They leave `w->at` and `r->at` alone
 * unless something failed, or the buffer moved; what they return is right in any case. */

/** `literal` is the key as it stands on the wire, `size` its bytes. */
AEGIS_INLINE void aegis_put_key(aegis_writer *w, const char *literal, size_t size)
{
    uint8_t *at = w->at;

    memcpy(at, literal, size);
    w->at = at + size;
}

/** True, and the bytes are consumed, when exactly these come next: a key with all that stands around it. */
AEGIS_INLINE bool aegis_expect(aegis_reader *r, const char *literal, size_t size)
{
    const uint8_t *at = r->at;
    bool found = (size_t)(r->end - at) >= size && memcmp(at, literal, size) == 0;

    if (AEGIS_LIKELY(found))
        r->at = at + size;
    return AEGIS_LIKELY(found);
}

/** The next key, for members that come in another order. Not checked for UTF-8. */
AEGIS_API aegis_bytes aegis_get_key(aegis_reader *r);
/** After each member of a map and each item of a list. */
AEGIS_API void aegis_next(aegis_reader *r, size_t *left);

/* ---- values -------------------------------------------------------------------------------------------- */

AEGIS_API void aegis_put_f64_in(aegis_writer *w, double value, double lo, double hi);
AEGIS_API uint8_t *aegis_put_uuid_at(const aegis_writer *w, uint8_t *at, aegis_uuid value);
AEGIS_API uint8_t *aegis_put_timestamp_at(const aegis_writer *w, uint8_t *at, aegis_timestamp value);
/** The name of an enum's value: not checked. */
AEGIS_API void aegis_put_token(aegis_writer *w, const char *text, size_t size);
AEGIS_API void aegis_put_bytes_in(aegis_writer *w, aegis_bytes value, size_t lo, size_t hi);
AEGIS_API void aegis_put_decimal(aegis_writer *w, const char *value);
AEGIS_API void aegis_put_any(aegis_writer *w, aegis_any value);
AEGIS_API void aegis_put_raw(aegis_writer *w, aegis_raw value);

AEGIS_INLINE void aegis_put_uuid(aegis_writer *w, aegis_uuid value)
{
    w->at = aegis_put_uuid_at(w, w->at, value);
}

AEGIS_INLINE void aegis_put_timestamp(aegis_writer *w, aegis_timestamp value)
{
    w->at = aegis_put_timestamp_at(w, w->at, value);
}

/* These find out which encoding it is; those of codec_mp.h and codec_js.h are for who knows. */
AEGIS_API bool aegis_get_null(aegis_reader *r);
AEGIS_API bool aegis_get_bool(aegis_reader *r);
AEGIS_API int64_t aegis_get_i64_in(aegis_reader *r, int64_t lo, int64_t hi);
AEGIS_API uint64_t aegis_get_u64_in(aegis_reader *r, uint64_t lo, uint64_t hi);
AEGIS_API double aegis_get_f64(aegis_reader *r);
AEGIS_API const char *aegis_get_string_in(aegis_reader *r, size_t lo, size_t hi);
AEGIS_API double aegis_get_f64_in(aegis_reader *r, double lo, double hi);
AEGIS_API float aegis_get_f32(aegis_reader *r);
AEGIS_API aegis_uuid aegis_get_uuid(aegis_reader *r);
AEGIS_API aegis_timestamp aegis_get_timestamp(aegis_reader *r);
/** A string as a slice, not checked for UTF-8; `data` NULL after a failure. */
AEGIS_API aegis_bytes aegis_get_token(aegis_reader *r);
AEGIS_API aegis_bytes aegis_get_bytes_in(aegis_reader *r, size_t lo, size_t hi);
AEGIS_API const char *aegis_get_decimal(aegis_reader *r);
AEGIS_API aegis_any aegis_get_any(aegis_reader *r);
AEGIS_API aegis_raw aegis_get_raw(aegis_reader *r);
AEGIS_API void aegis_skip(aegis_reader *r);

/* ---- patterns --------------------------------------------------------------------------------------------
 */

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

AEGIS_API void aegis_put_string_like(aegis_writer *w, const char *value, size_t lo, size_t hi,
                                     const aegis_pattern *pattern);
AEGIS_API const char *aegis_get_string_like(aegis_reader *r, size_t lo, size_t hi,
                                            const aegis_pattern *pattern);

#ifdef __cplusplus
}
#endif

#endif
