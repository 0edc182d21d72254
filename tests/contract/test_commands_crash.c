/* Over a real server: a worker process dies at each step of an exactly-once command; and the server dies
 * under a service with commands under way, which can still be stopped. */
#define _POSIX_C_SOURCE 200809L
#include "contract/crashes.h"

enum { UNDER_WAY = 200 };

static void test_each_step(void **state)
{
    world *w = (world *)*state;
    crash_count counts[CRASH_POINTS];

    crashes_run(w->bus, w->url, 1, counts);
}

static aegis_reply later(aegis_call *call, const note *request, void *user)
{
    (void)request;
    (void)atomic_fetch_add(&((world *)user)->running, 1);
    return aegis_reply_defer(call);
}
SERVE(later)

static void test_stop_without_server(void **state)
{
    static const aegis_method method = {.service = "worker",
                                        .name = "pack",
                                        .timeout = AEGIS_MINUTE,
                                        .command = true,
                                        .guarantee = AEGIS_EXACTLY_ONCE};
    static const aegis_endpoint endpoint = {&method, serve_later};
    static const aegis_service_type type = {
        .name = "worker", .version = "1.0.0", .endpoints = &endpoint, .endpoint_count = 1};
    const aegis_service_options options = {.drain_timeout = 200 * AEGIS_MILLISECOND};
    world *w = (world *)*state;
    aegis_service *service = start(w, &type, &options);
    char id[AEGIS_UUID_TEXT];
    int64_t began;
    int i;

    for (i = 0; i < UNDER_WAY; i++) {
        const order o = {.id = aegis_uuid_format(aegis_uuid_new(), id), .payload = {"x", 1}};

        assert_true(desk_publish(w->bus, &o));
    }
    assert_true(reached(&w->running, UNDER_WAY));
    nats_server_kill(&w->server);
    began = aegis_clock_monotonic();
    aegis_service_stop(service);
    assert_true(aegis_clock_monotonic() - began < TEN_SECONDS);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {WORLD_CASE(test_each_step), WORLD_CASE(test_stop_without_server)};

    if (station_called(argc, argv))
        return station_work(argv);
    return world_run_nats(cases, sizeof cases / sizeof cases[0]);
}
