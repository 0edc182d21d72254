/* What a decoder or an encoder says when a field is wrong, in both formats: the path and the reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mistakes.h"

#include <aegis/generated.h>

/* Decode `json`, and its MessagePack unless that is said to be NULL, and compare what is said; "": it is
 * fine. */
static void says(const char *json, const char *js_text, const char *mp_text)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_raw raw = {{(const uint8_t *)json, strlen(json)}, AEGIS_FORMAT_JSON}, mp;
    aegis_error error = {0};
    mistakes_order order;

    (void)mistakes_order_decode(raw.data, AEGIS_FORMAT_JSON, arena, &order, &error);
    assert_string_equal(error.text, js_text);
    if (mp_text != NULL) {
        error = (aegis_error){0};
        assert_int_equal(aegis_transcode(raw, AEGIS_FORMAT_MSGPACK, arena, &mp, NULL), AEGIS_OK);
        (void)mistakes_order_decode(mp.data, AEGIS_FORMAT_AUTO, arena, &order, &error);
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
    both("{\"x\":[1,{\"y\":2}],\"items\":[{\"sku\":\"a\",\"quantity\":1},{\"quantity\":1,\"new\":\"er\"}]}",
         "items[1].sku is missing");
    both("{\"items\":[{\"quantity\":1}]}", "items[0].sku is missing");
    both("{\"items\":[{\"sku\":\"a\",\"sku\":\"a\"}]}", "items[0].sku: comes twice");
    both("{\"items\":[]}", "items: 0 items, not in 1..3");
    both("{\"items\":[3]}", "items[0]: expected a map, found an integer");
    both("{\"items\":{}}", "items: expected a list, found a map");
    both("[]", "expected a map, found a list");
    both("{\"items\":[{\"sku\":\"a\\u0000b\",\"quantity\":1}]}", "items[0].sku: U+0000 in a string");
    says("{\"customer\":\"ada\"", "the message ends too early", NULL);
    says("{\"customer\":\"ada\"}", "items is missing", "items is missing");
    says("{\"items\":[{\"sku\":\"a\",\"quantity\":1}]}x", "1 bytes follow the value", NULL);
    says("{\"customer\":\"ada\",}", "expected a string as key, found '}'", NULL);
    says("{\"items\":[{\"sku\":\"a\",\"quantity\":1},]}", "items[1]: expected a map, found ']'", NULL);
    says("{\"items\":[{\"sku\":\"a\",\"quantity\":01}]}",
         "items[0].quantity: expected an integer, found a number", NULL);
    says("{\"items\":[{\"sku\":\"a\",\"quantity\":\"12\"}]}", "", NULL);
    says("{\"items\":[{\"sku\":\"\\ud800\",\"quantity\":1}]}", "items[0].sku: a bad escape in a string",
         NULL);
    says("{\"items\":[{\"sku\":\"a\",\"quantity\":1]}", "items[0]: expected ',' or '}', found ']'", NULL);
}

