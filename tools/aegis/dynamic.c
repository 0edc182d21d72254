/* What stubs do, with descriptors made at run time and bodies as JSON. */
#include "dynamic.h"

#include <string.h>

#include "application/commands_client.h"
#include "descriptor.h"
#include "domain/time.h"
#include "ports/clock.h"
#include "wire.h"

/* For what tells nothing of itself: the language's defaults. */
#define RPC_TIMEOUT     (5 * AEGIS_SECOND)
#define COMMAND_TIMEOUT (300 * AEGIS_SECOND)
#define COMMAND_RETRIES 3
/* The bucket of commands' records, and how long one is waited for. */
#define RECORDS        "aegis_commands"
#define RECORD_TIMEOUT (5 * AEGIS_SECOND)

void dynamic_free(dynamic_outcome *outcome)
{
    json_decref(outcome->value);
    outcome->value = NULL;
}

bool dynamic_describe(const session *s, const catalog_method *what, schema_method_kind kind,
                      aegis_method *out)
{
    const aegis_method *known =
        what->method != NULL ? descriptor_of_method(&s->line->memory, what->method) : NULL;

    if (what->method != NULL && known == NULL)
        return false;
    memset(out, 0, sizeof *out);
    if (known != NULL)
        *out = *known;
    else
        out->timeout = kind == SCHEMA_COMMAND ? COMMAND_TIMEOUT : RPC_TIMEOUT;
    out->service = what->service;
    out->name = what->name;
    out->command = kind == SCHEMA_COMMAND;
    out->timeout = session_timeout(s, out->timeout);
    if (known == NULL && out->command)
        out->max_retries = COMMAND_RETRIES;
    return true;
}

/* Put JSON where a stub would encode its struct. */
static void put(aegis_writer *w, aegis_arena *memory, json_t *value)
{
    const size_t size = json_dumpb(value, NULL, 0, JSON_COMPACT);
    char *text = (char *)aegis_arena_alloc(memory, size + 1);
    aegis_raw raw = {{NULL, 0}, AEGIS_FORMAT_JSON};

    if (text == NULL || size == 0)
        return; /* an empty object is sent, and refused where something is missing */
    raw.data.data = (const uint8_t *)text;
    raw.data.len = json_dumpb(value, text, size, JSON_COMPACT);
    aegis_put_raw(w, raw);
}

/* What the reader of an exchange yields, as JSON. */
static void take(session *s, aegis_exchange *x, int answer, const aegis_method *method, dynamic_outcome *out)
{
    aegis_raw raw;

    out->ok = answer == AEGIS_ANSWER_OK;
    if (answer == AEGIS_ANSWER_FAILED) {
        out->type = out->failed.type;
        return;
    }
    raw = aegis_get_raw(aegis_exchange_reader(x));
    if (!aegis_exchange_done(x, &out->failed)) {
        out->ok = false;
        return;
    }
    out->value = raw.data.len > 0 ? wire_decode(s, raw.data, &out->failed) : json_object();
    if (out->value == NULL) {
        out->ok = false;
        return;
    }
    if (answer >= 0) {
        out->type = method->errors[answer];
        out->failed.code = method->error_codes[answer];
        (void)aegis_error_set(&out->failed, AEGIS_FAILED_PRECONDITION, "%s", out->type);
        out->failed.code = method->error_codes[answer];
    }
}

