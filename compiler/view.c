/* The view of a package: everything in the order its header declares it. */
#include "view_parts.h"

#include <stdlib.h>
#include <string.h>

struct view_package {
    view v;
    const char *name, *base, *abi, *guard, *prefix, *docs, *schema_path, *schema_hash;
    shape_list schema_parts, schema_numbers, schema_imports;
    shape_list imports, consts, enums, lists, maps, plain_maps, optionals, patterns, containers, records,
        services, events;
    bool has_codecs;
};

const char *view_space(const char *c_type)
{
    return c_type[strlen(c_type) - 1] == '*' ? "" : " ";
}

const char *view_number(arena *a, size_t number)
{
    static const char digits[][2] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

    return number < 10 ? digits[number] : arena_printf(a, "%zu", number);
}

const char *view_docs(arena *a, const char *docs, const char *deprecated)
{
    if (deprecated == NULL)
        return docs;
    return arena_printf(a, "%s%s@deprecated %s", docs != NULL ? docs : "", docs != NULL ? "\n\n" : "",
                        deprecated);
}

shape_list view_list(const void *items, size_t count)
{
    return (shape_list){.items = items, .count = count};
}

/* ---- constants ---------------------------------------------------------------------------------------- */

typedef struct view_const {
    const char *c_name, *value, *docs;
} view_const;

static const shape_member const_members[] = {
    SHOWS_TEXT(view_const, c_name),
    SHOWS_TEXT(view_const, value),
    SHOWS_TEXT(view_const, docs),
};
static const shape const_shape = SHAPE_OF(view_const, const_members);

static const void *const_at(const void *from, size_t index, arena *scratch)
{
    const schema_const *constant = &((const view *)from)->package->consts[index];
    view_const *made = arena_new(scratch, view_const);

    made->c_name = constant->c_name;
    made->value = constant->value.c_value;
    made->docs = view_docs(scratch, constant->docs, constant->deprecated);
    return made;
}

/* ---- list, map and optional types --------------------------------------------------------------------- */

static const shape_member map_members[] = {
    SHOWS_TEXT(view_map, c_name),  SHOWS_TEXT(view_map, entry), SHOWS_TEXT(view_map, get),
    SHOWS_TEXT(view_map, element), SHOWS_TEXT(view_map, space),
};
const shape view_map_shape = SHAPE_OF(view_map, map_members);

view_map view_map_type(const schema_container *container)
{
    return (view_map){.c_name = container->c_name,
                      .entry = container->c_entry,
                      .get = container->c_get,
                      .element = container->c_element,
                      .space = view_space(container->c_element)};
}

static const void *map_at(const void *from, size_t index, arena *scratch)
{
    const schema_container *const *containers = (const schema_container *const *)from;
    view_map *made = arena_new(scratch, view_map);

    *made = view_map_type(containers[index]);
    return made;
}

/* The types of one kind that the header defines. A list or map only points at its elements, so it can come
 * before them, except that the entry of a map holds one. */
static shape_list containers_of(const view *v, arena *memory, schema_container_kind kind, bool plain)
{
    const schema_package *package = v->package;
    const schema_container **found =
        (const schema_container **)arena_array(memory, package->container_count, sizeof(schema_container *));
    size_t count = 0;

    for (size_t i = 0; i < package->container_count; i++)
        if (package->containers[i].kind == kind && !(plain && package->containers[i].record != NULL))
            found[count++] = &package->containers[i];
    return (shape_list){.count = count, .make = map_at, .from = found};
}

static int compare_maps(const void *left, const void *right)
{
    uintptr_t a = (uintptr_t)((const view_map_of *)left)->record;
    uintptr_t b = (uintptr_t)((const view_map_of *)right)->record;

    return a == b ? 0 : a < b ? -1 : 1;
}

static void find_maps(view *v, arena *memory)
{
    const schema_package *package = v->package;

    v->maps = (view_map_of *)arena_array(memory, package->container_count, sizeof *v->maps);
    for (size_t i = 0; i < package->container_count; i++) {
        const schema_container *container = &package->containers[i];

        if (container->kind == SCHEMA_CONTAINER_MAP && container->record != NULL)
            v->maps[v->map_count++] = (view_map_of){container->record, container};
    }
    if (v->map_count > 1)
        qsort(v->maps, v->map_count, sizeof *v->maps, compare_maps);
}

shape_list view_map_of_record(const view *v, const schema_record *record, arena *scratch)
{
    const view_map_of key = {record, NULL};
    const view_map_of *found = v->map_count == 0 ? NULL
                                                 : (const view_map_of *)bsearch(&key, v->maps, v->map_count,
                                                                                sizeof key, compare_maps);
    view_map *made = found == NULL ? NULL : arena_new(scratch, view_map);

    if (made == NULL)
        return view_list(NULL, 0);
    *made = view_map_type(found->map);
    return view_list(made, 1);
}

