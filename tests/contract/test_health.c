/* How a program is, and that an instance that is not well takes no work, loses none and comes back; over both
 * adapters. */
#define _POSIX_C_SOURCE 200809L
#include <aegis/discovery.h>
#include <aegis/health.h>

#include "contract/world.h"

/* ---- two instances of one service, each with a mind of its own -------------------------------------------
 */

typedef struct side {
    aegis_service *service;
    atomic_bool sick;
    atomic_bool hold; /* handlers of calls wait */
    atomic_int pause; /* milliseconds of each */
    atomic_int calls, commands, events, running;
} side;

static aegis_reply work(aegis_call *call, const note *request, void *user)
{
    side *s = (side *)user;

    (void)atomic_fetch_add(&s->calls, 1);
    (void)atomic_fetch_add(&s->running, 1);
    nap(atomic_load(&s->pause) * AEGIS_MILLISECOND);
    while (atomic_load(&s->hold))
        nap(2 * AEGIS_MILLISECOND);
    (void)atomic_fetch_sub(&s->running, 1);
    return peer_ok(call, request);
}

static aegis_reply ship(aegis_call *call, const note *request, void *user)
{
    (void)atomic_fetch_add(&((side *)user)->commands, 1);
    return peer_ok(call, request);
}

SERVE(work)
SERVE(ship)

static const aegis_event_type sent = {"parcel", "sent", "1.0"};

static aegis_settle on_sent(const aegis_event *event, aegis_reader *payload, const void *ops, void *user)
{
    note value;

    (void)ops;
    (void)event;
    note_get(payload, &value);
    (void)atomic_fetch_add(&((side *)user)->events, 1);
    return AEGIS_DONE;
}

static const aegis_method work_method = {.service = "pair", .name = "work", .timeout = 2 * AEGIS_SECOND};
static const aegis_method ship_method = {
    .service = "pair", .name = "ship", .timeout = TEN_SECONDS, .command = true};
static const aegis_endpoint endpoints[] = {{&work_method, serve_work}, {&ship_method, serve_ship}};
static const aegis_event_case cases_of_sent[] = {{&sent, on_sent}};
static const aegis_subscription subscriptions[] = {
    {.pattern = "parcel.sent", .durable = "pair__parcel_sent", .cases = cases_of_sent, .case_count = 1}};
static const aegis_service_type pair_type = {.name = "pair",
                                             .version = "1.0.0",
                                             .endpoints = endpoints,
                                             .endpoint_count = 2,
                                             .subscriptions = subscriptions,
                                             .subscription_count = 1};
/* Only calls: it needs no streams. */
static const aegis_service_type plain_type = {
    .name = "pair", .version = "1.0.0", .endpoints = endpoints, .endpoint_count = 1};

static bool is_healthy(void *user, char *why, size_t size)
{
    const side *s = (const side *)user;

    if (atomic_load(&s->sick))
        (void)snprintf(why, size, "the database is away");
    return !atomic_load(&s->sick);
}

