/* Values that fit a schema: for help, and for `aegis mock`. Random ones from a seed, so that they can be had
 * again; small, and like what people would write where the name of a field gives a hint. */
#include "arguments_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "domain/time.h"
#include "pattern.h"
#include "wire.h"

/* From here on lists are as short as they may be and optional fields are left out: recursive types end. */
#define DEPTH_SMALL 4
#define DEPTH_MAX   24
/* Longest text that is made, unless its least length is more. */
#define TEXT_MORE 24
#define TEXT_MAX  65536
/* Instants are in the year from here on. */
#define YEAR_BEGIN (INT64_C(1767225600) * AEGIS_SECOND) /* 2026-01-01 */
#define YEAR       INT64_C(31536000)

typedef struct dice {
    uint64_t state;
} dice;

/* splitmix64, Sebastiano Vigna, public domain. */
static uint64_t roll(dice *d)
{
    uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t below(dice *d, uint64_t bound)
{
    return bound > 0 ? roll(d) % bound : 0;
}

static json_t *make(dice *d, const schema_type *type, const char *name, unsigned depth);

/* ---- texts ---- */

typedef struct hint {
    const char *part; /* of a field's name */
    const char *const *texts;
    size_t count;
} hint;

static const char *word_for(dice *d, const char *name)
{
    static const char *const people[] = {"ada", "grace", "edsger", "barbara", "alan", "margaret"};
    static const char *const mails[] = {"ada@example.org", "grace@example.org", "alan@example.org"};
    static const char *const addresses[] = {"https://example.org/a", "https://example.org/b"};
    static const char *const codes[] = {"A-1", "B-22", "C-305", "D-4"};
    static const char *const sentences[] = {"all is well", "on its way", "please ring twice",
                                            "by the back door"};
    static const char *const words[] = {"amber", "birch", "cedar", "delta",
                                        "ember", "fjord", "grove", "harbour"};
    static const hint hints[] = {
        {"mail", mails, 3},        {"url", addresses, 2},    {"customer", people, 6},  {"owner", people, 6},
        {"user", people, 6},       {"author", people, 6},    {"name", people, 6},      {"sku", codes, 4},
        {"code", codes, 4},        {"number", codes, 4},     {"note", sentences, 4},   {"text", sentences, 4},
        {"message", sentences, 4}, {"reason", sentences, 4}, {"comment", sentences, 4}};
    size_t i;

    for (i = 0; name != NULL && i < CLI_COUNT(hints); i++) {
        if (strstr(name, hints[i].part) != NULL)
            return hints[i].texts[below(d, hints[i].count)];
    }
    return words[below(d, CLI_COUNT(words))];
}

/* Not shorter than `least` bytes, not longer than `most`. */
static json_t *plain_text(dice *d, const char *name, uint64_t least, uint64_t most)
{
    const char *word = word_for(d, name);
    size_t length = strlen(word), i;
    char *text;
    json_t *value;

    if (length > most)
        length = (size_t)most;
    if (least > TEXT_MAX)
        least = TEXT_MAX;
    text = (char *)malloc((length > least ? length : (size_t)least) + 1);
    if (text == NULL)
        return NULL;
    memcpy(text, word, length);
    for (i = length; i < least; i++)
        text[i] = (char)('a' + (int)(i % 26));
    value = json_stringn(text, length > least ? length : (size_t)least);
    free(text);
    return value;
}

/* ---- texts that match a pattern ---- */

/* The machine of a pattern walked forwards; `can` tells from which states so many bytes lead to its end. */
typedef struct walk {
    const pattern *p;
    size_t columns, longest;
    uint32_t *example; /* of each kind: one character; UINT32_MAX: none that can be written */
    bool *can;         /* [bytes][state] */
} walk;

static size_t bytes_of(uint32_t character)
{
    return character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
}

static size_t kind_at(const pattern *p, uint32_t character)
{
    size_t i = p->range_count - 1;

    while (p->ranges[i].first > character)
        i--;
    return p->ranges[i].kind;
}

/* Letters and digits first, then what else can be printed, then whatever there is. */
static void find_examples(walk *w)
{
    size_t i;
    uint32_t c;

    for (i = 0; i < w->p->kind_count; i++)
        w->example[i] = UINT32_MAX;
    for (i = w->p->range_count; i-- > 0;) {
        c = w->p->ranges[i].first;
        w->example[w->p->ranges[i].kind] = c >= 0xd800 && c <= 0xdfff ? 0xe000 : c > 0 ? c : 1;
    }
    for (c = '!'; c <= '~'; c++)
        w->example[kind_at(w->p, c)] = c;
    for (c = '0'; c <= 'z'; c++) {
        if ((c <= '9') || (c >= 'A' && c <= 'Z') || c >= 'a')
            w->example[kind_at(w->p, c)] = c;
    }
}

static bool ends_well(const walk *w, size_t state)
{
    return state == PATTERN_MATCHED ||
           (state != PATTERN_NEVER && w->p->moves[state * w->columns + w->p->kind_count] == PATTERN_MATCHED);
}

static size_t move(const walk *w, size_t state, size_t kind)
{
    return state >= PATTERN_START ? w->p->moves[state * w->columns + kind] : state;
}

static bool *can_at(const walk *w, size_t bytes, size_t state)
{
    return &w->can[bytes * w->p->state_count + state];
}

static void find_ways(walk *w)
{
    size_t bytes, state, kind;

    for (state = 0; state < w->p->state_count; state++)
        *can_at(w, 0, state) = ends_well(w, state);
    for (bytes = 1; bytes <= w->longest; bytes++) {
        for (state = 1; state < w->p->state_count; state++) {
            for (kind = 0; kind < w->p->kind_count && !*can_at(w, bytes, state); kind++) {
                const size_t size = bytes_of(w->example[kind]);

                *can_at(w, bytes, state) = size <= bytes && *can_at(w, bytes - size, move(w, state, kind));
            }
        }
    }
}

/* Another character of the same kind, where one can be printed. */
static uint32_t another(dice *d, const walk *w, size_t kind)
{
    unsigned tries;

    for (tries = 0; tries < 20; tries++) {
        const uint32_t c = '0' + (uint32_t)below(d, 'z' - '0' + 1);
        const bool plain = c <= '9' || (c >= 'A' && c <= 'Z') || c >= 'a';

        if (plain && kind_at(w->p, c) == kind)
            return c;
    }
    return w->example[kind];
}

static size_t put_character(uint32_t c, char *to)
{
    const size_t size = bytes_of(c);
    size_t i;

    if (size == 1) {
        to[0] = (char)c;
        return 1;
    }
    for (i = size; i-- > 1; c >>= 6)
        to[i] = (char)(0x80 | (c & 0x3f));
    to[0] = (char)((0xf00u >> size & 0xffu) | c);
    return size;
}

/* So many bytes that match; some way is known to exist. */
static json_t *walk_along(dice *d, const walk *w, size_t bytes)
{
    char *text = (char *)malloc(bytes + 1), *at = text;
    size_t state = PATTERN_START, kind, tries;
    json_t *value;

    while (text != NULL && bytes > 0) {
        kind = (size_t)below(d, w->p->kind_count);
        for (tries = 0; tries < w->p->kind_count; tries++, kind = (kind + 1) % w->p->kind_count) {
            const size_t size = bytes_of(w->example[kind]);

            if (size <= bytes && *can_at(w, bytes - size, move(w, state, kind)))
                break;
        }
        at += put_character(another(d, w, kind), at);
        bytes -= bytes_of(w->example[kind]);
        state = move(w, state, kind);
    }
    value = text != NULL ? json_stringn(text, (size_t)(at - text)) : NULL;
    free(text);
    return value;
}

static json_t *matching_text(dice *d, const pattern *p, uint64_t least, uint64_t most)
{
    walk w = {.p = p, .columns = p->kind_count + 1};
    json_t *value = NULL;
    size_t bytes, tries;

    if (least < p->least_size)
        least = p->least_size;
    if (least > TEXT_MAX / 16)
        least = TEXT_MAX / 16;
    w.longest = (size_t)(most < least + TEXT_MORE ? most : least + TEXT_MORE);
    if (w.longest < least)
        w.longest = (size_t)least;
    w.example = (uint32_t *)calloc(p->kind_count + 1, sizeof *w.example);
    w.can = (bool *)calloc((w.longest + 1) * p->state_count, sizeof *w.can);
    if (w.example != NULL && w.can != NULL) {
        find_examples(&w);
        find_ways(&w);
        bytes = (size_t)(least + below(d, w.longest - least + 1) / 2);
        for (tries = 0; tries <= w.longest && !*can_at(&w, bytes, PATTERN_START); tries++)
            bytes = bytes < w.longest ? bytes + 1 : (size_t)least;
        value = *can_at(&w, bytes, PATTERN_START) ? walk_along(d, &w, bytes) : json_string("");
    }
    free(w.example);
    free(w.can);
    return value;
}

static json_t *text_of(dice *d, const schema_type *type, const char *name)
{
    const schema_range *range = &type->range;
    const uint64_t least = range->has_min ? range->min.u : 0,
                   most = range->has_max ? range->max.u : UINT64_MAX;

    return type->pattern != NULL ? matching_text(d, type->pattern, least, most)
                                 : plain_text(d, name, least, most);
}

/* ---- numbers ---- */

static json_t *signed_of(dice *d, const schema_type *type)
{
    int64_t least = type->range.has_min ? type->range.min.i : 0;
    const int64_t most = type->range.has_max ? type->range.max.i : INT64_MAX;

    if (least < 0 && most >= 0)
        least = 0; /* what people count is not negative */
    if (!type->range.has_min && most < 0)
        least = most > INT64_MIN + 100 && type->kind != SCHEMA_I8 ? most - 100 : most;
    return json_integer(least + (int64_t)below(d, (uint64_t)most - (uint64_t)least < 100
                                                      ? (uint64_t)most - (uint64_t)least + 1
                                                      : 100));
}

static json_t *unsigned_of(dice *d, const schema_type *type)
{
    const uint64_t least = type->range.has_min ? type->range.min.u : 0;
    const uint64_t most = type->range.has_max ? type->range.max.u : UINT64_MAX;
    const uint64_t value = least + below(d, most - least < 100 ? most - least + 1 : 100);
    char digits[24];

    if (value <= INT64_MAX)
        return json_integer((json_int_t)value);
    (void)snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    return json_string(digits);
}

static json_t *real_of(dice *d, const schema_type *type)
{
    const double least = type->range.has_min                            ? type->range.min.f
                         : type->range.has_max && type->range.max.f < 0 ? type->range.max.f - 100
                                                                        : 0;
    const double most =
        type->range.has_max && type->range.max.f < least + 100 ? type->range.max.f : least + 100;
    const double value = least + (most - least) * ((double)below(d, 10001) / 10000);
    const double rounded = floor(value * 100) / 100;

    return json_real(rounded >= least && rounded <= most ? rounded : value);
}

/* ---- others ---- */

static json_t *bytes_of_type(dice *d, const schema_type *type)
{
    uint8_t some[64];
    size_t count = 8, i;

    if (type->range.has_max && type->range.max.u < count)
        count = (size_t)type->range.max.u;
    if (type->range.has_min && type->range.min.u > count)
        count = type->range.min.u < sizeof some ? (size_t)type->range.min.u : sizeof some;
    for (i = 0; i < count; i++)
        some[i] = (uint8_t)roll(d);
    return wire_base64((aegis_bytes){some, count});
}

static json_t *uuid_of(dice *d)
{
    aegis_uuid uuid;
    char text[AEGIS_UUID_TEXT];
    size_t i;

    for (i = 0; i < sizeof uuid.bytes; i++)
        uuid.bytes[i] = (uint8_t)roll(d);
    uuid.bytes[6] = (uint8_t)(0x40 | (uuid.bytes[6] & 0x0f)); /* version 4, RFC 9562 */
    uuid.bytes[8] = (uint8_t)(0x80 | (uuid.bytes[8] & 0x3f));
    return json_string(aegis_uuid_format(uuid, text));
}

static json_t *instant(dice *d)
{
    char text[AEGIS_TIMESTAMP_TEXT];

    (void)aegis_timestamp_format(YEAR_BEGIN + (aegis_timestamp)below(d, (uint64_t)YEAR) * AEGIS_SECOND, text);
    return json_string(text);
}

static json_t *decimal(dice *d)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%u.%02u", (unsigned)below(d, 1000), (unsigned)below(d, 100));
    return json_string(text);
}

