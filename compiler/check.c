/* One package from syntax tree to schema: the head of the file, then its declarations in the order in which
 * they need each other. Names first, so that a declaration may stand before what it uses; enums before
 * fields, whose defaults name their values; records before events and services; C names last, when all are
 * known.
 */
#include "check.h"

#include <string.h>

/* ---- the head ---- */

static ast_node *node_at(const unit *u, size_t i)
{
    return (ast_node *)u->tree->nodes.items[i];
}

static void wrong_edition(diags *d, const ast_value *value)
{
    diag_report(d, 301, value->where, "this aegisc knows edition 1 only");
    if (value->kind == AST_INT && !value->negative && value->magnitude > 1)
        diag_add_help(d, "a newer aegisc may know this one");
    else
        diag_add_fix(d, value->where, "1");
}

static void check_edition(unit *u)
{
    diags *d = &u->c->reports;
    bool found = false;

    for (size_t i = 0; i < u->tree->nodes.count; i++) {
        const ast_node *node = node_at(u, i);

        if (node->kind != AST_EDITION)
            continue;
        annotations_check(&u->c->memory, d, &node->marks, ON_NOTHING);
        if (found || i != 0)
            diag_report(d, 301, node->where, "the edition stands once, before everything else");
        else if (node->value->reported)
            ; /* it was missing */
        else if (node->value->kind != AST_INT || node->value->negative || node->value->magnitude != 1)
            wrong_edition(d, node->value);
        found = true;
    }
    if (!found && !ast_lost(u->tree, "aegis")) {
        diag_report(d, 301, (span){u->file, 0, 0}, "the file does not begin with its edition");
        diag_add_help(d, "write 'aegis 1;' first");
        diag_add_fix(d, (span){u->file, 0, 0}, "aegis 1;\n");
    }
}

/* The name must not be that of another package of this compile, in either language. */
static void check_other_packages(unit *u)
{
    for (size_t i = 0; i < u->c->unit_count; i++) {
        const unit *other = u->c->units[i];

        if (other == u || other->package->name == NULL || other->file == u->file)
            continue;
        if (strcmp(other->package->name, u->package->name) == 0)
            diag_report(&u->c->reports, 302, u->where, "package '%s' is also declared by another file",
                        u->package->name);
        else if (strcmp(other->package->c_prefix, u->package->c_prefix) == 0)
            diag_report(&u->c->reports, 309, u->where,
                        "packages '%s' and '%s' both begin their C names with '%s_'", other->package->name,
                        u->package->name, u->package->c_prefix);
        else
            continue;
        diag_add_note(&u->c->reports, other->where, "the other is here");
    }
}

static void name_package(unit *u, const ast_node *node)
{
    arena *a = &u->c->memory;
    schema_package *p = u->package;
    const ast_value *chosen =
        node == NULL ? NULL : annotation_argument(&node->marks, "c_name", NULL, AST_STRING);

    if (chosen != NULL && !cname_prefix_ok(chosen->text, chosen->length)) {
        diag_report(&u->c->reports, 604, chosen->where, "this cannot begin the names in C");
        diag_add_help(&u->c->reports, "a lower-case letter, then lower-case letters, digits and '_'");
        chosen = NULL;
    }
    p->name = node == NULL ? "package" : node->name.text;
    p->c_prefix = chosen != NULL ? chosen->text : cname_snake(a, p->name);
    p->c_macro = cname_upper(a, p->c_prefix);
    p->c_guard = arena_printf(a, "%s_H", p->c_macro);
    u->where = node == NULL ? (span){u->file, 0, 0} : node->name.where;
    if (node == NULL)
        return;
    p->docs = docs_of(u, &node->marks);
    claim_name(u, p->c_guard, u->where, arena_printf(a, "package '%s'", p->name));
    if (strcmp(p->c_prefix, "aegis") == 0 ||
        (strncmp(p->c_prefix, "aegis_", 6) == 0 && strcmp(p->name, "aegis_wire") != 0 &&
         strcmp(p->name, "aegis_duties") != 0)) /* the library's own */
        diag_report(&u->c->reports, 309, u->where, "the C names of the library begin with 'aegis_'");
    check_other_packages(u);
}

