/* Requests that wait for an answer: blocking ones, on their caller's stack, and submitted ones, whose
 * completions come out of a source. Each has an inbox subject with its number in it, by which an answer finds
 * it; a late answer finds nothing.
 */
#include "adapters/memory/memory.h"

#include "ports/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct inbox {
    char subject[64];
} inbox;

static void start_waiting(memory_bus *bus, memory_operation *operation, inbox *name)
{
    operation->id = ++bus->next_inbox;
    snprintf(name->subject, sizeof name->subject, MEMORY_INBOX_PREFIX "%" PRIu64, operation->id);
    memory_operation **head = &bus->waiting[operation->id % MEMORY_BUCKETS];
    operation->hash_next = *head;
    *head = operation;
}

static void stop_waiting(memory_bus *bus, memory_operation *operation)
{
    for (memory_operation **at = &bus->waiting[operation->id % MEMORY_BUCKETS]; *at; at = &(*at)->hash_next) {
        if (*at == operation) {
            *at = operation->hash_next;
            return;
        }
    }
}

static void unlink_operation(memory_operation *operation)
{
    if (operation->previous)
        operation->previous->next = operation->next;
    else
        operation->completions->operations = operation->next;
    if (operation->next)
        operation->next->previous = operation->previous;
}

/* Its delivery moves to the source's queue; the operation is gone. Takes over the caller's hold on `answer`.
 */
static void complete(memory_bus *bus, memory_operation *operation, aegis_status status, memory_packet *answer)
{
    memory_source *source = operation->completions;
    memory_delivery *completion = operation->completion;
    stop_waiting(bus, operation);
    unlink_operation(operation);
    completion->message.token = operation->token;
    completion->message.status = status;
    completion->message.arrived = aegis_clock_monotonic();
    if (answer) {
        completion->packet = answer;
        completion->message.subject = answer->subject;
        completion->message.reply = answer->reply;
        completion->message.headers = answer->headers;
        completion->message.header_count = answer->header_count;
        completion->message.body = answer->body;
    }
    memory_free(bus, operation, sizeof *operation);
    memory_enqueue(source, completion);
}

bool memory_answer(memory_bus *bus, memory_packet *packet)
{
    size_t prefix = sizeof MEMORY_INBOX_PREFIX - 1;
    if (strncmp(packet->subject, MEMORY_INBOX_PREFIX, prefix) != 0)
        return false;
    uint64_t id = strtoull(packet->subject + prefix, NULL, 10);
    memory_operation *operation = bus->waiting[id % MEMORY_BUCKETS];
    while (operation && operation->id != id)
        operation = operation->hash_next;
    if (!operation)
        return false;
    memory_packet_keep(packet);
    if (operation->completions) {
        complete(bus, operation, AEGIS_OK, packet);
        return true;
    }
    stop_waiting(bus, operation);
    operation->answer = packet;
    operation->done = true;
    pthread_cond_signal(&operation->answered);
    return true;
}

static aegis_status no_responders(const char *subject, aegis_error *error)
{
    aegis_error_set(error, AEGIS_UNAVAILABLE, "nobody answers on '%s'", subject);
    if (error)
        error->not_processed = true;
    return AEGIS_UNAVAILABLE;
}

/* Wait for `operation`, which is in the table, and take its answer. */
static aegis_status await(memory_bus *bus, memory_operation *operation, aegis_message *answer,
                          aegis_error *error)
{
    while (!operation->done && aegis_clock_monotonic() < operation->deadline)
        (void)aegis_condition_wait(&operation->answered, &bus->lock, operation->deadline);
    if (!operation->done) {
        stop_waiting(bus, operation);
        return aegis_error_set(error, AEGIS_DEADLINE_EXCEEDED, "no answer in time");
    }
    memory_delivery *delivery = memory_delivery_new(bus, operation->answer);
    memory_packet_drop(bus, operation->answer);
    if (!delivery)
        return memory_exhausted(error);
    delivery->message.arrived = aegis_clock_monotonic();
    *answer = delivery->message;
    return AEGIS_OK;
}

