/* Inside the template engine: the parsed form, shared by parser and renderer. */
#ifndef TEMPLATE_PARSE_H
#define TEMPLATE_PARSE_H

#include "template.h"

typedef enum part_kind { PART_TEXT, PART_VALUE, PART_SECTION, PART_INVERTED, PART_PARTIAL } part_kind;
typedef enum filter_kind {
    FILTER_UPPER,
    FILTER_LOWER,
    FILTER_C_STRING,
    FILTER_DOC,
    FILTER_COMMENT
} filter_kind;

/* Most filters on one value. */
#define FILTERS_MAX 4

typedef struct part part;

struct part {
    part_kind kind;
    size_t offset;    /* of the tag in its file, for messages */
    const char *text; /* TEXT: the text; others: the name */
    size_t length;
    part *children, *next;
    filter_kind filters[FILTERS_MAX];
    size_t filter_count;
    const template_file *partial; /* PARTIAL */
    size_t indent;                /* PARTIAL alone on its line: spaces before it */
    const node *arguments;        /* PARTIAL: an object */
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

#endif
