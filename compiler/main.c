/* aegisc: which command is meant. Reading its options is cli.c's, what it does stands in cmd_NAME.c.
 *
 * A command line that names no command generates: `aegisc -o gen shop.aegis`.
 */
#define _POSIX_C_SOURCE 200809L
#include "cli.h"
#include "diag.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const cli_command *const commands[] = {&cmd_generate, &cmd_check,   &cmd_fmt, &cmd_lint,
                                              &cmd_breaking, &cmd_explain, &cmd_init};

static const char closing[] =
    "\n"
    "'aegisc help COMMAND' tells more about one. Without a command aegisc generates:\n"
    "'aegisc -o gen shop.aegis' is 'aegisc generate -o gen shop.aegis'.\n"
    "\n"
    "exit codes:\n"
    "  0  done\n"
    "  1  mistakes in the input\n"
    "  2  a mistake in the command line\n"
    "  3  a file that cannot be read or written\n";

static const cli_command *find_command(const char *name)
{
    for (size_t i = 0; i < CLI_COUNT(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static void print_commands(FILE *out)
{
    fputs("usage: aegisc [COMMAND] [options] ...\n\n", out);
    for (size_t i = 0; i < CLI_COUNT(commands); i++)
        fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fputs("  help       tells more about a command\n  --version  prints the version\n", out);
    fputs(closing, out);
}

static int unknown_command(const char *name)
{
    const char *names[CLI_COUNT(commands) + 1] = {"help"}, *near;

    for (size_t i = 0; i < CLI_COUNT(commands); i++)
        names[i + 1] = commands[i]->name;
    near = diag_nearest(name, names, CLI_COUNT(names));
    if (near != NULL)
        cli_complain("unknown command '%s'; did you mean '%s'?", name, near);
    else
        cli_complain("unknown command '%s'", name);
    fputs("'aegisc --help' lists the commands\n", stderr);
    return CLI_USAGE;
}

static int help(int argc, char **argv)
{
    const cli_command *command = argc > 0 ? find_command(argv[0]) : NULL;

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

int main(int argc, char **argv)
{
    const char *first = argc > 1 ? argv[1] : NULL;
    const cli_command *command = first != NULL ? find_command(first) : NULL;

    if (first == NULL) {
        print_commands(stderr);
        return CLI_USAGE;
    }
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0)
        return help(0, NULL);
    if (strcmp(first, "help") == 0)
        return help(argc - 2, argv + 2);
    if (strcmp(first, "--version") == 0) {
        puts("aegisc " AEGISC_VERSION);
        return cli_finish(CLI_DONE);
    }
    if (command != NULL)
        return cli_run(command, argc - 2, argv + 2);
    if (looks_like_command(first))
        return unknown_command(first);
    return cli_run(&cmd_generate, argc - 1, argv + 1);
}
