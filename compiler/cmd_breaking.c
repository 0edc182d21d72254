/* aegisc breaking: what the new version of a schema breaks for programs built from the old one. */
#define _POSIX_C_SOURCE 200809L
#include "cli_commands.h"
#include "cli_compile.h"
#include "cli_files.h"
#include "cli_git.h"
#include "cli_rules.h"
#include "compat.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct request {
    cli_compile_options compile;
    cli_list allow, deny, only;
    bool list_rules;
} request;

/* One of the two versions while it is read. */
typedef struct version {
    compile c;
    compat_version view;
    const char *name; /* as written */
    cli_list includes, files;
} version;

static const char git_scheme[] = "git:";

static bool is_git(const char *name)
{
    return strncmp(name, git_scheme, sizeof git_scheme - 1) == 0;
}

static bool append(cli *line, cli_list *list, const char *text)
{
    const char **items = (const char **)arena_grow(&line->memory, list->items, list->count, sizeof *items);

    if (items == NULL || text == NULL)
        return false;
    list->items = items;
    list->items[list->count++] = text;
    return true;
}

/* ---- files and folders ---- */

/* "idl/" for "idl/shop.aegis", "" for "shop.aegis". */
static const char *folder_of(cli *line, const char *path)
{
    const char *slash = strrchr(path, '/');

    return arena_copy(&line->memory, path, slash == NULL ? 0 : (size_t)(slash - path) + 1);
}

/* A folder with '/' at the end, "" for the current one. */
static const char *as_root(cli *line, const char *folder)
{
    const size_t length = strlen(folder);

    if (strcmp(folder, ".") == 0)
        return "";
    return arena_printf(&line->memory, "%s%s", folder, length > 0 && folder[length - 1] == '/' ? "" : "/");
}

static int find_on_disk(cli *line, const request *r, version *v)
{
    const bool folder = cli_is_folder(v->name);

    v->view.is_file = !folder;
    v->view.root = folder ? as_root(line, v->name) : folder_of(line, v->name);
    if (v->view.root == NULL || (folder && !append(line, &v->includes, v->name)))
        return cli_out_of_memory();
    for (size_t i = 0; i < r->compile.includes.count; i++) {
        if (!append(line, &v->includes, r->compile.includes.items[i]))
            return cli_out_of_memory();
    }
    return cli_find_files(line, v->name, &v->files);
}

/* ---- git ---- */

/* `git:REF` or `git:REF:PATH`. */
typedef struct revision {
    const char *name, *path; /* PATH or NULL */
    const char *root;        /* "git:REF:" */
    cli_repository repository;
} revision;

static int read_revision(cli *line, const char *name, revision *out)
{
    const char *text = name + sizeof git_scheme - 1;
    const size_t length = strcspn(text, ":");

    out->name = arena_copy(&line->memory, text, length);
    out->path = text[length] == ':' ? text + length + 1 : NULL;
    if (length == 0 || text[0] == '-')
        return cli_usage(line->command, "'%s' names no revision; write git:REF, such as git:origin/main",
                         name);
    out->root = out->name == NULL ? NULL : arena_printf(&line->memory, "%s%s:", git_scheme, out->name);
    return out->root == NULL ? cli_out_of_memory() : CLI_DONE;
}

/* Where imports are looked for in the revision: in the folders of the repository that -I names, as they were.
 */
static int include_revision(cli *line, const request *r, const revision *rev, version *v)
{
    for (size_t i = 0; i < r->compile.includes.count; i++) {
        const char *folder = r->compile.includes.items[i], *mapped = folder;
        cli_repository other = {0};

        if (cli_git_find(line, folder, true, &other) == CLI_DONE &&
            strcmp(other.top, rev->repository.top) == 0)
            mapped = arena_printf(&line->memory, "%s%s", rev->root, other.prefix);
        if (!append(line, &v->includes, mapped))
            return cli_out_of_memory();
    }
    return CLI_DONE;
}

