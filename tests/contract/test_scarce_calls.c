/* Calls and events when memory runs out: every allocation of a bus, its services, client and publisher is
 * made to fail once, on whichever thread it falls, while calls are made and events published and handled in
 * every way. Each says what became of it, each callback comes once, nothing waits for ever, and all memory
 * comes back.
 */
#define _POSIX_C_SOURCE 200809L
#include "application/bus.h"
#include "contract/meter.h"
#include "contract/world.h"

#include <unistd.h>

#include <aegis/metrics.h>

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

/* ---- subscriptions ------------------------------------------------------------------------------------ */

typedef struct ear {
    atomic_int handled;
    atomic_int retries;
} ear;

static aegis_settle on_event(const aegis_event *event, aegis_reader *payload, const void *ops, void *user)
{
    ear *e = (ear *)user;
    note value = {NULL, 0};

    (void)ops;
    (void)event;
    note_get(payload, &value);
    if (payload->failed && payload->error.status == AEGIS_RESOURCE_EXHAUSTED)
        return AEGIS_RETRY;
    (void)aegis_reader_close(payload, NULL);
    if (atomic_fetch_sub(&e->retries, 1) > 0)
        return AEGIS_RETRY;
    atomic_fetch_add(&e->handled, 1);
    return AEGIS_DONE;
}

static const aegis_event_type heard_type = {"heard", "event", "1.0"};
static const aegis_event_case heard_case[] = {{&heard_type, on_event}};
static const aegis_subscription ears[] = {{.pattern = "heard.event",
                                           .durable = "ear__shared",
                                           .cases = heard_case,
                                           .case_count = 1,
                                           .max_retries = 20,
                                           .backoff_min = 1,
                                           .backoff_max = AEGIS_MILLISECOND},
                                          {.pattern = "heard.>",
                                           .durable = "ear__own",
                                           .broadcast = true,
                                           .cases = heard_case,
                                           .case_count = 1,
                                           .max_retries = 20,
                                           .backoff_min = 1,
                                           .backoff_max = AEGIS_MILLISECOND}};
static const aegis_service_type ear_type = {
    .name = "ear", .version = "1.0.0", .subscriptions = ears, .subscription_count = 2};

/* What was stored is handled, by both subscriptions, or has become a dead letter for want of memory. */
static void subscriptions(aegis_bus *bus)
{
    const int64_t until = aegis_clock_monotonic() + 10 * AEGIS_SECOND;
    aegis_publisher *publisher = NULL;
    aegis_service *service = NULL;
    aegis_consumer_metrics sum = {0};
    aegis_arena *arena = aegis_arena_new(NULL);
    ear e;
    int stored = 0, i;

    atomic_init(&e.handled, 0);
    atomic_init(&e.retries, 2);
    if (aegis_service_start(bus, &ear_type, NULL, &e, NULL, &service, NULL) == AEGIS_OK &&
        aegis_publisher_new(bus, NULL, &publisher, NULL) == AEGIS_OK) {
        for (i = 0; i < 3; i++)
            stored += peer_publish(publisher, &heard_type, &(note){"n", i}, NULL, NULL) == AEGIS_OK;
        while ((int)(sum.handled + sum.dead) < 2 * stored && aegis_clock_monotonic() < until) {
            aegis_metrics metrics;

            memset(&sum, 0, sizeof sum);
            nap(AEGIS_MILLISECOND);
            aegis_arena_reset(arena);
            (void)aegis_metrics_read(bus, arena, &metrics, NULL);
            sum.handled = (uint64_t)atomic_load(&e.handled);
            for (size_t k = 0; k < metrics.consumer_count; k++)
                sum.dead += metrics.consumers[k].dead;
        }
        assert_true((int)(sum.handled + sum.dead) >= 2 * stored);
    }
    aegis_publisher_free(publisher);
    aegis_service_stop(service);
    aegis_arena_free(arena);
}

/* Who asks what runs here is answered, or not; what was asked before does not matter to what is asked next.
 */
static void questions(aegis_bus *bus)
{
    static const char *const asked[] = {"$SRV.INFO", "service.peer.schema", "$SRV.STATS.peer"};
    const aegis_port_ops *ops = bus->port->ops;
    aegis_source *answers = NULL;
    size_t i;

    if (ops->subscribe(bus->port, "scarce.answers", NULL, 0, false, &answers, NULL) != AEGIS_OK)
        return;
    for (i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        const aegis_outgoing question = {.subject = asked[i], .reply = "scarce.answers"};
        aegis_message answer;

        if (ops->publish(bus->port, &question, NULL) == AEGIS_OK &&
            ops->next(answers, aegis_clock_monotonic() + 50 * AEGIS_MILLISECOND, &answer) == AEGIS_OK)
            ops->release(&answer);
    }
    ops->close_source(answers);
}

/* Spans take memory, too; each that begins ends. */
static void span_begins(void *user, aegis_span *span)
{
    (void)span;
    atomic_fetch_add((atomic_int *)user, 1);
}

static void span_ends(void *user, aegis_span *span)
{
    (void)span;
    atomic_fetch_sub((atomic_int *)user, 1);
}

/* False when there was no such allocation. */
static bool walk(size_t at)
{
    atomic_int spans = 0;
    meter m = {.fail_at = at};
    const aegis_allocator allocator = {metered, &m};
    const aegis_options options = {
        .allocator = &allocator, .span_start = span_begins, .span_end = span_ends, .span_user = &spans};
    aegis_service *service = NULL;
    world w = {0};
    aegis_bus *bus;

    if (aegis_open("mem:", &options, &bus, NULL) == AEGIS_OK) {
        if (aegis_service_start(bus, &peer_type, NULL, &w, NULL, &service, NULL) == AEGIS_OK) {
            calls(bus, &w);
            questions(bus);
        }
        aegis_service_stop(service);
        publications(bus);
        subscriptions(bus);
        aegis_close(bus);
    }
    assert_int_equal(atomic_load(&m.out), 0);
    assert_int_equal(atomic_load(&spans), 0);
    return atomic_load(&m.failed);
}

static void every_allocation(void **state)
{
    size_t at = 1;

    (void)state;
    (void)alarm(100); /* nothing may wait for ever */
    assert_false(walk(0));
    while (at < 1000 && walk(at))
        at++;
    (void)printf("F31: %zu allocations failed in turn\n", at - 1);
    assert_in_range(at, 30, 999);
}

int main(void)
{
    const struct CMUnitTest cases[] = {cmocka_unit_test(every_allocation)};

    return cmocka_run_group_tests(cases, NULL, NULL);
}
