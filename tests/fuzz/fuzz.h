/* What the fuzzing programs share: the checks that hold for any bytes, and a main.
 *
 * Built with -DAEGIS_LIBFUZZER -fsanitize=fuzzer the fuzzer brings its own main. Without it the program runs
 * each file that it is given; given none, its corpus and then seeded mutations of it, the same ones every
 * time.
 */
#ifndef AEGIS_TESTS_FUZZ_H
#define AEGIS_TESTS_FUZZ_H

#include "codec/codec.h"

#include <aegis/any.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert: it holds in every build, and says where. */
#define MUST(what)                                                                                           \
    do {                                                                                                     \
        if (!(what)) {                                                                                       \
            (void)fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #what);                   \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

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
    raw = format == AEGIS_FORMAT_JSON ? aegis_js_get_raw(&r) : aegis_mp_get_raw(&r);
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

/* One value of each kind from the same bytes; what was read is written in both formats and read back. */
#define CHECK_GET(f, name, type, equal, get, ...)                                                            \
    do {                                                                                                     \
        aegis_reader r;                                                                                      \
        aegis_error why = {0};                                                                               \
        aegis_status got;                                                                                    \
        type value;                                                                                          \
        aegis_reader_open(&r, body, format, arena);                                                          \
        value = aegis_##f##_get_##get;                                                                       \
        got = aegis_reader_close(&r, &why);                                                                  \
        if (got != AEGIS_OK) {                                                                               \
            check_failure(got, &why);                                                                        \
        } else {                                                                                             \
            aegis_writer w;                                                                                  \
            aegis_bytes out;                                                                                 \
            type again;                                                                                      \
            aegis_writer_open(&w, arena, format, 0);                                                         \
            aegis_##f##_put_item(&w);                                                                        \
            aegis_##f##_put_##name(__VA_ARGS__);                                                             \
            MUST(aegis_writer_close(&w, &out, NULL) == AEGIS_OK);                                            \
            aegis_reader_open(&r, out, format, arena);                                                       \
            again = aegis_##f##_get_##get;                                                                   \
            MUST(aegis_reader_close(&r, NULL) == AEGIS_OK && (equal));                                       \
        }                                                                                                    \
    } while (0)

#define CHECK_TYPES(f)                                                                                       \
    CHECK_GET(f, i64, int64_t, value == again, i64(&r, INT64_MIN, INT64_MAX), &w, value, INT64_MIN,          \
              INT64_MAX);                                                                                    \
    CHECK_GET(f, u64, uint64_t, value == again, u64(&r, 0, UINT64_MAX), &w, value, 0, UINT64_MAX);           \
    CHECK_GET(f, i64, int64_t, value == again && value >= -5, i64(&r, -5, 1000), &w, value, -5, 1000);       \
    CHECK_GET(f, f64_in, double, value == again, f64_in(&r, -1e300, 1e300), &w, value, -1e300, 1e300);       \
    CHECK_GET(f, string, const char *, strcmp(value, again) == 0, string(&r, 0, 5000), &w, value, 0, 5000);  \
    CHECK_GET(f, bytes, aegis_bytes, same(value, again), bytes(&r, 0, 5000), &w, value, 0, 5000);            \
    CHECK_GET(f, uuid, aegis_uuid, memcmp(&value, &again, sizeof value) == 0, uuid(&r), &w, value);          \
    CHECK_GET(f, timestamp, aegis_timestamp, value == again, timestamp(&r), &w, value);                      \
    CHECK_GET(f, decimal, const char *, strcmp(value, again) == 0, decimal(&r), &w, value)

static void check_types(aegis_bytes body, aegis_format format, aegis_arena *arena)
{
    if (format == AEGIS_FORMAT_JSON) {
        CHECK_TYPES(js);
    } else {
        CHECK_TYPES(mp);
    }
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

#ifndef AEGIS_LIBFUZZER

#define FUZZ_MAX   ((size_t)1 << 16)
#define FUZZ_FILES 256

typedef struct fuzz_corpus {
    uint8_t *data[FUZZ_FILES];
    size_t size[FUZZ_FILES];
    size_t count;
} fuzz_corpus;

static uint64_t fuzz_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static bool fuzz_load(const char *path, fuzz_corpus *corpus)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = (uint8_t *)malloc(FUZZ_MAX);
    bool good = file != NULL && data != NULL && corpus->count < FUZZ_FILES;

    if (good) {
        corpus->size[corpus->count] = fread(data, 1, FUZZ_MAX, file);
        corpus->data[corpus->count++] = data;
    } else {
        free(data);
    }
    if (file != NULL)
        (void)fclose(file);
    return good;
}

/* In the order of the names, so that every run is the same. */
static bool fuzz_load_folder(const char *folder, fuzz_corpus *corpus)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort), i;

    for (i = 0; i < count; i++) {
        char path[512];
        int length = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);

        if (entries[i]->d_name[0] != '.' && length > 0 && (size_t)length < sizeof path)
            (void)fuzz_load(path, corpus);
        free(entries[i]);
    }
    free(entries);
    return corpus->count > 0;
}

