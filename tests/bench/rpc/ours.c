/* Our calls: generated functions on both ends. */
#define _POSIX_C_SOURCE 200809L
#include "bench/rpc/rpc.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "application/client.h"
#include "application/service.h"
#include "bench/bench.h"

struct rpc_ours {
    const shop_order *order;
    aegis_bus *service_bus;
    aegis_bus *client_bus; /* the same where the bus is inside the process */
    aegis_service *service;
    aegis_client *client;
};

static aegis_reply create_order(shop_orders_create_order_call *call,
                                const shop_orders_create_order_request *request, void *user)
{
    shop_order order = *(const shop_order *)user;

    order.customer = request->customer;
    order.items = request->items;
    return shop_orders_create_order_ok(call, &order);
}

static const shop_orders_ops ops = {.create_order = create_order};

static aegis_status open_bus(const char *url, const aegis_options *options, aegis_bus **bus,
                             aegis_error *error)
{
    aegis_port *loop;

    if (url != NULL)
        return aegis_open(url, options, bus, error);
    loop = rpc_loop_open();
    if (loop == NULL)
        return aegis_error_set(error, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    return aegis_bus_new(loop, options, bus, error);
}

rpc_ours *rpc_ours_open(const char *url, const shop_order *order)
{
    return rpc_ours_open_as(url, order, NULL);
}

rpc_ours *rpc_ours_open_as(const char *url, const shop_order *order, const aegis_options *options)
{
    rpc_ours *ours = (rpc_ours *)calloc(1, sizeof *ours);
    aegis_error error = {0};

    if (ours == NULL)
        return NULL;
    ours->order = order;
    if (open_bus(url, options, &ours->service_bus, &error) == AEGIS_OK &&
        shop_orders_serve(ours->service_bus, &ops, (void *)(uintptr_t)order,
                          &(aegis_service_options){.waiting_room = 4096, .unlisted = url == NULL},
                          &ours->service, &error) == AEGIS_OK &&
        (ours->client_bus = ours->service_bus) != NULL &&
        (url == NULL || open_bus(url, options, &ours->client_bus, &error) == AEGIS_OK) &&
        aegis_client_new(ours->client_bus, NULL, &ours->client, &error) == AEGIS_OK)
        return ours;
    fprintf(stderr, "%s\n", aegis_error_text(&error));
    rpc_ours_close(ours);
    return NULL;
}

void rpc_ours_close(rpc_ours *ours)
{
    if (ours == NULL)
        return;
    aegis_client_free(ours->client);
    aegis_service_stop(ours->service);
    if (ours->client_bus != ours->service_bus)
        aegis_close(ours->client_bus);
    aegis_close(ours->service_bus);
    free(ours);
}

aegis_bus *rpc_ours_bus(const rpc_ours *ours)
{
    return ours->service_bus;
}

/* What has no series is not counted. */
void rpc_ours_uncount(rpc_ours *ours)
{
    for (size_t i = 0; i < ours->service->type->endpoint_count; i++)
        ours->service->series[i] = NULL;
    for (size_t i = 0; i < AEGIS_TARGETS; i++) {
        aegis_target *target = atomic_load(&ours->client->targets[i]);

        if (target != NULL)
            target->series = NULL;
    }
}

static shop_orders_create_order_request request_of(const rpc_ours *ours)
{
    return (shop_orders_create_order_request){.customer = ours->order->customer, .items = ours->order->items};
}

static bool good(const shop_orders_create_order_outcome *out)
{
    if (out->kind == SHOP_ORDERS_CREATE_ORDER_FAILED)
        fprintf(stderr, "%s\n", aegis_error_text(&out->failed));
    else if (out->kind == SHOP_ORDERS_CREATE_ORDER_OK)
        bench_keep(out->ok.items.items);
    return out->kind == SHOP_ORDERS_CREATE_ORDER_OK;
}

static bool call_once(const rpc_ours *ours)
{
    AEGIS_SCOPED_ARENA(arena);
    const shop_orders_create_order_request request = request_of(ours);
    const shop_orders_create_order_outcome out =
        shop_orders_create_order(ours->client, &request, NULL, arena);

    return good(&out);
}

bool rpc_ours_lonely(void *context, uint64_t count, unsigned depth, rpc_samples *samples)
{
    (void)depth;
    for (uint64_t i = 0; i < count; i++) {
        const double start = bench_now();

        if (!call_once((const rpc_ours *)context))
            return false;
        bench_sample(samples, bench_now() - start);
    }
    return true;
}

/* ---- async: a window of calls, each callback makes the next ---- */

typedef struct window {
    const rpc_ours *ours;
    rpc_samples *samples;
    pthread_mutex_t lock;
    pthread_cond_t over;
    uint64_t left, under_way;
    bool failed;
} window;

typedef struct flight {
    window *of;
    double start;
} flight;

static bool launch(flight *f);

static void landed(const shop_orders_create_order_outcome *out, void *user)
{
    flight *f = (flight *)user;
    window *w = f->of;
    bool next;

    pthread_mutex_lock(&w->lock);
    w->failed = w->failed || !good(out);
    if (w->samples != NULL)
        bench_sample(w->samples, bench_now() - f->start);
    next = !w->failed && w->left > 0;
    if (next)
        w->left--;
    else if (--w->under_way == 0)
        pthread_cond_signal(&w->over);
    pthread_mutex_unlock(&w->lock);
    if (next && !launch(f)) {
        pthread_mutex_lock(&w->lock);
        w->failed = true;
        if (--w->under_way == 0)
            pthread_cond_signal(&w->over);
        pthread_mutex_unlock(&w->lock);
    }
}

static bool launch(flight *f)
{
    const shop_orders_create_order_request request = request_of(f->of->ours);

    if (f->of->samples != NULL)
        f->start = bench_now();
    return shop_orders_create_order_async(f->of->ours->client, &request, NULL, landed, f) != 0;
}

bool rpc_ours_async(void *context, uint64_t count, unsigned depth, rpc_samples *samples)
{
    window w = {.ours = (const rpc_ours *)context, .samples = samples};
    flight *flights = (flight *)calloc(depth, sizeof *flights);
    const uint64_t first = count < depth ? count : depth;

    if (flights == NULL)
        return false;
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.over, NULL);
    w.left = count - first;
    w.under_way = first;
    for (uint64_t i = 0; i < first; i++) {
        flights[i].of = &w;
        if (!launch(&flights[i])) {
            pthread_mutex_lock(&w.lock);
            w.failed = true;
            w.under_way--;
            pthread_mutex_unlock(&w.lock);
        }
    }
    pthread_mutex_lock(&w.lock);
    while (w.under_way > 0)
        pthread_cond_wait(&w.over, &w.lock);
    pthread_mutex_unlock(&w.lock);
    pthread_cond_destroy(&w.over);
    pthread_mutex_destroy(&w.lock);
    free(flights);
    return !w.failed;
}

