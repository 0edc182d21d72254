/* The view of what a package was generated from: its text as string literals, the texts it imports, its hash.
 *
 * C promises 4,095 bytes of a literal, pieces that stand behind one another counted together. So the text
 * comes in parts of that size at most, each of one literal a line.
 */
#include "view_parts.h"

#include "schema_hash.h"

#include <string.h>

/* Most bytes of a part. */
#define PART_MAX 4000
/* Most bytes that one byte of the text becomes, and what a line has besides: quotes, line break. */
#define ESCAPED_MAX 4
#define LINE_EXTRA  3

/* Characters that change the direction of what follows: compilers warn of them, also in a literal. All begin
 * with the same byte. */
static bool turns_around(const unsigned char *at, size_t left)
{
    if (left < 3 || at[0] != 0xe2)
        return false;
    return (at[1] == 0x80 && (at[2] == 0x8e || at[2] == 0x8f || (at[2] >= 0xaa && at[2] <= 0xae))) ||
           (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9);
}

static char *put_octal(char *out, unsigned char c)
{
    *out++ = '\\';
    *out++ = (char)('0' + (c >> 6));
    *out++ = (char)('0' + (c >> 3 & 7));
    *out++ = (char)('0' + (c & 7));
    return out;
}

static bool is_common(unsigned char c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '?';
}

/* One character, or a byte of one; returns how many bytes of the text it was. */
static size_t put_character(char **out, const unsigned char *at, size_t left)
{
    static const char plain[] = "\"\\\n\t\r", escaped[] = "\"\\ntr";
    const char *special = *at == '\0' ? NULL : strchr(plain, *at);
    const bool turning = turns_around(at, left);

    if (special != NULL) {
        *(*out)++ = '\\';
        *(*out)++ = escaped[special - plain];
    } else if (*at < 0x20 || *at == 0x7f) {
        *out = put_octal(*out, *at);
    } else if (turning) {
        for (size_t i = 0; i < 3; i++)
            *out = put_octal(*out, at[i]);
    } else {
        if (*at == '?' && (*out)[-1] == '?') /* no trigraphs in C11 */
            *(*out)++ = '\\';
        *(*out)++ = (char)*at;
    }
    return turning ? 3 : 1;
}

/* How much of the text is the next part: whole lines if there is one that ends in it, else whole characters.
 */
static size_t part_size(const char *text, size_t left)
{
    size_t size = left < PART_MAX ? left : PART_MAX;

    if (size == left)
        return size;
    for (size_t i = size; i > 0; i--)
        if (text[i - 1] == '\n')
            return i;
    while (size > 1 && ((unsigned char)text[size] & 0xc0) == 0x80)
        size--;
    return size;
}

/* Its literals, one a line. */
static const char *literals_of(arena *a, const char *text, size_t size)
{
    size_t lines = 1;
    char *made, *out;

    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    made = out = arena_text(a, ESCAPED_MAX * size + LINE_EXTRA * lines + 1);
    for (size_t i = 0; i < size;) {
        if (i == 0 || text[i - 1] == '\n') {
            if (i > 0)
                *out++ = '\n';
            *out++ = '"';
        }
        while (i < size && is_common((unsigned char)text[i]))
            *out++ = text[i++];
        if (i < size)
            i += put_character(&out, (const unsigned char *)text + i, size - i);
        if (i >= size || text[i - 1] == '\n')
            *out++ = '"';
    }
    *out = '\0';
    return made;
}

typedef struct view_schema_part {
    const char *number, *literals;
} view_schema_part;

static const shape_member part_members[] = {
    SHOWS_TEXT(view_schema_part, number),
    SHOWS_TEXT(view_schema_part, literals),
};
const shape view_schema_part_shape = SHAPE_OF(view_schema_part, part_members);

static const char *number_of(arena *a, size_t index)
{
    return arena_printf(a, "%zu", index + 1);
}

static const void *part_at(const void *from, size_t index, arena *scratch)
{
    const char *const *starts = (const char *const *)from;
    view_schema_part *made = arena_new(scratch, view_schema_part);

    made->number = number_of(scratch, index);
    made->literals = literals_of(scratch, starts[index], (size_t)(starts[index + 1] - starts[index]));
    return made;
}

shape_list view_schema_numbers(arena *memory, size_t count)
{
    const char **numbers = (const char **)arena_array(memory, count, sizeof *numbers);

    for (size_t i = 0; i < count; i++)
        numbers[i] = number_of(memory, i);
    return view_list(numbers, count);
}

shape_list view_schema_parts(arena *memory, const schema_package *package)
{
    const char *at = package->text, *const end = at + package->text_size;
    const char **starts = NULL;
    size_t count = 0;

    for (; at < end; at += part_size(at, (size_t)(end - at))) {
        starts = (const char **)arena_grow(memory, starts, count, sizeof *starts);
        starts[count++] = at;
    }
    starts = (const char **)arena_grow(memory, starts, count, sizeof *starts);
    starts[count] = end;
    return (shape_list){.count = count, .make = part_at, .from = starts};
}

/* ---- imports ------------------------------------------------------------------------------------------ */

typedef struct view_schema_import {
    const char *path, *prefix;
    bool beside;
} view_schema_import;

static const shape_member import_members[] = {
    SHOWS_TEXT(view_schema_import, path),
    SHOWS_TEXT(view_schema_import, prefix),
    SHOWS_TRUTH(view_schema_import, beside),
};
const shape view_schema_import_shape = SHAPE_OF(view_schema_import, import_members);

shape_list view_schema_imports(arena *memory, const schema_package *package)
{
    view_schema_import *made = (view_schema_import *)arena_array(memory, package->import_count, sizeof *made);

    for (size_t i = 0; i < package->import_count; i++)
        made[i] = (view_schema_import){.path = package->imports[i].path,
                                       .prefix = package->imports[i].package->c_prefix,
                                       .beside = package->imports[i].beside};
    return view_list(made, package->import_count);
}

const char *view_schema_hash(arena *memory, const schema_package *package)
{
    char text[SHA256_TEXT];

    if (package->service_count == 0)
        return NULL;
    (void)schema_hash(package, memory, text); /* without memory it does not come back */
    return arena_strdup(memory, text);
}
