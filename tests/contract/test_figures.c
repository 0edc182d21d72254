/* What is counted of events and commands, and how many there are of each now. */
#define _POSIX_C_SOURCE 200809L
#include "contract/figures.h"

#include "application/presence.h"

static void test_consumers(void **state)
{
    world *w = (world *)*state;
    aegis_consumer_metrics c;

    figures_run(w);
    c = figures_consumer(w, "events.thing.*");
    assert_string_equal(c.service, "figures");
    assert_string_equal(c.name, "thing.*");
    assert_string_equal(c.lane, "");
    assert_false(c.command);
    assert_int_equal(c.handled, 2);
    assert_int_equal(c.retried, 1);
    assert_int_equal(c.redelivered, 1);
    assert_int_equal(c.dead, 1);
    assert_int_equal(c.running, 0);
    assert_int_equal(c.latency.count, 4);
    assert_true(c.pending_known);
    assert_int_equal(c.pending, 0);

    c = figures_consumer(w, "commands.figures.work");
    assert_true(c.command);
    assert_string_equal(c.name, "work");
    assert_string_equal(c.lane, "normal");
    assert_int_equal(c.handled, 2);
    assert_int_equal(c.retried, 1);
    assert_int_equal(c.redelivered, 1);
    assert_int_equal(c.dead, 0);
    assert_int_equal(c.ready, 0);
    assert_int_equal(c.running, 0);
    assert_int_equal(c.taken_over, 0);
    /* Three attempts of five updates: the first and the last of each are sent. */
    assert_true(c.progress_sent >= 6 && c.progress_sent + c.progress_replaced == 15);
    assert_true(c.progress_replaced > 0);
    c = figures_consumer(w, "commands.figures.work.high");
    assert_string_equal(c.lane, "high");
    assert_int_equal(c.handled, 1);
    c = figures_consumer(w, "commands.figures.work.low");
    assert_string_equal(c.lane, "low");
    assert_int_equal(c.handled, 0);
    assert_false(c.pending_known);
}

static void test_sendings(void **state)
{
    world *w = (world *)*state;
    const aegis_sending_metrics *s;
    const aegis_method_metrics *m = NULL;
    aegis_metrics metrics;
    size_t i;

    figures_run(w);
    assert_int_equal(aegis_metrics_read(w->bus, w->arena, &metrics, NULL), AEGIS_OK);
    assert_int_equal(metrics.sending_count, 2);
    s = &metrics.sendings[0];
    assert_string_equal(s[0].subject, "commands.figures.work");
    assert_string_equal(s[1].subject, "events.thing.told");
    for (i = 0; i < 2; i++) {
        assert_int_equal(s[i].status[AEGIS_OK], 3);
        assert_int_equal(s[i].in_flight, 0);
        assert_int_equal(s[i].latency.count, 3);
        assert_int_equal(s[i].failed.count, 0);
    }
    for (i = 0; i < metrics.method_count; i++) {
        if (strcmp(metrics.methods[i].method, "work") == 0)
            m = &metrics.methods[i];
    }
    assert_non_null(m);
    assert_true(m->server && m->command);
    assert_int_equal(m->status[AEGIS_OK], 3);
    assert_int_equal(m->status[AEGIS_UNAVAILABLE], 1);
    assert_int_equal(m->latency.count, 4);
    assert_int_equal(m->failed.count, 1);
}

/* One that fails is counted as such; async ones when they end. */
static void test_failed_sending(void **state)
{
    static const aegis_event_type other = {"thing", "other", "1.0"};
    static const aegis_publish_options bad = {.message_id = "no uuid"};
    world *w = (world *)*state;
    aegis_metrics m;

    assert_int_equal(peer_publish(w->publisher, &other, &seven, &bad, NULL), AEGIS_INVALID_ARGUMENT);
    assert_int_equal(peer_publish_async(w->publisher, &other, &seven, &bad, NULL, NULL, NULL),
                     AEGIS_INVALID_ARGUMENT);
    assert_int_equal(peer_publish_async(w->publisher, &other, &seven, NULL, NULL, NULL, NULL), AEGIS_OK);
    assert_int_equal(aegis_publisher_flush(w->publisher, 0, NULL), AEGIS_OK);
    assert_int_equal(aegis_metrics_read(w->bus, w->arena, &m, NULL), AEGIS_OK);
    assert_int_equal(m.sending_count, 1);
    assert_string_equal(m.sendings[0].subject, "events.thing.other");
    assert_int_equal(m.sendings[0].status[AEGIS_OK], 1);
    assert_int_equal(m.sendings[0].status[AEGIS_INVALID_ARGUMENT], 2);
    assert_int_equal(m.sendings[0].in_flight, 0);
    assert_int_equal(m.sendings[0].latency.count, 3);
    assert_int_equal(m.sendings[0].failed.count, 2);
}