static aegis_status request(memory_bus *bus, const aegis_outgoing *message, memory_operation *operation,
                            aegis_message *answer, aegis_error *error)
{
    inbox reply;
    start_waiting(bus, operation, &reply);
    memory_packet *packet = memory_packet_new(bus, message, reply.subject);
    size_t takers = packet ? memory_route(bus, packet) : 0;
    memory_packet_drop(bus, packet);
    if (takers == 0) {
        stop_waiting(bus, operation);
        return packet ? no_responders(message->subject, error) : memory_exhausted(error);
    }
    return await(bus, operation, answer, error);
}

/* True when it is too late to begin. */
static bool late(int64_t deadline, aegis_error *error)
{
    if (aegis_clock_monotonic() < deadline)
        return false;
    aegis_error_set(error, AEGIS_DEADLINE_EXCEEDED, "the deadline passed before anything was sent");
    if (error)
        error->not_processed = true;
    return true;
}

aegis_status memory_request(aegis_port *port, const aegis_outgoing *message, int64_t deadline,
                            aegis_message *answer, aegis_error *error)
{
    memory_bus *bus = memory_of(port);
    memory_operation operation = {0};
    memset(answer, 0, sizeof *answer);
    operation.deadline = deadline;
    aegis_status status = memory_check_outgoing(message, error);
    if (status != AEGIS_OK)
        return status;
    if (late(deadline, error))
        return AEGIS_DEADLINE_EXCEEDED;
    if (!aegis_condition_init(&operation.answered))
        return memory_exhausted(error);
    pthread_mutex_lock(&bus->lock);
    status = request(bus, message, &operation, answer, error);
    pthread_mutex_unlock(&bus->lock);
    pthread_cond_destroy(&operation.answered);
    return status;
}

aegis_status memory_completions(aegis_port *port, size_t capacity, aegis_source **source, aegis_error *error)
{
    memory_bus *bus = memory_of(port);
    pthread_mutex_lock(&bus->lock);
    memory_source *made = memory_source_new(bus, MEMORY_COMPLETIONS, capacity ? capacity : MEMORY_CAPACITY);
    pthread_mutex_unlock(&bus->lock);
    *source = made ? &made->base : NULL;
    return made ? AEGIS_OK : memory_exhausted(error);
}

static aegis_status submit_request(memory_bus *bus, memory_source *source, const aegis_outgoing *message,
                                   memory_operation *operation, aegis_error *error)
{
    inbox reply;
    start_waiting(bus, operation, &reply);
    operation->next = source->operations;
    if (source->operations)
        source->operations->previous = operation;
    source->operations = operation;
    if (operation->deadline < source->earliest)
        source->earliest = operation->deadline;
    memory_packet *packet = memory_packet_new(bus, message, reply.subject);
    if (!packet) {
        stop_waiting(bus, operation);
        unlink_operation(operation);
        memory_delivery_free(bus, operation->completion);
        memory_free(bus, operation, sizeof *operation);
        return memory_exhausted(error);
    }
    source->under_way++;
    memory_delivery *completion = operation->completion;
    if (memory_route(bus, packet) == 0) {
        completion->message.not_processed = true;
        complete(bus, operation, AEGIS_UNAVAILABLE, NULL);
    }
    memory_packet_drop(bus, packet);
    pthread_cond_signal(&source->changed); /* its deadline may be the first now */
    return AEGIS_OK;
}

/* The text of a failure is the body of its completion; without memory for it there is none. */
static void say_why(memory_bus *bus, const char *subject, const aegis_error *why, memory_delivery *completion)
{
    const aegis_outgoing text = {.subject = subject, .body = {(const uint8_t *)why->text, strlen(why->text)}};
    memory_packet *packet = memory_packet_new(bus, &text, NULL);
    if (!packet)
        return;
    completion->packet = packet;
    completion->message.body = packet->body;
}

