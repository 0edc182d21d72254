/* What operating costs a pipelined call (64 under way, client and service in this process, a private
 * nats-server): counted and scraped against not counted at all; traced against not traced. The sides take
 * turns in short rounds, and each pair of neighbouring rounds gives one ratio, so that what else the machine
 * does hits both; the median of these ratios counts. Beside the rate stands the CPU time of this process, the
 * exporter's thread included, which does not depend on who else wants the machine.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <aegis/http.h>
#include <aegis/otlp.h>

#include "bench/bench.h"
#include "bench/duel.h"
#include "bench/order_peer.h"
#include "bench/rpc/rpc.h"
#include "bench/sink.h"
#include "contract/nats_server.h"
#include "http/web.h"

enum { DEPTH = 64, FIGHTS = 3, PAIRS = FIGHTS * DUEL_ROUNDS };

/* Shares of the rate, and of the CPU time, of calls without. */
#define METRICS_RATE 0.97
#define METRICS_CPU  1.03
#define TRACES_RATE  0.90
#define TRACES_CPU   1.10

typedef struct world {
    const char *url;
    shop_order order;
    rpc_ours *off; /* neither traced nor scraped, but counted as always */
    uint16_t collector;
    char file[64];
} world;

/* `on` against `off`. */
static bool compare(const char *name, duel_side *on, duel_side *off, double rate_bar, double cpu_bar)
{
    double rates[PAIRS], cpu[PAIRS], more[PAIRS];
    char line[96];
    size_t pairs = 0;
    bool good = true;

    for (unsigned fight = 0; good && fight < FIGHTS; fight++) {
        good = duel_fight(on, off, DEPTH);
        for (size_t i = 0; good && i < DUEL_ROUNDS; i++, pairs++) {
            rates[pairs] = on->rates[i] / off->rates[i];
            cpu[pairs] = on->cpu[i] / off->cpu[i];
            more[pairs] = on->cpu[i] - off->cpu[i];
        }
        if (good && fight == FIGHTS - 1) {
            duel_show(on);
            duel_show(off);
        }
        duel_free(on);
        duel_free(off);
    }
    if (!good)
        return false;
    bench_line(name, "x rate", duel_median(rates, PAIRS), rate_bar, "the bar, at least");
    (void)snprintf(line, sizeof line, "%s/cpu", name);
    bench_line(line, "x CPU", duel_median(cpu, PAIRS), cpu_bar, "the bar, at most");
    printf("    %.0f ns of CPU more a call\n", duel_median(more, PAIRS));
    return true;
}

/* ---- metrics ------------------------------------------------------------------------------------------ */

typedef struct scraped {
    rpc_ours *ours;
    aegis_http *http;
} scraped;

static void *scrape(void *user)
{
    web_answer answer = web_get(aegis_http_port(((scraped *)user)->http), "/metrics");

    if (answer.status != 200)
        fprintf(stderr, "/metrics: %d\n", answer.status);
    web_forget(&answer);
    return NULL;
}

/* /metrics is asked for in every round. */
static bool calls_scraped(void *context, uint64_t count, unsigned depth, bench_samples *samples)
{
    scraped *s = (scraped *)context;
    pthread_t thread;
    bool good;

    if (pthread_create(&thread, NULL, scrape, s) != 0)
        return false;
    good = rpc_ours_async(s->ours, count, depth, samples);
    (void)pthread_join(thread, NULL);
    return good;
}

static bool metrics(const world *w)
{
    scraped s = {.ours = w->off};
    rpc_ours *uncounted = rpc_ours_open(w->url, &w->order);
    duel_side counted = {.name = "counted", .form = rpc_ours_async, .context = w->off};
    duel_side on = {.name = "counted, /metrics read in every round", .form = calls_scraped, .context = &s};
    duel_side off = {.name = "not counted", .form = rpc_ours_async, .context = uncounted};
    bool good = uncounted != NULL && rpc_ours_lonely(uncounted, 1, 1, NULL) &&
                aegis_http_start(rpc_ours_bus(w->off), NULL, &s.http, NULL) == AEGIS_OK;

    if (good) {
        rpc_ours_uncount(uncounted);
        good = compare("operate/metrics", &on, &off, METRICS_RATE, METRICS_CPU) &&
               compare("operate/metrics/scraped", &on, &counted, METRICS_RATE, METRICS_CPU);
    }
    aegis_http_stop(s.http);
    rpc_ours_close(uncounted);
    return good;
}

