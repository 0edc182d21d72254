/* The NATS adapter's entrance: the URL and options as nats.c wants them, the first connection, the table of
 * operations, and the end. nats.c's library-wide state is initialized by its first use and never closed here:
 * the program may use nats.c itself.
 */
#define _GNU_SOURCE
#include "internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONNECT_TIMEOUT_DEFAULT (2 * AEGIS_SECOND)
#define RETRY_PAUSE             (50 * AEGIS_MILLISECOND)
#define PROBE_PATIENCE          (AEGIS_SECOND / 2)
#define PING_INTERVAL_MS        10000
#define PINGS_OUT               2
#define WRITE_DEADLINE_MS       500

/* ---- URL ------------------------------------------------------------------------------------------------
 */

static bool port_ok(const char *text)
{
    char *end = NULL;
    if (!isdigit((unsigned char)*text))
        return false;
    const unsigned long number = strtoul(text, &end, 10);
    return *end == '\0' && number > 0 && number <= 65535;
}

/* One URL of the list: scheme, host, and a port that is a number if it is there. */
static bool server_ok(const char *url, bool *secure)
{
    if (strncmp(url, "nats://", 7) == 0)
        *secure = false;
    else if (strncmp(url, "tls://", 6) == 0)
        *secure = true;
    else
        return false;
    const char *host = strstr(url, "//") + 2;
    const char *at = strrchr(host, '@');
    if (at != NULL)
        host = at + 1;
    if (strpbrk(host, " \t\r\n/?#") != NULL || *host == '\0' || *host == ':')
        return false;
    const char *bracket = *host == '[' ? strchr(host, ']') : host;
    if (bracket == NULL)
        return false;
    const char *colon = strchr(bracket, ':');
    return colon == NULL || port_ok(colon + 1);
}

/* `copy` is cut into `servers`, which point into it; `shown` gets the list without credentials. */
static unsigned split_url(char *copy, const char **servers, bool *secure, char *shown, size_t size)
{
    unsigned count = 0;
    size_t length = 0;
    char *rest = NULL;
    shown[0] = '\0';
    for (char *url = strtok_r(copy, ",", &rest); url != NULL; url = strtok_r(NULL, ",", &rest)) {
        bool tls = false;
        while (*url == ' ')
            url++;
        if (count >= NATS_URL_MAX || !server_ok(url, &tls))
            return 0;
        *secure = *secure || tls;
        const char *host = strstr(url, "//") + 2;
        const char *at = strrchr(host, '@');
        const int wrote = snprintf(shown + length, size - length, "%s%s%s", count > 0 ? "," : "",
                                   tls ? "tls://" : "nats://", at != NULL ? at + 1 : host);
        length = wrote > 0 && (size_t)wrote < size - length ? length + (size_t)wrote : size - 1;
        servers[count++] = url;
    }
    return count;
}

/* ---- options --------------------------------------------------------------------------------------------
 */

static natsStatus set_credentials(natsOptions *to, const aegis_options *options)
{
    natsStatus status = NATS_OK;
    if (options->user != NULL)
        status =
            natsOptions_SetUserInfo(to, options->user, options->password != NULL ? options->password : "");
    if (status == NATS_OK && options->credentials_file != NULL)
        status = natsOptions_SetUserCredentialsFromFiles(to, options->credentials_file, NULL);
    return status;
}

static natsStatus make_options(nats_engine *engine, const aegis_options *options, const char **servers,
                               bool secure)
{
    natsStatus s = natsOptions_Create(&engine->options);
    natsOptions *to = engine->options;
    if (s == NATS_OK)
        s = natsOptions_SetServers(to, servers, (int)engine->servers);
    if (s == NATS_OK)
        s = natsOptions_SetName(to, options->name != NULL ? options->name : program_invocation_short_name);
    if (s == NATS_OK && secure)
        s = natsOptions_SetSecure(to, true);
    if (s == NATS_OK)
        s = natsOptions_SetSendAsap(to, true);
    if (s == NATS_OK)
        s = natsOptions_SetAllowReconnect(to, false);
    if (s == NATS_OK)
        s = natsOptions_SetPingInterval(to, PING_INTERVAL_MS);
    if (s == NATS_OK)
        s = natsOptions_SetMaxPingsOut(to, PINGS_OUT);
    if (s == NATS_OK)
        s = natsOptions_SetWriteDeadline(to, WRITE_DEADLINE_MS);
    return s == NATS_OK ? set_credentials(to, options) : s;
}

/* ---- the connection's operations ------------------------------------------------------------------------
 */

static void health(aegis_port *port, aegis_health *health)
{
    nats_engine *engine = aegis_nats_engine_of(port);
    pthread_mutex_lock(&engine->lock);
    *health = (aegis_health){0};
    health->connected = engine->link != NULL && !engine->link->closed && !engine->stuck;
    health->connections = engine->link != NULL ? 1 : 0;
    health->durable = health->connected && engine->durable == 1;
    health->reconnects = engine->reconnects;
    const int64_t limit = atomic_load(&engine->max_payload);
    health->max_payload = limit > 0 ? (uint64_t)limit : 0;
    snprintf(health->server, sizeof health->server, "%s", engine->server);
    pthread_mutex_unlock(&engine->lock);
}

