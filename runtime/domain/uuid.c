/* UUIDs: version 4 from the kernel's random numbers, and their 36-character text, eight digits at a time. */
#define _GNU_SOURCE
#include "domain/uuid.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* The kernel's generator fails only before it is seeded, or when a sandbox forbids the call. Then ids still
 * have to be distinct, though they are no longer unguessable: nothing here relies on that. */
static void fallback(uint8_t *bytes, size_t size)
{
    struct timespec now;
    uint64_t x;
    size_t i;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    x = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 30 ^ (uint64_t)(uintptr_t)&now;
    for (i = 0; i < size; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bytes[i] = (uint8_t)(x >> 56);
    }
}

/* The kernel is asked for many at a time: a call needs several ids, and asking costs more than all else about
 * them. */
#define POOLED 128

static _Thread_local struct {
    uint8_t bytes[POOLED][16];
    size_t left;
} pool;

static void fill_pool(void)
{
    ssize_t got;

    do
        got = getrandom(pool.bytes, sizeof pool.bytes, 0);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof pool.bytes)
        fallback(pool.bytes[0], sizeof pool.bytes);
    pool.left = POOLED;
}

aegis_uuid aegis_uuid_new(void)
{
    aegis_uuid uuid;

    if (pool.left == 0)
        fill_pool();
    memcpy(uuid.bytes, pool.bytes[--pool.left], sizeof uuid.bytes);
    uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0f) | 0x40);
    uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3f) | 0x80);
    return uuid;
}

/* Hexadecimal digits eight at a time, as the bytes of a word whose lowest byte is the first digit. */
#define EACH(byte) (UINT64_C(0x0101010101010101) * (uint64_t)(byte))

static uint64_t load_four(const uint8_t *at)
{
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24;
}

static void store_digits(uint8_t *at, uint64_t digits)
{
    at[0] = (uint8_t)digits;
    at[1] = (uint8_t)(digits >> 8);
    at[2] = (uint8_t)(digits >> 16);
    at[3] = (uint8_t)(digits >> 24);
    at[4] = (uint8_t)(digits >> 32);
    at[5] = (uint8_t)(digits >> 40);
    at[6] = (uint8_t)(digits >> 48);
    at[7] = (uint8_t)(digits >> 56);
}

static inline void digits_of(const uint8_t *bytes, uint8_t *text)
{
    uint64_t x =
        (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 | (uint64_t)bytes[3] << 24;

    x = (x | x << 16) & UINT64_C(0x0000ffff0000ffff);
    x = (x | x << 8) & UINT64_C(0x00ff00ff00ff00ff);
    x = (x >> 4 & EACH(0x0f)) | (x << 8 & UINT64_C(0x0f000f000f000f00));
    store_digits(text, x + EACH('0') + ((x + EACH(6)) >> 4 & EACH(1)) * ('a' - '0' - 10));
}

/* The four bytes that eight digits mean; what is no digit sets bits of `bad`. */
static inline void bytes_of(uint64_t x, uint8_t *bytes, uint64_t *bad)
{
    const uint64_t lower = x | EACH(0x20), top = EACH(0x80);
    const uint64_t digit = ((x | top) - EACH('0')) & (EACH('9' | 0x80) - (x & ~top)) & top;
    const uint64_t letter = ((lower | top) - EACH('a')) & (EACH('f' | 0x80) - (lower & ~top)) & top;
    uint64_t value = (x & EACH(0x0f)) + (letter >> 7) * 9;

    *bad |= (x & top) | ((digit | letter) ^ top);
    value = (value << 4 | value >> 8) & UINT64_C(0x00ff00ff00ff00ff);
    value = (value | value >> 8) & UINT64_C(0x0000ffff0000ffff);
    value |= value >> 16;
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
    bytes[2] = (uint8_t)(value >> 16);
    bytes[3] = (uint8_t)(value >> 24);
}

void aegis_uuid_write(const aegis_uuid *uuid, uint8_t *text)
{
    uint8_t digits[32];
    size_t i;

    for (i = 0; i < 4; i++)
        digits_of(uuid->bytes + 4 * i, digits + 8 * i);
    memcpy(text, digits, 8);
    memcpy(text + 9, digits + 8, 4);
    memcpy(text + 14, digits + 12, 4);
    memcpy(text + 19, digits + 16, 4);
    memcpy(text + 24, digits + 20, 4);
    memcpy(text + 28, digits + 24, 8);
    text[8] = text[13] = text[18] = text[23] = '-';
}

bool aegis_uuid_read(const uint8_t *text, aegis_uuid *uuid)
{
    aegis_uuid parsed = {{0}};
    uint64_t bad = 0;

    bytes_of(load_four(text) | load_four(text + 4) << 32, parsed.bytes, &bad);
    bytes_of(load_four(text + 9) | load_four(text + 14) << 32, parsed.bytes + 4, &bad);
    bytes_of(load_four(text + 19) | load_four(text + 24) << 32, parsed.bytes + 8, &bad);
    bytes_of(load_four(text + 28) | load_four(text + 32) << 32, parsed.bytes + 12, &bad);
    if (bad != 0 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-')
        return false;
    *uuid = parsed;
    return true;
}

const char *aegis_uuid_format(aegis_uuid uuid, char text[AEGIS_UUID_TEXT])
{
    aegis_uuid_write(&uuid, (uint8_t *)text);
    text[AEGIS_UUID_TEXT - 1] = '\0';
    return text;
}

bool aegis_uuid_parse(const char *text, aegis_uuid *uuid)
{
    return text != NULL && strnlen(text, AEGIS_UUID_TEXT) == AEGIS_UUID_TEXT - 1 &&
           aegis_uuid_read((const uint8_t *)text, uuid);
}
