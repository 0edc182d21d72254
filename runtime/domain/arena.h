/* What the library's own code may ask of an arena beyond <aegis/base.h>. */
#ifndef AEGIS_DOMAIN_ARENA_H
#define AEGIS_DOMAIN_ARENA_H

#include <aegis/base.h>

/* Make the piece at `pointer` (`old_size` bytes, from this arena) `new_size` bytes long: in place when it is the
 * newest piece and the chunk has room, else a copy. NULL when memory or limit is exhausted; the old piece is then
 * untouched. `pointer` NULL allocates; a smaller size gives the rest of the newest piece back. */
void *aegis_arena_extend(aegis_arena *arena, void *pointer, size_t old_size, size_t new_size);

#endif
