/* What a service must survive: bodies that are no messages, envelopes that lie, answers nobody can carry,
 * handlers that never answer. Sent through the port as another program would, on both adapters; the NATS half
 * is skipped where there is no nats-server. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "application/bus.h"
#include "contract/nats_server.h"
#include "contract/peer.h"
#include "ports/clock.h"

#define NEVER    20
#define PATIENCE (10 * AEGIS_SECOND)
#define LARGE    ((size_t)1 << 20) /* what a NATS server takes by default, and the in-process bus */

typedef struct world {
    aegis_bus *bus;
    aegis_client *client;
    aegis_arena *arena;
    aegis_service *service;
    atomic_int handled;
    atomic_int log_breaks;
    char *large;
    aegis_call *parked[NEVER];
    atomic_int parked_count;
} world;

static nats_server server;
static bool use_nats;

static void nap(aegis_duration duration)
{
    const struct timespec pause = {(time_t)(duration / AEGIS_SECOND), (long)(duration % AEGIS_SECOND)};

    (void)nanosleep(&pause, NULL);
}

/* ---- the service -------------------------------------------------------------------------------------- */

static aegis_reply echo(aegis_call *call, const note *request, void *user)
{
    atomic_fetch_add(&((world *)user)->handled, 1);
    return peer_ok(call, request);
}

static aegis_reply large(aegis_call *call, const note *request, void *user)
{
    return peer_ok(call, &(note){((world *)user)->large, request->number});
}

static aegis_reply large_failure(aegis_call *call, const note *request, void *user)
{
    return peer_out_of_stock(call, &(note){((world *)user)->large, request->number});
}

/* Works until it is told to stop; the next attempt is content. */
static aegis_reply stubborn(aegis_call *call, const note *request, void *user)
{
    if (atomic_fetch_add(&((world *)user)->handled, 1) > 0)
        return peer_ok(call, request);
    while (!aegis_call_cancelled(call))
        nap(AEGIS_MILLISECOND);
    return peer_fail(call, AEGIS_CANCELLED, "told to stop");
}

static aegis_reply never(aegis_call *call, const note *request, void *user)
{
    world *w = (world *)user;

    (void)request;
    w->parked[atomic_fetch_add(&w->parked_count, 1)] = call;
    return aegis_reply_defer(call);
}

#define SERVE(name)                                                                                          \
    static aegis_reply serve_##name(aegis_call *call, aegis_reader *params, const void *ops, void *user)     \
    {                                                                                                        \
        (void)ops;                                                                                           \
        return peer_serve(call, params, user, name);                                                         \
    }
SERVE(echo)
SERVE(large)
SERVE(large_failure)
SERVE(never)
SERVE(stubborn)

#define METHOD(text)                                                                                         \
    .service = "peer", .name = text, .timeout = 5 * AEGIS_SECOND, .errors = peer_errors,                     \
    .error_codes = peer_error_codes, .error_count = 1
static const aegis_method methods[] = {
    {METHOD("echo")},
    {METHOD("large")},
    {METHOD("large_failure")},
    {METHOD("never")},
    {METHOD("work"), .command = true},
    {METHOD("large_work"), .command = true, .max_retries = 3},
    {METHOD("stubborn"), .command = true},
};
static const aegis_endpoint endpoints[] = {
    {&methods[0], serve_echo},     {&methods[1], serve_large}, {&methods[2], serve_large_failure},
    {&methods[3], serve_never},    {&methods[4], serve_echo},  {&methods[5], serve_large},
    {&methods[6], serve_stubborn},
};

static const aegis_event_type created = {"order", "created", "1.0"};

static aegis_settle on_created(const aegis_event *event, aegis_reader *payload, const void *ops, void *user)
{
    note value;

    (void)event;
    (void)ops;
    note_get(payload, &value);
    if (aegis_reader_close(payload, NULL) != AEGIS_OK)
        return AEGIS_DEAD;
    atomic_fetch_add(&((world *)user)->handled, 1);
    return AEGIS_DONE;
}

