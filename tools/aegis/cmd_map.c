/* aegis map: who depends on whom. */
#include <string.h>

#include "catalog.h"
#include "map.h"
#include "wait.h"

#include "commands.h"

typedef struct request {
    session_options common;
    const char *format, *interval;
    bool declared;
} request;

static int print(const session *s, const request *r, const map *m)
{
    const char *format = s->options->json ? "json" : r->format != NULL ? r->format : "text";

    if (strcmp(format, "mermaid") == 0) {
        map_print_mermaid(m, stdout);
    } else if (strcmp(format, "dot") == 0) {
        map_print_dot(m, stdout);
    } else if (strcmp(format, "svg") == 0) {
        return map_print_svg(m);
    } else if (strcmp(format, "json") == 0) {
        json_t *told = map_json(m);

        screen_json_line(&s->out, told);
        json_decref(told);
    } else {
        map_print_text(m, &s->out);
        if (m->edge_count == 0)
            cli_remark("nobody declares to depend on anybody, and nobody was seen to");
    }
    return CLI_DONE;
}

/* Twice, for rates. */
static int observe(session *s, aegis_duration interval, fleet *before, fleet *f)
{
    aegis_error error = {0};

    if (fleet_read(s, NULL, NULL, &s->line->memory, before, &error) != AEGIS_OK)
        return session_failed(s, &error, "cannot ask who called whom");
    wait_for(interval);
    if (fleet_read(s, NULL, before, &s->line->memory, f, &error) != AEGIS_OK)
        return session_failed(s, &error, "cannot ask who called whom");
    return CLI_DONE;
}

static int show(session *s, const void *data)
{
    const request *r = (const request *)data;
    aegis_duration interval = AEGIS_SECOND;
    catalog_list schemas = {0};
    catalog *known = NULL;
    fleet before = {0}, f = {0};
    map m;
    int code = session_read_time(s, r->interval, &interval);

    if (code == CLI_DONE && (!r->declared || s->options->schemas.count == 0))
        code = session_connect(s);
    session_catch_signals(s);
    if (code == CLI_DONE)
        code = catalog_open(s, &known);
    if (code == CLI_DONE)
        code = catalog_all(known, &schemas);
    if (code == CLI_DONE && !r->declared)
        code = observe(s, interval, &before, &f);
    if (code == CLI_DONE && !map_make(&schemas, r->declared ? NULL : &f, &s->line->memory, &m))
        code = cli_out_of_memory();
    if (code == CLI_DONE)
        code = print(s, r, &m);
    fleet_free(&before);
    fleet_free(&f);
    catalog_free(known);
    return code;
}

static int run(cli *line, void *data)
{
    return session_run(line, &((const request *)data)->common, show, data);
}

static const cli_option options[] = {
    {"--format", "text|mermaid|dot|svg|json", CLI_TEXT, offsetof(request, format), "default text"},
    {"--declared", NULL, CLI_FLAG, offsetof(request, declared),
     "only what schemas declare; with -f that needs no server"},
    {"--interval", "TIME", CLI_TEXT, offsetof(request, interval), "between two looks, for rates; default 1s"},
    SESSION_OPTIONS(request, common)};

const cli_command cmd_map = {
    .name = "map",
    .summary = "shows which services depend on which: declared, and seen",
    .takes = "",
    .about = "Puts what schemas declare (uses, publishes, subscribes) beside who really called whom, and who "
             "heard whose\n"
             "events, as every endpoint has counted its callers since it started. What is declared but was "
             "not seen is said,\n"
             "and what was seen but is not declared. A caller that is no service is a client. SVG is drawn "
             "by graphviz.",
    .examples = "  aegis map\n"
                "  aegis map --format svg >map.svg\n"
                "  aegis map --format mermaid --declared -f shop.aegis\n",
    .failure = "services could not be asked",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .least = 0,
    .most = 0,
    .run = run,
};
