/* One handler for whatever is asked: the request is checked as a real service would, then comes the answer of
 * the script or an invented one. Runs on the library's threads; what they share is guarded by the lock. */
#define _POSIX_C_SOURCE 200809L
#include "mock.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <aegis/generated.h>

#include "arguments.h"
#include "wire.h"

/* Of a command: so many updates, so far apart unless --delay says how long it takes. */
#define STEPS      10
#define STEP_PAUSE (50 * AEGIS_MILLISECOND)
#define WHY_MAX    384

/* What one request is answered with. */
typedef struct answer {
    json_t *value;       /* the result, or the details of the error; owned */
    int error;           /* index into what the method raises; -1: none */
    aegis_status status; /* a plain failure unless OK */
    char text[WHY_MAX];
    aegis_duration delay;
    uint64_t seed;
} answer;

/* ---- the script ---- */

static bool read_status(const char *name, aegis_status *status)
{
    int i;

    for (i = AEGIS_CANCELLED; i <= AEGIS_UNAUTHENTICATED; i++) {
        if (strcmp(aegis_status_name((aegis_status)i), name) == 0) {
            *status = (aegis_status)i;
            return true;
        }
    }
    return false;
}

static int raised(const schema_method *method, const char *name)
{
    size_t i;

    for (i = 0; i < method->raise_count; i++) {
        if (strcmp(method->raises[i].error->wire, name) == 0)
            return (int)i;
    }
    return -1;
}

/* {"answer": ...}, {"error": "NotFound", "details": ...} or {"fail": "UNAVAILABLE", "text": ...}, each with
 * "delay". */
static bool read_entry(const schema_method *method, json_t *entry, answer *out, char *why, size_t size)
{
    json_t *result = json_object_get(entry, "answer"), *details = json_object_get(entry, "details");
    const char *error = wire_text(entry, "error", NULL), *failure = wire_text(entry, "fail", NULL);
    const char *delay = wire_text(entry, "delay", NULL);

    out->error = -1;
    out->status = AEGIS_OK;
    if (delay != NULL && !session_duration(delay, &out->delay)) {
        (void)snprintf(why, size, "'%.40s' is no time", delay);
        return false;
    }
    if (failure != NULL) {
        (void)snprintf(out->text, sizeof out->text, "%s", wire_text(entry, "text", "as the script says"));
        (void)snprintf(why, size, "'%.40s' is no status", failure);
        return read_status(failure, &out->status);
    }
    if (error != NULL) {
        out->error = raised(method, error);
        if (out->error < 0) {
            (void)snprintf(why, size, "it does not raise '%.60s'", error);
            return false;
        }
        out->value = details != NULL ? json_deep_copy(details) : json_object();
        return arguments_check(method->raises[out->error].error, out->value, why, size);
    }
    if (result == NULL) {
        (void)snprintf(why, size, "an entry has \"answer\", \"error\" or \"fail\"");
        return false;
    }
    out->value = json_deep_copy(result);
    return arguments_check(method->result, out->value, why, size);
}

static const schema_method *method_named(const schema_service *service, const char *name)
{
    size_t i, k;

    for (i = 0; i < service->method_count; i++) {
        const schema_method *method = &service->methods[i];

        if (strcmp(method->name, name) == 0)
            return method;
        for (k = 0; k < method->was_count; k++) {
            if (strcmp(method->was[k], name) == 0)
                return method;
        }
    }
    return NULL;
}

static const schema_method *scripted(const mock_service *services, size_t count, const char *key)
{
    const char *dot = strrchr(key, '.');
    size_t i;

    for (i = 0; dot != NULL && i < count; i++) {
        const schema_service *service = services[i].service;
        const size_t length = (size_t)(dot - key);

        if ((strlen(service->wire) == length && strncmp(service->wire, key, length) == 0) ||
            (strlen(service->name) == length && strncmp(service->name, key, length) == 0))
            return method_named(service, dot + 1);
    }
    return NULL;
}

static bool check_entry(const schema_method *method, json_t *entry, char *why)
{
    answer a;
    bool good;

    memset(&a, 0, sizeof a);
    good = read_entry(method, entry, &a, why, WHY_MAX);
    json_decref(a.value);
    return good;
}

