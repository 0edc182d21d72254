/* The same by hand, as a careful C programmer writes it with nats.c and msgpack-c: js_PublishAsync and
 * js_Publish with message ids, and a pull consumer read with batches of requests that overlap, an
 * acknowledgement for each message.
 */
#define _GNU_SOURCE
#include "bench/durable/durable.h"

#include <inttypes.h>
#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/bench.h"
#include "bench/envelope_peer.h"
#include "bench/peer_link.h"

#define STREAM  "PEER"
#define SUBJECT "peer.order.created"
#define PULL    "$JS.API.CONSUMER.MSG.NEXT.PEER.reader"

enum { TIMEOUT_MS = 5000, BATCH = 256 };

struct durable_peer {
    const shop_order *order;
    natsConnection *out, *in;
    jsCtx *js;
    msgpack_sbuffer buffer;
    peer_ids ids;
    bool bare; /* no envelope */
    bool failed;
    double first, last;
    char name[64];
};

static void on_error(jsCtx *js, jsPubAckErr *failure, void *user)
{
    (void)js;
    (void)failure;
    ((durable_peer *)user)->failed = true;
}

static bool stream_there(jsCtx *js)
{
    static const char *subjects[] = {"peer.>"};
    jsStreamConfig stream;
    jsConsumerConfig consumer;
    jsErrCode code = (jsErrCode)0;

    jsStreamConfig_Init(&stream);
    stream.Name = STREAM;
    stream.Subjects = subjects;
    stream.SubjectsLen = 1;
    stream.MaxBytes = (int64_t)1 << 30;
    if (js_AddStream(NULL, js, &stream, NULL, &code) != NATS_OK && code != JSStreamNameExistErr)
        return false;
    jsConsumerConfig_Init(&consumer);
    consumer.Durable = "reader";
    consumer.AckPolicy = js_AckExplicit;
    consumer.MaxAckPending = 4 * BATCH;
    return js_AddConsumer(NULL, js, STREAM, &consumer, NULL, &code) == NATS_OK;
}

durable_peer *durable_peer_open(const char *url, const shop_order *order, unsigned depth, bool asap,
                                bool bare)
{
    durable_peer *p = (durable_peer *)calloc(1, sizeof *p);
    jsOptions options;

    if (p == NULL)
        return NULL;
    p->order = order;
    p->bare = bare;
    peer_ids_init(&p->ids);
    msgpack_sbuffer_init(&p->buffer);
    (void)snprintf(p->name, sizeof p->name, "nats.c (%s)%s", asap ? "SendAsap" : "flusher",
                   bare ? ", payload alone" : "");
    (void)jsOptions_Init(&options);
    options.PublishAsync.MaxPending = depth;
    options.PublishAsync.StallWait = TIMEOUT_MS;
    options.PublishAsync.ErrHandler = on_error;
    options.PublishAsync.ErrHandlerClosure = p;
    if (peer_connect(&p->out, url, asap) && peer_connect(&p->in, url, asap) &&
        natsConnection_JetStream(&p->js, p->out, &options) == NATS_OK && stream_there(p->js))
        return p;
    fprintf(stderr, "the peer cannot use %s\n", url);
    durable_peer_close(p);
    return NULL;
}

void durable_peer_close(durable_peer *p)
{
    if (p == NULL)
        return;
    natsConnection_Close(p->out);
    natsConnection_Close(p->in);
    jsCtx_Destroy(p->js);
    natsConnection_Destroy(p->out);
    natsConnection_Destroy(p->in);
    msgpack_sbuffer_destroy(&p->buffer);
    free(p);
}

const char *durable_peer_name(const durable_peer *p)
{
    return p->name;
}

static void pack(durable_peer *p, char id[PEER_UUID_TEXT])
{
    char trace[PEER_UUID_TEXT];
    msgpack_packer packer;

    msgpack_sbuffer_clear(&p->buffer);
    msgpack_packer_init(&packer, &p->buffer, msgpack_sbuffer_write);
    (void)peer_ids_next(&p->ids, id);
    if (!p->bare) {
        const peer_envelope envelope = {
            .id = id, .trace = peer_ids_next(&p->ids, trace), .source = "bench-0123abcd"};

        peer_pack_envelope(&packer, &envelope, 4);
        peer_pack_text(&packer, "domain", "order");
        peer_pack_text(&packer, "event_type", "created");
        peer_pack_text(&packer, "version", "1.0");
        peer_pack_key(&packer, "payload");
    }
    msgpack_pack_map(&packer, 1);
    peer_pack_key(&packer, "order");
    peer_pack_order(&packer, p->order);
}

