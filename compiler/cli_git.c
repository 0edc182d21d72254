/* git as a library of old versions: three questions to its command line, which knows every way a repository
 * can be stored. The environment of a hook, GIT_DIR and so on, is kept from it: the repository is the one the
 * files lie in.
 */
#include "cli_git.h"

#include "cli_process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EXTENSION ".aegis"

static const char *const of_hooks[] = {"GIT_DIR",    "GIT_WORK_TREE",  "GIT_INDEX_FILE",
                                       "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
                                       NULL};

/* The first line git complained with, without its "fatal: ". */
static const char *complaint_of(cli *line, const cli_process *git)
{
    static const char fatal[] = "fatal: ";
    const char *text = arena_copy(&line->memory, git->complaint, strcspn(git->complaint, "\n"));

    if (text == NULL || text[0] == '\0')
        return "it does not say why";
    return strncmp(text, fatal, sizeof fatal - 1) == 0 ? text + sizeof fatal - 1 : text;
}

/* Run git; a failure to run at all is said. */
static bool run(cli *line, cli_process *git)
{
    git->without = of_hooks;
    if (!cli_process_run(&line->memory, git)) {
        cli_complain("cannot run git: %s", strerror(errno));
        return false;
    }
    if (git->exit_code == 127) {
        cli_complain("cannot run git, which git:REF needs: is it installed?");
        return false;
    }
    return true;
}

/* The next line of what git printed, "" at the end. */
static const char *next_line(cli *line, char **at)
{
    const size_t length = strcspn(*at, "\n");
    const char *text = arena_copy(&line->memory, *at, length);

    *at += length + ((*at)[length] == '\n' ? 1 : 0);
    return text != NULL ? text : "";
}

int cli_git_find(cli *line, const char *folder, bool quiet, cli_repository *out)
{
    const char *const arguments[] = {"git",           "-C", folder, "rev-parse", "--show-toplevel",
                                     "--show-prefix", NULL};
    cli_process git = {.arguments = arguments};
    char *at;

    if (!run(line, &git))
        return CLI_IO;
    if (git.exit_code != 0) {
        if (!quiet)
            cli_complain("'%s' is in no git repository that can be read: %s", folder,
                         complaint_of(line, &git));
        return CLI_IO;
    }
    at = git.output;
    out->top = next_line(line, &at);
    out->prefix = next_line(line, &at);
    return line->memory.failed ? cli_out_of_memory() : CLI_DONE;
}

/* Files of a revision, in the order of git's list. */
typedef struct blobs {
    const char **ids, **paths;
    size_t count;
} blobs;

static bool add_blob(cli *line, blobs *list, const char *id, const char *path)
{
    const char **ids = (const char **)arena_grow(&line->memory, list->ids, list->count, sizeof *ids);
    const char **paths = (const char **)arena_grow(&line->memory, list->paths, list->count, sizeof *paths);

    if (ids == NULL || paths == NULL || id == NULL)
        return false;
    list->ids = ids;
    list->paths = paths;
    ids[list->count] = id;
    paths[list->count++] = path;
    return true;
}

/* "100644 blob ID\tPATH", each entry ended by a NUL. Links and submodules are left out. */
static bool read_entry(cli *line, const char *entry, blobs *list)
{
    static const char plain[] = "100";
    const char *tab = strchr(entry, '\t'), *id = strstr(entry, " blob ");
    const size_t length = strlen(entry), end = strlen(EXTENSION);

    if (tab == NULL || id == NULL || id > tab || strncmp(entry, plain, sizeof plain - 1) != 0 ||
        length < end || strcmp(entry + length - end, EXTENSION) != 0)
        return true;
    id += strlen(" blob ");
    return add_blob(line, list, arena_copy(&line->memory, id, (size_t)(tab - id)), tab + 1);
}

static int list_blobs(cli *line, const cli_repository *repository, const char *revision, blobs *list)
{
    const char *tree = arena_printf(&line->memory, "%s^{tree}", revision);
    const char *const arguments[] = {"git", "-C", repository->top, "ls-tree", "-r", "-z", "--full-tree",
                                     tree,  NULL};
    cli_process git = {.arguments = arguments};

    if (tree == NULL)
        return cli_out_of_memory();
    if (!run(line, &git))
        return CLI_IO;
    if (git.exit_code != 0) {
        cli_complain("git knows no revision '%s': %s", revision, complaint_of(line, &git));
        return CLI_IO;
    }
    for (const char *entry = git.output; entry < git.output + git.output_size; entry += strlen(entry) + 1) {
        if (!read_entry(line, entry, list))
            return cli_out_of_memory();
    }
    return CLI_DONE;
}

/* "ID blob SIZE\n", the contents, "\n", for each id that was asked for. */
static int read_blobs(cli *line, const cli_process *git, const blobs *list, const char *root, sources *files)
{
    const char *at = git->output, *end = git->output + git->output_size;

    for (size_t i = 0; i < list->count; i++) {
        const char *head_end = (const char *)memchr(at, '\n', (size_t)(end - at));
        const char *size_at = head_end == NULL ? NULL : strstr(at, " blob ");
        const char *name = arena_printf(&line->memory, "%s%s", root, list->paths[i]);
        size_t size;

        if (size_at == NULL || size_at > head_end) {
            cli_complain("git could not read '%s'", list->paths[i]);
            return CLI_IO;
        }
        size = strtoul(size_at + strlen(" blob "), NULL, 10);
        if (size > (size_t)(end - head_end) - 1 || size > SOURCE_MAX) {
            cli_complain("'%s' is larger than 16 MiB in that revision", list->paths[i]);
            return CLI_IO;
        }
        if (name == NULL || !source_add_text(files, name, head_end + 1, size))
            return cli_out_of_memory();
        at = head_end + 1 + size + 1;
    }
    return CLI_DONE;
}

int cli_git_load(cli *line, const cli_repository *repository, const char *revision, const char *root,
                 sources *files)
{
    const char *const arguments[] = {"git", "-C", repository->top, "cat-file", "--batch", NULL};
    cli_process git = {.arguments = arguments};
    blobs list = {0};
    char *input, *at;
    size_t size = 0;
    int code = list_blobs(line, repository, revision, &list);

    files->memory_root = root;
    if (code != CLI_DONE || list.count == 0)
        return code;
    for (size_t i = 0; i < list.count; i++)
        size += strlen(list.ids[i]) + 1;
    input = at = (char *)arena_alloc(&line->memory, size + 1);
    if (input == NULL)
        return cli_out_of_memory();
    for (size_t i = 0; i < list.count; i++) {
        const size_t length = strlen(list.ids[i]);

        memcpy(at, list.ids[i], length);
        at[length] = '\n';
        at += length + 1;
    }
    git.input = input;
    git.input_size = size;
    if (!run(line, &git))
        return CLI_IO;
    if (git.exit_code != 0) {
        cli_complain("git cannot read '%s': %s", revision, complaint_of(line, &git));
        return CLI_IO;
    }
    return read_blobs(line, &git, &list, root, files);
}
