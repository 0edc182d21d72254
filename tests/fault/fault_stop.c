/* F26: of two processes that share the calls and commands of a service, one is told to stop, by SIGTERM under
 * load, and replaced; fifty times. No call fails because of it, every command is done once or handed back,
 * and each process ends with 0.
 *
 * The program is its own server: it starts itself again with the URL as argument.
 */
#define _GNU_SOURCE
#include "contract/world.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STOPS = 50, CALLERS = 4 };

/* ---- the server process ------------------------------------------------------------------------------- */

static aegis_reply work(aegis_call *call, const note *request, void *user)
{
    const note done = {request->text, call->attempt};

    (void)user;
    nap(request->number * AEGIS_MILLISECOND);
    return peer_ok(call, &done);
}

SERVE(work)

static const aegis_method call_method = {.service = "shift", .name = "call", .timeout = 5 * AEGIS_SECOND};
static const aegis_method command_method = {.service = "shift",
                                            .name = "command",
                                            .timeout = 60 * AEGIS_SECOND,
                                            .command = true,
                                            .max_retries = 3,
                                            .backoff_min = 10 * AEGIS_MILLISECOND,
                                            .backoff_max = 50 * AEGIS_MILLISECOND};
static const aegis_endpoint endpoints[] = {{&call_method, serve_work}, {&command_method, serve_work}};
static const aegis_service_type shift_type = {
    .name = "shift", .version = "1.0.0", .endpoints = endpoints, .endpoint_count = 2};

static int serve(const char *url)
{
    const aegis_service_options options = {.concurrency = 2};
    aegis_service *service;
    aegis_error error = {0};
    aegis_bus *bus;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (aegis_open(url, NULL, &bus, &error) != AEGIS_OK ||
        aegis_service_start(bus, &shift_type, NULL, NULL, &options, &service, &error) != AEGIS_OK) {
        (void)fprintf(stderr, "server: %s\n", aegis_error_text(&error));
        return 1;
    }
    (void)putchar('!'); /* the pipe to the test: ready */
    (void)fflush(stdout);
    if (aegis_run(bus, &error) != AEGIS_OK)
        return 1;
    aegis_service_stop(service);
    aegis_close(bus);
    return 0;
}

/* ---- the test's side ---------------------------------------------------------------------------------- */

static pid_t launch_server(const char *url)
{
    int ready[2];
    char byte = 0;
    pid_t pid;

    assert_int_equal(pipe2(ready, 0), 0);
    pid = fork();
    if (pid == 0) {
        (void)dup2(ready[1], STDOUT_FILENO);
        (void)close(ready[0]);
        (void)execl("/proc/self/exe", "fault_stop", url, (char *)NULL);
        _exit(127);
    }
    (void)close(ready[1]);
    while (read(ready[0], &byte, 1) < 0 && errno == EINTR)
        continue;
    (void)close(ready[0]);
    assert_int_equal(byte, '!');
    return pid;
}

typedef struct load {
    world *w;
    atomic_bool stop;
    atomic_int ok, failed, called_back, wanted;
    atomic_int submitted, done, again, lost;
    atomic_llong slowest; /* command, ns */
    char why[256];
} load;

static void *keep_calling(void *argument)
{
    load *l = (load *)argument;
    aegis_arena *arena = aegis_arena_new(NULL);

    while (!atomic_load(&l->stop)) {
        const outcome out = peer_invoke(l->w->client, &call_method, &(note){"n", 1}, NULL, arena);

        if (out.answer != AEGIS_ANSWER_OK)
            (void)snprintf(l->why, sizeof l->why, "%.200s", aegis_error_text(&out.failed));
        atomic_fetch_add(out.answer == AEGIS_ANSWER_OK ? &l->ok : &l->failed, 1);
        aegis_arena_reset(arena);
    }
    aegis_arena_free(arena);
    return NULL;
}

static void hear(const outcome *out, void *user)
{
    load *l = (load *)user;

    if (out->answer != AEGIS_ANSWER_OK)
        (void)snprintf(l->why, sizeof l->why, "%.200s", aegis_error_text(&out->failed));
    atomic_fetch_add(out->answer == AEGIS_ANSWER_OK ? &l->ok : &l->failed, 1);
    atomic_fetch_add(&l->called_back, 1);
}

