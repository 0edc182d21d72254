/* Asking before something is changed. */
#ifndef AEGIS_TOOL_ASK_H
#define AEGIS_TOOL_ASK_H

#include "session.h"

/* CLI_DONE to go on: `yes` was given on the command line, or a person said so. CLI_MISTAKES: they did not.
 * Where nobody can be asked, `--yes` is asked for: CLI_USAGE. The question without its mark: "drop 12 dead
 * letters". */
int ask_first(const session *s, bool yes, const char *format, ...) AEGIS_PRINTF(3, 4);

#endif
