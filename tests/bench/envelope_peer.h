/* The envelope of our wire (idl/WIRE.md) by hand, with msgpack-c: who talks to our services without us builds
 * and reads the same message, not its payload alone. */
#ifndef TESTS_BENCH_ENVELOPE_PEER_H
#define TESTS_BENCH_ENVELOPE_PEER_H

#include <stdatomic.h>

#include "bench/order_peer.h"

/* Where a process takes its ids from: a random half, and a number. */
typedef struct peer_ids {
    uint64_t run;
    atomic_ullong number;
} peer_ids;

void peer_ids_init(peer_ids *ids);
const char *peer_ids_next(peer_ids *ids, char text[PEER_UUID_TEXT]);

typedef struct peer_envelope {
    const char *id, *trace, *correlation, *source, *target;
} peer_envelope;

/* A map with these and the time, and room for `more` keys that the caller packs. */
void peer_pack_envelope(msgpack_packer *packer, const peer_envelope *envelope, size_t more);
void peer_pack_key(msgpack_packer *packer, const char *key);
/* NULL: nil. */
void peer_pack_text(msgpack_packer *packer, const char *key, const char *value);

/* What a receiver looks at; strings point into the message and have no NUL. NULL: nil, or not there. */
typedef struct peer_received {
    const msgpack_object_str *id, *trace, *correlation;
    bool success;
    const msgpack_object *body; /* params, payload or result */
} peer_received;

/* Every key is known, the ids are there, the time can be read. */
bool peer_read_envelope(const msgpack_object *object, peer_received *received);

#endif
