/* Spans of what is stored in between: publications and tries, commands and attempts, and the wait for what
 * they come to; and what the header `traceparent` says where the ids do not. Calls are in test_metrics.c.
 */
#include "contract/world.h"

enum { MOST = 32 };

typedef struct ended {
    aegis_span span;
    char name[64], subject[64], subscription[64], id[40], error[96], type[32];
} ended;

typedef struct watch {
    pthread_mutex_t lock;
    size_t started, count;
    ended spans[MOST];
} watch;

static void keep(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text != NULL ? text : "-");
}

static void on_start(void *user, aegis_span *span)
{
    watch *s = (watch *)user;

    (void)pthread_mutex_lock(&s->lock);
    s->started++;
    (void)pthread_mutex_unlock(&s->lock);
    span->data = s;
}

static void on_end(void *user, aegis_span *span)
{
    watch *s = (watch *)user;
    ended *e;

    assert_ptr_equal(span->data, s);
    (void)pthread_mutex_lock(&s->lock);
    if (s->count < MOST) {
        e = &s->spans[s->count++];
        e->span = *span;
        keep(e->name, sizeof e->name, span->method);
        keep(e->subject, sizeof e->subject, span->destination);
        keep(e->subscription, sizeof e->subscription, span->subscription);
        keep(e->id, sizeof e->id, span->message_id);
        keep(e->error, sizeof e->error, span->error);
        keep(e->type, sizeof e->type, span->error_type);
    }
    (void)pthread_mutex_unlock(&s->lock);
}

static void watch_open(watch *s, world *w, double ratio)
{
    const aegis_options options = {
        .span_start = on_start, .span_end = on_end, .span_user = s, .trace_ratio = ratio};

    memset(s, 0, sizeof *s);
    (void)pthread_mutex_init(&s->lock, NULL);
    world_reopen(w, &options);
}

/* Wait for so many. */
static void settle(watch *s, size_t count)
{
    const int64_t until = aegis_clock_monotonic() + TEN_SECONDS;
    size_t seen = 0;

    while (seen < count && aegis_clock_monotonic() < until) {
        nap(AEGIS_MILLISECOND);
        (void)pthread_mutex_lock(&s->lock);
        seen = s->count;
        (void)pthread_mutex_unlock(&s->lock);
    }
    assert_int_equal(seen, count);
    assert_int_equal(s->started, count);
}

/* The nth of this kind and subject matter. */
static const ended *find(const watch *s, aegis_span_kind kind, aegis_span_about about, size_t nth)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->spans[i].span.kind == kind && s->spans[i].span.about == about && nth-- == 0)
            return &s->spans[i];
    }
    fail_msg("no span of kind %d about %d", (int)kind, (int)about);
    return NULL;
}

static bool is_child(const ended *child, const ended *parent)
{
    return memcmp(child->span.parent_id, parent->span.span_id, 8) == 0 &&
           memcmp(child->span.trace_id, parent->span.trace_id, 16) == 0;
}

static bool links_to(const ended *one, const ended *other)
{
    return memcmp(one->span.link_span_id, other->span.span_id, 8) == 0 &&
           memcmp(one->span.link_trace_id, other->span.trace_id, 16) == 0;
}

static const uint8_t none[8] = {0};

/* ---- events ------------------------------------------------------------------------------------------- */

static aegis_settle on_told(const aegis_event *event, aegis_reader *payload, const void *ops, void *user)
{
    note told;

    (void)ops;
    (void)user;
    note_get(payload, &told);
    return event->base.attempt < 2 ? AEGIS_RETRY : AEGIS_DONE;
}

static const aegis_event_type told = {.domain = "thing", .type = "told", .version = "1.0"};
static const aegis_event_case told_cases[] = {{&told, on_told}};
static const aegis_subscription told_subscription = {.pattern = "thing.told",
                                                     .durable = "hearer__thing_told",
                                                     .cases = told_cases,
                                                     .case_count = 1,
                                                     .max_retries = 3,
                                                     .backoff_min = 1,
                                                     .backoff_max = AEGIS_MILLISECOND};
static const aegis_service_type hearer_type = {
    .name = "hearer", .version = "1.0.0", .subscriptions = &told_subscription, .subscription_count = 1};

static void check_event(const watch *s, size_t nth)
{
    const ended *publish = find(s, AEGIS_SPAN_PRODUCER, AEGIS_SPAN_EVENT, nth);

    assert_string_equal(publish->name, "thing.told");
    assert_string_equal(publish->subject, "events.thing.told");
    assert_null(publish->span.service);
    assert_int_equal(publish->span.status, AEGIS_OK);
    assert_memory_equal(publish->span.parent_id, none, 8);
    assert_true(publish->span.took > 0);
    for (size_t i = 0; i < 2; i++) {
        const ended *attempt = find(s, AEGIS_SPAN_CONSUMER, AEGIS_SPAN_EVENT, 2 * nth + i);

        assert_true(is_child(attempt, publish));
        assert_true(links_to(attempt, publish));
        assert_string_equal(attempt->subject, publish->subject);
        assert_string_equal(attempt->subscription, "hearer__thing_told");
        assert_string_equal(attempt->id, publish->id);
        assert_string_equal(attempt->span.service, "hearer");
        assert_int_equal(attempt->span.attempts, i + 1);
        assert_int_equal(attempt->span.status, i == 0 ? AEGIS_ABORTED : AEGIS_OK);
    }
}

