/* Publications under way over NATS when something is amiss: a connection that is cut, a server that dies,
 * live subscribers that answer into the publisher's inbox, a server without JetStream. What was acknowledged
 * is in the stream once, and in the order in which it was submitted.
 */
#define _GNU_SOURCE
#include "contract.h"
#include "nats_server.h"
#include "proxy.h"

#include "ports/clock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 3000

static nats_server server;

static const char *const subjects[] = {"ring.>"};
static const aegis_stream_config stream = {
    .name = "RING", .subjects = subjects, .subject_count = 1, .storage = AEGIS_STORE_FILE};

typedef struct world {
    aegis_port *port;
    aegis_source *completions;
    atomic_bool answering;
} world;

static void world_open(world *w, const char *url)
{
    aegis_error error = {0};

    atomic_init(&w->answering, false);
    assert_ok(aegis_nats_open(url, NULL, &w->port, &error));
    assert_ok(w->port->ops->ensure_stream(w->port, &stream, in_ms(5000), NULL, &error));
    assert_ok(w->port->ops->completions(w->port, COUNT, &w->completions, &error));
}

static void world_close(world *w)
{
    w->port->ops->close_source(w->completions);
    w->port->ops->close(w->port);
}

static aegis_status submit(world *w, const char *subject, const char *run, unsigned number, int64_t ms)
{
    char id[32], body[16];
    const aegis_header header = {"Nats-Msg-Id", id};
    aegis_outgoing message = {.subject = subject, .headers = &header, .header_count = 1, .stream = "RING"};

    snprintf(id, sizeof id, "%s-%u", run, number);
    snprintf(body, sizeof body, "%u", number);
    message.body = text_bytes(body);
    return w->port->ops->submit(w->completions, AEGIS_OP_PUBLISH_DURABLE, &message, number, in_ms(ms), NULL);
}

/* All complete, with OK, exactly once. */
static void all_complete(world *w)
{
    bool seen[COUNT] = {false};

    for (int i = 0; i < COUNT; i++) {
        aegis_message message;
        assert_ok(w->port->ops->next(w->completions, in_ms(20000), &message));
        if (message.status != AEGIS_OK)
            print_error("%s: %.*s\n", aegis_status_name(message.status), (int)message.body.len,
                        (const char *)message.body.data);
        assert_ok(message.status);
        assert_in_range(message.token, 0, COUNT - 1);
        assert_false(seen[message.token]);
        seen[message.token] = true;
        w->port->ops->release(&message);
    }
}

/* The stream holds 0, 1, 2 ... under the subject, each once. */
static void stored_in_order(world *w, const char *subject, const char *durable)
{
    const aegis_consumer_config config = {.stream = "RING", .durable = durable, .filter = subject};
    const aegis_port_ops *ops = w->port->ops;
    aegis_source *source = NULL;
    char text[16];

    assert_ok(ops->ensure_consumer(w->port, &config, in_ms(5000), NULL));
    assert_ok(ops->consume(w->port, "RING", durable, &source, NULL));
    for (unsigned i = 0; i < COUNT; i++) {
        aegis_message message;
        if (i % 100 == 0)
            ops->credit(source, 100);
        assert_ok(ops->next(source, in_ms(10000), &message));
        snprintf(text, sizeof text, "%u", i);
        assert_true(body_is(&message, text));
        assert_ok(ops->settle(&message, AEGIS_ACK, 0));
        ops->release(&message);
    }
    ops->credit(source, 1);
    aegis_message more;
    assert_status(AEGIS_DEADLINE_EXCEEDED, ops->next(source, in_ms(100), &more));
    ops->close_source(source);
}

/* Connections are cut in the middle of what the server says. */
static void cut_while_publishing(void **state)
{
    proxy p;
    world w;

    (void)state;
    assert_true(proxy_start(&p, server.port));
    world_open(&w, p.url);
    for (unsigned i = 0; i < COUNT; i++) {
        if (i % 500 == 250)
            proxy_cut_after(&p, 777);
        assert_ok(submit(&w, "ring.cut", "cut", i, 15000));
        if (i % 500 == 499)
            (void)proxy_cut(&p, -1);
    }
    proxy_cut_after(&p, -1);
    all_complete(&w);
    stored_in_order(&w, "ring.cut", "cut");
    world_close(&w);
    proxy_stop(&p);
}

