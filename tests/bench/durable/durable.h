/* Events, ours and by hand: published one after the other, published with many under way, consumed with an
 * acknowledgement each. Both sides store the same order in a file stream of the same server.
 */
#ifndef TESTS_BENCH_DURABLE_DURABLE_H
#define TESTS_BENCH_DURABLE_DURABLE_H

#include "bench/duel.h"
#include "shop.h"

/* Ours: generated functions, on a bus for publishing and one for consuming. NULL, with the reason on stderr.
 */
typedef struct durable_ours durable_ours;
durable_ours *durable_ours_open(const char *url, const shop_order *order, unsigned depth);
void durable_ours_close(durable_ours *ours);
bool durable_ours_pipelined(void *context, uint64_t count, unsigned depth, bench_samples *samples);
bool durable_ours_blocking(void *context, uint64_t count, unsigned depth, bench_samples *samples);
/* Stores what `durable_ours_consume` then takes. */
bool durable_ours_fill(void *context, uint64_t count);
bool durable_ours_consume(void *context, uint64_t count, unsigned depth, bench_samples *samples);
/* From the first event handled to the last. */
double durable_ours_elapsed(void *context);

/* By hand: nats.c and msgpack-c. The message is the same as ours, or with `bare` its payload alone, which no
 * subscriber of our wire could read. */
typedef struct durable_peer durable_peer;
durable_peer *durable_peer_open(const char *url, const shop_order *order, unsigned depth, bool asap,
                                bool bare);
void durable_peer_close(durable_peer *peer);
const char *durable_peer_name(const durable_peer *peer);
bool durable_peer_pipelined(void *context, uint64_t count, unsigned depth, bench_samples *samples);
bool durable_peer_blocking(void *context, uint64_t count, unsigned depth, bench_samples *samples);
bool durable_peer_fill(void *context, uint64_t count);
bool durable_peer_consume(void *context, uint64_t count, unsigned depth, bench_samples *samples);
double durable_peer_elapsed(void *context);

/* Empty both streams, so that a round does not pay for what the last one left. */
bool durable_empty(const char *url);

#endif
