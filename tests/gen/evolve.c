#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "evolve.h"

#define NODE "{\"name\":\"n\",\"side\":\"left\","

static evolve_node node;
static aegis_error failure;

static aegis_status read_json(aegis_arena *arena, const char *json)
{
    aegis_bytes body = {(const uint8_t *)json, strlen(json)};

    return evolve_node_decode(body, AEGIS_FORMAT_JSON, arena, &node, &failure);
}

static void test_accepts(void **state)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    aegis_bytes packed;

    (void)state;
    assert_int_equal(
        read_json(arena, "{\"side\":\"left\",\"new\":[1,{}],\"name\":\"n\",\"colour\":\"azure\","
                         "\"leaves\":[{\"code\":\"x\"}],\"child\":{\"name\":\"c\",\"side\":\"right\"}}"),
        AEGIS_OK);
    assert_int_equal(node.leaves.items[0].count, 3);
    assert_int_equal(node.colour, EVOLVE_COLOUR_BLUE);
    assert_null(node.note);
    assert_false(node.size.has);
    assert_int_equal(evolve_node_encode(&node, AEGIS_FORMAT_MSGPACK, arena, &packed, &failure), AEGIS_OK);
    assert_int_equal(evolve_node_decode(packed, AEGIS_FORMAT_AUTO, arena, &node, &failure), AEGIS_OK);
    assert_string_equal(node.leaves.items[0].sku, "x");
    assert_string_equal(node.child->name, "c");
    assert_int_equal(read_json(arena, "{\"name\":\"n\",\"colour\":\"mauve\",\"side\":\"left\"}"), AEGIS_OK);
    assert_int_equal(node.colour, EVOLVE_COLOUR_UNKNOWN);
    aegis_arena_free(arena);
}

static void test_refuses(void **state)
{
    static const char *const bad[][2] = {
        {"{\"name\":\"n\",\"side\":\"left\",\"leaves\":[{\"sku\":\"a\"},{\"count\":1}]}", "leaves[1].sku"},
        {"{\"name\":\"n\",\"side\":\"left\",\"leaves\":[{\"sku\":\"a\",\"count\":101}]}", "leaves[0].count"},
        {"{\"name\":\"n\",\"side\":\"up\"}", "side"},
        {"{\"name\":\"n\",\"name\":\"m\",\"side\":\"left\"}", "name"},
        {"{\"name\":\"n\"}", "side"},
        {NODE "\"basket\":{\"prices\":{\"a\":1}}}", "basket.leaves is missing"},
        {NODE "\"basket\":{\"leaves\":[],\"prices\":{\"a\":1}}}", "basket.leaves: 0 items"},
        {NODE "\"basket\":{\"leaves\":null,\"prices\":{\"a\":1}}}", "basket.leaves: "},
        {NODE "\"basket\":{\"leaves\":[{\"sku\":\"a\"}]}}", "basket.prices is missing"}};
    aegis_arena *arena = aegis_arena_new(NULL);

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_json(arena, bad[i][0]), AEGIS_INVALID_ARGUMENT);
        if (strstr(failure.text, bad[i][1]) == NULL)
            fail_msg("%s: %s", bad[i][0], failure.text);
    }
    aegis_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_accepts), cmocka_unit_test(test_refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
