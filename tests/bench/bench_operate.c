/* What operating costs a pipelined call (64 under way, client and service in this process, a private
 * nats-server): counted and scraped against not counted at all; traced against not traced. The sides take
 * turns in short rounds, and each pair of neighbouring rounds gives one ratio, so that what else the machine
 * does hits both; the median of these ratios counts. Beside the rate stands the CPU time of this process, the
 * exporter's thread included, which does not depend on who else wants the machine.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
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

enum { DEPTH = 64, FIGHTS = 2, PAIRS = FIGHTS * DUEL_ROUNDS };

/* Shares of a call. */
#define METRICS 0.03
#define TRACES  0.10

typedef struct world {
    const char *url;
    shop_order order;
    uint16_t collector;
    char file[64];
} world;

typedef struct ratios {
    double rate[PAIRS], cpu[PAIRS], more[PAIRS], off[PAIRS]; /* the last two: nanoseconds a call */
} ratios;

static bool fight(ratios *r, duel_side *on, duel_side *off, unsigned depth)
{
    size_t pair = 0;
    bool good = true;

    for (unsigned fight = 0; good && fight < FIGHTS; fight++) {
        good = duel_fight(on, off, depth);
        for (size_t i = 0; good && i < DUEL_ROUNDS; i++, pair++) {
            r->rate[pair] = on->rates[i] / off->rates[i];
            r->cpu[pair] = on->cpu[i] / off->cpu[i];
            r->more[pair] = on->cpu[i] - off->cpu[i];
            r->off[pair] = off->cpu[i];
        }
        if (good && fight == FIGHTS - 1) {
            duel_show(on);
            duel_show(off);
        }
        duel_free(on);
        duel_free(off);
    }
    return good;
}

/* `on` against `off` over NATS. `*call`: CPU of a call of `off`, in nanoseconds. */
static bool compare(const char *name, duel_side *on, duel_side *off, double share, double *call)
{
    ratios r;
    char line[96];

    if (!fight(&r, on, off, DEPTH))
        return false;
    bench_line(name, "x rate", duel_median(r.rate, PAIRS), 1.0 - share, "the bar, at least");
    (void)snprintf(line, sizeof line, "%s/cpu", name);
    bench_line(line, "x CPU", duel_median(r.cpu, PAIRS), 1.0 + share, "of ours, at most");
    *call = duel_median(r.off, PAIRS);
    printf("    %.0f ns of CPU more a call of %.0f ns\n", duel_median(r.more, PAIRS), *call);
    return true;
}

/* The same on a bus without I/O, where both sides are on one CPU and no thread interrupts another. */
static bool alone(const char *name, duel_side *on, duel_side *off, double share, double call)
{
    const struct sched_param none = {0};
    cpu_set_t all, one;
    char line[96];
    ratios r;
    bool good;

    CPU_ZERO(&one);
    CPU_SET(0, &one);
    sched_getaffinity(0, sizeof all, &all);
    sched_setaffinity(0, sizeof one, &one);
    sched_setscheduler(0, SCHED_BATCH, &none);
    good = fight(&r, on, off, DEPTH);
    sched_setscheduler(0, SCHED_OTHER, &none);
    sched_setaffinity(0, sizeof all, &all);
    if (!good)
        return false;
    (void)snprintf(line, sizeof line, "%s/alone", name);
    bench_line(line, "ns", duel_median(r.more, PAIRS), share * call, "of our part of a call");
    return true;
}

/* ---- metrics ------------------------------------------------------------------------------------------ */

/* Prometheus: a thread that asks for /metrics when it is told to, once a round. No round waits for it. */
typedef struct scraped {
    rpc_ours *ours;
    aegis_http *http;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool due, over;
} scraped;

