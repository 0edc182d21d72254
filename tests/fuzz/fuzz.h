/* What the fuzzing programs of the codecs share: the checks that hold for any bytes. */
#ifndef AEGIS_TESTS_FUZZ_H
#define AEGIS_TESTS_FUZZ_H

#include "codec/codec.h"

#include "fuzz_main.h"

#include <aegis/any.h>

static bool same(aegis_bytes a, aegis_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* A failure says why, in a text that can itself be sent. */
static void check_failure(aegis_status status, const aegis_error *error)
{
    MUST(status != AEGIS_OK && error->status == status);
    MUST(error->text[0] != '\0' && strlen(error->text) < AEGIS_ERROR_TEXT_MAX);
    MUST(aegis_utf8_valid((const uint8_t *)error->text, strlen(error->text)));
}

/* What was encoded decodes, and encodes into the same bytes again. */
static void check_stable(aegis_bytes body, aegis_format format, aegis_arena *arena)
{
    aegis_any again;
    aegis_bytes twice;

    MUST(aegis_any_decode(body, format, arena, &again, NULL) == AEGIS_OK);
    MUST(aegis_any_encode(again, format, arena, &twice, NULL) == AEGIS_OK);
    MUST(same(body, twice));
}

/* Through the other format and back. */
static void check_exchange(aegis_bytes json, aegis_arena *arena)
{
    aegis_raw from = {json, AEGIS_FORMAT_JSON}, there, back;

    MUST(aegis_transcode(from, AEGIS_FORMAT_MSGPACK, arena, &there, NULL) == AEGIS_OK);
    check_stable(there.data, AEGIS_FORMAT_MSGPACK, arena);
    MUST(aegis_transcode(there, AEGIS_FORMAT_JSON, arena, &back, NULL) == AEGIS_OK);
    MUST(same(json, back.data));
}

static void check_skip(aegis_bytes body, aegis_format format, aegis_arena *arena, bool valid)
{
    aegis_error error = {0};
    aegis_status status;
    aegis_reader r;
    aegis_raw raw;

    aegis_reader_open(&r, body, format, arena);
    raw = aegis_get_raw(&r);
    MUST(raw.data.len <= body.len);
    status = aegis_reader_close(&r, &error);
    if (valid)
        MUST(status == AEGIS_OK);
    else if (status != AEGIS_OK)
        check_failure(status, &error);
}

/* The path of every position, of any bytes, is a text that fits. */
static void check_paths(aegis_bytes body, aegis_format format)
{
    size_t step = body.len / 64 + 1, i;

    for (i = 0; i <= body.len; i += step) {
        char path[200], narrow[8];
        int where;

        for (where = AEGIS_WHERE_NEXT; where <= AEGIS_WHERE_LAST; where++) {
            aegis_path(body.data, body.data + i, format, (aegis_where)where, path, sizeof path);
            MUST(strlen(path) < sizeof path && aegis_utf8_valid((const uint8_t *)path, strlen(path)));
            aegis_path(body.data, body.data + i, format, (aegis_where)where, narrow, sizeof narrow);
            MUST(strlen(narrow) < sizeof narrow);
        }
    }
}

/* One value of each kind from the same bytes; what was read is written and read back. */
#define CHECK_GET(type, equal, get, put)                                                                     \
    do {                                                                                                     \
        aegis_reader r;                                                                                      \
        aegis_error why = {0};                                                                               \
        aegis_status got;                                                                                    \
        type value;                                                                                          \
        aegis_reader_open(&r, body, format, arena);                                                          \
        value = get;                                                                                         \
        got = aegis_reader_close(&r, &why);                                                                  \
        if (got != AEGIS_OK) {                                                                               \
            check_failure(got, &why);                                                                        \
        } else {                                                                                             \
            aegis_writer w;                                                                                  \
            aegis_bytes out;                                                                                 \
            type again;                                                                                      \
            aegis_writer_open(&w, arena, format, 0);                                                         \
            put;                                                                                             \
            MUST(aegis_writer_close(&w, &out, NULL) == AEGIS_OK);                                            \
            aegis_reader_open(&r, out, format, arena);                                                       \
            again = get;                                                                                     \
            MUST(aegis_reader_close(&r, NULL) == AEGIS_OK && (equal));                                       \
        }                                                                                                    \
    } while (0)

static void check_types(aegis_bytes body, aegis_format format, aegis_arena *arena)
{
    CHECK_GET(int64_t, value == again, aegis_get_i64_in(&r, INT64_MIN, INT64_MAX),
              AEGIS_PUT(&w, i64, &w, value, INT64_MIN, INT64_MAX));
    CHECK_GET(uint64_t, value == again, aegis_get_u64_in(&r, 0, UINT64_MAX),
              AEGIS_PUT(&w, u64, &w, value, 0, UINT64_MAX));
    CHECK_GET(int64_t, value == again && value >= -5, aegis_get_i64_in(&r, -5, 1000),
              AEGIS_PUT(&w, i64, &w, value, -5, 1000));
    CHECK_GET(double, value == again, aegis_get_f64_in(&r, -1e300, 1e300),
              aegis_put_f64_in(&w, value, -1e300, 1e300));
    CHECK_GET(const char *, strcmp(value, again) == 0, aegis_get_string_in(&r, 0, 5000),
              AEGIS_PUT(&w, string, &w, value, 0, 5000));
    CHECK_GET(aegis_bytes, same(value, again), aegis_get_bytes_in(&r, 0, 5000),
              aegis_put_bytes_in(&w, value, 0, 5000));
    CHECK_GET(aegis_uuid, memcmp(&value, &again, sizeof value) == 0, aegis_get_uuid(&r),
              aegis_put_uuid(&w, value));
    CHECK_GET(aegis_timestamp, value == again, aegis_get_timestamp(&r), aegis_put_timestamp(&w, value));
    CHECK_GET(const char *, strcmp(value, again) == 0, aegis_get_decimal(&r), aegis_put_decimal(&w, value));
}

/* All of it; `limit` is the arena's. */
static void check_any(aegis_bytes body, aegis_format format, size_t limit)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_error error = {0};
    aegis_bytes out;
    aegis_status status;
    aegis_any any;
    bool whole = limit == AEGIS_ARENA_LIMIT;

    if (arena == NULL)
        return;
    aegis_arena_set_limit(arena, limit);
    status = aegis_any_decode(body, format, arena, &any, &error);
    if (status != AEGIS_OK)
        check_failure(status, &error);
    if (whole) {
        check_skip(body, format, arena, status == AEGIS_OK);
        check_paths(body, format);
        check_types(body, format, arena);
    }
    if (status == AEGIS_OK) {
        status = aegis_any_encode(any, AEGIS_FORMAT_MSGPACK, arena, &out, &error);
        MUST(status == AEGIS_OK || !whole);
        if (whole)
            check_stable(out, AEGIS_FORMAT_MSGPACK, arena);
        status = aegis_any_encode(any, AEGIS_FORMAT_JSON, arena, &out, &error);
        if (status != AEGIS_OK) {
            check_failure(status, &error);
            MUST(!whole || format == AEGIS_FORMAT_MSGPACK);
        } else if (whole) {
            check_stable(out, AEGIS_FORMAT_JSON, arena);
            check_exchange(out, arena);
        }
    }
    aegis_arena_free(arena);
}

/* The bytes stand alone in their memory, so that a sanitizer sees a read beyond them. */
static inline void check_alone(const uint8_t *data, size_t size, aegis_format format)
{
    uint8_t *copy = (uint8_t *)malloc(size + (size == 0));

    if (copy == NULL)
        return;
    if (size > 0)
        memcpy(copy, data, size);
    check_any((aegis_bytes){copy, size}, format, AEGIS_ARENA_LIMIT);
    check_any((aegis_bytes){copy, size}, format, 700 + size);
    free(copy);
}

#endif
