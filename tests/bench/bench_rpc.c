/* Calls: ours against nats.c by hand, both over the same private nats-server and with the same order, and
 * against bare sockets. Each line is a duel: the sides take turns in short rounds, the order within a pair
 * alternates, and each side's median round counts. A second line shows what else was measured in these
 * rounds: p50, p99, CPU time of this process and its context switches, for each call. Of the ways of setting
 * up nats.c the fastest is the peer.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/duel.h"
#include "bench/order_peer.h"
#include "bench/rpc/rpc.h"
#include "contract/nats_server.h"

enum { TRY_MS = 300, WINDOW = 256 };

/* What the peer sends: the same message; its payload alone; or bytes made before, of which nothing is read.
 */
typedef enum kind { SAME, BARE, PREBUILT } kind;

/* Of the arrangements of nats.c the one with most calls per second in this form; opened, and to be closed. */
static rpc_peer *best_peer(const char *url, const shop_order *order, rpc_form form, unsigned depth, kind what)
{
    rpc_peer *best = NULL;
    double record = 0;

    for (unsigned i = 0; i < (form == rpc_peer_pipelined ? 8U : 4U); i++) {
        const rpc_peer_options options = {(i & 1) != 0, (i & 2) != 0, (i & 4) != 0, what == BARE,
                                          what == PREBUILT};
        rpc_peer *peer = rpc_peer_open(url, order, &options);
        duel_side s = {.name = "peer", .form = form, .context = peer};
        const double rate =
            peer != NULL && duel_calibrate(&s, depth, TRY_MS) ? duel_rate(&s, s.count, depth, NULL) : 0;

        if (rate > record) {
            record = rate;
            rpc_peer_close(best);
            best = peer;
        } else {
            rpc_peer_close(peer);
        }
    }
    return best;
}

typedef struct world {
    const char *url;
    pid_t server;
    shop_order order;
    rpc_ours *ours;
} world;

/* Nanoseconds are better small, rates better large; the ratio is ours / peer in both. */
static bool lonely(const world *w)
{
    const rpc_peer_options asap = {true, true, false, false, false},
                           prebuilt = {true, true, false, false, true};
    rpc_peer *peer = rpc_peer_open(w->url, &w->order, &asap),
             *bytes = rpc_peer_open(w->url, &w->order, &prebuilt);
    rpc_floor *floor = rpc_floor_open(400, 500);
    duel_side ours = {.name = "ours", .form = rpc_ours_lonely, .context = w->ours}, again = ours,
              third = ours;
    duel_side by_hand = {.form = rpc_peer_lonely, .context = peer};
    duel_side with_bytes = {.form = rpc_peer_lonely, .context = bytes};
    duel_side sockets = {.name = "bare sockets", .form = rpc_floor_lonely, .context = floor};
    bool good = peer != NULL && bytes != NULL && floor != NULL;

    if (good) {
        by_hand.name = rpc_peer_name(peer);
        with_bytes.name = rpc_peer_name(bytes);
        good = duel_fight(&ours, &by_hand, 1) && duel_fight(&again, &with_bytes, 1) &&
               duel_fight(&third, &sockets, 1);
    }
    if (good) {
        bench_line("rpc/lonely/p50", "ns", duel_percentile(&ours.samples, 0.5),
                   duel_percentile(&by_hand.samples, 0.5), "nats.c Request, SendAsap");
        bench_line("rpc/lonely/cpu", "ns", duel_median(ours.cpu, DUEL_ROUNDS),
                   duel_median(by_hand.cpu, DUEL_ROUNDS), "nats.c Request, SendAsap");
        duel_show(&ours);
        duel_show(&by_hand);
        bench_line("rpc/lonely/p50/prebuilt", "ns", duel_percentile(&again.samples, 0.5),
                   duel_percentile(&with_bytes.samples, 0.5), "the same, bytes made before");
        bench_line("rpc/lonely/p50/floor", "ns", duel_percentile(&third.samples, 0.5),
                   duel_percentile(&sockets.samples, 0.5), "bare sockets, four hops");
        duel_show(&sockets);
    }
    duel_side *all[] = {&ours, &again, &third, &by_hand, &with_bytes, &sockets};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        duel_free(all[i]);
    rpc_peer_close(peer);
    rpc_peer_close(bytes);
    rpc_floor_close(floor);
    return good;
}

