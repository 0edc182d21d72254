/* Commands from the caller's side: one that is sent twice, learning of an outcome by waiting, polling and
 * being told, from this process and from another, also when the completion got lost; delays; cancelling
 * before the beginning. */
#define _POSIX_C_SOURCE 200809L
#include "contract/world.h"

#include "application/record.h"

static aegis_reply pack(aegis_call *call, const note *request, void *user)
{
    world *w = (world *)user;
    const note half = {"half", 1};

    atomic_fetch_add(&w->attempts, 1);
    (void)peer_progress(call, &half);
    if (request->number < 0)
        return peer_out_of_stock(call, request);
    return peer_ok(call, &(note){"packed", request->number * 2});
}

/* Reports, and ends when it is let go. */
static aegis_reply slow(aegis_call *call, const note *request, void *user)
{
    world *w = (world *)user;
    const note tick = {"tick", 0};

    atomic_fetch_add(&w->running, 1);
    while (!atomic_load(&w->release)) {
        if (!peer_progress(call, &tick))
            return peer_fail(call, AEGIS_CANCELLED, "stopped on request");
        nap(5 * AEGIS_MILLISECOND);
    }
    return peer_ok(call, request);
}

/* Notes in which order they come. */
static struct {
    atomic_int count, numbers[8];
} started;

static aegis_reply note_order(aegis_call *call, const note *request, void *user)
{
    const int place = atomic_fetch_add(&started.count, 1);

    (void)user;
    if (place < 8)
        atomic_store(&started.numbers[place], (int)request->number);
    return peer_ok(call, request);
}

SERVE(pack)
SERVE(slow)
SERVE(note_order)

#define COMMAND(text, promise)                                                                               \
    {                                                                                                        \
        .service = "depot", .name = text, .timeout = 10 * AEGIS_SECOND, .errors = peer_errors,               \
        .error_codes = peer_error_codes, .error_count = 1, .command = true, .max_retries = 3,                \
        .backoff_min = 10 * AEGIS_MILLISECOND, .backoff_max = 50 * AEGIS_MILLISECOND, .guarantee = promise   \
    }
enum { PACK, SLOW, OFTEN, URGENT };
static const aegis_method methods[] = {COMMAND("pack", AEGIS_EXACTLY_ONCE),
                                       COMMAND("slow", AEGIS_EXACTLY_ONCE),
                                       COMMAND("often", AEGIS_AT_LEAST_ONCE),
                                       {.service = "depot",
                                        .name = "urgent",
                                        .timeout = 10 * AEGIS_SECOND,
                                        .command = true,
                                        .guarantee = AEGIS_AT_LEAST_ONCE,
                                        .priority = AEGIS_PRIORITY_NORMAL,
                                        .lanes = true}};
static const aegis_endpoint endpoints[] = {{&methods[PACK], serve_pack},
                                           {&methods[SLOW], serve_slow},
                                           {&methods[OFTEN], serve_pack},
                                           {&methods[URGENT], serve_note_order}};
static const aegis_service_type depot = {
    .name = "depot", .version = "1.0.0", .endpoints = endpoints, .endpoint_count = 4};

