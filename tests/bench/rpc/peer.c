/* The same calls by hand, as a careful C programmer writes them with nats.c and msgpack-c: the responder is a
 * callback that reads the request and packs the answer; the requester packs, sends, and reads the answer into
 * the struct. How nats.c is set up decides much, so the arrangement is an option, and the benchmark takes the
 * best.
 */
#define _POSIX_C_SOURCE 200809L
#include "bench/rpc/rpc.h"

#include <nats/nats.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/order_peer.h"
#include "bench/peer_link.h"

enum { DEPTH_MAX = 4096, TIMEOUT_MS = 5000 };

struct rpc_peer {
    const shop_order *order;
    rpc_peer_options options;
    natsConnection *responder, *requester;
    natsSubscription *service, *answers;
    msgpack_sbuffer request, answer; /* prebuilt */
    char inbox[128], subject[160];   /* its own: two peers may be there at once */
    char name[96];
    /* pipelined with a callback */
    pthread_mutex_t lock;
    pthread_cond_t over;
    rpc_samples *samples;
    uint64_t left, under_way;
    bool failed;
    double started[DEPTH_MAX];
};

static void respond(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *user)
{
    const rpc_peer *p = (const rpc_peer *)user;
    msgpack_unpacked request;
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    size_t offset = 0;

    (void)subscription;
    if (p->options.prebuilt) {
        (void)natsConnection_Publish(connection, natsMsg_GetReply(message), p->answer.data,
                                     (int)p->answer.size);
        natsMsg_Destroy(message);
        return;
    }
    msgpack_unpacked_init(&request);
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    if (msgpack_unpack_next(&request, natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message),
                            &offset) == MSGPACK_UNPACK_SUCCESS)
        peer_pack_order(&packer, p->order);
    (void)natsConnection_Publish(connection, natsMsg_GetReply(message), buffer.data, (int)buffer.size);
    msgpack_sbuffer_destroy(&buffer);
    msgpack_unpacked_destroy(&request);
    natsMsg_Destroy(message);
}

static void pack_request(const rpc_peer *p, msgpack_sbuffer *buffer)
{
    msgpack_packer packer;

    msgpack_sbuffer_clear(buffer);
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    peer_pack_create(&packer, p->order->customer, &p->order->items);
}

rpc_peer *rpc_peer_open(const char *url, const shop_order *order, const rpc_peer_options *options)
{
    rpc_peer *p = (rpc_peer *)calloc(1, sizeof *p);
    msgpack_packer packer;
    natsInbox *inbox = NULL;

    if (p == NULL)
        return NULL;
    p->order = order;
    p->options = *options;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->over, NULL);
    msgpack_sbuffer_init(&p->request);
    msgpack_sbuffer_init(&p->answer);
    msgpack_packer_init(&packer, &p->answer, msgpack_sbuffer_write);
    peer_pack_order(&packer, order);
    pack_request(p, &p->request);
    (void)snprintf(p->name, sizeof p->name, "nats.c (%s responder, %s requester, %s)%s",
                   options->responder_asap ? "SendAsap" : "flusher",
                   options->requester_asap ? "SendAsap" : "flusher",
                   options->callback ? "callback" : "NextMsg", options->prebuilt ? ", prebuilt bytes" : "");
    if (peer_connect(&p->responder, url, options->responder_asap) &&
        peer_connect(&p->requester, url, options->requester_asap) && natsInbox_Create(&inbox) == NATS_OK &&
        snprintf(p->inbox, sizeof p->inbox, "%s", inbox) > 0 &&
        snprintf(p->subject, sizeof p->subject, "peer.create_order.%s", inbox) > 0 &&
        natsConnection_Subscribe(&p->service, p->responder, p->subject, respond, p) == NATS_OK &&
        natsConnection_Flush(p->responder) == NATS_OK) {
        natsInbox_Destroy(inbox);
        return p;
    }
    fprintf(stderr, "the peer cannot connect to %s\n", url);
    rpc_peer_close(p);
    return NULL;
}

