/* Texts put together in an arena. The few conversions that names are made with are done here, since a compile
 * makes hundreds of thousands of them; whatever else a format asks for, vsnprintf does.
 */
#include "arena.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Digits of the largest number. */
#define DIGITS_MAX 20

/* Where a text goes; measured only while `out` is NULL. */
typedef struct pen {
    char *out;
    size_t length;
} pen;

static void put(pen *p, const char *text, size_t length)
{
    if (p->out != NULL && length != 0)
        memcpy(p->out + p->length, text, length);
    p->length += length;
}

static void put_number(pen *p, bool negative, uint64_t magnitude)
{
    char digits[DIGITS_MAX + 1], *at = digits + sizeof digits;

    do
        *--at = (char)('0' + magnitude % 10);
    while ((magnitude /= 10) != 0);
    if (negative)
        *--at = '-';
    put(p, at, (size_t)(digits + sizeof digits - at));
}

static void put_signed(pen *p, long long value)
{
    put_number(p, value < 0, value < 0 ? (uint64_t) - (value + 1) + 1 : (uint64_t)value);
}

static bool takes(const char **format, const char *conversion)
{
    size_t length = strlen(conversion);

    if (strncmp(*format, conversion, length) != 0)
        return false;
    *format += length;
    return true;
}

/* The text of `%.*s`. */
static void put_part(pen *p, int most, const char *text)
{
    const char *end = most < 0 ? NULL : (const char *)memchr(text, '\0', (size_t)most);

    put(p, text, most < 0 ? strlen(text) : end != NULL ? (size_t)(end - text) : (size_t)most);
}

/* False when the format has a conversion that is not known here. */
static bool write_format(pen *p, const char *format, va_list *arguments)
{
    while (*format != '\0') {
        const char *plain = format;

        while (*format != '%' && *format != '\0')
            format++;
        put(p, plain, (size_t)(format - plain));
        if (*format == '\0')
            break;
        format++;
        if (takes(&format, "s")) {
            const char *text = va_arg(*arguments, const char *);
            put(p, text, text == NULL ? 0 : strlen(text)); /* NULL: memory was short before, and is now */
        } else if (takes(&format, "zu")) {
            put_number(p, false, va_arg(*arguments, size_t));
        } else if (takes(&format, "u")) {
            put_number(p, false, va_arg(*arguments, unsigned));
        } else if (takes(&format, "d")) {
            put_signed(p, va_arg(*arguments, int));
        } else if (takes(&format, "llu")) {
            put_number(p, false, va_arg(*arguments, unsigned long long));
        } else if (takes(&format, "lld")) {
            put_signed(p, va_arg(*arguments, long long));
        } else if (takes(&format, ".*s")) {
            int most = va_arg(*arguments, int);
            put_part(p, most, va_arg(*arguments, const char *));
        } else {
            return false;
        }
    }
    return true;
}

/* With the C library. */
static char *print_any(arena *a, const char *format, va_list arguments)
{
    va_list again;
    char *text = NULL;
    int length;

    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, arguments);
    if (length >= 0)
        text = arena_text(a, (size_t)length + 1);
    if (text != NULL)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

char *arena_vprintf(arena *a, const char *format, va_list arguments)
{
    pen measured = {NULL, 0}, p = {NULL, 0};
    va_list again;
    bool known;

    va_copy(again, arguments);
    known = write_format(&measured, format, &again);
    va_end(again);
    if (!known)
        return print_any(a, format, arguments);
    p.out = arena_text(a, measured.length + 1);
    va_copy(again, arguments);
    if (p.out != NULL)
        (void)write_format(&p, format, &again);
    va_end(again);
    return p.out;
}

char *arena_printf(arena *a, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = arena_vprintf(a, format, arguments);
    va_end(arguments);
    return text;
}

char *arena_join(arena *a, const char *first, ...)
{
    va_list texts;
    pen p = {NULL, 0};

    va_start(texts, first);
    for (const char *text = first; text != NULL; text = va_arg(texts, const char *))
        p.length += strlen(text);
    va_end(texts);
    p = (pen){arena_text(a, p.length + 1), 0};
    va_start(texts, first);
    for (const char *text = first; p.out != NULL && text != NULL; text = va_arg(texts, const char *))
        put(&p, text, strlen(text));
    va_end(texts);
    return p.out;
}
