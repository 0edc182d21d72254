/* SHA-256 (FIPS 180-4), for the hash by which two sides see that they speak of the same schema. */
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32
/* As lower-case hexadecimal digits, with the NUL. */
#define SHA256_TEXT (2 * SHA256_SIZE + 1)

typedef struct sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes so far */
    uint8_t block[64];
} sha256;

void sha256_begin(sha256 *hash);
void sha256_add(sha256 *hash, const void *data, size_t length);
/* Once. */
void sha256_end(sha256 *hash, char text[SHA256_TEXT]);

#endif