static size_t entries_of(dice *d, const schema_range *range, unsigned depth)
{
    const uint64_t least = range->has_min ? range->min.u : 0;
    uint64_t most = range->has_max ? range->max.u : UINT64_MAX;

    if (depth >= DEPTH_MAX)
        return 0;
    if (depth >= DEPTH_SMALL)
        return (size_t)least;
    most = most < least + 2 ? most : least + 2;
    if (least == 0 && most > 0)
        return 1 + (size_t)below(d, most);
    return (size_t)(least + below(d, most - least + 1));
}

static json_t *list_of(dice *d, const schema_type *type, const char *name, unsigned depth)
{
    size_t count = entries_of(d, &type->range, depth);
    json_t *list = json_array();

    while (list != NULL && count-- > 0) {
        if (json_array_append_new(list, make(d, type->element, name, depth + 1)) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

static json_t *map_of(dice *d, const schema_type *type, const char *name, unsigned depth)
{
    size_t count = entries_of(d, &type->range, depth), i;
    json_t *map = json_object();
    char key[32];

    for (i = 0; map != NULL && i < count; i++) {
        (void)snprintf(key, sizeof key, "key_%zu", i + 1);
        if (json_object_set_new(map, key, make(d, type->element, name, depth + 1)) != 0) {
            json_decref(map);
            map = NULL;
        }
    }
    return map;
}

/* What does not go deeper. */
static bool is_flat(const schema_type *type)
{
    return type->kind != SCHEMA_RECORD && ((type->kind != SCHEMA_LIST && type->kind != SCHEMA_MAP) ||
                                           !type->range.has_min || type->range.min.u == 0);
}

static const schema_field *member_of(dice *d, const schema_record *record, unsigned depth)
{
    const size_t start = (size_t)below(d, record->field_count);
    size_t i;

    for (i = 0; depth >= DEPTH_SMALL && i < record->field_count; i++) {
        if (is_flat(record->fields[(start + i) % record->field_count].type))
            return &record->fields[(start + i) % record->field_count];
    }
    return &record->fields[start];
}

/* A field that may be absent is, now and then. */
static bool leaves_out(dice *d, const schema_field *field, unsigned depth)
{
    const bool must = field->presence == SCHEMA_REQUIRED || field->presence == SCHEMA_CONTAINER;

    return !must && (depth >= DEPTH_SMALL || below(d, 2) == 0);
}

static json_t *record_of(dice *d, const schema_record *record, unsigned depth)
{
    json_t *object = json_object();
    size_t i;

    if (record->kind == SCHEMA_UNION && object != NULL && record->field_count > 0 && depth < DEPTH_MAX) {
        const schema_field *member = member_of(d, record, depth);

        if (json_object_set_new(object, member->name, make(d, member->type, member->name, depth + 1)) == 0)
            return object;
    }
    for (i = 0; object != NULL && record->kind != SCHEMA_UNION && i < record->field_count; i++) {
        const schema_field *field = &record->fields[i];

        if (leaves_out(d, field, depth))
            continue;
        if (json_object_set_new(object, field->name, make(d, field->type, field->name, depth + 1)) != 0) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

static json_t *make(dice *d, const schema_type *type, const char *name, unsigned depth)
{
    const schema_enum *list = type->enumeration;

    switch (type->kind) {
    case SCHEMA_BOOL:
        return json_boolean(below(d, 2) == 0);
    case SCHEMA_F32:
    case SCHEMA_F64:
        return real_of(d, type);
    case SCHEMA_STRING:
        return text_of(d, type, name);
    case SCHEMA_BYTES:
        return bytes_of_type(d, type);
    case SCHEMA_TIMESTAMP:
        return instant(d);
    case SCHEMA_DURATION:
        return json_integer((json_int_t)(1 + below(d, 60)) * AEGIS_SECOND);
    case SCHEMA_UUID:
        return uuid_of(d);
    case SCHEMA_DECIMAL:
        return decimal(d);
    case SCHEMA_ANY:
    case SCHEMA_RAW:
        return json_string(word_for(d, NULL));
    case SCHEMA_ENUM:
        return json_string(list->values[below(d, list->value_count)].name);
    case SCHEMA_RECORD:
        return record_of(d, type->record, depth);
    case SCHEMA_LIST:
        return list_of(d, type, name, depth);
    case SCHEMA_MAP:
        return map_of(d, type, name, depth);
    case SCHEMA_I8:
    case SCHEMA_I16:
    case SCHEMA_I32:
    case SCHEMA_I64:
        return signed_of(d, type);
    default:
        return unsigned_of(d, type);
    }
}

json_t *arguments_example(const schema_record *record, uint64_t seed)
{
    dice d = {seed};

    return record_of(&d, record, 1);
}
