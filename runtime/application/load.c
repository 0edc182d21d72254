/* What a service is busy with at this moment, by endpoint: counted when somebody asks, by looking at its
 * threads and its waiting room, so that a call pays two stores on a line of its own thread and nothing more.
 */
#include "application/load.h"

#include <string.h>

/* The endpoint that a request is for, by its subject; `endpoint_count`: none that is known. */
static size_t wanted_by(const aegis_service *service, const aegis_message *message)
{
    const char *dot = strrchr(message->subject, '.');
    const aegis_endpoint *found = dot != NULL ? aegis_endpoint_find(service, dot + 1, false) : NULL;

    return found != NULL ? (size_t)(found - service->type->endpoints) : service->type->endpoint_count;
}

/* Calls whose handler has returned, and that are to be answered. */
static void add_deferred(const aegis_service *service, aegis_load *out)
{
    const aegis_list *item;

    for (item = service->deferred.next; item != &service->deferred; item = item->next) {
        const aegis_call_state *state =
            (const aegis_call_state *)(const void *)((const char *)item -
                                                     offsetof(aegis_call_state, deferred));

        if (state->job == NULL && state->endpoint != 0 && !atomic_load(&state->answered))
            out[state->endpoint - 1].running++;
    }
}

const aegis_load *aegis_load_read(aegis_service *service, aegis_arena *arena)
{
    const size_t count = service->type->endpoint_count;
    aegis_load *out = (aegis_load *)aegis_arena_alloc(arena, (count + 1) * sizeof *out);
    size_t i;

    if (out == NULL)
        return NULL;
    memset(out, 0, (count + 1) * sizeof *out); /* the last one is for what there is not */
    (void)pthread_mutex_lock(&service->lock);
    for (i = 0; atomic_load(&service->opened) && i < service->worker_count; i++) {
        const size_t serving = atomic_load_explicit(&service->workers[i].serving, memory_order_relaxed);

        if (serving != 0)
            out[serving - 1].running++;
    }
    for (i = 0; i < service->waiting_count; i++)
        out[wanted_by(service, &service->waiting[(service->waiting_first + i) % service->waiting_size])]
            .waiting++;
    add_deferred(service, out);
    (void)pthread_mutex_unlock(&service->lock);
    return out;
}

bool aegis_load_awaited(const aegis_service *service, int64_t now)
{
    size_t i;

    for (i = 0; i < service->worker_count; i++) {
        const aegis_worker *worker = &service->workers[i];

        if (atomic_load_explicit(&worker->serving, memory_order_acquire) != 0 &&
            (int64_t)atomic_load_explicit(&worker->until, memory_order_relaxed) > now)
            return true;
    }
    return false;
}
