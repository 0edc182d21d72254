/* Values of any shape: scalars, lookup, copies, what cannot be sent, and raw values between the formats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <aegis/any.h>
#include <aegis/generated.h>

static aegis_arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = aegis_arena_new(NULL);
    return arena != NULL ? 0 : -1;
}

static int close_arena(void **state)
{
    (void)state;
    aegis_arena_free(arena);
    return 0;
}

static aegis_bytes text_of(const char *text)
{
    return (aegis_bytes){(const uint8_t *)text, strlen(text)};
}

static void is_json(aegis_any any, const char *json)
{
    aegis_bytes out;

    assert_int_equal(aegis_any_encode(any, AEGIS_FORMAT_JSON, arena, &out, NULL), AEGIS_OK);
    assert_int_equal(out.len, strlen(json));
    assert_memory_equal(out.data, json, out.len);
}

static aegis_any from_json(const char *json)
{
    aegis_any any;

    assert_int_equal(aegis_any_decode(text_of(json), AEGIS_FORMAT_JSON, arena, &any, NULL), AEGIS_OK);
    return any;
}

static void scalars(void **state)
{
    (void)state;
    is_json((aegis_any){NULL}, "null");
    is_json(aegis_any_from_string(arena, "a\"\\\n\x01\xc5\xbc"), "\"a\\\"\\\\\\n\\u0001\xc5\xbc\"");
    is_json(aegis_any_from_string(arena, ""), "\"\"");
    assert_null(aegis_any_from_string(arena, NULL).object);
    is_json(aegis_any_from_i64(arena, INT64_MAX), "9223372036854775807");
    is_json(aegis_any_from_i64(arena, INT64_MIN), "-9223372036854775808");
    is_json(aegis_any_from_i64(arena, 0), "0");
    is_json(aegis_any_from_f64(arena, 0.1), "0.1");
    is_json(aegis_any_from_f64(arena, -5), "-5.0");
    is_json(aegis_any_from_bool(arena, true), "true");
    is_json(aegis_any_from_bool(arena, false), "false");
}

static void types(void **state)
{
    aegis_any list = from_json("[18446744073709551615,-1,-0,1.0,18446744073709551616,\"\\u0000\",{},[]]");
    const msgpack_object *items = list.object->via.array.ptr;

    (void)state;
    assert_int_equal(list.object->via.array.size, 8);
    assert_int_equal(items[0].type, MSGPACK_OBJECT_POSITIVE_INTEGER);
    assert_true(items[0].via.u64 == UINT64_MAX);
    assert_int_equal(items[1].type, MSGPACK_OBJECT_NEGATIVE_INTEGER);
    assert_true(items[1].via.i64 == -1);
    assert_int_equal(items[2].type, MSGPACK_OBJECT_FLOAT64);
    assert_int_equal(items[3].type, MSGPACK_OBJECT_FLOAT64);
    assert_int_equal(items[4].type, MSGPACK_OBJECT_FLOAT64);
    assert_int_equal(items[5].type, MSGPACK_OBJECT_STR);
    assert_int_equal(items[5].via.str.size, 1);
    assert_int_equal(items[6].type, MSGPACK_OBJECT_MAP);
    assert_int_equal(items[7].type, MSGPACK_OBJECT_ARRAY);
}

static void lookup(void **state)
{
    aegis_any map = from_json("{\"a\":1,\"ab\":2,\"\":3,\"a\":{\"b\":4}}");
    const msgpack_object *found = aegis_any_get(map, "a");

    (void)state;
    is_json((aegis_any){found}, "{\"b\":4}");
    is_json((aegis_any){aegis_any_get((aegis_any){found}, "b")}, "4");
    is_json((aegis_any){aegis_any_get(map, "")}, "3");
    assert_null(aegis_any_get(map, "b"));
    assert_null(aegis_any_get(from_json("[1]"), "a"));
    assert_null(aegis_any_get((aegis_any){NULL}, "a"));
}

/* A copy shares nothing with what it was made of. */
static void copies(void **state)
{
    static const char json[] = "{\"a\":[1,-2,0.5,\"text\",null,true,{\"b\":[]}]}";
    aegis_arena *first = aegis_arena_new(NULL);
    char ext[] = "ext", bin[] = "\x01\x02";
    msgpack_object items[2] = {{.type = MSGPACK_OBJECT_EXT}, {.type = MSGPACK_OBJECT_BIN}};
    msgpack_object list = {.type = MSGPACK_OBJECT_ARRAY};
    aegis_any any, copy, other;

    (void)state;
    assert_int_equal(aegis_any_decode(text_of(json), AEGIS_FORMAT_JSON, first, &any, NULL), AEGIS_OK);
    copy = aegis_any_copy(any, arena);
    assert_true(aegis_copy_any(arena, &any));
    aegis_arena_free(first);
    is_json(copy, json);
    is_json(any, json);
    items[0].via.ext.type = 5;
    items[0].via.ext.size = 3;
    items[0].via.ext.ptr = ext;
    items[1].via.bin.size = 2;
    items[1].via.bin.ptr = bin;
    list.via.array.ptr = items;
    list.via.array.size = 2;
    other = aegis_any_copy((aegis_any){&list}, arena);
    memset(ext, 0, sizeof ext);
    assert_non_null(other.object);
    assert_int_equal(other.object->via.array.ptr[0].via.ext.type, 5);
    assert_memory_equal(other.object->via.array.ptr[0].via.ext.ptr, "ext", 3);
    assert_memory_equal(other.object->via.array.ptr[1].via.bin.ptr, bin, 2);
}

