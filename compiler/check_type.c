/* Types and their bounds, aliases and constants: names resolved, bounds turned into numbers. */
#include "check.h"

#include <string.h>

typedef struct builtin {
    const char *name;
    schema_kind kind;
    const char *c_type, *c_min, *c_max;
    int64_t min;
    uint64_t max;
} builtin;

static const builtin builtins[] = {
    {"bool", SCHEMA_BOOL, "bool", NULL, NULL, 0, 0},
    {"i8", SCHEMA_I8, "int8_t", "INT8_MIN", "INT8_MAX", INT8_MIN, INT8_MAX},
    {"i16", SCHEMA_I16, "int16_t", "INT16_MIN", "INT16_MAX", INT16_MIN, INT16_MAX},
    {"i32", SCHEMA_I32, "int32_t", "INT32_MIN", "INT32_MAX", INT32_MIN, INT32_MAX},
    {"i64", SCHEMA_I64, "int64_t", "INT64_MIN", "INT64_MAX", INT64_MIN, INT64_MAX},
    {"u8", SCHEMA_U8, "uint8_t", "0", "UINT8_MAX", 0, UINT8_MAX},
    {"u16", SCHEMA_U16, "uint16_t", "0", "UINT16_MAX", 0, UINT16_MAX},
    {"u32", SCHEMA_U32, "uint32_t", "0", "UINT32_MAX", 0, UINT32_MAX},
    {"u64", SCHEMA_U64, "uint64_t", "0", "UINT64_MAX", 0, UINT64_MAX},
    {"f32", SCHEMA_F32, "float", "-FLT_MAX", "FLT_MAX", 0, 0},
    {"f64", SCHEMA_F64, "double", "-DBL_MAX", "DBL_MAX", 0, 0},
    {"string", SCHEMA_STRING, "const char *", "0", "SIZE_MAX", 0, UINT64_MAX},
    {"bytes", SCHEMA_BYTES, "aegis_bytes", "0", "SIZE_MAX", 0, UINT64_MAX},
    {"timestamp", SCHEMA_TIMESTAMP, "aegis_timestamp", NULL, NULL, 0, 0},
    {"duration", SCHEMA_DURATION, "aegis_duration", NULL, NULL, 0, 0},
    {"uuid", SCHEMA_UUID, "aegis_uuid", NULL, NULL, 0, 0},
    {"decimal", SCHEMA_DECIMAL, "const char *", NULL, NULL, 0, 0},
    {"any", SCHEMA_ANY, "aegis_any", NULL, NULL, 0, 0},
    {"raw", SCHEMA_RAW, "aegis_raw", NULL, NULL, 0, 0},
};

bool kind_is_signed(schema_kind kind)
{
    return kind >= SCHEMA_I8 && kind <= SCHEMA_I64;
}

bool kind_is_unsigned(schema_kind kind)
{
    return kind >= SCHEMA_U8 && kind <= SCHEMA_U64;
}

bool kind_is_float(schema_kind kind)
{
    return kind == SCHEMA_F32 || kind == SCHEMA_F64;
}

static const builtin *find_builtin(const char *name)
{
    for (size_t i = 0; i < sizeof builtins / sizeof builtins[0]; i++) {
        if (builtins[i].name[0] == name[0] && strcmp(builtins[i].name, name) == 0)
            return &builtins[i];
    }
    return NULL;
}

bool builtin_type(const char *name)
{
    return find_builtin(name) != NULL;
}

const char *const *builtin_names(unit *u, size_t *count)
{
    const char **names;

    *count = sizeof builtins / sizeof builtins[0];
    names = (const char **)arena_array(&u->c->memory, *count, sizeof *names);
    for (size_t i = 0; i < *count; i++)
        names[i] = builtins[i].name;
    return names;
}

const char *c_integer(arena *a, bool negative, uint64_t magnitude, const char *macro)
{
    if (negative && magnitude == (uint64_t)INT64_MAX + 1)
        return "INT64_MIN";
    if (magnitude > INT32_MAX)
        return arena_printf(a, "%s%s(%llu)", negative ? "-" : "", macro, (unsigned long long)magnitude);
    return arena_printf(a, "%s%llu", negative ? "-" : "", (unsigned long long)magnitude);
}

