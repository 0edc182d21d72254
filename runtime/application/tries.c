/* How often an event has been tried. The server's count of deliveries says more than that: it also counts
 * events that were handed back, or that waited in a process that died. So from the second delivery on the
 * tries are written down, each before its handler runs: a value in the bucket aegis_events under
 * "<durable>.<sequence>". The first delivery needs no record, as there is nothing to compare it with; so an
 * event that kills its process is tried once more than one whose handler asks for another try. Entries are
 * not deleted but grow old with the bucket. */
#include <string.h>

#include "aegis/wire.h"
#include "application/subscriptions.h"

#define TIMEOUT (2 * AEGIS_SECOND)

static const char *key_of(const aegis_intake *in, const aegis_message *message, aegis_arena *arena)
{
    return aegis_arena_printf(arena, "%s.%llu", in->config.durable, (unsigned long long)message->sequence);
}

static aegis_status write(const aegis_intake *in, const aegis_message *message, uint32_t tries,
                          aegis_arena *arena, aegis_error *error)
{
    aegis_bus *bus = in->lane->service->bus;
    const aegis_wire_event_tries value = {.tries = tries, .stored_at = message->stored_at};
    const char *key = key_of(in, message, arena);
    aegis_bytes body;
    aegis_status status = aegis_wire_event_tries_encode(&value, AEGIS_FORMAT_MSGPACK, arena, &body, error);

    if (status != AEGIS_OK)
        return status;
    if (key == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    return bus->port->ops->kv_put(bus->port, aegis_bus_stream(bus, AEGIS_KIND_TRIES), key, body, AEGIS_KV_ANY,
                                  aegis_clock_monotonic() + TIMEOUT, NULL, error);
}

/* A stream that was made anew counts from one again: the time tells whose entry it is. */
static uint32_t tries_in(const aegis_kv_entry *entry, const aegis_message *message, aegis_arena *arena)
{
    aegis_wire_event_tries value;

    if (aegis_wire_event_tries_decode(entry->value, AEGIS_FORMAT_MSGPACK, arena, &value, NULL) != AEGIS_OK ||
        value.stored_at != message->stored_at)
        return 0;
    return value.tries;
}

aegis_status aegis_tries_begin(const aegis_intake *in, const aegis_message *message, uint32_t most,
                               aegis_arena *arena, uint32_t *tries, aegis_error *error)
{
    aegis_bus *bus = in->lane->service->bus;
    aegis_kv_entry entry;
    aegis_status status;
    const char *key;

    *tries = 1;
    if (message->deliveries <= 1)
        return AEGIS_OK;
    key = key_of(in, message, arena);
    if (key == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    memset(&entry, 0, sizeof entry);
    status = bus->port->ops->kv_get(bus->port, aegis_bus_stream(bus, AEGIS_KIND_TRIES), key,
                                    aegis_clock_monotonic() + TIMEOUT, arena, &entry, error);
    if (status != AEGIS_OK && status != AEGIS_NOT_FOUND)
        return status;
    if (status == AEGIS_OK)
        *tries = tries_in(&entry, message, arena) + 1;
    return *tries > most ? AEGIS_OK : write(in, message, *tries, arena, error);
}

/* If this is not stored, the event has one more try. */
void aegis_tries_first_over(const aegis_intake *in, const aegis_message *message, aegis_arena *arena)
{
    (void)write(in, message, 1, arena, NULL);
}
