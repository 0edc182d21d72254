#define _POSIX_C_SOURCE 200809L
#include "contract/desk.h"

#include "application/envelope.h"

static aegis_bytes encode_payload(const note *payload, aegis_arena *arena)
{
    aegis_writer writer;
    aegis_bytes body = {NULL, 0};

    aegis_writer_open(&writer, arena, AEGIS_FORMAT_MSGPACK, 0);
    note_put(&writer, payload);
    (void)aegis_writer_close(&writer, &body, NULL);
    return body;
}

static aegis_bytes encode_order(const order *what, aegis_arena *arena)
{
    const aegis_raw payload = {encode_payload(&what->payload, arena), AEGIS_FORMAT_MSGPACK};
    const aegis_wire_command command = {
        .message_id = what->id,
        .trace_id = "a trace",
        .timestamp = aegis_now(),
        .source = "desk",
        .target = what->service != NULL ? what->service : "worker",
        .command = what->command != NULL ? what->command : "pack",
        .payload = payload,
        .priority = AEGIS_WIRE_PRIORITY_NORMAL,
        .max_retries = what->max_retries,
        .timeout = what->timeout != 0 ? aegis_duration_to_seconds(what->timeout) : 30};
    aegis_writer writer;
    aegis_bytes body = {NULL, 0};

    aegis_writer_open(&writer, arena, AEGIS_FORMAT_MSGPACK, 0);
    aegis_wire_command_put(&writer, &command);
    (void)aegis_writer_close(&writer, &body, NULL);
    return body;
}

bool desk_publish(aegis_bus *bus, const order *what)
{
    AEGIS_SCOPED_ARENA(arena);
    char id[AEGIS_UUID_TEXT];
    aegis_header headers[2] = {{"Nats-Msg-Id", what->message}, {"Aegis-Not-Before", NULL}};
    aegis_outgoing message = {.headers = headers, .header_count = 1};
    aegis_publish_ack ack;
    aegis_error error = {0};

    if (what->message == NULL)
        headers[0].value = aegis_uuid_format(aegis_uuid_new(), id);
    if (what->not_before != 0) {
        headers[1].value = aegis_arena_printf(arena, "%lld", (long long)what->not_before);
        message.header_count = 2;
    }
    message.subject = aegis_arena_printf(
        arena, "commands.%s.%s%s", what->service != NULL ? what->service : "worker",
        what->command != NULL ? what->command : "pack", what->lane != NULL ? what->lane : "");
    message.body = encode_order(what, arena);
    if (aegis_bus_ensure(bus, AEGIS_KIND_COMMANDS, &error) == AEGIS_OK &&
        bus->port->ops->publish_durable(bus->port, &message, aegis_clock_monotonic() + TEN_SECONDS, &ack,
                                        &error) == AEGIS_OK)
        return true;
    (void)fprintf(stderr, "publishing: %s\n", aegis_error_text(&error));
    return false;
}

aegis_source *desk_listen(aegis_bus *bus, const char *id)
{
    aegis_source *source = NULL;
    char subject[128];

    (void)snprintf(subject, sizeof subject, "commands.*.%s", id);
    (void)bus->port->ops->subscribe(bus->port, subject, NULL, 0, false, &source, NULL);
    return source;
}

void desk_hang_up(aegis_source *source)
{
    source->port->ops->close_source(source);
}

static void read_completion(const aegis_message *message, aegis_arena *arena, aegis_wire_completion *out)
{
    uint8_t *copy = (uint8_t *)aegis_arena_alloc(arena, message->body.len);
    const aegis_bytes body = {copy, message->body.len};
    aegis_reader reader;

    memcpy(copy, message->body.data, message->body.len);
    memset(out, 0, sizeof *out);
    aegis_reader_open(&reader, body, aegis_format_of(body), arena);
    aegis_wire_completion_get(&reader, out);
    (void)aegis_reader_close(&reader, NULL);
}

bool desk_hear(aegis_source *source, aegis_duration patience, aegis_arena *arena,
               aegis_wire_completion *completion, int *updates)
{
    const int64_t until = aegis_clock_monotonic() + patience;
    aegis_message message;
    bool ended = false;

    while (!ended && source->port->ops->next(source, until, &message) == AEGIS_OK) {
        ended = strncmp(message.subject, "commands.callback.", 18) == 0;
        if (ended)
            read_completion(&message, arena, completion);
        else if (updates != NULL && strncmp(message.subject, "commands.progress.", 18) == 0)
            (*updates)++;
        source->port->ops->release(&message);
    }
    return ended;
}

aegis_record desk_record(aegis_bus *bus, const char *id, aegis_arena *arena)
{
    aegis_record record;

    (void)aegis_bus_ensure(bus, AEGIS_KIND_RECORDS, NULL);
    (void)aegis_record_read(bus, id, aegis_clock_monotonic() + TEN_SECONDS, arena, &record, NULL);
    return record;
}

bool desk_ended(aegis_bus *bus, const char *id, aegis_arena *arena, aegis_record *out)
{
    const int64_t until = aegis_clock_monotonic() + TEN_SECONDS;

    do {
        *out = desk_record(bus, id, arena);
        if (aegis_record_ended(out))
            return true;
        nap(5 * AEGIS_MILLISECOND);
    } while (aegis_clock_monotonic() < until);
    return false;
}

aegis_record desk_plant(aegis_bus *bus, const char *id, aegis_duties_command_state state, uint32_t attempt,
                        aegis_arena *arena)
{
    aegis_record record;

    (void)aegis_bus_ensure(bus, AEGIS_KIND_RECORDS, NULL);
    aegis_record_begin(&record, id, "worker", "pack");
    record.value.state = state;
    record.value.attempt = attempt;
    record.value.owner = "worker-of-before";
    if (aegis_record_write(bus, &record, aegis_clock_monotonic() + TEN_SECONDS, arena, NULL) != AEGIS_OK)
        record.revision = 0;
    return record;
}

uint64_t desk_stored(aegis_bus *bus, aegis_stream_kind kind)
{
    aegis_stream_info info;

    if (bus->port->ops->stream_info(bus->port, aegis_bus_stream(bus, kind),
                                    aegis_clock_monotonic() + TEN_SECONDS, &info, NULL) != AEGIS_OK)
        return 0;
    return info.messages;
}

bool desk_settled(aegis_bus *bus, aegis_stream_kind kind, uint64_t wanted)
{
    const int64_t until = aegis_clock_monotonic() + TEN_SECONDS;

    while (desk_stored(bus, kind) != wanted) {
        if (aegis_clock_monotonic() > until)
            return false;
        nap(5 * AEGIS_MILLISECOND);
    }
    return true;
}
