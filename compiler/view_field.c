/* The view of fields: as their struct declares them, and as each encoding writes and reads them. */
#include "view_record.h"

#include <string.h>

/* ---- as declared -------------------------------------------------------------------------------------- */

static const shape_member field_members[] = {
    SHOWS_TEXT(view_field, declaration), SHOWS_TEXT(view_field, member),        SHOWS_TEXT(view_field, docs),
    SHOWS_TEXT(view_field, c_kind),      SHOWS_TEXT(view_field, target_type),   SHOWS_TEXT(view_field, copy),
    SHOWS_TEXT(view_field, deprecated),  SHOWS_TRUTH(view_field, copy_through),
};
const shape view_field_shape = SHAPE_OF(view_field, field_members);

static bool is_text(const schema_type *type)
{
    return type->kind == SCHEMA_STRING || type->kind == SCHEMA_DECIMAL;
}

/* Whether the struct holds a pointer to the value. A text is its own pointer. */
static bool is_through(const schema_field *field)
{
    return field->presence == SCHEMA_POINTER && !is_text(field->type);
}

/* Whether <MACRO>_INIT names it, which would then be a warning in every program that uses it. */
static bool in_initializer(const schema_field *field)
{
    if (field->c_kind != NULL) /* a member of a union */
        return false;
    if (field->presence == SCHEMA_REQUIRED && field->type->kind == SCHEMA_RECORD)
        return field->type->record->needs_init;
    return view_has_default(field) && !field->default_value.zero;
}

view_field view_field_of(const view *v, arena *a, const schema_field *field)
{
    view_field made = {.member = field->c_name,
                       .docs = view_docs(a, field->docs, field->deprecated),
                       .c_kind = field->c_kind,
                       .target_type = field->type->c_type,
                       .copy_through = is_through(field)};

    if (!in_initializer(field))
        made.deprecated = field->deprecated;
    made.declaration = arena_printf(a, "%s%s%s", field->c_type, view_space(field->c_type), field->c_name);
    made.copy =
        view_copy(v, a, field->type, made.copy_through ? "*made" : arena_printf(a, "out->%s", field->c_name));
    return made;
}

/* ---- defaults ----------------------------------------------------------------------------------------- */

bool view_has_default(const schema_field *field)
{
    return field->default_value.kind != SCHEMA_VALUE_NONE && field->default_value.kind != SCHEMA_VALUE_EMPTY;
}

/* Whether the default stands for the zero value on encoding: a NULL text, an UNKNOWN that is not a value. */
static bool zero_is_default(const schema_field *field)
{
    if (field->presence != SCHEMA_REQUIRED || !view_has_default(field))
        return false;
    return is_text(field->type) ||
           (field->type->kind == SCHEMA_ENUM && !field->type->enumeration->unknown_declared);
}

/* ---- as encoded --------------------------------------------------------------------------------------- */

static const shape_member codec_field_members[] = {
    SHOWS_TEXT(view_codec_field, key),         SHOWS_TEXT(view_codec_field, key_size),
    SHOWS_TEXT(view_codec_field, expected),    SHOWS_TEXT(view_codec_field, expected_size),
    SHOWS_TEXT(view_codec_field, left),        SHOWS_TEXT(view_codec_field, seen_before),
    SHOWS_TEXT(view_codec_field, room),        SHOWS_TEXT(view_codec_field, target),
    SHOWS_TEXT(view_codec_field, get_null),    SHOWS_TEXT(view_codec_field, present),
    SHOWS_TEXT(view_codec_field, target_type), SHOWS_TEXT(view_codec_field, index),
    SHOWS_TEXT(view_codec_field, kind),        SHOWS_TEXT(view_codec_field, word),
    SHOWS_TEXT(view_codec_field, bit),         SHOWS_TRUTH(view_codec_field, nullable),
    SHOWS_TRUTH(view_codec_field, boxed),      SHOWS_TRUTH(view_codec_field, optional_text),
    SHOWS_TRUTH(view_codec_field, through),    SHOWS_OBJECT(view_codec_field, value, &view_value_shape),
};
const shape view_codec_field_shape = SHAPE_OF(view_codec_field, codec_field_members);

