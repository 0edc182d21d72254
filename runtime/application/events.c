/* Handling events. A message becomes a typed event or a raw one, its handler decides, and its tries are
 * counted. What cannot be handled at all goes to the dead letters at once: it would fail the same way for
 * ever. */
#include <stdio.h>
#include <string.h>

#include "application/envelope.h"
#include "application/lanes.h"
#include "application/subscriptions.h"
#include "application/trace.h"
#include "domain/error.h"
#include "domain/policy.h"
#include "domain/subject.h"

/* An event of which it is not known how often it was tried, because the server could not say, comes again
 * after this.
 */
#define LATER AEGIS_SECOND

typedef struct delivery {
    aegis_service *service;
    aegis_intake *intake;
    aegis_message *message;
    aegis_arena *arena;
    aegis_call_state *state;
    aegis_event event;
    int64_t took;   /* by its handler; below 0: it did not run */
    char name[256]; /* "order.created", from the envelope once it is read */
    char why[AEGIS_ERROR_TEXT_MAX + 320];
} delivery;

/* ---- which handler ------------------------------------------------------------------------------------ */

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
    *known = false;
    for (size_t i = 0; i < subscription->case_count; i++) {
        const aegis_event_type *type = subscription->cases[i].type;

        if (strcmp(type->domain, event->domain) != 0 || strcmp(type->type, event->event_type) != 0)
            continue;
        *known = true;
        if (same_major(type->version, event->version))
            return &subscription->cases[i];
    }
    return NULL;
}

/* A version that no case takes. */
static aegis_settle unsupported(delivery *d)
{
    const aegis_service *service = d->service;

    if (service->type->unsupported != NULL) {
        const aegis_settle settle = service->type->unsupported(&d->event, service->ops, service->user);

        if (settle != AEGIS_SETTLE_UNSUPPORTED)
            return settle;
    }
    (void)snprintf(d->why, sizeof d->why, "%.200s has no handler for version %.40s", d->name,
                   d->event.version);
    return AEGIS_DEAD;
}

static aegis_settle run_case(delivery *d, const aegis_event_case *found, aegis_format format)
{
    const aegis_service *service = d->service;
    aegis_reader payload;

    aegis_envelope_open_body(&payload, d->event.payload, format, d->arena);
    aegis_settle settle = found->handle(&d->event, &payload, service->ops, service->user);
    if (payload.failed) {
        (void)snprintf(d->why, sizeof d->why, "the payload of %s is malformed: %s", d->name,
                       payload.error.text);
        return AEGIS_DEAD;
    }
    return settle == AEGIS_SETTLE_UNSUPPORTED ? unsupported(d) : settle;
}

static aegis_settle choose(delivery *d, const aegis_wire_event *wire, aegis_format format)
{
    const aegis_subscription *subscription = d->intake->lane->subscription;
    const aegis_service *service = d->service;
    bool known;
    const aegis_event_case *found = find_case(subscription, wire, &known);

    if (found != NULL)
        return run_case(d, found, format);
    if (known)
        return unsupported(d);
    if (subscription->raw != NULL)
        return subscription->raw(&d->event, service->ops, service->user);
    if (aegis_subject_has_wildcard(subscription->pattern))
        return AEGIS_DONE;
    (void)snprintf(d->why, sizeof d->why, "%s is not an event this subscription knows (%s)", d->name,
                   d->event.version);
    return AEGIS_DEAD;
}

/* ---- running it --------------------------------------------------------------------------------------- */

static bool open_event(delivery *d, aegis_format format, aegis_wire_event *wire)
{
    aegis_reader reader;
    aegis_error why = {0};

    memset(wire, 0, sizeof *wire);
    aegis_reader_open(&reader, d->message->body, format, d->arena);
    aegis_wire_event_get(&reader, wire);
    if (aegis_reader_close(&reader, &why) == AEGIS_OK)
        return true;
    (void)snprintf(d->why, sizeof d->why, "the event is malformed: %s", why.text);
    return false;
}

/* The event as its handler sees it, as a child of the call or command that published it. */
static void describe(delivery *d, const aegis_wire_event *wire)
{
    aegis_call *call = &d->state->call;

    (void)snprintf(d->name, sizeof d->name, "%s.%s", wire->domain, wire->event_type);
    call->method = d->name;
    call->message_id = wire->message_id;
    call->trace_id = wire->trace_id;
    call->source = wire->source;
    call->deadline = INT64_MAX;
    if (d->message->header_count > 0)
        aegis_call_read_trace(d->state);
    aegis_call_begin_span(d->state, d->intake->config.durable);
    d->event.base = *call;
    d->event.name = d->name;
    d->event.version = wire->version;
    d->event.published_at = wire->timestamp;
    d->event.payload = wire->payload;
}

