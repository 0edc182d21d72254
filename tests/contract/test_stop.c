/* A service that stops: what runs is finished, and nobody notices. */
#define _POSIX_C_SOURCE 200809L
#include "contract/world.h"

typedef struct load {
    world *w;
    atomic_bool *stop;
    pthread_t thread;
    int ok;
    int failed;
    char why[256];
} load;

static void *keep_calling(void *argument)
{
    load *l = (load *)argument;
    aegis_arena *arena = aegis_arena_new(NULL);

    while (!atomic_load(l->stop)) {
        outcome out = peer_call(l->w->client, "echo", &seven, NULL, arena);

        if (out.answer == AEGIS_ANSWER_OK) {
            l->ok++;
        } else {
            l->failed++;
            (void)snprintf(l->why, sizeof l->why, "%.200s", aegis_error_text(&out.failed));
        }
        aegis_arena_reset(arena);
    }
    aegis_arena_free(arena);
    return NULL;
}

/* Two servers share the load; stopping one loses nothing. */
static void test_clean_stop(void **state)
{
    world *w = (world *)*state;
    const aegis_service_options options = {.concurrency = 2};
    aegis_service *second;
    atomic_bool stop;
    load loads[3];
    int i;

    atomic_init(&stop, false);
    w->service = start(w, &peer_type, &options);
    memset(loads, 0, sizeof loads);
    for (i = 0; i < 3; i++) {
        loads[i].w = w;
        loads[i].stop = &stop;
        assert_int_equal(pthread_create(&loads[i].thread, NULL, keep_calling, &loads[i]), 0);
    }
    for (i = 0; i < 5; i++) {
        second = start(w, &peer_type, &options);
        nap(20 * AEGIS_MILLISECOND);
        aegis_service_stop(second);
    }
    atomic_store(&stop, true);
    for (i = 0; i < 3; i++) {
        (void)pthread_join(loads[i].thread, NULL);
        if (loads[i].failed != 0)
            fail_msg("%d calls failed: %s", loads[i].failed, loads[i].why);
        assert_true(loads[i].ok > 0);
    }
}

static void test_stop_waits(void **state)
{
    world *w = (world *)*state;
    aegis_service *service = start(w, &peer_type, NULL);
    caller first;

    launch(w, &first, "slow");
    assert_true(reached(&w->running, 1));
    atomic_store(&w->release, true);
    aegis_service_stop(service);
    land(&first);
    assert_int_equal(first.out.answer, AEGIS_ANSWER_OK);
    aegis_arena_free(first.arena);
}

static void *stop_soon(void *argument)
{
    nap(50 * AEGIS_MILLISECOND);
    aegis_stop((aegis_bus *)argument);
    return NULL;
}

static void test_run(void **state)
{
    world *w = (world *)*state;
    pthread_t thread;

    w->service = start(w, &peer_type, NULL);
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, w->bus), 0);
    assert_int_equal(aegis_run(w->bus, NULL), AEGIS_OK);
    (void)pthread_join(thread, NULL);
    assert_int_equal(call(w, "echo", &seven).failed.status, AEGIS_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_clean_stop),
        WORLD_CASE(test_stop_waits),
        WORLD_CASE(test_run),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
