/* Requests without a schema. */
#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <aegis/codec.h>

#include "domain/base64.h"
#include "ports/clock.h"

/* Answers that are kept of one question. */
#define ANSWERS_MAX 10000
#define BYTES_MAX   ((size_t)64 << 20)
#define SLICE       (100 * AEGIS_MILLISECOND)

/* Behind the number that begins at `at`; whether it is an integer that is too large. */
static const char *past_number(const char *at, const char *end, bool *large)
{
    const char *const start = at;
    bool whole = true;

    while (at != end && (strchr("+-.eE", *at) != NULL || (*at >= '0' && *at <= '9'))) {
        whole = whole && *at != '.' && (*at | 0x20) != 'e';
        at++;
    }
    *large = false;
    if (whole && at - start >= 19 && at - start <= 40) {
        char digits[48] = "";

        memcpy(digits, start, (size_t)(at - start));
        errno = 0;
        (void)strtoll(digits, NULL, 10);
        *large = errno != 0;
    }
    return at;
}

/* The same JSON with integers that are too large in quotes; into `to`, which holds three times as much. */
static size_t quote_large(const char *at, size_t size, char *to)
{
    const char *const end = at + size, *next;
    char *const start = to;
    bool quoted = false, large;

    while (at != end) {
        if (!quoted && *at != '\0' && (*at == '-' || (*at >= '0' && *at <= '9'))) {
            next = past_number(at, end, &large);
            if (large)
                *to++ = '"';
            memcpy(to, at, (size_t)(next - at));
            to += next - at;
            if (large)
                *to++ = '"';
            at = next;
            continue;
        }
        quoted ^= *at == '"';
        if (quoted && *at == '\\' && at + 1 != end)
            *to++ = *at++;
        *to++ = *at++;
    }
    return (size_t)(to - start);
}

json_t *wire_parse(const char *text, size_t size, size_t flags, json_error_t *why)
{
    json_error_t error;
    json_t *value = json_loadb(text, size, flags, why != NULL ? why : &error);
    char *quoted;

    if (value != NULL || json_error_code(why != NULL ? why : &error) != json_error_numeric_overflow)
        return value;
    quoted = (char *)malloc(3 * size + 1);
    if (quoted == NULL)
        return NULL;
    value = json_loadb(quoted, quote_large(text, size, quoted), flags, why);
    free(quoted);
    return value;
}

json_t *wire_decode(session *s, aegis_bytes body, aegis_error *error)
{
    const aegis_format format = aegis_format_of(body);
    aegis_raw raw = {body, format}, as_json;
    json_error_t why;
    json_t *value;

    if (format == AEGIS_FORMAT_AUTO) {
        (void)aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "an empty body");
        return NULL;
    }
    if (aegis_transcode(raw, AEGIS_FORMAT_JSON, s->arena, &as_json, error) != AEGIS_OK)
        return NULL;
    value =
        wire_parse((const char *)as_json.data.data, as_json.data.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (value == NULL)
        (void)aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "neither MessagePack nor JSON: %s", why.text);
    return value;
}

json_t *wire_base64(aegis_bytes bytes)
{
    const size_t size = (bytes.len + 2) / 3 * 4;
    uint8_t *text = (uint8_t *)malloc(size + 1);
    json_t *value = NULL;

    if (text != NULL) {
        (void)aegis_base64_encode(bytes.data, bytes.len, text);
        value = json_stringn((const char *)text, size);
    }
    free(text);
    return value;
}

static aegis_status encode(session *s, json_t *body, aegis_bytes *out, aegis_error *error)
{
    const size_t size = body != NULL ? json_dumpb(body, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) : 0;
    char *text = (char *)aegis_arena_alloc(s->arena, size + 1);

    if (text == NULL || (body != NULL && size == 0))
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    out->data = (const uint8_t *)text;
    out->len = body != NULL ? json_dumpb(body, text, size, JSON_COMPACT | JSON_ENCODE_ANY) : 0;
    return AEGIS_OK;
}

