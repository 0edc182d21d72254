#define _POSIX_C_SOURCE 200809L
#include "contract/upgrade.h"

#include "application/bus.h"
#include "evolution_new.h"
#include "evolution_old.h"

enum { INSTANCES = 8 };

/* One instance, as in a process of its own: a bus and both services of the schema. */
typedef struct instance {
    aegis_bus *bus;
    aegis_service *orders, *listener;
    bool newer;
} instance;

typedef struct roll {
    world *w;
    atomic_bool stop, added_there; /* an instance that has the new method is, and stays for now */
    atomic_int calls, added, failed;
    atomic_int published_v1, published_v2, seen_v1, seen_v2, put_off;
    char why[256];
} roll;

/* ---- the service, old and new ------------------------------------------------------------------------- */

static aegis_reply look_old(evolution_old_orders_look_call *call,
                            const evolution_old_orders_look_request *request, void *user)
{
    (void)request;
    (void)user;
    return evolution_old_orders_look_ok(call, &(evolution_old_orders_look_result){0});
}

static aegis_reply look_new(evolution_new_orders_look_call *call,
                            const evolution_new_orders_look_request *request, void *user)
{
    static const evolution_new_order order = {.name = "a",
                                              .colour = EVOLUTION_NEW_COLOUR_RED,
                                              .side = EVOLUTION_NEW_SIDE_LEFT,
                                              .way = {.road = 1, .kind = EVOLUTION_NEW_WAY_ROAD}};

    (void)request;
    (void)user;
    return evolution_new_orders_look_ok(call, &(evolution_new_orders_look_result){.order = &order});
}

static aegis_reply place_old(evolution_old_orders_place_call *call,
                             const evolution_old_orders_place_request *request, void *user)
{
    (void)user;
    return evolution_old_orders_place_ok(call,
                                         &(evolution_old_orders_place_result){.done = request->order.small});
}

static aegis_reply place_new(evolution_new_orders_place_call *call,
                             const evolution_new_orders_place_request *request, void *user)
{
    (void)user;
    return evolution_new_orders_place_ok(
        call, &(evolution_new_orders_place_result){.done = (uint32_t)request->order.small});
}

static aegis_reply added_new(evolution_new_orders_added_call *call,
                             const evolution_new_orders_added_request *request, void *user)
{
    (void)request;
    (void)user;
    return evolution_new_orders_added_ok(call, &(evolution_new_orders_added_result){0});
}

static aegis_settle seen_old(const aegis_event *event, const evolution_old_thing_seen *seen, void *user)
{
    roll *r = (roll *)user;

    (void)event;
    (void)seen;
    (void)atomic_fetch_add(&r->seen_v1, 1);
    return AEGIS_DONE;
}

/* What an old program does with an event from the future while it is being replaced: leaves it to a newer
 * one. */
static aegis_settle put_off(const aegis_event *event, void *user)
{
    roll *r = (roll *)user;

    (void)event;
    (void)atomic_fetch_add(&r->put_off, 1);
    return AEGIS_RETRY;
}

static aegis_settle seen_new_v1(const aegis_event *event, const evolution_new_thing_seen_v1 *seen, void *user)
{
    roll *r = (roll *)user;

    (void)event;
    (void)seen;
    (void)atomic_fetch_add(&r->seen_v1, 1);
    return AEGIS_DONE;
}

static aegis_settle seen_new(const aegis_event *event, const evolution_new_thing_seen *seen, void *user)
{
    roll *r = (roll *)user;

    (void)event;
    (void)seen;
    (void)atomic_fetch_add(&r->seen_v2, 1);
    return AEGIS_DONE;
}

