/* Things that happen at the same time: several who create the same, who submit and cancel, who close while
 * others send. Threads only count; the case judges when they are gone.
 */
#include "contract.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 4, OPERATIONS = 250, TOTAL = THREADS * OPERATIONS };

typedef struct race {
    contract *c;
    const char *name;
    const char *subject;
    aegis_source *source;
    atomic_int next;
    atomic_int failed;
    atomic_bool over;
} race;

static void run(race *all, void *(*function)(void *), size_t count)
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, function, all), 0);
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&all->failed), 0);
}

static void *create_all(void *user)
{
    race *all = (race *)user;
    const aegis_port_ops *ops = all->c->ops;
    aegis_port *port = all->c->port;
    const aegis_stream_config stream = {
        .name = all->name, .subjects = &all->subject, .subject_count = 1, .storage = AEGIS_STORE_MEMORY};
    const aegis_consumer_config consumer = {.stream = all->name, .durable = "d", .filter = all->subject};
    const aegis_stream_config bucket = {.bucket = true, .name = all->name, .storage = AEGIS_STORE_MEMORY};
    if (ops->ensure_stream(port, &stream, in_ms(10000), NULL, NULL) != AEGIS_OK ||
        ops->ensure_consumer(port, &consumer, in_ms(10000), NULL) != AEGIS_OK ||
        ops->ensure_stream(port, &bucket, in_ms(10000), NULL, NULL) != AEGIS_OK)
        atomic_fetch_add(&all->failed, 1);
    return NULL;
}

void all_create_the_same(void **state)
{
    contract *c = (contract *)*state;
    race all = {.c = c, .name = contract_name(c, "same"), .subject = contract_subject(c, "same")};
    run(&all, create_all, THREADS);
    contract_stream_info(c, all.name, 0);
}

static void *increment(void *user)
{
    race *all = (race *)user;
    const aegis_port_ops *ops = all->c->ops;
    for (int done = 0; done < 20;) {
        aegis_arena *arena = aegis_arena_new(NULL);
        aegis_kv_entry entry = {0};
        aegis_status status = ops->kv_get(all->c->port, all->name, "k", in_ms(10000), arena, &entry, NULL);
        int number = 0;
        for (size_t i = 0; i < entry.value.len; i++)
            number = number * 10 + (entry.value.data[i] - '0');
        char text[16];
        snprintf(text, sizeof text, "%d", number + 1);
        if (status == AEGIS_OK || status == AEGIS_NOT_FOUND)
            status = ops->kv_put(all->c->port, all->name, "k", text_bytes(text), entry.revision, in_ms(10000),
                                 NULL, NULL);
        aegis_arena_free(arena);
        done += status == AEGIS_OK;
        if (status != AEGIS_OK && status != AEGIS_ABORTED) {
            atomic_fetch_add(&all->failed, 1);
            break;
        }
    }
    return NULL;
}

/* Compare and set: no increment is lost. */
void kv_counts_exactly(void **state)
{
    contract *c = (contract *)*state;
    race all = {.c = c, .name = contract_name(c, "count")};
    const aegis_stream_config config = {.bucket = true, .name = all.name, .storage = AEGIS_STORE_MEMORY};
    assert_ok(c->ops->ensure_stream(c->port, &config, in_ms(5000), NULL, NULL));
    run(&all, increment, THREADS);
    aegis_kv_entry entry;
    assert_ok(c->ops->kv_get(c->port, all.name, "k", in_ms(5000), c->arena, &entry, NULL));
    assert_int_equal(entry.value.len, 2);
    assert_memory_equal(entry.value.data, "80", 2);
}