static aegis_status flush(aegis_port *port, int64_t deadline, aegis_error *error)
{
    return aegis_nats_flush_connection(aegis_nats_engine_of(port), deadline, error);
}

static void close_port(aegis_port *port)
{
    if (port == NULL)
        return;
    nats_engine *engine = aegis_nats_engine_of(port);
    aegis_nats_flush_connection(engine, aegis_clock_monotonic() + AEGIS_SECOND, NULL);
    aegis_nats_engine_stop(engine);
    free(port);
}

static const aegis_port_ops operations = {
    .publish = aegis_nats_publish,
    .request = aegis_nats_request,
    .subscribe = aegis_nats_subscribe,
    .next = aegis_nats_next,
    .release = aegis_nats_release,
    .wake = aegis_nats_wake,
    .drain = aegis_nats_drain,
    .close_source = aegis_nats_close_source,
    .completions = aegis_nats_completions,
    .submit = aegis_nats_submit,
    .cancel = aegis_nats_cancel,
    .ensure_stream = aegis_nats_ensure_stream,
    .stream_info = aegis_nats_stream_info,
    .publish_durable = aegis_nats_publish_durable,
    .ensure_consumer = aegis_nats_ensure_consumer,
    .consumer_info = aegis_nats_consumer_info,
    .consume = aegis_nats_consume,
    .credit = aegis_nats_credit,
    .settle = aegis_nats_settle,
    .ensure_bucket = aegis_nats_ensure_bucket,
    .kv_get = aegis_nats_kv_get,
    .kv_put = aegis_nats_kv_put,
    .kv_delete = aegis_nats_kv_delete,
    .kv_keys = aegis_nats_kv_keys,
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
        return aegis_error_set(error, AEGIS_UNAUTHENTICATED, "the NATS server at %s refused our credentials",
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
        const aegis_status result = aegis_nats_connect(engine, deadline, &link, &status);
        if (result == AEGIS_OK) {
            pthread_mutex_lock(&engine->lock);
            aegis_nats_link_up(engine, link);
            pthread_mutex_unlock(&engine->lock);
            return AEGIS_OK;
        }
        const struct timespec pause = {.tv_nsec = (long)RETRY_PAUSE};
        if (result == AEGIS_RESOURCE_EXHAUSTED)
            return aegis_error_set(error, result, "no memory for a connection");
        if (result == AEGIS_UNAUTHENTICATED || aegis_clock_monotonic() + 2 * RETRY_PAUSE > deadline)
            return refused(engine, status, timeout, error);
        nanosleep(&pause, NULL);
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
    pthread_cond_destroy(&waiter.wake);
    pthread_mutex_unlock(&engine->lock);
}

static aegis_status open_port(nats_port *port, const aegis_options *options, const char **servers,
                              bool secure, aegis_error *error)
{
    nats_engine *engine = &port->engine;
    natsInbox *inbox = NULL;
    aegis_status result = aegis_nats_engine_start(engine);
    if (result != AEGIS_OK)
        return aegis_error_set(error, result, "no descriptors for a connection");
    natsStatus status = make_options(engine, options, servers, secure);
    if (status == NATS_OK)
        status = natsInbox_Create(&inbox);
    if (status != NATS_OK)
        return aegis_nats_error(error, status, "options");
    snprintf(engine->inbox, sizeof engine->inbox, "%s", inbox);
    natsInbox_Destroy(inbox);
    result = first_connection(
        engine, options->connect_timeout > 0 ? options->connect_timeout : CONNECT_TIMEOUT_DEFAULT, error);
    if (result != AEGIS_OK)
        return result;
    if (aegis_nats_keeper_start(engine) != AEGIS_OK)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no thread for a connection");
    await_probe(engine);
    return AEGIS_OK;
}

aegis_status aegis_nats_open(const char *url, const aegis_options *options, aegis_port **result,
                             aegis_error *error)
{
    static const aegis_options defaults = {0};
    const char *servers[NATS_URL_MAX];
    bool secure = false;
    if (options == NULL)
        options = &defaults;
    if (url == NULL)
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "no URL");
    char *copy = strdup(url);
    nats_port *port = (nats_port *)calloc(1, sizeof *port);
    if (copy == NULL || port == NULL) {
        free(copy);
        free(port);
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no memory for a connection");
    }
    nats_engine *engine = &port->engine;
    port->base.ops = &operations;
    engine->port = &port->base;
    engine->log = (aegis_log){options->log, options->log_user};
    engine->servers = split_url(copy, servers, &secure, engine->url, sizeof engine->url);
    aegis_status status;
    if (engine->servers == 0) {
        status = aegis_error_set(error, AEGIS_INVALID_ARGUMENT,
                                 "'%s' is not a NATS URL: nats://host:port[,...]", url);
    } else {
        status = open_port(port, options, servers, secure, error);
        if (status != AEGIS_OK)
            aegis_nats_engine_stop(engine);
    }
    free(copy);
    if (status != AEGIS_OK)
        free(port);
    else
        *result = &port->base;
    return status;
}
