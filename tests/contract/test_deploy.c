/* The configurations of tools/deploy: nats-server takes them, a service and a client work with the rights
 * they give and no others, and in a cluster of three with three replicas nothing accepted is lost with one of
 * them.
 */
#define _GNU_SOURCE
#include <aegis/deadletter.h>
#include <aegis/discovery.h>

#include "application/bus.h"
#include "contract/deployment.h"
#include "contract/world.h"

static const aegis_event_type created = {"order", "created", "1.0"};

static int64_t in(aegis_duration duration)
{
    return aegis_clock_monotonic() + duration;
}

static aegis_bus *open_as(const deployment *d, const char *user, const char *inbox, uint32_t replicas)
{
    const aegis_options options = {.user = user,
                                   .password = DEPLOYMENT_PASSWORD,
                                   .inbox_prefix = inbox,
                                   .replicas = replicas,
                                   .connect_timeout = TEN_SECONDS};
    aegis_error error = {0};
    aegis_bus *bus = NULL;

    if (aegis_open(d->url, &options, &bus, &error) != AEGIS_OK)
        fail_msg("%s: %s", user, aegis_error_text(&error));
    return bus;
}

static void test_valid(void **state)
{
    (void)state;
    assert_true(deployment_valid("tools/deploy/one.conf"));
    assert_true(deployment_valid("tools/deploy/three.conf"));
    assert_false(deployment_valid("Makefile"));
}

/* ---- least privilege ---------------------------------------------------------------------------------- */

static aegis_reply get(aegis_call *call, const note *request, void *user)
{
    (void)user;
    return peer_ok(call, &(note){request->text, request->number + 1});
}

static aegis_reply process(aegis_call *call, const note *request, void *user)
{
    (void)peer_progress(call, &(note){"half", 1});
    return get(call, request, user);
}

static aegis_settle on_created(const aegis_event *event, aegis_reader *payload, const void *ops, void *user)
{
    note value;

    (void)ops;
    (void)event;
    note_get(payload, &value);
    atomic_fetch_add((atomic_int *)user, 1);
    return value.number == 13 ? AEGIS_DEAD : AEGIS_DONE;
}

SERVE(get)
SERVE(process)

static const aegis_method call_method = {
    .service = "order-service", .name = "get", .timeout = 5 * AEGIS_SECOND};
static const aegis_method command_method = {
    .service = "order-service", .name = "process", .timeout = 20 * AEGIS_SECOND, .command = true};
static const aegis_endpoint endpoints[] = {{&call_method, serve_get}, {&command_method, serve_process}};
static const aegis_event_case created_case[] = {{&created, on_created}};
static const aegis_subscription subscriptions[] = {{.pattern = "order.created",
                                                    .durable = "order-service__order_created",
                                                    .cases = created_case,
                                                    .case_count = 1}};
static const aegis_service_type orders_type = {.name = "order-service",
                                               .version = "1.0.0",
                                               .endpoints = endpoints,
                                               .endpoint_count = 2,
                                               .subscriptions = subscriptions,
                                               .subscription_count = 1};

static void command(aegis_client *client, aegis_arena *arena)
{
    aegis_command *command = NULL;
    aegis_error error = {0};
    outcome out;

    if (peer_submit(client, &command_method, &(note){"c", 1}, &command, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    out = peer_wait(command, &command_method, TEN_SECONDS, NULL, NULL, arena);
    if (out.answer != AEGIS_ANSWER_OK)
        fail_msg("%s", aegis_error_text(&out.failed));
    assert_int_equal(out.value.number, 2);
    aegis_command_free(command);
}

/* What it has no right to does not happen. Nobody says so: the server only refuses. */
static void no_right(aegis_bus *bus, const char *subject, const char *body)
{
    const aegis_outgoing request = {.subject = subject, .body = {(const uint8_t *)body, strlen(body)}};
    aegis_message answer;

    assert_int_not_equal(
        bus->port->ops->request(bus->port, &request, in(300 * AEGIS_MILLISECOND), &answer, NULL), AEGIS_OK);
}

static void no_ear(aegis_bus *bus, aegis_bus *speaker, const char *subject)
{
    const aegis_outgoing message = {.subject = subject, .body = {(const uint8_t *)"x", 1}};
    aegis_source *source = NULL;
    aegis_message heard;

    if (bus->port->ops->subscribe(bus->port, subject, NULL, 0, false, &source, NULL) != AEGIS_OK)
        return;
    assert_int_equal(speaker->port->ops->publish(speaker->port, &message, NULL), AEGIS_OK);
    assert_int_not_equal(bus->port->ops->next(source, in(300 * AEGIS_MILLISECOND), &heard), AEGIS_OK);
    bus->port->ops->close_source(source);
}

/* A service with its rights is in the registry, and may read it. */
static void listed(aegis_bus *bus, const aegis_service *service, aegis_arena *arena)
{
    const int64_t until = in(TEN_SECONDS);
    aegis_instance_list list;
    aegis_error error = {0};

    do {
        if (aegis_instances_read(bus, "order-service", arena, &list, &error) != AEGIS_OK)
            fail_msg("%s", aegis_error_text(&error));
    } while (list.count == 0 && aegis_clock_monotonic() < until);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].id, aegis_service_instance(service));
}

