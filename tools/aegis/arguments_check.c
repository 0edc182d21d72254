/* Whether a JSON value is what a schema says: the rules of the codec, which refuses the same on the other
 * side, and stricter in one point: an unknown key or name is nothing one means to send. */
#include "arguments_parts.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "domain/time.h"
#include "pattern.h"

/* As deep as messages may be. */
#define DEPTH_MAX 64

/* Where in the value: a chain on the stack, from the innermost on. */
typedef struct place {
    const struct place *up;
    const char *name; /* NULL: an item */
    size_t index;
} place;

typedef struct report {
    char *why;
    size_t size;
    bool received; /* as a receiver reads it: what it does not know is passed over */
} report;

static size_t write_place(const place *at, char *text, size_t size)
{
    size_t used = at->up != NULL ? write_place(at->up, text, size) : 0;

    if (used >= size)
        return used;
    if (at->name != NULL)
        return used + (size_t)snprintf(text + used, size - used, "%s%.80s", used > 0 ? "." : "", at->name);
    return at->up != NULL ? used + (size_t)snprintf(text + used, size - used, "[%zu]", at->index) : 0;
}

static bool wrong(report r, const place *at, const char *format, ...) AEGIS_PRINTF(3, 4);

/* "items[0].quantity" and what is the matter with it. */
static bool wrong(report r, const place *at, const char *format, ...)
{
    size_t used = write_place(at, r.why, r.size);
    va_list arguments;

    if (used + 1 < r.size) {
        if (used > 0)
            r.why[used++] = ' ';
        va_start(arguments, format);
        (void)vsnprintf(r.why + used, r.size - used, format, arguments);
        va_end(arguments);
    }
    return false;
}

static const char *kind_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
        return "an integer";
    case JSON_REAL:
        return "a number with a fraction";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a bool";
    default:
        return "null";
    }
}

static bool misfit(report r, const place *at, const schema_type *type, const json_t *value)
{
    return wrong(r, at, "should be %s, not %s", type->text, kind_of(value));
}

/* ---- numbers ---- */

static bool check_signed(report r, const place *at, const schema_type *type, int64_t value)
{
    const schema_range *range = &type->range;
    const unsigned bits = type->kind == SCHEMA_I8    ? 8
                          : type->kind == SCHEMA_I16 ? 16
                          : type->kind == SCHEMA_I32 ? 32
                                                     : 64;
    const int64_t most = range->has_max ? range->max.i
                         : bits == 64   ? INT64_MAX
                                        : (INT64_C(1) << (bits - 1)) - 1;
    const int64_t least = range->has_min ? range->min.i
                          : bits == 64   ? INT64_MIN
                                         : -(INT64_C(1) << (bits - 1));

    if (value < least)
        return wrong(r, at, "is %" PRId64 ", least is %" PRId64, value, least);
    return value <= most || wrong(r, at, "is %" PRId64 ", most is %" PRId64, value, most);
}

static bool check_unsigned(report r, const place *at, const schema_type *type, uint64_t value)
{
    const schema_range *range = &type->range;
    const unsigned bits = type->kind == SCHEMA_U8    ? 8
                          : type->kind == SCHEMA_U16 ? 16
                          : type->kind == SCHEMA_U32 ? 32
                                                     : 64;
    const uint64_t most = range->has_max ? range->max.u : bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
    const uint64_t least = range->has_min ? range->min.u : 0;

    if (value < least)
        return wrong(r, at, "is %" PRIu64 ", least is %" PRIu64, value, least);
    return value <= most || wrong(r, at, "is %" PRIu64 ", most is %" PRIu64, value, most);
}

/* Also as a text of digits, as readers without 64-bit numbers write them. */
static bool check_integer(report r, const place *at, const schema_type *type, const json_t *value)
{
    const bool natural = type->kind >= SCHEMA_U8 && type->kind <= SCHEMA_U64;
    const char *text = json_string_value(value);
    char *end = NULL;

    if (json_is_integer(value)) {
        const int64_t number = json_integer_value(value);

        if (natural && number < 0)
            return wrong(r, at, "is %" PRId64 ", least is %" PRIu64, number,
                         type->range.has_min ? type->range.min.u : 0);
        return natural ? check_unsigned(r, at, type, (uint64_t)number) : check_signed(r, at, type, number);
    }
    if (text == NULL || text[0] == '\0' || strspn(text, "-0123456789") != strlen(text))
        return misfit(r, at, type, value);
    errno = 0;
    if (natural && text[0] != '-') {
        const uint64_t number = strtoull(text, &end, 10);

        if (errno == 0 && *end == '\0')
            return check_unsigned(r, at, type, number);
    } else {
        const int64_t number = strtoll(text, &end, 10);

        if (errno == 0 && *end == '\0' && !natural)
            return check_signed(r, at, type, number);
    }
    return wrong(r, at, "is %.40s, which is no %s", text, type->text);
}

