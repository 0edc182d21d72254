/* Names come from the commands' tables, and from the schemas of -f or of the services that run: so they are
 * asked for in the middle of typing, and a server that is not there must not be waited for. */
#include <stdlib.h>
#include <string.h>

#include "arguments_parts.h"
#include "catalog.h"
#include "commands.h"
#include "complete.h"

/* How long somebody who types waits for a server. */
#define PATIENCE "500ms"
#define FILES    ":files"

typedef struct asking {
    const cli_command *command;
    cli line;
    char *request;      /* the command's struct, as far as the words tell */
    const char *word;   /* under the cursor */
    const char *method; /* the first word that is no option: "order-service.create_order" */
    size_t words;       /* that are no options, before the cursor */
    const char *option; /* whose value stands under the cursor, as the table has it */
} asking;

/* ---- candidates ---- */

/* Texts of services go to the terminal by way of the shell: one line, no controls. */
static void offer(asking *a, const char *word, const char *what)
{
    if (strncmp(word, a->word, strlen(a->word)) != 0)
        return;
    cli_safe(stdout, word);
    if (what != NULL && what[0] != '\0') {
        char *first = arena_copy(&a->line.memory, what, strcspn(what, "\n"));

        putchar('\t');
        cli_safe(stdout, first != NULL ? first : "");
    }
    putchar('\n');
}

static void offer_choices(asking *a, const char *value, const char *prefix)
{
    const char *at = value;

    if (strchr(value, '|') == NULL) {
        if (strstr(value, "FILE") != NULL || strstr(value, "DIR") != NULL)
            puts(FILES);
        return;
    }
    while (*at != '\0' && *at != ' ') {
        const size_t length = strcspn(at, "| ");
        const char *word = arena_printf(&a->line.memory, "%s%.*s", prefix, (int)length, at);

        if (word != NULL)
            offer(a, word, NULL);
        at += length + (at[length] == '|');
    }
}

static void offer_commands(asking *a)
{
    size_t i;

    for (i = 0; i < cli_program.command_count; i++)
        offer(a, cli_program.commands[i]->name, cli_program.commands[i]->summary);
    offer(a, "help", "tells more about a command");
}

/* "--color=" and what may be behind it. */
static void offer_options(asking *a)
{
    const char *equals = strchr(a->word, '=');
    size_t i;

    for (i = 0; i < a->command->option_count; i++) {
        const cli_option *option = &a->command->options[i];

        if (equals == NULL)
            offer(a, option->name, option->help);
        else if (option->value != NULL && strlen(option->name) == (size_t)(equals - a->word) &&
                 strncmp(option->name, a->word, (size_t)(equals - a->word)) == 0)
            offer_choices(a, option->value,
                          arena_copy(&a->line.memory, a->word, (size_t)(equals - a->word) + 1));
    }
    if (equals == NULL)
        offer(a, "--help", "print the options");
}

/* ---- from schemas ---- */

static void offer_methods(asking *a, catalog *known, schema_method_kind kind, bool alone)
{
    catalog_list list = {NULL, 0};
    const char *dot = strrchr(a->word, '.'), *wire, *name;
    const schema_service *one = NULL;
    size_t i, k;

    if (dot != NULL) { /* only this service is to be asked */
        name = arena_copy(&a->line.memory, a->word, (size_t)(dot - a->word));
        if (name == NULL || catalog_service(known, name, &wire, &one) != CLI_DONE || one == NULL)
            return;
        list = (catalog_list){&one, 1};
    } else if (catalog_all(known, &list) != CLI_DONE) {
        return;
    }
    for (i = 0; i < list.count; i++) {
        const schema_service *service = list.items[i];

        if (alone)
            offer(a, service->wire, service->docs);
        for (k = 0; !alone && k < service->method_count; k++) {
            const schema_method *m = &service->methods[k];
            const bool by_name = strncmp(a->word, service->name, strlen(service->name)) == 0 && dot != NULL;
            const char *word =
                arena_printf(&a->line.memory, "%s.%s", by_name ? service->name : service->wire, m->name);

            if (m->kind == kind && word != NULL)
                offer(a, word, m->docs);
        }
    }
}

