/* Sources that listen to what a durable message brings about, and that are read together with others. */
#include "contract.h"

#include "ports/clock.h"

#include <string.h>

static aegis_source *listen_to(contract *c, const char *subject)
{
    aegis_source *source = NULL;
    assert_ok(c->ops->listen(c->port, subject, 0, &source, NULL));
    return contract_keep(c, source);
}

static aegis_source *together(contract *c, size_t capacity)
{
    aegis_source *source = NULL;
    assert_ok(c->ops->completions(c->port, capacity, &source, NULL));
    return contract_keep(c, source);
}

/* Each time anew: the subscription is there before anybody can read what is stored next. */
void listen_is_in_place_for_what_is_stored(void **state)
{
    contract *c = (contract *)*state;
    contract_stream(c, "LISTEN", contract_subject(c, "work"));
    for (int i = 0; i < 30; i++) {
        aegis_source *ear = listen_to(c, contract_subject(c, "answer"));
        (void)contract_store(c, contract_subject(c, "work.now"), "do it", NULL);
        contract_publish(c, contract_subject(c, "answer"), "done");
        contract_expect(c, ear, "done");
        contract_close(c, ear);
    }
}

void listen_refuses_bad_subjects(void **state)
{
    contract *c = (contract *)*state;
    aegis_source *source = NULL;
    assert_status(AEGIS_INVALID_ARGUMENT, c->ops->listen(c->port, "a..b", 0, &source, NULL));
}

static void expect_token(contract *c, aegis_source *source, uint64_t token, const char *body)
{
    aegis_message message = contract_next(c, source, 5000);
    assert_int_equal(message.token, token);
    assert_true(body_is(&message, body));
    c->ops->release(&message);
}

/* What waits there, and what comes. */
void diverted_messages_have_the_token(void **state)
{
    contract *c = (contract *)*state;
    aegis_source *all = together(c, 1);
    aegis_source *one = contract_subscribe(c, contract_subject(c, "one"), NULL);
    aegis_source *two = listen_to(c, contract_subject(c, "two"));
    contract_flush(c);
    contract_publish(c, contract_subject(c, "one"), "1a");
    contract_publish(c, contract_subject(c, "one"), "1b");
    contract_expect(c, one, "1a");
    contract_flush(c);
    c->ops->divert(one, all, 11);
    c->ops->divert(two, all, UINT64_C(22) << 32);
    expect_token(c, all, 11, "1b");
    contract_publish(c, contract_subject(c, "two"), "2a");
    expect_token(c, all, UINT64_C(22) << 32, "2a");
    contract_publish(c, contract_subject(c, "one"), "1c");
    expect_token(c, all, 11, "1c");
    contract_close(c, one);
    contract_publish(c, contract_subject(c, "one"), "nobody");
    contract_silent(c, all, 50);
    contract_close(c, two);
}

/* They are no operations: the bound of these stays what it is. */
void diverted_messages_are_no_operations(void **state)
{
    contract *c = (contract *)*state;
    aegis_source *all = together(c, 1);
    aegis_source *one = contract_subscribe(c, contract_subject(c, "news"), NULL);
    const aegis_outgoing question = {.subject = contract_subject(c, "slow"), .body = text_bytes("q")};
    aegis_source *silent = contract_subscribe(c, contract_subject(c, "slow"), "q");
    aegis_message message;
    int news = 0, completions = 0;
    (void)silent;
    contract_flush(c);
    c->ops->divert(one, all, 7);
    for (int i = 0; i < 5; i++)
        contract_publish(c, contract_subject(c, "news"), "n");
    assert_ok(c->ops->submit(all, AEGIS_OP_REQUEST, &question, 99, in_ms(300), NULL));
    assert_status(AEGIS_RESOURCE_EXHAUSTED,
                  c->ops->submit(all, AEGIS_OP_REQUEST, &question, 98, in_ms(300), NULL));
    for (int i = 0; i < 6; i++) {
        message = contract_next(c, all, 5000);
        news += message.token == 7;
        completions += message.token == 99;
        c->ops->release(&message);
    }
    assert_int_equal(news, 5);
    assert_int_equal(completions, 1);
    assert_ok(c->ops->submit(all, AEGIS_OP_REQUEST, &question, 97, in_ms(10), NULL)); /* room again */
    message = contract_next(c, all, 5000);
    assert_int_equal(message.token, 97);
    c->ops->release(&message);
    contract_close(c, one);
}
