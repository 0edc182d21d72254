/* One connection after the other, one request after the other; a body is read and forgotten. */
#define _GNU_SOURCE
#include "bench/sink.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* True when all of a request was read and answered. */
static bool take(int fd, char *room, size_t size)
{
    static const char good[] =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    size_t have = 0, left;
    const char *end, *length;

    do {
        const ssize_t got = read(fd, room + have, size - 1 - have);

        if (got <= 0)
            return false;
        have += (size_t)got;
        room[have] = '\0';
        end = strstr(room, "\r\n\r\n");
    } while (end == NULL && have < 4096);
    length = strcasestr(room, "content-length:");
    if (end == NULL || length == NULL)
        return false;
    left = (size_t)(end + 4 - room) + strtoul(length + 15, NULL, 10);
    left = left > have ? left - have : 0;
    while (left > 0) {
        const ssize_t got = read(fd, room, left < size ? left : size);

        if (got <= 0)
            return false;
        left -= (size_t)got;
    }
    return write(fd, good, sizeof good - 1) == (ssize_t)(sizeof good - 1);
}

static void serve(int listener)
{
    static char room[(size_t)1 << 18];

    for (;;) {
        const int fd = accept(listener, NULL, NULL);

        while (fd >= 0 && take(fd, room, sizeof room))
            continue;
        (void)close(fd);
    }
}

pid_t sink_start(uint16_t *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size = sizeof at;
    pid_t child = -1;

    if (listener >= 0 && bind(listener, (const struct sockaddr *)&at, size) == 0 &&
        getsockname(listener, (struct sockaddr *)&at, &size) == 0 && listen(listener, 4) == 0) {
        (void)fflush(NULL);
        child = fork();
    }
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(listener);
    }
    if (listener >= 0)
        (void)close(listener);
    *port = ntohs(at.sin_port);
    return child;
}
