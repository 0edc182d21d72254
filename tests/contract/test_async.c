/* Calls with a callback: it comes exactly once, whatever happens. */
#define _POSIX_C_SOURCE 200809L
#include "contract/raw.h"

/* What came back of many. */
typedef struct sink {
    world *w;
    atomic_int called, ok;
    atomic_int by_status[17];
    pthread_t thread; /* of the last callback */
    char text[AEGIS_ERROR_TEXT_MAX];
    bool not_processed;
} sink;

static void hear(const outcome *out, void *user)
{
    sink *s = (sink *)user;

    s->thread = pthread_self();
    if (out->answer == AEGIS_ANSWER_OK) {
        atomic_fetch_add(&s->ok, 1);
    } else if (out->answer == AEGIS_ANSWER_FAILED) {
        (void)snprintf(s->text, sizeof s->text, "%s", out->failed.text);
        s->not_processed = out->failed.not_processed;
        atomic_fetch_add(&s->by_status[out->failed.status], 1);
    }
    atomic_fetch_add(&s->called, 1);
}

static void test_answer(void **state)
{
    world *w = (world *)*state;
    sink s = {.w = w};

    w->service = start(w, &peer_type, NULL);
    assert_true(peer_async(w->client, peer_method("echo"), &seven, NULL, hear, &s) != 0);
    assert_true(reached(&s.called, 1));
    assert_int_equal(atomic_load(&s.ok), 1);
    assert_false(pthread_equal(s.thread, pthread_self()));
    (void)peer_async(w->client, peer_method("refuse"), &seven, NULL, hear, &s); /* a typed error */
    assert_true(reached(&s.called, 2));
    (void)peer_async(w->client, peer_method("fail"), &seven, NULL, hear, &s);
    assert_true(reached(&s.called, 3));
    assert_int_equal(atomic_load(&s.by_status[AEGIS_NOT_FOUND]), 1);
    assert_string_equal(s.text, "no order 7");
    (void)peer_async(w->client, peer_method("echo"), &(note){NULL, 1}, NULL, hear, &s);
    assert_true(reached(&s.called, 4));
    assert_int_equal(atomic_load(&s.by_status[AEGIS_INVALID_ARGUMENT]), 1);
    assert_true(s.not_processed);
    assert_true(peer_async(w->client, peer_method("echo"), &seven, NULL, NULL, NULL) != 0); /* nobody cares */
}

/* Two of each service's threads, so that answers overtake each other. */
static void test_many(void **state)
{
    enum { CALLS = 2000 };
    const aegis_service_options options = {.concurrency = 2, .waiting_room = CALLS};
    world *w = (world *)*state;
    sink s = {.w = w};
    int i;

    w->service = start(w, &peer_type, &options);
    for (i = 0; i < CALLS; i++)
        assert_true(peer_async(w->client, peer_method("echo"), &(note){"n", i}, NULL, hear, &s) != 0);
    assert_true(reached(&s.called, CALLS));
    assert_int_equal(atomic_load(&s.ok), CALLS);
    assert_int_equal(atomic_load(&w->handled), CALLS);
    nap(20 * AEGIS_MILLISECOND);
    assert_int_equal(atomic_load(&s.called), CALLS);
}

static void test_limit(void **state)
{
    const aegis_client_options options = {.async_limit = 8};
    world *w = (world *)*state;
    aegis_client *client;
    aegis_call_id ids[8];
    sink s = {.w = w}, other = {.w = w};
    raw *r;
    int i;

    assert_int_equal(aegis_client_new(w->bus, &options, &client, NULL), AEGIS_OK);
    r = raw_start(w, RAW_SILENT);
    for (i = 0; i < 8; i++)
        ids[i] = peer_async(client, &raw_plain, &seven, NULL, hear, &s);
    for (i = 0; i < 8; i++) {
        assert_true(peer_async(client, &raw_plain, &seven, NULL, hear, &other) != 0);
        assert_true(reached(&other.called, i + 1));
    }
    assert_int_equal(atomic_load(&other.by_status[AEGIS_RESOURCE_EXHAUSTED]), 8);
    assert_non_null(strstr(other.text, "8 async calls are under way"));
    assert_true(other.not_processed);
    assert_int_equal(atomic_load(&s.called), 0);
    for (i = 0; i < 8; i++)
        assert_true(aegis_call_cancel(client, ids[i]));
    assert_true(reached(&s.called, 8));
    assert_int_equal(atomic_load(&s.by_status[AEGIS_CANCELLED]), 8);
    for (i = 0; i < 8; i++)
        assert_false(aegis_call_cancel(client, ids[i]));
    assert_false(aegis_call_cancel(client, 0));
    assert_false(aegis_call_cancel(client, UINT64_MAX));
    atomic_store(&r->mode, RAW_OK); /* and there is room again */
    (void)peer_async(client, &raw_plain, &seven, NULL, hear, &s);
    assert_true(reached(&s.called, 9));
    assert_int_equal(atomic_load(&s.ok), 1);
    raw_stop(r);
    aegis_client_free(client);
}

