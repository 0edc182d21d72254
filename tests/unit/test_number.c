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

#include <math.h>

static uint64_t seed = UINT64_C(88172645463325252);

static uint64_t next(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * UINT64_C(2685821657736338717);
}

static double read_number(const char *text)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);
    aegis_js_number number;

    assert_true(aegis_js_number_scan(at, end, &number));
    assert_ptr_equal(number.end, end);
    return aegis_js_number_double(&number);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everyday),
        cmocka_unit_test(any_bits),
        cmocka_unit_test(edges),
        cmocka_unit_test(texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
