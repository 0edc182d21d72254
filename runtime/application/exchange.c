/* One exchange, seen from the sender: what calls, commands and publications have in common. It lives on the
 * stack of a generated stub; everything it keeps is in the arena the stub was given. */
#include <string.h>

#include "application/client.h"
#include "application/service.h"
#include "domain/error.h"

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
    x->publisher = NULL;
    x->method = NULL;
    x->event = NULL;
    x->arena = arena;
    x->owns_arena = false;
    x->options = NULL;
    x->parent = parent;
    x->format = sender->format;
    x->message_id = aegis_uuid_new();
    x->trace_id = parent != NULL ? parent->trace_id : NULL;
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

const char *aegis_exchange_trace(const aegis_exchange *x, char text[AEGIS_UUID_TEXT])
{
    if (x->trace_id != NULL && x->trace_id[0] != '\0')
        return x->trace_id;
    return aegis_uuid_format(aegis_uuid_new(), text);
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

void aegis_exchange_blame(const aegis_exchange *x, const aegis_error *failed)
{
    aegis_arena *arena = x->parent->arena;
    size_t count = failed->chain_count > 0 ? failed->chain_count : 1;
    aegis_cause *chain = (aegis_cause *)aegis_arena_alloc(arena, count * sizeof *chain);
    size_t i;

    if (chain == NULL)
        return;
    chain[0].service = x->method->service;
    chain[0].method = x->method->name;
    chain[0].code = aegis_code_of_status(failed->status);
    chain[0].message = aegis_arena_strdup(arena, failed->text);
    for (i = 0; i < failed->chain_count; i++) {
        chain[i].service = aegis_arena_strdup(arena, failed->chain[i].service);
        chain[i].method = aegis_arena_strdup(arena, failed->chain[i].method);
        chain[i].code = failed->chain[i].code;
        chain[i].message = aegis_arena_strdup(arena, failed->chain[i].message);
    }
    for (i = 0; i < count; i++) {
        if (chain[i].service == NULL || chain[i].method == NULL || chain[i].message == NULL)
            return;
    }
    x->parent->state->nested = chain;
    x->parent->state->nested_count = count;
}

aegis_reader *aegis_exchange_reader(aegis_exchange *x)
{
    return &x->reader;
}

bool aegis_exchange_done(aegis_exchange *x, aegis_error *failed)
{
    aegis_error why;

    memset(&why, 0, sizeof why);
    if (aegis_reader_close(&x->reader, &why) == AEGIS_OK)
        return true;
    memset(failed, 0, sizeof *failed);
    (void)aegis_error_set(failed, AEGIS_INTERNAL, "the answer of %s.%s: %s", x->method->service,
                          x->method->name, why.text);
    return false;
}