static void test_deadline(void **state)
{
    const aegis_call_options options = {.timeout = 150 * AEGIS_MILLISECOND};
    world *w = (world *)*state;
    int64_t before = aegis_clock_monotonic();
    sink s = {.w = w};
    raw *r;

    r = raw_start(w, RAW_SILENT);
    (void)peer_async(w->client, &raw_plain, &seven, &options, hear, &s);
    assert_true(reached(&s.called, 1));
    assert_in_range(aegis_clock_monotonic() - before, 140 * AEGIS_MILLISECOND, 1000 * AEGIS_MILLISECOND);
    assert_int_equal(atomic_load(&s.by_status[AEGIS_DEADLINE_EXCEEDED]), 1);
    raw_stop(r);
}

static void test_retry(void **state)
{
    world *w = (world *)*state;
    sink s = {.w = w};
    raw *r;

    r = raw_start(w, RAW_OK);
    atomic_store(&r->first, 3);
    atomic_store(&r->first_mode, RAW_UNAVAILABLE);
    (void)peer_async(w->client, &raw_idempotent, &seven, NULL, hear, &s);
    assert_true(reached(&s.called, 1));
    assert_int_equal(atomic_load(&s.ok), 1);
    assert_int_equal(atomic_load(&r->seen), 4);
    atomic_store(&r->mode, RAW_UNAVAILABLE);
    (void)peer_async(w->client, &raw_plain, &seven, NULL, hear, &s);
    assert_true(reached(&s.called, 2));
    assert_int_equal(atomic_load(&r->seen), 5);
    raw_stop(r);
    (void)peer_async(w->client, &raw_plain, &seven, NULL, hear, &s);
    assert_true(reached(&s.called, 3));
    assert_int_equal(atomic_load(&s.by_status[AEGIS_UNAVAILABLE]), 2);
    assert_true(s.not_processed);
}

static void test_hedge(void **state)
{
    const aegis_call_options options = {.hedge = 20 * AEGIS_MILLISECOND};
    world *w = (world *)*state;
    sink s = {.w = w};
    raw *r;
    int i;

    r = raw_start(w, RAW_OK);
    atomic_store(&r->first, 1);
    atomic_store(&r->first_mode, RAW_SILENT);
    (void)peer_async(w->client, &raw_idempotent, &seven, &options, hear, &s);
    assert_true(reached(&s.called, 1));
    assert_int_equal(atomic_load(&s.ok), 1);
    assert_int_equal(atomic_load(&r->seen), 2);
    for (i = 0; i < 50; i++)
        (void)peer_async(w->client, &raw_idempotent, &seven, &options, hear, &s);
    assert_true(reached(&s.called, 51));
    assert_int_equal(atomic_load(&s.ok), 51);
    nap(40 * AEGIS_MILLISECOND);
    assert_int_equal(atomic_load(&s.called), 51);
    raw_stop(r);
}

