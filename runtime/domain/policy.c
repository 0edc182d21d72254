#include "domain/policy.h"

aegis_duration aegis_policy_delay(uint32_t attempts, aegis_duration least, aegis_duration most,
                                  double fraction)
{
    aegis_duration ceiling = least > 0 ? least : 1;

    while (attempts > 1 && ceiling < most) {
        ceiling = ceiling > most / 2 ? most : ceiling * 2;
        attempts--;
    }
    if (ceiling > most)
        ceiling = most;
    return ceiling - (aegis_duration)((double)(ceiling / 2) * fraction);
}

bool aegis_policy_retryable(aegis_status status)
{
    return status == AEGIS_UNAVAILABLE || status == AEGIS_ABORTED || status == AEGIS_RESOURCE_EXHAUSTED ||
           status == AEGIS_DEADLINE_EXCEEDED;
}
