/* Dead letters: what they carry, and listing, showing, replaying and dropping them. */
#define _POSIX_C_SOURCE 200809L
#include <aegis/deadletter.h>

#include "application/record.h"
#include "application/service.h"
#include "contract/world.h"

#define SUBJECT "commands.peer.work"

static const aegis_event_type created = {"order", "created", "1.1"};

/* 13 is refused until `failures_left` is 0. */
static aegis_settle on_created(const aegis_event *event, aegis_reader *payload, const void *ops, void *user)
{
    world *w = (world *)user;
    note value;

    (void)ops;
    (void)event;
    note_get(payload, &value);
    if (aegis_reader_close(payload, NULL) != AEGIS_OK)
        return AEGIS_DEAD;
    atomic_fetch_add(&w->attempts, 1);
    if (value.number == 13 && atomic_load(&w->failures_left) > 0)
        return AEGIS_DEAD;
    (void)snprintf(w->last, sizeof w->last, "%s", value.text);
    atomic_fetch_add(&w->seen, 1);
    return AEGIS_DONE;
}

static aegis_settle on_other(const aegis_event *event, aegis_reader *payload, const void *ops, void *user)
{
    world *w = (world *)user;
    note value;

    (void)ops;
    (void)event;
    note_get(payload, &value);
    atomic_fetch_add(&w->raw_seen, 1);
    return AEGIS_DONE;
}

static const aegis_event_case created_case[] = {{&created, on_created}},
                              other_case[] = {{&created, on_other}};
static const aegis_subscription typed[] = {{.pattern = "order.created",
                                            .durable = "listener__order_created",
                                            .cases = created_case,
                                            .case_count = 1}},
                                other[] = {{.pattern = "order.created",
                                            .durable = "other__order_created",
                                            .cases = other_case,
                                            .case_count = 1}};
static const aegis_service_type listener_type = {
    .name = "listener", .version = "1.0.0", .subscriptions = typed, .subscription_count = 1};
static const aegis_service_type other_type = {
    .name = "other", .version = "1.0.0", .subscriptions = other, .subscription_count = 1};

