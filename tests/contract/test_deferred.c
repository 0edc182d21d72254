/* Answers that come after their handler has returned. */
#define _POSIX_C_SOURCE 200809L
#include "contract/world.h"

static void test_deferred(void **state)
{
    world *w = (world *)*state;
    aegis_call_options options = {.timeout = 300 * AEGIS_MILLISECOND};
    const note late = {"late", 1};
    aegis_call *parked;
    outcome out;

    w->service = start(w, &peer_type, NULL);
    out = peer_call(w->client, "later", &seven, &options, w->arena);
    assert_int_equal(out.failed.status, AEGIS_DEADLINE_EXCEEDED);
    while ((parked = atomic_exchange(&w->parked, NULL)) == NULL)
        nap(AEGIS_MILLISECOND);
    nap(100 * AEGIS_MILLISECOND);
    (void)peer_ok(parked, &late); /* refused, and frees the call */
    out = call(w, "echo", &seven);
    assert_int_equal(out.answer, AEGIS_ANSWER_OK);
}

static void *reply_from_elsewhere(void *argument)
{
    world *w = (world *)argument;
    aegis_call *parked;
    const note value = {"from elsewhere", 42};
    int i;

    for (i = 0; i < 50; i++) {
        while ((parked = atomic_exchange(&w->parked, NULL)) == NULL)
            nap(10 * AEGIS_MICROSECOND);
        (void)peer_ok(parked, &value);
    }
    return NULL;
}

static void test_deferred_reply(void **state)
{
    world *w = (world *)*state;
    pthread_t thread;
    int i;

    w->service = start(w, &peer_type, NULL);
    assert_int_equal(pthread_create(&thread, NULL, reply_from_elsewhere, w), 0);
    for (i = 0; i < 50; i++) {
        outcome out = call(w, "later", &seven);

        assert_int_equal(out.answer, AEGIS_ANSWER_OK);
        assert_int_equal(out.value.number, 42);
    }
    (void)pthread_join(thread, NULL);
}

/* The service stops while nobody answers: the caller is told, and a reply that comes yet is refused. Those
 * that never come are freed with the bus, which a leak check sees. */
static void test_stopped(void **state)
{
    const aegis_service_options impatient = {.drain_timeout = 50 * AEGIS_MILLISECOND, .concurrency = 4};
    world *w = (world *)*state;
    aegis_service *service = start(w, &peer_type, &impatient);
    aegis_call *parked[2];
    caller callers[2];
    int i;

    for (i = 0; i < 2; i++) {
        launch(w, &callers[i], "later");
        while ((parked[i] = atomic_exchange(&w->parked, NULL)) == NULL)
            nap(AEGIS_MILLISECOND);
    }
    nap(20 * AEGIS_MILLISECOND);
    aegis_service_stop(service);
    for (i = 0; i < 2; i++) {
        land(&callers[i]);
        assert_int_equal(callers[i].out.failed.status, AEGIS_UNAVAILABLE);
        aegis_arena_free(callers[i].arena);
    }
    (void)peer_ok(parked[0], &seven);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_deferred),
        WORLD_CASE(test_deferred_reply),
        WORLD_CASE(test_stopped),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
