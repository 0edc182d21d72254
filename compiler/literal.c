/* Literals: numbers, durations and strings, from their spelling to their value. */
#include "parser.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (uint32_t)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (uint32_t)(c - 'A') + 10;
    return 99;
}

/* The digits at `*text`; moves `*text` behind them. */
static uint64_t magnitude(const char **text, const char *end, uint32_t base, bool *too_big)
{
    uint64_t value = 0;

    for (; *text < end && digit_of(**text) < base; (*text)++) {
        uint32_t digit = digit_of(**text);

        if (value > (UINT64_MAX - digit) / base)
            *too_big = true;
        else
            value = value * base + digit;
    }
    return *too_big ? UINT64_MAX : value;
}

bool literal_integer(parser *p, const char *text, size_t length, ast_value *value)
{
    const char *at = text, *end = text + length;
    uint32_t base = 10;

    (void)p;
    value->kind = AST_INT;
    if (at < end && *at == '-') {
        value->negative = true;
        at++;
    }
    if (end - at > 2 && at[0] == '0' && at[1] == 'x') {
        base = 16;
        at += 2;
    }
    value->magnitude = magnitude(&at, end, base, &value->too_big);
    value->number = (double)value->magnitude;
    if (value->negative)
        value->number = -value->number;
    return true;
}

bool literal_duration(parser *p, const char *text, size_t length, ast_value *value)
{
    static const struct {
        char unit[4];
        uint64_t nanoseconds;
    } units[] = {{"ns", 1},
                 {"us", 1000},
                 {"ms", 1000000},
                 {"s", 1000000000},
                 {"m", UINT64_C(60) * 1000000000},
                 {"h", UINT64_C(3600) * 1000000000},
                 {"d", UINT64_C(86400) * 1000000000}};
    const char *at = text, *end = text + length;

    (void)p;
    value->kind = AST_DURATION;
    if (at < end && *at == '-') {
        value->negative = true;
        at++;
    }
    value->magnitude = magnitude(&at, end, 10, &value->too_big);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t n = strlen(units[i].unit);

        if ((size_t)(end - at) == n && memcmp(at, units[i].unit, n) == 0) {
            if (value->magnitude > (uint64_t)INT64_MAX / units[i].nanoseconds)
                value->too_big = true;
            else
                value->magnitude *= units[i].nanoseconds;
        }
    }
    return true;
}

bool literal_float(parser *p, const char *text, size_t length, ast_value *value)
{
    char *copy = arena_copy(p->memory, text, length);

    if (copy == NULL)
        return false;
    value->kind = AST_FLOAT;
    errno = 0;
    value->number = strtod(copy, NULL);
    value->too_big = errno == ERANGE && (value->number > 1 || value->number < -1);
    return true;
}

static size_t put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* `\u{...}` with `at` behind the u: the character, and how many bytes it took; 0 when malformed. */
static size_t unicode_escape(const char *at, const char *end, uint32_t *character)
{
    const char *from = at;
    bool too_big = false;
    uint64_t value;

    if (at == end || *at != '{')
        return 0;
    at++;
    value = magnitude(&at, end, 16, &too_big);
    if (at == end || *at != '}' || at - from < 2 || value == 0 || value > 0x10ffff)
        return 0;
    if (value >= 0xd800 && value <= 0xdfff)
        return 0;
    *character = (uint32_t)value;
    return (size_t)(at - from) + 1;
}

static size_t escape(const char *at, const char *end, uint32_t *character)
{
    static const char plain[] = "\"\\nt", meaning[] = "\"\\\n\t";
    const char *found = at < end && *at != '\0' ? strchr(plain, *at) : NULL;

    if (found != NULL) {
        *character = (unsigned char)meaning[found - plain];
        return 1;
    }
    if (at < end && *at == 'u') {
        size_t n = unicode_escape(at + 1, end, character);
        return n == 0 ? 0 : n + 1;
    }
    return 0;
}

static void unknown_escape(parser *p, span where, bool unicode)
{
    diag_report(p->reports, 104, where, "this escape is not known");
    diag_add_help(p->reports, "the escapes are \\\" \\\\ \\n \\t and \\u{1F600}; %s",
                  unicode ? "U+0000 is not allowed" : "the backslash of a pattern is written \\\\");
}

bool literal_string(parser *p, const char *text, size_t length, ast_value *value)
{
    char *out = arena_text(p->memory, length + 1);
    size_t used = 0;

    if (out == NULL)
        return false;
    value->kind = AST_STRING;
    for (size_t i = 0; i < length; i++) {
        uint32_t character = 0;
        size_t n;

        if (text[i] != '\\') {
            out[used++] = text[i];
            continue;
        }
        n = escape(text + i + 1, text + length, &character);
        if (n == 0) {
            span where = value->where;

            where.start += (uint32_t)i + 1;
            where.end = where.start + 2;
            if (!p->quiet)
                unknown_escape(p, where, i + 1 < length && text[i + 1] == 'u');
            n = i + 1 < length ? 1 : 0;
        } else {
            used += put_utf8(out + used, character); /* never longer than its escape */
        }
        i += n;
    }
    value->text = out;
    value->length = used;
    return true;
}