static void check_package(unit *u)
{
    diags *d = &u->c->reports;
    const ast_node *found = NULL;
    bool misplaced = false;

    for (size_t i = 0; i < u->tree->nodes.count; i++) {
        const ast_node *node = node_at(u, i);

        if (node->kind != AST_PACKAGE) {
            misplaced = misplaced || (node->kind != AST_EDITION && found == NULL);
            continue;
        }
        annotations_check(&u->c->memory, d, &node->marks, ON_PACKAGE);
        if (found != NULL) {
            diag_report(d, 302, node->name.where, "a file is one package");
            diag_add_note(d, found->name.where, "it is named here");
        } else if (misplaced) {
            diag_report(d, 302, node->name.where, "the package stands right after the edition");
        }
        found = found == NULL ? node : found;
    }
    if (found == NULL && !ast_lost(u->tree, "package")) {
        span where = {u->file, 0, 0};

        if (u->tree->nodes.count > 0 && node_at(u, 0)->kind == AST_EDITION)
            where = node_at(u, 0)->where;
        diag_report(d, 302, where, "the file does not name its package");
        diag_add_help(d, "write 'package NAME;' after the edition");
    }
    name_package(u, found);
}

/* Imports stand before declarations; the files have been compiled already. */
static void check_imports(unit *u)
{
    arena *a = &u->c->memory;
    schema_import *imports = (schema_import *)arena_array(a, u->import_count, sizeof *imports);
    bool declared = false;

    for (size_t i = 0; i < u->tree->nodes.count; i++) {
        const ast_node *node = node_at(u, i);

        declared = declared || node->kind > AST_IMPORT;
        if (node->kind != AST_IMPORT)
            continue;
        annotations_check(a, &u->c->reports, &node->marks, ON_NOTHING);
        if (declared)
            diag_report(&u->c->reports, 311, node->name.where, "imports stand before the declarations");
    }
    for (size_t i = 0; i < u->import_count; i++) {
        const unit *imported = u->imports[i].unit;
        const char *path = u->imports[i].node->name.text;

        imports[i].path = path;
        imports[i].beside = u->imports[i].beside;
        if (strcmp(u->imports[i].base, imported->package->base) == 0)
            imports[i].header = arena_printf(a, "%.*s.h", (int)(strlen(path) - strlen(".aegis")), path);
        else /* the path leads out of the folder of outputs, or somebody else said where it goes */
            imports[i].header = arena_printf(a, "%s.h", imported->package->base);
        imports[i].package = imported->package;
    }
    u->package->imports = imports;
    u->package->import_count = u->import_count;
}

static void check_unused(unit *u)
{
    for (size_t i = 0; i < u->import_count; i++) {
        const import *one = &u->imports[i];

        if (one->used || one->unit->failed)
            continue;
        diag_report(&u->c->reports, 307, one->node->name.where, "nothing of package '%s' is used",
                    one->unit->package->name);
        diag_add_fix(&u->c->reports, one->node->where, "%s", "");
    }
}

/* ---- declarations ---- */

static unsigned place_of(ast_kind kind)
{
    switch (kind) {
    case AST_CONST:
        return ON_CONST;
    case AST_ALIAS:
        return ON_ALIAS;
    case AST_STRUCT:
        return ON_STRUCT;
    case AST_ENUM:
        return ON_ENUM;
    case AST_UNION:
        return ON_UNION;
    case AST_ERROR:
        return ON_ERROR;
    case AST_SERVICE:
        return ON_SERVICE;
    case AST_EVENT:
        return ON_EVENT;
    default:
        return ON_NOTHING;
    }
}

static void check_consts(unit *u)
{
    arena *a = &u->c->memory;
    schema_const *consts = (schema_const *)arena_array(a, u->symbol_count, sizeof *consts);

    for (size_t i = 0; i < u->symbol_count; i++) {
        symbol *s = &u->symbols[i];

        if (s->kind != SYMBOL_CONST || s->repeated)
            continue;
        check_const(u, s);
        if (s->constant == NULL)
            continue;
        claim_name(u, s->constant->c_name, s->node->name.where, arena_printf(a, "constant '%s'", s->name));
        consts[u->package->const_count++] = *s->constant;
    }
    u->package->consts = consts;
}

static void check_enums(unit *u)
{
    const schema_enum **enums =
        (const schema_enum **)arena_array(&u->c->memory, u->symbol_count, sizeof(schema_enum *));

    for (size_t i = 0; i < u->symbol_count; i++) {
        symbol *s = &u->symbols[i];

        if (s->enumeration == NULL)
            continue;
        check_enum(u, s->enumeration, s->node);
        enums[u->package->enum_count++] = s->enumeration;
    }
    u->package->enums = enums;
}

