/* Two versions of a schema exchange messages, both ways and in both formats: what the language promises about
 * change, and what it refuses, with the path. The last tests do so over a bus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <string.h>

#include <aegis/generated.h>
#include "evolution_new.h"
#include "evolution_old.h"

static const aegis_format formats[] = {AEGIS_FORMAT_MSGPACK, AEGIS_FORMAT_JSON};
#define EACH_FORMAT(f) for (size_t f = 0; f < 2; f++)

/* What the old program sends, and the new one. */
static const evolution_old_part old_parts[] = {{.sku = "a", .count = 1}, {.sku = "b", .count = 255}};
static const evolution_new_part new_parts[] = {{.sku = "c", .count = 200, .weight = 2.5}};

static evolution_old_order old_order(void)
{
    return (evolution_old_order){.id = 5,
                                 .code = "x",
                                 .parts = AEGIS_ITEMS(old_parts),
                                 .small = 200,
                                 .wide = -32768,
                                 .colour = EVOLUTION_OLD_COLOUR_GREEN,
                                 .side = EVOLUTION_OLD_SIDE_RIGHT,
                                 .way = {.kind = EVOLUTION_OLD_WAY_RAIL, .rail = "north"},
                                 .limit = 100,
                                 .note = "n",
                                 .gone = "g"};
}

static evolution_new_order new_order(void)
{
    static const evolution_new_extra leaf = {.bytes = {(const uint8_t *)"\x7f", 1}};
    static const evolution_new_extra_list_map_entry deep[] = {{"k", {&leaf, 1}}, {"l", {NULL, 0}}};
    static const char *const tags[] = {"t"};
    static const evolution_new_extra extra = {.deep = {deep, 2}, .bytes = {(const uint8_t *)"\x00\xff", 2}};

    return (evolution_new_order){.extra = &extra,
                                 .level = 9,
                                 .tags = AEGIS_ITEMS(tags),
                                 .note = "n",
                                 .limit = 100,
                                 .way = {.kind = EVOLUTION_NEW_WAY_ROAD, .road = 3},
                                 .side = EVOLUTION_NEW_SIDE_LEFT,
                                 .colour = EVOLUTION_NEW_COLOUR_RED,
                                 .wide = 32767,
                                 .small = 255,
                                 .parts = AEGIS_ITEMS(new_parts),
                                 .name = "x",
                                 .id = 5};
}

static aegis_status new_reads(aegis_arena *arena, const evolution_old_order *from, aegis_format format,
                              evolution_new_order *to, aegis_error *why)
{
    aegis_bytes body;

    assert_int_equal(evolution_old_order_encode(from, format, arena, &body, why), AEGIS_OK);
    return evolution_new_order_decode(body, format, arena, to, why);
}

static aegis_status old_reads(aegis_arena *arena, const evolution_new_order *from, aegis_format format,
                              evolution_old_order *to, aegis_error *why)
{
    aegis_bytes body;

    assert_int_equal(evolution_new_order_encode(from, format, arena, &body, why), AEGIS_OK);
    return evolution_old_order_decode(body, format, arena, to, why);
}

/* ---- what is fine ---- */

/* Fields that came have their defaults or are absent, one that went is skipped, order and widths do not
 * matter, the older name is read. */
static void test_new_reads_old(void **state)
{
    (void)state;
    EACH_FORMAT(f)
    {
        AEGIS_SCOPED_ARENA(arena);
        const evolution_old_order from = old_order();
        evolution_new_order to;
        aegis_error why = {0};

        if (new_reads(arena, &from, formats[f], &to, &why) != AEGIS_OK)
            fail_msg("%s", why.text);
        assert_int_equal(to.id, 5);
        assert_string_equal(to.name, "x");
        assert_int_equal(to.parts.count, 2);
        assert_string_equal(to.parts.items[1].sku, "b");
        assert_int_equal(to.parts.items[1].count, 255);
        assert_true(to.parts.items[1].weight >= 1.5 && to.parts.items[1].weight <= 1.5);
        assert_int_equal(to.small, 200);
        assert_int_equal(to.wide, -32768);
        assert_int_equal(to.colour, EVOLUTION_NEW_COLOUR_GREEN);
        assert_int_equal(to.side, EVOLUTION_NEW_SIDE_RIGHT);
        assert_int_equal(to.way.kind, EVOLUTION_NEW_WAY_RAIL);
        assert_string_equal(to.way.rail, "north");
        assert_null(to.extra);
        assert_int_equal(to.level, 7);
        assert_int_equal(to.tags.count, 0);
        assert_int_equal(to.attributes.count, 0);
    }
}

