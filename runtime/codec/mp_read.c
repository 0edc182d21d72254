/* Reading MessagePack: what is too long, or too rare, to be inlined. */
#include "codec/codec.h"

#include "domain/arena.h"

void aegis_mp_expected(aegis_reader *r, const char *what)
{
    aegis_mp_head head;

    if (r->failed)
        return;
    head = aegis_mp_head_at(r->at, r->end);
    if (head.kind == AEGIS_MP_CUT)
        aegis_reader_cut(r, r->at);
    else
        aegis_reader_fail(r, r->at, AEGIS_INVALID_ARGUMENT, "expected %s, found %s", what,
                          aegis_mp_kind_name(head.kind));
}

/* Every item takes at least `bytes`: a count that cannot be true is refused before anything is allocated for
 * it. */
static bool count_fits(aegis_reader *r, const aegis_mp_head *head, size_t bytes)
{
    if ((size_t)(r->end - r->at - head->size) / bytes >= head->count)
        return true;
    aegis_reader_cut(r, r->at);
    return false;
}

size_t aegis_mp_get_map_big(aegis_reader *r)
{
    aegis_mp_head head = aegis_mp_head_at(r->at, r->end);

    if (head.kind != AEGIS_MP_MAP) {
        aegis_mp_expected(r, "a map");
        return 0;
    }
    if (!count_fits(r, &head, 2))
        return 0;
    r->at += head.size;
    return head.count;
}

size_t aegis_mp_get_list_big(aegis_reader *r, size_t min_bytes, size_t lo, size_t hi)
{
    aegis_mp_head head = aegis_mp_head_at(r->at, r->end);

    if (head.kind != AEGIS_MP_LIST) {
        aegis_mp_expected(r, "a list");
        return 0;
    }
    if (!count_fits(r, &head, min_bytes != 0 ? min_bytes : 1) ||
        !aegis_get_size_in(r, r->at, head.count, lo, hi, "items"))
        return 0;
    r->at += head.size;
    return head.count;
}

uint64_t aegis_mp_get_uint_big(aegis_reader *r, uint64_t lo, uint64_t hi)
{
    aegis_mp_head head = aegis_mp_head_at(r->at, r->end);

    if (head.kind == AEGIS_MP_UINT && head.bits >= lo && head.bits <= hi) {
        r->at += head.size;
        return head.bits;
    }
    if (head.kind == AEGIS_MP_UINT || head.kind == AEGIS_MP_INT)
        aegis_reader_fail(r, r->at, AEGIS_INVALID_ARGUMENT,
                          head.kind == AEGIS_MP_INT ? "%lld is not in %llu..%llu"
                                                    : "%llu is not in %llu..%llu",
                          (long long)head.bits, (unsigned long long)lo, (unsigned long long)hi);
    else
        aegis_mp_expected(r, "an integer");
    return 0;
}

int64_t aegis_mp_get_int_big(aegis_reader *r, int64_t lo, int64_t hi)
{
    aegis_mp_head head = aegis_mp_head_at(r->at, r->end);
    int64_t value = (int64_t)head.bits;
    bool huge = head.kind == AEGIS_MP_UINT && head.bits > INT64_MAX;

    if (head.kind != AEGIS_MP_UINT && head.kind != AEGIS_MP_INT) {
        aegis_mp_expected(r, "an integer");
        return 0;
    }
    if (!huge && value >= lo && value <= hi) {
        r->at += head.size;
        return value;
    }
    if (huge)
        aegis_reader_fail(r, r->at, AEGIS_INVALID_ARGUMENT, "%llu is not in %lld..%lld",
                          (unsigned long long)head.bits, (long long)lo, (long long)hi);
    else
        aegis_reader_fail(r, r->at, AEGIS_INVALID_ARGUMENT, "%lld is not in %lld..%lld", (long long)value,
                          (long long)lo, (long long)hi);
    return 0;
}

bool aegis_mp_get_bool_other(aegis_reader *r)
{
    aegis_mp_expected(r, "a bool");
    return false;
}

static double f32_of(uint64_t bits)
{
    uint32_t narrow = (uint32_t)bits;
    float value;

    memcpy(&value, &narrow, sizeof value);
    return (double)value;
}

