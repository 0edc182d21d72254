/* The NATS adapter's connections: how many and for what, what happens to the rest when one is cut, which
 * credentials and certificates it takes, and that a refusal is followed by another attempt. Fault tests F11
 * and F13, the short part.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nats_server.h"
#include "port_load.h"
#include "proxy.h"

/* ---- how many, and for what ---- */

static nats_server plain;

static void one_connection_until_something_is_stored(void **state)
{
    (void)state;
    aegis_port *port = load_open(plain.url, NULL);
    assert_int_equal(load_health(port).connections, 1);
    assert_int_equal(load_call(port, "nobody.there", NULL), AEGIS_UNAVAILABLE);
    assert_int_equal(load_health(port).connections, 1);
    load_store(port, "few", "few.x");
    assert_int_equal(load_health(port).connections, 2);
    port->ops->close(port);
}

static void as_many_as_asked_for(void **state)
{
    (void)state;
    const aegis_options options = {.rpc_connections = 3, .bulk_connections = 2};
    aegis_port *port = load_open(plain.url, &options);
    for (int i = 0; i < 300 && load_health(port).connections < 3; i++)
        load_nap(10);
    assert_int_equal(load_health(port).connections, 3);
    load_store(port, "many", "many.x");
    for (int i = 0; i < 300 && load_health(port).connections < 5; i++)
        load_nap(10);
    assert_int_equal(load_health(port).connections, 5);
    port->ops->close(port);
}

static void too_many_refused(void **state)
{
    (void)state;
    const aegis_options options = {.rpc_connections = 12, .bulk_connections = 5};
    aegis_port *port = NULL;
    aegis_error error = {0};
    assert_int_equal(aegis_nats_open(plain.url, &options, &port, &error), AEGIS_INVALID_ARGUMENT);
    assert_non_null(strstr(error.text, "rpc_connections"));
}

/* One of two connections is cut again and again: subscriptions move to the other at once, and calls go on. */
static void one_is_cut_the_other_serves(void **state)
{
    (void)state;
    const aegis_options options = {.rpc_connections = 2};
    proxy p;
    load_echo e;
    assert_true(proxy_start(&p, plain.port));
    aegis_port *client = load_open(plain.url, NULL);
    aegis_port *port = load_open(p.url, &options);
    for (int i = 0; i < 300 && load_health(port).connections < 2; i++)
        load_nap(10);
    load_echo_start(&e, port, "two.echo");
    for (int i = 0; i < 20; i++) {
        assert_in_range(load_recovery(client, "two.echo", 3000), 0, 3000);
        assert_int_equal(proxy_cut(&p, i % 2), 1);
        for (int j = 0; j < 300 && proxy_open(&p) < 2; j++)
            load_nap(10);
        assert_int_equal(proxy_open(&p), 2);
        assert_true(load_health(port).connected);
    }
    assert_in_range(load_recovery(client, "two.echo", 3000), 0, 3000);
    assert_true(load_health(port).reconnects >= 19);
    load_echo_stop(&e);
    port->ops->close(port);
    client->ops->close(client);
    proxy_stop(&p);
}

/* F11, short: cut at once, and inside whatever is being sent. Everything comes back. */
static void cut_inside_a_token(void **state)
{
    (void)state;
    proxy p;
    load_echo e;
    int64_t worst = 0;
    assert_true(proxy_start(&p, plain.port));
    aegis_port *port = load_open(p.url, NULL);
    load_echo_start(&e, port, "token.echo");
    load_store(port, "token", "token.x");
    for (int i = 0; i < 40; i++) {
        const int64_t took = load_recovery(port, "token.echo", 3000);
        assert_in_range(took, 0, 3000);
        worst = took > worst ? took : worst;
        if (i % 4 == 0)
            proxy_cut(&p, -1);
        else
            proxy_cut_after(&p, i % 23);
    }
    proxy_cut_after(&p, -1);
    assert_in_range(load_recovery(port, "token.echo", 3000), 0, 3000);
    load_store(port, "token", "token.x");
    print_message("slowest recovery %ld ms\n", (long)worst);
    load_echo_stop(&e);
    port->ops->close(port);
    proxy_stop(&p);
}

