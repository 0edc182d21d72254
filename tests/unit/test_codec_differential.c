/* Random values beside msgpack-c: what one encodes the other reads as the same value, and both choose the
 * same bytes. No part of an encoding is taken for a whole one; a damaged one is taken only if msgpack-c takes
 * it too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <aegis/any.h>

#define VALUES 20000

static uint64_t seed = UINT64_C(88172645463325252);

static uint64_t next(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * UINT64_C(2685821657736338717);
}

static uint32_t below(uint32_t bound)
{
    return (uint32_t)((next() >> 32) % bound);
}

static void *memory(aegis_arena *arena, size_t size)
{
    void *piece = aegis_arena_alloc(arena, size);

    assert_non_null(piece);
    return piece;
}

/* Mostly short; now and then at a width where the head changes. */
static uint32_t size_of_text(void)
{
    static const uint32_t edges[] = {15, 16, 31, 32, 255, 256, 257, 65535, 65536};
    uint32_t kind = below(400);

    if (kind == 0)
        return edges[below(9)];
    return kind < 40 ? edges[below(7)] : below(24);
}

static char *new_text(aegis_arena *arena, uint32_t *size)
{
    static const char *const characters[] = {"a",
                                             "Z",
                                             "0",
                                             "\"",
                                             "\\",
                                             "\n",
                                             "\x7f",
                                             "\xc2\x80",
                                             "\xdf\xbf",
                                             "\xe0\xa0\x80",
                                             "\xed\x9f\xbf",
                                             "\xef\xbf\xbf",
                                             "\xf0\x90\x80\x80",
                                             "\xf4\x8f\xbf\xbf"};
    uint32_t used = 0, wanted = size_of_text();
    char *text = (char *)memory(arena, wanted + 1);
    bool plain = below(2) == 0;

    while (used < wanted) {
        const char *c = characters[below(plain ? 3 : 14)];
        uint32_t length = (uint32_t)strlen(c);

        if (length > wanted - used) {
            text[used++] = below(4) == 0 ? '\0' : 'x';
            continue;
        }
        memcpy(text + used, c, length);
        used += length;
    }
    *size = wanted;
    return text;
}

static char *new_bytes(aegis_arena *arena, uint32_t *size)
{
    uint32_t i;
    char *data;

    *size = size_of_text();
    data = (char *)memory(arena, *size);
    for (i = 0; i < *size; i++)
        data[i] = (char)next();
    return data;
}

/* Of every width, and at the edges of each. */
static void new_integer(msgpack_object *o)
{
    uint64_t value = next() >> below(64);

    if (below(4) == 0)
        value = (UINT64_C(1) << below(64)) - below(2);
    if (below(2) == 0 && value != 0 && value <= (uint64_t)INT64_MAX + 1) {
        o->type = MSGPACK_OBJECT_NEGATIVE_INTEGER;
        o->via.i64 = (int64_t)(0 - value);
    } else {
        o->type = MSGPACK_OBJECT_POSITIVE_INTEGER;
        o->via.u64 = value;
    }
}

static void new_float(msgpack_object *o, bool narrow)
{
    uint64_t bits = next();
    uint32_t half = (uint32_t)bits;
    float value;

    o->type = MSGPACK_OBJECT_FLOAT64;
    memcpy(&o->via.f64, &bits, sizeof bits);
    if (narrow) {
        memcpy(&value, &half, sizeof value);
        o->type = MSGPACK_OBJECT_FLOAT32;
        o->via.f64 = value == value ? (double)value : 1.5;
    }
}

static void new_value(aegis_arena *arena, msgpack_object *o, uint32_t depth, bool narrow);

