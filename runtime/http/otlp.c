/* The OTLP exporter as an object: what the options say, the resource that every request begins with, and the
 * thread's beginning and end. */
#define _GNU_SOURCE
#include "http/otlp.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL      AEGIS_SECOND
#define TIMEOUT       (10 * AEGIS_SECOND)
#define RETRY_FOR     AEGIS_MINUTE
#define CLOSE_TIMEOUT (5 * AEGIS_SECOND)
#define QUEUE_BYTES   ((size_t)8 << 20)

int64_t otlp_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * AEGIS_SECOND + t.tv_nsec;
}

void *otlp_memory(const aegis_otlp *otlp, void *pointer, size_t old_size, size_t new_size)
{
    const aegis_allocator *allocator = otlp->allocator;

    if (allocator != NULL)
        return allocator->resize(allocator->user, pointer, old_size, new_size);
    if (new_size > 0)
        return realloc(pointer, new_size);
    free(pointer);
    return NULL;
}

/* ---- lists of pairs ----------------------------------------------------------------------------------- */

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "%20" is a space, in place; false for what is no such thing. */
static bool decode(char *text)
{
    char *to = text;

    for (; *text != '\0'; text++, to++) {
        *to = *text;
        if (*text != '%')
            continue;
        if (digit(text[1]) < 0 || digit(text[2]) < 0)
            return false;
        *to = (char)(digit(text[1]) << 4 | digit(text[2]));
        if (*to == '\0')
            return false;
        text += 2;
    }
    *to = '\0';
    return true;
}

static char *trim(char *text)
{
    size_t size;

    text += strspn(text, " \t");
    size = strlen(text);
    while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t'))
        text[--size] = '\0';
    return text;
}

bool otlp_next_pair(char **list, char **key, char **value)
{
    char *pair, *equals;

    do
        pair = strsep(list, ",");
    while (pair != NULL && *trim(pair) == '\0');
    if (pair == NULL)
        return false;
    *key = NULL;
    equals = strchr(pair, '=');
    if (equals == NULL)
        return true;
    *equals = '\0';
    pair = trim(pair);
    *value = trim(equals + 1);
    if (pair[0] != '\0' && decode(pair) && decode(*value))
        *key = pair;
    return true;
}

/* ---- the resource ------------------------------------------------------------------------------------- */

typedef struct head {
    char *at, *end; /* what is left of OTLP_HEAD_MAX */
    bool full;
} head;

static void put(head *h, const char *text)
{
    const size_t size = strlen(text);

    h->full = h->full || size > (size_t)(h->end - h->at);
    if (h->full)
        return;
    memcpy(h->at, text, size);
    h->at += size;
}

static void put_text(head *h, const char *text)
{
    const size_t size = strlen(text), most = 6 * (size < OTLP_TEXT_MAX ? size : OTLP_TEXT_MAX);

    h->full = h->full || most > (size_t)(h->end - h->at);
    if (!h->full)
        h->at = otlp_write_text(h->at, text);
}

static void put_attribute(head *h, const char *key, const char *value)
{
    put(h, "{\"key\":\"");
    put_text(h, key);
    put(h, "\",\"value\":{\"stringValue\":\"");
    put_text(h, value);
    put(h, "\"}},");
}

static bool is_ours(const char *key)
{
    static const char *const ours[] = {"service.name", "service.instance.id", "telemetry.sdk.name",
                                       "telemetry.sdk.language", "telemetry.sdk.version"};
    size_t i;

    for (i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (strcmp(key, ours[i]) == 0)
            return true;
    }
    return false;
}