/* F13, short: connections are refused for a while. */
static void refused_then_accepted(void **state)
{
    (void)state;
    proxy p;
    load_echo e;
    assert_true(proxy_start(&p, plain.port));
    aegis_port *port = load_open(p.url, NULL);
    load_echo_start(&e, port, "refused.echo");
    ok(load_call(port, "refused.echo", NULL));
    proxy_refuse(&p, true);
    proxy_cut(&p, -1);
    load_nap(300);
    const int64_t start = aegis_clock_monotonic();
    aegis_error error = {0};
    assert_int_equal(load_call(port, "refused.echo", &error), AEGIS_UNAVAILABLE);
    assert_true(error.not_processed);
    assert_true(aegis_clock_monotonic() - start < 50 * AEGIS_MILLISECOND); /* fails at once */
    assert_false(load_health(port).connected);
    proxy_refuse(&p, false);
    assert_in_range(load_recovery(port, "refused.echo", 3000), 0, 3000);
    load_echo_stop(&e);
    port->ops->close(port);
    proxy_stop(&p);
}

/* ---- who we are ---- */

static void start_with(nats_server *server, const char *configuration)
{
    memset(server, 0, sizeof *server);
    (void)snprintf(server->configuration, sizeof server->configuration, "%s", configuration);
    assert_true(nats_server_start(server));
}

static void expect_refused(const char *url, const aegis_options *options, aegis_status status,
                           const char *text)
{
    aegis_port *port = NULL;
    aegis_error error = {0};
    assert_string_equal(aegis_status_name(aegis_nats_open(url, options, &port, &error)),
                        aegis_status_name(status));
    if (strstr(error.text, text) == NULL)
        fail_msg("'%s' does not say '%s'", error.text, text);
}

static void expect_served(const char *url, const aegis_options *options)
{
    aegis_port *port = load_open(url, options);
    ok(port->ops->flush(port, load_in_ms(2000), NULL));
    load_store(port, "who", "who.x");
    port->ops->close(port);
}

static void users_and_passwords(void **state)
{
    nats_server server;
    char url[128];
    (void)state;
    start_with(&server, "authorization { user: ann, password: secret }\n");
    expect_refused(server.url, NULL, AEGIS_UNAUTHENTICATED, "none were given");
    expect_served(server.url, &(aegis_options){.user = "ann", .password = "secret"});
    expect_refused(server.url, &(aegis_options){.user = "ann", .password = "wrong"}, AEGIS_UNAUTHENTICATED,
                   "refused our credentials");
    (void)snprintf(url, sizeof url, "nats://ann:secret@127.0.0.1:%d", server.port);
    expect_served(url, NULL);
    nats_server_stop(&server);
}

static void tokens(void **state)
{
    nats_server server;
    char url[128];
    (void)state;
    start_with(&server, "authorization { token: \"t0ken\" }\n");
    expect_served(server.url, &(aegis_options){.token = "t0ken"});
    (void)snprintf(url, sizeof url, "nats://t0ken@127.0.0.1:%d", server.port);
    expect_served(url, NULL);
    expect_refused(server.url, &(aegis_options){.token = "other"}, AEGIS_UNAUTHENTICATED, "refused");
    nats_server_stop(&server);
}

/* A key pair for this test alone. */
#define NKEY "UAA25TVOVYY5G654ODRC6ZLFMF3AWODEVT5VHWBKCVIZLHWKHKTLOANO"
#define SEED "SUAOKMG5CXX6C46THL332JSKGCSMOOQ5EOQRH2UTJZBCXX67VA2V55YUUQ"

static void nkeys(void **state)
{
    nats_server server;
    char seed[96];
    (void)state;
    start_with(&server, "authorization { users: [ { nkey: " NKEY " } ] }\n");
    (void)snprintf(seed, sizeof seed, "%s/user.nk", server.store);
    FILE *file = fopen(seed, "w");
    assert_non_null(file);
    (void)fputs(SEED "\n", file);
    (void)fclose(file);
    expect_served(server.url, &(aegis_options){.nkey = NKEY, .nkey_seed_file = seed});
    expect_refused(server.url, NULL, AEGIS_UNAUTHENTICATED, "none were given");
    expect_refused(server.url, &(aegis_options){.nkey = NKEY}, AEGIS_INVALID_ARGUMENT, "nkey_seed_file");
    nats_server_stop(&server);
}

