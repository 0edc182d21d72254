/* The NATS adapter when its server dies, hangs, or is not there yet. Every call is answered or fails within
 * its deadline (and the 50 ms of ports/bus.h), subscriptions come back by themselves, and memory does not
 * grow with the number of reconnections.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "nats_server.h"
#include "port_load.h"
#include "ports/bus.h"
#include "ports/clock.h"

#define THREADS  4
#define KILLS    10
#define PATIENCE (300 * AEGIS_MILLISECOND)
#define SLACK    (50 * AEGIS_MILLISECOND)

typedef struct load {
    aegis_port *port;
    aegis_source *source;
    atomic_bool stop;
    atomic_long answered;
    atomic_long failed;
    atomic_llong worst; /* ns over the deadline */
} load;

static nats_server server;

static void pause_for(aegis_duration duration)
{
    const struct timespec time = {(time_t)(duration / AEGIS_SECOND), (long)(duration % AEGIS_SECOND)};
    nanosleep(&time, NULL);
}

static void *serve(void *argument)
{
    load *all = (load *)argument;
    const aegis_port_ops *ops = all->port->ops;
    while (!atomic_load(&all->stop)) {
        aegis_message message;
        if (ops->next(all->source, aegis_clock_monotonic() + AEGIS_SECOND / 5, &message) != AEGIS_OK)
            continue;
        const aegis_outgoing answer = {.subject = message.reply, .body = message.body};
        if (message.reply != NULL)
            ops->publish(all->port, &answer, NULL);
        ops->release(&message);
    }
    return NULL;
}

static void *call(void *argument)
{
    load *all = (load *)argument;
    const aegis_port_ops *ops = all->port->ops;
    while (!atomic_load(&all->stop)) {
        const aegis_outgoing request = {.subject = "reconnect.echo", .body = {(const uint8_t *)"ping", 4}};
        const int64_t deadline = aegis_clock_monotonic() + PATIENCE;
        aegis_message answer;
        const aegis_status status = ops->request(all->port, &request, deadline, &answer, NULL);
        const long long over = aegis_clock_monotonic() - deadline;
        if (over > atomic_load(&all->worst))
            atomic_store(&all->worst, over);
        if (status == AEGIS_OK) {
            assert_int_equal(answer.body.len, 4);
            ops->release(&answer);
            atomic_fetch_add(&all->answered, 1);
        } else {
            atomic_fetch_add(&all->failed, 1);
            pause_for(AEGIS_MILLISECOND);
        }
    }
    return NULL;
}

static void load_start(load *all, pthread_t threads[THREADS + 1])
{
    aegis_error error = {0};
    assert_int_equal(aegis_nats_open(server.url, NULL, &all->port, &error), AEGIS_OK);
    assert_int_equal(
        all->port->ops->subscribe(all->port, "reconnect.*", "echo", 0, false, &all->source, &error),
        AEGIS_OK);
    assert_int_equal(pthread_create(&threads[THREADS], NULL, serve, all), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call, all), 0);
}

static void load_stop(load *all, pthread_t threads[THREADS + 1])
{
    atomic_store(&all->stop, true);
    for (int i = 0; i <= THREADS; i++)
        pthread_join(threads[i], NULL);
    all->port->ops->close_source(all->source);
    all->port->ops->close(all->port);
}

/* True when calls are answered again within three seconds. */
static bool recovers(load *all)
{
    const long before = atomic_load(&all->answered);
    for (int i = 0; i < 300 && atomic_load(&all->answered) < before + 10; i++)
        pause_for(10 * AEGIS_MILLISECOND);
    return atomic_load(&all->answered) >= before + 10;
}

