/* Submitting commands, attaching to one by its id, cancelling. A handle listens before the command is stored,
 * on the connection it is stored over: the subscription costs no round trip, and nothing of it can be missed.
 */
#include "application/commands_client.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "application/needs.h"
#include "application/record.h"

#define SUBMIT_TIMEOUT (5 * AEGIS_SECOND)
/* For marking a command that is to be cancelled. */
#define CANCEL_TIMEOUT (5 * AEGIS_SECOND)
/* The record is first read so long after the command may have begun. */
#define FIRST_LOOK AEGIS_SECOND
/* Longest id, of peers that do not use uuids. */
#define ID_MAX 200
/* What one command may have waiting: ten updates a second, and nobody reads for two minutes. */
#define UNREAD_MAX 1200

static const aegis_header not_stored = {"Nats-Expected-Stream", "-"};

aegis_writer *aegis_command_begin(aegis_exchange *x, aegis_client *client, const aegis_method *method,
                                  const aegis_command_options *options, aegis_arena *arena)
{
    static const aegis_command_options none = {0};
    const aegis_command_options *chosen = options != NULL ? options : &none;

    (void)aegis_exchange_begin(x, client, arena, chosen->parent);
    x->method = method;
    x->budget = chosen->timeout > 0 ? chosen->timeout : method->timeout;
    x->delay = chosen->delay > 0 ? chosen->delay : 0;
    x->started = aegis_clock_monotonic();
    x->deadline = x->started + (chosen->submit_timeout > 0 ? chosen->submit_timeout : SUBMIT_TIMEOUT);
    x->series = aegis_series_sending(client->bus, "commands", method->service, method->name);
    aegis_series_count(x->series, AEGIS_COUNT_STARTED);
    x->priority = chosen->priority != AEGIS_PRIORITY_DEFAULT ? chosen->priority : method->priority;
    if (x->priority == AEGIS_PRIORITY_DEFAULT)
        x->priority = AEGIS_PRIORITY_NORMAL;
    x->traceparent = chosen->traceparent;
    x->key = NULL;
    x->key_given = x->key_empty = false;
    if (chosen->key != NULL)
        aegis_command_key_given(x, chosen->key);
    return &x->writer;
}

static aegis_wire_priority wire_priority(aegis_priority priority)
{
    switch (priority) {
    case AEGIS_PRIORITY_LOW:
        return AEGIS_WIRE_PRIORITY_LOW;
    case AEGIS_PRIORITY_HIGH:
        return AEGIS_WIRE_PRIORITY_HIGH;
    case AEGIS_PRIORITY_CRITICAL:
        return AEGIS_WIRE_PRIORITY_CRITICAL;
    case AEGIS_PRIORITY_DEFAULT:
    case AEGIS_PRIORITY_NORMAL:
        break;
    }
    return AEGIS_WIRE_PRIORITY_NORMAL;
}

static aegis_status encode_command(aegis_exchange *x, aegis_raw payload, const aegis_identity *who,
                                   aegis_bytes *body, aegis_error *error)
{
    const aegis_wire_command command = {AEGIS_ENVELOPE(*who),
                                        .target = x->method->service,
                                        .command = x->method->name,
                                        .payload = payload,
                                        .priority = wire_priority(x->priority),
                                        .max_retries = x->method->max_retries,
                                        .timeout = aegis_duration_to_seconds(x->budget)};

    aegis_writer_open(&x->writer, x->arena, x->format, 0);
    aegis_wire_command_put(&x->writer, &command);
    return aegis_writer_close(&x->writer, body, error);
}

/* ---- handles ------------------------------------------------------------------------------------------ */

static const char *append(char **at, const char *text)
{
    const size_t size = strlen(text) + 1;
    const char *copy = *at;

    memcpy(*at, text, size);
    *at += size;
    return copy;
}

