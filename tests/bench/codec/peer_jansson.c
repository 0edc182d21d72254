/* jansson: a tree built from our struct and printed into memory that is reused; parsed into a tree from which
 * our struct is filled, its strings being the tree's. */
#define _GNU_SOURCE
#include "bench/codec/codec_bench.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

typedef struct state {
    char *text;
    size_t room, used;
} state;

static state own;

static json_t *numbers_tree(const shapes_numbers *n)
{
    json_t *tree = json_object();

    (void)json_object_set_new_nocheck(tree, "id", json_integer((json_int_t)n->id));
    (void)json_object_set_new_nocheck(tree, "count", json_integer(n->count));
    (void)json_object_set_new_nocheck(tree, "level", json_integer(n->level));
    (void)json_object_set_new_nocheck(tree, "delta", json_integer(n->delta));
    (void)json_object_set_new_nocheck(tree, "small", json_integer(n->small));
    (void)json_object_set_new_nocheck(tree, "ratio", json_real(n->ratio));
    (void)json_object_set_new_nocheck(tree, "price", json_real(n->price));
    (void)json_object_set_new_nocheck(tree, "score", json_real(n->score));
    return tree;
}

static bool numbers_from(const json_t *tree, shapes_numbers *n)
{
    n->id = (uint64_t)json_integer_value(json_object_get(tree, "id"));
    n->count = (uint32_t)json_integer_value(json_object_get(tree, "count"));
    n->level = (int16_t)json_integer_value(json_object_get(tree, "level"));
    n->delta = json_integer_value(json_object_get(tree, "delta"));
    n->small = (uint8_t)json_integer_value(json_object_get(tree, "small"));
    n->ratio = json_number_value(json_object_get(tree, "ratio"));
    n->price = json_number_value(json_object_get(tree, "price"));
    n->score = json_number_value(json_object_get(tree, "score"));
    return true;
}

static json_t *order_tree(const shop_order *o)
{
    json_t *tree = json_object(), *items = json_array(), *labels = json_object();
    char id[PEER_UUID_TEXT], when[PEER_WHEN_TEXT];

    (void)json_object_set_new_nocheck(tree, "id", json_string_nocheck(peer_format_uuid(o->id, id)));
    (void)json_object_set_new_nocheck(tree, "customer", json_string_nocheck(o->customer));
    (void)json_object_set_new_nocheck(tree, "status", json_string_nocheck(shop_status_name(o->status)));
    for (size_t i = 0; i < o->items.count; i++) {
        const shop_item *from = &o->items.items[i];
        json_t *item = json_object();

        (void)json_object_set_new_nocheck(item, "sku", json_string_nocheck(from->sku));
        (void)json_object_set_new_nocheck(item, "quantity", json_integer(from->quantity));
        (void)json_object_set_new_nocheck(item, "price", json_real(from->price));
        (void)json_array_append_new(items, item);
    }
    (void)json_object_set_new_nocheck(tree, "items", items);
    if (o->note != NULL)
        (void)json_object_set_new_nocheck(tree, "note", json_string_nocheck(o->note));
    for (size_t i = 0; i < o->labels.count; i++)
        (void)json_object_set_new_nocheck(labels, o->labels.entries[i].key,
                                          json_string_nocheck(o->labels.entries[i].value));
    (void)json_object_set_new_nocheck(tree, "labels", labels);
    (void)json_object_set_new_nocheck(tree, "placed_at",
                                      json_string_nocheck(peer_format_when(o->placed_at, when)));
    return tree;
}

static bool items_from(const json_t *list, shop_item_list *out)
{
    shop_item *items = (shop_item *)calloc(json_array_size(list) + 1, sizeof *items);

    if (items == NULL)
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);

        items[i].sku = json_string_value(json_object_get(item, "sku"));
        items[i].quantity = (uint32_t)json_integer_value(json_object_get(item, "quantity"));
        items[i].price = json_number_value(json_object_get(item, "price"));
    }
    *out = (shop_item_list){items, json_array_size(list)};
    return true;
}

static bool labels_from(json_t *map, aegis_string_map *out)
{
    aegis_string_map_entry *entries =
        (aegis_string_map_entry *)calloc(json_object_size(map) + 1, sizeof *entries);
    const char *key;
    json_t *value;
    size_t count = 0;

    if (entries == NULL)
        return false;
    json_object_foreach(map, key, value) entries[count++] =
        (aegis_string_map_entry){key, json_string_value(value)};
    *out = (aegis_string_map){entries, count};
    return true;
}

static bool order_from(const json_t *tree, shop_order *o)
{
    const char *status = json_string_value(json_object_get(tree, "status"));

    o->customer = json_string_value(json_object_get(tree, "customer"));
    o->note = json_string_value(json_object_get(tree, "note"));
    if (status != NULL)
        o->status = shop_status_from_name(status);
    return peer_parse_uuid(json_string_value(json_object_get(tree, "id")), &o->id) &&
           peer_parse_when(json_string_value(json_object_get(tree, "placed_at")), &o->placed_at) &&
           items_from(json_object_get(tree, "items"), &o->items) &&
           labels_from(json_object_get(tree, "labels"), &o->labels);
}

