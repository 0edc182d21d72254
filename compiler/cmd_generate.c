/* aegisc generate: each file becomes one .h and one .c, and if asked the rules for make that say from what.
 *
 * Nothing is written before everything is known: a mistake in one input leaves all outputs as they were.
 */
#define _POSIX_C_SOURCE 200809L
#include "cli_compile.h"
#include "emit.h"
#include "output.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct request {
    cli_compile_options compile;
    bool list_outputs, to_stdout;
    const char *out_dir, *depfile, *templates_dir;
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

/* One rule: the outputs of a package depend on its source, its imports and the templates that were read. */
static const char *dependencies(arena *memory, const char *rules, const char *const *outputs,
                                size_t output_count, const sources *files, const emit_output *emitted)
{
    const char *rule = rules;

    for (size_t i = 0; i < output_count; i++)
        rule = arena_printf(memory, "%s%s%s", rule != NULL ? rule : "", i > 0 ? " " : "",
                            make_name(memory, outputs[i]));
    rule = arena_printf(memory, "%s:", rule != NULL ? rule : "");
    for (size_t i = 0; i < files->count; i++)
        rule =
            arena_printf(memory, "%s %s", rule != NULL ? rule : "", make_name(memory, files->files[i].path));
    for (size_t i = 0; i < emitted->template_count; i++)
        rule =
            arena_printf(memory, "%s %s", rule != NULL ? rule : "", make_name(memory, emitted->templates[i]));
    return arena_printf(memory, "%s\n", rule != NULL ? rule : "");
}

static int write_file(const char *path, const char *data, size_t size)
{
    char why[160];

    if (output_write(path, data, size, why, sizeof why))
        return CLI_DONE;
    cli_complain("cannot write '%s': %s", path, why);
    return CLI_IO;
}

static int put_file(compile *c, const request *r, const emit_file *file, const char **path)
{
    *path = r->out_dir != NULL ? arena_printf(&c->memory, "%s/%s", r->out_dir, file->name) : file->name;
    if (*path == NULL)
        return cli_out_of_memory();
    if (r->list_outputs) {
        puts(*path);
        return CLI_DONE;
    }
    if (r->to_stdout) {
        (void)fwrite(file->data, 1, file->size, stdout);
        return CLI_DONE;
    }
    return write_file(*path, file->data, file->size);
}

static int emit_one(compile *c, const request *r, const schema_package *package, const char **rules)
{
    const emit_options options = {.memory = &c->memory, .templates_dir = r->templates_dir};
    emit_output out = {0};
    const char *paths[16];
    int code = CLI_DONE;
    const bool good =
        r->list_outputs ? emit_names(package, &options, &out) : emit_package(package, &options, &out);

    if (!good) {
        cli_complain("%s", out.error != NULL ? out.error : "out of memory");
        return CLI_IO;
    }
    for (size_t i = 0; i < out.file_count && i < 16 && code == CLI_DONE; i++)
        code = put_file(c, r, &out.files[i], &paths[i]);
    if (code == CLI_DONE && r->depfile != NULL)
        *rules = dependencies(&c->memory, *rules, paths, out.file_count < 16 ? out.file_count : 16, &c->files,
                              &out);
    return code;
}

/* Two things cannot both have standard output. */
static bool wants_stdout_twice(const request *r)
{
    return (r->list_outputs || r->to_stdout) && r->compile.diagnostics != NULL &&
           strcmp(r->compile.diagnostics, "text") != 0;
}

static int generate(compile *c, const request *r, const cli_list *files)
{
    const char *rules = "";
    int code;

    if (r->templates_dir != NULL && access(r->templates_dir, R_OK | X_OK) != 0) {
        cli_complain("cannot read the templates in '%s'", r->templates_dir);
        return CLI_IO;
    }
    code = cli_compile_files(c, &r->compile, files);
    for (size_t i = 0; i < c->result.package_count && code == CLI_DONE; i++)
        if (c->result.packages[i]->main)
            code = emit_one(c, r, c->result.packages[i], &rules);
    if (code == CLI_DONE && r->depfile != NULL)
        code = rules != NULL ? write_file(r->depfile, rules, strlen(rules)) : cli_out_of_memory();
    return code;
}

static int run(cli *line, void *data)
{
    const request *r = (const request *)data;
    compile c;
    int code;

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
    {"--templates", "DIR", CLI_TEXT, offsetof(request, templates_dir),
     "use the templates found here instead of the built-in ones\nof the same name"},
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
    .least = 1,
    .most = CLI_ANY,
    .on_missing = "which file?",
    .run = run,
};
