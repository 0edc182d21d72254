/* One region of memory for a whole compile: allocated piece by piece, freed at once.
 *
 * A failed allocation sets `failed` and returns NULL; so that the code of the compiler can run straight on,
 * the first failure jumps nowhere and prints nothing: callers test what they dereference, and whoever started
 * the compile looks at `failed` at the end. Not thread-safe: an arena belongs to one compile.
 */
#ifndef ARENA_H
#define ARENA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct arena_block arena_block;

typedef struct arena {
    arena_block *blocks;
    arena_block *spare; /* given back, to be used again */
    char *at, *end;
    char *clean; /* from here on it has never been used, and is zero */
    size_t used, limit; /* bytes handed out; most that ever will be */
    bool failed;
    jmp_buf *escape; /* when set, a failed allocation jumps there instead of returning NULL */
    /* Asked before every allocation when set; false makes that allocation fail. */
    bool (*permit)(void *user);
    void *permit_user;
} arena;

/* Most memory one compile may use, 1 GiB: a file takes some fifty times its size, one of very short names
 * twice that. */
#define ARENA_LIMIT ((size_t)1024 << 20)

void arena_init(arena *a);
/* For what is needed for a moment beside `a`: what `a` still may use, and its `permit`. */
void arena_init_beside(arena *beside, const arena *a);
void arena_free(arena *a);
/* Zeroed, aligned for pointers, 64-bit integers and doubles. NULL when memory or the limit is exhausted. */
void *arena_alloc(arena *a, size_t size);
/* The same for characters, packed. */
char *arena_text(arena *a, size_t size);
/* `count` objects of `size` bytes, checked for overflow. */
void *arena_array(arena *a, size_t count, size_t size);
/* Grow an array from `count` to one more element, doubling at powers of two. NULL on failure, the old one
 * lives on. */
void *arena_grow(arena *a, const void *items, size_t count, size_t size);
char *arena_copy(arena *a, const char *text, size_t length);
char *arena_strdup(arena *a, const char *text);
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
char *
arena_printf(arena *a, const char *format, ...);
/* Texts, the last of which is followed by NULL, behind each other. */
#if defined(__GNUC__)
__attribute__((sentinel))
#endif
char *
arena_join(arena *a, const char *first, ...);
char *arena_vprintf(arena *a, const char *format, va_list arguments);

/* A point to return to: what was allocated after it is given back at once, and stays within the arena. */
typedef struct arena_mark {
    arena_block *block;
    char *at, *end;
    size_t used;
} arena_mark;

arena_mark arena_here(const arena *a);
void arena_back(arena *a, arena_mark mark);

#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))

#endif
