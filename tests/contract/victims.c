#define _GNU_SOURCE
#include "contract/victims.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "application/bus.h"

enum { MOST = 200000, POISON = 17, AMONG = 100 };
#define LEASE (500 * AEGIS_MILLISECOND)

/* What consumers have handled: a file that all of them map, so that a kill loses nothing of it. */
typedef struct ledger {
    atomic_uint handled[MOST + 1]; /* times, by number */
    atomic_uint total, again, deepest;
} ledger;

static const aegis_event_type happened = {"victim", "happened", "1.0"};

/* ---- the consumer ------------------------------------------------------------------------------------- */

static aegis_settle on_event(const aegis_event *event, aegis_reader *payload, const void *ops, void *user)
{
    ledger *l = (ledger *)user;
    note value = {NULL, 0};
    unsigned attempt = event->base.attempt;

    (void)ops;
    note_get(payload, &value);
    if (aegis_reader_close(payload, NULL) != AEGIS_OK || value.number < 1 || value.number > MOST)
        return AEGIS_DEAD;
    if (strcmp(value.text, "poison") == 0) {
        nap(30 * AEGIS_MILLISECOND); /* whoever is at work beside it shares the blame: not the same one each
                                        time */
        abort();
    }
    if (atomic_fetch_add(&l->handled[value.number], 1) > 0)
        (void)atomic_fetch_add(&l->again, 1);
    if (attempt > atomic_load(&l->deepest))
        atomic_store(&l->deepest, attempt);
    (void)atomic_fetch_add(&l->total, 1);
    return AEGIS_DONE;
}

static const aegis_event_case cases_of[] = {{&happened, on_event}};
static const aegis_subscription subscriptions[] = {{.pattern = "victim.happened",
                                                    .durable = "victim__happened",
                                                    .cases = cases_of,
                                                    .case_count = 1,
                                                    .concurrency = 2,
                                                    .max_retries = 2,
                                                    .backoff_min = 1,
                                                    .backoff_max = 10 * AEGIS_MILLISECOND}};
static const aegis_service_type victim_type = {
    .name = "victim", .version = "1.0.0", .subscriptions = subscriptions, .subscription_count = 1};

static ledger *map(const char *path)
{
    const int file = open(path, O_RDWR | O_CREAT, 0600);
    void *at = MAP_FAILED;

    if (file >= 0 && ftruncate(file, sizeof(ledger)) == 0)
        at = mmap(NULL, sizeof(ledger), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file >= 0)
        (void)close(file);
    return at == MAP_FAILED ? NULL : (ledger *)at;
}

int victim_main(char **argv)
{
    const aegis_service_options options = {.lease = LEASE};
    aegis_service *service;
    aegis_error error = {0};
    aegis_bus *bus;
    ledger *l = map(argv[2]);

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_DUMPABLE, 0);
    if (l == NULL || aegis_open(argv[1], NULL, &bus, &error) != AEGIS_OK ||
        aegis_service_start(bus, &victim_type, NULL, l, &options, &service, &error) != AEGIS_OK) {
        (void)fprintf(stderr, "victim: %s\n", aegis_error_text(&error));
        return 1;
    }
    (void)aegis_run(bus, NULL);
    aegis_service_stop(service);
    aegis_close(bus);
    return 0;
}

/* ---- the test's side ---------------------------------------------------------------------------------- */

static pid_t launch_victim(const world *w, const char *path)
{
    const pid_t pid = fork();

    if (pid == 0) {
        (void)execl("/proc/self/exe", "victim", w->url, path, (char *)NULL);
        _exit(127);
    }
    assert_true(pid > 0);
    return pid;
}

typedef struct feed {
    world *w;
    atomic_bool stop;
    int published;
} feed;

static void *keep_publishing(void *argument)
{
    feed *f = (feed *)argument;

    while (!atomic_load(&f->stop) && f->published < MOST) {
        const note event = {"x", f->published + 1};

        if (peer_publish(f->w->publisher, &happened, &event, NULL, NULL) == AEGIS_OK)
            f->published++;
        if (f->published % 8 == 0)
            nap(AEGIS_MILLISECOND);
    }
    return NULL;
}

static aegis_consumer_info consumer(world *w)
{
    aegis_consumer_info info;

    memset(&info, 0, sizeof info);
    (void)w->bus->port->ops->consumer_info(w->bus->port, AEGIS_STREAM_EVENTS, "victim__happened",
                                           aegis_clock_monotonic() + AEGIS_SECOND, &info, NULL);
    return info;
}

static uint64_t letters(world *w)
{
    aegis_stream_info info;

    memset(&info, 0, sizeof info);
    (void)w->bus->port->ops->stream_info(w->bus->port, AEGIS_STREAM_DLQ,
                                         aegis_clock_monotonic() + AEGIS_SECOND, &info, NULL);
    return info.messages;
}

