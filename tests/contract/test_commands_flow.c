/* Commands on their way: delays, cancellation in the queue, progress, a thousand at once, what cannot be
 * read, lanes, and what becomes of all of it when a service stops. */
#define _POSIX_C_SOURCE 200809L
#include "contract/desk.h"

#define MANY 1200

/* Serves one handler that does what the payload says. */
typedef struct crew {
    world *w;
    atomic_int started, running, cancelled, deferred;
    atomic_uint attempt;
    atomic_bool maybe, go_on;
    atomic_int order[64]; /* numbers, in the order they were started */
    _Atomic(aegis_call *) parked[MANY];
} crew;

static aegis_reply wait_for_it(crew *c, aegis_call *call, const note *request)
{
    (void)atomic_fetch_add(&c->running, 1);
    while (!atomic_load(&c->go_on)) {
        if (aegis_call_cancelled(call)) {
            (void)atomic_fetch_add(&c->cancelled, 1);
            return peer_fail(call, AEGIS_CANCELLED, "stopped");
        }
        nap(2 * AEGIS_MILLISECOND);
    }
    return peer_ok(call, request);
}

static aegis_reply hurry(aegis_call *call, const note *request)
{
    note update = {"step", 0};

    for (update.number = 1; update.number <= request->number; update.number++)
        (void)peer_progress(call, &update);
    return peer_ok(call, request);
}

static aegis_reply pack(aegis_call *call, const note *request, void *user)
{
    crew *c = (crew *)user;
    const int place = atomic_fetch_add(&c->started, 1);

    if (place < (int)(sizeof c->order / sizeof c->order[0]))
        atomic_store(&c->order[place], (int)request->number);
    atomic_store(&c->attempt, call->attempt);
    atomic_store(&c->maybe, call->maybe_executed);
    if (strcmp(request->text, "wait") == 0)
        return wait_for_it(c, call, request);
    if (strcmp(request->text, "hurry") == 0)
        return hurry(call, request);
    if (strcmp(request->text, "later") == 0) {
        atomic_store(&c->parked[atomic_fetch_add(&c->deferred, 1)], call);
        return aegis_reply_defer(call);
    }
    if (strcmp(request->text, "nap") == 0)
        nap(5 * AEGIS_MILLISECOND);
    return peer_ok(call, request);
}

SERVE(pack)

#define METHOD(text, promise, urgent)                                                                        \
    {                                                                                                        \
        .service = "worker", .name = text, .timeout = 30 * AEGIS_SECOND, .errors = peer_errors,              \
        .error_codes = peer_error_codes, .error_count = 1, .command = true, .max_retries = 2,                \
        .backoff_min = 5 * AEGIS_MILLISECOND, .backoff_max = 20 * AEGIS_MILLISECOND, .guarantee = promise,   \
        .lanes = urgent                                                                                      \
    }
static const aegis_method methods[] = {METHOD("pack", AEGIS_EXACTLY_ONCE, false),
                                       METHOD("often", AEGIS_AT_LEAST_ONCE, false),
                                       METHOD("urgent", AEGIS_AT_LEAST_ONCE, true)};
static const aegis_endpoint endpoints[] = {
    {&methods[0], serve_pack}, {&methods[1], serve_pack}, {&methods[2], serve_pack}};
static const aegis_service_type worker_type = {
    .name = "worker", .version = "1.0.0", .endpoints = endpoints, .endpoint_count = 3};

