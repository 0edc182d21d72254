/* aegis top: a live view of the whole. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>

#include "terminal.h"
#include "top.h"

#include "commands.h"

/* How often the clock and the connection are looked at. */
#define TICK_MS 500

typedef struct request {
    session_options common;
    const char *interval, *sort;
} request;

static void draw(top *t)
{
    screen frame = t->s->out;
    char *text = NULL;
    size_t size = 0;

    screen_size(&t->s->out, &frame.columns, &frame.rows);
    frame.file = open_memstream(&text, &size);
    if (frame.file == NULL)
        return;
    top_draw(t, &frame);
    if (fclose(frame.file) == 0)
        terminal_draw(text, size, frame.columns, frame.rows);
    free(text);
}

/* Until somebody wants to quit. */
static void live(top *t, top_watcher *w)
{
    unsigned columns, rows;

    while (!t->quit && !session_interrupted()) {
        int key;

        draw(t);
        key = terminal_key(TICK_MS, w->pipe[0]);
        screen_size(&t->s->out, &columns, &rows);
        if (key != KEY_NONE && key != KEY_REDRAW)
            top_press(t, key, rows);
        top_learn(t, w, top_take(w));
    }
}

static const char *const sort_names[TOP_KEYS] = {"name",   "instances", "rate",    "p50", "p99",
                                                 "errors", "running",   "waiting", "lag", "dead"};

static top_key sort_of(const char *name)
{
    size_t i;

    for (i = 0; name != NULL && i < TOP_KEYS; i++) {
        if (strcmp(sort_names[i], name) == 0)
            return (top_key)i;
    }
    return TOP_BY_RATE;
}

static int show(session *s, const void *data)
{
    const request *r = (const request *)data;
    top t = {.s = s, .sort = sort_of(r->sort), .connected = true};
    aegis_duration interval = AEGIS_SECOND;
    top_watcher w;
    int code = session_read_time(s, r->interval, &interval);

    if (code != CLI_DONE)
        return code;
    if (s->options->json)
        return cli_usage(s->line->command,
                         "top draws" CLI_HINT "'aegis stats --watch --json' is for programs");
    code = session_connect(s);
    if (code != CLI_DONE)
        return code;
    session_catch_signals(s);
    if (!s->out.cursor || !terminal_open())
        return cli_usage(s->line->command, "top needs a terminal that can move its cursor" CLI_HINT
                                           "'aegis stats --watch' does without");
    if (!top_watch(&w, s, s->line->arguments.count > 0 ? s->line->arguments.items[0] : NULL, interval)) {
        terminal_close();
        return cli_out_of_memory();
    }
    live(&t, &w);
    terminal_close();
    session_interrupt(); /* whatever the other thread waits for */
    if (t.reading != NULL)
        top_give_back(&w, t.reading);
    top_unwatch(&w);
    top_free(&t);
    return CLI_DONE;
}

static int run(cli *line, void *data)
{
    return session_run(line, &((const request *)data)->common, show, data);
}

static const cli_option options[] = {
    {"--interval", "TIME", CLI_TEXT, offsetof(request, interval), "between two looks; default 1s"},
    {"--sort", "name|instances|rate|p50|p99|errors|running|waiting|lag|dead", CLI_TEXT,
     offsetof(request, sort), "by what at first; default rate"},
    SESSION_OPTIONS(request, common)};

const cli_command cmd_top = {
    .name = "top",
    .summary = "shows live how all services do",
    .takes = "[SERVICE]",
    .about = "Fills the terminal with all services, or one: instances, rate and its last minutes, latencies, "
             "errors, running\n"
             "and waiting calls, lag of durable consumers, dead letters. Enter shows what is inside the "
             "selected one. Keys:\n"
             "? tells them all. When the server goes away that is said, and what was last known stays until "
             "it is back.",
    .examples = "  aegis top\n"
                "  aegis top --sort lag --interval 5s\n",
    .failure = NULL,
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .least = 0,
    .most = 1,
    .run = run,
};
