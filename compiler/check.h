/* Inside the checker: what its files share. The checker turns one syntax tree into one schema package.
 *
 * Memory: the arena's `escape` is set while it runs, so no allocation here returns NULL.
 */
#ifndef CHECK_H
#define CHECK_H

#include "annotations.h"
#include "ast.h"
#include "cname.h"
#include "frontend.h"

typedef enum symbol_kind {
    SYMBOL_CONST,
    SYMBOL_ALIAS,
    SYMBOL_RECORD,
    SYMBOL_ENUM,
    SYMBOL_SERVICE
} symbol_kind;

typedef enum symbol_state { SYMBOL_NEW, SYMBOL_BUSY, SYMBOL_DONE } symbol_state;

/* A declared name. */
typedef struct symbol {
    symbol_kind kind;
    const char *name;
    ast_node *node;
    symbol_state state; /* consts and aliases are resolved on demand */
    schema_record *record;
    schema_enum *enumeration;
    schema_service *service;
    schema_const *constant;
    const schema_type *type; /* alias; NULL when it is wrong */
} symbol;

typedef struct import {
    const ast_node *node;
    struct unit *unit;
    bool used;
} import;

/* A C name that the generated file takes. */
typedef struct claim {
    const char *c_name;
    const char *what;
    span where;
} claim;

/* One package while it is checked. */
typedef struct unit {
    compile *c;
    ast_file *tree;
    const char *path;
    uint32_t file;
    bool busy;   /* being compiled: importing it now is a cycle */
    bool failed; /* has an error of its own: then what refers to it is not reported again */
    schema_package *package;
    span where; /* of its name */
    symbol *symbols;
    size_t symbol_count;
    import *imports;
    size_t import_count;
    schema_record **records;       /* in order of declaration */
    const ast_node **record_nodes; /* beside each */
    size_t record_count;
    schema_event **events;
    ast_node **event_nodes;
    size_t event_count;
    claim *claims;
    size_t claim_count;
    schema_container *containers;
    size_t container_count;
} unit;

/* check.c */
bool check_unit(unit *u);
void claim_name(unit *u, const char *c_name, span where, const char *what);
const char *docs_of(unit *u, const ast_marks *marks);
const char *text_of(const ast_marks *marks, const char *annotation);
symbol *find_symbol(unit *u, const char *name);
/* The symbol a path names, here or in a directly imported package; reports when there is none. */
symbol *resolve(unit *u, const ast_path *path, const char *wanted, unit **owner);
schema_record *new_record(unit *u, schema_record_kind kind, const char *name, const char *c_name,
                          const ast_node *node);
const char *const *was_of(unit *u, const ast_marks *marks, size_t *count);

/* check_type.c */
bool builtin_type(const char *name);
const schema_type *check_type(unit *u, ast_type *type);
/* Resolve a const or alias now if that has not been done. */
void check_const(unit *u, symbol *s);
void check_alias(unit *u, symbol *s);
bool check_value(unit *u, const schema_type *type, const ast_value *value, schema_value *out);
/* A regular type with a string's pattern. */
const schema_type *check_pattern(unit *u, const schema_type *type, const ast_marks *marks);

/* check_record.c */
void check_enum(unit *u, schema_enum *e, const ast_node *node);
void check_fields(unit *u, schema_record *record, const ast_list *members);
void check_order(unit *u);

/* check_service.c */
void check_event(unit *u, ast_node *node);
void check_event_versions(unit *u);
void check_service(unit *u, symbol *s);

#endif
