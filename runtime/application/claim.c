/* May an attempt run? With exactly once and at most once it must be claimed in the command's record first;
 * with at least once there is nothing to claim, and only who may have missed something looks there.
 *
 * A record that says that the command runs is believed for as long as its revision changes at least once a
 * lease, on this worker's own clock and counted from when this worker saw it first. What was seen is kept
 * between deliveries, in a hash table by revision (a revision is never given twice in a bucket). When it is
 * full it is emptied: then some wait longer.
 */
#include <stdlib.h>
#include <string.h>

#include "application/service.h"

/* Patience with the bus for one claim. */
#define CLAIM_TIMEOUT (5 * AEGIS_SECOND)
/* A delivery for which the bus has no answer, or no room, comes again after this. */
#define TROUBLE AEGIS_SECOND
/* So many others may be faster before this one lets them. */
#define CLAIM_TRIES 4
#define SHORTEST    (10 * AEGIS_MILLISECOND)

/* Deliveries without a claim, each of which ended before it got so far, per attempt it has; with at least
 * once, those beyond its attempts. Hand-backs of services that stop are among them, so there may be a few. */
#define UNCLAIMED 10

/* ---- what was seen when ------------------------------------------------------------------------------- */

#define WATCHES_FIRST 64
#define WATCHES_MOST  32768

