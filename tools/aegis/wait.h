/* Waiting that Ctrl-C ends. */
#ifndef AEGIS_TOOL_WAIT_H
#define AEGIS_TOOL_WAIT_H

#include <aegis/base.h>

/* Sleep, less when session_interrupted. */
void wait_for(aegis_duration time);

#endif
