/* How many messages wait for each consumer. Each message that is read says how many are behind it, which is
 * enough while messages are read; who reads slowly, or has all handlers stuck, is the one whose lag somebody
 * wants to know. So while metrics are read the server is asked, too: by the thread of the bus's presence,
 * every ten seconds. */
#include "application/presence.h"
#include "application/service.h"
#include "application/subscriptions.h"

/* Between two questions about one consumer. */
#define EVERY (10 * AEGIS_SECOND)
/* Metrics that were not read for so long are not wanted. */
#define WANTED (5 * AEGIS_MINUTE)

/* False: the server does not answer, and need not be asked about others now. */
static bool ask(const aegis_service *service, const aegis_lane *lane)
{
    const aegis_consumer_config *config = lane->intake != NULL ? &lane->intake->config : &lane->config;
    aegis_port *port = service->bus->port;
    aegis_consumer_info info = {0};
    const aegis_status status = port->ops->consumer_info(
        port, config->stream, config->durable, aegis_clock_monotonic() + AEGIS_PRESENCE_TIMEOUT, &info, NULL);

    if (status == AEGIS_OK)
        aegis_tally_pending(lane->tally, info.pending);
    return status == AEGIS_OK || status == AEGIS_NOT_FOUND;
}

int64_t aegis_lag_turn(aegis_service *service, int64_t now)
{
    const int64_t read_at = atomic_load(&service->bus->metrics_read_at);
    size_t i;

    if (!atomic_load(&service->opened) || read_at == 0 || now - read_at > WANTED)
        return now + EVERY;
    if (now < service->lag_due || now < service->bus->lag_after)
        return service->lag_due > service->bus->lag_after ? service->lag_due : service->bus->lag_after;
    for (i = 0; i < service->lane_count && !atomic_load(&service->stopping); i++) {
        if (ask(service, &service->lanes[i]))
            continue;
        service->bus->lag_after = aegis_clock_monotonic() + EVERY; /* of no service: each waits for its own */
        break;
    }
    service->lag_due = now + EVERY;
    return service->lag_due;
}
