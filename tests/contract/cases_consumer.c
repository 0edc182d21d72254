/* Durable consumers: credit, what a delivery says, filters, positions, sharing. */
#include "contract.h"

#include <stdio.h>
#include <string.h>

/* A stream "what" of "what.>" with a consumer "d" of all of it, and `count` messages "0", "1", ... on
 * "what.x". */
static const char *filled(contract *c, const char *what, int count)
{
    const char *stream = contract_name(c, what), *subject = contract_subject(c, what);
    contract_stream(c, stream, subject);
    contract_consumer(c, stream, "d", aegis_arena_printf(c->arena, "%s.>", subject), 0);
    for (int i = 0; i < count; i++) {
        char body[16];
        snprintf(body, sizeof body, "%d", i);
        contract_store(c, aegis_arena_printf(c->arena, "%s.x", subject), body, NULL);
    }
    return stream;
}

static void take(contract *c, aegis_source *source, const char *body)
{
    aegis_message message = contract_next(c, source, 5000);
    if (!body_is(&message, body))
        fail_msg("got '%.*s' for '%s'", (int)message.body.len, (const char *)message.body.data, body);
    contract_settle(c, &message, AEGIS_ACK, 0);
}

void consume_needs_credit(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = filled(c, "credit", 5);
    aegis_source *source = contract_consume(c, stream, "d", 0);
    contract_silent(c, source, 200);
    c->ops->credit(source, 2);
    take(c, source, "0");
    take(c, source, "1");
    contract_silent(c, source, 200);
    c->ops->credit(source, 1);
    c->ops->credit(source, 1);
    take(c, source, "2");
    take(c, source, "3");
    contract_silent(c, source, 200);
    /* Credit given before there is a message waits for it. */
    c->ops->credit(source, 10);
    take(c, source, "4");
    contract_silent(c, source, 100);
    contract_store(c, contract_subject(c, "credit.y"), "5", NULL);
    take(c, source, "5");
}

void delivery_details(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = contract_name(c, "details"), *subject = contract_subject(c, "details.x");
    contract_stream(c, stream, contract_subject(c, "details"));
    contract_consumer(c, stream, "d", contract_subject(c, "details.>"), 0);
    aegis_timestamp before = aegis_now();
    contract_store(c, subject, "first", "the-id");
    contract_store(c, subject, "second", NULL);
    aegis_source *source = contract_consume(c, stream, "d", 2);
    aegis_message message = contract_next(c, source, 5000);
    assert_string_equal(message.subject, subject);
    assert_true(body_is(&message, "first"));
    assert_int_equal(message.sequence, 1);
    assert_int_equal(message.deliveries, 1);
    assert_int_equal(message.pending, 1);
    assert_true(message.arrived > 0);
    assert_true(message.stored_at > before - AEGIS_SECOND && message.stored_at < aegis_now() + AEGIS_SECOND);
    assert_int_equal(message.header_count, 1);
    assert_string_equal(message.headers[0].name, "Nats-Msg-Id");
    assert_string_equal(message.headers[0].value, "the-id");
    contract_settle(c, &message, AEGIS_ACK, 0);
    message = contract_next(c, source, 5000);
    assert_int_equal(message.sequence, 2);
    assert_int_equal(message.pending, 0);
    assert_int_equal(message.header_count, 0);
    contract_settle(c, &message, AEGIS_ACK, 0);
}

void consumer_filter(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = contract_name(c, "filter");
    contract_stream(c, stream, contract_subject(c, "filter"));
    contract_consumer(c, stream, "d", contract_subject(c, "filter.*.yes"), 0);
    contract_store(c, contract_subject(c, "filter.a.no"), "1", NULL);
    contract_store(c, contract_subject(c, "filter.a.yes"), "2", NULL);
    contract_store(c, contract_subject(c, "filter.yes"), "3", NULL);
    contract_store(c, contract_subject(c, "filter.b.yes"), "4", NULL);
    aegis_source *source = contract_consume(c, stream, "d", 10);
    take(c, source, "2");
    take(c, source, "4");
    contract_silent(c, source, 200);
    contract_consumer_info(c, stream, "d", 0, 0);
}

void consumer_from_new(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = filled(c, "fresh", 2), *subject = contract_subject(c, "fresh.x");
    const aegis_consumer_config config = {
        .stream = stream, .durable = "new", .filter = subject, .from = AEGIS_DELIVER_NEW};
    assert_ok(c->ops->ensure_consumer(c->port, &config, in_ms(5000), NULL));
    contract_store(c, subject, "after", NULL);
    aegis_source *source = contract_consume(c, stream, "new", 10);
    take(c, source, "after");
    contract_silent(c, source, 100);
    contract_close(c, source);
    /* It matters only when the consumer is created. */
    contract_store(c, subject, "later", NULL);
    assert_ok(c->ops->ensure_consumer(c->port, &config, in_ms(5000), NULL));
    source = contract_consume(c, stream, "new", 10);
    take(c, source, "later");
}

