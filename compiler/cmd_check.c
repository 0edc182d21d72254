/* aegisc check: look for mistakes, write nothing. */
#include "cli_commands.h"
#include "cli_compile.h"

typedef struct request {
    cli_compile_options compile;
} request;

static int run(cli *line, void *data)
{
    const request *r = (const request *)data;
    compile c;
    int code;

    cli_compile_init(&c, &r->compile);
    code = cli_compile_files(&c, &r->compile, &line->arguments);
    compile_free(&c);
    return code;
}

static const cli_option options[] = {CLI_COMPILE_OPTIONS(request, compile)};

const cli_command cmd_check = {
    .name = "check",
    .summary = "looks for mistakes and writes nothing",
    .takes = "FILE.aegis...",
    .about = "Reads each file and what it imports, and reports every mistake of all of them in one run.",
    .examples = "  aegisc check shop.aegis\n"
                "  aegisc check -I idl services/*.aegis\n",
    .failure = "mistakes in the input",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .least = 1,
    .most = CLI_ANY,
    .on_missing = "which file?",
    .run = run,
};
