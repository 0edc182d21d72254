/* What a test of the application layer stands on: one bus of either adapter, a client, a publisher, and a
 * service written by hand (peer_service.c, of peer.h's messages). A program's cases run on the in-process bus
 * and then over a nats-server of their own, where there is one.
 */
#ifndef TESTS_CONTRACT_WORLD_H
#define TESTS_CONTRACT_WORLD_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "contract/nats_server.h"
#include "contract/peer.h"
#include "ports/clock.h"

#define TEN_SECONDS (10 * AEGIS_SECOND)

typedef struct world {
    const char *url;
    aegis_bus *bus;
    aegis_client *client;
    aegis_publisher *publisher;
    aegis_arena *arena;
    aegis_service *service; /* stopped by world_tear_down */
    struct raw *raw;        /* the same, of raw.h */
    nats_server server;     /* pid 0 with the in-process bus */
    atomic_int handled;
    atomic_int seen;
    atomic_int raw_seen;
    atomic_int failures_left;
    atomic_int attempts;
    atomic_bool release;
    atomic_int running;
    _Atomic(aegis_call *) parked;
    char last[128];
} world;

int world_set_up(void **state);
int world_tear_down(void **state);
/* Close its bus, and what is a client of it; a service may outlive that. */
void world_close(world *w);
/* The same with a bus of other options (the log stays ours unless they have one); an in-process bus begins
 * empty. */
void world_reopen(world *w, const aegis_options *options);
#define WORLD_CASE(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
/* Over both adapters; what main returns. */
int world_run(const struct CMUnitTest *cases, size_t count);
/* Over a server alone: for what needs several processes. */
int world_run_nats(const struct CMUnitTest *cases, size_t count);
bool world_is_nats(void);

void nap(aegis_duration duration);
/* False when the count does not come to that within ten seconds. */
bool reached(atomic_int *count, int wanted);

aegis_service *start(world *w, const aegis_service_type *type, const aegis_service_options *options);

/* ---- the service "peer": echo refuse fail silent twice unencodable slow nested later absent loop relay nap
 */
extern const aegis_service_type peer_type;
const aegis_method *peer_method(const char *name);
outcome call(world *w, const char *method, const note *request);
extern const note seven;

/* A handler of peer.h as the function of an endpoint: serve_<name>. */
#define SERVE(name)                                                                                          \
    static aegis_reply serve_##name(aegis_call *call, aegis_reader *params, const void *ops, void *user)     \
    {                                                                                                        \
        (void)ops;                                                                                           \
        return peer_serve(call, params, user, name);                                                         \
    }

/* One blocking call from a thread of its own. */
typedef struct caller {
    world *w;
    const char *method;
    pthread_t thread;
    outcome out;
    aegis_arena *arena; /* the caller's to free after land */
} caller;
void launch(world *w, caller *c, const char *method);
void land(caller *c);

#endif
