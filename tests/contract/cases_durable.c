/* Streams and durable publication: what is promised once publish_durable has returned OK. */
#include "contract.h"

#include "ports/clock.h"

#include <stdlib.h>
#include <string.h>

void stream_create_and_verify(void **state)
{
    contract *c = (contract *)*state;
    const char *subjects[] = {contract_subject(c, "made.a"), contract_subject(c, "made.b.>")};
    const aegis_stream_config config = {.name = contract_name(c, "made"),
                                        .subjects = subjects,
                                        .subject_count = 2,
                                        .max_bytes = 1 << 20,
                                        .max_age = AEGIS_HOUR,
                                        .duplicate_window = AEGIS_MINUTE,
                                        .discard = AEGIS_DISCARD_NEW};
    for (int i = 0; i < 2; i++) {
        aegis_stream_info info;
        aegis_error error = {0};
        memset(&info, 0xff, sizeof info);
        aegis_status status = c->ops->ensure_stream(c->port, &config, in_ms(5000), &info, &error);
        assert_string_equal(error.text, "");
        assert_ok(status);
        assert_int_equal(info.messages, i);
        assert_true(info.ours);
        assert_string_equal(info.difference, "");
        contract_store(c, subjects[0], "x", NULL);
    }
    aegis_stream_info info = contract_stream_info(c, config.name, 2);
    assert_int_equal(info.first_sequence, 1);
    assert_int_equal(info.last_sequence, 2);
    assert_true(info.bytes > 0);
    assert_true(info.ours);
}

static void differs(contract *c, const aegis_stream_config *config)
{
    aegis_error error = {0};
    aegis_stream_info info;
    assert_status(AEGIS_FAILED_PRECONDITION,
                  c->ops->ensure_stream(c->port, config, in_ms(5000), &info, &error));
    assert_non_null(strstr(error.text, config->name));
    assert_true(info.difference[0] != '\0');
}

void stream_difference(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "diff.>");
    const char *other = contract_subject(c, "other.>");
    const aegis_stream_config made = {
        .name = contract_name(c, "diff"), .subjects = &subject, .subject_count = 1};
    contract_ensure_stream(c, &made);
    aegis_stream_config config = made;
    config.subjects = &other;
    differs(c, &config);
    config = made;
    config.retention = AEGIS_RETAIN_WORK_QUEUE;
    differs(c, &config);
    config = made;
    config.storage = AEGIS_STORE_MEMORY;
    differs(c, &config);
    contract_ensure_stream(c, &made);
}

void stream_missing(void **state)
{
    contract *c = (contract *)*state;
    aegis_stream_info info;
    aegis_error error = {0};
    assert_status(AEGIS_NOT_FOUND,
                  c->ops->stream_info(c->port, contract_name(c, "none"), in_ms(5000), &info, &error));
    assert_true(error.text[0] != '\0');
}

static aegis_publish_ack store(contract *c, const char *subject, const char *id)
{
    const aegis_header header = {"Nats-Msg-Id", id};
    const aegis_outgoing message = {
        .subject = subject, .headers = &header, .header_count = 1, .body = text_bytes("x")};
    aegis_publish_ack ack = {0};
    assert_ok(c->ops->publish_durable(c->port, &message, in_ms(5000), &ack, NULL));
    return ack;
}

void durable_ack_and_duplicate(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = contract_name(c, "dup"), *subject = contract_subject(c, "dup.x");
    contract_stream(c, stream, contract_subject(c, "dup"));
    aegis_publish_ack ack = store(c, subject, "id-1");
    assert_int_equal(ack.sequence, 1);
    assert_false(ack.duplicate);
    ack = store(c, subject, "id-2");
    assert_int_equal(ack.sequence, 2);
    ack = store(c, subject, "id-1");
    assert_true(ack.duplicate);
    assert_int_equal(ack.sequence, 1);
    assert_int_equal(contract_store(c, subject, "x", NULL), 3);
    assert_int_equal(contract_store(c, subject, "x", NULL), 4);
    contract_stream_info(c, stream, 4);
}

void durable_is_delivered_live(void **state)
{
    contract *c = (contract *)*state;
    contract_stream(c, contract_name(c, "live"), contract_subject(c, "live"));
    aegis_source *source = contract_subscribe(c, contract_subject(c, "live.*"), NULL);
    contract_store(c, contract_subject(c, "live.x"), "both", NULL);
    contract_expect(c, source, "both");
}

void durable_without_stream(void **state)
{
    contract *c = (contract *)*state;
    const aegis_header header = {"Nats-Msg-Id", "1"};
    for (size_t headers = 0; headers < 2; headers++) {
        const aegis_outgoing message = {.subject = contract_subject(c, "no.stream"),
                                        .headers = headers ? &header : NULL,
                                        .header_count = headers,
                                        .body = text_bytes("x")};
        aegis_error error = {0};
        int64_t before = aegis_clock_monotonic();
        assert_status(AEGIS_NOT_FOUND, c->ops->publish_durable(c->port, &message, in_ms(5000), NULL, &error));
        assert_true(elapsed_ms(before) < 3000);
        assert_non_null(strstr(error.text, message.subject));
    }
}

