/* By hand: the round trips an exactly-once command needs, with nats.c and msgpack-c: published with an id,
 * pulled, its record created and updated, the callback sent and received, acknowledged.
 */
#include "bench/durable/command.h"
#include "bench/peer_link.h"

#include <inttypes.h>
#include <msgpack.h>
#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"

#define STREAM "PEERWORK"
#define PULL   "$JS.API.CONSUMER.MSG.NEXT.PEERWORK.worker"

enum { TIMEOUT_MS = 5000 };

struct command_peer {
    natsConnection *out, *in; /* the client's and the worker's */
    jsCtx *js, *worker;
    kvStore *records;
    natsSubscription *callbacks, *pulled;
    natsInbox *inbox;
    msgpack_sbuffer buffer;
    uint64_t run, number;
    char name[64];
};

static bool stream_there(command_peer *p)
{
    static const char *subjects[] = {"peerwork.>"};
    jsStreamConfig stream;
    jsConsumerConfig consumer;
    kvConfig bucket;
    jsErrCode code = (jsErrCode)0;

    (void)jsStreamConfig_Init(&stream);
    stream.Name = STREAM;
    stream.Subjects = subjects;
    stream.SubjectsLen = 1;
    stream.Retention = js_WorkQueuePolicy;
    stream.MaxBytes = (int64_t)1 << 30;
    if (js_AddStream(NULL, p->js, &stream, NULL, &code) != NATS_OK && code != JSStreamNameExistErr)
        return false;
    (void)jsConsumerConfig_Init(&consumer);
    consumer.Durable = "worker";
    consumer.AckPolicy = js_AckExplicit;
    if (js_AddConsumer(NULL, p->js, STREAM, &consumer, NULL, &code) != NATS_OK)
        return false;
    (void)kvConfig_Init(&bucket);
    bucket.Bucket = "peerrecords";
    return js_CreateKeyValue(&p->records, p->worker, &bucket) == NATS_OK ||
           js_KeyValue(&p->records, p->worker, "peerrecords") == NATS_OK;
}

command_peer *command_peer_open(const char *url, bool asap)
{
    static uint64_t runs;
    command_peer *p = (command_peer *)calloc(1, sizeof *p);

    if (p == NULL)
        return NULL;
    p->run = ++runs;
    msgpack_sbuffer_init(&p->buffer);
    (void)snprintf(p->name, sizeof p->name, "nats.c (%s)", asap ? "SendAsap" : "flusher");
    if (peer_connect(&p->out, url, asap) && peer_connect(&p->in, url, asap) &&
        natsConnection_JetStream(&p->js, p->out, NULL) == NATS_OK &&
        natsConnection_JetStream(&p->worker, p->in, NULL) == NATS_OK && stream_there(p) &&
        natsInbox_Create(&p->inbox) == NATS_OK &&
        natsConnection_SubscribeSync(&p->pulled, p->in, p->inbox) == NATS_OK &&
        natsConnection_SubscribeSync(&p->callbacks, p->out, "peercallback.*") == NATS_OK &&
        natsConnection_Flush(p->out) == NATS_OK && natsConnection_Flush(p->in) == NATS_OK)
        return p;
    fprintf(stderr, "the peer cannot use %s\n", url);
    command_peer_close(p);
    return NULL;
}

void command_peer_close(command_peer *p)
{
    if (p == NULL)
        return;
    natsSubscription_Destroy(p->callbacks);
    natsSubscription_Destroy(p->pulled);
    natsInbox_Destroy(p->inbox);
    kvStore_Destroy(p->records);
    natsConnection_Close(p->out);
    natsConnection_Close(p->in);
    jsCtx_Destroy(p->js);
    jsCtx_Destroy(p->worker);
    natsConnection_Destroy(p->out);
    natsConnection_Destroy(p->in);
    msgpack_sbuffer_destroy(&p->buffer);
    free(p);
}

const char *command_peer_name(const command_peer *p)
{
    return p->name;
}

