/* Where messages go that nobody can handle: the stream AEGIS_DLQ, under dlq.<service>.<name>, body unchanged,
 * with headers that say where it came from and why (idl/WIRE.md). It is acknowledged at its source only once
 * it is stored there; while that stream is full or away it stays at its source. */
#include "application/deadletter.h"

#include <stdio.h>
#include <string.h>

#include "application/service.h"
#include "domain/policy.h"
#include "domain/subject.h"

/* A message whose dead letter could not be stored comes again after a time between these. */
#define LATER_MIN     AEGIS_SECOND
#define LATER_MAX     (30 * AEGIS_SECOND)
#define STORE_TIMEOUT (5 * AEGIS_SECOND)
/* A longer subject is shortened. */
#define LONGEST_SUBJECT 255
/* Of the letter itself, beside those of the message. */
#define OWN_HEADERS 12
/* Headers of the message that are kept. */
#define ORIGINAL_HEADERS 64
/* A larger failure is left out: the line that says why stays. */
#define LONGEST_FAILURE (32 * 1024)
/* What a header costs beside name and value, and a message beside its headers. */
#define HEADER_ROOM  4
#define MESSAGE_ROOM 16

typedef struct draft {
    aegis_service *service;
    const aegis_message *message;
    const aegis_letter *letter;
    aegis_arena *arena;
    aegis_header headers[OWN_HEADERS + ORIGINAL_HEADERS];
    size_t count;
    size_t size; /* of the headers */
    bool failed; /* memory */
} draft;

static void add(draft *d, const char *name, const char *value)
{
    if (name == NULL || value == NULL) {
        d->failed = true;
        return;
    }
    d->headers[d->count].name = name;
    d->headers[d->count].value = value;
    d->count++;
    d->size += strlen(name) + strlen(value) + HEADER_ROOM;
}

static void add_number(draft *d, const char *name, uint64_t value)
{
    add(d, name, aegis_arena_printf(d->arena, "%llu", (unsigned long long)value));
}

/* Header values are one line. */
static char *one_line(aegis_arena *arena, const char *text)
{
    char *copy = aegis_arena_strdup(arena, text);

    for (char *at = copy; at != NULL && *at != '\0'; at++) {
        if (*at == '\r' || *at == '\n')
            *at = ' ';
    }
    return copy;
}

/* JSON is one line, and can be read by a person who looks at the stream. */
static void add_failure(draft *d)
{
    aegis_raw failure = d->letter->failure;
    aegis_raw json;

    if (failure.data.len == 0 || failure.data.len > LONGEST_FAILURE)
        return;
    if (aegis_transcode(failure, AEGIS_FORMAT_JSON, d->arena, &json, NULL) != AEGIS_OK ||
        json.data.len > LONGEST_FAILURE)
        return;
    char *text = aegis_arena_printf(d->arena, "%.*s", (int)json.data.len, (const char *)json.data.data);
    add(d, AEGIS_LETTER_FAILURE, text != NULL ? one_line(d->arena, text) : NULL);
}

static void add_originals(draft *d)
{
    const aegis_message *message = d->message;

    for (size_t i = 0; i < message->header_count && i < ORIGINAL_HEADERS; i++)
        add(d, aegis_arena_printf(d->arena, AEGIS_LETTER_ORIGINAL "%s", message->headers[i].name),
            message->headers[i].value);
}

/* The id takes the time in, too: sequences begin anew when a stream is made anew. */
static void add_own(draft *d)
{
    const aegis_service *service = d->service;
    const aegis_message *message = d->message;

    add(d, "Nats-Msg-Id",
        aegis_arena_printf(d->arena, "dlq.%s.%s.%llu.%lld", service->type->name, message->subject,
                           (unsigned long long)message->sequence, (long long)message->stored_at));
    add(d, AEGIS_LETTER_SUBJECT, message->subject);
    add(d, AEGIS_LETTER_ERROR, one_line(d->arena, d->letter->why));
    add(d, AEGIS_LETTER_SERVICE, service->type->name);
    add(d, AEGIS_LETTER_INSTANCE, service->instance);
    add_number(d, AEGIS_LETTER_DELIVERIES, message->deliveries);
    add_number(d, AEGIS_LETTER_ATTEMPTS,
               d->letter->attempts != 0 ? d->letter->attempts : message->deliveries);
    add_number(d, AEGIS_LETTER_SEQUENCE, message->sequence);
    add_number(d, AEGIS_LETTER_STORED, (uint64_t)(message->stored_at / AEGIS_MILLISECOND));
    add_number(d, AEGIS_LETTER_TIME, (uint64_t)(aegis_now() / AEGIS_MILLISECOND));
}

