/* A large schema: what a compile needs grows with the schema, not with its square; four megabytes just work.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "fmt.h"
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

/* As dense as text can be: every second byte is a token. */
static void four_megabytes_are_read(void **state)
{
    static const char field[] = "aaaa:[u8];";
    const size_t count = 400, fields = 1000;
    char *text = (char *)malloc(count * (fields * sizeof field + 32) + 64), *at = text;
    text_buffer formatted;
    compile c;

    (void)state;
    assert_non_null(text);
    at += sprintf(at, "aegis 1;package big;");
    for (size_t i = 0; i < count; i++) {
        at += sprintf(at, "struct S%zu{", i);
        for (size_t k = 0; k < fields; k++, at += sizeof field - 1) {
            memcpy(at, field, sizeof field);
            for (size_t n = k, letter = 0; letter < 4; n /= 26, letter++)
                at[letter] = (char)('a' + n % 26);
        }
        at += sprintf(at, "}");
    }
    assert_true(at - text > 4000000);
    compile_init(&c, NULL, 0);
    assert_true(source_add_text(&c.files, "big.aegis", text, (size_t)(at - text)));
    assert_true(frontend_compile(&c, "big.aegis"));
    formatted = text_begin(&c.memory);
    assert_true(fmt_source(&c.reports, &c.files, 0, &formatted));
    assert_true(formatted.size > 4000000);
    compile_free(&c);
    free(text);
}

/* Line and column of any place, as somebody counts who begins at the top. */
static void places_are_found(void **state)
{
    const size_t length = 40000;
    char *text = (char *)malloc(length);
    uint32_t line = 1, column = 1;
    unsigned seed = 7;
    compile c;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < length; i++) {
        seed = seed * 1103515245 + 12345;
        text[i] = seed >> 16 & 7 ? 'x' : '\xc3';
        if (text[i] == '\xc3' && i + 1 < length)
            text[++i] = '\xa4';
        else if ((seed >> 20) % (i < length / 2 ? 30 : 9000) == 0)
            text[i] = '\n';
    }
    compile_init(&c, NULL, 0);
    assert_true(source_add_text(&c.files, "big.aegis", text, length));
    for (size_t i = 0; i < length; i++) {
        const source_position at =
            source_locate(&c.files, (span){.start = (uint32_t)i, .end = (uint32_t)i + 1});

        if ((text[i] & '\xc0') != '\x80') { /* columns count characters */
            assert_int_equal(at.line, line);
            assert_int_equal(at.column, column);
        }
        column += (text[i] & '\xc0') != '\x80';
        if (text[i] == '\n') {
            line++;
            column = 1;
        }
    }
    compile_free(&c);
    free(text);
}

/* What may stand in a file a hundred thousand times. */
typedef struct many {
    const char *before, *part, *behind;
} many;

/* One mistake that has a hundred thousand parts, or as many mistakes of a kind: reported, in memory that
 * grows with the file. Time is not looked at, but what goes with the square of this does not end in a test's
 * time. */
static void mistakes_without_end(void **state)
{
    static const many files[] = {
        {"enum E { ", "A = 1, ", "}"},
        {"enum E { ", "A(x), ", "}"},
        {"enum E { ", "\"A\", ", "}"},
        {"enum E { ", "A ", "}"},
        {"union E { ", "A, ", "B }"},
        {"struct S { reserved ", "a, ", "b; }"},
        {"struct S { a: u32", "[]", "; }"},
        {"struct S { a: ", "list<", "; }"},
        {"struct S (", "a: u32, ", ")"},
        {"struct S { ", "struct A { a: u32; } ", "}"},
        {"package p", ".q", ";"},
        {"type A = B", " | C", ";"},
        {"import a", ".b", ";"},
        {"const A: u32 = 1", " * 2", ";"},
        {"class A:\n", "  a: int\n", ""},
        {"", "export struct S { }\n", ""},
        {"", "#if A\n#endif\n", ""},
        {"", "widget A { a: u32; }\n", ""},
        {"", "-- x\n", ""},
        {"", "\"\"\"\n", ""},
        {"", "package q {\n", ""},
        {"struct S { a: string = ", "\"x\n", ""},
        {"service S { rpc f() -> {} raises ", "A | ", "B; }"},
    };
    const size_t count = 100000;

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const size_t length = strlen(files[i].part);
        char *text = (char *)malloc(count * length + 256), *at = text;
        compile c;

        assert_non_null(text);
        at += sprintf(at, "aegis 1;\npackage big;\n%s", files[i].before);
        for (size_t k = 0; k < count; k++, at += length)
            memcpy(at, files[i].part, length + 1);
        at += sprintf(at, "%s\n", files[i].behind);
        compile_init(&c, NULL, 0);
        assert_true(source_add_text(&c.files, "big.aegis", text, (size_t)(at - text)));
        assert_false(frontend_compile(&c, "big.aegis"));
        assert_false(c.memory.failed);
        assert_true(c.reports.count > 0);
        assert_in_range(c.memory.used, 0, 300 << 20);
        compile_free(&c);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_grows_with_the_schema), cmocka_unit_test(four_megabytes_are_read),
        cmocka_unit_test(mistakes_without_end), cmocka_unit_test(places_are_found)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
