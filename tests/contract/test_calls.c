/* Calls over both adapters: what comes back of them, in both formats, and what a failure says. */
#define _POSIX_C_SOURCE 200809L
#include "contract/raw.h"

static void test_ok(void **state)
{
    world *w = (world *)*state;
    outcome out;

    w->service = start(w, &peer_type, NULL);
    out = call(w, "echo", &seven);
    if (out.answer != AEGIS_ANSWER_OK)
        fail_msg("%s", aegis_error_text(&out.failed));
    assert_string_equal(out.value.text, seven.text);
    assert_int_equal(out.value.number, 7);
}

static void test_typed_error(void **state)
{
    world *w = (world *)*state;
    outcome out;

    w->service = start(w, &peer_type, NULL);
    out = call(w, "refuse", &seven);
    assert_int_equal(out.answer, 0);
    assert_string_equal(out.value.text, "only 2 left");
    assert_int_equal(out.value.number, 7);
}

static void test_failure(void **state)
{
    world *w = (world *)*state;
    outcome out;

    w->service = start(w, &peer_type, NULL);
    out = call(w, "fail", &seven);
    assert_int_equal(out.answer, AEGIS_ANSWER_FAILED);
    assert_int_equal(out.failed.status, AEGIS_NOT_FOUND);
    assert_int_equal(out.failed.code, 404);
    assert_string_equal(out.failed.text, "no order 7");
    assert_int_equal(out.failed.chain_count, 1);
    assert_string_equal(out.failed.chain[0].service, "peer");
    assert_string_equal(out.failed.chain[0].method, "fail");
}

static void test_undeclared_error(void **state)
{
    world *w = (world *)*state;
    aegis_method unaware = *peer_method("refuse");
    aegis_exchange x;
    aegis_error failed;

    w->service = start(w, &peer_type, NULL);
    unaware.error_count = 0;
    note_put(aegis_call_begin(&x, w->client, &unaware, NULL, w->arena), &seven);
    assert_int_equal(aegis_call_finish(&x, &failed), AEGIS_ANSWER_FAILED);
    assert_string_equal(failed.type, "OutOfStock");
    assert_int_equal(failed.code, 409);
    assert_int_equal(failed.status, AEGIS_ABORTED);
    assert_string_equal(failed.text, "OutOfStock: only 2 left");
}

static void test_bad_handlers(void **state)
{
    world *w = (world *)*state;
    outcome out;

    w->service = start(w, &peer_type, NULL);
    out = call(w, "silent", &seven);
    assert_int_equal(out.failed.status, AEGIS_INTERNAL);
    out = call(w, "unencodable", &seven);
    assert_int_equal(out.failed.status, AEGIS_INTERNAL);
    assert_non_null(strstr(out.failed.text, "text"));
    out = call(w, "twice", &seven);
    assert_int_equal(out.answer, AEGIS_ANSWER_OK);
    out = call(w, "absent", &seven);
    assert_int_equal(out.failed.status, AEGIS_UNIMPLEMENTED);
    out = call(w, "no_such_method", &seven);
    assert_int_equal(out.failed.status, AEGIS_UNIMPLEMENTED);
    out = call(w, "echo", &seven);
    assert_int_equal(out.answer, AEGIS_ANSWER_OK);
}

static void test_bad_request(void **state)
{
    world *w = (world *)*state;
    aegis_exchange x;
    aegis_writer *writer;
    aegis_error failed;
    outcome out;

    w->service = start(w, &peer_type, NULL);
    writer = aegis_call_begin(&x, w->client, peer_method("echo"), NULL, w->arena);
    aegis_put_item(writer);
    aegis_mp_put_map(writer, 0);
    assert_int_equal(aegis_call_finish(&x, &failed), AEGIS_ANSWER_FAILED);
    assert_int_equal(failed.status, AEGIS_INVALID_ARGUMENT);
    assert_non_null(strstr(failed.text, "text"));
    out = call(w, "echo", &(note){NULL, 1});
    assert_int_equal(out.failed.status, AEGIS_INVALID_ARGUMENT);
    assert_true(out.failed.not_processed);
    out = peer_call(w->client, "echo", &seven, NULL, NULL);
    assert_int_equal(out.failed.status, AEGIS_INVALID_ARGUMENT);
    assert_int_equal(atomic_load(&w->handled), 0);
}