static void offer_events(asking *a, catalog *known)
{
    json_t *shown = json_object();
    catalog_list list;
    size_t i, k;

    if (catalog_all(known, &list) == CLI_DONE) {
        for (i = 0; i < list.count; i++) {
            const schema_package *package = list.items[i]->package;

            for (k = 0; k < package->event_count; k++) {
                const schema_event *event = package->events[k];

                if (event->latest && json_object_get(shown, event->name) == NULL)
                    offer(a, event->name, event->docs);
                (void)json_object_set_new(shown, event->name, json_true());
            }
        }
    }
    json_decref(shown);
}

/* The record that a path leads into, "item.size." from a request on; NULL. */
static const schema_record *record_at(arena *memory, const schema_record *record, const char *path,
                                      size_t length)
{
    while (record != NULL && length > 0) {
        const size_t whole = strcspn(path, "."), bare = strcspn(path, ".[");
        const char *name = arena_copy(memory, path, bare);
        const schema_field *field = name != NULL ? arguments_field(record, name) : NULL;
        const schema_type *type = field != NULL ? field->type : NULL;

        while (type != NULL && (type->kind == SCHEMA_LIST || type->kind == SCHEMA_MAP))
            type = type->element;
        record = type != NULL && type->kind == SCHEMA_RECORD ? type->record : NULL;
        if (whole >= length)
            break;
        path += whole + 1;
        length -= whole + 1;
    }
    return record;
}

static void offer_values(asking *a, const schema_field *field, const char *before)
{
    static const char *const bools[] = {"true", "false"};
    size_t i;

    for (i = 0; field->type->kind == SCHEMA_ENUM && i < field->type->enumeration->value_count; i++) {
        const schema_enum_value *value = &field->type->enumeration->values[i];
        const char *word = arena_printf(&a->line.memory, "%s%s", before, value->name);

        if (word != NULL)
            offer(a, word, value->docs);
    }
    for (i = 0; field->type->kind == SCHEMA_BOOL && i < CLI_COUNT(bools); i++) {
        const char *word = arena_printf(&a->line.memory, "%s%s", before, bools[i]);

        if (word != NULL)
            offer(a, word, NULL);
    }
}

/* "quantity=", and behind it what it may be. */
static void offer_fields(asking *a, const schema_record *record)
{
    arena *memory = &a->line.memory;
    const char *equals = strchr(a->word, '=');
    const size_t reach = equals != NULL ? (size_t)(equals - a->word) : strlen(a->word);
    size_t path = reach, i;

    while (path > 0 && a->word[path - 1] != '.')
        path--;
    record = record_at(memory, record, a->word, path > 0 ? path - 1 : 0);
    for (i = 0; record != NULL && i < record->field_count; i++) {
        const schema_field *field = &record->fields[i];
        const schema_kind kind = field->type->kind;
        const char *word = arena_printf(
            memory, "%.*s%s%s", (int)path, a->word, field->name,
            kind == SCHEMA_RECORD ? "."
            : kind == SCHEMA_LIST && record_at(memory, record, field->name, strlen(field->name)) != NULL
                ? "[]."
                : "=");
        const char *what = field->docs != NULL
                               ? arena_printf(memory, "%s: %s", field->type->text, field->docs)
                               : field->type->text;

        if (word == NULL)
            return;
        if (equals == NULL)
            offer(a, word, what);
        else if (strncmp(word, a->word, reach + 1) == 0)
            offer_values(a, field, arena_copy(memory, a->word, reach + 1));
    }
}

/* ---- which of them ---- */

static void offer_names(asking *a, catalog *known)
{
    const char *takes = a->command->takes;
    const schema_method_kind kind = strcmp(a->command->name, "send") == 0 ? SCHEMA_COMMAND : SCHEMA_RPC;
    const bool methods = strstr(takes, "SERVICE.METHOD") != NULL,
               events = strstr(takes, "DOMAIN.TYPE") != NULL;
    const schema_event *event = NULL;
    catalog_method method;

    if (methods && a->words == 0)
        offer_methods(a, known, kind, false);
    else if (methods && catalog_find_method(known, a->method, kind, &method) == CLI_DONE &&
             method.method != NULL)
        offer_fields(a, method.method->request);
    else if (methods)
        return;
    else if ((events && a->words == 0) || strstr(takes, "PATTERN") != NULL)
        offer_events(a, known);
    else if (events && catalog_find_event(known, a->method, NULL, &event) == CLI_DONE && event != NULL)
        offer_fields(a, event->record);
    else if (!events && strstr(takes, "SERVICE") != NULL)
        offer_methods(a, known, kind, true);
    if (strstr(takes, "|EVENT") != NULL && a->words == 0)
        offer_events(a, known);
}

