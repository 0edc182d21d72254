/* Instants as text: the calendar by arithmetic (days from a civil date, with March as the first month so that
 * the leap day is the last of its year), because the C library's functions depend on locale and TZ.
 */
#include "domain/time.h"

#include "domain/bytes.h"

#include <string.h>
#include <time.h>

aegis_timestamp aegis_now(void)
{
    struct timespec now;

    (void)timespec_get(&now, TIME_UTC);
    return (aegis_timestamp)now.tv_sec * AEGIS_SECOND + now.tv_nsec;
}

/* Days since 1970 of a date of the years 0 to 9999. An era of 400 years is added first, for January and
 * February of year 0 belong to the year before. */
static int64_t days_of(uint32_t year, uint32_t month, uint32_t day)
{
    uint32_t y = year + 400 - (month <= 2);
    uint32_t in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return (int64_t)(y * 365 + y / 4 - y / 100 + y / 400 + in_year) - (719468 + 146097);
}

/* For days since 1970 that a timestamp can hold: none is before the era that began in year 0. A century is
 * 36524.25 days and a year 365.25, counted in quarters; of the year that begins in March, month and day are
 * one linear function, in 1/65536. Source: Neri and Schneider, "Euclidean affine functions and their
 * application to calendar algorithms", 2022. */
static void date_of(int32_t days, uint32_t *year, uint32_t *month, uint32_t *day)
{
    const uint32_t quarters = 4 * (uint32_t)(days + 719468) + 3, century = quarters / 146097;
    const uint32_t in_century = (quarters % 146097) | 3, y = in_century / 1461;
    const uint32_t in_year = in_century % 1461 / 4, scaled = 2141 * in_year + 197913;
    const uint32_t next = in_year >= 306; /* January and February */

    *year = 100 * century + y + next;
    *month = (scaled >> 16) - 12 * next;
    *day = (scaled & 0xffff) / 2141 + 1;
}

static void put_two(char *at, uint32_t value)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
        "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
        "8081828384858687888990919293949596979899";

    memcpy(at, pairs + 2 * value, 2);
}

/* ".123456", or nine digits when the last three are not zeros; nothing for 0. */
static char *put_fraction(char *at, uint32_t nanoseconds)
{
    uint32_t micros = nanoseconds / 1000, rest = nanoseconds % 1000;

    if (nanoseconds == 0)
        return at;
    *at = '.';
    put_two(at + 1, micros / 10000);
    put_two(at + 3, micros / 100 % 100);
    put_two(at + 5, micros % 100);
    if (rest == 0)
        return at + 7;
    at[7] = (char)('0' + rest / 100);
    put_two(at + 8, rest % 100);
    return at + 10;
}

size_t aegis_timestamp_format(aegis_timestamp value, char text[AEGIS_TIMESTAMP_TEXT])
{
    int64_t seconds = value / AEGIS_SECOND, fraction = value % AEGIS_SECOND, days;
    uint32_t year, month, day, in_day;
    char *at = text;

    if (fraction < 0) {
        fraction += AEGIS_SECOND;
        seconds--;
    }
    days = (seconds >= 0 ? seconds : seconds - 86399) / 86400;
    in_day = (uint32_t)(seconds - days * 86400);
    date_of((int32_t)days, &year, &month, &day);
    memcpy(at, "0000-00-00T00:00:00", 19);
    put_two(at, year / 100);
    put_two(at + 2, year % 100);
    put_two(at + 5, month);
    put_two(at + 8, day);
    put_two(at + 11, in_day / 3600);
    put_two(at + 14, in_day / 60 % 60);
    put_two(at + 17, in_day % 60);
    at = put_fraction(at + 19, (uint32_t)fraction);
    memcpy(at, "+00:00", 7);
    return (size_t)(at - text) + 6;
}

/* Digits and separators at once: `zeros` is what stands there when all digits are 0, and `most` allows a
 * digit 9 beyond that and a separator nothing. Each byte of the result is ten times that digit and the next
 * one; anything else sets `bad`. */
static uint64_t pairs_in(uint64_t word, uint64_t zeros, uint64_t most, bool *bad)
{
    const uint64_t tops = UINT64_C(0x8080808080808080);

    word ^= zeros;
    *bad |= ((word | (word + (~tops - most))) & tops) != 0;
    return word * 10 + (word >> 8);
}

static uint32_t byte_of(uint64_t word, unsigned index)
{
    return (uint32_t)(word >> 8 * index) & 0xff;
}

/* Two digits as a number; anything else sets `bad`. */
static uint32_t two(const char *at, bool *bad)
{
    uint32_t tens = (uint32_t)(uint8_t)at[0] - '0', ones = (uint32_t)(uint8_t)at[1] - '0';

    *bad |= (tens > 9) | (ones > 9);
    return tens * 10 + ones;
}

