/* Opening, closing and failing: what both formats share of a reader and a writer.
 *
 * After its first failure a reader stands at its end, so that every read ends in its cold path, which returns
 * zero. A writer goes back to the start of its buffer, which from then on has no room: who asks for some is
 * refused, and who has asked before may write as much as was promised.
 */
#include "codec/codec.h"

#include "domain/arena.h"
#include "domain/error.h"

#include <stdio.h>

#define FIRST_ROOM ((size_t)512) /* a multiple of AEGIS_ARENA_ALIGNMENT */
#define PATH_ROOM  200

/* ---- writer ---- */

/* Where the arena has no room left at its newest place. */
static AEGIS_COLD void open_elsewhere(aegis_writer *w)
{
    uint8_t *start = (uint8_t *)aegis_arena_alloc(w->arena, FIRST_ROOM);

    w->at = w->start = start != NULL ? start : w->scratch;
    w->end = start != NULL ? start + FIRST_ROOM : w->start;
    if (start == NULL)
        aegis_put_fail(w, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
}

void aegis_writer_open(aegis_writer *w, aegis_arena *arena, aegis_format format, size_t limit)
{
    w->arena = arena;
    w->limit = limit != 0 ? limit : AEGIS_ARENA_LIMIT;
    w->format = format == AEGIS_FORMAT_AUTO ? AEGIS_FORMAT_MSGPACK : format;
    w->depth = 0;
    w->failed = false;
    w->error.status = AEGIS_OK;
    w->error.text[0] = '\0';
    if (AEGIS_UNLIKELY(arena->end - arena->at < (ptrdiff_t)FIRST_ROOM)) {
        open_elsewhere(w);
        return;
    }
    w->at = w->start = arena->at;
    w->end = arena->at += FIRST_ROOM;
}

static void fail_text(aegis_error *error, aegis_status status, const char *path, const char *format,
                      va_list arguments)
{
    char text[AEGIS_ERROR_TEXT_MAX];

    (void)vsnprintf(text, sizeof text, format, arguments);
    aegis_error_clip(text);
    (void)aegis_error_set(error, status, path[0] != '\0' ? "%s: %s" : "%s%s", path, text);
}

void aegis_put_fail(aegis_writer *w, aegis_status status, const char *format, ...)
{
    char path[PATH_ROOM];
    va_list arguments;

    if (w->failed)
        return;
    aegis_path(w->start, w->at, w->format, AEGIS_WHERE_NEXT, path, sizeof path);
    va_start(arguments, format);
    fail_text(&w->error, status, path, format, arguments);
    va_end(arguments);
    w->failed = true;
    w->at = w->end = w->start;
}

void aegis_put_too_deep(aegis_writer *w)
{
    aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "deeper than %d levels", AEGIS_DEPTH_LIMIT);
}

bool aegis_put_grow(aegis_writer *w, size_t size)
{
    size_t used = (size_t)(w->at - w->start), old = (size_t)(w->end - w->start), wanted = old * 2;
    uint8_t *moved;

    if (w->failed) {
        w->at = w->start;
        return false;
    }
    if (size > w->limit || used > w->limit - size) {
        aegis_put_fail(w, AEGIS_RESOURCE_EXHAUSTED, "the message is larger than %zu bytes", w->limit);
        return false;
    }
    if (wanted < used + size)
        wanted = used + size + FIRST_ROOM;
    moved = (uint8_t *)aegis_arena_extend(w->arena, w->start, old, wanted);
    if (moved == NULL) {
        aegis_put_fail(w, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
        return false;
    }
    w->start = moved;
    w->at = moved + used;
    w->end = moved + wanted;
    return true;
}

static AEGIS_COLD aegis_status close_failed(aegis_writer *w, aegis_error *error)
{
    aegis_put_fail(w, AEGIS_RESOURCE_EXHAUSTED, "the message is larger than %zu bytes", w->limit);
    if (error != NULL)
        *error = w->error;
    return w->error.status;
}

aegis_status aegis_writer_close(aegis_writer *w, aegis_bytes *out, aegis_error *error)
{
    size_t size = (size_t)(w->at - w->start);

    *out = (aegis_bytes){NULL, 0};
    if (AEGIS_UNLIKELY(w->failed || size > w->limit))
        return close_failed(w, error);
    if (w->format == AEGIS_FORMAT_JSON && size > 0 && w->at[-1] == ',')
        size--;
    aegis_arena_trim(w->arena, w->start, (size_t)(w->end - w->start), size);
    *out = (aegis_bytes){w->start, size};
    return AEGIS_OK;
}

const char *aegis_writer_text(aegis_writer *w)
{
    aegis_bytes text;

    if (aegis_writer_close(w, &text, NULL) != AEGIS_OK)
        return NULL;
    return aegis_arena_printf(w->arena, "%.*s", (int)text.len, (const char *)text.data);
}

void aegis_put_i64_bounds(aegis_writer *w, int64_t value, int64_t lo, int64_t hi)
{
    aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "%lld is not in %lld..%lld", (long long)value, (long long)lo,
                   (long long)hi);
}

