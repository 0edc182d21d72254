/* The client object: what its options say, and whom it calls. A method is looked up by the address of its
 * descriptor without a lock; the first call of each makes its target, and the peer with the retry budget and
 * the breaker of its service. Both live as long as the client.
 */
#include "application/commands_client.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT_ASYNC 4096
#define MOST_ASYNC    65536

void aegis_client_fill(aegis_client *client, aegis_bus *bus, const aegis_client_options *options)
{
    static const aegis_client_options none = {0};
    const aegis_client_options *chosen = options != NULL ? options : &none;

    client->bus = bus;
    client->format = chosen->format != AEGIS_FORMAT_AUTO ? chosen->format : bus->format;
    client->retry_percent = chosen->retry_percent;
    client->breaker = chosen->breaker;
    client->limit = chosen->async_limit != 0 ? chosen->async_limit : DEFAULT_ASYNC;
    if (client->limit > MOST_ASYNC)
        client->limit = MOST_ASYNC;
    client->named = chosen->source != NULL;
    if (client->named)
        (void)snprintf(client->source, sizeof client->source, "%s", chosen->source);
    else
        aegis_instance_name(bus->name, client->source, sizeof client->source);
}

aegis_status aegis_client_new(aegis_bus *bus, const aegis_client_options *options, aegis_client **out,
                              aegis_error *error)
{
    aegis_client *client = (aegis_client *)aegis_memory_get(bus->allocator, sizeof *client);
    aegis_arena *arena = aegis_arena_new(bus->allocator);

    *out = client;
    if (client == NULL || arena == NULL) {
        *out = NULL;
        aegis_arena_free(arena);
        aegis_memory_put(bus->allocator, client, sizeof *client);
        return aegis_no_memory(error);
    }
    client->arena = arena;
    aegis_client_fill(client, bus, options);
    (void)pthread_mutex_init(&client->lock, NULL);
    aegis_list_init(&client->timers);
    (void)pthread_mutex_lock(&bus->lock);
    client->next = bus->clients;
    bus->clients = client;
    (void)pthread_mutex_unlock(&bus->lock);
    return AEGIS_OK;
}

void aegis_client_free(aegis_client *client)
{
    aegis_client **at;

    if (client == NULL)
        return;
    aegis_async_close(client);
    aegis_notices_close(client);
    (void)pthread_mutex_lock(&client->bus->lock);
    for (at = &client->bus->clients; *at != client; at = &(*at)->next)
        continue;
    *at = client->next;
    (void)pthread_mutex_unlock(&client->bus->lock);
    (void)pthread_mutex_destroy(&client->lock);
    aegis_arena_free(client->arena);
    aegis_memory_put(client->bus->allocator, client, sizeof *client);
}

/* ---- whom it calls ------------------------------------------------------------------------------------ */

static aegis_peer *find_peer(aegis_client *client, const char *service)
{
    aegis_peer *peer = atomic_load(&client->peers);

    while (peer != NULL && strcmp(peer->service, service) != 0)
        peer = peer->next;
    return peer;
}

aegis_breaker_state aegis_client_breaker(aegis_client *client, const char *service)
{
    aegis_peer *peer = find_peer(client, service);

    return peer != NULL ? (aegis_breaker_state)atomic_load(&peer->breaker.state) : AEGIS_BREAKER_CLOSED;
}

/* With the lock held. */
static aegis_peer *peer_of(aegis_client *client, const char *service)
{
    aegis_peer *peer = find_peer(client, service);

    if (peer != NULL)
        return peer;
    peer = (aegis_peer *)aegis_arena_alloc(client->arena, sizeof *peer);
    if (peer == NULL || (peer->service = aegis_arena_strdup(client->arena, service)) == NULL)
        return NULL;
    aegis_budget_init(&peer->budget, client->retry_percent);
    aegis_breaker_init(&peer->breaker, &client->breaker);
    peer->next = atomic_load(&client->peers);
    atomic_store(&client->peers, peer);
    return peer;
}

/* With the lock held. */
static aegis_target *new_target(aegis_client *client, const aegis_method *method, aegis_series *series)
{
    aegis_target *target = (aegis_target *)aegis_arena_alloc(client->arena, sizeof *target);

    if (target == NULL)
        return NULL;
    target->method = method;
    target->series = series;
    atomic_init(&target->exists, false);
    target->name = aegis_arena_strdup(client->arena, method->name);
    target->subject = aegis_arena_printf(client->arena, "rpc.%s.%s", method->service, method->name);
    target->peer = peer_of(client, method->service);
    return target->name != NULL && target->subject != NULL && target->peer != NULL ? target : NULL;
}

static bool is_of(const aegis_target *target, const aegis_method *method)
{
    return target->method == method && strcmp(target->name, method->name) == 0 &&
           strcmp(target->peer->service, method->service) == 0;
}

/* The method's slot, or the first free one; NULL when there is neither. */
static _Atomic(aegis_target *) *slot_of(aegis_client *client, const aegis_method *method)
{
    size_t at = (size_t)(((uintptr_t)method >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 40);

    for (size_t i = 0; i < AEGIS_TARGETS; i++, at++) {
        _Atomic(aegis_target *) *slot = &client->targets[at % AEGIS_TARGETS];
        const aegis_target *target = atomic_load_explicit(slot, memory_order_acquire);

        if (target == NULL || is_of(target, method))
            return slot;
    }
    return NULL;
}

aegis_target *aegis_client_target(aegis_client *client, const aegis_method *method)
{
    _Atomic(aegis_target *) *slot = slot_of(client, method);
    aegis_target *target = slot != NULL ? atomic_load_explicit(slot, memory_order_acquire) : NULL;

    if (target != NULL || slot == NULL)
        return target;
    aegis_series *series = aegis_series_of(client->bus, method->service, method->name, AEGIS_SERIES_CLIENT);
    (void)pthread_mutex_lock(&client->lock);
    slot = slot_of(client, method); /* another thread may have been here */
    target = slot != NULL ? atomic_load(slot) : NULL;
    if (slot != NULL && target == NULL) {
        target = new_target(client, method, series);
        atomic_store_explicit(slot, target, memory_order_release);
    }
    (void)pthread_mutex_unlock(&client->lock);
    return target;
}
