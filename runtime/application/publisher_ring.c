/* Publications under way: handed to the port, which keeps them in order and sends again what is not
 * acknowledged. One thread a publisher, made with the first, reads what became of them and runs the callbacks
 * without a lock. Their number and bytes are bounded; who publishes more waits for room, which the end of
 * others makes.
 *
 * A post is the publishing thread's until it is submitted, then that thread's. It leaves the list after its
 * callback has returned, so that a flush waits for callbacks too.
 */
#define _POSIX_C_SOURCE 200809L
#include <string.h>

#include "application/client.h"
#include "application/trace.h"

/* Of all bodies under way; one that is larger goes alone. */
#define MOST_BYTES ((size_t)64 << 20)
/* Completions taken at once. */
#define BATCH 64
/* How long freeing a publisher waits for what is under way. */
#define LAST_WAIT     (10 * AEGIS_SECOND)
#define FLUSH_TIMEOUT (5 * AEGIS_SECOND)

static aegis_post *of_item(aegis_list *item)
{
    return (aegis_post *)(void *)((char *)item - offsetof(aegis_post, item));
}

/* With the lock held. False at the time. */
static bool wait_until(aegis_publisher *publisher, aegis_waiters *waiters, int64_t until)
{
    waiters->count++;
    bool in_time = aegis_condition_wait(&waiters->wake, &publisher->lock, until);
    waiters->count--;
    return in_time;
}

static void wake(aegis_waiters *waiters)
{
    if (waiters->count > 0)
        (void)pthread_cond_broadcast(&waiters->wake);
}

/* ---- the thread --------------------------------------------------------------------------------------- */

static void fill_outcome(const aegis_message *message, aegis_publication *out)
{
    out->sequence = message->sequence;
    out->duplicate = message->duplicate;
    out->failed.status = AEGIS_OK;
    if (message->status == AEGIS_OK)
        return;
    memset(&out->failed, 0, sizeof out->failed);
    (void)aegis_error_set(
        &out->failed, message->status, "%.*s", message->body.len > 0 ? (int)message->body.len : 22,
        message->body.len > 0 ? (const char *)message->body.data : "the publication failed");
    out->failed.not_processed = message->not_processed;
}

/* The message says so, or nobody does. */
static void end_span(const aegis_publisher *publisher, aegis_post *post, aegis_status status,
                     const char *error)
{
    aegis_bus *bus = publisher->sender.bus;

    if (post->span == NULL)
        return;
    aegis_span_finish(bus, post->span, status, status != AEGIS_OK ? error : NULL, aegis_clock_monotonic());
    aegis_span_drop(bus, post->span);
    post->span = NULL;
}

static void tell(const aegis_publisher *publisher, aegis_post *post, const aegis_message *message)
{
    static const aegis_log_context here = {"publisher", "callback", NULL, NULL, NULL, true};
    char id[AEGIS_UUID_TEXT];
    aegis_publication publication = {0};

    if (post->callback == NULL && post->span == NULL)
        return;
    publication.message_id = aegis_uuid_format(post->id, id);
    fill_outcome(message, &publication);
    end_span(publisher, post, publication.failed.status, publication.failed.text);
    if (post->callback == NULL)
        return;
    const aegis_log_context *before = aegis_log_enter(&here);
    post->callback(&publication, post->user);
    (void)aegis_log_enter(before);
}

/* With the lock held. */
static void give_back(aegis_publisher *publisher, aegis_post *post)
{
    aegis_list_remove(&post->item);
    publisher->under_way--;
    publisher->bytes -= post->size;
    post->next = publisher->idle;
    publisher->idle = (uint32_t)(post - publisher->posts);
}

/* With the lock held. */
static void conclude(aegis_publisher *publisher, const aegis_message *message)
{
    aegis_publication publication;

    give_back(publisher, &publisher->posts[message->token]);
    if (message->status == AEGIS_OK)
        return;
    if (message->status == AEGIS_NOT_FOUND)
        aegis_bus_missing(publisher->sender.bus, AEGIS_KIND_EVENTS); /* the next one makes it anew */
    if (publisher->failures++ > 0)
        return;
    fill_outcome(message, &publication);
    publisher->failed = publication.failed;
}

/* What came: callbacks without the lock, then the room. */
static void take_in(aegis_publisher *publisher, aegis_message *messages, size_t count)
{
    const aegis_port_ops *ops = publisher->sender.bus->port->ops;
    const int64_t now = count > 0 ? aegis_clock_monotonic() : 0;

    for (size_t i = 0; i < count; i++) {
        const aegis_post *post = &publisher->posts[messages[i].token];

        aegis_series_record(post->series, messages[i].status, now - post->started);
    }
    for (size_t i = 0; i < count; i++)
        tell(publisher, &publisher->posts[messages[i].token], &messages[i]);
    (void)pthread_mutex_lock(&publisher->lock);
    for (size_t i = 0; i < count; i++)
        conclude(publisher, &messages[i]);
    wake(&publisher->flushing);
    (void)pthread_mutex_unlock(&publisher->lock);
    for (size_t i = 0; i < count; i++)
        ops->release(&messages[i]);
}

