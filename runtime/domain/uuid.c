/* UUIDs: version 4 from the kernel's random numbers, and their 36-character text, by a table, and eight
 * digits at a time. */
#define _GNU_SOURCE
#include "domain/uuid.h"

#include "domain/bytes.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* The kernel's generator fails only before it is seeded, or when a sandbox forbids the call. Then ids still
 * have to be distinct, though they are no longer unguessable: nothing here relies on that. */
static void fallback(uint8_t *bytes, size_t size)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t x = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 30 ^ (uint64_t)(uintptr_t)&now;
    for (size_t i = 0; i < size; i++) {
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

/* The two digits of every byte. */
#define ROW(first)                                                                                           \
    first "0" first "1" first "2" first "3" first "4" first "5" first "6" first "7" first "8" first          \
          "9" first "a" first "b" first "c" first "d" first "e" first "f"
static const char pairs[] = ROW("0") ROW("1") ROW("2") ROW("3") ROW("4") ROW("5") ROW("6") ROW("7") ROW("8")
    ROW("9") ROW("a") ROW("b") ROW("c") ROW("d") ROW("e") ROW("f");
static inline void write_two(const uint8_t *bytes, uint8_t *text)
{
    memcpy(text, pairs + 2 * bytes[0], 2);
    memcpy(text + 2, pairs + 2 * bytes[1], 2);
}

void aegis_uuid_write(const aegis_uuid *uuid, uint8_t *text)
{
    write_two(uuid->bytes, text);
    write_two(uuid->bytes + 2, text + 4);
    write_two(uuid->bytes + 4, text + 9);
    write_two(uuid->bytes + 6, text + 14);
    write_two(uuid->bytes + 8, text + 19);
    write_two(uuid->bytes + 10, text + 24);
    write_two(uuid->bytes + 12, text + 28);
    write_two(uuid->bytes + 14, text + 32);
    text[8] = text[13] = text[18] = text[23] = '-';
}

/* The four bytes that eight digits mean; what is no digit sets top bits of `bad`. */
static inline void read_eight(uint64_t x, uint8_t *bytes, uint64_t *bad)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones * 0x80, plain = x & ~tops;
    const uint64_t lower = plain | ones * 0x20;
    /* A byte's top bit: not below '0', above '9'; not below 'a', above 'f'. */
    const uint64_t digit = (plain + ones * (0x80 - '0')) & ~(plain + ones * (0x7f - '9'));
    const uint64_t letter = (lower + ones * (0x80 - 'a')) & ~(lower + ones * (0x7f - 'f'));
    uint64_t value = (x & ones * 0x0f) + (x >> 6 & ones) * 9;

    *bad |= x | ~(digit | letter);
    value = (value << 4 | value >> 8) & UINT64_C(0x00ff00ff00ff00ff);
    value = (value | value >> 8) & UINT64_C(0x0000ffff0000ffff);
    aegis_store_le32(bytes, (uint32_t)(value | value >> 16));
}

bool aegis_uuid_read(const uint8_t *text, aegis_uuid *uuid)
{
    aegis_uuid parsed;
    uint64_t bad = 0;

    read_eight(aegis_load_le64(text), parsed.bytes, &bad);
    read_eight(aegis_load_le32(text + 9) | aegis_load_le32(text + 14) << 32, parsed.bytes + 4, &bad);
    read_eight(aegis_load_le32(text + 19) | aegis_load_le32(text + 24) << 32, parsed.bytes + 8, &bad);
    read_eight(aegis_load_le64(text + 28), parsed.bytes + 12, &bad);
    if ((bad & UINT64_C(0x8080808080808080)) != 0 || text[8] != '-' || text[13] != '-' || text[18] != '-' ||
        text[23] != '-')
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
