#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "torture.h"

static void test_names(void **state)
{
    const char *json =
        "{\"errno\":-1,\"int\":2,\"class\":\"c\",\"EOF\":true,\"linux\":3,\"compile\":0.5,\"enum\":\"EOF\"}";
    aegis_bytes body = {(const uint8_t *)json, strlen(json)};
    aegis_arena *arena = aegis_arena_new(NULL);
    torture_names names;

    (void)state;
    assert_int_equal(torture_names_decode(body, AEGIS_FORMAT_JSON, arena, &names, NULL), AEGIS_OK);
    assert_int_equal(names.errno_, -1);
    assert_string_equal(torture_names_to_json(&names, arena), json);
    aegis_arena_free(arena);
}

static void test_nesting(void **state)
{
    const char *json = "{\"either\":{\"none\":\"n\"},\"grid\":[[1,2],[]],\"table\":{\"a\":[\"b\"]},"
                       "\"self\":[{\"either\":{\"int\":1},\"grid\":[],\"table\":{},\"self\":[]}]}";
    aegis_bytes body = {(const uint8_t *)json, strlen(json)}, packed;
    aegis_arena *arena = aegis_arena_new(NULL);
    torture_holder holder, copy;

    (void)state;
    assert_int_equal(torture_holder_decode(body, AEGIS_FORMAT_AUTO, arena, &holder, NULL), AEGIS_OK);
    assert_int_equal(torture_holder_encode(&holder, AEGIS_FORMAT_MSGPACK, arena, &packed, NULL), AEGIS_OK);
    assert_int_equal(torture_holder_decode(packed, AEGIS_FORMAT_AUTO, arena, &holder, NULL), AEGIS_OK);
    assert_int_equal(torture_holder_copy(&holder, arena, &copy), AEGIS_OK);
    assert_string_equal(torture_holder_to_json(&copy, arena), json);
    aegis_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_nesting)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
