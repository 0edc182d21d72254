/* One message by its number, and what is said of streams and buckets that are not as asked for. */
#include "contract.h"

#include <stdlib.h>
#include <string.h>

static aegis_status get(contract *c, const char *stream, const char *filter, uint64_t sequence,
                        aegis_stored *stored)
{
    return c->ops->message_get(c->port, stream, filter, sequence, in_ms(5000), c->arena, stored, NULL);
}

void message_get_by_sequence(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = contract_name(c, "get");
    const aegis_header headers[] = {{"One", "first value"}, {"Two", "za\xc5\xbc: \"x\""}, {"Empty", ""}};
    uint8_t binary[256];
    const aegis_outgoing message = {.subject = contract_subject(c, "get.a"),
                                    .headers = headers,
                                    .header_count = 3,
                                    .body = {binary, sizeof binary}};
    aegis_publish_ack ack;
    aegis_stored stored;
    for (size_t i = 0; i < sizeof binary; i++)
        binary[i] = (uint8_t)i;
    contract_stream(c, stream, contract_subject(c, "get"));
    contract_store(c, contract_subject(c, "get.b"), "", NULL);
    assert_ok(c->ops->publish_durable(c->port, &message, in_ms(5000), &ack, NULL));
    assert_ok(get(c, stream, NULL, 2, &stored));
    assert_string_equal(stored.subject, message.subject);
    assert_int_equal(stored.sequence, 2);
    assert_int_equal(stored.body.len, sizeof binary);
    assert_memory_equal(stored.body.data, binary, sizeof binary);
    assert_int_equal(stored.header_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(stored.headers[i].name, headers[i].name);
        assert_string_equal(stored.headers[i].value, headers[i].value);
    }
    int64_t age = aegis_now() - stored.stored_at;
    assert_true(age >= 0 && age < AEGIS_MINUTE);
    assert_ok(get(c, stream, NULL, 1, &stored));
    assert_int_equal(stored.body.len, 0);
    assert_int_equal(stored.header_count, 0);
    assert_status(AEGIS_NOT_FOUND, get(c, stream, NULL, 3, &stored));
    assert_status(AEGIS_NOT_FOUND, get(c, contract_name(c, "none"), NULL, 1, &stored));
}

void message_get_by_subject(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = contract_name(c, "next");
    const char *wide = contract_subject(c, "next.b.*"), *narrow = contract_subject(c, "next.b.x");
    aegis_stored stored;
    contract_stream(c, stream, contract_subject(c, "next"));
    contract_store(c, contract_subject(c, "next.a.x"), "1", NULL);
    contract_store(c, contract_subject(c, "next.b.x"), "2", NULL);
    contract_store(c, contract_subject(c, "next.a.x"), "3", NULL);
    contract_store(c, contract_subject(c, "next.b.y"), "4", NULL);
    assert_ok(get(c, stream, wide, 0, &stored));
    assert_int_equal(stored.sequence, 2);
    assert_ok(get(c, stream, wide, 2, &stored));
    assert_int_equal(stored.sequence, 2);
    assert_ok(get(c, stream, wide, 3, &stored));
    assert_int_equal(stored.sequence, 4);
    assert_memory_equal(stored.body.data, "4", 1);
    assert_status(AEGIS_NOT_FOUND, get(c, stream, wide, 5, &stored));
    assert_status(AEGIS_NOT_FOUND, get(c, stream, narrow, 3, &stored));
    assert_status(AEGIS_INVALID_ARGUMENT, get(c, stream, "a..b", 1, &stored));
}

void message_large(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = contract_name(c, "large");
    const size_t size = (size_t)1 << 20;
    uint8_t *bytes = (uint8_t *)malloc(size);
    aegis_stored stored;
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(i * 31 + (i >> 8));
    contract_stream(c, stream, contract_subject(c, "large"));
    const aegis_outgoing message = {.subject = contract_subject(c, "large.x"), .body = {bytes, size}};
    aegis_status status = c->ops->publish_durable(c->port, &message, in_ms(5000), NULL, NULL);
    if (status == AEGIS_OK)
        status = get(c, stream, NULL, 1, &stored);
    bool same = status == AEGIS_OK && stored.body.len == size && memcmp(stored.body.data, bytes, size) == 0;
    free(bytes);
    assert_ok(status);
    assert_true(same);
}

