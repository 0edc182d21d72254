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

/* Bytes that the compile and its output took. */
static size_t memory_for(int count)
{
    compile c;
    emit_options options = {.templates_dir = NULL};
    emit_output out;
    size_t length, used;
    char *text = schema_of(count, &length);

    compile_init(&c, NULL, 0);
    options.memory = &c.memory;
    assert_true(source_add_text(&c.files, "big.aegis", text, length));
    assert_true(frontend_compile(&c, "big.aegis"));
    assert_int_equal(c.result.package_count, 1);
    assert_true(emit_package(c.result.packages[0], &options, &out));
    assert_int_equal(out.file_count, 2);
    used = c.memory.used;
    compile_free(&c);
    free(text);
    return used;
}

static void memory_grows_with_the_schema(void **state)
{
    const size_t small = memory_for(100), large = memory_for(1000);

    (void)state;
    assert_true(large < ARENA_LIMIT);
    assert_in_range(large / small, 5, 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory_grows_with_the_schema)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
