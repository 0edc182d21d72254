/* Texts: UTF-8, decimals. */
#include "codec/codec.h"

static bool continues(const uint8_t *text, size_t count)
{
    while (count-- > 0)
        if ((*text++ & 0xc0) != 0x80)
            return false;
    return true;
}

/* The size of the character at `text`, 0 when it is none. Source: RFC 3629 section 4. */
static size_t character(const uint8_t *text, size_t left)
{
    uint8_t c = text[0];

    if (c < 0x80)
        return 1;
    if (c < 0xc2 || c > 0xf4 || left < 2)
        return 0;
    if (c < 0xe0)
        return continues(text + 1, 1) ? 2 : 0;
    if (c < 0xf0) {
        if ((c == 0xe0 && text[1] < 0xa0) || (c == 0xed && text[1] > 0x9f))
            return 0;
        return left >= 3 && continues(text + 1, 2) ? 3 : 0;
    }
    if ((c == 0xf0 && text[1] < 0x90) || (c == 0xf4 && text[1] > 0x8f))
        return 0;
    return left >= 4 && continues(text + 1, 3) ? 4 : 0;
}

bool aegis_utf8_valid(const uint8_t *text, size_t size)
{
    while (size > 0) {
        size_t step;

        if (size >= 8 && (aegis_load_le64(text) & AEGIS_TOPS) == 0)
            step = 8;
        else
            step = character(text, size);
        if (step == 0)
            return false;
        text += step;
        size -= step;
    }
    return true;
}

bool aegis_decimal_valid(const char *text, size_t size)
{
    aegis_js_number number;
    const uint8_t *end = (const uint8_t *)text + size;

    return aegis_js_number_scan((const uint8_t *)text, end, &number) && number.end == end;
}
