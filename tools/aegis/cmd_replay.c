/* aegis replay: sends a recording again, with the pauses it had or faster. Events and commands get new ids,
 * since a message with an id that is known is dropped or answered from its record; so their envelopes are
 * written anew, as JSON. Calls are sent only when that is asked for: nobody waits for their answers, but they
 * are carried out. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <aegis/client.h>

#include "commands.h"
#include "domain/subject.h"
#include "ports/clock.h"
#include "recording.h"
#include "wire.h"

#define SLICE   (100 * AEGIS_MILLISECOND)
#define TIMEOUT (5 * AEGIS_SECOND)

typedef struct request {
    session_options common;
    const char *speed, *rate;
    cli_list only, maps;
    bool keep_ids, calls, dry_run;
} request;

typedef struct task {
    session *s;
    const request *r;
    double speed;         /* 0: without pauses */
    aegis_duration pause; /* between two; 0: as it was recorded */
    aegis_timestamp first;
    int64_t begun;
    unsigned long long sent, passed_over, failed;
} task;

/* ---- when ---- */

static void wait_until(int64_t when)
{
    while (!session_interrupted() && aegis_clock_monotonic() < when) {
        const int64_t left = when - aegis_clock_monotonic();
        const struct timespec slice = {0, (long)(left < SLICE ? left : SLICE)};

        if (left > 0)
            (void)nanosleep(&slice, NULL);
    }
}

static int64_t due(const task *t, aegis_timestamp when)
{
    if (t->pause > 0)
        return t->begun + (int64_t)t->sent * t->pause;
    return t->speed > 0 ? t->begun + (int64_t)((double)(when - t->first) / t->speed) : t->begun;
}

/* ---- what ---- */

/* "events.order" for "events.test": the subject with that beginning exchanged, whole tokens only. */
static const char *map_subject(const task *t, const char *subject)
{
    const cli_list *maps = &t->r->maps;
    size_t i;

    for (i = 0; i < maps->count; i++) {
        const char *equals = strchr(maps->items[i], '=');
        const size_t size = (size_t)(equals - maps->items[i]);

        if (strncmp(subject, maps->items[i], size) == 0 && (subject[size] == '.' || subject[size] == '\0'))
            return aegis_arena_printf(t->s->arena, "%s%s", equals + 1, subject + size);
    }
    return subject;
}

static bool is_wanted(const task *t, const char *subject)
{
    static const char *const never[] = {"commands.progress.*", "commands.callback.*", "commands.cancel.*",
                                        "dlq.>"};
    const cli_list *only = &t->r->only;
    size_t i;

    for (i = 0; i < CLI_COUNT(never); i++) {
        if (aegis_subject_matches(never[i], subject))
            return false;
    }
    if (strncmp(subject, "rpc.", 4) == 0 && !t->r->calls)
        return false;
    for (i = 0; i < only->count; i++) {
        const char *pattern = recording_pattern(t->s, only->items[i]);

        if (pattern != NULL && aegis_subject_matches(pattern, subject))
            return true;
    }
    return only->count == 0;
}

/* A message id that is not known yet, and in an event what its new subject says. */
static bool renew(const task *t, recorded *message, const char *subject, char id[AEGIS_UUID_TEXT])
{
    json_t *envelope = wire_decode(t->s, message->body, NULL);
    const char *dot = strchr(subject, '.'), *type = dot != NULL ? strchr(dot + 1, '.') : NULL;
    size_t size;
    char *text;

    if (!json_is_object(envelope)) {
        json_decref(envelope);
        return false;
    }
    (void)json_object_set_new(envelope, "message_id", json_string(aegis_uuid_format(aegis_uuid_new(), id)));
    if (strncmp(subject, "events.", 7) == 0 && type != NULL) {
        (void)json_object_set_new(envelope, "domain", json_stringn(dot + 1, (size_t)(type - dot - 1)));
        (void)json_object_set_new(envelope, "event_type", json_string(type + 1));
    }
    size = json_dumpb(envelope, NULL, 0, JSON_COMPACT);
    text = (char *)aegis_arena_alloc(t->s->arena, size + 1);
    if (text != NULL) {
        message->body.data = (const uint8_t *)text;
        message->body.len = json_dumpb(envelope, text, size, JSON_COMPACT);
    }
    json_decref(envelope);
    return text != NULL;
}

