/* Doubles of everyday size with all their digits, in 128-bit integers: exact, and much faster than the C
 * library.
 *
 * A double below 2^53 is m / 2^s, and ten times ten ... times it is m * 10^k / 2^s; with k chosen so that 17
 * digits stand before the point, nothing here is longer than 128 bits down to 10^-5. The same holds for
 * reading 19 digits and up to 19 decimals. Where it does not, or the compiler has no such integers, the
 * functions say so and the C library does the work.
 */
#include "codec/codec.h"

#include <math.h>

#if defined(__SIZEOF_INT128__)

#define MAX_READ_POWER 19

__extension__ typedef unsigned __int128 wide;

static wide power_of_ten(int k)
{
    static const uint64_t powers[12] = {UINT64_C(1),          UINT64_C(10),          UINT64_C(100),
                                        UINT64_C(1000),       UINT64_C(10000),       UINT64_C(100000),
                                        UINT64_C(1000000),    UINT64_C(10000000),    UINT64_C(100000000),
                                        UINT64_C(1000000000), UINT64_C(10000000000), UINT64_C(100000000000)};

    return k < 12 ? powers[k] : (wide)powers[11] * powers[k - 11];
}

static int bits_of(wide value)
{
    uint64_t high = (uint64_t)(value >> 64), low = (uint64_t)value;

    if (high != 0)
        return 128 - __builtin_clzll(high);
    return low != 0 ? 64 - __builtin_clzll(low) : 0;
}

/* The double nearest to value * 2^exponent, where `more` says that something less than 1 was cut off. */
static double rounded(wide value, int exponent, bool more)
{
    int shift = bits_of(value) - 53;
    uint64_t top;
    wide rest, half;

    if (shift <= 0)
        return ldexp((double)(uint64_t)value, exponent);
    top = (uint64_t)(value >> shift);
    rest = value & (((wide)1 << shift) - 1);
    half = (wide)1 << (shift - 1);
    if (rest > half || (rest == half && (more || (top & 1) != 0)))
        top++;
    return ldexp((double)top, shift + exponent);
}

bool aegis_wide_read(uint64_t digits, int32_t exponent, double *value)
{
    wide scaled, divisor, quotient;
    int shift;

    if (digits == 0 || exponent > MAX_READ_POWER || exponent < -MAX_READ_POWER)
        return false;
    if (exponent >= 0) {
        *value = rounded((wide)digits * power_of_ten(exponent), 0, false);
        return true;
    }
    divisor = power_of_ten(-exponent);
    shift = 127 - bits_of(digits); /* the quotient has 63 bits or more: enough to round */
    scaled = (wide)digits << shift;
    quotient = scaled / divisor;
    *value = rounded(quotient, -shift, quotient * divisor != scaled);
    return true;
}

/* The nearest number of `drop` digits less than 17 to units / 2^s; whether it reads back as m / 2^s. */
static bool candidate(wide units, int s, uint64_t drop, wide ulp, bool even, uint64_t *digits)
{
    uint64_t whole = (uint64_t)(units >> s);
    wide unit = (wide)drop << s, rest = ((wide)(whole % drop) << s) + (units & (((wide)1 << s) - 1));
    bool up = rest * 2 > unit || (rest * 2 == unit && (whole / drop & 1) != 0);
    wide twice = 2 * (up ? unit - rest : rest);

    *digits = whole / drop + up;
    return twice < ulp || (twice == ulp && even);
}

bool aegis_wide_shortest(double value, uint64_t *digits, int *exponent)
{
    const uint64_t hidden = UINT64_C(1) << 52;
    uint64_t bits, m, drop = 100;
    int binary, s, k, dropped = 2;
    wide power;

    if (!(value >= 1e-5 && value < 9e15))
        return false;
    memcpy(&bits, &value, sizeof bits);
    m = (bits & (hidden - 1)) | hidden;
    if (m == hidden) /* the doubles below lie closer than those above */
        return false;
    binary = (int)(bits >> 52) - 1023;
    s = 52 - binary;
    /* 16 - floor(binary * log10(2)): right, or one too large. */
    k = 16 - (binary >= 0 ? binary * 1233 / 4096 : -((4095 - binary * 1233) / 4096));
    if (((m * power_of_ten(k)) >> s) >= UINT64_C(100000000000000000))
        k--;
    power = power_of_ten(k);
    while (!candidate(m * power, s, drop, power, (m & 1) == 0, digits) && dropped > 0) {
        drop /= 10;
        dropped--;
    }
    *exponent = dropped - k;
    return true;
}

#else

bool aegis_wide_read(uint64_t digits, int32_t exponent, double *value)
{
    (void)digits, (void)exponent, (void)value;
    return false;
}

bool aegis_wide_shortest(double value, uint64_t *digits, int *exponent)
{
    (void)value, (void)digits, (void)exponent;
    return false;
}

#endif
