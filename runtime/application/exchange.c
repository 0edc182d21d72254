/* One exchange, seen from the sender: what calls, commands and publications have in common. It lives on the
 * stack of a generated stub; everything it keeps is in the arena the stub was given. */
#include <string.h>

#include "application/client.h"
#include "application/service.h"

/* Without an arena the writer begins as one that has failed: the stub may run on, and _finish reports it. */
static void refuse_arena(aegis_exchange *x)
{
    aegis_writer *w = &x->writer;

    (void)aegis_error_set(&x->error, AEGIS_INVALID_ARGUMENT, "there is no arena");
    w->at = w->end = w->start = w->scratch;
    w->arena = NULL;
    w->limit = 0;
    w->format = x->format;
    w->depth = 0;
    w->failed = true;
    (void)aegis_put_grow(w, 1);
}

aegis_writer *aegis_exchange_begin(aegis_exchange *x, aegis_client *sender, aegis_arena *arena,
                                   const aegis_call *parent)
{
    x->client = sender;
    x->method = NULL;
    x->event = NULL;
    x->arena = arena;
    x->owns_arena = false;
    x->parent = parent;
    x->format = sender->format;
    x->message_id = aegis_uuid_new();
    x->trace_id = parent != NULL ? parent->trace_id : NULL;
    x->correlation_id = parent != NULL ? parent->message_id : NULL;
    x->sampled = parent != NULL ? parent->state->sampled : -1;
    /* what a handler asks for, its service asks for */
    x->source = parent != NULL && !sender->named ? parent->state->service->instance : sender->source;
    x->span = NULL;
    x->begun = arena != NULL;
    x->error.status = AEGIS_OK;
    if (arena != NULL)
        aegis_writer_open(&x->writer, arena, sender->format, 0);
    else
        refuse_arena(x);
    return &x->writer;
}

aegis_status aegis_exchange_value(aegis_exchange *x, const char *what, aegis_raw *value, aegis_error *error)
{
    aegis_error why;

    memset(&why, 0, sizeof why);
    value->format = x->writer.format;
    if (!x->begun)
        why = x->error;
    else if (aegis_writer_close(&x->writer, &value->data, &why) == AEGIS_OK)
        return AEGIS_OK;
    (void)aegis_error_set(error, why.status, "%s cannot be sent: %s", what, why.text);
    if (error != NULL)
        error->not_processed = true;
    return why.status;
}

void aegis_exchange_identity(const aegis_exchange *x, const aegis_uuid *id, aegis_identity *out)
{
    out->message_id = aegis_uuid_format(*id, out->id);
    out->trace_id = x->trace_id;
    if (x->trace_id == NULL || x->trace_id[0] == '\0')
        out->trace_id = aegis_uuid_format(aegis_uuid_new(), out->trace);
    out->correlation_id = x->correlation_id;
    out->timestamp = aegis_now();
    out->source = x->source;
}

/* Is this a handler of the service that is called, which has no other free? */
static bool waits_for_itself(const aegis_exchange *x, aegis_call_state *handled)
{
    aegis_service *service = handled != NULL ? handled->service : NULL;
    bool busy;

    if (service == NULL || handled->job != NULL || handled->event || x->method->command ||
        strcmp(service->type->name, x->method->service) != 0)
        return false;
    (void)pthread_mutex_lock(&service->lock);
    busy = service->busy >= service->concurrency;
    (void)pthread_mutex_unlock(&service->lock);
    return busy;
}

aegis_status aegis_exchange_may_wait(const aegis_exchange *x, aegis_error *error)
{
    const aegis_log_context *here = aegis_log_current();
    const char *why = NULL;

    if (here != NULL && here->callback)
        why = "a callback must not wait for it; call its _async function";
    else if (waits_for_itself(x, x->parent != NULL ? x->parent->state : here != NULL ? here->handled : NULL))
        why = "the service called itself with all its handlers busy, and would wait for its deadline";
    if (why == NULL)
        return AEGIS_OK;
    (void)aegis_error_set(error, AEGIS_FAILED_PRECONDITION, "%s.%s: %s", x->method->service, x->method->name,
                          why);
    error->not_processed = true;
    return AEGIS_FAILED_PRECONDITION;
}

aegis_status aegis_exchange_keep(aegis_exchange *x, aegis_bytes *body, aegis_error *error)
{
    uint8_t *copy = (uint8_t *)aegis_arena_alloc(x->arena, body->len);

    if (copy == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "the answer does not fit into the arena");
    if (body->len > 0)
        memcpy(copy, body->data, body->len);
    body->data = copy;
    return AEGIS_OK;
}

aegis_reader *aegis_exchange_reader(aegis_exchange *x)
{
    return &x->reader;
}

int aegis_exchange_unreadable(aegis_exchange *x, const aegis_error *why, aegis_error *failed)
{
    const aegis_status status = why->status == AEGIS_RESOURCE_EXHAUSTED ? why->status : AEGIS_INTERNAL;

    x->final = true;
    memset(failed, 0, sizeof *failed);
    (void)aegis_error_set(failed, status, "the answer of %s.%s: %s", x->method->service, x->method->name,
                          why->text);
    return AEGIS_ANSWER_FAILED;
}

bool aegis_exchange_done(aegis_exchange *x, aegis_error *failed)
{
    aegis_error why;

    if (aegis_reader_close(&x->reader, &why) == AEGIS_OK)
        return true;
    (void)aegis_exchange_unreadable(x, &why, failed);
    return false;
}
