/* How many events an instance of a service takes at a time. One for each free handler is not enough when
 * handlers are quick: they would wait for a round trip each time. So some more are asked for ahead: as many
 * as the handlers, going by how long they usually take, finish in a tenth of a second, and never more than
 * the subscription's limit. With slow handlers that is none, so that no event waits here while another
 * instance is idle; and what waits here for so long that the server is about to give it to somebody else is
 * handed back.
 *
 * The events wait inside the source. Closing it hands them back, and a crash brings them again after the
 * acknowledgement wait, without having cost them a try (see tries.c). */
#define _POSIX_C_SOURCE 200809L

#include "application/lanes.h"
#include "application/subscriptions.h"

/* Work that may wait for a handler, in time. */
#define AHEAD (100 * AEGIS_MILLISECOND)
/* How long to wait for an event before looking around. */
#define WAIT (2 * AEGIS_SECOND)
/* Pause after a source failed for another reason than a stop. */
#define PAUSE (100 * AEGIS_MILLISECOND)

static uint32_t window_of(const aegis_intake *in)
{
    if (in->usual <= 0 || in->config.max_ack_pending == 1)
        return in->slots;
    uint64_t ahead = (uint64_t)(AHEAD / in->usual) * in->slots;
    return ahead < in->most - in->slots ? in->slots + (uint32_t)ahead : in->most;
}

/* In pieces of half the window, so that an event costs no request of its own. */
static void ask(aegis_intake *in)
{
    const uint32_t window = window_of(in), used = in->running + in->credited;

    if (used >= window || (in->credited > 0 && (window - used) * 2 < window))
        return;
    in->lane->service->bus->port->ops->credit(in->lane->source, window - used);
    in->credited += window - used;
}

static void slot_free(aegis_intake *in, int64_t took)
{
    if (took < 0)
        return;
    in->running--;
    took = took > 0 ? took : 1;
    in->usual = in->usual == 0 ? took : in->usual + (took - in->usual) / 8;
    if (in->usual <= 0)
        in->usual = 1;
}

/* How much was asked for, when the service has been away meanwhile: nothing. */
static void see_absence(aegis_intake *in)
{
    const unsigned absence = atomic_load(&in->lane->service->absence);

    if (atomic_exchange(&in->lane->absence, absence) != absence)
        in->credited = 0;
}

/* True when it is to be handled. */
static bool take(aegis_intake *in, aegis_message *message)
{
    const aegis_port_ops *ops = in->lane->service->bus->port->ops;
    const bool away = aegis_service_away(in->lane->service);

    if (in->credited > 0)
        in->credited--;
    aegis_losses_came(&in->losses, message->sequence);
    aegis_tally_pending(in->lane->tally, message->pending);
    if (message->deliveries > 1)
        aegis_tally_add(in->lane->tally, AEGIS_TALLY_REDELIVERED, 1);
    if (!away && aegis_clock_monotonic() - message->arrived < in->ack_wait / 3 * 2) {
        in->running++;
        return true;
    }
    (void)ops->settle(message, AEGIS_NAK, away ? AEGIS_AWAY_DELAY : 0);
    ops->release(message);
    return false;
}

/* Called and returning with the turn, which the log does not get. */
static void look(aegis_intake *in, int64_t now, bool idle)
{
    aegis_losses *losses = &in->losses;

    aegis_losses_look(in, now, idle);
    if (losses->untold == 0)
        return;
    uint64_t lost = losses->untold;
    uint64_t begins = losses->begins;
    losses->untold = 0;
    (void)pthread_mutex_unlock(&in->lane->turn);
    aegis_losses_tell(in, lost, begins);
    (void)pthread_mutex_lock(&in->lane->turn);
}

bool aegis_intake_next(aegis_lane *lane, int64_t took, aegis_message *message)
{
    aegis_intake *in = lane->intake;
    const aegis_port_ops *ops = lane->service->bus->port->ops;
    bool taken = false;

    (void)pthread_mutex_lock(&lane->turn);
    slot_free(in, took);
    while (!taken && !atomic_load(&lane->service->stopping)) {
        const int64_t now = aegis_clock_monotonic();
        aegis_status status;

        look(in, now, false);
        see_absence(in);
        if (!aegis_service_away(lane->service))
            ask(in);
        status = ops->next(lane->source, now + WAIT, message);
        if (status == AEGIS_OK)
            taken = take(in, message);
        else if (status == AEGIS_DEADLINE_EXCEEDED)
            look(in, aegis_clock_monotonic(), true);
        else if (status != AEGIS_CANCELLED && !atomic_load(&lane->service->stopping))
            aegis_pause(PAUSE);
    }
    (void)pthread_mutex_unlock(&lane->turn);
    return taken;
}
