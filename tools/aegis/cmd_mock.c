/* aegis mock: serve a schema that nobody has implemented yet. */
#include "mock.h"

#include <stdlib.h>
#include <string.h>

#include <aegis/generated.h>

#include "catalog.h"
#include "commands.h"
#include "descriptor.h"
#include "ports/clock.h"
#include "wire.h"

#define CONCURRENCY 8

typedef struct request {
    session_options common;
    const char *seed, *delay, *fail, *script, *only;
    bool force;
} request;

/* ---- options ---- */

/* "0.1" or "10%". */
static bool read_share(const char *text, double *out)
{
    char *end;
    const double value = strtod(text, &end);
    const bool percent = strcmp(end, "%") == 0;

    *out = percent ? value / 100 : value;
    return end != text && (*end == '\0' || percent) && *out >= 0 && *out <= 1;
}

static int read_options(const request *r, mock *all)
{
    const cli_command *command = all->s->line->command;
    json_error_t why;
    char *end;

    all->seed = (uint64_t)aegis_clock_monotonic();
    if (r->seed != NULL) {
        all->seed = strtoull(r->seed, &end, 10);
        if (*end != '\0')
            return cli_usage(command, "'%s' is no seed, a number", r->seed);
    }
    if (session_read_time(all->s, r->delay, &all->delay) != CLI_DONE)
        return CLI_USAGE;
    if (r->fail != NULL && !read_share(r->fail, &all->failing))
        return cli_usage(command, "'%s' is no share, 0.1 or 10%%", r->fail);
    if (r->script == NULL)
        return CLI_DONE;
    all->script = json_load_file(r->script, JSON_REJECT_DUPLICATES, &why);
    if (all->script != NULL && json_is_object(all->script))
        return CLI_DONE;
    if (all->script == NULL && json_error_code(&why) == json_error_cannot_open_file) {
        cli_complain("cannot read '%s'", r->script);
        return CLI_IO;
    }
    cli_complain("%s: line %d, column %d: %s", r->script, why.line, why.column,
                 all->script == NULL ? why.text : "it is no object by SERVICE.METHOD");
    return CLI_MISTAKES;
}

/* ---- serving ---- */

/* Those that are served: all, or the one of --only. */
static int choose(const request *r, catalog *known, mock *all, mock_service **services, size_t *count)
{
    const schema_service *only = NULL;
    const char *wire;
    catalog_list list;
    int code = catalog_all(known, &list);
    size_t i;

    *count = 0;
    if (code == CLI_DONE && r->only != NULL)
        code = catalog_service(known, r->only, &wire, &only);
    if (code != CLI_DONE)
        return code;
    *services = (mock_service *)arena_array(&all->s->line->memory, list.count + 1, sizeof **services);
    if (*services == NULL)
        return cli_out_of_memory();
    for (i = 0; i < list.count; i++) {
        if (only == NULL || only == list.items[i])
            (*services)[(*count)++] = (mock_service){all, list.items[i]};
    }
    if (*count > 0)
        return CLI_DONE;
    cli_complain("no service is declared in the files given");
    return CLI_MISTAKES;
}

static int start(session *s, mock_service *m)
{
    const aegis_service_options options = {.concurrency = CONCURRENCY};
    aegis_service_type *type = descriptor_of_service(&s->line->memory, m->service);
    aegis_endpoint *endpoints;
    aegis_service *service;
    aegis_error error = {0};
    size_t i;

    if (type == NULL)
        return cli_out_of_memory();
    endpoints = (aegis_endpoint *)arena_array(&s->line->memory, type->endpoint_count + 1, sizeof *endpoints);
    if (endpoints == NULL)
        return cli_out_of_memory();
    for (i = 0; i < type->endpoint_count; i++)
        endpoints[i] = (aegis_endpoint){type->endpoints[i].method, mock_serve};
    type->endpoints = endpoints;
    type->subscription_count = 0; /* events are left to those whose they are */
    if (aegis_service_start(s->bus, type, NULL, m, &options, &service, &error) != AEGIS_OK)
        return session_failed(s, &error, "cannot serve %s", m->service->wire);
    if (!s->options->json)
        printf("%s %s: %zu methods, as %s\n", type->name, type->version, type->endpoint_count,
               aegis_service_instance(service));
    return CLI_DONE;
}

