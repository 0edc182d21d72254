#include "application/envelope.h"

#include <string.h>

#include "domain/error.h"

#define LONGEST_BUDGET (366 * 24 * AEGIS_HOUR)

aegis_duration aegis_seconds_to_duration(double seconds)
{
    if (!(seconds > 0.0))
        return 0;
    if (seconds > (double)(LONGEST_BUDGET / AEGIS_SECOND))
        return LONGEST_BUDGET;
    return (aegis_duration)(seconds * (double)AEGIS_SECOND);
}

double aegis_duration_to_seconds(aegis_duration duration)
{
    return (double)duration / (double)AEGIS_SECOND;
}

bool aegis_raw_is_nil(aegis_raw value)
{
    if (value.data.len == 0)
        return true;
    if (value.format == AEGIS_FORMAT_JSON)
        return value.data.len == 4 && memcmp(value.data.data, "null", 4) == 0;
    return value.data.len == 1 && value.data.data[0] == 0xc0;
}

void aegis_envelope_open_body(aegis_reader *reader, aegis_raw body, aegis_format format, aegis_arena *arena)
{
    static const uint8_t empty_msgpack[] = {0x80};
    static const uint8_t empty_json[] = {'{', '}'};

    if (!aegis_raw_is_nil(body)) {
        aegis_reader_open(reader, body.data, body.format, arena);
    } else if (format == AEGIS_FORMAT_JSON) {
        aegis_bytes empty = {empty_json, sizeof empty_json};
        aegis_reader_open(reader, empty, AEGIS_FORMAT_JSON, arena);
    } else {
        aegis_bytes empty = {empty_msgpack, sizeof empty_msgpack};
        aegis_reader_open(reader, empty, AEGIS_FORMAT_MSGPACK, arena);
    }
}

/* The hops of a failure; none when memory is short, which is no reason to hide the failure itself. */
static void copy_chain(const aegis_wire_failure_result *result, aegis_arena *arena, aegis_error *failed)
{
    size_t count = result->chain.count < AEGIS_CHAIN_MAX ? result->chain.count : AEGIS_CHAIN_MAX;

    if (count == 0)
        return;
    aegis_cause *chain = (aegis_cause *)aegis_arena_alloc(arena, count * sizeof *chain);
    if (chain == NULL)
        return;
    for (size_t i = 0; i < count; i++) {
        chain[i].service = result->chain.items[i].service;
        chain[i].method = result->chain.items[i].method;
        chain[i].code = result->chain.items[i].code;
        chain[i].message = result->chain.items[i].message;
    }
    failed->chain = chain;
    failed->chain_count = count;
}

static bool read_failure(aegis_raw result, aegis_arena *arena, aegis_wire_failure_result *out)
{
    aegis_reader reader;

    memset(out, 0, sizeof *out);
    if (aegis_raw_is_nil(result))
        return false;
    aegis_reader_open(&reader, result.data, result.format, arena);
    aegis_wire_failure_result_get(&reader, out);
    return aegis_reader_close(&reader, NULL) == AEGIS_OK;
}
/* Which of its typed errors has or had this name on the wire. */
static int error_called(const aegis_method *method, const char *name)
{
    for (size_t i = 0; i < method->error_count; i++) {
        if (strcmp(method->errors[i], name) == 0)
            return (int)i;
    }
    for (size_t i = 0; i < method->older_error_count; i++) {
        if (strcmp(method->older_errors[i].name, name) == 0)
            return (int)method->older_errors[i].index;
    }
    return AEGIS_ANSWER_FAILED;
}

int aegis_envelope_failure(const aegis_method *method, const char *text, aegis_raw result,
                           aegis_format format, aegis_arena *arena, aegis_reader *reader, aegis_error *failed)
{
    aegis_wire_failure_result failure;

    memset(failed, 0, sizeof *failed);
    if (!read_failure(result, arena, &failure)) {
        (void)aegis_error_set(failed, AEGIS_UNKNOWN, "%s",
                              text != NULL ? text : "the service gave no reason");
        return AEGIS_ANSWER_FAILED;
    }
    (void)aegis_error_set(failed, aegis_status_of_code(failure.code), "%s", text != NULL ? text : "");
    failed->code = failure.code;
    failed->type = failure.type;
    failed->not_processed = failure.not_processed.has && failure.not_processed.value;
    copy_chain(&failure, arena, failed);
    int index = failure.type != NULL ? error_called(method, failure.type) : AEGIS_ANSWER_FAILED;
    if (index != AEGIS_ANSWER_FAILED)
        aegis_envelope_open_body(reader, failure.details, format, arena);
    return index;
}
