/* What is counted, what is traced, and what a line of the log begins with; over both adapters. */
#define _POSIX_C_SOURCE 200809L
#include <aegis/deadletter.h>

#include "contract/raw.h"

static const aegis_method_metrics *find(const aegis_metrics *m, const char *service, const char *method,
                                        bool server)
{
    for (size_t i = 0; i < m->method_count; i++) {
        if (strcmp(m->methods[i].service, service) == 0 && strcmp(m->methods[i].method, method) == 0 &&
            m->methods[i].server == server)
            return &m->methods[i];
    }
    fail_msg("%s.%s is not counted", service, method);
    return NULL;
}

static aegis_metrics read_metrics(world *w)
{
    aegis_metrics m;

    assert_int_equal(aegis_metrics_read(w->bus, w->arena, &m, NULL), AEGIS_OK);
    return m;
}

static void test_counts(void **state)
{
    world *w = (world *)*state;
    const aegis_method_metrics *one;
    aegis_metrics m;
    int i;

    assert_int_equal(read_metrics(w).method_count, 0);
    w->service = start(w, &peer_type, NULL);
    for (i = 0; i < 10; i++)
        assert_int_equal(call(w, "echo", &seven).answer, AEGIS_ANSWER_OK);
    (void)call(w, "fail", &seven);
    (void)call(w, "refuse", &seven);
    (void)call(w, "no_such_method", &seven);
    m = read_metrics(w);
    for (i = 0; i < 2; i++) {
        one = find(&m, "peer", "echo", i == 1);
        assert_int_equal(one->status[AEGIS_OK], 10);
        assert_int_equal(one->latency.count, 10);
        assert_true(one->latency.sum > 0);
        assert_true(aegis_latency_quantile(&one->latency, 0.5) <= aegis_latency_quantile(&one->latency, 1.0));
        assert_true(aegis_latency_quantile(&one->latency, 1.0) < AEGIS_SECOND);
        assert_int_equal(find(&m, "peer", "fail", i == 1)->status[AEGIS_NOT_FOUND], 1);
        assert_int_equal(find(&m, "peer", "refuse", i == 1)->status[AEGIS_ABORTED],
                         1); /* a typed error, 409 */
    }
    /* What peers make up is not counted under its name. */
    assert_int_equal(find(&m, "peer", "no_such_method", false)->status[AEGIS_UNIMPLEMENTED], 1);
    for (size_t k = 0; k < m.method_count; k++)
        assert_false(m.methods[k].server && strcmp(m.methods[k].method, "no_such_method") == 0);
    assert_int_equal(m.service_count, 1);
    assert_string_equal(m.services[0].instance, aegis_service_instance(w->service));
    assert_int_equal(m.services[0].concurrency, 1);
    assert_int_equal(m.breaker_count, 1);
    assert_string_equal(m.breakers[0].service, "peer");
    assert_int_equal(m.breakers[0].state, AEGIS_BREAKER_CLOSED);
}

static void test_refusals(void **state)
{
    const aegis_service_options options = {.waiting_room = 1};
    const aegis_call_options brief = {.timeout = 60 * AEGIS_MILLISECOND, .once = true};
    world *w = (world *)*state;
    const aegis_method_metrics *one;
    aegis_metrics m;
    caller first;

    w->service = start(w, &peer_type, &options);
    launch(w, &first, "slow");
    assert_true(reached(&w->running, 1));
    /* The first waits until it is too late, the second has no place. */
    (void)peer_call(w->client, "echo", &seven, &brief, w->arena);
    assert_int_equal(peer_call(w->client, "echo", &seven, &brief, w->arena).failed.status,
                     AEGIS_RESOURCE_EXHAUSTED);
    m = read_metrics(w);
    assert_int_equal(m.services[0].running, 1);
    assert_int_equal(m.services[0].waiting, 1);
    nap(20 * AEGIS_MILLISECOND);
    atomic_store(&w->release, true);
    land(&first);
    aegis_arena_free(first.arena);
    assert_int_equal(call(w, "fail", &seven).failed.status,
                     AEGIS_NOT_FOUND); /* behind it: it has been seen to */
    m = read_metrics(w);
    one = find(&m, "peer", "echo", true);
    assert_int_equal(one->refused, 1);
    assert_int_equal(one->expired, 1);
    assert_int_equal(one->status[AEGIS_OK], 0);
    assert_int_equal(one->latency.count, 0);
}