static void new_container(aegis_arena *arena, msgpack_object *o, uint32_t depth, bool narrow)
{
    uint32_t count = below(60) == 0 ? 14 + below(4) : below(7), i;

    if (below(2) == 0) {
        o->type = MSGPACK_OBJECT_ARRAY;
        o->via.array.size = count;
        o->via.array.ptr = (msgpack_object *)memory(arena, count * sizeof *o->via.array.ptr);
        for (i = 0; i < count; i++)
            new_value(arena, &o->via.array.ptr[i], depth + 1, narrow);
        return;
    }
    o->type = MSGPACK_OBJECT_MAP;
    o->via.map.size = count;
    o->via.map.ptr = (msgpack_object_kv *)memory(arena, count * sizeof *o->via.map.ptr);
    for (i = 0; i < count; i++) {
        msgpack_object *key = &o->via.map.ptr[i].key;

        key->type = MSGPACK_OBJECT_STR;
        key->via.str.ptr = new_text(arena, &key->via.str.size);
        new_value(arena, &o->via.map.ptr[i].val, depth + 1, narrow);
    }
}

static void new_value(aegis_arena *arena, msgpack_object *o, uint32_t depth, bool narrow)
{
    switch (below(depth < 6 ? 12 : 7)) {
    case 0:
        o->type = MSGPACK_OBJECT_NIL;
        break;
    case 1:
        o->type = MSGPACK_OBJECT_BOOLEAN;
        o->via.boolean = below(2) == 0;
        break;
    case 2:
        new_float(o, narrow && below(2) == 0);
        break;
    case 3:
        o->type = MSGPACK_OBJECT_STR;
        o->via.str.ptr = new_text(arena, &o->via.str.size);
        break;
    case 4:
        o->type = MSGPACK_OBJECT_BIN;
        o->via.bin.ptr = new_bytes(arena, &o->via.bin.size);
        break;
    case 5:
        o->type = MSGPACK_OBJECT_EXT;
        o->via.ext.type = (int8_t)next();
        o->via.ext.ptr = new_bytes(arena, &o->via.ext.size);
        break;
    case 6:
        new_integer(o);
        break;
    default:
        new_container(arena, o, depth, narrow);
        break;
    }
}

static bool same_bytes(const char *a, uint32_t a_size, const char *b, uint32_t b_size)
{
    return a_size == b_size && (a_size == 0 || memcmp(a, b, a_size) == 0);
}

/* msgpack-c's own comparison takes NaN for different from itself, and the two widths of a float too. */
static bool same(const msgpack_object *a, const msgpack_object *b)
{
    uint32_t i;

    if (a->type == MSGPACK_OBJECT_FLOAT32 || a->type == MSGPACK_OBJECT_FLOAT64)
        return (b->type == MSGPACK_OBJECT_FLOAT32 || b->type == MSGPACK_OBJECT_FLOAT64) &&
               memcmp(&a->via.f64, &b->via.f64, sizeof a->via.f64) == 0;
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case MSGPACK_OBJECT_NIL:
        return true;
    case MSGPACK_OBJECT_BOOLEAN:
        return a->via.boolean == b->via.boolean;
    case MSGPACK_OBJECT_STR:
        return same_bytes(a->via.str.ptr, a->via.str.size, b->via.str.ptr, b->via.str.size);
    case MSGPACK_OBJECT_BIN:
        return same_bytes(a->via.bin.ptr, a->via.bin.size, b->via.bin.ptr, b->via.bin.size);
    case MSGPACK_OBJECT_EXT:
        return a->via.ext.type == b->via.ext.type &&
               same_bytes(a->via.ext.ptr, a->via.ext.size, b->via.ext.ptr, b->via.ext.size);
    case MSGPACK_OBJECT_ARRAY:
        for (i = 0; i < a->via.array.size && i < b->via.array.size; i++)
            if (!same(&a->via.array.ptr[i], &b->via.array.ptr[i]))
                return false;
        return a->via.array.size == b->via.array.size;
    case MSGPACK_OBJECT_MAP:
        for (i = 0; i < a->via.map.size && i < b->via.map.size; i++)
            if (!same(&a->via.map.ptr[i].key, &b->via.map.ptr[i].key) ||
                !same(&a->via.map.ptr[i].val, &b->via.map.ptr[i].val))
                return false;
        return a->via.map.size == b->via.map.size;
    default:
        return a->via.u64 == b->via.u64;
    }
}

