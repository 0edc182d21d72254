/* Our generated codec against msgpack-c on the order shape: packer out, unpacker and object tree into the
 * same struct. */
#include "bench/bench.h"
#include "bench/order_peer.h"

typedef struct codec_bench {
    shop_order order;
    aegis_bytes body;
    aegis_arena *arena;
    msgpack_sbuffer buffer;
} codec_bench;

static bool our_encode(void *context, uint64_t count)
{
    codec_bench *b = (codec_bench *)context;

    for (uint64_t i = 0; i < count; i++) {
        aegis_bytes out;

        aegis_arena_reset(b->arena);
        if (shop_order_encode(&b->order, AEGIS_FORMAT_MSGPACK, b->arena, &out, NULL) != AEGIS_OK)
            return false;
        bench_keep(out.data);
    }
    return true;
}

static bool peer_encode(void *context, uint64_t count)
{
    codec_bench *b = (codec_bench *)context;

    for (uint64_t i = 0; i < count; i++) {
        msgpack_packer packer;

        msgpack_sbuffer_clear(&b->buffer);
        msgpack_packer_init(&packer, &b->buffer, msgpack_sbuffer_write);
        peer_pack_order(&packer, &b->order);
        bench_keep(b->buffer.data);
    }
    return true;
}

static bool our_decode(void *context, uint64_t count)
{
    codec_bench *b = (codec_bench *)context;

    for (uint64_t i = 0; i < count; i++) {
        shop_order order;

        aegis_arena_reset(b->arena);
        if (shop_order_decode(b->body, AEGIS_FORMAT_MSGPACK, b->arena, &order, NULL) != AEGIS_OK)
            return false;
        bench_keep(order.items.items);
    }
    return true;
}

static bool peer_decode(void *context, uint64_t count)
{
    codec_bench *b = (codec_bench *)context;
    msgpack_zone zone;
    bool good = msgpack_zone_init(&zone, 8192);

    for (uint64_t i = 0; good && i < count; i++) {
        shop_order order = {0};
        msgpack_object object;
        size_t offset = 0;

        msgpack_zone_clear(&zone);
        good = msgpack_unpack((const char *)b->body.data, b->body.len, &offset, &zone, &object) ==
                   MSGPACK_UNPACK_SUCCESS &&
               peer_read_order(&object, &zone, &order);
        bench_keep(order.items.items);
    }
    msgpack_zone_destroy(&zone);
    return good;
}

int main(void)
{
    codec_bench b = {0};
    aegis_arena *body = aegis_arena_new(NULL);
    bool good;

    b.arena = aegis_arena_new(NULL);
    msgpack_sbuffer_init(&b.buffer);
    order_sample(&b.order);
    good = b.arena != NULL && body != NULL &&
           shop_order_encode(&b.order, AEGIS_FORMAT_MSGPACK, body, &b.body, NULL) == AEGIS_OK &&
           bench_run(
               &(bench_case){"codec/msgpack/encode/order/msgpack-c", "msgpack-c packer", our_encode, peer_encode, &b},
               21, 20) &&
           bench_run(&(bench_case){"codec/msgpack/decode/order/msgpack-c", "msgpack-c object tree", our_decode,
                                   peer_decode, &b},
                     21, 20);
    msgpack_sbuffer_destroy(&b.buffer);
    aegis_arena_free(b.arena);
    aegis_arena_free(body);
    return good ? 0 : 1;
}
