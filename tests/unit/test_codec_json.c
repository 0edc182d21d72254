/* Random JSON beside jansson: the same texts are taken, as the same values, and the same are refused; each
 * reads what the other writes. Where the two differ by intention is said in differs(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <aegis/any.h>
#include <jansson.h>

#define TEXTS 30000
#define ROOM  8192

static uint64_t seed = UINT64_C(88172645463325252);

static uint64_t next(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * UINT64_C(2685821657736338717);
}

static uint32_t below(uint32_t bound)
{
    return (uint32_t)((next() >> 32) % bound);
}

/* ---- texts, by the grammar ---- */

typedef struct text {
    char data[ROOM + 1];
    size_t size;
} text;

static void add(text *t, const char *piece)
{
    size_t length = strlen(piece);

    if (length > ROOM - t->size)
        return;
    memcpy(t->data + t->size, piece, length);
    t->size += length;
    t->data[t->size] = '\0';
}

static void add_space(text *t)
{
    static const char *const spaces[] = {" ", "\n", "\t", "\r", "  \r\n "};

    if (below(8) == 0)
        add(t, spaces[below(5)]);
}

static void add_digits(text *t, uint32_t most)
{
    uint32_t count = 1 + below(most);

    while (count-- > 0)
        add(t, (char[2]){(char)('0' + below(10)), '\0'});
}

static void add_number(text *t)
{
    static const char *const exponents[] = {"e", "E", "e+", "E-", "e-"};

    if (below(3) == 0)
        add(t, "-");
    if (below(6) == 0) {
        add(t, "0");
    } else {
        add(t, (char[2]){(char)('1' + below(9)), '\0'});
        if (below(3) != 0)
            add_digits(t, below(20) == 0 ? 17 : 6);
    }
    if (below(2) == 0) {
        add(t, ".");
        add_digits(t, below(10) == 0 ? 30 : 5);
    }
    if (below(8) == 0) {
        add(t, exponents[below(5)]);
        add_digits(t, 2);
    }
}

static void add_string(text *t)
{
    static const char *const pieces[] = {"a",
                                         "Z",
                                         " ",
                                         "0123456789",
                                         "a longer piece of plain text",
                                         "\xc3\xa4",
                                         "\\n",
                                         "\\\"",
                                         "\\\\",
                                         "\\/",
                                         "\\b\\f\\r\\t",
                                         "\xe2\x82\xac",
                                         "\\u00e4",
                                         "\\u20AC",
                                         "\\u0000",
                                         "\\u001f",
                                         "\xf0\x9f\x98\x80",
                                         "\x7f",
                                         "\\ud83d\\ude00",
                                         "\xed\x9f\xbf",
                                         "\xef\xbf\xbf",
                                         "\\uFFFF"};
    uint32_t count = below(8);
    bool plain = below(2) == 0;

    add(t, "\"");
    while (count-- > 0)
        add(t, pieces[below(plain ? 5 : 22)]);
    add(t, "\"");
}

/* Keys without NUL, which jansson does not have. */
static void add_key(text *t)
{
    static const char *const keys[] = {"\"\"",
                                       "\"a\"",
                                       "\"key\"",
                                       "\"\\u00e4\"",
                                       "\"a\\\"b\"",
                                       "\"\xc3\xa4\"",
                                       "\"quite a long key, so that it does not fit into one word\""};

    add(t, keys[below(7)]);
}

static void add_value(text *t, uint32_t depth)
{
    static const char *const words[] = {"true", "false", "null"};
    uint32_t kind = below(depth < 5 ? 8 : 4), count = below(5), i;
    bool map = kind >= 6;

    add_space(t);
    if (kind == 0) {
        add(t, words[below(3)]);
    } else if (kind <= 2) {
        add_number(t);
    } else if (kind == 3) {
        add_string(t);
    } else {
        add(t, map ? "{" : "[");
        add_space(t);
        for (i = 0; i < count; i++) {
            if (map) {
                add_space(t);
                add_key(t);
                add_space(t);
                add(t, ":");
            }
            add_value(t, depth + 1);
            if (i + 1 < count)
                add(t, ",");
        }
        add(t, map ? "}" : "]");
    }
    add_space(t);
}

/* ---- comparing ---- */

static bool same(const msgpack_object *ours, const json_t *theirs);

/* Of entries with one key the last counts, as it does for jansson. */
static bool same_map(const msgpack_object_map *ours, const json_t *theirs)
{
    size_t distinct = 0;
    uint32_t i, k;

    for (i = 0; i < ours->size; i++) {
        const msgpack_object_str *key = &ours->ptr[i].key.via.str;
        bool last = true;

        for (k = i + 1; k < ours->size; k++)
            last = last && (ours->ptr[k].key.via.str.size != key->size ||
                            memcmp(ours->ptr[k].key.via.str.ptr, key->ptr, key->size) != 0);
        if (last && !same(&ours->ptr[i].val, json_object_get(theirs, key->ptr)))
            return false;
        distinct += last;
    }
    return distinct == json_object_size(theirs);
}

