/* A consumer that is ahead of its stream. nats-server 2.9 forgets, when it is killed, up to where a work
 * queue that was empty had counted: the stream begins again at 1, while its consumers remember a later place,
 * and what is stored from then on is taken for delivered. It would wait there for ever. So whenever the
 * connection was lost, a service compares the two, at first at once and then ever more rarely, and makes such
 * a consumer anew; it then finds all that is in the stream, which of a work queue is just what has not been
 * seen to. (2.10 keeps its place.)
 */
#include <inttypes.h>
#include <string.h>

#include "application/service.h"

#define LOOKS   8 /* after a connection: 0, 1, 3, 7 ... 127 seconds */
#define TIMEOUT AEGIS_SECOND
#define TICK    AEGIS_SECOND

static bool remake(aegis_service *service, const aegis_lane *lane, uint64_t at, uint64_t last)
{
    aegis_port *port = service->bus->port;
    const int64_t deadline = aegis_clock_monotonic() + 2 * TIMEOUT;
    aegis_error why = {0};
    aegis_status status;

    aegis_log_write(&service->bus->log, AEGIS_LOG_WARNING,
                    "%s: the server has lost its place: %s is at %" PRIu64 ", the stream ends at %" PRIu64
                    "; the consumer is made anew",
                    service->type->name, lane->config.durable, at, last);
    (void)port->ops->delete_consumer(port, lane->config.stream, lane->config.durable, deadline, NULL);
    status = port->ops->ensure_consumer(port, &lane->config, deadline, &why);
    if (status != AEGIS_OK)
        aegis_log_write(&service->bus->log, AEGIS_LOG_ERROR, "%s: %s: %s", service->type->name,
                        lane->config.durable, aegis_error_text(&why));
    return status == AEGIS_OK;
}

/* Is there a message that the consumer takes for settled? Twice the same: one that is just being removed is
 * not. */
static bool passed_over(aegis_lane *lane, const aegis_consumer_info *consumer,
                        const aegis_stream_info *stream, aegis_arena *arena)
{
    aegis_port *port = lane->source->port;
    const uint64_t before = lane->passed_over;
    aegis_stored stored;

    lane->passed_over = 0;
    if (stream->messages == 0 || stream->first_sequence > consumer->ack_floor ||
        port->ops->message_get(port, lane->config.stream, lane->config.filter, stream->first_sequence,
                               aegis_clock_monotonic() + TIMEOUT, arena, &stored, NULL) != AEGIS_OK ||
        stored.sequence > consumer->ack_floor)
        return false;
    lane->passed_over = stored.sequence;
    return stored.sequence == before;
}

/* The consumer first: what the stream gets between the two questions cannot make it look behind. False: there
 * was no answer. */
static bool look(aegis_service *service, aegis_lane *lane, aegis_arena *arena)
{
    aegis_port *port = service->bus->port;
    const int64_t deadline = aegis_clock_monotonic() + TIMEOUT;
    aegis_consumer_info consumer = {0};
    aegis_stream_info stream = {0};
    aegis_status status =
        port->ops->consumer_info(port, lane->config.stream, lane->config.durable, deadline, &consumer, NULL);

    if (status == AEGIS_NOT_FOUND) /* another instance may be between the two steps */
        return port->ops->ensure_consumer(port, &lane->config, deadline, NULL) == AEGIS_OK;
    if (status != AEGIS_OK ||
        port->ops->stream_info(port, lane->config.stream, deadline, &stream, NULL) != AEGIS_OK)
        return false;
    if (consumer.delivered > stream.last_sequence || passed_over(lane, &consumer, &stream, arena))
        return remake(service, lane, consumer.delivered, stream.last_sequence);
    return true;
}

int64_t aegis_rewind(aegis_service *service, aegis_arena *arena, int64_t now, int64_t due)
{
    aegis_rewinding *r = &service->rewinding;
    aegis_health health = {0};
    bool good = true;
    size_t i;

    if (service->cancels == NULL)
        return due; /* no commands */
    service->bus->port->ops->health(service->bus->port, &health);
    if (!r->begun || health.reconnects != r->reconnects) {
        r->begun = true;
        r->reconnects = health.reconnects;
        r->looks = 0;
        r->at = now;
    }
    if (health.connected && r->looks < LOOKS && now >= r->at) {
        for (i = 0; good && i < service->lane_count; i++) {
            good = service->lanes[i].endpoint == NULL || look(service, &service->lanes[i], arena);
            aegis_arena_reset(arena);
        }
        r->at = aegis_clock_monotonic() + (AEGIS_SECOND << r->looks);
        r->looks += good ? 1 : 0;
    }
    return due < now + TICK ? due : now + TICK;
}
