/* The application layer over both adapters: calls, failures, deferrals, overload, events, commands and
 * stopping, through a service written by hand (peer.h). The NATS half is skipped where there is no
 * nats-server. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "contract/nats_server.h"
#include "contract/peer.h"
#include "ports/clock.h"

#define TEN_SECONDS (10 * AEGIS_SECOND)

typedef struct world {
    const char *url;
    aegis_bus *bus;
    aegis_client *client;
    aegis_publisher *publisher;
    aegis_arena *arena;
    aegis_service *service;
    atomic_int handled;
    atomic_int seen;
    atomic_int raw_seen;
    atomic_int failures_left;
    atomic_int attempts;
    atomic_bool release;
    atomic_int running;
    _Atomic(aegis_call *) parked;
    char last[128];
} world;

static nats_server server;
static bool use_nats;

static void nap(aegis_duration duration)
{
    const struct timespec pause = {(time_t)(duration / AEGIS_SECOND), (long)(duration % AEGIS_SECOND)};

    (void)nanosleep(&pause, NULL);
}

static bool reached(atomic_int *count, int wanted)
{
    int64_t until = aegis_clock_monotonic() + TEN_SECONDS;

    while (atomic_load(count) < wanted) {
        if (aegis_clock_monotonic() > until)
            return false;
        nap(2 * AEGIS_MILLISECOND);
    }
    return true;
}

/* ---- the service -------------------------------------------------------------------------------------- */

static aegis_reply echo(aegis_call *call, const note *request, void *user)
{
    world *w = (world *)user;

    atomic_fetch_add(&w->handled, 1);
    return peer_ok(call, request);
}

static aegis_reply refuse(aegis_call *call, const note *request, void *user)
{
    const note error = {"only 2 left", request->number};

    (void)user;
    return peer_out_of_stock(call, &error);
}

static aegis_reply missing(aegis_call *call, const note *request, void *user)
{
    (void)user;
    return peer_fail(call, AEGIS_NOT_FOUND, "no order %lld", (long long)request->number);
}

static aegis_reply silent(aegis_call *call, const note *request, void *user)
{
    const aegis_reply nothing = {0};

    (void)call;
    (void)request;
    (void)user;
    return nothing;
}

static aegis_reply twice(aegis_call *call, const note *request, void *user)
{
    aegis_reply first = peer_ok(call, request);

    (void)user;
    (void)peer_fail(call, AEGIS_INTERNAL, "too late");
    return first;
}

static aegis_reply unencodable(aegis_call *call, const note *request, void *user)
{
    const note bad = {NULL, request->number};

    (void)user;
    return peer_ok(call, &bad);
}

static aegis_reply slow(aegis_call *call, const note *request, void *user)
{
    world *w = (world *)user;

    atomic_fetch_add(&w->running, 1);
    while (!atomic_load(&w->release) && aegis_call_remaining(call) > 0)
        nap(AEGIS_MILLISECOND);
    return peer_ok(call, request);
}

static aegis_reply nested(aegis_call *call, const note *request, void *user)
{
    world *w = (world *)user;
    const aegis_call_options options = {.parent = call};
    outcome out = peer_call(w->client, "fail", request, &options, call->arena);

    return peer_fail(call, AEGIS_UNAVAILABLE, "could not ask: %s", out.failed.text);
}

static aegis_reply later(aegis_call *call, const note *request, void *user)
{
    world *w = (world *)user;

    (void)request;
    atomic_store(&w->parked, call);
    return aegis_reply_defer(call);
}

#define SERVE(name)                                                                                          \
    static aegis_reply serve_##name(aegis_call *call, aegis_reader *params, const void *ops, void *user)     \
    {                                                                                                        \
        (void)ops;                                                                                           \
        return peer_serve(call, params, user, name);                                                         \
    }
SERVE(echo)
SERVE(refuse)
SERVE(missing)
SERVE(silent)
SERVE(twice)
SERVE(unencodable)
SERVE(slow)
SERVE(nested)
SERVE(later)

