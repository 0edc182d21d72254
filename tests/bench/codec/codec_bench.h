/* What the codec benchmark's files share: three shapes, and each peer's way of writing and reading them.
 *
 * Every peer writes from our structs and reads into them, with the lengths of its keys known to the compiler
 * and its memory reused from message to message where its interface allows that. protobuf-c is different: its
 * own struct is what its users hold, so it starts and ends there.
 */
#ifndef TESTS_BENCH_CODEC_BENCH_H
#define TESTS_BENCH_CODEC_BENCH_H

#include "bench/bench.h"
#include "bench/order_peer.h"
#include "shapes.h"

typedef enum shape { SHAPE_NUMBERS, SHAPE_ORDER, SHAPE_ROWS, SHAPE_COUNT } shape;

typedef struct codec_bench {
    shapes_numbers numbers;
    shop_order order;
    shapes_rows rows;
    aegis_bytes msgpack[SHAPE_COUNT], json[SHAPE_COUNT]; /* the three, as we encode them */
    aegis_arena *arena;                                  /* reset before each message */
    void *peer;                                          /* the peer's own state, from its _set_up */
} codec_bench;

typedef struct codec_peer {
    const char *name;    /* "msgpack-c": how the line's name ends */
    const char *encoder; /* "msgpack-c packer" */
    const char *decoder;
    aegis_format format; /* what ours is compared in */
    /* Also checks that it writes and reads the same values as we do: false, and said, when it does not. */
    bool (*set_up)(codec_bench *b);
    void (*tear_down)(codec_bench *b);
    bench_work encode[SHAPE_COUNT], decode[SHAPE_COUNT];
} codec_peer;

extern const codec_peer msgpack_peer, protobuf_peer, jansson_peer, cjson_peer;

/* Fill in the three values. */
void codec_samples(codec_bench *b);
/* Whether a peer read what was written. */
bool same_numbers(const shapes_numbers *ours, const shapes_numbers *theirs);
bool same_order(const shop_order *ours, const shop_order *theirs);
bool same_rows(const shapes_rows *ours, const shapes_rows *theirs);
/* Whether what a peer wrote in `format` is the value of that shape. */
bool reads_as(codec_bench *b, shape which, aegis_bytes body, aegis_format format);

#endif
