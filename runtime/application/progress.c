/* Progress of commands: at most ten updates a second each, and always the last one: what comes too soon after
 * another is held back, replaced by what comes later, and sent by the keeper when its time has come, or
 * before the completion.
 *
 * A command's own progress value is told to receivers of the original SDK in its terms besides: a percentage
 * and a status text. The percentage is the member `progress`, or 100 * done / total; the text is `status`, or
 * `note`. What is not there is 0 and "". */
#include <string.h>

#include "application/envelope.h"
#include "application/service.h"
#include "codec/codec.h"
#include "domain/arena.h"

/* Between two updates of one command. */
#define PACE (100 * AEGIS_MILLISECOND)

/* ---- in the original's terms --------------------------------------------------------------------------- */

static bool is(aegis_bytes key, const char *name)
{
    return key.len == strlen(name) && memcmp(key.data, name, key.len) == 0;
}

static bool number_follows(aegis_reader *r)
{
    const aegis_mp_kind kind = aegis_next_kind(r);

    return kind >= AEGIS_MP_UINT && kind <= AEGIS_MP_F64;
}

static bool text_follows(aegis_reader *r)
{
    return aegis_next_kind(r) == AEGIS_MP_STR;
}

void aegis_progress_summary(aegis_raw detail, aegis_arena *arena, double *percent, const char **status)
{
    double progress = -1.0;
    double done = 0.0;
    double total = 0.0;
    const char *note = "";
    aegis_reader r;

    *status = "";
    aegis_reader_open(&r, detail.data, detail.format, arena);
    size_t left = aegis_get_open(&r, AEGIS_MP_MAP);
    for (; left > 0 && !r.failed; aegis_next(&r, &left)) {
        aegis_bytes key = aegis_get_key(&r);

        if (is(key, "progress") && number_follows(&r))
            progress = aegis_get_f64(&r);
        else if (is(key, "done") && number_follows(&r))
            done = aegis_get_f64(&r);
        else if (is(key, "total") && number_follows(&r))
            total = aegis_get_f64(&r);
        else if (is(key, "status") && text_follows(&r))
            *status = aegis_get_string_in(&r, 0, SIZE_MAX);
        else if (is(key, "note") && text_follows(&r))
            note = aegis_get_string_in(&r, 0, SIZE_MAX);
        else
            aegis_skip(&r);
    }
    if ((*status)[0] == '\0')
        *status = note;
    if (progress >= 0.0)
        *percent = progress;
    else
        *percent = total > 0.0 ? 100.0 * done / total : 0.0;
}

/* ---- sending ------------------------------------------------------------------------------------------ */

static void complain(const aegis_call_state *state, const aegis_error *why)
{
    aegis_log_write(&state->service->bus->log, AEGIS_LOG_WARNING, "%s.%s: a progress update was not sent: %s",
                    state->call.service, state->call.method, aegis_error_text(why));
}

/* With service->progress held, so that updates leave in their order. */
static aegis_status send_now(aegis_job *job, aegis_bytes body, int64_t now, aegis_error *why)
{
    aegis_list_remove(&job->held_back);
    job->sent_at = now;
    aegis_job_count(job, AEGIS_TALLY_PROGRESS_SENT);
    return aegis_command_tell(job->state, "progress", body, why);
}

static void send_held(aegis_job *job, int64_t now)
{
    const aegis_bytes body = {job->held, job->held_size};

    (void)send_now(job, body, now, NULL);
}

/* Instead of what is held back already. Without memory for it, it is simply sent. */
static aegis_status hold_back(aegis_job *job, aegis_bytes body, int64_t now, aegis_error *why)
{
    aegis_service *service = job->state->service;
    const aegis_allocator *allocator = service->bus->allocator;

    if (job->held_room < body.len) {
        aegis_memory_put(allocator, job->held, job->held_room);
        job->held = (uint8_t *)aegis_memory_get(allocator, 2 * body.len);
        job->held_room = job->held != NULL ? 2 * body.len : 0;
    }
    if (job->held == NULL)
        return send_now(job, body, now, why);
    memcpy(job->held, body.data, body.len);
    job->held_size = body.len;
    if (job->held_back.next == NULL)
        aegis_list_add(&service->held_back, &job->held_back);
    else
        aegis_job_count(job, AEGIS_TALLY_PROGRESS_REPLACED);
    return AEGIS_OK;
}