static void publish(world *w, const char *text, int64_t number)
{
    aegis_error error = {0};

    if (peer_publish(w->publisher, &created, &(note){text, number}, NULL, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
}

static aegis_deadletter_page list(world *w, const aegis_deadletter_filter *filter)
{
    aegis_deadletter_page page;
    aegis_error error = {0};

    if (aegis_deadletter_list(w->bus, filter, w->arena, &page, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    return page;
}

/* The page once it has so many. */
static aegis_deadletter_page wait_for(world *w, size_t count)
{
    int64_t until = aegis_clock_monotonic() + TEN_SECONDS;
    aegis_deadletter_page page = list(w, NULL);

    while (page.count != count && aegis_clock_monotonic() < until) {
        nap(5 * AEGIS_MILLISECOND);
        page = list(w, NULL);
    }
    assert_int_equal(page.count, count);
    return page;
}

static aegis_deadletter show(world *w, uint64_t sequence)
{
    aegis_deadletter letter;
    aegis_error error = {0};

    if (aegis_deadletter_show(w->bus, sequence, w->arena, &letter, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    return letter;
}

static void replay(world *w, uint64_t sequence)
{
    aegis_error error = {0};

    if (aegis_deadletter_replay(w->bus, sequence, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    assert_string_equal(error.text, "");
}

/* ---- events ------------------------------------------------------------------------------------------- */

static void test_none(void **state)
{
    world *w = (world *)*state;
    aegis_deadletter letter;
    aegis_error error = {0};
    aegis_deadletter_page page = list(w, NULL);

    assert_int_equal(page.count, 0);
    assert_int_equal(page.next, 0);
    assert_int_equal(aegis_deadletter_show(w->bus, 1, w->arena, &letter, &error), AEGIS_NOT_FOUND);
    assert_string_equal(error.text, "there is no dead letter 1");
    assert_int_equal(aegis_deadletter_drop(w->bus, 1, NULL), AEGIS_NOT_FOUND);
    assert_int_equal(aegis_deadletter_replay(w->bus, 1, NULL), AEGIS_NOT_FOUND);
}

/* What a refused event becomes, and that it comes back as it was once its handler is mended. */
static void test_event(void **state)
{
    world *w = (world *)*state;
    aegis_deadletter letter;
    aegis_deadletter_page page;
    int64_t now = aegis_now();

    atomic_store(&w->failures_left, 1);
    w->service = start(w, &listener_type, NULL);
    publish(w, "poison", 13);
    page = wait_for(w, 1);
    assert_int_equal(page.items[0].body.len, 0);
    letter = show(w, page.items[0].sequence);
    assert_string_equal(letter.service, "listener");
    assert_int_equal(strncmp(letter.instance, "listener-", 9), 0);
    assert_string_equal(letter.name, "order.created");
    assert_string_equal(letter.subject, "events.order.created");
    assert_int_equal(strncmp(letter.why, "refused by its handler", 22), 0);
    assert_int_equal(letter.deliveries, 1);
    assert_int_equal(letter.attempts, 1);
    assert_int_equal(letter.source_sequence, 1);
    assert_true(letter.sent_at >= now - 10 * AEGIS_SECOND &&
                letter.sent_at <= letter.given_up_at + AEGIS_SECOND);
    assert_true(letter.given_up_at >= now - AEGIS_SECOND && letter.given_up_at < now + AEGIS_MINUTE);
    assert_int_equal(letter.header_count, 1);
    assert_string_equal(letter.headers[0].name, "Nats-Msg-Id");
    assert_int_equal(strlen(letter.headers[0].value), 36);
    assert_true(letter.body.len > 0 && letter.body.len == letter.body_size);
    assert_int_equal(page.items[0].body_size, letter.body_size);
    assert_string_equal(letter.failure.text, letter.why);
    assert_int_equal(letter.failure.chain_count, 1);
    assert_string_equal(letter.failure.chain[0].service, "listener");

    atomic_store(&w->failures_left, 0);
    replay(w, letter.sequence);
    assert_true(reached(&w->seen, 1));
    assert_string_equal(w->last, "poison");
    assert_int_equal(list(w, NULL).count, 0);
    assert_int_equal(aegis_deadletter_replay(w->bus, letter.sequence, NULL), AEGIS_NOT_FOUND);
}

/* It goes to the service that had given it up: the other one has handled it. */
static void test_replay_is_for_one(void **state)
{
    world *w = (world *)*state;
    aegis_service *others = start(w, &other_type, NULL);
    aegis_deadletter_page page;

    atomic_store(&w->failures_left, 1);
    w->service = start(w, &listener_type, NULL);
    publish(w, "poison", 13);
    page = wait_for(w, 1);
    assert_true(reached(&w->raw_seen, 1));
    atomic_store(&w->failures_left, 0);
    replay(w, page.items[0].sequence);
    assert_true(reached(&w->seen, 1));
    publish(w, "after", 1);
    assert_true(reached(&w->raw_seen, 2));
    nap(50 * AEGIS_MILLISECOND);
    assert_int_equal(atomic_load(&w->raw_seen), 2);
    aegis_service_stop(others);
}

/* A replayed one that fails again is a letter of its own, whose headers do not pile up. */
static void test_replay_fails_again(void **state)
{
    world *w = (world *)*state;
    uint64_t first;
    aegis_deadletter letter;
    size_t i;

    atomic_store(&w->failures_left, 1);
    w->service = start(w, &listener_type, NULL);
    publish(w, "poison", 13);
    first = wait_for(w, 1).items[0].sequence;
    for (i = 0; i < 2; i++) {
        replay(w, first + i);
        assert_true(reached(&w->attempts, (int)i + 2));
        letter = show(w, wait_for(w, 1).items[0].sequence);
        assert_int_equal(letter.sequence, first + i + 1);
        assert_string_equal(letter.subject, "events.order.created");
        assert_int_equal(letter.header_count, 2); /* its id, and whom it is for */
    }
}

/* ---- written by hand ---------------------------------------------------------------------------------- */

static const aegis_service_type giver_type = {.name = "giver", .version = "1.0.0"};

static int64_t soon(void)
{
    return aegis_clock_monotonic() + TEN_SECONDS;
}

/* Store a message under `subject` and take it off a consumer, as a worker has it. */
static aegis_source *take(world *w, const char *subject, const aegis_outgoing *outgoing,
                          aegis_message *message)
{
    const aegis_port_ops *ops = w->bus->port->ops;
    const aegis_consumer_config config = {
        .stream = AEGIS_STREAM_COMMANDS, .durable = "taker", .filter = subject, .ack_wait = AEGIS_MINUTE};
    aegis_source *source = NULL;

    assert_int_equal(aegis_bus_ensure(w->bus, AEGIS_KIND_COMMANDS, NULL), AEGIS_OK);
    assert_int_equal(ops->publish_durable(w->bus->port, outgoing, soon(), NULL, NULL), AEGIS_OK);
    assert_int_equal(ops->ensure_consumer(w->bus->port, &config, soon(), NULL), AEGIS_OK);
    assert_int_equal(ops->consume(w->bus->port, config.stream, config.durable, &source, NULL), AEGIS_OK);
    ops->credit(source, 1);
    assert_int_equal(ops->next(source, soon(), message), AEGIS_OK);
    return source;
}

static aegis_raw failure(world *w, const char *message)
{
    aegis_wire_hop *hops = (aegis_wire_hop *)aegis_arena_alloc(w->arena, 2 * sizeof *hops);
    aegis_wire_failure_result value;
    aegis_raw raw = {{NULL, 0}, AEGIS_FORMAT_MSGPACK};

    assert_non_null(hops);
    hops[0] = (aegis_wire_hop){"giver", "work", 409, message};
    hops[1] = (aegis_wire_hop){"stock", "take", 503, "line one\nline two"};
    memset(&value, 0, sizeof value);
    value.type = "OutOfStock";
    value.code = 409;
    value.chain.items = hops;
    value.chain.count = 2;
    assert_int_equal(
        aegis_wire_failure_result_encode(&value, AEGIS_FORMAT_MSGPACK, w->arena, &raw.data, NULL), AEGIS_OK);
    return raw;
}

/* A dead letter of `body`, given up by the service "giver"; its number. */
static uint64_t give_up(world *w, const char *name, aegis_bytes body, const char *why)
{
    static const aegis_header headers[] = {
        {"Nats-Msg-Id", "id-1"}, {"traceparent", "00-1-2-01"}, {"Nats-Expected-Stream", "COMMANDS"}};
    const aegis_outgoing outgoing = {.subject = SUBJECT, .headers = headers, .header_count = 3, .body = body};
    const aegis_letter letter = {.name = name, .why = why, .failure = failure(w, why), .attempts = 4};
    aegis_service *service = start(w, &giver_type, NULL);
    aegis_message message;
    aegis_source *source = take(w, SUBJECT, &outgoing, &message);

    assert_int_equal(aegis_dead_letter(service, &message, &letter, w->arena), AEGIS_OK);
    w->bus->port->ops->release(&message);
    w->bus->port->ops->close_source(source);
    aegis_service_stop(service);
    return wait_for(w, 1).items[0].sequence;
}

/* An adapter need not keep their order. */
static const char *original(const aegis_deadletter *letter, const char *name)
{
    size_t i;

    for (i = 0; i < letter->header_count; i++) {
        if (strcmp(letter->headers[i].name, name) == 0)
            return letter->headers[i].value;
    }
    return "(none)";
}

static const char *stored_header(const aegis_stored *stored, const char *name)
{
    size_t i;

    for (i = 0; i < stored->header_count; i++) {
        if (strcmp(stored->headers[i].name, name) == 0)
            return stored->headers[i].value;
    }
    return "(none)";
}

static void test_failure_and_headers(void **state)
{
    world *w = (world *)*state;
    const aegis_bytes body = {(const uint8_t *)"\x81\xa1x\x01 any bytes\0\n", 16};
    uint64_t sequence = give_up(w, "work", body, "out of\r\nstock \xc5\xbc");
    aegis_deadletter letter = show(w, sequence);
    aegis_stored stored;

    assert_string_equal(letter.why, "out of  stock \xc5\xbc");
    assert_int_equal(letter.attempts, 4);
    assert_int_equal(letter.deliveries, 1);
    assert_string_equal(letter.failure.type, "OutOfStock");
    assert_int_equal(letter.failure.code, 409);
    assert_int_equal(letter.failure.chain_count, 2);
    assert_string_equal(letter.failure.chain[1].service, "stock");
    assert_string_equal(letter.failure.chain[1].message, "line one\nline two");
    assert_int_equal(letter.header_count, 3);
    assert_string_equal(original(&letter, "traceparent"), "00-1-2-01");
    assert_string_equal(original(&letter, "Nats-Msg-Id"), "id-1");
    assert_string_equal(original(&letter, "Nats-Expected-Stream"), "COMMANDS");
    assert_int_equal(letter.body.len, body.len);
    assert_memory_equal(letter.body.data, body.data, body.len);

    /* back where it came from, without what was an instruction to the server */
    replay(w, sequence);
    assert_int_equal(w->bus->port->ops->message_get(w->bus->port, AEGIS_STREAM_COMMANDS, SUBJECT, 2, soon(),
                                                    w->arena, &stored, NULL),
                     AEGIS_OK);
    assert_int_equal(stored.body.len, body.len);
    assert_memory_equal(stored.body.data, body.data, body.len);
    assert_int_equal(stored.header_count, 2);
    assert_string_equal(stored_header(&stored, "traceparent"), "00-1-2-01");
    assert_int_equal(strncmp(stored_header(&stored, "Nats-Msg-Id"), "replay.1.", 9), 0);
}

/* What a command was given up with is in its record, and would answer it. */
static void test_replayed_command_begins_anew(void **state)
{
    world *w = (world *)*state;
    const aegis_raw payload = {{NULL, 0}, AEGIS_FORMAT_AUTO};
    const aegis_wire_command command = {.message_id = "3f0e2c1e-0000-4000-8000-000000000001",
                                        .trace_id = "t",
                                        .command = "work",
                                        .payload = payload,
                                        .priority = AEGIS_WIRE_PRIORITY_NORMAL,
                                        .timeout = 1.0};
    aegis_record record;
    aegis_bytes body;
    aegis_error error = {0};
    uint64_t sequence;

    if (aegis_wire_command_encode(&command, AEGIS_FORMAT_MSGPACK, w->arena, &body, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    assert_int_equal(aegis_bus_ensure(w->bus, AEGIS_KIND_RECORDS, NULL), AEGIS_OK);
    memset(&record, 0, sizeof record);
    aegis_record_begin(&record, command.message_id, "giver", "work");
    aegis_record_claim(&record, "somebody");
    assert_int_equal(aegis_record_write(w->bus, &record, soon(), w->arena, NULL), AEGIS_OK);
    aegis_record_conclude(&record, AEGIS_DUTIES_COMMAND_STATE_FAILED, "given up", NULL);
    assert_int_equal(aegis_record_write(w->bus, &record, soon(), w->arena, NULL), AEGIS_OK);
    sequence = give_up(w, "work", body, "given up");
    replay(w, sequence);
    assert_int_equal(aegis_record_read(w->bus, command.message_id, soon(), w->arena, &record, NULL),
                     AEGIS_NOT_FOUND);
    aegis_record_begin(&record, command.message_id, "giver", "work");
    aegis_record_claim(&record, "somebody else");
    assert_int_equal(aegis_record_write(w->bus, &record, soon(), w->arena, NULL), AEGIS_OK);
    assert_int_equal(list(w, NULL).count, 0);
}

/* A body that fits alone, but not with the letter's headers: first the failure goes, then the body. */
static void test_large(void **state)
{
    world *w = (world *)*state;
    const size_t most = (size_t)1 << 20;
    char *why = (char *)aegis_arena_alloc(w->arena, 301);
    uint8_t *bytes = (uint8_t *)aegis_arena_alloc(w->arena, most);
    aegis_deadletter letter;
    uint64_t sequence;

    assert_non_null(why);
    assert_non_null(bytes);
    memset(bytes, 'x', most);
    memset(why, 'y', 300);
    why[300] = '\0';
    sequence = give_up(w, "work", (aegis_bytes){bytes, most - 1200}, why);
    letter = show(w, sequence);
    assert_int_equal(letter.body.len, most - 1200);
    assert_int_equal(letter.failure.code, 0);
    assert_false(letter.body_dropped);
    assert_int_equal(aegis_deadletter_drop(w->bus, sequence, NULL), AEGIS_OK);
    assert_int_equal(list(w, NULL).count, 0);
    assert_int_equal(aegis_deadletter_drop(w->bus, sequence, NULL), AEGIS_NOT_FOUND);
}

static void test_body_dropped(void **state)
{
    world *w = (world *)*state;
    const size_t size = ((size_t)1 << 20) - 200;
    uint8_t *bytes = (uint8_t *)aegis_arena_alloc(w->arena, size);
    aegis_error error = {0};
    aegis_deadletter letter;
    uint64_t sequence;

    assert_non_null(bytes);
    memset(bytes, 'x', size);
    sequence = give_up(w, "work", (aegis_bytes){bytes, size}, "too much");
    letter = show(w, sequence);
    assert_true(letter.body_dropped);
    assert_int_equal(letter.body.len, 0);
    assert_int_equal(letter.body_size, size);
    assert_int_equal(letter.failure.code, 409);
    assert_int_equal(aegis_deadletter_replay(w->bus, sequence, &error), AEGIS_FAILED_PRECONDITION);
    assert_string_equal(error.text, "dead letter 1 has lost its body of 1048376 bytes: it did not fit");
    assert_int_equal(list(w, NULL).count, 1);
}

/* ---- pages -------------------------------------------------------------------------------------------- */

static void put_letter(world *w, const char *subject)
{
    const aegis_header headers[] = {{"Aegis-Subject", "events.x.y"}, {"Aegis-Error", "why"}};
    const aegis_outgoing letter = {.subject = subject, .headers = headers, .header_count = 2};

    assert_int_equal(aegis_bus_ensure(w->bus, AEGIS_KIND_DLQ, NULL), AEGIS_OK);
    assert_int_equal(w->bus->port->ops->publish_durable(w->bus->port, &letter, soon(), NULL, NULL), AEGIS_OK);
}

static size_t count(world *w, const char *service, const char *name)
{
    return list(w, &(aegis_deadletter_filter){.service = service, .name = name}).count;
}

static void test_pages_and_filters(void **state)
{
    world *w = (world *)*state;
    aegis_deadletter_filter filter = {.service = "one", .limit = 3};
    aegis_deadletter_page page;
    aegis_error error = {0};
    size_t pages = 0, all = 0;
    uint64_t last = 0;
    int i;

    for (i = 0; i < 7; i++) {
        put_letter(w, i % 2 == 0 ? "dlq.one.order.created" : "dlq.one.order.gone");
        put_letter(w, "dlq.two.order.created");
    }
    do {
        page = list(w, &filter);
        pages++;
        for (i = 0; i < (int)page.count; i++) {
            assert_true(page.items[i].sequence > last);
            assert_string_equal(page.items[i].service, "one");
            last = page.items[i].sequence;
        }
        all += page.count;
        filter.after = page.next;
    } while (page.next != 0);
    assert_int_equal(pages, 3);
    assert_int_equal(all, 7);
    assert_int_equal(count(w, NULL, NULL), 14);
    assert_int_equal(count(w, "two", NULL), 7);
    assert_int_equal(count(w, NULL, "order.created"), 11);
    assert_int_equal(count(w, "one", "order.*"), 7);
    assert_int_equal(count(w, "one", "*.gone"), 3);
    assert_int_equal(count(w, "three", NULL), 0);
    assert_int_equal(count(w, NULL, "order"), 0);
    filter.service = "a.b";
    assert_int_equal(aegis_deadletter_list(w->bus, &filter, w->arena, &page, &error), AEGIS_INVALID_ARGUMENT);
    filter.service = NULL;
    filter.name = "a..b";
    assert_int_equal(aegis_deadletter_list(w->bus, &filter, w->arena, &page, &error), AEGIS_INVALID_ARGUMENT);
    assert_true(error.text[0] != '\0');
}

/* Anybody can write into that stream. */
static void test_strange_letters(void **state)
{
    world *w = (world *)*state;
    const aegis_outgoing bare = {.subject = "dlq.x"};
    aegis_error error = {0};
    aegis_deadletter letter;

    put_letter(w, "dlq.one.a");
    assert_int_equal(w->bus->port->ops->publish_durable(w->bus->port, &bare, soon(), NULL, NULL), AEGIS_OK);
    letter = show(w, 2);
    assert_string_equal(letter.service, "");
    assert_string_equal(letter.name, "");
    assert_string_equal(letter.why, "");
    assert_string_equal(letter.subject, "");
    assert_int_equal(aegis_deadletter_replay(w->bus, 2, &error), AEGIS_FAILED_PRECONDITION);
    assert_int_equal(list(w, NULL).count, 1);
}

/* ---- at the same time --------------------------------------------------------------------------------- */

typedef struct twin {
    world *w;
    uint64_t sequence;
    aegis_status status;
} twin;

static void *replay_too(void *argument)
{
    twin *own = (twin *)argument;

    own->status = aegis_deadletter_replay(own->w->bus, own->sequence, NULL);
    return NULL;
}

static void test_replayed_by_many(void **state)
{
    world *w = (world *)*state;
    twin twins[6];
    pthread_t threads[6];
    size_t i;
    int done = 0;
    uint64_t sequence;

    atomic_store(&w->failures_left, 1);
    w->service = start(w, &listener_type, NULL);
    publish(w, "poison", 13);
    sequence = wait_for(w, 1).items[0].sequence;
    atomic_store(&w->failures_left, 0);
    for (i = 0; i < 6; i++) {
        twins[i] = (twin){w, sequence, AEGIS_OK};
        assert_int_equal(pthread_create(&threads[i], NULL, replay_too, &twins[i]), 0);
    }
    for (i = 0; i < 6; i++) {
        (void)pthread_join(threads[i], NULL);
        if (twins[i].status != AEGIS_OK)
            assert_string_equal(aegis_status_name(twins[i].status), "NOT_FOUND");
        done += twins[i].status == AEGIS_OK;
    }
    assert_true(done >= 1);
    assert_true(reached(&w->seen, 1));
    nap(100 * AEGIS_MILLISECOND);
    assert_int_equal(atomic_load(&w->seen), 1);
}

/* ---- a full stream ------------------------------------------------------------------------------------ */

static uint64_t unsettled(world *w)
{
    aegis_consumer_info info;

    memset(&info, 0, sizeof info);
    (void)w->bus->port->ops->consumer_info(w->bus->port, AEGIS_STREAM_EVENTS, "listener__order_created",
                                           soon(), &info, NULL);
    return info.ack_pending;
}

/* A full dead-letter stream holds the message at its source; once there is room it takes it. */
static void test_full_stream_holds(void **state)
{
    world *w = (world *)*state;
    aegis_deadletter_page page;
    uint64_t first;
    int64_t until;

    world_reopen(w, &(aegis_options){.dead_letters = {.max_messages = 1}});
    atomic_store(&w->failures_left, 1);
    w->service = start(w, &listener_type, NULL);
    publish(w, "first", 13);
    first = wait_for(w, 1).items[0].sequence;
    publish(w, "second", 13);
    assert_true(reached(&w->attempts, 2));
    nap(200 * AEGIS_MILLISECOND);
    page = list(w, NULL);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.items[0].sequence, first);
    assert_int_equal(unsettled(w), 1);
    assert_int_equal(aegis_deadletter_drop(w->bus, first, NULL), AEGIS_OK);
    until = aegis_clock_monotonic() + TEN_SECONDS;
    do {
        nap(20 * AEGIS_MILLISECOND);
        page = list(w, NULL);
    } while (page.count == 0 && aegis_clock_monotonic() < until);
    assert_int_equal(page.count, 1);
    assert_true(page.items[0].sequence > first);
    while (unsettled(w) != 0 && aegis_clock_monotonic() < until)
        nap(20 * AEGIS_MILLISECOND);
    assert_int_equal(unsettled(w), 0);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_none),
        WORLD_CASE(test_event),
        WORLD_CASE(test_replay_is_for_one),
        WORLD_CASE(test_replay_fails_again),
        WORLD_CASE(test_failure_and_headers),
        WORLD_CASE(test_replayed_command_begins_anew),
        WORLD_CASE(test_large),
        WORLD_CASE(test_body_dropped),
        WORLD_CASE(test_pages_and_filters),
        WORLD_CASE(test_strange_letters),
        WORLD_CASE(test_replayed_by_many),
        WORLD_CASE(test_full_stream_holds),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