/* A mock beside the real service would take calls and stored commands from it. */
static int refuse_company(session *s, const char *service)
{
    const char *subject = arena_printf(&s->line->memory, "$SRV.PING.%s", service);
    aegis_error error = {0};
    json_t *answers = NULL;
    size_t count;

    if (subject == NULL)
        return cli_out_of_memory();
    if (wire_gather(s, subject, WIRE_QUIET, WIRE_QUIET, &answers, &error) != AEGIS_OK)
        return session_failed(s, &error, "cannot ask whether %s runs", service);
    count = json_array_size(answers);
    json_decref(answers);
    if (count == 0)
        return CLI_DONE;
    cli_complain(
        "%s runs already (%zu instance%s): a mock beside it would take calls and commands from it" CLI_HINT
        "--force does it all the same",
        service, count, count == 1 ? "" : "s");
    return CLI_MISTAKES;
}

static int serve(session *s, const void *data)
{
    const request *r = (const request *)data;
    mock all = {.s = s, .turns = json_object()};
    mock_service *services = NULL;
    catalog *known;
    aegis_error error = {0};
    size_t count = 0, i;
    int code = catalog_open(s, &known);

    (void)pthread_mutex_init(&all.lock, NULL);
    if (code == CLI_DONE)
        code = read_options(r, &all);
    if (code == CLI_DONE)
        code = choose(r, known, &all, &services, &count);
    if (code == CLI_DONE)
        code = mock_check_script(&all, services, count);
    if (code == CLI_DONE)
        code = session_connect(s);
    for (i = 0; i < count && code == CLI_DONE && !r->force; i++)
        code = refuse_company(s, services[i].service->wire);
    for (i = 0; i < count && code == CLI_DONE; i++)
        code = start(s, &services[i]);
    if (code == CLI_DONE) {
        if (!s->options->json)
            printf("ready; Ctrl-C ends it\n");
        (void)fflush(stdout);
        if (aegis_run(s->bus, &error) != AEGIS_OK)
            code = session_failed(s, &error, "cannot serve");
    }
    aegis_close(s->bus); /* ends the services, whose handlers use what is freed here */
    s->bus = NULL;
    json_decref(all.script);
    json_decref(all.turns);
    (void)pthread_mutex_destroy(&all.lock);
    catalog_free(known);
    return code;
}

static int run(cli *line, void *data)
{
    request *r = (request *)data;
    size_t i;

    for (i = 0; i < line->arguments.count; i++) {
        const char **items = (const char **)arena_grow(&line->memory, r->common.schemas.items,
                                                       r->common.schemas.count, sizeof *items);

        if (items == NULL)
            return cli_out_of_memory();
        items[r->common.schemas.count++] = line->arguments.items[i];
        r->common.schemas.items = items;
    }
    if (r->common.schemas.count == 0)
        return cli_usage(line->command, "which schema? FILE.aegis");
    return session_run(line, &r->common, serve, data);
}

static const cli_option options[] = {
    {"--only", "SERVICE", CLI_TEXT, offsetof(request, only), "serve this one alone"},
    {"--script", "FILE.json", CLI_TEXT, offsetof(request, script), "what methods answer, by SERVICE.METHOD"},
    {"--seed", "N", CLI_TEXT, offsetof(request, seed), "of what is invented: the same again with the same N"},
    {"--delay", "TIME", CLI_TEXT, offsetof(request, delay), "how long answers take"},
    {"--fail", "SHARE", CLI_TEXT, offsetof(request, fail), "how many of the calls fail: 0.1 or 10%"},
    {"--force", NULL, CLI_FLAG, offsetof(request, force),
     "serve beside real instances, and take calls and commands from them"},
    SESSION_OPTIONS(request, common)};

const cli_command cmd_mock = {
    .name = "mock",
    .summary = "serves a schema with invented answers",
    .takes = "FILE.aegis...",
    .about =
        "Serves all services of a schema, as if they were there: requests are checked, answers are\n"
        "invented so that they fit the schema, or come from a script. Commands tell their progress. What\n"
        "is asked is shown line by line. Subscriptions are left alone: a mock takes no event away from a\n"
        "service that runs.\n"
        "\n"
        "A script holds for SERVICE.METHOD an entry or a list of entries that take turns:\n"
        "{\"answer\": {...}}, {\"error\": \"NotFound\", \"details\": {...}} or {\"fail\": \"UNAVAILABLE\",\n"
        "\"text\": \"...\"}, each with \"delay\": \"200ms\" where it is wanted.",
    .examples = "  aegis mock shop.aegis\n"
                "  aegis mock shop.aegis --seed 1 --delay 20ms --fail 5%\n"
                "  aegis mock shop.aegis --only order-service --script answers.json\n",
    .failure = "the schema or the script has mistakes, or a service could not be started",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .most = CLI_ANY,
    .run = run,
};
