/* aegis plan and aegis apply: what the streams, buckets and consumers of services have to become, shown, and
 * made so. apply is the only thing of ours that ever alters one that is there. */
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "commands.h"
#include "plan.h"
#include "size.h"

typedef struct request {
    session_options common;
    const char *replicas, *storage, *events_bytes, *events_age, *commands_bytes, *letters_bytes, *results_age;
    bool check, yes, force, prune;
} request;

/* ---- options of the bus ---- */

static int read_size(const session *s, const char *text, int64_t *out)
{
    if (text == NULL || size_read(text, out))
        return CLI_DONE;
    return cli_usage(s->line->command,
                     "'%s' is no size; it is a number and a unit, 500MiB or 20GiB, or 'unlimited'", text);
}

static int read_age(const session *s, const char *text, int64_t *out)
{
    if (text == NULL || strcmp(text, "unlimited") != 0)
        return session_read_time(s, text, out);
    *out = -1;
    return CLI_DONE;
}

static int read_options(session *s, const request *r)
{
    aegis_options *o = &s->bus_options;
    int code = read_size(s, r->events_bytes, &o->events.max_bytes);

    if (code == CLI_DONE)
        code = read_size(s, r->commands_bytes, &o->commands.max_bytes);
    if (code == CLI_DONE)
        code = read_size(s, r->letters_bytes, &o->dead_letters.max_bytes);
    if (code == CLI_DONE)
        code = read_age(s, r->events_age, &o->events.max_age);
    if (code == CLI_DONE)
        code = read_age(s, r->results_age, &o->results.max_age);
    if (r->replicas != NULL)
        o->replicas = (uint32_t)(r->replicas[0] - '0');
    if (r->storage != NULL && strcmp(r->storage, "memory") == 0)
        o->storage = AEGIS_STORE_MEMORY;
    return code;
}

/* ---- printing ---- */

static const struct {
    const char *word, *mark;
    screen_ink ink;
} looks[] = {[PLAN_KEEP] = {"keep", "=", INK_DIM},
             [PLAN_CREATE] = {"create", "+", INK_GREEN},
             [PLAN_CHANGE] = {"change", "~", INK_YELLOW},
             [PLAN_REMOVE] = {"remove", "-", INK_RED},
             [PLAN_REFUSE] = {"refuse", "!", INK_RED}};

static const char *text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static void print_for_program(const session *s, const plan *p)
{
    json_t *list = json_array();
    size_t i;

    for (i = 0; i < p->count; i++) {
        const plan_step *step = &p->steps[i];

        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:s?, s:b}", "act",
                                                    looks[step->act].word, "kind", step->kind, "name",
                                                    step->name, "stream", step->stream, "about", step->about,
                                                    "note", step->note, "risky", (int)step->risky));
    }
    screen_json_line(&s->out, list);
    json_decref(list);
}

/* "EVENTS courier-service__thing_any", in the line's memory; "" without memory. */
static const char *full_name(const session *s, const plan_step *step)
{
    const char *name =
        step->stream == NULL ? step->name : arena_printf(&s->line->memory, "%s %s", step->stream, step->name);

    return text_or_empty(name);
}

static void print_step(const session *s, const plan_step *step, size_t width)
{
    const char *name = full_name(s, step);
    const size_t pad = width > screen_width(name) ? width - screen_width(name) : 0;

    screen_put(&s->out, looks[step->act].ink, "%s %-8s ", looks[step->act].mark, step->kind);
    fputs(screen_ink_text(&s->out, looks[step->act].ink), stdout);
    cli_safe(stdout, name);
    fputs(screen_ink_text(&s->out, INK_PLAIN), stdout);
    if (step->about != NULL) {
        printf("%*s", (int)pad + 2, "");
        cli_safe(stdout, step->about);
    }
    putchar('\n');
    if (step->note != NULL) {
        printf("%*s", (int)(width + sizeof "= consumer "), "");
        screen_put(&s->out, INK_DIM, "%s", step->note);
        putchar('\n');
    }
}

