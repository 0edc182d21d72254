/* The frames of top: a header that says how things are, a row for each service or what is inside one, and
 * which keys do what. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>

#include "cells.h"
#include "top.h"

#include "ports/clock.h"

/* ---- which columns ---- */

typedef struct column {
    const char *title;
    top_key key;    /* TOP_KEYS: the sparkline */
    unsigned width; /* without what separates it; of the flexible ones the least */
    unsigned rank;  /* those of the highest go first when there is no room */
    bool duration;
    screen_ink ink; /* of what is above 0 */
} column;

#define SPARKLINE TOP_KEYS

static const column columns[] = {
    {"SERVICE", TOP_BY_NAME, 12, 0, false, INK_BOLD},  {"INST", TOP_BY_INSTANCES, 5, 6, false, INK_PLAIN},
    {"RATE", TOP_BY_RATE, 8, 1, false, INK_CYAN},      {"LAST 2 MINUTES", SPARKLINE, 14, 8, false, INK_CYAN},
    {"P50", TOP_BY_P50, 8, 10, true, INK_PLAIN},       {"P99", TOP_BY_P99, 8, 2, true, INK_PLAIN},
    {"ERRORS", TOP_BY_ERRORS, 8, 3, false, INK_RED},   {"RUN", TOP_BY_RUNNING, 5, 9, false, INK_PLAIN},
    {"WAIT", TOP_BY_WAITING, 5, 7, false, INK_YELLOW}, {"LAG", TOP_BY_LAG, 7, 4, false, INK_YELLOW},
    {"DEAD", TOP_BY_DEAD, 6, 5, false, INK_RED},
};

#define COLUMNS CLI_COUNT(columns)

/* The width of each for a terminal of `room` columns; 0: it is not shown. */
static void lay_out(const top *t, unsigned room, unsigned widths[COLUMNS])
{
    unsigned taken = 2, name = columns[0].width, rank, i;
    size_t k;

    for (k = 0; k < t->row_count; k++) {
        const size_t width = screen_width(t->rows[k]->name);

        name = width > name ? (unsigned)(width < 40 ? width : 40) : name;
    }
    for (i = 0; i < COLUMNS; i++) {
        widths[i] = columns[i].width;
        taken += widths[i] + (i > 0 ? 1 : 0);
    }
    for (rank = COLUMNS - 1; rank > 0 && taken > room; rank--) {
        for (i = 0; i < COLUMNS; i++) {
            if (columns[i].rank == rank && columns[i].key != t->sort) { /* what it is sorted by is seen */
                taken -= widths[i] + 1;
                widths[i] = 0;
            }
        }
    }
    if (taken >= room)
        return;
    /* what is left: names first, then the past */
    name = name - widths[0] < room - taken ? name : widths[0] + room - taken;
    taken += name - widths[0];
    widths[0] = name;
    for (i = 0; i < COLUMNS; i++) {
        if (columns[i].key == SPARKLINE && widths[i] > 0)
            widths[i] += room - taken < TOP_SAMPLES - widths[i] ? room - taken : TOP_SAMPLES - widths[i];
    }
}

/* ---- header ---- */

/* Who may log in is nobody's business who looks over a shoulder. */
static const char *without_user(const char *url)
{
    const char *at = strrchr(url, '@');

    return at != NULL ? at + 1 : url;
}

static void put_connection(const top *t, const screen *out)
{
    const int64_t now = aegis_clock_monotonic();
    aegis_health health;
    char text[SCREEN_TEXT];

    memset(&health, 0, sizeof health);
    t->s->bus->port->ops->health(t->s->bus->port, &health);
    screen_put(out, INK_BOLD, "aegis top  ");
    cli_safe(out->file, without_user(health.server[0] != '\0' ? health.server : session_url(t->s)));
    if (!t->connected)
        screen_put(out, INK_RED, "  %s server away for %s", screen_sign_text(SIGN_AWAY),
                   fleet_age(now - t->away_since, text));
    else if (t->back_since != 0 && now - t->back_since < 10 * AEGIS_SECOND)
        screen_put(out, INK_GREEN, "  %s connected again", screen_sign_text(SIGN_HERE));
    else
        screen_put(out, INK_GREEN, "  %s connected", screen_sign_text(SIGN_HERE));
    if (t->paused)
        screen_put(out, INK_YELLOW, "  paused");
    (void)screen_time(aegis_now(), text);
    fprintf(out->file, "  %.8s\n", strlen(text) > 11 ? text + 11 : "");
}

