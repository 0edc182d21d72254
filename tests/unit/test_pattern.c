/* Patterns: random ones are decided as the C library's regexec decides them, and what it has not is tested by
 * hand: characters outside ASCII, escapes, where a mistake is, how large a machine may become.
 */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "pattern.h"

/* Compile in an arena that must suffice. */
static bool compile(arena *a, const char *text, pattern *out, pattern_mistake *mistake)
{
    jmp_buf escape;

    if (setjmp(escape) != 0) {
        fail_msg("no memory for %s", text);
        return false;
    }
    a->escape = &escape;
    if (pattern_compile(a, text, strlen(text), out, mistake)) {
        a->escape = NULL;
        return true;
    }
    a->escape = NULL;
    return false;
}

static bool decides(const char *text, const char *input)
{
    pattern p;
    pattern_mistake mistake;
    arena a;
    bool result;

    arena_init(&a);
    if (!compile(&a, text, &p, &mistake))
        fail_msg("%s: %s", text, mistake.text);
    result = pattern_matches(&p, input, strlen(input));
    arena_free(&a);
    return result;
}

#define ACCEPTED(pattern, text) assert_true(decides(pattern, text))
#define REFUSED(pattern, text)  assert_false(decides(pattern, text))

/* ---- against regexec ----------------------------------------------------------------------------------- */

typedef struct random_text {
    uint64_t seed;
    char text[256];
    size_t length;
} random_text;

static uint32_t below(random_text *r, uint32_t limit)
{
    r->seed = r->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(r->seed >> 33) % limit;
}

static void put(random_text *r, const char *text)
{
    size_t size = strlen(text);

    assert_true(r->length + size < sizeof r->text);
    memcpy(r->text + r->length, text, size + 1);
    r->length += size;
}

/* Groups within groups. */
#define DEPTH 3

static void put_choice(random_text *r, unsigned depth);

static void put_atom(random_text *r, unsigned depth)
{
    static const char *const simple[] = {"a",    "b",      "c",   "é",      "ab",   ".",    "[ab]",
                                         "[^a]", "[b-cé]", "\\.", "[^b-c]", "[-a]", "[a-]", "\\*"};

    if (depth > 0 && below(r, 4) == 0) {
        put(r, "(");
        put_choice(r, depth - 1);
        put(r, ")");
    } else {
        put(r, simple[below(r, sizeof simple / sizeof simple[0])]);
    }
}

static void put_choice(random_text *r, unsigned depth)
{
    static const char *const repeats[] = {"*", "+", "?", "{2}", "{1,2}", "{2,}", "{0,1}", "{3,4}"};
    uint32_t branches = 1 + below(r, 3) / 2;

    for (uint32_t i = 0; i < branches; i++) {
        uint32_t atoms = 1 + below(r, 3);

        if (i > 0)
            put(r, "|");
        if (depth == DEPTH && below(r, 6) == 0) /* not in a group: glibc 2.36 gets `(^a){2}` wrong */
            put(r, "^");
        for (uint32_t k = 0; k < atoms; k++) {
            put_atom(r, depth);
            if (below(r, 3) == 0)
                put(r, repeats[below(r, sizeof repeats / sizeof repeats[0])]);
        }
        if (depth == DEPTH && below(r, 6) == 0)
            put(r, "$");
    }
}

static void put_input(random_text *r)
{
    static const char *const letters[] = {"a", "b", "c", "é", ".", "*", "-", "à"};
    uint32_t length = below(r, 9);

    r->length = 0;
    r->text[0] = '\0';
    for (uint32_t i = 0; i < length; i++)
        put(r, letters[below(r, sizeof letters / sizeof letters[0])]);
}

