/* Who is there: what a service tells of itself and what others see of it, over both adapters; and what
 * becomes of that when instances die, servers go and buckets are missing. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contract/meter.h"
#include "contract/raw.h"

#include <aegis/discovery.h>
#include <aegis/health.h>

#include "application/bus.h"

#define BEAT   (150 * AEGIS_MILLISECOND)
#define BUCKET "service_registry"

/* ---- what is seen ---------------------------------------------------------------------------------------
 */

static void reopen(world *w, aegis_duration heartbeat)
{
    const aegis_options options = {.name = "registry", .heartbeat = heartbeat};

    world_reopen(w, &options);
}

static aegis_instance_list instances(world *w, const char *service)
{
    aegis_instance_list list;
    aegis_error error = {0};

    if (aegis_instances_read(w->bus, service, w->arena, &list, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    return list;
}

/* Wait until that many are listed. */
static aegis_instance_list wait_for(world *w, const char *service, size_t wanted)
{
    const int64_t until = aegis_clock_monotonic() + TEN_SECONDS;
    aegis_instance_list list = instances(w, service);

    while (list.count != wanted && aegis_clock_monotonic() < until) {
        nap(5 * AEGIS_MILLISECOND);
        list = instances(w, service);
    }
    assert_int_equal(list.count, wanted);
    return list;
}

static void wait_for_state(world *w, aegis_instance_state state)
{
    const int64_t until = aegis_clock_monotonic() + TEN_SECONDS;

    while (wait_for(w, "peer", 1).items[0].state != state) {
        assert_true(aegis_clock_monotonic() < until);
        nap(5 * AEGIS_MILLISECOND);
    }
}

static aegis_stream_config bucket_without_age(void)
{
    return (aegis_stream_config){.bucket = true, .name = BUCKET, .max_per_subject = 10};
}

static void put(world *w, const char *key, const char *value)
{
    const aegis_bytes body = {(const uint8_t *)value, strlen(value)};

    assert_int_equal(w->bus->port->ops->kv_put(w->bus->port, BUCKET, key, body, AEGIS_KV_ANY,
                                               aegis_clock_monotonic() + TEN_SECONDS, NULL, NULL),
                     AEGIS_OK);
}

static void make_bucket(world *w)
{
    const aegis_stream_config config = bucket_without_age();

    assert_int_equal(w->bus->port->ops->ensure_stream(w->bus->port, &config,
                                                      aegis_clock_monotonic() + TEN_SECONDS, NULL, NULL),
                     AEGIS_OK);
}

/* ---- what is told ---------------------------------------------------------------------------------------
 */

typedef struct ear {
    world *w;
    aegis_source *source;
} ear;

static ear listen_to(world *w, const char *subject)
{
    ear e = {w, NULL};

    assert_int_equal(w->bus->port->ops->subscribe(w->bus->port, subject, NULL, 0, false, &e.source, NULL),
                     AEGIS_OK);
    return e;
}

/* The next message; its body as text. */
static const char *heard(const ear *e, const char **subject)
{
    const aegis_port_ops *ops = e->w->bus->port->ops;
    aegis_message message;
    const char *body;

    assert_int_equal(ops->next(e->source, aegis_clock_monotonic() + TEN_SECONDS, &message), AEGIS_OK);
    body = aegis_arena_printf(e->w->arena, "%.*s", (int)message.body.len, (const char *)message.body.data);
    *subject = aegis_arena_strdup(e->w->arena, message.subject);
    ops->release(&message);
    return body;
}

static void assert_holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no %s in %s", part, text);
}

static void test_life(void **state)
{
    static const aegis_service_options options = {.instance = "peer-1"};
    world *w = (world *)*state;
    const aegis_timestamp before = aegis_now();
    aegis_instance_list list;
    const char *subject, *body;
    ear e;

    reopen(w, BEAT);
    assert_int_equal(instances(w, NULL).count, 0); /* nor is there a bucket */
    e = listen_to(w, "service.peer.*");
    w->service = start(w, &peer_type, &options);
    list = wait_for(w, "peer", 1);
    assert_string_equal(list.items[0].service, "peer");
    assert_string_equal(list.items[0].id, "peer-1");
    assert_string_equal(list.items[0].version, peer_type.version);
    assert_int_equal(list.items[0].state, AEGIS_INSTANCE_ACTIVE);
    assert_true(list.items[0].last_heartbeat >= before - AEGIS_MILLISECOND);
    assert_in_range(list.items[0].started_at, before - AEGIS_MILLISECOND, aegis_now());
    assert_in_range(list.items[0].age, 0, 3 * BEAT);
    assert_int_equal(instances(w, "another").count, 0);

    body = heard(&e, &subject);
    assert_string_equal(subject, "service.peer.register");
    assert_holds(body, "{\"serviceName\":\"peer\",\"instanceId\":\"peer-1\",\"version\":\"");
    assert_holds(body, "\",\"status\":\"ACTIVE\",\"lastHeartbeat\":\"");
    assert_holds(body, "+00:00\",\"stickyActiveGroup\":null,\"metadata\":{\"start_time\":\"");
    assert_int_equal(call(w, "echo", &seven).answer, AEGIS_ANSWER_OK);
    (void)call(w, "fail", &seven);
    do { /* the first may have been before that */
        body = heard(&e, &subject);
        assert_string_equal(subject, "service.peer.heartbeat");
    } while (strstr(body, "\"rpc.peer.fail.error\": 1") == NULL ||
             strstr(body, "\"heartbeats.sent\": ") == NULL);
    assert_holds(body, "{\"instance_id\": \"peer-1\", \"timestamp\": 1");
    assert_holds(body, ", \"metrics\": {\"uptime_seconds\": ");
    assert_holds(body, "\"counters\": {\"services.registered\": 1, \"");
    assert_holds(body, "\"rpc.peer.echo.success\": 1");
    assert_holds(body, "\"gauges\": {\"nats.connections\": ");
    assert_holds(body, "\"rpc.peer.echo\": {\"count\": 1, \"average\": ");
    nap(4 * BEAT);
    (void)wait_for(w, NULL, 1); /* it is kept alive */

    aegis_service_stop(w->service);
    w->service = NULL;
    assert_int_equal(instances(w, NULL).count, 0); /* at once */
    while (strcmp(subject, "service.peer.unregister") != 0)
        body = heard(&e, &subject);
    assert_holds(body, "\"instanceId\":\"peer-1\"");
    assert_holds(body, "\"status\":\"SHUTDOWN\"");
    w->bus->port->ops->close_source(e.source);
}

static void test_several(void **state)
{
    static const aegis_service_options options[] = {
        {.instance = "b"}, {.instance = "a"}, {.instance = "hidden", .unlisted = true}};
    world *w = (world *)*state;
    aegis_service *services[3];
    aegis_instance_list list;

    for (size_t i = 0; i < 3; i++)
        services[i] = start(w, &peer_type, &options[i]);
    list = wait_for(w, NULL, 2);
    assert_string_equal(list.items[0].id, "a");
    assert_string_equal(list.items[1].id, "b");
    aegis_service_stop(services[0]);
    aegis_service_stop(services[2]);
    assert_string_equal(wait_for(w, "peer", 1).items[0].id, "a");
    aegis_service_stop(services[1]);
    assert_int_equal(instances(w, NULL).count, 0);
}

static void *stop(void *service)
{
    aegis_service_stop((aegis_service *)service);
    return NULL;
}

static void test_draining(void **state)
{
    world *w = (world *)*state;
    aegis_service *service = start(w, &peer_type, NULL);
    pthread_t thread;
    caller first;

    wait_for_state(w, AEGIS_INSTANCE_ACTIVE);
    launch(w, &first, "slow");
    assert_true(reached(&w->running, 1));
    assert_int_equal(pthread_create(&thread, NULL, stop, service), 0);
    wait_for_state(w, AEGIS_INSTANCE_SHUTDOWN);
    atomic_store(&w->release, true);
    (void)pthread_join(thread, NULL);
    land(&first);
    assert_int_equal(first.out.answer, AEGIS_ANSWER_OK);
    aegis_arena_free(first.arena);
    assert_int_equal(instances(w, NULL).count, 0);
}

/* As the original writes them (tests/interop has them byte by byte), in its bucket, in which nothing grows
 * old; and what else may be in there. */
static void test_of_the_original(void **state)
{
    static const char entry[] =
        "{\"serviceName\":\"peer-service\",\"instanceId\":\"peer-1\",\"version\":\"1.2.3\","
        "\"status\":\"STANDBY\",\"lastHeartbeat\":\"2026-11-23T07:49:11.394368+00:00\","
        "\"stickyActiveGroup\":null,\"metadata\":{\"start_time\":"
        "\"2026-11-23T07:49:07.362464+00:00\"}}";
    static const char *const others[] = {
        "",
        "x",
        "{}",
        "[1]",
        "{\"serviceName\":null}",
        "{\"serviceName\":\"a\",\"instanceId\":\"b\",\"version\":\"1\",\"status\":1,\"lastHeartbeat\":\"\"}",
    };
    world *w = (world *)*state;
    aegis_instance_list list;
    char key[64];

    reopen(w, BEAT);
    make_bucket(w);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        (void)snprintf(key, sizeof key, "service-instances__odd__%zu", i);
        put(w, key, others[i]);
    }
    put(w, "peer-service", "{\"serviceName\":\"peer-service\"}"); /* a definition, not an instance */
    put(w, "service-instances__peer-service__peer-1", entry);
    list = instances(w, NULL);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].service, "peer-service");
    assert_string_equal(list.items[0].id, "peer-1");
    assert_string_equal(list.items[0].version, "1.2.3");
    assert_int_equal(list.items[0].state, AEGIS_INSTANCE_STANDBY);
    assert_int_equal(list.items[0].last_heartbeat, INT64_C(1795420151394368000));
    assert_int_equal(list.items[0].started_at, INT64_C(1795420147362464000));
    put(w, "service-instances__peer-service__peer-2",
        "{\"serviceName\":\"peer-service\",\"instanceId\":\"peer-2\",\"version\":\"1.2.3\",\"status\":"
        "\"ODD\","
        "\"lastHeartbeat\":\"yesterday\",\"more\":1,\"metadata\":{\"start_time\":5}}");
    list = wait_for(w, "peer-service", 2);
    assert_int_equal(list.items[1].state, AEGIS_INSTANCE_UNHEALTHY);
    assert_int_equal(list.items[1].started_at, 0);
    /* Nothing more is heard of them: they are gone, and ours is not. */
    w->service = start(w, &peer_type, NULL);
    nap(3 * BEAT);
    assert_string_equal(wait_for(w, NULL, 1).items[0].service, "peer");
}

