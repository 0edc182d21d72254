/* The exporter of spans alone: what it writes and sends, and what it does when nobody takes it. Every request
 * is held against the rules of OTLP. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <aegis/otlp.h>

#include "http/collector.h"
#include "http/otlp_rules.h"

typedef struct logged {
    pthread_mutex_t lock;
    int warnings, infos;
    char last[512], first[512];
} logged;

static void on_line(void *user, aegis_log_level level, const char *line)
{
    logged *l = (logged *)user;

    (void)pthread_mutex_lock(&l->lock);
    if (l->warnings + l->infos == 0)
        (void)snprintf(l->first, sizeof l->first, "%s", line);
    if (level == AEGIS_LOG_WARNING)
        l->warnings++;
    else
        l->infos++;
    (void)snprintf(l->last, sizeof l->last, "%s", line);
    (void)pthread_mutex_unlock(&l->lock);
}

static logged lines = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int set_up(void **state)
{
    (void)state;
    lines.warnings = lines.infos = 0;
    lines.first[0] = lines.last[0] = '\0';
    return 0;
}

/* Quick about everything. */
static aegis_otlp_options options_for(const char *endpoint)
{
    return (aegis_otlp_options){.endpoint = endpoint,
                                .service_name = "shop",
                                .instance = "shop-1",
                                .interval = 5 * AEGIS_MILLISECOND,
                                .close_timeout = 5 * AEGIS_SECOND,
                                .log = on_line,
                                .log_user = &lines};
}

static aegis_otlp *open_one(const aegis_otlp_options *options)
{
    aegis_otlp *otlp;
    aegis_error error = {0};

    if (aegis_otlp_open(options, &otlp, &error) != AEGIS_OK)
        fail_msg("%s", error.text);
    return otlp;
}

static aegis_span call_span(void)
{
    aegis_span span = {.kind = AEGIS_SPAN_CLIENT,
                       .about = AEGIS_SPAN_CALL,
                       .service = "Orders",
                       .method = "create_order",
                       .took = 1500,
                       .attempts = 1};

    span.started = aegis_now();
    memcpy(span.trace_id, aegis_uuid_new().bytes, 16);
    memcpy(span.span_id, aegis_uuid_new().bytes, 8);
    return span;
}

static void add(aegis_otlp *otlp, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        aegis_span span = call_span();

        aegis_otlp_span(otlp, &span);
    }
}

static void nap_ms(int ms)
{
    const struct timespec t = {ms / 1000, (ms % 1000) * 1000000L};

    (void)nanosleep(&t, NULL);
}

/* Until so many are sent, lost or dropped. */
static aegis_otlp_counts settled(aegis_otlp *otlp, uint64_t spans)
{
    aegis_otlp_counts counts;

    for (int i = 0; i < 10000; i++) {
        aegis_otlp_read(otlp, &counts);
        if (counts.sent + counts.lost + counts.dropped >= spans)
            break;
        nap_ms(1);
    }
    assert_int_equal(counts.sent + counts.lost + counts.dropped, spans);
    return counts;
}

/* All requests keep the rules; the spans in them. */
static size_t check_bodies(const collector *c)
{
    size_t total = 0, spans;

    for (size_t i = 0; i < c->requests && i < COLLECTOR_BODIES; i++) {
        const char *wrong = otlp_rules_check(c->bodies[i], &spans);

        if (wrong != NULL)
            fail_msg("request %zu: %s", i, wrong);
        total += spans;
    }
    return total;
}

/* ---- to a collector ----------------------------------------------------------------------------------- */