static void pack_text(msgpack_packer *packer, const char *text)
{
    (void)msgpack_pack_str_with_body(packer, text, strlen(text));
}

static void pack(command_peer *p, const char *key, const char *state, uint64_t processed)
{
    msgpack_packer packer;

    msgpack_sbuffer_clear(&p->buffer);
    msgpack_packer_init(&packer, &p->buffer, msgpack_sbuffer_write);
    (void)msgpack_pack_map(&packer, 3);
    pack_text(&packer, "batch_id");
    pack_text(&packer, key);
    pack_text(&packer, "state");
    pack_text(&packer, state);
    pack_text(&packer, "processed");
    (void)msgpack_pack_uint64(&packer, processed);
}

/* How many it says are processed; UINT64_MAX when it cannot be read. */
static uint64_t unpack(natsMsg *message)
{
    msgpack_unpacked tree;
    uint64_t processed = UINT64_MAX;
    size_t offset = 0;

    msgpack_unpacked_init(&tree);
    if (msgpack_unpack_next(&tree, natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message),
                            &offset) == MSGPACK_UNPACK_SUCCESS &&
        tree.data.type == MSGPACK_OBJECT_MAP && tree.data.via.map.size == 3)
        processed = tree.data.via.map.ptr[2].val.via.u64;
    msgpack_unpacked_destroy(&tree);
    return processed;
}

static bool submit(command_peer *p, const char *key)
{
    jsPubOptions options;
    jsPubAck *ack = NULL;

    pack(p, key, "submitted", 0);
    (void)jsPubOptions_Init(&options);
    options.MsgId = key;
    if (js_Publish(&ack, p->js, "peerwork.batch", p->buffer.data, (int)p->buffer.size, &options, NULL) !=
        NATS_OK)
        return false;
    jsPubAck_Destroy(ack);
    return true;
}

static natsMsg *take(command_peer *p)
{
    static const char body[] = "{\"batch\":1,\"expires\":5000000000}";
    natsMsg *message = NULL;

    if (natsConnection_PublishRequest(p->in, PULL, p->inbox, body, (int)sizeof body - 1) != NATS_OK ||
        natsSubscription_NextMsg(&message, p->pulled, TIMEOUT_MS) != NATS_OK)
        return NULL;
    return message;
}

/* Claimed, done, told, acknowledged. */
static bool work(command_peer *p, const char *key)
{
    natsMsg *message = take(p);
    uint64_t revision = 0;
    char subject[96];
    bool good = message != NULL && unpack(message) == 0;

    (void)snprintf(subject, sizeof subject, "peercallback.%s", key);
    pack(p, key, "running", 0);
    good = good && kvStore_Create(&revision, p->records, key, p->buffer.data, (int)p->buffer.size) == NATS_OK;
    pack(p, key, "completed", 2);
    good = good && kvStore_Update(&revision, p->records, key, p->buffer.data, (int)p->buffer.size,
                                  revision) == NATS_OK;
    good = good && natsConnection_Publish(p->in, subject, p->buffer.data, (int)p->buffer.size) == NATS_OK;
    good = good && natsConnection_Publish(p->in, natsMsg_GetReply(message), "+ACK", 4) == NATS_OK;
    natsMsg_Destroy(message);
    return good;
}

bool command_peer_form(void *context, uint64_t count, unsigned depth, bench_samples *samples)
{
    command_peer *p = (command_peer *)context;

    (void)depth;
    for (uint64_t i = 0; i < count; i++) {
        const double start = bench_now();
        natsMsg *answer = NULL;
        char key[48];
        bool good;

        (void)snprintf(key, sizeof key, "%" PRIu64 "-%" PRIu64, p->run, ++p->number);
        good = submit(p, key) && work(p, key) &&
               natsSubscription_NextMsg(&answer, p->callbacks, TIMEOUT_MS) == NATS_OK && unpack(answer) == 2;
        natsMsg_Destroy(answer);
        if (!good)
            return false;
        bench_sample(samples, bench_now() - start);
    }
    return true;
}