static size_t count_of(const plan *p, plan_act act)
{
    size_t count = 0, i;

    for (i = 0; i < p->count; i++)
        count += p->steps[i].act == act;
    return count;
}

/* Changes that can lose something. */
static size_t risky_of(const plan *p)
{
    size_t count = 0, i;

    for (i = 0; i < p->count; i++)
        count += p->steps[i].act == PLAN_CHANGE && p->steps[i].risky;
    return count;
}

static void print_plan(const session *s, const plan *p)
{
    size_t width = 0, i;

    if (s->options->json) {
        print_for_program(s, p);
        return;
    }
    for (i = 0; i < p->count; i++) {
        const size_t one = screen_width(full_name(s, &p->steps[i]));

        width = one > width ? one : width;
    }
    for (i = 0; i < p->count; i++)
        print_step(s, &p->steps[i], width);
    printf("%zu to create, %zu to change", count_of(p, PLAN_CREATE), count_of(p, PLAN_CHANGE));
    if (risky_of(p) > 0)
        printf(" (%zu with --force only)", risky_of(p));
    printf(", %zu not needed%s, %zu refused, %zu as they should be\n", count_of(p, PLAN_REMOVE),
           count_of(p, PLAN_REMOVE) > 0 ? " (with --prune)" : "", count_of(p, PLAN_REFUSE),
           count_of(p, PLAN_KEEP));
}

/* ---- applying ---- */

/* Whether apply takes this step with the options given. */
static bool is_taken(const request *r, const plan_step *step)
{
    return step->act == PLAN_CREATE || (step->act == PLAN_CHANGE && (!step->risky || r->force)) ||
           (step->act == PLAN_REMOVE && r->prune);
}

static int take(session *s, const plan_step *step)
{
    aegis_error error = {0};

    if (plan_take(s, step, &error) != AEGIS_OK)
        return session_failed(s, &error, "cannot %s %s %s", looks[step->act].word, step->kind, step->name);
    if (!s->options->json) {
        screen_put(&s->out, looks[step->act].ink, "%sd %s %s", looks[step->act].word, step->kind, step->name);
        putchar('\n');
    }
    return CLI_DONE;
}

static int apply(session *s, const request *r, const plan *p)
{
    const size_t refused = count_of(p, PLAN_REFUSE), risky = r->force ? 0 : risky_of(p);
    size_t wanted = 0, i;
    int code = CLI_DONE, failed = CLI_DONE;

    for (i = 0; i < p->count; i++)
        wanted += is_taken(r, &p->steps[i]);
    if (wanted > 0)
        code = ask_first(s, r->yes, "make %zu change%s", wanted, wanted == 1 ? "" : "s");
    else if (refused + risky == 0 && !s->options->json)
        puts("nothing to do");
    for (i = 0; i < p->count && code == CLI_DONE; i++) {
        const int one = is_taken(r, &p->steps[i]) ? take(s, &p->steps[i]) : CLI_DONE;

        if (one != CLI_DONE)
            failed = one;
    }
    if (code != CLI_DONE || failed != CLI_DONE)
        return code != CLI_DONE ? code : failed;
    if (risky > 0)
        cli_complain("%zu change%s left as %s" CLI_HINT "--force makes what can lose something", risky,
                     risky == 1 ? " is" : "s are", risky == 1 ? "it was" : "they were");
    if (refused > 0)
        cli_complain("%zu could not be made as %s should be" CLI_HINT
                     "what is marked ! has to be changed by hand",
                     refused, refused == 1 ? "it" : "they");
    return refused + risky > 0 ? CLI_MISTAKES : CLI_DONE;
}

static bool is_apply(const session *s)
{
    return s->line->command == &cmd_apply;
}

static int work(session *s, const void *data)
{
    const request *r = (const request *)data;
    catalog *known = NULL;
    catalog_list services;
    plan p;
    int code = read_options(s, r);

    if (code == CLI_DONE)
        code = session_connect(s);
    if (code == CLI_DONE)
        code = catalog_open(s, &known);
    if (code == CLI_DONE)
        code = catalog_all(known, &services);
    if (code == CLI_DONE && services.count == 0 && !s->options->json)
        cli_remark("no service runs that tells its schema, and -f names none: only what every bus has");
    if (code == CLI_DONE)
        code = plan_make(s, &services, &p);
    if (code == CLI_DONE) {
        print_plan(s, &p);
        if (is_apply(s))
            code = apply(s, r, &p);
        else if (r->check && p.count > count_of(&p, PLAN_KEEP))
            code = CLI_MISTAKES;
        plan_free(&p);
    }
    catalog_free(known);
    return code;
}

