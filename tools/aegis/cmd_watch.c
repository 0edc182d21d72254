/* aegis watch: events as they are published, and those that were; commands and calls besides, where that is
 * asked for. Looks on only: no consumer is made, nothing is acknowledged. */
#include "history.h"

#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "commands.h"
#include "ports/clock.h"
#include "recording.h"
#include "sighting.h"
#include "tap.h"

#define STREAM "EVENTS"
/* Ctrl-C is seen so soon. */
#define SLICE (200 * AEGIS_MILLISECOND)
/* Most that --last asks for. */
#define LAST_MAX 100000U
/* Commands whose names are remembered. */
#define COMMANDS_MAX 10000

typedef struct request {
    session_options common;
    const char *since, *last, *count, *stream;
    cli_list where;
    bool all, no_follow, commands, rpc, wide;
} request;

typedef struct watch {
    session *s;
    const request *r;
    tap live;
    const char *events[TAP_PATTERNS_MAX]; /* subjects of events, in the stream */
    size_t event_count;
    aegis_duration since;
    uint64_t last, left; /* to begin with; that are still to be shown */
    json_t *shown;       /* ids of those that may come once more, live */
    json_t *commands;    /* names by id, of what was seen to be sent */
} watch;

static bool is_over(const watch *w)
{
    return w->left == 0 || session_interrupted();
}

static bool is_wanted(const watch *w, json_t *seen)
{
    size_t i;

    for (i = 0; i < w->r->where.count; i++) {
        if (!sighting_fits(seen, w->r->where.items[i]))
            return false;
    }
    return true;
}

static void show(watch *w, json_t *seen)
{
    if (seen != NULL && is_wanted(w, seen)) {
        if (w->s->options->json)
            screen_json_line(&w->s->out, seen);
        else
            sighting_print(&w->s->out, seen, w->r->wide);
        (void)fflush(w->s->out.file);
        w->left--;
    }
}

/* ---- what was ---- */

/* Read forward from `*sequence`; shows each, or counts those that would be shown. */
static int read_on(watch *w, uint64_t sequence, uint64_t last, uint64_t remember, uint64_t *counted)
{
    aegis_stored stored;
    int code = CLI_DONE;

    while (!is_over(w) &&
           history_next(w->s, w->r->stream, w->events, w->event_count, &sequence, last, &stored, &code)) {
        json_t *seen = sighting_make(w->s, stored.subject, stored.body, stored.sequence, stored.stored_at);
        const char *id = json_string_value(json_object_get(seen, "id"));

        if (counted != NULL)
            *counted += seen != NULL && is_wanted(w, seen);
        else
            show(w, seen);
        if (counted == NULL && id != NULL && stored.sequence > remember)
            (void)json_object_set_new(w->shown, id, json_true());
        json_decref(seen);
    }
    return code;
}

/* From where on there are `wanted` of them: looks back ever further. */
static int find_last(watch *w, uint64_t wanted, uint64_t first, uint64_t last, uint64_t *sequence)
{
    uint64_t back = wanted, from = last;
    uint64_t found;
    int code;

    do {
        from = last >= first + back ? last - back + 1 : first;
        found = 0;
        code = read_on(w, from, last, UINT64_MAX, &found);
        back *= 4;
    } while (code == CLI_DONE && found < wanted && from > first && !is_over(w));
    while (code == CLI_DONE && found > wanted && !is_over(w)) { /* pass over what is too much */
        aegis_stored stored;
        json_t *seen;

        if (!history_next(w->s, w->r->stream, w->events, w->event_count, &from, last, &stored, &code))
            break;
        seen = sighting_make(w->s, stored.subject, stored.body, stored.sequence, stored.stored_at);
        found -= seen != NULL && is_wanted(w, seen);
        json_decref(seen);
    }
    *sequence = from;
    return code;
}

static int start_of(watch *w, uint64_t first, uint64_t last, uint64_t *sequence)
{
    const request *r = w->r;

    *sequence = first;
    if (w->since > 0)
        return history_since(w->s, r->stream, aegis_now() - w->since, first, last, sequence);
    return w->last > 0 ? find_last(w, w->last, first, last, sequence) : CLI_DONE;
}

