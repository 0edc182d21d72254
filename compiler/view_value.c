/* The view of values: which function writes, reads and copies one, with which bounds. */
#include "view_parts.h"
#include "pattern.h"

#include <string.h>

const view_format view_formats[VIEW_FORMATS] = {{"mp", "msgpack"}, {"js", "json"}};

/* ---- containers --------------------------------------------------------------------------------------- */

static bool same_bound(const char *one, const char *other)
{
    return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}

static bool same_pattern(const pattern *one, const pattern *other)
{
    return one == other || (one != NULL && other != NULL && strcmp(one->text, other->text) == 0);
}

/* Whether one reader and one writer serve both. */
static bool same_type(const schema_type *one, const schema_type *other)
{
    if (one == other)
        return true;
    return one->kind == other->kind && strcmp(one->c_type, other->c_type) == 0 &&
           same_bound(one->range.c_min, other->range.c_min) &&
           same_bound(one->range.c_max, other->range.c_max) && same_pattern(one->pattern, other->pattern) &&
           (one->element == NULL || same_type(one->element, other->element));
}

const view_container *view_container_of(const view *v, const schema_type *type)
{
    for (size_t i = 0; i < v->container_count; i++)
        if (same_type(v->containers[i].type, type))
            return &v->containers[i];
    return NULL;
}

static void add_container(view *v, const schema_type *type)
{
    view_container made = {0};
    const char *word = type->c_name;
    size_t prefix = strlen(v->package->c_prefix);
    unsigned same = 1;
    view_container *grown;

    if (type->kind != SCHEMA_LIST && type->kind != SCHEMA_MAP)
        return;
    add_container(v, type->element);
    if (view_container_of(v, type) != NULL)
        return;
    if (strncmp(word, v->package->c_prefix, prefix) == 0 && word[prefix] == '_')
        word += prefix + 1;
    made.copies = true;
    made.type = type;
    for (size_t i = 0; i < v->container_count; i++) {
        const view_container *other = &v->containers[i];

        if (strcmp(other->base, word) == 0)
            same++;
        if (made.copies && strcmp(other->type->c_name, type->c_name) == 0) {
            made.copies = false;
            made.copy_word = other->word;
        }
    }
    made.base = word;
    made.word = same == 1 ? word : arena_printf(v->memory, "%s_%u", word, same);
    if (made.copies)
        made.copy_word = made.word;
    grown = (view_container *)arena_grow(v->memory, v->containers, v->container_count, sizeof *grown);
    if (grown == NULL)
        return;
    v->containers = grown;
    v->containers[v->container_count++] = made;
}

void view_find_containers(view *v)
{
    const schema_package *package = v->package;

    for (size_t i = 0; i < package->record_count; i++)
        for (size_t j = 0; j < package->records[i]->field_count; j++)
            add_container(v, package->records[i]->fields[j].type);
}

/* ---- sizes -------------------------------------------------------------------------------------------- */

static size_t least_of_field(const schema_field *field, unsigned depth);

static size_t least(const schema_type *type, unsigned depth)
{
    size_t sum = 1;

    if (type->kind == SCHEMA_UUID)
        return 38; /* str8 of 36 characters */
    if (type->kind != SCHEMA_RECORD || depth == 0 || type->record->kind == SCHEMA_UNION)
        return 1;
    for (size_t i = 0; i < type->record->field_count; i++)
        sum += least_of_field(&type->record->fields[i], depth - 1);
    return sum;
}

static size_t least_of_field(const schema_field *field, unsigned depth)
{
    size_t key = strlen(field->name);

    if (field->presence != SCHEMA_REQUIRED || field->default_value.kind != SCHEMA_VALUE_NONE)
        return 0;
    for (size_t i = 0; i < field->was_count; i++)
        if (strlen(field->was[i]) < key)
            key = strlen(field->was[i]);
    return key + 1 + least(field->type, depth);
}

size_t view_least(const schema_type *type)
{
    return least(type, 4); /* deeper ones only make the bound looser */
}

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
static const char *cast_of(const view *v, const schema_type *type)
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
        return arena_printf(v->memory, "(%s)", type->c_type);
    default:
        return "";
    }
}

