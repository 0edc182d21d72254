/* What an encoder or decoder says when a field is wrong, in both formats: the path and the reason. The order
 * here is what generated code looks like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <aegis/any.h>
#include <aegis/generated.h>

typedef struct item {
    const char *sku;
    uint32_t quantity;
} item;

typedef struct order {
    const char *customer;
    const item *items;
    size_t count;
} order;

static void put_order(aegis_writer *w, const order *o)
{
    size_t i;

#define PUT(f, customer_key, items_key, sku_key, quantity_key)                                               \
    aegis_##f##_put_map(w, 2);                                                                               \
    aegis_##f##_put_key(w, customer_key, sizeof customer_key - 1);                                           \
    aegis_##f##_put_string(w, o->customer, 1, 10);                                                           \
    aegis_##f##_put_key(w, items_key, sizeof items_key - 1);                                                 \
    aegis_##f##_put_list(w, o->count);                                                                       \
    for (i = 0; i < o->count; i++) {                                                                         \
        aegis_##f##_put_item(w);                                                                             \
        aegis_##f##_put_map(w, 2);                                                                           \
        aegis_##f##_put_key(w, sku_key, sizeof sku_key - 1);                                                 \
        aegis_##f##_put_string(w, o->items[i].sku, 0, SIZE_MAX);                                             \
        aegis_##f##_put_key(w, quantity_key, sizeof quantity_key - 1);                                       \
        aegis_##f##_put_u64(w, o->items[i].quantity, 1, 1000);                                               \
        aegis_##f##_end_map(w);                                                                              \
    }                                                                                                        \
    aegis_##f##_end_list(w);                                                                                 \
    aegis_##f##_end_map(w)

    if (w->format == AEGIS_FORMAT_JSON) {
        PUT(js, "\"customer\":", "\"items\":", "\"sku\":", "\"quantity\":");
    } else {
        PUT(mp,
            "\xa8"
            "customer",
            "\xa5"
            "items",
            "\xa3sku", "\xa8quantity");
    }
}

static bool is_key(aegis_bytes key, const char *name)
{
    return key.len == strlen(name) && memcmp(key.data, name, key.len) == 0;
}

#define GET_ITEM(f)                                                                                          \
    static void get_item_##f(aegis_reader *r)                                                                \
    {                                                                                                        \
        const uint8_t *start = r->at;                                                                        \
        size_t left = aegis_##f##_get_map(r);                                                                \
        bool has_sku = false, has_quantity = false;                                                          \
        while (left > 0) {                                                                                   \
            aegis_bytes key = aegis_##f##_get_key(r);                                                        \
            if (r->failed)                                                                                   \
                return;                                                                                      \
            if (is_key(key, "sku")) {                                                                        \
                if (has_sku)                                                                                 \
                    aegis_get_repeated(r);                                                                   \
                has_sku = true;                                                                              \
                (void)aegis_##f##_get_string(r, 0, SIZE_MAX);                                                \
            } else if (is_key(key, "quantity")) {                                                            \
                has_quantity = true;                                                                         \
                (void)aegis_##f##_get_u64(r, 1, 1000);                                                       \
            } else {                                                                                         \
                aegis_##f##_skip(r);                                                                         \
            }                                                                                                \
            aegis_##f##_next(r, &left);                                                                      \
        }                                                                                                    \
        if (!has_sku)                                                                                        \
            aegis_get_missing(r, start, "sku");                                                              \
        if (!has_quantity)                                                                                   \
            aegis_get_missing(r, start, "quantity");                                                         \
    }

GET_ITEM(js)
GET_ITEM(mp)

static void get_order(aegis_reader *r)
{
    size_t left, more, count = 0;

    if (r->format == AEGIS_FORMAT_JSON) {
        for (left = aegis_js_get_map(r); left > 0; aegis_js_next(r, &left)) {
            if (aegis_js_expect(r, &left, "\"customer\":", 11)) {
                (void)aegis_js_get_string(r, 1, 10);
            } else if (is_key(aegis_js_get_key(r), "items")) {
                for (more = aegis_js_get_list(r, 1, 1, 3); more > 0; aegis_js_next(r, &more), count++)
                    get_item_js(r);
                aegis_js_list_done(r, count, 1, 3);
            } else {
                aegis_js_skip(r);
            }
        }
        return;
    }
    for (left = aegis_mp_get_map(r); left > 0; aegis_mp_next(r, &left)) {
        if (aegis_mp_expect(r, &left,
                            "\xa8"
                            "customer",
                            9)) {
            (void)aegis_mp_get_string(r, 1, 10);
        } else if (is_key(aegis_mp_get_key(r), "items")) {
            for (more = aegis_mp_get_list(r, 1, 1, 3); more > 0; aegis_mp_next(r, &more))
                get_item_mp(r);
        } else {
            aegis_mp_skip(r);
        }
    }
}

/* Decode `json`, and its MessagePack, and compare what is said; NULL: it is fine. */
static void says(const char *json, const char *js_text, const char *mp_text)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_raw raw = {{(const uint8_t *)json, strlen(json)}, AEGIS_FORMAT_JSON}, mp;
    aegis_error error = {0};
    aegis_reader r;

    aegis_reader_open(&r, raw.data, AEGIS_FORMAT_JSON, arena);
    get_order(&r);
    (void)aegis_reader_close(&r, &error);
    assert_string_equal(error.text, js_text);
    if (mp_text != NULL) {
        error = (aegis_error){0};
        assert_int_equal(aegis_transcode(raw, AEGIS_FORMAT_MSGPACK, arena, &mp, NULL), AEGIS_OK);
        aegis_reader_open(&r, mp.data, AEGIS_FORMAT_AUTO, arena);
        get_order(&r);
        (void)aegis_reader_close(&r, &error);
        assert_string_equal(error.text, mp_text);
    }
    aegis_arena_free(arena);
}