/* ---- threads: each calls one after the other ---- */

typedef struct crowd {
    const rpc_ours *ours;
    rpc_samples *samples;
    pthread_mutex_t lock;
    atomic_llong left;
    atomic_bool failed;
} crowd;

static void *crowd_main(void *user)
{
    crowd *c = (crowd *)user;

    while (atomic_fetch_sub(&c->left, 1) > 0 && !atomic_load(&c->failed)) {
        const double start = bench_now();

        if (!call_once(c->ours))
            atomic_store(&c->failed, true);
        const double took = bench_now() - start;
        pthread_mutex_lock(&c->lock);
        bench_sample(c->samples, took);
        pthread_mutex_unlock(&c->lock);
    }
    return NULL;
}

bool rpc_ours_threads(void *context, uint64_t count, unsigned depth, rpc_samples *samples)
{
    crowd c = {.ours = (const rpc_ours *)context, .samples = samples};
    pthread_t threads[RPC_THREADS];
    unsigned started = 0;

    pthread_mutex_init(&c.lock, NULL);
    atomic_init(&c.left, (long long)count);
    while (started < depth && started < RPC_THREADS &&
           pthread_create(&threads[started], NULL, crowd_main, &c) == 0)
        started++;
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&c.lock);
    return started == depth && !atomic_load(&c.failed);
}