static void begin_with(world *w, side *s, const aegis_service_type *type,
                       const aegis_service_options *options)
{
    aegis_error error = {0};

    memset(s, 0, sizeof *s);
    if (aegis_service_start(w->bus, type, NULL, s, options, &s->service, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
}

static void begin(world *w, side *s, const char *instance, const aegis_service_type *type, uint32_t room)
{
    begin_with(w, s, type,
               &(aegis_service_options){.instance = instance, .healthy = is_healthy, .waiting_room = room});
}

/* ---- looking ---------------------------------------------------------------------------------------------
 */

static aegis_health_report health(world *w)
{
    aegis_health_report report;
    aegis_error error = {0};

    if (aegis_health_read(w->bus, w->arena, &report, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    return report;
}

/* NULL: there is no such check. Of several the one that is not good. */
static const aegis_health_check *check(const aegis_health_report *report, const char *name)
{
    const aegis_health_check *found = NULL;

    for (size_t i = 0; i < report->check_count; i++) {
        if (strcmp(report->checks[i].name, name) == 0 && (found == NULL || found->good))
            found = &report->checks[i];
    }
    return found;
}

static void wait_for(world *w, const char *name, bool good)
{
    const int64_t until = aegis_clock_monotonic() + 2 * TEN_SECONDS;
    aegis_health_report report = health(w);

    while (check(&report, name) == NULL || check(&report, name)->good != good) {
        if (aegis_clock_monotonic() > until)
            fail_msg("%s did not become %s", name, good ? "good" : "bad");
        nap(5 * AEGIS_MILLISECOND);
        report = health(w);
    }
}

static void wait_for_state(world *w, const char *instance, aegis_instance_state state)
{
    const int64_t until = aegis_clock_monotonic() + TEN_SECONDS;
    aegis_instance_list list;

    for (;;) {
        assert_int_equal(aegis_instances_read(w->bus, "pair", w->arena, &list, NULL), AEGIS_OK);
        for (size_t i = 0; i < list.count; i++) {
            if (strcmp(list.items[i].id, instance) == 0 && list.items[i].state == state)
                return;
        }
        assert_true(aegis_clock_monotonic() < until);
        nap(5 * AEGIS_MILLISECOND);
    }
}

static void test_report(void **state)
{
    world *w = (world *)*state;
    aegis_health_report report = health(w);
    side s;

    assert_true(report.live && report.ready); /* a client is a program, too */
    assert_int_equal(report.check_count, 1);
    assert_string_equal(report.checks[0].name, "connection.calls");
    begin(w, &s, "one", &plain_type, 0);
    report = health(w);
    assert_true(report.live && report.ready);
    assert_null(check(&report, "jetstream")); /* nobody needs it */
    assert_string_equal(check(&report, "pair.handlers")->text, "0 of 1 run");
    assert_string_equal(check(&report, "pair.waiting_room")->text, "0 of 256 wait");
    assert_true(check(&report, "pair.healthy")->good);
    assert_true(check(&report, "pair.takes_work")->good);
    assert_true(check(&report, "pair.accepting")->good);
    assert_true(check(&report, "duties")->good);
    aegis_service_stop(s.service);
    begin(w, &s, "two", &pair_type, 0);
    report = health(w);
    assert_true(report.ready);
    assert_true(check(&report, "jetstream")->good);
    assert_true(check(&report, "streams")->good);
    aegis_service_stop(s.service);
}

/* ---- not well --------------------------------------------------------------------------------------------
 */

/* Calls all the while. */
typedef struct load {
    world *w;
    atomic_bool stop;
    pthread_t threads[40];
    size_t count;
    atomic_int ok, failed, refused;
    aegis_error why;
} load;

static void *keep_calling(void *argument)
{
    load *l = (load *)argument;
    aegis_arena *arena = aegis_arena_new(NULL);

    while (!atomic_load(&l->stop)) {
        const outcome out = peer_invoke(l->w->client, &work_method, &seven, NULL, arena);

        if (out.answer == AEGIS_ANSWER_OK) {
            (void)atomic_fetch_add(&l->ok, 1);
        } else if (out.failed.status == AEGIS_RESOURCE_EXHAUSTED) {
            (void)atomic_fetch_add(&l->refused, 1);
        } else if (atomic_fetch_add(&l->failed, 1) == 0) {
            l->why = out.failed;
        }
        aegis_arena_reset(arena);
    }
    aegis_arena_free(arena);
    return NULL;
}

static void load_start(load *l, world *w, size_t count)
{
    memset(l, 0, sizeof *l);
    l->w = w;
    for (l->count = 0; l->count < count; l->count++)
        assert_int_equal(pthread_create(&l->threads[l->count], NULL, keep_calling, l), 0);
}

static void load_stop(load *l)
{
    atomic_store(&l->stop, true);
    for (size_t i = 0; i < l->count; i++)
        (void)pthread_join(l->threads[i], NULL);
    if (atomic_load(&l->failed) > 0)
        fail_msg("%d calls failed: %s", atomic_load(&l->failed), aegis_error_text(&l->why));
    assert_true(atomic_load(&l->ok) > 0);
}

/* Some commands and events, and all of them are done. */
static void send_some(world *w, const side *a, const side *b, int count)
{
    const int done = atomic_load(&a->events) + atomic_load(&b->events);
    const int64_t until = aegis_clock_monotonic() + TEN_SECONDS;
    aegis_error error = {0};

    for (int i = 0; i < count; i++) {
        aegis_command *command = NULL;

        if (peer_submit(w->client, &ship_method, &seven, &command, &error) != AEGIS_OK ||
            peer_publish(w->publisher, &sent, &seven, NULL, &error) != AEGIS_OK)
            fail_msg("%s", aegis_error_text(&error));
        assert_int_equal(peer_wait(command, &ship_method, TEN_SECONDS, NULL, NULL, w->arena).answer,
                         AEGIS_ANSWER_OK);
        aegis_command_free(command);
    }
    while (atomic_load(&a->events) + atomic_load(&b->events) < done + count) {
        assert_true(aegis_clock_monotonic() < until);
        nap(2 * AEGIS_MILLISECOND);
    }
}

static void test_sick(void **state)
{
    world *w = (world *)*state;
    aegis_health_report report;
    side a, b;
    int calls, commands, events;
    load l;

    begin(w, &a, "a", &pair_type, 0);
    begin(w, &b, "b", &pair_type, 0);
    load_start(&l, w, 3);
    send_some(w, &a, &b, 40);
    atomic_store(&a.sick, true);
    wait_for(w, "pair.takes_work", false);
    wait_for_state(w, "a", AEGIS_INSTANCE_UNHEALTHY);
    report = health(w);
    assert_true(report.live);
    assert_false(report.ready);
    assert_false(check(&report, "pair.healthy")->good);
    assert_string_equal(check(&report, "pair.healthy")->text, "the database is away");
    nap(100 * AEGIS_MILLISECOND); /* what it had has ended */
    calls = atomic_load(&a.calls);
    commands = atomic_load(&a.commands);
    events = atomic_load(&a.events);
    send_some(w, &a, &b, 40);
    assert_int_equal(atomic_load(&a.calls), calls);
    assert_int_equal(atomic_load(&a.commands), commands);
    assert_int_equal(atomic_load(&a.events), events);

    atomic_store(&a.sick, false);
    nap(AEGIS_SECOND); /* not at once */
    assert_int_equal(atomic_load(&a.calls), calls);
    wait_for(w, "pair.takes_work", true);
    wait_for_state(w, "a", AEGIS_INSTANCE_ACTIVE);
    assert_true(reached(&a.calls, calls + 1));
    while (atomic_load(&a.commands) == commands || atomic_load(&a.events) == events)
        send_some(w, &a, &b, 5);
    report = health(w);
    assert_true(report.ready);
    aegis_service_stop(b.service);
    aegis_service_stop(a.service);
    atomic_store(&l.stop, true); /* from here on they fail, as nobody is there */
    for (size_t i = 0; i < l.count; i++)
        (void)pthread_join(l.threads[i], NULL);
}

static void test_nobody_fails(void **state)
{
    world *w = (world *)*state;
    side a, b;
    load l;

    begin(w, &a, "a", &plain_type, 0);
    begin(w, &b, "b", &plain_type, 0);
    load_start(&l, w, 4);
    for (int round = 0; round < 2; round++) {
        side *s = round == 0 ? &a : &b;

        atomic_store(&s->sick, true);
        wait_for(w, "pair.takes_work", false);
        nap(50 * AEGIS_MILLISECOND);
        atomic_store(&s->sick, false);
        wait_for(w, "pair.takes_work", true);
    }
    load_stop(&l);
    (void)printf("    %d calls while one of two left and returned twice: 0 failed\n", atomic_load(&l.ok));
    aegis_service_stop(a.service);
    aegis_service_stop(b.service);
}

/* Who is alone leaves, too, when its user says so. */
static void test_last(void **state)
{
    world *w = (world *)*state;
    aegis_command *command = NULL;
    side s, none;

    memset(&none, 0, sizeof none);
    begin(w, &s, "only", &pair_type, 0);
    send_some(w, &s, &none, 3);
    atomic_store(&s.sick, true);
    wait_for(w, "pair.takes_work", false);
    assert_int_equal(peer_invoke(w->client, &work_method, &seven, NULL, w->arena).failed.status,
                     AEGIS_UNAVAILABLE);
    assert_int_equal(peer_submit(w->client, &ship_method, &seven, &command, NULL), AEGIS_OK);
    assert_int_equal(peer_publish(w->publisher, &sent, &seven, NULL, NULL), AEGIS_OK);
    nap(300 * AEGIS_MILLISECOND);
    assert_int_equal(atomic_load(&s.commands), 3);
    assert_int_equal(atomic_load(&s.events), 3);
    atomic_store(&s.sick, false);
    assert_int_equal(peer_wait(command, &ship_method, TEN_SECONDS, NULL, NULL, w->arena).answer,
                     AEGIS_ANSWER_OK);
    aegis_command_free(command);
    assert_true(reached(&s.events, 4));
    assert_int_equal(peer_invoke(w->client, &work_method, &seven, NULL, w->arena).answer, AEGIS_ANSWER_OK);
    /* It can stop while it is away. */
    atomic_store(&s.sick, true);
    wait_for(w, "pair.takes_work", false);
    aegis_service_stop(s.service);
}

static void *call_on(void *argument)
{
    world *w = (world *)argument;
    aegis_arena *arena = aegis_arena_new(NULL);

    (void)peer_invoke(w->client, &work_method, &seven, NULL, arena);
    aegis_arena_free(arena);
    return NULL;
}

static void test_stuck(void **state)
{
    const int64_t began = aegis_clock_monotonic();
    world *w = (world *)*state;
    aegis_health_report report;
    pthread_t threads[3];
    side s;

    if (world_is_nats()) /* the adapter has no part in it but leaving, which others test; and it takes long */
        return;
    begin(w, &s, "stuck", &plain_type, 0);
    atomic_store(&s.hold, true);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_on, w), 0);
    wait_for(w, "pair.handlers", false);
    assert_true(aegis_clock_monotonic() - began >= 2 * work_method.timeout);
    wait_for(w, "pair.takes_work", false);
    report = health(w);
    assert_true(report.live); /* for a minute */
    assert_false(report.ready);
    assert_non_null(strstr(check(&report, "pair.handlers")->text, "all 1 are held up for "));
    assert_int_equal(peer_invoke(w->client, &work_method, &seven, NULL, w->arena).failed.status,
                     AEGIS_UNAVAILABLE); /* at once, instead of in vain */
    atomic_store(&s.hold, false);
    wait_for(w, "pair.takes_work", true);
    for (size_t i = 0; i < 3; i++)
        (void)pthread_join(threads[i], NULL);
    assert_int_equal(peer_invoke(w->client, &work_method, &seven, NULL, w->arena).answer, AEGIS_ANSWER_OK);
    aegis_service_stop(s.service);
}

/* Who was idle at one look and is at work at the next has not been held up between them. */
static void test_first_burst(void **state)
{
    world *w = (world *)*state;
    pthread_t threads[3];
    side s;

    if (world_is_nats())
        return;
    begin_with(w, &s, &plain_type, NULL);
    nap(4 * AEGIS_SECOND); /* idle services are looked at every five seconds */
    atomic_store(&s.hold, true);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_on, w), 0);
    for (int i = 0; i < 180; i++) {
        const aegis_health_report report = health(w);

        assert_true(check(&report, "pair.takes_work")->good);
        nap(10 * AEGIS_MILLISECOND);
    }
    atomic_store(&s.hold, false);
    for (size_t i = 0; i < 3; i++)
        (void)pthread_join(threads[i], NULL);
    aegis_service_stop(s.service);
}