static void both(const char *json, const char *text)
{
    says(json, text, text);
}

static void decoding(void **state)
{
    (void)state;
    both("{\"customer\":\"ada\",\"items\":[{\"sku\":\"a\",\"quantity\":1}]}", "");
    both("{ \"customer\" : \"ada\" , \"items\" : [ { \"quantity\" : 1 , \"sku\" : \"a\" } ] } ", "");
    both("{\"customer\":5}", "customer: expected a string, found an integer");
    both("{\"customer\":\"\"}", "customer: 0 bytes, not in 1..10");
    both("{\"items\":[{\"sku\":\"a\",\"quantity\":0}]}", "items[0].quantity: 0 is not in 1..1000");
    both("{\"items\":[{\"sku\":\"a\",\"quantity\":1},{\"sku\":\"a\",\"quantity\":-7}]}",
         "items[1].quantity: -7 is not in 1..1000");
    both("{\"x\":[1,{\"y\":2}],\"items\":[{\"sku\":\"a\",\"quantity\":1},{\"quantity\":1}]}",
         "items[1].sku is missing");
    both("{\"items\":[{\"sku\":\"a\",\"sku\":\"a\"}]}", "items[0].sku: comes twice");
    both("{\"items\":[]}", "items: 0 items, not in 1..3");
    both("{\"items\":[3]}", "items[0]: expected a map, found an integer");
    both("{\"items\":{}}", "items: expected a list, found a map");
    both("[]", "expected a map, found a list");
    both("{\"items\":[{\"sku\":\"a\\u0000b\",\"quantity\":1}]}", "items[0].sku: U+0000 in a string");
    says("{\"customer\":\"ada\"", "the message ends too early", NULL);
    says("{\"customer\":\"ada\"}x", "1 bytes follow the value", NULL);
    says("{\"customer\":\"ada\",}", "expected a string as key, found '}'", NULL);
    says("{\"items\":[{\"sku\":\"a\",\"quantity\":1},]}", "items[1]: expected a map, found ']'", NULL);
    says("{\"items\":[{\"sku\":\"a\",\"quantity\":01}]}",
         "items[0].quantity: expected an integer, found a number", NULL);
    says("{\"items\":[{\"sku\":\"a\",\"quantity\":\"12\"}]}", "", NULL);
    says("{\"items\":[{\"sku\":\"\\ud800\",\"quantity\":1}]}", "items[0].sku: a bad escape in a string",
         NULL);
    says("{\"items\":[{\"sku\":\"a\",\"quantity\":1]}", "items[0]: expected ',' or '}', found ']'", NULL);
}

