/* One value from one word: texts as they are typed, numbers, times relative to now, lists with commas. */
#include "arguments_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "diag.h"
#include "domain/time.h"
#include "wire.h"

/* ---- names ---- */

const schema_field *arguments_field(const schema_record *record, const char *name)
{
    size_t i, k;

    for (i = 0; i < record->field_count; i++) {
        const schema_field *field = &record->fields[i];

        if (strcmp(field->name, name) == 0 || strcmp(field->idl_name, name) == 0)
            return field;
        for (k = 0; k < field->was_count; k++) {
            if (strcmp(field->was[k], name) == 0)
                return field;
        }
    }
    return NULL;
}

const char *arguments_near_field(const schema_record *record, const char *name)
{
    const char *names[ARGUMENTS_NAMES_MAX];
    size_t count = 0, i;

    for (i = 0; i < record->field_count && count < ARGUMENTS_NAMES_MAX; i++)
        names[count++] = record->fields[i].name;
    return diag_nearest(name, names, count);
}

const schema_enum_value *arguments_enum_value(const schema_enum *list, const char *name)
{
    size_t i, k;

    for (i = 0; i < list->value_count; i++) {
        const schema_enum_value *value = &list->values[i];

        if (strcmp(value->name, name) == 0 || strcmp(value->idl_name, name) == 0)
            return value;
        for (k = 0; k < value->was_count; k++) {
            if (strcmp(value->was[k], name) == 0)
                return value;
        }
    }
    return NULL;
}

const char *arguments_near_value(const schema_enum *list, const char *name)
{
    const char *names[ARGUMENTS_NAMES_MAX];
    size_t count = 0, i;

    for (i = 0; i < list->value_count && count < ARGUMENTS_NAMES_MAX; i++)
        names[count++] = list->values[i].name;
    return diag_nearest(name, names, count);
}

/* ---- times ---- */

bool arguments_duration(const char *text, aegis_duration *out)
{
    const bool negative = text[0] == '-';
    aegis_duration sum = 0, part;
    char piece[32];

    text += negative;
    if (text[0] == '\0')
        return false;
    if (text[strspn(text, "0123456789")] == '\0') {
        errno = 0;
        sum = strtoll(text, NULL, 10);
        *out = negative ? -sum : sum;
        return errno == 0;
    }
    while (*text != '\0') {
        size_t length = strspn(text, "0123456789.");

        length += strcspn(text + length, "0123456789.");
        if (length >= sizeof piece)
            return false;
        memcpy(piece, text, length);
        piece[length] = '\0';
        if (!session_duration(piece, &part) || sum > INT64_MAX - part)
            return false;
        sum += part;
        text += length;
    }
    *out = negative ? -sum : sum;
    return true;
}

bool arguments_timestamp(const char *text, aegis_timestamp *out)
{
    aegis_duration offset = 0;
    char day[32];

    if (strncmp(text, "now", 3) == 0) {
        if (text[3] != '\0' && text[3] != '+' && text[3] != '-')
            return false;
        if (text[3] != '\0' && (text[4] == '-' || !arguments_duration(text + 4, &offset)))
            return false;
        *out = aegis_now() + (text[3] == '-' ? -offset : offset);
        return true;
    }
    if (strlen(text) == 10) {
        (void)snprintf(day, sizeof day, "%sT00:00:00Z", text);
        return aegis_timestamp_parse(day, strlen(day), out);
    }
    return aegis_timestamp_parse(text, strlen(text), out);
}

/* ---- bytes ---- */

bool arguments_base64(const char *text, size_t length, uint64_t *bytes)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t padding = 0;

    while (padding < 2 && padding < length && text[length - padding - 1] == '=')
        padding++;
    *bytes = (uint64_t)(length / 4 * 3 - padding);
    return length % 4 == 0 && strspn(text, alphabet) == length - padding && strlen(text) == length;
}

/* ---- one kind each ---- */

static json_t *wrong(char *why, size_t size, const char *text, const char *what)
{
    (void)snprintf(why, size, "'%.60s' is no %s", text, what);
    return NULL;
}

/* An integer that fits JSON here; else, up to 64 bits without sign, its digits, which are read as well. */
static json_t *integer(const char *text, char *why, size_t size)
{
    const char *first = text + (text[0] == '-' || text[0] == '+');
    const bool hex = first[0] == '0' && (first[1] == 'x' || first[1] == 'X');
    char buffer[24];
    char *end;
    long long value;
    unsigned long long large;

    if (first[0] < '0' || first[0] > '9')
        return wrong(why, size, text, "integer");
    errno = 0;
    value = strtoll(text, &end, hex ? 16 : 10);
    if (*end != '\0')
        return wrong(why, size, text, "integer");
    if (errno == 0)
        return json_integer(value);
    errno = 0;
    large = strtoull(first, NULL, hex ? 16 : 10);
    if (errno != 0 || text[0] == '-')
        return wrong(why, size, text, "integer of 64 bits");
    (void)snprintf(buffer, sizeof buffer, "%llu", large);
    return json_string(buffer);
}

static json_t *boolean(const char *text, char *why, size_t size)
{
    static const char *const yes[] = {"true", "yes", "on"}, *const no[] = {"false", "no", "off"};
    size_t i;

    for (i = 0; i < CLI_COUNT(yes); i++) {
        if (strcmp(text, yes[i]) == 0)
            return json_true();
        if (strcmp(text, no[i]) == 0)
            return json_false();
    }
    return wrong(why, size, text, "bool: it is true or false");
}

