/* Every name that a generated header declares was claimed by the checker, so that two declarations that would
 * share one are reported instead of compiled. Whatever in a header begins with the package's prefix is such a
 * name: fields and parameters keep their spelling.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "elsewhere.h"
#include "emit.h"
#include "frontend.h"
#include "golden/collect.h"

static bool is_word(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_';
}

static bool begins(const char *name, const char *prefix)
{
    size_t length = strlen(prefix);

    return strncmp(name, prefix, length) == 0 && name[length] == '_';
}

/* A field that would have the name of a type has a '_' behind it, and is nobody's claim. */
static bool is_claimed(const unit *u, const char *name)
{
    if (name[strlen(name) - 1] == '_')
        return true;
    for (size_t i = 0; i < u->claim_count; i++) {
        const claim *c = &u->claims[i];
        const size_t base = strlen(c->base);

        for (size_t k = 0; strncmp(name, c->base, base) == 0 && c->suffixes[k] != NULL; k++)
            if (strcmp(name + base, c->suffixes[k]) == 0)
                return true;
    }
    return false;
}

/* Words of a header that nobody claimed; those in comments are prose. */
static unsigned count_unclaimed(const unit *u, const char *text, size_t size)
{
    unsigned missing = 0;

    for (size_t i = 0; i < size;) {
        size_t from = i;
        char name[300];

        if (strncmp(text + i, "/*", 2) == 0) {
            i = (size_t)(strstr(text + i, "*/") - text) + 2;
            continue;
        }
        if (!is_word(text[i])) {
            i++;
            continue;
        }
        while (i < size && is_word(text[i]))
            i++;
        assert_true(i - from < sizeof name);
        memcpy(name, text + from, i - from);
        name[i - from] = '\0';
        if ((!begins(name, u->package->c_prefix) && !begins(name, u->package->c_macro)) ||
            is_claimed(u, name))
            continue;
        print_error("%s: nobody claimed '%s'\n", u->path, name);
        missing++;
    }
    return missing;
}

static void test_header_names(void **state)
{
    static const char *const inputs[] = {"tests/gen/everything.aegis", "tests/gen/language.aegis",
                                         "tests/gen/matching.aegis", "examples/orders/shop.aegis"};
    unsigned missing = 0;

    (void)state;
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        compile c;
        collection out = {0};
        const emit_sink sink = collection_sink(&out);
        emit_result result;
        emit_options options = {.memory = &c.memory};
        const unit *u;

        compile_init(&c, NULL, 0);
        assert_true(frontend_compile(&c, inputs[i]));
        u = c.units[c.unit_count - 1];
        assert_true(u->claim_count > 10);
        assert_true(emit_package(u->package, &options, &sink, &result));
        for (size_t k = 0; k < out.count; k++) {
            size_t length = strlen(out.files[k].name);

            if (strcmp(out.files[k].name + length - 2, ".h") == 0)
                missing += count_unclaimed(u, out.files[k].data, out.files[k].size);
        }
        collection_free(&out);
        compile_free(&c);
    }
    assert_int_equal(missing, 0);
}

/* The parser knows the names of the built-in types, since it looks at no later stage. */
static void test_builtin_names(void **state)
{
    compile c;
    unit u = {.c = &c};
    const char *const *names;
    size_t count;

    (void)state;
    compile_init(&c, NULL, 0);
    names = builtin_names(&u, &count);
    assert_true(count > 10);
    for (size_t i = 0; i < count; i++) {
        assert_true(elsewhere_builtin(names[i]));
        assert_null(elsewhere_type(names[i]));
    }
    assert_false(elsewhere_builtin("int"));
    assert_string_equal(elsewhere_type("int"), "i32");
    compile_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_header_names),
                                       cmocka_unit_test(test_builtin_names)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