/* Which files of the revision are meant: the one at the path, or all below it. */
static int select_files(cli *line, const revision *rev, const char *path, version *v)
{
    const char *full = arena_printf(&line->memory, "%s%s", rev->root, path);
    const char *below = path[0] == '\0' ? full : arena_printf(&line->memory, "%s/", full);
    bool is_file = false;

    if (full == NULL || below == NULL)
        return cli_out_of_memory();
    for (size_t i = 0; i < v->c.files.count; i++) {
        const char *name = v->c.files.files[i].path;

        is_file = is_file || strcmp(name, full) == 0;
        if ((strcmp(name, full) == 0 || strncmp(name, below, strlen(below)) == 0) &&
            !append(line, &v->files, name))
            return cli_out_of_memory();
    }
    if (v->files.count == 0) {
        cli_complain("revision '%s' has no .aegis file at '%s'", rev->name, path[0] == '\0' ? "." : path);
        return CLI_IO;
    }
    v->view.root = is_file ? folder_of(line, full) : below;
    /* A file at the top: what stands before its name is the root of the revision, not a part of REF. */
    if (is_file && strchr(path, '/') == NULL)
        v->view.root = rev->root;
    if (v->view.root == NULL)
        return cli_out_of_memory();
    v->view.is_file = is_file;
    if (is_file)
        return CLI_DONE;
    return append(line, &v->includes, full) ? CLI_DONE : cli_out_of_memory();
}

/* Where in the repository something on disk lies, without '/' at the end: "idl/shop.aegis". */
static const char *path_in(cli *line, const cli_repository *repository, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
    const size_t prefix = strlen(repository->prefix);

    if (!cli_is_folder(path))
        return arena_printf(&line->memory, "%s%s", repository->prefix, name);
    return arena_copy(&line->memory, repository->prefix, prefix > 0 ? prefix - 1 : 0);
}

/* `beside`: what the other version names, in whose repository the revision is looked for. */
static int find_in_git(cli *line, const request *r, version *v, const char *beside)
{
    const char *here = is_git(beside) ? "." : beside, *folder, *path;
    revision rev = {0};
    int code = read_revision(line, v->name, &rev);

    if (code != CLI_DONE)
        return code;
    folder = cli_is_folder(here) ? here : folder_of(line, here);
    if (folder == NULL)
        return cli_out_of_memory();
    code = cli_git_find(line, folder[0] == '\0' ? "." : folder, false, &rev.repository);
    if (code == CLI_DONE)
        code = cli_git_load(line, &rev.repository, rev.name, rev.root, &v->c.files);
    if (code != CLI_DONE)
        return code;
    path = rev.path != NULL ? rev.path : path_in(line, &rev.repository, here);
    code = path != NULL ? select_files(line, &rev, path, v) : cli_out_of_memory();
    return code == CLI_DONE ? include_revision(line, r, &rev, v) : code;
}

/* ---- a version ---- */

static int compile_version(const request *r, version *v)
{
    bool good = true;
    int code;

    v->c.files.include_dirs = v->includes.items;
    v->c.files.include_count = v->includes.count;
    for (size_t i = 0; i < v->files.count; i++)
        good = frontend_compile(&v->c, v->files.items[i]) && good;
    if (good)
        return CLI_DONE;
    code = cli_report(&v->c.reports, &r->compile);
    if (code != CLI_DONE)
        return code;
    if (!v->c.io_failed)
        cli_complain("'%s' has mistakes, so there is nothing to compare", v->name);
    return v->c.io_failed ? CLI_IO : CLI_MISTAKES;
}

static int read_version(cli *line, const request *r, version *v, const char *beside)
{
    int code;

    compile_init(&v->c, NULL, 0);
    v->view.c = &v->c;
    if (!is_git(v->name) && access(v->name, R_OK) != 0) {
        cli_complain("'%s' cannot be read: %s", v->name, strerror(errno));
        return CLI_IO;
    }
    code = is_git(v->name) ? find_in_git(line, r, v, beside) : find_on_disk(line, r, v);
    return code == CLI_DONE ? compile_version(r, v) : code;
}

/* ---- the comparison ---- */

