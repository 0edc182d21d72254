/* Who reads, and who runs what next. A service has as many threads as it may run commands at once, and one a
 * lane besides; all of them do both. Whoever is free takes what is ready and may run; if there is nothing, it
 * reads a lane that nobody reads; if there is none, it waits. So a lone command is run by the thread that
 * read it, and under load whoever has finished goes on with the next one, without waking anybody.
 *
 * What was read and has no slot is ready: one message a lane, or a few when handlers are quick, so that a
 * lane never looks empty because its reader has not come to it yet. Slots go to the lanes that have something
 * ready by smooth weighted round robin: urgent ones come first and none starves. What is ready was not begun:
 * it is kept from being delivered again (lease.c), and handed back when the service stops.
 */
#define _POSIX_C_SOURCE 200809L

#include "application/service.h"

/* A reader waits this long before it looks around. */
#define READ_FOR AEGIS_MINUTE
/* Pause after a source failed for another reason than a stop. */
#define PAUSE (100 * AEGIS_MILLISECOND)
/* A message for which there is no memory comes again after this. */
#define NO_MEMORY AEGIS_SECOND
/* Handlers are quick when they take less than this part of a lease. */
#define QUICK 1000

/* ---- what is ready; with the lock held ---------------------------------------------------------------- */

static bool may_run(const aegis_service *service)
{
    return service->slots > 0 && service->deferred_count < AEGIS_DEFERRED_MAX;
}

/* The lane whose turn it is; NULL when nothing is ready. */
static aegis_lane *next_lane(aegis_service *service)
{
    aegis_lane *best = NULL;
    int32_t total = 0;

    for (size_t i = 0; i < service->lane_count; i++) {
        aegis_lane *lane = &service->lanes[i];

        if (lane->ready_count == 0)
            continue;
        lane->credit += (int32_t)lane->weight;
        total += (int32_t)lane->weight;
        if (best == NULL || lane->credit > best->credit)
            best = lane;
    }
    if (best != NULL)
        best->credit -= total;
    return best;
}

static aegis_job *pop(aegis_lane *lane)
{
    aegis_job *job = lane->ready[lane->ready_first];

    aegis_tally_move(lane->tally, AEGIS_TALLY_READY, -1);
    lane->ready_first = (lane->ready_first + 1) % AEGIS_LANE_READY;
    lane->ready_count--;
    return job;
}

/* How much of a lane is kept ready. */
static uint32_t wanted(const aegis_service *service)
{
    const uint32_t more =
        service->concurrency < AEGIS_LANE_READY - 1 ? service->concurrency : AEGIS_LANE_READY - 1;

    return service->took > 0 && service->took < service->lease / QUICK ? 1 + more : 1;
}

/* A lane that somebody should read; NULL when there is none. Of a service that is away each is read once
 * more, for what has come. */
static aegis_lane *unread_lane(const aegis_service *service)
{
    const unsigned absence = atomic_load(&service->absence);

    for (size_t i = 0; i < service->lane_count; i++) {
        aegis_lane *lane = &service->lanes[i];

        if (lane->endpoint != NULL && !lane->reading && lane->ready_count < wanted(service) &&
            ((absence & 1) == 0 || atomic_load(&lane->absence) != absence))
            return lane;
    }
    return NULL;
}

static bool any_ready(const aegis_service *service)
{
    for (size_t i = 0; i < service->lane_count; i++) {
        if (service->lanes[i].ready_count > 0)
            return true;
    }
    return false;
}

void aegis_pool_wake(aegis_service *service)
{
    if (unread_lane(service) != NULL ||
        (any_ready(service) && (may_run(service) || aegis_service_away(service))))
        (void)pthread_cond_signal(&service->slot);
}

/* ---- reading ------------------------------------------------------------------------------------------ */

/* The service is away: what has come goes back. With the turn. */
static void send_back(aegis_lane *lane)
{
    const aegis_port_ops *ops = lane->service->bus->port->ops;
    aegis_message message;
    aegis_status status;

    do {
        status = ops->next(lane->source, 0, &message);
        if (status == AEGIS_OK) {
            (void)ops->settle(&message, AEGIS_NAK, AEGIS_AWAY_DELAY);
            ops->release(&message);
        }
    } while (status == AEGIS_OK || status == AEGIS_CANCELLED);
}

