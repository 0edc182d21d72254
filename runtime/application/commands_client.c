/* Submitting commands and waiting for them. The handle listens to progress and completion before the command
 * is stored, so neither can be missed; one source carries both, and is read by whoever waits. */
#include <stdio.h>
#include <string.h>

#include "application/client.h"
#include "application/lanes.h"

#define SUBMIT_TIMEOUT (5 * AEGIS_SECOND)

struct aegis_command {
    aegis_bus *bus;
    aegis_source *source; /* commands.*.<id> */
    char id[AEGIS_UUID_TEXT];
    aegis_duration timeout;
};

aegis_writer *aegis_command_begin(aegis_exchange *x, aegis_client *client, const aegis_method *method,
                                  const aegis_command_options *options, aegis_arena *arena)
{
    (void)aegis_exchange_begin(x, client, arena, options != NULL ? options->parent : NULL);
    x->method = method;
    x->budget = options != NULL && options->timeout > 0 ? options->timeout : method->timeout;
    x->deadline = aegis_clock_monotonic() +
                  (options != NULL && options->submit_timeout > 0 ? options->submit_timeout : SUBMIT_TIMEOUT);
    x->priority = options != NULL ? options->priority : AEGIS_PRIORITY_DEFAULT;
    if (x->priority == AEGIS_PRIORITY_DEFAULT)
        x->priority = method->priority;
    if (x->priority == AEGIS_PRIORITY_DEFAULT)
        x->priority = AEGIS_PRIORITY_NORMAL;
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

/* A handle that listens; NULL: *error says why. */
static aegis_command *open_command(aegis_exchange *x, aegis_error *error)
{
    aegis_bus *bus = x->client->bus;
    aegis_command *command = (aegis_command *)aegis_memory_get(bus->allocator, sizeof *command);
    char subject[64];

    if (command == NULL) {
        (void)aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
        return NULL;
    }
    command->bus = bus;
    command->timeout = x->budget;
    (void)snprintf(subject, sizeof subject, "commands.*.%s", aegis_uuid_format(x->message_id, command->id));
    if (bus->port->ops->subscribe(bus->port, subject, NULL, 0, &command->source, error) == AEGIS_OK)
        return command;
    aegis_memory_put(bus->allocator, command, sizeof *command);
    return NULL;
}

static aegis_status store(aegis_exchange *x, const char *id, aegis_bytes body, aegis_error *error)
{
    aegis_port *port = x->client->bus->port;
    aegis_header header = {"Nats-Msg-Id", id};
    aegis_publish_ack ack;
    aegis_outgoing message;
    char subject[320];

    (void)snprintf(subject, sizeof subject, "commands.%s.%s%s", x->method->service, x->method->name,
                   x->method->lanes ? aegis_lane_suffix(x->priority) : "");
    memset(&message, 0, sizeof message);
    message.subject = subject;
    message.headers = &header;
    message.header_count = 1;
    message.body = body;
    return port->ops->publish_durable(port, &message, x->deadline, &ack, error);
}

aegis_status aegis_command_submit(aegis_exchange *x, aegis_command **out, aegis_error *error)
{
    aegis_raw payload = {{NULL, 0}, AEGIS_FORMAT_AUTO};
    aegis_identity who;
    aegis_command *command;
    aegis_bytes body = {NULL, 0};
    aegis_status status;

    *out = NULL;
    if (error != NULL)
        memset(error, 0, sizeof *error);
    status = aegis_exchange_value(x, "the command", &payload, error);
    if (status == AEGIS_OK)
        status = aegis_bus_ensure(x->client->bus, AEGIS_KIND_COMMANDS, error);
    if (status != AEGIS_OK)
        return status;
    command = open_command(x, error);
    if (command == NULL)
        return AEGIS_UNAVAILABLE;
    aegis_exchange_identity(x, &x->message_id, &who);
    status = encode_command(x, payload, &who, &body, error);
    if (status == AEGIS_OK)
        status = store(x, command->id, body, error);
    if (status != AEGIS_OK) {
        aegis_command_free(command);
        return status;
    }
    *out = command;
    return AEGIS_OK;
}

const char *aegis_command_id(const aegis_command *command)
{
    return command->id;
}

aegis_status aegis_command_cancel(aegis_command *command, aegis_error *error)
{
    static const aegis_header not_stored = {"Nats-Expected-Stream", "-"};
    aegis_port *port = command->bus->port;
    aegis_outgoing message;
    char subject[64];

    (void)snprintf(subject, sizeof subject, "commands.cancel.%s", command->id);
    memset(&message, 0, sizeof message);
    message.subject = subject;
    message.headers = &not_stored;
    message.header_count = 1;
    return port->ops->publish(port, &message, error);
}

void aegis_command_free(aegis_command *command)
{
    if (command == NULL)
        return;
    command->bus->port->ops->close_source(command->source);
    aegis_memory_put(command->bus->allocator, command, sizeof *command);
}

/* ---- waiting ------------------------------------------------------------------------------------------ */

/* Our own updates travel in `detail`; one of the original is itself the value. */
static void read_progress(const aegis_message *message, aegis_progress_thunk progress, void *context,
                          const aegis_allocator *allocator)
{
    aegis_format format = aegis_format_of(message->body);
    aegis_arena *arena = aegis_arena_new(allocator);
    aegis_wire_progress update;
    aegis_reader reader;

    if (arena == NULL)
        return;
    memset(&update, 0, sizeof update);
    aegis_reader_open(&reader, message->body, format, arena);
    aegis_wire_progress_get(&reader, &update);
    if (aegis_reader_close(&reader, NULL) == AEGIS_OK) {
        if (update.detail != NULL && !aegis_raw_is_nil(*update.detail))
            aegis_reader_open(&reader, update.detail->data, update.detail->format, arena);
        else
            aegis_reader_open(&reader, message->body, format, arena);
        progress(&reader, context);
    }
    aegis_arena_free(arena);
}

static int read_completion(aegis_exchange *x, aegis_bytes body, aegis_error *failed)
{
    static const aegis_raw nothing = {{NULL, 0}, AEGIS_FORMAT_AUTO};
    aegis_format format = aegis_format_of(body);
    aegis_wire_completion completion;
    aegis_raw result;
    aegis_error why;

    memset(&completion, 0, sizeof completion);
    aegis_reader_open(&x->reader, body, format, x->arena);
    aegis_wire_completion_get(&x->reader, &completion);
    if (aegis_reader_close(&x->reader, &why) != AEGIS_OK)
        return aegis_exchange_unreadable(x, &why, failed);
    result = completion.result != NULL ? *completion.result : nothing;
    if (strcmp(completion.status, "completed") != 0)
        return aegis_envelope_failure(x->method, completion.error, result, format, x->arena, &x->reader,
                                      failed);
    aegis_envelope_open_body(&x->reader, result, format, x->arena);
    return AEGIS_ANSWER_OK;
}

/* The completion's body, in the arena; progress is reported on the way. */
static aegis_status await(aegis_command *command, aegis_exchange *x, aegis_progress_thunk progress,
                          void *context, aegis_bytes *body, aegis_error *failed)
{
    const aegis_port_ops *ops = command->bus->port->ops;
    aegis_message message;
    aegis_status status;

    for (;;) {
        status = ops->next(command->source, x->deadline, &message);
        if (status == AEGIS_CANCELLED)
            continue;
        if (status != AEGIS_OK)
            return aegis_error_set(failed, status, "command %s: no completion of %s.%s came in time",
                                   command->id, x->method->service, x->method->name);
        if (strncmp(message.subject, "commands.callback.", 18) == 0) {
            *body = message.body;
            status = aegis_exchange_keep(x, body, failed);
            ops->release(&message);
            return status;
        }
        if (progress != NULL && strncmp(message.subject, "commands.progress.", 18) == 0)
            read_progress(&message, progress, context, command->bus->allocator);
        ops->release(&message);
    }
}

int aegis_command_wait(aegis_command *command, const aegis_method *method, aegis_duration timeout,
                       aegis_progress_thunk progress, void *context, aegis_arena *arena, aegis_exchange *x,
                       aegis_error *failed)
{
    aegis_bytes body;

    memset(failed, 0, sizeof *failed);
    x->method = method;
    x->arena = arena;
    x->parent = NULL;
    if (arena == NULL)
        (void)aegis_error_set(failed, AEGIS_INVALID_ARGUMENT, "there is no arena for the answer");
    if (arena == NULL || aegis_exchange_may_wait(x, failed) != AEGIS_OK)
        return AEGIS_ANSWER_FAILED;
    x->deadline = aegis_clock_monotonic() + (timeout > 0 ? timeout : command->timeout);
    if (await(command, x, progress, context, &body, failed) != AEGIS_OK)
        return AEGIS_ANSWER_FAILED;
    return read_completion(x, body, failed);
}
