/* The one place that chooses an adapter. The URL's scheme decides; nothing behind this file knows. */
#include <string.h>

#include <aegis/bus.h>

#include "application/bus.h"
#include "ports/bus.h"

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

aegis_status aegis_open(const char *url, const aegis_options *options, aegis_bus **bus, aegis_error *error)
{
    aegis_port *port = NULL;
    aegis_status status;

    *bus = NULL;
    if (url == NULL)
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "no URL was given; try \"mem:\"");
    if (begins_with(url, "mem:"))
        status = aegis_memory_open(url, options, &port, error);
    else if (begins_with(url, "nats://") || begins_with(url, "tls://"))
        status = aegis_nats_open(url, options, &port, error);
    else
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT,
                               "the URL \"%s\" is none of nats://HOST:PORT, tls://HOST:PORT and mem:", url);
    if (status != AEGIS_OK)
        return status;
    return aegis_bus_new(port, options, bus, error);
}

void aegis_close(aegis_bus *bus)
{
    aegis_bus_free(bus);
}
