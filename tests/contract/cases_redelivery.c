/* What comes again, when, and what does not. */
#include "contract.h"

#include "ports/clock.h"

#include <stdio.h>
#include <string.h>

/* A stream, a consumer "d" with this ack_wait, one message in it, and a reader with credit. */
static aegis_source *one(contract *c, const char *what, aegis_duration ack_wait)
{
    const char *stream = contract_name(c, what), *subject = contract_subject(c, what);
    contract_stream(c, stream, subject);
    contract_consumer(c, stream, "d", aegis_arena_printf(c->arena, "%s.>", subject), ack_wait);
    contract_store(c, aegis_arena_printf(c->arena, "%s.x", subject), "m", NULL);
    return contract_consume(c, stream, "d", 10);
}

static aegis_message expect_delivery(contract *c, aegis_source *source, uint32_t deliveries)
{
    aegis_message message = contract_next(c, source, 5000);
    assert_true(body_is(&message, "m"));
    assert_int_equal(message.sequence, 1);
    assert_int_equal(message.deliveries, deliveries);
    return message;
}

void nak_comes_again(void **state)
{
    contract *c = (contract *)*state;
    aegis_source *source = one(c, "nak", 0);
    for (uint32_t i = 1; i <= 4; i++) {
        aegis_message message = expect_delivery(c, source, i);
        contract_settle(c, &message, AEGIS_NAK, 0);
    }
    aegis_message message = expect_delivery(c, source, 5);
    aegis_consumer_info info = contract_consumer_info(c, contract_name(c, "nak"), "d", 0, 1);
    assert_int_equal(info.redelivered, 1);
    contract_settle(c, &message, AEGIS_ACK, 0);
    contract_silent(c, source, 100);
    contract_consumer_info(c, contract_name(c, "nak"), "d", 0, 0);
}

void nak_with_delay(void **state)
{
    contract *c = (contract *)*state;
    aegis_source *source = one(c, "delay", 0);
    aegis_message message = expect_delivery(c, source, 1);
    int64_t before = aegis_clock_monotonic();
    contract_settle(c, &message, AEGIS_NAK, 600 * AEGIS_MILLISECOND);
    contract_silent(c, source, 300);
    message = expect_delivery(c, source, 2);
    assert_in_range(elapsed_ms(before), 550, 3000);
    contract_settle(c, &message, AEGIS_ACK, 0);
}

void term_never_again(void **state)
{
    contract *c = (contract *)*state;
    aegis_source *source = one(c, "term", AEGIS_SECOND);
    aegis_message message = expect_delivery(c, source, 1);
    contract_settle(c, &message, AEGIS_TERM, 0);
    contract_consumer_info(c, contract_name(c, "term"), "d", 0, 0);
    contract_silent(c, source, 1500);
    contract_stream_info(c, contract_name(c, "term"), 1);
}

void ack_wait_redelivers(void **state)
{
    contract *c = (contract *)*state;
    aegis_source *source = one(c, "wait", AEGIS_SECOND);
    int64_t before = aegis_clock_monotonic();
    aegis_message message = expect_delivery(c, source, 1);
    aegis_message again = expect_delivery(c, source, 2);
    assert_in_range(elapsed_ms(before), 800, 4000);
    c->ops->release(&message);
    contract_settle(c, &again, AEGIS_ACK, 0);
    contract_silent(c, source, 1300);
}

void working_prolongs(void **state)
{
    contract *c = (contract *)*state;
    aegis_source *source = one(c, "work", AEGIS_SECOND);
    aegis_message message = expect_delivery(c, source, 1);
    for (int i = 0; i < 6; i++) {
        contract_silent(c, source, 400);
        assert_ok(c->ops->settle(&message, AEGIS_WORKING, 0));
    }
    contract_settle(c, &message, AEGIS_ACK, 0);
    contract_silent(c, source, 1300);
}

