/* One run of rules: which count, at what level, and reporting by them. Shared by lint and breaking. */
#ifndef RULES_H
#define RULES_H

#include "diag.h"
#include "diag_rules.h"

/* A rule that is allowed or denied, everywhere or for one name. */
typedef struct rule_exception {
    const diag_rule *rule; /* NULL: every rule, "all" */
    const char *subject;   /* "shop.Order.items", or NULL */
    bool deny;
} rule_exception;

typedef struct rule_set {
    arena *memory;
    unsigned family; /* the classes its rules are of: RULE_LINT, or those of breaking */
    unsigned only;   /* the classes that count */
    rule_exception *exceptions;
    size_t count;
    diag_code
        *raised; /* the rules that were raised to errors, beside the family's table; number 0: not yet */
} rule_set;

/* All rules of a family, each at its own level. False without memory. */
bool rules_init(rule_set *set, arena *memory, unsigned family);
/* Leave out what `text` names, "RULE", "RULE:shop.Order.items" or "all"; or raise it to an error. False when
 * the family has no such rule. What names more closely counts, and of two that are as close the one that
 * allows. */
bool rules_allow(rule_set *set, const char *text);
bool rules_deny(rule_set *set, const char *text);
/* The name of a rule that resembles it, or NULL. */
const char *rules_nearest(const rule_set *set, const char *text);

/* Report by rule `number` unless it does not count here; true when it does. `classes` is what this finding
 * breaks (0: what the rule says). The rule's name is put behind the text. */
bool rules_report(const rule_set *set, diags *reports, int number, unsigned classes, const char *subject,
                  span where, const char *text);

/* Apply the set to the reports from number `first` on, which were made without asking it. */
void rules_filter(const rule_set *set, diags *reports, size_t first);
/* Take report number `index` out, as if it had not been made. */
void rules_drop(diags *reports, size_t index);

#endif