/* With rights to one inbox prefix only, that prefix has to be used. */
static void inbox_prefix(void **state)
{
    nats_server server;
    aegis_options options = {.user = "app", .password = "p", .inbox_prefix = "_INBOX_app"};
    (void)state;
    start_with(&server, "authorization { users: [ { user: app, password: p, permissions: {\n"
                        "  publish: [\"$JS.API.>\", \"in.>\", \"_INBOX_app.>\"]\n"
                        "  subscribe: [\"_INBOX_app.>\", \"in.>\"] } } ] }\n");
    load_echo e;
    aegis_port *port = load_open(server.url, &options);
    load_echo_start(&e, port, "in.echo");
    ok(load_call(port, "in.echo", NULL));
    load_store(port, "in", "in.stored");
    load_echo_stop(&e);
    port->ops->close(port);
    options.inbox_prefix = "two.";
    expect_refused(server.url, &options, AEGIS_INVALID_ARGUMENT, "inbox_prefix");
    nats_server_stop(&server);
}

static void jetstream_domain(void **state)
{
    nats_server server;
    aegis_options options = {.jetstream_domain = "hub"};
    const aegis_stream_config bucket = {.bucket = true, .name = "b"};
    (void)state;
    start_with(&server, "jetstream { domain: hub }\n");
    expect_served(server.url, &options);
    aegis_port *port = load_open(server.url, &options);
    ok(port->ops->ensure_stream(port, &bucket, load_in_ms(5000), NULL, NULL));
    ok(port->ops->kv_put(port, "b", "k", (aegis_bytes){(const uint8_t *)"v", 1}, AEGIS_KV_ANY,
                         load_in_ms(5000), NULL, NULL));
    AEGIS_SCOPED_ARENA(arena);
    aegis_kv_entry entry;
    ok(port->ops->kv_get(port, "b", "k", load_in_ms(5000), arena, &entry, NULL));
    assert_int_equal(entry.value.len, 1);
    port->ops->close(port);
    options.jetstream_domain = "elsewhere";
    port = load_open(server.url, &options);
    assert_false(load_health(port).durable);
    port->ops->close(port);
    nats_server_stop(&server);
}

/* ---- TLS ---- */

static char certificates[64];

static const char *certificate(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", certificates, name);
    return path;
}

static bool make_certificates(void)
{
    char command[1024];
    (void)snprintf(certificates, sizeof certificates, "/tmp/aegis-tls-XXXXXX");
    if (mkdtemp(certificates) == NULL)
        return false;
    (void)snprintf(command, sizeof command,
                   "cd %s && for n in server client; do openssl req -x509 -newkey ec -pkeyopt "
                   "ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext "
                   "subjectAltName=DNS:localhost -keyout $n.key -out $n.pem 2>/dev/null || exit 1; done",
                   certificates);
    return system(command) == 0;
}

static void tls(void **state)
{
    nats_server server;
    char configuration[512], url[64];
    (void)state;
    (void)snprintf(configuration, sizeof configuration, "tls { cert_file: \"%s\", key_file: \"%s\" }\n",
                   certificate("server.pem"), certificate("server.key"));
    start_with(&server, configuration);
    (void)snprintf(url, sizeof url, "tls://localhost:%d", server.port);
    expect_served(url, &(aegis_options){.tls_ca_file = certificate("server.pem")});
    expect_served(server.url, &(aegis_options){.tls_ca_file = certificate("server.pem"),
                                               .tls_server_name = "localhost",
                                               .rpc_connections = 2});
    expect_refused(url, NULL, AEGIS_UNAVAILABLE, "TLS"); /* nobody vouches for it */
    expect_refused(
        url, &(aegis_options){.tls_ca_file = certificate("server.pem"), .tls_server_name = "example.org"},
        AEGIS_UNAVAILABLE, "TLS");
    expect_refused(url, &(aegis_options){.tls_ca_file = "/nowhere/ca.pem"}, AEGIS_INVALID_ARGUMENT,
                   "tls_ca_file");
    expect_refused(url, &(aegis_options){.tls_key_file = "x.key"}, AEGIS_INVALID_ARGUMENT,
                   "tls_certificate_file");
    nats_server_stop(&server);
}

