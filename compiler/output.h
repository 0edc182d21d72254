/* Writing results: whole or not at all.
 *
 * The files of one run are written beside their places and put there together at the end, by rename, so that
 * what is interrupted or fails leaves every file as it was. A file that already holds what would be written
 * is not touched and keeps its time, so that make does not rebuild what depends on it. What is no regular
 * file, such as /dev/stdout, cannot be replaced and is written to at once.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "arena.h"

typedef struct output_file output_file;

/* Zero it and fill in the first. One file is open at a time. */
typedef struct outputs {
    arena *memory;
    output_file *files; /* the last first */
    const char *error;  /* "cannot write 'out/shop.h': No space left on device" */
} outputs;

/* Each returns false and `error` on failure, or without memory. Folders are made as needed. */
bool outputs_begin(outputs *o, const char *path);
bool outputs_write(outputs *o, const char *data, size_t size);
bool outputs_end(outputs *o);
/* Put all files in place. */
bool outputs_commit(outputs *o);
/* Give up what has not been put in place; after a commit that succeeded, nothing. Always to be called. */
void outputs_abandon(outputs *o);

/* Begin, write, end: a file that is in memory. */
bool outputs_put(outputs *o, const char *path, const char *data, size_t size);

#endif
