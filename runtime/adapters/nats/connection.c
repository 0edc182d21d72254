/* One nats.c connection in event-loop mode: made, given its subscriptions, taken down. nats.c's own
 * reconnecting is off: in this mode it keeps its protocol parser, halfway through a message, for the next
 * connection (issue 1007). So a lost connection is destroyed and a new one made, and the subscriptions are
 * ours to repeat.
 */
#define _GNU_SOURCE
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

/* ---- hooks: called with the connection locked, by any thread, the library's timer among them -------------
 */

static natsStatus hook_attach(void **user, void *loop, natsConnection *connection, natsSock fd)
{
    nats_link *link = (nats_link *)loop;
    (void)connection;
    *user = link;
    atomic_store(&link->fd, (int)fd); /* polled from link_up on: until then this thread alone may read it */
    return NATS_OK;
}

static natsStatus hook_read(void *user, bool add)
{
    nats_link *link = (nats_link *)user;
    if (add)
        return NATS_OK;
    const int fd = atomic_exchange(&link->fd, -1);
    if (fd >= 0) {
        epoll_ctl(link->engine->epoll, EPOLL_CTL_DEL, fd, NULL);
        atomic_store(&link->let_go, fd);
        aegis_nats_kick(link->engine);
    }
    return NATS_OK;
}

static natsStatus hook_write(void *user, bool add)
{
    nats_link *link = (nats_link *)user;
    nats_engine *engine = link->engine;
    atomic_store(&link->writable, add);
    if (add && atomic_load(&engine->polling) && !atomic_load(&link->quiet))
        aegis_nats_kick(engine);
    return NATS_OK;
}

static natsStatus hook_detach(void *user)
{
    nats_link *link = (nats_link *)user;
    atomic_store(&link->detached, true);
    return NATS_OK;
}

/* On a thread of nats.c, nothing locked. The engine's lock makes this the callback's last touch of the link.
 */
static void on_closed(natsConnection *connection, void *closure)
{
    nats_link *link = (nats_link *)closure;
    nats_engine *engine = link->engine;
    (void)connection;
    pthread_mutex_lock(&engine->lock);
    link->closed = true;
    aegis_nats_kick(engine);
    pthread_cond_broadcast(&engine->flushed);
    aegis_nats_unlock(engine);
}

static void on_lame_duck(natsConnection *connection, void *closure)
{
    nats_link *link = (nats_link *)closure;
    nats_engine *engine = link->engine;
    (void)connection;
    pthread_mutex_lock(&engine->lock);
    link->lame = true;
    engine->lame_ducks++;
    aegis_nats_event(engine, AEGIS_CONNECTION_LAME_DUCK);
    pthread_cond_signal(&engine->keeper_wake);
    aegis_nats_kick(engine);
    aegis_nats_unlock(engine);
}

/* Servers of the cluster that this one told of: the next connection may go to any of them. Lock held. */
static void learn_servers(nats_engine *engine, natsConnection *connection)
{
    char **servers = NULL;
    int count = 0;
    if (natsConnection_GetServers(connection, &servers, &count) != NATS_OK)
        return;
    aegis_nats_forget_servers(engine);
    for (int i = 0; i < count; i++) {
        if (engine->known_count < NATS_URL_MAX)
            engine->known[engine->known_count++] = servers[i];
        else
            free(servers[i]);
    }
    free((void *)servers);
}

static void on_discovered(natsConnection *connection, void *closure)
{
    nats_engine *engine = ((const nats_link *)closure)->engine;
    pthread_mutex_lock(&engine->lock);
    learn_servers(engine, connection);
    aegis_nats_unlock(engine);
}

/* What there is no right to is refused each time it is tried, and told once (or again, when its hash shares a
 * place with another's). */
static bool told_before(nats_engine *engine, const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
    return atomic_exchange(&engine->denied[hash % (sizeof engine->denied / sizeof engine->denied[0])],
                           hash) == hash;
}

static void on_error(natsConnection *connection, natsSubscription *subscription, natsStatus status,
                     void *closure)
{
    const nats_link *link = (const nats_link *)closure;
    const char *last = NULL;
    (void)subscription;
    natsConnection_GetLastError(connection, &last);
    if (status == NATS_NOT_PERMITTED && last != NULL && told_before(link->engine, last))
        return;
    aegis_log_write(&link->engine->log, AEGIS_LOG_WARNING, "nats: %s: %s", natsStatus_GetText(status),
                    last != NULL ? last : "");
}

/* ---- statuses -------------------------------------------------------------------------------------------
 */

