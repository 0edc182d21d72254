/* Where messages go that nobody can handle: the stream AEGIS_DLQ, under dlq.<service>.<name>, body unchanged,
 * with headers that say where it came from and why. It is acknowledged only once it is stored there. */
#include <stdio.h>
#include <string.h>

#include "application/service.h"
#include "domain/subject.h"

/* A message whose dead letter could not be stored comes again after this. */
#define LATER         (5 * AEGIS_SECOND)
#define STORE_TIMEOUT (5 * AEGIS_SECOND)
/* A longer subject is shortened. */
#define LONGEST_SUBJECT 255
/* What the letter's own headers may add to a message, its subject and the reason apart. */
#define HEADERS_ROOM 512

/* Header values are one line. */
static char *one_line(aegis_arena *arena, const char *text)
{
    char *copy = aegis_arena_strdup(arena, text);
    char *at;

    for (at = copy; at != NULL && *at != '\0'; at++) {
        if (*at == '\r' || *at == '\n')
            *at = ' ';
    }
    return copy;
}

static const char *subject_of(const aegis_service *service, const char *name, aegis_arena *arena)
{
    const char *subject = aegis_arena_printf(arena, "dlq.%s.%s", service->type->name, name);

    if (subject == NULL || (strlen(subject) <= LONGEST_SUBJECT && aegis_subject_valid(subject)))
        return subject;
    return aegis_arena_printf(arena, "dlq.%s.unnamed", service->type->name);
}

/* Together with the letter's headers a body can be more than the server takes. Rather than come back for ever
 * it is then left out, and a header says so. */
static bool too_large(aegis_port *port, const aegis_message *message, const char *why)
{
    aegis_health health;
    size_t size = message->body.len + 2 * strlen(message->subject) + strlen(why) + HEADERS_ROOM;

    port->ops->health(port, &health);
    return health.max_payload != 0 && size > health.max_payload;
}

static aegis_status store(aegis_service *service, const aegis_message *message, const aegis_letter *written,
                          aegis_arena *arena, aegis_error *error)
{
    aegis_port *port = service->bus->port;
    aegis_header headers[6];
    aegis_outgoing letter;
    aegis_publish_ack ack;
    aegis_status status;
    size_t i;

    headers[0].name = "Nats-Msg-Id";
    headers[0].value = aegis_arena_printf(arena, "dlq.%s.%s.%llu", service->type->name, message->subject,
                                          (unsigned long long)message->sequence);
    headers[1].name = "Aegis-Subject";
    headers[1].value = message->subject;
    headers[2].name = "Aegis-Error";
    headers[2].value = one_line(arena, written->why);
    headers[3].name = "Aegis-Deliveries";
    headers[3].value =
        aegis_arena_printf(arena, "%u", written->attempts != 0 ? written->attempts : message->deliveries);
    headers[4].name = "Aegis-Time";
    headers[4].value = aegis_arena_printf(arena, "%lld", (long long)(aegis_now() / AEGIS_MILLISECOND));
    headers[5].name = "Aegis-Body-Dropped";
    headers[5].value = aegis_arena_printf(arena, "%zu bytes", message->body.len);
    memset(&letter, 0, sizeof letter);
    letter.subject = subject_of(service, written->name, arena);
    letter.headers = headers;
    letter.header_count = sizeof headers / sizeof headers[0];
    if (!too_large(port, message, written->why)) {
        letter.header_count--;
        letter.body = message->body;
    }
    for (i = 0; i < letter.header_count; i++) {
        if (headers[i].value == NULL)
            return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    }
    if (letter.subject == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    status = aegis_bus_ensure(service->bus, AEGIS_KIND_DLQ, error);
    if (status != AEGIS_OK)
        return status;
    return port->ops->publish_durable(port, &letter, aegis_clock_monotonic() + STORE_TIMEOUT, &ack, error);
}

aegis_status aegis_dead_letter(aegis_service *service, const aegis_message *message,
                               const aegis_letter *letter, aegis_arena *arena)
{
    const aegis_port_ops *ops = service->bus->port->ops;
    aegis_status status;
    aegis_error error;

    memset(&error, 0, sizeof error);
    status = store(service, message, letter, arena, &error);
    if (status == AEGIS_OK) {
        (void)ops->settle(message, AEGIS_ACK, 0);
        aegis_log_write(&service->bus->log, AEGIS_LOG_WARNING, "%s: %s is a dead letter: %s",
                        service->type->name, message->subject, letter->why);
        return AEGIS_OK;
    }
    (void)ops->settle(message, AEGIS_NAK, LATER);
    aegis_log_write(&service->bus->log, AEGIS_LOG_ERROR, "%s: no dead letter could be stored for %s: %s",
                    service->type->name, message->subject, aegis_error_text(&error));
    return status;
}
