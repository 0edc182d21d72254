/* Enums, structs, unions and everything else with fields. */
#include "check.h"

#include <string.h>

/* Whether value number `e->value_count` is one of those before it. */
static bool value_repeated(unit *u, const schema_enum *e, const schema_enum_value *values,
                           const ast_node *node, const ast_node *written)
{
    const schema_enum_value *v = &values[e->value_count];
    const wire_names mine = {v->name, v->was, v->was_count};

    check_was(u, written, &mine, NULL);
    for (size_t k = 0; k < e->value_count; k++) {
        const wire_names other = {values[k].name, values[k].was, values[k].was_count};
        bool same = strcmp(values[k].idl_name, v->idl_name) == 0;
        const char *shared = same ? v->idl_name : wire_common(&mine, &other);

        if (shared == NULL)
            continue;
        diag_report(&u->c->reports, 303, written->name.where, "enum '%s' has the value '%s' twice", e->name,
                    shared);
        for (size_t i = 0; i < node->members.count; i++) {
            const ast_node *first = (const ast_node *)node->members.items[i];

            if (strcmp(first->name.text, values[k].idl_name) != 0)
                continue;
            diag_add_note(&u->c->reports, first->name.where, "first here");
            return true;
        }
        return true;
    }
    return false;
}

void check_enum(unit *u, schema_enum *e, const ast_node *node)
{
    arena *a = &u->c->memory;
    schema_enum_value *values = (schema_enum_value *)arena_array(a, node->members.count, sizeof *values);
    int32_t number = 0;

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
        if (value_repeated(u, e, values, node, written))
            continue;
        claim_name(u, v->c_name, written->name.where, "an enum value");
        e->value_count++;
    }
    e->values = values;
}

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

static bool repeated(unit *u, const schema_field *fields, const span *places, size_t count,
                     const ast_node *written)
{
    const schema_field *f = &fields[count];
    const wire_names mine = {f->name, f->was, f->was_count};

    check_was(u, written, &mine, NULL);
    for (size_t i = 0; i < count; i++) {
        const wire_names other = {fields[i].name, fields[i].was, fields[i].was_count};
        const char *shared;

        if (strcmp(fields[i].idl_name, f->idl_name) == 0) {
            diag_report(&u->c->reports, 303, written->name.where, "field '%s' is declared twice",
                        f->idl_name);
            diag_add_note(&u->c->reports, places[i], "first declared here");
            return true;
        }
        shared = wire_common(&mine, &other);
        if (shared != NULL) {
            diag_report(&u->c->reports, 303, written->name.where,
                        "'%s' and '%s' have the same name on the wire, \"%s\"", fields[i].idl_name,
                        f->idl_name, shared);
            diag_add_note(&u->c->reports, places[i], "the other is here");
            return true;
        }
        if (strcmp(fields[i].c_name, f->c_name) == 0) {
            diag_report(&u->c->reports, 309, written->name.where, "'%s' and '%s' are both called '%s' in C",
                        fields[i].idl_name, f->idl_name, f->c_name);
            diag_add_note(&u->c->reports, places[i], "the other is here");
            return true;
        }
    }
    return false;
}

/* Whether the field has this name on the wire, now or formerly. */
static bool is_called(const schema_field *f, const char *name)
{
    const wire_names all = {f->name, f->was, f->was_count}, one = {name, NULL, 0};

    return wire_common(&all, &one) != NULL;
}

/* A reserved name must not be declared again. */
static void check_reserved(unit *u, const schema_record *record, const span *places, const ast_node *reserved)
{
    for (size_t i = 0; i < reserved->members.count; i++) {
        const ast_value *name = (const ast_value *)reserved->members.items[i];

        for (size_t k = 0; k < i; k++) {
            const ast_value *other = (const ast_value *)reserved->members.items[k];

            if (strcmp(other->text, name->text) != 0)
                continue;
            diag_report(&u->c->reports, 507, name->where, "'%s' is reserved twice", name->text);
            diag_add_note(&u->c->reports, other->where, "first here");
            break;
        }
        for (size_t k = 0; k < record->field_count; k++) {
            if (!is_called(&record->fields[k], name->text))
                continue;
            diag_report(&u->c->reports, 310, places[k], "'%s' is a reserved name", name->text);
            diag_add_note(&u->c->reports, name->where, "reserved here");
        }
    }
}

/* Whether `name` is among the identifiers of a C type such as "const pay_card *". */
static bool names_type(const char *c_type, const char *name)
{
    static const char qualifier[] = "const ";
    size_t length = strlen(name);
    const char *at =
        strncmp(c_type, qualifier, sizeof qualifier - 1) == 0 ? c_type + sizeof qualifier - 1 : c_type;

    return strncmp(at, name, length) == 0 && (at[length] == '\0' || at[length] == ' ');
}

/* In C++ a member cannot have the name of a type that its struct uses, `pay_card pay_card;`, or of the
 * struct. */
static void yield_to_types(unit *u, const schema_record *record, schema_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *name = fields[i].c_name;
        bool taken = strcmp(record->c_name, name) == 0 ||
                     (record->c_kind_type != NULL && strcmp(record->c_kind_type, name) == 0);

        for (size_t j = 0; j < count && !taken; j++)
            taken = names_type(fields[j].c_type, name);
        if (taken)
            fields[i].c_name = arena_printf(&u->c->memory, "%s_", name);
    }
}

void check_fields(unit *u, schema_record *record, const ast_list *members)
{
    arena *a = &u->c->memory;
    schema_field *fields = (schema_field *)arena_array(a, members->count, sizeof *fields);
    span *places = (span *)arena_array(a, members->count, sizeof *places);
    const ast_node **nodes = (const ast_node **)arena_array(a, members->count, sizeof *nodes);
    size_t all = 0, unique = 0, count = 0;

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
    for (size_t i = 0; i < all; i++) {
        fields[unique] = fields[i];
        if (!repeated(u, fields, places, unique, nodes[i]))
            places[unique++] = nodes[i]->name.where;
    }
    for (size_t i = 0; i < unique; i++) {
        if (fields[i].type == NULL)
            continue;
        places[count] = places[i];
        fields[count++] = fields[i];
    }
    record->fields = fields;
    record->field_count = count;
    for (size_t i = 0; i < members->count; i++) {
        const ast_node *written = (const ast_node *)members->items[i];

        if (written->kind != AST_RESERVED)
            continue;
        annotations_check(a, &u->c->reports, &written->marks, ON_NOTHING);
        check_reserved(u, record, places, written);
    }
    for (size_t i = 0; record->kind == SCHEMA_ERROR && i < count; i++) {
        if (strcmp(fields[i].name, "message") == 0 && fields[i].type->kind == SCHEMA_STRING)
            record->message = &fields[i];
    }
}
