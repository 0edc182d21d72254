/* Streams and buckets as a program meets them: created as its options say, found altered, found made by the
 * original SDK, found full; and what that SDK's workers leave in COMMANDS. Also the short part of F18 and
 * F28.
 */
#define _GNU_SOURCE
#include "application/bus.h"
#include "application/record.h"
#include "contract/world.h"
#include "ports/stream.h"

/* ---- what was logged ---------------------------------------------------------------------------------- */

static struct {
    pthread_mutex_t lock;
    char text[8192];
    size_t length;
} said = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void keep_line(void *user, aegis_log_level level, const char *line)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    int length;

    (void)user;
    (void)pthread_mutex_lock(&said.lock);
    length =
        snprintf(said.text + said.length, sizeof said.text - said.length, "%s: %s\n", levels[level], line);
    if (length > 0 && (size_t)length < sizeof said.text - said.length)
        said.length += (size_t)length;
    (void)pthread_mutex_unlock(&said.lock);
}

static bool was_said(const char *line)
{
    bool found;

    (void)pthread_mutex_lock(&said.lock);
    found = strstr(said.text, line) != NULL;
    if (!found)
        print_error("'%s' is not in:\n%s", line, said.text);
    (void)pthread_mutex_unlock(&said.lock);
    return found;
}

static void reopen(world *w, aegis_options options)
{
    options.log = keep_line;
    said.length = 0;
    said.text[0] = '\0';
    world_reopen(w, &options);
}

/* ---- steps -------------------------------------------------------------------------------------------- */

static int64_t soon(void)
{
    return aegis_clock_monotonic() + TEN_SECONDS;
}

static aegis_status store(world *w, const char *subject, const char *id)
{
    const aegis_header header = {"Nats-Msg-Id", id};
    const aegis_outgoing message = {.subject = subject,
                                    .headers = &header,
                                    .header_count = id != NULL ? 1 : 0,
                                    .body = {(const uint8_t *)"{}", 2}};

    return w->bus->port->ops->publish_durable(w->bus->port, &message, soon(), NULL, NULL);
}

/* Also while the connection comes back. */
static aegis_stream_info info_of(world *w, const char *stream)
{
    int64_t until = soon();
    aegis_stream_info info;
    aegis_status status;

    do {
        memset(&info, 0, sizeof info);
        status = w->bus->port->ops->stream_info(w->bus->port, stream, until, &info, NULL);
        if (status == AEGIS_UNAVAILABLE)
            nap(20 * AEGIS_MILLISECOND);
    } while (status == AEGIS_UNAVAILABLE && aegis_clock_monotonic() < until);
    assert_int_equal(status, AEGIS_OK);
    return info;
}

/* Compare with what a bus of these options would have made. */
static aegis_stream_info compare(world *w, aegis_stream_kind kind, const aegis_options *options)
{
    static aegis_topology wanted;
    aegis_stream_info info;

    memset(&wanted, 0, sizeof wanted);
    memset(&info, 0, sizeof info);
    assert_int_equal(aegis_topology_init(&wanted, options, NULL), AEGIS_OK);
    (void)w->bus->port->ops->ensure_stream(w->bus->port, &wanted.streams[kind], soon(), &info, NULL);
    return info;
}

static void ensure_all(world *w)
{
    aegis_error error = {0};
    int kind;

    for (kind = 0; kind < AEGIS_KIND_COUNT; kind++) {
        if (aegis_bus_ensure(w->bus, (aegis_stream_kind)kind, &error) != AEGIS_OK)
            fail_msg("%s", aegis_error_text(&error));
    }
}

/* ---- options ------------------------------------------------------------------------------------------ */

static void test_defaults(void **state)
{
    world *w = (world *)*state;
    const aegis_options none = {0};
    int kind;

    reopen(w, none);
    ensure_all(w);
    assert_string_equal(said.text, "");
    for (kind = 0; kind < AEGIS_KIND_COUNT; kind++) {
        aegis_stream_info info = compare(w, (aegis_stream_kind)kind, &none);

        assert_true(info.ours);
        assert_string_equal(info.difference, "");
        assert_string_equal(info.limits, "");
    }
    assert_int_equal(info_of(w, "EVENTS").messages, 0);
    assert_int_equal(info_of(w, "COMMANDS").messages, 0);
    assert_int_equal(info_of(w, "AEGIS_DLQ").messages, 0);
}

