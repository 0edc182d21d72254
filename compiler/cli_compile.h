/* What the commands that compile share: -I, --diagnostics, and saying what was found. */
#ifndef CLI_COMPILE_H
#define CLI_COMPILE_H

#include "cli.h"
#include "frontend.h"

/* The member `compile` of a command's struct, filled by CLI_COMPILE_OPTIONS. */
typedef struct cli_compile_options {
    cli_list includes;
    const char *diagnostics; /* "text", "json" or "sarif"; NULL: text */
} cli_compile_options;

#define CLI_COMPILE_OPTIONS(type, member)                                                                    \
    {"-I", "DIR", CLI_LIST, offsetof(type, member) + offsetof(cli_compile_options, includes),                \
     "where imports are looked for, after the importing file's\nown folder; may be given again"},            \
    {                                                                                                        \
        "--diagnostics", "text|json|sarif", CLI_TEXT,                                                        \
            offsetof(type, member) + offsetof(cli_compile_options, diagnostics),                             \
            "how mistakes are reported: text (the default) on standard\nerror; json, an object a line, or "  \
            "a "                                                                                             \
            "SARIF 2.1.0 log on\nstandard output"                                                            \
    }

/* Start a compile that looks for imports where the options say. */
void cli_compile_init(compile *c, const cli_compile_options *options);
/* Compile the files and say what was found; the exit code. Warnings are none. */
int cli_compile_files(compile *c, const cli_compile_options *options, const cli_list *files);
/* Say what is in the reports, in the form the options ask for. CLI_IO without memory, else CLI_DONE. */
int cli_report(diags *reports, const cli_compile_options *options);

#endif
