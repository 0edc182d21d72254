/* Publishing while servers and publishers die, and while the store is full. The ledger compares what was
 * acknowledged with what is read afterwards. AEGIS_SEED repeats a run.
 *
 *   F1   the server is killed again and again while four writers publish
 *   F2   a publisher is killed again and again, and each time begins anew with the same message ids
 *   F17  the server's store is small: by its own limit, and, where we may mount one, on a small tmpfs
 */
#define _GNU_SOURCE
#include <aegis/health.h>

#include "application/bus.h"
#include "contract/ledger.h"
#include "contract/world.h"

#include "aegis/wire.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILLS = 12, ROUNDS = 8, WRITERS = 4, SMALL = 12 << 20 };

static const aegis_event_type happened = {"thing", "happened", "1.0"};
static uint64_t seed;

static uint64_t dice(uint64_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 24) % limit;
}

/* ---- what is in the stream ---------------------------------------------------------------------------- */

static void read_event(ledger *l, aegis_bytes body, aegis_arena *arena)
{
    aegis_wire_event event;
    aegis_reader payload;
    note value = {"unreadable", 0};

    if (aegis_wire_event_decode(body, AEGIS_FORMAT_AUTO, arena, &event, NULL) == AEGIS_OK) {
        aegis_reader_open(&payload, event.payload.data, event.payload.format, arena);
        note_get(&payload, &value);
        (void)aegis_reader_close(&payload, NULL);
    }
    ledger_read(l, value.text != NULL ? value.text : "no text");
    aegis_arena_reset(arena);
}

/* From the first to the last. */
static void read_all(const char *url, ledger *l)
{
    static const aegis_consumer_config config = {
        .stream = AEGIS_STREAM_EVENTS, .durable = "auditor", .filter = "events.>"};
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_source *source = NULL;
    aegis_message message;
    aegis_bus *bus = NULL;
    uint64_t left = 1;

    assert_int_equal(aegis_open(url, NULL, &bus, NULL), AEGIS_OK);
    const aegis_port_ops *ops = bus->port->ops;
    const int64_t until = aegis_clock_monotonic() + AEGIS_MINUTE;
    assert_int_equal(ops->ensure_consumer(bus->port, &config, until, NULL), AEGIS_OK);
    assert_int_equal(ops->consume(bus->port, config.stream, config.durable, &source, NULL), AEGIS_OK);
    ops->credit(source, 500);
    while (left > 0 && ops->next(source, until, &message) == AEGIS_OK) {
        read_event(l, message.body, arena);
        left = message.pending;
        (void)ops->settle(&message, AEGIS_ACK, 0);
        ops->release(&message);
        ops->credit(source, 1);
    }
    assert_int_equal(left, 0);
    ops->close_source(source);
    aegis_close(bus);
    aegis_arena_free(arena);
}

/* ---- F1 ----------------------------------------------------------------------------------------------- */

typedef struct writer {
    world *w;
    ledger *l;
    unsigned number;
    unsigned written;
    bool blocking;
    atomic_bool *stop;
    atomic_llong *last_ack;
    atomic_long failed;
    pthread_t thread;
} writer;

typedef struct letter {
    writer *of;
    unsigned counter;
} letter;

static void acked(writer *wr, unsigned counter)
{
    ledger_acked(wr->l, wr->number, counter);
    atomic_store(wr->last_ack, aegis_clock_monotonic());
}

static void told(const aegis_publication *publication, void *user)
{
    letter *what = (letter *)user;

    if (publication->failed.status == AEGIS_OK)
        acked(what->of, what->counter);
    else
        atomic_fetch_add(&what->of->failed, 1);
    free(what);
}

static void write_one(writer *wr, aegis_publisher *publisher, unsigned counter)
{
    const aegis_publish_options options = {.timeout = 30 * AEGIS_SECOND};
    char text[32];

    ledger_text(wr->number, counter, text);
    if (wr->blocking) {
        if (peer_publish(publisher, &happened, &(note){text, 0}, &options, NULL) == AEGIS_OK)
            acked(wr, counter);
        else
            atomic_fetch_add(&wr->failed, 1);
        return;
    }
    letter *what = (letter *)malloc(sizeof *what);
    *what = (letter){wr, counter};
    if (peer_publish_async(publisher, &happened, &(note){text, 0}, &options, told, what, NULL) != AEGIS_OK) {
        atomic_fetch_add(&wr->failed, 1);
        free(what);
    }
}

