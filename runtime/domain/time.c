/* Instants as text: the calendar by arithmetic (days from a civil date, with March as the first month so that
 * the leap day is the last of its year), because the C library's functions depend on locale and TZ.
 */
#include "domain/time.h"

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

/* For days since 1970 that a timestamp can hold: none is before the era that began in year 0. */
static void date_of(int32_t days, uint32_t *year, uint32_t *month, uint32_t *day)
{
    uint32_t z = (uint32_t)(days + 719468);
    uint32_t era = z / 146097;
    uint32_t in_era = z - era * 146097;
    uint32_t y = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    uint32_t in_year = in_era - (365 * y + y / 4 - y / 100);
    uint32_t m = (5 * in_year + 2) / 153;

    *day = in_year - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = y + era * 400 + (*month <= 2);
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

/* Two digits as a number; anything else sets `bad`. */
static uint32_t two(const char *at, bool *bad)
{
    uint32_t tens = (uint32_t)(uint8_t)at[0] - '0', ones = (uint32_t)(uint8_t)at[1] - '0';

    *bad |= (tens > 9) | (ones > 9);
    return tens * 10 + ones;
}

/* ".5" at `*at`, which moves behind it; nothing is 0. Digits below the nanosecond are dropped. */
static int64_t read_fraction(const char **at, const char *end, bool *bad)
{
    static const uint32_t units[] = {1000000000, 100000000, 10000000, 1000000, 100000,
                                     10000,      1000,      100,      10,      1};
    const char *next = *at;
    uint32_t value = 0, count = 0;

    if (next == end || *next != '.')
        return 0;
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
    const char *at = text, *end = text + length;
    uint32_t year, month, day, hour, minute, second;
    int64_t seconds, fraction;
    bool bad;

    if (length < 20)
        return false;
    bad = (at[4] != '-') | (at[7] != '-') | ((at[10] != 'T') & (at[10] != 't') & (at[10] != ' ')) |
          (at[13] != ':') | (at[16] != ':');
    year = two(at, &bad) * 100 + two(at + 2, &bad);
    month = two(at + 5, &bad);
    day = two(at + 8, &bad);
    hour = two(at + 11, &bad);
    minute = two(at + 14, &bad);
    second = two(at + 17, &bad);
    at += 19;
    fraction = read_fraction(&at, end, &bad);
    seconds = (int64_t)(hour * 3600 + minute * 60 + second) - read_offset(at, end, &bad);
    if (bad || month < 1 || month > 12 || day < 1 || day > days_in(year, month) || hour > 23 || minute > 59 ||
        second > 60)
        return false;
    return combine(days_of(year, month, day) * 86400 + seconds, fraction, value);
}
