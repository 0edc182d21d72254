/* Which command of a program is meant, and what it says when that is not clear. */
#define _XOPEN_SOURCE 700
#include "cli.h"
#include "diag.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Names that a misspelt one is held against. */
#define NAMES_MAX 48

static const cli_command *find_command(const char *name)
{
    for (size_t i = 0; i < cli_program.command_count; i++)
        if (strcmp(cli_program.commands[i]->name, name) == 0)
            return cli_program.commands[i];
    return NULL;
}

static void print_commands(FILE *out)
{
    fprintf(out, "usage: %s %s\n\n", cli_program.name, cli_program.takes);
    for (size_t i = 0; i < cli_program.command_count; i++)
        fprintf(out, "  %-10s %s\n", cli_program.commands[i]->name, cli_program.commands[i]->summary);
    fputs("  help       tells more about a command\n  --version  prints the version\n", out);
    fputs(cli_program.closing, out);
}

static int unknown_command(const char *name)
{
    const char *names[NAMES_MAX] = {"help"}, *near;
    size_t count = 1;

    for (size_t i = 0; i < cli_program.command_count && count < NAMES_MAX; i++)
        names[count++] = cli_program.commands[i]->name;
    near = diag_nearest(name, names, count);
    if (name[0] == '-')
        cli_complain("'%s' stands before the command" CLI_HINT "options stand behind it", name);
    else if (near != NULL)
        cli_complain("unknown command '%s'" CLI_HINT "did you mean '%s'?", name, near);
    else
        cli_complain("unknown command '%s'", name);
    fprintf(stderr, "'%s --help' lists the commands\n", cli_program.name);
    return CLI_USAGE;
}

/* `help --man [COMMAND]`, `help --names`: what installing asks. */
static int help_for_install(int argc, char **argv)
{
    const cli_command *command = argc > 1 ? find_command(argv[1]) : NULL;

    if (argc > 1 && command == NULL)
        return unknown_command(argv[1]);
    if (strcmp(argv[0], "--man") == 0)
        cli_print_man(command);
    for (size_t i = 0; strcmp(argv[0], "--names") == 0 && i < cli_program.command_count; i++)
        puts(cli_program.commands[i]->name);
    return cli_finish(CLI_DONE);
}

static int help(int argc, char **argv)
{
    const cli_command *command = argc > 0 ? find_command(argv[0]) : NULL;

    if (argc > 0 && (strcmp(argv[0], "--man") == 0 || strcmp(argv[0], "--names") == 0))
        return help_for_install(argc, argv);
    if (argc > 0 && command == NULL)
        return unknown_command(argv[0]);
    if (command != NULL)
        cli_print_help(command);
    else
        print_commands(stdout);
    return cli_finish(CLI_DONE);
}

/* Whether a first argument that is no command can only have been meant as one: no file is called so. */
static bool looks_like_command(const char *text)
{
    return text[0] != '-' && strpbrk(text, "./") == NULL && access(text, F_OK) != 0;
}

int cli_main(int argc, char **argv)
{
    const char *first = argc > 1 ? argv[1] : NULL;
    const cli_command *command = first != NULL ? find_command(first) : NULL;

    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error like any other */
    if (first == NULL) {
        print_commands(stderr);
        return CLI_USAGE;
    }
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0)
        return help(0, NULL);
    if (strcmp(first, "help") == 0)
        return help(argc - 2, argv + 2);
    if (strcmp(first, "--version") == 0) {
        printf("%s %s\n", cli_program.name, cli_program.version);
        return cli_finish(CLI_DONE);
    }
    if (command != NULL)
        return cli_run(command, argc - 2, argv + 2);
    if (cli_program.fallback == NULL || looks_like_command(first))
        return unknown_command(first);
    return cli_run(cli_program.fallback, argc - 1, argv + 1);
}
