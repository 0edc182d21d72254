/* Enums, structs, unions and everything else with fields. */
#include "check.h"

#include <string.h>

/* ---- names that are taken ----------------------------------------------------------------------------- */

static void forget_names(unit *u)
{
    name_map_clear(&u->in_idl);
    name_map_clear(&u->on_wire);
    name_map_clear(&u->in_c);
}

/* ---- enums -------------------------------------------------------------------------------------------- */

/* Whether value number `e->value_count` is one of those before it. */
static bool value_repeated(unit *u, const schema_enum *e, const schema_enum_value *v, const span *places,
                           const ast_node *written)
{
    const wire_names mine = {v->name, v->was, v->was_count};
    const size_t named = name_map_find(&u->in_idl, v->idl_name);
    const char *shared = NULL;
    const size_t on_wire = wire_find(&u->on_wire, &mine, &shared), first = named < on_wire ? named : on_wire;

    check_was(u, written, &mine, NULL);
    if (first == NO_NAME) {
        name_map_add(&u->in_idl, v->idl_name, e->value_count);
        wire_add(&u->on_wire, &mine, e->value_count);
        return false;
    }
    diag_report(&u->c->reports, 303, written->name.where, "enum '%s' has the value '%s' twice", e->name,
                named == first ? v->idl_name : shared);
    diag_add_note(&u->c->reports, places[first], "first here");
    return true;
}

void check_enum(unit *u, schema_enum *e, const ast_node *node)
{
    arena *a = &u->c->memory;
    schema_enum_value *values = (schema_enum_value *)arena_array(a, node->members.count, sizeof *values);
    span *places = (span *)arena_array(a, node->members.count, sizeof *places);
    int32_t number = 0;

    forget_names(u);
    if (node->members.count == 0)
        diag_report(&u->c->reports, 312, node->name.where, "enum '%s' has no values", e->name);
    for (size_t i = 0; i < node->members.count; i++) {
        const ast_node *written = (const ast_node *)node->members.items[i];
        schema_enum_value *v = &values[e->value_count];
        const char *wire = text_of(&written->marks, "wire");

        annotations_check(a, &u->c->reports, &written->marks, ON_ENUM_VALUE);
        v->idl_name = written->name.text;
        v->name = wire != NULL ? wire : v->idl_name;
        v->was = was_of(u, &written->marks, &v->was_count);
        v->docs = docs_of(u, &written->marks);
        v->deprecated = text_of(&written->marks, "deprecated");
        v->c_name = arena_printf(a, "%s_%s", e->c_macro, cname_upper(a, v->idl_name));
        if (strcmp(v->idl_name, "unknown") == 0)
            e->unknown_declared = true;
        else
            v->number = ++number;
        if (value_repeated(u, e, v, places, written))
            continue;
        claim_name(u, v->c_name, written->name.where, "an enum value");
        places[e->value_count++] = written->name.where;
    }
    e->values = values;
}

/* ---- fields ------------------------------------------------------------------------------------------- */

static bool takes_box(schema_kind kind)
{
    return kind <= SCHEMA_F64 || kind == SCHEMA_TIMESTAMP || kind == SCHEMA_DURATION || kind == SCHEMA_UUID ||
           kind == SCHEMA_ENUM;
}

static void place_optional(unit *u, schema_field *f)
{
    arena *a = &u->c->memory;
    const schema_type *t = f->type;

    if (t->kind == SCHEMA_ENUM) {
        f->presence = SCHEMA_BOXED;
        f->c_type = arena_printf(a, "%s_opt_%s", t->enumeration->package->c_prefix,
                                 t->c_name + strlen(t->enumeration->package->c_prefix) + 1);
    } else if (takes_box(t->kind)) {
        f->presence = SCHEMA_BOXED;
        f->c_type = arena_printf(a, "aegis_opt_%s", t->c_name);
    } else {
        f->presence = SCHEMA_POINTER;
        if (t->kind != SCHEMA_STRING && t->kind != SCHEMA_DECIMAL)
            f->c_type = arena_printf(a, "const %s *", t->c_type);
    }
}

