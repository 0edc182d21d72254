/* Sources: what a thread of the application waits on. Every kind shares one `next`; they differ in where the
 * next message comes from and in when time alone can bring one.
 */
#include "adapters/memory/memory.h"

#include "ports/clock.h"

#include <string.h>

static memory_source *source_of(aegis_source *source)
{
    return (memory_source *)(void *)source;
}

memory_source *memory_source_new(memory_bus *bus, memory_kind kind, size_t capacity)
{
    memory_source *source = (memory_source *)memory_alloc(bus, sizeof *source);
    if (!source)
        return NULL;
    if (!aegis_condition_init(&source->changed)) {
        memory_free(bus, source, sizeof *source);
        return NULL;
    }
    source->base.port = &bus->base;
    source->kind = kind;
    source->capacity = capacity;
    source->earliest = INT64_MAX;
    source->next = bus->sources;
    if (bus->sources)
        bus->sources->previous = source;
    bus->sources = source;
    return source;
}

void memory_source_free(memory_bus *bus, memory_source *source)
{
    if (source->previous)
        source->previous->next = source->next;
    else
        bus->sources = source->next;
    if (source->next)
        source->next->previous = source->previous;
    memory_unroute(bus, source);
    memory_leave_group(bus, source);
    while (source->first) {
        memory_delivery *delivery = source->first;
        source->first = delivery->next;
        memory_delivery_free(bus, delivery);
    }
    memory_free_text(bus, source->subject);
    pthread_cond_destroy(&source->changed);
    memory_free(bus, source, sizeof *source);
}

memory_delivery *memory_delivery_new(memory_bus *bus, memory_packet *packet)
{
    memory_delivery *delivery = (memory_delivery *)memory_alloc(bus, sizeof *delivery);
    if (!delivery)
        return NULL;
    delivery->bus = bus;
    delivery->message.adapter = delivery;
    if (packet) {
        delivery->packet = memory_packet_keep(packet);
        delivery->message.subject = packet->subject;
        delivery->message.reply = packet->reply;
        delivery->message.headers = packet->headers;
        delivery->message.header_count = packet->header_count;
        delivery->message.body = packet->body;
    }
    return delivery;
}

void memory_delivery_free(memory_bus *bus, memory_delivery *delivery)
{
    if (!delivery)
        return;
    memory_packet_drop(bus, delivery->packet);
    if (delivery->consumer)
        memory_consumer_drop(bus, delivery->consumer);
    memory_free(bus, delivery, sizeof *delivery);
}

void memory_enqueue(memory_source *source, memory_delivery *delivery)
{
    delivery->next = NULL;
    if (source->last)
        source->last->next = delivery;
    else
        source->first = delivery;
    source->last = delivery;
    source->count++;
    pthread_cond_signal(&source->changed);
}

void memory_hand_on(const memory_source *source, memory_delivery *delivery)
{
    delivery->message.token = source->token;
    delivery->diverted = true;
    memory_enqueue(source->into, delivery);
}

static memory_delivery *dequeue(memory_source *source)
{
    memory_delivery *delivery = source->first;
    if (!delivery)
        return NULL;
    source->first = delivery->next;
    if (!source->first)
        source->last = NULL;
    source->count--;
    source->overflowed = false;
    return delivery;
}

/* Events are few and small; when there is no memory for one it is lost like the oldest of a full source. */
static void add_event(memory_source *source, aegis_connection_event event, const char *subject)
{
    memory_bus *bus = memory_of(source->base.port);
    const aegis_outgoing content = {.subject = subject ? subject : ""};
    memory_packet *packet = memory_packet_new(bus, &content, NULL);
    memory_delivery *delivery = packet ? memory_delivery_new(bus, packet) : NULL;
    memory_packet_drop(bus, packet);
    if (!delivery)
        return;
    if (source->count >= source->capacity)
        memory_delivery_free(bus, dequeue(source));
    delivery->message.event = event;
    delivery->message.arrived = aegis_clock_monotonic();
    memory_enqueue(source, delivery);
}

void memory_event(memory_bus *bus, aegis_connection_event event, const char *subject)
{
    for (memory_source *source = bus->sources; source; source = source->next)
        if (source->kind == MEMORY_EVENT_SOURCE && !source->drained)
            add_event(source, event, subject);
}

aegis_status memory_events(aegis_port *port, aegis_source **source, aegis_error *error)
{
    memory_bus *bus = memory_of(port);
    pthread_mutex_lock(&bus->lock);
    memory_source *made = memory_source_new(bus, MEMORY_EVENT_SOURCE, MEMORY_EVENTS);
    if (made)
        add_event(made, AEGIS_CONNECTION_UP, NULL);
    pthread_mutex_unlock(&bus->lock);
    *source = made ? &made->base : NULL;
    return made ? AEGIS_OK : memory_exhausted(error);
}

