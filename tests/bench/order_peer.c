/* See order_peer.h. Timestamps go the usual way of C: gmtime_r and strftime out, strptime and timegm back. */
#define _GNU_SOURCE
#include "bench/order_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *peer_format_when(aegis_timestamp at, char text[PEER_WHEN_TEXT])
{
    const time_t seconds = (time_t)(at / AEGIS_SECOND);
    struct tm parts;
    size_t length;

    (void)gmtime_r(&seconds, &parts);
    length = strftime(text, PEER_WHEN_TEXT, "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(text + length, PEER_WHEN_TEXT - length, ".%06d+00:00",
                   (int)(at % AEGIS_SECOND / AEGIS_MICROSECOND));
    return text;
}

bool peer_parse_when(const char *text, aegis_timestamp *at)
{
    struct tm parts;
    long micros;
    char *rest;

    memset(&parts, 0, sizeof parts);
    text = text != NULL ? strptime(text, "%Y-%m-%dT%H:%M:%S", &parts) : NULL;
    if (text == NULL || *text != '.')
        return false;
    micros = strtol(text + 1, &rest, 10);
    if (rest - text != 7 || strcmp(rest, "+00:00") != 0)
        return false;
    *at = (int64_t)timegm(&parts) * AEGIS_SECOND + micros * AEGIS_MICROSECOND;
    return true;
}

