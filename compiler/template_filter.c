/* What a template can do to a text: change its case, quote it for C, make a comment of it. */
#include "template_parse.h"

#include <stdio.h>
#include <string.h>

int template_filter(const char *name, size_t length)
{
    static const char *const names[] = {"upper", "lower", "c_string", "doc", "comment"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
            return (int)i;
    return -1;
}

static const char *change_case(arena *a, const char *text, char from, char to, int distance)
{
    char *copy = arena_strdup(a, text);

    if (copy != NULL)
        for (char *at = copy; *at != '\0'; at++)
            if (*at >= from && *at <= to)
                *at = (char)(*at + distance);
    return copy;
}

/* A C string literal. Octal escapes have a fixed length, so what follows one is never swallowed by it. */
static const char *c_string(arena *a, const char *text)
{
    static const char plain[] = "\"\\\n\t\r", escaped[] = "\"\\ntr";
    char *out = arena_text(a, 4 * strlen(text) + 3), *at = out;

    if (out == NULL)
        return NULL;
    *at++ = '"';
    for (; *text != '\0'; text++) {
        const char *special = strchr(plain, *text);
        unsigned char c = (unsigned char)*text;

        if (special != NULL) {
            *at++ = '\\';
            *at++ = escaped[special - plain];
        } else if (c < 0x20 || c == 0x7f) {
            at += snprintf(at, 5, "\\%03o", (unsigned)c);
        } else if (c == '?' && at[-1] == '?') { /* no trigraphs in C11 */
            *at++ = '\\';
            *at++ = '?';
        } else {
            *at++ = *text;
        }
    }
    *at++ = '"';
    *at = '\0';
    return out;
}

/* A comment: `open` and the text, one line beginning with " *" for each further line. */
static const char *comment(arena *a, const char *text, const char *open)
{
    size_t length = strlen(text);
    char *out = arena_text(a, 5 * length + 16), *at = out;

    if (out == NULL)
        return NULL;
    at += snprintf(at, 8, "%s ", open);
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            while (at[-1] == ' ')
                at--;
            memcpy(at, "\n * ", 4);
            at += 4;
        } else {
            *at++ = *text;
            if (*text == '\\' && open[2] == '*')
                *at++ =
                    '\\'; /* or Doxygen would take what follows for a command; those of a text begin with @ */
            if ((*text == '*' && text[1] == '/') || (*text == '/' && text[1] == '*'))
                *at++ = ' '; /* would end, or open, a comment */
        }
    }
    while (at[-1] == ' ')
        at--;
    memcpy(at, " */", 4);
    return out;
}

const char *template_apply(arena *a, filter_kind filter, const char *text)
{
    switch (filter) {
    case FILTER_UPPER:
        return change_case(a, text, 'a', 'z', 'A' - 'a');
    case FILTER_LOWER:
        return change_case(a, text, 'A', 'Z', 'a' - 'A');
    case FILTER_C_STRING:
        return c_string(a, text);
    case FILTER_DOC:
        return comment(a, text, "/**");
    case FILTER_COMMENT:
        return comment(a, text, "/*");
    }
    return text;
}
