/* Dead letters when memory runs out: every allocation is made to fail once while a message is given up,
 * listed, shown and replayed. Each says what became of it, the message is in one of the two streams all the
 * time, and all memory comes back.
 */
#define _POSIX_C_SOURCE 200809L
#include <aegis/deadletter.h>

#include "application/service.h"
#include "contract/meter.h"
#include "contract/world.h"

#define SUBJECT "commands.giver.work"

static int64_t soon(void)
{
    return aegis_clock_monotonic() + TEN_SECONDS;
}

static const aegis_service_type giver_type = {.name = "giver", .version = "1.0.0"};

/* A message of COMMANDS, as a worker has it. */
static aegis_source *take(aegis_bus *bus, aegis_message *message)
{
    static const uint8_t body[20000] = {1}; /* more than an arena begins with */
    const aegis_header header = {"traceparent", "00-1-2-01"};
    const aegis_outgoing sent = {
        .subject = SUBJECT, .headers = &header, .header_count = 1, .body = {body, sizeof body}};
    const aegis_consumer_config config = {
        .stream = AEGIS_STREAM_COMMANDS, .durable = "taker", .filter = SUBJECT};
    const aegis_port_ops *ops = bus->port->ops;
    aegis_source *source = NULL;

    assert_int_equal(aegis_bus_store(bus, AEGIS_KIND_COMMANDS, &sent, soon(), NULL, NULL), AEGIS_OK);
    assert_int_equal(ops->ensure_consumer(bus->port, &config, soon(), NULL), AEGIS_OK);
    assert_int_equal(ops->consume(bus->port, config.stream, config.durable, &source, NULL), AEGIS_OK);
    ops->credit(source, 1);
    assert_int_equal(ops->next(source, soon(), message), AEGIS_OK);
    return source;
}

static uint64_t messages_in(aegis_bus *bus, const char *stream)
{
    aegis_stream_info info;

    memset(&info, 0, sizeof info);
    (void)bus->port->ops->stream_info(bus->port, stream, soon(), &info, NULL);
    return info.messages;
}

static void exhausted_or_ok(aegis_status status)
{
    if (status != AEGIS_OK)
        assert_string_equal(aegis_status_name(status), "RESOURCE_EXHAUSTED");
}

static void all_of_it(aegis_bus *bus, aegis_service *service, const aegis_allocator *allocator,
                      const aegis_message *message)
{
    static const uint8_t failure[] =
        "{\"type\":null,\"code\":500,\"details\":{},\"chain\":[{\"service\":\"a\",\"method\":\"b\","
        "\"code\":500,\"message\":\"c\"}]}";
    const aegis_letter letter = {
        .name = "work", .why = "why", .failure = {{failure, sizeof failure - 1}, AEGIS_FORMAT_JSON}};
    aegis_arena *arena = aegis_arena_new(allocator);
    aegis_deadletter_page page;
    aegis_deadletter shown;
    aegis_status status;

    if (arena == NULL)
        return;
    status = aegis_dead_letter(service, message, &letter, arena);
    exhausted_or_ok(status);
    assert_int_equal(messages_in(bus, AEGIS_STREAM_DLQ), status == AEGIS_OK);
    assert_int_equal(messages_in(bus, AEGIS_STREAM_COMMANDS), status != AEGIS_OK);
    if (status == AEGIS_OK) {
        exhausted_or_ok(aegis_deadletter_list(bus, NULL, arena, &page, NULL));
        exhausted_or_ok(aegis_deadletter_show(bus, 1, arena, &shown, NULL));
        status = aegis_deadletter_replay(bus, 1, NULL);
        exhausted_or_ok(status);
        if (status == AEGIS_OK)
            assert_int_equal(messages_in(bus, AEGIS_STREAM_DLQ), 0);
        assert_true(messages_in(bus, AEGIS_STREAM_COMMANDS) + messages_in(bus, AEGIS_STREAM_DLQ) >= 1);
    }
    aegis_arena_free(arena);
}

/* False when there was no such allocation. */
static bool walk(size_t at)
{
    meter m = {.fail_at = 0};
    const aegis_allocator allocator = {metered, &m};
    const aegis_options options = {.allocator = &allocator};
    aegis_service *service = NULL;
    aegis_message message;
    aegis_source *source;
    aegis_bus *bus;

    assert_int_equal(aegis_open("mem:", &options, &bus, NULL), AEGIS_OK);
    assert_int_equal(aegis_service_start(bus, &giver_type, NULL, NULL, NULL, &service, NULL), AEGIS_OK);
    source = take(bus, &message);
    atomic_store(&m.fail_at, atomic_load(&m.calls) + at);
    all_of_it(bus, service, &allocator, &message);
    atomic_store(&m.fail_at, 0);
    bus->port->ops->release(&message);
    bus->port->ops->close_source(source);
    aegis_service_stop(service);
    aegis_close(bus);
    assert_int_equal(atomic_load(&m.out), 0);
    return atomic_load(&m.failed);
}

static void every_allocation(void **state)
{
    size_t at = 1;

    (void)state;
    while (at < 1000 && walk(at))
        at++;
    (void)printf("F31: %zu allocations of dead letters failed in turn\n", at - 1);
    assert_true(at > 10 && at < 1000);
}

int main(void)
{
    const struct CMUnitTest cases[] = {cmocka_unit_test(every_allocation)};

    return cmocka_run_group_tests_name("scarce letters", cases, NULL, NULL);
}
