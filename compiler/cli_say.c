/* What a program says on standard error: complaints, with what to do about them, and remarks. Names in them
 * come from files and from the network, so that all is shown through cli_safe: no name can move the cursor of
 * who reads.
 *
 * A program that tells its failures as JSON (cli_program_info.failed) is told what was complained of at the
 * end of the command, once, with the status that fits; nothing is written to standard error then. Which of
 * both it is, is as global as standard error itself.
 */
#define _POSIX_C_SOURCE 200809L
#include "cli.h"

#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Complaints are cut there. */
#define TEXT_MAX 8192

static struct {
    bool held; /* for cli_program.failed */
    const char *status;
    char text[TEXT_MAX], hint[TEXT_MAX];
} told;

/* ---- text of others ---- */

/* Control characters, also those of the second half (0x80 to 0x9f), and what turns the direction of writing.
 */
static bool is_harmful(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

size_t cli_shown(const char *text, char shown[CLI_SHOWN], unsigned *columns)
{
    const unsigned char *at = (const unsigned char *)text;
    const size_t size = utf8_length(at, strnlen(text, 4));
    const uint32_t character = size > 0 ? utf8_character(at, size) : at[0];

    if (size > 0 && !is_harmful(character)) {
        *columns = utf8_columns(character);
        memcpy(shown, text, size);
        shown[size] = '\0';
    } else {
        *columns = (unsigned)snprintf(shown, CLI_SHOWN, character < 0x100 ? "\\x%02x" : "\\u%04x",
                                      (unsigned)character);
    }
    return size > 0 ? size : 1;
}

void cli_safe(FILE *file, const char *text)
{
    char shown[CLI_SHOWN];
    unsigned columns;

    while (*text != '\0') {
        text += cli_shown(text, shown, &columns);
        fputs(shown, file);
    }
}

void cli_safe_lines(FILE *file, const char *text)
{
    char shown[CLI_SHOWN];
    unsigned columns;

    for (; *text != '\0'; text += *text == '\n') {
        while (*text != '\0' && *text != '\n') {
            text += cli_shown(text, shown, &columns);
            fputs(shown, file);
        }
        if (*text == '\n')
            fputc('\n', file);
    }
}

/* ---- complaints ---- */

static void keep(char to[TEXT_MAX], const char *text)
{
    const size_t used = strlen(to);

    (void)snprintf(to + used, TEXT_MAX - used, "%s%s", used > 0 ? "\n" : "", text);
}

/* `where` more is told, or NULL. */
static void complain(const char *where, const char *format, va_list arguments)
{
    char text[TEXT_MAX], *hint;

    (void)vsnprintf(text, sizeof text, format, arguments);
    hint = strchr(text, CLI_HINT[0]);
    if (hint != NULL)
        *hint++ = '\0';
    if (told.held) {
        keep(told.text, text);
        if (hint != NULL || where != NULL)
            keep(told.hint, hint != NULL ? hint : where);
        return;
    }
    (void)fflush(stdout); /* where both go to one file, in the order they were written */
    fprintf(stderr, "%s: ", cli_program.name);
    cli_safe_lines(stderr, text);
    if (hint != NULL) {
        fputs(text[strcspn(text, "\n")] == '\0' ? "; " : "\n", stderr);
        cli_safe_lines(stderr, hint);
    }
    fputc('\n', stderr);
    if (where != NULL) {
        cli_safe_lines(stderr, where);
        fputc('\n', stderr);
    }
}

void cli_complain(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    complain(NULL, format, arguments);
    va_end(arguments);
}

int cli_usage(const cli_command *command, const char *format, ...)
{
    char where[160];
    va_list arguments;

    (void)snprintf(where, sizeof where, "'%s %s --help' shows what it takes", cli_program.name,
                   command->name);
    va_start(arguments, format);
    complain(where, format, arguments);
    va_end(arguments);
    return CLI_USAGE;
}

int cli_mistake(const char *where, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    complain(where, format, arguments);
    va_end(arguments);
    return CLI_USAGE;
}

void cli_remark(const char *format, ...)
{
    char text[TEXT_MAX];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)fflush(stdout);
    cli_safe_lines(stderr, text);
    fputc('\n', stderr);
}

int cli_out_of_memory(void)
{
    cli_status("RESOURCE_EXHAUSTED");
    cli_complain("out of memory; of which no run takes more than %zu MiB, enough for files of 8 MB together",
                 ARENA_LIMIT >> 20);
    return CLI_IO;
}

/* ---- failures for programs ---- */

void cli_status(const char *status)
{
    if (told.status == NULL)
        told.status = status;
}

void cli_hold(bool yes)
{
    told.held = yes;
    told.status = NULL;
    told.text[0] = told.hint[0] = '\0';
}

bool cli_holds(void)
{
    return told.held;
}

void cli_let_go(int code)
{
    static const char *const usual[] = {
        [CLI_DONE] = "OK",
        [CLI_MISTAKES] = "FAILED_PRECONDITION",
        [CLI_USAGE] = "INVALID_ARGUMENT",
        [CLI_IO] = "UNAVAILABLE",
    };

    if (!told.held || told.text[0] == '\0')
        return;
    if (code != CLI_DONE)
        (cli_program.failed)(told.status != NULL ? told.status : usual[code], told.text, told.hint);
    else
        cli_remark("%s", told.text); /* it was none that failed */
    cli_hold(true);
}
