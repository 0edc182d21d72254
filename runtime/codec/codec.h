/* What the codec's files share: failing with a path, heads of MessagePack values, texts, numbers. */
#ifndef AEGIS_CODEC_CODEC_H
#define AEGIS_CODEC_CODEC_H

#include <aegis/codec_both.h>

#include "domain/bytes.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* ---- failing (stream.c) ---- */

/* About the value that begins at `at`. Nothing happens when the reader has failed already. */
AEGIS_COLD void aegis_reader_fail(aegis_reader *r, const uint8_t *at, aegis_status status, const char *format,
                                  ...) AEGIS_PRINTF(4, 5);
/* The same for a message that ends inside the value at `at`. */
AEGIS_COLD void aegis_reader_cut(aegis_reader *r, const uint8_t *at);
AEGIS_COLD void aegis_reader_no_memory(aegis_reader *r, const uint8_t *at);
/* "expected `what`, found a string", or that the message ends. */
AEGIS_COLD void aegis_mp_expected(aegis_reader *r, const char *what);
AEGIS_COLD void aegis_js_expected(aegis_reader *r, const char *what);
/* What to say of a size that is not in lo..hi; `unit` is "bytes" or "items". */
AEGIS_COLD void aegis_get_size_wrong(aegis_reader *r, const uint8_t *at, size_t size, size_t lo, size_t hi,
                                     const char *unit);
AEGIS_COLD void aegis_put_size_wrong(aegis_writer *w, size_t size, size_t lo, size_t hi, const char *unit);

/* ---- where (path.c) ---- */

typedef enum aegis_where {
    AEGIS_WHERE_NEXT, /* the value that begins at the position */
    AEGIS_WHERE_LAST  /* what ended there: a value, or a key */
} aegis_where;

/* Write the path of a position, "items[2].sku" or "", by walking the bytes from `start`. */
void aegis_path(const uint8_t *start, const uint8_t *position, aegis_format format, aegis_where where,
                char *out, size_t room);

/* ---- MessagePack (mp_head.c, mp_read.c, mp_write.c) ---- */

typedef enum aegis_mp_kind {
    AEGIS_MP_CUT, /* the message ends inside the head or the body */
    AEGIS_MP_BAD, /* 0xc1 */
    AEGIS_MP_NIL,
    AEGIS_MP_BOOL,
    AEGIS_MP_UINT,
    AEGIS_MP_INT, /* negative */
    AEGIS_MP_F32,
    AEGIS_MP_F64,
    AEGIS_MP_STR,
    AEGIS_MP_BIN,
    AEGIS_MP_EXT,
    AEGIS_MP_LIST,
    AEGIS_MP_MAP
} aegis_mp_kind;

typedef struct aegis_mp_head {
    aegis_mp_kind kind;
    uint32_t size;  /* bytes of the head; of a scalar without a body, the whole value */
    uint32_t count; /* bytes of the body (of an ext the type is in the head), or items, or entries */
    uint64_t bits;  /* the number, the bool, or the type of an ext */
} aegis_mp_head;

/* The value at `at`. A body is checked to be there; items are not, beyond one byte for each. */
aegis_mp_head aegis_mp_head_at(const uint8_t *at, const uint8_t *end);
/* What follows the whole value at `at`, of at most `depth` levels; NULL where something is wrong with it.
 * Strings are not checked. */
const uint8_t *aegis_mp_behind(const uint8_t *at, const uint8_t *end, size_t depth);
const char *aegis_mp_kind_name(aegis_mp_kind kind);

/* The next string as a slice of the message; `data` NULL after a failure. */
aegis_bytes aegis_mp_get_slice(aegis_reader *r, const char *what);
/* A bin as a slice of the message; false, and nothing is read, when something else comes. */
bool aegis_mp_get_blob(aegis_reader *r, aegis_bytes *blob);
/* The same for an ext; one that is no timestamp fails. */
bool aegis_mp_get_time_extension(aegis_reader *r, aegis_timestamp *value);
void aegis_mp_put_blob(aegis_writer *w, const uint8_t *data, size_t size);

/* ---- JSON (js_read.c, js_write.c, number.c, wide.c) ---- */

void aegis_js_space(aegis_reader *r);
/* The next string, unescaped; `data` NULL after a failure. In place when it has no escapes (the slice is then
 * the message's own), else in the arena. Checked UTF-8; an escaped NUL is allowed here. */
aegis_bytes aegis_js_get_slice(aegis_reader *r, const char *what);

typedef struct aegis_js_number {
    bool negative;
    bool integer;      /* neither fraction nor exponent */
    bool exact;        /* `digits` holds all of them */
    uint64_t digits;   /* the significant digits, at most 19 */
    int32_t exponent;  /* of ten, for digits */
    const uint8_t *at; /* the text */
    const uint8_t *end;
} aegis_js_number;

#define AEGIS_EXACT_INTEGER UINT64_C(9007199254740992) /* 2^53: a double holds every integer up to it */
#define AEGIS_EXACT_POWER   22                         /* and so many powers of ten */
extern const double aegis_powers_of_ten[AEGIS_EXACT_POWER + 1];

/* False when no JSON number begins at `at`. */
bool aegis_js_number_scan(const uint8_t *at, const uint8_t *end, aegis_js_number *number);
/* The magnitude of an integer; false when 64 bits do not hold it. */
bool aegis_js_number_u64(const aegis_js_number *number, uint64_t *value);
/* The nearest double; infinite when it is too large. */
double aegis_js_number_double(const aegis_js_number *number);
/* Shortest text that reads back as `value` (finite): 5.0, 1e16, 1e-7. At most 24 bytes; returns its end. */
uint8_t *aegis_js_double_text(uint8_t *at, double value);
uint8_t *aegis_js_u64_text(uint8_t *at, uint64_t value);

