/* Mistakes that nobody planted: one token of a good file is left out, doubled, exchanged for a wrong mark or
 * has a mark put before it, for every token in turn. What is then still a file without mistakes is left
 * aside. Nearly all others get exactly one diagnostic, within a line of the change: no cascades, whatever the
 * slip is. The figures are printed; the bars stand a little below what is reached, so that a change of the
 * parser that makes it worse is seen.
 */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend.h"

#define INPUT "tests/diag/whole/base.aegis"
/* Under this name the changed text is compiled: beside the file, whose imports it shares. */
#define CHANGED "tests/diag/whole/changed.aegis"

#define TOKENS_MOST 2000

typedef struct piece {
    size_t start, end;
} piece;

typedef struct text {
    char *data;
    size_t length;
    piece tokens[TOKENS_MOST];
    size_t count;
} text;

/* Of all changes of one kind. */
typedef struct tally {
    unsigned harmless, one, near, all;
} tally;

static char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    char *data = (char *)malloc(65536);

    assert_non_null(file);
    assert_non_null(data);
    *length = fread(data, 1, 65535, file);
    data[*length] = '\0';
    assert_int_equal(fclose(file), 0);
    return data;
}

static bool word(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_';
}

static size_t token_end(const char *data, size_t at)
{
    size_t end = at + 1;

    if (data[at] == '"') {
        while (data[end] != '"')
            end++;
        return end + 1;
    }
    if (word(data[at])) {
        while (word(data[end]) || (data[end] == '.' && isdigit((unsigned char)data[at]) &&
                                   isdigit((unsigned char)data[end + 1])))
            end++;
        return end;
    }
    return strncmp(data + at, "->", 2) == 0 || strncmp(data + at, "..", 2) == 0 ? at + 2 : end;
}

static void cut(text *t)
{
    t->count = 0;
    for (size_t at = 0; at < t->length;) {
        if (isspace((unsigned char)t->data[at]) != 0) {
            at++;
            continue;
        }
        if (strncmp(t->data + at, "//", 2) == 0) {
            at += strcspn(t->data + at, "\n");
            continue;
        }
        assert_true(t->count < TOKENS_MOST);
        t->tokens[t->count].start = at;
        at = token_end(t->data, at);
        t->tokens[t->count++].end = at;
    }
}

static unsigned line_of(const text *t, size_t at)
{
    unsigned line = 1;

    for (size_t i = 0; i < at; i++)
        line += t->data[i] == '\n' ? 1 : 0;
    return line;
}

/* Compile the text with `middle` in the place of [from, to), and count what it gets. */
static void try_change(const text *t, size_t from, size_t to, const char *middle, tally *count)
{
    size_t size = t->length + strlen(middle) + 1;
    char *changed = (char *)malloc(size);
    unsigned line = line_of(t, from);
    bool near = false;
    compile c;

    assert_non_null(changed);
    (void)snprintf(changed, size, "%.*s%s%s", (int)from, t->data, middle, t->data + to);
    compile_init(&c, NULL, 0);
    assert_true(source_add_text(&c.files, CHANGED, changed, strlen(changed)));
    (void)frontend_compile(&c, CHANGED);
    assert_false(c.memory.failed);
    diag_sort(&c.reports);
    for (size_t i = 0; i < c.reports.count; i++) {
        const source_position at = source_locate(&c.files, c.reports.items[i].where);

        near = near || (at.line + 1 >= line && at.line <= line + 1);
    }
    count->all++;
    count->harmless += c.reports.count == 0 ? 1 : 0;
    count->one += c.reports.count == 1 ? 1 : 0;
    count->near += near ? 1 : 0;
    compile_free(&c);
    free(changed);
}

static void judge(const char *what, const tally *count, unsigned one, unsigned near)
{
    unsigned wrong = count->all - count->harmless;

    print_message(
        "%s: %u changes, %u harmless; of the others %.1f %% get one diagnostic, %.1f %% one near by\n", what,
        count->all, count->harmless, 100.0 * count->one / wrong, 100.0 * count->near / wrong);
    assert_true(wrong > 0);
    assert_true(count->one * 100 >= wrong * one);
    assert_true(count->near * 100 >= wrong * near);
}

static int setup(void **state)
{
    text *t = (text *)calloc(1, sizeof *t);

    assert_non_null(t);
    t->data = read_file(INPUT, &t->length);
    cut(t);
    assert_true(t->count > 300);
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    text *t = (text *)*state;

    free(t->data);
    free(t);
    return 0;
}

static void test_left_out(void **state)
{
    const text *t = (const text *)*state;
    tally count = {0, 0, 0, 0};

    for (size_t i = 0; i < t->count; i++)
        try_change(t, t->tokens[i].start, t->tokens[i].end, " ", &count);
    judge("left out", &count, 97, 99);
}

static void test_doubled(void **state)
{
    const text *t = (const text *)*state;
    tally count = {0, 0, 0, 0};

    for (size_t i = 0; i < t->count; i++) {
        char again[300];

        (void)snprintf(again, sizeof again, " %.*s", (int)(t->tokens[i].end - t->tokens[i].start),
                       t->data + t->tokens[i].start);
        try_change(t, t->tokens[i].end, t->tokens[i].end, again, &count);
    }
    judge("doubled", &count, 98, 99);
}

static const char marks[] = ";,:={}()[]";

