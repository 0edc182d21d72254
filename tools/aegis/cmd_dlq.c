/* aegis dlq: dead letters. List them, look at one, and after the cause is mended replay or drop them: those
 * that are named, or all that a filter takes. What changes something is asked for first, and goes on after a
 * failure: at the end it says how many there were. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <aegis/deadletter.h>

#include "ask.h"
#include "commands.h"
#include "diag.h"
#include "ports/clock.h"
#include "session.h"
#include "wire.h"

#define PAGE          100
#define LIMIT_DEFAULT 100

typedef struct request {
    session_options common;
    const char *service, *name, *since, *limit, *rate;
    bool all, yes, dry_run;
} request;

typedef struct task {
    session *s;
    const request *r;
    aegis_timestamp oldest; /* given up no earlier; 0: whenever */
    uint64_t limit;         /* 0: none */
    uint64_t seen, failed;
} task;

/* ---- all that the filter takes ---- */

typedef void (*visitor)(task *t, const aegis_deadletter *letter, void *user);

/* Oldest first, up to the limit; `t->seen` counts them. */
static int visit(task *t, visitor what, void *user)
{
    session *s = t->s;
    aegis_deadletter_filter filter = {.service = t->r->service, .name = t->r->name, .limit = PAGE};
    aegis_arena *page_arena = aegis_arena_new(NULL);
    int code = page_arena != NULL ? CLI_DONE : cli_out_of_memory();
    aegis_deadletter_page page;
    aegis_error error = {0};
    bool on = true;
    size_t i;

    while (code == CLI_DONE && on) {
        aegis_arena_reset(page_arena);
        memset(&page, 0, sizeof page);
        if (aegis_deadletter_list(s->bus, &filter, page_arena, &page, &error) != AEGIS_OK)
            code = session_failed(s, &error, "cannot list dead letters");
        for (i = 0; on && i < page.count; i++) {
            if (page.items[i].given_up_at < t->oldest)
                continue;
            what(t, &page.items[i], user);
            t->seen++;
            on = !session_interrupted() && (t->limit == 0 || t->seen < t->limit);
        }
        filter.after = page.next;
        on = on && page.next != 0;
    }
    aegis_arena_free(page_arena);
    return code;
}

/* ---- ls ---- */

static json_t *time_or_null(aegis_timestamp when)
{
    char text[SCREEN_TEXT];

    return when != 0 ? json_string(screen_rfc3339(when, text)) : json_null();
}

static json_t *as_json(const aegis_deadletter *l)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:o, s:o, s:I, s:b, s:i, s:s?}",
                     "sequence", (json_int_t)l->sequence, "service", l->service, "instance", l->instance,
                     "name", l->name, "why", l->why, "subject", l->subject, "source_sequence",
                     (json_int_t)l->source_sequence, "deliveries", (json_int_t)l->deliveries, "attempts",
                     (json_int_t)l->attempts, "sent_at", time_or_null(l->sent_at), "given_up_at",
                     time_or_null(l->given_up_at), "body_size", (json_int_t)l->body_size, "body_dropped",
                     (int)l->body_dropped, "code", (int)l->failure.code, "type", l->failure.type);
}

static void list_one(task *t, const aegis_deadletter *l, void *user)
{
    screen_table *table = (screen_table *)user;
    char age[SCREEN_TEXT];

    if (t->s->options->json) {
        json_t *told = as_json(l);

        screen_json_line(&t->s->out, told);
        json_decref(told);
        return;
    }
    screen_cell(table, INK_CYAN, "%llu", (unsigned long long)l->sequence);
    screen_cell(table, INK_DIM, "%s", screen_duration(aegis_now() - l->given_up_at, age));
    screen_cell(table, INK_PLAIN, "%s", l->service);
    screen_cell(table, INK_BOLD, "%s", l->name);
    screen_cell(table, INK_PLAIN, "%u", (unsigned)l->attempts);
    screen_cell(table, INK_RED, "%s", l->why);
}

static int list(task *t)
{
    screen_table *table = screen_table_new(&t->s->line->memory, ">LETTER|>AGE|SERVICE|NAME|>TRIES|WHY");
    int code;

    if (t->limit == 0 && !t->r->all)
        t->limit = LIMIT_DEFAULT;
    code = visit(t, list_one, table);
    if (code != CLI_DONE || t->s->options->json)
        return code;
    if (t->seen == 0)
        puts(t->r->service != NULL || t->r->name != NULL || t->oldest != 0 ? "no dead letters that fit"
                                                                           : "no dead letters");
    else
        screen_table_print(table, &t->s->out);
    if (t->limit != 0 && t->seen == t->limit)
        cli_remark("the first %llu; --limit or --all shows more", (unsigned long long)t->limit);
    return code;
}

