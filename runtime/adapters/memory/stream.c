/* Streams: messages kept by sequence, with limits, ages and a window of ids. Ages are looked at whenever a
 * stream is touched; in between nobody can tell.
 */
#include "adapters/memory/memory.h"

#include "domain/subject.h"
#include "ports/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A server's bookkeeping for one message in a file store. */
enum { STORED_OVERHEAD = 30, HEADERS_OVERHEAD = 16, SEEN_MAX = 262144 };

memory_stream *memory_stream_find(memory_bus *bus, const char *name)
{
    memory_stream *stream = bus->streams;
    while (stream && strcmp(stream->name, name) != 0)
        stream = stream->next;
    return stream;
}

memory_stream *memory_stream_for(memory_bus *bus, const char *subject)
{
    for (memory_stream *stream = bus->streams; stream; stream = stream->next)
        for (size_t i = 0; i < stream->config.subject_count; i++)
            if (aegis_subject_matches(stream->subjects[i], subject))
                return stream;
    return NULL;
}

memory_stored *memory_stored_at(const memory_stream *stream, uint64_t sequence)
{
    if (sequence < stream->base || sequence - stream->base >= stream->used)
        return NULL;
    return stream->slots[stream->head + (size_t)(sequence - stream->base)];
}

uint64_t memory_stream_next_sequence(const memory_stream *stream)
{
    return stream->base + stream->used;
}

void memory_stream_remove(memory_bus *bus, memory_stream *stream, uint64_t sequence)
{
    memory_stored *stored = memory_stored_at(stream, sequence);
    if (!stored)
        return;
    stream->slots[stream->head + (size_t)(sequence - stream->base)] = NULL;
    stream->messages--;
    stream->bytes -= stored->size;
    memory_packet_drop(bus, stored->packet);
    memory_free(bus, stored, sizeof *stored);
    while (stream->used > 0 && !stream->slots[stream->head]) {
        stream->head++;
        stream->used--;
        stream->base++;
    }
    if (stream->used == 0)
        stream->head = 0;
}

static void forget_seen(memory_bus *bus, memory_stream *stream)
{
    memory_seen *seen = stream->seen_first;
    memory_seen **at = &stream->seen[memory_hash(seen->id) % MEMORY_BUCKETS];
    while (*at != seen)
        at = &(*at)->hash_next;
    *at = seen->hash_next;
    stream->seen_first = seen->next;
    if (!stream->seen_first)
        stream->seen_last = NULL;
    stream->seen_count--;
    memory_free_text(bus, seen->id);
    memory_free(bus, seen, sizeof *seen);
}

void memory_stream_expire(memory_bus *bus, memory_stream *stream, int64_t now)
{
    while (stream->config.max_age > 0 && stream->used > 0 &&
           now - stream->slots[stream->head]->stored >= stream->config.max_age)
        memory_stream_remove(bus, stream, stream->base);
    while (stream->seen_first && now - stream->seen_first->when >= stream->config.duplicate_window)
        forget_seen(bus, stream);
    memory_consumers_expire(bus, stream, now);
}

static const memory_seen *find_seen(const memory_stream *stream, const char *id)
{
    const memory_seen *seen = stream->seen[memory_hash(id) % MEMORY_BUCKETS];
    while (seen && strcmp(seen->id, id) != 0)
        seen = seen->hash_next;
    return seen;
}

static bool remember(memory_bus *bus, memory_stream *stream, const char *id, uint64_t sequence, int64_t now)
{
    memory_seen *seen = (memory_seen *)memory_alloc(bus, sizeof *seen);
    if (!seen)
        return false;
    seen->id = memory_strdup(bus, id);
    if (!seen->id) {
        memory_free(bus, seen, sizeof *seen);
        return false;
    }
    seen->sequence = sequence;
    seen->when = now;
    memory_seen **head = &stream->seen[memory_hash(id) % MEMORY_BUCKETS];
    seen->hash_next = *head;
    *head = seen;
    if (stream->seen_last)
        stream->seen_last->next = seen;
    else
        stream->seen_first = seen;
    stream->seen_last = seen;
    if (++stream->seen_count > SEEN_MAX)
        forget_seen(bus, stream);
    return true;
}

static bool make_room(memory_bus *bus, memory_stream *stream)
{
    if (stream->head + stream->used < stream->room)
        return true;
    if (stream->head > stream->room / 2) {
        memmove(stream->slots, stream->slots + stream->head, stream->used * sizeof *stream->slots);
        stream->head = 0;
        return true;
    }
    size_t room = stream->room ? stream->room * 2 : 64;
    memory_stored **slots = (memory_stored **)memory_alloc(bus, room * sizeof *slots);
    if (!slots)
        return false;
    if (stream->used)
        memcpy(slots, stream->slots + stream->head, stream->used * sizeof *slots);
    memory_free(bus, stream->slots, stream->room * sizeof *slots);
    stream->slots = slots;
    stream->room = room;
    stream->head = 0;
    return true;
}

