/* A text that does not match its pattern is refused on both sides, by the path of its field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <aegis/generated.h>
#include "matching.h"

#define SKUS "\"skus\":[],\"prices\":{}"

static const aegis_format formats[] = {AEGIS_FORMAT_MSGPACK, AEGIS_FORMAT_JSON};

static void test_reads(void **state)
{
    static const char *const bad[][2] = {
        {"{\"items\":[{\"sku\":\"A-1\"},{\"sku\":\"a\"}]," SKUS "}",
         "items[1].sku: does not match ^[A-Z0-9-]+$"},
        {"{\"items\":[{\"sku\":\"A\",\"vowel\":\"xyz\"}]," SKUS "}", "items[0].vowel: does not match [ae"},
        {"{\"items\":[],\"skus\":[\"A\",\"B\",\"\"],\"prices\":{}}", "skus[2]: 0 bytes"},
        {"{\"items\":[],\"skus\":[\"A\",\"B\",\"c\"],\"prices\":{}}", "skus[2]: does not match"},
        {"{\"items\":[],\"skus\":[],\"prices\":{\"x\":[\"A\",\"A b\"]}}", "prices.x[1]: does not match"},
        {"{\"items\":[]," SKUS ",\"day\":\"2024-1\"}", "day: does not match ^\\d{4}-\\d\\d(-\\d\\d)?$"},
        {"{\"items\":[]," SKUS ",\"best\":\"\\u00c4\"}", "best: does not match"},
    };
    aegis_arena *arena = aegis_arena_new(NULL);
    matching_order order;
    aegis_error why;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        aegis_bytes json = {(const uint8_t *)bad[i][0], strlen(bad[i][0])};
        aegis_raw raw = {json, AEGIS_FORMAT_JSON};

        for (size_t k = 0; k < 2; k++) {
            aegis_raw body;

            assert_int_equal(aegis_transcode(raw, formats[k], arena, &body, NULL), AEGIS_OK);
            assert_int_equal(matching_order_decode(body.data, formats[k], arena, &order, &why),
                             AEGIS_INVALID_ARGUMENT);
            if (strncmp(why.text, bad[i][1], strlen(bad[i][1])) != 0)
                fail_msg("%s: %s", bad[i][0], why.text);
        }
    }
    aegis_arena_free(arena);
}

static void test_writes(void **state)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    const char *skus[] = {"A", "b"};
    const matching_item items[] = {{.sku = "A-1", .vowel = "\xf0\x9f\x98\x80"},
                                  {.sku = "Z", .vowel = "\xc3\xa4"}};
    const matching_order good = {.items = AEGIS_ITEMS(items), .day = "2024-02"},
                        bad = {.items = AEGIS_ITEMS(items), .skus = AEGIS_ITEMS(skus)},
                        late = {.items = AEGIS_ITEMS(items), .day = "2024-02\n"},
                        broken = {.items = AEGIS_ITEMS(items), .best = "A\xff"};
    const matching_key odd = {.kind = MATCHING_KEY_ODD, .odd = "*/ ?\?/\t\\\""},
                      even = {.kind = MATCHING_KEY_ODD, .odd = "*/ ?\?/\t\\\"\""};
    matching_order back;
    aegis_bytes body;
    aegis_error why;

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        assert_int_equal(matching_order_encode(&good, formats[k], arena, &body, &why), AEGIS_OK);
        assert_int_equal(matching_order_decode(body, formats[k], arena, &back, &why), AEGIS_OK);
        assert_string_equal(back.items.items[0].vowel, items[0].vowel);
        assert_int_equal(matching_order_encode(&bad, formats[k], arena, &body, &why), AEGIS_INVALID_ARGUMENT);
        assert_string_equal(why.text, "skus[1]: does not match ^[A-Z0-9-]+$");
        assert_int_equal(matching_order_encode(&late, formats[k], arena, &body, &why), AEGIS_INVALID_ARGUMENT);
        assert_memory_equal(why.text, "day: does not match", 19);
        assert_int_equal(matching_order_encode(&broken, formats[k], arena, &body, &why),
                         AEGIS_INVALID_ARGUMENT);
        assert_string_equal(why.text, "best: not valid UTF-8");
        assert_int_equal(matching_key_encode(&odd, formats[k], arena, &body, &why), AEGIS_OK);
        assert_int_equal(matching_key_encode(&even, formats[k], arena, &body, &why), AEGIS_INVALID_ARGUMENT);
        assert_memory_equal(why.text, "odd: does not match", 19);
    }
    aegis_arena_free(arena);
}

/* An absent text has its default, which matches. */
static void test_defaults(void **state)
{
    const char *json = "{\"sku\":\"A\"}";
    const aegis_bytes body = {(const uint8_t *)json, strlen(json)};
    const matching_item empty = {.sku = "A"};
    aegis_arena *arena = aegis_arena_new(NULL);
    matching_item item;

    (void)state;
    assert_int_equal(matching_item_decode(body, AEGIS_FORMAT_JSON, arena, &item, NULL), AEGIS_OK);
    assert_string_equal(item.vowel, "a");
    assert_string_equal(matching_item_to_json(&empty, arena), "{\"sku\":\"A\",\"vowel\":\"a\"}");
    aegis_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reads), cmocka_unit_test(test_writes),
                                       cmocka_unit_test(test_defaults)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
