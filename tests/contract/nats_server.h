/* A private nats-server with JetStream for a test: on a free loopback port, with its store in a temporary
 * directory that goes away with it. It cannot outlive the test: the kernel kills it when the thread that
 * started it ends, so start it from the main thread. Not thread-safe; one at a time is watched by atexit,
 * more are possible.
 */
#ifndef TESTS_CONTRACT_NATS_SERVER_H
#define TESTS_CONTRACT_NATS_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

typedef struct nats_server {
    pid_t pid; /* 0: not running */
    int port;
    char store[64];           /* JetStream's directory */
    char configuration[1024]; /* text of an optional configuration file; "" for none */
    char url[64];             /* nats://127.0.0.1:PORT */
} nats_server;

/* False when there is no nats-server on this machine. */
bool nats_server_installed(void);
/* Its path, or NULL. */
const char *nats_server_program(void);
/* True when a server on that loopback port has sent its INFO line and says that it has JetStream. */
bool nats_server_answers(int port);
/* A loopback port nobody has just now; 0 when there is none. */
int nats_server_free_port(void);
/* Start on a free port and wait until it accepts connections and JetStream answers. False, with a message on
 * stderr, when it cannot; `server` is then empty. Preset `configuration`, or zero the struct. */
bool nats_server_start(nats_server *server);
/* SIGKILL: what a crash looks like. The store stays. */
void nats_server_kill(nats_server *server);
/* SIGTERM and wait: what an orderly stop looks like. The store stays. */
void nats_server_terminate(nats_server *server);
/* Start again on the same port and store. */
bool nats_server_restart(nats_server *server);
/* Lame duck mode: it tells its clients, takes no more, and lets go of them over the next half minute. */
void nats_server_retire(const nats_server *server);
/* SIGSTOP and SIGCONT: a server that hangs. */
void nats_server_freeze(const nats_server *server);
void nats_server_thaw(const nats_server *server);
/* End it and remove its store. Safe to call twice. */
void nats_server_stop(nats_server *server);

#endif
