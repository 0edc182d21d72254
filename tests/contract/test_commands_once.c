/* What a service does with a command that somebody has had before: the crash table of docs/COMMANDS.md, line
 * by line, with the record as a worker that died at that point would have left it. */
#define _POSIX_C_SOURCE 200809L
#include "contract/desk.h"

#define LEASE (600 * AEGIS_MILLISECOND)
/* Where it must not end because the machine has no time for who renews. */
#define PATIENT (2 * AEGIS_SECOND)

static const char id[] = "6fa459ea-ee8a-3ca4-894e-db77e160355e";

/* What the handlers saw. */
typedef struct crew {
    world *w;
    atomic_int effects;
    atomic_uint attempt;
    atomic_bool maybe;
    atomic_int running;
    atomic_bool go_on, saw_cancel;
} crew;

static aegis_reply pack(aegis_call *call, const note *request, void *user)
{
    crew *c = (crew *)user;

    (void)atomic_fetch_add(&c->effects, 1);
    atomic_store(&c->attempt, call->attempt);
    atomic_store(&c->maybe, call->maybe_executed);
    if (strcmp(request->text, "fail") == 0)
        return peer_fail(call, AEGIS_UNAVAILABLE, "the printer is on fire");
    if (strcmp(request->text, "refuse") == 0)
        return peer_fail(call, AEGIS_NOT_FOUND, "no such parcel");
    if (strcmp(request->text, "error") == 0)
        return peer_out_of_stock(call, &(note){"none left", 3});
    if (strcmp(request->text, "wait") == 0) {
        (void)atomic_fetch_add(&c->running, 1);
        while (!atomic_load(&c->go_on)) {
            if (aegis_call_cancelled(call))
                atomic_store(&c->saw_cancel, true);
            nap(5 * AEGIS_MILLISECOND);
        }
    }
    return peer_ok(call, &(note){"packed", request->number});
}

SERVE(pack)

#define METHOD(text, promise)                                                                                \
    {                                                                                                        \
        .service = "worker", .name = text, .timeout = 30 * AEGIS_SECOND, .errors = peer_errors,              \
        .error_codes = peer_error_codes, .error_count = 1, .command = true, .max_retries = 2,                \
        .backoff_min = 5 * AEGIS_MILLISECOND, .backoff_max = 20 * AEGIS_MILLISECOND, .guarantee = promise    \
    }
static const bool all_retried[] = {true};
static const aegis_method methods[] = {METHOD("pack", AEGIS_EXACTLY_ONCE),
                                       METHOD("once", AEGIS_AT_MOST_ONCE),
                                       METHOD("often", AEGIS_AT_LEAST_ONCE),
                                       {.service = "worker",
                                        .name = "again",
                                        .timeout = 30 * AEGIS_SECOND,
                                        .errors = peer_errors,
                                        .error_codes = peer_error_codes,
                                        .error_count = 1,
                                        .command = true,
                                        .backoff_min = 5 * AEGIS_MILLISECOND,
                                        .backoff_max = 20 * AEGIS_MILLISECOND,
                                        .guarantee = AEGIS_EXACTLY_ONCE,
                                        .retried_errors = all_retried}};
static const aegis_endpoint endpoints[] = {{&methods[0], serve_pack},
                                           {&methods[1], serve_pack},
                                           {&methods[2], serve_pack},
                                           {&methods[3], serve_pack}};
static const aegis_service_type worker_type = {
    .name = "worker", .version = "1.0.0", .endpoints = endpoints, .endpoint_count = 4};

