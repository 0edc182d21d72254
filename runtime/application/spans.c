/* Spans of what a bus does: when they begin, of whom they are children, and what they say at the end. A span
 * is made only where somebody wants it and its trace is sampled, so everything else pays one branch. It lives
 * in the arena of what it is about; a publication or a wait that goes on after its function has returned has
 * a copy of its own.
 */
#define _POSIX_C_SOURCE 200809L
#include <string.h>

#include "application/client.h"
#include "application/service.h"
#include "application/trace.h"

/* ---- beginning and ending ----------------------------------------------------------------------------- */

/* When it began, on both clocks, as far as it does not say so itself; and whoever wants it is told. What
 * leaves has begun just now; what came may have waited. */
static aegis_span *begin(const aegis_bus *bus, aegis_span *span)
{
    if (span == NULL)
        return NULL;
    span->started = aegis_now();
    if (span->began == 0)
        span->began = aegis_clock_monotonic();
    else if (span->kind == AEGIS_SPAN_SERVER)
        span->started -= aegis_clock_monotonic() - span->began;
    if (bus->span_start != NULL)
        bus->span_start(bus->span_user, span);
    return span;
}

static aegis_span *begin_in(const aegis_bus *bus, aegis_arena *arena, const aegis_span *what)
{
    aegis_span *span = (aegis_span *)aegis_arena_alloc(arena, sizeof *span);

    if (span != NULL)
        *span = *what;
    return begin(bus, span);
}

void aegis_span_finish(aegis_bus *bus, aegis_span *span, aegis_status status, const char *error, int64_t now)
{
    span->status = status;
    span->error = error;
    span->took = now - span->began;
    if (bus->span_end != NULL && !atomic_load(&bus->log.closed))
        bus->span_end(bus->span_user, span);
}

/* ---- what leaves -------------------------------------------------------------------------------------- */

/* Of the handler that makes it, or of somebody outside. */
static void find_parent(const aegis_exchange *x, const aegis_traceparent *outside, uint8_t parent[8])
{
    const aegis_call_state *handled = x->parent != NULL ? x->parent->state : NULL;
    uint8_t ids[16] = {0};

    if (outside != NULL)
        memcpy(ids, outside->span, sizeof outside->span);
    else if (handled != NULL && handled->span != NULL)
        memcpy(ids, handled->span->span_id, sizeof handled->span->span_id);
    else if (handled != NULL)
        aegis_trace_bytes(x->parent->message_id, ids);
    memcpy(parent, ids, 8);
}

static void begin_span(aegis_exchange *x, const aegis_span *what, const aegis_traceparent *outside,
                       const uint8_t trace[16], bool given)
{
    const aegis_uuid own = given ? aegis_uuid_new() : x->message_id;
    aegis_span span = *what;
    char text[AEGIS_UUID_TEXT];

    memcpy(span.trace_id, trace, sizeof span.trace_id);
    memcpy(span.span_id, own.bytes + 8, sizeof span.span_id);
    find_parent(x, outside, span.parent_id);
    if (span.about != AEGIS_SPAN_CALL)
        span.message_id = aegis_arena_strdup(x->arena, aegis_uuid_format(x->message_id, text));
    x->span = begin_in(x->client->bus, x->arena, &span);
}

void aegis_exchange_trace(aegis_exchange *x, const aegis_span *what, const char *traceparent, bool given)
{
    const aegis_bus *bus = x->client->bus;
    aegis_traceparent outside;
    const bool follow = traceparent != NULL && aegis_traceparent_read(traceparent, &outside);
    const bool inherited = !follow && x->trace_id != NULL && x->trace_id[0] != '\0';
    aegis_uuid trace;
    char text[AEGIS_UUID_TEXT];

    if (follow)
        x->sampled = (int8_t)outside.sampled;
    if (inherited && !bus->spans)
        return;
    if (inherited)
        aegis_trace_bytes(x->trace_id, trace.bytes);
    else /* a new trace is called like its first message */
        trace = follow ? outside.trace : given ? aegis_uuid_new() : x->message_id;
    if (!inherited)
        x->trace_id = aegis_arena_strdup(x->arena, aegis_uuid_format(trace, text));
    if (bus->spans && aegis_trace_sampled(bus, trace.bytes, x->sampled))
        begin_span(x, what, follow ? &outside : NULL, trace.bytes, given);
}

size_t aegis_exchange_traceparent(const aegis_exchange *x, aegis_header *header)
{
    const uint8_t *own = x->message_id.bytes + 8;
    const uint8_t *span = x->span != NULL ? x->span->span_id : own;
    const bool same = memcmp(span, own, 8) == 0;
    uint8_t trace[16];
    char *text;
    bool sampled;

    if (same && x->sampled < 0)
        return 0;
    aegis_trace_bytes(x->trace_id, trace);
    sampled = aegis_trace_sampled(x->client->bus, trace, x->sampled);
    if (same && sampled == aegis_trace_sampled(x->client->bus, trace, -1))
        return 0;
    text = (char *)aegis_arena_alloc(x->arena, AEGIS_TRACEPARENT_TEXT);
    if (text == NULL)
        return 0;
    header->name = AEGIS_TRACEPARENT;
    header->value = aegis_traceparent_write(trace, span, sampled, text);
    return 1;
}