static size_t stored_size(const memory_packet *packet)
{
    size_t size = STORED_OVERHEAD + strlen(packet->subject) + packet->body.len;
    if (packet->header_count)
        size += HEADERS_OVERHEAD;
    for (size_t i = 0; i < packet->header_count; i++)
        size += strlen(packet->headers[i].name) + strlen(packet->headers[i].value) + 4;
    return size;
}

static bool over(const memory_stream *stream, size_t size)
{
    const aegis_stream_config *c = &stream->config;
    return (c->max_messages > 0 && stream->messages + 1 > (uint64_t)c->max_messages) ||
           (c->max_bytes > 0 && stream->bytes + size > (uint64_t)c->max_bytes);
}

/* Make the limits hold for one more message of `size`. */
static aegis_status within_limits(memory_bus *bus, memory_stream *stream, size_t size, aegis_error *error)
{
    bool too_big = stream->config.max_bytes > 0 && size > (uint64_t)stream->config.max_bytes;
    if (over(stream, size) && (too_big || stream->config.discard == AEGIS_DISCARD_NEW))
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED,
                               "stream %s is full: %" PRIu64 " messages, %" PRIu64 " bytes", stream->name,
                               stream->messages, stream->bytes);
    while (over(stream, size))
        memory_stream_remove(bus, stream, stream->base);
    while (stream->config.discard == AEGIS_DISCARD_OLD && stream->used > 0 && bus->bytes > MEMORY_CROWDED)
        memory_stream_remove(bus, stream, stream->base);
    return AEGIS_OK;
}

static aegis_status append(memory_bus *bus, memory_stream *stream, memory_packet *packet, const char *id,
                           aegis_error *error)
{
    int64_t now = aegis_clock_monotonic();
    uint64_t sequence = memory_stream_next_sequence(stream);
    memory_stored *stored = (memory_stored *)memory_alloc(bus, sizeof *stored);
    if (!stored || !make_room(bus, stream) || (id && !remember(bus, stream, id, sequence, now))) {
        memory_free(bus, stored, sizeof *stored);
        return memory_exhausted(error);
    }
    stored->sequence = sequence;
    stored->packet = memory_packet_keep(packet);
    stored->stored = now;
    stored->stored_at = aegis_now();
    stored->size = stored_size(packet);
    stream->slots[stream->head + stream->used++] = stored;
    stream->messages++;
    stream->bytes += stored->size;
    return AEGIS_OK;
}

aegis_status memory_store(memory_bus *bus, memory_stream *stream, memory_packet *packet,
                          aegis_publish_ack *ack, aegis_error *error)
{
    const char *expected = memory_packet_header(packet, "Nats-Expected-Stream");
    const char *id = memory_packet_header(packet, "Nats-Msg-Id");
    if (expected && strcmp(expected, stream->name) != 0)
        return aegis_error_set(error, AEGIS_FAILED_PRECONDITION, "the message is for stream %s, not %s",
                               expected, stream->name);
    memory_stream_expire(bus, stream, aegis_clock_monotonic());
    const memory_seen *seen = id ? find_seen(stream, id) : NULL;
    if (seen) {
        if (ack)
            *ack = (aegis_publish_ack){seen->sequence, true};
        return AEGIS_OK;
    }
    aegis_status status = within_limits(bus, stream, stored_size(packet), error);
    if (status == AEGIS_OK)
        status = append(bus, stream, packet, id, error);
    if (status != AEGIS_OK)
        return status;
    if (ack)
        *ack = (aegis_publish_ack){memory_stream_next_sequence(stream) - 1, false};
    for (memory_consumer *consumer = stream->consumers; consumer; consumer = consumer->next)
        memory_consumer_notify(consumer);
    return AEGIS_OK;
}

aegis_status memory_publish_stored(memory_bus *bus, const aegis_outgoing *message, aegis_publish_ack *ack,
                                   aegis_error *error)
{
    memory_packet *packet = memory_packet_new(bus, message, message->reply);
    if (!packet)
        return memory_exhausted(error);
    memory_stream *stream = memory_stream_for(bus, message->subject);
    aegis_status status;
    if (!stream)
        status = aegis_error_set(error, AEGIS_NOT_FOUND, "no stream takes '%s'", message->subject);
    else
        status = memory_store(bus, stream, packet, ack, error);
    if (status == AEGIS_OK && message->stream && strcmp(stream->name, message->stream) != 0)
        status = aegis_error_set(error, AEGIS_FAILED_PRECONDITION, "stream %s has taken it instead of %s",
                                 stream->name, message->stream);
    memory_route_live(bus, packet);
    memory_packet_drop(bus, packet);
    return status;
}