/* A few changes: bits, bytes that mean something, removals, repetitions, an end too early. Returns the size.
 */
static size_t fuzz_mutate(uint8_t *data, size_t size, uint64_t *seed)
{
    static const uint8_t telling[] =
        "\x00\xff\x7f\x80\x90\xc0\xc1\xc4\xc7\xca\xcb\xd4\xd9\xdb\xdc\xdd\xde\xdf\xe0"
        "{}[]\",:\\u0e-.9 \n";
    size_t changes = 1 + fuzz_next(seed) % 4;

    while (changes-- > 0 && size > 0) {
        size_t at = fuzz_next(seed) % size, length = 1 + fuzz_next(seed) % 16;

        if (length > size - at)
            length = size - at;
        switch (fuzz_next(seed) % 6) {
        case 0:
            data[at] ^= (uint8_t)(1u << fuzz_next(seed) % 8);
            break;
        case 1:
            data[at] = telling[fuzz_next(seed) % (sizeof telling - 1)];
            break;
        case 2:
            data[at] = (uint8_t)fuzz_next(seed);
            break;
        case 3:
            memmove(data + at, data + at + length, size - at - length);
            size -= length;
            break;
        case 4:
            if (size + length <= FUZZ_MAX) {
                memmove(data + at + length, data + at, size - at);
                size += length;
            }
            break;
        default:
            size = at;
            break;
        }
    }
    return size;
}

static void fuzz_mutations(const fuzz_corpus *corpus, unsigned long runs)
{
    uint8_t *data = (uint8_t *)malloc(FUZZ_MAX);
    uint64_t seed = UINT64_C(88172645463325252);
    unsigned long i;

    for (i = 0; data != NULL && i < runs; i++) {
        size_t which = fuzz_next(&seed) % corpus->count;

        memcpy(data, corpus->data[which], corpus->size[which]);
        (void)LLVMFuzzerTestOneInput(data, fuzz_mutate(data, corpus->size[which], &seed));
    }
    free(data);
}

/* Mutations when FUZZ_RUNS in the environment does not say how many. */
#ifndef FUZZ_RUNS_DEFAULT
#define FUZZ_RUNS_DEFAULT 50000
#endif

static int fuzz_main(int argc, char **argv, const char *folder)
{
    fuzz_corpus corpus = {.count = 0};
    const char *wanted = getenv("FUZZ_RUNS");
    unsigned long runs = wanted != NULL ? strtoul(wanted, NULL, 10) : FUZZ_RUNS_DEFAULT;
    bool good = true;
    size_t i;

    for (i = 1; i < (size_t)argc; i++)
        good = fuzz_load(argv[i], &corpus) && good;
    if (argc < 2)
        good = fuzz_load_folder(folder, &corpus);
    for (i = 0; i < corpus.count; i++)
        (void)LLVMFuzzerTestOneInput(corpus.data[i], corpus.size[i]);
    if (argc < 2 && good)
        fuzz_mutations(&corpus, runs);
    for (i = 0; i < corpus.count; i++)
        free(corpus.data[i]);
    (void)printf("%zu files%s\n", corpus.count, good ? "" : "; some could not be read");
    return good ? 0 : 1;
}

#endif

#endif
