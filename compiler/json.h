/* Writing JSON: commas and escapes are put where they belong; the caller sees to it that what it opens it
 * closes. Text that is no UTF-8, which a report may quote, has U+FFFD where a byte fits nowhere.
 */
#ifndef JSON_H
#define JSON_H

#include <stdint.h>

#include "text.h"

typedef struct json {
    text_buffer out;
    bool comma; /* one more value here needs a comma before it */
} json;

json json_begin(arena *memory);
/* '{' or '['. */
void json_open(json *j, char bracket);
void json_close(json *j, char bracket);
void json_key(json *j, const char *name);
void json_string(json *j, const char *string);
void json_bytes(json *j, const char *data, size_t size);
void json_number(json *j, uint64_t number);
void json_bool(json *j, bool value);

/* A member of an object: key and value. */
void json_member(json *j, const char *name, const char *string);
void json_member_number(json *j, const char *name, uint64_t number);

#endif
