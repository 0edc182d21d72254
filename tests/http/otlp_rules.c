#include "http/otlp_rules.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char wrong[256];

static const char *say(const char *what, const char *name)
{
    (void)snprintf(wrong, sizeof wrong, "%s: %.200s", what, name);
    return wrong;
}

/* A member of a message. */
typedef const char *(*rule)(const json_t *value);
typedef struct member {
    const char *name;
    rule check;
    bool needed, list; /* `check` is of each item of a list */
} member;

static const char *check_members(const json_t *object, const member *members, size_t count)
{
    const char *key, *found;
    json_t *value, *item;
    size_t i, at;

    if (!json_is_object(object))
        return "a message is no object";
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        for (i = 0; i < count && strcmp(members[i].name, key) != 0; i++)
            continue;
        if (i == count)
            return say("no member of its message", key);
        if (members[i].list && !json_is_array(value))
            return say("no list", key);
        if (!members[i].list && (found = members[i].check(value)) != NULL)
            return say(key, found);
        json_array_foreach(value, at, item)
        {
            if ((found = members[i].check(item)) != NULL)
                return say(key, found);
        }
    }
    for (i = 0; i < count; i++) {
        if (members[i].needed && json_object_get(object, members[i].name) == NULL)
            return say("missing", members[i].name);
    }
    return NULL;
}

#define CHECK(object, members) check_members(object, members, sizeof(members) / sizeof((members)[0]))

/* ---- scalars ------------------------------------------------------------------------------------------ */

static const char *is_text(const json_t *value)
{
    return json_is_string(value) ? NULL : "no string";
}

static const char *is_bool(const json_t *value)
{
    return json_is_boolean(value) ? NULL : "no boolean";
}

/* 64 bits travel as decimal strings. */
static const char *is_64(const json_t *value)
{
    const char *text = json_string_value(value);
    size_t i;

    if (text == NULL || text[0] == '\0' || strlen(text) > 20)
        return "no decimal string";
    for (i = text[0] == '-' && text[1] != '\0'; text[i] != '\0'; i++) {
        if (!isdigit((unsigned char)text[i]))
            return "no decimal string";
    }
    return NULL;
}

static const char *is_32(const json_t *value)
{
    const json_int_t number = json_integer_value(value);

    return json_is_integer(value) && number >= 0 && number <= UINT32_MAX ? NULL : "no number of 32 bits";
}

static const char *hex(const json_t *value, size_t digits)
{
    const char *text = json_string_value(value);
    bool any = false;
    size_t i;

    if (text == NULL || strlen(text) != digits)
        return "no id in hexadecimal";
    for (i = 0; i < digits; i++) {
        if (!isxdigit((unsigned char)text[i]))
            return "no id in hexadecimal";
        any = any || text[i] != '0';
    }
    return any ? NULL : "an id of zeros";
}

static const char *is_trace_id(const json_t *value)
{
    return hex(value, 32);
}

static const char *is_span_id(const json_t *value)
{
    return hex(value, 16);
}

/* Enums are numbers, never names. */
static const char *is_kind(const json_t *value)
{
    const json_int_t kind = json_integer_value(value);

    return json_is_integer(value) && kind >= 1 && kind <= 5 ? NULL : "no kind of span";
}

static const char *is_code(const json_t *value)
{
    const json_int_t code = json_integer_value(value);

    return json_is_integer(value) && code >= 0 && code <= 2 ? NULL : "no status code";
}

/* ---- messages ----------------------------------------------------------------------------------------- */

static const char *is_value(const json_t *value)
{
    static const member members[] = {{"stringValue", is_text, false, false},
                                     {"boolValue", is_bool, false, false},
                                     {"intValue", is_64, false, false}};

    if (json_object_size(value) != 1)
        return "an attribute has one value";
    return CHECK(value, members);
}

static const char *is_attribute(const json_t *value)
{
    static const member members[] = {{"key", is_text, true, false}, {"value", is_value, true, false}};
    const char *key = json_string_value(json_object_get(value, "key"));

    return key != NULL && key[0] == '\0' ? "a key is empty" : CHECK(value, members);
}