static void test_regexec(void **state)
{
    const int patterns = 3000, inputs = 25;
    int accepted = 0, too_large = 0;

    (void)state;
    if (setlocale(LC_ALL, "C.UTF-8") == NULL)
        skip();
    for (int i = 0; i < patterns; i++) {
        random_text r = {.seed = (uint64_t)i * 977 + 5}, input = {.seed = (uint64_t)i * 31 + 7};
        pattern p;
        pattern_mistake mistake;
        regex_t oracle;
        arena a;

        put_choice(&r, DEPTH);
        arena_init(&a);
        if (!compile(&a, r.text, &p, &mistake)) {
            if (mistake.trouble != PATTERN_TOO_LARGE)
                fail_msg("%s: %s", r.text, mistake.text);
            too_large++;
            arena_free(&a);
            continue;
        }
        assert_int_equal(regcomp(&oracle, r.text, REG_EXTENDED | REG_NOSUB), 0);
        for (int k = 0; k < inputs; k++) {
            bool wanted, got;

            put_input(&input);
            wanted = regexec(&oracle, input.text, 0, NULL, 0) == 0;
            got = pattern_matches(&p, input.text, input.length);
            if (wanted != got)
                fail_msg("%s on \"%s\": %d, regexec says %d", r.text, input.text, got, wanted);
            accepted += got;
        }
        regfree(&oracle);
        arena_free(&a);
    }
    assert_true(too_large < patterns / 20);
    assert_true(accepted > patterns && accepted < patterns * (inputs - 1));
    (void)setlocale(LC_ALL, "C");
}

/* ---- by hand ------------------------------------------------------------------------------------------- */

