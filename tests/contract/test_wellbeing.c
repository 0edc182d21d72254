/* An instance that is well stays: each case once looked, to a service that judges itself, like one that is
 * not. And what holds the thread of its duties up for a while does not last for longer than that. */
#define _POSIX_C_SOURCE 200809L
#include <aegis/discovery.h>
#include <aegis/health.h>

#include <signal.h>
#include <unistd.h>

#include "application/bus.h"
#include "application/presence.h"
#include "contract/world.h"

/* ---- a service -------------------------------------------------------------------------------------------
 */

typedef struct side {
    aegis_service *service;
    atomic_bool hold; /* handlers wait */
    atomic_int pause; /* milliseconds of each */
    atomic_int ask;   /* milliseconds that `healthy` takes */
    atomic_bool asking;
    atomic_int calls;
} side;

static aegis_reply work(aegis_call *call, const note *request, void *user)
{
    side *s = (side *)user;

    (void)atomic_fetch_add(&s->calls, 1);
    nap(atomic_load(&s->pause) * AEGIS_MILLISECOND);
    while (atomic_load(&s->hold))
        nap(2 * AEGIS_MILLISECOND);
    return peer_ok(call, request);
}

SERVE(work)

static aegis_settle on_sent(const aegis_event *event, aegis_reader *payload, const void *ops, void *user)
{
    (void)event;
    (void)payload;
    (void)ops;
    (void)user;
    return AEGIS_DONE;
}

/* It is held up after two seconds. */
static const aegis_method work_method = {.service = "pair", .name = "work", .timeout = AEGIS_SECOND / 2};
static const aegis_endpoint endpoints[] = {{&work_method, serve_work}};
static const aegis_service_type pair_type = {
    .name = "pair", .version = "1.0.0", .endpoints = endpoints, .endpoint_count = 1};

static const aegis_event_type sent = {"parcel", "sent", "1.0"};
static const aegis_event_case cases_of_sent[] = {{&sent, on_sent}};
static const aegis_subscription subscriptions[] = {
    {.pattern = "parcel.sent", .durable = "reader__parcel_sent", .cases = cases_of_sent, .case_count = 1}};
static const aegis_service_type reader_type = {
    .name = "reader", .version = "1.0.0", .subscriptions = subscriptions, .subscription_count = 1};

static bool is_healthy(void *user, char *why, size_t size)
{
    side *s = (side *)user;

    (void)why;
    (void)size;
    atomic_store(&s->asking, true);
    nap(atomic_load(&s->ask) * AEGIS_MILLISECOND);
    atomic_store(&s->asking, false);
    return true;
}

