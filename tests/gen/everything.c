/* Every type in every position survives JSON, MessagePack and a copy; values out of bounds are refused by
 * name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "everything.h"

static aegis_bytes bytes_of(const char *text)
{
    return (aegis_bytes){(const uint8_t *)text, strlen(text)};
}

/* JSON to a value, to MessagePack, to a value, to a copy, to the same JSON. */
#define ROUND_TRIP(T, JSON)                                                                                  \
    do {                                                                                                     \
        const char *json_ = (JSON);                                                                          \
        aegis_arena *arena_ = aegis_arena_new(NULL);                                                         \
        T first_, second_, copy_;                                                                            \
        aegis_bytes packed_;                                                                                 \
        aegis_error why_ = {0};                                                                              \
        if (T##_decode(bytes_of(json_), AEGIS_FORMAT_JSON, arena_, &first_, &why_) != AEGIS_OK)              \
            fail_msg("%s", why_.text);                                                                       \
        assert_int_equal(T##_encode(&first_, AEGIS_FORMAT_MSGPACK, arena_, &packed_, NULL), AEGIS_OK);       \
        assert_int_equal(T##_decode(packed_, AEGIS_FORMAT_AUTO, arena_, &second_, NULL), AEGIS_OK);          \
        assert_int_equal(T##_copy(&second_, arena_, &copy_), AEGIS_OK);                                      \
        assert_string_equal(T##_to_json(&copy_, arena_), json_);                                             \
        aegis_arena_free(arena_);                                                                            \
    } while (0)

#define REFUSED(T, JSON, PATH)                                                                               \
    do {                                                                                                     \
        aegis_arena *arena_ = aegis_arena_new(NULL);                                                         \
        T value_;                                                                                            \
        aegis_error why_ = {0};                                                                              \
        assert_int_not_equal(T##_decode(bytes_of(JSON), AEGIS_FORMAT_JSON, arena_, &value_, &why_),          \
                             AEGIS_OK);                                                                      \
        assert_memory_equal(why_.text, PATH, strlen(PATH));                                                  \
        aegis_arena_free(arena_);                                                                            \
    } while (0)

static const char scalars[] =
    "{\"a\":false,\"b\":5,\"c\":-32768,\"d\":-2147483648,\"e\":-9223372036854775808,\"f\":255,\"g\":65535,"
    "\"h\":4294967295,\"i\":18446744073709551615,\"j\":-1.5,\"k\":1e300,\"l\":\"a\\u0001\\\"\",\"m\":\"AAE="
    "\","
    "\"n\":\"2024-02-29T12:00:00.000000001+00:00\",\"o\":-5,\"p\":\"00112233-4455-6677-8899-aabbccddeeff\","
    "\"q\":\"-1.50\",\"r\":{\"x\":[1,null,-2.5]},\"s\":[1,{\"a\":\"b\"}],\"t\":\"red\",\"u\":\"none\",\"v\":"
    "1.0,"
    "\"w\":-9223372036854775808,\"x\":18446744073709551615,\"y\":-128,\"z\":0.5}";

static void test_scalars(void **state)
{
    (void)state;
    ROUND_TRIP(everything_scalars, scalars);
    REFUSED(everything_scalars, "{\"b\":6}", "b: ");
    REFUSED(everything_scalars, "{\"f\":0}", "f: ");
    REFUSED(everything_scalars, "{\"j\":2.75}", "j: ");
    REFUSED(everything_scalars, "{\"l\":\"12345678901\"}", "l: ");
    REFUSED(everything_scalars, "{\"q\":\"1.\"}", "q: ");
    REFUSED(everything_scalars, "{\"u\":\"middle\"}", "u: ");
}

/* What is absent has its default, the same as in the initializer. */
static void test_defaults(void **state)
{
    const char *json =
        "{\"m\":\"\",\"n\":\"1970-01-01T00:00:00Z\",\"p\":\"00112233-4455-6677-8899-aabbccddeeff\","
        "\"q\":\"1\",\"r\":null,\"s\":null,\"u\":\"left\",\"v\":0,\"w\":0,\"x\":0,\"y\":0,\"z\":0}";
    const everything_scalars initial = EVERYTHING_SCALARS_INIT;
    aegis_arena *arena = aegis_arena_new(NULL);
    everything_scalars read;

    (void)state;
    assert_int_equal(everything_scalars_decode(bytes_of(json), AEGIS_FORMAT_JSON, arena, &read, NULL),
                     AEGIS_OK);
    assert_true(read.a && initial.a);
    assert_int_equal(read.b, initial.b);
    assert_int_equal(read.e, INT64_MIN);
    assert_true(read.e == initial.e && read.h == initial.h && read.i == initial.i);
    assert_true(read.i == EVERYTHING_POS && read.e == EVERYTHING_NEG);
    assert_true(read.j == initial.j && read.k == initial.k);
    assert_string_equal(read.l, initial.l);
    assert_true(read.o == initial.o && read.t == initial.t);
    aegis_arena_free(arena);
}

static void test_optionals(void **state)
{
    (void)state;
    ROUND_TRIP(everything_opts, "{\"v\":null,\"x\":null}");
    ROUND_TRIP(
        everything_opts,
        "{\"a\":false,\"b\":5,\"c\":0,\"d\":0,\"e\":0,\"f\":0,\"g\":0,\"h\":0,\"i\":0,\"j\":0.0,\"k\":0.0,"
        "\"l\":\"\",\"m\":\"\",\"n\":\"1970-01-01T00:00:00+00:00\",\"o\":0,"
        "\"p\":\"00000000-0000-0000-0000-000000000000\",\"q\":\"0\",\"r\":1,\"s\":1,\"t\":\"green\","
        "\"u\":\"left\",\"v\":{},\"w\":{\"v\":null,\"x\":1},\"x\":0,\"y\":{\"number\":\"1\"},\"z\":\"fast\","
        "\"aa\":{\"iban\":\"x\"},\"bb\":{\"list\":[{\"none\":true}]},\"cc\":\"x\",\"f2\":1.0,\"f3\":0.5}");
}

static void test_lists(void **state)
{
    (void)state;
    ROUND_TRIP(
        everything_lists,
        "{\"a\":[true,false],\"b\":[1],\"c\":[1],\"d\":[1],\"e\":[1],\"f\":[1],\"g\":[1],\"h\":[1],\"i\":[1],"
        "\"j\":[0.5],\"k\":[0.5],\"l\":[\"x\",\"\"],\"m\":[\"AA==\"],\"n\":[\"2024-01-01T00:00:00+00:00\"],"
        "\"o\":[1],\"p\":[\"00000000-0000-0000-0000-000000000001\"],\"q\":[\"1.0\"],\"r\":[1,\"s\"],"
        "\"s\":[1,\"s\"],\"t\":[\"red\",\"green\"],\"u\":[\"left\",\"none\"],\"v\":[{},{}],"
        "\"w\":[{\"v\":null,\"x\":null}],\"y\":[{\"number\":\"7\"}],\"z\":[\"slow\"],"
        "\"aa\":[{\"card\":{\"number\":\"8\"}}],\"bb\":[{\"empty\":{}},{\"num\":2},{\"map\":{\"k\":[{}]}},"
        "{\"rec\":{\"number\":\"9\"}},{\"b\":\"AA==\"},{\"an\":[1]},{\"ra\":[1]},{\"kind\":0},"
        "{\"r\":{\"next\":{\"kids\":[],\"named\":{}},\"kids\":[],\"named\":{\"a\":{\"kids\":[],\"named\":{}}}"
        "}}],"
        "\"cc\":[\"a\"],\"dd\":[[1],[]],\"ee\":[3],\"ff\":[4],\"gg\":[[{\"number\":\"1\"}],[]],"
        "\"hh\":[{\"a\":[\"fast\"]},{}]}");
    REFUSED(everything_lists, "{\"ee\":[4]}", "ee[0]: ");
    REFUSED(everything_lists, "{\"ff\":[5]}", "ff[0]: ");
    REFUSED(everything_lists, "{\"cc\":[]}", "cc: ");
    REFUSED(everything_lists, "{\"dd\":[[6]]}", "dd[0][0]: ");
}

static void test_maps(void **state)
{
    (void)state;
    ROUND_TRIP(
        everything_maps,
        "{\"a\":{\"k\":true},\"b\":{\"k\":1},\"c\":{},\"d\":{},\"e\":{},\"f\":{},\"g\":{},\"h\":{},\"i\":{},"
        "\"j\":{\"\":1.5},\"k\":{},\"l\":{\"k\":\"v\"},\"m\":{\"k\":\"AA==\"},\"n\":{},\"o\":{},\"p\":{},"
        "\"q\":{},"
        "\"r\":{\"k\":[null]},\"s\":{\"k\":[null]},\"t\":{\"k\":\"red\"},\"u\":{},\"v\":{\"k\":{}},\"w\":{},"
        "\"y\":{},\"z\":{\"k\":\"slow\"},\"aa\":{},\"bb\":{\"k\":{\"none\":false}},\"cc\":{\"k\":\"v\"},"
        "\"dd\":{\"k\":[[5]]},\"ee\":{\"x\":{\"y\":{\"z\":[1,2]}}},\"ff\":{},\"self\":{},\"lists\":{\"k\":[]}"
        "}");
}

static void test_unions(void **state)
{
    (void)state;
    ROUND_TRIP(everything_only, "{\"int\":-7}");
    ROUND_TRIP(everything_self, "{\"everything_self\":[{\"everything_self_kind\":1}]}");
    REFUSED(everything_only, "{}", "");
    REFUSED(everything_only, "{\"int\":1,\"x\":2}", "");
    REFUSED(everything_u, "{\"num\":4}", "num: ");
    REFUSED(everything_u, "{\"none\":true,\"num\":1}", "");
}

static void test_wide(void **state)
{
    char json[2000];
    int length = 0;

    (void)state;
    for (int i = 1; i <= 80; i++)
        length += snprintf(json + length, sizeof json - (size_t)length, "%c\"field_%d\":%d",
                           i > 1 ? ',' : '{', i, 1000 - i);
    assert_true((size_t)length + 1 < sizeof json);
    json[length] = '}';
    json[length + 1] = '\0';
    ROUND_TRIP(everything_wide, json);
}

static void test_versions_and_errors(void **state)
{
    (void)state;
    ROUND_TRIP(everything_empty, "{}");
    ROUND_TRIP(everything_order_created, "{\"v\":5}");
    ROUND_TRIP(everything_order_created_v1, "{\"u\":{\"num\":1}}");
    ROUND_TRIP(everything_template_class, "{\"int\":7}");
    ROUND_TRIP(everything_errno, "{\"errno\":3,\"int\":[1]}");
    ROUND_TRIP(everything_members,
               "{\"everything_pay_card\":{\"a\":1},\"pay_card\":{\"number\":\"1\"},\"pay_card_list\":[],"
               "\"aegis_opt_u32\":1,\"mine\":[{\"a\":1}],\"nested\":[[{\"number\":\"1\"}]],"
               "\"everything_members\":{},\"three\":[3],\"four\":[[4]]}");
}

/* A value that contains itself cannot exhaust the stack. */
static void test_depth(void **state)
{
    static char json[200000];
    size_t length = 0;
    aegis_arena *arena = aegis_arena_new(NULL);
    everything_rec value;

    (void)state;
    while (length + 16 < sizeof json) {
        memcpy(json + length, "{\"next\":", 8);
        length += 8;
    }
    json[length] = '\0';
    assert_int_equal(everything_rec_decode(bytes_of(json), AEGIS_FORMAT_JSON, arena, &value, NULL),
                     AEGIS_INVALID_ARGUMENT);
    aegis_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),   cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_optionals), cmocka_unit_test(test_lists),
        cmocka_unit_test(test_maps),      cmocka_unit_test(test_unions),
        cmocka_unit_test(test_wide),      cmocka_unit_test(test_versions_and_errors),
        cmocka_unit_test(test_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
