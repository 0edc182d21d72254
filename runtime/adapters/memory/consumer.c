/* Durable consumers: a position in a stream, what is delivered and not settled, and the sources that read it.
 * They stay when their readers go, so the next reader continues. A message is assigned when it is read, so
 * several readers share one without doubles and nothing waits in a source that nobody reads.
 */
#include "adapters/memory/memory.h"

#include "domain/subject.h"
#include "ports/clock.h"

#include <string.h>

static memory_consumer *find(const memory_stream *stream, const char *durable)
{
    memory_consumer *consumer = stream ? stream->consumers : NULL;
    while (consumer && strcmp(consumer->durable, durable) != 0)
        consumer = consumer->next;
    return consumer;
}

void memory_consumer_notify(memory_consumer *consumer)
{
    for (memory_source *reader = consumer->readers; reader; reader = reader->reader_next)
        if (reader->waiting > 0 && reader->credit > 0)
            pthread_cond_broadcast(&reader->changed);
}

static void due_at(memory_consumer *consumer, memory_unsettled *entry, int64_t due)
{
    entry->due = due;
    if (due < consumer->earliest)
        consumer->earliest = due;
}

static int64_t later(int64_t now, int64_t wait)
{
    return wait > INT64_MAX - now ? INT64_MAX : now + wait;
}

static void forget(memory_consumer *consumer, memory_bus *bus, memory_unsettled *entry)
{
    memory_unsettled **at = &consumer->unsettled;
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    consumer->unsettled_count--;
    memory_free(bus, entry, sizeof *entry);
}

/* New entries have the highest sequence: they go to the end. */
static memory_unsettled *remember(memory_consumer *consumer, memory_bus *bus, uint64_t sequence)
{
    memory_unsettled *entry = (memory_unsettled *)memory_alloc(bus, sizeof *entry);
    if (!entry)
        return NULL;
    entry->sequence = sequence;
    memory_unsettled **at = &consumer->unsettled;
    while (*at)
        at = &(*at)->next;
    *at = entry;
    consumer->unsettled_count++;
    return entry;
}

static bool takes(const memory_consumer *consumer, const memory_stored *stored)
{
    return aegis_subject_matches(consumer->filter, stored->packet->subject);
}

/* The next message never delivered, or NULL. Leaves `position` on it. */
static memory_stored *next_new(memory_consumer *consumer)
{
    const memory_stream *stream = consumer->stream;
    if (consumer->position < stream->base)
        consumer->position = stream->base;
    for (; consumer->position < memory_stream_next_sequence(stream); consumer->position++) {
        memory_stored *stored = memory_stored_at(stream, consumer->position);
        if (stored && takes(consumer, stored))
            return stored;
    }
    return NULL;
}

static uint64_t count_new(memory_consumer *consumer)
{
    const memory_stream *stream = consumer->stream;
    uint64_t count = 0;
    uint64_t sequence = consumer->position < stream->base ? stream->base : consumer->position;
    for (; sequence < memory_stream_next_sequence(stream); sequence++) {
        const memory_stored *stored = memory_stored_at(stream, sequence);
        if (stored && takes(consumer, stored))
            count++;
    }
    return count;
}

/* One whose time has come again. Those that the stream no longer has are dropped on the way. */
static memory_unsettled *next_due(memory_consumer *consumer, memory_bus *bus, int64_t now)
{
    memory_unsettled *chosen = NULL;
    if (now < consumer->earliest)
        return NULL;
    consumer->earliest = INT64_MAX;
    for (memory_unsettled *entry = consumer->unsettled, *next; entry; entry = next) {
        next = entry->next;
        if (entry->due <= now && !memory_stored_at(consumer->stream, entry->sequence))
            forget(consumer, bus, entry);
        else if (entry->due <= now && !chosen)
            chosen = entry;
        else if (entry->due < consumer->earliest)
            consumer->earliest = entry->due;
    }
    return chosen;
}

static memory_delivery *hand_out(memory_source *source, memory_stored *stored, memory_unsettled *entry,
                                 int64_t now)
{
    memory_consumer *consumer = source->consumer;
    memory_delivery *delivery = memory_delivery_new(memory_of(source->base.port), stored->packet);
    if (!delivery) {
        due_at(consumer, entry, later(now, MEMORY_RETRY));
        return NULL;
    }
    entry->deliveries++;
    entry->owner = source;
    due_at(consumer, entry, later(now, consumer->ack_wait));
    source->credit--;
    delivery->consumer = consumer;
    consumer->references++;
    delivery->message.arrived = now;
    delivery->message.sequence = stored->sequence;
    delivery->message.deliveries = entry->deliveries;
    delivery->message.stored_at = stored->stored_at;
    /* Counting means walking: exact for a short backlog, which is where anybody looks. */
    uint64_t behind = memory_stream_next_sequence(consumer->stream) - consumer->position;
    delivery->message.pending = behind <= 1024 ? count_new(consumer) : behind;
    return delivery;
}

