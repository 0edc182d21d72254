/* Constants and default values: whether they are of their type and within its bounds, and what was meant when
 * they are not.
 */
#include "check.h"
#include "pattern.h"

#include <float.h>
#include <string.h>

/* ---- what was meant ---- */

/* `text` instead of the value. */
static void help_with(unit *u, const ast_value *value, const char *text)
{
    diag_add_fix(&u->c->reports, value->where, "%s", text);
}

static bool is_number(schema_kind kind)
{
    return kind_is_signed(kind) || kind_is_unsigned(kind) || kind_is_float(kind);
}

/* A number or truth in quotes: what is between them is taken as it is. */
static bool help_quoted(unit *u, const schema_type *type, const ast_value *value)
{
    bool whole = value->length > 0 && value->text[strspn(value->text, "0123456789")] == '\0';

    if (value->kind != AST_STRING)
        return false;
    if ((is_number(type->kind) && whole && value->length < 19) ||
        (type->kind == SCHEMA_BOOL &&
         (strcmp(value->text, "true") == 0 || strcmp(value->text, "false") == 0))) {
        help_with(u, value, value->text);
        return true;
    }
    return false;
}

/* What to do about a value of another type. */
static void help_value(unit *u, const schema_type *type, const ast_value *value)
{
    diags *d = &u->c->reports;

    if (help_quoted(u, type, value))
        return;
    if (type->kind == SCHEMA_DECIMAL)
        diag_add_help(d, "a decimal is a number in quotes: \"1.50\"");
    else if (type->kind == SCHEMA_DURATION && value->kind == AST_INT)
        diag_add_help(d, "a duration has a unit: ns us ms s m h or d");
    else if (is_number(type->kind) && value->kind == AST_FLOAT)
        diag_add_help(d, "an integer has no point");
    else if (is_number(type->kind) && value->kind == AST_DURATION)
        diag_add_help(d, "a time with its unit is a 'duration'");
    else if (type->kind == SCHEMA_BOOL)
        diag_add_help(d, "a bool is true or false");
    else if (type->kind == SCHEMA_LIST || type->kind == SCHEMA_MAP)
        diag_add_help(d, "the only default of a list or map is the empty one, which it has anyway");
    else if (type->kind == SCHEMA_RECORD)
        diag_add_help(d, "a struct or union has no default; make it optional: %s?", type->text);
    else if (value->kind == AST_INT)
        diag_add_help(d, "what stands behind '=' is the default; there are no field numbers");
    else if (type->kind == SCHEMA_STRING && value->kind != AST_STRING)
        diag_add_help(d, "text stands in quotes");
    else if (type->kind != SCHEMA_ENUM && type->kind != SCHEMA_STRING)
        diag_add_help(d, "a %s has no default; make it optional", type->text);
}

static bool mismatch(unit *u, const schema_type *type, const ast_value *value)
{
    if (value->reported)
        return false;
    diag_report(&u->c->reports, 406, value->where, "this is not a value of type '%s'", type->text);
    help_value(u, type, value);
    return false;
}

static bool out_of_bounds(unit *u, const schema_type *type, const ast_value *value)
{
    if (value->reported)
        return false;
    diag_report(&u->c->reports, 407, value->where, "this value is outside the bounds of '%s'", type->text);
    if (value->kind == AST_STRING)
        diag_add_help(&u->c->reports, "it has %zu byte%s", value->length, value->length == 1 ? "" : "s");
    return false;
}

/* ---- values ---- */

/* Whether a value of this name may be in what could not be read of an enum, here or in an import. */
static bool value_lost(const unit *u, const char *name)
{
    bool lost = u->tree->partial || ast_lost(u->tree, name);

    for (size_t i = 0; i < u->import_count; i++)
        lost = lost || u->imports[i].unit->tree->partial || ast_lost(u->imports[i].unit->tree, name);
    return lost;
}

/* Something else where a value of an enum is wanted: "paid", Status.paid. */
static bool no_enum_value(unit *u, const schema_type *type, const ast_value *value)
{
    const schema_enum *e = type->enumeration;
    const char *name = value->kind == AST_STRING ? value->text
                       : value->kind == AST_PATH ? value->path->parts[value->path->count - 1].text
                                                 : NULL;

    for (size_t i = 0; name != NULL && !value->reported && i < e->value_count; i++) {
        if (strcmp(e->values[i].idl_name, name) != 0)
            continue;
        diag_report(&u->c->reports, 406, value->where, "a value of an enum stands alone, without quotes");
        diag_add_fix(&u->c->reports, value->where, "%s", name);
        return false;
    }
    return mismatch(u, type, value);
}

static bool enum_value(unit *u, const schema_type *type, const ast_value *value, schema_value *out)
{
    const schema_enum *e = type->enumeration;
    const char **names = (const char **)arena_array(&u->c->memory, e->value_count, sizeof *names), *near;

    if (value->kind != AST_PATH || value->path->count != 1)
        return no_enum_value(u, type, value);
    for (size_t i = 0; i < e->value_count; i++) {
        names[i] = e->values[i].idl_name;
        if (strcmp(names[i], value->path->parts[0].text) == 0) {
            *out = (schema_value){.kind = SCHEMA_VALUE_ENUM,
                                  .zero = e->values[i].number == 0,
                                  .text = e->values[i].name,
                                  .c_value = e->values[i].c_name};
            return true;
        }
    }
    if (value_lost(u, value->path->parts[0].text))
        return false;
    diag_report(&u->c->reports, 406, value->where, "enum '%s' has no value '%s'", e->name,
                value->path->parts[0].text);
    near = diag_nearest(value->path->parts[0].text, names, e->value_count);
    if (near != NULL)
        diag_add_meant(&u->c->reports, value->where, "%s", near);
    return false;
}

