/* A service that was renamed, with all it offers, is still reached by peers that know the older names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <string.h>

#include "renamed.h"
#include "renamed_old.h"

typedef struct world {
    aegis_bus *bus;
    aegis_client *client;
    atomic_int events;
} world;

static aegis_reply acquire(renamed_market_acquire_call *call, const renamed_market_acquire_request *request,
                           void *user)
{
    (void)user;
    if (request->money.kind != RENAMED_MONEY_COINS || request->condition != RENAMED_CONDITION_DONE)
        return renamed_market_acquire_fail(call, AEGIS_INVALID_ARGUMENT, "not what was sent");
    return renamed_market_acquire_ok(
        call, &(renamed_market_acquire_result){(uint32_t)strlen(request->thing) + request->money.coins});
}

static aegis_reply wrap(renamed_market_wrap_call *call, const renamed_market_wrap_request *request,
                        void *user)
{
    (void)user;
    if (!renamed_market_wrap_progress(call, &(renamed_market_wrap_progress_update){.part = 1}))
        return renamed_market_wrap_fail(call, AEGIS_CANCELLED, "stopped");
    return renamed_market_wrap_ok(call,
                                  &(renamed_market_wrap_result){.boxes = (uint32_t)strlen(request->thing)});
}

static aegis_settle on_trade_closed(const aegis_event *event, const renamed_trade_closed *payload, void *user)
{
    world *w = (world *)user;

    (void)event;
    if (strcmp(payload->thing, "tea") == 0 && payload->condition == RENAMED_CONDITION_FRESH)
        (void)atomic_fetch_add(&w->events, 1);
    return AEGIS_DONE;
}

static const renamed_market_ops market_ops = {
    .acquire = acquire, .wrap = wrap, .on_trade_closed = on_trade_closed};

/* ---- the world ---- */

static int setup(void **state)
{
    static world w;

    memset(&w, 0, sizeof w);
    assert_int_equal(aegis_open("mem:", NULL, &w.bus, NULL), AEGIS_OK);
    assert_int_equal(aegis_client_new(w.bus, NULL, &w.client, NULL), AEGIS_OK);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    world *w = (world *)*state;

    aegis_client_free(w->client);
    aegis_close(w->bus);
    return 0;
}

static aegis_service *serve_market(world *w, uint32_t concurrency)
{
    const aegis_service_options options = {.concurrency = concurrency};
    aegis_service *service;
    aegis_error why = {0};

    if (renamed_market_serve(w->bus, &market_ops, w, &options, &service, &why) != AEGIS_OK)
        fail_msg("%s", why.text);
    return service;
}

/* ---- tests ---- */

static void buy(world *w)
{
    AEGIS_SCOPED_ARENA(arena);
    const renamed_old_shop_buy_request request = {.item = "tea",
                                                  .pay = {.kind = RENAMED_OLD_PAYMENT_CASH, .cash = 4},
                                                  .state = RENAMED_OLD_STATE_CLOSED};
    renamed_old_shop_buy_outcome out = renamed_old_shop_buy(w->client, &request, NULL, arena);

    if (out.kind != RENAMED_OLD_SHOP_BUY_OK)
        fail_msg("%s", out.kind == RENAMED_OLD_SHOP_BUY_FAILED ? out.failed.text : "sold out");
    assert_int_equal(out.ok.done, 7);
}

static void test_calls(void **state)
{
    world *w = (world *)*state;
    aegis_service *service = serve_market(w, 2);
    AEGIS_SCOPED_ARENA(arena);
    const renamed_market_acquire_request request = {.thing = "coffee",
                                                    .money = {.kind = RENAMED_MONEY_COINS, .coins = 1},
                                                    .condition = RENAMED_CONDITION_DONE};
    renamed_market_acquire_outcome out;

    for (int i = 0; i < 100; i++) {
        buy(w);
        out = renamed_market_acquire(w->client, &request, NULL, arena);
        assert_int_equal(out.kind, RENAMED_MARKET_ACQUIRE_OK);
        assert_int_equal(out.ok.done, 7);
    }
    aegis_service_stop(service);
}

/* Under an older name many calls at once are answered as under the present one. */
static void answered(const renamed_old_shop_buy_outcome *out, void *user)
{
    atomic_int *count = (atomic_int *)user;

    if (out->kind == RENAMED_OLD_SHOP_BUY_OK)
        (void)atomic_fetch_add(count, 1);
}

