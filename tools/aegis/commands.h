/* The commands of `aegis`, in the table of main.c. */
#ifndef AEGIS_TOOL_COMMANDS_H
#define AEGIS_TOOL_COMMANDS_H

#include "cli.h"

extern const cli_command cmd_call, cmd_send, cmd_emit, cmd_watch, cmd_mock, cmd_completion;
extern const cli_command cmd_dlq;
extern const cli_command cmd_ls;
extern const cli_command cmd_info;
extern const cli_command cmd_map;
extern const cli_command cmd_stats;
extern const cli_command cmd_top;
extern const cli_command cmd_bench;
extern const cli_command cmd_apply;
extern const cli_command cmd_check;
extern const cli_command cmd_plan;
extern const cli_command cmd_record;
extern const cli_command cmd_replay;

#endif