static const aegis_event_case created_case[] = {{&created, on_created}};
static const aegis_subscription subscriptions[] = {
    {.pattern = "order.created", .durable = "peer__order_created", .cases = created_case, .case_count = 1},
    {.pattern = "long.>", .durable = "peer__long", .cases = created_case, .case_count = 1},
};
static const aegis_service_type peer_type = {.name = "peer",
                                             .version = "1.0.0",
                                             .endpoints = endpoints,
                                             .endpoint_count = sizeof endpoints / sizeof endpoints[0],
                                             .subscriptions = subscriptions,
                                             .subscription_count = 2};

/* ---- set-up ------------------------------------------------------------------------------------------- */

static void log_line(void *user, aegis_log_level level, const char *line)
{
    (void)level;
    if (strpbrk(line, "\r\n") != NULL)
        atomic_fetch_add(&((world *)user)->log_breaks, 1);
    if (getenv("AEGIS_TEST_LOG") != NULL)
        (void)fprintf(stderr, "    log: %s\n", line);
}

static int set_up(void **state)
{
    world *w = (world *)calloc(1, sizeof *w);
    aegis_options options = {.name = "hostile", .log = log_line};
    aegis_error error = {0};
    const char *url = "mem:";

    if (w == NULL)
        return -1;
    *state = w;
    options.log_user = w;
    if (use_nats) {
        memset(&server, 0, sizeof server);
        if (!nats_server_start(&server))
            return -1;
        url = server.url;
    }
    w->large = (char *)malloc(LARGE + 1);
    w->arena = aegis_arena_new(NULL);
    if (w->large == NULL || w->arena == NULL)
        return -1;
    memset(w->large, 'x', LARGE);
    w->large[LARGE] = '\0';
    if (aegis_open(url, &options, &w->bus, &error) != AEGIS_OK ||
        aegis_client_new(w->bus, NULL, &w->client, &error) != AEGIS_OK ||
        aegis_service_start(w->bus, &peer_type, NULL, w, NULL, &w->service, &error) != AEGIS_OK) {
        (void)fprintf(stderr, "%s\n", aegis_error_text(&error));
        return -1;
    }
    return 0;
}

static int tear_down(void **state)
{
    world *w = (world *)*state;

    aegis_service_stop(w->service);
    aegis_client_free(w->client);
    aegis_close(w->bus);
    aegis_arena_free(w->arena);
    if (use_nats)
        nats_server_stop(&server);
    free(w->large);
    free(w);
    return 0;
}

static outcome call(world *w, const char *method)
{
    return peer_call(w->client, method, &(note){"seven", 7}, NULL, w->arena);
}

