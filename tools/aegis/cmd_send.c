/* aegis send: a command, from its submission to its outcome.
 *
 * It runs on whether anybody waits or not. The first Ctrl-C asks it to stop and goes on waiting for what
 * comes of that; the second leaves it running and says how to come back to it. */
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "bar.h"
#include "commands.h"
#include "describe.h"
#include "domain/time.h"
#include "outcome.h"
#include "ports/clock.h"
#include "wire.h"

/* The spinner turns so often, and Ctrl-C is seen so soon. */
#define SLICE (100 * AEGIS_MILLISECOND)
/* An attempt of a command whose schema nobody tells: the language's default. */
#define ATTEMPT_TIMEOUT (5 * AEGIS_MINUTE)

typedef struct request {
    session_options common;
    const char *data, *wait, *cancel, *priority, *delay, *key;
    bool detach, describe, example;
} request;

/* ---- waiting ---- */

static void print_id(const session *s, const char *id)
{
    json_t *line;

    if (!s->options->json) {
        printf("%s\n", id);
        return;
    }
    line = json_pack("{s:s}", "id", id);
    screen_json_line(&s->out, line);
    json_decref(line);
}

static void on_progress(json_t *update, void *user)
{
    bar_update((bar *)user, update);
}

/* The first Ctrl-C. */
static void ask_to_stop(aegis_command *command, bar *shown)
{
    aegis_error error = {0};

    bar_clear(shown);
    if (aegis_command_cancel(command, &error) == AEGIS_OK) {
        cli_remark("asked %s to stop; Ctrl-C again leaves it running", aegis_command_id(command));
        return;
    }
    cli_remark("cannot ask it to stop: %s", aegis_error_text(&error));
}

static int leave(const char *id, const char *why)
{
    cli_status("DEADLINE_EXCEEDED");
    cli_complain("%s; %s runs on" CLI_HINT "'aegis send --wait %s' waits for it", why, id, id);
    return CLI_MISTAKES;
}

/* The slice of waiting is over, not the command: a failure that came from the service has causes. */
static bool is_only_time(const dynamic_outcome *outcome)
{
    return !outcome->ok && outcome->type == NULL && outcome->failed.chain_count == 0 &&
           outcome->failed.status == AEGIS_DEADLINE_EXCEEDED;
}

static int await(session *s, const catalog_method *method, aegis_command *command)
{
    const int64_t until = s->timeout > 0 ? aegis_clock_monotonic() + s->timeout : INT64_MAX;
    const char *id = aegis_command_id(command);
    dynamic_outcome outcome;
    bool asked = false;
    bar shown;
    int code;

    bar_begin(&shown, method->name, s->options->colour, s->options->json);
    session_catch_signals(s);
    for (;;) {
        aegis_arena_reset(s->arena);
        dynamic_wait(s, command, method, SLICE, on_progress, &shown, &outcome);
        if (!is_only_time(&outcome))
            break;
        dynamic_free(&outcome);
        if (session_interruptions() > 1 || aegis_clock_monotonic() >= until) {
            bar_clear(&shown);
            return leave(id, session_interruptions() > 1 ? "left" : "it has not ended in time");
        }
        if (session_interrupted() && !asked)
            ask_to_stop(command, &shown);
        asked = asked || session_interrupted();
        bar_tick(&shown);
    }
    bar_clear(&shown);
    code = outcome_print(s, &outcome);
    dynamic_free(&outcome);
    return code;
}

/* ---- submitting ---- */

static int read_options(const session *s, const request *r, const catalog_method *method,
                        aegis_command_options *out)
{
    static const char *const priorities[] = {"low", "normal", "high", "critical"};
    size_t i;

    memset(out, 0, sizeof *out);
    out->timeout = method->method != NULL ? method->method->timeout : ATTEMPT_TIMEOUT;
    out->key = r->key;
    for (i = 0; r->priority != NULL && i < CLI_COUNT(priorities); i++) {
        if (strcmp(r->priority, priorities[i]) == 0)
            out->priority = (aegis_priority)(AEGIS_PRIORITY_LOW + (int)i);
    }
    return session_read_time(s, r->delay, &out->delay);
}