/* And answers who asks what it is. */
static void told(aegis_bus *asker, const char *subject)
{
    const aegis_outgoing question = {.subject = subject};
    aegis_message answer;
    aegis_error error = {0};

    if (asker->port->ops->request(asker->port, &question, in(TEN_SECONDS), &answer, &error) != AEGIS_OK)
        fail_msg("%s: %s", subject, aegis_error_text(&error));
    assert_true(answer.body.len > 0);
    asker->port->ops->release(&answer);
}

static void test_one(void **state)
{
    deployment d;
    aegis_bus *orders, *web, *chief;
    aegis_client *client = NULL;
    aegis_publisher *publisher = NULL;
    aegis_service *service = NULL;
    aegis_arena *arena = aegis_arena_new(NULL);
    atomic_int seen = 0;
    aegis_error error = {0};
    aegis_deadletter_page page;
    outcome out;
    int64_t until;

    (void)state;
    assert_true(deployment_start(&d, 1));
    orders = open_as(&d, "orders", "_INBOX_orders", 0);
    web = open_as(&d, "web", "_INBOX_web", 0);
    chief = open_as(&d, "operator", NULL, 0);
    if (aegis_service_start(orders, &orders_type, NULL, &seen, NULL, &service, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    assert_int_equal(aegis_client_new(web, NULL, &client, NULL), AEGIS_OK);
    assert_int_equal(aegis_publisher_new(orders, NULL, &publisher, NULL), AEGIS_OK);

    out = peer_invoke(client, &call_method, &(note){"a", 1}, NULL, arena);
    if (out.answer != AEGIS_ANSWER_OK)
        fail_msg("%s", aegis_error_text(&out.failed));
    assert_int_equal(out.value.number, 2);
    command(client, arena);
    assert_int_equal(peer_publish(publisher, &created, &(note){"e", 1}, NULL, &error), AEGIS_OK);
    assert_int_equal(peer_publish(publisher, &created, &(note){"dead", 13}, NULL, &error), AEGIS_OK);
    assert_true(reached(&seen, 2));
    until = in(TEN_SECONDS);
    do {
        nap(20 * AEGIS_MILLISECOND);
        assert_int_equal(aegis_deadletter_list(chief, NULL, arena, &page, NULL), AEGIS_OK);
    } while (page.count == 0 && aegis_clock_monotonic() < until);
    assert_int_equal(page.count, 1);
    if (aegis_deadletter_drop(chief, page.items[0].sequence, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));

    listed(orders, service, arena);
    listed(chief, service, arena);
    told(chief, "$SRV.STATS.order-service");
    told(chief, "service.order-service.schema");

    no_right(web, "$JS.API.STREAM.DELETE.EVENTS", "");
    no_right(web, "$KV.service_registry.x", "{}");
    no_right(web, "$JS.API.STREAM.CREATE.MINE",
             "{\"name\":\"MINE\",\"subjects\":[\"rpc.order-service.get\"]}");
    no_right(web, "events.order.created", "{}");
    no_right(orders, "$JS.API.STREAM.PURGE.COMMANDS", "");
    no_right(orders, "$JS.API.STREAM.MSG.DELETE.AEGIS_DLQ", "{\"seq\":2}");
    no_ear(web, chief, "_INBOX_orders.x");
    no_ear(web, chief, "rpc.order-service.get");
    no_ear(web, chief, "commands.order-service.other");
    no_ear(orders, chief, "_INBOX_web.x");
    out = peer_invoke(client, &call_method, &(note){"still", 1}, NULL, arena);
    assert_int_equal(out.answer, AEGIS_ANSWER_OK);

    aegis_service_stop(service);
    aegis_client_free(client);
    aegis_publisher_free(publisher);
    aegis_close(orders);
    aegis_close(web);
    aegis_close(chief);
    aegis_arena_free(arena);
    deployment_stop(&d);
}

/* ---- three -------------------------------------------------------------------------------------------- */

static void wait_until_there(aegis_bus *bus, aegis_stream_kind kind)
{
    int64_t until = in(3 * TEN_SECONDS);
    aegis_error error = {0};

    while (aegis_bus_ensure(bus, kind, &error) != AEGIS_OK) {
        if (aegis_clock_monotonic() > until)
            fail_msg("%s", aegis_error_text(&error));
        nap(100 * AEGIS_MILLISECOND);
    }
}

static size_t leader(const deployment *d, aegis_bus *bus, char *name, size_t size)
{
    const aegis_outgoing request = {.subject = "$JS.API.STREAM.INFO.EVENTS"};
    aegis_message answer;
    const char *at;

    name[0] = '\0';
    if (bus->port->ops->request(bus->port, &request, in(TEN_SECONDS), &answer, NULL) != AEGIS_OK)
        return DEPLOYMENT_MAX;
    at = (const char *)memmem(answer.body.data, answer.body.len, "\"leader\":\"", 10);
    if (at != NULL)
        (void)snprintf(name, size, "%.2s", at + 10);
    bus->port->ops->release(&answer);
    return deployment_named(d, name);
}

static uint64_t publish_some(aegis_publisher *publisher, int count)
{
    const aegis_publish_options patient = {.timeout =
                                               3 * TEN_SECONDS}; /* another leader is found in seconds */
    aegis_error error = {0};
    uint64_t accepted = 0;
    int i;

    for (i = 0; i < count; i++) {
        if (peer_publish(publisher, &created, &(note){"e", i}, &patient, &error) == AEGIS_OK)
            accepted++;
        else
            print_error("%s\n", aegis_error_text(&error));
    }
    return accepted;
}

/* With three replicas publishing goes on without the leader of the stream, and what was acknowledged is
 * there. */
static void test_three(void **state)
{
    deployment d;
    aegis_bus *bus;
    aegis_publisher *publisher = NULL;
    aegis_stream_info info;
    uint64_t accepted;
    size_t which;
    char name[8];
    const aegis_topology *t;

    (void)state;
    assert_true(deployment_start(&d, 3));
    bus = open_as(&d, "operator", NULL, 3);
    t = &bus->topology;
    wait_until_there(bus, AEGIS_KIND_EVENTS);
    wait_until_there(bus, AEGIS_KIND_RECORDS);
    assert_int_equal(aegis_publisher_new(bus, NULL, &publisher, NULL), AEGIS_OK);
    assert_int_equal(bus->port->ops->ensure_stream(bus->port, &t->streams[AEGIS_KIND_EVENTS], in(TEN_SECONDS),
                                                   &info, NULL),
                     AEGIS_OK);
    assert_string_equal(info.difference, "");
    assert_string_equal(info.limits, "");
    accepted = publish_some(publisher, 50);
    assert_int_equal(accepted, 50);
    which = leader(&d, bus, name, sizeof name);
    assert_true(which < DEPLOYMENT_MAX);
    deployment_kill(&d, which);
    accepted += publish_some(publisher, 50);
    assert_int_equal(accepted, 100);
    assert_int_equal(bus->port->ops->stream_info(bus->port, "EVENTS", in(TEN_SECONDS), &info, NULL),
                     AEGIS_OK);
    assert_int_equal(info.messages, accepted);
    aegis_publisher_free(publisher);
    aegis_close(bus);
    deployment_stop(&d);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_one),
        cmocka_unit_test(test_three),
    };

    if (!nats_server_installed()) {
        (void)fprintf(stderr, "deploy: there is no nats-server, and this test cannot do without\n");
        return 1;
    }
    return cmocka_run_group_tests_name("deploy", cases, NULL, NULL);
}
