/* The table of callers: each is counted apart up to a bound, those beyond it together, and nothing is lost
 * whoever counts at the same time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "application/callers.h"
#include "codec/codec.h"

static const aegis_caller *find(const aegis_called *called, const char *source)
{
    size_t i;

    for (i = 0; i < called->caller_count; i++) {
        if (strcmp(called->callers[i].source, source) == 0)
            return &called->callers[i];
    }
    return NULL;
}

static void test_counts(void **state)
{
    aegis_callers *callers = aegis_callers_new(NULL, 3);
    aegis_arena *arena = aegis_arena_new(NULL);
    const aegis_called *called;

    (void)state;
    aegis_callers_count(callers, 0, "a", 10, NULL);
    aegis_callers_count(callers, 0, "a", 20, "broken");
    aegis_callers_count(callers, 0, "b", 0, "refused");
    aegis_callers_count(callers, 1, "a", 5, NULL);
    aegis_callers_count(callers, 1, NULL, -1, NULL);
    aegis_callers_count(callers, 1, "", 0, NULL);
    called = aegis_callers_read(callers, arena);
    assert_int_equal(called[0].requests, 3);
    assert_int_equal(called[0].errors, 2);
    assert_int_equal(called[0].took, 30);
    assert_int_equal(called[0].latency.count, 2); /* no handler saw the third */
    assert_int_equal(called[0].latency.sum, 30);
    assert_int_equal(called[0].latency.buckets[0], 2);
    assert_string_equal(called[0].error, "refused");
    assert_int_equal(called[0].caller_count, 2);
    assert_int_equal(find(&called[0], "a")->requests, 2);
    assert_int_equal(find(&called[0], "a")->errors, 1);
    assert_int_equal(find(&called[0], "b")->errors, 1);
    assert_int_equal(called[1].caller_count, 2);
    assert_int_equal(find(&called[1], "a")->requests, 1);
    assert_int_equal(find(&called[1], "")->requests, 2);
    assert_string_equal(called[1].error, "");
    assert_int_equal(called[1].others.requests, 0);
    assert_int_equal(called[2].requests, 0);
    assert_int_equal(called[2].caller_count, 0);
    aegis_arena_free(arena);
    aegis_callers_free(callers);
}

/* A source is kept up to a length, and an error's text, and neither ends in half a character. */
static void test_long_texts(void **state)
{
    aegis_callers *callers = aegis_callers_new(NULL, 1);
    aegis_arena *arena = aegis_arena_new(NULL);
    char text[600];
    size_t shift, i;

    (void)state;
    for (shift = 0; shift < 3; shift++) {
        const aegis_called *called;

        memset(text, 'x', shift);
        for (i = shift; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "\xe4\xbd\xa0", 3);
        text[i] = '\0';
        aegis_callers_count(callers, 0, text, 1, text);
        text[300] = '\0'; /* the same beginning: the same caller */
        aegis_callers_count(callers, 0, text, 1, NULL);
        called = aegis_callers_read(callers, arena);
        assert_int_equal(called->caller_count, shift + 1);
        assert_true(strlen(called->error) < AEGIS_CALLER_TEXT &&
                    strlen(called->error) > AEGIS_CALLER_TEXT - 4);
        assert_true(aegis_utf8_valid((const uint8_t *)called->error, strlen(called->error)));
        for (i = 0; i < called->caller_count; i++) {
            const char *source = called->callers[i].source;

            assert_int_equal(called->callers[i].requests, 2);
            assert_true(strlen(source) < AEGIS_CALLER_NAME && strlen(source) > AEGIS_CALLER_NAME - 4);
            assert_true(aegis_utf8_valid((const uint8_t *)source, strlen(source)));
        }
    }
    aegis_arena_free(arena);
    aegis_callers_free(callers);
}

