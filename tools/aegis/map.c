/* Nodes and edges, from schemas and from statistics. */
#include "map.h"

#include <stdlib.h>
#include <string.h>

/* ---- nodes and edges, each once ---- */

#define NONE ((size_t)-1)

static size_t node_of(map *m, const char *name)
{
    map_node *nodes;
    size_t i;

    for (i = 0; i < m->node_count; i++) {
        if (strcmp(m->nodes[i].name, name) == 0)
            return i;
    }
    nodes = m->node_count < MAP_NODES_MAX
                ? (map_node *)arena_grow(m->memory, m->nodes, m->node_count, sizeof *nodes)
                : NULL;
    if (nodes == NULL)
        return NONE;
    m->nodes = nodes;
    nodes[m->node_count] = (map_node){.name = name};
    return m->node_count++;
}

static map_edge *edge_of(map *m, size_t from, size_t to, map_kind kind)
{
    map_edge *edges;
    size_t i;

    if (from == NONE || to == NONE)
        return NULL;
    for (i = 0; i < m->edge_count; i++) {
        map_edge *e = &m->edges[i];

        if (e->from == from && e->to == to && e->kind == kind)
            return e;
    }
    edges = m->edge_count < MAP_EDGES_MAX
                ? (map_edge *)arena_grow(m->memory, m->edges, m->edge_count, sizeof *edges)
                : NULL;
    if (edges == NULL)
        return NULL;
    m->edges = edges;
    edges[m->edge_count] = (map_edge){.from = from, .to = to, .kind = kind, .rate = -1};
    return &edges[m->edge_count++];
}

static void add_what(map_edge *e, const char *what)
{
    size_t i;

    for (i = 0; i < e->what_count; i++) {
        if (strcmp(e->whats[i], what) == 0)
            return;
    }
    if (e->what_count < MAP_WHATS_MAX)
        e->whats[e->what_count++] = what;
}

/* ---- what is declared ---- */

/* "payment.*", "payment.>", "payment.captured" */
static bool takes(const char *pattern, const char *event)
{
    while (*pattern != '\0') {
        const size_t size = strcspn(pattern, "."), length = strcspn(event, ".");

        const bool any = size == 1 && pattern[0] == '*';

        if (pattern[0] == '>')
            return length > 0;
        if (length == 0 || (!any && (size != length || strncmp(pattern, event, size) != 0)))
            return false;
        pattern += size + (pattern[size] == '.');
        event += length + (event[length] == '.');
    }
    return *event == '\0';
}

/* Everybody who declares to hear what `from` declares to publish. */
static void declare_event(map *m, const catalog_list *schemas, size_t from, const schema_event *event)
{
    size_t i, k;

    for (i = 0; i < schemas->count; i++) {
        const schema_service *to = schemas->items[i];

        for (k = 0; k < to->subscription_count; k++) {
            map_edge *e;

            if (!takes(to->subscriptions[k].pattern, event->name))
                continue;
            e = edge_of(m, from, node_of(m, to->wire), MAP_EVENTS);
            if (e == NULL)
                return;
            e->declared = true;
            add_what(e, event->name);
        }
    }
}

static void declare(map *m, const catalog_list *schemas)
{
    size_t i, k;

    for (i = 0; i < schemas->count; i++) {
        const schema_service *service = schemas->items[i];
        const size_t from = node_of(m, service->wire);

        if (from == NONE)
            return;
        m->nodes[from].declared = true;
        for (k = 0; k < service->use_count; k++) {
            map_edge *e = edge_of(m, from, node_of(m, service->uses[k]->wire), MAP_CALLS);

            if (e != NULL)
                e->declared = true;
        }
        for (k = 0; k < service->publish_count; k++)
            declare_event(m, schemas, from, service->publishes[k]);
    }
}

/* ---- what was seen ---- */

