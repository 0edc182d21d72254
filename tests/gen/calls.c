/* What aegisc makes of an rpc's annotations, and of its second function, with a service on the bus in this
 * process. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "calls.h"

typedef struct desk {
    aegis_bus *bus;
    aegis_service *service;
    aegis_client *client;
    atomic_uint seen;
    atomic_uint failures; /* so many fail, or are never answered */
    atomic_int heard;
    calls_desk_plain_kind kind;
    char said[64];
} desk;

static aegis_reply plain(calls_desk_plain_call *call, const calls_desk_plain_request *request, void *user)
{
    (void)user;
    if (request->n == 13)
        return calls_desk_plain_sold(call, &(calls_sold){.message = "to somebody else"});
    if (request->n == 99)
        return calls_desk_plain_fail(call, AEGIS_NOT_FOUND, "no number %u", (unsigned)request->n);
    return calls_desk_plain_ok(call, &(calls_desk_plain_result){.n = request->n + 1});
}

static bool fails(desk *d)
{
    return atomic_fetch_add(&d->seen, 1) < atomic_load(&d->failures);
}

static aegis_reply again(calls_desk_again_call *call, const calls_desk_again_request *request, void *user)
{
    if (fails((desk *)user))
        return calls_desk_again_fail(call, AEGIS_UNAVAILABLE, "not now");
    return calls_desk_again_ok(call, &(calls_desk_again_result){.n = request->n});
}

static aegis_reply twice(calls_desk_twice_call *call, const calls_desk_twice_request *request, void *user)
{
    if (fails((desk *)user))
        return calls_desk_twice_defer(call);
    return calls_desk_twice_ok(call, &(calls_desk_twice_result){.n = request->n});
}

static aegis_reply usual(calls_desk_usual_call *call, const calls_desk_usual_request *request, void *user)
{
    if (fails((desk *)user))
        return calls_desk_usual_fail(call, AEGIS_UNAVAILABLE, "not now");
    return calls_desk_usual_ok(call, &(calls_desk_usual_result){.n = request->n});
}

static const calls_desk_ops ops = {.plain = plain, .again = again, .twice = twice, .usual = usual};

static int set_up(void **state)
{
    static desk d;

    memset(&d, 0, sizeof d);
    *state = &d;
    return aegis_open("mem:", NULL, &d.bus, NULL) != AEGIS_OK ||
           calls_desk_serve(d.bus, &ops, &d, &(aegis_service_options){.drain_timeout = AEGIS_MILLISECOND},
                            &d.service, NULL) != AEGIS_OK ||
           aegis_client_new(d.bus, NULL, &d.client, NULL) != AEGIS_OK;
}

static int tear_down(void **state)
{
    desk *d = (desk *)*state;

    aegis_client_free(d->client);
    aegis_service_stop(d->service);
    aegis_close(d->bus);
    return 0;
}

static void hear(const calls_desk_plain_outcome *outcome, void *user)
{
    desk *d = (desk *)user;

    d->kind = outcome->kind;
    switch (outcome->kind) {
    case CALLS_DESK_PLAIN_OK:
        d->said[0] = (char)outcome->ok.n;
        break;
    case CALLS_DESK_PLAIN_SOLD:
        strncpy(d->said, outcome->sold.message, sizeof d->said - 1);
        break;
    case CALLS_DESK_PLAIN_FAILED:
        strncpy(d->said, aegis_error_text(&outcome->failed), sizeof d->said - 1);
        break;
    }
    atomic_fetch_add(&d->heard, 1);
}

static void ask(desk *d, uint32_t n)
{
    const struct timespec moment = {0, 1000000};
    const int before = atomic_load(&d->heard);

    assert_true(calls_desk_plain_async(d->client, &(calls_desk_plain_request){.n = n}, NULL, hear, d) != 0);
    while (atomic_load(&d->heard) == before)
        (void)nanosleep(&moment, NULL);
}

static void test_callback(void **state)
{
    desk *d = (desk *)*state;

    ask(d, 1);
    assert_int_equal(d->kind, CALLS_DESK_PLAIN_OK);
    assert_int_equal(d->said[0], 2);
    ask(d, 13);
    assert_int_equal(d->kind, CALLS_DESK_PLAIN_SOLD);
    assert_string_equal(d->said, "to somebody else");
    ask(d, 99);
    assert_int_equal(d->kind, CALLS_DESK_PLAIN_FAILED);
    assert_string_equal(d->said, "no number 99");
    assert_true(calls_desk_plain_async(d->client, &(calls_desk_plain_request){.n = 1}, NULL, NULL, NULL) !=
                0);
}

static void test_repeated(void **state)
{
    desk *d = (desk *)*state;
    AEGIS_SCOPED_ARENA(arena);

    atomic_store(&d->failures, 4);
    assert_int_equal(calls_desk_again(d->client, &(calls_desk_again_request){.n = 7}, NULL, arena).kind,
                     CALLS_DESK_AGAIN_OK);
    assert_int_equal(atomic_load(&d->seen), 5);
    atomic_store(&d->failures, 8); /* without @retry: twice more */
    assert_int_equal(calls_desk_usual(d->client, &(calls_desk_usual_request){.n = 7}, NULL, arena).kind,
                     CALLS_DESK_USUAL_FAILED);
    assert_int_equal(atomic_load(&d->seen), 8);
}

static void test_hedged(void **state)
{
    desk *d = (desk *)*state;
    AEGIS_SCOPED_ARENA(arena);

    atomic_store(&d->failures, 1);
    assert_int_equal(calls_desk_twice(d->client, &(calls_desk_twice_request){.n = 7}, NULL, arena).kind,
                     CALLS_DESK_TWICE_OK);
    assert_int_equal(atomic_load(&d->seen), 2);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test_setup_teardown(test_callback, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_repeated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hedged, set_up, tear_down),
    };

    return cmocka_run_group_tests(cases, NULL, NULL);
}