static void refuses(const msgpack_object *object, aegis_format format, const char *text)
{
    aegis_error error = {0};
    aegis_bytes out;

    assert_int_equal(aegis_any_encode((aegis_any){object}, format, arena, &out, &error),
                     AEGIS_INVALID_ARGUMENT);
    assert_string_equal(error.text, text);
    assert_true(out.data == NULL && out.len == 0);
}

/* A writer that has failed is written to no further, however much follows. */
static void not_sent(void **state)
{
    msgpack_object items[2] = {{.type = MSGPACK_OBJECT_NIL}, {.type = MSGPACK_OBJECT_EXT}};
    msgpack_object list = {.type = MSGPACK_OBJECT_ARRAY}, map = {.type = MSGPACK_OBJECT_MAP};
    msgpack_object bad = {.type = MSGPACK_OBJECT_STR}, number = {.type = MSGPACK_OBJECT_FLOAT64};
    msgpack_object_kv entry = {{.type = MSGPACK_OBJECT_POSITIVE_INTEGER}, {.type = MSGPACK_OBJECT_NIL}};
    msgpack_object nest[AEGIS_DEPTH_LIMIT + 1];
    aegis_bytes out;
    size_t i;

    (void)state;
    items[1].via.ext.size = 0;
    list.via.array.ptr = items;
    list.via.array.size = 2;
    refuses(&list, AEGIS_FORMAT_JSON, "[1]: JSON has no extension types");
    map.via.map.ptr = &entry;
    map.via.map.size = 1;
    refuses(&map, AEGIS_FORMAT_MSGPACK, "a key is not a string");
    refuses(&map, AEGIS_FORMAT_JSON, "a key is not a string");
    bad.via.str.ptr = "\xed\xa0\x80";
    bad.via.str.size = 3;
    refuses(&bad, AEGIS_FORMAT_MSGPACK, "not valid UTF-8");
    refuses(&bad, AEGIS_FORMAT_JSON, "not valid UTF-8");
    for (i = 0; i <= AEGIS_DEPTH_LIMIT; i++) {
        nest[i].type = MSGPACK_OBJECT_ARRAY;
        nest[i].via.array.size = i < AEGIS_DEPTH_LIMIT ? 1 : 0;
        nest[i].via.array.ptr = i < AEGIS_DEPTH_LIMIT ? &nest[i + 1] : NULL;
    }
    assert_int_not_equal(aegis_any_encode((aegis_any){nest}, AEGIS_FORMAT_JSON, arena, &out, NULL), AEGIS_OK);
    assert_int_not_equal(aegis_any_encode((aegis_any){nest}, AEGIS_FORMAT_MSGPACK, arena, &out, NULL),
                         AEGIS_OK);
    assert_int_equal(aegis_any_encode((aegis_any){nest + 1}, AEGIS_FORMAT_JSON, arena, &out, NULL), AEGIS_OK);
    assert_int_equal(out.len, 2 * AEGIS_DEPTH_LIMIT);
    number.via.f64 = strtod("nan", NULL);
    assert_int_not_equal(aegis_any_encode((aegis_any){&number}, AEGIS_FORMAT_JSON, arena, &out, NULL),
                         AEGIS_OK);
    assert_int_equal(aegis_any_encode((aegis_any){&number}, AEGIS_FORMAT_MSGPACK, arena, &out, NULL),
                     AEGIS_OK);
}

