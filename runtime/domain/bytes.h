/* Bytes as words whose lowest byte is the first, on any machine: what looks at eight characters at once
 * needs. */
#ifndef AEGIS_DOMAIN_BYTES_H
#define AEGIS_DOMAIN_BYTES_H

#include <stdint.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && defined(__ORDER_LITTLE_ENDIAN__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define AEGIS_LITTLE_ENDIAN 1
#else
#define AEGIS_LITTLE_ENDIAN 0
#endif

static inline uint64_t aegis_load_le32(const uint8_t *at)
{
    uint32_t word;

    if (!AEGIS_LITTLE_ENDIAN)
        return (uint64_t)at[3] << 24 | (uint64_t)at[2] << 16 | (uint64_t)at[1] << 8 | (uint64_t)at[0];
    memcpy(&word, at, sizeof word);
    return word;
}

static inline uint64_t aegis_load_le64(const uint8_t *at)
{
    uint64_t word;

    if (!AEGIS_LITTLE_ENDIAN)
        return aegis_load_le32(at + 4) << 32 | aegis_load_le32(at);
    memcpy(&word, at, sizeof word);
    return word;
}

static inline void aegis_store_le32(uint8_t *at, uint32_t word)
{
    if (AEGIS_LITTLE_ENDIAN)
        memcpy(at, &word, sizeof word);
    else
        for (unsigned i = 0; i < 4; i++)
            at[i] = (uint8_t)(word >> 8 * i);
}

#endif