const char *c_float(arena *a, double value)
{
    const char *text = arena_printf(a, "%.17g", value);

    return strpbrk(text, ".en") != NULL ? text : arena_printf(a, "%s.0", text);
}

/* Whether constants or aliases stand for each other in too long a chain, which is then reported. */
static bool follows_too_far(unit *u, span where)
{
    if (u->following < AST_TYPE_DEPTH)
        return false;
    diag_report(&u->c->reports, 203, where, "names stand for each other more than %d deep", AST_TYPE_DEPTH);
    return true;
}

/* The constant's value as if it had been written there, or the value itself. NULL when reported. */
const ast_value *literal_of(unit *u, const ast_value *value)
{
    const ast_value *literal = NULL;
    symbol *s;
    unit *owner;

    if (value->kind != AST_PATH)
        return value;
    s = resolve(u, value->path, "constant", &owner);
    if (s == NULL)
        return NULL;
    if (s->kind != SYMBOL_CONST) {
        diag_report(&u->c->reports, 406, value->where, "'%s' is not a constant",
                    ast_path_text(&u->c->memory, value->path));
        return NULL;
    }
    if (follows_too_far(u, value->where))
        return NULL;
    u->following++;
    check_const(owner, s);
    if (s->state == SYMBOL_DONE && s->constant != NULL)
        literal = literal_of(owner, s->node->value);
    u->following--;
    return literal;
}

/* One end of a range of integers: false when it is no integer or does not fit. */
static bool integer_fits(schema_kind kind, const builtin *b, const ast_value *value, bool lengths,
                         schema_bound *out)
{
    uint64_t low = kind_is_signed(kind) ? (uint64_t)b->max + 1 : 0; /* magnitude of the least value */

    if (value->kind != AST_INT || value->too_big)
        return false;
    if (value->negative && value->magnitude != 0) {
        if (lengths || !kind_is_signed(kind) || value->magnitude > low)
            return false;
        out->i = -(int64_t)(value->magnitude - 1) - 1;
        return true;
    }
    if (!lengths && value->magnitude > b->max)
        return false;
    out->u = value->magnitude;
    out->i = value->magnitude > INT64_MAX ? INT64_MAX : (int64_t)value->magnitude;
    return true;
}

bool integer_of(schema_kind kind, const ast_value *value, schema_bound *out)
{
    return integer_fits(kind, &builtins[kind], value, false, out);
}

static bool check_bound(unit *u, const schema_type *type, const ast_value *written, schema_bound *out,
                        const char **c)
{
    const ast_value *value = literal_of(u, written);
    const builtin *b = type->kind <= SCHEMA_RAW ? &builtins[type->kind] : NULL;
    bool lengths = !kind_is_signed(type->kind) && !kind_is_unsigned(type->kind);

    if (value == NULL || value->reported)
        return false;
    if (kind_is_float(type->kind)) {
        if ((value->kind != AST_INT && value->kind != AST_FLOAT) || value->too_big) {
            diag_report(&u->c->reports, 402, written->where, "a bound of %s is a number", b->name);
            return false;
        }
        out->f = value->number;
        *c = c_float(&u->c->memory, value->number);
        return true;
    }
    if (!integer_fits(type->kind, b, value, lengths, out)) {
        diag_report(&u->c->reports, 402, written->where, "this bound does not fit %s",
                    lengths ? "a length" : b->name);
        return false;
    }
    *c = c_integer(&u->c->memory, value->negative && value->magnitude != 0, value->magnitude,
                   kind_is_signed(type->kind) ? "INT64_C" : "UINT64_C");
    return true;
}

/* Bounds behind a type that has none. */
static void needless_bounds(unit *u, const ast_type *written)
{
    const char *name = ast_path_text(&u->c->memory, written->name);

    diag_report(&u->c->reports, 401, written->range->where, "'%s' takes no bounds", name);
    if (find_builtin(name) == NULL)
        diag_add_help(&u->c->reports, "for a number of entries, they stand behind the list: [%s](..10)",
                      name);
}

