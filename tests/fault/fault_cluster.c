/* F15: three nodes, three replicas. The leader of the stream is killed (SIGKILL) every few seconds and
 * started again, while writers publish. Every event that was acknowledged is in the stream: each writes
 * "writer:counter", and what is missing afterwards is told as prefix, middle or postfix of what that writer
 * had acknowledged.
 *
 * An outage is how long nobody got an acknowledgement after a kill.
 */
#define _GNU_SOURCE
#include "application/bus.h"
#include "contract/deployment.h"
#include "contract/world.h"

enum { KILLS = 8, WRITERS = 3, MOST = 200000 };

typedef struct writer {
    aegis_bus *bus;
    atomic_bool *stop;
    pthread_t thread;
    int number;
    uint64_t acked, failed, duplicates;

    unsigned char *state; /* by counter: 1 acknowledged, 2 read */
} writer;

static atomic_llong last_ack;

static int64_t in(aegis_duration duration)
{
    return aegis_clock_monotonic() + duration;
}

static void *write_all(void *argument)
{
    writer *own = (writer *)argument;
    char text[32];
    const aegis_header header = {"Nats-Msg-Id", text};
    aegis_outgoing message = {.subject = "events.fault.cluster", .headers = &header, .header_count = 1};
    aegis_publish_ack ack;
    aegis_error error;
    uint64_t i;

    for (i = 0; i < MOST && !atomic_load(own->stop); i++) {
        memset(&error, 0, sizeof error);
        (void)snprintf(text, sizeof text, "%d:%llu", own->number, (unsigned long long)i);
        message.body = (aegis_bytes){(const uint8_t *)text, strlen(text)};
        if (aegis_bus_store(own->bus, AEGIS_KIND_EVENTS, &message, in(3 * TEN_SECONDS), &ack, &error) ==
            AEGIS_OK) {
            own->state[i] = 1;
            own->acked++;
            own->duplicates += ack.duplicate;
            atomic_store(&last_ack, aegis_clock_monotonic());
        } else {
            own->failed++;
            (void)fprintf(stderr, "%s: %s\n", text, aegis_error_text(&error));
        }
    }
    return NULL;
}

/* ---- the cluster -------------------------------------------------------------------------------------- */

/* The leader's number; DEPLOYMENT_MAX when there is none, or its followers are not up to date. */
static size_t leader(const deployment *d, aegis_bus *bus)
{
    const aegis_outgoing request = {.subject = "$JS.API.STREAM.INFO.EVENTS"};
    aegis_message answer;
    const char *at;
    char name[8] = "";
    bool behind;

    if (bus->port->ops->request(bus->port, &request, in(2 * AEGIS_SECOND), &answer, NULL) != AEGIS_OK)
        return DEPLOYMENT_MAX;
    at = (const char *)memmem(answer.body.data, answer.body.len, "\"leader\":\"", 10);
    if (at != NULL)
        (void)snprintf(name, sizeof name, "%.2s", at + 10);
    behind = memmem(answer.body.data, answer.body.len, "\"current\":false", 15) != NULL;
    bus->port->ops->release(&answer);
    return behind ? DEPLOYMENT_MAX : deployment_named(d, name);
}

static size_t wait_for_leader(const deployment *d, aegis_bus *bus)
{
    int64_t until = in(6 * TEN_SECONDS);
    size_t which = leader(d, bus);

    while (which == DEPLOYMENT_MAX && aegis_clock_monotonic() < until) {
        nap(100 * AEGIS_MILLISECOND);
        which = leader(d, bus);
    }
    assert_int_not_equal(which, DEPLOYMENT_MAX);
    return which;
}

/* Kill, start again a second later; ms until somebody has an acknowledgement again. */
static int64_t kill_leader(deployment *d, aegis_bus *bus)
{
    size_t which = wait_for_leader(d, bus);
    int64_t killed, first;

    nap(AEGIS_SECOND);
    deployment_kill(d, which);
    killed = aegis_clock_monotonic();
    nap(20 * AEGIS_MILLISECOND); /* what was on its way */
    first = atomic_load(&last_ack);
    nap(AEGIS_SECOND);
    deployment_restart(d, which);
    while (atomic_load(&last_ack) <= first && aegis_clock_monotonic() < killed + 3 * TEN_SECONDS)
        nap(AEGIS_MILLISECOND);
    return (aegis_clock_monotonic() - killed) / AEGIS_MILLISECOND;
}

/* ---- reading ------------------------------------------------------------------------------------------ */