/* Unknown keys are skipped, whatever they hold. (The one that was renamed is missing to the old program: it
 * is sent under its old name here, as a program does that is not done with the rename.) */
static void test_old_reads_new(void **state)
{
    (void)state;
    EACH_FORMAT(f)
    {
        AEGIS_SCOPED_ARENA(arena);
        const evolution_new_order from = new_order();
        evolution_old_order to;
        aegis_error why = {0};

        assert_int_equal(old_reads(arena, &from, formats[f], &to, &why), AEGIS_INVALID_ARGUMENT);
        assert_string_equal(why.text, "code is missing");
    }
}

/* JSON in one of the formats. */
static aegis_bytes in_format(aegis_arena *arena, const char *json, aegis_format format)
{
    const aegis_raw from = {{(const uint8_t *)json, strlen(json)}, AEGIS_FORMAT_JSON};
    aegis_raw to;

    assert_int_equal(aegis_transcode(from, format, arena, &to, NULL), AEGIS_OK);
    return to.data;
}

static void old_accepts(aegis_arena *arena, const char *json, aegis_format format, evolution_old_order *to)
{
    aegis_error why = {0};

    if (evolution_old_order_decode(in_format(arena, json, format), format, arena, to, &why) != AEGIS_OK)
        fail_msg("%s: %s", json, why.text);
}

/* The text of a new order with the renamed field under its old name. */
static const char *with_old_name(aegis_arena *arena, const evolution_new_order *order)
{
    const char *json = evolution_new_order_to_json(order, arena), *at;

    assert_non_null(json);
    at = strstr(json, "\"name\":");
    assert_non_null(at);
    return aegis_arena_printf(arena, "%.*s\"code\":%s", (int)(at - json), json, at + strlen("\"name\":"));
}

static void test_old_skips_new_keys(void **state)
{
    (void)state;
    EACH_FORMAT(f)
    {
        AEGIS_SCOPED_ARENA(arena);
        const evolution_new_order from = new_order();
        evolution_old_order to;

        old_accepts(arena, with_old_name(arena, &from), formats[f], &to);
        assert_string_equal(to.code, "x");
        assert_int_equal(to.id, 5);
        assert_int_equal(to.small, 255);
        assert_int_equal(to.wide, 32767);
        assert_int_equal(to.parts.count, 1);
        assert_string_equal(to.parts.items[0].sku, "c");
        assert_int_equal(to.parts.items[0].count, 200);
        assert_int_equal(to.colour, EVOLUTION_OLD_COLOUR_RED);
        assert_int_equal(to.way.kind, EVOLUTION_OLD_WAY_ROAD);
        assert_null(to.gone);
    }
}

/* A newer value of an open enum is UNKNOWN, a newer member of a union none of the known ones. */
static void test_newer_names(void **state)
{
    static const char *const wings[] = {"a", "b"};

    (void)state;
    EACH_FORMAT(f)
    {
        AEGIS_SCOPED_ARENA(arena);
        evolution_new_order from = new_order();
        evolution_old_order to;

        from.colour = EVOLUTION_NEW_COLOUR_BLUE;
        from.way.kind = EVOLUTION_NEW_WAY_AIR;
        from.way.air = (aegis_string_list)AEGIS_ITEMS(wings);
        old_accepts(arena, with_old_name(arena, &from), formats[f], &to);
        assert_int_equal(to.colour, EVOLUTION_OLD_COLOUR_UNKNOWN);
        assert_int_equal(to.way.kind, EVOLUTION_OLD_WAY_NONE);
    }
}

/* ---- what is refused, with the path ---- */

typedef void (*change_old)(evolution_old_order *order);
typedef void (*change_new)(evolution_new_order *order);

static void above_width(evolution_old_order *order)
{
    order->wide = 32768;
}
static void above_signed(evolution_old_order *order)
{
    order->id = 2147483648U;
}
static void above_bound(evolution_old_order *order)
{
    order->limit = 101;
}

static void test_new_refuses_old(void **state)
{
    static const struct {
        change_old change;
        const char *says;
    } cases[] = {
        {above_width, "wide: 32768 is not in -32768..32767"},
        {above_signed, "id: "},
        {above_bound, "limit: 101 is not in 0..100"},
    };

    (void)state;
    EACH_FORMAT(f)
    {
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            AEGIS_SCOPED_ARENA(arena);
            evolution_old_order from = old_order();
            evolution_new_order to;
            aegis_error why = {0};

            cases[i].change(&from);
            assert_int_equal(new_reads(arena, &from, formats[f], &to, &why), AEGIS_INVALID_ARGUMENT);
            assert_memory_equal(why.text, cases[i].says, strlen(cases[i].says));
        }
    }
}

