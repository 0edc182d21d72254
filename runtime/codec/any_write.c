/* Values of any shape into both formats; encoded values into the other one. */
#include "codec/codec.h"

#include <aegis/any.h>

static bool check_string(aegis_writer *w, const msgpack_object *o)
{
    if (o->type != MSGPACK_OBJECT_STR)
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "a key is not a string");
    else if (!aegis_utf8_valid((const uint8_t *)o->via.str.ptr, o->via.str.size))
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "not valid UTF-8");
    return !w->failed;
}

static void write_mp(aegis_writer *w, const msgpack_object *o);

static void write_mp_ext(aegis_writer *w, const msgpack_object_ext *ext)
{
    if (!aegis_put_room(w, (size_t)ext->size + 6))
        return;
    if (ext->size != 0 && ext->size <= 16 && (ext->size & (ext->size - 1)) == 0) {
        *w->at++ = (uint8_t)(0xd4 + (ext->size > 1) + (ext->size > 2) + (ext->size > 4) + (ext->size > 8));
    } else if (ext->size <= UINT8_MAX) {
        *w->at++ = 0xc7;
        *w->at++ = (uint8_t)ext->size;
    } else if (ext->size <= UINT16_MAX) {
        *w->at = 0xc8;
        aegis_store_be16(w->at + 1, (uint16_t)ext->size);
        w->at += 3;
    } else {
        *w->at = 0xc9;
        aegis_store_be32(w->at + 1, ext->size);
        w->at += 5;
    }
    *w->at++ = (uint8_t)ext->type;
    if (ext->size > 0)
        memcpy(w->at, ext->ptr, ext->size);
    w->at += ext->size;
}

static void write_mp_container(aegis_writer *w, const msgpack_object *o)
{
    uint32_t i;

    if (!aegis_put_enter(w))
        return;
    if (o->type == MSGPACK_OBJECT_MAP) {
        aegis_mp_put_map(w, o->via.map.size);
        for (i = 0; i < o->via.map.size && !w->failed; i++) {
            const msgpack_object *key = &o->via.map.ptr[i].key;

            if (check_string(w, key))
                aegis_mp_put_token(w, key->via.str.ptr, key->via.str.size);
            write_mp(w, &o->via.map.ptr[i].val);
        }
    } else {
        aegis_mp_put_list(w, o->via.array.size);
        for (i = 0; i < o->via.array.size && !w->failed; i++)
            write_mp(w, &o->via.array.ptr[i]);
    }
    aegis_put_leave(w);
}

static void write_mp(aegis_writer *w, const msgpack_object *o)
{
    if (!aegis_put_room(w, AEGIS_SCALAR_ROOM))
        return;
    switch (o->type) {
    case MSGPACK_OBJECT_NIL:
        aegis_mp_put_null(w);
        break;
    case MSGPACK_OBJECT_BOOLEAN:
        aegis_mp_put_bool(w, o->via.boolean);
        break;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        aegis_mp_put_u64(w, o->via.u64, 0, UINT64_MAX);
        break;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        aegis_mp_put_i64(w, o->via.i64, INT64_MIN, INT64_MAX);
        break;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        aegis_mp_put_f64(w, o->via.f64);
        break;
    case MSGPACK_OBJECT_STR:
        if (check_string(w, o))
            aegis_mp_put_token(w, o->via.str.ptr, o->via.str.size);
        break;
    case MSGPACK_OBJECT_BIN:
        aegis_mp_put_bytes(w, (aegis_bytes){(const uint8_t *)o->via.bin.ptr, o->via.bin.size}, 0, SIZE_MAX);
        break;
    case MSGPACK_OBJECT_EXT:
        write_mp_ext(w, &o->via.ext);
        break;
    case MSGPACK_OBJECT_ARRAY:
    case MSGPACK_OBJECT_MAP:
        write_mp_container(w, o);
        break;
    default:
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "an object of no type");
        break;
    }
}

static void write_js(aegis_writer *w, const msgpack_object *o);

static void write_js_string(aegis_writer *w, const msgpack_object *o, uint8_t after)
{
    if (!check_string(w, o))
        return;
    aegis_js_put_quoted(w, (const uint8_t *)o->via.str.ptr, o->via.str.size);
    if (aegis_put_room(w, 1 + AEGIS_SCALAR_ROOM))
        *w->at++ = after;
}

