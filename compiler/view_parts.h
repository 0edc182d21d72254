/* What the files that build the view share: its structs, which are also what templates see. */
#ifndef VIEW_PARTS_H
#define VIEW_PARTS_H

#include "view.h"

/* ---- the package -------------------------------------------------------------------------------------- */

/* A list or map type, with the bounds of all that is in it: one static reader and writer. */
typedef struct view_container_type {
    const schema_type *type;
    const char *word; /* in the names of its functions: "item_list", "item_list_2" */
    const char *base; /* the word without its number */
    const char *copy_word;
    bool copies;  /* the first of its C type: the one that gets the copy function */
    size_t order; /* of appearance */
} view_container_type;

/* The map that holds a record. */
typedef struct view_map_of {
    const schema_record *record;
    const schema_container *map;
} view_map_of;

/* A pattern, once however many fields have it. */
typedef struct view_pattern_use {
    const struct pattern *is;
    size_t number; /* from 1 */
} view_pattern_use;

typedef struct view {
    const schema_package *package;
    view_container_type *containers; /* inner ones before outer ones */
    view_container_type **by_type;   /* the same, sorted */
    size_t container_count;
    view_pattern_use *patterns; /* sorted by text */
    view_pattern_use **by_number;
    size_t pattern_count;
    view_map_of *maps; /* sorted by record */
    size_t map_count;
} view;

/* Collect the containers of everything in the package. */
void view_find_containers(view *v, arena *memory);
const view_container_type *view_container_of(const view *v, const schema_type *type);

/* Collect the patterns of everything in the package. */
void view_find_patterns(view *v, arena *memory);
/* "pattern1": its table in the generated file. */
const char *view_pattern_name(const view *v, arena *a, const struct pattern *p);

/* The text of a Doxygen comment, or NULL. `deprecated` is the reason, or NULL. */
const char *view_docs(arena *a, const char *docs, const char *deprecated);
/* A number, as a text. */
const char *view_number(arena *a, size_t number);
/* "" behind a '*', else " ": what stands between a type and a name. */
const char *view_space(const char *c_type);
/* A list whose items are all there. */
shape_list view_list(const void *items, size_t count);

/* ---- what the package was generated from --------------------------------------------------------------- */

extern const shape view_schema_part_shape, view_schema_import_shape;

/* Its text in parts; the numbers of so many parts; and what it imports. */
shape_list view_schema_parts(arena *memory, const schema_package *package);
shape_list view_schema_numbers(arena *memory, size_t count);
shape_list view_schema_imports(arena *memory, const schema_package *package);
/* NULL when nobody asks for it: only services tell it. */
const char *view_schema_hash(arena *memory, const schema_package *package);

/* ---- values ------------------------------------------------------------------------------------------- */

/* What sizes depend on in an encoding. */
typedef struct view_format {
    bool counted;     /* maps and lists begin with their length, and have no end */
    size_t key_extra; /* bytes of a short key beyond its text */
    size_t null_size;
} view_format;

extern const view_format view_msgpack, view_json;

/* How a value is written and read: calls, up to where the value or the bounds stand. */
typedef struct view_value {
    const char *put;
    const char *read; /* by who is told the encoding */
    const char *get;  /* by who has to find out */
    const char *range, *cast, *in, *out;
    bool by_value;
} view_value;
extern const shape view_value_shape;

/* How a value of `type` at `in` is written and one at `out` is read. */
view_value view_value_of(const view *v, arena *a, const schema_type *type, const char *in, const char *out);
/* Whether what writes and reads it is told the encoding. */
bool view_is_told(const schema_type *type);
/* Most bytes a value takes when that is known here, else 0: then its writer looks for room itself. */
size_t view_most(const schema_type *type, const view_format *format);
/* Whether such a writer leaves VIEW_ROOM bytes behind the value. */
bool view_leaves_room(const schema_type *type);
#define VIEW_ROOM 64 /* AEGIS_ROOM of the runtime */

/* The condition that deepens the shallow copy at `at` and is true when it cannot; NULL when there is nothing
 * behind it. */
const char *view_copy(const view *v, arena *a, const schema_type *type, const char *at);

/* ---- lookups ------------------------------------------------------------------------------------------ */

/* One name of a lookup and what it stands for. */
typedef struct view_name {
    const char *text, *result;
} view_name;

/* The names of one length. */
typedef struct view_length {
    const char *length;
    shape_list names;
} view_length;
extern const shape view_length_shape;

/* The names by length, shortest first, for a switch. Sorts `names`. */
shape_list view_lookup(arena *a, view_name *names, size_t count);

/* ---- what a package declares -------------------------------------------------------------------------- */

extern const shape view_enum_shape, view_record_shape, view_container_shape, view_service_shape,
    view_event_shape, view_map_shape, view_pattern_shape;

/* Makers of the items of lists, see shape.h; `from` is the view. */
const void *view_enum_at(const void *from, size_t index, arena *scratch);
const void *view_record_at(const void *from, size_t index, arena *scratch);
const void *view_container_at(const void *from, size_t index, arena *scratch);
const void *view_service_at(const void *from, size_t index, arena *scratch);
const void *view_event_at(const void *from, size_t index, arena *scratch);
const void *view_pattern_at(const void *from, size_t index, arena *scratch);

/* A list, map or optional type as the header defines it. */
typedef struct view_map {
    const char *c_name, *entry, *get, *element, *space;
} view_map;

view_map view_map_type(const schema_container *container);
/* The map of a record: one or none. */
shape_list view_map_of_record(const view *v, const schema_record *record, arena *scratch);

#endif
