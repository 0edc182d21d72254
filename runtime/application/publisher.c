/* Publishing events: stored by the stream EVENTS before the function returns. The message id doubles as
 * Nats-Msg-Id, so that the adapter may repeat a publication whose acknowledgement got lost. */
#include <stdio.h>
#include <string.h>

#include "application/client.h"

#define DEFAULT_TIMEOUT (5 * AEGIS_SECOND)

aegis_writer *aegis_publish_begin(aegis_exchange *x, aegis_publisher *publisher, const aegis_event_type *type,
                                  const aegis_publish_options *options)
{
    aegis_client *sender = &publisher->sender;
    aegis_arena *arena = aegis_arena_new(sender->bus->allocator);
    aegis_duration timeout = options != NULL && options->timeout > 0 ? options->timeout : DEFAULT_TIMEOUT;

    (void)aegis_exchange_begin(x, sender, arena, options != NULL ? options->parent : NULL);
    x->event = type;
    x->owns_arena = true;
    x->deadline = aegis_clock_monotonic() + timeout;
    if (options != NULL && options->message_id != NULL &&
        !aegis_uuid_parse(options->message_id, &x->message_id)) {
        x->begun = false;
        (void)aegis_error_set(&x->error, AEGIS_INVALID_ARGUMENT, "the message_id is not a uuid");
    }
    return &x->writer;
}

static aegis_status encode_event(aegis_exchange *x, aegis_raw payload, const aegis_identity *who,
                                 aegis_bytes *body, aegis_error *error)
{
    const aegis_wire_event event = {AEGIS_ENVELOPE(*who), .domain = x->event->domain,
                                    .event_type = x->event->type, .payload = payload,
                                    .version = x->event->version};

    aegis_writer_open(&x->writer, x->arena, x->format, 0);
    aegis_wire_event_put(&x->writer, &event);
    return aegis_writer_close(&x->writer, body, error);
}

static aegis_status publish(aegis_exchange *x, aegis_error *error)
{
    aegis_bus *bus = x->client->bus;
    aegis_raw payload = {{NULL, 0}, AEGIS_FORMAT_AUTO};
    aegis_publish_ack ack;
    aegis_outgoing message;
    aegis_header header;
    char subject[320];
    aegis_identity who;
    aegis_status status = aegis_exchange_value(x, "the event", &payload, error);

    memset(&message, 0, sizeof message);
    aegis_exchange_identity(x, &x->message_id, &who);
    if (status == AEGIS_OK)
        status = encode_event(x, payload, &who, &message.body, error);
    if (status == AEGIS_OK)
        status = aegis_bus_ensure(bus, AEGIS_KIND_EVENTS, error);
    if (status != AEGIS_OK)
        return status;
    header.name = "Nats-Msg-Id";
    header.value = who.message_id;
    (void)snprintf(subject, sizeof subject, "events.%s.%s", x->event->domain, x->event->type);
    message.subject = subject;
    message.headers = &header;
    message.header_count = 1;
    return bus->port->ops->publish_durable(bus->port, &message, x->deadline, &ack, error);
}

aegis_status aegis_publish_finish(aegis_exchange *x, aegis_error *error)
{
    aegis_status status;

    if (error != NULL)
        memset(error, 0, sizeof *error);
    if (x->arena == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    status = publish(x, error);
    aegis_arena_free(x->arena);
    return status;
}
