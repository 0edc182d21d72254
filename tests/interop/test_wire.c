/* The wire against messages recorded from the original Python SDK: our encoder, given their ids and timestamp, makes
 * the same bytes in both formats; our decoder reads every recorded message, and refuses what is not an envelope. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aegis/generated.h>
#include "aegis/wire.h"

#ifndef TEST_DATA
#define TEST_DATA "tests/interop"
#endif

/* 2025-01-01T00:00:00.123456Z */
#define RECORDED_AT INT64_C(1735689600123456000)

typedef struct recording {
    uint8_t bytes[8192];
    size_t len;
} recording;

static unsigned hex_digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

/* The bytes of `payload_hex` in tests/interop/<name>.json. */
static void load(const char *name, recording *out)
{
    static const char key[] = "\"payload_hex\": \"";
    static char text[65536];
    char path[256];
    FILE *file;
    const char *at;
    size_t size;

    (void)snprintf(path, sizeof path, "%s/%s.json", TEST_DATA, name);
    file = fopen(path, "r");
    assert_non_null(file);
    size = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[size] = '\0';
    at = strstr(text, key);
    assert_non_null(at);
    out->len = 0;
    for (at += sizeof key - 1; *at != '"'; at += 2) {
        assert_true(out->len < sizeof out->bytes);
        out->bytes[out->len++] = (uint8_t)(hex_digit(at[0]) << 4 | hex_digit(at[1]));
    }
}

static aegis_bytes bytes_of(const recording *r)
{
    return (aegis_bytes){r->bytes, r->len};
}

/* A body taken apart into an `any` and put together again. */
static aegis_raw through_any(aegis_raw body, aegis_arena *arena)
{
    aegis_reader reader;
    aegis_writer writer;
    aegis_raw out = {{NULL, 0}, body.format};
    aegis_any any;
    aegis_error error;

    aegis_reader_open(&reader, body.data, body.format, arena);
    any = body.format == AEGIS_FORMAT_JSON ? aegis_js_get_any(&reader) : aegis_mp_get_any(&reader);
    assert_int_equal(aegis_reader_close(&reader, &error), AEGIS_OK);
    aegis_writer_open(&writer, arena, body.format, 0);
    if (body.format == AEGIS_FORMAT_JSON)
        aegis_js_put_any(&writer, any);
    else
        aegis_mp_put_any(&writer, any);
    assert_int_equal(aegis_writer_close(&writer, &out.data, &error), AEGIS_OK);
    return out;
}

static void assert_same(aegis_bytes ours, const recording *theirs)
{
    assert_int_equal(ours.len, theirs->len);
    assert_memory_equal(ours.data, theirs->bytes, theirs->len);
}

static const struct {
    const char *suffix;
    aegis_format format;
} formats[] = {{"msgpack", AEGIS_FORMAT_MSGPACK}, {"json", AEGIS_FORMAT_JSON}};

static void rpc_request_is_byte_for_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        aegis_arena *arena = aegis_arena_new(NULL);
        recording theirs;
        char name[64];
        aegis_wire_rpc_request decoded;
        aegis_bytes ours;
        aegis_error error;

        (void)snprintf(name, sizeof name, "rpc_request_%s", formats[i].suffix);
        load(name, &theirs);
        assert_int_equal(
            aegis_wire_rpc_request_decode(bytes_of(&theirs), AEGIS_FORMAT_AUTO, arena, &decoded, &error), AEGIS_OK);
        const aegis_wire_rpc_request mine = {.message_id = "00000000-0000-4000-8000-000000000001",
                                             .trace_id = "11111111-1111-4111-8111-000000000001",
                                             .timestamp = RECORDED_AT,
                                             .source = "peer-client",
                                             .target = "peer-service",
                                             .method = "echo",
                                             .params = through_any(decoded.params, arena),
                                             .timeout = 5.0};
        assert_int_equal(aegis_wire_rpc_request_encode(&mine, formats[i].format, arena, &ours, &error), AEGIS_OK);
        assert_same(ours, &theirs);
        aegis_arena_free(arena);
    }
}

static void event_is_byte_for_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        aegis_arena *arena = aegis_arena_new(NULL);
        recording theirs;
        char name[64];
        aegis_wire_event decoded;
        aegis_bytes ours;
        aegis_error error;

        (void)snprintf(name, sizeof name, "event_publish_%s", formats[i].suffix);
        load(name, &theirs);
        assert_int_equal(aegis_wire_event_decode(bytes_of(&theirs), AEGIS_FORMAT_AUTO, arena, &decoded, &error),
                         AEGIS_OK);
        const aegis_wire_event mine = {.message_id = "00000000-0000-4000-8000-000000000003",
                                       .trace_id = "11111111-1111-4111-8111-000000000003",
                                       .timestamp = RECORDED_AT,
                                       .source = "peer-client",
                                       .domain = "payment",
                                       .event_type = "received",
                                       .payload = through_any(decoded.payload, arena),
                                       .version = "1.0"};
        assert_int_equal(aegis_wire_event_encode(&mine, formats[i].format, arena, &ours, &error), AEGIS_OK);
        assert_same(ours, &theirs);
        aegis_arena_free(arena);
    }
}