static void test_meaning(void **state)
{
    (void)state;
    ACCEPTED("^[A-Z0-9-]+$", "A-1");
    REFUSED("^[A-Z0-9-]+$", "");
    REFUSED("^[A-Z0-9-]+$", "A-1\n");
    ACCEPTED("[0-9]{3}", "ab123cd");
    REFUSED("[0-9]{3}", "12a34");
    ACCEPTED("^.$", "\xf0\x9f\x98\x80");
    REFUSED("^.{2}$", "\xf0\x9f\x98\x80");
    ACCEPTED("^[^a]$", "\xe2\x82\xac");
    REFUSED("^.$", "\n");
    REFUSED("^.$", "\r");
    REFUSED("^.$", "\xe2\x80\xa8"); /* U+2028 */
    ACCEPTED("^[^a]$", "\n");
    ACCEPTED("^\\d\\D\\w\\W\\s\\S$", "0x_- y");
    REFUSED("^\\d$", "x");
    REFUSED("^\\w$", "\xc3\xa9");
    ACCEPTED("^[\\d_-]+$", "1_-2");
    ACCEPTED("^[\\D]+$", "a-\xc3\xa9");
    REFUSED("^[\\D]+$", "a1");
    ACCEPTED("^\\x41\\u0042\\u{1F600}\\t$", "AB\xf0\x9f\x98\x80\t");
    ACCEPTED("^\\^\\$\\\\\\.\\*\\+\\?\\(\\)\\[\\]\\{\\}\\|\\/\\-$", "^$\\.*+?()[]{}|/-");
    ACCEPTED("^a{0}b$", "b");
    ACCEPTED("^(?:ab)+?c$", "ababc");
    ACCEPTED("^(a|)b$", "b");
    ACCEPTED("^$", "");
    REFUSED("^$", "x");
    ACCEPTED("$^", "");
    REFUSED("x^y", "xy");
    ACCEPTED("(^|\\W)end(\\W|$)", "the end.");
    REFUSED("(^|\\W)end(\\W|$)", "the bend");
    ACCEPTED("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "00112233-4455-6677-8899-aabbccddeeff");
    ACCEPTED("^([^:/?#]+):\\/\\/([^/?#]*)([^?#]*)(\\?([^#]*))?(#(.*))?$", "http://example.org/a?b#c");
    ACCEPTED("^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(?:-((?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)"
             "(?:\\.(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\\+([0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*"
             "))?$",
             "1.0.0-alpha.1+001");
}

/* What the table says of all texts. */
static void test_properties(void **state)
{
    static const struct {
        const char *text;
        bool any, none;
        size_t least, states;
    } cases[] = {
        {"", true, false, 0, 3},
        {"a*", true, false, 0, 3},
        {"a^b", false, true, SIZE_MAX, 3},
        {"^[^\\x00-\\u{10ffff}]", false, true, SIZE_MAX, 3},
        {"^a$", false, false, 1, 4},
        {"^a{3,}$", false, false, 3, 6},
        {"^(\xc3\xa9|xyz)$", false, false, 2, 6},
        {"^[\\u{1F600}-\\u{1F6FF}]{2}$", false, false, 8, 5},
        {"abc", false, false, 3, 5},
        {"^(a|b|c|d)$", false, false, 1, 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pattern p;
        pattern_mistake mistake;
        arena a;

        arena_init(&a);
        assert_true(compile(&a, cases[i].text, &p, &mistake));
        if (p.any != cases[i].any || p.none != cases[i].none || p.least_size != cases[i].least ||
            p.state_count != cases[i].states)
            fail_msg("%s: any %d, none %d, least %zu, %zu states", cases[i].text, p.any, p.none, p.least_size,
                     p.state_count);
        arena_free(&a);
    }
}

/* Every mistake is at its place, and only the first is told. */
static void test_mistakes(void **state)
{
    static const struct {
        const char *text;
        size_t at, end;
        const char *says;
    } cases[] = {
        {"a(b", 1, 2, "this '(' is never closed"},
        {"ab)", 2, 3, "this ')' closes nothing"},
        {"a[b", 1, 2, "this '[' is never closed"},
        {"a[]b", 1, 3, "the class holds no character"},
        {"[^]", 0, 3, "the class holds no character"},
        {"[z-a]", 1, 4, "the range is the wrong way round"},
        {"[a-\\d]", 1, 5, "a range ends with a character"},
        {"[[:alpha:]]", 1, 3, "classes have no names here"},
        {"*a", 0, 1, "nothing stands before this that could be repeated"},
        {"a|+", 2, 3, "nothing stands before this that could be repeated"},
        {"a**", 2, 3, "this is repeated already"},
        {"a++", 2, 3, "this is repeated already"},
        {"^*", 1, 2, "an end of the text cannot be repeated"},
        {"{2}", 0, 1, "this sign has a meaning in patterns, but not here"},
        {"a]", 1, 2, "this sign has a meaning in patterns, but not here"},
        {"a{2,1}", 1, 6, "the least is above the most"},
        {"a{x}", 1, 3, "this is not how a repetition is written"},
        {"a{2", 1, 3, "this is not how a repetition is written"},
        {"a{9999}", 1, 7, "at most 1000 repetitions can be counted"},
        {"a{99999999999999999999}", 1, 23, "at most 1000 repetitions can be counted"},
        {"(?=a)", 0, 3, "groups that begin with '?' are not part of the language"},
        {"(a)\\1", 3, 5, "a pattern cannot refer back to what a group matched"},
        {"\\bword", 0, 2, "patterns know no word boundaries"},
        {"\\p{L}", 0, 2, "patterns know no classes of Unicode"},
        {"x\\y", 1, 3, "this escape is not known"},
        {"x\\\xc3\xa9", 1, 4, "this escape is not known"},
        {"x\\", 1, 2, "nothing stands behind this backslash"},
        {"\\x4", 0, 3, "this names no character"},
        {"\\ud800", 0, 6, "this names no character"},
        {"\\u{110000}", 0, 10, "this names no character"},
        {"[\\x4]", 1, 4, "this names no character"},
        {"((a{100}){100}){100}", 0, 20, "this pattern is too large"},
        {"(((){1000}){1000}){1000}", 0, 24, "this pattern is too large"},
        {"(a|b)*a(a|b){20}$", 0, 17, "this pattern is too large"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pattern p;
        pattern_mistake mistake;
        arena a;

        arena_init(&a);
        if (compile(&a, cases[i].text, &p, &mistake))
            fail_msg("%s is accepted", cases[i].text);
        if (mistake.at != cases[i].at || mistake.end != cases[i].end ||
            strcmp(mistake.text, cases[i].says) != 0)
            fail_msg("%s: at %zu to %zu it says \"%s\"", cases[i].text, mistake.at, mistake.end,
                     mistake.text);
        arena_free(&a);
    }
}

static bool permit(void *user)
{
    size_t *left = (size_t *)user;

    return *left > 0 && (*left)-- > 0;
}

/* Wherever memory ends, the escape is taken; what a pattern takes is bounded. */
static void test_memory(void **state)
{
    const char *text = "^(a|[^b-d]{2,9}|\\d+x)*$";
    volatile bool done = false;

    (void)state;
    for (volatile size_t allowed = 0; !done; allowed++) {
        size_t left = allowed;
        pattern p;
        pattern_mistake mistake;
        jmp_buf escape;
        arena a;

        arena_init(&a);
        a.permit = permit;
        a.permit_user = &left;
        a.escape = &escape;
        if (setjmp(escape) == 0) {
            assert_true(pattern_compile(&a, text, strlen(text), &p, &mistake));
            done = true;
            assert_true(a.used < 100000);
        }
        assert_true(done != a.failed);
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regexec),  cmocka_unit_test(test_meaning), cmocka_unit_test(test_properties),
        cmocka_unit_test(test_mistakes), cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
