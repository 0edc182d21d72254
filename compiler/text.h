/* Text that grows in an arena: what reports, their JSON and formatted sources are put together in. Once
 * memory has ended it stays empty, so that a writer runs straight on and looks once, at the end.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

#include "arena.h"

typedef struct text_buffer {
    arena *memory;
    char *data; /* with a NUL behind it; NULL before text_begin and once memory has ended */
    size_t size, room;
} text_buffer;

text_buffer text_begin(arena *memory);
void text_put(text_buffer *t, const char *data, size_t size);
/* Of a NULL nothing is put. */
void text_puts(text_buffer *t, const char *string);
void text_repeat(text_buffer *t, char c, size_t count);
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void text_printf(text_buffer *t, const char *format, ...);

#endif