static int read_rules(cli *line, const request *r, rule_set *rules)
{
    static const struct {
        const char *name;
        unsigned bit;
    } classes[] = {{"wire", RULE_WIRE}, {"source", RULE_SOURCE}, {"behaviour", RULE_BEHAVIOUR}};

    if (!rules_init(rules, &line->memory, RULE_WIRE | RULE_SOURCE | RULE_BEHAVIOUR))
        return cli_out_of_memory();
    for (size_t i = 0; i < r->only.count; i++) {
        rules->only = i == 0 ? 0 : rules->only;
        for (size_t k = 0; k < CLI_COUNT(classes); k++)
            rules->only |= strcmp(r->only.items[i], classes[k].name) == 0 ? classes[k].bit : 0u;
    }
    return cli_read_rules(line, rules, &r->allow, &r->deny);
}

/* What cannot be meant is said before anything is read. */
static int check_name(cli *line, const char *name)
{
    revision rev = {0};

    return is_git(name) ? read_revision(line, name, &rev) : CLI_DONE;
}

static int compare(cli *line, const request *r, const rule_set *rules, version *old, version *now)
{
    diags findings = {.memory = &now->c.memory, .files = &now->c.files, .cap = SIZE_MAX};
    int code = check_name(line, old->name);

    if (code == CLI_DONE)
        code = check_name(line, now->name);
    if (code == CLI_DONE)
        code = read_version(line, r, now, old->name);
    if (code == CLI_DONE)
        code = read_version(line, r, old, now->name);
    if (code != CLI_DONE)
        return code;
    if (!compat_run(&old->view, &now->view, rules, &findings))
        return cli_out_of_memory();
    code = cli_report(&findings, &r->compile);
    if (code == CLI_DONE && findings.errors > 0)
        return CLI_MISTAKES;
    return code;
}

static int run(cli *line, void *data)
{
    const request *r = (const request *)data;
    version old = {0}, now = {0};
    rule_set rules;
    int code;

    if (r->list_rules) {
        cli_list_rules(RULE_WIRE | RULE_SOURCE | RULE_BEHAVIOUR);
        return CLI_DONE;
    }
    if (line->arguments.count < 2)
        return cli_usage(line->command, "which two versions? the old one first");
    code = read_rules(line, r, &rules);
    if (code != CLI_DONE)
        return code;
    old.name = line->arguments.items[0];
    now.name = line->arguments.items[1];
    code = compare(line, r, &rules, &old, &now);
    compile_free(&old.c);
    compile_free(&now.c);
    return code;
}

static const cli_option options[] = {
    {"--allow", "RULE", CLI_LIST, offsetof(request, allow),
     "leave out what this rule finds; RULE:NAME only about NAME,\nsuch as bounds-widened:shop.Order.items"},
    {"--deny", "RULE", CLI_LIST, offsetof(request, deny), "what this rule finds is an error, not a warning"},
    {"--only", "wire|source|behaviour", CLI_LIST, offsetof(request, only),
     "look for this class of breakage; may be given again"},
    {"--list-rules", NULL, CLI_FLAG, offsetof(request, list_rules), "print the rules and compare nothing"},
    CLI_COMPILE_OPTIONS(request, compile)};

const cli_command cmd_breaking = {
    .name = "breaking",
    .summary = "tells what a new version of a schema breaks",
    .takes = "OLD NEW",
    .about =
        "Compares two versions and reports what programs built from the old one would suffer: WIRE, the\n"
        "two do not understand each other; SOURCE, their C code does not compile; BEHAVIOUR, the same\n"
        "means something else. OLD and NEW are files, or folders with all .aegis files below them.\n"
        "git:REF is the same file or folder at that revision, git:REF:PATH another one; nothing is\n"
        "checked out. docs/EVOLUTION.md tells which changes are safe.",
    .examples = "  aegisc breaking old/shop.aegis shop.aegis\n"
                "  aegisc breaking git:origin/main idl\n"
                "  aegisc breaking --only wire --allow bounds-widened git:v1.2 idl\n",
    .failure = "something breaks",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .least = 0,
    .most = 2,
    .on_missing = "which two versions?",
    .run = run,
};
