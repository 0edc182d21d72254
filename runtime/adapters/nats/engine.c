/* Who reads the socket. A thread that waits for a message or an answer and finds nobody leading leads itself:
 * it writes what is buffered, waits in epoll, lets nats.c parse what came, hands the messages to their owners
 * and, when it has its own, passes the lead to another thread that waits. So a lonely call costs no thread
 * wake-up, and under load what has gathered is read and written at once. One keeper thread leads when nobody
 * else would, so that pings are answered, and is the only one that connects, which can take long.
 */
#define _GNU_SOURCE
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define KEEPER_TICK     (2 * AEGIS_MILLISECOND) /* a gap this long between two leaders is the keeper's */
#define KEEPER_TICKS    8                       /* that many, while threads are at work on what has arrived */
#define KEEPER_SLEEP    AEGIS_SECOND
#define TURN_MAX        AEGIS_SECOND
#define SERVED_MAX      4                 /* wake-ups of others, after which a leader's place is another's */
#define MANY_CALLS      8                 /* with so many under way, and answers coming, the leader looks */
#define BRIEF           AEGIS_MILLISECOND /* so often, and need not be told of each new call */
#define BACKOFF_FIRST   (20 * AEGIS_MILLISECOND)
#define BACKOFF_MAX     (2 * AEGIS_SECOND)
#define CONNECT_TIMEOUT AEGIS_SECOND
#define HEAP_KEPT       ((size_t)2 << 20)

/* A waiter is on its thread's stack: after its semaphore is posted it may be gone. Whoever is woken wakes
 * half of the others first: each may take the waker's CPU, and one who woke them all would be put aside for
 * every second. `signalled` is for the thread sanitizer, which does not know sem_clockwait. */
static void wake_all(nats_waiter *woken)
{
    while (woken != NULL) {
        nats_waiter *waiter = woken;
        nats_waiter *half[2] = {NULL, NULL};
        nats_waiter **ends[2] = {&half[0], &half[1]};
        unsigned which = 0;
        for (nats_waiter *w = waiter->next; w != NULL; w = w->next, which ^= 1) {
            *ends[which] = w;
            ends[which] = &w->next;
        }
        *ends[0] = *ends[1] = NULL;
        woken = half[0];
        waiter->next = half[1];
        atomic_store(&waiter->signalled, true);
        sem_post(&waiter->wake);
    }
}

bool aegis_nats_cond_until(nats_engine *engine, pthread_cond_t *condition, int64_t when)
{
    wake_all(engine->woken);
    engine->woken = NULL;
    return aegis_condition_wait(condition, &engine->lock, when);
}

void aegis_nats_waiter_init(nats_waiter *waiter)
{
    memset(waiter, 0, sizeof *waiter);
    sem_init(&waiter->wake, 0, 0);
}

/* Any thread, with or without locks: the leader leaves epoll_wait. */
void aegis_nats_kick(nats_engine *engine)
{
    if (atomic_exchange(&engine->kicked, true))
        return;
    const uint64_t one = 1;
    ssize_t written = write(engine->event, &one, sizeof one);
    (void)written; /* a full counter wakes it as well */
}

void aegis_nats_kick_idle(nats_engine *engine)
{
    if (engine->leader != NULL)
        aegis_nats_kick(engine);
    else
        aegis_nats_pass_on(engine);
}

void aegis_nats_timer(nats_engine *engine, int64_t when)
{
    if (when < engine->timer)
        engine->timer = when;
}

/* ---- waiting --------------------------------------------------------------------------------------------
 */

static bool waiter_ready(const nats_waiter *waiter)
{
    if (waiter->call != NULL)
        return waiter->call->done;
    const nats_source *source = waiter->source;
    return source != NULL && (source->count > 0 || source->wakes > 0 || source->drained);
}

/* Who waits for what seldom comes would keep the lead for long, and each message would be another's, who has
 * to be woken for it. */
static bool may_lead(const nats_waiter *waiter)
{
    return waiter->source == NULL || !waiter->source->seldom;
}

