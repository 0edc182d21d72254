/* cJSON: a tree built from our struct, keys as constants, printed into memory that is reused; parsed into a
 * tree from which our struct is filled, its strings being the tree's. Its integers are doubles: one above
 * 2^53 would not come through, so the shapes have none.
 */
#include "bench/codec/codec_bench.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

typedef struct state {
    char *text;
    int room;
} state;

static state own;

/* cJSON_AddItemToObjectCS keeps the pointer of a constant key instead of a copy. */
static void add(cJSON *tree, const char *key, cJSON *value)
{
    (void)cJSON_AddItemToObjectCS(tree, key, value);
}

static double number(const cJSON *tree, const char *key)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(tree, key));
}

static const char *text(const cJSON *tree, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, key));
}

static cJSON *numbers_tree(const shapes_numbers *n)
{
    cJSON *tree = cJSON_CreateObject();

    add(tree, "id", cJSON_CreateNumber((double)n->id));
    add(tree, "count", cJSON_CreateNumber(n->count));
    add(tree, "level", cJSON_CreateNumber(n->level));
    add(tree, "delta", cJSON_CreateNumber((double)n->delta));
    add(tree, "small", cJSON_CreateNumber(n->small));
    add(tree, "ratio", cJSON_CreateNumber(n->ratio));
    add(tree, "price", cJSON_CreateNumber(n->price));
    add(tree, "score", cJSON_CreateNumber(n->score));
    return tree;
}

static bool numbers_from(const cJSON *tree, shapes_numbers *n)
{
    n->id = (uint64_t)number(tree, "id");
    n->count = (uint32_t)number(tree, "count");
    n->level = (int16_t)number(tree, "level");
    n->delta = (int64_t)number(tree, "delta");
    n->small = (uint8_t)number(tree, "small");
    n->ratio = number(tree, "ratio");
    n->price = number(tree, "price");
    n->score = number(tree, "score");
    return true;
}

static cJSON *order_tree(const shop_order *o)
{
    cJSON *tree = cJSON_CreateObject(), *items = cJSON_CreateArray(), *labels = cJSON_CreateObject();
    char id[PEER_UUID_TEXT], when[PEER_WHEN_TEXT];

    add(tree, "id", cJSON_CreateString(peer_format_uuid(o->id, id)));
    add(tree, "customer", cJSON_CreateStringReference(o->customer));
    add(tree, "status", cJSON_CreateStringReference(shop_status_name(o->status)));
    for (size_t i = 0; i < o->items.count; i++) {
        const shop_item *from = &o->items.items[i];
        cJSON *item = cJSON_CreateObject();

        add(item, "sku", cJSON_CreateStringReference(from->sku));
        add(item, "quantity", cJSON_CreateNumber(from->quantity));
        add(item, "price", cJSON_CreateNumber(from->price));
        (void)cJSON_AddItemToArray(items, item);
    }
    add(tree, "items", items);
    if (o->note != NULL)
        add(tree, "note", cJSON_CreateStringReference(o->note));
    for (size_t i = 0; i < o->labels.count; i++)
        add(labels, o->labels.entries[i].key, cJSON_CreateStringReference(o->labels.entries[i].value));
    add(tree, "labels", labels);
    add(tree, "placed_at", cJSON_CreateString(peer_format_when(o->placed_at, when)));
    return tree;
}

static bool items_from(const cJSON *list, shop_item_list *out)
{
    shop_item *items = (shop_item *)calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *items);
    const cJSON *item;
    size_t count = 0;

    if (items == NULL)
        return false;
    cJSON_ArrayForEach(item, list)
    {
        items[count].sku = text(item, "sku");
        items[count].quantity = (uint32_t)number(item, "quantity");
        items[count++].price = number(item, "price");
    }
    *out = (shop_item_list){items, count};
    return true;
}

static bool labels_from(const cJSON *map, aegis_string_map *out)
{
    aegis_string_map_entry *entries =
        (aegis_string_map_entry *)calloc((size_t)cJSON_GetArraySize(map) + 1, sizeof *entries);
    const cJSON *value;
    size_t count = 0;

    if (entries == NULL)
        return false;
    cJSON_ArrayForEach(value, map) entries[count++] =
        (aegis_string_map_entry){value->string, cJSON_GetStringValue(value)};
    *out = (aegis_string_map){entries, count};
    return true;
}

