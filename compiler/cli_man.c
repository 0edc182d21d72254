/* A command's manual page, from the same table as its help: so it is never older than the program. In man(7),
 * which every man renders. */
#include "cli.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Text of a line: what roff would take for its own is written out. */
static void put_text(const char *text, size_t length)
{
    bool at_start = true;

    for (size_t i = 0; i < length; i++) {
        if (at_start && (text[i] == '.' || text[i] == '\''))
            fputs("\\&", stdout);
        at_start = text[i] == '\n';
        if (text[i] == '\\')
            fputs("\\e", stdout);
        else if (text[i] == '-')
            fputs("\\-", stdout);
        else
            putchar(text[i]);
    }
}

static void put(const char *text)
{
    put_text(text, strlen(text));
}

/* Paragraphs are what blank lines are between; a line that begins with a blank stays a line. */
static void put_paragraphs(const char *text)
{
    while (*text != '\0') {
        const size_t length = strcspn(text, "\n");

        if (length == 0)
            puts(".PP");
        else if (text[0] == ' ')
            puts(".br");
        put_text(text, length);
        if (length > 0)
            putchar('\n');
        text += length + (text[length] == '\n');
    }
}

static void put_title(const char *command)
{
    printf(".TH ");
    for (const char *at = cli_program.name; *at != '\0'; at++)
        putchar(toupper((unsigned char)*at));
    if (command != NULL)
        fputs("\\-", stdout);
    for (const char *at = command; at != NULL && *at != '\0'; at++)
        putchar(toupper((unsigned char)*at));
    printf(" 1 \"\" \"%s %s\" \"Aegis\"\n.SH NAME\n", cli_program.name, cli_program.version);
}

static void put_option(const cli_option *option)
{
    printf(".TP\n.B ");
    put(option->name);
    if (option->value != NULL) {
        fputs(option->name[1] == '-' ? "\\fR=\\fI" : "\\fR \\fI", stdout);
        put(option->value);
        fputs("\\fR", stdout);
    }
    putchar('\n');
    put(option->help);
    putchar('\n');
}

static void put_status(const char *code, const char *text)
{
    printf(".TP\n.B %s\n", code);
    put(text);
    putchar('\n');
}

static void print_command(const cli_command *command)
{
    put_title(command->name);
    printf("%s\\-%s \\- ", cli_program.name, command->name);
    put(command->summary);
    printf("\n.SH SYNOPSIS\n.B %s %s\n[options] ", cli_program.name, command->name);
    put(command->takes);
    puts("\n.SH DESCRIPTION");
    put_paragraphs(command->about);
    puts("\n.SH OPTIONS");
    for (size_t i = 0; i < command->option_count; i++)
        put_option(&command->options[i]);
    puts(".TP\n.B \\-h\\fR, \\fB\\-\\-help\nprint the options\n.SH EXAMPLES\n.nf");
    put(command->examples);
    puts(".fi\n.SH EXIT STATUS");
    put_status("0", "done");
    if (command->failure != NULL)
        put_status("1", command->failure);
    put_status("2", "a mistake in the command line");
    put_status("3", cli_program.io);
    printf(".SH SEE ALSO\n.BR %s (1)\n", cli_program.name);
}

static void print_program(void)
{
    put_title(NULL);
    printf("%s \\- ", cli_program.name);
    put(cli_program.summary);
    printf("\n.SH SYNOPSIS\n.B %s\n", cli_program.name);
    put(cli_program.takes);
    puts("\n.SH COMMANDS");
    for (size_t i = 0; i < cli_program.command_count; i++) {
        printf(".TP\n.BR %s\\-%s (1)\n", cli_program.name, cli_program.commands[i]->name);
        put(cli_program.commands[i]->summary);
        putchar('\n');
    }
    puts(".SH NOTES\n.nf");
    put(cli_program.closing + strspn(cli_program.closing, "\n"));
    puts(".fi");
}

void cli_print_man(const cli_command *command)
{
    if (command != NULL)
        print_command(command);
    else
        print_program();
}
