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
    const char *key, *key_size;           /* NULL when it is read in either encoding */
    const char *expected, *expected_size; /* the key with what stands before it when nothing is missing */
    const char *left, *seen_before;       /* what is known when that does not come */
    const char *room;                     /* to be asked for before it, or NULL */
    const char *target, *get_null, *present, *target_type, *index, *kind, *word, *bit;
    bool nullable, boxed, optional_text, through;
    view_value value;
} view_codec_field;
extern const shape view_codec_field_shape;

view_field view_field_of(const view *v, arena *a, const schema_field *field);
view_codec_field view_codec_field_of(const view *v, arena *a, const schema_record *record, size_t index,
                                     const view_format *format);
/* The bits of the fields before `index`. */
const char *view_seen_before(arena *a, size_t index);
/* Most bytes of its key and of what stands behind it until a writer looks for room itself. */
size_t view_most_of_field(const schema_field *field, const view_format *format);
bool view_has_default(const schema_field *field);

/* Where the bit of field `index` is, and which it is. */
const char *view_word(arena *a, const schema_record *record, size_t index);
const char *view_bit(arena *a, size_t index);

#endif
