/* What `aegisc explain` teaches is true: every code has a lesson, its wrong example gets exactly that code,
 * its right one nothing. docs/DIAGNOSTICS.md is the same as a page; AEGIS_GOLDEN=update writes it anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag_lessons.h"
#include "diag_rules.h"
#include "frontend.h"

#define PAGE "docs/DIAGNOSTICS.md"

/* Codes whose examples are not one file. */
static bool is_told(int number)
{
    return number == 511 /* two files */ || number == 901 /* the command line */;
}

static bool is_whole(const char *example)
{
    return strncmp(example, "aegis ", 6) == 0 || strncmp(example, "package ", 8) == 0;
}

/* Compile an example and look at what it gets: `number` once, or nothing when that is 0. */
static bool gets(const char *example, int number)
{
    const char *text;
    compile c;
    bool good;

    compile_init(&c, NULL, 0);
    text = is_whole(example) ? example : arena_printf(&c.memory, "aegis 1;\npackage shop;\n\n%s", example);
    assert_non_null(text);
    assert_true(source_add_text(&c.files, "pay.aegis", DIAG_LESSON_IMPORT, strlen(DIAG_LESSON_IMPORT)));
    assert_true(source_add_text(&c.files, "example.aegis", text, strlen(text)));
    (void)frontend_compile(&c, "example.aegis");
    diag_sort(&c.reports);
    good = number == 0 ? c.reports.count == 0
                       : c.reports.count == 1 && c.reports.items[0].code->number == number;
    if (!good)
        print_error("%s\nshould get AE%04d once and gets\n%s\n", example, number,
                    diag_format(&c.reports, false));
    compile_free(&c);
    return good;
}

static void test_lessons(void **state)
{
    size_t count, wrong = 0;
    const diag_code *codes = diag_codes(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        const diag_lesson *lesson = diag_lesson_of(codes[i].number);

        assert_true(i == 0 || codes[i].number > codes[i - 1].number);
        assert_ptr_equal(diag_find(codes[i].number), &codes[i]);
        assert_true(strlen(codes[i].title) > 5 && strlen(codes[i].explain) > 20);
        if (lesson == NULL) {
            print_error("AE%04d has no lesson\n", codes[i].number);
            wrong++;
            continue;
        }
        assert_true(strlen(lesson->why) > 20 && strlen(lesson->wrong) > 5 && strlen(lesson->right) > 5);
        if (is_told(codes[i].number))
            continue;
        wrong += gets(lesson->wrong, codes[i].number) ? 0 : 1;
        wrong += gets(lesson->right, 0) ? 0 : 1;
    }
    assert_int_equal(wrong, 0);
}

/* No lesson is about a number that does not exist. */
static void test_no_other_lessons(void **state)
{
    size_t count;

    (void)state;
    for (int number = 1; number < DIAG_RULES; number++) {
        const diag_code *code = diag_find(number);

        if (code->number == 0)
            assert_null(diag_lesson_of(number));
    }
    (void)diag_rules_lint(&count);
    assert_true(count > 0);
}

/* The numbers that were ever given, with their levels: a number keeps its meaning, and new ones are added
 * here. */
static void test_numbers_stay(void **state)
{
    static const int numbers[] = {101, 102, 103, 104, 105, 106, 107, 110, 111, 201, 202, 203, 204, 301,
                                  302, 303, 304, 305, 306, 307, 308, 309, 310, 311, 312, 401, 402, 403,
                                  404, 405, 406, 407, 408, 409, 501, 502, 503, 504, 505, 506, 507, 508,
                                  509, 510, 511, 601, 602, 603, 604, 605, 606, 607, 620, 621, 622, 901};
    static const int warnings[] = {110, 307, 504, 510, 511};
    size_t count, at = 0;
    const diag_code *codes = diag_codes(&count);

    (void)state;
    assert_int_equal(count, sizeof numbers / sizeof numbers[0]);
    for (size_t i = 0; i < count; i++) {
        bool warning = at < sizeof warnings / sizeof warnings[0] && warnings[at] == numbers[i];

        assert_int_equal(codes[i].number, numbers[i]);
        assert_int_equal(codes[i].level, warning ? DIAG_WARNING : DIAG_ERROR);
        at += warning ? 1 : 0;
    }
}

static char *read_page(void)
{
    FILE *file = fopen(PAGE, "rb");
    char *text = (char *)calloc(1, (size_t)1 << 18);

    assert_non_null(text);
    if (file != NULL) {
        (void)fread(text, 1, ((size_t)1 << 18) - 1, file);
        assert_int_equal(fclose(file), 0);
    }
    return text;
}

static void write_page(const char *text)
{
    FILE *file = fopen(PAGE, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void test_page(void **state)
{
    const char *mode = getenv("AEGIS_GOLDEN"), *text;
    char *page;
    arena memory;

    (void)state;
    arena_init(&memory);
    text = diag_explain_all(&memory);
    assert_non_null(text);
    if (mode != NULL && strcmp(mode, "update") == 0)
        write_page(text);
    page = read_page();
    if (strcmp(page, text) != 0)
        fail_msg(PAGE " is not what the tables say; make golden writes it");
    free(page);
    arena_free(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lessons),
                                       cmocka_unit_test(test_no_other_lessons),
                                       cmocka_unit_test(test_numbers_stay), cmocka_unit_test(test_page)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