static void end_try(delivery *d, aegis_settle settle)
{
    static const struct {
        aegis_status status;
        const char *error;
    } of[] = {[AEGIS_RETRY] = {AEGIS_ABORTED, "to be tried again"},
              [AEGIS_DONE] = {AEGIS_OK, NULL},
              [AEGIS_DEAD] = {AEGIS_FAILED_PRECONDITION, "refused by its handler"}};
    const size_t at = (size_t)settle < sizeof of / sizeof of[0] ? (size_t)settle : AEGIS_RETRY;
    const char *error = at == AEGIS_DEAD && d->why[0] != '\0' ? d->why : of[at].error;
    const aegis_service_type *type = d->service->type;
    const size_t subscription = (size_t)(d->intake->lane->subscription - type->subscriptions);

    aegis_callers_count(d->service->callers, type->endpoint_count + subscription, d->state->call.source,
                        d->took, error);
    if (d->state->span != NULL)
        aegis_span_finish(d->service->bus, d->state->span, of[at].status, error, aegis_clock_monotonic());
}

static aegis_settle dispatch(delivery *d)
{
    const aegis_format format = aegis_format_of(d->message->body);
    aegis_wire_event wire;

    if (!open_event(d, format, &wire)) {
        end_try(d, AEGIS_DEAD);
        return AEGIS_DEAD;
    }
    describe(d, &wire);
    aegis_log_context here =
        (aegis_log_context){d->service->type->name, d->name, wire.trace_id, wire.source, d->state, false};
    const aegis_log_context *before = aegis_log_enter(&here);
    int64_t started = aegis_clock_monotonic();
    aegis_settle settle = choose(d, &wire, format);
    d->took = aegis_clock_monotonic() - started;
    (void)aegis_log_enter(before);
    end_try(d, settle);
    return settle;
}

/* ---- what becomes of it ------------------------------------------------------------------------------- */

/* The event's name as its subject has it; what its envelope says may be anything. */
static const char *name_in_subject(const aegis_message *message)
{
    return strncmp(message->subject, "events.", 7) == 0 ? message->subject + 7 : message->subject;
}

/* What the last try said, and why the call it made failed. Empty when memory is short. */
static aegis_raw failure_of(delivery *d)
{
    aegis_wire_hop chain[AEGIS_CHAIN_MAX];
    aegis_wire_failure_result failure = {0};
    aegis_raw out = {{NULL, 0}, aegis_format_of(d->message->body)};
    aegis_writer writer;
    size_t count = 1;

    failure.code = aegis_code_of_status(AEGIS_FAILED_PRECONDITION);
    failure.details.format = out.format;
    chain[0] = (aegis_wire_hop){d->service->type->name, d->name, failure.code, d->why};
    for (size_t i = 0; i < d->state->nested_count && count < AEGIS_CHAIN_MAX; i++, count++) {
        const aegis_cause *cause = &d->state->nested[i];

        chain[count] = (aegis_wire_hop){cause->service, cause->method, cause->code, cause->message};
    }
    failure.chain.items = chain;
    failure.chain.count = count;
    aegis_writer_open(&writer, d->arena, out.format, 0);
    aegis_wire_failure_result_put(&writer, &failure);
    if (aegis_writer_close(&writer, &out.data, NULL) != AEGIS_OK)
        out.data.len = 0;
    return out;
}

static void bury(delivery *d)
{
    const aegis_letter letter = {.name = name_in_subject(d->message),
                                 .why = d->why,
                                 .failure = failure_of(d),
                                 .attempts = d->state->call.attempt};

    if (aegis_dead_letter(d->service, d->message, &letter, d->arena) == AEGIS_OK)
        aegis_tally_add(d->intake->lane->tally, AEGIS_TALLY_DEAD, 1);
}

static void again(delivery *d)
{
    aegis_intake *in = d->intake;
    const uint32_t tries = d->state->call.attempt;

    if (d->message->deliveries <= 1)
        aegis_tries_first_over(in, d->message, d->arena);
    aegis_losses_waits(in, d->message, tries);
    (void)d->service->bus->port->ops->settle(
        d->message, AEGIS_NAK,
        aegis_policy_delay(tries, in->backoff_min, in->backoff_max, aegis_random_fraction()));
    aegis_tally_add(in->lane->tally, AEGIS_TALLY_RETRIED, 1);
}