#define LONG_KEY "\"a key that is longer than a scalar is, by far\":"
/* As generated code does it: who asks for room and is refused stops, who does not need to ask goes on. */
#define WRITE_ON(f, put_map, end)                                                                            \
    aegis_##f##_put_list(w, 3000, 0, SIZE_MAX);                                                              \
    aegis_put_item(w);                                                                                       \
    aegis_##f##_put_u64(w, 7, 0, 5);                                                                         \
    for (i = 0; i < 1000; i++) {                                                                             \
        aegis_put_item(w);                                                                                   \
        aegis_##f##_put_u64(w, UINT64_MAX, 0, UINT64_MAX);                                                   \
        aegis_put_item(w);                                                                                   \
        aegis_##f##_put_f64(w, -1.2345678901234567e-300);                                                    \
        aegis_put_item(w);                                                                                   \
        put_map;                                                                                             \
        aegis_put_key(w, LONG_KEY, sizeof LONG_KEY - 1);                                                     \
        aegis_##f##_put_null(w);                                                                             \
        aegis_write_text_key(w, w->format == AEGIS_FORMAT_JSON, "key");                                      \
        aegis_##f##_put_string(w, "a text that is longer than a scalar is, and than scratch memory is", 0,   \
                               SIZE_MAX);                                                                    \
        aegis_##f##_put_null(w);                                                                             \
        aegis_put_token(w, "token", 5);                                                                      \
        aegis_put_key(w, LONG_KEY, sizeof LONG_KEY - 1);                                                     \
        assert_false(aegis_put_room(w, AEGIS_ROOM + 1));                                                     \
        aegis_put_bytes_in(w, (aegis_bytes){(const uint8_t *)LONG_KEY, 40}, 0, SIZE_MAX);                    \
        aegis_put_key(w, LONG_KEY, sizeof LONG_KEY - 1);                                                     \
        aegis_put_any(w, (aegis_any){NULL});                                                                 \
        end;                                                                                                 \
    }

static void write_on(aegis_writer *w, aegis_format format, size_t limit, aegis_status status,
                     const char *text)
{
    aegis_arena *own = aegis_arena_new(NULL);
    aegis_error error = {0};
    aegis_bytes out;
    int i;

    aegis_arena_set_limit(own, limit);
    aegis_writer_open(w, own, format, 0);
    if (format == AEGIS_FORMAT_JSON) {
        WRITE_ON(js, aegis_js_put_map(w), aegis_js_end(w, '}'))
        aegis_js_end(w, ']');
    } else {
        WRITE_ON(mp, aegis_mp_put_map(w, 2), aegis_mp_put_entries(w, 0, 0, 0))
    }
    assert_int_equal(aegis_writer_close(w, &out, &error), status);
    assert_string_equal(error.text, text);
    aegis_arena_free(own);
}

/* A writer that failed, and one that never had memory, which is why it stands alone here. */
static void after_failure(void **state)
{
    aegis_writer *w = (aegis_writer *)malloc(sizeof *w);
    aegis_format format;

    (void)state;
    assert_non_null(w);
    for (format = AEGIS_FORMAT_MSGPACK; format <= AEGIS_FORMAT_JSON; format = (aegis_format)(format + 1)) {
        write_on(w, format, 2048, AEGIS_INVALID_ARGUMENT, "[0]: 7 is not in 0..5");
        write_on(w, format, 0, AEGIS_RESOURCE_EXHAUSTED, "out of memory");
    }
    free(w);
}

static void raw_values(void **state)
{
    static const char json[] = "{\"a\":[1,-2,0.5,\"text\",null,true,{\"b\":[]}]}";
    aegis_raw from = {{(const uint8_t *)json, sizeof json - 1}, AEGIS_FORMAT_AUTO}, mp, back, nothing = {0};
    aegis_error error = {0};

    (void)state;
    assert_int_equal(aegis_transcode(from, AEGIS_FORMAT_JSON, arena, &back, NULL), AEGIS_OK);
    assert_ptr_equal(back.data.data, json);
    assert_int_equal(aegis_transcode(from, AEGIS_FORMAT_AUTO, arena, &mp, NULL), AEGIS_OK);
    assert_int_equal(mp.format, AEGIS_FORMAT_MSGPACK);
    assert_int_equal(mp.data.data[0], 0x81);
    assert_int_equal(aegis_transcode(mp, AEGIS_FORMAT_JSON, arena, &back, NULL), AEGIS_OK);
    assert_int_equal(back.data.len, sizeof json - 1);
    assert_memory_equal(back.data.data, json, sizeof json - 1);
    assert_int_equal(aegis_transcode(nothing, AEGIS_FORMAT_JSON, arena, &back, NULL), AEGIS_OK);
    assert_int_equal(back.data.len, 0);
    from.data.len--;
    assert_int_equal(aegis_transcode(from, AEGIS_FORMAT_MSGPACK, arena, &back, &error),
                     AEGIS_INVALID_ARGUMENT);
    assert_string_equal(error.text, "a raw value: the message ends too early");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars),    cmocka_unit_test(types),    cmocka_unit_test(lookup),
        cmocka_unit_test(copies),     cmocka_unit_test(not_sent), cmocka_unit_test(after_failure),
        cmocka_unit_test(raw_values),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
