/* Inside the template engine: the parsed form, shared by parser and renderer. */
#ifndef TEMPLATE_PARSE_H
#define TEMPLATE_PARSE_H

#include "template.h"

#include <stdint.h>

/* ---- names -------------------------------------------------------------------------------------------- */

/* Every name that some view has gets a number, so that looking one up while rendering compares no texts. */
typedef struct bound_shape bound_shape;

typedef struct bound_member {
    const shape_member *is;
    const bound_shape *of;
} bound_member;

struct bound_shape {
    const shape *is;
    bound_member *members;
    int16_t *by_name; /* for each number: the member so called, or -1 */
    bound_shape *next;
};

struct template_names {
    const char **names; /* by number */
    size_t count;
    bound_shape *shapes;
    const bound_shape *view;
};

/* Numbers of what is no member of a view. */
enum { NAME_ITEM = -1, NAME_FIRST = -2, NAME_LAST = -3, NAME_INDEX = -4, NAME_UNKNOWN = -5 };

/* Number the names of all views of a set. NULL without memory. */
template_names *template_names_of(arena *memory, const shape *view);
/* The number of the first `length` bytes of `name`. */
int template_name(const template_names *names, const char *name, size_t length);

/* ---- parts -------------------------------------------------------------------------------------------- */

typedef enum part_kind { PART_TEXT, PART_VALUE, PART_SECTION, PART_INVERTED, PART_PARTIAL } part_kind;
typedef enum filter_kind {
    FILTER_UPPER,
    FILTER_LOWER,
    FILTER_C_STRING,
    FILTER_DOC,
    FILTER_COMMENT
} filter_kind;

/* Most filters on one value, and most names joined by dots. */
#define FILTERS_MAX    4
#define PATH_MAX_NAMES 4

typedef struct part part;

struct part {
    part_kind kind;
    unsigned char filter_count, path_count;
    int16_t path[PATH_MAX_NAMES]; /* VALUE, SECTION, INVERTED: numbers of names */
    filter_kind filters[FILTERS_MAX];
    size_t offset;    /* of the tag in its file, for messages */
    const char *text; /* TEXT: the text, at most one line; others: the name */
    size_t length;
    part *children, *next;
    const template_file *partial; /* PARTIAL */
    size_t indent;                /* PARTIAL alone on its line: spaces before it */
};

struct template_file {
    template_text text;
    const char *name; /* as the loader knows it */
    part *parts;
    template_file *next;
};

/* The parsed template called `name` (of `length` bytes), or NULL and an error at `offset` of `from`. */
const template_file *template_find(template_set *set, const char *name, size_t length,
                                   const template_file *from, size_t offset, unsigned depth);

/* Record the first error, with line and column of `offset`. Returns false. */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
bool template_fail(template_set *set, const template_file *file, size_t offset, const char *format, ...);

/* ---- filters ------------------------------------------------------------------------------------------ */

/* The filter called so, or -1. */
int template_filter(const char *name, size_t length);
/* The text after a filter, in `a`; NULL without memory. */
const char *template_apply(arena *a, filter_kind filter, const char *text);

#endif