static bool many(const world *w, const char *name, rpc_form our_form, rpc_form peer_form, unsigned depth,
                 kind what)
{
    static const char *peers[] = {"nats.c, best of its ways", "the same, payload alone",
                                  "the same, bytes made before"};
    rpc_peer *peer = best_peer(w->url, &w->order, peer_form, depth, what);
    duel_side ours = {.name = "ours", .form = our_form, .context = w->ours};
    duel_side by_hand = {.form = peer_form, .context = peer};
    bool good = peer != NULL;

    if (good) {
        by_hand.name = rpc_peer_name(peer);
        good = duel_fight(&ours, &by_hand, depth);
    }
    if (good) {
        bench_line(name, "calls/s", duel_median(ours.rates, DUEL_ROUNDS),
                   duel_median(by_hand.rates, DUEL_ROUNDS), peers[what]);
        duel_show(&ours);
        duel_show(&by_hand);
    }
    duel_free(&ours);
    duel_free(&by_hand);
    rpc_peer_close(peer);
    return good;
}

/* CPU and allocations of a call, or of what stands for one. */
static bool cost_of(const duel_side *s, double *cpu, double *allocations)
{
    const double start = duel_cpu_now();
    const uint64_t before = bench_allocations();
    const bool good = s->form(s->context, s->count, WINDOW, NULL);

    *cpu = (duel_cpu_now() - start) / (double)s->count;
    *allocations = (double)(bench_allocations() - before) / (double)s->count;
    return good;
}

/* All of our part of a call and nothing else: a bus without I/O, whose own cost is taken off. */
static bool overhead_of(duel_side *ours, duel_side *carrier)
{
    double cpu[DUEL_ROUNDS], bare[DUEL_ROUNDS], rest[DUEL_ROUNDS], allocations[DUEL_ROUNDS], none;
    bool good = duel_calibrate(ours, WINDOW, DUEL_ROUND_MS);

    carrier->count = ours->count;
    for (unsigned round = 0; good && round < DUEL_ROUNDS; round++) {
        good = cost_of(ours, &cpu[round], &allocations[round]) && cost_of(carrier, &bare[round], &none);
        rest[round] = cpu[round] - bare[round];
    }
    if (!good)
        return false;
    bench_line("rpc/overhead", "ns", duel_median(rest, DUEL_ROUNDS), 2000, "the bar");
    bench_line("rpc/overhead/allocations", "a call", duel_median(allocations, DUEL_ROUNDS), 0, "none");
    printf("    CPU of a call without I/O %.0f ns, of which carrying its bytes %.0f ns\n",
           duel_median(cpu, DUEL_ROUNDS), duel_median(bare, DUEL_ROUNDS));
    return true;
}

/* On one CPU, on which no thread interrupts another, so that each works off what is there before it sleeps.
 */
static bool overhead(const world *w)
{
    const struct sched_param none = {0};
    cpu_set_t all, one;

    CPU_ZERO(&one);
    CPU_SET(0, &one);
    sched_getaffinity(0, sizeof all, &all);
    sched_setaffinity(0, sizeof one, &one);
    sched_setscheduler(0, SCHED_BATCH, &none);
    rpc_ours *inside = rpc_ours_open(NULL, &w->order);
    rpc_carrier *bytes = rpc_carrier_open(400, 500);
    duel_side ours = {.form = rpc_ours_async, .context = inside};
    duel_side carrier = {.form = rpc_carrier_carry, .context = bytes};
    const bool good = inside != NULL && bytes != NULL && overhead_of(&ours, &carrier);
    rpc_ours_close(inside);
    rpc_carrier_close(bytes);
    sched_setscheduler(0, SCHED_OTHER, &none);
    sched_setaffinity(0, sizeof all, &all);
    return good;
}

/* For a profiler: nothing but one side's calls, `bench_rpc ours|peer DEPTH [CALLS]`; 0: of RPC_THREADS
 * threads.
 */