/* Each allocation of a reader fails in turn: it is told, and nothing is left behind. */
static void test_memory(void **state)
{
    world *w = (world *)*state;
    size_t failures = 0;
    meter m;

    w->service = start(w, &peer_type, NULL);
    (void)wait_for(w, "peer", 1);
    do {
        const aegis_allocator allocator = {metered, &m};
        aegis_instance_list list = {NULL, 0};
        aegis_health_report report;
        aegis_arena *arena;

        memset(&m, 0, sizeof m);
        atomic_store(&m.fail_at, ++failures);
        arena = aegis_arena_new(&allocator);
        if (arena != NULL) {
            const aegis_status listed = aegis_instances_read(w->bus, NULL, arena, &list, NULL);
            const aegis_status looked = aegis_health_read(w->bus, arena, &report, NULL);

            assert_true(listed == AEGIS_OK || listed == AEGIS_RESOURCE_EXHAUSTED);
            assert_true(looked == AEGIS_OK ? report.ready : looked == AEGIS_RESOURCE_EXHAUSTED);
            assert_true(atomic_load(&m.failed) || (list.count == 1 && looked == AEGIS_OK));
        }
        aegis_arena_free(arena);
        assert_int_equal(atomic_load(&m.out), 0);
    } while (atomic_load(&m.failed));
    assert_true(failures > 1);
}

