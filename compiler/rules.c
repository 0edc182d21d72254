/* Which rules count in a run, and reports by them: at the rule's level or raised to an error, the name behind
 * the text so that it can be allowed without looking its number up.
 */
#include "rules.h"

#include <string.h>

static const diag_rule *table_of(unsigned family, size_t *count)
{
    return family == RULE_LINT ? diag_rules_lint(count) : diag_rules_breaking(count);
}

bool rules_init(rule_set *set, arena *memory, unsigned family)
{
    size_t count;

    (void)table_of(family, &count);
    *set = (rule_set){.memory = memory, .family = family, .only = family};
    set->raised = (diag_code *)arena_array(memory, count, sizeof *set->raised);
    return set->raised != NULL;
}

/* False when there is no such rule, or no memory to note it. */
static bool add(rule_set *set, const char *text, bool deny)
{
    const size_t length = strcspn(text, ":");
    const char *name = arena_copy(set->memory, text, length);
    const bool all = name != NULL && strcmp(name, "all") == 0;
    const diag_rule *rule = name == NULL || all ? NULL : diag_rule_named(name);
    rule_exception *exceptions;

    if (!all && (rule == NULL || (rule->classes & set->family) == 0))
        return false;
    exceptions = (rule_exception *)arena_grow(set->memory, set->exceptions, set->count, sizeof *exceptions);
    if (exceptions == NULL)
        return false;
    set->exceptions = exceptions;
    set->exceptions[set->count++] =
        (rule_exception){rule, text[length] == ':' ? text + length + 1 : NULL, deny};
    return true;
}

bool rules_allow(rule_set *set, const char *text)
{
    return add(set, text, false);
}

bool rules_deny(rule_set *set, const char *text)
{
    return add(set, text, true);
}

const char *rules_nearest(const rule_set *set, const char *text)
{
    size_t count;
    const diag_rule *rules = table_of(set->family, &count);
    const char **names = (const char **)arena_array(set->memory, count, sizeof *names);

    for (size_t i = 0; names != NULL && i < count; i++)
        names[i] = rules[i].name;
    return names != NULL ? diag_nearest(text, names, count) : NULL;
}

/* How closely an exception is about this rule and subject; 0: not at all. */
static unsigned closeness(const rule_exception *one, const diag_rule *rule, const char *subject)
{
    if (one->rule != NULL && one->rule != rule)
        return 0;
    if (one->subject != NULL)
        return subject != NULL && strcmp(one->subject, subject) == 0 ? 3 : 0;
    return one->rule != NULL ? 2 : 1;
}

/* The closest exception, of two that are as close the one that allows; or NULL. */
static const rule_exception *exception_for(const rule_set *set, const diag_rule *rule, const char *subject)
{
    const rule_exception *found = NULL;
    unsigned best = 0;

    for (size_t i = 0; i < set->count; i++) {
        const unsigned close = closeness(&set->exceptions[i], rule, subject);

        if (close < best || close == 0 || (close == best && set->exceptions[i].deny))
            continue;
        found = &set->exceptions[i];
        best = close;
    }
    return found;
}

/* A report as an error, whatever its rule's level is. One entry for each rule, so that reports of the same
 * one are of the same code. */
static void raise_level(const rule_set *set, const diag_rule *rule, diag *item, diags *reports)
{
    size_t count;
    diag_code *code = &set->raised[rule - table_of(set->family, &count)];

    if (item->code->level == DIAG_ERROR)
        return;
    *code = rule->code;
    code->level = DIAG_ERROR;
    item->code = code;
    reports->warnings--;
    reports->errors++;
}

void rules_drop(diags *reports, size_t index)
{
    if (reports->items[index].code->level == DIAG_ERROR)
        reports->errors--;
    else
        reports->warnings--;
    memmove(reports->items + index, reports->items + index + 1,
            (reports->count - index - 1) * sizeof *reports->items);
    reports->count--;
}

void rules_filter(const rule_set *set, diags *reports, size_t first)
{
    for (size_t i = first; i < reports->count;) {
        const diag_rule *rule = diag_rule_numbered(reports->items[i].code->number);
        const rule_exception *exception = rule == NULL ? NULL : exception_for(set, rule, NULL);

        if (exception != NULL && !exception->deny) {
            rules_drop(reports, i);
            continue;
        }
        if (exception != NULL)
            raise_level(set, rule, &reports->items[i], reports);
        i++;
    }
}

bool rules_report(const rule_set *set, diags *reports, int number, unsigned classes, const char *subject,
                  span where, const char *text)
{
    const diag_rule *rule = diag_rule_numbered(number);
    const rule_exception *exception = rule == NULL ? NULL : exception_for(set, rule, subject);
    const size_t before = reports->count;

    if (rule == NULL || text == NULL || ((classes == 0 ? rule->classes : classes) & set->only) == 0 ||
        (exception != NULL && !exception->deny))
        return false;
    diag_report(reports, number, where, "%s [%s]", text, rule->name);
    if (exception != NULL && reports->count > before)
        raise_level(set, rule, &reports->items[before], reports);
    return reports->count > before;
}