/* More than it can do: with another one there it leaves, alone it goes on. */
static void test_full(void **state)
{
    world *w = (world *)*state;
    aegis_health_report report;
    side slow, quick;
    int before;
    load l;

    if (world_is_nats())
        return;
    begin(w, &slow, "slow", &plain_type, 20);
    atomic_store(&slow.pause, 20);
    load_start(&l, w, 40);
    wait_for(w, "pair.waiting_room", false);
    nap(7 * AEGIS_SECOND);
    report = health(w);
    assert_true(check(&report, "pair.takes_work")->good);
    load_stop(&l);
    assert_true(atomic_load(&l.refused) > 0);
    aegis_service_stop(slow.service);

    begin(w, &slow, "slow", &plain_type, 20);
    begin(w, &quick, "quick", &plain_type, 0);
    atomic_store(&slow.pause, 20);
    wait_for_state(w, "quick", AEGIS_INSTANCE_ACTIVE);
    load_start(&l, w, 40);
    wait_for(w, "pair.takes_work", false);
    before = atomic_load(&slow.calls);
    wait_for(w, "pair.takes_work", true);
    assert_in_range(atomic_load(&slow.calls) - before, 0, 40);
    load_stop(&l);
    aegis_service_stop(slow.service);
    aegis_service_stop(quick.service);
}

