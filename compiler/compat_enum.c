/* Enums: values travel by name. What a reader does with a name it does not know depends on whether its enum
 * is strict.
 */
#include "compat_parts.h"

#include <string.h>

/* Two enums while their values are matched. */
typedef struct matching {
    compat *c;
    const schema_enum *old, *now;
    const ast_node *old_node, *now_node;
    bool wire_only;
    const schema_enum_value **partner; /* beside the old values, or NULL */
    bool *taken;
    const char *subject;
} matching;

static void pair_up(matching *m, bool by_wire)
{
    for (size_t i = 0; i < m->old->value_count; i++) {
        const schema_enum_value *v = &m->old->values[i];

        for (size_t k = 0; m->partner[i] == NULL && k < m->now->value_count; k++) {
            const schema_enum_value *w = &m->now->values[k];
            const bool same = by_wire ? compat_accepts(w->name, w->was, w->was_count, v->name)
                                      : strcmp(w->idl_name, v->idl_name) == 0;

            if (!same || m->taken[k])
                continue;
            m->partner[i] = w;
            m->taken[k] = true;
        }
    }
}

static span place_value(const ast_node *node, const schema_enum_value *v)
{
    const ast_node *member = place_member(&node->members, v->idl_name);

    return place_name(member != NULL ? member : node);
}

static const char *value_subject(const matching *m, const schema_enum_value *v)
{
    return arena_printf(m->c->memory, "%s.%s", m->subject, v->idl_name);
}

static const char *describe_value(const matching *m, const schema_enum_value *v)
{
    return arena_printf(m->c->memory, "value '%s' of enum '%s'", v->idl_name, m->now->name);
}

/* What readers of an enum do with a name they do not know. */
static const char *reaction(const schema_enum *e)
{
    return e->strict ? "refuse" : "read UNKNOWN in";
}

static void value_removed(const matching *m, const schema_enum_value *v)
{
    const at where = compat_at(value_subject(m, v), place_name(m->now_node), place_value(m->old_node, v),
                               "it was declared here");

    (void)compat_report(
        m->c, &where, WIRE_ENUM_VALUE_REMOVED, m->wire_only ? RULE_WIRE : RULE_WIRE | RULE_SOURCE,
        "%s is gone: new readers %s old messages that hold it", describe_value(m, v), reaction(m->now));
}

static void value_added(const matching *m, const schema_enum_value *v)
{
    const at where = compat_at(value_subject(m, v), place_value(m->now_node, v), place_name(m->old_node),
                               "the old version does not have it");

    if (m->old->strict)
        (void)compat_report(m->c, &where, WIRE_STRICT_VALUE_ADDED, 0,
                            "%s is new: old readers refuse new messages that hold it, as the enum is strict",
                            describe_value(m, v));
}

static void compare_value(const matching *m, const schema_enum_value *v, const schema_enum_value *w)
{
    const at where =
        compat_at(value_subject(m, w), place_value(m->now_node, w), place_value(m->old_node, v), NULL);
    const char *what = describe_value(m, w);
    const bool renamed = !m->wire_only && strcmp(v->idl_name, w->idl_name) != 0;
    const bool forward = compat_accepts(w->name, w->was, w->was_count, v->name);
    const bool backward = compat_accepts(v->name, v->was, v->was_count, w->name);
    bool said = false;

    if (!backward || !forward) {
        const char *effect =
            forward ? arena_printf(m->c->memory, "old readers %s new messages that hold it", reaction(m->old))
                    : arena_printf(m->c->memory,
                                   "old readers %s new messages that hold it, and new readers %s old ones",
                                   reaction(m->old), reaction(m->now));

        said = compat_report(m->c, &where, WIRE_ENUM_VALUE_RENAMED, RULE_WIRE | (renamed ? RULE_SOURCE : 0u),
                             "%s travels as \"%s\", no longer as \"%s\": %s", what, w->name, v->name, effect);
        if (said)
            diag_add_help(m->c->reports, "@wire(\"%s\") keeps the name it has", v->name);
    }
    if (renamed && !said)
        (void)compat_report(m->c, &where, SOURCE_ENUM_CONSTANT_RENAMED, 0,
                            "%s is called '%s' in C, no longer '%s'", what, w->c_name, v->c_name);
    compat_dropped_names(m->c, &where, what, &(wire_names){v->name, v->was, v->was_count},
                         &(wire_names){w->name, w->was, w->was_count});
}

/* The numbers follow the order; the first that is another is enough. */
static void compare_numbers(const matching *m)
{
    for (size_t i = 0; i < m->old->value_count; i++) {
        const schema_enum_value *v = &m->old->values[i], *w = m->partner[i];
        at where;

        if (w == NULL || v->number == w->number)
            continue;
        where =
            compat_at(value_subject(m, w), place_value(m->now_node, w), place_value(m->old_node, v), NULL);
        (void)compat_report(
            m->c, &where, BEHAVIOUR_ENUM_NUMBER_CHANGED, 0,
            "%s has the number %d in C, no longer %d: a program that stored numbers reads others",
            describe_value(m, w), (int)w->number, (int)v->number);
        return;
    }
}

static void compare_strictness(const matching *m)
{
    const at where = compat_at(m->subject, place_name(m->now_node), place_name(m->old_node), NULL);

    if (m->now->strict && !m->old->strict)
        (void)compat_report(m->c, &where, BEHAVIOUR_ENUM_NOW_STRICT, 0,
                            "enum '%s' is strict now: a name it does not know is refused, no longer UNKNOWN",
                            m->now->name);
    if (!m->now->strict && m->old->strict)
        (void)compat_report(m->c, &where, BEHAVIOUR_ENUM_NOW_OPEN, 0,
                            "enum '%s' is no longer strict: handlers see UNKNOWN for names it does not know",
                            m->now->name);
}

static bool compared_already(compat *c, const schema_enum *old, const schema_enum *now)
{
    for (size_t i = 0; i < c->pair_count; i++) {
        if (c->pairs[i].old == old && c->pairs[i].now == now)
            return true;
    }
    c->pairs = (match *)arena_grow(c->memory, c->pairs, c->pair_count, sizeof *c->pairs);
    c->pairs[c->pair_count++] = (match){old, now};
    return false;
}

void compat_enums(compat *c, const schema_enum *old, const schema_enum *now, bool wire_only)
{
    matching m = {.c = c,
                  .old = old,
                  .now = now,
                  .old_node = place_symbol(compat_old_unit(c, old->package), old->name),
                  .now_node = place_symbol(compat_new_unit(c, now->package), now->name),
                  .wire_only = wire_only,
                  .subject = arena_printf(c->memory, "%s.%s", now->package->name, now->name)};

    if (wire_only && compared_already(c, old, now))
        return;
    m.partner = (const schema_enum_value **)arena_array(c->memory, old->value_count + 1, sizeof *m.partner);
    m.taken = (bool *)arena_array(c->memory, now->value_count + 1, sizeof *m.taken);
    pair_up(&m, true);
    pair_up(&m, false);
    for (size_t i = 0; i < old->value_count; i++) {
        if (m.partner[i] == NULL)
            value_removed(&m, &old->values[i]);
        else
            compare_value(&m, &old->values[i], m.partner[i]);
    }
    for (size_t k = 0; k < now->value_count; k++) {
        if (!m.taken[k])
            value_added(&m, &now->values[k]);
    }
    compare_strictness(&m);
    if (!wire_only)
        compare_numbers(&m);
}
