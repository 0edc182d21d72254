/* Subscriptions through the application layer: what counts as a try, who gets an event, in which order, for
 * how long an instance may work on it, and what retention took. */
#define _POSIX_C_SOURCE 200809L
#include "application/subscriptions.h"
#include "contract/world.h"

static const aegis_event_type happened = {"thing", "happened", "1.0"};
static const aegis_event_type other = {"other", "happened", "1.0"};

#define MOST 1024

/* One of a test's instances: what it saw, in order, and what it is to do. */
typedef struct instance {
    pthread_mutex_t lock;
    int64_t numbers[MOST];
    uint32_t attempts[MOST];
    atomic_int count;
    atomic_int retries; /* answer AEGIS_RETRY so often */
    int64_t retry;      /* but only to this number; 0: to any */
    int64_t hold;       /* wait at this number until `release` */
    int hold_at;        /* or at the so-manieth, whichever it is */
    atomic_bool holding, release;
    atomic_bool paused; /* handlers do not return */
    atomic_int at_work, most_at_work;
    aegis_duration takes;
    aegis_service *service;
} instance;

static aegis_settle on_thing(const aegis_event *event, aegis_reader *payload, const void *ops, void *user)
{
    instance *i = (instance *)user;
    note value = {NULL, 0};
    int at_work;

    (void)ops;
    note_get(payload, &value);
    if (aegis_reader_close(payload, NULL) != AEGIS_OK)
        return AEGIS_DEAD;
    at_work = atomic_fetch_add(&i->at_work, 1) + 1;
    if (at_work > atomic_load(&i->most_at_work))
        atomic_store(&i->most_at_work, at_work);
    if (i->takes > 0)
        nap(i->takes);
    while (atomic_load(&i->paused))
        nap(AEGIS_MILLISECOND);
    (void)atomic_fetch_sub(&i->at_work, 1);
    while (((i->hold != 0 && value.number == i->hold) || i->hold_at == atomic_load(&i->count) + 1) &&
           !atomic_load(&i->release)) {
        atomic_store(&i->holding, true);
        nap(AEGIS_MILLISECOND);
    }
    (void)pthread_mutex_lock(&i->lock);
    if (atomic_load(&i->count) < MOST) {
        i->numbers[atomic_load(&i->count)] = value.number;
        i->attempts[atomic_load(&i->count)] = event->base.attempt;
    }
    (void)atomic_fetch_add(&i->count, 1);
    (void)pthread_mutex_unlock(&i->lock);
    if ((i->retry == 0 || i->retry == value.number) && atomic_load(&i->retries) > 0) {
        (void)atomic_fetch_sub(&i->retries, 1);
        return AEGIS_RETRY;
    }
    return AEGIS_DONE;
}

static const aegis_event_case thing_case[] = {{&happened, on_thing}};

/* A service type of one subscription. */
#define TYPE(called, ...)                                                                                    \
    static const aegis_subscription called##_subscription = {.pattern = "thing.happened",                    \
                                                             .durable = #called "__thing_happened",          \
                                                             .cases = thing_case,                            \
                                                             .case_count = 1,                                \
                                                             .backoff_min = 1,                               \
                                                             .backoff_max = 20 * AEGIS_MILLISECOND,          \
                                                             __VA_ARGS__};                                   \
    static const aegis_service_type called##_type = {.name = #called,                                        \
                                                     .version = "1.0.0",                                     \
                                                     .subscriptions = &called##_subscription,                \
                                                     .subscription_count = 1}

TYPE(plain, .max_retries = 2);
TYPE(many, .max_retries = 100);
static const aegis_subscription patient_subscription = {.pattern = "thing.happened",
                                                        .durable = "patient__thing_happened",
                                                        .cases = thing_case,
                                                        .case_count = 1,
                                                        .max_retries = 3,
                                                        .backoff_min = AEGIS_MINUTE,
                                                        .backoff_max = AEGIS_MINUTE};
static const aegis_service_type patient_type = {
    .name = "patient", .version = "1.0.0", .subscriptions = &patient_subscription, .subscription_count = 1};
TYPE(ordered, .ordered = true, .max_retries = 100);
TYPE(broadcast, .broadcast = true, .from_new = true, .max_retries = 2);
TYPE(history, .broadcast = true, .max_retries = 2);
TYPE(wide, .concurrency = 4, .in_flight = 6, .max_retries = 2);