static void launch_instance(roll *r, instance *i, bool newer)
{
    static const evolution_old_orders_ops old_orders = {.look = look_old, .place = place_old};
    static const evolution_new_orders_ops new_orders = {
        .look = look_new, .place = place_new, .added = added_new};
    static const evolution_old_listener_ops old_listener = {.on_thing_seen = seen_old,
                                                            .on_unsupported = put_off};
    static const evolution_new_listener_ops new_listener = {.on_thing_seen = seen_new,
                                                            .on_thing_seen_v1 = seen_new_v1};
    aegis_error error = {0};

    i->newer = newer;
    i->bus = r->w->bus;
    if (world_is_nats())
        assert_int_equal(aegis_open(r->w->url, NULL, &i->bus, &error), AEGIS_OK);
    assert_int_equal(newer ? evolution_new_orders_serve(i->bus, &new_orders, r, NULL, &i->orders, &error)
                           : evolution_old_orders_serve(i->bus, &old_orders, r, NULL, &i->orders, &error),
                     AEGIS_OK);
    assert_int_equal(newer
                         ? evolution_new_listener_serve(i->bus, &new_listener, r, NULL, &i->listener, &error)
                         : evolution_old_listener_serve(i->bus, &old_listener, r, NULL, &i->listener, &error),
                     AEGIS_OK);
}

static void stop_instance(const roll *r, instance *i)
{
    aegis_service_stop(i->orders);
    aegis_service_stop(i->listener);
    if (i->bus != r->w->bus)
        aegis_close(i->bus);
}

/* ---- who uses it -------------------------------------------------------------------------------------- */

static void failed(roll *r, const char *what, const aegis_error *error)
{
    (void)atomic_fetch_add(&r->failed, 1);
    (void)snprintf(r->why, sizeof r->why, "%s: %.200s", what, aegis_error_text(error));
}

static void call_old(roll *r, aegis_arena *arena)
{
    const evolution_old_order order = {.id = 1,
                                       .code = "a",
                                       .small = 3,
                                       .colour = EVOLUTION_OLD_COLOUR_RED,
                                       .side = EVOLUTION_OLD_SIDE_LEFT,
                                       .way = {.road = 1, .kind = EVOLUTION_OLD_WAY_ROAD},
                                       .limit = 50,
                                       .note = "n",
                                       .gone = "gone"};
    const evolution_old_orders_place_outcome placed = evolution_old_orders_place(
        r->w->client, &(evolution_old_orders_place_request){.order = order}, NULL, arena);
    const evolution_old_orders_look_outcome looked =
        evolution_old_orders_look(r->w->client, &(evolution_old_orders_look_request){.id = 1}, NULL, arena);

    if (placed.kind != EVOLUTION_OLD_ORDERS_PLACE_OK || placed.ok.done != 3)
        failed(r, "old place", &placed.failed);
    if (looked.kind != EVOLUTION_OLD_ORDERS_LOOK_OK)
        failed(r, "old look", &looked.failed);
    (void)atomic_fetch_add(&r->calls, 2);
}

static void call_new(roll *r, aegis_arena *arena)
{
    const evolution_new_orders_look_outcome looked =
        evolution_new_orders_look(r->w->client, &(evolution_new_orders_look_request){.id = 1}, NULL, arena);
    const bool there = atomic_load(&r->added_there);
    const evolution_new_orders_added_outcome added =
        evolution_new_orders_added(r->w->client, &(evolution_new_orders_added_request){0}, NULL, arena);

    if (looked.kind != EVOLUTION_NEW_ORDERS_LOOK_OK)
        failed(r, "new look", &looked.failed);
    if (there && atomic_load(&r->added_there)) {
        (void)atomic_fetch_add(&r->added, 1);
        if (added.kind != EVOLUTION_NEW_ORDERS_ADDED_OK)
            failed(r, "added", &added.failed);
    }
    (void)atomic_fetch_add(&r->calls, 2);
}

static void publish_all(roll *r)
{
    aegis_error error = {0};

    if (evolution_old_thing_seen_publish(r->w->publisher, &(evolution_old_thing_seen){.what = "a"}, NULL,
                                         &error) != AEGIS_OK)
        failed(r, "publish", &error);
    if (evolution_new_thing_seen_v1_publish(r->w->publisher,
                                            &(evolution_new_thing_seen_v1){.what = "a", .where = "b"}, NULL,
                                            &error) != AEGIS_OK)
        failed(r, "publish", &error);
    (void)atomic_fetch_add(&r->published_v1, 2);
    if (!atomic_load(&r->added_there))
        return; /* new events are published once somebody is there for them */
    if (evolution_new_thing_seen_publish(r->w->publisher, &(evolution_new_thing_seen){.which = 8}, NULL,
                                         &error) != AEGIS_OK)
        failed(r, "publish", &error);
    (void)atomic_fetch_add(&r->published_v2, 1);
}