static json_t *real(const char *text, char *why, size_t size)
{
    char *end;
    const double value = strtod(text, &end);

    if (end == text || *end != '\0' || value - value != 0)
        return wrong(why, size, text, "number");
    return json_real(value);
}

static json_t *enumerated(const schema_enum *list, const char *text, char *why, size_t size)
{
    const schema_enum_value *value = arguments_enum_value(list, text);
    const char *near;
    size_t used, i;

    if (value != NULL)
        return json_string(value->name);
    near = arguments_near_value(list, text);
    if (near != NULL) {
        (void)snprintf(why, size, "'%.60s' is no %s" CLI_HINT "did you mean '%s'?", text, list->name, near);
        return NULL;
    }
    used = (size_t)snprintf(why, size, "'%.60s' is no %s, which is ", text, list->name);
    for (i = 0; i < list->value_count && used < size; i++)
        used += (size_t)snprintf(why + used, size - used, "%s%s", i > 0 ? "|" : "", list->values[i].name);
    return NULL;
}

static json_t *timestamp(const char *text, char *why, size_t size)
{
    aegis_timestamp when;
    char written[AEGIS_TIMESTAMP_TEXT];

    if (!arguments_timestamp(text, &when))
        return wrong(why, size, text, "time: 2026-11-24T13:05:00Z, 2026-11-24, now, now-5m");
    (void)aegis_timestamp_format(when, written);
    return json_string(written);
}

static json_t *uuid(const char *text, char *why, size_t size)
{
    char written[AEGIS_UUID_TEXT];
    aegis_uuid value;

    if (strcmp(text, "new") == 0)
        value = aegis_uuid_new();
    else if (!aegis_uuid_parse(text, &value))
        return wrong(why, size, text, "uuid: 36 characters, or 'new'");
    return json_string(aegis_uuid_format(value, written));
}

static json_t *as_json(const char *text, char *why, size_t size, json_type type, const char *what)
{
    json_error_t error;
    json_t *value = wire_parse(text, strlen(text), JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);

    if (value != NULL && json_typeof(value) == type)
        return value;
    json_decref(value);
    (void)snprintf(why, size, "'%.60s' is no %s%s%s", text, what, value == NULL ? ": " : "",
                   value == NULL ? error.text : "");
    return NULL;
}

/* "a,b,c": without brackets each is a value of its own. */
static json_t *listed(const schema_type *type, const char *text, char *why, size_t size)
{
    json_t *list = text[0] == '[' ? NULL : json_array();

    if (text[0] == '[')
        return as_json(text, why, size, JSON_ARRAY, "list");
    while (list != NULL && *text != '\0') {
        const size_t length = strcspn(text, ",");
        char *piece = (char *)malloc(length + 1);
        json_t *item = NULL;

        if (piece != NULL) {
            memcpy(piece, text, length);
            piece[length] = '\0';
            item = arguments_value(type->element, piece, why, size);
        }
        free(piece);
        if (item == NULL || json_array_append_new(list, item) != 0) {
            json_decref(list);
            return NULL;
        }
        text += length + (text[length] == ',');
    }
    return list;
}

static bool has_commas(const schema_type *type)
{
    switch (type->element->kind) {
    case SCHEMA_RECORD:
    case SCHEMA_LIST:
    case SCHEMA_MAP:
    case SCHEMA_ANY:
    case SCHEMA_RAW:
        return false;
    default:
        return true;
    }
}

json_t *arguments_value(const schema_type *type, const char *text, char *why, size_t size)
{
    aegis_duration duration;
    uint64_t bytes;
    json_t *value;

    (void)snprintf(why, size, "this is no text in UTF-8");
    switch (type != NULL ? type->kind : SCHEMA_ANY) {
    case SCHEMA_BOOL:
        return boolean(text, why, size);
    case SCHEMA_F32:
    case SCHEMA_F64:
        return real(text, why, size);
    case SCHEMA_STRING:
        return json_string(text);
    case SCHEMA_BYTES:
        if (!arguments_base64(text, strlen(text), &bytes))
            return wrong(why, size, text, "base64; 'NAME@=FILE' takes the bytes of a file");
        return json_string(text);
    case SCHEMA_TIMESTAMP:
        return timestamp(text, why, size);
    case SCHEMA_DURATION:
        return arguments_duration(text, &duration)
                   ? json_integer(duration)
                   : wrong(why, size, text, "duration: 500ms, 1.5s, 1m30s, or nanoseconds");
    case SCHEMA_UUID:
        return uuid(text, why, size);
    case SCHEMA_DECIMAL:
        return aegis_decimal_valid(text, strlen(text)) ? json_string(text)
                                                       : wrong(why, size, text, "decimal number");
    case SCHEMA_ENUM:
        return enumerated(type->enumeration, text, why, size);
    case SCHEMA_RECORD:
        return as_json(text, why, size, JSON_OBJECT, "object, {\"name\":value}");
    case SCHEMA_MAP:
        return as_json(text, why, size, JSON_OBJECT, "map, {\"key\":value}");
    case SCHEMA_LIST:
        return has_commas(type) ? listed(type, text, why, size)
                                : as_json(text, why, size, JSON_ARRAY, "list, [value,...]");
    case SCHEMA_ANY:
    case SCHEMA_RAW:
        value = wire_parse(text, strlen(text), JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
        return value != NULL ? value : json_string(text);
    default:
        return integer(text, why, size);
    }
}
