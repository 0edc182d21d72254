/* Every rule of `aegisc breaking`: tests/breaking/rules has a folder named after each, with an old and a new
 * version and the exact text about them; tests/breaking/safe has changes about which nothing may be said.
 * test_exchange.c shows that the rules about the wire, and the safe changes, are right about what really
 * travels.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "breaking/golden_text.h"

#define RULES "tests/breaking/rules"
#define SAFE  "tests/breaking/safe"

/* Folders of a pair of folders, which stand for two trees, hold no old.aegis. */
static const char *ending(const char *folder, const char *name)
{
    char path[512];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s/old.aegis", folder, name);
    file = fopen(path, "rb");
    if (file == NULL)
        return "";
    (void)fclose(file);
    return ".aegis";
}

static void compare(golden_run *run, const char *options, const char *folder, const char *name)
{
    const char *end = ending(folder, name);
    char arguments[1024];

    (void)snprintf(arguments, sizeof arguments, "breaking %s %s/%s/old%s %s/%s/new%s", options, folder, name,
                   end, folder, name, end);
    golden_aegisc(run, arguments);
}

static void check_rule(const char *name, void *user)
{
    static golden_run run;
    const diag_rule *rule = diag_rule_named(name);
    int *wrong = (int *)user;
    char path[512], tag[128], options[128];

    if (rule == NULL) {
        print_error("%s/%s: there is no such rule\n", RULES, name);
        ++*wrong;
        return;
    }
    compare(&run, "", RULES, name);
    (void)snprintf(path, sizeof path, RULES "/%s/expected", name);
    (void)snprintf(tag, sizeof tag, "[%s]", name);
    if (!golden_same(path, run.text) || strstr(run.text, tag) == NULL) {
        print_error("%s/%s: not as expected\n", RULES, name);
        ++*wrong;
    }
    assert_int_equal(run.exit_code, strstr(run.text, " error[") != NULL ? 1 : 0);
    /* Allowed, by name and by number, it is not said; denied, it is an error. */
    (void)snprintf(options, sizeof options, "--allow %s", name);
    compare(&run, options, RULES, name);
    assert_null(strstr(run.text, tag));
    (void)snprintf(options, sizeof options, "--allow=AE%d", rule->code.number);
    compare(&run, options, RULES, name);
    assert_null(strstr(run.text, tag));
    (void)snprintf(options, sizeof options, "--allow all --deny %s", name);
    compare(&run, options, RULES, name);
    assert_non_null(strstr(run.text, tag));
    assert_int_equal(run.exit_code, 1);
}

static void test_rules(void **state)
{
    size_t rules;
    int wrong = 0;

    (void)state;
    (void)diag_rules_breaking(&rules);
    assert_int_equal(golden_folders(RULES, check_rule, &wrong), rules);
    assert_int_equal(wrong, 0);
    assert_true(rules >= 25);
}

static void check_safe(const char *name, void *user)
{
    static golden_run run;
    int *wrong = (int *)user;

    compare(&run, "", SAFE, name);
    if (run.text[0] == '\0' && run.exit_code == 0)
        return;
    print_error("%s/%s: exit code %d\n%s\n", SAFE, name, run.exit_code, run.text);
    ++*wrong;
}

static void test_safe(void **state)
{
    int wrong = 0;

    (void)state;
    assert_true(golden_folders(SAFE, check_safe, &wrong) >= 15);
    assert_int_equal(wrong, 0);
}

/* A version and itself: nothing, whatever is in it. */
static void test_same(void **state)
{
    static const char *const files[] = {"tests/gen/everything.aegis", "tests/gen/torture.aegis",
                                        "tests/gen/evolve.aegis",     "examples/orders/shop.aegis",
                                        "idl/aegis/wire.aegis",       "idl/aegis/duties.aegis"};
    static golden_run run;

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char arguments[256];

        (void)snprintf(arguments, sizeof arguments, "breaking %s %s", files[i], files[i]);
        golden_aegisc(&run, arguments);
        assert_string_equal(run.text, "");
        assert_int_equal(run.exit_code, 0);
    }
}

/* Only what is asked for, each class by itself. */
static void test_classes(void **state)
{
    static const struct {
        const char *rule;
        bool wire, source, behaviour;
    } cases[] = {{"field-required-added", true, false, false},
                 {"field-required-removed", true, true, false},
                 {"c-type-changed", false, true, false},
                 {"subscription-removed", false, true, true},
                 {"timeout-shortened", false, false, true}};
    static golden_run run;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        compare(&run, "--only wire", RULES, cases[i].rule);
        assert_int_equal(run.exit_code, cases[i].wire);
        compare(&run, "--only source", RULES, cases[i].rule);
        assert_int_equal(run.exit_code, cases[i].source);
        compare(&run, "--only behaviour", RULES, cases[i].rule);
        assert_int_equal(run.exit_code, cases[i].behaviour);
        compare(&run, "--only behaviour --only wire", RULES, cases[i].rule);
        assert_int_equal(run.exit_code, cases[i].wire || cases[i].behaviour);
    }
}

/* One name is allowed and the others are not. */
static void test_allow_one(void **state)
{
    static golden_run run;

    (void)state;
    compare(&run, "--allow bounds-narrowed:p.M.sku --allow AE2011:p.M.items", RULES, "bounds-narrowed");
    assert_null(strstr(run.text, "'sku'"));
    assert_null(strstr(run.text, "'items'"));
    assert_non_null(strstr(run.text, "'size'"));
    assert_int_equal(run.exit_code, 1);
    /* What is left of it is said instead: the member's type in C. */
    compare(&run, "--allow bounds-narrowed", RULES, "bounds-narrowed");
    assert_non_null(strstr(run.text, "[c-type-changed]"));
}

static void test_page(void **state)
{
    size_t count;
    const diag_rule *rules = diag_rules_breaking(&count);

    (void)state;
    golden_rule_table("docs/EVOLUTION.md", rules, count);
}

static void test_tables(void **state)
{
    size_t count;
    const diag_rule *rules = diag_rules_breaking(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || rules[i].code.number > rules[i - 1].code.number);
        assert_ptr_equal(diag_rule_named(rules[i].name), &rules[i]);
        assert_ptr_equal(diag_find(rules[i].code.number), &rules[i].code);
        assert_true(strlen(rules[i].code.explain) > 30);
        assert_true((rules[i].classes & RULE_LINT) == 0 && rules[i].classes != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rules),     cmocka_unit_test(test_safe),
                                       cmocka_unit_test(test_same),      cmocka_unit_test(test_classes),
                                       cmocka_unit_test(test_allow_one), cmocka_unit_test(test_page),
                                       cmocka_unit_test(test_tables)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
