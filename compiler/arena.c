/* The compile's region of memory. Blocks are chained and never reused before the end, unless a mark is
 * returned to: a compile is short and its data live until the schema has been used, so the simplest allocator
 * is also the right one.
 *
 * The first block is small, further ones are large pages where the system has them: two thirds of a compile's
 * time went into the page faults of small ones (measured in a virtual machine: 16 MiB touched in 65 ms as
 * against 1.2 ms).
 */
#define _DEFAULT_SOURCE
#include "arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Of everything that is allocated here: no member of any struct needs more. */
typedef union widest {
    void *pointer;
    uint64_t integer;
    double number;
} widest;

#define ALIGNMENT _Alignof(widest)

struct arena_block {
    arena_block *next;
    size_t room;
    void *mapped; /* what munmap takes; NULL: the block is malloc's */
    size_t mapped_size;
    widest data[];
};

#define BLOCK_SIZE ((size_t)16 << 10)
/* A large page of x86-64 and most of ARM; where it is not one, it is only a large block. */
#define LARGE_SIZE ((size_t)2 << 20)
/* Each block is larger than the one before, up to this: what is not used costs nothing. */
#define LARGEST ((size_t)16 << 20)

void arena_init(arena *a)
{
    memset(a, 0, sizeof *a);
    a->limit = ARENA_LIMIT;
}

void arena_init_beside(arena *beside, const arena *a)
{
    arena_init(beside);
    beside->limit = a->limit - a->used;
    beside->permit = a->permit;
    beside->permit_user = a->permit_user;
}

static void free_block(arena_block *block)
{
    if (block->mapped != NULL)
        (void)munmap(block->mapped, block->mapped_size);
    else
        free(block);
}

static void free_blocks(arena_block *block)
{
    while (block != NULL) {
        arena_block *next = block->next;
        free_block(block);
        block = next;
    }
}

void arena_free(arena *a)
{
    free_blocks(a->blocks);
    free_blocks(a->spare);
    a->blocks = a->spare = NULL;
    a->at = a->end = a->clean = NULL;
    a->used = 0;
}

static void *fail(arena *a)
{
    a->failed = true;
    if (a->escape != NULL)
        longjmp(*a->escape, 1);
    return NULL;
}

/* Large pages, zeroed. */
static arena_block *map_block(size_t size)
{
    const size_t whole = size + LARGE_SIZE; /* so that it can begin with a page */
    arena_block *block;
    uintptr_t start;
    void *mapped;

    if (size > SIZE_MAX - LARGE_SIZE)
        return NULL;
    mapped = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
        return NULL;
    start = ((uintptr_t)mapped + LARGE_SIZE - 1) / LARGE_SIZE * LARGE_SIZE;
    block = (arena_block *)(void *)((char *)mapped + (start - (uintptr_t)mapped));
#ifdef MADV_HUGEPAGE
    (void)madvise(block, size, MADV_HUGEPAGE);
#endif
    block->mapped = mapped;
    block->mapped_size = whole;
    return block;
}

/* A block of at least `size` bytes, its own header included; zeroed when it is large. */
static arena_block *make_block(size_t size)
{
    arena_block *block;

    if (size > BLOCK_SIZE && size <= SIZE_MAX - LARGE_SIZE)
        size = (size + LARGE_SIZE - 1) / LARGE_SIZE * LARGE_SIZE;
    block = size > BLOCK_SIZE ? map_block(size) : (arena_block *)malloc(size);
    if (block == NULL)
        return NULL;
    if (size <= BLOCK_SIZE)
        block->mapped = NULL;
    block->room = size - sizeof *block;
    return block;
}

/* How large a block usually is. */
static size_t usual_size(const arena *a)
{
    const size_t last = a->blocks == NULL ? 0 : a->blocks->room + sizeof *a->blocks;

    return last == 0 ? BLOCK_SIZE : last < LARGE_SIZE ? LARGE_SIZE : last < LARGEST ? 2 * last : last;
}

/* A block with room for `size` bytes: the spare one, unless that is too small. */
static arena_block *take_block(arena *a, size_t size, bool *clean)
{
    const size_t usual = usual_size(a);
    arena_block *block = a->spare;

    *clean = false;
    if (block != NULL) {
        a->spare = block->next;
        if (block->room >= size)
            return block;
        free_block(block);
    }
    if (size > SIZE_MAX - sizeof *block)
        return NULL;
    size += sizeof *block;
    block = make_block(size > usual ? size : usual);
    *clean = block != NULL && block->mapped != NULL;
    return block;
}

static void *new_block(arena *a, size_t size)
{
    bool clean;
    arena_block *block = take_block(a, size, &clean);
    char *data;

    if (block == NULL)
        return fail(a);
    data = (char *)block->data;
    block->next = a->blocks;
    a->blocks = block;
    if (a->at == NULL || block->room - size > (size_t)(a->end - a->at)) { /* go on where there is more room */
        a->at = data + size;
        a->end = data + block->room;
        a->clean = clean ? a->at : a->end;
    }
    if (!clean)
        memset(data, 0, size);
    return data;
}

/* `size` bytes that begin at a multiple of `align`, a power of two. */
static void *allocate(arena *a, size_t size, size_t align)
{
    size_t gap = (size_t)(0 - (uintptr_t)a->at) & (align - 1);
    char *piece;

    if (size == 0)
        size = 1;
    if (a->failed || size > a->limit - a->used || (a->permit != NULL && !a->permit(a->permit_user)))
        return fail(a);
    a->used += size;
    if (a->at == NULL || size > (size_t)(a->end - a->at) || gap > (size_t)(a->end - a->at) - size)
        return new_block(a, size);
    piece = a->at + gap;
    a->at = piece + size;
    if (piece < a->clean)
        memset(piece, 0, a->at < a->clean ? size : (size_t)(a->clean - piece));
    if (a->at > a->clean)
        a->clean = a->at;
    return piece;
}

void *arena_alloc(arena *a, size_t size)
{
    return allocate(a, size, ALIGNMENT);
}

char *arena_text(arena *a, size_t size)
{
    return (char *)allocate(a, size, 1);
}

arena_mark arena_here(const arena *a)
{
    return (arena_mark){a->blocks, a->at, a->end, a->used};
}

void arena_back(arena *a, arena_mark mark)
{
    if (a->blocks != mark.block)
        a->clean = mark.end; /* nobody knows how far it was used */
    while (a->blocks != mark.block) {
        arena_block *block = a->blocks;

        a->blocks = block->next;
        block->next = a->spare;
        a->spare = block;
    }
    a->at = mark.at;
    a->end = mark.end;
    a->used = mark.used;
}

void *arena_array(arena *a, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return fail(a);
    return arena_alloc(a, count * size);
}

void *arena_grow(arena *a, const void *items, size_t count, size_t size)
{
    void *bigger;

    if (count != 0 && (count & (count - 1)) != 0) {
        union {
            const void *in;
            void *out;
        } same = {items};
        return same.out; /* room up to the next power of two is already there */
    }
    if (count > SIZE_MAX / 2)
        return fail(a);
    bigger = arena_array(a, count == 0 ? 1 : 2 * count, size);
    if (bigger != NULL && count != 0)
        memcpy(bigger, items, count * size);
    return bigger;
}

char *arena_copy(arena *a, const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? arena_text(a, length + 1) : (char *)fail(a);

    if (copy != NULL && length != 0)
        memcpy(copy, text, length);
    return copy;
}

char *arena_strdup(arena *a, const char *text)
{
    return text == NULL ? NULL : arena_copy(a, text, strlen(text));
}
