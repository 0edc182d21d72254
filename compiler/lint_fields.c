/* What a field's name says its type should be: money, times, durations, ids; and what does not belong in a
 * result. */
#include "lint_parts.h"

#include <string.h>

static bool is_integer(schema_kind kind)
{
    return kind >= SCHEMA_I8 && kind <= SCHEMA_U64;
}

static bool is_float(schema_kind kind)
{
    return kind == SCHEMA_F32 || kind == SCHEMA_F64;
}

/* The type of a field, or of what its lists hold. */
static const schema_type *inner_type(const schema_field *f)
{
    const schema_type *type = f->type;

    while (type->element != NULL)
        type = type->element;
    return type;
}

static void check_money(lint *l, const schema_record *record, const schema_field *f)
{
    static const char *const words[] = {"price",    "prices",  "amount",  "total",    "cost",
                                        "costs",    "fee",     "fees",    "balance",  "salary",
                                        "tax",      "taxes",   "revenue", "discount", "money",
                                        "subtotal", "payment", "budget",  "refund",   NULL};
    const schema_type *type = inner_type(f);

    if (is_float(type->kind) && lint_last_word(f->idl_name, words)) {
        lint_report(l, LINT_FLOAT_MONEY, lint_place(l, record, f), "%s looks like money and is a float",
                    lint_describe_field(l, record, f));
        diag_add_help(l->reports, "decimal is exact");
    }
}

static void check_time(lint *l, const schema_record *record, const schema_field *f)
{
    static const char *const words[] = {"at", "timestamp", "date", "datetime", "birthday", "deadline", NULL};
    const schema_type *type = inner_type(f);

    if ((type->kind == SCHEMA_STRING || is_integer(type->kind) || is_float(type->kind)) &&
        lint_last_word(f->idl_name, words) && strcmp(f->idl_name, "at") != 0)
        lint_report(l, LINT_PLAIN_TIMESTAMP, lint_place(l, record, f), "%s looks like a time and is '%s'",
                    lint_describe_field(l, record, f), type->text);
}

static void check_duration(lint *l, const schema_record *record, const schema_field *f)
{
    static const char *const words[] = {
        "timeout", "ttl",    "duration",     "interval", "delay",   "backoff", "ns",    "us",
        "ms",      "millis", "milliseconds", "secs",     "seconds", "minutes", "hours", NULL};
    const schema_type *type = inner_type(f);

    if ((is_integer(type->kind) || is_float(type->kind)) && lint_last_word(f->idl_name, words))
        lint_report(l, LINT_PLAIN_DURATION, lint_place(l, record, f), "%s looks like a duration and is '%s'",
                    lint_describe_field(l, record, f), type->text);
}

static bool is_free_text(const schema_type *type)
{
    return type->kind == SCHEMA_STRING && !type->range.has_min && !type->range.has_max &&
           type->pattern == NULL;
}

static void check_uuid(lint *l, const schema_record *record, const schema_field *f)
{
    static const char *const certain[] = {"uuid", "uuids", "guid", "guids", NULL}, *const likely[] = {
                                                                                       "id", "ids", NULL};
    const schema_type *type = inner_type(f);

    if (type->kind != SCHEMA_STRING || !(lint_last_word(f->idl_name, certain) ||
                                         (is_free_text(type) && lint_last_word(f->idl_name, likely))))
        return;
    lint_report(l, LINT_TEXT_UUID, lint_place(l, record, f), "%s looks like a uuid and is '%s'",
                lint_describe_field(l, record, f), type->text);
    if (is_free_text(type))
        diag_add_help(l->reports, "if it is another kind of id, say how long it can be: string(1..64)");
}

static void check_anything(lint *l, const schema_record *record, const schema_field *f)
{
    const schema_type *type = inner_type(f);

    if (type->kind == SCHEMA_ANY || type->kind == SCHEMA_RAW)
        lint_report(l, LINT_ANY_TYPE, lint_place(l, record, f), "%s can be anything",
                    lint_describe_field(l, record, f));
}

static void check_status(lint *l, const schema_record *record, const schema_field *f)
{
    static const char *const flags[] = {"ok", "is_ok", "success", "succeeded", "failed", "is_success", NULL};
    static const char *const texts[] = {"error", "error_message", "error_text", "failure", NULL};
    const char *const *names = f->type->kind == SCHEMA_BOOL     ? flags
                               : f->type->kind == SCHEMA_STRING ? texts
                                                                : NULL;

    for (; names != NULL && *names != NULL; names++) {
        if (strcmp(*names, f->idl_name) == 0)
            lint_report(l, LINT_STATUS_IN_RESULT, lint_place(l, record, f),
                        "%s of a result says whether the call failed", lint_describe_field(l, record, f));
    }
}

void lint_fields(lint *l)
{
    for (size_t i = 0; i < l->u->record_count; i++) {
        const schema_record *record = l->u->records[i];

        for (size_t k = 0; k < record->field_count; k++) {
            const schema_field *f = &record->fields[k];

            check_money(l, record, f);
            check_time(l, record, f);
            check_duration(l, record, f);
            check_uuid(l, record, f);
            check_anything(l, record, f);
            if (lint_use(l, record)->is_result)
                check_status(l, record, f);
        }
    }
}
