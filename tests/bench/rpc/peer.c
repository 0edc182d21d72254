/* The same calls by hand, as a careful C programmer writes them with nats.c and msgpack-c: the responder is a
 * callback that reads the request and packs the answer; the requester packs, sends, and reads the answer into
 * the struct, and sees that it answers what was asked. Both speak our wire, envelope and all, or, `bare`,
 * pass the payload alone, which then nobody can trace, and only the subject says whose it is. How nats.c is
 * set up decides much, so the arrangement is an option, and the benchmark takes the best.
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
#include "bench/envelope_peer.h"
#include "bench/peer_link.h"

enum { DEPTH_MAX = 4096, TIMEOUT_MS = 5000 };

/* What one side keeps from call to call. */
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

struct rpc_peer {
    const shop_order *order;
    rpc_peer_options options;
    natsConnection *responder, *requester;
    natsSubscription *service, *answers;
    msgpack_sbuffer request, answer; /* prebuilt */
    scratch responding;
    peer_ids ids;
    char inbox[128], subject[160]; /* its own: two peers may be there at once */
    char name[96];
    /* pipelined with a callback */
    pthread_mutex_t lock;
    pthread_cond_t over;
    rpc_samples *samples;
    uint64_t left, under_way;
    bool failed;
    double started[DEPTH_MAX];
    char ids_sent[DEPTH_MAX][PEER_UUID_TEXT];
};

static bool unpack(natsMsg *message, scratch *s, msgpack_object *object)
{
    size_t offset = 0;

    msgpack_zone_clear(&s->zone);
    return msgpack_unpack(natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message), &offset, &s->zone,
                          object) == MSGPACK_UNPACK_SUCCESS;
}

static void pack_answer(rpc_peer *p, scratch *s, const peer_received *request, const shop_order *order)
{
    char id[PEER_UUID_TEXT], trace[PEER_UUID_TEXT], correlation[PEER_UUID_TEXT];
    msgpack_packer packer;

    msgpack_sbuffer_clear(&s->buffer);
    msgpack_packer_init(&packer, &s->buffer, msgpack_sbuffer_write);
    if (p->options.bare) {
        peer_pack_order(&packer, order);
        return;
    }
    (void)snprintf(trace, sizeof trace, "%.*s", (int)request->trace->size, request->trace->ptr);
    (void)snprintf(correlation, sizeof correlation, "%.*s", (int)request->id->size, request->id->ptr);
    peer_pack_envelope(&packer,
                       &(peer_envelope){.id = peer_ids_next(&p->ids, id),
                                        .trace = trace,
                                        .correlation = correlation,
                                        .source = "order-service-0123abcd"},
                       3);
    peer_pack_key(&packer, "success");
    (void)msgpack_pack_true(&packer);
    peer_pack_key(&packer, "result");
    peer_pack_order(&packer, order);
    peer_pack_text(&packer, "error", NULL);
}

static bool read_request(const rpc_peer *p, natsMsg *message, scratch *s, peer_received *request,
                         shop_order *order)
{
    msgpack_object object;

    *request = (peer_received){.body = &object};
    return unpack(message, s, &object) && (p->options.bare || peer_read_envelope(&object, request)) &&
           peer_read_create(request->body, &s->zone, &order->customer, &order->items);
}

/* One thread of nats.c's. */
static void respond(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *user)
{
    rpc_peer *p = (rpc_peer *)user;
    scratch *s = &p->responding;
    shop_order order = *p->order;
    peer_received request;

    (void)subscription;
    if (p->options.prebuilt) {
        (void)natsConnection_Publish(connection, natsMsg_GetReply(message), p->answer.data,
                                     (int)p->answer.size);
    } else if (read_request(p, message, s, &request, &order)) {
        pack_answer(p, s, &request, &order);
        (void)natsConnection_Publish(connection, natsMsg_GetReply(message), s->buffer.data,
                                     (int)s->buffer.size);
    }
    natsMsg_Destroy(message);
}

