/* F21: messages cut short, altered, made of garbage, nested too deep, with hostile lengths, in bodies and
 * headers, as calls, events and commands. Every call is answered, every event and command is handled or a
 * dead letter, and those of an honest client succeed meanwhile. AEGIS_SEED repeats a run, AEGIS_INPUTS says
 * how many calls.
 */
#define _POSIX_C_SOURCE 200809L
#include "contract/raw.h"

#include "aegis/wire.h"
#include "application/bus.h"

enum { CALLS = 20000, STORED = 1500, LONGEST = 8192 };

static uint64_t seed;

static uint64_t dice(uint64_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 24) % limit;
}

/* ---- the service -------------------------------------------------------------------------------------- */

static aegis_reply take(aegis_call *call, const note *request, void *user)
{
    world *w = (world *)user;

    atomic_fetch_add(&w->handled, 1);
    return peer_ok(call, request);
}

SERVE(take)

static aegis_settle on_event(const aegis_event *event, aegis_reader *payload, const void *ops, void *user)
{
    world *w = (world *)user;
    note value = {NULL, 0};

    (void)event;
    (void)ops;
    note_get(payload, &value);
    if (aegis_reader_close(payload, NULL) != AEGIS_OK)
        return AEGIS_DEAD;
    atomic_fetch_add(&w->seen, 1);
    return AEGIS_DONE;
}

static const aegis_method ask_method = {.service = "target", .name = "ask", .timeout = 5 * AEGIS_SECOND};
static const aegis_method do_method = {
    .service = "target", .name = "do", .timeout = 30 * AEGIS_SECOND, .command = true, .max_retries = 0};
static const aegis_endpoint endpoints[] = {{&ask_method, serve_take}, {&do_method, serve_take}};
static const aegis_event_type happened = {"thing", "happened", "1.0"};
static const aegis_event_case cases_of[] = {{&happened, on_event}};
static const aegis_subscription subscriptions[] = {
    {.pattern = "thing.happened", .durable = "target__thing_happened", .cases = cases_of, .case_count = 1}};
static const aegis_service_type target_type = {.name = "target",
                                               .version = "1.0.0",
                                               .endpoints = endpoints,
                                               .endpoint_count = 2,
                                               .subscriptions = subscriptions,
                                               .subscription_count = 1};

/* ---- inputs ------------------------------------------------------------------------------------------- */

typedef enum kind { A_CALL, AN_EVENT, A_COMMAND } kind;

/* A valid one. */
static aegis_bytes valid(kind what, aegis_format format, aegis_arena *arena)
{
    char id[AEGIS_UUID_TEXT];
    aegis_raw body = {{NULL, 0}, format};
    aegis_bytes out = {NULL, 0};
    aegis_writer w;

    (void)aegis_uuid_format(aegis_uuid_new(), id);
    aegis_writer_open(&w, arena, format, 0);
    note_put(&w, &seven);
    assert_int_equal(aegis_writer_close(&w, &body.data, NULL), AEGIS_OK);
    if (what == A_CALL) {
        const aegis_wire_rpc_request m = {
            .message_id = id, .trace_id = id, .method = "ask", .params = body, .timeout = 5.0};
        assert_int_equal(aegis_wire_rpc_request_encode(&m, format, arena, &out, NULL), AEGIS_OK);
    } else if (what == AN_EVENT) {
        const aegis_wire_event m = {.message_id = id,
                                    .trace_id = id,
                                    .domain = "thing",
                                    .event_type = "happened",
                                    .payload = body,
                                    .version = "1.0"};
        assert_int_equal(aegis_wire_event_encode(&m, format, arena, &out, NULL), AEGIS_OK);
    } else {
        const aegis_wire_command m = {.message_id = id,
                                      .trace_id = id,
                                      .command = "do",
                                      .payload = body,
                                      .priority = AEGIS_WIRE_PRIORITY_NORMAL,
                                      .timeout = 30.0};
        assert_int_equal(aegis_wire_command_encode(&m, format, arena, &out, NULL), AEGIS_OK);
    }
    return out;
}

/* What a decoder has to fear, to be put anywhere. */
static const struct {
    const char *bytes;
    size_t size;
} hostile[] = {
#define HOSTILE(text)                                                                                        \
    {                                                                                                        \
        text, sizeof text - 1                                                                                \
    }
    HOSTILE("\xdd\xff\xff\xff\xff"),
    HOSTILE("\xdf\xff\xff\xff\xff"),
    HOSTILE("\xdb\xff\xff\xff\xff"),
    HOSTILE("\xc6\xff\xff\xff\xff"),
    HOSTILE("\xc9\x7f\xff\xff\xff"),
    HOSTILE("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"),
    HOSTILE("\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"),
    HOSTILE("\xc1"),
    HOSTILE("\xa4\xff\xfe\xc0\x80"),
    HOSTILE("\xed\xa0\x80"),
    HOSTILE("\\ud800"),
    HOSTILE("1e999999999"),
    HOSTILE("-"),
    HOSTILE("\"\\"),
    HOSTILE("[[[[[[[["),
    HOSTILE("{\"\":{\"\":"),
    HOSTILE("99999999999999999999999999"),
    HOSTILE("nul"),
    HOSTILE("\0"),
};