static void *keep_firing(void *argument)
{
    load *l = (load *)argument;

    while (!atomic_load(&l->stop)) {
        for (int i = 0; i < 16; i++, atomic_fetch_add(&l->wanted, 1))
            assert_true(peer_async(l->w->client, &call_method, &(note){"n", 0}, NULL, hear, l) != 0);
        while (atomic_load(&l->called_back) < atomic_load(&l->wanted))
            nap(AEGIS_MILLISECOND / 4);
    }
    return NULL;
}

static void *keep_commanding(void *argument)
{
    load *l = (load *)argument;
    aegis_arena *arena = aegis_arena_new(NULL);

    while (!atomic_load(&l->stop)) {
        const int64_t begun = aegis_clock_monotonic();
        aegis_command *command = NULL;
        outcome out;

        if (peer_submit(l->w->client, &command_method, &(note){"n", 5}, &command, NULL) != AEGIS_OK)
            continue;
        atomic_fetch_add(&l->submitted, 1);
        out = peer_wait(command, &command_method, 60 * AEGIS_SECOND, NULL, NULL, arena);
        aegis_command_free(command);
        if (aegis_clock_monotonic() - begun > atomic_load(&l->slowest))
            atomic_store(&l->slowest, aegis_clock_monotonic() - begun);
        if (out.answer != AEGIS_ANSWER_OK)
            (void)snprintf(l->why, sizeof l->why, "command: %.200s", aegis_error_text(&out.failed));
        atomic_fetch_add(out.answer == AEGIS_ANSWER_OK ? &l->done : &l->lost, 1);
        if (out.answer == AEGIS_ANSWER_OK && out.value.number > 1)
            atomic_fetch_add(&l->again, 1);
        aegis_arena_reset(arena);
    }
    aegis_arena_free(arena);
    return NULL;
}

static void f26_stop_under_load(void **state)
{
    world *w = (world *)*state;
    pthread_t threads[CALLERS + 2];
    pid_t pids[2];
    load l = {.w = w};
    int bad = 0;
    int i;

    if (!world_is_nats())
        skip();
    for (i = 0; i < 2; i++)
        pids[i] = launch_server(w->url);
    for (i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, keep_calling, &l), 0);
    assert_int_equal(pthread_create(&threads[CALLERS], NULL, keep_firing, &l), 0);
    assert_int_equal(pthread_create(&threads[CALLERS + 1], NULL, keep_commanding, &l), 0);
    for (i = 0; i < STOPS; i++) {
        const int before = atomic_load(&l.ok);
        int code = -1;

        while (atomic_load(&l.ok) < before + 50) /* it is at work */
            nap(AEGIS_MILLISECOND);
        assert_int_equal(kill(pids[i % 2], SIGTERM), 0);
        assert_int_equal(waitpid(pids[i % 2], &code, 0), pids[i % 2]);
        bad += code != 0;
        pids[i % 2] = launch_server(w->url);
    }
    atomic_store(&l.stop, true);
    for (i = 0; i < CALLERS + 2; i++)
        (void)pthread_join(threads[i], NULL);
    for (i = 0; i < 2; i++) {
        (void)kill(pids[i], SIGTERM);
        (void)waitpid(pids[i], NULL, 0);
    }
    (void)printf("F26: %d stops under load: %d calls, %d failed%s%s; %d commands, %d handed back, %d failed, "
                 "the slowest took %.0f ms; %d "
                 "processes did not end with 0\n",
                 STOPS, atomic_load(&l.ok), atomic_load(&l.failed), l.why[0] != '\0' ? ": " : "", l.why,
                 atomic_load(&l.submitted), atomic_load(&l.again), atomic_load(&l.lost),
                 (double)atomic_load(&l.slowest) / 1e6, bad);
    assert_int_equal(atomic_load(&l.failed), 0);
    assert_int_equal(atomic_load(&l.lost), 0);
    assert_true(atomic_load(&l.slowest) < TEN_SECONDS); /* nothing waited for the server to miss its worker */
    assert_int_equal(bad, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {WORLD_CASE(f26_stop_under_load)};

    if (argc == 2)
        return serve(argv[1]);
    return world_run(cases, sizeof cases / sizeof cases[0]);
}
