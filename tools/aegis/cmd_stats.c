/* aegis stats: what was asked of whom, how it went, and what waits. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>

#include "cells.h"
#include "durables.h"
#include "fleet_json.h"
#include "terminal.h"
#include "wait.h"

#include "commands.h"

typedef struct request {
    session_options common;
    const char *interval;
    bool watch;
} request;

/* One look, with all it needs. */
typedef struct reading {
    arena memory;
    fleet f;
    durables d;
} reading;

static void reading_free(reading *r)
{
    fleet_free(&r->f);
    arena_free(&r->memory);
}

static aegis_status read_all(session *s, const char *service, const reading *before, reading *out,
                             aegis_error *error)
{
    aegis_status status;

    memset(out, 0, sizeof *out);
    arena_init(&out->memory);
    aegis_arena_reset(s->arena);
    status = fleet_read(s, service, before != NULL ? &before->f : NULL, &out->memory, &out->f, error);
    if (status == AEGIS_OK)
        durables_read(s, &out->f, &out->memory, &out->d);
    return status;
}

/* ---- for a person ---- */

static const char *kind_of(const fleet_endpoint *e)
{
    return e->kind[0] != '\0' ? e->kind : "-";
}

static aegis_duration mean_of(const fleet_endpoint *e)
{
    return e->requests > 0 && e->spent >= 0 && e->spent < 9e18 ? (aegis_duration)(e->spent / e->requests)
                                                               : -1;
}

static void print_endpoints(const screen *out, const fleet *f, arena *memory)
{
    screen_table *table = screen_table_new(
        memory, "SERVICE|ENDPOINT|KIND|>REQUESTS|>RATE|>ERRORS|>MEAN|>P50|>P99|>RUNNING|>WAITING");
    size_t i, k;

    for (i = 0; i < f->service_count; i++) {
        const fleet_service *service = &f->services[i];

        for (k = 0; k < service->endpoint_count; k++) {
            const fleet_endpoint *e = &service->endpoints[k];
            const aegis_latency *latency = e->recent != NULL && e->recent->count > 0 ? e->recent : e->latency;

            screen_cell(table, INK_BOLD, "%s", k == 0 || !out->terminal ? service->name : "");
            cell_text(table, INK_PLAIN, e->name);
            screen_cell(table, INK_DIM, "%s", kind_of(e));
            cell_count(table, INK_PLAIN, e->requests);
            cell_rate(table, INK_CYAN, e->rate);
            cell_count(table, INK_RED, e->errors);
            cell_duration(table, INK_PLAIN, mean_of(e));
            cell_quantile(table, latency, 0.5);
            cell_quantile(table, latency, 0.99);
            cell_count(table, INK_PLAIN, e->running);
            cell_count(table, INK_YELLOW, e->waiting);
        }
    }
    screen_table_print(table, out);
}

static void print_callers(const screen *out, const fleet *f, arena *memory)
{
    screen_table *table = screen_table_new(memory, "ENDPOINT|CALLER|>REQUESTS|>RATE|>ERRORS");
    size_t count = 0, i, k, c;

    for (i = 0; i < f->service_count; i++) {
        for (k = 0; k < f->services[i].endpoint_count; k++) {
            const fleet_endpoint *e = &f->services[i].endpoints[k];

            for (c = 0; c < e->caller_count; c++, count++) {
                cell_text(table, INK_PLAIN, e->name);
                cell_text(table, INK_BOLD, e->callers[c].source);
                cell_count(table, INK_PLAIN, e->callers[c].requests);
                cell_rate(table, INK_CYAN, e->callers[c].rate);
                cell_count(table, INK_RED, e->callers[c].errors);
            }
        }
    }
    if (count == 0)
        return;
    fputc('\n', out->file);
    screen_table_print(table, out);
}

static void print_last_errors(const screen *out, const fleet *f, arena *memory)
{
    screen_table *table = screen_table_new(memory, "ENDPOINT|LAST ERROR");
    size_t count = 0, i, k;

    for (i = 0; i < f->service_count; i++) {
        for (k = 0; k < f->services[i].endpoint_count; k++) {
            const fleet_endpoint *e = &f->services[i].endpoints[k];

            if (e->last_error[0] == '\0')
                continue;
            cell_text(table, INK_PLAIN, e->name);
            cell_text(table, INK_RED, e->last_error);
            count++;
        }
    }
    if (count == 0)
        return;
    fputc('\n', out->file);
    screen_table_print(table, out);
}

static bool concerns(const char *owner, const char *service)
{
    return service == NULL || (owner != NULL && strcmp(owner, service) == 0);
}

