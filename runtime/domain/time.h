/* Instants as text, strictly RFC 3339 (https://www.rfc-editor.org/rfc/rfc3339), without locale or time zone
 * database. */
#ifndef AEGIS_DOMAIN_TIME_H
#define AEGIS_DOMAIN_TIME_H

#include <aegis/base.h>

/* "2262-04-11T23:47:16.854775807+00:00" with its NUL. */
#define AEGIS_TIMESTAMP_TEXT 40

/* UTC with "+00:00"; the fraction is absent when zero, six digits for whole microseconds, else nine. Returns
 * the length, which is what aegis_timestamp_size says too; there is a NUL behind it. */
size_t aegis_timestamp_format(aegis_timestamp value, char text[AEGIS_TIMESTAMP_TEXT]);

static inline size_t aegis_timestamp_size(aegis_timestamp value)
{
    return value % AEGIS_SECOND == 0 ? 25 : value % AEGIS_MICROSECOND == 0 ? 32 : 35;
}

/* Any RFC 3339 text; digits beyond nanoseconds are cut off. False for anything else, and outside of what 64
 * bits of nanoseconds hold. A leap second is the first instant after it. */
bool aegis_timestamp_parse(const char *text, size_t length, aegis_timestamp *value);

#endif
