#include "domain/sha1.h"

#include <string.h>

static uint32_t rotate(uint32_t x, unsigned by)
{
    return x << by | x >> (32 - by);
}

static void expand(const uint8_t block[64], uint32_t words[80])
{
    size_t i;

    for (i = 0; i < 16; i++, block += 4)
        words[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 | block[3];
    for (; i < 80; i++)
        words[i] = rotate(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
}

static uint32_t mix(size_t round, uint32_t b, uint32_t c, uint32_t d)
{
    if (round < 20)
        return ((b & c) | (~b & d)) + UINT32_C(0x5a827999);
    if (round < 40)
        return (b ^ c ^ d) + UINT32_C(0x6ed9eba1);
    if (round < 60)
        return ((b & c) | (b & d) | (c & d)) + UINT32_C(0x8f1bbcdc);
    return (b ^ c ^ d) + UINT32_C(0xca62c1d6);
}

static void digest_block(aegis_sha1 *hash)
{
    uint32_t words[80];
    uint32_t a = hash->state[0], b = hash->state[1], c = hash->state[2], d = hash->state[3],
             e = hash->state[4];

    expand(hash->block, words);
    for (size_t i = 0; i < 80; i++) {
        const uint32_t next = rotate(a, 5) + mix(i, b, c, d) + e + words[i];

        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = next;
    }
    hash->state[0] += a;
    hash->state[1] += b;
    hash->state[2] += c;
    hash->state[3] += d;
    hash->state[4] += e;
}

void aegis_sha1_begin(aegis_sha1 *hash)
{
    static const uint32_t first[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};

    memcpy(hash->state, first, sizeof first);
    hash->length = 0;
}

void aegis_sha1_add(aegis_sha1 *hash, const void *data, size_t length)
{
    const uint8_t *at = (const uint8_t *)data;

    while (length > 0) {
        const size_t filled = (size_t)(hash->length % 64);
        const size_t part = length < 64 - filled ? length : 64 - filled;

        memcpy(hash->block + filled, at, part);
        hash->length += part;
        at += part;
        length -= part;
        if (filled + part == 64)
            digest_block(hash);
    }
}

void aegis_sha1_end(aegis_sha1 *hash, uint8_t digest[AEGIS_SHA1_SIZE])
{
    static const uint8_t padding[64] = {0x80};
    const uint64_t bits = hash->length * 8;
    const size_t filled = (size_t)(hash->length % 64);
    uint8_t tail[8];

    for (size_t i = 0; i < 8; i++)
        tail[i] = (uint8_t)(bits >> (56 - 8 * i));
    aegis_sha1_add(hash, padding, filled < 56 ? 56 - filled : 120 - filled);
    aegis_sha1_add(hash, tail, sizeof tail);
    for (size_t i = 0; i < AEGIS_SHA1_SIZE; i++)
        digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}
