/* The in-process bus as a port: opening, closing, its memory and its packets. The embedded default and the
 * bus of tests: no server, no thread, the semantics of NATS.
 */
#include "adapters/memory/memory.h"

#include "domain/subject.h"
#include "ports/clock.h"

#include <stdlib.h>
#include <string.h>

static void *library_resize(void *user, void *pointer, size_t old_size, size_t new_size)
{
    (void)user;
    (void)old_size;
    if (new_size == 0) {
        free(pointer);
        return NULL;
    }
    return realloc(pointer, new_size);
}

void *memory_alloc(memory_bus *bus, size_t size)
{
    if (size == 0 || size > MEMORY_LIMIT - bus->bytes)
        return NULL;
    void *pointer = bus->allocator.resize(bus->allocator.user, NULL, 0, size);
    if (!pointer)
        return NULL;
    bus->bytes += size;
    return memset(pointer, 0, size);
}

void memory_free(memory_bus *bus, void *pointer, size_t size)
{
    if (!pointer)
        return;
    bus->bytes -= size;
    bus->allocator.resize(bus->allocator.user, pointer, size, 0);
}

char *memory_strdup(memory_bus *bus, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = (char *)memory_alloc(bus, size);
    return copy ? (char *)memcpy(copy, text, size) : NULL;
}

void memory_free_text(memory_bus *bus, char *text)
{
    if (text)
        memory_free(bus, text, strlen(text) + 1);
}

memory_bus *memory_of(aegis_port *port)
{
    return (memory_bus *)(void *)port;
}

/* FNV-1a: short keys, no adversary inside one process. */
uint64_t memory_hash(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *c = text; *c; c++)
        hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
    return hash;
}

aegis_status memory_exhausted(aegis_error *error)
{
    return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED,
                           "the in-process bus is out of memory (limit %zu bytes)", MEMORY_LIMIT);
}

aegis_status memory_check_outgoing(const aegis_outgoing *message, aegis_error *error)
{
    if (!aegis_subject_valid(message->subject))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is not a subject to send to",
                               message->subject ? message->subject : "");
    if (message->reply && !aegis_subject_valid(message->reply))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is not a reply subject", message->reply);
    size_t size = message->body.len;
    for (size_t i = 0; i < message->header_count; i++)
        size += strlen(message->headers[i].name) + strlen(message->headers[i].value) + 4;
    if (size > MEMORY_BODY_MAX) {
        aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED,
                        "a message of %zu bytes is over the bus's limit of %zu", size, MEMORY_BODY_MAX);
        if (error)
            error->not_processed = true;
        return AEGIS_RESOURCE_EXHAUSTED;
    }
    return AEGIS_OK;
}

/* Copy `text` to `*at` and move behind it. */
static const char *place(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = (char *)memcpy(*at, text, size);
    *at += size;
    return copy;
}

memory_packet *memory_packet_new(memory_bus *bus, const aegis_outgoing *message, const char *reply)
{
    size_t size =
        sizeof(memory_packet) + message->header_count * sizeof(aegis_header) + message->body.len + 1;
    size += strlen(message->subject) + 1 + (reply ? strlen(reply) + 1 : 0);
    for (size_t i = 0; i < message->header_count; i++)
        size += strlen(message->headers[i].name) + strlen(message->headers[i].value) + 2;
    memory_packet *packet = (memory_packet *)memory_alloc(bus, size);
    if (!packet)
        return NULL;
    packet->size = size;
    packet->references = 1;
    packet->header_count = message->header_count;
    packet->headers = message->header_count ? (aegis_header *)(void *)(packet + 1) : NULL;
    char *at = (char *)(void *)(packet + 1) + message->header_count * sizeof(aegis_header);
    packet->body.data = (const uint8_t *)at;
    packet->body.len = message->body.len;
    if (message->body.len)
        memcpy(at, message->body.data, message->body.len);
    at += message->body.len + 1;
    packet->subject = place(&at, message->subject);
    packet->reply = reply ? place(&at, reply) : NULL;
    for (size_t i = 0; i < message->header_count; i++) {
        packet->headers[i].name = place(&at, message->headers[i].name);
        packet->headers[i].value = place(&at, message->headers[i].value);
    }
    return packet;
}

