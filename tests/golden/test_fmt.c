/* The formatter: what the files of tests/golden/fmt become, word for word, and what holds for every source in
 * the repository. AEGIS_GOLDEN=update writes today's results; read the difference before committing it. Runs
 * in the top folder of the source.
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

#include "fmt.h"
#include "golden/fmt_check.h"

/* Fewer sources than these mean that a folder was not found or not read. */
#define GOLDEN_LEAST  5
#define CORPORA_LEAST 45

static bool ends_with(const char *name, const char *end)
{
    const size_t length = strlen(name);

    return length > strlen(end) && strcmp(name + length - strlen(end), end) == 0;
}

/* All of a file, to be freed; empty when there is none. */
static char *read_file(const char *path, size_t *size)
{
    const size_t room = (size_t)1 << 20;
    FILE *file = fopen(path, "rb");
    char *text = (char *)calloc(1, room);

    assert_non_null(text);
    *size = 0;
    if (file != NULL) {
        *size = fread(text, 1, room - 1, file);
        assert_int_equal(fclose(file), 0);
    }
    return text;
}

typedef void visitor(const char *path, void *user);

/* Every .aegis file of a folder and the folders in it, by name. */
static void each_source(const char *folder, visitor *visit, void *user)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        char path[500];

        assert_true(snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name) < (int)sizeof path);
        if (entries[i]->d_name[0] != '.' && ends_with(path, ".aegis"))
            visit(path, user);
        else if (entries[i]->d_name[0] != '.' && strchr(entries[i]->d_name, '.') == NULL)
            each_source(path, visit, user); /* fails for what is no folder */
        free(entries[i]);
    }
    free(entries);
}

typedef struct tally {
    size_t good, refused, wrong;
} tally;

static void check_one(const char *path, void *user)
{
    tally *t = (tally *)user;
    const char *why = "";
    size_t size;
    char *text = read_file(path, &size);
    /* Without a byte behind it that could hide a read too far. */
    char *exact = (char *)malloc(size + (size == 0));
    fmt_result result;

    assert_non_null(exact);
    memcpy(exact, text, size);
    result = fmt_check(exact, size, &why);
    t->good += result == FMT_GOOD;
    t->refused += result == FMT_REFUSED;
    t->wrong += result == FMT_WRONG;
    if (result == FMT_WRONG)
        print_error("%s: %s\n", path, why);
    free(exact);
    free(text);
}

static void test_corpora(void **state)
{
    static const char *const folders[] = {"tests", "examples", "idl"};
    tally t = {0, 0, 0};

    (void)state;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        each_source(folders[i], check_one, &t);
    assert_int_equal(t.wrong, 0);
    assert_true(t.good >= CORPORA_LEAST);
}

static void check_golden(const char *path, void *user)
{
    const char *mode = getenv("AEGIS_GOLDEN"), *why = "no such file";
    sources files = {0};
    diags reports = {.files = &files};
    size_t *wrong = (size_t *)user, size;
    char golden[500], *expected;
    arena memory;
    uint32_t file;
    text_buffer text;

    arena_init(&memory);
    files.memory = reports.memory = &memory;
    text = text_begin(&memory);
    assert_int_equal(source_open(&files, path, &file, &why), SOURCE_OK);
    assert_true(fmt_source(&reports, &files, file, &text));
    assert_int_equal(reports.errors, 0);
    (void)snprintf(golden, sizeof golden, "%.*s.golden", (int)(strlen(path) - strlen(".aegis")), path);
    if (mode != NULL && strcmp(mode, "update") == 0) {
        FILE *out = fopen(golden, "wb");

        assert_non_null(out);
        assert_int_equal(fwrite(text.data, 1, text.size, out), text.size);
        assert_int_equal(fclose(out), 0);
    }
    expected = read_file(golden, &size);
    if (size != text.size || memcmp(expected, text.data, size) != 0) {
        print_error("%s: it becomes\n%s", path, text.data);
        ++*wrong;
    }
    free(expected);
    arena_free(&memory);
}

static void count_one(const char *path, void *user)
{
    (void)path;
    ++*(size_t *)user;
}

static void test_golden(void **state)
{
    size_t wrong = 0, count = 0;

    (void)state;
    each_source("tests/golden/fmt", count_one, &count);
    each_source("tests/golden/fmt", check_golden, &wrong);
    assert_true(count >= GOLDEN_LEAST);
    assert_int_equal(wrong, 0);
}

/* A file in which something is missing is not made one in which it is not. */
static void test_refuses(void **state)
{
    static const char *const wrong[] = {
        "struct A { a: u32 }", "struct A { a: u32; ", "x", "/* open", "\"open\n",
        "struct \xc3\xb6 {}",  "const A: u32 = 1x;"};
    const char *why;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(fmt_check(wrong[i], strlen(wrong[i]), &why), FMT_REFUSED);
    /* What is wrong in sense only is formatted. */
    assert_int_equal(fmt_check("struct A { a: Nowhere; }", 24, &why), FMT_GOOD);
}

static bool permit(void *user)
{
    size_t *left = (size_t *)user;

    if (*left == 0)
        return false;
    --*left;
    return true;
}

/* Wherever memory ends, formatting fails, and says nothing else. */
static void test_memory_ends(void **state)
{
    bool failed = true;

    (void)state;
    for (size_t allowed = 0; failed; allowed += 1 + allowed / 60) {
        sources files = {0};
        diags reports = {.files = &files};
        const char *why = "";
        size_t left = allowed;
        arena memory;
        uint32_t file;
        text_buffer text;

        arena_init(&memory);
        files.memory = reports.memory = &memory;
        assert_int_equal(source_open(&files, "tests/golden/fmt/comments.aegis", &file, &why), SOURCE_OK);
        memory.permit = permit;
        memory.permit_user = &left;
        text = text_begin(&memory);
        if (fmt_source(&reports, &files, file, &text))
            assert_false(memory.failed);
        failed = memory.failed;
        assert_true(allowed < 100000);
        arena_free(&memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden), cmocka_unit_test(test_corpora),
                                       cmocka_unit_test(test_refuses), cmocka_unit_test(test_memory_ends)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