static void sleep_append(nats_engine *engine, nats_waiter *waiter)
{
    atomic_store(&waiter->signalled, false);
    waiter->listed = true;
    waiter->heir = false;
    waiter->next = NULL;
    waiter->previous = engine->sleeping_last;
    if (engine->sleeping_last != NULL)
        engine->sleeping_last->next = waiter;
    else
        engine->sleeping = waiter;
    engine->sleeping_last = waiter;
}

static void sleep_remove(nats_engine *engine, nats_waiter *waiter)
{
    waiter->listed = false;
    if (waiter->previous != NULL)
        waiter->previous->next = waiter->next;
    else
        engine->sleeping = waiter->next;
    if (waiter->next != NULL)
        waiter->next->previous = waiter->previous;
    else
        engine->sleeping_last = waiter->previous;
}

void aegis_nats_signal_waiter(nats_engine *engine, nats_waiter *waiter)
{
    if (!waiter->listed)
        return; /* it is awake, and looks before it sleeps */
    sleep_remove(engine, waiter);
    if (waiter->call == NULL || waiter->heir)
        atomic_fetch_add(&engine->coming, 1);
    waiter->next = engine->woken;
    engine->woken = waiter;
}

void aegis_nats_unlock(nats_engine *engine)
{
    nats_waiter *woken = engine->woken;
    engine->woken = NULL;
    pthread_mutex_unlock(&engine->lock);
    wake_all(woken);
}

void aegis_nats_signal(nats_engine *engine, nats_source *source, size_t messages)
{
    const nats_waiter *leader = engine->leader;
    nats_waiter *following = NULL;
    if (leader != NULL && leader->source == source) {
        messages--;
        if (!engine->dispatching) /* else it is the leader itself */
            aegis_nats_kick(engine);
    }
    for (nats_waiter *w = engine->sleeping; w != NULL && messages > 0; w = following) {
        following = w->next;
        if (w->source == source) {
            aegis_nats_signal_waiter(engine, w);
            messages--;
            if (engine->dispatching && engine->leader != NULL)
                engine->leader->served++;
        }
    }
}

void aegis_nats_pass_on(nats_engine *engine)
{
    if (engine->leader != NULL)
        return;
    if (engine->up == 0) {
        if (engine->keeper_asleep)
            pthread_cond_signal(&engine->keeper_wake);
        return;
    }
    /* Who waits for an answer leads at once. Who waits for whatever may come does not: the thread that has
     * just left is likely to be back before it would be awake, and the keeper sees to it that the lead is not
     * vacant for long. */
    for (nats_waiter *w = engine->sleeping; w != NULL; w = w->next) {
        if (w->call != NULL) {
            w->heir = true;
            aegis_nats_signal_waiter(engine, w);
            return;
        }
    }
    if ((atomic_load(&engine->coming) == 0 && engine->keeper_asleep) || engine->flushers > 0)
        pthread_cond_signal(&engine->keeper_wake);
}

/* Sleep until woken, or `until`. The lock is held on entry, and taken again unless the waiter's call is over
 * and others see to the lead; false then. */
static bool doze(nats_engine *engine, nats_waiter *waiter, int64_t until)
{
    const int64_t when = until < 0 ? 0 : until;
    const struct timespec at = {.tv_sec = (time_t)(when / AEGIS_SECOND),
                                .tv_nsec = (long)(when % AEGIS_SECOND)};
    int result;

    sleep_append(engine, waiter);
    aegis_nats_unlock(engine);
    do
        result = sem_clockwait(&waiter->wake, CLOCK_MONOTONIC, &at);
    while (result != 0 && errno == EINTR);
    if (result != 0) {
        pthread_mutex_lock(&engine->lock);
        if (waiter->listed) {
            sleep_remove(engine, waiter);
            if (engine->usurper == waiter)
                engine->usurper = NULL;
            return true;
        }
        aegis_nats_unlock(engine); /* signalled meanwhile: whoever did is about to use the semaphore */
        while (sem_wait(&waiter->wake) != 0)
            continue;
    }
    if (atomic_load(&waiter->signalled))
        wake_all(waiter->next);
    if (atomic_load(&waiter->signalled) && waiter->call != NULL && !waiter->heir && waiter->call->done &&
        (engine->leader != NULL || atomic_load(&engine->coming) > 0))
        return false;
    pthread_mutex_lock(&engine->lock);
    if (waiter->call == NULL || waiter->heir)
        atomic_fetch_sub(&engine->coming, 1);
    if (engine->usurper == waiter)
        engine->usurper = NULL;
    return true;
}