/* Waited for, with a callback's thread, and with an id that somebody chose. */
static void test_events(void **state)
{
    static const char chosen[] = "6f1d2c3b-0000-4000-8000-00c0ffee0001";
    const aegis_publish_options again = {.message_id = chosen};
    world *w = (world *)*state;
    const ended *first, *second;
    watch s;

    watch_open(&s, w, 0.0);
    start(w, &hearer_type, NULL);
    assert_int_equal(peer_publish(w->publisher, &told, &seven, NULL, NULL), AEGIS_OK);
    settle(&s, 3);
    check_event(&s, 0);
    assert_int_equal(peer_publish_async(w->publisher, &told, &seven, NULL, NULL, NULL, NULL), AEGIS_OK);
    settle(&s, 6);
    check_event(&s, 1);
    assert_int_equal(peer_publish(w->publisher, &told, &seven, &again, NULL), AEGIS_OK);
    settle(&s, 9);
    check_event(&s, 2);
    assert_int_equal(peer_publish(w->publisher, &told, &seven, &again, NULL), AEGIS_OK); /* dropped */
    settle(&s, 10);
    first = find(&s, AEGIS_SPAN_PRODUCER, AEGIS_SPAN_EVENT, 2);
    second = find(&s, AEGIS_SPAN_PRODUCER, AEGIS_SPAN_EVENT, 3);
    assert_string_equal(first->id, chosen);
    assert_string_equal(second->id, chosen);
    assert_memory_not_equal(first->span.span_id, second->span.span_id, 8);
    assert_memory_not_equal(first->span.trace_id, second->span.trace_id, 16);
}

/* The world outside is the parent, and its word on sampling goes before the ratio, also further on. */
static void test_outside(void **state)
{
    const aegis_publish_options sampled = {.traceparent =
                                               "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"};
    world *w = (world *)*state;
    watch s;

    watch_open(&s, w, -1.0);
    start(w, &hearer_type, NULL);
    assert_int_equal(peer_publish(w->publisher, &told, &seven, NULL, NULL), AEGIS_OK); /* nobody is told */
    assert_int_equal(peer_publish(w->publisher, &told, &seven, &sampled, NULL), AEGIS_OK);
    settle(&s, 3);
    assert_memory_equal(find(&s, AEGIS_SPAN_PRODUCER, AEGIS_SPAN_EVENT, 0)->span.parent_id,
                        "\x00\xf0\x67\xaa\x0b\xa9\x02\xb7", 8);
    for (size_t i = 0; i < 2; i++)
        assert_true(is_child(find(&s, AEGIS_SPAN_CONSUMER, AEGIS_SPAN_EVENT, i),
                             find(&s, AEGIS_SPAN_PRODUCER, AEGIS_SPAN_EVENT, 0)));
}

/* A publication that fails says so. */
static void test_refused(void **state)
{
    static const aegis_event_type bad = {.domain = "a thing", .type = "told", .version = "1.0"};
    world *w = (world *)*state;
    aegis_error error = {0};
    watch s;

    watch_open(&s, w, 0.0);
    assert_int_not_equal(peer_publish(w->publisher, &bad, &seven, NULL, &error), AEGIS_OK);
    settle(&s, 1);
    assert_int_equal(s.spans[0].span.status, error.status);
    assert_string_equal(s.spans[0].error, error.text);
    assert_int_not_equal(peer_publish_async(w->publisher, &bad, &seven, NULL, NULL, NULL, &error), AEGIS_OK);
    settle(&s, 2);
    assert_int_equal(s.spans[1].span.status, error.status);
}

/* ---- commands ----------------------------------------------------------------------------------------- */

static aegis_reply pack(aegis_call *call, const note *request, void *user)
{
    (void)user;
    if (call->attempt == 1 && request->number == 1)
        return peer_fail(call, AEGIS_UNAVAILABLE, "not yet");
    if (request->number == 2)
        return peer_out_of_stock(call, request);
    return peer_ok(call, request);
}

SERVE(pack)

static const aegis_method pack_method = {.service = "packer",
                                         .name = "pack",
                                         .command = true,
                                         .timeout = 5 * AEGIS_SECOND,
                                         .max_retries = 3,
                                         .backoff_min = AEGIS_MILLISECOND,
                                         .backoff_max = AEGIS_MILLISECOND,
                                         .errors = peer_errors,
                                         .error_codes = peer_error_codes,
                                         .error_count = 1};
