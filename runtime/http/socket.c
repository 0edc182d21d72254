/* An address and a port become a listening socket. Done here and not by the HTTP library, which would say
 * that it failed but not why, and could not tell the port that was chosen. */
#define _GNU_SOURCE
#include "http/internal.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Who asks while all connections are busy waits here. */
#define BACKLOG 512

static int open_one(const struct addrinfo *info)
{
    const int on = 1;
    const int fd =
        socket(info->ai_family, info->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, info->ai_protocol);
    int failed;

    if (fd < 0)
        return -1;
    /* So that a restart need not wait for the last one's connections. */
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    failed = errno;
    (void)close(fd);
    errno = failed;
    return -1;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char service[8];
    unsigned port = 0;

    memset(&address, 0, sizeof address);
    if (getsockname(fd, (struct sockaddr *)&address, &size) == 0 &&
        getnameinfo((struct sockaddr *)&address, size, NULL, 0, service, sizeof service, NI_NUMERICSERV) == 0)
        (void)sscanf(service, "%u", &port);
    return (uint16_t)port;
}

static aegis_status cannot(const char *address, uint16_t port, int number, aegis_error *error)
{
    char text[128];
    const char *why = strerror_r(number, text, sizeof text);

    if (strchr(address, ':') != NULL)
        return aegis_error_set(error, AEGIS_UNAVAILABLE, "cannot listen on [%s]:%u: %s", address,
                               (unsigned)port, why);
    return aegis_error_set(error, AEGIS_UNAVAILABLE, "cannot listen on %s:%u: %s", address, (unsigned)port,
                           why);
}

aegis_status aegis_http_listen(const aegis_http_options *options, int *fd, uint16_t *port, aegis_error *error)
{
    const char *address = options != NULL && options->address != NULL ? options->address : "127.0.0.1";
    const uint16_t wanted = options != NULL ? options->port : 0;
    const struct addrinfo hints = {.ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL, *one;
    char service[8];
    int failed;

    (void)snprintf(service, sizeof service, "%u", (unsigned)wanted);
    *fd = -1;
    failed = getaddrinfo(address, service, &hints, &found);
    if (failed != 0)
        return aegis_error_set(error, AEGIS_INVALID_ARGUMENT, "\"%s\" is no address to listen on: %s",
                               address, gai_strerror(failed));
    for (one = found; one != NULL && *fd < 0; one = one->ai_next)
        *fd = open_one(one);
    failed = errno;
    freeaddrinfo(found);
    if (*fd < 0)
        return cannot(address, wanted, failed, error);
    *port = port_of(*fd);
    return AEGIS_OK;
}
