/* What commands with rules share: --allow and --deny, and the list of the rules. */
#ifndef CLI_RULES_H
#define CLI_RULES_H

#include "cli.h"
#include "rules.h"

/* The exit code; a rule that does not exist is said. */
int cli_read_rules(cli *line, rule_set *rules, const cli_list *allow, const cli_list *deny);
/* Print the rules of a family, one a line. */
void cli_list_rules(unsigned family);

#endif
