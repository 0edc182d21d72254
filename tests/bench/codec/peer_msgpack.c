/* msgpack-c the way its documentation shows: its packer out; unpacker and object tree into the same struct.
 * The order is in order_peer.c, which the benchmark of calls uses too. */
#include "bench/codec/codec_bench.h"

#include <stdio.h>
#include <string.h>

typedef struct state {
    msgpack_sbuffer buffer;
    msgpack_unpacked unpacked;
} state;

#define PACK_KEY(packer, key)                                                                                \
    ((void)msgpack_pack_str(packer, sizeof key - 1), (void)msgpack_pack_str_body(packer, key, sizeof key - 1))
#define IS(key, name)                                                                                        \
    ((key)->via.str.size == sizeof name - 1 && memcmp((key)->via.str.ptr, name, sizeof name - 1) == 0)

static void pack_numbers(msgpack_packer *packer, const shapes_numbers *n)
{
    (void)msgpack_pack_map(packer, 8);
    PACK_KEY(packer, "id");
    (void)msgpack_pack_uint64(packer, n->id);
    PACK_KEY(packer, "count");
    (void)msgpack_pack_uint32(packer, n->count);
    PACK_KEY(packer, "level");
    (void)msgpack_pack_int16(packer, n->level);
    PACK_KEY(packer, "delta");
    (void)msgpack_pack_int64(packer, n->delta);
    PACK_KEY(packer, "small");
    (void)msgpack_pack_uint8(packer, n->small);
    PACK_KEY(packer, "ratio");
    (void)msgpack_pack_double(packer, n->ratio);
    PACK_KEY(packer, "price");
    (void)msgpack_pack_double(packer, n->price);
    PACK_KEY(packer, "score");
    (void)msgpack_pack_double(packer, n->score);
}

static bool read_numbers(const msgpack_object *object, msgpack_zone *zone, shapes_numbers *n)
{
    (void)zone;
    if (object->type != MSGPACK_OBJECT_MAP)
        return false;
    for (uint32_t i = 0; i < object->via.map.size; i++) {
        const msgpack_object *key = &object->via.map.ptr[i].key, *value = &object->via.map.ptr[i].val;
        const bool positive = value->type == MSGPACK_OBJECT_POSITIVE_INTEGER;
        const bool integer = positive || value->type == MSGPACK_OBJECT_NEGATIVE_INTEGER;
        const bool real = value->type == MSGPACK_OBJECT_FLOAT64;

        if (key->type != MSGPACK_OBJECT_STR)
            return false;
        if (IS(key, "id") && positive)
            n->id = value->via.u64;
        else if (IS(key, "count") && positive && value->via.u64 <= UINT32_MAX)
            n->count = (uint32_t)value->via.u64;
        else if (IS(key, "level") && integer)
            n->level = (int16_t)value->via.i64;
        else if (IS(key, "delta") && integer)
            n->delta = value->via.i64;
        else if (IS(key, "small") && positive && value->via.u64 <= UINT8_MAX)
            n->small = (uint8_t)value->via.u64;
        else if (IS(key, "ratio") && real)
            n->ratio = value->via.f64;
        else if (IS(key, "price") && real)
            n->price = value->via.f64;
        else if (IS(key, "score") && real)
            n->score = value->via.f64;
        else
            return false;
    }
    return true;
}

static void pack_text(msgpack_packer *packer, const char *text)
{
    const size_t length = strlen(text);

    (void)msgpack_pack_str(packer, length);
    (void)msgpack_pack_str_body(packer, text, length);
}

static void pack_rows(msgpack_packer *packer, const shapes_rows *rows)
{
    (void)msgpack_pack_map(packer, 1);
    PACK_KEY(packer, "rows");
    (void)msgpack_pack_array(packer, rows->rows.count);
    for (size_t i = 0; i < rows->rows.count; i++) {
        const shapes_row *row = &rows->rows.items[i];

        (void)msgpack_pack_map(packer, 5);
        PACK_KEY(packer, "id");
        (void)msgpack_pack_uint32(packer, row->id);
        PACK_KEY(packer, "name");
        pack_text(packer, row->name);
        PACK_KEY(packer, "city");
        pack_text(packer, row->city);
        PACK_KEY(packer, "amount");
        (void)msgpack_pack_double(packer, row->amount);
        PACK_KEY(packer, "active");
        if (row->active)
            (void)msgpack_pack_true(packer);
        else
            (void)msgpack_pack_false(packer);
    }
}

static const char *text_of(const msgpack_object *value, msgpack_zone *zone)
{
    char *text = (char *)msgpack_zone_malloc(zone, (size_t)value->via.str.size + 1);

    if (text == NULL)
        return NULL;
    memcpy(text, value->via.str.ptr, value->via.str.size);
    text[value->via.str.size] = '\0';
    return text;
}