aegis_status memory_publish_durable(aegis_port *port, const aegis_outgoing *message, int64_t deadline,
                                    aegis_publish_ack *ack, aegis_error *error)
{
    memory_bus *bus = memory_of(port);
    (void)deadline;
    if (ack)
        memset(ack, 0, sizeof *ack);
    aegis_status status = memory_check_outgoing(message, error);
    if (status != AEGIS_OK)
        return status;
    pthread_mutex_lock(&bus->lock);
    status = memory_publish_stored(bus, message, ack, error);
    pthread_mutex_unlock(&bus->lock);
    return status;
}

static void stream_free(memory_bus *bus, memory_stream *stream)
{
    memory_consumers_free(bus, stream);
    while (stream->used > 0)
        memory_stream_remove(bus, stream, stream->base);
    while (stream->seen_first)
        forget_seen(bus, stream);
    memory_free(bus, stream->slots, stream->room * sizeof *stream->slots);
    for (size_t i = 0; stream->subjects && i < stream->config.subject_count; i++)
        memory_free_text(bus, stream->subjects[i]);
    memory_free(bus, stream->subjects, stream->config.subject_count * sizeof *stream->subjects);
    memory_free_text(bus, stream->name);
    memory_free(bus, stream, sizeof *stream);
}

void memory_streams_free(memory_bus *bus)
{
    while (bus->streams) {
        memory_stream *stream = bus->streams;
        bus->streams = stream->next;
        stream_free(bus, stream);
    }
}

static memory_stream *stream_new(memory_bus *bus, const aegis_stream_config *config)
{
    memory_stream *stream = (memory_stream *)memory_alloc(bus, sizeof *stream);
    if (!stream)
        return NULL;
    stream->config = *config;
    stream->base = 1;
    stream->config.duplicate_window = aegis_stream_window(config);
    stream->name = memory_strdup(bus, config->name);
    stream->subjects = (char **)memory_alloc(bus, config->subject_count * sizeof *stream->subjects);
    bool whole = stream->name && stream->subjects;
    for (size_t i = 0; whole && i < config->subject_count; i++) {
        stream->subjects[i] = memory_strdup(bus, config->subjects[i]);
        whole = stream->subjects[i] != NULL;
    }
    stream->config.name = stream->name;
    stream->config.subjects = (const char *const *)stream->subjects;
    if (!whole) {
        stream_free(bus, stream);
        return NULL;
    }
    stream->next = bus->streams;
    bus->streams = stream;
    return stream;
}

static aegis_status check_config(memory_bus *bus, const aegis_stream_config *config, aegis_error *error)
{
    if (!config->name || !*config->name || strpbrk(config->name, " \t\r\n.*>/\\"))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is not a stream's name",
                               config->name ? config->name : "");
    if (config->subject_count == 0)
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "stream %s has no subjects", config->name);
    for (size_t i = 0; i < config->subject_count; i++)
        if (!aegis_subject_pattern_valid(config->subjects[i]))
            return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is not a subject or pattern",
                                   config->subjects[i]);
    for (const memory_stream *other = bus->streams; other; other = other->next)
        for (size_t i = 0; i < other->config.subject_count; i++)
            for (size_t j = 0; strcmp(other->name, config->name) != 0 && j < config->subject_count; j++)
                if (aegis_subject_overlaps(other->subjects[i], config->subjects[j]))
                    return aegis_error_set(error, AEGIS_FAILED_PRECONDITION,
                                           "stream %s: subject '%s' overlaps with '%s' of stream %s",
                                           config->name, config->subjects[j], other->subjects[i],
                                           other->name);
    return AEGIS_OK;
}

static void fill_info(memory_bus *bus, memory_stream *stream, aegis_stream_info *info)
{
    memory_stream_expire(bus, stream, aegis_clock_monotonic());
    memset(info, 0, sizeof *info);
    info->messages = stream->messages;
    info->bytes = stream->bytes;
    info->first_sequence = stream->base > 1 || stream->used > 0 ? stream->base : 0;
    info->last_sequence = memory_stream_next_sequence(stream) - 1;
    info->ours = true;
}

static aegis_status ensure(memory_bus *bus, const aegis_stream_config *config, aegis_stream_info *info,
                           aegis_error *error)
{
    aegis_stream_info own;
    aegis_status status = check_config(bus, config, error);
    if (status != AEGIS_OK)
        return status;
    if (!info)
        info = &own;
    memory_stream *stream = memory_stream_find(bus, config->name);
    if (!stream)
        stream = stream_new(bus, config);
    if (!stream)
        return memory_exhausted(error);
    fill_info(bus, stream, info);
    aegis_stream_compare(&stream->config, config, info);
    if (info->differs)
        return aegis_error_set(error, AEGIS_FAILED_PRECONDITION, "stream %s is there already: %s",
                               config->name, info->difference);
    return AEGIS_OK;
}