/* More pairs than are told apart, over several endpoints. */
static void test_bound(void **state)
{
    aegis_callers *callers = aegis_callers_new(NULL, 4);
    aegis_arena *arena = aegis_arena_new(NULL);
    const aegis_called *called;
    uint64_t apart = 0, beyond = 0;
    size_t i, k;

    (void)state;
    for (k = 0; k < 2; k++) {
        for (i = 0; i < 1000; i++) {
            char source[16];

            (void)snprintf(source, sizeof source, "c%zu", i);
            aegis_callers_count(callers, i % 4, source, 1, i % 10 == 0 ? "e" : NULL);
        }
    }
    called = aegis_callers_read(callers, arena);
    for (i = 0; i < 4; i++) {
        apart += called[i].caller_count;
        beyond += called[i].others.requests;
        assert_int_equal(called[i].requests, 500);
        assert_int_equal(called[i].requests, called[i].took);
        for (k = 0; k < called[i].caller_count; k++)
            assert_int_equal(called[i].callers[k].requests, 2);
    }
    assert_int_equal(apart, AEGIS_CALLERS);
    assert_int_equal(beyond, 2 * (1000 - AEGIS_CALLERS));
    assert_int_equal(called[0].errors + called[1].errors + called[2].errors + called[3].errors, 200);
    aegis_arena_free(arena);
    aegis_callers_free(callers);
}

/* ---- at the same time --------------------------------------------------------------------------------- */

enum { THREADS = 4, ROUNDS = 20000, SOURCES = 300 };

static void *count_all(void *user)
{
    size_t i;

    for (i = 0; i < ROUNDS; i++) {
        char source[16];

        (void)snprintf(source, sizeof source, "c%zu", i % SOURCES);
        aegis_callers_count((aegis_callers *)user, i % 2, source, 1, i % 4 == 0 ? "e" : NULL);
    }
    return NULL;
}

static void test_threads(void **state)
{
    aegis_callers *callers = aegis_callers_new(NULL, 2);
    aegis_arena *arena = aegis_arena_new(NULL);
    const aegis_called *called;
    pthread_t threads[THREADS];
    size_t i;

    (void)state;
    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_all, callers), 0);
    for (i = 0; i < 20; i++) {
        called = aegis_callers_read(callers, arena);
        assert_true(called[0].requests + called[1].requests <= (uint64_t)THREADS * ROUNDS);
        assert_true(called[0].errors <= called[0].requests);
        aegis_arena_reset(arena);
    }
    for (i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    called = aegis_callers_read(callers, arena);
    assert_int_equal(called[0].requests, THREADS * ROUNDS / 2);
    assert_int_equal(called[1].requests, THREADS * ROUNDS / 2);
    assert_int_equal(called[0].errors, THREADS * ROUNDS / 4);
    assert_int_equal(called[1].errors, 0);
    assert_int_equal(called[0].caller_count + called[1].caller_count, AEGIS_CALLERS);
    aegis_arena_free(arena);
    aegis_callers_free(callers);
}

/* ---- short memory ------------------------------------------------------------------------------------- */

static void *none(void *user, void *pointer, size_t old_size, size_t new_size)
{
    (void)user;
    (void)pointer;
    (void)old_size;
    (void)new_size;
    return NULL;
}

typedef struct pool {
    _Alignas(64) char memory[1 << 16];
    size_t used;
} pool;

/* The table, and nothing more. */
static void *once(void *user, void *pointer, size_t old_size, size_t new_size)
{
    pool *p = (pool *)user;

    (void)pointer;
    (void)old_size;
    if (p->used > 0 || new_size > sizeof p->memory)
        return NULL;
    p->used = new_size;
    return p->memory;
}

/* Without memory for another caller it is one of the others. */
static void test_scarce(void **state)
{
    static pool p;
    const aegis_allocator empty = {none, NULL}, little = {once, &p};
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_callers *callers = aegis_callers_new(&little, 1);
    const aegis_called *called;

    (void)state;
    assert_null(aegis_callers_new(&empty, 1));
    assert_non_null(callers);
    aegis_callers_count(callers, 0, "a", 1, "e");
    aegis_callers_count(callers, 0, "a", 1, NULL);
    called = aegis_callers_read(callers, arena);
    assert_int_equal(called->requests, 2);
    assert_int_equal(called->errors, 1);
    assert_int_equal(called->others.requests, 2);
    assert_string_equal(called->error, "");
    aegis_callers_free(callers);
    aegis_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts), cmocka_unit_test(test_long_texts),
                                       cmocka_unit_test(test_bound), cmocka_unit_test(test_threads),
                                       cmocka_unit_test(test_scarce)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
