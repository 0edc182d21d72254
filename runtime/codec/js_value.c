/* Reading JSON: numbers as the language's types, and values that are passed over or kept as they are. */
#include "codec/codec.h"

#include <stdio.h>

/* ---- numbers ---- */

/* An integer, also as a string of one (which readers without 64-bit numbers need). False when it is none, or
 * has more than 64 bits. */
static bool take_integer(aegis_reader *r, aegis_js_number *number)
{
    bool quoted;

    aegis_js_space(r);
    quoted = r->at != r->end && *r->at == '"';
    if (!aegis_js_number_scan(r->at + quoted, r->end, number) || !number->integer)
        goto none;
    if (quoted && (number->end == r->end || *number->end != '"'))
        goto none;
    r->at = number->end + quoted;
    return true;
none:
    aegis_js_expected(r, "an integer");
    return false;
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

static void out_of_bounds(aegis_reader *r, const uint8_t *at, const aegis_js_number *number,
                          const char *bounds)
{
    int shown = number->end - number->at > 40 ? 40 : (int)(number->end - number->at);

    aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT, "%.*s%s is not in %s", shown, (const char *)number->at,
                      shown == 40 ? "..." : "", bounds);
}

int64_t aegis_js_get_i64(aegis_reader *r, int64_t lo, int64_t hi)
{
    const uint8_t *at = r->at;
    aegis_js_number number;
    uint64_t magnitude;
    bool fits;
    int64_t value;

    if (!take_integer(r, &number))
        return 0;
    fits = aegis_js_number_u64(&number, &magnitude) && magnitude <= (uint64_t)INT64_MAX + number.negative;
    value = (int64_t)(number.negative ? 0 - magnitude : magnitude);
    if (AEGIS_UNLIKELY(!fits || value < lo || value > hi)) {
        char bounds[64];

        (void)snprintf(bounds, sizeof bounds, "%lld..%lld", (long long)lo, (long long)hi);
        out_of_bounds(r, at, &number, bounds);
        return 0;
    }
    return value;
}

uint64_t aegis_js_get_u64(aegis_reader *r, uint64_t lo, uint64_t hi)
{
    const uint8_t *at = r->at;
    aegis_js_number number;
    uint64_t value;
    bool fits;

    if (!take_integer(r, &number))
        return 0;
    fits = aegis_js_number_u64(&number, &value) && (!number.negative || value == 0);
    if (AEGIS_UNLIKELY(!fits || value < lo || value > hi)) {
        char bounds[64];

        (void)snprintf(bounds, sizeof bounds, "%llu..%llu", (unsigned long long)lo, (unsigned long long)hi);
        out_of_bounds(r, at, &number, bounds);
        return 0;
    }
    return value;
}

double aegis_js_get_f64(aegis_reader *r)
{
    aegis_js_number number;
    double value;

    aegis_js_space(r);
    if (!aegis_js_number_scan(r->at, r->end, &number)) {
        aegis_js_expected(r, "a number");
        return 0;
    }
    value = aegis_js_number_double(&number);
    if (value - value != 0) {
        aegis_reader_fail(r, r->at, AEGIS_INVALID_ARGUMENT, "a number too large for f64");
        return 0;
    }
    r->at = number.end;
    return value;
}

double aegis_js_get_f64_in(aegis_reader *r, double lo, double hi)
{
    const uint8_t *at = r->at;

    return aegis_get_f64_checked(r, at, aegis_js_get_f64(r), lo, hi);
}

float aegis_js_get_f32(aegis_reader *r)
{
    const uint8_t *at = r->at;

    return aegis_get_f32_checked(r, at, aegis_js_get_f64(r));
}

/* ---- whole values ---- */

static void skip_scalar(aegis_reader *r)
{
    aegis_js_number number;
    uint8_t c = r->at != r->end ? *r->at : 0;

    if (c == '"') {
        (void)aegis_js_get_text(r, "a value");
    } else if (c == 't' || c == 'f') {
        (void)aegis_js_get_bool(r);
    } else if (c == 'n' && aegis_js_get_null(r)) {
        return;
    } else if (aegis_js_number_scan(r->at, r->end, &number)) {
        r->at = number.end;
    } else {
        aegis_js_expected(r, "a value");
    }
}

/* Linear, with the open containers in `left` as get_map and get_list give them. */
void aegis_js_skip(aegis_reader *r)
{
    size_t left[AEGIS_DEPTH_LIMIT + 1];
    size_t depth = 0;

    for (;;) {
        size_t opened = 0;

        aegis_js_space(r);
        if (r->at != r->end && (*r->at == '{' || *r->at == '[')) {
            if (r->depth + depth >= AEGIS_DEPTH_LIMIT) {
                aegis_get_too_deep(r);
                return;
            }
            opened = *r->at == '{' ? aegis_js_get_map(r) : aegis_js_get_list(r, 1, 0, SIZE_MAX);
        } else {
            skip_scalar(r);
        }
        if (opened != 0)
            left[depth++] = opened;
        while (opened == 0 && depth > 0) {
            aegis_js_next(r, &left[depth - 1]);
            if (left[depth - 1] != 0)
                break;
            depth--;
        }
        if (r->failed || depth == 0)
            return;
        if (left[depth - 1] == 1)
            (void)aegis_js_get_key(r);
    }
}

aegis_raw aegis_js_get_raw(aegis_reader *r)
{
    aegis_raw value = {{NULL, 0}, AEGIS_FORMAT_JSON};
    const uint8_t *at;

    aegis_js_space(r);
    at = r->at;
    if (aegis_js_get_null(r))
        return value;
    aegis_js_skip(r);
    if (!r->failed)
        value.data = (aegis_bytes){at, (size_t)(r->at - at)};
    return value;
}