void aegis_exchange_end_span(aegis_exchange *x, aegis_status status, const aegis_error *error)
{
    if (x->span == NULL)
        return;
    if (status != AEGIS_OK && error != NULL)
        x->span->error_type = error->type;
    aegis_span_finish(x->client->bus, x->span, status,
                      status != AEGIS_OK && error != NULL ? error->text : NULL, aegis_clock_monotonic());
}

/* ---- what arrives ------------------------------------------------------------------------------------- */

/* A message's span: the sender's is its parent and, where it was stored in between, linked. */
static void begin_consumer(const aegis_call_state *state, const char *subscription, aegis_span *span)
{
    const aegis_call *call = &state->call;

    span->kind = AEGIS_SPAN_CONSUMER;
    span->about = state->event ? AEGIS_SPAN_EVENT : AEGIS_SPAN_COMMAND;
    span->destination = aegis_arena_strdup(call->arena, state->message.subject); /* it may go before us */
    span->subscription = subscription;
    span->message_id = call->message_id;
    span->attempts = call->attempt;
    memcpy(span->span_id, aegis_uuid_new().bytes + 8, sizeof span->span_id);
    memcpy(span->link_trace_id, span->trace_id, sizeof span->link_trace_id);
    memcpy(span->link_span_id, span->parent_id, sizeof span->link_span_id);
}

void aegis_call_begin_span(aegis_call_state *state, const char *subscription)
{
    aegis_call *call = &state->call;
    aegis_span span;
    uint8_t id[16];

    if (!call->bus->spans)
        return;
    memset(&span, 0, sizeof span);
    aegis_trace_bytes(call->message_id, id);
    if (call->trace_id != NULL && call->trace_id[0] != '\0')
        aegis_trace_bytes(call->trace_id, span.trace_id);
    else
        memcpy(span.trace_id, id, sizeof span.trace_id);
    if (!aegis_trace_sampled(call->bus, span.trace_id, state->sampled))
        return;
    span.service = call->service;
    span.method = call->method;
    span.peer = call->source;
    memcpy(span.parent_id, state->outside != NULL ? state->outside->span : id + 8, sizeof span.parent_id);
    if (state->job != NULL || state->event) {
        begin_consumer(state, subscription, &span);
    } else {
        span.kind = AEGIS_SPAN_SERVER;
        span.began = state->message.arrived;
        memcpy(span.span_id, id, sizeof span.span_id);
    }
    state->span = begin_in(call->bus, call->arena, &span);
}

/* ---- spans that outlive their arena -------------------------------------------------------------------- */

typedef struct kept {
    aegis_span span;
    size_t size; /* with the texts behind it */
} kept;

static size_t length_of(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 0;
}

static const char *copy(char **at, const char *text)
{
    const size_t size = length_of(text);
    const char *here = *at;

    if (text == NULL)
        return NULL;
    memcpy(*at, text, size);
    *at += size;
    return here;
}

aegis_span *aegis_span_keep(const aegis_bus *bus, const aegis_span *span)
{
    size_t size = sizeof(kept);
    char *texts;
    kept *made;

    if (span == NULL)
        return NULL;
    size += length_of(span->service) + length_of(span->method) + length_of(span->peer) +
            length_of(span->destination) + length_of(span->subscription) + length_of(span->message_id);
    made = (kept *)aegis_memory_get(bus->allocator, size);
    if (made == NULL)
        return NULL;
    made->span = *span;
    made->size = size;
    texts = (char *)(made + 1);
    made->span.service = copy(&texts, span->service);
    made->span.method = copy(&texts, span->method);
    made->span.peer = copy(&texts, span->peer);
    made->span.destination = copy(&texts, span->destination);
    made->span.subscription = copy(&texts, span->subscription);
    made->span.message_id = copy(&texts, span->message_id);
    return &made->span;
}

void aegis_span_drop(const aegis_bus *bus, aegis_span *span)
{
    if (span != NULL)
        aegis_memory_put(bus->allocator, span, ((const kept *)(const void *)span)->size);
}

/* It is next to the sending, below the same parent; a child of it where that has none. Of a command that was
 * only attached to nothing is known but its id: the wait begins a trace. */
aegis_span *aegis_span_await(aegis_bus *bus, const aegis_sent *sent, const aegis_method *method,
                             const char *id)
{
    static const uint8_t none[8] = {0};
    aegis_span span = {.kind = AEGIS_SPAN_CLIENT,
                       .about = AEGIS_SPAN_COMMAND,
                       .service = method->service,
                       .method = method->name,
                       .message_id = id};
    aegis_uuid own, trace;

    if (!bus->spans || (sent->known && !sent->recorded))
        return NULL;
    own = aegis_uuid_new();
    trace = aegis_uuid_new();
    if (sent->recorded)
        memcpy(trace.bytes, sent->trace, sizeof trace.bytes);
    else if (!aegis_trace_sampled(bus, trace.bytes, -1))
        return NULL;
    memcpy(span.trace_id, trace.bytes, sizeof span.trace_id);
    memcpy(span.span_id, own.bytes + 8, sizeof span.span_id);
    if (sent->recorded) {
        const uint8_t *parent = memcmp(sent->parent, none, sizeof none) != 0 ? sent->parent : sent->span;

        memcpy(span.parent_id, parent, sizeof span.parent_id);
        memcpy(span.link_trace_id, sent->trace, sizeof span.link_trace_id);
        memcpy(span.link_span_id, sent->span, sizeof span.link_span_id);
    }
    return begin(bus, aegis_span_keep(bus, &span));
}