/* The server dies with half of them under way and comes back. */
static void killed_while_publishing(void **state)
{
    world w;

    (void)state;
    world_open(&w, server.url);
    for (unsigned i = 0; i < COUNT; i++) {
        if (i == COUNT / 2)
            nats_server_kill(&server);
        assert_ok(submit(&w, "ring.kill", "kill", i, 15000));
        if (i == COUNT / 2 + 100)
            assert_true(nats_server_restart(&server));
    }
    all_complete(&w);
    stored_in_order(&w, "ring.kill", "kill");
    aegis_health health;
    w.port->ops->health(w.port, &health);
    assert_true(health.resent > 0);
    world_close(&w);
}

/* The original's wildcard subscribers answer every event, with nothing or with -NAK. Before the
 * acknowledgement, which is then the one that counts, or where no stream is, which must not look like
 * success. */
static void answers_that_are_none(void **state)
{
    static const char *const bodies[] = {
        "", "-NAK", "{}", "{\"stream\":\"RING\"}", "{\"stream\":\"\",\"seq\":1}", "null"};
    world w;
    aegis_source *live = NULL;
    aegis_message message;

    (void)state;
    world_open(&w, server.url);
    const aegis_port_ops *ops = w.port->ops;
    assert_ok(ops->subscribe(w.port, "nowhere.*", NULL, 0, false, &live, NULL));
    assert_ok(submit(&w, "nowhere.x", "none", 1, 700));
    assert_ok(ops->next(live, in_ms(5000), &message));
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        const aegis_outgoing answer = {.subject = message.reply, .body = text_bytes(bodies[i])};
        assert_ok(ops->publish(w.port, &answer, NULL));
    }
    ops->release(&message);
    assert_ok(ops->next(w.completions, in_ms(5000), &message));
    assert_status(AEGIS_DEADLINE_EXCEEDED, message.status);
    assert_false(message.not_processed);
    ops->release(&message);
    ops->close_source(live);
    world_close(&w);
}

/* Answers whatever it receives with nothing and with -NAK, as the original's subscribers do. */
static void *answer_wrongly(void *argument)
{
    world *w = (world *)argument;
    aegis_source *live = NULL;
    aegis_message message;

    if (w->port->ops->subscribe(w->port, "*.live", NULL, 0, false, &live, NULL) != AEGIS_OK)
        return NULL;
    atomic_store(&w->answering, true);
    for (int i = 0; i < 2 && w->port->ops->next(live, in_ms(5000), &message) == AEGIS_OK; i++) {
        const aegis_outgoing nothing = {.subject = message.reply},
                             nak = {.subject = message.reply, .body = text_bytes("-NAK")};
        (void)w->port->ops->publish(w->port, &nothing, NULL);
        (void)w->port->ops->publish(w->port, &nak, NULL);
        w->port->ops->release(&message);
    }
    w->port->ops->close_source(live);
    return NULL;
}

static void wrong_answers_to_one_who_waits(void **state)
{
    const aegis_header header = {"Nats-Msg-Id", "live"};
    const aegis_outgoing stored = {.subject = "ring.live",
                                   .headers = &header,
                                   .header_count = 1,
                                   .stream = "RING"},
                         nowhere = {.subject = "nowhere.live"};
    aegis_publish_ack ack;
    aegis_error error;
    pthread_t thread;
    world w;

    (void)state;
    world_open(&w, server.url);
    assert_int_equal(pthread_create(&thread, NULL, answer_wrongly, &w), 0);
    while (!atomic_load(&w.answering))
        sleep_ms(1);
    assert_status(AEGIS_DEADLINE_EXCEEDED,
                  w.port->ops->publish_durable(w.port, &nowhere, in_ms(500), &ack, &error));
    assert_false(error.not_processed);
    assert_ok(w.port->ops->publish_durable(w.port, &stored, in_ms(5000), &ack, &error));
    assert_true(ack.sequence > 0);
    pthread_join(thread, NULL);
    world_close(&w);
}

