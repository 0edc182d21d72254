/* The listener's thread. It drives the HTTP library by itself, in place of one of the library's threads, to
 * give each connection a time of its own: the library's timeouts begin anew with each byte, so that who sends
 * one now and then would hold a connection for ever. Here it is shut down when its time is over, whatever it
 * did; the library then finds it closed. A connection is one request, so this is the request's time too.
 *
 * At most CONNECTIONS are open; others wait in the socket's backlog. While all are taken each has BRIEFLY
 * only, which a probe does not need and who is idle does not have: however many connect and say nothing, a
 * probe is answered soon. No signal is taken on this thread. */
#define _GNU_SOURCE
#include "http/internal.h"

#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 128
#define TIME        (10 * AEGIS_SECOND)
#define BRIEFLY     (100 * AEGIS_MILLISECOND)
/* Of one connection: request line, headers, and what the library writes before a page. */
#define REQUEST_SIZE ((size_t)8 << 10)

/* A connection that is open; socket -1: the place is free. */
typedef struct visitor {
    int socket;
    int64_t since; /* on the monotonic clock */
} visitor;

struct aegis_http {
    aegis_bus *bus;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    int wake; /* an eventfd: the thread has to end */
    int poll; /* the library's epoll */
    uint16_t port;
    bool closed; /* a connection has */
    size_t open;
    visitor visitors[CONNECTIONS];
};

static int64_t now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * AEGIS_SECOND + t.tv_nsec;
}

/* ---- connections ----------------------------------------------------------------------------------------
 */

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    aegis_http *http = (aegis_http *)cls;
    visitor *v = (visitor *)*context;
    size_t i;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        http->closed = true;
        if (v != NULL) {
            v->socket = -1;
            http->open--;
        }
        return;
    }
    for (i = 0; i < CONNECTIONS; i++) {
        v = &http->visitors[i];
        if (v->socket >= 0)
            continue;
        v->socket = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        v->since = now();
        http->open++;
        *context = v;
        return;
    }
}

/* Shut down whose time is over; when the next one's will be, INT64_MAX: there is none. */
static int64_t end_overdue(aegis_http *http)
{
    const int64_t time = http->open < CONNECTIONS ? TIME : BRIEFLY;
    const int64_t at = now();
    int64_t next = INT64_MAX;
    size_t i;

    for (i = 0; i < CONNECTIONS; i++) {
        visitor *v = &http->visitors[i];

        if (v->socket < 0)
            continue;
        if (v->since + time <= at) {
            (void)shutdown(v->socket, SHUT_RDWR);
            v->since = at; /* should the library not have seen it */
        }
        if (v->since + time < next)
            next = v->since + time;
    }
    return next;
}

/* ---- requests -------------------------------------------------------------------------------------------
 */

static void free_arena(void *arena)
{
    aegis_arena_free((aegis_arena *)arena);
}

/* The page goes out with its arena, which the library then frees. */
static enum MHD_Result send_page(struct MHD_Connection *connection, const aegis_http_page *page,
                                 aegis_arena *arena)
{
    struct MHD_Response *response =
        page->text != NULL ? MHD_create_response_from_buffer_with_free_callback_cls(page->size, page->text,
                                                                                    free_arena, arena)
                           : NULL;
    enum MHD_Result result = MHD_NO;

    if (response == NULL) {
        aegis_arena_free(arena);
        return MHD_NO; /* closes the connection */
    }
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, page->type) == MHD_YES &&
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES &&
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") == MHD_YES &&
        (page->status != MHD_HTTP_METHOD_NOT_ALLOWED ||
         MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD") == MHD_YES))
        result = MHD_queue_response(connection, page->status, response);
    MHD_destroy_response(response);
    return result;
}

