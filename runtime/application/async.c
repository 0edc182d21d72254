/* Calls with a callback. Each is a flight: an exchange with an arena of its own, which is used again for
 * later calls, so that none is allocated in the steady state. The attempts are operations submitted to the
 * port; one thread a client reads their completions, keeps the times of retries and hedges, and runs the
 * callbacks, without a lock. A call the client has no room for is a flight too, of which there are as many
 * again: its callback comes from there as well.
 *
 * Whose a flight is: the caller's until it is submitted, or handed over through the timers; then the
 * thread's. A token names generation, flight and attempt, so that cancelling a call which ended meanwhile
 * cancels nothing.
 */
#include <string.h>

#include "application/client.h"
#include "domain/arena.h"

/* What a flight keeps for the next call; an arena that handed out more is freed. */
#define KEPT_BYTES ((size_t)64 << 10)
/* Completions taken at once. */
#define BATCH 32

struct aegis_flight {
    aegis_exchange x; /* first: what the stub has is this */
    aegis_arena *arena;
    uint32_t index;
    /* under the client's lock */
    uint32_t generation;
    bool busy, over;
    bool refused;
    aegis_flight *next; /* in idle */
    aegis_list timer;
    int64_t due;
    /* the owner's */
    atomic_bool cancelled;
    aegis_raw params;
    aegis_async_thunk thunk;
    void (*callback)(void);
    void *user;
    bool decided;    /* it has failed, as x.error says */
    bool raced;      /* the hedge is out, or was not allowed */
    bool running[2]; /* attempts whose completion has not come */
};

static uint64_t token_of(uint32_t generation, uint32_t index, unsigned which)
{
    return (uint64_t)generation << 32 | (uint64_t)index << 1 | which;
}

/* ---- timers, by when they are due: a new one is nearly always the last -------------------------------- */

static aegis_flight *of_timer(aegis_list *item)
{
    return (aegis_flight *)(void *)((char *)item - offsetof(aegis_flight, timer));
}

/* With the lock held. The thread is woken when it would wait too long. */
static void set_timer(aegis_client *client, aegis_flight *f, int64_t due)
{
    aegis_list *at = &client->timers;

    aegis_list_remove(&f->timer);
    f->due = due;
    while (at->prev != &client->timers && of_timer(at->prev)->due > due)
        at = at->prev;
    aegis_list_add(at, &f->timer);
    if (client->timers.next == &f->timer && !pthread_equal(client->thread, pthread_self()))
        client->bus->port->ops->wake(client->completions);
}

/* Hand it to the thread. */
static void hand_over(aegis_flight *f, int64_t due)
{
    aegis_client *client = f->x.client;

    (void)pthread_mutex_lock(&client->lock);
    set_timer(client, f, atomic_load(&f->cancelled) ? 0 : due);
    (void)pthread_mutex_unlock(&client->lock);
}

/* ---- attempts ----------------------------------------------------------------------------------------- */

/* Send attempt `which`. False: it has failed, nothing will come of it. After a true the flight may be over
 * already. */
static bool launch(aegis_flight *f, unsigned which)
{
    aegis_source *source = f->x.client->completions;
    const uint64_t token = token_of(f->generation, f->index, which);
    aegis_outgoing request;

    if (!aegis_attempt_open(&f->x, which, f->params, &request, &f->x.error))
        return false;
    f->running[which] = true;
    if (source->port->ops->submit(source, AEGIS_OP_REQUEST, &request, token, f->x.deadline, &f->x.error) ==
        AEGIS_OK) {
        if (atomic_load_explicit(&f->cancelled, memory_order_relaxed))
            source->port->ops->cancel(source, token);
        return true;
    }
    f->running[which] = false;
    (void)aegis_attempt_failed(&f->x, which, &f->x.error);
    return false;
}

/* What x.error says stands, or another attempt follows. */
static void has_failed(aegis_flight *f)
{
    int64_t when = 0;

    f->decided = atomic_load(&f->cancelled) || !aegis_attempt_again(&f->x, &f->x.error, &when);
    hand_over(f, f->decided ? 0 : when);
}

/* The first attempt, or the next one after a failure. */
static void begin(aegis_flight *f)
{
    aegis_client *client = f->x.client;
    const uint32_t generation = f->generation;
    const int64_t second = f->x.hedge > 0 ? aegis_clock_monotonic() + f->x.hedge : 0;

    f->raced = false;
    if (!launch(f, 0)) {
        has_failed(f);
    } else if (second != 0) {
        (void)pthread_mutex_lock(&client->lock);
        if (f->generation == generation && f->timer.next == NULL && !f->over)
            set_timer(client, f, second);
        (void)pthread_mutex_unlock(&client->lock);
    }
}

/* ---- taking and giving back --------------------------------------------------------------------------- */

static void *work(void *argument);

