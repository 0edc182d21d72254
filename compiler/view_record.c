/* The view of structs, unions and enums: their declarations, their keys, which bits they require. */
#include "view_parts.h"

#include <stdlib.h>
#include <string.h>

/* Bits of one word of seen fields. */
#define WORD_BITS 64

/* ---- names -------------------------------------------------------------------------------------------- */

/* `text` behind the bytes of `head`, as a C literal. Octal escapes: a digit after one is never part of it. */
static const char *literal(arena *a, const unsigned char *head, size_t head_length, const char *text,
                           const char *tail)
{
    char *out = (char *)arena_alloc(a, 4 * (head_length + strlen(text)) + strlen(tail) + 3), *at = out;

    if (out == NULL)
        return NULL;
    *at++ = '"';
    for (size_t i = 0; i < head_length; i++) {
        *at++ = '\\';
        *at++ = (char)('0' + (head[i] >> 6));
        *at++ = (char)('0' + (head[i] >> 3 & 7));
        *at++ = (char)('0' + (head[i] & 7));
    }
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            *at++ = '\\';
        *at++ = *text;
    }
    strcpy(at, tail);
    return out;
}

void view_key(const view *v, node *to, const view_format *format, const char *name)
{
    size_t length = strlen(name);
    unsigned char head[2];

    if (format->f[0] == 'j') {
        node_set_text(v->memory, to, "key", arena_printf(v->memory, "\"\\\"%s\\\":\"", name));
        node_set_format(v->memory, to, "key_size", "%zu", length + 3);
        return;
    }
    head[0] = (unsigned char)(length < 32 ? 0xa0 + length : 0xd9);
    head[1] = (unsigned char)length;
    node_set_text(v->memory, to, "key", literal(v->memory, head, length < 32 ? 1 : 2, name, "\""));
    node_set_format(v->memory, to, "key_size", "%zu", length + (length < 32 ? 1U : 2U));
}

static int by_length(const void *one, const void *other)
{
    const view_name *first = (const view_name *)one, *second = (const view_name *)other;
    size_t a = strlen(first->text), b = strlen(second->text);

    return a != b ? (a < b ? -1 : 1) : strcmp(first->text, second->text);
}

void view_lookup(const view *v, node *to, const view_name *names, size_t count)
{
    arena *a = v->memory;
    node *lengths = node_list(a), *list = NULL;
    view_name *sorted = (view_name *)arena_array(a, count + 1, sizeof *sorted);

    if (sorted == NULL)
        return;
    if (count > 0) {
        memcpy(sorted, names, count * sizeof *sorted);
        qsort(sorted, count, sizeof *sorted, by_length);
    }
    for (size_t i = 0; i < count; i++) {
        node *name = node_object(a);

        if (i == 0 || strlen(sorted[i].text) != strlen(sorted[i - 1].text)) {
            node *length = node_object(a);
            list = node_list(a);
            node_set_format(a, length, "length", "%zu", strlen(sorted[i].text));
            node_set(a, length, "names", list);
            node_add(a, lengths, length);
        }
        node_set_text(a, name, "text", sorted[i].text);
        node_set_text(a, name, "result", sorted[i].result);
        node_add(a, list, name);
    }
    node_set(a, to, "lengths", lengths);
}

/* ---- enums -------------------------------------------------------------------------------------------- */

static size_t add_name(view_name *names, size_t count, const char *text, const char *result)
{
    names[count].text = text;
    names[count].result = result;
    return count + 1;
}

