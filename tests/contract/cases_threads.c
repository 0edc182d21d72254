/* The port used by many threads at once. Threads only count; the case judges when they are gone. */
#include "contract.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SENDERS = 4, MANY_SENDERS = 40, READERS = 4, EACH = 500, DURABLE_EACH = 100, ALL = SENDERS * EACH };

typedef struct crowd {
    contract *c;
    const char *subject;
    int senders;
    int each;
    bool durable;
    atomic_uint seen[ALL];
    atomic_uint received;
    atomic_uint failed;
    unsigned expected;
} crowd;

typedef struct member {
    crowd *all;
    aegis_source *source;
    int number;
    pthread_t thread;
} member;

static void *send_all(void *user)
{
    member *m = (member *)user;
    contract *c = m->all->c;
    for (int i = 0; i < m->all->each; i++) {
        char body[16];
        snprintf(body, sizeof body, "%d", m->number * m->all->each + i);
        const aegis_outgoing message = {.subject = m->all->subject, .body = text_bytes(body)};
        aegis_status status = m->all->durable
                                  ? c->ops->publish_durable(c->port, &message, in_ms(20000), NULL, NULL)
                                  : c->ops->publish(c->port, &message, NULL);
        if (status != AEGIS_OK)
            atomic_fetch_add(&m->all->failed, 1);
    }
    return NULL;
}

static void count(crowd *all, const aegis_message *message)
{
    char body[16] = "";
    memcpy(body, message->body.data, message->body.len < 15 ? message->body.len : 15);
    unsigned long number = strtoul(body, NULL, 10);
    if (number < ALL)
        atomic_fetch_add(&all->seen[number], 1);
    atomic_fetch_add(&all->received, 1);
}

static void *receive_some(void *user)
{
    member *m = (member *)user;
    const aegis_port_ops *ops = m->all->c->ops;
    int64_t until = in_ms(30000);
    while (atomic_load(&m->all->received) < m->all->expected && in_ms(0) < until) {
        aegis_message message;
        if (ops->next(m->source, in_ms(50), &message) != AEGIS_OK)
            continue;
        count(m->all, &message);
        if (m->all->durable) {
            if (ops->settle(&message, AEGIS_ACK, 0) != AEGIS_OK)
                atomic_fetch_add(&m->all->failed, 1);
            ops->credit(m->source, 1);
        } else if (message.reply) {
            const aegis_outgoing answer = {.subject = message.reply, .body = message.body};
            if (ops->publish(m->all->c->port, &answer, NULL) != AEGIS_OK)
                atomic_fetch_add(&m->all->failed, 1);
        }
        ops->release(&message);
    }
    return NULL;
}

static crowd *crowd_new(contract *c, const char *subject, int senders, int each)
{
    crowd *all = (crowd *)aegis_arena_alloc(c->arena, sizeof *all);
    assert_non_null(all);
    memset(all, 0, sizeof *all);
    all->c = c;
    all->subject = subject;
    all->senders = senders;
    all->each = each;
    all->expected = (unsigned)(senders * each);
    return all;
}

/* Let them run; the first `all->senders` members send with `send`. */
static void run(crowd *all, member *members, void *(*send)(void *))
{
    for (int i = 0; i < all->senders + READERS; i++) {
        members[i].all = all;
        members[i].number = i;
        assert_int_equal(
            pthread_create(&members[i].thread, NULL, i < all->senders ? send : receive_some, &members[i]), 0);
    }
    for (int i = 0; i < all->senders + READERS; i++)
        pthread_join(members[i].thread, NULL);
    assert_int_equal(atomic_load(&all->failed), 0);
    assert_int_equal(atomic_load(&all->received), all->expected);
    for (unsigned i = 0; i < all->expected; i++)
        assert_int_equal(atomic_load(&all->seen[i]), 1);
}

/* Two sources in one queue group, each read by two threads. */
void threads_share_messages(void **state)
{
    contract *c = (contract *)*state;
    crowd *all = crowd_new(c, contract_subject(c, "crowd"), SENDERS, EACH);
    member members[SENDERS + READERS] = {0};
    for (int i = 0; i < READERS; i++)
        members[SENDERS + i].source =
            i % 2 ? members[SENDERS + i - 1].source : contract_subscribe(c, all->subject, "crowd");
    contract_flush(c);
    run(all, members, send_all);
}

void threads_share_a_durable(void **state)
{
    contract *c = (contract *)*state;
    const char *stream = contract_name(c, "crowd");
    crowd *all = crowd_new(c, contract_subject(c, "crowd.x"), SENDERS, DURABLE_EACH);
    member members[SENDERS + READERS] = {0};
    all->durable = true;
    contract_stream(c, stream, contract_subject(c, "crowd"));
    contract_consumer(c, stream, "d", all->subject, 0);
    for (int i = 0; i < READERS; i++)
        members[SENDERS + i].source = contract_consume(c, stream, "d", 16);
    run(all, members, send_all);
    contract_consumer_info(c, stream, "d", 0, 0);
}

static void *request_all(void *user)
{
    member *m = (member *)user;
    contract *c = m->all->c;
    for (int i = 0; i < m->all->each; i++) {
        char body[16];
        aegis_message answer;
        snprintf(body, sizeof body, "%d", m->number * m->all->each + i);
        const aegis_outgoing message = {.subject = m->all->subject, .body = text_bytes(body)};
        if (c->ops->request(c->port, &message, in_ms(20000), &answer, NULL) != AEGIS_OK) {
            atomic_fetch_add(&m->all->failed, 1);
            continue;
        }
        if (!body_is(&answer, body))
            atomic_fetch_add(&m->all->failed, 1);
        c->ops->release(&answer);
    }
    return NULL;
}

/* Blocking requests from these, answered by four: everybody gets his own answer. */
static void request_together(contract *c, int senders, int each)
{
    crowd *all = crowd_new(c, contract_subject(c, "service"), senders, each);
    member members[MANY_SENDERS + READERS] = {0};
    for (int i = 0; i < READERS; i++)
        members[senders + i].source = contract_subscribe(c, all->subject, "crowd");
    contract_flush(c);
    run(all, members, request_all);
}

void threads_request(void **state)
{
    request_together((contract *)*state, SENDERS, EACH);
}

/* Answers that come together wake many at a time. */
void threads_request_in_crowds(void **state)
{
    request_together((contract *)*state, MANY_SENDERS, ALL / MANY_SENDERS);
}
