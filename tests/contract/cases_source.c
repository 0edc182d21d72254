/* Sources: waiting, waking, draining, closing, overflowing; and the connection's own events. */
#define _GNU_SOURCE
#include "contract.h"

#include "ports/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

void next_deadline(void **state)
{
    contract *c = (contract *)*state;
    aegis_source *source = contract_subscribe(c, contract_subject(c, "quiet"), NULL);
    int64_t before = aegis_clock_monotonic();
    contract_silent(c, source, 100);
    assert_in_range(elapsed_ms(before), 95, 1000);
    /* A deadline that has passed asks only for what is there. */
    aegis_message message;
    assert_status(AEGIS_DEADLINE_EXCEEDED, c->ops->next(source, 0, &message));
    contract_publish(c, contract_subject(c, "quiet"), "x");
    contract_flush(c);
    sleep_ms(50);
    assert_ok(c->ops->next(source, 0, &message));
    c->ops->release(&message);
}

void wake_is_remembered_once(void **state)
{
    contract *c = (contract *)*state;
    aegis_source *source = contract_subscribe(c, contract_subject(c, "wake"), NULL);
    aegis_message message;
    c->ops->wake(source);
    c->ops->wake(source);
    assert_status(AEGIS_CANCELLED, c->ops->next(source, in_ms(5000), &message));
    contract_silent(c, source, 20);
}

typedef struct waiter {
    contract *c;
    aegis_source *source;
    aegis_status status;
    long sleeps; /* how often the thread slept meanwhile */
    pthread_t thread;
} waiter;

static long sleeps_of_thread(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_THREAD, &usage), 0);
    return usage.ru_nvcsw;
}

static void *wait_for_one(void *user)
{
    waiter *w = (waiter *)user;
    const long before = sleeps_of_thread();
    aegis_message message;
    w->status = w->c->ops->next(w->source, in_ms(10000), &message);
    w->sleeps = sleeps_of_thread() - before;
    if (w->status == AEGIS_OK)
        w->c->ops->release(&message);
    return NULL;
}

void wake_ends_a_wait(void **state)
{
    contract *c = (contract *)*state;
    aegis_source *source = contract_subscribe(c, contract_subject(c, "waits"), NULL);
    waiter w[2];
    for (size_t i = 0; i < 2; i++) {
        w[i] = (waiter){.c = c, .source = source};
        assert_int_equal(pthread_create(&w[i].thread, NULL, wait_for_one, &w[i]), 0);
    }
    sleep_ms(100);
    int64_t before = aegis_clock_monotonic();
    c->ops->wake(source);
    c->ops->wake(source);
    for (size_t i = 0; i < 2; i++)
        pthread_join(w[i].thread, NULL);
    assert_true(elapsed_ms(before) < 2000);
    assert_status(AEGIS_CANCELLED, w[0].status);
    assert_status(AEGIS_CANCELLED, w[1].status);
}

/* Who waits for what seldom comes is told of it, also when nobody else waits, and sleeps through all that is
 * not for him. */
static void sleeps_through(contract *c, aegis_source *source, bool diverted)
{
    enum { OTHERS = 300 };
    const char *subject = contract_subject(c, "seldom"), *often = contract_subject(c, "often");
    aegis_source *others = contract_subscribe(c, often, NULL), *seldom = NULL;
    waiter w = {.c = c};
    assert_ok(c->ops->subscribe(c->port, subject, NULL, 0, true, &seldom, NULL));
    w.source = diverted ? source : seldom;
    contract_silent(c, w.source, 50);
    assert_int_equal(pthread_create(&w.thread, NULL, wait_for_one, &w), 0);
    sleep_ms(50);
    if (diverted)
        c->ops->divert(seldom, source, 1);
    for (int i = 0; i < OTHERS; i++) {
        contract_publish(c, often, "x");
        contract_expect(c, others, "x");
    }
    const int64_t before = aegis_clock_monotonic();
    contract_publish(c, subject, "x");
    pthread_join(w.thread, NULL);
    assert_true(elapsed_ms(before) < 2000);
    assert_ok(w.status);
    assert_in_range(w.sleeps, 0, OTHERS / 10);
    c->ops->close_source(seldom);
}

void seldom_waiter_sleeps(void **state)
{
    contract *c = (contract *)*state;
    aegis_source *completions = NULL;
    sleeps_through(c, NULL, false);
    assert_ok(c->ops->completions(c->port, 1, &completions, NULL));
    contract_keep(c, completions);
    sleeps_through(c, completions, true);
}