/* Altered in place, in a buffer of LONGEST. Returns its length. */
static size_t alter(uint8_t *at, size_t length)
{
    const size_t place = (size_t)dice(length + 1), which = (size_t)dice(sizeof hostile / sizeof hostile[0]);
    size_t i;

    switch (dice(7)) {
    case 0: /* cut */
        return place;
    case 1: /* some bytes */
        for (i = 0; i < 1 + dice(8) && length > 0; i++)
            at[dice(length)] = (uint8_t)dice(256);
        return length;
    case 2: /* something hostile over it */
        if (place + hostile[which].size <= length)
            memcpy(at + place, hostile[which].bytes, hostile[which].size);
        return length;
    case 3: /* and in between */
        memmove(at + place + hostile[which].size, at + place, length - place);
        memcpy(at + place, hostile[which].bytes, hostile[which].size);
        return length + hostile[which].size;
    case 4: /* nothing but garbage */
        length = (size_t)dice(300);
        for (i = 0; i < length; i++)
            at[i] = (uint8_t)dice(256);
        return length;
    case 5: { /* deep */
        static const char *const heads[] = {"\x91",
                                            "\x81\xa1"
                                            "a",
                                            "[", "{\"a\":"};
        const char *head = heads[dice(4)];

        for (length = 0; length + strlen(head) < LONGEST - 64; length += strlen(head))
            memcpy(at + length, head, strlen(head));
        return length;
    }
    default: /* more behind it */
        at[length] = (uint8_t)dice(256);
        return length + 1;
    }
}

static aegis_bytes hostile_body(kind what, aegis_arena *arena)
{
    uint8_t *at = (uint8_t *)aegis_arena_alloc(arena, 2 * LONGEST);
    const aegis_bytes good = valid(what, dice(2) == 0 ? AEGIS_FORMAT_JSON : AEGIS_FORMAT_MSGPACK, arena);
    aegis_bytes body = {at, good.len};
    uint64_t times;

    memcpy(at, good.data, good.len);
    for (times = 1 + dice(3); times > 0 && body.len < LONGEST; times--)
        body.len = alter(at, body.len);
    return body;
}

/* ---- an honest client --------------------------------------------------------------------------------- */

typedef struct honest {
    world *w;
    atomic_bool stop;
    atomic_int ok, failed;
    char why[256];
    pthread_t thread;
} honest;

static void *be_honest(void *argument)
{
    honest *h = (honest *)argument;
    aegis_arena *arena = aegis_arena_new(NULL);

    while (!atomic_load(&h->stop)) {
        const outcome out = peer_invoke(h->w->client, &ask_method, &seven, NULL, arena);

        if (out.answer != AEGIS_ANSWER_OK)
            (void)snprintf(h->why, sizeof h->why, "%.200s", aegis_error_text(&out.failed));
        atomic_fetch_add(out.answer == AEGIS_ANSWER_OK ? &h->ok : &h->failed, 1);
        aegis_arena_reset(arena);
    }
    aegis_arena_free(arena);
    return NULL;
}

/* ---- sending ------------------------------------------------------------------------------------------ */

typedef struct counts {
    int sent, good, invalid, other;
} counts;

static void read_answer(const aegis_message *message, aegis_arena *arena, counts *c)
{
    aegis_wire_rpc_response response;
    aegis_wire_failure_result failure;

    assert_int_equal(aegis_wire_rpc_response_decode(message->body, AEGIS_FORMAT_AUTO, arena, &response, NULL),
                     AEGIS_OK);
    if (response.success) {
        c->good++;
        return;
    }
    assert_int_equal(
        aegis_wire_failure_result_decode(response.result.data, response.result.format, arena, &failure, NULL),
        AEGIS_OK);
    *(failure.code == 400 ? &c->invalid : &c->other) += 1;
}

