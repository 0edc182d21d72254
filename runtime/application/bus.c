/* The bus object: born with a port, it knows its services so that aegis_close can leave nothing behind.
 * Signals are run.c's business. */
#define _GNU_SOURCE
#include "application/bus.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "application/metrics.h"
#include "application/presence.h"
#include "application/registry.h"
#include "application/service.h"
#include "application/trace.h"

void *aegis_memory_get(const aegis_allocator *allocator, size_t size)
{
    void *memory;

    if (allocator == NULL)
        return calloc(1, size);
    memory = allocator->resize(allocator->user, NULL, 0, size);
    if (memory != NULL)
        memset(memory, 0, size);
    return memory;
}

void aegis_memory_put(const aegis_allocator *allocator, void *pointer, size_t size)
{
    if (pointer == NULL)
        return;
    if (allocator == NULL)
        free(pointer);
    else
        (void)allocator->resize(allocator->user, pointer, size, 0);
}

void aegis_instance_name(const char *prefix, char *text, size_t size)
{
    aegis_uuid id = aegis_uuid_new();

    (void)snprintf(text, size, "%.50s-%02x%02x%02x%02x", prefix, (unsigned)id.bytes[0], (unsigned)id.bytes[1],
                   (unsigned)id.bytes[2], (unsigned)id.bytes[3]);
}

double aegis_random_fraction(void)
{
    aegis_uuid random = aegis_uuid_new();

    return (double)(random.bytes[0] << 8 | random.bytes[1]) / 65536.0;
}

static aegis_status open_pipe(aegis_bus *bus, aegis_error *error)
{
    if (pipe2(bus->stop_pipe, O_CLOEXEC | O_NONBLOCK) == 0)
        return AEGIS_OK;
    bus->stop_pipe[0] = bus->stop_pipe[1] = -1;
    return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no pipe for aegis_stop: %s", strerror(errno));
}

aegis_status aegis_bus_new(aegis_port *port, const aegis_options *options, aegis_bus **out,
                           aegis_error *error)
{
    static const aegis_options none = {0};
    const aegis_options *chosen = options != NULL ? options : &none;
    aegis_bus *bus = (aegis_bus *)aegis_memory_get(chosen->allocator, sizeof *bus);
    aegis_status status;

    *out = NULL;
    if (bus == NULL) {
        port->ops->close(port);
        return aegis_no_memory(error);
    }
    atomic_init(&bus->references, 1);
    bus->port = port;
    bus->allocator = chosen->allocator;
    bus->log.function = chosen->log;
    bus->log.user = chosen->log_user;
    bus->span_start = chosen->span_start;
    bus->span_end = chosen->span_end;
    bus->span_user = chosen->span_user;
    bus->spans = chosen->span_start != NULL || chosen->span_end != NULL;
    bus->trace_threshold = aegis_trace_threshold(chosen->trace_ratio != 0.0 ? chosen->trace_ratio : 1.0);
    bus->format = chosen->format == AEGIS_FORMAT_JSON ? AEGIS_FORMAT_JSON : AEGIS_FORMAT_MSGPACK;
    (void)snprintf(bus->name, sizeof bus->name, "%s",
                   chosen->name != NULL ? chosen->name : program_invocation_short_name);
    bus->registry.heartbeat = aegis_heartbeat_of(chosen);
    bus->stop_pipe[0] = bus->stop_pipe[1] = -1;
    (void)pthread_mutex_init(&bus->lock, NULL);
    (void)pthread_mutex_init(&bus->asking, NULL);
    status = aegis_topology_init(&bus->topology, chosen, error);
    if (status == AEGIS_OK)
        status = open_pipe(bus, error);
    if (status != AEGIS_OK) {
        aegis_bus_free(bus);
        return status;
    }
    *out = bus;
    return AEGIS_OK;
}

void aegis_bus_keep(aegis_bus *bus)
{
    (void)atomic_fetch_add(&bus->references, 1);
}

void aegis_bus_drop(aegis_bus *bus)
{
    if (atomic_fetch_sub(&bus->references, 1) != 1)
        return;
    aegis_series_free(bus);
    aegis_tallies_free(bus);
    (void)pthread_mutex_destroy(&bus->lock);
    (void)pthread_mutex_destroy(&bus->asking);
    aegis_memory_put(bus->allocator, bus, sizeof *bus);
}

void aegis_bus_free(aegis_bus *bus)
{
    if (bus == NULL)
        return;
    while (bus->services != NULL)
        aegis_service_stop(bus->services);
    aegis_bus_lay(bus, INT64_MAX);
    aegis_presence_stop(bus);
    aegis_sweep_stop(bus);
    bus->port->ops->close(bus->port);
    atomic_store(&bus->log.closed, true);
    if (bus->stop_pipe[0] >= 0) {
        (void)close(bus->stop_pipe[0]);
        (void)close(bus->stop_pipe[1]);
    }
    aegis_bus_drop(bus);
}

void aegis_bus_log(aegis_bus *bus, aegis_log_level level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    aegis_log_writev(&bus->log, level, format, arguments);
    va_end(arguments);
}
