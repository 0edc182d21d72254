/* SHA-1 (FIPS 180-4), for the ids that follow from names: RFC 9562's version 5 is defined with it. Not for
 * anything that needs a secure hash. */
#ifndef AEGIS_DOMAIN_SHA1_H
#define AEGIS_DOMAIN_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define AEGIS_SHA1_SIZE 20

typedef struct aegis_sha1 {
    uint32_t state[5];
    uint64_t length; /* bytes so far */
    uint8_t block[64];
} aegis_sha1;

void aegis_sha1_begin(aegis_sha1 *hash);
void aegis_sha1_add(aegis_sha1 *hash, const void *data, size_t length);
/* Once. */
void aegis_sha1_end(aegis_sha1 *hash, uint8_t digest[AEGIS_SHA1_SIZE]);

#endif