/* The headers it had without those of the server and of ids, and ours. */
static size_t set_headers(const recorded *message, const char *id, aegis_header *out)
{
    size_t count = 0, i;

    for (i = 0; i < message->header_count; i++) {
        if (strncmp(message->headers[i].name, "Nats-", 5) != 0 &&
            strcmp(message->headers[i].name, RECORDING_MARK) != 0)
            out[count++] = message->headers[i];
    }
    out[count++] = (aegis_header){RECORDING_MARK, "1"};
    if (id[0] != '\0')
        out[count++] = (aegis_header){"Nats-Msg-Id", id};
    return count;
}

static aegis_status send_it(const task *t, recorded *message, aegis_error *error)
{
    const aegis_port_ops *ops = t->s->bus->port->ops;
    const char *subject = map_subject(t, message->subject);
    const bool durable = strncmp(subject, "events.", 7) == 0 || strncmp(subject, "commands.", 9) == 0;
    const char *known = aegis_header_value(message->headers, message->header_count, "Nats-Msg-Id");
    aegis_header *headers =
        (aegis_header *)aegis_arena_alloc(t->s->arena, (message->header_count + 2) * sizeof *headers);
    char id[AEGIS_UUID_TEXT] = "";
    aegis_outgoing out = {.subject = subject, .headers = headers};

    if (headers == NULL || subject == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    if (!aegis_subject_valid(subject))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "'%s' is nothing that can be sent to", subject);
    if (!t->r->keep_ids && !renew(t, message, subject, id))
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT,
                               "its envelope cannot be read; --keep-ids sends it as it is");
    out.header_count = set_headers(message, t->r->keep_ids && known != NULL ? known : id, headers);
    out.body = message->body;
    if (!durable)
        return ops->publish(t->s->bus->port, &out, error);
    return ops->publish_durable(t->s->bus->port, &out,
                                aegis_clock_monotonic() + session_timeout(t->s, TIMEOUT), NULL, error);
}

/* ---- all ---- */

/* Of a dry run. */
static void tell_one(const task *t, const char *subject, const char *to, size_t size)
{
    json_t *line;

    if (!t->s->options->json) {
        cli_safe(stdout, subject);
        fputs(" -> ", stdout);
        cli_safe(stdout, to);
        printf(" (%zu bytes)\n", size);
        return;
    }
    line = json_pack("{s:s, s:s, s:I}", "subject", subject, "to", to, "size", (json_int_t)size);
    screen_json_line(&t->s->out, line);
    json_decref(line);
}

static void tell_all(const task *t)
{
    if (t->s->options->json)
        printf("{\"%s\":%llu,\"passed_over\":%llu,\"failed\":%llu}\n", t->r->dry_run ? "would_send" : "sent",
               t->sent, t->passed_over, t->failed);
    else
        cli_remark("%s %llu, passed over %llu, failed %llu", t->r->dry_run ? "would send" : "sent", t->sent,
                   t->passed_over, t->failed);
}

static int replay_one(task *t, const char *path, unsigned long line, recorded *message)
{
    aegis_error error = {0};

    if (!is_wanted(t, message->subject)) {
        t->passed_over++;
        return CLI_DONE;
    }
    if (t->first == 0)
        t->first = message->when;
    if (t->r->dry_run) {
        tell_one(t, message->subject, map_subject(t, message->subject), message->body.len);
        t->sent++;
        return CLI_DONE;
    }
    wait_until(due(t, message->when));
    if (session_interrupted())
        return CLI_DONE;
    if (send_it(t, message, &error) == AEGIS_OK) {
        t->sent++;
        return CLI_DONE;
    }
    t->failed++;
    return session_failed(t->s, &error, "%s:%lu: cannot send it to %s", path, line,
                          map_subject(t, message->subject));
}

static int replay(task *t, FILE *file, const char *path)
{
    unsigned long line = 0;
    int code = CLI_DONE, last = CLI_DONE;
    bool more = true;

    t->begun = aegis_clock_monotonic();
    while (code == CLI_DONE && last != CLI_IO && !session_interrupted()) {
        recorded message;

        aegis_arena_reset(t->s->arena);
        code = recording_get(t->s, file, path, &line, &message, &more);
        if (code != CLI_DONE || !more)
            break;
        last = replay_one(t, path, line, &message);
    }
    tell_all(t);
    if (code == CLI_DONE)
        code = last;
    return code == CLI_DONE && t->failed > 0 ? CLI_MISTAKES : code;
}

