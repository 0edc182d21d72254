/* Ours: what the generated functions of the order example do. */
#include "bench/durable/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "shop.h"

struct command_ours {
    aegis_bus *out, *in;
    aegis_client *client;
    aegis_service *service;
    aegis_arena *arena;
    uint64_t run, number;
};

static aegis_reply process_batch(shop_orders_process_batch_call *call,
                                 const shop_orders_process_batch_request *request, void *user)
{
    (void)user;
    return shop_orders_process_batch_ok(
        call, &(shop_orders_process_batch_result){.processed = (uint32_t)request->orders.count});
}

command_ours *command_ours_open(const char *url)
{
    static const shop_orders_ops ops = {.process_batch = process_batch};
    static uint64_t runs;
    command_ours *ours = (command_ours *)calloc(1, sizeof *ours);
    aegis_error error = {0};

    if (ours == NULL)
        return NULL;
    ours->run = ++runs;
    ours->arena = aegis_arena_new(NULL);
    if (aegis_open(url, NULL, &ours->out, &error) == AEGIS_OK &&
        aegis_open(url, NULL, &ours->in, &error) == AEGIS_OK &&
        shop_orders_serve(ours->in, &ops, ours, NULL, &ours->service, &error) == AEGIS_OK &&
        aegis_client_new(ours->out, NULL, &ours->client, &error) == AEGIS_OK)
        return ours;
    fprintf(stderr, "ours: %s\n", aegis_error_text(&error));
    command_ours_close(ours);
    return NULL;
}

void command_ours_close(command_ours *ours)
{
    if (ours == NULL)
        return;
    aegis_client_free(ours->client);
    aegis_service_stop(ours->service);
    if (ours->out != NULL)
        aegis_close(ours->out);
    if (ours->in != NULL)
        aegis_close(ours->in);
    aegis_arena_free(ours->arena);
    free(ours);
}

bool command_ours_form(void *context, uint64_t count, unsigned depth, bench_samples *samples)
{
    static const aegis_uuid two[2] = {{{1}}, {{2}}};
    command_ours *ours = (command_ours *)context;

    (void)depth;
    for (uint64_t i = 0; i < count; i++) {
        const double start = bench_now();
        char key[48];
        const shop_orders_process_batch_request request = {.batch_id = key,
                                                           .orders = {.items = two, .count = 2}};
        shop_orders_process_batch_outcome out;

        (void)snprintf(key, sizeof key, "%" PRIu64 "-%" PRIu64, ours->run, ++ours->number);
        out = shop_orders_process_batch_run(ours->client, &request, NULL, NULL, NULL, ours->arena);
        if (out.kind != SHOP_ORDERS_PROCESS_BATCH_OK || out.ok.processed != 2) {
            fprintf(stderr, "ours: %s\n", aegis_error_text(&out.failed));
            return false;
        }
        aegis_arena_reset(ours->arena);
        bench_sample(samples, bench_now() - start);
    }
    return true;
}
