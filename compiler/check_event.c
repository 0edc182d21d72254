/* Events: their names on the bus, their versions, and the payload record of each.
 *
 * An event may be declared once for every major version, so that a service can handle old and new ones while
 * its neighbours move on. Which of them has the plain name in C is known only when all are: `check_event`
 * collects, `check_event_versions` then names and checks the payloads.
 */
#include "check.h"

#include <string.h>

bool check_version(const char *text, size_t least, size_t most, uint32_t *major)
{
    size_t numbers = 0;

    for (;;) {
        uint32_t number = 0;
        size_t digits = 0;
        bool zero = text[0] == '0' && text[1] >= '0' && text[1] <= '9';

        for (; *text >= '0' && *text <= '9'; text++, digits++) {
            if (digits == 6)
                return false;
            number = number * 10 + (uint32_t)(*text - '0');
        }
        if (digits == 0 || zero) /* semantic versioning has no leading zeros */
            return false;
        if (numbers++ == 0)
            *major = number;
        if (*text != '.')
            break;
        text++;
    }
    return *text == '\0' && numbers >= least && numbers <= most;
}

bool said_at(const unit *u, span where)
{
    const diags *d = &u->c->reports;

    for (size_t i = d->count; i > 0 && d->count - i < 8; i--) {
        if (d->items[i - 1].placed && d->items[i - 1].where.file == where.file &&
            d->items[i - 1].where.start == where.start)
            return true;
    }
    return false;
}

const char *event_word(arena *a, const char *name)
{
    const char *word = "";

    while (*name != '\0') {
        size_t length = strcspn(name, ".");
        const char *token = cname_snake(a, arena_copy(a, name, length));

        if (strcmp(token, "*") == 0)
            token = "any";
        else if (strcmp(token, ">") == 0)
            token = "rest";
        word = arena_printf(a, "%s%s%s", word, *word == '\0' ? "" : "_", token);
        name += name[length] == '.' ? length + 1 : length;
    }
    return word;
}

static void check_event_name(unit *u, schema_event *e, const ast_node *node)
{
    arena *a = &u->c->memory;
    const ast_value *written = annotation_argument(&node->marks, "wire", NULL, AST_STRING);
    const char *name = written != NULL ? written->text : e->name;
    size_t domain = strcspn(name, ".");

    if (node->path->count < 2) {
        diag_report(&u->c->reports, 501, node->path->where, "an event needs a domain and a type");
        diag_add_help(&u->c->reports, "such as 'order.%s'", e->name);
    } else if ((!wire_event_ok(name) || (written != NULL && strlen(name) != written->length)) &&
               (written == NULL || !said_at(u, written->where))) {
        diag_report(&u->c->reports, 501, written != NULL ? written->where : node->path->where,
                    "this cannot be the name of an event on the bus");
        diag_add_help(&u->c->reports,
                      "a domain and a type of letters, digits, '_' and '-', joined by '.', at most %d bytes",
                      WIRE_EVENT_MAX);
    }
    e->was = was_of(u, &node->marks, &e->was_count);
    check_was(u, node, &(wire_names){name, e->was, e->was_count}, wire_event_ok);
    e->domain = arena_copy(a, name, domain);
    e->type = name[domain] == '.' ? name + domain + 1 : "";
}

static void check_event_version(unit *u, schema_event *e, const ast_node *node)
{
    const ast_value *written = annotation_argument(&node->marks, "version", NULL, AST_STRING);

    e->version = written != NULL ? written->text : "1.0";
    if (check_version(e->version, 2, 3, &e->major))
        return;
    diag_report(&u->c->reports, 503, written != NULL ? written->where : node->where,
                "'%s' is not the version of an event", e->version);
    diag_add_help(&u->c->reports, "two or three numbers, such as \"1.1\"");
}

/* Both would be published to one subject. */
static void event_twice(unit *u, const schema_event *e, const ast_node *node, span first)
{
    diags *d = &u->c->reports;

    if (first.file == node->path->where.file)
        diag_report(d, 502, node->path->where, "event '%s' is declared twice for version %u", e->name,
                    (unsigned)e->major);
    else
        diag_report(d, 502, node->path->where, "version %u of event '%s' is declared by another package too",
                    (unsigned)e->major, e->name);
    diag_add_note(d, first, "first declared here");
    if (first.file == node->path->where.file)
        diag_add_help(d, "give one of them another major version, such as @version(\"%u.0\")",
                      (unsigned)e->major + 1);
    else
        diag_add_help(d, "use that one, or publish this one under another name with @wire(\"...\")");
}

