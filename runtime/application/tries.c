/* How often an event has been tried. The server's count of deliveries says more than that: it also counts
 * events that were handed back, or that waited in a process that died. So from the second delivery on the
 * tries are written down, each before its handler runs: a value in the bucket aegis_events under
 * "<durable>.<sequence>". The first delivery needs no record, as there is nothing to compare it with; so an
 * event that kills its process is tried once more than one whose handler asks for another try. Entries are
 * not deleted but grow old with the bucket. */
#include <string.h>

#include "aegis/duties.h"
#include "application/subscriptions.h"

#define TIMEOUT (2 * AEGIS_SECOND)

static const char *key_of(const aegis_intake *in, uint64_t sequence, aegis_arena *arena)
{
    return aegis_arena_printf(arena, "%s.%llu", in->config.durable, (unsigned long long)sequence);
}

static aegis_status write(const aegis_intake *in, const aegis_message *message, uint32_t tries,
                          aegis_arena *arena, aegis_error *error)
{
    aegis_bus *bus = in->lane->service->bus;
    const aegis_duties_event_tries value = {.tries = tries, .stored_at = message->stored_at};
    const char *key = key_of(in, message->sequence, arena);
    aegis_bytes body;
    aegis_status status = aegis_duties_event_tries_encode(&value, AEGIS_FORMAT_MSGPACK, arena, &body, error);

    if (status != AEGIS_OK)
        return status;
    if (key == NULL)
        return aegis_no_memory(error);
    return aegis_bus_put(bus, AEGIS_KIND_TRIES, key, body, AEGIS_KV_ANY, aegis_clock_monotonic() + TIMEOUT,
                         NULL, error);
}

/* A stream that was made anew counts from one again: the time tells whose entry it is. */
aegis_status aegis_tries_read(const aegis_intake *in, uint64_t sequence, aegis_timestamp stored_at,
                              aegis_arena *arena, uint32_t *tries, aegis_error *error)
{
    aegis_bus *bus = in->lane->service->bus;
    const char *key = key_of(in, sequence, arena);
    aegis_duties_event_tries value;
    aegis_kv_entry entry = {0};

    *tries = 0;
    if (key == NULL)
        return aegis_no_memory(error);
    aegis_status status = bus->port->ops->kv_get(bus->port, aegis_bus_stream(bus, AEGIS_KIND_TRIES), key,
                                                 aegis_clock_monotonic() + TIMEOUT, arena, &entry, error);
    if (status == AEGIS_OK &&
        aegis_duties_event_tries_decode(entry.value, AEGIS_FORMAT_MSGPACK, arena, &value, NULL) == AEGIS_OK &&
        value.stored_at == stored_at)
        *tries = value.tries;
    return status == AEGIS_NOT_FOUND ? AEGIS_OK : status;
}

aegis_status aegis_tries_begin(const aegis_intake *in, const aegis_message *message, uint32_t most,
                               aegis_arena *arena, uint32_t *tries, aegis_error *error)
{
    *tries = 1;
    if (message->deliveries <= 1)
        return AEGIS_OK;
    aegis_status status = aegis_tries_read(in, message->sequence, message->stored_at, arena, tries, error);
    if (status != AEGIS_OK)
        return status;
    ++*tries;
    return *tries > most ? AEGIS_OK : write(in, message, *tries, arena, error);
}

/* If this is not stored, the event has one more try. */
void aegis_tries_first_over(const aegis_intake *in, const aegis_message *message, aegis_arena *arena)
{
    (void)write(in, message, 1, arena, NULL);
}
