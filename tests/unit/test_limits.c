/* What a file may have at most, as idl/LANGUAGE.md says it: so many are fine, one more is one mistake. Runs
 * in the top folder of the source. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend.h"
#include "text.h"

/* Writes a schema that has `count` of something, and nothing else that is worth a report. */
typedef void schema_of(text_buffer *out, size_t count);

/* `count` times the text, with its number in each %u; commas between where `listed`. */
static void repeat(text_buffer *out, size_t count, const char *format, bool listed)
{
    for (unsigned i = 0; i < count; i++) {
        char one[200];

        (void)snprintf(one, sizeof one, format, i, i);
        text_puts(out, listed && i > 0 ? ", " : "");
        text_puts(out, one);
    }
}

static void annotations(text_buffer *out, size_t count)
{
    text_puts(out, "struct S { ");
    repeat(out, count, "@was(\"old%u\") ", false);
    text_puts(out, "a: u32; }\n");
}

static void services(text_buffer *out, size_t count)
{
    repeat(out, count, "service S%u { rpc a() -> {}; }\n", false);
}

static void methods(text_buffer *out, size_t count)
{
    text_puts(out, "service S {\n");
    repeat(out, count, "rpc m%u() -> {};\n", false);
    text_puts(out, "}\n");
}

static void errors_of_method(text_buffer *out, size_t count)
{
    repeat(out, count, "error E%u(409) { }\n", false);
    text_puts(out, "service S { rpc a() -> {} raises ");
    repeat(out, count, "E%u", true);
    text_puts(out, "; }\n");
}

static void events(text_buffer *out, size_t count)
{
    repeat(out, count, "event order.e%u { }\n", false);
}

static void names(text_buffer *out, size_t count)
{
    text_puts(out, "struct S {\n");
    repeat(out, count / 2, "@was(\"old%u\") a%u: u32;\n", false);
    if (count % 2 != 0)
        text_puts(out, "last: u32;\n");
    text_puts(out, "}\n");
}

static void subscriptions(text_buffer *out, size_t count)
{
    repeat(out, count, "event order.e%u { }\n", false);
    text_puts(out, "service S {\n");
    repeat(out, count, "subscribes order.e%u;\n", false);
    text_puts(out, "}\n");
}

static void listed(text_buffer *out, size_t count)
{
    repeat(out, count > 10000 ? 10000 : count, "event order.e%u { }\n", false);
    text_puts(out, "service Other { rpc a() -> {}; }\nservice S { publishes ");
    repeat(out, count > 10000 ? 10000 : count, "order.e%u", true);
    text_puts(out, ";\n");
    if (count > 10000)
        text_puts(out, "uses Other;\n");
    text_puts(out, "}\n");
}

static void type_depth(text_buffer *out, size_t count)
{
    text_puts(out, "struct S { a: ");
    for (size_t i = 1; i < count; i++)
        text_puts(out, "[");
    text_puts(out, "u32");
    for (size_t i = 1; i < count; i++)
        text_puts(out, "]");
    text_puts(out, "; }\n");
}

static const struct limit {
    const char *what; /* as the page has it */
    size_t most;
    schema_of *schema;
} limits[] = {
    {"types within types, and names that stand for each other", 16, type_depth},
    {"annotations of one declaration or member", 64, annotations},
    {"services of a package", 1000, services},
    {"methods of a service", 1000, methods},
    {"errors of a method", 1000, errors_of_method},
    {"events of a package", 10000, events},
    {"names of the fields of a type, older ones included", 10000, names},
    {"subscriptions of a package", 2000, subscriptions},
    {"events and services listed behind `publishes` and `uses` in a package", 10000, listed},
};

/* The number of reports that there is too much, and of all errors. */
static size_t too_many_of(const struct limit *limit, size_t count, size_t *errors)
{
    size_t found = 0;
    text_buffer text;
    arena memory;
    compile c;

    arena_init(&memory);
    text = text_begin(&memory);
    text_puts(&text, "aegis 1;\npackage p;\n");
    limit->schema(&text, count);
    compile_init(&c, NULL, 0);
    assert_true(source_add_text(&c.files, "p.aegis", text.data, text.size));
    (void)frontend_compile(&c, "p.aegis");
    assert_false(c.memory.failed);
    for (size_t i = 0; i < c.reports.count; i++)
        found += c.reports.items[i].code->number == 203 ? 1 : 0;
    *errors = c.reports.errors;
    compile_free(&c);
    arena_free(&memory);
    return found;
}

static void one_too_many_is_one_mistake(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        size_t errors;

        assert_int_equal(too_many_of(&limits[i], limits[i].most, &errors), 0);
        if (errors != 0)
            fail_msg("%zu %s: %zu errors", limits[i].most, limits[i].what, errors);
        if (too_many_of(&limits[i], limits[i].most + 1, &errors) != 1 || errors != 1)
            fail_msg("%zu %s: %zu errors", limits[i].most + 1, limits[i].what, errors);
    }
}

static void the_page_says_so(void **state)
{
    const size_t room = (size_t)1 << 20;
    FILE *page = fopen("idl/LANGUAGE.md", "rb");
    char *text = (char *)calloc(1, room), line[200];

    (void)state;
    assert_non_null(page);
    assert_non_null(text);
    (void)fread(text, 1, room - 1, page);
    assert_int_equal(fclose(page), 0);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        (void)snprintf(line, sizeof line, "\n| %s | %zu |\n", limits[i].what, limits[i].most);
        if (strstr(text, line) == NULL)
            fail_msg("idl/LANGUAGE.md does not say:%s", line);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_too_many_is_one_mistake),
                                       cmocka_unit_test(the_page_says_so)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