static bool check_field(unit *u, schema_record *record, const ast_node *written, schema_field *f)
{
    arena *a = &u->c->memory;
    diags *d = &u->c->reports;
    const char *wire = text_of(&written->marks, "wire");
    const ast_annotation *nullable = annotation_find(&written->marks, "nullable");
    const schema_type *type;

    annotations_check(a, d, &written->marks, ON_FIELD);
    f->idl_name = written->name.text;
    f->name = wire != NULL ? wire : f->idl_name;
    f->was = was_of(u, &written->marks, &f->was_count);
    f->docs = docs_of(u, &written->marks);
    f->deprecated = text_of(&written->marks, "deprecated");
    f->c_name = cname_member(a, f->idl_name);
    if (record->kind == SCHEMA_UNION) {
        if (strcmp(f->c_name, "none") == 0 || strcmp(f->c_name, "kind") == 0)
            f->c_name = arena_printf(a, "%s_", f->c_name);
        f->c_kind = arena_printf(a, "%s_%s%s", record->c_macro, cname_upper(a, f->idl_name),
                                 strcmp(f->idl_name, "none") == 0 ? "_" : "");
        claim_name(u, f->c_kind, written->name.where, "the kind of a union member");
    }
    type = check_type(u, written->type);
    if (type == NULL)
        return false;
    f->type = check_pattern(u, type, &written->marks);
    f->c_type = type->c_type;
    if (type->kind == SCHEMA_LIST || type->kind == SCHEMA_MAP)
        f->presence = SCHEMA_CONTAINER;
    if (written->type->is_optional && record->kind == SCHEMA_UNION) {
        diag_report(d, 404, written->type->optional, "a member of a union cannot be optional");
        diag_add_fix(d, written->type->optional, "%s", "");
    } else if (written->type->is_optional)
        place_optional(u, f);
    if (nullable != NULL && !written->type->is_optional)
        diag_report(d, 605, nullable->where, "'@nullable' needs an optional type");
    f->nullable = nullable != NULL;
    if (written->value != NULL && (written->type->is_optional || record->kind == SCHEMA_UNION)) {
        diag_report(d, 404, written->value->where, "%s has no default",
                    record->kind == SCHEMA_UNION ? "a member of a union" : "an optional field");
        diag_add_fix(d, (span){written->where.file, written->type->where.end, written->value->where.end},
                     "%s", "");
    } else if (written->value != NULL) {
        check_value(u, f->type, written->value, &f->default_value);
    }
    return true;
}

/* Whether a field has one name in all three places. */
static bool has_one_name(const schema_field *f)
{
    return f->name == f->idl_name && f->c_name == f->idl_name && f->was_count == 0;
}

/* Whether field number `count` is one of those before it. `one_name`: all of them have one name each, so that
 * one map does for all. */
static bool repeated(unit *u, const schema_field *fields, const span *places, size_t count,
                     const ast_node *written, bool one_name)
{
    const schema_field *f = &fields[count];
    const wire_names mine = {f->name, f->was, f->was_count};
    const char *shared = NULL;
    diags *d = &u->c->reports;
    size_t in_idl, on_wire = NO_NAME, in_c = NO_NAME;

    if (one_name) {
        in_idl = name_map_add(&u->in_idl, f->idl_name, count);
        if (in_idl == count)
            return false;
    } else {
        in_idl = name_map_find(&u->in_idl, f->idl_name);
        on_wire = wire_find(&u->on_wire, &mine, &shared);
        in_c = name_map_find(&u->in_c, f->c_name);
    }
    check_was(u, written, &mine, NULL);
    if (in_idl == NO_NAME && on_wire == NO_NAME && in_c == NO_NAME) {
        name_map_add(&u->in_idl, f->idl_name, count);
        wire_add(&u->on_wire, &mine, count);
        name_map_add(&u->in_c, f->c_name, count);
        return false;
    }
    if (in_idl <= on_wire && in_idl <= in_c) {
        diag_report(d, 303, written->name.where, "field '%s' is declared twice", f->idl_name);
        diag_add_note(d, places[in_idl], "first declared here");
    } else if (on_wire <= in_c) {
        diag_report(d, 303, written->name.where, "'%s' and '%s' have the same name on the wire, \"%s\"",
                    fields[on_wire].idl_name, f->idl_name, shared);
        diag_add_note(d, places[on_wire], "the other is here");
    } else {
        diag_report(d, 309, written->name.where, "'%s' and '%s' are both called '%s' in C",
                    fields[in_c].idl_name, f->idl_name, f->c_name);
        diag_add_note(d, places[in_c], "the other is here");
    }
    return true;
}

/* Reserved names are given once, and must not be declared again. */
static void check_reserved(unit *u, const schema_field *fields, const span *places, const ast_node *reserved,
                           const name_map *on_wire)
{
    name_map_clear(&u->in_c); /* of the fields it is not needed any more */
    for (size_t i = 0; i < reserved->members.count; i++) {
        const ast_value *name = (const ast_value *)reserved->members.items[i];
        const size_t first = name_map_add(&u->in_c, name->text, i),
                     field = name_map_find(on_wire, name->text);

        if (first != i) {
            diag_report(&u->c->reports, 507, name->where, "'%s' is reserved twice", name->text);
            diag_add_note(&u->c->reports, ((const ast_value *)reserved->members.items[first])->where,
                          "first here");
        }
        if (field == NO_NAME || fields[field].type == NULL)
            continue;
        diag_report(&u->c->reports, 310, places[field], "'%s' is a reserved name", name->text);
        diag_add_note(&u->c->reports, name->where, "reserved here");
    }
}

