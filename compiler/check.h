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
#include "names.h"

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
    bool repeated;           /* the name was declared before: only looked at for more mistakes */
} symbol;

typedef struct import {
    const ast_node *node;
    struct unit *unit;
    const char *base; /* where the import says that the outputs are */
    bool beside, used;
} import;

/* C names that the generated file takes: `base` with each of the suffixes. */
typedef struct claim {
    const char *base;
    const char *const *suffixes; /* static; ends with NULL */
    const char *what;
    span where;
} claim;

/* Names of static objects in the generated file: `*stem` and each of `endings` (a constant list that ends
 * with NULL, and of which no other list has a last word). */
typedef struct static_name {
    const char **stem;
    const char *const *endings;
} static_name;

/* One package while it is checked. */
typedef struct unit {
    compile *c;
    struct unit *importer; /* while busy: who asked for it */
    unsigned following;    /* constants and aliases being resolved, each for the one before */
    ast_file *tree;
    const char *path;
    uint32_t file;
    bool placed; /* an import said where its outputs go */
    bool busy;   /* being compiled: importing it now is a cycle */
    bool unread; /* an import of it could not be read: names may be missing */
    bool failed; /* it, or something it imports, has an error */
    schema_package *package;
    span where; /* of its name */
    symbol *symbols;
    size_t symbol_count;
    symbol **by_name; /* the same, sorted, without the repeated ones */
    size_t name_count;
    import *imports;
    size_t import_count;
    schema_record **records;       /* in order of declaration */
    const ast_node **record_nodes; /* beside each */
    size_t record_count;
    schema_event **events;
    ast_node **event_nodes;
    size_t event_count;
    /* Of what is being checked: names, and which of its members has each. */
    name_map in_idl, on_wire, in_c;
    claim *claims;
    size_t claim_count, claimed_names;
    unsigned visit;     /* the last walk that came here */
    bool own_prefixes;  /* a service chose the beginning of its names with @c_name */
    name_map missed;    /* names that were reported as missing: once each */
    size_t suggestions; /* made for them; bounded */
    name_map errors;    /* what errors are called on the wire, and which of the records they are */
    name_map nested;    /* lists and maps of lists and maps that the package defines */
    static_name *statics;
    size_t static_count;
    schema_container *containers;
    size_t container_count;
    const schema_type
        *plain_types[SCHEMA_RAW + 1][2]; /* built-in ones without bounds; the second: optional */
} unit;

/* check.c */
bool check_unit(unit *u);

/* check_limits.c */
/* Report what is more than Aegis takes, and leave the rest of it out. */
void check_limits(unit *u);

/* check_symbol.c */
/* Names that are looked for among the similar ones: of more mistakes the text shows none. */
#define SUGGESTIONS_MAX 100
void collect_symbols(unit *u);
symbol *find_symbol(unit *u, const char *name);
/* The symbol a path names, here or in a directly imported package; reports when there is none. */
symbol *resolve(unit *u, const ast_path *path, const char *wanted, unit **owner);
schema_record *new_record(unit *u, schema_record_kind kind, const char *name, const char *c_name,
                          const ast_node *node);

/* check_claim.c */
void claim_name(unit *u, const char *c_name, span where, const char *what);
/* `base` with each of the suffixes, a static list that ends with NULL. */
void claim_names(unit *u, const char *base, const char *const *suffixes, span where, const char *what);
/* Wish for the name of a static object. It yields to what is declared: `*stem` gets a '_' in the end. */
void claim_static(unit *u, const char **stem, const char *const *endings);
/* Report the names that were claimed twice, and those that C has taken; settle the static ones. */
void check_claims(unit *u);
const char *docs_of(unit *u, const ast_marks *marks);
const char *text_of(const ast_marks *marks, const char *annotation);

/* check_names.c */
/* Most bytes of the name of a service or method, and of an event, on the bus: the subjects made of them, and
 * names of durable subscriptions, stay well within limits. */
#define WIRE_NAME_MAX  64
#define WIRE_EVENT_MAX 128
bool wire_service_ok(const char *name);
bool wire_method_ok(const char *name);
bool wire_event_ok(const char *name);
/* What something is called on the wire, and what it is also accepted as. */
typedef struct wire_names {
    const char *name;
    const char *const *was;
    size_t was_count;
} wire_names;
/* A name that both have, or NULL. */
const char *wire_common(const wire_names *a, const wire_names *b);
/* The lowest number under which one of the names is taken, and that name; or NO_NAME. */
size_t wire_find(const name_map *taken, const wire_names *names, const char **shared);
void wire_add(name_map *taken, const wire_names *names, size_t index);
/* The names that @was gives, and argument number `index` of them, or NULL. */
const char *const *was_of(unit *u, const ast_marks *marks, size_t *count);
const ast_value *was_at(const ast_marks *marks, size_t index);
/* Report an older name that is the present one or another older one, or that the bus does not take (`fits`,
 * if any). */