static void test_post(void **state)
{
    aegis_otlp_options options;
    aegis_otlp *otlp;
    aegis_otlp_counts counts;
    json_t *request;
    const json_t *resource;
    collector c;

    (void)state;
    collector_start(&c, NULL, 0);
    options = options_for(c.url);
    options.headers = " authorization = Bearer%20abc%2C1 ,x-scope-orgid=7";
    options.resource =
        "deployment.environment.name=test%20bench,service.name=not%20this,host.name=h\xc3\xa4user";
    otlp = open_one(&options);
    add(otlp, 3);
    counts = settled(otlp, 3);
    assert_int_equal(counts.sent, 3);
    add(otlp, 2000); /* more than one request */
    assert_int_equal(aegis_otlp_close(otlp, NULL), AEGIS_OK);
    assert_int_equal(check_bodies(&c), 2003);
    assert_int_equal(c.connections, 1);
    assert_memory_equal(c.heads[0], "POST /v1/traces HTTP/1.1\r\n", 26);
    assert_non_null(strstr(c.heads[0], "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(c.heads[0], "\r\nauthorization: Bearer abc,1\r\n"));
    assert_non_null(strstr(c.heads[0], "\r\nx-scope-orgid: 7\r\n"));
    assert_null(strstr(c.heads[0], "Expect"));
    request = json_loads(c.bodies[0], 0, NULL);
    resource = json_object_get(json_array_get(json_object_get(request, "resourceSpans"), 0), "resource");
    assert_string_equal(otlp_attribute(resource, "service.name"), "shop");
    assert_string_equal(otlp_attribute(resource, "service.instance.id"), "shop-1");
    assert_string_equal(otlp_attribute(resource, "deployment.environment.name"), "test bench");
    assert_string_equal(otlp_attribute(resource, "host.name"), "h\xc3\xa4user");
    assert_string_equal(otlp_attribute(resource, "telemetry.sdk.name"), "aegis");
    assert_string_equal(otlp_attribute(resource, "telemetry.sdk.language"), "c");
    assert_string_equal(otlp_attribute(resource, "telemetry.sdk.version"), AEGIS_VERSION);
    json_decref(request);
    collector_stop(&c);
    assert_int_equal(lines.warnings + lines.infos, 0);
}

/* What may pass is repeated, with the same request, and as late as the collector asks. */
static void test_again(void **state)
{
    static const collector_answer answers[] = {
        {.text = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"},
        {.text = "HTTP/1.1 429 Too many\r\nRetry-After: 1\r\nContent-Length: 4\r\n\r\nlate"},
        {.hang_up = true},
        {.text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"}};
    const int64_t began = aegis_now();
    aegis_otlp_options options;
    aegis_otlp_counts counts;
    aegis_otlp *otlp;
    collector c;

    (void)state;
    collector_start(&c, answers, 4);
    options = options_for(c.url);
    otlp = open_one(&options);
    add(otlp, 1);
    counts = settled(otlp, 1);
    assert_int_equal(counts.sent, 1);
    assert_int_equal(c.requests, 4);
    assert_true(counts.retries >= 2); /* libcurl itself repeats what a kept connection hung up on */
    assert_int_equal(counts.requests, counts.retries + 1);
    assert_true(aegis_now() - began > AEGIS_SECOND + AEGIS_SECOND / 4);
    for (size_t i = 1; i < 4; i++)
        assert_string_equal(c.bodies[i], c.bodies[0]);
    assert_int_equal(aegis_otlp_close(otlp, NULL), AEGIS_OK);
    collector_stop(&c);
}

/* What cannot pass is lost, counted, and told once; and so is that it is over. */
static void test_refused(void **state)
{
    static const collector_answer answers[] = {
        {.text = "HTTP/1.1 400 Bad\r\nContent-Length: 8\r\n\r\nwhat\x01 is"},
        {.text = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"},
        {.text =
             "HTTP/1.1 200 OK\r\nContent-Length: 79\r\n\r\n"
             "{\"x\":[1],\"partialSuccess\":{\"rejectedSpans\":\"3\",\"errorMessage\":\"three are old\"}}"},
        {.text = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<html>\xff\xff\xff"}};
    aegis_otlp_options options;
    aegis_otlp_counts counts = {0};
    aegis_otlp *otlp;
    aegis_error error;
    collector c;

    (void)state;
    collector_start(&c, answers, 4);
    options = options_for(c.url);
    options.interval = 20 * AEGIS_MILLISECOND;
    otlp = open_one(&options);
    for (uint64_t i = 1; i <= 4; i++) {
        add(otlp, 5);
        counts = settled(otlp, 5 * i);
    }
    assert_int_equal(counts.lost, 13);
    assert_int_equal(counts.sent, 7);
    assert_int_equal(counts.retries, 0);
    for (int i = 0; i < 1000 && lines.infos == 0; i++)
        nap_ms(10);
    assert_int_equal(lines.warnings, 1);
    assert_int_equal(lines.infos, 1);
    assert_non_null(strstr(lines.first, "5 spans are lost: http://127.0.0.1:"));
    assert_non_null(strstr(lines.first, "answered 400: what"));
    assert_int_equal(aegis_otlp_close(otlp, &error), AEGIS_DATA_LOSS);
    assert_non_null(
        strstr(error.text, "13 spans were lost, 0 for want of memory; the last reason: three are old"));
    collector_stop(&c);
}

/* A collector that is late, endless or no HTTP holds up nobody but the exporter's thread. */
static void test_hostile(void **state)
{
    static const struct {
        collector_answer answers[2];
        bool sent;
        const char *why;
    } cases[] = {
        {{{.wait_ms = 400}, {.text = NULL}}, true, ""},
        {{{.text = "SSH-2.0-OpenSSH_9.2\r\n"}, {.text = "SSH-2.0-OpenSSH_9.2\r\n"}}, false, "HTTP/0.9"},
        {{{.text = "HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n", .endless = true},
          {.text = "HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n", .endless = true}},
         false,
         "v1/traces: "}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        aegis_otlp_options options;
        aegis_otlp_counts counts;
        aegis_otlp *otlp;
        aegis_error error = {0};
        int64_t began;
        collector c;

        collector_start(&c, cases[i].answers, 2);
        options = options_for(c.url);
        options.timeout = 300 * AEGIS_MILLISECOND;
        options.retry_for = cases[i].sent ? AEGIS_MINUTE : AEGIS_SECOND;
        otlp = open_one(&options);
        began = aegis_now();
        add(otlp, 1);
        assert_true(aegis_now() - began < 200 * AEGIS_MILLISECOND);
        counts = settled(otlp, 1);
        assert_int_equal(counts.sent, cases[i].sent);
        (void)aegis_otlp_close(otlp, &error);
        if (strstr(error.text, cases[i].why) == NULL)
            fail_msg("'%s' does not say '%s'", error.text, cases[i].why);
        collector_stop(&c);
    }
}

/* With nobody there memory fills, and what is beyond is dropped; who ends spans does not notice. */
static void test_nobody(void **state)
{
    char url[64];
    aegis_otlp_options options = options_for(url);
    const int64_t began = aegis_now();
    aegis_otlp_counts counts;
    aegis_otlp *otlp;
    aegis_error error;

    (void)state;
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/v1/traces", (unsigned)collector_nobody());
    options.queue_bytes = (size_t)512 << 10;
    otlp = open_one(&options);
    add(otlp, 20000);
    aegis_otlp_read(otlp, &counts);
    assert_true(counts.dropped > 15000); /* some 400 bytes each */
    assert_int_equal(counts.sent, 0);
    assert_int_equal(aegis_otlp_close(otlp, &error), AEGIS_DATA_LOSS);
    assert_non_null(strstr(error.text, "20000 spans were lost, "));
    assert_non_null(strstr(error.text, "connect"));
    assert_true(aegis_now() - began < 4 * AEGIS_SECOND); /* closing does not wait for who is not there */
    assert_true(lines.warnings >= 1);
}

/* Closing takes no longer than it may. */
static void test_close_in_time(void **state)
{
    static const collector_answer never = {.wait_ms = 60000};
    aegis_otlp_options options;
    aegis_otlp *otlp;
    aegis_error error;
    int64_t began;
    collector c;

    (void)state;
    collector_start(&c, &never, 1);
    options = options_for(c.url);
    options.close_timeout = 200 * AEGIS_MILLISECOND;
    otlp = open_one(&options);
    add(otlp, 1);
    assert_int_equal(collector_wait(&c, 1), 1);
    add(otlp, 1);
    began = aegis_now();
    assert_int_equal(aegis_otlp_close(otlp, &error), AEGIS_DATA_LOSS);
    assert_true(aegis_now() - began < 2 * AEGIS_SECOND);
    assert_non_null(strstr(error.text, "2 spans were lost"));
    collector_stop(&c);
}

/* ---- threads ------------------------------------------------------------------------------------------ */

static void *many(void *otlp)
{
    add((aegis_otlp *)otlp, 3000);
    return NULL;
}

/* None is lost or doubled between threads, whatever comes in between. */
static void test_threads(void **state)
{
    pthread_t threads[8];
    aegis_otlp_options options;
    aegis_otlp_counts counts;
    aegis_otlp *otlp;
    collector c;

    (void)state;
    collector_start(&c, NULL, 0);
    options = options_for(c.url);
    options.queue_bytes = (size_t)64 << 20;
    otlp = open_one(&options);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, many, otlp), 0);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    counts = settled(otlp, 24000);
    (void)aegis_otlp_close(otlp, NULL);
    assert_int_equal(check_bodies(&c), counts.sent);
    assert_int_equal(counts.lost, 0);
    collector_stop(&c);
}

/* ---- into a file -------------------------------------------------------------------------------------- */

static char path[64], endpoint[80];

static void begin_file(void)
{
    int fd;

    (void)snprintf(path, sizeof path, "/tmp/aegis-otlp-XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    (void)snprintf(endpoint, sizeof endpoint, "file:%s", path);
}

/* Its lines, which keep the rules; how many spans there are. `last`, if given, is the last line's only span.
 */
static size_t read_file(size_t *line_count, json_t **last)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0, total = 0, spans;
    ssize_t size;

    assert_non_null(file);
    *line_count = 0;
    while ((size = getline(&line, &room, file)) > 0) {
        const char *wrong = otlp_rules_check(line, &spans);

        assert_int_equal(line[size - 1], '\n');
        if (wrong != NULL)
            fail_msg("line %zu: %s", *line_count, wrong);
        total += spans;
        ++*line_count;
        if (last != NULL) {
            json_decref(*last);
            *last = json_loads(line, 0, NULL);
        }
    }
    free(line);
    (void)fclose(file);
    return total;
}

static const json_t *first_span(const json_t *request)
{
    const json_t *resource = json_array_get(json_object_get(request, "resourceSpans"), 0);
    const json_t *scope = json_array_get(json_object_get(resource, "scopeSpans"), 0);

    return json_array_get(json_object_get(scope, "spans"), 0);
}

/* Two exporters, of two processes as far as the file is concerned, append to it. */
static void test_file(void **state)
{
    aegis_otlp_options options;
    aegis_otlp *one, *other;
    size_t line_count;

    (void)state;
    begin_file();
    options = options_for(endpoint);
    one = open_one(&options);
    other = open_one(&options);
    add(one, 1000);
    add(other, 1000);
    assert_int_equal(aegis_otlp_close(one, NULL), AEGIS_OK);
    assert_int_equal(aegis_otlp_close(other, NULL), AEGIS_OK);
    assert_int_equal(read_file(&line_count, NULL), 2000);
    assert_true(line_count >= 4);
    (void)unlink(path);
}

/* Texts that are no JSON as they stand, or no text at all, or long. */
static void test_texts(void **state)
{
    static const struct {
        const char *text, *read;
    } texts[] = {
        {"plain", "plain"},
        {"quote \" slash \\ tab \t bell \x07 del \x7f!", "quote \" slash \\ tab \t bell \x07 del \x7f!"},
        {"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 end", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 end"},
        {"\xff\xc3 cut \xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd cut \xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80|\xc0\xaf|\xf4\x90\x80\x80", NULL},
        {"", NULL}};
    char *huge = (char *)malloc(70000);
    aegis_otlp_options options;
    size_t line_count;

    (void)state;
    assert_non_null(huge);
    for (size_t i = 0; i <= sizeof texts / sizeof texts[0]; i++) {
        const bool last = i == sizeof texts / sizeof texts[0];
        json_t *request = NULL;
        aegis_span span = call_span();
        aegis_otlp *otlp;
        const char *read;

        begin_file();
        options = options_for(endpoint);
        otlp = open_one(&options);
        memset(huge, '\x01', 69999);
        huge[69999] = '\0';
        span.status = AEGIS_UNAVAILABLE;
        span.error = last ? huge : texts[i].text;
        span.error_type = span.peer = span.message_id = last ? huge : NULL;
        aegis_otlp_span(otlp, &span);
        assert_int_equal(aegis_otlp_close(otlp, NULL), AEGIS_OK);
        assert_int_equal(read_file(&line_count, &request), 1);
        read = json_string_value(json_object_get(json_object_get(first_span(request), "status"), "message"));
        if (!last && texts[i].read != NULL)
            assert_string_equal(read, texts[i].read);
        else if (last)
            assert_int_equal(strlen(read), 512);
        json_decref(request);
        (void)unlink(path);
    }
    free(huge);
}

/* Which ends of a service are its errors, and what says so. */
static void test_status(void **state)
{
    static const struct {
        aegis_span_kind kind;
        aegis_status status;
        const char *type, *error_type, *status_name;
        bool error;
    } cases[] = {{AEGIS_SPAN_CLIENT, AEGIS_OK, NULL, NULL, NULL, false},
                 {AEGIS_SPAN_CLIENT, AEGIS_NOT_FOUND, NULL, "NOT_FOUND", NULL, true},
                 {AEGIS_SPAN_SERVER, AEGIS_NOT_FOUND, NULL, "NOT_FOUND", NULL, false},
                 {AEGIS_SPAN_SERVER, AEGIS_INTERNAL, NULL, "INTERNAL", NULL, true},
                 {AEGIS_SPAN_SERVER, AEGIS_ABORTED, "OutOfStock", "OutOfStock", "ABORTED", false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        aegis_otlp_options options;
        aegis_span span = call_span();
        json_t *request = NULL;
        const json_t *found;
        const char *text;
        aegis_otlp *otlp;
        size_t line_count;

        begin_file();
        options = options_for(endpoint);
        otlp = open_one(&options);
        span.kind = cases[i].kind;
        span.status = cases[i].status;
        span.error_type = cases[i].type;
        aegis_otlp_span(otlp, &span);
        assert_int_equal(aegis_otlp_close(otlp, NULL), AEGIS_OK);
        assert_int_equal(read_file(&line_count, &request), 1);
        found = first_span(request);
        text = otlp_attribute(found, "error.type");
        assert_string_equal(text != NULL ? text : "", cases[i].error_type != NULL ? cases[i].error_type : "");
        text = otlp_attribute(found, "aegis.status");
        assert_string_equal(text != NULL ? text : "",
                            cases[i].status_name != NULL ? cases[i].status_name : "");
        assert_int_equal(json_object_get(found, "status") != NULL, cases[i].error);
        json_decref(request);
        (void)unlink(path);
    }
}

/* A full disk: lost, counted, told; and no end of a line is left behind. */
static void test_disk_full(void **state)
{
    aegis_otlp_options options = options_for("file:/dev/full");
    aegis_otlp_counts counts;
    aegis_otlp *otlp;
    aegis_error error;

    (void)state;
    otlp = open_one(&options);
    add(otlp, 10);
    counts = settled(otlp, 10);
    assert_int_equal(counts.lost, 10);
    assert_int_equal(aegis_otlp_close(otlp, &error), AEGIS_DATA_LOSS);
    assert_non_null(strstr(error.text, "cannot be written: No space left on device"));
    assert_int_equal(lines.warnings, 1);
}

/* A pipe whose reader is slow is no reason to wait for long, or to write half a line. */
static void test_pipe(void **state)
{
    char byte[4096];
    aegis_otlp_options options;
    aegis_otlp_counts counts;
    aegis_otlp *otlp;
    aegis_error error;
    FILE *reader;

    (void)state;
    begin_file();
    (void)unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    options = options_for(endpoint);
    options.timeout = 100 * AEGIS_MILLISECOND;
    assert_int_equal(aegis_otlp_open(&options, &otlp, &error), AEGIS_UNAVAILABLE); /* nobody reads */
    reader = fopen(path, "r+");
    assert_non_null(reader);
    otlp = open_one(&options);
    add(otlp, 1000);
    counts = settled(otlp, 1000);
    assert_true(counts.lost > 0);
    assert_true(fread(byte, 1, sizeof byte, reader) == sizeof byte);
    (void)aegis_otlp_close(otlp, NULL);
    (void)fclose(reader);
    (void)unlink(path);
}

/* ---- options, and short memory ------------------------------------------------------------------------ */

static void test_options(void **state)
{
    static const struct {
        const char *endpoint, *headers, *resource;
        aegis_status status;
        const char *text;
    } wrong[] = {
        {NULL, NULL, NULL, AEGIS_INVALID_ARGUMENT, "there is no endpoint"},
        {"localhost:4318", NULL, NULL, AEGIS_INVALID_ARGUMENT, "begins with http://, https:// or file:"},
        {"file:", NULL, NULL, AEGIS_INVALID_ARGUMENT, "names no file"},
        {"file:/nowhere/at/all", NULL, NULL, AEGIS_UNAVAILABLE, "cannot open /nowhere/at/all"},
        {"http://127.0.0.1:1", "secret", NULL, AEGIS_INVALID_ARGUMENT, "not name=value,name=value"},
        {"http://127.0.0.1:1", "a=b%0d%0ac", NULL, AEGIS_INVALID_ARGUMENT, "not name=value,name=value"},
        {"http://127.0.0.1:1", NULL, "a=%zz", AEGIS_INVALID_ARGUMENT, "not key=value,key=value: a=%zz"}};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        aegis_otlp_options options = options_for(wrong[i].endpoint);
        aegis_otlp *otlp;
        aegis_error error = {0};

        options.headers = wrong[i].headers;
        options.resource = wrong[i].resource;
        assert_int_equal(aegis_otlp_open(&options, &otlp, &error), wrong[i].status);
        assert_null(otlp);
        if (strstr(error.text, wrong[i].text) == NULL)
            fail_msg("'%s' does not say '%s'", error.text, wrong[i].text);
        assert_null(strstr(error.text, "secret"));
    }
    assert_int_equal(aegis_otlp_close(NULL, NULL), AEGIS_OK);
}

typedef struct scarce {
    atomic_long left, held;
} scarce;

static void *scarce_resize(void *user, void *pointer, size_t old_size, size_t new_size)
{
    scarce *s = (scarce *)user;
    void *made;

    if (new_size == 0) {
        free(pointer);
        atomic_fetch_sub(&s->held, (long)old_size);
        return NULL;
    }
    if (atomic_fetch_sub(&s->left, 1) <= 0)
        return NULL;
    made = realloc(pointer, new_size);
    if (made != NULL)
        atomic_fetch_add(&s->held, (long)new_size - (long)old_size);
    return made;
}

/* Each allocation fails in turn: opening says so, spans are dropped and counted, nothing is left behind. */
static void test_short_memory(void **state)
{
    bool opened = false;

    (void)state;
    for (long n = 0; n < 12; n++) {
        scarce s;
        const aegis_allocator allocator = {scarce_resize, &s};
        aegis_otlp_options options;
        aegis_otlp_counts counts;
        aegis_otlp *otlp;
        aegis_error error = {0};
        size_t line_count;

        atomic_init(&s.left, n);
        atomic_init(&s.held, 0);
        begin_file();
        options = options_for(endpoint);
        options.allocator = &allocator;
        if (aegis_otlp_open(&options, &otlp, &error) != AEGIS_OK) {
            assert_int_equal(error.status, AEGIS_RESOURCE_EXHAUSTED);
            assert_false(opened);
        } else {
            opened = true;
            add(otlp, 100);
            counts = settled(otlp, 100);
            if (atomic_load(&s.left) >= 0)
                assert_int_equal(counts.dropped, 0);
            atomic_store(&s.left, 100); /* there is memory again */
            nap_ms(30);
            add(otlp, 1);
            assert_int_equal(settled(otlp, 101).sent, counts.sent + 1);
            (void)aegis_otlp_close(otlp, NULL);
            assert_int_equal(read_file(&line_count, NULL), counts.sent + 1);
        }
        assert_int_equal(atomic_load(&s.held), 0);
        (void)unlink(path);
    }
    assert_true(opened);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test_setup(test_post, set_up),      cmocka_unit_test_setup(test_again, set_up),
        cmocka_unit_test_setup(test_refused, set_up),   cmocka_unit_test_setup(test_hostile, set_up),
        cmocka_unit_test_setup(test_nobody, set_up),    cmocka_unit_test_setup(test_close_in_time, set_up),
        cmocka_unit_test_setup(test_threads, set_up),   cmocka_unit_test_setup(test_file, set_up),
        cmocka_unit_test_setup(test_texts, set_up),     cmocka_unit_test_setup(test_status, set_up),
        cmocka_unit_test_setup(test_disk_full, set_up), cmocka_unit_test_setup(test_pipe, set_up),
        cmocka_unit_test_setup(test_options, set_up),   cmocka_unit_test_setup(test_short_memory, set_up),
    };

    return cmocka_run_group_tests(cases, NULL, NULL);
}
