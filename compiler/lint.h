/* What a reviewer would say about a schema that has no mistakes: the engine of `aegisc lint`. The rules are
 * in diag_rules_lint.c.
 *
 * A rule is allowed in the source, with a reason, by a comment before a declaration or member (then for all
 * of it), behind something on its line, or before `aegis 1;` (then for the file):
 *
 *     // aegis-lint: allow text-uuid, float-money because the partner's API has them so
 */
#ifndef LINT_H
#define LINT_H

#include "frontend.h"
#include "rules.h"

/* Look at the packages that were named, with all that was compiled in view; findings go to `reports`, whose
 * files are those of the compile. False when memory ran out. */
bool lint_run(compile *c, const rule_set *rules, diags *reports);

#endif