static bool alone(const world *w, bool by_hand, unsigned depth, uint64_t calls)
{
    const rpc_form forms[][3] = {{rpc_ours_threads, rpc_ours_lonely, rpc_ours_async},
                                 {rpc_peer_threads, rpc_peer_lonely, rpc_peer_pipelined}};
    const rpc_form form = forms[by_hand][depth < 2 ? depth : 2];
    rpc_peer *peer =
        by_hand ? best_peer(w->url, &w->order, form, depth != 0 ? depth : RPC_THREADS, SAME) : NULL;
    void *context = by_hand ? (void *)peer : (void *)w->ours;
    const double cpu = duel_cpu_now(), switches = duel_switches_now();
    const double server = bench_cpu_of(w->server), start = bench_now();
    const bool good = context != NULL && form(context, calls, depth != 0 ? depth : RPC_THREADS, NULL);
    const double each = 1e3 * (double)calls, took = bench_now() - start;

    printf("%u under way: %.2f us of CPU, %.2f of the server's, %.2f of the machine's, %.2f switches a call, "
           "%.0f "
           "calls/s\n",
           depth, (duel_cpu_now() - cpu) / each, (bench_cpu_of(w->server) - server) / each,
           took * (double)sysconf(_SC_NPROCESSORS_ONLN) / each,
           (duel_switches_now() - switches) / (double)calls, (double)calls / took * 1e9);
    rpc_peer_close(peer);
    return good;
}

/* A service that has nothing to do, in a process of its own. */
static bool idle(const world *w)
{
    enum { SECONDS = 5 };
    int ready[2];
    char byte = 0;

    if (pipe(ready) != 0)
        return false;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        aegis_bus *bus = NULL;
        aegis_service *service = NULL;
        static const shop_orders_ops nothing = {0};
        if (aegis_open(w->url, NULL, &bus, NULL) != AEGIS_OK ||
            shop_orders_serve(bus, &nothing, NULL, NULL, &service, NULL) != AEGIS_OK ||
            write(ready[1], "x", 1) != 1)
            _exit(1);
        pause();
        _exit(0);
    }
    const bool good = child > 0 && read(ready[0], &byte, 1) == 1 && bench_idle(child, SECONDS);
    close(ready[0]);
    close(ready[1]);
    bench_end(child);
    return good;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        unsigned depth;
        kind what;
    } windows[] = {{"rpc/pipelined/64", 64, SAME},
                   {"rpc/pipelined/256", 256, SAME},
                   {"rpc/pipelined/1024", 1024, SAME},
                   {"rpc/pipelined/64/bare", 64, BARE},
                   {"rpc/pipelined/256/bare", 256, BARE},
                   {"rpc/pipelined/1024/bare", 1024, BARE},
                   {"rpc/pipelined/64/prebuilt", 64, PREBUILT}};
    const char *only = argc > 1 ? argv[1] : "";
    nats_server server;
    world w;
    bool good;

    memset(&server, 0, sizeof server);
    memset(&w, 0, sizeof w);
    if (!nats_server_start(&server))
        return 1;
    w.url = server.url;
    w.server = server.pid;
    order_sample(&w.order);
    const bool ours = strcmp(only, "ours") == 0, by_hand = strcmp(only, "peer") == 0;
    good = ours || by_hand || strcmp(only, "overhead") == 0 || idle(&w);
    w.ours = rpc_ours_open(w.url, &w.order);
    good = good && w.ours != NULL;
    if (good && (ours || by_hand))
        good = alone(&w, by_hand, argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 64,
                     argc > 3 ? strtoull(argv[3], NULL, 10) : 50000);
    if (good && strstr("lonely", only) != NULL)
        good = lonely(&w);
    for (size_t i = 0; good && i < sizeof windows / sizeof windows[0]; i++) {
        if (strstr("pipelined", only) != NULL)
            good = many(&w, windows[i].name, rpc_ours_async, rpc_peer_pipelined, windows[i].depth,
                        windows[i].what);
    }
    if (good && strstr("threads", only) != NULL)
        good = many(&w, "rpc/threads64", rpc_ours_threads, rpc_peer_threads, RPC_THREADS, SAME);
    if (good && strstr("overhead", only) != NULL)
        good = overhead(&w);
    rpc_ours_close(w.ours);
    nats_server_stop(&server);
    return good ? 0 : 1;
}