/* ---- over NATS -------------------------------------------------------------------------------------------
 */

static char *program;

/* The other process: an instance that runs until it is killed. */
static int live(const char *url)
{
    const aegis_options options = {.name = "victim", .heartbeat = BEAT};
    aegis_service *service = NULL;
    aegis_bus *bus = NULL;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (aegis_open(url, &options, &bus, NULL) != AEGIS_OK ||
        aegis_service_start(bus, &peer_type, NULL, NULL, NULL, &service, NULL) != AEGIS_OK)
        return 1;
    for (;;)
        (void)pause();
}

static void test_killed(void **state)
{
    world *w = (world *)*state;
    int64_t killed;
    pid_t pid;

    reopen(w, BEAT);
    for (int with_age = 0; with_age < 2; with_age++) {
        if (with_age == 0) /* first in a bucket in which nothing grows old */
            make_bucket(w);
        pid = fork();
        if (pid == 0) {
            (void)execl(program, program, w->url, (char *)NULL);
            _exit(1);
        }
        (void)wait_for(w, "peer", 1);
        nap(4 * BEAT);
        (void)wait_for(w, "peer", 1);
        (void)kill(pid, SIGKILL);
        killed = aegis_clock_monotonic();
        (void)waitpid(pid, NULL, 0);
        (void)wait_for(w, "peer", 0);
        assert_in_range(aegis_clock_monotonic() - killed, 0, 3 * BEAT + 2 * AEGIS_SECOND);
        (void)printf("    killed, and gone after %lld ms; three heartbeats are %lld ms\n",
                     (long long)((aegis_clock_monotonic() - killed) / AEGIS_MILLISECOND),
                     (long long)(3 * BEAT / AEGIS_MILLISECOND));
        nats_server_kill(&w->server); /* and with an empty store again */
        nats_server_stop(&w->server);
        assert_true(nats_server_start(&w->server));
        w->url = w->server.url;
        reopen(w, BEAT);
    }
}

