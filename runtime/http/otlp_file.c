/* Into a file: one request a line, as OpenTelemetry's file exporter has it (JSON Lines), appended in one
 * write, so that several processes may share it. A line that could not be written whole is taken back if the
 * file is ours alone, else ended, so that the next one is a line again. A pipe that nobody reads is waited
 * for no longer than a collector is. */
#define _POSIX_C_SOURCE 200809L
#include "http/otlp.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long one look at a pipe may take: then it is seen whether the exporter is being closed. */
#define LOOK 100

aegis_status otlp_file_open(aegis_otlp *otlp, const char *path, aegis_error *error)
{
    char text[128];

    if (path[0] == '\0')
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "the endpoint 'file:' names no file");
    /* Of a pipe: an error at once, and not a wait, when nobody reads it. */
    otlp->file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0644);
    if (otlp->file >= 0)
        return AEGIS_OK;
    if (strerror_r(errno, text, sizeof text) != 0)
        text[0] = '\0';
    return aegis_error_set(error, AEGIS_UNAVAILABLE, "cannot open %s for spans: %s", path, text);
}

static off_t size_of(int file)
{
    struct stat is;

    return fstat(file, &is) == 0 && S_ISREG(is.st_mode) ? is.st_size : -1;
}

/* False: not all of it could be written, and errno says why. */
static bool write_all(aegis_otlp *otlp, const char *text, size_t size, size_t *written)
{
    int64_t until = otlp_now() + otlp->timeout;
    struct pollfd ready = {.fd = otlp->file, .events = POLLOUT};

    while (*written < size) {
        const ssize_t now = write(otlp->file, text + *written, size - *written);

        if (now >= 0) {
            *written += (size_t)now;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return false;
        if (otlp_now() >= until || otlp_now() >= otlp_deadline(otlp)) {
            errno = ETIMEDOUT;
            return false;
        }
        (void)poll(&ready, 1, LOOK);
    }
    return true;
}

void otlp_file_send(aegis_otlp *otlp, const char *text, size_t size, otlp_answer *answer)
{
    const off_t before = size_of(otlp->file);
    size_t written = 0;
    char why[128];
    int number;

    memset(answer, 0, sizeof *answer);
    if (otlp->broken_line) {
        size_t end = 0;

        otlp->broken_line = !write_all(otlp, "\n", 1, &end);
    }
    if (!otlp->broken_line && write_all(otlp, text, size, &written))
        return;
    number = errno;
    answer->result = OTLP_NEVER;
    if (strerror_r(number, why, sizeof why) != 0)
        why[0] = '\0';
    (void)snprintf(answer->why, sizeof answer->why, "%s cannot be written: %s", otlp->endpoint, why);
    if (written == 0)
        return;
    otlp->broken_line =
        before < 0 || size_of(otlp->file) != before + (off_t)written || ftruncate(otlp->file, before) != 0;
}
