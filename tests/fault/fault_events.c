/* F3: consumers of events are killed a hundred times, at random; and an event ends every process that handles
 * it. F19: retention passes a subscriber that is away, or slow, in random turns: what it counts as lost is
 * what it has not had. AEGIS_KILLS and AEGIS_SEED say how often and repeat a run. */
#define _POSIX_C_SOURCE 200809L
#include "contract/victims.h"

enum { KILLS = 100, TURNS = 25, KEPT = 50, MOST_AT_ONCE = 300 };

static int from_environment(const char *name, int otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? atoi(text) : otherwise;
}

static void f3_killed(void **state)
{
    if (!world_is_nats())
        skip();
    victims_killed((world *)*state, from_environment("AEGIS_KILLS", KILLS));
}

static void f3_poisoned(void **state)
{
    if (!world_is_nats())
        skip();
    victims_poisoned((world *)*state);
}

/* ---- F19 ---------------------------------------------------------------------------------------------- */

static const aegis_event_type happened = {"thing", "happened", "1.0"};

typedef struct reader {
    atomic_int handled;
    atomic_bool hold;
    aegis_service *service;
} reader;

static aegis_settle on_thing(const aegis_event *event, aegis_reader *payload, const void *ops, void *user)
{
    reader *r = (reader *)user;
    note value = {NULL, 0};

    (void)event;
    (void)ops;
    note_get(payload, &value);
    if (aegis_reader_close(payload, NULL) != AEGIS_OK)
        return AEGIS_DEAD;
    while (atomic_load(&r->hold))
        nap(AEGIS_MILLISECOND);
    (void)atomic_fetch_add(&r->handled, 1);
    return AEGIS_DONE;
}

static const aegis_event_case cases_of[] = {{&happened, on_thing}};
static const aegis_subscription subscription = {
    .pattern = "thing.happened", .durable = "reader__thing_happened", .cases = cases_of, .case_count = 1};
static const aegis_service_type reader_type = {
    .name = "reader", .version = "1.0.0", .subscriptions = &subscription, .subscription_count = 1};

static uint64_t lost_of(world *w)
{
    aegis_metrics m;

    aegis_arena_reset(w->arena);
    assert_int_equal(aegis_metrics_read(w->bus, w->arena, &m, NULL), AEGIS_OK);
    return m.consumer_count > 0 ? m.consumers[0].lost : 0;
}

static void serve(world *w, reader *r)
{
    assert_int_equal(aegis_service_start(w->bus, &reader_type, NULL, r, NULL, &r->service, NULL), AEGIS_OK);
}

static int publish_some(world *w, unsigned *seed)
{
    const int count = rand_r(seed) % MOST_AT_ONCE;

    for (int i = 0; i < count; i++)
        assert_int_equal(peer_publish(w->publisher, &happened, &(note){"x", i}, NULL, NULL), AEGIS_OK);
    return count;
}

static void f19_retention(void **state)
{
    world *w = (world *)*state;
    const aegis_options options = {.name = "short", .events = {.max_messages = KEPT}};
    unsigned seed = (unsigned)from_environment("AEGIS_SEED", 19);
    reader r = {.service = NULL};
    int published = 0, turn;
    int64_t until;
    uint64_t lost;

    world_reopen(w, &options);
    serve(w, &r);
    for (turn = 0; turn < TURNS; turn++) {
        const bool away = rand_r(&seed) % 2 == 0;

        if (away)
            aegis_service_stop(r.service);
        else
            atomic_store(&r.hold, true);
        published += publish_some(w, &seed);
        atomic_store(&r.hold, false);
        if (away)
            serve(w, &r);
        published += publish_some(w, &seed);
        until = aegis_clock_monotonic() + TEN_SECONDS;
        while (atomic_load(&r.handled) + (int)lost_of(w) < published && aegis_clock_monotonic() < until)
            nap(5 * AEGIS_MILLISECOND);
        if (getenv("AEGIS_TEST_LOG") != NULL)
            (void)fprintf(stderr, "    turn %d %s: published %d handled %d lost %d\n", turn,
                          away ? "away" : "slow", published, atomic_load(&r.handled), (int)lost_of(w));
    }
    nap(3 * AEGIS_SECOND); /* one more look */
    lost = lost_of(w);
    (void)printf(
        "F19: %d turns (seed %d): %d published, %d handled, %llu counted as lost; counted - actual = %d\n",
        TURNS, from_environment("AEGIS_SEED", 19), published, atomic_load(&r.handled),
        (unsigned long long)lost, (int)lost - (published - atomic_load(&r.handled)));
    aegis_service_stop(r.service);
    assert_true(lost > 0);
    assert_int_equal((int)lost, published - atomic_load(&r.handled));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {WORLD_CASE(f3_killed), WORLD_CASE(f3_poisoned),
                                       WORLD_CASE(f19_retention)};

    return argc > 1 ? victim_main(argv) : world_run(cases, sizeof cases / sizeof cases[0]);
}