static bool check_real(report r, const place *at, const schema_type *type, const json_t *value)
{
    const schema_range *range = &type->range;
    const double number = json_number_value(value);

    if (!json_is_number(value))
        return misfit(r, at, type, value);
    if (range->has_min && number < range->min.f)
        return wrong(r, at, "is %g, least is %g", number, range->min.f);
    if (range->has_max && number > range->max.f)
        return wrong(r, at, "is %g, most is %g", number, range->max.f);
    if (type->kind == SCHEMA_F32 && (number > (double)FLT_MAX || number < -(double)FLT_MAX))
        return wrong(r, at, "is %g, too large for f32", number);
    return true;
}

/* ---- texts ---- */

/* Bytes, or entries. */
static bool check_count(report r, const place *at, const schema_range *range, uint64_t count, const char *of)
{
    if (range->has_min && count < range->min.u)
        return wrong(r, at, "has %" PRIu64 " %s, least is %" PRIu64, count, of, range->min.u);
    if (range->has_max && count > range->max.u)
        return wrong(r, at, "has %" PRIu64 " %s, most is %" PRIu64, count, of, range->max.u);
    return true;
}

static bool check_string(report r, const place *at, const schema_type *type, const char *text, size_t length)
{
    if (memchr(text, '\0', length) != NULL)
        return wrong(r, at, "holds U+0000, which no text may");
    if (!check_count(r, at, &type->range, length, "bytes"))
        return false;
    return type->pattern == NULL || pattern_matches(type->pattern, text, length) ||
           wrong(r, at, "is '%.60s', which does not match %s", text, type->pattern->text);
}

static bool check_enum(report r, const place *at, const schema_enum *list, const char *text)
{
    const char *near;
    char names[200] = "";
    size_t used = 0, i;

    if (arguments_enum_value(list, text) != NULL || (r.received && !list->strict))
        return true;
    near = arguments_near_value(list, text);
    if (near != NULL)
        return wrong(r, at, "is '%.60s'" CLI_HINT "did you mean '%s'?", text, near);
    for (i = 0; i < list->value_count && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? ", " : "",
                                 list->values[i].name);
    return wrong(r, at, "is '%.60s', not one of %s", text, names);
}

/* Kinds that travel as texts. */
static bool check_text(report r, const place *at, const schema_type *type, const json_t *value)
{
    const char *text = json_string_value(value);
    const size_t length = json_string_length(value);
    aegis_timestamp when;
    aegis_uuid uuid;
    uint64_t bytes;

    if (text == NULL)
        return misfit(r, at, type, value);
    switch (type->kind) {
    case SCHEMA_STRING:
        return check_string(r, at, type, text, length);
    case SCHEMA_BYTES:
        if (!arguments_base64(text, length, &bytes))
            return wrong(r, at, "is no padded base64");
        return check_count(r, at, &type->range, bytes, "bytes");
    case SCHEMA_TIMESTAMP:
        return aegis_timestamp_parse(text, length, &when) ||
               wrong(r, at, "is '%.60s', no time such as 2026-11-24T13:05:00Z", text);
    case SCHEMA_UUID:
        return (length == AEGIS_UUID_TEXT - 1 && aegis_uuid_parse(text, &uuid)) ||
               wrong(r, at, "is '%.60s', no uuid", text);
    case SCHEMA_DECIMAL:
        return aegis_decimal_valid(text, length) || wrong(r, at, "is '%.60s', no decimal number", text);
    default:
        return check_enum(r, at, type->enumeration, text);
    }
}

/* ---- what holds others ---- */

static bool check_value(report r, const place *at, const schema_type *type, json_t *value, unsigned depth);

static bool check_list(report r, const place *at, const schema_type *type, json_t *value, unsigned depth)
{
    json_t *item;
    size_t i;

    if (!json_is_array(value))
        return misfit(r, at, type, value);
    json_array_foreach(value, i, item)
    {
        const place here = {at, NULL, i};

        if (!check_value(r, &here, type->element, item, depth + 1))
            return false;
    }
    return check_count(r, at, &type->range, json_array_size(value), "entries");
}