static void *use(void *argument)
{
    roll *r = (roll *)argument;
    aegis_arena *arena = aegis_arena_new(NULL);

    while (!atomic_load(&r->stop)) {
        call_old(r, arena);
        call_new(r, arena);
        publish_all(r);
        aegis_arena_reset(arena);
        nap(AEGIS_MILLISECOND);
    }
    aegis_arena_free(arena);
    return NULL;
}

/* ---- rolling ------------------------------------------------------------------------------------------ */

static uint64_t dead_letters(world *w)
{
    aegis_stream_info info;

    memset(&info, 0, sizeof info);
    (void)w->bus->port->ops->stream_info(w->bus->port, AEGIS_STREAM_DLQ,
                                         aegis_clock_monotonic() + AEGIS_SECOND, &info, NULL);
    return info.messages;
}

/* The new one is there before the old one goes. */
static void replace(roll *r, instance *i, bool newer, aegis_duration pause)
{
    const instance before = *i;
    instance gone = before;

    launch_instance(r, i, newer);
    nap(pause);
    stop_instance(r, &gone);
    nap(pause);
}

void upgrade_rolls(world *w, int instances, aegis_duration pause)
{
    instance all[INSTANCES];
    roll r = {.w = w};
    pthread_t user;
    int64_t until;
    int k;

    assert_in_range(instances, 2, INSTANCES);
    for (k = 0; k < instances; k++)
        launch_instance(&r, &all[k], false);
    assert_int_equal(pthread_create(&user, NULL, use, &r), 0);
    nap(pause);
    for (k = 0; k < instances; k++) {
        replace(&r, &all[k], true, pause);
        atomic_store(&r.added_there, true);
    }
    nap(pause);
    for (k = instances; k-- > 1;)
        replace(&r, &all[k], false, pause);
    atomic_store(&r.added_there, false);
    nap(20 * AEGIS_MILLISECOND); /* for the call that began before */
    until = aegis_clock_monotonic() + 3 * TEN_SECONDS;
    while (atomic_load(&r.seen_v2) < atomic_load(&r.published_v2) && aegis_clock_monotonic() < until)
        nap(5 * AEGIS_MILLISECOND); /* before the last that can goes */
    replace(&r, &all[0], false, pause);
    atomic_store(&r.stop, true);
    (void)pthread_join(user, NULL);
    while (atomic_load(&r.seen_v1) < atomic_load(&r.published_v1) && aegis_clock_monotonic() < until)
        nap(5 * AEGIS_MILLISECOND);
    for (k = 0; k < instances; k++)
        stop_instance(&r, &all[k]);
    (void)printf(
        "F27: %d instances upgraded and back, one at a time: %d calls and %d of a new method, %d failed%s%s; "
        "%d + %d events of two versions, %d + %d handled, %d put off by old ones, %llu dead letters\n",
        instances, atomic_load(&r.calls), atomic_load(&r.added), atomic_load(&r.failed),
        r.why[0] != '\0' ? ", the last: " : "", r.why, atomic_load(&r.published_v1),
        atomic_load(&r.published_v2), atomic_load(&r.seen_v1), atomic_load(&r.seen_v2),
        atomic_load(&r.put_off), (unsigned long long)dead_letters(w));
    assert_int_equal(atomic_load(&r.failed), 0);
    assert_true(atomic_load(&r.added) > 0);
    assert_true(atomic_load(&r.published_v2) > 0);
    assert_true(atomic_load(&r.seen_v1) >= atomic_load(&r.published_v1));
    assert_true(atomic_load(&r.seen_v2) >= atomic_load(&r.published_v2));
    assert_int_equal(dead_letters(w), 0);
}