static bool order_from(const cJSON *tree, shop_order *o)
{
    const char *status = text(tree, "status");

    o->customer = text(tree, "customer");
    o->note = text(tree, "note");
    if (status != NULL)
        o->status = shop_status_from_name(status);
    return peer_parse_uuid(text(tree, "id"), &o->id) &&
           peer_parse_when(text(tree, "placed_at"), &o->placed_at) &&
           items_from(cJSON_GetObjectItemCaseSensitive(tree, "items"), &o->items) &&
           labels_from(cJSON_GetObjectItemCaseSensitive(tree, "labels"), &o->labels);
}

static cJSON *rows_tree(const shapes_rows *rows)
{
    cJSON *tree = cJSON_CreateObject(), *list = cJSON_CreateArray();

    for (size_t i = 0; i < rows->rows.count; i++) {
        const shapes_row *from = &rows->rows.items[i];
        cJSON *row = cJSON_CreateObject();

        add(row, "id", cJSON_CreateNumber(from->id));
        add(row, "name", cJSON_CreateStringReference(from->name));
        add(row, "city", cJSON_CreateStringReference(from->city));
        add(row, "amount", cJSON_CreateNumber(from->amount));
        add(row, "active", cJSON_CreateBool(from->active));
        (void)cJSON_AddItemToArray(list, row);
    }
    add(tree, "rows", list);
    return tree;
}

static bool rows_from(const cJSON *tree, shapes_rows *out)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(tree, "rows"), *row;
    shapes_row *rows = (shapes_row *)calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *rows);
    size_t count = 0;

    if (rows == NULL)
        return false;
    cJSON_ArrayForEach(row, list)
    {
        rows[count].id = (uint32_t)number(row, "id");
        rows[count].name = text(row, "name");
        rows[count].city = text(row, "city");
        rows[count].amount = number(row, "amount");
        rows[count++].active = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(row, "active")) != 0;
    }
    out->rows = (shapes_row_list){rows, count};
    return true;
}

static bool print(cJSON *tree)
{
    const bool good = tree != NULL && cJSON_PrintPreallocated(tree, own.text, own.room, 0) != 0;

    cJSON_Delete(tree);
    bench_keep(own.text);
    return good;
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
            cJSON *tree = cJSON_ParseWithLength((const char *)body.data, body.len);                          \
            type value = {0};                                                                                \
            good = tree != NULL && member##_from(tree, &value);                                              \
            bench_keep(&value);                                                                              \
            forget_##member(&value);                                                                         \
            cJSON_Delete(tree);                                                                              \
        }                                                                                                    \
        return good;                                                                                         \
    }                                                                                                        \
    static bool agrees_##member(codec_bench *b)                                                              \
    {                                                                                                        \
        cJSON *tree = cJSON_ParseWithLength((const char *)b->json[which].data, b->json[which].len);          \
        type value = {0};                                                                                    \
        const bool good = tree != NULL && member##_from(tree, &value) && same_##member(&b->member, &value);  \
        forget_##member(&value);                                                                             \
        cJSON_Delete(tree);                                                                                  \
        return good && encode_##member(b, 1) &&                                                              \
               reads_as(b, which, (aegis_bytes){(const uint8_t *)own.text, strlen(own.text)},                \
                        AEGIS_FORMAT_JSON);                                                                  \
    }

SHAPE(SHAPE_NUMBERS, shapes_numbers, numbers)
SHAPE(SHAPE_ORDER, shop_order, order)
SHAPE(SHAPE_ROWS, shapes_rows, rows)

static bool set_up(codec_bench *b)
{
    own.room = 1 << 20;
    own.text = (char *)malloc((size_t)own.room);
    return own.text != NULL && agrees_numbers(b) && agrees_order(b) && agrees_rows(b);
}

static void tear_down(codec_bench *b)
{
    (void)b;
    free(own.text);
}

const codec_peer cjson_peer = {.name = "cjson",
                               .encoder = "cJSON tree and print",
                               .decoder = "cJSON parse and tree",
                               .format = AEGIS_FORMAT_JSON,
                               .set_up = set_up,
                               .tear_down = tear_down,
                               .encode = {encode_numbers, encode_order, encode_rows},
                               .decode = {decode_numbers, decode_order, decode_rows}};
