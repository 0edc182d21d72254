/* Key-value buckets. The port shows only a key's latest value, so only that is kept, whatever history was
 * asked for; a deleted or expired key leaves nothing but the bucket's revision, which never goes back.
 */
#include "adapters/memory/memory.h"

#include "ports/clock.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

typedef struct kv_item {
    struct kv_item *next;
    char *key;
    uint8_t *value;
    size_t len;
    uint64_t revision;
    int64_t written; /* monotonic */
    aegis_timestamp written_at;
} kv_item;

struct memory_kv {
    memory_kv *next;
    char *name;
    aegis_stream_config config; /* of the stream that it would be: what of it matters here */
    uint64_t bytes;             /* of keys and values */
    uint64_t revision;
    size_t count;
    kv_item *items[MEMORY_BUCKETS];
};

static void free_item(memory_bus *bus, memory_kv *kv, kv_item **at)
{
    kv_item *item = *at;
    *at = item->next;
    kv->count--;
    kv->bytes -= strlen(item->key) + item->len;
    memory_free_text(bus, item->key);
    memory_free(bus, item->value, item->len);
    memory_free(bus, item, sizeof *item);
}

static void expire(memory_bus *bus, memory_kv *kv)
{
    int64_t now = aegis_clock_monotonic();
    for (size_t i = 0; kv->config.max_age > 0 && i < MEMORY_BUCKETS; i++) {
        kv_item **at = &kv->items[i];
        while (*at) {
            if (now - (*at)->written >= kv->config.max_age)
                free_item(bus, kv, at);
            else
                at = &(*at)->next;
        }
    }
}

static void kv_free(memory_bus *bus, memory_kv *kv)
{
    for (size_t i = 0; i < MEMORY_BUCKETS; i++)
        while (kv->items[i])
            free_item(bus, kv, &kv->items[i]);
    memory_free_text(bus, kv->name);
    memory_free(bus, kv, sizeof *kv);
}

void memory_kv_free(memory_bus *bus)
{
    while (bus->buckets) {
        memory_kv *kv = bus->buckets;
        bus->buckets = kv->next;
        kv_free(bus, kv);
    }
}

static memory_kv *find_bucket(memory_bus *bus, const char *name)
{
    memory_kv *kv = bus->buckets;
    while (kv && strcmp(kv->name, name) != 0)
        kv = kv->next;
    if (kv)
        expire(bus, kv);
    return kv;
}

/* The link that points to the key's item, or to NULL where it would be. */
static kv_item **find_item(memory_kv *kv, const char *key)
{
    kv_item **at = &kv->items[memory_hash(key) % MEMORY_BUCKETS];
    while (*at && strcmp((*at)->key, key) != 0)
        at = &(*at)->next;
    return at;
}

static bool made_of(const char *text, const char *extra)
{
    if (!text || !*text)
        return false;
    for (const char *c = text; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr(extra, *c))
            return false;
    return true;
}

/* ADR-8: what a server's clients accept as a key. */
static aegis_status check_key(const char *key, aegis_error *error)
{
    if (made_of(key, "-/_=.") && key[0] != '.' && key[strlen(key) - 1] != '.' && !strstr(key, ".."))
        return AEGIS_OK;
    return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is not a key", key ? key : "");
}

static aegis_status no_bucket(const char *bucket, aegis_error *error)
{
    return aegis_error_set(error, AEGIS_NOT_FOUND, "there is no bucket %s", bucket);
}

/* Its name is not ours to keep, and one value of a key is the least. */
static aegis_stream_config as_compared(const aegis_stream_config *config)
{
    aegis_stream_config compared = *config;
    compared.name = NULL;
    compared.max_per_subject = config->max_per_subject > 0 ? config->max_per_subject : 1;
    return compared;
}

static memory_kv *create(memory_bus *bus, const aegis_stream_config *config)
{
    memory_kv *kv = (memory_kv *)memory_alloc(bus, sizeof *kv);
    if (!kv)
        return NULL;
    kv->name = memory_strdup(bus, config->name);
    if (!kv->name) {
        memory_free(bus, kv, sizeof *kv);
        return NULL;
    }
    kv->config = as_compared(config);
    kv->next = bus->buckets;
    bus->buckets = kv;
    return kv;
}

