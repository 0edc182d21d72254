/* What services tell of themselves: NATS' service protocol and the schema, to whoever asks on the wire.
 * Answers are read with jansson and held against the protocol's schemas by micro_schema.py. Runs in the top
 * folder of the source. */
#define _GNU_SOURCE
#include "application/bus.h"
#include "application/callers.h"
#include "contract/world.h"

#include <jansson.h>
#include <stdio.h>

#include <aegis/any.h>

#include "described.h"
#include "domain/time.h"
#include "ports/bus.h"

/* ---- asking ------------------------------------------------------------------------------------------- */

#define ANSWERS "_INBOX.describe.answers"

typedef struct desk {
    world *w;
    aegis_source *source;
} desk;

/* Input of micro_schema.py, which sees all answers of the protocol. */
static FILE *checker;

static void open_desk(desk *d, world *w)
{
    aegis_error error = {0};

    d->w = w;
    if (w->bus->port->ops->subscribe(w->bus->port, ANSWERS, NULL, 0, false, &d->source, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
}

static void close_desk(desk *d)
{
    d->w->bus->port->ops->close_source(d->source);
}

static void ask(const desk *d, const char *subject, const char *body)
{
    const aegis_outgoing question = {
        .subject = subject, .reply = ANSWERS, .body = {(const uint8_t *)body, strlen(body)}};
    aegis_error error = {0};

    if (d->w->bus->port->ops->publish(d->w->bus->port, &question, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
}

/* The next answer, whatever it is. */
static void hear(const desk *d, aegis_message *message)
{
    assert_int_equal(d->w->bus->port->ops->next(d->source, aegis_clock_monotonic() + TEN_SECONDS, message),
                     AEGIS_OK);
}

/* The next answer of the service protocol. */
static json_t *hear_json(desk *d)
{
    aegis_message message;
    json_error_t error;
    json_t *value;

    hear(d, &message);
    assert_true(message.body.len > 0);
    value = json_loadb((const char *)message.body.data, message.body.len, JSON_REJECT_DUPLICATES, &error);
    if (value == NULL)
        fail_msg("%s in %.*s", error.text, (int)message.body.len, (const char *)message.body.data);
    (void)fwrite(message.body.data, 1, message.body.len, checker);
    (void)fputc('\n', checker);
    d->w->bus->port->ops->release(&message);
    return value;
}

static json_t *ask_json(desk *d, const char *subject)
{
    ask(d, subject, "");
    return hear_json(d);
}

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    if (text == NULL)
        fail_msg("no text '%s'", key);
    return text;
}

static uint64_t number_at(const json_t *object, const char *key)
{
    assert_true(json_is_integer(json_object_get(object, key)));
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

/* The endpoint called so, of an INFO or STATS. */
static const json_t *endpoint(const json_t *answer, const char *name)
{
    const json_t *all = json_object_get(answer, "endpoints");
    size_t i;

    for (i = 0; i < json_array_size(all); i++) {
        if (strcmp(text_at(json_array_get(all, i), "name"), name) == 0)
            return json_array_get(all, i);
    }
    fail_msg("no endpoint '%s'", name);
    return NULL;
}

/* The caller called so, or NULL. */
static const json_t *caller_of(const json_t *stat, const char *source)
{
    const json_t *all = json_object_get(json_object_get(stat, "data"), "callers");
    size_t i;

    for (i = 0; i < json_array_size(all); i++) {
        if (strcmp(text_at(json_array_get(all, i), "source"), source) == 0)
            return json_array_get(all, i);
    }
    return NULL;
}

/* ---- services ----------------------------------------------------------------------------------------- */

static const aegis_event_type made = {"thing", "made", "1.0"};

static aegis_settle on_made(const aegis_event *event, aegis_reader *payload, const void *ops, void *user)
{
    note value;

    (void)event;
    (void)ops;
    note_get(payload, &value);
    atomic_fetch_add(&((world *)user)->seen, 1);
    return value.number == 13 ? AEGIS_DEAD : AEGIS_DONE;
}

static aegis_settle on_other(const aegis_event *event, const void *ops, void *user)
{
    (void)event;
    (void)ops;
    (void)user;
    return AEGIS_DONE;
}

static aegis_reply work(aegis_call *call, const note *request, void *user)
{
    while (request->number == 99 && !atomic_load(&((world *)user)->release))
        nap(AEGIS_MILLISECOND);
    return request->number == 13 ? peer_fail(call, AEGIS_NOT_FOUND, "no \"13\"\n\\ \x01 \xc3\xa9")
                                 : peer_ok(call, request);
}
SERVE(work)

static const aegis_method busy_methods[] = {
    {.service = "busy", .name = "call", .timeout = 5 * AEGIS_SECOND},
    {.service = "busy", .name = "run", .timeout = 20 * AEGIS_SECOND, .command = true}};
static const aegis_endpoint busy_endpoints[] = {{&busy_methods[0], serve_work},
                                                {&busy_methods[1], serve_work}};
static const aegis_event_case made_case[] = {{&made, on_made}};
static const aegis_subscription busy_subscriptions[] = {
    {.pattern = "thing.*",
     .durable = "busy__thing_any",
     .cases = made_case,
     .case_count = 1,
     .raw = on_other},
    {.pattern = "other.>", .durable = "busy__other_rest", .raw = on_other, .broadcast = true}};
static const aegis_service_type busy_type = {.name = "busy",
                                             .version = "10.20.30",
                                             .description = "\"busy\" \\ with\ttabs, \xe4\xbd\xa0",
                                             .endpoints = busy_endpoints,
                                             .endpoint_count = 2,
                                             .subscriptions = busy_subscriptions,
                                             .subscription_count = 2};

static outcome call_busy(aegis_client *client, int64_t number, aegis_arena *arena)
{
    return peer_invoke(client, &busy_methods[0], &(note){"n", number}, NULL, arena);
}

/* ---- the protocol ------------------------------------------------------------------------------------- */

static void assert_standard(const json_t *answer, const char *kind, const char *name, const char *id,
                            const char *version)
{
    char type[64];

    (void)snprintf(type, sizeof type, "io.nats.micro.v1.%s_response", kind);
    assert_string_equal(text_at(answer, "type"), type);
    assert_string_equal(text_at(answer, "name"), name);
    assert_string_equal(text_at(answer, "id"), id);
    assert_string_equal(text_at(answer, "version"), version);
    assert_string_equal(text_at(json_object_get(answer, "metadata"), "aegis.wire"), "1");
}

/* By everything, by name, by name and id. Each request is answered once by everybody it is for. */
static void test_asked(void **state)
{
    world *w = (world *)*state;
    const aegis_service_options options[] = {
        {.instance = "one"}, {.instance = "t.w o"}, {.instance = "three"}};
    aegis_service *services[3] = {start(w, &busy_type, &options[0]), start(w, &busy_type, &options[1]),
                                  start(w, &peer_type, &options[2])};
    static const char *const kinds[] = {"ping", "info", "stats"};
    static const char *const verbs[] = {"PING", "INFO", "STATS"};
    size_t i, k;
    desk d;

    open_desk(&d, w);
    for (i = 0; i < 3; i++) {
        char subject[64];
        unsigned seen = 0;

        (void)snprintf(subject, sizeof subject, "$SRV.%s", verbs[i]);
        ask(&d, subject, "");
        for (k = 0; k < 3; k++) {
            json_t *answer = hear_json(&d);
            const char *id = text_at(answer, "id");
            const bool peer = strcmp(id, "three") == 0;

            assert_standard(answer, kinds[i], peer ? "peer" : "busy", id, peer ? "1.0.0" : "10.20.30");
            seen |= peer ? 4u : strcmp(id, "one") == 0 ? 1u : 2u;
            json_decref(answer);
        }
        assert_int_equal(seen, 7);
        (void)snprintf(subject, sizeof subject, "$SRV.%s.busy", verbs[i]);
        ask(&d, subject, "anything");
        for (k = 0, seen = 0; k < 2; k++) {
            json_t *answer = hear_json(&d);

            seen |= strcmp(text_at(answer, "id"), "one") == 0 ? 1u : 2u;
            json_decref(answer);
        }
        assert_int_equal(seen, 3);
        (void)snprintf(subject, sizeof subject, "$SRV.%s.busy.one", verbs[i]);
        ask(&d, subject, "{\"not\": [\"read\"");
        json_t *answer = hear_json(&d);
        assert_standard(answer, kinds[i], "busy", "one", "10.20.30");
        json_decref(answer);
    }
    close_desk(&d);
    for (i = 0; i < 3; i++)
        aegis_service_stop(services[i]);
}

/* What is not for us, or not meant so, is not answered; and does no harm. */
static void test_wrong(void **state)
{
    static const char *const wrong[] = {"$SRV",
                                        "$SRV.FOO",
                                        "$SRV.ping",
                                        "$SRV.PINGS",
                                        "$SRV.PING.bus",
                                        "$SRV.PING.busy1",
                                        "$SRV.PING.BUSY",
                                        "$SRV.PING.busy.two",
                                        "$SRV.INFO.busy.on",
                                        "$SRV.STATS.busy.one.1",
                                        "$SRV.FOO.busy",
                                        "service.bus.schema",
                                        "service.busy.schemas"};
    world *w = (world *)*state;
    const aegis_service_options options = {.instance = "one"};
    const aegis_outgoing silent = {.subject = "$SRV.PING"};
    json_t *answer;
    size_t i;
    desk d;

    w->service = start(w, &busy_type, &options);
    open_desk(&d, w);
    for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ask(&d, wrong[i], "{}");
    assert_int_equal(w->bus->port->ops->publish(w->bus->port, &silent, NULL), AEGIS_OK);
    answer = ask_json(&d, "$SRV.INFO.busy.one"); /* in order: it would come behind theirs */
    assert_standard(answer, "info", "busy", "one", "10.20.30");
    json_decref(answer);
    close_desk(&d);
}

static void assert_endpoint(const json_t *answer, const char *name, const char *subject, const char *group,
                            const char *kind)
{
    const json_t *found = endpoint(answer, name);

    assert_string_equal(text_at(found, "subject"), subject);
    assert_string_equal(text_at(found, "queue_group"), group);
    if (kind != NULL)
        assert_string_equal(text_at(json_object_get(found, "metadata"), "aegis.kind"), kind);
}

static void test_info(void **state)
{
    world *w = (world *)*state;
    json_t *answer;
    desk d;

    w->service = start(w, &busy_type, NULL);
    open_desk(&d, w);
    answer = ask_json(&d, "$SRV.INFO.busy");
    assert_string_equal(text_at(answer, "id"), aegis_service_instance(w->service));
    assert_string_equal(text_at(answer, "description"), busy_type.description);
    assert_int_equal(json_array_size(json_object_get(answer, "endpoints")), 4);
    assert_int_equal(json_array_size(json_object_get(answer, "subjects")), 4);
    assert_endpoint(answer, "call", "rpc.busy.call", "rpc.busy", "rpc");
    assert_endpoint(answer, "run", "commands.busy.run", "busy__run", "command");
    assert_endpoint(answer, "thing_any", "events.thing.*", "busy__thing_any", "event");
    assert_endpoint(answer, "other_rest", "events.other.>", "", "event");
    assert_null(json_object_get(json_object_get(answer, "metadata"), "aegis.schema"));
    json_decref(answer);
    close_desk(&d);
}

static void assert_stat(const json_t *answer, const char *name, uint64_t requests, uint64_t errors)
{
    const json_t *stat = endpoint(answer, name);
    const uint64_t took = number_at(stat, "processing_time");

    assert_int_equal(number_at(stat, "num_requests"), requests);
    assert_int_equal(number_at(stat, "num_errors"), errors);
    assert_int_equal(number_at(stat, "average_processing_time"), requests == 0 ? 0 : took / requests);
    assert_true((took > 0) == (requests > 0));
    assert_true((text_at(stat, "last_error")[0] != '\0') == (errors > 0));
}

/* Each handler that ran is in a bucket, and the quantiles are bounds of those. */
static void assert_latency(const json_t *answer, const char *name, uint64_t ran)
{
    const json_t *stat = endpoint(answer, name);
    const json_t *latency = json_object_get(json_object_get(stat, "data"), "latency");
    const json_t *buckets = json_object_get(latency, "buckets");
    json_int_t before = 0, sum = 0, bound = 0;
    bool p50 = ran == 0, p99 = ran == 0;
    size_t i;

    for (i = 0; i < json_array_size(buckets); i++) {
        bound = json_integer_value(json_array_get(json_array_get(buckets, i), 0));
        assert_true(bound > before);
        p50 = p50 || (uint64_t)bound == number_at(latency, "p50");
        p99 = p99 || (uint64_t)bound == number_at(latency, "p99");
        sum += json_integer_value(json_array_get(json_array_get(buckets, i), 1));
        before = bound;
    }
    assert_true(p50 && p99 && number_at(latency, "p50") <= number_at(latency, "p99"));
    assert_int_equal(sum, ran);
}

static void assert_caller(const json_t *answer, const char *name, const char *source, uint64_t requests,
                          uint64_t errors)
{
    const json_t *found = caller_of(endpoint(answer, name), source);

    assert_non_null(found);
    assert_int_equal(number_at(found, "requests"), requests);
    assert_int_equal(number_at(found, "errors"), errors);
}

static void run_command(aegis_client *client, int64_t number, aegis_arena *arena)
{
    aegis_command *command = NULL;
    aegis_error error = {0};

    if (peer_submit(client, &busy_methods[1], &(note){"c", number}, &command, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    (void)peer_wait(command, &busy_methods[1], TEN_SECONDS, NULL, NULL, arena);
    aegis_command_free(command);
}

/* STATS until an endpoint has seen so many: what is counted is counted after it was answered. */
static json_t *stats_with(desk *d, const char *name, uint64_t requests)
{
    const int64_t until = aegis_clock_monotonic() + TEN_SECONDS;

    for (;;) {
        json_t *answer = ask_json(d, "$SRV.STATS.busy");

        if (number_at(endpoint(answer, name), "num_requests") >= requests || aegis_clock_monotonic() > until)
            return answer;
        json_decref(answer);
        nap(5 * AEGIS_MILLISECOND);
    }
}

static void *call_held(void *argument)
{
    const aegis_call_options patient = {.timeout = 6 * TEN_SECONDS};
    world *w = (world *)argument;
    aegis_arena *arena = aegis_arena_new(NULL);

    (void)peer_invoke(w->client, &busy_methods[0], &(note){"n", 99}, &patient, arena);
    aegis_arena_free(arena);
    return NULL;
}

/* How much is at work, and waits to be, of what is called and of nothing else. */
static void test_load(void **state)
{
    const aegis_service_options options = {.concurrency = 2};
    world *w = (world *)*state;
    const int64_t until = aegis_clock_monotonic() + TEN_SECONDS;
    const json_t *data;
    pthread_t threads[5];
    aegis_metrics metrics;
    json_t *answer;
    desk d;

    w->service = start(w, &busy_type, &options);
    open_desk(&d, w);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_held, w), 0);
    for (;;) {
        answer = ask_json(&d, "$SRV.STATS.busy");
        data = json_object_get(endpoint(answer, "call"), "data");
        if (number_at(data, "running") == 2 && number_at(data, "waiting") == 3)
            break;
        assert_true(aegis_clock_monotonic() < until);
        json_decref(answer);
        nap(5 * AEGIS_MILLISECOND);
    }
    assert_int_equal(number_at(json_object_get(endpoint(answer, "run"), "data"), "running"), 0);
    json_decref(answer);
    assert_int_equal(aegis_metrics_read(w->bus, w->arena, &metrics, NULL), AEGIS_OK);
    for (size_t i = 0; i < metrics.method_count; i++) {
        const aegis_method_metrics *m = &metrics.methods[i];
        const bool it = m->server && strcmp(m->method, "call") == 0;

        assert_int_equal(m->running, it ? 2 : 0);
        assert_int_equal(m->waiting, it ? 3 : 0);
    }
    atomic_store(&w->release, true);
    for (size_t i = 0; i < 5; i++)
        (void)pthread_join(threads[i], NULL);
    answer = stats_with(&d, "call", 5);
    assert_stat(answer, "call", 5, 0);
    data = json_object_get(endpoint(answer, "call"), "data");
    assert_int_equal(number_at(data, "running"), 0);
    assert_int_equal(number_at(data, "waiting"), 0);
    json_decref(answer);
    close_desk(&d);
}

/* Everything that was asked of it is counted, by endpoint and by who asked. */
static void test_stats(void **state)
{
    static const char *const sources[] = {"web-1", "w\"eb\\ 2"};
    world *w = (world *)*state;
    const aegis_client_options publisher_options = {.source = "maker-1"};
    const aegis_timestamp before = aegis_now();
    aegis_publisher *publisher = NULL;
    aegis_timestamp started;
    json_t *answer;
    size_t i;
    int k;
    desk d;

    w->service = start(w, &busy_type, NULL);
    open_desk(&d, w);
    answer = ask_json(&d, "$SRV.STATS.busy");
    assert_stat(answer, "call", 0, 0);
    assert_stat(answer, "thing_any", 0, 0);
    json_decref(answer);
    for (i = 0; i < 2; i++) {
        const aegis_client_options options = {.source = sources[i]};
        aegis_client *client = NULL;

        assert_int_equal(aegis_client_new(w->bus, &options, &client, NULL), AEGIS_OK);
        for (k = 0; k < 10 + (int)i; k++)
            (void)call_busy(client, k < 3 ? 13 : k + 20, w->arena);
        run_command(client, i == 0 ? 1 : 13, w->arena);
        aegis_client_free(client);
    }
    assert_int_equal(aegis_publisher_new(w->bus, &publisher_options, &publisher, NULL), AEGIS_OK);
    for (k = 12; k < 15; k++)
        assert_int_equal(peer_publish(publisher, &made, &(note){"e", k}, NULL, NULL), AEGIS_OK);
    aegis_publisher_free(publisher);
    json_decref(stats_with(&d, "thing_any", 3));
    json_decref(stats_with(&d, "run", 2));
    answer = stats_with(&d, "call", 21);
    assert_stat(answer, "call", 21, 6);
    assert_string_equal(text_at(endpoint(answer, "call"), "last_error"), "no \"13\"\n\\ \x01 \xc3\xa9");
    assert_caller(answer, "call", sources[0], 10, 3);
    assert_caller(answer, "call", sources[1], 11, 3);
    assert_null(caller_of(endpoint(answer, "call"), "other"));
    assert_latency(answer, "call", 21);
    assert_latency(answer, "run", 2);
    assert_latency(answer, "thing_any", 3);
    assert_latency(answer, "other_rest", 0);
    assert_stat(answer, "run", 2, 1);
    assert_caller(answer, "run", sources[0], 1, 0);
    assert_caller(answer, "run", sources[1], 1, 1);
    assert_stat(answer, "thing_any", 3, 1);
    assert_caller(answer, "thing_any", "maker-1", 3, 1);
    assert_int_equal(number_at(json_object_get(endpoint(answer, "thing_any"), "data"), "dead"), 1);
    assert_int_equal(number_at(json_object_get(endpoint(answer, "thing_any"), "data"), "retried"), 0);
    assert_int_equal(number_at(json_object_get(endpoint(answer, "thing_any"), "data"), "lost"), 0);
    assert_int_equal(number_at(json_object_get(endpoint(answer, "run"), "data"), "running"), 0);
    assert_null(json_object_get(json_object_get(endpoint(answer, "call"), "data"), "dead"));
    assert_stat(answer, "other_rest", 0, 0);
    assert_true(
        aegis_timestamp_parse(text_at(answer, "started"), strlen(text_at(answer, "started")), &started));
    assert_true(started >= before - AEGIS_SECOND && started <= aegis_now());
    json_decref(answer);
    close_desk(&d);
}

/* What one instance counted is not told of another, beside it or after it. */
static void test_own(void **state)
{
    world *w = (world *)*state;
    const aegis_service_options options[] = {{.instance = "first"}, {.instance = "second"}};
    aegis_service *first = start(w, &busy_type, &options[0]), *second;
    json_t *answer;
    desk d;

    open_desk(&d, w);
    assert_int_equal(call_busy(w->client, 1, w->arena).answer, AEGIS_ANSWER_OK);
    answer = stats_with(&d, "call", 1);
    assert_stat(answer, "call", 1, 0);
    json_decref(answer);
    second = start(w, &busy_type, &options[1]);
    answer = ask_json(&d, "$SRV.STATS.busy.second");
    assert_stat(answer, "call", 0, 0);
    json_decref(answer);
    aegis_service_stop(first);
    aegis_service_stop(second);
    w->service = start(w, &busy_type, &options[0]);
    answer = ask_json(&d, "$SRV.STATS.busy");
    assert_stat(answer, "call", 0, 0);
    json_decref(answer);
    close_desk(&d);
}

/* More callers than are told apart: those beyond are counted together. */
static void test_many_callers(void **state)
{
    enum { CALLERS = 300 };
    world *w = (world *)*state;
    json_t *answer;
    size_t i;
    desk d;

    w->service = start(w, &busy_type, NULL);
    open_desk(&d, w);
    for (i = 0; i < CALLERS; i++) {
        char source[32];
        const aegis_client_options options = {.source = source};
        aegis_client *client = NULL;

        (void)snprintf(source, sizeof source, "caller-%zu", i);
        assert_int_equal(aegis_client_new(w->bus, &options, &client, NULL), AEGIS_OK);
        assert_int_equal(call_busy(client, 1, w->arena).answer, AEGIS_ANSWER_OK);
        aegis_client_free(client);
    }
    answer = stats_with(&d, "call", CALLERS);
    assert_stat(answer, "call", CALLERS, 0);
    assert_int_equal(
        json_array_size(json_object_get(json_object_get(endpoint(answer, "call"), "data"), "callers")),
        AEGIS_CALLERS + 1);
    assert_caller(answer, "call", "other", CALLERS - AEGIS_CALLERS, 0);
    assert_caller(answer, "call", "caller-0", 1, 0);
    json_decref(answer);
    close_desk(&d);
}

/* Whoever asks does not wait for handlers, nor for the waiting room. */
static void test_while_busy(void **state)
{
    world *w = (world *)*state;
    caller callers[2];
    json_t *answer;
    int64_t began;
    desk d;

    w->service = start(w, &peer_type, NULL);
    open_desk(&d, w);
    launch(w, &callers[0], "slow");
    assert_true(reached(&w->running, 1));
    launch(w, &callers[1], "slow");
    began = aegis_clock_monotonic();
    answer = ask_json(&d, "$SRV.STATS.peer");
    assert_true(aegis_clock_monotonic() - began < 2 * AEGIS_SECOND);
    json_decref(answer);
    atomic_store(&w->release, true);
    land(&callers[0]);
    land(&callers[1]);
    aegis_arena_free(callers[0].arena);
    aegis_arena_free(callers[1].arena);
    close_desk(&d);
}

/* A service that has stopped does not answer for itself any more; the others of its bus do. */
static void test_stopped(void **state)
{
    world *w = (world *)*state;
    aegis_service *gone = start(w, &peer_type, NULL);
    json_t *answer;
    desk d;

    w->service = start(w, &busy_type, NULL);
    open_desk(&d, w);
    json_decref(ask_json(&d, "$SRV.PING.peer"));
    aegis_service_stop(gone);
    ask(&d, "$SRV.PING.peer", "");
    answer = ask_json(&d, "$SRV.PING");
    assert_string_equal(text_at(answer, "name"), "busy");
    json_decref(answer);
    aegis_service_stop(w->service);
    w->service = start(w, &peer_type, NULL); /* and the bus listens again */
    answer = ask_json(&d, "$SRV.PING");
    assert_string_equal(text_at(answer, "name"), "peer");
    json_decref(answer);
    close_desk(&d);
}

/* What cannot be said in JSON is refused as the protocol has it, and nobody else is in the way. */
static void test_unspeakable(void **state)
{
    world *w = (world *)*state;
    const aegis_service_options options = {.instance = "not \xff UTF-8", .unlisted = true};
    aegis_service *service = start(w, &peer_type, &options);
    aegis_message message;
    json_t *answer;
    desk d;

    w->service = start(w, &busy_type, NULL);
    open_desk(&d, w);
    ask(&d, "$SRV.PING.peer", "");
    hear(&d, &message);
    assert_int_equal(message.body.len, 0);
    assert_string_equal(aegis_header_value(message.headers, message.header_count, "Nats-Service-Error-Code"),
                        "400");
    assert_non_null(
        strstr(aegis_header_value(message.headers, message.header_count, "Nats-Service-Error"), "UTF-8"));
    w->bus->port->ops->release(&message);
    answer = ask_json(&d, "$SRV.PING.busy");
    assert_string_equal(text_at(answer, "name"), "busy");
    json_decref(answer);
    close_desk(&d);
    aegis_service_stop(service);
}

/* ---- large ones --------------------------------------------------------------------------------------- */

static void test_many_endpoints(void **state)
{
    enum { METHODS = 400 };
    static aegis_method methods[METHODS];
    static aegis_endpoint endpoints[METHODS];
    static char names[METHODS][16];
    const aegis_service_type type = {
        .name = "large", .version = "0.0.1", .endpoints = endpoints, .endpoint_count = METHODS};
    world *w = (world *)*state;
    json_t *answer;
    size_t i;
    desk d;

    for (i = 0; i < METHODS; i++) {
        (void)snprintf(names[i], sizeof names[i], "method_%zu", i);
        methods[i] = (aegis_method){.service = "large", .name = names[i], .timeout = 5 * AEGIS_SECOND};
        endpoints[i] = (aegis_endpoint){&methods[i], serve_work};
    }
    w->service = start(w, &type, NULL);
    open_desk(&d, w);
    for (i = 0; i < METHODS; i++)
        assert_int_equal(peer_invoke(w->client, &methods[i], &seven, NULL, w->arena).answer, AEGIS_ANSWER_OK);
    answer = ask_json(&d, "$SRV.INFO.large");
    assert_int_equal(json_array_size(json_object_get(answer, "endpoints")), METHODS);
    json_decref(answer);
    answer = ask_json(&d, "$SRV.STATS.large");
    assert_int_equal(json_array_size(json_object_get(answer, "endpoints")), METHODS);
    assert_stat(answer, "method_0", 1, 0);
    assert_stat(answer, "method_399", 1, 0);
    json_decref(answer);
    close_desk(&d);
    aegis_service_stop(w->service);
    w->service = NULL;
}

static void test_many_instances(void **state)
{
    enum { INSTANCES = 40 };
    world *w = (world *)*state;
    aegis_service *services[INSTANCES];
    char seen[INSTANCES] = {0};
    size_t i;
    desk d;

    for (i = 0; i < INSTANCES; i++) {
        char instance[16];
        const aegis_service_options options = {.instance = instance};

        (void)snprintf(instance, sizeof instance, "i%zu", i);
        services[i] = start(w, &peer_type, &options);
    }
    open_desk(&d, w);
    ask(&d, "$SRV.PING", "");
    for (i = 0; i < INSTANCES; i++) {
        json_t *answer = hear_json(&d);
        const size_t which = (size_t)strtoul(text_at(answer, "id") + 1, NULL, 10);

        assert_true(which < INSTANCES && seen[which] == 0);
        seen[which] = 1;
        json_decref(answer);
    }
    close_desk(&d);
    for (i = 0; i < INSTANCES; i++)
        aegis_service_stop(services[i]);
}

/* ---- the schema --------------------------------------------------------------------------------------- */

static char *contents(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    size_t room = 0;

    if (file == NULL)
        fail_msg("%s cannot be read; run in the top folder", path);
    assert_true(getdelim(&text, &room, '\0', file) > 0);
    (void)fclose(file);
    return text;
}

static void assert_file(const json_t *files, size_t index, const char *path, const char *source)
{
    const json_t *file = json_array_get(files, index);
    char *text = contents(source);

    assert_string_equal(text_at(file, "path"), path);
    assert_string_equal(text_at(file, "text"), text);
    free(text);
}

static json_t *hear_schema(const desk *d)
{
    aegis_message message;
    json_t *value;

    hear(d, &message);
    value = json_loadb((const char *)message.body.data, message.body.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(value);
    d->w->bus->port->ops->release(&message);
    return value;
}

static const described_described_ops no_handlers = {0};
static const described_other_ops no_other_handlers = {0};
static const described_silent_ops no_silent_handlers = {0};

/* The text of a service's package and of what that imports; the hash is that of INFO. */
static void test_schema(void **state)
{
    world *w = (world *)*state;
    const json_t *files;
    json_t *info, *answer;
    desk d;

    assert_int_equal(described_described_serve(w->bus, &no_handlers, NULL, NULL, &w->service, NULL),
                     AEGIS_OK);
    open_desk(&d, w);
    info = ask_json(&d, "$SRV.INFO.described-service");
    assert_string_equal(text_at(info, "version"), "2.1.0");
    assert_string_equal(text_at(info, "description"), "Knows \\\"nothing\\\", and says so in two lines.");
    ask(&d, "service.described-service.schema", "");
    answer = hear_schema(&d);
    assert_string_equal(text_at(answer, "hash"), text_at(json_object_get(info, "metadata"), "aegis.schema"));
    assert_int_equal(strlen(text_at(answer, "hash")), 64);
    assert_null(json_object_get(answer, "error"));
    files = json_object_get(answer, "files");
    assert_int_equal(json_array_size(files), 2);
    assert_file(files, 0, "described.aegis", "tests/gen/described.aegis");
    assert_file(files, 1, "parts/pay.aegis", "tests/gen/parts/pay.aegis");
    json_decref(answer);
    json_decref(info);
    close_desk(&d);
}

/* Whoever asks in MessagePack is answered so. */
static void test_schema_msgpack(void **state)
{
    world *w = (world *)*state;
    const msgpack_object *text;
    aegis_message message;
    aegis_any value;
    char *expected = contents("tests/gen/described.aegis");
    desk d;

    assert_int_equal(described_described_serve(w->bus, &no_handlers, NULL, NULL, &w->service, NULL),
                     AEGIS_OK);
    open_desk(&d, w);
    ask(&d, "service.described-service.schema", "\x80");
    hear(&d, &message);
    assert_int_equal(aegis_any_decode(message.body, AEGIS_FORMAT_MSGPACK, w->arena, &value, NULL), AEGIS_OK);
    text = aegis_any_get(value, "files");
    assert_non_null(text);
    text = aegis_any_get((aegis_any){&text->via.array.ptr[0]}, "text");
    assert_non_null(text);
    assert_int_equal(text->via.str.size, strlen(expected));
    assert_memory_equal(text->via.str.ptr, expected, strlen(expected));
    w->bus->port->ops->release(&message);
    free(expected);
    close_desk(&d);
}

/* The other services of that file: one with a long description, one with none. */
static void test_descriptions(void **state)
{
    world *w = (world *)*state;
    aegis_service *silent = NULL;
    json_t *answer;
    desk d;

    assert_int_equal(described_other_serve(w->bus, &no_other_handlers, NULL, NULL, &w->service, NULL),
                     AEGIS_OK);
    assert_int_equal(described_silent_serve(w->bus, &no_silent_handlers, NULL, NULL, &silent, NULL),
                     AEGIS_OK);
    open_desk(&d, w);
    answer = ask_json(&d, "$SRV.INFO.Other");
    assert_int_equal(strlen(text_at(answer, "description")), 240);
    json_decref(answer);
    answer = ask_json(&d, "$SRV.INFO.Silent");
    assert_string_equal(text_at(answer, "description"), "");
    json_decref(answer);
    close_desk(&d);
    aegis_service_stop(silent);
}

/* A schema of so many bytes that imports one of the same size, which imports the first one's folder's
 * neighbour. */
static void serve_large(world *w, size_t parts, const aegis_schema_file *imported)
{
    static char part[4001];
    static const char *all[1000];
    static aegis_schema_import imports[3];
    static aegis_schema_file file;
    static aegis_schema schema;
    static aegis_service_type type;
    size_t i;

    memset(part, 'x', 4000);
    part[0] = '"';
    part[1] = '\n';
    part[3999] = '\\';
    for (i = 0; i < parts; i++)
        all[i] = part;
    imports[0] = (aegis_schema_import){"../up/./down/../other.aegis", true, imported};
    imports[1] = (aegis_schema_import){"top.aegis", false, imported};
    imports[2] = (aegis_schema_import){"../../out.aegis", true, imported};
    file = (aegis_schema_file){"idl/large.aegis", all, parts, imports, imported != NULL ? 3 : 0};
    schema = (aegis_schema){"hash", &file};
    type = (aegis_service_type){.name = "large", .version = "1.0.0", .schema = &schema};
    w->service = start(w, &type, NULL);
}

static void test_large_schema(void **state)
{
    static const char *const texts[] = {"a", "b"};
    static const aegis_schema_file imported = {"elsewhere.aegis", texts, 2, NULL, 0};
    static const char *const paths[] = {"idl/large.aegis", "up/other.aegis", "top.aegis", "../out.aegis"};
    world *w = (world *)*state;
    json_t *answer;
    size_t i;
    desk d;

    serve_large(w, 50, &imported);
    open_desk(&d, w);
    ask(&d, "service.large.schema", "");
    answer = hear_schema(&d);
    assert_null(json_object_get(answer, "error"));
    assert_int_equal(json_array_size(json_object_get(answer, "files")), 4);
    for (i = 0; i < 4; i++) {
        const json_t *file = json_array_get(json_object_get(answer, "files"), i);

        assert_string_equal(text_at(file, "path"), paths[i]);
        assert_int_equal(strlen(text_at(file, "text")), i == 0 ? 200000 : 2);
    }
    json_decref(answer);
    close_desk(&d);
}

/* Over the server's limit the answer says so, with both sizes. */
static void test_schema_over_limit(void **state)
{
    world *w = (world *)*state;
    json_t *answer;
    desk d;

    serve_large(w, 500, NULL);
    open_desk(&d, w);
    ask(&d, "service.large.schema", "");
    answer = hear_schema(&d);
    assert_string_equal(text_at(answer, "hash"), "hash");
    assert_int_equal(json_array_size(json_object_get(answer, "files")), 0);
    assert_non_null(strstr(text_at(answer, "error"), "1048576"));
    assert_non_null(strstr(text_at(answer, "error"), "bytes"));
    json_decref(answer);
    close_desk(&d);
}

/* Written by hand, or generated without its text: there is no file, and it says why. */
static void test_no_schema(void **state)
{
    static const aegis_schema_file empty = {"shop.aegis", NULL, 0, NULL, 0};
    static const aegis_schema schema = {"0123", &empty};
    static const aegis_service_type types[] = {{.name = "none", .version = "1.0.0"},
                                               {.name = "none", .version = "1.0.0", .schema = &schema}};
    static const char *const hashes[] = {"", "0123"};
    world *w = (world *)*state;
    size_t i;
    desk d;

    open_desk(&d, w);
    for (i = 0; i < 2; i++) {
        json_t *answer;

        aegis_service_stop(w->service);
        w->service = start(w, &types[i], NULL);
        ask(&d, "service.none.schema", "{}");
        answer = hear_schema(&d);
        assert_string_equal(text_at(answer, "hash"), hashes[i]);
        assert_int_equal(json_array_size(json_object_get(answer, "files")), 0);
        assert_non_null(strstr(text_at(answer, "error"), "generated"));
        json_decref(answer);
    }
    json_decref(ask_json(&d, "$SRV.PING"));
    close_desk(&d);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_asked),          WORLD_CASE(test_wrong),
        WORLD_CASE(test_info),           WORLD_CASE(test_stats),
        WORLD_CASE(test_load),           WORLD_CASE(test_own),
        WORLD_CASE(test_many_callers),   WORLD_CASE(test_while_busy),
        WORLD_CASE(test_stopped),        WORLD_CASE(test_many_endpoints),
        WORLD_CASE(test_many_instances), WORLD_CASE(test_schema),
        WORLD_CASE(test_schema_msgpack), WORLD_CASE(test_descriptions),
        WORLD_CASE(test_large_schema),   WORLD_CASE(test_schema_over_limit),
        WORLD_CASE(test_no_schema),      WORLD_CASE(test_unspeakable),
    };

    int failed;

    checker = popen("python3 tests/contract/micro_schema.py", "w");
    if (checker == NULL)
        return 1;
    failed = world_run(cases, sizeof cases / sizeof cases[0]);
    return pclose(checker) != 0 || failed != 0;
}
