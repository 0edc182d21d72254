/* Reading JSON: RFC 8259 and nothing else.
 *
 * Between values the reader stands on what follows: after get_map, get_list and next on a key or item,
 * without space before it; after a value directly behind its last byte.
 */
#include "codec/codec.h"

#include "domain/arena.h"

#include <stdio.h>

/* ---- structure ---- */

static void skip_space(aegis_reader *r)
{
    while (r->at != r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
        r->at++;
}

/* Mostly there is none: what follows is a visible character. */
AEGIS_INLINE void space(aegis_reader *r)
{
    if (AEGIS_UNLIKELY(r->at == r->end || *r->at <= ' '))
        skip_space(r);
}

void aegis_js_space(aegis_reader *r)
{
    skip_space(r);
}

static const char *kind_name(uint8_t c)
{
    switch (c) {
    case '{':
        return "a map";
    case '[':
        return "a list";
    case '"':
        return "a string";
    case 't':
    case 'f':
        return "a bool";
    case 'n':
        return "null";
    default:
        return c == '-' || (c >= '0' && c <= '9') ? "a number" : NULL;
    }
}

void aegis_js_expected(aegis_reader *r, const char *what)
{
    const char *found;
    aegis_js_number number;

    if (r->failed)
        return;
    if (r->at == r->end) {
        aegis_reader_cut(r, r->at);
        return;
    }
    found = kind_name(*r->at);
    if (found != NULL && found[2] == 'n' && aegis_js_number_scan(r->at, r->end, &number))
        found = number.integer ? "an integer" : "a float";
    if (found != NULL)
        aegis_reader_fail(r, r->at, AEGIS_INVALID_ARGUMENT, "expected %s, found %s", what, found);
    else if (*r->at > 0x20 && *r->at < 0x7f)
        aegis_reader_fail(r, r->at, AEGIS_INVALID_ARGUMENT, "expected %s, found '%c'", what, *r->at);
    else
        aegis_reader_fail(r, r->at, AEGIS_INVALID_ARGUMENT, "expected %s, found the byte 0x%02x", what,
                          *r->at);
}

/* After an opening bracket, which is expected at the reader. */
static size_t open_container(aegis_reader *r, uint8_t open, size_t left)
{
    space(r);
    if (AEGIS_UNLIKELY(r->at == r->end || *r->at != open)) {
        aegis_js_expected(r, open == '{' ? "a map" : "a list");
        return 0;
    }
    r->at++;
    space(r);
    if (AEGIS_UNLIKELY(r->at == r->end)) {
        aegis_reader_cut(r, r->at);
        return 0;
    }
    if (*r->at != open + 2) /* '}' and ']' stand there in ASCII */
        return left;
    r->at++;
    return 0;
}

size_t aegis_js_get_map(aegis_reader *r)
{
    return open_container(r, '{', 1);
}

size_t aegis_js_get_list(aegis_reader *r)
{
    return open_container(r, '[', 2);
}

size_t aegis_js_next_other(aegis_reader *r, size_t left)
{
    uint8_t close = left == 2 ? ']' : '}';

    space(r);
    if (r->at != r->end && *r->at == ',') {
        r->at++;
        space(r);
        return left;
    }
    if (AEGIS_LIKELY(r->at != r->end && *r->at == close))
        r->at++;
    else
        aegis_js_expected(r, close == ']' ? "',' or ']'" : "',' or '}'");
    return 0;
}

static bool literal(aegis_reader *r, const char *text, size_t size)
{
    if ((size_t)(r->end - r->at) < size || memcmp(r->at, text, size) != 0)
        return false;
    r->at += size;
    return true;
}

bool aegis_js_get_null(aegis_reader *r)
{
    space(r);
    return literal(r, "null", 4);
}

bool aegis_js_get_bool(aegis_reader *r)
{
    space(r);
    if (literal(r, "true", 4))
        return true;
    if (!literal(r, "false", 5))
        aegis_js_expected(r, "a bool");
    return false;
}

/* ---- texts ---- */

static int hex4(const uint8_t *at, const uint8_t *end)
{
    int value = 0, i;

    if (end - at < 4)
        return -1;
    for (i = 0; i < 4; i++) {
        uint8_t c = at[i], low = (uint8_t)(c | 0x20);

        if (c >= '0' && c <= '9')
            value = value * 16 + c - '0';
        else if (low >= 'a' && low <= 'f')
            value = value * 16 + low - 'a' + 10;
        else
            return -1;
    }
    return value;
}

static uint8_t *put_character(uint8_t *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (uint8_t)c;
    } else if (c < 0x800) {
        *out++ = (uint8_t)(0xc0 | c >> 6);
        *out++ = (uint8_t)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        *out++ = (uint8_t)(0xe0 | c >> 12);
        *out++ = (uint8_t)(0x80 | (c >> 6 & 63));
        *out++ = (uint8_t)(0x80 | (c & 63));
    } else {
        *out++ = (uint8_t)(0xf0 | c >> 18);
        *out++ = (uint8_t)(0x80 | (c >> 12 & 63));
        *out++ = (uint8_t)(0x80 | (c >> 6 & 63));
        *out++ = (uint8_t)(0x80 | (c & 63));
    }
    return out;
}

