/* Services: their name and version on the bus, and the lists of what they offer, publish and use.
 *
 * The order of a service's members is kept: it is the order of its ops table and of its endpoints.
 * Services may refer to each other, so each exists, empty, before the first is checked.
 */
#include "check.h"

#include <string.h>

/* ---- names ---- */

/* What it is and was called: no other service answers to that. */
static void claim_service(unit *u, const symbol *s, const schema_service *service, span where)
{
    const char *owner = arena_printf(&u->c->memory, "service '%s'", s->name);

    for (size_t i = 0; i <= service->was_count; i++) {
        const char *name = i == 0 ? service->wire : service->was[i - 1];
        const bus_name *other = claim_on_bus(u, "service", name, s->node->name.where, owner);

        if (other == NULL || other->where.start == s->node->name.where.start)
            continue;
        diag_report(&u->c->reports, 509, where, "%s and %s are both called \"%s\" on the bus", other->owner,
                    owner, name);
        diag_add_note(&u->c->reports, other->where, "the other is here");
        diag_add_help(&u->c->reports, "@wire(\"...\") gives one of them another name");
        return;
    }
}

static void check_wire(unit *u, const symbol *s, schema_service *service)
{
    diags *d = &u->c->reports;
    const ast_value *written = annotation_argument(&s->node->marks, "wire", NULL, AST_STRING);
    span where = written != NULL ? written->where : s->node->name.where;

    service->wire = written != NULL ? written->text : service->name;
    if ((!wire_service_ok(service->wire) || (written != NULL && strlen(written->text) != written->length)) &&
        !said_at(u, where)) {
        diag_report(d, 501, where, "this cannot be the name of a service on the bus");
        diag_add_help(
            d,
            "a letter, then letters, digits, '_' and '-' with a letter or digit at the end, at most "
            "%d bytes",
            WIRE_NAME_MAX);
    }
    if (strcmp(service->wire, "progress") == 0 || strcmp(service->wire, "callback") == 0 ||
        strcmp(service->wire, "cancel") == 0) {
        diag_report(d, 501, where, "no service can be called \"%s\" on the bus", service->wire);
        diag_add_help(d,
                      "messages about commands go to 'commands.%s.<id>'; choose another name with "
                      "@wire(\"...\")",
                      service->wire);
    }
    service->was = was_of(u, &s->node->marks, &service->was_count);
    check_was(u, s->node, &(wire_names){service->wire, service->was, service->was_count}, wire_service_ok);
    claim_service(u, s, service, where);
}

static const char *c_prefix(unit *u, const symbol *s)
{
    arena *a = &u->c->memory;
    const ast_value *written = annotation_argument(&s->node->marks, "c_name", NULL, AST_STRING);

    if (written == NULL)
        return arena_printf(a, "%s_%s", u->package->c_prefix, cname_snake(a, s->name));
    if (cname_prefix_ok(written->text, written->length)) {
        u->own_prefixes = true;
        return written->text;
    }
    diag_report(&u->c->reports, 604, written->where, "this cannot begin the names in C");
    diag_add_help(&u->c->reports, "a lower-case letter, then lower-case letters, digits and '_'");
    return arena_printf(a, "%s_%s", u->package->c_prefix, cname_snake(a, s->name));
}

static void check_names(unit *u, const symbol *s, schema_service *service)
{
    static const char *const endings[] = {
        "_service", "_service_was", "_service_endpoints", "_service_subscriptions", "_service_unsupported",
        NULL};
    arena *a = &u->c->memory;
    const ast_value *version = annotation_argument(&s->node->marks, "version", NULL, AST_STRING);
    span where = s->node->name.where;
    const char *what = arena_printf(a, "service '%s'", s->name);
    uint32_t major;

    check_wire(u, s, service);
    service->version = version != NULL ? version->text : "1.0.0";
    if (!check_version(service->version, 3, 3, &major)) {
        diag_report(&u->c->reports, 503, version != NULL ? version->where : where,
                    "'%s' is not the version of a service", service->version);
        diag_add_help(&u->c->reports, "three numbers, such as \"1.2.0\"");
    }
    service->c_name = c_prefix(u, s);
    service->c_macro = cname_upper(a, service->c_name);
    claim_name(u, arena_printf(a, "%s_ops", service->c_name), where, what);
    claim_name(u, arena_printf(a, "%s_serve", service->c_name), where, what);
    service->c_var = cname_snake(a, s->name);
    claim_static(u, &service->c_var, endings);
}

/* ---- members ---- */

/* Methods keep their spelling, unless it is that of something a service has itself. */
static const char *method_word(arena *a, const char *name)
{
    static const char *const own[] = {"ops", "serve", "options"};

    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (strcmp(name, own[i]) == 0)
            return arena_printf(a, "%s_", name);
    }
    return name;
}

