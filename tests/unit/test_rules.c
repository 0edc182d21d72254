/* The engines of lint and breaking where memory ends: at every allocation in turn they stop, say so and leave
 * nothing behind. What they find is in tests/lint and tests/breaking.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "compat.h"
#include "lint.h"

#define FOLDER "tests/breaking/rules/"

static bool permit(void *user)
{
    size_t *left = (size_t *)user;

    if (*left == 0)
        return false;
    --*left;
    return true;
}

static bool run_breaking(const char *old_path, const char *now_path, size_t *left)
{
    compile old, now;
    compat_version before = {.c = &old, .root = ""}, after = {.c = &now, .root = ""};
    diags findings = {.memory = &now.memory, .files = &now.files};
    rule_set rules;
    arena memory;
    bool done;

    arena_init(&memory);
    assert_true(rules_init(&rules, &memory, RULE_WIRE | RULE_SOURCE | RULE_BEHAVIOUR));
    compile_init(&old, NULL, 0);
    compile_init(&now, NULL, 0);
    assert_true(frontend_compile(&old, old_path));
    assert_true(frontend_compile(&now, now_path));
    now.memory.permit = permit;
    now.memory.permit_user = left;
    done = compat_run(&before, &after, &rules, &findings);
    assert_int_equal(done, !now.memory.failed);
    assert_true(!done || findings.errors > 0);
    compile_free(&old);
    compile_free(&now);
    arena_free(&memory);
    return done;
}

static void test_breaking(void **state)
{
    static const char *const pairs[][2] = {
        {"tests/gen/everything.aegis", "tests/gen/evolve.aegis"},
        {FOLDER "field-renamed-was/old.aegis", FOLDER "field-renamed-was/new.aegis"},
        {FOLDER "pattern-narrowed/old.aegis", FOLDER "pattern-narrowed/new.aegis"},
        {FOLDER "raises-removed/old.aegis", FOLDER "raises-removed/new.aegis"},
        {FOLDER "durable-renamed/old.aegis", FOLDER "durable-renamed/new.aegis"}};

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        bool done = false;

        for (size_t allowed = 0; !done; allowed += 1 + allowed / 20) {
            size_t left = allowed;

            done = run_breaking(pairs[i][0], pairs[i][1], &left);
            assert_true(allowed < 1000000);
        }
    }
}

static bool run_lint(const char *path, size_t *left)
{
    compile c;
    diags findings = {.memory = &c.memory, .files = &c.files};
    rule_set rules;
    arena memory;
    bool done;

    arena_init(&memory);
    assert_true(rules_init(&rules, &memory, RULE_LINT));
    assert_true(rules_deny(&rules, "all"));
    compile_init(&c, NULL, 0);
    assert_true(frontend_compile(&c, path));
    c.memory.permit = permit;
    c.memory.permit_user = left;
    done = lint_run(&c, &rules, &findings);
    assert_int_equal(done, !c.memory.failed);
    assert_true(!done || findings.errors > 0);
    compile_free(&c);
    arena_free(&memory);
    return done;
}

static void test_lint(void **state)
{
    static const char *const files[] = {
        "tests/gen/everything.aegis", "tests/lint/rules/unbounded-text/found.aegis",
        "tests/lint/rules/allow-malformed/found.aegis", "tests/lint/rules/unused-declaration/found.aegis"};

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        bool done = false;

        for (size_t allowed = 0; !done; allowed += 1 + allowed / 20) {
            size_t left = allowed;

            done = run_lint(files[i], &left);
            assert_true(allowed < 1000000);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_breaking), cmocka_unit_test(test_lint)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
