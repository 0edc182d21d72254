/* Being told when a command has ended. A client has one thread for all of them: their sources are diverted
 * into one, which it reads; it looks at the records of those that have been silent for long, keeps their
 * deadlines, and runs the callbacks, without a lock. A handle that was handed over here belongs to the
 * thread.
 *
 * The number of notices is bounded by the client's limit of async calls. A token names generation and place,
 * so that what still arrives for one that has ended is known for that.
 */
#include <string.h>

#include "application/commands_client.h"

/* Messages taken at once. */
#define BATCH 32
/* Deadlines and looks are seen to at most so often, and so many looks at once: each is a round trip in which
 * nothing else is read. */
#define SWEEP_LEAST (20 * AEGIS_MILLISECOND)
#define LOOKS_MOST  16
/* A look that takes longer says that the others have to wait as well. */
#define LOOK_SLOW  (100 * AEGIS_MILLISECOND)
#define LOOK_PAUSE AEGIS_SECOND

typedef struct notice {
    aegis_command *command; /* NULL: the place is free */
    const aegis_method *method;
    aegis_listener listener;
    aegis_async_thunk thunk;
    void (*callback)(void);
    void *user;
    aegis_span *span; /* NULL: nobody wants it */
    int64_t deadline;
    uint32_t place, generation;
    struct notice *next; /* in idle */
} notice;

struct aegis_notices {
    aegis_client *client;
    aegis_source *arrivals;
    aegis_arena *arena; /* the thread's: of one outcome at a time */
    pthread_t thread;
    pthread_mutex_t lock; /* guards the rest */
    notice **places;      /* [limit]; those up to `used` are there */
    notice *idle;
    uint32_t limit, used, count;
    int64_t due; /* when the thread has something to see to */
    bool closing;
};

static uint64_t token_of(const notice *n)
{
    return (uint64_t)n->generation << 32 | n->place;
}

/* With the lock held: the thread is to look at `due`, which may be sooner than it would. */
static void hasten(aegis_notices *notices, int64_t due)
{
    if (due >= notices->due)
        return;
    notices->due = due;
    notices->arrivals->port->ops->wake(notices->arrivals);
}

/* ---- the end of one ----------------------------------------------------------------------------------- */

/* On the thread. The place is free before the callback runs, which may want it. */
static void conclude(aegis_notices *notices, notice *n, aegis_exchange *x, int answer)
{
    const notice told = *n;
    const aegis_log_context here = {told.method->service, told.method->name, NULL, NULL, NULL, true};

    aegis_command_end_wait(x, told.span, answer, &x->error);
    aegis_command_free(told.command);
    (void)pthread_mutex_lock(&notices->lock);
    n->command = NULL;
    n->generation++;
    n->next = notices->idle;
    notices->idle = n;
    notices->count--;
    (void)pthread_mutex_unlock(&notices->lock);
    const aegis_log_context *before = aegis_log_enter(&here);
    told.thunk(x, answer, told.callback, told.user);
    (void)aegis_log_enter(before);
    aegis_arena_reset(x->arena);
}

static void give_up(aegis_notices *notices, notice *n, aegis_exchange *x, aegis_status status,
                    const char *why)
{
    aegis_command_expect(x, n->command, n->method, x->arena);
    memset(&x->error, 0, sizeof x->error);
    (void)aegis_error_set(&x->error, status, "command %s (%s.%s): %s", n->command->id, n->method->service,
                          n->method->name, why);
    conclude(notices, n, x, AEGIS_ANSWER_FAILED);
}

/* ---- the thread --------------------------------------------------------------------------------------- */

/* One that is under way, or NULL. It stays so until this thread ends it. */
static notice *at_place(aegis_notices *notices, uint32_t place, bool *there)
{
    notice *n = NULL;

    (void)pthread_mutex_lock(&notices->lock);
    *there = place < notices->used;
    if (*there && notices->places[place]->command != NULL)
        n = notices->places[place];
    (void)pthread_mutex_unlock(&notices->lock);
    return n;
}

