/* What the codec's files share: failing with a path, heads of MessagePack values, text checks, numbers. */
#ifndef AEGIS_CODEC_CODEC_H
#define AEGIS_CODEC_CODEC_H

#include <aegis/generated.h>

/* ---- failing (stream.c) ---- */

/* About the value that begins at `at`. Nothing happens when the reader has failed already. */
void aegis_reader_fail(aegis_reader *r, const uint8_t *at, aegis_status status, const char *format, ...)
    AEGIS_PRINTF(4, 5);
/* The same for a message that ends inside the value at `at`. */
void aegis_reader_cut(aegis_reader *r, const uint8_t *at);
void aegis_reader_no_memory(aegis_reader *r, const uint8_t *at);
/* "expected `what`, found a string", or that the message ends. */
void aegis_mp_expected(aegis_reader *r, const char *what);
void aegis_js_expected(aegis_reader *r, const char *what);
/* False, and failed, when `size` is not in lo..hi; `unit` is "bytes" or "items". */
bool aegis_get_size_in(aegis_reader *r, const uint8_t *at, size_t size, size_t lo, size_t hi,
                       const char *unit);
bool aegis_put_size_in(aegis_writer *w, size_t size, size_t lo, size_t hi, const char *unit);

/* ---- where (path.c) ---- */

typedef enum aegis_where {
    AEGIS_WHERE_NEXT, /* the value that begins at the position */
    AEGIS_WHERE_LAST  /* what ended there: a value, or a key */
} aegis_where;

/* Write the path of a position, "items[2].sku" or "", by walking the bytes from `start`. */
void aegis_path(const uint8_t *start, const uint8_t *position, aegis_format format, aegis_where where,
                char *out, size_t room);

/* ---- MessagePack (mp_head.c) ---- */

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
    uint32_t size; /* bytes of the head; of a scalar without a body, the whole value */
    uint32_t
        count; /* bytes of the body (str, bin, ext with its type byte in the head), or items, or entries */
    uint64_t bits; /* the number, the bool, or the type of an ext */
} aegis_mp_head;

/* The value at `at`. A body is checked to be there; items are not, beyond one byte for each. */
aegis_mp_head aegis_mp_head_at(const uint8_t *at, const uint8_t *end);
const char *aegis_mp_kind_name(aegis_mp_kind kind);
/* A string head; the caller made room for 5 bytes. */
uint8_t *aegis_mp_str_head(uint8_t *at, size_t size);

/* ---- text (text.c) ---- */

bool aegis_utf8_valid(const uint8_t *text, size_t size);
/* Nothing but ASCII without NUL. */
bool aegis_text_plain(const uint8_t *text, size_t size);

#define AEGIS_TEXT_ONES UINT64_C(0x0101010101010101)

/* The top bit of a byte is set for what is not ASCII, and for zero. */
AEGIS_INLINE uint64_t aegis_text_marks(uint64_t word)
{
    return word | (word - AEGIS_TEXT_ONES);
}

/* Copy `text` and a NUL to `out`; returns what aegis_text_plain does. Words of a fixed size, the last one
 * overlapping the one before: short texts are most, and for them a call of memcpy, or a loop over single
 * bytes, costs more than the rest. */
AEGIS_INLINE bool aegis_text_copy(char *out, const uint8_t *text, size_t size)
{
    uint64_t word, seen = 0;
    uint32_t head, tail;
    size_t i;

    if (size >= sizeof word) {
        for (i = 0; i + sizeof word < size; i += sizeof word) {
            memcpy(&word, text + i, sizeof word);
            memcpy(out + i, &word, sizeof word);
            seen |= aegis_text_marks(word);
        }
        memcpy(&word, text + size - sizeof word, sizeof word);
        memcpy(out + size - sizeof word, &word, sizeof word);
        seen |= aegis_text_marks(word);
    } else if (size >= sizeof head) {
        memcpy(&head, text, sizeof head);
        memcpy(&tail, text + size - sizeof tail, sizeof tail);
        memcpy(out, &head, sizeof head);
        memcpy(out + size - sizeof tail, &tail, sizeof tail);
        seen = aegis_text_marks((uint64_t)head << 32 | tail);
    } else {
        for (i = 0; i < size; i++) {
            out[i] = (char)text[i];
            seen |= (uint64_t)(uint8_t)(text[i] | (text[i] - 1));
        }
    }
    out[size] = '\0';
    return (seen & (AEGIS_TEXT_ONES << 7)) == 0;
}

/* A JSON number without leading zeros: what a decimal is. */
bool aegis_decimal_valid(const char *text, size_t size);
/* Padded base64; `out` has room for size / 4 * 3. False for anything else. */
bool aegis_base64_decode(const uint8_t *text, size_t size, uint8_t *out, size_t *out_size);
/* `out` has room for (size + 2) / 3 * 4; returns its end. */
uint8_t *aegis_base64_encode(const uint8_t *data, size_t size, uint8_t *out);

/* Values that are texts in both formats; `at` is where the value began. */
aegis_uuid aegis_get_uuid_text(aegis_reader *r, const uint8_t *at, aegis_bytes text);
aegis_timestamp aegis_get_timestamp_text(aegis_reader *r, const uint8_t *at, aegis_bytes text);
aegis_bytes aegis_get_base64(aegis_reader *r, const uint8_t *at, aegis_bytes text);
double aegis_get_f64_checked(aegis_reader *r, const uint8_t *at, double value, double lo, double hi);
float aegis_get_f32_checked(aegis_reader *r, const uint8_t *at, double value);

/* ---- patterns (pattern.c) ---- */

bool aegis_pattern_matches(const aegis_pattern *pattern, const char *text);

/* ---- JSON (js_scan.c, number.c) ---- */

typedef struct aegis_js_number {
    bool negative;
    bool integer;      /* neither fraction nor exponent */
    bool exact;        /* `digits` holds all of them */
    uint64_t digits;   /* the significant digits, at most 19 */
    int32_t exponent;  /* of ten, for digits */
    const uint8_t *at; /* the text */
    const uint8_t *end;
} aegis_js_number;

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

/* The next string, unescaped; `data` NULL after a failure. In place when it has no escapes (the slice is then
 * the message's own), else in the arena. Checked UTF-8; an escaped NUL is allowed here. */
aegis_bytes aegis_js_get_text(aegis_reader *r, const char *what);
void aegis_js_space(aegis_reader *r);
/* A quoted, escaped string without comma; `text` is checked UTF-8. */
void aegis_js_put_quoted(aegis_writer *w, const uint8_t *text, size_t size);

#endif