void dynamic_call(session *s, const catalog_method *what, json_t *parameters,
                  const aegis_call_options *options, dynamic_outcome *outcome)
{
    aegis_method method;
    aegis_exchange x;
    aegis_client *client;

    memset(outcome, 0, sizeof *outcome);
    if (session_client(s, &client) != CLI_DONE || !dynamic_describe(s, what, SCHEMA_RPC, &method)) {
        (void)aegis_error_set(&outcome->failed, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
        return;
    }
    put(aegis_call_begin(&x, client, &method, options, s->arena), s->arena, parameters);
    take(s, &x, aegis_call_finish(&x, &outcome->failed), &method, outcome);
}

/* ---- commands ---- */

/* The idempotency key, made of the same parameters in the same way as a stub does. */
static void put_key(aegis_exchange *x, const schema_method *method, json_t *parameters)
{
    size_t i;

    for (i = 0; method != NULL && i < method->key_count; i++) {
        const schema_field *field = method->keys[i];
        json_t *value = json_object_get(parameters, field->name);
        aegis_timestamp when;
        aegis_uuid uuid;

        if (json_is_integer(value))
            aegis_key_i64(x, json_integer_value(value));
        else if (field->type->kind == SCHEMA_TIMESTAMP && json_is_string(value) &&
                 aegis_timestamp_parse(json_string_value(value), json_string_length(value), &when))
            aegis_key_timestamp(x, when);
        else if (field->type->kind == SCHEMA_UUID && json_is_string(value) &&
                 aegis_uuid_parse(json_string_value(value), &uuid))
            aegis_key_uuid(x, uuid);
        else
            aegis_key_text(x, json_is_string(value) ? json_string_value(value) : "");
    }
}

json_t *dynamic_record(session *s, const char *id)
{
    const aegis_port_ops *ops = session_port(s)->ops;
    aegis_kv_entry entry;
    aegis_error error = {0};

    if (ops->kv_get(session_port(s), RECORDS, id, aegis_clock_monotonic() + RECORD_TIMEOUT, s->arena, &entry,
                    &error) != AEGIS_OK)
        return NULL;
    return wire_decode(s, entry.value, NULL);
}

/* Of the command with the same key as this one, which is not sent yet. */
static json_t *record_before(session *s, const aegis_exchange *x)
{
    char text[AEGIS_UUID_TEXT];
    aegis_uuid id;

    return aegis_command_key_id(x, &id) ? dynamic_record(s, aegis_uuid_format(id, text)) : NULL;
}

aegis_status dynamic_submit(session *s, const catalog_method *what, json_t *parameters,
                            const aegis_command_options *options, json_t **before, aegis_command **command,
                            aegis_error *error)
{
    aegis_method method;
    aegis_exchange x;
    aegis_client *client;

    *before = NULL;
    if (session_client(s, &client) != CLI_DONE || !dynamic_describe(s, what, SCHEMA_COMMAND, &method))
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    put(aegis_command_begin(&x, client, &method, options, s->arena), s->arena, parameters);
    put_key(&x, what->method, parameters);
    *before = record_before(s, &x);
    return aegis_command_submit(&x, command, error);
}

typedef struct hearing {
    session *s;
    dynamic_progress progress;
    void *user;
} hearing;

static void hear(aegis_reader *update, void (*callback)(void), void *user)
{
    const hearing *h = (const hearing *)user;
    const aegis_raw raw = aegis_get_raw(update);
    json_t *value = aegis_reader_close(update, NULL) == AEGIS_OK ? wire_decode(h->s, raw.data, NULL) : NULL;

    (void)callback;
    if (value != NULL)
        (h->progress)(value, h->user);
    json_decref(value);
}

static void no_callback(void)
{
}

void dynamic_wait(session *s, aegis_command *command, const catalog_method *what, aegis_duration timeout,
                  dynamic_progress progress, void *user, dynamic_outcome *outcome)
{
    hearing h = {s, progress, user};
    const aegis_listener listener = {hear, no_callback, &h};
    const arena_mark before = arena_here(&s->line->memory); /* it may be waited for again and again */
    aegis_method method;
    aegis_exchange x;

    memset(outcome, 0, sizeof *outcome);
    if (!dynamic_describe(s, what, SCHEMA_COMMAND, &method)) {
        (void)aegis_error_set(&outcome->failed, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
        return;
    }
    take(s, &x,
         aegis_command_wait(command, &method, timeout, progress != NULL ? &listener : NULL, s->arena, &x,
                            &outcome->failed),
         &method, outcome);
    arena_back(&s->line->memory, before);
}

/* ---- events ---- */

aegis_status dynamic_publish(session *s, const char *name, const char *version, json_t *payload,
                             const aegis_publish_options *options, aegis_error *error)
{
    const aegis_client_options as_json = {.format = AEGIS_FORMAT_JSON};
    const char *dot = strchr(name, '.');
    aegis_event_type type;
    aegis_publisher *publisher;
    aegis_exchange x;
    aegis_status status;

    if (dot == NULL)
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is no event: it is called domain.type",
                               name);
    type.domain = arena_copy(&s->line->memory, name, (size_t)(dot - name));
    type.type = dot + 1;
    type.version = version;
    if (type.domain == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    status = aegis_publisher_new(s->bus, &as_json, &publisher, error);
    if (status != AEGIS_OK)
        return status;
    put(aegis_publish_begin(&x, publisher, &type, options), s->arena, payload);
    status = aegis_publish_finish(&x, error);
    aegis_publisher_free(publisher);
    return status;
}
