/* Emitting: the view of a package through the two templates, and the line breaks a person would have made. */
#define _POSIX_C_SOURCE 200809L
#include "emit.h"

#include "layout.h"
#include "template.h"
#include "templates.h"
#include "view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Largest template read from a folder: 1 MiB. */
#define TEMPLATE_SIZE_MAX ((size_t)1 << 20)

typedef struct emitter {
    const schema_package *package;
    const emit_options *options;
    const emit_sink *sink;
    arena *memory;
    arena scratch;       /* for the part of the view that is being shown */
    char *buffer;        /* for reading a template */
    const char *refused; /* why a template that is there cannot be read */
    const char **read;
    size_t read_count;
} emitter;

/* ---- templates ---------------------------------------------------------------------------------------- */

/* A file of the folder that is there but of no use. Returns false. */
static bool refuse(emitter *e, const char *path, const char *why)
{
    if (e->refused == NULL)
        e->refused = arena_printf(e->memory, "cannot read '%s': %s", path, why);
    return false;
}

/* Up to `room` bytes of a regular file. False and `errno` when there is none; allocates nothing. */
static bool read_file(const char *path, char *data, size_t room, size_t *size)
{
    struct stat about;
    FILE *file = NULL;
    bool good = stat(path, &about) == 0;

    if (good && !S_ISREG(about.st_mode)) {
        errno = S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
        good = false;
    }
    if (good)
        file = fopen(path, "rb");
    if (file == NULL)
        return false;
    *size = fread(data, 1, room, file);
    good = ferror(file) == 0;
    fclose(file);
    return good;
}

/* The template at `path`; false when there is none there, or it is refused. */
static bool load_file(emitter *e, const char *path, template_text *text)
{
    const char **grown;

    if (e->buffer == NULL)
        e->buffer = (char *)arena_alloc(e->memory, TEMPLATE_SIZE_MAX + 1);
    if (e->buffer == NULL)
        return false;
    if (!read_file(path, e->buffer, TEMPLATE_SIZE_MAX + 1, &text->size))
        return errno == ENOENT || errno == ENOTDIR ? false : refuse(e, path, strerror(errno));
    if (text->size > TEMPLATE_SIZE_MAX)
        return refuse(e, path, "it is larger than 1 MiB");
    text->data = arena_copy(e->memory, e->buffer, text->size);
    text->name = path;
    grown = (const char **)arena_grow(e->memory, e->read, e->read_count, sizeof *grown);
    if (grown == NULL)
        return false;
    e->read = grown;
    e->read[e->read_count++] = path;
    return text->data != NULL;
}

static bool load(void *user, const char *name, template_text *text)
{
    emitter *e = (emitter *)user;

    if (e->options->templates_dir != NULL) {
        const char *path = arena_printf(e->memory, "%s/%s.tmpl", e->options->templates_dir, name);
        if (path == NULL)
            return false;
        if (load_file(e, path, text))
            return true;
    }
    for (size_t i = 0; i < templates_count && e->refused == NULL; i++) {
        if (strcmp(templates_embedded[i].name, name) != 0)
            continue;
        text->name = arena_printf(e->memory, "%s.tmpl", name);
        text->data = (const char *)templates_embedded[i].data;
        text->size = templates_embedded[i].size;
        return text->name != NULL;
    }
    return false;
}

/* ---- files -------------------------------------------------------------------------------------------- */

const char *emit_name(arena *memory, const schema_package *package, size_t index)
{
    static const char *const suffixes[EMIT_FILES] = {"h", "c"};

    return arena_printf(memory, "%s.%s", package->base, suffixes[index]);
}

static bool give_line(void *user, const char *text, size_t length)
{
    return layout_line((layout *)user, text, length);
}

static bool emit_file(emitter *e, template_set *set, const view_package *view, size_t index)
{
    static const char *const templates[EMIT_FILES] = {"c/header.h", "c/source.c"};
    const char *name = emit_name(e->memory, e->package, index);
    layout *sheet = arena_new(&e->scratch, layout);
    const template_sink lines = {give_line, sheet};

    if (name == NULL || sheet == NULL || !e->sink->begin(e->sink->user, name))
        return false;
    sheet->write = e->sink->write;
    sheet->user = e->sink->user;
    return template_render(set, templates[index], view, &e->scratch, &lines) && layout_end(sheet) &&
           e->sink->end(e->sink->user);
}

static bool emit_files(emitter *e, template_set *set)
{
    const view_package *view = view_open(e->memory, e->package, !e->options->no_schema);

    for (size_t i = 0; i < EMIT_FILES; i++)
        if (!emit_file(e, set, view, i))
            return false;
    return true;
}

/* Making views does not look at each allocation: the first that fails ends all. What runs here owns nothing
 * but memory of the two arenas. */
static bool run(emitter *e, template_set *set)
{
    jmp_buf *outer = e->memory->escape, escape;
    volatile bool good = false;

    if (setjmp(escape) == 0) {
        e->memory->escape = e->scratch.escape = &escape;
        good = emit_files(e, set);
    }
    e->memory->escape = outer;
    return good;
}

bool emit_package(const schema_package *package, const emit_options *options, const emit_sink *sink,
                  emit_result *result)
{
    emitter e = {.package = package, .options = options, .sink = sink, .memory = options->memory};
    template_set set = {.memory = options->memory, .load = load, .user = &e, .view = &view_package_shape};
    bool good;

    memset(result, 0, sizeof *result);
    arena_init_beside(&e.scratch, options->memory);
    good = run(&e, &set);
    if (e.scratch.failed || e.memory->failed)
        result->error = "out of memory";
    else if (!good)
        result->error = e.refused != NULL ? e.refused : set.error;
    result->templates = e.read;
    result->template_count = e.read_count;
    arena_free(&e.scratch);
    return good;
}
