/* Values of any shape, out of both formats: trees of msgpack-c's objects in the arena. */
#include "codec/codec.h"

#include "domain/arena.h"

#include <aegis/any.h>

static void read_value(aegis_reader *r, msgpack_object *out);

/* A copy with a NUL behind it, for people who print. */
static void set_bytes(aegis_reader *r, aegis_bytes from, const char **data, uint32_t *size)
{
    char *copy = aegis_arena_take_text(r->arena, from.len + 1);

    if (copy == NULL || from.len > UINT32_MAX) {
        aegis_reader_no_memory(r, r->at);
        return;
    }
    if (from.len > 0)
        memcpy(copy, from.data, from.len);
    copy[from.len] = '\0';
    *data = copy;
    *size = (uint32_t)from.len;
}

/* A value, or a key. */
static void read_string(aegis_reader *r, msgpack_object *out, bool key)
{
    const uint8_t *at = r->at;
    aegis_bytes text = key ? aegis_get_key(r) : aegis_get_token(r);

    if (r->failed)
        return;
    if (!aegis_is_json(r->format) && !aegis_utf8_valid(text.data, text.len))
        aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT, "not valid UTF-8");
    out->type = MSGPACK_OBJECT_STR;
    set_bytes(r, text, &out->via.str.ptr, &out->via.str.size);
}

/* Memory for at least one item more than `count`, which of MessagePack is the only time. */
static void *room_for(aegis_reader *r, void *items, size_t count, size_t *capacity, size_t left, size_t size)
{
    if (aegis_is_json(r->format))
        return aegis_list_grow(r, items, count, capacity, size);
    if (items != NULL)
        return items;
    *capacity = left;
    return aegis_get_memory(r, left, size);
}

static void read_map(aegis_reader *r, msgpack_object *out)
{
    msgpack_object_kv *entries = NULL;
    size_t left = aegis_get_open(r, AEGIS_MP_MAP), count = 0, capacity = 0;

    for (; left > 0 && !r->failed; aegis_next(r, &left)) {
        entries = (msgpack_object_kv *)room_for(r, entries, count, &capacity, left, sizeof *entries);
        if (entries == NULL)
            return;
        entries[count].key.type = MSGPACK_OBJECT_NIL;
        entries[count].val.type = MSGPACK_OBJECT_NIL;
        read_string(r, &entries[count].key, true);
        read_value(r, &entries[count].val);
        count++;
    }
    out->type = MSGPACK_OBJECT_MAP;
    out->via.map.ptr = entries;
    out->via.map.size = (uint32_t)count;
}

static void read_list(aegis_reader *r, msgpack_object *out)
{
    msgpack_object *items = NULL;
    size_t left = aegis_get_open(r, AEGIS_MP_LIST), count = 0, capacity = 0;

    for (; left > 0 && !r->failed; aegis_next(r, &left)) {
        items = (msgpack_object *)room_for(r, items, count, &capacity, left, sizeof *items);
        if (items == NULL)
            return;
        items[count].type = MSGPACK_OBJECT_NIL;
        read_value(r, &items[count]);
        count++;
    }
    out->type = MSGPACK_OBJECT_ARRAY;
    out->via.array.ptr = items;
    out->via.array.size = (uint32_t)count;
}

/* What only MessagePack has, and its integers. */
static void read_mp(aegis_reader *r, msgpack_object *out)
{
    aegis_mp_head head = aegis_mp_head_at(r->at, r->end);
    aegis_bytes body = {r->at + head.size, head.count};

    switch (head.kind) {
    case AEGIS_MP_UINT:
        out->type = MSGPACK_OBJECT_POSITIVE_INTEGER;
        out->via.u64 = head.bits;
        break;
    case AEGIS_MP_INT:
        out->type = MSGPACK_OBJECT_NEGATIVE_INTEGER;
        out->via.i64 = (int64_t)head.bits;
        break;
    case AEGIS_MP_BIN:
        out->type = MSGPACK_OBJECT_BIN;
        set_bytes(r, body, &out->via.bin.ptr, &out->via.bin.size);
        break;
    case AEGIS_MP_EXT:
        out->type = MSGPACK_OBJECT_EXT;
        out->via.ext.type = (int8_t)head.bits;
        set_bytes(r, body, &out->via.ext.ptr, &out->via.ext.size);
        break;
    default:
        aegis_mp_expected(r, "a value");
        break;
    }
    if (!r->failed)
        r->at += head.size + (size_t)head.count;
}

/* An integer that 64 bits hold stays one; any other number is a float. */
static void read_number(aegis_reader *r, msgpack_object *out)
{
    aegis_js_number number;
    uint64_t magnitude;

    if (!aegis_is_json(r->format) || !aegis_js_number_scan(r->at, r->end, &number) || !number.integer ||
        !aegis_js_number_u64(&number, &magnitude) ||
        (number.negative && (magnitude == 0 || magnitude > (uint64_t)INT64_MAX + 1))) {
        out->type = MSGPACK_OBJECT_FLOAT64;
        out->via.f64 = aegis_get_f64(r);
        return;
    }
    r->at = number.end;
    if (number.negative) {
        out->type = MSGPACK_OBJECT_NEGATIVE_INTEGER;
        out->via.i64 = (int64_t)(0 - magnitude);
    } else {
        out->type = MSGPACK_OBJECT_POSITIVE_INTEGER;
        out->via.u64 = magnitude;
    }
}

static void read_value(aegis_reader *r, msgpack_object *out)
{
    aegis_mp_kind kind = aegis_next_kind(r);

    switch (kind) {
    case AEGIS_MP_NIL:
        if (!aegis_get_null(r))
            aegis_expected(r, "a value");
        break;
    case AEGIS_MP_BOOL:
        out->type = MSGPACK_OBJECT_BOOLEAN;
        out->via.boolean = aegis_get_bool(r);
        break;
    case AEGIS_MP_F32:
    case AEGIS_MP_F64:
        read_number(r, out);
        break;
    case AEGIS_MP_STR:
        read_string(r, out, false);
        break;
    case AEGIS_MP_LIST:
    case AEGIS_MP_MAP:
        if (!aegis_get_enter(r))
            return;
        if (kind == AEGIS_MP_MAP)
            read_map(r, out);
        else
            read_list(r, out);
        aegis_get_leave(r);
        break;
    default:
        if (aegis_is_json(r->format))
            aegis_js_expected(r, "a value");
        else
            read_mp(r, out);
        break;
    }
}

aegis_any aegis_get_any(aegis_reader *r)
{
    msgpack_object *object = (msgpack_object *)aegis_get_memory(r, 1, sizeof *object);

    if (object == NULL)
        return (aegis_any){NULL};
    object->type = MSGPACK_OBJECT_NIL;
    read_value(r, object);
    return (aegis_any){r->failed ? NULL : object};
}
