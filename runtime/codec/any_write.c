/* Values of any shape into both formats; encoded values into the other one. */
#include "codec/codec.h"

#include <aegis/any.h>

static void write_value(aegis_writer *w, const msgpack_object *o);

/* `after` is what JSON has behind it: ',' or ':'. */
static void write_string(aegis_writer *w, const msgpack_object *o, uint8_t after)
{
    static const char invalid[] = "not valid UTF-8";

    if (o->type != MSGPACK_OBJECT_STR)
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "a key is not a string");
    else if (aegis_is_json(w->format))
        aegis_js_put_text(w, o->via.str.ptr, o->via.str.size, after, invalid);
    else
        aegis_mp_put_text(w, o->via.str.ptr, o->via.str.size, invalid);
}

/* Of 1, 2, 4, 8 or 16 bytes, or with their number in 1, 2 or 4 bytes. */
static void write_ext(aegis_writer *w, const msgpack_object_ext *ext)
{
    const uint32_t size = ext->size;
    unsigned width = (unsigned)(size > UINT8_MAX) + (size > UINT16_MAX), i;
    uint8_t *at;

    if (!aegis_put_room(w, (size_t)size + 6))
        return;
    at = w->at;
    if (size != 0 && size <= 16 && (size & (size - 1)) == 0) {
        *at++ = (uint8_t)(0xd4 + (size > 1) + (size > 2) + (size > 4) + (size > 8));
    } else {
        *at++ = (uint8_t)(0xc7 + width);
        for (i = 1u << width; i-- > 0;)
            *at++ = (uint8_t)(size >> 8 * i);
    }
    *at++ = (uint8_t)ext->type;
    if (size > 0)
        memcpy(at, ext->ptr, size);
    w->at = at + size;
}

static void write_container(aegis_writer *w, const msgpack_object *o)
{
    uint32_t i;

    if (!aegis_put_enter(w))
        return;
    if (o->type == MSGPACK_OBJECT_MAP) {
        AEGIS_PUT(w, entries, w, o->via.map.size, 0, SIZE_MAX);
        for (i = 0; i < o->via.map.size && !w->failed; i++) {
            write_string(w, &o->via.map.ptr[i].key, ':');
            write_value(w, &o->via.map.ptr[i].val);
        }
    } else {
        AEGIS_PUT(w, list, w, o->via.array.size, 0, SIZE_MAX);
        for (i = 0; i < o->via.array.size && !w->failed; i++)
            write_value(w, &o->via.array.ptr[i]);
    }
    if (aegis_is_json(w->format))
        aegis_js_end(w, o->type == MSGPACK_OBJECT_MAP ? '}' : ']');
    aegis_put_leave(w);
}

static void write_value(aegis_writer *w, const msgpack_object *o)
{
    if (!aegis_put_room(w, AEGIS_ROOM))
        return;
    switch (o->type) {
    case MSGPACK_OBJECT_NIL:
        AEGIS_PUT(w, null, w);
        break;
    case MSGPACK_OBJECT_BOOLEAN:
        AEGIS_PUT(w, bool, w, o->via.boolean);
        break;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        AEGIS_PUT(w, u64, w, o->via.u64, 0, UINT64_MAX);
        break;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        AEGIS_PUT(w, i64, w, o->via.i64, INT64_MIN, INT64_MAX);
        break;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        AEGIS_PUT(w, f64, w, o->via.f64);
        break;
    case MSGPACK_OBJECT_STR:
        write_string(w, o, ',');
        break;
    case MSGPACK_OBJECT_BIN:
        aegis_put_bytes_in(w, (aegis_bytes){(const uint8_t *)o->via.bin.ptr, o->via.bin.size}, 0, SIZE_MAX);
        break;
    case MSGPACK_OBJECT_EXT:
        if (aegis_is_json(w->format))
            aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "JSON has no extension types");
        else
            write_ext(w, &o->via.ext);
        break;
    case MSGPACK_OBJECT_ARRAY:
    case MSGPACK_OBJECT_MAP:
        write_container(w, o);
        break;
    default:
        aegis_put_fail(w, AEGIS_INVALID_ARGUMENT, "an object of no type");
        break;
    }
}

void aegis_put_any(aegis_writer *w, aegis_any value)
{
    static const msgpack_object nil = {.type = MSGPACK_OBJECT_NIL};

    write_value(w, value.object != NULL ? value.object : &nil);
}

/* An encoded value in the writer's own format is trusted: it came out of a decoder or an encoder. */
void aegis_put_raw(aegis_writer *w, aegis_raw value)
{
    aegis_format from = value.format == AEGIS_FORMAT_AUTO ? aegis_format_of(value.data) : value.format;
    aegis_reader r;
    aegis_any tree;

    if (value.data.len == 0) {
        aegis_put_any(w, (aegis_any){NULL});
    } else if (from == w->format) {
        if (!aegis_put_room(w, value.data.len + 1))
            return;
        memcpy(w->at, value.data.data, value.data.len);
        w->at += value.data.len;
        if (aegis_is_json(w->format))
            *w->at++ = ',';
    } else {
        aegis_reader_open(&r, value.data, from, w->arena);
        tree = aegis_get_any(&r);
        if (aegis_reader_close(&r, NULL) != AEGIS_OK)
            aegis_put_fail(w, r.error.status, "a raw value: %s", r.error.text);
        else
            aegis_put_any(w, tree);
    }
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
    aegis_put_raw(&w, value);
    status = aegis_writer_close(&w, &out->data, error);
    out->format = to;
    return status;
}