/* A handle that listens. */
static aegis_status open_handle(aegis_client *client, const char *id, const char *service, const char *name,
                                aegis_command **out, aegis_error *error)
{
    const size_t size = sizeof(aegis_command) + strlen(id) + strlen(service) + strlen(name) + 3;
    aegis_command *command = (aegis_command *)aegis_memory_get(client->bus->allocator, size);
    aegis_port *port = client->bus->port;
    char subject[ID_MAX + 16];

    if (command == NULL)
        return aegis_no_memory(error);
    char *texts = (char *)(command + 1);
    command->client = client;
    command->size = size;
    command->id = append(&texts, id);
    command->service = append(&texts, service);
    command->name = append(&texts, name);
    (void)snprintf(subject, sizeof subject, "commands.*.%s", id);
    aegis_status status = port->ops->listen(port, subject, UNREAD_MAX, &command->source, error);
    if (status == AEGIS_OK)
        *out = command;
    else
        aegis_memory_put(client->bus->allocator, command, size);
    return status;
}

const char *aegis_command_id(const aegis_command *command)
{
    return command->id;
}

void aegis_command_free(aegis_command *command)
{
    if (command == NULL)
        return;
    command->source->port->ops->close_source(command->source);
    aegis_memory_put(command->client->bus->allocator, command, command->size);
}

/* ---- submitting --------------------------------------------------------------------------------------- */

static aegis_status store(aegis_exchange *x, const char *id, const char *subject, aegis_bytes body,
                          bool *duplicate, aegis_error *error)
{
    aegis_header headers[3] = {{"Nats-Msg-Id", id}, {AEGIS_NOT_BEFORE, NULL}, {NULL, NULL}};
    aegis_publish_ack ack = {0, false};
    aegis_outgoing message = {0};
    char when[24];

    (void)snprintf(when, sizeof when, "%" PRId64,
                   (aegis_now() + x->delay + AEGIS_MILLISECOND - 1) / AEGIS_MILLISECOND); /* rather later */
    headers[1].value = when;
    message.subject = subject;
    message.headers = headers;
    message.header_count = x->delay > 0 ? 2 : 1;
    message.header_count += aegis_exchange_traceparent(x, &headers[message.header_count]);
    message.body = body;
    aegis_status status =
        aegis_bus_store(x->client->bus, AEGIS_KIND_COMMANDS, &message, x->deadline, &ack, error);
    *duplicate = ack.duplicate;
    return status;
}

/* With its lane; NULL when memory is short. */
static const char *subject_of(const aegis_exchange *x)
{
    return aegis_arena_printf(x->arena, "commands.%s.%s%s", x->method->service, x->method->name,
                              x->method->lanes ? aegis_lane_suffix(x->priority) : "");
}

static void begin_trace(aegis_exchange *x, const char *subject)
{
    const aegis_span what = {.kind = AEGIS_SPAN_PRODUCER,
                             .about = AEGIS_SPAN_COMMAND,
                             .service = x->method->service,
                             .method = x->method->name,
                             .destination = subject};

    aegis_exchange_trace(x, &what, x->traceparent, x->key != NULL);
}

/* Everything that can be wrong before anything is sent. */
static aegis_status prepare(aegis_exchange *x, const char **subject, aegis_bytes *body, aegis_identity *who,
                            aegis_error *error)
{
    aegis_raw payload = {{NULL, 0}, AEGIS_FORMAT_AUTO};

    if (error != NULL)
        memset(error, 0, sizeof *error);
    aegis_status status = aegis_exchange_value(x, "the command", &payload, error);
    if (status == AEGIS_OK)
        status = aegis_command_key_apply(x, error);
    if (status == AEGIS_OK)
        status = aegis_bus_ensure(x->client->bus, AEGIS_KIND_COMMANDS, error);
    if (status != AEGIS_OK)
        return status;
    *subject = subject_of(x);
    if (*subject == NULL)
        return aegis_no_memory(error);
    begin_trace(x, *subject);
    aegis_exchange_identity(x, &x->message_id, who);
    return encode_command(x, payload, who, body, error);
}

/* Who waits for it does so in the same context. */
static void remember(const aegis_exchange *x, aegis_sent *sent)
{
    sent->known = true;
    sent->recorded = x->span != NULL;
    if (x->span == NULL)
        return;
    memcpy(sent->trace, x->span->trace_id, sizeof sent->trace);
    memcpy(sent->span, x->span->span_id, sizeof sent->span);
    memcpy(sent->parent, x->span->parent_id, sizeof sent->parent);
}