double aegis_mp_get_f64_other(aegis_reader *r)
{
    aegis_mp_head head = aegis_mp_head_at(r->at, r->end);
    double value;

    switch (head.kind) {
    case AEGIS_MP_F32:
        value = f32_of(head.bits);
        break;
    case AEGIS_MP_F64:
        memcpy(&value, &head.bits, sizeof value);
        break;
    case AEGIS_MP_UINT:
        value = (double)head.bits;
        break;
    case AEGIS_MP_INT:
        value = (double)(int64_t)head.bits;
        break;
    default:
        aegis_mp_expected(r, "a number");
        return 0;
    }
    r->at += head.size;
    return value;
}

double aegis_mp_get_f64_in(aegis_reader *r, double lo, double hi)
{
    const uint8_t *at = r->at;

    return aegis_get_f64_checked(r, at, aegis_mp_get_f64(r), lo, hi);
}

float aegis_mp_get_f32(aegis_reader *r)
{
    const uint8_t *at = r->at;

    return aegis_get_f32_checked(r, at, aegis_mp_get_f64(r));
}

static aegis_bytes long_slice(aegis_reader *r, const char *what)
{
    aegis_mp_head head = aegis_mp_head_at(r->at, r->end);
    aegis_bytes slice;

    if (head.kind != AEGIS_MP_STR) {
        aegis_mp_expected(r, what);
        return (aegis_bytes){NULL, 0};
    }
    slice = (aegis_bytes){r->at + head.size, head.count};
    r->at += head.size + (size_t)head.count;
    return slice;
}

/* The next string as a slice of the message; `data` NULL after a failure. */
static inline aegis_bytes get_slice(aegis_reader *r, const char *what)
{
    size_t left = (size_t)(r->end - r->at);
    aegis_bytes slice;

    if (AEGIS_LIKELY(left > 0 && (*r->at & 0xe0) == 0xa0 && left > (*r->at & 0x1fu))) {
        slice = (aegis_bytes){r->at + 1, *r->at & 0x1fu};
        r->at += 1 + slice.len;
        return slice;
    }
    if (left > 1 && *r->at == 0xd9 && left - 2 >= r->at[1]) { /* uuids and instants are of this length */
        slice = (aegis_bytes){r->at + 2, r->at[1]};
        r->at += 2 + slice.len;
        return slice;
    }
    return long_slice(r, what);
}

aegis_bytes aegis_mp_get_key(aegis_reader *r)
{
    return get_slice(r, "a string as key");
}

aegis_bytes aegis_mp_get_token(aegis_reader *r)
{
    return get_slice(r, "a string");
}

/* `slice` as a C string in the arena; copied and checked in one pass unless it is more than plain ASCII. */
static inline const char *keep_text(aegis_reader *r, const uint8_t *at, aegis_bytes slice)
{
    char *copy = (char *)aegis_arena_take(r->arena, slice.len + 1);

    if (AEGIS_UNLIKELY(copy == NULL)) {
        aegis_reader_no_memory(r, at);
        return "";
    }
    if (AEGIS_LIKELY(aegis_text_copy(copy, slice.data, slice.len)))
        return copy;
    if (memchr(slice.data, 0, slice.len) != NULL)
        aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT, "U+0000 in a string");
    else if (!aegis_utf8_valid(slice.data, slice.len))
        aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT, "not valid UTF-8");
    return r->failed ? "" : copy;
}

const char *aegis_mp_get_text_key(aegis_reader *r)
{
    const uint8_t *at = r->at;
    aegis_bytes slice = get_slice(r, "a string as key");

    return slice.data != NULL ? keep_text(r, at, slice) : "";
}

const char *aegis_mp_get_string(aegis_reader *r, size_t lo, size_t hi)
{
    const uint8_t *at = r->at;
    aegis_bytes slice = get_slice(r, "a string");

    if (AEGIS_UNLIKELY(slice.data == NULL))
        return "";
    if (AEGIS_UNLIKELY((slice.len < lo || slice.len > hi) &&
                       !aegis_get_size_in(r, at, slice.len, lo, hi, "bytes")))
        return "";
    return keep_text(r, at, slice);
}

aegis_bytes aegis_mp_get_bytes(aegis_reader *r, size_t lo, size_t hi)
{
    const uint8_t *at = r->at;
    aegis_mp_head head = aegis_mp_head_at(at, r->end);
    aegis_bytes value = {NULL, 0};
    void *copy;

    if (head.kind == AEGIS_MP_STR) {
        value = aegis_get_base64(r, at, get_slice(r, "bytes"));
    } else if (head.kind == AEGIS_MP_BIN) {
        if (!aegis_get_size_in(r, at, head.count, lo, hi, "bytes"))
            return value;
        copy = aegis_get_memory(r, head.count, 1);
        if (copy == NULL)
            return value;
        memcpy(copy, at + head.size, head.count);
        value = (aegis_bytes){(const uint8_t *)copy, head.count};
        r->at += head.size + (size_t)head.count;
        return value;
    } else {
        aegis_mp_expected(r, "bytes");
    }
    if (r->failed || !aegis_get_size_in(r, at, value.len, lo, hi, "bytes"))
        return (aegis_bytes){NULL, 0};
    return value;
}