static aegis_reply serve_absent(aegis_call *call, aegis_reader *params, const void *ops, void *user)
{
    (void)params;
    (void)ops;
    (void)user;
    return aegis_reply_unimplemented(call);
}

#define METHOD(text)                                                                                         \
    {                                                                                                        \
        .service = "peer", .name = text, .timeout = 5 * AEGIS_SECOND, .errors = peer_errors,                 \
        .error_codes = peer_error_codes, .error_count = 1                                                    \
    }
static const aegis_method methods[] = {
    METHOD("echo"),        METHOD("refuse"), METHOD("fail"),   METHOD("silent"), METHOD("twice"),
    METHOD("unencodable"), METHOD("slow"),   METHOD("nested"), METHOD("later"),  METHOD("absent")};
static const aegis_endpoint endpoints[] = {
    {&methods[0], serve_echo},   {&methods[1], serve_refuse}, {&methods[2], serve_missing},
    {&methods[3], serve_silent}, {&methods[4], serve_twice},  {&methods[5], serve_unencodable},
    {&methods[6], serve_slow},   {&methods[7], serve_nested}, {&methods[8], serve_later},
    {&methods[9], serve_absent},
};
static const aegis_service_type peer_type = {.name = "peer",
                                             .version = "1.0.0",
                                             .endpoints = endpoints,
                                             .endpoint_count = sizeof endpoints / sizeof endpoints[0]};

/* ---- events ------------------------------------------------------------------------------------------- */

static const aegis_event_type created = {"order", "created", "1.1"};
static const aegis_event_type created_v2 = {"order", "created", "2.0"};
static const aegis_event_type shipped = {"order", "shipped", "1.0"};

static aegis_settle on_created(const aegis_event *event, aegis_reader *payload, const void *ops, void *user)
{
    world *w = (world *)user;
    note value;

    (void)ops;
    note_get(payload, &value);
    if (aegis_reader_close(payload, NULL) != AEGIS_OK)
        return AEGIS_DEAD;
    if (value.number == 13)
        return AEGIS_DEAD;
    if (atomic_load(&w->failures_left) > 0) {
        atomic_fetch_sub(&w->failures_left, 1);
        return AEGIS_RETRY;
    }
    (void)snprintf(w->last, sizeof w->last, "%s %s %u", event->name, value.text, event->deliveries);
    atomic_fetch_add(&w->seen, 1);
    return AEGIS_DONE;
}

static aegis_settle on_any(const aegis_event *event, const void *ops, void *user)
{
    world *w = (world *)user;

    (void)event;
    (void)ops;
    atomic_fetch_add(&w->raw_seen, 1);
    return AEGIS_DONE;
}

static aegis_settle on_letter(const aegis_event *event, const void *ops, void *user)
{
    return on_any(event, ops, user);
}

static const aegis_event_case created_case[] = {{&created, on_created}};
static const aegis_subscription typed[] = {{.pattern = "order.created",
                                            .durable = "listener__order_created",
                                            .cases = created_case,
                                            .case_count = 1}};
static const aegis_subscription wild[] = {{.pattern = "order.*",
                                           .durable = "wild__order_any",
                                           .cases = created_case,
                                           .case_count = 1,
                                           .raw = on_letter}};
static const aegis_service_type listener_type = {
    .name = "listener", .version = "1.0.0", .subscriptions = typed, .subscription_count = 1};
static const aegis_service_type wild_type = {
    .name = "wild", .version = "1.0.0", .subscriptions = wild, .subscription_count = 1};

/* ---- commands ----------------------------------------------------------------------------------------- */

static aegis_reply batch(aegis_call *call, const note *request, void *user)
{
    world *w = (world *)user;
    const note half = {"half", 1};
    note done = {"done", 0};

    atomic_fetch_add(&w->attempts, 1);
    if (!peer_progress(call, &half))
        return peer_fail(call, AEGIS_CANCELLED, "stopped");
    done.number = request->number * 2;
    return peer_ok(call, &done);
}