/* What it is and was called: no other event answers to that in the same major version. */
static void claim_event(unit *u, const schema_event *e, const ast_node *node)
{
    arena *a = &u->c->memory;
    const char *owner = arena_printf(a, "event '%s'", e->name);

    for (size_t i = 0; i <= e->was_count; i++) {
        const char *name = i == 0 ? arena_printf(a, "%s.%s", e->domain, e->type) : e->was[i - 1];
        const bus_name *other = claim_on_bus(u, "event", arena_printf(a, "%s %u", name, (unsigned)e->major),
                                             node->path->where, owner);

        if (other == NULL ||
            (other->where.file == node->path->where.file && other->where.start == node->path->where.start))
            continue;
        if (strcmp(other->owner, owner) == 0) {
            event_twice(u, e, node, other->where);
            return;
        }
        diag_report(&u->c->reports, 509, node->path->where,
                    "%s and event '%s' are both called \"%s\" on the bus", other->owner, e->name, name);
        diag_add_note(&u->c->reports, other->where, "the other is here");
        return;
    }
}

void check_event(unit *u, ast_node *node)
{
    arena *a = &u->c->memory;
    schema_event *e = arena_new(a, schema_event);
    size_t first;

    annotations_check(a, &u->c->reports, &node->marks, ON_EVENT);
    e->package = u->package;
    e->name = node->name.text;
    e->docs = docs_of(u, &node->marks);
    e->deprecated = text_of(&node->marks, "deprecated");
    check_event_name(u, e, node);
    check_event_version(u, e, node);
    first = name_map_add(&u->in_idl, arena_printf(a, "%u %s", (unsigned)e->major, e->name), u->event_count);
    if (first != u->event_count) {
        event_twice(u, e, node, u->event_nodes[first]->path->where);
        return;
    }
    claim_event(u, e, node);
    u->events = (schema_event **)arena_grow(a, u->events, u->event_count, sizeof(schema_event *));
    u->event_nodes = (ast_node **)arena_grow(a, u->event_nodes, u->event_count, sizeof(ast_node *));
    u->event_nodes[u->event_count] = node;
    u->events[u->event_count++] = e;
}

/* Mark the highest major version of each event. */
static void find_latest(unit *u)
{
    schema_event **latest =
        (schema_event **)arena_array(&u->c->memory, u->event_count, sizeof(schema_event *));

    name_map_clear(&u->in_idl);
    for (size_t i = 0; i < u->event_count; i++) {
        schema_event *e = u->events[i];
        schema_event **best = &latest[name_map_add(&u->in_idl, e->name, i)];

        if (*best != NULL && (*best)->major > e->major)
            continue;
        if (*best != NULL)
            (*best)->latest = false;
        *best = e;
        e->latest = true;
    }
}

void check_event_versions(unit *u)
{
    static const char *const endings[] = {"_event", NULL};
    arena *a = &u->c->memory;

    find_latest(u);
    for (size_t i = 0; i < u->event_count; i++) {
        schema_event *e = u->events[i];
        const ast_node *node = u->event_nodes[i];
        const char *word = event_word(a, e->name), *c_name;
        schema_record *record;

        if (!e->latest)
            word = arena_printf(a, "%s_v%u", word, (unsigned)e->major);
        c_name = arena_printf(a, "%s_%s", u->package->c_prefix, word);
        record = new_record(u, SCHEMA_PAYLOAD, e->name, c_name, node);
        e->record = record;
        claim_name(u, arena_printf(a, "%s_publish", c_name), node->path->where,
                   arena_printf(a, "event '%s'", e->name));
        claim_name(u, arena_printf(a, "%s_publish_async", c_name), node->path->where,
                   arena_printf(a, "event '%s'", e->name));
        e->c_var = word;
        claim_static(u, &e->c_var, endings);
        check_fields(u, record, &node->members);
    }
}
