/* Changes to files: collected from all reports, sorted by place, written file by file. */
#include "cli_fix.h"

#include "cli.h"
#include "output.h"
#include "rules.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* The changes that will be made. */
typedef struct changes {
    arena *memory;
    const diag_edit **items;
    size_t count;
} changes;

static bool overlap(span one, span other)
{
    return one.file == other.file && one.start < other.end && other.start < one.end;
}

static bool fits(const changes *c, const diag_edit *edits)
{
    for (; edits != NULL; edits = edits->next) {
        for (size_t i = 0; i < c->count; i++) {
            if (overlap(c->items[i]->where, edits->where))
                return false;
        }
    }
    return true;
}

static bool add(changes *c, const diag_edit *edits)
{
    for (; edits != NULL; edits = edits->next) {
        const diag_edit **items =
            (const diag_edit **)arena_grow(c->memory, c->items, c->count, sizeof *items);

        if (items == NULL)
            return false;
        c->items = items;
        items[c->count++] = edits;
    }
    return true;
}

/* Take the changes out of the reports. */
static bool collect(changes *c, diags *reports)
{
    for (size_t i = 0; i < reports->count;) {
        const diag_edit *fix = reports->items[i].fix;

        if (fix == NULL || !fits(c, fix)) {
            i++;
            continue;
        }
        if (!add(c, fix))
            return false;
        rules_drop(reports, i);
    }
    return true;
}

/* By file, then place, then text, so that two insertions at one place have an order. */
static int compare(const void *left, const void *right)
{
    const diag_edit *a = *(const diag_edit *const *)left, *b = *(const diag_edit *const *)right;

    if (a->where.file != b->where.file)
        return a->where.file < b->where.file ? -1 : 1;
    if (a->where.start != b->where.start)
        return a->where.start < b->where.start ? -1 : 1;
    return strcmp(a->text, b->text);
}

/* One file with its changes, from number `*at` on. */
static bool write_file(const changes *c, const sources *files, size_t *at, outputs *out)
{
    const uint32_t number = c->items[*at]->where.file;
    const source_file *file = &files->files[number];
    text_buffer text = text_begin(c->memory);
    uint32_t done = 0;

    for (; *at < c->count && c->items[*at]->where.file == number; ++*at) {
        const diag_edit *edit = c->items[*at];

        text_put(&text, file->text + done, edit->where.start - done);
        text_puts(&text, edit->text);
        done = edit->where.end;
    }
    text_put(&text, file->text + done, file->length - done);
    return text.data != NULL && outputs_put(out, file->path, text.data, text.size);
}

int cli_fix(diags *reports)
{
    changes c = {.memory = reports->memory};
    outputs out = {.memory = reports->memory};
    bool good = collect(&c, reports);

    if (c.count > 1)
        qsort(c.items, c.count, sizeof *c.items, compare);
    for (size_t at = 0; at < c.count && good;)
        good = write_file(&c, reports->files, &at, &out);
    good = good && outputs_commit(&out);
    outputs_abandon(&out);
    if (good)
        return CLI_DONE;
    if (out.error != NULL)
        cli_complain("%s", out.error);
    return out.error != NULL ? CLI_IO : cli_out_of_memory();
}