static void print_durables(const screen *out, const durables *d, const char *service, arena *memory)
{
    screen_table *table =
        screen_table_new(memory, "SERVICE|CONSUMER|SUBJECT|>LAG|>UNSETTLED|>REDELIVERED|READ BY");
    size_t count = 0, i;

    for (i = 0; i < d->count; i++) {
        const durable *one = &d->items[i];

        /* the library's own keep nothing for a service */
        if (!concerns(one->service, service) || (one->service == NULL && !(one->lag > 0)))
            continue;
        cell_text(table, INK_BOLD, one->service);
        cell_text(table, INK_PLAIN, one->name);
        cell_text(table, INK_PLAIN, one->filter);
        cell_count(table, INK_YELLOW, one->lag);
        cell_count(table, INK_PLAIN, one->unsettled);
        cell_count(table, INK_YELLOW, one->redelivered);
        if (one->readers == 0 && !(one->unsettled > 0))
            screen_cell(table, INK_YELLOW, "nobody");
        else
            screen_cell(table, INK_DIM, "%s", one->readers < 0 ? "push" : "somebody");
        count++;
    }
    if (count == 0)
        return;
    fputc('\n', out->file);
    screen_table_print(table, out);
}

static void print_letters(const screen *out, const durables *d, const char *service, arena *memory)
{
    screen_table *table = screen_table_new(memory, "SERVICE|OF|>DEAD LETTERS");
    size_t count = 0, i;

    for (i = 0; i < d->letter_count; i++) {
        if (!concerns(d->letters[i].service, service))
            continue;
        cell_text(table, INK_BOLD, d->letters[i].service);
        cell_text(table, INK_PLAIN, d->letters[i].name);
        cell_count(table, INK_RED, d->letters[i].count);
        count++;
    }
    if (count == 0)
        return;
    fputc('\n', out->file);
    screen_table_print(table, out);
}

static void print_reading(const screen *out, reading *r, const char *service)
{
    size_t i, endpoints = 0;

    for (i = 0; i < r->f.service_count; i++)
        endpoints += r->f.services[i].endpoint_count;
    if (endpoints > 0)
        print_endpoints(out, &r->f, &r->memory);
    else if (r->f.service_count > 0)
        screen_put(out, INK_DIM,
                   "no statistics: it answers no $SRV.STATS, like services of the original SDK\n");
    if (service != NULL) {
        print_callers(out, &r->f, &r->memory);
        print_last_errors(out, &r->f, &r->memory);
    }
    print_durables(out, &r->d, service, &r->memory);
    print_letters(out, &r->d, service, &r->memory);
    if (!r->d.read && r->d.why != NULL) {
        screen_put(out, INK_DIM, "\nlag and dead letters are not known: ");
        cli_safe(out->file, r->d.why);
        fputc('\n', out->file);
    }
}

/* ---- for a program ---- */

static json_t *durables_json(const durables *d, const char *service)
{
    json_t *list = json_array();
    size_t i;

    for (i = 0; i < d->count; i++) {
        const durable *one = &d->items[i];

        if (concerns(one->service, service))
            (void)json_array_append_new(
                list, json_pack("{s:s?, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "service", one->service,
                                "stream", one->stream, "consumer", one->name, "subject", one->filter, "lag",
                                fleet_json_number(one->lag), "unsettled", fleet_json_number(one->unsettled),
                                "redelivered", fleet_json_number(one->redelivered), "readers",
                                fleet_json_number(one->readers)));
    }
    return list;
}

static json_t *letters_json(const durables *d, const char *service)
{
    json_t *list = json_array();
    size_t i;

    for (i = 0; i < d->letter_count; i++) {
        if (concerns(d->letters[i].service, service))
            (void)json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "service", d->letters[i].service,
                                                        "of", d->letters[i].name, "count",
                                                        fleet_json_number(d->letters[i].count)));
    }
    return list;
}

static void print_json(const screen *out, const reading *r, const char *service)
{
    json_t *services = json_array(), *told;
    size_t i, k;

    for (i = 0; i < r->f.service_count; i++) {
        json_t *endpoints = json_array();

        for (k = 0; k < r->f.services[i].endpoint_count; k++)
            (void)json_array_append_new(endpoints, fleet_json_endpoint(&r->f.services[i].endpoints[k]));
        (void)json_array_append_new(
            services, json_pack("{s:s, s:I, s:o}", "name", r->f.services[i].name, "instances",
                                (json_int_t)r->f.services[i].instance_count, "endpoints", endpoints));
    }
    told = json_pack("{s:o, s:o, s:o}", "services", services, "consumers",
                     r->d.read ? durables_json(&r->d, service) : json_null(), "dead_letters",
                     r->d.read ? letters_json(&r->d, service) : json_null());
    screen_json_line(out, told);
    json_decref(told);
}