static aegis_service *employ(world *w, crew *c, aegis_duration lease)
{
    const aegis_service_options options = {
        .lease = lease, .drain_timeout = 300 * AEGIS_MILLISECOND, .instance = "worker-of-today"};
    aegis_service *service = NULL;
    aegis_error error = {0};

    c->w = w;
    if (aegis_service_start(w->bus, &worker_type, NULL, c, &options, &service, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    return service;
}

static const char *new_id(world *w)
{
    char *text = (char *)aegis_arena_alloc(w->arena, AEGIS_UUID_TEXT);

    return aegis_uuid_format(aegis_uuid_new(), text);
}

static const char *submit(world *w, const char *command, const char *lane, const char *what, int64_t number)
{
    const order o = {
        .command = command, .lane = lane, .id = new_id(w), .payload = {what, number}, .max_retries = 2};

    assert_true(desk_publish(w->bus, &o));
    return o.id;
}

static void cancel(world *w, const char *id)
{
    static const aegis_header not_stored = {"Nats-Expected-Stream", "-"};
    aegis_outgoing message = {.headers = &not_stored, .header_count = 1};

    message.subject = aegis_arena_printf(w->arena, "commands.cancel.%s", id);
    assert_int_equal(w->bus->port->ops->publish(w->bus->port, &message, NULL), AEGIS_OK);
}

static void test_delay(void **state)
{
    static const char *const commands[] = {"pack", "often"};
    world *w = (world *)*state;
    crew c = {0};
    size_t i;

    w->service = employ(w, &c, 0);
    for (i = 0; i < 2; i++) {
        const int64_t when = aegis_now() + 400 * AEGIS_MILLISECOND;
        const order o = {.command = commands[i],
                         .id = new_id(w),
                         .payload = {"x", 1},
                         .not_before = when / AEGIS_MILLISECOND};
        aegis_source *ear = desk_listen(w->bus, o.id);
        aegis_wire_completion told;

        assert_true(desk_publish(w->bus, &o));
        assert_true(desk_hear(ear, TEN_SECONDS, w->arena, &told, NULL));
        assert_true(aegis_now() >= when - AEGIS_MILLISECOND);
        assert_int_equal(atomic_load(&c.attempt), 1);
        assert_false(atomic_load(&c.maybe));
        desk_hang_up(ear);
    }
    assert_int_equal(atomic_load(&c.started), 2);
}

/* A handler whose time is over is told to stop, and says that it was cancelled. Nobody cancelled it: another
 * attempt follows. */
static void test_out_of_time(void **state)
{
    world *w = (world *)*state;
    crew c = {0};
    const order o = {.command = "pack",
                     .id = new_id(w),
                     .payload = {"wait", 1},
                     .timeout = 200 * AEGIS_MILLISECOND,
                     .max_retries = 2};
    aegis_source *ear = desk_listen(w->bus, o.id);
    aegis_wire_completion told;

    w->service = employ(w, &c, 0);
    assert_true(desk_publish(w->bus, &o));
    while (atomic_load(&c.cancelled) == 0)
        nap(AEGIS_MILLISECOND);
    atomic_store(&c.go_on, true);
    assert_true(desk_hear(ear, TEN_SECONDS, w->arena, &told, NULL));
    assert_string_equal(told.status, "completed");
    assert_int_equal(atomic_load(&c.attempt), 2);
    desk_hang_up(ear);
}

/* The only slot is taken; what is cancelled meanwhile never runs, and the one that runs is told. */
static void test_cancel(void **state)
{
    static const char *const commands[] = {"pack", "often"};
    world *w = (world *)*state;
    aegis_record record;
    crew c = {0};
    size_t i;

    w->service = employ(w, &c, 0);
    for (i = 0; i < 2; i++) {
        const char *first = submit(w, commands[i], "", "wait", 1);
        const char *second;

        assert_true(reached(&c.running, (int)i + 1));
        second = submit(w, commands[i], "", "x", 2);
        cancel(w, second);
        nap(50 * AEGIS_MILLISECOND);
        cancel(w, first);
        assert_true(desk_ended(w->bus, first, w->arena, &record));
        assert_string_equal(record.value.error, "stopped");
        assert_true(desk_ended(w->bus, second, w->arena, &record));
        assert_string_equal(record.value.error, "it was cancelled before it ran");
    }
    assert_int_equal(atomic_load(&c.started), 2);
    assert_true(desk_settled(w->bus, AEGIS_KIND_COMMANDS, 0));
    assert_int_equal(desk_stored(w->bus, AEGIS_KIND_DLQ), 0);
}

/* Twenty thousand updates in a moment: one or a few are sent, and the last. */
static void test_progress(void **state)
{
    world *w = (world *)*state;
    const char *id = new_id(w);
    const order o = {.id = id, .payload = {"hurry", 20000}};
    aegis_source *ear = desk_listen(w->bus, id);
    aegis_message message;
    int64_t began;
    double percent = 0;
    int64_t last = 0;
    int updates = 0;
    crew c = {0};
    bool ended = false;

    w->service = employ(w, &c, 0);
    began = aegis_clock_monotonic();
    assert_true(desk_publish(w->bus, &o));
    while (!ended) {
        aegis_wire_progress update = {0};
        aegis_reader reader;
        note value;

        assert_int_equal(w->bus->port->ops->next(ear, aegis_clock_monotonic() + TEN_SECONDS, &message),
                         AEGIS_OK);
        ended = strncmp(message.subject, "commands.callback.", 18) == 0;
        if (strncmp(message.subject, "commands.progress.", 18) == 0) {
            aegis_reader_open(&reader, message.body, AEGIS_FORMAT_MSGPACK, w->arena);
            aegis_wire_progress_get(&reader, &update);
            aegis_reader_open(&reader, update.detail->data, AEGIS_FORMAT_MSGPACK, w->arena);
            note_get(&reader, &value);
            assert_true(value.number > last);
            last = value.number;
            percent = update.progress;
            updates++;
        }
        w->bus->port->ops->release(&message);
    }
    assert_int_equal(last, 20000);
    assert_true(percent == 0.0);
    assert_true(updates >= 1);
    assert_true(updates <= 3 + (int)((aegis_clock_monotonic() - began) / (100 * AEGIS_MILLISECOND)));
    desk_hang_up(ear);
}

/* What is held back is sent by the keeper while the handler does something else. */
static aegis_reply two_steps(aegis_call *call, const note *request, void *user)
{
    crew *c = (crew *)user;

    (void)peer_progress(call, &(note){"step", 1});
    (void)peer_progress(call, &(note){"step", 2});
    return wait_for_it(c, call, request);
}
SERVE(two_steps)

static void test_held_back(void **state)
{
    static const aegis_endpoint two[] = {{&methods[0], serve_two_steps}};
    static const aegis_service_type type = {
        .name = "worker", .version = "1.0.0", .endpoints = two, .endpoint_count = 1};
    world *w = (world *)*state;
    const char *id = new_id(w);
    const order o = {.id = id, .payload = {"x", 1}};
    aegis_source *ear = desk_listen(w->bus, id);
    aegis_message message;
    crew c = {0};
    int i;

    assert_int_equal(aegis_service_start(w->bus, &type, NULL, &c, NULL, &w->service, NULL), AEGIS_OK);
    assert_true(desk_publish(w->bus, &o));
    for (i = 0; i < 2;) {
        assert_int_equal(w->bus->port->ops->next(ear, aegis_clock_monotonic() + TEN_SECONDS, &message),
                         AEGIS_OK);
        i += strncmp(message.subject, "commands.progress.", 18) == 0;
        w->bus->port->ops->release(&message);
    }
    atomic_store(&c.go_on, true);
    assert_true(desk_settled(w->bus, AEGIS_KIND_COMMANDS, 0));
    desk_hang_up(ear);
}

/* More than a thousand are deferred by one handler thread; each is renewed over several leases, and none is
 * run twice. */
static void test_a_thousand(void **state)
{
    world *w = (world *)*state;
    crew *c = (crew *)calloc(1, sizeof *c);
    int i;

    assert_non_null(c);
    for (i = 0; i < MANY; i++)
        (void)submit(w, "pack", "", "later", i);
    w->service = employ(w, c, 3 * AEGIS_SECOND);
    for (i = 0; i < 6 && !reached(&c->deferred, MANY); i++)
        continue;
    assert_int_equal(atomic_load(&c->deferred), MANY);
    nap(4 * AEGIS_SECOND);
    assert_int_equal(desk_stored(w->bus, AEGIS_KIND_COMMANDS), MANY);
    assert_int_equal(atomic_load(&c->started), MANY);
    for (i = 0; i < MANY; i++) {
        aegis_call *call;

        while ((call = atomic_load(&c->parked[i])) == NULL)
            nap(AEGIS_MILLISECOND);
        assert_int_equal(call->attempt, 1);
        (void)peer_ok(call, &seven);
    }
    assert_true(desk_settled(w->bus, AEGIS_KIND_COMMANDS, 0));
    assert_int_equal(atomic_load(&c->started), MANY);
    aegis_service_stop(w->service);
    w->service = NULL;
    free(c);
}

static void test_unreadable(void **state)
{
    static const uint8_t garbage[] = {0x81, 0xa1, 'x', 0x01};
    world *w = (world *)*state;
    aegis_publish_ack ack;
    aegis_outgoing message = {.subject = "commands.worker.pack", .body = {garbage, sizeof garbage}};
    aegis_record record;
    const char *id;
    crew c = {0};

    w->service = employ(w, &c, 0);
    assert_int_equal(w->bus->port->ops->publish_durable(w->bus->port, &message,
                                                        aegis_clock_monotonic() + TEN_SECONDS, &ack, NULL),
                     AEGIS_OK);
    assert_true(desk_settled(w->bus, AEGIS_KIND_DLQ, 1));
    id = submit(w, "pack", "", NULL, 1); /* whose payload has no text */
    assert_true(desk_ended(w->bus, id, w->arena, &record));
    assert_non_null(strstr(record.value.error, "text"));
    assert_true(desk_settled(w->bus, AEGIS_KIND_DLQ, 2));
    assert_true(desk_settled(w->bus, AEGIS_KIND_COMMANDS, 0));
    assert_int_equal(atomic_load(&c.started), 0);
}

/* What runs is finished, what did not start is somebody else's, for whom it is the first attempt. */
static void test_stop(void **state)
{
    world *w = (world *)*state;
    aegis_record record;
    const char *ids[4];
    aegis_service *service;
    crew first = {0}, second = {0};
    int i;

    service = employ(w, &first, 0);
    for (i = 0; i < 4; i++)
        ids[i] = submit(w, i % 2 == 0 ? "pack" : "often", "", i == 0 ? "wait" : "x", i);
    assert_true(reached(&first.running, 1));
    atomic_store(&first.go_on, true);
    aegis_service_stop(service);
    w->service = employ(w, &second, 0);
    for (i = 0; i < 4; i++) {
        assert_true(desk_ended(w->bus, ids[i], w->arena, &record));
        assert_int_equal(record.value.state, AEGIS_DUTIES_COMMAND_STATE_COMPLETED);
        assert_false(record.value.maybe_executed);
    }
    assert_true(desk_settled(w->bus, AEGIS_KIND_COMMANDS, 0));
    assert_int_equal(atomic_load(&first.started) + atomic_load(&second.started), 4);
}

/* A handler that notices that its service must stop hands back, and that was no attempt. One that defers and
 * never answers leaves a doubt. */
static void test_hand_back(void **state)
{
    world *w = (world *)*state;
    aegis_service *service;
    aegis_record record;
    const char *id;
    crew first = {0}, second = {0}, third = {0};

    service = employ(w, &first, 0);
    id = submit(w, "pack", "", "wait", 1);
    assert_true(reached(&first.running, 1));
    aegis_service_stop(service);
    assert_int_equal(atomic_load(&first.cancelled), 1);
    record = desk_record(w->bus, id, w->arena);
    assert_int_equal(record.value.state, AEGIS_DUTIES_COMMAND_STATE_WAITING);
    atomic_store(&second.go_on, true);
    service = employ(w, &second, 0);
    assert_true(desk_ended(w->bus, id, w->arena, &record));
    assert_int_equal(atomic_load(&second.attempt), 1);
    assert_false(atomic_load(&second.maybe));
    id = submit(w, "pack", "", "later", 1);
    assert_true(reached(&second.deferred, 1));
    aegis_service_stop(service);
    w->service = employ(w, &third, 0);
    assert_true(reached(&third.deferred, 1));
    assert_int_equal(atomic_load(&third.attempt), 2);
    assert_true(atomic_load(&third.maybe));
    while (atomic_load(&third.parked[0]) == NULL)
        nap(AEGIS_MILLISECOND);
    (void)peer_ok(atomic_load(&third.parked[0]), &seven);
    assert_true(desk_ended(w->bus, id, w->arena, &record));
    assert_true(desk_settled(w->bus, AEGIS_KIND_COMMANDS, 0));
}

/* Behind twenty of low priority, one of high waits for the one that runs and at most one of each lane; and
 * low goes on meanwhile. */
static void test_lanes(void **state)
{
    world *w = (world *)*state;
    crew c = {0};
    int i, high = 0, low = 0;

    w->service = employ(w, &c, 0);
    (void)submit(w, "urgent", ".low", "wait", 1);
    assert_true(reached(&c.running, 1));
    for (i = 0; i < 20; i++)
        (void)submit(w, "urgent", ".low", "nap", 1);
    for (i = 0; i < 20; i++)
        (void)submit(w, "urgent", ".high", "nap", 2);
    nap(100 * AEGIS_MILLISECOND); /* one of each lane is there */
    atomic_store(&c.go_on, true);
    assert_true(reached(&c.started, 41));
    while (atomic_load(&c.order[high]) != 2)
        high++;
    assert_true(high <= 1 + 4);
    for (i = 0; i < 24; i++) /* until the high ones are through, but for a few */
        low += atomic_load(&c.order[i]) == 1;
    assert_true(low >= 3); /* one in nine; and the one that ran */
    assert_true(low <= 8);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_delay),      WORLD_CASE(test_out_of_time), WORLD_CASE(test_cancel),
        WORLD_CASE(test_progress),   WORLD_CASE(test_held_back),   WORLD_CASE(test_unreadable),
        WORLD_CASE(test_stop),       WORLD_CASE(test_hand_back),   WORLD_CASE(test_lanes),
        WORLD_CASE(test_a_thousand),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
