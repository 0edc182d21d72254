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

/* ---- maps and lists ---- */

size_t aegis_mp_get_map_big(aegis_reader *r)
{
    aegis_mp_head head = aegis_mp_head_at(r->at, r->end);

    if (head.kind != AEGIS_MP_MAP) {
        aegis_mp_expected(r, "a map");
        return 0;
    }
    r->at += head.size;
    return head.count;
}

/* Every member takes at least `min_bytes`. When not all of them can be there, one more than can is returned:
 * reading that one fails, and says where. */
static size_t get_count(aegis_reader *r, const aegis_mp_head *head, size_t min_bytes, size_t lo, size_t hi)
{
    const size_t most = (size_t)(r->end - r->at - head->size) / min_bytes;

    if (AEGIS_UNLIKELY(head->count < lo || head->count > hi)) {
        aegis_get_size_wrong(r, r->at, head->count, lo, hi, "items");
        return 0;
    }
    r->at += head->size;
    return head->count <= most ? head->count : most + 1;
}

/* A short list or map, whose head is the byte `base` and its length. */
static inline bool get_short(aegis_reader *r, uint8_t base, size_t min_bytes, size_t lo, size_t hi,
                             size_t *count)
{
    const uint8_t *at = r->at;

    if (AEGIS_UNLIKELY(at == r->end || (*at & 0xf0) != base))
        return false;
    *count = *at & 0x0fu;
    if (AEGIS_UNLIKELY(*count < lo || *count > hi || *count * min_bytes >= (size_t)(r->end - at)))
        return false;
    r->at = at + 1;
    return true;
}

size_t aegis_mp_get_list(aegis_reader *r, size_t min_bytes, size_t lo, size_t hi)
{
    aegis_mp_head head;
    size_t count;

    if (AEGIS_LIKELY(get_short(r, 0x90, min_bytes, lo, hi, &count)))
        return count;
    head = aegis_mp_head_at(r->at, r->end);
    if (head.kind == AEGIS_MP_LIST)
        return get_count(r, &head, min_bytes, lo, hi);
    aegis_mp_expected(r, "a list");
    return 0;
}

size_t aegis_mp_get_entries(aegis_reader *r, size_t min_bytes, size_t lo, size_t hi)
{
    aegis_mp_head head;
    size_t count;

    min_bytes++; /* the key */
    if (AEGIS_LIKELY(get_short(r, 0x80, min_bytes, lo, hi, &count)))
        return count;
    head = aegis_mp_head_at(r->at, r->end);
    if (head.kind == AEGIS_MP_MAP)
        return get_count(r, &head, min_bytes, lo, hi);
    aegis_mp_expected(r, "a map");
    return 0;
}

/* ---- numbers ---- */

/* Near the end of the message, an unusual form, or a mistake. */
static AEGIS_COLD uint64_t other_uint(aegis_reader *r, uint64_t lo, uint64_t hi)
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

/* The number of 1, 2, 4 or 8 bytes behind a head is the upper part of eight of them. */
uint64_t aegis_mp_get_uint_big(aegis_reader *r, uint64_t lo, uint64_t hi)
{
    const uint8_t *at = r->at;

    if (AEGIS_LIKELY(r->end - at > 8 && *at >= 0xcc && *at <= 0xcf)) {
        unsigned bytes = 1u << (*at - 0xcc);
        uint64_t value = aegis_load_be64(at + 1) >> (64 - 8 * bytes);

        if (AEGIS_LIKELY(value >= lo && value <= hi)) {
            r->at = at + 1 + bytes;
            return value;
        }
    }
    return other_uint(r, lo, hi);
}

static AEGIS_COLD int64_t other_int(aegis_reader *r, int64_t lo, int64_t hi)
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
    aegis_reader_fail(r, r->at, AEGIS_INVALID_ARGUMENT,
                      huge ? "%llu is not in %lld..%lld" : "%lld is not in %lld..%lld", (long long)value,
                      (long long)lo, (long long)hi);
    return 0;
}

/* A negative number of few bytes is the same subtraction of its sign, whatever their count. */
int64_t aegis_mp_get_int_big(aegis_reader *r, int64_t lo, int64_t hi)
{
    const uint8_t *at = r->at;

    if (AEGIS_LIKELY(r->end - at > 8 && *at >= 0xcc)) {
        unsigned bytes = *at <= 0xd3 ? 1u << (*at & 3) : 0;
        uint64_t raw = bytes != 0 ? aegis_load_be64(at + 1) >> (64 - 8 * bytes) : (uint64_t)*at;
        unsigned top = bytes != 0 ? 8 * bytes - 1 : 7;
        uint64_t sign = *at >= 0xd0 ? UINT64_C(1) << top : 0;
        int64_t value = (int64_t)((raw ^ sign) - sign);

        if (AEGIS_LIKELY((*at <= 0xd3 || *at >= 0xe0) && (*at != 0xcf || value >= 0) && value >= lo &&
                         value <= hi)) {
            r->at = at + 1 + bytes;
            return value;
        }
    }
    return other_int(r, lo, hi);
}

bool aegis_mp_get_bool_other(aegis_reader *r)
{
    aegis_mp_expected(r, "a bool");
    return false;
}

