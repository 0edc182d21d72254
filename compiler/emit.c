/* Emitting: the view of a package through the two templates, and the line breaks a person would have made. */
#define _POSIX_C_SOURCE 200809L
#include "emit.h"

#include "layout.h"
#include "template.h"
#include "templates.h"
#include "view.h"

#include <stdio.h>
#include <string.h>

/* Largest template read from a folder. */
#define TEMPLATE_SIZE_MAX ((size_t)1 << 20)

typedef struct loader {
    arena *memory;
    const char *folder;
    const char **read;
    size_t read_count;
} loader;

static bool load_file(loader *l, const char *path, template_text *text)
{
    FILE *file = fopen(path, "rb");
    char *data;
    const char **grown;

    if (file == NULL)
        return false;
    data = (char *)arena_alloc(l->memory, TEMPLATE_SIZE_MAX);
    if (data != NULL) {
        text->size = fread(data, 1, TEMPLATE_SIZE_MAX, file);
        text->data = data;
        text->name = path;
        grown = (const char **)arena_grow(l->memory, l->read, l->read_count, sizeof *grown);
        if (grown != NULL) {
            l->read = grown;
            l->read[l->read_count++] = path;
        }
    }
    fclose(file);
    return data != NULL && !l->memory->failed;
}

static bool load(void *user, const char *name, template_text *text)
{
    loader *l = (loader *)user;

    if (l->folder != NULL) {
        const char *path = arena_printf(l->memory, "%s/%s.tmpl", l->folder, name);
        if (path != NULL && load_file(l, path, text))
            return true;
    }
    for (size_t i = 0; i < templates_count; i++) {
        if (strcmp(templates_embedded[i].name, name) != 0)
            continue;
        text->name = arena_printf(l->memory, "%s.tmpl", name);
        text->data = (const char *)templates_embedded[i].data;
        text->size = templates_embedded[i].size;
        return text->name != NULL;
    }
    return false;
}

bool emit_names(const schema_package *package, const emit_options *options, emit_output *out)
{
    static const char *const suffixes[] = {"h", "c"};
    emit_file *files = (emit_file *)arena_array(options->memory, 2, sizeof *files);

    memset(out, 0, sizeof *out);
    out->error = "out of memory";
    if (files == NULL)
        return false;
    for (size_t i = 0; i < 2; i++)
        files[i].name = arena_printf(options->memory, "%s.%s", package->base, suffixes[i]);
    if (options->memory->failed)
        return false;
    out->files = files;
    out->file_count = 2;
    out->error = NULL;
    return true;
}

/* Making the view does not look at each allocation: the first that fails ends it. It owns nothing but memory
 * of the arena. */
static const node *make_view(arena *memory, const schema_package *package)
{
    jmp_buf *outer = memory->escape, escape;
    const node *volatile top = NULL;

    if (setjmp(escape) == 0) {
        memory->escape = &escape;
        top = view_package(memory, package);
    }
    memory->escape = outer;
    return top;
}

bool emit_package(const schema_package *package, const emit_options *options, emit_output *out)
{
    static const char *const names[] = {"c/header.h", "c/source.c"};
    loader l = {options->memory, options->templates_dir, NULL, 0};
    template_set set = {options->memory, load, &l, NULL, NULL};
    const node *top = make_view(options->memory, package);
    emit_file *files;

    if (top == NULL || !emit_names(package, options, out)) {
        memset(out, 0, sizeof *out);
        out->error = "out of memory";
        return false;
    }
    files = (emit_file *)arena_array(options->memory, 2, sizeof *files);
    for (size_t i = 0; files != NULL && i < 2; i++) {
        template_output text = {NULL, 0};

        files[i].name = out->files[i].name;
        if (!template_render(&set, names[i], top, &text) || !layout(options->memory, &text)) {
            memset(out, 0, sizeof *out);
            out->error = set.error != NULL ? set.error : "out of memory";
            return false;
        }
        files[i].data = text.data;
        files[i].size = text.size;
    }
    out->files = files;
    out->templates = l.read;
    out->template_count = l.read_count;
    return files != NULL;
}