static int read_options(task *t)
{
    const cli_command *command = t->s->line->command;
    const request *r = t->r;
    char *end = NULL;
    double number;
    size_t i;

    t->speed = 1;
    if (r->speed != NULL && strcmp(r->speed, "max") == 0)
        t->speed = 0;
    else if (r->speed != NULL)
        t->speed = strtod(r->speed, &end);
    if (r->speed != NULL && end != NULL && (*end != '\0' || !(t->speed > 0) || t->speed > 1e9))
        return cli_usage(command, "'%s' is no speed: 2 is twice as fast, max is without pauses", r->speed);
    if (r->rate != NULL) {
        number = strtod(r->rate, &end);
        if (*end != '\0' || !(number > 0) || number > 1e6)
            return cli_usage(command, "'%s' is no number of messages a second", r->rate);
        t->pause = (aegis_duration)((double)AEGIS_SECOND / number);
    }
    for (i = 0; i < r->maps.count; i++) {
        const char *equals = strchr(r->maps.items[i], '=');

        if (equals == NULL || equals == r->maps.items[i] || equals[1] == '\0')
            return cli_usage(command, "'%s' is no --map: FROM=TO, as in events.order=events.test",
                             r->maps.items[i]);
    }
    return CLI_DONE;
}

static int run(cli *line, void *data)
{
    const request *r = (const request *)data;
    const char *path = line->arguments.items[0];
    const bool from_input = strcmp(path, "-") == 0;
    session s;
    task t = {.s = &s, .r = r};
    FILE *file = NULL;
    int code = session_prepare(&s, line, &r->common);

    if (code == CLI_DONE)
        code = read_options(&t);
    if (code == CLI_DONE) {
        file = from_input ? stdin : fopen(path, "r");
        if (file == NULL) {
            cli_complain("cannot read '%s': %s", path, strerror(errno));
            code = CLI_IO;
        }
    }
    if (code == CLI_DONE && !r->dry_run)
        code = session_connect(&s);
    if (code == CLI_DONE) {
        session_catch_signals(&s);
        code = replay(&t, file, path);
    }
    if (file != NULL && !from_input)
        (void)fclose(file);
    session_close(&s);
    return code;
}

static const cli_option options[] = {
    {"--speed", "TIMES", CLI_TEXT, offsetof(request, speed),
     "2 is twice as fast as it was; max: without pauses"},
    {"--rate", "N", CLI_TEXT, offsetof(request, rate), "so many a second instead"},
    {"--only", "PATTERN", CLI_LIST, offsetof(request, only), "only these, as for record; may be given again"},
    {"--map", "FROM=TO", CLI_LIST, offsetof(request, maps),
     "send what begins with FROM to TO instead, as in\nevents.order=events.test; may be given again"},
    {"--calls", NULL, CLI_FLAG, offsetof(request, calls),
     "also calls: they are carried out, and nobody waits"},
    {"--keep-ids", NULL, CLI_FLAG, offsetof(request, keep_ids),
     "send bytes and ids as they were: what is known already is\ndropped or answered from its record"},
    {"--dry-run", NULL, CLI_FLAG, offsetof(request, dry_run), "say what would be sent, and send nothing"},
    SESSION_OPTIONS(request, common)};

const cli_command cmd_replay = {
    .name = "replay",
    .summary = "sends a recording again",
    .takes = "FILE",
    .about = "Sends the messages of a recording again, with the pauses they had: events and commands, with "
             "new ids; calls\n"
             "only with --calls. Progress, completions, cancellations and dead letters are passed over.",
    .examples = "  aegis replay today.jsonl --speed 10\n"
                "  aegis replay orders.jsonl --only 'order.created' --map events.order=events.test\n"
                "  aegis replay commands.jsonl --dry-run\n",
    .failure = "some could not be sent, or the file is no recording",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .least = 1,
    .most = 1,
    .on_missing = "which recording? FILE",
    .run = run,
};