/* Called first without a body, then with each piece of it, then with none again; only that is answered, as an
 * answer before the end of a body may be lost with the connection. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *body, size_t *size,
                                  void **context)
{
    aegis_http *http = (aegis_http *)cls;
    aegis_http_page page;
    aegis_arena *arena;

    (void)version;
    (void)body;
    if (*context == NULL || *size > 0) {
        *context = http;
        *size = 0;
        return MHD_YES;
    }
    arena = aegis_arena_new(NULL);
    if (arena == NULL)
        return MHD_NO;
    if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
        aegis_http_page_of(http->bus, url, arena, &page);
    else
        aegis_http_say(&page, arena, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD are answered here");
    return send_page(connection, &page, arena);
}

/* ---- the thread -----------------------------------------------------------------------------------------
 */

/* Milliseconds until the next thing is due, rounded up; -1: nothing is. */
static int wait_for(struct MHD_Daemon *daemon, int64_t until)
{
    MHD_UNSIGNED_LONG_LONG library = 0;
    int64_t left = INT64_MAX;

    if (until != INT64_MAX) {
        left = (until - now() + AEGIS_MILLISECOND - 1) / AEGIS_MILLISECOND;
        left = left > 0 ? left : 0;
    }
    if (MHD_get_timeout(daemon, &library) == MHD_YES && (int64_t)library < left)
        left = (int64_t)library;
    return left > TIME / AEGIS_MILLISECOND ? -1 : (int)left;
}

static void *work(void *user)
{
    aegis_http *http = (aegis_http *)user;
    struct pollfd fds[2] = {{.fd = http->wake, .events = POLLIN}, {.fd = http->poll, .events = POLLIN}};

    do {
        (void)poll(fds, 2, wait_for(http->daemon, end_overdue(http)));
        /* When all places were taken the library looks for new ones only as it is run after one became free.
         */
        do {
            http->closed = false;
            (void)MHD_run(http->daemon);
        } while (http->closed);
    } while ((fds[0].revents & POLLIN) == 0);
    return NULL;
}

static int start_thread(aegis_http *http)
{
    sigset_t all, before;
    int failed;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&http->thread, NULL, work, http);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

static struct MHD_Daemon *start_daemon(aegis_http *http, int fd)
{
    return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, http, MHD_OPTION_LISTEN_SOCKET, fd,
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, REQUEST_SIZE, MHD_OPTION_NOTIFY_CONNECTION,
                            on_connection, http, MHD_OPTION_END);
}

static aegis_status fail(aegis_http *http, aegis_status status)
{
    if (http->daemon != NULL)
        MHD_stop_daemon(http->daemon);
    if (http->wake >= 0)
        (void)close(http->wake);
    free(http);
    return status;
}

aegis_status aegis_http_start(aegis_bus *bus, const aegis_http_options *options, aegis_http **out,
                              aegis_error *error)
{
    aegis_http *http = (aegis_http *)calloc(1, sizeof *http);
    const union MHD_DaemonInfo *info;
    aegis_status status;
    size_t i;
    int fd;

    *out = NULL;
    if (http == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    http->bus = bus;
    for (i = 0; i < CONNECTIONS; i++)
        http->visitors[i].socket = -1;
    http->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (http->wake < 0)
        return fail(http, aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no file descriptor is left"));
    status = aegis_http_listen(options, &fd, &http->port, error);
    if (status != AEGIS_OK)
        return fail(http, status);
    http->daemon = start_daemon(http, fd);
    if (http->daemon == NULL) {
        (void)close(fd);
        return fail(http, aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "the HTTP library did not start"));
    }
    info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    http->poll = info->epoll_fd;
    if (start_thread(http) != 0)
        return fail(http,
                    aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no thread for the HTTP listener"));
    *out = http;
    return AEGIS_OK;
}

uint16_t aegis_http_port(const aegis_http *http)
{
    return http->port;
}

void aegis_http_stop(aegis_http *http)
{
    const uint64_t one = 1;

    if (http == NULL)
        return;
    (void)!write(http->wake, &one, sizeof one);
    (void)pthread_join(http->thread, NULL);
    MHD_stop_daemon(http->daemon); /* closes the socket, and what is connected */
    (void)close(http->wake);
    free(http);
}