/* The other types of value, each with one item, so that nothing else is wrong. */
static void values(void **state)
{
    static const char items[] = "\"items\":[{\"sku\":\"a\",\"quantity\":1}]";
    static const char *const cases[][3] = {
        {"\"labels\":{\"a\":1,\"b\":128}", "labels.b: 128 is not in -128..127", ""},
        {"\"labels\":{\"a\":1,\"b\":-129}", "labels.b: -129 is not in -128..127", ""},
        {"\"labels\":{\"a\":1,\"b\":2,\"c\":3}", "labels: 3 items, not in 0..2", ""},
        {"\"labels\":[]", "labels: expected a map, found a list", ""},
        {"\"labels\":{\"a\":1.5}", "labels.a: expected an integer, found a float", ""},
        {"\"ratio\":1", "", ""},
        {"\"ratio\":1.5", "ratio: 1.5 is not in 0..1", ""},
        {"\"ratio\":true", "ratio: expected a number, found a bool", ""},
        {"\"small\":1e300", "small: 1e+300 is too large for f32", ""},
        {"\"small\":[]", "small: expected a number, found a list", ""},
        {"\"at\":\"2025-01-01T00:00:00Z\"", "", ""},
        {"\"at\":\"2025-13-01T00:00:00Z\"", "at: not an RFC 3339 timestamp of the years 1678 to 2262", ""},
        {"\"at\":5", "at: expected a timestamp, found an integer", ""},
        {"\"id\":\"0f8fad5b-d9cb-469f-a165-70867728950e\"", "", ""},
        {"\"id\":\"0f8fad5b-d9cb-469f-a165-70867728950\"", "id: not a uuid", ""},
        {"\"id\":\"0f8fad5b-d9cb-469f-a165-70867728950g\"", "id: not a uuid", ""},
        {"\"price\":\"19.950\"", "", ""},
        {"\"price\":\"19.\"", "price: not a decimal number", ""},
        {"\"price\":19.95", "price: expected a string, found a float", ""},
        {"\"blob\":\"AAAA\"", "", ""},
        {"\"blob\":\"AAAAAAA=\"", "blob: 5 bytes, not in 0..4", ""},
        {"\"blob\":\"AAA\"", "blob: not padded base64", ""},
        {"\"blob\":7", "blob: expected bytes in base64, found an integer",
         "blob: expected bytes, found an integer"},
        {"\"customer\":\"a\",\"customer\":\"b\"", "customer: comes twice", ""},
        {"\"customer\":null", "", ""},
        {"\"unknown\":{\"deep\":[[[{\"er\":[1,\"\",null,true,1.5]}]]]}", "", ""},
    };
    char json[256];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(json, sizeof json, "{%s,%s}", items, cases[i][0]);
        says(json, cases[i][1], cases[i][2][0] != '\0' ? cases[i][2] : cases[i][1]);
    }
}

static void encodes(aegis_format format, const mistakes_order *order, const char *text)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_error error = {0};
    aegis_bytes out;

    (void)mistakes_order_encode(order, format, arena, &out, &error);
    assert_string_equal(error.text, text);
    aegis_arena_free(arena);
}

#define ITEMS(array) .items = AEGIS_ITEMS(array)

static void encoding(void **state)
{
    static const mistakes_item good[] = {{"a", 1}, {"b", 1000}}, bad[] = {{"a", 1}, {NULL, 2}};
    static const mistakes_item low[] = {{"a", 1}, {"b", 2}, {"c", 0}}, many[4] = {{"a", 1}};
    static const aegis_i8_map_entry labels[] = {{"a", 1}, {NULL, 2}, {"\xff", 3}};
    aegis_format format;

    (void)state;
    for (format = AEGIS_FORMAT_MSGPACK; format <= AEGIS_FORMAT_JSON; format = (aegis_format)(format + 1)) {
        encodes(format, &(mistakes_order){.customer = "ada", ITEMS(good)}, "");
        encodes(format, &(mistakes_order){.customer = "ada", ITEMS(bad)}, "items[1].sku: is required");
        encodes(format, &(mistakes_order){ITEMS(low)}, "items[2].quantity: 0 is not in 1..1000");
        encodes(format, &(mistakes_order){ITEMS(many)}, "items: 4 items, not in 1..3");
        encodes(format, &(mistakes_order){.customer = "a"}, "items: 0 items, not in 1..3");
        encodes(format, &(mistakes_order){.customer = "far too long", ITEMS(good)},
                "customer: 12 bytes, not in 1..10");
        encodes(format, &(mistakes_order){.customer = "\xff", ITEMS(good)}, "customer: not valid UTF-8");
        encodes(format, &(mistakes_order){ITEMS(good), .labels = {labels, 2}}, "labels: a key is NULL");
        encodes(format, &(mistakes_order){ITEMS(good), .labels = {labels + 2, 1}},
                "labels: a key is not valid UTF-8");
        encodes(format, &(mistakes_order){ITEMS(good), .labels = {labels, 3}},
                "labels: 3 items, not in 0..2");
        encodes(format, &(mistakes_order){ITEMS(good), .ratio = {true, -0.5}}, "ratio: -0.5 is not in 0..1");
        encodes(format, &(mistakes_order){ITEMS(good), .price = "1,5"}, "price: not a decimal number");
        encodes(format, &(mistakes_order){ITEMS(good), .blob = &(aegis_bytes){(const uint8_t *)"12345", 5}},
                "blob: 5 bytes, not in 0..4");
    }
}