void rpc_peer_close(rpc_peer *p)
{
    if (p == NULL)
        return;
    /* Closed first: nats.c 3.4.1 may still be using a subscription for the message it has just handed over.
     */
    natsConnection_Close(p->requester);
    natsConnection_Close(p->responder);
    natsSubscription_Destroy(p->answers);
    natsSubscription_Destroy(p->service);
    natsConnection_Destroy(p->requester);
    natsConnection_Destroy(p->responder);
    msgpack_sbuffer_destroy(&p->request);
    msgpack_sbuffer_destroy(&p->answer);
    pthread_cond_destroy(&p->over);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

const char *rpc_peer_name(const rpc_peer *p)
{
    return p->name;
}

/* What one requester keeps from call to call. */
typedef struct scratch {
    msgpack_sbuffer buffer;
    msgpack_zone zone;
} scratch;

static bool scratch_init(scratch *s)
{
    msgpack_sbuffer_init(&s->buffer);
    return msgpack_zone_init(&s->zone, 8192);
}

static void scratch_free(scratch *s)
{
    msgpack_sbuffer_destroy(&s->buffer);
    msgpack_zone_destroy(&s->zone);
}

static const msgpack_sbuffer *request_of(const rpc_peer *p, scratch *s)
{
    if (p->options.prebuilt)
        return &p->request;
    pack_request(p, &s->buffer);
    return &s->buffer;
}

static bool read_answer(const rpc_peer *p, natsMsg *reply, scratch *s)
{
    shop_order order = {0};
    msgpack_object object;
    size_t offset = 0;

    if (p->options.prebuilt)
        return natsMsg_GetDataLength(reply) == (int)p->answer.size;
    msgpack_zone_clear(&s->zone);
    const bool good = msgpack_unpack(natsMsg_GetData(reply), (size_t)natsMsg_GetDataLength(reply), &offset,
                                     &s->zone, &object) == MSGPACK_UNPACK_SUCCESS &&
                      peer_read_order(&object, &s->zone, &order);
    bench_keep(order.items.items);
    return good;
}

static bool request_once(rpc_peer *p, scratch *s)
{
    const msgpack_sbuffer *body = request_of(p, s);
    natsMsg *reply = NULL;
    const bool good = natsConnection_Request(&reply, p->requester, p->subject, body->data, (int)body->size,
                                             TIMEOUT_MS) == NATS_OK &&
                      read_answer(p, reply, s);

    natsMsg_Destroy(reply);
    return good;
}

bool rpc_peer_lonely(void *context, uint64_t count, unsigned depth, rpc_samples *samples)
{
    rpc_peer *p = (rpc_peer *)context;
    scratch s;
    bool good = scratch_init(&s);

    (void)depth;
    for (uint64_t i = 0; good && i < count; i++) {
        const double start = bench_now();

        good = request_once(p, &s);
        bench_sample(samples, bench_now() - start);
    }
    scratch_free(&s);
    return good;
}

/* ---- pipelined: the reply subject carries the place in the window ---- */

static bool send_from(rpc_peer *p, unsigned place, scratch *s)
{
    const msgpack_sbuffer *body = request_of(p, s);
    char reply[160];

    (void)snprintf(reply, sizeof reply, "%s.%u", p->inbox, place);
    p->started[place] = bench_now();
    return natsConnection_PublishRequest(p->requester, p->subject, reply, body->data, (int)body->size) ==
           NATS_OK;
}

static unsigned place_of(natsMsg *reply)
{
    const char *dot = strrchr(natsMsg_GetSubject(reply), '.');

    return dot != NULL ? (unsigned)strtoul(dot + 1, NULL, 10) % DEPTH_MAX : 0;
}

static bool with_next(rpc_peer *p, uint64_t count, unsigned depth, rpc_samples *samples)
{
    scratch s;
    uint64_t sent = 0;
    bool good = scratch_init(&s);

    while (good && sent < depth && sent < count)
        good = send_from(p, (unsigned)sent++, &s);
    for (uint64_t i = 0; good && i < count; i++) {
        natsMsg *reply = NULL;

        good =
            natsSubscription_NextMsg(&reply, p->answers, TIMEOUT_MS) == NATS_OK && read_answer(p, reply, &s);
        if (good) {
            const unsigned place = place_of(reply);
            bench_sample(samples, bench_now() - p->started[place]);
            if (sent < count) {
                sent++;
                good = send_from(p, place, &s);
            }
        }
        natsMsg_Destroy(reply);
    }
    scratch_free(&s);
    return good;
}

static void answered(natsConnection *connection, natsSubscription *subscription, natsMsg *reply, void *user)
{
    rpc_peer *p = (rpc_peer *)user;
    const unsigned place = place_of(reply);
    scratch s;
    bool next;
    bool good = scratch_init(&s) && read_answer(p, reply, &s);

    (void)connection;
    (void)subscription;
    natsMsg_Destroy(reply);
    pthread_mutex_lock(&p->lock);
    bench_sample(p->samples, bench_now() - p->started[place]);
    next = good && p->left > 0;
    p->left -= next ? 1 : 0;
    pthread_mutex_unlock(&p->lock);
    if (next)
        good = send_from(p, place, &s);
    if (!next || !good) {
        pthread_mutex_lock(&p->lock);
        p->failed = p->failed || !good;
        if (--p->under_way == 0 || p->failed)
            pthread_cond_signal(&p->over);
        pthread_mutex_unlock(&p->lock);
    }
    scratch_free(&s);
}

static bool with_callback(rpc_peer *p, uint64_t count, unsigned depth, rpc_samples *samples)
{
    scratch s;
    const uint64_t first = count < depth ? count : depth;
    bool good = scratch_init(&s);

    p->samples = samples;
    p->left = count - first;
    p->under_way = first;
    p->failed = false;
    for (uint64_t i = 0; good && i < first; i++)
        good = send_from(p, (unsigned)i, &s);
    pthread_mutex_lock(&p->lock);
    while (good && p->under_way > 0 && !p->failed)
        pthread_cond_wait(&p->over, &p->lock);
    good = good && !p->failed;
    pthread_mutex_unlock(&p->lock);
    scratch_free(&s);
    return good;
}

bool rpc_peer_pipelined(void *context, uint64_t count, unsigned depth, rpc_samples *samples)
{
    rpc_peer *p = (rpc_peer *)context;
    char subject[160];

    (void)snprintf(subject, sizeof subject, "%s.*", p->inbox);
    if (p->answers == NULL &&
        (p->options.callback ? natsConnection_Subscribe(&p->answers, p->requester, subject, answered, p)
                             : natsConnection_SubscribeSync(&p->answers, p->requester, subject)) != NATS_OK)
        return false;
    return p->options.callback ? with_callback(p, count, depth, samples)
                               : with_next(p, count, depth, samples);
}

/* ---- threads ---- */

typedef struct crowd {
    rpc_peer *peer;
    rpc_samples *samples;
    atomic_llong left;
    atomic_bool failed;
} crowd;

static void *crowd_main(void *user)
{
    crowd *c = (crowd *)user;
    scratch s;
    bool good = scratch_init(&s);

    while (good && atomic_fetch_sub(&c->left, 1) > 0 && !atomic_load(&c->failed)) {
        const double start = bench_now();

        good = request_once(c->peer, &s);
        const double took = bench_now() - start;
        pthread_mutex_lock(&c->peer->lock);
        bench_sample(c->samples, took);
        pthread_mutex_unlock(&c->peer->lock);
    }
    if (!good)
        atomic_store(&c->failed, true);
    scratch_free(&s);
    return NULL;
}

bool rpc_peer_threads(void *context, uint64_t count, unsigned depth, rpc_samples *samples)
{
    crowd c = {.peer = (rpc_peer *)context, .samples = samples};
    pthread_t threads[RPC_THREADS];
    unsigned started = 0;

    atomic_init(&c.left, (long long)count);
    while (started < depth && started < RPC_THREADS &&
           pthread_create(&threads[started], NULL, crowd_main, &c) == 0)
        started++;
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    return started == depth && !atomic_load(&c.failed);
}