static json_t *rows_tree(const shapes_rows *rows)
{
    json_t *tree = json_object(), *list = json_array();

    for (size_t i = 0; i < rows->rows.count; i++) {
        const shapes_row *from = &rows->rows.items[i];
        json_t *row = json_object();

        (void)json_object_set_new_nocheck(row, "id", json_integer(from->id));
        (void)json_object_set_new_nocheck(row, "name", json_string_nocheck(from->name));
        (void)json_object_set_new_nocheck(row, "city", json_string_nocheck(from->city));
        (void)json_object_set_new_nocheck(row, "amount", json_real(from->amount));
        (void)json_object_set_new_nocheck(row, "active", json_boolean(from->active));
        (void)json_array_append_new(list, row);
    }
    (void)json_object_set_new_nocheck(tree, "rows", list);
    return tree;
}

static bool rows_from(const json_t *tree, shapes_rows *out)
{
    const json_t *list = json_object_get(tree, "rows");
    shapes_row *rows = (shapes_row *)calloc(json_array_size(list) + 1, sizeof *rows);

    if (rows == NULL)
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);

        rows[i].id = (uint32_t)json_integer_value(json_object_get(row, "id"));
        rows[i].name = json_string_value(json_object_get(row, "name"));
        rows[i].city = json_string_value(json_object_get(row, "city"));
        rows[i].amount = json_number_value(json_object_get(row, "amount"));
        rows[i].active = json_is_true(json_object_get(row, "active"));
    }
    out->rows = (shapes_row_list){rows, json_array_size(list)};
    return true;
}

static bool print(json_t *tree)
{
    if (tree == NULL)
        return false;
    own.used = json_dumpb(tree, own.text, own.room, JSON_COMPACT);
    json_decref(tree);
    bench_keep(own.text);
    return own.used != 0 && own.used <= own.room;
}

static void forget_numbers(shapes_numbers *n)
{
    (void)n;
}

/* What is const to the struct's readers was ours to allocate. */
static void forget(const void *memory)
{
    void *own_memory;

    memcpy(&own_memory, &memory, sizeof memory);
    free(own_memory);
}

static void forget_order(shop_order *o)
{
    forget(o->items.items);
    forget(o->labels.entries);
}

static void forget_rows(shapes_rows *rows)
{
    forget(rows->rows.items);
}

#define SHAPE(which, type, member)                                                                           \
    static bool encode_##member(void *context, uint64_t count)                                               \
    {                                                                                                        \
        const codec_bench *b = (const codec_bench *)context;                                                 \
        bool good = true;                                                                                    \
        for (uint64_t i = 0; good && i < count; i++)                                                         \
            good = print(member##_tree(&b->member));                                                         \
        return good;                                                                                         \
    }                                                                                                        \
    static bool decode_##member(void *context, uint64_t count)                                               \
    {                                                                                                        \
        const codec_bench *b = (const codec_bench *)context;                                                 \
        const aegis_bytes body = b->json[which];                                                             \
        bool good = true;                                                                                    \
        for (uint64_t i = 0; good && i < count; i++) {                                                       \
            json_t *tree = json_loadb((const char *)body.data, body.len, 0, NULL);                           \
            type value = {0};                                                                                \
            good = tree != NULL && member##_from(tree, &value);                                              \
            bench_keep(&value);                                                                              \
            forget_##member(&value);                                                                         \
            json_decref(tree);                                                                               \
        }                                                                                                    \
        return good;                                                                                         \
    }                                                                                                        \
    static bool agrees_##member(codec_bench *b)                                                              \
    {                                                                                                        \
        json_t *tree = json_loadb((const char *)b->json[which].data, b->json[which].len, 0, NULL);           \
        type value = {0};                                                                                    \
        const bool good = tree != NULL && member##_from(tree, &value) && same_##member(&b->member, &value);  \
        forget_##member(&value);                                                                             \
        json_decref(tree);                                                                                   \
        return good && encode_##member(b, 1) &&                                                              \
               reads_as(b, which, (aegis_bytes){(const uint8_t *)own.text, own.used}, AEGIS_FORMAT_JSON);    \
    }

SHAPE(SHAPE_NUMBERS, shapes_numbers, numbers)
SHAPE(SHAPE_ORDER, shop_order, order)
SHAPE(SHAPE_ROWS, shapes_rows, rows)

static bool set_up(codec_bench *b)
{
    own.room = (size_t)1 << 20;
    own.text = (char *)malloc(own.room);
    return own.text != NULL && agrees_numbers(b) && agrees_order(b) && agrees_rows(b);
}

static void tear_down(codec_bench *b)
{
    (void)b;
    free(own.text);
}

const codec_peer jansson_peer = {.name = "jansson",
                                 .encoder = "jansson tree and dump",
                                 .decoder = "jansson load and tree",
                                 .format = AEGIS_FORMAT_JSON,
                                 .set_up = set_up,
                                 .tear_down = tear_down,
                                 .encode = {encode_numbers, encode_order, encode_rows},
                                 .decode = {decode_numbers, decode_order, decode_rows}};