/* Many subjects, more than have a place of their own. */
static void test_many_subjects(void **state)
{
    world *w = (world *)*state;
    char types[200][8];
    aegis_metrics m;
    size_t i, k;

    for (k = 0; k < 2; k++) {
        for (i = 0; i < 200; i++) {
            aegis_event_type type = {"many", types[i], "1.0"};

            (void)snprintf(types[i], sizeof types[i], "t%zu", i);
            assert_int_equal(peer_publish_async(w->publisher, &type, &seven, NULL, NULL, NULL, NULL),
                             AEGIS_OK);
        }
        assert_int_equal(aegis_publisher_flush(w->publisher, TEN_SECONDS, NULL), AEGIS_OK);
    }
    assert_int_equal(aegis_metrics_read(w->bus, w->arena, &m, NULL), AEGIS_OK);
    assert_int_equal(m.sending_count, 200);
    for (i = 0; i < 200; i++)
        assert_int_equal(m.sendings[i].status[AEGIS_OK], 2);
    assert_string_equal(m.sendings[0].subject, "events.many.t0");
    assert_string_equal(m.sendings[199].subject, "events.many.t99");
}

/* ---- lag ------------------------------------------------------------------------------------------------
 */

static aegis_settle on_stuck(const aegis_event *event, aegis_reader *payload, const void *ops, void *user)
{
    world *w = (world *)user;
    note value;

    (void)ops;
    note_get(payload, &value);
    (void)aegis_reader_close(payload, NULL);
    atomic_fetch_add(&w->running, 1);
    while (!atomic_load(&w->release) && !aegis_call_cancelled(&event->base))
        nap(AEGIS_MILLISECOND);
    return AEGIS_DONE;
}

static const aegis_event_type piled = {"pile", "grew", "1.0"};
static const aegis_event_case piled_case[] = {{&piled, on_stuck}};
static const aegis_subscription piled_subscription = {.pattern = "pile.grew",
                                                      .durable = "stuck__pile_grew",
                                                      .cases = piled_case,
                                                      .case_count = 1,
                                                      .in_flight = 1};
static const aegis_service_type stuck_type = {
    .name = "stuck", .version = "1.0.0", .subscriptions = &piled_subscription, .subscription_count = 1};

/* Its only handler is stuck, so nothing that is read tells the lag. */
static void test_lag_of_stuck(void **state)
{
    world *w = (world *)*state;
    const int64_t until = aegis_clock_monotonic() + 3 * TEN_SECONDS;
    aegis_consumer_metrics c;
    int i;

    w->service = start(w, &stuck_type, NULL);
    assert_int_equal(peer_publish(w->publisher, &piled, &seven, NULL, NULL), AEGIS_OK);
    assert_true(reached(&w->running, 1));
    c = figures_consumer(w, "events.pile.grew");
    assert_int_equal(c.running, 1);
    for (i = 0; i < 5; i++)
        assert_int_equal(peer_publish(w->publisher, &piled, &seven, NULL, NULL), AEGIS_OK);
    do {
        aegis_presence_nudge(w->bus); /* else it may take ten seconds */
        nap(10 * AEGIS_MILLISECOND);
        aegis_arena_reset(w->arena);
        c = figures_consumer(w, "events.pile.grew");
    } while (c.pending != 5 && aegis_clock_monotonic() < until);
    assert_int_equal(c.pending, 5);
    atomic_store(&w->release, true);
}

/* ---- calls ----------------------------------------------------------------------------------------------
 */

static void test_calls_in_flight(void **state)
{
    const aegis_service_options options = {.concurrency = 2};
    world *w = (world *)*state;
    const int64_t until = aegis_clock_monotonic() + TEN_SECONDS;
    uint64_t under_way = 0;
    aegis_metrics m;
    caller c;
    size_t i;

    w->service = start(w, &peer_type, &options);
    launch(w, &c, "slow");
    assert_true(reached(&w->running, 1));
    while (under_way == 0 && aegis_clock_monotonic() < until) {
        assert_int_equal(aegis_metrics_read(w->bus, w->arena, &m, NULL), AEGIS_OK);
        for (i = 0; i < m.method_count; i++)
            under_way += m.methods[i].in_flight;
    }
    assert_int_equal(under_way, 1);
    atomic_store(&w->release, true);
    land(&c);
    assert_int_equal(c.out.answer, AEGIS_ANSWER_OK);
    aegis_arena_free(c.arena);
    assert_int_equal(aegis_metrics_read(w->bus, w->arena, &m, NULL), AEGIS_OK);
    for (i = 0; i < m.method_count; i++)
        assert_int_equal(m.methods[i].in_flight, 0);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_consumers),     WORLD_CASE(test_sendings),        WORLD_CASE(test_failed_sending),
        WORLD_CASE(test_many_subjects), WORLD_CASE(test_calls_in_flight), WORLD_CASE(test_lag_of_stuck),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
