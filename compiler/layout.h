/* The last touch on a generated file: long lines are broken, blank lines are single. */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "template.h"

/* Columns of a line of generated code. */
#define LAYOUT_COLUMNS 110

/* Replaces the text. False when memory ran out. */
bool layout(arena *a, template_output *text);

#endif