static void ask(world *w, const char *subject, const char *body)
{
    const aegis_outgoing message = {.subject = subject, .body = {(const uint8_t *)body, strlen(body)}};
    aegis_message answer;

    assert_int_equal(w->bus->port->ops->request(w->bus->port, &message, aegis_clock_monotonic() + TEN_SECONDS,
                                                &answer, NULL),
                     AEGIS_OK);
    w->bus->port->ops->release(&answer);
}

static void test_bucket_gone(void **state)
{
    const int64_t until = aegis_clock_monotonic() + 2 * TEN_SECONDS;
    world *w = (world *)*state;
    aegis_instance_list list;

    reopen(w, BEAT);
    w->service = start(w, &peer_type, NULL);
    (void)wait_for(w, "peer", 1);
    ask(w, "$JS.API.STREAM.DELETE.KV_" BUCKET, "");
    (void)wait_for(w, "peer", 1);
    nats_server_kill(&w->server);
    nap(4 * BEAT);
    assert_true(nats_server_restart(&w->server));
    while (aegis_instances_read(w->bus, "peer", w->arena, &list, NULL) != AEGIS_OK || list.count != 1)
        assert_true(aegis_clock_monotonic() < until);
}

/* One line for all of it. */
typedef struct lines {
    pthread_mutex_t lock;
    char last[512];
    int about_registry;
    int about_heartbeats; /* that there is no right to them */
} lines;

