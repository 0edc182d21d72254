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

json json_put_begin(arena *memory);
/* '{' or '['. */
void json_put_open(json *j, char bracket);
void json_put_close(json *j, char bracket);
void json_put_key(json *j, const char *name);
void json_put_string(json *j, const char *string);
void json_put_bytes(json *j, const char *data, size_t size);
void json_put_number(json *j, uint64_t number);

/* A member of an object: key and value. */
void json_put_member(json *j, const char *name, const char *string);
void json_put_member_number(json *j, const char *name, uint64_t number);

#endif
