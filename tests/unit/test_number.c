/* Numbers of JSON beside the C library: the nearest double is read, the fewest digits are printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "codec/codec.h"

#include <aegis/any.h>
#include <math.h>

static uint64_t seed = UINT64_C(88172645463325252);

static uint64_t next(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * UINT64_C(2685821657736338717);
}

/* By the scanner, and as a list's item, which the reader's short way may take. */
static double read_number(const char *text)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);
    char list[1024];
    aegis_js_number number;
    aegis_reader r;
    double value, item;

    assert_true(aegis_js_number_scan(at, end, &number));
    assert_ptr_equal(number.end, end);
    value = aegis_js_number_double(&number);
    if (strlen(text) + 3 > sizeof list || value - value != 0)
        return value;
    (void)snprintf(list, sizeof list, "[%s]", text);
    aegis_reader_open(&r, (aegis_bytes){(const uint8_t *)list, strlen(list)}, AEGIS_FORMAT_JSON, NULL);
    (void)aegis_js_get_list(&r);
    item = aegis_js_get_f64(&r);
    assert_false(r.failed);
    assert_ptr_equal(r.at, r.end - 1);
    assert_memory_equal(&item, &value, sizeof value);
    return value;
}

/* The significant digits of a text, without zeros at either end. */
static size_t digits_of(const char *text, char *digits)
{
    size_t count = 0;

    for (; *text != '\0' && *text != 'e'; text++)
        if (*text >= '0' && *text <= '9' && (count != 0 || *text != '0'))
            digits[count++] = *text;
    while (count > 0 && digits[count - 1] == '0')
        count--;
    digits[count] = '\0';
    return count;
}

/* Printed, read back by both, and no longer than need be. */
static void check(double value)
{
    char text[40], shorter[40], ours[40], theirs[40];
    uint8_t *end = aegis_js_double_text((uint8_t *)text, value);
    size_t count;

    *end = '\0';
    assert_true(end - (uint8_t *)text <= 24);
    if (strtod(text, NULL) != value || read_number(text) != value)
        fail_msg("%.17g became %s", value, text);
    count = digits_of(text, ours);
    if (count < 2)
        return;
    (void)snprintf(shorter, sizeof shorter, "%.*e", (int)count - 2, value);
    if (strtod(shorter, NULL) == value)
        fail_msg("%s could have been %s", text, shorter);
    /* Of that length the nearest, unless only a farther one reads back. */
    (void)snprintf(shorter, sizeof shorter, "%.*e", (int)count - 1, value);
    (void)digits_of(shorter, theirs);
    if (strtod(shorter, NULL) == value)
        assert_string_equal(ours, theirs);
}

static void everyday(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 20000; i++) {
        double unit = ldexp((double)(next() >> 11), -53);

        check(unit);
        check(-unit * pow(10, (double)(next() % 22) - 5));
        check((double)(next() >> 11) / 1000);
        check((double)(next() >> (next() % 64)));
    }
}

static void any_bits(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 20000; i++) {
        uint64_t bits = next();
        double value;

        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            check(value);
    }
}

/* Powers of two, where the doubles' distance changes, and of ten; each with its neighbours. */
static void edges(void **state)
{
    int i;

    (void)state;
    for (i = -1074; i < 1024; i++) {
        double value = ldexp(1, i);

        check(value);
        check(nextafter(value, 0));
        check(nextafter(value, INFINITY));
    }
    for (i = -323; i <= 308; i++) {
        char text[16];
        double value;

        (void)snprintf(text, sizeof text, "1e%d", i);
        value = strtod(text, NULL);
        check(value);
        check(nextafter(value, 0));
        check(nextafter(value, INFINITY));
    }
}