/* `\uXXXX`, or two of them for a character beyond 0xffff. NULL for half a pair. */
static const uint8_t *take_unicode(const uint8_t *at, const uint8_t *end, uint8_t **out)
{
    int first = hex4(at, end), second;

    if (first < 0)
        return NULL;
    at += 4;
    if (first >= 0xd800 && first <= 0xdfff) {
        if (first > 0xdbff || end - at < 6 || at[0] != '\\' || at[1] != 'u')
            return NULL;
        second = hex4(at + 2, end);
        if (second < 0xdc00 || second > 0xdfff)
            return NULL;
        at += 6;
        first = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
    }
    *out = put_character(*out, (uint32_t)first);
    return at;
}

/* What stands after a backslash. */
static const uint8_t *take_escape(const uint8_t *at, const uint8_t *end, uint8_t **out)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (at == end || *at == '\0')
        return NULL;
    if (*at == 'u')
        return take_unicode(at + 1, end, out);
    found = strchr(names, *at);
    if (found == NULL)
        return NULL;
    *(*out)++ = (uint8_t)values[found - names];
    return at + 1;
}

/* In the arena, with a NUL; never longer than what it is made from. */
static aegis_bytes unescape(aegis_reader *r, const uint8_t *start, const uint8_t *at, const uint8_t *end)
{
    uint8_t *text = (uint8_t *)aegis_arena_take_text(r->arena, (size_t)(end - at) + 1), *out = text;

    if (text == NULL) {
        aegis_reader_no_memory(r, start);
        return (aegis_bytes){NULL, 0};
    }
    while (at != end) {
        if (*at != '\\') {
            *out++ = *at++;
            continue;
        }
        at = take_escape(at + 1, end, &out);
        if (at == NULL) {
            aegis_reader_fail(r, start, AEGIS_INVALID_ARGUMENT, "a bad escape in a string");
            return (aegis_bytes){NULL, 0};
        }
    }
    *out = '\0';
    return (aegis_bytes){text, (size_t)(out - text)};
}

/* The first byte that is not plain: a quote, a backslash, a control character, anything but ASCII. In a word
 * the lowest mark is true; those above it may be its borrow. */
static const uint8_t *plain_end(const uint8_t *at, const uint8_t *end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t marks = aegis_json_marks(aegis_load_le64(at)) & AEGIS_TOPS;

        if (marks != 0)
            return at + aegis_lowest_byte(marks);
    }
    while (at != end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\')
        at++;
    return at;
}

/* A text that is not plain: `at` is what was found in it. */
static aegis_bytes other_text(aegis_reader *r, const uint8_t *start, const uint8_t *at)
{
    bool escapes = false, wide = false;

    while (at != r->end && *at != '"' && *at >= 0x20) {
        wide |= *at >= 0x80;
        if (*at == '\\') {
            escapes = true;
            if (++at == r->end)
                break;
        }
        at = plain_end(at + 1, r->end);
    }
    if (at == r->end || *at != '"')
        aegis_reader_fail(r, start, AEGIS_INVALID_ARGUMENT,
                          "a string that does not end, or a raw control character");
    else if (wide && !aegis_utf8_valid(start + 1, (size_t)(at - start - 1)))
        aegis_reader_fail(r, start, AEGIS_INVALID_ARGUMENT, "not valid UTF-8");
    if (r->failed)
        return (aegis_bytes){NULL, 0};
    r->at = at + 1;
    if (escapes)
        return unescape(r, start, start + 1, at);
    return (aegis_bytes){start + 1, (size_t)(at - start - 1)};
}