static void narrow_item(evolution_new_order *order)
{
    static const evolution_new_part parts[] = {{.sku = "a", .count = 1}, {.sku = "b", .count = 256}};

    order->parts = (evolution_new_part_list)AEGIS_ITEMS(parts);
}
static void negative(evolution_new_order *order)
{
    order->id = -1;
}
static void newer_strict(evolution_new_order *order)
{
    order->side = EVOLUTION_NEW_SIDE_MIDDLE;
}
static void absent(evolution_new_order *order)
{
    order->note = NULL;
}

static void test_old_refuses_new(void **state)
{
    static const struct {
        change_new change;
        const char *says;
    } cases[] = {
        {narrow_item, "parts[1].count: 256 is not in 0..255"},
        {negative, "id: "},
        {newer_strict, "side: is not a value of Side"},
        {absent, "note is missing"},
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        AEGIS_SCOPED_ARENA(arena);
        const aegis_format format = formats[i % 2];
        evolution_new_order from = new_order();
        evolution_old_order to;
        aegis_error why = {0};
        aegis_bytes body;

        cases[i / 2].change(&from);
        body = in_format(arena, with_old_name(arena, &from), format);
        assert_int_equal(evolution_old_order_decode(body, format, arena, &to, &why), AEGIS_INVALID_ARGUMENT);
        assert_memory_equal(why.text, cases[i / 2].says, strlen(cases[i / 2].says));
    }
}

