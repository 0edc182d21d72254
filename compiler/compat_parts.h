/* Inside the comparison of two versions: what its files share.
 *
 * Memory: the new version's arena, whose `escape` is set while the comparison runs, so no allocation here
 * returns NULL.
 */
#ifndef COMPAT_PARTS_H
#define COMPAT_PARTS_H

#include "check.h"
#include "compat.h"
#include "pattern.h"
#include "place.h"

/* The old and the new declaration of the same thing. */
typedef struct match {
    const void *old, *now;
} match;

/* Two records that are compared: the same declaration, or two that a field was and is of. */
typedef struct record_pair {
    const schema_record *old, *now;
    bool wire_only; /* not the same declaration: what it is called in C is no question */
} record_pair;

typedef struct compat {
    const compat_version *old, *now;
    arena *memory;
    const rule_set *rules;
    diags *reports;
    uint32_t *files; /* number of an old file among the new version's, plus one; 0: not there yet */
    match *packages; /* in order of the new version */
    size_t package_count;
    match *matches; /* of records, enums, services and events that are the same, sorted by `old` */
    size_t match_count, match_room;
    match *pairs; /* other pairs that have been compared */
    size_t pair_count;
} compat;

/* Where a difference is shown. */
typedef struct at {
    const char *subject; /* "shop.Order.items": what --allow RULE:NAME names */
    span now, before;    /* `before` is a place of the old version */
    bool has_before;
    const char *note; /* what stands at `before`; NULL: "the old version" */
} at;

/* ---- compat.c ---- */

/* A place of the old version as one of the new version's files. */
span compat_old(compat *c, span where);
at compat_at(const char *subject, span now, span before, const char *note);
/* Report a difference; `classes` 0: what the rule says. True when the rule counts in this run. */
bool compat_report(compat *c, const at *where, int rule, unsigned classes, const char *format, ...)
    DIAG_PRINTF(5, 6);
/* Note that two declarations of a kind are the same one. */
void compat_match(compat *c, const void *old, const void *now);
/* The new declaration of an old one, or NULL. */
const void *compat_now(const compat *c, const void *old);
/* The units of the two versions. */
unit *compat_old_unit(const compat *c, const schema_package *package);
unit *compat_new_unit(const compat *c, const schema_package *package);
/* "2s", "200ms". */
const char *compat_duration(compat *c, int64_t nanoseconds);
/* Whether "1.2.0" is lower than "1.10"; missing numbers are 0. */
bool compat_version_lower(const char *one, const char *other);

/* ---- compat_names.c ---- */

/* Whether something is accepted under this name. */
bool compat_accepts(const char *own, const char *const *was, size_t was_count, const char *name);
/* Report the names that `old` accepted and `now` does not, other than its own. */
void compat_dropped_names(compat *c, const at *where, const char *what, const wire_names *old,
                          const wire_names *now);
/* Something that may have another name on the wire, and what that means. */
typedef struct renaming {
    const char *what; /* "service 'Orders'" */
    int rule;         /* when its older name is not accepted any more */
    bool in_c;        /* it has another name in C, too */
    const char *without_was, *with_was;
} renaming;
/* True when the name was reported. */
bool compat_renamed(compat *c, const at *where, const renaming *r, const wire_names *old,
                    const wire_names *now);

/* ---- compat_package.c ---- */
void compat_packages(compat *c);

/* ---- compat_type.c ---- */

/* A type where it is used. */
typedef struct type_use {
    const at *where;
    const char *what; /* "field 'items' of struct 'Order'" */
    bool c_differs;   /* its C type is another one: what is reported speaks of that too */
    bool wire_only;
    const ast_type *old_written, *now_written; /* or NULL */
} type_use;
/* Compare what is accepted; true when something was reported, here or where the alias is declared. */
bool compat_types(compat *c, const type_use *use, const schema_type *old, const schema_type *now);

/* ---- compat_pattern.c ---- */

/* Whether `one` accepts every text that `other` does; NULL accepts all. False where that cannot be told. */
bool compat_pattern_includes(compat *c, const pattern *one, const pattern *other);

/* ---- compat_c.c ---- */

/* Whether two types, or the members that two fields become, differ in C. */
bool compat_c_type_differs(const compat *c, const schema_type *old, const schema_type *now);
bool compat_c_member_differs(const compat *c, const schema_field *old, const schema_field *now);
/* Whether a record has another name in C, apart from its package's prefix. */
bool compat_renamed_in_c(const schema_record *old, const schema_record *now);
/* A C name without the prefix of its package, whose change is a matter of its own. */
const char *compat_below_prefix(const schema_package *package, const char *c_name);

/* ---- compat_record.c ---- */
void compat_records(compat *c, const record_pair *pair);
/* "struct 'Order'", "the parameters of 'create_order'". */
const char *compat_describe(compat *c, const schema_record *record);
/* "shop.Order", "shop.Orders.create_order". */
const char *compat_subject(compat *c, const schema_record *record);

/* ---- compat_field.c ---- */

/* One field in both versions. */
typedef struct field_pair {
    const record_pair *record;
    const schema_field *old, *now;
    const ast_node *old_node, *now_node; /* maybe NULL */
    at where;
    const char *what;
} field_pair;
void compat_fields(compat *c, const field_pair *pair);
/* Whether a message may lack it. */
bool compat_required(const schema_record *record, const schema_field *field);
/* ---- compat_enum.c ---- */
void compat_enums(compat *c, const schema_enum *old, const schema_enum *now, bool wire_only);

/* ---- compat_service.c ---- */
/* Services that have another name in the IDL but the same on the wire. */
void compat_match_services(compat *c, const schema_package *old, const schema_package *now);
void compat_services(compat *c, const schema_package *old, const schema_package *now);

/* ---- compat_method.c ---- */
void compat_methods(compat *c, const schema_service *old, const schema_service *now);

/* ---- compat_subscribe.c ---- */
void compat_subscriptions(compat *c, const schema_service *old, const schema_service *now);

/* ---- compat_event.c ---- */
void compat_match_events(compat *c, const schema_package *old, const schema_package *now);
void compat_events(compat *c, const schema_package *old, const schema_package *now);

#endif
