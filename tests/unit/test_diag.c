/* Diagnostics: every file in tests/diag holds one mistake or a few, those in tests/diag/strangers many, as
 * people make them who come from other languages; beside it stands the exact text that the front end says
 * about it. AEGIS_GOLDEN=update writes those texts anew; read the difference before committing it. Runs in
 * the top folder of the source, as its paths are part of the texts.
 */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend.h"

#define FOLDER    "tests/diag"
#define STRANGERS "tests/diag/strangers"
#define EXTENSION ".aegis"

/* Fewer files than this means that the folder was not found or not read. */
#define FILES_LEAST 25

static bool is_input(const char *name)
{
    size_t length = strlen(name), end = strlen(EXTENSION);

    return length > end && strcmp(name + length - end, EXTENSION) == 0;
}

static int wanted(const struct dirent *entry)
{
    return is_input(entry->d_name);
}

/* What stands in a file; empty when there is none. To be freed. */
static char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = (char *)calloc(1, 65536);

    assert_non_null(text);
    if (file != NULL) {
        size_t length = fread(text, 1, 65535, file);

        text[length] = '\0';
        assert_int_equal(fclose(file), 0);
    }
    return text;
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

/* Compile one file and compare; false when the text is another. */
static bool check_file(const char *folder, const char *name)
{
    const char *mode = getenv("AEGIS_GOLDEN");
    char input[300], golden[300], *expected;
    const char *text;
    compile c;
    bool ok, same;

    (void)snprintf(input, sizeof input, "%s/%s", folder, name);
    (void)snprintf(golden, sizeof golden, "%s/%.*s.expected", folder, (int)(strlen(name) - strlen(EXTENSION)),
                   name);
    compile_init(&c, NULL, 0);
    ok = frontend_compile(&c, input);
    text = diag_format(&c.reports, false);
    assert_non_null(text);
    assert_int_equal(ok, c.reports.errors == 0);
    assert_true(c.reports.errors + c.reports.warnings > 0);
    if (mode != NULL && strcmp(mode, "update") == 0)
        write_text(golden, text);
    expected = read_text(golden);
    same = strcmp(expected, text) == 0;
    if (!same)
        print_error("%s: expected\n%s\nbut it says\n%s\n", input, expected, text);
    free(expected);
    compile_free(&c);
    return same;
}

static void check_folder(const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, wanted, alphasort), wrong = 0;

    for (int i = 0; i < count; i++) {
        wrong += check_file(folder, entries[i]->d_name) ? 0 : 1;
        free(entries[i]);
    }
    free(entries);
    assert_true(count >= FILES_LEAST);
    assert_int_equal(wrong, 0);
}

static void test_texts(void **state)
{
    (void)state;
    check_folder(FOLDER);
}

static void test_strangers(void **state)
{
    (void)state;
    check_folder(STRANGERS);
}

/* The same compile twice says the same, and compiles share nothing. */
static void test_repeatable(void **state)
{
    compile one, two;

    (void)state;
    compile_init(&one, NULL, 0);
    compile_init(&two, NULL, 0);
    assert_false(frontend_compile(&one, FOLDER "/five_mistakes.aegis"));
    assert_false(frontend_compile(&two, FOLDER "/five_mistakes.aegis"));
    assert_string_equal(diag_format(&one.reports, false), diag_format(&two.reports, false));
    assert_string_equal(diag_format(&one.reports, false), diag_format(&one.reports, false));
    compile_free(&one);
    compile_free(&two);
}

static bool permit(void *user)
{
    size_t *left = (size_t *)user;

    if (*left == 0)
        return false;
    --*left;
    return true;
}

/* Compile with ever more allocations allowed, `step` more each time, until they are enough. */
static void end_memory(const char *input, size_t step)
{
    bool failed = true;

    for (size_t allowed = 0; failed; allowed += step + allowed / 40) {
        size_t left = allowed;
        compile c;

        compile_init(&c, NULL, 0);
        c.memory.permit = permit;
        c.memory.permit_user = &left;
        if (frontend_compile(&c, input))
            assert_false(c.memory.failed);
        failed = c.memory.failed;
        assert_true(allowed < 1000000);
        compile_free(&c);
    }
}

/* Wherever memory ends, the compile ends too, says so, and leaves nothing behind. */
static void test_memory_ends(void **state)
{
    static const char *const inputs[] = {FOLDER "/five_mistakes.aegis", FOLDER "/publishes_and_uses.aegis",
                                         FOLDER "/method_annotations.aegis", "examples/orders/shop.aegis"};

    (void)state;
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++)
        end_memory(inputs[i], 1);
}

/* The same while a mistake is mended: of every kind, but not everywhere. */
static void test_memory_ends_mending(void **state)
{
    glob_t found;

    (void)state;
    assert_int_equal(glob(FOLDER "/one/*.aegis", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        end_memory(found.gl_pathv[i], 5);
    globfree(&found);
}

/* Every number has a longer explanation, and none is given twice. */
static void test_explanations(void **state)
{
    size_t count;
    const diag_code *codes = diag_codes(&count);

    (void)state;
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || codes[i].number > codes[i - 1].number);
        assert_ptr_equal(diag_find(codes[i].number), &codes[i]);
        assert_non_null(codes[i].title);
        assert_non_null(codes[i].explain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_repeatable),
        cmocka_unit_test(test_memory_ends),
        cmocka_unit_test(test_memory_ends_mending),
        cmocka_unit_test(test_explanations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