static void test_many_calls(void **state)
{
    world *w = (world *)*state;
    aegis_service *service = serve_market(w, 1);
    const renamed_old_shop_buy_request request = {.item = "tea",
                                                  .pay = {.kind = RENAMED_OLD_PAYMENT_CASH, .cash = 4},
                                                  .state = RENAMED_OLD_STATE_CLOSED};
    static atomic_int count;

    atomic_store(&count, 0);
    for (int i = 0; i < 64; i++)
        (void)renamed_old_shop_buy_async(w->client, &request, NULL, answered, &count);
    for (int i = 0; i < 2000 && atomic_load(&count) < 64; i++)
        buy(w);
    assert_int_equal(atomic_load(&count), 64);
    aegis_service_stop(service);
}

static void test_commands(void **state)
{
    world *w = (world *)*state;
    AEGIS_SCOPED_ARENA(arena);
    const renamed_old_shop_pack_request request = {.item = "teacup"};
    aegis_command *command;
    renamed_old_shop_pack_outcome out;
    aegis_service *service = serve_market(w, 1);

    assert_int_equal(renamed_old_shop_pack_submit(w->client, &request, NULL, &command, NULL), AEGIS_OK);
    out = renamed_old_shop_pack_wait(command, 0, NULL, NULL, arena);
    assert_int_equal(out.kind, RENAMED_OLD_SHOP_PACK_OK);
    assert_int_equal(out.ok.boxes, 6);
    aegis_command_free(command);
    aegis_service_stop(service);
}

static void test_events(void **state)
{
    world *w = (world *)*state;
    aegis_publisher *publisher;
    const renamed_old_order_made made = {.item = "tea", .state = RENAMED_OLD_STATE_OPEN};
    const renamed_trade_closed closed = {.thing = "tea", .condition = RENAMED_CONDITION_FRESH};
    aegis_service *service = serve_market(w, 1);

    assert_int_equal(aegis_publisher_new(w->bus, NULL, &publisher, NULL), AEGIS_OK);
    assert_int_equal(renamed_old_order_made_publish(publisher, &made, NULL, NULL), AEGIS_OK);
    assert_int_equal(renamed_trade_closed_publish(publisher, &closed, NULL, NULL), AEGIS_OK);
    for (int i = 0; i < 10000 && atomic_load(&w->events) < 2; i++)
        buy(w);
    assert_int_equal(atomic_load(&w->events), 2);
    aegis_publisher_free(publisher);
    aegis_service_stop(service);
}

static aegis_reply take(renamed_old_stock_take_call *call, const renamed_old_stock_take_request *request,
                        void *user)
{
    (void)request;
    (void)user;
    return renamed_old_stock_take_sold_out(call, &(renamed_old_sold_out){.left = 3, .message = "only 3"});
}

/* The error of an older service is known under its present name. */
static void test_errors(void **state)
{
    static const renamed_old_stock_ops ops = {.take = take};
    world *w = (world *)*state;
    AEGIS_SCOPED_ARENA(arena);
    aegis_service *service;
    renamed_stock_take_outcome out;

    assert_int_equal(renamed_old_stock_serve(w->bus, &ops, NULL, NULL, &service, NULL), AEGIS_OK);
    out = renamed_stock_take(w->client, &(renamed_stock_take_request){.item = "x"}, NULL, arena);
    assert_int_equal(out.kind, RENAMED_STOCK_TAKE_EXHAUSTED);
    assert_int_equal(out.exhausted.rest, 3);
    assert_string_equal(out.exhausted.message, "only 3");
    aegis_service_stop(service);
}

/* Stopping answers what has arrived, under every name, and leaves nobody behind. */
static void test_stop(void **state)
{
    world *w = (world *)*state;

    for (int i = 0; i < 20; i++) {
        aegis_service *service = serve_market(w, 1 + (uint32_t)i % 3);

        buy(w);
        aegis_service_stop(service);
    }
}

/* A service without its table is refused, not served until the first call. */
static void no_handlers(void **state)
{
    aegis_bus *bus = NULL;
    aegis_service *service = NULL;
    aegis_error why = {0};

    (void)state;
    assert_int_equal(aegis_open("mem:", NULL, &bus, NULL), AEGIS_OK);
    assert_int_equal(renamed_market_serve(bus, NULL, NULL, NULL, &service, &why), AEGIS_INVALID_ARGUMENT);
    assert_string_equal(aegis_error_text(&why), "renamed_market_ops is NULL");
    aegis_close(bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_handlers),
        cmocka_unit_test_setup_teardown(test_calls, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_calls, setup, teardown),
        cmocka_unit_test_setup_teardown(test_commands, setup, teardown),
        cmocka_unit_test_setup_teardown(test_events, setup, teardown),
        cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