/* Keys are unique. */
static const char *check_keys(const json_t *owner)
{
    const json_t *attributes = json_object_get(owner, "attributes");
    size_t i, j;

    for (i = 0; i < json_array_size(attributes); i++) {
        const char *one = json_string_value(json_object_get(json_array_get(attributes, i), "key"));

        for (j = 0; j < i; j++) {
            const char *other = json_string_value(json_object_get(json_array_get(attributes, j), "key"));

            if (one == NULL || other == NULL || strcmp(one, other) == 0)
                return say("twice", one != NULL ? one : "?");
        }
    }
    return NULL;
}

static const char *is_link(const json_t *value)
{
    static const member members[] = {{"traceId", is_trace_id, true, false},
                                     {"spanId", is_span_id, true, false},
                                     {"traceState", is_text, false, false},
                                     {"attributes", is_attribute, false, true},
                                     {"flags", is_32, false, false}};

    return CHECK(value, members);
}

static const char *is_status(const json_t *value)
{
    static const member members[] = {{"code", is_code, false, false}, {"message", is_text, false, false}};

    return CHECK(value, members);
}

static const char *is_span(const json_t *value)
{
    static const member members[] = {
        {"traceId", is_trace_id, true, false},   {"spanId", is_span_id, true, false},
        {"traceState", is_text, false, false},   {"parentSpanId", is_span_id, false, false},
        {"flags", is_32, false, false},          {"name", is_text, true, false},
        {"kind", is_kind, true, false},          {"startTimeUnixNano", is_64, true, false},
        {"endTimeUnixNano", is_64, true, false}, {"attributes", is_attribute, false, true},
        {"links", is_link, false, true},         {"status", is_status, false, false}};
    const char *found = CHECK(value, members);
    const char *name = json_string_value(json_object_get(value, "name"));

    if (found == NULL && name[0] == '\0')
        found = "a span has no name";
    if (found == NULL &&
        strtoull(json_string_value(json_object_get(value, "endTimeUnixNano")), NULL, 10) <
            strtoull(json_string_value(json_object_get(value, "startTimeUnixNano")), NULL, 10))
        found = "a span ends before it starts";
    return found != NULL ? found : check_keys(value);
}

static const char *is_scope(const json_t *value)
{
    static const member members[] = {{"name", is_text, false, false},
                                     {"version", is_text, false, false},
                                     {"attributes", is_attribute, false, true}};

    return CHECK(value, members);
}

static const char *is_scope_spans(const json_t *value)
{
    static const member members[] = {{"scope", is_scope, false, false},
                                     {"spans", is_span, true, true},
                                     {"schemaUrl", is_text, false, false}};

    return CHECK(value, members);
}

static const char *is_resource(const json_t *value)
{
    static const member members[] = {{"attributes", is_attribute, false, true}};
    const char *found = CHECK(value, members);

    if (found == NULL && otlp_attribute(value, "service.name") == NULL)
        found = "the resource has no service.name";
    return found != NULL ? found : check_keys(value);
}

static const char *is_resource_spans(const json_t *value)
{
    static const member members[] = {{"resource", is_resource, true, false},
                                     {"scopeSpans", is_scope_spans, true, true},
                                     {"schemaUrl", is_text, false, false}};

    return CHECK(value, members);
}

const char *otlp_attribute(const json_t *owner, const char *key)
{
    const json_t *attribute;
    size_t i;

    json_array_foreach(json_object_get(owner, "attributes"), i, attribute)
    {
        const json_t *value = json_object_get(attribute, "value");

        if (strcmp(json_string_value(json_object_get(attribute, "key")), key) != 0)
            continue;
        if (json_object_get(value, "boolValue") != NULL)
            return json_is_true(json_object_get(value, "boolValue")) ? "true" : "false";
        if (json_object_get(value, "intValue") != NULL)
            return json_string_value(json_object_get(value, "intValue"));
        return json_string_value(json_object_get(value, "stringValue"));
    }
    return NULL;
}

const char *otlp_rules_check(const char *text, size_t *spans)
{
    static const member members[] = {{"resourceSpans", is_resource_spans, true, true}};
    json_error_t error;
    json_t *request = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    const char *found = request != NULL ? CHECK(request, members) : say("no JSON", error.text);
    const json_t *resource, *scope;
    size_t i, j;

    *spans = 0;
    json_array_foreach(json_object_get(request, "resourceSpans"), i, resource)
    {
        json_array_foreach(json_object_get(resource, "scopeSpans"), j, scope) *spans +=
            json_array_size(json_object_get(scope, "spans"));
    }
    json_decref(request);
    return found;
}
