/* Events that a stream dropped before a subscription had them: by age, by count or by size. A consumer passes
 * over them without a word, so every now and then the position it had at the last look is compared with what
 * the stream now begins with. As long as the stream begins no later than right behind that position, nothing
 * can have been lost. Else what lies between, less what came here meanwhile, was: exactly so many when every
 * message of the stream matches the subscription and one instance reads it, and at most so many otherwise.
 *
 * An entry "<durable>.lost" in the bucket aegis_events says up to where losses were counted, so that of
 * several instances one counts them. */
#include <inttypes.h>
#include <string.h>

#include "aegis/duties.h"
#include "application/subscriptions.h"

/* Between two looks: while events come, and while none do. */
#define LOOK      (2 * AEGIS_SECOND)
#define LOOK_IDLE (5 * AEGIS_SECOND)
#define TIMEOUT   AEGIS_SECOND

void aegis_losses_came(aegis_losses *losses, uint64_t sequence)
{
    size_t last = losses->run_count - 1;

    losses->moved = true;
    if (sequence <= losses->position || (losses->run_count > 0 && sequence <= losses->runs[last].last))
        return;
    if (losses->run_count > 0 && sequence == losses->runs[last].last + 1) {
        losses->runs[last].last = sequence;
    } else if (losses->run_count < AEGIS_LOSS_RUNS) {
        losses->runs[losses->run_count].first = losses->runs[losses->run_count].last = sequence;
        losses->run_count++;
    } /* else it counts as lost, should retention have passed it */
}

/* Of (after, before) how many came here. */
static uint64_t came_between(const aegis_losses *losses, uint64_t after, uint64_t before)
{
    uint64_t count = 0;

    for (size_t i = 0; i < losses->run_count; i++) {
        const uint64_t first = losses->runs[i].first > after ? losses->runs[i].first : after + 1;
        const uint64_t last = losses->runs[i].last < before ? losses->runs[i].last : before - 1;

        count += last >= first ? last - first + 1 : 0;
    }
    return count;
}

/* ---- what waits for another try ---- */

static void no_longer_waits(aegis_losses *losses, size_t at)
{
    losses->waiting_count--;
    memmove(&losses->waiting[at], &losses->waiting[at + 1],
            (losses->waiting_count - at) * sizeof losses->waiting[0]);
}

void aegis_losses_waits(aegis_intake *in, const aegis_message *message, uint32_t tries)
{
    aegis_losses *losses = &in->losses;

    (void)pthread_mutex_lock(&in->lane->service->lock);
    if (losses->waiting_count == AEGIS_LOSS_WAITING)
        no_longer_waits(losses, 0);
    losses->waiting[losses->waiting_count].sequence = message->sequence;
    losses->waiting[losses->waiting_count].stored_at = message->stored_at;
    losses->waiting[losses->waiting_count++].tries = tries;
    (void)pthread_mutex_unlock(&in->lane->service->lock);
}

void aegis_losses_came_again(aegis_intake *in, const aegis_message *message)
{
    aegis_losses *losses = &in->losses;

    (void)pthread_mutex_lock(&in->lane->service->lock);
    for (size_t i = losses->waiting_count; i-- > 0;) {
        if (losses->waiting[i].sequence == message->sequence)
            no_longer_waits(losses, i);
    }
    (void)pthread_mutex_unlock(&in->lane->service->lock);
}

/* Take one that waits and is gone out of the list. */
static bool take_gone(aegis_intake *in, uint64_t first, aegis_message *gone, uint32_t *tries)
{
    aegis_losses *losses = &in->losses;
    bool found = false;

    (void)pthread_mutex_lock(&in->lane->service->lock);
    for (size_t i = losses->waiting_count; !found && i-- > 0;) {
        found = losses->waiting[i].sequence < first;
        if (found) {
            gone->sequence = losses->waiting[i].sequence;
            gone->stored_at = losses->waiting[i].stored_at;
            *tries = losses->waiting[i].tries;
            no_longer_waits(losses, i);
        }
    }
    (void)pthread_mutex_unlock(&in->lane->service->lock);
    return found;
}

/* Of those that are gone, how many nobody has tried since. Another instance would have written that down.
 * Without an answer none is counted: the entry is looked at again. */
static uint64_t never_tried_again(aegis_intake *in, uint64_t first)
{
    aegis_arena *arena = aegis_arena_new(in->lane->service->bus->allocator);
    aegis_message gone;
    uint64_t count = 0;
    uint32_t tries, known;
    aegis_status status = AEGIS_OK;

    while (arena != NULL && status == AEGIS_OK && take_gone(in, first, &gone, &tries)) {
        status = aegis_tries_read(in, gone.sequence, gone.stored_at, arena, &known, NULL);
        if (status == AEGIS_OK)
            count += known <= tries;
        else
            aegis_losses_waits(in, &gone, tries);
        aegis_arena_reset(arena);
    }
    aegis_arena_free(arena);
    return count;
}

/* ---- one instance counts ---- */

