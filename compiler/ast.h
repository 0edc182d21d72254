/* The syntax tree: what was written, with its places, before anything is resolved or judged.
 *
 * Nodes live in the compile's arena. Lists are arrays that grow in the arena. The builders return NULL when
 * memory is exhausted and accept no NULL; the grammar then gives up.
 */
#ifndef AST_H
#define AST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "source.h"

typedef struct ast_name {
    const char *text;
    span where;
} ast_name;

/* A growing array of pointers to nodes. */
typedef struct ast_list {
    void **items;
    size_t count;
} ast_list;

/* Names joined by dots: `Order`, `pay.Card`, `order.created`, `payment.*`. */
typedef struct ast_path {
    ast_name *parts;
    size_t count;
    span where;
    ast_name first; /* where the parts are while there is one */
} ast_path;

typedef enum ast_value_kind {
    AST_INT,
    AST_FLOAT,
    AST_STRING,
    AST_DURATION,
    AST_TRUE,
    AST_FALSE,
    AST_PATH,
    AST_EMPTY_LIST,
    AST_EMPTY_MAP,
    AST_RANGE, /* this and the next only as an annotation's argument */
    AST_NAMES
} ast_value_kind;

typedef struct ast_value {
    ast_value_kind kind;
    span where;
    const char *text;   /* as written (strings: their contents) */
    size_t length;      /* of a string's contents */
    bool negative;      /* integers and durations: sign and magnitude */
    bool too_big;       /* the magnitude does not fit */
    bool reported;      /* not well-formed, which was said: nothing more about it */
    uint64_t magnitude; /* durations: nanoseconds */
    double number;
    const ast_path *path;
    const struct ast_value *low, *high; /* a range; NULL when open */
    ast_list names;                     /* ast_path: [NotFound, pay.Declined] */
} ast_value;

typedef struct ast_argument {
    ast_name name; /* text NULL: positional */
    const ast_value *value;
} ast_argument;

typedef struct ast_annotation {
    ast_name name;
    ast_list arguments;
    span where;
} ast_annotation;

/* What stands before a declaration or member. */
typedef struct ast_marks {
    ast_list annotations;
    ast_list docs; /* ast_name: the text of one line, marks and one space removed */
} ast_marks;

typedef enum ast_type_kind { AST_NAMED, AST_LIST, AST_MAP } ast_type_kind;

typedef struct ast_type {
    ast_type_kind kind;
    span where;
    const ast_path *name; /* AST_NAMED */
    struct ast_type *key; /* AST_MAP */
    struct ast_type *element;
    const ast_value *range; /* AST_RANGE or NULL */
    span optional;          /* of the `?` */
    bool is_optional;
    bool twice_optional;
    uint32_t depth; /* of nesting, 1 for a name */
} ast_type;

/* Longest name, as written and on the wire. */
#define NAME_MAX_BYTES 128

/* Types nested deeper than this are refused. */
#define AST_TYPE_DEPTH 16

typedef enum ast_kind {
    AST_EDITION, /* `value` */
    AST_PACKAGE, /* `name` */
    AST_IMPORT,  /* `value` */
    AST_CONST,   /* `type`, `value` */
    AST_ALIAS,   /* `type` */
    AST_STRUCT,  /* `members` */
    AST_ENUM,
    AST_UNION,
    AST_ERROR, /* and maybe `value` */
    AST_SERVICE,
    AST_EVENT, /* `path` */
    /* members */
    AST_FIELD,      /* `type`, maybe `value` */
    AST_ENUM_VALUE, /* `name` */
    AST_RESERVED,   /* `members`: ast_value strings */
    /* members of a service */
    AST_RPC,
    AST_COMMAND,
    AST_PUBLISHES, /* `members`: ast_path */
    AST_SUBSCRIBES,
    AST_USES
} ast_kind;

typedef struct ast_node {
    ast_kind kind;
    span where;
    ast_name name;
    ast_marks marks;
    ast_list members; /* ast_node unless said otherwise; methods: the parameters */
    ast_type *type;
    const ast_value *value;
    const ast_path *path;
    bool strict; /* enum */
    bool stream; /* rpc: `-> stream T` */
    span stream_where;
    /* methods */
    const ast_path *result;       /* named */
    struct ast_node *result_body; /* inline: AST_STRUCT */
    struct ast_node *progress;    /* AST_STRUCT or NULL */
    ast_list raises;              /* ast_path */
} ast_node;

typedef struct ast_file {
    uint32_t file;
    ast_list nodes; /* ast_node, in order */
    ast_list lost;  /* const char *: words of what could not be read and was left out */
    bool partial;   /* the rest of the file could not be read */
} ast_file;

span ast_join(span first, span last);
bool ast_append(arena *a, ast_list *list, void *node);
ast_node *ast_new(arena *a, ast_kind kind, span where);
ast_path *ast_path_start(arena *a, ast_name name);
ast_path *ast_path_add(arena *a, ast_path *path, ast_name name);
ast_type *ast_type_new(arena *a, ast_type_kind kind, span where);
/* Whether a name may be missing only because what declares it was left out. */
bool ast_lost(const ast_file *file, const char *name);
/* The same of any part of a path. */
bool ast_lost_path(const ast_file *file, const ast_path *path);
/* As written, for messages: "pay.Card". NULL without memory. */
const char *ast_path_text(arena *a, const ast_path *path);
const char *ast_type_text(arena *a, const ast_type *type);

#endif
