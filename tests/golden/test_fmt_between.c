/* The formatter, whatever stands between tokens: sources of the repository, with blanks, line breaks and
 * comments of every kind thrown in between their tokens, the same ones in every run. A fuzzer seldom finds
 * texts that can be parsed; these nearly all can.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "golden/fmt_check.h"
#include "grammar.h"
#include "parser.h"
#include "text.h"

#define ROUNDS 60

static uint32_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (uint32_t)(*seed >> 16);
}

/* Something between two tokens. The more is thrown in, the more lines are broken. */
static void put_between(text_buffer *out, uint64_t *seed, uint32_t density)
{
    static const char *const pieces[] = {
        "\n",
        "\n\n\n",
        " ",
        "\t",
        "\r\n",
        "/* c */",
        "// line\n",
        "//\n",
        "/* many\n   lines */",
        "\n/*\n * starred\n * lines\n */\n",
        " /* one */ /* and another */ ",
        "\n// own line\n",
        "/*/ slash /*/",
        "/* \xc3\xb6 \xf0\x9f\x98\x80 */",
        " /// behind something\n",
        "\n\n// apart\n\n",
        "/**/",
        "/***/",
        "// a rather long comment that makes the line longer than any line should be, and then goes on a "
        "little\n",
        "/* a rather long comment that makes the line longer than any line should be, and then goes on a bit "
        "*/",
    };

    text_puts(out, " ");
    while (next(seed) % 100 < density)
        text_puts(out, pieces[next(seed) % (sizeof pieces / sizeof pieces[0])]);
    if (next(seed) % 1000 < density / 4)
        text_puts(out, "\n/// a doc\n");
}

/* The tokens of `path`, with something else between them. */
static text_buffer scatter(arena *memory, const char *path, uint64_t *seed, uint32_t density)
{
    sources files = {.memory = memory};
    diags reports = {.memory = memory, .files = &files};
    parser p = {.memory = memory, .reports = &reports, .files = &files};
    text_buffer out = text_begin(memory);
    const char *why = "";

    assert_int_equal(source_open(&files, path, &p.file, &why), SOURCE_OK);
    assert_true(lexer_run(&p));
    for (size_t i = 0; i < p.count; i++) {
        const token *t = &p.tokens[i];
        const char *at = files.files[p.file].text + t->where.start;

        text_puts(&out, t->kind == DOC ? "\n" : "");
        text_put(&out, at, t->where.end - t->where.start);
        text_puts(&out, t->kind == DOC ? "\n" : "");
        put_between(&out, seed, density);
    }
    assert_non_null(out.data);
    return out;
}

static void test_between(void **state)
{
    static const char *const paths[] = {"tests/golden/fmt/layout.aegis",   "tests/golden/fmt/comments.aegis",
                                        "examples/orders/shop.aegis",      "tests/gen/everything.aegis",
                                        "tests/gen/torture.aegis",         "idl/aegis/wire.aegis",
                                        "tests/diag/pattern_syntax.aegis", "tests/gen/parts/pay.aegis"};
    uint64_t seed = UINT64_C(88172645463325252);
    size_t good = 0, refused = 0, wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        for (uint32_t round = 0; round < ROUNDS; round++) {
            const char *why = "";
            fmt_result result;
            text_buffer text;
            arena memory;

            arena_init(&memory);
            text = scatter(&memory, paths[i], &seed, 1 + round);
            result = fmt_check(text.data, text.size, &why);
            good += result == FMT_GOOD;
            refused += result == FMT_REFUSED;
            if (result == FMT_WRONG && wrong++ == 0)
                print_error("%s, round %u: %s\n%s\n", paths[i], round, why, text.data);
            arena_free(&memory);
        }
    }
    assert_int_equal(wrong, 0);
    assert_true(good > 2 * refused); /* docs in odd places: several in a row are a mistake */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_between)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
