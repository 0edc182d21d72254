/* A sink of aegisc's emitter that keeps the files in memory. */
#ifndef TESTS_GOLDEN_COLLECT_H
#define TESTS_GOLDEN_COLLECT_H

#include "emit.h"

typedef struct collected_file {
    const char *name;
    char *data; /* with a NUL behind it */
    size_t size;
} collected_file;

/* Zero it. */
typedef struct collection {
    collected_file files[EMIT_FILES];
    size_t count; /* of files that were begun */
    bool complete;
} collection;

emit_sink collection_sink(collection *c);
void collection_free(collection *c);

#endif
