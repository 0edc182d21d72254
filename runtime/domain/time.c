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

static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t in_era = y - era * 400;
    int64_t in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static void date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t in_era = z - era * 146097;
    int64_t y = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * in_year + 2) / 153;

    *day = in_year - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = y + era * 400 + (*month <= 2);
}

static char *put_digits(char *at, int64_t value, int count)
{
    int i;

    for (i = count - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + count;
}

size_t aegis_timestamp_format(aegis_timestamp value, char text[AEGIS_TIMESTAMP_TEXT])
{
    int64_t seconds = value / AEGIS_SECOND, fraction = value % AEGIS_SECOND;
    int64_t days, year, month, day;
    char *at = text;

    if (fraction < 0) {
        fraction += AEGIS_SECOND;
        seconds--;
    }
    days = (seconds >= 0 ? seconds : seconds - 86399) / 86400;
    seconds -= days * 86400;
    date_of(days, &year, &month, &day);
    at = put_digits(at, year, 4);
    *at++ = '-';
    at = put_digits(at, month, 2);
    *at++ = '-';
    at = put_digits(at, day, 2);
    *at++ = 'T';
    at = put_digits(at, seconds / 3600, 2);
    *at++ = ':';
    at = put_digits(at, seconds / 60 % 60, 2);
    *at++ = ':';
    at = put_digits(at, seconds % 60, 2);
    if (fraction != 0) {
        *at++ = '.';
        at = fraction % 1000 == 0 ? put_digits(at, fraction / 1000, 6) : put_digits(at, fraction, 9);
    }
    memcpy(at, "+00:00", 7);
    return (size_t)(at - text) + 6;
}

/* What is left of the text; every step fails by leaving `failed` set. */
typedef struct scan {
    const char *at, *end;
    bool failed;
} scan;

static int64_t take_digits(scan *s, int count, int64_t lo, int64_t hi)
{
    int64_t value = 0;

    while (count-- > 0) {
        if (s->at == s->end || *s->at < '0' || *s->at > '9') {
            s->failed = true;
            return lo;
        }
        value = value * 10 + (*s->at++ - '0');
    }
    s->failed |= value < lo || value > hi;
    return value;
}

/* One of the characters of `set`; the one found. */
static char take(scan *s, const char *set)
{
    if (s->at != s->end && *s->at != '\0' && strchr(set, *s->at) != NULL)
        return *s->at++;
    s->failed = true;
    return '\0';
}

static int64_t take_fraction(scan *s)
{
    int64_t value = 0, unit = AEGIS_SECOND;
    const char *first;

    if (s->at == s->end || *s->at != '.')
        return 0;
    first = ++s->at;
    while (s->at != s->end && *s->at >= '0' && *s->at <= '9') {
        unit /= 10;
        value += unit * (*s->at++ - '0');
    }
    s->failed |= s->at == first;
    return value;
}

static int64_t take_offset(scan *s)
{
    char sign = take(s, "Zz+-");
    int64_t hours, minutes;

    if (sign != '+' && sign != '-')
        return 0;
    hours = take_digits(s, 2, 0, 23);
    (void)take(s, ":");
    minutes = take_digits(s, 2, 0, 59);
    return (sign == '-' ? -60 : 60) * (hours * 60 + minutes);
}

static int64_t days_in(int64_t year, int64_t month)
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
    scan s = {text, text + length, false};
    int64_t year, month, day, seconds, fraction;

    year = take_digits(&s, 4, 0, 9999);
    (void)take(&s, "-");
    month = take_digits(&s, 2, 1, 12);
    (void)take(&s, "-");
    day = take_digits(&s, 2, 1, 31);
    (void)take(&s, "Tt ");
    seconds = take_digits(&s, 2, 0, 23) * 3600;
    (void)take(&s, ":");
    seconds += take_digits(&s, 2, 0, 59) * 60;
    (void)take(&s, ":");
    seconds += take_digits(&s, 2, 0, 60);
    fraction = take_fraction(&s);
    seconds -= take_offset(&s);
    if (s.failed || s.at != s.end || day > days_in(year, month))
        return false;
    return combine(days_of(year, month, day) * 86400 + seconds, fraction, value);
}