static void tls_with_client_certificate(void **state)
{
    nats_server server;
    char configuration[512], url[64];
    (void)state;
    (void)snprintf(configuration, sizeof configuration,
                   "tls { cert_file: \"%s\", key_file: \"%s\", ca_file: \"%s\", verify: true }\n",
                   certificate("server.pem"), certificate("server.key"), certificate("client.pem"));
    start_with(&server, configuration);
    (void)snprintf(url, sizeof url, "tls://localhost:%d", server.port);
    const aegis_options options = {.tls_ca_file = certificate("server.pem"),
                                   .tls_certificate_file = certificate("client.pem"),
                                   .tls_key_file = certificate("client.key")};
    expect_served(url, &options);
    aegis_port *port = NULL;
    assert_int_not_equal(
        aegis_nats_open(url, &(aegis_options){.tls_ca_file = certificate("server.pem")}, &port, NULL),
        AEGIS_OK);
    nats_server_stop(&server);
}

/* Large messages both ways: what TLS has decrypted and not yet handed out must not wait for more to arrive.
 */
static void tls_large_messages(void **state)
{
    nats_server server;
    char configuration[512], url[64];
    load_echo e;
    (void)state;
    (void)snprintf(configuration, sizeof configuration, "tls { cert_file: \"%s\", key_file: \"%s\" }\n",
                   certificate("server.pem"), certificate("server.key"));
    start_with(&server, configuration);
    (void)snprintf(url, sizeof url, "tls://localhost:%d", server.port);
    aegis_port *port = load_open(url, &(aegis_options){.tls_ca_file = certificate("server.pem")});
    uint8_t *body = (uint8_t *)calloc(1, 900000);
    assert_non_null(body);
    load_echo_start(&e, port, "large.echo");
    for (size_t size = 1; size < 900000; size = size * 3 + 1) {
        const aegis_outgoing request = {.subject = "large.echo", .body = {body, size}};
        aegis_message answer;
        ok(port->ops->request(port, &request, load_in_ms(5000), &answer, NULL));
        assert_int_equal(answer.body.len, size);
        port->ops->release(&answer);
    }
    free(body);
    load_echo_stop(&e);
    port->ops->close(port);
    nats_server_stop(&server);
}

/* ---- a cluster ---- */

typedef struct pair {
    nats_server first, second;
    aegis_port *service;
    load_echo echo;
} pair;

/* Two servers that have met, and a service on the first. */
static void pair_start(pair *p)
{
    char configuration[512];
    const int routes[2] = {nats_server_free_port(), nats_server_free_port()};
    nats_server *servers[2] = {&p->first, &p->second};
    for (int i = 0; i < 2; i++) {
        (void)snprintf(configuration, sizeof configuration,
                       "server_name: s%d\nlame_duck_grace_period: \"2s\"\nlame_duck_duration: \"30s\"\n"
                       "cluster { name: c, listen: \"127.0.0.1:%d\", routes: [ \"nats://127.0.0.1:%d\" ] }\n",
                       i, routes[i], routes[1 - i]);
        start_with(servers[i], configuration);
    }
    /* Its INFO names the other as soon as the two have met. */
    for (int i = 0; i < 100; i++) {
        p->service = load_open(p->first.url, NULL);
        load_echo_start(&p->echo, p->service, "cluster.echo");
        ok(load_call(p->service, "cluster.echo", NULL));
        aegis_port *other = load_open(p->second.url, NULL);
        const bool met = load_call(other, "cluster.echo", NULL) == AEGIS_OK;
        other->ops->close(other);
        if (met)
            break;
        load_echo_stop(&p->echo);
        p->service->ops->close(p->service);
        load_nap(50);
    }
}

static void pair_stop(pair *p)
{
    load_echo_stop(&p->echo);
    p->service->ops->close(p->service);
    nats_server_stop(&p->first);
    nats_server_stop(&p->second);
}

