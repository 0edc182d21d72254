/* Our generated codec against msgpack-c, protobuf-c, jansson and cJSON, on three shapes: eight numbers, an
 * order with five items, a hundred rows. Lines are named codec/<format>/<encode|decode>/<shape>/<peer>.
 *
 * `bench_codec [word]` measures only the lines that hold the word.
 */
#include "bench/codec/codec_bench.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS   21
#define ROUND_MS 20

static const char *const shape_names[SHAPE_COUNT] = {"numbers", "order", "rows"};

#define OURS(f, which, type, member, format)                                                                 \
    static bool encode_##member##_##f(void *context, uint64_t count)                                         \
    {                                                                                                        \
        codec_bench *b = (codec_bench *)context;                                                             \
        for (uint64_t i = 0; i < count; i++) {                                                               \
            aegis_bytes out;                                                                                 \
            aegis_arena_reset(b->arena);                                                                     \
            if (type##_encode(&b->member, format, b->arena, &out, NULL) != AEGIS_OK)                         \
                return false;                                                                                \
            bench_keep(out.data);                                                                            \
        }                                                                                                    \
        return true;                                                                                         \
    }                                                                                                        \
    static bool decode_##member##_##f(void *context, uint64_t count)                                         \
    {                                                                                                        \
        codec_bench *b = (codec_bench *)context;                                                             \
        for (uint64_t i = 0; i < count; i++) {                                                               \
            type value;                                                                                      \
            aegis_arena_reset(b->arena);                                                                     \
            if (type##_decode(b->f[which], format, b->arena, &value, NULL) != AEGIS_OK)                      \
                return false;                                                                                \
            bench_keep(&value);                                                                              \
        }                                                                                                    \
        return true;                                                                                         \
    }

#define OURS_BOTH(which, type, member)                                                                       \
    OURS(msgpack, which, type, member, AEGIS_FORMAT_MSGPACK)                                                 \
    OURS(json, which, type, member, AEGIS_FORMAT_JSON)

OURS_BOTH(SHAPE_NUMBERS, shapes_numbers, numbers)
OURS_BOTH(SHAPE_ORDER, shop_order, order)
OURS_BOTH(SHAPE_ROWS, shapes_rows, rows)

static const bench_work our_encode[][SHAPE_COUNT] = {
    [AEGIS_FORMAT_MSGPACK] = {encode_numbers_msgpack, encode_order_msgpack, encode_rows_msgpack},
    [AEGIS_FORMAT_JSON] = {encode_numbers_json, encode_order_json, encode_rows_json}};
static const bench_work our_decode[][SHAPE_COUNT] = {
    [AEGIS_FORMAT_MSGPACK] = {decode_numbers_msgpack, decode_order_msgpack, decode_rows_msgpack},
    [AEGIS_FORMAT_JSON] = {decode_numbers_json, decode_order_json, decode_rows_json}};

/* The bodies that everybody decodes, in an arena that is not reset. */
static bool encode_bodies(codec_bench *b, aegis_arena *arena, aegis_format format, aegis_bytes *bodies)
{
    return shapes_numbers_encode(&b->numbers, format, arena, &bodies[SHAPE_NUMBERS], NULL) == AEGIS_OK &&
           shop_order_encode(&b->order, format, arena, &bodies[SHAPE_ORDER], NULL) == AEGIS_OK &&
           shapes_rows_encode(&b->rows, format, arena, &bodies[SHAPE_ROWS], NULL) == AEGIS_OK;
}

static bool measure(codec_bench *b, const codec_peer *peer, shape which, bool encode, const char *only)
{
    char name[96];
    bench_case one = {.name = name, .context = b, .computes = true};

    (void)snprintf(name, sizeof name, "codec/%s/%s/%s/%s",
                   peer->format == AEGIS_FORMAT_JSON ? "json" : "msgpack", encode ? "encode" : "decode",
                   shape_names[which], peer->name);
    if (strstr(name, only) == NULL)
        return true;
    one.peer_name = encode ? peer->encoder : peer->decoder;
    one.ours = (encode ? our_encode : our_decode)[peer->format][which];
    one.peer = (encode ? peer->encode : peer->decode)[which];
    return bench_run(&one, ROUNDS, ROUND_MS);
}

static bool measure_peer(codec_bench *b, const codec_peer *peer, const char *only)
{
    bool good = peer->set_up(b);

    if (!good)
        (void)fprintf(stderr, "%s does not write and read the same values\n", peer->name);
    for (int encode = 1; encode >= 0; encode--)
        for (int which = 0; good && which < SHAPE_COUNT; which++)
            good = measure(b, peer, (shape)which, encode != 0, only);
    peer->tear_down(b);
    return good;
}

int main(int argc, char **argv)
{
    static const codec_peer *const peers[] = {&msgpack_peer, &protobuf_peer, &jansson_peer, &cjson_peer};
    codec_bench b = {.arena = aegis_arena_new(NULL)};
    aegis_arena *bodies = aegis_arena_new(NULL);
    bool good = b.arena != NULL && bodies != NULL;

    codec_samples(&b);
    good = good && encode_bodies(&b, bodies, AEGIS_FORMAT_MSGPACK, b.msgpack) &&
           encode_bodies(&b, bodies, AEGIS_FORMAT_JSON, b.json);
    for (size_t i = 0; good && i < sizeof peers / sizeof peers[0]; i++)
        good = measure_peer(&b, peers[i], argc > 1 ? argv[1] : "");
    aegis_arena_free(b.arena);
    aegis_arena_free(bodies);
    return good ? 0 : 1;
}
