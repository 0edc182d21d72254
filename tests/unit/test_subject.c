/* Subjects: which are valid, which pattern takes which, which patterns meet and which contain others. The two
 * relations between patterns are also held against matching itself, over every pattern of a small alphabet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "domain/subject.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void validity(void **state)
{
    static const char *const subjects[] = {"a", "a.b", "$SYS._INBOX.x-1", "a*.b", "a.b>", "\xc3\xa4.b", "*a"};
    static const char *const patterns[] = {"*", ">", "a.*", "*.a", "a.>", "*.*.>", "a.*.b"};
    static const char *const neither[] = {"",     ".",   "a.",    ".a",      "a..b", "a b",
                                          "a\tb", "a\n", "a\x7f", "a.b\r\n", ">.a",  "a.>.b"};
    (void)state;
    for (size_t i = 0; i < COUNT(subjects); i++) {
        assert_true(aegis_subject_valid(subjects[i]));
        assert_true(aegis_subject_pattern_valid(subjects[i]));
        assert_false(aegis_subject_has_wildcard(subjects[i]));
    }
    for (size_t i = 0; i < COUNT(patterns); i++) {
        assert_false(aegis_subject_valid(patterns[i]));
        assert_true(aegis_subject_pattern_valid(patterns[i]));
        assert_true(aegis_subject_has_wildcard(patterns[i]));
    }
    for (size_t i = 0; i < COUNT(neither); i++) {
        assert_false(aegis_subject_valid(neither[i]));
        assert_false(aegis_subject_pattern_valid(neither[i]));
    }
    assert_false(aegis_subject_valid(NULL));
    assert_false(aegis_subject_pattern_valid(NULL));
}

static void length(void **state)
{
    char text[AEGIS_SUBJECT_MAX + 2];
    (void)state;
    memset(text, 'a', sizeof text);
    text[AEGIS_SUBJECT_MAX] = '\0';
    assert_true(aegis_subject_valid(text));
    text[AEGIS_SUBJECT_MAX] = 'a';
    text[AEGIS_SUBJECT_MAX + 1] = '\0';
    assert_false(aegis_subject_valid(text));
}

static void matching(void **state)
{
    static const struct {
        const char *pattern, *subject;
        bool matches;
    } cases[] = {
        {"a", "a", true},
        {"a", "b", false},
        {"a", "a.b", false},
        {"a.b", "a", false},
        {"a", "ab", false},
        {"ab", "a", false},
        {"*", "a", true},
        {"*", "a.b", false},
        {"a.*", "a.b", true},
        {"a.*", "a", false},
        {"a.*", "a.b.c", false},
        {"*.b", "a.b", true},
        {"a.*.c", "a.b.c", true},
        {"a.*.c", "a.b.d", false},
        {">", "a", true},
        {">", "a.b.c", true},
        {"a.>", "a", false},
        {"a.>", "a.b", true},
        {"a.>", "a.b.c", true},
        {"a.>", "b.c", false},
        {"*.>", "a.b", true},
        {"*.>", "a", false},
        {"a*.b", "aa.b", false},
        {"a*.b", "a*.b", true},
        {"orders.*.placed", "orders.eu.placed", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (aegis_subject_matches(cases[i].pattern, cases[i].subject) != cases[i].matches)
            fail_msg("'%s' and '%s'", cases[i].pattern, cases[i].subject);
}

static void relations(void **state)
{
    static const struct {
        const char *one, *other;
        bool overlaps, covers;
    } cases[] = {
        {"a.*", "*.b", true, false},      {"a.*", "b.*", false, false}, {"a.>", "a.*", true, true},
        {"a.*", "a.>", true, false},      {">", "a", true, true},       {"a", ">", true, false},
        {"*", "*", true, true},           {"*", "a.b", false, false},   {"a.>", "a", false, false},
        {"*.>", ">", true, false},        {">", "*.>", true, true},     {"a.*.c", "a.b.>", true, false},
        {"a.*.c", "*.b.d", false, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (aegis_subject_overlaps(cases[i].one, cases[i].other) != cases[i].overlaps ||
            aegis_subject_overlaps(cases[i].other, cases[i].one) != cases[i].overlaps)
            fail_msg("overlap of '%s' and '%s'", cases[i].one, cases[i].other);
        if (aegis_subject_covers(cases[i].one, cases[i].other) != cases[i].covers)
            fail_msg("does '%s' cover '%s'", cases[i].one, cases[i].other);
    }
}

enum { TOKENS = 3, PATTERNS = 64, SUBJECTS = 512 };

/* Every sequence of one to `depth` tokens of `alphabet` that is valid. */
static size_t generate(char (*into)[16], const char *alphabet, size_t depth)
{
    size_t count = 0, begin = 0;
    for (const char *c = alphabet; *c; c++)
        snprintf(into[count++], 16, "%c", *c);
    for (size_t level = 1; level < depth; level++) {
        size_t end = count;
        for (size_t i = begin; i < end; i++)
            for (const char *c = alphabet; *c && !strchr(into[i], '>'); c++)
                snprintf(into[count++], 16, "%.8s.%c", into[i], *c);
        begin = end;
    }
    return count;
}

/* Subjects are one token longer than the patterns and have one letter more, so that what no pattern names is
 * there.
 */
static void relations_follow_from_matching(void **state)
{
    static char patterns[PATTERNS][16], subjects[SUBJECTS][16];
    size_t pattern_count = generate(patterns, "a*>", TOKENS);
    size_t subject_count = generate(subjects, "abc", TOKENS + 1);
    (void)state;
    assert_true(pattern_count <= PATTERNS && subject_count <= SUBJECTS);
    for (size_t i = 0; i < pattern_count; i++) {
        assert_true(aegis_subject_pattern_valid(patterns[i]));
        for (size_t j = 0; j < pattern_count; j++) {
            bool overlaps = false, covers = true;
            for (size_t s = 0; s < subject_count; s++) {
                bool one = aegis_subject_matches(patterns[i], subjects[s]);
                bool other = aegis_subject_matches(patterns[j], subjects[s]);
                overlaps = overlaps || (one && other);
                covers = covers && (one || !other);
            }
            if (aegis_subject_overlaps(patterns[i], patterns[j]) != overlaps)
                fail_msg("overlap of '%s' and '%s'", patterns[i], patterns[j]);
            if (aegis_subject_covers(patterns[i], patterns[j]) != covers)
                fail_msg("does '%s' cover '%s'", patterns[i], patterns[j]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(validity),
        cmocka_unit_test(length),
        cmocka_unit_test(matching),
        cmocka_unit_test(relations),
        cmocka_unit_test(relations_follow_from_matching),
    };
    return cmocka_run_group_tests_name("subject", tests, NULL, NULL);
}
