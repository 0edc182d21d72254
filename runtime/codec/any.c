/* The helpers of <aegis/any.h>. */
#include "codec/codec.h"

#include <aegis/any.h>

aegis_status aegis_any_decode(aegis_bytes body, aegis_format format, aegis_arena *arena, aegis_any *out,
                              aegis_error *error)
{
    aegis_reader r;

    aegis_reader_open(&r, body, format, arena);
    *out = aegis_get_any(&r);
    return aegis_reader_close(&r, error);
}

aegis_status aegis_any_encode(aegis_any value, aegis_format format, aegis_arena *arena, aegis_bytes *out,
                              aegis_error *error)
{
    aegis_writer w;

    aegis_writer_open(&w, arena, format, 0);
    aegis_put_any(&w, value);
    return aegis_writer_close(&w, out, error);
}

/* By way of the encoding, which copies every shape and refuses what nobody could send. */
aegis_any aegis_any_copy(aegis_any value, aegis_arena *arena)
{
    aegis_bytes body;
    aegis_any copy = {NULL};

    if (aegis_any_encode(value, AEGIS_FORMAT_MSGPACK, arena, &body, NULL) != AEGIS_OK ||
        aegis_any_decode(body, AEGIS_FORMAT_MSGPACK, arena, &copy, NULL) != AEGIS_OK)
        copy.object = NULL;
    return copy;
}

static msgpack_object *new_object(aegis_arena *arena, msgpack_object_type type)
{
    msgpack_object *object = (msgpack_object *)aegis_arena_alloc(arena, sizeof *object);

    if (object != NULL)
        object->type = type;
    return object;
}

aegis_any aegis_any_from_string(aegis_arena *arena, const char *value)
{
    msgpack_object *object = value != NULL ? new_object(arena, MSGPACK_OBJECT_STR) : NULL;

    if (object == NULL)
        return (aegis_any){NULL};
    object->via.str.ptr = aegis_arena_strdup(arena, value);
    object->via.str.size = (uint32_t)strlen(value);
    return (aegis_any){object->via.str.ptr != NULL ? object : NULL};
}

aegis_any aegis_any_from_i64(aegis_arena *arena, int64_t value)
{
    msgpack_object *object =
        new_object(arena, value < 0 ? MSGPACK_OBJECT_NEGATIVE_INTEGER : MSGPACK_OBJECT_POSITIVE_INTEGER);

    if (object != NULL)
        object->via.i64 = value;
    return (aegis_any){object};
}

aegis_any aegis_any_from_f64(aegis_arena *arena, double value)
{
    msgpack_object *object = new_object(arena, MSGPACK_OBJECT_FLOAT64);

    if (object != NULL)
        object->via.f64 = value;
    return (aegis_any){object};
}

aegis_any aegis_any_from_bool(aegis_arena *arena, bool value)
{
    msgpack_object *object = new_object(arena, MSGPACK_OBJECT_BOOLEAN);

    if (object != NULL)
        object->via.boolean = value;
    return (aegis_any){object};
}

const struct msgpack_object *aegis_any_get(aegis_any map, const char *key)
{
    size_t length = strlen(key);
    uint32_t i;

    if (map.object == NULL || map.object->type != MSGPACK_OBJECT_MAP)
        return NULL;
    for (i = map.object->via.map.size; i-- > 0;) {
        const msgpack_object_kv *entry = &map.object->via.map.ptr[i];

        if (entry->key.type == MSGPACK_OBJECT_STR && entry->key.via.str.size == length &&
            memcmp(entry->key.via.str.ptr, key, length) == 0)
            return &entry->val;
    }
    return NULL;
}
