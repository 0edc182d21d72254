/* What /metrics says, to the eyes of Prometheus's own checker and of who counts along. */
#define _POSIX_C_SOURCE 200809L
#include "contract/figures.h"

#include <aegis/http.h>

#include <ctype.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/exposition.h"
#include "http/web.h"

/* The page, with a NUL behind it; to be freed. */
static char *read_page(world *w)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_error error = {0};
    aegis_bytes text;
    char *page;

    if (aegis_metrics_prometheus(w->bus, arena, &text, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    page = (char *)malloc(text.len + 1);
    assert_non_null(page);
    memcpy(page, text.data, text.len);
    page[text.len] = '\0';
    aegis_arena_free(arena);
    return page;
}

/* The value of a sample, given as it is written up to the value; below 0: there is none. */
static double value_of(const char *page, const char *sample)
{
    const size_t size = strlen(sample);
    const char *at;

    for (at = page; at != NULL; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, sample, size) == 0 && at[size] == ' ')
            return strtod(at + size, NULL);
    }
    return -1;
}

static void expect(const char *page, const char *sample, double value)
{
    const double is = value_of(page, sample);

    if (is < value || is > value)
        fail_msg("%s is %g, not %g, in\n%s", sample, is, value, page);
}

/* Some of everything that can be counted. */
static void fill(world *w)
{
    const aegis_service_options options = {.concurrency = 3};

    figures_run(w);
    aegis_service_stop(w->service);
    w->service = start(w, &peer_type, &options);
    assert_int_equal(call(w, "echo", &seven).failed.status, AEGIS_OK);
    assert_int_equal(call(w, "echo", &seven).failed.status, AEGIS_OK);
    assert_int_equal(call(w, "fail", &seven).answer, -1);
    (void)call(w, "absent", &seven);
}

static void read_file(const char *name, char *text, size_t size)
{
    FILE *file = fopen(name, "r");
    size_t got;

    assert_non_null(file);
    got = fread(text, 1, size - 1, file);
    text[got] = '\0';
    (void)fclose(file);
    assert_true(got < size - 1);
}

/* ---- promtool -------------------------------------------------------------------------------------------
 */

static void need_promtool(void)
{
    if (system("command -v promtool >/dev/null 2>&1") == 0)
        return;
    print_message("there is no promtool: install Debian's prometheus\n");
    skip();
}

/* What promtool says. */
static int promtool(const char *arguments, char *said, size_t size)
{
    char command[256];
    FILE *pipe;
    size_t got;

    (void)snprintf(command, sizeof command, "promtool %s 2>&1", arguments);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    got = fread(said, 1, size - 1, pipe);
    said[got] = '\0';
    return WEXITSTATUS(pclose(pipe));
}

static int check_metrics(const char *page, char *said, size_t size)
{
    char name[] = "/tmp/aegis-metrics-XXXXXX";
    char arguments[64];
    const int fd = mkstemp(name);
    int code;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, page, strlen(page)), strlen(page));
    (void)close(fd);
    (void)snprintf(arguments, sizeof arguments, "check metrics <%s", name);
    code = promtool(arguments, said, size);
    (void)unlink(name);
    return code;
}

static void test_promtool(void **state)
{
    world *w = (world *)*state;
    char said[4096];
    char *page;
    int code;

    need_promtool();
    fill(w);
    page = read_page(w);
    code = check_metrics(page, said, sizeof said);
    if (code != 0 || said[0] != '\0')
        fail_msg("promtool: %d: %s", code, said);
    /* And it is one that would say something. */
    assert_int_not_equal(check_metrics("# TYPE a_b counter\na_b 1\n", said, sizeof said), 0);
    free(page);
}

/* The alert rules are rules, fire when they should, and are about metrics that there are. */
static void test_alerts(void **state)
{
    static char rules[65536], docs[65536];
    char said[4096];
    const char *at;

    (void)state;
    read_file("tools/deploy/alerts.yml", rules, sizeof rules);
    read_file("docs/OPERATE.md", docs, sizeof docs);
    for (at = strstr(rules, "aegis_"); at != NULL; at = strstr(at + 1, "aegis_")) {
        const int length = (int)strspn(at, "abcdefghijklmnopqrstuvwxyz_");
        char name[128];

        (void)snprintf(name, sizeof name, "`%.*s`", length, at);
        if (strstr(docs, name) == NULL)
            fail_msg("docs/OPERATE.md does not know %s of alerts.yml", name);
    }
    need_promtool();
    if (promtool("check rules tools/deploy/alerts.yml", said, sizeof said) != 0)
        fail_msg("%s", said);
    if (promtool("test rules tools/deploy/alerts.test.yml", said, sizeof said) != 0)
        fail_msg("%s", said);
}

/* ---- values ---------------------------------------------------------------------------------------------
 */

