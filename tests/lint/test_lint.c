/* Every rule of `aegisc lint`: tests/lint/rules has a folder named after each, with a file in which it finds
 * something, the exact text about that, and the same file where a comment allows it. The examples and the
 * runtime's own messages are clean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "breaking/golden_text.h"

#define RULES "tests/lint/rules"

static void lint(golden_run *run, const char *options, const char *name, const char *file)
{
    char arguments[512];

    (void)snprintf(arguments, sizeof arguments, "lint %s " RULES "/%s/%s.aegis", options, name, file);
    golden_aegisc(run, arguments);
}

static bool is_about_comments(const char *name)
{
    return strncmp(name, "allow-", 6) == 0;
}

static void check_rule(const char *name, void *user)
{
    static golden_run run;
    const diag_rule *rule = diag_rule_named(name);
    int *wrong = (int *)user;
    char path[512], tag[128], options[256];

    (void)snprintf(path, sizeof path, RULES "/%s/expected", name);
    (void)snprintf(tag, sizeof tag, "[%s]", name);
    if (rule == NULL || rule->classes != RULE_LINT) {
        print_error("%s/%s: there is no such rule\n", RULES, name);
        ++*wrong;
        return;
    }
    (void)snprintf(options, sizeof options, "--allow all --deny %s", name);
    lint(&run, options, name, "found");
    if (!golden_same(path, run.text) || strstr(run.text, tag) == NULL || run.exit_code != 1)
        ++*wrong;
    /* Where a comment allows it nothing is left, not even something about the comment. */
    (void)snprintf(options, sizeof options,
                   "--allow all --deny AE%d --deny allow-unused --deny allow-reason --deny allow-malformed",
                   rule->code.number);
    lint(&run, options, name, "allowed");
    if (run.text[0] != '\0' || run.exit_code != 0) {
        print_error("%s/%s/allowed.aegis: exit code %d\n%s\n", RULES, name, run.exit_code, run.text);
        ++*wrong;
    }
    if (is_about_comments(name))
        return;
    (void)snprintf(options, sizeof options, "--allow %s", name);
    lint(&run, options, name, "found");
    assert_null(strstr(run.text, tag));
    assert_int_equal(run.exit_code, 0);
}

static void test_rules(void **state)
{
    size_t rules;
    int wrong = 0;

    (void)state;
    (void)diag_rules_lint(&rules);
    assert_int_equal(golden_folders(RULES, check_rule, &wrong), rules);
    assert_int_equal(wrong, 0);
    assert_true(rules >= 20);
}

static void test_clean(void **state)
{
    static golden_run run;

    (void)state;
    golden_aegisc(&run, "lint --deny all examples idl");
    assert_string_equal(run.text, "");
    assert_int_equal(run.exit_code, 0);
}

static void test_page(void **state)
{
    size_t count;
    const diag_rule *rules = diag_rules_lint(&count);

    (void)state;
    golden_rule_table("docs/LINT.md", rules, count);
}

static void test_tables(void **state)
{
    size_t count;
    const diag_rule *rules = diag_rules_lint(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || rules[i].code.number > rules[i - 1].code.number);
        assert_ptr_equal(diag_rule_named(rules[i].name), &rules[i]);
        assert_ptr_equal(diag_find(rules[i].code.number), &rules[i].code);
        assert_true(strlen(rules[i].code.explain) > 40);
        assert_int_equal(rules[i].classes, RULE_LINT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rules), cmocka_unit_test(test_clean),
                                       cmocka_unit_test(test_page), cmocka_unit_test(test_tables)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
