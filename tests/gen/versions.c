/* Versions of an event: upcasts, handlers of their own, neither, and those that nobody has heard of. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <aegis/generated.h>

#include "versions.h"

typedef struct seen {
    atomic_int pieces, boxes, unsupported, raw;
} seen;

static bool upcast(const aegis_event *event, const versions_stock_moved_v1 *older,
                   versions_stock_moved *latest, void *user)
{
    (void)event;
    (void)user;
    latest->sku = older->sku;
    latest->pieces = older->boxes * 12;
    return older->boxes != 13;
}

static aegis_settle on_moved(const aegis_event *event, const versions_stock_moved *moved, void *user)
{
    seen *s = (seen *)user;

    (void)event;
    assert_int_equal(moved->place, 7);
    (void)atomic_fetch_add(&s->pieces, (int)moved->pieces);
    return AEGIS_DONE;
}

static aegis_settle on_moved_v1(const aegis_event *event, const versions_stock_moved_v1 *moved, void *user)
{
    seen *s = (seen *)user;

    assert_string_equal(event->version, "1.2");
    (void)atomic_fetch_add(&s->boxes, (int)moved->boxes);
    return AEGIS_DONE;
}

static aegis_settle on_unsupported(const aegis_event *event, void *user)
{
    seen *s = (seen *)user;

    assert_string_equal(event->name, "stock.moved");
    (void)atomic_fetch_add(&s->unsupported, 1);
    return event->base.attempt == 2 ? AEGIS_DONE : AEGIS_RETRY;
}

static aegis_settle on_any(const aegis_event *event, void *user)
{
    seen *s = (seen *)user;

    (void)event;
    (void)atomic_fetch_add(&s->raw, 1);
    return AEGIS_DONE;
}

static void publish_v3(aegis_publisher *publisher)
{
    static const aegis_event_type future = {"stock", "moved", "3.0"};
    aegis_exchange x;

    (void)aegis_publish_begin(&x, publisher, &future, NULL);
    aegis_mp_put_map(&x.writer, 0);
    assert_int_equal(aegis_publish_finish(&x, NULL), AEGIS_OK);
}

static void publish_all(aegis_bus *bus)
{
    aegis_publisher *publisher;

    assert_int_equal(aegis_publisher_new(bus, NULL, &publisher, NULL), AEGIS_OK);
    assert_int_equal(versions_stock_moved_v1_publish(
                         publisher, &(versions_stock_moved_v1){.sku = "a", .boxes = 2}, NULL, NULL),
                     AEGIS_OK);
    assert_int_equal(versions_stock_moved_v1_publish(
                         publisher, &(versions_stock_moved_v1){.sku = "a", .boxes = 13}, NULL, NULL),
                     AEGIS_OK);
    publish_v3(publisher);
    assert_int_equal(versions_stock_moved_publish(
                         publisher, &(versions_stock_moved){.sku = "a", .pieces = 5, .place = 7}, NULL, NULL),
                     AEGIS_OK);
    aegis_publisher_free(publisher);
}

/* Until everything has been handled or is a dead letter. */
static aegis_consumer_metrics settled(aegis_bus *bus)
{
    const struct timespec pause = {0, 1000000};
    aegis_metrics metrics;
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_consumer_metrics of = {0};
    int i;

    for (i = 0; i < 10000 && of.handled + of.dead < 4; i++) {
        (void)nanosleep(&pause, NULL);
        aegis_arena_reset(arena);
        assert_int_equal(aegis_metrics_read(bus, arena, &metrics, NULL), AEGIS_OK);
        assert_int_equal(metrics.consumer_count, 1);
        of = metrics.consumers[0];
    }
    assert_int_equal(of.handled + of.dead, 4);
    aegis_arena_free(arena);
    return of;
}

static void test_upcast(void **state)
{
    const versions_upcasting_ops ops = {
        .on_stock_moved = on_moved, .upcast_stock_moved_v1 = upcast, .on_unsupported = on_unsupported};
    seen s = {0};
    aegis_bus *bus;
    aegis_service *service;
    aegis_consumer_metrics of;

    (void)state;
    assert_int_equal(aegis_open("mem:", NULL, &bus, NULL), AEGIS_OK);
    assert_int_equal(versions_upcasting_serve(bus, &ops, &s, NULL, &service, NULL), AEGIS_OK);
    publish_all(bus);
    of = settled(bus);
    assert_string_equal(of.service, "Upcasting");
    assert_string_equal(of.name, "stock.moved");
    assert_int_equal(atomic_load(&s.pieces), 24 + 5);
    assert_int_equal(atomic_load(&s.unsupported), 2); /* tried again, as the IDL says */
    assert_int_equal(of.retried, 1);
    assert_int_equal(of.dead, 1); /* of 13 boxes nothing can be made */
    assert_int_equal(of.lost, 0);
    aegis_service_stop(service);
    aegis_close(bus);
}

static void test_apart(void **state)
{
    const versions_apart_ops ops = {
        .on_stock_moved = on_moved, .on_stock_moved_v1 = on_moved_v1, .on_stock_any = on_any};
    seen s = {0};
    aegis_bus *bus;
    aegis_service *service;

    (void)state;
    assert_int_equal(aegis_open("mem:", NULL, &bus, NULL), AEGIS_OK);
    assert_int_equal(versions_apart_serve(bus, &ops, &s, NULL, &service, NULL), AEGIS_OK);
    publish_all(bus);
    assert_int_equal(settled(bus).dead, 1);
    assert_int_equal(atomic_load(&s.pieces), 5);
    assert_int_equal(atomic_load(&s.boxes), 15);
    assert_int_equal(atomic_load(&s.raw), 0); /* the raw handler gets names, not versions, that are unknown */
    aegis_service_stop(service);
    aegis_close(bus);
}

static void test_latest(void **state)
{
    const versions_latest_ops ops = {.on_stock_moved = on_moved}, none = {0};
    seen s = {0};
    aegis_bus *bus;
    aegis_service *service;
    aegis_error error = {0};

    (void)state;
    assert_int_equal(aegis_open("mem:", NULL, &bus, NULL), AEGIS_OK);
    assert_int_equal(versions_latest_serve(bus, &none, &s, NULL, &service, &error), AEGIS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "versions_latest_ops.on_stock_moved is NULL");
    assert_int_equal(versions_latest_serve(bus, &ops, &s, NULL, &service, NULL), AEGIS_OK);
    publish_all(bus);
    assert_int_equal(settled(bus).dead, 3);
    assert_int_equal(atomic_load(&s.pieces), 5);
    aegis_service_stop(service);
    aegis_close(bus);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(test_upcast),
        cmocka_unit_test(test_apart),
        cmocka_unit_test(test_latest),
    };

    return cmocka_run_group_tests(cases, NULL, NULL);
}