const char *peer_format_uuid(aegis_uuid uuid, char text[PEER_UUID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    char *at = text;

    for (size_t i = 0; i < sizeof uuid.bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = digits[uuid.bytes[i] >> 4];
        *at++ = digits[uuid.bytes[i] & 15];
    }
    *at = '\0';
    return text;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool peer_parse_uuid(const char *text, aegis_uuid *uuid)
{
    if (text == NULL || strlen(text) != PEER_UUID_TEXT - 1)
        return false;
    for (size_t i = 0; i < sizeof uuid->bytes; i++) {
        if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
            return false;
        const int high = digit_of(text[0]), low = digit_of(text[1]);
        if (high < 0 || low < 0)
            return false;
        uuid->bytes[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    return true;
}

void order_sample(shop_order *order)
{
    static const shop_item items[] = {
        {.sku = "TEA-1", .quantity = 2, .price = 3.5},
        {.sku = "CUP-7", .quantity = 6, .price = 12.25},
        {.sku = "SPOON-12", .quantity = 6, .price = 4.0},
        {.sku = "SUGAR-500G", .quantity = 1, .price = 1.79},
        {.sku = "TEAPOT-2L", .quantity = 1, .price = 34.9},
    };
    static const aegis_string_map_entry labels[] = {{.key = "channel", .value = "web"},
                                                    {.key = "campaign", .value = "autumn"}};

    memset(order, 0, sizeof *order);
    for (uint8_t i = 0; i < 16; i++)
        order->id.bytes[i] = (uint8_t)(i * 13 + 7);
    order->customer = "Ada Lovelace";
    order->status = SHOP_STATUS_PAID;
    order->items.items = items;
    order->items.count = sizeof items / sizeof items[0];
    order->note = "leave it with the neighbours";
    order->labels.entries = labels;
    order->labels.count = 2;
    order->placed_at = INT64_C(1735689600) * AEGIS_SECOND + 123456 * AEGIS_MICROSECOND;
}

static void pack_part(msgpack_packer *packer, const char *text, size_t length)
{
    (void)msgpack_pack_str(packer, length);
    (void)msgpack_pack_str_body(packer, text, length);
}

static void pack_text(msgpack_packer *packer, const char *text)
{
    pack_part(packer, text, strlen(text));
}

/* Of a literal, whose length the compiler knows. */
#define PACK_KEY(packer, key) pack_part(packer, "" key, sizeof key - 1)
#define IS_KEY(object, key)   is_key(object, "" key, sizeof key - 1)

static void pack_items(msgpack_packer *packer, const shop_item_list *items)
{
    (void)msgpack_pack_array(packer, items->count);
    for (size_t i = 0; i < items->count; i++) {
        (void)msgpack_pack_map(packer, 3);
        PACK_KEY(packer, "sku");
        pack_text(packer, items->items[i].sku);
        PACK_KEY(packer, "quantity");
        (void)msgpack_pack_uint32(packer, items->items[i].quantity);
        PACK_KEY(packer, "price");
        (void)msgpack_pack_double(packer, items->items[i].price);
    }
}

void peer_pack_order(msgpack_packer *packer, const shop_order *order)
{
    char uuid[PEER_UUID_TEXT];
    char when[PEER_WHEN_TEXT];

    (void)msgpack_pack_map(packer, order->note != NULL ? 7 : 6);
    PACK_KEY(packer, "id");
    pack_part(packer, peer_format_uuid(order->id, uuid), PEER_UUID_TEXT - 1);
    PACK_KEY(packer, "customer");
    pack_text(packer, order->customer);
    PACK_KEY(packer, "status");
    pack_text(packer, shop_status_name(order->status));
    PACK_KEY(packer, "items");
    pack_items(packer, &order->items);
    if (order->note != NULL) {
        PACK_KEY(packer, "note");
        pack_text(packer, order->note);
    }
    PACK_KEY(packer, "labels");
    (void)msgpack_pack_map(packer, order->labels.count);
    for (size_t i = 0; i < order->labels.count; i++) {
        pack_text(packer, order->labels.entries[i].key);
        pack_text(packer, order->labels.entries[i].value);
    }
    PACK_KEY(packer, "placed_at");
    pack_text(packer, peer_format_when(order->placed_at, when));
}

void peer_pack_create(msgpack_packer *packer, const char *customer, const shop_item_list *items)
{
    (void)msgpack_pack_map(packer, 2);
    PACK_KEY(packer, "customer");
    pack_text(packer, customer);
    PACK_KEY(packer, "items");
    pack_items(packer, items);
}

static inline bool is_key(const msgpack_object *key, const char *name, size_t length)
{
    return key->type == MSGPACK_OBJECT_STR && key->via.str.size == length &&
           memcmp(key->via.str.ptr, name, length) == 0;
}

static const char *text_of(const msgpack_object *value, msgpack_zone *zone)
{
    char *text;

    if (value->type != MSGPACK_OBJECT_STR)
        return NULL;
    text = (char *)msgpack_zone_malloc(zone, (size_t)value->via.str.size + 1);
    if (text == NULL)
        return NULL;
    memcpy(text, value->via.str.ptr, value->via.str.size);
    text[value->via.str.size] = '\0';
    return text;
}

static bool read_item(const msgpack_object *object, msgpack_zone *zone, shop_item *item)
{
    if (object->type != MSGPACK_OBJECT_MAP)
        return false;
    for (uint32_t i = 0; i < object->via.map.size; i++) {
        const msgpack_object *key = &object->via.map.ptr[i].key, *value = &object->via.map.ptr[i].val;

        if (IS_KEY(key, "sku"))
            item->sku = text_of(value, zone);
        else if (IS_KEY(key, "quantity") && value->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
            item->quantity = (uint32_t)value->via.u64;
        else if (IS_KEY(key, "price") && value->type == MSGPACK_OBJECT_FLOAT64)
            item->price = value->via.f64;
    }
    return item->sku != NULL;
}

static bool read_items(const msgpack_object *value, msgpack_zone *zone, shop_item_list *list)
{
    shop_item *items;

    if (value->type != MSGPACK_OBJECT_ARRAY)
        return false;
    items = (shop_item *)msgpack_zone_malloc(zone, sizeof *items * (value->via.array.size + 1));
    if (items == NULL)
        return false;
    for (uint32_t i = 0; i < value->via.array.size; i++)
        if (!read_item(&value->via.array.ptr[i], zone, &items[i]))
            return false;
    list->items = items;
    list->count = value->via.array.size;
    return true;
}

static bool read_labels(const msgpack_object *value, msgpack_zone *zone, aegis_string_map *labels)
{
    aegis_string_map_entry *entries;

    if (value->type != MSGPACK_OBJECT_MAP)
        return false;
    entries =
        (aegis_string_map_entry *)msgpack_zone_malloc(zone, sizeof *entries * (value->via.map.size + 1));
    if (entries == NULL)
        return false;
    for (uint32_t i = 0; i < value->via.map.size; i++) {
        entries[i].key = text_of(&value->via.map.ptr[i].key, zone);
        entries[i].value = text_of(&value->via.map.ptr[i].val, zone);
    }
    labels->entries = entries;
    labels->count = value->via.map.size;
    return true;
}

bool peer_read_order(const msgpack_object *object, msgpack_zone *zone, shop_order *order)
{
    if (object->type != MSGPACK_OBJECT_MAP)
        return false;
    for (uint32_t i = 0; i < object->via.map.size; i++) {
        const msgpack_object *key = &object->via.map.ptr[i].key, *value = &object->via.map.ptr[i].val;
        bool good = true;

        if (IS_KEY(key, "id"))
            good = value->type == MSGPACK_OBJECT_STR && peer_parse_uuid(text_of(value, zone), &order->id);
        else if (IS_KEY(key, "customer"))
            order->customer = text_of(value, zone);
        else if (IS_KEY(key, "status"))
            order->status = shop_status_from_name(text_of(value, zone));
        else if (IS_KEY(key, "items"))
            good = read_items(value, zone, &order->items);
        else if (IS_KEY(key, "note"))
            order->note = text_of(value, zone);
        else if (IS_KEY(key, "labels"))
            good = read_labels(value, zone, &order->labels);
        else if (IS_KEY(key, "placed_at"))
            good = peer_parse_when(text_of(value, zone), &order->placed_at);
        if (!good)
            return false;
    }
    return order->customer != NULL;
}

bool peer_read_create(const msgpack_object *object, msgpack_zone *zone, const char **customer,
                      shop_item_list *items)
{
    *customer = NULL;
    if (object->type != MSGPACK_OBJECT_MAP)
        return false;
    for (uint32_t i = 0; i < object->via.map.size; i++) {
        const msgpack_object *key = &object->via.map.ptr[i].key, *value = &object->via.map.ptr[i].val;

        if (IS_KEY(key, "customer"))
            *customer = text_of(value, zone);
        else if (IS_KEY(key, "items") && !read_items(value, zone, items))
            return false;
    }
    return *customer != NULL;
}
