/* Heads of MessagePack values. Source: https://github.com/msgpack/msgpack/blob/master/spec.md */
#include "codec/codec.h"

/* What 0xc0 to 0xdf begin, and how many bytes the number behind them has. */
static const struct {
    uint8_t kind, number;
} heads[32] = {{AEGIS_MP_NIL, 0},  {AEGIS_MP_BAD, 0},  {AEGIS_MP_BOOL, 0}, {AEGIS_MP_BOOL, 0},
               {AEGIS_MP_BIN, 1},  {AEGIS_MP_BIN, 2},  {AEGIS_MP_BIN, 4},  {AEGIS_MP_EXT, 1},
               {AEGIS_MP_EXT, 2},  {AEGIS_MP_EXT, 4},  {AEGIS_MP_F32, 4},  {AEGIS_MP_F64, 8},
               {AEGIS_MP_UINT, 1}, {AEGIS_MP_UINT, 2}, {AEGIS_MP_UINT, 4}, {AEGIS_MP_UINT, 8},
               {AEGIS_MP_INT, 1},  {AEGIS_MP_INT, 2},  {AEGIS_MP_INT, 4},  {AEGIS_MP_INT, 8},
               {AEGIS_MP_EXT, 0},  {AEGIS_MP_EXT, 0},  {AEGIS_MP_EXT, 0},  {AEGIS_MP_EXT, 0},
               {AEGIS_MP_EXT, 0},  {AEGIS_MP_STR, 1},  {AEGIS_MP_STR, 2},  {AEGIS_MP_STR, 4},
               {AEGIS_MP_LIST, 2}, {AEGIS_MP_LIST, 4}, {AEGIS_MP_MAP, 2},  {AEGIS_MP_MAP, 4}};

static aegis_mp_head long_head(const uint8_t *at, size_t left)
{
    const uint8_t c = *at, number = heads[c - 0xc0].number;
    aegis_mp_head head = {.kind = (aegis_mp_kind)heads[c - 0xc0].kind, .size = 1u + number};
    uint64_t sign;

    if (left < head.size + (head.kind == AEGIS_MP_EXT))
        return (aegis_mp_head){.kind = AEGIS_MP_CUT};
    for (unsigned i = 1; i <= number; i++)
        head.bits = head.bits << 8 | at[i];
    switch (head.kind) {
    case AEGIS_MP_BOOL:
        head.bits = c & 1;
        break;
    case AEGIS_MP_INT:
        sign = UINT64_C(1) << (number * 8 - 1);
        if ((head.bits & sign) == 0)
            head.kind = AEGIS_MP_UINT;
        else
            head.bits |= ~(sign - 1);
        break;
    case AEGIS_MP_EXT:
        head.count = number == 0 ? 1u << (c - 0xd4) : (uint32_t)head.bits;
        head.bits = at[head.size++];
        break;
    case AEGIS_MP_STR:
    case AEGIS_MP_BIN:
    case AEGIS_MP_LIST:
    case AEGIS_MP_MAP:
        head.count = (uint32_t)head.bits;
        break;
    default:
        break;
    }
    return head;
}

aegis_mp_head aegis_mp_head_at(const uint8_t *at, const uint8_t *end)
{
    size_t left = (size_t)(end - at);
    aegis_mp_head head = {.kind = AEGIS_MP_CUT, .size = 1};

    if (left == 0)
        return head;
    if (*at < 0x80) {
        head.kind = AEGIS_MP_UINT;
        head.bits = *at;
    } else if (*at >= 0xe0) {
        head.kind = AEGIS_MP_INT;
        head.bits = *at | ~UINT64_C(0xff);
    } else if (*at >= 0xc0) {
        head = long_head(at, left);
    } else {
        head.kind = *at >= 0xa0 ? AEGIS_MP_STR : *at >= 0x90 ? AEGIS_MP_LIST : AEGIS_MP_MAP;
        head.count = *at & (*at >= 0xa0 ? 0x1fu : 0x0fu);
    }
    if (head.kind >= AEGIS_MP_STR && head.kind <= AEGIS_MP_EXT && left - head.size < head.count)
        head.kind = AEGIS_MP_CUT;
    return head;
}

/* How many bytes a value takes whose first byte says so; 0: it does not. */
#define EIGHT(n)  n, n, n, n, n, n, n, n
#define ONES      EIGHT(1), EIGHT(1), EIGHT(1), EIGHT(1)
#define TEXTS(n)  n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7, n + 8
#define CONTAINED EIGHT(0), EIGHT(0)
static const uint8_t spans[256] = {
    ONES,      ONES,      ONES,      ONES,                   /* 0x00: integers */
    CONTAINED, CONTAINED,                                    /* 0x80: maps, lists */
    TEXTS(0),  TEXTS(8),  TEXTS(16), TEXTS(24),              /* 0xa0 */
    1,         0,         1,         1,         0, 0, 0, 0,  /* 0xc0: nil, never used, false, true, bin */
    0,         0,         5,         9,         2, 3, 5, 9,  /* ext, floats, unsigned */
    2,         3,         5,         9,         3, 4, 6, 10, /* 0xd0: signed, short ext */
    18,        0,         0,         0,         0, 0, 0, 0,  /* str, list, map */
    ONES,                                                    /* 0xe0 */
};

/* The same of any value, without the values in it, of which *members follow; 0: cut off or invalid. */
static size_t span_of(const uint8_t *at, size_t left, aegis_mp_kind *kind, size_t *members)
{
    const aegis_mp_head head = aegis_mp_head_at(at, at + left);

    *members = 0;
    *kind = head.kind;
    if (head.kind == AEGIS_MP_CUT || head.kind == AEGIS_MP_BAD)
        return 0;
    if (head.kind != AEGIS_MP_LIST && head.kind != AEGIS_MP_MAP)
        return head.size + (size_t)head.count;
    *members = head.count;
    return head.size;
}

/* Every request and answer goes through here once, because its body stands in the middle of its envelope. */
const uint8_t *aegis_mp_behind(const uint8_t *at, const uint8_t *end, size_t depth)
{
    size_t members[AEGIS_DEPTH_LIMIT + 1], open = 0, size, count;
    aegis_mp_kind kind, kinds[AEGIS_DEPTH_LIMIT + 1];

    for (;;) {
        if (at == end)
            return NULL;
        size = spans[*at];
        count = 0;
        kind = AEGIS_MP_STR; /* or another without values in it */
        if (size == 0)
            size = span_of(at, (size_t)(end - at), &kind, &count);
        if (size == 0 || size > (size_t)(end - at))
            return NULL;
        at += size;
        if ((kind == AEGIS_MP_LIST || kind == AEGIS_MP_MAP) && open >= depth)
            return NULL;
        if (count > 0) {
            members[open] = count;
            kinds[open++] = kind;
        }
        while (count == 0 && open > 0 && --members[open - 1] == 0)
            open--;
        if (open == 0)
            return at;
        if (kinds[open - 1] == AEGIS_MP_MAP) {
            if (at == end || !((*at & 0xe0) == 0xa0 || (*at >= 0xd9 && *at <= 0xdb)))
                return NULL;
            size = spans[*at] != 0 ? spans[*at] : span_of(at, (size_t)(end - at), &kind, &count);
            if (size == 0 || size > (size_t)(end - at))
                return NULL;
            at += size;
        }
    }
}

const char *aegis_mp_kind_name(aegis_mp_kind kind)
{
    static const char *const names[] = {
        "nothing", "an invalid byte", "nil",   "a bool",       "an integer", "an integer", "a float",
        "a float", "a string",        "bytes", "an extension", "a list",     "a map"};

    return names[kind];
}
