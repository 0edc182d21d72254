/* What the cases are made of: opening and closing around each, and steps that must succeed. */
#define _POSIX_C_SOURCE 200809L
#include "contract.h"

#include "ports/clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

int contract_setup(void **state)
{
    contract_adapter *adapter = (contract_adapter *)*state;
    contract *c = (contract *)calloc(1, sizeof *c);
    char uuid[AEGIS_UUID_TEXT];
    aegis_error error = {0};
    if (!c)
        return -1;
    memcpy(c->unique, aegis_uuid_format(aegis_uuid_new(), uuid), 8);
    c->arena = aegis_arena_new(NULL);
    if (!c->arena || adapter->open(adapter->user, &c->port, &error) != AEGIS_OK) {
        print_error("%s: cannot open: %s\n", adapter->name, aegis_error_text(&error));
        aegis_arena_free(c->arena);
        free(c);
        return -1;
    }
    c->ops = c->port->ops;
    *state = c;
    return 0;
}

int contract_teardown(void **state)
{
    contract *c = (contract *)*state;
    while (c->source_count > 0)
        c->ops->close_source(c->sources[--c->source_count]);
    c->ops->close(c->port);
    aegis_arena_free(c->arena);
    free(c);
    return 0;
}

int contract_run(contract_adapter *adapter)
{
#define CASE(name) CONTRACT_CASE(adapter, name),
    const struct CMUnitTest tests[] = {CONTRACT_CASES(CASE)};
#undef CASE
    return cmocka_run_group_tests_name(adapter->name, tests, NULL, NULL);
}

const char *contract_subject(contract *c, const char *what)
{
    const char *name = aegis_arena_printf(c->arena, "t.%s.%s", c->unique, what);
    assert_non_null(name);
    return name;
}

const char *contract_name(contract *c, const char *what)
{
    const char *name = aegis_arena_printf(c->arena, "t%s_%s", c->unique, what);
    assert_non_null(name);
    return name;
}

int64_t in_ms(int64_t ms)
{
    return aegis_clock_monotonic() + ms * AEGIS_MILLISECOND;
}

int64_t elapsed_ms(int64_t since)
{
    return (aegis_clock_monotonic() - since) / AEGIS_MILLISECOND;
}

