/* The view of values: which function writes, reads and copies one, with which bounds. */
#include "view_parts.h"

#include <string.h>

const view_format view_msgpack = {true, 1, 1}, view_json = {false, 3, 5};

static const shape_member value_members[] = {
    SHOWS_TEXT(view_value, put),   SHOWS_TEXT(view_value, read),      SHOWS_TEXT(view_value, get),
    SHOWS_TEXT(view_value, range), SHOWS_TEXT(view_value, cast),      SHOWS_TEXT(view_value, in),
    SHOWS_TEXT(view_value, out),   SHOWS_TRUTH(view_value, by_value),
};
const shape view_value_shape = SHAPE_OF(view_value, value_members);

/* ---- sizes -------------------------------------------------------------------------------------------- */

size_t view_most(const schema_type *type, const view_format *format)
{
    switch (type->kind) {
    case SCHEMA_BOOL:
        return format->counted ? 1 : 6; /* "false," */
    case SCHEMA_F32:
    case SCHEMA_F64:
        return format->counted ? 9 : 26; /* 24 characters and a comma */
    case SCHEMA_UUID:
        return format->counted ? 38 : 39;
    case SCHEMA_TIMESTAMP:
        return 40;
    case SCHEMA_I8:
    case SCHEMA_I16:
    case SCHEMA_I32:
    case SCHEMA_I64:
    case SCHEMA_U8:
    case SCHEMA_U16:
    case SCHEMA_U32:
    case SCHEMA_U64:
    case SCHEMA_DURATION:
        return format->counted ? 9 : 21; /* eight bytes are stored, so many count */
    default:
        return 0;
    }
}

bool view_leaves_room(const schema_type *type)
{
    return type->kind == SCHEMA_STRING || type->kind == SCHEMA_BYTES || type->kind == SCHEMA_DECIMAL ||
           type->kind == SCHEMA_ENUM;
}

/* ---- reading and writing ------------------------------------------------------------------------------ */

/* Calls as far as the value, or as the bounds: of functions that are told the encoding where that makes a
 * difference. */
typedef struct primitive {
    const char *put, *read, *get, *cast;
} primitive;

static const primitive plain[] = {
    [SCHEMA_BOOL] = {"aegis_write_bool(w, json, ", "aegis_read_bool(r, json", "aegis_get_bool(r", ""},
    [SCHEMA_I8] = {"aegis_write_i64(w, json, ", "aegis_read_i8(r, json", "aegis_get_i8(r", ""},
    [SCHEMA_I16] = {"aegis_write_i64(w, json, ", "aegis_read_i16(r, json", "aegis_get_i16(r", ""},
    [SCHEMA_I32] = {"aegis_write_i64(w, json, ", "aegis_read_i32(r, json", "aegis_get_i32(r", ""},
    [SCHEMA_I64] = {"aegis_write_i64(w, json, ", "aegis_read_i64(r, json", "aegis_get_i64(r", ""},
    [SCHEMA_U8] = {"aegis_write_u64(w, json, ", "aegis_read_u8(r, json", "aegis_get_u8(r", ""},
    [SCHEMA_U16] = {"aegis_write_u64(w, json, ", "aegis_read_u16(r, json", "aegis_get_u16(r", ""},
    [SCHEMA_U32] = {"aegis_write_u64(w, json, ", "aegis_read_u32(r, json", "aegis_get_u32(r", ""},
    [SCHEMA_U64] = {"aegis_write_u64(w, json, ", "aegis_read_u64(r, json", "aegis_get_u64(r", ""},
    [SCHEMA_F32] = {"aegis_write_f64(w, json, ", "aegis_get_f32(r", "aegis_get_f32(r", ""},
    [SCHEMA_F64] = {"aegis_write_f64(w, json, ", "aegis_read_f64(r, json", "aegis_get_f64(r", ""},
    [SCHEMA_STRING] = {"aegis_write_string(w, json, ", "aegis_read_string(r, json", "aegis_get_string(r", ""},
    [SCHEMA_BYTES] = {"aegis_put_bytes(w, ", "aegis_get_bytes(r", "aegis_get_bytes(r", ""},
    [SCHEMA_TIMESTAMP] = {"aegis_put_timestamp(w, ", "aegis_get_timestamp(r", "aegis_get_timestamp(r", ""},
    [SCHEMA_DURATION] = {"aegis_write_i64(w, json, ", "aegis_read_i64(r, json", "aegis_get_i64(r", ""},
    [SCHEMA_UUID] = {"aegis_put_uuid(w, ", "aegis_get_uuid(r", "aegis_get_uuid(r", ""},
    [SCHEMA_DECIMAL] = {"aegis_put_decimal(w, ", "aegis_get_decimal(r", "aegis_get_decimal(r", ""},
    [SCHEMA_ANY] = {"aegis_put_any(w, ", "aegis_get_any(r", "aegis_get_any(r", ""},
    [SCHEMA_RAW] = {"aegis_put_raw(w, ", "aegis_get_raw(r", "aegis_get_raw(r", ""}};

/* With bounds. */
#define INTEGER(cast)                                                                                        \
    {                                                                                                        \
        "aegis_write_i64_in(w, json, ", "aegis_read_i64_in(r, json", "aegis_get_i64_in(r", cast              \
    }