aegis_uuid aegis_mp_get_uuid(aegis_reader *r)
{
    const uint8_t *at = r->at;

    return aegis_get_uuid_text(r, at, get_slice(r, "a uuid"));
}

/* The timestamp extension, type -1: seconds in 4 bytes; nanoseconds and seconds in 30 and 34 bits; 4 and 8
 * bytes. */
static bool extension_time(const uint8_t *body, uint32_t size, aegis_timestamp *value)
{
    uint64_t bits = 0, nanoseconds = 0;
    int64_t seconds;
    uint32_t i;

    if (size != 4 && size != 8 && size != 12)
        return false;
    for (i = 0; i < size; i++) {
        if (i == 4 && size == 12) {
            nanoseconds = bits;
            bits = 0;
        }
        bits = bits << 8 | body[i];
    }
    if (size == 8) {
        nanoseconds = bits >> 34;
        bits &= (UINT64_C(1) << 34) - 1;
    }
    seconds = (int64_t)bits;
    if (nanoseconds >= (uint64_t)AEGIS_SECOND || seconds >= INT64_MAX / AEGIS_SECOND ||
        seconds <= INT64_MIN / AEGIS_SECOND)
        return false;
    *value = seconds * AEGIS_SECOND + (int64_t)nanoseconds;
    return true;
}

aegis_timestamp aegis_mp_get_timestamp(aegis_reader *r)
{
    const uint8_t *at = r->at;
    aegis_mp_head head;
    aegis_timestamp value = 0;

    if (AEGIS_LIKELY(at != r->end && (*at == 0xd9 || (*at & 0xe0) == 0xa0)))
        return aegis_get_timestamp_text(r, at, get_slice(r, "a timestamp"));
    head = aegis_mp_head_at(at, r->end);
    if (head.kind != AEGIS_MP_EXT)
        return aegis_get_timestamp_text(r, at, get_slice(r, "a timestamp"));
    if (head.bits != 0xff || !extension_time(at + head.size, head.count, &value))
        aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT,
                          "not a timestamp extension of the years 1678 to 2262");
    else
        r->at += head.size + (size_t)head.count;
    return value;
}

const char *aegis_mp_get_decimal(aegis_reader *r)
{
    const uint8_t *at = r->at;
    const char *text = aegis_mp_get_string(r, 0, SIZE_MAX);

    if (!r->failed && !aegis_decimal_valid(text, strlen(text)))
        aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT, "not a decimal number");
    return r->failed ? "0" : text;
}

/* Strings inside are not checked: whoever decodes the value later does. */
void aegis_mp_skip(aegis_reader *r)
{
    size_t left[AEGIS_DEPTH_LIMIT + 1];
    size_t depth = 0;

    left[0] = 1;
    for (;;) {
        aegis_mp_head head;

        while (left[depth] == 0)
            if (depth-- == 0)
                return;
        left[depth]--;
        head = aegis_mp_head_at(r->at, r->end);
        if (head.kind == AEGIS_MP_CUT || head.kind == AEGIS_MP_BAD) {
            aegis_mp_expected(r, "a value");
            return;
        }
        if (head.kind == AEGIS_MP_LIST || head.kind == AEGIS_MP_MAP) {
            size_t items = head.kind == AEGIS_MP_MAP ? 2 * (size_t)head.count : head.count;

            if (r->depth + depth >= AEGIS_DEPTH_LIMIT) {
                aegis_get_too_deep(r);
                return;
            }
            left[++depth] = items;
            r->at += head.size;
        } else {
            r->at += head.size + (size_t)head.count;
        }
    }
}

aegis_raw aegis_mp_get_raw(aegis_reader *r)
{
    const uint8_t *at = r->at;
    aegis_raw value = {{NULL, 0}, AEGIS_FORMAT_MSGPACK};

    if (aegis_mp_get_null(r))
        return value;
    aegis_mp_skip(r);
    if (!r->failed)
        value.data = (aegis_bytes){at, (size_t)(r->at - at)};
    return value;
}
