/* protobuf-c: generated structs packed into memory that is reused, and unpacked with its default allocator,
 * which is how nearly everybody uses it. Its structs stand filled before the clock starts; filling them from
 * ours, and ours from them, is not counted. */
#include "bench/codec/codec_bench.h"

#include "shapes.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 8
#define ROWS_MAX  128

typedef struct state {
    Peer__Numbers numbers;
    Peer__Order order;
    Peer__Rows rows;
    char id[PEER_UUID_TEXT];
    Peer__Item item[ITEMS_MAX], *items[ITEMS_MAX];
    Peer__Label label[ITEMS_MAX], *labels[ITEMS_MAX];
    Peer__Row row[ROWS_MAX], *row_list[ROWS_MAX];
    uint8_t *packed[SHAPE_COUNT];
    size_t size[SHAPE_COUNT], room;
    uint8_t *buffer;
} state;

static state own;

/* The generated structs are declared without const. */
static char *text_of(const char *text)
{
    char *out;

    memcpy(&out, &text, sizeof out);
    return out;
}

static void fill_numbers(const shapes_numbers *n)
{
    own.numbers = (Peer__Numbers)PEER__NUMBERS__INIT;
    own.numbers.id = n->id;
    own.numbers.count = n->count;
    own.numbers.level = n->level;
    own.numbers.delta = n->delta;
    own.numbers.small = n->small;
    own.numbers.ratio = n->ratio;
    own.numbers.price = n->price;
    own.numbers.score = n->score;
}

static void fill_order(const shop_order *o)
{
    own.order = (Peer__Order)PEER__ORDER__INIT;
    own.order.id = text_of(peer_format_uuid(o->id, own.id));
    own.order.customer = text_of(o->customer);
    own.order.status = (Peer__Status)o->status;
    own.order.note = text_of(o->note);
    own.order.placed_at = o->placed_at;
    for (size_t i = 0; i < o->items.count; i++) {
        own.items[i] = &own.item[i];
        own.item[i] = (Peer__Item)PEER__ITEM__INIT;
        own.item[i].sku = text_of(o->items.items[i].sku);
        own.item[i].quantity = o->items.items[i].quantity;
        own.item[i].price = o->items.items[i].price;
    }
    own.order.n_items = o->items.count;
    own.order.items = own.items;
    for (size_t i = 0; i < o->labels.count; i++) {
        own.labels[i] = &own.label[i];
        own.label[i] = (Peer__Label)PEER__LABEL__INIT;
        own.label[i].key = text_of(o->labels.entries[i].key);
        own.label[i].value = text_of(o->labels.entries[i].value);
    }
    own.order.n_labels = o->labels.count;
    own.order.labels = own.labels;
}

static void fill_rows(const shapes_rows *rows)
{
    own.rows = (Peer__Rows)PEER__ROWS__INIT;
    for (size_t i = 0; i < rows->rows.count; i++) {
        own.row_list[i] = &own.row[i];
        own.row[i] = (Peer__Row)PEER__ROW__INIT;
        own.row[i].id = rows->rows.items[i].id;
        own.row[i].name = text_of(rows->rows.items[i].name);
        own.row[i].city = text_of(rows->rows.items[i].city);
        own.row[i].amount = rows->rows.items[i].amount;
        own.row[i].active = rows->rows.items[i].active;
    }
    own.rows.n_rows = rows->rows.count;
    own.rows.rows = own.row_list;
}

static bool room_for(size_t size)
{
    uint8_t *grown;

    if (size <= own.room)
        return true;
    grown = (uint8_t *)realloc(own.buffer, size);
    if (grown == NULL)
        return false;
    own.buffer = grown;
    own.room = size;
    return true;
}

#define SHAPE(which, type, member, name)                                                                     \
    static bool encode_##member(void *context, uint64_t count)                                               \
    {                                                                                                        \
        (void)context;                                                                                       \
        for (uint64_t i = 0; i < count; i++) {                                                               \
            if (!room_for(peer__##name##__get_packed_size(&own.member)))                                     \
                return false;                                                                                \
            own.size[which] = peer__##name##__pack(&own.member, own.buffer);                                 \
            bench_keep(own.buffer);                                                                          \
        }                                                                                                    \
        return true;                                                                                         \
    }                                                                                                        \
    static bool decode_##member(void *context, uint64_t count)                                               \
    {                                                                                                        \
        (void)context;                                                                                       \
        for (uint64_t i = 0; i < count; i++) {                                                               \
            type *value = peer__##name##__unpack(NULL, own.size[which], own.packed[which]);                  \
            if (value == NULL)                                                                               \
                return false;                                                                                \
            bench_keep(value);                                                                               \
            peer__##name##__free_unpacked(value, NULL);                                                      \
        }                                                                                                    \
        return true;                                                                                         \
    }                                                                                                        \
    static bool prepare_##member(void)                                                                       \
    {                                                                                                        \
        if (!encode_##member(NULL, 1))                                                                       \
            return false;                                                                                    \
        own.packed[which] = (uint8_t *)malloc(own.size[which]);                                              \
        if (own.packed[which] == NULL)                                                                       \
            return false;                                                                                    \
        memcpy(own.packed[which], own.buffer, own.size[which]);                                              \
        type *value = peer__##name##__unpack(NULL, own.size[which], own.packed[which]);                      \
        const bool same = value != NULL && peer__##name##__pack(value, own.buffer) == own.size[which] &&     \
                          memcmp(own.buffer, own.packed[which], own.size[which]) == 0;                       \
        peer__##name##__free_unpacked(value, NULL);                                                          \
        return same;                                                                                         \
    }

SHAPE(SHAPE_NUMBERS, Peer__Numbers, numbers, numbers)
SHAPE(SHAPE_ORDER, Peer__Order, order, order)
SHAPE(SHAPE_ROWS, Peer__Rows, rows, rows)

static bool set_up(codec_bench *b)
{
    fill_numbers(&b->numbers);
    fill_order(&b->order);
    fill_rows(&b->rows);
    return prepare_numbers() && prepare_order() && prepare_rows();
}

static void tear_down(codec_bench *b)
{
    (void)b;
    for (int i = 0; i < SHAPE_COUNT; i++)
        free(own.packed[i]);
    free(own.buffer);
}

const codec_peer protobuf_peer = {.name = "protobuf-c",
                                  .encoder = "protobuf-c pack",
                                  .decoder = "protobuf-c unpack",
                                  .format = AEGIS_FORMAT_MSGPACK,
                                  .set_up = set_up,
                                  .tear_down = tear_down,
                                  .encode = {encode_numbers, encode_order, encode_rows},
                                  .decode = {decode_numbers, decode_order, decode_rows}};
