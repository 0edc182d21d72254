/* Submitted operations: exactly one completion each, whatever happens. */
#include "contract.h"

#include "ports/clock.h"

#include <stdio.h>
#include <string.h>

static aegis_source *completions(contract *c, size_t capacity)
{
    aegis_source *source = NULL;
    assert_ok(c->ops->completions(c->port, capacity, &source, NULL));
    return contract_keep(c, source);
}

static aegis_status submit(contract *c, aegis_source *source, const char *subject, uint64_t token, int64_t ms)
{
    const aegis_outgoing message = {.subject = subject, .body = text_bytes("q")};
    return c->ops->submit(source, AEGIS_OP_REQUEST, &message, token, in_ms(ms), NULL);
}

/* Read a request from `service` and answer it. */
static void answer_one(contract *c, aegis_source *service, const char *body)
{
    aegis_message message = contract_next(c, service, 5000);
    assert_non_null(message.reply);
    const aegis_outgoing answer = {.subject = message.reply, .body = text_bytes(body)};
    aegis_status status = c->ops->publish(c->port, &answer, NULL);
    c->ops->release(&message);
    assert_ok(status);
}

static void expect_completion(contract *c, aegis_source *source, uint64_t token, aegis_status status)
{
    aegis_message message = contract_next(c, source, 5000);
    assert_int_equal(message.token, token);
    assert_status(status, message.status);
    c->ops->release(&message);
}

void submitted_requests_complete(void **state)
{
    enum { COUNT = 200 };
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "many");
    aegis_source *service = contract_subscribe(c, subject, "q");
    aegis_source *source = completions(c, COUNT);
    bool seen[COUNT] = {false};
    for (uint64_t i = 0; i < COUNT; i++)
        assert_ok(submit(c, source, subject, i, 20000));
    for (int i = 0; i < COUNT; i++)
        answer_one(c, service, "a");
    for (int i = 0; i < COUNT; i++) {
        aegis_message message = contract_next(c, source, 5000);
        assert_in_range(message.token, 0, COUNT - 1);
        assert_false(seen[message.token]);
        seen[message.token] = true;
        assert_ok(message.status);
        assert_true(body_is(&message, "a"));
        assert_true(message.arrived > 0);
        c->ops->release(&message);
    }
    contract_silent(c, source, 50);
}

void submitted_without_responders(void **state)
{
    contract *c = (contract *)*state;
    aegis_source *source = completions(c, 0);
    int64_t before = aegis_clock_monotonic();
    assert_ok(submit(c, source, contract_subject(c, "nobody"), 7, 10000));
    aegis_message message = contract_next(c, source, 5000);
    assert_true(elapsed_ms(before) < 3000);
    assert_int_equal(message.token, 7);
    assert_status(AEGIS_UNAVAILABLE, message.status);
    assert_true(message.not_processed);
    c->ops->release(&message);
    contract_silent(c, source, 50);
}

/* Deadlines pass in their own order, not in that of submission. A late answer is nobody's. */
void submitted_deadline(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "late");
    aegis_source *service = contract_subscribe(c, subject, NULL);
    aegis_source *source = completions(c, 0);
    int64_t before = aegis_clock_monotonic();
    assert_ok(submit(c, source, subject, 1, 500));
    assert_ok(submit(c, source, subject, 2, 150));
    expect_completion(c, source, 2, AEGIS_DEADLINE_EXCEEDED);
    assert_in_range(elapsed_ms(before), 145, 450);
    expect_completion(c, source, 1, AEGIS_DEADLINE_EXCEEDED);
    assert_in_range(elapsed_ms(before), 495, 3000);
    answer_one(c, service, "late");
    answer_one(c, service, "late");
    contract_silent(c, source, 100);
}

void submitted_cancel(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "cancel");
    aegis_source *service = contract_subscribe(c, subject, NULL);
    aegis_source *source = completions(c, 0);
    assert_ok(submit(c, source, subject, 1, 10000));
    assert_ok(submit(c, source, subject, 2, 10000));
    c->ops->cancel(source, 1);
    c->ops->cancel(source, 1);
    c->ops->cancel(source, 99);
    expect_completion(c, source, 1, AEGIS_CANCELLED);
    answer_one(c, service, "too late");
    answer_one(c, service, "in time");
    aegis_message message = contract_next(c, source, 5000);
    assert_int_equal(message.token, 2);
    assert_ok(message.status);
    assert_true(body_is(&message, "in time"));
    c->ops->release(&message);
    c->ops->cancel(source, 2);
    contract_silent(c, source, 50);
}

void submitted_capacity(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "few");
    aegis_source *service = contract_subscribe(c, subject, NULL);
    aegis_source *source = completions(c, 3);
    for (uint64_t i = 0; i < 3; i++)
        assert_ok(submit(c, source, subject, i, 10000));
    assert_status(AEGIS_RESOURCE_EXHAUSTED, submit(c, source, subject, 3, 10000));
    answer_one(c, service, "a");
    expect_completion(c, source, 0, AEGIS_OK);
    assert_ok(submit(c, source, subject, 4, 10000));
    /* The source is closed with operations under way: the fixture does it. */
}