static void texts(void **state)
{
    static const char *const cases[] = {"9007199254740993",
                                        "9007199254740992.5",
                                        "9007199254740993.0000000000000000000000000000000001",
                                        "1.00000000000000011102230246251565404236316680908203125",
                                        "1.00000000000000011102230246251565404236316680908203124",
                                        "1.00000000000000011102230246251565404236316680908203126",
                                        "18446744073709551615",
                                        "9999999999999999999",
                                        "9999999999999999999e19",
                                        "9999999999999999999e-19",
                                        "1e23",
                                        "8.5e22",
                                        "123456789012345678e-19",
                                        "2.4703282292062327208e-324",
                                        "2.4703282292062328e-324",
                                        "1.7976931348623157e308",
                                        "1.7976931348623159e308",
                                        "2.2250738585072011e-308",
                                        "0.000000000000000000000000000000000000000000000001e48",
                                        "1e-99999999999",
                                        "0e99999999999"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (read_number(cases[i]) != strtod(cases[i], NULL))
            fail_msg("%s was read as %.17g", cases[i], read_number(cases[i]));
    for (i = 0; i < 100000; i++) {
        char text[48];

        (void)snprintf(text, sizeof text, "%llue%d", (unsigned long long)(next() >> next() % 20),
                       (int)(next() % 50) - 25);
        if (read_number(text) != strtod(text, NULL))
            fail_msg("%s was read as %.17g", text, read_number(text));
    }
}

/* Every text is what JSON readers with shortest output (ryu) print, and reads back. */
static void shortest_texts(void **state)
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

/* Integers of every length and at the edges, as an item and alone at the end of the message. */
static void integers(void **state)
{
    aegis_arena *arena = aegis_arena_new(NULL);
    int i;

    (void)state;
    for (i = 0; i < 100000; i++) {
        uint64_t bits = next() >> next() % 64;
        int64_t value = (int64_t)(i % 2 == 0 ? bits : 0 - bits);
        char text[32];
        aegis_reader r;
        size_t length;

        if (i < 128)
            value =
                i < 64 ? (int64_t)((UINT64_C(1) << i) - 1) : -(int64_t)((UINT64_C(1) << (i - 64)) - 1) - 1;
        (void)snprintf(text, sizeof text, "[%lld]", (long long)value);
        length = strlen(text);
        aegis_reader_open(&r, (aegis_bytes){(const uint8_t *)text, length}, AEGIS_FORMAT_JSON, arena);
        (void)aegis_js_get_list(&r);
        assert_true(aegis_js_get_i64(&r, INT64_MIN, INT64_MAX) == value);
        aegis_reader_open(&r, (aegis_bytes){(const uint8_t *)text + 1, length - 2}, AEGIS_FORMAT_JSON, arena);
        assert_true(aegis_js_get_i64(&r, INT64_MIN, INT64_MAX) == value);
        assert_int_equal(aegis_reader_close(&r, NULL), AEGIS_OK);
        (void)snprintf(text, sizeof text, "[%llu]", (unsigned long long)bits);
        length = strlen(text);
        aegis_reader_open(&r, (aegis_bytes){(const uint8_t *)text, length}, AEGIS_FORMAT_JSON, arena);
        (void)aegis_js_get_list(&r);
        assert_true(aegis_js_get_u64(&r, 0, UINT64_MAX) == bits);
        aegis_reader_open(&r, (aegis_bytes){(const uint8_t *)text + 1, length - 2}, AEGIS_FORMAT_JSON, arena);
        assert_true(aegis_js_get_u64(&r, 0, UINT64_MAX) == bits);
        assert_int_equal(aegis_reader_close(&r, NULL), AEGIS_OK);
    }
    aegis_arena_free(arena);
}

static void no_numbers(void **state)
{
    static const char *const bad[] = {"01",
                                      "-",
                                      "-01",
                                      "1.",
                                      ".5",
                                      "+1",
                                      "1e",
                                      "1e+",
                                      "0x1",
                                      "1.e5",
                                      "--1",
                                      "00",
                                      "-a",
                                      "1..2",
                                      "NaN",
                                      "Infinity",
                                      "1.5.2",
                                      "1ee5",
                                      "18446744073709551616",
                                      "-9223372036854775809",
                                      "1.0",
                                      "\"1",
                                      "\"1.5\"",
                                      "\"\"",
                                      "1e2"};
    aegis_arena *arena = aegis_arena_new(NULL);
    size_t i;

    (void)state;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[64];
        aegis_reader r;
        size_t left;

        (void)snprintf(text, sizeof text, "[%s]", bad[i]);
        aegis_reader_open(&r, (aegis_bytes){(const uint8_t *)text, strlen(text)}, AEGIS_FORMAT_JSON, arena);
        left = aegis_js_get_list(&r);
        (void)aegis_js_get_i64(&r, INT64_MIN, INT64_MAX);
        aegis_js_next(&r, &left);
        assert_int_equal(aegis_reader_close(&r, NULL), AEGIS_INVALID_ARGUMENT);
        if (i >= 18) /* these are numbers, though no integers of 64 bits */
            continue;
        aegis_reader_open(&r, (aegis_bytes){(const uint8_t *)text, strlen(text)}, AEGIS_FORMAT_JSON, arena);
        left = aegis_js_get_list(&r);
        (void)aegis_js_get_f64(&r);
        aegis_js_next(&r, &left);
        assert_int_equal(aegis_reader_close(&r, NULL), AEGIS_INVALID_ARGUMENT);
    }
    aegis_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everyday),   cmocka_unit_test(any_bits),       cmocka_unit_test(edges),
        cmocka_unit_test(texts),      cmocka_unit_test(shortest_texts), cmocka_unit_test(integers),
        cmocka_unit_test(no_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