static void encodes(aegis_format format, const order *o, const char *text)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_error error = {0};
    aegis_bytes out;
    aegis_writer w;

    aegis_writer_open(&w, arena, format, 0);
    put_order(&w, o);
    (void)aegis_writer_close(&w, &out, &error);
    assert_string_equal(error.text, text);
    aegis_arena_free(arena);
}

static void encoding(void **state)
{
    const item good[] = {{"a", 1}, {"b", 1000}}, bad[] = {{"a", 1}, {NULL, 2}},
               low[] = {{"a", 1}, {"b", 2}, {"c", 0}};
    aegis_format format;

    (void)state;
    for (format = AEGIS_FORMAT_MSGPACK; format <= AEGIS_FORMAT_JSON; format = (aegis_format)(format + 1)) {
        encodes(format, &(order){"ada", good, 2}, "");
        encodes(format, &(order){"ada", bad, 2}, "items[1].sku: is required");
        encodes(format, &(order){"ada", low, 3}, "items[2].quantity: 0 is not in 1..1000");
        encodes(format, &(order){"far too long", good, 2}, "customer: 12 bytes, not in 1..10");
        encodes(format, &(order){"\xff", good, 2}, "customer: not valid UTF-8");
    }
}

/* Every text is what JSON readers with shortest output (ryu) print, and reads back. */
static void floats(void **state)
{
    static const char *const texts[] = {"5.0",
                                        "0.1",
                                        "19.95",
                                        "1e16",
                                        "1e-7",
                                        "1e22",
                                        "5e-324",
                                        "1000000000000000.0",
                                        "-0.0",
                                        "0.30000000000000004",
                                        "0.00001",
                                        "1e-6",
                                        "1.7976931348623157e308",
                                        "2.2250738585072014e-308",
                                        "5.684341886080802e-14",
                                        "123456789012345.6",
                                        "0.000123",
                                        "1.5e300",
                                        "4.35"};
    aegis_arena *arena = aegis_arena_new(NULL);
    uint64_t x = 88172645463325252u;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        aegis_bytes in = {(const uint8_t *)texts[i], strlen(texts[i])}, out;
        aegis_any any;

        assert_int_equal(aegis_any_decode(in, AEGIS_FORMAT_JSON, arena, &any, NULL), AEGIS_OK);
        assert_int_equal(aegis_any_encode(any, AEGIS_FORMAT_JSON, arena, &out, NULL), AEGIS_OK);
        assert_memory_equal(out.data, texts[i], in.len);
    }
    for (i = 0; i < 100000; i++) {
        aegis_any any;
        aegis_bytes out;
        double value;

        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        memcpy(&value, &x, sizeof value);
        if (i % 3 == 0)
            value = (double)(int64_t)(x >> 34) / 100;
        if (value - value != 0)
            continue;
        aegis_arena_reset(arena);
        assert_int_equal(
            aegis_any_encode(aegis_any_from_f64(arena, value), AEGIS_FORMAT_JSON, arena, &out, NULL), 0);
        assert_int_equal(aegis_any_decode(out, AEGIS_FORMAT_JSON, arena, &any, NULL), 0);
        assert_memory_equal(&any.object->via.f64, &value, sizeof value);
    }
    aegis_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(decoding), cmocka_unit_test(encoding),
                                       cmocka_unit_test(floats)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
