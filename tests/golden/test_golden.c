/* What IDL becomes, byte for byte, so that a change of generated code is seen in review.
 * AEGIS_GOLDEN=update writes today's outputs; read the difference before committing it. Runs in the top
 * folder of the source.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend.h"
#include "golden/collect.h"

#define INPUT "examples/orders/shop.aegis"

static void write_golden(const char *path, const collected_file *made)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(made->data, 1, made->size, file), made->size);
    assert_int_equal(fclose(file), 0);
}

/* The line on which two texts part, from 1; 0 when they are the same. */
static size_t first_difference(const char *made, size_t made_size, const char *expected, size_t expected_size)
{
    size_t line = 1, at = 0;

    while (at < made_size && at < expected_size && made[at] == expected[at])
        line += made[at++] == '\n' ? 1 : 0;
    return at == made_size && at == expected_size ? 0 : line;
}

static void compare(const char *path, const collected_file *made)
{
    FILE *file = fopen(path, "rb");
    char *expected = (char *)malloc(made->size + 1); /* one more byte shows that the file is longer */
    size_t size, line;

    if (file == NULL)
        fail_msg("%s cannot be read; run in the top folder, or with AEGIS_GOLDEN=update", path);
    assert_non_null(expected);
    size = fread(expected, 1, made->size + 1, file);
    assert_int_equal(fclose(file), 0);
    line = first_difference(made->data, made->size, expected, size);
    free(expected);
    if (line != 0)
        fail_msg("%s differs from line %zu on; if that is meant, run with AEGIS_GOLDEN=update", path, line);
}

static bool emit(compile *c, size_t package, collection *out)
{
    const emit_options options = {.memory = &c->memory};
    const emit_sink sink = collection_sink(out);
    emit_result result;
    bool good = emit_package(c->result.packages[package], &options, &sink, &result);

    assert_true(good || result.error != NULL);
    return good;
}

/* The first `count` outputs of a file. */
static void check_golden(const char *input, size_t count)
{
    const char *mode = getenv("AEGIS_GOLDEN");
    collection out = {0};
    compile c;

    compile_init(&c, NULL, 0);
    assert_true(frontend_compile(&c, input));
    assert_int_equal(c.result.package_count, 1);
    assert_true(emit(&c, 0, &out) && out.complete);
    assert_true(count <= out.count);
    for (size_t i = 0; i < count; i++) {
        char path[100];

        (void)snprintf(path, sizeof path, "tests/golden/%s.golden", out.files[i].name);
        if (mode != NULL && strcmp(mode, "update") == 0)
            write_golden(path, &out.files[i]);
        else
            compare(path, &out.files[i]);
    }
    collection_free(&out);
    compile_free(&c);
}

static void test_golden(void **state)
{
    (void)state;
    check_golden(INPUT, 2);
    check_golden("tests/gen/matching.aegis", 2);
    check_golden("tests/gen/documented.aegis", 1);
}

/* Neither the order of compiles nor what came before changes a byte. */
static void test_deterministic(void **state)
{
    collection first = {0}, second = {0};
    compile one, two;

    (void)state;
    compile_init(&one, NULL, 0);
    compile_init(&two, NULL, 0);
    assert_true(frontend_compile(&one, INPUT) && frontend_compile(&two, "tests/gen/evolve.aegis"));
    assert_true(frontend_compile(&two, INPUT));
    assert_true(emit(&one, 0, &first));
    assert_true(emit(&two, two.result.package_count - 1, &second));
    for (size_t i = 0; i < EMIT_FILES; i++) {
        assert_int_equal(first.files[i].size, second.files[i].size);
        assert_memory_equal(first.files[i].data, second.files[i].data, first.files[i].size);
    }
    collection_free(&first);
    collection_free(&second);
    compile_free(&one);
    compile_free(&two);
}

/* Texts that were given back lie where the compile's own will be. */
static void leave_behind(arena *memory)
{
    const size_t size = (size_t)4 << 20;
    const arena_mark mark = arena_here(memory);
    char *text = arena_text(memory, size);

    assert_non_null(text);
    memset(text, 'x', size);
    arena_back(memory, mark);
}

/* Nor does what the memory held before. */
static void test_used_memory(void **state)
{
    collection first = {0}, second = {0};
    compile one, two;

    (void)state;
    compile_init(&one, NULL, 0);
    compile_init(&two, NULL, 0);
    leave_behind(&two.memory);
    assert_true(frontend_compile(&one, "tests/gen/everything.aegis"));
    assert_true(frontend_compile(&two, "tests/gen/everything.aegis"));
    assert_string_equal(one.result.packages[0]->base, "parts/pay");
    assert_string_equal(two.result.packages[0]->base, "parts/pay");
    assert_true(emit(&one, one.result.package_count - 1, &first));
    assert_true(emit(&two, two.result.package_count - 1, &second));
    for (size_t i = 0; i < EMIT_FILES; i++) {
        assert_int_equal(first.files[i].size, second.files[i].size);
        assert_memory_equal(first.files[i].data, second.files[i].data, first.files[i].size);
    }
    collection_free(&first);
    collection_free(&second);
    compile_free(&one);
    compile_free(&two);
}

/* Allocations that may still succeed. */
static bool permit(void *user)
{
    size_t *left = (size_t *)user;

    if (*left == 0)
        return false;
    --*left;
    return true;
}

/* Emit with so many allocations; returns how many were left. */
static size_t emit_within(size_t allocations, bool expected)
{
    collection out = {0};
    size_t left = allocations;
    compile c;

    compile_init(&c, NULL, 0);
    assert_true(frontend_compile(&c, INPUT));
    c.memory.permit = permit;
    c.memory.permit_user = &left;
    assert_int_equal(emit(&c, 0, &out), expected);
    assert_int_equal(out.complete, expected);
    collection_free(&out);
    compile_free(&c);
    return left;
}

/* Wherever memory ends, emitting fails without a complete output and without a crash. */
static void test_scarce_memory(void **state)
{
    const size_t plenty = (size_t)1 << 30, steps = 150;
    size_t needed = plenty - emit_within(plenty, true);

    (void)state;
    for (size_t i = 0; i < steps; i++)
        (void)emit_within(needed * i / steps, false);
    (void)emit_within(needed - 1, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_deterministic),
                                       cmocka_unit_test(test_used_memory),
                                       cmocka_unit_test(test_scarce_memory)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
