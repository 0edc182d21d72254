/* How much there can be: of a string or list that a caller sends, of fields, parameters, bools and nesting.
 */
#include "lint_parts.h"

#include <string.h>

#define FIELDS_MOST     32
#define PARAMETERS_MOST 8
#define BOOLS_MOST      2
/* Lists and maps within each other. */
#define NESTING_MOST 2

static bool is_container(schema_kind kind)
{
    return kind == SCHEMA_LIST || kind == SCHEMA_MAP;
}

/* ---- bounds ---- */

static bool is_unbounded_text(lint *l, const schema_type *type)
{
    return (type->kind == SCHEMA_STRING || type->kind == SCHEMA_BYTES) && !type->range.has_max &&
           (type->pattern == NULL || !lint_pattern_bounds(l, type->pattern));
}

/* Where a request gets a record from, for a struct that is not the parameters themselves. */
static void note_method(lint *l, const schema_record *record)
{
    const schema_method *m = lint_use(l, record)->method;
    const ast_node *node = m == NULL ? NULL : place_record(place_unit(l->c, m->service->package), m->request);

    if (node != NULL && record->kind != SCHEMA_REQUEST)
        diag_add_note(l->reports, place_name(node), "'%s' takes it", m->idl_name);
}

static void check_bounds(lint *l, const schema_record *record, const schema_field *f)
{
    bool lists = false, texts = false;

    for (const schema_type *type = f->type; type != NULL; type = type->element) {
        const char *part = type == f->type ? "" : "what is in ";

        if (is_container(type->kind) && !type->range.has_max && !lists) {
            lint_report(l, LINT_UNBOUNDED_LIST, lint_place(l, record, f),
                        "%s%s can have any number of entries", part, lint_describe_field(l, record, f));
            note_method(l, record);
            lists = true;
        }
        if (is_unbounded_text(l, type) && !texts) {
            lint_report(l, LINT_UNBOUNDED_TEXT, lint_place(l, record, f), "%s%s can be of any length", part,
                        lint_describe_field(l, record, f));
            note_method(l, record);
            texts = true;
        }
    }
}

/* ---- numbers ---- */

static void check_nesting(lint *l, const schema_record *record, const schema_field *f)
{
    size_t depth = 0;

    for (const schema_type *type = f->type; type != NULL; type = type->element)
        depth += is_container(type->kind) ? 1 : 0;
    if (depth > NESTING_MOST)
        lint_report(l, LINT_DEEP_NESTING, lint_place(l, record, f), "%s is nested %zu deep",
                    lint_describe_field(l, record, f), depth);
}

static void check_counts(lint *l, const schema_record *record)
{
    const span where = place_name(place_record(l->u, record));
    size_t bools = 0;

    if (record->kind == SCHEMA_REQUEST && record->field_count > PARAMETERS_MOST)
        lint_report(l, LINT_TOO_MANY_PARAMETERS, where, "'%s' has %zu parameters", record->name,
                    record->field_count);
    if (record->kind != SCHEMA_REQUEST && record->kind != SCHEMA_UNION && record->field_count > FIELDS_MOST)
        lint_report(l, LINT_TOO_MANY_FIELDS, where, "%s has %zu fields", lint_describe(l, record),
                    record->field_count);
    for (size_t i = 0; i < record->field_count; i++)
        bools += record->fields[i].type->kind == SCHEMA_BOOL ? 1 : 0;
    if (record->kind == SCHEMA_REQUEST && bools > BOOLS_MOST)
        lint_report(l, LINT_MANY_BOOLS, where, "'%s' takes %zu bools", record->name, bools);
}

void lint_sizes(lint *l)
{
    for (size_t i = 0; i < l->u->record_count; i++) {
        const schema_record *record = l->u->records[i];
        const bool in_request = (lint_use(l, record)->travels & IN_REQUEST) != 0;

        check_counts(l, record);
        for (size_t k = 0; k < record->field_count; k++) {
            check_nesting(l, record, &record->fields[k]);
            if (in_request)
                check_bounds(l, record, &record->fields[k]);
        }
    }
}
