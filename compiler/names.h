/* Names and what they stand for: a hash table for whatever a file may have many of.
 *
 * Maps live in an arena and are used again for the next record or service: clearing one costs nothing.
 */
#ifndef NAMES_H
#define NAMES_H

#include <stdint.h>

#include "arena.h"

typedef struct name_slot {
    uint32_t hash, round; /* free unless the round is the map's */
    const char *name;
    size_t length, value;
} name_slot;

/* Zero it and fill in the first. */
typedef struct name_map {
    arena *memory;
    name_slot *slots;
    size_t count, room; /* room: a power of two */
    uint32_t round;
} name_map;

#define NO_NAME ((size_t)-1)

void name_map_clear(name_map *map);
/* What `name` stands for, or NO_NAME. */
size_t name_map_find(const name_map *map, const char *name);
/* Let it stand for `value` unless it stands for something; what it stands for then. The name must live as
 * long as the map. NO_NAME without memory. */
size_t name_map_add(name_map *map, const char *name, size_t value);
/* The same for the first `length` bytes of `text`. */
size_t name_map_add_part(name_map *map, const char *text, size_t length, size_t value);
/* The first `length` bytes of `text`, none of which is NUL, as a text, copied to `memory` unless the map has
 * it. NULL without memory. */
const char *name_map_keep(name_map *map, arena *memory, const char *text, size_t length);

#endif
