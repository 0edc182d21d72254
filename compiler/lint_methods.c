/* Services, methods and events: versions, deadlines, repeats, priorities, and what a name promises. */
#include "lint_parts.h"

#include <string.h>

#define SECOND INT64_C(1000000000)
/* Longest an rpc keeps its caller waiting without being a command. */
#define RPC_LONGEST  (60 * SECOND)
#define RETRIES_MOST 20

static const char *const reading[] = {"get",    "list", "find", "read", "fetch", "search",   "count", "query",
                                      "lookup", "is",   "has",  "show", "view",  "describe", NULL};

static const ast_node *node_of(lint *l, const schema_method *m)
{
    return place_record(l->u, m->request);
}

/* Text to put before a declaration, behind its docs and annotations. */
static void add_before(lint *l, const ast_node *node, const char *text)
{
    const span where = {node->where.file, node->where.start, node->where.start};

    diag_add_fix(l->reports, where, "%s ", text);
}

static void check_rpc(lint *l, const schema_method *m, const ast_node *node)
{
    if (annotation_find(&node->marks, "timeout") == NULL) {
        lint_report(l, LINT_RPC_TIMEOUT, place_name(node), "rpc '%s' has no timeout of its own", m->idl_name);
        diag_add_help(l->reports, "it is 5s without one");
        add_before(l, node, "@timeout(5s)");
    } else if (m->timeout > RPC_LONGEST) {
        lint_report(l, LINT_SLOW_RPC, place_name(node), "rpc '%s' may take longer than a minute",
                    m->idl_name);
        diag_add_help(l->reports, "a command is stored, repeated and reports its progress");
    }
    if (!m->idempotent && lint_first_word(m->idl_name, reading))
        lint_report(l, LINT_READ_NOT_IDEMPOTENT, place_name(node),
                    "rpc '%s' reads, by its name, and is not idempotent", m->idl_name);
}

static void check_command(lint *l, const schema_method *m, const ast_node *node)
{
    if (m->key_count == 0)
        lint_report(l, LINT_COMMAND_KEY, place_name(node), "command '%s' has no idempotency key",
                    m->idl_name);
    if (lint_first_word(m->idl_name, reading))
        lint_report(l, LINT_READ_AS_COMMAND, place_name(node), "command '%s' reads, by its name",
                    m->idl_name);
}

static void check_methods(lint *l, const schema_service *service)
{
    size_t commands = 0, urgent = 0;

    for (size_t i = 0; i < service->method_count; i++) {
        const schema_method *m = &service->methods[i];
        const ast_node *node = node_of(l, m);

        if (m->kind == SCHEMA_RPC)
            check_rpc(l, m, node);
        else
            check_command(l, m, node);
        if (m->max_retries > RETRIES_MOST)
            lint_report(l, LINT_MANY_RETRIES, place_name(node), "'%s' is repeated up to %u times",
                        m->idl_name, (unsigned)m->max_retries);
        commands += m->kind == SCHEMA_COMMAND ? 1 : 0;
        urgent += m->lanes && m->priority >= SCHEMA_PRIORITY_HIGH ? 1 : 0;
    }
    if (commands > 1 && urgent == commands)
        lint_report(l, LINT_ALL_URGENT, place_name(place_symbol(l->u, service->name)),
                    "every command of service '%s' is urgent", service->name);
}

static void look_at_service(lint *l, const schema_service *service)
{
    const ast_node *node = place_symbol(l->u, service->name);

    if (annotation_find(&node->marks, "version") == NULL) {
        lint_report(l, LINT_SERVICE_VERSION, place_name(node), "service '%s' has no version", service->name);
        diag_add_help(l->reports, "it is 1.0.0 without one");
        add_before(l, node, "@version(\"1.0.0\")");
    }
    for (size_t i = 0; i < service->subscription_count; i++) {
        const ast_path *path = place_subscription(l->u, service, &service->subscriptions[i], NULL);

        if (strcmp(service->subscriptions[i].pattern, ">") == 0 && path != NULL)
            lint_report(l, LINT_SUBSCRIBES_ALL, path->where, "service '%s' subscribes to every event",
                        service->name);
    }
    check_methods(l, service);
}

void lint_methods(lint *l)
{
    const schema_package *p = l->u->package;

    for (size_t i = 0; i < p->service_count; i++)
        look_at_service(l, p->services[i]);
    for (size_t i = 0; i < p->event_count; i++) {
        const ast_node *node = place_event(l->u, p->events[i]);

        if (annotation_find(&node->marks, "version") != NULL)
            continue;
        lint_report(l, LINT_EVENT_VERSION, node->path->where, "event '%s' has no version",
                    p->events[i]->name);
        diag_add_help(l->reports, "it is 1.0 without one");
        add_before(l, node, "@version(\"1.0\")");
    }
}
