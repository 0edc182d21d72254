/* Calls, ours and by hand, in the forms users write them: one after the other, many in flight, many threads.
 * Every form is a function of the number of calls; the latency of each goes to `samples`.
 */
#ifndef TESTS_BENCH_RPC_RPC_H
#define TESTS_BENCH_RPC_RPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/duel.h"
#include "shop.h"

enum { RPC_THREADS = 64 };

typedef bench_samples rpc_samples;
typedef bench_form rpc_form;

/* Ours: a service and a client, each on a bus of its own, at `url`; NULL: both on one bus without I/O, see
 * loop.c. NULL, with the reason on stderr, when it cannot. */
typedef struct rpc_ours rpc_ours;
rpc_ours *rpc_ours_open(const char *url, const shop_order *order);
/* With options of both buses. */
rpc_ours *rpc_ours_open_as(const char *url, const shop_order *order, const aegis_options *options);
void rpc_ours_close(rpc_ours *ours);
/* The service's bus. */
aegis_bus *rpc_ours_bus(const rpc_ours *ours);
/* After a first call, and between calls: from now on they are not counted. */
void rpc_ours_uncount(rpc_ours *ours);
bool rpc_ours_lonely(void *context, uint64_t count, unsigned depth, rpc_samples *samples);
bool rpc_ours_async(void *context, uint64_t count, unsigned depth, rpc_samples *samples);
bool rpc_ours_threads(void *context, uint64_t count, unsigned depth, rpc_samples *samples);

/* A port to itself, and what carrying bytes over it costs. */
struct aegis_port *rpc_loop_open(void);
typedef struct rpc_carrier rpc_carrier;
rpc_carrier *rpc_carrier_open(size_t request_bytes, size_t answer_bytes);
void rpc_carrier_close(rpc_carrier *carrier);
bool rpc_carrier_carry(void *context, uint64_t count, unsigned depth, rpc_samples *samples);

/* By hand: nats.c and msgpack-c. `prebuilt` sends bytes made before and reads nothing of what comes. */
typedef struct rpc_peer_options {
    bool responder_asap,
        requester_asap; /* natsOptions_SetSendAsap; without, nats.c's flusher thread writes */
    bool callback;      /* answers come to a callback; without, natsSubscription_NextMsg takes them */
    bool bare;          /* no envelope */
    bool prebuilt;
} rpc_peer_options;
typedef struct rpc_peer rpc_peer;
rpc_peer *rpc_peer_open(const char *url, const shop_order *order, const rpc_peer_options *options);
void rpc_peer_close(rpc_peer *peer);
const char *rpc_peer_name(const rpc_peer *peer);
bool rpc_peer_lonely(void *context, uint64_t count, unsigned depth, rpc_samples *samples);
bool rpc_peer_pipelined(void *context, uint64_t count, unsigned depth, rpc_samples *samples);
bool rpc_peer_threads(void *context, uint64_t count, unsigned depth, rpc_samples *samples);

/* The floor: the same bytes over bare sockets, through a process that only relays them. */
typedef struct rpc_floor rpc_floor;
rpc_floor *rpc_floor_open(size_t request_bytes, size_t answer_bytes);
void rpc_floor_close(rpc_floor *floor);
bool rpc_floor_lonely(void *context, uint64_t count, unsigned depth, rpc_samples *samples);

#endif