/* ---- */

/* The whole of it anew, from the upper left corner. */
static void redraw(const session *s, reading *r, const char *service)
{
    screen frame = s->out;
    char *text = NULL;
    size_t size = 0;

    screen_size(&s->out, &frame.columns, &frame.rows);
    frame.file = open_memstream(&text, &size);
    if (frame.file == NULL)
        return;
    print_reading(&frame, r, service);
    if (fclose(frame.file) == 0) {
        fflush(stdout);
        terminal_draw(text, size, frame.columns, frame.rows - 1);
    }
    free(text);
}

static void show(const session *s, reading *r, const char *service, bool watch)
{
    if (s->options->json)
        print_json(&s->out, r, service);
    else if (watch && s->out.cursor)
        redraw(s, r, service);
    else
        print_reading(&s->out, r, service);
    if (watch && !s->options->json && !s->out.cursor)
        fputc('\n', s->out.file);
    fflush(s->out.file);
}

/* Look again and again; each time against the look before. */
static int watch(session *s, const char *service, aegis_duration interval, reading *readings)
{
    aegis_error error = {0};
    size_t last = 0;

    while (!session_interrupted()) {
        wait_for(interval);
        if (read_all(s, service, &readings[last], &readings[1 - last], &error) != AEGIS_OK) {
            reading_free(&readings[1 - last]);
            (void)session_failed(s, &error, "not now"); /* it may be there again soon */
            continue;
        }
        reading_free(&readings[last]);
        last = 1 - last;
        if (!session_interrupted())
            show(s, &readings[last], service, true);
    }
    reading_free(&readings[last]);
    return CLI_DONE;
}

/* Twice, for rates. */
static int look(session *s, const char *service, aegis_duration interval, reading *readings)
{
    const bool found = readings[0].f.service_count > 0 || service == NULL;
    aegis_error error = {0};
    int code = CLI_DONE;

    if (!found) {
        reading_free(&readings[0]);
        return fleet_nobody(s, service);
    }
    wait_for(interval);
    if (read_all(s, service, &readings[0], &readings[1], &error) == AEGIS_OK)
        show(s, &readings[1], service, false);
    else
        code = session_failed(s, &error, "cannot ask for statistics");
    reading_free(&readings[0]);
    reading_free(&readings[1]);
    return code;
}

static int stats(session *s, const void *data)
{
    const request *r = (const request *)data;
    const char *service = s->line->arguments.count > 0 ? s->line->arguments.items[0] : NULL;
    aegis_duration interval = AEGIS_SECOND;
    reading readings[2];
    aegis_error error = {0};
    int code = session_read_time(s, r->interval, &interval);

    if (code == CLI_DONE)
        code = session_connect(s);
    if (code != CLI_DONE)
        return code;
    session_catch_signals(s);
    if (read_all(s, service, NULL, &readings[0], &error) != AEGIS_OK) {
        reading_free(&readings[0]);
        return session_failed(s, &error, "cannot ask for statistics");
    }
    return r->watch ? watch(s, service, interval, readings) : look(s, service, interval, readings);
}

static int run(cli *line, void *data)
{
    return session_run(line, &((const request *)data)->common, stats, data);
}

static const cli_option options[] = {
    {"--watch", NULL, CLI_FLAG, offsetof(request, watch), "again and again, until Ctrl-C"},
    {"--interval", "TIME", CLI_TEXT, offsetof(request, interval), "between two looks; default 1s"},
    SESSION_OPTIONS(request, common)};

const cli_command cmd_stats = {
    .name = "stats",
    .summary = "shows how endpoints do: requests, rates, errors, latencies, lag",
    .takes = "[SERVICE]",
    .about = "Asks every instance for its statistics ($SRV.STATS) twice, and shows for each endpoint of all "
             "instances\n"
             "together what was counted since they have started, the rate between the two looks, and "
             "latencies: of the\n"
             "time between, or since the start where nothing was asked meanwhile. Then what waits in "
             "JetStream: the lag\n"
             "of durable consumers, and dead letters. Of one SERVICE also who calls it, and the last errors.",
    .examples = "  aegis stats\n"
                "  aegis stats order-service --watch\n"
                "  aegis stats --json | jq '.services[] | {name, p99: [.endpoints[].p99_ns] | max}'\n",
    .failure = "no instance of SERVICE runs",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .least = 0,
    .most = 1,
    .run = run,
};
