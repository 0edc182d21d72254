/* Keeping the registry true. Everything here is done by the thread of the bus's presence; what the bucket
 * refuses (there is no JetStream, no right to it, it was altered) is said once, tried again now and then, and
 * is nobody's problem: calls do not go by it.
 *
 * An entry's age is told by the bucket, whose clock is one for all; the time inside is for people. An
 * instance that stops takes its entry out; one that dies leaves it to the bucket's max_age, or, in a bucket
 * without one (the original's), to readers, who look at the age. */
#define _POSIX_C_SOURCE 200809L
#include "application/registry.h"

#include <stdio.h>
#include <string.h>

#include "application/envelope.h"
#include "application/presence.h"
#include "application/service.h"
#include "domain/time.h"

#define KEY_MAX 256
/* After so many failures one after the other it is tried once a heartbeat, for all services of the bus
 * together: each may take AEGIS_PRESENCE_TIMEOUT. Not less often: entries would grow too old meanwhile. */
#define FAILURES_SOON 3
/* Without a connection, or memory: how often it is looked whether there is. */
#define RETRY_CONNECTION AEGIS_SECOND

static aegis_instance_state state_of(aegis_service *service)
{
    if (atomic_load(&service->stopping))
        return AEGIS_INSTANCE_SHUTDOWN;
    return service->wellbeing.away ? AEGIS_INSTANCE_UNHEALTHY : AEGIS_INSTANCE_ACTIVE;
}

/* ---- what is said ---------------------------------------------------------------------------------------
 */

/* To the microsecond: the original reads no more. */
static const char *time_text(aegis_timestamp time, aegis_arena *arena)
{
    char text[AEGIS_TIMESTAMP_TEXT];

    (void)aegis_timestamp_format(time - time % AEGIS_MICROSECOND, text);
    return aegis_arena_strdup(arena, text);
}

static aegis_status entry_body(const aegis_service *service, aegis_instance_state state, aegis_arena *arena,
                               aegis_bytes *body, aegis_error *error)
{
    static const int32_t statuses[] = {
        AEGIS_DUTIES_INSTANCE_STATUS_ACTIVE, AEGIS_DUTIES_INSTANCE_STATUS_STANDBY,
        AEGIS_DUTIES_INSTANCE_STATUS_UNHEALTHY, AEGIS_DUTIES_INSTANCE_STATUS_SHUTDOWN};
    const aegis_duties_registry_metadata metadata = {.start_time = time_text(service->started_at, arena)};
    aegis_raw raw = {{NULL, 0}, AEGIS_FORMAT_JSON};
    const aegis_duties_registry_entry entry = {.service = service->type->name,
                                               .instance = service->instance,
                                               .version = service->type->version,
                                               .status = statuses[state],
                                               .last_heartbeat = time_text(aegis_now(), arena),
                                               .metadata = &raw};
    aegis_status status =
        aegis_duties_registry_metadata_encode(&metadata, AEGIS_FORMAT_JSON, arena, &raw.data, error);

    if (status == AEGIS_OK)
        status = aegis_duties_registry_entry_encode(&entry, AEGIS_FORMAT_JSON, arena, body, error);
    return status;
}

/* To service.<name>.<what>; whether anybody listens is not known. */
static void tell(aegis_service *service, const char *what, aegis_bytes body)
{
    aegis_port *port = service->bus->port;
    char subject[128];
    const aegis_outgoing message = {.subject = subject, .body = body};

    (void)snprintf(subject, sizeof subject, "service.%.80s.%s", service->type->name, what);
    (void)port->ops->publish(port, &message, NULL);
}

/* ---- the bucket ------------------------------------------------------------------------------------------
 */

static bool connected(const aegis_bus *bus)
{
    aegis_health health;

    memset(&health, 0, sizeof health);
    bus->port->ops->health(bus->port, &health);
    return health.connected;
}

static void key_of(const aegis_service *service, char key[KEY_MAX])
{
    (void)snprintf(key, KEY_MAX, AEGIS_REGISTRY_PREFIX "%s__%s", service->type->name, service->instance);
}

/* Said once; without JetStream it is the way the bus is run, and no mistake. */
static void complain(aegis_service *service, const aegis_error *why)
{
    aegis_bus *bus = service->bus;

    if (bus->registry.told)
        return;
    bus->registry.told = true;
    aegis_log_write(&bus->log, why->status == AEGIS_UNAVAILABLE ? AEGIS_LOG_INFO : AEGIS_LOG_WARNING,
                    "%s: instance %s is not in bucket %s, only those who listen now hear of it: %s",
                    service->type->name, service->instance, aegis_bus_stream(bus, AEGIS_KIND_REGISTRY),
                    aegis_error_text(why));
}

