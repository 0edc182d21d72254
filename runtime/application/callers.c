#include "application/callers.h"

#include <string.h>

#include "application/bus.h"
#include "application/metrics.h"

/* A power of two, twice what is put in. */
#define SLOTS (2 * (size_t)AEGIS_CALLERS)

typedef struct counts {
    atomic_uint_fast64_t requests, errors, took;
} counts;

/* Filled in before `key` is; stays until the table is freed. */
typedef struct slot {
    atomic_uint_fast64_t key; /* the hash; 0: free */
    size_t endpoint;
    char *source; /* from the allocator, `size` bytes with its NUL */
    size_t size;
    counts count;
} slot;

/* What is known of one endpoint besides. */
typedef struct rest {
    counts others;
    char *error;        /* AEGIS_CALLER_TEXT bytes from the allocator; NULL: there was none. With the lock. */
    atomic_bool noting; /* somebody writes it */
    atomic_uint_fast64_t buckets[AEGIS_LATENCY_BUCKETS];
} rest;

struct aegis_callers {
    const aegis_allocator *allocator;
    size_t endpoints;
    pthread_mutex_t lock; /* for filling slots, and the errors' texts */
    atomic_size_t used;   /* slots; written with the lock */
    slot slots[SLOTS];
    rest rests[];
};

static size_t size_of(size_t endpoints)
{
    return sizeof(aegis_callers) + endpoints * sizeof(rest);
}

aegis_callers *aegis_callers_new(const aegis_allocator *allocator, size_t endpoints)
{
    aegis_callers *callers = (aegis_callers *)aegis_memory_get(allocator, size_of(endpoints));

    if (callers == NULL)
        return NULL;
    callers->allocator = allocator;
    callers->endpoints = endpoints;
    (void)pthread_mutex_init(&callers->lock, NULL);
    return callers;
}

void aegis_callers_free(aegis_callers *callers)
{
    if (callers == NULL)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        aegis_memory_put(callers->allocator, callers->slots[i].source, callers->slots[i].size);
    for (size_t i = 0; i < callers->endpoints; i++)
        aegis_memory_put(callers->allocator, callers->rests[i].error, AEGIS_CALLER_TEXT);
    (void)pthread_mutex_destroy(&callers->lock);
    aegis_memory_put(callers->allocator, callers, size_of(callers->endpoints));
}

/* ---- counting ----------------------------------------------------------------------------------------- */

/* FNV-1a over the endpoint and what is kept of the source; `*size` is that, without a character cut in half.
 */
static uint64_t hash_of(size_t endpoint, const char *source, size_t *size)
{
    uint64_t hash = (UINT64_C(0xcbf29ce484222325) ^ endpoint) * UINT64_C(0x100000001b3);
    size_t i;

    for (i = 0; i < AEGIS_CALLER_NAME - 1 && source[i] != '\0'; i++)
        hash = (hash ^ (uint8_t)source[i]) * UINT64_C(0x100000001b3);
    while (i > 0 && ((uint8_t)source[i] & 0xc0) == 0x80)
        i--;
    *size = i;
    return hash != 0 ? hash : 1;
}

static bool is_of(const slot *s, size_t endpoint, const char *source, size_t size)
{
    return s->endpoint == endpoint && s->size == size + 1 && memcmp(s->source, source, size) == 0;
}

/* The pair's slot, or the free one where it belongs: there always is one. */
static slot *find(aegis_callers *callers, uint64_t hash, size_t endpoint, const char *source, size_t size)
{
    for (size_t i = (size_t)(hash ^ hash >> 32);; i++) {
        slot *s = &callers->slots[i & (SLOTS - 1)];
        const uint64_t key = atomic_load_explicit(&s->key, memory_order_acquire);

        if (key == 0 || (key == hash && is_of(s, endpoint, source, size)))
            return s;
    }
}

static bool is_full(aegis_callers *callers)
{
    return atomic_load_explicit(&callers->used, memory_order_relaxed) >= AEGIS_CALLERS;
}

/* A slot for a new pair; NULL when there are too many, or no memory. */
static slot *enter(aegis_callers *callers, uint64_t hash, size_t endpoint, const char *source, size_t size)
{
    (void)pthread_mutex_lock(&callers->lock);
    slot *s = find(callers, hash, endpoint, source, size);
    if (atomic_load_explicit(&s->key, memory_order_relaxed) == 0) {
        s->source = !is_full(callers) ? (char *)aegis_memory_get(callers->allocator, size + 1) : NULL;
        if (s->source != NULL) {
            memcpy(s->source, source, size);
            s->size = size + 1;
            s->endpoint = endpoint;
            atomic_fetch_add(&callers->used, 1);
            atomic_store_explicit(&s->key, hash, memory_order_release);
        } else {
            s = NULL;
        }
    }
    (void)pthread_mutex_unlock(&callers->lock);
    return s;
}

