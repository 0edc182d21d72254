/* aegis record: writes what travels to a file, to be looked at or replayed. Live, from now on; or events from
 * their stream, from some time on. Reading the stream asks for one message after the other and leaves nothing
 * behind on the server. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <aegis/client.h>

#include "commands.h"
#include "domain/subject.h"
#include "ports/clock.h"
#include "recording.h"

#define CAPACITY 65536
#define SLICE    (100 * AEGIS_MILLISECOND)
#define TIMEOUT  (5 * AEGIS_SECOND)

typedef struct request {
    session_options common;
    const char *output, *count, *duration, *since;
    bool all, force, replayed;
} request;

typedef struct task {
    session *s;
    const request *r;
    FILE *file;
    const char *path;
    uint64_t most; /* 0: no bound */
    unsigned long long written, passed_over;
    int64_t until; /* monotonic; INT64_MAX: until it is interrupted */
    aegis_duration since;
    const char *const *patterns;
    size_t pattern_count;
} task;

/* ---- one message ---- */

static bool is_over(const task *t)
{
    return session_interrupted() || (t->most != 0 && t->written >= t->most) ||
           aegis_clock_monotonic() >= t->until;
}

static int put(task *t, const recorded *message)
{
    if (!t->r->replayed &&
        aegis_header_value(message->headers, message->header_count, RECORDING_MARK) != NULL) {
        t->passed_over++;
        return CLI_DONE;
    }
    if (!recording_put(t->s, t->file, message) || fflush(t->file) != 0) {
        cli_complain("cannot write '%s': %s", t->path, strerror(errno));
        return CLI_IO;
    }
    t->written++;
    return CLI_DONE;
}

/* ---- live ---- */

static int take(task *t, aegis_source *source, int64_t deadline)
{
    const aegis_port_ops *ops = t->s->bus->port->ops;
    aegis_message message;
    recorded one;
    int code;

    if (ops->next(source, deadline, &message) != AEGIS_OK)
        return CLI_DONE;
    one = (recorded){aegis_now(), message.subject, message.headers, message.header_count, message.body};
    aegis_arena_reset(t->s->arena);
    code = put(t, &one);
    ops->release(&message);
    return code;
}

static int listen_live(task *t)
{
    session *s = t->s;
    const aegis_port_ops *ops = s->bus->port->ops;
    aegis_source *all = NULL;
    aegis_source **sources =
        (aegis_source **)arena_array(&s->line->memory, t->pattern_count + 1, sizeof *sources);
    aegis_error error = {0};
    aegis_status status =
        sources != NULL ? ops->completions(s->bus->port, CAPACITY, &all, &error) : AEGIS_RESOURCE_EXHAUSTED;
    int code = CLI_DONE;
    size_t opened = 0, i;

    while (status == AEGIS_OK && opened < t->pattern_count) {
        status = ops->subscribe(s->bus->port, t->patterns[opened], NULL, CAPACITY, false, &sources[opened],
                                &error);
        if (status == AEGIS_OK) {
            ops->divert(sources[opened], all, opened);
            opened++;
        }
    }
    if (status != AEGIS_OK)
        code = session_failed(s, &error, "cannot listen");
    else
        cli_remark("recording to %s; Ctrl-C ends it", t->path);
    while (code == CLI_DONE && !is_over(t)) {
        const int64_t slice = aegis_clock_monotonic() + SLICE;

        code = take(t, all, slice < t->until ? slice : t->until);
    }
    for (i = 0; i < opened; i++)
        ops->close_source(sources[i]);
    if (all != NULL)
        ops->close_source(all);
    return code;
}

/* ---- from the stream ---- */

