/* A connection as the peers of our benchmarks open theirs. */
#ifndef TESTS_BENCH_PEER_LINK_H
#define TESTS_BENCH_PEER_LINK_H

#include <stdbool.h>

#include <nats/nats.h>

/* `asap`: natsOptions_SetSendAsap, what is sent is written at once; else nats.c's flusher thread writes it.
 */
bool peer_connect(natsConnection **connection, const char *url, bool asap);

#endif
