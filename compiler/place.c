/* Finding declarations again: the checker keeps records and events beside their nodes, everything else is
 * found by its name, which is unique where it is looked for.
 */
#include "place.h"

#include <string.h>

unit *place_unit(const compile *c, const schema_package *package)
{
    for (size_t i = 0; i < c->unit_count; i++) {
        if (c->units[i]->package == package)
            return c->units[i];
    }
    return NULL;
}

const ast_node *place_symbol(unit *u, const char *name)
{
    const symbol *s = u == NULL ? NULL : find_symbol(u, name);

    return s == NULL ? NULL : s->node;
}

const ast_node *place_record(const unit *u, const schema_record *record)
{
    for (size_t i = 0; u != NULL && i < u->record_count; i++) {
        if (u->records[i] == record)
            return u->record_nodes[i];
    }
    return NULL;
}

const ast_list *place_members(const unit *u, const schema_record *record)
{
    const ast_node *node = place_record(u, record);

    if (node == NULL)
        return NULL;
    if (record->kind == SCHEMA_RESULT)
        return node->result_body == NULL ? NULL : &node->result_body->members;
    if (record->kind == SCHEMA_PROGRESS)
        return node->progress == NULL ? NULL : &node->progress->members;
    return &node->members;
}

const ast_node *place_member(const ast_list *members, const char *name)
{
    for (size_t i = 0; members != NULL && i < members->count; i++) {
        const ast_node *member = (const ast_node *)members->items[i];

        if (member->name.text != NULL && strcmp(member->name.text, name) == 0)
            return member;
    }
    return NULL;
}

const ast_node *place_event(const unit *u, const schema_event *event)
{
    for (size_t i = 0; u != NULL && i < u->event_count; i++) {
        if (u->events[i] == event)
            return u->event_nodes[i];
    }
    return NULL;
}

/* Whether a name in `subscribes` is the one a subscription came from: its pattern, or the event it names. */
static bool is_source(const char *written, const schema_subscription *s)
{
    if (strcmp(written, s->pattern) == 0)
        return true;
    return !s->wildcard && s->case_count > 0 && strcmp(written, s->cases[0].event->name) == 0;
}

const ast_path *place_subscription(unit *u, const schema_service *service, const schema_subscription *s,
                                   const ast_node **statement)
{
    const ast_node *node = place_symbol(u, service->name);

    for (size_t i = 0; node != NULL && i < node->members.count; i++) {
        const ast_node *member = (const ast_node *)node->members.items[i];

        if (member->kind != AST_SUBSCRIBES)
            continue;
        for (size_t k = 0; k < member->members.count; k++) {
            const ast_path *path = (const ast_path *)member->members.items[k];
            const char *written = ast_path_text(&u->c->memory, path);

            if (written == NULL || !is_source(written, s))
                continue;
            if (statement != NULL)
                *statement = member;
            return path;
        }
    }
    return NULL;
}

span place_package(const unit *u)
{
    return u->where;
}

span place_name(const ast_node *node)
{
    return node->name.text != NULL ? node->name.where : node->where;
}