void aegis_put_u64_bounds(aegis_writer *w, uint64_t value, uint64_t lo, uint64_t hi)
{
    aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "%llu is not in %llu..%llu", (unsigned long long)value,
                   (unsigned long long)lo, (unsigned long long)hi);
}

void aegis_put_size_wrong(aegis_writer *w, size_t size, size_t lo, size_t hi, const char *unit)
{
    if (hi == SIZE_MAX)
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "%zu %s, at least %zu wanted", size, unit, lo);
    else
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "%zu %s, not in %zu..%zu", size, unit, lo, hi);
}

void aegis_put_string_wrong(aegis_writer *w, const char *value, size_t lo, size_t hi)
{
    if (value == NULL)
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "is required");
    else
        aegis_put_size_wrong(w, strlen(value), lo, hi, "bytes");
}

/* ---- reader ---- */

aegis_format aegis_format_of(aegis_bytes body)
{
    uint8_t first;

    if (body.len == 0)
        return AEGIS_FORMAT_AUTO;
    first = body.data[0];
    return (first >= 0x80 && first <= 0x9f) || (first >= 0xc0 && first <= 0xdf) ? AEGIS_FORMAT_MSGPACK
                                                                                : AEGIS_FORMAT_JSON;
}

void aegis_reader_open(aegis_reader *r, aegis_bytes body, aegis_format format, aegis_arena *arena)
{
    static const uint8_t nothing = 0;

    r->start = r->at = body.data != NULL ? body.data : &nothing;
    r->end = body.data != NULL ? body.data + body.len : &nothing;
    r->arena = arena;
    r->format = format;
    r->depth = 0;
    r->failed = false;
    r->error.status = AEGIS_OK;
    r->error.text[0] = '\0';
    if (format == AEGIS_FORMAT_AUTO)
        r->format = aegis_format_of(body);
    if (r->at == r->end) {
        r->format = r->format == AEGIS_FORMAT_AUTO ? AEGIS_FORMAT_MSGPACK : r->format;
        aegis_reader_fail(r, r->at, AEGIS_INVALID_ARGUMENT, "the body is empty");
    }
}

static void fail_at(aegis_reader *r, const uint8_t *at, aegis_where where, aegis_status status,
                    const char *format, va_list arguments)
{
    char path[PATH_ROOM];

    aegis_path(r->start, at, r->format, where, path, sizeof path);
    fail_text(&r->error, status, path, format, arguments);
    r->failed = true;
    r->at = r->end;
}

void aegis_reader_fail(aegis_reader *r, const uint8_t *at, aegis_status status, const char *format, ...)
{
    va_list arguments;

    if (r->failed)
        return;
    va_start(arguments, format);
    fail_at(r, at, AEGIS_WHERE_NEXT, status, format, arguments);
    va_end(arguments);
}

void aegis_get_fail(aegis_reader *r, aegis_status status, const char *format, ...)
{
    va_list arguments;

    if (r->failed)
        return;
    va_start(arguments, format);
    fail_at(r, r->at, AEGIS_WHERE_LAST, status, format, arguments);
    va_end(arguments);
}

void aegis_reader_cut(aegis_reader *r, const uint8_t *at)
{
    aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT, "the message ends too early");
}

