/* The front end as a library: .aegis files in, a checked schema or diagnostics out. No globals, no output, no
 * exit; any number of compiles may exist, each used by one thread at a time.
 *
 *     compile c;
 *     compile_init(&c, include_dirs, count);
 *     if (frontend_compile(&c, "shop.aegis")) ... c.result ...
 *     puts(diag_format(&c.reports, false));
 *     compile_free(&c);
 */
#ifndef FRONTEND_H
#define FRONTEND_H

#include "diag.h"
#include "schema.h"
#include "source.h"

struct unit;

/* A name on the bus, and the declaration that has it. */
typedef struct bus_name {
    const char *key;   /* "event order.created 1" */
    const char *owner; /* "order.created" */
    struct unit *unit;
    span where;
} bus_name;

/* As a hash table. */
typedef struct bus_names {
    bus_name *items;
    size_t room, count;
} bus_names;

typedef struct compile {
    arena memory;
    sources files;
    diags reports;
    struct unit **units; /* packages being or been compiled, in order of completion of their imports */
    size_t unit_count;
    const schema_package **packages;
    bus_names bus;  /* of all packages */
    unsigned visit; /* walks over units so far */
    schema result;  /* of all files compiled so far without error */
    bool io_failed; /* a file named by the user could not be read */
} compile;

void compile_init(compile *c, const char *const *include_dirs, size_t include_count);
void compile_free(compile *c);
/* Compile one file and what it imports. False when there was an error, which is then among the reports (or
 * `memory.failed` is set). May be called for several files. */
bool frontend_compile(compile *c, const char *path);

#endif