/* ---- leading --------------------------------------------------------------------------------------------
 */

/* Any thread that may use the connection. One at a time: nats.c takes a write of nothing for a lost
 * connection. */
void aegis_nats_write(nats_link *link)
{
    pthread_mutex_lock(&link->write_lock);
    atomic_store(&link->hold, 0);
    if (atomic_load(&link->writable))
        natsConnection_ProcessWriteEvent(link->connection);
    pthread_mutex_unlock(&link->write_lock);
}

/* The connections of one round: only the leader takes one away. */
typedef struct round {
    nats_link *links[NATS_LINKS_MAX];
    size_t count;
} round;

/* Write without waiting; what the socket does not take now is left for EPOLLOUT. Leader only, lock not held.
 */
static void leader_write(nats_engine *engine, nats_link *link)
{
    const int64_t hold = atomic_load(&link->hold);

    if (hold != 0 && !link->writing && aegis_clock_monotonic() < hold)
        return;
    for (int i = 0; i < 4 && atomic_load(&link->writable); i++)
        aegis_nats_write(link);
    const bool more = atomic_load(&link->writable);
    if (more == link->writing)
        return;
    const int fd = atomic_load(&link->fd);
    struct epoll_event event = {.events = EPOLLIN | (more ? EPOLLOUT : 0U), .data.ptr = link};
    if (fd >= 0 && epoll_ctl(engine->epoll, EPOLL_CTL_MOD, fd, &event) == 0)
        link->writing = more;
}

static void give_back_socket(nats_link *link)
{
    const int fd = atomic_exchange(&link->let_go, -1);
    if (fd >= 0)
        aegis_nats_close_socket(fd);
    if (atomic_exchange(&link->detached, false))
        aegis_nats_detached(link->connection);
}

static int milliseconds(int64_t nanoseconds)
{
    if (nanoseconds <= 0)
        return 0;
    return (int)((nanoseconds + AEGIS_MILLISECOND - 1) / AEGIS_MILLISECOND);
}

static void eat_kick(nats_engine *engine)
{
    uint64_t value;
    ssize_t got = read(engine->event, &value, sizeof value);
    (void)got;
    atomic_store(&engine->kicked, false); /* after reading: the other way round a kick could be eaten */
}

static void leader_read(nats_engine *engine, const round *r, int64_t until)
{
    struct epoll_event events[NATS_LINKS_MAX + 1];
    atomic_store(&engine->polling, true);
    int64_t patience = until - aegis_clock_monotonic();
    /* Written to between our look and `polling`: nobody kicks us for that, so do not sleep. */
    for (size_t i = 0; i < r->count; i++) {
        if (!atomic_load(&r->links[i]->writable) || r->links[i]->writing)
            continue;
        const int64_t hold = atomic_load(&r->links[i]->hold);
        const int64_t left = hold != 0 ? hold - aegis_clock_monotonic() : 0;
        if (left < patience)
            patience = left;
    }
    const int count = epoll_wait(engine->epoll, events, NATS_LINKS_MAX + 1, milliseconds(patience));
    atomic_store(&engine->polling, false);
    for (int i = 0; i < count; i++) {
        const nats_link *link = (const nats_link *)events[i].data.ptr;
        if (link == NULL)
            eat_kick(engine);
        else if (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP))
            natsConnection_ProcessReadEvent(link->connection);
    }
    for (size_t i = 0; i < r->count; i++) {
        if (r->links[i]->writing)
            leader_write(engine, r->links[i]);
        give_back_socket(r->links[i]);
    }
}