aegis_status aegis_nats_error(aegis_error *error, natsStatus status, const char *what)
{
    aegis_status result;
    switch (status) {
    case NATS_OK:
        return AEGIS_OK;
    case NATS_TIMEOUT:
        result = AEGIS_DEADLINE_EXCEEDED;
        break;
    case NATS_NO_MEMORY:
        result = AEGIS_RESOURCE_EXHAUSTED;
        break;
    case NATS_INVALID_ARG:
    case NATS_INVALID_SUBJECT:
    case NATS_INVALID_QUEUE_NAME:
    case NATS_ADDRESS_MISSING:
        result = AEGIS_INVALID_ARGUMENT;
        break;
    case NATS_CONNECTION_AUTH_FAILED:
        result = AEGIS_UNAUTHENTICATED;
        break;
    case NATS_NOT_PERMITTED:
        result = AEGIS_PERMISSION_DENIED;
        break;
    case NATS_CONNECTION_CLOSED:
    case NATS_CONNECTION_DISCONNECTED:
    case NATS_NO_SERVER:
    case NATS_STALE_CONNECTION:
    case NATS_IO_ERROR:
        result = AEGIS_UNAVAILABLE;
        break;
    default:
        result = AEGIS_INTERNAL;
        break;
    }
    return aegis_error_set(error, result, "%s: %s", what, natsStatus_GetText(status));
}

/* ---- up -------------------------------------------------------------------------------------------------
 */

void aegis_nats_link_free(nats_link *link)
{
    if (link == NULL)
        return;
    natsConnection_Destroy(link->connection);
    pthread_mutex_destroy(&link->write_lock);
    free(link);
}

/* Blocks until the deadline at most; lock not held. */
aegis_status aegis_nats_connect(nats_engine *engine, nats_role role, int64_t deadline, nats_link **result,
                                natsStatus *status)
{
    nats_link *link = (nats_link *)calloc(1, sizeof *link);
    *status = NATS_NO_MEMORY;
    if (link == NULL)
        return AEGIS_RESOURCE_EXHAUSTED;
    link->engine = engine;
    link->role = role;
    pthread_mutex_init(&link->write_lock, NULL);
    atomic_init(&link->fd, -1);
    atomic_init(&link->let_go, -1);
    int64_t patience = (deadline - aegis_clock_monotonic()) / AEGIS_MILLISECOND / (int64_t)engine->servers;
    if (patience < 50)
        patience = 50;
    natsOptions *options = engine->options;
    natsStatus s = natsOptions_SetEventLoop(options, link, hook_attach, hook_read, hook_write, hook_detach);
    if (s == NATS_OK)
        s = natsOptions_SetTimeout(options, patience);
    if (s == NATS_OK)
        s = natsOptions_SetClosedCB(options, on_closed, link);
    if (s == NATS_OK)
        s = natsOptions_SetLameDuckModeCB(options, on_lame_duck, link);
    if (s == NATS_OK)
        s = natsOptions_SetDiscoveredServersCB(options, on_discovered, link);
    if (s == NATS_OK)
        s = natsOptions_SetErrorHandler(options, on_error, link);
    if (s == NATS_OK)
        s = natsConnection_Connect(&link->connection, options);
    *status = s;
    if (s != NATS_OK) {
        pthread_mutex_destroy(&link->write_lock);
        free(link);
        return s == NATS_CONNECTION_AUTH_FAILED ? AEGIS_UNAUTHENTICATED : AEGIS_UNAVAILABLE;
    }
    *result = link;
    return AEGIS_OK;
}

/* How long both connections are subscribed: until the new one's interest is known in the cluster. */
#define MOVE_TIME (250 * AEGIS_MILLISECOND)

/* A link whose server is about to go leaves its seat. What runs over it ends there; its core subscriptions
 * are made again elsewhere, and end here a moment later. Pulls and rings stay until it closes: they lose
 * nothing by that. */
static void make_way(nats_engine *engine, nats_seat *seat)
{
    nats_link *link = seat->link;

    if (link == NULL)
        return;
    seat->link = NULL;
    engine->up--;
    engine->leaving[engine->leaving_count++] = link;
    link->moves_at = aegis_clock_monotonic() + MOVE_TIME;
    aegis_nats_timer(engine, link->moves_at);
    for (nats_source *s = engine->sources; s != NULL; s = s->next) {
        if (s->link != link || s->kind != NATS_SUBSCRIPTION || s->former != NULL || s->draining)
            continue;
        s->former = s->subscription;
        s->former_link = link;
        s->subscription = NULL;
        s->link = NULL;
    }
}

void aegis_nats_links_move(nats_engine *engine, int64_t now)
{
    for (size_t i = 0; i < engine->leaving_count; i++) {
        nats_link *link = engine->leaving[i];
        if (link->moves_at == 0)
            continue;
        if (link->moves_at > now) {
            aegis_nats_timer(engine, link->moves_at);
            continue;
        }
        link->moves_at = 0;
        for (nats_source *s = engine->sources; s != NULL; s = s->next) {
            if (s->former_link == link) /* what is under way to it still arrives */
                natsSubscription_DrainTimeout(s->former, 2000);
        }
    }
}