static const aegis_endpoint packer_endpoints[] = {{&pack_method, serve_pack}};
static const aegis_service_type packer_type = {
    .name = "packer", .version = "1.0.0", .endpoints = packer_endpoints, .endpoint_count = 1};

static void check_attempt(const ended *attempt, const ended *sent, unsigned number)
{
    assert_true(is_child(attempt, sent));
    assert_true(links_to(attempt, sent));
    assert_string_equal(attempt->subject, "commands.packer.pack");
    assert_string_equal(attempt->id, sent->id);
    assert_int_equal(attempt->span.attempts, number);
}

/* The first attempt fails, the second does it. */
static void test_command(void **state)
{
    const note first_fails = {"x", 1};
    world *w = (world *)*state;
    const ended *sent, *wait;
    aegis_command *command;
    watch s;

    watch_open(&s, w, 0.0);
    start(w, &packer_type, NULL);
    assert_int_equal(peer_submit(w->client, &pack_method, &first_fails, &command, NULL), AEGIS_OK);
    assert_int_equal(peer_wait(command, &pack_method, 0, NULL, NULL, w->arena).answer, AEGIS_ANSWER_OK);
    settle(&s, 4);
    sent = find(&s, AEGIS_SPAN_PRODUCER, AEGIS_SPAN_COMMAND, 0);
    wait = find(&s, AEGIS_SPAN_CLIENT, AEGIS_SPAN_COMMAND, 0);
    assert_string_equal(sent->subject, "commands.packer.pack");
    assert_string_equal(sent->id, aegis_command_id(command));
    assert_memory_equal(sent->span.parent_id, none, 8);
    check_attempt(find(&s, AEGIS_SPAN_CONSUMER, AEGIS_SPAN_COMMAND, 0), sent, 1);
    check_attempt(find(&s, AEGIS_SPAN_CONSUMER, AEGIS_SPAN_COMMAND, 1), sent, 2);
    assert_string_equal(find(&s, AEGIS_SPAN_CONSUMER, AEGIS_SPAN_COMMAND, 0)->error, "not yet");
    assert_true(is_child(wait, sent));
    assert_true(links_to(wait, sent));
    assert_string_equal(wait->name, "pack");
    aegis_command_free(command);
}

static void on_outcome(const outcome *out, void *user)
{
    (void)out;
    atomic_fetch_add((atomic_int *)user, 1);
}

/* A typed error by its name; a callback; and one key, twice: one command, of two senders. */
static void test_command_again(void **state)
{
    const note fails = {"x", 2};
    const aegis_command_options outside = {.traceparent =
                                               "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"};
    world *w = (world *)*state;
    const ended *first, *second;
    aegis_command *command;
    watch s;

    watch_open(&s, w, 0.0);
    start(w, &packer_type, NULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            peer_submit_as(w->client, &pack_method, &fails, i == 0 ? &outside : NULL, "t", &command, NULL),
            AEGIS_OK);
        assert_int_equal(peer_notify(command, &pack_method, 0, NULL, on_outcome, &w->handled, NULL),
                         AEGIS_OK);
        assert_true(reached(&w->handled, i + 1));
    }
    settle(&s, 5);
    first = find(&s, AEGIS_SPAN_PRODUCER, AEGIS_SPAN_COMMAND, 0);
    second = find(&s, AEGIS_SPAN_PRODUCER, AEGIS_SPAN_COMMAND, 1);
    assert_string_equal(first->id, second->id);
    assert_memory_not_equal(first->span.span_id, second->span.span_id, 8);
    assert_memory_equal(first->span.parent_id, "\x00\xf0\x67\xaa\x0b\xa9\x02\xb7", 8);
    check_attempt(find(&s, AEGIS_SPAN_CONSUMER, AEGIS_SPAN_COMMAND, 0), first, 1);
    for (size_t i = 0; i < 2; i++) {
        const ended *wait = find(&s, AEGIS_SPAN_CLIENT, AEGIS_SPAN_COMMAND, i);

        assert_true(links_to(wait, i == 0 ? first : second));
        assert_string_equal(wait->type, "OutOfStock");
        assert_int_equal(wait->span.status, AEGIS_ABORTED);
        if (i == 0) /* beside what it waits for */
            assert_memory_equal(wait->span.parent_id, first->span.parent_id, 8);
        else
            assert_true(is_child(wait, second));
    }
    assert_string_equal(find(&s, AEGIS_SPAN_CONSUMER, AEGIS_SPAN_COMMAND, 0)->type, "OutOfStock");
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_events),  WORLD_CASE(test_outside),       WORLD_CASE(test_refused),
        WORLD_CASE(test_command), WORLD_CASE(test_command_again),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
