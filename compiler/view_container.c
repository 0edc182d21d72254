/* The view of list and map types: which ones the package reads and writes, and how.
 *
 * Types are the same when one reader and one writer serve both. They are collected once, sorted, and found by
 * bisection, so that a package with thousands of them takes no longer for each.
 */
#include "view_parts.h"
#include "pattern.h"

#include <stdlib.h>
#include <string.h>

/* ---- collecting --------------------------------------------------------------------------------------- */

/* Texts, of which NULL comes first. */
static int compare_texts(const char *one, const char *other)
{
    if (one == other)
        return 0;
    if (one == NULL || other == NULL)
        return one == NULL ? -1 : 1;
    return strcmp(one, other);
}

static const char *pattern_text(const schema_type *type)
{
    return type->pattern == NULL ? NULL : type->pattern->text;
}

/* 0: one reader and one writer serve both. */
static int compare_types(const schema_type *one, const schema_type *other)
{
    int order = 0;

    for (; order == 0 && one != other; one = one->element, other = other->element) {
        if (one == NULL || other == NULL)
            return one == NULL ? -1 : 1;
        order = one->kind != other->kind ? (one->kind < other->kind ? -1 : 1) : 0;
        if (order == 0)
            order = strcmp(one->c_type, other->c_type);
        if (order == 0)
            order = compare_texts(one->range.c_min, other->range.c_min);
        if (order == 0)
            order = compare_texts(one->range.c_max, other->range.c_max);
        if (order == 0)
            order = compare_texts(pattern_text(one), pattern_text(other));
    }
    return order;
}

static int by_order(const view_container_type *one, const view_container_type *other)
{
    return one->order < other->order ? -1 : one->order > other->order;
}

static int by_type(const void *left, const void *right)
{
    const view_container_type *const *one = (const view_container_type *const *)left;
    const view_container_type *const *other = (const view_container_type *const *)right;
    int order = compare_types((*one)->type, (*other)->type);

    return order != 0 ? order : by_order(*one, *other);
}

static int by_base(const void *left, const void *right)
{
    const view_container_type *const *one = (const view_container_type *const *)left;
    const view_container_type *const *other = (const view_container_type *const *)right;
    int order = strcmp((*one)->base, (*other)->base);

    return order != 0 ? order : by_order(*one, *other);
}

static int by_name(const void *left, const void *right)
{
    const view_container_type *const *one = (const view_container_type *const *)left;
    const view_container_type *const *other = (const view_container_type *const *)right;
    int order = strcmp((*one)->type->c_name, (*other)->type->c_name);

    return order != 0 ? order : by_order(*one, *other);
}

static int by_appearance(const void *left, const void *right)
{
    return by_order((const view_container_type *)left, (const view_container_type *)right);
}

/* "item_list" for "shop_item_list" in package shop. */
static const char *base_of(const view *v, const schema_type *type)
{
    const char *prefix = v->package->c_prefix;
    size_t length = strlen(prefix);
    bool own = strncmp(type->c_name, prefix, length) == 0 && type->c_name[length] == '_';

    return own ? type->c_name + length + 1 : type->c_name;
}

/* Append a type, what it contains first. */
static void add_types(view *v, arena *memory, const schema_type *type)
{
    if (type->element == NULL)
        return;
    add_types(v, memory, type->element);
    v->containers =
        (view_container_type *)arena_grow(memory, v->containers, v->container_count, sizeof *v->containers);
    v->containers[v->container_count] =
        (view_container_type){.type = type, .base = base_of(v, type), .order = v->container_count};
    v->container_count++;
}

static view_container_type **pointers(const view *v, arena *memory)
{
    view_container_type **made =
        (view_container_type **)arena_array(memory, v->container_count, sizeof(view_container_type *));

    for (size_t i = 0; i < v->container_count; i++)
        made[i] = &v->containers[i];
    return made;
}

/* Keep the first of each type. */
static void keep_distinct(view *v, arena *memory)
{
    view_container_type **sorted = pointers(v, memory), *kept;
    size_t count = 0;

    if (v->container_count > 1)
        qsort(sorted, v->container_count, sizeof(view_container_type *), by_type);
    kept = (view_container_type *)arena_array(memory, v->container_count, sizeof *kept);
    for (size_t i = 0; i < v->container_count; i++) {
        if (i == 0 || compare_types(sorted[i]->type, sorted[i - 1]->type) != 0)
            kept[count++] = *sorted[i];
    }
    if (count > 1)
        qsort(kept, count, sizeof *kept, by_appearance);
    v->containers = kept;
    v->container_count = count;
}