static void check_aliases(unit *u)
{
    schema_alias *aliases = (schema_alias *)arena_array(&u->c->memory, u->symbol_count, sizeof *aliases);

    for (size_t i = 0; i < u->symbol_count; i++) {
        symbol *s = &u->symbols[i];

        if (s->kind != SYMBOL_ALIAS || s->repeated)
            continue;
        check_alias(u, s);
        if (s->type != NULL)
            aliases[u->package->alias_count++] =
                (schema_alias){s->name, s->type, docs_of(u, &s->node->marks)};
    }
    u->package->aliases = aliases;
}

/* Of an error that does not say its number: FAILED_PRECONDITION. */
#define DEFAULT_CODE 422

static void check_error_name(unit *u, const symbol *s)
{
    const wire_names mine = {s->record->wire, s->record->was, s->record->was_count};
    const char *shared = NULL;
    const symbol *other;
    size_t first;

    check_was(u, s->node, &mine, NULL);
    first = wire_find(&u->errors, &mine, &shared);
    wire_add(&u->errors, &mine, (size_t)(s - u->symbols));
    if (first == NO_NAME)
        return;
    other = &u->symbols[first];
    diag_report(&u->c->reports, 303, s->node->name.where,
                "errors '%s' and '%s' have the same name on the wire, \"%s\"", other->name, s->name, shared);
    diag_add_note(&u->c->reports, other->node->name.where, "the other is here");
}

static void check_error(unit *u, const symbol *s)
{
    static const schema_type numbers = {
        .kind = SCHEMA_I32,
        .range = {.has_min = true, .has_max = true, .min = {.i = INT32_MIN}, .max = {.i = INT32_MAX}},
        .text = "i32"};
    schema_value value;

    check_error_name(u, s);
    s->record->code = DEFAULT_CODE;
    if (s->node->value == NULL || !check_value(u, &numbers, s->node->value, &value))
        return;
    s->record->code = (int32_t)value.integer;
    if (value.integer < 400 || value.integer > 599)
        diag_report(&u->c->reports, 506, s->node->value->where, "an error's number is between 400 and 599");
}

static void check_records(unit *u)
{
    for (size_t i = 0; i < u->symbol_count; i++) {
        const symbol *s = &u->symbols[i];

        if (s->record == NULL)
            continue;
        if (s->record->kind == SCHEMA_ERROR)
            check_error(u, s);
        if (s->record->kind == SCHEMA_UNION && s->node->members.count == 0)
            diag_report(&u->c->reports, 312, s->node->name.where, "union '%s' has no members", s->name);
        check_fields(u, s->record, &s->node->members);
    }
}

static void check_events(unit *u)
{
    name_map_clear(&u->in_idl);
    for (size_t i = 0; i < u->tree->nodes.count; i++) {
        if (node_at(u, i)->kind == AST_EVENT)
            check_event(u, node_at(u, i));
    }
    check_event_versions(u);
    u->package->events = (const schema_event *const *)u->events;
    u->package->event_count = u->event_count;
}

static void check_services(unit *u)
{
    const schema_service **services =
        (const schema_service **)arena_array(&u->c->memory, u->symbol_count, sizeof(schema_service *));

    for (size_t i = 0; i < u->symbol_count; i++) {
        symbol *s = &u->symbols[i];

        if (s->service == NULL)
            continue;
        check_service(u, s);
        services[u->package->service_count++] = s->service;
    }
    u->package->services = services;
}

bool check_unit(unit *u)
{
    const size_t before = u->c->reports.errors;

    u->in_idl.memory = u->on_wire.memory = u->in_c.memory = &u->c->memory;
    u->missed.memory = u->errors.memory = u->nested.memory = &u->c->memory;
    check_limits(u);
    check_edition(u);
    check_package(u);
    check_imports(u);
    collect_symbols(u);
    for (size_t i = 0; i < u->symbol_count; i++) {
        if (u->symbols[i].kind != SYMBOL_SERVICE)
            annotations_check(&u->c->memory, &u->c->reports, &u->symbols[i].node->marks,
                              place_of(u->symbols[i].node->kind));
    }
    check_consts(u);
    check_enums(u);
    check_aliases(u);
    check_records(u);
    check_events(u);
    check_services(u);
    check_order(u);
    check_claims(u);
    u->package->containers = u->containers;
    u->package->container_count = u->container_count;
    u->failed = u->failed || u->c->reports.errors != before;
    if (!u->failed) {
        check_unused(u);
        check_sizes(u);
    }
    return !u->failed;
}
