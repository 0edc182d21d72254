/* Arenas: limits, extension in place, reset, the caller's own memory, and what fails when memory ends at any
 * point. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "codec/codec.h"
#include "domain/arena.h"

#include <aegis/any.h>
#include <aegis/generated.h>

/* An allocator that counts, and refuses everything after `left` successes. */
typedef struct counter {
    size_t left, blocks, bytes, calls;
    bool wrong;
} counter;

static void *counted(void *user, void *pointer, size_t old_size, size_t new_size)
{
    counter *c = (counter *)user;
    void *memory;

    c->calls++;
    if (new_size == 0) {
        c->blocks--;
        c->bytes -= old_size;
        free(pointer);
        return NULL;
    }
    c->wrong |= pointer != NULL || old_size != 0;
    if (c->left == 0)
        return NULL;
    c->left--;
    memory = malloc(new_size);
    if (memory != NULL) {
        c->blocks++;
        c->bytes += new_size;
    }
    return memory;
}

static void pieces(void **state)
{
    counter c = {.left = SIZE_MAX};
    aegis_arena *arena = aegis_arena_new(&(aegis_allocator){counted, &c});
    unsigned char *seen[200];
    size_t i, k;

    (void)state;
    for (i = 0; i < 200; i++) {
        seen[i] = (unsigned char *)aegis_arena_alloc(arena, i * 17);
        assert_non_null(seen[i]);
        assert_int_equal((uintptr_t)seen[i] % _Alignof(max_align_t), 0);
        memset(seen[i], (int)i, i * 17);
    }
    for (i = 0; i < 200; i++)
        for (k = 0; k < i * 17; k++)
            assert_int_equal(seen[i][k], i);
    assert_ptr_not_equal(aegis_arena_alloc(arena, 0), aegis_arena_alloc(arena, 0));
    assert_true(c.blocks > 1);
    aegis_arena_free(arena);
    aegis_arena_free(NULL);
    assert_true(c.blocks == 0 && c.bytes == 0 && !c.wrong);
}

static void limit(void **state)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    void *piece;

    (void)state;
    assert_null(aegis_arena_alloc(arena, AEGIS_ARENA_LIMIT + 1));
    assert_null(aegis_arena_alloc(arena, SIZE_MAX));
    assert_null(aegis_arena_alloc(arena, SIZE_MAX - 20));
    /* Pieces count with what aligns them, texts with their bytes. */
    aegis_arena_set_limit(arena, 112);
    assert_non_null(aegis_arena_alloc(arena, 60));
    assert_null(aegis_arena_alloc(arena, 49));
    piece = aegis_arena_alloc(arena, 40);
    assert_non_null(piece);
    assert_null(aegis_arena_alloc(arena, 1));
    assert_null(aegis_arena_strdup(arena, "x"));
    assert_null(aegis_arena_printf(arena, "%d", 1));
    assert_null(aegis_arena_extend(arena, piece, 40, 49));
    assert_ptr_equal(aegis_arena_extend(arena, piece, 40, 10), piece);
    assert_non_null(aegis_arena_alloc(arena, 15));
    assert_non_null(aegis_arena_strdup(arena, "fifteen letters"));
    assert_null(aegis_arena_strdup(arena, ""));
    aegis_arena_set_limit(arena, 113);
    assert_non_null(aegis_arena_strdup(arena, ""));
    assert_null(aegis_arena_strdup(arena, ""));
    aegis_arena_set_limit(arena, 50);
    assert_null(aegis_arena_strdup(arena, ""));
    /* Sizes that overflow when they are rounded up, or with a chunk's header. */
    aegis_arena_reset(arena);
    aegis_arena_set_limit(arena, SIZE_MAX);
    assert_null(aegis_arena_alloc(arena, SIZE_MAX));
    assert_null(aegis_arena_alloc(arena, SIZE_MAX - 5));
    assert_null(aegis_arena_alloc(arena, SIZE_MAX - 16));
    aegis_arena_set_limit(arena, 112);
    assert_non_null(aegis_arena_alloc(arena, 100));
    aegis_arena_free(arena);
}

