/* Collecting, sorting and printing reports. The text of a report is golden-tested: change it knowingly. */
#include "diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static diag *append(diags *d, int code)
{
    diag *items = (diag *)arena_grow(d->memory, d->items, d->count, sizeof *items);
    const diag_code *about = diag_find(code);

    if (items == NULL || about == NULL)
        return NULL;
    d->items = items;
    memset(&items[d->count], 0, sizeof *items);
    items[d->count].code = about;
    items[d->count].order = d->count;
    if (about->level == DIAG_ERROR)
        d->errors++;
    else
        d->warnings++;
    return &items[d->count++];
}

void diag_report(diags *d, int code, span where, const char *format, ...)
{
    diag *item = append(d, code);
    va_list arguments;

    if (item == NULL)
        return;
    va_start(arguments, format);
    item->placed = true;
    item->where = where;
    item->text = arena_vprintf(d->memory, format, arguments);
    va_end(arguments);
}

void diag_report_unplaced(diags *d, int code, const char *format, ...)
{
    diag *item = append(d, code);
    va_list arguments;

    if (item == NULL)
        return;
    va_start(arguments, format);
    item->text = arena_vprintf(d->memory, format, arguments);
    va_end(arguments);
}

void diag_add_note(diags *d, span where, const char *format, ...)
{
    diag_note *note = arena_new(d->memory, diag_note);
    va_list arguments;
    diag_note **end;

    if (note == NULL || d->count == 0)
        return;
    va_start(arguments, format);
    note->where = where;
    note->text = arena_vprintf(d->memory, format, arguments);
    va_end(arguments);
    for (end = &d->items[d->count - 1].notes; *end != NULL; end = &(*end)->next)
        ;
    *end = note;
}

void diag_add_help(diags *d, const char *format, ...)
{
    va_list arguments;

    if (d->count == 0)
        return;
    va_start(arguments, format);
    d->items[d->count - 1].help = arena_vprintf(d->memory, format, arguments);
    va_end(arguments);
}

void diag_rewind(diags *d, size_t count)
{
    while (d->count > count) {
        d->count--;
        if (d->items[d->count].code->level == DIAG_ERROR)
            d->errors--;
        else
            d->warnings--;
    }
}

/* By file, then place, then order of reporting; what has no place first. */
static int compare(const void *left, const void *right)
{
    const diag *a = (const diag *)left, *b = (const diag *)right;

    if (a->placed != b->placed)
        return a->placed ? 1 : -1;
    if (a->placed && a->where.file != b->where.file)
        return a->where.file < b->where.file ? -1 : 1;
    if (a->placed && a->where.start != b->where.start)
        return a->where.start < b->where.start ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

/* Text that grows in the arena; NULL once memory was short. */
typedef struct text_buffer {
    arena *memory;
    char *text;
    size_t used, room;
} text_buffer;

static void put(text_buffer *b, const char *text, size_t length)
{
    if (b->text != NULL && b->used + length + 1 > b->room) {
        size_t room = 2 * (b->used + length + 1);
        char *bigger = (char *)arena_alloc(b->memory, room);

        if (bigger != NULL)
            memcpy(bigger, b->text, b->used);
        b->text = bigger;
        b->room = room;
    }
    if (b->text == NULL || length == 0)
        return;
    memcpy(b->text + b->used, text, length);
    b->used += length;
    b->text[b->used] = '\0';
}

static void puts_to(text_buffer *b, const char *text)
{
    if (text != NULL)
        put(b, text, strlen(text));
}

/* A line of the source; control characters, which a terminal or the end of a string might obey, as '?'. */
static void put_line(text_buffer *b, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        put(b, (c < 0x20 && c != '\t') || c == 0x7f ? "?" : text + i, 1);
    }
}