static void serve(world *w, instance *i, const aegis_service_type *type, aegis_duration lease)
{
    const aegis_service_options options = {.lease = lease};
    aegis_error error = {0};

    if (aegis_service_start(w->bus, type, NULL, i, &options, &i->service, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
}

static void publish_as(world *w, const aegis_event_type *type, int64_t first, int64_t last)
{
    for (int64_t number = first; number <= last; number++) {
        const note event = {"x", number};
        aegis_error error = {0};

        if (peer_publish(w->publisher, type, &event, NULL, &error) != AEGIS_OK)
            fail_msg("%s", aegis_error_text(&error));
    }
}

static void publish(world *w, int64_t first, int64_t last)
{
    publish_as(w, &happened, first, last);
}

static aegis_consumer_metrics metrics_of(world *w, const char *service)
{
    const aegis_consumer_metrics none = {0};
    aegis_metrics m;

    assert_int_equal(aegis_metrics_read(w->bus, w->arena, &m, NULL), AEGIS_OK);
    for (size_t i = 0; i < m.consumer_count; i++) {
        if (strcmp(m.consumers[i].service, service) == 0)
            return m.consumers[i];
    }
    return none;
}

static aegis_consumer_info consumer_of(world *w, const instance *i)
{
    const aegis_consumer_config *config = &i->service->lanes[0].intake->config;
    aegis_consumer_info info;

    memset(&info, 0, sizeof info);
    assert_int_equal(w->bus->port->ops->consumer_info(w->bus->port, config->stream, config->durable,
                                                      aegis_clock_monotonic() + AEGIS_SECOND, &info, NULL),
                     AEGIS_OK);
    return info;
}

/* ---- tries -------------------------------------------------------------------------------------------- */

static void test_tries_end(void **state)
{
    world *w = (world *)*state;
    instance i = {.lock = PTHREAD_MUTEX_INITIALIZER};
    int64_t until = aegis_clock_monotonic() + TEN_SECONDS;

    atomic_store(&i.retries, 100);
    serve(w, &i, &plain_type, 0);
    publish(w, 1, 1);
    while (metrics_of(w, "plain").dead == 0 && aegis_clock_monotonic() < until)
        nap(5 * AEGIS_MILLISECOND);
    nap(50 * AEGIS_MILLISECOND);
    assert_int_equal(atomic_load(&i.count), 3);
    for (uint32_t k = 0; k < 3; k++)
        assert_int_equal(i.attempts[k], k + 1);
    assert_int_equal(metrics_of(w, "plain").dead, 1);
    assert_int_equal(metrics_of(w, "plain").retried, 2);
    assert_int_equal(metrics_of(w, "plain").handled, 0);
    aegis_service_stop(i.service);
}

static void *stop_it(void *service)
{
    aegis_service_stop((aegis_service *)service);
    return NULL;
}

/* What waited for its handler when the service stopped has lost nothing by that, however often. */
static void test_waiting_is_no_try(void **state)
{
    enum { EVENTS = 60, STOPS = 5 }; /* more stops than an event has tries */
    world *w = (world *)*state;
    instance i = {.lock = PTHREAD_MUTEX_INITIALIZER};
    bool seen[EVENTS + 1] = {false};
    pthread_t stopper;

    publish(w, 1, EVENTS);
    for (int k = 1; k <= STOPS; k++) {
        i.hold_at = atomic_load(&i.count) + 5; /* the quick ones before it make room for others to wait */
        atomic_store(&i.holding, false);
        atomic_store(&i.release, false);
        serve(w, &i, &plain_type, AEGIS_SECOND);
        for (int n = 0; n < 20000 && !atomic_load(&i.holding); n++)
            nap(AEGIS_MILLISECOND);
        assert_true(atomic_load(&i.holding));
        for (int n = 0; n < 1000 && consumer_of(w, &i).ack_pending < 10 && world_is_nats(); n++)
            nap(AEGIS_MILLISECOND);
        assert_int_equal(pthread_create(&stopper, NULL, stop_it, i.service), 0);
        while (!atomic_load(&i.service->stopping))
            nap(AEGIS_MILLISECOND);
        atomic_store(&i.release, true);
        assert_int_equal(pthread_join(stopper, NULL), 0);
    }
    i.hold_at = 0;
    serve(w, &i, &plain_type, AEGIS_SECOND);
    assert_true(reached(&i.count, EVENTS)); /* a second for what was on its way when the service stopped */
    nap(50 * AEGIS_MILLISECOND);
    for (int n = 0; n < atomic_load(&i.count); n++) {
        assert_in_range(i.numbers[n], 1, EVENTS);
        assert_in_range(i.attempts[n], 1, 2); /* 2: its acknowledgement was lost with the stop */
        seen[i.numbers[n]] = true;
    }
    for (int n = 1; n <= EVENTS; n++)
        assert_true(seen[n]);
    assert_int_equal(metrics_of(w, "plain").dead, 0);
    aegis_service_stop(i.service);
}

/* The server redelivers after the lease; a handler at work keeps its event. */
static void test_working_keeps(void **state)
{
    world *w = (world *)*state;
    instance one = {.lock = PTHREAD_MUTEX_INITIALIZER, .takes = 700 * AEGIS_MILLISECOND};
    instance two = {.lock = PTHREAD_MUTEX_INITIALIZER, .takes = 700 * AEGIS_MILLISECOND};

    serve(w, &one, &plain_type, 200 * AEGIS_MILLISECOND);
    serve(w, &two, &plain_type, 200 * AEGIS_MILLISECOND);
    assert_int_equal(consumer_of(w, &one).ack_wait, 200 * AEGIS_MILLISECOND);
    publish(w, 1, 1);
    nap(1300 * AEGIS_MILLISECOND);
    assert_int_equal(atomic_load(&one.count) + atomic_load(&two.count), 1);
    assert_int_equal(metrics_of(w, "plain").handled, 1);
    aegis_service_stop(one.service);
    aegis_service_stop(two.service);
}

/* ---- who gets it, and when ---------------------------------------------------------------------------- */

static void test_shared(void **state)
{
    enum { EVENTS = 40 };
    world *w = (world *)*state;
    instance one = {.lock = PTHREAD_MUTEX_INITIALIZER, .takes = 2 * AEGIS_MILLISECOND};
    instance two = {.lock = PTHREAD_MUTEX_INITIALIZER, .takes = 2 * AEGIS_MILLISECOND};
    int64_t until = aegis_clock_monotonic() + TEN_SECONDS;
    int published = 0;

    serve(w, &one, &many_type, 0);
    serve(w, &two, &many_type, 0);
    do { /* again, where one had not begun when the other was done */
        publish(w, published + 1, published + EVENTS);
        published += EVENTS;
        while (atomic_load(&one.count) + atomic_load(&two.count) < published &&
               aegis_clock_monotonic() < until)
            nap(5 * AEGIS_MILLISECOND);
    } while ((atomic_load(&one.count) == 0 || atomic_load(&two.count) == 0) && published < MOST - EVENTS &&
             aegis_clock_monotonic() < until);
    nap(50 * AEGIS_MILLISECOND);
    assert_int_equal(atomic_load(&one.count) + atomic_load(&two.count), published);
    assert_true(atomic_load(&one.count) > 0 && atomic_load(&two.count) > 0);
    aegis_service_stop(one.service);
    aegis_service_stop(two.service);
}

/* Each number first comes after all smaller ones were done, whoever handles them and however often. */
static void test_ordered(void **state)
{
    enum { EVENTS = 30 };
    world *w = (world *)*state;
    instance both = {.lock = PTHREAD_MUTEX_INITIALIZER, .retry = 7};
    aegis_service *first;

    atomic_store(&both.retries, 4);
    serve(w, &both, &ordered_type, 0);
    first = both.service;
    serve(w, &both, &ordered_type, 0);
    publish(w, 1, EVENTS);
    assert_true(reached(&both.count, EVENTS + 4));
    for (int n = 0; n < EVENTS + 4; n++)
        assert_int_equal(both.numbers[n], n < 6 ? n + 1 : n < 11 ? 7 : n - 3);
    aegis_service_stop(both.service);
    aegis_service_stop(first);
}

static void test_broadcast(void **state)
{
    world *w = (world *)*state;
    instance one = {.lock = PTHREAD_MUTEX_INITIALIZER}, two = {.lock = PTHREAD_MUTEX_INITIALIZER};
    instance all = {.lock = PTHREAD_MUTEX_INITIALIZER};
    aegis_consumer_config gone;
    aegis_consumer_info info;
    char durable[128];

    publish(w, 1, 3);
    atomic_store(&one.retries, 1); /* at least once: also a broadcast is tried again */
    serve(w, &one, &broadcast_type, 0);
    serve(w, &two, &broadcast_type, 0);
    serve(w, &all, &history_type, 0);
    publish(w, 4, 10);
    assert_true(reached(&one.count, 8));
    assert_true(reached(&two.count, 7));
    assert_true(reached(&all.count, 10));
    assert_int_equal(two.numbers[0], 4);
    assert_int_equal(all.numbers[0], 1);
    gone = one.service->lanes[0].intake->config;
    (void)snprintf(durable, sizeof durable, "%s", gone.durable);
    aegis_service_stop(one.service);
    assert_int_equal(w->bus->port->ops->consumer_info(w->bus->port, AEGIS_STREAM_EVENTS, durable,
                                                      aegis_clock_monotonic() + AEGIS_SECOND, &info, NULL),
                     AEGIS_NOT_FOUND);
    publish(w, 11, 11);
    assert_true(reached(&two.count, 8));
    aegis_service_stop(two.service);
    aegis_service_stop(all.service);
}

/* What a long disconnection does to a broadcast: the server has forgotten the consumer. */
static void test_broadcast_forgotten(void **state)
{
    world *w = (world *)*state;
    instance i = {.lock = PTHREAD_MUTEX_INITIALIZER};
    const aegis_consumer_config *config;
    bool seen[7] = {false};
    int64_t until;

    serve(w, &i, &broadcast_type, 0);
    publish(w, 1, 3);
    assert_true(reached(&i.count, 3));
    config = &i.service->lanes[0].intake->config;
    assert_int_equal(w->bus->port->ops->delete_consumer(w->bus->port, config->stream, config->durable,
                                                        aegis_clock_monotonic() + AEGIS_SECOND, NULL),
                     AEGIS_OK);
    publish(w, 4, 6);
    until = aegis_clock_monotonic() + 2 * TEN_SECONDS;
    while (!(seen[4] && seen[5] && seen[6]) && aegis_clock_monotonic() < until) {
        nap(20 * AEGIS_MILLISECOND);
        (void)pthread_mutex_lock(&i.lock);
        for (int n = 0; n < atomic_load(&i.count); n++)
            seen[i.numbers[n]] = true;
        (void)pthread_mutex_unlock(&i.lock);
    }
    assert_true(seen[4] && seen[5] && seen[6]);
    aegis_service_stop(i.service);
}

/* Four handlers at once and six events in hand at most, however many wait. What the server counts is looked
 * at while all handlers stand still: else acknowledgements that it has not read yet count, too. */
static void test_limits(void **state)
{
    world *w = (world *)*state;
    instance i = {.lock = PTHREAD_MUTEX_INITIALIZER, .takes = 5 * AEGIS_MILLISECOND};

    publish(w, 1, 60);
    serve(w, &i, &wide_type, 0);
    for (int mark = 5; mark <= 45; mark += 10) {
        assert_true(reached(&i.count, mark));
        atomic_store(&i.paused, true);
        assert_true(reached(&i.at_work, 4));
        nap(50 * AEGIS_MILLISECOND);
        for (int n = 0; n < 20; n++) {
            assert_true(consumer_of(w, &i).ack_pending <= 6);
            nap(AEGIS_MILLISECOND);
        }
        atomic_store(&i.paused, false);
    }
    assert_true(reached(&i.count, 60));
    assert_int_equal(atomic_load(&i.most_at_work), 4);
    aegis_service_stop(i.service);
}

/* ---- F19: what retention took ------------------------------------------------------------------------- */

/* Lines logged of losses. */
static atomic_int said;

static void count_losses(void *user, aegis_log_level level, const char *line)
{
    if (level == AEGIS_LOG_ERROR && strstr(line, "has lost events") != NULL)
        (void)atomic_fetch_add((atomic_int *)user, 1);
}

static void keep_only(world *w, int64_t messages)
{
    const aegis_options options = {
        .name = "short", .events = {.max_messages = messages}, .log = count_losses, .log_user = &said};

    atomic_store(&said, 0);
    world_reopen(w, &options);
}

static void test_lost_offline(void **state)
{
    world *w = (world *)*state;
    instance i = {.lock = PTHREAD_MUTEX_INITIALIZER}, two = {.lock = PTHREAD_MUTEX_INITIALIZER};

    keep_only(w, 50);
    serve(w, &i, &many_type, 0);
    publish(w, 1, 10);
    assert_true(reached(&i.count, 10));
    for (int n = 0; n < 500 && consumer_of(w, &i).ack_floor < 10; n++)
        nap(5 * AEGIS_MILLISECOND);
    aegis_service_stop(i.service);
    publish(w, 11, 200);
    serve(w, &i, &many_type, 0);
    serve(w, &two, &many_type, 0); /* sees the same gap, and does not count it again */
    assert_int_equal(metrics_of(w, "many").lost, 140);
    for (int n = 0; n < 1000 && metrics_of(w, "many").handled < 60; n++)
        nap(5 * AEGIS_MILLISECOND);
    assert_int_equal(metrics_of(w, "many").handled, 60);
    aegis_service_stop(i.service);
    aegis_service_stop(two.service);
    assert_int_equal(metrics_of(w, "many").lost, 140);
    assert_int_equal(atomic_load(&said), 1);
}

static void test_lost_behind(void **state)
{
    world *w = (world *)*state;
    instance i = {.lock = PTHREAD_MUTEX_INITIALIZER, .hold = 20};
    int64_t until = aegis_clock_monotonic() + TEN_SECONDS;

    keep_only(w, 50);
    serve(w, &i, &many_type, 0);
    publish(w, 1, 20);
    for (int n = 0; n < 5000 && !atomic_load(&i.holding); n++)
        nap(AEGIS_MILLISECOND);
    assert_true(atomic_load(&i.holding));
    publish(w, 21, 500); /* what was taken ahead is not lost, the rest is but for 50 */
    atomic_store(&i.release, true);
    while (metrics_of(w, "many").lost == 0 && aegis_clock_monotonic() < until)
        nap(5 * AEGIS_MILLISECOND);
    for (int n = 0; n < 1000 && metrics_of(w, "many").handled + metrics_of(w, "many").lost < 500; n++)
        nap(5 * AEGIS_MILLISECOND);
    assert_true(metrics_of(w, "many").lost > 0);
    assert_int_equal(metrics_of(w, "many").handled + metrics_of(w, "many").lost, 500);
    aegis_service_stop(i.service);
}

/* An event that waits for its second try, and is dropped meanwhile. */
static void test_lost_waiting(void **state)
{
    world *w = (world *)*state;
    instance i = {.lock = PTHREAD_MUTEX_INITIALIZER, .retry = 1};

    keep_only(w, 50);
    atomic_store(&i.retries, 1);
    serve(w, &i, &patient_type, 0);
    publish(w, 1, 1);
    assert_true(reached(&i.count, 1));
    publish(w, 2, 100);
    for (int n = 0; n < 2000 && metrics_of(w, "patient").handled + metrics_of(w, "patient").lost < 100; n++)
        nap(5 * AEGIS_MILLISECOND);
    assert_true(metrics_of(w, "patient").lost > 0);
    assert_int_equal(metrics_of(w, "patient").handled + metrics_of(w, "patient").lost, 100);
    aegis_service_stop(i.service);
}

/* Nothing is lost where only others' events are passed over. */
static void test_nothing_lost(void **state)
{
    world *w = (world *)*state;
    instance i = {.lock = PTHREAD_MUTEX_INITIALIZER};

    publish_as(w, &other, 1, 100);
    serve(w, &i, &many_type, 0);
    publish(w, 1, 10);
    publish_as(w, &other, 101, 200);
    publish(w, 11, 20);
    assert_true(reached(&i.count, 20));
    nap(2100 * AEGIS_MILLISECOND);
    publish(w, 21, 21);
    assert_true(reached(&i.count, 21));
    assert_int_equal(metrics_of(w, "many").lost, 0);
    aegis_service_stop(i.service);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_tries_end),
        WORLD_CASE(test_waiting_is_no_try),
        WORLD_CASE(test_working_keeps),
        WORLD_CASE(test_shared),
        WORLD_CASE(test_ordered),
        WORLD_CASE(test_broadcast),
        WORLD_CASE(test_broadcast_forgotten),
        WORLD_CASE(test_limits),
        WORLD_CASE(test_lost_offline),
        WORLD_CASE(test_lost_behind),
        WORLD_CASE(test_lost_waiting),
        WORLD_CASE(test_nothing_lost),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