static const char *subject_of(const draft *d)
{
    const char *service = d->service->type->name;
    const char *subject = aegis_arena_printf(d->arena, "dlq.%s.%s", service, d->letter->name);

    if (subject == NULL || (strlen(subject) <= LONGEST_SUBJECT && aegis_subject_valid(subject)))
        return subject;
    return aegis_arena_printf(d->arena, "dlq.%s.unnamed", service);
}

static bool fits(const draft *d, const aegis_outgoing *letter, uint64_t most)
{
    return most == 0 || letter->body.len + strlen(letter->subject) + d->size + MESSAGE_ROOM <= most;
}

/* Together with the letter's headers a message can be more than the server takes. The failure goes first,
 * then the message's headers; rather than come back for ever, its body at last, and a header says so. */
static void write_letter(draft *d, aegis_outgoing *letter)
{
    aegis_health health;
    size_t own, own_size;

    d->service->bus->port->ops->health(d->service->bus->port, &health);
    add_own(d);
    own = d->count;
    own_size = d->size;
    add_failure(d);
    add_originals(d);
    letter->body = d->message->body;
    if (!d->failed && !fits(d, letter, health.max_payload)) {
        d->count = own;
        d->size = own_size;
        add_originals(d);
    }
    if (!d->failed && !fits(d, letter, health.max_payload)) {
        d->count = own;
        d->size = own_size;
    }
    if (!d->failed && !fits(d, letter, health.max_payload)) {
        add_number(d, AEGIS_LETTER_DROPPED, letter->body.len);
        letter->body.len = 0;
        add_failure(d);
    }
    letter->headers = d->headers;
    letter->header_count = d->count;
}

static aegis_status publish(draft *d, aegis_error *error)
{
    aegis_outgoing letter = {0};
    aegis_publish_ack ack;

    letter.subject = subject_of(d);
    if (letter.subject != NULL)
        write_letter(d, &letter);
    if (letter.subject == NULL || d->failed)
        return aegis_no_memory(error);
    return aegis_bus_store(d->service->bus, AEGIS_KIND_DLQ, &letter, aegis_clock_monotonic() + STORE_TIMEOUT,
                           &ack, error);
}

aegis_status aegis_dead_letter(aegis_service *service, const aegis_message *message,
                               const aegis_letter *letter, aegis_arena *arena)
{
    const aegis_port_ops *ops = service->bus->port->ops;
    aegis_status status;
    aegis_error error = {0};
    draft *d = (draft *)aegis_arena_alloc(arena, sizeof *d);

    if (d != NULL) {
        memset(d, 0, sizeof *d);
        d->service = service;
        d->message = message;
        d->letter = letter;
        d->arena = arena;
        status = publish(d, &error);
    } else {
        status = aegis_no_memory(&error);
    }
    if (status == AEGIS_OK) {
        (void)ops->settle(message, AEGIS_ACK, 0);
        aegis_log_write(&service->bus->log, AEGIS_LOG_WARNING, "%s: %s is a dead letter: %s",
                        service->type->name, message->subject, letter->why);
        return AEGIS_OK;
    }
    (void)ops->settle(message, AEGIS_NAK,
                      aegis_policy_delay(message->deliveries, LATER_MIN, LATER_MAX, aegis_random_fraction()));
    aegis_log_write(&service->bus->log, AEGIS_LOG_ERROR, "%s: no dead letter could be stored for %s: %s",
                    service->type->name, message->subject, aegis_error_text(&error));
    return status;
}

/* Under its name or one it had. */
static bool is_called(const aegis_service_type *type, const char *name)
{
    if (strcmp(type->name, name) == 0)
        return true;
    for (size_t i = 0; i < type->was_count; i++) {
        if (strcmp(type->was[i], name) == 0)
            return true;
    }
    return false;
}

bool aegis_replay_for_another(const aegis_service *service, const aegis_message *message)
{
    const char *name = aegis_header_value(message->headers, message->header_count, AEGIS_REPLAY_FOR);

    return name != NULL && !is_called(service->type, name);
}