static uint64_t read_back(aegis_bus *bus, writer *writers)
{
    const aegis_port_ops *ops = bus->port->ops;
    const aegis_consumer_config config = {
        .stream = "EVENTS", .durable = "checker", .filter = "events.fault.>"};
    aegis_source *source = NULL;
    aegis_message message;
    uint64_t twice = 0;
    uint64_t left = 1;

    assert_int_equal(ops->ensure_consumer(bus->port, &config, in(3 * TEN_SECONDS), NULL), AEGIS_OK);
    assert_int_equal(ops->consume(bus->port, "EVENTS", "checker", &source, NULL), AEGIS_OK);
    ops->credit(source, 500);
    while (left > 0 && ops->next(source, in(TEN_SECONDS), &message) == AEGIS_OK) {
        char text[32];
        unsigned number = 0;
        unsigned long long counter = 0;

        (void)snprintf(text, sizeof text, "%.*s", (int)message.body.len, (const char *)message.body.data);
        assert_int_equal(sscanf(text, "%u:%llu", &number, &counter), 2);
        assert_true(number < WRITERS && counter < MOST);
        twice += (writers[number].state[counter] & 2) != 0 && message.deliveries == 1;
        writers[number].state[counter] |= 2;
        left = message.pending;
        (void)ops->settle(&message, AEGIS_ACK, 0);
        ops->release(&message);
        ops->credit(source, 1);
    }
    ops->close_source(source);
    return twice;
}

/* Acknowledged and not read. */
static uint64_t lost(const writer *w)
{
    uint64_t missing = 0, first = MOST, last = 0, end = 0;
    uint64_t i;

    for (i = 0; i < MOST; i++) {
        if (w->state[i] == 1) {
            missing++;
            first = first == MOST ? i : first;
            last = i;
        }
        end = w->state[i] != 0 ? i : end;
    }
    if (missing > 0)
        print_error("writer %d lost %llu: %s (%llu to %llu of %llu)\n", w->number,
                    (unsigned long long)missing,
                    first == 0    ? "prefix"
                    : last == end ? "postfix"
                                  : "middle",
                    (unsigned long long)first, (unsigned long long)last, (unsigned long long)end);
    return missing;
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static void f15(void **state)
{
    deployment d;
    writer writers[WRITERS];
    atomic_bool stop = false;
    int64_t outages[KILLS];
    uint64_t acked = 0, failed = 0, missing = 0, duplicates = 0, twice;
    aegis_bus *bus = NULL;
    aegis_error error = {0};
    int64_t until = in(6 * TEN_SECONDS);
    size_t i;

    (void)state;
    assert_true(deployment_start(&d, 3));
    if (aegis_open(d.url,
                   &(aegis_options){.user = "operator",
                                    .password = DEPLOYMENT_PASSWORD,
                                    .replicas = 3,
                                    .connect_timeout = TEN_SECONDS},
                   &bus, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    while (aegis_bus_ensure(bus, AEGIS_KIND_EVENTS, &error) != AEGIS_OK) {
        if (aegis_clock_monotonic() > until)
            fail_msg("%s", aegis_error_text(&error));
        nap(100 * AEGIS_MILLISECOND);
    }
    memset(writers, 0, sizeof writers);
    for (i = 0; i < WRITERS; i++) {
        writers[i].bus = bus;
        writers[i].stop = &stop;
        writers[i].number = (int)i;
        writers[i].state = (unsigned char *)calloc(1, MOST);
        assert_non_null(writers[i].state);
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_all, &writers[i]), 0);
    }
    for (i = 0; i < KILLS; i++)
        outages[i] = kill_leader(&d, bus);
    (void)wait_for_leader(&d, bus);
    atomic_store(&stop, true);
    for (i = 0; i < WRITERS; i++) {
        (void)pthread_join(writers[i].thread, NULL);
        acked += writers[i].acked;
        failed += writers[i].failed;
        duplicates += writers[i].duplicates;
    }
    twice = read_back(bus, writers);
    for (i = 0; i < WRITERS; i++) {
        missing += lost(&writers[i]);
        free(writers[i].state);
    }
    qsort(outages, KILLS, sizeof outages[0], by_size);
    (void)printf(
        "F15: %d kills of the leader, acked %llu, lost %llu, stored twice %llu (resent and suppressed %llu), "
        "publications failed %llu; outage ms p50 %lld, worst %lld\n",
        KILLS, (unsigned long long)acked, (unsigned long long)missing, (unsigned long long)twice,
        (unsigned long long)duplicates, (unsigned long long)failed, (long long)outages[KILLS / 2],
        (long long)outages[KILLS - 1]);
    aegis_close(bus);
    deployment_stop(&d);
    assert_true(acked > 100);
    assert_int_equal(missing, 0);
    assert_int_equal(twice, 0);
}

int main(void)
{
    const struct CMUnitTest cases[] = {cmocka_unit_test(f15)};

    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    return cmocka_run_group_tests_name("cluster", cases, NULL, NULL);
}
