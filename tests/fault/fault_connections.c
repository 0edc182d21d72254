/* F9, F11 and F13: a server that stops, connections that break in every way, a server that refuses.
 * Invariants are asserted, figures printed. The short part of them is in
 * tests/contract/test_nats_connections.c.
 */
#define _GNU_SOURCE
#include "port_load.h"

#include <stdio.h>
#include <string.h>

#include "nats_server.h"
#include "proxy.h"

enum { BREAKS = 200, HALF_OPEN = 2, CALLERS = 4 };

static nats_server server;

/* ---- F9 ---- */

typedef struct callers {
    aegis_port *port;
    atomic_bool stop;
    atomic_long answered, failed;
    atomic_llong worst; /* ns over the deadline */
} callers;

static void *call_main(void *argument)
{
    callers *all = (callers *)argument;
    const aegis_outgoing request = {.subject = "f9.echo", .body = {(const uint8_t *)"ping", 4}};
    while (!atomic_load(&all->stop)) {
        const int64_t deadline = load_in_ms(200);
        aegis_message answer;
        const aegis_status status = all->port->ops->request(all->port, &request, deadline, &answer, NULL);
        const long long over = aegis_clock_monotonic() - deadline;
        if (over > atomic_load(&all->worst))
            atomic_store(&all->worst, over);
        if (status == AEGIS_OK)
            all->port->ops->release(&answer);
        else
            load_nap(1);
        atomic_fetch_add(status == AEGIS_OK ? &all->answered : &all->failed, 1);
    }
    return NULL;
}

static void f9_server_stops_for(void **state)
{
    static const int64_t seconds[] = {1, 5};
    load_echo echo;
    callers all = {0};
    pthread_t threads[CALLERS];
    (void)state;
    all.port = load_open(server.url, NULL);
    load_echo_start(&echo, all.port, "f9.echo");
    for (int i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_main, &all), 0);
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        load_nap(500);
        nats_server_freeze(&server);
        load_nap(seconds[i] * 1000);
        nats_server_thaw(&server);
        assert_in_range(load_recovery(all.port, "f9.echo", 5000), 0, 5000);
    }
    atomic_store(&all.stop, true);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(threads[i], NULL);
    print_message("F9: answered %ld, failed %ld, worst overrun of a deadline %.1f ms\n",
                  atomic_load(&all.answered), atomic_load(&all.failed),
                  (double)atomic_load(&all.worst) / 1e6);
    assert_true(atomic_load(&all.worst) < 50 * AEGIS_MILLISECOND);
    load_echo_stop(&echo);
    all.port->ops->close(all.port);
}

/* ---- F11 ---- */

typedef struct span {
    int64_t total, worst;
    int count;
} span;

static void span_add(span *s, int64_t ms)
{
    assert_true(ms >= 0);
    s->total += ms;
    s->worst = ms > s->worst ? ms : s->worst;
    s->count++;
}

static void f11_connections_break(void **state)
{
    const aegis_options options = {.rpc_connections = 2};
    proxy p;
    load_echo echo;
    span cut = {0}, half = {0};
    long pages = 0;
    (void)state;
    assert_true(proxy_start(&p, server.port));
    aegis_port *port = load_open(p.url, &options);
    load_echo_start(&echo, port, "f11.echo");
    load_store(port, "F11", "f11.stored");
    for (int i = 0; i < BREAKS; i++) {
        if (i == BREAKS / 10)
            pages = load_resident_pages();
        if (i % 2 == 0)
            proxy_cut(&p, -1);
        else
            proxy_cut_after(&p, i % 97);
        span_add(&cut, load_recovery(port, "f11.echo", 5000));
        if (i % 10 == 0)
            load_store(port, "F11", "f11.stored");
    }
    proxy_cut_after(&p, -1);
    const long grown = load_resident_pages() - pages;
    for (int i = 0; i < HALF_OPEN; i++) { /* only a missing PONG tells: pings every 10 s, two may be out */
        assert_true(proxy_half_open(&p) > 0);
        span_add(&half, load_recovery(port, "f11.echo", 45000));
    }
    print_message(
        "F11: %d cuts, mean recovery %.1f ms, worst %ld ms; %d half-open, mean detection %.1f s; %ld "
        "connections made; grown by %ld pages\n",
        cut.count, (double)cut.total / cut.count, (long)cut.worst, half.count,
        (double)half.total / half.count / 1000, atomic_load(&p.accepted), grown);
    assert_true(cut.worst < 3000);
    assert_true(grown < 1024); /* 4 MiB */
    load_echo_stop(&echo);
    port->ops->close(port);
    proxy_stop(&p);
}

/* ---- F13 ---- */

static void configure(const char *text)
{
    (void)snprintf(server.configuration, sizeof server.configuration, "%s", text);
    nats_server_kill(&server);
    assert_true(nats_server_restart(&server));
}

static void f13_server_refuses(void **state)
{
    const aegis_options options = {.user = "ann", .password = "secret"};
    static const char *const refusals[] = {
        "authorization { user: ann, password: other }\n",
        "max_connections: 0\nauthorization { user: ann, password: other }\n"};
    load_echo echo;
    span healed = {0};
    (void)state;
    configure("authorization { user: ann, password: secret }\n");
    aegis_port *port = load_open(server.url, &options);
    load_echo_start(&echo, port, "f13.echo");
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        configure(refusals[i]);
        load_nap(3000);
        assert_false(load_health(port).connected);
        configure("authorization { user: ann, password: secret }\n");
        span_add(&healed, load_recovery(port, "f13.echo", 10000));
    }
    /* no room: a stranger takes the only place while we are away */
    configure("max_connections: 1\nauthorization { user: ann, password: secret }\n");
    assert_in_range(load_recovery(port, "f13.echo", 10000), 0, 10000);
    print_message("F13: recovery after refusals mean %.0f ms, worst %ld ms\n",
                  (double)healed.total / healed.count, (long)healed.worst);
    load_echo_stop(&echo);
    port->ops->close(port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f9_server_stops_for),
        cmocka_unit_test(f11_connections_break),
        cmocka_unit_test(f13_server_refuses),
    };
    memset(&server, 0, sizeof server);
    if (!nats_server_start(&server))
        return 1;
    const int failed = cmocka_run_group_tests_name("fault: connections", tests, NULL, NULL);
    nats_server_stop(&server);
    return failed;
}