static void *stop(void *service)
{
    aegis_service_stop((aegis_service *)service);
    return NULL;
}

static void test_draining(void **state)
{
    world *w = (world *)*state;
    aegis_health_report report;
    pthread_t stopping, calling;
    side s;

    begin(w, &s, "one", &plain_type, 0);
    atomic_store(&s.hold, true);
    assert_int_equal(pthread_create(&calling, NULL, call_on, w), 0);
    assert_true(reached(&s.running, 1));
    assert_int_equal(pthread_create(&stopping, NULL, stop, s.service), 0);
    wait_for(w, "pair.accepting", false);
    report = health(w);
    assert_true(report.live);
    assert_false(report.ready);
    atomic_store(&s.hold, false);
    (void)pthread_join(stopping, NULL);
    (void)pthread_join(calling, NULL);
}

/* ---- over NATS -------------------------------------------------------------------------------------------
 */

static void expect_event(aegis_connection_events *events, aegis_connection_event wanted)
{
    aegis_connection_event event = AEGIS_CONNECTION_LAME_DUCK;

    assert_int_equal(aegis_connection_events_next(events, 2 * TEN_SECONDS, &event), AEGIS_OK);
    assert_string_equal(aegis_connection_event_name(event), aegis_connection_event_name(wanted));
}

