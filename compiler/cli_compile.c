/* Compiling what a command line names, and printing the reports. */
#define _POSIX_C_SOURCE 200809L
#include "cli_compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Escapes where a person reads; https://no-color.org asks for the second condition. */
static bool in_colour(void)
{
    const char *unwanted = getenv("NO_COLOR");

    return isatty(STDERR_FILENO) != 0 && (unwanted == NULL || unwanted[0] == '\0');
}

void cli_compile_init(compile *c, const cli_compile_options *options)
{
    compile_init(c, options->includes.items, options->includes.count);
}

/* Text is for a person and goes to standard error; what a program reads is what was asked for. */
int cli_report(diags *reports, const cli_compile_options *options)
{
    const char *form = options->diagnostics != NULL ? options->diagnostics : "text";
    const bool is_text = strcmp(form, "text") == 0;
    const char *text = is_text                     ? diag_format(reports, in_colour())
                       : strcmp(form, "json") == 0 ? diag_format_json(reports)
                                                   : diag_format_sarif(reports, AEGISC_VERSION);

    if (text == NULL || reports->memory->failed)
        return cli_out_of_memory();
    fputs(text, is_text ? stderr : stdout);
    return CLI_DONE;
}

int cli_compile_files(compile *c, const cli_compile_options *options, const cli_list *files)
{
    bool good = true;
    int code;

    for (size_t i = 0; i < files->count; i++)
        good = frontend_compile(c, files->items[i]) && good;
    code = cli_report(&c->reports, options);
    if (code != CLI_DONE || good)
        return code;
    return c->io_failed ? CLI_IO : CLI_MISTAKES;
}