node *view_enum(const view *v, const schema_enum *e)
{
    arena *a = v->memory;
    node *made = node_object(a), *values = node_list(a);
    size_t total = 0, count = 0;
    view_name *names;

    for (size_t i = 0; i < e->value_count; i++)
        total += 1 + e->values[i].was_count;
    names = (view_name *)arena_array(a, total + 1, sizeof *names);
    if (names == NULL)
        return NULL;
    for (size_t i = 0; i < e->value_count; i++) {
        const schema_enum_value *value = &e->values[i];
        node *item = node_object(a);

        node_set_text(a, item, "name", value->name);
        node_set_text(a, item, "c_name", value->c_name);
        node_set_format(a, item, "number", "%d", (int)value->number);
        node_set_text(a, item, "docs", value->docs);
        node_add(a, values, item);
        count = add_name(names, count, value->name, value->c_name);
        for (size_t j = 0; j < value->was_count; j++)
            count = add_name(names, count, value->was[j], value->c_name);
    }
    node_set_text(a, made, "name", e->name);
    node_set_text(a, made, "c_name", e->c_name);
    node_set_text(a, made, "unknown", e->c_unknown);
    node_set_bool(a, made, "unknown_declared", e->unknown_declared);
    node_set_bool(a, made, "strict", e->strict);
    node_set_text(a, made, "docs", e->docs);
    node_set(a, made, "values", values);
    view_lookup(v, made, names, count);
    return made;
}

/* ---- fields ------------------------------------------------------------------------------------------- */

static bool has_default(const schema_field *field)
{
    return field->default_value.kind != SCHEMA_VALUE_NONE && field->default_value.kind != SCHEMA_VALUE_EMPTY;
}

/* Whether the default stands for the zero value on encoding: a NULL text, an UNKNOWN that is not a value. */
static bool zero_is_default(const schema_field *field)
{
    if (field->presence != SCHEMA_REQUIRED || !has_default(field))
        return false;
    return field->type->kind == SCHEMA_STRING || field->type->kind == SCHEMA_DECIMAL ||
           (field->type->kind == SCHEMA_ENUM && !field->type->enumeration->unknown_declared);
}

/* Absent means empty for lists and maps, so it is an error exactly where empty is. */
static bool is_required(const schema_field *field)
{
    if (field->presence == SCHEMA_CONTAINER)
        return field->type->range.has_min && field->type->range.min.u > 0;
    return field->presence == SCHEMA_REQUIRED && field->default_value.kind == SCHEMA_VALUE_NONE;
}

static bool is_text(const schema_type *type)
{
    return type->kind == SCHEMA_STRING || type->kind == SCHEMA_DECIMAL;
}

/* One field for one format: its key and how its value is written and read. */
static node *field_codec(const view *v, const schema_field *field, const view_format *format, size_t index,
                         bool wide)
{
    arena *a = v->memory;
    node *made = node_object(a);
    bool pointer = field->presence == SCHEMA_POINTER, boxed = field->presence == SCHEMA_BOXED;
    bool through = pointer && !is_text(field->type);
    const char *at = arena_printf(a, "value->%s", field->c_name), *in = at;
    const char *out = arena_printf(a, "out->%s", field->c_name);

    if (zero_is_default(field))
        in = arena_printf(a, "%s != %s ? %s : %s", at,
                          is_text(field->type) ? "NULL" : field->type->enumeration->c_unknown, at,
                          field->default_value.c_value);
    if (boxed)
        in = arena_printf(a, "%s.value", at);
    if (through)
        in = arena_printf(a, "*%s", at);
    if (boxed)
        out = arena_printf(a, "%s.value", out);
    if (through)
        out = "*made";
    node_set(a, made, "value", view_value(v, field->type, format, in, out));
    view_key(v, made, format, field->name);
    node_set_format(a, made, "target", "out->%s", field->c_name);
    node_set_text(a, made, "present",
                  boxed     ? arena_printf(a, "%s.has", at)
                  : pointer ? arena_printf(a, "%s != NULL", at)
                            : NULL);
    node_set_bool(a, made, "nullable", field->nullable);
    node_set_bool(a, made, "boxed", boxed);
    node_set_bool(a, made, "optional_text", pointer && !through);
    node_set_bool(a, made, "through", through);
    node_set_text(a, made, "target_type", field->type->c_type);
    node_set_format(a, made, "index", "%zu", index);
    node_set_text(a, made, "kind", field->c_kind);
    node_set_text(a, made, "word", wide ? arena_printf(a, "seen[%zu]", index / WORD_BITS) : "seen");
    node_set_format(a, made, "bit", "UINT64_C(1) << %zu", index % WORD_BITS);
    return made;
}