static aegis_reply flaky(aegis_call *call, const note *request, void *user)
{
    world *w = (world *)user;

    atomic_fetch_add(&w->attempts, 1);
    if (atomic_load(&w->failures_left) > 0) {
        atomic_fetch_sub(&w->failures_left, 1);
        return peer_fail(call, AEGIS_UNAVAILABLE, "the database is away");
    }
    return peer_ok(call, &(note){request->text, call->attempt});
}

static aegis_reply broken(aegis_call *call, const note *request, void *user)
{
    return refuse(call, request, user);
}

static aegis_reply endless(aegis_call *call, const note *request, void *user)
{
    world *w = (world *)user;
    const note tick = {"tick", 0};

    (void)request;
    atomic_fetch_add(&w->running, 1);
    while (peer_progress(call, &tick))
        nap(5 * AEGIS_MILLISECOND);
    return peer_fail(call, AEGIS_CANCELLED, "stopped on request");
}

SERVE(batch)
SERVE(flaky)
SERVE(broken)
SERVE(endless)

#define COMMAND(text)                                                                                        \
    {                                                                                                        \
        .service = "worker", .name = text, .timeout = 30 * AEGIS_SECOND, .errors = peer_errors,              \
        .error_codes = peer_error_codes, .error_count = 1, .command = true, .max_retries = 3,                \
        .backoff_min = 10 * AEGIS_MILLISECOND, .backoff_max = 50 * AEGIS_MILLISECOND                         \
    }
static const aegis_method commands[] = {COMMAND("batch"),
                                        COMMAND("flaky"),
                                        COMMAND("broken"),
                                        COMMAND("endless"),
                                        {.service = "worker",
                                         .name = "urgent",
                                         .timeout = 30 * AEGIS_SECOND,
                                         .command = true,
                                         .lanes = true,
                                         .priority = AEGIS_PRIORITY_HIGH}};
static const aegis_endpoint command_endpoints[] = {{&commands[0], serve_batch},
                                                   {&commands[1], serve_flaky},
                                                   {&commands[2], serve_broken},
                                                   {&commands[3], serve_endless},
                                                   {&commands[4], serve_batch}};
static const aegis_service_type worker_type = {
    .name = "worker", .version = "1.0.0", .endpoints = command_endpoints, .endpoint_count = 5};

/* ---- set-up ------------------------------------------------------------------------------------------- */

static void log_line(void *user, aegis_log_level level, const char *line)
{
    (void)user;
    (void)level;
    if (getenv("AEGIS_TEST_LOG") != NULL)
        (void)fprintf(stderr, "    log: %s\n", line);
}

static int set_up(void **state)
{
    world *w = (world *)calloc(1, sizeof *w);
    const aegis_options options = {.name = "end-to-end", .log = log_line};
    aegis_error error = {0};

    if (w == NULL)
        return -1;
    *state = w;
    w->url = "mem:";
    if (use_nats) {
        memset(&server, 0, sizeof server);
        if (!nats_server_start(&server))
            return -1;
        w->url = server.url;
    }
    if (aegis_open(w->url, &options, &w->bus, &error) != AEGIS_OK ||
        aegis_client_new(w->bus, NULL, &w->client, &error) != AEGIS_OK ||
        aegis_publisher_new(w->bus, NULL, &w->publisher, &error) != AEGIS_OK) {
        (void)fprintf(stderr, "%s\n", aegis_error_text(&error));
        return -1;
    }
    w->arena = aegis_arena_new(NULL);
    return 0;
}

static int tear_down(void **state)
{
    world *w = (world *)*state;

    aegis_service_stop(w->service);
    aegis_client_free(w->client);
    aegis_publisher_free(w->publisher);
    aegis_close(w->bus);
    aegis_arena_free(w->arena);
    if (use_nats)
        nats_server_stop(&server);
    free(w);
    return 0;
}

