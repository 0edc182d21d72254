/* A large schema: what a compile needs grows with the schema, not with its square. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "frontend.h"

/* `count` structs of ten fields. To be freed. */
static char *schema_of(int count, size_t *length)
{
    static const char fields[] =
        " { a: string; b: u32; c: i64; d: f64; e: bool; f: uuid; g: timestamp; h: string?; "
        "i: [string]; j: u8; }\n";
    char *text = (char *)malloc((size_t)count * (sizeof fields + 32) + 64);

    assert_non_null(text);
    *length = (size_t)sprintf(text, "aegis 1;\npackage big;\n");
    for (int i = 0; i < count; i++)
        *length += (size_t)sprintf(text + *length, "struct S%d%s", i, fields);
    return text;
}

/* What a compile comes to. */
typedef struct size {
    size_t memory, text; /* bytes: of the arena; of the outputs */
} size;

static bool pass(void *user, const char *name)
{
    return user != NULL && name != NULL;
}

static bool measure(void *user, const char *data, size_t length)
{
    ((size *)user)->text += length;
    return data != NULL;
}

static bool end(void *user)
{
    return user != NULL;
}

static size compile_of(int count)
{
    compile c;
    emit_options options = {.templates_dir = NULL};
    emit_result result;
    size came = {0, 0};
    const emit_sink sink = {pass, measure, end, &came};
    size_t length;
    char *text = schema_of(count, &length);

    compile_init(&c, NULL, 0);
    options.memory = &c.memory;
    assert_true(source_add_text(&c.files, "big.aegis", text, length));
    assert_true(frontend_compile(&c, "big.aegis"));
    assert_int_equal(c.result.package_count, 1);
    assert_true(emit_package(c.result.packages[0], &options, &sink, &result));
    came.memory = c.memory.used;
    compile_free(&c);
    free(text);
    return came;
}

static void memory_grows_with_the_schema(void **state)
{
    const size small = compile_of(100), large = compile_of(1000);

    (void)state;
    assert_in_range(large.memory / small.memory, 5, 14);
    assert_in_range(large.text / small.text, 8, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory_grows_with_the_schema)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