AEGIS_INLINE aegis_bytes get_slice(aegis_reader *r, const char *what)
{
    const uint8_t *start, *at;

    space(r);
    start = r->at;
    if (AEGIS_UNLIKELY(start == r->end || *start != '"')) {
        aegis_js_expected(r, what);
        return (aegis_bytes){NULL, 0};
    }
    at = plain_end(start + 1, r->end);
    if (AEGIS_UNLIKELY(at == r->end || *at != '"'))
        return other_text(r, start, at);
    r->at = at + 1;
    return (aegis_bytes){start + 1, (size_t)(at - start - 1)};
}

aegis_bytes aegis_js_get_slice(aegis_reader *r, const char *what)
{
    return get_slice(r, what);
}

void aegis_js_get_colon(aegis_reader *r)
{
    space(r);
    if (AEGIS_LIKELY(r->at != r->end && *r->at == ':'))
        r->at++;
    else
        aegis_js_expected(r, "':'");
}

/* A string with space before it, or escapes, or not plain ASCII, or for which memory has to be found; or what
 * is wrong with it. A slice of the message is copied; what had escapes is a copy already, and only that can
 * hold a NUL. */
static AEGIS_APART aegis_text other_string(aegis_reader *r, const uint8_t *at, size_t lo, size_t hi)
{
    aegis_bytes text;
    char *copy;

    r->at = at;
    text = get_slice(r, "a string");
    if (text.data != NULL && (text.len < lo || text.len > hi))
        aegis_get_size_wrong(r, at, text.len, lo, hi, "bytes");
    if (r->failed)
        return (aegis_text){"", r->at};
    if (text.data + text.len + 1 != r->at) { /* the closing quote */
        if (memchr(text.data, 0, text.len) == NULL)
            return (aegis_text){(const char *)text.data, r->at};
        aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT, "U+0000 in a string");
        return (aegis_text){"", r->at};
    }
    copy = aegis_arena_take_text(r->arena, text.len + 1);
    if (copy == NULL) {
        aegis_reader_no_memory(r, at);
        return (aegis_text){"", r->at};
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return (aegis_text){copy, r->at};
}

aegis_text aegis_js_get_text_in_at(aegis_reader *r, const uint8_t *at, size_t lo, size_t hi)
{
    aegis_arena *arena = r->arena;
    const uint8_t *end;
    size_t size;
    char *copy;

    if (AEGIS_UNLIKELY(at == r->end || *at != '"'))
        return other_string(r, at, lo, hi);
    end = plain_end(at + 1, r->end);
    size = (size_t)(end - at) - 1;
    if (AEGIS_UNLIKELY(end == r->end || *end != '"' || size >= (size_t)(arena->end - arena->at) ||
                       size < lo || size > hi))
        return other_string(r, at, lo, hi);
    copy = (char *)arena->end - size - 1;
    (void)aegis_copy_text(copy, at + 1, size, aegis_text_marks);
    arena->end = (unsigned char *)copy;
    return (aegis_text){copy, end + 1};
}

/* ---- numbers ---- */

#define SAFE_DIGITS 18 /* that many fit whatever they are */

/* Digits from `at` on, at most as many as fit: one more says that there are too many. */
AEGIS_INLINE const uint8_t *get_digits(const uint8_t *at, const uint8_t *end, uint64_t *value)
{
    uint64_t sum = *value;

    if (end - at > SAFE_DIGITS + 1)
        end = at + SAFE_DIGITS + 1;
    for (; at != end && (uint8_t)(*at - '0') < 10; at++)
        sum = sum * 10 + (uint64_t)(*at - '0');
    *value = sum;
    return at;
}

/* Whether `at` ends an integer of the digits from `first` on that needs no second look. */
AEGIS_INLINE bool ends_integer(const uint8_t *first, const uint8_t *at, const uint8_t *end)
{
    return at != first && at - first <= SAFE_DIGITS && (*first != '0' || at - first == 1) && at != end &&
           *at != '.' && (*at | 0x20) != 'e';
}

/* An integer, also as a string of one (which readers without 64-bit numbers need). False when it is none, or
 * has more than 64 bits. */
static bool take_integer(aegis_reader *r, aegis_js_number *number)
{
    bool quoted = r->at != r->end && *r->at == '"';

    if (!aegis_js_number_scan(r->at + quoted, r->end, number) || !number->integer ||
        (quoted && (number->end == r->end || *number->end != '"'))) {
        aegis_js_expected(r, "an integer");
        return false;
    }
    r->at = number->end + quoted;
    return true;
}

