/* The text a service was generated from, with all that it imports. A file goes under the path from which its
 * imports are found: what an import finds beside the importing file is in that file's folder, anything else
 * counts from the top. */
#include <string.h>

#include "application/describe.h"
#include "application/envelope.h"

/* Most files of an answer, and longest path of one. */
#define FILES_MAX 1024
#define PATH_SIZE 512

typedef struct gathering {
    aegis_arena *arena;
    const aegis_schema_file **files;
    aegis_duties_schema_file *out;
    size_t count;
    bool failed; /* no memory */
} gathering;

/* "a/c" for "a/b/../c"; what leads out of the top stays as it is. */
static void tidy(char *path)
{
    char *out = path;
    const char *at = path;
    size_t depth = 0;

    while (*at != '\0') {
        const size_t size = strcspn(at, "/");
        const bool last = at[size] == '\0';
        const bool up = size == 2 && at[0] == '.' && at[1] == '.';

        if (up && depth > 0) {
            for (out--; out > path && out[-1] != '/';)
                out--;
            depth--;
        } else if (size > 0 && !(size == 1 && at[0] == '.')) {
            memmove(out, at, size + !last);
            out += size + !last;
            depth += !up;
        }
        at += size + !last;
    }
    *out = '\0';
}

static const char *path_of(const gathering *g, const char *importer, const aegis_schema_import *import)
{
    const char *slash = import->beside ? strrchr(importer, '/') : NULL;
    char *path = aegis_arena_printf(g->arena, "%.*s%s", slash != NULL ? (int)(slash + 1 - importer) : 0,
                                    importer, import->path);

    if (path != NULL)
        tidy(path);
    return path;
}

static const char *text_of(const gathering *g, const aegis_schema_file *file)
{
    size_t size = 0, i;
    char *text, *at;

    for (i = 0; i < file->part_count; i++)
        size += strlen(file->parts[i]);
    text = at = (char *)aegis_arena_alloc(g->arena, size + 1);
    for (i = 0; text != NULL && i < file->part_count; i++) {
        const size_t part = strlen(file->parts[i]);

        memcpy(at, file->parts[i], part);
        at += part;
    }
    if (text != NULL)
        *at = '\0';
    return text;
}

static bool is_there(const gathering *g, const char *path)
{
    size_t i;

    for (i = 0; i < g->count; i++) {
        if (strcmp(g->out[i].path, path) == 0)
            return true;
    }
    return false;
}

/* Files that were generated without their text are not told. */
static void add(gathering *g, const char *path, const aegis_schema_file *file)
{
    if (path == NULL) {
        g->failed = true;
        return;
    }
    if (g->count == FILES_MAX || is_there(g, path))
        return;
    g->files[g->count] = file;
    g->out[g->count].path = path;
    g->out[g->count].text = text_of(g, file);
    g->failed = g->failed || g->out[g->count].text == NULL;
    g->count++;
}

/* The file and then, file by file, what those import that are there already. */
static bool gather(gathering *g, const aegis_schema_file *file)
{
    size_t i, k;

    g->files =
        (const aegis_schema_file **)aegis_arena_alloc(g->arena, FILES_MAX * sizeof(aegis_schema_file *));
    g->out = (aegis_duties_schema_file *)aegis_arena_alloc(g->arena, FILES_MAX * sizeof *g->out);
    if (g->files == NULL || g->out == NULL)
        return false;
    add(g, file->path, file);
    for (i = 0; i < g->count && !g->failed; i++) {
        for (k = 0; k < g->files[i]->import_count && !g->failed; k++)
            add(g, path_of(g, g->out[i].path, &g->files[i]->imports[k]), g->files[i]->imports[k].file);
    }
    return !g->failed;
}

static const char *why_none(const aegis_schema *schema)
{
    if (schema == NULL)
        return "the service was not generated from a schema";
    return schema->file->part_count == 0 ? "the service was generated without the text of its schema" : NULL;
}

aegis_status aegis_describe_schema(const aegis_schema *schema, aegis_format format, const char *why,
                                   aegis_arena *arena, aegis_bytes *out, aegis_error *error)
{
    aegis_duties_schema_answer answer;
    aegis_writer writer;
    gathering g;

    memset(&answer, 0, sizeof answer);
    memset(&g, 0, sizeof g);
    g.arena = arena;
    answer.hash = schema != NULL ? schema->hash : "";
    answer.error = why != NULL ? why : why_none(schema);
    if (answer.error == NULL && !gather(&g, schema->file))
        return aegis_no_memory(error);
    answer.files.items = g.out;
    answer.files.count = g.count;
    aegis_writer_open(&writer, arena, format, 0);
    aegis_duties_schema_answer_put(&writer, &answer);
    return aegis_writer_close(&writer, out, error);
}
