/* Writing JSON: compact, raw UTF-8, a comma behind every value, which the end of its container replaces. */
#include "codec/codec.h"

#include "domain/time.h"

#include <math.h>

void aegis_js_put_i64_text(aegis_writer *w, int64_t value)
{
    uint64_t magnitude = (uint64_t)value;

    if (value < 0) {
        *w->at++ = '-';
        magnitude = 0 - magnitude;
    }
    w->at = aegis_js_u64_text(w->at, magnitude);
    *w->at++ = ',';
}

void aegis_js_put_u64_text(aegis_writer *w, uint64_t value)
{
    w->at = aegis_js_u64_text(w->at, value);
    *w->at++ = ',';
}

void aegis_js_put_f64(aegis_writer *w, double value)
{
    if (AEGIS_UNLIKELY(!isfinite(value))) {
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "JSON has no %s", isnan(value) ? "NaN" : "infinity");
        return;
    }
    w->at = aegis_js_double_text(w->at, value);
    *w->at++ = ',';
}

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

/* Eight bytes at once: the top bit of a byte of the result says that it may need an escape. False positives
 * (after a borrow, or above 0x7f) only cost the slow way. */
static uint64_t suspects(const uint8_t *text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t word, quote, slash;

    memcpy(&word, text, sizeof word);
    quote = word ^ (ones * '"');
    slash = word ^ (ones * '\\');
    return ((word - ones * 0x20) | (quote - ones) | (slash - ones)) & ~word & (ones << 7);
}

/* Room is six bytes for each of the text, the worst an escape makes of one. */
static uint8_t *put_body(uint8_t *at, const uint8_t *text, size_t size)
{
    const uint8_t *end = text + size;

    while (text != end) {
        if (end - text >= 8 && suspects(text) == 0) {
            memcpy(at, text, 8);
            at += 8;
            text += 8;
        } else if (needs_escape(*text)) {
            at = put_escaped(at, *text++);
        } else {
            *at++ = *text++;
        }
    }
    return at;
}

static size_t escapes_in(const uint8_t *text, size_t size)
{
    size_t count = 0;

    for (; size > 0; size--)
        count += needs_escape(*text++);
    return count;
}

void aegis_js_put_quoted(aegis_writer *w, const uint8_t *text, size_t size)
{
    size_t room = size * 6;

    if (size > 256) /* a long text gets the room it needs instead of the worst */
        room = size + 5 * escapes_in(text, size);
    if (AEGIS_UNLIKELY(!aegis_put_room(w, room + 2 + AEGIS_SCALAR_ROOM)))
        return;
    *w->at++ = '"';
    w->at = put_body(w->at, text, size);
    *w->at++ = '"';
}

void aegis_js_put_token(aegis_writer *w, const char *text, size_t size)
{
    if (AEGIS_UNLIKELY(!aegis_put_room(w, size + 3)))
        return;
    *w->at++ = '"';
    memcpy(w->at, text, size);
    w->at[size] = '"';
    w->at[size + 1] = ',';
    w->at += size + 2;
}

void aegis_js_put_string(aegis_writer *w, const char *value, size_t lo, size_t hi)
{
    size_t size;

    if (AEGIS_UNLIKELY(value == NULL)) {
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "is required");
        return;
    }
    size = strlen(value);
    if (!aegis_put_size_in(w, size, lo, hi, "bytes"))
        return;
    if (AEGIS_UNLIKELY(!aegis_text_plain((const uint8_t *)value, size) &&
                       !aegis_utf8_valid((const uint8_t *)value, size))) {
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "not valid UTF-8");
        return;
    }
    aegis_js_put_quoted(w, (const uint8_t *)value, size);
    if (!w->failed)
        *w->at++ = ',';
}

void aegis_js_put_text_key(aegis_writer *w, const char *key)
{
    if (key == NULL) {
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "a key is NULL");
        return;
    }
    if (!aegis_utf8_valid((const uint8_t *)key, strlen(key))) {
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "a key is not valid UTF-8");
        return;
    }
    aegis_js_put_quoted(w, (const uint8_t *)key, strlen(key));
    if (aegis_put_room(w, 1 + AEGIS_SCALAR_ROOM))
        *w->at++ = ':';
}

void aegis_js_put_bytes(aegis_writer *w, aegis_bytes value, size_t lo, size_t hi)
{
    if (!aegis_put_size_in(w, value.len, lo, hi, "bytes") || !aegis_put_room(w, value.len / 3 * 4 + 8))
        return;
    *w->at++ = '"';
    w->at = aegis_base64_encode(value.data, value.len, w->at);
    *w->at++ = '"';
    *w->at++ = ',';
}

void aegis_js_put_uuid(aegis_writer *w, aegis_uuid value)
{
    char text[AEGIS_UUID_TEXT];

    aegis_js_put_token(w, aegis_uuid_format(value, text), AEGIS_UUID_TEXT - 1);
}

void aegis_js_put_timestamp(aegis_writer *w, aegis_timestamp value)
{
    char text[AEGIS_TIMESTAMP_TEXT];
    const size_t size = aegis_timestamp_format(value, text);

    aegis_js_put_token(w, text, size);
}

void aegis_js_put_decimal(aegis_writer *w, const char *value)
{
    if (value != NULL && !aegis_decimal_valid(value, strlen(value)))
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "not a decimal number");
    else
        aegis_js_put_string(w, value, 0, SIZE_MAX);
}