static void put_total(const screen *out, screen_ink ink, double value, const char *text, const char *unit)
{
    fputs("  ", out->file);
    screen_put(out, value > 0 ? ink : INK_PLAIN, "%s", text);
    fprintf(out->file, " %s", unit);
}

static void put_totals(const top *t, const screen *out)
{
    const fleet *f = &t->reading->f;
    double rate = 0, errors = 0, lag = durables_lag(&t->reading->d, NULL);
    const double dead = durables_dead(&t->reading->d, NULL);
    char text[SCREEN_TEXT];
    size_t i;

    for (i = 0; i < f->service_count; i++) {
        rate += f->services[i].rate > 0 ? f->services[i].rate : 0;
        errors += f->services[i].error_rate > 0 ? f->services[i].error_rate : 0;
    }
    fprintf(out->file, "%zu service%s  %zu instance%s", f->service_count, f->service_count == 1 ? "" : "s",
            f->instance_count, f->instance_count == 1 ? "" : "s");
    put_total(out, INK_CYAN, rate, text_rate(rate, text), "requests");
    put_total(out, INK_RED, errors, text_rate(errors, text), "errors");
    put_total(out, INK_YELLOW, lag, text_count(lag, text), "lag");
    put_total(out, INK_RED, dead, text_count(dead, text), "dead letters");
    fputc('\n', out->file);
}

static void put_state(const top *t, const screen *out)
{
    if (!t->connected || t->reading == NULL) {
        screen_put(out, INK_DIM, t->reading == NULL ? "asking who is there..." : "what was last known:");
        if (t->trouble[0] != '\0') {
            fputc(' ', out->file);
            fputs(screen_ink_text(out, INK_RED), out->file);
            cli_safe(out->file, t->trouble);
        }
        fputc('\n', out->file);
    } else {
        put_totals(t, out);
    }
}

/* ---- services ---- */

static void put_titles(const top *t, const screen *out, const unsigned widths[COLUMNS])
{
    char title[32];
    size_t i;

    fputs("  ", out->file);
    for (i = 0; i < COLUMNS; i++) {
        const bool sorted = columns[i].key == t->sort;

        if (widths[i] == 0)
            continue;
        if (i > 0)
            fputc(' ', out->file);
        (void)snprintf(title, sizeof title, "%s%s", columns[i].title,
                       !sorted ? "" : screen_sign_text(t->reversed ? SIGN_UP : SIGN_DOWN));
        screen_column(out, sorted ? INK_YELLOW : INK_BOLD, title, widths[i],
                      i > 0 && columns[i].key != SPARKLINE);
    }
    fputc('\n', out->file);
}

static void put_past(const top_service *service, const screen *out, unsigned width)
{
    double values[TOP_SAMPLES], most = 0;
    char text[3 * TOP_SAMPLES + 1];
    const size_t have = top_history(service, values, width < TOP_SAMPLES ? width : TOP_SAMPLES);
    size_t i;

    for (i = 0; i < have; i++)
        most = values[i] > most ? values[i] : most;
    screen_sparkline(values, have, most, text);
    fprintf(out->file, "%*s", (int)(width - have), "");
    fputs(screen_ink_text(out, INK_CYAN), out->file);
    fputs(text, out->file);
    fputs(screen_ink_text(out, INK_PLAIN), out->file);
}

static const char *value_text(const column *c, double value, char text[SCREEN_TEXT])
{
    if (value < 0)
        return "-";
    if (c->duration)
        return screen_duration((aegis_duration)value, text);
    return c->key == TOP_BY_RATE || c->key == TOP_BY_ERRORS ? text_rate(value, text)
                                                            : screen_count(value, text);
}