static void test_cancel_waiting_retry(void **state)
{
    aegis_method patient = raw_idempotent;
    world *w = (world *)*state;
    sink s = {.w = w};
    int64_t before;
    aegis_call_id id;
    raw *r;

    patient.backoff_min = patient.backoff_max = AEGIS_SECOND;
    r = raw_start(w, RAW_UNAVAILABLE);
    id = peer_async(w->client, &patient, &seven, NULL, hear, &s);
    assert_true(reached(&r->seen, 1));
    nap(20 * AEGIS_MILLISECOND);
    before = aegis_clock_monotonic();
    assert_true(aegis_call_cancel(w->client, id));
    assert_true(reached(&s.called, 1));
    assert_true(aegis_clock_monotonic() - before < 800 * AEGIS_MILLISECOND);
    assert_int_equal(atomic_load(&s.by_status[AEGIS_CANCELLED]), 1);
    raw_stop(r);
}

static void wait_inside(const outcome *out, void *user)
{
    sink *s = (sink *)user;
    aegis_arena *arena = aegis_arena_new(NULL);
    int64_t before = aegis_clock_monotonic();
    outcome inner = peer_call(s->w->client, "echo", &seven, NULL, arena);

    assert_int_equal(out->answer, AEGIS_ANSWER_OK);
    assert_int_equal(inner.failed.status, AEGIS_FAILED_PRECONDITION);
    assert_true(inner.failed.not_processed);
    assert_non_null(strstr(inner.failed.text, "callback"));
    assert_true(aegis_clock_monotonic() - before < AEGIS_SECOND);
    aegis_arena_free(arena);
    assert_true(peer_async(s->w->client, peer_method("echo"), &seven, NULL, hear, s) != 0);
}

static void test_inside_callback(void **state)
{
    world *w = (world *)*state;
    sink s = {.w = w};

    w->service = start(w, &peer_type, NULL);
    (void)peer_async(w->client, peer_method("echo"), &seven, NULL, wait_inside, &s);
    assert_true(reached(&s.ok, 1));
    assert_int_equal(call(w, "echo", &seven).answer, AEGIS_ANSWER_OK); /* elsewhere one may wait */
}

static void test_free_cancels(void **state)
{
    world *w = (world *)*state;
    aegis_client *client;
    sink s = {.w = w};
    raw *r;
    int i;

    assert_int_equal(aegis_client_new(w->bus, NULL, &client, NULL), AEGIS_OK);
    r = raw_start(w, RAW_SILENT);
    for (i = 0; i < 100; i++)
        (void)peer_async(client, &raw_plain, &seven, NULL, hear, &s);
    aegis_client_free(client);
    assert_int_equal(atomic_load(&s.called), 100);
    assert_int_equal(atomic_load(&s.by_status[AEGIS_CANCELLED]), 100);
    raw_stop(r);
}

/* ---- many threads, many cancellations ----------------------------------------------------------------- */

enum { THREADS = 4, EACH = 400 };

static void *call_and_cancel(void *argument)
{
    sink *s = (sink *)argument;
    const aegis_call_options options = {.hedge = AEGIS_MILLISECOND, .timeout = 300 * AEGIS_MILLISECOND};
    aegis_call_id ids[8] = {0};
    int i;

    for (i = 0; i < EACH; i++) {
        (void)aegis_call_cancel(s->w->client, ids[i % 8]);
        ids[i % 8] = peer_async(s->w->client, &raw_idempotent, &seven, i % 3 == 0 ? &options : NULL, hear, s);
    }
    return NULL;
}

static void test_races(void **state)
{
    world *w = (world *)*state;
    pthread_t threads[THREADS];
    sink s = {.w = w};
    raw *r;
    int i;

    r = raw_start(w, RAW_OK);
    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_and_cancel, &s), 0);
    for (i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    assert_true(reached(&s.called, THREADS * EACH));
    nap(20 * AEGIS_MILLISECOND);
    assert_int_equal(atomic_load(&s.called), THREADS * EACH);
    assert_true(atomic_load(&s.ok) > 0);
    raw_stop(r);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_answer),
        WORLD_CASE(test_many),
        WORLD_CASE(test_limit),
        WORLD_CASE(test_deadline),
        WORLD_CASE(test_retry),
        WORLD_CASE(test_hedge),
        WORLD_CASE(test_cancel_waiting_retry),
        WORLD_CASE(test_inside_callback),
        WORLD_CASE(test_free_cancels),
        WORLD_CASE(test_races),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