static void test_retries_and_hedges(void **state)
{
    const aegis_call_options hedged = {.hedge = 10 * AEGIS_MILLISECOND};
    world *w = (world *)*state;
    const aegis_method_metrics *one;
    aegis_metrics m;
    raw *r;

    r = raw_start(w, RAW_OK);
    atomic_store(&r->first, 2);
    atomic_store(&r->first_mode, RAW_UNAVAILABLE);
    (void)peer_invoke(w->client, &raw_idempotent, &seven, NULL, w->arena);
    atomic_store(&r->first, 4);
    atomic_store(&r->first_mode, RAW_SILENT);
    (void)peer_invoke(w->client, &raw_idempotent, &seven, &hedged, w->arena);
    m = read_metrics(w);
    one = find(&m, "raw", "ask", false);
    assert_int_equal(one->retried, 2);
    assert_int_equal(one->hedged, 1);
    assert_int_equal(one->status[AEGIS_OK], 2);
    raw_stop(r);
}

/* ---- spans -------------------------------------------------------------------------------------------- */

/* Of one bus of the test's own, with functions for spans and the log. */
typedef struct watch {
    pthread_mutex_t lock;
    aegis_span ended[16];
    char error[16][64];
    size_t started, count;
    char line[256];
    aegis_bus *bus;
    aegis_client *client;
    world *w;
} watch;

static void on_start(void *user, aegis_span *span)
{
    watch *s = (watch *)user;

    (void)pthread_mutex_lock(&s->lock);
    s->started++;
    span->data = s;
    (void)pthread_mutex_unlock(&s->lock);
}

static void on_end(void *user, aegis_span *span)
{
    watch *s = (watch *)user;

    (void)pthread_mutex_lock(&s->lock);
    if (s->count < 16) {
        (void)snprintf(s->error[s->count], sizeof s->error[0], "%s", span->error != NULL ? span->error : "");
        s->ended[s->count++] = *span;
    }
    (void)pthread_mutex_unlock(&s->lock);
}

static void on_line(void *user, aegis_log_level level, const char *line)
{
    watch *s = (watch *)user;

    (void)level;
    (void)pthread_mutex_lock(&s->lock);
    if (line[0] == '[') /* of a handler */
        (void)snprintf(s->line, sizeof s->line, "%s", line);
    (void)pthread_mutex_unlock(&s->lock);
}

static aegis_reply outer(aegis_call *call, const note *request, void *user)
{
    watch *s = (watch *)user;
    const aegis_call_options options = {.parent = call};
    const outcome out = peer_call(s->client, "inner", request, &options, call->arena);
    char text[AEGIS_TRACEPARENT_TEXT];

    aegis_bus_log(s->bus, AEGIS_LOG_INFO, "asked %s", "inner");
    (void)snprintf(s->w->last, sizeof s->w->last, "%s", aegis_call_traceparent(call, text));
    return peer_fail(call, AEGIS_ABORTED, "inner said %s", out.failed.text);
}

static aegis_reply inner(aegis_call *call, const note *request, void *user)
{
    (void)request;
    (void)user;
    return peer_fail(call, AEGIS_NOT_FOUND, "nothing");
}

SERVE(outer)
SERVE(inner)

static const aegis_method outer_method = {.service = "peer", .name = "outer", .timeout = 5 * AEGIS_SECOND};
static const aegis_method inner_method = {.service = "peer", .name = "inner", .timeout = 5 * AEGIS_SECOND};
static const aegis_endpoint traced_endpoints[] = {{&outer_method, serve_outer}, {&inner_method, serve_inner}};
static const aegis_service_type traced_type = {
    .name = "peer", .version = "1.0.0", .endpoints = traced_endpoints, .endpoint_count = 2};

static void watch_open(watch *s, world *w, double ratio, aegis_service **service)
{
    /* more than two: the one before may not be quite over */
    const aegis_service_options four = {.concurrency = 4};
    const aegis_options options = {.name = "watched",
                                   .log = on_line,
                                   .log_user = s,
                                   .span_start = on_start,
                                   .span_end = on_end,
                                   .span_user = s,
                                   .trace_ratio = ratio};

    memset(s, 0, sizeof *s);
    s->w = w;
    (void)pthread_mutex_init(&s->lock, NULL);
    assert_int_equal(aegis_open(w->url, &options, &s->bus, NULL), AEGIS_OK);
    assert_int_equal(aegis_client_new(s->bus, NULL, &s->client, NULL), AEGIS_OK);
    assert_int_equal(aegis_service_start(s->bus, &traced_type, NULL, s, &four, service, NULL), AEGIS_OK);
}

static void watch_close(watch *s, aegis_service *service)
{
    aegis_service_stop(service);
    aegis_client_free(s->client);
    aegis_close(s->bus);
    (void)pthread_mutex_destroy(&s->lock);
}

/* The span of a method on one side. */
static aegis_span *span_of(watch *s, const char *method, bool server)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->ended[i].method, method) == 0 && (s->ended[i].kind == AEGIS_SPAN_SERVER) == server)
            return &s->ended[i];
    }
    fail_msg("no span of %s", method);
    return NULL;
}