static void join(memory_source *source, memory_consumer *consumer)
{
    source->consumer = consumer;
    source->reader_next = consumer->readers;
    consumer->readers = source;
    consumer->references++;
}

/* A reader knows its consumer by name: when that was deleted, one made since takes its place. */
static memory_consumer *consumer_of(memory_source *source)
{
    memory_consumer *consumer = source->consumer;
    memory_consumer *made = consumer->gone ? find(consumer->stream, consumer->durable) : NULL;
    if (!made)
        return consumer;
    memory_consumer_leave(source);
    join(source, made);
    return made;
}

memory_delivery *memory_consumer_take(memory_source *source, int64_t now, int64_t *look)
{
    memory_consumer *consumer = consumer_of(source);
    memory_bus *bus = memory_of(source->base.port);
    if (source->credit == 0 || consumer->gone)
        return NULL;
    memory_stream_expire(bus, consumer->stream, now);
    memory_unsettled *entry = next_due(consumer, bus, now);
    memory_stored *stored = entry ? memory_stored_at(consumer->stream, entry->sequence) : NULL;
    if (!entry && consumer->unsettled_count < consumer->max_unsettled) {
        stored = next_new(consumer);
        entry = stored ? remember(consumer, bus, stored->sequence) : NULL;
        if (entry)
            consumer->delivered = consumer->position++;
    }
    memory_delivery *delivery = entry && stored ? hand_out(source, stored, entry, now) : NULL;
    *look = consumer->earliest;
    if (stored && !entry && *look > later(now, MEMORY_RETRY))
        *look = later(now, MEMORY_RETRY); /* nobody else would bring it */
    return delivery;
}

void memory_credit(aegis_source *port_source, uint32_t messages)
{
    memory_source *source = (memory_source *)(void *)port_source;
    memory_bus *bus = memory_of(port_source->port);
    pthread_mutex_lock(&bus->lock);
    source->credit += messages;
    pthread_cond_broadcast(&source->changed);
    pthread_mutex_unlock(&bus->lock);
}

static void settled(memory_consumer *consumer, memory_bus *bus, memory_unsettled *entry)
{
    bool full = consumer->unsettled_count >= consumer->max_unsettled;
    if (consumer->stream->config.retention == AEGIS_RETAIN_WORK_QUEUE)
        memory_stream_remove(bus, consumer->stream, entry->sequence);
    forget(consumer, bus, entry);
    if (full)
        memory_consumer_notify(consumer);
}

static aegis_status settle(memory_bus *bus, memory_delivery *delivery, aegis_settlement settlement,
                           int64_t delay)
{
    memory_consumer *consumer = delivery->consumer;
    int64_t now = aegis_clock_monotonic();
    if (delivery->settled)
        return AEGIS_FAILED_PRECONDITION;
    delivery->settled = settlement != AEGIS_WORKING;
    memory_unsettled *entry = consumer->unsettled;
    while (entry && entry->sequence != delivery->message.sequence)
        entry = entry->next;
    if (!entry)
        return AEGIS_OK; /* settled by a later delivery: nothing is left to do */
    /* Only an acknowledgement of an earlier delivery counts; the message is another reader's now. */
    bool current = entry->deliveries == delivery->message.deliveries && entry->owner;
    if (settlement == AEGIS_ACK || settlement == AEGIS_TERM)
        settled(consumer, bus, entry);
    else if (current && settlement == AEGIS_WORKING)
        due_at(consumer, entry, later(now, consumer->ack_wait));
    else if (current) {
        entry->owner = NULL;
        due_at(consumer, entry, later(now, delay > 0 ? delay : 0));
        memory_consumer_notify(consumer);
    }
    return AEGIS_OK;
}

aegis_status memory_settle(const aegis_message *message, aegis_settlement settlement, aegis_duration delay)
{
    memory_delivery *delivery = (memory_delivery *)message->adapter;
    if (!delivery || !delivery->consumer || (unsigned)settlement > AEGIS_WORKING)
        return AEGIS_INVALID_ARGUMENT;
    pthread_mutex_lock(&delivery->bus->lock);
    aegis_status status = settle(delivery->bus, delivery, settlement, delay);
    pthread_mutex_unlock(&delivery->bus->lock);
    return status;
}