/* A program hears of its connection when something happens to it; each reader of all. */
static void test_events(void **state)
{
    world *w = (world *)*state;
    aegis_connection_events *first, *second;
    aegis_connection_event event = AEGIS_CONNECTION_LAME_DUCK;

    assert_int_equal(aegis_connection_events_open(w->bus, &first, NULL), AEGIS_OK);
    expect_event(first, AEGIS_CONNECTION_UP);
    assert_int_equal(aegis_connection_events_next(first, 0, &event), AEGIS_DEADLINE_EXCEEDED);
    assert_int_equal(event, AEGIS_CONNECTION_LAME_DUCK);
    if (world_is_nats()) {
        nats_server_kill(&w->server);
        expect_event(first, AEGIS_CONNECTION_DOWN);
        assert_int_equal(aegis_connection_events_open(w->bus, &second, NULL), AEGIS_OK);
        assert_int_equal(aegis_connection_events_next(second, 0, &event), AEGIS_DEADLINE_EXCEEDED);
        assert_true(nats_server_restart(&w->server));
        expect_event(first, AEGIS_CONNECTION_UP);
        expect_event(second, AEGIS_CONNECTION_UP);
        aegis_connection_events_close(second);
    }
    aegis_connection_events_close(first);
    aegis_connection_events_close(NULL);
}

static void test_server_down(void **state)
{
    world *w = (world *)*state;
    aegis_health_report report;
    int64_t began;
    side s;

    begin(w, &s, "one", &pair_type, 0);
    assert_true(health(w).ready);
    nats_server_kill(&w->server);
    wait_for(w, "connection.calls", false);
    began = aegis_clock_monotonic();
    report = health(w);
    assert_in_range(aegis_clock_monotonic() - began, 0, AEGIS_SECOND / 2);
    assert_true(report.live);
    assert_false(report.ready);
    assert_false(check(&report, "jetstream")->good);
    assert_string_equal(check(&report, "jetstream")->text, "not connected");
    assert_non_null(strstr(check(&report, "connection.calls")->text, "127.0.0.1"));
    atomic_store(&s.sick, true); /* it may fall ill meanwhile */
    wait_for(w, "pair.takes_work", false);
    assert_true(nats_server_restart(&w->server));
    wait_for(w, "connection.calls", true);
    assert_int_equal(peer_invoke(w->client, &work_method, &seven, NULL, w->arena).failed.status,
                     AEGIS_UNAVAILABLE);
    atomic_store(&s.sick, false);
    wait_for(w, "pair.takes_work", true);
    wait_for(w, "jetstream", true);
    assert_true(health(w).ready);
    assert_int_equal(peer_invoke(w->client, &work_method, &seven, NULL, w->arena).answer, AEGIS_ANSWER_OK);
    aegis_service_stop(s.service);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_report), WORLD_CASE(test_sick),     WORLD_CASE(test_nobody_fails),
        WORLD_CASE(test_last),   WORLD_CASE(test_stuck),    WORLD_CASE(test_first_burst),
        WORLD_CASE(test_full),   WORLD_CASE(test_draining), WORLD_CASE(test_events),
    };
    const struct CMUnitTest with_server[] = {WORLD_CASE(test_server_down)};
    const int failed = world_run(cases, sizeof cases / sizeof cases[0]);

    return world_run_nats(with_server, 1) + failed;
}
