/* Names and what they stand for: open addressing, never more than half full. */
#include "names.h"

#include <string.h>

#define FIRST_ROOM 64

/* Eight bytes at a time, mixed as FNV-1a mixes one; the upper half, into which all bits have gone, is the
 * hash. */
static uint32_t hash_of(const char *text, size_t length)
{
    const uint64_t prime = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t hash = length * prime, word = 0;

    for (; length >= sizeof word; text += sizeof word, length -= sizeof word) {
        memcpy(&word, text, sizeof word);
        hash = (hash ^ word) * prime;
        hash ^= hash >> 32;
    }
    word = 0;
    for (size_t i = 0; i < length; i++)
        word = word << 8 | (unsigned char)text[i];
    hash = (hash ^ word) * prime;
    return (uint32_t)(hash >> 32);
}

/* The slot that has the name, or the free one for it. There must be room. */
static name_slot *find(const name_map *map, uint32_t hash, const char *name, size_t length)
{
    for (size_t i = hash;; i++) {
        name_slot *slot = &map->slots[i & (map->room - 1)];

        if (slot->round != map->round ||
            (slot->hash == hash && slot->length == length && memcmp(slot->name, name, length) == 0))
            return slot;
    }
}

/* Twice the room. */
static bool grow(name_map *map)
{
    const name_map old = *map;

    map->room = old.room == 0 ? FIRST_ROOM : 2 * old.room;
    map->slots = (name_slot *)arena_array(map->memory, map->room, sizeof *map->slots);
    if (map->slots == NULL) {
        *map = old;
        return false;
    }
    map->round = 1;
    for (size_t i = 0; i < old.room; i++) {
        const name_slot *from = &old.slots[i];

        if (from->round == old.round)
            *find(map, from->hash, from->name, from->length) =
                (name_slot){from->hash, map->round, from->name, from->length, from->value};
    }
    return true;
}

void name_map_clear(name_map *map)
{
    map->count = 0;
    map->round++;
    if (map->round == 0) { /* after four thousand million rounds */
        memset(map->slots, 0, map->room * sizeof *map->slots);
        map->round = 1;
    }
}

size_t name_map_find(const name_map *map, const char *name)
{
    const size_t length = strlen(name);
    const name_slot *slot;

    if (map->count == 0)
        return NO_NAME;
    slot = find(map, hash_of(name, length), name, length);
    return slot->round == map->round ? slot->value : NO_NAME;
}

size_t name_map_add_part(name_map *map, const char *text, size_t length, size_t value)
{
    const uint32_t hash = hash_of(text, length);
    name_slot *slot;

    if (2 * map->count >= map->room && !grow(map))
        return NO_NAME;
    slot = find(map, hash, text, length);
    if (slot->round != map->round) {
        *slot = (name_slot){hash, map->round, text, length, value};
        map->count++;
    }
    return slot->value;
}

size_t name_map_add(name_map *map, const char *name, size_t value)
{
    return name_map_add_part(map, name, strlen(name), value);
}

const char *name_map_keep(name_map *map, arena *memory, const char *text, size_t length)
{
    const uint32_t hash = hash_of(text, length);
    const char *copy;
    name_slot *slot;

    if (2 * map->count >= map->room && !grow(map))
        return NULL;
    slot = find(map, hash, text, length);
    if (slot->round == map->round)
        return slot->name;
    copy = arena_copy(memory, text, length);
    if (copy == NULL)
        return NULL;
    *slot = (name_slot){hash, map->round, copy, length, 0};
    map->count++;
    return copy;
}
