/* Reading subscriptions. A message becomes a typed event or a raw one, its handler decides, and the delivery
 * count bounds how often it comes again. What cannot be handled at all goes to the dead letters at once: it
 * would fail the same way for ever. */
#include <stdio.h>
#include <string.h>

#include "application/envelope.h"
#include "application/lanes.h"
#include "application/service.h"
#include "domain/policy.h"
#include "domain/subject.h"

/* Deliveries of an event, then it is a dead letter. */
#define EVENT_DELIVERIES 10
/* Deliveries without any decision: each time the process that had it died. It is most likely why. */
#define EVENT_CRASHES   20
#define EVENT_DELAY_MIN (200 * AEGIS_MILLISECOND)
#define EVENT_DELAY_MAX (30 * AEGIS_SECOND)

typedef struct delivery {
    aegis_service *service;
    const aegis_subscription *subscription;
    aegis_message *message;
    aegis_arena *arena;
    char name[256]; /* "order.created", from the envelope once it is read */
    char why[AEGIS_ERROR_TEXT_MAX + 64];
} delivery;

static bool same_major(const char *one, const char *other)
{
    size_t a = strcspn(one, ".");
    size_t b = strcspn(other, ".");

    return a == b && strncmp(one, other, a) == 0;
}

/* The case for an event; NULL: none, and *known says whether another major version is. */
static const aegis_event_case *find_case(const aegis_subscription *subscription,
                                         const aegis_wire_event *event, bool *known)
{
    size_t i;

    *known = false;
    for (i = 0; i < subscription->case_count; i++) {
        const aegis_event_type *type = subscription->cases[i].type;

        if (strcmp(type->domain, event->domain) != 0 || strcmp(type->type, event->event_type) != 0)
            continue;
        *known = true;
        if (same_major(type->version, event->version))
            return &subscription->cases[i];
    }
    return NULL;
}

static bool open_event(delivery *d, aegis_format format, aegis_wire_event *event)
{
    aegis_reader reader;
    aegis_error why;

    memset(event, 0, sizeof *event);
    memset(&why, 0, sizeof why);
    aegis_reader_open(&reader, d->message->body, format, d->arena);
    aegis_wire_event_get(&reader, event);
    if (aegis_reader_close(&reader, &why) == AEGIS_OK)
        return true;
    (void)snprintf(d->why, sizeof d->why, "the event is malformed: %s", why.text);
    return false;
}

/* `found` NULL: the rest of a wildcard. */
static aegis_settle run(delivery *d, const aegis_event_case *found, const aegis_event *event,
                        aegis_format format)
{
    const aegis_service *service = d->service;
    const aegis_log_context here = {service->type->name, event->name, event->trace_id,
                                    event->source,       NULL,        false};
    const aegis_log_context *before = aegis_log_enter(&here);
    aegis_settle settle = AEGIS_DONE;
    aegis_reader payload;

    aegis_envelope_open_body(&payload, event->payload, format, d->arena);
    if (found != NULL)
        settle = found->handle(event, &payload, service->ops, service->user);
    else if (d->subscription->raw != NULL)
        settle = d->subscription->raw(event, service->ops, service->user);
    (void)aegis_log_enter(before);
    if (payload.failed) {
        (void)snprintf(d->why, sizeof d->why, "the payload of %s is malformed: %s", event->name,
                       payload.error.text);
        return AEGIS_DEAD;
    }
    return settle;
}

static aegis_settle dispatch(delivery *d)
{
    aegis_format format = aegis_format_of(d->message->body);
    const aegis_event_case *found;
    aegis_wire_event wire;
    aegis_event event;
    bool known;

    if (!open_event(d, format, &wire))
        return AEGIS_DEAD;
    (void)snprintf(d->name, sizeof d->name, "%s.%s", wire.domain, wire.event_type);
    memset(&event, 0, sizeof event);
    event.bus = d->service->bus;
    event.arena = d->arena;
    event.name = d->name;
    event.version = wire.version;
    event.message_id = wire.message_id;
    event.trace_id = wire.trace_id;
    event.source = wire.source;
    event.published_at = wire.timestamp;
    event.deliveries = d->message->deliveries != 0 ? d->message->deliveries : 1;
    event.payload = wire.payload;
    found = find_case(d->subscription, &wire, &known);
    if (found != NULL || (!known && aegis_subject_has_wildcard(d->subscription->pattern)))
        return run(d, found, &event, format);
    (void)snprintf(d->why, sizeof d->why,
                   known ? "%s has no handler for version %s"
                         : "%s is not an event this subscription knows (%s)",
                   d->name, wire.version);
    return AEGIS_DEAD;
}