/* Fails for all services of the bus alike, so that they wait together. False: try again as soon as there is a
 * connection. */
static bool put(aegis_service *service, aegis_bytes entry, int64_t now)
{
    aegis_bus *bus = service->bus;
    aegis_error error;
    char key[KEY_MAX];

    memset(&error, 0, sizeof error);
    if (now < bus->registry.put_after || service->registrant.impossible)
        return true;
    key_of(service, key);
    if (aegis_bus_put(bus, AEGIS_KIND_REGISTRY, key, entry, AEGIS_KV_ANY, now + AEGIS_PRESENCE_TIMEOUT, NULL,
                      &error) == AEGIS_OK) {
        bus->registry.failures = 0;
        service->registrant.put = true;
        return true;
    }
    if (!connected(bus))
        return false;
    complain(service, &error);
    if (error.status == AEGIS_INVALID_ARGUMENT) /* its id is no key */
        service->registrant.impossible = true;
    else if (++bus->registry.failures >= FAILURES_SOON)
        bus->registry.put_after = now + bus->registry.heartbeat;
    return true;
}

/* Whatever becomes of it: it grows old. */
static void take_out(aegis_service *service)
{
    aegis_bus *bus = service->bus;
    char key[KEY_MAX];

    if (!service->registrant.put || !connected(bus))
        return;
    key_of(service, key);
    (void)bus->port->ops->kv_delete(bus->port, aegis_bus_stream(bus, AEGIS_KIND_REGISTRY), key, AEGIS_KV_ANY,
                                    aegis_clock_monotonic() + AEGIS_PRESENCE_TIMEOUT / 2, NULL);
}

/* ---- in time ---------------------------------------------------------------------------------------------
 */

/* Returns when the next one is due. */
static int64_t beat(aegis_service *service, aegis_instance_state state, aegis_arena *arena, int64_t now)
{
    aegis_registrant *r = &service->registrant;
    aegis_bytes entry;
    aegis_bytes body;

    if (entry_body(service, state, arena, &entry, NULL) != AEGIS_OK)
        return now + RETRY_CONNECTION; /* no memory now */
    if (!r->announced) {
        tell(service, "register", entry);
    } else if (aegis_heartbeat_body(service, arena, &body, NULL) == AEGIS_OK) {
        tell(service, "heartbeat", body);
        r->beats++;
    }
    r->announced = true;
    r->told = state;
    return now + (put(service, entry, now) ? service->bus->registry.heartbeat : RETRY_CONNECTION);
}

static void go(aegis_service *service, aegis_arena *arena)
{
    aegis_bytes entry;

    take_out(service);
    if (entry_body(service, AEGIS_INSTANCE_SHUTDOWN, arena, &entry, NULL) == AEGIS_OK)
        tell(service, "unregister", entry);
    (void)pthread_mutex_lock(&service->lock);
    service->registrant.listed = false;
    (void)pthread_cond_broadcast(&service->changed);
    (void)pthread_mutex_unlock(&service->lock);
}

int64_t aegis_registry_turn(aegis_service *service, aegis_arena *arena, int64_t now)
{
    aegis_registrant *r = &service->registrant;
    const aegis_instance_state state = state_of(service);
    bool listed, leaving;

    (void)pthread_mutex_lock(&service->lock);
    listed = r->listed;
    leaving = r->leaving;
    (void)pthread_mutex_unlock(&service->lock);
    if (!listed)
        return INT64_MAX;
    if (leaving) {
        if (r->announced)
            go(service, arena);
        return INT64_MAX;
    }
    if (now < r->due && state == r->told)
        return r->due;
    if (!connected(service->bus))
        return now + RETRY_CONNECTION;
    r->due = beat(service, state, arena, now);
    return r->due;
}

void aegis_registry_leave(aegis_service *service)
{
    const int64_t until = aegis_clock_monotonic() + AEGIS_PRESENCE_TIMEOUT;

    (void)pthread_mutex_lock(&service->lock);
    service->registrant.leaving = true;
    (void)pthread_mutex_unlock(&service->lock);
    aegis_presence_nudge(service->bus);
    (void)pthread_mutex_lock(&service->lock);
    while (service->registrant.listed && aegis_condition_wait(&service->changed, &service->lock, until))
        continue;
    service->registrant.listed = false;
    (void)pthread_mutex_unlock(&service->lock);
}
