/* What became of a call or a command, for a person or a program. */
#ifndef AEGIS_TOOL_OUTCOME_H
#define AEGIS_TOOL_OUTCOME_H

#include "dynamic.h"

/* Print the result on standard output, or the failure: with --json as JSON on standard output, else its text,
 * its chain of causes and a typed error's details on standard error. The exit code. */
int outcome_print(const session *s, const dynamic_outcome *outcome);
/* Of a command with --json that did not come so far: {"error":{...}} on standard output. */
void outcome_failed(const char *status, const char *text, const char *hint);

#endif
