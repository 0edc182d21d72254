/* The order shape the hand-written way: msgpack-c's packer out, its object tree back into the same struct.
 * What a careful C programmer writes without Aegis, and the peer of our benchmarks. */
#ifndef TESTS_BENCH_ORDER_PEER_H
#define TESTS_BENCH_ORDER_PEER_H

#include <stdbool.h>
#include <msgpack.h>

#include "shop.h"

/* Fills in an order of five lines. */
void order_sample(shop_order *order);

void peer_pack_order(msgpack_packer *packer, const shop_order *order);
/* From a decoded tree; lists and map entries are allocated in `zone`, strings with their NUL too. */
bool peer_read_order(const msgpack_object *object, msgpack_zone *zone, shop_order *order);
/* Instants the usual way of C, as the peers of our JSON do it too. */
#define PEER_WHEN_TEXT 48
const char *peer_format_when(aegis_timestamp at, char text[PEER_WHEN_TEXT]);
bool peer_parse_when(const char *text, aegis_timestamp *at);
/* UUIDs by a plain loop: without us nobody has our tables. */
#define PEER_UUID_TEXT 37
const char *peer_format_uuid(aegis_uuid uuid, char text[PEER_UUID_TEXT]);
bool peer_parse_uuid(const char *text, aegis_uuid *uuid);
/* {"customer", "items"} of create_order, out and back. */
void peer_pack_create(msgpack_packer *packer, const char *customer, const shop_item_list *items);
bool peer_read_create(const msgpack_object *object, msgpack_zone *zone, const char **customer,
                      shop_item_list *items);

#endif
