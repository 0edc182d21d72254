/* Single values as the original SDK encodes them: decoded as `any` and encoded again, in both formats, byte
 * for byte; every truncation refused; every allocation made to fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <aegis/any.h>
#include <aegis/generated.h>

#ifndef VECTORS
#define VECTORS "tests/interop/codec_vectors.json"
#endif

static aegis_bytes read_whole(aegis_arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = (uint8_t *)aegis_arena_alloc(arena, 1 << 20);
    size_t size;

    assert_non_null(file);
    assert_non_null(data);
    size = fread(data, 1, 1 << 20, file);
    assert_int_equal(fclose(file), 0);
    return (aegis_bytes){data, size};
}

static aegis_bytes from_hex(aegis_arena *arena, const struct msgpack_object *hex)
{
    size_t size = hex->via.str.size / 2, i;
    uint8_t *data = (uint8_t *)aegis_arena_alloc(arena, size);

    assert_non_null(data);
    for (i = 0; i < size; i++) {
        char pair[3] = {hex->via.str.ptr[2 * i], hex->via.str.ptr[2 * i + 1], '\0'};

        data[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return (aegis_bytes){data, size};
}

static void assert_same(aegis_bytes one, aegis_bytes other)
{
    assert_int_equal(one.len, other.len);
    assert_memory_equal(one.data, other.data, one.len);
}

static void each_vector(void (*check)(aegis_arena *arena, aegis_bytes json, aegis_bytes mp))
{
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_any all;
    aegis_error error;
    uint32_t i;

    if (aegis_any_decode(read_whole(arena, VECTORS), AEGIS_FORMAT_JSON, arena, &all, &error) != AEGIS_OK)
        fail_msg("%s", error.text);
    assert_true(all.object->via.array.size > 20);
    for (i = 0; i < all.object->via.array.size; i++) {
        aegis_any vector = {&all.object->via.array.ptr[i]};

        check(arena, from_hex(arena, aegis_any_get(vector, "json_hex")),
              from_hex(arena, aegis_any_get(vector, "msgpack_hex")));
    }
    aegis_arena_free(arena);
}

static void check_round_trip(aegis_arena *arena, aegis_bytes json, aegis_bytes mp)
{
    aegis_any a, b;
    aegis_bytes out;
    aegis_error error;

    assert_int_equal(aegis_any_decode(json, AEGIS_FORMAT_AUTO, arena, &a, &error), AEGIS_OK);
    assert_int_equal(aegis_any_decode(mp, AEGIS_FORMAT_AUTO, arena, &b, &error), AEGIS_OK);
    assert_int_equal(aegis_any_encode(a, AEGIS_FORMAT_JSON, arena, &out, &error), AEGIS_OK);
    assert_same(out, json);
    assert_int_equal(aegis_any_encode(a, AEGIS_FORMAT_MSGPACK, arena, &out, &error), AEGIS_OK);
    assert_same(out, mp);
    assert_int_equal(aegis_any_encode(b, AEGIS_FORMAT_JSON, arena, &out, &error), AEGIS_OK);
    assert_same(out, json);
    assert_int_equal(aegis_any_encode(b, AEGIS_FORMAT_MSGPACK, arena, &out, &error), AEGIS_OK);
    assert_same(out, mp);
}

/* In a block of exactly its size, so that a sanitizer sees a read beyond it. */
static void check_cut(aegis_bytes whole, aegis_format format)
{
    size_t size;

    for (size = 0; size < whole.len; size++) {
        aegis_arena *arena = aegis_arena_new(NULL);
        uint8_t *cut = (uint8_t *)malloc(size + (size == 0));
        aegis_any any;
        aegis_error error;
        aegis_reader r;

        assert_non_null(cut);
        memcpy(cut, whole.data, size);
        assert_int_equal(aegis_any_decode((aegis_bytes){cut, size}, format, arena, &any, &error),
                         AEGIS_INVALID_ARGUMENT);
        aegis_reader_open(&r, (aegis_bytes){cut, size}, format, arena);
        aegis_skip(&r);
        assert_int_equal(aegis_reader_close(&r, &error), AEGIS_INVALID_ARGUMENT);
        free(cut);
        aegis_arena_free(arena);
    }
}

static void check_truncations(aegis_arena *arena, aegis_bytes json, aegis_bytes mp)
{
    (void)arena;
    check_cut(json, AEGIS_FORMAT_JSON);
    check_cut(mp, AEGIS_FORMAT_MSGPACK);
}

/* Memory that runs out after `left` allocations. */
static void *scarce(void *user, void *pointer, size_t old_size, size_t new_size)
{
    int *left = (int *)user;

    (void)old_size;
    if (new_size == 0) {
        free(pointer);
        return NULL;
    }
    return (*left)-- > 0 ? realloc(pointer, new_size) : NULL;
}

static void check_scarcity(aegis_arena *outer, aegis_bytes json, aegis_bytes mp)
{
    int allowed, left;

    (void)outer;
    for (allowed = 1; allowed < 6; allowed++) {
        aegis_allocator allocator = {scarce, &left};
        aegis_arena *arena;
        aegis_any any;
        aegis_bytes out;
        aegis_status status;

        left = allowed;
        arena = aegis_arena_new(&allocator);
        assert_non_null(arena);
        status = aegis_any_decode(mp, AEGIS_FORMAT_AUTO, arena, &any, NULL);
        assert_true(status == AEGIS_OK || status == AEGIS_RESOURCE_EXHAUSTED);
        if (status == AEGIS_OK)
            status = aegis_any_encode(any, AEGIS_FORMAT_JSON, arena, &out, NULL);
        assert_true(status == AEGIS_OK || status == AEGIS_RESOURCE_EXHAUSTED);
        if (status == AEGIS_OK)
            assert_same(out, json);
        aegis_arena_free(arena);
    }
}

static void round_trips(void **state)
{
    (void)state;
    each_vector(check_round_trip);
}

static void truncations(void **state)
{
    (void)state;
    each_vector(check_truncations);
}

static void scarcity(void **state)
{
    (void)state;
    each_vector(check_scarcity);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(round_trips), cmocka_unit_test(truncations),
                                       cmocka_unit_test(scarcity)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