static void put_service(const top *t, const top_service *service, const screen *out,
                        const unsigned widths[COLUMNS])
{
    const bool selected = strcmp(service->name, t->selected) == 0;
    char text[SCREEN_TEXT];
    size_t i;

    screen_put(out, INK_YELLOW, "%s ", selected ? screen_sign_text(SIGN_MARK) : " ");
    for (i = 0; i < COLUMNS; i++) {
        const column *c = &columns[i];

        if (widths[i] == 0)
            continue;
        if (i > 0)
            fputc(' ', out->file);
        if (c->key == TOP_BY_NAME) {
            screen_column(out,
                          !service->here ? INK_DIM
                          : selected     ? INK_YELLOW
                                         : INK_BOLD,
                          service->name, widths[i], false);
        } else if (c->key == SPARKLINE) {
            put_past(service, out, widths[i]);
        } else {
            const double value = service->values[c->key];

            screen_column(out,
                          value < 0   ? INK_DIM
                          : value > 0 ? c->ink
                                      : INK_PLAIN,
                          value_text(c, value, text), widths[i], true);
        }
    }
    fputc('\n', out->file);
}

static void draw_services(top *t, const screen *out, unsigned rows)
{
    unsigned widths[COLUMNS];
    size_t selected = 0, i;

    lay_out(t, out->columns, widths);
    put_titles(t, out, widths);
    for (i = 0; i < t->row_count; i++)
        selected = strcmp(t->rows[i]->name, t->selected) == 0 ? i : selected;
    if (selected < t->first)
        t->first = selected;
    if (selected >= t->first + rows)
        t->first = selected - rows + 1;
    if (t->row_count <= rows)
        t->first = 0;
    for (i = 0; i < rows; i++) {
        if (t->first + i < t->row_count)
            put_service(t, t->rows[t->first + i], out, widths);
        else if (i == 0 && t->reading != NULL)
            screen_put(out, INK_DIM, "  %s\n",
                       t->filter[0] != '\0' ? "no service matches" : "no service runs");
        else
            fputc('\n', out->file);
    }
}

/* ---- inside one ---- */

static void put_endpoints(const screen *out, const fleet_service *service, arena *memory)
{
    screen_table *table =
        screen_table_new(memory, "ENDPOINT|KIND|>RATE|>ERRORS|>P50|>P99|>REQUESTS|>FAILED|LAST ERROR");
    size_t i;

    for (i = 0; i < service->endpoint_count; i++) {
        const fleet_endpoint *e = &service->endpoints[i];

        cell_text(table, INK_BOLD, e->name);
        cell_text(table, INK_DIM, e->kind);
        cell_rate(table, INK_CYAN, e->rate);
        cell_rate(table, INK_RED, e->error_rate);
        cell_quantile(table, e->recent, 0.5);
        cell_quantile(table, e->recent, 0.99);
        cell_count(table, INK_PLAIN, e->requests);
        cell_count(table, INK_RED, e->errors);
        cell_text(table, INK_DIM, e->last_error);
    }
    screen_table_print(table, out);
}

static void put_instances(const screen *out, const fleet_service *service, arena *memory)
{
    screen_table *table = screen_table_new(memory, "INSTANCE|VERSION|STATE|>UP|>SEEN");
    char text[SCREEN_TEXT];
    size_t i;

    for (i = 0; i < service->instance_count; i++) {
        const fleet_instance *instance = &service->instances[i];

        cell_text(table, INK_BOLD, instance->id);
        cell_text(table, INK_PLAIN, instance->version);
        screen_cell(table, strcmp(instance->state, "active") == 0 ? INK_GREEN : INK_YELLOW, "%s",
                    instance->state);
        screen_cell(table, INK_PLAIN, "%s", fleet_age(fleet_up(instance), text));
        screen_cell(table, INK_PLAIN, "%s", fleet_age(instance->seen, text));
    }
    fputc('\n', out->file);
    screen_table_print(table, out);
}