static bool check_range(unit *u, schema_type *type, const ast_type *written)
{
    const ast_value *range = written->range;
    schema_range *r = &type->range;
    bool ok = true, wrong;

    if (!kind_is_signed(type->kind) && !kind_is_unsigned(type->kind) && !kind_is_float(type->kind) &&
        type->kind != SCHEMA_STRING && type->kind != SCHEMA_BYTES && type->kind != SCHEMA_LIST &&
        type->kind != SCHEMA_MAP) {
        needless_bounds(u, written);
        return false;
    }
    if (range->low != NULL)
        ok = r->has_min = check_bound(u, type, range->low, &r->min, &r->c_min);
    if (range->high != NULL) {
        r->has_max = check_bound(u, type, range->high, &r->max, &r->c_max);
        ok = ok && r->has_max;
    }
    if (!ok || !r->has_min || !r->has_max)
        return ok;
    wrong = kind_is_float(type->kind)    ? r->min.f > r->max.f
            : kind_is_signed(type->kind) ? r->min.i > r->max.i
                                         : r->min.u > r->max.u;
    if (wrong)
        diag_report(&u->c->reports, 402, range->where, "the lower bound is above the upper bound");
    return !wrong;
}

static void unbounded(schema_type *type)
{
    const builtin *b = type->kind <= SCHEMA_RAW ? &builtins[type->kind] : NULL;

    type->range.c_min = b != NULL ? b->c_min : "0";
    type->range.c_max = b != NULL ? b->c_max : "SIZE_MAX";
    if (b != NULL) {
        type->range.min.i = b->min;
        type->range.max.u = b->max;
        type->range.max.i = b->max > INT64_MAX ? INT64_MAX : (int64_t)b->max;
    } else {
        type->range.max.u = UINT64_MAX;
    }
}

/* Whether a list or map of this element has another package's name, which must not be extended here: some
 * third package may do the same. */
static bool foreign(const unit *u, const schema_type *element)
{
    const schema_type *leaf = element->element;
    const char *prefix = u->package->c_prefix;
    size_t length = strlen(prefix);

    if (leaf->kind == SCHEMA_RECORD)
        return leaf->record->package != u->package;
    if (leaf->kind == SCHEMA_ENUM)
        return leaf->enumeration->package != u->package;
    return strncmp(element->c_name, prefix, length) != 0 || element->c_name[length] != '_';
}

/* A list or map type of this element; nested ones are defined by this package. */
static void name_container(unit *u, schema_type *type, const ast_type *written)
{
    arena *a = &u->c->memory;
    const schema_type *e = type->element;
    const char *suffix = type->kind == SCHEMA_LIST ? "list" : "map", *word = e->c_name, *what;
    bool nested = e->kind == SCHEMA_LIST || e->kind == SCHEMA_MAP;
    size_t number;

    if (nested && foreign(u, e))
        word =
            arena_printf(a, "%s_%s", u->package->c_prefix, strncmp(word, "aegis_", 6) == 0 ? word + 6 : word);
    if (e->kind <= SCHEMA_RAW)
        type->c_type = arena_printf(a, "aegis_%s_%s", word, suffix);
    else
        type->c_type = arena_printf(a, "%s_%s", word, suffix);
    type->c_name = type->c_type;
    type->c_element = e->c_type;
    if (type->kind == SCHEMA_MAP)
        type->c_entry = arena_printf(a, "%s_entry", type->c_type);
    if (!nested)
        return;
    number = u->nested.count;
    if (name_map_add(&u->nested, arena_printf(a, "%s %s", type->c_type, e->c_type), number) != number)
        return;
    what = arena_printf(a, "type '%s'", ast_type_text(a, written));
    claim_name(u, type->c_type, written->where, what);
    if (type->kind == SCHEMA_MAP) {
        claim_name(u, type->c_entry, written->where, what);
        claim_name(u, arena_printf(a, "%s_get", type->c_type), written->where, what);
    }
    u->containers =
        (schema_container *)arena_grow(a, u->containers, u->container_count, sizeof *u->containers);
    u->containers[u->container_count++] =
        (schema_container){type->kind == SCHEMA_LIST ? SCHEMA_CONTAINER_LIST : SCHEMA_CONTAINER_MAP,
                           type->c_type,
                           type->c_entry,
                           arena_printf(a, "%s_get", type->c_type),
                           e->c_type,
                           NULL};
}

