/* Commands that are to be cancelled. A command that runs is told (aegis_call_cancelled); one that has not
 * come yet is remembered, so that it ends before it begins. Whoever was not there when somebody cancelled
 * finds it in the command's record, which the client writes; that costs a question, which only those ask who
 * may have missed something.
 */
#include <string.h>

#include "application/service.h"

/* Clocks of hosts differ, and a subscription takes time to be in place. */
#define MARGIN (5 * AEGIS_SECOND)

bool aegis_cancels_prepare(aegis_service *service)
{
    service->cancelled = (char(*)[AEGIS_CANCEL_ID])aegis_arena_alloc(
        service->arena, AEGIS_CANCELS * sizeof *service->cancelled);
    return service->cancelled != NULL;
}

static bool known(const aegis_service *service, const char *id)
{
    const size_t count =
        service->cancelled_count < AEGIS_CANCELS ? service->cancelled_count : (size_t)AEGIS_CANCELS;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(service->cancelled[i], id) == 0)
            return true;
    }
    return false;
}

void aegis_cancels_add(aegis_service *service, const char *id)
{
    (void)pthread_mutex_lock(&service->lock);
    for (aegis_list *item = service->running.next; item != &service->running; item = item->next) {
        const aegis_job *job = (aegis_job *)(void *)((char *)item - offsetof(aegis_job, running));

        if (strcmp(job->state->call.message_id, id) == 0)
            atomic_store(&job->state->cancelled, true);
    }
    if (strlen(id) < AEGIS_CANCEL_ID && !known(service, id))
        memcpy(service->cancelled[service->cancelled_count++ % AEGIS_CANCELS], id, strlen(id) + 1);
    (void)pthread_mutex_unlock(&service->lock);
}

bool aegis_cancels_has(aegis_service *service, const char *id)
{
    (void)pthread_mutex_lock(&service->lock);
    bool found = known(service, id);
    (void)pthread_mutex_unlock(&service->lock);
    return found;
}

bool aegis_cancels_missed(aegis_service *service, aegis_timestamp stored_at)
{
    (void)pthread_mutex_lock(&service->lock);
    bool forgotten = service->cancelled_count > AEGIS_CANCELS;
    (void)pthread_mutex_unlock(&service->lock);
    return forgotten || stored_at < service->started_at + MARGIN;
}
