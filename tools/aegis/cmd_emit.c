/* aegis emit: publish an event, as a service would. */
#include <string.h>

#include "arguments.h"
#include "commands.h"
#include "describe.h"
#include "dynamic.h"
#include "ports/clock.h"

/* Of an event that nobody declares. */
#define FIRST_VERSION "1.0"

typedef struct request {
    session_options common;
    const char *data, *version, *id;
    bool describe, example, force;
} request;

static int publish(session *s, const request *r, const char *name, const char *version, json_t *payload)
{
    aegis_publish_options options = {.timeout = s->timeout};
    char id[AEGIS_UUID_TEXT];
    aegis_error error = {0};
    json_t *line;

    options.message_id = r->id != NULL ? r->id : aegis_uuid_format(aegis_uuid_new(), id);
    if (dynamic_publish(s, name, version, payload, &options, &error) != AEGIS_OK)
        return session_failed(s, &error, "%s was not published", name);
    if (s->options->json) {
        line = json_pack("{s:s, s:s, s:s}", "event", name, "version", version, "id", options.message_id);
        screen_json_line(&s->out, line);
        json_decref(line);
        return CLI_DONE;
    }
    screen_put(&s->out, INK_GREEN, "stored  ");
    printf("%s %s  %s\n", name, version, options.message_id);
    return CLI_DONE;
}

static int show(const session *s, const request *r, const char *name, const schema_event *event)
{
    json_t *value;

    if (event == NULL) {
        cli_status("NOT_FOUND");
        cli_complain("nobody declares '%s'" CLI_HINT "-f names a schema", name);
        return CLI_MISTAKES;
    }
    if (r->describe)
        return describe_event(s, event);
    value = arguments_example(event->record, (uint64_t)aegis_clock_monotonic());
    if (value == NULL)
        return cli_out_of_memory();
    if (s->options->json)
        screen_json_line(&s->out, value);
    else
        screen_json(&s->out, value, 0);
    json_decref(value);
    return CLI_DONE;
}

static int emit(session *s, const void *data)
{
    const request *r = (const request *)data;
    const char *name = s->line->arguments.items[0];
    const schema_event *event = NULL;
    json_t *payload = NULL;
    catalog *known = NULL;
    aegis_uuid id;
    int code = strchr(name, '.') != NULL
                   ? CLI_DONE
                   : cli_usage(s->line->command, "'%s' is no event" CLI_HINT "its name is DOMAIN.TYPE", name);

    if (code == CLI_DONE)
        code = catalog_open(s, &known);
    if (code == CLI_DONE && r->id != NULL && !aegis_uuid_parse(r->id, &id))
        code = cli_usage(s->line->command, "'%s' is no uuid", r->id);
    if (code == CLI_DONE && !r->force)
        code = catalog_find_event(known, name, r->version, &event);
    if (code == CLI_DONE && (r->describe || r->example)) {
        code = show(s, r, name, event);
    } else if (code == CLI_DONE) {
        code = arguments_read(s, event != NULL ? event->record : NULL, 1, r->data, &payload);
        if (code == CLI_DONE && event == NULL)
            cli_remark("nobody declares '%s': it is sent as it was written", name);
        if (code == CLI_DONE)
            code = session_connect(s);
        if (code == CLI_DONE)
            code = publish(s, r, name,
                           event != NULL        ? event->version
                           : r->version != NULL ? r->version
                                                : FIRST_VERSION,
                           payload);
    }
    json_decref(payload);
    catalog_free(known);
    return code;
}

static int run(cli *line, void *data)
{
    return session_run(line, &((const request *)data)->common, emit, data);
}

static const cli_option options[] = {
    {"--data", "JSON", CLI_TEXT, offsetof(request, data), "the whole payload, as JSON; @FILE or - reads it"},
    {"--version", "VERSION", CLI_TEXT, offsetof(request, version),
     "which version of the event; default: the highest declared"},
    {"--force", NULL, CLI_FLAG, offsetof(request, force), "send it as it is written, whatever schemas say"},
    {"--id", "UUID", CLI_TEXT, offsetof(request, id),
     "its id; a second one with the same id is dropped, for a while"},
    {"--describe", NULL, CLI_FLAG, offsetof(request, describe), "publish nothing; show what the event holds"},
    {"--example", NULL, CLI_FLAG, offsetof(request, example),
     "publish nothing; print a payload that is valid, to begin with"},
    SESSION_OPTIONS(request, common)};

const cli_command cmd_emit = {
    .name = "emit",
    .summary = "publishes an event",
    .takes = "DOMAIN.TYPE [NAME=VALUE]...",
    .about = "Publishes an event, which is stored and goes to all who subscribe to it. Its payload is\n"
             "written as the parameters of 'aegis call' are, and checked by the schema of whoever declares\n"
             "the event.",
    .examples = "  aegis emit order.cancelled id=6f1c5a9e-0d0f-4c39-9a7b-2f6f0b0c8a11 reason='never paid'\n"
                "  aegis emit order.created --data @order.json --version 1.1\n"
                "  aegis emit order.created --describe\n",
    .failure = "it was not stored, or nobody declares it as asked",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .least = 1,
    .most = CLI_ANY,
    .on_missing = "which event? DOMAIN.TYPE",
    .run = run,
};