static void command_is_byte_for_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        aegis_arena *arena = aegis_arena_new(NULL);
        recording theirs;
        char name[64];
        aegis_wire_command decoded;
        aegis_bytes ours;
        aegis_error error;

        (void)snprintf(name, sizeof name, "command_publish_%s", formats[i].suffix);
        load(name, &theirs);
        assert_int_equal(
            aegis_wire_command_decode(bytes_of(&theirs), AEGIS_FORMAT_AUTO, arena, &decoded, &error), AEGIS_OK);
        const aegis_wire_command mine = {.message_id = "00000000-0000-4000-8000-000000000007",
                                         .trace_id = "11111111-1111-4111-8111-000000000007",
                                         .timestamp = RECORDED_AT,
                                         .source = "peer-client",
                                         .target = "peer-service",
                                         .command = "process_batch",
                                         .payload = through_any(decoded.payload, arena),
                                         .priority = AEGIS_WIRE_PRIORITY_HIGH,
                                         .max_retries = 2,
                                         .timeout = 5.0};
        assert_int_equal(aegis_wire_command_encode(&mine, formats[i].format, arena, &ours, &error), AEGIS_OK);
        assert_same(ours, &theirs);
        aegis_arena_free(arena);
    }
}

/* Decode `name` in both formats with the decoder of one type; `size` is that of its struct. */
typedef aegis_status (*decoder)(aegis_bytes body, aegis_arena *arena, aegis_error *error);

#define DECODER(type)                                                                                              \
    static aegis_status decode_##type(aegis_bytes body, aegis_arena *arena, aegis_error *error)                   \
    {                                                                                                              \
        aegis_wire_##type value;                                                                                   \
                                                                                                                   \
        return aegis_wire_##type##_decode(body, AEGIS_FORMAT_AUTO, arena, &value, error);                         \
    }
DECODER(rpc_request)
DECODER(rpc_response)
DECODER(event)
DECODER(command)
DECODER(progress)
DECODER(completion)

static const struct {
    const char *name;
    decoder decode;
} recordings[] = {
    {"rpc_request", decode_rpc_request},
    {"rpc_request_to_failing_handler", decode_rpc_request},
    {"rpc_response_success", decode_rpc_response},
    {"rpc_response_error", decode_rpc_response},
    {"rpc_response_invalid_envelope", decode_rpc_response},
    {"event_publish", decode_event},
    {"event_publish_exact", decode_event},
    {"event_redelivery", decode_event},
    {"command_publish", decode_command},
    {"command_delivery", decode_command},
    {"command_progress", decode_progress},
    {"command_progress_int", decode_progress},
    {"command_completion", decode_completion},
};

static void every_recording_decodes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof recordings / sizeof recordings[0]; i++)
        for (size_t f = 0; f < 2; f++) {
            aegis_arena *arena = aegis_arena_new(NULL);
            recording theirs;
            char name[64];
            aegis_error error = {0};

            (void)snprintf(name, sizeof name, "%s_%s", recordings[i].name, formats[f].suffix);
            load(name, &theirs);
            if (recordings[i].decode(bytes_of(&theirs), arena, &error) != AEGIS_OK)
                fail_msg("%s: %s", name, aegis_error_text(&error));
            aegis_arena_free(arena);
        }
}

/* Messages that are plain maps: heartbeats and registry values. */
static void plain_maps_decode_as_any(void **state)
{
    static const char *const names[] = {"heartbeat", "kv_register_put", "kv_heartbeat_put"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (size_t f = 0; f < 2; f++) {
            aegis_arena *arena = aegis_arena_new(NULL);
            recording theirs;
            char name[64];

            (void)snprintf(name, sizeof name, "%s_%s", names[i], formats[f].suffix);
            load(name, &theirs);
            (void)through_any((aegis_raw){bytes_of(&theirs), aegis_format_of(bytes_of(&theirs))}, arena);
            aegis_arena_free(arena);
        }
}

static void invalid_envelope_is_refused_with_the_path(void **state)
{
    (void)state;
    for (size_t f = 0; f < 2; f++) {
        aegis_arena *arena = aegis_arena_new(NULL);
        recording theirs;
        char name[64];
        aegis_error error = {0};

        (void)snprintf(name, sizeof name, "rpc_request_invalid_envelope_%s", formats[f].suffix);
        load(name, &theirs);
        assert_int_equal(decode_rpc_request(bytes_of(&theirs), arena, &error), AEGIS_INVALID_ARGUMENT);
        assert_non_null(strstr(error.text, "message_id"));
        aegis_arena_free(arena);
    }
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof recordings / sizeof recordings[0]; i++)
        for (size_t f = 0; f < 2; f++) {
            recording theirs;
            char name[64];

            (void)snprintf(name, sizeof name, "%s_%s", recordings[i].name, formats[f].suffix);
            load(name, &theirs);
            for (size_t len = 0; len < theirs.len; len++) {
                aegis_arena *arena = aegis_arena_new(NULL);
                uint8_t *exact = (uint8_t *)malloc(len + (len == 0)); /* so that ASan sees one byte too many */
                aegis_error error = {0};

                assert_non_null(exact);
                memcpy(exact, theirs.bytes, len);
                if (recordings[i].decode((aegis_bytes){exact, len}, arena, &error) == AEGIS_OK)
                    fail_msg("%s cut to %zu bytes decodes", name, len);
                free(exact);
                aegis_arena_free(arena);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rpc_request_is_byte_for_byte),
        cmocka_unit_test(event_is_byte_for_byte),
        cmocka_unit_test(command_is_byte_for_byte),
        cmocka_unit_test(every_recording_decodes),
        cmocka_unit_test(plain_maps_decode_as_any),
        cmocka_unit_test(invalid_envelope_is_refused_with_the_path),
        cmocka_unit_test(every_truncation_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
