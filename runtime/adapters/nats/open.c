/* The NATS adapter's entrance: the first connection, the table of operations, and the end. nats.c's
 * library-wide state is initialized by its first use and never closed here: the program may use nats.c
 * itself.
 */
#define _GNU_SOURCE
#include "internal.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define CONNECT_TIMEOUT_DEFAULT (2 * AEGIS_SECOND)
#define RETRY_PAUSE             (50 * AEGIS_MILLISECOND)
#define PROBE_PATIENCE          (AEGIS_SECOND / 2)
#define UNSTORED_MEMORY         (10 * AEGIS_SECOND) /* how long it is remembered that nothing could be stored */

/* ---- the connection's operations ------------------------------------------------------------------------
 */

/* As the leader last saw it. Lock held. */
static void add_traffic(const nats_engine *engine, aegis_health *health)
{
    nats_traffic all = engine->past;
    for (size_t i = 0; i < engine->seat_count; i++) {
        if (engine->seats[i].link != NULL)
            aegis_nats_traffic_add(&all, &engine->seats[i].link->traffic);
    }
    for (size_t i = 0; i < engine->leaving_count; i++)
        aegis_nats_traffic_add(&all, &engine->leaving[i]->traffic);
    health->messages_in = all.messages_in;
    health->bytes_in = all.bytes_in;
    health->messages_out = all.messages_out;
    health->bytes_out = all.bytes_out;
}

static void health(aegis_port *port, aegis_health *health)
{
    nats_engine *engine = aegis_nats_engine_of(port);
    pthread_mutex_lock(&engine->lock);
    *health = (aegis_health){0};
    health->connected = aegis_nats_pick(engine, NATS_RPC) != NULL;
    health->connections = (uint32_t)engine->up;
    for (size_t i = 0; i < engine->seat_count; i++) {
        const nats_seat *seat = &engine->seats[i];
        const uint32_t up = seat->link != NULL ? 1 : 0;
        if (seat->role == NATS_RPC)
            health->call_connections += up;
        else
            health->bulk_connections += up;
        health->bulk_wanted = health->bulk_wanted || (seat->role == NATS_BULK && seat->wanted);
    }
    const bool unstored =
        engine->unstored != 0 && aegis_clock_monotonic() - engine->unstored < UNSTORED_MEMORY;
    health->durable = health->connected && engine->durable == 1 && !unstored;
    health->reconnects = engine->reconnects;
    health->lame_ducks = engine->lame_ducks;
    health->dropped = engine->dropped;
    health->resent = engine->resent;
    add_traffic(engine, health);
    const int64_t limit = atomic_load(&engine->max_payload);
    health->max_payload = limit > 0 ? (uint64_t)limit : 0;
    snprintf(health->server, sizeof health->server, "%s", engine->server);
    aegis_nats_unlock(engine);
}

static aegis_status flush(aegis_port *port, int64_t deadline, aegis_error *error)
{
    nats_engine *engine = aegis_nats_engine_of(port);
    aegis_status status = AEGIS_OK;
    pthread_mutex_lock(&engine->lock);
    if (engine->up == 0)
        status = aegis_error_set(error, AEGIS_UNAVAILABLE, "no connection to %s", engine->url);
    for (size_t i = 0; status == AEGIS_OK && i < engine->seat_count; i++) {
        nats_link *link = engine->seats[i].link;
        if (link != NULL && !link->closed)
            status = aegis_nats_flush_link(engine, link, deadline, error);
    }
    aegis_nats_unlock(engine);
    return status;
}

static void close_port(aegis_port *port)
{
    if (port == NULL)
        return;
    nats_engine *engine = aegis_nats_engine_of(port);
    flush(port, aegis_clock_monotonic() + AEGIS_SECOND, NULL);
    aegis_nats_engine_stop(engine);
    free(port);
}

static const aegis_port_ops operations = {
    .publish = aegis_nats_publish,
    .request = aegis_nats_request,
    .subscribe = aegis_nats_subscribe,
    .listen = aegis_nats_listen,
    .divert = aegis_nats_divert,
    .next = aegis_nats_next,
    .next_batch = aegis_nats_next_batch,
    .release = aegis_nats_release,
    .wake = aegis_nats_wake,
    .drain = aegis_nats_drain,
    .hold = aegis_nats_hold,
    .close_source = aegis_nats_close_source,
    .completions = aegis_nats_completions,
    .submit = aegis_nats_submit,
    .cancel = aegis_nats_cancel,
    .ensure_stream = aegis_nats_ensure_stream,
    .stream_info = aegis_nats_stream_info,
    .message_get = aegis_nats_message_get,
    .message_delete = aegis_nats_message_delete,
    .publish_durable = aegis_nats_publish_durable,
    .ensure_consumer = aegis_nats_ensure_consumer,
    .consumer_info = aegis_nats_consumer_info,
    .delete_consumer = aegis_nats_delete_consumer,
    .consume = aegis_nats_consume,
    .credit = aegis_nats_credit,
    .settle = aegis_nats_settle,
    .kv_get = aegis_nats_kv_get,
    .kv_put = aegis_nats_kv_put,
    .kv_delete = aegis_nats_kv_delete,
    .kv_list = aegis_nats_kv_list,
    .events = aegis_nats_events,
    .health = health,
    .flush = flush,
    .close = close_port,
};

