/* What both encodings have in common: values that travel as texts, what comes next, passing over it.
 *
 * One function serves both where what it does itself takes longer than the question which one it is.
 */
#include "codec/codec.h"

#include "domain/arena.h"
#include "domain/base64.h"
#include "domain/time.h"
#include "domain/uuid.h"

#include <float.h>
#include <math.h>

/* ---- writing ------------------------------------------------------------------------------------------- */

/* A short text that is trusted, from its head or quote to its comma: `size` bytes belong where _begins says.
 */
static inline uint8_t *text_begins(const aegis_writer *w, uint8_t *at, size_t size)
{
    if (aegis_is_json(w->format)) {
        at[0] = '"';
        return at + 1;
    }
    if (size < 32) {
        at[0] = (uint8_t)(0xa0u | size);
        return at + 1;
    }
    at[0] = 0xd9;
    at[1] = (uint8_t)size;
    return at + 2;
}

static inline uint8_t *text_ends(const aegis_writer *w, uint8_t *at)
{
    if (!aegis_is_json(w->format))
        return at;
    at[0] = '"';
    at[1] = ',';
    return at + 2;
}

uint8_t *aegis_put_uuid_at(const aegis_writer *w, uint8_t *at, aegis_uuid value)
{
    at = text_begins(w, at, AEGIS_UUID_TEXT - 1);
    aegis_uuid_write(&value, at);
    return text_ends(w, at + AEGIS_UUID_TEXT - 1);
}

uint8_t *aegis_put_timestamp_at(const aegis_writer *w, uint8_t *at, aegis_timestamp value)
{
    size_t size = aegis_timestamp_size(value);

    at = text_begins(w, at, size);
    (void)aegis_timestamp_format(value, (char *)at);
    return text_ends(w, at + size);
}

void aegis_put_token(aegis_writer *w, const char *text, size_t size)
{
    uint8_t *at;

    if (AEGIS_UNLIKELY(!aegis_put_room(w, size + 3 + AEGIS_ROOM)))
        return;
    at = text_begins(w, w->at, size);
    (void)aegis_copy_text((char *)at, (const uint8_t *)text, size, aegis_text_marks);
    w->at = text_ends(w, at + size);
}

void aegis_put_decimal(aegis_writer *w, const char *value)
{
    if (value != NULL && !aegis_decimal_valid(value, strlen(value)))
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "not a decimal number");
    else
        AEGIS_PUT(w, string, w, value, 0, SIZE_MAX);
}

void aegis_put_f64_in(aegis_writer *w, double value, double lo, double hi)
{
    if (AEGIS_LIKELY(value >= lo && value <= hi))
        AEGIS_PUT(w, f64, w, value);
    else
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "%g is not in %g..%g", value, lo, hi);
}

void aegis_put_bytes_in(aegis_writer *w, aegis_bytes value, size_t lo, size_t hi)
{
    if (AEGIS_UNLIKELY(value.len < lo || value.len > hi))
        aegis_put_size_wrong(w, value.len, lo, hi, "bytes");
    else if (!aegis_is_json(w->format))
        aegis_mp_put_blob(w, value.data, value.len);
    else if (AEGIS_LIKELY(aegis_put_room(w, value.len / 3 * 4 + 7 + AEGIS_ROOM)))
        w->at = text_ends(w, aegis_base64_encode(value.data, value.len, text_begins(w, w->at, value.len)));
}

/* ---- reading ------------------------------------------------------------------------------------------- */

bool aegis_get_null(aegis_reader *r)
{
    return aegis_is_json(r->format) ? aegis_js_get_null(r) : aegis_mp_get_null(r);
}

bool aegis_get_bool(aegis_reader *r)
{
    return aegis_is_json(r->format) ? aegis_js_get_bool(r) : aegis_mp_get_bool(r);
}

int64_t aegis_get_i64_in(aegis_reader *r, int64_t lo, int64_t hi)
{
    return aegis_is_json(r->format) ? aegis_js_get_i64(r, lo, hi) : aegis_mp_get_i64(r, lo, hi);
}

uint64_t aegis_get_u64_in(aegis_reader *r, uint64_t lo, uint64_t hi)
{
    return aegis_is_json(r->format) ? aegis_js_get_u64(r, lo, hi) : aegis_mp_get_u64(r, lo, hi);
}

double aegis_get_f64(aegis_reader *r)
{
    return aegis_is_json(r->format) ? aegis_js_get_f64(r) : aegis_mp_get_f64(r);
}

