/* Delays, the retry budget and the circuit breaker, on a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "domain/policy.h"

static void test_delay(void **state)
{
    (void)state;
    assert_int_equal(aegis_policy_delay(1, 100, 3000, 0.0), 100);
    assert_int_equal(aegis_policy_delay(1, 100, 3000, 1.0), 200);
    assert_int_equal(aegis_policy_delay(3, 100, 3000, 0.0), 100);
    assert_int_equal(aegis_policy_delay(3, 100, 3000, 0.5), 450);
    assert_int_equal(aegis_policy_delay(60, 100, 3000, 1.0), 3000);
    assert_int_equal(aegis_policy_delay(UINT32_MAX, 1, INT64_MAX, 0.0), 1);
    assert_int_equal(aegis_policy_delay(1, 300, 300, 0.7), 300);
}

static void test_budget(void **state)
{
    aegis_budget budget;
    int spent = 0, i;

    (void)state;
    aegis_budget_init(&budget, 0);
    while (aegis_budget_spend(&budget))
        spent++;
    assert_int_equal(spent, 10);
    for (i = 0; i < 1000; i++) {
        aegis_budget_earn(&budget);
        spent += aegis_budget_spend(&budget);
    }
    assert_int_equal(spent, 10 + 80);
    for (i = 0; i < 1000; i++)
        aegis_budget_earn(&budget);
    for (spent = 0; aegis_budget_spend(&budget); spent++)
        continue;
    assert_int_equal(spent, 10); /* no more than that is saved */
}

static const aegis_breaker_options small = {false, 50, 4, 1000, 100};

static void failing(aegis_breaker *b, int64_t now)
{
    assert_true(aegis_breaker_admit(b, now));
    aegis_breaker_report(b, now, now, AEGIS_VERDICT_BAD);
}

static void test_breaker_opens(void **state)
{
    aegis_breaker b;
    int64_t now = 5; /* the clock may be young */

    (void)state;
    aegis_breaker_init(&b, &small);
    for (; now < 8; now++)
        failing(&b, now);
    assert_int_equal(b.state, AEGIS_BREAKER_CLOSED);
    failing(&b, now);
    assert_int_equal(b.state, AEGIS_BREAKER_OPEN);
    assert_false(aegis_breaker_admit(&b, now + 99));
    assert_int_equal(b.opened, 1);
    assert_int_equal(b.rejected, 1);
    assert_true(aegis_breaker_admit(&b, now + 100));
    assert_int_equal(b.state, AEGIS_BREAKER_HALF_OPEN);
    assert_false(aegis_breaker_admit(&b, now + 101));
    aegis_breaker_report(&b, now - 1, now + 102, AEGIS_VERDICT_BAD); /* sent before: says nothing */
    assert_int_equal(b.state, AEGIS_BREAKER_HALF_OPEN);
    aegis_breaker_report(&b, now + 100, now + 103, AEGIS_VERDICT_GOOD);
    assert_int_equal(b.state, AEGIS_BREAKER_CLOSED);
    for (now += 104; b.state == AEGIS_BREAKER_CLOSED && now < 1000; now++)
        failing(&b, now);
    assert_int_equal(b.opened, 2);
}

static void test_breaker_probes(void **state)
{
    aegis_breaker b;
    int64_t now = 5000;

    (void)state;
    aegis_breaker_init(&b, &small);
    while (b.state == AEGIS_BREAKER_CLOSED)
        failing(&b, now);
    assert_true(aegis_breaker_admit(&b, now += 100));
    aegis_breaker_report(&b, now, now + 1, AEGIS_VERDICT_BAD);
    assert_int_equal(b.state, AEGIS_BREAKER_OPEN);
    assert_true(aegis_breaker_admit(&b, now += 101));
    aegis_breaker_report(&b, now, now + 1, AEGIS_VERDICT_NONE); /* cancelled: the next one tries at once */
    assert_true(aegis_breaker_admit(&b, now += 2));
    assert_false(aegis_breaker_admit(&b, now + 99));
    assert_true(aegis_breaker_admit(&b, now + 100)); /* the one before does not come back */
    aegis_breaker_report(&b, now + 100, now + 101, AEGIS_VERDICT_GOOD);
    assert_int_equal(b.state, AEGIS_BREAKER_CLOSED);
}

/* Half of many is too many; what is out of the window does not count; neither does a late answer. */
static void test_breaker_share(void **state)
{
    aegis_breaker b;
    int64_t now;

    (void)state;
    aegis_breaker_init(&b, &small);
    for (now = 10000; now < 10100; now++) {
        aegis_breaker_report(&b, now, now, AEGIS_VERDICT_GOOD);
        if (now % 3 == 0)
            failing(&b, now);
    }
    assert_int_equal(b.state, AEGIS_BREAKER_CLOSED);
    for (now = 11200; now < 11203; now++)
        failing(&b, now);
    assert_int_equal(b.state, AEGIS_BREAKER_CLOSED);
    failing(&b, now);
    assert_int_equal(b.state, AEGIS_BREAKER_OPEN);
    aegis_breaker_report(&b, now, now + 50, AEGIS_VERDICT_GOOD);
    assert_int_equal(b.state, AEGIS_BREAKER_OPEN);
}

static void test_breaker_off(void **state)
{
    const aegis_breaker_options off = {.off = true};
    aegis_breaker b;
    int i;

    (void)state;
    aegis_breaker_init(&b, &off);
    for (i = 0; i < 100; i++)
        failing(&b, 7);
    assert_int_equal(b.state, AEGIS_BREAKER_CLOSED);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(test_delay),         cmocka_unit_test(test_budget),
        cmocka_unit_test(test_breaker_opens), cmocka_unit_test(test_breaker_probes),
        cmocka_unit_test(test_breaker_share), cmocka_unit_test(test_breaker_off),
    };

    return cmocka_run_group_tests(cases, NULL, NULL);
}
