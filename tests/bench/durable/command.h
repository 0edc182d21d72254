/* One exactly-once command after the other, ours and by hand. Ours: submitted, claimed, handled, recorded,
 * answered and acknowledged, by a client and a service on a bus each. By hand: the same round trips, one
 * after the other, by one thread, which has nobody to wait for but the server.
 */
#ifndef TESTS_BENCH_DURABLE_COMMAND_H
#define TESTS_BENCH_DURABLE_COMMAND_H

#include "bench/duel.h"

typedef struct command_ours command_ours;
command_ours *command_ours_open(const char *url);
void command_ours_close(command_ours *ours);
bool command_ours_form(void *context, uint64_t count, unsigned depth, bench_samples *samples);

typedef struct command_peer command_peer;
command_peer *command_peer_open(const char *url, bool asap);
void command_peer_close(command_peer *peer);
const char *command_peer_name(const command_peer *peer);
bool command_peer_form(void *context, uint64_t count, unsigned depth, bench_samples *samples);

#endif