/* Messages that nats.c has taken from the sockets since it was asked last. */
static uint64_t arrivals(nats_engine *engine, const round *r)
{
    uint64_t all = 0;
    for (size_t i = 0; i < r->count; i++) {
        uint64_t came = r->links[i]->came;
        bool known = natsConnection_GetStats(r->links[i]->connection, engine->statistics) == NATS_OK;
        if (known) {
            nats_traffic *t = &r->links[i]->traffic;
            natsStatistics_GetCounts(engine->statistics, &t->messages_in, &t->bytes_in, &t->messages_out,
                                     &t->bytes_out, NULL);
            came = t->messages_in;
        }
        all += came - r->links[i]->came;
        r->links[i]->fresh = !known || came != r->links[i]->came;
        r->links[i]->came = came;
    }
    return all;
}

/* A client with thousands of commands under way has a source for each, which gets a few messages in minutes:
 * they are looked at only while something that came to their connection has not been found. */
static bool may_have_some(const nats_source *source, uint64_t came)
{
    return source->kind != NATS_SUBSCRIPTION || source->role != NATS_BULK || source->former != NULL ||
           (came > 0 && source->link != NULL && source->link->fresh);
}

static void dispatch(nats_engine *engine, uint64_t came)
{
    for (nats_source *s = engine->sources; s != NULL; s = s->next) {
        const size_t taken = may_have_some(s, came) ? aegis_nats_source_dispatch(s) : 0;
        came -= came > taken ? taken : came;
    }
    aegis_nats_calls_dispatch(engine, came);
}

static void run_timers(nats_engine *engine, int64_t now)
{
    if (now < engine->timer)
        return;
    engine->timer = INT64_MAX;
    aegis_nats_links_move(engine, now);
    aegis_nats_calls_due(engine, now);
    for (nats_source *s = engine->sources; s != NULL; s = s->next) {
        if (s->kind == NATS_CONSUMER)
            aegis_nats_pull(s, now);
        else if (s->ring != NULL)
            aegis_nats_ring_turn(s, now);
    }
}

static void dig(nats_grave *grave)
{
    natsSubscription_Destroy(grave->subscription);
    free(grave);
}

static void dig_all(nats_engine *engine)
{
    while (engine->graves != NULL) {
        nats_grave *grave = engine->graves;
        engine->graves = grave->next;
        dig(grave);
    }
}

/* nats.c 3.4.1, while it reads, goes on using a subscription after it has let go of the lock under which it
 * found it; later releases hold a reference. So the last reference is ours until the leader is out of there.
 */
void aegis_nats_bury(nats_engine *engine, nats_grave *grave, natsSubscription *subscription)
{
    natsSubscription_Unsubscribe(subscription);
    grave->subscription = subscription;
    if (engine->leader == NULL || engine->dispatching) {
        dig(grave);
        return;
    }
    grave->next = engine->graves;
    engine->graves = grave;
}

/* One round as leader. Lock held on entry and on return, not in between. */
static void turn(nats_engine *engine, int64_t until)
{
    round r;
    const int64_t now = aegis_clock_monotonic();
    if (until > now + TURN_MAX)
        until = now + TURN_MAX;
    if (until > engine->timer)
        until = engine->timer;
    engine->brief = engine->call_count >= MANY_CALLS && now - engine->arrived < BRIEF;
    if (engine->brief && until > now + BRIEF)
        until = now + BRIEF;
    if (engine->look_again)
        until = 0;
    engine->reigns++;
    r.count = aegis_nats_links(engine, r.links);
    aegis_nats_unlock(engine);
    for (size_t i = 0; i < r.count; i++)
        leader_write(engine, r.links[i]);
    leader_read(engine, &r, until);
    pthread_mutex_lock(&engine->lock);
    dig_all(engine);
    for (size_t i = 0; i < r.count; i++) {
        if (!atomic_load(&r.links[i]->writable)) {
            aegis_nats_sent(r.links[i]);
            r.links[i]->stuck = false;
        }
    }
    engine->arrived = aegis_clock_monotonic();
    engine->dispatching = true;
    dispatch(engine, arrivals(engine, &r));
    run_timers(engine, engine->arrived);
    engine->dispatching = false;
    for (size_t i = 0; i < r.count; i++) {
        if (r.links[i]->closed)
            aegis_nats_link_down(engine, r.links[i]);
    }
}

