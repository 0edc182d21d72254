#define _POSIX_C_SOURCE 200809L
#include "contract/restarts.h"

#include "application/bus.h"

/* Commands of one round of F7. */
enum { TOGETHER = 4, MOST = 1000 };

#define PATIENCE (20 * AEGIS_SECOND)

static atomic_int runs[MOST]; /* by the command's number */

static aegis_reply pack(aegis_call *call, const note *request, void *user)
{
    (void)user;
    atomic_fetch_add(&runs[request->number], 1);
    return peer_ok(call, &(note){"packed", request->number + 1000});
}

SERVE(pack)

static const aegis_method method = {.service = "restarted",
                                    .name = "pack",
                                    .timeout = 30 * AEGIS_SECOND,
                                    .command = true,
                                    .max_retries = 3,
                                    .backoff_min = 10 * AEGIS_MILLISECOND,
                                    .backoff_max = 50 * AEGIS_MILLISECOND,
                                    .guarantee = AEGIS_EXACTLY_ONCE};
static const aegis_endpoint endpoint = {&method, serve_pack};
static const aegis_service_type type = {
    .name = "restarted", .version = "1.0.0", .endpoints = &endpoint, .endpoint_count = 1};

static aegis_command *submit(world *w, unsigned number)
{
    const aegis_command_options options = {.submit_timeout = PATIENCE};
    const note request = {"pack", number};
    aegis_command *command = NULL;
    aegis_error error = {0};

    if (peer_submit_as(w->client, &method, &request, &options, "n", &command, &error) != AEGIS_OK)
        fail_msg("%s", aegis_error_text(&error));
    return command;
}

/* Whose fault is it? */
static void tell_state(world *w)
{
    aegis_port *port = w->bus->port;
    aegis_stream_info stream = {0};
    aegis_consumer_info reader = {0};

    (void)port->ops->stream_info(port, AEGIS_STREAM_COMMANDS, aegis_clock_monotonic() + AEGIS_SECOND, &stream,
                                 NULL);
    (void)port->ops->consumer_info(port, AEGIS_STREAM_COMMANDS, "restarted__pack",
                                   aegis_clock_monotonic() + AEGIS_SECOND, &reader, NULL);
    (void)printf("COMMANDS: %llu messages, %llu to %llu; its consumer: %llu pending, %llu unacknowledged, "
                 "floor %llu\n",
                 (unsigned long long)stream.messages, (unsigned long long)stream.first_sequence,
                 (unsigned long long)stream.last_sequence, (unsigned long long)reader.pending,
                 (unsigned long long)reader.ack_pending, (unsigned long long)reader.ack_floor);
}

static void finish(world *w, aegis_command *command, unsigned number)
{
    outcome out = peer_wait(command, &method, PATIENCE, NULL, NULL, w->arena);

    if (out.answer != AEGIS_ANSWER_OK) {
        tell_state(w);
        fail_msg("%s", aegis_error_text(&out.failed));
    }
    assert_int_equal(out.value.number, number + 1000);
    aegis_command_free(command);
}

/* Every completion that is sent, of whatever command. */
static aegis_source *hear_all(world *w)
{
    aegis_source *source = NULL;

    assert_int_equal(
        w->bus->port->ops->subscribe(w->bus->port, "commands.callback.*", NULL, 0, false, &source, NULL),
        AEGIS_OK);
    return source;
}

static unsigned heard(aegis_source *source)
{
    const aegis_port_ops *ops = source->port->ops;
    aegis_message message;
    unsigned count = 0;

    while (ops->next(source, aegis_clock_monotonic() + 50 * AEGIS_MILLISECOND, &message) == AEGIS_OK) {
        ops->release(&message);
        count++;
    }
    return count;
}

static void crash(world *w, restart_count *count)
{
    nats_server_kill(&w->server);
    assert_true(nats_server_restart(&w->server));
    count->kills++;
}

/* Everything that is stored has been seen to. */
static void drained(world *w)
{
    const int64_t until = aegis_clock_monotonic() + PATIENCE;
    aegis_stream_info info = {.messages = 1};
    aegis_port *port = w->bus->port;

    while (info.messages > 0) {
        assert_true(aegis_clock_monotonic() < until);
        if (port->ops->stream_info(port, AEGIS_STREAM_COMMANDS, aegis_clock_monotonic() + AEGIS_SECOND, &info,
                                   NULL) != AEGIS_OK)
            info.messages = 1;
        if (info.messages > 0)
            nap(20 * AEGIS_MILLISECOND);
    }
}

static void ran_once(unsigned number)
{
    assert_true(number < MOST);
    if (atomic_load(&runs[number]) != 1)
        fail_msg("command %u ran %d times", number, atomic_load(&runs[number]));
}

static void begin(world *w, restart_count *count)
{
    const aegis_service_options options = {.lease = 500 * AEGIS_MILLISECOND};
    size_t i;

    memset(count, 0, sizeof *count);
    for (i = 0; i < MOST; i++)
        atomic_store(&runs[i], 0);
    w->service = start(w, &type, &options);
}

void restarts_send_again(world *w, unsigned rounds, restart_count *count)
{
    unsigned number;

    begin(w, count);
    for (number = 0; number < rounds; number++) {
        aegis_source *all = hear_all(w);

        finish(w, submit(w, number), number);
        drained(w);
        (void)heard(all);
        crash(w, count);
        finish(w, submit(w, number), number);
        count->sent_again++;
        drained(w);
        count->suppressed += heard(all);
        ran_once(number);
        all->port->ops->close_source(all);
    }
    count->commands = rounds;
}

void restarts_after_ack(world *w, unsigned rounds, restart_count *count)
{
    unsigned round, i, told;

    begin(w, count);
    for (round = 0; round < rounds; round++) {
        const unsigned first = round * TOGETHER;
        aegis_source *all = hear_all(w);
        aegis_command *commands[TOGETHER];

        for (i = 0; i < TOGETHER; i++)
            commands[i] = submit(w, first + i);
        for (i = 0; i < TOGETHER; i++)
            finish(w, commands[i], first + i);
        crash(w, count); /* the last acknowledgement is on its way, or has just arrived */
        drained(w);
        told = heard(all); /* the kill may have taken one of the first along */
        count->suppressed += told > TOGETHER ? told - TOGETHER : 0;
        for (i = 0; i < TOGETHER; i++)
            ran_once(first + i);
        all->port->ops->close_source(all);
    }
    count->commands = rounds * TOGETHER;
}
