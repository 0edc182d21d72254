/* What the library's own code may ask of an arena beyond <aegis/base.h>: its hot path, inlined. */
#ifndef AEGIS_DOMAIN_ARENA_H
#define AEGIS_DOMAIN_ARENA_H

#include <aegis/base.h>

/* Pieces are aligned for any type. */
#define AEGIS_ARENA_ALIGNMENT (_Alignof(max_align_t))

struct aegis_arena {
    unsigned char *at, *end;    /* free space: pieces from its start, which is aligned, texts from its end */
    unsigned char *from, *to;   /* what was free when this space was taken into use */
    size_t earlier;             /* handed out before that */
    size_t limit;               /* `end` never allows more than it */
    struct aegis_chunk *chunks; /* newest first; only those that came from the allocator */
    size_t next_size;
    unsigned char *inner, *inner_end; /* the caller's own memory, or what shares a block with this header */
    aegis_allocator allocator;
    bool in_place; /* this header lies in the caller's memory */
};

/* Make the piece at `pointer` (`old_size` bytes, from this arena) `new_size` bytes long: in place when it is
 * the newest piece and the chunk has room, else a copy. NULL when memory or limit is exhausted; the old piece
 * is then untouched. `pointer` NULL allocates; a smaller size gives the rest of the newest piece back. */
void *aegis_arena_extend(aegis_arena *arena, void *pointer, size_t old_size, size_t new_size);
/* The slow way of aegis_arena_take_text. */
char *aegis_arena_text(aegis_arena *arena, size_t size);

static inline size_t aegis_arena_rounded(size_t size)
{
    return (size + (AEGIS_ARENA_ALIGNMENT - 1)) & ~(AEGIS_ARENA_ALIGNMENT - 1);
}

/* Bytes handed out since the last reset. */
static inline size_t aegis_arena_used(const aegis_arena *arena)
{
    return arena->earlier + (size_t)(arena->at - arena->from) + (size_t)(arena->to - arena->end);
}

/* aegis_arena_alloc, for callers that allocate per value. */
static inline void *aegis_arena_take(aegis_arena *arena, size_t size)
{
    unsigned char *piece = arena->at;
    size_t need = aegis_arena_rounded(size);

    if (need - 1 >= (size_t)(arena->end - piece)) /* need 0: nothing, or too much */
        return aegis_arena_alloc(arena, size);
    arena->at = piece + need;
    return piece;
}

/* Give back what the piece at `pointer` has beyond `new_size` bytes, if it is the newest. */
static inline void aegis_arena_trim(aegis_arena *arena, void *pointer, size_t old_size, size_t new_size)
{
    if ((unsigned char *)pointer + aegis_arena_rounded(old_size) == arena->at)
        arena->at = (unsigned char *)pointer + aegis_arena_rounded(new_size);
}

/* `size` bytes, at least one, of no alignment. */
static inline char *aegis_arena_take_text(aegis_arena *arena, size_t size)
{
    unsigned char *piece = arena->end;

    if (size > (size_t)(piece - arena->at))
        return aegis_arena_text(arena, size);
    piece -= size;
    arena->end = piece;
    return (char *)piece;
}

#endif