void wake_loses_no_message(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "busy");
    aegis_source *source = contract_subscribe(c, subject, NULL);
    size_t got = 0;
    for (int i = 0; i < 50; i++) {
        contract_publish(c, subject, "x");
        c->ops->wake(source);
    }
    while (got < 50) {
        aegis_message message;
        aegis_status status = c->ops->next(source, in_ms(5000), &message);
        assert_true(status == AEGIS_OK || status == AEGIS_CANCELLED);
        if (status == AEGIS_OK) {
            got++;
            c->ops->release(&message);
        }
    }
}

void drain_leaves_what_arrived(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "drain");
    aegis_source *source = contract_subscribe(c, subject, "q");
    aegis_source *other = contract_subscribe(c, subject, NULL);
    for (int i = 0; i < 100; i++)
        contract_publish(c, subject, "before");
    for (int i = 0; i < 100; i++)
        contract_expect(c, other, "before");
    assert_ok(c->ops->drain(source, in_ms(5000)));
    contract_publish(c, subject, "after");
    contract_expect(c, other, "after");
    for (int i = 0; i < 100; i++)
        contract_expect(c, source, "before");
    aegis_message message;
    assert_status(AEGIS_UNAVAILABLE, c->ops->next(source, in_ms(5000), &message));
    /* Nobody listens there any more, once the other one is gone too. */
    contract_close(c, other);
    const aegis_outgoing request = {.subject = subject, .body = text_bytes("?")};
    aegis_error error = {0};
    assert_status(AEGIS_UNAVAILABLE, c->ops->request(c->port, &request, in_ms(5000), &message, &error));
    assert_true(error.not_processed);
}

static void nobody_there(contract *c, const char *subject)
{
    const aegis_outgoing request = {.subject = subject, .body = text_bytes("?")};
    aegis_message message;
    aegis_error error = {0};
    assert_status(AEGIS_UNAVAILABLE, c->ops->request(c->port, &request, in_ms(5000), &message, &error));
    assert_true(error.not_processed);
}

/* Out of the queue group and in again, as often as one likes. */
void held_is_not_there(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "held");
    aegis_source *source = contract_subscribe(c, subject, "q");
    for (int round = 0; round < 3; round++) {
        contract_publish(c, subject, "before");
        assert_ok(c->ops->hold(source, true, in_ms(5000)));
        nobody_there(c, subject);
        contract_expect(c, source, "before");
        contract_silent(c, source, 20);
        aegis_source *other = contract_subscribe(c, subject, "q");
        for (int i = 0; i < 10; i++)
            contract_publish(c, subject, "other's");
        for (int i = 0; i < 10; i++)
            contract_expect(c, other, "other's");
        contract_close(c, other);
        nobody_there(c, subject);
        assert_ok(c->ops->hold(source, false, in_ms(5000)));
        contract_publish(c, subject, "after");
        contract_expect(c, source, "after");
    }
    /* Held, it can end in order like any other. */
    contract_publish(c, subject, "last");
    assert_ok(c->ops->hold(source, true, in_ms(5000)));
    assert_ok(c->ops->drain(source, in_ms(5000)));
    contract_expect(c, source, "last");
    aegis_message message;
    assert_status(AEGIS_UNAVAILABLE, c->ops->next(source, in_ms(5000), &message));
}

/* Another reader of the durable gets what it would have got, also what it had asked for. */
void held_reader_is_given_nothing(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = contract_name(c, "heldd"), *subject = contract_subject(c, "heldd");
    char one[64];
    contract_stream(c, stream, subject);
    (void)snprintf(one, sizeof one, "%s.x", subject);
    contract_consumer(c, stream, "d", one, 0);
    aegis_source *source = contract_consume(c, stream, "d", 5);
    for (int round = 0; round < 2; round++) {
        contract_store(c, one, "a", NULL);
        aegis_message message = contract_next(c, source, 5000);
        assert_ok(c->ops->hold(source, true, in_ms(5000)));
        contract_settle(c, &message, AEGIS_ACK, 0); /* what it has it may settle */
        contract_store(c, one, "b", NULL);
        contract_silent(c, source, 200);
        aegis_source *other = contract_consume(c, stream, "d", 1);
        message = contract_next(c, other, 5000);
        assert_true(body_is(&message, "b"));
        contract_settle(c, &message, AEGIS_ACK, 0);
        contract_close(c, other);
        assert_ok(c->ops->hold(source, false, in_ms(5000)));
        contract_store(c, one, "c", NULL);
        contract_silent(c, source, 200); /* it has no credit */
        c->ops->credit(source, 5);
        message = contract_next(c, source, 5000);
        assert_true(body_is(&message, "c"));
        contract_settle(c, &message, AEGIS_ACK, 0);
    }
}