void memory_consumer_leave(memory_source *source)
{
    memory_consumer *consumer = source->consumer;
    int64_t now = aegis_clock_monotonic();
    memory_source **at = &consumer->readers;
    while (*at && *at != source)
        at = &(*at)->reader_next;
    if (*at)
        *at = source->reader_next;
    for (memory_unsettled *entry = consumer->unsettled; entry; entry = entry->next) {
        if (entry->owner == source) {
            entry->owner = NULL;
            due_at(consumer, entry, now);
        }
    }
    consumer->left = now;
    memory_consumer_notify(consumer);
    memory_consumer_drop(memory_of(source->base.port), consumer);
}

static void consumer_free(memory_bus *bus, memory_consumer *consumer)
{
    memory_free_text(bus, consumer->durable);
    memory_free_text(bus, consumer->filter);
    memory_free(bus, consumer, sizeof *consumer);
}

void memory_consumer_drop(memory_bus *bus, memory_consumer *consumer)
{
    if (--consumer->references == 0)
        consumer_free(bus, consumer);
}

/* What is in somebody's hands keeps it in memory, and settles nothing any more. */
static void unlist(memory_bus *bus, memory_consumer **at)
{
    memory_consumer *consumer = *at;
    *at = consumer->next;
    consumer->gone = true;
    while (consumer->unsettled)
        forget(consumer, bus, consumer->unsettled);
    memory_consumer_drop(bus, consumer);
}

void memory_consumers_expire(memory_bus *bus, memory_stream *stream, int64_t now)
{
    for (memory_consumer **at = &stream->consumers, *consumer; (consumer = *at) != NULL;) {
        if (consumer->inactive > 0 && !consumer->readers && now - consumer->left >= consumer->inactive)
            unlist(bus, at);
        else
            at = &consumer->next;
    }
}

void memory_consumers_free(memory_bus *bus, memory_stream *stream)
{
    while (stream->consumers)
        unlist(bus, &stream->consumers);
}

static aegis_status check(const memory_stream *stream, const aegis_consumer_config *config,
                          aegis_error *error)
{
    bool inside = false;
    for (size_t i = 0; i < stream->config.subject_count; i++)
        inside = inside || aegis_subject_overlaps(stream->subjects[i], config->filter);
    if (!inside)
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "stream %s has nothing that matches '%s'",
                               config->stream, config->filter);
    if (stream->config.retention != AEGIS_RETAIN_WORK_QUEUE)
        return AEGIS_OK;
    if (config->from != AEGIS_DELIVER_ALL)
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT,
                               "a consumer of work queue %s must begin with what is there", config->stream);
    for (const memory_consumer *other = stream->consumers; other; other = other->next)
        if (aegis_subject_overlaps(other->filter, config->filter))
            return aegis_error_set(error, AEGIS_FAILED_PRECONDITION,
                                   "filter '%s' overlaps with '%s' of consumer %s of work queue %s",
                                   config->filter, other->filter, other->durable, config->stream);
    return AEGIS_OK;
}

static aegis_status create(memory_bus *bus, memory_stream *stream, const aegis_consumer_config *config,
                           aegis_error *error)
{
    memory_consumer *consumer = (memory_consumer *)memory_alloc(bus, sizeof *consumer);
    if (!consumer)
        return memory_exhausted(error);
    consumer->durable = memory_strdup(bus, config->durable);
    consumer->filter = memory_strdup(bus, config->filter);
    if (!consumer->durable || !consumer->filter) {
        consumer_free(bus, consumer);
        return memory_exhausted(error);
    }
    consumer->stream = stream;
    consumer->ack_wait = config->ack_wait > 0 ? config->ack_wait : 30 * AEGIS_SECOND;
    consumer->max_unsettled = config->max_ack_pending ? config->max_ack_pending : 1000;
    consumer->earliest = INT64_MAX;
    consumer->inactive = config->inactive;
    consumer->left = aegis_clock_monotonic();
    consumer->position =
        config->from == AEGIS_DELIVER_NEW ? memory_stream_next_sequence(stream) : stream->base;
    if (config->start > 0 && config->start < memory_stream_next_sequence(stream))
        consumer->position = config->start;
    else if (config->start > 0)
        consumer->position = memory_stream_next_sequence(stream);
    consumer->delivered = consumer->position - 1;
    consumer->references = 1;
    consumer->next = stream->consumers;
    stream->consumers = consumer;
    for (memory_source *source = bus->sources; source; source = source->next)
        if (source->kind == MEMORY_DURABLE && source->consumer->gone)
            pthread_cond_broadcast(&source->changed);
    return AEGIS_OK;
}

