/* What a call sends again, and what it does not: counted by a responder, over both adapters. */
#define _POSIX_C_SOURCE 200809L
#include "contract/raw.h"

static outcome ask(world *w, const aegis_method *method, const aegis_call_options *options)
{
    aegis_arena_reset(w->arena);
    return peer_invoke(w->client, method, &seven, options, w->arena);
}

static void test_idempotent_is_repeated(void **state)
{
    world *w = (world *)*state;
    outcome out;
    raw *r;

    r = raw_start(w, RAW_OK);
    atomic_store(&r->first, 3);
    atomic_store(&r->first_mode, RAW_UNAVAILABLE);
    out = ask(w, &raw_idempotent, NULL);
    assert_int_equal(out.answer, AEGIS_ANSWER_OK);
    assert_int_equal(atomic_load(&r->seen), 4);
    /* Each attempt is a message of its own; the last half, the client's span, is the same. */
    assert_string_not_equal(r->first_id, r->last_id);
    assert_string_equal(r->first_id + 19, r->last_id + 19);
    raw_stop(r);
}

static void test_retries_are_counted(void **state)
{
    world *w = (world *)*state;
    outcome out;
    raw *r;

    r = raw_start(w, RAW_UNAVAILABLE);
    out = ask(w, &raw_idempotent, NULL);
    assert_int_equal(out.failed.status, AEGIS_UNAVAILABLE);
    assert_string_equal(out.failed.text, "not now");
    assert_int_equal(atomic_load(&r->seen), 4);
    atomic_store(&r->mode, RAW_NOT_FOUND); /* no retry can change that */
    assert_int_equal(ask(w, &raw_idempotent, NULL).failed.status, AEGIS_NOT_FOUND);
    assert_int_equal(atomic_load(&r->seen), 5);
    atomic_store(&r->mode, RAW_UNAVAILABLE);
    assert_int_equal(ask(w, &raw_idempotent, &(aegis_call_options){.once = true}).failed.status,
                     AEGIS_UNAVAILABLE);
    assert_int_equal(atomic_load(&r->seen), 6);
    raw_stop(r);
}

/* What may have been processed is not sent twice, whatever became of it. */
static void test_plain_is_sent_once(void **state)
{
    static const raw_mode modes[] = {RAW_OK, RAW_UNAVAILABLE, RAW_NOT_FOUND, RAW_SILENT};
    const aegis_call_options options = {.timeout = 100 * AEGIS_MILLISECOND, .hedge = 10 * AEGIS_MILLISECOND};
    world *w = (world *)*state;
    raw *r;
    size_t i;

    r = raw_start(w, RAW_OK);
    for (i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        atomic_store(&r->mode, modes[i]);
        (void)ask(w, &raw_plain, &options);
        assert_int_equal(atomic_load(&r->seen), i + 1);
    }
    raw_stop(r);
}

static void test_unseen_is_sent_again(void **state)
{
    world *w = (world *)*state;
    raw *r;

    r = raw_start(w, RAW_OK);
    atomic_store(&r->first, 2);
    atomic_store(&r->first_mode, RAW_SHED);
    assert_int_equal(ask(w, &raw_plain, NULL).answer, AEGIS_ANSWER_OK);
    assert_int_equal(atomic_load(&r->seen), 3);
    atomic_store(&r->mode, RAW_SHED); /* but not for long */
    assert_int_equal(ask(w, &raw_plain, NULL).failed.status, AEGIS_RESOURCE_EXHAUSTED);
    assert_int_equal(atomic_load(&r->seen), 6);
    assert_int_equal(ask(w, &raw_plain, &(aegis_call_options){.once = true}).failed.status,
                     AEGIS_RESOURCE_EXHAUSTED);
    assert_int_equal(atomic_load(&r->seen), 7);
    raw_stop(r);
}

static void *come_late(void *argument)
{
    nap(3 * AEGIS_MILLISECOND);
    (void)raw_start((world *)argument, RAW_OK);
    return NULL;
}