/* The session_options within the command's struct, found by one of them. */
static session_options *common_of(asking *a)
{
    size_t i;

    for (i = 0; i < a->command->option_count; i++) {
        if (strcmp(a->command->options[i].name, "-s") == 0)
            return (session_options *)(void *)(a->request + a->command->options[i].at -
                                               offsetof(session_options, url));
    }
    return NULL;
}

static void offer_arguments(asking *a)
{
    session_options *common = common_of(a);
    catalog *known = NULL;
    session s;
    int code;

    if (common == NULL || strstr(a->command->takes, "FILE") != NULL) {
        if (strstr(a->command->takes, "FILE") != NULL)
            puts(FILES);
        else
            offer_choices(a, a->command->takes, "");
        return;
    }
    if (strchr(a->command->takes, '|') != NULL && strstr(a->command->takes, "SERVICE") == NULL) {
        if (a->words == 0)
            offer_choices(a, a->command->takes, "");
        return;
    }
    common->timeout = PATIENCE;
    code = session_prepare(&s, &a->line, common);
    if (code == CLI_DONE)
        code = catalog_open(&s, &known);
    if (code == CLI_DONE)
        offer_names(a, known);
    catalog_free(known);
    session_close(&s);
}

/* ---- reading what was typed ---- */

static const cli_option *option_of(const cli_command *command, const char *word)
{
    const size_t length = strcspn(word, "=");
    size_t i;

    for (i = 0; i < command->option_count; i++) {
        if (strlen(command->options[i].name) == length &&
            strncmp(command->options[i].name, word, length) == 0)
            return &command->options[i];
    }
    return NULL;
}

static void set_option(asking *a, const cli_option *option, const char *value)
{
    char *to = a->request + option->at;
    const bool yes = true;
    cli_list list;

    if (option->kind == CLI_FLAG) {
        memcpy(to, &yes, sizeof yes);
    } else if (option->kind == CLI_TEXT) {
        memcpy(to, &value, sizeof value);
    } else {
        memcpy(&list, to, sizeof list);
        list.items = (const char **)arena_grow(&a->line.memory, list.items, list.count, sizeof *list.items);
        if (list.items == NULL)
            return;
        list.items[list.count++] = value;
        memcpy(to, &list, sizeof list);
    }
}

/* Words before the one under the cursor. */
static void read_words(asking *a, int argc, char **argv)
{
    int i;

    for (i = 1; i + 1 < argc; i++) {
        const cli_option *option = argv[i][0] == '-' ? option_of(a->command, argv[i]) : NULL;
        const char *equals = strchr(argv[i], '=');

        if (option == NULL && argv[i][0] != '-') {
            a->method = a->words == 0 ? argv[i] : a->method;
            a->words++;
        } else if (option != NULL && option->value == NULL) {
            set_option(a, option, NULL);
        } else if (option != NULL && equals != NULL) {
            set_option(a, option, equals + 1);
        } else if (option != NULL && i + 2 < argc) {
            set_option(a, option, argv[++i]);
        } else if (option != NULL) {
            a->option = option->value;
        }
    }
}

static void answer(asking *a, int argc, char **argv)
{
    size_t i;

    if (argc <= 1 || (argc == 2 && strcmp(argv[0], "help") == 0)) {
        offer_commands(a);
        return;
    }
    for (i = 0; i < cli_program.command_count; i++) {
        if (strcmp(cli_program.commands[i]->name, argv[0]) == 0)
            a->command = cli_program.commands[i];
    }
    a->request =
        a->command != NULL ? (char *)arena_alloc(&a->line.memory, a->command->request_size + 1) : NULL;
    if (a->request == NULL)
        return;
    a->line.command = a->command;
    read_words(a, argc, argv);
    if (a->option != NULL)
        offer_choices(a, a->option, "");
    else if (a->word[0] == '-')
        offer_options(a);
    else
        offer_arguments(a);
}

int complete(int argc, char **argv)
{
    asking a;

    if (argc > 0 && strcmp(argv[0], "--") == 0) {
        argc--;
        argv++;
    }
    memset(&a, 0, sizeof a);
    a.word = argc > 0 ? argv[argc - 1] : "";
    if (freopen("/dev/null", "w", stderr) == NULL)
        return CLI_DONE; /* a complaint would be written where somebody types */
    arena_init(&a.line.memory);
    answer(&a, argc, argv);
    arena_free(&a.line.memory);
    (void)fflush(stdout);
    return CLI_DONE;
}