static void *submit_and_cancel(void *user)
{
    race *all = (race *)user;
    const aegis_outgoing message = {.subject = all->subject, .body = text_bytes("q")};
    for (int i = 0; i < OPERATIONS; i++) {
        int token = atomic_fetch_add(&all->next, 1);
        /* Some end by their deadline, some by being cancelled, most by their answer. */
        int64_t ms = token % 7 == 0 ? 3 : 20000;
        if (all->c->ops->submit(all->source, AEGIS_OP_REQUEST, &message, (uint64_t)token, in_ms(ms), NULL) !=
            AEGIS_OK)
            atomic_fetch_add(&all->failed, 1);
        if (token % 5 == 0)
            all->c->ops->cancel(all->source, (uint64_t)(token / 2));
    }
    return NULL;
}

typedef struct answerer {
    race *all;
    aegis_source *service;
} answerer;

static void *answer_all(void *user)
{
    answerer *a = (answerer *)user;
    const aegis_port_ops *ops = a->all->c->ops;
    while (!atomic_load(&a->all->over)) {
        aegis_message message;
        if (ops->next(a->service, in_ms(20), &message) != AEGIS_OK)
            continue;
        const aegis_outgoing answer = {.subject = message.reply, .body = text_bytes("a")};
        ops->publish(a->all->c->port, &answer, NULL);
        ops->release(&message);
    }
    return NULL;
}

static size_t collect(race *all, unsigned char *seen)
{
    size_t wrong = 0;
    for (int i = 0; i < TOTAL; i++) {
        aegis_message message;
        if (all->c->ops->next(all->source, in_ms(5000), &message) != AEGIS_OK)
            return wrong + 1;
        wrong += message.token >= TOTAL || seen[message.token]++ > 0 ||
                 (message.status != AEGIS_OK && message.status != AEGIS_CANCELLED &&
                  message.status != AEGIS_DEADLINE_EXCEEDED);
        all->c->ops->release(&message);
    }
    return wrong;
}

/* However answers, deadlines and cancellations meet, each operation completes once. */
void completions_exactly_once(void **state)
{
    contract *c = (contract *)*state;
    race all = {.c = c, .subject = contract_subject(c, "once")};
    unsigned char seen[TOTAL] = {0};
    answerer a = {&all, contract_subscribe(c, all.subject, "q")};
    pthread_t thread;
    contract_flush(c);
    assert_ok(c->ops->completions(c->port, TOTAL, &all.source, NULL));
    contract_keep(c, all.source);
    assert_int_equal(pthread_create(&thread, NULL, answer_all, &a), 0);
    run(&all, submit_and_cancel, THREADS);
    size_t wrong = collect(&all, seen);
    atomic_store(&all.over, true);
    pthread_join(thread, NULL);
    assert_int_equal(wrong, 0);
    contract_silent(c, all.source, 50);
}

static void *send_until_over(void *user)
{
    race *all = (race *)user;
    while (!atomic_load(&all->over)) {
        const aegis_outgoing message = {.subject = all->subject, .body = text_bytes("x")};
        if (all->c->ops->publish(all->c->port, &message, NULL) != AEGIS_OK)
            atomic_fetch_add(&all->failed, 1);
        sleep_ms(0);
    }
    return NULL;
}

/* Sources come and go under a stream of messages; each sees some. */
void sources_come_and_go(void **state)
{
    contract *c = (contract *)*state;
    race all = {.c = c, .subject = contract_subject(c, "churn")};
    pthread_t threads[2];
    size_t got = 0;
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_until_over, &all), 0);
    for (int i = 0; i < 50; i++) {
        aegis_source *source = NULL;
        aegis_message message;
        if (c->ops->subscribe(c->port, all.subject, i % 2 ? "q" : NULL, 16, false, &source, NULL) != AEGIS_OK)
            break;
        if (c->ops->next(source, in_ms(5000), &message) == AEGIS_OK) {
            got++;
            c->ops->release(&message);
        }
        if (i % 3 == 0)
            c->ops->drain(source, in_ms(5000));
        c->ops->close_source(source);
    }
    atomic_store(&all.over, true);
    for (size_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(got, 50);
    assert_int_equal(atomic_load(&all.failed), 0);
}
