/* aegisc. Which command is meant is cli_main.c's, reading its options cli.c's, what it does stands in
 * cmd_NAME.c.
 *
 * A command line that names no command generates: `aegisc -o gen shop.aegis`.
 */
#include "cli_commands.h"

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

const cli_program_info cli_program = {
    .name = "aegisc",
    .version = AEGISC_VERSION,
    .summary = "compiles .aegis files, which describe services, to C",
    .commands = commands,
    .command_count = CLI_COUNT(commands),
    .fallback = &cmd_generate,
    .takes = "[COMMAND] [options] ...",
    .closing = closing,
    .io = "a file that cannot be read or written",
};

int main(int argc, char **argv)
{
    return cli_main(argc, argv);
}
