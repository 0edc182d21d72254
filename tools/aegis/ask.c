/* A question on the terminal; it goes to standard error, since standard output may be a file. */
#define _POSIX_C_SOURCE 200809L
#include "ask.h"

#include <stdarg.h>
#include <unistd.h>

int ask_first(const session *s, bool yes, const char *format, ...)
{
    va_list arguments;
    char answer[16];

    if (yes)
        return CLI_DONE;
    if (isatty(STDIN_FILENO) == 0)
        return cli_usage(s->line->command, "nobody can be asked whether this is meant" CLI_HINT "say --yes");
    (void)fflush(stdout); /* what is asked about is seen first */
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputs("? [y/N] ", stderr);
    if (fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y'))
        return CLI_DONE;
    cli_status("ABORTED");
    cli_complain("nothing was changed");
    return CLI_MISTAKES;
}