static int run(cli *line, void *data)
{
    return session_run(line, &((const request *)data)->common, work, data);
}

#define LIMIT_OPTIONS                                                                                        \
    {"--replicas", "1|2|3|4|5", CLI_TEXT, offsetof(request, replicas), "of all of them; default 1"},         \
        {"--storage", "file|memory", CLI_TEXT, offsetof(request, storage),                                   \
         "where they are made; default file"},                                                               \
        {"--events-max-bytes", "SIZE", CLI_TEXT, offsetof(request, events_bytes),                            \
         "of EVENTS; default 1GiB"},                                                                         \
        {"--events-max-age", "TIME", CLI_TEXT, offsetof(request, events_age),                                \
         "of EVENTS; default unlimited"},                                                                    \
        {"--commands-max-bytes", "SIZE", CLI_TEXT, offsetof(request, commands_bytes),                        \
         "of COMMANDS; default 256MiB"},                                                                     \
        {"--dead-letters-max-bytes", "SIZE", CLI_TEXT, offsetof(request, letters_bytes),                     \
         "of AEGIS_DLQ; default 256MiB"},                                                                    \
    {                                                                                                        \
        "--results-max-age", "TIME", CLI_TEXT, offsetof(request, results_age),                               \
            "so long can the result of a command be read; default 1d"                                        \
    }

static const cli_option plan_options[] = {
    {"--check", NULL, CLI_FLAG, offsetof(request, check), "exit 1 unless all is as it should be"},
    LIMIT_OPTIONS,
    SESSION_OPTIONS(request, common)};
static const cli_option apply_options[] = {
    {"--yes", NULL, CLI_FLAG, offsetof(request, yes), "do not ask"},
    {"--force", NULL, CLI_FLAG, offsetof(request, force),
     "also changes that can lose something, or touch what others made"},
    {"--prune", NULL, CLI_FLAG, offsetof(request, prune), "also remove consumers that no service here needs"},
    LIMIT_OPTIONS,
    SESSION_OPTIONS(request, common)};

const cli_command cmd_plan = {
    .name = "plan",
    .summary = "shows which streams, buckets and consumers services need",
    .takes = "",
    .about = "Compares what is on the server with what the services of -f need, or those that run: + is "
             "made, ~ changed,\n"
             "- not needed, ! should change and cannot. Nothing is altered. Limits that differ are left as "
             "they are unless\n"
             "an option asks for them.",
    .examples = "  aegis plan -f shop.aegis\n"
                "  aegis plan -f shop.aegis --replicas 3 --events-max-bytes 20GiB\n"
                "  aegis plan --check    # in a pipeline, against what runs\n",
    .failure = "with --check: something is to be done",
    .options = plan_options,
    .option_count = CLI_COUNT(plan_options),
    .request_size = sizeof(request),
    .least = 0,
    .most = 0,
    .on_missing = "",
    .run = run,
};

const cli_command cmd_apply = {
    .name = "apply",
    .summary = "makes the streams, buckets and consumers services need",
    .takes = "",
    .about = "Shows the same plan as 'aegis plan', asks, and carries it out. It creates what is missing, "
             "changes limits that\n"
             "options ask for, and puts right what a promise depends on. What JetStream lets nobody change "
             "is said and left.",
    .examples = "  aegis apply -f shop.aegis\n"
                "  aegis apply -f shop.aegis --replicas 3 --yes\n",
    .failure = "something could not be made as it should be",
    .options = apply_options,
    .option_count = CLI_COUNT(apply_options),
    .request_size = sizeof(request),
    .least = 0,
    .most = 0,
    .on_missing = "",
    .run = run,
};
