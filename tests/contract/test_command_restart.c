/* The short part of F6 and F7: nothing that is sent again after a crash of the server runs again. */
#define _POSIX_C_SOURCE 200809L
#include "contract/restarts.h"

static void test_sent_again(void **state)
{
    world *w = (world *)*state;
    restart_count count;

    if (!world_is_nats())
        skip();
    restarts_send_again(w, 2, &count);
    assert_int_equal(count.sent_again, 2);
    assert_int_equal(count.suppressed,
                     2); /* a work queue forgets its ids at a restart: both were stored again */
}

static void test_after_ack(void **state)
{
    world *w = (world *)*state;
    restart_count count;

    if (!world_is_nats())
        skip();
    restarts_after_ack(w, 3, &count);
    assert_int_equal(count.kills, 3);
}

int main(void)
{
    const struct CMUnitTest cases[] = {WORLD_CASE(test_sent_again), WORLD_CASE(test_after_ack)};

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