static void test_options(void **state)
{
    world *w = (world *)*state;
    const aegis_options options = {
        .events = {.name = "SHOP_EVENTS", .max_age = AEGIS_HOUR, .max_bytes = -1},
        .commands = {.name = "SHOP_COMMANDS", .max_bytes = 1 << 20, .max_messages = 50},
        .dead_letters = {.name = "SHOP_DLQ", .duplicate_window = AEGIS_MINUTE},
        .results = {.name = "shop_results", .max_age = 2 * AEGIS_HOUR},
        .storage = AEGIS_STORE_MEMORY};
    const aegis_options names = {.events = {.name = "SHOP_EVENTS"},
                                 .commands = {.name = "SHOP_COMMANDS"},
                                 .dead_letters = {.name = "SHOP_DLQ"},
                                 .results = {.name = "shop_results"},
                                 .storage = AEGIS_STORE_MEMORY};
    aegis_stream_info info;
    uint64_t revision;

    reopen(w, options);
    ensure_all(w);
    assert_string_equal(aegis_bus_stream(w->bus, AEGIS_KIND_COMMANDS), "SHOP_COMMANDS");
    info = compare(w, AEGIS_KIND_EVENTS, &names);
    assert_string_equal(info.difference, "");
    assert_string_equal(info.limits,
                        "max_bytes is unlimited, not 1073741824; max_age is 3600s, not unlimited");
    info = compare(w, AEGIS_KIND_COMMANDS, &names);
    assert_string_equal(info.limits, "max_bytes is 1048576, not 268435456; max_msgs is 50, not unlimited");
    info = compare(w, AEGIS_KIND_DLQ, &names);
    assert_string_equal(info.limits, "duplicate_window is 60s, not 120s");
    info = compare(w, AEGIS_KIND_RECORDS, &names);
    assert_string_equal(info.limits, "max_age is 7200s, not 86400s");
    assert_int_equal(w->bus->port->ops->kv_put(w->bus->port, "shop_results", "k", (aegis_bytes){NULL, 0}, 0,
                                               soon(), &revision, NULL),
                     AEGIS_OK);
    assert_int_equal(store(w, "commands.x.y", NULL), AEGIS_OK);
    assert_int_equal(info_of(w, "SHOP_COMMANDS").messages, 1);
}

static void refused(world *w, const char *wanted, const aegis_options *options)
{
    aegis_error error = {0};
    aegis_bus *bus = NULL;

    assert_int_equal(aegis_open(w->url, options, &bus, &error), AEGIS_INVALID_ARGUMENT);
    assert_null(bus);
    assert_string_equal(error.text, wanted);
}

static void test_options_refused(void **state)
{
    world *w = (world *)*state;

    refused(w, "'a.b' cannot be the name of a stream or bucket", &(aegis_options){.events = {.name = "a.b"}});
    refused(w, "'' cannot be the name of a stream or bucket", &(aegis_options){.results = {.name = ""}});
    refused(w, "'x y' cannot be the name of a stream or bucket",
            &(aegis_options){.commands = {.name = "x y"}});
    refused(w, "options.replicas is 6; 5 at most", &(aegis_options){.replicas = 6});
    refused(w, "options.results has a max_age and max_bytes, and no other limits",
            &(aegis_options){.results = {.max_messages = 1}});
}

/* Other limits than asked for: told once, and kept. */
static void test_limits_are_kept(void **state)
{
    world *w = (world *)*state;
    const aegis_options asked = {.events = {.max_messages = 5}};
    static const char *const subject = "events.>";
    const aegis_stream_config made = {
        .name = "EVENTS", .subjects = &subject, .subject_count = 1, .max_messages = 7};

    reopen(w, asked);
    assert_int_equal(w->bus->port->ops->ensure_stream(w->bus->port, &made, soon(), NULL, NULL), AEGIS_OK);
    assert_int_equal(aegis_bus_ensure(w->bus, AEGIS_KIND_EVENTS, NULL), AEGIS_OK);
    aegis_bus_missing(w->bus, AEGIS_KIND_EVENTS);
    assert_int_equal(aegis_bus_ensure(w->bus, AEGIS_KIND_EVENTS, NULL), AEGIS_OK);
    assert_string_equal(
        said.text,
        "warning: EVENTS is there with other limits than the options have, and keeps them: max_bytes "
        "is unlimited, not 1073741824; max_msgs is 7, not 5\n");
}

