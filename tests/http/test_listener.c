/* The HTTP listener, asked as monitoring asks and as nobody should. */
#define _POSIX_C_SOURCE 200809L
#include "contract/world.h"

#include <aegis/http.h>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/web.h"

static aegis_http *listen_on(world *w, const char *address)
{
    const aegis_http_options options = {.address = address};
    aegis_error error = {0};
    aegis_http *http = NULL;

    if (aegis_http_start(w->bus, &options, &http, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    assert_true(aegis_http_port(http) > 0);
    return http;
}

static void expect(uint16_t port, const char *request, int status, const char *head, const char *body)
{
    web_answer answer = web_ask(port, request);

    if (answer.status != status)
        fail_msg("%s: %d\n%s", request, answer.status, answer.body);
    if (strstr(answer.head, head) == NULL)
        fail_msg("%s: no %s in\n%s", request, head, answer.head);
    if (body != NULL && strncmp(answer.body, body, strlen(body)) != 0)
        fail_msg("%s: not %s but %s", request, body, answer.body);
    web_forget(&answer);
}

static void test_pages(void **state)
{
    world *w = (world *)*state;
    aegis_http *http = listen_on(w, NULL);
    const uint16_t port = aegis_http_port(http);

    expect(port, "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", 200, "Content-Type: text/plain; charset=utf-8\r\n",
           "live\n");
    expect(port, "GET /livez HTTP/1.0\r\n\r\n", 200, "Connection: close\r\n", "live\n");
    expect(port, "GET /readyz?verbose=1 HTTP/1.1\r\nHost: a\r\n\r\n", 200, "Cache-Control: no-store\r\n",
           "ready\n");
    expect(port, "HEAD /livez HTTP/1.1\r\nHost: a\r\n\r\n", 200, "Content-Length: ", "");
    expect(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 404, "Connection: close\r\n", NULL);
    expect(port, "GET /livez/../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", 404, "text/plain", NULL);
    expect(port, "GET /LIVEZ HTTP/1.1\r\nHost: a\r\n\r\n", 404, "text/plain", NULL);
    expect(port, "POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 405,
           "Allow: GET, HEAD\r\n", "only GET and HEAD are answered here\n");
    expect(port, "DELETE /livez HTTP/1.1\r\nHost: a\r\n\r\n", 405, "Allow: GET, HEAD\r\n", NULL);
    aegis_http_stop(http);
    assert_int_equal(web_connect(port, false), -1);
}

/* The reasons are there, and change. */
static void test_not_ready(void **state)
{
    world *w = (world *)*state;
    const int64_t until = aegis_clock_monotonic() + TEN_SECONDS;
    aegis_http *http = listen_on(w, NULL);
    const uint16_t port = aegis_http_port(http);
    web_answer answer;
    int status = 200;

    expect(port, "GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n", 200, "", "ready\n+ connection.calls: ");
    if (world_is_nats()) {
        nats_server_kill(&w->server);
        while (status == 200 && aegis_clock_monotonic() < until) {
            answer = web_get(port, "/readyz");
            status = answer.status;
            if (status != 200)
                assert_memory_equal(answer.body, "not ready\n- connection.calls", 28);
            web_forget(&answer);
        }
        assert_int_equal(status, 503);
        expect(port, "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", 200, "", "live\n");
        answer = web_get(port, "/metrics");
        assert_non_null(strstr(answer.body, "\naegis_ready 0\n"));
        assert_non_null(strstr(answer.body, "\naegis_connection_up 0\n"));
        web_forget(&answer);
        assert_true(nats_server_restart(&w->server));
    }
    aegis_http_stop(http);
}

/* Whatever comes is answered or dropped, and the next one is served. */
static void test_garbage(void **state)
{
    static const char *const garbage[] = {
        "\r\n\r\nGET /livez HTTP/1.0\r\n\r\n",
        "GET\r\n\r\n",
        "GET /livez HTTP/9.9\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 no TLS here\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999999\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "GET /livez HTTP/1.1\r\n: :\r\n\r\n",
    };
    world *w = (world *)*state;
    aegis_http *http = listen_on(w, NULL);
    const uint16_t port = aegis_http_port(http);
    char *large = (char *)malloc((size_t)1 << 20);
    web_answer answer;
    size_t i;

    for (i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        const int fd = web_connect(port, false);

        assert_true(web_send(fd, garbage[i], strlen(garbage[i])));
        (void)shutdown(fd, SHUT_WR);
        answer = web_read(fd, 30);
        assert_true(answer.status == 0 || answer.status == 200 ||
                    (answer.status >= 400 && answer.status < 600));
        web_forget(&answer);
    }
    assert_non_null(large);
    memset(large, 'x', (size_t)1 << 20);
    memcpy(large, "GET /", 5);
    large[((size_t)1 << 20) - 1] = '\0';
    answer = web_ask(port, large);
    assert_true(answer.status == 0 || answer.status == 414 || answer.status == 431 || answer.status == 413);
    web_forget(&answer);
    free(large);
    expect(port, "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", 200, "", "live\n");
    aegis_http_stop(http);
}

static void test_addresses(void **state)
{
    world *w = (world *)*state;
    aegis_http *http = listen_on(w, "127.0.0.1"), *other = NULL;
    aegis_http_options options = {.port = aegis_http_port(http)};
    aegis_error error = {0};
    char text[128];
    web_answer answer;
    int fd;

    assert_int_equal(aegis_http_start(w->bus, &options, &other, &error), AEGIS_UNAVAILABLE);
    assert_null(other);
    (void)snprintf(text, sizeof text, "cannot listen on 127.0.0.1:%u: Address already in use",
                   (unsigned)options.port);
    assert_string_equal(error.text, text);
    aegis_http_stop(http);
    /* It is free again at once. */
    assert_int_equal(aegis_http_start(w->bus, &options, &other, &error), AEGIS_OK);
    assert_int_equal(aegis_http_port(other), options.port);
    aegis_http_stop(other);

    options = (aegis_http_options){.address = "300.1.2.3"};
    assert_int_equal(aegis_http_start(w->bus, &options, &other, &error), AEGIS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "\"300.1.2.3\" is no address to listen on"));
    options.address = "192.0.2.1";
    assert_int_equal(aegis_http_start(w->bus, &options, &other, &error), AEGIS_UNAVAILABLE);
    assert_non_null(strstr(error.text, "cannot listen on 192.0.2.1:0: "));
    assert_int_equal(aegis_http_start(w->bus, &options, &other, NULL), AEGIS_UNAVAILABLE);

    fd = socket(AF_INET6, SOCK_STREAM, 0);
    (void)close(fd);
    options.address = "::1";
    if (fd < 0 || aegis_http_start(w->bus, &options, &other, &error) != AEGIS_OK) {
        print_message("no IPv6 here: skipped\n");
        return;
    }
    fd = web_connect(aegis_http_port(other), true);
    assert_true(fd >= 0);
    assert_true(web_send(fd, "GET /livez HTTP/1.0\r\n\r\n", 23));
    answer = web_read(fd, 30);
    assert_int_equal(answer.status, 200);
    web_forget(&answer);
    options.port = aegis_http_port(other);
    http = NULL;
    assert_int_equal(aegis_http_start(w->bus, &options, &http, &error), AEGIS_UNAVAILABLE);
    assert_non_null(strstr(error.text, "cannot listen on [::1]:"));
    aegis_http_stop(other);
}

/* More than are let in at once connect and say nothing, or one byte now and then, and stay. */
static void test_idle_ones(void **state)
{
    enum { IDLE = 200, PROBES = 5 };
    world *w = (world *)*state;
    aegis_http *http = listen_on(w, NULL);
    const uint16_t port = aegis_http_port(http);
    int fds[IDLE];

    for (size_t i = 0; i < IDLE; i++) {
        fds[i] = web_connect(port, false);
        assert_true(fds[i] >= 0);
        if (i % 2 == 0)
            assert_true(web_send(fds[i], "GET /livez HTTP/1.1\r\nX: ", 24));
    }
    for (int probe = 0; probe < PROBES; probe++) {
        const int64_t began = aegis_clock_monotonic();

        expect(port, "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", 200, "", "live\n");
        assert_true(aegis_clock_monotonic() - began < AEGIS_SECOND);
        for (size_t i = 0; i < IDLE; i += 2) { /* those that were sent away come again */
            if (!web_send(fds[i], "x", 1)) {
                (void)close(fds[i]);
                fds[i] = web_connect(port, false);
            }
        }
    }
    for (size_t i = 0; i < IDLE; i++)
        (void)close(fds[i]);
    aegis_http_stop(http);
}

/* Who is alone has its time, and not more: one byte now and then does not make it longer. */
static void test_slow_one(void **state)
{
    world *w = (world *)*state;
    aegis_http *http = listen_on(w, NULL);
    const int64_t began = aegis_clock_monotonic();
    const int fd = web_connect(aegis_http_port(http), false);
    struct pollfd ended = {.fd = fd, .events = POLLIN};

    if (world_is_nats()) {
        (void)close(fd);
        aegis_http_stop(http);
        skip(); /* seen on the other bus; it takes its time */
    }
    assert_true(web_send(fd, "GET /livez HTTP/1.1\r\nX: ", 24));
    while (poll(&ended, 1, 500) == 0) {
        assert_true(aegis_clock_monotonic() - began < 30 * AEGIS_SECOND);
        (void)web_send(fd, "x", 1);
    }
    assert_true(aegis_clock_monotonic() - began > 9 * AEGIS_SECOND);
    (void)close(fd);
    aegis_http_stop(http);
}

/* ---- many at once, with calls meanwhile -----------------------------------------------------------------
 */

enum { SCRAPERS = 200 };

typedef struct scraper {
    uint16_t port;
    pthread_t thread;
    bool good;
} scraper;

static void *scrape(void *user)
{
    scraper *s = (scraper *)user;
    web_answer answer = web_get(s->port, "/readyz");

    s->good = answer.status == 200 && strncmp(answer.body, "ready\n", 6) == 0;
    web_forget(&answer);
    return NULL;
}

static void test_parallel(void **state)
{
    world *w = (world *)*state;
    const aegis_service_options options = {.concurrency = 2};
    aegis_http *http;
    static scraper scrapers[SCRAPERS];
    size_t i;

    w->service = start(w, &peer_type, &options);
    http = listen_on(w, NULL);
    for (i = 0; i < SCRAPERS; i++) {
        scrapers[i] = (scraper){.port = aegis_http_port(http)};
        assert_int_equal(pthread_create(&scrapers[i].thread, NULL, scrape, &scrapers[i]), 0);
        assert_int_equal(call(w, "echo", &seven).failed.status, AEGIS_OK);
    }
    for (i = 0; i < SCRAPERS; i++) {
        (void)pthread_join(scrapers[i].thread, NULL);
        assert_true(scrapers[i].good);
    }
    aegis_http_stop(http);
}

/* It ends while it is asked. */
static void test_stop(void **state)
{
    world *w = (world *)*state;
    int round;

    for (round = 0; round < 20; round++) {
        aegis_http *http = listen_on(w, NULL);
        scraper scrapers[8];
        const int idle = web_connect(aegis_http_port(http), false);
        size_t i;

        for (i = 0; i < 8; i++) {
            scrapers[i] = (scraper){.port = aegis_http_port(http)};
            assert_int_equal(pthread_create(&scrapers[i].thread, NULL, scrape, &scrapers[i]), 0);
        }
        if (round % 2 == 1)
            nap(AEGIS_MILLISECOND);
        aegis_http_stop(http);
        for (i = 0; i < 8; i++)
            (void)pthread_join(scrapers[i].thread, NULL);
        (void)close(idle);
    }
    aegis_http_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_pages),     WORLD_CASE(test_not_ready), WORLD_CASE(test_garbage),
        WORLD_CASE(test_addresses), WORLD_CASE(test_parallel),  WORLD_CASE(test_stop),
        WORLD_CASE(test_idle_ones), WORLD_CASE(test_slow_one),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