static void test_json(void **state)
{
    world *w = (world *)*state;
    const aegis_client_options options = {.format = AEGIS_FORMAT_JSON};
    aegis_client *client;
    aegis_exchange x;
    aegis_error failed;
    outcome out;

    w->service = start(w, &peer_type, NULL);
    assert_int_equal(aegis_client_new(w->bus, &options, &client, NULL), AEGIS_OK);
    note_put(aegis_call_begin(&x, client, peer_method("echo"), NULL, w->arena), &seven);
    assert_int_equal(aegis_call_finish(&x, &failed), AEGIS_ANSWER_OK);
    assert_int_equal(aegis_exchange_reader(&x)->format, AEGIS_FORMAT_JSON);
    out = peer_call(client, "echo", &seven, NULL, w->arena);
    assert_int_equal(out.answer, AEGIS_ANSWER_OK);
    assert_string_equal(out.value.text, seven.text);
    out = peer_call(client, "refuse", &seven, NULL, w->arena);
    assert_int_equal(out.answer, 0);
    out = peer_call(client, "fail", &seven, NULL, w->arena);
    assert_int_equal(out.failed.status, AEGIS_NOT_FOUND);
    aegis_client_free(client);
}

static void test_nobody(void **state)
{
    world *w = (world *)*state;
    outcome out = call(w, "echo", &seven);

    assert_int_equal(out.failed.status, AEGIS_UNAVAILABLE);
    assert_true(out.failed.not_processed);
}

static void test_nested(void **state)
{
    world *w = (world *)*state;
    const aegis_service_options options = {.concurrency = 2};
    outcome out;

    w->service = start(w, &peer_type, &options);
    out = call(w, "nested", &seven);
    assert_int_equal(out.failed.status, AEGIS_UNAVAILABLE);
    assert_int_equal(out.failed.chain_count, 2);
    assert_string_equal(out.failed.chain[0].method, "nested");
    assert_string_equal(out.failed.chain[1].method, "fail");
    assert_int_equal(out.failed.chain[1].code, 404);
}

/* A service that waits for itself would wait for its deadline; with a handler free it need not. */
static void test_own_service(void **state)
{
    const aegis_service_options two = {.concurrency = 2};
    world *w = (world *)*state;
    int64_t before = aegis_clock_monotonic();
    outcome out;

    w->service = start(w, &peer_type, NULL);
    out = call(w, "loop", &(note){"child", 1});
    assert_int_equal(out.failed.status, AEGIS_FAILED_PRECONDITION);
    assert_non_null(strstr(out.failed.text, "all its handlers busy"));
    assert_int_equal(call(w, "loop", &(note){"orphan", 1}).failed.status, AEGIS_FAILED_PRECONDITION);
    assert_true(aegis_clock_monotonic() - before < AEGIS_SECOND);
    aegis_service_stop(w->service);
    w->service = start(w, &peer_type, &two);
    assert_int_equal(call(w, "loop", &(note){"orphan", 1}).failed.status, AEGIS_ABORTED);
    assert_int_equal(call(w, "loop", &(note){"child", 2}).failed.status, AEGIS_FAILED_PRECONDITION);
}

/* One entry a hop, nearest first, and never more than sixteen; a typed error is a hop as well. */
static void test_chain(void **state)
{
    const aegis_service_options options = {.concurrency = 32};
    world *w = (world *)*state;
    outcome out;
    int i;

    w->service = start(w, &peer_type, &options);
    out = call(w, "loop", &(note){"child", 3});
    assert_int_equal(out.failed.chain_count, 4);
    for (i = 0; i < 4; i++) {
        assert_string_equal(out.failed.chain[i].service, "peer");
        assert_string_equal(out.failed.chain[i].method, "loop");
        assert_int_equal(out.failed.chain[i].code, 409);
    }
    assert_string_equal(out.failed.chain[2].message, "hop 1");
    assert_string_equal(out.failed.chain[3].message, "OutOfStock: the end");
    out = call(w, "loop", &(note){"child", 20});
    assert_int_equal(out.failed.chain_count, 16);
}

/* A nested call has no more time than what is left for the one it is made for. */
static void test_inherited_deadline(void **state)
{
    const aegis_call_options options = {.timeout = 200 * AEGIS_MILLISECOND};
    world *w = (world *)*state;
    int64_t before = aegis_clock_monotonic();
    raw *r;

    w->service = start(w, &peer_type, NULL);
    r = raw_start(w, RAW_SILENT);
    (void)peer_call(w->client, "relay", &seven, &options, w->arena); /* both end together */
    assert_true(reached(&w->handled, 1));
    assert_in_range(aegis_clock_monotonic() - before, 190 * AEGIS_MILLISECOND, 1500 * AEGIS_MILLISECOND);
    assert_string_equal(w->last, "DEADLINE_EXCEEDED");
    assert_true(r->budget <= 0.2);
    assert_string_not_equal(r->correlation, ""); /* the message that caused it */
    raw_stop(r);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_ok),           WORLD_CASE(test_typed_error),
        WORLD_CASE(test_failure),      WORLD_CASE(test_undeclared_error),
        WORLD_CASE(test_bad_handlers), WORLD_CASE(test_bad_request),
        WORLD_CASE(test_json),         WORLD_CASE(test_nobody),
        WORLD_CASE(test_nested),       WORLD_CASE(test_own_service),
        WORLD_CASE(test_chain),        WORLD_CASE(test_inherited_deadline),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