static node *codec(const view *v, const schema_record *record, const view_format *format)
{
    arena *a = v->memory;
    node *made = node_object(a), *fields = node_list(a);

    for (size_t i = 0; i < record->field_count; i++)
        node_add(a, fields, field_codec(v, &record->fields[i], format, i, record->field_count > WORD_BITS));
    node_set_text(a, made, "f", format->f);
    node_set_text(a, made, "format", format->name);
    node_set(a, made, "fields", fields);
    return made;
}

/* One field as the struct declares it, and what it is when absent. */
static node *field_plain(const view *v, const schema_field *field)
{
    arena *a = v->memory;
    node *made = node_object(a);
    const char *space = field->c_type[strlen(field->c_type) - 1] == '*' ? "" : " ";
    const char *at = arena_printf(a, "out->%s", field->c_name);
    const node *copy = view_copy(v, field->type, at);

    node_set_format(a, made, "declaration", "%s%s%s", field->c_type, space, field->c_name);
    node_set_text(a, made, "member", field->c_name);
    node_set_text(a, made, "docs", field->docs);
    node_set_text(a, made, "c_kind", field->c_kind);
    if (field->presence == SCHEMA_POINTER && !is_text(field->type)) {
        copy = view_copy(v, field->type, "*made");
        node_set_bool(a, made, "copy_through", true);
    } else {
        node_set_bool(a, made, "copy_through", false);
    }
    node_set(a, made, "copy", copy);
    node_set_text(a, made, "target_type", field->type->c_type);
    return made;
}

/* The designated initializer that gives `field` its default in <MACRO>_INIT, if it needs one. */
static void add_initial(const view *v, node *to, const schema_field *field)
{
    arena *a = v->memory;
    bool boxed = field->presence == SCHEMA_BOXED;

    if (field->presence == SCHEMA_REQUIRED && field->type->kind == SCHEMA_RECORD &&
        field->type->record->needs_init)
        node_add(a, to,
                 node_text(a, arena_printf(a, ".%s = %s_INIT", field->c_name, field->type->record->c_macro)));
    else if (has_default(field) && !field->default_value.zero)
        node_add(a, to,
                 node_text(a, arena_printf(a, ".%s = %s%s%s", field->c_name, boxed ? "{true, " : "",
                                           field->default_value.c_value, boxed ? "}" : "")));
}

/* The assignments that give `field` its default before reading. */
static void add_defaults(const view *v, node *to, const schema_field *field)
{
    arena *a = v->memory;
    bool boxed = field->presence == SCHEMA_BOXED;

    if (!has_default(field) || (!boxed && field->default_value.zero))
        return;
    if (boxed)
        node_add(a, to, node_text(a, arena_printf(a, "out->%s.has = true", field->c_name)));
    node_add(a, to,
             node_text(a, arena_printf(a, "out->%s%s = %s", field->c_name, boxed ? ".value" : "",
                                       field->default_value.c_value)));
}

/* ---- records ------------------------------------------------------------------------------------------ */

static void set_keys(const view *v, node *to, const schema_record *record)
{
    arena *a = v->memory;
    size_t total = 0, count = 0;
    view_name *names;

    for (size_t i = 0; i < record->field_count; i++)
        total += 1 + record->fields[i].was_count;
    names = (view_name *)arena_array(a, total + 1, sizeof *names);
    if (names == NULL)
        return;
    for (size_t i = 0; i < record->field_count; i++) {
        const schema_field *field = &record->fields[i];
        const char *result = arena_printf(a, "%zu", i);

        count = add_name(names, count, field->name, result);
        for (size_t j = 0; j < field->was_count; j++)
            count = add_name(names, count, field->was[j], result);
    }
    view_lookup(v, to, names, count);
}