static aegis_watch *place_of(aegis_watch *table, size_t size, uint64_t revision)
{
    size_t at = (size_t)((revision * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (size - 1);

    while (table[at].revision != 0 && table[at].revision != revision)
        at = (at + 1) & (size - 1);
    return &table[at];
}

/* Room for one more; what was not asked for during ten leases is forgotten. With the lock held. */
static bool make_room(aegis_service *service, int64_t now)
{
    const int64_t old = now - 10 * service->lease;
    size_t size = service->watch_size != 0 ? service->watch_size : WATCHES_FIRST;
    size_t count = 0;

    if (service->watch_count < service->watch_size / 2)
        return true;
    for (size_t i = 0; i < service->watch_size; i++)
        count += service->watches[i].revision != 0 && service->watches[i].last > old;
    if (count >= size / 4)
        size *= 2;
    if (size > WATCHES_MOST) {
        memset(service->watches, 0, service->watch_size * sizeof *service->watches);
        service->watch_count = 0;
        return true;
    }
    aegis_watch *table = (aegis_watch *)aegis_memory_get(service->allocator, size * sizeof *table);
    if (table == NULL)
        return false;
    for (size_t i = 0; i < service->watch_size; i++) {
        const aegis_watch *watch = &service->watches[i];

        if (watch->revision != 0 && watch->last > old)
            *place_of(table, size, watch->revision) = *watch;
    }
    aegis_memory_put(service->allocator, service->watches, service->watch_size * sizeof *table);
    service->watches = table;
    service->watch_size = size;
    service->watch_count = count;
    return true;
}

/* How long this revision must still stand for its lease to be over. */
static aegis_duration lease_left(aegis_service *service, uint64_t revision)
{
    const int64_t now = aegis_clock_monotonic();
    aegis_duration left = service->lease;

    (void)pthread_mutex_lock(&service->lock);
    if (make_room(service, now)) {
        aegis_watch *watch = place_of(service->watches, service->watch_size, revision);

        if (watch->revision == 0) {
            watch->revision = revision;
            watch->first = now;
            service->watch_count++;
        }
        watch->last = now;
        left = watch->first + service->lease - now;
    }
    (void)pthread_mutex_unlock(&service->lock);
    return left;
}

/* ---- judging ------------------------------------------------------------------------------------------ */

static uint64_t attempts_of(const aegis_job *job)
{
    return job->max_retries + UINT64_C(1);
}

/* Another delivery of it is at work in this instance. */
static bool runs_here(const aegis_job *job)
{
    aegis_service *service = job->state->service;
    bool found = false;

    (void)pthread_mutex_lock(&service->lock);
    for (const aegis_list *item = service->running.next; item != &service->running && !found;
         item = item->next) {
        const aegis_job *other =
            (const aegis_job *)(const void *)((const char *)item - offsetof(aegis_job, running));

        found = other != job && strcmp(other->state->call.message_id, job->state->call.message_id) == 0;
    }
    (void)pthread_mutex_unlock(&service->lock);
    return found;
}

static aegis_claim judge(const aegis_job *job, aegis_duration *later)
{
    aegis_service *service = job->state->service;
    const aegis_record *record = &job->record;

    *later = record->revision != 0 && record->value.state == AEGIS_DUTIES_COMMAND_STATE_RUNNING
                 ? lease_left(service, record->revision)
                 : 0;
    aegis_claim claim =
        aegis_record_judge(record, job->state->method->guarantee, attempts_of(job), *later <= 0);
    if (claim == AEGIS_CLAIM_HELD && *later < SHORTEST)
        *later = SHORTEST;
    if (claim == AEGIS_CLAIM_START && aegis_cancels_has(service, job->state->call.message_id))
        return AEGIS_CLAIM_CANCELLED;
    if (claim == AEGIS_CLAIM_START && record->revision == 0 &&
        job->state->message.deliveries > UNCLAIMED * attempts_of(job))
        return AEGIS_CLAIM_GIVE_UP;
    return claim;
}

/* ---- claiming ----------------------------------------------------------------------------------------- */

static void begin_record(aegis_job *job)
{
    aegis_record_begin(&job->record, job->state->call.message_id, job->state->call.service,
                       job->state->method->name);
}

static aegis_status read_record(aegis_job *job, int64_t deadline, aegis_error *why)
{
    aegis_status status = aegis_record_read(job->state->service->bus, job->state->call.message_id, deadline,
                                            job->state->call.arena, &job->record, why);

    if (status == AEGIS_NOT_FOUND)
        begin_record(job);
    return status == AEGIS_NOT_FOUND ? AEGIS_OK : status;
}

static aegis_claim trouble(const aegis_job *job, const aegis_error *why, aegis_duration *later)
{
    aegis_log_write(&job->state->service->bus->log, AEGIS_LOG_ERROR, "%s.%s: %s cannot be claimed now: %s",
                    job->state->call.service, job->state->method->name, job->state->call.message_id,
                    aegis_error_text(why));
    *later = TROUBLE;
    return AEGIS_CLAIM_HELD;
}

static aegis_claim claimed(aegis_job *job, aegis_claim claim)
{
    job->state->call.attempt = job->record.value.attempt;
    job->state->call.maybe_executed = job->record.value.maybe_executed;
    if (claim == AEGIS_CLAIM_TAKE_OVER)
        aegis_tally_add(job->lane->tally, AEGIS_TALLY_TAKEN_OVER, 1);
    aegis_lease_claimed(job);
    return claim;
}

/* A first delivery is taken for one of a command that has no record. */
static aegis_claim claim_record(aegis_job *job, aegis_duration *later)
{
    aegis_service *service = job->state->service;
    const int64_t deadline = aegis_clock_monotonic() + CLAIM_TIMEOUT;
    aegis_status status = AEGIS_OK;
    aegis_error why = {0};

    job->fenced = true;
    begin_record(job);
    if (job->state->message.deliveries > 1)
        status = read_record(job, deadline, &why);
    for (unsigned tries = 0; status == AEGIS_OK && tries < CLAIM_TRIES; tries++) {
        const aegis_claim claim = judge(job, later);

        if (claim != AEGIS_CLAIM_START && claim != AEGIS_CLAIM_TAKE_OVER)
            return claim;
        if (claim == AEGIS_CLAIM_TAKE_OVER)
            job->record.value.maybe_executed = true;
        aegis_record_claim(&job->record, service->instance);
        status = aegis_record_write(service->bus, &job->record, deadline, job->state->call.arena, &why);
        if (status == AEGIS_OK)
            return claimed(job, claim);
        if (status == AEGIS_ABORTED)
            status = read_record(job, deadline, &why);
    }
    if (status != AEGIS_OK)
        return trouble(job, &why, later);
    *later = SHORTEST;
    return AEGIS_CLAIM_HELD;
}

/* Nothing is claimed. Who has come before, or was stored when nobody may have been listening, is looked up.
 */
static aegis_claim look_up(aegis_job *job, aegis_duration *later)
{
    aegis_call *call = &job->state->call;
    aegis_record found;
    aegis_error why = {0};

    aegis_status status =
        aegis_record_read(job->state->service->bus, call->message_id, aegis_clock_monotonic() + CLAIM_TIMEOUT,
                          call->arena, &found, &why);
    if (status == AEGIS_NOT_FOUND || status == AEGIS_DATA_LOSS)
        return AEGIS_CLAIM_START;
    if (status != AEGIS_OK)
        return trouble(job, &why, later);
    if (!aegis_record_ended(&found) && found.value.state != AEGIS_DUTIES_COMMAND_STATE_CANCELLED)
        return AEGIS_CLAIM_START;
    job->record = found;
    job->fenced = true;
    return aegis_record_ended(&found) ? AEGIS_CLAIM_ENDED : AEGIS_CLAIM_CANCELLED;
}

static aegis_claim claim_loosely(aegis_job *job, aegis_duration *later)
{
    aegis_service *service = job->state->service;
    const aegis_message *message = &job->state->message;
    const uint32_t before = aegis_header_value(message->headers, message->header_count, AEGIS_NOT_BEFORE) !=
                            NULL; /* it was handed back once */
    aegis_call *call = &job->state->call;
    aegis_claim claim = AEGIS_CLAIM_START;

    begin_record(job);
    call->attempt = message->deliveries > before ? message->deliveries - before : 1;
    call->maybe_executed = call->attempt > 1;
    job->record.value.attempt = call->attempt;
    job->record.value.owner = service->instance;
    if (message->deliveries > 1 && runs_here(job)) {
        *later = service->lease;
        return AEGIS_CLAIM_HELD;
    }
    if (message->deliveries > 1 || aegis_cancels_missed(service, message->stored_at))
        claim = look_up(job, later);
    if (claim != AEGIS_CLAIM_START)
        return claim;
    if (aegis_cancels_has(service, call->message_id))
        return AEGIS_CLAIM_CANCELLED;
    return call->attempt > attempts_of(job) + UNCLAIMED ? AEGIS_CLAIM_GIVE_UP : AEGIS_CLAIM_START;
}

aegis_claim aegis_job_claim(aegis_job *job, aegis_duration *later)
{
    *later = 0;
    return job->state->method->guarantee == AEGIS_AT_LEAST_ONCE ? claim_loosely(job, later)
                                                                : claim_record(job, later);
}
