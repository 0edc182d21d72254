/* A lonely call: our client and service against natsConnection_RequestMsg (SendAsap) and a raw nats.c
 * responder, whose both ends pack and read with msgpack-c. Both sides run in this process over the same
 * private nats-server, each with its own connections, and move the same order. */
#include "bench/bench.h"
#include "bench/order_peer.h"
#include "contract/nats_server.h"

#include <nats/nats.h>
#include <stdio.h>
#include <string.h>

typedef struct rpc_bench {
    shop_order order;
    /* ours */
    aegis_bus *service_bus, *client_bus;
    aegis_service *service;
    aegis_client *client;
    /* the peer */
    natsConnection *responder, *requester;
    natsSubscription *subscription;
} rpc_bench;

static aegis_reply create_order(shop_orders_create_order_call *call,
                                const shop_orders_create_order_request *request, void *user)
{
    shop_order order = *(const shop_order *)user;

    order.customer = request->customer;
    order.items = request->items;
    return shop_orders_create_order_ok(call, &order);
}

static const shop_orders_ops ops = {.create_order = create_order};

static bool our_call(void *context, uint64_t count)
{
    rpc_bench *b = (rpc_bench *)context;

    for (uint64_t i = 0; i < count; i++) {
        AEGIS_SCOPED_ARENA(arena);
        const shop_orders_create_order_request request = {.customer = b->order.customer,
                                                          .items = b->order.items};
        const shop_orders_create_order_outcome out =
            shop_orders_create_order(b->client, &request, NULL, arena);

        if (out.kind != SHOP_ORDERS_CREATE_ORDER_OK) {
            if (out.kind == SHOP_ORDERS_CREATE_ORDER_FAILED)
                fprintf(stderr, "%s\n", aegis_error_text(&out.failed));
            return false;
        }
        bench_keep(out.ok.items.items);
    }
    return true;
}

static void peer_answer(natsConnection *connection, natsSubscription *subscription, natsMsg *message,
                        void *user)
{
    const rpc_bench *b = (const rpc_bench *)user;
    msgpack_unpacked request;
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    size_t offset = 0;

    (void)subscription;
    msgpack_unpacked_init(&request);
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    if (msgpack_unpack_next(&request, natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message),
                            &offset) == MSGPACK_UNPACK_SUCCESS)
        peer_pack_order(&packer, &b->order);
    (void)natsConnection_Publish(connection, natsMsg_GetReply(message), buffer.data, (int)buffer.size);
    msgpack_sbuffer_destroy(&buffer);
    msgpack_unpacked_destroy(&request);
    natsMsg_Destroy(message);
}

static bool peer_read(natsMsg *reply, msgpack_zone *zone)
{
    shop_order order = {0};
    msgpack_object object;
    size_t offset = 0;
    const bool good = msgpack_unpack(natsMsg_GetData(reply), (size_t)natsMsg_GetDataLength(reply), &offset,
                                     zone, &object) == MSGPACK_UNPACK_SUCCESS &&
                      peer_read_order(&object, zone, &order);

    bench_keep(order.items.items);
    return good;
}

static bool peer_call(void *context, uint64_t count)
{
    rpc_bench *b = (rpc_bench *)context;
    msgpack_sbuffer buffer;
    msgpack_zone zone;
    bool good = msgpack_zone_init(&zone, 8192);

    msgpack_sbuffer_init(&buffer);
    for (uint64_t i = 0; good && i < count; i++) {
        msgpack_packer packer;
        natsMsg *request = NULL, *reply = NULL;

        msgpack_sbuffer_clear(&buffer);
        msgpack_zone_clear(&zone);
        msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
        peer_pack_create(&packer, b->order.customer, &b->order.items);
        good =
            natsMsg_Create(&request, "peer.create_order", NULL, buffer.data, (int)buffer.size) == NATS_OK &&
            natsConnection_RequestMsg(&reply, b->requester, request, 2000) == NATS_OK &&
            peer_read(reply, &zone);
        natsMsg_Destroy(request);
        natsMsg_Destroy(reply);
    }
    msgpack_sbuffer_destroy(&buffer);
    msgpack_zone_destroy(&zone);
    return good;
}

static bool peer_connect(natsConnection **connection, const char *url)
{
    natsOptions *options = NULL;
    const bool good = natsOptions_Create(&options) == NATS_OK &&
                      natsOptions_SetURL(options, url) == NATS_OK &&
                      natsOptions_SetSendAsap(options, true) == NATS_OK &&
                      natsConnection_Connect(connection, options) == NATS_OK;

    natsOptions_Destroy(options);
    return good;
}

static bool open_both(rpc_bench *b, const char *url)
{
    aegis_error error = {0};

    if (aegis_open(url, NULL, &b->service_bus, &error) != AEGIS_OK ||
        aegis_open(url, NULL, &b->client_bus, &error) != AEGIS_OK ||
        shop_orders_serve(b->service_bus, &ops, &b->order, NULL, &b->service, &error) != AEGIS_OK ||
        aegis_client_new(b->client_bus, NULL, &b->client, &error) != AEGIS_OK) {
        fprintf(stderr, "%s\n", aegis_error_text(&error));
        return false;
    }
    return peer_connect(&b->responder, url) && peer_connect(&b->requester, url) &&
           natsConnection_Subscribe(&b->subscription, b->responder, "peer.create_order", peer_answer, b) ==
               NATS_OK &&
           natsConnection_Flush(b->responder) == NATS_OK;
}

static void close_both(rpc_bench *b)
{
    natsSubscription_Destroy(b->subscription);
    natsConnection_Destroy(b->requester);
    natsConnection_Destroy(b->responder);
    aegis_client_free(b->client);
    aegis_service_stop(b->service);
    aegis_close(b->client_bus);
    aegis_close(b->service_bus);
}

int main(void)
{
    nats_server server;
    rpc_bench b;
    bool good;

    memset(&server, 0, sizeof server);
    memset(&b, 0, sizeof b);
    if (!nats_server_start(&server))
        return 1;
    order_sample(&b.order);
    good = open_both(&b, server.url) &&
           bench_run(&(bench_case){"rpc/lonely/p50", "nats.c RequestMsg", our_call, peer_call, &b, false}, 21,
                     100);
    close_both(&b);
    nats_server_stop(&server);
    nats_Close();
    return good ? 0 : 1;
}