static void *keep_writing(void *argument)
{
    const aegis_client_options options = {.async_limit = 256};
    writer *wr = (writer *)argument;
    aegis_publisher *publisher = NULL;

    if (aegis_publisher_new(wr->w->bus, &options, &publisher, NULL) != AEGIS_OK)
        return NULL;
    while (!atomic_load(wr->stop) && wr->written < LEDGER_MOST) {
        write_one(wr, publisher, wr->written++);
        if (wr->written % 64 == 0)
            nap(2 * AEGIS_MILLISECOND);
    }
    aegis_publisher_free(publisher);
    return NULL;
}

/* Kill and restart; how long it took from the server's return to an acknowledgement. */
static int64_t kill_server(world *w, atomic_llong *last_ack)
{
    nap((aegis_duration)(100 + dice(500)) * AEGIS_MILLISECOND);
    nats_server_kill(&w->server);
    nap((aegis_duration)dice(300) * AEGIS_MILLISECOND);
    assert_true(nats_server_restart(&w->server));
    const int64_t back = aegis_clock_monotonic();
    while (atomic_load(last_ack) < back && aegis_clock_monotonic() < back + TEN_SECONDS)
        nap(AEGIS_MILLISECOND);
    return aegis_clock_monotonic() - back;
}

static void f1_server_dies(void **state)
{
    world *w = (world *)*state;
    writer writers[WRITERS];
    ledger *l = ledger_new();
    atomic_bool stop = false;
    atomic_llong last_ack = 0;
    int64_t slowest = 0;
    long failed = 0;

    if (!world_is_nats())
        return;
    assert_non_null(l);
    memset(writers, 0, sizeof writers);
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] =
            (writer){.w = w, .l = l, .number = i, .blocking = i == 0, .stop = &stop, .last_ack = &last_ack};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, keep_writing, &writers[i]), 0);
    }
    while (atomic_load(&last_ack) == 0)
        nap(AEGIS_MILLISECOND);
    for (int i = 0; i < KILLS; i++) {
        const int64_t took = kill_server(w, &last_ack);
        slowest = took > slowest ? took : slowest;
    }
    atomic_store(&stop, true);
    for (unsigned i = 0; i < WRITERS; i++) {
        (void)pthread_join(writers[i].thread, NULL);
        failed += atomic_load(&writers[i].failed);
    }
    read_all(w->url, l);
    const ledger_report r = ledger_check(l);
    (void)printf(
        "F1: server killed %d times: %lu acked, %lu read, %lu lost (prefix %lu, middle %lu, postfix %lu), "
        "%lu duplicates, %lu out of order, %ld failed, slowest recovery %.0f ms\n",
        KILLS, r.acked, r.read, ledger_lost(&r), r.lost_prefix, r.lost_middle, r.lost_postfix, r.duplicates,
        r.disorder, failed, (double)slowest / 1e6);
    assert_true(r.acked > 1000);
    assert_int_equal(ledger_lost(&r), 0);
    assert_int_equal(r.strange, 0);
    assert_int_equal(r.duplicates, 0);
    assert_int_equal(r.disorder, 0);
    assert_int_equal(failed, 0);
    assert_true(slowest < TEN_SECONDS);
    ledger_free(l);
}

/* ---- F2 ----------------------------------------------------------------------------------------------- */

enum { SERIES = 30000 };

/* The id of a value is made from it, so that the publisher that begins anew uses the same. */
static void id_of(unsigned counter, char id[AEGIS_UUID_TEXT])
{
    aegis_uuid uuid = {{0}};

    memcpy(uuid.bytes, "fault F2 id", 11);
    for (int i = 0; i < 4; i++)
        uuid.bytes[12 + i] = (uint8_t)(counter >> (8 * i));
    (void)aegis_uuid_format(uuid, id);
}

