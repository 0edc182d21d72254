/* Reading a command line by a command's table, and the help that comes from the same table. */
#include "cli.h"

#include "diag.h"

#include <stdio.h>
#include <string.h>

/* Where the help of an option stands. */
#define HELP_COLUMN 22

int cli_finish(int code)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return code;
    cli_complain("cannot write the output");
    return CLI_IO;
}

/* ---- help ---- */

static void print_option(const cli_option *option)
{
    const char *value = option->value != NULL ? option->value : "";
    const char *joint = option->value == NULL ? "" : option->name[1] == '-' ? "=" : " ";
    int width = printf("  %s%s%s", option->name, joint, value);

    if (width > HELP_COLUMN - 2)
        width = printf("\n") - 1;
    printf("%*s", HELP_COLUMN - width, "");
    for (const char *at = option->help; *at != '\0'; at++)
        if (*at == '\n')
            printf("\n%*s", HELP_COLUMN, "");
        else
            putchar(*at);
    putchar('\n');
}

void cli_print_help(const cli_command *command)
{
    printf("usage: %s %s [options]%s%s\n\n%s\n\noptions:\n", cli_program.name, command->name,
           command->takes[0] == '\0' ? "" : " ", command->takes, command->about);
    for (size_t i = 0; i < command->option_count; i++)
        print_option(&command->options[i]);
    printf("  -h, --help          print this\n");
    printf("\nexamples:\n%s", command->examples);
    printf("\nexit codes:\n  0  done\n");
    if (command->failure != NULL)
        printf("  1  %s\n", command->failure);
    printf("  2  a mistake in the command line\n  3  %s\n", cli_program.io);
}

/* ---- reading ---- */

static const cli_option *find_option(const cli_command *command, const char *text)
{
    for (size_t i = 0; i < command->option_count; i++) {
        const cli_option *option = &command->options[i];
        size_t length = strlen(option->name);

        if (strcmp(text, option->name) == 0)
            return option;
        if (strncmp(text, option->name, length) != 0)
            continue;
        if (option->name[1] == '-' ? text[length] == '=' : option->value != NULL)
            return option;
    }
    return NULL;
}

static int unknown_option(cli *c, const char *text)
{
    const char *names[48] = {"--help"}, *near;
    size_t count = 1;
    char *name = arena_copy(&c->memory, text, strcspn(text, "="));

    for (size_t i = 0; i < c->command->option_count && count < CLI_COUNT(names); i++)
        names[count++] = c->command->options[i].name;
    near = name != NULL && strlen(name) > 2 ? diag_nearest(name, names, count) : NULL;
    if (near != NULL)
        return cli_usage(c->command, "unknown option '%s'" CLI_HINT "did you mean '%s'?", name, near);
    return cli_usage(c->command, "unknown option '%s'", text);
}

static int append(cli *c, cli_list *list, const char *text)
{
    const char **items = (const char **)arena_grow(&c->memory, list->items, list->count, sizeof *items);

    if (items == NULL)
        return cli_out_of_memory();
    list->items = items;
    list->items[list->count++] = text;
    return CLI_DONE;
}

/* Whether `value` is one of the words of "text|json|sarif", and which one was perhaps meant; anything is
 * where the option names no words. */
static bool is_choice(cli *c, const cli_option *option, const char *value, const char **near)
{
    const char *words[16], *at = option->value;
    size_t count = 0;

    *near = NULL;
    if (strchr(at, '|') == NULL)
        return true;
    for (;; at++) {
        const size_t length = strcspn(at, "|");
        const char *word = arena_copy(&c->memory, at, length);

        if (word != NULL && strcmp(word, value) == 0)
            return true;
        if (word != NULL && count < CLI_COUNT(words))
            words[count++] = word;
        at += length;
        if (*at == '\0')
            break;
    }
    *near = diag_nearest(value, words, count);
    return false;
}

static int set_option(cli *c, void *request, const cli_option *option, const char *value)
{
    char *to = (char *)request + option->at;
    const char *near;

    if (option->kind == CLI_FLAG) {
        const bool yes = true;

        if (value != NULL)
            return cli_usage(c->command, "'%s' takes no value", option->name);
        memcpy(to, &yes, sizeof yes);
        return CLI_DONE;
    }
    if (value == NULL || value[0] == '\0')
        return cli_usage(c->command, "'%s' lacks its value, %s", option->name, option->value);
    if (!is_choice(c, option, value, &near))
        return cli_usage(c->command,
                         near != NULL ? "'%s' is one of %s, not '%s'" CLI_HINT "did you mean '%s'?"
                                      : "'%s' is one of %s, not '%s'",
                         option->name, option->value, value, near);
    if (option->kind == CLI_LIST) {
        cli_list list;
        int code;

        memcpy(&list, to, sizeof list);
        code = append(c, &list, value);
        memcpy(to, &list, sizeof list);
        return code;
    }
    memcpy(to, &value, sizeof value);
    return CLI_DONE;
}

/* The option at argv[*i], whose value may be the argument behind it. */
static int read_option(cli *c, void *request, int argc, char **argv, int *i)
{
    const cli_option *option = find_option(c->command, argv[*i]);
    const char *value;

    if (option == NULL)
        return unknown_option(c, argv[*i]);
    value = argv[*i] + strlen(option->name);
    if (*value == '\0')
        value = option->kind != CLI_FLAG && *i + 1 < argc ? argv[++*i] : NULL;
    else if (option->name[1] == '-')
        value++;
    return set_option(c, request, option, value);
}

static int read_all(cli *c, void *request, int argc, char **argv)
{
    bool options = true;
    int code = CLI_DONE;

    for (int i = 0; i < argc && code == CLI_DONE; i++) {
        if (options && strcmp(argv[i], "--") == 0)
            options = false;
        else if (options && argv[i][0] == '-' && argv[i][1] != '\0')
            code = read_option(c, request, argc, argv, &i);
        else
            code = append(c, &c->arguments, argv[i]);
    }
    if (code != CLI_DONE)
        return code;
    if (c->arguments.count < c->command->least)
        return cli_usage(c->command, "%s", c->command->on_missing);
    if (c->arguments.count > c->command->most)
        return cli_usage(c->command, "there is no use for '%s'", c->arguments.items[c->command->most]);
    return CLI_DONE;
}

static bool is_given(const char *option, int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], option) == 0)
            return true;
    return false;
}

/* Also when the command line has mistakes: then they are told so. */
static bool tells_json(const cli_command *command, int argc, char **argv)
{
    bool can = false;

    for (size_t i = 0; i < command->option_count && cli_program.failed != NULL; i++)
        can = can || strcmp(command->options[i].name, "--json") == 0;
    return can && is_given("--json", argc, argv);
}

int cli_run(const cli_command *command, int argc, char **argv)
{
    cli c = {.command = command};
    void *request;
    int code;

    if (is_given("--help", argc, argv) || is_given("-h", argc, argv)) {
        cli_print_help(command);
        return cli_finish(CLI_DONE);
    }
    cli_hold(tells_json(command, argc, argv));
    arena_init(&c.memory);
    request = arena_alloc(&c.memory, command->request_size + 1); /* some take no options */
    code = request != NULL ? read_all(&c, request, argc, argv) : cli_out_of_memory();
    if (code == CLI_DONE)
        code = command->run(&c, request);
    cli_let_go(code);
    arena_free(&c.memory);
    cli_hold(false);
    return cli_finish(code);
}
