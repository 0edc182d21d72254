/* What a new version of a schema breaks for programs that were built from the old one: the engine of
 * `aegisc breaking`. Both versions are compiled already, each by itself, without mistakes.
 *
 * Declarations are matched by their names on the wire where they have one, else by their names in the IDL;
 * packages by name, and where only one is left on each side, those two. What each difference means is in
 * diag_rules_breaking.c.
 */
#ifndef COMPAT_H
#define COMPAT_H

#include "frontend.h"
#include "rules.h"

/* A version: its compile, and how its files are found. */
typedef struct compat_version {
    compile *c;
    /* Its folder, with '/' at the end, or "": what stands before the part of a path that both versions share.
     */
    const char *root;
    /* Its file was named, not a folder: what that is called is no question when both are. */
    bool is_file;
} compat_version;

/* Compare, and put what is found into `reports`, whose files are those of `now`; the old version's files are
 * added to them where a note shows one. Reports live in the memory of `now`. False when memory ran out. */
bool compat_run(const compat_version *old, const compat_version *now, const rule_set *rules, diags *reports);

#endif