/* What is stored by now. Whoever listens already may hear the end of it once more. */
static int look_back(watch *w)
{
    uint64_t first, before, last, sequence;
    int code = history_ends(w->s, w->r->stream, &first, &before);

    if (code == CLI_DONE && !w->r->no_follow)
        code = tap_open(&w->live, w->s);
    if (code == CLI_DONE)
        code = history_ends(w->s, w->r->stream, &first, &last);
    if (code == CLI_DONE && last > 0)
        code = start_of(w, first, last, &sequence);
    if (code == CLI_DONE && last > 0)
        code = read_on(w, sequence, last, before, NULL);
    return code;
}

/* ---- what is ---- */

/* Progress and outcomes tell the id of their command alone: its name is remembered. */
static void name_command(watch *w, json_t *seen)
{
    const char *kind = json_string_value(json_object_get(seen, "kind"));
    json_t *name = json_object_get(seen, "name"), *found;
    const char *id = json_string_value(json_object_get(seen, "id"));

    if (kind == NULL || strcmp(kind, "event") == 0 || strcmp(kind, "call") == 0)
        return;
    if (json_object_size(w->commands) >= COMMANDS_MAX)
        (void)json_object_clear(w->commands);
    if (strcmp(kind, "command") == 0 && id != NULL) {
        (void)json_object_set(w->commands, id, name);
        return;
    }
    found = json_object_get(w->commands, json_string_value(name));
    if (found != NULL)
        (void)json_object_set(seen, "command", found);
}

static void look(watch *w)
{
    const aegis_port_ops *ops = session_port(w->s)->ops;
    const aegis_duration limit = session_timeout(w->s, 0);
    const int64_t until = limit > 0 ? aegis_clock_monotonic() + limit : INT64_MAX;
    aegis_message message;

    while (!is_over(w) && aegis_clock_monotonic() < until) {
        const int64_t slice = aegis_clock_monotonic() + SLICE;
        json_t *seen;
        const char *id;

        if (tap_next(&w->live, slice < until ? slice : until, &message) != AEGIS_OK)
            continue;
        aegis_arena_reset(w->s->arena);
        seen = sighting_make(w->s, message.subject, message.body, 0, 0);
        ops->release(&message);
        name_command(w, seen);
        id = json_string_value(json_object_get(seen, "id"));
        if (id == NULL || json_object_get(w->shown, id) == NULL)
            show(w, seen);
        json_decref(seen);
    }
}

/* ---- */

static int add_patterns(watch *w)
{
    const cli_list *words = &w->s->line->arguments;
    int code = CLI_DONE;
    size_t i;

    for (i = 0; i < words->count && code == CLI_DONE; i++) {
        const char *subject = recording_pattern(w->s, words->items[i]);

        code = subject != NULL ? tap_add(&w->live, subject) : cli_out_of_memory();
        if (code == CLI_DONE && strncmp(subject, "events.", 7) == 0)
            w->events[w->event_count++] = subject;
    }
    if (words->count == 0 && !w->r->commands && !w->r->rpc) {
        code = tap_add(&w->live, "events.>");
        w->events[w->event_count++] = "events.>";
    }
    if (code == CLI_DONE && w->r->commands)
        code = tap_add(&w->live, "commands.>");
    if (code == CLI_DONE && w->r->rpc)
        code = tap_add(&w->live, "rpc.>");
    return code;
}

static int check(const watch *w)
{
    const request *r = w->r;
    const cli_command *command = w->s->line->command;
    const bool past = r->all || r->since != NULL || r->last != NULL;
    size_t i;

    for (i = 0; i < r->where.count; i++) {
        if (!sighting_is_condition(r->where.items[i]))
            return cli_usage(command, "'%s' is no FIELD=VALUE nor FIELD!=VALUE", r->where.items[i]);
    }
    if (r->all + (r->since != NULL) + (r->last != NULL) > 1)
        return cli_usage(command, "of --all, --since and --last only one can be");
    if (r->no_follow && !past)
        return cli_usage(command, "--no-follow is for --all, --since and --last");
    if (past && w->event_count == 0)
        return cli_usage(command, "only events are kept: --commands and --rpc show what travels now");
    return CLI_DONE;
}

/* Nobody publishes what is misspelt, and one would wait for ever. */
static void doubt_names(const watch *w)
{
    const cli_list *words = &w->s->line->arguments;
    catalog *known = NULL;
    size_t i;

    for (i = 0; i < words->count && !session_interrupted(); i++) {
        const char *name = words->items[i], *near = NULL;

        if (strpbrk(name, "*>") != NULL || strchr(name, '.') == NULL)
            continue;
        if (known == NULL && catalog_open(w->s, &known) != CLI_DONE)
            return;
        near = catalog_near_event(known, name);
        if (near != NULL)
            cli_remark("nobody declares '%s'; did you mean '%s'?", name, near);
    }
    catalog_free(known);
}