static aegis_service *start(world *w, const aegis_service_type *type, const aegis_service_options *options)
{
    aegis_service *service = NULL;
    aegis_error error = {0};

    if (aegis_service_start(w->bus, type, NULL, w, options, &service, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    return service;
}

static outcome call(world *w, const char *method, const note *request)
{
    return peer_call(w->client, method, request, NULL, w->arena);
}

static const note seven = {"za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87", 7};

/* ---- calls -------------------------------------------------------------------------------------------- */

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
    aegis_method unaware = methods[1];
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
    aegis_error failed;
    outcome out;

    w->service = start(w, &peer_type, NULL);
    aegis_mp_put_map(aegis_call_begin(&x, w->client, &methods[0], NULL, w->arena), 0);
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
    note_put(aegis_call_begin(&x, client, &methods[0], NULL, w->arena), &seven);
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

static void test_deferred(void **state)
{
    world *w = (world *)*state;
    aegis_call_options options = {.timeout = 300 * AEGIS_MILLISECOND};
    const note late = {"late", 1};
    aegis_call *parked;
    outcome out;

    w->service = start(w, &peer_type, NULL);
    out = peer_call(w->client, "later", &seven, &options, w->arena);
    assert_int_equal(out.failed.status, AEGIS_DEADLINE_EXCEEDED);
    while ((parked = atomic_exchange(&w->parked, NULL)) == NULL)
        nap(AEGIS_MILLISECOND);
    nap(100 * AEGIS_MILLISECOND);
    (void)peer_ok(parked, &late); /* refused, and frees the call */
    out = call(w, "echo", &seven);
    assert_int_equal(out.answer, AEGIS_ANSWER_OK);
}

static void *reply_from_elsewhere(void *argument)
{
    world *w = (world *)argument;
    aegis_call *parked;
    const note value = {"from elsewhere", 42};
    int i;

    for (i = 0; i < 50; i++) {
        while ((parked = atomic_exchange(&w->parked, NULL)) == NULL)
            nap(10 * AEGIS_MICROSECOND);
        (void)peer_ok(parked, &value);
    }
    return NULL;
}

static void test_deferred_reply(void **state)
{
    world *w = (world *)*state;
    pthread_t thread;
    int i;

    w->service = start(w, &peer_type, NULL);
    assert_int_equal(pthread_create(&thread, NULL, reply_from_elsewhere, w), 0);
    for (i = 0; i < 50; i++) {
        outcome out = call(w, "later", &seven);

        assert_int_equal(out.answer, AEGIS_ANSWER_OK);
        assert_int_equal(out.value.number, 42);
    }
    (void)pthread_join(thread, NULL);
}

typedef struct caller {
    world *w;
    const char *method;
    pthread_t thread;
    outcome out;
    aegis_arena *arena;
} caller;

static void *call_once(void *argument)
{
    caller *c = (caller *)argument;

    c->out = peer_call(c->w->client, c->method, &seven, NULL, c->arena);
    return NULL;
}

static void launch(world *w, caller *c, const char *method)
{
    c->w = w;
    c->method = method;
    c->arena = aegis_arena_new(NULL);
    assert_int_equal(pthread_create(&c->thread, NULL, call_once, c), 0);
}

static void land(caller *c)
{
    (void)pthread_join(c->thread, NULL);
}

static void test_overload(void **state)
{
    world *w = (world *)*state;
    const aegis_service_options options = {.concurrency = 1, .waiting_room = 2};
    caller callers[6];
    int ok = 0;
    int refused = 0;
    int i;

    w->service = start(w, &peer_type, &options);
    launch(w, &callers[0], "slow");
    assert_true(reached(&w->running, 1));
    for (i = 1; i < 6; i++)
        launch(w, &callers[i], "slow");
    nap(300 * AEGIS_MILLISECOND); /* all are in, or refused */
    atomic_store(&w->release, true);
    for (i = 0; i < 6; i++) {
        land(&callers[i]);
        ok += callers[i].out.answer == AEGIS_ANSWER_OK;
        refused += callers[i].out.failed.status == AEGIS_RESOURCE_EXHAUSTED;
        aegis_arena_free(callers[i].arena);
    }
    assert_int_equal(ok, 3);
    assert_int_equal(refused, 3);
}

static void test_deadline_passed(void **state)
{
    world *w = (world *)*state;
    const aegis_call_options options = {.timeout = 100 * AEGIS_MILLISECOND};
    caller first;
    outcome out;

    w->service = start(w, &peer_type, NULL);
    launch(w, &first, "slow");
    assert_true(reached(&w->running, 1));
    out = peer_call(w->client, "echo", &seven, &options, w->arena);
    assert_int_equal(out.failed.status, AEGIS_DEADLINE_EXCEEDED);
    atomic_store(&w->release, true);
    land(&first);
    aegis_arena_free(first.arena);
    assert_int_equal(call(w, "echo", &seven).answer, AEGIS_ANSWER_OK);
    assert_int_equal(atomic_load(&w->handled), 1); /* the late one never ran */
}

typedef struct load {
    world *w;
    atomic_bool *stop;
    pthread_t thread;
    int ok;
    int failed;
    char why[256];
} load;

static void *keep_calling(void *argument)
{
    load *l = (load *)argument;
    aegis_arena *arena = aegis_arena_new(NULL);

    while (!atomic_load(l->stop)) {
        outcome out = peer_call(l->w->client, "echo", &seven, NULL, arena);

        if (out.answer == AEGIS_ANSWER_OK) {
            l->ok++;
        } else {
            l->failed++;
            (void)snprintf(l->why, sizeof l->why, "%.200s", aegis_error_text(&out.failed));
        }
        aegis_arena_reset(arena);
    }
    aegis_arena_free(arena);
    return NULL;
}

/* Two servers share the load; stopping one loses nothing. */
static void test_clean_stop(void **state)
{
    world *w = (world *)*state;
    const aegis_service_options options = {.concurrency = 2};
    aegis_service *second;
    atomic_bool stop;
    load loads[3];
    int i;

    atomic_init(&stop, false);
    w->service = start(w, &peer_type, &options);
    memset(loads, 0, sizeof loads);
    for (i = 0; i < 3; i++) {
        loads[i].w = w;
        loads[i].stop = &stop;
        assert_int_equal(pthread_create(&loads[i].thread, NULL, keep_calling, &loads[i]), 0);
    }
    for (i = 0; i < 5; i++) {
        second = start(w, &peer_type, &options);
        nap(20 * AEGIS_MILLISECOND);
        aegis_service_stop(second);
    }
    atomic_store(&stop, true);
    for (i = 0; i < 3; i++) {
        (void)pthread_join(loads[i].thread, NULL);
        if (loads[i].failed != 0)
            fail_msg("%d calls failed: %s", loads[i].failed, loads[i].why);
        assert_true(loads[i].ok > 0);
    }
}

static void test_stop_waits(void **state)
{
    world *w = (world *)*state;
    aegis_service *service = start(w, &peer_type, NULL);
    caller first;

    launch(w, &first, "slow");
    assert_true(reached(&w->running, 1));
    atomic_store(&w->release, true);
    aegis_service_stop(service);
    land(&first);
    assert_int_equal(first.out.answer, AEGIS_ANSWER_OK);
    aegis_arena_free(first.arena);
}

static void *stop_soon(void *argument)
{
    nap(50 * AEGIS_MILLISECOND);
    aegis_stop((aegis_bus *)argument);
    return NULL;
}

static void test_run(void **state)
{
    world *w = (world *)*state;
    pthread_t thread;

    w->service = start(w, &peer_type, NULL);
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, w->bus), 0);
    assert_int_equal(aegis_run(w->bus, NULL), AEGIS_OK);
    (void)pthread_join(thread, NULL);
    assert_int_equal(call(w, "echo", &seven).failed.status, AEGIS_UNAVAILABLE);
}