bool durable_peer_pipelined(void *context, uint64_t count, unsigned depth, bench_samples *samples)
{
    durable_peer *p = (durable_peer *)context;
    jsPubOptions wait;
    char id[PEER_UUID_TEXT];

    (void)depth;
    (void)samples;
    for (uint64_t i = 0; i < count; i++) {
        jsPubOptions options;
        pack(p, id);
        (void)jsPubOptions_Init(&options);
        options.MsgId = id;
        if (js_PublishAsync(p->js, SUBJECT, p->buffer.data, (int)p->buffer.size, &options) != NATS_OK)
            return false;
    }
    (void)jsPubOptions_Init(&wait);
    wait.MaxWait = 2 * TIMEOUT_MS;
    return js_PublishAsyncComplete(p->js, &wait) == NATS_OK && !p->failed;
}

bool durable_peer_blocking(void *context, uint64_t count, unsigned depth, bench_samples *samples)
{
    durable_peer *p = (durable_peer *)context;
    char id[PEER_UUID_TEXT];

    (void)depth;
    for (uint64_t i = 0; i < count; i++) {
        const double start = bench_now();
        jsPubOptions options;
        jsPubAck *ack = NULL;
        pack(p, id);
        (void)jsPubOptions_Init(&options);
        options.MsgId = id;
        if (js_Publish(&ack, p->js, SUBJECT, p->buffer.data, (int)p->buffer.size, &options, NULL) != NATS_OK)
            return false;
        jsPubAck_Destroy(ack);
        bench_sample(samples, bench_now() - start);
    }
    return true;
}

bool durable_peer_fill(void *context, uint64_t count)
{
    return durable_peer_pipelined(context, count, 0, NULL);
}

/* Ask for so many more. */
static bool pull(durable_peer *p, const char *inbox, uint64_t batch)
{
    char body[64];
    const int length = snprintf(body, sizeof body, "{\"batch\":%" PRIu64 ",\"expires\":5000000000}", batch);

    return natsConnection_PublishRequest(p->in, PULL, inbox, body, length) == NATS_OK;
}

static bool read_one(durable_peer *p, natsMsg *message, msgpack_unpacked *tree)
{
    shop_order order;
    size_t offset = 0;

    if (msgpack_unpack_next(tree, natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message),
                            &offset) != MSGPACK_UNPACK_SUCCESS)
        return false;
    peer_received received = {.body = &tree->data};
    if (!p->bare && !peer_read_envelope(&tree->data, &received))
        return false;
    const msgpack_object *payload = received.body; /* the order is all of it */
    if (payload->type != MSGPACK_OBJECT_MAP || payload->via.map.size != 1 ||
        !peer_read_order(&payload->via.map.ptr[0].val, tree->zone, &order))
        return false;
    bench_keep(&order);
    return natsConnection_Publish(p->in, natsMsg_GetReply(message), "+ACK", 4) == NATS_OK;
}

bool durable_peer_consume(void *context, uint64_t count, unsigned depth, bench_samples *samples)
{
    durable_peer *p = (durable_peer *)context;
    natsSubscription *subscription = NULL;
    natsInbox *inbox = NULL;
    msgpack_unpacked tree;
    uint64_t asked = 0, got = 0;
    bool good = natsInbox_Create(&inbox) == NATS_OK &&
                natsConnection_SubscribeSync(&subscription, p->in, inbox) == NATS_OK;

    (void)depth;
    (void)samples;
    msgpack_unpacked_init(&tree);
    while (good && got < count) {
        natsMsg *message = NULL;
        if (asked < count && asked - got <= BATCH / 2) {
            const uint64_t batch = count - asked < BATCH ? count - asked : BATCH;
            good = pull(p, inbox, batch);
            asked += batch;
        }
        if (!good || natsSubscription_NextMsg(&message, subscription, TIMEOUT_MS) != NATS_OK) {
            good = false;
            break;
        }
        good = read_one(p, message, &tree);
        natsMsg_Destroy(message);
        if (++got == 1)
            p->first = bench_now();
    }
    p->last = bench_now();
    good = good && natsConnection_Flush(p->in) == NATS_OK;
    msgpack_unpacked_destroy(&tree);
    natsSubscription_Destroy(subscription);
    natsInbox_Destroy(inbox);
    return good;
}

double durable_peer_elapsed(void *context)
{
    const durable_peer *p = (const durable_peer *)context;

    return p->last - p->first;
}

bool durable_empty(const char *url)
{
    natsConnection *connection = NULL;
    jsCtx *js = NULL;
    bool good =
        peer_connect(&connection, url, true) && natsConnection_JetStream(&js, connection, NULL) == NATS_OK;

    if (good) {
        (void)js_PurgeStream(js, "EVENTS", NULL, NULL);
        (void)js_PurgeStream(js, STREAM, NULL, NULL);
    }
    jsCtx_Destroy(js);
    natsConnection_Destroy(connection);
    return good;
}
