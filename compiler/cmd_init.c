/* aegisc init: a small project that builds, is tested and runs as it is.
 *
 * Its files are the templates in templates/init. The name is looked at by the front end before anything is
 * written, so that a project which would not build is never made.
 */
#define _XOPEN_SOURCE 700
#include "cli_commands.h"
#include "cli_compile.h"
#include "cli_new.h"
#include "template.h"
#include "templates.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct request {
    const char *name;
} request;

/* What the templates show. */
typedef struct project {
    const char *name;
} project;

static const shape_member project_members[] = {SHOWS_TEXT(project, name)};
static const shape project_shape = SHAPE_OF(project, project_members);

/* A template, and the file it becomes; NULL: NAME.aegis. */
static const char *const project_files[][2] = {
    {"init/project.aegis", NULL},  {"init/handlers.h", "handlers.h"}, {"init/handlers.c", "handlers.c"},
    {"init/server.c", "server.c"}, {"init/client.c", "client.c"},     {"init/test.c", "test.c"},
    {"init/Makefile", "Makefile"}, {"init/gitignore", ".gitignore"},  {"init/README.md", "README.md"},
};

#define FILES (sizeof project_files / sizeof project_files[0])

/* ---- the name ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The last part of the folder's real path, as the name of a package: "My-Shop" is my_shop. */
static const char *name_of(arena *memory, const char *folder)
{
    char *real = realpath(folder, NULL), *name;
    const char *path = real != NULL ? real : folder, *slash;
    size_t length = strlen(path);

    while (length > 1 && path[length - 1] == '/')
        length--;
    for (slash = path + length; slash > path && slash[-1] != '/'; slash--)
        ;
    length -= (size_t)(slash - path);
    while (length > 0 && !is_letter(*slash)) { /* a name begins with a letter */
        slash++;
        length--;
    }
    name = arena_copy(memory, slash, length);
    free(real);
    for (char *at = name; at != NULL && *at != '\0'; at++) {
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
        else if (strchr("abcdefghijklmnopqrstuvwxyz0123456789", *at) == NULL)
            *at = '_';
    }
    return name;
}

/* A name all files can carry; the language's own rules are the front end's. */
static bool is_plain(const char *name)
{
    return name[0] >= 'a' && name[0] <= 'z' && strlen(name) <= 40 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name) &&
           strcmp(name, "handlers") != 0; /* handlers.h is another file */
}

/* ---- the files ---- */

static bool load(void *user, const char *name, template_text *text)
{
    (void)user;
    for (size_t i = 0; i < templates_count; i++) {
        if (strcmp(templates_embedded[i].name, name) != 0)
            continue;
        *text = (template_text){name, (const char *)templates_embedded[i].data, templates_embedded[i].size};
        return true;
    }
    return false;
}

static bool put_line(void *user, const char *line, size_t length)
{
    text_put((text_buffer *)user, line, length);
    return true;
}

static bool render(arena *memory, const char *source, const project *view, text_buffer *text)
{
    template_set set = {.memory = memory, .load = load, .view = &project_shape};
    const template_sink sink = {put_line, text};
    arena scratch; /* what is rendered is put into `memory` meanwhile */
    bool good;

    arena_init_beside(&scratch, memory);
    good = template_render(&set, source, view, &scratch, &sink);
    arena_free(&scratch);
    return good && text->data != NULL;
}

static bool render_all(arena *memory, const char *folder, const project *view, cli_new_file *files)
{
    const char *joint = folder[strlen(folder) - 1] == '/' ? "" : "/";

    for (size_t i = 0; i < FILES; i++) {
        text_buffer text = text_begin(memory);
        const char *name = project_files[i][1];

        if (name == NULL)
            name = arena_printf(memory, "%s.aegis", view->name);
        if (name == NULL || !render(memory, project_files[i][0], view, &text))
            return false;
        files[i] = (cli_new_file){arena_printf(memory, "%s%s%s", folder, joint, name), text.data, text.size};
    }
    return !memory->failed;
}

/* Whether the project's own .aegis file is fine; says what is wrong. */
static int check(const cli *line, const cli_new_file *idl, const char *name)
{
    const cli_compile_options as_text = {.diagnostics = "text"};
    compile c;
    int code = CLI_DONE;

    compile_init(&c, NULL, 0);
    if (!source_add_text(&c.files, idl->path, idl->data, idl->size)) {
        code = cli_out_of_memory();
    } else if (!frontend_compile(&c, idl->path)) {
        code = cli_report(&c.reports, &as_text);
        if (code == CLI_DONE)
            code = cli_usage(line->command, "'%s' cannot be the project's name; give it another with --name",
                             name);
    }
    compile_free(&c);
    return code;
}

static void say_what_next(const char *folder, const cli_new_file *files)
{
    for (size_t i = 0; i < FILES; i++)
        printf("%s\n", files[i].path);
    if (strcmp(folder, ".") == 0)
        printf("\nnext: make test\n");
    else
        printf("\nnext: cd %s && make test\n", folder);
}

static int run(cli *line, void *data)
{
    const request *r = (const request *)data;
    const char *folder = line->arguments.count > 0 ? line->arguments.items[0] : ".";
    const project view = {r->name != NULL ? r->name : name_of(&line->memory, folder)};
    cli_new_file files[FILES];
    int code;

    if (folder[0] == '\0')
        return cli_usage(line->command, "the folder has no name");
    if (view.name == NULL)
        return cli_out_of_memory();
    if (view.name[0] == '\0')
        return cli_usage(line->command, "the name of '%s' has no letter to begin with; give one with --name",
                         folder);
    if (!is_plain(view.name))
        return cli_usage(
            line->command,
            "'%s' cannot be the project's name: a lower-case letter, then lower-case letters, digits\n"
            "and '_', at most 40, and not 'handlers'; --name gives another",
            view.name);
    if (!render_all(&line->memory, folder, &view, files))
        return cli_out_of_memory();
    code = check(line, &files[0], view.name);
    if (code == CLI_DONE)
        code = cli_write_new(&line->memory, files, FILES);
    if (code == CLI_DONE)
        say_what_next(folder, files);
    return code;
}

static const cli_option options[] = {
    {"--name", "NAME", CLI_TEXT, offsetof(request, name),
     "the name of the project and its package (default: the\nfolder's)"},
};

const cli_command cmd_init = {
    .name = "init",
    .summary = "makes a small project to start from",
    .takes = "[DIR]",
    .about =
        "Makes a project in DIR, or in the current folder: an .aegis file, handlers, a server, a client,\n"
        "a test that needs no server, a Makefile, a README. Nothing is written where one of these files is\n"
        "there already.",
    .examples = "  aegisc init hello && make -C hello test\n"
                "  aegisc init --name shop .\n",
    .options = options,
    .option_count = CLI_COUNT(options),
    .request_size = sizeof(request),
    .most = 1,
    .run = run,
};