/* ---- events ------------------------------------------------------------------------------------------- */

static void publish(world *w, const aegis_event_type *type, const note *event)
{
    aegis_error error = {0};

    if (peer_publish(w->publisher, type, event, NULL, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
}

static void test_event_durable(void **state)
{
    world *w = (world *)*state;

    w->service = start(w, &listener_type, NULL);
    publish(w, &created, &(note){"first", 1});
    assert_true(reached(&w->seen, 1));
    assert_string_equal(w->last, "order.created first 1");
    aegis_service_stop(w->service);
    publish(w, &created, &(note){"second", 2}); /* while nobody is there */
    nap(20 * AEGIS_MILLISECOND);
    assert_int_equal(atomic_load(&w->seen), 1);
    w->service = start(w, &listener_type, NULL);
    assert_true(reached(&w->seen, 2));
    assert_string_equal(w->last, "order.created second 1");
}

static void test_event_retry(void **state)
{
    world *w = (world *)*state;

    atomic_store(&w->failures_left, 2);
    w->service = start(w, &listener_type, NULL);
    publish(w, &created, &(note){"again", 1});
    assert_true(reached(&w->seen, 1));
    assert_string_equal(w->last, "order.created again 3");
}

static uint64_t letters(world *w);

static void test_event_dead(void **state)
{
    world *w = (world *)*state;
    int64_t until = aegis_clock_monotonic() + TEN_SECONDS;

    w->service = start(w, &listener_type, NULL);
    publish(w, &created, &(note){"poison", 13});
    publish(w, &created_v2, &(note){"from the future", 1});
    publish(w, &created, &(note){"fine", 1});
    assert_true(reached(&w->seen, 1));
    while (letters(w) < 2 && aegis_clock_monotonic() < until)
        nap(5 * AEGIS_MILLISECOND);
    assert_int_equal(letters(w), 2);
}

static void test_event_wildcard(void **state)
{
    world *w = (world *)*state;

    w->service = start(w, &wild_type, NULL);
    publish(w, &created, &(note){"typed", 1});
    publish(w, &shipped, &(note){"raw", 1});
    assert_true(reached(&w->seen, 1));
    assert_true(reached(&w->raw_seen, 1));
}

/* ---- commands ----------------------------------------------------------------------------------------- */

static void count_progress(const note *update, void *user)
{
    int *count = (int *)user;

    if (strcmp(update->text, "half") == 0 || strcmp(update->text, "tick") == 0)
        (*count)++;
}

static aegis_command *submit(world *w, size_t which, const note *request)
{
    aegis_command *command = NULL;
    aegis_error error = {0};

    if (peer_submit(w->client, &commands[which], request, &command, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    return command;
}

static outcome finish(world *w, size_t which, aegis_command *command, int *progress)
{
    outcome out = peer_wait(command, &commands[which], TEN_SECONDS, count_progress, progress, w->arena);

    aegis_command_free(command);
    return out;
}

static void test_command(void **state)
{
    world *w = (world *)*state;
    int progress = 0;
    outcome out;

    w->service = start(w, &worker_type, NULL);
    out = finish(w, 0, submit(w, 0, &seven), &progress);
    if (out.answer != AEGIS_ANSWER_OK)
        fail_msg("%s", aegis_error_text(&out.failed));
    assert_int_equal(out.value.number, 14);
    assert_int_equal(progress, 1);
}

static void test_command_before_worker(void **state)
{
    world *w = (world *)*state;
    aegis_command *command = submit(w, 0, &seven);
    int progress = 0;

    w->service = start(w, &worker_type, NULL);
    assert_int_equal(finish(w, 0, command, &progress).answer, AEGIS_ANSWER_OK);
}

static void test_command_retry(void **state)
{
    world *w = (world *)*state;
    int progress = 0;
    outcome out;

    atomic_store(&w->failures_left, 2);
    w->service = start(w, &worker_type, NULL);
    out = finish(w, 1, submit(w, 1, &seven), &progress);
    assert_int_equal(out.answer, AEGIS_ANSWER_OK);
    assert_int_equal(out.value.number, 3);
    atomic_store(&w->attempts, 0);
    atomic_store(&w->failures_left, 100);
    out = finish(w, 1, submit(w, 1, &seven), &progress);
    assert_int_equal(out.failed.status, AEGIS_UNAVAILABLE);
    assert_int_equal(atomic_load(&w->attempts), 4);
}

static void test_command_failure(void **state)
{
    world *w = (world *)*state;
    int progress = 0;
    outcome out;

    w->service = start(w, &worker_type, NULL);
    out = finish(w, 2, submit(w, 2, &seven), &progress);
    assert_int_equal(out.answer, 0);
    assert_string_equal(out.value.text, "only 2 left");
}

static void test_command_cancel(void **state)
{
    world *w = (world *)*state;
    aegis_command *command;
    int progress = 0;
    outcome out;

    w->service = start(w, &worker_type, NULL);
    command = submit(w, 3, &seven);
    assert_true(reached(&w->running, 1));
    assert_int_equal(aegis_command_cancel(command, NULL), AEGIS_OK);
    out = finish(w, 3, command, &progress);
    assert_int_equal(out.failed.status, AEGIS_CANCELLED);
    assert_true(progress > 0);
}

static void test_command_lanes(void **state)
{
    world *w = (world *)*state;
    aegis_command *waiting[8];
    int progress = 0;
    size_t i;

    for (i = 0; i < 8; i++)
        waiting[i] = submit(w, 4, &seven);
    w->service = start(w, &worker_type, NULL);
    for (i = 0; i < 8; i++)
        assert_int_equal(finish(w, 4, waiting[i], &progress).answer, AEGIS_ANSWER_OK);
    assert_int_equal(progress, 8);
}

static void test_command_json(void **state)
{
    world *w = (world *)*state;
    const aegis_client_options options = {.format = AEGIS_FORMAT_JSON};
    aegis_client *mine = w->client;
    int progress = 0;

    w->service = start(w, &worker_type, NULL);
    assert_int_equal(aegis_client_new(w->bus, &options, &w->client, NULL), AEGIS_OK);
    assert_int_equal(finish(w, 0, submit(w, 0, &seven), &progress).answer, AEGIS_ANSWER_OK);
    assert_int_equal(progress, 1);
    assert_int_equal(finish(w, 2, submit(w, 2, &seven), &progress).answer, 0);
    aegis_client_free(w->client);
    w->client = mine;
}

#include "application/bus.h"

static uint64_t letters(world *w)
{
    aegis_stream_info info;

    memset(&info, 0, sizeof info);
    if (w->bus->port->ops->stream_info(w->bus->port, AEGIS_STREAM_DLQ, aegis_clock_monotonic() + AEGIS_SECOND,
                                       &info, NULL) != AEGIS_OK)
        return 0;
    return info.messages;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(test_ok),
        CASE(test_typed_error),
        CASE(test_failure),
        CASE(test_undeclared_error),
        CASE(test_bad_handlers),
        CASE(test_bad_request),
        CASE(test_json),
        CASE(test_nobody),
        CASE(test_nested),
        CASE(test_deferred),
        CASE(test_deferred_reply),
        CASE(test_overload),
        CASE(test_deadline_passed),
        CASE(test_clean_stop),
        CASE(test_stop_waits),
        CASE(test_run),
        CASE(test_event_durable),
        CASE(test_event_retry),
        CASE(test_event_dead),
        CASE(test_event_wildcard),
        CASE(test_command),
        CASE(test_command_before_worker),
        CASE(test_command_retry),
        CASE(test_command_failure),
        CASE(test_command_cancel),
        CASE(test_command_lanes),
        CASE(test_command_json),
    };
    int failed = cmocka_run_group_tests_name("mem:", cases, NULL, NULL);

    use_nats = nats_server_installed() && getenv("AEGIS_TEST_NO_NATS") == NULL;
    if (use_nats)
        failed += cmocka_run_group_tests_name("nats:", cases, NULL, NULL);
    else
        (void)printf("no nats-server here: the nats half is skipped\n");
    return failed != 0;
}
