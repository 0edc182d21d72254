/* JSON numbers, independent of the locale.
 *
 * A value that is n / 10^k or n * 10^k with n < 2^53 and k <= 22 is one exact operation away from its digits,
 * in both directions: n and 10^k are exact doubles, and division and multiplication round once. That is
 * nearly every number people send. Of the rest, what 128 bits hold is exact too (wide.c); what is left goes
 * to the C library, asked in a way that never shows a decimal point: strtod gets "123e-5", and of snprintf's
 * %e only the digits are used.
 */
#include "codec/codec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_DIGITS      17
#define MAX_TEXT_DIGITS 800 /* more digits than decide any double (767) */

const double aegis_powers_of_ten[AEGIS_EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                           1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                           1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool is_digit(const uint8_t *at, const uint8_t *end)
{
    return at != end && (uint8_t)(*at - '0') < 10;
}

/* Digits from `at` on; the first 19 significant ones go into the number. `point` counts those after the
 * point. */
static const uint8_t *scan_digits(const uint8_t *at, const uint8_t *end, bool point, aegis_js_number *number)
{
    for (; is_digit(at, end); at++) {
        if (number->digits < UINT64_C(1000000000000000000)) {
            number->digits = number->digits * 10 + (uint64_t)(*at - '0');
            number->exponent -= point;
        } else {
            number->exact = false;
            number->exponent += !point;
        }
    }
    return at;
}

static const uint8_t *scan_exponent(const uint8_t *at, const uint8_t *end, int32_t *exponent)
{
    bool negative = at != end && *at == '-';
    int32_t value = 0;

    if (at != end && (*at == '-' || *at == '+'))
        at++;
    if (!is_digit(at, end))
        return NULL;
    for (; is_digit(at, end); at++)
        if (value < 100000000)
            value = value * 10 + (*at - '0');
    *exponent = negative ? -value : value;
    return at;
}

bool aegis_js_number_scan(const uint8_t *at, const uint8_t *end, aegis_js_number *number)
{
    int32_t exponent = 0;

    *number = (aegis_js_number){.integer = true, .exact = true, .at = at};
    if (at != end && *at == '-') {
        number->negative = true;
        at++;
    }
    if (!is_digit(at, end))
        return false;
    if (*at == '0')
        at++;
    else
        at = scan_digits(at, end, false, number);
    if (is_digit(at, end))
        return false;
    if (at != end && *at == '.') {
        number->integer = false;
        at++;
        if (!is_digit(at, end))
            return false;
        at = scan_digits(at, end, true, number);
    }
    if (at != end && (*at | 0x20) == 'e') {
        number->integer = false;
        at = scan_exponent(at + 1, end, &exponent);
        if (at == NULL)
            return false;
    }
    number->exponent += exponent;
    number->end = at;
    return true;
}

/* The magnitude; false when 64 bits do not hold it. Twenty digits are read again: the scan stops at nineteen.
 */
bool aegis_js_number_u64(const aegis_js_number *number, uint64_t *value)
{
    const uint8_t *at;

    *value = 0;
    if (number->exact) {
        *value = number->digits;
        return true;
    }
    for (at = number->at + number->negative; at != number->end; at++) {
        uint64_t digit = (uint64_t)(*at - '0');

        if (*value > (UINT64_MAX - digit) / 10)
            return false;
        *value = *value * 10 + digit;
    }
    return true;
}

/* All digits as one integer and an exponent: nothing a locale could touch. */
static double by_library(const aegis_js_number *number)
{
    char text[MAX_TEXT_DIGITS + 32];
    size_t used = 0;
    int64_t exponent = 0;
    bool point = false, sticky = false;
    const uint8_t *at;
    int32_t written = 0;

    for (at = number->at + number->negative; at != number->end && (*at | 0x20) != 'e'; at++) {
        if (*at == '.') {
            point = true;
            continue;
        }
        if (used == 0 && *at == '0') {
            exponent -= point;
        } else if (used < MAX_TEXT_DIGITS) {
            text[used++] = (char)*at;
            exponent -= point;
        } else {
            sticky |= *at != '0';
            exponent += !point;
        }
    }
    if (used == 0)
        return 0;
    if (at != number->end)
        (void)scan_exponent(at + 1, number->end, &written);
    exponent += written;
    if (sticky) { /* what was left out only decides between neighbours */
        text[used++] = '1';
        exponent--;
    }
    (void)snprintf(text + used, sizeof text - used, "e%lld", (long long)exponent);
    return strtod(text, NULL);
}

double aegis_js_number_double(const aegis_js_number *number)
{
    double value = (double)number->digits;

    if (number->exact && number->digits == 0)
        value = 0;
    else if (number->exact && number->digits <= AEGIS_EXACT_INTEGER &&
             number->exponent <= AEGIS_EXACT_POWER && number->exponent >= -AEGIS_EXACT_POWER)
        value = number->exponent < 0 ? value / aegis_powers_of_ten[-number->exponent]
                                     : value * aegis_powers_of_ten[number->exponent];
    else if (!number->exact || !aegis_wide_read(number->digits, number->exponent, &value))
        value = by_library(number);
    return number->negative ? -value : value;
}

uint8_t *aegis_js_u64_text(uint8_t *at, uint64_t value)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
        "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
        "8081828384858687888990919293949596979899";
    uint8_t digits[20];
    size_t first = sizeof digits;

    if (value < 10) {
        *at = (uint8_t)('0' + value);
        return at + 1;
    }
    while (value >= 100) {
        first -= 2;
        memcpy(digits + first, pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        first -= 2;
        memcpy(digits + first, pairs + value * 2, 2);
    } else {
        digits[--first] = (uint8_t)('0' + value);
    }
    memcpy(at, digits + first, sizeof digits - first);
    return at + (sizeof digits - first);
}

/* The decimal `digits` * 10^`exponent`, laid out as serde_json does. */
static uint8_t *lay_out(uint8_t *at, uint64_t value, int exponent)
{
    uint8_t digits[20];
    int count = (int)(aegis_js_u64_text(digits, value) - digits);
    int point = count + exponent; /* where the decimal point stands, from the first digit */

    if (exponent >= 0 && point <= 16) {
        memcpy(at, digits, (size_t)count);
        memset(at + count, '0', (size_t)exponent);
        memcpy(at + point, ".0", 2);
        return at + point + 2;
    }
    if (point > 0 && point <= 16) {
        memcpy(at, digits, (size_t)point);
        at[point] = '.';
        memcpy(at + point + 1, digits + point, (size_t)(count - point));
        return at + count + 1;
    }
    if (point > -5 && point <= 0) {
        memcpy(at, "0.", 2);
        memset(at + 2, '0', (size_t)-point);
        memcpy(at + 2 - point, digits, (size_t)count);
        return at + 2 - point + count;
    }
    *at++ = digits[0];
    if (count > 1) {
        *at++ = '.';
        memcpy(at, digits + 1, (size_t)count - 1);
        at += count - 1;
    }
    *at++ = 'e';
    if (--point < 0) {
        *at++ = '-';
        point = -point;
    }
    return aegis_js_u64_text(at, (uint64_t)point);
}

static bool reads_back(uint64_t digits, int exponent, double value)
{
    char text[48];

    (void)snprintf(text, sizeof text, "%llue%d", (unsigned long long)digits, exponent);
    return strtod(text, NULL) == value;
}

static uint8_t *without_zeros(uint8_t *at, uint64_t digits, int exponent)
{
    while (digits % 10 == 0) {
        digits /= 10;
        exponent++;
    }
    return lay_out(at, digits, exponent);
}

/* The fewest digits that read back, by trying: 15 always suffice to print what had 15, 17 suffice for
 * everything. */
static uint8_t *shortest(uint8_t *at, double value)
{
    uint64_t digits = 0;
    int exponent = 0, precision;

    for (precision = value < 2.3e-308 ? 1 : 15; precision <= MAX_DIGITS; precision++) {
        char text[48], *c;

        (void)snprintf(text, sizeof text, "%.*e", precision - 1, value);
        digits = 0;
        for (c = text; *c != 'e'; c++)
            if (*c >= '0' && *c <= '9')
                digits = digits * 10 + (uint64_t)(*c - '0');
        exponent = (int)strtol(c + 1, NULL, 10) - (precision - 1);
        if (precision == MAX_DIGITS || reads_back(digits, exponent, value))
            break;
        /* Above a power of two the doubles lie wider than below: the neighbour may be the one. */
        if (reads_back(digits + 1, exponent, value)) {
            digits++;
            break;
        }
    }
    return without_zeros(at, digits, exponent);
}

/* Of a whole number below 10^15 the digits are known; trailing zeros belong to the exponent only in 1e16 and
 * above. */
uint8_t *aegis_js_double_text(uint8_t *at, double value)
{
    uint64_t digits;
    int k;

    if (signbit(value)) {
        *at++ = '-';
        value = -value;
    }
    if (value < 1e15 && value == (double)(uint64_t)value) {
        at = aegis_js_u64_text(at, (uint64_t)value);
        memcpy(at, ".0", 2);
        return at + 2;
    }
    if (value < 1e15 && value > 1e-5) {
        for (k = 1; k <= 6; k++) {
            double scaled = value * aegis_powers_of_ten[k];
            uint64_t whole = (uint64_t)(scaled + 0.5);

            if (scaled >= 1e15)
                break;
            if ((double)whole / aegis_powers_of_ten[k] == value)
                return lay_out(at, whole, -k);
        }
    }
    if (aegis_wide_shortest(value, &digits, &k))
        return without_zeros(at, digits, k);
    return shortest(at, value);
}
