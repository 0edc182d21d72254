/* Output files appear by rename, and only when they differ from what is there: as long as the text is the
 * same as the file's, nothing is written at all; where they part, a temporary file beside it takes over.
 */
#define _XOPEN_SOURCE 700
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct output_file {
    const char *path;      /* as it is shown */
    const char *target;    /* what is replaced: the path, or what it is a link to */
    const char *temporary; /* NULL: none was made */
    int existing;          /* the file as it is, while the text is the same; else -1 */
    int fd;                /* what is written to, or -1 */
    off_t same;            /* bytes that are the same so far */
    mode_t mode;           /* of the file as it is; 0: there is none */
    output_file *next;
};

static bool fail_with(outputs *o, const output_file *file, const char *why)
{
    if (o->error == NULL)
        o->error = arena_printf(o->memory, "cannot write '%s': %s", file->path, why);
    return false;
}

static bool fail(outputs *o, const output_file *file)
{
    return fail_with(o, file, strerror(errno));
}

/* mkdir -p for the folder that `path` lies in. What stands in the way of one shows when the file is opened.
 */
static bool make_folders(outputs *o, const char *path)
{
    char *folder = arena_strdup(o->memory, path);

    for (char *slash = folder; folder != NULL && (slash = strchr(slash + 1, '/')) != NULL;) {
        *slash = '\0';
        if (mkdir(folder, 0777) != 0 && errno != EEXIST && errno != ENOTDIR) {
            if (o->error == NULL)
                o->error =
                    arena_printf(o->memory, "cannot make the folder '%s': %s", folder, strerror(errno));
            return false;
        }
        *slash = '/';
    }
    return folder != NULL;
}

static bool write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        const ssize_t done = write(fd, data, size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        data += done;
        size -= (size_t)done;
    }
    return true;
}

/* As much as there is, up to `size`; 0 at the end or when it cannot be read. */
static size_t read_all(int fd, char *data, size_t size, off_t offset)
{
    size_t got = 0;

    while (got < size) {
        const ssize_t done = pread(fd, data + got, size - got, offset + (off_t)got);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            break;
        got += (size_t)done;
    }
    return got;
}

/* ---- beginning ---------------------------------------------------------------------------------------- */

/* What the path leads to, when it is a link to something. */
static const char *target_of(outputs *o, const char *path)
{
    char resolved[PATH_MAX];
    struct stat about;

    if (lstat(path, &about) != 0 || !S_ISLNK(about.st_mode) || realpath(path, resolved) == NULL)
        return path; /* a link to nothing is replaced */
    return arena_strdup(o->memory, resolved);
}

/* Not a regular file: written to as it stands. A pipe that nobody reads is an error rather than a long wait.
 */
static bool open_special(outputs *o, output_file *file)
{
    int flags;

    file->fd = open(file->target, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (file->fd < 0)
        return fail(o, file);
    flags = fcntl(file->fd, F_GETFL);
    if (flags < 0 || fcntl(file->fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
        return fail(o, file);
    return true;
}

static bool open_temporary(outputs *o, output_file *file)
{
    const char *name = arena_printf(o->memory, "%s.%lld.tmp", file->target, (long long)getpid());

    if (name == NULL || !make_folders(o, file->target))
        return false;
    file->fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file->fd < 0 && errno == EEXIST &&
        unlink(name) == 0) /* left by a process of that number that was killed */
        file->fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file->fd < 0)
        return fail(o, file);
    file->temporary = name;
    if (file->mode != 0)
        (void)fchmod(file->fd, file->mode & 0777);
    return true;
}

bool outputs_begin(outputs *o, const char *path)
{
    output_file *file = arena_new(o->memory, output_file);
    struct stat about;

    if (file == NULL)
        return false;
    *file =
        (output_file){.path = path, .target = target_of(o, path), .existing = -1, .fd = -1, .next = o->files};
    if (file->target == NULL)
        return false;
    for (const output_file *other = o->files; other != NULL; other = other->next)
        if (strcmp(other->target, file->target) == 0)
            return fail_with(o, file, "another input becomes this file too");
    o->files = file;
    if (stat(file->target, &about) != 0)
        return open_temporary(o, file);
    if (!S_ISREG(about.st_mode))
        return open_special(o, file);
    file->mode = about.st_mode;
    if (access(file->target, W_OK) != 0)
        return fail(o, file);
    file->existing = open(file->target, O_RDONLY | O_CLOEXEC);
    return file->existing >= 0 || open_temporary(o, file);
}

/* ---- writing ------------------------------------------------------------------------------------------ */

/* The text differs from here on: what was the same goes into a file of its own. */
static bool part(outputs *o, output_file *file)
{
    char block[8192];
    off_t at = 0;
    bool good = open_temporary(o, file);

    while (good && at < file->same) {
        const size_t left = (size_t)(file->same - at);
        const size_t got = read_all(file->existing, block, left < sizeof block ? left : sizeof block, at);

        if (got == 0)
            return fail_with(o, file, "it changes while it is read");
        good = write_all(file->fd, block, got) || fail(o, file);
        at += (off_t)got;
    }
    (void)close(file->existing);
    file->existing = -1;
    return good;
}

/* Whether the file goes on with these bytes. */
static bool goes_on(output_file *file, const char *data, size_t size)
{
    char block[8192];

    for (size_t at = 0; at < size;) {
        const size_t piece = size - at < sizeof block ? size - at : sizeof block;

        if (read_all(file->existing, block, piece, file->same + (off_t)at) != piece ||
            memcmp(block, data + at, piece) != 0)
            return false;
        at += piece;
    }
    file->same += (off_t)size;
    return true;
}

bool outputs_write(outputs *o, const char *data, size_t size)
{
    output_file *file = o->files;

    if (file->existing >= 0) {
        if (goes_on(file, data, size))
            return true;
        if (!part(o, file))
            return false;
    }
    return write_all(file->fd, data, size) || fail(o, file);
}

static bool close_file(output_file *file)
{
    bool good = file->fd < 0 || close(file->fd) == 0;

    if (file->existing >= 0)
        (void)close(file->existing);
    file->fd = file->existing = -1;
    return good;
}

bool outputs_end(outputs *o)
{
    output_file *file = o->files;
    char more;

    if (file->existing >= 0 && read_all(file->existing, &more, 1, file->same) != 0 && !part(o, file))
        return false;
    return close_file(file) || fail(o, file);
}

/* ---- ending ------------------------------------------------------------------------------------------- */

/* Only files are replaced: what has become something else meanwhile stays. */
static bool may_replace(outputs *o, const output_file *file)
{
    struct stat about;

    if (lstat(file->target, &about) != 0 || S_ISREG(about.st_mode) || S_ISLNK(about.st_mode))
        return true;
    return fail_with(o, file, "it is no file any more");
}

bool outputs_commit(outputs *o)
{
    for (output_file *file = o->files; file != NULL; file = file->next) {
        if (file->temporary == NULL)
            continue;
        if (!may_replace(o, file))
            return false;
        if (rename(file->temporary, file->target) != 0)
            return fail(o, file);
        file->temporary = NULL;
    }
    return true;
}

void outputs_abandon(outputs *o)
{
    for (output_file *file = o->files; file != NULL; file = file->next) {
        (void)close_file(file);
        if (file->temporary != NULL)
            (void)unlink(file->temporary);
        file->temporary = NULL;
    }
}

bool outputs_put(outputs *o, const char *path, const char *data, size_t size)
{
    return outputs_begin(o, path) && outputs_write(o, data, size) && outputs_end(o);
}
