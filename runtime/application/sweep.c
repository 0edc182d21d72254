/* Progress and callbacks of commands lie inside the subjects of COMMANDS. Ours are never stored there;
 * workers of the original SDK do not know how to prevent it, and what they leave would fill the stream until
 * commands are refused. So all who use the stream share two pull consumers and acknowledge what those find,
 * which removes it. Live listeners have had it long before.
 *
 * One thread per bus, which looks every now and then instead of waiting at a source: a thread that waits
 * leads the connection, and would stand between a call and its answer. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <string.h>

#include "application/place.h"

/* Messages allowed to be on their way; a sweep takes as many as there are. */
#define SWEEP_CREDIT 256
#define SWEEP_BATCH  64
/* Between two checks that the consumers see what is there; sooner after a connection was lost, and once
 * something was found. */
#define SWEEP_CHECK (60 * AEGIS_SECOND)
#define SWEEP_DOUBT (2 * AEGIS_SECOND)
/* Checks without an answer: then there is no right to, and who has it checks for all. */
#define UNANSWERED_MAX 4
/* Between two looks: while there is something, and in quiet times at most. */
#define SWEEP_BUSY  (100 * AEGIS_MILLISECOND)
#define SWEEP_QUIET (2 * AEGIS_SECOND)
/* To make a consumer: aegis_close may have to wait for it. */
#define SWEEP_TIMEOUT (2 * AEGIS_SECOND)
/* After it could not be made so often, that is said, and tried less often: there may be no right to. */
#define SWEEP_TRIES  3
#define SWEEP_FAILED (30 * AEGIS_SECOND)

typedef struct swept {
    aegis_consumer_config config;
    aegis_source *source; /* NULL: not opened yet */
    uint64_t unseen;      /* see place.h */
} swept;

struct aegis_sweep {
    aegis_bus *bus;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping; /* with the lock */
    int failures;
    uint64_t reconnects; /* of the port, at the last look */
    int64_t check_at;
    int unanswered; /* checks */
    swept places[2];
};

static bool open_place(struct aegis_sweep *sweep, swept *place)
{
    aegis_bus *bus = sweep->bus;
    const aegis_port_ops *ops = bus->port->ops;
    const aegis_consumer_config *config = &place->config;
    aegis_error error = {0};

    if (place->source != NULL)
        return true;
    if (ops->ensure_consumer(bus->port, config, aegis_clock_monotonic() + SWEEP_TIMEOUT, &error) ==
            AEGIS_OK &&
        ops->consume(bus->port, config->stream, config->durable, &place->source, &error) == AEGIS_OK) {
        ops->credit(place->source, SWEEP_CREDIT);
        return true;
    }
    if (++sweep->failures == SWEEP_TRIES)
        aegis_log_write(&bus->log, AEGIS_LOG_WARNING,
                        "what workers of the original SDK leave in %s is not swept from here: %s",
                        config->stream, aegis_error_text(&error));
    return false;
}

/* Acknowledge what is there. */
static size_t clean(struct aegis_sweep *sweep, const swept *place)
{
    const aegis_port_ops *ops = sweep->bus->port->ops;
    aegis_message messages[SWEEP_BATCH];
    size_t all = 0;
    size_t count;

    while (ops->next_batch(place->source, 0, messages, SWEEP_BATCH, &count) == AEGIS_OK) {
        for (size_t i = 0; i < count; i++) {
            (void)ops->settle(&messages[i], AEGIS_ACK, 0);
            ops->release(&messages[i]);
        }
        ops->credit(place->source, (uint32_t)count);
        all += count;
    }
    return all;
}

/* Whether they still have their place, when it is time for it. */
static void check(struct aegis_sweep *sweep)
{
    aegis_health health = {0};
    bool doubt = false;

    sweep->bus->port->ops->health(sweep->bus->port, &health);
    if (health.reconnects != sweep->reconnects)
        sweep->check_at = 0;
    sweep->reconnects = health.reconnects;
    if (!health.connected || aegis_clock_monotonic() < sweep->check_at || sweep->unanswered >= UNANSWERED_MAX)
        return;
    aegis_arena *arena = aegis_arena_new(sweep->bus->allocator);
    for (size_t i = 0; arena != NULL && i < 2; i++) {
        swept *place = &sweep->places[i];
        const aegis_place kept = place->source != NULL
                                     ? aegis_place_look(sweep->bus, &place->config, &place->unseen, arena)
                                     : AEGIS_PLACE_KEPT;

        if (kept == AEGIS_PLACE_LOST)
            (void)aegis_place_remake(sweep->bus, &place->config, "sweep");
        sweep->unanswered += kept == AEGIS_PLACE_UNKNOWN;
        doubt = doubt || kept == AEGIS_PLACE_DOUBTED;
        aegis_arena_reset(arena);
    }
    aegis_arena_free(arena);
    sweep->check_at = aegis_clock_monotonic() + (doubt ? SWEEP_DOUBT : SWEEP_CHECK);
}

