/* Records: which field of the old version is which of the new one, and what was added, removed or reserved.
 *
 * A field is the same when the new one is read under the old one's name; then, since the wire name alone may
 * have changed, when both are called the same in the IDL.
 */
#include "compat_parts.h"

#include <string.h>

/* Two records while their fields are matched. */
typedef struct matching {
    compat *c;
    const record_pair *pair;
    const ast_list *old_members, *now_members;
    span old_where, now_where;    /* of the records */
    const schema_field **partner; /* beside the old fields, or NULL */
    bool *taken;                  /* beside the new ones */
    const char *what, *subject;
} matching;

const char *compat_describe(compat *c, const schema_record *record)
{
    static const char *const words[] = {
        "struct", "union", "error", "event", "the parameters of", "the result of", "the progress of"};

    return arena_printf(c->memory, "%s '%s'", words[record->kind], record->name);
}

const char *compat_subject(compat *c, const schema_record *record)
{
    const schema_package *p = record->package;

    for (size_t i = 0; record->kind >= SCHEMA_REQUEST && i < p->service_count; i++) {
        const schema_service *service = p->services[i];

        for (size_t k = 0; k < service->method_count; k++) {
            const schema_method *m = &service->methods[k];

            if (m->request == record || m->result == record || m->progress == record)
                return arena_printf(c->memory, "%s.%s.%s", p->name, service->name, m->idl_name);
        }
    }
    return arena_printf(c->memory, "%s.%s", p->name, record->name);
}

static const char *word_for(const schema_record *record)
{
    return record->kind == SCHEMA_UNION ? "member" : record->kind == SCHEMA_REQUEST ? "parameter" : "field";
}

static const char *describe_field(const matching *m, const schema_field *f)
{
    const schema_record *record = m->pair->now;

    return record->kind == SCHEMA_REQUEST
               ? arena_printf(m->c->memory, "parameter '%s' of '%s'", f->idl_name, record->name)
               : arena_printf(m->c->memory, "%s '%s' of %s", word_for(record), f->idl_name, m->what);
}

static const char *field_subject(const matching *m, const schema_field *f)
{
    return arena_printf(m->c->memory, "%s.%s", m->subject, f->idl_name);
}

/* What a finding breaks, for records that are not the same declaration. */
static unsigned classes_of(const matching *m, unsigned classes)
{
    return m->pair->wire_only ? classes & ~(unsigned)RULE_SOURCE : classes;
}

static span place_field(const ast_list *members, const schema_field *f, span otherwise)
{
    const ast_node *node = place_member(members, f->idl_name);

    return node != NULL ? node->name.where : otherwise;
}

/* ---- matching ---- */

static void pair_up(matching *m, bool by_wire)
{
    const schema_record *old = m->pair->old, *now = m->pair->now;

    for (size_t i = 0; i < old->field_count; i++) {
        const schema_field *f = &old->fields[i];

        for (size_t k = 0; m->partner[i] == NULL && k < now->field_count; k++) {
            const schema_field *g = &now->fields[k];
            const bool same = by_wire ? compat_accepts(g->name, g->was, g->was_count, f->name)
                                      : strcmp(g->idl_name, f->idl_name) == 0;

            if (!same || m->taken[k])
                continue;
            m->partner[i] = g;
            m->taken[k] = true;
        }
    }
}

static void match_fields(matching *m)
{
    const schema_record *old = m->pair->old, *now = m->pair->now;

    m->partner = (const schema_field **)arena_array(m->c->memory, old->field_count + 1, sizeof *m->partner);
    m->taken = (bool *)arena_array(m->c->memory, now->field_count + 1, sizeof *m->taken);
    pair_up(m, true);
    pair_up(m, false);
}

/* A new field that may be the removed one under another name: of the same type, as required, and new. */
static const schema_field *likely_heir(const matching *m, const schema_field *gone)
{
    const schema_record *now = m->pair->now;
    const schema_field *found = NULL;

    for (size_t k = 0; k < now->field_count; k++) {
        const schema_field *g = &now->fields[k];

        if (m->taken[k] || g->presence != gone->presence || strcmp(g->type->text, gone->type->text) != 0)
            continue;
        if (found != NULL)
            return NULL;
        found = g;
    }
    return found;
}

/* ---- removed and added ---- */

static bool is_reserved(const ast_list *members, const char *name)
{
    for (size_t i = 0; members != NULL && i < members->count; i++) {
        const ast_node *member = (const ast_node *)members->items[i];

        for (size_t k = 0; member->kind == AST_RESERVED && k < member->members.count; k++) {
            if (strcmp(((const ast_value *)member->members.items[k])->text, name) == 0)
                return true;
        }
    }
    return false;
}