/* How the bits of the fields that were seen are held, and which of them must be. */
static void set_seen(const view *v, node *to, const schema_record *record)
{
    arena *a = v->memory;
    size_t words = (record->field_count + WORD_BITS - 1) / WORD_BITS;
    node *masks = node_list(a), *required = node_list(a);

    for (size_t word = 0; word < words; word++) {
        uint64_t mask = 0;
        node *item = node_object(a);

        for (size_t i = word * WORD_BITS; i < record->field_count && i < (word + 1) * WORD_BITS; i++) {
            node *name;
            if (!is_required(&record->fields[i]))
                continue;
            mask |= UINT64_C(1) << i % WORD_BITS;
            name = node_object(a);
            node_set_text(a, name, "name", record->fields[i].name);
            node_set_text(a, name, "word", words > 1 ? arena_printf(a, "seen[%zu]", word) : "seen");
            node_set_format(a, name, "bit", "UINT64_C(1) << %zu", i % WORD_BITS);
            node_add(a, required, name);
        }
        if (mask == 0)
            continue;
        node_set_text(a, item, "word", words > 1 ? arena_printf(a, "seen[%zu]", word) : "seen");
        node_set_format(a, item, "mask", "UINT64_C(0x%llx)", (unsigned long long)mask);
        node_add(a, masks, item);
    }
    node_set(a, to, "masks", masks);
    node_set(a, to, "required", required);
    node_set_bool(a, to, "wide", words > 1);
    node_set_format(a, to, "words", "%zu", words);
    node_set_text(a, to, "seen_type", words > 1 ? "uint64_t *" : "uint64_t ");
}

node *view_record(const view *v, const schema_record *record)
{
    arena *a = v->memory;
    node *made = node_object(a), *fields = node_list(a), *codecs = node_list(a), *optional = node_list(a);
    node *defaults = node_list(a), *initials = node_list(a);
    size_t fixed = 0;
    bool copies = false;

    for (size_t i = 0; i < record->field_count; i++) {
        const schema_field *field = &record->fields[i];
        node *plain = field_plain(v, field);
        bool through = field->presence == SCHEMA_POINTER && !is_text(field->type);

        if ((field->presence == SCHEMA_BOXED || field->presence == SCHEMA_POINTER) && !field->nullable)
            node_add(a, optional,
                     node_text(a, arena_printf(a,
                                               field->presence == SCHEMA_BOXED ? "value->%s.has"
                                                                               : "value->%s != NULL",
                                               field->c_name)));
        else
            fixed++;
        copies = copies || through || view_copy(v, field->type, "x")->kind == NODE_TEXT;
        add_defaults(v, defaults, field);
        add_initial(v, initials, field);
        node_add(a, fields, plain);
    }
    for (size_t i = 0; i < VIEW_FORMATS; i++)
        node_add(a, codecs, codec(v, record, &view_formats[i]));
    node_set_text(a, made, "name", record->name);
    node_set_text(a, made, "c_name", record->c_name);
    node_set_text(a, made, "c_macro", record->c_macro);
    node_set_text(a, made, "docs", record->docs);
    node_set_bool(a, made, "union", record->kind == SCHEMA_UNION);
    node_set_text(a, made, "kind_type", record->c_kind_type);
    node_set_text(a, made, "none", record->c_none);
    node_set_bool(a, made, "needs_init", record->needs_init);
    node_set(a, made, "fields", fields);
    node_set(a, made, "codecs", codecs);
    node_set(a, made, "optional", optional);
    node_set(a, made, "defaults", defaults);
    node_set(a, made, "initials", initials);
    node_set_format(a, made, "fixed", "%zu", fixed);
    node_set_bool(a, made, "copies", copies);
    set_keys(v, made, record);
    set_seen(v, made, record);
    return made;
}