void message_deleted(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = contract_name(c, "del"), *subject = contract_subject(c, "del.x");
    aegis_stored stored;
    contract_stream(c, stream, contract_subject(c, "del"));
    for (int i = 0; i < 3; i++)
        contract_store(c, subject, "x", NULL);
    assert_ok(c->ops->message_delete(c->port, stream, 2, in_ms(5000), NULL));
    aegis_stream_info info = contract_stream_info(c, stream, 2);
    assert_int_equal(info.last_sequence, 3);
    assert_status(AEGIS_NOT_FOUND, get(c, stream, NULL, 2, &stored));
    assert_ok(get(c, stream, contract_subject(c, "del.>"), 2, &stored));
    assert_int_equal(stored.sequence, 3);
    assert_status(AEGIS_NOT_FOUND, c->ops->message_delete(c->port, stream, 2, in_ms(5000), NULL));
    assert_status(AEGIS_NOT_FOUND, c->ops->message_delete(c->port, stream, 9, in_ms(5000), NULL));
    for (uint64_t i = 1; i <= 3; i += 2)
        assert_ok(c->ops->message_delete(c->port, stream, i, in_ms(5000), NULL));
    for (uint64_t i = 1; i <= 3; i++)
        assert_status(AEGIS_NOT_FOUND, c->ops->message_delete(c->port, stream, i, in_ms(5000), NULL));
    assert_status(AEGIS_NOT_FOUND,
                  c->ops->message_delete(c->port, contract_name(c, "none"), 1, in_ms(5000), NULL));
}

/* A reader does not stumble over what was deleted under it. */
void message_deleted_is_not_delivered(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = contract_name(c, "gap"), *subject = contract_subject(c, "gap.x");
    contract_stream(c, stream, contract_subject(c, "gap"));
    contract_consumer(c, stream, "d", subject, 0);
    contract_store(c, subject, "1", NULL);
    contract_store(c, subject, "2", NULL);
    contract_store(c, subject, "3", NULL);
    assert_ok(c->ops->message_delete(c->port, stream, 2, in_ms(5000), NULL));
    aegis_source *source = contract_consume(c, stream, "d", 10);
    aegis_message message = contract_next(c, source, 5000);
    assert_true(body_is(&message, "1"));
    contract_settle(c, &message, AEGIS_ACK, 0);
    message = contract_next(c, source, 5000);
    assert_true(body_is(&message, "3"));
    contract_settle(c, &message, AEGIS_ACK, 0);
    contract_consumer_info(c, stream, "d", 0, 0);
}

/* Sizes and ages are told, and no reason to refuse. */
void stream_limits_are_told(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "limits.>");
    const aegis_stream_config made = {.name = contract_name(c, "limits"),
                                      .subjects = &subject,
                                      .subject_count = 1,
                                      .storage = AEGIS_STORE_MEMORY,
                                      .max_bytes = 4096,
                                      .max_age = AEGIS_HOUR};
    aegis_stream_config wanted = made;
    aegis_stream_info info;
    contract_ensure_stream(c, &made);
    wanted.max_bytes = 0;
    wanted.max_messages = 10;
    wanted.max_age = 90 * AEGIS_SECOND;
    wanted.duplicate_window = 1500 * AEGIS_MILLISECOND;
    assert_ok(c->ops->ensure_stream(c->port, &wanted, in_ms(5000), &info, NULL));
    assert_int_equal(info.differs, 0);
    assert_string_equal(info.difference, "");
    assert_string_equal(
        info.limits, "max_bytes is 4096, not unlimited; max_msgs is unlimited, not 10; max_age is 3600s, not "
                     "90s; duplicate_window is 120s, not 1500ms");
}