static bool report_removed(const matching *m, const schema_field *f, const at *where)
{
    const char *what = describe_field(m, f);

    if (m->pair->now->kind == SCHEMA_UNION)
        return compat_report(m->c, where, WIRE_UNION_MEMBER_REMOVED, classes_of(m, RULE_WIRE | RULE_SOURCE),
                             "%s is gone: new readers find nothing in old messages that hold it", what);
    if (compat_required(m->pair->old, f))
        return compat_report(m->c, where, WIRE_FIELD_REQUIRED_REMOVED, classes_of(m, RULE_WIRE | RULE_SOURCE),
                             "%s was required and is gone: old readers refuse new messages", what);
    if (m->pair->wire_only)
        return false;
    return compat_report(m->c, where, SOURCE_FIELD_REMOVED, 0, "%s is gone", what);
}

static void field_removed(const matching *m, const schema_field *f)
{
    const at where = compat_at(field_subject(m, f), m->now_where,
                               place_field(m->old_members, f, m->old_where), "it was declared here");
    const schema_field *heir = likely_heir(m, f);

    if (!report_removed(m, f, &where))
        return;
    if (heir != NULL)
        diag_add_help(m->c->reports, "if it is called '%s' now, say so there: @was(\"%s\")", heir->idl_name,
                      f->name);
    else if (m->pair->now->kind != SCHEMA_REQUEST && m->pair->now->kind != SCHEMA_UNION &&
             !is_reserved(m->now_members, f->name))
        diag_add_help(m->c->reports, "keep the name from coming back: reserved \"%s\";", f->name);
}

static void field_added(const matching *m, const schema_field *f)
{
    const schema_record *now = m->pair->now;
    const at where = compat_at(field_subject(m, f), place_field(m->now_members, f, m->now_where),
                               m->old_where, "the old version does not have it");
    const char *what = describe_field(m, f);

    if (now->kind == SCHEMA_UNION) {
        (void)compat_report(m->c, &where, WIRE_UNION_MEMBER_ADDED, classes_of(m, RULE_WIRE | RULE_SOURCE),
                            "%s is new: old readers find nothing in new messages that hold it", what);
    } else if (compat_required(now, f)) {
        if (!compat_report(m->c, &where, WIRE_FIELD_REQUIRED_ADDED, 0,
                           "%s is new and required: new readers refuse old messages", what))
            return;
        if (f->presence == SCHEMA_CONTAINER)
            diag_add_help(m->c->reports, "let it be empty");
        else
            diag_add_help(m->c->reports, "give it a default, or make it optional");
    }
}

/* ---- reserved names ---- */

static void check_reserved(const matching *m, const ast_value *name)
{
    const schema_record *now = m->pair->now;

    for (size_t k = 0; k < now->field_count; k++) {
        const schema_field *f = &now->fields[k];
        at where;

        if (!compat_accepts(f->name, f->was, f->was_count, name->text))
            continue;
        where = compat_at(field_subject(m, f), place_field(m->now_members, f, m->now_where), name->where,
                          "the name was reserved here");
        (void)compat_report(
            m->c, &where, WIRE_RESERVED_NAME_BACK, 0,
            "%s takes the name \"%s\", which was reserved: messages from before may carry it with "
            "another meaning",
            describe_field(m, f), name->text);
        return;
    }
    if (!is_reserved(m->now_members, name->text)) {
        const at where = compat_at(arena_printf(m->c->memory, "%s.%s", m->subject, name->text), m->now_where,
                                   name->where, "it was reserved here");

        (void)compat_report(m->c, &where, BEHAVIOUR_RESERVATION_DROPPED, 0,
                            "\"%s\" is no longer reserved in %s, so it may come back with another meaning",
                            name->text, m->what);
    }
}

static void compare_reserved(const matching *m)
{
    for (size_t i = 0; m->old_members != NULL && i < m->old_members->count; i++) {
        const ast_node *member = (const ast_node *)m->old_members->items[i];

        for (size_t k = 0; member->kind == AST_RESERVED && k < member->members.count; k++)
            check_reserved(m, (const ast_value *)member->members.items[k]);
    }
}

/* ---- C ---- */

