/* Names in C from names in the IDL. */
#include "cname.h"

#include <string.h>

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

const char *cname_snake(arena *a, const char *name)
{
    size_t length = strlen(name);
    char *out = arena_text(a, 2 * length + 1), *at = out;

    for (size_t i = 0; out != NULL && i < length; i++) {
        bool after_lower = i > 0 && is_lower(name[i - 1]);
        bool word_begins = i > 0 && is_upper(name[i - 1]) && i + 1 < length && is_lower(name[i + 1]);

        if (is_upper(name[i]) && (after_lower || word_begins))
            *at++ = '_';
        *at++ = is_upper(name[i]) ? (char)(name[i] - 'A' + 'a') : name[i];
    }
    return out;
}

const char *cname_upper(arena *a, const char *name)
{
    char *out = arena_strdup(a, name);

    for (size_t i = 0; out != NULL && out[i] != '\0'; i++) {
        if (out[i] >= 'a' && out[i] <= 'z')
            out[i] = (char)(out[i] - 'a' + 'A');
    }
    return out;
}

bool cname_prefix_ok(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool letter = text[i] >= 'a' && text[i] <= 'z';

        if (!letter && (i == 0 || !(is_lower(text[i]) || text[i] == '_')))
            return false;
    }
    return length > 0 && strcmp(text, "aegis") != 0 && strncmp(text, "aegis_", 6) != 0;
}

const char *cname_member(arena *a, const char *name)
{
    return cname_reserved(name) ? arena_printf(a, "%s_", name) : name;
}

const char *cname_literal(arena *a, const char *text, size_t length)
{
    static const char digits[] = "01234567";
    char *out = arena_text(a, 4 * length + 3), *at = out;

    if (out == NULL)
        return NULL;
    *at++ = '"';
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '"' || c == '\\') {
            *at++ = '\\';
            *at++ = (char)c;
        } else if (c == '?' || c < 0x20 || c >= 0x7f) { /* `?` might begin a trigraph */
            *at++ = '\\';
            *at++ = digits[c >> 6];
            *at++ = digits[c >> 3 & 7];
            *at++ = digits[c & 7];
        } else {
            *at++ = (char)c;
        }
    }
    *at = '"';
    return out;
}
