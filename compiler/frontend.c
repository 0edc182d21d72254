/* Which files are compiled, and in what order: a file's imports first, depth first, each file once.
 *
 * Memory: reading and parsing return NULL when it is exhausted, since bison has memory of its own to give
 * back. Checking does not look: the arena's `escape` is set around it, and it owns nothing outside the arena.
 */
#include "frontend.h"

#include "check.h"
#include "parser.h"

#include <string.h>

/* Imports of imports, at most. */
#define IMPORT_DEPTH 64

void compile_init(compile *c, const char *const *include_dirs, size_t include_count)
{
    memset(c, 0, sizeof *c);
    arena_init(&c->memory);
    c->files.memory = &c->memory;
    c->files.include_dirs = include_dirs;
    c->files.include_count = include_count;
    c->reports.memory = &c->memory;
    c->reports.files = &c->files;
}

void compile_free(compile *c)
{
    arena_free(&c->memory);
    memset(c, 0, sizeof *c);
}

/* Run the checker; a failed allocation in it ends it. */
static bool run_checker(unit *u)
{
    arena *memory = &u->c->memory;
    jmp_buf escape;
    volatile bool ok = false;

    if (setjmp(escape) == 0) {
        memory->escape = &escape;
        ok = check_unit(u);
    }
    memory->escape = NULL;
    return ok && !memory->failed;
}

/* ---- where outputs go ---- */

/* A path without the extension of its last part. */
static const char *without_extension(arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    const char *dot = strrchr(name, '.');

    return arena_copy(a, path, dot == NULL || dot == name ? strlen(path) : (size_t)(dot - path));
}

static const char *skip_here(const char *path)
{
    while (path[0] == '.' && path[1] == '/')
        path += path[2] == '/' ? 1 : 2;
    return path;
}

/* What follows the folder in `path`, or NULL when the file is not below it. */
static const char *below(const char *folder, const char *path)
{
    size_t length;

    folder = skip_here(folder);
    path = skip_here(path);
    if (strcmp(folder, ".") == 0 || folder[0] == '\0')
        return path[0] == '/' || strncmp(path, "../", 3) == 0 ? NULL : path;
    length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/')
        length--;
    if (strncmp(path, folder, length) != 0 || path[length] != '/')
        return NULL;
    return path + length + 1;
}

/* "a/b" for "a/x/../b". False when it leads out of where it begins. */
static bool tidy(char *path)
{
    char *out = path;

    for (const char *at = path; *at != '\0';) {
        size_t length = strcspn(at, "/");
        bool up = length == 2 && strncmp(at, "..", 2) == 0, here = length == 1 && *at == '.';
        bool last = at[length] == '\0';

        if (up && out == path)
            return false;
        if (up) {
            out--;
            while (out > path && out[-1] != '/')
                out--;
        } else if (!here && length > 0) {
            memmove(out, at, length);
            out += length;
            if (!last)
                *out++ = '/';
        }
        at += last ? length : length + 1;
    }
    if (out > path && out[-1] == '/')
        out--;
    *out = '\0';
    return true;
}

/* "common/pay" for a file below a folder given with -I, where importers will look for its header; else "pay".
 */
static const char *base_of(compile *c, const char *path)
{
    const char *slash = strrchr(path, '/'), *rest = NULL;
    char *tidied;

    for (size_t i = 0; rest == NULL && i < c->files.include_count; i++)
        rest = below(c->files.include_dirs[i], path);
    tidied = rest == NULL ? NULL : arena_strdup(&c->memory, rest);
    if (tidied == NULL || !tidy(tidied))
        tidied = NULL;
    return without_extension(&c->memory, tidied != NULL ? tidied : slash == NULL ? path : slash + 1);
}

/* Where the outputs of an import are, so that whoever imports it includes its header; "" when that leads out
 * of the folder of outputs, NULL without memory. */
static const char *base_of_import(const unit *u, const ast_node *node, bool beside)
{
    arena *a = &u->c->memory;
    const char *slash = beside ? strrchr(u->package->base, '/') : NULL;
    int folder = slash == NULL ? 0 : (int)(slash - u->package->base) + 1;
    char *path = arena_printf(a, "%.*s%s", folder, u->package->base, node->value->text);

    if (path == NULL)
        return NULL;
    return tidy(path) ? without_extension(a, path) : "";
}