static void arrived(aegis_notices *notices, const aegis_message *message, aegis_exchange *x)
{
    bool there;
    notice *n = at_place(notices, (uint32_t)message->token, &there);
    int answer = AEGIS_ANSWER_FAILED;

    if (n == NULL || n->generation != (uint32_t)(message->token >> 32))
        return;
    const aegis_log_context here = {n->method->service, n->method->name, NULL, NULL, NULL, true};
    aegis_command_expect(x, n->command, n->method, x->arena);
    memset(&x->error, 0, sizeof x->error);
    const aegis_log_context *before = aegis_log_enter(&here); /* a listener may run */
    bool over = aegis_command_heard(x, n->command, message, &n->listener, &answer, &x->error);
    (void)aegis_log_enter(before);
    if (over)
        conclude(notices, n, x, answer);
}

/* When this one is to be seen to next; INT64_MAX once it has ended. `looks` is how many more there may be. */
static int64_t see_to(aegis_notices *notices, notice *n, aegis_exchange *x, unsigned *looks)
{
    const int64_t now = aegis_clock_monotonic();
    int answer = AEGIS_ANSWER_FAILED;

    if (now >= n->deadline) {
        give_up(notices, n, x, AEGIS_DEADLINE_EXCEEDED, "no completion came in time");
        return INT64_MAX;
    }
    if (now >= n->command->look_at && *looks > 0) {
        --*looks;
        aegis_command_expect(x, n->command, n->method, x->arena);
        memset(&x->error, 0, sizeof x->error);
        if (aegis_command_look(x, n->command, n->deadline, &answer, &x->error)) {
            conclude(notices, n, x, answer);
            return INT64_MAX;
        }
        if (aegis_clock_monotonic() - now > LOOK_SLOW)
            *looks = 0;
        aegis_arena_reset(x->arena);
    }
    return n->command->look_at < n->deadline ? n->command->look_at : n->deadline;
}

static void sweep(aegis_notices *notices, aegis_exchange *x)
{
    const int64_t began = aegis_clock_monotonic();
    int64_t due = INT64_MAX;
    unsigned looks = LOOKS_MOST;
    bool there = true;

    (void)pthread_mutex_lock(&notices->lock);
    notices->due = INT64_MAX; /* a new one may set it while we look at the others */
    (void)pthread_mutex_unlock(&notices->lock);
    for (uint32_t place = 0; there; place++) {
        notice *n = at_place(notices, place, &there);
        const int64_t next = n != NULL ? see_to(notices, n, x, &looks) : INT64_MAX;

        if (next < due)
            due = next;
    }
    if (due < began + SWEEP_LEAST)
        due = began + SWEEP_LEAST;
    if (looks == 0 && aegis_clock_monotonic() - began > LOOK_SLOW)
        due = due < began + LOOK_PAUSE ? began + LOOK_PAUSE : due;
    (void)pthread_mutex_lock(&notices->lock);
    if (due < notices->due)
        notices->due = due;
    (void)pthread_mutex_unlock(&notices->lock);
}

static void cancel_all(aegis_notices *notices, aegis_exchange *x)
{
    bool there = true;

    for (uint32_t place = 0; there; place++) {
        notice *n = at_place(notices, place, &there);

        if (n != NULL)
            give_up(notices, n, x, AEGIS_CANCELLED, "its client was freed; the command goes on");
    }
}

static void *work(void *argument)
{
    aegis_notices *notices = (aegis_notices *)argument;
    const aegis_port_ops *ops = notices->arrivals->port->ops;
    aegis_message messages[BATCH];
    aegis_exchange x = {0};
    int64_t until = 0;
    bool closing = false;
    size_t count, i;

    x.arena = notices->arena;
    while (!closing) {
        (void)ops->next_batch(notices->arrivals, until, messages, BATCH, &count);
        for (i = 0; i < count; i++) {
            arrived(notices, &messages[i], &x);
            ops->release(&messages[i]);
        }
        if (aegis_clock_monotonic() >= until)
            sweep(notices, &x);
        (void)pthread_mutex_lock(&notices->lock);
        closing = notices->closing;
        until = notices->due;
        (void)pthread_mutex_unlock(&notices->lock);
    }
    cancel_all(notices, &x);
    return NULL;
}

/* ---- beginning ---------------------------------------------------------------------------------------- */

static void free_notices(aegis_notices *notices)
{
    const aegis_allocator *allocator = notices->client->bus->allocator;

    if (notices->arrivals != NULL)
        notices->arrivals->port->ops->close_source(notices->arrivals);
    for (uint32_t i = 0; i < notices->used; i++)
        aegis_memory_put(allocator, notices->places[i], sizeof(notice));
    aegis_memory_put(allocator, notices->places, notices->limit * sizeof(notice *));
    aegis_arena_free(notices->arena);
    (void)pthread_mutex_destroy(&notices->lock);
    aegis_memory_put(allocator, notices, sizeof *notices);
}

