/* Values of any shape, out of both formats: trees of msgpack-c's objects in the arena. */
#include "codec/codec.h"

#include <aegis/any.h>

static void read_mp(aegis_reader *r, msgpack_object *out);
static void read_js(aegis_reader *r, msgpack_object *out);

static void set_bytes(aegis_reader *r, const uint8_t *at, aegis_bytes from, const char **data, uint32_t *size)
{
    char *copy = (char *)aegis_arena_alloc(r->arena, from.len + 1);

    if (copy == NULL || from.len > UINT32_MAX) {
        aegis_reader_no_memory(r, at);
        return;
    }
    if (from.len > 0)
        memcpy(copy, from.data, from.len);
    copy[from.len] = '\0';
    *data = copy;
    *size = (uint32_t)from.len;
}

static void set_string(aegis_reader *r, const uint8_t *at, aegis_bytes text, msgpack_object *out)
{
    if (r->failed)
        return;
    out->type = MSGPACK_OBJECT_STR;
    set_bytes(r, at, text, &out->via.str.ptr, &out->via.str.size);
}

static void read_mp_string(aegis_reader *r, msgpack_object *out)
{
    const uint8_t *at = r->at;
    aegis_bytes text = aegis_mp_get_token(r);

    if (!r->failed && !aegis_utf8_valid(text.data, text.len))
        aegis_reader_fail(r, at, AEGIS_INVALID_ARGUMENT, "not valid UTF-8");
    set_string(r, at, text, out);
}

static void read_mp_map(aegis_reader *r, msgpack_object *out)
{
    size_t count = aegis_mp_get_map(r), i;
    msgpack_object_kv *entries = (msgpack_object_kv *)aegis_get_memory(r, count, sizeof *entries);

    for (i = 0; i < count && !r->failed; i++) {
        entries[i].key.type = MSGPACK_OBJECT_NIL;
        entries[i].val.type = MSGPACK_OBJECT_NIL;
        read_mp_string(r, &entries[i].key);
        read_mp(r, &entries[i].val);
    }
    out->type = MSGPACK_OBJECT_MAP;
    out->via.map.ptr = entries;
    out->via.map.size = (uint32_t)count;
}

static void read_mp_list(aegis_reader *r, msgpack_object *out)
{
    size_t count = aegis_mp_get_list(r, 1, 0, SIZE_MAX), i;
    msgpack_object *items = (msgpack_object *)aegis_get_memory(r, count, sizeof *items);

    for (i = 0; i < count && !r->failed; i++) {
        items[i].type = MSGPACK_OBJECT_NIL;
        read_mp(r, &items[i]);
    }
    out->type = MSGPACK_OBJECT_ARRAY;
    out->via.array.ptr = items;
    out->via.array.size = (uint32_t)count;
}

static void read_mp_blob(aegis_reader *r, const aegis_mp_head *head, msgpack_object *out)
{
    aegis_bytes body = {r->at + head->size, head->count};

    if (head->kind == AEGIS_MP_BIN) {
        out->type = MSGPACK_OBJECT_BIN;
        set_bytes(r, r->at, body, &out->via.bin.ptr, &out->via.bin.size);
    } else {
        out->type = MSGPACK_OBJECT_EXT;
        out->via.ext.type = (int8_t)head->bits;
        set_bytes(r, r->at, body, &out->via.ext.ptr, &out->via.ext.size);
    }
    if (!r->failed)
        r->at += head->size + (size_t)head->count;
}

static void read_mp(aegis_reader *r, msgpack_object *out)
{
    aegis_mp_head head = aegis_mp_head_at(r->at, r->end);

    switch (head.kind) {
    case AEGIS_MP_NIL:
        r->at++;
        break;
    case AEGIS_MP_BOOL:
        out->type = MSGPACK_OBJECT_BOOLEAN;
        out->via.boolean = aegis_mp_get_bool(r);
        break;
    case AEGIS_MP_UINT:
    case AEGIS_MP_INT:
        out->type =
            head.kind == AEGIS_MP_UINT ? MSGPACK_OBJECT_POSITIVE_INTEGER : MSGPACK_OBJECT_NEGATIVE_INTEGER;
        out->via.u64 = head.bits;
        r->at += head.size;
        break;
    case AEGIS_MP_F32:
    case AEGIS_MP_F64:
        out->type = MSGPACK_OBJECT_FLOAT64;
        out->via.f64 = aegis_mp_get_f64(r);
        break;
    case AEGIS_MP_STR:
        read_mp_string(r, out);
        break;
    case AEGIS_MP_BIN:
    case AEGIS_MP_EXT:
        read_mp_blob(r, &head, out);
        break;
    case AEGIS_MP_LIST:
    case AEGIS_MP_MAP:
        if (!aegis_get_enter(r))
            return;
        if (head.kind == AEGIS_MP_MAP)
            read_mp_map(r, out);
        else
            read_mp_list(r, out);
        aegis_get_leave(r);
        break;
    default:
        aegis_mp_expected(r, "a value");
        break;
    }
}