/* One with the same key was sent before: nothing is carried out again, and what is waited for is that one. */
static void tell_before(const session *s, json_t *before)
{
    const char *state = wire_text(before, "state", ""), *updated = wire_text(before, "updated", "");
    const bool ended =
        strcmp(state, "completed") == 0 || strcmp(state, "failed") == 0 || strcmp(state, "cancelled") == 0;
    char age[SCREEN_TEXT];
    aegis_timestamp when;
    screen out;

    if (before == NULL)
        return;
    if (s->options->json) {
        json_t *told = json_pack("{s:{s:s, s:s, s:s}}", "record", "id", wire_text(before, "command_id", ""),
                                 "state", state, "updated", updated);

        screen_init(&out, stderr, s->options->colour);
        screen_json_line(&out, told);
        json_decref(told);
        return;
    }
    if (!aegis_timestamp_parse(updated, strlen(updated), &when))
        when = aegis_now();
    cli_remark(
        ended
            ? "sent before, with the same idempotency key: %s %s ago; nothing runs again, this is its record"
            : "sent before, with the same idempotency key: %s since %s; this waits for that one",
        state, screen_duration(aegis_now() > when ? aegis_now() - when : 0, age));
}

static int submit(session *s, const request *r, const catalog_method *method, json_t *parameters)
{
    aegis_command_options options;
    aegis_command *command = NULL;
    aegis_error error = {0};
    json_t *before = NULL;
    int code = read_options(s, r, method, &options);

    if (code == CLI_DONE)
        code = session_connect(s);
    if (code != CLI_DONE)
        return code;
    if (dynamic_submit(s, method, parameters, &options, &before, &command, &error) != AEGIS_OK) {
        json_decref(before);
        return session_failed(s, &error, "%s.%s was not sent", method->service, method->name);
    }
    tell_before(s, before);
    json_decref(before);
    if (r->detach)
        print_id(s, aegis_command_id(command));
    else
        code = await(s, method, command);
    aegis_command_free(command);
    return code;
}

static int send(session *s, const void *data)
{
    const request *r = (const request *)data;
    catalog *known;
    catalog_method method;
    json_t *parameters = NULL;
    int code = catalog_open(s, &known);

    if (code == CLI_DONE)
        code = catalog_find_method(known, s->line->arguments.items[0], SCHEMA_COMMAND, &method);
    if (code == CLI_DONE && (r->describe || r->example)) {
        code = describe_instead(s, &method, r->describe);
    } else if (code == CLI_DONE) {
        code =
            arguments_read(s, method.method != NULL ? method.method->request : NULL, 1, r->data, &parameters);
        if (code == CLI_DONE)
            code = submit(s, r, &method, parameters);
    }
    json_decref(parameters);
    catalog_free(known);
    return code;
}

/* ---- one that was sent before ---- */

/* The method of an older command: as the command line names it, else as its record does. */
static int find_method(session *s, catalog *known, const char *id, catalog_method *method)
{
    json_t *record;
    const char *name = NULL;
    int code;

    if (s->line->arguments.count > 0)
        return catalog_find_method(known, s->line->arguments.items[0], SCHEMA_COMMAND, method);
    record = dynamic_record(s, id);
    if (record != NULL)
        name = arena_printf(&s->line->memory, "%s.%s", wire_text(record, "service", ""),
                            wire_text(record, "command", ""));
    json_decref(record);
    if (name == NULL) {
        cli_status("NOT_FOUND");
        cli_complain("nothing is known of command %s: it has not begun, or ended long ago" CLI_HINT
                     "SERVICE.METHOD behind it waits nevertheless",
                     id);
        return CLI_MISTAKES;
    }
    code = catalog_find_method(known, name, SCHEMA_COMMAND, method);
    return code;
}