/* A publication no stream takes is refused by name after a while; those behind it are stored. */
static void one_without_a_stream(void **state)
{
    world w;
    aegis_message message;

    (void)state;
    world_open(&w, server.url);
    assert_ok(submit(&w, "nobody.home", "nobody", 1, 10000));
    assert_ok(submit(&w, "ring.after", "nobody", 2, 10000));
    assert_ok(w.port->ops->next(w.completions, in_ms(6000), &message));
    assert_int_equal(message.token, 1);
    assert_status(AEGIS_NOT_FOUND, message.status);
    assert_true(message.not_processed);
    w.port->ops->release(&message);
    assert_ok(w.port->ops->next(w.completions, in_ms(6000), &message));
    assert_int_equal(message.token, 2);
    assert_ok(message.status);
    w.port->ops->release(&message);
    world_close(&w);
}

/* With no server the deadlines pass in their own time; a cancelled one ends at once. */
static void without_a_server(void **state)
{
    world w;
    aegis_message message;

    (void)state;
    world_open(&w, server.url);
    nats_server_kill(&server);
    const int64_t before = aegis_clock_monotonic();
    assert_ok(submit(&w, "ring.late", "late", 1, 600));
    assert_ok(submit(&w, "ring.late", "late", 2, 200));
    assert_ok(submit(&w, "ring.late", "late", 3, 10000));
    w.port->ops->cancel(w.completions, 3);
    static const uint64_t order[] = {3, 2, 1};
    for (int i = 0; i < 3; i++) {
        assert_ok(w.port->ops->next(w.completions, in_ms(5000), &message));
        assert_int_equal(message.token, order[i]);
        assert_int_not_equal(message.status, AEGIS_OK);
        w.port->ops->release(&message);
    }
    assert_in_range(elapsed_ms(before), 590, 1000);
    assert_ok(submit(&w, "ring.late", "late", 4, 10000)); /* the source is closed with it */
    world_close(&w);
    assert_true(nats_server_restart(&server));
}

/* The server's store is full: what was acknowledged is there, the rest is refused with a reason, and the
 * health says that nothing can be stored. */
static void full_store(void **state)
{
    enum { EVENTS = 100, SIZE = 32768 };
    nats_server small = {.configuration = "jetstream { max_file_store: 1MB }\n"};
    char id[16], *body = (char *)calloc(1, SIZE);
    const aegis_header header = {"Nats-Msg-Id", id};
    const aegis_outgoing letter = {.subject = "ring.full",
                                   .headers = &header,
                                   .header_count = 1,
                                   .body = {(const uint8_t *)body, SIZE},
                                   .stream = "RING"};
    uint64_t stored = 0, refused = 0;
    aegis_stream_info info;
    aegis_health health;
    world w;

    (void)state;
    assert_non_null(body);
    assert_true(nats_server_start(&small));
    world_open(&w, small.url);
    const aegis_port_ops *ops = w.port->ops;
    ops->health(w.port, &health);
    assert_true(health.durable);
    for (unsigned i = 0; i < EVENTS; i++) {
        snprintf(id, sizeof id, "%u", i);
        assert_ok(ops->submit(w.completions, AEGIS_OP_PUBLISH_DURABLE, &letter, i, in_ms(10000), NULL));
    }
    for (unsigned i = 0; i < EVENTS; i++) {
        aegis_message message;
        assert_ok(ops->next(w.completions, in_ms(15000), &message));
        stored += message.status == AEGIS_OK;
        refused +=
            message.status == AEGIS_RESOURCE_EXHAUSTED && message.body.len > 0 && message.not_processed;
        ops->release(&message);
    }
    ops->health(w.port, &health);
    assert_false(health.durable);
    assert_ok(ops->stream_info(w.port, "RING", in_ms(5000), &info, NULL));
    assert_int_equal(info.messages, stored);
    assert_int_equal(stored + refused, EVENTS);
    assert_in_range(stored, 10, 40);
    world_close(&w);
    nats_server_stop(&small);
    free(body);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(cut_while_publishing),
        cmocka_unit_test(killed_while_publishing),
        cmocka_unit_test(answers_that_are_none),
        cmocka_unit_test(one_without_a_stream),
        cmocka_unit_test(without_a_server),
        cmocka_unit_test(wrong_answers_to_one_who_waits),
        cmocka_unit_test(full_store),
    };

    memset(&server, 0, sizeof server);
    if (!nats_server_start(&server)) {
        fprintf(stderr, "no nats-server could be started; this test cannot do without\n");
        return 1;
    }
    const int failed = cmocka_run_group_tests_name("nats ring", cases, NULL, NULL);
    nats_server_stop(&server);
    return failed;
}
