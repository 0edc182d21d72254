/* The values of <aegis/base.h>: instants, uuids, maps, status codes, formats, error texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "codec/codec.h"
#include "domain/base64.h"
#include "domain/error.h"
#include "domain/time.h"

typedef struct instant {
    const char *text;
    aegis_timestamp value;
} instant;

static void times_both_ways(void **state)
{
    static const instant cases[] = {
        {"1970-01-01T00:00:00+00:00", 0},
        {"1970-01-01T00:00:00.000000001+00:00", 1},
        {"1969-12-31T23:59:59.999999999+00:00", -1},
        {"1970-01-01T00:00:00.001000+00:00", AEGIS_MILLISECOND},
        {"1970-01-01T00:00:00.000001+00:00", AEGIS_MICROSECOND},
        {"2000-02-29T23:59:59+00:00", INT64_C(951868799) * AEGIS_SECOND},
        {"2000-03-01T00:00:00+00:00", INT64_C(951868800) * AEGIS_SECOND},
        {"2025-01-01T00:00:00.123456+00:00", INT64_C(1735689600123456000)},
        {"1900-03-01T00:00:00+00:00", INT64_C(-2203891200) * AEGIS_SECOND},
        {"2262-04-11T23:47:16.854775807+00:00", INT64_MAX},
        {"1677-09-21T00:12:43.145224192+00:00", INT64_MIN},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[AEGIS_TIMESTAMP_TEXT];
        aegis_timestamp value = 7;

        assert_int_equal(aegis_timestamp_format(cases[i].value, text), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
        assert_true(aegis_timestamp_parse(cases[i].text, strlen(cases[i].text), &value));
        assert_true(value == cases[i].value);
    }
}

/* Other ways to write an instant. */
static void times_read(void **state)
{
    static const instant cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01t00:00:00z", 0},
        {"1970-01-01 00:00:00-00:00", 0},
        {"1970-01-01T02:30:00+02:30", 0},
        {"1969-12-31T16:00:00-08:00", 0},
        {"1970-01-01T00:00:00.1Z", 100 * AEGIS_MILLISECOND},
        {"1970-01-01T00:00:00.0000000019999Z", 1},
        {"1970-01-02T00:00:00+23:59", AEGIS_MINUTE},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800) * AEGIS_SECOND},
        {"1969-12-31T23:59:59.5Z", -500 * AEGIS_MILLISECOND},
        {"2262-04-12T01:47:16.854775807+02:00", INT64_MAX},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        aegis_timestamp value = 7;

        assert_true(aegis_timestamp_parse(cases[i].text, strlen(cases[i].text), &value));
        assert_true(value == cases[i].value);
    }
}

static void times_refused(void **state)
{
    static const char *const cases[] = {"",
                                        "1970",
                                        "1970-01-01",
                                        "1970-01-01T00:00:00",
                                        "1970-01-01T00:00Z",
                                        "1970-01-01T00:00:00.Z",
                                        "1970-01-01T00:00:00,5Z",
                                        "1970-01-01T24:00:00Z",
                                        "1970-01-01T00:60:00Z",
                                        "1970-01-01T00:00:61Z",
                                        "1970-00-01T00:00:00Z",
                                        "1970-13-01T00:00:00Z",
                                        "1970-01-00T00:00:00Z",
                                        "1970-04-31T00:00:00Z",
                                        "1900-02-29T00:00:00Z",
                                        "2023-02-29T00:00:00Z",
                                        "1970-01-01T00:00:00+24:00",
                                        "1970-01-01T00:00:00+01:60",
                                        "1970-01-01T00:00:00+0100",
                                        "1970-01-01T00:00:00+1:00",
                                        "1970-01-01T00:00:00 Z",
                                        "1970-01-01T00:00:00ZZ",
                                        " 1970-01-01T00:00:00Z",
                                        "+1970-01-01T00:00:00Z",
                                        "70-01-01T00:00:00Z",
                                        "1970-01-01X00:00:00Z",
                                        "1970-1-01T00:00:00Z",
                                        "2262-04-11T23:47:16.854775808Z",
                                        "1677-09-21T00:12:43.145224191Z",
                                        "0000-01-01T00:00:00Z",
                                        "9999-12-31T23:59:59Z"};
    aegis_timestamp value = 7;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (aegis_timestamp_parse(cases[i], strlen(cases[i]), &value))
            fail_msg("%s was taken", cases[i]);
        assert_true(value == 7);
    }
    assert_false(aegis_timestamp_parse("1970-01-01T00:00:00\0Z", 21, &value));
}

static uint64_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void times_read_back(void **state)
{
    uint64_t seed = 88172645463325252u;
    int i;

    (void)state;
    for (i = 0; i < 20000; i++) {
        aegis_timestamp value = (aegis_timestamp)next(&seed), back = 0;
        char text[AEGIS_TIMESTAMP_TEXT];
        size_t length = aegis_timestamp_format(value, text);

        assert_true(length < sizeof text && text[length] == '\0');
        assert_true(aegis_timestamp_parse(text, length, &back));
        assert_true(back == value);
    }
    assert_true(aegis_now() > INT64_C(1577836800) * AEGIS_SECOND);
}