/* How deep a type is, with what its aliases stand for. */
static unsigned nesting(const schema_type *type)
{
    unsigned depth = 0;

    for (; type != NULL; type = type->element)
        depth++;
    return depth;
}

static bool check_container(unit *u, const ast_type *written, schema_type *type)
{
    if (written->key != NULL) {
        const schema_type *key = check_type(u, written->key);

        if (key == NULL)
            return false;
        if (key->kind != SCHEMA_STRING || written->key->range != NULL) {
            diag_report(&u->c->reports, 405, written->key->where, "the key of a map is a plain string");
            return false;
        }
    }
    type->kind = written->kind == AST_LIST ? SCHEMA_LIST : SCHEMA_MAP;
    type->element = check_type(u, written->element);
    if (type->element == NULL)
        return false;
    if (nesting(type) > AST_TYPE_DEPTH) {
        diag_report(&u->c->reports, 203, written->where, "this type is nested more than %d deep",
                    AST_TYPE_DEPTH);
        return false;
    }
    if (written->element->is_optional) {
        diag_report(&u->c->reports, 404, written->element->optional,
                    "an element of a list or map cannot be optional");
        diag_add_help(&u->c->reports, "leave the element out, or use a struct with an optional field");
        return false;
    }
    name_container(u, type, written);
    return true;
}

static const char *kind_text(const symbol *s)
{
    return s->kind == SYMBOL_CONST ? "a constant" : s->kind == SYMBOL_SERVICE ? "a service" : "an error";
}

static bool check_named(unit *u, const ast_type *written, schema_type *type)
{
    const builtin *b = written->name->count == 1 ? find_builtin(written->name->parts[0].text) : NULL;
    unit *owner;
    symbol *s;

    if (b != NULL) {
        type->kind = b->kind;
        type->c_type = b->c_type;
        type->c_name = b->kind == SCHEMA_DECIMAL ? "string" : b->name;
        return true;
    }
    s = resolve(u, written->name, "type", &owner);
    if (s == NULL)
        return false;
    if (s->kind == SYMBOL_ALIAS) {
        if (follows_too_far(u, written->where))
            return false;
        u->following++;
        check_alias(owner, s);
        u->following--;
        if (s->type == NULL)
            return false;
        *type = *s->type;
        type->alias = s->name;
        return true;
    }
    if (s->kind == SYMBOL_ENUM) {
        type->kind = SCHEMA_ENUM;
        type->enumeration = s->enumeration;
        type->c_type = type->c_name = s->enumeration->c_name;
        return true;
    }
    if (s->kind == SYMBOL_RECORD && s->record->kind != SCHEMA_ERROR) {
        type->kind = SCHEMA_RECORD;
        type->record = s->record;
        type->c_type = type->c_name = s->record->c_name;
        return true;
    }
    diag_report(&u->c->reports, 408, written->where, "'%s' is %s, not a type",
                ast_path_text(&u->c->memory, written->name), kind_text(s));
    diag_add_note(&u->c->reports, s->node->name.where, "declared here");
    return false;
}

/* Where the type is kept that every such expression is: a built-in one without bounds. NULL: it is not. */
static const schema_type **kept_type(unit *u, const ast_type *written)
{
    const builtin *b = NULL;

    if (written->kind == AST_NAMED && written->range == NULL && written->name->count == 1)
        b = find_builtin(written->name->parts[0].text);
    return b == NULL || written->twice_optional ? NULL : &u->plain_types[b->kind][written->is_optional];
}