void aegis_nats_link_up(nats_engine *engine, nats_seat *seat, nats_link *link)
{
    const int fd = atomic_load(&link->fd);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = link};
    learn_servers(engine, link->connection);
    engine->reconnects += seat->served ? 1 : 0;
    seat->served = true;
    const bool first = engine->up == 0;
    make_way(engine, seat);
    seat->link = link;
    seat->failures = 0;
    engine->up++;
    if (fd >= 0 && epoll_ctl(engine->epoll, EPOLL_CTL_ADD, fd, &event) == 0 && atomic_load(&link->fd) != fd)
        epoll_ctl(engine->epoll, EPOLL_CTL_DEL, fd, NULL); /* closed meanwhile */
    engine->max_payload = natsConnection_GetMaxPayload(link->connection);
    natsConnection_GetConnectedUrl(link->connection, link->server, sizeof link->server);
    char *at = strrchr(link->server, '@');
    if (at != NULL) /* a URL may hold a password; nobody needs it in a report */
        memmove(link->server, at + 1, strlen(at));
    snprintf(engine->server, sizeof engine->server, "%s", link->server);
    engine->timer = 0; /* pulls and repetitions are due */
    if (engine->stopping)
        return;
    aegis_nats_sources_subscribe(engine);
    if (first) {
        engine->durable = -1;
        engine->probed = 0;
        aegis_nats_probe(engine);
        aegis_nats_event(engine, AEGIS_CONNECTION_UP);
    }
    aegis_nats_calls_again(engine);
    aegis_nats_kick(engine);
    aegis_nats_pass_on(engine);
}

/* ---- down -----------------------------------------------------------------------------------------------
 */

static void forget_subscriptions(nats_engine *engine, nats_link *link)
{
    aegis_nats_slots_free(link);
    for (nats_source *s = engine->sources; s != NULL; s = s->next) {
        if (s->former_link == link) {
            natsSubscription_Destroy(s->former);
            s->former = NULL;
            s->former_link = NULL;
        }
        if (s->link != link)
            continue;
        natsSubscription_Destroy(s->subscription);
        s->subscription = NULL;
        s->link = NULL;
        if (s->draining) {
            s->drained = true;
            aegis_nats_signal(engine, s, SIZE_MAX);
        }
        if (s->kind == NATS_CONSUMER)
            aegis_nats_pulls_lost(s);
        if (s->ring != NULL)
            aegis_nats_ring_lost(s);
    }
}

void aegis_nats_traffic_add(nats_traffic *sum, const nats_traffic *more)
{
    sum->messages_in += more->messages_in;
    sum->bytes_in += more->bytes_in;
    sum->messages_out += more->messages_out;
    sum->bytes_out += more->bytes_out;
}

/* The last thing the engine knows of it. */
static void leave_seat(nats_engine *engine, const nats_link *link)
{
    aegis_nats_traffic_add(&engine->past, &link->traffic);
    for (size_t i = 0; i < engine->seat_count; i++) {
        if (engine->seats[i].link == link) {
            engine->seats[i].link = NULL;
            engine->seats[i].connect_at = 0;
            engine->up--;
        }
    }
    for (size_t i = 0; i < engine->leaving_count; i++) {
        if (engine->leaving[i] == link) {
            engine->leaving[i] = engine->leaving[--engine->leaving_count];
            break;
        }
    }
}

/* The leader, once the connection is closed. */
void aegis_nats_link_down(nats_engine *engine, nats_link *link)
{
    leave_seat(engine, link);
    aegis_nats_calls_lost(engine, link);
    forget_subscriptions(engine, link);
    aegis_nats_sources_subscribe(engine);
    aegis_nats_calls_again(engine);
    if (engine->up == 0)
        aegis_nats_event(engine, AEGIS_CONNECTION_DOWN);
    while (link->flushers > 0) /* they hold the connection, and leave at once now that it is closed */
        aegis_nats_cond_until(engine, &engine->flushed, INT64_MAX);
    aegis_nats_unlock(engine);
    aegis_log_write(&engine->log, AEGIS_LOG_WARNING, "nats: connection to %s lost", link->server);
    aegis_nats_link_free(link);
    pthread_mutex_lock(&engine->lock);
    pthread_cond_signal(&engine->keeper_wake);
}

/* Write what is left, close, and free. Lock held on entry and return. */
static void link_end(nats_engine *engine, nats_link *link)
{
    aegis_nats_unlock(engine);
    for (int i = 0; i < 1000 && atomic_load(&link->writable) && !link->closed; i++)
        aegis_nats_write(link);
    natsConnection_Close(link->connection);
    const int fd = atomic_exchange(&link->let_go, -1);
    if (fd >= 0)
        aegis_nats_close_socket(fd);
    if (atomic_exchange(&link->detached, false))
        aegis_nats_detached(link->connection);
    pthread_mutex_lock(&engine->lock);
    while (!link->closed)
        aegis_nats_cond_until(engine, &engine->flushed, INT64_MAX);
    leave_seat(engine, link);
    forget_subscriptions(engine, link);
    aegis_nats_unlock(engine);
    aegis_nats_link_free(link);
    pthread_mutex_lock(&engine->lock);
}

/* The end: nobody else uses the engine any more. */
void aegis_nats_disconnect(nats_engine *engine)
{
    nats_link *links[NATS_LINKS_MAX];
    const size_t count = aegis_nats_links(engine, links);
    aegis_nats_calls_lost(engine, NULL);
    for (size_t i = 0; i < count; i++)
        link_end(engine, links[i]);
}
