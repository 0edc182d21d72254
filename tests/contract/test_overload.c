/* More calls than a service can take, and calls that come too late. */
#define _POSIX_C_SOURCE 200809L
#include "contract/world.h"

static void test_overload(void **state)
{
    world *w = (world *)*state;
    const aegis_service_options options = {.concurrency = 1, .waiting_room = 2};
    caller callers[6];
    int ok = 0;
    int refused = 0;
    int i;

    w->service = start(w, &peer_type, &options);
    launch(w, &callers[0], "slow");
    assert_true(reached(&w->running, 1));
    for (i = 1; i < 6; i++)
        launch(w, &callers[i], "slow");
    nap(300 * AEGIS_MILLISECOND); /* all are in, or refused */
    atomic_store(&w->release, true);
    for (i = 0; i < 6; i++) {
        land(&callers[i]);
        ok += callers[i].out.answer == AEGIS_ANSWER_OK;
        refused += callers[i].out.failed.status == AEGIS_RESOURCE_EXHAUSTED;
        aegis_arena_free(callers[i].arena);
    }
    assert_int_equal(ok, 3);
    assert_int_equal(refused, 3);
}

static void test_deadline_passed(void **state)
{
    world *w = (world *)*state;
    const aegis_call_options options = {.timeout = 100 * AEGIS_MILLISECOND};
    caller first;
    outcome out;

    w->service = start(w, &peer_type, NULL);
    launch(w, &first, "slow");
    assert_true(reached(&w->running, 1));
    out = peer_call(w->client, "echo", &seven, &options, w->arena);
    assert_int_equal(out.failed.status, AEGIS_DEADLINE_EXCEEDED);
    nap(20 * AEGIS_MILLISECOND); /* the service counts from when the request arrived */
    atomic_store(&w->release, true);
    land(&first);
    aegis_arena_free(first.arena);
    assert_int_equal(call(w, "echo", &seven).answer, AEGIS_ANSWER_OK);
    assert_int_equal(atomic_load(&w->handled), 1); /* the late one never ran */
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_overload),
        WORLD_CASE(test_deadline_passed),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
