/* The one door to code generation: a checked package in, finished files out.
 *
 * Emitting cannot fail on a checked schema; it fails only when memory runs out or an overriding template is
 * wrong, and then says so in `error` ("dir/c/header.tmpl:12:5: unknown name 'nmae'").
 */
#ifndef EMIT_H
#define EMIT_H

#include "arena.h"
#include "schema.h"

typedef struct emit_options {
    arena *memory;             /* everything in `emit_output` is allocated here */
    const char *templates_dir; /* files here replace the embedded ones of the same name; NULL: none */
} emit_options;

typedef struct emit_file {
    const char *name; /* "shop.h", without a folder */
    const char *data;
    size_t size;
} emit_file;

typedef struct emit_output {
    const emit_file *files;
    size_t file_count;
    const char *error; /* NULL unless emit_package returned false; never a partial output */
    /* Template files that were read from `templates_dir`, for the depfile. */
    const char *const *templates;
    size_t template_count;
} emit_output;

bool emit_package(const schema_package *package, const emit_options *options, emit_output *out);

/* The names of the files emit_package would produce, without producing them. */
bool emit_names(const schema_package *package, const emit_options *options, emit_output *out);

#endif