/* ---- show ---- */

static void line_of(const session *s, const char *label, const char *text)
{
    screen_put(&s->out, INK_DIM, "%-12s ", label);
    cli_safe(stdout, text);
    putchar('\n');
}

static void show_times(const session *s, const aegis_deadletter *l)
{
    char text[SCREEN_TEXT], age[SCREEN_TEXT];

    if (l->sent_at != 0)
        line_of(s, "sent", screen_time(l->sent_at, text));
    screen_put(&s->out, INK_DIM, "%-12s ", "given up");
    printf("%s, %s ago, after %u attempt%s and %u deliver%s\n", screen_time(l->given_up_at, text),
           screen_duration(aegis_now() - l->given_up_at, age), (unsigned)l->attempts,
           l->attempts == 1 ? "" : "s", (unsigned)l->deliveries, l->deliveries == 1 ? "y" : "ies");
}

static void show_causes(const session *s, const aegis_error *failure)
{
    size_t i;

    for (i = 0; i < failure->chain_count; i++) {
        const aegis_cause *cause = &failure->chain[i];

        screen_put(&s->out, INK_DIM, "%-12s ", i == 0 ? "causes" : "");
        cli_safe(stdout, cause->service);
        putchar('.');
        cli_safe(stdout, cause->method);
        printf(": %d ", (int)cause->code);
        cli_safe(stdout, cause->message);
        putchar('\n');
    }
}

static json_t *headers_of(const aegis_deadletter *l)
{
    json_t *headers = json_array();
    size_t i;

    for (i = 0; i < l->header_count; i++)
        (void)json_array_append_new(headers, json_pack("[s, s]", l->headers[i].name, l->headers[i].value));
    return headers;
}

static json_t *chain_of(const aegis_error *failure)
{
    json_t *chain = json_array();
    size_t i;

    for (i = 0; i < failure->chain_count; i++)
        (void)json_array_append_new(
            chain, json_pack("{s:s, s:s, s:i, s:s}", "service", failure->chain[i].service, "method",
                             failure->chain[i].method, "code", (int)failure->chain[i].code, "message",
                             failure->chain[i].message));
    return chain;
}

static void show_as_json(session *s, const aegis_deadletter *l, json_t *body)
{
    json_t *told = as_json(l);

    (void)json_object_set_new(told, "headers", headers_of(l));
    (void)json_object_set_new(told, "chain", chain_of(&l->failure));
    (void)json_object_set(told, "body", body != NULL ? body : json_null());
    if (body == NULL && !l->body_dropped)
        (void)json_object_set_new(told, "body_base64", wire_base64(l->body));
    screen_json_line(&s->out, told);
    json_decref(told);
}

static void show_for_person(const session *s, const aegis_deadletter *l, json_t *body,
                            const aegis_error *unreadable)
{
    size_t i;

    screen_put(&s->out, INK_BOLD, "dead letter %llu", (unsigned long long)l->sequence);
    putchar('\n');
    line_of(s, "name", l->name);
    line_of(s, "service", l->instance[0] != '\0' ? l->instance : l->service);
    line_of(s, "why", l->why);
    if (l->failure.type != NULL)
        line_of(s, "error", l->failure.type);
    show_causes(s, &l->failure);
    line_of(s, "subject", l->subject);
    show_times(s, l);
    for (i = 0; i < l->header_count; i++) {
        screen_put(&s->out, INK_DIM, "%-12s ", i == 0 ? "headers" : "");
        cli_safe(stdout, l->headers[i].name);
        fputs(": ", stdout);
        cli_safe(stdout, l->headers[i].value);
        putchar('\n');
    }
    screen_put(&s->out, INK_DIM, "%-12s ", "body");
    if (l->body_dropped)
        printf("%zu bytes, too many to be kept\n", l->body_size);
    else if (body != NULL)
        screen_json(&s->out, body, 13);
    else {
        printf("%zu bytes that cannot be read: ", l->body_size);
        cli_safe(s->out.file, unreadable->text);
        putchar('\n');
    }
}

