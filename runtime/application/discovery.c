/* Reading the registry. Whatever is in the bucket was written by somebody: what is no entry of an instance is
 * passed over. How old an entry is is said by the server's clock alone, which wrote it down and tells the
 * time of reading: the clocks of the instance's host and of ours may be wrong. */
#include <stdlib.h>
#include <string.h>

#include "aegis/duties.h"
#include "application/envelope.h"
#include "application/registry.h"
#include "domain/time.h"

/* Longest wait for the server. */
#define READ_TIMEOUT (5 * AEGIS_SECOND)

const char *aegis_instance_state_name(aegis_instance_state state)
{
    static const char *const names[] = {"ACTIVE", "STANDBY", "UNHEALTHY", "SHUTDOWN"};

    return (unsigned)state < sizeof names / sizeof names[0] ? names[state] : "UNKNOWN";
}

static aegis_instance_state state_of(int32_t status)
{
    switch (status) {
    case AEGIS_DUTIES_INSTANCE_STATUS_ACTIVE:
        return AEGIS_INSTANCE_ACTIVE;
    case AEGIS_DUTIES_INSTANCE_STATUS_STANDBY:
        return AEGIS_INSTANCE_STANDBY;
    case AEGIS_DUTIES_INSTANCE_STATUS_SHUTDOWN:
        return AEGIS_INSTANCE_SHUTDOWN;
    default:
        return AEGIS_INSTANCE_UNHEALTHY;
    }
}

static aegis_timestamp time_of(const char *text, aegis_timestamp otherwise)
{
    aegis_timestamp time;

    return text != NULL && aegis_timestamp_parse(text, strlen(text), &time) ? time : otherwise;
}

static aegis_timestamp start_of(const aegis_raw *metadata, aegis_arena *arena)
{
    aegis_duties_registry_metadata known;

    if (metadata == NULL || aegis_raw_is_nil(*metadata) ||
        aegis_duties_registry_metadata_decode(metadata->data, metadata->format, arena, &known, NULL) !=
            AEGIS_OK)
        return 0;
    return time_of(known.start_time, 0);
}

/* False: it is no instance, or not live. */
static bool read_item(const aegis_kv_item *item, aegis_timestamp now, aegis_duration life, aegis_arena *arena,
                      aegis_instance *out)
{
    aegis_duties_registry_entry entry;

    out->age = now > item->entry.written_at ? now - item->entry.written_at : 0;
    if (strncmp(item->key, AEGIS_REGISTRY_PREFIX, strlen(AEGIS_REGISTRY_PREFIX)) != 0 || out->age > life ||
        item->entry.value.len == 0 ||
        aegis_duties_registry_entry_decode(item->entry.value, AEGIS_FORMAT_AUTO, arena, &entry, NULL) !=
            AEGIS_OK)
        return false;
    out->service = entry.service;
    out->id = entry.instance;
    out->version = entry.version;
    out->state = state_of(entry.status);
    out->last_heartbeat = time_of(entry.last_heartbeat, item->entry.written_at);
    out->started_at = start_of(entry.metadata, arena);
    return true;
}

static int by_name(const void *left, const void *right)
{
    const aegis_instance *a = (const aegis_instance *)left;
    const aegis_instance *b = (const aegis_instance *)right;
    const int services = strcmp(a->service, b->service);

    return services != 0 ? services : strcmp(a->id, b->id);
}

aegis_status aegis_instances_read(aegis_bus *bus, const char *service, aegis_arena *arena,
                                  aegis_instance_list *list, aegis_error *error)
{
    return aegis_registry_read(bus, service, aegis_clock_monotonic() + READ_TIMEOUT, arena, list, error);
}

aegis_status aegis_registry_read(aegis_bus *bus, const char *service, int64_t deadline, aegis_arena *arena,
                                 aegis_instance_list *list, aegis_error *error)
{
    const aegis_duration life = AEGIS_HEARTBEATS_LIFE * bus->registry.heartbeat;
    aegis_kv_list all;
    aegis_error why = {0};

    memset(list, 0, sizeof *list);
    aegis_status status = bus->port->ops->kv_list(bus->port, aegis_bus_stream(bus, AEGIS_KIND_REGISTRY),
                                                  deadline, arena, &all, &why);
    if (status == AEGIS_NOT_FOUND)
        return AEGIS_OK; /* nobody has made it */
    if (status != AEGIS_OK)
        return aegis_error_set(error, status, "the registry cannot be read: %s", why.text);
    aegis_instance *items = (aegis_instance *)aegis_arena_alloc(arena, all.count * sizeof *items);
    if (items == NULL)
        return aegis_no_memory(error);
    for (size_t i = 0; i < all.count; i++) {
        if (read_item(&all.items[i], all.now, life, arena, &items[list->count]) &&
            (service == NULL || strcmp(items[list->count].service, service) == 0))
            list->count++;
    }
    if (list->count > 1)
        qsort(items, list->count, sizeof *items, by_name);
    list->items = items;
    return AEGIS_OK;
}