/* With the lock held. */
static bool start(aegis_client *client)
{
    const aegis_bus *bus = client->bus;
    const size_t size = 2 * (size_t)client->limit * sizeof(aegis_flight *);
    const aegis_port_ops *ops = bus->port->ops;

    if (client->completions != NULL)
        return true;
    client->flights = (aegis_flight **)aegis_memory_get(bus->allocator, size);
    if (client->flights == NULL)
        return false;
    /* Two attempts for each flight. */
    if (ops->completions(bus->port, 2 * (size_t)client->limit, &client->completions, NULL) == AEGIS_OK) {
        if (pthread_create(&client->thread, NULL, work, client) == 0)
            return true;
        ops->close_source(client->completions);
        client->completions = NULL;
    }
    aegis_memory_put(bus->allocator, client->flights, size);
    client->flights = NULL;
    return false;
}

/* With the lock held. */
static aegis_flight *take(aegis_client *client)
{
    const bool refused = client->taken >= client->limit;
    aegis_flight *f = client->idle;

    if (client->closing || (refused && client->refused >= client->limit) || !start(client))
        return NULL;
    if (f != NULL) {
        client->idle = f->next;
    } else {
        f = (aegis_flight *)aegis_memory_get(client->bus->allocator, sizeof *f);
        if (f == NULL)
            return NULL;
        f->index = client->flight_count;
        client->flights[client->flight_count++] = f;
    }
    (*(refused ? &client->refused : &client->taken))++;
    f->busy = true;
    f->refused = refused;
    return f;
}

/* On the thread: nothing will be heard of the flight any more. */
static void give_back(aegis_flight *f)
{
    aegis_client *client = f->x.client;

    if (f->arena != NULL && aegis_arena_used(f->arena) > KEPT_BYTES) {
        aegis_arena_free(f->arena);
        f->arena = NULL;
    } else if (f->arena != NULL) {
        aegis_arena_reset(f->arena);
    }
    atomic_store(&f->cancelled, false);
    f->decided = false;
    (void)pthread_mutex_lock(&client->lock);
    (*(f->refused ? &client->refused : &client->taken))--;
    f->generation++;
    f->busy = f->over = false;
    f->next = client->idle;
    client->idle = f;
    (void)pthread_mutex_unlock(&client->lock);
}

aegis_exchange *aegis_async_begin(aegis_client *client, const aegis_method *method,
                                  const aegis_call_options *options)
{
    aegis_flight *f;
    aegis_exchange *x;

    (void)pthread_mutex_lock(&client->lock);
    f = take(client);
    (void)pthread_mutex_unlock(&client->lock);
    if (f == NULL)
        return NULL;
    x = &f->x;
    if (f->arena == NULL && !f->refused)
        f->arena = aegis_arena_new(client->bus->allocator);
    (void)aegis_exchange_begin(x, client, f->refused ? NULL : f->arena,
                               options != NULL ? options->parent : NULL);
    if (!x->begun)
        (void)aegis_error_set(&x->error, AEGIS_RESOURCE_EXHAUSTED,
                              f->refused ? "%u async calls are under way"
                                         : "no memory for one of %u async calls",
                              (unsigned)client->limit);
    aegis_attempt_prepare(x, method, options);
    if (x->parent != NULL) { /* it may end before this call does */
        x->trace_id = x->begun ? aegis_arena_strdup(x->arena, x->trace_id) : NULL;
        x->correlation_id = x->begun ? aegis_arena_strdup(x->arena, x->correlation_id) : NULL;
        x->source = x->begun ? aegis_arena_strdup(x->arena, x->source) : client->source;
    }
    x->parent = NULL;
    return x;
}

aegis_call_id aegis_async_send(aegis_exchange *x, aegis_async_thunk thunk, void (*callback)(void), void *user)
{
    aegis_flight *f = (aegis_flight *)(void *)x;
    const aegis_call_id id = token_of(f->generation, f->index, 0) + 1;
    aegis_error why;

    f->thunk = thunk;
    f->callback = callback;
    f->user = user;
    if (aegis_exchange_value(x, "the request", &f->params, &why) == AEGIS_OK) {
        begin(f);
    } else {
        x->error = why;
        f->decided = true;
        hand_over(f, 0);
    }
    return id;
}

bool aegis_call_cancel(aegis_client *client, aegis_call_id id)
{
    const uint64_t token = id - 1;
    const uint32_t index = (uint32_t)token >> 1;
    aegis_flight *f = NULL;
    unsigned which;

    (void)pthread_mutex_lock(&client->lock);
    if (id != 0 && index < client->flight_count)
        f = client->flights[index];
    if (f == NULL || !f->busy || f->over || f->generation != (uint32_t)(token >> 32)) {
        (void)pthread_mutex_unlock(&client->lock);
        return false;
    }
    atomic_store(&f->cancelled, true);
    if (f->timer.next != NULL)
        set_timer(client, f, 0);
    (void)pthread_mutex_unlock(&client->lock);
    for (which = 0; which < 2; which++)
        client->bus->port->ops->cancel(client->completions, token + which);
    return true;
}