void close_with_unread(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "unread");
    aegis_source *source = contract_subscribe(c, subject, NULL);
    for (int i = 0; i < 100; i++)
        contract_publish(c, subject, "x");
    contract_flush(c);
    aegis_message held = contract_next(c, source, 5000);
    c->ops->release(&held);
    contract_close(c, source);
    source = contract_subscribe(c, subject, NULL);
    contract_publish(c, subject, "new");
    contract_expect(c, source, "new");
}

/* All that is there comes in its order, as much as asked for at most; the first is waited for. */
void batches_in_order(void **state)
{
    contract *c = (contract *)*state;
    aegis_source *source = contract_subscribe(c, contract_subject(c, "batch"), NULL);
    aegis_message messages[4];
    size_t count = 9;
    assert_status(AEGIS_DEADLINE_EXCEEDED, c->ops->next_batch(source, in_ms(20), messages, 4, &count));
    assert_int_equal(count, 0);
    for (int i = 0; i < 6; i++)
        contract_publish(c, contract_subject(c, "batch"), aegis_arena_printf(c->arena, "%d", i));
    contract_flush(c);
    sleep_ms(50); /* all are there: the first batch is full */
    for (int seen = 0, batches = 0; seen < 6; batches++) {
        assert_ok(c->ops->next_batch(source, in_ms(5000), messages, 4, &count));
        assert_in_range(count, 1, 4);
        for (size_t i = 0; i < count; i++) {
            assert_true(body_is(&messages[i], aegis_arena_printf(c->arena, "%d", seen++)));
            c->ops->release(&messages[i]);
        }
        assert_true(batches < 6);
    }
    c->ops->wake(source);
    assert_status(AEGIS_CANCELLED, c->ops->next_batch(source, in_ms(5000), messages, 4, &count));
    assert_int_equal(count, 0);
}

/* Wait for one event, passing over others. */
static void expect_event(contract *c, aegis_source *events, aegis_connection_event wanted)
{
    for (;;) {
        aegis_message message = contract_next(c, events, 5000);
        aegis_connection_event event = message.event;
        c->ops->release(&message);
        if (event == wanted)
            return;
    }
}

void overflow_is_reported(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "flood");
    aegis_source *events = NULL, *source = NULL;
    assert_ok(c->ops->events(c->port, &events, NULL));
    contract_keep(c, events);
    assert_ok(c->ops->subscribe(c->port, subject, NULL, 8, false, &source, NULL));
    contract_keep(c, source);
    aegis_source *witness = contract_subscribe(c, subject, NULL);
    for (int i = 0; i < 100; i++)
        contract_publish(c, subject, "x");
    for (int i = 0; i < 100; i++)
        contract_expect(c, witness, "x");
    expect_event(c, events, AEGIS_CONNECTION_DROPPED);
    size_t got = 0;
    aegis_message message;
    while (c->ops->next(source, in_ms(100), &message) == AEGIS_OK) {
        got++;
        c->ops->release(&message);
    }
    assert_int_equal(got, 8);
    aegis_health health;
    c->ops->health(c->port, &health);
    assert_true(health.dropped >= 92); /* and what other cases have lost */
    contract_publish(c, subject, "room again");
    contract_expect(c, source, "room again");
}

void events_begin_with_up(void **state)
{
    contract *c = (contract *)*state;
    for (int i = 0; i < 2; i++) {
        aegis_source *events = NULL;
        assert_ok(c->ops->events(c->port, &events, NULL));
        contract_keep(c, events);
        aegis_message message = contract_next(c, events, 5000);
        assert_int_equal(message.event, AEGIS_CONNECTION_UP);
        c->ops->release(&message);
        contract_silent(c, events, 20);
    }
}

void health_and_flush(void **state)
{
    contract *c = (contract *)*state;
    aegis_health health;
    c->ops->health(c->port, &health);
    assert_true(health.connected);
    assert_true(health.durable);
    assert_true(health.connections >= 1);
    assert_int_equal(health.reconnects, 0);
    assert_true(health.server[0] != '\0');
    contract_publish(c, contract_subject(c, "nowhere"), "x");
    contract_flush(c);
}