static void test_exchanged(void **state)
{
    const text *t = (const text *)*state;
    tally count = {0, 0, 0, 0};

    for (size_t i = 0; i < t->count; i++) {
        char mark = t->data[t->tokens[i].start], one[2] = "";

        for (size_t k = i % 2; strchr(marks, mark) != NULL && k < sizeof marks - 1; k += 2) {
            one[0] = marks[k];
            if (marks[k] != mark)
                try_change(t, t->tokens[i].start, t->tokens[i].end, one, &count);
        }
    }
    judge("exchanged", &count, 98, 99);
}

static void test_put_in(void **state)
{
    static const char *const more[] = {";", ",",  ":", "}",   "{",     "(", ")", "[",
                                       "=", "->", "5", "foo", "\"x\"", "$", "@"};
    const text *t = (const text *)*state;
    tally count = {0, 0, 0, 0};

    for (size_t i = 0; i < t->count; i++) {
        for (size_t k = i % 5; k < sizeof more / sizeof more[0]; k += 5) {
            char one[8];

            (void)snprintf(one, sizeof one, " %s ", more[k]);
            try_change(t, t->tokens[i].start, t->tokens[i].start, one, &count);
        }
    }
    judge("put in", &count, 97, 99);
}

/* Letters of a keyword or name that changed places. A declaration that is misspelt is found where it is used.
 */
static void test_misspelt(void **state)
{
    const text *t = (const text *)*state;
    tally count = {0, 0, 0, 0};

    for (size_t i = 0; i < t->count; i++) {
        size_t length = t->tokens[i].end - t->tokens[i].start;
        char changed[100];

        if (length < 4 || length >= sizeof changed ||
            isalpha((unsigned char)t->data[t->tokens[i].start]) == 0)
            continue;
        memcpy(changed, t->data + t->tokens[i].start, length);
        changed[length] = '\0';
        changed[1] = t->data[t->tokens[i].start + 2];
        changed[2] = t->data[t->tokens[i].start + 1];
        try_change(t, t->tokens[i].start, t->tokens[i].end, changed, &count);
    }
    judge("misspelt", &count, 98, 80);
}

/* ---- several at once ---- */

#define AT_ONCE 4

typedef struct change {
    size_t from, to;
    char middle[64];
} change;

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

/* A token left out, doubled, or with a mark before it. */
static change make_change(const text *t, uint32_t *random)
{
    const piece *token = &t->tokens[next_random(random) % t->count];
    const size_t length = token->end - token->start;
    change c = {token->start, token->end, " "};

    switch (next_random(random) % 3) {
    case 0:
        break;
    case 1:
        (void)snprintf(c.middle, sizeof c.middle, "%.*s %.*s", (int)length, t->data + token->start,
                       (int)length, t->data + token->start);
        break;
    default:
        (void)snprintf(c.middle, sizeof c.middle, "%c %.*s", marks[next_random(random) % (sizeof marks - 1)],
                       (int)length, t->data + token->start);
        break;
    }
    return c;
}

static int compare_changes(const void *left, const void *right)
{
    const change *a = (const change *)left, *b = (const change *)right;

    return a->from < b->from ? -1 : a->from > b->from;
}

/* How many diagnostics the text gets with all these changes, which are in order. */
static size_t count_reports(const text *t, const change *changes, size_t count)
{
    size_t size = t->length + count * sizeof changes->middle + 1, used = 0, at = 0, reports;
    char *changed = (char *)malloc(size);
    compile c;

    assert_non_null(changed);
    for (size_t i = 0; i < count; i++) {
        used += (size_t)snprintf(changed + used, size - used, "%.*s%s", (int)(changes[i].from - at),
                                 t->data + at, changes[i].middle);
        at = changes[i].to;
    }
    (void)snprintf(changed + used, size - used, "%s", t->data + at);
    compile_init(&c, NULL, 0);
    assert_true(source_add_text(&c.files, CHANGED, changed, strlen(changed)));
    (void)frontend_compile(&c, CHANGED);
    diag_sort(&c.reports);
    reports = c.reports.count;
    compile_free(&c);
    free(changed);
    return reports;
}

/* Changes on different lines, each of which gets one diagnostic when it is alone. */
static void choose(const text *t, uint32_t *random, change *changes)
{
    size_t count = 0;

    while (count < AT_ONCE) {
        const change c = make_change(t, random);
        bool apart = true;

        for (size_t i = 0; i < count; i++)
            apart = apart && line_of(t, changes[i].from) != line_of(t, c.from);
        if (apart && count_reports(t, &c, 1) == 1)
            changes[count++] = c;
    }
    qsort(changes, AT_ONCE, sizeof *changes, compare_changes);
}

static void test_several(void **state)
{
    const text *t = (const text *)*state;
    uint32_t random = 20260101;
    unsigned exact = 0, more = 0, all = 0;

    for (; all < 150; all++) {
        change changes[AT_ONCE];
        size_t reports;

        choose(t, &random, changes);
        reports = count_reports(t, changes, AT_ONCE);
        exact += reports == AT_ONCE ? 1 : 0;
        more += reports > AT_ONCE ? 1 : 0;
    }
    print_message("%d mistakes in one file: %.1f %% of the files get %d diagnostics, %.1f %% more\n", AT_ONCE,
                  100.0 * exact / all, AT_ONCE, 100.0 * more / all);
    assert_true(exact * 100 >= all * 93);
    assert_true(more * 100 <= all * 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_left_out),  cmocka_unit_test(test_doubled),
                                       cmocka_unit_test(test_exchanged), cmocka_unit_test(test_put_in),
                                       cmocka_unit_test(test_misspelt),  cmocka_unit_test(test_several)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