static int show(task *t, uint64_t sequence)
{
    session *s = t->s;
    aegis_deadletter letter;
    aegis_error error = {0};
    json_t *body;

    if (aegis_deadletter_show(s->bus, sequence, s->arena, &letter, &error) != AEGIS_OK)
        return session_failed(s, &error, "cannot show dead letter %llu", (unsigned long long)sequence);
    body = letter.body_dropped ? NULL : wire_decode(s, letter.body, &error);
    if (s->options->json)
        show_as_json(s, &letter, body);
    else
        show_for_person(s, &letter, body, &error);
    json_decref(body);
    return CLI_DONE;
}

/* ---- replay and drop ---- */

typedef struct change {
    const char *verb; /* "replay" */
    aegis_status (*does)(aegis_bus *bus, uint64_t sequence, aegis_error *error);
    aegis_duration pause; /* between two */
    uint64_t *sequences;  /* in the line's memory */
    size_t count;
    bool full;
} change;

static void collect(task *t, const aegis_deadletter *letter, void *user)
{
    change *c = (change *)user;
    uint64_t *list = (uint64_t *)arena_grow(&t->s->line->memory, c->sequences, c->count, sizeof *list);

    c->full = c->full || list == NULL;
    if (list == NULL)
        return;
    c->sequences = list;
    c->sequences[c->count++] = letter->sequence;
}

/* One after the other; what fails is said and counted, and does not stop the others unless the server is
 * away. */
static int change_all(task *t, const change *c)
{
    const struct timespec pause = {(time_t)(c->pause / AEGIS_SECOND), (long)(c->pause % AEGIS_SECOND)};
    unsigned long long done = 0;
    int code = CLI_DONE;
    size_t i;

    for (i = 0; i < c->count && !session_interrupted() && code != CLI_IO; i++) {
        aegis_error error = {0};

        if (i > 0 && c->pause > 0)
            (void)nanosleep(&pause, NULL);
        if ((c->does)(t->s->bus, c->sequences[i], &error) == AEGIS_OK) {
            done++;
            continue;
        }
        code = session_failed(t->s, &error, "cannot %s dead letter %llu", c->verb,
                              (unsigned long long)c->sequences[i]);
        t->failed++;
    }
    if (t->s->options->json)
        printf("{\"done\":%llu,\"failed\":%llu,\"left\":%llu}\n", done, (unsigned long long)t->failed,
               (unsigned long long)(c->count - i));
    else
        printf("%s%s %llu of %zu\n", c->verb, c->verb[0] == 'd' ? "ped" : "ed", done, c->count);
    if (i < c->count && code == CLI_DONE)
        code = CLI_MISTAKES; /* interrupted */
    return code;
}

static int change_these(task *t, change *c)
{
    int code;

    if (c->full)
        return cli_out_of_memory();
    if (c->count == 0) {
        puts(t->s->options->json ? "{\"done\":0,\"failed\":0,\"left\":0}" : "no dead letters");
        return CLI_DONE;
    }
    if (t->r->dry_run) {
        if (t->s->options->json)
            printf("{\"done\":0,\"failed\":0,\"left\":%zu}\n", c->count);
        else
            printf("would %s %zu dead letter%s\n", c->verb, c->count, c->count == 1 ? "" : "s");
        return CLI_DONE;
    }
    code = t->r->all ? ask_first(t->s, t->r->yes, "%s %zu dead letter%s", c->verb, c->count,
                                 c->count == 1 ? "" : "s")
                     : CLI_DONE;
    return code == CLI_DONE ? change_all(t, c) : code;
}

static int read_sequences(task *t, change *c)
{
    const cli_list *words = &t->s->line->arguments;
    int code = CLI_DONE;
    size_t i;

    for (i = 1; i < words->count && code == CLI_DONE; i++) {
        aegis_deadletter letter = {0};

        code = session_read_number(t->s, words->items[i], "a dead letter", UINT64_MAX, &letter.sequence);
        if (code == CLI_DONE)
            collect(t, &letter, c);
    }
    return code;
}

static int change_some(task *t, const char *verb, aegis_status (*does)(aegis_bus *, uint64_t, aegis_error *))
{
    change c = {.verb = verb, .does = does};
    const bool named = t->s->line->arguments.count > 1;
    uint64_t rate = 0;
    int code = CLI_DONE;

    if (named == t->r->all)
        return cli_usage(t->s->line->command,
                         "%s which? name their numbers, or say --all, which --service, --name and "
                         "--since narrow down",
                         verb);
    code = session_read_number(t->s, t->r->rate, "letters a second", (uint64_t)AEGIS_SECOND, &rate);
    if (rate > 0)
        c.pause = AEGIS_SECOND / (aegis_duration)rate;
    if (code == CLI_DONE)
        code = named ? read_sequences(t, &c) : visit(t, collect, &c);
    return code == CLI_DONE ? change_these(t, &c) : code;
}