/* The first sequence stored at or after `when`. */
static aegis_status find_since(session *s, const char *stream, const aegis_stream_info *info,
                               aegis_timestamp when, uint64_t *sequence, aegis_error *error)
{
    const aegis_port_ops *ops = s->bus->port->ops;
    uint64_t low = info->first_sequence, high = info->last_sequence + 1;

    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        aegis_stored stored;
        aegis_status status;

        aegis_arena_reset(s->arena);
        status = ops->message_get(s->bus->port, stream, ">", middle, aegis_clock_monotonic() + TIMEOUT,
                                  s->arena, &stored, error);
        if (status != AEGIS_OK && status != AEGIS_NOT_FOUND)
            return status;
        if (status == AEGIS_NOT_FOUND || stored.stored_at >= when)
            high = middle;
        else
            low = stored.sequence + 1;
    }
    *sequence = low;
    return AEGIS_OK;
}

/* Is it one of the others too, which then has it? */
static bool is_taken_before(const char *const *patterns, size_t before, const char *subject)
{
    size_t i;

    for (i = 0; i < before; i++) {
        if (aegis_subject_matches(patterns[i], subject))
            return true;
    }
    return false;
}

/* All that one pattern takes, from `sequence` to `last`. */
static int copy(task *t, const char *stream, size_t which, uint64_t sequence, uint64_t last)
{
    session *s = t->s;
    const aegis_port_ops *ops = s->bus->port->ops;
    int code = CLI_DONE;

    while (code == CLI_DONE && sequence <= last && !is_over(t)) {
        aegis_error error = {0};
        aegis_stored stored;
        aegis_status status;
        recorded one;

        aegis_arena_reset(s->arena);
        status = ops->message_get(s->bus->port, stream, t->patterns[which], sequence,
                                  aegis_clock_monotonic() + TIMEOUT, s->arena, &stored, &error);
        if (status == AEGIS_NOT_FOUND || (status == AEGIS_OK && stored.sequence > last))
            return CLI_DONE;
        if (status != AEGIS_OK)
            return session_failed(s, &error, "cannot read %s", stream);
        sequence = stored.sequence + 1;
        if (is_taken_before(t->patterns, which, stored.subject))
            continue;
        one = (recorded){stored.stored_at, stored.subject, stored.headers, stored.header_count, stored.body};
        code = put(t, &one);
    }
    return code;
}

static int read_stream(task *t)
{
    session *s = t->s;
    const char *stream = aegis_bus_stream(s->bus, AEGIS_KIND_EVENTS);
    aegis_stream_info info;
    aegis_error error = {0};
    uint64_t sequence;
    int code = CLI_DONE;
    size_t i;

    if (s->bus->port->ops->stream_info(s->bus->port, stream, aegis_clock_monotonic() + TIMEOUT, &info,
                                       &error) != AEGIS_OK)
        return session_failed(s, &error, "cannot read %s", stream);
    sequence = info.first_sequence;
    if (t->since > 0 && find_since(s, stream, &info, aegis_now() - t->since, &sequence, &error) != AEGIS_OK)
        return session_failed(s, &error, "cannot read %s", stream);
    for (i = 0; i < t->pattern_count && code == CLI_DONE; i++)
        code = copy(t, stream, i, sequence, info.last_sequence);
    return code;
}

/* ---- the command ---- */

/* A pipe or /dev/null has nothing that could be written over. */
static bool is_device(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && !S_ISREG(about.st_mode);
}

static int open_file(task *t)
{
    const bool to_output = strcmp(t->r->output, "-") == 0;

    t->path = to_output ? "standard output" : t->r->output;
    t->file = to_output ? stdout : fopen(t->path, t->r->force || is_device(t->path) ? "w" : "wx");
    if (t->file != NULL)
        return CLI_DONE;
    if (errno == EEXIST)
        cli_status("ALREADY_EXISTS");
    cli_complain("cannot write '%s': %s%s", t->path, strerror(errno),
                 errno == EEXIST ? CLI_HINT "--force writes over it" : "");
    return CLI_IO;
}

