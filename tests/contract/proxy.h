/* A small TCP fault proxy on loopback: what a bad network does to connections, on demand. It forwards every
 * connection to one server port; a thread of its own moves the bytes. All functions may be called from any
 * thread while it runs.
 */
#ifndef TESTS_CONTRACT_PROXY_H
#define TESTS_CONTRACT_PROXY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { PROXY_MAX = 32 };

typedef struct proxy_pair {
    int client, server; /* -1: unused */
    bool stalled;       /* stays open, nothing passes: half-open as its two ends see it */
} proxy_pair;

typedef struct proxy {
    int port; /* its own */
    char url[64];
    int target;
    int listener;
    pthread_t thread;
    pthread_mutex_t lock;
    proxy_pair pairs[PROXY_MAX];
    bool stop;
    bool refuse;    /* new connections are closed at once */
    long cut_after; /* bytes still to go to a client before its connection is cut; -1: never */
    atomic_long accepted;
} proxy;

bool proxy_start(proxy *p, int target_port);
void proxy_stop(proxy *p);
/* Reset one connection: the `which`th that is open (from 0), or all with -1. The number reset. */
int proxy_cut(proxy *p, int which);
/* All that are open now pass nothing any more, and nobody is told. New ones work. */
int proxy_half_open(proxy *p);
void proxy_refuse(proxy *p, bool refuse);
/* Cut the connection that is the first to have received so many more bytes: in the middle of whatever it is.
 */
void proxy_cut_after(proxy *p, long bytes);
int proxy_open(proxy *p);

#endif
