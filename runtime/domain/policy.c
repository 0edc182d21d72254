#include "domain/policy.h"

aegis_duration aegis_policy_delay(uint32_t attempts, aegis_duration least, aegis_duration most,
                                  double fraction)
{
    aegis_duration ceiling = least > 0 ? least : 1;

    for (; attempts > 0 && ceiling < most; attempts--)
        ceiling = ceiling > most / 2 ? most : ceiling * 2;
    if (ceiling > most)
        return most;
    return least + (aegis_duration)((double)(ceiling - least) * fraction);
}

bool aegis_policy_retryable(aegis_status status)
{
    return status == AEGIS_UNAVAILABLE || status == AEGIS_ABORTED || status == AEGIS_RESOURCE_EXHAUSTED ||
           status == AEGIS_DEADLINE_EXCEEDED;
}

/* ---- budget ------------------------------------------------------------------------------------------- */

/* With these, retries stay below 10 % of any 500 calls or more. */
#define DEFAULT_PERCENT 8
#define TOKEN           100
#define MOST_TOKENS     (10 * TOKEN)

void aegis_budget_init(aegis_budget *budget, uint32_t percent)
{
    atomic_init(&budget->tokens, MOST_TOKENS);
    budget->percent = percent == 0 ? DEFAULT_PERCENT : percent < TOKEN ? (int)percent : TOKEN;
}

void aegis_budget_earn(aegis_budget *budget)
{
    /* A bucket that is full, as it usually is, is only looked at. */
    if (atomic_load_explicit(&budget->tokens, memory_order_relaxed) < MOST_TOKENS)
        (void)atomic_fetch_add_explicit(&budget->tokens, budget->percent, memory_order_relaxed);
}

bool aegis_budget_spend(aegis_budget *budget)
{
    int tokens = atomic_load_explicit(&budget->tokens, memory_order_relaxed);

    while (tokens >= TOKEN) {
        if (atomic_compare_exchange_weak(&budget->tokens, &tokens, tokens - TOKEN))
            return true;
    }
    return false;
}

/* ---- breaker ------------------------------------------------------------------------------------------ */

/* The number of a slice outside every window. */
#define NEVER (-AEGIS_BREAKER_SLICES)

void aegis_breaker_init(aegis_breaker *b, const aegis_breaker_options *options)
{
    static const aegis_breaker_options defaults = {false, 50, 20, 10 * AEGIS_SECOND, AEGIS_SECOND};

    b->options = *options;
    if (options->percent == 0 || options->percent > 100)
        b->options.percent = defaults.percent;
    if (options->least == 0)
        b->options.least = defaults.least;
    if (options->window < AEGIS_BREAKER_SLICES)
        b->options.window = defaults.window;
    if (options->open_for <= 0)
        b->options.open_for = defaults.open_for;
    atomic_init(&b->state, AEGIS_BREAKER_CLOSED);
    atomic_init(&b->since, 0);
    atomic_init(&b->until, 0);
    atomic_init(&b->opened, 0);
    atomic_init(&b->rejected, 0);
    for (size_t i = 0; i < AEGIS_BREAKER_SLICES; i++) {
        atomic_init(&b->slices[i].slice, NEVER);
        atomic_init(&b->slices[i].good, 0);
        atomic_init(&b->slices[i].bad, 0);
    }
}

bool aegis_breaker_admit(aegis_breaker *b, int64_t now)
{
    if (atomic_load_explicit(&b->state, memory_order_relaxed) == AEGIS_BREAKER_CLOSED || b->options.off)
        return true;
    /* One may try; another one when that has not come back for as long as the circuit stays open. */
    int64_t until = atomic_load(&b->until);
    if (now >= until && atomic_compare_exchange_strong(&b->until, &until, now + b->options.open_for)) {
        int expected = AEGIS_BREAKER_OPEN;

        if (atomic_compare_exchange_strong(&b->state, &expected, AEGIS_BREAKER_HALF_OPEN))
            atomic_store(&b->since, now);
        return true;
    }
    (void)atomic_fetch_add_explicit(&b->rejected, 1, memory_order_relaxed);
    return false;
}

static bool too_many(aegis_breaker *b, int64_t slice)
{
    uint64_t good = 0, bad = 0;

    for (size_t i = 0; i < AEGIS_BREAKER_SLICES; i++) {
        if (atomic_load(&b->slices[i].slice) + AEGIS_BREAKER_SLICES <= slice)
            continue;
        good += atomic_load_explicit(&b->slices[i].good, memory_order_relaxed);
        bad += atomic_load_explicit(&b->slices[i].bad, memory_order_relaxed);
    }
    return good + bad >= b->options.least && bad * 100 >= (good + bad) * b->options.percent;
}

/* Count it; true when that is one failure too many. Whoever finds an old slice clears it; what others count
 * in that moment may get lost, which a share of many can bear. */
static bool count(aegis_breaker *b, int64_t now, bool good)
{
    const int64_t slice = now / (b->options.window / AEGIS_BREAKER_SLICES);
    const size_t at = (size_t)(slice % AEGIS_BREAKER_SLICES);
    int64_t found = atomic_load(&b->slices[at].slice);

    if (found < slice && atomic_compare_exchange_strong(&b->slices[at].slice, &found, slice)) {
        atomic_store(&b->slices[at].good, 0);
        atomic_store(&b->slices[at].bad, 0);
    }
    (void)atomic_fetch_add_explicit(good ? &b->slices[at].good : &b->slices[at].bad, 1, memory_order_relaxed);
    return !good && too_many(b, slice);
}

static bool change(aegis_breaker *b, int64_t now, int from, int to)
{
    if (!atomic_compare_exchange_strong(&b->state, &from, to))
        return false;
    atomic_store(&b->since, now);
    atomic_store(&b->until, now + b->options.open_for);
    return true;
}

void aegis_breaker_report(aegis_breaker *b, int64_t sent, int64_t now, aegis_verdict verdict)
{
    const int state = atomic_load_explicit(&b->state, memory_order_relaxed);

    if (b->options.off || sent < atomic_load_explicit(&b->since, memory_order_relaxed))
        return;
    if (state == AEGIS_BREAKER_CLOSED) {
        if (verdict != AEGIS_VERDICT_NONE && count(b, now, verdict == AEGIS_VERDICT_GOOD) &&
            change(b, now, AEGIS_BREAKER_CLOSED, AEGIS_BREAKER_OPEN))
            (void)atomic_fetch_add(&b->opened, 1);
    } else if (state == AEGIS_BREAKER_HALF_OPEN && verdict == AEGIS_VERDICT_NONE) {
        atomic_store(&b->until, now); /* it has learned nothing: the next one may try */
    } else if (state == AEGIS_BREAKER_HALF_OPEN && verdict == AEGIS_VERDICT_BAD) {
        (void)change(b, now, AEGIS_BREAKER_HALF_OPEN, AEGIS_BREAKER_OPEN);
    } else if (state == AEGIS_BREAKER_HALF_OPEN) {
        for (size_t i = 0; i < AEGIS_BREAKER_SLICES; i++)
            atomic_store(&b->slices[i].slice, NEVER);
        (void)change(b, now, AEGIS_BREAKER_HALF_OPEN, AEGIS_BREAKER_CLOSED);
    }
}

aegis_verdict aegis_verdict_of(aegis_status status)
{
    if (status == AEGIS_UNAVAILABLE || status == AEGIS_DEADLINE_EXCEEDED)
        return AEGIS_VERDICT_BAD;
    return status == AEGIS_CANCELLED ? AEGIS_VERDICT_NONE : AEGIS_VERDICT_GOOD;
}