static AEGIS_COLD void out_of_bounds(aegis_reader *r, const uint8_t *at, const aegis_js_number *number,
                                     const char *bounds)
{
    int shown = number->end - number->at > 40 ? 40 : (int)(number->end - number->at);

    aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT, "%.*s%s is not in %s", shown, (const char *)number->at,
                      shown == 40 ? "..." : "", bounds);
}

static AEGIS_COLD int64_t other_i64(aegis_reader *r, int64_t lo, int64_t hi)
{
    const uint8_t *at = r->at;
    aegis_js_number number;
    uint64_t magnitude;
    char bounds[64];
    bool fits;
    int64_t value;

    if (!take_integer(r, &number))
        return 0;
    fits = aegis_js_number_u64(&number, &magnitude) && magnitude <= (uint64_t)INT64_MAX + number.negative;
    value = (int64_t)(number.negative ? 0 - magnitude : magnitude);
    if (fits && value >= lo && value <= hi)
        return value;
    (void)snprintf(bounds, sizeof bounds, "%lld..%lld", (long long)lo, (long long)hi);
    out_of_bounds(r, at, &number, bounds);
    return 0;
}

int64_t aegis_js_get_i64(aegis_reader *r, int64_t lo, int64_t hi)
{
    const uint8_t *first, *at;
    uint64_t magnitude = 0;
    bool negative;
    int64_t value;

    space(r);
    negative = r->at != r->end && *r->at == '-';
    first = r->at + negative;
    at = get_digits(first, r->end, &magnitude);
    value = (int64_t)(negative ? 0 - magnitude : magnitude);
    if (AEGIS_UNLIKELY(!ends_integer(first, at, r->end) || value < lo || value > hi))
        return other_i64(r, lo, hi);
    r->at = at;
    return value;
}

static AEGIS_COLD uint64_t other_u64(aegis_reader *r, uint64_t lo, uint64_t hi)
{
    const uint8_t *at = r->at;
    aegis_js_number number;
    uint64_t value;
    char bounds[64];

    if (!take_integer(r, &number))
        return 0;
    if (aegis_js_number_u64(&number, &value) && (!number.negative || value == 0) && value >= lo &&
        value <= hi)
        return value;
    (void)snprintf(bounds, sizeof bounds, "%llu..%llu", (unsigned long long)lo, (unsigned long long)hi);
    out_of_bounds(r, at, &number, bounds);
    return 0;
}

uint64_t aegis_js_get_u64(aegis_reader *r, uint64_t lo, uint64_t hi)
{
    const uint8_t *at;
    uint64_t value = 0;

    space(r);
    at = get_digits(r->at, r->end, &value);
    if (AEGIS_UNLIKELY(!ends_integer(r->at, at, r->end) || value < lo || value > hi))
        return other_u64(r, lo, hi);
    r->at = at;
    return value;
}

static double other_f64(aegis_reader *r)
{
    aegis_js_number number;
    double value;

    if (!aegis_js_number_scan(r->at, r->end, &number)) {
        aegis_js_expected(r, "a number");
        return 0;
    }
    value = aegis_js_number_double(&number);
    if (value - value != 0) {
        aegis_reader_fail(r, r->at, AEGIS_INVALID_ARGUMENT, "a number too large for f64");
        return 0;
    }
    r->at = number.end;
    return value;
}

/* What is n / 10^k with n and 10^k exact is what number.c would find; the usual number is. */
double aegis_js_get_f64(aegis_reader *r)
{
    const uint8_t *first, *at, *point;
    uint64_t digits = 0;
    bool negative;
    double value;

    space(r);
    negative = r->at != r->end && *r->at == '-';
    first = r->at + negative;
    at = point = get_digits(first, r->end, &digits);
    if (AEGIS_LIKELY(point != r->end && *point == '.'))
        at = get_digits(point + 1, r->end, &digits);
    if (AEGIS_UNLIKELY(point == first || at == point + 1 || at - first > SAFE_DIGITS ||
                       digits > AEGIS_EXACT_INTEGER || (*first == '0' && point - first > 1) || at == r->end ||
                       (*at | 0x20) == 'e'))
        return other_f64(r);
    r->at = at;
    value = (double)digits;
    if (at != point)
        value /= aegis_powers_of_ten[at - point - 1];
    return negative ? -value : value;
}