static int read_patterns(task *t)
{
    static const char *const usual[] = {"events.>"};
    const cli_list *words = &t->s->line->arguments;
    const char **given = (const char **)arena_array(&t->s->line->memory, words->count + 1, sizeof *given);
    size_t i;

    if (given == NULL)
        return cli_out_of_memory();
    for (i = 0; i < words->count; i++) {
        given[i] = recording_pattern(t->s, words->items[i]);
        if (given[i] == NULL || !aegis_subject_pattern_valid(given[i]))
            return cli_usage(t->s->line->command, "'%s' is no pattern of subjects", words->items[i]);
        if ((t->r->all || t->since > 0) && strncmp(given[i], "events.", 7) != 0)
            return cli_usage(t->s->line->command, "only events are kept: '%s' can be recorded live only",
                             words->items[i]);
    }
    t->patterns = words->count > 0 ? given : usual;
    t->pattern_count = words->count > 0 ? words->count : 1;
    return CLI_DONE;
}

static int read_options(task *t)
{
    const request *r = t->r;
    aegis_duration duration = 0;
    int code;

    t->until = INT64_MAX;
    if (r->output == NULL)
        return cli_usage(t->s->line->command, "where to? -o FILE");
    code = session_read_time(t->s, r->since, &t->since);
    if (code == CLI_DONE)
        code = session_read_time(t->s, r->duration, &duration);
    if (code == CLI_DONE)
        code = session_read_number(t->s, r->count, "messages", UINT64_MAX, &t->most);
    if (duration > 0)
        t->until = aegis_clock_monotonic() + duration;
    return code;
}

static int run(cli *line, void *data)
{
    const request *r = (const request *)data;
    session s;
    task t = {.s = &s, .r = r};
    int code = session_prepare(&s, line, &r->common);

    if (code == CLI_DONE)
        code = read_options(&t);
    if (code == CLI_DONE)
        code = read_patterns(&t);
    if (code == CLI_DONE)
        code = session_connect(&s);
    if (code == CLI_DONE)
        code = open_file(&t);
    if (code == CLI_DONE) {
        session_catch_signals(&s);
        code = r->all || t.since > 0 ? read_stream(&t) : listen_live(&t);
        if (t.file != stdout && fclose(t.file) != 0 && code == CLI_DONE) {
            cli_complain("cannot write '%s': %s", t.path, strerror(errno));
            code = CLI_IO;
        }
        if (r->common.json && t.file != stdout)
            printf("{\"recorded\":%llu,\"passed_over\":%llu}\n", t.written, t.passed_over);
        else
            cli_remark("recorded %llu message%s%s", t.written, t.written == 1 ? "" : "s",
                       t.passed_over > 0 ? "; passed over what was replayed (--replayed takes it)" : "");
    }
    session_close(&s);
    return code;
}

static const cli_option options[] = {
    {"-o", "FILE", CLI_TEXT, offsetof(request, output), "where to; - is standard output"},
    {"--since", "TIME", CLI_TEXT, offsetof(request, since),
     "events of the last 30m, 2h, 1d, from their stream, then end"},
    {"--all", NULL, CLI_FLAG, offsetof(request, all), "all events their stream has, then end"},
    {"--count", "N", CLI_TEXT, offsetof(request, count), "end after so many"},
    {"--for", "TIME", CLI_TEXT, offsetof(request, duration), "end after this time"},
    {"--replayed", NULL, CLI_FLAG, offsetof(request, replayed), "also what 'aegis replay' sent"},
    {"--force", NULL, CLI_FLAG, offsetof(request, force), "write over a file that is there"},
    SESSION_OPTIONS(request, common)};

const cli_command cmd_record = {
    .name = "record",
    .summary = "writes what travels to a file",
    .takes = "[PATTERN...]",
    .about = "Writes messages to a file, one a line, as JSON: all events, or those of the patterns given. "
             "'order.*' is a\n"
             "pattern of events, 'rpc.order-service.>' or 'commands.>' of what else travels. Live until "
             "Ctrl-C; with\n"
             "--since or --all from the stream of events.",
    .examples = "  aegis record -o today.jsonl --since 8h\n"
                "  aegis record 'order.*' -o orders.jsonl --for 5m\n"
                "  aegis record 'rpc.order-service.>' -o calls.jsonl --count 100\n",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .least = 0,
    .most = CLI_ANY,
    .on_missing = "",
    .run = run,
};
