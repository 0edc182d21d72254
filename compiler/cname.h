/* From names of the IDL to names in C, and the table of C names a generated file takes.
 *
 * Types, services and errors go from PascalCase to snake_case; members keep their spelling. A member whose
 * name C, C++ or a standard header has taken gets a trailing underscore, in C only.
 */
#ifndef CNAME_H
#define CNAME_H

#include "arena.h"
#include "source.h"

/* "HTTPServer" -> "http_server". */
const char *cname_snake(arena *a, const char *name);
/* "shop_order" -> "SHOP_ORDER". */
const char *cname_upper(arena *a, const char *name);
/* A name that C, C++ or one of their headers uses itself, so that no declaration may have it. */
bool cname_taken(const char *name);
/* Whether one of those begins with `prefix`. */
bool cname_begins_taken(const char *prefix);
/* A word that cannot be a member or parameter name in C or C++ programs, whatever headers are included. */
bool cname_reserved(const char *name);
/* Whether `text` can begin the names of a package or service: lower-case letters, digits and '_', and not what
 * begins those of the library. */
bool cname_prefix_ok(const char *text, size_t length);
/* `name`, with a trailing underscore if it is reserved. */
const char *cname_member(arena *a, const char *name);
/* `text` as a C string literal, ASCII only. */
const char *cname_literal(arena *a, const char *text, size_t length);

#endif
