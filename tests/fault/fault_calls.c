/* F20 and F29: ten times more calls than a service can take; a service all of whose replies fail for a while,
 * or do not come at all. Over a nats-server of the test's own, client and service on connections of their
 * own.
 */
#define _POSIX_C_SOURCE 200809L
#include "contract/raw.h"

/* What became of calls, and how long each took. */
enum { MOST = 60000 };
typedef struct tally {
    atomic_int sent, over, ok, refused, late, failed;
    int64_t begun[MOST];
    int64_t took[MOST]; /* below 0: refused */
    atomic_llong last_ok;
} tally;

typedef struct one {
    tally *t;
    int index;
} one;

static tally now_counting;
static one slots[MOST];

static void hear(const outcome *out, void *user)
{
    const one *o = (const one *)user;
    tally *t = o->t;
    const int64_t took = aegis_clock_monotonic() - t->begun[o->index];

    if (out->answer == AEGIS_ANSWER_OK) {
        atomic_fetch_add(&t->ok, 1);
        t->took[o->index] = took;
        atomic_store(&t->last_ok, aegis_clock_monotonic());
    } else if (out->failed.status == AEGIS_RESOURCE_EXHAUSTED) {
        atomic_fetch_add(&t->refused, 1);
        t->took[o->index] = -took;
    } else {
        atomic_fetch_add(out->failed.status == AEGIS_DEADLINE_EXCEEDED ? &t->late : &t->failed, 1);
    }
    atomic_fetch_add(&t->over, 1);
}

/* `rate` calls a second for `seconds`, whether answered or not; then until all are over. */
static tally *load(aegis_client *client, const aegis_method *method, const note *request,
                   aegis_duration timeout, int rate, double seconds)
{
    const aegis_call_options options = {.timeout = timeout};
    const int64_t start = aegis_clock_monotonic();
    const int count = (int)((double)rate * seconds) < MOST ? (int)((double)rate * seconds) : MOST;
    tally *t = &now_counting;

    memset(t, 0, sizeof *t);
    for (int i = 0; i < count; i++) {
        const int64_t due = start + (int64_t)i * AEGIS_SECOND / rate;

        while (aegis_clock_monotonic() < due)
            nap(due - aegis_clock_monotonic() > AEGIS_MILLISECOND ? AEGIS_MILLISECOND
                                                                  : 50 * AEGIS_MICROSECOND);
        slots[i] = (one){t, i};
        t->begun[i] = aegis_clock_monotonic();
        atomic_fetch_add(&t->sent, 1);
        assert_true(peer_async(client, method, request, &options, hear, &slots[i]) != 0);
    }
    while (atomic_load(&t->over) < count)
        nap(AEGIS_MILLISECOND);
    return t;
}

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* In ms: the quantile of what was answered (sign 1), or refused (-1). */
static double quantile(const tally *t, int sign, double q)
{
    static int64_t sorted[MOST];
    int count = 0;

    for (int i = 0; i < atomic_load(&t->sent); i++) {
        if (t->took[i] * sign > 0)
            sorted[count++] = t->took[i] * sign;
    }
    if (count == 0)
        return 0.0;
    qsort(sorted, (size_t)count, sizeof sorted[0], by_value);
    return (double)sorted[(int)((double)(count - 1) * q)] / 1e6;
}

/* ---- F20 ---------------------------------------------------------------------------------------------- */

