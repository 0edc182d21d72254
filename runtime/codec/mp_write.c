/* Writing MessagePack: what is too long to be inlined. Smallest forms; positive integers in the unsigned
 * ones. */
#include "codec/codec.h"

/* ---- maps and lists ---- */

void aegis_mp_put_count(aegis_writer *w, uint8_t head16, size_t count)
{
    if (!aegis_put_room(w, 9 + AEGIS_ROOM))
        return;
    if (count > UINT32_MAX)
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "%zu items are too many", count);
    else
        w->at = aegis_mp_put_number_at(w->at, (uint8_t)(head16 - 1), count > UINT16_MAX ? 2 : 1, count);
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

/* A text that is not plain ASCII stands at `body` already, its head at `at`. */
static AEGIS_APART uint8_t *put_other(aegis_writer *w, uint8_t *at, uint8_t *body, size_t size,
                                      const char *invalid)
{
    if (aegis_utf8_valid(body, size))
        return body + size;
    w->at = at;
    aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "%s", invalid);
    return w->at;
}

static AEGIS_COLD uint8_t *put_with_room(aegis_writer *w, uint8_t *at, const char *text, size_t size,
                                         const char *invalid)
{
    w->at = at;
    if (size > UINT32_MAX)
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "%zu bytes are too many", size);
    else if (aegis_put_grow(w, size + 9 + AEGIS_ROOM))
        return aegis_mp_put_text_at(w, w->at, text, size, invalid);
    return w->at;
}

/* The NUL that the copy ends in falls into the room. */
static AEGIS_APART uint8_t *put_long(aegis_writer *w, uint8_t *at, const char *text, size_t size,
                                     const char *invalid)
{
    uint8_t *body;

    if (AEGIS_UNLIKELY(w->end - at < (ptrdiff_t)(size + 9 + AEGIS_ROOM)))
        return put_with_room(w, at, text, size, invalid);
    if (size < 32) {
        at[0] = (uint8_t)(0xa0u | size);
        body = at + 1;
    } else {
        body = aegis_mp_put_number_at(at, 0xd9, (unsigned)(size > UINT8_MAX) + (size > UINT16_MAX), size);
    }
    if (AEGIS_LIKELY(aegis_copy_text((char *)body, (const uint8_t *)text, size, aegis_text_marks)))
        return body + size;
    return put_other(w, at, body, size, invalid);
}

/* Most texts are short. */
uint8_t *aegis_mp_put_text_at(aegis_writer *w, uint8_t *at, const char *text, size_t size,
                              const char *invalid)
{
    if (AEGIS_UNLIKELY(size > AEGIS_SHORT || w->end - at < 1 + AEGIS_SHORT + AEGIS_ROOM))
        return put_long(w, at, text, size, invalid);
    at[0] = (uint8_t)(0xa0u | size);
    if (AEGIS_LIKELY(aegis_copy_text((char *)at + 1, (const uint8_t *)text, size, aegis_text_marks)))
        return at + 1 + size;
    return put_other(w, at, at + 1, size, invalid);
}

void aegis_mp_put_blob(aegis_writer *w, const uint8_t *data, size_t size)
{
    if (!aegis_put_room(w, size + 9 + AEGIS_ROOM))
        return;
    if (size > UINT32_MAX) {
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "%zu bytes are too many", size);
        return;
    }
    w->at = aegis_mp_put_number_at(w->at, 0xc4, (unsigned)(size > UINT8_MAX) + (size > UINT16_MAX), size);
    if (size > 0)
        memcpy(w->at, data, size);
    w->at += size;
}