static aegis_status put_given(head *h, const char *given, aegis_arena *arena, aegis_error *error)
{
    char *list = aegis_arena_strdup(arena, given);
    char *key, *value;

    if (list == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    while (otlp_next_pair(&list, &key, &value)) {
        if (key == NULL)
            return aegis_error_set(error, AEGIS_INVALID_ARGUMENT,
                                   "the attributes of the resource are not key=value,key=value: %.100s",
                                   given);
        if (!is_ours(key))
            put_attribute(h, key, value);
    }
    return AEGIS_OK;
}

static aegis_status write_head(aegis_otlp *otlp, const aegis_otlp_options *options, aegis_arena *arena,
                               aegis_error *error)
{
    head h = {otlp->head, otlp->head + OTLP_HEAD_MAX, false};
    char id[AEGIS_UUID_TEXT];
    const char *name = options->service_name;
    aegis_status status = AEGIS_OK;

    if (name == NULL)
        name = aegis_arena_printf(arena, "unknown_service:%s", program_invocation_short_name);
    if (name == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    put(&h, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[");
    put_attribute(&h, "service.name", name);
    put_attribute(&h, "service.instance.id",
                  options->instance != NULL ? options->instance : aegis_uuid_format(aegis_uuid_new(), id));
    if (options->resource != NULL)
        status = put_given(&h, options->resource, arena, error);
    put_attribute(&h, "telemetry.sdk.name", "aegis");
    put_attribute(&h, "telemetry.sdk.language", "c");
    put_attribute(&h, "telemetry.sdk.version", AEGIS_VERSION);
    h.at--; /* the comma */
    put(&h, "]},\"scopeSpans\":[{\"scope\":{\"name\":\"aegis\",\"version\":\"" AEGIS_VERSION
            "\"},\"schemaUrl\":\"https://opentelemetry.io/schemas/1.37.0\",\"spans\":[");
    if (status == AEGIS_OK && h.full)
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT,
                               "the attributes of the resource take more than %zu bytes", OTLP_HEAD_MAX);
    otlp->head_size = (size_t)(h.at - otlp->head);
    return status;
}

/* ---- opening ------------------------------------------------------------------------------------------ */

static void make_shards(aegis_otlp *otlp, const aegis_otlp_options *options)
{
    const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned i;

    otlp->shard_count = cpus > 0 && 2 * cpus < OTLP_SHARDS ? 2 * (unsigned)cpus : OTLP_SHARDS;
    for (i = 0; i < otlp->shard_count; i++)
        (void)pthread_mutex_init(&otlp->shards[i].lock, NULL);
    otlp->most = (options->queue_bytes > 0 ? options->queue_bytes : QUEUE_BYTES) / OTLP_CHUNK;
    if (otlp->most < 2)
        otlp->most = 2;
}

static aegis_duration or_default(aegis_duration given, aegis_duration otherwise)
{
    return given > 0 ? given : otherwise;
}

static void make_locks(aegis_otlp *otlp)
{
    pthread_condattr_t monotonic;

    (void)pthread_mutex_init(&otlp->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&otlp->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
}

static aegis_otlp *make(const aegis_otlp_options *options, size_t endpoint)
{
    aegis_otlp bare;
    aegis_otlp *otlp;

    memset(&bare, 0, sizeof bare);
    bare.allocator = options->allocator;
    otlp = (aegis_otlp *)otlp_memory(&bare, NULL, 0, sizeof *otlp);
    if (otlp == NULL)
        return NULL;
    *otlp = bare;
    make_locks(otlp);
    make_shards(otlp, options);
    otlp->file = -1;
    otlp->full_end = &otlp->full;
    otlp->log = options->log;
    otlp->log_user = options->log_user;
    otlp->interval = or_default(options->interval, INTERVAL);
    otlp->timeout = or_default(options->timeout, TIMEOUT);
    otlp->retry_for = options->retry_for == 0 ? RETRY_FOR : or_default(options->retry_for, 0);
    otlp->close_timeout = or_default(options->close_timeout, CLOSE_TIMEOUT);
    otlp->random = (unsigned)otlp_now() ^ (unsigned)getpid();
    otlp->head = (char *)otlp_memory(otlp, NULL, 0, OTLP_HEAD_MAX);
    otlp->endpoint = (char *)otlp_memory(otlp, NULL, 0, endpoint);
    if (otlp->endpoint != NULL)
        memcpy(otlp->endpoint, options->endpoint, endpoint);
    return otlp;
}

static void destroy(aegis_otlp *otlp)
{
    const aegis_otlp bare = {.allocator = otlp->allocator};

    otlp_gather_free(otlp);
    if (otlp->file >= 0)
        (void)close(otlp->file);
    if (otlp->curl != NULL)
        otlp_post_close(otlp);
    if (otlp->endpoint != NULL)
        (void)otlp_memory(otlp, otlp->endpoint, strlen(otlp->endpoint) + 1, 0);
    if (otlp->head != NULL)
        (void)otlp_memory(otlp, otlp->head, OTLP_HEAD_MAX, 0);
    (void)pthread_cond_destroy(&otlp->wake);
    (void)pthread_mutex_destroy(&otlp->lock);
    (void)otlp_memory(&bare, otlp, sizeof *otlp, 0);
}

static aegis_status open_end(aegis_otlp *otlp, const aegis_otlp_options *options, aegis_error *error)
{
    if (strncmp(otlp->endpoint, "file:", 5) == 0)
        return otlp_file_open(otlp, otlp->endpoint + 5, error);
    if (strncmp(otlp->endpoint, "http://", 7) == 0 || strncmp(otlp->endpoint, "https://", 8) == 0)
        return otlp_post_open(otlp, options, error);
    return aegis_error_set(
        error, AEGIS_INVALID_ARGUMENT,
        "'%.100s' is no endpoint for spans: it begins with http://, https:// or file:", otlp->endpoint);
}

/* No signal is taken on it. */
static bool start(aegis_otlp *otlp)
{
    sigset_t all, before;
    bool started;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    started = pthread_create(&otlp->thread, NULL, otlp_work, otlp) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

aegis_status aegis_otlp_open(const aegis_otlp_options *options, aegis_otlp **out, aegis_error *error)
{
    const char *endpoint = options != NULL ? options->endpoint : NULL;
    aegis_status status = AEGIS_RESOURCE_EXHAUSTED;
    aegis_arena *arena;
    aegis_otlp *otlp;

    *out = NULL;
    if (endpoint == NULL)
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "there is no endpoint for spans");
    otlp = make(options, strlen(endpoint) + 1);
    if (otlp == NULL)
        return aegis_error_set(error, status, "out of memory");
    arena = aegis_arena_new(options->allocator);
    if (otlp->head == NULL || otlp->endpoint == NULL || arena == NULL)
        (void)aegis_error_set(error, status, "out of memory");
    else
        status = write_head(otlp, options, arena, error);
    aegis_arena_free(arena);
    if (status == AEGIS_OK)
        status = open_end(otlp, options, error);
    if (status == AEGIS_OK && !start(otlp))
        status = aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no thread for the exporter of spans");
    if (status == AEGIS_OK)
        *out = otlp;
    else
        destroy(otlp);
    return status;
}

void aegis_otlp_attach(aegis_otlp *otlp, aegis_options *options)
{
    options->span_start = NULL;
    options->span_end = aegis_otlp_span;
    options->span_user = otlp;
}

/* ---- figures, and the end ----------------------------------------------------------------------------- */

void aegis_otlp_read(aegis_otlp *otlp, aegis_otlp_counts *counts)
{
    counts->sent = atomic_load_explicit(&otlp->sent, memory_order_relaxed);
    counts->dropped = otlp_dropped(otlp);
    counts->lost = atomic_load_explicit(&otlp->lost, memory_order_relaxed);
    counts->requests = atomic_load_explicit(&otlp->requests, memory_order_relaxed);
    counts->retries = atomic_load_explicit(&otlp->retries, memory_order_relaxed);
}

aegis_status aegis_otlp_close(aegis_otlp *otlp, aegis_error *error)
{
    aegis_otlp_counts counts;
    aegis_status status = AEGIS_OK;

    if (error != NULL)
        memset(error, 0, sizeof *error);
    if (otlp == NULL)
        return AEGIS_OK;
    (void)pthread_mutex_lock(&otlp->lock);
    otlp->closing = true;
    otlp->close_by = otlp_now() + otlp->close_timeout;
    (void)pthread_cond_signal(&otlp->wake);
    (void)pthread_mutex_unlock(&otlp->lock);
    (void)pthread_join(otlp->thread, NULL);
    aegis_otlp_read(otlp, &counts);
    if (counts.dropped + counts.lost > 0)
        status = aegis_error_set(error, AEGIS_DATA_LOSS, "%llu spans were lost, %llu for want of memory%s%s",
                                 (unsigned long long)(counts.dropped + counts.lost),
                                 (unsigned long long)counts.dropped,
                                 otlp->last_why[0] != '\0' ? "; the last reason: " : "", otlp->last_why);
    destroy(otlp);
    return status;
}
