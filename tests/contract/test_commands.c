/* Commands through the application layer: progress, retries, cancellation, lanes. */
#define _POSIX_C_SOURCE 200809L
#include "contract/world.h"

static aegis_reply batch(aegis_call *call, const note *request, void *user)
{
    world *w = (world *)user;
    const note half = {"half", 1};
    note done = {"done", 0};

    atomic_fetch_add(&w->attempts, 1);
    if (!peer_progress(call, &half))
        return peer_fail(call, AEGIS_CANCELLED, "stopped");
    done.number = request->number * 2;
    return peer_ok(call, &done);
}

static aegis_reply flaky(aegis_call *call, const note *request, void *user)
{
    world *w = (world *)user;

    atomic_fetch_add(&w->attempts, 1);
    if (atomic_load(&w->failures_left) > 0) {
        atomic_fetch_sub(&w->failures_left, 1);
        return peer_fail(call, AEGIS_UNAVAILABLE, "the database is away");
    }
    return peer_ok(call, &(note){request->text, call->attempt});
}

static aegis_reply broken(aegis_call *call, const note *request, void *user)
{
    const note error = {"only 2 left", request->number};

    (void)user;
    return peer_out_of_stock(call, &error);
}

static aegis_reply endless(aegis_call *call, const note *request, void *user)
{
    world *w = (world *)user;
    const note tick = {"tick", 0};

    (void)request;
    atomic_fetch_add(&w->running, 1);
    while (peer_progress(call, &tick))
        nap(5 * AEGIS_MILLISECOND);
    return peer_fail(call, AEGIS_CANCELLED, "stopped on request");
}

SERVE(batch)
SERVE(flaky)
SERVE(broken)
SERVE(endless)

#define COMMAND(text)                                                                                        \
    {                                                                                                        \
        .service = "worker", .name = text, .timeout = 30 * AEGIS_SECOND, .errors = peer_errors,              \
        .error_codes = peer_error_codes, .error_count = 1, .command = true, .max_retries = 3,                \
        .backoff_min = 10 * AEGIS_MILLISECOND, .backoff_max = 50 * AEGIS_MILLISECOND                         \
    }
static const aegis_method commands[] = {COMMAND("batch"),
                                        COMMAND("flaky"),
                                        COMMAND("broken"),
                                        COMMAND("endless"),
                                        {.service = "worker",
                                         .name = "urgent",
                                         .timeout = 30 * AEGIS_SECOND,
                                         .command = true,
                                         .lanes = true,
                                         .priority = AEGIS_PRIORITY_HIGH}};
static const aegis_endpoint command_endpoints[] = {{&commands[0], serve_batch},
                                                   {&commands[1], serve_flaky},
                                                   {&commands[2], serve_broken},
                                                   {&commands[3], serve_endless},
                                                   {&commands[4], serve_batch}};
static const aegis_service_type worker_type = {
    .name = "worker", .version = "1.0.0", .endpoints = command_endpoints, .endpoint_count = 5};

static void count_progress(const note *update, void *user)
{
    int *count = (int *)user;

    if (strcmp(update->text, "half") == 0 || strcmp(update->text, "tick") == 0)
        (*count)++;
}

static aegis_command *submit(world *w, size_t which, const note *request)
{
    aegis_command *command = NULL;
    aegis_error error = {0};

    if (peer_submit(w->client, &commands[which], request, &command, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    return command;
}

static outcome finish(world *w, size_t which, aegis_command *command, int *progress)
{
    outcome out = peer_wait(command, &commands[which], TEN_SECONDS, count_progress, progress, w->arena);

    aegis_command_free(command);
    return out;
}

static void test_command(void **state)
{
    world *w = (world *)*state;
    int progress = 0;
    outcome out;

    w->service = start(w, &worker_type, NULL);
    out = finish(w, 0, submit(w, 0, &seven), &progress);
    if (out.answer != AEGIS_ANSWER_OK)
        fail_msg("%s", aegis_error_text(&out.failed));
    assert_int_equal(out.value.number, 14);
    assert_int_equal(progress, 1);
}

static void test_command_before_worker(void **state)
{
    world *w = (world *)*state;
    aegis_command *command = submit(w, 0, &seven);
    int progress = 0;

    w->service = start(w, &worker_type, NULL);
    assert_int_equal(finish(w, 0, command, &progress).answer, AEGIS_ANSWER_OK);
}

static void test_command_retry(void **state)
{
    world *w = (world *)*state;
    int progress = 0;
    outcome out;

    atomic_store(&w->failures_left, 2);
    w->service = start(w, &worker_type, NULL);
    out = finish(w, 1, submit(w, 1, &seven), &progress);
    assert_int_equal(out.answer, AEGIS_ANSWER_OK);
    assert_int_equal(out.value.number, 3);
    atomic_store(&w->attempts, 0);
    atomic_store(&w->failures_left, 100);
    out = finish(w, 1, submit(w, 1, &seven), &progress);
    assert_int_equal(out.failed.status, AEGIS_UNAVAILABLE);
    assert_int_equal(atomic_load(&w->attempts), 4);
}

static void test_command_failure(void **state)
{
    world *w = (world *)*state;
    int progress = 0;
    outcome out;

    w->service = start(w, &worker_type, NULL);
    out = finish(w, 2, submit(w, 2, &seven), &progress);
    assert_int_equal(out.answer, 0);
    assert_string_equal(out.value.text, "only 2 left");
}

static void test_command_cancel(void **state)
{
    world *w = (world *)*state;
    aegis_command *command;
    int progress = 0;
    outcome out;

    w->service = start(w, &worker_type, NULL);
    command = submit(w, 3, &seven);
    assert_true(reached(&w->running, 1));
    assert_int_equal(aegis_command_cancel(command, NULL), AEGIS_OK);
    out = finish(w, 3, command, &progress);
    assert_int_equal(out.failed.status, AEGIS_CANCELLED);
    assert_true(progress > 0);
}

static void test_many_of_one_lane(void **state)
{
    world *w = (world *)*state;
    aegis_command *waiting[8];
    int progress = 0;
    size_t i;

    for (i = 0; i < 8; i++)
        waiting[i] = submit(w, 4, &seven);
    w->service = start(w, &worker_type, NULL);
    for (i = 0; i < 8; i++)
        assert_int_equal(finish(w, 4, waiting[i], &progress).answer, AEGIS_ANSWER_OK);
    assert_int_equal(progress, 8);
}

static void test_command_json(void **state)
{
    world *w = (world *)*state;
    const aegis_client_options options = {.format = AEGIS_FORMAT_JSON};
    aegis_client *mine = w->client;
    int progress = 0;

    w->service = start(w, &worker_type, NULL);
    assert_int_equal(aegis_client_new(w->bus, &options, &w->client, NULL), AEGIS_OK);
    assert_int_equal(finish(w, 0, submit(w, 0, &seven), &progress).answer, AEGIS_ANSWER_OK);
    assert_int_equal(progress, 1);
    assert_int_equal(finish(w, 2, submit(w, 2, &seven), &progress).answer, 0);
    aegis_client_free(w->client);
    w->client = mine;
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_command),        WORLD_CASE(test_command_before_worker),
        WORLD_CASE(test_command_retry),  WORLD_CASE(test_command_failure),
        WORLD_CASE(test_command_cancel), WORLD_CASE(test_many_of_one_lane),
        WORLD_CASE(test_command_json),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