/* The next message of a lane that this thread reads, asked for in advance as far as there is room for it. */
static bool next_message(aegis_lane *lane, uint32_t room, aegis_message *message)
{
    const aegis_port_ops *ops = lane->service->bus->port->ops;
    const unsigned absence = atomic_load(&lane->service->absence);
    aegis_status status = AEGIS_UNAVAILABLE;

    (void)pthread_mutex_lock(&lane->turn);
    if (atomic_exchange(&lane->absence, absence) != absence)
        lane->asked = 0; /* void by now */
    if (lane->source != NULL && (absence & 1) != 0) {
        send_back(lane);
        status = AEGIS_CANCELLED;
    } else if (lane->source != NULL) {
        if (lane->asked < room) {
            ops->credit(lane->source, room - lane->asked);
            lane->asked = room;
        }
        status = ops->next(lane->source, aegis_clock_monotonic() + READ_FOR, message);
    }
    if (status == AEGIS_OK) {
        lane->asked -= lane->asked > 0;
        aegis_tally_pending(lane->tally, message->pending);
        if (message->deliveries > 1)
            aegis_tally_add(lane->tally, AEGIS_TALLY_REDELIVERED, 1);
    }
    (void)pthread_mutex_unlock(&lane->turn);
    if (status != AEGIS_OK && status != AEGIS_DEADLINE_EXCEEDED && status != AEGIS_CANCELLED &&
        !atomic_load(&lane->service->stopping))
        aegis_pause(PAUSE);
    return status == AEGIS_OK;
}

/* Read one message and make a job of it, in `*arena` or, if that is NULL, one of its own. NULL: there is
 * none, or no memory for it. Without the lock. */
static aegis_job *read_job(aegis_lane *lane, uint32_t room, aegis_arena **arena)
{
    const aegis_port_ops *ops = lane->service->bus->port->ops;
    aegis_job *job = NULL;
    aegis_message message;

    *arena = aegis_service_arena(lane->service, *arena);
    if (*arena == NULL || !next_message(lane, room, &message))
        return NULL;
    job = aegis_job_new(lane, *arena, &message);
    if (job == NULL) {
        (void)ops->settle(&message, AEGIS_NAK, NO_MEMORY);
        ops->release(&message);
        return NULL;
    }
    *arena = NULL;
    aegis_lease_begin(job);
    return job;
}

/* Called and returning with the lock held. */
static void read_lane(aegis_service *service, aegis_lane *lane, aegis_arena **arena)
{
    const uint32_t room = wanted(service) - lane->ready_count;

    lane->reading = true;
    (void)pthread_mutex_unlock(&service->lock);
    aegis_job *job = read_job(lane, room, arena);
    (void)pthread_mutex_lock(&service->lock);
    lane->reading = false;
    if (job == NULL)
        return;
    aegis_tally_move(lane->tally, AEGIS_TALLY_READY, 1);
    lane->ready[(lane->ready_first + lane->ready_count++) % AEGIS_LANE_READY] = job;
}

/* ---- running ------------------------------------------------------------------------------------------ */

/* An arena for the next message: one that is at hand, or that of the job when it is over. */
static void keep_arena(aegis_arena **arena, aegis_arena *mine)
{
    if (*arena == NULL)
        *arena = mine;
    else
        aegis_arena_free(mine);
}

/* Called and returning with the lock held. */
static void run(aegis_service *service, aegis_job *job, aegis_arena **arena)
{
    aegis_arena *mine = job->state->call.arena;
    const int64_t began = aegis_clock_monotonic();

    service->slots--;
    aegis_pool_wake(service); /* somebody else reads that lane on */
    (void)pthread_mutex_unlock(&service->lock);
    bool over = aegis_job_attempt(job);
    if (over)
        keep_arena(arena, mine);
    int64_t took = aegis_clock_monotonic() - began;
    (void)pthread_mutex_lock(&service->lock);
    service->slots++;
    service->took = service->took == 0 ? took : service->took + (took - service->took) / 8;
}

/* Called and returning with the lock held. */
static void hand_back_ready(aegis_service *service, aegis_arena **arena)
{
    for (size_t i = 0; i < service->lane_count; i++) {
        aegis_lane *lane = &service->lanes[i];

        while (lane->ready_count > 0) {
            aegis_job *job = pop(lane);
            aegis_arena *mine = job->state->call.arena;

            (void)pthread_mutex_unlock(&service->lock);
            aegis_job_hand_back(job, aegis_service_away(service) ? AEGIS_AWAY_DELAY : 0);
            keep_arena(arena, mine);
            (void)pthread_mutex_lock(&service->lock);
        }
    }
}

void *aegis_commands_work(void *argument)
{
    aegis_service *service = ((aegis_worker *)argument)->service;
    aegis_arena *arena = NULL;
    aegis_lane *lane;

    (void)pthread_mutex_lock(&service->lock);
    while (!atomic_load(&service->stopping)) {
        if (aegis_service_away(service) && any_ready(service))
            hand_back_ready(service, &arena);
        else if (may_run(service) && (lane = next_lane(service)) != NULL)
            run(service, pop(lane), &arena);
        else if ((lane = unread_lane(service)) != NULL)
            read_lane(service, lane, &arena);
        else
            (void)pthread_cond_wait(&service->slot, &service->lock);
    }
    hand_back_ready(service, &arena);
    (void)pthread_mutex_unlock(&service->lock);
    aegis_arena_free(arena);
    aegis_service_thread_done(service);
    return NULL;
}
