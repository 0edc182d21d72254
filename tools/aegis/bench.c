/* Calls under way, and the pace of new ones. */
#define _POSIX_C_SOURCE 200809L
#include "bench.h"

#include <string.h>
#include <time.h>

#include "ports/clock.h"

/* The longest the pacing thread sleeps before it looks around; how often it tells. */
#define LOOK (50 * AEGIS_MILLISECOND)
#define TELL (250 * AEGIS_MILLISECOND)
/* For calls to end that are in flight at the end. */
#define LINGER (2 * AEGIS_SECOND)

int bench_init(bench *b, session *s, aegis_client *client, const bench_plan *plan)
{
    arena *memory = &s->line->memory;
    pthread_condattr_t monotonic;
    uint32_t i;

    memset(b, 0, sizeof *b);
    b->plan = plan;
    b->client = client;
    b->slots = (bench_slot *)arena_array(memory, plan->concurrency, sizeof *b->slots);
    b->latency = arena_new(memory, histogram);
    b->service = arena_new(memory, histogram);
    if (b->slots == NULL || b->latency == NULL || b->service == NULL)
        return cli_out_of_memory();
    for (i = 0; i < plan->concurrency; i++) {
        b->slots[i] = (bench_slot){b, 0, 0, b->idle};
        b->idle = &b->slots[i];
    }
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&b->lock, NULL);
    (void)pthread_cond_init(&b->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    return CLI_DONE;
}

void bench_end(bench *b)
{
    (void)pthread_cond_destroy(&b->changed);
    (void)pthread_mutex_destroy(&b->lock);
}

/* Not of the warm-up. With the lock held. */
static bool counts(const bench *b, const bench_slot *slot)
{
    return slot->due >= b->begun;
}

/* Whether there is one more to send. With the lock held. */
static bool wanted(const bench *b)
{
    return !b->ending && (b->plan->count == 0 || b->started < b->plan->count);
}

static void count_outcome(bench *b, const bench_slot *slot, const aegis_exchange *x, int answer, int64_t now)
{
    const size_t last = sizeof b->declared / sizeof b->declared[0] - 1;

    histogram_add(b->latency, now - (b->plan->rate > 0 ? slot->due : slot->sent));
    histogram_add(b->service, now - slot->sent);
    b->counted++;
    if (answer == AEGIS_ANSWER_OK)
        b->ok++;
    else if (answer >= 0)
        b->declared[(size_t)answer < last ? (size_t)answer : last]++;
    else
        b->failed[(unsigned)x->error.status < AEGIS_STATUS_COUNT ? x->error.status : AEGIS_UNKNOWN]++;
    if (answer == AEGIS_ANSWER_FAILED && b->failure[0] == '\0')
        (void)snprintf(b->failure, sizeof b->failure, "%s", aegis_error_text(&x->error));
}

static void finished(aegis_exchange *x, int answer, void (*callback)(void), void *user);

static void no_callback(void)
{
}

/* Without the lock. */
static void send(bench_slot *slot)
{
    bench *b = slot->owner;
    aegis_exchange *x = aegis_async_begin(b->client, &b->plan->method, &b->plan->call);

    slot->sent = aegis_clock_monotonic();
    if (x != NULL) {
        aegis_put_raw(&x->writer, b->plan->parameters);
        if (aegis_async_send(x, finished, no_callback, slot) != 0)
            return;
    }
    (void)pthread_mutex_lock(&b->lock);
    b->failed[AEGIS_RESOURCE_EXHAUSTED]++;
    b->ending = true; /* without memory there is nothing to measure */
    (void)snprintf(b->failure, sizeof b->failure, "out of memory");
    slot->next = b->idle;
    b->idle = slot;
    b->in_flight--;
    (void)pthread_cond_signal(&b->changed);
    (void)pthread_mutex_unlock(&b->lock);
}

/* On the client's thread. In a closed loop the next call goes out from here: without a thread being woken. */
static void finished(aegis_exchange *x, int answer, void (*callback)(void), void *user)
{
    bench_slot *slot = (bench_slot *)user;
    bench *b = slot->owner;
    const int64_t now = aegis_clock_monotonic();
    bool again;

    (void)callback;
    (void)pthread_mutex_lock(&b->lock);
    if (counts(b, slot))
        count_outcome(b, slot, x, answer, now);
    again = b->plan->rate <= 0 && wanted(b);
    if (again) {
        slot->due = now;
        b->started += counts(b, slot) ? 1 : 0;
    } else {
        slot->next = b->idle;
        b->idle = slot;
        b->in_flight--;
        (void)pthread_cond_signal(&b->changed);
    }
    (void)pthread_mutex_unlock(&b->lock);
    if (again)
        send(slot);
}

/* ---- the pace ---- */

static void wait_until(bench *b, int64_t when)
{
    const struct timespec at = {(time_t)(when / AEGIS_SECOND), (long)(when % AEGIS_SECOND)};

    (void)pthread_cond_timedwait(&b->changed, &b->lock, &at);
}

/* One call, due then; with the lock held, which is let go meanwhile. */
static void start(bench *b, int64_t due)
{
    bench_slot *slot = b->idle;

    b->idle = slot->next;
    slot->due = due;
    b->in_flight++;
    b->started += counts(b, slot) ? 1 : 0;
    (void)pthread_mutex_unlock(&b->lock);
    send(slot);
    (void)pthread_mutex_lock(&b->lock);
}

/* All that is due by now and has a slot; when the next one is due. */
static int64_t start_due(bench *b, int64_t *due, double step, double *fraction, int64_t end)
{
    if (b->plan->rate <= 0) {
        while (b->idle != NULL && wanted(b) && !session_interrupted())
            start(b, aegis_clock_monotonic());
        return end;
    }
    while (*due <= aegis_clock_monotonic() && *due < end && wanted(b) && !session_interrupted()) {
        if (b->idle == NULL)
            return end; /* whoever ends signals */
        start(b, *due);
        *fraction += step;
        *due += (int64_t)*fraction;
        *fraction -= (double)(int64_t)*fraction;
    }
    return *due;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void bench_run(bench *b, void (*tell)(const bench *b, int64_t now, void *user), void *user)
{
    const bench_plan *plan = b->plan;
    const double step = plan->rate > 0 ? 1e9 / plan->rate : 0;
    double fraction = 0;
    int64_t now = aegis_clock_monotonic(), due = now, told = now, end;

    (void)pthread_mutex_lock(&b->lock);
    b->begun = now + plan->warmup;
    end = plan->duration > 0 ? b->begun + plan->duration : INT64_MAX;
    while (now < end && wanted(b) && !session_interrupted()) {
        const int64_t next = start_due(b, &due, step, &fraction, end);

        now = aegis_clock_monotonic();
        if (now - told >= TELL) {
            told = now;
            (tell)(b, now, user);
        }
        if (next > now)
            wait_until(b, earlier(earlier(next, end), now + LOOK));
        now = aegis_clock_monotonic();
    }
    b->ending = true;
    b->ended = earlier(end, now);
    b->in_time = b->counted;
    due = now + (session_interrupted() ? 0 : plan->method.timeout) + LINGER;
    while (b->in_flight > 0 && now < due) {
        wait_until(b, now + LOOK);
        now = aegis_clock_monotonic();
    }
    if (plan->count > 0 && b->started >= plan->count) { /* so many, however long it takes */
        b->ended = now;
        b->in_time = b->counted;
    }
    (void)pthread_mutex_unlock(&b->lock);
}
