/* A whole chain as a collector sees it: a call whose handler calls another service and publishes an event,
 * whose handler sends a command, which fails once. On both buses it is the same tree of spans, which stands
 * in tests/http/chain.json with ids and times replaced by names. AEGIS_GOLDEN=update writes it anew. Runs in
 * the top folder of the source.
 */
#define _GNU_SOURCE
#include "contract/world.h"

#include <aegis/otlp.h>

#include <unistd.h>

#include "http/otlp_rules.h"

#define GOLDEN "tests/http/chain.json"

enum { SPANS = 10 };

typedef struct shop {
    aegis_client *client;
    aegis_publisher *publisher;
    atomic_int packed;
} shop;

/* ---- the chain ---------------------------------------------------------------------------------------- */

static const aegis_method order_method = {.service = "front", .name = "order", .timeout = TEN_SECONDS};
static const aegis_method take_method = {.service = "stock", .name = "take", .timeout = TEN_SECONDS};
static const aegis_method pack_method = {.service = "packer",
                                         .name = "pack",
                                         .command = true,
                                         .timeout = TEN_SECONDS,
                                         .max_retries = 3,
                                         .backoff_min = AEGIS_MILLISECOND,
                                         .backoff_max = AEGIS_MILLISECOND};
static const aegis_event_type sold = {.domain = "thing", .type = "sold", .version = "1.0"};

static aegis_reply order(aegis_call *call, const note *request, void *user)
{
    shop *s = (shop *)user;
    const aegis_call_options options = {.parent = call};
    const aegis_publish_options publish = {.parent = call};
    const outcome taken = peer_invoke(s->client, &take_method, request, &options, call->arena);

    if (taken.answer != AEGIS_ANSWER_OK ||
        peer_publish(s->publisher, &sold, request, &publish, NULL) != AEGIS_OK)
        return peer_fail(call, AEGIS_INTERNAL, "the chain is broken");
    return peer_fail(call, AEGIS_NOT_FOUND, "sold \"to\" nobody");
}

static aegis_reply take(aegis_call *call, const note *request, void *user)
{
    (void)user;
    return peer_ok(call, request);
}

static aegis_settle on_sold(const aegis_event *event, aegis_reader *payload, const void *ops, void *user)
{
    shop *s = (shop *)user;
    const aegis_command_options options = {.parent = &event->base};
    aegis_command *command;
    note what;
    outcome out;

    (void)ops;
    note_get(payload, &what);
    if (peer_submit_as(s->client, &pack_method, &what, &options, "", &command, NULL) != AEGIS_OK)
        return AEGIS_DEAD;
    out = peer_wait(command, &pack_method, 0, NULL, NULL, event->base.arena);
    aegis_command_free(command);
    return out.answer == AEGIS_ANSWER_OK ? AEGIS_DONE : AEGIS_DEAD;
}

static aegis_reply pack(aegis_call *call, const note *request, void *user)
{
    (void)user;
    if (call->attempt == 1)
        return peer_fail(call, AEGIS_UNAVAILABLE, "no string");
    return peer_ok(call, request);
}

SERVE(order)
SERVE(take)
SERVE(pack)

static const aegis_endpoint front_endpoints[] = {{&order_method, serve_order}};
static const aegis_endpoint stock_endpoints[] = {{&take_method, serve_take}};
static const aegis_endpoint packer_endpoints[] = {{&pack_method, serve_pack}};
static const aegis_event_case sold_cases[] = {{&sold, on_sold}};
static const aegis_subscription sold_subscription = {
    .pattern = "thing.sold", .durable = "listener__thing_sold", .cases = sold_cases, .case_count = 1};
static const aegis_service_type types[] = {
    {.name = "front", .version = "1.0.0", .endpoints = front_endpoints, .endpoint_count = 1},
    {.name = "stock", .version = "1.0.0", .endpoints = stock_endpoints, .endpoint_count = 1},
    {.name = "packer", .version = "1.0.0", .endpoints = packer_endpoints, .endpoint_count = 1},
    {.name = "listener", .version = "1.0.0", .subscriptions = &sold_subscription, .subscription_count = 1}};
