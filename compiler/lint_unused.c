/* What nothing uses: every name in the source of all packages is looked up once, and marks what it means.
 *
 * A package without services and events is there for others to import, so nothing in it is unused.
 */
#include "lint_parts.h"

#include <stdlib.h>
#include <string.h>

/* The walk through all packages. */
typedef struct marks {
    lint *l;
    unit *in;               /* the package that is walked */
    const ast_node *inside; /* the declaration that is walked, which does not use itself */
} marks;

/* What a name means in the package that is walked; NULL: a built-in type, a value of an enum. */
static const symbol *meaning(const marks *m, const ast_path *path)
{
    if (path->count == 1)
        return find_symbol(m->in, path->parts[0].text);
    for (size_t i = 0; path->count == 2 && i < m->in->import_count; i++) {
        unit *other = m->in->imports[i].unit;

        if (strcmp(other->package->name, path->parts[0].text) == 0)
            return find_symbol(other, path->parts[1].text);
    }
    return NULL;
}

static void mark_path(marks *m, const ast_path *path)
{
    const symbol *s = meaning(m, path);

    if (s == NULL || s->node == m->inside)
        return;
    m->l->used = (const symbol **)arena_grow(m->l->memory, m->l->used, m->l->used_count, sizeof *m->l->used);
    m->l->used[m->l->used_count++] = s;
}

static void mark_value(marks *m, const ast_value *value)
{
    if (value == NULL)
        return;
    if (value->kind == AST_PATH)
        mark_path(m, value->path);
    mark_value(m, value->low);
    mark_value(m, value->high);
}

static void mark_type(marks *m, const ast_type *type)
{
    for (; type != NULL; type = type->element) {
        if (type->kind == AST_NAMED)
            mark_path(m, type->name);
        mark_value(m, type->range);
    }
}

static void mark_node(marks *m, const ast_node *node);

static void mark_list(marks *m, const ast_list *nodes)
{
    for (size_t i = 0; i < nodes->count; i++)
        mark_node(m, (const ast_node *)nodes->items[i]);
}

static void mark_node(marks *m, const ast_node *node)
{
    mark_type(m, node->type);
    mark_value(m, node->value);
    if (node->result != NULL)
        mark_path(m, node->result);
    for (size_t i = 0; i < node->raises.count; i++)
        mark_path(m, (const ast_path *)node->raises.items[i]);
    if (node->kind == AST_RESERVED || node->kind >= AST_PUBLISHES)
        return; /* their members are strings, events and services */
    mark_list(m, &node->members);
    if (node->result_body != NULL)
        mark_list(m, &node->result_body->members);
    if (node->progress != NULL)
        mark_list(m, &node->progress->members);
}

static int compare(const void *left, const void *right)
{
    const uintptr_t a = (uintptr_t) * (const symbol *const *)left,
                    b = (uintptr_t) * (const symbol *const *)right;

    return a == b ? 0 : a < b ? -1 : 1;
}

/* Once for all packages. */
static void mark_all(lint *l)
{
    marks m = {.l = l};

    l->used = (const symbol **)arena_array(l->memory, 1, sizeof *l->used);
    for (size_t i = 0; i < l->c->unit_count; i++) {
        m.in = l->c->units[i];
        for (size_t k = 0; k < m.in->tree->nodes.count; k++) {
            m.inside = (const ast_node *)m.in->tree->nodes.items[k];
            if (m.inside->kind > AST_IMPORT)
                mark_node(&m, m.inside);
        }
    }
    if (l->used_count > 1)
        qsort(l->used, l->used_count, sizeof *l->used, compare);
}

static bool is_used(const lint *l, const symbol *s)
{
    return bsearch(&s, l->used, l->used_count, sizeof *l->used, compare) != NULL;
}

static void check_symbols(lint *l)
{
    for (size_t i = 0; i < l->u->symbol_count; i++) {
        const symbol *s = &l->u->symbols[i];

        if (s->kind == SYMBOL_SERVICE || is_used(l, s))
            continue;
        if (s->record != NULL && s->record->kind == SCHEMA_ERROR)
            lint_report(l, LINT_ERROR_NEVER_RAISED, place_name(s->node), "no method raises '%s'", s->name);
        else
            lint_report(l, LINT_UNUSED_DECLARATION, place_name(s->node), "nothing uses '%s'", s->name);
    }
}

/* ---- events ---- */

/* Whether a service of any package lists the event; `*services`: how many there are. */
static bool is_published(const lint *l, const schema_event *event, size_t *services)
{
    *services = 0;
    for (size_t i = 0; i < l->c->unit_count; i++) {
        const schema_package *p = l->c->units[i]->package;

        *services += p->service_count;
        for (size_t k = 0; k < p->service_count; k++) {
            for (size_t n = 0; n < p->services[k]->publish_count; n++) {
                if (p->services[k]->publishes[n] == event)
                    return true;
            }
        }
    }
    return false;
}

static void check_events(lint *l)
{
    const schema_package *p = l->u->package;

    for (size_t i = 0; i < p->event_count; i++) {
        size_t services;

        if (!is_published(l, p->events[i], &services) && services > 0)
            lint_report(l, LINT_EVENT_NEVER_PUBLISHED, place_event(l->u, p->events[i])->path->where,
                        "no service publishes '%s'", p->events[i]->name);
    }
}

void lint_unused(lint *l)
{
    if (l->u->package->service_count == 0 && l->u->package->event_count == 0)
        return;
    if (l->used == NULL)
        mark_all(l);
    check_symbols(l);
    check_events(l);
}