/* Bounds behind a name: they are the alias's business. */
static void foreign_bounds(unit *u, const ast_type *written)
{
    unit *owner;
    const symbol *s = resolve(u, written->name, "type", &owner);

    diag_report(&u->c->reports, 401, written->range->where, "bounds belong to the alias '%s'",
                ast_path_text(&u->c->memory, written->name));
    if (s != NULL)
        diag_add_note(&u->c->reports, s->node->name.where, "declared here");
}

const schema_type *check_type(unit *u, ast_type *written)
{
    const schema_type **kept = kept_type(u, written);
    schema_type *type;
    bool ok;

    if (kept != NULL && *kept != NULL)
        return *kept;
    type = arena_new(&u->c->memory, schema_type);
    if (written->depth > AST_TYPE_DEPTH) {
        diag_report(&u->c->reports, 203, written->where, "this type is nested more than %d deep",
                    AST_TYPE_DEPTH);
        return NULL;
    }
    if (written->twice_optional) {
        diag_report(&u->c->reports, 404, written->optional, "a type is made optional once");
        diag_add_fix(&u->c->reports, written->optional, "%s", "");
        return NULL;
    }
    ok = written->kind == AST_NAMED ? check_named(u, written, type) : check_container(u, written, type);
    if (!ok)
        return NULL;
    type->text = ast_type_text(&u->c->memory, written);
    if (type->alias == NULL)
        unbounded(type);
    if (written->range != NULL && (type->alias != NULL || !check_range(u, type, written))) {
        if (type->alias != NULL)
            foreign_bounds(u, written);
        return NULL;
    }
    if (written->is_optional && (type->kind == SCHEMA_LIST || type->kind == SCHEMA_MAP)) {
        diag_report(&u->c->reports, 404, written->optional,
                    "a list or map cannot be optional: an empty one is absent");
        diag_add_fix(&u->c->reports, written->optional, "%s", "");
        return NULL;
    }
    if (kept != NULL)
        *kept = type;
    return type;
}

void check_alias(unit *u, symbol *s)
{
    const schema_type *type;

    if (s->state == SYMBOL_BUSY)
        diag_report(&u->c->reports, 403, s->node->name.where, "alias '%s' stands for itself", s->name);
    if (s->state != SYMBOL_NEW)
        return;
    s->state = SYMBOL_BUSY;
    type = check_type(u, s->node->type);
    if (type != NULL && s->node->type->is_optional) {
        diag_report(&u->c->reports, 404, s->node->type->optional, "an alias cannot be optional");
        diag_add_help(&u->c->reports, "write the '?' where the alias is used");
        type = NULL;
    }
    s->type = type == NULL ? NULL : check_pattern(u, type, &s->node->marks);
    s->state = SYMBOL_DONE;
}

void check_const(unit *u, symbol *s)
{
    const schema_type *type;
    schema_const *constant;

    if (s->state == SYMBOL_BUSY)
        diag_report(&u->c->reports, 403, s->node->name.where, "constant '%s' stands for itself", s->name);
    if (s->state != SYMBOL_NEW)
        return;
    s->state = SYMBOL_BUSY;
    type = check_type(u, s->node->type);
    constant = arena_new(&u->c->memory, schema_const);
    if (type != NULL && (type->kind > SCHEMA_DURATION || type->kind == SCHEMA_BYTES ||
                         type->kind == SCHEMA_TIMESTAMP || s->node->type->is_optional))
        diag_report(&u->c->reports, 409, s->node->type->where,
                    "a constant is a bool, a number, a string or a duration");
    else if (type != NULL && check_value(u, type, s->node->value, &constant->value))
        s->constant = constant;
    constant->name = s->name;
    constant->c_name =
        arena_printf(&u->c->memory, "%s_%s", u->package->c_macro, cname_upper(&u->c->memory, s->name));
    constant->type = type;
    constant->docs = docs_of(u, &s->node->marks);
    constant->deprecated = text_of(&s->node->marks, "deprecated");
    s->state = SYMBOL_DONE;
}