static aegis_status pass_on(aegis_job *job, aegis_bytes body, aegis_error *why)
{
    aegis_service *service = job->state->service;
    const int64_t now = aegis_clock_monotonic();
    aegis_status status = AEGIS_OK;
    int64_t due = 0;

    (void)pthread_mutex_lock(&service->progress);
    if (!job->told && (job->sent_at == 0 || now >= job->sent_at + PACE)) {
        status = send_now(job, body, now, why);
    } else if (!job->told) {
        status = hold_back(job, body, now, why);
        due = job->sent_at + PACE;
    }
    (void)pthread_mutex_unlock(&service->progress);
    if (due != 0)
        aegis_keeper_due(service, due);
    return status;
}

static aegis_job *of_held(aegis_list *item)
{
    return (aegis_job *)(void *)((char *)item - offsetof(aegis_job, held_back));
}

int64_t aegis_progress_sweep(aegis_service *service, int64_t now, int64_t due)
{
    aegis_list *item, *next;

    (void)pthread_mutex_lock(&service->progress);
    for (item = service->held_back.next; item != &service->held_back; item = next) {
        aegis_job *job = of_held(item);

        next = item->next;
        if (job->sent_at + PACE <= now)
            send_held(job, now);
        else if (job->sent_at + PACE < due)
            due = job->sent_at + PACE;
    }
    (void)pthread_mutex_unlock(&service->progress);
    return due;
}

void aegis_progress_close(aegis_job *job)
{
    aegis_service *service = job->state->service;

    (void)pthread_mutex_lock(&service->progress);
    if (job->held_back.next != NULL)
        send_held(job, aegis_clock_monotonic());
    aegis_memory_put(service->bus->allocator, job->held, job->held_room);
    job->held = NULL;
    job->held_room = 0;
    job->told = true;
    (void)pthread_mutex_unlock(&service->progress);
}

/* ---- for generated code ------------------------------------------------------------------------------- */

/* The encoded update, in the caller's arena. */
static aegis_status encode(aegis_call_state *state, aegis_bytes *body, aegis_error *why)
{
    aegis_call *call = &state->call;
    aegis_wire_progress progress = {0};
    aegis_raw detail;
    aegis_writer writer;

    detail.format = state->writer.format;
    if (aegis_writer_close(&state->writer, &detail.data, why) != AEGIS_OK)
        return why->status;
    progress.command_id = call->message_id;
    progress.timestamp = (double)(aegis_now() / AEGIS_MICROSECOND) / 1e6;
    progress.detail = &detail;
    aegis_progress_summary(detail, call->arena, &progress.progress, &progress.status);
    aegis_writer_open(&writer, call->arena, state->format, 0);
    aegis_wire_progress_put(&writer, &progress);
    return aegis_writer_close(&writer, body, why);
}

/* What an update takes of the call's arena is given back after it: a command may send any number. */
aegis_writer *aegis_progress_begin(aegis_call *call)
{
    aegis_job *job = call->state->job;

    job->mark_at = call->arena->at;
    job->mark_end = call->arena->end;
    job->mark_chunk = call->arena->chunks;
    aegis_writer_open(&call->state->writer, call->arena, call->state->format, 0);
    return &call->state->writer;
}

bool aegis_progress_end(aegis_call *call)
{
    aegis_call_state *state = call->state;
    aegis_job *job = state->job;
    aegis_bytes body = {NULL, 0};
    aegis_error why = {0};

    if (encode(state, &body, &why) != AEGIS_OK || pass_on(job, body, &why) != AEGIS_OK)
        complain(state, &why);
    if (call->arena->chunks == job->mark_chunk) {
        call->arena->at = job->mark_at;
        call->arena->end = job->mark_end;
    }
    return !aegis_call_cancelled(call);
}