/* From which sequence on losses up to `upto` are ours to count, and say that they are counted. */
static uint64_t claim(const aegis_intake *in, uint64_t from, uint64_t upto)
{
    aegis_bus *bus = in->lane->service->bus;
    const aegis_port_ops *ops = bus->port->ops;
    const char *bucket = aegis_bus_stream(bus, AEGIS_KIND_TRIES);
    aegis_arena *arena = aegis_arena_new(bus->allocator);
    const char *key = arena != NULL ? aegis_arena_printf(arena, "%s.lost", in->config.durable) : NULL;
    const int64_t deadline = aegis_clock_monotonic() + TIMEOUT;
    aegis_duties_event_losses value = {.upto = 0};
    aegis_kv_entry entry;
    aegis_bytes body;
    aegis_status status = AEGIS_ABORTED;

    for (unsigned i = 0; key != NULL && i < 8 && status == AEGIS_ABORTED; i++) {
        memset(&entry, 0, sizeof entry);
        value.upto = 0;
        if (ops->kv_get(bus->port, bucket, key, deadline, arena, &entry, NULL) == AEGIS_OK &&
            aegis_duties_event_losses_decode(entry.value, AEGIS_FORMAT_MSGPACK, arena, &value, NULL) !=
                AEGIS_OK)
            value.upto = 0;
        from = value.upto > from ? value.upto : from;
        if (from >= upto)
            break;
        value.upto = upto;
        if (aegis_duties_event_losses_encode(&value, AEGIS_FORMAT_MSGPACK, arena, &body, NULL) != AEGIS_OK)
            break;
        status = aegis_bus_put(bus, AEGIS_KIND_TRIES, key, body, entry.revision, deadline, NULL, NULL);
    }
    aegis_arena_free(arena);
    return from;
}

static void add(aegis_intake *in, uint64_t lost, uint64_t first)
{
    if (lost == 0)
        return;
    aegis_tally_add(in->lane->tally, AEGIS_TALLY_LOST, lost);
    in->losses.untold += lost;
    in->losses.begins = first;
}

void aegis_losses_tell(const aegis_intake *in, uint64_t lost, uint64_t begins)
{
    const aegis_service *service = in->lane->service;

    aegis_log_write(&service->bus->log, AEGIS_LOG_ERROR,
                    "%s: %s has lost events to the stream's limits, %" PRIu64
                    " of them (at most, where the stream has others too): it now begins at %" PRIu64,
                    service->type->name, in->config.durable, lost, begins);
}

/* What is gone after `from` and before `first`; `unsettled` more that were handed out, and can not be again.
 */
static void count(aegis_intake *in, uint64_t from, uint64_t first, uint64_t unsettled)
{
    if (first <= from + 1)
        return;
    from = claim(in, from, first - 1);
    if (first > from + 1) /* else another instance has counted them */
        add(in, first - 1 - from - came_between(&in->losses, from, first) + unsettled, first);
}

/* ---- looking ---- */

/* The consumer first: what is handed out between the two questions is then no loss. */
static bool ask(aegis_intake *in, aegis_consumer_info *consumer, aegis_stream_info *stream)
{
    aegis_port *port = in->lane->service->bus->port;
    const int64_t deadline = aegis_clock_monotonic() + TIMEOUT;
    const aegis_status status =
        port->ops->consumer_info(port, in->config.stream, in->config.durable, deadline, consumer, NULL);

    if (status == AEGIS_NOT_FOUND)
        aegis_subscription_reopen(in);
    if (status == AEGIS_OK)
        aegis_tally_pending(in->lane->tally, consumer->pending);
    return status == AEGIS_OK &&
           port->ops->stream_info(port, in->config.stream, deadline, stream, NULL) == AEGIS_OK;
}

static void looked(aegis_losses *losses, const aegis_consumer_info *consumer, const aegis_stream_info *stream)
{
    losses->position = consumer->delivered;
    if (stream->first_sequence > losses->position + 1)
        losses->position = stream->first_sequence - 1;
    losses->floor = consumer->ack_floor;
    losses->known = true;
    losses->run_count = 0;
    losses->moved = false;
}

void aegis_losses_begin(aegis_intake *in)
{
    aegis_consumer_info consumer = {0};
    aegis_stream_info stream = {0};
    uint64_t unsettled = 0;

    in->losses.looked = aegis_clock_monotonic();
    if (!ask(in, &consumer, &stream))
        return;
    if (consumer.ack_wait > 0)
        in->ack_wait = consumer.ack_wait; /* as it was created, which may be otherwise than our lease */
    if (stream.first_sequence > consumer.delivered + 1) /* nobody can be given these again */
        unsettled = consumer.ack_pending;
    count(in, consumer.delivered, stream.first_sequence, unsettled);
    looked(&in->losses, &consumer, &stream);
}

void aegis_losses_look(aegis_intake *in, int64_t now, bool idle)
{
    aegis_losses *losses = &in->losses;
    aegis_consumer_info consumer = {0};
    aegis_stream_info stream = {0};

    if (now - losses->looked < (losses->moved ? LOOK : LOOK_IDLE) || (!idle && !losses->moved))
        return;
    if (ask(in, &consumer, &stream)) {
        if (losses->known)
            count(in, losses->position, stream.first_sequence, 0);
        add(in, never_tried_again(in, stream.first_sequence), stream.first_sequence);
        looked(losses, &consumer, &stream);
    }
    losses->looked = aegis_clock_monotonic();
}
