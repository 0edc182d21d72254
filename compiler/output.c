/* Output files appear by rename, so that a build that is interrupted never finds half a file, and a file
 * whose text has not changed is not touched, so that make does not rebuild what depends on it.
 */
#define _POSIX_C_SOURCE 200809L
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool same_already(const char *path, const char *data, size_t size)
{
    FILE *file = fopen(path, "rb");
    char block[4096];
    size_t at = 0, got = 0;
    bool same = file != NULL;

    while (same && (got = fread(block, 1, sizeof block, file)) > 0) {
        same = got <= size - at && memcmp(block, data + at, got) == 0;
        at += got;
    }
    if (file != NULL)
        (void)fclose(file);
    return same && at == size;
}

/* mkdir -p for the folder that `path` lies in; errors show when the file is opened. */
static void make_folders(const char *path)
{
    char folder[4096];
    size_t length = strlen(path);

    if (length >= sizeof folder)
        return;
    memcpy(folder, path, length + 1);
    for (char *slash = folder + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        (void)mkdir(folder, 0777);
        *slash = '/';
    }
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

bool output_write(const char *path, const char *data, size_t size, char *why, size_t why_size)
{
    char temporary[4096];
    const int length = snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());
    int fd;
    bool good;

    if (length < 0 || (size_t)length >= sizeof temporary) {
        (void)snprintf(why, why_size, "the path is too long");
        return false;
    }
    if (same_already(path, data, size))
        return true;
    make_folders(path);
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        (void)snprintf(why, why_size, "%s", strerror(errno));
        return false;
    }
    good = write_all(fd, data, size);
    good = close(fd) == 0 && good;
    good = good && rename(temporary, path) == 0;
    if (!good) {
        (void)snprintf(why, why_size, "%s", strerror(errno));
        (void)unlink(temporary);
    }
    return good;
}
