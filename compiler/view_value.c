/* The view of values: which function writes, reads and copies one, with which bounds. */
#include "view_parts.h"

#include <string.h>

const view_format view_formats[VIEW_FORMATS] = {{"mp", "msgpack", true, 1, 1}, {"js", "json", false, 3, 5}};
const view_format view_either = {"either", "", false, 0, 0};

static const shape_member format_members[] = {
    SHOWS_TEXT(view_format, f),
    SHOWS_TEXT(view_format, format),
};
const shape view_format_shape = SHAPE_OF(view_format, format_members);

static const shape_member value_members[] = {
    SHOWS_TEXT(view_value, put),       SHOWS_TEXT(view_value, get), SHOWS_TEXT(view_value, range),
    SHOWS_TEXT(view_value, cast),      SHOWS_TEXT(view_value, in),  SHOWS_TEXT(view_value, out),
    SHOWS_TRUTH(view_value, by_value),
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

typedef struct primitive {
    const char *put, *get;
    bool bounded; /* both take lo and hi */
    bool shared;  /* one function serves both encodings */
} primitive;

static primitive primitive_of(const schema_type *type)
{
    static const primitive by_kind[] = {[SCHEMA_BOOL] = {"bool", "bool", false, false},
                                        [SCHEMA_I8] = {"i64", "i64", true, false},
                                        [SCHEMA_I16] = {"i64", "i64", true, false},
                                        [SCHEMA_I32] = {"i64", "i64", true, false},
                                        [SCHEMA_I64] = {"i64", "i64", true, false},
                                        [SCHEMA_U8] = {"u64", "u64", true, false},
                                        [SCHEMA_U16] = {"u64", "u64", true, false},
                                        [SCHEMA_U32] = {"u64", "u64", true, false},
                                        [SCHEMA_U64] = {"u64", "u64", true, false},
                                        [SCHEMA_F32] = {"f64", "f32", false, false},
                                        [SCHEMA_F64] = {"f64", "f64", false, false},
                                        [SCHEMA_STRING] = {"string", "string", true, false},
                                        [SCHEMA_BYTES] = {"bytes", "bytes", true, true},
                                        [SCHEMA_TIMESTAMP] = {"timestamp", "timestamp", false, true},
                                        [SCHEMA_DURATION] = {"i64", "i64", true, false},
                                        [SCHEMA_UUID] = {"uuid", "uuid", false, true},
                                        [SCHEMA_DECIMAL] = {"decimal", "decimal", false, true},
                                        [SCHEMA_ANY] = {"any", "any", false, true},
                                        [SCHEMA_RAW] = {"raw", "raw", false, true}};
    static const primitive within = {"f64_in", "f64_in", true, true};
    static const primitive like = {"string_like", "string_like", true, true};

    if ((type->kind == SCHEMA_F32 || type->kind == SCHEMA_F64) &&
        (type->range.has_min || type->range.has_max))
        return within;
    return type->pattern != NULL ? like : by_kind[type->kind];
}

static const char *primitive_name(arena *a, const view_format *format, const primitive *p,
                                  const char *direction, const char *name)
{
    if (p->shared || format == &view_either || strcmp(name, "f32") == 0)
        return arena_printf(a, "aegis_%s_%s", direction, name);
    return arena_printf(a, "aegis_%s_%s_%s", format->f, direction, name);
}

/* The cast a wider primitive's result needs, or "". */
static const char *cast_of(arena *a, const schema_type *type)
{
    switch (type->kind) {
    case SCHEMA_F32:
        return type->range.has_min || type->range.has_max ? "(float)" : "";
    case SCHEMA_I8:
    case SCHEMA_I16:
    case SCHEMA_I32:
    case SCHEMA_U8:
    case SCHEMA_U16:
    case SCHEMA_U32:
        return arena_printf(a, "(%s)", type->c_type);
    default:
        return "";
    }
}

/* The address of the lvalue `at`, "made" for "*made". */
static const char *address(arena *a, const char *at)
{
    return at[0] == '*' ? at + 1 : arena_printf(a, "&%s", at);
}

view_value view_value_of(const view *v, arena *a, const schema_type *type, const view_format *format,
                         const char *in, const char *out)
{
    view_value made = {.range = "", .cast = "", .by_value = true};

    if (type->kind == SCHEMA_RECORD) {
        bool own = type->record->package == v->package && format != &view_either;
        bool one = !own || type->record->kind == SCHEMA_UNION; /* reader for both encodings */

        made.by_value = false;
        made.put = own ? arena_printf(a, "%s_put_%s", type->record->c_stem, format->format)
                       : arena_printf(a, "%s_put", type->c_type);
        made.get = one ? arena_printf(a, "%s_get", type->c_type)
                       : arena_printf(a, "%s_get_%s", type->record->c_stem, format->format);
    } else if (type->kind == SCHEMA_ENUM) {
        made.put = arena_printf(a, "%s_put", type->c_type);
        made.get = arena_printf(a, "%s_get", type->c_type);
    } else if (type->kind == SCHEMA_LIST || type->kind == SCHEMA_MAP) {
        const view_container_type *container = view_container_of(v, type);

        made.by_value = false;
        made.put = arena_printf(a, "put_%s_%s", container->word, format->f);
        made.get = arena_printf(a, "get_%s_%s", container->word, format->f);
    } else {
        primitive scalar = primitive_of(type);
        bool duration = type->kind == SCHEMA_DURATION;

        made.put = primitive_name(a, format, &scalar, "put", scalar.put);
        made.get = primitive_name(a, format, &scalar, "get", scalar.get);
        if (scalar.bounded)
            made.range = arena_printf(a, ", %s, %s", duration ? "INT64_MIN" : type->range.c_min,
                                      duration ? "INT64_MAX" : type->range.c_max);
        if (type->pattern != NULL)
            made.range = arena_printf(a, "%s, &%s", made.range, view_pattern_name(v, a, type->pattern));
        made.cast = cast_of(a, type);
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
        return arena_printf(a, "%s_copy(%s, arena, %s) == AEGIS_OK", type->c_type, where, where);
    case SCHEMA_LIST:
    case SCHEMA_MAP:
        return arena_printf(a, "copy_%s(arena, %s)", view_container_of(v, type)->copy_word, where);
    case SCHEMA_STRING:
    case SCHEMA_DECIMAL:
        return arena_printf(a, "aegis_copy_string(arena, %s)", where);
    case SCHEMA_BYTES:
        return arena_printf(a, "aegis_copy_bytes(arena, %s)", where);
    case SCHEMA_ANY:
        return arena_printf(a, "aegis_copy_any(arena, %s)", where);
    case SCHEMA_RAW:
        return arena_printf(a, "aegis_copy_raw(arena, %s)", where);
    default:
        return NULL;
    }
}
