/* When to try again, and when not to try at all: delays, the retry budget, the circuit breaker. They know no
 * clock but the one they are handed (monotonic nanoseconds), take no lock, and may be used from any thread.
 */
#ifndef AEGIS_DOMAIN_POLICY_H
#define AEGIS_DOMAIN_POLICY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <aegis/client.h>

/* The delay before attempt `attempts` + 1: anywhere (`fraction`, 0 to 1, random) between `least` and a
 * ceiling that doubles with each attempt up to `most`, so that many which failed together do not come back
 * together. */
aegis_duration aegis_policy_delay(uint32_t attempts, aegis_duration least, aegis_duration most,
                                  double fraction);

/* Is a failure with this status worth another attempt? */
bool aegis_policy_retryable(aegis_status status);

/* ---- the budget: what retries and hedges may add to a load ------------------------------------------------
 */

/* A token bucket in hundredths of a token. Each first attempt earns `percent`; each further one costs a whole
 * token. */
typedef struct aegis_budget {
    atomic_int tokens;
    int percent;
} aegis_budget;

void aegis_budget_init(aegis_budget *budget, uint32_t percent); /* 0: the default */
void aegis_budget_earn(aegis_budget *budget);
bool aegis_budget_spend(aegis_budget *budget);

/* ---- the circuit breaker of one service
 * -------------------------------------------------------------------- */

#define AEGIS_BREAKER_SLICES 10

/* What an attempt says about the service. */
typedef enum aegis_verdict { AEGIS_VERDICT_NONE = 0, AEGIS_VERDICT_GOOD, AEGIS_VERDICT_BAD } aegis_verdict;

typedef struct aegis_breaker {
    aegis_breaker_options options; /* no zeros but `off` */
    atomic_int state;              /* aegis_breaker_state */
    _Atomic int64_t since;         /* of the state: what was sent earlier says nothing about it */
    _Atomic int64_t until;         /* not closed: when the next one may try */
    atomic_uint_fast64_t opened, rejected;
    struct {
        _Atomic int64_t slice; /* the number of the tenth of a window that is counted here */
        atomic_uint good, bad;
    } slices[AEGIS_BREAKER_SLICES];
} aegis_breaker;

void aegis_breaker_init(aegis_breaker *breaker, const aegis_breaker_options *options);
/* May an attempt go out? After a true comes exactly one report. */
bool aegis_breaker_admit(aegis_breaker *breaker, int64_t now);
void aegis_breaker_report(aegis_breaker *breaker, int64_t sent, int64_t now, aegis_verdict verdict);
/* A failure says so when nobody is there, or answers in time; other failures are answers. */
aegis_verdict aegis_verdict_of(aegis_status status);

#endif
