/* The view of a package: everything in the order its header declares it. */
#include "view_parts.h"

#include <string.h>

static node *view_imports(const view *v)
{
    arena *a = v->memory;
    node *list = node_list(a);

    for (size_t i = 0; i < v->package->import_count; i++)
        node_add(a, list, node_text(a, v->package->imports[i].header));
    return list;
}

static node *view_consts(const view *v)
{
    arena *a = v->memory;
    node *list = node_list(a);

    for (size_t i = 0; i < v->package->const_count; i++) {
        const schema_const *constant = &v->package->consts[i];
        node *made = node_object(a);

        node_set_text(a, made, "c_name", constant->c_name);
        node_set_text(a, made, "value", constant->value.c_value);
        node_set_text(a, made, "docs", constant->docs);
        node_add(a, list, made);
    }
    return list;
}

/* The list, map and optional types the header defines. A list or map only points at its elements, so it can
 * come before them, except that the entry of a map holds one. */
static node *view_containers(const view *v, schema_container_kind kind, const schema_record *of, bool any)
{
    arena *a = v->memory;
    node *list = node_list(a);

    for (size_t i = 0; i < v->package->container_count; i++) {
        const schema_container *container = &v->package->containers[i];
        size_t length = strlen(container->c_element);
        node *made;

        if (container->kind != kind || (!any && container->record != of))
            continue;
        made = node_object(a);
        node_set_text(a, made, "c_name", container->c_name);
        node_set_text(a, made, "entry", container->c_entry);
        node_set_text(a, made, "get", container->c_get);
        node_set_text(a, made, "element", container->c_element);
        node_set_text(a, made, "space", container->c_element[length - 1] == '*' ? "" : " ");
        node_add(a, list, made);
    }
    return list;
}

/* The static readers and writers of list and map types. */
static node *view_container_codecs(const view *v)
{
    arena *a = v->memory;
    node *list = node_list(a);

    for (size_t i = 0; i < v->container_count; i++) {
        const view_container *container = &v->containers[i];
        const schema_type *type = container->type;
        bool is_map = type->kind == SCHEMA_MAP;
        node *made = node_object(a), *codecs = node_list(a);

        for (size_t j = 0; j < VIEW_FORMATS; j++) {
            node *codec = node_object(a);

            node_set_text(a, codec, "f", view_formats[j].f);
            node_set_bool(a, codec, "counted", j == 0);
            node_set(a, codec, "value",
                     view_value(v, type->element, &view_formats[j],
                                is_map ? "value->entries[i].value" : "value->items[i]",
                                is_map ? "entries[count].value" : "items[count]"));
            node_add(a, codecs, codec);
        }
        node_set_text(a, made, "c_type", type->c_type);
        node_set_text(a, made, "word", container->word);
        node_set_text(a, made, "copy_word", container->copy_word);
        node_set_bool(a, made, "copies", container->copies);
        node_set_bool(a, made, "map", is_map);
        node_set_text(a, made, "entry", type->c_entry);
        node_set_text(a, made, "element", type->c_element);
        node_set_text(a, made, "space", type->c_element[strlen(type->c_element) - 1] == '*' ? "" : " ");
        node_set_bool(a, made, "bounded_below", type->range.has_min && type->range.min.u > 0);
        node_set_bool(a, made, "bounded_above", type->range.has_max);
        node_set_text(a, made, "min", type->range.c_min);
        node_set_text(a, made, "max", type->range.c_max);
        node_set_format(a, made, "least", "%zu", view_least(type->element));
        node_set(a, made, "codecs", codecs);
        node_set(a, made, "copy", view_copy(v, type->element, is_map ? "entries[i].value" : "items[i]"));
        node_add(a, list, made);
    }
    return list;
}

static node *view_records(const view *v)
{
    arena *a = v->memory;
    node *list = node_list(a);

    for (size_t i = 0; i < v->package->record_count; i++) {
        node *made = view_record(v, v->package->records[i]);

        node_set(a, made, "entries", view_containers(v, SCHEMA_CONTAINER_MAP, v->package->records[i], false));
        node_add(a, list, made);
    }
    return list;
}

const node *view_package(arena *a, const schema_package *package)
{
    view v = {a, package, NULL, 0, NULL, 0};
    node *top = node_object(a), *enums = node_list(a);
    size_t records = package->record_count;

    view_find_containers(&v);
    view_find_patterns(&v);
    for (size_t i = 0; i < package->enum_count; i++)
        node_add(a, enums, view_enum(&v, package->enums[i]));
    node_set_text(a, top, "name", package->name);
    node_set_text(a, top, "base", package->base);
    node_set_text(a, top, "guard", package->c_guard);
    node_set_text(a, top, "prefix", package->c_prefix);
    node_set_text(a, top, "docs", package->docs);
    node_set(a, top, "imports", view_imports(&v));
    node_set(a, top, "consts", view_consts(&v));
    node_set(a, top, "enums", enums);
    node_set_bool(a, top, "has_codecs", records > 0);
    node_set(a, top, "lists", view_containers(&v, SCHEMA_CONTAINER_LIST, NULL, true));
    node_set(a, top, "maps", view_containers(&v, SCHEMA_CONTAINER_MAP, NULL, true));
    node_set(a, top, "plain_maps", view_containers(&v, SCHEMA_CONTAINER_MAP, NULL, false));
    node_set(a, top, "optionals", view_containers(&v, SCHEMA_CONTAINER_OPTIONAL, NULL, true));
    node_set(a, top, "patterns", view_patterns(&v));
    node_set(a, top, "containers", view_container_codecs(&v));
    node_set(a, top, "records", view_records(&v));
    node_set(a, top, "services", view_services(&v));
    node_set(a, top, "events", view_events(&v));
    return a->failed ? NULL : top;
}
