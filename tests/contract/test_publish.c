/* Publishing without waiting: the callback comes exactly once and tells the truth, room is bounded, a flush
 * waits for all, and what the stream refuses is an error.
 */
#define _POSIX_C_SOURCE 200809L
#include "application/bus.h"
#include "contract/world.h"

static const aegis_event_type created = {"order", "created", "1.1"};

typedef struct sink {
    world *w;
    atomic_int called, stored, duplicates, in_order;
    atomic_int by_status[17];
    atomic_bool hold; /* callbacks do not return while it is set */
    uint64_t last;    /* sequence */
    pthread_t thread; /* of the last callback */
    char text[AEGIS_ERROR_TEXT_MAX], id[40];
    bool not_processed;
} sink;

static void hear(const aegis_publication *publication, void *user)
{
    sink *s = (sink *)user;

    s->thread = pthread_self();
    (void)snprintf(s->id, sizeof s->id, "%s", publication->message_id);
    if (publication->failed.status == AEGIS_OK) {
        atomic_fetch_add(&s->stored, 1);
        atomic_fetch_add(&s->duplicates, publication->duplicate);
        atomic_fetch_add(&s->in_order, publication->sequence > s->last);
        s->last = publication->sequence;
    } else {
        (void)snprintf(s->text, sizeof s->text, "%s", publication->failed.text);
        s->not_processed = publication->failed.not_processed;
        atomic_fetch_add(&s->by_status[publication->failed.status], 1);
    }
    while (atomic_load(&s->hold))
        nap(AEGIS_MILLISECOND);
    atomic_fetch_add(&s->called, 1);
}

static aegis_status post(aegis_publisher *publisher, int number, const aegis_publish_options *options,
                         sink *s)
{
    return peer_publish_async(publisher, &created, &(note){"n", number}, options, s != NULL ? hear : NULL, s,
                              NULL);
}

static uint64_t stored(world *w)
{
    aegis_stream_info info;

    memset(&info, 0, sizeof info);
    (void)w->bus->port->ops->stream_info(w->bus->port, AEGIS_STREAM_EVENTS,
                                         aegis_clock_monotonic() + TEN_SECONDS, &info, NULL);
    return info.messages;
}

static void test_many(void **state)
{
    enum { EVENTS = 3000 };
    const aegis_client_options options = {.async_limit = 100};
    world *w = (world *)*state;
    aegis_publisher *publisher;
    sink s = {.w = w};
    int i;

    assert_int_equal(aegis_publisher_new(w->bus, &options, &publisher, NULL), AEGIS_OK);
    assert_int_equal(aegis_publisher_flush(publisher, 0, NULL), AEGIS_OK); /* nothing is nothing */
    for (i = 0; i < EVENTS; i++)
        assert_int_equal(post(publisher, i, NULL, &s), AEGIS_OK);
    assert_int_equal(aegis_publisher_flush(publisher, TEN_SECONDS, NULL), AEGIS_OK);
    assert_int_equal(atomic_load(&s.called), EVENTS); /* a flush waits for callbacks too */
    assert_int_equal(atomic_load(&s.stored), EVENTS);
    assert_int_equal(atomic_load(&s.in_order), EVENTS);
    assert_int_equal(atomic_load(&s.duplicates), 0);
    assert_false(pthread_equal(s.thread, pthread_self()));
    assert_int_equal(stored(w), EVENTS);
    for (i = 0; i < 50; i++)
        assert_int_equal(post(publisher, i, NULL, NULL), AEGIS_OK); /* nobody cares */
    aegis_publisher_free(publisher);                                /* waits for them */
    assert_int_equal(stored(w), EVENTS + 50);
}

enum { THREADS = 4, EACH = 400 };

typedef struct crowd {
    aegis_publisher *publisher;
    sink *s;
    atomic_int blocking;
} crowd;

static void *publish_both_ways(void *argument)
{
    crowd *c = (crowd *)argument;
    int i;

    for (i = 0; i < EACH; i++) {
        if (i % 20 == 0)
            atomic_fetch_add(&c->blocking,
                             peer_publish(c->publisher, &created, &(note){"n", i}, NULL, NULL) == AEGIS_OK);
        else if (post(c->publisher, i, NULL, c->s) != AEGIS_OK)
            break;
        if (i % 150 == 149)
            (void)aegis_publisher_flush(c->publisher, 0, NULL);
    }
    return NULL;
}

static void test_from_many_threads(void **state)
{
    const aegis_client_options options = {.async_limit = 32};
    world *w = (world *)*state;
    pthread_t threads[THREADS];
    sink s = {.w = w};
    crowd c = {.s = &s};
    int i;

    assert_int_equal(aegis_publisher_new(w->bus, &options, &c.publisher, NULL), AEGIS_OK);
    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, publish_both_ways, &c), 0);
    for (i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    assert_int_equal(aegis_publisher_flush(c.publisher, 0, NULL), AEGIS_OK);
    assert_int_equal(atomic_load(&c.blocking), THREADS * EACH / 20);
    assert_int_equal(atomic_load(&s.stored), THREADS * EACH / 20 * 19);
    assert_int_equal(stored(w), THREADS * EACH);
    aegis_publisher_free(c.publisher);
}

