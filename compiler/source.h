/* Source files of one compile: their text, and positions in it.
 *
 * A position is a span of byte offsets in a numbered file; line and column are computed only when a message
 * is printed. Text may also be given from memory (an editor's unsaved buffer, a test) and then shadows the
 * file.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "arena.h"

/* Bytes [start, end) of file number `file`. */
typedef struct span {
    uint32_t file, start, end;
} span;

/* Largest source file that is read: 16 MiB. */
#define SOURCE_MAX ((size_t)16 << 20)

/* What lies before a place in a file, so that nobody counts from its beginning. */
typedef struct source_mark {
    uint32_t lines;            /* ends of lines */
    uint32_t line, characters; /* where its line begins; how many characters of that stand before it */
} source_mark;

typedef struct source_file {
    const char *path; /* as shown in messages */
    const char *text; /* NUL-terminated after `length` bytes */
    size_t length;
    bool loaded;  /* false: registered from memory, not compiled yet */
    bool on_disk; /* then `device` and `inode` say which file it is */
    uint64_t device, inode;
    source_mark *marks; /* at every so many bytes; NULL: not asked for yet */
} source_file;

typedef struct sources {
    arena *memory;
    source_file *files;
    size_t count;
    const char *const *include_dirs; /* -I, in order */
    size_t include_count;
    /* Paths that begin so are not those of files: what was not added from memory does not exist, and a path
     * goes on behind it from the top ("git:v1:", then "idl/shop.aegis"). Or NULL. */
    const char *memory_root;
} sources;

typedef enum source_status { SOURCE_OK, SOURCE_MISSING, SOURCE_FAILED, SOURCE_NO_MEMORY } source_status;

/* Make `text` the contents of `path`; copied. */
bool source_add_text(sources *s, const char *path, const char *text, size_t length);
/* The file at `path`, read once. On SOURCE_FAILED `*why` says what is wrong ("is a directory"). */
source_status source_open(sources *s, const char *path, uint32_t *file, const char **why);
/* What can be read from an open stream, under a name for messages. */
source_status source_read(sources *s, const char *name, FILE *in, uint32_t *file, const char **why);
/* The file an import names: beside the importing file, then along the include directories. `*beside` says
 * which. */
source_status source_import(sources *s, uint32_t from, const char *path, uint32_t *file, bool *beside,
                            const char **why);

typedef struct source_position {
    uint32_t line, column; /* from 1; columns count characters */
    const char *text;      /* the line, without its end */
    size_t length, offset; /* of the line; of the position in it, both in bytes */
} source_position;

source_position source_locate(const sources *s, span where);

#endif