/* The double nearest to digits * 10^exponent. False when it is not one of those that are easy (wide.c). */
bool aegis_wide_read(uint64_t digits, int32_t exponent, double *value);
/* The shortest digits * 10^exponent that reads back as `value` (positive), at most 17 digits, perhaps with
 * zeros at the end. False as above. */
bool aegis_wide_shortest(double value, uint64_t *digits, int *exponent);

/* ---- either encoding, for what is not worth being generated twice ---- */

AEGIS_INLINE bool aegis_is_json(aegis_format format)
{
    return format == AEGIS_FORMAT_JSON;
}

#define AEGIS_PUT(w, name, ...)                                                                              \
    (aegis_is_json((w)->format) ? aegis_js_put_##name(__VA_ARGS__) : aegis_mp_put_##name(__VA_ARGS__))

/* What comes next, after JSON's space. JSON has no BIN and EXT, and its numbers are F64. */
aegis_mp_kind aegis_next_kind(aegis_reader *r);
/* "expected a value, found ..." */
void aegis_expected(aegis_reader *r, const char *what);
/* Into a map or list whose kind is known; `left` as the encoding's own functions have it. */
size_t aegis_get_open(aegis_reader *r, aegis_mp_kind kind);

/* ---- texts (text.c) ---- */

bool aegis_utf8_valid(const uint8_t *text, size_t size);
/* A JSON number without leading zeros: what a decimal is. */
bool aegis_decimal_valid(const char *text, size_t size);
bool aegis_pattern_matches(const aegis_pattern *pattern, const char *text);

#define AEGIS_ONES UINT64_C(0x0101010101010101)
#define AEGIS_TOPS UINT64_C(0x8080808080808080)

/* The index of the lowest byte that has a bit set. */
AEGIS_INLINE unsigned aegis_lowest_byte(uint64_t word)
{
#if defined(__GNUC__) || defined(__clang__)
    return (unsigned)__builtin_ctzll(word) / 8;
#else
    unsigned i = 0;

    while ((word & 0xff) == 0) {
        word >>= 8;
        i++;
    }
    return i;
#endif
}

/* The top bit of a byte is set for what is not ASCII, and for zero. */
AEGIS_INLINE uint64_t aegis_text_marks(uint64_t word)
{
    return word | (word - AEGIS_ONES);
}

/* The same for what JSON does not show as it is. */
AEGIS_INLINE uint64_t aegis_json_marks(uint64_t word)
{
    return word | (word - AEGIS_ONES * 0x20) | ((word ^ AEGIS_ONES * '"') - AEGIS_ONES) |
           ((word ^ AEGIS_ONES * '\\') - AEGIS_ONES);
}

/* Copy `text` and a NUL to `out`; true when no byte of it has a mark. Words of a fixed size, the last one
 * overlapping the one before: short texts are most, and for them a call of memcpy, or a loop over single
 * bytes, costs more than the rest. */
AEGIS_INLINE bool aegis_copy_text(char *out, const uint8_t *text, size_t size,
                                  uint64_t (*marks)(uint64_t word))
{
    uint64_t word, seen;
    uint32_t head, tail;

    if (size >= sizeof word) {
        memcpy(&word, text, sizeof word);
        memcpy(out, &word, sizeof word);
        seen = marks(word);
        for (size_t i = sizeof word; i + sizeof word < size; i += sizeof word) {
            memcpy(&word, text + i, sizeof word);
            memcpy(out + i, &word, sizeof word);
            seen |= marks(word);
        }
        memcpy(&word, text + size - sizeof word, sizeof word);
        memcpy(out + size - sizeof word, &word, sizeof word);
        seen |= marks(word);
    } else if (size >= sizeof head) {
        memcpy(&head, text, sizeof head);
        memcpy(&tail, text + size - sizeof tail, sizeof tail);
        memcpy(out, &head, sizeof head);
        memcpy(out + size - sizeof tail, &tail, sizeof tail);
        seen = marks((uint64_t)head << 32 | tail);
    } else if (size > 0) { /* the first, the middle and the last of at most three */
        word = (uint64_t)text[size - 1] << 16 | (uint64_t)text[size / 2] << 8 | text[0];
        out[size - 1] = (char)(word >> 16);
        out[size / 2] = (char)(word >> 8);
        out[0] = (char)word;
        seen = marks(word | UINT64_C(0x2020202020000000));
    } else {
        seen = 0;
    }
    out[size] = '\0';
    return (seen & AEGIS_TOPS) == 0;
}

/* The same for a text of at most so many bytes, and plain ASCII, given by where it ends here and there;
 * before that lie so many bytes, in which anything may be read and written. Without a branch for its length:
 * lengths of short texts cannot be foreseen. */
#define AEGIS_SHORT 16

AEGIS_INLINE bool aegis_copy_short(char *out_end, const uint8_t *end, size_t size)
{
#if defined(__SSE2__)
    const __m128i word = _mm_loadu_si128((const __m128i *)(const void *)(end - AEGIS_SHORT));
    const int positive = _mm_movemask_epi8(_mm_cmpgt_epi8(word, _mm_setzero_si128()));

    _mm_storeu_si128((__m128i *)(void *)(out_end - AEGIS_SHORT), word);
    *out_end = '\0';
    return (~(unsigned)positive & 0xffff) >> (AEGIS_SHORT - size) == 0;
#else
    return aegis_copy_text(out_end - size, end - size, size, aegis_text_marks);
#endif
}

#endif