/* What cannot be sent is said at once, and no callback comes. */
static void test_refused_at_once(void **state)
{
    const aegis_publish_options bad = {.message_id = "not-a-uuid"};
    world *w = (world *)*state;
    uint8_t *large = (uint8_t *)calloc(1, (size_t)2 << 20);
    aegis_error error;
    sink s = {.w = w};

    assert_non_null(large);
    assert_int_equal(peer_publish_async(w->publisher, &created, &(note){NULL, 1}, NULL, hear, &s, &error),
                     AEGIS_INVALID_ARGUMENT);
    assert_true(error.not_processed);
    assert_int_equal(post(w->publisher, 1, &bad, &s), AEGIS_INVALID_ARGUMENT);
    memset(large, 'x', ((size_t)2 << 20) - 1);
    assert_int_equal(
        peer_publish_async(w->publisher, &created, &(note){(char *)large, 1}, NULL, hear, &s, &error),
        AEGIS_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(error.text, "limit"));
    free(large);
    assert_int_equal(aegis_publisher_flush(w->publisher, 0, NULL), AEGIS_OK);
    assert_int_equal(atomic_load(&s.called), 0);
    assert_int_equal(post(w->publisher, 1, NULL, &s), AEGIS_OK);
    assert_int_equal(aegis_publisher_flush(w->publisher, 0, NULL), AEGIS_OK);
    assert_int_equal(atomic_load(&s.called), 1);
}

static void test_same_id(void **state)
{
    const aegis_publish_options options = {.message_id = "1b4e28ba-2fa1-4d3b-a3f5-ef19b5a7633b"};
    world *w = (world *)*state;
    sink s = {.w = w};
    int i;

    for (i = 0; i < 3; i++)
        assert_int_equal(post(w->publisher, i, &options, &s), AEGIS_OK);
    assert_int_equal(peer_publish(w->publisher, &created, &(note){"n", 1}, &options, NULL), AEGIS_OK);
    assert_int_equal(aegis_publisher_flush(w->publisher, 0, NULL), AEGIS_OK);
    assert_int_equal(atomic_load(&s.stored), 3);
    assert_in_range(atomic_load(&s.duplicates), 2, 3); /* the blocking one may have been first */
    assert_string_equal(s.id, options.message_id);
    assert_int_equal(stored(w), 1);
}

/* Callbacks that do not return keep the room taken. */
static void test_no_room(void **state)
{
    const aegis_client_options few = {.async_limit = 4};
    const aegis_publish_options at_once = {.no_wait = true}, soon = {.timeout = 100 * AEGIS_MILLISECOND};
    world *w = (world *)*state;
    aegis_publisher *publisher;
    aegis_error error;
    sink s = {.w = w};
    int64_t before;
    int i;

    assert_int_equal(aegis_publisher_new(w->bus, &few, &publisher, NULL), AEGIS_OK);
    atomic_store(&s.hold, true);
    for (i = 0; i < 4; i++)
        assert_int_equal(post(publisher, i, &at_once, &s), AEGIS_OK);
    before = aegis_clock_monotonic();
    assert_int_equal(peer_publish_async(publisher, &created, &(note){"n", 4}, &at_once, hear, &s, &error),
                     AEGIS_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(error.text, "4 publications"));
    assert_true(error.not_processed);
    assert_true(aegis_clock_monotonic() - before < 90 * AEGIS_MILLISECOND);
    assert_int_equal(peer_publish_async(publisher, &created, &(note){"n", 5}, &soon, hear, &s, &error),
                     AEGIS_DEADLINE_EXCEEDED);
    assert_true(error.not_processed);
    assert_in_range(aegis_clock_monotonic() - before, 100 * AEGIS_MILLISECOND, 2 * AEGIS_SECOND);
    assert_int_equal(aegis_publisher_flush(publisher, 50 * AEGIS_MILLISECOND, &error),
                     AEGIS_DEADLINE_EXCEEDED);
    assert_non_null(strstr(error.text, "4 publications"));
    atomic_store(&s.hold, false);
    assert_int_equal(post(publisher, 6, NULL, &s), AEGIS_OK); /* waits, and finds room */
    assert_int_equal(aegis_publisher_flush(publisher, 0, NULL), AEGIS_OK);
    assert_int_equal(atomic_load(&s.called), 5);
    aegis_publisher_free(publisher);
}

typedef struct inside {
    aegis_publisher *publisher;
    aegis_status blocking, flush, full, next;
    atomic_int done;
    sink other;
} inside;