static void write_js_container(aegis_writer *w, const msgpack_object *o)
{
    uint32_t i;

    if (!aegis_put_enter(w))
        return;
    if (o->type == MSGPACK_OBJECT_MAP) {
        aegis_js_put_map(w, o->via.map.size);
        for (i = 0; i < o->via.map.size && !w->failed; i++) {
            write_js_string(w, &o->via.map.ptr[i].key, ':');
            write_js(w, &o->via.map.ptr[i].val);
        }
        aegis_js_end_map(w);
    } else {
        aegis_js_put_list(w, o->via.array.size);
        for (i = 0; i < o->via.array.size && !w->failed; i++)
            write_js(w, &o->via.array.ptr[i]);
        aegis_js_end_list(w);
    }
    aegis_put_leave(w);
}

static void write_js(aegis_writer *w, const msgpack_object *o)
{
    if (!aegis_put_room(w, AEGIS_SCALAR_ROOM))
        return;
    switch (o->type) {
    case MSGPACK_OBJECT_NIL:
        aegis_js_put_null(w);
        break;
    case MSGPACK_OBJECT_BOOLEAN:
        aegis_js_put_bool(w, o->via.boolean);
        break;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        aegis_js_put_u64(w, o->via.u64, 0, UINT64_MAX);
        break;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        aegis_js_put_i64(w, o->via.i64, INT64_MIN, INT64_MAX);
        break;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        aegis_js_put_f64(w, o->via.f64);
        break;
    case MSGPACK_OBJECT_STR:
        write_js_string(w, o, ',');
        break;
    case MSGPACK_OBJECT_BIN:
        aegis_js_put_bytes(w, (aegis_bytes){(const uint8_t *)o->via.bin.ptr, o->via.bin.size}, 0, SIZE_MAX);
        break;
    case MSGPACK_OBJECT_ARRAY:
    case MSGPACK_OBJECT_MAP:
        write_js_container(w, o);
        break;
    default:
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "JSON has no extension types");
        break;
    }
}

void aegis_mp_put_any(aegis_writer *w, aegis_any value)
{
    static const msgpack_object nil = {.type = MSGPACK_OBJECT_NIL};

    write_mp(w, value.object != NULL ? value.object : &nil);
}

void aegis_js_put_any(aegis_writer *w, aegis_any value)
{
    static const msgpack_object nil = {.type = MSGPACK_OBJECT_NIL};

    write_js(w, value.object != NULL ? value.object : &nil);
}

/* An encoded value in the writer's own format is trusted: it came out of a decoder or an encoder. */
static void put_raw(aegis_writer *w, aegis_raw value)
{
    aegis_format from = value.format == AEGIS_FORMAT_AUTO ? aegis_format_of(value.data) : value.format;
    aegis_reader r;
    aegis_any tree;

    if (from == w->format) {
        if (!aegis_put_room(w, value.data.len + 1))
            return;
        memcpy(w->at, value.data.data, value.data.len);
        w->at += value.data.len;
        if (w->format == AEGIS_FORMAT_JSON)
            *w->at++ = ',';
        return;
    }
    aegis_reader_open(&r, value.data, from, w->arena);
    tree = from == AEGIS_FORMAT_JSON ? aegis_js_get_any(&r) : aegis_mp_get_any(&r);
    if (aegis_reader_close(&r, NULL) != AEGIS_OK)
        aegis_put_fail(w, r.error.status, "a raw value: %s", r.error.text);
    else if (w->format == AEGIS_FORMAT_JSON)
        aegis_js_put_any(w, tree);
    else
        aegis_mp_put_any(w, tree);
}

void aegis_mp_put_raw(aegis_writer *w, aegis_raw value)
{
    if (value.data.len != 0)
        put_raw(w, value);
    else if (aegis_put_room(w, AEGIS_SCALAR_ROOM))
        aegis_mp_put_null(w);
}

void aegis_js_put_raw(aegis_writer *w, aegis_raw value)
{
    if (value.data.len != 0)
        put_raw(w, value);
    else if (aegis_put_room(w, AEGIS_SCALAR_ROOM))
        aegis_js_put_null(w);
}

aegis_status aegis_transcode(aegis_raw value, aegis_format to, aegis_arena *arena, aegis_raw *out,
                             aegis_error *error)
{
    aegis_writer w;
    aegis_status status;

    if (value.format == AEGIS_FORMAT_AUTO)
        value.format = aegis_format_of(value.data);
    if (to == AEGIS_FORMAT_AUTO)
        to = AEGIS_FORMAT_MSGPACK;
    *out = value;
    if (value.data.len == 0 || value.format == to) {
        out->format = to;
        return AEGIS_OK;
    }
    aegis_writer_open(&w, arena, to, 0);
    put_raw(&w, value);
    status = aegis_writer_close(&w, &out->data, error);
    out->format = to;
    return status;
}