aegis_status memory_ensure_stream(aegis_port *port, const aegis_stream_config *config, int64_t deadline,
                                  aegis_stream_info *info, aegis_error *error)
{
    memory_bus *bus = memory_of(port);
    (void)deadline;
    if (config->bucket)
        return memory_ensure_bucket(port, config, info, error);
    pthread_mutex_lock(&bus->lock);
    aegis_status status = ensure(bus, config, info, error);
    pthread_mutex_unlock(&bus->lock);
    return status;
}

aegis_status memory_stream_info(aegis_port *port, const char *name, int64_t deadline, aegis_stream_info *info,
                                aegis_error *error)
{
    memory_bus *bus = memory_of(port);
    (void)deadline;
    pthread_mutex_lock(&bus->lock);
    memory_stream *stream = memory_stream_find(bus, name);
    if (stream)
        fill_info(bus, stream, info);
    pthread_mutex_unlock(&bus->lock);
    return stream ? AEGIS_OK : aegis_error_set(error, AEGIS_NOT_FOUND, "there is no stream %s", name);
}

/* ---- one message ----------------------------------------------------------------------------------------
 */

static const memory_stored *find_stored(const memory_stream *stream, const char *filter, uint64_t sequence)
{
    if (!filter)
        return memory_stored_at(stream, sequence);
    if (sequence < stream->base)
        sequence = stream->base;
    for (; sequence < memory_stream_next_sequence(stream); sequence++) {
        const memory_stored *stored = memory_stored_at(stream, sequence);
        if (stored && aegis_subject_matches(filter, stored->packet->subject))
            return stored;
    }
    return NULL;
}

static bool copy_headers(const memory_packet *packet, aegis_arena *arena, aegis_stored *out)
{
    aegis_header *headers = (aegis_header *)aegis_arena_alloc(arena, packet->header_count * sizeof *headers);
    if (!headers)
        return false;
    for (size_t i = 0; i < packet->header_count; i++) {
        headers[i].name = aegis_arena_strdup(arena, packet->headers[i].name);
        headers[i].value = aegis_arena_strdup(arena, packet->headers[i].value);
        if (!headers[i].name || !headers[i].value)
            return false;
    }
    out->headers = headers;
    out->header_count = packet->header_count;
    return true;
}

static bool copy_stored(const memory_stored *stored, aegis_arena *arena, aegis_stored *out)
{
    const memory_packet *packet = stored->packet;
    uint8_t *body = (uint8_t *)aegis_arena_alloc(arena, packet->body.len);
    out->subject = aegis_arena_strdup(arena, packet->subject);
    if (!body || !out->subject || !copy_headers(packet, arena, out))
        return false;
    if (packet->body.len)
        memcpy(body, packet->body.data, packet->body.len);
    out->body = (aegis_bytes){body, packet->body.len};
    out->sequence = stored->sequence;
    out->stored_at = stored->stored_at;
    return true;
}

static aegis_status no_message(const char *stream, uint64_t sequence, aegis_error *error)
{
    return aegis_error_set(error, AEGIS_NOT_FOUND, "stream %s has no message %" PRIu64, stream, sequence);
}

aegis_status memory_message_get(aegis_port *port, const char *name, const char *filter, uint64_t sequence,
                                int64_t deadline, aegis_arena *arena, aegis_stored *out, aegis_error *error)
{
    memory_bus *bus = memory_of(port);
    (void)deadline;
    memset(out, 0, sizeof *out);
    if (filter && !aegis_subject_pattern_valid(filter))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is not a subject or pattern", filter);
    pthread_mutex_lock(&bus->lock);
    memory_stream *stream = memory_stream_find(bus, name);
    if (stream)
        memory_stream_expire(bus, stream, aegis_clock_monotonic());
    const memory_stored *stored = stream ? find_stored(stream, filter, sequence) : NULL;
    bool copied = stored && copy_stored(stored, arena, out);
    pthread_mutex_unlock(&bus->lock);
    if (!stored)
        return no_message(name, sequence, error);
    return copied ? AEGIS_OK : memory_exhausted(error);
}

aegis_status memory_message_delete(aegis_port *port, const char *name, uint64_t sequence, int64_t deadline,
                                   aegis_error *error)
{
    memory_bus *bus = memory_of(port);
    (void)deadline;
    pthread_mutex_lock(&bus->lock);
    memory_stream *stream = memory_stream_find(bus, name);
    bool there = stream && memory_stored_at(stream, sequence);
    if (there)
        memory_stream_remove(bus, stream, sequence);
    pthread_mutex_unlock(&bus->lock);
    return there ? AEGIS_OK : no_message(name, sequence, error);
}
