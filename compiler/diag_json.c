/* Reports for a program, one JSON object a line. docs/AEGISC.md describes the members: change both. */
#include "diag.h"

#include "json.h"

/* The place as members of the open object. Lines and columns count from 1, columns characters, and the end is
 * behind the last one; `start` and `end` are bytes of the file, from 0. */
static void put_place(json *j, const diags *d, span where)
{
    const span behind = {where.file, where.end, where.end};
    const source_position first = source_locate(d->files, where), last = source_locate(d->files, behind);

    json_put_member(j, "file", d->files->files[where.file].path);
    json_put_member_number(j, "line", first.line);
    json_put_member_number(j, "column", first.column);
    json_put_member_number(j, "end_line", last.line);
    json_put_member_number(j, "end_column", last.column);
    json_put_member_number(j, "start", where.start);
    json_put_member_number(j, "end", where.end);
}

static void put_diag(json *j, const diags *d, const diag *item)
{
    char id[DIAG_ID_SIZE];

    json_put_open(j, '{');
    if (item->placed)
        put_place(j, d, item->where);
    json_put_member(j, "code", diag_id(item->code, id));
    json_put_member(j, "severity", diag_level_name(item->code->level));
    json_put_member(j, "message", item->text);
    json_put_key(j, "notes");
    json_put_open(j, '[');
    for (const diag_note *note = item->notes; note != NULL; note = note->next) {
        json_put_open(j, '{');
        put_place(j, d, note->where);
        json_put_member(j, "message", note->text);
        json_put_close(j, '}');
    }
    json_put_close(j, ']');
    if (item->help != NULL)
        json_put_member(j, "help", item->help);
    json_put_key(j, "fix");
    json_put_open(j, '[');
    for (const diag_edit *edit = item->fix; edit != NULL; edit = edit->next) {
        json_put_open(j, '{');
        put_place(j, d, edit->where);
        json_put_member(j, "text", edit->text);
        json_put_close(j, '}');
    }
    json_put_close(j, ']');
    json_put_close(j, '}');
}

const char *diag_format_json(diags *d)
{
    json j = json_put_begin(d->memory);

    diag_sort(d);
    for (size_t i = 0; i < d->count && i < DIAG_CAP_FORMS; i++) {
        put_diag(&j, d, &d->items[i]);
        text_puts(&j.out, "\n");
        j.comma = false;
    }
    return j.out.data;
}
