/* Values a template can show. Members are kept as a list: objects are small and looked up a few times. */
#include "node.h"

#include <string.h>

static node *make(arena *a, node_kind kind)
{
    node *made = arena_new(a, node);

    if (made != NULL) {
        made->kind = kind;
        made->append = &made->members;
    }
    return made;
}

node *node_text(arena *a, const char *text)
{
    node *made = make(a, NODE_TEXT);

    if (made != NULL)
        made->text = text == NULL ? "" : text;
    return made;
}

node *node_bool(arena *a, bool truth)
{
    node *made = make(a, NODE_BOOL);

    if (made != NULL)
        made->truth = truth;
    return made;
}

node *node_list(arena *a)
{
    return make(a, NODE_LIST);
}

node *node_object(arena *a)
{
    return make(a, NODE_OBJECT);
}

static void append(arena *a, node *to, const char *name, const node *value)
{
    node_member *member;

    if (to == NULL || value == NULL)
        return;
    member = arena_new(a, node_member);
    if (member == NULL)
        return;
    member->name = name;
    member->value = value;
    *to->append = member;
    to->append = &member->next;
    to->count++;
}

void node_add(arena *a, node *list, const node *item)
{
    append(a, list, NULL, item);
}

void node_set(arena *a, node *object, const char *name, const node *value)
{
    append(a, object, name, value);
}

void node_set_text(arena *a, node *object, const char *name, const char *text)
{
    node_set(a, object, name, text == NULL ? node_bool(a, false) : node_text(a, text));
}

void node_set_bool(arena *a, node *object, const char *name, bool truth)
{
    node_set(a, object, name, node_bool(a, truth));
}

void node_set_format(arena *a, node *object, const char *name, const char *format, ...)
{
    va_list arguments;
    const char *text;

    va_start(arguments, format);
    text = arena_vprintf(a, format, arguments);
    va_end(arguments);
    node_set(a, object, name, node_text(a, text));
}

const node *node_get(const node *object, const char *name, size_t length)
{
    const node_member *member;

    for (member = object->members; member != NULL; member = member->next)
        if (strlen(member->name) == length && memcmp(member->name, name, length) == 0)
            return member->value;
    return NULL;
}

bool node_truth(const node *value)
{
    switch (value->kind) {
    case NODE_TEXT:
        return value->text[0] != '\0';
    case NODE_BOOL:
        return value->truth;
    case NODE_LIST:
        return value->count != 0;
    case NODE_OBJECT:
        return true;
    }
    return false;
}