static bool is_child(const aegis_span *child, const aegis_span *parent)
{
    return memcmp(child->parent_id, parent->span_id, 8) == 0 &&
           memcmp(child->trace_id, parent->trace_id, 16) == 0;
}

static bool has_child(const watch *s, const aegis_span *parent, aegis_span_kind kind)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->ended[i].kind == kind && is_child(&s->ended[i], parent))
            return true;
    }
    return false;
}

static void settle(watch *s, size_t count)
{
    int64_t until = aegis_clock_monotonic() + TEN_SECONDS;
    size_t seen = 0;

    while (seen < count && aegis_clock_monotonic() < until) {
        nap(AEGIS_MILLISECOND);
        (void)pthread_mutex_lock(&s->lock);
        seen = s->count;
        (void)pthread_mutex_unlock(&s->lock);
    }
    assert_int_equal(seen, count);
}

static void test_spans(void **state)
{
    static const uint8_t none[8] = {0};
    world *w = (world *)*state;
    aegis_service *service;
    watch s;

    watch_open(&s, w, 0.0, &service);
    assert_int_equal(peer_call(s.client, "outer", &seven, NULL, w->arena).failed.status, AEGIS_ABORTED);
    settle(&s, 4);
    assert_int_equal(s.started, 4);
    assert_memory_equal(span_of(&s, "outer", false)->parent_id, none, 8);
    assert_true(is_child(span_of(&s, "outer", true), span_of(&s, "outer", false)));
    assert_true(is_child(span_of(&s, "inner", false), span_of(&s, "outer", true)));
    assert_true(is_child(span_of(&s, "inner", true), span_of(&s, "inner", false)));
    assert_int_equal(span_of(&s, "inner", true)->status, AEGIS_NOT_FOUND);
    assert_int_equal(span_of(&s, "outer", false)->status, AEGIS_ABORTED);
    assert_int_equal(span_of(&s, "outer", false)->attempts, 1);
    assert_true(span_of(&s, "outer", false)->took >= span_of(&s, "inner", false)->took);
    assert_ptr_equal(span_of(&s, "outer", true)->data, &s);
    assert_non_null(span_of(&s, "outer", true)->peer);
    /* What a handler tells the world outside, and its log. */
    assert_int_equal(strlen(w->last), 55);
    assert_memory_equal(w->last + 52, "-01", 3);
    assert_memory_equal(s.line, "[peer.outer trace=", strlen("[peer.outer trace="));
    assert_non_null(strstr(s.line, " from=watched-"));
    assert_non_null(strstr(s.line, "] asked inner"));
    watch_close(&s, service);
}