/* A leader who waits for one thing, while requests come again and again, has to wake somebody for each. Who
 * comes back to wait for these asks for the lead. Not so readers of streams: they are at work for longer, and
 * the lead would be vacant meanwhile. */
static void ask_for_lead(nats_engine *engine, nats_waiter *waiter)
{
    const nats_waiter *leader = engine->leader;

    if (leader == &engine->keeper_waiter) {
        engine->keeper_yield = true;
        aegis_nats_kick(engine);
    } else if (leader != NULL && leader->source != NULL && waiter->source != NULL &&
               waiter->source->kind == NATS_SUBSCRIPTION && leader->source != waiter->source &&
               leader->served >= SERVED_MAX && engine->usurper == NULL) {
        engine->usurper = waiter;
        aegis_nats_kick(engine);
    }
}

/* True when somebody else was asked to lead. */
static bool step_back(nats_engine *engine, nats_waiter *waiter)
{
    nats_waiter *usurper = engine->usurper;

    if (usurper == NULL || waiter->source == NULL || !usurper->listed)
        return false;
    engine->usurper = NULL;
    waiter->served = 0;
    aegis_nats_signal_waiter(engine, usurper);
    return true;
}

/* One step towards what the waiter waits for: a round as leader, or a sleep. False when the lock was not
 * taken again, which is when its call is over. */
static bool step(nats_engine *engine, nats_waiter *waiter, int64_t deadline)
{
    if (engine->up > 0 && !may_lead(waiter)) {
        aegis_nats_pass_on(engine);
        return doze(engine, waiter, deadline);
    }
    if (engine->leader == NULL && engine->up > 0 && !step_back(engine, waiter)) {
        engine->leader = waiter;
        turn(engine, deadline);
        engine->leader = NULL;
        return true;
    }
    ask_for_lead(engine, waiter);
    if (engine->up == 0) { /* nobody leads: the deadlines of submitted calls are seen to here */
        run_timers(engine, aegis_clock_monotonic());
        if (waiter_ready(waiter))
            return true;
        if (deadline > engine->timer)
            deadline = engine->timer;
    }
    return doze(engine, waiter, deadline);
}

/* False when the lock is not held any more. */
static bool wait_for(nats_engine *engine, nats_waiter *waiter, int64_t deadline)
{
    bool looked = false;
    while (!waiter_ready(waiter)) {
        if (aegis_clock_monotonic() >= deadline && (looked || engine->leader != NULL || engine->up == 0))
            break;
        looked = true;
        if (!step(engine, waiter, deadline))
            return false;
    }
    aegis_nats_pass_on(engine);
    return true;
}

bool aegis_nats_wait(nats_engine *engine, nats_waiter *waiter, int64_t deadline)
{
    (void)wait_for(engine, waiter, deadline);
    return waiter_ready(waiter);
}

bool aegis_nats_wait_call(nats_engine *engine, nats_waiter *waiter, int64_t deadline)
{
    if (wait_for(engine, waiter, deadline)) {
        if (!waiter->call->done)
            return false;
        aegis_nats_unlock(engine);
    }
    return true;
}

/* ---- the keeper -----------------------------------------------------------------------------------------
 */

static uint64_t random_below(nats_engine *engine, uint64_t limit)
{
    engine->random = engine->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return limit == 0 ? 0 : (engine->random >> 20) % limit;
}

/* Connect; after a failure the next attempt waits: exponential with full jitter. Lock held on entry and
 * return. */