/* False when the floor does not get there within half a minute. */
static bool floor_reaches(world *w, uint64_t last)
{
    const int64_t until = aegis_clock_monotonic() + 30 * AEGIS_SECOND;

    while (consumer(w).ack_floor < last) {
        if (aegis_clock_monotonic() > until)
            return false;
        nap(20 * AEGIS_MILLISECOND);
    }
    return true;
}

static void prepare(world *w, char path[64], ledger **l)
{
    const aegis_consumer_config config = {.stream = AEGIS_STREAM_EVENTS,
                                          .durable = "victim__happened",
                                          .filter = "events.victim.happened",
                                          .ack_wait = LEASE};
    const int64_t deadline = aegis_clock_monotonic() + TEN_SECONDS;

    (void)snprintf(path, 64, "/tmp/aegis-victims-%ld-%d", (long)getpid(), rand());
    *l = map(path);
    assert_non_null(*l);
    assert_int_equal(aegis_bus_ensure(w->bus, AEGIS_KIND_EVENTS, NULL), AEGIS_OK);
    assert_int_equal(w->bus->port->ops->ensure_consumer(w->bus->port, &config, deadline, NULL), AEGIS_OK);
}

static void forget(const char *path, ledger *l)
{
    (void)munmap(l, sizeof *l);
    (void)unlink(path);
}

void victims_killed(world *w, int kills)
{
    feed f = {.w = w};
    pthread_t publisher;
    char path[64];
    ledger *l;
    pid_t pid;
    int missing = 0;
    bool whole;

    prepare(w, path, &l);
    assert_int_equal(pthread_create(&publisher, NULL, keep_publishing, &f), 0);
    for (int i = 0; i < kills; i++) {
        const unsigned before = atomic_load(&l->total);
        const int64_t until = aegis_clock_monotonic() + TEN_SECONDS;

        pid = launch_victim(w, path);
        while (atomic_load(&l->total) == before && aegis_clock_monotonic() < until)
            nap(AEGIS_MILLISECOND);
        nap((aegis_duration)(aegis_random_fraction() * 100 * AEGIS_MILLISECOND));
        assert_int_equal(kill(pid, SIGKILL), 0);
        (void)waitpid(pid, NULL, 0);
    }
    atomic_store(&f.stop, true);
    (void)pthread_join(publisher, NULL);
    pid = launch_victim(w, path);
    whole = floor_reaches(w, (uint64_t)f.published);
    (void)kill(pid, SIGTERM);
    (void)waitpid(pid, NULL, 0);
    for (int n = 1; n <= f.published; n++)
        missing += atomic_load(&l->handled[n]) == 0;
    (void)printf(
        "F3: %d kills while %d events were consumed: %d never handled, %u handled again (%.2f %%), %u tries "
        "at most, %llu dead letters, the floor %s the end\n",
        kills, f.published, missing, atomic_load(&l->again),
        100.0 * atomic_load(&l->again) / (f.published > 0 ? f.published : 1), atomic_load(&l->deepest),
        (unsigned long long)letters(w), whole ? "reaches" : "does not reach");
    forget(path, l);
    assert_true(f.published > kills);
    assert_int_equal(missing, 0);
    assert_int_equal(letters(w), 0);
    assert_true(whole);
}

void victims_poisoned(world *w)
{
    char path[64];
    ledger *l;
    pid_t pid = 0;
    int crashes = 0, missing = 0;
    const int64_t until = aegis_clock_monotonic() + 60 * AEGIS_SECOND;

    prepare(w, path, &l);
    for (int n = 1; n <= AMONG; n++) {
        const note event = {n == POISON ? "poison" : "x", n};

        assert_int_equal(peer_publish(w->publisher, &happened, &event, NULL, NULL), AEGIS_OK);
    }
    while (consumer(w).ack_floor < AMONG && aegis_clock_monotonic() < until) {
        if (pid == 0)
            pid = launch_victim(w, path);
        if (waitpid(pid, NULL, WNOHANG) == pid) {
            crashes++;
            pid = 0;
        }
        nap(5 * AEGIS_MILLISECOND);
    }
    if (pid != 0) {
        (void)kill(pid, SIGTERM);
        (void)waitpid(pid, NULL, 0);
    }
    for (int n = 1; n <= AMONG; n++)
        missing += n != POISON && atomic_load(&l->handled[n]) == 0;
    (void)printf(
        "F3: an event that ends its process: %d crashes, %llu dead letter; of %d others %d never handled\n",
        crashes, (unsigned long long)letters(w), AMONG - 1, missing);
    forget(path, l);
    assert_int_equal(missing, 0);
    assert_int_equal(letters(w), 1);
    assert_in_range(crashes, 3, 4); /* three tries, and a first delivery is not written down */
}