static void settle(delivery *d, aegis_settle decision)
{
    const uint32_t tries = d->state->call.attempt;

    if (decision == AEGIS_DONE) {
        (void)d->service->bus->port->ops->settle(d->message, AEGIS_ACK, 0);
        aegis_tally_add(d->intake->lane->tally, AEGIS_TALLY_HANDLED, 1);
    } else if (decision != AEGIS_DEAD && tries <= d->intake->max_retries) {
        again(d);
    } else {
        if (d->why[0] == '\0')
            (void)snprintf(d->why, sizeof d->why,
                           decision == AEGIS_DEAD ? "refused by its handler (try %u)"
                                                  : "not handled in %u tries",
                           tries);
        bury(d);
    }
}

/* The count before the handler: what was tried too often is a dead letter, not tried once more to see. */
static aegis_settle attempt(delivery *d)
{
    if (aegis_replay_for_another(d->service, d->message))
        return AEGIS_DONE;
    if (d->state->call.attempt > d->intake->max_retries + 1) {
        d->state->call.attempt--;
        (void)snprintf(d->why, sizeof d->why, "tried %u times, and its handler never came back",
                       d->state->call.attempt);
        return AEGIS_DEAD;
    }
    return dispatch(d);
}

/* False: it cannot be tried now, and was handed back. */
static bool prepare(delivery *d)
{
    aegis_error error = {0};
    aegis_status status;

    if (d->message->deliveries > 1)
        aegis_losses_came_again(d->intake, d->message);
    d->state = aegis_call_new(d->service, d->arena, d->message);
    if (d->state != NULL) {
        d->state->event = true;
        atomic_store(&d->state->answered, true); /* nobody waits for a reply */
        status = aegis_tries_begin(d->intake, d->message, d->intake->max_retries + 1, d->arena,
                                   &d->state->call.attempt, &error);
        if (status == AEGIS_OK)
            return true;
        aegis_log_write(&d->service->bus->log, AEGIS_LOG_WARNING,
                        "%s: it is not known how often %s was tried: %s", d->service->type->name,
                        d->message->subject, aegis_error_text(&error));
    }
    (void)d->service->bus->port->ops->settle(d->message, AEGIS_NAK, LATER);
    return false;
}

static void handle(aegis_lane *lane, aegis_message *message, aegis_arena *arena)
{
    aegis_service *service = lane->service;
    aegis_keep keep = {{NULL, NULL}, NULL, 0, 0};
    aegis_settle decision = AEGIS_RETRY;
    delivery d;

    d.service = service;
    d.intake = lane->intake;
    d.message = message;
    d.arena = arena;
    d.took = -1;
    d.why[0] = '\0';
    (void)snprintf(d.name, sizeof d.name, "%s", name_in_subject(message));
    if (!aegis_service_enter(service))
        return;
    bool tried = prepare(&d);
    if (!tried)
        service->bus->port->ops->release(message);
    if (tried)
        aegis_tally_move(lane->tally, AEGIS_TALLY_RUNNING, 1);
    aegis_service_leave(service);
    if (tried) {
        aegis_keep_begin(service, &keep, message, lane->intake->ack_wait / 3);
        decision = attempt(&d);
        aegis_keep_end(service, &keep);
    }
    if (!tried || !aegis_service_enter(service))
        return;
    aegis_tally_move(lane->tally, AEGIS_TALLY_RUNNING, -1);
    aegis_tally_took(lane->tally, d.took);
    settle(&d, decision);
    service->bus->port->ops->release(message);
    aegis_service_leave(service);
}

void *aegis_events_work(void *argument)
{
    aegis_worker *worker = (aegis_worker *)argument;
    aegis_service *service = worker->service;
    aegis_arena *arena = NULL;
    aegis_message message;
    int64_t took = -1;

    while (!atomic_load(&service->stopping)) {
        arena = aegis_service_arena(service, arena);
        if (arena == NULL || !aegis_intake_next(worker->lane, took, &message))
            break;
        took = aegis_clock_monotonic();
        handle(worker->lane, &message, arena);
        took = aegis_clock_monotonic() - took;
    }
    aegis_arena_free(arena);
    aegis_service_thread_done(service);
    return NULL;
}