/* ".123456" and something that is no digit, which is how we write it. */
static bool read_micros(const char *at, const char *end, int64_t *fraction)
{
    bool bad = end - at < 8 || (uint8_t)(at[7] - '0') < 10;

    if (bad)
        return false;
    uint64_t pairs = pairs_in(aegis_load_le64((const uint8_t *)at) & UINT64_C(0x00ffffffffffffff),
                              UINT64_C(0x003030303030302e), UINT64_C(0x7f09090909090900), &bad);
    *fraction = (int64_t)(byte_of(pairs, 1) * 10000 + byte_of(pairs, 3) * 100 + byte_of(pairs, 5)) * 1000;
    return !bad;
}

/* ".5" at `*at`, which moves behind it; nothing is 0. Digits below the nanosecond are dropped. */
static int64_t read_fraction(const char **at, const char *end, bool *bad)
{
    static const uint32_t units[] = {1000000000, 100000000, 10000000, 1000000, 100000,
                                     10000,      1000,      100,      10,      1};
    const char *next = *at;
    uint32_t value = 0, count = 0;
    int64_t micros;

    if (next == end || *next != '.')
        return 0;
    if (read_micros(next, end, &micros)) {
        *at = next + 7;
        return micros;
    }
    for (next++; next != end && *next >= '0' && *next <= '9'; next++)
        if (count < 9) {
            value = value * 10 + (uint32_t)(*next - '0');
            count++;
        }
    *bad |= count == 0;
    *at = next;
    return (int64_t)value * units[count];
}

/* Seconds east of Greenwich; it takes all that is left of the text. */
static int64_t read_offset(const char *at, const char *end, bool *bad)
{
    uint32_t hours, minutes;

    if (end - at == 6 && memcmp(at, "+00:00", 6) == 0)
        return 0;
    if (end - at == 1 && (*at == 'Z' || *at == 'z'))
        return 0;
    if (end - at != 6 || (*at != '+' && *at != '-') || at[3] != ':') {
        *bad = true;
        return 0;
    }
    hours = two(at + 1, bad);
    minutes = two(at + 4, bad);
    *bad |= (hours > 23) | (minutes > 59);
    return (*at == '-' ? -60 : 60) * (int64_t)(hours * 60 + minutes);
}

static uint32_t days_in(uint32_t year, uint32_t month)
{
    if (month == 2)
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* seconds * 10^9 + fraction without overflow on the way, for values near either end. */
static bool combine(int64_t seconds, int64_t fraction, aegis_timestamp *value)
{
    if (seconds < 0 && fraction > 0) {
        seconds++;
        fraction -= AEGIS_SECOND;
    }
    if (seconds > INT64_MAX / AEGIS_SECOND || seconds < INT64_MIN / AEGIS_SECOND)
        return false;
    seconds *= AEGIS_SECOND;
    if (fraction > 0 ? seconds > INT64_MAX - fraction : seconds < INT64_MIN - fraction)
        return false;
    *value = seconds + fraction;
    return true;
}

bool aegis_timestamp_parse(const char *text, size_t length, aegis_timestamp *value)
{
    const char *at = text + 19, *end = text + length;
    uint32_t year, month, day, hour, minute, second;
    int64_t seconds, fraction;
    uint64_t date, clock;

    if (length < 20)
        return false;
    bool bad = text[10] != 'T' && text[10] != 't' && text[10] != ' ';
    date = pairs_in(aegis_load_le64((const uint8_t *)text), UINT64_C(0x2d30302d30303030) /* 0000-00- */,
                    UINT64_C(0x0009090009090909), &bad);
    clock = pairs_in(aegis_load_le64((const uint8_t *)text + 11), UINT64_C(0x30303a30303a3030) /* 00:00:00 */,
                     UINT64_C(0x0909000909000909), &bad);
    year = byte_of(date, 0) * 100 + byte_of(date, 2);
    month = byte_of(date, 5);
    day = two(text + 8, &bad);
    hour = byte_of(clock, 0);
    minute = byte_of(clock, 3);
    second = byte_of(clock, 6);
    fraction = read_fraction(&at, end, &bad);
    seconds = (int64_t)(hour * 3600 + minute * 60 + second) - read_offset(at, end, &bad);
    if (bad || month < 1 || month > 12 || day < 1 || (day > 28 && day > days_in(year, month)) || hour > 23 ||
        minute > 59 || second > 60)
        return false;
    return combine(days_of(year, month, day) * 86400 + seconds, fraction, value);
}