static void from_within(const aegis_publication *publication, void *user)
{
    inside *in = (inside *)user;
    const aegis_publish_options options = {.timeout = AEGIS_MINUTE};

    (void)publication;
    in->blocking = peer_publish(in->publisher, &created, &(note){"n", 1}, NULL, NULL);
    in->flush = aegis_publisher_flush(in->publisher, 0, NULL);
    in->next = post(in->publisher, 2, &options, &in->other); /* the second of two */
    in->full = post(in->publisher, 3, &options, &in->other);
    atomic_store(&in->done, 1);
}

static void test_inside_a_callback(void **state)
{
    const aegis_client_options two = {.async_limit = 2};
    world *w = (world *)*state;
    inside in = {.other = {.w = w}};

    assert_int_equal(aegis_publisher_new(w->bus, &two, &in.publisher, NULL), AEGIS_OK);
    assert_int_equal(
        peer_publish_async(in.publisher, &created, &(note){"n", 0}, NULL, from_within, &in, NULL), AEGIS_OK);
    assert_true(reached(&in.done, 1));
    assert_int_equal(in.blocking, AEGIS_FAILED_PRECONDITION);
    assert_int_equal(in.flush, AEGIS_FAILED_PRECONDITION);
    assert_int_equal(in.next, AEGIS_OK);
    assert_int_equal(in.full, AEGIS_RESOURCE_EXHAUSTED);
    assert_int_equal(aegis_publisher_flush(in.publisher, 0, NULL), AEGIS_OK);
    assert_int_equal(atomic_load(&in.other.stored), 1);
    aegis_publisher_free(in.publisher);
}

/* A stream that is full refuses, and everybody who asks is told. */
static void test_full(void **state)
{
    static const char *const subjects[] = {"events.>"};
    const aegis_stream_config small = {.name = AEGIS_STREAM_EVENTS,
                                       .subjects = subjects,
                                       .subject_count = 1,
                                       .discard = AEGIS_DISCARD_NEW,
                                       .max_messages = 3};
    world *w = (world *)*state;
    aegis_error error;
    sink s = {.w = w};
    int i;

    assert_int_equal(w->bus->port->ops->ensure_stream(w->bus->port, &small,
                                                      aegis_clock_monotonic() + TEN_SECONDS, NULL, NULL),
                     AEGIS_OK);
    for (i = 0; i < 5; i++)
        assert_int_equal(post(w->publisher, i, NULL, &s), AEGIS_OK);
    assert_int_equal(aegis_publisher_flush(w->publisher, 0, &error), AEGIS_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(error.text, "2 publications failed"));
    assert_int_equal(atomic_load(&s.stored), 3);
    assert_int_equal(atomic_load(&s.by_status[AEGIS_RESOURCE_EXHAUSTED]), 2);
    assert_non_null(strstr(s.text, "full"));
    assert_true(s.not_processed);
    assert_int_equal(aegis_publisher_flush(w->publisher, 0, NULL), AEGIS_OK); /* it was said */
    assert_int_equal(peer_publish(w->publisher, &created, &(note){"n", 9}, NULL, &error),
                     AEGIS_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(error.text, "full"));
    assert_int_equal(stored(w), 3);
}

/* Over NATS: published while the server is away, stored when it is back; and what it cannot be in time says
 * so. */
static void test_server_away(void **state)
{
    const aegis_publish_options short_lived = {.timeout = 300 * AEGIS_MILLISECOND};
    world *w = (world *)*state;
    sink s = {.w = w}, late = {.w = w};
    int i;

    if (!world_is_nats())
        return;
    assert_int_equal(post(w->publisher, 0, NULL, &s), AEGIS_OK);
    assert_int_equal(aegis_publisher_flush(w->publisher, 0, NULL), AEGIS_OK);
    nats_server_kill(&w->server);
    for (i = 1; i < 100; i++)
        assert_int_equal(post(w->publisher, i, &(aegis_publish_options){.timeout = TEN_SECONDS}, &s),
                         AEGIS_OK);
    assert_int_equal(post(w->publisher, 1000, &short_lived, &late), AEGIS_OK);
    assert_true(reached(&late.called, 1));
    assert_int_equal(atomic_load(&late.stored), 0);
    assert_int_equal(atomic_load(&s.called), 1);
    assert_true(nats_server_restart(&w->server));
    assert_int_not_equal(aegis_publisher_flush(w->publisher, TEN_SECONDS, NULL), AEGIS_OK); /* the late one */
    assert_int_equal(atomic_load(&s.stored), 100);
    assert_int_equal(atomic_load(&s.in_order), 100);
    assert_int_equal(stored(w), 100);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        WORLD_CASE(test_many),    WORLD_CASE(test_from_many_threads), WORLD_CASE(test_refused_at_once),
        WORLD_CASE(test_same_id), WORLD_CASE(test_no_room),           WORLD_CASE(test_inside_a_callback),
        WORLD_CASE(test_full),    WORLD_CASE(test_server_away),
    };

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