/* Every point is named, with what is and what was wanted. */
void stream_difference_is_exact(void **state)
{
    contract *c = (contract *)*state;
    const char *one = contract_subject(c, "exact.a"), *other = contract_subject(c, "exact.b");
    const aegis_stream_config made = {.name = contract_name(c, "exact"),
                                      .subjects = &one,
                                      .subject_count = 1,
                                      .storage = AEGIS_STORE_MEMORY};
    const aegis_stream_config wanted = {.name = made.name,
                                        .subjects = &other,
                                        .subject_count = 1,
                                        .retention = AEGIS_RETAIN_WORK_QUEUE,
                                        .discard = AEGIS_DISCARD_NEW};
    aegis_stream_info info;
    aegis_error error = {0};
    contract_ensure_stream(c, &made);
    assert_status(AEGIS_FAILED_PRECONDITION,
                  c->ops->ensure_stream(c->port, &wanted, in_ms(5000), &info, &error));
    assert_int_equal(info.differs, AEGIS_POINT_SUBJECTS | AEGIS_POINT_RETENTION | AEGIS_POINT_STORAGE |
                                       AEGIS_POINT_DISCARD);
    assert_string_equal(info.difference,
                        aegis_arena_printf(c->arena,
                                           "subjects are '%s', not '%s'; retention is limits, not workqueue; "
                                           "storage is memory, not file; discard is old, not new",
                                           one, other));
    assert_non_null(strstr(error.text, info.difference));
    /* nothing was altered by asking */
    assert_ok(c->ops->ensure_stream(c->port, &made, in_ms(5000), &info, NULL));
    assert_string_equal(info.difference, "");
    assert_string_equal(info.limits, "");
}

void bucket_difference(void **state)
{
    contract *c = (contract *)*state;
    const aegis_stream_config made = {.bucket = true,
                                      .name = contract_name(c, "bucket"),
                                      .storage = AEGIS_STORE_MEMORY,
                                      .max_age = AEGIS_HOUR};
    aegis_stream_config wanted = made;
    aegis_stream_info info;
    aegis_error error = {0};
    assert_ok(c->ops->ensure_stream(c->port, &made, in_ms(5000), &info, NULL));
    assert_true(info.ours);
    assert_string_equal(info.difference, "");
    assert_string_equal(info.limits, "");
    wanted.max_age = AEGIS_MINUTE;
    wanted.max_per_subject = 5;
    assert_ok(c->ops->ensure_stream(c->port, &wanted, in_ms(5000), &info, NULL));
    assert_string_equal(info.limits, "max_msgs_per_subject is 1, not 5; max_age is 3600s, not 60s; "
                                     "duplicate_window is 120s, not 60s");
    wanted.storage = AEGIS_STORE_FILE;
    assert_status(AEGIS_FAILED_PRECONDITION,
                  c->ops->ensure_stream(c->port, &wanted, in_ms(5000), &info, &error));
    assert_non_null(strstr(error.text, "storage is memory, not file"));
}

void full_bucket_refuses(void **state)
{
    contract *c = (contract *)*state;
    const aegis_stream_config config = {
        .bucket = true, .name = contract_name(c, "little"), .storage = AEGIS_STORE_MEMORY, .max_bytes = 2048};
    uint8_t value[700] = {0};
    const aegis_bytes large = {value, sizeof value}, small = {value, 1};
    aegis_error error = {0};
    aegis_status status = AEGIS_OK;
    uint64_t revision = 0;
    int stored = 0;
    assert_ok(c->ops->ensure_stream(c->port, &config, in_ms(5000), NULL, NULL));
    for (int i = 0; i < 10 && status == AEGIS_OK; i++) {
        const char *key = aegis_arena_printf(c->arena, "k%d", i);
        status = c->ops->kv_put(c->port, config.name, key, large, 0, in_ms(5000), &revision, &error);
        stored += status == AEGIS_OK;
    }
    assert_status(AEGIS_RESOURCE_EXHAUSTED, status);
    assert_in_range(stored, 1, 2);
    assert_true(error.text[0] != '\0');
    assert_ok(c->ops->kv_put(c->port, config.name, "k0", small, AEGIS_KV_ANY, in_ms(5000), NULL, NULL));
}
