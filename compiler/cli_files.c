/* Walking folders for .aegis files. Links to folders are not followed, so the walk ends. */
#define _POSIX_C_SOURCE 200809L
#include "cli_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define EXTENSION ".aegis"

/* Folders within folders. */
#define DEPTH_MAX 64

bool cli_is_folder(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static int append(cli *line, cli_list *list, const char *text)
{
    const char **items = (const char **)arena_grow(&line->memory, list->items, list->count, sizeof *items);

    if (items == NULL || text == NULL)
        return cli_out_of_memory();
    list->items = items;
    list->items[list->count++] = text;
    return CLI_DONE;
}

static int compare(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The names in a folder, sorted, without hidden ones. */
static int read_folder(cli *line, const char *path, cli_list *names)
{
    DIR *folder = opendir(path);
    int code = CLI_DONE;

    if (folder == NULL) {
        cli_complain("cannot read the folder '%s': %s", path, strerror(errno));
        return CLI_IO;
    }
    for (const struct dirent *entry; code == CLI_DONE && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] != '.')
            code = append(line, names, arena_strdup(&line->memory, entry->d_name));
    }
    (void)closedir(folder);
    if (names->count > 1)
        qsort(names->items, names->count, sizeof *names->items, compare);
    return code;
}

static bool is_schema(const char *name)
{
    const size_t length = strlen(name), end = strlen(EXTENSION);

    return length > end && strcmp(name + length - end, EXTENSION) == 0;
}

static int walk(cli *line, const char *path, unsigned depth, cli_list *files)
{
    const char *joint = path[0] != '\0' && path[strlen(path) - 1] == '/' ? "" : "/";
    cli_list names = {0};
    int code = read_folder(line, path, &names);

    for (size_t i = 0; code == CLI_DONE && i < names.count; i++) {
        const char *below = strcmp(path, ".") == 0
                                ? names.items[i]
                                : arena_printf(&line->memory, "%s%s%s", path, joint, names.items[i]);
        struct stat about;

        if (below == NULL)
            return cli_out_of_memory();
        if (lstat(below, &about) != 0)
            continue;
        if (S_ISDIR(about.st_mode)) {
            if (depth == DEPTH_MAX) {
                cli_complain("the folders in '%s' are nested more than %d deep", path, DEPTH_MAX);
                return CLI_IO;
            }
            code = walk(line, below, depth + 1, files);
        } else if (is_schema(below)) {
            code = append(line, files, below);
        }
    }
    return code;
}

int cli_find_files(cli *line, const char *path, cli_list *files)
{
    const size_t before = files->count;
    int code;

    if (!cli_is_folder(path))
        return append(line, files, path);
    code = walk(line, path, 0, files);
    if (code == CLI_DONE && files->count == before) {
        cli_complain("there is no .aegis file in '%s'", path);
        return CLI_IO;
    }
    return code;
}