int mock_check_script(const mock *all, const mock_service *services, size_t count)
{
    const char *key;
    json_t *entry, *one;
    char why[WHY_MAX] = "a list of answers is empty";
    size_t i;

    json_object_foreach(all->script, key, entry)
    {
        const schema_method *method = scripted(services, count, key);
        bool good = method != NULL && (!json_is_array(entry) || json_array_size(entry) > 0);

        if (method == NULL)
            (void)snprintf(why, sizeof why, "no method of the schema is called so");
        if (good && !json_is_array(entry))
            good = check_entry(method, entry, why);
        json_array_foreach(json_is_array(entry) ? entry : NULL, i, one) good =
            good && check_entry(method, one, why);
        if (!good) {
            cli_complain("the script: %s: %s", key, why);
            return CLI_MISTAKES;
        }
    }
    return CLI_DONE;
}

/* ---- answers ---- */

static json_t *entry_for(const mock *all, const schema_method *method)
{
    char key[300];
    json_t *entry;
    json_int_t turn;

    (void)snprintf(key, sizeof key, "%s.%s", method->service->wire, method->name);
    entry = json_object_get(all->script, key);
    if (entry == NULL) {
        (void)snprintf(key, sizeof key, "%s.%s", method->service->name, method->name);
        entry = json_object_get(all->script, key);
    }
    if (!json_is_array(entry))
        return entry;
    turn = json_integer_value(json_object_get(all->turns, key));
    (void)json_object_set_new(all->turns, key, json_integer(turn + 1));
    return json_array_get(entry, (size_t)turn % json_array_size(entry));
}

/* One that may fail: of the errors it raises each is as likely as a plain failure. */
static void invent_failure(const schema_method *method, answer *a)
{
    const size_t which = (size_t)(a->seed / 7 % (method->raise_count + 1));

    if (which == method->raise_count) {
        a->status = AEGIS_UNAVAILABLE;
        (void)snprintf(a->text, sizeof a->text, "a mocked failure");
        return;
    }
    a->error = (int)which;
    a->value = arguments_example(method->raises[which].error, a->seed);
}

/* The lock is held: the script's values are shared. */
static void choose(mock *all, const schema_method *method, answer *a)
{
    const uint64_t turn = all->served++;
    json_t *entry = entry_for(all, method);
    char why[WHY_MAX];

    memset(a, 0, sizeof *a);
    a->error = -1;
    a->delay = all->delay;
    a->seed = all->seed * UINT64_C(0x9e3779b97f4a7c15) + turn * UINT64_C(0xbf58476d1ce4e5b9);
    a->seed ^= a->seed >> 29;
    if (entry != NULL)
        (void)read_entry(method, entry, a, why, sizeof why);
    else if ((double)(a->seed % 1000000) < all->failing * 1e6)
        invent_failure(method, a);
    else
        a->value = arguments_example(method->result, a->seed);
}

/* ---- replying ---- */

static aegis_reply fail(aegis_call *call, aegis_status status, const char *format, ...) AEGIS_PRINTF(3, 4);

static aegis_reply fail(aegis_call *call, aegis_status status, const char *format, ...)
{
    va_list arguments;
    aegis_reply reply;

    va_start(arguments, format);
    reply = aegis_reply_fail(call, status, format, arguments);
    va_end(arguments);
    return reply;
}

static void put(aegis_writer *w, aegis_arena *memory, json_t *value)
{
    const size_t size = json_dumpb(value, NULL, 0, JSON_COMPACT);
    char *text = (char *)aegis_arena_alloc(memory, size + 1);
    aegis_raw raw = {{NULL, 0}, AEGIS_FORMAT_JSON};

    if (text == NULL || size == 0)
        return;
    raw.data.data = (const uint8_t *)text;
    raw.data.len = json_dumpb(value, text, size, JSON_COMPACT);
    aegis_put_raw(w, raw);
}

static void rest(const aegis_call *call, aegis_duration time)
{
    const aegis_duration left = aegis_call_remaining(call), pause = time < left ? time : left;
    const struct timespec span = {.tv_sec = (time_t)(pause / AEGIS_SECOND),
                                  .tv_nsec = (long)(pause % AEGIS_SECOND)};

    if (pause > 0)
        (void)nanosleep(&span, NULL);
}

/* A number that tells how far it is, under the names that are usual, where it fits. */
static void set_number(const schema_record *record, json_t *update, const char *const *names, size_t count,
                       unsigned number)
{
    char why[WHY_MAX];
    size_t i;

    for (i = 0; i < count; i++) {
        json_t *old = json_incref(json_object_get(update, names[i]));

        if (old != NULL) {
            (void)json_object_set_new(update, names[i], json_integer((json_int_t)number));
            if (!arguments_check(record, update, why, sizeof why))
                (void)json_object_set(update, names[i], old);
        }
        json_decref(old);
    }
}