/* Nobody there: tried again shortly, and then it is said at once. */
static void test_nobody_there(void **state)
{
    world *w = (world *)*state;
    int64_t before = aegis_clock_monotonic();
    outcome out = ask(w, &raw_plain, NULL);
    pthread_t thread;
    int i;

    assert_int_equal(out.failed.status, AEGIS_UNAVAILABLE);
    assert_true(out.failed.not_processed);
    assert_true(aegis_clock_monotonic() - before < 500 * AEGIS_MILLISECOND);
    assert_int_equal(pthread_create(&thread, NULL, come_late, w), 0);
    out = ask(w, &raw_plain, NULL);
    for (i = 0; i < 100 && out.answer != AEGIS_ANSWER_OK; i++)
        out = ask(w, &raw_plain, NULL);
    (void)pthread_join(thread, NULL);
    assert_int_equal(out.answer, AEGIS_ANSWER_OK);
}

static void test_budget(void **state)
{
    enum { CALLS = 1000 };
    const aegis_client_options options = {.breaker = {.off = true}};
    world *w = (world *)*state;
    aegis_client *client;
    raw *r;
    int i;

    assert_int_equal(aegis_client_new(w->bus, &options, &client, NULL), AEGIS_OK);
    r = raw_start(w, RAW_UNAVAILABLE);
    for (i = 0; i < CALLS; i++) {
        aegis_arena_reset(w->arena);
        (void)peer_invoke(client, &raw_idempotent, &seven, NULL, w->arena);
    }
    assert_in_range(atomic_load(&r->seen), CALLS + CALLS / 20, CALLS + CALLS / 10);
    raw_stop(r);
    aegis_client_free(client);
}

static void test_hedge(void **state)
{
    const aegis_call_options options = {.hedge = 30 * AEGIS_MILLISECOND};
    world *w = (world *)*state;
    int64_t before;
    outcome out;
    raw *r;

    r = raw_start(w, RAW_OK);
    atomic_store(&r->first, 1);
    atomic_store(&r->first_mode, RAW_SILENT);
    before = aegis_clock_monotonic();
    out = ask(w, &raw_idempotent, &options);
    assert_int_equal(out.answer, AEGIS_ANSWER_OK);
    assert_string_equal(out.value.text, "raw");
    assert_int_equal(atomic_load(&r->seen), 2);
    assert_true(aegis_clock_monotonic() - before >= 30 * AEGIS_MILLISECOND);
    assert_true(aegis_clock_monotonic() - before < AEGIS_SECOND);
    out = ask(w, &raw_idempotent, &options); /* answered in time: one is enough */
    assert_int_equal(out.answer, AEGIS_ANSWER_OK);
    assert_int_equal(atomic_load(&r->seen), 3);
    atomic_store(&r->mode, RAW_NOT_FOUND);
    assert_int_equal(ask(w, &raw_idempotent, &options).failed.status, AEGIS_NOT_FOUND);
    assert_int_equal(atomic_load(&r->seen), 4);
    raw_stop(r);
}

/* A hedge of the IDL; both without an answer; never longer than the deadline. */
static void test_hedge_in_vain(void **state)
{
    world *w = (world *)*state;
    aegis_method hedged = raw_idempotent;
    aegis_call_options options = {.timeout = 200 * AEGIS_MILLISECOND};
    int64_t before;
    raw *r;

    hedged.hedge = 20 * AEGIS_MILLISECOND;
    r = raw_start(w, RAW_SILENT);
    before = aegis_clock_monotonic();
    assert_int_equal(ask(w, &hedged, &options).failed.status, AEGIS_DEADLINE_EXCEEDED);
    assert_in_range(aegis_clock_monotonic() - before, 190 * AEGIS_MILLISECOND, 1000 * AEGIS_MILLISECOND);
    assert_int_equal(atomic_load(&r->seen), 2);
    options.hedge = -1;
    assert_int_equal(ask(w, &hedged, &options).failed.status, AEGIS_DEADLINE_EXCEEDED);
    assert_int_equal(atomic_load(&r->seen), 3);
    raw_stop(r);
    assert_int_equal(ask(w, &hedged, NULL).failed.status, AEGIS_UNAVAILABLE);
}

