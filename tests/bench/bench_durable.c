/* What is stored: events published and consumed, ours against nats.c by hand, over the same private
 * nats-server with file streams and the same order. Each line is a duel; of the ways of setting up nats.c the
 * faster is the peer. `bench_durable publish|consume|commands` runs a part; `bench_durable ours
 * pipelined|blocking|consume|commands` only our side, for a profiler.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/durable/command.h"
#include "bench/durable/durable.h"
#include "bench/order_peer.h"
#include "contract/nats_server.h"

enum { DEPTH = 1024, TRY_MS = 300, ALONE = 100000 };

typedef struct world {
    nats_server server;
    shop_order order;
    durable_ours *ours;
} world;

static const char *url; /* what `prepare` needs and no side holds */

static bool empty(void *context, uint64_t count)
{
    (void)context;
    (void)count;
    return durable_empty(url);
}

/* Of the two ways of writing the one with more of them in a second; opened, and to be closed. */
static durable_peer *best_peer(const world *w, const duel_side *like, unsigned depth, bool bare)
{
    durable_peer *peers[2] = {NULL, NULL};
    double rates[2] = {0, 0};

    for (int i = 0; i < 2; i++) {
        duel_side s = *like;
        s.context = peers[i] = durable_peer_open(w->server.url, &w->order, depth, i == 1, bare);
        if (peers[i] != NULL && duel_calibrate(&s, depth, TRY_MS))
            rates[i] = duel_rate(&s, s.count, depth, NULL);
    }
    durable_peer_close(peers[rates[0] >= rates[1]]);
    return peers[rates[0] < rates[1]];
}

static bool fight(const world *w, duel_side *ours, duel_side *peer, unsigned depth, bool bare)
{
    durable_peer *by_hand = best_peer(w, peer, depth, bare);
    bool good = by_hand != NULL;

    ours->name = "ours";
    ours->context = w->ours;
    peer->context = by_hand;
    if (good) {
        peer->name = durable_peer_name(by_hand);
        good = duel_fight(ours, peer, depth);
    }
    if (good) {
        duel_show(ours);
        duel_show(peer);
    }
    durable_peer_close(by_hand);
    return good;
}

static bool pipelined(const world *w, const char *name, const char *peer_name, bool bare)
{
    duel_side ours = {.form = durable_ours_pipelined, .prepare = empty};
    duel_side peer = {.form = durable_peer_pipelined, .prepare = empty};
    const bool good = fight(w, &ours, &peer, DEPTH, bare);

    if (good)
        bench_line(name, "events/s", duel_median(ours.rates, DUEL_ROUNDS),
                   duel_median(peer.rates, DUEL_ROUNDS), peer_name);
    duel_free(&ours);
    duel_free(&peer);
    return good;
}

static bool publish(const world *w)
{
    duel_side ours = {.form = durable_ours_blocking, .prepare = empty};
    duel_side peer = {.form = durable_peer_blocking, .prepare = empty};
    const bool good = pipelined(w, "events/publish/pipelined", "js_PublishAsync, ids", false) &&
                      pipelined(w, "events/publish/pipelined/bare", "the same, payload alone", true) &&
                      fight(w, &ours, &peer, 1, false);

    if (good)
        bench_line("events/publish/blocking", "ns", duel_percentile(&ours.samples, 0.5),
                   duel_percentile(&peer.samples, 0.5), "js_Publish, ids");
    duel_free(&ours);
    duel_free(&peer);
    return good;
}

static bool consume(const world *w)
{
    duel_side ours = {
        .form = durable_ours_consume, .prepare = durable_ours_fill, .elapsed = durable_ours_elapsed};
    duel_side peer = {
        .form = durable_peer_consume, .prepare = durable_peer_fill, .elapsed = durable_peer_elapsed};
    const bool good = durable_empty(w->server.url) && fight(w, &ours, &peer, DEPTH, false);

    if (good)
        bench_line("events/consume", "events/s", duel_median(ours.rates, DUEL_ROUNDS),
                   duel_median(peer.rates, DUEL_ROUNDS), "raw pull loop, acks");
    duel_free(&ours);
    duel_free(&peer);
    return good;
}

