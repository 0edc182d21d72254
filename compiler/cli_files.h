/* Schemas that a command line names: files, and folders with all .aegis files below them. */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include "cli.h"

/* Whether the path leads to a folder. */
bool cli_is_folder(const char *path);
/* Append `path`, or, where it is a folder, every .aegis file below it in the order of their names; hidden
 * folders and links to folders are left out. The exit code; what cannot be read is said. */
int cli_find_files(cli *line, const char *path, cli_list *files);

#endif