static void fill_info(memory_bus *bus, memory_kv *kv, const aegis_stream_config *config,
                      aegis_stream_info *info)
{
    const aegis_stream_config wanted = as_compared(config);
    expire(bus, kv);
    memset(info, 0, sizeof *info);
    info->messages = kv->count;
    info->bytes = kv->bytes;
    info->last_sequence = kv->revision;
    info->ours = true;
    aegis_stream_compare(&kv->config, &wanted, info);
}

aegis_status memory_ensure_bucket(aegis_port *port, const aegis_stream_config *config,
                                  aegis_stream_info *info, aegis_error *error)
{
    memory_bus *bus = memory_of(port);
    aegis_stream_info own;
    if (!made_of(config->name, "-_"))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is not a bucket's name",
                               config->name ? config->name : "");
    if (!info)
        info = &own;
    pthread_mutex_lock(&bus->lock);
    memory_kv *kv = find_bucket(bus, config->name);
    if (!kv)
        kv = create(bus, config);
    if (kv)
        fill_info(bus, kv, config, info);
    pthread_mutex_unlock(&bus->lock);
    if (!kv)
        return memory_exhausted(error);
    if (info->differs)
        return aegis_error_set(error, AEGIS_FAILED_PRECONDITION, "bucket %s is there already: %s",
                               config->name, info->difference);
    return AEGIS_OK;
}

static aegis_status get(memory_bus *bus, const char *bucket, const char *key, aegis_arena *arena,
                        aegis_kv_entry *entry, aegis_error *error)
{
    memory_kv *kv = find_bucket(bus, bucket);
    const kv_item *item = kv ? *find_item(kv, key) : NULL;
    if (!kv)
        return no_bucket(bucket, error);
    if (!item)
        return aegis_error_set(error, AEGIS_NOT_FOUND, "bucket %s has no key '%s'", bucket, key);
    uint8_t *copy = (uint8_t *)aegis_arena_alloc(arena, item->len);
    if (!copy)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no memory for the value of '%s'", key);
    if (item->len)
        memcpy(copy, item->value, item->len);
    entry->value.data = copy;
    entry->value.len = item->len;
    entry->revision = item->revision;
    entry->written_at = item->written_at;
    return AEGIS_OK;
}

aegis_status memory_kv_get(aegis_port *port, const char *bucket, const char *key, int64_t deadline,
                           aegis_arena *arena, aegis_kv_entry *entry, aegis_error *error)
{
    memory_bus *bus = memory_of(port);
    (void)deadline;
    memset(entry, 0, sizeof *entry);
    aegis_status status = check_key(key, error);
    if (status != AEGIS_OK)
        return status;
    pthread_mutex_lock(&bus->lock);
    status = get(bus, bucket, key, arena, entry, error);
    pthread_mutex_unlock(&bus->lock);
    return status;
}

static aegis_status check_revision(const kv_item *item, const char *key, uint64_t expected,
                                   aegis_error *error)
{
    uint64_t revision = item ? item->revision : 0;
    if (expected == AEGIS_KV_ANY || expected == revision)
        return AEGIS_OK;
    return aegis_error_set(error, AEGIS_ABORTED, "key '%s' has revision %" PRIu64 ", not %" PRIu64, key,
                           revision, expected);
}

/* What is over the bucket's bound is refused, a shorter value never is. */
static aegis_status check_room(const memory_kv *kv, const kv_item *item, const char *key, size_t len,
                               aegis_error *error)
{
    uint64_t most = kv->config.max_bytes > 0 ? (uint64_t)kv->config.max_bytes : UINT64_MAX;
    size_t had = item ? strlen(key) + item->len : 0;
    size_t has = strlen(key) + len;
    if (has <= had || kv->bytes - had + has <= most)
        return AEGIS_OK;
    return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "bucket %s is full: %zu keys, %" PRIu64 " bytes",
                           kv->name, kv->count, kv->bytes);
}

static kv_item *add_item(memory_bus *bus, memory_kv *kv, const char *key)
{
    kv_item *item = (kv_item *)memory_alloc(bus, sizeof *item);
    if (!item)
        return NULL;
    item->key = memory_strdup(bus, key);
    if (!item->key) {
        memory_free(bus, item, sizeof *item);
        return NULL;
    }
    kv_item **head = &kv->items[memory_hash(key) % MEMORY_BUCKETS];
    item->next = *head;
    *head = item;
    kv->count++;
    return item;
}