static void test_killed_under_load(void **state)
{
    load all = {0};
    pthread_t threads[THREADS + 1];
    long pages = 0;
    (void)state;
    load_start(&all, threads);
    for (int i = 0; i < KILLS; i++) {
        assert_true(recovers(&all));
        if (i == 2) /* pools and nats.c's own caches are filled by now */
            pages = load_resident_pages();
        nats_server_kill(&server);
        pause_for(50 * AEGIS_MILLISECOND);
        assert_true(nats_server_restart(&server));
    }
    assert_true(recovers(&all));
    aegis_health health;
    all.port->ops->health(all.port, &health);
    const long grown = load_resident_pages() - pages;
    print_message("answered %ld failed %ld reconnects %lu worst overrun %.1f ms, grown by %ld pages\n",
                  atomic_load(&all.answered), atomic_load(&all.failed), (unsigned long)health.reconnects,
                  (double)atomic_load(&all.worst) / 1e6, grown);
    load_stop(&all, threads);
    assert_true(health.connected);
    assert_true(health.reconnects >= KILLS);
    assert_true(grown < 4096); /* 16 MiB: room for what sanitizers keep */
    assert_true(atomic_load(&all.worst) < SLACK);
}

static void test_frozen(void **state)
{
    load all = {0};
    pthread_t threads[THREADS + 1];
    (void)state;
    load_start(&all, threads);
    assert_true(recovers(&all));
    nats_server_freeze(&server);
    pause_for(AEGIS_SECOND);
    nats_server_thaw(&server);
    assert_true(recovers(&all));
    print_message("frozen: worst overrun %.1f ms\n", (double)atomic_load(&all.worst) / 1e6);
    load_stop(&all, threads);
    assert_true(atomic_load(&all.worst) < SLACK);
}

static void test_durable_across_a_kill(void **state)
{
    aegis_port *port = NULL;
    aegis_publish_ack ack = {0};
    const char *subjects[] = {"kept.>"};
    const aegis_stream_config stream = {.name = "KEPT", .subjects = subjects, .subject_count = 1};
    const aegis_header id = {"Nats-Msg-Id", "one"};
    const aegis_outgoing message = {
        .subject = "kept.a", .headers = &id, .header_count = 1, .body = {(const uint8_t *)"1", 1}};
    (void)state;
    assert_int_equal(aegis_nats_open(server.url, NULL, &port, NULL), AEGIS_OK);
    const int64_t deadline = aegis_clock_monotonic() + 10 * AEGIS_SECOND;
    assert_int_equal(port->ops->ensure_stream(port, &stream, deadline, NULL, NULL), AEGIS_OK);
    nats_server_kill(&server);
    aegis_source *completions = NULL;
    assert_int_equal(port->ops->completions(port, 4, &completions, NULL), AEGIS_OK);
    assert_int_equal(port->ops->submit(completions, AEGIS_OP_PUBLISH_DURABLE, &message, 7, deadline, NULL),
                     AEGIS_OK);
    assert_true(nats_server_restart(&server));
    aegis_message done;
    assert_int_equal(port->ops->next(completions, deadline, &done), AEGIS_OK);
    assert_int_equal(done.token, 7);
    assert_int_equal(done.status, AEGIS_OK);
    port->ops->release(&done);
    assert_int_equal(port->ops->publish_durable(port, &message, deadline, &ack, NULL), AEGIS_OK);
    assert_true(ack.duplicate);
    port->ops->close_source(completions);
    port->ops->close(port);
}

static void test_nobody_there(void **state)
{
    aegis_port *port = NULL;
    aegis_error error = {0};
    const aegis_options options = {.connect_timeout = AEGIS_SECOND / 2};
    (void)state;
    const int64_t start = aegis_clock_monotonic();
    assert_int_equal(aegis_nats_open("nats://127.0.0.1:1", &options, &port, &error), AEGIS_UNAVAILABLE);
    assert_true(aegis_clock_monotonic() - start < AEGIS_SECOND);
    assert_non_null(strstr(error.text, "no NATS server answered at nats://127.0.0.1:1 within 0.5 s"));
    assert_int_equal(aegis_nats_open("http://127.0.0.1", NULL, &port, &error), AEGIS_INVALID_ARGUMENT);
    assert_int_equal(aegis_nats_open("nats://host:port", NULL, &port, &error), AEGIS_INVALID_ARGUMENT);
    assert_int_equal(aegis_nats_open("nats://", NULL, &port, &error), AEGIS_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_killed_under_load),
        cmocka_unit_test(test_frozen),
        cmocka_unit_test(test_durable_across_a_kill),
    };
    if (!nats_server_installed() || !nats_server_start(&server)) {
        fprintf(stderr, "no nats-server: skipped\n");
        return 77;
    }
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    nats_server_stop(&server);
    return failed;
}
