/* From a checked package to the tree its templates show. Every decision about the generated code is made
 * here: which function reads a value, what a key looks like encoded, which bits a record requires. The names
 * in the tree are documented in templates/README.md.
 */
#ifndef VIEW_H
#define VIEW_H

#include "node.h"
#include "schema.h"

/* NULL when memory ran out. */
const node *view_package(arena *a, const schema_package *package);

#endif