/* Pieces grow up and texts down in the same space: none touches another, through several chunks and a reset.
 */
static void texts(void **state)
{
    counter c = {.left = SIZE_MAX};
    aegis_arena *arena = aegis_arena_new(&(aegis_allocator){counted, &c});
    char *seen[300];
    size_t i, round;

    (void)state;
    for (round = 0; round < 3; round++) {
        aegis_arena_reset(arena);
        for (i = 0; i < 300; i++) {
            size_t size = i % 40 + 1;

            seen[i] = i % 2 == 0 ? aegis_arena_take_text(arena, size) : (char *)aegis_arena_take(arena, size);
            assert_non_null(seen[i]);
            memset(seen[i], (int)(i % 100), size);
        }
        for (i = 0; i < 300; i++)
            for (size_t k = 0; k < i % 40 + 1; k++)
                assert_int_equal(seen[i][k], i % 100);
    }
    aegis_arena_free(arena);
    assert_true(c.blocks == 0 && c.bytes == 0 && !c.wrong);
}

static void extension(void **state)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    char *first = (char *)aegis_arena_extend(arena, NULL, 0, 10), *moved;
    void *other;

    (void)state;
    assert_non_null(first);
    memcpy(first, "123456789", 10);
    assert_ptr_equal(aegis_arena_extend(arena, first, 10, 500), first);
    assert_ptr_equal(aegis_arena_extend(arena, first, 500, 20), first);
    other = aegis_arena_alloc(arena, 1);
    assert_true((char *)other > first && (char *)other - first <= 48);
    /* No longer the newest: copied. */
    moved = (char *)aegis_arena_extend(arena, first, 20, 40);
    assert_ptr_not_equal(moved, first);
    assert_string_equal(moved, "123456789");
    /* Smaller stays where it is. */
    assert_ptr_equal(aegis_arena_extend(arena, first, 20, 5), first);
    /* Beyond its chunk: copied too. */
    first = moved;
    moved = (char *)aegis_arena_extend(arena, first, 40, 100000);
    assert_ptr_not_equal(moved, first);
    assert_string_equal(moved, "123456789");
    assert_null(aegis_arena_extend(arena, moved, 100000, SIZE_MAX));
    assert_string_equal(moved, "123456789");
    aegis_arena_free(arena);
}

/* After a reset the same work costs no memory. */
static void reset(void **state)
{
    counter c = {.left = SIZE_MAX};
    aegis_arena *arena = aegis_arena_new(&(aegis_allocator){counted, &c});
    size_t round, i, calls = 0;

    (void)state;
    for (round = 0; round < 5; round++) {
        aegis_arena_reset(arena);
        for (i = 0; i < 50; i++)
            assert_non_null(aegis_arena_alloc(arena, 300));
        if (round == 2)
            calls = c.calls;
    }
    aegis_arena_reset(arena);
    assert_true(c.blocks <= 2);
    /* The chunks of the first rounds were too small for all of it; each later round needs at most one more.
     */
    assert_true(c.calls <= calls + 4);
    aegis_arena_free(arena);
    assert_int_equal(c.blocks, 0);
}

