/* The recorded messages of the original AegisSDK against our generated envelopes.
 *
 * Each file of this folder holds one message as hex. Requests, events and commands have fixed ids, so what we
 * encode must be the recorded bytes; everything else must decode. Bodies are taken through `any` on the way,
 * so that the generic codec has to reproduce them too.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aegis/aegis.h>
#include <aegis/generated.h>
#include <aegis/duties.h>
#include <aegis/wire.h>

#include "application/registry.h"

#define FOLDER "tests/interop/"

/* A file's text in the arena. */
static const char *read_text(aegis_arena *arena, const char *name)
{
    const char *path = aegis_arena_printf(arena, FOLDER "%s.json", name);
    FILE *file;
    char *text;
    long size;

    assert_non_null(path);
    file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("cannot open %s", path);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    assert_true(size > 0);
    rewind(file);
    text = (char *)aegis_arena_alloc(arena, (size_t)size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)size, file), (size_t)size);
    text[size] = '\0';
    (void)fclose(file);
    return text;
}

static unsigned nibble(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The recorded body: the value of "payload_hex". */
static aegis_bytes recorded(aegis_arena *arena, const char *name)
{
    static const char key[] = "\"payload_hex\": \"";
    const char *hex = strstr(read_text(arena, name), key);
    aegis_bytes body = {NULL, 0};
    uint8_t *data;
    size_t length;

    assert_non_null(hex);
    hex += sizeof key - 1;
    length = strcspn(hex, "\"") / 2;
    data = (uint8_t *)aegis_arena_alloc(arena, length);
    assert_non_null(data);
    for (size_t i = 0; i < length; i++)
        data[i] = (uint8_t)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
    body.data = data;
    body.len = length;
    return body;
}

/* `raw` decoded to an `any` and encoded again, in `format`. */
static aegis_raw through_any(aegis_arena *arena, aegis_raw raw, aegis_format format)
{
    aegis_raw out = {{NULL, 0}, format};
    aegis_reader reader;
    aegis_writer writer;
    aegis_error error = {0};
    aegis_any value;

    aegis_reader_open(&reader, raw.data, raw.format, arena);
    value = aegis_get_any(&reader);
    if (aegis_reader_close(&reader, &error) != AEGIS_OK)
        fail_msg("any: %s", aegis_error_text(&error));
    aegis_writer_open(&writer, arena, format, 0);
    aegis_put_any(&writer, value);
    if (aegis_writer_close(&writer, &out.data, &error) != AEGIS_OK)
        fail_msg("any: %s", aegis_error_text(&error));
    return out;
}

static void assert_same(const char *name, aegis_bytes ours, aegis_bytes theirs)
{
    if (ours.len != theirs.len || memcmp(ours.data, theirs.data, ours.len) != 0) {
        if (theirs.data[0] == '{')
            print_error("ours:   %.*s\ntheirs: %.*s\n", (int)ours.len, (const char *)ours.data,
                        (int)theirs.len, (const char *)theirs.data);
        fail_msg("%s: %zu bytes of ours differ from the %zu recorded", name, ours.len, theirs.len);
    }
}

/* 2025-01-01T00:00:00.123456Z, the timestamp of the recorded messages that can be compared byte for byte. */
#define RECORDED_AT (INT64_C(1735689600) * AEGIS_SECOND + INT64_C(123456) * AEGIS_MICROSECOND)

static void same_request(const char *name, const char *body_from, aegis_format format)
{
    AEGIS_SCOPED_ARENA(arena);
    const aegis_bytes theirs = recorded(arena, name);
    aegis_wire_rpc_request source, request = {0};
    aegis_error error = {0};
    aegis_bytes ours;

    if (aegis_wire_rpc_request_decode(recorded(arena, body_from), AEGIS_FORMAT_AUTO, arena, &source,
                                      &error) != AEGIS_OK)
        fail_msg("%s: %s", body_from, aegis_error_text(&error));
    request.message_id = "00000000-0000-4000-8000-000000000001";
    request.trace_id = "11111111-1111-4111-8111-000000000001";
    request.timestamp = RECORDED_AT;
    request.source = "peer-client";
    request.target = "peer-service";
    request.method = "echo";
    request.params = through_any(arena, source.params, format);
    request.timeout = source.timeout;
    if (aegis_wire_rpc_request_encode(&request, format, arena, &ours, &error) != AEGIS_OK)
        fail_msg("%s: %s", name, aegis_error_text(&error));
    assert_same(name, ours, theirs);
}

static void same_event(const char *name, const char *body_from, aegis_format format)
{
    AEGIS_SCOPED_ARENA(arena);
    const aegis_bytes theirs = recorded(arena, name);
    aegis_wire_event source, event = {0};
    aegis_error error = {0};
    aegis_bytes ours;

    if (aegis_wire_event_decode(recorded(arena, body_from), AEGIS_FORMAT_AUTO, arena, &source, &error) !=
        AEGIS_OK)
        fail_msg("%s: %s", body_from, aegis_error_text(&error));
    event.message_id = source.message_id;
    event.trace_id = source.trace_id;
    event.timestamp = RECORDED_AT;
    event.source = "peer-client";
    event.domain = "order";
    event.event_type = "created";
    event.payload = through_any(arena, source.payload, format);
    event.version = "1.0";
    if (aegis_wire_event_encode(&event, format, arena, &ours, &error) != AEGIS_OK)
        fail_msg("%s: %s", name, aegis_error_text(&error));
    assert_same(name, ours, theirs);
}

static void same_command(const char *name, const char *body_from, aegis_format format)
{
    AEGIS_SCOPED_ARENA(arena);
    const aegis_bytes theirs = recorded(arena, name);
    aegis_wire_command source, command = {0};
    aegis_error error = {0};
    aegis_bytes ours;

    if (aegis_wire_command_decode(recorded(arena, body_from), AEGIS_FORMAT_AUTO, arena, &source, &error) !=
        AEGIS_OK)
        fail_msg("%s: %s", body_from, aegis_error_text(&error));
    command.message_id = "00000000-0000-4000-8000-000000000007";
    command.trace_id = "11111111-1111-4111-8111-000000000007";
    command.timestamp = RECORDED_AT;
    command.source = "peer-client";
    command.target = "peer-service";
    command.command = "process_batch";
    command.payload = through_any(arena, source.payload, format);
    command.priority = AEGIS_WIRE_PRIORITY_HIGH;
    command.max_retries = 2;
    command.timeout = source.timeout;
    if (aegis_wire_command_encode(&command, format, arena, &ours, &error) != AEGIS_OK)
        fail_msg("%s: %s", name, aegis_error_text(&error));
    assert_same(name, ours, theirs);
}

static void request_is_reproduced(void **state)
{
    (void)state;
    same_request("rpc_request_msgpack", "rpc_request_msgpack", AEGIS_FORMAT_MSGPACK);
    same_request("rpc_request_json", "rpc_request_json", AEGIS_FORMAT_JSON);
    same_request("rpc_request_json", "rpc_request_msgpack", AEGIS_FORMAT_JSON);
    same_request("rpc_request_msgpack", "rpc_request_json", AEGIS_FORMAT_MSGPACK);
}

static void event_is_reproduced(void **state)
{
    (void)state;
    same_event("event_publish_exact_msgpack", "event_publish_exact_msgpack", AEGIS_FORMAT_MSGPACK);
    same_event("event_publish_exact_json", "event_publish_exact_json", AEGIS_FORMAT_JSON);
}

static void command_is_reproduced(void **state)
{
    (void)state;
    same_command("command_publish_msgpack", "command_publish_msgpack", AEGIS_FORMAT_MSGPACK);
    same_command("command_publish_json", "command_publish_json", AEGIS_FORMAT_JSON);
    same_command("command_publish_json", "command_publish_msgpack", AEGIS_FORMAT_JSON);
}

/* The values of the registry, and with the original's spaces the heartbeats, come out as they went in. */
static void same_entry(const char *name)
{
    AEGIS_SCOPED_ARENA(arena);
    const aegis_bytes theirs = recorded(arena, name);
    aegis_duties_registry_entry entry;
    aegis_error error = {0};
    aegis_bytes ours;

    if (aegis_duties_registry_entry_decode(theirs, AEGIS_FORMAT_AUTO, arena, &entry, &error) != AEGIS_OK ||
        aegis_duties_registry_entry_encode(&entry, AEGIS_FORMAT_JSON, arena, &ours, &error) != AEGIS_OK)
        fail_msg("%s: %s", name, aegis_error_text(&error));
    assert_string_equal(entry.service, "peer-service");
    assert_string_equal(entry.instance, "peer-1");
    assert_int_equal(entry.status, AEGIS_DUTIES_INSTANCE_STATUS_ACTIVE);
    assert_same(name, ours, theirs);
}

static void registry_is_reproduced(void **state)
{
    (void)state;
    same_entry("kv_register_put_json");
    same_entry("kv_register_put_msgpack");
    same_entry("kv_heartbeat_put_json");
    same_entry("kv_heartbeat_put_msgpack");
}

static void same_heartbeat(const char *name)
{
    AEGIS_SCOPED_ARENA(arena);
    const aegis_bytes theirs = recorded(arena, name);
    aegis_duties_heartbeat beat;
    aegis_error error = {0};
    aegis_bytes ours;

    if (aegis_duties_heartbeat_decode(theirs, AEGIS_FORMAT_AUTO, arena, &beat, &error) != AEGIS_OK ||
        aegis_duties_heartbeat_encode(&beat, AEGIS_FORMAT_JSON, arena, &ours, &error) != AEGIS_OK)
        fail_msg("%s: %s", name, aegis_error_text(&error));
    assert_int_equal(beat.metrics.summaries.count, 4);
    assert_same(name, aegis_json_spread(ours, arena), theirs);
}

static void heartbeat_is_reproduced(void **state)
{
    AEGIS_SCOPED_ARENA(arena);
    static const char compact[] = "{\"a,b:\\\"c,\":[1,2]}", spaced[] = "{\"a,b:\\\"c,\": [1, 2]}";
    const aegis_bytes quoted = {(const uint8_t *)compact, strlen(compact)};
    aegis_bytes spread;

    (void)state;
    same_heartbeat("heartbeat_json");
    same_heartbeat("heartbeat_msgpack");
    spread = aegis_json_spread(quoted, arena);
    assert_int_equal(spread.len, strlen(spaced));
    assert_memory_equal(spread.data, spaced, spread.len);
}

typedef union envelope {
    aegis_wire_rpc_request request;
    aegis_wire_rpc_response response;
    aegis_wire_event event;
    aegis_wire_command command;
    aegis_wire_progress progress;
    aegis_wire_completion completion;
} envelope;

typedef enum envelope_kind { REQUEST, RESPONSE, EVENT, COMMAND, PROGRESS, COMPLETION } envelope_kind;

static aegis_status decode_as(envelope_kind kind, aegis_bytes body, aegis_arena *arena, aegis_error *error)
{
    envelope out;

    switch (kind) {
    case REQUEST:
        return aegis_wire_rpc_request_decode(body, AEGIS_FORMAT_AUTO, arena, &out.request, error);
    case RESPONSE:
        return aegis_wire_rpc_response_decode(body, AEGIS_FORMAT_AUTO, arena, &out.response, error);
    case EVENT:
        return aegis_wire_event_decode(body, AEGIS_FORMAT_AUTO, arena, &out.event, error);
    case COMMAND:
        return aegis_wire_command_decode(body, AEGIS_FORMAT_AUTO, arena, &out.command, error);
    case PROGRESS:
        return aegis_wire_progress_decode(body, AEGIS_FORMAT_AUTO, arena, &out.progress, error);
    case COMPLETION:
        return aegis_wire_completion_decode(body, AEGIS_FORMAT_AUTO, arena, &out.completion, error);
    }
    return AEGIS_INTERNAL;
}

static void every_message_decodes(void **state)
{
    static const struct {
        const char *name;
        envelope_kind kind;
    } messages[] = {
        {"rpc_request", REQUEST},
        {"rpc_request_to_failing_handler", REQUEST},
        {"rpc_response_success", RESPONSE},
        {"rpc_response_error", RESPONSE},
        {"rpc_response_invalid_envelope", RESPONSE},
        {"event_publish", EVENT},
        {"event_publish_exact", EVENT},
        {"event_redelivery", EVENT},
        {"command_publish", COMMAND},
        {"command_delivery", COMMAND},
        {"command_progress", PROGRESS},
        {"command_progress_int", PROGRESS},
        {"command_completion", COMPLETION},
    };
    static const char *const formats[] = {"msgpack", "json"};

    (void)state;
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
        for (size_t f = 0; f < 2; f++) {
            AEGIS_SCOPED_ARENA(arena);
            aegis_error error = {0};
            const char *name = aegis_arena_printf(arena, "%s_%s", messages[i].name, formats[f]);

            if (decode_as(messages[i].kind, recorded(arena, name), arena, &error) != AEGIS_OK)
                fail_msg("%s: %s", name, aegis_error_text(&error));
        }
}

static void invalid_requests_are_refused_with_the_path(void **state)
{
    static const char *const names[] = {"rpc_request_invalid_envelope_msgpack",
                                        "rpc_request_invalid_envelope_json"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        AEGIS_SCOPED_ARENA(arena);
        aegis_error error = {0};

        assert_int_equal(decode_as(REQUEST, recorded(arena, names[i]), arena, &error),
                         AEGIS_INVALID_ARGUMENT);
        assert_non_null(strstr(error.text, "message_id"));
    }
}

static void bodies_that_are_empty_are_refused(void **state)
{
    const aegis_bytes nothing = {NULL, 0};
    AEGIS_SCOPED_ARENA(arena);
    aegis_error error = {0};

    (void)state;
    assert_int_not_equal(decode_as(REQUEST, nothing, arena, &error), AEGIS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_is_reproduced),
        cmocka_unit_test(event_is_reproduced),
        cmocka_unit_test(command_is_reproduced),
        cmocka_unit_test(registry_is_reproduced),
        cmocka_unit_test(heartbeat_is_reproduced),
        cmocka_unit_test(every_message_decodes),
        cmocka_unit_test(invalid_requests_are_refused_with_the_path),
        cmocka_unit_test(bodies_that_are_empty_are_refused),
    };

    return cmocka_run_group_tests_name("recorded wire", tests, NULL, NULL);
}