/* Who waits for room is woken when there is a good deal of it, or when no more came for a while (`late`): not
 * for every one. False: all is over. */
static bool share_room(aegis_publisher *publisher, bool late, int64_t *until)
{
    const int64_t now = aegis_clock_monotonic();
    const uint32_t plenty = publisher->sender.limit - publisher->sender.limit / 4;
    bool owed, more;

    (void)pthread_mutex_lock(&publisher->lock);
    owed = publisher->short_of_room.count > 0;
    if (owed && (late || (publisher->under_way <= plenty && publisher->bytes <= MOST_BYTES / 4 * 3))) {
        wake(&publisher->short_of_room);
        owed = false;
    }
    more = !publisher->closing || publisher->under_way > 0;
    (void)pthread_mutex_unlock(&publisher->lock);
    *until = now + (owed ? AEGIS_MILLISECOND : AEGIS_MINUTE);
    return more;
}

static void *work(void *argument)
{
    aegis_publisher *publisher = (aegis_publisher *)argument;
    const aegis_port_ops *ops = publisher->sender.bus->port->ops;
    aegis_message messages[BATCH];
    size_t count = 0;
    int64_t until;

    while (share_room(publisher, count == 0, &until)) {
        (void)ops->next_batch(publisher->completions, until, messages, BATCH, &count);
        take_in(publisher, messages, count);
    }
    return NULL;
}

/* ---- publishing --------------------------------------------------------------------------------------- */

/* With the lock held: the first publication starts it. */
static bool start(aegis_publisher *publisher)
{
    const aegis_bus *bus = publisher->sender.bus;
    const size_t size = publisher->sender.limit * sizeof *publisher->posts;
    const aegis_port_ops *ops = bus->port->ops;

    if (publisher->posts != NULL)
        return true;
    publisher->posts = (aegis_post *)aegis_memory_get(bus->allocator, size);
    if (publisher->posts == NULL)
        return false;
    if (ops->completions(bus->port, publisher->sender.limit, &publisher->completions, NULL) == AEGIS_OK) {
        if (pthread_create(&publisher->thread, NULL, work, publisher) == 0)
            return true;
        ops->close_source(publisher->completions);
    }
    aegis_memory_put(bus->allocator, publisher->posts, size);
    publisher->posts = NULL;
    return false;
}

static bool has_room(const aegis_publisher *publisher, size_t size)
{
    if (publisher->under_way == 0)
        return true;
    return publisher->under_way < publisher->sender.limit &&
           (size <= MOST_BYTES && publisher->bytes <= MOST_BYTES - size);
}

/* With the lock held. */
static aegis_status wait_for_room(aegis_publisher *publisher, const aegis_exchange *x, size_t size,
                                  aegis_error *error)
{
    const bool wait = !x->no_wait && !aegis_publish_in_callback();

    while (!has_room(publisher, size)) {
        if (wait && aegis_clock_monotonic() < x->deadline) {
            (void)wait_until(publisher, &publisher->short_of_room, x->deadline);
            continue;
        }
        (void)aegis_error_set(error, wait ? AEGIS_DEADLINE_EXCEEDED : AEGIS_RESOURCE_EXHAUSTED,
                              "%u publications of %zu bytes are under way%s", publisher->under_way,
                              publisher->bytes, wait ? ", and none of them ended in time" : "");
        if (error != NULL)
            error->not_processed = true;
        return wait ? AEGIS_DEADLINE_EXCEEDED : AEGIS_RESOURCE_EXHAUSTED;
    }
    return AEGIS_OK;
}

/* With the lock held, and room. */
static aegis_post *take(aegis_publisher *publisher, size_t size)
{
    aegis_post *post;

    if (publisher->idle != UINT32_MAX) {
        post = &publisher->posts[publisher->idle];
        publisher->idle = post->next;
    } else {
        post = &publisher->posts[publisher->post_count++];
    }
    post->size = size;
    post->ticket = ++publisher->tickets;
    publisher->under_way++;
    publisher->bytes += size;
    aegis_list_add(&publisher->posted, &post->item);
    return post;
}