/* A reader that ends with messages in hand: the next one gets them without waiting for ack_wait. */
void unsettled_handed_back(void **state)
{
    contract *c = (contract *)*state;
    aegis_source *source = one(c, "back", 0);
    aegis_message message = expect_delivery(c, source, 1);
    c->ops->release(&message);
    contract_close(c, source);
    int64_t before = aegis_clock_monotonic();
    source = contract_consume(c, contract_name(c, "back"), "d", 10);
    message = expect_delivery(c, source, 2);
    assert_true(elapsed_ms(before) < 4000);
    contract_settle(c, &message, AEGIS_ACK, 0);
}

/* The same for messages that were on their way to it and were never read: none is lost or waits. */
void undelivered_handed_back(void **state)
{
    enum { COUNT = 20 };
    contract *c = (contract *)*state;
    aegis_source *source = one(c, "unread", 0);
    for (int i = 1; i < COUNT; i++)
        contract_store(c, contract_subject(c, "unread.x"), "m", NULL);
    c->ops->credit(source, COUNT);
    aegis_message message = expect_delivery(c, source, 1);
    contract_settle(c, &message, AEGIS_ACK, 0);
    sleep_ms(100);
    contract_close(c, source);
    bool seen[COUNT + 1] = {false};
    source = contract_consume(c, contract_name(c, "unread"), "d", 2 * COUNT);
    for (int i = 1; i < COUNT; i++) {
        message = contract_next(c, source, 5000);
        assert_in_range(message.sequence, 2, COUNT);
        assert_false(seen[message.sequence]);
        seen[message.sequence] = true;
        contract_settle(c, &message, AEGIS_ACK, 0);
    }
    contract_consumer_info(c, contract_name(c, "unread"), "d", 0, 0);
}

void settle_once(void **state)
{
    contract *c = (contract *)*state;
    aegis_source *source = one(c, "once", 0);
    aegis_message message = expect_delivery(c, source, 1);
    assert_ok(c->ops->settle(&message, AEGIS_WORKING, 0));
    assert_ok(c->ops->settle(&message, AEGIS_ACK, 0));
    assert_status(AEGIS_FAILED_PRECONDITION, c->ops->settle(&message, AEGIS_NAK, 0));
    assert_status(AEGIS_FAILED_PRECONDITION, c->ops->settle(&message, AEGIS_ACK, 0));
    c->ops->release(&message);
    contract_consumer_info(c, contract_name(c, "once"), "d", 0, 0);
    contract_silent(c, source, 100);
}

/* Credit or not: no more than max_ack_pending are unsettled at a time, and settling one lets the next
 * through. */
void max_ack_pending_holds(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = contract_name(c, "pending"), *subject = contract_subject(c, "pending.x");
    contract_stream(c, stream, contract_subject(c, "pending"));
    const aegis_consumer_config config = {
        .stream = stream, .durable = "d", .filter = subject, .max_ack_pending = 3};
    assert_ok(c->ops->ensure_consumer(c->port, &config, in_ms(5000), NULL));
    for (int i = 0; i < 6; i++)
        contract_store(c, subject, "m", NULL);
    aegis_source *source = contract_consume(c, stream, "d", 10);
    aegis_message held[3];
    for (size_t i = 0; i < 3; i++)
        held[i] = contract_next(c, source, 5000);
    contract_silent(c, source, 200);
    for (size_t i = 0; i < 3; i++) {
        contract_settle(c, &held[i], AEGIS_ACK, 0);
        held[i] = contract_next(c, source, 5000);
        assert_int_equal(held[i].sequence, 4 + i);
    }
    for (size_t i = 0; i < 3; i++)
        contract_settle(c, &held[i], AEGIS_ACK, 0);
    contract_consumer_info(c, stream, "d", 0, 0);
}

void nak_reaches_another_reader(void **state)
{
    contract *c = (contract *)*state;
    aegis_source *first = one(c, "other", 0);
    aegis_message message = expect_delivery(c, first, 1);
    assert_ok(c->ops->drain(first, in_ms(5000)));
    aegis_source *second = contract_consume(c, contract_name(c, "other"), "d", 10);
    contract_settle(c, &message, AEGIS_NAK, 0);
    message = expect_delivery(c, second, 2);
    contract_settle(c, &message, AEGIS_ACK, 0);
}
