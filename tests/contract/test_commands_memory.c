/* A service whose memory runs out for a moment, at any allocation of a command's life: what was accepted is
 * done all the same, or fails with a reason; nothing hangs, and all memory comes back. */
#define _POSIX_C_SOURCE 200809L
#include "contract/desk.h"
#include "contract/meter.h"

#define SOON (20 * AEGIS_SECOND)

static aegis_reply pack(aegis_call *call, const note *request, void *user)
{
    note update = {"step", 0};

    (void)user;
    for (update.number = 1; update.number <= 3; update.number++)
        (void)peer_progress(call, &update);
    if (strcmp(request->text, "again") == 0 && call->attempt == 1)
        return peer_fail(call, AEGIS_UNAVAILABLE, "once more");
    return peer_ok(call, request);
}
SERVE(pack)

static const aegis_method methods[] = {{.service = "worker",
                                        .name = "pack",
                                        .timeout = 30 * AEGIS_SECOND,
                                        .command = true,
                                        .max_retries = 3,
                                        .backoff_min = AEGIS_MILLISECOND,
                                        .backoff_max = 2 * AEGIS_MILLISECOND,
                                        .guarantee = AEGIS_EXACTLY_ONCE},
                                       {.service = "worker",
                                        .name = "often",
                                        .timeout = 30 * AEGIS_SECOND,
                                        .command = true,
                                        .max_retries = 3,
                                        .backoff_min = AEGIS_MILLISECOND,
                                        .backoff_max = 2 * AEGIS_MILLISECOND}};
static const aegis_endpoint endpoints[] = {{&methods[0], serve_pack}, {&methods[1], serve_pack}};
static const aegis_service_type worker_type = {
    .name = "worker", .version = "1.0.0", .endpoints = endpoints, .endpoint_count = 2};

/* Until nothing of it is left in the stream. */
static void work_off(aegis_bus *bus)
{
    const int64_t until = aegis_clock_monotonic() + SOON;

    while (desk_stored(bus, AEGIS_KIND_COMMANDS) > 0) {
        assert_true(aegis_clock_monotonic() < until);
        nap(AEGIS_MILLISECOND);
    }
}

/* The number of allocations it made. */
static size_t one_life(size_t fail_at)
{
    const aegis_service_options options = {.lease = 100 * AEGIS_MILLISECOND};
    const order orders[] = {{.id = "one", .payload = {"x", 1}, .max_retries = 3},
                            {.id = "two", .payload = {"again", 1}, .max_retries = 3},
                            {.command = "often", .id = "three", .payload = {"again", 1}, .max_retries = 3}};
    meter m = {0};
    const aegis_allocator allocator = {metered, &m};
    const aegis_options connect = {.allocator = &allocator};
    aegis_service *service = NULL;
    aegis_bus *bus = NULL;
    size_t i;

    atomic_store(&m.fail_at, fail_at);
    if (aegis_open("mem:", &connect, &bus, NULL) == AEGIS_OK) {
        if (aegis_service_start(bus, &worker_type, NULL, NULL, &options, &service, NULL) == AEGIS_OK) {
            for (i = 0; i < 3; i++)
                (void)desk_publish(bus, &orders[i]);
            work_off(bus);
        }
        aegis_service_stop(service);
    }
    aegis_close(bus);
    assert_int_equal(atomic_load(&m.out), 0);
    assert_int_equal(atomic_load(&m.failed), fail_at != 0 && fail_at <= atomic_load(&m.calls));
    return atomic_load(&m.calls);
}

static void test_each(void **state)
{
    const size_t most = one_life(0);
    size_t at;

    (void)state;
    print_message("%zu allocations\n", most);
    assert_true(most > 50);
    for (at = 1; at < most; at++)
        (void)one_life(at);
}

int main(void)
{
    const struct CMUnitTest cases[] = {cmocka_unit_test(test_each)};

    return cmocka_run_group_tests(cases, NULL, NULL);
}