static void add_method(service_check *b, schema_method *methods, const ast_node **nodes, const ast_node *node)
{
    static const char *const endings[] = {"_method",
                                          "_method_serve",
                                          "_method_errors",
                                          "_method_codes",
                                          "_method_was",
                                          "_method_older_errors",
                                          "_method_hear",
                                          "_method_retried",
                                          "_method_read",
                                          "_method_deliver",
                                          NULL};
    unit *u = b->u;
    arena *a = &u->c->memory;
    const char *wire = text_of(&node->marks, "wire"), *word = method_word(a, node->name.text);
    schema_method *m = &methods[b->service->method_count];

    m->kind = node->kind == AST_RPC ? SCHEMA_RPC : SCHEMA_COMMAND;
    m->service = b->service;
    m->idl_name = node->name.text;
    m->name = wire != NULL ? wire : m->idl_name;
    m->was = was_of(u, &node->marks, &m->was_count);
    for (size_t i = 0; i < b->service->method_count; i++) {
        bool same = strcmp(methods[i].idl_name, m->idl_name) == 0;
        const char *shared =
            wire_common(&(wire_names){m->name, m->was, m->was_count},
                        &(wire_names){methods[i].name, methods[i].was, methods[i].was_count});

        if (!same && shared == NULL)
            continue;
        if (same)
            diag_report(&u->c->reports, 303, node->name.where, "service '%s' has the method '%s' twice",
                        b->service->name, m->idl_name);
        else
            diag_report(&u->c->reports, 303, node->name.where,
                        "'%s' and '%s' have the same name on the wire, \"%s\"", methods[i].idl_name,
                        m->idl_name, shared);
        diag_add_note(&u->c->reports, nodes[i]->name.where, "the other is here");
        return;
    }
    m->c_op = cname_member(a, word);
    if (!claim_op(b, m->c_op, node->name.where, "a method", NULL))
        return;
    m->c_name = arena_printf(a, "%s_%s", b->service->c_name, word);
    m->c_macro = cname_upper(a, m->c_name);
    nodes[b->service->method_count++] = node;
    check_method(u, m, node);
    m->c_var = arena_printf(a, "%s_%s", b->word, word);
    claim_static(u, &m->c_var, endings);
}

static void add_publishes(service_check *b, const ast_node *node)
{
    unit *u = b->u;
    schema_service *service = b->service;

    for (size_t i = 0; i < node->members.count; i++) {
        const ast_path *path = (const ast_path *)node->members.items[i];
        const char *name = ast_path_text(&u->c->memory, path);
        const schema_event *e;
        size_t at = 0, before = service->publish_count;
        bool listed = false;

        while ((e = next_event(u, name, &at)) != NULL) {
            for (size_t k = 0; k < before; k++)
                listed = listed || b->publishes[k] == e;
            if (listed)
                break;
            b->publishes = (const schema_event **)arena_grow(&u->c->memory, b->publishes,
                                                             service->publish_count, sizeof *b->publishes);
            b->publishes[service->publish_count++] = e;
        }
        if (listed)
            diag_report(&u->c->reports, 507, path->where, "'%s' is listed twice", name);
        if (!listed && service->publish_count == before && !maybe_lost(u, path)) {
            diag_report(&u->c->reports, 505, path->where, "there is no event '%s' here or in an import",
                        name);
            help_event(u, path->where, name);
        }
    }
    service->publishes = b->publishes;
}

static void add_uses(service_check *b, const ast_node *node, symbol *self)
{
    unit *u = b->u;
    schema_service *service = b->service;
    const schema_service **list = (const schema_service **)arena_array(
        &u->c->memory, service->use_count + node->members.count, sizeof *list);

    if (service->use_count > 0)
        memcpy(list, service->uses, service->use_count * sizeof *list);
    for (size_t i = 0; i < node->members.count; i++) {
        const ast_path *path = (const ast_path *)node->members.items[i];
        bool listed = false;
        unit *owner;
        symbol *s = resolve(u, path, "service", &owner);

        if (s == NULL)
            continue;
        if (s->service == NULL || s == self) {
            diag_report(&u->c->reports, 505, path->where,
                        s == self ? "service '%s' does not list itself" : "'%s' is not a service",
                        ast_path_text(&u->c->memory, path));
            diag_add_note(&u->c->reports, s->node->name.where, "declared here");
            continue;
        }
        for (size_t k = 0; k < service->use_count; k++)
            listed = listed || list[k] == s->service;
        if (listed)
            diag_report(&u->c->reports, 507, path->where, "'%s' is listed twice",
                        ast_path_text(&u->c->memory, path));
        else
            list[service->use_count++] = s->service;
    }
    service->uses = list;
}

/* How many there are at most of methods and subscriptions. */
static size_t count_members(const ast_node *node, size_t *subscriptions)
{
    size_t methods = 0;

    *subscriptions = 0;
    for (size_t i = 0; i < node->members.count; i++) {
        const ast_node *member = (const ast_node *)node->members.items[i];

        if (member->kind == AST_SUBSCRIBES)
            *subscriptions += member->members.count;
        else
            methods++;
    }
    return methods;
}

void check_service(unit *u, symbol *s)
{
    arena *a = &u->c->memory;
    schema_service *service = s->service;
    service_check b = {0};
    size_t subscription_count, count = count_members(s->node, &subscription_count);
    schema_method *methods = (schema_method *)arena_array(a, count, sizeof *methods);
    const ast_node **nodes = (const ast_node **)arena_array(a, count, sizeof *nodes);

    b.u = u;
    b.service = service;
    b.word = cname_snake(a, s->name);
    b.subscriptions = (schema_subscription *)arena_array(a, subscription_count, sizeof *b.subscriptions);
    b.places = (span *)arena_array(a, subscription_count, sizeof *b.places);
    annotations_check(a, &u->c->reports, &s->node->marks, ON_SERVICE);
    service->docs = docs_of(u, &s->node->marks);
    service->deprecated = text_of(&s->node->marks, "deprecated");
    check_names(u, s, service);
    service->methods = methods;
    service->subscriptions = b.subscriptions;
    for (size_t i = 0; i < s->node->members.count; i++) {
        const ast_node *member = (const ast_node *)s->node->members.items[i];

        if (member->kind == AST_RPC || member->kind == AST_COMMAND) {
            add_method(&b, methods, nodes, member);
            continue;
        }
        if (member->kind == AST_SUBSCRIBES) {
            check_subscribes(&b, member);
            continue;
        }
        annotations_check(a, &u->c->reports, &member->marks, ON_NOTHING);
        if (member->kind == AST_PUBLISHES)
            add_publishes(&b, member);
        else
            add_uses(&b, member, s);
    }
}
