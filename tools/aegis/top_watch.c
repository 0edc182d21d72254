/* Looking at what runs, over and over, beside the thread that draws: a server that does not answer must not
 * keep keys from being taken. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "top.h"

#include "ports/clock.h"

/* Nobody answers while the server goes away, which says nothing of who is there. */
static void doubt(const top_watcher *w, top_reading *r)
{
    aegis_health health;

    memset(&health, 0, sizeof health);
    w->s->bus->port->ops->health(w->s->bus->port, &health);
    if (health.connected || r->status != AEGIS_OK)
        return;
    fleet_free(&r->f);
    r->status = AEGIS_UNAVAILABLE;
    (void)snprintf(r->why, sizeof r->why, "no connection to the server");
}

static top_reading *look(top_watcher *w, const top_reading *before)
{
    top_reading *r = (top_reading *)calloc(1, sizeof *r);
    aegis_error error = {0};

    if (r == NULL)
        return NULL;
    arena_init(&r->memory);
    aegis_arena_reset(w->s->arena);
    r->holders = 1;
    r->status = fleet_read(w->s, w->service, before != NULL ? &before->f : NULL, &r->memory, &r->f, &error);
    if (r->status == AEGIS_OK)
        durables_read(w->s, &r->f, &r->memory, &r->d);
    else
        (void)snprintf(r->why, sizeof r->why, "%s", aegis_error_text(&error));
    doubt(w, r);
    r->at = aegis_clock_monotonic();
    return r;
}

/* With the lock held. */
static void drop(top_reading *r)
{
    if (r == NULL || --r->holders > 0)
        return;
    fleet_free(&r->f);
    arena_free(&r->memory);
    free(r);
}

static void *work(void *data)
{
    top_watcher *w = (top_watcher *)data;
    top_reading *before = NULL; /* the last good one */
    int64_t next = aegis_clock_monotonic();

    (void)pthread_mutex_lock(&w->lock);
    while (!w->stopping) {
        struct timespec until;
        top_reading *r;

        (void)pthread_mutex_unlock(&w->lock);
        r = look(w, before);
        (void)pthread_mutex_lock(&w->lock);
        if (r != NULL) {
            drop(w->fresh);
            w->fresh = r;
            if (r->status == AEGIS_OK) {
                drop(before);
                r->holders++;
                before = r;
            }
            (void)!write(w->pipe[1], "", 1);
        }
        next += w->interval;
        if (next < aegis_clock_monotonic())
            next = aegis_clock_monotonic();
        until.tv_sec = (time_t)(next / AEGIS_SECOND);
        until.tv_nsec = (long)(next % AEGIS_SECOND);
        while (!w->stopping && pthread_cond_timedwait(&w->changed, &w->lock, &until) != ETIMEDOUT)
            continue;
    }
    drop(before);
    (void)pthread_mutex_unlock(&w->lock);
    return NULL;
}

bool top_watch(top_watcher *w, session *s, const char *service, aegis_duration interval)
{
    pthread_condattr_t monotonic;

    memset(w, 0, sizeof *w);
    w->s = s;
    w->service = service;
    w->interval = interval;
    if (pipe(w->pipe) != 0)
        return false;
    /* one byte or many: who reads takes all, who writes never waits */
    (void)fcntl(w->pipe[0], F_SETFL, O_NONBLOCK);
    (void)fcntl(w->pipe[1], F_SETFL, O_NONBLOCK);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_cond_init(&w->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    if (pthread_create(&w->thread, NULL, work, w) == 0)
        return true;
    (void)close(w->pipe[0]);
    (void)close(w->pipe[1]);
    return false;
}

top_reading *top_take(top_watcher *w)
{
    char bytes[64];
    top_reading *r;

    while (read(w->pipe[0], bytes, sizeof bytes) > 0)
        continue;
    (void)pthread_mutex_lock(&w->lock);
    r = w->fresh;
    w->fresh = NULL;
    (void)pthread_mutex_unlock(&w->lock);
    return r;
}

void top_give_back(top_watcher *w, top_reading *r)
{
    (void)pthread_mutex_lock(&w->lock);
    drop(r);
    (void)pthread_mutex_unlock(&w->lock);
}

void top_unwatch(top_watcher *w)
{
    (void)pthread_mutex_lock(&w->lock);
    w->stopping = true;
    (void)pthread_cond_signal(&w->changed);
    (void)pthread_mutex_unlock(&w->lock);
    (void)pthread_join(w->thread, NULL);
    drop(w->fresh);
    (void)close(w->pipe[0]);
    (void)close(w->pipe[1]);
}
