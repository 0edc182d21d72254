/* The run of lint: one package after the other, every rule; then what comments and the command line allow is
 * taken out again, which is how comments that allow nothing are found.
 */
#include "lint_parts.h"

#include <string.h>

void lint_report(lint *l, int rule, span where, const char *format, ...)
{
    va_list arguments;
    const char *text;

    va_start(arguments, format);
    text = arena_vprintf(l->memory, format, arguments);
    va_end(arguments);
    diag_report(l->reports, rule, where, "%s [%s]", text, diag_rule_numbered(rule)->name);
}

const char *lint_describe(lint *l, const schema_record *record)
{
    static const char *const words[] = {
        "struct", "union", "error", "event", "the parameters of", "the result of", "the progress of"};

    return arena_printf(l->memory, "%s '%s'", words[record->kind], record->name);
}

const char *lint_describe_field(lint *l, const schema_record *record, const schema_field *field)
{
    if (record->kind == SCHEMA_REQUEST)
        return arena_printf(l->memory, "parameter '%s'", field->idl_name);
    return arena_printf(l->memory, "%s '%s'", record->kind == SCHEMA_UNION ? "member" : "field",
                        field->idl_name);
}

span lint_place(lint *l, const schema_record *record, const schema_field *field)
{
    const unit *u = place_unit(l->c, record->package);
    const ast_node *node = place_member(place_members(u, record), field->idl_name);

    return place_name(node != NULL ? node : place_record(u, record));
}

static void run_unit(lint *l, unit *u, const rule_set *rules)
{
    const size_t first = l->reports->count;

    l->u = u;
    lint_names(l);
    lint_sizes(l);
    lint_fields(l);
    lint_types(l);
    lint_methods(l);
    lint_unused(l);
    lint_allow(l, rules, first);
}

static void run(lint *l, const rule_set *rules)
{
    lint_reach(l);
    for (size_t i = 0; i < l->c->unit_count; i++) {
        if (l->c->units[i]->package->main)
            run_unit(l, l->c->units[i], rules);
    }
}

bool lint_run(compile *c, const rule_set *rules, diags *reports)
{
    arena *memory = &c->memory;
    lint l = {.c = c, .memory = memory, .reports = reports};
    jmp_buf escape;

    if (setjmp(escape) == 0) {
        memory->escape = &escape;
        run(&l, rules);
    }
    memory->escape = NULL;
    return !memory->failed;
}