/* The identifier in a C type such as "const pay_card *". */
static const char *type_word(const char *c_type, size_t *length)
{
    static const char qualifier[] = "const ";
    const char *word =
        strncmp(c_type, qualifier, sizeof qualifier - 1) == 0 ? c_type + sizeof qualifier - 1 : c_type;
    const char *end = strchr(word, ' ');

    *length = end != NULL ? (size_t)(end - word) : strlen(word);
    return word;
}

static uint32_t first_letter(const char *name)
{
    return UINT32_C(1) << (*name & 31);
}

/* Whether a type is one of C or of the library, after which nothing is ever called: `_t` and `aegis_` are
 * reserved, and what has no '_' is a keyword. */
static bool is_foreign(const char *word, size_t length)
{
    return memchr(word, '_', length) == NULL || strncmp(word, "aegis_", 6) == 0 ||
           (length > 2 && memcmp(word + length - 2, "_t", 2) == 0);
}

/* In C++ a member cannot have the name of a type that its struct uses, `pay_card pay_card;`, or of the
 * struct. */
static void yield_to_types(unit *u, const schema_record *record, schema_field *fields, size_t count)
{
    name_map *types = &u->in_c;
    uint32_t firsts = first_letter(record->c_name); /* of the types, a bit for each */

    name_map_clear(types);
    name_map_add(types, record->c_name, 0);
    if (record->c_kind_type != NULL)
        name_map_add(types, record->c_kind_type, 0);
    for (size_t i = 0; i < count; i++) {
        size_t length;
        const char *word = type_word(fields[i].c_type, &length);

        if (is_foreign(word, length))
            continue;
        firsts |= first_letter(word);
        name_map_add_part(types, word, length, 0);
    }
    for (size_t i = 0; i < count; i++) {
        if ((first_letter(fields[i].c_name) & firsts) != 0 &&
            name_map_find(types, fields[i].c_name) != NO_NAME)
            fields[i].c_name = arena_printf(&u->c->memory, "%s_", fields[i].c_name);
    }
}

static void check_all_reserved(unit *u, const schema_field *fields, const span *places,
                               const ast_list *members, const name_map *on_wire)
{
    for (size_t i = 0; i < members->count; i++) {
        const ast_node *written = (const ast_node *)members->items[i];

        if (written->kind != AST_RESERVED)
            continue;
        annotations_check(&u->c->memory, &u->c->reports, &written->marks, ON_NOTHING);
        check_reserved(u, fields, places, written, on_wire);
    }
}

void check_fields(unit *u, schema_record *record, const ast_list *members)
{
    arena *a = &u->c->memory;
    schema_field *fields = (schema_field *)arena_array(a, members->count, sizeof *fields);
    span *places = (span *)arena_array(a, members->count, sizeof *places);
    const ast_node **nodes = (const ast_node **)arena_array(a, members->count, sizeof *nodes);
    size_t all = 0, unique = 0, count = 0;
    bool one_name = true;

    for (size_t i = 0; i < members->count; i++) {
        const ast_node *written = (const ast_node *)members->items[i];

        if (written->kind != AST_FIELD)
            continue;
        memset(&fields[all], 0, sizeof fields[all]);
        if (!check_field(u, record, written, &fields[all]))
            fields[all].c_type = ""; /* its type is wrong, but its name is still taken */
        nodes[all++] = written;
    }
    yield_to_types(u, record, fields, all);
    forget_names(u);
    for (size_t i = 0; i < all; i++)
        one_name = one_name && has_one_name(&fields[i]);
    for (size_t i = 0; i < all; i++) {
        if (unique != i)
            fields[unique] = fields[i];
        if (!repeated(u, fields, places, unique, nodes[i], one_name))
            places[unique++] = nodes[i]->name.where;
    }
    check_all_reserved(u, fields, places, members, one_name ? &u->in_idl : &u->on_wire);
    for (size_t i = 0; i < unique; i++) {
        if (fields[i].type == NULL)
            continue;
        if (count != i)
            fields[count] = fields[i];
        count++;
    }
    record->fields = fields;
    record->field_count = count;
    for (size_t i = 0; record->kind == SCHEMA_ERROR && i < count; i++) {
        if (strcmp(fields[i].name, "message") == 0 && fields[i].type->kind == SCHEMA_STRING)
            record->message = &fields[i];
    }
}
