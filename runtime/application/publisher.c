/* Publishing events: the object, what an event is as a message, and publications whose thread waits until the
 * stream EVENTS has stored it. The message id doubles as Nats-Msg-Id, so that the adapter may repeat a
 * publication whose acknowledgement got lost; and only an acknowledgement of that stream counts.
 */
#define _POSIX_C_SOURCE 200809L
#include <string.h>

#include "application/client.h"
#include "application/trace.h"
#include "domain/arena.h"

#define DEFAULT_TIMEOUT (5 * AEGIS_SECOND)
/* What an arena may have handed out and still be kept for the next event. */
#define KEPT_BYTES ((size_t)64 << 10)

/* ---- the object --------------------------------------------------------------------------------------- */

aegis_status aegis_publisher_new(aegis_bus *bus, const aegis_client_options *options, aegis_publisher **out,
                                 aegis_error *error)
{
    aegis_publisher *publisher = (aegis_publisher *)aegis_memory_get(bus->allocator, sizeof *publisher);

    *out = publisher;
    if (publisher == NULL)
        return aegis_no_memory(error);
    aegis_client_fill(&publisher->sender, bus, options);
    publisher->idle = UINT32_MAX;
    aegis_list_init(&publisher->posted);
    (void)pthread_mutex_init(&publisher->lock, NULL);
    (void)aegis_condition_init(&publisher->short_of_room.wake);
    (void)aegis_condition_init(&publisher->flushing.wake);
    return AEGIS_OK;
}

void aegis_publisher_free(aegis_publisher *publisher)
{
    if (publisher == NULL)
        return;
    aegis_posts_close(publisher);
    while (publisher->arena_count > 0)
        aegis_arena_free(publisher->arenas[--publisher->arena_count]);
    (void)pthread_cond_destroy(&publisher->flushing.wake);
    (void)pthread_cond_destroy(&publisher->short_of_room.wake);
    (void)pthread_mutex_destroy(&publisher->lock);
    aegis_memory_put(publisher->sender.bus->allocator, publisher, sizeof *publisher);
}

static aegis_arena *take_arena(aegis_publisher *publisher)
{
    aegis_arena *arena = NULL;

    (void)pthread_mutex_lock(&publisher->lock);
    if (publisher->arena_count > 0)
        arena = publisher->arenas[--publisher->arena_count];
    (void)pthread_mutex_unlock(&publisher->lock);
    return arena != NULL ? arena : aegis_arena_new(publisher->sender.bus->allocator);
}

static void give_arena(aegis_publisher *publisher, aegis_arena *arena)
{
    bool kept = false;

    if (aegis_arena_used(arena) <= KEPT_BYTES) {
        aegis_arena_reset(arena);
        (void)pthread_mutex_lock(&publisher->lock);
        kept = publisher->arena_count < AEGIS_PUBLISHER_ARENAS;
        if (kept)
            publisher->arenas[publisher->arena_count++] = arena;
        (void)pthread_mutex_unlock(&publisher->lock);
    }
    if (!kept)
        aegis_arena_free(arena);
}

/* ---- an event as a message ---------------------------------------------------------------------------- */