/* `span`, when it is not NULL, goes over to what was taken. */
static aegis_status post_it(aegis_exchange *x, const aegis_outgoing *message, aegis_span *span,
                            aegis_publication_callback callback, void *user, aegis_error *error)
{
    aegis_publisher *publisher = aegis_publisher_of(x);
    aegis_post *post = NULL;
    aegis_status status = AEGIS_RESOURCE_EXHAUSTED;

    (void)pthread_mutex_lock(&publisher->lock);
    if (!start(publisher))
        (void)aegis_error_set(error, status, "no memory or no thread for async publications");
    else
        status = wait_for_room(publisher, x, message->body.len, error);
    if (status == AEGIS_OK) {
        post = take(publisher, message->body.len);
        post->id = x->message_id;
        post->callback = callback;
        post->user = user;
        post->span = span;
        post->series = x->series;
        post->started = x->started;
    }
    (void)pthread_mutex_unlock(&publisher->lock);
    if (post == NULL)
        return status;
    status =
        publisher->completions->port->ops->submit(publisher->completions, AEGIS_OP_PUBLISH_DURABLE, message,
                                                  (uint64_t)(post - publisher->posts), x->deadline, error);
    if (status == AEGIS_OK)
        return status;
    post->span = NULL;
    (void)pthread_mutex_lock(&publisher->lock);
    give_back(publisher, post);
    wake(&publisher->short_of_room);
    wake(&publisher->flushing);
    (void)pthread_mutex_unlock(&publisher->lock);
    return status;
}

aegis_status aegis_publish_send(aegis_exchange *x, aegis_publication_callback callback, void *user,
                                aegis_error *error)
{
    aegis_event_out out;
    aegis_span *span = NULL;
    aegis_status status = aegis_publish_compose(x, &out, error);

    if (status == AEGIS_OK) {
        span = aegis_span_keep(x->client->bus, x->span);
        status = post_it(x, &out.message, span, callback, user, error);
    }
    if (status == AEGIS_OK && span != NULL)
        x->span = NULL; /* it ends with the publication */
    else
        aegis_span_drop(x->client->bus, span);
    if (status != AEGIS_OK)
        aegis_series_record(x->series, status, aegis_clock_monotonic() - x->started);
    aegis_exchange_end_span(x, status, error);
    aegis_publish_end(x);
    return status;
}

/* ---- waiting for all ---------------------------------------------------------------------------------- */

/* With the lock held. Is anything up to that ticket under way? */
static bool pending(aegis_publisher *publisher, uint64_t ticket)
{
    return publisher->posted.next != &publisher->posted && of_item(publisher->posted.next)->ticket <= ticket;
}

/* With the lock held: what a flush has to say of those that failed since the last one. */
static aegis_status report(aegis_publisher *publisher, aegis_error *error)
{
    const aegis_error first = publisher->failed;
    const uint64_t count = publisher->failures;

    publisher->failures = 0;
    if (count == 0)
        return AEGIS_OK;
    (void)aegis_error_set(error, first.status, "%llu publications failed, the first so: %s",
                          (unsigned long long)count, first.text);
    if (error != NULL)
        error->not_processed = count == 1 && first.not_processed;
    return first.status;
}

aegis_status aegis_publisher_flush(aegis_publisher *publisher, aegis_duration timeout, aegis_error *error)
{
    const int64_t deadline = aegis_clock_monotonic() + (timeout > 0 ? timeout : FLUSH_TIMEOUT);
    aegis_status status;

    if (error != NULL)
        memset(error, 0, sizeof *error);
    if (aegis_publish_in_callback())
        return aegis_error_set(error, AEGIS_FAILED_PRECONDITION, "a callback must not wait for others");
    (void)pthread_mutex_lock(&publisher->lock);
    uint64_t ticket = publisher->tickets;
    while (pending(publisher, ticket) && wait_until(publisher, &publisher->flushing, deadline))
        continue;
    if (pending(publisher, ticket))
        status = aegis_error_set(error, AEGIS_DEADLINE_EXCEEDED, "%u publications are still under way",
                                 publisher->under_way);
    else
        status = report(publisher, error);
    (void)pthread_mutex_unlock(&publisher->lock);
    return status;
}

void aegis_posts_close(aegis_publisher *publisher)
{
    const int64_t deadline = aegis_clock_monotonic() + LAST_WAIT;
    const aegis_port_ops *ops = publisher->sender.bus->port->ops;

    if (publisher->posts == NULL)
        return;
    (void)pthread_mutex_lock(&publisher->lock);
    while (publisher->under_way > 0 && wait_until(publisher, &publisher->flushing, deadline))
        continue;
    for (aegis_list *item = publisher->posted.next; item != &publisher->posted; item = item->next)
        ops->cancel(publisher->completions, (uint64_t)(of_item(item) - publisher->posts));
    publisher->closing = true;
    (void)pthread_mutex_unlock(&publisher->lock);
    ops->wake(publisher->completions);
    (void)pthread_join(publisher->thread, NULL);
    ops->close_source(publisher->completions);
    aegis_memory_put(publisher->sender.bus->allocator, publisher->posts,
                     publisher->sender.limit * sizeof *publisher->posts);
}
