/* Commands whose workers die, hang and abort, over a real server with real processes.
 *
 * F4   a worker is killed at each step of claim, effect, result, callback and ack, twenty times each
 * F8   a worker is stopped past its lease and goes on afterwards
 * F22  a message that aborts the process
 * F23  every command is delivered several times, out of order, to several workers
 * F24  ten thousand commands of low priority, then a hundred of high
 */
#define _GNU_SOURCE
#include "contract/crashes.h"

#include <signal.h>
#include <sys/wait.h>

enum { ROUNDS = 20, FREEZES = 10, COMMANDS = 200, COPIES = 5, LOW = 10000, HIGH = 100, SLOTS = 4 };

#define LEASE (400 * AEGIS_MILLISECOND)

static void f4(void **state)
{
    world *w = (world *)*state;
    crash_count counts[CRASH_POINTS];
    size_t i;

    crashes_run(w->bus, w->url, ROUNDS, counts);
    for (i = 0; i < CRASH_POINTS; i++)
        (void)printf(
            "F4: killed at %-8s %d times: %d effects, %d of them told that they may not be the first\n",
            counts[i].point, counts[i].crashes, counts[i].effects, counts[i].doubts);
}

/* The second worker begins while the first is stopped; the first goes on, ends, and must neither write its
 * result nor acknowledge, which the second, still at it, would see. */
static bool freeze(world *w, station *s)
{
    AEGIS_SCOPED_ARENA(arena);
    char id[AEGIS_UUID_TEXT];
    const size_t dropped = station_logged(s, "is dropped");
    aegis_record record;
    pid_t first, second;
    bool refused;
    int i;

    station_retain(s, 1);
    station_retain(s, 2);
    (void)aegis_uuid_format(aegis_uuid_new(), id);
    first = station_start(s, NULL, 1);
    assert_true(station_publish(w->bus, s, "exact", id, "hold", 3));
    assert_true(station_reached(s, id, 1));
    (void)kill(first, SIGSTOP);
    second = station_start(s, NULL, 1);
    assert_true(station_reached(s, id, 2));
    station_release(s, 1);
    (void)kill(first, SIGCONT);
    for (i = 0; i < 1000 && station_logged(s, "is dropped") == dropped; i++)
        nap(5 * AEGIS_MILLISECOND);
    refused = station_logged(s, "is dropped") == dropped + 1;
    assert_int_equal(desk_stored(w->bus, AEGIS_KIND_COMMANDS), 1);
    assert_false(aegis_record_ended((record = desk_record(w->bus, id, arena), &record)));
    station_release(s, 2);
    assert_true(desk_ended(w->bus, id, arena, &record));
    assert_int_equal(record.value.attempt, 2);
    assert_true(record.value.maybe_executed);
    assert_true(desk_settled(w->bus, AEGIS_KIND_COMMANDS, 0));
    assert_int_equal(station_effects(s, id, NULL, 0), 2);
    station_stop(first);
    station_stop(second);
    s->pid = 0;
    return refused;
}

static void f8(void **state)
{
    world *w = (world *)*state;
    int refused = 0;
    station s;
    int i;

    station_open(&s, "frozen", w->url, LEASE);
    for (i = 0; i < FREEZES; i++)
        refused += freeze(w, &s);
    assert_int_equal(refused, FREEZES);
    (void)printf("F8: %d workers stopped past their lease: %d late results refused, 0 acknowledged\n",
                 FREEZES, refused);
    station_close(&s);
}

