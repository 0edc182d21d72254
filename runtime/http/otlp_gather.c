/* Where spans gather: see otlp.h. */
#define _GNU_SOURCE
#include "http/otlp.h"

#include <string.h>

/* ---- chunks; `idle` and `full` are under the lock -------------------------------------------------------
 */

/* An empty chunk; NULL when all there may be are full, or memory is short. */
static otlp_chunk *take_idle(aegis_otlp *otlp)
{
    otlp_chunk *chunk;

    (void)pthread_mutex_lock(&otlp->lock);
    chunk = otlp->idle;
    if (chunk != NULL) {
        otlp->idle = chunk->next;
    } else if (otlp->chunks < otlp->most) {
        chunk = (otlp_chunk *)otlp_memory(otlp, NULL, 0, sizeof *chunk);
        otlp->chunks += chunk != NULL;
    }
    if (chunk == NULL)
        atomic_store_explicit(&otlp->starved, true, memory_order_relaxed);
    (void)pthread_mutex_unlock(&otlp->lock);
    if (chunk == NULL)
        return NULL;
    chunk->next = NULL;
    chunk->spans = 0;
    chunk->used = otlp->head_size;
    memcpy(chunk->text, otlp->head, otlp->head_size);
    return chunk;
}

void otlp_give_back(aegis_otlp *otlp, otlp_chunk *chunk)
{
    (void)pthread_mutex_lock(&otlp->lock);
    chunk->next = otlp->idle;
    otlp->idle = chunk;
    atomic_store_explicit(&otlp->starved, false, memory_order_relaxed);
    (void)pthread_mutex_unlock(&otlp->lock);
}

static void put_full(aegis_otlp *otlp, otlp_chunk *chunk)
{
    (void)pthread_mutex_lock(&otlp->lock);
    *otlp->full_end = chunk;
    otlp->full_end = &chunk->next;
    (void)pthread_cond_signal(&otlp->wake);
    (void)pthread_mutex_unlock(&otlp->lock);
}

/* ---- spans in --------------------------------------------------------------------------------------------
 */

static bool fits(const otlp_chunk *chunk, size_t room)
{
    return chunk->used + room + 1 + OTLP_TAIL_SIZE <= OTLP_CHUNK;
}

/* The shard's chunk has room for the span afterwards; false when there is none. */
static bool make_room(aegis_otlp *otlp, otlp_shard *shard, size_t room)
{
    if (shard->chunk != NULL && fits(shard->chunk, room))
        return true;
    if (shard->chunk != NULL)
        put_full(otlp, shard->chunk);
    shard->chunk = atomic_load_explicit(&otlp->starved, memory_order_relaxed) ? NULL : take_idle(otlp);
    return shard->chunk != NULL;
}

static void add(aegis_otlp *otlp, otlp_shard *shard, const aegis_span *span)
{
    otlp_chunk *chunk;
    char *at;

    if ((shard->chunk == NULL || !fits(shard->chunk, OTLP_SPAN_MAX)) &&
        !make_room(otlp, shard, otlp_span_room(span))) {
        shard->dropped++;
        return;
    }
    chunk = shard->chunk;
    at = chunk->text + chunk->used;
    if (chunk->spans++ > 0)
        *at++ = ',';
    chunk->used = (size_t)(otlp_write_span(at, span) - chunk->text);
}

void aegis_otlp_span(void *user, aegis_span *span)
{
    aegis_otlp *otlp = (aegis_otlp *)user;
    const int cpu = sched_getcpu();
    const unsigned first = cpu > 0 ? (unsigned)cpu : 0;
    unsigned i;

    for (i = 0; i < otlp->shard_count; i++) {
        otlp_shard *shard = &otlp->shards[(first + i) % otlp->shard_count];

        if (pthread_mutex_trylock(&shard->lock) != 0)
            continue;
        add(otlp, shard, span);
        (void)pthread_mutex_unlock(&shard->lock);
        return;
    }
    atomic_fetch_add_explicit(&otlp->dropped, 1, memory_order_relaxed);
}

/* ---- chunks out ----------------------------------------------------------------------------------------
 */

/* The spans of `more` behind those of `chunk`; false when there is no room for them. */
static bool join(const aegis_otlp *otlp, otlp_chunk *chunk, const otlp_chunk *more)
{
    const size_t size = more->used - otlp->head_size;

    if (!fits(chunk, size))
        return false;
    chunk->text[chunk->used++] = ',';
    memcpy(chunk->text + chunk->used, more->text + otlp->head_size, size);
    chunk->used += size;
    chunk->spans += more->spans;
    return true;
}

/* Those that are being filled, put together. */
static otlp_chunk **take_partly(aegis_otlp *otlp, otlp_chunk **end)
{
    otlp_chunk *last = NULL;
    unsigned i;

    for (i = 0; i < otlp->shard_count; i++) {
        otlp_chunk *chunk;

        (void)pthread_mutex_lock(&otlp->shards[i].lock);
        chunk = otlp->shards[i].chunk;
        otlp->shards[i].chunk = NULL;
        (void)pthread_mutex_unlock(&otlp->shards[i].lock);
        if (chunk == NULL)
            continue;
        if (last != NULL && join(otlp, last, chunk)) {
            otlp_give_back(otlp, chunk);
            continue;
        }
        last = *end = chunk;
        end = &chunk->next;
    }
    return end;
}

otlp_chunk *otlp_take(aegis_otlp *otlp, bool partly)
{
    otlp_chunk *first;
    otlp_chunk **end;

    (void)pthread_mutex_lock(&otlp->lock);
    first = otlp->full;
    end = first != NULL ? otlp->full_end : &first;
    otlp->full = NULL;
    otlp->full_end = &otlp->full;
    if (partly) /* there may be memory again */
        atomic_store_explicit(&otlp->starved, false, memory_order_relaxed);
    (void)pthread_mutex_unlock(&otlp->lock);
    if (partly)
        end = take_partly(otlp, end);
    *end = NULL;
    return first;
}

uint64_t otlp_dropped(aegis_otlp *otlp)
{
    uint64_t dropped = atomic_load_explicit(&otlp->dropped, memory_order_relaxed);
    unsigned i;

    for (i = 0; i < otlp->shard_count; i++) {
        (void)pthread_mutex_lock(&otlp->shards[i].lock);
        dropped += otlp->shards[i].dropped;
        (void)pthread_mutex_unlock(&otlp->shards[i].lock);
    }
    return dropped;
}

static void free_all(const aegis_otlp *otlp, otlp_chunk *chunk)
{
    while (chunk != NULL) {
        otlp_chunk *next = chunk->next;

        (void)otlp_memory(otlp, chunk, sizeof *chunk, 0);
        chunk = next;
    }
}

void otlp_gather_free(aegis_otlp *otlp)
{
    unsigned i;

    free_all(otlp, otlp_take(otlp, true));
    free_all(otlp, otlp->idle);
    for (i = 0; i < otlp->shard_count; i++)
        (void)pthread_mutex_destroy(&otlp->shards[i].lock);
}
