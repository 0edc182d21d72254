/* More calls than a service can take, and calls that come too late. */
#define _POSIX_C_SOURCE 200809L
#include "contract/world.h"

typedef struct tally {
    atomic_int called;
    atomic_int by_status[17];
    int64_t slowest_refusal;
    int64_t begun;
} tally;

static const note fifty = {"ms", 50};

static void count(const outcome *out, void *user)
{
    tally *t = (tally *)user;
    int64_t took = aegis_clock_monotonic() - t->begun;

    if (out->failed.status == AEGIS_RESOURCE_EXHAUSTED && took > t->slowest_refusal)
        t->slowest_refusal = took;
    atomic_fetch_add(&t->by_status[out->answer == AEGIS_ANSWER_OK ? AEGIS_OK : out->failed.status], 1);
    atomic_fetch_add(&t->called, 1);
}

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

/* Callers wait 200 ms, a handler takes 50: more than three in the waiting room would be started for nothing,
 * or not at all. So the place is taken away, and what is over is told so at once. */
static void test_room_fits_patience(void **state)
{
    const aegis_call_options brief = {.timeout = 200 * AEGIS_MILLISECOND, .once = true};
    world *w = (world *)*state;
    int late, refused, ok, i;
    aegis_call_id ids[30];
    tally t = {0};

    w->service = start(w, &peer_type, NULL); /* room for 256 */
    for (i = 0; i < 8; i++)                  /* it learns what is usual */
        assert_int_equal(peer_invoke(w->client, peer_method("nap"), &fifty, &brief, w->arena).answer,
                         AEGIS_ANSWER_OK);
    t.begun = aegis_clock_monotonic();
    for (i = 0; i < 30; i++)
        ids[i] = peer_async(w->client, peer_method("nap"), &fifty, &brief, count, &t);
    assert_true(ids[29] != 0);
    assert_true(reached(&t.called, 30));
    ok = atomic_load(&t.by_status[AEGIS_OK]);
    refused = atomic_load(&t.by_status[AEGIS_RESOURCE_EXHAUSTED]);
    late = atomic_load(&t.by_status[AEGIS_DEADLINE_EXCEEDED]);
    assert_in_range(ok, 2, 4);
    assert_true(late <= 2);
    assert_int_equal(ok + refused + late, 30);
    assert_true(t.slowest_refusal < 100 * AEGIS_MILLISECOND);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_overload),
        WORLD_CASE(test_deadline_passed),
        WORLD_CASE(test_room_fits_patience),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
