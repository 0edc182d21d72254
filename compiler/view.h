/* From a checked package to what its templates show. Every decision about the generated code is made here:
 * which function reads a value, what a key looks like encoded, which bits a record requires. The names that
 * templates use are documented in templates/README.md.
 *
 * The view of a package knows its lists, not their items: records, enums, services and events are viewed one
 * by one, while a template walks them, so that the memory a package takes does not grow with it.
 */
#ifndef VIEW_H
#define VIEW_H

#include "schema.h"
#include "shape.h"

/* The AEGIS_ABI of the library that generated code is for. */
#define VIEW_ABI "2"

typedef struct view_package view_package;
extern const shape view_package_shape;

/* What is allocated here and while it is shown is not looked at: the arenas' `escape` must be set. `schema_text`: the
 * generated code carries the text of the package. */
const view_package *view_open(arena *memory, const schema_package *package, bool schema_text);

#endif