void check_was(unit *u, const ast_node *written, const wire_names *n, bool (*fits)(const char *));

/* check_type.c */
bool builtin_type(const char *name);
/* The names of all built-in types. */
const char *const *builtin_names(unit *u, size_t *count);
const schema_type *check_type(unit *u, ast_type *type);
/* Resolve a const or alias now if that has not been done. */
void check_const(unit *u, symbol *s);
void check_alias(unit *u, symbol *s);
bool kind_is_signed(schema_kind kind);
bool kind_is_unsigned(schema_kind kind);
bool kind_is_float(schema_kind kind);
/* The constant's value as if it had been written there, or the value itself. NULL when reported. */
const ast_value *literal_of(unit *u, const ast_value *value);
/* An integer as one of this kind; false when it is none or does not fit. */
bool integer_of(schema_kind kind, const ast_value *value, schema_bound *out);
/* As C expressions; `macro`: "INT64_C" where the number needs one. */
const char *c_integer(arena *a, bool negative, uint64_t magnitude, const char *macro);
const char *c_float(arena *a, double value);

/* check_value.c */
bool check_value(unit *u, const schema_type *type, const ast_value *value, schema_value *out);

/* check_pattern.c */
/* The type with the pattern that stands before it, if one does. */
const schema_type *check_pattern(unit *u, const schema_type *type, const ast_marks *marks);

/* check_record.c */
void check_enum(unit *u, schema_enum *e, const ast_node *node);
void check_fields(unit *u, schema_record *record, const ast_list *members);

/* check_order.c */
void check_order(unit *u);

/* check_event.c */
void check_event(unit *u, ast_node *node);
void check_event_versions(unit *u);
/* "1.2" or "1.2.0": between `least` and `most` numbers. */
bool check_version(const char *text, size_t least, size_t most, uint32_t *major);
/* Whether a mistake was reported at this place a moment ago, so that another would say the same. */
bool said_at(const unit *u, span where);
/* "order.created" as a word in C: "order_created", "*" as "any", ">" as "rest". */
const char *event_word(arena *a, const char *name);

/* check_method.c */
/* In nanoseconds; `otherwise` when it is none, or more than that can be. */
int64_t duration_of(const ast_value *value, int64_t otherwise);
void check_method(unit *u, schema_method *m, const ast_node *node);

/* check_subscribe.c */
/* One name in a service's ops table. */
typedef struct service_op {
    const char *c_op, *what;
    span where;
    const schema_event *event; /* that it handles, or NULL */
} service_op;
/* A service while it is checked. */
typedef struct service_check {
    unit *u;
    schema_service *service;
    const char *word; /* of its name in C: "orders" */
    service_op *ops;
    size_t op_count;
    schema_subscription *subscriptions;
    span *places; /* beside each */
    const schema_event **publishes;
} service_check;
/* False when the service has it already, which is then reported. */
bool claim_op(service_check *b, const char *c_op, span where, const char *what, const schema_event *event);
void check_subscribes(service_check *b, const ast_node *node);
/* The next event of this package or a direct import that `name` names in the IDL, from `*at` on; NULL: none.
 */
const schema_event *next_event(unit *u, const char *name, size_t *at);
/* After a report that no event has this name. */
void help_event(unit *u, span where, const char *name);
/* Whether what the path names may be missing only because it stands in what could not be read. */
bool maybe_lost(const unit *u, const ast_path *path);

/* check_bus.c */
/* Whether the unit is the other or imports it, directly or not; to be called after `c->visit++`. */
bool reaches(unit *u, const unit *other);
/* Take a name on the bus; the earlier holder, if there is one in this package or one that it imports. Of one
 * in a package that has nothing to do with this one is only warned. `kind`: "service", "event", "durable". */
const bus_name *claim_on_bus(unit *u, const char *kind, const char *name, span where, const char *owner);
/* Whether two patterns of subjects can take the same one. */
bool patterns_meet(const char *a, const char *b);

/* check_size.c */
/* Most bytes that a record takes whose records have been measured. */
uint64_t largest_record(const schema_record *record);
/* Warn of messages that may be too large for a server. */
void check_sizes(unit *u);

/* check_service.c */
void check_service(unit *u, symbol *s);

#endif
