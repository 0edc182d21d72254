/* F18: COMMANDS at its byte limit. The sender gets RESOURCE_EXHAUSTED, what was accepted is stored, and with
 * room again commands are accepted again.
 *
 * F28: twenty processes create the same streams at once, on an empty server and on one where a stream was
 * altered by hand. All agree; nothing is ever altered from here: the updates that anybody sends to the server
 * are counted.
 *
 * The program is its own other process: it starts itself again with a URL as argument.
 */
#define _GNU_SOURCE
#include "application/bus.h"
#include "contract/world.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 20, ROUNDS = 5, SENDERS = 4, LIMIT = 1 << 20 };

static int64_t in(aegis_duration duration)
{
    return aegis_clock_monotonic() + duration;
}

/* ---- F28: one of the processes ------------------------------------------------------------------------ */

/* 0: all is there; 3: COMMANDS was altered, which is said; 1: anything else. */
static int ensure_all(const char *url)
{
    aegis_error error = {0};
    aegis_bus *bus;
    int result = 0;
    int kind;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (aegis_open(url, &(aegis_options){.connect_timeout = TEN_SECONDS}, &bus, &error) != AEGIS_OK)
        return 1;
    for (kind = 0; kind < AEGIS_KIND_COUNT && result != 1; kind++) {
        aegis_status status = aegis_bus_ensure(bus, (aegis_stream_kind)kind, &error);

        if (status == AEGIS_FAILED_PRECONDITION && kind == AEGIS_KIND_COMMANDS &&
            strstr(error.text, "max_age") == NULL && strstr(error.text, "discard is old, not new") != NULL)
            result = 3;
        else if (status != AEGIS_OK)
            result = 1;
    }
    if (result == 1)
        (void)fprintf(stderr, "process: %s\n", aegis_error_text(&error));
    aegis_close(bus);
    return result;
}

/* How many of them ended so. */
static int all_at_once(const char *url, int wanted)
{
    pid_t pids[PROCESSES];
    int good = 0;
    int i;

    for (i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            (void)execl("/proc/self/exe", "fault_topology", url, (char *)NULL);
            _exit(127);
        }
    }
    for (i = 0; i < PROCESSES; i++) {
        int status = 0;

        (void)waitpid(pids[i], &status, 0);
        good += WIFEXITED(status) && WEXITSTATUS(status) == wanted;
    }
    return good;
}

static void ask(world *w, const char *subject, const char *body)
{
    const aegis_outgoing request = {.subject = subject, .body = {(const uint8_t *)body, strlen(body)}};
    aegis_message answer;
    bool refused;

    assert_int_equal(w->bus->port->ops->request(w->bus->port, &request, in(TEN_SECONDS), &answer, NULL),
                     AEGIS_OK);
    refused = memmem(answer.body.data, answer.body.len, "\"error\"", 7) != NULL;
    if (refused)
        print_error("%.*s\n", (int)answer.body.len, (const char *)answer.body.data);
    w->bus->port->ops->release(&answer);
    assert_false(refused);
}

static size_t count(world *w, aegis_source *source)
{
    aegis_message message;
    size_t all = 0;

    while (w->bus->port->ops->next(source, in(50 * AEGIS_MILLISECOND), &message) == AEGIS_OK) {
        all++;
        w->bus->port->ops->release(&message);
    }
    return all;
}

static void f28(void **state)
{
    world *w = (world *)*state;
    const aegis_port_ops *ops = w->bus->port->ops;
    aegis_source *updates = NULL, *creates = NULL;
    int agreed = 0;
    size_t created = 0;
    int refused;
    int i;

    if (!world_is_nats())
        return;
    assert_int_equal(ops->subscribe(w->bus->port, "$JS.API.STREAM.UPDATE.>", NULL, 0, false, &updates, NULL),
                     AEGIS_OK);
    assert_int_equal(ops->subscribe(w->bus->port, "$JS.API.STREAM.CREATE.>", NULL, 0, false, &creates, NULL),
                     AEGIS_OK);
    for (i = 0; i < ROUNDS; i++) {
        static const char *const names[] = {"EVENTS", "COMMANDS", "AEGIS_DLQ", "KV_aegis_commands",
                                            "KV_aegis_events"};
        size_t k;

        agreed += all_at_once(w->url, 0);
        created += count(w, creates);
        for (k = 0; i + 1 < ROUNDS && k < sizeof names / sizeof names[0]; k++) {
            char subject[64];

            (void)snprintf(subject, sizeof subject, "$JS.API.STREAM.DELETE.%s", names[k]);
            ask(w, subject, "");
        }
    }
    assert_int_equal(count(w, updates), 0);
    ask(w, "$JS.API.STREAM.UPDATE.COMMANDS",
        "{\"name\":\"COMMANDS\",\"description\":\"created by Aegis\",\"subjects\":[\"commands.>\"],"
        "\"retention\":\"workqueue\",\"discard\":\"old\",\"storage\":\"file\",\"max_bytes\":268435456,"
        "\"max_msgs\":-1,\"max_age\":0,\"duplicate_window\":120000000000,\"num_replicas\":1}");
    assert_int_equal(count(w, updates), 1); /* ours, by hand: so they are seen */
    refused = all_at_once(w->url, 3);
    i = (int)count(w, updates);
    (void)printf(
        "F28: %d of %d processes agreed, %zu creates; altered by hand: %d of %d were told, updates sent %d\n",
        agreed, PROCESSES * ROUNDS, created, refused, PROCESSES, i);
    ops->close_source(updates);
    ops->close_source(creates);
    assert_int_equal(agreed, PROCESSES * ROUNDS);
    assert_int_equal(refused, PROCESSES);
    assert_int_equal(i, 0);
}