static bool check_map(report r, const place *at, const schema_type *type, json_t *value, unsigned depth)
{
    const char *key;
    json_t *item;

    if (!json_is_object(value))
        return misfit(r, at, type, value);
    json_object_foreach(value, key, item)
    {
        const place here = {at, key, 0};

        if (!check_value(r, &here, type->element, item, depth + 1))
            return false;
    }
    return check_count(r, at, &type->range, json_object_size(value), "entries");
}

/* Whether a record can do without the field. */
static bool may_lack(const schema_record *record, const schema_field *field)
{
    return record->kind == SCHEMA_UNION ||
           (field->presence == SCHEMA_CONTAINER
                ? !field->type->range.has_min || field->type->range.min.u == 0
                : field->presence != SCHEMA_REQUIRED || field->default_value.kind != SCHEMA_VALUE_NONE);
}

static bool has_field(json_t *object, const schema_field *field)
{
    size_t i;

    if (json_object_get(object, field->name) != NULL)
        return true;
    for (i = 0; i < field->was_count; i++) {
        if (json_object_get(object, field->was[i]) != NULL)
            return true;
    }
    return false;
}

/* All that are missing are told at once. */
static bool check_missing(report r, const place *at, const schema_record *record, json_t *object)
{
    char names[200] = "";
    size_t used = 0, count = 0, i;

    for (i = 0; i < record->field_count; i++) {
        if (may_lack(record, &record->fields[i]) || has_field(object, &record->fields[i]))
            continue;
        if (used < sizeof names)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", count > 0 ? ", " : "",
                                     record->fields[i].name);
        count++;
    }
    if (count == 0)
        return true;
    return wrong(r, at, at->up == NULL ? "%s %s missing" : "lacks %s", names, count > 1 ? "are" : "is");
}

static bool check_record(report r, const place *at, const schema_record *record, json_t *value,
                         unsigned depth)
{
    const char *key, *near;
    json_t *member;

    if (!json_is_object(value))
        return wrong(r, at, "should be an object, not %s", kind_of(value));
    json_object_foreach(value, key, member)
    {
        const schema_field *field = arguments_field(record, key);
        const place here = {at, key, 0};

        if (field == NULL && r.received)
            continue;
        if (field == NULL) {
            near = arguments_near_field(record, key);
            return near != NULL ? wrong(r, &here, "is not known" CLI_HINT "did you mean '%s'?", near)
                                : wrong(r, &here, "is not known");
        }
        if (json_is_null(member) && (field->presence == SCHEMA_BOXED || field->presence == SCHEMA_POINTER))
            continue;
        if (!check_value(r, &here, field->type, member, depth + 1))
            return false;
    }
    if (record->kind == SCHEMA_UNION && json_object_size(value) != 1 && !r.received)
        return wrong(r, at, "has %zu members, a %s exactly one", json_object_size(value), record->name);
    return check_missing(r, at, record, value);
}

static bool check_value(report r, const place *at, const schema_type *type, json_t *value, unsigned depth)
{
    if (depth > DEPTH_MAX)
        return wrong(r, at, "is too deep: at most %d", DEPTH_MAX);
    switch (type->kind) {
    case SCHEMA_BOOL:
        return json_is_boolean(value) || misfit(r, at, type, value);
    case SCHEMA_F32:
    case SCHEMA_F64:
        return check_real(r, at, type, value);
    case SCHEMA_STRING:
    case SCHEMA_BYTES:
    case SCHEMA_TIMESTAMP:
    case SCHEMA_UUID:
    case SCHEMA_DECIMAL:
    case SCHEMA_ENUM:
        return check_text(r, at, type, value);
    case SCHEMA_DURATION:
        return json_is_integer(value) ||
               wrong(r, at, "should be nanoseconds, an integer, not %s", kind_of(value));
    case SCHEMA_RECORD:
        return check_record(r, at, type->record, value, depth);
    case SCHEMA_LIST:
        return check_list(r, at, type, value, depth);
    case SCHEMA_MAP:
        return check_map(r, at, type, value, depth);
    case SCHEMA_ANY:
    case SCHEMA_RAW:
        return true;
    default:
        return check_integer(r, at, type, value);
    }
}

static bool check(const schema_record *record, json_t *value, report r)
{
    const place top = {NULL, NULL, 0};

    if (r.size > 0)
        r.why[0] = '\0';
    return check_record(r, &top, record, value, 1);
}

bool arguments_check(const schema_record *record, json_t *value, char *why, size_t size)
{
    return check(record, value, (report){why, size, false});
}

bool arguments_check_received(const schema_record *record, json_t *value, char *why, size_t size)
{
    return check(record, value, (report){why, size, true});
}
