/* One planted mistake a file: exactly one diagnostic, at the planted place, with its exact text.
 *
 * Each tests/diag/one/NAME.aegis says itself where its mistake is and which code it gets, so that a changed
 * text cannot move it unseen:
 *
 *     struct Item { price: f46; }
 *     //                   ^ AE0304        the sign stands under the place, in the line before
 *     //< AE0301                           the first column of the line before
 *     // AE0202 at 9:1                     as the first line: line and column
 *
 * Beside it stands the text that the front end says, NAME.expected. AEGIS_GOLDEN=update writes those texts
 * anew; read the difference before committing it. Runs in the top folder of the source, as its paths are part
 * of the texts.
 */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend.h"

#define FOLDER    "tests/diag/one"
#define SEVERAL   "tests/diag"
#define TOGETHER  "tests/diag/together"
#define EXTENSION ".aegis"

/* Fewer files than this means that the folder was not found or not read. */
#define FILES_LEAST 150
/* Of a hundred files, so many get exactly one diagnostic, at the right place. */
#define EXACT_LEAST 95

static int wanted(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name), end = strlen(EXTENSION);

    return length > end && strcmp(entry->d_name + length - end, EXTENSION) == 0;
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

/* ---- where the mistake was planted ---- */

typedef struct planted {
    unsigned line, column;
    int code;
} planted;

/* Characters before `end`, a byte order mark not counted. */
static unsigned characters(const char *text, const char *end)
{
    unsigned count = 0;

    if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    for (; text < end; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

/* The one mark of a file; the test fails when there is none or a second. */
static planted find_planted(const char *name, const char *text)
{
    planted found = {0, 0, 0}, here;
    unsigned line = 1, marks = 0;

    for (const char *at = text; *at != '\0'; line++) {
        size_t length = strcspn(at, "\n");
        const char *sign = strncmp(at, "//", 2) == 0 ? at + 2 + strspn(at + 2, " ") : NULL;

        here = (planted){line - 1, 0, 0};
        if (sign != NULL && sscanf(sign, "^ AE%d", &here.code) == 1)
            here.column = characters(at, sign) + 1;
        else if (sscanf(at, "//< AE%d", &here.code) == 1)
            here.column = 1;
        else if (line == 1 && sscanf(at, "// AE%d at %u:%u", &here.code, &here.line, &here.column) != 3)
            here.column = 0;
        if (here.column != 0) {
            found = here;
            marks++;
        }
        at += length + (at[length] == '\n' ? 1 : 0);
    }
    if (marks != 1)
        fail_msg("%s has %u marks", name, marks);
    return found;
}

/* ---- one file ---- */

static bool is_exact(const compile *c, planted where)
{
    source_position at;

    if (c->reports.count != 1 || !c->reports.items[0].placed)
        return false;
    at = source_locate(&c->files, c->reports.items[0].where);
    return c->reports.items[0].code->number == where.code && at.line == where.line &&
           at.column == where.column;
}

/* Compare with what stands in `golden`, or write that anew. */
static bool matches(const char *input, const char *golden, const char *text)
{
    const char *mode = getenv("AEGIS_GOLDEN");
    char *expected;
    bool same;

    assert_non_null(text);
    if (mode != NULL && strcmp(mode, "update") == 0)
        write_text(golden, text);
    expected = read_text(golden);
    same = strcmp(expected, text) == 0;
    if (!same)
        print_error("%s: expected\n%s\nbut it says\n%s\n", input, expected, text);
    free(expected);
    return same;
}

/* Compile one file; false when its text is another. `*exact`: one diagnostic, where it was planted. */
static bool check_file(const char *name, bool *exact)
{
    char input[300], golden[300], *source;
    const char *text;
    bool same, good;
    compile c;

    (void)snprintf(input, sizeof input, FOLDER "/%s", name);
    (void)snprintf(golden, sizeof golden, FOLDER "/%.*s.expected", (int)(strlen(name) - strlen(EXTENSION)),
                   name);
    source = read_text(input);
    compile_init(&c, NULL, 0);
    good = frontend_compile(&c, input);
    assert_int_equal(good, c.reports.errors == 0);
    text = diag_format(&c.reports, false);
    *exact = is_exact(&c, find_planted(input, source));
    if (!*exact)
        print_error("%s: not one diagnostic at the planted place:\n%s\n", input, text);
    same = matches(input, golden, text);
    free(source);
    compile_free(&c);
    return same;
}

static void test_planted(void **state)
{
    struct dirent **entries = NULL;
    int count = scandir(FOLDER, &entries, wanted, alphasort), wrong = 0, exact = 0;

    (void)state;
    for (int i = 0; i < count; i++) {
        bool one;

        wrong += check_file(entries[i]->d_name, &one) ? 0 : 1;
        exact += one ? 1 : 0;
        free(entries[i]);
    }
    free(entries);
    print_message("%d of %d files: one diagnostic at the planted place\n", exact, count);
    assert_true(count >= FILES_LEAST);
    assert_int_equal(wrong, 0);
    assert_true(exact * 100 >= count * EXACT_LEAST);
}

/* ---- all codes ---- */

/* Note the codes that the files of a folder get. No two reports begin at the same place. */
static void collect_codes(const char *folder, bool seen[1000])
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, wanted, alphasort);

    for (int i = 0; i < count; i++) {
        char path[300];
        compile c;

        (void)snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        compile_init(&c, NULL, 0);
        (void)frontend_compile(&c, path);
        diag_sort(&c.reports);
        for (size_t k = 0; k < c.reports.count; k++) {
            const diag *one = &c.reports.items[k], *before = k == 0 ? NULL : one - 1;

            seen[one->code->number] = true;
            if (before != NULL && before->placed && before->where.file == one->where.file)
                assert_true(before->where.start < one->where.start);
        }
        compile_free(&c);
        free(entries[i]);
    }
    free(entries);
}

/* What only shows when files are looked at together. */
static void compile_together(compile *c)
{
    compile_init(c, NULL, 0);
    assert_true(frontend_compile(c, TOGETHER "/orders.aegis"));
    assert_true(frontend_compile(c, TOGETHER "/desk.aegis"));
}

static void test_together(void **state)
{
    compile c;

    (void)state;
    compile_together(&c);
    assert_true(matches(TOGETHER, TOGETHER "/both.expected", diag_format(&c.reports, false)));
    compile_free(&c);
}

static void test_every_code(void **state)
{
    bool seen[1000] = {false};
    size_t count, missing = 0;
    const diag_code *codes = diag_codes(&count);
    compile c;

    (void)state;
    collect_codes(FOLDER, seen);
    collect_codes(SEVERAL, seen);
    compile_init(&c, NULL, 0);
    assert_false(frontend_compile(&c, FOLDER "/there is no such file"));
    assert_int_equal(c.reports.count, 1);
    seen[c.reports.items[0].code->number] = true;
    compile_free(&c);
    compile_together(&c);
    seen[c.reports.items[0].code->number] = true;
    compile_free(&c);
    for (size_t i = 0; i < count; i++) {
        if (seen[codes[i].number])
            continue;
        print_error("AE%04d (%s): no file gets it\n", codes[i].number, codes[i].title);
        missing++;
    }
    assert_int_equal(missing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_planted), cmocka_unit_test(test_together),
                                       cmocka_unit_test(test_every_code)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