static void f20_overload(void **state)
{
    static const note work = {"ms", 2};
    const aegis_duration patience = 500 * AEGIS_MILLISECOND;
    const aegis_client_options options = {.async_limit = 16384};
    world *w = (world *)*state;
    aegis_bus *bus = w->bus;
    aegis_client *client;
    double capacity, goodput;
    tally *t;

    if (world_is_nats())
        assert_int_equal(aegis_open(w->url, NULL, &bus, NULL), AEGIS_OK);
    assert_int_equal(aegis_client_new(bus, &options, &client, NULL), AEGIS_OK);
    w->service = start(w, &peer_type, NULL);
    t = load(client, peer_method("nap"), &work, 5 * AEGIS_SECOND, 300, 1.0); /* warm */
    t = load(client, peer_method("nap"), &work, patience, 700, 3.0); /* a little more than it can take */
    capacity = (double)atomic_load(&t->ok) / 3.0;
    t = load(client, peer_method("nap"), &work, patience, (int)(10 * capacity), 5.0);
    goodput = (double)atomic_load(&t->ok) / 5.0;
    (void)printf(
        "F20: capacity %.0f/s, offered %.0f/s: goodput %.0f %%, accepted p99 %.0f ms, refused %d with p50 "
        "%.2f p99 %.1f ms, late %d, other failures %d\n",
        capacity, 10 * capacity, 100 * goodput / capacity, quantile(t, 1, 0.99), atomic_load(&t->refused),
        quantile(t, -1, 0.5), quantile(t, -1, 0.99), atomic_load(&t->late), atomic_load(&t->failed));
    assert_true(goodput >= 0.85 * capacity);
    assert_true(quantile(t, 1, 0.99) <= 500.0);
    assert_true(quantile(t, -1, 0.5) <= 50.0);
    assert_true(atomic_load(&t->late) * 20 <= atomic_load(&t->sent));
    aegis_client_free(client);
    if (bus != w->bus)
        aegis_close(bus);
}

/* ---- F29 ---------------------------------------------------------------------------------------------- */

static void outage(world *w, raw_mode mode, const char *what, aegis_duration hedge, bool breaker)
{
    const aegis_client_options options = {.breaker = {.off = !breaker}};
    aegis_method method = raw_idempotent;
    aegis_client *client;
    raw *r = raw_start(w, RAW_OK);
    double amplification, recovery;
    int64_t healed;
    int seen;
    tally *t;

    method.hedge = hedge;
    assert_int_equal(aegis_client_new(w->bus, &options, &client, NULL), AEGIS_OK);
    t = load(client, &method, &seven, 500 * AEGIS_MILLISECOND, 1000, 1.0);
    assert_int_equal(atomic_load(&t->ok), atomic_load(&t->sent));
    seen = atomic_load(&r->seen);
    atomic_store(&r->mode, mode);
    t = load(client, &method, &seven, 500 * AEGIS_MILLISECOND, 1000, 3.0);
    amplification = (double)(atomic_load(&r->seen) - seen) / (double)atomic_load(&t->sent);
    atomic_store(&r->mode, RAW_OK);
    healed = aegis_clock_monotonic();
    do
        t = load(client, &method, &seven, 500 * AEGIS_MILLISECOND, 500, 0.02);
    while (atomic_load(&t->ok) < atomic_load(&t->sent) &&
           aegis_clock_monotonic() - healed < 10 * AEGIS_SECOND);
    recovery = (double)(aegis_clock_monotonic() - healed) / 1e6;
    (void)printf("F29: %s, breaker %s: %.3f requests for each call, all is well %.0f ms after it heals\n",
                 what, breaker ? "on" : "off", amplification, recovery);
    assert_true(amplification <= 1.10);
    assert_true(recovery <= 2000.0);
    aegis_client_free(client);
    raw_stop(r);
}

static void f29_replies_fail(void **state)
{
    world *w = (world *)*state;

    outage(w, RAW_UNAVAILABLE, "all replies fail", 0, false);
    outage(w, RAW_UNAVAILABLE, "all replies fail", 0, true);
    outage(w, RAW_SILENT, "no reply comes, hedged after 50 ms", 50 * AEGIS_MILLISECOND, false);
    outage(w, RAW_SILENT, "no reply comes, hedged after 50 ms", 50 * AEGIS_MILLISECOND, true);
}

int main(void)
{
    const struct CMUnitTest cases[] = {WORLD_CASE(f20_overload), WORLD_CASE(f29_replies_fail)};

    return world_run(cases, sizeof cases / sizeof cases[0]);
}