static aegis_status start(aegis_client *client, aegis_notices **out, aegis_error *error)
{
    aegis_bus *bus = client->bus;
    aegis_notices *notices = (aegis_notices *)aegis_memory_get(bus->allocator, sizeof *notices);
    aegis_status status = AEGIS_RESOURCE_EXHAUSTED;

    if (notices == NULL)
        return aegis_error_set(error, status, "out of memory");
    (void)pthread_mutex_init(&notices->lock, NULL);
    notices->client = client;
    notices->limit = client->limit;
    notices->due = INT64_MAX;
    notices->arena = aegis_arena_new(bus->allocator);
    notices->places = (notice **)aegis_memory_get(bus->allocator, notices->limit * sizeof(notice *));
    if (notices->arena == NULL || notices->places == NULL)
        (void)aegis_error_set(error, status, "out of memory");
    else
        status = bus->port->ops->completions(bus->port, 1, &notices->arrivals, error);
    if (status == AEGIS_OK && pthread_create(&notices->thread, NULL, work, notices) != 0)
        status = aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "no thread for notices");
    if (status == AEGIS_OK)
        *out = notices;
    else
        free_notices(notices);
    return status;
}

static aegis_status started(aegis_client *client, aegis_error *error)
{
    aegis_status status = AEGIS_OK;

    (void)pthread_mutex_lock(&client->lock);
    if (client->notices == NULL)
        status = start(client, &client->notices, error);
    (void)pthread_mutex_unlock(&client->lock);
    return status;
}

/* A free place, with the lock held; NULL when there is none. */
static notice *take(aegis_notices *notices)
{
    notice *n = notices->idle;

    if (notices->count >= notices->limit)
        return NULL;
    if (n != NULL) {
        notices->idle = n->next;
    } else {
        n = (notice *)aegis_memory_get(notices->client->bus->allocator, sizeof *n);
        if (n == NULL)
            return NULL;
        n->place = notices->used;
        notices->places[notices->used++] = n;
    }
    notices->count++;
    return n;
}

aegis_status aegis_command_notify(aegis_command *command, const aegis_method *method, aegis_duration timeout,
                                  const aegis_listener *listener, aegis_async_thunk thunk,
                                  void (*callback)(void), void *user, aegis_error *error)
{
    aegis_source *source = command->source;
    aegis_bus *bus = command->client->bus;
    aegis_status status = started(command->client, error);

    if (status != AEGIS_OK)
        return status;
    aegis_notices *notices = command->client->notices;
    aegis_span *span = aegis_span_await(bus, &command->sent, method, command->id);
    if (timeout <= 0)
        timeout = command->timeout > 0 ? command->timeout : method->timeout;
    (void)pthread_mutex_lock(&notices->lock);
    notice *n = take(notices);
    if (n != NULL) {
        n->method = method;
        n->listener = listener != NULL ? *listener : (aegis_listener){NULL, NULL, NULL};
        n->thunk = thunk;
        n->callback = callback;
        n->user = user;
        n->span = span;
        n->deadline = aegis_clock_monotonic() + timeout;
        n->command = command; /* from here on the thread may end it, once the lock is let go */
        source->port->ops->divert(source, notices->arrivals, token_of(n));
        hasten(notices, command->look_at < n->deadline ? command->look_at : n->deadline);
    }
    (void)pthread_mutex_unlock(&notices->lock);
    if (n != NULL)
        return AEGIS_OK;
    if (span != NULL)
        aegis_span_finish(bus, span, AEGIS_RESOURCE_EXHAUSTED, NULL, aegis_clock_monotonic());
    aegis_span_drop(bus, span);
    return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "%u notices of commands are under way",
                           (unsigned)notices->limit);
}

void aegis_notices_close(aegis_client *client)
{
    aegis_notices *notices = client->notices;

    if (notices == NULL)
        return;
    (void)pthread_mutex_lock(&notices->lock);
    notices->closing = true;
    (void)pthread_mutex_unlock(&notices->lock);
    notices->arrivals->port->ops->wake(notices->arrivals);
    (void)pthread_join(notices->thread, NULL);
    free_notices(notices);
    client->notices = NULL;
}
