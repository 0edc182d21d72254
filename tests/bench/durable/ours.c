/* Our events: generated functions, a service that subscribes. */
#define _POSIX_C_SOURCE 200809L
#include "bench/durable/durable.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/bench.h"

struct durable_ours {
    shop_order_created event;
    aegis_bus *out, *in;
    aegis_publisher *publisher;
    atomic_ullong handled, wanted, failed;
    double first, last;
};

durable_ours *durable_ours_open(const char *url, const shop_order *order, unsigned depth)
{
    durable_ours *ours = (durable_ours *)calloc(1, sizeof *ours);
    const aegis_client_options options = {.async_limit = depth};
    aegis_error error = {0};

    if (ours == NULL)
        return NULL;
    ours->event.order = *order;
    if (aegis_open(url, NULL, &ours->out, &error) == AEGIS_OK &&
        aegis_open(url, NULL, &ours->in, &error) == AEGIS_OK &&
        aegis_publisher_new(ours->out, &options, &ours->publisher, &error) == AEGIS_OK &&
        shop_order_created_publish(ours->publisher, &ours->event, NULL, &error) == AEGIS_OK)
        return ours;
    fprintf(stderr, "ours: %s\n", aegis_error_text(&error));
    durable_ours_close(ours);
    return NULL;
}

void durable_ours_close(durable_ours *ours)
{
    if (ours == NULL)
        return;
    aegis_publisher_free(ours->publisher);
    if (ours->out != NULL)
        aegis_close(ours->out);
    if (ours->in != NULL)
        aegis_close(ours->in);
    free(ours);
}

static void told(const aegis_publication *publication, void *user)
{
    if (publication->failed.status != AEGIS_OK)
        atomic_fetch_add((atomic_ullong *)user, 1);
}

bool durable_ours_pipelined(void *context, uint64_t count, unsigned depth, bench_samples *samples)
{
    durable_ours *ours = (durable_ours *)context;
    aegis_error error = {0};

    (void)depth;
    (void)samples;
    for (uint64_t i = 0; i < count; i++) {
        if (shop_order_created_publish_async(ours->publisher, &ours->event, NULL, told, &ours->failed,
                                             &error) != AEGIS_OK)
            break;
    }
    if (error.status == AEGIS_OK)
        (void)aegis_publisher_flush(ours->publisher, 10 * AEGIS_SECOND, &error);
    if (error.status != AEGIS_OK)
        fprintf(stderr, "ours: %s\n", aegis_error_text(&error));
    return error.status == AEGIS_OK && atomic_load(&ours->failed) == 0;
}

bool durable_ours_blocking(void *context, uint64_t count, unsigned depth, bench_samples *samples)
{
    durable_ours *ours = (durable_ours *)context;
    aegis_error error = {0};

    (void)depth;
    for (uint64_t i = 0; i < count; i++) {
        const double start = bench_now();
        if (shop_order_created_publish(ours->publisher, &ours->event, NULL, &error) != AEGIS_OK) {
            fprintf(stderr, "ours: %s\n", aegis_error_text(&error));
            return false;
        }
        bench_sample(samples, bench_now() - start);
    }
    return true;
}

bool durable_ours_fill(void *context, uint64_t count)
{
    return durable_ours_pipelined(context, count, 0, NULL);
}

static aegis_settle on_order_created(const aegis_event *event, const shop_order_created *payload, void *user)
{
    durable_ours *ours = (durable_ours *)user;

    (void)event;
    bench_keep(payload);
    const unsigned long long n = atomic_fetch_add(&ours->handled, 1) + 1;
    if (n == 1)
        ours->first = bench_now();
    if (n == atomic_load(&ours->wanted))
        ours->last = bench_now();
    return AEGIS_DONE;
}

bool durable_ours_consume(void *context, uint64_t count, unsigned depth, bench_samples *samples)
{
    static const shop_monitor_ops ops = {.on_order_created = on_order_created};
    const struct timespec pause = {0, 1000000};
    durable_ours *ours = (durable_ours *)context;
    aegis_service *service = NULL;
    aegis_error error = {0};

    (void)depth;
    (void)samples;
    atomic_store(&ours->handled, 0);
    atomic_store(&ours->wanted, count);
    if (shop_monitor_serve(ours->in, &ops, ours, NULL, &service, &error) != AEGIS_OK) {
        fprintf(stderr, "ours: %s\n", aegis_error_text(&error));
        return false;
    }
    for (int i = 0; i < 30000 && atomic_load(&ours->handled) < count; i++)
        (void)nanosleep(&pause, NULL);
    aegis_service_stop(service);
    if (atomic_load(&ours->handled) != count)
        fprintf(stderr, "ours: handled %llu of %llu\n", atomic_load(&ours->handled),
                (unsigned long long)count);
    return atomic_load(&ours->handled) == count;
}

double durable_ours_elapsed(void *context)
{
    const durable_ours *ours = (const durable_ours *)context;

    return ours->last - ours->first;
}