aegis_status aegis_command_submit(aegis_exchange *x, aegis_command **out, aegis_error *error)
{
    aegis_identity who;
    aegis_command *command = NULL;
    aegis_bytes body = {NULL, 0};
    const char *subject = NULL;
    bool duplicate = false;

    *out = NULL;
    aegis_status status = prepare(x, &subject, &body, &who, error);
    if (status == AEGIS_OK)
        status = open_handle(x->client, who.message_id, x->method->service, x->method->name, &command, error);
    if (status == AEGIS_OK)
        status = store(x, command->id, subject, body, &duplicate, error);
    aegis_series_record(x->series, status, aegis_clock_monotonic() - x->started);
    aegis_exchange_end_span(x, status, error);
    if (status != AEGIS_OK) {
        aegis_command_free(command);
        return status;
    }
    remember(x, &command->sent);
    command->guarantee = x->method->guarantee;
    command->timeout = x->budget + x->delay;
    command->pause = FIRST_LOOK;
    if (!duplicate) /* else it may have ended, and nothing more comes */
        command->look_at = aegis_clock_monotonic() + x->delay + FIRST_LOOK;
    *out = command;
    return AEGIS_OK;
}

/* It is one token of a subject, and short enough to be the key of a record. */
static bool id_ok(const char *id)
{
    size_t length;

    for (length = 0; id[length] != '\0' && length <= ID_MAX; length++) {
        const unsigned char c = (unsigned char)id[length];

        if (c <= ' ' || c == 0x7f || c == '.' || c == '*' || c == '>')
            return false;
    }
    return length > 0 && length <= ID_MAX;
}

aegis_status aegis_command_attach(aegis_client *client, const char *id, aegis_command **out,
                                  aegis_error *error)
{
    *out = NULL;
    if (id == NULL || !id_ok(id))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%.64s' is not the id of a command",
                               id != NULL ? id : "");
    aegis_status status = open_handle(client, id, "", "", out, error);
    if (status == AEGIS_OK)
        (*out)->pause = FIRST_LOOK;
    return status;
}

/* ---- cancelling --------------------------------------------------------------------------------------- */

static aegis_status tell(const aegis_command *command, aegis_error *error)
{
    aegis_port *port = command->client->bus->port;
    aegis_outgoing message = {0};
    char subject[ID_MAX + 24];

    (void)snprintf(subject, sizeof subject, "commands.cancel.%s", command->id);
    message.subject = subject;
    message.headers = &not_stored;
    message.header_count = 1;
    return port->ops->publish(port, &message, error);
}

/* Nobody is at it, as far as its record says: note that nobody needs to begin. One that runs at least once
 * has no record before its end, which then replaces the note. */
static aegis_status mark(const aegis_command *command, aegis_arena *arena, aegis_error *error)
{
    const int64_t deadline = aegis_clock_monotonic() + CANCEL_TIMEOUT;
    aegis_bus *bus = command->client->bus;
    aegis_record record;
    aegis_status status = aegis_bus_ensure(bus, AEGIS_KIND_RECORDS, error);

    if (status != AEGIS_OK)
        return status;
    status = aegis_record_read(bus, command->id, deadline, arena, &record, error);
    if (status == AEGIS_NOT_FOUND)
        aegis_record_begin(&record, command->id, command->service, command->name);
    else if (status != AEGIS_OK || record.value.state != AEGIS_DUTIES_COMMAND_STATE_WAITING)
        return status;
    aegis_record_conclude(&record, AEGIS_DUTIES_COMMAND_STATE_CANCELLED, NULL, NULL);
    return aegis_record_write(bus, &record, deadline, arena, error);
}

aegis_status aegis_command_cancel(aegis_command *command, aegis_error *error)
{
    aegis_status status = tell(command, error);

    if (status != AEGIS_OK)
        return status;
    aegis_arena *arena = aegis_arena_new(command->client->bus->allocator);
    if (arena == NULL)
        return aegis_no_memory(error);
    status = mark(command, arena, error);
    aegis_arena_free(arena);
    if (status == AEGIS_ABORTED) /* it has just begun, and may have been deaf to the first */
        status = tell(command, error);
    command->look_at = 0;
    if (status == AEGIS_OK && error != NULL)
        memset(error, 0, sizeof *error);
    return status;
}