static void uuids(void **state)
{
    static const char *const bad[] = {"",
                                      "00112233-4455-6677-8899-aabbccddeef",
                                      "00112233-4455-6677-8899-aabbccddeeff0",
                                      "00112233-4455-6677-8899-aabbccddeefg",
                                      "001122334455-6677-8899-aabbccddeeff-",
                                      "00112233445566778899aabbccddeeff",
                                      "{0112233-4455-6677-8899-aabbccddeeff",
                                      "00112233-4455-6677-8899_aabbccddeeff"};
    aegis_uuid uuid = {{0}}, other;
    char text[AEGIS_UUID_TEXT];
    size_t i;

    (void)state;
    assert_true(aegis_uuid_parse("00112233-4455-6677-8899-AABBccddeeff", &uuid));
    for (i = 0; i < 16; i++)
        assert_int_equal(uuid.bytes[i], i * 0x11);
    assert_ptr_equal(aegis_uuid_format(uuid, text), text);
    assert_string_equal(text, "00112233-4455-6677-8899-aabbccddeeff");
    other = uuid;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(aegis_uuid_parse(bad[i], &other));
    assert_false(aegis_uuid_parse(NULL, &other));
    assert_memory_equal(&other, &uuid, sizeof uuid);
    for (i = 0; i < 100; i++) {
        other = aegis_uuid_new();
        assert_memory_not_equal(&other, &uuid, sizeof uuid);
        assert_int_equal(other.bytes[6] & 0xf0, 0x40);
        assert_int_equal(other.bytes[8] & 0xc0, 0x80);
        assert_true(aegis_uuid_parse(aegis_uuid_format(other, text), &uuid));
        assert_memory_equal(&other, &uuid, sizeof uuid);
    }
}

/* The test vectors of RFC 4648 section 10, and what is no padded base64. */
static void base64(void **state)
{
    static const char *const pairs[][2] = {{"", "\"\""},
                                           {"f", "\"Zg==\""},
                                           {"fo", "\"Zm8=\""},
                                           {"foo", "\"Zm9v\""},
                                           {"foob", "\"Zm9vYg==\""},
                                           {"fooba", "\"Zm9vYmE=\""},
                                           {"foobar", "\"Zm9vYmFy\""},
                                           {"\xff\xfe\xfb", "\"//77\""},
                                           {"\xfb\xef\xbe", "\"++++\""}};
    static const char *const bad[] = {"\"Zg=\"",     "\"Zg\"",    "\"Zh==\"",     "\"Zm9=\"",
                                      "\"Z===\"",    "\"====\"",  "\"Zg==Zg==\"", "\"Zm_v\"",
                                      "\"Zm9v\\n\"", "\" Zm9v\"", "12",           "null"};
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_bytes out, value;
    aegis_reader r;
    aegis_writer w;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        aegis_bytes plain = {(const uint8_t *)pairs[i][0], strlen(pairs[i][0])};

        aegis_writer_open(&w, arena, AEGIS_FORMAT_JSON, 0);
        aegis_put_bytes_in(&w, plain, 0, SIZE_MAX);
        assert_int_equal(aegis_writer_close(&w, &out, NULL), AEGIS_OK);
        assert_int_equal(out.len, strlen(pairs[i][1]));
        assert_memory_equal(out.data, pairs[i][1], out.len);
        aegis_reader_open(&r, out, AEGIS_FORMAT_JSON, arena);
        value = aegis_get_bytes_in(&r, 0, 6);
        assert_int_equal(aegis_reader_close(&r, NULL), AEGIS_OK);
        assert_int_equal(value.len, plain.len);
        assert_memory_equal(value.data, plain.data, plain.len);
    }
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        aegis_reader_open(&r, (aegis_bytes){(const uint8_t *)bad[i], strlen(bad[i])}, AEGIS_FORMAT_JSON,
                          arena);
        (void)aegis_get_bytes_in(&r, 0, SIZE_MAX);
        assert_int_equal(aegis_reader_close(&r, NULL), AEGIS_INVALID_ARGUMENT);
    }
    aegis_arena_free(arena);
}

static void maps(void **state)
{
    const aegis_i32_map_entry numbers[] = {{"a", 1}, {"b", 2}, {"a", 3}};
    const aegis_i32_map map = AEGIS_ENTRIES(numbers), none = {NULL, 0};
    const aegis_string_map_entry texts[] = {{"", "empty"}, {"k", "v"}};
    const aegis_string_map text_map = AEGIS_ENTRIES(texts);

    (void)state;
    assert_int_equal(*aegis_i32_map_get(&map, "a"), 3);
    assert_int_equal(*aegis_i32_map_get(&map, "b"), 2);
    assert_null(aegis_i32_map_get(&map, "c"));
    assert_null(aegis_i32_map_get(&none, "a"));
    assert_string_equal(*aegis_string_map_get(&text_map, ""), "empty");
    assert_string_equal(*aegis_string_map_get(&text_map, "k"), "v");
}