#define UNSIGNED(cast)                                                                                       \
    {                                                                                                        \
        "aegis_write_u64_in(w, json, ", "aegis_read_u64_in(r, json", "aegis_get_u64_in(r", cast              \
    }
static const primitive bounded[] = {
    [SCHEMA_I8] = INTEGER("(int8_t)"),
    [SCHEMA_I16] = INTEGER("(int16_t)"),
    [SCHEMA_I32] = INTEGER("(int32_t)"),
    [SCHEMA_I64] = INTEGER(""),
    [SCHEMA_U8] = UNSIGNED("(uint8_t)"),
    [SCHEMA_U16] = UNSIGNED("(uint16_t)"),
    [SCHEMA_U32] = UNSIGNED("(uint32_t)"),
    [SCHEMA_U64] = UNSIGNED(""),
    [SCHEMA_F32] = {"aegis_put_f64_in(w, ", "aegis_get_f64_in(r", "aegis_get_f64_in(r", "(float)"},
    [SCHEMA_F64] = {"aegis_put_f64_in(w, ", "aegis_get_f64_in(r", "aegis_get_f64_in(r", ""},
    [SCHEMA_STRING] = {"aegis_write_string_in(w, json, ", "aegis_read_string_in(r, json",
                       "aegis_get_string_in(r", ""},
    [SCHEMA_BYTES] = {"aegis_put_bytes_in(w, ", "aegis_get_bytes_in(r", "aegis_get_bytes_in(r", ""},
    [SCHEMA_RAW] = {NULL, NULL, NULL, NULL}};
static const primitive like = {"aegis_put_string_like(w, ", "aegis_get_string_like(r",
                               "aegis_get_string_like(r", ""};

/* The functions of a type that is neither declared nor made of others, and the bounds they take. */
static primitive primitive_of(const view *v, arena *a, const schema_type *type, const char **range)
{
    const bool takes = bounded[type->kind].put != NULL && (type->range.has_min || type->range.has_max);

    if (type->pattern != NULL) {
        *range = arena_join(a, ", ", type->range.c_min, ", ", type->range.c_max, ", &",
                            view_pattern_name(v, a, type->pattern), NULL);
        return like;
    }
    *range = takes ? arena_join(a, ", ", type->range.c_min, ", ", type->range.c_max, NULL) : "";
    return takes ? bounded[type->kind] : plain[type->kind];
}

/* The address of the lvalue `at`, "made" for "*made". */
static const char *address(arena *a, const char *at)
{
    return at[0] == '*' ? at + 1 : arena_join(a, "&", at, NULL);
}

bool view_is_told(const schema_type *type)
{
    switch (type->kind) {
    case SCHEMA_F32:
    case SCHEMA_F64:
        return !type->range.has_min && !type->range.has_max;
    case SCHEMA_STRING:
        return type->pattern == NULL;
    case SCHEMA_DURATION:
        return true;
    default:
        return type->kind <= SCHEMA_U64;
    }
}

view_value view_value_of(const view *v, arena *a, const schema_type *type, const char *in, const char *out)
{
    view_value made = {.range = "", .cast = ""};

    made.by_value = type->kind != SCHEMA_RECORD && type->kind != SCHEMA_LIST && type->kind != SCHEMA_MAP;
    if (type->kind == SCHEMA_RECORD || type->kind == SCHEMA_ENUM) {
        made.put = arena_join(a, type->c_type, "_put(w, ", NULL);
        made.read = made.get = arena_join(a, type->c_type, "_get(r", NULL);
    } else if (!made.by_value) {
        const char *word = view_container_of(v, type)->word;

        made.put = arena_join(a, "put_", word, "_items(w, ", NULL);
        made.read = made.get = arena_join(a, "get_", word, "_items(r", NULL);
    } else {
        const primitive p = primitive_of(v, a, type, &made.range);

        made.put = p.put;
        made.read = p.read;
        made.get = p.get;
        made.cast = p.cast;
    }
    made.in = made.by_value ? in : address(a, in);
    made.out = made.by_value ? out : address(a, out);
    return made;
}

/* ---- copying ------------------------------------------------------------------------------------------ */

const char *view_copy(const view *v, arena *a, const schema_type *type, const char *at)
{
    const char *where = address(a, at);

    switch (type->kind) {
    case SCHEMA_RECORD:
        if (!type->record->has_pointers)
            return NULL;
        return arena_join(a, type->c_type, "_copy(", where, ", arena, ", where, ") != AEGIS_OK", NULL);
    case SCHEMA_LIST:
    case SCHEMA_MAP:
        return arena_join(a, "!copy_", view_container_of(v, type)->copy_word, "_items(arena, ", where, ")",
                          NULL);
    case SCHEMA_STRING:
    case SCHEMA_DECIMAL:
        return arena_join(a, "!aegis_copy_string(arena, ", where, ")", NULL);
    case SCHEMA_BYTES:
        return arena_join(a, "!aegis_copy_bytes(arena, ", where, ")", NULL);
    case SCHEMA_ANY:
        return arena_join(a, "!aegis_copy_any(arena, ", where, ")", NULL);
    case SCHEMA_RAW:
        return arena_join(a, "!aegis_copy_raw(arena, ", where, ")", NULL);
    default:
        return NULL;
    }
}