static void employ_for(world *w, crew *c, aegis_duration lease)
{
    const aegis_service_options options = {.lease = lease, .concurrency = 2, .instance = "worker-of-today"};
    aegis_error error = {0};

    c->w = w;
    if (aegis_service_start(w->bus, &worker_type, NULL, c, &options, &w->service, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
}

static void employ(world *w, crew *c)
{
    employ_for(w, c, LEASE);
}

static void submit(world *w, const char *command, const char *what)
{
    const order o = {.command = command, .id = id, .payload = {what, 7}, .max_retries = 2};

    assert_true(desk_publish(w->bus, &o));
}

/* It ends; what it comes to has been told and recorded, and the message is gone. */
static aegis_wire_completion end(world *w, aegis_source *ear)
{
    aegis_wire_completion completion;
    aegis_record record;

    assert_true(desk_hear(ear, TEN_SECONDS, w->arena, &completion, NULL));
    assert_true(desk_ended(w->bus, id, w->arena, &record));
    assert_string_equal(completion.command_id, id);
    assert_string_equal(completion.status,
                        record.value.state == AEGIS_DUTIES_COMMAND_STATE_COMPLETED ? "completed" : "failed");
    assert_true(desk_settled(w->bus, AEGIS_KIND_COMMANDS, 0));
    return completion;
}

static void test_nobody_before(void **state)
{
    world *w = (world *)*state;
    aegis_source *ear = desk_listen(w->bus, id);
    aegis_record record;
    crew c = {0};

    submit(w, "pack", "x");
    employ(w, &c);
    assert_string_equal(end(w, ear).status, "completed");
    assert_int_equal(atomic_load(&c.effects), 1);
    assert_int_equal(atomic_load(&c.attempt), 1);
    assert_false(atomic_load(&c.maybe));
    record = desk_record(w->bus, id, w->arena);
    assert_string_equal(record.value.owner, "worker-of-today");
    assert_string_equal(record.value.service, "worker");
    assert_string_equal(record.value.command, "pack");
    desk_hang_up(ear);
}

/* Died between claim and effect, or between effect and result: nobody can tell the one from the other. */
static void test_died_at_work(void **state)
{
    world *w = (world *)*state;
    aegis_source *ear = desk_listen(w->bus, id);
    int64_t began;
    crew c = {0};

    (void)desk_plant(w->bus, id, AEGIS_DUTIES_COMMAND_STATE_RUNNING, 1, w->arena);
    submit(w, "pack", "x");
    began = aegis_clock_monotonic();
    employ(w, &c);
    assert_string_equal(end(w, ear).status, "completed");
    assert_true(aegis_clock_monotonic() - began >= LEASE);
    assert_int_equal(atomic_load(&c.effects), 1);
    assert_int_equal(atomic_load(&c.attempt), 2);
    assert_true(atomic_load(&c.maybe));
    desk_hang_up(ear);
}

/* Died between result and callback, or callback and ack: also when it failed. */
static void test_died_after_the_result(void **state)
{
    static const uint8_t result_bytes[] = {0x82, 0xa4, 't', 'e', 'x', 't', 0xa1, 'r',
                                           0xa6, 'n',  'u', 'm', 'b', 'e', 'r',  0x09};
    const aegis_raw result = {{result_bytes, sizeof result_bytes}, AEGIS_FORMAT_MSGPACK};
    world *w = (world *)*state;
    aegis_source *ear = desk_listen(w->bus, id);
    aegis_wire_completion told;
    aegis_record record;
    crew c = {0};

    record = desk_plant(w->bus, id, AEGIS_DUTIES_COMMAND_STATE_RUNNING, 1, w->arena);
    aegis_record_conclude(&record, AEGIS_DUTIES_COMMAND_STATE_COMPLETED, NULL, &result);
    assert_int_equal(
        aegis_record_write(w->bus, &record, aegis_clock_monotonic() + TEN_SECONDS, w->arena, NULL), AEGIS_OK);
    submit(w, "pack", "x");
    submit(w, "once", "x");
    employ(w, &c);
    told = end(w, ear);
    assert_string_equal(told.status, "completed");
    assert_int_equal(told.result->data.len, sizeof result_bytes);
    assert_memory_equal(told.result->data.data, result_bytes, sizeof result_bytes);
    assert_true(desk_hear(ear, TEN_SECONDS, w->arena, &told, NULL)); /* of the other */
    assert_int_equal(atomic_load(&c.effects), 0);
    desk_hang_up(ear);
}

static void test_died_before_the_dead_letter(void **state)
{
    world *w = (world *)*state;
    aegis_source *ear = desk_listen(w->bus, id);
    aegis_wire_completion told;
    aegis_record record;
    crew c = {0};

    record = desk_plant(w->bus, id, AEGIS_DUTIES_COMMAND_STATE_RUNNING, 3, w->arena);
    aegis_record_conclude(&record, AEGIS_DUTIES_COMMAND_STATE_FAILED, "given up", NULL);
    record.value.dead_letter = true;
    assert_int_equal(
        aegis_record_write(w->bus, &record, aegis_clock_monotonic() + TEN_SECONDS, w->arena, NULL), AEGIS_OK);
    submit(w, "pack", "x");
    employ(w, &c);
    told = end(w, ear);
    assert_string_equal(told.status, "failed");
    assert_string_equal(told.error, "given up");
    assert_true(desk_settled(w->bus, AEGIS_KIND_DLQ, 1));
    assert_int_equal(atomic_load(&c.effects), 0);
    desk_hang_up(ear);
}

/* An attempt ended in order: the next one knows that nothing is left of it. */
static void test_waiting(void **state)
{
    world *w = (world *)*state;
    aegis_source *ear = desk_listen(w->bus, id);
    crew c = {0};

    (void)desk_plant(w->bus, id, AEGIS_DUTIES_COMMAND_STATE_WAITING, 1, w->arena);
    submit(w, "pack", "x");
    employ(w, &c);
    (void)end(w, ear);
    assert_int_equal(atomic_load(&c.attempt), 2);
    assert_false(atomic_load(&c.maybe));
    desk_hang_up(ear);
}

/* But what was in doubt once stays so. */
static void test_doubt_stays(void **state)
{
    world *w = (world *)*state;
    aegis_source *ear = desk_listen(w->bus, id);
    aegis_record record;
    crew c = {0};

    (void)desk_plant(w->bus, id, AEGIS_DUTIES_COMMAND_STATE_RUNNING, 1, w->arena);
    submit(w, "pack", "fail"); /* attempts 2 and 3 */
    employ(w, &c);
    assert_string_equal(end(w, ear).status, "failed");
    assert_int_equal(atomic_load(&c.attempt), 3);
    assert_true(atomic_load(&c.maybe));
    record = desk_record(w->bus, id, w->arena);
    assert_true(record.value.maybe_executed);
    assert_true(record.value.dead_letter);
    assert_true(desk_settled(w->bus, AEGIS_KIND_DLQ, 1));
    desk_hang_up(ear);
}

static void test_given_up(void **state)
{
    world *w = (world *)*state;
    aegis_source *ear = desk_listen(w->bus, id);
    crew c = {0};

    (void)desk_plant(w->bus, id, AEGIS_DUTIES_COMMAND_STATE_RUNNING, 3, w->arena);
    submit(w, "pack", "x");
    employ(w, &c);
    assert_non_null(strstr(end(w, ear).error, "given up after 3 attempts"));
    assert_true(desk_settled(w->bus, AEGIS_KIND_DLQ, 1));
    assert_int_equal(atomic_load(&c.effects), 0);
    desk_hang_up(ear);
}

static void test_parked(void **state)
{
    world *w = (world *)*state;
    aegis_source *ear = desk_listen(w->bus, id);
    crew c = {0};

    (void)desk_plant(w->bus, id, AEGIS_DUTIES_COMMAND_STATE_RUNNING, 1, w->arena);
    submit(w, "once", "x");
    employ(w, &c);
    assert_non_null(strstr(end(w, ear).error, "may have been executed"));
    assert_true(desk_settled(w->bus, AEGIS_KIND_DLQ, 1));
    assert_int_equal(atomic_load(&c.effects), 0);
    desk_hang_up(ear);
}

static void test_at_most_once_fails_once(void **state)
{
    world *w = (world *)*state;
    aegis_source *ear = desk_listen(w->bus, id);
    crew c = {0};

    submit(w, "once", "fail");
    employ(w, &c);
    assert_string_equal(end(w, ear).error, "the printer is on fire");
    assert_int_equal(atomic_load(&c.effects), 1);
    assert_int_equal(desk_stored(w->bus, AEGIS_KIND_DLQ), 0);
    desk_hang_up(ear);
}

static void test_cancelled_before(void **state)
{
    static const char *const commands[] = {"pack", "once", "often"};
    world *w = (world *)*state;
    crew c = {0};
    size_t i;

    employ(w, &c);
    for (i = 0; i < 3; i++) {
        aegis_source *ear = desk_listen(w->bus, id);
        aegis_wire_completion told;

        (void)w->bus->port->ops->kv_delete(w->bus->port, aegis_bus_stream(w->bus, AEGIS_KIND_RECORDS), id,
                                           AEGIS_KV_ANY, aegis_clock_monotonic() + TEN_SECONDS, NULL);
        (void)desk_plant(w->bus, id, AEGIS_DUTIES_COMMAND_STATE_CANCELLED, 0, w->arena);
        submit(w, commands[i], "x");
        told = end(w, ear);
        assert_string_equal(told.error, "it was cancelled before it ran");
        desk_hang_up(ear);
    }
    assert_int_equal(atomic_load(&c.effects), 0);
}

/* Its owner lives, and renews: nobody takes over, and what it says counts. */
static void test_held(void **state)
{
    world *w = (world *)*state;
    aegis_source *ear = desk_listen(w->bus, id);
    aegis_record record;
    crew c = {0};
    int i;

    record = desk_plant(w->bus, id, AEGIS_DUTIES_COMMAND_STATE_RUNNING, 1, w->arena);
    submit(w, "pack", "x");
    employ_for(w, &c, PATIENT);
    for (i = 0; i < 50; i++) {
        nap(PATIENT / 20);
        assert_int_equal(
            aegis_record_write(w->bus, &record, aegis_clock_monotonic() + TEN_SECONDS, w->arena, NULL),
            AEGIS_OK);
    }
    assert_int_equal(atomic_load(&c.effects), 0);
    aegis_record_conclude(&record, AEGIS_DUTIES_COMMAND_STATE_COMPLETED, NULL, NULL);
    assert_int_equal(
        aegis_record_write(w->bus, &record, aegis_clock_monotonic() + TEN_SECONDS, w->arena, NULL), AEGIS_OK);
    assert_string_equal(end(w, ear).status, "completed");
    assert_int_equal(atomic_load(&c.effects), 0);
    desk_hang_up(ear);
}

/* Ours is too slow, and somebody else has begun: it hears so, its late result is refused, and it does not
 * acknowledge what is another's. */
static void test_lease_lost(void **state)
{
    world *w = (world *)*state;
    aegis_source *ear = desk_listen(w->bus, id);
    aegis_wire_completion told;
    aegis_record record;
    crew c = {0};

    submit(w, "pack", "wait");
    employ(w, &c);
    assert_true(reached(&c.running, 1));
    do { /* it renews meanwhile */
        record = desk_record(w->bus, id, w->arena);
        record.value.owner = "somebody else";
        record.value.attempt = 2;
    } while (aegis_record_write(w->bus, &record, aegis_clock_monotonic() + TEN_SECONDS, w->arena, NULL) !=
             AEGIS_OK);
    while (!atomic_load(&c.saw_cancel))
        nap(AEGIS_MILLISECOND);
    atomic_store(&c.go_on, true);
    assert_false(desk_hear(ear, LEASE / 3, w->arena, &told, NULL));
    assert_int_equal(desk_stored(w->bus, AEGIS_KIND_COMMANDS), 1);
    assert_string_equal(desk_record(w->bus, id, w->arena).value.owner, "somebody else");
    assert_int_equal(atomic_load(&c.effects), 1);
    record = desk_record(w->bus, id, w->arena);
    aegis_record_conclude(&record, AEGIS_DUTIES_COMMAND_STATE_COMPLETED, NULL, NULL);
    assert_int_equal(
        aegis_record_write(w->bus, &record, aegis_clock_monotonic() + TEN_SECONDS, w->arena, NULL), AEGIS_OK);
    assert_string_equal(end(w, ear).status, "completed");
    desk_hang_up(ear);
}

/* The same, but nobody has noticed yet when the result is there. */
static void test_late_result(void **state)
{
    world *w = (world *)*state;
    aegis_source *ear = desk_listen(w->bus, id);
    aegis_wire_completion told;
    aegis_record record;
    crew c = {0};

    submit(w, "once", "wait");
    employ(w, &c);
    assert_true(reached(&c.running, 1));
    do {
        record = desk_record(w->bus, id, w->arena);
        aegis_record_conclude(&record, AEGIS_DUTIES_COMMAND_STATE_FAILED, "parked", NULL);
    } while (aegis_record_write(w->bus, &record, aegis_clock_monotonic() + TEN_SECONDS, w->arena, NULL) !=
             AEGIS_OK);
    atomic_store(&c.go_on, true);
    told = end(w, ear);
    assert_string_equal(told.error, "parked");
    desk_hang_up(ear);
}

/* Delivered again and again, also under ids of its own: one effect. */
static void test_many_deliveries(void **state)
{
    world *w = (world *)*state;
    aegis_source *ear = desk_listen(w->bus, id);
    aegis_wire_completion told;
    crew c = {0};
    int i;

    for (i = 0; i < 10; i++)
        submit(w, "pack", "x");
    employ(w, &c);
    for (i = 0; i < 10; i++) {
        assert_true(desk_hear(ear, TEN_SECONDS, w->arena, &told, NULL));
        assert_string_equal(told.status, "completed");
    }
    assert_true(desk_settled(w->bus, AEGIS_KIND_COMMANDS, 0));
    assert_int_equal(atomic_load(&c.effects), 1);
    desk_hang_up(ear);
}

/* With at least once nothing is claimed, but the outcome is kept. */
static void test_at_least_once_is_recorded(void **state)
{
    world *w = (world *)*state;
    aegis_source *ear = desk_listen(w->bus, id);
    aegis_record record;
    crew c = {0};

    submit(w, "often", "fail");
    employ(w, &c);
    assert_string_equal(end(w, ear).status, "failed");
    assert_int_equal(atomic_load(&c.effects), 3);
    assert_int_equal(atomic_load(&c.attempt), 3);
    assert_true(atomic_load(&c.maybe));
    record = desk_record(w->bus, id, w->arena);
    assert_int_equal(record.value.attempt, 3);
    assert_string_equal(record.value.error, "the printer is on fire");
    assert_true(desk_settled(w->bus, AEGIS_KIND_DLQ, 1));
    desk_hang_up(ear);
}

/* Which failures are repeated, and which are dead letters. */
static void test_final_or_not(void **state)
{
    static const struct {
        const char *command, *what;
        int effects, letters;
    } table[] = {
        {"pack", "refuse", 1, 0}, /* will not pass */
        {"pack", "error", 1, 0},  /* declared, and final */
        {"again", "error", 3, 1}, /* declared, and not */
        {"pack", "fail", 3, 1},
    };
    world *w = (world *)*state;
    uint64_t letters = 0;
    crew c = {0};
    size_t i;

    employ(w, &c);
    for (i = 0; i < sizeof table / sizeof table[0]; i++) {
        aegis_source *ear = desk_listen(w->bus, id);

        (void)w->bus->port->ops->kv_delete(w->bus->port, aegis_bus_stream(w->bus, AEGIS_KIND_RECORDS), id,
                                           AEGIS_KV_ANY, aegis_clock_monotonic() + TEN_SECONDS, NULL);
        atomic_store(&c.effects, 0);
        submit(w, table[i].command, table[i].what);
        assert_string_equal(end(w, ear).status, "failed");
        assert_int_equal(atomic_load(&c.effects), table[i].effects);
        letters += (uint64_t)table[i].letters;
        assert_true(desk_settled(w->bus, AEGIS_KIND_DLQ, letters));
        desk_hang_up(ear);
    }
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_nobody_before),
        WORLD_CASE(test_died_at_work),
        WORLD_CASE(test_died_after_the_result),
        WORLD_CASE(test_died_before_the_dead_letter),
        WORLD_CASE(test_waiting),
        WORLD_CASE(test_doubt_stays),
        WORLD_CASE(test_given_up),
        WORLD_CASE(test_parked),
        WORLD_CASE(test_at_most_once_fails_once),
        WORLD_CASE(test_cancelled_before),
        WORLD_CASE(test_held),
        WORLD_CASE(test_lease_lost),
        WORLD_CASE(test_late_result),
        WORLD_CASE(test_many_deliveries),
        WORLD_CASE(test_at_least_once_is_recorded),
        WORLD_CASE(test_final_or_not),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