void full_stream_refuses(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "full");
    const aegis_stream_config config = {.name = contract_name(c, "full"),
                                        .subjects = &subject,
                                        .subject_count = 1,
                                        .storage = AEGIS_STORE_MEMORY,
                                        .discard = AEGIS_DISCARD_NEW,
                                        .max_messages = 2};
    contract_ensure_stream(c, &config);
    contract_store(c, subject, "1", "1");
    contract_store(c, subject, "2", NULL);
    const aegis_outgoing message = {.subject = subject, .body = text_bytes("3")};
    aegis_error error = {0};
    assert_status(AEGIS_RESOURCE_EXHAUSTED,
                  c->ops->publish_durable(c->port, &message, in_ms(5000), NULL, &error));
    assert_true(error.text[0] != '\0');
    contract_stream_info(c, config.name, 2);
}

void full_stream_discards_old(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "old");
    const aegis_stream_config config = {.name = contract_name(c, "old"),
                                        .subjects = &subject,
                                        .subject_count = 1,
                                        .storage = AEGIS_STORE_MEMORY,
                                        .max_messages = 2};
    contract_ensure_stream(c, &config);
    for (uint64_t i = 1; i <= 5; i++)
        assert_int_equal(contract_store(c, subject, "x", NULL), i);
    aegis_stream_info info = contract_stream_info(c, config.name, 2);
    assert_int_equal(info.first_sequence, 4);
    assert_int_equal(info.last_sequence, 5);
}

/* How a message reaches those who listen on a subject that a stream takes, without being stored. */
void expected_stream_keeps_out(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "keep.out");
    contract_stream(c, contract_name(c, "keep"), contract_subject(c, "keep"));
    aegis_source *source = contract_subscribe(c, subject, NULL);
    const aegis_header header = {"Nats-Expected-Stream", "-"};
    const aegis_outgoing message = {
        .subject = subject, .headers = &header, .header_count = 1, .body = text_bytes("live only")};
    assert_ok(c->ops->publish(c->port, &message, NULL));
    contract_expect(c, source, "live only");
    contract_publish(c, subject, "stored");
    contract_expect(c, source, "stored");
    contract_store(c, subject, "stored too", NULL);
    aegis_stream_info info = contract_stream_info(c, contract_name(c, "keep"), 2);
    assert_int_equal(info.last_sequence, 2);
}

void durable_too_large(void **state)
{
    contract *c = (contract *)*state;
    contract_stream(c, contract_name(c, "big"), contract_subject(c, "big"));
    size_t size = ((size_t)1 << 20) + 1;
    uint8_t *bytes = (uint8_t *)calloc(1, size);
    assert_non_null(bytes);
    const aegis_outgoing message = {.subject = contract_subject(c, "big.x"), .body = {bytes, size}};
    aegis_status status = c->ops->publish_durable(c->port, &message, in_ms(5000), NULL, NULL);
    free(bytes);
    assert_status(AEGIS_RESOURCE_EXHAUSTED, status);
    contract_stream_info(c, contract_name(c, "big"), 0);
}

/* A stream "what" on its subject that forgets messages, or ids, after a second. */
static const char *forgetful(contract *c, const char *what, aegis_duration max_age, aegis_duration window)
{
    const char *subject = contract_subject(c, what);
    const aegis_stream_config config = {.name = contract_name(c, what),
                                        .subjects = &subject,
                                        .subject_count = 1,
                                        .storage = AEGIS_STORE_MEMORY,
                                        .max_age = max_age,
                                        .duplicate_window = window};
    contract_ensure_stream(c, &config);
    return subject;
}

void stream_max_age(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = forgetful(c, "aging", AEGIS_SECOND, 0);
    contract_store(c, subject, "x", NULL);
    contract_stream_info(c, contract_name(c, "aging"), 1);
    sleep_ms(1000);
    aegis_stream_info info = contract_stream_info(c, contract_name(c, "aging"), 0);
    assert_int_equal(info.last_sequence, 1);
    assert_int_equal(contract_store(c, subject, "y", NULL), 2);
}

void duplicate_window_ends(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = forgetful(c, "window", 0, AEGIS_SECOND);
    assert_int_equal(store(c, subject, "id").sequence, 1);
    assert_true(store(c, subject, "id").duplicate);
    sleep_ms(2200);
    aegis_publish_ack ack = store(c, subject, "id");
    assert_false(ack.duplicate);
    assert_int_equal(ack.sequence, 2);
}
