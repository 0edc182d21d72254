/* The one door to code generation: a checked package in, the text of its files out, piece by piece.
 *
 * Emitting cannot fail on a checked schema; it fails only when memory runs out, when an overriding template
 * is wrong, which `error` then says ("dir/c/header.tmpl:12:5: unknown name 'nmae'"), or when the sink
 * refuses. What a failure leaves with the sink is not worth keeping.
 */
#ifndef EMIT_H
#define EMIT_H

#include "arena.h"
#include "schema.h"

/* The files of a package. */
enum { EMIT_FILES = 2 };

typedef struct emit_options {
    arena *memory;             /* for what `emit_result` points at; the text goes to the sink alone */
    const char *templates_dir; /* files here replace the embedded ones of the same name; NULL: none */
    bool no_schema;            /* leave out the text of the package */
} emit_options;

/* Where the text goes. Each returns false to end the emitting. */
typedef struct emit_sink {
    bool (*begin)(void *user, const char *name); /* a file, "shop.h": what is written now is its text */
    bool (*write)(void *user, const char *data, size_t size);
    bool (*end)(void *user); /* of that file */
    void *user;
} emit_sink;

typedef struct emit_result {
    const char *error; /* after a failure: what is wrong, or NULL when the sink refused */
    /* Template files that were read from `templates_dir`, for the depfile. */
    const char *const *templates;
    size_t template_count;
} emit_result;

bool emit_package(const schema_package *package, const emit_options *options, const emit_sink *sink,
                  emit_result *result);

/* The name of file number `index`, from 0: "shop.h". NULL without memory. */
const char *emit_name(arena *memory, const schema_package *package, size_t index);

#endif
