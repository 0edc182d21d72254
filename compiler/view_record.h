/* What the two files that view records share. */
#ifndef VIEW_RECORD_H
#define VIEW_RECORD_H

#include "view_parts.h"

/* Bits of one word of seen fields. */
#define WORD_BITS 64

/* A field as its struct declares it. */
typedef struct view_field {
    const char *declaration, *member, *docs, *deprecated, *c_kind;
} view_field;
extern const shape view_field_shape;

/* A field as it is copied. */
typedef struct view_copied {
    const char *member, *target_type, *c_kind;
    const char *copy; /* the condition that deepens a shallow copy, or NULL */
} view_copied;
extern const shape view_copied_shape;

/* A field as it is written and read. */
typedef struct view_codec_field {
    const char *room; /* whether what has to be asked for before it is not there, or NULL */
    const char *target, *present, *target_type, *index, *next, *kind, *word, *shift;
    bool nullable, plain, boxed, optional_text, through; /* one of the last four */
    view_value value;
} view_codec_field;
extern const shape view_codec_field_shape;

view_field view_field_of(arena *a, const schema_field *field);
view_copied view_copied_of(const view *v, arena *a, const schema_field *field);
view_codec_field view_codec_field_of(const view *v, arena *a, const schema_record *record, size_t index);
/* Most bytes of its key and of what stands behind it until a writer looks for room itself. */
size_t view_most_of_field(const schema_field *field, const view_format *format);
bool view_has_default(const schema_field *field);
/* Whether the struct holds a pointer to the value. A text is its own pointer. */
bool view_is_through(const schema_field *field);

/* A key as it travels: a row of a table. */
typedef struct view_key {
    const char *name, *size, *head, *index;
    const char *sorted; /* the place of the key that stands here when they are sorted by size, then bytes */
    size_t length;
} view_key;
extern const shape view_key_shape;

view_key view_key_of(arena *a, const char *name, size_t index);

/* The word that has the bit of field `index`. */
const char *view_word(arena *a, const schema_record *record, size_t index);

#endif