/* The first old member that does not stand where it stood; NULL: those of old come first, in their order. */
static const schema_field *first_moved(const matching *m)
{
    const schema_record *old = m->pair->old;
    size_t next = 0;

    for (size_t i = 0; i < old->field_count; i++) {
        if (m->partner[i] == NULL)
            continue;
        if (m->partner[i] != &m->pair->now->fields[next++])
            return m->partner[i];
    }
    return NULL;
}

static void compare_layout(const matching *m)
{
    const schema_record *old = m->pair->old, *now = m->pair->now;
    const schema_field *moved = now->kind == SCHEMA_UNION ? NULL : first_moved(m);
    at where = compat_at(m->subject, m->now_where, m->old_where, NULL);

    if (old->needs_init && !now->needs_init)
        (void)compat_report(m->c, &where, SOURCE_INIT_REMOVED, 0, "%s has no '%s_INIT' any more", m->what,
                            now->c_macro);
    if (moved == NULL)
        return;
    where.now = place_field(m->now_members, moved, m->now_where);
    (void)compat_report(m->c, &where, SOURCE_MEMBER_ORDER, 0,
                        "%s no longer stands where it stood: initializers without names set other members",
                        describe_field(m, moved));
}

/* ---- the record ---- */

static bool compared_already(compat *c, const record_pair *pair)
{
    for (size_t i = 0; i < c->pair_count; i++) {
        if (c->pairs[i].old == pair->old && c->pairs[i].now == pair->now)
            return true;
    }
    c->pairs = (match *)arena_grow(c->memory, c->pairs, c->pair_count, sizeof *c->pairs);
    c->pairs[c->pair_count++] = (match){pair->old, pair->now};
    return false;
}

static void compare_error(const matching *m)
{
    const schema_record *old = m->pair->old, *now = m->pair->now;
    const at where = compat_at(m->subject, m->now_where, m->old_where, NULL);
    const renaming r = {
        .what = m->what,
        .rule = WIRE_ERROR_RENAMED,
        .in_c = compat_renamed_in_c(old, now),
        .without_was = "callers of the other version see a plain failure",
        .with_was = "old callers see a plain failure",
    };

    if (!compat_renamed(m->c, &where, &r, &(wire_names){old->wire, old->was, old->was_count},
                        &(wire_names){now->wire, now->was, now->was_count}) &&
        r.in_c)
        (void)compat_report(m->c, &where, SOURCE_TYPE_RENAMED, 0, "%s is called '%s' in C, no longer '%s'",
                            m->what, now->c_name, old->c_name);
    if (old->code != now->code)
        (void)compat_report(m->c, &where, BEHAVIOUR_ERROR_CODE_CHANGED, 0,
                            "%s has the number %d, no longer %d", m->what, (int)now->code, (int)old->code);
}

static void compare_matched(const matching *m)
{
    for (size_t i = 0; i < m->pair->old->field_count; i++) {
        const schema_field *f = &m->pair->old->fields[i], *g = m->partner[i];
        field_pair pair;

        if (g == NULL) {
            field_removed(m, f);
            continue;
        }
        pair =
            (field_pair){.record = m->pair,
                         .old = f,
                         .now = g,
                         .old_node = place_member(m->old_members, f->idl_name),
                         .now_node = place_member(m->now_members, g->idl_name),
                         .where = compat_at(field_subject(m, g), place_field(m->now_members, g, m->now_where),
                                            place_field(m->old_members, f, m->old_where), NULL),
                         .what = describe_field(m, g)};
        compat_fields(m->c, &pair);
    }
    for (size_t k = 0; k < m->pair->now->field_count; k++) {
        if (!m->taken[k])
            field_added(m, &m->pair->now->fields[k]);
    }
}

void compat_records(compat *c, const record_pair *pair)
{
    const unit *before = compat_old_unit(c, pair->old->package),
               *after = compat_new_unit(c, pair->now->package);
    const ast_node *old_node = place_record(before, pair->old), *now_node = place_record(after, pair->now);
    matching m = {.c = c,
                  .pair = pair,
                  .old_members = place_members(before, pair->old),
                  .now_members = place_members(after, pair->now),
                  .old_where = place_name(old_node),
                  .now_where = place_name(now_node),
                  .what = compat_describe(c, pair->now),
                  .subject = compat_subject(c, pair->now)};

    if (pair->wire_only && compared_already(c, pair))
        return;
    match_fields(&m);
    compare_matched(&m);
    compare_reserved(&m);
    if (pair->wire_only)
        return;
    if (pair->now->kind == SCHEMA_ERROR)
        compare_error(&m);
    compare_layout(&m);
}
