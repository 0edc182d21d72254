#define _POSIX_C_SOURCE 200809L
#include "application/trace.h"

#include <string.h>

#include "application/service.h"

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `count` bytes of lower-case digits; false for others, and when all are zero and must not be. */
static bool bytes_of(const char *text, uint8_t *bytes, size_t count, bool zero)
{
    uint8_t any = 0;

    for (size_t i = 0; i < count; i++) {
        const int high = digit(text[2 * i]), low = high < 0 ? -1 : digit(text[2 * i + 1]);

        if (low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
        any |= bytes[i];
    }
    return zero || any != 0;
}

bool aegis_traceparent_read(const char *text, aegis_traceparent *out)
{
    const size_t length = strnlen(text, AEGIS_TRACEPARENT_TEXT);
    uint8_t version, flags;

    /* 00-<32>-<16>-<2>; a later version may have more behind a dash. */
    if (length < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-' ||
        !bytes_of(text, &version, 1, true) || version == 0xff ||
        (length > 55 && (version == 0 || text[55] != '-')) || !bytes_of(text + 53, &flags, 1, true) ||
        !bytes_of(text + 3, out->trace.bytes, 16, false) || !bytes_of(text + 36, out->span, 8, false))
        return false;
    out->sampled = (flags & 1) != 0;
    return true;
}

static char *digits_of(char *at, const uint8_t *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < count; i++) {
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    return at;
}

const char *aegis_traceparent_write(const uint8_t trace[16], const uint8_t span[8], bool sampled,
                                    char text[AEGIS_TRACEPARENT_TEXT])
{
    const uint8_t flags = sampled;
    char *at = text + 3;

    memcpy(text, "00-", 3);
    at = digits_of(at, trace, 16);
    *at++ = '-';
    at = digits_of(at, span, 8);
    *at++ = '-';
    *digits_of(at, &flags, 1) = '\0';
    return text;
}

void aegis_trace_bytes(const char *trace_id, uint8_t bytes[16])
{
    uint64_t hash[2] = {UINT64_C(0xcbf29ce484222325), UINT64_C(0x84222325cbf29ce4)};
    aegis_uuid uuid;

    if (aegis_uuid_parse(trace_id, &uuid)) {
        memcpy(bytes, uuid.bytes, 16);
        return;
    }
    for (; trace_id != NULL && *trace_id != '\0'; trace_id++) {
        for (size_t i = 0; i < 2; i++)
            hash[i] = (hash[i] ^ (uint8_t)*trace_id) * UINT64_C(0x100000001b3);
    }
    for (size_t i = 0; i < 16; i++)
        bytes[i] = (uint8_t)(hash[i / 8] >> (56 - 8 * (i % 8)));
}

/* As OpenTelemetry samples: 2^56 is the end of the numbers compared with. */
uint64_t aegis_trace_threshold(double ratio)
{
    if (!(ratio > 0.0))
        return UINT64_C(1) << 56;
    return ratio >= 1.0 ? 0 : (uint64_t)((1.0 - ratio) * 72057594037927936.0);
}

bool aegis_trace_sampled(const aegis_bus *bus, const uint8_t trace[16], int8_t told)
{
    uint64_t value = 0;

    if (told >= 0)
        return told != 0;
    for (size_t i = 9; i < 16; i++)
        value = value << 8 | trace[i];
    return value >= bus->trace_threshold;
}

const char *aegis_call_traceparent(const aegis_call *call, char text[AEGIS_TRACEPARENT_TEXT])
{
    uint8_t trace[16], ids[16];

    aegis_trace_bytes(call->trace_id, trace);
    aegis_trace_bytes(call->message_id, ids);
    if (call->state->span != NULL)
        memcpy(ids, call->state->span->span_id, sizeof call->state->span->span_id);
    return aegis_traceparent_write(trace, ids, aegis_trace_sampled(call->bus, trace, call->state->sampled),
                                   text);
}