aegis_status wire_ask(session *s, const char *subject, json_t *body, aegis_duration timeout, json_t **answer,
                      aegis_error *error)
{
    const aegis_port_ops *ops = s->bus->port->ops;
    aegis_outgoing request = {.subject = subject};
    aegis_message message;
    aegis_status status = encode(s, body, &request.body, error);

    *answer = NULL;
    if (status == AEGIS_OK)
        status = ops->request(s->bus->port, &request, aegis_clock_monotonic() + timeout, &message, error);
    if (status != AEGIS_OK)
        return status;
    *answer = wire_decode(s, message.body, error);
    ops->release(&message);
    return *answer != NULL ? AEGIS_OK : AEGIS_INVALID_ARGUMENT;
}

/* The next one; waits in slices, so that a signal ends it soon. */
static bool next_answer(aegis_source *source, int64_t deadline, aegis_message *message)
{
    aegis_status status = AEGIS_DEADLINE_EXCEEDED;
    int64_t now = aegis_clock_monotonic();

    while (status == AEGIS_DEADLINE_EXCEEDED && now < deadline && !session_interrupted()) {
        const int64_t slice = deadline - now < SLICE ? deadline : now + SLICE;

        status = source->port->ops->next(source, slice, message);
        now = aegis_clock_monotonic();
    }
    return status == AEGIS_OK;
}

/* Until nothing more comes; what cannot be read is passed over. */
static void collect(session *s, aegis_source *source, aegis_duration quiet, int64_t deadline, json_t *answers)
{
    aegis_message message;
    size_t bytes = 0;

    while (json_array_size(answers) < ANSWERS_MAX && bytes < BYTES_MAX &&
           next_answer(source, deadline, &message)) {
        json_t *value = wire_decode(s, message.body, NULL);

        if (json_is_object(value))
            (void)json_object_set_new(value, WIRE_ARRIVED, json_integer(message.arrived));
        bytes += message.body.len;
        source->port->ops->release(&message);
        if (value != NULL)
            (void)json_array_append_new(answers, value);
        deadline = aegis_clock_monotonic() + quiet;
    }
}

aegis_status wire_gather(session *s, const char *subject, aegis_duration quiet, aegis_duration timeout,
                         json_t **answers, aegis_error *error)
{
    return wire_gather_all(s, &subject, 1, quiet, timeout, answers, error);
}

aegis_status wire_gather_all(session *s, const char *const *subjects, size_t count, aegis_duration quiet,
                             aegis_duration timeout, json_t **answers, aegis_error *error)
{
    const aegis_port_ops *ops = s->bus->port->ops;
    const char *prefix = s->options->inbox_prefix != NULL ? s->options->inbox_prefix : "_INBOX";
    char id[AEGIS_UUID_TEXT];
    aegis_outgoing request = {0};
    aegis_source *source = NULL;
    aegis_status status;
    size_t i;

    *answers = NULL;
    request.reply = aegis_arena_printf(s->arena, "%s.%s", prefix, aegis_uuid_format(aegis_uuid_new(), id));
    if (request.reply == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    status = ops->subscribe(s->bus->port, request.reply, NULL, ANSWERS_MAX, false, &source, error);
    if (status != AEGIS_OK)
        return status;
    *answers = json_array();
    for (i = 0; i < count && status == AEGIS_OK; i++) {
        request.subject = subjects[i];
        status = ops->publish(s->bus->port, &request, error);
    }
    if (status == AEGIS_OK && *answers != NULL)
        collect(s, source, quiet, aegis_clock_monotonic() + timeout, *answers);
    ops->close_source(source);
    if (status == AEGIS_OK && *answers == NULL)
        status = aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    if (status != AEGIS_OK) {
        json_decref(*answers);
        *answers = NULL;
    }
    return status;
}

const char *wire_text(json_t *object, const char *key, const char *otherwise)
{
    json_t *value = json_object_get(object, key);

    return json_is_string(value) ? json_string_value(value) : otherwise;
}

double wire_number(json_t *object, const char *key, double otherwise)
{
    json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : otherwise;
}
