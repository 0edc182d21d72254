/* The little JSON that JetStream's API needs: looking into an answer, and writing a request into a bounded
 * buffer. */
#ifndef AEGIS_NATS_JSON_H
#define AEGIS_NATS_JSON_H

#include <aegis/base.h>

/* A value; none where `object` is NULL. */
typedef aegis_any nats_json;

/* The text as a value in the arena, or none if it is not exactly one object. */
nats_json aegis_json_object(aegis_bytes text, aegis_arena *arena);
/* The member of an object, also through several: "config.subjects". */
nats_json aegis_json_member(nats_json object, const char *path);
/* Of a list, or none behind its end. */
nats_json aegis_json_element(nats_json list, size_t index);

/* Members: 0 for none, or a negative number; "" for none. A text lives in the arena. */
uint64_t aegis_json_u64(nats_json object, const char *path);
bool aegis_json_true(nats_json object, const char *path);
const char *aegis_json_text(nats_json object, const char *path);
/* The value itself, likewise. */
const char *aegis_json_string(nats_json value);

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