static aegis_status ensure(memory_bus *bus, const aegis_consumer_config *config, aegis_error *error)
{
    memory_stream *stream = memory_stream_find(bus, config->stream);
    if (!stream)
        return aegis_error_set(error, AEGIS_NOT_FOUND, "there is no stream %s", config->stream);
    memory_stream_expire(bus, stream, aegis_clock_monotonic());
    const memory_consumer *consumer = find(stream, config->durable);
    if (consumer && strcmp(consumer->filter, config->filter) != 0)
        return aegis_error_set(error, AEGIS_FAILED_PRECONDITION,
                               "consumer %s of stream %s has filter '%s', not '%s'", config->durable,
                               config->stream, consumer->filter, config->filter);
    if (consumer)
        return AEGIS_OK;
    aegis_status status = check(stream, config, error);
    return status == AEGIS_OK ? create(bus, stream, config, error) : status;
}

aegis_status memory_ensure_consumer(aegis_port *port, const aegis_consumer_config *config, int64_t deadline,
                                    aegis_error *error)
{
    memory_bus *bus = memory_of(port);
    (void)deadline;
    if (!config->durable || !*config->durable || strpbrk(config->durable, " \t\r\n.*>/\\"))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is not a consumer's name",
                               config->durable ? config->durable : "");
    if (!aegis_subject_pattern_valid(config->filter))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is not a subject or pattern",
                               config->filter ? config->filter : "");
    pthread_mutex_lock(&bus->lock);
    aegis_status status = ensure(bus, config, error);
    pthread_mutex_unlock(&bus->lock);
    return status;
}

static aegis_status no_consumer(const char *stream, const char *durable, aegis_error *error)
{
    return aegis_error_set(error, AEGIS_NOT_FOUND, "stream %s has no consumer %s", stream, durable);
}

aegis_status memory_consumer_info(aegis_port *port, const char *stream, const char *durable, int64_t deadline,
                                  aegis_consumer_info *info, aegis_error *error)
{
    memory_bus *bus = memory_of(port);
    (void)deadline;
    memset(info, 0, sizeof *info);
    pthread_mutex_lock(&bus->lock);
    memory_stream *of = memory_stream_find(bus, stream);
    if (of)
        memory_stream_expire(bus, of, aegis_clock_monotonic());
    memory_consumer *consumer = find(of, durable);
    if (consumer) {
        info->pending = count_new(consumer);
        info->ack_pending = consumer->unsettled_count;
        info->ack_floor = consumer->unsettled ? consumer->unsettled->sequence - 1 : consumer->delivered;
        info->delivered = consumer->delivered;
        info->ack_wait = consumer->ack_wait;
        for (const memory_unsettled *entry = consumer->unsettled; entry; entry = entry->next)
            info->redelivered += entry->deliveries > 1;
    }
    pthread_mutex_unlock(&bus->lock);
    return consumer ? AEGIS_OK : no_consumer(stream, durable, error);
}

aegis_status memory_delete_consumer(aegis_port *port, const char *stream_name, const char *durable,
                                    int64_t deadline, aegis_error *error)
{
    memory_bus *bus = memory_of(port);
    (void)deadline;
    pthread_mutex_lock(&bus->lock);
    memory_stream *stream = memory_stream_find(bus, stream_name);
    memory_consumer **at = stream ? &stream->consumers : NULL;
    while (at && *at && strcmp((*at)->durable, durable) != 0)
        at = &(*at)->next;
    bool found = at && *at;
    if (found)
        unlist(bus, at);
    pthread_mutex_unlock(&bus->lock);
    return found ? AEGIS_OK : no_consumer(stream_name, durable, error);
}

aegis_status memory_consume(aegis_port *port, const char *stream, const char *durable, aegis_source **source,
                            aegis_error *error)
{
    memory_bus *bus = memory_of(port);
    *source = NULL;
    pthread_mutex_lock(&bus->lock);
    memory_consumer *consumer = find(memory_stream_find(bus, stream), durable);
    memory_source *made = consumer ? memory_source_new(bus, MEMORY_DURABLE, 0) : NULL;
    if (made) {
        join(made, consumer);
        *source = &made->base;
    }
    pthread_mutex_unlock(&bus->lock);
    if (made)
        return AEGIS_OK;
    return consumer ? memory_exhausted(error) : no_consumer(stream, durable, error);
}
