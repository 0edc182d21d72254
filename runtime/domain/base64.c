/* Base64: bytes in JSON. */
#include "domain/base64.h"

static int base64_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Source: RFC 4648 section 4; the unused bits of the last character must be zero. */
bool aegis_base64_decode(const uint8_t *text, size_t size, uint8_t *out, size_t *out_size)
{
    const uint8_t *first = out;
    size_t padding = 0, i, k;

    if (size % 4 != 0)
        return false;
    if (size > 0)
        padding = text[size - 1] != '=' ? 0 : text[size - 2] != '=' ? 1 : 2;
    for (i = 0; i < size; i += 4) {
        size_t dropped = i + 4 == size ? padding : 0;
        uint32_t bits = 0;

        for (k = 0; k < 4; k++) {
            int value = k >= 4 - dropped ? 0 : base64_value(text[i + k]);

            if (value < 0)
                return false;
            bits = bits << 6 | (uint32_t)value;
        }
        if ((bits & ((1u << (8 * dropped)) - 1)) != 0)
            return false;
        for (k = 0; k < 3 - dropped; k++)
            *out++ = (uint8_t)(bits >> (16 - 8 * k));
    }
    *out_size = (size_t)(out - first);
    return true;
}

uint8_t *aegis_base64_encode(const uint8_t *data, size_t size, uint8_t *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < size; i += 3) {
        size_t have = size - i < 3 ? size - i : 3;
        uint32_t bits = (uint32_t)data[i] << 16;

        if (have > 1)
            bits |= (uint32_t)data[i + 1] << 8;
        if (have > 2)
            bits |= data[i + 2];
        *out++ = (uint8_t)digits[bits >> 18];
        *out++ = (uint8_t)digits[bits >> 12 & 63];
        *out++ = (uint8_t)(have > 1 ? digits[bits >> 6 & 63] : '=');
        *out++ = (uint8_t)(have > 2 ? digits[bits & 63] : '=');
    }
    return out;
}
