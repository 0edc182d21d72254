/* What the library's own code may ask of an arena beyond <aegis/base.h>: its hot path, inlined. */
#ifndef AEGIS_DOMAIN_ARENA_H
#define AEGIS_DOMAIN_ARENA_H

#include <aegis/base.h>

/* Pieces are aligned for any type. */
#define AEGIS_ARENA_ALIGNMENT (_Alignof(max_align_t))

struct aegis_arena {
    unsigned char *at, *end;    /* free space of the newest chunk; `at` is aligned */
    unsigned char *newest;      /* start of the newest piece, for extension in place */
    struct aegis_chunk *chunks; /* newest first; only those that came from the allocator */
    size_t used, limit;
    size_t next_size;
    unsigned char *inner, *inner_end; /* the caller's own memory, or what shares a block with this header */
    aegis_allocator allocator;
    bool in_place; /* this header lies in the caller's memory */
};

/* Make the piece at `pointer` (`old_size` bytes, from this arena) `new_size` bytes long: in place when it is
 * the newest piece and the chunk has room, else a copy. NULL when memory or limit is exhausted; the old piece
 * is then untouched. `pointer` NULL allocates; a smaller size gives the rest of the newest piece back. */
void *aegis_arena_extend(aegis_arena *arena, void *pointer, size_t old_size, size_t new_size);

static inline size_t aegis_arena_rounded(size_t size)
{
    return (size + (AEGIS_ARENA_ALIGNMENT - 1)) & ~(AEGIS_ARENA_ALIGNMENT - 1);
}

/* aegis_arena_alloc, for callers that allocate per value. */
static inline void *aegis_arena_take(aegis_arena *arena, size_t size)
{
    unsigned char *piece = arena->at;
    size_t need = aegis_arena_rounded(size);

    if (need - 1 >= (size_t)(arena->end - piece) || size > arena->limit || /* need 0: nothing, or too much */
        arena->used > arena->limit - size)
        return aegis_arena_alloc(arena, size);
    arena->at = piece + need;
    arena->used += size;
    arena->newest = piece;
    return piece;
}

#endif
