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
#include "utf8.h"

#include <stdio.h>
#include <string.h>

/* Of a line of more bytes than this only the part around the mistake is shown, so much before and behind. */
#define LINE_SHOWN   200
#define SHOWN_BEFORE 60
#define SHOWN_BEHIND 100

typedef struct palette {
    const char *level, *fix, *plain;
} palette;

/* The character at `text` as it is shown: its bytes, 0 for one that is shown as '?'; and its columns. */
static size_t shown(const char *text, size_t left, unsigned *columns)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t length = utf8_length(at, left);

    *columns = 1;
    if (length == 0 || (length == 1 && at[0] != '\t' && (at[0] < 0x20 || at[0] == 0x7f)))
        return 0;
    if (length == 2 && at[0] == 0xc2 && at[1] < 0xa0)
        return 0; /* a control character too */
    if (length > 1)
        *columns = utf8_columns(utf8_character(at, length));
    return length;
}

/* Bytes to the next character. */
static size_t step(const char *text, size_t left)
{
    size_t length = utf8_length((const unsigned char *)text, left);

    return length == 0 ? 1 : length;
}

/* A line of the source, or a message that may quote it; what a terminal or the end of a string might obey,
 * and what is no character, as '?'. */
static void put_line(text_buffer *b, const char *line, size_t length)
{
    for (size_t i = 0; i < length; i += step(line + i, length - i)) {
        unsigned columns;
        size_t bytes = shown(line + i, length - i, &columns);

        text_put(b, bytes == 0 ? "?" : line + i, bytes == 0 ? 1 : bytes);
    }
}

/* What stands below bytes [from, to) of the line: as many of `mark` as they have columns, tabs as they are.
 */
static void put_below(text_buffer *b, const source_position *at, size_t from, size_t to, char mark)
{
    for (size_t i = from; i < to && i < at->length; i += step(at->text + i, at->length - i)) {
        unsigned columns;

        (void)shown(at->text + i, at->length - i, &columns);
        if (at->text[i] == '\t' && mark == ' ')
            text_puts(b, "\t");
        else
            text_repeat(b, mark, columns);
    }
}

/* The part of a line that is shown. */
typedef struct window {
    size_t from, to;
    int margin; /* columns before the line */
} window;

static size_t whole(const source_position *at, size_t i)
{
    while (i > 0 && i < at->length && ((unsigned char)at->text[i] & 0xc0) == 0x80)
        i--;
    return i;
}

static window window_of(const source_position *at)
{
    window w = {0, at->length, snprintf(NULL, 0, "%5u ", at->line)};

    if (at->length <= LINE_SHOWN)
        return w;
    w.from = at->offset > SHOWN_BEFORE ? whole(at, at->offset - SHOWN_BEFORE) : 0;
    w.to = at->length - at->offset > SHOWN_BEHIND ? whole(at, at->offset + SHOWN_BEHIND) : at->length;
    return w;
}

/* Begin a line below the source. */
static void put_margin(text_buffer *b, const window *w)
{
    text_printf(b, "%*s| %s", w->margin, "", w->from > 0 ? "   " : "");
}

/* The line with its number, and a caret line under it. */
static void put_excerpt(text_buffer *b, const source_position *at, span where, const char *colour,
                        const char *plain)
{
    const window w = window_of(at);
    size_t width = where.end > where.start ? where.end - where.start : 1, behind = at->offset, end;
    unsigned columns = 1;

    if (at->offset < at->length) {
        (void)shown(at->text + at->offset, at->length - at->offset, &columns);
        behind += step(at->text + at->offset, at->length - at->offset);
    }
    end = width < w.to - at->offset ? at->offset + width : w.to;
    text_printf(b, "%5u | %s", at->line, w.from > 0 ? "..." : "");
    put_line(b, at->text + w.from, w.to - w.from);
    text_puts(b, w.to < at->length ? "...\n" : "\n");
    put_margin(b, &w);
    put_below(b, at, w.from, at->offset, ' ');
    text_printf(b, "%s^", colour);
    text_repeat(b, '~', columns > 1 ? columns - 1 : 0);
    put_below(b, at, behind, end, '~');
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
    const window w = window_of(at);
    size_t line = where.start - at->offset, reached = w.from;

    if (fix == NULL)
        return;
    for (const diag_edit *edit = fix; edit != NULL; edit = edit->next) {
        const size_t start = edit->where.start - line, shown = strcspn(edit->text, "\n");

        if (!is_inside(at, where, edit) || start < reached || edit->where.end - line > w.to)
            return;
        reached = start + (shown > 0 ? shown : edit->where.end - edit->where.start);
    }
    put_margin(b, &w);
    reached = w.from;
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

static void put_rest(text_buffer *b, size_t count, size_t cap, const char *what)
{
    if (count > cap)
        text_printf(b, "%zu more %s%s not shown\n", count - cap, what, count == cap + 1 ? " is" : "s are");
}

const char *diag_format(diags *d, bool colour)
{
    static const palette plain = {"", "", ""}, of_error = {"\033[1;31m", "\033[32m", "\033[0m"},
                         of_warning = {"\033[1;35m", "\033[32m", "\033[0m"};
    text_buffer b = text_begin(d->memory);
    const size_t cap = d->cap != 0 ? d->cap : DIAG_CAP;
    size_t shown_of[2] = {0, 0};

    diag_sort(d);
    for (size_t i = 0; i < d->count; i++) {
        const bool error = d->items[i].code->level == DIAG_ERROR;

        if (++shown_of[error ? 0 : 1] <= cap)
            put_diag(&b, d, &d->items[i], !colour ? &plain : error ? &of_error : &of_warning);
    }
    put_rest(&b, d->errors, cap, "error");
    put_rest(&b, d->warnings, cap, "warning");
    return b.data;
}