/* A key that comes twice is refused, also when one of the two is an older name; null is not absent. */
static void test_malformed(void **state)
{
    static const char *const bad[][2] = {
        {"{\"sku\":\"a\",\"count\":1,\"sku\":\"b\"}", "sku: comes twice"},
        {"{\"count\":1}", "sku is missing"},
        {"{\"sku\":null,\"count\":1}", "sku: "},
        {"{\"sku\":\"a\",\"count\":1,\"weight\":null}", "weight: "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        AEGIS_SCOPED_ARENA(arena);
        const aegis_bytes body = {(const uint8_t *)bad[i][0], strlen(bad[i][0])};
        evolution_new_part part;
        aegis_error why = {0};

        assert_int_equal(evolution_new_part_decode(body, AEGIS_FORMAT_JSON, arena, &part, &why),
                         AEGIS_INVALID_ARGUMENT);
        assert_memory_equal(why.text, bad[i][1], strlen(bad[i][1]));
    }
}

static void test_malformed_msgpack(void **state)
{
    static const uint8_t twice[] = "\x83\xa3sku\xa1"
                                   "a\xa5"
                                   "count\x01\xa3sku\xa1"
                                   "b",
                         missing[] = "\x81\xa5"
                                     "count\x01",
                         null[] = "\x82\xa3sku\xc0\xa5"
                                  "count\x01",
                         wide[] = "\x82\xa3sku\xa1"
                                  "a\xa5"
                                  "count\xd3\x00\x00\x00\x00\x00\x00\x00\x05";
    AEGIS_SCOPED_ARENA(arena);
    evolution_new_part part;
    aegis_error why = {0};

    (void)state;
    assert_int_equal(evolution_new_part_decode((aegis_bytes){twice, sizeof twice - 1}, AEGIS_FORMAT_AUTO,
                                               arena, &part, &why),
                     AEGIS_INVALID_ARGUMENT);
    assert_string_equal(why.text, "sku: comes twice");
    assert_int_equal(evolution_new_part_decode((aegis_bytes){missing, sizeof missing - 1}, AEGIS_FORMAT_AUTO,
                                               arena, &part, &why),
                     AEGIS_INVALID_ARGUMENT);
    assert_string_equal(why.text, "sku is missing");
    assert_int_equal(evolution_new_part_decode((aegis_bytes){null, sizeof null - 1}, AEGIS_FORMAT_AUTO, arena,
                                               &part, &why),
                     AEGIS_INVALID_ARGUMENT);
    assert_memory_equal(why.text, "sku: ", 5);
    assert_int_equal(evolution_new_part_decode((aegis_bytes){wide, sizeof wide - 1}, AEGIS_FORMAT_AUTO, arena,
                                               &part, &why),
                     AEGIS_OK);
    assert_int_equal(part.count, 5);
}

static void test_both_names(void **state)
{
    AEGIS_SCOPED_ARENA(arena);
    const evolution_new_order from = new_order();
    const char *json = evolution_new_order_to_json(&from, arena);
    const char *both = aegis_arena_printf(arena, "{\"code\":\"y\",%s", json + 1);
    const aegis_bytes body = {(const uint8_t *)both, strlen(both)};
    evolution_new_order to;
    aegis_error why = {0};

    (void)state;
    assert_int_equal(evolution_new_order_decode(body, AEGIS_FORMAT_JSON, arena, &to, &why),
                     AEGIS_INVALID_ARGUMENT);
    assert_string_equal(why.text, "name: comes twice");
}

/* ---- over a bus ---- */

typedef struct world {
    aegis_bus *bus;
    aegis_client *client;
    aegis_publisher *publisher;
    atomic_int old_seen, new_v1_seen, new_v2_seen;
} world;

static int setup(void **state)
{
    static world w;

    memset(&w, 0, sizeof w);
    assert_int_equal(aegis_open("mem:", NULL, &w.bus, NULL), AEGIS_OK);
    assert_int_equal(aegis_client_new(w.bus, NULL, &w.client, NULL), AEGIS_OK);
    assert_int_equal(aegis_publisher_new(w.bus, NULL, &w.publisher, NULL), AEGIS_OK);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    world *w = (world *)*state;

    aegis_publisher_free(w->publisher);
    aegis_client_free(w->client);
    aegis_close(w->bus);
    return 0;
}

static aegis_reply place_new(evolution_new_orders_place_call *call,
                             const evolution_new_orders_place_request *request, void *user)
{
    static const uint32_t more[] = {1, 2};

    (void)user;
    if (request->order.level == 7 && strcmp(request->order.name, "busy") == 0)
        return evolution_new_orders_place_busy(call, &(evolution_new_busy){.until = 4, .why = "many"});
    if (strcmp(request->order.name, "closed") == 0)
        return evolution_new_orders_place_closed(call, &(evolution_new_closed){.message = "since noon"});
    return evolution_new_orders_place_ok(
        call, &(evolution_new_orders_place_result){.done = 1, .more = AEGIS_ITEMS(more)});
}

static aegis_reply look_old(evolution_old_orders_look_call *call,
                            const evolution_old_orders_look_request *request, void *user)
{
    (void)request;
    (void)user;
    return evolution_old_orders_look_ok(call, &(evolution_old_orders_look_result){0});
}

/* An old caller and a new service. An error it does not know is a plain failure with the error's name. */
static void test_old_caller(void **state)
{
    static const evolution_new_orders_ops ops = {.place = place_new};
    static const char *const codes[] = {"fine", "busy", "closed"};
    world *w = (world *)*state;
    aegis_service *service;

    assert_int_equal(evolution_new_orders_serve(w->bus, &ops, NULL, NULL, &service, NULL), AEGIS_OK);
    for (size_t i = 0; i < 3; i++) {
        AEGIS_SCOPED_ARENA(arena);
        evolution_old_orders_place_request request = {.order = old_order()};
        evolution_old_orders_place_outcome out;

        request.order.code = codes[i];
        out = evolution_old_orders_place(w->client, &request, NULL, arena);
        if (i == 0) {
            assert_int_equal(out.kind, EVOLUTION_OLD_ORDERS_PLACE_OK);
            assert_int_equal(out.ok.done, 1);
        } else if (i == 1) {
            assert_int_equal(out.kind, EVOLUTION_OLD_ORDERS_PLACE_BUSY);
            assert_int_equal(out.busy.until, 4);
        } else {
            assert_int_equal(out.kind, EVOLUTION_OLD_ORDERS_PLACE_FAILED);
            assert_string_equal(out.failed.type, "Closed");
            assert_int_equal(out.failed.code, 423);
            assert_string_equal(out.failed.text, "Closed: since noon");
        }
    }
    aegis_service_stop(service);
}

/* A new caller and an old service: results lack what is new, methods that are new are not there. */
static void test_new_caller(void **state)
{
    static const evolution_old_orders_ops ops = {.look = look_old};
    world *w = (world *)*state;
    AEGIS_SCOPED_ARENA(arena);
    aegis_service *service;
    evolution_new_orders_look_outcome looked;
    evolution_new_orders_added_outcome added;

    assert_int_equal(evolution_old_orders_serve(w->bus, &ops, NULL, NULL, &service, NULL), AEGIS_OK);
    looked = evolution_new_orders_look(w->client, &(evolution_new_orders_look_request){.id = 1}, NULL, arena);
    assert_int_equal(looked.kind, EVOLUTION_NEW_ORDERS_LOOK_OK);
    assert_null(looked.ok.order);
    added = evolution_new_orders_added(w->client, &(evolution_new_orders_added_request){0}, NULL, arena);
    assert_int_equal(added.kind, EVOLUTION_NEW_ORDERS_ADDED_FAILED);
    assert_int_equal(added.failed.status, AEGIS_UNIMPLEMENTED);
    aegis_service_stop(service);
}

static aegis_settle old_on_seen(const aegis_event *event, const evolution_old_thing_seen *seen, void *user)
{
    world *w = (world *)user;

    (void)event;
    assert_string_equal(seen->what, "thing");
    (void)atomic_fetch_add(&w->old_seen, 1);
    return AEGIS_DONE;
}

static aegis_settle new_on_seen_v1(const aegis_event *event, const evolution_new_thing_seen_v1 *seen,
                                   void *user)
{
    world *w = (world *)user;

    (void)event;
    assert_string_equal(seen->what, "thing");
    (void)atomic_fetch_add(&w->new_v1_seen, 1);
    return AEGIS_DONE;
}

static aegis_settle new_on_seen(const aegis_event *event, const evolution_new_thing_seen *seen, void *user)
{
    world *w = (world *)user;

    (void)event;
    assert_int_equal(seen->which, 8);
    (void)atomic_fetch_add(&w->new_v2_seen, 1);
    return AEGIS_DONE;
}

static void publish_all(world *w)
{
    assert_int_equal(evolution_old_thing_seen_publish(
                         w->publisher, &(evolution_old_thing_seen){.what = "thing"}, NULL, NULL),
                     AEGIS_OK);
    assert_int_equal(
        evolution_new_thing_seen_publish(w->publisher, &(evolution_new_thing_seen){.which = 8}, NULL, NULL),
        AEGIS_OK);
    assert_int_equal(
        evolution_new_thing_seen_v1_publish(
            w->publisher, &(evolution_new_thing_seen_v1){.what = "thing", .where = "here"}, NULL, NULL),
        AEGIS_OK);
}

/* Time passes until `count` is as wanted: each call that is not answered takes some of it. */
static void wait_for(world *w, const atomic_int *count, int wanted)
{
    for (int i = 0; i < 100000 && atomic_load(count) < wanted; i++) {
        AEGIS_SCOPED_ARENA(arena);

        (void)evolution_new_orders_added(w->client, &(evolution_new_orders_added_request){0}, NULL, arena);
    }
    assert_int_equal(atomic_load(count), wanted);
}

/* An old subscriber gets what has its major version; a new one both, each in its handler. */
static void test_old_subscriber(void **state)
{
    static const evolution_old_listener_ops ops = {.on_thing_seen = old_on_seen};
    world *w = (world *)*state;
    aegis_service *service;

    assert_int_equal(evolution_old_listener_serve(w->bus, &ops, w, NULL, &service, NULL), AEGIS_OK);
    publish_all(w);
    wait_for(w, &w->old_seen, 2);
    aegis_service_stop(service);
}

static void test_new_subscriber(void **state)
{
    static const evolution_new_listener_ops ops = {.on_thing_seen = new_on_seen,
                                                   .on_thing_seen_v1 = new_on_seen_v1};
    world *w = (world *)*state;
    aegis_service *service;

    assert_int_equal(evolution_new_listener_serve(w->bus, &ops, w, NULL, &service, NULL), AEGIS_OK);
    publish_all(w);
    wait_for(w, &w->new_v1_seen, 2);
    wait_for(w, &w->new_v2_seen, 1);
    aegis_service_stop(service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_reads_old),
        cmocka_unit_test(test_old_reads_new),
        cmocka_unit_test(test_old_skips_new_keys),
        cmocka_unit_test(test_newer_names),
        cmocka_unit_test(test_new_refuses_old),
        cmocka_unit_test(test_old_refuses_new),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_malformed_msgpack),
        cmocka_unit_test(test_both_names),
        cmocka_unit_test_setup_teardown(test_old_caller, setup, teardown),
        cmocka_unit_test_setup_teardown(test_new_caller, setup, teardown),
        cmocka_unit_test_setup_teardown(test_old_subscriber, setup, teardown),
        cmocka_unit_test_setup_teardown(test_new_subscriber, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