/* ---- the thread --------------------------------------------------------------------------------------- */

/* The callback, and the flight's end unless a completion is still to come. */
static void conclude(aegis_flight *f, int answer)
{
    aegis_client *client = f->x.client;
    const aegis_log_context here = {f->x.method->service, f->x.method->name, f->x.trace_id, NULL, NULL, true};
    const aegis_log_context *before;
    unsigned which;

    (void)pthread_mutex_lock(&client->lock);
    aegis_list_remove(&f->timer);
    f->over = true;
    (void)pthread_mutex_unlock(&client->lock);
    for (which = 0; which < 2; which++) {
        if (f->running[which])
            client->bus->port->ops->cancel(client->completions, token_of(f->generation, f->index, which));
    }
    aegis_attempt_over(&f->x, answer, &f->x.error);
    before = aegis_log_enter(&here);
    f->thunk(&f->x, answer, f->callback, f->user);
    (void)aegis_log_enter(before);
    if (!f->running[0] && !f->running[1])
        give_back(f);
}

static void give_up(aegis_flight *f)
{
    if (!f->decided)
        (void)aegis_error_set(&f->x.error, AEGIS_CANCELLED, "%s.%s was cancelled", f->x.method->service,
                              f->x.method->name);
    conclude(f, AEGIS_ANSWER_FAILED);
}

static void due(aegis_flight *f)
{
    aegis_error other;

    if (f->decided) {
        give_up(f);
    } else if (f->running[0] || f->running[1]) {
        if (f->raced || atomic_load(&f->cancelled))
            return;
        f->raced = true;
        other = f->x.error;
        if (aegis_attempt_hedge(&f->x) && !launch(f, 1))
            f->x.error = other;
    } else if (atomic_load(&f->cancelled)) {
        give_up(f);
    } else {
        begin(f);
    }
}

static void completed(aegis_client *client, const aegis_message *message)
{
    aegis_flight *f = client->flights[(uint32_t)message->token >> 1];
    const unsigned which = (unsigned)message->token & 1;
    int answer;

    f->running[which] = false;
    if (f->over) {
        aegis_attempt_dropped(&f->x, which);
        if (!f->running[!which])
            give_back(f);
        return;
    }
    answer = aegis_attempt_completed(&f->x, which, message, &f->x.error);
    if (answer != AEGIS_ANSWER_FAILED)
        conclude(f, answer);
    else if (!f->running[!which])
        has_failed(f);
    else if (!aegis_attempt_hopeful(&f->x, &f->x.error))
        conclude(f, answer);
}

/* The flight that is due, if any; else in `until` when one will be. False: all is over, and the client
 * closes. */
static bool look(aegis_client *client, aegis_flight **found, int64_t *until)
{
    aegis_flight *f = NULL;
    bool more;

    (void)pthread_mutex_lock(&client->lock);
    if (client->timers.next != &client->timers)
        f = of_timer(client->timers.next);
    *found = NULL;
    *until = f != NULL ? f->due : aegis_clock_monotonic() + AEGIS_MINUTE;
    if (f != NULL && f->due <= aegis_clock_monotonic()) {
        aegis_list_remove(&f->timer);
        *found = f;
        *until = 0; /* completions have their turn as well */
    }
    more = !client->closing || client->taken + client->refused > 0;
    (void)pthread_mutex_unlock(&client->lock);
    return more;
}

static void *work(void *argument)
{
    aegis_client *client = (aegis_client *)argument;
    const aegis_port_ops *ops = client->bus->port->ops;
    aegis_message messages[BATCH];
    aegis_flight *f;
    int64_t until;
    size_t count;
    size_t i;

    while (look(client, &f, &until)) {
        if (f != NULL)
            due(f);
        (void)ops->next_batch(client->completions, until, messages, BATCH, &count);
        for (i = 0; i < count; i++) {
            completed(client, &messages[i]);
            ops->release(&messages[i]);
        }
    }
    return NULL;
}

void aegis_async_close(aegis_client *client)
{
    const aegis_allocator *allocator = client->bus->allocator;
    aegis_call_id id;
    uint32_t i;

    if (client->completions == NULL)
        return;
    for (i = 0; i < client->flight_count; i++) {
        (void)pthread_mutex_lock(&client->lock);
        client->closing = true;
        id = token_of(client->flights[i]->generation, i, 0) + 1;
        (void)pthread_mutex_unlock(&client->lock);
        (void)aegis_call_cancel(client, id);
    }
    client->bus->port->ops->wake(client->completions);
    (void)pthread_join(client->thread, NULL);
    client->bus->port->ops->close_source(client->completions);
    for (i = 0; i < client->flight_count; i++) {
        aegis_arena_free(client->flights[i]->arena);
        aegis_memory_put(allocator, client->flights[i], sizeof *client->flights[i]);
    }
    aegis_memory_put(allocator, client->flights, 2 * (size_t)client->limit * sizeof(aegis_flight *));
}
