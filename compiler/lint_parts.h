/* Inside lint: what its files share.
 *
 * Memory: the arena's `escape` is set while it runs, so no allocation here returns NULL.
 */
#ifndef LINT_PARTS_H
#define LINT_PARTS_H

#include "check.h"
#include "lint.h"
#include "place.h"

/* Where a record travels, as bits. */
enum { IN_REQUEST = 1 << 0, IN_OUTPUT = 1 << 1 };

/* What is known about a record from all packages. */
typedef struct record_use {
    const schema_record *record;
    unsigned travels;
    const schema_method *method; /* one whose request it is part of, or NULL */
    bool is_result;              /* itself, not a part of one */
} record_use;

typedef struct lint {
    compile *c;
    arena *memory;
    diags *reports;
    unit *u;             /* the package that is looked at */
    record_use *records; /* of all packages, sorted by address */
    size_t record_count;
    record_use **stack;  /* room for all of them */
    const symbol **used; /* what is named anywhere, sorted by address; NULL: not looked for yet */
    size_t used_count;
} lint;

/* ---- lint.c ---- */

/* Report; notes, help and fixes may follow. */
void lint_report(lint *l, int rule, span where, const char *format, ...) DIAG_PRINTF(4, 5);
/* "struct 'Order'", "parameter 'id' of 'get_order'". */
const char *lint_describe(lint *l, const schema_record *record);
const char *lint_describe_field(lint *l, const schema_record *record, const schema_field *field);
/* The place of a field's name. */
span lint_place(lint *l, const schema_record *record, const schema_field *field);

/* ---- lint_words.c ---- */

/* Whether the first or last word of a snake_case name is one of these, NULL at the end. */
bool lint_first_word(const char *name, const char *const *words);
bool lint_last_word(const char *name, const char *const *words);
bool lint_is_snake(const char *name);
bool lint_is_upper(const char *name);
bool lint_is_pascal(const char *name);

/* ---- lint_reach.c ---- */

/* Follow requests, results and events through what they contain. */
void lint_reach(lint *l);
/* What is known about a record; never NULL. */
const record_use *lint_use(const lint *l, const schema_record *record);

/* ---- lint_pattern.c ---- */

/* Whether no text that matches is longer than some length. */
bool lint_pattern_bounds(lint *l, const struct pattern *p);

/* ---- the rules, each file for a group; of package `l->u` ---- */
void lint_names(lint *l);   /* lint_names.c */
void lint_sizes(lint *l);   /* lint_sizes.c */
void lint_fields(lint *l);  /* lint_fields.c: what a field's name says its type should be */
void lint_types(lint *l);   /* lint_types.c */
void lint_methods(lint *l); /* lint_methods.c */
void lint_unused(lint *l);  /* lint_unused.c */

/* ---- lint_allow.c ---- */

/* Take out what comments of the file allow, and report what is wrong with them. `first`: the file's first
 * report. */
void lint_allow(lint *l, const rule_set *rules, size_t first);

#endif
