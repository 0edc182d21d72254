/* Reading JSON: RFC 8259 and nothing else.
 *
 * Between values the reader stands on what follows: after get_map, get_list and next on a key or item,
 * without space before it; after a value directly behind its last byte.
 */
#include "codec/codec.h"

/* ---- structure ---- */

void aegis_js_space(aegis_reader *r)
{
    while (r->at != r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
        r->at++;
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

/* After the opening bracket. */
static size_t opened(aegis_reader *r, uint8_t close, size_t left)
{
    aegis_js_space(r);
    if (r->at == r->end) {
        aegis_reader_cut(r, r->at);
        return 0;
    }
    if (*r->at == close) {
        r->at++;
        return 0;
    }
    return left;
}

size_t aegis_js_get_map(aegis_reader *r)
{
    aegis_js_space(r);
    if (r->at == r->end || *r->at != '{') {
        aegis_js_expected(r, "a map");
        return 0;
    }
    r->at++;
    return opened(r, '}', 1);
}

size_t aegis_js_get_list(aegis_reader *r, size_t min_bytes, size_t lo, size_t hi)
{
    (void)min_bytes;
    (void)lo;
    (void)hi;
    aegis_js_space(r);
    if (r->at == r->end || *r->at != '[') {
        aegis_js_expected(r, "a list");
        return 0;
    }
    r->at++;
    return opened(r, ']', 2);
}

void aegis_js_list_done(aegis_reader *r, size_t count, size_t lo, size_t hi)
{
    if (AEGIS_LIKELY(count >= lo && count <= hi))
        return;
    if (hi == SIZE_MAX)
        aegis_get_fail(r, AEGIS_INVALID_ARGUMENT, "%zu items, at least %zu wanted", count, lo);
    else
        aegis_get_fail(r, AEGIS_INVALID_ARGUMENT, "%zu items, not in %zu..%zu", count, lo, hi);
}

void aegis_js_next_other(aegis_reader *r, size_t *left)
{
    uint8_t close = *left == 2 ? ']' : '}';

    aegis_js_space(r);
    if (r->at != r->end && *r->at == ',') {
        r->at++;
        aegis_js_space(r);
        return;
    }
    if (r->at != r->end && *r->at == close)
        r->at++;
    else
        aegis_js_expected(r, close == ']' ? "',' or ']'" : "',' or '}'");
    *left = 0;
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
    aegis_js_space(r);
    return literal(r, "null", 4);
}

bool aegis_js_get_bool(aegis_reader *r)
{
    aegis_js_space(r);
    if (literal(r, "true", 4))
        return true;
    if (!literal(r, "false", 5))
        aegis_js_expected(r, "a bool");
    return false;
}

/* ---- strings ---- */

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

typedef struct text_scan {
    const uint8_t *end;  /* the closing quote, or NULL */
    bool escapes, other; /* other than ASCII */
} text_scan;

/* The bytes up to the closing quote, eight at a time while nothing special is among them. */
static text_scan scan_text(const uint8_t *at, const uint8_t *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    text_scan scan = {NULL, false, false};

    while (at != end) {
        uint64_t word;

        if (end - at >= 8) {
            memcpy(&word, at, sizeof word);
            if ((((word - ones * 0x20) | ((word ^ ones * '"') - ones) | ((word ^ ones * '\\') - ones) |
                  word) &
                 ones << 7) == 0) {
                at += 8;
                continue;
            }
        }
        if (*at == '"') {
            scan.end = at;
            return scan;
        }
        if (*at < 0x20)
            return scan;
        scan.other |= *at >= 0x80;
        if (*at == '\\') {
            scan.escapes = true;
            if (++at == end)
                return scan;
        }
        at++;
    }
    return scan;
}

static aegis_bytes unescape(aegis_reader *r, const uint8_t *start, const uint8_t *at, const uint8_t *end)
{
    uint8_t *text = (uint8_t *)aegis_arena_alloc(r->arena, (size_t)(end - at) + 1), *out = text;

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

aegis_bytes aegis_js_get_text(aegis_reader *r, const char *what)
{
    const uint8_t *start;
    text_scan scan;

    aegis_js_space(r);
    start = r->at;
    if (start == r->end || *start != '"') {
        aegis_js_expected(r, what);
        return (aegis_bytes){NULL, 0};
    }
    scan = scan_text(start + 1, r->end);
    if (scan.end == NULL) {
        aegis_reader_fail(r, start, AEGIS_INVALID_ARGUMENT,
                          "a string that does not end, or a raw control character");
        return (aegis_bytes){NULL, 0};
    }
    if (scan.other && !aegis_utf8_valid(start + 1, (size_t)(scan.end - start - 1))) {
        aegis_reader_fail(r, start, AEGIS_INVALID_ARGUMENT, "not valid UTF-8");
        return (aegis_bytes){NULL, 0};
    }
    r->at = scan.end + 1;
    if (scan.escapes)
        return unescape(r, start, start + 1, scan.end);
    return (aegis_bytes){start + 1, (size_t)(scan.end - start - 1)};
}

static aegis_bytes with_colon(aegis_reader *r, aegis_bytes key)
{
    if (r->failed)
        return (aegis_bytes){NULL, 0};
    aegis_js_space(r);
    if (r->at != r->end && *r->at == ':') {
        r->at++;
        return key;
    }
    aegis_js_expected(r, "':'");
    return (aegis_bytes){NULL, 0};
}

aegis_bytes aegis_js_get_key(aegis_reader *r)
{
    return with_colon(r, aegis_js_get_text(r, "a string as key"));
}

aegis_bytes aegis_js_get_token(aegis_reader *r)
{
    return aegis_js_get_text(r, "a string");
}

/* `text` as a C string in the arena. */
static const char *keep_text(aegis_reader *r, const uint8_t *at, aegis_bytes text)
{
    char *copy;

    if (r->failed)
        return "";
    if (memchr(text.data, 0, text.len) != NULL) {
        aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT, "U+0000 in a string");
        return "";
    }
    copy = (char *)aegis_arena_alloc(r->arena, text.len + 1);
    if (copy == NULL) {
        aegis_reader_no_memory(r, at);
        return "";
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return copy;
}

const char *aegis_js_get_text_key(aegis_reader *r)
{
    const uint8_t *at = r->at;

    return keep_text(r, at, aegis_js_get_key(r));
}

const char *aegis_js_get_string(aegis_reader *r, size_t lo, size_t hi)
{
    const uint8_t *at = r->at;
    aegis_bytes text = aegis_js_get_text(r, "a string");

    if (AEGIS_UNLIKELY(r->failed || !aegis_get_size_in(r, at, text.len, lo, hi, "bytes")))
        return "";
    return keep_text(r, at, text);
}

aegis_bytes aegis_js_get_bytes(aegis_reader *r, size_t lo, size_t hi)
{
    const uint8_t *at = r->at;
    aegis_bytes value = aegis_get_base64(r, at, aegis_js_get_text(r, "bytes in base64"));

    if (r->failed || !aegis_get_size_in(r, at, value.len, lo, hi, "bytes"))
        return (aegis_bytes){NULL, 0};
    return value;
}

aegis_uuid aegis_js_get_uuid(aegis_reader *r)
{
    const uint8_t *at = r->at;

    return aegis_get_uuid_text(r, at, aegis_js_get_text(r, "a uuid"));
}

aegis_timestamp aegis_js_get_timestamp(aegis_reader *r)
{
    const uint8_t *at = r->at;

    return aegis_get_timestamp_text(r, at, aegis_js_get_text(r, "a timestamp"));
}

const char *aegis_js_get_decimal(aegis_reader *r)
{
    const uint8_t *at = r->at;
    const char *text = aegis_js_get_string(r, 0, SIZE_MAX);

    if (!r->failed && !aegis_decimal_valid(text, strlen(text)))
        aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT, "not a decimal number");
    return r->failed ? "0" : text;
}
