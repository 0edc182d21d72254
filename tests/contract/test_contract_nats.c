/* The contract of the port, kept by the NATS adapter against a nats-server of its own; and what only shows
 * there: streams that somebody else made, and other connections.
 */
#define _GNU_SOURCE
#include "contract.h"

#include "nats_server.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static aegis_status open_nats(void *user, aegis_port **port, aegis_error *error)
{
    const nats_server *server = (const nats_server *)user;
    return aegis_nats_open(server->url, NULL, port, error);
}

/* Make a stream as any other client would. */
static void foreign_stream(contract *c, const char *name, const char *subject, const char *more)
{
    const char *body =
        aegis_arena_printf(c->arena, "{\"name\":\"%s\",\"subjects\":[\"%s\"],%s}", name, subject, more);
    const aegis_outgoing request = {.subject = aegis_arena_printf(c->arena, "$JS.API.STREAM.CREATE.%s", name),
                                    .body = text_bytes(body)};
    aegis_message answer;
    assert_ok(c->ops->request(c->port, &request, in_ms(5000), &answer, NULL));
    const char *text =
        aegis_arena_printf(c->arena, "%.*s", (int)answer.body.len, (const char *)answer.body.data);
    c->ops->release(&answer);
    if (strstr(text, "\"error\""))
        fail_msg("%s", text);
}

/* One without our mark is used as it is, and what that weakens is said. */
static void foreign_stream_is_used(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "foreign");
    const aegis_stream_config config = {.name = contract_name(c, "foreign"),
                                        .subjects = &subject,
                                        .subject_count = 1,
                                        .retention = AEGIS_RETAIN_WORK_QUEUE};
    foreign_stream(c, config.name, subject, "\"retention\":\"limits\",\"storage\":\"memory\"");
    aegis_stream_info info;
    assert_ok(c->ops->ensure_stream(c->port, &config, in_ms(5000), &info, NULL));
    assert_false(info.ours);
    assert_true(info.difference[0] != '\0');
    contract_store(c, subject, "x", NULL);
    assert_false(contract_stream_info(c, config.name, 1).ours);
}

/* The server sees to it that a subject is in one stream only; its refusal comes back with a reason. */
static void overlapping_streams_refused(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "lap.>");
    const aegis_stream_config config = {
        .name = contract_name(c, "lap"), .subjects = &subject, .subject_count = 1};
    foreign_stream(c, contract_name(c, "first"), contract_subject(c, "lap.x"), "\"storage\":\"memory\"");
    aegis_error error = {0};
    assert_status(AEGIS_FAILED_PRECONDITION,
                  c->ops->ensure_stream(c->port, &config, in_ms(5000), NULL, &error));
    assert_non_null(strstr(error.text, config.name));
}

/* A second connection, as another process would have. */
static aegis_port *another(const contract *c)
{
    aegis_health health;
    aegis_port *port = NULL;
    c->ops->health(c->port, &health);
    assert_ok(aegis_nats_open(health.server, NULL, &port, NULL));
    return port;
}

/* "In place when it returns" and "the server has seen it" hold for everybody, not for this connection alone.
 */
static void subscribed_means_reachable(void **state)
{
    contract *c = (contract *)*state;
    aegis_port *other = another(c);
    size_t reached = 0, gone = 0;
    for (int i = 0; i < 30; i++) {
        const aegis_outgoing request = {.subject =
                                            contract_subject(c, aegis_arena_printf(c->arena, "place.%d", i))};
        aegis_source *source = NULL;
        aegis_message message;
        aegis_error error = {0};
        assert_ok(c->ops->subscribe(c->port, request.subject, "q", 0, false, &source, NULL));
        /* Nobody answers: what counts is that it arrives. */
        c->ops->request(other, &request, in_ms(10), &message, NULL);
        if (c->ops->next(source, in_ms(5000), &message) == AEGIS_OK) {
            reached++;
            c->ops->release(&message);
        }
        c->ops->drain(source, in_ms(5000));
        gone += c->ops->request(other, &request, in_ms(5000), &message, &error) == AEGIS_UNAVAILABLE &&
                error.not_processed;
        c->ops->close_source(source);
    }
    c->ops->close(other);
    assert_int_equal(reached, 30);
    assert_int_equal(gone, 30);
}