void consumer_verify(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = filled(c, "verify", 0);
    contract_consumer(c, stream, "d", contract_subject(c, "verify.>"), 0);
    aegis_consumer_config config = {
        .stream = stream, .durable = "d", .filter = contract_subject(c, "verify.x")};
    aegis_error error = {0};
    assert_status(AEGIS_FAILED_PRECONDITION, c->ops->ensure_consumer(c->port, &config, in_ms(5000), &error));
    assert_non_null(strstr(error.text, "d"));
    config.stream = contract_name(c, "nothing");
    assert_status(AEGIS_NOT_FOUND, c->ops->ensure_consumer(c->port, &config, in_ms(5000), NULL));
    aegis_consumer_info info;
    assert_status(AEGIS_NOT_FOUND,
                  c->ops->consumer_info(c->port, stream, "nobody", in_ms(5000), &info, NULL));
}

void consumer_figures(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = filled(c, "figures", 3);
    aegis_consumer_info info = contract_consumer_info(c, stream, "d", 3, 0);
    assert_int_equal(info.ack_floor, 0);
    assert_int_equal(info.delivered, 0);
    aegis_source *source = contract_consume(c, stream, "d", 2);
    aegis_message first = contract_next(c, source, 5000);
    aegis_message second = contract_next(c, source, 5000);
    contract_consumer_info(c, stream, "d", 1, 2);
    contract_settle(c, &second, AEGIS_ACK, 0);
    info = contract_consumer_info(c, stream, "d", 1, 1);
    assert_int_equal(info.ack_floor, 0);
    contract_settle(c, &first, AEGIS_ACK, 0);
    info = contract_consumer_info(c, stream, "d", 1, 0);
    assert_int_equal(info.ack_floor, 2);
    assert_int_equal(info.delivered, 2);
    assert_int_equal(info.ack_wait, 30 * AEGIS_SECOND);
    assert_int_equal(info.redelivered, 0);
}

void two_readers_share(void **state)
{
    enum { COUNT = 100 };
    contract *c = (contract *)*state;
    const char *stream = filled(c, "readers", COUNT);
    aegis_source *readers[2];
    bool seen[COUNT + 1] = {false};
    for (size_t i = 0; i < 2; i++)
        readers[i] = contract_consume(c, stream, "d", COUNT / 2);
    for (int i = 0; i < COUNT; i++) {
        aegis_message message = contract_next(c, readers[i % 2], 5000);
        assert_in_range(message.sequence, 1, COUNT);
        assert_int_equal(message.deliveries, 1);
        assert_false(seen[message.sequence]);
        seen[message.sequence] = true;
        contract_settle(c, &message, AEGIS_ACK, 0);
    }
    contract_consumer_info(c, stream, "d", 0, 0);
}

void consumer_continues(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = filled(c, "again", 4);
    aegis_source *source = contract_consume(c, stream, "d", 2);
    take(c, source, "0");
    take(c, source, "1");
    contract_consumer_info(c, stream, "d", 2, 0);
    contract_close(c, source);
    contract_consumer(c, stream, "d", contract_subject(c, "again.>"), 0);
    source = contract_consume(c, stream, "d", 10);
    take(c, source, "2");
    take(c, source, "3");
    contract_silent(c, source, 100);
}

void work_queue_removes(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "work");
    const aegis_stream_config config = {.name = contract_name(c, "work"),
                                        .subjects = &subject,
                                        .subject_count = 1,
                                        .retention = AEGIS_RETAIN_WORK_QUEUE,
                                        .discard = AEGIS_DISCARD_NEW,
                                        .max_messages = 3,
                                        .storage = AEGIS_STORE_MEMORY};
    contract_ensure_stream(c, &config);
    contract_consumer(c, config.name, "d", subject, 0);
    contract_store(c, subject, "0", NULL);
    contract_store(c, subject, "1", NULL);
    contract_store(c, subject, "2", NULL);
    aegis_source *source = contract_consume(c, config.name, "d", 10);
    aegis_message kept = contract_next(c, source, 5000);
    take(c, source, "1");
    contract_stream_info(c, config.name, 2);
    aegis_message dropped = contract_next(c, source, 5000);
    contract_settle(c, &dropped, AEGIS_TERM, 0);
    contract_stream_info(c, config.name, 1);
    contract_settle(c, &kept, AEGIS_ACK, 0);
    contract_stream_info(c, config.name, 0);
    contract_store(c, subject, "3", NULL);
    take(c, source, "3");
}