static counts send_calls(world *w, aegis_arena *arena, int count)
{
    const aegis_port_ops *ops = w->bus->port->ops;
    counts c = {0};

    for (; c.sent < count; c.sent++) {
        char header[80];
        const aegis_header headers[] = {{"traceparent", header}, {"Nats-Msg-Id", ""}};
        aegis_outgoing request = {.subject = dice(50) == 0 ? "rpc.target.x" : "rpc.target.ask",
                                  .headers = headers,
                                  .header_count = (size_t)dice(3),
                                  .body = hostile_body(A_CALL, arena)};
        aegis_message answer;
        size_t i;

        (void)snprintf(header, sizeof header, "00-%032llx-%016llx-01", (unsigned long long)dice(UINT64_MAX),
                       (unsigned long long)dice(UINT64_MAX));
        for (i = 0; i < dice(6); i++)
            header[dice(55)] = (char)(' ' + dice(95));
        header[dice(4) == 0 ? dice(56) : 55] = '\0';
        if (ops->request(w->bus->port, &request, aegis_clock_monotonic() + TEN_SECONDS, &answer, NULL) !=
            AEGIS_OK)
            fail_msg("input %d was not answered", c.sent);
        read_answer(&answer, arena, &c);
        ops->release(&answer);
        aegis_arena_reset(arena);
    }
    return c;
}

static void store(world *w, kind what, aegis_arena *arena, int count)
{
    const aegis_port_ops *ops = w->bus->port->ops;
    aegis_publish_ack ack;

    for (; count > 0; count--) {
        const aegis_outgoing message = {.subject =
                                            what == AN_EVENT ? "events.thing.happened" : "commands.target.do",
                                        .body = hostile_body(what, arena)};

        assert_int_equal(
            ops->publish_durable(w->bus->port, &message, aegis_clock_monotonic() + TEN_SECONDS, &ack, NULL),
            AEGIS_OK);
        aegis_arena_reset(arena);
    }
}

static void expect_settled(world *w, const char *stream, const char *durable)
{
    const int64_t until = aegis_clock_monotonic() + 6 * TEN_SECONDS;
    aegis_consumer_info info = {.pending = 1};

    while ((info.pending != 0 || info.ack_pending != 0) && aegis_clock_monotonic() < until) {
        nap(10 * AEGIS_MILLISECOND);
        assert_int_equal(w->bus->port->ops->consumer_info(w->bus->port, stream, durable, until, &info, NULL),
                         AEGIS_OK);
    }
    assert_int_equal(info.pending + info.ack_pending, 0);
}

static void f21_hostile_messages(void **state)
{
    const char *given = getenv("AEGIS_SEED"), *inputs = getenv("AEGIS_INPUTS");
    world *w = (world *)*state;
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_stream_info letters = {0};
    honest h = {.w = w};
    int events, commands;
    counts c;

    seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)aegis_clock_monotonic();
    (void)printf("seed %llu\n", (unsigned long long)seed);
    w->service = start(w, &target_type, NULL);
    assert_int_equal(pthread_create(&h.thread, NULL, be_honest, &h), 0);
    c = send_calls(w, arena, inputs != NULL ? atoi(inputs) : CALLS);
    atomic_store(&h.stop, true);
    (void)pthread_join(h.thread, NULL);
    store(w, AN_EVENT, arena, STORED);
    expect_settled(w, AEGIS_STREAM_EVENTS, "target__thing_happened");
    events = atomic_load(&w->seen);
    atomic_store(&w->handled, 0);
    store(w, A_COMMAND, arena, STORED);
    expect_settled(w, AEGIS_STREAM_COMMANDS, "target__do");
    commands = atomic_load(&w->handled);
    (void)w->bus->port->ops->stream_info(w->bus->port, AEGIS_STREAM_DLQ,
                                         aegis_clock_monotonic() + AEGIS_SECOND, &letters, NULL);
    (void)printf(
        "F21: %d inputs: %d calls answered, of these %d INVALID_ARGUMENT, %d other failures, %d harmless; %d "
        "events (%d harmless) and %d commands (%d harmless) left %llu dead letters; %d honest calls, %d "
        "failed\n",
        c.sent + 2 * STORED, c.sent, c.invalid, c.other, c.good, STORED, events, STORED, commands,
        (unsigned long long)letters.messages, atomic_load(&h.ok), atomic_load(&h.failed));
    assert_int_equal(c.good + c.invalid + c.other, c.sent);
    if (atomic_load(&h.failed) != 0)
        fail_msg("%s", h.why);
    assert_true(letters.messages >= (uint64_t)(STORED - events));
    assert_int_equal(call(w, "ask", &seven).failed.status, AEGIS_UNAVAILABLE); /* of another service */
    assert_int_equal(peer_invoke(w->client, &ask_method, &seven, NULL, w->arena).answer, AEGIS_ANSWER_OK);
    aegis_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest cases[] = {WORLD_CASE(f21_hostile_messages)};

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
