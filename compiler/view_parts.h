/* What the files that build the view share. */
#ifndef VIEW_PARTS_H
#define VIEW_PARTS_H

#include "view.h"

/* The two encodings, in the order the generated file has them. */
typedef struct view_format {
    const char *f;    /* "mp": in the names of primitives */
    const char *name; /* "msgpack": in the names of generated functions */
} view_format;

enum { VIEW_FORMATS = 2 };
extern const view_format view_formats[VIEW_FORMATS];

/* A list or map type, with the bounds of all that is in it: one static reader and writer per format. */
typedef struct view_container {
    const schema_type *type;
    const char *word; /* in the names of its functions: "item_list", "item_list_2" */
    const char *copy_word;
    const char *base; /* the word without its number */
    bool copies; /* the first of its C type: the one that gets the copy function */
} view_container;

typedef struct view {
    arena *memory;
    const schema_package *package;
    view_container *containers;
    size_t container_count;
    const struct pattern **patterns; /* each once, numbered from 1 */
    size_t pattern_count;
} view;

/* Collect the containers of everything in the package, inner ones before outer ones. */
void view_find_containers(view *v);
const view_container *view_container_of(const view *v, const schema_type *type);

/* Collect the patterns of everything in the package. */
void view_find_patterns(view *v);
/* "pattern1": its table in the generated file. */
const char *view_pattern_name(const view *v, const struct pattern *p);
node *view_patterns(const view *v);

/* How a value of `type` at `in` is written and one at `out` is read. */
node *view_value(const view *v, const schema_type *type, const view_format *format, const char *in,
                 const char *out);
/* The statement that deepens the shallow copy at `at`, or NULL when there is nothing behind it. */
const node *view_copy(const view *v, const schema_type *type, const char *at);

/* Fewest bytes of MessagePack a value takes. */
size_t view_least(const schema_type *type);

node *view_record(const view *v, const schema_record *record);
node *view_enum(const view *v, const schema_enum *enumeration);
node *view_services(const view *v);
node *view_events(const view *v);

/* The key of `name` as the encoding has it: a C literal and its length in bytes. */
void view_key(const view *v, node *to, const view_format *format, const char *name);

/* One name of a lookup and what it stands for. */
typedef struct view_name {
    const char *text, *result;
} view_name;

/* "lengths": the names by length, shortest first, for a switch. */
void view_lookup(const view *v, node *to, const view_name *names, size_t count);

#endif
