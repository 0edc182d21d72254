/* See web.h. */
#define _POSIX_C_SOURCE 200809L
#include "http/web.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int web_connect(uint16_t port, bool v6)
{
    const struct sockaddr_in four = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct sockaddr_in6 six = {
        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    const int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);

    if (fd < 0)
        return -1;
    if ((v6 ? connect(fd, (const struct sockaddr *)&six, sizeof six)
            : connect(fd, (const struct sockaddr *)&four, sizeof four)) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

bool web_send(int fd, const char *text, size_t size)
{
    while (size > 0) {
        const ssize_t sent = send(fd, text, size, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        text += sent;
        size -= (size_t)sent;
    }
    return true;
}

static void split(web_answer *answer)
{
    char *body = strstr(answer->body, "\r\n\r\n");
    size_t head;

    if (body == NULL || sscanf(answer->body, "HTTP/1.1 %d ", &answer->status) != 1)
        return;
    body += 4;
    head = (size_t)(body - answer->body);
    (void)snprintf(answer->head, sizeof answer->head, "%.*s", (int)head, answer->body);
    answer->size -= head;
    memmove(answer->body, body, answer->size + 1);
}

web_answer web_read(int fd, int seconds)
{
    const struct timeval limit = {.tv_sec = seconds};
    web_answer answer = {0};
    size_t room = 4096;

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    answer.body = (char *)malloc(room);
    while (answer.body != NULL) {
        const ssize_t got = recv(fd, answer.body + answer.size, room - answer.size - 1, 0);

        if (got <= 0)
            break;
        answer.size += (size_t)got;
        if (room - answer.size < 2) {
            room *= 2;
            answer.body = (char *)realloc(answer.body, room);
        }
    }
    (void)close(fd);
    if (answer.body == NULL)
        abort();
    answer.body[answer.size] = '\0';
    split(&answer);
    return answer;
}

web_answer web_ask(uint16_t port, const char *text)
{
    const int fd = web_connect(port, false);
    web_answer none = {0};

    if (fd < 0)
        return none;
    (void)web_send(fd, text, strlen(text));
    return web_read(fd, 30);
}

web_answer web_get(uint16_t port, const char *path)
{
    char text[512];

    (void)snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: here\r\n\r\n", path);
    return web_ask(port, text);
}

void web_forget(web_answer *answer)
{
    free(answer->body);
    answer->body = NULL;
}
