/* nats-servers as tools/deploy configures them: one, or three in a cluster, on free loopback ports with their
 * stores in a temporary directory. Each may be killed and started again. Start it from the main thread: the
 * kernel kills the servers when that thread ends.
 */
#ifndef TESTS_CONTRACT_DEPLOYMENT_H
#define TESTS_CONTRACT_DEPLOYMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define DEPLOYMENT_MAX 3

typedef struct deployment {
    size_t count; /* 1: one.conf, 3: three.conf */
    pid_t pids[DEPLOYMENT_MAX];
    int ports[DEPLOYMENT_MAX];
    int route_ports[DEPLOYMENT_MAX];
    char store[64];
    char url[128]; /* of all servers */
} deployment;

/* Password of every user in accounts.conf. */
#define DEPLOYMENT_PASSWORD "aegis-test"

/* False, with a message, when it cannot. All accept connections when it returns; whether a cluster has found
 * its leader is for the caller to try. */
bool deployment_start(deployment *d, size_t count);
/* Does nats-server accept the configuration file? */
bool deployment_valid(const char *file);
/* SIGKILL. The store stays. */
void deployment_kill(deployment *d, size_t which);
/* Again, on its port and store; not waited for. */
void deployment_restart(deployment *d, size_t which);
/* Server "n<which + 1>" by its name, or DEPLOYMENT_MAX. */
size_t deployment_named(const deployment *d, const char *name);
/* End all, remove the stores. */
void deployment_stop(deployment *d);

#endif