static void put_durables(const screen *out, const durables *d, const char *service, arena *memory)
{
    screen_table *table = screen_table_new(memory, "CONSUMER|>LAG|>UNSETTLED|>REDELIVERED|SUBJECT");
    size_t count = 0, i;

    for (i = 0; i < d->count; i++) {
        if (d->items[i].service == NULL || strcmp(d->items[i].service, service) != 0)
            continue;
        cell_text(table, INK_BOLD, d->items[i].name);
        cell_count(table, INK_YELLOW, d->items[i].lag);
        cell_count(table, INK_PLAIN, d->items[i].unsettled);
        cell_count(table, INK_YELLOW, d->items[i].redelivered);
        cell_text(table, INK_DIM, d->items[i].filter);
        count++;
    }
    if (count == 0)
        return;
    fputc('\n', out->file);
    screen_table_print(table, out);
}

/* All that is known of the selected service, as lines. */
static char *compose_inside(const top *t, const screen *out)
{
    const fleet_service *service = fleet_find(&t->reading->f, t->selected);
    screen page = *out;
    char *text = NULL;
    size_t size = 0;
    arena memory;

    page.file = open_memstream(&text, &size);
    if (page.file == NULL)
        return NULL;
    arena_init(&memory);
    if (service != NULL) {
        put_endpoints(&page, service, &memory);
        put_instances(&page, service, &memory);
    } else {
        screen_put(&page, INK_YELLOW, "no instance is there\n");
    }
    put_durables(&page, &t->reading->d, t->selected, &memory);
    arena_free(&memory);
    if (fclose(page.file) != 0) {
        free(text);
        text = NULL;
    }
    return text;
}

static void draw_inside(top *t, const screen *out, unsigned rows)
{
    char *text = compose_inside(t, out);
    const char *at = text;
    size_t lines = 0, i;

    screen_column(out, INK_YELLOW, t->selected, out->columns > 2 ? out->columns - 2 : 1, false);
    fputc('\n', out->file);
    for (; at != NULL && (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    if (t->scroll + rows > lines)
        t->scroll = lines > rows ? lines - rows : 0;
    at = text;
    for (i = 0; i < t->scroll + rows; i++) {
        const char *end = at != NULL ? strchr(at, '\n') : NULL;

        if (i >= t->scroll && end != NULL)
            fwrite(at, 1, (size_t)(end - at), out->file);
        if (i >= t->scroll)
            fputc('\n', out->file);
        at = end != NULL ? end + 1 : NULL;
    }
    free(text);
}

/* ---- */

static void draw_help(const screen *out)
{
    static const char *const lines[] = {
        "up down, k j     another service, or scroll",
        "page up/down     further; home g, end G",
        "enter            what is inside a service: endpoints, instances, consumers",
        "escape           out again; no filter",
        "s S, right left  sort by another column",
        "r                the other way round",
        "/                only services whose name holds what is typed",
        "p, space         pause",
        "q, Ctrl-C        end",
        "",
        "RATE      requests a second            P50 P99   latency of the last look",
        "ERRORS    a second                     RUN WAIT  handlers, calls in the waiting room",
        "LAG       not delivered yet            DEAD      dead letters",
        "-         not known",
        "",
        "any key goes back",
    };
    size_t i;

    for (i = 0; i < CLI_COUNT(lines); i++)
        fprintf(out->file, "  %s\n", lines[i]);
}

static void draw_keys(const top *t, const screen *out)
{
    if (t->typing) {
        screen_put(out, INK_YELLOW, "/");
        cli_safe(out->file, t->filter);
        screen_put(out, INK_YELLOW, "_");
        return;
    }
    if (t->filter[0] != '\0' && !t->inside) {
        screen_put(out, INK_YELLOW, "/");
        cli_safe(out->file, t->filter);
        fputs("  ", out->file);
    }
    screen_put(out, INK_DIM, "%s",
               t->inside ? "esc back  up/down scroll  p pause  ? help  q quit"
                         : "q quit  enter inside  s sort  r reverse  / filter  p pause  ? help");
}

void top_draw(top *t, const screen *out)
{
    const unsigned frame = TOP_HEADER_ROWS + TOP_FOOTER_ROWS;
    const unsigned rows = out->rows > frame ? out->rows - frame : 0;

    put_connection(t, out);
    put_state(t, out);
    if (t->help) {
        fputc('\n', out->file);
        draw_help(out);
        return;
    }
    if (t->inside && t->reading != NULL)
        draw_inside(t, out, rows);
    else
        draw_services(t, out, rows);
    draw_keys(t, out);
}