const char *aegis_get_string_in(aegis_reader *r, size_t lo, size_t hi)
{
    return aegis_is_json(r->format) ? aegis_js_get_string(r, lo, hi) : aegis_mp_get_string(r, lo, hi);
}

void aegis_next(aegis_reader *r, size_t *left)
{
    if (aegis_is_json(r->format))
        aegis_js_next(r, left);
    else
        aegis_mp_next(r, left);
}

static inline aegis_bytes get_slice(aegis_reader *r, const char *what)
{
    return aegis_is_json(r->format) ? aegis_js_get_slice(r, what) : aegis_mp_get_slice(r, what);
}

aegis_bytes aegis_get_token(aegis_reader *r)
{
    return get_slice(r, "a string");
}

aegis_bytes aegis_get_key(aegis_reader *r)
{
    aegis_bytes key = get_slice(r, "a string as key");

    if (aegis_is_json(r->format) && key.data != NULL)
        aegis_js_get_colon(r);
    return key;
}

aegis_uuid aegis_get_uuid(aegis_reader *r)
{
    const uint8_t *at = r->at;
    aegis_bytes text = get_slice(r, "a uuid");
    aegis_uuid uuid = {{0}};

    if (AEGIS_UNLIKELY(text.data != NULL &&
                       (text.len != AEGIS_UUID_TEXT - 1 || !aegis_uuid_read(text.data, &uuid))))
        aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT, "not a uuid");
    return uuid;
}

aegis_timestamp aegis_get_timestamp(aegis_reader *r)
{
    const uint8_t *at = r->at;
    aegis_timestamp value = 0;
    aegis_bytes text;

    if (!aegis_is_json(r->format) && aegis_mp_get_time_extension(r, &value))
        return value;
    text = get_slice(r, "a timestamp");
    if (AEGIS_UNLIKELY(text.data != NULL &&
                       !aegis_timestamp_parse((const char *)text.data, text.len, &value)))
        aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT,
                          "not an RFC 3339 timestamp of the years 1678 to 2262");
    return value;
}

const char *aegis_get_decimal(aegis_reader *r)
{
    const uint8_t *at = r->at;
    const char *text = aegis_get_string_in(r, 0, SIZE_MAX);

    if (!r->failed && !aegis_decimal_valid(text, strlen(text)))
        aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT, "not a decimal number");
    return r->failed ? "0" : text;
}

double aegis_get_f64_in(aegis_reader *r, double lo, double hi)
{
    const uint8_t *at = r->at;
    double value = aegis_get_f64(r);

    if (!r->failed && !(value >= lo && value <= hi))
        aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT, "%g is not in %g..%g", value, lo, hi);
    return value;
}

float aegis_get_f32(aegis_reader *r)
{
    const uint8_t *at = r->at;
    double value = aegis_get_f64(r);

    if (AEGIS_UNLIKELY(isfinite(value) && fabs(value) > (double)FLT_MAX)) {
        aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT, "%g is too large for f32", value);
        return 0;
    }
    return (float)value;
}

/* Of a MessagePack bin, or of base64. */
static const uint8_t *copy_bytes(aegis_reader *r, const uint8_t *at, aegis_bytes from, bool text,
                                 size_t *size)
{
    uint8_t *data = (uint8_t *)aegis_arena_take(r->arena, text ? from.len / 4 * 3 : from.len);

    *size = from.len;
    if (data == NULL)
        aegis_reader_no_memory(r, at);
    else if (!text)
        memcpy(data, from.data, from.len);
    else if (!aegis_base64_decode(from.data, from.len, data, size))
        aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT, "not padded base64");
    return data;
}

aegis_bytes aegis_get_bytes_in(aegis_reader *r, size_t lo, size_t hi)
{
    const uint8_t *at = r->at;
    aegis_bytes value = {NULL, 0}, from;
    bool text = aegis_is_json(r->format) || !aegis_mp_get_blob(r, &from);

    if (text)
        from = get_slice(r, aegis_is_json(r->format) ? "bytes in base64" : "bytes");
    if (from.data == NULL)
        return value;
    value.data = copy_bytes(r, at, from, text, &value.len);
    if (!r->failed && (value.len < lo || value.len > hi))
        aegis_get_size_wrong(r, at, value.len, lo, hi, "bytes");
    return r->failed ? (aegis_bytes){NULL, 0} : value;
}