static aegis_status submit_durable(memory_bus *bus, memory_source *source, const aegis_outgoing *message,
                                   uint64_t token, memory_delivery *completion)
{
    aegis_publish_ack ack = {0, false};
    aegis_error why = {0};
    completion->message.token = token;
    completion->message.status = memory_publish_stored(bus, message, &ack, &why);
    if (completion->message.status != AEGIS_OK)
        say_why(bus, message->subject, &why, completion);
    completion->message.not_processed = completion->message.status != AEGIS_OK;
    if (completion->message.status == AEGIS_OK) {
        completion->message.sequence = ack.sequence;
        completion->message.duplicate = ack.duplicate;
    }
    completion->message.arrived = aegis_clock_monotonic();
    source->under_way++;
    memory_enqueue(source, completion);
    return AEGIS_OK;
}

static aegis_status submit(memory_bus *bus, memory_source *source, aegis_operation_kind kind,
                           const aegis_outgoing *message, const memory_operation *wanted, aegis_error *error)
{
    if (source->drained)
        return aegis_error_set(error, AEGIS_CANCELLED, "the completion queue is drained");
    if (source->under_way >= source->capacity)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "%zu operations are under way",
                               source->under_way);
    memory_delivery *completion = memory_delivery_new(bus, NULL);
    if (!completion)
        return memory_exhausted(error);
    if (kind == AEGIS_OP_PUBLISH_DURABLE)
        return submit_durable(bus, source, message, wanted->token, completion);
    memory_operation *operation = (memory_operation *)memory_alloc(bus, sizeof *operation);
    if (!operation) {
        memory_delivery_free(bus, completion);
        return memory_exhausted(error);
    }
    *operation = *wanted;
    operation->completions = source;
    operation->completion = completion;
    return submit_request(bus, source, message, operation, error);
}

aegis_status memory_submit(aegis_source *completions, aegis_operation_kind kind,
                           const aegis_outgoing *message, uint64_t token, int64_t deadline,
                           aegis_error *error)
{
    memory_bus *bus = memory_of(completions->port);
    memory_operation wanted = {0};
    aegis_status status = memory_check_outgoing(message, error);
    if (status != AEGIS_OK)
        return status;
    if (kind != AEGIS_OP_REQUEST && kind != AEGIS_OP_PUBLISH_DURABLE)
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "unknown kind of operation");
    if (late(deadline, error))
        return AEGIS_DEADLINE_EXCEEDED;
    wanted.token = token;
    wanted.deadline = deadline;
    pthread_mutex_lock(&bus->lock);
    status = submit(bus, (memory_source *)(void *)completions, kind, message, &wanted, error);
    pthread_mutex_unlock(&bus->lock);
    return status;
}

void memory_cancel(aegis_source *completions, uint64_t token)
{
    memory_bus *bus = memory_of(completions->port);
    memory_source *source = (memory_source *)(void *)completions;
    pthread_mutex_lock(&bus->lock);
    memory_operation *operation = source->operations;
    while (operation && operation->token != token)
        operation = operation->next;
    if (operation)
        complete(bus, operation, AEGIS_CANCELLED, NULL);
    pthread_mutex_unlock(&bus->lock);
}

int64_t memory_expire_operations(memory_source *source, int64_t now)
{
    memory_bus *bus = memory_of(source->base.port);
    if (now < source->earliest)
        return source->earliest;
    source->earliest = INT64_MAX;
    for (memory_operation *operation = source->operations, *next; operation; operation = next) {
        next = operation->next;
        if (operation->deadline <= now)
            complete(bus, operation, AEGIS_DEADLINE_EXCEEDED, NULL);
        else if (operation->deadline < source->earliest)
            source->earliest = operation->deadline;
    }
    return source->earliest;
}

void memory_abandon_operations(memory_source *source)
{
    memory_bus *bus = memory_of(source->base.port);
    while (source->operations) {
        memory_operation *operation = source->operations;
        stop_waiting(bus, operation);
        unlink_operation(operation);
        memory_delivery_free(bus, operation->completion);
        memory_free(bus, operation, sizeof *operation);
    }
}
