/* Schemas of another revision: what `git:REF` names, read from git's objects; nothing is checked out. */
#ifndef CLI_GIT_H
#define CLI_GIT_H

#include "cli.h"
#include "source.h"

/* The folder of a repository that contains `folder`, and where in it that is. */
typedef struct cli_repository {
    const char *top;    /* "/home/ada/shop" */
    const char *prefix; /* "idl/", "" at the top */
} cli_repository;

/* The exit code; what is wrong is said unless `quiet`. */
int cli_git_find(cli *line, const char *folder, bool quiet, cli_repository *out);

/* Put every .aegis file of the revision into `files`, as memory below `root`, "git:v1:", and note that root
 * there. */
int cli_git_load(cli *line, const cli_repository *repository, const char *revision, const char *root,
                 sources *files);

#endif
