/* Arenas: chunks in a list, a bump pointer at either end of the newest one's free space.
 *
 * A chunk is twice as large as the one before it (up to 1 MiB, or what a single piece needs), so that a
 * message costs few allocations and a reset arena costs none: reset keeps the largest chunk. Pieces are
 * aligned for any type and come from the start of the space; texts need no alignment and come from its end.
 *
 * The limit counts bytes handed out, with what alignment adds, so that a hostile message ends in
 * RESOURCE_EXHAUSTED rather than in swap. It is checked when space is taken into use: the space ends where
 * the limit does, and who allocates has one comparison to make.
 */
#include "domain/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CHUNK ((size_t)4096)
#define MAX_CHUNK   ((size_t)1 << 20)

typedef struct aegis_chunk {
    struct aegis_chunk *older;
    size_t size; /* of the whole chunk with this header */
} chunk;

static void *from_libc(void *user, void *pointer, size_t old_size, size_t new_size)
{
    (void)user;
    (void)old_size;
    if (new_size == 0) {
        free(pointer);
        return NULL;
    }
    return realloc(pointer, new_size);
}

/* Not more room than the limit leaves; what was given away at the end stays counted. */
static void keep_limit(aegis_arena *arena)
{
    size_t used = aegis_arena_used(arena), room = (size_t)(arena->end - arena->at);
    size_t left = arena->limit > used ? arena->limit - used : 0;

    if (room > left) {
        arena->end -= room - left;
        arena->to -= room - left;
    }
}

/* The same for space that nothing has been taken from yet. */
static void use_space(aegis_arena *arena, unsigned char *from, unsigned char *to)
{
    const size_t left = arena->limit > arena->earlier ? arena->limit - arena->earlier : 0;

    if ((size_t)(to - from) > left)
        to = from + left;
    arena->at = arena->from = from;
    arena->end = arena->to = to;
}

static aegis_arena *set_up(void *memory, size_t size, aegis_allocator allocator, bool in_place)
{
    aegis_arena *arena = (aegis_arena *)memory;

    *arena = (aegis_arena){.limit = AEGIS_ARENA_LIMIT, .next_size = FIRST_CHUNK, .allocator = allocator};
    arena->in_place = in_place;
    arena->inner = (unsigned char *)memory + aegis_arena_rounded(sizeof *arena);
    arena->inner_end = (unsigned char *)memory + size;
    use_space(arena, arena->inner, arena->inner_end);
    return arena;
}

aegis_arena *aegis_arena_new(const aegis_allocator *allocator)
{
    aegis_allocator from = allocator != NULL ? *allocator : (aegis_allocator){from_libc, NULL};
    void *memory = from.resize(from.user, NULL, 0, FIRST_CHUNK);

    return memory != NULL ? set_up(memory, FIRST_CHUNK, from, false) : NULL;
}

aegis_arena *aegis_arena_in(void *memory, size_t size)
{
    if (memory == NULL || size < AEGIS_ARENA_MIN || (uintptr_t)memory % AEGIS_ARENA_ALIGNMENT != 0)
        return aegis_arena_new(NULL);
    return set_up(memory, size, (aegis_allocator){from_libc, NULL}, true);
}

static void free_chunks(aegis_arena *arena, chunk *from)
{
    while (from != NULL) {
        chunk *older = from->older;

        (void)arena->allocator.resize(arena->allocator.user, from, from->size, 0);
        from = older;
    }
}

void aegis_arena_free(aegis_arena *arena)
{
    if (arena == NULL)
        return;
    free_chunks(arena, arena->chunks);
    if (!arena->in_place)
        (void)arena->allocator.resize(arena->allocator.user, arena,
                                      (size_t)(arena->inner_end - (unsigned char *)arena), 0);
}

static void use_chunk(aegis_arena *arena, chunk *c)
{
    use_space(arena, (unsigned char *)c + aegis_arena_rounded(sizeof *c), (unsigned char *)c + c->size);
}

void aegis_arena_reset(aegis_arena *arena)
{
    arena->earlier = 0;
    if (arena->chunks == NULL) {
        use_space(arena, arena->inner, arena->inner_end);
        return;
    }
    free_chunks(arena, arena->chunks->older);
    arena->chunks->older = NULL;
    use_chunk(arena, arena->chunks);
}

void aegis_arena_set_limit(aegis_arena *arena, size_t bytes)
{
    arena->limit = bytes;
    keep_limit(arena);
}

/* A chunk with `piece` bytes of free space, when the limit leaves as many. */
static bool add_chunk(aegis_arena *arena, size_t piece)
{
    size_t size = arena->next_size, used = aegis_arena_used(arena);
    chunk *c;

    if (used > arena->limit || piece > arena->limit - used ||
        piece > SIZE_MAX - aegis_arena_rounded(sizeof *c))
        return false;
    if (size < piece + aegis_arena_rounded(sizeof *c))
        size = piece + aegis_arena_rounded(sizeof *c);
    c = (chunk *)arena->allocator.resize(arena->allocator.user, NULL, 0, size);
    if (c == NULL)
        return false;
    c->older = arena->chunks;
    c->size = size;
    arena->chunks = c;
    if (arena->next_size < MAX_CHUNK)
        arena->next_size *= 2;
    arena->earlier = used;
    use_chunk(arena, c);
    return true;
}

void *aegis_arena_alloc(aegis_arena *arena, size_t size)
{
    size_t need = aegis_arena_rounded(size + (size == 0));

    if (need < size || (need > (size_t)(arena->end - arena->at) && !add_chunk(arena, need)))
        return NULL;
    unsigned char *piece = arena->at;
    arena->at += need;
    return piece;
}

char *aegis_arena_text(aegis_arena *arena, size_t size)
{
    if (size > (size_t)(arena->end - arena->at) && !add_chunk(arena, size))
        return NULL;
    arena->end -= size;
    return (char *)arena->end;
}

void *aegis_arena_extend(aegis_arena *arena, void *pointer, size_t old_size, size_t new_size)
{
    size_t old_need = aegis_arena_rounded(old_size + (old_size == 0));
    size_t need = aegis_arena_rounded(new_size + (new_size == 0));
    bool newest = pointer != NULL && (unsigned char *)pointer + old_need == arena->at;
    void *piece;

    if (newest && need >= new_size && need <= (size_t)(arena->end - (unsigned char *)pointer))
        arena->at = (unsigned char *)pointer + need; /* longer, or its tail is free again */
    else if (pointer == NULL || new_size > old_size) {
        piece = aegis_arena_alloc(arena, new_size);
        if (piece != NULL && old_size > 0)
            memcpy(piece, pointer, old_size);
        return piece;
    }
    return pointer;
}

char *aegis_arena_strdup(aegis_arena *arena, const char *text)
{
    if (text == NULL)
        return NULL;
    size_t size = strlen(text) + 1;
    char *copy = aegis_arena_take_text(arena, size);
    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

char *aegis_arena_printf(aegis_arena *arena, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length >= 0)
        text = aegis_arena_take_text(arena, (size_t)length + 1);
    if (text == NULL)
        return NULL;
    va_start(arguments, format);
    (void)vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}