/* The address of the lvalue `at`, "made" for "*made". */
static const char *address(const view *v, const char *at)
{
    return at[0] == '*' ? at + 1 : arena_printf(v->memory, "&%s", at);
}

node *view_value(const view *v, const schema_type *type, const view_format *format, const char *in,
                 const char *out)
{
    arena *a = v->memory;
    node *made = node_object(a);
    bool by_value = false;
    const char *put, *get, *range = "", *cast = "";

    if (type->kind == SCHEMA_RECORD || type->kind == SCHEMA_ENUM) {
        bool record = type->kind == SCHEMA_RECORD;
        bool own = (record ? type->record->package : type->enumeration->package) == v->package;
        const char *tail = own && record ? arena_printf(a, "_%s", format->name) : "";

        by_value = !record;
        put = arena_printf(a, "%s_put%s", type->c_type, tail);
        get = arena_printf(a, "%s_get%s", type->c_type, tail);
    } else if (type->kind == SCHEMA_LIST || type->kind == SCHEMA_MAP) {
        const view_container *container = view_container_of(v, type);
        const char *word = container == NULL ? "" : container->word;

        put = arena_printf(a, "put_%s_%s", word, format->f);
        get = arena_printf(a, "get_%s_%s", word, format->f);
    } else {
        primitive scalar = primitive_of(type);

        const char *like = type->pattern != NULL ? "_like" : "";

        by_value = true;
        put = arena_printf(a, "aegis_%s_put_%s%s", format->f, scalar.name, like);
        get = arena_printf(a, "aegis_%s_get_%s%s", format->f, scalar.name, like);
        if (scalar.bounded)
            range = arena_printf(a, ", %s, %s", type->range.c_min, type->range.c_max);
        if (type->pattern != NULL)
            range = arena_printf(a, "%s, &%s", range, view_pattern_name(v, type->pattern));
        cast = cast_of(v, type);
    }
    node_set_text(a, made, "put", put);
    node_set_text(a, made, "get", get);
    node_set_text(a, made, "range", range);
    node_set_text(a, made, "cast", cast);
    node_set_text(a, made, "in", by_value ? in : address(v, in));
    node_set_text(a, made, "out", by_value ? out : address(v, out));
    node_set_bool(a, made, "by_value", by_value);
    return made;
}

/* ---- copying ------------------------------------------------------------------------------------------ */

static bool has_pointers(const schema_type *type, unsigned depth)
{
    switch (type->kind) {
    case SCHEMA_STRING:
    case SCHEMA_BYTES:
    case SCHEMA_DECIMAL:
    case SCHEMA_ANY:
    case SCHEMA_RAW:
    case SCHEMA_LIST:
    case SCHEMA_MAP:
        return true;
    case SCHEMA_RECORD:
        if (depth == 0)
            return true;
        for (size_t i = 0; i < type->record->field_count; i++) {
            const schema_field *field = &type->record->fields[i];
            if (field->presence == SCHEMA_POINTER || has_pointers(field->type, depth - 1))
                return true;
        }
        return false;
    default:
        return false;
    }
}

const node *view_copy(const view *v, const schema_type *type, const char *at)
{
    arena *a = v->memory;
    const char *where = address(v, at);

    if (!has_pointers(type, 16))
        return node_bool(a, false);
    switch (type->kind) {
    case SCHEMA_RECORD:
        return node_text(a,
                         arena_printf(a, "%s_copy(%s, arena, %s) == AEGIS_OK", type->c_type, where, where));
    case SCHEMA_LIST:
    case SCHEMA_MAP: {
        const view_container *container = view_container_of(v, type);
        return node_text(a, arena_printf(a, "copy_%s(arena, %s)", container->copy_word, where));
    }
    case SCHEMA_BYTES:
        return node_text(a, arena_printf(a, "aegis_copy_bytes(arena, %s)", where));
    case SCHEMA_ANY:
        return node_text(a, arena_printf(a, "aegis_copy_any(arena, %s)", where));
    case SCHEMA_RAW:
        return node_text(a, arena_printf(a, "aegis_copy_raw(arena, %s)", where));
    default:
        return node_text(a, arena_printf(a, "aegis_copy_string(arena, %s)", where));
    }
}
