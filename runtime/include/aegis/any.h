/* Reading and building values of any shape (`any` in the IDL), as msgpack-c's objects. The only header that
 * shows msgpack-c; include it only where an `any` is looked into.
 *
 * Everything made here lives in the arena given. Strings are UTF-8 with a length and may hold U+0000.
 */
#ifndef AEGIS_ANY_H
#define AEGIS_ANY_H

#include <aegis/base.h>
#include <msgpack.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Decode a whole body, in either format. */
AEGIS_API aegis_status aegis_any_decode(aegis_bytes body, aegis_format format, aegis_arena *arena,
                                        aegis_any *out, aegis_error *error);
/** Encode a value. */
AEGIS_API aegis_status aegis_any_encode(aegis_any value, aegis_format format, aegis_arena *arena,
                                        aegis_bytes *out, aegis_error *error);
/** A value built with msgpack-c's own types, copied deeply. NULL `object` when memory is exhausted. */
AEGIS_API aegis_any aegis_any_copy(aegis_any value, aegis_arena *arena);
/** Scalars. NULL `object`, which is nil, when memory is exhausted. */
AEGIS_API aegis_any aegis_any_from_string(aegis_arena *arena, const char *value);
AEGIS_API aegis_any aegis_any_from_i64(aegis_arena *arena, int64_t value);
AEGIS_API aegis_any aegis_any_from_f64(aegis_arena *arena, double value);
AEGIS_API aegis_any aegis_any_from_bool(aegis_arena *arena, bool value);
/** The value under `key` when `map` is a map that has it (the last one, when it comes twice), else NULL. */
AEGIS_API const struct msgpack_object *aegis_any_get(aegis_any map, const char *key);

#ifdef __cplusplus
}
#endif

#endif