static bool read_row(const msgpack_object *object, msgpack_zone *zone, shapes_row *row)
{
    if (object->type != MSGPACK_OBJECT_MAP)
        return false;
    for (uint32_t i = 0; i < object->via.map.size; i++) {
        const msgpack_object *key = &object->via.map.ptr[i].key, *value = &object->via.map.ptr[i].val;

        if (key->type != MSGPACK_OBJECT_STR)
            return false;
        if (IS(key, "id") && value->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
            row->id = (uint32_t)value->via.u64;
        else if (IS(key, "name") && value->type == MSGPACK_OBJECT_STR)
            row->name = text_of(value, zone);
        else if (IS(key, "city") && value->type == MSGPACK_OBJECT_STR)
            row->city = text_of(value, zone);
        else if (IS(key, "amount") && value->type == MSGPACK_OBJECT_FLOAT64)
            row->amount = value->via.f64;
        else if (IS(key, "active") && value->type == MSGPACK_OBJECT_BOOLEAN)
            row->active = value->via.boolean;
        else
            return false;
    }
    return row->name != NULL && row->city != NULL;
}

static bool read_rows(const msgpack_object *object, msgpack_zone *zone, shapes_rows *rows)
{
    const msgpack_object *list;
    shapes_row *items;

    if (object->type != MSGPACK_OBJECT_MAP || object->via.map.size != 1 ||
        object->via.map.ptr[0].val.type != MSGPACK_OBJECT_ARRAY)
        return false;
    list = &object->via.map.ptr[0].val;
    items = (shapes_row *)msgpack_zone_malloc(zone, sizeof *items * (list->via.array.size + 1));
    if (items == NULL)
        return false;
    memset(items, 0, sizeof *items * list->via.array.size);
    for (uint32_t i = 0; i < list->via.array.size; i++)
        if (!read_row(&list->via.array.ptr[i], zone, &items[i]))
            return false;
    rows->rows = (shapes_row_list){items, list->via.array.size};
    return true;
}

#define SHAPE(which, type, member, pack, read)                                                               \
    static bool encode_##member(void *context, uint64_t count)                                               \
    {                                                                                                        \
        const codec_bench *b = (const codec_bench *)context;                                                 \
        state *own = (state *)b->peer;                                                                       \
        for (uint64_t i = 0; i < count; i++) {                                                               \
            msgpack_packer packer;                                                                           \
            msgpack_sbuffer_clear(&own->buffer);                                                             \
            msgpack_packer_init(&packer, &own->buffer, msgpack_sbuffer_write);                               \
            pack(&packer, &b->member);                                                                       \
            bench_keep(own->buffer.data);                                                                    \
        }                                                                                                    \
        return true;                                                                                         \
    }                                                                                                        \
    static bool decode_##member(void *context, uint64_t count)                                               \
    {                                                                                                        \
        const codec_bench *b = (const codec_bench *)context;                                                 \
        msgpack_unpacked *own = &((state *)b->peer)->unpacked;                                               \
        const aegis_bytes body = b->msgpack[which];                                                          \
        for (uint64_t i = 0; i < count; i++) {                                                               \
            type value = {0};                                                                                \
            size_t used = 0;                                                                                 \
            if (msgpack_unpack_next(own, (const char *)body.data, body.len, &used) !=                        \
                    MSGPACK_UNPACK_SUCCESS ||                                                                \
                !read(&own->data, own->zone, &value))                                                        \
                return false;                                                                                \
            bench_keep(&value);                                                                              \
        }                                                                                                    \
        return true;                                                                                         \
    }                                                                                                        \
    static bool agrees_##member(codec_bench *b)                                                              \
    {                                                                                                        \
        state *own = (state *)b->peer;                                                                       \
        type value = {0};                                                                                    \
        size_t used = 0;                                                                                     \
        return encode_##member(b, 1) && own->buffer.size == b->msgpack[which].len &&                         \
               memcmp(own->buffer.data, b->msgpack[which].data, own->buffer.size) == 0 &&                    \
               msgpack_unpack_next(&own->unpacked, own->buffer.data, own->buffer.size, &used) ==             \
                   MSGPACK_UNPACK_SUCCESS &&                                                                 \
               read(&own->unpacked.data, own->unpacked.zone, &value) && same_##member(&b->member, &value);   \
    }

SHAPE(SHAPE_NUMBERS, shapes_numbers, numbers, pack_numbers, read_numbers)
SHAPE(SHAPE_ORDER, shop_order, order, peer_pack_order, peer_read_order)
SHAPE(SHAPE_ROWS, shapes_rows, rows, pack_rows, read_rows)

static state own;

static bool set_up(codec_bench *b)
{
    b->peer = &own;
    msgpack_sbuffer_init(&own.buffer);
    msgpack_unpacked_init(&own.unpacked);
    return agrees_numbers(b) && agrees_order(b) && agrees_rows(b);
}

static void tear_down(codec_bench *b)
{
    (void)b;
    msgpack_unpacked_destroy(&own.unpacked);
    msgpack_sbuffer_destroy(&own.buffer);
}

const codec_peer msgpack_peer = {.name = "msgpack-c",
                                 .encoder = "msgpack-c packer",
                                 .decoder = "msgpack-c object tree",
                                 .format = AEGIS_FORMAT_MSGPACK,
                                 .set_up = set_up,
                                 .tear_down = tear_down,
                                 .encode = {encode_numbers, encode_order, encode_rows},
                                 .decode = {decode_numbers, decode_order, decode_rows}};