static void test_values(void **state)
{
    world *w = (world *)*state;
    char *page, *end;
    double last = 0;
    const char *at;
    int buckets = 0;

    fill(w);
    page = read_page(w);
    expect(page, "aegis_connection_up", 1);
    expect(page, "aegis_live", 1);
    expect(page, "aegis_ready", 1);
    expect(page, "aegis_health_check{check=\"connection.calls\"}", 1);
    expect(page, "aegis_connection_streams_up", 1);
    expect(page, "aegis_server_calls_total{rpc_method=\"peer/echo\",rpc_response_status_code=\"OK\"}", 2);
    expect(page, "aegis_client_calls_total{rpc_method=\"peer/echo\",rpc_response_status_code=\"OK\"}", 2);
    expect(page, "rpc_server_call_duration_seconds_count{rpc_system_name=\"aegis\",rpc_method=\"peer/echo\"}",
           2);
    expect(page, "aegis_service_concurrency{aegis_service=\"peer\"}", 3);
    expect(page,
           "rpc_client_call_duration_seconds_count{rpc_system_name=\"aegis\",rpc_method=\"peer/"
           "fail\",error_type=\"_OTHER\"}",
           1);
    expect(page, "rpc_client_call_duration_seconds_count{rpc_system_name=\"aegis\",rpc_method=\"peer/fail\"}",
           0);
    expect(page,
           "messaging_client_sent_messages_total{messaging_system=\"nats\",messaging_operation_name="
           "\"publish\",messaging_destination_name=\"events.thing.told\"}",
           3);
    expect(page,
           "aegis_consumer_messages_total{messaging_consumer_group_name=\"figures\",messaging_destination_"
           "name=\"events.thing.*\",outcome=\"dead\"}",
           1);
    expect(page,
           "aegis_consumer_messages_total{messaging_consumer_group_name=\"figures\",messaging_destination_"
           "name=\"commands.figures.work.high\",outcome=\"done\"}",
           1);
    expect(page,
           "aegis_consumer_pending{messaging_consumer_group_name=\"figures\",messaging_destination_name="
           "\"commands.figures.work\"}",
           0);
    expect(page,
           "aegis_command_attempts_total{messaging_consumer_group_name=\"figures\",messaging_destination_"
           "name=\"commands.figures.work\",status=\"UNAVAILABLE\"}",
           1);
    expect(page, "aegis_client_breakers{aegis_service=\"peer\",state=\"closed\"}", 1);
    assert_true(
        value_of(page,
                 "rpc_client_call_duration_seconds_sum{rpc_system_name=\"aegis\",rpc_method=\"peer/echo\"}") >
        0);
    /* Buckets hold all that is smaller. */
    at = strstr(page,
                "rpc_client_call_duration_seconds_bucket{rpc_system_name=\"aegis\",rpc_method=\"peer/echo\"");
    assert_non_null(at);
    while (strncmp(at, "rpc_client_call_duration_seconds_bucket", 39) == 0) {
        const double value = strtod(strchr(at, ' ') + 1, &end);

        assert_true(value >= last);
        last = value;
        at = end + 1;
        buckets++;
    }
    assert_int_equal(buckets, 22);
    assert_true(last > 1.9 && last < 2.1);
    free(page);
}

/* Two clients and two instances in one process are one line each. */
static void test_sums(void **state)
{
    const aegis_service_options options = {.concurrency = 2};
    world *w = (world *)*state;
    aegis_service *second;
    aegis_client *other;
    char *page;

    fill(w);
    assert_int_equal(aegis_service_start(w->bus, &peer_type, NULL, w, &options, &second, NULL), AEGIS_OK);
    assert_int_equal(aegis_client_new(w->bus, NULL, &other, NULL), AEGIS_OK);
    (void)peer_call(other, "echo", &seven, NULL, w->arena);
    page = read_page(w);
    expect(page, "aegis_service_concurrency{aegis_service=\"peer\"}", 5);
    expect(page, "aegis_client_breakers{aegis_service=\"peer\",state=\"closed\"}", 2);
    assert_ptr_equal(strstr(strstr(page, "\naegis_service_concurrency{") + 1, "\naegis_service_concurrency{"),
                     NULL);
    free(page);
    aegis_client_free(other);
    aegis_service_stop(second);
}

/* ---- the format -----------------------------------------------------------------------------------------
 */

