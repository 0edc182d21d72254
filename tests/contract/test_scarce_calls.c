/* Calls and publications when memory runs out: every allocation of a bus, its service, client and publisher
 * is made to fail once, on whichever thread it falls, while calls are made and events published in every way.
 * Each says what became of it, each callback comes once, nothing waits for ever, and all memory comes back.
 */
#define _POSIX_C_SOURCE 200809L
#include "contract/world.h"

#include <unistd.h>

typedef struct meter {
    atomic_llong out;
    atomic_int calls;
    int fail_at;
    atomic_bool failed;
} meter;

static void *metered(void *user, void *pointer, size_t old_size, size_t new_size)
{
    meter *m = (meter *)user;
    void *made;

    if (new_size == 0) {
        free(pointer);
        atomic_fetch_sub(&m->out, (long long)old_size);
        return NULL;
    }
    if (atomic_fetch_add(&m->calls, 1) + 1 == m->fail_at) {
        atomic_store(&m->failed, true);
        return NULL;
    }
    made = realloc(pointer, new_size);
    if (made != NULL)
        atomic_fetch_add(&m->out, (long long)new_size - (long long)old_size);
    return made;
}

static void hear(const outcome *out, void *user)
{
    (void)out;
    atomic_fetch_add((atomic_int *)user, 1);
}

/* Fair: an answer, or a failure with a reason. A request or an answer that was lost for memory is late. */
static void fair(const outcome *out)
{
    const aegis_status status = out->failed.status;

    if (out->answer == AEGIS_ANSWER_FAILED && status != AEGIS_RESOURCE_EXHAUSTED &&
        status != AEGIS_DEADLINE_EXCEEDED && status != AEGIS_UNAVAILABLE && status != AEGIS_NOT_FOUND &&
        status != AEGIS_UNIMPLEMENTED)
        fail_msg("%s: %s", aegis_status_name(status), out->failed.text);
}

#define METHOD(text)                                                                                         \
    {                                                                                                        \
        .service = "peer", .name = text, .timeout = AEGIS_SECOND, .idempotent = true, .max_retries = 1,      \
        .backoff_min = AEGIS_MILLISECOND, .backoff_max = AEGIS_MILLISECOND, .errors = peer_errors,           \
        .error_codes = peer_error_codes, .error_count = 1                                                    \
    }
static const aegis_method methods[] = {METHOD("echo"), METHOD("refuse"), METHOD("fail"), METHOD("nap"),
                                       METHOD("no_such_method")};

static void calls(aegis_bus *bus, world *w)
{
    const aegis_call_options options = {.timeout = 100 * AEGIS_MILLISECOND, .hedge = 2 * AEGIS_MILLISECOND};
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_client *client = NULL;
    aegis_metrics metrics;
    atomic_int heard;
    int sent = 0;
    size_t i;

    atomic_init(&heard, 0);
    if (aegis_client_new(bus, NULL, &client, NULL) != AEGIS_OK) {
        aegis_arena_free(arena);
        return;
    }
    w->client = client;
    for (i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        outcome out = peer_invoke(client, &methods[i], &(note){"n", 4}, &options, arena);

        fair(&out);
        sent += peer_async(client, &methods[i], &(note){"n", 4}, &options, hear, &heard) != 0;
    }
    (void)aegis_metrics_read(bus, arena, &metrics, NULL);
    aegis_client_free(client); /* brings the callbacks of whatever is under way */
    assert_int_equal(atomic_load(&heard), sent);
    aegis_arena_free(arena);
}

static void told(const aegis_publication *publication, void *user)
{
    if (publication->failed.status != AEGIS_OK && publication->failed.status != AEGIS_RESOURCE_EXHAUSTED)
        fail_msg("%s", publication->failed.text);
    atomic_fetch_add((atomic_int *)user, 1);
}

static void publications(aegis_bus *bus)
{
    static const aegis_event_type type = {"scarce", "event", "1.0"};
    aegis_publisher *publisher = NULL;
    atomic_int heard;
    int sent = 0, i;

    atomic_init(&heard, 0);
    if (aegis_publisher_new(bus, NULL, &publisher, NULL) != AEGIS_OK)
        return;
    for (i = 0; i < 4; i++) {
        aegis_status status =
            i % 2 == 0 ? peer_publish_async(publisher, &type, &(note){"n", i}, NULL, told, &heard, NULL)
                       : peer_publish(publisher, &type, &(note){"n", i}, NULL, NULL);

        assert_true(status == AEGIS_OK || status == AEGIS_RESOURCE_EXHAUSTED);
        sent += i % 2 == 0 && status == AEGIS_OK;
    }
    (void)aegis_publisher_flush(publisher, 0, NULL);
    assert_int_equal(atomic_load(&heard), sent);
    aegis_publisher_free(publisher);
}

/* False when there was no such allocation. */
static bool walk(int at)
{
    meter m = {.fail_at = at};
    const aegis_allocator allocator = {metered, &m};
    const aegis_options options = {.allocator = &allocator};
    aegis_service *service = NULL;
    world w = {0};
    aegis_bus *bus;

    if (aegis_open("mem:", &options, &bus, NULL) == AEGIS_OK) {
        if (aegis_service_start(bus, &peer_type, NULL, &w, NULL, &service, NULL) == AEGIS_OK)
            calls(bus, &w);
        aegis_service_stop(service);
        publications(bus);
        aegis_close(bus);
    }
    assert_int_equal(atomic_load(&m.out), 0);
    return atomic_load(&m.failed);
}

static void every_allocation(void **state)
{
    int at = 1;

    (void)state;
    (void)alarm(100); /* nothing may wait for ever */
    assert_false(walk(0));
    while (at < 1000 && walk(at))
        at++;
    (void)printf("F31: %d allocations failed in turn\n", at - 1);
    assert_in_range(at, 30, 999);
}

int main(void)
{
    const struct CMUnitTest cases[] = {cmocka_unit_test(every_allocation)};

    return cmocka_run_group_tests(cases, NULL, NULL);
}
