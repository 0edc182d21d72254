/* The in-process bus when memory runs out: every allocation it makes is made to fail once, in a walk through
 * all its functions. Each call then either works or says so, nothing is lost that was accepted, and all
 * memory comes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "contract/meter.h"
#include "ports/bus.h"
#include "ports/clock.h"

#include <stdlib.h>
#include <string.h>

static int64_t soon(void)
{
    return aegis_clock_monotonic() + 2 * AEGIS_MILLISECOND;
}

/* What a call may say: it worked, or memory was short. `next` may find nothing, since what it waits for
 * failed. */
static bool fair(aegis_status status)
{
    return status == AEGIS_OK || status == AEGIS_RESOURCE_EXHAUSTED;
}

static void core(aegis_port *port)
{
    const aegis_header header = {"A", "b"};
    const aegis_outgoing message = {
        .subject = "s.x", .headers = &header, .header_count = 1, .body = {(const uint8_t *)"x", 1}};
    aegis_source *all = NULL, *queue = NULL, *events = NULL;
    aegis_message got;
    assert_true(fair(port->ops->events(port, &events, NULL)));
    assert_true(fair(port->ops->subscribe(port, "s.>", NULL, 4, false, &all, NULL)));
    assert_true(fair(port->ops->subscribe(port, "s.x", "q", 0, false, &queue, NULL)));
    for (int i = 0; i < 6; i++)
        assert_true(fair(port->ops->publish(port, &message, NULL)));
    aegis_status status = port->ops->request(port, &message, soon(), &got, NULL);
    assert_true(fair(status) || status == AEGIS_DEADLINE_EXCEEDED || status == AEGIS_UNAVAILABLE);
    while (queue && port->ops->next(queue, 0, &got) == AEGIS_OK) {
        assert_int_equal(got.body.len, 1);
        port->ops->release(&got);
    }
    /* `all` and `events` are closed with messages in them. */
    aegis_source *const sources[] = {all, queue, events};
    for (size_t i = 0; i < 3; i++)
        if (sources[i])
            port->ops->close_source(sources[i]);
}

static void submitted(aegis_port *port)
{
    const aegis_outgoing message = {.subject = "r.x", .body = {(const uint8_t *)"x", 1}};
    aegis_source *service = NULL, *source = NULL;
    size_t accepted = 0, completed = 0;
    aegis_message got;
    assert_true(fair(port->ops->subscribe(port, "r.*", "q", 0, false, &service, NULL)));
    assert_true(fair(port->ops->completions(port, 8, &source, NULL)));
    for (uint64_t i = 0; source && i < 4; i++) {
        aegis_operation_kind kind = i == 3 ? AEGIS_OP_PUBLISH_DURABLE : AEGIS_OP_REQUEST;
        aegis_status status = port->ops->submit(source, kind, &message, i, soon(), NULL);
        assert_true(fair(status));
        accepted += status == AEGIS_OK;
    }
    if (service && port->ops->next(service, 0, &got) == AEGIS_OK) {
        const aegis_outgoing answer = {.subject = got.reply, .body = got.body};
        assert_true(fair(port->ops->publish(port, &answer, NULL)));
        port->ops->release(&got);
    }
    while (completed < accepted) {
        assert_int_equal(port->ops->next(source, aegis_clock_monotonic() + AEGIS_SECOND, &got), AEGIS_OK);
        port->ops->release(&got);
        completed++;
    }
    if (service)
        port->ops->close_source(service);
    if (source)
        port->ops->close_source(source);
}

static void durable(aegis_port *port)
{
    const char *subject = "d.>";
    const aegis_stream_config stream = {
        .name = "D", .subjects = &subject, .subject_count = 1, .retention = AEGIS_RETAIN_WORK_QUEUE};
    const aegis_consumer_config consumer = {.stream = "D", .durable = "c", .filter = "d.x"};
    const aegis_header id = {"Nats-Msg-Id", "1"};
    const aegis_outgoing message = {.subject = "d.x", .headers = &id, .header_count = 1};
    const aegis_outgoing plain = {.subject = "d.x"};
    aegis_source *source = NULL;
    aegis_message got;
    uint64_t stored = 0;
    if (port->ops->ensure_stream(port, &stream, soon(), NULL, NULL) != AEGIS_OK)
        return;
    aegis_status status = port->ops->publish_durable(port, &message, soon(), NULL, NULL);
    assert_true(fair(status));
    stored += status == AEGIS_OK;
    for (int i = 0; i < 70; i++) { /* past the first size of the table of slots */
        status = port->ops->publish_durable(port, &plain, soon(), NULL, NULL);
        assert_true(fair(status));
        stored += status == AEGIS_OK;
    }
    aegis_stream_info info;
    assert_int_equal(port->ops->stream_info(port, "D", soon(), &info, NULL), AEGIS_OK);
    assert_int_equal(info.messages, stored);
    if (port->ops->ensure_consumer(port, &consumer, soon(), NULL) != AEGIS_OK ||
        port->ops->consume(port, "D", "c", &source, NULL) != AEGIS_OK)
        return;
    port->ops->credit(source, 1000);
    /* A delivery there was no memory for comes a little later: nothing stored is lost. A few show it. */
    stored = stored < 3 ? stored : 3;
    for (int64_t until = aegis_clock_monotonic() + 5 * AEGIS_SECOND; stored > 0;) {
        assert_int_equal(port->ops->next(source, until, &got), AEGIS_OK);
        assert_int_equal(port->ops->settle(&got, AEGIS_ACK, 0), AEGIS_OK);
        port->ops->release(&got);
        stored--;
        assert_true(aegis_clock_monotonic() < until); /* not only because the wait was over */
    }
    port->ops->close_source(source);
}