/* False once it has to stop. */
static bool pause_for(struct aegis_sweep *sweep, aegis_duration duration)
{
    const int64_t until = aegis_clock_monotonic() + duration;

    (void)pthread_mutex_lock(&sweep->lock);
    while (!sweep->stopping && aegis_condition_wait(&sweep->changed, &sweep->lock, until))
        continue;
    bool on = !sweep->stopping;
    (void)pthread_mutex_unlock(&sweep->lock);
    return on;
}

static void *work(void *argument)
{
    struct aegis_sweep *sweep = (struct aegis_sweep *)argument;
    aegis_duration wait = SWEEP_BUSY;

    do {
        bool open = true;
        size_t found = 0;

        for (size_t i = 0; i < 2 && open; i++) {
            open = open_place(sweep, &sweep->places[i]);
            if (open)
                found += clean(sweep, &sweep->places[i]);
        }
        check(sweep);
        wait = found > 0 ? SWEEP_BUSY : wait < SWEEP_QUIET / 2 ? 2 * wait : SWEEP_QUIET;
        if (!open && sweep->failures >= SWEEP_TRIES)
            wait = SWEEP_FAILED;
    } while (pause_for(sweep, wait));
    for (size_t i = 0; i < 2; i++) {
        if (sweep->places[i].source != NULL)
            sweep->bus->port->ops->close_source(sweep->places[i].source);
    }
    return NULL;
}

static void discard(struct aegis_sweep *sweep)
{
    (void)pthread_cond_destroy(&sweep->changed);
    (void)pthread_mutex_destroy(&sweep->lock);
    aegis_memory_put(sweep->bus->allocator, sweep, sizeof *sweep);
}

static void set_place(aegis_bus *bus, swept *place, const char *durable, const char *filter)
{
    place->config.stream = aegis_bus_stream(bus, AEGIS_KIND_COMMANDS);
    place->config.durable = durable;
    place->config.filter = filter;
    place->config.max_ack_pending = 4 * SWEEP_CREDIT;
}

static struct aegis_sweep *prepare(aegis_bus *bus)
{
    struct aegis_sweep *sweep = (struct aegis_sweep *)aegis_memory_get(bus->allocator, sizeof *sweep);

    if (sweep == NULL)
        return NULL;
    sweep->bus = bus;
    set_place(bus, &sweep->places[0], "aegis-sweep-progress", "commands.progress.*");
    set_place(bus, &sweep->places[1], "aegis-sweep-callback", "commands.callback.*");
    (void)pthread_mutex_init(&sweep->lock, NULL);
    (void)aegis_condition_init(&sweep->changed);
    return sweep;
}

void aegis_sweep_start(aegis_bus *bus)
{
    struct aegis_sweep *sweep = NULL;

    (void)pthread_mutex_lock(&bus->lock);
    if (bus->topology.sweep == NULL)
        sweep = prepare(bus);
    if (sweep != NULL && pthread_create(&sweep->thread, NULL, work, sweep) != 0) {
        discard(sweep);
        sweep = NULL;
    }
    if (sweep != NULL)
        bus->topology.sweep = sweep;
    (void)pthread_mutex_unlock(&bus->lock);
}

void aegis_sweep_stop(aegis_bus *bus)
{
    struct aegis_sweep *sweep = bus->topology.sweep;

    if (sweep == NULL)
        return;
    (void)pthread_mutex_lock(&sweep->lock);
    sweep->stopping = true;
    (void)pthread_cond_signal(&sweep->changed);
    (void)pthread_mutex_unlock(&sweep->lock);
    (void)pthread_join(sweep->thread, NULL);
    bus->topology.sweep = NULL;
    discard(sweep);
}
