/* Writing MessagePack: what is too long to be inlined. Smallest forms; positive integers in the unsigned
 * ones. */
#include "codec/codec.h"

#include "domain/time.h"
#include "domain/uuid.h"

static void put_head32(aegis_writer *w, uint8_t head16, size_t count)
{
    if (!aegis_put_room(w, 5))
        return;
    if (count > UINT32_MAX) {
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "%zu items are too many", count);
        return;
    }
    if (count <= UINT16_MAX) {
        *w->at++ = head16;
        aegis_store_be16(w->at, (uint16_t)count);
        w->at += 2;
    } else {
        *w->at++ = (uint8_t)(head16 + 1);
        aegis_store_be32(w->at, (uint32_t)count);
        w->at += 4;
    }
}

void aegis_mp_put_map_big(aegis_writer *w, size_t count)
{
    if (!w->failed)
        put_head32(w, 0xde, count);
}

void aegis_mp_put_list_big(aegis_writer *w, size_t count)
{
    if (!w->failed)
        put_head32(w, 0xdc, count);
}

void aegis_mp_put_uint_big(aegis_writer *w, uint64_t value)
{
    uint8_t *at = w->at;

    if (value < 0x80) {
        *at++ = (uint8_t)value;
    } else if (value <= UINT8_MAX) {
        *at++ = 0xcc;
        *at++ = (uint8_t)value;
    } else if (value <= UINT16_MAX) {
        *at = 0xcd;
        aegis_store_be16(at + 1, (uint16_t)value);
        at += 3;
    } else if (value <= UINT32_MAX) {
        *at = 0xce;
        aegis_store_be32(at + 1, (uint32_t)value);
        at += 5;
    } else {
        *at = 0xcf;
        aegis_store_be64(at + 1, value);
        at += 9;
    }
    w->at = at;
}

void aegis_mp_put_int_big(aegis_writer *w, int64_t value)
{
    uint8_t *at = w->at;

    if (value >= 0) {
        aegis_mp_put_uint_big(w, (uint64_t)value);
        return;
    }
    if (value >= -32) {
        *at++ = (uint8_t)value;
    } else if (value >= INT8_MIN) {
        *at++ = 0xd0;
        *at++ = (uint8_t)value;
    } else if (value >= INT16_MIN) {
        *at = 0xd1;
        aegis_store_be16(at + 1, (uint16_t)value);
        at += 3;
    } else if (value >= INT32_MIN) {
        *at = 0xd2;
        aegis_store_be32(at + 1, (uint32_t)value);
        at += 5;
    } else {
        *at = 0xd3;
        aegis_store_be64(at + 1, (uint64_t)value);
        at += 9;
    }
    w->at = at;
}

static const char not_utf8[] = "not valid UTF-8";

uint8_t *aegis_mp_str_head(uint8_t *at, size_t size)
{
    if (size < 32) {
        *at++ = (uint8_t)(0xa0u | size);
    } else if (size <= UINT8_MAX) {
        *at++ = 0xd9;
        *at++ = (uint8_t)size;
    } else if (size <= UINT16_MAX) {
        *at = 0xda;
        aegis_store_be16(at + 1, (uint16_t)size);
        at += 3;
    } else {
        *at = 0xdb;
        aegis_store_be32(at + 1, (uint32_t)size);
        at += 5;
    }
    return at;
}

/* Room for the scalar after it is kept, so that a text may be a key. `invalid`: what to say of one that is
 * not UTF-8. */
AEGIS_INLINE bool put_text(aegis_writer *w, const char *text, size_t size, const char *invalid)
{
    uint8_t *at;
    bool plain;

    if (AEGIS_UNLIKELY(!aegis_put_room(w, size + 5 + AEGIS_SCALAR_ROOM)))
        return false;
    if (AEGIS_UNLIKELY(size > UINT32_MAX)) {
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "%zu bytes are too many", size);
        return false;
    }
    at = w->at;
    if (AEGIS_LIKELY(size < 32))
        *at++ = (uint8_t)(0xa0u | size);
    else
        at = aegis_mp_str_head(at, size);
    plain = aegis_text_copy((char *)at, (const uint8_t *)text, size); /* its NUL falls into the spare room */
    if (AEGIS_UNLIKELY(!plain && !aegis_utf8_valid((const uint8_t *)text, size))) {
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "%s", invalid);
        return false;
    }
    w->at = at + size;
    return true;
}

void aegis_mp_put_token(aegis_writer *w, const char *text, size_t size)
{
    (void)put_text(w, text, size, not_utf8);
}

void aegis_mp_put_string(aegis_writer *w, const char *value, size_t lo, size_t hi)
{
    size_t size;

    if (AEGIS_UNLIKELY(value == NULL)) {
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "is required");
        return;
    }
    size = strlen(value);
    if (AEGIS_UNLIKELY((size < lo || size > hi) && !aegis_put_size_in(w, size, lo, hi, "bytes")))
        return;
    (void)put_text(w, value, size, not_utf8);
}

void aegis_mp_put_text_key(aegis_writer *w, const char *key)
{
    if (key == NULL)
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "a key is NULL");
    else
        (void)put_text(w, key, strlen(key), "a key is not valid UTF-8");
}

void aegis_mp_put_bytes(aegis_writer *w, aegis_bytes value, size_t lo, size_t hi)
{
    if (!aegis_put_size_in(w, value.len, lo, hi, "bytes") || !aegis_put_room(w, value.len + 5))
        return;
    if (value.len > UINT32_MAX) {
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "%zu bytes are too many", value.len);
        return;
    }
    if (value.len <= UINT8_MAX) {
        *w->at++ = 0xc4;
        *w->at++ = (uint8_t)value.len;
    } else {
        put_head32(w, 0xc5, value.len);
    }
    if (value.len > 0)
        memcpy(w->at, value.data, value.len);
    w->at += value.len;
}

void aegis_mp_put_uuid(aegis_writer *w, aegis_uuid value)
{
    uint8_t *at;

    if (!aegis_put_room(w, 2 + AEGIS_UUID_TEXT))
        return;
    at = w->at;
    at[0] = 0xd9;
    at[1] = AEGIS_UUID_TEXT - 1;
    aegis_uuid_write(&value, at + 2);
    w->at = at + 2 + AEGIS_UUID_TEXT - 1;
}

void aegis_mp_put_timestamp(aegis_writer *w, aegis_timestamp value)
{
    uint8_t *at;
    size_t size;

    if (!aegis_put_room(w, 2 + AEGIS_TIMESTAMP_TEXT))
        return;
    at = w->at;
    size = aegis_timestamp_format(value, (char *)at + 2);
    if (size < 32) /* whole seconds: the head is one byte shorter */
        memmove(at + 1, at + 2, size);
    w->at = aegis_mp_str_head(at, size) + size;
}

void aegis_mp_put_decimal(aegis_writer *w, const char *value)
{
    if (value != NULL && !aegis_decimal_valid(value, strlen(value)))
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "not a decimal number");
    else
        aegis_mp_put_string(w, value, 0, SIZE_MAX);
}