static void on_line(void *user, aegis_log_level level, const char *line)
{
    lines *l = (lines *)user;

    (void)level;
    (void)pthread_mutex_lock(&l->lock);
    l->about_heartbeats += strstr(line, "service.peer.heartbeat") != NULL;
    if (strstr(line, "is not in bucket " BUCKET) != NULL) {
        l->about_registry++;
        (void)snprintf(l->last, sizeof l->last, "%s", line);
    }
    (void)pthread_mutex_unlock(&l->lock);
}

static int count_of(lines *l)
{
    int count;

    (void)pthread_mutex_lock(&l->lock);
    count = l->about_registry;
    (void)pthread_mutex_unlock(&l->lock);
    return count;
}

/* As this user of the server, the registry cannot be used, nothing else suffers, and it is said once. */
static void cannot_be_listed(world *w, const char *user, const char *why, aegis_status reading)
{
    static lines l = {.lock = PTHREAD_MUTEX_INITIALIZER}; /* a failing test leaves the service behind */
    const aegis_options options = {
        .user = user, .password = user, .heartbeat = BEAT, .log = on_line, .log_user = &l};
    const int64_t until = aegis_clock_monotonic() + TEN_SECONDS;
    aegis_instance_list list;
    aegis_error error = {0};

    l.about_registry = l.about_heartbeats = 0;
    world_reopen(w, &options);
    w->service = start(w, &peer_type, NULL);
    while (count_of(&l) == 0 && aegis_clock_monotonic() < until) {
        assert_int_equal(call(w, "echo", &seven).answer, AEGIS_ANSWER_OK);
        nap(10 * AEGIS_MILLISECOND);
    }
    nap(4 * BEAT);
    assert_int_equal(count_of(&l), 1);
    assert_holds(l.last, why);
    assert_true(l.about_heartbeats <= 1);
    if (reading != AEGIS_OK) {
        assert_int_equal(aegis_instances_read(w->bus, NULL, w->arena, &list, &error), reading);
        assert_holds(error.text, "the registry cannot be read");
    }
    assert_int_equal(call(w, "echo", &seven).answer, AEGIS_ANSWER_OK);
    aegis_service_stop(w->service);
    w->service = NULL;
    aegis_client_free(w->client); /* the log is gone with this function */
    aegis_publisher_free(w->publisher);
    w->client = NULL;
    w->publisher = NULL;
    aegis_close(w->bus);
    w->bus = NULL;
}

static void test_without_rights(void **state)
{
    static const char configuration[] =
        "accounts {\n"
        "  WITHOUT { users: [{user: plain, password: plain}] }\n"
        "  WITH { jetstream: enabled\n"
        "    users: [{user: admin, password: admin},\n"
        "            {user: none, password: none, permissions: {publish: {deny: [\"$JS.>\", \"$KV.>\", "
        "\"service.>\"]}}},\n"
        "            {user: reads, password: reads, permissions: {publish: {deny: [\"$KV.>\"]}}}] }\n"
        "}\n";
    world *w = (world *)*state;

    nats_server_stop(&w->server);
    memset(&w->server, 0, sizeof w->server);
    (void)snprintf(w->server.configuration, sizeof w->server.configuration, "%s", configuration);
    assert_true(nats_server_start(&w->server));
    w->url = w->server.url;
    cannot_be_listed(w, "plain", "JetStream not enabled", AEGIS_UNAVAILABLE);
    cannot_be_listed(w, "none", "in time", AEGIS_DEADLINE_EXCEEDED);
    cannot_be_listed(w, "reads", "in time", AEGIS_OK);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_life),     WORLD_CASE(test_several),
        WORLD_CASE(test_draining), WORLD_CASE(test_of_the_original),
        WORLD_CASE(test_memory),
    };
    const struct CMUnitTest with_server[] = {
        WORLD_CASE(test_killed),
        WORLD_CASE(test_bucket_gone),
        WORLD_CASE(test_without_rights),
    };
    int failed;

    if (argc > 1)
        return live(argv[1]);
    program = argv[0];
    failed = world_run(cases, sizeof cases / sizeof cases[0]);
    return world_run_nats(with_server, sizeof with_server / sizeof with_server[0]) + failed;
}
