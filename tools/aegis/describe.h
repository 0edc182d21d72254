/* What a schema says of one method or event, for a person or a program: parameters with types, defaults and
 * docs, what is answered, which errors there are, and how to write it. */
#ifndef AEGIS_TOOL_DESCRIBE_H
#define AEGIS_TOOL_DESCRIBE_H

#include "catalog.h"

/* On standard output; with --json as one JSON value. CLI_DONE. */
int describe_method(const session *s, const schema_method *method);
int describe_event(const session *s, const schema_event *event);
/* What --describe, or else --example, shows instead of sending anything. */
int describe_instead(const session *s, const catalog_method *method, bool describe);
/* The caller's; NULL without memory. */
json_t *describe_method_json(const session *s, const schema_method *method);
/* Docs and the like, each line behind `indent` blanks and `label`. */
void describe_text(const session *s, screen_ink ink, const char *label, const char *text, int indent);
/* The words of a command line that give `value` to a command: shell text. NULL without memory. */
const char *describe_words(arena *memory, const schema_record *record, json_t *value);
/* A field's default as a schema has it; NULL: it has none. */
const char *describe_default(arena *memory, const schema_field *field);

#endif
