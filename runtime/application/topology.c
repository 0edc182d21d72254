/* The streams and buckets everything durable lives in. What the options say counts where one is created.
 * One that is there is compared: a point that a promise depends on is an error when the stream is ours, and a
 * warning that names the promise when it is somebody else's (the original SDK creates the same names); sizes,
 * ages and replicas are its owner's, and only told. docs/TOPOLOGY.md gives the reasons for the defaults. */
#define _POSIX_C_SOURCE 200809L
#include "application/topology.h"

#include <stdio.h>
#include <string.h>

#include "application/bus.h"
#include "application/registry.h"
#include "domain/subject.h"

/* JetStream reserves a stream's max_bytes, so the three together ask for 1.5 GiB of the server's store. */
#define EVENTS_MAX_BYTES   ((int64_t)1 << 30)
#define COMMANDS_MAX_BYTES ((int64_t)256 << 20)
#define DLQ_MAX_BYTES      ((int64_t)256 << 20)
/* How long the result of a command can be read. */
#define RECORDS_MAX_AGE (24 * AEGIS_HOUR)
/* How long it is known how often an event was tried: more than any pause between two tries. */
#define TRIES_MAX_AGE (3 * 24 * AEGIS_HOUR)
/* A stream that was there and that nobody answers for is looked for at this interval, and not for long at a
 * time: a question put before there is a leader gets no answer. */
#define LOOK_AGAIN (100 * AEGIS_MILLISECOND)
#define LOOK_FOR   AEGIS_SECOND
/* More than this JetStream does not take. */
#define REPLICAS_MAX 5

static const char *const events_subjects[] = {"events.>"};
static const char *const commands_subjects[] = {"commands.>"};
static const char *const dlq_subjects[] = {"dlq.>"};

/* EVENTS forgets the oldest; the other two streams refuse what does not fit, so that who sends learns of it.
 */
static const aegis_stream_config streams[AEGIS_KIND_COUNT] = {
    [AEGIS_KIND_EVENTS] = {.name = AEGIS_STREAM_EVENTS,
                           .subjects = events_subjects,
                           .subject_count = 1,
                           .max_bytes = EVENTS_MAX_BYTES},
    [AEGIS_KIND_COMMANDS] = {.name = AEGIS_STREAM_COMMANDS,
                             .subjects = commands_subjects,
                             .subject_count = 1,
                             .retention = AEGIS_RETAIN_WORK_QUEUE,
                             .discard = AEGIS_DISCARD_NEW,
                             .max_bytes = COMMANDS_MAX_BYTES},
    [AEGIS_KIND_DLQ] = {.name = AEGIS_STREAM_DLQ,
                        .subjects = dlq_subjects,
                        .subject_count = 1,
                        .discard = AEGIS_DISCARD_NEW,
                        .max_bytes = DLQ_MAX_BYTES},
    [AEGIS_KIND_RECORDS] = {.name = AEGIS_BUCKET_RECORDS, .bucket = true, .max_age = RECORDS_MAX_AGE},
    [AEGIS_KIND_TRIES] = {.name = AEGIS_BUCKET_TRIES, .bucket = true, .max_age = TRIES_MAX_AGE},
    /* max_age is up to the heartbeats. The original creates it too. */
    [AEGIS_KIND_REGISTRY] = {.name = AEGIS_BUCKET_REGISTRY, .bucket = true},
};

/* What no longer holds when a stream differs in a point. */
static const struct {
    aegis_stream_kind kind;
    aegis_stream_point point;
    const char *promise;
} weakened[] = {
    {AEGIS_KIND_EVENTS, AEGIS_POINT_SUBJECTS, "an event that its subjects leave out is refused"},
    {AEGIS_KIND_EVENTS, AEGIS_POINT_RETENTION, "an event is gone once those who listen now have it"},
    {AEGIS_KIND_EVENTS, AEGIS_POINT_STORAGE, "events do not outlive the server"},
    {AEGIS_KIND_EVENTS, AEGIS_POINT_NO_ACK, "no event is ever acknowledged, so publishing fails"},
    {AEGIS_KIND_COMMANDS, AEGIS_POINT_SUBJECTS, "a command that its subjects leave out is refused"},
    {AEGIS_KIND_COMMANDS, AEGIS_POINT_RETENTION, "commands that are done stay, and fill it"},
    {AEGIS_KIND_COMMANDS, AEGIS_POINT_STORAGE, "accepted commands do not outlive the server"},
    {AEGIS_KIND_COMMANDS, AEGIS_POINT_DISCARD,
     "when it is full, accepted commands are dropped instead of new ones refused"},
    {AEGIS_KIND_COMMANDS, AEGIS_POINT_NO_ACK, "no command is ever acknowledged, so submitting fails"},
    {AEGIS_KIND_DLQ, AEGIS_POINT_SUBJECTS, "a dead letter that its subjects leave out is refused"},
    {AEGIS_KIND_DLQ, AEGIS_POINT_RETENTION, "a dead letter can vanish before anybody has looked at it"},
    {AEGIS_KIND_DLQ, AEGIS_POINT_STORAGE, "dead letters do not outlive the server"},
    {AEGIS_KIND_DLQ, AEGIS_POINT_DISCARD,
     "when it is full, dead letters are dropped instead of held at their source"},
    {AEGIS_KIND_DLQ, AEGIS_POINT_NO_ACK,
     "no dead letter is ever acknowledged, so messages stay at their source"},
    {AEGIS_KIND_RECORDS, AEGIS_POINT_STORAGE,
     "records do not outlive the server: a command can run once more, and its result be gone"},
    {AEGIS_KIND_TRIES, AEGIS_POINT_STORAGE,
     "the tries of events are counted anew when the server starts again"},
    {AEGIS_KIND_REGISTRY, AEGIS_POINT_STORAGE,
     "instances are not listed between a start of the server and their next heartbeat"},
};