static bool same(const msgpack_object *ours, const json_t *theirs)
{
    uint32_t i;

    if (theirs == NULL)
        return false;
    switch (ours->type) {
    case MSGPACK_OBJECT_NIL:
        return json_is_null(theirs);
    case MSGPACK_OBJECT_BOOLEAN:
        return json_is_boolean(theirs) && json_is_true(theirs) == ours->via.boolean;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return json_is_integer(theirs) && json_integer_value(theirs) == ours->via.i64;
    case MSGPACK_OBJECT_FLOAT64:
        return json_is_number(theirs) && json_number_value(theirs) == ours->via.f64;
    case MSGPACK_OBJECT_STR:
        return json_is_string(theirs) && json_string_length(theirs) == ours->via.str.size &&
               memcmp(json_string_value(theirs), ours->via.str.ptr, ours->via.str.size) == 0;
    case MSGPACK_OBJECT_ARRAY:
        for (i = 0; i < ours->via.array.size; i++)
            if (!same(&ours->via.array.ptr[i], json_array_get(theirs, i)))
                return false;
        return json_is_array(theirs) && json_array_size(theirs) == ours->via.array.size;
    case MSGPACK_OBJECT_MAP:
        return json_is_object(theirs) && same_map(&ours->via.map, theirs);
    default:
        return false;
    }
}

/* jansson has no integers beyond 63 bits and no key with a NUL; neither has numbers beyond a double's. */
static bool differs(const json_error_t *error)
{
    const enum json_error_code code = json_error_code(error);

    return code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
           code == json_error_null_character;
}

static json_t *theirs_of(const char *data, size_t size, json_error_t *error)
{
    return json_loadb(data, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, error);
}

static bool ours_of(const char *data, size_t size, aegis_arena *arena, aegis_any *any)
{
    const aegis_bytes body = {(const uint8_t *)data, size};

    return aegis_any_decode(body, AEGIS_FORMAT_JSON, arena, any, NULL) == AEGIS_OK;
}

/* Taken by both as the same, or refused by both. In memory of its own, for a sanitizer's sake. */
static bool compare(const char *data, size_t size, aegis_arena *arena)
{
    char *alone = (char *)malloc(size + (size == 0));
    json_error_t error;
    aegis_any any;
    json_t *theirs;
    bool ours;

    assert_non_null(alone);
    memcpy(alone, data, size);
    theirs = theirs_of(alone, size, &error);
    ours = ours_of(alone, size, arena, &any);
    if (theirs == NULL ? ours && !differs(&error) : !ours || !same(any.object, theirs))
        fail_msg("jansson %s, we %s: %.*s", theirs == NULL ? error.text : "takes it",
                 ours ? "take it" : "refuse it", (int)size, data);
    json_decref(theirs);
    free(alone);
    return ours;
}

/* ---- the tests ---- */

/* What both write is what the other reads. */
static void exchange(const text *t, aegis_arena *arena)
{
    json_error_t error;
    aegis_any any;
    aegis_bytes out;
    json_t *theirs, *again;
    char *dumped;

    assert_true(ours_of(t->data, t->size, arena, &any));
    assert_int_equal(aegis_any_encode(any, AEGIS_FORMAT_JSON, arena, &out, NULL), AEGIS_OK);
    theirs = theirs_of(t->data, t->size, &error);
    again = theirs_of((const char *)out.data, out.len, &error);
    if (again == NULL && differs(&error))
        again = json_incref(theirs);
    assert_true(same(any.object, again));
    dumped = json_dumps(theirs, JSON_ENCODE_ANY | JSON_COMPACT);
    assert_non_null(dumped);
    assert_true(ours_of(dumped, strlen(dumped), arena, &any));
    assert_true(same(any.object, theirs));
    free(dumped);
    json_decref(theirs);
    json_decref(again);
}

static void whole_texts(void **state)
{
    static text t;
    aegis_arena *arena = aegis_arena_new(NULL);
    size_t taken = 0, size;
    int i;

    (void)state;
    for (i = 0; i < TEXTS; i++) {
        aegis_arena_reset(arena);
        t.size = 0;
        add_value(&t, 0);
        if (!compare(t.data, t.size, arena))
            continue;
        taken++;
        exchange(&t, arena);
        if (i % 16 != 0)
            continue;
        for (size = 0; size < t.size && size < 300; size++)
            (void)compare(t.data, size, arena);
    }
    assert_true(taken > TEXTS * 9 / 10);
    aegis_arena_free(arena);
}

static void damaged_texts(void **state)
{
    static const char telling[] = "{}[]\",:\\/ue0123456789+-.EtTnN \n\t\x01\x1f\x7f\x80\xc0\xed\xff";
    static text t;
    aegis_arena *arena = aegis_arena_new(NULL);
    size_t refused = 0;
    int i, k;

    (void)state;
    for (i = 0; i < TEXTS; i++) {
        aegis_arena_reset(arena);
        t.size = 0;
        add_value(&t, 0);
        for (k = 0; k < 3; k++) {
            t.data[below((uint32_t)t.size)] = telling[below(sizeof telling - 1)];
            refused += !compare(t.data, t.size, arena);
        }
    }
    assert_true(refused > TEXTS);
    aegis_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_texts),
        cmocka_unit_test(damaged_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