/* Its workers are started again, as a supervisor would, until one stays. */
static int abort_until_dead(world *w, station *s, const char *command, uint32_t max_retries)
{
    const uint64_t letters = desk_stored(w->bus, AEGIS_KIND_DLQ);
    char id[AEGIS_UUID_TEXT];
    int crashes = 0;
    pid_t pid = station_start(s, NULL, 1);

    (void)aegis_uuid_format(aegis_uuid_new(), id);
    assert_true(station_publish(w->bus, s, command, id, "abort", max_retries));
    while (desk_stored(w->bus, AEGIS_KIND_DLQ) == letters) {
        int how = 0;

        if (waitpid(pid, &how, WNOHANG) == pid) {
            assert_true(WIFSIGNALED(how));
            crashes++;
            pid = station_start(s, NULL, 1);
        }
        assert_true(crashes < 50);
        nap(10 * AEGIS_MILLISECOND);
    }
    (void)aegis_uuid_format(aegis_uuid_new(), id);
    assert_true(station_publish(w->bus, s, command, id, "x", 0)); /* it serves again */
    assert_true(station_reached(s, id, 1));
    assert_true(desk_settled(w->bus, AEGIS_KIND_COMMANDS, 0));
    station_stop(pid);
    s->pid = 0;
    return crashes;
}

static void f22(void **state)
{
    static const char *const commands[] = {"exact", "once", "often"};
    world *w = (world *)*state;
    int crashes[3];
    station s;
    size_t i;

    station_open(&s, "abort", w->url, LEASE);
    for (i = 0; i < 3; i++)
        crashes[i] = abort_until_dead(w, &s, commands[i], 2);
    assert_int_equal(crashes[0], 3);
    assert_int_equal(crashes[1], 1);
    (void)printf("F22: a message that aborts its worker, 3 attempts allowed: a dead letter after %d crashes "
                 "(exactly once), %d (at most once), %d (at least once)\n",
                 crashes[0], crashes[1], crashes[2]);
    station_close(&s);
}

static void f23(void **state)
{
    world *w = (world *)*state;
    const unsigned seed = (unsigned)aegis_now();
    char(*ids)[AEGIS_UUID_TEXT] = (char(*)[AEGIS_UUID_TEXT])calloc(COMMANDS, sizeof *ids);
    size_t *deck = (size_t *)calloc((size_t)COMMANDS * COPIES, sizeof *deck);
    pid_t workers[3];
    size_t i, effects = 0;
    station s;

    assert_non_null(ids);
    assert_non_null(deck);
    station_open(&s, "copies", w->url, LEASE);
    srand(seed);
    for (i = 0; i < COMMANDS; i++)
        (void)aegis_uuid_format(aegis_uuid_new(), ids[i]);
    for (i = 0; i < (size_t)COMMANDS * COPIES; i++) {
        const size_t at = (size_t)rand() % (i + 1);

        deck[i] = deck[at];
        deck[at] = i % COMMANDS;
    }
    for (i = 0; i < 3; i++)
        workers[i] = station_start(&s, NULL, SLOTS);
    for (i = 0; i < (size_t)COMMANDS * COPIES; i++)
        assert_true(station_publish(w->bus, &s, "exact", ids[deck[i]], "x", 3));
    for (i = 0; i < 3 && !desk_settled(w->bus, AEGIS_KIND_COMMANDS, 0); i++)
        continue;
    assert_int_equal(desk_stored(w->bus, AEGIS_KIND_COMMANDS), 0);
    for (i = 0; i < COMMANDS; i++) {
        assert_int_equal(station_effects(&s, ids[i], NULL, 0), 1);
        effects++;
    }
    (void)printf("F23: %d commands, each delivered %d times to 3 workers, seed %u: %zu effects\n", COMMANDS,
                 COPIES, seed, effects);
    for (i = 0; i < 3; i++)
        station_stop(workers[i]);
    s.pid = 0;
    station_close(&s);
    free(ids);
    free(deck);
}

/* ---- F24, in this process: what is measured is who is taken first -------------------------------------- */

/* Everything stands still while the high ones are sent, so that what counts is whom the slots go to. */
typedef struct queue {
    int64_t began[HIGH]; /* of high ones, by number */
    int before[HIGH];    /* low ones begun then */
    atomic_int low, high, held;
    atomic_bool hold;
} queue;

