/* Reading source files and finding lines in them. A file is read once per compile, under whatever path it was
 * reached first: the file system says whether another path leads to it too, so that an import cycle through
 * "../" is a cycle and not an endless descent.
 */
#define _POSIX_C_SOURCE 200809L

#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static source_file *find(sources *s, const char *path)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->files[i].path, path) == 0)
            return &s->files[i];
    }
    return NULL;
}

/* The file that is read already and that this path leads to as well. */
static source_file *find_same(sources *s, const struct stat *about)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->files[i].on_disk && s->files[i].device == (uint64_t)about->st_dev &&
            s->files[i].inode == (uint64_t)about->st_ino)
            return &s->files[i];
    }
    return NULL;
}

static source_file *append(sources *s, const char *path, const char *text, size_t length)
{
    source_file *files = (source_file *)arena_grow(s->memory, s->files, s->count, sizeof *files);
    const char *copy = arena_strdup(s->memory, path);

    if (files == NULL || copy == NULL)
        return NULL;
    s->files = files;
    files[s->count] = (source_file){.path = copy, .text = text, .length = length};
    return &files[s->count++];
}

bool source_add_text(sources *s, const char *path, const char *text, size_t length)
{
    const char *copy = arena_copy(s->memory, text, length);

    return copy != NULL && append(s, path, copy, length) != NULL;
}

/* The whole of an open file into the arena. Files that are not regular have no size to trust, so it is read
 * in pieces up to the limit. */
static source_status slurp(sources *s, FILE *in, const char **text, size_t *length, const char **why)
{
    size_t room = 8192, used = 0;
    char *buffer = (char *)arena_alloc(s->memory, room + 1);

    while (buffer != NULL) {
        used += fread(buffer + used, 1, room - used, in);
        if (ferror(in)) {
            *why = strerror(errno);
            return SOURCE_FAILED;
        }
        if (used < room)
            break;
        if (room > SOURCE_MAX) {
            *why = "larger than 16 MiB";
            return SOURCE_FAILED;
        }
        char *bigger = (char *)arena_alloc(s->memory, 4 * room + 1);
        if (bigger != NULL)
            memcpy(bigger, buffer, used);
        buffer = bigger;
        room *= 4;
    }
    if (buffer == NULL)
        return SOURCE_NO_MEMORY;
    buffer[used] = '\0';
    *text = buffer;
    *length = used;
    return SOURCE_OK;
}

static source_status read_file(sources *s, const char *path, const char **text, size_t *length,
                               const char **why)
{
    FILE *in = fopen(path, "rb");
    struct stat about;
    source_status status;

    if (in == NULL) {
        *why = strerror(errno);
        return errno == ENOENT || errno == ENOTDIR ? SOURCE_MISSING : SOURCE_FAILED;
    }
    if (fstat(fileno(in), &about) == 0 && S_ISDIR(about.st_mode)) {
        *why = "is a directory";
        status = SOURCE_FAILED;
    } else {
        status = slurp(s, in, text, length, why);
    }
    fclose(in);
    return status;
}

source_status source_open(sources *s, const char *path, uint32_t *file, const char **why)
{
    source_file *found = find(s, path);
    struct stat about;
    bool on_disk = found == NULL && stat(path, &about) == 0;

    if (on_disk)
        found = find_same(s, &about);
    if (found == NULL) {
        const char *text = NULL;
        size_t length = 0;
        source_status status = read_file(s, path, &text, &length, why);

        if (status != SOURCE_OK)
            return status;
        found = append(s, path, text, length);
        if (found == NULL)
            return SOURCE_NO_MEMORY;
        found->on_disk = on_disk;
        found->device = on_disk ? (uint64_t)about.st_dev : 0;
        found->inode = on_disk ? (uint64_t)about.st_ino : 0;
    }
    *file = (uint32_t)(found - s->files);
    return SOURCE_OK;
}

source_status source_read(sources *s, const char *name, FILE *in, uint32_t *file, const char **why)
{
    const char *text = NULL;
    size_t length = 0;
    source_status status = slurp(s, in, &text, &length, why);
    source_file *added;

    if (status != SOURCE_OK)
        return status;
    added = append(s, name, text, length);
    if (added == NULL)
        return SOURCE_NO_MEMORY;
    *file = (uint32_t)(added - s->files);
    return SOURCE_OK;
}

source_status source_import(sources *s, uint32_t from, const char *path, uint32_t *file, const char **why)
{
    const char *importer = s->files[from].path;
    const char *slash = strrchr(importer, '/');
    int folder = slash == NULL ? 0 : (int)(slash - importer) + 1;
    const char *candidate = arena_printf(s->memory, "%.*s%s", folder, importer, path);
    source_status status = candidate == NULL ? SOURCE_NO_MEMORY : source_open(s, candidate, file, why);

    for (size_t i = 0; status == SOURCE_MISSING && i < s->include_count; i++) {
        candidate = arena_printf(s->memory, "%s/%s", s->include_dirs[i], path);
        status = candidate == NULL ? SOURCE_NO_MEMORY : source_open(s, candidate, file, why);
    }
    return status;
}

source_position source_locate(const sources *s, span where)
{
    const source_file *file = &s->files[where.file];
    source_position at = {1, 1, file->text, 0, 0};
    size_t start = where.start < file->length ? where.start : file->length;
    size_t line = 0, end;

    for (size_t i = 0; i < start; i++) {
        if (file->text[i] == '\n') {
            at.line++;
            line = i + 1;
        }
    }
    for (size_t i = line; i < start; i++)
        at.column += ((unsigned char)file->text[i] & 0xc0) != 0x80;
    for (end = line; end < file->length && file->text[end] != '\n' && file->text[end] != '\r'; end++)
        ;
    at.text = file->text + line;
    at.length = end - line;
    at.offset = start - line;
    return at;
}
