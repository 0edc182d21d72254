/* A collector of OTLP/HTTP on a free port, which answers as the test says: well, late, not at all, or with
 * nonsense. */
#ifndef TESTS_HTTP_COLLECTOR_H
#define TESTS_HTTP_COLLECTOR_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COLLECTOR_BODIES = 256 };

/* What one request gets. `text` is all of the answer, as it stands on the wire; NULL: "200" and "{}". */
typedef struct collector_answer {
    const char *text;
    int wait_ms;  /* before it */
    bool hang_up; /* no answer */
    bool endless; /* after the text zeros follow until the client has enough */
} collector_answer;

typedef struct collector {
    uint16_t port;
    char url[64];
    const collector_answer *answers; /* one after the other; the last one again and again. NULL: all good */
    size_t answer_count;
    int listener;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the rest */
    bool stopping;
    size_t requests, connections;
    char *bodies[COLLECTOR_BODIES]; /* of the first ones; with a NUL */
    char heads[COLLECTOR_BODIES][1024];
} collector;

void collector_start(collector *c, const collector_answer *answers, size_t count);
/* Wait for so many requests; how many there were after ten seconds at most. */
size_t collector_wait(collector *c, size_t count);
void collector_stop(collector *c);
/* A port on which nobody listens. */
uint16_t collector_nobody(void);

#endif
