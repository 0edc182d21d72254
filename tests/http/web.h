/* A browser of few words, for tests of the HTTP listener: a socket, so that it can also ask what no library
 * would. */
#ifndef TESTS_HTTP_WEB_H
#define TESTS_HTTP_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct web_answer {
    int status;      /* 0: none came, or none that is HTTP */
    char head[2048]; /* status line and headers */
    char *body;      /* ends in a NUL; to be freed by web_forget */
    size_t size;
} web_answer;

/* Connected to a port of the loopback, or -1. */
int web_connect(uint16_t port, bool v6);
/* False when it could not be sent. */
bool web_send(int fd, const char *text, size_t size);
/* Read to the end of the connection, or for so many seconds, and close it. */
web_answer web_read(int fd, int seconds);
/* All three: send `text`, read what comes. */
web_answer web_ask(uint16_t port, const char *text);
/* GET of a path. */
web_answer web_get(uint16_t port, const char *path);
void web_forget(web_answer *answer);

#endif
