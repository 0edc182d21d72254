/* Calls under way, and the pace of new ones. */
#define _POSIX_C_SOURCE 200809L
#include "bench.h"

#include <math.h>
#include <stdlib.h>
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
    size_t i;

    for (i = 0; i < BENCH_OUTCOMES; i++)
        free(b->outcomes[i]);
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

uint64_t bench_outcome(const bench *b, size_t outcome)
{
    return b->outcomes[outcome] != NULL ? b->outcomes[outcome]->count : 0;
}

const char *bench_outcome_name(const bench *b, size_t outcome)
{
    const aegis_method *method = &b->plan->method;
    const size_t error = outcome - AEGIS_STATUS_COUNT;

    if (!bench_is_declared(outcome))
        return aegis_status_name((aegis_status)outcome);
    return error < method->error_count ? method->errors[error] : "another error";
}

/* With the lock held. Without memory there is nothing to measure. */
static void count_as(bench *b, size_t outcome, int64_t latency)
{
    if (b->outcomes[outcome] == NULL)
        b->outcomes[outcome] = (histogram *)calloc(1, sizeof(histogram));
    if (b->outcomes[outcome] != NULL)
        histogram_add(b->outcomes[outcome], latency);
    else
        b->ending = true;
}

static void count_outcome(bench *b, const bench_slot *slot, const aegis_exchange *x, int answer, int64_t now)
{
    const int64_t latency = now - (b->plan->rate > 0 ? slot->due : slot->sent);
    const aegis_status status =
        (unsigned)x->error.status < AEGIS_STATUS_COUNT ? x->error.status : AEGIS_UNKNOWN;
    size_t outcome = answer == AEGIS_ANSWER_OK ? AEGIS_OK : (size_t)status;

    if (answer >= 0 && answer != AEGIS_ANSWER_OK)
        outcome = (size_t)AEGIS_STATUS_COUNT + (size_t)answer;
    histogram_add(b->latency, latency);
    histogram_add(b->service, now - slot->sent);
    b->counted++;
    count_as(b, outcome < BENCH_OUTCOMES ? outcome : BENCH_OUTCOMES - 1, latency);
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

/* When the calls of an open loop are due: one of them exactly when what counts begins. */
typedef struct pace {
    int64_t first;
    double step; /* between two; 0: as soon as one ends */
    uint64_t gone;
} pace;

static int64_t due_next(const pace *p)
{
    return p->first + (int64_t)((double)p->gone * p->step + 0.5);
}

/* All that is due by now and has a slot; when the next one is due. */
static int64_t start_due(bench *b, pace *p, int64_t end)
{
    if (b->plan->rate <= 0) {
        while (b->idle != NULL && wanted(b) && !session_interrupted())
            start(b, aegis_clock_monotonic());
        return end;
    }
    while (due_next(p) <= aegis_clock_monotonic() && due_next(p) < end && wanted(b) &&
           !session_interrupted()) {
        if (b->idle == NULL)
            return end; /* whoever ends signals */
        start(b, due_next(p));
        p->gone++;
    }
    return due_next(p);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void bench_run(bench *b, void (*tell)(const bench *b, int64_t now, void *user), void *user)
{
    const bench_plan *plan = b->plan;
    pace p = {0, plan->rate > 0 ? 1e9 / plan->rate : 0, 0};
    int64_t now = aegis_clock_monotonic(), told = now, due, end;

    (void)pthread_mutex_lock(&b->lock);
    b->begun = now + plan->warmup;
    p.first = b->begun - (p.step > 0 ? (int64_t)(floor((double)plan->warmup / p.step) * p.step + 0.5) : 0);
    end = plan->duration > 0 ? b->begun + plan->duration : INT64_MAX;
    while (now < end && wanted(b) && !session_interrupted()) {
        const int64_t next = start_due(b, &p, end);

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
        if (p.step > 0 && due_next(&p) > now) /* the last one has its share of time, as the others have */
            b->ended = due_next(&p);
        b->in_time = b->counted;
    }
    (void)pthread_mutex_unlock(&b->lock);
}
