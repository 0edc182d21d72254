/* aegisc generate: each file becomes one .h and one .c, and if asked the rules for make that say from what.
 *
 * Nothing is written before everything is known: a mistake in one input leaves all outputs as they were.
 */
#define _POSIX_C_SOURCE 200809L
#include "cli_commands.h"
#include "cli_compile.h"
#include "cli_new.h"
#include "emit.h"
#include "output.h"
#include "templates.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct request {
    cli_compile_options compile;
    bool list_outputs, to_stdout, no_schema;
    const char *out_dir, *depfile, *templates_dir, *export_dir;
} request;

/* A path as make reads it: blanks and '#' after a backslash, '$' doubled. */
static const char *make_name(arena *memory, const char *path)
{
    char *name = (char *)arena_alloc(memory, 2 * strlen(path) + 1), *at = name;

    for (; name != NULL && *path != '\0'; path++) {
        if (*path == ' ' || *path == '#')
            *at++ = '\\';
        else if (*path == '$')
            *at++ = '$';
        *at++ = *path;
    }
    return name != NULL ? name : "";
}

/* What the outputs of all packages are written to, and what is known of those of the present one. */
typedef struct writer {
    compile *c;
    const request *r;
    outputs out;
    const char *paths[EMIT_FILES];
    size_t path_count;
    const char *rules;
} writer;

static const char *out_path(const writer *w, const char *name)
{
    return w->r->out_dir == NULL ? name : arena_printf(&w->c->memory, "%s/%s", w->r->out_dir, name);
}

/* What `package` is made from, itself included, marks. Imports have been compiled before what imports them,
 * so that one walk back over all packages is enough. */
static bool *find_inputs(const writer *w, const schema_package *package)
{
    const schema *all = &w->c->result;
    bool *needed = (bool *)arena_array(&w->c->memory, all->package_count + 1, sizeof *needed);

    for (size_t i = all->package_count; needed != NULL && i-- > 0;) {
        const schema_package *one = all->packages[i];

        needed[i] = needed[i] || one == package;
        for (size_t k = 0; needed[i] && k < one->import_count; k++)
            for (size_t j = 0; j < i; j++)
                needed[j] = needed[j] || all->packages[j] == one->imports[k].package;
    }
    return needed;
}

/* One rule: the outputs of a package depend on its source, its imports and the templates that were read. */
static const char *dependencies(const writer *w, const schema_package *package, const emit_result *emitted)
{
    arena *memory = &w->c->memory;
    const schema *all = &w->c->result;
    const bool *needed = find_inputs(w, package);
    const char *rule = w->rules;

    for (size_t i = 0; i < w->path_count; i++)
        rule = arena_printf(memory, "%s%s%s", rule, i > 0 ? " " : "", make_name(memory, w->paths[i]));
    rule = arena_printf(memory, "%s: %s", rule, make_name(memory, package->path));
    for (size_t i = 0; needed != NULL && i < all->package_count; i++)
        if (needed[i] && all->packages[i] != package)
            rule = arena_printf(memory, "%s %s", rule, make_name(memory, all->packages[i]->path));
    for (size_t i = 0; i < emitted->template_count; i++)
        rule = arena_printf(memory, "%s %s", rule, make_name(memory, emitted->templates[i]));
    return arena_printf(memory, "%s\n", rule);
}

static bool begin_file(void *user, const char *name)
{
    writer *w = (writer *)user;
    const char *path = out_path(w, name);

    w->paths[w->path_count++] = path;
    return path != NULL && (w->r->to_stdout || outputs_begin(&w->out, path));
}

static bool write_file(void *user, const char *data, size_t size)
{
    writer *w = (writer *)user;

    if (!w->r->to_stdout)
        return outputs_write(&w->out, data, size);
    return fwrite(data, 1, size, stdout) == size;
}

static bool end_file(void *user)
{
    writer *w = (writer *)user;

    return w->r->to_stdout || outputs_end(&w->out);
}

static int fail(const writer *w, const char *error)
{
    if (w->c->memory.failed)
        return cli_out_of_memory();
    if (error == NULL)
        error = w->out.error;
    if (error != NULL) /* else it is standard output, which cli_run looks after */
        cli_complain("%s", error);
    return CLI_IO;
}

static int emit_one(writer *w, const schema_package *package)
{
    const emit_options options = {
        .memory = &w->c->memory, .templates_dir = w->r->templates_dir, .no_schema = w->r->no_schema};
    const emit_sink sink = {begin_file, write_file, end_file, w};
    emit_result result;

    w->path_count = 0;
    if (!emit_package(package, &options, &sink, &result))
        return fail(w, result.error);
    if (w->r->depfile != NULL)
        w->rules = dependencies(w, package, &result);
    return w->rules == NULL ? cli_out_of_memory() : CLI_DONE;
}