/* `text` behind the bytes of `head`, as a C literal. Octal escapes: a digit after one is never part of it. */
static const char *literal(arena *a, const unsigned char *head, size_t head_length, const char *text,
                           const char *tail)
{
    char *out = arena_text(a, 4 * (head_length + strlen(text)) + strlen(tail) + 3), *at = out;

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

static size_t key_size(const view_format *format, const char *name)
{
    size_t length = strlen(name);

    return length + format->key_extra + (format->counted && length >= 32);
}

size_t view_most_of_field(const schema_field *field, const view_format *format)
{
    size_t value = view_most(field->type, format);

    if (field->nullable && value < format->null_size)
        value = format->null_size;
    return key_size(format, field->name) + value;
}

/* The head of a map of `count` members and then that of a key of MessagePack; returns their bytes. */
static size_t heads(unsigned char *out, bool map, size_t count, size_t length)
{
    unsigned char *at = out;

    if (map && count > 15) {
        *at++ = 0xde;
        *at++ = (unsigned char)(count >> 8);
        *at++ = (unsigned char)count;
    } else if (map) {
        *at++ = (unsigned char)(0x80 + count);
    }
    if (length >= 32)
        *at++ = 0xd9;
    *at++ = (unsigned char)(length < 32 ? 0xa0 + length : length);
    return (size_t)(at - out);
}

/* The key of a field as the encoding has it, as C literals: alone, and behind the map's head or a comma. */
static void set_key(view_codec_field *to, arena *a, const view_format *format, const schema_record *record,
                    size_t index)
{
    const char *name = record->fields[index].name;
    size_t size = key_size(format, name), length = strlen(name), head;
    unsigned char bytes[5];

    to->key_size = arena_printf(a, "%zu", size);
    if (format->counted) {
        to->key = literal(a, bytes, heads(bytes, false, 0, length), name, "\"");
        head = heads(bytes, index == 0, record->field_count, length);
        to->expected = literal(a, bytes, head, name, "\"");
        to->expected_size = arena_printf(a, "%zu", head + length);
    } else {
        to->key = arena_printf(a, "\"\\\"%s\\\":\"", name);
        to->expected = arena_printf(a, "\"%s\\\"%s\\\":\"", index == 0 ? "{" : ",", name);
        to->expected_size = arena_printf(a, "%zu", size + 1);
    }
}

const char *view_seen_before(arena *a, size_t index)
{
    uint64_t mask = index >= WORD_BITS ? UINT64_MAX : (UINT64_C(1) << index) - 1;

    return arena_printf(a, "UINT64_C(0x%llx)", (unsigned long long)mask);
}

/* What is known where the field does not come. */
static void set_progress(view_codec_field *to, arena *a, const view_format *format,
                         const schema_record *record, size_t index)
{
    if (index == 0)
        to->left = arena_printf(a, "aegis_%s_get_map(r)", format->f);
    else if (format->counted)
        to->left = arena_printf(a, "%zu", record->field_count - index);
    else
        to->left = "aegis_js_more(r)";
    to->seen_before = view_seen_before(a, index);
}

/* The struct's value, or what stands for it when it is not set. */
static const char *written_value(arena *a, const schema_field *field, const char *at)
{
    if (zero_is_default(field))
        return arena_printf(a, "%s != %s ? %s : %s", at,
                            is_text(field->type) ? "NULL" : field->type->enumeration->c_unknown, at,
                            field->default_value.c_value);
    if (field->presence == SCHEMA_BOXED)
        return arena_printf(a, "%s.value", at);
    return is_through(field) ? arena_printf(a, "*%s", at) : at;
}

view_codec_field view_codec_field_of(const view *v, arena *a, const schema_record *record, size_t index,
                                     const view_format *format)
{
    const schema_field *field = &record->fields[index];
    const char *at = arena_printf(a, "value->%s", field->c_name);
    const char *target = arena_printf(a, "out->%s", field->c_name), *out = target;
    view_codec_field made = {.target = target,
                             .target_type = field->type->c_type,
                             .kind = field->c_kind,
                             .nullable = field->nullable,
                             .boxed = field->presence == SCHEMA_BOXED,
                             .through = is_through(field)};

    made.optional_text = field->presence == SCHEMA_POINTER && !made.through;
    if (made.boxed)
        out = arena_printf(a, "%s.value", target);
    else if (made.through)
        out = "*made";
    made.value = view_value_of(v, a, field->type, format, written_value(a, field, at), out);
    if (format == &view_either) {
        made.get_null = "aegis_get_null";
    } else {
        made.get_null = arena_printf(a, "aegis_%s_get_null", format->f);
        set_key(&made, a, format, record, index);
        set_progress(&made, a, format, record, index);
    }
    if (made.boxed)
        made.present = arena_printf(a, "%s.has", at);
    else if (field->presence == SCHEMA_POINTER)
        made.present = arena_printf(a, "%s != NULL", at);
    made.index = arena_printf(a, "%zu", index);
    made.word = view_word(a, record, index);
    made.bit = view_bit(a, index);
    return made;
}
