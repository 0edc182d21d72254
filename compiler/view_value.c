/* The view of values: which function writes, reads and copies one, with which bounds. */
#include "view_parts.h"

const view_format view_formats[VIEW_FORMATS] = {{"mp", "msgpack"}, {"js", "json"}};

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

/* ---- reading and writing ------------------------------------------------------------------------------ */

typedef struct primitive {
    const char *name;
    bool bounded; /* takes lo and hi */
} primitive;

static primitive primitive_of(const schema_type *type)
{
    static const primitive by_kind[] = {[SCHEMA_BOOL] = {"bool", false},
                                        [SCHEMA_I8] = {"i64", true},
                                        [SCHEMA_I16] = {"i64", true},
                                        [SCHEMA_I32] = {"i64", true},
                                        [SCHEMA_I64] = {"i64", true},
                                        [SCHEMA_U8] = {"u64", true},
                                        [SCHEMA_U16] = {"u64", true},
                                        [SCHEMA_U32] = {"u64", true},
                                        [SCHEMA_U64] = {"u64", true},
                                        [SCHEMA_F32] = {"f32", false},
                                        [SCHEMA_F64] = {"f64", false},
                                        [SCHEMA_STRING] = {"string", true},
                                        [SCHEMA_BYTES] = {"bytes", true},
                                        [SCHEMA_TIMESTAMP] = {"timestamp", false},
                                        [SCHEMA_DURATION] = {"duration", false},
                                        [SCHEMA_UUID] = {"uuid", false},
                                        [SCHEMA_DECIMAL] = {"decimal", false},
                                        [SCHEMA_ANY] = {"any", false},
                                        [SCHEMA_RAW] = {"raw", false}};
    static const primitive within = {"f64_in", true};

    if ((type->kind == SCHEMA_F32 || type->kind == SCHEMA_F64) &&
        (type->range.has_min || type->range.has_max))
        return within;
    return by_kind[type->kind];
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
        bool own = type->record->package == v->package;
        const char *stem = own ? type->record->c_stem : type->c_type;

        made.by_value = false;
        made.put = arena_printf(a, "%s_put%s%s", stem, own ? "_" : "", own ? format->format : "");
        made.get = arena_printf(a, "%s_get%s%s", stem, own ? "_" : "", own ? format->format : "");
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
        const char *like = type->pattern != NULL ? "_like" : "";

        made.put = arena_printf(a, "aegis_%s_put_%s%s", format->f, scalar.name, like);
        made.get = arena_printf(a, "aegis_%s_get_%s%s", format->f, scalar.name, like);
        if (scalar.bounded)
            made.range = arena_printf(a, ", %s, %s", type->range.c_min, type->range.c_max);
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