/* ---- altered ------------------------------------------------------------------------------------------ */

/* Ours, but not as it was made: nothing works with it, and nothing is altered (F28). */
static void test_altered(void **state)
{
    world *w = (world *)*state;
    static const char *const subjects[] = {"commands.a.>", "commands.b.>"};
    const aegis_stream_config altered = {.name = "COMMANDS",
                                         .subjects = subjects,
                                         .subject_count = 2,
                                         .retention = AEGIS_RETAIN_WORK_QUEUE,
                                         .discard = AEGIS_DISCARD_OLD};
    aegis_stream_info info;
    aegis_error error = {0};

    reopen(w, (aegis_options){0});
    assert_int_equal(w->bus->port->ops->ensure_stream(w->bus->port, &altered, soon(), NULL, NULL), AEGIS_OK);
    assert_int_equal(aegis_bus_ensure(w->bus, AEGIS_KIND_COMMANDS, &error), AEGIS_FAILED_PRECONDITION);
    assert_non_null(strstr(error.text, "COMMANDS"));
    assert_non_null(strstr(error.text,
                           "subjects are 'commands.a.>', 'commands.b.>', not 'commands.>'; discard is "
                           "old, not new"));
    assert_true(
        was_said("error: COMMANDS was created by Aegis and has been altered: subjects are 'commands.a.>', "
                 "'commands.b.>', not 'commands.>'; discard is old, not new. It is not altered back from "
                 "here\n"));
    assert_int_equal(w->bus->port->ops->ensure_stream(w->bus->port, &altered, soon(), &info, NULL), AEGIS_OK);
    assert_string_equal(info.difference, "");
    assert_string_equal(info.limits, "");
}

/* ---- the original's ----------------------------------------------------------------------------------- */

/* The configuration in a recorded answer. */
static const char *recorded(world *w, const char *name)
{
    char *text = (char *)aegis_arena_alloc(w->arena, 8192);
    FILE *file = fopen(aegis_arena_printf(w->arena, "tests/interop/stream_%s.json", name), "rb");
    char *begin, *end;
    size_t size;

    assert_non_null(text);
    assert_non_null(file);
    size = fread(text, 1, 8191, file);
    (void)fclose(file);
    text[size] = '\0';
    begin = strstr(text, "\"config\": {");
    end = strstr(text, "\"created\"");
    assert_true(begin != NULL && end != NULL);
    while (*end != '}')
        end--;
    end[1] = '\0';
    return strchr(begin, '{');
}

static void create_as_the_original(world *w, const char *name)
{
    const char *body = recorded(w, name);
    const aegis_outgoing request = {.subject = aegis_arena_printf(w->arena, "$JS.API.STREAM.CREATE.%s", name),
                                    .body = {(const uint8_t *)body, strlen(body)}};
    aegis_message answer;
    bool created;

    assert_int_equal(w->bus->port->ops->request(w->bus->port, &request, soon(), &answer, NULL), AEGIS_OK);
    created = memmem(answer.body.data, answer.body.len, "\"error\"", 7) == NULL;
    w->bus->port->ops->release(&answer);
    assert_true(created);
}