/* ---- options ------------------------------------------------------------------------------------------ */

static int64_t limit(int64_t asked, int64_t otherwise)
{
    return asked == 0 ? otherwise : asked > 0 ? asked : 0;
}

static bool has_limits(const aegis_stream_options *asked)
{
    return asked->max_bytes != 0 || asked->max_messages != 0 || asked->max_age != 0 ||
           asked->duplicate_window != 0;
}

static aegis_status choose_name(aegis_topology *t, aegis_stream_kind kind, const aegis_stream_options *asked,
                                const char *otherwise, aegis_error *error)
{
    const char *name = asked->name != NULL ? asked->name : otherwise;

    if (strlen(name) >= sizeof t->names[kind] || strpbrk(name, ".*>/\\ \t\r\n") != NULL ||
        !aegis_subject_valid(name))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT,
                               "'%.80s' cannot be the name of a stream or bucket", name);
    (void)snprintf(t->names[kind], sizeof t->names[kind], "%s", name);
    return AEGIS_OK;
}

/* Some have no options of their own: `asked` is then `nothing`. */
static aegis_status choose(aegis_topology *t, aegis_stream_kind kind, const aegis_stream_options *asked,
                           const aegis_options *options, aegis_error *error)
{
    aegis_stream_config *config = &t->streams[kind];

    *config = streams[kind];
    config->name = t->names[kind];
    config->max_bytes = limit(asked->max_bytes, config->max_bytes);
    config->max_messages = limit(asked->max_messages, config->max_messages);
    config->max_age = limit(asked->max_age, config->max_age);
    config->duplicate_window = asked->duplicate_window;
    config->storage = options->storage;
    config->replicas = options->replicas;
    t->asked[kind] = has_limits(asked) || options->replicas != 0;
    return choose_name(t, kind, asked, streams[kind].name, error);
}

aegis_status aegis_topology_init(aegis_topology *t, const aegis_options *options, aegis_error *error)
{
    static const aegis_stream_options nothing = {0};
    const aegis_stream_options *const asked[AEGIS_KIND_COUNT] = {
        &options->events, &options->commands, &options->dead_letters, &options->results, &nothing, &nothing};
    aegis_status status = AEGIS_OK;

    if (options->replicas > REPLICAS_MAX)
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "options.replicas is %u; %u at most",
                               options->replicas, (unsigned)REPLICAS_MAX);
    if (options->results.max_messages != 0 || options->results.duplicate_window != 0)
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT,
                               "options.results has a max_age and max_bytes, and no other limits");
    for (unsigned kind = 0; status == AEGIS_OK && kind < AEGIS_KIND_COUNT; kind++)
        status = choose(t, (aegis_stream_kind)kind, asked[kind], options, error);
    t->streams[AEGIS_KIND_REGISTRY].max_age = AEGIS_HEARTBEATS_LIFE * aegis_heartbeat_of(options);
    return status;
}

/* ---- what is there ------------------------------------------------------------------------------------ */

static void warn(aegis_bus *bus, aegis_stream_kind kind, const aegis_stream_info *info)
{
    char promises[512];
    size_t length = 0;

    promises[0] = '\0';
    for (size_t i = 0; i < sizeof weakened / sizeof weakened[0]; i++) {
        if (weakened[i].kind == kind && (info->differs & (unsigned)weakened[i].point) != 0 &&
            length < sizeof promises)
            length += (size_t)snprintf(promises + length, sizeof promises - length, "%s%s",
                                       length > 0 ? "; " : "", weakened[i].promise);
    }
    aegis_log_write(&bus->log, AEGIS_LOG_WARNING,
                    "%s was not created by Aegis and is used as it is: %s. What that weakens: %s",
                    bus->topology.names[kind], info->difference, promises);
}