enum { SERVICES = sizeof types / sizeof types[0] };

/* All spans of it are in the file when it returns. */
static void run(world *w, aegis_otlp *otlp)
{
    const aegis_client_options till = {.source = "till-1"};
    aegis_options options = {.log = NULL};
    aegis_service *services[SERVICES];
    aegis_otlp_counts counts = {0};
    shop s;

    memset(&s, 0, sizeof s);
    aegis_otlp_attach(otlp, &options);
    world_reopen(w, &options);
    assert_int_equal(aegis_client_new(w->bus, &till, &s.client, NULL), AEGIS_OK);
    assert_int_equal(aegis_publisher_new(w->bus, &till, &s.publisher, NULL), AEGIS_OK);
    for (size_t i = 0; i < SERVICES; i++)
        assert_int_equal(aegis_service_start(w->bus, &types[i], NULL, &s, NULL, &services[i], NULL),
                         AEGIS_OK);
    assert_int_equal(peer_invoke(s.client, &order_method, &seven, NULL, w->arena).failed.status,
                     AEGIS_NOT_FOUND);
    for (int i = 0; i < 10000 && counts.sent < SPANS; i++) {
        nap(AEGIS_MILLISECOND);
        aegis_otlp_read(otlp, &counts);
    }
    for (size_t i = 0; i < SERVICES; i++)
        aegis_service_stop(services[i]);
    aegis_publisher_free(s.publisher);
    aegis_client_free(s.client);
}

/* ---- ids and times become names ----------------------------------------------------------------------- */

typedef struct names {
    char id[64][40], name[64][16];
    size_t count;
    unsigned spans, messages;
} names;

static void name(names *n, const char *id, const char *what, unsigned number)
{
    assert_true(n->count < 64);
    (void)snprintf(n->id[n->count], sizeof n->id[0], "%s", id);
    (void)snprintf(n->name[n->count++], sizeof n->name[0], "%s %u", what, number);
}