/* The line with its number, and a caret line under it. */
static void put_excerpt(text_buffer *b, const source_position *at, span where, const char *colour,
                        const char *plain)
{
    const char *number = arena_printf(b->memory, "%5u | ", at->line);
    size_t width = where.end > where.start ? where.end - where.start : 1;
    size_t end = at->offset + width < at->length ? at->offset + width : at->length;

    if (at->length > 400) /* a line nobody reads, such as 100,000 brackets */
        return;
    puts_to(b, number);
    put_line(b, at->text, at->length);
    puts_to(b, "\n      | ");
    for (size_t i = 0; i < at->offset && i < at->length; i++) {
        if (at->text[i] == '\t')
            puts_to(b, "\t");
        else if (((unsigned char)at->text[i] & 0xc0) != 0x80)
            puts_to(b, " ");
    }
    puts_to(b, colour);
    puts_to(b, "^");
    for (size_t i = at->offset + 1; i < end; i++) {
        if (((unsigned char)at->text[i] & 0xc0) != 0x80)
            puts_to(b, "~");
    }
    puts_to(b, plain);
    puts_to(b, "\n");
}

static void put_place(text_buffer *b, const diags *d, const source_position *at, span where)
{
    puts_to(b, arena_printf(d->memory, "%s:%u:%u: ", d->files->files[where.file].path, at->line, at->column));
}

static void put_diag(text_buffer *b, const diags *d, const diag *item, bool colour)
{
    bool error = item->code->level == DIAG_ERROR;
    const char *tint = !colour ? "" : error ? "\033[1;31m" : "\033[1;35m", *plain = colour ? "\033[0m" : "";
    source_position at = {1, 1, "", 0, 0};

    if (item->placed) {
        at = source_locate(d->files, item->where);
        put_place(b, d, &at, item->where);
    }
    puts_to(b, tint);
    puts_to(b, arena_printf(d->memory, "%s[AE%04d]: ", error ? "error" : "warning", item->code->number));
    puts_to(b, plain);
    puts_to(b, item->text);
    puts_to(b, "\n");
    if (item->placed)
        put_excerpt(b, &at, item->where, tint, plain);
    for (const diag_note *note = item->notes; note != NULL; note = note->next) {
        at = source_locate(d->files, note->where);
        put_place(b, d, &at, note->where);
        puts_to(b, "note: ");
        puts_to(b, note->text);
        puts_to(b, "\n");
        put_excerpt(b, &at, note->where, "", "");
    }
    if (item->help != NULL) {
        puts_to(b, "  help: ");
        puts_to(b, item->help);
        puts_to(b, "\n");
    }
}

const char *diag_format(diags *d, bool colour)
{
    text_buffer b = {d->memory, (char *)arena_alloc(d->memory, 256), 0, 256};
    size_t errors = 0;

    if (d->count != 0)
        qsort(d->items, d->count, sizeof *d->items, compare);
    for (size_t i = 0; i < d->count; i++) {
        if (d->items[i].code->level == DIAG_ERROR && ++errors > DIAG_CAP)
            continue;
        put_diag(&b, d, &d->items[i], colour);
    }
    if (errors > DIAG_CAP)
        puts_to(&b, arena_printf(d->memory, "%zu more errors are not shown\n", errors - DIAG_CAP));
    return b.text;
}

/* ---- did you mean ----------------------------------------------------------------------------------------
 */

/* Names longer than this are not compared. */
#define NAME_COMPARED 64

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits (insert, delete, replace, swap neighbours) from one name to another. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][NAME_COMPARED + 1];

    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = rows[i % 3], *above = rows[(i - 1) % 3], *before = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t cost = a[i - 1] != b[j - 1];

            row[j] = least(least(above[j] + 1, row[j - 1] + 1), above[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

const char *diag_nearest(const char *name, const char *const *names, size_t count)
{
    size_t length = strlen(name), best = length <= 3 ? 1 : length <= 6 ? 2 : 3;
    const char *found = NULL;

    if (length > NAME_COMPARED || length < 2)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(names[i]), edits;

        if (other > NAME_COMPARED)
            continue;
        edits = distance(name, length, names[i], other);
        if (edits <= best && edits < length && edits > 0) {
            if (found == NULL || edits < best)
                found = names[i];
            best = edits;
        }
    }
    return found;
}