/* ---- the package -------------------------------------------------------------------------------------- */

static shape_list imports_of(const schema_package *package, arena *memory)
{
    const char **headers = (const char **)arena_array(memory, package->import_count, sizeof *headers);

    for (size_t i = 0; i < package->import_count; i++)
        headers[i] = package->imports[i].header;
    return view_list(headers, package->import_count);
}

static shape_list made_by(const view *v, const void *(*make)(const void *, size_t, arena *), size_t count)
{
    return (shape_list){.count = count, .make = make, .from = v};
}

static const shape_member package_members[] = {
    SHOWS_TEXT(view_package, name),
    SHOWS_TEXT(view_package, base),
    SHOWS_TEXT(view_package, abi),
    SHOWS_TEXT(view_package, guard),
    SHOWS_TEXT(view_package, prefix),
    SHOWS_TEXT(view_package, docs),
    SHOWS_TEXT(view_package, schema_path),
    SHOWS_TEXT(view_package, schema_hash),
    SHOWS_LIST(view_package, schema_parts, &view_schema_part_shape),
    SHOWS_LIST(view_package, schema_numbers, NULL),
    SHOWS_LIST(view_package, schema_imports, &view_schema_import_shape),
    SHOWS_LIST(view_package, imports, NULL),
    SHOWS_LIST(view_package, consts, &const_shape),
    SHOWS_LIST(view_package, enums, &view_enum_shape),
    SHOWS_LIST(view_package, lists, &view_map_shape),
    SHOWS_LIST(view_package, maps, &view_map_shape),
    SHOWS_LIST(view_package, plain_maps, &view_map_shape),
    SHOWS_LIST(view_package, optionals, &view_map_shape),
    SHOWS_LIST(view_package, patterns, &view_pattern_shape),
    SHOWS_LIST(view_package, containers, &view_container_shape),
    SHOWS_LIST(view_package, records, &view_record_shape),
    SHOWS_LIST(view_package, services, &view_service_shape),
    SHOWS_LIST(view_package, events, &view_event_shape),
    SHOWS_TRUTH(view_package, has_codecs),
};
const shape view_package_shape = SHAPE_OF(view_package, package_members);

static void set_schema(view_package *made, arena *memory, const schema_package *package, bool text)
{
    made->schema_path = arena_printf(memory, "%s.aegis", package->base);
    made->schema_hash = view_schema_hash(memory, package);
    if (text)
        made->schema_parts = view_schema_parts(memory, package);
    made->schema_numbers = view_schema_numbers(memory, made->schema_parts.count);
    made->schema_imports = view_schema_imports(memory, package);
}

const view_package *view_open(arena *memory, const schema_package *package, bool schema_text)
{
    view_package *made = arena_new(memory, view_package);
    view *v = &made->v;

    v->package = package;
    view_find_containers(v, memory);
    view_find_patterns(v, memory);
    find_maps(v, memory);
    made->name = package->name;
    made->base = strrchr(package->base, '/') == NULL ? package->base : strrchr(package->base, '/') + 1;
    made->abi = VIEW_ABI;
    made->guard = package->c_guard;
    made->prefix = package->c_prefix;
    made->docs =
        arena_printf(memory,
                     "@file\nPackage %s: generated by aegisc from %s.aegis. Change that file and run "
                     "aegisc again.%s%s",
                     package->name, made->base, package->docs != NULL ? "\n\n" : "",
                     package->docs != NULL ? package->docs : "");
    set_schema(made, memory, package, schema_text);
    made->imports = imports_of(package, memory);
    made->consts = made_by(v, const_at, package->const_count);
    made->enums = made_by(v, view_enum_at, package->enum_count);
    made->lists = containers_of(v, memory, SCHEMA_CONTAINER_LIST, false);
    made->maps = containers_of(v, memory, SCHEMA_CONTAINER_MAP, false);
    made->plain_maps = containers_of(v, memory, SCHEMA_CONTAINER_MAP, true);
    made->optionals = containers_of(v, memory, SCHEMA_CONTAINER_OPTIONAL, false);
    made->patterns = made_by(v, view_pattern_at, v->pattern_count);
    made->containers = made_by(v, view_container_at, v->container_count);
    made->records = made_by(v, view_record_at, package->record_count);
    made->services = made_by(v, view_service_at, package->service_count);
    made->events = made_by(v, view_event_at, package->event_count);
    made->has_codecs = package->record_count > 0;
    return made;
}