double aegis_mp_get_f64_other(aegis_reader *r)
{
    aegis_mp_head head = aegis_mp_head_at(r->at, r->end);
    uint32_t narrow_bits = (uint32_t)head.bits;
    float narrow;
    double value;

    switch (head.kind) {
    case AEGIS_MP_F32:
        memcpy(&narrow, &narrow_bits, sizeof narrow);
        value = (double)narrow;
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

/* ---- texts ---- */

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

AEGIS_INLINE aegis_bytes get_slice(aegis_reader *r, const char *what)
{
    const uint8_t *at = r->at;
    size_t left = (size_t)(r->end - at), size;

    if (AEGIS_LIKELY(left > 0 && (*at & 0xe0) == 0xa0)) {
        size = *at & 0x1fu;
        at += 1;
        left -= 1;
    } else if (left > 1 && *at == 0xd9) { /* uuids and instants are of this length */
        size = at[1];
        at += 2;
        left -= 2;
    } else {
        return long_slice(r, what);
    }
    if (AEGIS_UNLIKELY(size > left)) {
        aegis_reader_cut(r, r->at);
        return (aegis_bytes){NULL, 0};
    }
    r->at = at + size;
    return (aegis_bytes){at, size};
}

aegis_bytes aegis_mp_get_slice(aegis_reader *r, const char *what)
{
    return get_slice(r, what);
}

/* A string that is very long, or not plain ASCII, or for which memory has to be found; or what is wrong with
 * it.
 */
static AEGIS_APART aegis_text other_text(aegis_reader *r, const uint8_t *at, size_t lo, size_t hi)
{
    aegis_bytes slice;
    char *copy;

    r->at = at;
    slice = get_slice(r, "a string");
    if (slice.data == NULL)
        return (aegis_text){"", r->at};
    if (memchr(slice.data, 0, slice.len) != NULL)
        aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT, "U+0000 in a string");
    else if (!aegis_utf8_valid(slice.data, slice.len))
        aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT, "not valid UTF-8");
    else if (slice.len < lo || slice.len > hi)
        aegis_get_size_wrong(r, at, slice.len, lo, hi, "bytes");
    copy = r->failed ? NULL : aegis_arena_take_text(r->arena, slice.len + 1);
    if (copy == NULL) {
        aegis_reader_no_memory(r, at);
        return (aegis_text){"", r->at};
    }
    memcpy(copy, slice.data, slice.len);
    copy[slice.len] = '\0';
    return (aegis_text){copy, r->at};
}

/* Copied and checked in one pass. */
static AEGIS_APART aegis_text long_text(aegis_reader *r, const uint8_t *at, size_t lo, size_t hi)
{
    const uint8_t *text = at;
    aegis_arena *arena = r->arena;
    size_t size;
    char *copy;

    if (AEGIS_UNLIKELY(r->end - text < 2))
        return other_text(r, at, lo, hi);
    if ((*text & 0xe0) == 0xa0) {
        size = *text & 0x1fu;
        text += 1;
    } else if (*text == 0xd9) {
        size = text[1];
        text += 2;
    } else {
        return other_text(r, at, lo, hi);
    }
    if (AEGIS_UNLIKELY(size > (size_t)(r->end - text) || size >= (size_t)(arena->end - arena->at) ||
                       size < lo || size > hi))
        return other_text(r, at, lo, hi);
    copy = (char *)arena->end - size - 1;
    if (AEGIS_UNLIKELY(!aegis_copy_text(copy, text, size, aegis_text_marks)))
        return other_text(r, at, lo, hi);
    arena->end = (unsigned char *)copy;
    return (aegis_text){copy, text + size};
}

/* Most strings are short, and as much as a short one may be lies before them and behind them. */
AEGIS_INLINE aegis_text get_text(aegis_reader *r, const uint8_t *at, size_t lo, size_t hi)
{
    aegis_arena *arena = r->arena;
    char *end = (char *)arena->end - 1;
    size_t size;

    if (AEGIS_LIKELY(r->end - at > AEGIS_SHORT && at - r->start >= AEGIS_SHORT &&
                     arena->end - arena->at > AEGIS_SHORT)) {
        size = (uint8_t)(*at - 0xa0);
        if (AEGIS_LIKELY(size <= AEGIS_SHORT && size >= lo && size <= hi &&
                         aegis_copy_short(end, at + 1 + size, size))) {
            arena->end = (unsigned char *)(end - size);
            return (aegis_text){end - size, at + 1 + size};
        }
    }
    return long_text(r, at, lo, hi);
}

aegis_text aegis_mp_get_text_at(aegis_reader *r, const uint8_t *at)
{
    return get_text(r, at, 0, SIZE_MAX);
}

aegis_text aegis_mp_get_text_in_at(aegis_reader *r, const uint8_t *at, size_t lo, size_t hi)
{
    return get_text(r, at, lo, hi);
}

/* ---- blobs ---- */

bool aegis_mp_get_blob(aegis_reader *r, aegis_bytes *blob)
{
    aegis_mp_head head = aegis_mp_head_at(r->at, r->end);

    if (head.kind != AEGIS_MP_BIN)
        return false;
    *blob = (aegis_bytes){r->at + head.size, head.count};
    r->at += head.size + (size_t)head.count;
    return true;
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

bool aegis_mp_get_time_extension(aegis_reader *r, aegis_timestamp *value)
{
    aegis_mp_head head;

    if (AEGIS_LIKELY(r->at != r->end && *r->at >= 0xa0 && *r->at <= 0xbf) ||
        (r->at != r->end && *r->at == 0xd9))
        return false;
    head = aegis_mp_head_at(r->at, r->end);
    if (head.kind != AEGIS_MP_EXT)
        return false;
    if (head.bits != 0xff || !extension_time(r->at + head.size, head.count, value))
        aegis_reader_fail(r, r->at, AEGIS_INVALID_ARGUMENT,
                          "not a timestamp extension of the years 1678 to 2262");
    else
        r->at += head.size + (size_t)head.count;
    return true;
}