/* What a durable stands for is the server's: another connection goes on where the first one left. */
static void durable_outlives_its_port(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = contract_name(c, "outlives"), *subject = contract_subject(c, "outlives.x");
    aegis_port *other = another(c);
    aegis_source *source = NULL;
    aegis_message message;
    contract_stream(c, stream, contract_subject(c, "outlives"));
    contract_consumer(c, stream, "d", subject, 0);
    contract_store(c, subject, "settled", NULL);
    contract_store(c, subject, "in hand", NULL);
    contract_store(c, subject, "not delivered", NULL);
    assert_ok(c->ops->consume(other, stream, "d", &source, NULL));
    c->ops->credit(source, 2);
    assert_ok(c->ops->next(source, in_ms(5000), &message));
    assert_ok(c->ops->settle(&message, AEGIS_ACK, 0));
    c->ops->release(&message);
    assert_ok(c->ops->next(source, in_ms(5000), &message));
    c->ops->release(&message);
    c->ops->close_source(source);
    c->ops->close(other);
    source = contract_consume(c, stream, "d", 10);
    bool again = false, fresh = false;
    for (int i = 0; i < 2; i++) {
        message = contract_next(c, source, 5000);
        again = again || (body_is(&message, "in hand") && message.deliveries == 2);
        fresh = fresh || (body_is(&message, "not delivered") && message.deliveries == 1);
        contract_settle(c, &message, AEGIS_ACK, 0);
    }
    assert_true(again && fresh);
    contract_consumer_info(c, stream, "d", 0, 0);
}

enum { STARTERS = 20, ROUNDS = 10 };

typedef struct starter {
    contract *c;
    aegis_port *port;
    pthread_barrier_t *line;
    const char *names[ROUNDS];
    const char *subjects[ROUNDS];
    char said[320];
} starter;

static void *start_all(void *user)
{
    starter *own = (starter *)user;
    const aegis_port_ops *ops = own->port->ops;
    for (int round = 0; round < ROUNDS; round++) {
        const aegis_stream_config stream = {.name = own->names[round],
                                            .subjects = &own->subjects[round],
                                            .subject_count = 1,
                                            .retention = AEGIS_RETAIN_WORK_QUEUE,
                                            .discard = AEGIS_DISCARD_NEW};
        const aegis_consumer_config consumer = {
            .stream = stream.name, .durable = "d", .filter = own->subjects[round]};
        const aegis_stream_config bucket = {.bucket = true, .name = stream.name};
        aegis_stream_info info;
        aegis_error error = {0};
        pthread_barrier_wait(own->line);
        aegis_status status = ops->ensure_stream(own->port, &stream, in_ms(10000), &info, &error);
        if (status == AEGIS_OK && (!info.ours || info.difference[0] != '\0'))
            status = aegis_error_set(&error, AEGIS_INTERNAL, "not as asked: %s", info.difference);
        if (status == AEGIS_OK)
            status = ops->ensure_consumer(own->port, &consumer, in_ms(10000), &error);
        if (status == AEGIS_OK)
            status = ops->ensure_stream(own->port, &bucket, in_ms(10000), NULL, &error);
        if (status != AEGIS_OK)
            snprintf(own->said, sizeof own->said, "round %d: %.280s", round, error.text);
    }
    return NULL;
}

/* F28: twenty processes that start at once on an empty server all find what they need. The server's answers
 * to those who come second differ from one moment to the next. */
static void many_start_at_once(void **state)
{
    contract *c = (contract *)*state;
    starter starters[STARTERS];
    pthread_t threads[STARTERS];
    pthread_barrier_t line;
    int failed = 0;
    assert_int_equal(pthread_barrier_init(&line, NULL, STARTERS), 0);
    for (int i = 0; i < STARTERS; i++) {
        starters[i] = (starter){.c = c, .port = another(c), .line = &line};
        for (int round = 0; round < ROUNDS; round++) {
            starters[i].names[round] = contract_name(c, aegis_arena_printf(c->arena, "start%d", round));
            starters[i].subjects[round] =
                contract_subject(c, aegis_arena_printf(c->arena, "start%d.>", round));
        }
    }
    for (int i = 0; i < STARTERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, start_all, &starters[i]), 0);
    for (int i = 0; i < STARTERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < STARTERS; i++) {
        c->ops->close(starters[i].port);
        if (starters[i].said[0] != '\0')
            print_error("starter %d: %s\n", i, starters[i].said);
        failed += starters[i].said[0] != '\0';
    }
    pthread_barrier_destroy(&line);
    assert_int_equal(failed, 0);
}

int main(void)
{
    nats_server server;
    memset(&server, 0, sizeof server);
    if (!nats_server_start(&server)) {
        fprintf(stderr, "contract: nats: no nats-server could be started; this test cannot do without\n");
        return 1;
    }
    contract_adapter adapter = {.name = "contract: nats", .open = open_nats, .user = &server};
    const struct CMUnitTest only_here[] = {
        CONTRACT_CASE(&adapter, foreign_stream_is_used),
        CONTRACT_CASE(&adapter, overlapping_streams_refused),
        CONTRACT_CASE(&adapter, subscribed_means_reachable),
        CONTRACT_CASE(&adapter, durable_outlives_its_port),
        CONTRACT_CASE(&adapter, many_start_at_once),
    };
    int failed = contract_run(&adapter);
    failed += cmocka_run_group_tests_name("contract: nats only", only_here, NULL, NULL);
    nats_server_stop(&server);
    return failed;
}