static void read_js_map(aegis_reader *r, msgpack_object *out)
{
    msgpack_object_kv *entries = NULL;
    size_t left = aegis_js_get_map(r), count = 0, capacity = 0;

    while (left > 0) {
        const uint8_t *at = r->at;

        entries = (msgpack_object_kv *)aegis_list_grow(r, entries, count, &capacity, sizeof *entries);
        if (entries == NULL)
            return;
        entries[count].key.type = MSGPACK_OBJECT_NIL;
        entries[count].val.type = MSGPACK_OBJECT_NIL;
        set_string(r, at, aegis_js_get_key(r), &entries[count].key);
        read_js(r, &entries[count].val);
        count++;
        aegis_js_next(r, &left);
    }
    out->type = MSGPACK_OBJECT_MAP;
    out->via.map.ptr = entries;
    out->via.map.size = (uint32_t)count;
}

static void read_js_list(aegis_reader *r, msgpack_object *out)
{
    msgpack_object *items = NULL;
    size_t left = aegis_js_get_list(r, 1, 0, SIZE_MAX), count = 0, capacity = 0;

    while (left > 0) {
        items = (msgpack_object *)aegis_list_grow(r, items, count, &capacity, sizeof *items);
        if (items == NULL)
            return;
        items[count].type = MSGPACK_OBJECT_NIL;
        read_js(r, &items[count]);
        count++;
        aegis_js_next(r, &left);
    }
    out->type = MSGPACK_OBJECT_ARRAY;
    out->via.array.ptr = items;
    out->via.array.size = (uint32_t)count;
}

/* An integer that 64 bits hold stays one; any other number is a float. */
static void read_js_number(aegis_reader *r, msgpack_object *out)
{
    aegis_js_number number;
    uint64_t magnitude;

    if (!aegis_js_number_scan(r->at, r->end, &number)) {
        aegis_js_expected(r, "a value");
        return;
    }
    if (!number.integer || !aegis_js_number_u64(&number, &magnitude) ||
        (number.negative && (magnitude == 0 || magnitude > (uint64_t)INT64_MAX + 1))) {
        out->type = MSGPACK_OBJECT_FLOAT64;
        out->via.f64 = aegis_js_get_f64(r);
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

static void read_js(aegis_reader *r, msgpack_object *out)
{
    const uint8_t *at;
    uint8_t c;

    aegis_js_space(r);
    at = r->at;
    c = at != r->end ? *at : 0;
    if (c == '{' || c == '[') {
        if (!aegis_get_enter(r))
            return;
        if (c == '{')
            read_js_map(r, out);
        else
            read_js_list(r, out);
        aegis_get_leave(r);
    } else if (c == '"') {
        set_string(r, at, aegis_js_get_text(r, "a value"), out);
    } else if (c == 't' || c == 'f') {
        out->type = MSGPACK_OBJECT_BOOLEAN;
        out->via.boolean = aegis_js_get_bool(r);
    } else if (c != 'n' || !aegis_js_get_null(r)) {
        read_js_number(r, out);
    }
}

static aegis_any read_tree(aegis_reader *r, void (*read)(aegis_reader *r, msgpack_object *out))
{
    msgpack_object *object = (msgpack_object *)aegis_get_memory(r, 1, sizeof *object);

    if (object == NULL)
        return (aegis_any){NULL};
    object->type = MSGPACK_OBJECT_NIL;
    read(r, object);
    return (aegis_any){r->failed ? NULL : object};
}

aegis_any aegis_mp_get_any(aegis_reader *r)
{
    return read_tree(r, read_mp);
}

aegis_any aegis_js_get_any(aegis_reader *r)
{
    return read_tree(r, read_js);
}
