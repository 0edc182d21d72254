/* Rules on the command line: allowed and denied by number or name, and listed. */
#include "cli_rules.h"

#include <stdio.h>
#include <string.h>

static int unknown(cli *line, const rule_set *rules, const char *text)
{
    const char *near = rules_nearest(rules, arena_copy(&line->memory, text, strcspn(text, ":")));

    if (line->memory.failed)
        return cli_out_of_memory();
    if (near != NULL)
        return cli_usage(line->command, "there is no rule '%s'; did you mean '%s'?", text, near);
    return cli_usage(line->command, "there is no rule '%s'; --list-rules prints them", text);
}

int cli_read_rules(cli *line, rule_set *rules, const cli_list *allow, const cli_list *deny)
{
    for (size_t i = 0; i < deny->count; i++) {
        if (!rules_deny(rules, deny->items[i]))
            return unknown(line, rules, deny->items[i]);
    }
    for (size_t i = 0; i < allow->count; i++) {
        if (!rules_allow(rules, allow->items[i]))
            return unknown(line, rules, allow->items[i]);
    }
    return CLI_DONE;
}

static const char *class_name(unsigned one)
{
    return one == RULE_LINT     ? "lint"
           : one == RULE_WIRE   ? "wire"
           : one == RULE_SOURCE ? "source"
                                : "behaviour";
}

/* "wire, source": the class a rule belongs to, then what else it finds broken. */
static void print_classes(const diag_rule *rule)
{
    const unsigned own = rule->code.number >= 2200   ? RULE_BEHAVIOUR
                         : rule->code.number >= 2100 ? RULE_SOURCE
                         : rule->code.number >= 2000 ? RULE_WIRE
                                                     : RULE_LINT;

    printf("%s", class_name(own));
    for (unsigned one = RULE_LINT; one <= RULE_BEHAVIOUR; one <<= 1) {
        if ((rule->classes & one) != 0 && one != own)
            printf(", %s", class_name(one));
    }
}

void cli_list_rules(unsigned family)
{
    size_t count;
    const diag_rule *rules = family == RULE_LINT ? diag_rules_lint(&count) : diag_rules_breaking(&count);

    for (size_t i = 0; i < count; i++) {
        char id[DIAG_ID_SIZE];

        printf("%s  %-24s  %-7s  ", diag_id(&rules[i].code, id), rules[i].name,
               diag_level_name(rules[i].code.level));
        if (family != RULE_LINT) {
            print_classes(&rules[i]);
            printf(": ");
        }
        printf("%s\n", rules[i].code.title);
    }
}
