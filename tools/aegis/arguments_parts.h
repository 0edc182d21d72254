/* What the files that make, check and invent parameters share. */
#ifndef AEGIS_TOOL_ARGUMENTS_PARTS_H
#define AEGIS_TOOL_ARGUMENTS_PARTS_H

#include "arguments.h"

/* Names that a misspelt one is held against. */
#define ARGUMENTS_NAMES_MAX 256

/* The field of this name on the wire, in the IDL, or formerly; NULL. */
const schema_field *arguments_field(const schema_record *record, const char *name);
/* The value of an enum so called, or NULL. */
const schema_enum_value *arguments_enum_value(const schema_enum *list, const char *name);
/* The field, or the value, that was perhaps meant; NULL. */
const char *arguments_near_field(const schema_record *record, const char *name);
const char *arguments_near_value(const schema_enum *list, const char *name);

/* A JSON value from a word that stands for a value of `type` (NULL: unknown). NULL, and why not. */
json_t *arguments_value(const schema_type *type, const char *text, char *why, size_t size);

/* "5s", "1m30s", "-2ms", or plain nanoseconds. */
bool arguments_duration(const char *text, aegis_duration *out);
/* RFC 3339, a date, "now", "now-5m". */
bool arguments_timestamp(const char *text, aegis_timestamp *out);
/* Whether it is padded base64; of so many bytes. */
bool arguments_base64(const char *text, size_t length, uint64_t *bytes);

#endif
