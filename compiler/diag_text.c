/* Reports as a person reads them. The text of a report is golden-tested: change it knowingly.
 *
 * The line of the source stands below the message, a caret below its place, and below that, where a program
 * could mend the mistake, what to write there:
 *
 *     shop.aegis:3:15: error[AE0304]: there is no type 'Strng'
 *         3 | struct A { x: Strng; }
 *           |               ^~~~~
 *           |               string
 */
#include "diag.h"

#include "text.h"

#include <string.h>

/* A line nobody reads, such as 100,000 brackets, is not shown. */
#define LINE_SHOWN 400

typedef struct palette {
    const char *level, *fix, *plain;
} palette;

/* A line of the source, or a message that may quote it; control characters, which a terminal or the end of a
 * string might obey, as '?'. */
static void put_line(text_buffer *b, const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)line[i];

        text_put(b, (c < 0x20 && c != '\t') || c == 0x7f ? "?" : line + i, 1);
    }
}

/* What stands below bytes [from, to) of the line: `mark` for each character, tabs as they are. */
static void put_below(text_buffer *b, const source_position *at, size_t from, size_t to, char mark)
{
    for (size_t i = from; i < to && i < at->length; i++) {
        if (at->text[i] == '\t' && mark == ' ')
            text_puts(b, "\t");
        else if (((unsigned char)at->text[i] & 0xc0) != 0x80)
            text_put(b, &mark, 1);
    }
}

/* The line with its number, and a caret line under it. */
static void put_excerpt(text_buffer *b, const source_position *at, span where, const char *colour,
                        const char *plain)
{
    size_t width = where.end > where.start ? where.end - where.start : 1;

    if (at->length > LINE_SHOWN)
        return;
    text_printf(b, "%5u | ", at->line);
    put_line(b, at->text, at->length);
    text_puts(b, "\n      | ");
    put_below(b, at, 0, at->offset, ' ');
    text_printf(b, "%s^", colour);
    put_below(b, at, at->offset + 1, at->offset + width, '~');
    text_printf(b, "%s\n", plain);
}

/* Whether the edit is of the line that is shown, and puts nothing into it that cannot be shown in a line. */
static bool is_inside(const source_position *at, span where, const diag_edit *edit)
{
    const size_t start = where.start - at->offset, end = start + at->length;
    const char *newline = strchr(edit->text, '\n');

    return edit->where.file == where.file && edit->where.start >= start && edit->where.end <= end &&
           (newline == NULL || newline[1] == '\0');
}

/* Below the carets, what to write: new text as it is, text that goes as '-'. */
static void put_fix(text_buffer *b, const source_position *at, span where, const diag_edit *fix,
                    const palette *p)
{
    size_t line = where.start - at->offset, reached = 0;

    if (fix == NULL || at->length > LINE_SHOWN)
        return;
    for (const diag_edit *edit = fix; edit != NULL; edit = edit->next) {
        const size_t start = edit->where.start - line, shown = strcspn(edit->text, "\n");

        if (!is_inside(at, where, edit) || start < reached)
            return;
        reached = start + (shown > 0 ? shown : edit->where.end - edit->where.start);
    }
    text_puts(b, "      | ");
    reached = 0;
    for (const diag_edit *edit = fix; edit != NULL; edit = edit->next) {
        const size_t start = edit->where.start - line, shown = strcspn(edit->text, "\n");

        put_below(b, at, reached, start, ' ');
        text_puts(b, p->fix);
        if (shown > 0)
            put_line(b, edit->text, shown);
        else
            put_below(b, at, start, edit->where.end - line, '-');
        text_puts(b, p->plain);
        reached = start + (shown > 0 ? shown : edit->where.end - edit->where.start);
    }
    text_puts(b, "\n");
}

static void put_message(text_buffer *b, const char *before, const char *message)
{
    text_puts(b, before);
    if (message != NULL)
        put_line(b, message, strlen(message));
    text_puts(b, "\n");
}

static void put_place(text_buffer *b, const diags *d, const source_position *at, span where)
{
    text_printf(b, "%s:%u:%u: ", d->files->files[where.file].path, at->line, at->column);
}

static void put_diag(text_buffer *b, const diags *d, const diag *item, const palette *p)
{
    source_position at = {1, 1, "", 0, 0};
    char id[DIAG_ID_SIZE];

    if (item->placed) {
        at = source_locate(d->files, item->where);
        put_place(b, d, &at, item->where);
    }
    text_printf(b, "%s%s[%s]: %s", p->level, diag_level_name(item->code->level), diag_id(item->code, id),
                p->plain);
    put_message(b, "", item->text);
    if (item->placed) {
        put_excerpt(b, &at, item->where, p->level, p->plain);
        put_fix(b, &at, item->where, item->fix, p);
    }
    for (const diag_note *note = item->notes; note != NULL; note = note->next) {
        at = source_locate(d->files, note->where);
        put_place(b, d, &at, note->where);
        put_message(b, "note: ", note->text);
        put_excerpt(b, &at, note->where, "", "");
    }
    if (item->help != NULL)
        put_message(b, "  help: ", item->help);
}

const char *diag_format(diags *d, bool colour)
{
    static const palette plain = {"", "", ""}, of_error = {"\033[1;31m", "\033[32m", "\033[0m"},
                         of_warning = {"\033[1;35m", "\033[32m", "\033[0m"};
    text_buffer b = text_begin(d->memory);
    const size_t cap = d->cap != 0 ? d->cap : DIAG_CAP;
    size_t errors = 0;

    diag_sort(d);
    for (size_t i = 0; i < d->count; i++) {
        const bool error = d->items[i].code->level == DIAG_ERROR;

        if (!error || ++errors <= cap)
            put_diag(&b, d, &d->items[i], !colour ? &plain : error ? &of_error : &of_warning);
    }
    if (errors > cap)
        text_printf(&b, "%zu more errors are not shown\n", errors - cap);
    return b.data;
}
