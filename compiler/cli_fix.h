/* Mending files by the changes that reports carry. */
#ifndef CLI_FIX_H
#define CLI_FIX_H

#include "diag.h"

/* Make the changes of all reports that carry some, in the files on disk, all files or none; those reports are
 * then gone. Of changes that overlap the first is made, and the other's report stays. The exit code; what
 * cannot be written is said. */
int cli_fix(diags *reports);

#endif
