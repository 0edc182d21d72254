#define _POSIX_C_SOURCE 200809L
#include "contract/raw.h"

#include <time.h>

static bool use_nats;

const note seven = {"za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87", 7};

bool world_is_nats(void)
{
    return use_nats;
}

void nap(aegis_duration duration)
{
    const struct timespec pause = {(time_t)(duration / AEGIS_SECOND), (long)(duration % AEGIS_SECOND)};

    (void)nanosleep(&pause, NULL);
}

bool reached(atomic_int *count, int wanted)
{
    int64_t until = aegis_clock_monotonic() + TEN_SECONDS;

    while (atomic_load(count) < wanted) {
        if (aegis_clock_monotonic() > until)
            return false;
        nap(2 * AEGIS_MILLISECOND);
    }
    return true;
}

static void log_line(void *user, aegis_log_level level, const char *line)
{
    (void)user;
    (void)level;
    if (getenv("AEGIS_TEST_LOG") != NULL)
        (void)fprintf(stderr, "    log: %s\n", line);
}

/* On a machine that is busy with more than it can do two seconds are not enough for a connection. */
static bool open_bus(world *w, const aegis_options *options)
{
    aegis_options patient = *options;
    aegis_error error = {0};

    if (patient.connect_timeout == 0)
        patient.connect_timeout = 3 * TEN_SECONDS;
    if (aegis_open(w->url, &patient, &w->bus, &error) == AEGIS_OK &&
        aegis_client_new(w->bus, NULL, &w->client, &error) == AEGIS_OK &&
        aegis_publisher_new(w->bus, NULL, &w->publisher, &error) == AEGIS_OK)
        return true;
    (void)fprintf(stderr, "%s\n", aegis_error_text(&error));
    return false;
}

void world_close(world *w)
{
    aegis_client_free(w->client);
    aegis_publisher_free(w->publisher);
    aegis_close(w->bus);
    w->client = NULL;
    w->publisher = NULL;
    w->bus = NULL;
}

void world_reopen(world *w, const aegis_options *options)
{
    aegis_options chosen = *options;

    if (chosen.log == NULL)
        chosen.log = log_line;
    aegis_service_stop(w->service);
    w->service = NULL;
    world_close(w);
    if (!open_bus(w, &chosen))
        fail_msg("cannot open %s again", w->url);
}

int world_set_up(void **state)
{
    world *w = (world *)calloc(1, sizeof *w);
    const aegis_options options = {.name = "world", .log = log_line};

    if (w == NULL)
        return -1;
    *state = w;
    w->url = "mem:";
    if (use_nats) {
        if (!nats_server_start(&w->server))
            return -1;
        w->url = w->server.url;
    }
    if (!open_bus(w, &options))
        return -1;
    w->arena = aegis_arena_new(NULL);
    return 0;
}

int world_tear_down(void **state)
{
    world *w = (world *)*state;

    raw_stop(w->raw);
    aegis_service_stop(w->service);
    world_close(w);
    aegis_arena_free(w->arena);
    if (use_nats)
        nats_server_stop(&w->server);
    free(w);
    return 0;
}

int world_run_nats(const struct CMUnitTest *cases, size_t count)
{
    cmocka_set_test_filter(getenv("AEGIS_TEST_ONLY"));
    use_nats = nats_server_installed() && getenv("AEGIS_TEST_NO_NATS") == NULL;
    if (use_nats)
        return _cmocka_run_group_tests("nats:", cases, count, NULL, NULL) != 0;
    (void)printf("no nats-server here: what needs it is skipped\n");
    return 0;
}

int world_run(const struct CMUnitTest *cases, size_t count)
{
    int failed;

    cmocka_set_test_filter(getenv("AEGIS_TEST_ONLY"));
    failed = _cmocka_run_group_tests("mem:", cases, count, NULL, NULL);

    failed += world_run_nats(cases, count);
    return failed != 0;
}

aegis_service *start(world *w, const aegis_service_type *type, const aegis_service_options *options)
{
    aegis_service *service = NULL;
    aegis_error error = {0};

    if (aegis_service_start(w->bus, type, NULL, w, options, &service, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    return service;
}

outcome call(world *w, const char *method, const note *request)
{
    return peer_call(w->client, method, request, NULL, w->arena);
}

static void *call_once(void *argument)
{
    caller *c = (caller *)argument;

    c->out = peer_call(c->w->client, c->method, &seven, NULL, c->arena);
    return NULL;
}

void launch(world *w, caller *c, const char *method)
{
    c->w = w;
    c->method = method;
    c->arena = aegis_arena_new(NULL);
    assert_int_equal(pthread_create(&c->thread, NULL, call_once, c), 0);
}

void land(caller *c)
{
    (void)pthread_join(c->thread, NULL);
}