static bool theirs_reads(msgpack_unpacked *unpacked, aegis_bytes body)
{
    size_t used = 0;

    return msgpack_unpack_next(unpacked, (const char *)body.data, body.len, &used) ==
               MSGPACK_UNPACK_SUCCESS &&
           used == body.len;
}

static bool ours_reads(aegis_bytes body, aegis_arena *arena, aegis_any *any)
{
    return aegis_any_decode(body, AEGIS_FORMAT_MSGPACK, arena, any, NULL) == AEGIS_OK;
}

static void ours_to_theirs(void **state)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    int i;

    (void)state;
    for (i = 0; i < VALUES; i++) {
        msgpack_unpacked unpacked;
        msgpack_sbuffer buffer;
        msgpack_packer packer;
        msgpack_object value;
        aegis_bytes out;

        aegis_arena_reset(arena);
        new_value(arena, &value, 0, false);
        assert_int_equal(aegis_any_encode((aegis_any){&value}, AEGIS_FORMAT_MSGPACK, arena, &out, NULL),
                         AEGIS_OK);
        msgpack_unpacked_init(&unpacked);
        assert_true(theirs_reads(&unpacked, out));
        assert_true(same(&value, &unpacked.data));
        msgpack_unpacked_destroy(&unpacked);
        msgpack_sbuffer_init(&buffer);
        msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
        assert_int_equal(msgpack_pack_object(&packer, value), 0);
        assert_int_equal(buffer.size, out.len);
        assert_memory_equal(buffer.data, out.data, out.len);
        msgpack_sbuffer_destroy(&buffer);
    }
    aegis_arena_free(arena);
}

/* Each shorter part, as far as a long one allows; in memory of its own, for a sanitizer's sake. */
static void refuse_parts(aegis_bytes body, aegis_arena *arena)
{
    size_t step = body.len / 100 + 1, size;

    for (size = 0; size < body.len; size += step) {
        uint8_t *part = (uint8_t *)malloc(size + (size == 0));
        aegis_any any;

        assert_non_null(part);
        memcpy(part, body.data, size);
        assert_false(ours_reads((aegis_bytes){part, size}, arena, &any));
        free(part);
    }
}

/* Ours refuses more (keys, UTF-8, depth), but never takes what theirs does not, nor for another value. */
static void compare_damaged(aegis_bytes body, aegis_arena *arena)
{
    uint8_t *damaged = (uint8_t *)memory(arena, body.len);
    msgpack_unpacked unpacked;
    aegis_any any;
    int i;

    memcpy(damaged, body.data, body.len);
    for (i = 0; i < 3; i++) {
        damaged[below((uint32_t)body.len)] = (uint8_t)next();
        if (!ours_reads((aegis_bytes){damaged, body.len}, arena, &any))
            continue;
        msgpack_unpacked_init(&unpacked);
        assert_true(theirs_reads(&unpacked, (aegis_bytes){damaged, body.len}));
        assert_true(same(any.object, &unpacked.data));
        msgpack_unpacked_destroy(&unpacked);
    }
}

static void theirs_to_ours(void **state)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    int i;

    (void)state;
    for (i = 0; i < VALUES; i++) {
        msgpack_sbuffer buffer;
        msgpack_packer packer;
        msgpack_object value;
        aegis_bytes body;
        aegis_any any;

        aegis_arena_reset(arena);
        new_value(arena, &value, 0, true);
        msgpack_sbuffer_init(&buffer);
        msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
        assert_int_equal(msgpack_pack_object(&packer, value), 0);
        body = (aegis_bytes){(const uint8_t *)buffer.data, buffer.size};
        assert_true(ours_reads(body, arena, &any));
        assert_true(same(&value, any.object));
        if (body.len < 4096) {
            compare_damaged(body, arena);
            refuse_parts(body, arena);
        }
        msgpack_sbuffer_destroy(&buffer);
    }
    aegis_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ours_to_theirs),
        cmocka_unit_test(theirs_to_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
