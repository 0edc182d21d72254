/* Writing MessagePack: what is too long to be inlined. Smallest forms; positive integers in the unsigned
 * ones. */
#include "codec/codec.h"

/* ---- numbers ---- */

/* A head and the lowest 1, 2, 4 or 8 bytes of `value`: eight are stored, so many count. */
AEGIS_INLINE void put_number(aegis_writer *w, uint8_t head, unsigned width, uint64_t value)
{
    uint8_t *at = w->at;

    at[0] = (uint8_t)(head + width);
    aegis_store_be64(at + 1, value << (64 - (8u << width)));
    w->at = at + 1 + (1u << width);
}

void aegis_mp_put_uint_big(aegis_writer *w, uint64_t value)
{
    put_number(w, 0xcc, (unsigned)(value > UINT8_MAX) + (value > UINT16_MAX) + (value > UINT32_MAX), value);
}

void aegis_mp_put_int_big(aegis_writer *w, int64_t value)
{
    if (value >= 0)
        aegis_mp_put_uint_big(w, (uint64_t)value);
    else
        put_number(w, 0xd0, (unsigned)(value < INT8_MIN) + (value < INT16_MIN) + (value < INT32_MIN),
                   (uint64_t)value);
}

/* ---- maps and lists ---- */

void aegis_mp_put_count(aegis_writer *w, uint8_t head16, size_t count)
{
    if (!aegis_put_room(w, 9 + AEGIS_ROOM))
        return;
    if (count > UINT32_MAX)
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "%zu items are too many", count);
    else
        put_number(w, (uint8_t)(head16 - 1), count > UINT16_MAX ? 2 : 1, count);
}

void aegis_mp_put_list(aegis_writer *w, size_t count, size_t lo, size_t hi)
{
    if (AEGIS_UNLIKELY(count < lo || count > hi))
        aegis_put_size_wrong(w, count, lo, hi, "items");
    else if (count > 15)
        aegis_mp_put_count(w, 0xdc, count);
    else if (AEGIS_LIKELY(aegis_put_room(w, 1)))
        aegis_mp_put_byte(w, (uint8_t)(0x90u | count));
}

void aegis_mp_put_entries(aegis_writer *w, size_t count, size_t lo, size_t hi)
{
    if (AEGIS_UNLIKELY(count < lo || count > hi))
        aegis_put_size_wrong(w, count, lo, hi, "items");
    else if (count > 15)
        aegis_mp_put_count(w, 0xde, count);
    else if (AEGIS_LIKELY(aegis_put_room(w, 1)))
        aegis_mp_put_byte(w, (uint8_t)(0x80u | count));
}

/* ---- texts ---- */

/* A text that is not plain ASCII stands at `at` already. */
static void put_other(aegis_writer *w, uint8_t *at, size_t size, const char *invalid)
{
    if (aegis_utf8_valid(at, size))
        w->at = at + size;
    else
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "%s", invalid);
}

static AEGIS_COLD void put_with_room(aegis_writer *w, const char *text, size_t size, const char *invalid)
{
    if (size > UINT32_MAX)
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "%zu bytes are too many", size);
    else if (aegis_put_grow(w, size + 9 + AEGIS_ROOM))
        aegis_mp_put_text(w, text, size, invalid);
}

/* The NUL that the copy ends in falls into the room. */
void aegis_mp_put_text(aegis_writer *w, const char *text, size_t size, const char *invalid)
{
    uint8_t *at = w->at;

    if (AEGIS_UNLIKELY(w->end - at < (ptrdiff_t)(size + 9 + AEGIS_ROOM))) {
        put_with_room(w, text, size, invalid);
        return;
    }
    if (AEGIS_LIKELY(size < 32)) {
        *at++ = (uint8_t)(0xa0u | size);
    } else {
        put_number(w, 0xd9, (unsigned)(size > UINT8_MAX) + (size > UINT16_MAX), size);
        at = w->at;
    }
    if (AEGIS_LIKELY(aegis_copy_text((char *)at, (const uint8_t *)text, size, aegis_text_marks)))
        w->at = at + size;
    else
        put_other(w, at, size, invalid);
}

void aegis_mp_put_blob(aegis_writer *w, const uint8_t *data, size_t size)
{
    if (!aegis_put_room(w, size + 9 + AEGIS_ROOM))
        return;
    if (size > UINT32_MAX) {
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "%zu bytes are too many", size);
        return;
    }
    put_number(w, 0xc4, (unsigned)(size > UINT8_MAX) + (size > UINT16_MAX), size);
    if (size > 0)
        memcpy(w->at, data, size);
    w->at += size;
}