/* The event's name as its subject has it; what its envelope says may be anything. */
static const char *name_in_subject(const aegis_message *message)
{
    return strncmp(message->subject, "events.", 7) == 0 ? message->subject + 7 : message->subject;
}

static void settle(delivery *d, aegis_settle decision)
{
    const aegis_port_ops *ops = d->service->bus->port->ops;
    uint32_t deliveries = d->message->deliveries;
    aegis_letter letter;

    if (decision == AEGIS_DONE) {
        (void)ops->settle(d->message, AEGIS_ACK, 0);
        return;
    }
    if (decision == AEGIS_RETRY && deliveries < EVENT_DELIVERIES) {
        aegis_duration delay =
            aegis_policy_delay(deliveries, EVENT_DELAY_MIN, EVENT_DELAY_MAX, aegis_random_fraction());
        (void)ops->settle(d->message, AEGIS_NAK, delay);
        return;
    }
    if (d->why[0] == '\0')
        (void)snprintf(d->why, sizeof d->why,
                       decision == AEGIS_DEAD ? "refused by its handler (delivery %u)"
                                              : "not handled in %u deliveries",
                       deliveries);
    memset(&letter, 0, sizeof letter);
    letter.name = name_in_subject(d->message);
    letter.why = d->why;
    (void)aegis_dead_letter(d->service, d->message, &letter, d->arena);
}

static aegis_settle given_up(delivery *d)
{
    (void)snprintf(d->why, sizeof d->why, "delivered %u times, and never settled", d->message->deliveries);
    return AEGIS_DEAD;
}

/* Run the handler for one message. Without a stream behind it (`durable` false) there is nothing to settle.
 */
static void handle(aegis_lane *lane, aegis_message *message, aegis_arena *arena, bool durable)
{
    aegis_service *service = lane->service;
    aegis_keep keep = {{NULL, NULL}, NULL, 0};
    aegis_settle decision;
    delivery d;

    d.service = service;
    d.subscription = lane->subscription;
    d.message = message;
    d.arena = arena;
    d.why[0] = '\0';
    (void)snprintf(d.name, sizeof d.name, "%s", name_in_subject(message));
    if (durable)
        aegis_keep_begin(service, &keep, message);
    decision = message->deliveries > EVENT_CRASHES ? given_up(&d) : dispatch(&d);
    if (durable)
        aegis_keep_end(service, &keep);
    if (!aegis_service_enter(service))
        return;
    if (durable)
        settle(&d, decision);
    else if (decision == AEGIS_DEAD)
        aegis_log_write(&service->bus->log, AEGIS_LOG_WARNING, "%s: broadcast event %s dropped: %s",
                        service->type->name, d.name, d.why);
    service->bus->port->ops->release(message);
    aegis_service_leave(service);
}

static void *work(aegis_worker *worker, bool durable)
{
    aegis_service *service = worker->service;
    aegis_arena *arena = NULL;
    aegis_message message;

    while (!atomic_load(&service->stopping)) {
        arena = aegis_service_arena(service, arena);
        if (arena == NULL || !aegis_lane_next(worker->lane, &message))
            break;
        (void)pthread_mutex_unlock(&worker->lane->turn);
        handle(worker->lane, &message, arena, durable);
    }
    aegis_arena_free(arena);
    aegis_service_thread_done(service);
    return NULL;
}

void *aegis_events_work(void *worker)
{
    return work((aegis_worker *)worker, true);
}

void *aegis_broadcast_work(void *worker)
{
    return work((aegis_worker *)worker, false);
}
