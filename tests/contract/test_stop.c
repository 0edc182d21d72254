/* A service that stops: what runs is finished, and nobody notices. */
#define _POSIX_C_SOURCE 200809L
#include "contract/world.h"

typedef struct load {
    world *w;
    atomic_bool *stop;
    pthread_t thread;
    int ok;
    int failed;
    char why[256];
} load;

static void *keep_calling(void *argument)
{
    load *l = (load *)argument;
    aegis_arena *arena = aegis_arena_new(NULL);

    while (!atomic_load(l->stop)) {
        outcome out = peer_call(l->w->client, "echo", &seven, NULL, arena);

        if (out.answer == AEGIS_ANSWER_OK) {
            l->ok++;
        } else {
            l->failed++;
            (void)snprintf(l->why, sizeof l->why, "%.200s", aegis_error_text(&out.failed));
        }
        aegis_arena_reset(arena);
    }
    aegis_arena_free(arena);
    return NULL;
}

/* Two servers share the load; stopping one loses nothing. */
static void test_clean_stop(void **state)
{
    world *w = (world *)*state;
    const aegis_service_options options = {.concurrency = 2};
    aegis_service *second;
    atomic_bool stop;
    load loads[3];
    int i;

    atomic_init(&stop, false);
    w->service = start(w, &peer_type, &options);
    memset(loads, 0, sizeof loads);
    for (i = 0; i < 3; i++) {
        loads[i].w = w;
        loads[i].stop = &stop;
        assert_int_equal(pthread_create(&loads[i].thread, NULL, keep_calling, &loads[i]), 0);
    }
    for (i = 0; i < 5; i++) {
        second = start(w, &peer_type, &options);
        nap(20 * AEGIS_MILLISECOND);
        aegis_service_stop(second);
    }
    atomic_store(&stop, true);
    for (i = 0; i < 3; i++) {
        (void)pthread_join(loads[i].thread, NULL);
        if (loads[i].failed != 0)
            fail_msg("%d calls failed: %s", loads[i].failed, loads[i].why);
        assert_true(loads[i].ok > 0);
    }
}

static void test_stop_waits(void **state)
{
    world *w = (world *)*state;
    aegis_service *service = start(w, &peer_type, NULL);
    caller first;

    launch(w, &first, "slow");
    assert_true(reached(&w->running, 1));
    atomic_store(&w->release, true);
    aegis_service_stop(service);
    land(&first);
    assert_int_equal(first.out.answer, AEGIS_ANSWER_OK);
    aegis_arena_free(first.arena);
}

/* ---- a handler that outlives its bus ---------------------------------------------------------------------
 */

static atomic_bool began, go_on;
static atomic_int lines;

/* All memory of a bus, in a list: what the port leaves behind is still ours, so that no leak is found. */
typedef struct block {
    struct block *next, *prev;
    max_align_t memory[];
} block;

static pthread_mutex_t blocks_lock = PTHREAD_MUTEX_INITIALIZER;
static block blocks = {&blocks, &blocks};
static size_t held_bytes;

static void *count_memory(void *user, void *pointer, size_t old_size, size_t new_size)
{
    block *b = NULL;

    (void)user;
    (void)pthread_mutex_lock(&blocks_lock);
    if (pointer != NULL) {
        b = (block *)(void *)((char *)pointer - offsetof(block, memory));
        b->prev->next = b->next;
        b->next->prev = b->prev;
    }
    if (new_size == 0) {
        free(b);
        b = NULL;
    } else {
        b = (block *)realloc(b, offsetof(block, memory) + new_size);
        assert_non_null(b);
        *b = (block){.next = &blocks, .prev = blocks.prev};
        b->prev->next = b->next->prev = b;
    }
    held_bytes += new_size - old_size;
    (void)pthread_mutex_unlock(&blocks_lock);
    return b != NULL ? b->memory : NULL;
}

static size_t held(void)
{
    size_t bytes;

    (void)pthread_mutex_lock(&blocks_lock);
    bytes = held_bytes;
    (void)pthread_mutex_unlock(&blocks_lock);
    return bytes;
}

static void count_line(void *user, aegis_log_level level, const char *line)
{
    (void)level;
    (void)line;
    (void)atomic_fetch_add((atomic_int *)user, 1);
}

static void on_span(void *user, aegis_span *span)
{
    (void)span;
    (void)atomic_fetch_add((atomic_int *)user, 1);
}