/* ---- F18 ---------------------------------------------------------------------------------------------- */

static const aegis_method command = {
    .service = "slow", .name = "work", .timeout = 60 * AEGIS_SECOND, .command = true, .max_retries = 3};

typedef struct sender {
    world *w;
    pthread_t thread;
    uint64_t accepted, refused, other;
} sender;

/* Submits until the stream has refused it a hundred times. */
static void *send_all(void *argument)
{
    sender *own = (sender *)argument;
    char text[512];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    while (own->refused < 100 && own->other < 10) {
        aegis_command *submitted = NULL;
        aegis_error error = {0};
        aegis_status status = peer_submit(own->w->client, &command, &(note){text, 1}, &submitted, &error);

        own->accepted += status == AEGIS_OK;
        own->refused += status == AEGIS_RESOURCE_EXHAUSTED;
        own->other += status != AEGIS_OK && status != AEGIS_RESOURCE_EXHAUSTED;
        if (status == AEGIS_OK)
            aegis_command_free(submitted);
        else if (status != AEGIS_RESOURCE_EXHAUSTED)
            print_error("%s\n", aegis_error_text(&error));
    }
    return NULL;
}

static uint64_t stored(world *w)
{
    aegis_stream_info info;

    memset(&info, 0, sizeof info);
    assert_int_equal(w->bus->port->ops->stream_info(w->bus->port, "COMMANDS", in(TEN_SECONDS), &info, NULL),
                     AEGIS_OK);
    return info.messages;
}

static void f18(void **state)
{
    world *w = (world *)*state;
    sender senders[SENDERS];
    uint64_t accepted = 0, refused = 0, other = 0, there;
    aegis_command *submitted = NULL;
    size_t i;

    world_reopen(w, &(aegis_options){.commands = {.max_bytes = LIMIT}});
    memset(senders, 0, sizeof senders);
    for (i = 0; i < SENDERS; i++) {
        senders[i].w = w;
        assert_int_equal(pthread_create(&senders[i].thread, NULL, send_all, &senders[i]), 0);
    }
    for (i = 0; i < SENDERS; i++) {
        (void)pthread_join(senders[i].thread, NULL);
        accepted += senders[i].accepted;
        refused += senders[i].refused;
        other += senders[i].other;
    }
    there = stored(w);
    (void)printf("F18: %s accepted %llu, stored %llu, difference %lld, refused %llu with RESOURCE_EXHAUSTED, "
                 "otherwise "
                 "%llu\n",
                 w->url[0] == 'm' ? "mem:" : "nats:", (unsigned long long)accepted, (unsigned long long)there,
                 (long long)(accepted - there), (unsigned long long)refused, (unsigned long long)other);
    assert_true(accepted > 100);
    assert_int_equal(accepted, there);
    assert_int_equal(other, 0);

    /* room again */
    assert_int_equal(w->bus->port->ops->message_delete(w->bus->port, "COMMANDS", 1, in(TEN_SECONDS), NULL),
                     AEGIS_OK);
    assert_int_equal(peer_submit(w->client, &command, &seven, &submitted, NULL), AEGIS_OK);
    aegis_command_free(submitted);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest cases[] = {WORLD_CASE(f28), WORLD_CASE(f18)};

    if (argc > 1)
        return ensure_all(argv[1]);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    return world_run(cases, sizeof cases / sizeof cases[0]);
}