static void codes(void **state)
{
    static const struct {
        int status;
        int32_t code;
        bool back;
        const char *name;
    } rows[] = {{AEGIS_CANCELLED, 499, true, "CANCELLED"},
                {AEGIS_UNKNOWN, 520, true, "UNKNOWN"},
                {AEGIS_INVALID_ARGUMENT, 400, true, "INVALID_ARGUMENT"},
                {AEGIS_DEADLINE_EXCEEDED, 504, true, "DEADLINE_EXCEEDED"},
                {AEGIS_NOT_FOUND, 404, true, "NOT_FOUND"},
                {AEGIS_ALREADY_EXISTS, 409, false, "ALREADY_EXISTS"},
                {AEGIS_PERMISSION_DENIED, 403, true, "PERMISSION_DENIED"},
                {AEGIS_RESOURCE_EXHAUSTED, 429, true, "RESOURCE_EXHAUSTED"},
                {AEGIS_FAILED_PRECONDITION, 412, true, "FAILED_PRECONDITION"},
                {AEGIS_ABORTED, 409, true, "ABORTED"},
                {AEGIS_OUT_OF_RANGE, 416, true, "OUT_OF_RANGE"},
                {AEGIS_UNIMPLEMENTED, 501, true, "UNIMPLEMENTED"},
                {AEGIS_INTERNAL, 500, true, "INTERNAL"},
                {AEGIS_UNAVAILABLE, 503, true, "UNAVAILABLE"},
                {AEGIS_DATA_LOSS, 520, false, "DATA_LOSS"},
                {AEGIS_UNAUTHENTICATED, 401, true, "UNAUTHENTICATED"}};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        aegis_status status = (aegis_status)rows[i].status;

        assert_string_equal(aegis_status_name(status), rows[i].name);
        assert_int_equal(aegis_code_of_status(status), rows[i].code);
        if (rows[i].back)
            assert_int_equal(aegis_status_of_code(rows[i].code), status);
    }
    assert_int_equal(aegis_code_of_status(AEGIS_OK), 0);
    assert_string_equal(aegis_status_name((aegis_status)17), "UNKNOWN");
    assert_int_equal(aegis_status_of_code(422), AEGIS_FAILED_PRECONDITION);
    assert_int_equal(aegis_status_of_code(502), AEGIS_UNKNOWN);
    assert_int_equal(aegis_status_of_code(-1), AEGIS_UNKNOWN);
}

static void formats(void **state)
{
    int first;

    (void)state;
    assert_int_equal(aegis_format_of((aegis_bytes){NULL, 0}), AEGIS_FORMAT_AUTO);
    for (first = 0; first < 256; first++) {
        uint8_t byte = (uint8_t)first;
        bool binary = (byte >= 0x80 && byte <= 0x9f) || (byte >= 0xc0 && byte <= 0xdf);

        assert_int_equal(aegis_format_of((aegis_bytes){&byte, 1}),
                         binary ? AEGIS_FORMAT_MSGPACK : AEGIS_FORMAT_JSON);
    }
}

static void error_texts(void **state)
{
    aegis_error error = {0};
    char longer[2 * AEGIS_ERROR_TEXT_MAX];
    size_t i;

    (void)state;
    assert_string_equal(aegis_error_text(NULL), "OK");
    assert_string_equal(aegis_error_text(&error), "OK");
    error.status = AEGIS_NOT_FOUND;
    assert_string_equal(aegis_error_text(&error), "NOT_FOUND");
    error.not_processed = true;
    error.chain_count = 3;
    assert_int_equal(aegis_error_set(&error, AEGIS_ABORTED, "order %d", 7), AEGIS_ABORTED);
    assert_string_equal(aegis_error_text(&error), "order 7");
    assert_true(error.status == AEGIS_ABORTED && error.code == 409 && !error.not_processed &&
                error.chain_count == 0);
    /* Its own text may be an argument. */
    (void)aegis_error_set(&error, AEGIS_ABORTED, "no: %s", error.text);
    assert_string_equal(error.text, "no: order 7");
    assert_int_equal(aegis_error_set(NULL, AEGIS_INTERNAL, "x"), AEGIS_INTERNAL);
    /* Cut between characters, wherever the end falls. */
    for (i = 0; i < 4; i++) {
        size_t k;

        memset(longer, 'a', i);
        for (k = i; k + 5 < sizeof longer; k += 4)
            memcpy(longer + k, "\xf0\x9f\x98\x80", 5);
        (void)aegis_error_set(&error, AEGIS_INTERNAL, "%s", longer);
        k = strlen(error.text);
        assert_true(k < AEGIS_ERROR_TEXT_MAX && k >= AEGIS_ERROR_TEXT_MAX - 5);
        assert_true(aegis_utf8_valid((const uint8_t *)error.text, k));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_both_ways),
        cmocka_unit_test(times_read),
        cmocka_unit_test(times_refused),
        cmocka_unit_test(times_read_back),
        cmocka_unit_test(uuids),
        cmocka_unit_test(base64),
        cmocka_unit_test(maps),
        cmocka_unit_test(codes),
        cmocka_unit_test(formats),
        cmocka_unit_test(error_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