/* A client that knows one server of a cluster learns of the others, and goes on with them when that one dies.
 */
static void learns_of_the_cluster(void **state)
{
    pair p;
    (void)state;
    pair_start(&p);
    aegis_port *late = load_open(p.first.url, NULL);
    nats_server_kill(&p.first);
    assert_in_range(load_recovery(late, "cluster.echo", 3000), 0, 3000);
    late->ops->close(late);
    pair_stop(&p);
}

static bool is_at(aegis_port *port, const nats_server *server)
{
    char suffix[16];
    aegis_health health;
    port->ops->health(port, &health);
    (void)snprintf(suffix, sizeof suffix, ":%d", server->port);
    return strstr(health.server, suffix) != NULL;
}

/* A server that announces its end is left before it, and no call fails for it: not of those who call, nor of
 * those who serve. */
/* The next event but for connections that come. */
static aegis_connection_event next_event(aegis_port *port, aegis_source *events)
{
    const int64_t deadline = aegis_clock_monotonic() + 5 * AEGIS_SECOND;
    aegis_message message;
    aegis_connection_event event;

    do {
        ok(port->ops->next(events, deadline, &message));
        event = message.event;
        port->ops->release(&message);
    } while (event == AEGIS_CONNECTION_UP);
    return event;
}

static void leaves_a_lame_duck(void **state)
{
    pair p;
    (void)state;
    pair_start(&p);
    aegis_port *caller = load_open(p.first.url, NULL);
    aegis_source *events;
    ok(load_call(caller, "cluster.echo", NULL));
    ok(caller->ops->events(caller, &events, NULL));
    nats_server_retire(&p.first);
    assert_int_equal(next_event(caller, events), AEGIS_CONNECTION_LAME_DUCK);
    const int64_t end = aegis_clock_monotonic() + 5 * AEGIS_SECOND;
    unsigned calls = 0;
    while (aegis_clock_monotonic() < end) {
        ok(load_call(caller, "cluster.echo", NULL));
        calls++;
        if (is_at(caller, &p.second) && is_at(p.service, &p.second) && calls > 2000)
            break;
    }
    assert_true(is_at(caller, &p.second));
    assert_true(is_at(p.service, &p.second));
    aegis_health health;
    caller->ops->health(caller, &health);
    assert_int_equal(health.lame_ducks, 1);
    assert_true(health.messages_in >= calls && health.messages_out >= calls); /* of both connections */
    assert_true(health.bytes_in > 0 && health.bytes_out > 0);
    load_nap(400); /* the old subscriptions have ended */
    nats_server_kill(&p.first);
    for (unsigned i = 0; i < 200; i++)
        ok(load_call(caller, "cluster.echo", NULL));
    caller->ops->close_source(events);
    caller->ops->close(caller);
    pair_stop(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_connection_until_something_is_stored),
        cmocka_unit_test(as_many_as_asked_for),
        cmocka_unit_test(too_many_refused),
        cmocka_unit_test(one_is_cut_the_other_serves),
        cmocka_unit_test(cut_inside_a_token),
        cmocka_unit_test(refused_then_accepted),
        cmocka_unit_test(users_and_passwords),
        cmocka_unit_test(tokens),
        cmocka_unit_test(nkeys),
        cmocka_unit_test(inbox_prefix),
        cmocka_unit_test(jetstream_domain),
        cmocka_unit_test(tls),
        cmocka_unit_test(tls_with_client_certificate),
        cmocka_unit_test(tls_large_messages),
        cmocka_unit_test(learns_of_the_cluster),
        cmocka_unit_test(leaves_a_lame_duck),
    };
    char command[96];
    memset(&plain, 0, sizeof plain);
    if (!make_certificates() || !nats_server_start(&plain)) {
        fprintf(stderr, "connections: this test needs nats-server and openssl\n");
        return 1;
    }
    const int failed = cmocka_run_group_tests_name("connections", tests, NULL, NULL);
    nats_server_stop(&plain);
    (void)snprintf(command, sizeof command, "rm -rf %s", certificates);
    return system(command) == 0 ? failed : 1;
}
