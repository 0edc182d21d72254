/* How long to wait before the next attempt. Pure. */
#ifndef AEGIS_DOMAIN_POLICY_H
#define AEGIS_DOMAIN_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include <aegis/base.h>

/* The delay before attempt `attempts` + 1: the ceiling doubles from `least` to `most`, and `fraction` (0 to
 * 1, random) of the upper half of it is taken off, so that many failing together do not come back together.
 */
aegis_duration aegis_policy_delay(uint32_t attempts, aegis_duration least, aegis_duration most,
                                  double fraction);

/* Is a failure with this status worth another attempt of a command? */
bool aegis_policy_retryable(aegis_status status);

#endif
