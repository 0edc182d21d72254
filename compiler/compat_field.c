/* One field in both versions: its names, whether it may be absent and what that means, its type. One cause is
 * reported once: when what was said about the wire also explains why C code does not compile, that is not
 * said again.
 */
#include "compat_parts.h"

#include <string.h>

bool compat_required(const schema_record *record, const schema_field *field)
{
    if (record->kind == SCHEMA_UNION)
        return false;
    if (field->presence == SCHEMA_CONTAINER)
        return field->type->range.min.u > 0;
    return field->presence == SCHEMA_REQUIRED && field->default_value.kind == SCHEMA_VALUE_NONE;
}

static unsigned with_source(const field_pair *p, unsigned classes, bool source)
{
    if (p->record->wire_only)
        return classes & ~(unsigned)RULE_SOURCE;
    return source ? classes | RULE_SOURCE : classes;
}

/* The names; true when the rename in C was spoken of. */
static bool compare_wire_names(compat *c, const field_pair *p, bool renamed_in_c)
{
    const schema_field *old = p->old, *now = p->now;
    const bool forward = compat_accepts(now->name, now->was, now->was_count, old->name);
    const bool backward = compat_accepts(old->name, old->was, old->was_count, now->name);
    const unsigned classes = with_source(p, RULE_WIRE, renamed_in_c);

    if (forward && backward)
        return false;
    if (!forward) {
        if (!compat_report(
                c, &p->where, WIRE_FIELD_RENAMED, classes,
                "%s travels as \"%s\", no longer as \"%s\": neither version finds it in messages of the "
                "other",
                p->what, now->name, old->name))
            return false;
        diag_add_help(c->reports, "@wire(\"%s\") keeps the name it has", old->name);
        return true;
    }
    if (!compat_report(
            c, &p->where, WIRE_FIELD_RENAMED_WAS, classes,
            "%s travels as \"%s\", no longer as \"%s\": old readers do not find it in new messages", p->what,
            now->name, old->name))
        return false;
    diag_add_help(
        c->reports,
        "first send the old name and accept both, @wire(\"%s\") @was(\"%s\"); rename when every reader "
        "does",
        old->name, now->name);
    return true;
}

static void compare_names(compat *c, const field_pair *p)
{
    const bool renamed = strcmp(p->old->c_name, p->now->c_name) != 0;

    if (!compare_wire_names(c, p, renamed) && renamed && !p->record->wire_only)
        (void)compat_report(c, &p->where, SOURCE_MEMBER_RENAMED, 0, "%s is called '%s' in C, no longer '%s'",
                            p->what, p->now->c_name, p->old->c_name);
    compat_dropped_names(c, &p->where, p->what, &(wire_names){p->old->name, p->old->was, p->old->was_count},
                         &(wire_names){p->now->name, p->now->was, p->now->was_count});
}

/* ---- absence ---- */

static bool same_text(const char *one, const char *other)
{
    return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

static bool same_default(const schema_field *old, const schema_field *now)
{
    const schema_value *a = &old->default_value, *b = &now->default_value;

    if (a->kind != b->kind)
        return false;
    if (a->kind == SCHEMA_VALUE_ENUM || a->kind == SCHEMA_VALUE_STRING)
        return same_text(a->text, b->text);
    return same_text(a->c_value, b->c_value);
}

static const char *default_text(compat *c, const schema_value *value)
{
    if (value->kind == SCHEMA_VALUE_STRING)
        return arena_printf(c->memory, "\"%s\"", value->text);
    if (value->kind == SCHEMA_VALUE_DURATION)
        return compat_duration(c, value->integer);
    return value->kind == SCHEMA_VALUE_ENUM ? value->text : value->c_value;
}

/* What a message without the field means to a reader. */
typedef enum absence { REFUSED, DEFAULTED, ABSENT } absence;

static absence absence_of(const schema_field *f)
{
    if (f->presence == SCHEMA_BOXED || f->presence == SCHEMA_POINTER)
        return ABSENT;
    return f->default_value.kind == SCHEMA_VALUE_NONE ? REFUSED : DEFAULTED;
}

/* True when something was reported that explains why the member's type in C is another. */
static bool compare_absence(compat *c, const field_pair *p, bool c_differs)
{
    const absence before = absence_of(p->old), after = absence_of(p->now);
    const unsigned wire = with_source(p, RULE_WIRE, c_differs),
                   meaning = with_source(p, RULE_BEHAVIOUR, c_differs);
    const char *old_default = before == DEFAULTED ? default_text(c, &p->old->default_value) : "";
    const char *now_default = after == DEFAULTED ? default_text(c, &p->now->default_value) : "";

    if (after == REFUSED && before != REFUSED)
        return compat_report(
            c, &p->where, WIRE_FIELD_NOW_REQUIRED, wire,
            before == ABSENT ? "%s was optional and is required: new readers refuse old messages without it"
                             : "%s has no default any more: new readers refuse messages without it",
            p->what);
    if (before == REFUSED && after == ABSENT)
        return compat_report(c, &p->where, WIRE_FIELD_NOW_OPTIONAL, wire,
                             "%s was required and is optional: old readers refuse new messages without it%s",
                             p->what, c_differs ? "" : ", and in C it may be NULL");
    if (before == DEFAULTED && after == ABSENT)
        return compat_report(c, &p->where, BEHAVIOUR_DEFAULT_REMOVED, meaning,
                             "a message without %s means %s to old readers and nothing to new ones%s",
                             p->what, old_default, c_differs ? "" : "; in C it may be NULL");
    if (before == ABSENT && after == DEFAULTED)
        return compat_report(c, &p->where, BEHAVIOUR_DEFAULT_ADDED, meaning,
                             "a message without %s means nothing to old readers and %s to new ones", p->what,
                             now_default);
    if (before == DEFAULTED && after == DEFAULTED && !same_default(p->old, p->now))
        (void)compat_report(c, &p->where, BEHAVIOUR_DEFAULT_CHANGED, 0,
                            "a message without %s means %s to old readers and %s to new ones", p->what,
                            old_default, now_default);
    return false;
}

static bool is_container(const schema_field *f)
{
    return f->presence == SCHEMA_CONTAINER;
}

void compat_fields(compat *c, const field_pair *p)
{
    const bool c_differs = !p->record->wire_only && compat_c_member_differs(c, p->old, p->now);
    const bool may_be_absent =
        p->record->now->kind != SCHEMA_UNION && !is_container(p->old) && !is_container(p->now);
    const bool said = may_be_absent && compare_absence(c, p, c_differs);
    const type_use use = {.where = &p->where,
                          .what = p->what,
                          .c_differs = c_differs && !said,
                          .wire_only = p->record->wire_only,
                          .old_written = p->old_node != NULL ? p->old_node->type : NULL,
                          .now_written = p->now_node != NULL ? p->now_node->type : NULL};
    const bool type_said = compat_types(c, &use, p->old->type, p->now->type);

    if (c_differs && !said && !type_said)
        (void)compat_report(c, &p->where, SOURCE_C_TYPE_CHANGED, 0,
                            "%s changes from '%s' to '%s', another type in C", p->what, p->old->type->text,
                            p->now->type->text);
    compare_names(c, p);
}