static counts *counts_of(aegis_callers *callers, size_t endpoint, const char *source)
{
    size_t size;
    const uint64_t hash = hash_of(endpoint, source, &size);
    slot *s = find(callers, hash, endpoint, source, size);

    if (atomic_load_explicit(&s->key, memory_order_relaxed) != 0)
        return &s->count;
    s = is_full(callers) ? NULL : enter(callers, hash, endpoint, source, size);
    return s != NULL ? &s->count : &callers->rests[endpoint].others;
}

/* The last error: who finds another at it lets that be the last one. */
static void note(aegis_callers *callers, rest *r, const char *error)
{
    size_t size = strlen(error);

    if (atomic_exchange(&r->noting, true))
        return;
    (void)pthread_mutex_lock(&callers->lock);
    if (r->error == NULL)
        r->error = (char *)aegis_memory_get(callers->allocator, AEGIS_CALLER_TEXT);
    if (r->error != NULL) {
        if (size >= AEGIS_CALLER_TEXT) {
            for (size = AEGIS_CALLER_TEXT - 1; size > 0 && ((uint8_t)error[size] & 0xc0) == 0x80;)
                size--;
        }
        memcpy(r->error, error, size);
        r->error[size] = '\0';
    }
    (void)pthread_mutex_unlock(&callers->lock);
    atomic_store(&r->noting, false);
}

static void add(atomic_uint_fast64_t *counter, uint64_t value)
{
    (void)atomic_fetch_add_explicit(counter, value, memory_order_relaxed);
}

void aegis_callers_count(aegis_callers *callers, size_t endpoint, const char *source, aegis_duration took,
                         const char *error)
{
    counts *c = counts_of(callers, endpoint, source != NULL ? source : "");

    if (took > 0) {
        add(&c->took, (uint64_t)took);
        add(&callers->rests[endpoint].buckets[aegis_latency_bucket(took)], 1);
    }
    if (error != NULL) {
        note(callers, &callers->rests[endpoint], error);
        add(&c->errors, 1);
    }
    (void)atomic_fetch_add_explicit(&c->requests, 1, memory_order_release);
}

/* ---- reading ------------------------------------------------------------------------------------------ */

/* A request is counted last, so all that belongs to those seen is seen; what belongs to one that is not is
 * not told yet. */
static aegis_caller read_counts(counts *c, const char *source, aegis_called *sum)
{
    aegis_caller out = {source, 0, 0};

    out.requests = atomic_load_explicit(&c->requests, memory_order_acquire);
    out.errors = atomic_load(&c->errors);
    if (out.errors > out.requests)
        out.errors = out.requests;
    sum->requests += out.requests;
    sum->errors += out.errors;
    sum->took += atomic_load(&c->took);
    return out;
}

/* All of its callers go where `room` is, in front of those of the next endpoint. */
static aegis_caller *read_endpoint(aegis_callers *callers, size_t endpoint, aegis_caller *room,
                                   aegis_called *out)
{
    out->callers = room;
    for (size_t i = 0; i < SLOTS; i++) {
        slot *s = &callers->slots[i];

        if (atomic_load_explicit(&s->key, memory_order_acquire) != 0 && s->endpoint == endpoint)
            *room++ = read_counts(&s->count, s->source, out);
    }
    out->caller_count = (size_t)(room - out->callers);
    out->others = read_counts(&callers->rests[endpoint].others, "", out);
    return room;
}

static void read_latency(rest *r, aegis_called *out)
{
    for (size_t i = 0; i < AEGIS_LATENCY_BUCKETS; i++) {
        out->latency.buckets[i] = atomic_load_explicit(&r->buckets[i], memory_order_relaxed);
        out->latency.count += out->latency.buckets[i];
    }
    out->latency.sum = out->took;
}

const aegis_called *aegis_callers_read(aegis_callers *callers, aegis_arena *arena)
{
    aegis_called *out = (aegis_called *)aegis_arena_alloc(arena, (callers->endpoints + 1) * sizeof *out);
    aegis_caller *room = (aegis_caller *)aegis_arena_alloc(arena, AEGIS_CALLERS * sizeof *room);
    bool good = out != NULL && room != NULL;

    for (size_t i = 0; good && i < callers->endpoints; i++) {
        memset(&out[i], 0, sizeof out[i]);
        (void)pthread_mutex_lock(&callers->lock); /* no pair is added meanwhile, and the text stands still */
        room = read_endpoint(callers, i, room, &out[i]);
        read_latency(&callers->rests[i], &out[i]);
        out[i].error =
            callers->rests[i].error != NULL ? aegis_arena_strdup(arena, callers->rests[i].error) : "";
        (void)pthread_mutex_unlock(&callers->lock);
        good = out[i].error != NULL;
    }
    return good ? out : NULL;
}
