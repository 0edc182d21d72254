/* Core messages: requests, groups, wildcards, order, headers and limits. */
#define _POSIX_C_SOURCE 200809L
#include "contract.h"

#include "ports/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A member of a service: answers each request until its source is drained. */
typedef struct responder {
    contract *c;
    aegis_source *source;
    const char *answer; /* NULL: the request's body, twice */
    size_t answered;
    pthread_t thread;
} responder;

static void *respond(void *user)
{
    responder *r = (responder *)user;
    aegis_message message;
    while (r->c->ops->next(r->source, in_ms(10000), &message) == AEGIS_OK) {
        const aegis_outgoing answer = {.subject = message.reply,
                                       .body = r->answer ? text_bytes(r->answer) : message.body};
        for (int i = 0; message.reply && i < (r->answer ? 1 : 2); i++)
            r->c->ops->publish(r->c->port, &answer, NULL);
        r->answered++;
        r->c->ops->release(&message);
    }
    return NULL;
}

static void start(responder *r, contract *c, const char *subject, const char *queue, const char *answer)
{
    *r = (responder){.c = c, .answer = answer};
    r->source = contract_subscribe(c, subject, queue);
    assert_int_equal(pthread_create(&r->thread, NULL, respond, r), 0);
}

static size_t stop(responder *r)
{
    r->c->ops->drain(r->source, in_ms(5000));
    pthread_join(r->thread, NULL);
    return r->answered;
}

void request_is_answered(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "echo");
    responder r;
    start(&r, c, subject, "q", "pong");
    for (int i = 0; i < 20; i++) {
        const aegis_outgoing message = {.subject = subject, .body = text_bytes("ping")};
        aegis_message answer;
        aegis_status status = c->ops->request(c->port, &message, in_ms(5000), &answer, NULL);
        if (status != AEGIS_OK)
            stop(&r);
        assert_ok(status);
        assert_true(body_is(&answer, "pong"));
        assert_true(answer.arrived > 0);
        c->ops->release(&answer);
    }
    assert_int_equal(stop(&r), 20);
}

/* Ask `count` times; how often the answer was the request's own. */
static size_t ask(contract *c, const char *subject, bool correlated, size_t count)
{
    size_t right = 0;
    for (size_t i = 0; i < count; i++) {
        char body[24];
        snprintf(body, sizeof body, "%zu", i);
        const aegis_outgoing message = {
            .subject = subject, .body = text_bytes(body), .correlated = correlated};
        aegis_message answer;
        if (c->ops->request(c->port, &message, in_ms(5000), &answer, NULL) != AEGIS_OK)
            break;
        right += body_is(&answer, body);
        c->ops->release(&answer);
    }
    return right;
}

/* The second answer reaches nobody, in particular not the next request. */
void request_takes_one_answer(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "twice");
    responder r;
    start(&r, c, subject, NULL, NULL);
    const size_t right = ask(c, subject, false, 50) + ask(c, subject, true, 50);
    stop(&r);
    assert_int_equal(right, 100);
}

enum { QUESTIONS = 100 };

/* Before it answers a request, it answers all earlier ones again. */
static void *answer_all(void *user)
{
    responder *r = (responder *)user;
    char *replies[2 * QUESTIONS];
    aegis_message message;
    while (r->answered < 2 * QUESTIONS && r->c->ops->next(r->source, in_ms(10000), &message) == AEGIS_OK) {
        replies[r->answered] = strdup(message.reply);
        for (size_t i = 0; i < r->answered; i++)
            r->c->ops->publish(r->c->port,
                               &(aegis_outgoing){.subject = replies[i], .body = text_bytes("again")}, NULL);
        r->c->ops->publish(r->c->port,
                           &(aegis_outgoing){.subject = replies[r->answered], .body = message.body}, NULL);
        r->answered++;
        r->c->ops->release(&message);
    }
    for (size_t i = 0; i < r->answered; i++)
        free(replies[i]);
    return NULL;
}

void answers_again_are_nobodys(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "again");
    responder r = {.c = c, .source = contract_subscribe(c, subject, NULL)};
    assert_int_equal(pthread_create(&r.thread, NULL, answer_all, &r), 0);
    const size_t right = ask(c, subject, false, QUESTIONS) + ask(c, subject, true, QUESTIONS);
    assert_int_equal(stop(&r), 2 * QUESTIONS);
    assert_int_equal(right, 2 * QUESTIONS);
}

