/* A service's one housekeeping thread: it tells the server that slow handlers of events are still at work,
 * answers deferred calls whose deadline passed, hears which commands were cancelled, and sends the progress
 * that was held back. */
#define _POSIX_C_SOURCE 200809L
#include <string.h>

#include "application/service.h"

/* The keeper looks around at least this often; what is due sooner nudges it. */
#define TICK (5 * AEGIS_SECOND)

/* A deferred call that the keeper answered stays in memory this long for the reply function that may still
 * come. */
#define GRACE AEGIS_MINUTE

void aegis_keep_begin(aegis_service *service, aegis_keep *keep, const aegis_message *message,
                      aegis_duration every)
{
    keep->message = message;
    keep->every = every;
    keep->due = aegis_clock_monotonic() + every;
    (void)pthread_mutex_lock(&service->lock);
    aegis_list_add(&service->kept, &keep->link);
    bool late = keep->due < service->looks_at;
    if (late)
        service->looks_at = keep->due; /* said once */
    (void)pthread_mutex_unlock(&service->lock);
    if (late)
        aegis_keeper_nudge(service);
}

void aegis_keep_end(aegis_service *service, aegis_keep *keep)
{
    (void)pthread_mutex_lock(&service->lock);
    aegis_list_remove(&keep->link);
    (void)pthread_mutex_unlock(&service->lock);
}

void aegis_keeper_nudge(aegis_service *service)
{
    (void)pthread_mutex_lock(&service->lock);
    service->nudged = true;
    (void)pthread_cond_broadcast(&service->changed);
    (void)pthread_mutex_unlock(&service->lock);
    if (service->cancels != NULL)
        service->bus->port->ops->wake(service->cancels);
}

void aegis_keeper_due(aegis_service *service, int64_t when)
{
    (void)pthread_mutex_lock(&service->lock);
    bool late = when < service->looks_at;
    if (late)
        service->looks_at = when; /* said once */
    (void)pthread_mutex_unlock(&service->lock);
    if (late)
        aegis_keeper_nudge(service);
}

/* With the lock held, so that a message is not settled meanwhile: it is one small publication. */
static int64_t keep_working(aegis_service *service, int64_t now, int64_t due)
{
    for (aegis_list *item = service->kept.next; item != &service->kept; item = item->next) {
        aegis_keep *keep = (aegis_keep *)(void *)((char *)item - offsetof(aegis_keep, link));

        if (keep->due <= now) {
            (void)service->bus->port->ops->settle(keep->message, AEGIS_WORKING, 0);
            keep->due = now + keep->every;
        }
        if (keep->due < due)
            due = keep->due;
    }
    return due;
}

static aegis_call_state *of_deferred(aegis_list *item)
{
    return (aegis_call_state *)(void *)((char *)item - offsetof(aegis_call_state, deferred));
}

void aegis_keeper_forget(aegis_service *service, int64_t now)
{
    aegis_list *item, *next;

    (void)pthread_mutex_lock(&service->lock);
    for (item = service->deferred.next; item != &service->deferred; item = next) {
        aegis_call_state *state = of_deferred(item);

        next = item->next;
        if (!atomic_load(&state->expired) || (now != INT64_MAX && state->call.deadline + GRACE > now))
            continue;
        aegis_list_remove(&state->deferred);
        service->deferred_count--;
        service->references--; /* not the last: the caller works for the handle */
        (void)pthread_mutex_unlock(&service->lock);
        aegis_call_finished(state);
        (void)pthread_mutex_lock(&service->lock);
        next = service->deferred.next; /* whatever it was may be gone */
    }
    (void)pthread_mutex_unlock(&service->lock);
}