/* Sampling goes by the trace id alone, unless a header says otherwise; then it says so further on. */
static void test_sampling(void **state)
{
    const aegis_call_options sampled = {.traceparent =
                                            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"};
    const aegis_call_options nonsense = {.traceparent =
                                             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0"};
    world *w = (world *)*state;
    aegis_service *service;
    size_t i;
    watch s;
    raw *r;

    watch_open(&s, w, -1.0, &service);
    (void)peer_call(s.client, "outer", &seven, NULL, w->arena);
    (void)peer_call(s.client, "outer", &seven, &sampled, w->arena);
    settle(&s, 4); /* of the first call, whose trace is not sampled, nobody was told */
    assert_int_equal(s.started, 4);
    for (i = 0; i < 4; i++) {
        assert_memory_equal(s.ended[i].trace_id,
                            "\x4b\xf9\x2f\x35\x77\xb3\x4d\xa6\xa3\xce\x92\x9d\x0e\x0e\x47\x36", 16);
        if (s.ended[i].kind == AEGIS_SPAN_CLIENT && strcmp(s.ended[i].method, "outer") == 0)
            assert_memory_equal(s.ended[i].parent_id, "\x00\xf0\x67\xaa\x0b\xa9\x02\xb7", 8);
    }
    assert_memory_equal(w->last, "00-4bf92f3577b34da6a3ce929d0e0e4736-", 36);
    assert_memory_equal(w->last + 52, "-01", 3);
    watch_close(&s, service);

    /* With the default ratio the same header says nothing new, so none is sent. */
    r = raw_start(w, RAW_OK);
    (void)peer_invoke(w->client, &raw_plain, &seven, &sampled, w->arena);
    assert_string_equal(r->header, "");
    assert_string_equal(r->trace, "4bf92f35-77b3-4da6-a3ce-929d0e0e4736");
    (void)peer_invoke(w->client, &raw_plain, &seven, &nonsense, w->arena);
    assert_string_not_equal(r->trace, "4bf92f35-77b3-4da6-a3ce-929d0e0e4736");
    (void)peer_invoke(
        w->client, &raw_plain, &seven,
        &(aegis_call_options){.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"},
        w->arena);
    assert_memory_equal(r->header, "00-4bf92f3577b34da6a3ce929d0e0e4736-", 36);
    assert_memory_equal(r->header + 52, "-00", 3);
    raw_stop(r);
}

/* ---- events ------------------------------------------------------------------------------------------- */

static aegis_settle on_told(const aegis_event *event, aegis_reader *payload, const void *ops, void *user)
{
    watch *s = (watch *)user;
    const aegis_call_options options = {.parent = &event->base};
    char text[AEGIS_TRACEPARENT_TEXT];
    note value;

    (void)ops;
    note_get(payload, &value);
    (void)aegis_reader_close(payload, NULL);
    (void)peer_call(s->client, "inner", &value, &options, event->base.arena);
    aegis_bus_log(s->bus, AEGIS_LOG_INFO, "asked for %s", value.text);
    (void)snprintf(s->w->last, sizeof s->w->last, "%s", aegis_call_traceparent(&event->base, text));
    assert_false(aegis_call_cancelled(&event->base));
    assert_true(aegis_call_remaining(&event->base) > AEGIS_HOUR);
    return event->base.attempt == 1 ? AEGIS_RETRY : AEGIS_DEAD;
}

static const aegis_event_type told = {"thing", "told", "1.0"};
static const aegis_event_case told_case[] = {{&told, on_told}};
static const aegis_subscription told_subscription = {.pattern = "thing.told",
                                                     .durable = "ear__thing_told",
                                                     .cases = told_case,
                                                     .case_count = 1,
                                                     .max_retries = 3,
                                                     .backoff_min = 1,
                                                     .backoff_max = AEGIS_MILLISECOND};
static const aegis_service_type ear_type = {
    .name = "ear", .version = "1.0.0", .subscriptions = &told_subscription, .subscription_count = 1};

/* Each try is a span, a child of who published and the parent of what its handler calls; a dead letter tells
 * why. */
static void test_event_spans(void **state)
{
    world *w = (world *)*state;
    const aegis_span *tries[2];
    aegis_service *service, *ear;
    aegis_deadletter_page page = {NULL, 0, 0};
    const int64_t until = aegis_clock_monotonic() + TEN_SECONDS;
    aegis_publisher *publisher;
    size_t found = 0;
    watch s;

    watch_open(&s, w, 0.0, &service);
    assert_int_equal(aegis_service_start(s.bus, &ear_type, NULL, &s, NULL, &ear, NULL), AEGIS_OK);
    assert_int_equal(aegis_publisher_new(s.bus, NULL, &publisher, NULL), AEGIS_OK);
    assert_int_equal(peer_publish(publisher, &told, &seven, NULL, NULL), AEGIS_OK);
    settle(&s, 7); /* the publication, and twice: the try, and the call on both sides */
    for (size_t i = 0; i < s.count; i++) {
        if (s.ended[i].kind == AEGIS_SPAN_CONSUMER && found < 2)
            tries[found++] = &s.ended[i];
    }
    assert_int_equal(found, 2);
    assert_string_equal(tries[0]->service, "ear");
    assert_int_equal(tries[0]->kind, AEGIS_SPAN_CONSUMER);
    assert_int_equal(tries[0]->status, AEGIS_ABORTED);
    assert_int_equal(tries[1]->status, AEGIS_FAILED_PRECONDITION);
    assert_memory_not_equal(tries[0]->span_id, tries[1]->span_id, 8);
    assert_memory_equal(tries[0]->parent_id, tries[1]->parent_id, 8);
    assert_memory_equal(tries[0]->trace_id, tries[1]->trace_id, 16);
    assert_true(is_child(span_of(&s, "inner", false), tries[0]));
    assert_true(has_child(&s, span_of(&s, "inner", false), AEGIS_SPAN_SERVER));
    assert_int_equal(strlen(w->last), 55);
    assert_memory_equal(s.line, "[ear.thing.told trace=", strlen("[ear.thing.told trace="));
    assert_non_null(strstr(s.line, "] asked for"));
    while (page.count == 0 && aegis_clock_monotonic() < until)
        assert_int_equal(aegis_deadletter_list(s.bus, NULL, w->arena, &page, NULL), AEGIS_OK);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.items[0].attempts, 2);
    assert_string_equal(page.items[0].why, "refused by its handler (try 2)");
    assert_int_equal(page.items[0].failure.chain_count, 2);
    assert_string_equal(page.items[0].failure.chain[0].method, "thing.told");
    assert_string_equal(page.items[0].failure.chain[1].method, "inner");
    assert_int_equal(page.items[0].failure.chain[1].code, 404);
    aegis_publisher_free(publisher);
    aegis_service_stop(ear);
    watch_close(&s, service);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_counts), WORLD_CASE(test_refusals), WORLD_CASE(test_retries_and_hedges),
        WORLD_CASE(test_spans),  WORLD_CASE(test_sampling), WORLD_CASE(test_event_spans),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