/* Its streams are used as they are; what they weaken is said. */
static void test_streams_of_the_original(void **state)
{
    world *w = (world *)*state;
    aegis_stream_info info;

    if (!world_is_nats())
        return;
    create_as_the_original(w, "EVENTS");
    create_as_the_original(w, "COMMANDS");
    create_as_the_original(w, "KV_service_registry");
    reopen(w, (aegis_options){0});
    ensure_all(w);
    assert_true(
        was_said("warning: COMMANDS was not created by Aegis and is used as it is: discard is old, not new. "
                 "What that weakens: when it is full, accepted commands are dropped instead of new ones "
                 "refused\n"));
    assert_true(
        was_said("info: COMMANDS is there with other limits than the options have, and keeps them: max_bytes "
                 "is unlimited, not 268435456; max_msgs is 10000, not unlimited\n"));
    assert_true(was_said(
        "info: EVENTS is there with other limits than the options have, and keeps them: max_bytes is "
        "unlimited, not 1073741824; max_msgs is 100000, not unlimited\n"));
    assert_null(strstr(said.text, "warning: EVENTS"));
    assert_true(was_said("info: service_registry is there with other limits than the options have, and keeps "
                         "them: "));
    assert_null(strstr(said.text, "warning: service_registry"));
    assert_int_equal(store(w, "commands.x.y", NULL), AEGIS_OK);
    assert_int_equal(store(w, "events.x.y", NULL), AEGIS_OK);
    info = info_of(w, "COMMANDS");
    assert_int_equal(info.messages, 1);
    assert_false(info.ours);
}

/* What its workers leave fills a stream until commands are refused; then it is swept, and they are taken. */
static void test_swept(void **state)
{
    world *w = (world *)*state;
    const aegis_options small = {.commands = {.max_messages = 30}};
    static aegis_topology made;
    int64_t until;
    int i;

    reopen(w, small);
    memset(&made, 0, sizeof made);
    assert_int_equal(aegis_topology_init(&made, &small, NULL), AEGIS_OK);
    assert_int_equal(w->bus->port->ops->ensure_stream(w->bus->port, &made.streams[AEGIS_KIND_COMMANDS],
                                                      soon(), NULL, NULL),
                     AEGIS_OK);
    for (i = 0; i < 15; i++) {
        assert_int_equal(store(w, "commands.progress.3f0e", NULL), AEGIS_OK);
        assert_int_equal(store(w, "commands.callback.3f0e", NULL), AEGIS_OK);
    }
    assert_int_equal(store(w, "commands.x.y", "1"), AEGIS_RESOURCE_EXHAUSTED);
    assert_int_equal(aegis_bus_ensure(w->bus, AEGIS_KIND_COMMANDS, NULL), AEGIS_OK);
    until = soon();
    while (store(w, "commands.x.y", "1") != AEGIS_OK && aegis_clock_monotonic() < until)
        nap(5 * AEGIS_MILLISECOND);
    while (info_of(w, "COMMANDS").messages != 1 && aegis_clock_monotonic() < until)
        nap(5 * AEGIS_MILLISECOND);
    assert_int_equal(info_of(w, "COMMANDS").messages, 1); /* the command, and nothing else */

    /* and it goes on */
    for (i = 0; i < 100; i++) {
        while (store(w, "commands.progress.other", NULL) != AEGIS_OK && aegis_clock_monotonic() < until)
            nap(5 * AEGIS_MILLISECOND);
    }
    until = soon();
    while (info_of(w, "COMMANDS").messages != 1 && aegis_clock_monotonic() < until)
        nap(5 * AEGIS_MILLISECOND);
    assert_int_equal(info_of(w, "COMMANDS").messages, 1);
    assert_string_equal(said.text, "");
}

/* In one process EVENTS may have 1 GiB, but the bus has 256 MiB of memory: it forgets the oldest before that
 * is used up, so that everything else goes on. */
static void test_crowded(void **state)
{
    world *w = (world *)*state;
    const size_t size = 1000000;
    uint8_t *bytes;
    int i;

    if (world_is_nats())
        return;
    bytes = (uint8_t *)calloc(1, size);
    assert_non_null(bytes);
    assert_int_equal(aegis_bus_ensure(w->bus, AEGIS_KIND_EVENTS, NULL), AEGIS_OK);
    for (i = 0; i < 400; i++) {
        const aegis_outgoing message = {.subject = "events.x.y", .body = {bytes, size}};

        assert_int_equal(w->bus->port->ops->publish_durable(w->bus->port, &message, soon(), NULL, NULL),
                         AEGIS_OK);
    }
    free(bytes);
    assert_in_range(info_of(w, "EVENTS").messages, 150, 250);
    assert_int_equal(info_of(w, "EVENTS").last_sequence, 400);
    assert_int_equal(aegis_bus_ensure(w->bus, AEGIS_KIND_COMMANDS, NULL), AEGIS_OK);
    assert_int_equal(store(w, "commands.x.y", NULL), AEGIS_OK);
}