void durable_drain_and_wake(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = filled(c, "stop", 0);
    aegis_source *source = contract_consume(c, stream, "d", 10);
    aegis_message message;
    c->ops->wake(source);
    assert_status(AEGIS_CANCELLED, c->ops->next(source, in_ms(5000), &message));
    contract_store(c, contract_subject(c, "stop.x"), "held", NULL);
    aegis_message held = contract_next(c, source, 5000);
    assert_ok(c->ops->drain(source, in_ms(5000)));
    contract_store(c, contract_subject(c, "stop.x"), "after", NULL);
    assert_status(AEGIS_UNAVAILABLE, c->ops->next(source, in_ms(5000), &message));
    /* What was in hand can still be settled; what came after the drain is for the next reader, at once. */
    contract_settle(c, &held, AEGIS_ACK, 0);
    contract_consumer_info(c, stream, "d", 1, 0);
    contract_close(c, source);
    source = contract_consume(c, stream, "d", 10);
    take(c, source, "after");
}

void consumer_from_sequence(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = filled(c, "middle", 5);
    aegis_consumer_config config = {
        .stream = stream, .durable = "m", .filter = contract_subject(c, "middle.>"), .start = 4};
    assert_ok(c->ops->ensure_consumer(c->port, &config, in_ms(5000), NULL));
    aegis_source *source = contract_consume(c, stream, "m", 10);
    take(c, source, "3");
    take(c, source, "4");
    contract_silent(c, source, 100);
    /* Beyond the last: with what comes next. */
    config.durable = "later";
    config.start = 9;
    assert_ok(c->ops->ensure_consumer(c->port, &config, in_ms(5000), NULL));
    source = contract_consume(c, stream, "later", 10);
    contract_store(c, contract_subject(c, "middle.x"), "5", NULL);
    take(c, source, "5");
}

void consumer_deleted(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = filled(c, "deleted", 3);
    aegis_source *source = contract_consume(c, stream, "d", 10);
    take(c, source, "0");
    aegis_message held = contract_next(c, source, 5000);
    contract_settle(c, &held, AEGIS_NAK, AEGIS_MINUTE);
    held = contract_next(c, source, 5000);
    assert_ok(c->ops->delete_consumer(c->port, stream, "d", in_ms(5000), NULL));
    assert_status(AEGIS_NOT_FOUND, c->ops->delete_consumer(c->port, stream, "d", in_ms(5000), NULL));
    assert_status(AEGIS_NOT_FOUND, c->ops->delete_consumer(c->port, "nothing", "d", in_ms(5000), NULL));
    aegis_consumer_info info;
    assert_status(AEGIS_NOT_FOUND, c->ops->consumer_info(c->port, stream, "d", in_ms(5000), &info, NULL));
    (void)c->ops->settle(&held, AEGIS_ACK, 0); /* nobody is there to hear it */
    c->ops->release(&held);
    contract_store(c, contract_subject(c, "deleted.x"), "3", NULL);
    contract_silent(c, source, 300);
    /* The reader goes on with the next one of that name. */
    const aegis_consumer_config config = {
        .stream = stream, .durable = "d", .filter = contract_subject(c, "deleted.>"), .start = 3};
    assert_ok(c->ops->ensure_consumer(c->port, &config, in_ms(5000), NULL));
    take(c, source, "2");
    take(c, source, "3");
    contract_consumer_info(c, stream, "d", 0, 0);
}

static bool there(contract *c, const char *stream, const char *durable)
{
    aegis_consumer_info info;
    return c->ops->consumer_info(c->port, stream, durable, in_ms(5000), &info, NULL) == AEGIS_OK;
}

void consumer_forgotten(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = filled(c, "forgotten", 2);
    const aegis_consumer_config config = {.stream = stream,
                                          .durable = "brief",
                                          .filter = contract_subject(c, "forgotten.>"),
                                          .inactive = AEGIS_SECOND};
    assert_ok(c->ops->ensure_consumer(c->port, &config, in_ms(5000), NULL));
    aegis_source *source = contract_consume(c, stream, "brief", 10);
    take(c, source, "0");
    take(c, source, "1");
    sleep_ms(1500); /* it waits for more: that is reading */
    contract_store(c, contract_subject(c, "forgotten.x"), "2", NULL);
    take(c, source, "2");
    contract_close(c, source);
    for (int i = 0; i < 100 && there(c, stream, "brief"); i++)
        sleep_ms(100);
    assert_false(there(c, stream, "brief"));
    assert_true(there(c, stream, "d"));
}
