/* Who depends on whom: what schemas declare (uses, publishes, subscribes) beside what really happened, by the
 * callers that each endpoint has counted. Sources of calls are instances; they become services by who runs
 * and by the registry. What is no service is a client.
 */
#ifndef AEGIS_TOOL_MAP_H
#define AEGIS_TOOL_MAP_H

#include "catalog.h"
#include "fleet.h"

#define MAP_NODES_MAX 2048
#define MAP_EDGES_MAX 8192
#define MAP_WHATS_MAX 64

typedef struct map_node {
    const char *name;
    bool runs;
    bool declared; /* its schema is known: what it does beyond it is of note */
    bool client;   /* no service */
} map_node;

typedef enum map_kind { MAP_CALLS, MAP_EVENTS } map_kind;

typedef struct map_edge {
    size_t from, to; /* nodes: who calls or publishes, who answers or hears */
    map_kind kind;
    bool declared, seen;
    const char *whats[MAP_WHATS_MAX]; /* methods, events */
    size_t what_count;
    double requests, errors, rate; /* 0 unless seen; rate below 0: not known */
} map_edge;

typedef struct map {
    arena *memory;
    bool observed; /* somebody was asked */
    map_node *nodes;
    size_t node_count;
    map_edge *edges; /* by names of their nodes */
    size_t edge_count;
} map;

/* `f` NULL: only what is declared. False without memory. */
bool map_make(const catalog_list *schemas, const fleet *f, arena *memory, map *out);

/* What is to be said of an edge: NULL where all is as it should be. */
const char *map_remark(const map *m, const map_edge *e);

/* In the formats of --format; false: it could not be written, which was said. */
void map_print_text(const map *m, const screen *out);
void map_print_mermaid(const map *m, FILE *file);
void map_print_dot(const map *m, FILE *file);
json_t *map_json(const map *m);
/* Through graphviz' dot. The exit code. */
int map_print_svg(const map *m);

#endif