static void test_format(void **state)
{
    static const aegis_family counter = {"a_total", AEGIS_COUNTER, NULL, "Help."};
    static const aegis_family histogram = {"b_seconds", AEGIS_HISTOGRAM, "seconds", "Help."};
    const aegis_label labels[] = {
        {"l", "a\\b\"c\nd\xff\xc3\xa9\xed\xa0\x80\xe2\x82"}, {"m", NULL}, {"n", ""}};
    aegis_latency latency = {.sum = 1500000001, .count = 3};
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_exposition out = {.arena = arena};
    const char *text;

    (void)state;
    latency.buckets[0] = 1;   /* below 1.024 us */
    latency.buckets[75] = 1;  /* 1.07 s at most */
    latency.buckets[103] = 1; /* more than all bounds */
    aegis_exposition_sample(&out, &counter, labels, 3, UINT64_MAX);
    aegis_exposition_sample(&out, &counter, NULL, 0, 0);
    aegis_exposition_histogram(&out, &histogram, labels + 2, 1, &latency);
    assert_false(out.failed);
    text = aegis_arena_printf(arena, "%.*s", (int)out.size, out.text);
    assert_ptr_equal(
        strstr(text, "# HELP a_total Help.\n# TYPE a_total counter\n"
                     "a_total{l=\"a\\\\b\\\"c\\nd\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                     "\xef\xbf\xbd\xef\xbf\xbd\",n=\"\"} 18446744073709551615\n"
                     "a_total 0\n"
                     "# HELP b_seconds Help.\n# TYPE b_seconds histogram\n# UNIT b_seconds seconds\n"
                     "b_seconds_bucket{n=\"\",le=\"0.000065536\"} 1\n"),
        text);
    assert_non_null(strstr(text, "b_seconds_bucket{n=\"\",le=\"0.536870912\"} 1\n"));
    assert_non_null(strstr(text, "b_seconds_bucket{n=\"\",le=\"1.073741824\"} 2\n"));
    assert_non_null(strstr(text, "b_seconds_bucket{n=\"\",le=\"68.719476736\"} 2\n"
                                 "b_seconds_bucket{n=\"\",le=\"+Inf\"} 3\n"
                                 "b_seconds_sum{n=\"\"} 1.500000001\nb_seconds_count{n=\"\"} 3\n"));
    aegis_arena_free(arena);
}

/* Memory that ends is an error, and no half page. */
static void test_short_memory(void **state)
{
    world *w = (world *)*state;
    aegis_status status = AEGIS_RESOURCE_EXHAUSTED;
    aegis_bytes text;
    size_t limit;

    fill(w);
    for (limit = 256; status == AEGIS_RESOURCE_EXHAUSTED; limit *= 2) {
        aegis_arena *arena = aegis_arena_new(NULL);
        aegis_error error = {0};

        aegis_arena_set_limit(arena, limit);
        status = aegis_metrics_prometheus(w->bus, arena, &text, &error);
        assert_true(status == AEGIS_OK ? text.len > 1000 : text.len == 0 && text.data == NULL);
        assert_int_equal(error.status, status);
        aegis_arena_free(arena);
    }
    assert_true(limit > 1024);
    assert_int_equal(status, AEGIS_OK);
}

/* ---- the documentation ----------------------------------------------------------------------------------
 */

/* Rows of the page's tables are | `name` | type | labels | meaning |. Both sides have the same families with
 * the same types; and labels that come out are named there. */
static void test_documentation(void **state)
{
    world *w = (world *)*state;
    char line[1024], name[128], row[160];
    char *page, *at;
    static char docs[65536];

    read_file("docs/OPERATE.md", docs, sizeof docs);
    fill(w);
    page = read_page(w);
    for (at = page; at != NULL && *at != '\0'; at = strchr(at, '\n') != NULL ? strchr(at, '\n') + 1 : NULL) {
        char type[16];

        if (sscanf(at, "# TYPE %127s %15s", name, type) == 2) {
            (void)snprintf(row, sizeof row, "\n| `%s` | %s |", name, type);
            if (strstr(docs, row) == NULL)
                fail_msg("docs/OPERATE.md has no row%s", row);
        } else if (*at != '#' && strchr(at, '{') != NULL && strchr(at, '{') < strchr(at, '\n')) {
            const char *label = strchr(at, '{') + 1, *known, *end;
            (void)snprintf(line, sizeof line, "%.*s", (int)strcspn(label, "}"), label);
            known = strstr(docs, row);
            end = known != NULL ? strchr(known + 1, '\n') : NULL;
            assert_non_null(end);
            for (char *save = NULL, *one = strtok_r(line, "=", &save); one != NULL;
                 one = strtok_r(NULL, "=", &save)) {
                char quoted[96];
                const char *comma = strrchr(one, ',');
                const char *found;

                if (save == NULL || *save != '"')
                    continue;
                (void)snprintf(quoted, sizeof quoted, "`%s`", comma != NULL ? comma + 1 : one);
                found = strstr(known, quoted);
                if (strcmp(quoted, "`le`") != 0 && (found == NULL || found > end))
                    fail_msg("docs/OPERATE.md does not know the label %s of%s", quoted, row);
            }
        }
    }
    free(page);
}

/* ---- over HTTP ------------------------------------------------------------------------------------------
 */

static void test_page(void **state)
{
    world *w = (world *)*state;
    aegis_http *http = NULL;
    web_answer answer;

    fill(w);
    assert_int_equal(aegis_http_start(w->bus, NULL, &http, NULL), AEGIS_OK);
    answer = web_get(aegis_http_port(http), "/metrics");
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(answer.head, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    assert_non_null(strstr(answer.body, "# TYPE rpc_client_call_duration_seconds histogram\n"));
    assert_int_equal(answer.body[answer.size - 1], '\n');
    web_forget(&answer);
    aegis_http_stop(http);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_promtool),     WORLD_CASE(test_values),       WORLD_CASE(test_sums),
        cmocka_unit_test(test_format), WORLD_CASE(test_short_memory), WORLD_CASE(test_documentation),
        WORLD_CASE(test_page),         cmocka_unit_test(test_alerts),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