static int attend(session *s, const void *data)
{
    const request *r = (const request *)data;
    const char *given = r->wait != NULL ? r->wait : r->cancel;
    aegis_command *command = NULL;
    aegis_client *client;
    aegis_error error = {0};
    catalog *known = NULL;
    catalog_method method;
    aegis_uuid id;
    char text[AEGIS_UUID_TEXT];
    int code;

    if (!aegis_uuid_parse(given, &id))
        return cli_usage(s->line->command, "'%s' is no id of a command: 36 characters", given);
    (void)aegis_uuid_format(id, text);
    code = session_connect(s);
    if (code == CLI_DONE)
        code = session_client(s, &client);
    if (code == CLI_DONE && aegis_command_attach(client, text, &command, &error) != AEGIS_OK)
        code = session_failed(s, &error, "cannot attend to %s", text);
    if (code == CLI_DONE && r->cancel != NULL) {
        if (aegis_command_cancel(command, &error) != AEGIS_OK)
            code = session_failed(s, &error, "cannot ask %s to stop", text);
        else if (s->options->json)
            print_id(s, text);
        else
            cli_remark("asked %s to stop, if it has not ended; --wait tells what became of it", text);
    } else if (code == CLI_DONE) {
        code = catalog_open(s, &known);
        if (code == CLI_DONE)
            code = find_method(s, known, text, &method);
        if (code == CLI_DONE)
            code = await(s, &method, command);
    }
    aegis_command_free(command);
    catalog_free(known);
    return code;
}

static int run(cli *line, void *data)
{
    const request *r = (const request *)data;
    const bool attends = r->wait != NULL || r->cancel != NULL;

    if (!attends && line->arguments.count == 0)
        return cli_usage(line->command, "which command? SERVICE.METHOD");
    return session_run(line, &r->common, attends ? attend : send, data);
}

static const cli_option options[] = {
    {"--data", "JSON", CLI_TEXT, offsetof(request, data), "all parameters, as JSON; @FILE or - reads them"},
    {"--detach", NULL, CLI_FLAG, offsetof(request, detach), "print the command's id and do not wait"},
    {"--wait", "ID", CLI_TEXT, offsetof(request, wait), "wait for a command that was sent before"},
    {"--cancel", "ID", CLI_TEXT, offsetof(request, cancel), "ask a command that was sent before to stop"},
    {"--priority", "low|normal|high|critical", CLI_TEXT, offsetof(request, priority),
     "default: the schema's"},
    {"--delay", "TIME", CLI_TEXT, offsetof(request, delay), "do not begin before this time has passed"},
    {"--key", "TEXT", CLI_TEXT, offsetof(request, key),
     "idempotency key, instead of the one the schema makes"},
    {"--describe", NULL, CLI_FLAG, offsetof(request, describe),
     "send nothing; show what the command takes and answers"},
    {"--example", NULL, CLI_FLAG, offsetof(request, example),
     "send nothing; print parameters that are valid, to begin with"},
    SESSION_OPTIONS(request, common)};

const cli_command cmd_send = {
    .name = "send",
    .summary = "sends a command and shows how far it is until it ends",
    .takes = "SERVICE.METHOD [NAME=VALUE]...",
    .about =
        "Sends a command to a service, and waits for its outcome. While it runs a bar shows how far it is, "
        "as\n"
        "far as its progress tells; where no terminal is, lines do. It runs whether somebody waits or not:\n"
        "the first Ctrl-C asks it to stop and waits for what comes of that, the second leaves it running "
        "and\n"
        "prints its id, for --wait. Parameters are written as those of 'aegis call'. --timeout is how long\n"
        "to wait; without it, until it ends.",
    .examples =
        "  aegis send order-service.process_batch batch_id=b-7 orders=6f1c5a9e-0d0f-4c39-9a7b-2f6f0b0c8a11\n"
        "  aegis send order-service.process_batch --data @batch.json --detach\n"
        "  aegis send --wait 0b9d6c2e-5f0a-5d3c-9b1e-0e6a7b1c2d3f\n",
    .failure = "it failed or was cancelled, or was left running",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .most = CLI_ANY,
    .run = run,
};