static bool number_value(unit *u, const schema_type *type, const ast_value *value, schema_value *out)
{
    const schema_range *r = &type->range;
    schema_bound at = {0, 0, 0};

    if (kind_is_float(type->kind)) {
        if (value->kind != AST_FLOAT && value->kind != AST_INT)
            return mismatch(u, type, value);
        if (value->too_big ||
            (type->kind == SCHEMA_F32 && (value->number > FLT_MAX || value->number < -FLT_MAX)) ||
            (r->has_min && value->number < r->min.f) || (r->has_max && value->number > r->max.f))
            return out_of_bounds(u, type, value);
        out->kind = SCHEMA_VALUE_FLOAT;
        out->number = value->number;
        out->zero = !(value->number < 0) && !(value->number > 0);
        out->c_value = c_float(&u->c->memory, value->number);
        if (type->kind == SCHEMA_F32)
            out->c_value = arena_printf(&u->c->memory, "%sf", out->c_value);
        return true;
    }
    if (value->kind != AST_INT)
        return mismatch(u, type, value);
    if (!integer_of(type->kind, value, &at))
        return out_of_bounds(u, type, value);
    if (kind_is_signed(type->kind) ? at.i < r->min.i || at.i > r->max.i : at.u < r->min.u || at.u > r->max.u)
        return out_of_bounds(u, type, value);
    out->kind = SCHEMA_VALUE_INT;
    out->integer = at.i;
    out->natural = at.u;
    out->zero = value->magnitude == 0;
    out->c_value = c_integer(&u->c->memory, value->negative && value->magnitude != 0, value->magnitude,
                             kind_is_signed(type->kind) ? "INT64_C" : "UINT64_C");
    return true;
}

static bool skip_digits(const char **at)
{
    size_t count = strspn(*at, "0123456789");

    *at += count;
    return count > 0;
}

/* What the runtime takes for a decimal, a number of JSON: "-1.50". */
static bool is_decimal(const char *at)
{
    at += *at == '-';
    if ((at[0] == '0' && at[1] >= '0' && at[1] <= '9') || !skip_digits(&at))
        return false;
    if (*at == '.') {
        at++;
        if (!skip_digits(&at))
            return false;
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '+' || *at == '-';
        if (!skip_digits(&at))
            return false;
    }
    return *at == '\0';
}

static bool string_value(unit *u, const schema_type *type, const ast_value *value, schema_value *out)
{
    if (value->kind != AST_STRING || (type->kind == SCHEMA_DECIMAL && !is_decimal(value->text)))
        return mismatch(u, type, value);
    if (type->kind == SCHEMA_DECIMAL) {
        *out = (schema_value){.kind = SCHEMA_VALUE_STRING, .text = value->text};
        out->c_value = cname_literal(&u->c->memory, value->text, value->length);
        return true;
    }
    if (value->length < type->range.min.u || value->length > type->range.max.u)
        return out_of_bounds(u, type, value);
    if (type->pattern != NULL && !pattern_matches(type->pattern, value->text, value->length)) {
        diag_report(&u->c->reports, 407, value->where, "this value does not match the pattern %s",
                    type->pattern->text);
        return false;
    }
    *out = (schema_value){.kind = SCHEMA_VALUE_STRING,
                          .text = value->text,
                          .c_value = cname_literal(&u->c->memory, value->text, value->length)};
    return true;
}

static bool simple_value(unit *u, const schema_type *type, const ast_value *value, schema_value *out)
{
    if (type->kind == SCHEMA_BOOL && (value->kind == AST_TRUE || value->kind == AST_FALSE)) {
        bool yes = value->kind == AST_TRUE;
        *out = (schema_value){
            .kind = SCHEMA_VALUE_BOOL, .boolean = yes, .zero = !yes, .c_value = yes ? "true" : "false"};
        return true;
    }
    if (type->kind == SCHEMA_DURATION && value->kind == AST_DURATION) {
        if (value->too_big)
            return out_of_bounds(u, type, value);
        out->kind = SCHEMA_VALUE_DURATION;
        out->integer = value->negative ? -(int64_t)value->magnitude : (int64_t)value->magnitude;
        out->zero = value->magnitude == 0;
        out->c_value = c_integer(&u->c->memory, value->negative, value->magnitude, "INT64_C");
        return true;
    }
    if ((type->kind == SCHEMA_LIST && value->kind == AST_EMPTY_LIST) ||
        (type->kind == SCHEMA_MAP && value->kind == AST_EMPTY_MAP)) {
        if (type->range.min.u > 0)
            return out_of_bounds(u, type, value);
        *out = (schema_value){.kind = SCHEMA_VALUE_EMPTY, .zero = true, .c_value = "{0}"};
        return true;
    }
    return mismatch(u, type, value);
}

bool check_value(unit *u, const schema_type *type, const ast_value *written, schema_value *out)
{
    const ast_value *value = type->kind == SCHEMA_ENUM ? written : literal_of(u, written);
    ast_value here;

    if (value == NULL)
        return false;
    here = *value;
    here.where = written->where; /* of the name, when it is a constant's value */
    *out = (schema_value){.kind = SCHEMA_VALUE_NONE};
    if (type->kind == SCHEMA_ENUM)
        return enum_value(u, type, value, out);
    if (is_number(type->kind))
        return number_value(u, type, &here, out);
    if (type->kind == SCHEMA_STRING || type->kind == SCHEMA_DECIMAL)
        return string_value(u, type, &here, out);
    return simple_value(u, type, &here, out);
}
