/* Types as wholes: one choice, the same twice, strict where it travels out, deprecated and still used. */
#include "lint_parts.h"

#include <string.h>

/* ---- one choice ---- */

static void check_choices(lint *l)
{
    const schema_package *p = l->u->package;

    for (size_t i = 0; i < p->enum_count; i++) {
        if (p->enums[i]->value_count == 1)
            lint_report(l, LINT_SINGLE_VALUE, place_name(place_symbol(l->u, p->enums[i]->name)),
                        "enum '%s' has a single value", p->enums[i]->name);
    }
    for (size_t i = 0; i < l->u->record_count; i++) {
        const schema_record *record = l->u->records[i];

        if (record->kind == SCHEMA_UNION && record->field_count == 1)
            lint_report(l, LINT_SINGLE_VALUE, place_name(place_record(l->u, record)),
                        "union '%s' has a single member", record->name);
    }
}

/* ---- the same twice ---- */

static bool same_field(const schema_field *one, const schema_field *other)
{
    return strcmp(one->idl_name, other->idl_name) == 0 && one->presence == other->presence &&
           strcmp(one->type->text, other->type->text) == 0;
}

static bool same_fields(const schema_record *one, const schema_record *other)
{
    if (one->field_count != other->field_count || one->field_count < 2)
        return false;
    for (size_t i = 0; i < one->field_count; i++) {
        if (!same_field(&one->fields[i], &other->fields[i]))
            return false;
    }
    return true;
}

static void check_duplicates(lint *l)
{
    for (size_t i = 0; i < l->u->record_count; i++) {
        const schema_record *record = l->u->records[i];

        for (size_t k = 0; record->kind == SCHEMA_STRUCT && k < i; k++) {
            const schema_record *other = l->u->records[k];

            if (other->kind != SCHEMA_STRUCT || !same_fields(record, other))
                continue;
            lint_report(l, LINT_DUPLICATE_TYPE, place_name(place_record(l->u, record)),
                        "structs '%s' and '%s' have the same fields", other->name, record->name);
            diag_add_note(l->reports, place_name(place_record(l->u, other)), "the other is here");
            break;
        }
    }
}

/* ---- strict ---- */

static const schema_enum *enum_of(const schema_type *type)
{
    while (type->element != NULL)
        type = type->element;
    return type->kind == SCHEMA_ENUM ? type->enumeration : NULL;
}

/* The first field in an event or result that is of the enum. */
static const schema_field *sent_in(lint *l, const schema_enum *e, const schema_record **record)
{
    for (size_t i = 0; i < l->c->unit_count; i++) {
        const unit *u = l->c->units[i];

        for (size_t k = 0; k < u->record_count; k++) {
            *record = u->records[k];
            if ((lint_use(l, *record)->travels & IN_OUTPUT) == 0)
                continue;
            for (size_t n = 0; n < (*record)->field_count; n++) {
                if (enum_of((*record)->fields[n].type) == e)
                    return &(*record)->fields[n];
            }
        }
    }
    return NULL;
}

static void check_strict(lint *l)
{
    const schema_package *p = l->u->package;

    for (size_t i = 0; i < p->enum_count; i++) {
        const schema_record *record = NULL;
        const schema_field *f = p->enums[i]->strict ? sent_in(l, p->enums[i], &record) : NULL;

        if (f == NULL)
            continue;
        lint_report(l, LINT_STRICT_OUTPUT, place_name(place_symbol(l->u, p->enums[i]->name)),
                    "strict enum '%s' is in %s, so no value can be added without breaking its readers",
                    p->enums[i]->name, lint_describe(l, record));
        diag_add_note(l->reports, lint_place(l, record, f), "it is sent here");
    }
}

/* ---- deprecated ---- */

static void report_deprecated(lint *l, span where, const char *what, const char *name, const char *why)
{
    lint_report(l, LINT_DEPRECATED_USED, where, "%s '%s' is deprecated and still used here", what, name);
    if (why[0] != '\0')
        diag_add_help(l->reports, "%s", why);
}

static void check_field_use(lint *l, const schema_record *record, const schema_field *f)
{
    const schema_type *type = f->type;

    while (type->element != NULL)
        type = type->element;
    if (record->deprecated != NULL || f->deprecated != NULL)
        return;
    if (type->kind == SCHEMA_RECORD && type->record->deprecated != NULL && type->record != record)
        report_deprecated(l, lint_place(l, record, f),
                          type->record->kind == SCHEMA_UNION ? "union" : "struct", type->record->name,
                          type->record->deprecated);
    if (type->kind == SCHEMA_ENUM && type->enumeration->deprecated != NULL)
        report_deprecated(l, lint_place(l, record, f), "enum", type->enumeration->name,
                          type->enumeration->deprecated);
}

static void check_method_use(lint *l, const schema_method *m)
{
    const span where = place_name(place_record(l->u, m->request));

    if (m->deprecated != NULL)
        return;
    if (m->result->deprecated != NULL)
        report_deprecated(l, where, "struct", m->result->name, m->result->deprecated);
    for (size_t i = 0; i < m->raise_count; i++) {
        if (m->raises[i].error->deprecated != NULL)
            report_deprecated(l, where, "error", m->raises[i].error->name, m->raises[i].error->deprecated);
    }
}

static void check_service_use(lint *l, const schema_service *service)
{
    const span where = place_name(place_symbol(l->u, service->name));

    if (service->deprecated != NULL)
        return;
    for (size_t i = 0; i < service->method_count; i++)
        check_method_use(l, &service->methods[i]);
    for (size_t i = 0; i < service->publish_count; i++) {
        if (service->publishes[i]->deprecated != NULL)
            report_deprecated(l, where, "event", service->publishes[i]->name,
                              service->publishes[i]->deprecated);
    }
    for (size_t i = 0; i < service->use_count; i++) {
        if (service->uses[i]->deprecated != NULL)
            report_deprecated(l, where, "service", service->uses[i]->name, service->uses[i]->deprecated);
    }
}

static void check_deprecated(lint *l)
{
    for (size_t i = 0; i < l->u->record_count; i++) {
        for (size_t k = 0; k < l->u->records[i]->field_count; k++)
            check_field_use(l, l->u->records[i], &l->u->records[i]->fields[k]);
    }
    for (size_t i = 0; i < l->u->package->service_count; i++)
        check_service_use(l, l->u->package->services[i]);
}

void lint_types(lint *l)
{
    check_choices(l);
    check_duplicates(l);
    check_strict(l);
    check_deprecated(l);
}
