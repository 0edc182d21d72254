/* Which errors of a command are followed by another attempt is what the IDL says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#include "finals.h"

static aegis_reply pack(finals_shop_pack_call *call, const finals_shop_pack_request *request, void *user)
{
    atomic_int *runs = (atomic_int *)user;

    (void)atomic_fetch_add(runs, 1);
    if (request->id == 0)
        return finals_shop_pack_closed(call, &(finals_closed){0});
    if (call->base.attempt < request->id)
        return finals_shop_pack_busy(call, &(finals_busy){.by = "somebody"});
    return finals_shop_pack_ok(call, &(finals_shop_pack_result){.attempt = call->base.attempt});
}

static aegis_reply pick(finals_shop_pick_call *call, const finals_shop_pick_request *request, void *user)
{
    (void)request;
    (void)atomic_fetch_add((atomic_int *)user, 1);
    return finals_shop_pick_busy(call, &(finals_busy){.by = "somebody"});
}

static aegis_reply ship(finals_shop_ship_call *call, const finals_shop_ship_request *request, void *user)
{
    (void)request;
    (void)atomic_fetch_add((atomic_int *)user, 1);
    return finals_shop_ship_busy(call, &(finals_busy){.by = "somebody"});
}

static const finals_shop_ops ops = {.pack = pack, .pick = pick, .ship = ship};

typedef struct shop {
    aegis_bus *bus;
    aegis_client *client;
    aegis_service *service;
    atomic_int runs;
} shop;

static void open_shop(shop *s)
{
    atomic_init(&s->runs, 0);
    assert_int_equal(aegis_open("mem:", NULL, &s->bus, NULL), AEGIS_OK);
    assert_int_equal(finals_shop_serve(s->bus, &ops, &s->runs, NULL, &s->service, NULL), AEGIS_OK);
    assert_int_equal(aegis_client_new(s->bus, NULL, &s->client, NULL), AEGIS_OK);
}

static void close_shop(shop *s)
{
    aegis_client_free(s->client);
    aegis_service_stop(s->service);
    aegis_close(s->bus);
}

static void test_passes(void **state)
{
    AEGIS_SCOPED_ARENA(arena);
    finals_shop_pack_outcome out;
    shop s;

    (void)state;
    open_shop(&s);
    out = finals_shop_pack_run(s.client, &(finals_shop_pack_request){.id = 3}, NULL, arena);
    assert_int_equal(out.kind, FINALS_SHOP_PACK_OK);
    assert_int_equal(out.ok.attempt, 3);
    out = finals_shop_pack_run(s.client, &(finals_shop_pack_request){.id = 4}, NULL, arena);
    assert_int_equal(out.kind, FINALS_SHOP_PACK_BUSY);
    assert_string_equal(out.busy.by, "somebody");
    assert_int_equal(atomic_load(&s.runs), 6);
    close_shop(&s);
}

static void test_final(void **state)
{
    AEGIS_SCOPED_ARENA(arena);
    shop s;

    (void)state;
    open_shop(&s);
    assert_int_equal(finals_shop_pack_run(s.client, &(finals_shop_pack_request){.id = 0}, NULL, arena).kind,
                     FINALS_SHOP_PACK_CLOSED);
    assert_int_equal(finals_shop_pick_run(s.client, &(finals_shop_pick_request){.id = 1}, NULL, arena).kind,
                     FINALS_SHOP_PICK_BUSY);
    assert_int_equal(finals_shop_ship_run(s.client, &(finals_shop_ship_request){.id = 1}, NULL, arena).kind,
                     FINALS_SHOP_SHIP_BUSY);
    assert_int_equal(atomic_load(&s.runs), 3);
    close_shop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_passes), cmocka_unit_test(test_final)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
