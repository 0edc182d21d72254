/* Builders for the syntax tree, and names and types written out again for messages. */
#include "ast.h"

#include <string.h>

span ast_join(span first, span last)
{
    first.end = last.end > first.end ? last.end : first.end;
    return first;
}

bool ast_append(arena *a, ast_list *list, void *node)
{
    void **items = (void **)arena_grow(a, list->items, list->count, sizeof *items);

    if (items == NULL || node == NULL)
        return false;
    list->items = items;
    items[list->count++] = node;
    return true;
}

ast_node *ast_new(arena *a, ast_kind kind, span where)
{
    ast_node *node = arena_new(a, ast_node);

    if (node != NULL) {
        node->kind = kind;
        node->where = where;
    }
    return node;
}

ast_path *ast_path_start(arena *a, ast_name name)
{
    ast_path *path = arena_new(a, ast_path);

    if (path == NULL)
        return NULL;
    path->where = name.where;
    path->first = name;
    path->parts = &path->first;
    path->count = 1;
    return path;
}

ast_path *ast_path_add(arena *a, ast_path *path, ast_name name)
{
    ast_name *parts = (ast_name *)arena_grow(a, path->parts, path->count, sizeof *parts);

    if (parts == NULL)
        return NULL;
    path->parts = parts;
    parts[path->count++] = name;
    path->where = ast_join(path->where, name.where);
    return path;
}

ast_type *ast_type_new(arena *a, ast_type_kind kind, span where)
{
    ast_type *type = arena_new(a, ast_type);

    if (type != NULL) {
        type->kind = kind;
        type->where = where;
        type->depth = 1;
    }
    return type;
}

const char *ast_path_text(arena *a, const ast_path *path)
{
    size_t length = 0;
    char *text, *at;

    for (size_t i = 0; i < path->count; i++)
        length += strlen(path->parts[i].text) + 1;
    text = at = arena_text(a, length + 1);
    for (size_t i = 0; text != NULL && i < path->count; i++) {
        size_t n = strlen(path->parts[i].text);

        if (i != 0)
            *at++ = '.';
        memcpy(at, path->parts[i].text, n);
        at += n;
    }
    return text;
}

static const char *bound_text(arena *a, const ast_value *value)
{
    if (value == NULL)
        return "";
    return value->kind == AST_PATH ? ast_path_text(a, value->path) : value->text;
}

const char *ast_type_text(arena *a, const ast_type *type)
{
    const char *text = "?", *low, *high;

    if (type->depth > AST_TYPE_DEPTH)
        return "...";
    if (type->kind == AST_NAMED)
        text = ast_path_text(a, type->name);
    else if (type->kind == AST_LIST)
        text = arena_printf(a, "[%s]", ast_type_text(a, type->element));
    else
        text = arena_printf(a, "{%s: %s}", ast_type_text(a, type->key), ast_type_text(a, type->element));
    if (text != NULL && type->range != NULL) {
        low = bound_text(a, type->range->low);
        high = bound_text(a, type->range->high);
        text = low == NULL || high == NULL ? NULL : arena_printf(a, "%s(%s..%s)", text, low, high);
    }
    if (text != NULL && type->is_optional)
        text = arena_printf(a, "%s?", text);
    return text;
}

bool ast_lost(const ast_file *file, const char *name)
{
    for (size_t i = 0; i < file->lost.count; i++) {
        if (strcmp((const char *)file->lost.items[i], name) == 0)
            return true;
    }
    return file->partial;
}

bool ast_lost_path(const ast_file *file, const ast_path *path)
{
    for (size_t i = 0; i < path->count; i++) {
        if (ast_lost(file, path->parts[i].text))
            return true;
    }
    return false;
}