/* A message that is ready, or NULL and, in `look`, when time alone may bring one. */
static memory_delivery *take(memory_source *source, int64_t now, int64_t *look)
{
    *look = INT64_MAX;
    if (source->kind == MEMORY_DURABLE)
        return source->drained ? NULL : memory_consumer_take(source, now, look);
    if (source->kind == MEMORY_COMPLETIONS) {
        *look = memory_expire_operations(source, now);
        memory_delivery *completion = dequeue(source);
        if (completion && !completion->diverted)
            source->under_way--;
        return completion;
    }
    return dequeue(source);
}

/* One step of `next`: true when it is over. */
static bool step(memory_source *source, int64_t deadline, aegis_message *message, aegis_status *status,
                 int64_t *look)
{
    int64_t now = aegis_clock_monotonic();
    if (source->wakes > 0) {
        source->wakes--;
        *status = AEGIS_CANCELLED;
        return true;
    }
    memory_delivery *delivery = take(source, now, look);
    if (delivery) {
        *message = delivery->message;
        *status = AEGIS_OK;
        return true;
    }
    if (source->drained && source->under_way == 0) {
        *status = AEGIS_UNAVAILABLE;
        return true;
    }
    *status = AEGIS_DEADLINE_EXCEEDED;
    return now >= deadline;
}

aegis_status memory_next_batch(aegis_source *port_source, int64_t deadline, aegis_message *messages,
                               size_t most, size_t *count)
{
    memory_source *source = source_of(port_source);
    memory_bus *bus = memory_of(port_source->port);
    aegis_status status;
    int64_t look;
    memset(messages, 0, sizeof *messages);
    *count = 0;
    pthread_mutex_lock(&bus->lock);
    source->waiting++;
    while (!step(source, deadline, messages, &status, &look))
        (void)aegis_condition_wait(&source->changed, &bus->lock, look < deadline ? look : deadline);
    source->waiting--;
    for (*count = status == AEGIS_OK ? 1 : 0; *count > 0 && *count < most; ++*count) {
        const memory_delivery *delivery = take(source, aegis_clock_monotonic(), &look);
        if (!delivery)
            break;
        messages[*count] = delivery->message;
    }
    /* The signal for the next message may have been ours. */
    if (source->waiting > 0 && (source->first || source->wakes > 0))
        pthread_cond_signal(&source->changed);
    pthread_mutex_unlock(&bus->lock);
    return status;
}

aegis_status memory_next(aegis_source *source, int64_t deadline, aegis_message *message)
{
    size_t count;
    return memory_next_batch(source, deadline, message, 1, &count);
}

void memory_release(aegis_message *message)
{
    memory_delivery *delivery = (memory_delivery *)message->adapter;
    if (!delivery)
        return;
    memory_bus *bus = delivery->bus;
    pthread_mutex_lock(&bus->lock);
    memory_delivery_free(bus, delivery);
    pthread_mutex_unlock(&bus->lock);
    message->adapter = NULL;
}

void memory_wake(aegis_source *port_source)
{
    memory_source *source = source_of(port_source);
    memory_bus *bus = memory_of(port_source->port);
    pthread_mutex_lock(&bus->lock);
    if (source->wakes < (source->waiting > 1 ? source->waiting : 1))
        source->wakes++;
    pthread_cond_broadcast(&source->changed);
    pthread_mutex_unlock(&bus->lock);
}

aegis_status memory_drain(aegis_source *port_source, int64_t deadline)
{
    memory_source *source = source_of(port_source);
    memory_bus *bus = memory_of(port_source->port);
    (void)deadline;
    pthread_mutex_lock(&bus->lock);
    memory_unroute(bus, source);
    source->drained = true;
    pthread_cond_broadcast(&source->changed);
    pthread_mutex_unlock(&bus->lock);
    return AEGIS_OK;
}

aegis_status memory_hold(aegis_source *port_source, bool held, int64_t deadline)
{
    memory_source *source = source_of(port_source);
    memory_bus *bus = memory_of(port_source->port);
    (void)deadline;
    pthread_mutex_lock(&bus->lock);
    source->credit = 0;
    if (held)
        memory_unroute(bus, source);
    else if (source->kind == MEMORY_SUBSCRIPTION && !source->route_head && !source->drained)
        memory_route_to(bus, source);
    pthread_mutex_unlock(&bus->lock);
    return AEGIS_OK;
}

void memory_divert(aegis_source *port_source, aegis_source *into, uint64_t token)
{
    memory_source *source = source_of(port_source);
    memory_bus *bus = memory_of(port_source->port);
    pthread_mutex_lock(&bus->lock);
    source->into = source_of(into);
    source->token = token;
    for (memory_delivery *delivery = dequeue(source); delivery; delivery = dequeue(source))
        memory_hand_on(source, delivery);
    pthread_mutex_unlock(&bus->lock);
}

void memory_close_source(aegis_source *port_source)
{
    if (!port_source)
        return;
    memory_source *source = source_of(port_source);
    memory_bus *bus = memory_of(port_source->port);
    pthread_mutex_lock(&bus->lock);
    if (source->kind == MEMORY_DURABLE)
        memory_consumer_leave(source);
    if (source->kind == MEMORY_COMPLETIONS)
        memory_abandon_operations(source);
    memory_source_free(bus, source);
    pthread_mutex_unlock(&bus->lock);
}