/* The first deferred call whose deadline passed, or NULL and, in `due`, when to look again. */
static aegis_call_state *overdue(aegis_service *service, int64_t now, int64_t *due)
{
    for (aegis_list *item = service->deferred.next; item != &service->deferred; item = item->next) {
        aegis_call_state *state = of_deferred(item);
        int64_t when = state->call.deadline + (atomic_load(&state->expired) ? GRACE : 0);

        if (when <= now && !atomic_load(&state->answered))
            return state;
        if (when < *due && (atomic_load(&state->expired) || !atomic_load(&state->answered)))
            *due = when;
    }
    return NULL;
}

/* Answer what is overdue. The state is not freed under our hands: an unanswered call is freed only after an
 * answer is claimed, which is done here. With the lock held, but for the answers. */
static int64_t sweep(aegis_service *service, aegis_arena *arena, int64_t now, int64_t due)
{
    aegis_call_state *state;

    while (!service->draining && (state = overdue(service, now, &due)) != NULL) {
        bool claimed = !atomic_exchange(&state->answered, true);

        (void)pthread_mutex_unlock(&service->lock);
        if (claimed) {
            aegis_reply_expire(state, arena, AEGIS_DEADLINE_EXCEEDED, "the deadline passed before a reply");
            aegis_arena_reset(arena);
        }
        (void)pthread_mutex_lock(&service->lock);
    }
    return due;
}

void aegis_keeper_last(aegis_service *service)
{
    aegis_arena *arena = aegis_arena_new(service->bus->allocator);

    (void)pthread_mutex_lock(&service->lock);
    for (aegis_list *item = service->deferred.next; item != &service->deferred; item = item->next) {
        aegis_call_state *state = of_deferred(item);

        if (arena != NULL && !atomic_exchange(&state->answered, true)) {
            (void)pthread_mutex_unlock(&service->lock);
            aegis_reply_expire(state, arena, AEGIS_UNAVAILABLE, "the service stopped before it answered");
            aegis_arena_reset(arena);
            (void)pthread_mutex_lock(&service->lock);
            item = &service->deferred; /* from the start: whatever it was may be gone */
        } else if (atomic_load(&state->expired)) {
            aegis_call_release(state);
        }
    }
    (void)pthread_mutex_unlock(&service->lock);
    aegis_arena_free(arena);
}

static void wait_until(aegis_service *service, int64_t due)
{
    while (!service->nudged && !service->draining &&
           aegis_condition_wait(&service->changed, &service->lock, due))
        continue;
    service->nudged = false;
}

/* Hear cancellations until `due`, or a wake. */
static void listen(aegis_service *service, int64_t due)
{
    const aegis_port_ops *ops = service->bus->port->ops;
    aegis_message message;

    if (ops->next(service->cancels, due, &message) != AEGIS_OK)
        return;
    if (strncmp(message.subject, "commands.cancel.", strlen("commands.cancel.")) == 0)
        aegis_cancels_add(service, message.subject + strlen("commands.cancel."));
    ops->release(&message);
}

void *aegis_keeper_work(void *argument)
{
    aegis_service *service = (aegis_service *)argument;
    aegis_arena *arena = aegis_arena_new(service->bus->allocator);

    (void)pthread_mutex_lock(&service->lock);
    while (!service->draining) {
        int64_t now = aegis_clock_monotonic();
        int64_t due;

        service->looks_at = INT64_MAX; /* whoever wants something meanwhile, nudges */
        (void)pthread_mutex_unlock(&service->lock);
        aegis_keeper_forget(service, now);
        due = aegis_progress_sweep(service, now, now + TICK);
        if (arena != NULL)
            due = aegis_rewind(service, arena, now, due);
        (void)pthread_mutex_lock(&service->lock);
        due = keep_working(service, now, due);

        if (arena != NULL)
            due = sweep(service, arena, now, due);
        service->looks_at = due;
        if (service->cancels == NULL) {
            wait_until(service, due);
        } else {
            (void)pthread_mutex_unlock(&service->lock);
            listen(service, due);
            (void)pthread_mutex_lock(&service->lock);
        }
    }
    (void)pthread_mutex_unlock(&service->lock);
    aegis_arena_free(arena);
    return NULL;
}