void sleep_ms(int64_t ms)
{
    struct timespec time = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

aegis_bytes text_bytes(const char *text)
{
    return (aegis_bytes){(const uint8_t *)text, strlen(text)};
}

aegis_source *contract_keep(contract *c, aegis_source *source)
{
    assert_non_null(source);
    assert_true(c->source_count < CONTRACT_SOURCES);
    c->sources[c->source_count++] = source;
    return source;
}

void contract_close(contract *c, aegis_source *source)
{
    for (size_t i = 0; i < c->source_count; i++) {
        if (c->sources[i] == source) {
            c->sources[i] = c->sources[--c->source_count];
            c->ops->close_source(source);
            return;
        }
    }
    fail_msg("not a source of this case");
}

aegis_source *contract_subscribe(contract *c, const char *subject, const char *queue)
{
    aegis_source *source = NULL;
    assert_ok(c->ops->subscribe(c->port, subject, queue, 0, false, &source, NULL));
    return contract_keep(c, source);
}

void contract_publish(contract *c, const char *subject, const char *body)
{
    const aegis_outgoing message = {.subject = subject, .body = text_bytes(body)};
    assert_ok(c->ops->publish(c->port, &message, NULL));
}

void contract_flush(contract *c)
{
    assert_ok(c->ops->flush(c->port, in_ms(5000), NULL));
}

aegis_message contract_next(contract *c, aegis_source *source, int64_t ms)
{
    aegis_message message;
    assert_ok(c->ops->next(source, in_ms(ms), &message));
    return message;
}

bool body_is(const aegis_message *message, const char *text)
{
    return message->body.len == strlen(text) && memcmp(message->body.data, text, message->body.len) == 0;
}

void contract_expect(contract *c, aegis_source *source, const char *body)
{
    aegis_message message = contract_next(c, source, 5000);
    if (!body_is(&message, body))
        fail_msg("got '%.*s' for '%s'", (int)message.body.len, (const char *)message.body.data, body);
    c->ops->release(&message);
}

void contract_silent(contract *c, aegis_source *source, int64_t ms)
{
    aegis_message message;
    assert_status(AEGIS_DEADLINE_EXCEEDED, c->ops->next(source, in_ms(ms), &message));
}

void contract_ensure_stream(contract *c, const aegis_stream_config *config)
{
    aegis_error error = {0};
    if (c->ops->ensure_stream(c->port, config, in_ms(5000), NULL, &error) != AEGIS_OK)
        fail_msg("stream %s: %s", config->name, aegis_error_text(&error));
}

void contract_stream(contract *c, const char *stream, const char *subject)
{
    const char *all = aegis_arena_printf(c->arena, "%s.>", subject);
    const aegis_stream_config config = {
        .name = stream, .subjects = &all, .subject_count = 1, .storage = AEGIS_STORE_MEMORY};
    contract_ensure_stream(c, &config);
}

void contract_consumer(contract *c, const char *stream, const char *durable, const char *filter,
                       aegis_duration ack_wait)
{
    const aegis_consumer_config config = {
        .stream = stream, .durable = durable, .filter = filter, .ack_wait = ack_wait};
    aegis_error error = {0};
    if (c->ops->ensure_consumer(c->port, &config, in_ms(5000), &error) != AEGIS_OK)
        fail_msg("consumer %s: %s", durable, aegis_error_text(&error));
}

aegis_source *contract_consume(contract *c, const char *stream, const char *durable, uint32_t credit)
{
    aegis_source *source = NULL;
    assert_ok(c->ops->consume(c->port, stream, durable, &source, NULL));
    contract_keep(c, source);
    if (credit)
        c->ops->credit(source, credit);
    return source;
}

uint64_t contract_store(contract *c, const char *subject, const char *body, const char *id)
{
    const aegis_header header = {"Nats-Msg-Id", id};
    const aegis_outgoing message = {.subject = subject,
                                    .headers = id ? &header : NULL,
                                    .header_count = id ? 1 : 0,
                                    .body = text_bytes(body)};
    aegis_publish_ack ack = {0};
    aegis_error error = {0};
    if (c->ops->publish_durable(c->port, &message, in_ms(5000), &ack, &error) != AEGIS_OK)
        fail_msg("publish to %s: %s", subject, aegis_error_text(&error));
    return ack.sequence;
}

void contract_settle(contract *c, aegis_message *message, aegis_settlement settlement, aegis_duration delay)
{
    assert_ok(c->ops->settle(message, settlement, delay));
    c->ops->release(message);
}

aegis_consumer_info contract_consumer_info(contract *c, const char *stream, const char *durable,
                                           uint64_t pending, uint64_t ack_pending)
{
    aegis_consumer_info info;
    int64_t until = in_ms(2000);
    do {
        assert_ok(c->ops->consumer_info(c->port, stream, durable, in_ms(5000), &info, NULL));
        if (info.pending == pending && info.ack_pending == ack_pending)
            return info;
        sleep_ms(20);
    } while (aegis_clock_monotonic() < until);
    assert_int_equal(info.pending, pending);
    assert_int_equal(info.ack_pending, ack_pending);
    return info;
}

aegis_stream_info contract_stream_info(contract *c, const char *stream, uint64_t messages)
{
    aegis_stream_info info;
    int64_t until = in_ms(2000);
    do {
        assert_ok(c->ops->stream_info(c->port, stream, in_ms(5000), &info, NULL));
        if (info.messages == messages)
            return info;
        sleep_ms(20);
    } while (aegis_clock_monotonic() < until);
    assert_int_equal(info.messages, messages);
    return info;
}
