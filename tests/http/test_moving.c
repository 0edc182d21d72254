/* What an operator is told of trouble is told when there is some: each figure of /metrics that says so moves
 * off zero when that happens. What streams and consumers count is test_figures.c's. */
#define _POSIX_C_SOURCE 200809L
#include "contract/raw.h"

#include <aegis/http.h>

/* The value of a sample, given as it is written up to the value; below 0: there is none. */
static double sample(world *w, const char *what)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    const size_t size = strlen(what);
    aegis_error error = {0};
    aegis_bytes text;
    double value = -1;
    char *page;

    if (aegis_metrics_prometheus(w->bus, arena, &text, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    page = aegis_arena_printf(arena, "\n%.*s", (int)text.len, (const char *)text.data);
    assert_non_null(page);
    for (const char *at = strchr(page, '\n'); at != NULL; at = strchr(at + 1, '\n')) {
        if (strncmp(at + 1, what, size) == 0 && at[1 + size] == ' ')
            value = strtod(at + 1 + size, NULL);
    }
    aegis_arena_free(arena);
    return value;
}

static void until(world *w, const char *what, double least)
{
    const int64_t end = aegis_clock_monotonic() + 2 * TEN_SECONDS;

    while (sample(w, what) < least) {
        if (aegis_clock_monotonic() > end)
            fail_msg("%s is %g, not %g", what, sample(w, what), least);
        nap(5 * AEGIS_MILLISECOND);
    }
}

#define NOT(what) assert_true(sample(w, what) <= 0)

/* ---- calls -----------------------------------------------------------------------------------------------
 */

static void test_tries(void **state)
{
    const aegis_call_options hedged = {.hedge = 10 * AEGIS_MILLISECOND};
    world *w = (world *)*state;
    raw *r = raw_start(w, RAW_OK);

    (void)peer_invoke(w->client, &raw_idempotent, &seven, NULL, w->arena);
    NOT("aegis_client_retries_total{rpc_method=\"raw/ask\"}");
    NOT("aegis_client_hedges_total{rpc_method=\"raw/ask\"}");
    atomic_store(&r->first, 3);
    atomic_store(&r->first_mode, RAW_UNAVAILABLE);
    (void)peer_invoke(w->client, &raw_idempotent, &seven, NULL, w->arena);
    until(w, "aegis_client_retries_total{rpc_method=\"raw/ask\"}", 1);
    atomic_store(&r->first, 6);
    atomic_store(&r->first_mode, RAW_SILENT);
    (void)peer_invoke(w->client, &raw_idempotent, &seven, &hedged, w->arena);
    until(w, "aegis_client_hedges_total{rpc_method=\"raw/ask\"}", 1);
    raw_stop(r);
}

static void test_breaker(void **state)
{
    const int64_t end = aegis_clock_monotonic() + TEN_SECONDS;
    world *w = (world *)*state;

    (void)call(w, "echo", &seven);
    NOT("aegis_client_breakers{aegis_service=\"peer\",state=\"open\"}");
    while (sample(w, "aegis_client_breaker_rejections_total{rpc_method=\"peer/echo\"}") <= 0) {
        assert_true(aegis_clock_monotonic() < end);
        (void)call(w, "echo", &seven); /* nobody is there */
    }
    assert_true(sample(w, "aegis_client_breaker_openings_total{aegis_service=\"peer\"}") >= 1);
    assert_true(sample(w, "aegis_client_breakers{aegis_service=\"peer\",state=\"open\"}") +
                    sample(w, "aegis_client_breakers{aegis_service=\"peer\",state=\"half_open\"}") >=
                1);
}

static void test_load(void **state)
{
    const aegis_service_options options = {.waiting_room = 1};
    const aegis_call_options brief = {.timeout = 60 * AEGIS_MILLISECOND, .once = true};
    world *w = (world *)*state;
    caller first;

    w->service = start(w, &peer_type, &options);
    launch(w, &first, "slow");
    assert_true(reached(&w->running, 1));
    until(w, "aegis_client_calls_in_flight{rpc_method=\"peer/slow\"}", 1);
    until(w, "aegis_server_running{rpc_method=\"peer/slow\"}", 1);
    until(w, "aegis_service_running{aegis_service=\"peer\"}", 1);
    NOT("aegis_server_shed_total{rpc_method=\"peer/echo\"}");
    (void)peer_call(w->client, "echo", &seven, &brief, w->arena); /* waits until it is too late */
    (void)peer_call(w->client, "echo", &seven, &brief, w->arena); /* has no place */
    until(w, "aegis_server_shed_total{rpc_method=\"peer/echo\"}", 1);
    until(w, "aegis_server_waiting{rpc_method=\"peer/echo\"}", 1);
    until(w, "aegis_service_waiting{aegis_service=\"peer\"}", 1);
    nap(20 * AEGIS_MILLISECOND);
    atomic_store(&w->release, true);
    land(&first);
    aegis_arena_free(first.arena);
    until(w, "aegis_server_expired_total{rpc_method=\"peer/echo\"}", 1);
    NOT("aegis_client_calls_in_flight{rpc_method=\"peer/slow\"}");
    NOT("aegis_server_running{rpc_method=\"peer/slow\"}");
    NOT("aegis_server_waiting{rpc_method=\"peer/echo\"}");
}

/* ---- the connection --------------------------------------------------------------------------------------
 */

static void stored(const aegis_publication *publication, void *user)
{
    (void)atomic_fetch_add((atomic_int *)user, publication->failed.status == AEGIS_OK ? 1 : 100);
}

static void test_connection(void **state)
{
    static const aegis_event_type told = {"thing", "told", "1.0"};
    static const char in_flight[] =
        "aegis_sending_in_flight{messaging_destination_name=\"events.thing.told\"}";
    const aegis_publish_options options = {.timeout = 2 * TEN_SECONDS};
    world *w = (world *)*state;
    atomic_int ended;

    atomic_init(&ended, 0);
    assert_int_equal(peer_publish(w->publisher, &told, &seven, NULL, NULL), AEGIS_OK);
    assert_true(sample(w, "aegis_connection_messages_total{direction=\"out\"}") > 0);
    assert_true(sample(w, "aegis_connection_bytes_total{direction=\"in\"}") > 0);
    NOT("aegis_connection_reconnects_total");
    NOT(in_flight);
    nats_server_freeze(&w->server);
    assert_int_equal(peer_publish_async(w->publisher, &told, &seven, &options, stored, &ended, NULL),
                     AEGIS_OK);
    until(w, in_flight, 1);
    nats_server_thaw(&w->server);
    assert_true(reached(&ended, 1));
    assert_int_equal(atomic_load(&ended), 1);
    nats_server_kill(&w->server);
    while (sample(w, "aegis_connection_up") > 0)
        nap(5 * AEGIS_MILLISECOND);
    assert_true(nats_server_restart(&w->server));
    until(w, "aegis_connection_up", 1);
    until(w, "aegis_connection_reconnects_total", 1);
}

int main(void)
{
    const struct CMUnitTest cases[] = {WORLD_CASE(test_tries), WORLD_CASE(test_breaker),
                                       WORLD_CASE(test_load)};
    const struct CMUnitTest with_server[] = {WORLD_CASE(test_connection)};
    const int failed = world_run(cases, sizeof cases / sizeof cases[0]);

    return world_run_nats(with_server, 1) + failed;
}