/* ---- whole values -------------------------------------------------------------------------------------- */

static aegis_mp_kind js_kind(aegis_reader *r)
{
    aegis_js_number number;

    aegis_js_space(r);
    switch (r->at != r->end ? *r->at : 0) {
    case '{':
        return AEGIS_MP_MAP;
    case '[':
        return AEGIS_MP_LIST;
    case '"':
        return AEGIS_MP_STR;
    case 't':
    case 'f':
        return AEGIS_MP_BOOL;
    case 'n':
        return AEGIS_MP_NIL;
    default:
        return aegis_js_number_scan(r->at, r->end, &number) ? AEGIS_MP_F64 : AEGIS_MP_BAD;
    }
}

aegis_mp_kind aegis_next_kind(aegis_reader *r)
{
    return aegis_is_json(r->format) ? js_kind(r) : aegis_mp_head_at(r->at, r->end).kind;
}

void aegis_expected(aegis_reader *r, const char *what)
{
    if (aegis_is_json(r->format))
        aegis_js_expected(r, what);
    else
        aegis_mp_expected(r, what);
}

size_t aegis_get_open(aegis_reader *r, aegis_mp_kind kind)
{
    if (aegis_is_json(r->format))
        return kind == AEGIS_MP_MAP ? aegis_js_get_map(r) : aegis_js_get_list(r);
    return kind == AEGIS_MP_MAP ? aegis_mp_get_entries(r, 1, 0, SIZE_MAX)
                                : aegis_mp_get_list(r, 1, 0, SIZE_MAX);
}

/* What is neither a map nor a list. Strings of MessagePack are not checked: whoever decodes the value later
 * does. */
static void skip_scalar(aegis_reader *r, aegis_mp_kind kind)
{
    aegis_mp_head head;
    aegis_js_number number;

    if (kind == AEGIS_MP_BAD || kind == AEGIS_MP_CUT || (kind == AEGIS_MP_NIL && !aegis_get_null(r))) {
        aegis_expected(r, "a value");
    } else if (kind == AEGIS_MP_STR) {
        (void)aegis_get_token(r);
    } else if (kind == AEGIS_MP_BOOL) {
        (void)aegis_get_bool(r);
    } else if (kind != AEGIS_MP_NIL && aegis_is_json(r->format)) {
        (void)aegis_js_number_scan(r->at, r->end, &number);
        r->at = number.end;
    } else if (kind != AEGIS_MP_NIL) {
        head = aegis_mp_head_at(r->at, r->end);
        r->at += head.size + (size_t)head.count;
    }
}

/* Linear: what is open stands in `left`, and a bit of `maps` says which of it are maps. */
void aegis_skip(aegis_reader *r)
{
    size_t left[AEGIS_DEPTH_LIMIT + 1], depth = 0;
    uint64_t maps = 0;
    const uint8_t *behind =
        aegis_is_json(r->format) ? NULL : aegis_mp_behind(r->at, r->end, AEGIS_DEPTH_LIMIT - r->depth);

    if (AEGIS_LIKELY(behind != NULL)) {
        r->at = behind;
        return;
    } /* else JSON, or a mistake, which is looked for slowly */
    for (;;) {
        aegis_mp_kind kind = aegis_next_kind(r);

        if (kind == AEGIS_MP_LIST || kind == AEGIS_MP_MAP) {
            if (r->depth + depth >= AEGIS_DEPTH_LIMIT) {
                aegis_get_too_deep(r);
                return;
            }
            left[depth++] = aegis_get_open(r, kind);
            maps = maps << 1 | (kind == AEGIS_MP_MAP);
        } else {
            skip_scalar(r, kind);
            if (depth > 0)
                aegis_next(r, &left[depth - 1]);
        }
        while (depth > 0 && left[depth - 1] == 0) {
            maps >>= 1;
            if (--depth > 0)
                aegis_next(r, &left[depth - 1]);
        }
        if (r->failed || depth == 0)
            return;
        if ((maps & 1) != 0)
            (void)aegis_get_key(r);
    }
}

aegis_raw aegis_get_raw(aegis_reader *r)
{
    aegis_raw value = {{NULL, 0}, r->format};
    const uint8_t *at;

    if (aegis_get_null(r))
        return value;
    at = r->at; /* behind the space that JSON may have */
    aegis_skip(r);
    if (!r->failed)
        value.data = (aegis_bytes){at, (size_t)(r->at - at)};
    return value;
}
