/* Collecting and sorting reports, and the name that was meant. How they look is diag_text.c's, diag_json.c's
 * and diag_sarif.c's. */
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void diag_doubt(diags *d, span where)
{
    span *doubts = (span *)arena_grow(d->memory, d->doubts, d->doubt_count, sizeof *doubts);

    if (doubts == NULL)
        return;
    d->doubts = doubts;
    doubts[d->doubt_count++] = where;
}

bool diag_doubted(const diags *d, span where)
{
    for (size_t i = 0; i < d->doubt_count; i++) {
        if (d->doubts[i].file == where.file && where.start >= d->doubts[i].start &&
            where.start < d->doubts[i].end)
            return true;
    }
    return false;
}

static diag *append(diags *d, int code)
{
    diag *items = (diag *)arena_grow(d->memory, d->items, d->count, sizeof *items);
    const diag_code *about = diag_find(code);

    if (items == NULL || about == NULL)
        return NULL;
    d->items = items;
    memset(&items[d->count], 0, sizeof *items);
    items[d->count].code = about;
    items[d->count].order = d->order++;
    if (about->level == DIAG_ERROR)
        d->errors++;
    else
        d->warnings++;
    return &items[d->count++];
}

void diag_report(diags *d, int code, span where, const char *format, ...)
{
    diag *item;
    va_list arguments;

    d->muted = code >= DIAG_MEANING && code < DIAG_RULES && diag_doubted(d, where);
    item = d->muted ? NULL : append(d, code);
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

    d->muted = false;
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

    if (note == NULL || d->count == 0 || d->muted)
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

    if (d->count == 0 || d->muted)
        return;
    va_start(arguments, format);
    d->items[d->count - 1].help = arena_vprintf(d->memory, format, arguments);
    va_end(arguments);
}

void diag_add_fix(diags *d, span where, const char *format, ...)
{
    diag_edit *edit = arena_new(d->memory, diag_edit);
    va_list arguments;
    diag_edit **end;

    if (edit == NULL || d->count == 0 || d->muted)
        return;
    va_start(arguments, format);
    edit->where = where;
    edit->text = arena_vprintf(d->memory, format, arguments);
    va_end(arguments);
    for (end = &d->items[d->count - 1].fix; *end != NULL; end = &(*end)->next)
        ;
    if (edit->text != NULL)
        *end = edit;
}

void diag_add_meant(diags *d, span where, const char *format, ...)
{
    const char *text;
    va_list arguments;

    va_start(arguments, format);
    text = arena_vprintf(d->memory, format, arguments);
    va_end(arguments);
    if (text == NULL)
        return;
    diag_add_help(d, "did you mean '%s'?", text);
    diag_add_fix(d, where, "%s", text);
}

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

static bool is_error(const diag *item)
{
    return item->code->level == DIAG_ERROR;
}

/* Whether the second of two reports adds nothing: both are about one place, or are the same. */
static bool repeats(const diag *a, const diag *b)
{
    if (!a->placed || !b->placed || a->where.file != b->where.file || a->where.start != b->where.start)
        return false;
    if (a->code->number < DIAG_RULES && b->code->number < DIAG_RULES)
        return true;
    return a->code == b->code && a->text != NULL && b->text != NULL && strcmp(a->text, b->text) == 0;
}

void diag_sort(diags *d)
{
    size_t kept = 0;

    if (d->count != 0)
        qsort(d->items, d->count, sizeof *d->items, compare);
    d->errors = d->warnings = 0;
    for (size_t i = 0; i < d->count; i++) {
        diag *last = kept == 0 ? NULL : &d->items[kept - 1];

        if (last == NULL || !repeats(last, &d->items[i]))
            d->items[kept++] = d->items[i];
        else if (!is_error(last) && is_error(&d->items[i]))
            *last = d->items[i];
    }
    d->count = kept;
    for (size_t i = 0; i < kept; i++) {
        if (is_error(&d->items[i]))
            d->errors++;
        else
            d->warnings++;
    }
}

const char *diag_id(const diag_code *code, char id[DIAG_ID_SIZE])
{
    (void)snprintf(id, DIAG_ID_SIZE, "AE%04d", code->number);
    return id;
}

const char *diag_level_name(diag_level level)
{
    return level == DIAG_ERROR ? "error" : "warning";
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
        if (other == length && strcasecmp(name, names[i]) == 0 && strcmp(name, names[i]) != 0)
            return names[i];
        edits = distance(name, length, names[i], other);
        if (3 * edits > length && (name[0] | 0x20) != (names[i][0] | 0x20))
            continue; /* not even the first letter */
        if (edits <= best && edits < length && edits > 0) {
            if (found == NULL || edits < best)
                found = names[i];
            best = edits;
        }
    }
    return found;
}

void diag_suggest(diags *d, span where, const char *name, const char *const *names, size_t count)
{
    const char *near = diag_nearest(name, names, count);

    if (near != NULL)
        diag_add_meant(d, where, "%s", near);
}
