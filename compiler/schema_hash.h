/* The hash of a schema: by it a client, a service and a tool see that they were made from the same one.
 *
 * It is the SHA-256 of a canonical form of the checked package and of everything that it imports, directly or
 * not. What does not change what a peer may send or has to expect is no part of it: documentation, comments,
 * layout, the order of declarations and imports, files and folders, names in C. Everything else is: names,
 * types, bounds, defaults, versions, every other annotation.
 */
#ifndef SCHEMA_HASH_H
#define SCHEMA_HASH_H

#include "arena.h"
#include "schema.h"
#include "sha256.h"

/* `scratch` is for the time of the call. False without memory. */
bool schema_hash(const schema_package *package, arena *scratch, char text[SHA256_TEXT]);

#endif