static aegis_command *submit(world *w, int which, const note *request, const aegis_command_options *options,
                             const char *key)
{
    aegis_command *command = NULL;
    aegis_error error = {0};

    if (peer_submit_as(w->client, &methods[which], request, options, key, &command, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    return command;
}

static aegis_command *attach(world *w, const char *id)
{
    aegis_command *command = NULL;
    aegis_error error = {0};

    if (aegis_command_attach(w->client, id, &command, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    return command;
}

static void count(const note *update, void *user)
{
    (void)update;
    atomic_fetch_add((atomic_int *)user, 1);
}

static outcome wait_for(world *w, int which, aegis_command *command, aegis_duration timeout)
{
    return peer_wait(command, &methods[which], timeout, count, &w->seen, w->arena);
}

static void is_packed(outcome out, int64_t number)
{
    if (out.answer != AEGIS_ANSWER_OK)
        fail_msg("%s", aegis_error_text(&out.failed));
    assert_string_equal(out.value.text, "packed");
    assert_int_equal(out.value.number, number);
}

/* ---- sent twice --------------------------------------------------------------------------------------- */

static void test_twice_is_once(void **state)
{
    world *w = (world *)*state;
    aegis_command *first, *second, *other;

    w->service = start(w, &depot, NULL);
    first = submit(w, PACK, &seven, NULL, "tn");
    is_packed(wait_for(w, PACK, first, TEN_SECONDS), 14);
    second = submit(w, PACK, &seven, NULL, "tn");
    assert_string_equal(aegis_command_id(first), aegis_command_id(second));
    is_packed(wait_for(w, PACK, second, TEN_SECONDS), 14);
    is_packed(wait_for(w, PACK, second, TEN_SECONDS), 14); /* and whoever asks again */
    assert_int_equal(atomic_load(&w->attempts), 1);
    other = submit(w, PACK, &(note){seven.text, 8}, NULL, "tn");
    assert_string_not_equal(aegis_command_id(first), aegis_command_id(other));
    is_packed(wait_for(w, PACK, other, TEN_SECONDS), 16);
    aegis_command_free(first);
    aegis_command_free(second);
    aegis_command_free(other);
}

static void test_failure_is_answered_again(void **state)
{
    const aegis_command_options options = {.key = "refused"};
    world *w = (world *)*state;
    int i;

    w->service = start(w, &depot, NULL);
    for (i = 0; i < 2; i++) {
        aegis_command *command = submit(w, PACK, &(note){"none", -1}, &options, "tn");
        outcome out = wait_for(w, PACK, command, TEN_SECONDS);

        assert_int_equal(out.answer, 0);
        assert_string_equal(out.value.text, "none");
        aegis_command_free(command);
    }
    assert_int_equal(atomic_load(&w->attempts), 1);
}

/* Both wait for the one that runs. */
static void test_twice_at_once(void **state)
{
    world *w = (world *)*state;
    aegis_command *first, *second;

    w->service = start(w, &depot, NULL);
    first = submit(w, SLOW, &seven, NULL, "t");
    second = submit(w, SLOW, &seven, NULL, "t");
    assert_true(reached(&w->running, 1));
    atomic_store(&w->release, true);
    assert_int_equal(wait_for(w, SLOW, second, TEN_SECONDS).answer, AEGIS_ANSWER_OK);
    assert_int_equal(wait_for(w, SLOW, first, TEN_SECONDS).answer, AEGIS_ANSWER_OK);
    assert_int_equal(atomic_load(&w->running), 1);
    aegis_command_free(first);
    aegis_command_free(second);
}

/* ---- attached ----------------------------------------------------------------------------------------- */

static void test_attach_while_it_runs(void **state)
{
    world *w = (world *)*state;
    aegis_command *mine, *theirs;

    w->service = start(w, &depot, NULL);
    mine = submit(w, SLOW, &seven, NULL, "");
    theirs = attach(w, aegis_command_id(mine));
    assert_true(reached(&w->running, 1));
    assert_int_equal(wait_for(w, SLOW, theirs, 300 * AEGIS_MILLISECOND).failed.status,
                     AEGIS_DEADLINE_EXCEEDED);
    assert_true(atomic_load(&w->seen) > 0);
    atomic_store(&w->release, true);
    assert_int_equal(wait_for(w, SLOW, theirs, TEN_SECONDS).answer, AEGIS_ANSWER_OK);
    aegis_command_free(theirs);
    aegis_command_free(mine);
}

static void test_attach_after_its_end(void **state)
{
    world *w = (world *)*state;
    aegis_command *command;
    char id[AEGIS_UUID_TEXT];
    outcome out;

    w->service = start(w, &depot, NULL);
    command = submit(w, PACK, &seven, NULL, "");
    (void)snprintf(id, sizeof id, "%s", aegis_command_id(command));
    is_packed(wait_for(w, PACK, command, TEN_SECONDS), 14);
    aegis_command_free(command);
    command = attach(w, id);
    is_packed(wait_for(w, PACK, command, TEN_SECONDS), 14);
    aegis_command_free(command);
    command = attach(w, id);
    out = wait_for(w, SLOW, command, TEN_SECONDS);
    assert_int_equal(out.failed.status, AEGIS_FAILED_PRECONDITION);
    assert_non_null(strstr(aegis_error_text(&out.failed), "is depot.pack, not depot.slow"));
    aegis_command_free(command);
}

static void test_attach_to_nothing(void **state)
{
    static const char *const bad[] = {"", "a.b", "a b", "*", ">"};
    world *w = (world *)*state;
    aegis_command *command = attach(w, "00000000-0000-4000-8000-000000000000");
    size_t i;

    assert_int_equal(wait_for(w, PACK, command, 100 * AEGIS_MILLISECOND).failed.status,
                     AEGIS_DEADLINE_EXCEEDED);
    aegis_command_free(command);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(aegis_command_attach(w->client, bad[i], &command, NULL), AEGIS_INVALID_ARGUMENT);
    assert_null(command);
}

/* ---- the record instead of a completion --------------------------------------------------------------- */

/* As a worker does whose completion gets lost. */
static void record_result(world *w, const char *id, int64_t number)
{
    aegis_raw result = {{NULL, 0}, AEGIS_FORMAT_MSGPACK};
    aegis_writer writer;
    aegis_record record;

    aegis_writer_open(&writer, w->arena, AEGIS_FORMAT_MSGPACK, 0);
    note_put(&writer, &(note){"packed", number});
    assert_int_equal(aegis_writer_close(&writer, &result.data, NULL), AEGIS_OK);
    assert_int_equal(aegis_bus_ensure(w->bus, AEGIS_KIND_RECORDS, NULL), AEGIS_OK);
    aegis_record_begin(&record, id, "depot", "pack");
    aegis_record_claim(&record, "depot-1");
    aegis_record_conclude(&record, AEGIS_DUTIES_COMMAND_STATE_COMPLETED, NULL, &result);
    assert_int_equal(
        aegis_record_write(w->bus, &record, aegis_clock_monotonic() + TEN_SECONDS, w->arena, NULL), AEGIS_OK);
}

static void test_lost_completion(void **state)
{
    world *w = (world *)*state;
    aegis_command *command = submit(w, PACK, &seven, NULL, "");
    const int64_t began = aegis_clock_monotonic();

    record_result(w, aegis_command_id(command), 99);
    is_packed(wait_for(w, PACK, command, TEN_SECONDS), 99);
    assert_true(aegis_clock_monotonic() - began < 3 * AEGIS_SECOND);
    aegis_command_free(command);
}

/* ---- polling ------------------------------------------------------------------------------------------ */

static void test_poll(void **state)
{
    world *w = (world *)*state;
    aegis_command *command;
    int64_t until = aegis_clock_monotonic() + TEN_SECONDS;
    outcome out;

    w->service = start(w, &depot, NULL);
    command = submit(w, SLOW, &seven, NULL, "");
    assert_true(reached(&w->running, 1));
    while (atomic_load(&w->seen) == 0 && aegis_clock_monotonic() < until)
        assert_false(peer_poll(command, &methods[SLOW], count, &w->seen, w->arena, &out));
    atomic_store(&w->release, true);
    while (!peer_poll(command, &methods[SLOW], count, &w->seen, w->arena, &out) &&
           aegis_clock_monotonic() < until)
        nap(AEGIS_MILLISECOND);
    assert_int_equal(out.answer, AEGIS_ANSWER_OK);
    assert_int_equal(out.value.number, 7);
    aegis_command_free(command);
}

static void test_poll_reads_the_record(void **state)
{
    world *w = (world *)*state;
    aegis_command *command = attach(w, "00000000-0000-4000-8000-00000000000a");
    outcome out;

    assert_false(peer_poll(command, &methods[PACK], NULL, NULL, w->arena, &out));
    record_result(w, aegis_command_id(command), 5);
    aegis_command_free(command);
    command = attach(w, "00000000-0000-4000-8000-00000000000a");
    assert_true(peer_poll(command, &methods[PACK], NULL, NULL, w->arena, &out));
    is_packed(out, 5);
    aegis_command_free(command);
}

/* ---- being told --------------------------------------------------------------------------------------- */

typedef struct told {
    world *w;
    atomic_int heard;
    outcome last;
    aegis_status inner; /* what a wait in the callback got */
} told;

static void hear(const outcome *out, void *user)
{
    told *t = (told *)user;

    t->last = *out;
    if (out->answer == AEGIS_ANSWER_OK) /* the text goes with the callback */
        t->last.value.text = strcmp(out->value.text, "packed") == 0 ? "packed" : "something else";
    atomic_fetch_add(&t->heard, 1);
}

static void notify(world *w, int which, aegis_command *command, aegis_duration timeout, told *t)
{
    aegis_error error = {0};

    (void)w;
    if (peer_notify(command, &methods[which], timeout, NULL, hear, t, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
}

static void test_notify_each_once(void **state)
{
    world *w = (world *)*state;
    told t = {.w = w};
    int i;

    w->service = start(w, &depot, NULL);
    for (i = 0; i < 100; i++)
        notify(w, PACK, submit(w, PACK, &seven, NULL, ""), 0, &t);
    assert_true(reached(&t.heard, 100));
    nap(50 * AEGIS_MILLISECOND);
    assert_int_equal(atomic_load(&t.heard), 100);
    assert_int_equal(atomic_load(&w->attempts), 100);
}

static void tick(const note *update, void *user)
{
    (void)update;
    atomic_fetch_add(&((told *)user)->w->seen, 1);
}

static void test_notify_progress(void **state)
{
    world *w = (world *)*state;
    told t = {.w = w};

    w->service = start(w, &depot, NULL);
    assert_int_equal(peer_notify(submit(w, SLOW, &seven, NULL, ""), &methods[SLOW], 0, tick, hear, &t, NULL),
                     AEGIS_OK);
    assert_true(reached(&w->seen, 3));
    atomic_store(&w->release, true);
    assert_true(reached(&t.heard, 1));
    assert_int_equal(t.last.answer, AEGIS_ANSWER_OK);
    assert_int_equal(t.last.value.number, 7);
}

static void test_notify_from_the_record(void **state)
{
    world *w = (world *)*state;
    told t = {.w = w};
    aegis_command *command = submit(w, PACK, &seven, NULL, "");

    record_result(w, aegis_command_id(command), 42);
    notify(w, PACK, attach(w, aegis_command_id(command)), 0, &t); /* looks at once */
    assert_true(reached(&t.heard, 1));
    is_packed(t.last, 42);
    notify(w, PACK, command, 0, &t); /* after a second */
    assert_true(reached(&t.heard, 2));
    is_packed(t.last, 42);
}

static void test_notify_in_time(void **state)
{
    world *w = (world *)*state;
    told t = {.w = w};
    const int64_t began = aegis_clock_monotonic();

    notify(w, PACK, submit(w, PACK, &seven, NULL, ""), 200 * AEGIS_MILLISECOND, &t);
    assert_true(reached(&t.heard, 1));
    assert_int_equal(t.last.failed.status, AEGIS_DEADLINE_EXCEEDED);
    assert_true(aegis_clock_monotonic() - began < 2 * AEGIS_SECOND);
}

static void test_notify_is_bounded(void **state)
{
    const aegis_client_options two = {.async_limit = 2};
    world *w = (world *)*state;
    told t = {.w = w};
    aegis_command *third;
    aegis_error error = {0};

    aegis_client_free(w->client);
    assert_int_equal(aegis_client_new(w->bus, &two, &w->client, NULL), AEGIS_OK);
    notify(w, PACK, submit(w, PACK, &seven, NULL, ""), 0, &t);
    notify(w, PACK, submit(w, PACK, &seven, NULL, ""), 0, &t);
    third = submit(w, PACK, &seven, NULL, "");
    assert_int_equal(peer_notify(third, &methods[PACK], 0, NULL, hear, &t, &error), AEGIS_RESOURCE_EXHAUSTED);
    w->service = start(w, &depot, NULL);
    is_packed(wait_for(w, PACK, third, TEN_SECONDS), 14); /* it is still the caller's */
    assert_true(reached(&t.heard, 2));
    notify(w, PACK, third, 0, &t); /* and there is room again */
    assert_true(reached(&t.heard, 3));
    is_packed(t.last, 14);
}

static void test_client_freed(void **state)
{
    world *w = (world *)*state;
    told t = {.w = w};
    int i;

    for (i = 0; i < 3; i++)
        notify(w, PACK, submit(w, PACK, &seven, NULL, ""), 0, &t);
    aegis_client_free(w->client);
    w->client = NULL;
    assert_int_equal(atomic_load(&t.heard), 3);
    assert_int_equal(t.last.failed.status, AEGIS_CANCELLED);
}

/* From a callback another command is submitted; it must not be waited for there. */
static void chain(const outcome *out, void *user)
{
    told *t = (told *)user;
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_command *command = submit(t->w, PACK, &(note){"next", out->value.number}, NULL, "");

    t->inner = peer_wait(command, &methods[PACK], TEN_SECONDS, NULL, NULL, arena).failed.status;
    notify(t->w, PACK, command, 0, t);
    aegis_arena_free(arena);
}

static void test_callback_submits(void **state)
{
    world *w = (world *)*state;
    told t = {.w = w};

    w->service = start(w, &depot, NULL);
    assert_int_equal(peer_notify(submit(w, PACK, &seven, NULL, ""), &methods[PACK], 0, NULL, chain, &t, NULL),
                     AEGIS_OK);
    assert_true(reached(&t.heard, 1));
    assert_int_equal(t.inner, AEGIS_FAILED_PRECONDITION);
    is_packed(t.last, 28);
}

/* ---- later, and not at all ---------------------------------------------------------------------------- */

static void test_delay(void **state)
{
    const aegis_command_options options = {.delay = 700 * AEGIS_MILLISECOND};
    world *w = (world *)*state;
    aegis_command *command;
    int64_t began;

    w->service = start(w, &depot, NULL);
    began = aegis_clock_monotonic();
    command = submit(w, PACK, &seven, &options, "");
    is_packed(wait_for(w, PACK, command, TEN_SECONDS), 14);
    assert_true(aegis_clock_monotonic() - began >= 700 * AEGIS_MILLISECOND);
    assert_true(aegis_clock_monotonic() - began < 3 * AEGIS_SECOND);
    assert_int_equal(atomic_load(&w->attempts), 1);
    aegis_command_free(command);
}

static void test_cancel_before_it_begins(void **state)
{
    world *w = (world *)*state;
    aegis_command *command = submit(w, PACK, &seven, NULL, "");
    aegis_command *other = attach(w, aegis_command_id(command));
    aegis_command *last;
    aegis_error error = {0};

    if (aegis_command_cancel(command, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    assert_int_equal(wait_for(w, PACK, command, TEN_SECONDS).failed.status, AEGIS_CANCELLED);
    w->service = start(w, &depot, NULL);
    assert_int_equal(wait_for(w, PACK, other, TEN_SECONDS).failed.status, AEGIS_CANCELLED);
    last = submit(w, PACK, &seven, NULL, ""); /* behind it, so that it was looked at */
    is_packed(wait_for(w, PACK, last, TEN_SECONDS), 14);
    assert_int_equal(atomic_load(&w->attempts), 1);
    assert_int_equal(aegis_command_cancel(last, NULL), AEGIS_OK); /* it has ended, and stays so */
    is_packed(wait_for(w, PACK, last, TEN_SECONDS), 14);
    aegis_command_free(command);
    aegis_command_free(other);
    aegis_command_free(last);
}

/* It is cancelled while nobody is there to hear of it, and has no record yet. */
static void test_cancel_of_at_least_once(void **state)
{
    world *w = (world *)*state;
    aegis_command *command = submit(w, OFTEN, &seven, NULL, "");
    aegis_command *last;

    assert_int_equal(aegis_command_cancel(command, NULL), AEGIS_OK);
    w->service = start(w, &depot, NULL);
    assert_int_equal(wait_for(w, OFTEN, command, TEN_SECONDS).failed.status, AEGIS_CANCELLED);
    last = submit(w, OFTEN, &seven, NULL, "");
    is_packed(wait_for(w, OFTEN, last, TEN_SECONDS), 14);
    assert_int_equal(atomic_load(&w->attempts), 1);
    aegis_command_free(command);
    aegis_command_free(last);
}

static void expect_at_hand(world *w, const char *durable)
{
    const int64_t until = aegis_clock_monotonic() + TEN_SECONDS;
    aegis_consumer_info info = {0};

    while (info.ack_pending != 1 && aegis_clock_monotonic() < until) {
        nap(5 * AEGIS_MILLISECOND);
        assert_int_equal(w->bus->port->ops->consumer_info(w->bus->port, AEGIS_STREAM_COMMANDS, durable, until,
                                                          &info, NULL),
                         AEGIS_OK);
    }
    assert_int_equal(info.ack_pending, 1);
}

/* Submitted from the least urgent on while the only slot is taken, they start in the order of their priority.
 */
static void test_priority(void **state)
{
    static const struct {
        aegis_priority priority;
        const char *durable;
    } lanes[] = {{AEGIS_PRIORITY_LOW, "depot__urgent_low"},
                 {AEGIS_PRIORITY_DEFAULT, "depot__urgent"},
                 {AEGIS_PRIORITY_HIGH, "depot__urgent_high"},
                 {AEGIS_PRIORITY_CRITICAL, "depot__urgent_critical"}};
    world *w = (world *)*state;
    aegis_command *commands[4];
    aegis_command *first;
    int i;

    atomic_store(&started.count, 0);
    w->service = start(w, &depot, NULL);
    first = submit(w, SLOW, &seven, NULL, "");
    while (atomic_load(&w->running) == 0)
        nap(AEGIS_MILLISECOND);
    for (i = 0; i < 4; i++) {
        const note request = {"x", i};
        const aegis_command_options options = {.priority = lanes[i].priority};

        commands[i] = submit(w, URGENT, &request, &options, "");
        expect_at_hand(w, lanes[i].durable);
    }
    atomic_store(&w->release, true);
    for (i = 0; i < 4; i++) {
        assert_int_equal(wait_for(w, URGENT, commands[i], TEN_SECONDS).answer, AEGIS_ANSWER_OK);
        aegis_command_free(commands[i]);
    }
    for (i = 0; i < 4; i++)
        assert_int_equal(atomic_load(&started.numbers[i]), 3 - i);
    aegis_command_free(first);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_twice_is_once),
        WORLD_CASE(test_failure_is_answered_again),
        WORLD_CASE(test_twice_at_once),
        WORLD_CASE(test_attach_while_it_runs),
        WORLD_CASE(test_attach_after_its_end),
        WORLD_CASE(test_attach_to_nothing),
        WORLD_CASE(test_lost_completion),
        WORLD_CASE(test_poll),
        WORLD_CASE(test_poll_reads_the_record),
        WORLD_CASE(test_notify_each_once),
        WORLD_CASE(test_notify_progress),
        WORLD_CASE(test_notify_from_the_record),
        WORLD_CASE(test_notify_in_time),
        WORLD_CASE(test_notify_is_bounded),
        WORLD_CASE(test_client_freed),
        WORLD_CASE(test_callback_submits),
        WORLD_CASE(test_delay),
        WORLD_CASE(test_cancel_before_it_begins),
        WORLD_CASE(test_cancel_of_at_least_once),
        WORLD_CASE(test_priority),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