static void keeper_connect(nats_engine *engine, nats_seat *seat)
{
    nats_link *link = NULL;
    natsStatus status = NATS_OK;
    aegis_nats_use_servers(engine);
    aegis_nats_unlock(engine);
    const aegis_status result =
        aegis_nats_connect(engine, seat->role, aegis_clock_monotonic() + CONNECT_TIMEOUT, &link, &status);
    if (result != AEGIS_OK)
        aegis_log_write(&engine->log, AEGIS_LOG_WARNING, "nats: cannot connect to %s: %s", engine->url,
                        natsStatus_GetText(status));
    pthread_mutex_lock(&engine->lock);
    if (result == AEGIS_OK) {
        aegis_nats_link_up(engine, seat, link);
    } else {
        uint64_t most = (uint64_t)BACKOFF_FIRST << (seat->failures < 10 ? seat->failures : 10);
        if (most > (uint64_t)BACKOFF_MAX)
            most = (uint64_t)BACKOFF_MAX;
        seat->failures++;
        seat->connect_at = aegis_clock_monotonic() + AEGIS_MILLISECOND + (int64_t)random_below(engine, most);
        aegis_nats_sources_subscribe(engine);
    }
    pthread_cond_broadcast(&engine->seated);
}

/* No connection at all: sleep until one is to be tried, and see to the deadlines of submitted calls. */
static void keeper_wait(nats_engine *engine, int64_t when)
{
    run_timers(engine, aegis_clock_monotonic());
    aegis_nats_cond_until(engine, &engine->keeper_wake, when < engine->timer ? when : engine->timer);
}

/* The keeper does not come back for the lead, as one who waits for whatever may come would: somebody has
 * asked for it, and sleeps until he is told. He came last. */
static void keeper_hand_over(nats_engine *engine)
{
    nats_waiter *heir = engine->sleeping_last;

    aegis_nats_pass_on(engine);
    if (!engine->keeper_yield || engine->leader != NULL || engine->up == 0 ||
        atomic_load(&engine->coming) > 0)
        return;
    while (heir != NULL && !may_lead(heir))
        heir = heir->previous;
    if (heir != NULL)
        aegis_nats_signal_waiter(engine, heir);
}

/* Nobody waits: lead until somebody does, or a seat is to be filled. */
static void keeper_lead(nats_engine *engine)
{
    int64_t when = INT64_MAX;
    engine->keeper_yield = false;
    while (!engine->stopping && engine->up > 0 && !engine->keeper_yield &&
           aegis_nats_seat_due(engine, aegis_clock_monotonic(), &when) == NULL) {
        engine->leader = &engine->keeper_waiter;
        turn(engine, when);
        engine->leader = NULL;
    }
    keeper_hand_over(engine);
}

static void *keeper_main(void *argument)
{
    nats_engine *engine = (nats_engine *)argument;
    unsigned ticks = 0;
    pthread_mutex_lock(&engine->lock);
    while (!engine->stopping) {
        int64_t now = aegis_clock_monotonic();
        int64_t when;
        nats_seat *seat = aegis_nats_seat_due(engine, now, &when);
        if (seat != NULL) {
            keeper_connect(engine, seat);
            continue;
        }
        if (engine->up == 0) {
            keeper_wait(engine, when);
            continue;
        }
        const uint64_t before = engine->reigns;
        if (engine->flushers == 0)
            aegis_nats_cond_until(engine, &engine->keeper_wake, now + KEEPER_TICK);
        if (engine->stopping || engine->up == 0)
            continue;
        ticks = engine->leader == NULL && engine->reigns == before ? ticks + 1 : 0;
        if (engine->leader == NULL) {
            if (engine->flushers > 0 || ticks > (engine->backlog > 0 ? KEEPER_TICKS : 0))
                keeper_lead(engine);
        } else if (engine->reigns == before || engine->flushers > 0) {
            now = aegis_clock_monotonic();
            engine->keeper_asleep = true;
            aegis_nats_cond_until(engine, &engine->keeper_wake,
                                  when < now + KEEPER_SLEEP ? when : now + KEEPER_SLEEP);
            engine->keeper_asleep = false;
        }
    }
    aegis_nats_unlock(engine);
    return NULL;
}