/* Whatever there is to be said, once per bus. */
static void tell(aegis_bus *bus, aegis_stream_kind kind, const aegis_stream_info *info)
{
    if (atomic_exchange(&bus->topology.told[kind], true))
        return;
    if (info->ours && info->differs != 0)
        aegis_log_write(&bus->log, AEGIS_LOG_ERROR,
                        "%s was created by Aegis and has been altered: %s. It is not altered back from here",
                        bus->topology.names[kind], info->difference);
    else if (info->differs != 0)
        warn(bus, kind, info);
    if (info->limits[0] != '\0')
        aegis_log_write(&bus->log, bus->topology.asked[kind] ? AEGIS_LOG_WARNING : AEGIS_LOG_INFO,
                        "%s is there with other limits than the options have, and keeps them: %s",
                        bus->topology.names[kind], info->limits);
}

/* What a stream asks for is reserved when it is made; so say what it asks for. */
static aegis_status no_room(const aegis_topology *t, aegis_stream_kind kind, aegis_error *error)
{
    static const char *const options[] = {"events", "commands", "dead_letters", "results"};
    const int64_t bytes = t->streams[kind].max_bytes;
    char why[200];

    if (error == NULL || bytes == 0)
        return AEGIS_RESOURCE_EXHAUSTED;
    (void)snprintf(why, sizeof why, "%.199s", error->text);
    return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED,
                           "%s; it asks for %lld bytes of the server's store: see options.%s.max_bytes", why,
                           (long long)bytes, options[kind]);
}

static aegis_status ensure(aegis_bus *bus, aegis_stream_kind kind, int64_t deadline, aegis_error *error)
{
    aegis_topology *t = &bus->topology;
    aegis_stream_info info = {0};

    if (atomic_load_explicit(&t->ready[kind], memory_order_acquire))
        return AEGIS_OK;
    atomic_store(&t->wanted[kind], true);
    aegis_status status = bus->port->ops->ensure_stream(bus->port, &t->streams[kind], deadline, &info, error);
    if (status == AEGIS_OK || info.differs != 0)
        tell(bus, kind, &info);
    if (status == AEGIS_RESOURCE_EXHAUSTED)
        return no_room(t, kind, error);
    if (status != AEGIS_OK)
        return status;
    atomic_store(&t->ready[kind], true);
    if (kind == AEGIS_KIND_COMMANDS && (info.differs & AEGIS_POINT_RETENTION) == 0)
        aegis_sweep_start(bus);
    return AEGIS_OK;
}

aegis_status aegis_bus_ensure(aegis_bus *bus, aegis_stream_kind kind, aegis_error *error)
{
    return ensure(bus, kind, aegis_clock_monotonic() + AEGIS_MANAGE_TIMEOUT, error);
}

void aegis_bus_missing(aegis_bus *bus, aegis_stream_kind kind)
{
    atomic_store(&bus->topology.ready[kind], false);
}

const char *aegis_bus_stream(const aegis_bus *bus, aegis_stream_kind kind)
{
    return bus->topology.names[kind];
}

/* ---- publishing into it ------------------------------------------------------------------------------- */

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* False when it would be too late then. */
static bool pause_before(int64_t deadline)
{
    if (aegis_clock_monotonic() + LOOK_AGAIN >= deadline)
        return false;
    aegis_pause(LOOK_AGAIN);
    return true;
}

aegis_status aegis_bus_store(aegis_bus *bus, aegis_stream_kind kind, const aegis_outgoing *message,
                             int64_t deadline, aegis_publish_ack *ack, aegis_error *error)
{
    aegis_outgoing sent = *message;
    aegis_status status;
    bool gone = false;

    sent.stream = bus->topology.names[kind];
    do {
        status = ensure(bus, kind,
                        sooner(deadline, aegis_clock_monotonic() + (gone ? LOOK_FOR : AEGIS_MANAGE_TIMEOUT)),
                        error);
        if (status == AEGIS_OK) {
            status = bus->port->ops->publish_durable(bus->port, &sent, deadline, ack, error);
            if (status != AEGIS_NOT_FOUND)
                return status;
            aegis_bus_missing(bus, kind);
            gone = true;
        } else if (!gone || (status != AEGIS_UNAVAILABLE && status != AEGIS_DEADLINE_EXCEEDED)) {
            return status;
        }
    } while (pause_before(deadline));
    return status;
}

aegis_status aegis_bus_put(aegis_bus *bus, aegis_stream_kind kind, const char *key, aegis_bytes value,
                           uint64_t expected, int64_t deadline, uint64_t *revision, aegis_error *error)
{
    aegis_status status = AEGIS_NOT_FOUND;

    for (unsigned i = 0; i < 2 && status == AEGIS_NOT_FOUND; i++) {
        status = ensure(bus, kind, sooner(deadline, aegis_clock_monotonic() + AEGIS_MANAGE_TIMEOUT), error);
        if (status == AEGIS_OK)
            status = bus->port->ops->kv_put(bus->port, bus->topology.names[kind], key, value, expected,
                                            deadline, revision, error);
        if (status == AEGIS_NOT_FOUND)
            aegis_bus_missing(bus, kind);
    }
    return status;
}