/* ---- traces ------------------------------------------------------------------------------------------- */

typedef struct traced {
    const char *file;
    rpc_ours *ours;
} traced;

/* What gets long begins anew. */
static bool shorten(void *context, uint64_t count)
{
    (void)count;
    return truncate(((const traced *)context)->file, 0) == 0;
}

static bool calls_traced(void *context, uint64_t count, unsigned depth, bench_samples *samples)
{
    return rpc_ours_async(((const traced *)context)->ours, count, depth, samples);
}

static bool traces(const world *w, const char *name, const char *endpoint, double ratio)
{
    const aegis_otlp_options to = {.endpoint = endpoint, .service_name = "orders"};
    aegis_options options = {.trace_ratio = ratio};
    traced t = {.file = w->file};
    duel_side on = {.name = endpoint, .form = calls_traced, .context = &t, .prepare = shorten};
    duel_side off = {.name = "not traced", .form = rpc_ours_async, .context = w->off};
    aegis_otlp_counts counts = {0};
    aegis_error error = {0};
    aegis_otlp *otlp;
    bool good = aegis_otlp_open(&to, &otlp, &error) == AEGIS_OK;

    if (good) {
        aegis_otlp_attach(otlp, &options);
        t.ours = rpc_ours_open_as(w->url, &w->order, &options);
        good = t.ours != NULL && compare(name, &on, &off, TRACES_RATE, TRACES_CPU);
        rpc_ours_close(t.ours);
        aegis_otlp_read(otlp, &counts);
        printf("    %llu spans sent in %llu requests, %llu dropped, %llu lost\n",
               (unsigned long long)counts.sent, (unsigned long long)counts.requests,
               (unsigned long long)counts.dropped, (unsigned long long)counts.lost);
        (void)aegis_otlp_close(otlp, &error);
    }
    if (error.text[0] != '\0')
        fprintf(stderr, "%s: %s\n", name, error.text);
    return good && counts.sent > 0;
}

static bool all_traces(const world *w)
{
    char file[80], collector[64];

    (void)snprintf(file, sizeof file, "file:%s", w->file);
    (void)snprintf(collector, sizeof collector, "http://127.0.0.1:%u/v1/traces", (unsigned)w->collector);
    return traces(w, "operate/traces/file/1", file, 1.0) &&
           traces(w, "operate/traces/file/0.01", file, 0.01) &&
           traces(w, "operate/traces/collector/1", collector, 1.0) &&
           traces(w, "operate/traces/collector/0.01", collector, 0.01);
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : "";
    nats_server server;
    world w;
    pid_t sink;
    bool good;

    memset(&server, 0, sizeof server);
    memset(&w, 0, sizeof w);
    (void)snprintf(w.file, sizeof w.file, "/tmp/aegis-bench-XXXXXX");
    const int fd = mkstemp(w.file);
    if (fd < 0 || (sink = sink_start(&w.collector)) < 0)
        return 1;
    (void)close(fd);
    good = nats_server_start(&server);
    w.url = server.url;
    order_sample(&w.order);
    w.off = good ? rpc_ours_open(w.url, &w.order) : NULL;
    good = w.off != NULL;
    if (good && strstr("metrics", only) != NULL)
        good = metrics(&w);
    if (good && strstr("traces", only) != NULL)
        good = all_traces(&w);
    rpc_ours_close(w.off);
    nats_server_stop(&server);
    bench_end(sink);
    (void)unlink(w.file);
    return good ? 0 : 1;
}
