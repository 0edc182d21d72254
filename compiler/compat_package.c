/* Packages and what stands in them by name: constants, aliases, types. What is gone is reported where it was;
 * what is there in both versions is compared by the file that knows it.
 */
#include "compat_parts.h"

#include <string.h>

static const char *const kinds[] = {"constant", "alias", "struct", "enum", "service"};

static const char *kind_of(const symbol *s)
{
    if (s->kind != SYMBOL_RECORD)
        return kinds[s->kind];
    return s->record == NULL || s->record->kind == SCHEMA_STRUCT ? "struct"
           : s->record->kind == SCHEMA_UNION                     ? "union"
                                                                 : "error";
}

static const char *subject_of(compat *c, const schema_package *package, const char *name)
{
    return arena_printf(c->memory, "%s.%s", package->name, name);
}

/* ---- the package itself ---- */

static void package_gone(compat *c, const schema_package *old)
{
    const unit *u = compat_old_unit(c, old);
    const bool on_wire = old->service_count > 0 || old->event_count > 0;
    const at where = {.subject = old->name, .now = compat_old(c, place_package(u))};

    (void)compat_report(
        c, &where, SOURCE_PACKAGE_REMOVED, RULE_SOURCE | (on_wire ? RULE_WIRE : 0u),
        on_wire ? "package '%s' is gone, with its services and events" : "package '%s' is gone", old->name);
}

/* The path of its file as importers and #include lines write it: below the folder that was named, else as the
 * first import has it. */
static const char *path_of(const compat_version *version, const schema_package *package)
{
    const size_t length = strlen(version->root);

    if (strncmp(package->path, version->root, length) == 0 &&
        (length > 0 || strchr(package->path, '/') == NULL || package->main))
        return package->path + length;
    for (size_t i = 0; i < version->c->result.package_count; i++) {
        const schema_package *importer = version->c->result.packages[i];

        for (size_t k = 0; k < importer->import_count; k++) {
            if (importer->imports[k].package == package)
                return importer->imports[k].path;
        }
    }
    return package->path;
}

static void compare_head(compat *c, const schema_package *old, const schema_package *now)
{
    const char *before = path_of(c->old, old), *after = path_of(c->now, now);
    const at where = compat_at(now->name, place_package(compat_new_unit(c, now)),
                               place_package(compat_old_unit(c, old)), NULL);

    if (strcmp(old->c_prefix, now->c_prefix) != 0)
        (void)compat_report(c, &where, SOURCE_PREFIX_CHANGED, 0,
                            "the C names of package '%s' begin with '%s_', no longer with '%s_'", now->name,
                            now->c_prefix, old->c_prefix);
    if (strcmp(before, after) != 0 && !(old->main && now->main && c->old->is_file && c->now->is_file))
        (void)compat_report(c, &where, SOURCE_HEADER_MOVED, 0,
                            "package '%s' is declared in \"%s\", no longer in \"%s\": its header moves",
                            now->name, after, before);
}

/* ---- constants and aliases ---- */

static const schema_const *const_called(const schema_package *p, const char *name)
{
    for (size_t i = 0; i < p->const_count; i++) {
        if (strcmp(p->consts[i].name, name) == 0)
            return &p->consts[i];
    }
    return NULL;
}

static bool is_number(schema_kind kind)
{
    return (kind >= SCHEMA_I8 && kind <= SCHEMA_F64) || kind == SCHEMA_DURATION;
}

static bool same_value(const schema_value *one, const schema_value *other)
{
    return one->kind == other->kind && one->boolean == other->boolean && one->integer == other->integer &&
           one->natural == other->natural && !(one->number < other->number) &&
           !(one->number > other->number) &&
           (one->text == NULL || other->text == NULL ? one->text == other->text
                                                     : strcmp(one->text, other->text) == 0);
}

static void compare_consts(compat *c, const schema_package *old, const schema_package *now)
{
    for (size_t i = 0; i < old->const_count; i++) {
        const schema_const *before = &old->consts[i], *after = const_called(now, before->name);
        at where;

        if (after == NULL)
            continue;
        where = compat_at(subject_of(c, now, after->name),
                          place_name(place_symbol(compat_new_unit(c, now), after->name)),
                          place_name(place_symbol(compat_old_unit(c, old), before->name)), NULL);
        if (before->type->kind != after->type->kind &&
            !(is_number(before->type->kind) && is_number(after->type->kind)))
            (void)compat_report(c, &where, SOURCE_CONSTANT_TYPE_CHANGED, 0,
                                "constant '%s' changes from '%s' to '%s'", after->name, before->type->text,
                                after->type->text);
        else if (before->type->kind == after->type->kind
                     ? !same_value(&before->value, &after->value)
                     : strcmp(before->value.c_value, after->value.c_value) != 0)
            (void)compat_report(c, &where, BEHAVIOUR_CONSTANT_VALUE_CHANGED, 0,
                                "constant '%s' has another value", after->name);
    }
}

static const schema_alias *alias_called(const schema_package *p, const char *name)
{
    for (size_t i = 0; i < p->alias_count; i++) {
        if (strcmp(p->aliases[i].name, name) == 0)
            return &p->aliases[i];
    }
    return NULL;
}

/* Where an alias has the same name in both versions, its change is reported here and not wherever it is used.
 */