static void begin(world *w, side *s, const aegis_service_type *type, const aegis_service_options *options)
{
    aegis_error error = {0};

    memset(s, 0, sizeof *s);
    if (aegis_service_start(w->bus, type, NULL, s, options, &s->service, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
}

/* ---- its callers -----------------------------------------------------------------------------------------
 */

typedef struct load {
    world *w;
    aegis_call_options options;
    atomic_bool stop;
    pthread_t threads[60];
    size_t count;
    atomic_int unavailable, refused;
} load;

static void *keep_calling(void *argument)
{
    load *l = (load *)argument;
    aegis_arena *arena = aegis_arena_new(NULL);

    do {
        const outcome out = peer_invoke(l->w->client, &work_method, &seven, &l->options, arena);

        if (out.answer != AEGIS_ANSWER_OK && out.failed.status == AEGIS_UNAVAILABLE)
            (void)atomic_fetch_add(&l->unavailable, 1);
        if (out.answer != AEGIS_ANSWER_OK && out.failed.status == AEGIS_RESOURCE_EXHAUSTED)
            (void)atomic_fetch_add(&l->refused, 1);
        if (out.answer != AEGIS_ANSWER_OK)
            nap(2 * AEGIS_MILLISECOND);
        aegis_arena_reset(arena);
    } while (!atomic_load(&l->stop));
    aegis_arena_free(arena);
    return NULL;
}

static void load_start(load *l, world *w, size_t count, aegis_duration timeout)
{
    memset(l, 0, sizeof *l);
    l->w = w;
    l->options.timeout = timeout;
    for (l->count = 0; l->count < count; l->count++)
        assert_int_equal(pthread_create(&l->threads[l->count], NULL, keep_calling, l), 0);
}

static void load_stop(load *l)
{
    atomic_store(&l->stop, true);
    for (size_t i = 0; i < l->count; i++)
        (void)pthread_join(l->threads[i], NULL);
}

/* Every instance takes work, for so long. */
static void stays(world *w, aegis_duration how_long)
{
    const int64_t until = aegis_clock_monotonic() + how_long;
    aegis_health_report report;

    while (aegis_clock_monotonic() < until) {
        assert_int_equal(aegis_health_read(w->bus, w->arena, &report, NULL), AEGIS_OK);
        for (size_t i = 0; i < report.check_count; i++) {
            if (strcmp(report.checks[i].name, "pair.takes_work") == 0 && !report.checks[i].good)
                fail_msg("it left");
        }
        aegis_arena_reset(w->arena);
        nap(5 * AEGIS_MILLISECOND);
    }
}

/* ---- cases -----------------------------------------------------------------------------------------------
 */

/* The process stands still, and with it what it does. */
static void test_paused(void **state)
{
    const aegis_service_options options = {.healthy = is_healthy}; /* asked, and so looked at, each second */
    world *w = (world *)*state;
    char command[96];
    side s;
    load l;

    begin(w, &s, &pair_type, &options);
    nap(300 *
        AEGIS_MILLISECOND); /* the first look finds it idle, so that one finds it at work before the pause */
    atomic_store(&s.hold, true);
    load_start(&l, w, 3, 0);
    nap(1500 * AEGIS_MILLISECOND);
    (void)snprintf(command, sizeof command, "kill -STOP %d; sleep 4; kill -CONT %d", (int)getpid(),
                   (int)getpid());
    assert_int_equal(system(command), 0);
    stays(w, 100 * AEGIS_MILLISECOND);
    atomic_store(&s.hold, false);
    stays(w, 2 * AEGIS_SECOND);
    load_stop(&l);
    aegis_service_stop(s.service);
}

/* Callers may wait for longer than a method says. */
static void test_patient_callers(void **state)
{
    world *w = (world *)*state;
    side s;
    load l;

    begin(w, &s, &pair_type, NULL);
    atomic_store(&s.hold, true);
    load_start(&l, w, 3, 20 * AEGIS_SECOND);
    stays(w, 5 * AEGIS_SECOND);
    atomic_store(&s.hold, false);
    load_stop(&l);
    aegis_service_stop(s.service);
}

/* All have too much to do: who left would leave it to the others. */
static void test_all_full(void **state)
{
    const aegis_service_options one = {.instance = "one", .waiting_room = 20};
    const aegis_service_options two = {.instance = "two", .waiting_room = 20};
    world *w = (world *)*state;
    side a, b;
    load l;

    begin(w, &a, &pair_type, &one);
    begin(w, &b, &pair_type, &two);
    atomic_store(&a.pause, 20);
    atomic_store(&b.pause, 20);
    load_start(&l, w, 60, 0);
    stays(w, 9 * AEGIS_SECOND);
    load_stop(&l);
    assert_true(atomic_load(&l.refused) > 0);
    assert_int_equal(atomic_load(&l.unavailable), 0);
    aegis_service_stop(a.service);
    aegis_service_stop(b.service);
}

/* The other one died, so that there is too much to do; it is still listed. */
static void test_only_listed(void **state)
{
    static const char entry[] =
        "{\"serviceName\":\"pair\",\"instanceId\":\"gone\",\"version\":\"1.0.0\",\"status\":\"ACTIVE\","
        "\"lastHeartbeat\":\"2026-11-23T07:49:11.394368+00:00\",\"stickyActiveGroup\":null,\"metadata\":{}}";
    const aegis_service_options options = {.waiting_room = 20};
    const aegis_bytes body = {(const uint8_t *)entry, sizeof entry - 1};
    world *w = (world *)*state;
    const int64_t until = aegis_clock_monotonic() + TEN_SECONDS;
    aegis_instance_list list = {NULL, 0};
    aegis_error error = {0};
    side s;
    load l;

    begin(w, &s, &pair_type, &options);
    atomic_store(&s.pause, 20);
    while (list.count == 0) { /* there is a bucket, then */
        assert_true(aegis_clock_monotonic() < until);
        nap(5 * AEGIS_MILLISECOND);
        assert_int_equal(aegis_instances_read(w->bus, "pair", w->arena, &list, &error), AEGIS_OK);
    }
    if (w->bus->port->ops->kv_put(w->bus->port, aegis_bus_stream(w->bus, AEGIS_KIND_REGISTRY),
                                  "service-instances__pair__gone", body, AEGIS_KV_ANY, until, NULL,
                                  &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    assert_int_equal(aegis_instances_read(w->bus, "pair", w->arena, &list, &error), AEGIS_OK);
    assert_int_equal(list.count, 2);
    load_start(&l, w, 60, 0);
    stays(w, 8 * AEGIS_SECOND);
    load_stop(&l);
    assert_true(atomic_load(&l.refused) > 0);
    assert_int_equal(atomic_load(&l.unavailable), 0);
    aegis_service_stop(s.service);
}

/* Who is in another process is asked by a message. */
static void test_other_process(void **state)
{
    const aegis_service_options slow = {.instance = "slow", .waiting_room = 20};
    const aegis_service_options quick = {.instance = "quick"};
    world *w = (world *)*state, other = {0};
    const int64_t until = aegis_clock_monotonic() + 3 * TEN_SECONDS;
    aegis_health_report report;
    aegis_error error = {0};
    bool left = false;
    side a, b;
    load l;

    if (!world_is_nats())
        return;
    if (aegis_open(w->url, NULL, &other.bus, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    begin(w, &a, &pair_type, &slow);
    begin(&other, &b, &pair_type, &quick);
    atomic_store(&a.pause, 20);
    load_start(&l, w, 60, 0);
    while (!left && aegis_clock_monotonic() < until) {
        assert_int_equal(aegis_health_read(w->bus, w->arena, &report, NULL), AEGIS_OK);
        for (size_t i = 0; i < report.check_count; i++)
            left = left || (strcmp(report.checks[i].name, "pair.takes_work") == 0 && !report.checks[i].good);
        nap(5 * AEGIS_MILLISECOND);
    }
    assert_true(left);
    load_stop(&l);
    assert_int_equal(atomic_load(&l.unavailable), 0);
    aegis_service_stop(a.service);
    aegis_service_stop(b.service);
    aegis_close(other.bus);
}

/* What it looks at may be gone once the service has stopped. */
static void test_stop_waits_for_its_function(void **state)
{
    const aegis_service_options options = {.healthy = is_healthy, .unlisted = true};
    world *w = (world *)*state;
    side s;

    for (int round = 0; round < 3; round++) {
        begin(w, &s, &pair_type, &options);
        atomic_store(&s.ask, 400);
        while (!atomic_load(&s.asking))
            nap(AEGIS_MILLISECOND);
        aegis_service_stop(s.service);
        assert_false(atomic_load(&s.asking));
    }
}

/* ---- a server that does not answer -----------------------------------------------------------------------
 */

static atomic_int asked, refused_puts;

/* As it is when there is a connection and JetStream is busy with itself. */
static aegis_status no_info(aegis_port *port, const char *stream, const char *name, int64_t deadline,
                            aegis_consumer_info *info, aegis_error *error)
{
    (void)port;
    (void)stream;
    (void)name;
    (void)deadline;
    (void)info;
    (void)atomic_fetch_add(&asked, 1);
    return aegis_error_set(error, AEGIS_DEADLINE_EXCEEDED, "no answer");
}

/* Many services ask no more than one does, or their thread would be busy with nothing else. */
static void test_lag_is_asked_once(void **state)
{
    world *w = (world *)*state;
    static aegis_port_ops changed;
    const aegis_port_ops *before = w->bus->port->ops;
    aegis_metrics metrics;
    side sides[6];

    if (world_is_nats())
        return;
    atomic_store(&asked, 0);
    changed = *before;
    changed.consumer_info = no_info;
    w->bus->port->ops = &changed; /* before there are threads that use it */
    for (size_t i = 0; i < 6; i++)
        begin(w, &sides[i], &reader_type, NULL);
    nap(20 * AEGIS_MILLISECOND);
    atomic_store(&asked, 0); /* each has asked where it begins */
    assert_int_equal(aegis_metrics_read(w->bus, w->arena, &metrics, NULL), AEGIS_OK);
    aegis_presence_nudge(w->bus);
    assert_true(reached(&asked, 1));
    nap(200 * AEGIS_MILLISECOND);
    assert_int_equal(atomic_load(&asked), 1);
    for (size_t i = 0; i < 6; i++)
        aegis_service_stop(sides[i].service);
    aegis_client_free(w->client); /* the port goes with its own functions */
    aegis_publisher_free(w->publisher);
    w->client = NULL;
    w->publisher = NULL;
    aegis_presence_stop(w->bus);
    w->bus->port->ops = before;
}

static const aegis_port_ops *real;

static aegis_status no_put(aegis_port *port, const char *bucket, const char *key, aegis_bytes value,
                           uint64_t expected, int64_t deadline, uint64_t *revision, aegis_error *error)
{
    if (atomic_fetch_sub(&refused_puts, 1) > 0)
        return aegis_error_set(error, AEGIS_DEADLINE_EXCEEDED, "no answer");
    return real->kv_put(port, bucket, key, value, expected, deadline, revision, error);
}

/* A bucket that cannot be written for a while has the instance again before it would have grown too old. */
static void test_listed_again(void **state)
{
    world *w = (world *)*state;
    const aegis_options options = {.heartbeat = 200 * AEGIS_MILLISECOND};
    aegis_instance_list list = {NULL, 0};
    static aegis_port_ops changed;
    int64_t until;
    side s;

    if (world_is_nats())
        return;
    world_reopen(w, &options);
    real = w->bus->port->ops;
    changed = *real;
    changed.kv_put = no_put;
    atomic_store(&refused_puts, 6);
    w->bus->port->ops = &changed;
    until = aegis_clock_monotonic() + TEN_SECONDS;
    begin(w, &s, &pair_type, NULL);
    while (list.count == 0) {
        assert_true(aegis_clock_monotonic() < until);
        nap(5 * AEGIS_MILLISECOND);
        assert_int_equal(aegis_instances_read(w->bus, "pair", w->arena, &list, NULL), AEGIS_OK);
    }
    assert_true(atomic_load(&refused_puts) <= 0);
    aegis_service_stop(s.service);
    aegis_presence_stop(w->bus);
    w->bus->port->ops = real;
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_patient_callers),
        WORLD_CASE(test_all_full),
        WORLD_CASE(test_only_listed),
        WORLD_CASE(test_other_process),
        WORLD_CASE(test_stop_waits_for_its_function),
        WORLD_CASE(test_lag_is_asked_once),
        WORLD_CASE(test_listed_again),
        WORLD_CASE(test_paused),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
