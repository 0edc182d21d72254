/* The exporter's thread: sends what is full at once and the rest every interval; repeats what may yet
 * succeed, with growing pauses that differ from process to process, or those the collector asks for; and
 * says, not too often, when spans get lost, and when that is over. */
#define _POSIX_C_SOURCE 200809L
#include "http/otlp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Between two attempts: doubled each time; the pause is a random part of it, at least half. */
#define PAUSE_FIRST (500 * AEGIS_MILLISECOND)
#define PAUSE_MOST  (30 * AEGIS_SECOND)
/* Longest that a collector may ask to be left alone. */
#define AFTER_MOST (5 * AEGIS_MINUTE)
/* Losses that go on are told so often. */
#define TELL_EVERY AEGIS_MINUTE

int64_t otlp_deadline(aegis_otlp *otlp)
{
    int64_t by;

    (void)pthread_mutex_lock(&otlp->lock);
    by = otlp->closing ? otlp->close_by : INT64_MAX;
    (void)pthread_mutex_unlock(&otlp->lock);
    return by;
}

/* With the lock held: false at the time. */
static bool wait_until(aegis_otlp *otlp, int64_t until)
{
    const struct timespec at = {(time_t)(until / AEGIS_SECOND), (long)(until % AEGIS_SECOND)};

    return pthread_cond_timedwait(&otlp->wake, &otlp->lock, &at) == 0;
}

/* ---- what is said ------------------------------------------------------------------------------------- */

static void say(const aegis_otlp *otlp, aegis_log_level level, const char *format, uint64_t number,
                const char *why)
{
    char line[512];

    if (otlp->log == NULL)
        return;
    (void)snprintf(line, sizeof line, format, number, why);
    otlp->log(otlp->log_user, level, line);
}

/* How many spans are gone, for whatever reason. */
static uint64_t gone(aegis_otlp *otlp)
{
    return otlp_dropped(otlp) + atomic_load_explicit(&otlp->lost, memory_order_relaxed);
}

/* Called at least every interval while anything goes on. */
static void tell(aegis_otlp *otlp)
{
    const int64_t now = otlp_now();
    const uint64_t total = gone(otlp);

    if (total > otlp->seen_lost)
        otlp->lost_at = now;
    otlp->seen_lost = total;
    if (total > otlp->told_lost && (!otlp->failing || now >= otlp->told_at + TELL_EVERY)) {
        say(otlp, AEGIS_LOG_WARNING, "traces: %" PRIu64 " spans are lost: %s", total - otlp->told_lost,
            otlp->last_why[0] != '\0' ? otlp->last_why : "more ended than could be sent");
        otlp->told_lost = total;
        otlp->told_at = now;
        otlp->failing = true;
    } else if (otlp->failing && now >= otlp->lost_at + otlp->interval) {
        say(otlp, AEGIS_LOG_INFO, "traces: spans are sent again; %" PRIu64 " were lost so far%s", total, "");
        otlp->told_lost = total;
        otlp->failing = false;
    }
}

/* ---- one chunk ---------------------------------------------------------------------------------------- */

/* A pause, ended early by closing. */
static void rest(aegis_otlp *otlp, int64_t until)
{
    (void)pthread_mutex_lock(&otlp->lock);
    while (otlp_now() < (otlp->closing && otlp->close_by < until ? otlp->close_by : until)) {
        const bool closing = otlp->closing;

        (void)wait_until(otlp, closing && otlp->close_by < until ? otlp->close_by : until);
        if (otlp->closing && !closing)
            break;
    }
    (void)pthread_mutex_unlock(&otlp->lock);
}

static void attempt(aegis_otlp *otlp, const otlp_chunk *chunk, otlp_answer *answer)
{
    atomic_fetch_add_explicit(&otlp->requests, 1, memory_order_relaxed);
    if (otlp->file >= 0)
        otlp_file_send(otlp, chunk->text, chunk->used, answer);
    else
        otlp_post_send(otlp, chunk->text, chunk->used, chunk->spans, answer);
    if (answer->why[0] != '\0')
        memcpy(otlp->last_why, answer->why, sizeof otlp->last_why);
}

/* When to try again; INT64_MAX: not any more. */
static int64_t next_attempt(aegis_otlp *otlp, const otlp_answer *answer, int64_t *patience, unsigned tries)
{
    const int64_t now = otlp_now(), deadline = otlp_deadline(otlp);
    aegis_duration pause = tries < 7 ? PAUSE_FIRST << (tries - 1) : PAUSE_MOST;

    if (answer->result != OTLP_AGAIN || now >= deadline || (deadline != INT64_MAX && answer->nobody))
        return INT64_MAX;
    if (answer->after > 0) { /* the collector's word, which does not cost patience */
        pause = answer->after < AFTER_MOST ? answer->after : AFTER_MOST;
        *patience += pause;
    } else {
        pause = pause / 2 + (int64_t)((double)(pause / 2) * (double)rand_r(&otlp->random) / RAND_MAX);
    }
    return now + pause > *patience || now + pause > deadline ? INT64_MAX : now + pause;
}

/* Ends with the chunk sent or lost. */
static void send_chunk(aegis_otlp *otlp, otlp_chunk *chunk)
{
    int64_t patience = otlp_now() + otlp->retry_for, when = 0;
    otlp_answer answer = {.result = OTLP_NEVER};
    unsigned tries = 0;

    memcpy(chunk->text + chunk->used, OTLP_TAIL, OTLP_TAIL_SIZE);
    chunk->used += OTLP_TAIL_SIZE;
    while (when != INT64_MAX && otlp_now() < otlp_deadline(otlp)) {
        if (tries++ > 0)
            atomic_fetch_add_explicit(&otlp->retries, 1, memory_order_relaxed);
        attempt(otlp, chunk, &answer);
        if (answer.result == OTLP_SENT)
            break;
        when = next_attempt(otlp, &answer, &patience, tries);
        if (when != INT64_MAX)
            rest(otlp, when);
    }
    if (tries == 0)
        (void)snprintf(otlp->last_why, sizeof otlp->last_why, "no time was left to send them");
    if (answer.result != OTLP_SENT)
        answer.rejected = chunk->spans;
    atomic_fetch_add_explicit(&otlp->sent, chunk->spans - answer.rejected, memory_order_relaxed);
    atomic_fetch_add_explicit(&otlp->lost, answer.rejected, memory_order_relaxed);
}

static void send_all(aegis_otlp *otlp, otlp_chunk *chunk)
{
    while (chunk != NULL) {
        otlp_chunk *next = chunk->next;

        send_chunk(otlp, chunk);
        otlp_give_back(otlp, chunk);
        tell(otlp);
        chunk = next;
    }
}

void *otlp_work(void *user)
{
    aegis_otlp *otlp = (aegis_otlp *)user;
    int64_t due = otlp_now() + otlp->interval;
    bool closing = false;

    while (!closing) {
        bool partly;

        (void)pthread_mutex_lock(&otlp->lock);
        while (!otlp->closing && otlp->full == NULL && otlp_now() < due)
            (void)wait_until(otlp, due);
        closing = otlp->closing;
        (void)pthread_mutex_unlock(&otlp->lock);
        partly = closing || otlp_now() >= due;
        if (partly)
            due = otlp_now() + otlp->interval;
        send_all(otlp, otlp_take(otlp, partly));
        if (partly)
            tell(otlp);
    }
    return NULL;
}