/* A number behind the words of types that have the same one; one copy function for each C type. */
static void choose_words(view *v, arena *memory)
{
    view_container_type **sorted = pointers(v, memory);
    unsigned same = 1;

    if (v->container_count > 1)
        qsort(sorted, v->container_count, sizeof(view_container_type *), by_base);
    for (size_t i = 0; i < v->container_count; i++) {
        view_container_type *c = sorted[i];

        same = i > 0 && strcmp(sorted[i - 1]->base, c->base) == 0 ? same + 1 : 1;
        c->word = same == 1 ? c->base : arena_printf(memory, "%s_%u", c->base, same);
    }
    if (v->container_count > 1)
        qsort(sorted, v->container_count, sizeof(view_container_type *), by_name);
    for (size_t i = 0; i < v->container_count; i++) {
        view_container_type *c = sorted[i];

        c->copies = i == 0 || strcmp(sorted[i - 1]->type->c_name, c->type->c_name) != 0;
        c->copy_word = c->copies ? c->word : sorted[i - 1]->copy_word;
    }
    if (v->container_count > 1)
        qsort(sorted, v->container_count, sizeof(view_container_type *), by_type);
    v->by_type = sorted;
}

void view_find_containers(view *v, arena *memory)
{
    const schema_package *package = v->package;

    for (size_t i = 0; i < package->record_count; i++) {
        for (size_t j = 0; j < package->records[i]->field_count; j++) {
            const schema_type *type = package->records[i]->fields[j].type;

            add_types(v, memory, type);
        }
    }
    keep_distinct(v, memory);
    choose_words(v, memory);
}

static int find_type(const void *key, const void *item)
{
    const view_container_type *const *candidate = (const view_container_type *const *)item;

    return compare_types((const schema_type *)key, (*candidate)->type);
}

const view_container_type *view_container_of(const view *v, const schema_type *type)
{
    view_container_type *const *found =
        (view_container_type *const *)bsearch(type, v->by_type, v->container_count, sizeof *found, find_type);

    return *found; /* every type of a field is among them */
}

/* ---- showing ------------------------------------------------------------------------------------------ */

typedef struct view_container {
    const char *c_type, *word, *copy_word, *item, *space, *items, *min, *max, *least, *copy;
    bool copies, map, fixed, bounded, told, rest;
    view_value value;
} view_container;

static const shape_member container_members[] = {
    SHOWS_TEXT(view_container, c_type),
    SHOWS_TEXT(view_container, word),
    SHOWS_TEXT(view_container, copy_word),
    SHOWS_TEXT(view_container, item),
    SHOWS_TEXT(view_container, space),
    SHOWS_TEXT(view_container, items),
    SHOWS_TEXT(view_container, min),
    SHOWS_TEXT(view_container, max),
    SHOWS_TEXT(view_container, least),
    SHOWS_TEXT(view_container, copy),
    SHOWS_TRUTH(view_container, copies),
    SHOWS_TRUTH(view_container, map),
    SHOWS_TRUTH(view_container, fixed),
    SHOWS_TRUTH(view_container, bounded),
    SHOWS_TRUTH(view_container, told),
    SHOWS_TRUTH(view_container, rest),
    SHOWS_OBJECT(view_container, value, &view_value_shape),
};
const shape view_container_shape = SHAPE_OF(view_container, container_members);

const void *view_container_at(const void *from, size_t index, arena *scratch)
{
    const view *v = (const view *)from;
    const view_container_type *container = &v->containers[index];
    const schema_type *type = container->type;
    view_container *made = arena_new(scratch, view_container);

    made->map = type->kind == SCHEMA_MAP;
    made->c_type = type->c_type;
    made->word = container->word;
    made->copy_word = container->copy_word;
    made->copies = container->copies;
    made->item = made->map ? type->c_entry : type->c_element;
    made->space = view_space(made->item);
    made->items = made->map ? "entries" : "items";
    made->fixed = !made->map && view_most(type->element, &view_msgpack) != 0;
    made->bounded = (type->range.has_min && type->range.min.u > 0) || type->range.has_max;
    made->min = type->range.c_min;
    made->max = type->range.c_max;
    made->least = view_number(scratch, schema_least(type->element));
    made->copy = view_copy(v, scratch, type->element, made->map ? "items[i].value" : "items[i]");
    made->told = view_is_told(type->element);
    made->value =
        view_value_of(v, scratch, type->element, made->map ? "value->entries[i].value" : "value->items[i]",
                      made->map ? "items[count].value" : "items[count]");
    return made;
}