/* An answer that does not fit into the arena has come: it is not asked for again. */
static void test_scarce_arena(void **state)
{
    static char text[4096];
    world *w = (world *)*state;
    aegis_method echo = *peer_method("echo");
    int unfit = 0;
    size_t limit;

    echo.idempotent = true;
    echo.max_retries = 3;
    echo.backoff_min = echo.backoff_max = AEGIS_MILLISECOND;
    memset(text, 'x', sizeof text - 1);
    w->service = start(w, &peer_type, NULL);
    for (limit = 512; limit < 40000; limit += 512) {
        const int before = atomic_load(&w->handled);
        outcome out;

        aegis_arena_reset(w->arena);
        aegis_arena_set_limit(w->arena, limit);
        out = peer_invoke(w->client, &echo, &(note){text, 1}, NULL, w->arena);
        assert_true(atomic_load(&w->handled) - before <= 1);
        unfit += out.answer == AEGIS_ANSWER_FAILED && atomic_load(&w->handled) > before;
        if (out.answer != AEGIS_ANSWER_OK && out.failed.status != AEGIS_RESOURCE_EXHAUSTED)
            fail_msg("%zu: %s: %s", limit, aegis_status_name(out.failed.status), out.failed.text);
    }
    assert_true(unfit > 0);
    aegis_arena_set_limit(w->arena, AEGIS_ARENA_LIMIT);
}

static void test_deadline_travels(void **state)
{
    const aegis_call_options options = {.timeout = 1500 * AEGIS_MILLISECOND};
    world *w = (world *)*state;
    raw *r;

    r = raw_start(w, RAW_OK);
    assert_int_equal(ask(w, &raw_plain, &options).answer, AEGIS_ANSWER_OK);
    assert_true(r->budget > 1.3 && r->budget <= 1.5);
    /* The second attempt says what is left then. */
    atomic_store(&r->first, 2);
    atomic_store(&r->first_mode, RAW_UNAVAILABLE);
    assert_int_equal(ask(w, &raw_idempotent, &options).answer, AEGIS_ANSWER_OK);
    assert_true(r->budget < 1.496);
    raw_stop(r);
}

static void test_breaker(void **state)
{
    const aegis_client_options options = {.breaker = {.least = 5, .open_for = 200 * AEGIS_MILLISECOND}};
    const aegis_call_options once = {.once = true};
    world *w = (world *)*state;
    aegis_client *client;
    outcome out;
    raw *r;
    int i;

    assert_int_equal(aegis_client_new(w->bus, &options, &client, NULL), AEGIS_OK);
    r = raw_start(w, RAW_UNAVAILABLE);
    assert_int_equal(aegis_client_breaker(client, "raw"), AEGIS_BREAKER_CLOSED);
    for (i = 0; i < 5; i++)
        (void)peer_invoke(client, &raw_plain, &seven, &once, w->arena);
    assert_int_equal(aegis_client_breaker(client, "raw"), AEGIS_BREAKER_OPEN);
    out = peer_invoke(client, &raw_plain, &seven, NULL, w->arena);
    assert_int_equal(out.failed.status, AEGIS_UNAVAILABLE);
    assert_true(out.failed.not_processed);
    assert_non_null(strstr(out.failed.text, "circuit breaker"));
    assert_int_equal(atomic_load(&r->seen), 5);
    nap(210 * AEGIS_MILLISECOND);
    (void)peer_invoke(client, &raw_plain, &seven, &once, w->arena); /* tries, in vain */
    assert_int_equal(atomic_load(&r->seen), 6);
    assert_int_equal(aegis_client_breaker(client, "raw"), AEGIS_BREAKER_OPEN);
    atomic_store(&r->mode, RAW_OK);
    nap(210 * AEGIS_MILLISECOND);
    assert_int_equal(peer_invoke(client, &raw_plain, &seven, NULL, w->arena).answer, AEGIS_ANSWER_OK);
    assert_int_equal(aegis_client_breaker(client, "raw"), AEGIS_BREAKER_CLOSED);
    raw_stop(r);
    aegis_client_free(client);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_idempotent_is_repeated),
        WORLD_CASE(test_retries_are_counted),
        WORLD_CASE(test_plain_is_sent_once),
        WORLD_CASE(test_unseen_is_sent_again),
        WORLD_CASE(test_nobody_there),
        WORLD_CASE(test_budget),
        WORLD_CASE(test_hedge),
        WORLD_CASE(test_hedge_in_vain),
        WORLD_CASE(test_scarce_arena),
        WORLD_CASE(test_deadline_travels),
        WORLD_CASE(test_breaker),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
