/* Events through the application layer: kept, retried, put aside, dispatched by type. */
#define _POSIX_C_SOURCE 200809L
#include "application/bus.h"
#include "contract/world.h"

static const aegis_event_type created = {"order", "created", "1.1"};
static const aegis_event_type created_v2 = {"order", "created", "2.0"};
static const aegis_event_type shipped = {"order", "shipped", "1.0"};

static aegis_settle on_created(const aegis_event *event, aegis_reader *payload, const void *ops, void *user)
{
    world *w = (world *)user;
    note value;

    (void)ops;
    note_get(payload, &value);
    if (aegis_reader_close(payload, NULL) != AEGIS_OK)
        return AEGIS_DEAD;
    if (value.number == 13)
        return AEGIS_DEAD;
    if (atomic_load(&w->failures_left) > 0) {
        atomic_fetch_sub(&w->failures_left, 1);
        return AEGIS_RETRY;
    }
    (void)snprintf(w->last, sizeof w->last, "%s %s %u", event->name, value.text, event->base.attempt);
    atomic_fetch_add(&w->seen, 1);
    return AEGIS_DONE;
}

static aegis_settle on_any(const aegis_event *event, const void *ops, void *user)
{
    world *w = (world *)user;

    (void)event;
    (void)ops;
    atomic_fetch_add(&w->raw_seen, 1);
    return AEGIS_DONE;
}

static aegis_settle on_letter(const aegis_event *event, const void *ops, void *user)
{
    return on_any(event, ops, user);
}

static const aegis_event_case created_case[] = {{&created, on_created}};
static const aegis_subscription typed[] = {{.pattern = "order.created",
                                            .durable = "listener__order_created",
                                            .cases = created_case,
                                            .case_count = 1}};
static const aegis_subscription wild[] = {{.pattern = "order.*",
                                           .durable = "wild__order_any",
                                           .cases = created_case,
                                           .case_count = 1,
                                           .raw = on_letter}};
static const aegis_service_type listener_type = {
    .name = "listener", .version = "1.0.0", .subscriptions = typed, .subscription_count = 1};
static const aegis_service_type wild_type = {
    .name = "wild", .version = "1.0.0", .subscriptions = wild, .subscription_count = 1};

static void publish(world *w, const aegis_event_type *type, const note *event)
{
    aegis_error error = {0};

    if (peer_publish(w->publisher, type, event, NULL, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
}

static void test_event_durable(void **state)
{
    world *w = (world *)*state;

    w->service = start(w, &listener_type, NULL);
    publish(w, &created, &(note){"first", 1});
    assert_true(reached(&w->seen, 1));
    assert_string_equal(w->last, "order.created first 1");
    aegis_service_stop(w->service);
    publish(w, &created, &(note){"second", 2}); /* while nobody is there */
    nap(20 * AEGIS_MILLISECOND);
    assert_int_equal(atomic_load(&w->seen), 1);
    w->service = start(w, &listener_type, NULL);
    assert_true(reached(&w->seen, 2));
    assert_string_equal(w->last, "order.created second 1");
}

static void test_event_retry(void **state)
{
    world *w = (world *)*state;

    atomic_store(&w->failures_left, 2);
    w->service = start(w, &listener_type, NULL);
    publish(w, &created, &(note){"again", 1});
    assert_true(reached(&w->seen, 1));
    assert_string_equal(w->last, "order.created again 3");
}

static uint64_t letters(world *w)
{
    aegis_stream_info info;

    memset(&info, 0, sizeof info);
    if (w->bus->port->ops->stream_info(w->bus->port, AEGIS_STREAM_DLQ, aegis_clock_monotonic() + AEGIS_SECOND,
                                       &info, NULL) != AEGIS_OK)
        return 0;
    return info.messages;
}

static void test_event_dead(void **state)
{
    world *w = (world *)*state;
    int64_t until = aegis_clock_monotonic() + TEN_SECONDS;

    w->service = start(w, &listener_type, NULL);
    publish(w, &created, &(note){"poison", 13});
    publish(w, &created_v2, &(note){"from the future", 1});
    publish(w, &created, &(note){"fine", 1});
    assert_true(reached(&w->seen, 1));
    while (letters(w) < 2 && aegis_clock_monotonic() < until)
        nap(5 * AEGIS_MILLISECOND);
    assert_int_equal(letters(w), 2);
}

static void test_event_wildcard(void **state)
{
    world *w = (world *)*state;

    w->service = start(w, &wild_type, NULL);
    publish(w, &created, &(note){"typed", 1});
    publish(w, &shipped, &(note){"raw", 1});
    assert_true(reached(&w->seen, 1));
    assert_true(reached(&w->raw_seen, 1));
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_event_durable),
        WORLD_CASE(test_event_retry),
        WORLD_CASE(test_event_dead),
        WORLD_CASE(test_event_wildcard),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