void queue_group_shares_the_load(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "shared");
    responder r[2];
    start(&r[0], c, subject, "workers", "a");
    start(&r[1], c, subject, "workers", "b");
    contract_flush(c);
    size_t ok = 0;
    for (int i = 0; i < 200; i++) {
        const aegis_outgoing message = {.subject = subject, .body = text_bytes("job")};
        aegis_message answer;
        if (c->ops->request(c->port, &message, in_ms(5000), &answer, NULL) == AEGIS_OK) {
            ok++;
            c->ops->release(&answer);
        }
    }
    size_t a = stop(&r[0]), b = stop(&r[1]);
    assert_int_equal(ok, 200);
    assert_int_equal(a + b, 200);
    assert_true(a > 20 && b > 20);
}

void two_groups_each_get_all(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "both");
    aegis_source *one = contract_subscribe(c, subject, "one");
    aegis_source *two = contract_subscribe(c, subject, "two");
    aegis_source *alone = contract_subscribe(c, subject, NULL);
    contract_publish(c, subject, "m");
    contract_expect(c, one, "m");
    contract_expect(c, two, "m");
    contract_expect(c, alone, "m");
    contract_silent(c, one, 20);
}

void no_responders(void **state)
{
    contract *c = (contract *)*state;
    const aegis_outgoing message = {.subject = contract_subject(c, "nobody"), .body = text_bytes("?")};
    aegis_message answer;
    aegis_error error = {0};
    int64_t before = aegis_clock_monotonic();
    assert_status(AEGIS_UNAVAILABLE, c->ops->request(c->port, &message, in_ms(5000), &answer, &error));
    assert_true(elapsed_ms(before) < 2000);
    assert_true(error.not_processed);
    assert_int_equal(error.status, AEGIS_UNAVAILABLE);
    assert_true(error.text[0] != '\0');
}

void request_deadline(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "slow");
    aegis_source *service = contract_subscribe(c, subject, NULL);
    const aegis_outgoing message = {.subject = subject, .body = text_bytes("?")};
    aegis_message answer;
    aegis_error error = {0};
    int64_t before = aegis_clock_monotonic();
    assert_status(AEGIS_DEADLINE_EXCEEDED, c->ops->request(c->port, &message, in_ms(200), &answer, &error));
    assert_in_range(elapsed_ms(before), 195, 1500);
    assert_false(error.not_processed);
    contract_expect(c, service, "?");
}

void wildcards(void **state)
{
    contract *c = (contract *)*state;
    aegis_source *star = contract_subscribe(c, contract_subject(c, "*.b"), NULL);
    aegis_source *rest = contract_subscribe(c, contract_subject(c, "a.>"), NULL);
    aegis_source *exact = contract_subscribe(c, contract_subject(c, "a.b"), NULL);
    contract_publish(c, contract_subject(c, "a.b"), "a.b");
    contract_publish(c, contract_subject(c, "z.b"), "z.b");
    contract_publish(c, contract_subject(c, "a.b.c"), "a.b.c");
    contract_publish(c, contract_subject(c, "a"), "a");
    contract_flush(c);
    contract_expect(c, star, "a.b");
    aegis_message message = contract_next(c, star, 5000);
    assert_string_equal(message.subject, contract_subject(c, "z.b"));
    assert_null(message.reply);
    c->ops->release(&message);
    contract_expect(c, rest, "a.b");
    contract_expect(c, rest, "a.b.c");
    contract_expect(c, exact, "a.b");
    contract_silent(c, star, 20);
    contract_silent(c, rest, 20);
    contract_silent(c, exact, 20);
}

void order_per_subject(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "order");
    aegis_source *source = contract_subscribe(c, subject, NULL);
    char text[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "%d", i);
        contract_publish(c, subject, text);
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "%d", i);
        contract_expect(c, source, text);
    }
}

void headers_arrive(void **state)
{
    contract *c = (contract *)*state;
    const char *subject = contract_subject(c, "headers");
    aegis_source *source = contract_subscribe(c, subject, NULL);
    const aegis_header headers[] = {{"Aegis-One", "1: a, b"}, {"Aegis-Two", "zwei"}};
    const aegis_outgoing message = {
        .subject = subject, .reply = "some.where", .headers = headers, .header_count = 2};
    assert_ok(c->ops->publish(c->port, &message, NULL));
    contract_publish(c, subject, "plain");
    aegis_message got = contract_next(c, source, 5000);
    assert_int_equal(got.header_count, 2);
    for (size_t i = 0; i < 2; i++) {
        bool second = strcmp(got.headers[i].name, "Aegis-Two") == 0;
        assert_string_equal(got.headers[i].name, headers[second].name);
        assert_string_equal(got.headers[i].value, headers[second].value);
    }
    assert_string_not_equal(got.headers[0].name, got.headers[1].name);
    assert_string_equal(got.reply, "some.where");
    assert_int_equal(got.body.len, 0);
    c->ops->release(&got);
    got = contract_next(c, source, 5000);
    assert_int_equal(got.header_count, 0);
    c->ops->release(&got);
}
