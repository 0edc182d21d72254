#define _POSIX_C_SOURCE 200809L
#include "breaking/golden_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static bool updating(void)
{
    const char *mode = getenv("AEGIS_GOLDEN");

    return mode != NULL && strcmp(mode, "update") == 0;
}

static size_t read_all(FILE *file, char *text)
{
    const size_t length = fread(text, 1, GOLDEN_TEXT_MAX - 1, file);

    text[length] = '\0';
    assert_true(length < GOLDEN_TEXT_MAX - 1);
    return length;
}

void golden_aegisc(golden_run *run, const char *arguments)
{
    const char *aegisc = getenv("AEGISC");
    char command[4096];
    FILE *out;
    int status;

    (void)snprintf(command, sizeof command, "%s %s 2>&1", aegisc != NULL ? aegisc : "build/bin/aegisc",
                   arguments);
    out = popen(command, "r");
    assert_non_null(out);
    (void)read_all(out, run->text);
    status = pclose(out);
    assert_true(WIFEXITED(status));
    run->exit_code = WEXITSTATUS(status);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void read_text(const char *path, char *text)
{
    FILE *file = fopen(path, "rb");

    text[0] = '\0';
    if (file == NULL)
        return;
    (void)read_all(file, text);
    assert_int_equal(fclose(file), 0);
}

bool golden_same(const char *path, const char *text)
{
    static char expected[GOLDEN_TEXT_MAX];

    if (updating())
        write_text(path, text);
    read_text(path, expected);
    if (strcmp(expected, text) == 0)
        return true;
    print_error("%s: expected\n%s\nbut it says\n%s\n", path, expected, text);
    return false;
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

size_t golden_folders(const char *folder, void (*each)(const char *name, void *user), void *user)
{
    struct dirent **entries = NULL;
    const int count = scandir(folder, &entries, is_shown, alphasort);
    size_t folders = 0;

    for (int i = 0; i < count; i++) {
        char path[512];
        struct stat about;

        (void)snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (stat(path, &about) == 0 && S_ISDIR(about.st_mode)) {
            each(entries[i]->d_name, user);
            folders++;
        }
        free(entries[i]);
    }
    free(entries);
    return folders;
}

/* ---- the table of a page ---- */

static const char begin_mark[] = "<!-- rules -->\n", end_mark[] = "<!-- end of rules -->\n";

/* The classes a rule finds something of, its own first. */
static const char *classes_text(const diag_rule *rule, char *text, size_t size)
{
    static const char *const names[] = {"lint", "wire", "source", "behaviour"};
    const int own = rule->code.number / 100 - 20 + 1; /* 20xx: wire */
    int used = 0;

    used = snprintf(text, size, "%s", names[own]);
    for (int i = 1; i < 4; i++) {
        if (i != own && (rule->classes & (1U << i)) != 0)
            used += snprintf(text + used, size - (size_t)used, ", %s", names[i]);
    }
    return text;
}

static void put_table(char *text, const diag_rule *rules, size_t count)
{
    const bool lint = rules[0].classes == RULE_LINT;
    size_t used = (size_t)sprintf(
        text, lint ? "| code | name | level | what it finds |\n|---|---|---|---|\n"
                   : "| code | name | class | level | what it finds |\n|---|---|---|---|---|\n");

    for (size_t i = 0; i < count; i++) {
        char id[DIAG_ID_SIZE], classes[64];

        used += (size_t)snprintf(
            text + used, GOLDEN_TEXT_MAX - used, "| %s | `%s` | %s%s%s | %s |\n", diag_id(&rules[i].code, id),
            rules[i].name, lint ? "" : classes_text(&rules[i], classes, sizeof classes), lint ? "" : " | ",
            diag_level_name(rules[i].code.level), rules[i].code.title);
    }
}

void golden_rule_table(const char *page, const diag_rule *rules, size_t count)
{
    static char text[GOLDEN_TEXT_MAX], table[GOLDEN_TEXT_MAX], whole[GOLDEN_TEXT_MAX];
    const char *begin, *end;
    int length;

    read_text(page, text);
    begin = strstr(text, begin_mark);
    end = strstr(text, end_mark);
    assert_non_null(begin);
    assert_non_null(end);
    begin += strlen(begin_mark);
    put_table(table, rules, count);
    length = snprintf(whole, sizeof whole, "%.*s%s%s", (int)(begin - text), text, table, end);
    assert_true(length > 0 && (size_t)length < sizeof whole);
    assert_true(golden_same(page, whole));
}
