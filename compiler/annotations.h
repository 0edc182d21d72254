/* The one table of annotations: it drives checking, `aegisc explain` and the reference. */
#ifndef ANNOTATIONS_H
#define ANNOTATIONS_H

#include "ast.h"
#include "diag.h"

/* Where an annotation may stand, as bits. */
enum {
    ON_PACKAGE = 1 << 0,
    ON_CONST = 1 << 1,
    ON_ALIAS = 1 << 2,
    ON_STRUCT = 1 << 3,
    ON_ENUM = 1 << 4,
    ON_UNION = 1 << 5,
    ON_ERROR = 1 << 6,
    ON_SERVICE = 1 << 7,
    ON_EVENT = 1 << 8,
    ON_FIELD = 1 << 9,
    ON_ENUM_VALUE = 1 << 10,
    ON_RPC = 1 << 11,
    ON_COMMAND = 1 << 12,
    ON_SUBSCRIBES = 1 << 13,
    ON_NOTHING = 0
};

typedef enum annotation_value {
    TAKES_STRING,
    TAKES_NAME, /* a string that can be a name on the wire */
    TAKES_DURATION,
    TAKES_BACKOFF,
    TAKES_COUNT,
    TAKES_WORD,
    TAKES_PARAMETERS, /* names of parameters of the method, one or more arguments */
    TAKES_ERRORS      /* [NotFound, pay.Declined], or [] */
} annotation_value;

typedef struct annotation_parameter {
    const char *name; /* NULL: positional */
    annotation_value takes;
    bool required;
    const char *words; /* TAKES_WORD: "new|all", NULL for any */
} annotation_parameter;

typedef struct annotation_entry {
    const char *name;
    const char *example; /* of its arguments: "(2s)", or "" */
    unsigned places;
    annotation_parameter parameters[3];
    size_t parameter_count;
    const char *sentence;
} annotation_entry;

const annotation_entry *annotation_table(size_t *count);
/* The entry called `name`, or NULL. */
const annotation_entry *annotation_named(const char *name);
/* "rpc", "field"...: the name of one place. */
const char *annotation_place(unsigned place);
/* The names of several: "rpc, command". */
const char *annotation_places(arena *a, unsigned places);
/* What it takes: "max: a number, backoff: two durations such as 200ms..30s"; "" when nothing. */
const char *annotation_takes(arena *a, const annotation_entry *entry);
/* The nearest name to a misspelt one, or NULL. */
const char *annotation_near(const char *name);
/* Report what is unknown, misplaced, repeated or has bad arguments. */
void annotations_check(arena *a, diags *d, const ast_marks *marks, unsigned place);
/* The annotation, if it is there (the first, when repeated). */
const ast_annotation *annotation_find(const ast_marks *marks, const char *name);
/* Its argument with this name (NULL: the positional one) when present and of a fitting kind. */
const ast_value *annotation_argument(const ast_marks *marks, const char *name, const char *argument,
                                     ast_value_kind kind);

#endif