/* The publisher, in a process of its own. */
static int publish_series(const char *url)
{
    aegis_publisher *publisher = NULL;
    aegis_bus *bus = NULL;
    char id[AEGIS_UUID_TEXT], text[32];

    if (aegis_open(url, NULL, &bus, NULL) != AEGIS_OK ||
        aegis_publisher_new(bus, NULL, &publisher, NULL) != AEGIS_OK)
        return 1;
    for (unsigned i = 0; i < SERIES; i++) {
        const aegis_publish_options options = {.message_id = id, .timeout = 30 * AEGIS_SECOND};
        id_of(i, id);
        ledger_text(0, i, text);
        if (peer_publish_async(publisher, &happened, &(note){text, 0}, &options, NULL, NULL, NULL) !=
            AEGIS_OK)
            return 1;
    }
    if (aegis_publisher_flush(publisher, AEGIS_MINUTE, NULL) != AEGIS_OK)
        return 1;
    aegis_publisher_free(publisher);
    aegis_close(bus);
    return 0;
}

static pid_t start_series(const char *url)
{
    const pid_t pid = fork();

    if (pid == 0) {
        (void)execl("/proc/self/exe", "fault_publish", url, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static void f2_publisher_dies(void **state)
{
    world *w = (world *)*state;
    ledger *l = ledger_new();
    int code = -1;

    if (!world_is_nats())
        return;
    assert_non_null(l);
    for (int i = 0; i < ROUNDS; i++) {
        const pid_t pid = start_series(w->url);
        assert_true(pid > 0);
        nap((aegis_duration)(50 + dice(250)) * AEGIS_MILLISECOND);
        assert_int_equal(kill(pid, SIGKILL), 0);
        (void)waitpid(pid, NULL, 0);
    }
    const pid_t pid = start_series(w->url);
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &code, 0), pid);
    assert_int_equal(code, 0);
    for (unsigned i = 0; i < SERIES; i++)
        ledger_acked(l, 0, i);
    read_all(w->url, l);
    const ledger_report r = ledger_check(l);
    (void)printf("F2: publisher killed %d times and begun anew: %lu of %d stored, %lu lost, %lu duplicates, "
                 "%lu out of "
                 "order\n",
                 ROUNDS, r.read, SERIES, ledger_lost(&r), r.duplicates, r.disorder);
    assert_int_equal(ledger_lost(&r), 0);
    assert_int_equal(r.duplicates, 0);
    assert_int_equal(r.disorder, 0);
    ledger_free(l);
}

/* ---- F17 ---------------------------------------------------------------------------------------------- */

typedef struct outcome_count {
    atomic_long stored, refused, other;
    char text[2 * AEGIS_ERROR_TEXT_MAX];
} outcome_count;

static void count(const aegis_publication *publication, void *user)
{
    outcome_count *c = (outcome_count *)user;
    const aegis_status status = publication->failed.status;

    if (status == AEGIS_OK) {
        atomic_fetch_add(&c->stored, 1);
        return;
    }
    if (atomic_fetch_add(status == AEGIS_RESOURCE_EXHAUSTED || status == AEGIS_UNAVAILABLE ? &c->refused
                                                                                           : &c->other,
                         1) == 0)
        (void)snprintf(c->text, sizeof c->text, "%s: %s", aegis_status_name(status),
                       publication->failed.text);
}

static bool is_ready(aegis_bus *bus)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_health_report report;
    bool ready;

    assert_int_equal(aegis_health_read(bus, arena, &report, NULL), AEGIS_OK);
    assert_true(report.live);
    ready = report.ready;
    aegis_arena_free(arena);
    return ready;
}

/* The stream as its owner made it: without a limit of its own that is larger than the store. */
static void make_stream(const aegis_bus *bus)
{
    static const char *const subjects[] = {"events.>"};
    const aegis_stream_config config = {
        .name = AEGIS_STREAM_EVENTS, .subjects = subjects, .subject_count = 1};
    aegis_error error = {0};

    if (bus->port->ops->ensure_stream(bus->port, &config, aegis_clock_monotonic() + TEN_SECONDS, NULL,
                                      &error) != AEGIS_OK)
        fail_msg("%s", error.text);
}

