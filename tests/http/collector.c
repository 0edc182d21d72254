#define _GNU_SOURCE
#include "http/collector.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static bool stopping(collector *c)
{
    bool is;

    (void)pthread_mutex_lock(&c->lock);
    is = c->stopping;
    (void)pthread_mutex_unlock(&c->lock);
    return is;
}

/* False at the end of the test. */
static bool wait_for(collector *c, int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    while (!stopping(c)) {
        if (poll(&ready, 1, 20) > 0)
            return true;
    }
    return false;
}

/* One request; NULL when the connection is over. `*body` points into it. */
static char *read_request(collector *c, int fd, char **body)
{
    size_t room = 1 << 16, size = 0, whole = SIZE_MAX;
    char *text = (char *)malloc(room + 1), *end = NULL;

    while (text != NULL && size < whole) {
        ssize_t got;

        if (size == room) {
            room *= 2;
            text = (char *)realloc(text, room + 1);
        }
        got = text != NULL && wait_for(c, fd) ? read(fd, text + size, room - size) : 0;
        if (got <= 0) {
            free(text);
            return NULL;
        }
        size += (size_t)got;
        text[size] = '\0';
        if (end == NULL && (end = strstr(text, "\r\n\r\n")) != NULL) {
            const char *length = strcasestr(text, "content-length:");

            whole = (size_t)(end + 4 - text) + (length != NULL ? strtoul(length + 15, NULL, 10) : 0);
        }
    }
    *body = text != NULL ? strstr(text, "\r\n\r\n") + 4 : NULL;
    return text;
}

static collector_answer keep(collector *c, const char *request, const char *body)
{
    static const collector_answer good = {.text = NULL};
    collector_answer answer = good;
    size_t at;

    (void)pthread_mutex_lock(&c->lock);
    at = c->requests++;
    if (at < COLLECTOR_BODIES) {
        c->bodies[at] = strdup(body);
        (void)snprintf(c->heads[at], sizeof c->heads[at], "%.*s", (int)(body - request), request);
    }
    if (c->answer_count > 0)
        answer = c->answers[at < c->answer_count ? at : c->answer_count - 1];
    (void)pthread_mutex_unlock(&c->lock);
    return answer;
}

static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void nap(collector *c, int ms)
{
    const struct timespec one = {0, 1000000};
    const int64_t until = now_ms() + ms;

    while (now_ms() < until && !stopping(c))
        (void)nanosleep(&one, NULL);
}

static bool say(int fd, const char *text, size_t size)
{
    return send(fd, text, size, MSG_NOSIGNAL) == (ssize_t)size;
}

/* False: the connection is over. */
static bool answer_one(collector *c, int fd)
{
    static const char good[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                               "Content-Length: 2\r\n\r\n{}";
    static const char zeros[4096] = {0};
    char *body, *request = read_request(c, fd, &body);
    collector_answer answer;
    const char *text;
    bool open;

    if (request == NULL)
        return false;
    answer = keep(c, request, body);
    free(request);
    nap(c, answer.wait_ms);
    if (answer.hang_up)
        return false;
    text = answer.text != NULL ? answer.text : good;
    open = say(fd, text, strlen(text));
    while (answer.endless && open && !stopping(c))
        open = say(fd, zeros, sizeof zeros);
    return open && strncmp(text, "HTTP/1.1 ", 9) == 0;
}

static void *serve(void *user)
{
    collector *c = (collector *)user;

    while (wait_for(c, c->listener)) {
        const int fd = accept(c->listener, NULL, NULL);

        (void)pthread_mutex_lock(&c->lock);
        c->connections++;
        (void)pthread_mutex_unlock(&c->lock);
        while (fd >= 0 && answer_one(c, fd))
            continue;
        (void)close(fd);
    }
    return NULL;
}

static int listen_somewhere(uint16_t *port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    assert_int_equal(listen(fd, 16), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

void collector_start(collector *c, const collector_answer *answers, size_t count)
{
    memset(c, 0, sizeof *c);
    (void)pthread_mutex_init(&c->lock, NULL);
    c->answers = answers;
    c->answer_count = count;
    c->listener = listen_somewhere(&c->port);
    (void)snprintf(c->url, sizeof c->url, "http://127.0.0.1:%u/v1/traces", (unsigned)c->port);
    assert_int_equal(pthread_create(&c->thread, NULL, serve, c), 0);
}

size_t collector_wait(collector *c, size_t count)
{
    const struct timespec one = {0, 1000000};
    size_t seen = 0;

    for (int i = 0; i < 10000 && seen < count; i++) {
        (void)nanosleep(&one, NULL);
        (void)pthread_mutex_lock(&c->lock);
        seen = c->requests;
        (void)pthread_mutex_unlock(&c->lock);
    }
    return seen;
}

void collector_stop(collector *c)
{
    (void)pthread_mutex_lock(&c->lock);
    c->stopping = true;
    (void)pthread_mutex_unlock(&c->lock);
    (void)pthread_join(c->thread, NULL);
    (void)close(c->listener);
    for (size_t i = 0; i < COLLECTOR_BODIES; i++)
        free(c->bodies[i]);
    (void)pthread_mutex_destroy(&c->lock);
}

uint16_t collector_nobody(void)
{
    uint16_t port;

    (void)close(listen_somewhere(&port));
    return port;
}
