/* aegis ls: what runs. */
#include <string.h>

#include "cells.h"
#include "fleet_json.h"

#include "commands.h"

typedef struct request {
    session_options common;
} request;

static screen_ink ink_of_state(const fleet_instance *i)
{
    if (strcmp(i->state, "active") != 0)
        return strcmp(i->state, "unhealthy") == 0 ? INK_RED : INK_YELLOW;
    return INK_GREEN;
}

static double total(const fleet_instance *i, bool errors)
{
    double sum = -1;
    size_t k;

    for (k = 0; k < i->endpoint_count; k++) {
        const double value = errors ? i->endpoints[k].errors : i->endpoints[k].requests;

        if (value >= 0)
            sum = sum >= 0 ? sum + value : value;
    }
    return sum;
}

static void put_instance(screen_table *table, const fleet_instance *i)
{
    char text[SCREEN_TEXT];

    screen_cell(table, INK_BOLD, "%s", i->service);
    screen_cell(table, INK_PLAIN, "%s", i->version[0] != '\0' ? i->version : "-");
    screen_cell(table, INK_PLAIN, "%s", i->id);
    screen_cell(table, ink_of_state(i), "%s", i->state);
    screen_cell(table, INK_PLAIN, "%s", fleet_age(fleet_up(i), text));
    screen_cell(table, INK_PLAIN, "%s", fleet_age(i->seen, text));
    if (i->answers)
        screen_cell(table, INK_PLAIN, "%zu", i->endpoint_count);
    else
        screen_cell(table, INK_DIM, "-");
    cell_count(table, INK_PLAIN, total(i, false));
    cell_count(table, INK_RED, total(i, true));
}

/* What a person should know of it beyond the table. */
static void put_remarks(const session *s, const fleet *f)
{
    const screen *out = &s->out;
    size_t i, silent = 0;

    (void)fflush(stdout); /* the table is seen first */
    for (i = 0; i < f->service_count; i++) {
        const fleet_service *service = &f->services[i];

        if (!service->versions_differ && !service->schemas_differ)
            continue;
        fputs(screen_ink_text(out, INK_YELLOW), stderr);
        fputs("! instances of ", stderr);
        cli_safe(stderr, service->name);
        fprintf(stderr, " differ in their %s%s\n",
                service->versions_differ && service->schemas_differ ? "version and schema"
                : service->versions_differ                          ? "version"
                                                                    : "schema",
                screen_ink_text(out, INK_PLAIN));
    }
    for (i = 0; i < f->instance_count; i++)
        silent += f->instances[i].answers ? 0 : 1;
    if (silent > 0)
        fprintf(stderr,
                "%zu known only from the registry: services of the original SDK, or no longer alive\n",
                silent);
    if (!f->registry_read && f->registry_why != NULL) {
        cli_remark("%s", f->registry_why);
    }
}

static int list(session *s, const void *data)
{
    const char *service = s->line->arguments.count > 0 ? s->line->arguments.items[0] : NULL;
    screen_table *table;
    aegis_error error = {0};
    fleet f;
    size_t i;
    const int code = session_connect(s);

    (void)data;
    if (code != CLI_DONE)
        return code;
    session_catch_signals(s);
    if (fleet_read(s, service, NULL, &s->line->memory, &f, &error) != AEGIS_OK)
        return session_failed(s, &error, "cannot ask what runs");
    if (f.instance_count == 0 && service != NULL) {
        put_remarks(s, &f);
    } else if (s->options->json) {
        json_t *told = fleet_json(&f);

        screen_json_line(&s->out, told);
        json_decref(told);
    } else if (f.instance_count > 0) {
        table = screen_table_new(&s->line->memory,
                                 "SERVICE|VERSION|INSTANCE|STATE|>UP|>SEEN|>ENDPOINTS|>REQUESTS|>ERRORS");
        for (i = 0; i < f.instance_count; i++)
            put_instance(table, &f.instances[i]);
        screen_table_print(table, &s->out);
        put_remarks(s, &f);
    } else {
        put_remarks(s, &f);
    }
    i = f.instance_count;
    fleet_free(&f);
    if (i > 0 || service == NULL) {
        if (i == 0 && !s->options->json)
            cli_remark("no service runs, or these rights do not let us see one");
        return CLI_DONE;
    }
    return fleet_nobody(s, service);
}

static int run(cli *line, void *data)
{
    return session_run(line, &((const request *)data)->common, list, data);
}

static const cli_option options[] = {SESSION_OPTIONS(request, common)};

const cli_command cmd_ls = {
    .name = "ls",
    .summary = "lists the services that run, an instance a line",
    .takes = "[SERVICE]",
    .about =
        "Asks every service who it is ($SRV.INFO and $SRV.STATS) and reads the registry, where those of the\n"
        "original SDK are too. SEEN is the age of the last heartbeat in the registry; what is not known is "
        "-.\n"
        "Requests and errors are since an instance has started; 'aegis stats' tells more of them.",
    .examples = "  aegis ls\n"
                "  aegis ls order-service --json | jq '.services[].instances | length'\n",
    .failure = "no instance of SERVICE runs",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .least = 0,
    .most = 1,
    .run = run,
};
