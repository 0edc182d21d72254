/* The commands of aegisc, in the table of main.c. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli.h"

extern const cli_command cmd_generate, cmd_check, cmd_fmt, cmd_lint, cmd_breaking, cmd_explain, cmd_init;

#endif