/* It replies twice, which is refused and would be logged. */
static aegis_reply outlive(aegis_call *call, const note *request, void *user)
{
    (void)user;
    atomic_store(&began, true);
    while (!atomic_load(&go_on))
        nap(AEGIS_MILLISECOND);
    (void)peer_ok(call, request);
    return peer_ok(call, request);
}

SERVE(outlive)

static aegis_settle on_event(const aegis_event *event, const void *ops, void *user)
{
    (void)event;
    (void)ops;
    (void)user;
    atomic_store(&began, true);
    while (!atomic_load(&go_on))
        nap(AEGIS_MILLISECOND);
    return AEGIS_DONE;
}

static const aegis_method outlive_methods[] = {
    {.service = "late", .name = "outlive", .timeout = TEN_SECONDS},
    {.service = "late", .name = "outlive_it", .timeout = TEN_SECONDS, .command = true}};
static const aegis_endpoint outlive_endpoints[] = {{&outlive_methods[0], serve_outlive},
                                                   {&outlive_methods[1], serve_outlive}};
static const aegis_event_type happened = {"late", "happened", "1.0"};
static const aegis_subscription outlive_subscriptions[] = {
    {.pattern = "late.*", .durable = "late__any", .raw = on_event}};
static const aegis_service_type late_type = {.name = "late",
                                             .version = "1.0.0",
                                             .endpoints = outlive_endpoints,
                                             .endpoint_count = 2,
                                             .subscriptions = outlive_subscriptions,
                                             .subscription_count = 1};

/* What it was given is the port's, and that is gone: it stays. */
#define A_MESSAGE 1024

static void nobody_waits(const outcome *out, void *user)
{
    (void)out;
    (void)user;
}

static void send_it(world *w, int what)
{
    aegis_command *command = NULL;

    if (what == 0) {
        (void)peer_async(w->client, &outlive_methods[0], &seven, NULL, nobody_waits, NULL);
    } else if (what == 1) {
        assert_int_equal(peer_submit(w->client, &outlive_methods[1], &seven, &command, NULL), AEGIS_OK);
        aegis_command_free(command);
    } else {
        assert_int_equal(peer_publish(w->publisher, &happened, &seven, NULL, NULL), AEGIS_OK);
    }
}

/* What it counts in, and says of itself, is there until it ends; nobody hears it any more. */
static void test_outlives_its_bus(void **state)
{
    static const aegis_allocator allocator = {.resize = count_memory};
    world *w = (world *)*state;
    const aegis_options options = {.allocator = &allocator,
                                   .log = count_line,
                                   .log_user = &lines,
                                   .span_end = on_span,
                                   .span_user = &lines};
    const aegis_service_options brief = {.drain_timeout = 20 * AEGIS_MILLISECOND};

    if (world_is_nats()) /* what becomes of its memory is the same */
        return;
    for (int what = 0; what < 3; what++) {
        const int64_t until = aegis_clock_monotonic() + TEN_SECONDS;
        const size_t left = held();
        int before;

        atomic_store(&began, false);
        atomic_store(&go_on, false);
        world_reopen(w, &options);
        (void)start(w, &late_type, &brief);
        send_it(w, what);
        while (!atomic_load(&began)) {
            assert_true(aegis_clock_monotonic() < until);
            nap(AEGIS_MILLISECOND);
        }
        world_close(w);
        before = atomic_load(&lines);
        assert_true(held() > left + A_MESSAGE);
        atomic_store(&go_on, true);
        while (held() > left + A_MESSAGE) {
            assert_true(aegis_clock_monotonic() < until);
            nap(AEGIS_MILLISECOND);
        }
        assert_int_equal(atomic_load(&lines), before);
    }
}

static void *stop_soon(void *argument)
{
    nap(50 * AEGIS_MILLISECOND);
    aegis_stop((aegis_bus *)argument);
    return NULL;
}

static void test_run(void **state)
{
    world *w = (world *)*state;
    pthread_t thread;

    w->service = start(w, &peer_type, NULL);
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, w->bus), 0);
    assert_int_equal(aegis_run(w->bus, NULL), AEGIS_OK);
    (void)pthread_join(thread, NULL);
    assert_int_equal(call(w, "echo", &seven).failed.status, AEGIS_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_clean_stop),
        WORLD_CASE(test_stop_waits),
        WORLD_CASE(test_outlives_its_bus),
        WORLD_CASE(test_run),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
