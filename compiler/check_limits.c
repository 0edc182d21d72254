/* What a file may have at most, so that every compile ends soon and within its memory.
 *
 * Of most things there may be as many as there is memory for: structs, enums and their values, constants.
 * What is compared with each other is bounded here, far above what people write. The rest is left out after
 * the report, and what follows from that is not reported. idl/LANGUAGE.md names the numbers, and a test
 * compares them.
 */
#include "check.h"

#include <string.h>

#define ANNOTATIONS_MAX   64
#define SERVICES_MAX      1000
#define EVENTS_MAX        10000
#define METHODS_MAX       1000
#define SUBSCRIPTIONS_MAX 2000
#define LISTED_MAX        10000
#define RAISES_MAX        1000
#define FIELDS_MAX        10000

typedef struct counts {
    unit *u;
    size_t services, events, subscriptions, listed; /* of the package */
} counts;

static void too_many(unit *u, span where, size_t most, const char *what)
{
    diag_report(&u->c->reports, 203, where, "more than %zu %s", most, what);
}

/* Shorten a list to what is left of `most`, of which `*used` are taken. */
static void bound(unit *u, ast_list *list, size_t *used, size_t most, span where, const char *what)
{
    const size_t left = most - *used;

    if (list->count > left) {
        too_many(u, where, most, what);
        list->count = left;
    }
    *used += list->count;
}

static span place_of(const ast_node *node)
{
    return node->name.where.end != 0 ? node->name.where : node->where;
}

static void bound_marks(unit *u, ast_node *node)
{
    size_t used = 0;

    bound(u, &node->marks.annotations, &used, ANNOTATIONS_MAX, place_of(node), "annotations");
}

static size_t names_of(const ast_node *member)
{
    size_t names = 1;

    for (size_t i = 0; i < member->marks.annotations.count; i++) {
        const ast_annotation *written = (const ast_annotation *)member->marks.annotations.items[i];

        names += strcmp(written->name.text, "was") == 0;
    }
    return names;
}

/* Generated code numbers the names of fields in 16 bits. */
static void bound_members(unit *u, ast_node *node)
{
    size_t names = 0;

    for (size_t i = 0; node != NULL && node->kind != AST_RESERVED && i < node->members.count; i++) {
        ast_node *member = (ast_node *)node->members.items[i];

        bound_marks(u, member);
        names += node->kind == AST_ENUM ? 0 : names_of(member);
        if (names > FIELDS_MAX) {
            too_many(u, place_of(member), FIELDS_MAX, "names of fields, older ones included, in a type");
            node->members.count = i;
        }
    }
}

static void bound_service(counts *c, ast_node *service)
{
    size_t methods = 0, kept = 0;

    for (size_t i = 0; i < service->members.count; i++) {
        ast_node *node = (ast_node *)service->members.items[i];
        size_t raises = 0;

        switch (node->kind) {
        case AST_RPC:
        case AST_COMMAND:
            if (++methods == METHODS_MAX + 1)
                too_many(c->u, node->name.where, METHODS_MAX, "methods in a service");
            bound(c->u, &node->raises, &raises, RAISES_MAX, node->name.where, "errors of a method");
            bound_members(c->u, node);
            bound_members(c->u, node->result_body);
            bound_members(c->u, node->progress);
            break;
        case AST_SUBSCRIBES:
            bound(c->u, &node->members, &c->subscriptions, SUBSCRIPTIONS_MAX, node->name.where,
                  "subscriptions in a package");
            break;
        default:
            bound(c->u, &node->members, &c->listed, LISTED_MAX, node->name.where,
                  "events and services listed in a package");
            break;
        }
        bound_marks(c->u, node);
        if (methods <= METHODS_MAX || (node->kind != AST_RPC && node->kind != AST_COMMAND))
            service->members.items[kept++] = node;
    }
    service->members.count = kept;
}

/* Whether the declaration is within the bounds. */
static bool bound_declaration(counts *c, ast_node *node)
{
    bound_marks(c->u, node);
    if (node->kind == AST_SERVICE) {
        bound_service(c, node);
        if (++c->services == SERVICES_MAX + 1)
            too_many(c->u, node->name.where, SERVICES_MAX, "services in a package");
        return c->services <= SERVICES_MAX;
    }
    if (node->kind >= AST_STRUCT)
        bound_members(c->u, node);
    if (node->kind == AST_EVENT && ++c->events == EVENTS_MAX + 1)
        too_many(c->u, node->path->where, EVENTS_MAX, "events in a package");
    return c->events <= EVENTS_MAX || node->kind != AST_EVENT;
}

void check_limits(unit *u)
{
    counts c = {.u = u};
    size_t kept = 0;

    for (size_t i = 0; i < u->tree->nodes.count; i++) {
        ast_node *node = (ast_node *)u->tree->nodes.items[i];

        if (bound_declaration(&c, node))
            u->tree->nodes.items[kept++] = node;
        else
            u->tree->partial = true; /* names are missing */
    }
    u->tree->nodes.count = kept;
}
