/* Running aegisc as a user does, and comparing what it says with files: shared by the tests of breaking and
 * lint. They run in the top folder of the source, as paths are part of the texts. AEGIS_GOLDEN=update writes
 * the files anew; read the difference before committing it.
 */
#ifndef GOLDEN_TEXT_H
#define GOLDEN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "diag_rules.h"

/* Longest text of a run or a file. */
#define GOLDEN_TEXT_MAX 65536

typedef struct golden_run {
    int exit_code;
    char text[GOLDEN_TEXT_MAX]; /* both outputs */
} golden_run;

/* Run `aegisc` with these arguments, as a shell reads them. */
void golden_aegisc(golden_run *run, const char *arguments);

/* Whether the text is that of the file; shows both when not. */
bool golden_same(const char *path, const char *text);

/* Call `each` for every folder in `folder`, in order; their number. */
size_t golden_folders(const char *folder, void (*each)(const char *name, void *user), void *user);

/* Compare the table between `<!-- rules -->` and `<!-- end of rules -->` of a page with the rules. */
void golden_rule_table(const char *page, const diag_rule *rules, size_t count);

#endif
