/* The parameters of a call from a command line, typed by its schema:
 *
 *     customer=ada items[0].sku=A-1 items[0].quantity=2 note:='null' labels.colour=red
 *
 * `name=text` is read as the field's type: a string needs no quotes; lists, structs and maps are JSON there.
 * A path goes into structs and maps with dots and into lists with `[0]`, `[]` being one more. `name:=JSON` is
 * JSON whatever the type.
 * `--data` gives the whole object, as JSON, from `@FILE` or `-` (standard input) too; words then change
 * members of it. Without a schema `name=text` is JSON where it can be read as such, else a string.
 *
 * What is wrong is said with the path ("items[0].quantity is 0, least is 1"), and what was perhaps meant.
 */
#ifndef AEGIS_TOOL_ARGUMENTS_H
#define AEGIS_TOOL_ARGUMENTS_H

#include "schema.h"
#include "session.h"

/* Words line->arguments.items[first...] and `data` (NULL: none) to an object that fits `record` (NULL:
 * whatever it is).
 * `*out` is the caller's. */
int arguments_read(session *s, const schema_record *record, size_t first, const char *data, json_t **out);

/* Whether a value fits a record; else why, beginning with the path. Numbers in range, lengths, patterns, enum
 * names, uuids, timestamps, no unknown key, nothing missing. Bounded depth. */
bool arguments_check(const schema_record *record, json_t *value, char *why, size_t size);

/* The same by the rules of who receives it: keys, and names of open enums, that are not known are passed
 * over. */
bool arguments_check_received(const schema_record *record, json_t *value, char *why, size_t size);

/* A valid value: what `record` could hold, for help and for mock. The same `seed` gives the same. NULL
 * without memory. */
json_t *arguments_example(const schema_record *record, uint64_t seed);

#endif
