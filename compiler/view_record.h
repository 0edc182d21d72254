/* What the two files that view records share. */
#ifndef VIEW_RECORD_H
#define VIEW_RECORD_H

#include "view_parts.h"

/* Bits of one word of seen fields. */
#define WORD_BITS 64

/* A field as its struct declares it. */
typedef struct view_field {
    const char *declaration, *member, *docs, *deprecated, *c_kind, *target_type;
    const char *copy; /* the condition that deepens a shallow copy, or NULL */
    bool copy_through;
} view_field;
extern const shape view_field_shape;

/* A field in one format: its key, and how its value is written and read. */
typedef struct view_codec_field {
    const char *key, *key_size, *target, *present, *target_type, *index, *kind, *word, *bit;
    bool nullable, boxed, optional_text, through;
    view_value value;
} view_codec_field;
extern const shape view_codec_field_shape;

view_field view_field_of(const view *v, arena *a, const schema_field *field);
view_codec_field view_codec_field_of(const view *v, arena *a, const schema_record *record, size_t index,
                                     const view_format *format);
bool view_has_default(const schema_field *field);

/* Where the bit of field `index` is, and which it is. */
const char *view_word(arena *a, const schema_record *record, size_t index);
const char *view_bit(arena *a, size_t index);

#endif