static aegis_reply take(aegis_call *call, const note *request, void *user)
{
    queue *q = (queue *)user;

    if (strcmp(request->text, "low") == 0) {
        (void)atomic_fetch_add(&q->low, 1);
    } else {
        q->began[request->number] = aegis_clock_monotonic();
        q->before[request->number] = atomic_load(&q->low);
        (void)atomic_fetch_add(&q->high, 1);
    }
    if (atomic_load(&q->hold)) {
        (void)atomic_fetch_add(&q->held, 1);
        while (atomic_load(&q->hold))
            nap(AEGIS_MILLISECOND);
    }
    nap(2 * AEGIS_MILLISECOND);
    return peer_ok(call, request);
}
SERVE(take)

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void send_lane(world *w, const char *lane, const char *text, int64_t number)
{
    char id[AEGIS_UUID_TEXT];
    const order o = {.service = "lanes",
                     .command = "take",
                     .lane = lane,
                     .id = aegis_uuid_format(aegis_uuid_new(), id),
                     .payload = {text, number}};

    assert_true(desk_publish(w->bus, &o));
}

static void f24(void **state)
{
    static const aegis_method method = {
        .service = "lanes", .name = "take", .timeout = AEGIS_MINUTE, .command = true, .lanes = true};
    static const aegis_endpoint endpoint = {&method, serve_take};
    static const aegis_service_type type = {
        .name = "lanes", .version = "1.0.0", .endpoints = &endpoint, .endpoint_count = 1};
    const aegis_service_options options = {.concurrency = SLOTS};
    world *w = (world *)*state;
    queue *q = (queue *)calloc(1, sizeof *q);
    int64_t waits[HIGH], released;
    int i, low_before, last = 0, first = LOW;

    assert_non_null(q);
    for (i = 0; i < LOW; i++)
        send_lane(w, ".low", "low", i);
    assert_int_equal(aegis_service_start(w->bus, &type, NULL, q, &options, &w->service, NULL), AEGIS_OK);
    assert_true(reached(&q->low, 1000));
    atomic_store(&q->hold, true);
    assert_true(reached(&q->held, SLOTS));
    low_before = atomic_load(&q->low);
    for (i = 0; i < HIGH; i++)
        send_lane(w, ".high", "high", i);
    nap(200 * AEGIS_MILLISECOND);
    released = aegis_clock_monotonic();
    atomic_store(&q->hold, false);
    assert_true(reached(&q->high, HIGH));
    for (i = 0; i < HIGH; i++) {
        waits[i] = q->began[i] - released;
        q->before[i] -= low_before;
        first = q->before[i] < first ? q->before[i] : first;
        last = q->before[i] > last ? q->before[i] : last;
    }
    for (i = 0; i < 12 && !reached(&q->low, LOW); i++)
        continue;
    assert_int_equal(atomic_load(&q->low), LOW);
    qsort(waits, HIGH, sizeof *waits, by_size);
    (void)printf(
        "F24: behind %d of low priority and %d that run, %d of high waited p50 %.1f ms, p99 %.1f ms; %d of "
        "low began before the first, %d before the last (%d is one in nine)\n",
        LOW - low_before, SLOTS, HIGH, (double)waits[HIGH / 2] / 1e6, (double)waits[HIGH * 99 / 100] / 1e6,
        first, last, HIGH / 8);
    assert_true(first <= 4); /* one a lane */
    /* More than its share when the machine has no time for who reads the others, but never half. */
    assert_true(last >= HIGH / 16 && last < HIGH);
    aegis_service_stop(w->service);
    w->service = NULL;
    free(q);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(f4), WORLD_CASE(f8), WORLD_CASE(f22), WORLD_CASE(f23), WORLD_CASE(f24),
    };

    if (station_called(argc, argv))
        return station_work(argv);
    return world_run_nats(cases, sizeof cases / sizeof cases[0]);
}
