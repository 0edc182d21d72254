/* aegisc: the command line around the front end and the emitter.
 *
 * Exit codes: 0 done, 1 the input has mistakes, 2 the command line has, 3 a file could not be read or
 * written. Diagnostics go to standard error; what was asked for goes to standard output.
 */
#define _POSIX_C_SOURCE 200809L
#include "diag.h"
#include "emit.h"
#include "frontend.h"
#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef AEGISC_VERSION
#define AEGISC_VERSION "0.1.0"
#endif

enum { EXIT_DONE = 0, EXIT_MISTAKES = 1, EXIT_USAGE = 2, EXIT_IO = 3 };

#define MAX_INCLUDES 64

typedef struct request {
    bool check_only, list_outputs, to_stdout;
    const char *out_dir, *depfile, *templates_dir;
    const char *includes[MAX_INCLUDES];
    size_t include_count;
    char **files;
    size_t file_count;
} request;

static const char usage_text[] =
    "usage: aegisc [generate] [-o DIR] [-I DIR]... [options] FILE.aegis...\n"
    "       aegisc check [-I DIR]... FILE.aegis...\n"
    "       aegisc explain CODE\n"
    "\n"
    "generate (the default) writes FILE.h and FILE.c for each input; check only looks for mistakes;\n"
    "explain tells more about a diagnostic, such as AE0303.\n"
    "\n"
    "  -o DIR            where the outputs go (default: the current folder)\n"
    "  -I DIR            where imports are looked for, after the importing file's own folder\n"
    "  --depfile FILE    write make rules that name what the outputs were made from\n"
    "  --templates DIR   use the templates found here instead of the built-in ones of the same name\n"
    "  --list-outputs    print the names of the outputs and write nothing\n"
    "  --stdout          print the outputs and write nothing\n"
    "  --help, --version\n"
    "\n"
    "exit codes: 0 done, 1 mistakes in the input, 2 mistakes in the command line, 3 files that cannot be "
    "read or "
    "written\n";

static int usage_error(const char *text, const char *what)
{
    fprintf(stderr, "aegisc: %s%s\n\n%s", text, what, usage_text);
    return EXIT_USAGE;
}

static int explain(int argc, char **argv)
{
    const diag_code *entry = NULL;

    if (argc != 1)
        return usage_error("explain takes one code, such as AE0303", "");
    if (strncmp(argv[0], "AE", 2) == 0 && strspn(argv[0] + 2, "0123456789") == 4 && strlen(argv[0]) == 6)
        entry = diag_find((int)strtol(argv[0] + 2, NULL, 10));
    if (entry == NULL || entry->number == 0) {
        fprintf(stderr, "aegisc: there is no code '%s'\n", argv[0]);
        return EXIT_USAGE;
    }
    printf("AE%04d (%s): %s\n\n%s\n", entry->number, entry->level == DIAG_ERROR ? "error" : "warning",
           entry->title, entry->explain);
    return EXIT_DONE;
}

/* The value of option `name` at argv[*i]: "-oDIR", "-o DIR", "--depfile=F" or "--depfile F"; NULL if it is
 * not it. */
static const char *option_value(const char *name, int argc, char **argv, int *i)
{
    const size_t length = strlen(name);
    const char *at = argv[*i];

    if (strncmp(at, name, length) != 0)
        return NULL;
    at += length;
    if (*at == '\0')
        return *i + 1 < argc ? argv[++*i] : "";
    if (name[1] != '-')
        return at;
    return *at == '=' ? at + 1 : NULL;
}

static int read_options(int argc, char **argv, request *r)
{
    bool only_files = false;

    for (int i = 0; i < argc; i++) {
        const char *value;

        if (only_files || argv[i][0] != '-')
            r->files[r->file_count++] = argv[i];
        else if (strcmp(argv[i], "--") == 0)
            only_files = true;
        else if (strcmp(argv[i], "--list-outputs") == 0)
            r->list_outputs = true;
        else if (strcmp(argv[i], "--stdout") == 0)
            r->to_stdout = true;
        else if ((value = option_value("-o", argc, argv, &i)) != NULL)
            r->out_dir = value;
        else if ((value = option_value("--depfile", argc, argv, &i)) != NULL)
            r->depfile = value;
        else if ((value = option_value("--templates", argc, argv, &i)) != NULL)
            r->templates_dir = value;
        else if ((value = option_value("-I", argc, argv, &i)) != NULL) {
            if (r->include_count == MAX_INCLUDES)
                return usage_error("too many -I", "");
            r->includes[r->include_count++] = value;
        } else {
            return usage_error("unknown option ", argv[i]);
        }
        value = argv[i < argc ? i : argc - 1];
        if (value[0] == '\0' || (r->out_dir != NULL && r->out_dir[0] == '\0') ||
            (r->depfile != NULL && r->depfile[0] == '\0') ||
            (r->templates_dir != NULL && r->templates_dir[0] == '\0') ||
            (r->include_count > 0 && r->includes[r->include_count - 1][0] == '\0'))
            return usage_error("an option lacks its value", "");
    }
    if (r->file_count == 0)
        return usage_error("which file?", "");
    return EXIT_DONE;
}

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
        return EXIT_DONE;
    fprintf(stderr, "aegisc: cannot write '%s': %s\n", path, why);
    return EXIT_IO;
}

