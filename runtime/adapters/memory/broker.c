/* Subjects, subscriptions and the routing of a message to them. Subscriptions without wildcards are found by
 * hash, the others one by one; of those that share a queue name one is drawn at random, as a server does.
 */
#include "adapters/memory/memory.h"

#include "domain/subject.h"
#include "ports/clock.h"

#include <string.h>

static memory_group *find_group(memory_bus *bus, const char *name)
{
    memory_group *group = bus->groups;
    while (group && strcmp(group->name, name) != 0)
        group = group->next;
    return group;
}

static memory_group *join_group(memory_bus *bus, const char *name)
{
    memory_group *group = find_group(bus, name);
    if (!group) {
        group = (memory_group *)memory_alloc(bus, sizeof *group);
        if (!group)
            return NULL;
        group->name = memory_strdup(bus, name);
        if (!group->name) {
            memory_free(bus, group, sizeof *group);
            return NULL;
        }
        group->next = bus->groups;
        bus->groups = group;
    }
    group->members++;
    return group;
}

void memory_leave_group(memory_bus *bus, memory_source *source)
{
    memory_group *group = source->group;
    source->group = NULL;
    if (!group || --group->members > 0)
        return;
    for (memory_group **at = &bus->groups; *at; at = &(*at)->next) {
        if (*at == group) {
            *at = group->next;
            break;
        }
    }
    memory_free_text(bus, group->name);
    memory_free(bus, group, sizeof *group);
}

void memory_route_to(memory_bus *bus, memory_source *source)
{
    bool wildcard = aegis_subject_has_wildcard(source->subject);
    memory_source **head =
        wildcard ? &bus->patterns : &bus->literal[memory_hash(source->subject) % MEMORY_BUCKETS];
    source->route_head = head;
    source->route_next = *head;
    if (*head)
        (*head)->route_previous = source;
    *head = source;
}

void memory_unroute(memory_bus *bus, memory_source *source)
{
    (void)bus;
    if (!source->route_head)
        return;
    if (source->route_previous)
        source->route_previous->route_next = source->route_next;
    else
        *source->route_head = source->route_next;
    if (source->route_next)
        source->route_next->route_previous = source->route_previous;
    source->route_head = NULL;
    source->route_next = source->route_previous = NULL;
}

/* A full source loses the message; the first loss after a read is reported. */
static void deliver(memory_bus *bus, memory_source *source, memory_packet *packet, int64_t now)
{
    const bool room = source->into ? source->into->count < MEMORY_CAPACITY : source->count < source->capacity;
    memory_delivery *delivery = room ? memory_delivery_new(bus, packet) : NULL;
    if (delivery) {
        delivery->message.arrived = now;
        if (source->into)
            memory_hand_on(source, delivery);
        else
            memory_enqueue(source, delivery);
    } else {
        bus->dropped++;
        if (!source->overflowed)
            memory_event(bus, AEGIS_CONNECTION_DROPPED, source->subject);
        source->overflowed = true;
    }
}

/* xorshift64 */
static uint64_t draw(memory_bus *bus)
{
    bus->random ^= bus->random << 13;
    bus->random ^= bus->random >> 7;
    bus->random ^= bus->random << 17;
    return bus->random;
}

/* Each member met replaces the one chosen with probability 1/n, so that all n are equally likely in one pass.
 */
static void consider(memory_bus *bus, memory_group **touched, memory_source *source)
{
    memory_group *group = source->group;
    if (group->scan != bus->scans) {
        group->scan = bus->scans;
        group->candidates = 0;
        group->touched = *touched;
        *touched = group;
    }
    group->candidates++;
    if (draw(bus) % group->candidates == 0)
        group->chosen = source;
}

size_t memory_route_live(memory_bus *bus, memory_packet *packet)
{
    memory_source *lists[2] = {bus->literal[memory_hash(packet->subject) % MEMORY_BUCKETS], bus->patterns};
    memory_group *touched = NULL;
    int64_t now = aegis_clock_monotonic();
    size_t takers = 0;
    bus->scans++;
    for (size_t i = 0; i < 2; i++) {
        for (memory_source *source = lists[i]; source; source = source->route_next) {
            if (!aegis_subject_matches(source->subject, packet->subject))
                continue;
            if (source->group) {
                consider(bus, &touched, source);
                continue;
            }
            deliver(bus, source, packet, now);
            takers++;
        }
    }
    for (; touched; touched = touched->touched, takers++)
        deliver(bus, touched->chosen, packet, now);
    return takers + (memory_answer(bus, packet) ? 1 : 0);
}

size_t memory_route(memory_bus *bus, memory_packet *packet)
{
    size_t takers = memory_route_live(bus, packet);
    memory_stream *stream = memory_stream_for(bus, packet->subject);
    if (stream) {
        memory_store(bus, stream, packet, NULL, NULL);
        takers++;
    }
    return takers;
}

aegis_status memory_publish(aegis_port *port, const aegis_outgoing *message, aegis_error *error)
{
    memory_bus *bus = memory_of(port);
    aegis_status status = memory_check_outgoing(message, error);
    if (status != AEGIS_OK)
        return status;
    pthread_mutex_lock(&bus->lock);
    memory_packet *packet = memory_packet_new(bus, message, message->reply);
    if (packet)
        memory_route(bus, packet);
    memory_packet_drop(bus, packet);
    pthread_mutex_unlock(&bus->lock);
    return packet ? AEGIS_OK : memory_exhausted(error);
}

static memory_source *new_subscription(memory_bus *bus, const char *subject, const char *queue,
                                       size_t capacity)
{
    memory_source *source =
        memory_source_new(bus, MEMORY_SUBSCRIPTION, capacity ? capacity : MEMORY_CAPACITY);
    if (!source)
        return NULL;
    source->subject = memory_strdup(bus, subject);
    if (queue && *queue)
        source->group = join_group(bus, queue);
    if (!source->subject || (queue && *queue && !source->group)) {
        memory_source_free(bus, source);
        return NULL;
    }
    memory_route_to(bus, source);
    return source;
}

aegis_status memory_subscribe(aegis_port *port, const char *subject, const char *queue, size_t capacity,
                              bool seldom, aegis_source **source, aegis_error *error)
{
    memory_bus *bus = memory_of(port);
    (void)seldom; /* there is no connection to see to */
    *source = NULL;
    if (!aegis_subject_pattern_valid(subject))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is not a subject or pattern",
                               subject ? subject : "");
    if (queue && strpbrk(queue, " \t\r\n"))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is not a queue group's name", queue);
    pthread_mutex_lock(&bus->lock);
    memory_source *made = new_subscription(bus, subject, queue, capacity);
    pthread_mutex_unlock(&bus->lock);
    if (!made)
        return memory_exhausted(error);
    *source = &made->base;
    return AEGIS_OK;
}

aegis_status memory_listen(aegis_port *port, const char *subject, size_t capacity, aegis_source **source,
                           aegis_error *error)
{
    return memory_subscribe(port, subject, NULL, capacity, false, source, error);
}
