/* F27: four instances are upgraded and go back, under load. */
#include "contract/upgrade.h"

static void f27_rolls(void **state)
{
    upgrade_rolls((world *)*state, 4, AEGIS_SECOND);
}

int main(void)
{
    const struct CMUnitTest cases[] = {WORLD_CASE(f27_rolls)};

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