/* ---- open -----------------------------------------------------------------------------------------------
 */

static aegis_status refused(nats_engine *engine, natsStatus status, aegis_duration timeout,
                            aegis_error *error)
{
    if (status == NATS_CONNECTION_AUTH_FAILED || status == NATS_NOT_PERMITTED)
        return aegis_error_set(error, AEGIS_UNAUTHENTICATED,
                               engine->credentials
                                   ? "the NATS server at %s refused our credentials"
                                   : "the NATS server at %s asks for credentials, and none were given",
                               engine->url);
    if (status == NATS_SECURE_CONNECTION_REQUIRED || status == NATS_SECURE_CONNECTION_WANTED ||
        status == NATS_SSL_ERROR)
        return aegis_error_set(error, AEGIS_UNAVAILABLE, "no TLS connection with the NATS server at %s: %s",
                               engine->url, natsStatus_GetText(status));
    return aegis_error_set(
        error, AEGIS_UNAVAILABLE,
        "no NATS server answered at %s within %g s: start one with `nats-server -js`, or check "
        "the URL",
        engine->url, (double)timeout / (double)AEGIS_SECOND);
}

/* A refusal at once is no reason to give up: the server may be starting. */
static aegis_status first_connection(nats_engine *engine, aegis_duration timeout, aegis_error *error)
{
    const int64_t deadline = aegis_clock_monotonic() + timeout;
    for (;;) {
        nats_link *link = NULL;
        natsStatus status = NATS_OK;
        const aegis_status result = aegis_nats_connect(engine, NATS_RPC, deadline, &link, &status);
        if (result == AEGIS_OK) {
            pthread_mutex_lock(&engine->lock);
            aegis_nats_link_up(engine, &engine->seats[0], link);
            aegis_nats_unlock(engine);
            return AEGIS_OK;
        }
        if (result == AEGIS_RESOURCE_EXHAUSTED)
            return aegis_error_set(error, result, "no memory for a connection");
        if (result == AEGIS_UNAUTHENTICATED || aegis_clock_monotonic() + 2 * RETRY_PAUSE > deadline)
            return refused(engine, status, timeout, error);
        aegis_pause(RETRY_PAUSE);
    }
}

/* So that `health` knows about JetStream from the beginning. */
static void await_probe(nats_engine *engine)
{
    const int64_t until = aegis_clock_monotonic() + PROBE_PATIENCE;
    nats_waiter waiter;
    pthread_mutex_lock(&engine->lock);
    aegis_nats_waiter_init(&waiter);
    while (engine->durable < 0 && aegis_clock_monotonic() < until)
        aegis_nats_wait(engine, &waiter, aegis_clock_monotonic() + 5 * AEGIS_MILLISECOND);
    sem_destroy(&waiter.wake);
    aegis_nats_unlock(engine);
}

/* nats.c frees messages on a thread of its own, which it wakes for each one that it finds waiting. On a busy
 * machine that thread runs at once, in place of ours, frees the one and sleeps again: 0.4 switches a call. As
 * batch threads, which what the library starts inherits, it and its siblings wait their turn and free many at
 * once. Source: sched(7). */
static void open_library(void)
{
    const struct sched_param none = {0};
    const bool ordinary = sched_getscheduler(0) == SCHED_OTHER;

    if (ordinary)
        (void)sched_setscheduler(0, SCHED_BATCH, &none);
    (void)nats_Open(-1); /* a failure shows at the first use */
    if (ordinary)
        (void)sched_setscheduler(0, SCHED_OTHER, &none);
}

static aegis_status open_port(nats_engine *engine, const char *url, const aegis_options *options,
                              aegis_error *error)
{
    open_library();
    aegis_status status = aegis_nats_engine_start(engine);
    if (status != AEGIS_OK)
        return aegis_error_set(error, status, "no descriptors for a connection");
    status = aegis_nats_configure(engine, url, options, error);
    if (status == AEGIS_OK)
        status = first_connection(
            engine, options->connect_timeout > 0 ? options->connect_timeout : CONNECT_TIMEOUT_DEFAULT, error);
    if (status != AEGIS_OK)
        return status;
    if (aegis_nats_keeper_start(engine) != AEGIS_OK)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no thread for a connection");
    await_probe(engine);
    return AEGIS_OK;
}

aegis_status aegis_nats_open(const char *url, const aegis_options *options, aegis_port **result,
                             aegis_error *error)
{
    static const aegis_options defaults = {0};
    if (options == NULL)
        options = &defaults;
    if (url == NULL)
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "no URL");
    nats_port *port = (nats_port *)calloc(1, sizeof *port);
    if (port == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no memory for a connection");
    port->base.ops = &operations;
    port->engine.port = &port->base;
    const aegis_status status = open_port(&port->engine, url, options, error);
    if (status != AEGIS_OK) {
        aegis_nats_engine_stop(&port->engine);
        free(port);
        return status;
    }
    *result = &port->base;
    return AEGIS_OK;
}
