/* See cli_new.h. */
#define _POSIX_C_SOURCE 200809L
#include "cli_new.h"

#include "cli.h"
#include "output.h"

#include <sys/stat.h>

int cli_write_new(arena *memory, const cli_new_file *files, size_t count)
{
    outputs out = {.memory = memory};
    bool good = true, free_to_write = true;

    for (size_t i = 0; i < count; i++) {
        struct stat about;

        if (lstat(files[i].path, &about) == 0) {
            cli_complain("'%s' is there already", files[i].path);
            free_to_write = false;
        }
    }
    if (!free_to_write) {
        cli_complain("nothing was written");
        return CLI_IO;
    }
    for (size_t i = 0; i < count && good; i++)
        good = outputs_put(&out, files[i].path, files[i].data, files[i].size);
    good = good && outputs_commit(&out);
    if (!good && out.error != NULL)
        cli_complain("%s", out.error);
    outputs_abandon(&out);
    return good ? CLI_DONE : out.error != NULL ? CLI_IO : cli_out_of_memory();
}