static aegis_status put(memory_bus *bus, const char *bucket, const char *key, aegis_bytes value,
                        uint64_t expected, uint64_t *revision, aegis_error *error)
{
    memory_kv *kv = find_bucket(bus, bucket);
    kv_item *item = kv ? *find_item(kv, key) : NULL;
    aegis_status status = kv ? check_revision(item, key, expected, error) : no_bucket(bucket, error);
    if (status == AEGIS_OK)
        status = check_room(kv, item, key, value.len, error);
    if (status != AEGIS_OK)
        return status;
    uint8_t *copy = value.len ? (uint8_t *)memory_alloc(bus, value.len) : NULL;
    if (!item && (copy || value.len == 0))
        item = add_item(bus, kv, key);
    if (!item || (value.len && !copy)) {
        memory_free(bus, copy, value.len);
        return memory_exhausted(error);
    }
    if (value.len)
        memcpy(copy, value.data, value.len);
    memory_free(bus, item->value, item->len);
    kv->bytes = kv->bytes - item->len + value.len;
    item->value = copy;
    item->len = value.len;
    item->revision = ++kv->revision;
    item->written = aegis_clock_monotonic();
    item->written_at = aegis_now();
    if (revision)
        *revision = item->revision;
    return AEGIS_OK;
}

aegis_status memory_kv_put(aegis_port *port, const char *bucket, const char *key, aegis_bytes value,
                           uint64_t expected, int64_t deadline, uint64_t *revision, aegis_error *error)
{
    memory_bus *bus = memory_of(port);
    (void)deadline;
    aegis_status status = check_key(key, error);
    if (status != AEGIS_OK)
        return status;
    if (value.len > MEMORY_BODY_MAX)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED,
                               "a value of %zu bytes is over the bus's limit of %zu", value.len,
                               MEMORY_BODY_MAX);
    pthread_mutex_lock(&bus->lock);
    status = put(bus, bucket, key, value, expected, revision, error);
    pthread_mutex_unlock(&bus->lock);
    return status;
}

aegis_status memory_kv_delete(aegis_port *port, const char *bucket, const char *key, uint64_t expected,
                              int64_t deadline, aegis_error *error)
{
    memory_bus *bus = memory_of(port);
    (void)deadline;
    aegis_status status = check_key(key, error);
    if (status != AEGIS_OK)
        return status;
    pthread_mutex_lock(&bus->lock);
    memory_kv *kv = find_bucket(bus, bucket);
    kv_item **at = kv ? find_item(kv, key) : NULL;
    status = kv ? check_revision(*at, key, expected, error) : no_bucket(bucket, error);
    if (status == AEGIS_OK) {
        kv->revision++;
        if (*at)
            free_item(bus, kv, at);
    }
    pthread_mutex_unlock(&bus->lock);
    return status;
}

static bool copy_item(const kv_item *item, aegis_arena *arena, aegis_kv_item *copy)
{
    uint8_t *value = (uint8_t *)aegis_arena_alloc(arena, item->len);
    copy->key = aegis_arena_strdup(arena, item->key);
    copy->entry = (aegis_kv_entry){{value, item->len}, item->revision, item->written_at};
    if (value && item->len)
        memcpy(value, item->value, item->len);
    return value && copy->key;
}

static bool copy_items(const memory_kv *kv, aegis_arena *arena, aegis_kv_list *list)
{
    aegis_kv_item *items = (aegis_kv_item *)aegis_arena_alloc(arena, kv->count * sizeof *items);
    size_t count = 0;
    if (!items)
        return false;
    for (size_t i = 0; i < MEMORY_BUCKETS; i++) {
        for (const kv_item *item = kv->items[i]; item; item = item->next) {
            if (!copy_item(item, arena, &items[count++]))
                return false;
        }
    }
    list->items = items;
    list->count = count;
    return true;
}

aegis_status memory_kv_list(aegis_port *port, const char *bucket, int64_t deadline, aegis_arena *arena,
                            aegis_kv_list *list, aegis_error *error)
{
    memory_bus *bus = memory_of(port);
    (void)deadline;
    *list = (aegis_kv_list){0};
    pthread_mutex_lock(&bus->lock);
    const memory_kv *kv = find_bucket(bus, bucket);
    bool copied = kv && copy_items(kv, arena, list);
    list->now = aegis_now();
    pthread_mutex_unlock(&bus->lock);
    if (!kv)
        return no_bucket(bucket, error);
    return copied
               ? AEGIS_OK
               : aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no memory for the entries of %s", bucket);
}