static void *scrape(void *user)
{
    scraped *s = (scraped *)user;

    (void)pthread_mutex_lock(&s->lock);
    while (!s->over) {
        web_answer answer;

        if (!s->due) {
            (void)pthread_cond_wait(&s->changed, &s->lock);
            continue;
        }
        s->due = false;
        (void)pthread_mutex_unlock(&s->lock);
        answer = web_get(aegis_http_port(s->http), "/metrics");
        if (answer.status != 200)
            fprintf(stderr, "/metrics: %d\n", answer.status);
        web_forget(&answer);
        (void)pthread_mutex_lock(&s->lock);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void tell(scraped *s, bool over)
{
    (void)pthread_mutex_lock(&s->lock);
    s->due = true;
    s->over = over;
    (void)pthread_cond_signal(&s->changed);
    (void)pthread_mutex_unlock(&s->lock);
}

static bool scrape_start(scraped *s, rpc_ours *ours)
{
    s->ours = ours;
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->changed, NULL);
    if (aegis_http_start(rpc_ours_bus(ours), NULL, &s->http, NULL) != AEGIS_OK)
        return false;
    if (pthread_create(&s->thread, NULL, scrape, s) == 0)
        return true;
    aegis_http_stop(s->http);
    return false;
}

static void scrape_stop(scraped *s)
{
    tell(s, true);
    (void)pthread_join(s->thread, NULL);
    aegis_http_stop(s->http);
}

static bool calls_scraped(void *context, uint64_t count, unsigned depth, bench_samples *samples)
{
    scraped *s = (scraped *)context;

    tell(s, false);
    return rpc_ours_async(s->ours, count, depth, samples);
}

/* Both without I/O where `url` is NULL. */
static bool metrics_at(const world *w, const char *url, double *call)
{
    rpc_ours *counted = rpc_ours_open(url, &w->order), *uncounted = rpc_ours_open(url, &w->order);
    scraped s = {.due = false};
    duel_side on = {.name = "counted, /metrics read in every round", .form = calls_scraped, .context = &s};
    duel_side off = {.name = "not counted", .form = rpc_ours_async, .context = uncounted};
    bool good = counted != NULL && uncounted != NULL && rpc_ours_async(uncounted, 100, DEPTH, NULL) &&
                scrape_start(&s, counted);

    if (good) {
        rpc_ours_uncount(uncounted);
        good = url != NULL ? compare("operate/metrics", &on, &off, METRICS, call)
                           : alone("operate/metrics", &on, &off, METRICS, *call);
        scrape_stop(&s);
    }
    rpc_ours_close(uncounted);
    rpc_ours_close(counted);
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

static bool traces_at(const world *w, const char *url, const char *name, const char *endpoint, double ratio,
                      double *call)
{
    const aegis_otlp_options to = {.endpoint = endpoint, .service_name = "orders"};
    aegis_options options = {.trace_ratio = ratio};
    rpc_ours *untraced = rpc_ours_open(url, &w->order);
    traced t = {.file = w->file};
    duel_side on = {.name = endpoint, .form = calls_traced, .context = &t, .prepare = shorten};
    duel_side off = {.name = "not traced", .form = rpc_ours_async, .context = untraced};
    aegis_otlp_counts counts = {0};
    aegis_error error = {0};
    aegis_otlp *otlp;
    bool good = untraced != NULL && aegis_otlp_open(&to, &otlp, &error) == AEGIS_OK;

    if (good) {
        aegis_otlp_attach(otlp, &options);
        t.ours = rpc_ours_open_as(url, &w->order, &options);
        good = t.ours != NULL &&
               (url != NULL ? compare(name, &on, &off, TRACES, call) : alone(name, &on, &off, TRACES, *call));
        rpc_ours_close(t.ours);
        aegis_otlp_read(otlp, &counts);
        printf("    %llu spans sent in %llu requests, %llu dropped, %llu lost\n",
               (unsigned long long)counts.sent, (unsigned long long)counts.requests,
               (unsigned long long)counts.dropped, (unsigned long long)counts.lost);
        (void)aegis_otlp_close(otlp, &error);
    }
    rpc_ours_close(untraced);
    if (error.text[0] != '\0')
        fprintf(stderr, "%s: %s\n", name, error.text);
    return good && counts.sent > 0;
}

static bool traces(const world *w)
{
    char file[80], collector[64];
    const struct {
        const char *name, *endpoint;
        double ratio;
    } cases[] = {{"operate/traces/file/1", file, 1.0},
                 {"operate/traces/file/0.01", file, 0.01},
                 {"operate/traces/collector/1", collector, 1.0},
                 {"operate/traces/collector/0.01", collector, 0.01}};
    double call;
    bool good = true;

    (void)snprintf(file, sizeof file, "file:%s", w->file);
    (void)snprintf(collector, sizeof collector, "http://127.0.0.1:%u/v1/traces", (unsigned)w->collector);
    for (size_t i = 0; good && i < sizeof cases / sizeof cases[0]; i++)
        good = traces_at(w, w->url, cases[i].name, cases[i].endpoint, cases[i].ratio, &call) &&
               (cases[i].endpoint != file || /* what waits for a collector is not alone */
                traces_at(w, NULL, cases[i].name, cases[i].endpoint, cases[i].ratio, &call));
    return good;
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : "";
    nats_server server;
    world w;
    pid_t sink;
    double call;
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
    if (good && strstr("metrics", only) != NULL)
        good = metrics_at(&w, w.url, &call) && metrics_at(&w, NULL, &call);
    if (good && strstr("traces", only) != NULL)
        good = traces(&w);
    nats_server_stop(&server);
    bench_end(sink);
    (void)unlink(w.file);
    return good ? 0 : 1;
}