/* ---- the command ---- */

static int show_named(task *t)
{
    const cli_list *words = &t->s->line->arguments;
    int code =
        words->count > 1 ? CLI_DONE : cli_usage(t->s->line->command, "which one? its number, as ls shows it");
    uint64_t number = 0;
    size_t i;

    for (i = 1; i < words->count && code == CLI_DONE; i++) {
        code = session_read_number(t->s, words->items[i], "a dead letter", UINT64_MAX, &number);
        if (code == CLI_DONE)
            code = show(t, number);
    }
    return code;
}

static int dispatch(task *t)
{
    static const char *const verbs[] = {"ls", "show", "replay", "drop"};
    const char *verb = t->s->line->arguments.items[0];
    const char *near = diag_nearest(verb, verbs, CLI_COUNT(verbs));

    if (strcmp(verb, "ls") == 0)
        return list(t);
    if (strcmp(verb, "show") == 0)
        return show_named(t);
    if (strcmp(verb, "replay") == 0)
        return change_some(t, "replay", aegis_deadletter_replay);
    if (strcmp(verb, "drop") == 0)
        return change_some(t, "drop", aegis_deadletter_drop);
    if (near != NULL)
        return cli_usage(t->s->line->command, "'%s' is nothing dlq does" CLI_HINT "did you mean '%s'?", verb,
                         near);
    return cli_usage(t->s->line->command, "'%s' is nothing dlq does: ls, show, replay or drop", verb);
}

static int run(cli *line, void *data)
{
    const request *r = (const request *)data;
    aegis_duration since = 0;
    session s;
    task t = {.s = &s, .r = r};
    int code = session_prepare(&s, line, &r->common);

    if (code == CLI_DONE)
        code = session_read_time(&s, r->since, &since);
    if (since > 0)
        t.oldest = aegis_now() - since;
    if (code == CLI_DONE)
        code = session_read_number(&s, r->limit, "dead letters", UINT64_MAX, &t.limit);
    if (code == CLI_DONE)
        code = session_connect(&s);
    if (code == CLI_DONE) {
        session_catch_signals(&s);
        code = dispatch(&t);
    }
    session_close(&s);
    return code;
}

static const cli_option options[] = {
    {"--service", "NAME", CLI_TEXT, offsetof(request, service), "only those that this service gave up"},
    {"--name", "PATTERN", CLI_TEXT, offsetof(request, name),
     "only of this event or command; order.* is a pattern"},
    {"--since", "TIME", CLI_TEXT, offsetof(request, since), "only those given up within: 30m, 2h, 1d"},
    {"--limit", "N", CLI_TEXT, offsetof(request, limit), "so many at the most; of ls 100 unless given"},
    {"--all", NULL, CLI_FLAG, offsetof(request, all),
     "replay, drop: all that the filter takes; ls: without a limit"},
    {"--rate", "N", CLI_TEXT, offsetof(request, rate), "replay, drop: so many a second at the most"},
    {"--dry-run", NULL, CLI_FLAG, offsetof(request, dry_run), "say how many it would be, and change nothing"},
    {"--yes", NULL, CLI_FLAG, offsetof(request, yes), "do not ask"},
    SESSION_OPTIONS(request, common)};

const cli_command cmd_dlq = {
    .name = "dlq",
    .summary = "lists, shows, replays and drops dead letters",
    .takes = "ls|show|replay|drop [N...]",
    .about =
        "Dead letters are messages that a service could not handle. ls lists them, oldest first; show prints "
        "some\n"
        "with their bodies and causes. replay sends them again to where they had been sent, drop deletes "
        "them:\n"
        "those whose numbers are named, or with --all those that the filter takes. Replay when the cause is\n"
        "mended: what fails again is a dead letter again.",
    .examples = "  aegis dlq ls --service order-service --since 2h\n"
                "  aegis dlq show 17\n"
                "  aegis dlq replay 17 18 19\n"
                "  aegis dlq replay --all --name 'order.*' --rate 50\n"
                "  aegis dlq drop --all --service old-service --yes\n",
    .failure = "some could not be shown, replayed or dropped",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .least = 1,
    .most = CLI_ANY,
    .on_missing = "ls, show, replay or drop?",
    .run = run,
};
