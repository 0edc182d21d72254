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

/* A byte order mark at the beginning, as some editors write it, is no part of the text. */
static source_file *append(sources *s, const char *path, const char *text, size_t length)
{
    static const char mark[] = "\xef\xbb\xbf";
    const size_t skip = length >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
    source_file *files = (source_file *)arena_grow(s->memory, s->files, s->count, sizeof *files);
    const char *copy = arena_strdup(s->memory, path);

    if (files == NULL || copy == NULL)
        return NULL;
    s->files = files;
    files[s->count] = (source_file){.path = copy, .text = text + skip, .length = length - skip};
    return &files[s->count++];
}

bool source_add_text(sources *s, const char *path, const char *text, size_t length)
{
    const char *copy = arena_copy(s->memory, text, length);

    return copy != NULL && append(s, path, copy, length) != NULL;
}

/* What is read at first of a file that does not say its size. */
#define FIRST_ROOM ((size_t)8192)

/* The whole of an open file into the arena. Files that are not regular have no size to trust, and others may
 * grow, so it is read in pieces up to the limit. */
static source_status slurp(sources *s, FILE *in, uint64_t expected, const char **text, size_t *length,
                           const char **why)
{
    /* one more, so that the end is seen */
    size_t room = expected < FIRST_ROOM || expected > SOURCE_MAX ? FIRST_ROOM : (size_t)expected + 1,
           used = 0;
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
    struct stat about = {0};
    source_status status;

    if (in == NULL) {
        *why = strerror(errno);
        return errno == ENOENT || errno == ENOTDIR ? SOURCE_MISSING : SOURCE_FAILED;
    }
    if (fstat(fileno(in), &about) == 0 && S_ISDIR(about.st_mode)) {
        *why = "is a directory";
        status = SOURCE_FAILED;
    } else {
        status = slurp(s, in, S_ISREG(about.st_mode) ? (uint64_t)about.st_size : 0, text, length, why);
    }
    fclose(in);
    return status;
}

/* Bytes of a path that are its memory root, 0 for a path on disk. */
static size_t root_size(const sources *s, const char *path)
{
    const size_t size = s->memory_root == NULL ? 0 : strlen(s->memory_root);

    return size > 0 && strncmp(path, s->memory_root, size) == 0 ? size : 0;
}

/* Names of folders and ".." behind each other are taken out, and empty names; what is in memory has one name.
 */
static void make_plain(char *path)
{
    char *to = path;
    const char *from = path;

    while (*from != '\0') {
        const size_t size = strcspn(from, "/");

        if (size == 2 && strncmp(from, "..", 2) == 0 && to > path) {
            for (to--; to > path && to[-1] != '/'; to--)
                ;
        } else if (size > 0 && !(size == 1 && *from == '.')) {
            memmove(to, from, size);
            to += size;
            if (from[size] == '/')
                *to++ = '/';
        }
        from += size + (from[size] == '/' ? 1 : 0);
    }
    *to = '\0';
}

source_status source_open(sources *s, const char *path, uint32_t *file, const char **why)
{
    source_file *found = find(s, path);
    struct stat about;
    bool in_memory = root_size(s, path) > 0;
    bool on_disk = found == NULL && !in_memory && stat(path, &about) == 0;

    if (found == NULL && in_memory)
        return SOURCE_MISSING;
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
    source_status status = slurp(s, in, 0, &text, &length, why);
    source_file *added;

    if (status != SOURCE_OK)
        return status;
    added = append(s, name, text, length);
    if (added == NULL)
        return SOURCE_NO_MEMORY;
    *file = (uint32_t)(added - s->files);
    return SOURCE_OK;
}

/* Where an import would be in a folder, whose name ends with '/' or is that of the current one or a root. */
static source_status open_in(sources *s, const char *folder, size_t size, const char *path, uint32_t *file,
                             const char **why)
{
    char *candidate = arena_printf(s->memory, "%.*s%s", (int)size, folder, path);

    if (candidate == NULL)
        return SOURCE_NO_MEMORY;
    if (root_size(s, candidate) > 0)
        make_plain(candidate + root_size(s, candidate));
    return source_open(s, candidate, file, why);
}

source_status source_import(sources *s, uint32_t from, const char *path, uint32_t *file, bool *beside,
                            const char **why)
{
    const char *importer = s->files[from].path, *slash = strrchr(importer, '/');
    const size_t root = root_size(s, importer), behind = slash == NULL ? 0 : (size_t)(slash - importer) + 1;
    source_status status = open_in(s, importer, behind > root ? behind : root, path, file, why);

    *beside = status == SOURCE_OK;
    for (size_t i = 0; status == SOURCE_MISSING && i < s->include_count; i++) {
        const char *folder = arena_printf(s->memory, "%s/", s->include_dirs[i]);

        status = folder == NULL ? SOURCE_NO_MEMORY : open_in(s, folder, strlen(folder), path, file, why);
    }
    return status;
}

/* Bytes from one mark to the next. */
#define MARK_EVERY 4096

/* Go on from a mark to the next place. */
static void count_on(source_mark *mark, const source_file *file, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (file->text[i] == '\n') {
            mark->lines++;
            mark->line = (uint32_t)(i + 1);
            mark->characters = 0;
        } else {
            mark->characters += ((unsigned char)file->text[i] & 0xc0) != 0x80;
        }
    }
}

/* The marks of a file are made when the first place in it is asked for. NULL without memory. */
static const source_mark *marks_of(const sources *s, source_file *file)
{
    source_mark mark = {0, 0, 0};

    if (file->marks != NULL)
        return file->marks;
    file->marks = (source_mark *)arena_array(s->memory, file->length / MARK_EVERY + 1, sizeof mark);
    for (size_t i = 0; file->marks != NULL && i <= file->length / MARK_EVERY; i++) {
        file->marks[i] = mark;
        if (i < file->length / MARK_EVERY)
            count_on(&mark, file, i * MARK_EVERY, (i + 1) * MARK_EVERY);
    }
    return file->marks;
}

source_position source_locate(const sources *s, span where)
{
    source_file *file = &s->files[where.file];
    size_t start = where.start < file->length ? where.start : file->length;
    const source_mark *marks = start < MARK_EVERY ? NULL : marks_of(s, file);
    const size_t known = marks == NULL ? 0 : start / MARK_EVERY;
    source_mark mark = marks == NULL ? (source_mark){0, 0, 0} : marks[known];
    const char *end;
    size_t line, length;

    count_on(&mark, file, known * MARK_EVERY, start);
    line = mark.line;
    end = (const char *)memchr(file->text + line, '\n', file->length - line);
    length = end == NULL ? file->length - line : (size_t)(end - file->text) - line;
    if (length > 0 && file->text[line + length - 1] == '\r')
        length--;
    return (source_position){.line = mark.lines + 1,
                             .column = mark.characters + 1,
                             .text = file->text + line,
                             .length = length,
                             .offset = start - line < length ? start - line : length};
}
