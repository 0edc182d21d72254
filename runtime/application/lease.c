/* Leases: a worker that is alive says so, for as long as its command waits for a slot, runs, or is deferred.
 * One thread does it for all: it takes the first of a list that is in the order of time, because each stays
 * the same while in it. To the server it says that the message is not forgotten; to other workers that the
 * attempt still runs, by replacing the record. When that is refused, another one has claimed the command: the
 * handler is asked to stop, and whatever it comes to is dropped.
 *
 * Nobody ever compares two hosts' clocks: who waits for a lease to end looks whether the record still has the
 * revision that it had a lease ago (claim.c).
 */
#define _POSIX_C_SOURCE 200809L

#include "application/service.h"

/* It may fail twice before anybody else is entitled to the command. */
static aegis_duration interval(const aegis_service *service)
{
    return service->lease / 3;
}

static aegis_job *of_lease(aegis_list *item)
{
    return (aegis_job *)(void *)((char *)item - offsetof(aegis_job, lease));
}

/* To the end of the list; with the lock held. */
static void enlist(aegis_service *service, aegis_job *job)
{
    job->due = aegis_clock_monotonic() + interval(service);
    aegis_list_remove(&job->lease);
    aegis_list_add(&service->leases, &job->lease);
}

void aegis_lease_begin(aegis_job *job)
{
    aegis_service *service = job->state->service;

    (void)pthread_mutex_lock(&service->lock);
    enlist(service, job);
    (void)pthread_mutex_unlock(&service->lock);
}

static void wait_for(aegis_service *service, const aegis_job *job)
{
    while (job->renewing)
        (void)pthread_cond_wait(&service->leased, &service->lock);
}

void aegis_lease_claimed(aegis_job *job)
{
    aegis_service *service = job->state->service;

    (void)pthread_mutex_lock(&service->lock);
    wait_for(service, job);
    job->claimed = true;
    enlist(service, job);
    (void)pthread_mutex_unlock(&service->lock);
}

void aegis_lease_end(aegis_job *job)
{
    aegis_service *service = job->state->service;

    (void)pthread_mutex_lock(&service->lock);
    wait_for(service, job);
    aegis_list_remove(&job->lease);
    job->claimed = false;
    (void)pthread_mutex_unlock(&service->lock);
}

/* Without the lock. */
static aegis_status renew(aegis_service *service, aegis_job *job, bool claimed, aegis_arena *arena,
                          aegis_error *why)
{
    const int64_t deadline = aegis_clock_monotonic() + interval(service);
    aegis_status status = AEGIS_OK;

    (void)service->bus->port->ops->settle(&job->state->message, AEGIS_WORKING, 0);
    if (claimed && arena == NULL)
        return aegis_no_memory(why);
    if (claimed)
        status = aegis_record_write(service->bus, &job->record, deadline, arena, why);
    return status;
}

/* With the lock held, but for the bus. */
static void attend(aegis_service *service, aegis_job *job, aegis_arena *arena)
{
    const bool claimed = job->claimed;
    aegis_error why = {0};

    job->renewing = true;
    (void)pthread_mutex_unlock(&service->lock);
    aegis_status status = renew(service, job, claimed, arena, &why);
    if (status == AEGIS_ABORTED)
        aegis_tally_add(job->lane->tally, AEGIS_TALLY_LEASES_LOST, 1);
    if (status == AEGIS_ABORTED)
        aegis_log_write(&service->bus->log, AEGIS_LOG_WARNING,
                        "%s.%s: attempt %u of %s was too slow to show that it runs: another one has begun",
                        job->state->call.service, job->state->method->name, job->state->call.attempt,
                        job->record.value.command_id);
    else if (status != AEGIS_OK)
        aegis_log_write(&service->bus->log, AEGIS_LOG_WARNING, "%s.%s: the lease of %s was not renewed: %s",
                        job->state->call.service, job->state->method->name, job->record.value.command_id,
                        aegis_error_text(&why));
    if (arena != NULL)
        aegis_arena_reset(arena);
    (void)pthread_mutex_lock(&service->lock);
    job->renewing = false;
    if (status == AEGIS_ABORTED) {
        job->lost = true;
        atomic_store(&job->state->cancelled, true);
        aegis_list_remove(&job->lease);
    } else {
        enlist(service, job);
    }
    (void)pthread_cond_broadcast(&service->leased);
}

void *aegis_leases_work(void *argument)
{
    aegis_service *service = (aegis_service *)argument;
    aegis_arena *arena = NULL;

    (void)pthread_mutex_lock(&service->lock);
    while (!service->draining) {
        const int64_t now = aegis_clock_monotonic();
        aegis_job *first = of_lease(service->leases.next);

        if (arena == NULL)
            arena = aegis_arena_new(service->bus->allocator);
        const bool none = service->leases.next == &service->leases;
        const int64_t due =
            none ? now + interval(service) : first->due; /* what comes meanwhile is not due before */

        if (due > now)
            (void)aegis_condition_wait(&service->leased, &service->lock, due);
        else
            attend(service, first, arena);
    }
    (void)pthread_mutex_unlock(&service->lock);
    aegis_arena_free(arena);
    return NULL;
}
