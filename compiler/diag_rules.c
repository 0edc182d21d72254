/* Finding rules by number, or by what a person writes. */
#include "diag_rules.h"

#include <stdlib.h>
#include <string.h>

static const diag_rule *numbered(const diag_rule *rules, size_t count, int number)
{
    for (size_t i = 0; i < count; i++) {
        if (rules[i].code.number == number)
            return &rules[i];
    }
    return NULL;
}

const diag_rule *diag_rule_numbered(int number)
{
    size_t count;
    const diag_rule *rules = diag_rules_lint(&count), *found = numbered(rules, count, number);

    if (found != NULL)
        return found;
    rules = diag_rules_breaking(&count);
    return numbered(rules, count, number);
}

static const diag_rule *named(const diag_rule *rules, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rules[i].name, name) == 0)
            return &rules[i];
    }
    return NULL;
}

const diag_rule *diag_rule_named(const char *text)
{
    size_t count;
    const diag_rule *rules = diag_rules_lint(&count), *found = named(rules, count, text);

    if (found != NULL)
        return found;
    if (strncmp(text, "AE", 2) == 0 && strlen(text) == 6 && strspn(text + 2, "0123456789") == 4)
        return diag_rule_numbered((int)strtol(text + 2, NULL, 10));
    rules = diag_rules_breaking(&count);
    return named(rules, count, text);
}
