/* UUIDs: version 4 from the kernel's random numbers, and their 36-character text. */
#define _GNU_SOURCE
#include <aegis/base.h>

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

aegis_uuid aegis_uuid_new(void)
{
    aegis_uuid uuid;
    ssize_t got;

    do
        got = getrandom(uuid.bytes, sizeof uuid.bytes, 0);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof uuid.bytes)
        fallback(uuid.bytes, sizeof uuid.bytes);
    uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0f) | 0x40);
    uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3f) | 0x80);
    return uuid;
}

const char *aegis_uuid_format(aegis_uuid uuid, char text[AEGIS_UUID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    char *at = text;
    size_t i;

    for (i = 0; i < sizeof uuid.bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = digits[uuid.bytes[i] >> 4];
        *at++ = digits[uuid.bytes[i] & 15];
    }
    *at = '\0';
    return text;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool aegis_uuid_parse(const char *text, aegis_uuid *uuid)
{
    aegis_uuid parsed;
    size_t i;

    if (text == NULL)
        return false;
    for (i = 0; i < sizeof parsed.bytes; i++) {
        int high, low;

        if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
            return false;
        high = nibble(text[0]);
        low = high < 0 ? -1 : nibble(text[1]);
        if (low < 0)
            return false;
        parsed.bytes[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    if (*text != '\0')
        return false;
    *uuid = parsed;
    return true;
}