static int too_few(const watch *w)
{
    uint64_t wanted = 0;

    (void)session_read_number(w->s, w->r->count, "messages", UINT64_MAX, &wanted);
    cli_status("DEADLINE_EXCEEDED");
    cli_complain("%llu of %llu came%s", (unsigned long long)(wanted - w->left), (unsigned long long)wanted,
                 w->r->no_follow ? "" : CLI_HINT "--timeout waits longer");
    return CLI_MISTAKES;
}

static int watch_all(session *s, const request *r)
{
    const bool past = r->all || r->since != NULL || r->last != NULL;
    watch w;
    int code;

    memset(&w, 0, sizeof w);
    w.s = s;
    w.r = r;
    w.left = UINT64_MAX;
    w.shown = json_object();
    w.commands = json_object();
    code = session_read_number(s, r->count, "messages", UINT64_MAX, &w.left);
    if (code == CLI_DONE)
        code = session_read_number(s, r->last, "events", LAST_MAX, &w.last);
    if (code == CLI_DONE)
        code = session_read_time(s, r->since, &w.since);
    if (code == CLI_DONE)
        code = add_patterns(&w);
    if (code == CLI_DONE)
        code = check(&w);
    if (code == CLI_DONE)
        code = session_connect(s);
    session_catch_signals(s);
    if (code == CLI_DONE)
        code = past ? look_back(&w) : tap_open(&w.live, s);
    if (code == CLI_DONE && !r->no_follow) {
        if (s->out.terminal && !s->options->json && r->count == NULL)
            cli_remark("watching; Ctrl-C ends it");
        if (!s->options->json)
            doubt_names(&w);
        look(&w);
    }
    if (code == CLI_DONE && r->count != NULL && w.left > 0 && !session_interrupted())
        code = too_few(&w);
    tap_close(&w.live);
    json_decref(w.shown);
    json_decref(w.commands);
    return code;
}

static int run(cli *line, void *data)
{
    request *r = (request *)data;
    session s;
    int code = session_prepare(&s, line, &r->common);

    if (r->stream == NULL)
        r->stream = STREAM;
    if (code == CLI_DONE)
        code = watch_all(&s, r);
    session_close(&s);
    return code;
}

static const cli_option options[] = {
    {"--since", "TIME", CLI_TEXT, offsetof(request, since), "begin with what is not older: 10m, 2h, 1d"},
    {"--last", "N", CLI_TEXT, offsetof(request, last), "begin with the last N that there are"},
    {"--all", NULL, CLI_FLAG, offsetof(request, all), "begin with the oldest that is kept"},
    {"--no-follow", NULL, CLI_FLAG, offsetof(request, no_follow), "end with what there is by now"},
    {"--where", "FIELD=VALUE", CLI_LIST, offsetof(request, where),
     "only where that holds, or FIELD!=VALUE; FIELD may be a path,\norder.customer; may be given again"},
    {"--count", "N", CLI_TEXT, offsetof(request, count),
     "end after N; exit code 1 when fewer came within --timeout"},
    {"--commands", NULL, CLI_FLAG, offsetof(request, commands),
     "commands too: what is sent, how far they are, how they end"},
    {"--rpc", NULL, CLI_FLAG, offsetof(request, rpc), "the requests of calls too"},
    {"--wide", NULL, CLI_FLAG, offsetof(request, wide), "all of each, not only what fits a line"},
    {"--stream", "NAME", CLI_TEXT, offsetof(request, stream), "where events are kept; default EVENTS"},
    SESSION_OPTIONS(request, common)};

const cli_command cmd_watch = {
    .name = "watch",
    .summary = "shows events as they are published, or were",
    .takes = "[PATTERN]...",
    .about = "Shows events as they are published: all of them, or those whose name a pattern takes\n"
             "(order.created, 'order.*', 'payment.>'). With --since, --last or --all it begins with what is\n"
             "kept. Without patterns --commands and --rpc show those alone. It only looks on: nothing is\n"
             "acknowledged and no consumer made.",
    .examples = "  aegis watch\n"
                "  aegis watch 'order.*' --since 10m --where order.customer=ada\n"
                "  aegis watch order.created --count 1 --timeout 30s --json\n"
                "  aegis watch --commands --rpc\n",
    .failure = "fewer came than --count says, or what is kept could not be read",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .most = TAP_PATTERNS_MAX - 3,
    .run = run,
};