/* "web" of "web-1a2b3c4d": what an instance is called without its number. */
static const char *without_number(arena *memory, const char *source)
{
    const size_t size = strlen(source);

    if (size > 9 && source[size - 9] == '-' && strspn(source + size - 8, "0123456789abcdef") == 8)
        return arena_copy(memory, source, size - 9);
    return source;
}

static size_t caller_of(map *m, const fleet *f, const char *source)
{
    const fleet_instance *instance = fleet_instance_of(f, source);
    const char *name;
    size_t known = m->node_count, node;

    if (instance != NULL)
        return node_of(m, instance->service);
    name = source[0] == '\0' ? "(unknown)" : without_number(m->memory, source);
    node = name != NULL ? node_of(m, name) : NONE;
    if (node != NONE && node == known) /* new: nobody who serves has this name */
        m->nodes[node].client = true;
    return node;
}

/* "thing.*" of "events.thing.*" */
static const char *event_of(const fleet_endpoint *e)
{
    return strncmp(e->subject, "events.", 7) == 0 ? e->subject + 7 : e->name;
}

static void see_endpoint(map *m, const fleet *f, size_t to, const fleet_endpoint *endpoint)
{
    const bool event = strcmp(endpoint->kind, "event") == 0;
    size_t i;

    for (i = 0; i < endpoint->caller_count; i++) {
        const fleet_caller *caller = &endpoint->callers[i];
        map_edge *e;

        if (!(caller->requests > 0))
            continue;
        e = edge_of(m, caller_of(m, f, caller->source), to, event ? MAP_EVENTS : MAP_CALLS);
        if (e == NULL)
            return;
        e->seen = true;
        e->requests += caller->requests;
        e->errors += caller->errors > 0 ? caller->errors : 0;
        if (caller->rate >= 0)
            e->rate = (e->rate >= 0 ? e->rate : 0) + caller->rate;
        add_what(e, event ? event_of(endpoint) : endpoint->name);
    }
}

static void see(map *m, const fleet *f)
{
    size_t i, k;

    for (i = 0; i < f->service_count; i++) { /* all of them first: a caller of that name is no client */
        const size_t node = node_of(m, f->services[i].name);

        if (node != NONE)
            m->nodes[node].runs = true;
    }
    for (i = 0; i < f->service_count; i++) {
        for (k = 0; k < f->services[i].endpoint_count; k++)
            see_endpoint(m, f, node_of(m, f->services[i].name), &f->services[i].endpoints[k]);
    }
}

/* ---- in order ---- */

typedef struct placed {
    map_edge edge;
    const char *from, *to;
} placed;

static int by_names(const void *a, const void *b)
{
    const placed *x = (const placed *)a, *y = (const placed *)b;
    int order = strcmp(x->from, y->from);

    if (order == 0)
        order = (int)x->edge.kind - (int)y->edge.kind;
    return order != 0 ? order : strcmp(x->to, y->to);
}

static bool sort_edges(map *m)
{
    placed *list = (placed *)arena_array(m->memory, m->edge_count + 1, sizeof *list);
    size_t i;

    for (i = 0; list != NULL && i < m->edge_count; i++)
        list[i] = (placed){m->edges[i], m->nodes[m->edges[i].from].name, m->nodes[m->edges[i].to].name};
    if (list != NULL && m->edge_count > 0)
        qsort(list, m->edge_count, sizeof *list, by_names);
    for (i = 0; list != NULL && i < m->edge_count; i++)
        m->edges[i] = list[i].edge;
    return list != NULL;
}

bool map_make(const catalog_list *schemas, const fleet *f, arena *memory, map *out)
{
    memset(out, 0, sizeof *out);
    out->memory = memory;
    out->observed = f != NULL;
    declare(out, schemas);
    if (f != NULL)
        see(out, f);
    return sort_edges(out) && !memory->failed;
}

const char *map_remark(const map *m, const map_edge *e)
{
    if (!m->observed)
        return NULL;
    if (e->declared)
        return e->seen ? NULL : "declared, not seen";
    return m->nodes[e->from].declared ? "seen, not declared" : NULL;
}