/* Send it as it is. */
static void toss(world *w, const char *subject, const void *data, size_t len)
{
    aegis_outgoing message = {.subject = subject, .body = {(const uint8_t *)data, len}};
    aegis_port *port = w->bus->port;
    aegis_publish_ack ack;
    aegis_error error = {0};

    if (port->ops->publish_durable(port, &message, aegis_clock_monotonic() + PATIENCE, &ack, &error) !=
        AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
}

static uint64_t letters(world *w)
{
    aegis_stream_info info = {0};

    (void)w->bus->port->ops->stream_info(w->bus->port, AEGIS_STREAM_DLQ,
                                         aegis_clock_monotonic() + AEGIS_SECOND, &info, NULL);
    return info.messages;
}

static void expect_letters(world *w, uint64_t wanted)
{
    int64_t until = aegis_clock_monotonic() + PATIENCE;

    while (letters(w) < wanted && aegis_clock_monotonic() < until)
        nap(5 * AEGIS_MILLISECOND);
    assert_int_equal(letters(w), wanted);
}

static void expect_settled(world *w, const char *stream, const char *durable)
{
    int64_t until = aegis_clock_monotonic() + PATIENCE;
    aegis_consumer_info info = {.pending = 1};

    while ((info.pending != 0 || info.ack_pending != 0) && aegis_clock_monotonic() < until) {
        nap(5 * AEGIS_MILLISECOND);
        assert_int_equal(w->bus->port->ops->consumer_info(w->bus->port, stream, durable, until, &info, NULL),
                         0);
    }
    assert_int_equal(info.pending, 0);
    assert_int_equal(info.ack_pending, 0);
}

/* ---- calls -------------------------------------------------------------------------------------------- */

#define HEAD                                                                                                 \
    "\"message_id\":\"m\",\"trace_id\":\"t\",\"correlation_id\":null,\"timestamp\":"                         \
    "\"2025-01-01T00:00:00+00:00\",\"source\":\"s\",\"target\":null"
#define REQUEST(method, params, timeout)                                                                     \
    "{" HEAD ",\"method\":\"" method "\",\"params\":" params ",\"timeout\":" timeout "}"
#define GOOD "{\"text\":\"a\",\"number\":1}"

typedef struct probe {
    const char *body;
    size_t len;       /* 0: to the NUL */
    const char *says; /* part of the answer */
} probe;

static const probe requests[] = {
    {REQUEST("echo", GOOD, "1"), 0, "\"success\":true"},
    {"", 0, "the body is empty"},
    {"hello", 0, "found 'h'"},
    {"{", 0, "ends too early"},
    {"[]", 0, "found a list"},
    {"null", 0, "found null"},
    {"\0\0\0", 3, "found the byte 0x00"},
    {"\x80", 1, "message_id is missing"},
    {"\xc0", 1, "found nil"},
    {"\xdf\xff\xff\xff\xff", 5, "ends too early"},
    {"\xdd\xff\xff\xff\xff", 5, "found a list"},
    {"\xc1", 1, "invalid byte"},
    {REQUEST("echo", GOOD, "1") "x", 0, "follow the value"},
    {REQUEST("echo", GOOD, "\"soon\""), 0, "timeout: expected a number"},
    {REQUEST("echo", GOOD, "-1"), 0, "deadline passed"},
    {REQUEST("echo", GOOD, "1e300"), 0, "\"success\":true"},
    {REQUEST("echo", "{}", "1"), 0, "text is missing"},
    {REQUEST("echo", "7", "1"), 0, "expected a map"},
    {REQUEST("echo", "{\"text\":[1]}", "1"), 0, "text: expected a string"},
    {REQUEST("echo", "{\"text\":\"\xff\"}", "1"), 0, "not valid UTF-8"},
    {REQUEST("large", GOOD, "1"), 0, "method is not the one its subject names"},
};

static bool holds(aegis_bytes body, const char *text)
{
    size_t length = strlen(text);
    size_t i;

    for (i = 0; i + length <= body.len; i++) {
        if (memcmp(body.data + i, text, length) == 0)
            return true;
    }
    return false;
}

static void ask(world *w, const char *subject, const void *body, size_t len, const char *says)
{
    aegis_outgoing message = {.subject = subject, .body = {(const uint8_t *)body, len}};
    aegis_port *port = w->bus->port;
    aegis_message answer;
    aegis_error error = {0};

    if (port->ops->request(port, &message, aegis_clock_monotonic() + PATIENCE, &answer, &error) != AEGIS_OK)
        fail_msg("'%s': %s", says, aegis_error_text(&error));
    if (!holds(answer.body, says))
        fail_msg("expected '%s' in '%.*s'", says, (int)answer.body.len, (const char *)answer.body.data);
    port->ops->release(&answer);
}

static void test_malformed_requests(void **state)
{
    world *w = (world *)*state;
    size_t i;

    for (i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        const probe *p = &requests[i];

        ask(w, "rpc.peer.echo", p->body, p->len != 0 ? p->len : strlen(p->body), p->says);
    }
    ask(w, "rpc.peer.nothing", REQUEST("nothing", GOOD, "1"), sizeof REQUEST("nothing", GOOD, "1") - 1,
        "peer has no method nothing");
    memset(w->large, '[', LARGE);
    ask(w, "rpc.peer.echo", w->large, LARGE, "found a list");
    assert_int_equal(call(w, "echo").answer, AEGIS_ANSWER_OK);
    assert_int_equal(atomic_load(&w->handled), 3);
}

/* Over the limit: the caller hears of it at once. */
static void test_large_answers(void **state)
{
    world *w = (world *)*state;
    outcome out = call(w, "large");

    assert_int_equal(out.failed.status, AEGIS_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(out.failed.text, "the answer cannot be sent"));
    out = call(w, "large_failure");
    assert_int_equal(out.answer, AEGIS_ANSWER_FAILED);
    out = peer_call(w->client, "echo", &(note){w->large, 1}, NULL, w->arena);
    assert_int_equal(out.failed.status, AEGIS_RESOURCE_EXHAUSTED);
    assert_true(out.failed.not_processed);
    assert_int_equal(call(w, "echo").answer, AEGIS_ANSWER_OK);
}

/* Nobody answers; the keeper does, and the service stops without waiting for the handler's second thoughts.
 */
static void test_never_answered(void **state)
{
    world *w = (world *)*state;
    const aegis_call_options options = {.timeout = 100 * AEGIS_MILLISECOND};
    int64_t begun;
    int i;

    for (i = 0; i < NEVER; i++)
        assert_int_equal(peer_call(w->client, "never", &(note){"seven", 7}, &options, w->arena).failed.status,
                         AEGIS_DEADLINE_EXCEEDED);
    begun = aegis_clock_monotonic();
    aegis_service_stop(w->service);
    w->service = NULL;
    assert_true(aegis_clock_monotonic() - begun < PATIENCE);
    /* too late for all, but not too late to be called; on a busy machine a call may never have got there */
    assert_true(atomic_load(&w->parked_count) > 0);
    for (i = 0; i < atomic_load(&w->parked_count); i++)
        (void)peer_ok(w->parked[i], &(note){"late", i});
}

/* ---- events ------------------------------------------------------------------------------------------- */

#define EVENT(domain, type, payload, version)                                                                \
    "{" HEAD ",\"domain\":\"" domain "\",\"event_type\":\"" type "\",\"payload\":" payload                   \
    ",\"version\":\"" version "\"}"

static const char *const poison[] = {
    "",
    "junk",
    "\x80",
    "{\"message_id\":1}",
    EVENT("order", "created", "null", "1.0"),
    EVENT("order", "created", "[]", "1.0"),
    EVENT("order", "created", GOOD, "9.0"),
    EVENT("or der", "created", GOOD, "1.0"),
    EVENT("*", ">", GOOD, "1.0"),
    EVENT("", "", GOOD, "1.0"),
    EVENT("a..b", "c", GOOD, "1.0"),
    EVENT("a\\r\\nb", "c", GOOD, "1.0"),
};

static void test_poisoned_events(void **state)
{
    world *w = (world *)*state;
    const size_t count = sizeof poison / sizeof poison[0];
    char subject[1000];
    size_t i;

    for (i = 0; i < count; i++)
        toss(w, "events.order.created", poison[i], strlen(poison[i]));
    toss(w, "events.order.created", w->large, LARGE); /* with the letter's headers it is over the limit */
    memset(subject, 'x', sizeof subject);
    memcpy(subject, "events.long.", 12);
    subject[sizeof subject - 1] = '\0';
    toss(w, subject, "junk", 4);
    toss(w, "events.order.created", EVENT("order", "created", GOOD, "1.0"),
         sizeof EVENT("order", "created", GOOD, "1.0") - 1);
    expect_letters(w, count + 2);
    expect_settled(w, AEGIS_STREAM_EVENTS, "peer__order_created");
    expect_settled(w, AEGIS_STREAM_EVENTS, "peer__long");
    assert_int_equal(atomic_load(&w->handled), 1);
    assert_int_equal(atomic_load(&w->log_breaks), 0);
}

/* ---- commands ----------------------------------------------------------------------------------------- */

#define COMMAND(payload, timeout)                                                                            \
    "\",\"trace_id\":\"t\",\"correlation_id\":null,\"timestamp\":\"2025-01-01T00:00:00+00:00\","             \
    "\"source\":\"s\",\"target\":null,\"command\":\"work\",\"payload\":" payload                             \
    ",\"priority\":\"normal\",\"max_retries\":0,\"timeout\":" timeout "}"

static void toss_command(world *w, const char *id, const char *rest)
{
    const char *body = aegis_arena_printf(w->arena, "{\"message_id\":\"%s%s", id, rest);

    assert_non_null(body);
    toss(w, "commands.peer.work", body, strlen(body));
}

/* An id ends up in subjects: one that cannot must not hurt the connection, nor keep the command coming back.
 */
static void test_poisoned_commands(void **state)
{
    world *w = (world *)*state;
    const char *const ids[] = {"a b", "*", ">", "", "a..b", "a\\nb", NULL};
    char id[5000];
    aegis_health health;
    size_t i;

    memset(id, 'i', sizeof id);
    id[sizeof id - 1] = '\0';
    toss(w, "commands.peer.work", "junk", 4);
    toss(w, "commands.peer.work", "", 0);
    for (i = 0; ids[i] != NULL; i++)
        toss_command(w, ids[i], COMMAND(GOOD, "5"));
    toss_command(w, id, COMMAND(GOOD, "5"));
    toss_command(w, "number", COMMAND("7", "5"));
    toss_command(w, "late", COMMAND("null", "-1"));
    toss_command(w, "fine", COMMAND(GOOD, "1e300"));
    expect_settled(w, AEGIS_STREAM_COMMANDS, "peer__work");
    expect_letters(w, 6); /* two of no command, two without an id for a record, two payloads */
    assert_int_equal(atomic_load(&w->handled), 6); /* five with odd ids, and the fine one */
    w->bus->port->ops->health(w->bus->port, &health);
    assert_true(health.connected);
    assert_int_equal(health.reconnects, 0);
}

static void test_large_result(void **state)
{
    world *w = (world *)*state;
    aegis_command *command = NULL;
    aegis_error error = {0};
    outcome out;

    assert_int_equal(peer_submit(w->client, &methods[5], &(note){"seven", 7}, &command, &error), AEGIS_OK);
    out = peer_wait(command, &methods[5], PATIENCE, NULL, NULL, w->arena);
    assert_int_equal(out.failed.status, AEGIS_RESOURCE_EXHAUSTED);
    aegis_command_free(command);
    expect_settled(w, AEGIS_STREAM_COMMANDS, "peer__large_work");
}

/* A command that a stopping service did not let finish is somebody else's now, not a failure. */
static void test_interrupted_command(void **state)
{
    world *w = (world *)*state;
    const aegis_service_options options = {.drain_timeout = 20 * AEGIS_MILLISECOND};
    int64_t until = aegis_clock_monotonic() + PATIENCE;
    aegis_command *command = NULL;
    aegis_error error = {0};
    outcome out;

    aegis_service_stop(w->service);
    assert_int_equal(aegis_service_start(w->bus, &peer_type, NULL, w, &options, &w->service, &error),
                     AEGIS_OK);
    assert_int_equal(peer_submit(w->client, &methods[6], &(note){"seven", 7}, &command, &error), AEGIS_OK);
    while (atomic_load(&w->handled) == 0 && aegis_clock_monotonic() < until)
        nap(AEGIS_MILLISECOND);
    aegis_service_stop(w->service);
    assert_int_equal(aegis_service_start(w->bus, &peer_type, NULL, w, &options, &w->service, &error),
                     AEGIS_OK);
    out = peer_wait(command, &methods[6], PATIENCE, NULL, NULL, w->arena);
    aegis_command_free(command);
    assert_int_equal(out.answer, AEGIS_ANSWER_OK);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(test_malformed_requests),  CASE(test_large_answers),     CASE(test_never_answered),
        CASE(test_poisoned_events),     CASE(test_poisoned_commands), CASE(test_large_result),
        CASE(test_interrupted_command),
    };
    int failed = cmocka_run_group_tests_name("mem:", cases, NULL, NULL);

    use_nats = nats_server_installed() && getenv("AEGIS_TEST_NO_NATS") == NULL;
    if (use_nats)
        failed += cmocka_run_group_tests_name("nats:", cases, NULL, NULL);
    else
        (void)printf("no nats-server here: the nats half is skipped\n");
    return failed != 0;
}
