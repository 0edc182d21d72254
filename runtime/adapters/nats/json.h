/* The little JSON that JetStream's API needs: finding members in a text that is checked as it is read, and
 * writing one into a bounded buffer. Pure; no allocation.
 */
#ifndef AEGIS_NATS_JSON_H
#define AEGIS_NATS_JSON_H

#include <aegis/base.h>

/* A value inside a text: the whole of it, quotes and braces included. `data` NULL: there is none. */
typedef aegis_bytes nats_json;

/* The text as a value, or none if it is not exactly one well-formed object (at most 32 deep). */
nats_json aegis_json_object(aegis_bytes text);
/* The member of an object, or none. Of a repeated key the first. */
nats_json aegis_json_member(nats_json object, const char *key);
/* The same through several objects: "config.subjects". */
nats_json aegis_json_path(nats_json object, const char *path);
/* The next element of an array after `previous` (none: the first), or none. */
nats_json aegis_json_element(nats_json array, nats_json previous);
uint64_t aegis_json_u64(nats_json value, uint64_t otherwise);
int64_t aegis_json_i64(nats_json value, int64_t otherwise);
bool aegis_json_true(nats_json value);
bool aegis_json_is(nats_json value, const char *text);
/* The string, unescaped and cut to the buffer; "" for none. */
const char *aegis_json_text(nats_json value, char *buffer, size_t size);

/* Text being written; `overflow` instead of an error at each step. */
typedef struct nats_text {
    char *buffer;
    size_t size;
    size_t length;
    bool overflow;
} nats_text;

void aegis_text_add(nats_text *text, const char *format, ...) AEGIS_PRINTF(2, 3);
/* A JSON string with its quotes. */
void aegis_text_quote(nats_text *text, const char *value);

#endif
