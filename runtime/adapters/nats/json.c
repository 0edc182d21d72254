/* See json.h. The scanner never trusts the text: every step is bounded by its end, and a malformed one is no
 * value. */
#define _GNU_SOURCE
#include "json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32

typedef struct scan {
    const char *at;
    const char *end;
} scan;

static const nats_json none = {NULL, 0};

static void space(scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
        s->at++;
}

static bool expect(scan *s, char c)
{
    space(s);
    if (s->at >= s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool skip_string(scan *s)
{
    if (!expect(s, '"'))
        return false;
    while (s->at < s->end && *s->at != '"') {
        if ((unsigned char)*s->at < 0x20)
            return false;
        s->at += *s->at == '\\' ? 2 : 1;
    }
    if (s->at >= s->end)
        return false;
    s->at++;
    return true;
}

static bool skip_word(scan *s)
{
    const char *start = s->at;
    while (s->at < s->end && strchr("+-.0123456789eEtrufalsn", *s->at) != NULL && *s->at != '\0')
        s->at++;
    return s->at > start;
}

static bool skip_value(scan *s, int depth);

static bool skip_members(scan *s, char close, int depth)
{
    if (expect(s, close))
        return true;
    for (;;) {
        if (close == '}' && (!skip_string(s) || !expect(s, ':')))
            return false;
        if (!skip_value(s, depth))
            return false;
        if (expect(s, close))
            return true;
        if (!expect(s, ','))
            return false;
    }
}

static bool skip_value(scan *s, int depth)
{
    space(s);
    if (s->at >= s->end || depth >= DEPTH_MAX)
        return false;
    switch (*s->at) {
    case '"':
        return skip_string(s);
    case '{':
        s->at++;
        return skip_members(s, '}', depth + 1);
    case '[':
        s->at++;
        return skip_members(s, ']', depth + 1);
    default:
        return skip_word(s);
    }
}

static nats_json value_at(scan *s)
{
    space(s);
    const char *start = s->at;
    if (!skip_value(s, 0) || s->at > s->end)
        return none;
    return (nats_json){(const uint8_t *)start, (size_t)(s->at - start)};
}

static scan scan_of(nats_json value)
{
    const char *start = value.data != NULL ? (const char *)value.data : "";
    return (scan){start, start + value.len};
}

nats_json aegis_json_object(aegis_bytes text)
{
    scan s = scan_of(text);
    const nats_json value = value_at(&s);
    space(&s);
    if (value.data == NULL || value.data[0] != '{' || s.at != s.end)
        return none;
    return value;
}

nats_json aegis_json_member(nats_json object, const char *key)
{
    scan s = scan_of(object);
    const size_t length = strlen(key);
    if (!expect(&s, '{') || expect(&s, '}'))
        return none;
    do {
        const nats_json name = value_at(&s);
        if (name.data == NULL || !expect(&s, ':'))
            return none;
        const nats_json value = value_at(&s);
        if (value.data == NULL)
            return none;
        if (name.len == length + 2 && memcmp(name.data + 1, key, length) == 0)
            return value;
    } while (expect(&s, ','));
    return none;
}

nats_json aegis_json_path(nats_json object, const char *path)
{
    char key[64];
    while (object.data != NULL && *path != '\0') {
        const size_t length = strcspn(path, ".");
        if (length >= sizeof key)
            return none;
        memcpy(key, path, length);
        key[length] = '\0';
        object = aegis_json_member(object, key);
        path += length + (path[length] == '.' ? 1 : 0);
    }
    return object;
}

nats_json aegis_json_element(nats_json array, nats_json previous)
{
    scan s = scan_of(array);
    if (!expect(&s, '['))
        return none;
    if (previous.data != NULL) {
        s.at = (const char *)previous.data + previous.len;
        if (!expect(&s, ','))
            return none;
    } else if (expect(&s, ']')) {
        return none;
    }
    return value_at(&s);
}

uint64_t aegis_json_u64(nats_json value, uint64_t otherwise)
{
    char digits[24];
    if (value.data == NULL || value.len >= sizeof digits || value.data[0] < '0' || value.data[0] > '9')
        return otherwise;
    memcpy(digits, value.data, value.len);
    digits[value.len] = '\0';
    return strtoull(digits, NULL, 10);
}

int64_t aegis_json_i64(nats_json value, int64_t otherwise)
{
    if (value.data != NULL && value.len > 1 && value.data[0] == '-') {
        const nats_json digits = {value.data + 1, value.len - 1};
        return -(int64_t)aegis_json_u64(digits, (uint64_t)-otherwise);
    }
    return (int64_t)aegis_json_u64(value, (uint64_t)otherwise);
}

bool aegis_json_true(nats_json value)
{
    return value.len == 4 && memcmp(value.data, "true", 4) == 0;
}

/* One UTF-16 unit as UTF-8 (surrogates become '?': names and descriptions hold none). */
static size_t put_unit(char *out, unsigned unit)
{
    if (unit < 0x80) {
        out[0] = (char)unit;
        return 1;
    }
    if (unit < 0x800) {
        out[0] = (char)(0xc0 | (unit >> 6));
        out[1] = (char)(0x80 | (unit & 0x3f));
        return 2;
    }
    if (unit >= 0xd800 && unit < 0xe000) {
        out[0] = '?';
        return 1;
    }
    out[0] = (char)(0xe0 | (unit >> 12));
    out[1] = (char)(0x80 | ((unit >> 6) & 0x3f));
    out[2] = (char)(0x80 | (unit & 0x3f));
    return 3;
}

static const char *unescape(const char *at, const char *end, char *out, size_t *length)
{
    static const char from[] = "bfnrt";
    static const char to[] = "\b\f\n\r\t";
    if (*at == 'u' && end - at > 4) {
        char digits[5] = {at[1], at[2], at[3], at[4], '\0'};
        *length = put_unit(out, (unsigned)strtoul(digits, NULL, 16));
        return at + 5;
    }
    const char *known = strchr(from, *at);
    out[0] = known != NULL && *known != '\0' ? to[known - from] : *at;
    *length = 1;
    return at + 1;
}

const char *aegis_json_text(nats_json value, char *buffer, size_t size)
{
    size_t used = 0;
    buffer[0] = '\0';
    if (value.data == NULL || value.len < 2 || value.data[0] != '"')
        return buffer;
    const char *at = (const char *)value.data + 1;
    const char *end = (const char *)value.data + value.len - 1;
    while (at < end && used + 4 < size) {
        size_t length = 1;
        if (*at == '\\' && at + 1 < end)
            at = unescape(at + 1, end, buffer + used, &length);
        else
            buffer[used] = *at++;
        used += length;
    }
    buffer[used] = '\0';
    return buffer;
}

bool aegis_json_is(nats_json value, const char *text)
{
    char buffer[512];
    return value.data != NULL && value.data[0] == '"' &&
           strcmp(aegis_json_text(value, buffer, sizeof buffer), text) == 0;
}

/* ---- writing --------------------------------------------------------------------------------------------
 */

void aegis_text_add(nats_text *text, const char *format, ...)
{
    va_list arguments;
    if (text->overflow)
        return;
    va_start(arguments, format);
    const int length = vsnprintf(text->buffer + text->length, text->size - text->length, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= text->size - text->length)
        text->overflow = true;
    else
        text->length += (size_t)length;
}

void aegis_text_quote(nats_text *text, const char *value)
{
    aegis_text_add(text, "\"");
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            aegis_text_add(text, "\\%c", *c);
        else if ((unsigned char)*c < 0x20)
            aegis_text_add(text, "\\u%04x", (unsigned)(unsigned char)*c);
        else
            aegis_text_add(text, "%c", *c);
    }
    aegis_text_add(text, "\"");
}