static void compare_aliases(compat *c, const schema_package *old, const schema_package *now)
{
    for (size_t i = 0; i < old->alias_count; i++) {
        const schema_alias *before = &old->aliases[i], *after = alias_called(now, before->name);
        const ast_node *old_node, *now_node;
        at where;
        type_use use;

        if (after == NULL)
            continue;
        old_node = place_symbol(compat_old_unit(c, old), before->name);
        now_node = place_symbol(compat_new_unit(c, now), after->name);
        where = compat_at(subject_of(c, now, after->name), place_name(now_node), place_name(old_node), NULL);
        use = (type_use){.where = &where,
                         .what = arena_printf(c->memory, "alias '%s'", after->name),
                         .c_differs = compat_c_type_differs(c, before->type, after->type),
                         .old_written = old_node->type,
                         .now_written = now_node->type};
        if (!compat_types(c, &use, before->type, after->type) && use.c_differs)
            (void)compat_report(c, &where, SOURCE_C_TYPE_CHANGED, 0,
                                "alias '%s' changes from '%s' to '%s', another type in C", after->name,
                                before->type->text, after->type->text);
    }
}

/* ---- declarations that are gone ---- */

/* Whether a remaining method raised the error, which then says more than the error's end. */
static bool raised_by_survivor(const compat *c, const schema_package *old, const schema_record *error)
{
    for (size_t i = 0; i < old->service_count; i++) {
        const schema_service *service = old->services[i];

        if (compat_now(c, service) == NULL)
            continue;
        for (size_t k = 0; k < service->method_count; k++) {
            for (size_t n = 0; n < service->methods[k].raise_count; n++) {
                if (service->methods[k].raises[n].error == error)
                    return true;
            }
        }
    }
    return false;
}

static void symbol_gone(compat *c, const schema_package *old, const schema_package *now, const symbol *s)
{
    static const int rules[] = {SOURCE_CONSTANT_REMOVED, SOURCE_ALIAS_REMOVED, SOURCE_TYPE_REMOVED,
                                SOURCE_TYPE_REMOVED};
    const at where = compat_at(subject_of(c, old, s->name), place_package(compat_new_unit(c, now)),
                               place_name(s->node), "it was declared here");

    if (s->kind == SYMBOL_SERVICE ||
        (s->record != NULL && s->record->kind == SCHEMA_ERROR && raised_by_survivor(c, old, s->record)))
        return;
    (void)compat_report(c, &where, rules[s->kind], 0, "%s '%s' is gone", kind_of(s), s->name);
}

static void compare_symbol(compat *c, const schema_package *now, const symbol *before, const symbol *after)
{
    const at where =
        compat_at(subject_of(c, now, after->name), place_name(after->node), place_name(before->node), NULL);

    if (strcmp(kind_of(before), kind_of(after)) == 0)
        return;
    (void)compat_report(c, &where, SOURCE_DECLARATION_KIND_CHANGED, 0,
                        "'%s' was declared as %s and now as %s", after->name, kind_of(before),
                        kind_of(after));
}

static void compare_c_names(compat *c, const schema_package *now, const symbol *s, const char *name,
                            const char *before, const char *after)
{
    const at where =
        compat_at(subject_of(c, now, name), place_name(place_symbol(compat_new_unit(c, now), name)),
                  place_name(s->node), NULL);

    (void)compat_report(c, &where, SOURCE_TYPE_RENAMED, 0, "%s '%s' is called '%s' in C, no longer '%s'",
                        kind_of(s), name, after, before);
}

/* The same declaration. An error's name is a matter of the wire, too, and compared there. */
static void compare_declaration(compat *c, const schema_package *old, const schema_package *now,
                                const symbol *s, const void *matched)
{
    if (s->record != NULL) {
        const schema_record *record = (const schema_record *)matched;

        if (record->kind != SCHEMA_ERROR && compat_renamed_in_c(s->record, record))
            compare_c_names(c, now, s, record->name, s->record->c_name, record->c_name);
    } else {
        const schema_enum *e = (const schema_enum *)matched;

        if (strcmp(compat_below_prefix(old, s->enumeration->c_name), compat_below_prefix(now, e->c_name)) !=
            0)
            compare_c_names(c, now, s, e->name, s->enumeration->c_name, e->c_name);
    }
}

static void compare_symbols(compat *c, const schema_package *old, const schema_package *now)
{
    unit *before = compat_old_unit(c, old), *after = compat_new_unit(c, now);

    for (size_t i = 0; i < before->symbol_count; i++) {
        const symbol *s = &before->symbols[i], *same = find_symbol(after, s->name);
        const void *declared = s->record != NULL        ? (const void *)s->record
                               : s->enumeration != NULL ? (const void *)s->enumeration
                                                        : NULL;
        const void *matched = declared != NULL ? compat_now(c, declared) : NULL;

        if (matched != NULL)
            compare_declaration(c, old, now, s, matched);
        else if (same != NULL)
            compare_symbol(c, now, s, same);
        else
            symbol_gone(c, old, now, s);
    }
}

/* ---- what both have ---- */

static void compare_declared(compat *c, const schema_package *old)
{
    for (size_t i = 0; i < old->enum_count; i++) {
        const schema_enum *now = (const schema_enum *)compat_now(c, old->enums[i]);

        if (now != NULL)
            compat_enums(c, old->enums[i], now, false);
    }
    for (size_t i = 0; i < old->record_count; i++) {
        const record_pair pair = {old->records[i], (const schema_record *)compat_now(c, old->records[i]),
                                  false};

        if (pair.now != NULL && pair.old->kind <= SCHEMA_ERROR)
            compat_records(c, &pair);
    }
}

void compat_packages(compat *c)
{
    for (size_t i = 0; i < c->package_count; i++) {
        const schema_package *old = (const schema_package *)c->packages[i].old;
        const schema_package *now = (const schema_package *)c->packages[i].now;

        if (now == NULL) {
            package_gone(c, old);
            continue;
        }
        compare_head(c, old, now);
        compare_symbols(c, old, now);
        compare_consts(c, old, now);
        compare_aliases(c, old, now);
        compare_declared(c, old);
        compat_events(c, old, now);
        compat_services(c, old, now);
    }
}
