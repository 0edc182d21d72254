/* F3, the short part: consumers of events are killed a few times. */
#include "contract/victims.h"

static void test_killed(void **state)
{
    if (!world_is_nats())
        skip();
    victims_killed((world *)*state, 5);
}

static void test_poisoned(void **state)
{
    if (!world_is_nats())
        skip();
    victims_poisoned((world *)*state);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {WORLD_CASE(test_killed), WORLD_CASE(test_poisoned)};

    return argc > 1 ? victim_main(argv) : world_run(cases, sizeof cases / sizeof cases[0]);
}
