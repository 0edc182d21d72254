/* The compile's region of memory. Blocks are chained and never reused before the end, unless a mark is
 * returned to: a compile is short and its data live until the schema has been used, so the simplest allocator
 * is also the right one.
 */
#include "arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    arena_block *next;
    size_t room;
    max_align_t data[];
};

#define BLOCK_SIZE ((size_t)64 << 10)

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

static void free_blocks(arena_block *block)
{
    while (block != NULL) {
        arena_block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_free(arena *a)
{
    free_blocks(a->blocks);
    free_blocks(a->spare);
    a->blocks = a->spare = NULL;
    a->at = a->end = NULL;
    a->used = 0;
}

static void *fail(arena *a)
{
    a->failed = true;
    if (a->escape != NULL)
        longjmp(*a->escape, 1);
    return NULL;
}

static arena_block *take_block(arena *a, size_t room)
{
    arena_block *block = a->spare;

    if (block != NULL && room == BLOCK_SIZE) {
        a->spare = block->next;
        return block;
    }
    block = (arena_block *)malloc(sizeof *block + room);
    if (block != NULL)
        block->room = room;
    return block;
}

static void *new_block(arena *a, size_t size)
{
    size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    arena_block *block = take_block(a, room);
    char *data;

    if (block == NULL)
        return fail(a);
    data = (char *)block->data;
    block->next = a->blocks;
    a->blocks = block;
    if (size <= BLOCK_SIZE / 2) { /* a big piece gets a block of its own and leaves the current one in use */
        a->at = data + size;
        a->end = data + room;
    }
    memset(data, 0, size);
    return data;
}

void *arena_alloc(arena *a, size_t size)
{
    const size_t align = sizeof(max_align_t);
    char *piece;

    if (a->failed || size > a->limit - a->used || (a->permit != NULL && !a->permit(a->permit_user)))
        return fail(a);
    size = size == 0 ? align : (size + align - 1) / align * align;
    if (size > a->limit - a->used)
        return fail(a);
    a->used += size;
    if (a->at == NULL || size > (size_t)(a->end - a->at))
        return new_block(a, size);
    piece = a->at;
    a->at += size;
    memset(piece, 0, size);
    return piece;
}

arena_mark arena_here(const arena *a)
{
    return (arena_mark){a->blocks, a->at, a->end, a->used};
}

void arena_back(arena *a, arena_mark mark)
{
    while (a->blocks != mark.block) {
        arena_block *block = a->blocks;

        a->blocks = block->next;
        if (block->room == BLOCK_SIZE) {
            block->next = a->spare;
            a->spare = block;
        } else {
            free(block);
        }
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
    char *copy = length < SIZE_MAX ? (char *)arena_alloc(a, length + 1) : (char *)fail(a);

    if (copy != NULL && length != 0)
        memcpy(copy, text, length);
    return copy;
}

char *arena_strdup(arena *a, const char *text)
{
    return text == NULL ? NULL : arena_copy(a, text, strlen(text));
}