void aegis_reader_no_memory(aegis_reader *r, const uint8_t *at)
{
    aegis_reader_fail(r, at, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
}

static void get_missing(aegis_reader *r, const uint8_t *map_start, const aegis_key *key)
{
    char path[PATH_ROOM];

    if (r->failed)
        return;
    aegis_path(r->start, map_start, r->format, AEGIS_WHERE_NEXT, path, sizeof path);
    (void)aegis_error_set(&r->error, AEGIS_INVALID_ARGUMENT, "%s%s%.*s is missing", path,
                          path[0] != '\0' ? "." : "", (int)key->size, key->json + 2);
    r->failed = true;
    r->at = r->end;
}

void aegis_get_required(aegis_reader *r, const uint8_t *start, const aegis_key *keys, uint64_t missing)
{
    if (missing == 0)
        return;
    while ((missing & 1) == 0) {
        missing >>= 1;
        keys++;
    }
    get_missing(r, start, keys);
}

/* By bisection: members of any number in any order take no longer than sorting them would. */
static const aegis_key *find_key(const aegis_key *keys, size_t count, aegis_bytes name)
{
    for (size_t low = 0; low < count;) {
        const size_t middle = low + (count - low) / 2;
        const aegis_key *key = &keys[keys[middle].sorted];
        const int order = name.len != key->size ? (name.len < key->size ? -1 : 1)
                                                : memcmp(name.data, key->json + 2, name.len);

        if (order == 0)
            return key;
        if (order < 0)
            count = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

int aegis_get_member(aegis_reader *r, const aegis_key *keys, size_t count, uint64_t *seen)
{
    const aegis_bytes name = aegis_get_key(r);
    const aegis_key *key = name.data != NULL ? find_key(keys, count, name) : NULL;
    uint64_t bit;

    if (key == NULL)
        return -1;
    bit = UINT64_C(1) << key->member % 64;
    if ((seen[key->member / 64] & bit) != 0)
        aegis_get_fail(r, AEGIS_INVALID_ARGUMENT, "comes twice");
    seen[key->member / 64] |= bit;
    return key->member;
}

void aegis_get_too_deep(aegis_reader *r)
{
    aegis_reader_fail(r, r->at, AEGIS_INVALID_ARGUMENT, "deeper than %d levels", AEGIS_DEPTH_LIMIT);
}

aegis_status aegis_reader_close(aegis_reader *r, aegis_error *error)
{
    if (!r->failed && r->format == AEGIS_FORMAT_JSON)
        aegis_js_space(r);
    if (!r->failed && r->at != r->end) {
        (void)aegis_error_set(&r->error, AEGIS_INVALID_ARGUMENT, "%zu bytes follow the value",
                              (size_t)(r->end - r->at));
        r->failed = true;
        r->at = r->end;
    }
    if (!r->failed)
        return AEGIS_OK;
    if (error != NULL)
        *error = r->error;
    return r->error.status;
}

void aegis_get_size_wrong(aegis_reader *r, const uint8_t *at, size_t size, size_t lo, size_t hi,
                          const char *unit)
{
    if (hi == SIZE_MAX)
        aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT, "%zu %s, at least %zu wanted", size, unit, lo);
    else
        aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT, "%zu %s, not in %zu..%zu", size, unit, lo, hi);
}

/* What has been read is said by where it ended. */
static void last_size_wrong(aegis_reader *r, size_t size, size_t lo, size_t hi, const char *unit)
{
    if (hi == SIZE_MAX)
        aegis_get_fail(r, AEGIS_INVALID_ARGUMENT, "%zu %s, at least %zu wanted", size, unit, lo);
    else
        aegis_get_fail(r, AEGIS_INVALID_ARGUMENT, "%zu %s, not in %zu..%zu", size, unit, lo, hi);
}

void aegis_get_count_in(aegis_reader *r, size_t count, size_t lo, size_t hi)
{
    if (AEGIS_UNLIKELY(count < lo || count > hi))
        last_size_wrong(r, count, lo, hi, "items");
}

void *aegis_get_memory(aegis_reader *r, size_t count, size_t item_size)
{
    void *memory = NULL;

    if (r->failed)
        return NULL;
    if (count <= SIZE_MAX / item_size)
        memory = aegis_arena_take(r->arena, count * item_size);
    if (memory == NULL)
        aegis_reader_no_memory(r, r->at);
    return memory;
}

void *aegis_list_grow(aegis_reader *r, void *items, size_t count, size_t *capacity, size_t item_size)
{
    size_t wanted = *capacity != 0 ? *capacity * 2 : 8;
    void *grown = NULL;

    if (r->failed)
        return NULL;
    if (count < *capacity)
        return items;
    if (wanted <= SIZE_MAX / item_size)
        grown = aegis_arena_extend(r->arena, items, *capacity * item_size, wanted * item_size);
    if (grown == NULL)
        aegis_reader_no_memory(r, r->at);
    else
        *capacity = wanted;
    return grown;
}