/* The faster of the two ways of writing; opened, and to be closed. */
static command_peer *best_command_peer(const world *w)
{
    command_peer *peers[2] = {NULL, NULL};
    double rates[2] = {0, 0};

    for (int i = 0; i < 2; i++) {
        duel_side s = {.form = command_peer_form};
        s.context = peers[i] = command_peer_open(w->server.url, i == 1);
        if (peers[i] != NULL && duel_calibrate(&s, 1, TRY_MS))
            rates[i] = duel_rate(&s, s.count, 1, NULL);
    }
    command_peer_close(peers[rates[0] >= rates[1]]);
    return peers[rates[0] < rates[1]];
}

static bool commands(const world *w)
{
    duel_side ours = {.name = "ours", .form = command_ours_form};
    duel_side peer = {.form = command_peer_form};
    command_ours *us = command_ours_open(w->server.url);
    command_peer *by_hand = best_command_peer(w);
    bool good = us != NULL && by_hand != NULL;

    ours.context = us;
    peer.context = by_hand;
    if (good) {
        peer.name = command_peer_name(by_hand);
        good = duel_fight(&ours, &peer, 1);
    }
    if (good) {
        duel_show(&ours);
        duel_show(&peer);
        bench_line("commands/exactly_once", "ns", duel_percentile(&ours.samples, 0.5),
                   duel_percentile(&peer.samples, 0.5), "its round trips, raw");
    }
    command_ours_close(us);
    command_peer_close(by_hand);
    duel_free(&ours);
    duel_free(&peer);
    return good;
}

/* Our commands alone, for a profiler. */
static bool commands_alone(const world *w)
{
    command_ours *us = command_ours_open(w->server.url);
    const uint64_t count = ALONE / 20;
    const double start = bench_now(), cpu = duel_cpu_now(), switches = duel_switches_now();
    const bool good = us != NULL && command_ours_form(us, count, 1, NULL);

    printf("commands: %.0f/s, each %.2f us of CPU, %.2f switches\n",
           (double)count / (bench_now() - start) * 1e9, (duel_cpu_now() - cpu) / 1e3 / (double)count,
           (duel_switches_now() - switches) / (double)count);
    command_ours_close(us);
    return good;
}

static bool ours_alone(const world *w, const char *what)
{
    const bool blocking = strcmp(what, "blocking") == 0, taking = strcmp(what, "consume") == 0;
    const uint64_t count = blocking ? ALONE / 10 : ALONE;

    if (taking && !(durable_empty(w->server.url) && durable_ours_fill(w->ours, count)))
        return false;
    const double start = bench_now(), cpu = duel_cpu_now(), switches = duel_switches_now();
    const uint64_t allocations = bench_allocations();
    const bool good = taking     ? durable_ours_consume(w->ours, count, DEPTH, NULL)
                      : blocking ? durable_ours_blocking(w->ours, count, 1, NULL)
                                 : durable_ours_pipelined(w->ours, count, DEPTH, NULL);

    printf("%s: %.0f/s, each %.2f us of CPU, %.2f switches, %.1f allocations\n", what,
           (double)count / (bench_now() - start) * 1e9, (duel_cpu_now() - cpu) / 1e3 / (double)count,
           (duel_switches_now() - switches) / (double)count,
           (double)(bench_allocations() - allocations) / (double)count);
    return good;
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : "";
    bool good;
    world w;

    memset(&w, 0, sizeof w);
    if (!nats_server_start(&w.server))
        return 1;
    url = w.server.url;
    order_sample(&w.order);
    w.ours = durable_ours_open(w.server.url, &w.order, DEPTH);
    good = w.ours != NULL;
    if (good && strcmp(only, "ours") == 0) {
        good = argc > 2 && strcmp(argv[2], "commands") == 0
                   ? commands_alone(&w)
                   : ours_alone(&w, argc > 2 ? argv[2] : "pipelined");
    } else {
        if (good && strstr("publish", only) != NULL)
            good = publish(&w);
        if (good && strstr("consume", only) != NULL)
            good = consume(&w);
        if (good && strstr("commands", only) != NULL)
            good = commands(&w);
    }
    durable_ours_close(w.ours);
    nats_server_stop(&w.server);
    return good ? 0 : 1;
}