/* Publish until it is full and some more; what the server then has is what was acknowledged. */
static void fill(nats_server *server, const char *how)
{
    enum { EVENTS = 2000 };
    const aegis_publish_options options = {.timeout = 3 * AEGIS_SECOND};
    char *text = (char *)malloc(16001);
    outcome_count c = {0};
    aegis_publisher *publisher;
    aegis_stream_info info;
    aegis_error error = {0};
    bool full, before;
    aegis_bus *bus;

    memset(text, 'x', 16000);
    text[16000] = '\0';
    assert_int_equal(aegis_open(server->url, NULL, &bus, NULL), AEGIS_OK);
    assert_int_equal(aegis_publisher_new(bus, NULL, &publisher, NULL), AEGIS_OK);
    make_stream(bus);
    before = is_ready(bus);
    for (int i = 0; i < EVENTS; i++)
        (void)peer_publish_async(publisher, &happened, &(note){text, i}, &options, count, &c, NULL);
    assert_int_not_equal(aegis_publisher_flush(publisher, AEGIS_MINUTE, NULL), AEGIS_OK);
    const aegis_status blocking = peer_publish(publisher, &happened, &(note){text, 0}, &options, &error);
    full = is_ready(bus);
    aegis_publisher_free(publisher);
    aegis_close(bus);
    /* What is there is asked of the server that finds the store again. */
    nats_server_kill(server);
    assert_true(nats_server_restart(server));
    assert_int_equal(aegis_open(server->url, NULL, &bus, NULL), AEGIS_OK);
    memset(&info, 0, sizeof info);
    (void)bus->port->ops->stream_info(bus->port, AEGIS_STREAM_EVENTS, aegis_clock_monotonic() + TEN_SECONDS,
                                      &info, NULL);
    aegis_close(bus);
    free(text);
    (void)printf(
        "F17: %s: %ld accepted, %llu stored, difference %ld; %ld refused, %ld otherwise; ready before %d, "
        "after %d; \"%s\"\n",
        how, atomic_load(&c.stored), (unsigned long long)info.messages,
        atomic_load(&c.stored) - (long)info.messages, atomic_load(&c.refused), atomic_load(&c.other), before,
        full, c.text);
    assert_true(atomic_load(&c.stored) > 100);
    assert_true(atomic_load(&c.stored) <= (long)info.messages); /* never a false success */
    assert_true(atomic_load(&c.refused) + atomic_load(&c.other) > 0);
    assert_int_not_equal(blocking, AEGIS_OK);
    assert_true(error.text[0] != '\0');
    assert_true(before);
    assert_false(full);
}

static void f17_limit(void **state)
{
    nats_server server = {0};

    (void)state;
    if (!world_is_nats())
        return;
    (void)snprintf(server.configuration, sizeof server.configuration, "jetstream { max_file_store: %d }\n",
                   SMALL);
    assert_true(nats_server_start(&server));
    fill(&server, "limit of the server");
    nats_server_stop(&server);
}

static char mounted[64];

static void unmount(void)
{
    if (mounted[0] != '\0')
        (void)umount2(mounted, MNT_DETACH);
    mounted[0] = '\0';
}

static void f17_disk(void **state)
{
    nats_server server = {0};
    char size[32];

    (void)state;
    if (!world_is_nats())
        return;
    (void)snprintf(server.configuration, sizeof server.configuration, "jetstream { max_file_store: 1GB }\n");
    (void)snprintf(size, sizeof size, "size=%d", SMALL);
    assert_true(nats_server_start(&server));
    nats_server_terminate(&server);
    if (mount("none", server.store, "tmpfs", 0, size) != 0) {
        (void)printf("F17: full disk: not tried, a tmpfs cannot be mounted here\n");
        nats_server_stop(&server);
        return;
    }
    (void)snprintf(mounted, sizeof mounted, "%s", server.store);
    assert_int_equal(atexit(unmount), 0);
    assert_true(nats_server_restart(&server));
    fill(&server, "full disk");
    nats_server_kill(&server);
    unmount();
    nats_server_stop(&server);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {WORLD_CASE(f1_server_dies), WORLD_CASE(f2_publisher_dies),
                                       WORLD_CASE(f17_limit), WORLD_CASE(f17_disk)};
    const char *chosen = getenv("AEGIS_SEED");

    if (argc == 2)
        return publish_series(argv[1]);
    seed = chosen != NULL ? strtoull(chosen, NULL, 10) : (uint64_t)aegis_clock_monotonic();
    (void)printf("seed %llu\n", (unsigned long long)seed);
    return world_run(cases, sizeof cases / sizeof cases[0]);
}