memory_packet *memory_packet_keep(memory_packet *packet)
{
    packet->references++;
    return packet;
}

void memory_packet_drop(memory_bus *bus, memory_packet *packet)
{
    if (packet && --packet->references == 0)
        memory_free(bus, packet, packet->size);
}

const char *memory_packet_header(const memory_packet *packet, const char *name)
{
    return aegis_header_value(packet->headers, packet->header_count, name);
}

static void memory_health(aegis_port *port, aegis_health *health)
{
    memory_bus *bus = memory_of(port);

    memset(health, 0, sizeof *health);
    pthread_mutex_lock(&bus->lock);
    health->dropped = bus->dropped;
    pthread_mutex_unlock(&bus->lock);
    health->connected = true;
    health->durable = true;
    health->connections = 1;
    health->call_connections = 1;
    health->max_payload = MEMORY_BODY_MAX;
    memcpy(health->server, "mem:", sizeof "mem:");
}

/* Everything is delivered when publish returns. */
static aegis_status memory_flush(aegis_port *port, int64_t deadline, aegis_error *error)
{
    (void)port;
    (void)deadline;
    (void)error;
    return AEGIS_OK;
}

static void memory_close(aegis_port *port)
{
    memory_bus *bus = memory_of(port);
    if (!bus)
        return;
    aegis_allocator allocator = bus->allocator;
    while (bus->sources)
        memory_close_source(&bus->sources->base);
    memory_streams_free(bus);
    memory_kv_free(bus);
    pthread_mutex_destroy(&bus->lock);
    allocator.resize(allocator.user, bus, sizeof *bus, 0);
}

static const aegis_port_ops memory_ops = {
    .publish = memory_publish,
    .request = memory_request,
    .subscribe = memory_subscribe,
    .listen = memory_listen,
    .hold = memory_hold,
    .divert = memory_divert,
    .next = memory_next,
    .next_batch = memory_next_batch,
    .release = memory_release,
    .wake = memory_wake,
    .drain = memory_drain,
    .close_source = memory_close_source,
    .completions = memory_completions,
    .submit = memory_submit,
    .cancel = memory_cancel,
    .ensure_stream = memory_ensure_stream,
    .stream_info = memory_stream_info,
    .message_get = memory_message_get,
    .message_delete = memory_message_delete,
    .publish_durable = memory_publish_durable,
    .ensure_consumer = memory_ensure_consumer,
    .consumer_info = memory_consumer_info,
    .delete_consumer = memory_delete_consumer,
    .consume = memory_consume,
    .credit = memory_credit,
    .settle = memory_settle,
    .kv_get = memory_kv_get,
    .kv_put = memory_kv_put,
    .kv_delete = memory_kv_delete,
    .kv_list = memory_kv_list,
    .events = memory_events,
    .health = memory_health,
    .flush = memory_flush,
    .close = memory_close,
};

aegis_status aegis_memory_open(const char *url, const aegis_options *options, aegis_port **port,
                               aegis_error *error)
{
    const aegis_allocator library = {.resize = library_resize, .user = NULL};
    *port = NULL;
    if (!url || strcmp(url, "mem:") != 0)
        return aegis_error_set(
            error, AEGIS_INVALID_ARGUMENT,
            "'%s': the in-process bus is opened with \"mem:\" and belongs to whoever opens it; "
            "named ones are not supported",
            url ? url : "");
    aegis_allocator allocator = options && options->allocator ? *options->allocator : library;
    memory_bus *bus = (memory_bus *)allocator.resize(allocator.user, NULL, 0, sizeof *bus);
    if (!bus)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no memory for a bus");
    memset(bus, 0, sizeof *bus);
    bus->base.ops = &memory_ops;
    bus->allocator = allocator;
    bus->random = (uint64_t)aegis_clock_monotonic() | 1;
    if (pthread_mutex_init(&bus->lock, NULL) != 0) {
        allocator.resize(allocator.user, bus, sizeof *bus, 0);
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no mutex for a bus");
    }
    *port = &bus->base;
    return AEGIS_OK;
}
