/* Running another program, without a shell, and reading what it prints. */
#ifndef CLI_PROCESS_H
#define CLI_PROCESS_H

#include "arena.h"

typedef struct cli_process {
    const char *const *arguments; /* the program first, found along PATH; NULL at the end */
    const char *input;            /* for its standard input; NULL: none */
    size_t input_size;
    const char *const *without; /* names of the environment it does not see; NULL at the end */
    /* When it has run: what it printed, NUL-terminated, in the arena. */
    char *output;
    size_t output_size;
    char *complaint; /* standard error */
    int exit_code;   /* 127: the program could not be run */
} cli_process;

/* False when it could not be started or read; `errno` says why. */
bool cli_process_run(arena *memory, cli_process *process);

#endif