static void keys_and_values(aegis_port *port)
{
    const aegis_stream_config config = {.bucket = true, .name = "B"};
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_kv_entry entry;
    aegis_kv_list list;
    if (port->ops->ensure_stream(port, &config, soon(), NULL, NULL) == AEGIS_OK) {
        const aegis_bytes one = {(const uint8_t *)"1", 1}, two = {(const uint8_t *)"22", 2};
        aegis_status first = port->ops->kv_put(port, "B", "k", one, 0, soon(), NULL, NULL);
        aegis_status second = port->ops->kv_put(port, "B", "k", two, AEGIS_KV_ANY, soon(), NULL, NULL);
        assert_true(fair(first) && fair(second));
        aegis_status status = port->ops->kv_get(port, "B", "k", soon(), arena, &entry, NULL);
        if (first == AEGIS_OK || second == AEGIS_OK) {
            assert_int_equal(status, AEGIS_OK);
            assert_int_equal(entry.value.len, second == AEGIS_OK ? 2 : 1);
        }
        assert_int_equal(port->ops->kv_list(port, "B", soon(), arena, &list, NULL), AEGIS_OK);
    }
    aegis_arena_free(arena);
}

/* Walk through everything; true when an allocation was made to fail. */
static bool walk(size_t fail_at, bool for_good, void (*part)(aegis_port *port))
{
    meter m = {.fail_at = fail_at, .for_good = for_good};
    const aegis_allocator allocator = {metered, &m};
    const aegis_options options = {.allocator = &allocator};
    aegis_port *port = NULL;
    aegis_status status = aegis_memory_open("mem:", &options, &port, NULL);
    assert_true(fair(status));
    if (status == AEGIS_OK) {
        part(port);
        port->ops->close(port);
    }
    assert_int_equal(m.out, 0);
    return m.failed;
}

static void each_allocation(void (*part)(aegis_port *port))
{
    size_t at = 1;
    assert_false(walk(0, false, part));
    while (walk(at, false, part))
        at++;
    assert_true(at > 5);
}

static void core_messages(void **state)
{
    (void)state;
    each_allocation(core);
    for (size_t at = 1; walk(at, true, core);)
        at++;
}

static void submitted_operations(void **state)
{
    (void)state;
    each_allocation(submitted);
}

static void streams(void **state)
{
    (void)state;
    each_allocation(durable);
}

static void buckets(void **state)
{
    (void)state;
    each_allocation(keys_and_values);
    for (size_t at = 1; walk(at, true, keys_and_values);)
        at++;
}

/* The bus's own limit, without an allocator's help: a reader that never reads does not take all memory. */
static void own_limit(void **state)
{
    enum { SIZE = 1 << 20 };
    (void)state;
    aegis_port *port = NULL;
    aegis_source *source = NULL;
    aegis_error error = {0};
    aegis_status status = AEGIS_OK;
    size_t accepted = 0;
    assert_int_equal(aegis_memory_open("mem:", NULL, &port, NULL), AEGIS_OK);
    assert_int_equal(port->ops->subscribe(port, "big", NULL, 0, false, &source, NULL), AEGIS_OK);
    uint8_t *body = (uint8_t *)calloc(1, SIZE);
    assert_non_null(body);
    const aegis_outgoing message = {.subject = "big", .body = {body, SIZE}};
    while (accepted < 1000 && (status = port->ops->publish(port, &message, &error)) == AEGIS_OK)
        accepted++;
    free(body);
    assert_int_equal(status, AEGIS_RESOURCE_EXHAUSTED);
    assert_in_range(accepted, 200, 256);
    assert_true(error.text[0] != '\0');
    for (; accepted > 0; accepted--) {
        aegis_message got;
        assert_int_equal(port->ops->next(source, 0, &got), AEGIS_OK);
        port->ops->release(&got);
    }
    const aegis_outgoing small = {.subject = "big"};
    assert_int_equal(port->ops->publish(port, &small, NULL), AEGIS_OK);
    port->ops->close_source(source);
    port->ops->close(port);
}

static void urls(void **state)
{
    static const char *const bad[] = {"", "mem", "mem:name", "nats://localhost"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        aegis_port *port = NULL;
        aegis_error error = {0};
        assert_int_equal(aegis_memory_open(bad[i], NULL, &port, &error), AEGIS_INVALID_ARGUMENT);
        assert_null(port);
        assert_non_null(strstr(error.text, bad[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(core_messages), cmocka_unit_test(submitted_operations),
        cmocka_unit_test(streams),       cmocka_unit_test(buckets),
        cmocka_unit_test(own_limit),     cmocka_unit_test(urls),
    };
    return cmocka_run_group_tests_name("in-process bus, out of memory", tests, NULL, NULL);
}