static int list_one(const writer *w, const schema_package *package)
{
    for (size_t i = 0; i < EMIT_FILES; i++) {
        const char *name = emit_name(&w->c->memory, package, i);
        const char *path = name == NULL ? NULL : out_path(w, name);

        if (path == NULL)
            return cli_out_of_memory();
        puts(path);
    }
    return CLI_DONE;
}

static int write_all(writer *w)
{
    const schema *result = &w->c->result;
    int code = CLI_DONE;

    for (size_t i = 0; i < result->package_count && code == CLI_DONE; i++) {
        if (result->packages[i]->main)
            code = w->r->list_outputs ? list_one(w, result->packages[i]) : emit_one(w, result->packages[i]);
    }
    if (code == CLI_DONE && w->r->depfile != NULL && !w->r->list_outputs &&
        !outputs_put(&w->out, w->r->depfile, w->rules, strlen(w->rules)))
        code = fail(w, NULL);
    if (code == CLI_DONE && !outputs_commit(&w->out))
        code = fail(w, NULL);
    outputs_abandon(&w->out);
    return code;
}

/* The built-in templates as files, to be changed and given to --templates. */
static int export_templates(arena *memory, const char *folder)
{
    cli_new_file *files = (cli_new_file *)arena_array(memory, templates_count, sizeof *files);
    size_t count = 0;

    for (size_t i = 0; files != NULL && i < templates_count; i++) {
        const embedded_template *one = &templates_embedded[i];
        const bool is_template = strncmp(one->name, "c/", 2) == 0;

        if (is_template || strcmp(one->name, "README.md") == 0)
            files[count++] =
                (cli_new_file){arena_printf(memory, "%s/%s%s", folder, one->name, is_template ? ".tmpl" : ""),
                               (const char *)one->data, one->size};
    }
    return memory->failed ? cli_out_of_memory() : cli_write_new(memory, files, count);
}

/* Two things cannot both have standard output. */
static bool wants_stdout_twice(const request *r)
{
    return (r->list_outputs || r->to_stdout) && r->compile.diagnostics != NULL &&
           strcmp(r->compile.diagnostics, "text") != 0;
}

static int generate(compile *c, const request *r, const cli_list *files)
{
    writer w = {.c = c, .r = r, .out = {.memory = &c->memory}, .rules = ""};
    int code;

    if (r->templates_dir != NULL && access(r->templates_dir, R_OK | X_OK) != 0) {
        cli_complain("cannot read the templates in '%s'", r->templates_dir);
        return CLI_IO;
    }
    code = cli_compile_files(c, &r->compile, files);
    return code == CLI_DONE ? write_all(&w) : code;
}

static int run(cli *line, void *data)
{
    const request *r = (const request *)data;
    compile c;
    int code;

    if (r->export_dir != NULL) {
        code = export_templates(&line->memory, r->export_dir);
        if (code != CLI_DONE || line->arguments.count == 0)
            return code;
    }
    if (line->arguments.count == 0)
        return cli_usage(line->command, "which file?");
    if (wants_stdout_twice(r))
        return cli_usage(line->command, "'--diagnostics=%s' and '%s' both need standard output",
                         r->compile.diagnostics, r->to_stdout ? "--stdout" : "--list-outputs");
    cli_compile_init(&c, &r->compile);
    code = generate(&c, r, &line->arguments);
    compile_free(&c);
    return code;
}

static const cli_option options[] = {
    {"-o", "DIR", CLI_TEXT, offsetof(request, out_dir), "where the outputs go (default: the current folder)"},
    CLI_COMPILE_OPTIONS(request, compile),
    {"--depfile", "FILE", CLI_TEXT, offsetof(request, depfile),
     "write rules for make that name what the outputs were\nmade from"},
    {"--list-outputs", NULL, CLI_FLAG, offsetof(request, list_outputs),
     "print the names of the outputs and write nothing"},
    {"--stdout", NULL, CLI_FLAG, offsetof(request, to_stdout), "print the outputs and write nothing"},
    {"--no-schema", NULL, CLI_FLAG, offsetof(request, no_schema),
     "leave the text of FILE out of the output: a running service\ncannot show it, only its hash"},
    {"--templates", "DIR", CLI_TEXT, offsetof(request, templates_dir),
     "use the templates found here instead of the built-in ones\nof the same name"},
    {"--export-templates", "DIR", CLI_TEXT, offsetof(request, export_dir),
     "write the built-in templates and their description here;\nneeds no FILE"},
};

const cli_command cmd_generate = {
    .name = "generate",
    .summary = "writes FILE.h and FILE.c for each FILE.aegis (the default)",
    .takes = "FILE.aegis...",
    .about =
        "Writes FILE.h and FILE.c for each input. An output that would not change keeps its time, so that\n"
        "make rebuilds no more than it must; with a mistake in any input nothing is written.",
    .examples = "  aegisc -o gen shop.aegis\n"
                "  aegisc generate -o gen -I idl --depfile gen/shop.d idl/shop.aegis\n",
    .failure = "mistakes in the input",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .most = CLI_ANY,
    .run = run,
};
