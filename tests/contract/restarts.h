/* A nats-server that is killed under commands and comes back with its store: what is sent again, by the
 * caller or by the stream, must not run again (F6, F7). A worker and a caller in this process, over the
 * world's own server.
 */
#ifndef TESTS_CONTRACT_RESTARTS_H
#define TESTS_CONTRACT_RESTARTS_H

#include "contract/world.h"

typedef struct restart_count {
    unsigned commands;
    unsigned kills;
    unsigned sent_again; /* by the caller */
    unsigned suppressed; /* deliveries that were answered from the record instead of running */
} restart_count;

/* F6: a command is processed, the server killed, the same id sent again. */
void restarts_send_again(world *w, unsigned rounds, restart_count *count);
/* F7: the server is killed right after commands were acknowledged. */
void restarts_after_ack(world *w, unsigned rounds, restart_count *count);

#endif
