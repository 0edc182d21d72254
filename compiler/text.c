/* See text.h. Room doubles, and what was outgrown stays in the arena. */
#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TEXT_ROOM 256

text_buffer text_begin(arena *memory)
{
    return (text_buffer){memory, (char *)arena_alloc(memory, TEXT_ROOM), 0, TEXT_ROOM};
}

/* Room for `size` more bytes and a NUL. */
static bool make_room(text_buffer *t, size_t size)
{
    char *bigger;
    size_t room;

    if (t->data == NULL)
        return false;
    if (size < t->room - t->size)
        return true;
    room = size < SIZE_MAX / 4 && t->room < SIZE_MAX / 4 ? 2 * (t->room + size) : SIZE_MAX;
    bigger = (char *)arena_alloc(t->memory, room);
    if (bigger != NULL)
        memcpy(bigger, t->data, t->size);
    t->data = bigger;
    t->room = room;
    return bigger != NULL;
}

void text_put(text_buffer *t, const char *data, size_t size)
{
    if (size == 0 || !make_room(t, size))
        return;
    memcpy(t->data + t->size, data, size);
    t->size += size;
    t->data[t->size] = '\0';
}

void text_puts(text_buffer *t, const char *string)
{
    if (string != NULL)
        text_put(t, string, strlen(string));
}

void text_repeat(text_buffer *t, char c, size_t count)
{
    if (count == 0 || !make_room(t, count))
        return;
    memset(t->data + t->size, c, count);
    t->size += count;
    t->data[t->size] = '\0';
}

void text_printf(text_buffer *t, const char *format, ...)
{
    va_list arguments, again;
    int length;

    va_start(arguments, format);
    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, arguments);
    if (length > 0 && make_room(t, (size_t)length)) {
        (void)vsnprintf(t->data + t->size, (size_t)length + 1, format, again);
        t->size += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}
