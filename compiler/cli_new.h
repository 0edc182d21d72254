/* Writing files that must not be there yet: all of them, or none. */
#ifndef CLI_NEW_H
#define CLI_NEW_H

#include "arena.h"

typedef struct cli_new_file {
    const char *path, *data;
    size_t size;
} cli_new_file;

/* The exit code; CLI_IO where one of them is there, and then nothing is written. */
int cli_write_new(arena *memory, const cli_new_file *files, size_t count);

#endif