/* False: it is to stop. */
static bool report(aegis_call *call, const schema_record *record, const answer *a)
{
    static const char *const dones[] = {"done", "processed", "completed", "finished", "current", "count"};
    static const char *const totals[] = {"total", "of", "all", "expected"};
    static const char *const percents[] = {"progress", "percent", "percentage"};
    const aegis_duration pause = a->delay > 0 ? a->delay / STEPS : STEP_PAUSE;
    unsigned step;

    for (step = 1; step <= STEPS; step++) {
        json_t *update = arguments_example(record, a->seed + step);

        rest(call, pause);
        set_number(record, update, totals, CLI_COUNT(totals), STEPS);
        set_number(record, update, dones, CLI_COUNT(dones), step);
        set_number(record, update, percents, CLI_COUNT(percents), 100 * step / STEPS);
        put(aegis_progress_begin(call), call->arena, update);
        json_decref(update);
        if (!aegis_progress_end(call))
            return false;
    }
    return true;
}

static aegis_reply give(aegis_call *call, const schema_method *method, const answer *a)
{
    if (a->status != AEGIS_OK)
        return fail(call, a->status, "%s", a->text);
    if (a->value == NULL)
        return fail(call, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    put(aegis_reply_begin(call), call->arena, a->value);
    if (a->error >= 0)
        return aegis_reply_error(
            call, (size_t)a->error,
            method->raises[a->error].error->message != NULL ? wire_text(a->value, "message", NULL) : NULL);
    return aegis_reply_ok(call);
}

/* ---- what is seen of it; the lock is held ---- */

static void tell(const mock *all, const aegis_call *call, json_t *request, const char *outcome, bool good)
{
    const screen *out = &all->s->out;
    char time[SCREEN_TEXT];
    json_t *line;
    char *text;

    if (all->s->options->json) {
        line = json_pack("{s:s, s:s, s:s?, s:s, s:O?}", "service", call->service, "method", call->method,
                         "source", call->source, "outcome", outcome, "request", request);
        screen_json_line(out, line);
        json_decref(line);
        (void)fflush(out->file);
        return;
    }
    text = json_dumps(request, JSON_ENCODE_ANY);
    screen_put(out, INK_DIM, "%s  ", screen_time(aegis_now(), time) + 11);
    screen_put(out, INK_BLUE, "%s.%s  ", call->service, call->method);
    screen_put(out, good ? INK_GREEN : INK_RED, "%s  ", outcome);
    cli_safe(out->file, text != NULL ? text : "");
    fputc('\n', out->file);
    (void)fflush(out->file);
    free(text);
}

static aegis_reply refuse(mock *all, aegis_call *call, json_t *request, const char *why)
{
    (void)pthread_mutex_lock(&all->lock);
    tell(all, call, request, why, false);
    (void)pthread_mutex_unlock(&all->lock);
    return fail(call, AEGIS_INVALID_ARGUMENT, "%s", why);
}

static aegis_reply serve(mock *all, aegis_call *call, const schema_method *method, json_t *request)
{
    const bool command = method->kind == SCHEMA_COMMAND;
    aegis_reply reply;
    answer a;

    (void)pthread_mutex_lock(&all->lock);
    choose(all, method, &a);
    tell(all, call, request,
         a.status != AEGIS_OK ? aegis_status_name(a.status)
         : a.error >= 0       ? method->raises[a.error].error->wire
                              : "ok",
         a.status == AEGIS_OK && a.error < 0);
    (void)pthread_mutex_unlock(&all->lock);
    if (!command || method->progress == NULL)
        rest(call, a.delay);
    if (command && method->progress != NULL && !report(call, method->progress, &a))
        reply = fail(call, AEGIS_CANCELLED, "stopped");
    else
        reply = give(call, method, &a);
    json_decref(a.value);
    return reply;
}

aegis_reply mock_serve(aegis_call *call, aegis_reader *params, const void *ops, void *user)
{
    const mock_service *m = (const mock_service *)user;
    const schema_method *method = method_named(m->service, call->method);
    session here = {.arena = call->arena};
    char why[WHY_MAX];
    aegis_raw raw = aegis_get_raw(params);
    json_t *request;
    aegis_reply reply;

    (void)ops;
    if (aegis_reader_close(params, NULL) != AEGIS_OK)
        return aegis_reply_invalid(call, params);
    if (method == NULL)
        return aegis_reply_unimplemented(call);
    request = raw.data.len > 0 ? wire_decode(&here, raw.data, NULL) : json_object();
    if (request == NULL)
        return fail(call, AEGIS_INVALID_ARGUMENT, "the parameters cannot be read");
    if (arguments_check_received(method->request, request, why, sizeof why))
        reply = serve(m->all, call, method, request);
    else
        reply = refuse(m->all, call, request, why);
    json_decref(request);
    return reply;
}
