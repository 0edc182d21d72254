#include "application/place.h"

#define TIMEOUT (2 * AEGIS_SECOND)

/* The consumer first: what the stream gets between the two questions cannot make it look behind. What is
 * oldest twice, while the consumer has nothing to do, is what it does not see; once, it may just be on its
 * way out. */
aegis_place aegis_place_look(aegis_bus *bus, const aegis_consumer_config *config, uint64_t *unseen,
                             aegis_arena *arena)
{
    aegis_port *port = bus->port;
    const int64_t deadline = aegis_clock_monotonic() + TIMEOUT;
    const uint64_t before = *unseen;
    aegis_consumer_info consumer = {0};
    aegis_stream_info stream = {0};
    aegis_stored oldest = {0};
    aegis_status status =
        port->ops->consumer_info(port, config->stream, config->durable, deadline, &consumer, NULL);

    *unseen = 0;
    if (status == AEGIS_NOT_FOUND) /* another one may be between the two steps of making it anew */
        return port->ops->ensure_consumer(port, config, deadline, NULL) == AEGIS_OK ? AEGIS_PLACE_KEPT
                                                                                    : AEGIS_PLACE_UNKNOWN;
    if (status != AEGIS_OK ||
        port->ops->stream_info(port, config->stream, deadline, &stream, NULL) != AEGIS_OK)
        return AEGIS_PLACE_UNKNOWN;
    if (consumer.delivered > stream.last_sequence)
        return AEGIS_PLACE_LOST;
    if (stream.messages == 0 || consumer.pending != 0 || consumer.ack_pending != 0)
        return AEGIS_PLACE_KEPT;
    status = port->ops->message_get(port, config->stream, config->filter, 0, deadline, arena, &oldest, NULL);
    if (status != AEGIS_OK)
        return status == AEGIS_NOT_FOUND ? AEGIS_PLACE_KEPT : AEGIS_PLACE_UNKNOWN;
    *unseen = oldest.sequence;
    return oldest.sequence == before ? AEGIS_PLACE_LOST : AEGIS_PLACE_DOUBTED;
}

aegis_status aegis_place_remake(aegis_bus *bus, const aegis_consumer_config *config, const char *who)
{
    aegis_port *port = bus->port;
    const int64_t deadline = aegis_clock_monotonic() + 2 * TIMEOUT;
    aegis_error why = {0};

    aegis_log_write(
        &bus->log, AEGIS_LOG_WARNING,
        "%s: the server has lost its place: consumer %s does not see what is in %s; it is made anew", who,
        config->durable, config->stream);
    (void)port->ops->delete_consumer(port, config->stream, config->durable, deadline, NULL);
    aegis_status status = port->ops->ensure_consumer(port, config, deadline, &why);
    if (status != AEGIS_OK)
        aegis_log_write(&bus->log, AEGIS_LOG_ERROR, "%s: %s: %s", who, config->durable,
                        aegis_error_text(&why));
    return status;
}