static int put_file(compile *c, const request *r, const emit_file *file, const char **path)
{
    *path = r->out_dir != NULL ? arena_printf(&c->memory, "%s/%s", r->out_dir, file->name) : file->name;
    if (*path == NULL)
        return EXIT_IO;
    if (r->list_outputs) {
        puts(*path);
        return EXIT_DONE;
    }
    if (r->to_stdout) {
        (void)fwrite(file->data, 1, file->size, stdout);
        return EXIT_DONE;
    }
    return write_file(*path, file->data, file->size);
}

static int emit_one(compile *c, const request *r, const schema_package *package, const char **rules)
{
    const emit_options options = {.memory = &c->memory, .templates_dir = r->templates_dir};
    emit_output out = {0};
    const char *paths[16];
    int code = EXIT_DONE;
    const bool good =
        r->list_outputs ? emit_names(package, &options, &out) : emit_package(package, &options, &out);

    if (!good) {
        fprintf(stderr, "aegisc: %s\n", out.error != NULL ? out.error : "out of memory");
        return EXIT_IO;
    }
    for (size_t i = 0; i < out.file_count && i < 16 && code == EXIT_DONE; i++)
        code = put_file(c, r, &out.files[i], &paths[i]);
    if (code == EXIT_DONE && r->depfile != NULL)
        *rules = dependencies(&c->memory, *rules, paths, out.file_count < 16 ? out.file_count : 16, &c->files,
                              &out);
    return code;
}

static int run(compile *c, const request *r)
{
    bool good = true;
    const char *text, *rules = "";
    int code = EXIT_DONE;

    if (r->templates_dir != NULL && access(r->templates_dir, R_OK | X_OK) != 0) {
        fprintf(stderr, "aegisc: cannot read the templates in '%s'\n", r->templates_dir);
        return EXIT_IO;
    }
    for (size_t i = 0; i < r->file_count; i++)
        good = frontend_compile(c, r->files[i]) && good;
    text = diag_format(&c->reports, isatty(STDERR_FILENO) != 0);
    if (c->memory.failed || text == NULL) {
        fputs("aegisc: out of memory\n", stderr);
        return EXIT_IO;
    }
    fputs(text, stderr);
    if (!good)
        return c->io_failed ? EXIT_IO : EXIT_MISTAKES;
    if (r->check_only)
        return EXIT_DONE;
    for (size_t i = 0; i < c->result.package_count && code == EXIT_DONE; i++)
        if (c->result.packages[i]->main)
            code = emit_one(c, r, c->result.packages[i], &rules);
    if (code == EXIT_DONE && r->depfile != NULL)
        code = rules != NULL ? write_file(r->depfile, rules, strlen(rules)) : EXIT_IO;
    if ((fflush(stdout) != 0 || ferror(stdout) != 0) && code == EXIT_DONE) {
        fputs("aegisc: cannot write the output\n", stderr);
        code = EXIT_IO;
    }
    return code;
}

int main(int argc, char **argv)
{
    request r = {0};
    compile c;
    int code, skip = 1;

    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(usage_text, stdout);
            return EXIT_DONE;
        }
        if (strcmp(argv[i], "--version") == 0) {
            puts("aegisc " AEGISC_VERSION);
            return EXIT_DONE;
        }
    }
    if (argc > 1 && strcmp(argv[1], "explain") == 0)
        return explain(argc - 2, argv + 2);
    if (argc > 1 && (strcmp(argv[1], "check") == 0 || strcmp(argv[1], "generate") == 0)) {
        r.check_only = argv[1][0] == 'c';
        skip = 2;
    }
    r.files = (char **)calloc((size_t)argc + 1, sizeof *r.files);
    if (r.files == NULL)
        return EXIT_IO;
    code = read_options(argc - skip, argv + skip, &r);
    if (code == EXIT_DONE) {
        compile_init(&c, r.includes, r.include_count);
        code = run(&c, &r);
        compile_free(&c);
    }
    free(r.files);
    return code;
}
