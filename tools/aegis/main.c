/* aegis: the operator's command line. What a command takes and does stands in cmd_NAME.c; the options that
 * all of them share in session.h.
 */
#include <string.h>

#include "outcome.h"

#include "commands.h"
#include "complete.h"

/* In the order of help: what one does first comes first. */
static const cli_command *const commands[] = {
    &cmd_call,  &cmd_send, &cmd_emit,   &cmd_watch,  &cmd_ls,    &cmd_info,
    &cmd_stats, &cmd_top,  &cmd_map,    &cmd_mock,   &cmd_plan,  &cmd_apply,
    &cmd_check, &cmd_dlq,  &cmd_record, &cmd_replay, &cmd_bench, &cmd_completion,
};

static const char closing[] =
    "\n"
    "'aegis help COMMAND' tells more about one. The server is -s URL, or the environment's\n"
    "AEGIS_URL or NATS_URL, or nats://127.0.0.1:4222.\n"
    "\n"
    "exit codes:\n"
    "  0  done\n"
    "  1  what was asked for failed\n"
    "  2  a mistake in the command line\n"
    "  3  no server, or a file that cannot be read or written\n";

const cli_program_info cli_program = {
    .name = "aegis",
    .version = AEGISC_VERSION,
    .summary = "speaks to services, looks at them and keeps them well",
    .commands = commands,
    .command_count = CLI_COUNT(commands),
    .takes = "COMMAND [options] ...",
    .closing = closing,
    .failed = outcome_failed,
    .io = "no server, or a file that cannot be read or written",
};

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "complete") == 0)
        return complete(argc - 2, argv + 2); /* asked by shells, not by people */
    return cli_main(argc, argv);
}
