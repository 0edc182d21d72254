/* F27, the short part: two instances are upgraded and go back. */
#include "contract/upgrade.h"

static void test_rolls(void **state)
{
    upgrade_rolls((world *)*state, 2, 100 * AEGIS_MILLISECOND);
}

int main(void)
{
    const struct CMUnitTest cases[] = {WORLD_CASE(test_rolls)};

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