/* A server whose store is smaller than what the streams ask for says so, and we what they ask for. */
static void test_no_room(void **state)
{
    world *w = (world *)*state;
    nats_server small = {.configuration = "jetstream { max_file_store: 64MB }\n"};
    const char *url = w->url;
    aegis_error error = {0};

    if (!world_is_nats())
        return;
    assert_true(nats_server_start(&small));
    w->url = small.url;
    reopen(w, (aegis_options){0});
    assert_int_equal(aegis_bus_ensure(w->bus, AEGIS_KIND_COMMANDS, &error), AEGIS_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(error.text, "stream COMMANDS: insufficient storage resources available"));
    assert_non_null(strstr(error.text, "; it asks for 268435456 bytes of the server's store: see "
                                       "options.commands.max_bytes"));
    reopen(w, (aegis_options){.commands = {.max_bytes = 32 << 20}});
    assert_int_equal(aegis_bus_ensure(w->bus, AEGIS_KIND_COMMANDS, &error), AEGIS_OK);
    w->url = url;
    reopen(w, (aegis_options){0});
    nats_server_stop(&small);
}

/* ---- gone --------------------------------------------------------------------------------------------- */

/* A stream that was there and is gone (one in memory, after a restart) is made anew by who publishes. */
static void test_lost_stream(void **state)
{
    world *w = (world *)*state;
    static const aegis_event_type created = {"order", "created", "1.0"};
    const aegis_outgoing request = {.subject = "$JS.API.STREAM.DELETE.EVENTS"};
    const aegis_publish_options patient = {.timeout = TEN_SECONDS};
    aegis_message answer;
    aegis_error error = {0};

    if (!world_is_nats())
        return;
    reopen(w, (aegis_options){.storage = AEGIS_STORE_MEMORY});
    assert_int_equal(peer_publish(w->publisher, &created, &seven, NULL, &error), AEGIS_OK);
    assert_int_equal(w->bus->port->ops->request(w->bus->port, &request, soon(), &answer, NULL), AEGIS_OK);
    w->bus->port->ops->release(&answer);
    if (peer_publish(w->publisher, &created, &seven, &patient, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    assert_int_equal(info_of(w, "EVENTS").messages, 1);
}

/* So is a bucket: a record of a command can be written again. */
static void test_lost_bucket(void **state)
{
    world *w = (world *)*state;
    const aegis_outgoing request = {.subject = "$JS.API.STREAM.DELETE.KV_aegis_commands"};
    aegis_message answer;
    aegis_record record;
    int i;

    if (!world_is_nats())
        return;
    for (i = 0; i < 2; i++) {
        aegis_record_begin(&record, "3f0e", "worker", "pack");
        aegis_record_claim(&record, "worker-1");
        assert_int_equal(aegis_record_write(w->bus, &record, soon(), w->arena, NULL), AEGIS_OK);
        assert_int_equal(aegis_record_read(w->bus, "3f0e", soon(), w->arena, &record, NULL), AEGIS_OK);
        assert_string_equal(record.value.service, "worker");
        assert_int_equal(w->bus->port->ops->request(w->bus->port, &request, soon(), &answer, NULL), AEGIS_OK);
        w->bus->port->ops->release(&answer);
    }
}

static void leave(world *w, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        const aegis_header header = {"Nats-Msg-Id", "x"};
        const aegis_outgoing message = {.subject =
                                            i % 2 == 0 ? "commands.progress.3f0e" : "commands.callback.3f0e",
                                        .headers = &header,
                                        .header_count = 0};

        if (aegis_bus_store(w->bus, AEGIS_KIND_COMMANDS, &message, soon(), NULL, NULL) != AEGIS_OK)
            i--;
    }
}

static void expect_swept(world *w)
{
    int64_t until = soon() + TEN_SECONDS;

    while (info_of(w, "COMMANDS").messages != 0 && aegis_clock_monotonic() < until)
        nap(10 * AEGIS_MILLISECOND);
    assert_int_equal(info_of(w, "COMMANDS").messages, 0);
}

/* A server that is killed may forget where an emptied work queue had counted to: the consumers are ahead of
 * it then. */
static void test_swept_after_kills(void **state)
{
    world *w = (world *)*state;
    int rounds = getenv("AEGIS_TEST_ROUNDS") != NULL ? atoi(getenv("AEGIS_TEST_ROUNDS")) : 3;
    int i;

    if (!world_is_nats())
        return;
    reopen(w, (aegis_options){0});
    assert_int_equal(aegis_bus_ensure(w->bus, AEGIS_KIND_COMMANDS, NULL), AEGIS_OK);
    for (i = 0; i < rounds; i++) {
        leave(w, 20);
        expect_swept(w);
        nats_server_kill(&w->server);
        assert_true(nats_server_restart(&w->server));
        leave(w, 4);
        expect_swept(w);
    }
}

/* However a consumer came not to see what is there: it is noticed after a reconnection, and made anew. */
static void test_blind_sweep(void **state)
{
    world *w = (world *)*state;
    const aegis_consumer_config blind = {
        .stream = "COMMANDS", .durable = "aegis-sweep-progress", .filter = "commands.progress.of.nobody"};
    const aegis_port_ops *ops = w->bus->port->ops;

    if (!world_is_nats())
        return;
    reopen(w, (aegis_options){0});
    assert_int_equal(aegis_bus_ensure(w->bus, AEGIS_KIND_COMMANDS, NULL), AEGIS_OK);
    leave(w, 4);
    expect_swept(w);
    assert_int_equal(ops->delete_consumer(w->bus->port, "COMMANDS", blind.durable, soon(), NULL), AEGIS_OK);
    assert_int_equal(ops->ensure_consumer(w->bus->port, &blind, soon(), NULL), AEGIS_OK);
    leave(w, 1);
    nap(300 * AEGIS_MILLISECOND);
    assert_int_equal(info_of(w, "COMMANDS").messages, 1);
    nats_server_terminate(&w->server);
    assert_true(nats_server_restart(&w->server));
    expect_swept(w);
    assert_true(was_said("warning: sweep: the server has lost its place: consumer aegis-sweep-progress does "
                         "not see what is in "
                         "COMMANDS; it is made anew"));
}

/* ---- full (F18) --------------------------------------------------------------------------------------- */

static void test_commands_full(void **state)
{
    world *w = (world *)*state;
    uint64_t accepted = 0;
    aegis_status status = AEGIS_OK;
    char id[16];
    int i;

    reopen(w, (aegis_options){.commands = {.max_bytes = 4096}});
    assert_int_equal(aegis_bus_ensure(w->bus, AEGIS_KIND_COMMANDS, NULL), AEGIS_OK);
    for (i = 0; i < 200; i++) {
        (void)snprintf(id, sizeof id, "%d", i);
        status = store(w, "commands.x.y", id);
        accepted += status == AEGIS_OK;
        if (status != AEGIS_OK)
            assert_int_equal(status, AEGIS_RESOURCE_EXHAUSTED);
    }
    assert_int_equal(status, AEGIS_RESOURCE_EXHAUSTED);
    assert_true(accepted > 10 && accepted < 200);
    assert_int_equal(info_of(w, "COMMANDS").messages, accepted);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_defaults),        WORLD_CASE(test_options),
        WORLD_CASE(test_options_refused), WORLD_CASE(test_limits_are_kept),
        WORLD_CASE(test_altered),         WORLD_CASE(test_streams_of_the_original),
        WORLD_CASE(test_swept),           WORLD_CASE(test_crowded),
        WORLD_CASE(test_no_room),         WORLD_CASE(test_lost_bucket),
        WORLD_CASE(test_lost_stream),     WORLD_CASE(test_swept_after_kills),
        WORLD_CASE(test_blind_sweep),     WORLD_CASE(test_commands_full),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