aegis_writer *aegis_publish_begin(aegis_exchange *x, aegis_publisher *publisher, const aegis_event_type *type,
                                  const aegis_publish_options *options)
{
    const aegis_duration timeout =
        options != NULL && options->timeout > 0 ? options->timeout : DEFAULT_TIMEOUT;

    (void)aegis_exchange_begin(x, &publisher->sender, take_arena(publisher),
                               options != NULL ? options->parent : NULL);
    if (!x->begun)
        (void)aegis_no_memory(&x->error);
    x->event = type;
    x->started = aegis_clock_monotonic();
    x->deadline = x->started + timeout;
    x->series = aegis_series_sending(publisher->sender.bus, "events", type->domain, type->type);
    aegis_series_count(x->series, AEGIS_COUNT_STARTED);
    x->no_wait = options != NULL && options->no_wait;
    x->traceparent = options != NULL ? options->traceparent : NULL;
    x->id_given = options != NULL && options->message_id != NULL;
    if (x->begun && x->id_given && !aegis_uuid_parse(options->message_id, &x->message_id)) {
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

static const char *subject_of(const aegis_exchange *x)
{
    const size_t domain = strlen(x->event->domain), type = strlen(x->event->type);
    char *subject = aegis_arena_take_text(x->arena, sizeof "events.." + domain + type);
    char *at = subject;

    if (subject == NULL)
        return NULL;
    memcpy(at, "events.", 7);
    memcpy(at += 7, x->event->domain, domain);
    *(at += domain) = '.';
    memcpy(at + 1, x->event->type, type + 1);
    return subject;
}

static void begin_trace(aegis_exchange *x, const char *subject)
{
    const aegis_span what = {.kind = AEGIS_SPAN_PRODUCER,
                             .about = AEGIS_SPAN_EVENT,
                             .method = subject + strlen("events."),
                             .destination = subject};

    aegis_exchange_trace(x, &what, x->traceparent, x->id_given);
}

aegis_status aegis_publish_compose(aegis_exchange *x, aegis_event_out *out, aegis_error *error)
{
    aegis_raw payload = {{NULL, 0}, AEGIS_FORMAT_AUTO};
    aegis_bus *bus = x->client->bus;

    if (error != NULL)
        memset(error, 0, sizeof *error);
    memset(&out->message, 0, sizeof out->message);
    aegis_status status = aegis_exchange_value(x, "the event", &payload, error);
    if (status != AEGIS_OK)
        return status;
    out->message.stream = aegis_bus_stream(bus, AEGIS_KIND_EVENTS);
    out->message.subject = subject_of(x);
    if (out->message.subject == NULL)
        return aegis_no_memory(error);
    begin_trace(x, out->message.subject);
    aegis_exchange_identity(x, &x->message_id, &out->who);
    out->headers[0] = (aegis_header){"Nats-Msg-Id", out->who.message_id};
    out->message.headers = out->headers;
    out->message.header_count = 1 + aegis_exchange_traceparent(x, &out->headers[1]);
    status = encode_event(x, payload, &out->who, &out->message.body, error);
    if (status != AEGIS_OK)
        return status;
    return aegis_bus_ensure(bus, AEGIS_KIND_EVENTS, error);
}

void aegis_publish_end(aegis_exchange *x)
{
    if (x->arena != NULL)
        give_arena(aegis_publisher_of(x), x->arena);
    x->arena = NULL;
}

/* ---- waiting for it ----------------------------------------------------------------------------------- */

bool aegis_publish_in_callback(void)
{
    const aegis_log_context *here = aegis_log_current();

    return here != NULL && here->callback;
}

static aegis_status may_wait(const aegis_exchange *x, aegis_error *error)
{
    if (!aegis_publish_in_callback())
        return AEGIS_OK;
    (void)aegis_error_set(error, AEGIS_FAILED_PRECONDITION,
                          "%s.%s: a callback must not wait for the stream; call its _publish_async function",
                          x->event->domain, x->event->type);
    if (error != NULL)
        error->not_processed = true;
    return AEGIS_FAILED_PRECONDITION;
}

aegis_status aegis_publish_finish(aegis_exchange *x, aegis_error *error)
{
    aegis_publish_ack ack;
    aegis_event_out out;
    aegis_status status = aegis_publish_compose(x, &out, error);

    if (status == AEGIS_OK)
        status = may_wait(x, error);
    if (status == AEGIS_OK)
        status = aegis_bus_store(x->client->bus, AEGIS_KIND_EVENTS, &out.message, x->deadline, &ack, error);
    aegis_series_record(x->series, status, aegis_clock_monotonic() - x->started);
    aegis_exchange_end_span(x, status, error);
    aegis_publish_end(x);
    return status;
}