static void own_memory(void **state)
{
    _Alignas(max_align_t) unsigned char memory[1024];
    aegis_arena *arena = aegis_arena_in(memory, sizeof memory);
    unsigned char *piece = (unsigned char *)aegis_arena_alloc(arena, 100), *far;

    (void)state;
    assert_true(piece > memory && piece + 100 <= memory + sizeof memory);
    far = (unsigned char *)aegis_arena_alloc(arena, 2000);
    assert_non_null(far);
    memset(far, 1, 2000);
    aegis_arena_reset(arena);
    assert_non_null(aegis_arena_alloc(arena, 10));
    aegis_arena_free(arena);
    /* Too little or crooked memory: an arena all the same. */
    arena = aegis_arena_in(memory, AEGIS_ARENA_MIN - 1);
    assert_non_null(aegis_arena_alloc(arena, 100));
    aegis_arena_free(arena);
    arena = aegis_arena_in(memory + 1, sizeof memory - 1);
    assert_non_null(aegis_arena_alloc(arena, 100));
    aegis_arena_free(arena);
    arena = aegis_arena_in(memory, AEGIS_ARENA_MIN);
    assert_non_null(aegis_arena_alloc(arena, AEGIS_ARENA_MIN));
    aegis_arena_free(arena);
    {
        AEGIS_SCOPED_ARENA(scoped);

        assert_string_equal(aegis_arena_printf(scoped, "%s-%d", "a", 5), "a-5");
        assert_string_equal(aegis_arena_strdup(scoped, ""), "");
        assert_null(aegis_arena_strdup(scoped, NULL));
        assert_non_null(aegis_arena_alloc(scoped, 10000));
    }
}

/* Work of every kind: decode a large body, encode it in both formats, copy it. False when memory ended. */
static bool work(aegis_arena *arena, aegis_bytes body)
{
    aegis_error error = {0};
    aegis_bytes out;
    aegis_any any, copy;
    aegis_status status = aegis_any_decode(body, AEGIS_FORMAT_JSON, arena, &any, &error);

    if (status == AEGIS_OK)
        status = aegis_any_encode(any, AEGIS_FORMAT_MSGPACK, arena, &out, &error);
    if (status == AEGIS_OK)
        status = aegis_any_encode(any, AEGIS_FORMAT_JSON, arena, &out, &error);
    if (status != AEGIS_OK) {
        assert_int_equal(status, AEGIS_RESOURCE_EXHAUSTED);
        assert_non_null(strstr(error.text, "out of memory"));
        return false;
    }
    assert_int_equal(out.len, body.len);
    assert_memory_equal(out.data, body.data, body.len);
    copy = aegis_any_copy(any, arena);
    return copy.object != NULL && aegis_copy_any(arena, &copy) &&
           aegis_any_from_string(arena, "text").object != NULL &&
           aegis_arena_printf(arena, "%s", "text") != NULL;
}

static size_t big_body(uint8_t *body)
{
    static const char item[] = "{\"k\\u0000\":[1,-2.5,true,null,\"a text of some length\"]},";
    uint8_t *at = body;
    int i;

    *at++ = '[';
    for (i = 0; i < 300; i++) {
        memcpy(at, item, sizeof item - 1);
        at += sizeof item - 1;
    }
    at[-1] = ']';
    return (size_t)(at - body);
}

/* The allocator fails at every n-th call in turn, and once not at all. */
static void failing_allocator(void **state)
{
    static uint8_t body[300 * 80];
    size_t size = big_body(body), n;
    bool done = false;

    (void)state;
    for (n = 0; !done; n++) {
        counter c = {.left = n};
        aegis_arena *arena = aegis_arena_new(&(aegis_allocator){counted, &c});

        assert_true((arena == NULL) == (n == 0));
        if (arena != NULL)
            done = work(arena, (aegis_bytes){body, size});
        aegis_arena_free(arena);
        assert_true(c.blocks == 0 && c.bytes == 0);
        assert_true(n < 100);
    }
    assert_true(n > 4);
}

/* The same with the arena's limit, which ends the work at many more places. */
static void failing_limit(void **state)
{
    static uint8_t body[300 * 80];
    size_t size = big_body(body), bytes;
    aegis_arena *arena = aegis_arena_new(NULL);
    bool done = false;

    (void)state;
    for (bytes = 0; !done; bytes += 997) {
        aegis_arena_reset(arena);
        aegis_arena_set_limit(arena, bytes);
        done = work(arena, (aegis_bytes){body, size});
        assert_true(bytes < 10000000);
    }
    aegis_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces),
        cmocka_unit_test(limit),
        cmocka_unit_test(texts),
        cmocka_unit_test(extension),
        cmocka_unit_test(reset),
        cmocka_unit_test(own_memory),
        cmocka_unit_test(failing_allocator),
        cmocka_unit_test(failing_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