/* The first import to say where its outputs go is heard. */
static void place(unit *u, const char *base)
{
    if (u->placed || base == NULL || *base == '\0')
        return;
    u->package->base = base;
    u->placed = true;
}

/* ---- units ---- */

static unit *new_unit(compile *c, uint32_t file, unit *importer)
{
    unit *u = arena_new(&c->memory, unit);
    schema_package *package = arena_new(&c->memory, schema_package);

    if (u == NULL || package == NULL)
        return NULL;
    u->c = c;
    u->importer = importer;
    u->file = file;
    u->path = c->files.files[file].path;
    u->busy = true;
    u->package = package;
    package->path = u->path;
    package->text = c->files.files[file].text;
    package->text_size = c->files.files[file].length;
    package->base = base_of(c, u->path);
    c->files.files[file].loaded = true;
    return package->base == NULL ? NULL : u;
}

/* ---- imports ---- */

static unit *compile_unit(compile *c, uint32_t file, unit *importer, const char *base);

static bool ends_with(const char *text, const char *end)
{
    return strlen(text) > strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

/* The path becomes the text of an #include, so it is kept plain. */
static bool good_path(const ast_value *path)
{
    for (size_t i = 0; i < path->length; i++) {
        unsigned char c = (unsigned char)path->text[i];

        if (c < 0x20 || c == 0x7f || c == '"' || c == '\\' || c == '*' || c == '?')
            return false;
    }
    return path->text[0] != '/' && ends_with(path->text, ".aegis");
}

/* The schema of another language is meant as it would be called here; what people import from protobuf's own
 * is built in. */
static void suggest_path(diags *d, const ast_node *node)
{
    static const char *const others[] = {".proto", ".thrift", ".fbs", ".avdl", ".capnp", ".ts", ".idl", ".h"};
    const char *path = node->value->text;
    size_t length = strlen(path);

    if (strncmp(path, "google/protobuf/", 16) == 0) {
        diag_add_help(d, "timestamp, duration and any are built in: nothing is imported for them");
        return;
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (ends_with(path, others[i]))
            length = strlen(path) - strlen(others[i]);
    }
    if (*path != '/' && !ends_with(path, ".aegis") && !ends_with(path, "/") && *path != '\0')
        diag_add_fix(d, node->name.where, "\"%.*s.aegis\"", (int)length, path);
}

static bool import_file(unit *u, const ast_node *node, uint32_t *file, bool *beside)
{
    compile *c = u->c;
    const char *why = "no such file";

    if (!good_path(node->value)) {
        diag_report(&c->reports, 305, node->name.where,
                    "an import names a file: a relative path that ends in .aegis");
        suggest_path(&c->reports, node);
        return false;
    }
    switch (source_import(&c->files, u->file, node->value->text, file, beside, &why)) {
    case SOURCE_OK:
        return true;
    case SOURCE_NO_MEMORY:
        return false;
    case SOURCE_MISSING:
        diag_report(&c->reports, 305, node->name.where, "there is no file \"%s\"", node->value->text);
        if (c->files.include_count == 0)
            diag_add_help(&c->reports, "it is looked for beside the importing file; -I names more folders");
        return false;
    default:
        diag_report(&c->reports, 305, node->name.where, "\"%s\" cannot be read: %s", node->value->text, why);
        return false;
    }
}

/* "a.aegis imports b.aegis, which imports a.aegis": how `from` comes to `u`, which wants to import it again.
 */
static const char *chain_text(const unit *u, const unit *from)
{
    arena *a = &u->c->memory;
    const char *text = from->path;

    for (; u != from && text != NULL; u = u->importer)
        text = arena_printf(a, "%s, which imports %s", u->path, text);
    return text == NULL ? "" : arena_printf(a, "%s imports %s", from->path, text);
}

/* Whether importing `file` from `u` would come back to a file that is being compiled; reports it. */
static bool is_cycle(unit *u, const ast_node *node, uint32_t file)
{
    size_t depth = 0;

    for (const unit *at = u; at != NULL; at = at->importer, depth++) {
        if (at->file != file)
            continue;
        diag_report(&u->c->reports, 306, node->name.where,
                    at == u ? "the file imports itself" : "\"%s\" imports this file, directly or not",
                    node->value->text);
        if (at != u)
            diag_add_help(&u->c->reports, "%s", chain_text(u, at));
        return true;
    }
    if (depth < IMPORT_DEPTH)
        return false;
    diag_report(&u->c->reports, 306, node->name.where, "imports are nested more than %d deep", IMPORT_DEPTH);
    return true;
}

static bool add_import(unit *u, const ast_node *node, unit *imported, const char *base, bool beside)
{
    import *imports;

    for (size_t i = 0; i < u->import_count; i++) {
        if (u->imports[i].unit != imported)
            continue;
        diag_report(&u->c->reports, 311, node->name.where, "this file is imported twice");
        diag_add_note(&u->c->reports, u->imports[i].node->name.where, "first here");
        u->failed = true;
        diag_add_fix(&u->c->reports, node->where, "%s", "");
        return true;
    }
    imports = (import *)arena_grow(&u->c->memory, u->imports, u->import_count, sizeof *imports);
    if (imports == NULL)
        return false;
    u->imports = imports;
    u->imports[u->import_count++] = (import){node, imported, base, beside, false};
    return true;
}

/* False only without memory. What cannot be imported leaves the unit failed: names will be missing. */
static bool compile_imports(unit *u)
{
    for (size_t i = 0; i < u->tree->nodes.count; i++) {
        const ast_node *node = (const ast_node *)u->tree->nodes.items[i];
        const char *base;
        unit *imported;
        uint32_t file;
        bool beside = false;

        if (node->kind != AST_IMPORT)
            continue;
        if (!import_file(u, node, &file, &beside) || is_cycle(u, node, file)) {
            u->failed = u->unread = true;
            continue;
        }
        base = base_of_import(u, node, beside);
        imported = base == NULL ? NULL : compile_unit(u->c, file, u, base);
        if (imported == NULL || !add_import(u, node, imported, base, beside))
            return false;
    }
    return !u->c->memory.failed;
}

/* ---- one file ---- */

static bool append_unit(compile *c, unit *u)
{
    unit **units = (unit **)arena_grow(&c->memory, c->units, c->unit_count, sizeof(unit *));

    if (units == NULL)
        return false;
    c->units = units;
    c->units[c->unit_count++] = u;
    return true;
}

static bool append_package(compile *c, const schema_package *package)
{
    const schema_package **packages = (const schema_package **)arena_grow(
        &c->memory, c->packages, c->result.package_count, sizeof(schema_package *));

    if (packages == NULL)
        return false;
    c->packages = packages;
    packages[c->result.package_count++] = package;
    c->result.packages = packages;
    return true;
}

/* The file's package, compiled now unless it was before; `base`: where an import says that its outputs go, or
 * NULL. Before its own imports are placed beside it, it has its place. NULL only without memory. */
static unit *compile_unit(compile *c, uint32_t file, unit *importer, const char *base)
{
    size_t errors = c->reports.errors;
    bool imports_failed = false;
    unit *u;

    for (size_t i = 0; i < c->unit_count; i++) {
        if (c->units[i]->file != file)
            continue;
        place(c->units[i], base);
        return c->units[i];
    }
    u = new_unit(c, file, importer);
    if (u == NULL)
        return NULL;
    place(u, base);
    u->tree = parser_run(&c->memory, &c->reports, &c->files, file);
    if (u->tree == NULL)
        return NULL;
    u->failed = c->reports.errors != errors;
    if (!compile_imports(u))
        return NULL;
    for (size_t i = 0; i < u->import_count; i++)
        imports_failed = imports_failed || u->imports[i].unit->failed;
    if ((!run_checker(u) && c->memory.failed) || !append_unit(c, u))
        return NULL;
    u->failed = u->failed || imports_failed;
    u->busy = false;
    u->importer = NULL;
    return u->failed || append_package(c, u->package) ? u : NULL;
}

bool frontend_compile(compile *c, const char *path)
{
    const char *why = "no such file";
    uint32_t file;
    source_status status;
    unit *u;

    status = source_open(&c->files, path, &file, &why);
    if (status == SOURCE_NO_MEMORY)
        return false;
    if (status != SOURCE_OK) {
        c->io_failed = true;
        diag_report_unplaced(&c->reports, 901, "'%s' cannot be read: %s", path, why);
        return false;
    }
    u = compile_unit(c, file, NULL, NULL);
    if (u == NULL)
        return false;
    u->package->main = true;
    return !u->failed && !c->memory.failed;
}