void submitted_durable(void **state)
{
    enum { COUNT = 100 };
    contract *c = (contract *)*state;
    contract_stream(c, contract_name(c, "durable"), contract_subject(c, "durable"));
    aegis_source *source = completions(c, 0);
    bool seen[COUNT] = {false};
    for (uint64_t i = 0; i < COUNT; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", (int)(i / 2)); /* each id twice */
        const aegis_header header = {"Nats-Msg-Id", id};
        const aegis_outgoing message = {.subject = contract_subject(c, "durable.x"),
                                        .headers = &header,
                                        .header_count = 1,
                                        .body = text_bytes("x")};
        assert_ok(c->ops->submit(source, AEGIS_OP_PUBLISH_DURABLE, &message, i, in_ms(10000), NULL));
    }
    size_t duplicates = 0;
    for (int i = 0; i < COUNT; i++) {
        aegis_message message = contract_next(c, source, 5000);
        assert_in_range(message.token, 0, COUNT - 1);
        assert_false(seen[message.token]);
        seen[message.token] = true;
        assert_ok(message.status);
        assert_int_equal(message.sequence, message.token / 2 + 1);
        duplicates += message.duplicate;
        c->ops->release(&message);
    }
    assert_int_equal(duplicates, COUNT / 2);
    contract_stream_info(c, contract_name(c, "durable"), COUNT / 2);
    const aegis_outgoing lost = {.subject = contract_subject(c, "no.stream"), .body = text_bytes("x")};
    assert_ok(c->ops->submit(source, AEGIS_OP_PUBLISH_DURABLE, &lost, 1000, in_ms(10000), NULL));
    expect_completion(c, source, 1000, AEGIS_NOT_FOUND);
    contract_silent(c, source, 50);
}

static aegis_status submit_stored(contract *c, aegis_source *source, const aegis_outgoing *like,
                                  uint64_t number)
{
    const char *id = aegis_arena_printf(c->arena, "%llu", (unsigned long long)number);
    const aegis_header header = {"Nats-Msg-Id", id};
    aegis_outgoing message = *like;

    message.headers = &header;
    message.header_count = 1;
    message.body = text_bytes(id);
    return c->ops->submit(source, AEGIS_OP_PUBLISH_DURABLE, &message, number, in_ms(10000), NULL);
}

void submitted_durable_in_order(void **state)
{
    enum { COUNT = 500 };
    contract *c = (contract *)*state;
    const char *stream = contract_name(c, "order");
    const aegis_outgoing message = {.subject = contract_subject(c, "order.x"), .stream = stream};

    contract_stream(c, stream, contract_subject(c, "order"));
    contract_consumer(c, stream, "d", contract_subject(c, "order.>"), 0);
    aegis_source *source = completions(c, COUNT);
    for (uint64_t i = 0; i < COUNT; i++)
        assert_ok(submit_stored(c, source, &message, i));
    for (uint64_t i = 0; i < COUNT; i++)
        expect_completion(c, source, i, AEGIS_OK);
    aegis_source *reader = contract_consume(c, stream, "d", COUNT);
    for (uint64_t i = 0; i < COUNT; i++)
        contract_expect(c, reader, aegis_arena_printf(c->arena, "%llu", (unsigned long long)i));
}

static void expect_failure(contract *c, aegis_source *source, aegis_status status, const char *text)
{
    aegis_message message = contract_next(c, source, 5000);

    assert_status(status, message.status);
    assert_int_equal(message.sequence, 0);
    assert_true(message.body.len > 0);
    assert_non_null(strstr(
        aegis_arena_printf(c->arena, "%.*s", (int)message.body.len, (const char *)message.body.data), text));
    c->ops->release(&message);
}

/* A refusal is an error that says why, and what comes after it is stored when there is room again. */
void submitted_durable_refused(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = contract_name(c, "full"), *subject = contract_subject(c, "full");
    const aegis_stream_config config = {.name = stream,
                                        .subjects = &subject,
                                        .subject_count = 1,
                                        .retention = AEGIS_RETAIN_WORK_QUEUE,
                                        .storage = AEGIS_STORE_MEMORY,
                                        .discard = AEGIS_DISCARD_NEW,
                                        .max_messages = 2};
    const aegis_outgoing message = {.subject = subject, .stream = stream};

    contract_ensure_stream(c, &config);
    contract_consumer(c, stream, "d", subject, 0);
    aegis_source *source = completions(c, 0);
    for (uint64_t i = 0; i < 3; i++)
        assert_ok(submit_stored(c, source, &message, i));
    expect_completion(c, source, 0, AEGIS_OK);
    expect_completion(c, source, 1, AEGIS_OK);
    expect_failure(c, source, AEGIS_RESOURCE_EXHAUSTED, "full");
    aegis_source *reader = contract_consume(c, stream, "d", 1);
    aegis_message taken = contract_next(c, reader, 5000);
    contract_settle(c, &taken, AEGIS_ACK, 0);
    contract_stream_info(c, stream, 1);
    assert_ok(submit_stored(c, source, &message, 4));
    expect_completion(c, source, 4, AEGIS_OK);
}

/* Whoever names a stream wants that one's acknowledgement. */
void durable_of_another_stream(void **state)
{
    contract *c = (contract *)*state;
    const aegis_outgoing message = {
        .subject = contract_subject(c, "other.x"), .stream = "WANTED", .body = text_bytes("x")};
    aegis_error error = {0};

    contract_stream(c, contract_name(c, "other"), contract_subject(c, "other"));
    assert_status(AEGIS_FAILED_PRECONDITION,
                  c->ops->publish_durable(c->port, &message, in_ms(5000), NULL, &error));
    assert_non_null(strstr(error.text, "WANTED"));
    aegis_source *source = completions(c, 0);
    assert_ok(submit_stored(c, source, &message, 1));
    expect_failure(c, source, AEGIS_FAILED_PRECONDITION, "WANTED");
}
