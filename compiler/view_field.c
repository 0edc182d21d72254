/* The view of fields: as their struct declares them, and as each encoding writes and reads them. */
#include "view_record.h"

#include <string.h>

/* ---- as declared -------------------------------------------------------------------------------------- */

static const shape_member field_members[] = {
    SHOWS_TEXT(view_field, declaration), SHOWS_TEXT(view_field, member),     SHOWS_TEXT(view_field, docs),
    SHOWS_TEXT(view_field, c_kind),      SHOWS_TEXT(view_field, deprecated),
};
const shape view_field_shape = SHAPE_OF(view_field, field_members);

static bool is_text(const schema_type *type)
{
    return type->kind == SCHEMA_STRING || type->kind == SCHEMA_DECIMAL;
}

bool view_is_through(const schema_field *field)
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

view_field view_field_of(arena *a, const schema_field *field)
{
    view_field made = {.member = field->c_name,
                       .docs = view_docs(a, field->docs, field->deprecated),
                       .c_kind = field->c_kind};

    if (!in_initializer(field))
        made.deprecated = field->deprecated;
    made.declaration = arena_join(a, field->c_type, view_space(field->c_type), field->c_name, NULL);
    return made;
}

/* ---- as copied ---------------------------------------------------------------------------------------- */

static const shape_member copied_members[] = {
    SHOWS_TEXT(view_copied, member),
    SHOWS_TEXT(view_copied, target_type),
    SHOWS_TEXT(view_copied, c_kind),
    SHOWS_TEXT(view_copied, copy),
};
const shape view_copied_shape = SHAPE_OF(view_copied, copied_members);

view_copied view_copied_of(const view *v, arena *a, const schema_field *field)
{
    view_copied made = {.member = field->c_name, .target_type = field->type->c_type, .c_kind = field->c_kind};

    made.copy = view_copy(v, a, field->type,
                          view_is_through(field) ? "*made" : arena_join(a, "out->", field->c_name, NULL));
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

static const shape_member key_members[] = {
    SHOWS_TEXT(view_key, name),  SHOWS_TEXT(view_key, size),   SHOWS_TEXT(view_key, head),
    SHOWS_TEXT(view_key, index), SHOWS_TEXT(view_key, sorted),
};
const shape view_key_shape = SHAPE_OF(view_key, key_members);

static char *put_octal(char *at, size_t byte)
{
    *at++ = '\\';
    *at++ = (char)('0' + (byte >> 6));
    *at++ = (char)('0' + (byte >> 3 & 7));
    *at++ = (char)('0' + (byte & 7));
    return at;
}

/* The head of a string of MessagePack. Octal escapes: a digit after one is never part of it. */
static const char *head_of(arena *a, size_t length)
{
    char *head = arena_text(a, 9), *at = head;

    if (length < 32) {
        (void)put_octal(at, 0xa0 + length);
    } else {
        at = put_octal(at, 0xd9);
        (void)put_octal(at, length);
    }
    return head;
}

view_key view_key_of(arena *a, const char *name, size_t index)
{
    const size_t length = strlen(name);

    return (view_key){.name = name,
                      .size = view_number(a, length),
                      .head = head_of(a, length),
                      .index = view_number(a, index),
                      .length = length};
}

static const shape_member codec_field_members[] = {
    SHOWS_TEXT(view_codec_field, room),
    SHOWS_TEXT(view_codec_field, target),
    SHOWS_TEXT(view_codec_field, present),
    SHOWS_TEXT(view_codec_field, target_type),
    SHOWS_TEXT(view_codec_field, index),
    SHOWS_TEXT(view_codec_field, next),
    SHOWS_TEXT(view_codec_field, kind),
    SHOWS_TEXT(view_codec_field, word),
    SHOWS_TEXT(view_codec_field, shift),
    SHOWS_TRUTH(view_codec_field, nullable),
    SHOWS_TRUTH(view_codec_field, boxed),
    SHOWS_TRUTH(view_codec_field, optional_text),
    SHOWS_TRUTH(view_codec_field, through),
    SHOWS_TRUTH(view_codec_field, plain),
    SHOWS_OBJECT(view_codec_field, value, &view_value_shape),
};
const shape view_codec_field_shape = SHAPE_OF(view_codec_field, codec_field_members);

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

/* The struct's value, or what stands for it when it is not set. */
static const char *written_value(arena *a, const schema_field *field, const char *at)
{
    if (zero_is_default(field))
        return arena_join(a, at, " != ", is_text(field->type) ? "NULL" : field->type->enumeration->c_unknown,
                          " ? ", at, " : ", field->default_value.c_value, NULL);
    if (field->presence == SCHEMA_BOXED)
        return arena_join(a, at, ".value", NULL);
    return view_is_through(field) ? arena_join(a, "*", at, NULL) : at;
}

view_codec_field view_codec_field_of(const view *v, arena *a, const schema_record *record, size_t index)
{
    const schema_field *field = &record->fields[index];
    const char *at = arena_join(a, "value->", field->c_name, NULL);
    const char *target = arena_join(a, "out->", field->c_name, NULL), *out = target;
    view_codec_field made = {.target = target,
                             .target_type = field->type->c_type,
                             .kind = field->c_kind,
                             .nullable = field->nullable,
                             .boxed = field->presence == SCHEMA_BOXED,
                             .through = view_is_through(field)};

    made.optional_text = field->presence == SCHEMA_POINTER && !made.through;
    made.plain = !made.boxed && !made.optional_text && !made.through;
    if (made.boxed)
        out = arena_join(a, target, ".value", NULL);
    else if (made.through)
        out = "*made";
    made.value = view_value_of(v, a, field->type, written_value(a, field, at), out);
    if (made.boxed)
        made.present = arena_join(a, at, ".has", NULL);
    else if (field->presence == SCHEMA_POINTER)
        made.present = arena_join(a, at, " != NULL", NULL);
    made.index = view_number(a, index);
    made.next = view_number(a, index + 1);
    made.word = view_word(a, record, index);
    made.shift = view_number(a, index % WORD_BITS);
    return made;
}
