/* Heads of MessagePack values. Source: https://github.com/msgpack/msgpack/blob/master/spec.md */
#include "codec/codec.h"

static uint64_t load_be(const uint8_t *at, uint32_t bytes)
{
    uint64_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | *at++;
    return value;
}

static aegis_mp_head fixed(aegis_mp_kind kind, uint32_t count)
{
    return (aegis_mp_head){.kind = kind, .size = 1, .count = count};
}

/* A head of one byte and a number of `bytes` bytes. */
static aegis_mp_head with_number(const uint8_t *at, size_t left, aegis_mp_kind kind, uint32_t bytes)
{
    aegis_mp_head head = {.kind = kind, .size = 1 + bytes};

    if (left < head.size)
        head.kind = AEGIS_MP_CUT;
    else
        head.bits = load_be(at + 1, bytes);
    return head;
}

static aegis_mp_head with_count(const uint8_t *at, size_t left, aegis_mp_kind kind, uint32_t bytes)
{
    aegis_mp_head head = with_number(at, left, kind, bytes);

    head.count = (uint32_t)head.bits;
    return head;
}

static aegis_mp_head extension(const uint8_t *at, size_t left)
{
    aegis_mp_head head;

    if (*at >= 0xd4)
        head = (aegis_mp_head){.kind = AEGIS_MP_EXT, .size = 1, .count = 1u << (*at - 0xd4)};
    else
        head = with_count(at, left, AEGIS_MP_EXT, 1u << (*at - 0xc7));
    if (head.kind != AEGIS_MP_CUT && left < head.size + 1u)
        head.kind = AEGIS_MP_CUT;
    if (head.kind != AEGIS_MP_CUT)
        head.bits = at[head.size++];
    return head;
}

static aegis_mp_head signed_number(const uint8_t *at, size_t left)
{
    uint32_t bytes = 1u << (*at - 0xd0);
    aegis_mp_head head = with_number(at, left, AEGIS_MP_UINT, bytes);
    uint64_t sign = UINT64_C(1) << (bytes * 8 - 1);

    if (head.kind != AEGIS_MP_CUT && (head.bits & sign) != 0) {
        head.kind = AEGIS_MP_INT;
        head.bits |= ~(sign - 1);
    }
    return head;
}

static aegis_mp_head long_head(const uint8_t *at, size_t left)
{
    uint8_t c = *at;

    if (c == 0xc0)
        return fixed(AEGIS_MP_NIL, 0);
    if (c == 0xc1)
        return fixed(AEGIS_MP_BAD, 0);
    if (c <= 0xc3)
        return (aegis_mp_head){.kind = AEGIS_MP_BOOL, .size = 1, .bits = c & 1};
    if (c <= 0xc6)
        return with_count(at, left, AEGIS_MP_BIN, 1u << (c - 0xc4));
    if (c <= 0xc9 || (c >= 0xd4 && c <= 0xd8))
        return extension(at, left);
    if (c == 0xca)
        return with_number(at, left, AEGIS_MP_F32, 4);
    if (c == 0xcb)
        return with_number(at, left, AEGIS_MP_F64, 8);
    if (c <= 0xcf)
        return with_number(at, left, AEGIS_MP_UINT, 1u << (c - 0xcc));
    if (c <= 0xd3)
        return signed_number(at, left);
    if (c <= 0xdb)
        return with_count(at, left, AEGIS_MP_STR, 1u << (c - 0xd9));
    if (c <= 0xdd)
        return with_count(at, left, AEGIS_MP_LIST, c == 0xdc ? 2 : 4);
    return with_count(at, left, AEGIS_MP_MAP, c == 0xde ? 2 : 4);
}

aegis_mp_head aegis_mp_head_at(const uint8_t *at, const uint8_t *end)
{
    size_t left = (size_t)(end - at);
    aegis_mp_head head;

    if (left == 0)
        return fixed(AEGIS_MP_CUT, 0);
    if (*at < 0x80)
        return (aegis_mp_head){.kind = AEGIS_MP_UINT, .size = 1, .bits = *at};
    if (*at >= 0xe0)
        return (aegis_mp_head){.kind = AEGIS_MP_INT, .size = 1, .bits = *at | ~UINT64_C(0xff)};
    if (*at < 0x90)
        return fixed(AEGIS_MP_MAP, *at & 0x0fu);
    if (*at < 0xa0)
        return fixed(AEGIS_MP_LIST, *at & 0x0fu);
    head = *at < 0xc0 ? fixed(AEGIS_MP_STR, *at & 0x1fu) : long_head(at, left);
    if (head.kind >= AEGIS_MP_STR && head.kind <= AEGIS_MP_EXT && left - head.size < head.count)
        head.kind = AEGIS_MP_CUT;
    return head;
}

const char *aegis_mp_kind_name(aegis_mp_kind kind)
{
    static const char *const names[] = {
        "nothing", "an invalid byte", "nil",   "a bool",       "an integer", "an integer", "a float",
        "a float", "a string",        "bytes", "an extension", "a list",     "a map"};

    return names[kind];
}