/* `id` is what the answer is to name. */
static void pack_request(rpc_peer *p, msgpack_sbuffer *buffer, char id[PEER_UUID_TEXT])
{
    char trace[PEER_UUID_TEXT];
    msgpack_packer packer;

    msgpack_sbuffer_clear(buffer);
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    if (p->options.bare) {
        peer_pack_create(&packer, p->order->customer, &p->order->items);
        return;
    }
    peer_pack_envelope(&packer,
                       &(peer_envelope){.id = peer_ids_next(&p->ids, id),
                                        .trace = peer_ids_next(&p->ids, trace),
                                        .source = "client-0123abcd",
                                        .target = "order-service"},
                       3);
    peer_pack_text(&packer, "method", "create_order");
    peer_pack_key(&packer, "params");
    peer_pack_create(&packer, p->order->customer, &p->order->items);
    peer_pack_key(&packer, "timeout");
    (void)msgpack_pack_double(&packer, TIMEOUT_MS / 1000.0);
}

/* The bytes that are sent when none are made. */
static void prebuild(rpc_peer *p)
{
    const msgpack_object_str id = {PEER_UUID_TEXT - 1, "00000000-0000-4000-8000-000000000000"};
    scratch s;

    if (!scratch_init(&s))
        return;
    pack_request(p, &p->request, p->ids_sent[0]);
    pack_answer(p, &s, &(peer_received){.id = &id, .trace = &id}, p->order);
    p->answer = s.buffer;
    msgpack_zone_destroy(&s.zone);
}

rpc_peer *rpc_peer_open(const char *url, const shop_order *order, const rpc_peer_options *options)
{
    rpc_peer *p = (rpc_peer *)calloc(1, sizeof *p);
    natsInbox *inbox = NULL;

    if (p == NULL)
        return NULL;
    p->order = order;
    p->options = *options;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->over, NULL);
    peer_ids_init(&p->ids);
    msgpack_sbuffer_init(&p->request);
    prebuild(p);
    (void)snprintf(p->name, sizeof p->name, "nats.c (%s responder, %s requester, %s)%s",
                   options->responder_asap ? "SendAsap" : "flusher",
                   options->requester_asap ? "SendAsap" : "flusher",
                   options->callback ? "callback" : "NextMsg",
                   options->prebuilt ? ", prebuilt bytes"
                   : options->bare   ? ", payload alone"
                                     : "");
    if (scratch_init(&p->responding) && peer_connect(&p->responder, url, options->responder_asap) &&
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
    scratch_free(&p->responding);
    pthread_cond_destroy(&p->over);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

const char *rpc_peer_name(const rpc_peer *p)
{
    return p->name;
}

static const msgpack_sbuffer *request_of(rpc_peer *p, scratch *s, char id[PEER_UUID_TEXT])
{
    if (p->options.prebuilt)
        return &p->request;
    pack_request(p, &s->buffer, id);
    return &s->buffer;
}

static bool read_answer(const rpc_peer *p, natsMsg *reply, scratch *s, const char *id)
{
    shop_order order = {0};
    msgpack_object object;
    peer_received answer = {.body = &object};

    if (p->options.prebuilt)
        return natsMsg_GetDataLength(reply) == (int)p->answer.size;
    if (!unpack(reply, s, &object) || (!p->options.bare && !peer_read_envelope(&object, &answer)))
        return false;
    if (!p->options.bare &&
        (!answer.success || answer.correlation == NULL || answer.correlation->size != strlen(id) ||
         memcmp(answer.correlation->ptr, id, answer.correlation->size) != 0))
        return false;
    const bool good = peer_read_order(answer.body, &s->zone, &order);
    bench_keep(order.items.items);
    return good;
}

static bool request_once(rpc_peer *p, scratch *s)
{
    char id[PEER_UUID_TEXT] = "";
    const msgpack_sbuffer *body = request_of(p, s, id);
    natsMsg *reply = NULL;
    const bool good = natsConnection_Request(&reply, p->requester, p->subject, body->data, (int)body->size,
                                             TIMEOUT_MS) == NATS_OK &&
                      read_answer(p, reply, s, id);

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
    const msgpack_sbuffer *body = request_of(p, s, p->ids_sent[place]);
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

        good = natsSubscription_NextMsg(&reply, p->answers, TIMEOUT_MS) == NATS_OK &&
               read_answer(p, reply, &s, p->ids_sent[place_of(reply)]);
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
    bool good = scratch_init(&s) && read_answer(p, reply, &s, p->ids_sent[place]);

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