static const char *named(const names *n, const char *id)
{
    for (size_t i = 0; i < n->count; i++) {
        if (strcmp(n->id[i], id) == 0)
            return n->name[i];
    }
    return NULL;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

/* Of two children of one span: the order of their names, then of their attempts. */
static bool comes_before(const json_t *one, const json_t *other)
{
    const char *a = otlp_attribute(one, "aegis.attempt"), *b = otlp_attribute(other, "aegis.attempt");
    const int names_differ = strcmp(text_of(one, "name"), text_of(other, "name"));

    return names_differ != 0 ? names_differ < 0 : a != NULL && b != NULL && strcmp(a, b) < 0;
}

/* The child of `parent` ("" for none) that comes next, taken out of `left`; NULL: there is none. */
static json_t *take_child(json_t *left, const char *parent)
{
    size_t best = SIZE_MAX, i;
    json_t *span;

    json_array_foreach(left, i, span)
    {
        if (strcmp(text_of(span, "parentSpanId"), parent) == 0 &&
            (best == SIZE_MAX || comes_before(span, json_array_get(left, best))))
            best = i;
    }
    if (best == SIZE_MAX)
        return NULL;
    span = json_incref(json_array_get(left, best));
    (void)json_array_remove(left, best);
    return span;
}

/* Depth first. */
static void sort_below(json_t *left, const char *parent, json_t *sorted, names *n)
{
    json_t *span;

    while ((span = take_child(left, parent)) != NULL) {
        char id[40];
        const char *message = otlp_attribute(span, "messaging.message.id");

        (void)snprintf(id, sizeof id, "%s", text_of(span, "spanId"));
        name(n, id, "span", ++n->spans);
        if (named(n, text_of(span, "traceId")) == NULL)
            name(n, text_of(span, "traceId"), "trace", 1);
        if (message != NULL && named(n, message) == NULL)
            name(n, message, "message", ++n->messages);
        (void)json_array_append_new(sorted, span);
        sort_below(left, id, sorted, n);
    }
}

static void rename_all(json_t *value, const names *n)
{
    const char *key;
    json_t *member;
    size_t i;

    json_array_foreach(value, i, member) rename_all(member, n);
    json_object_foreach(value, key, member)
    {
        const char *text = json_string_value(member);

        if (strstr(key, "TimeUnixNano") != NULL)
            (void)json_string_set(member, "time");
        else if (text != NULL && named(n, text) != NULL)
            (void)json_string_set(member, named(n, text));
        else if (text != NULL && strcmp(text, AEGIS_VERSION) == 0)
            (void)json_string_set(member, "version");
        rename_all(member, n);
    }
}

static json_t *spans_of(const json_t *request)
{
    const json_t *resource = json_array_get(json_object_get(request, "resourceSpans"), 0);

    return json_object_get(json_array_get(json_object_get(resource, "scopeSpans"), 0), "spans");
}

/* The lines of a file as one request, whose spans are in order. */
static json_t *read_chain(const char *path)
{
    FILE *file = fopen(path, "r");
    json_t *request = NULL, *left = json_array(), *sorted = json_array();
    char *line = NULL;
    size_t room = 0, spans;
    names n = {.count = 0};

    assert_non_null(file);
    while (getline(&line, &room, file) > 0) {
        const char *wrong = otlp_rules_check(line, &spans);

        if (wrong != NULL)
            fail_msg("%s", wrong);
        json_decref(request);
        request = json_loads(line, 0, NULL);
        (void)json_array_extend(left, spans_of(request));
    }
    free(line);
    (void)fclose(file);
    sort_below(left, "", sorted, &n);
    assert_int_equal(json_array_size(left), 0); /* it is one tree */
    (void)json_array_clear(spans_of(request));
    (void)json_array_extend(spans_of(request), sorted);
    rename_all(request, &n);
    json_decref(left);
    json_decref(sorted);
    return request;
}

static void compare(const json_t *request)
{
    const char *mode = getenv("AEGIS_GOLDEN");
    char *made = json_dumps(request, JSON_INDENT(1));
    json_t *expected = json_load_file(GOLDEN, 0, NULL);
    FILE *file;

    if (mode != NULL && strcmp(mode, "update") == 0) {
        file = fopen(GOLDEN, "w");
        assert_non_null(file);
        (void)fprintf(file, "%s\n", made);
        (void)fclose(file);
    } else if (expected == NULL) {
        fail_msg("%s cannot be read; run in the top folder, or with AEGIS_GOLDEN=update", GOLDEN);
    } else if (!json_equal(request, expected)) {
        fail_msg("%s is not what was made; if that is meant, run with AEGIS_GOLDEN=update:\n%s", GOLDEN,
                 made);
    }
    json_decref(expected);
    free(made);
}

static void test_chain(void **state)
{
    world *w = (world *)*state;
    char path[] = "/tmp/aegis-chain-XXXXXX", endpoint[64];
    const int fd = mkstemp(path);
    const aegis_otlp_options options = {.endpoint = endpoint,
                                        .service_name = "shop",
                                        .instance = "shop-1",
                                        .resource = "deployment.environment.name=test",
                                        .interval = 5 * AEGIS_MILLISECOND};
    aegis_otlp *otlp;
    json_t *request;

    assert_true(fd >= 0);
    (void)close(fd);
    (void)snprintf(endpoint, sizeof endpoint, "file:%s", path);
    assert_int_equal(aegis_otlp_open(&options, &otlp, NULL), AEGIS_OK);
    run(w, otlp);
    world_reopen(w, &(aegis_options){.log = NULL});
    assert_int_equal(aegis_otlp_close(otlp, NULL), AEGIS_OK);
    request = read_chain(path);
    assert_int_equal(json_array_size(spans_of(request)), SPANS);
    compare(request);
    json_decref(request);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest cases[] = {WORLD_CASE(test_chain)};

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