/* nats.c's flush waits for a PONG that a leader must read: the keeper, if nobody else does. */
aegis_status aegis_nats_flush_link(nats_engine *engine, nats_link *link, int64_t deadline, aegis_error *error)
{
    const int64_t left = deadline - aegis_clock_monotonic();
    if (link == NULL || link->closed)
        return aegis_error_set(error, AEGIS_UNAVAILABLE, "no connection to %s", engine->url);
    engine->flushers++;
    link->flushers++;
    aegis_nats_pass_on(engine);
    aegis_nats_unlock(engine);
    const natsStatus status =
        left <= 0 ? NATS_TIMEOUT : natsConnection_FlushTimeout(link->connection, milliseconds(left));
    pthread_mutex_lock(&engine->lock);
    engine->flushers--;
    if (--link->flushers == 0)
        pthread_cond_broadcast(&engine->flushed);
    return status == NATS_OK ? AEGIS_OK : aegis_nats_error(error, status, "flush");
}

/* ---- life -----------------------------------------------------------------------------------------------
 */

/* It is held for a microsecond at a time by threads that are at work: worth a short wait before a sleep. */
static void init_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_init(lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

/* Messages live for a moment, and what lived last is freed together: glibc then gives 128 KiB and more back
 * to the system, to take it page by page again for the next ones; the faults were 5 % of a call's CPU with a
 * thousand under way. It keeps twice the largest block that was ever mapped and freed. */
static void keep_heap(void)
{
    volatile char *block = (volatile char *)malloc(HEAP_KEPT / 2);

    if (block != NULL)
        *block = 0; /* or the compiler leaves both out */
    free((void *)(uintptr_t)block);
}

aegis_status aegis_nats_engine_start(nats_engine *engine)
{
    keep_heap();
    init_lock(&engine->lock);
    pthread_mutex_init(&engine->pool_lock, NULL);
    aegis_condition_init(&engine->keeper_wake);
    aegis_condition_init(&engine->flushed);
    aegis_condition_init(&engine->seated);
    aegis_nats_waiter_init(&engine->keeper_waiter);
    engine->timer = INT64_MAX;
    engine->durable = -1;
    engine->random = (uint64_t)aegis_clock_monotonic() ^ ((uint64_t)getpid() << 32);
    engine->epoll = epoll_create1(EPOLL_CLOEXEC);
    engine->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (engine->epoll < 0 || engine->event < 0 || natsStatistics_Create(&engine->statistics) != NATS_OK ||
        epoll_ctl(engine->epoll, EPOLL_CTL_ADD, engine->event, &event) != 0)
        return AEGIS_RESOURCE_EXHAUSTED;
    return AEGIS_OK;
}

void aegis_nats_engine_stop(nats_engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    engine->stopping = true;
    pthread_cond_signal(&engine->keeper_wake);
    pthread_cond_broadcast(&engine->seated);
    aegis_nats_kick(engine);
    aegis_nats_unlock(engine);
    if (engine->keeper_started)
        pthread_join(engine->keeper, NULL);
    pthread_mutex_lock(&engine->lock);
    dig_all(engine);
    aegis_nats_disconnect(engine);
    aegis_nats_unlock(engine);
    if (engine->epoll >= 0)
        close(engine->epoll);
    if (engine->event >= 0)
        close(engine->event);
    aegis_nats_forget_servers(engine);
    natsOptions_Destroy(engine->options);
    natsStatistics_Destroy(engine->statistics);
    aegis_nats_calls_free(engine);
    for (size_t i = 0; i < engine->dead_count; i++)
        natsMsg_Destroy(engine->dead[i]);
    while (engine->pool != NULL) {
        nats_parcel *parcel = engine->pool;
        engine->pool = parcel->next;
        free(parcel);
    }
    sem_destroy(&engine->keeper_waiter.wake);
    pthread_cond_destroy(&engine->seated);
    pthread_cond_destroy(&engine->flushed);
    pthread_cond_destroy(&engine->keeper_wake);
    pthread_mutex_destroy(&engine->pool_lock);
    pthread_mutex_destroy(&engine->lock);
}

/* The keeper's thread, once the first connection is there. */
aegis_status aegis_nats_keeper_start(nats_engine *engine)
{
    if (pthread_create(&engine->keeper, NULL, keeper_main, engine) != 0)
        return AEGIS_RESOURCE_EXHAUSTED;
    engine->keeper_started = true;
    return AEGIS_OK;
}