/* ---- what is cut off, and memory that runs out ---- */

static const mistakes_item whole_items[] = {
    {"a sku of more than thirty-two letters", 1}, {"", 1000}, {"\xc3\xa4", 127}};
static const aegis_i8_map_entry whole_labels[] = {{"first", -128}, {"second", 127}};
static const aegis_bytes whole_blob = {(const uint8_t *)"\0\1\2", 3};
static const mistakes_order whole = {.customer = "ada",
                                     .items = {whole_items, 3},
                                     .labels = {whole_labels, 2},
                                     .ratio = {true, 0.1},
                                     .small = {true, 1.5F},
                                     .at = {true, INT64_C(1735689600123456789)},
                                     .id = {true, {{1, 2, 3}}},
                                     .price = "-12.50",
                                     .blob = &whole_blob};

/* In memory of its own, so that a sanitizer sees a read beyond it. */
static void refuses(const uint8_t *data, size_t size, aegis_format format)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    uint8_t *part = (uint8_t *)malloc(size + (size == 0));
    aegis_error error = {0};
    mistakes_order order;

    assert_non_null(part);
    memcpy(part, data, size);
    assert_int_equal(mistakes_order_decode((aegis_bytes){part, size}, format, arena, &order, &error),
                     AEGIS_INVALID_ARGUMENT);
    assert_true(error.text[0] != '\0');
    free(part);
    aegis_arena_free(arena);
}

static void truncation(void **state)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_format format;

    (void)state;
    for (format = AEGIS_FORMAT_MSGPACK; format <= AEGIS_FORMAT_JSON; format = (aegis_format)(format + 1)) {
        aegis_bytes body, again;
        mistakes_order order;

        assert_int_equal(mistakes_order_encode(&whole, format, arena, &body, NULL), AEGIS_OK);
        for (size_t size = 0; size < body.len; size++)
            refuses(body.data, size, format);
        assert_int_equal(mistakes_order_decode(body, format, arena, &order, NULL), AEGIS_OK);
        assert_int_equal(mistakes_order_encode(&order, format, arena, &again, NULL), AEGIS_OK);
        assert_int_equal(again.len, body.len);
        assert_memory_equal(again.data, body.data, body.len);
    }
    aegis_arena_free(arena);
}

/* The arena's limit ends the work at every place where it takes memory. */
static void exhaustion(void **state)
{
    aegis_arena *arena = aegis_arena_new(NULL), *kept = aegis_arena_new(NULL);
    aegis_format format;

    (void)state;
    for (format = AEGIS_FORMAT_MSGPACK; format <= AEGIS_FORMAT_JSON; format = (aegis_format)(format + 1)) {
        aegis_bytes body, out;
        mistakes_order order;
        aegis_status status = AEGIS_RESOURCE_EXHAUSTED;
        size_t limit = 0, failures = 0;

        assert_int_equal(mistakes_order_encode(&whole, format, kept, &body, NULL), AEGIS_OK);
        for (; status != AEGIS_OK; limit++) {
            aegis_arena_reset(arena);
            aegis_arena_set_limit(arena, limit);
            status = mistakes_order_decode(body, format, arena, &order, NULL);
            assert_true(status == AEGIS_OK || status == AEGIS_RESOURCE_EXHAUSTED);
            failures += status != AEGIS_OK;
        }
        assert_true(failures > 100);
        for (status = AEGIS_RESOURCE_EXHAUSTED, limit = 0; status != AEGIS_OK; limit += 16) {
            aegis_arena_reset(arena);
            aegis_arena_set_limit(arena, limit);
            status = mistakes_order_encode(&whole, format, arena, &out, NULL);
            assert_true(status == AEGIS_OK || status == AEGIS_RESOURCE_EXHAUSTED);
        }
        assert_int_equal(out.len, body.len);
        assert_memory_equal(out.data, body.data, body.len);
    }
    aegis_arena_free(kept);
    aegis_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(decoding), cmocka_unit_test(values),
                                       cmocka_unit_test(encoding), cmocka_unit_test(truncation),
                                       cmocka_unit_test(exhaustion)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
