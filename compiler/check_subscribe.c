/* Subscriptions: which events a pattern takes, and the handlers and durable names that follow from it.
 *
 * A pattern is resolved over the events of this package and of its direct imports. An exact name stands for
 * the event so named in the IDL; a wildcard is compared with names on the bus, since the bus compares them.
 * Each event has one handler in a service, so it may be taken by one subscription only.
 */
#include "check.h"

#include <string.h>

/* Of a subscription without annotations; the runtime has the same for one that is written by hand. */
#define RETRIES     9
#define BACKOFF_MIN 200000000
#define BACKOFF_MAX 30000000000
#define IN_FLIGHT   256
/* What the server gives to all instances together. */
#define IN_FLIGHT_MAX 1000

/* Of two events of one package whose handlers have one name that is said where they are declared. */
static bool said_of_events(const service_op *op, const schema_event *event)
{
    return op->event != NULL && event != NULL && op->event->package == event->package;
}

bool claim_op(service_check *b, const char *c_op, span where, const char *what, const schema_event *event)
{
    for (size_t i = 0; i < b->op_count; i++) {
        if (strcmp(b->ops[i].c_op, c_op) != 0)
            continue;
        if (said_of_events(&b->ops[i], event))
            return false;
        diag_report(&b->u->c->reports, 309, where, "%s and %s of service '%s' would both be called '%s' in C",
                    b->ops[i].what, what, b->service->name, c_op);
        diag_add_note(&b->u->c->reports, b->ops[i].where, "the other is here");
        return false;
    }
    b->ops = (service_op *)arena_grow(&b->u->c->memory, b->ops, b->op_count, sizeof *b->ops);
    b->ops[b->op_count++] = (service_op){c_op, what, where, event};
    return true;
}

/* ---- events in reach ---- */

/* Event number `at` of this package and then of its imports, in order; NULL after the last. */
static const schema_event *event_at(const unit *u, size_t at, import **from)
{
    *from = NULL;
    if (at < u->event_count)
        return u->events[at];
    at -= u->event_count;
    for (size_t i = 0; i < u->import_count; i++) {
        const unit *other = u->imports[i].unit;

        *from = &u->imports[i];
        if (at < other->event_count)
            return other->events[at];
        at -= other->event_count;
    }
    return NULL;
}

const schema_event *next_event(unit *u, const char *name, size_t *at)
{
    const schema_event *e;
    import *from;

    while ((e = event_at(u, (*at)++, &from)) != NULL) {
        if (strcmp(e->name, name) != 0)
            continue;
        if (from != NULL)
            from->used = true;
        return e;
    }
    return NULL;
}

void help_event(unit *u, span where, const char *name)
{
    const char **names = NULL, *near;
    size_t count = 0;
    import *from;

    if (u->suggestions == SUGGESTIONS_MAX)
        return;
    u->suggestions++;
    for (const schema_event *e; (e = event_at(u, count, &from)) != NULL; count++) {
        names = (const char **)arena_grow(&u->c->memory, names, count, sizeof *names);
        names[count] = e->name;
    }
    near = diag_nearest(name, names, count);
    if (near != NULL)
        diag_add_meant(&u->c->reports, where, "%s", near);
}

bool maybe_lost(const unit *u, const ast_path *path)
{
    bool lost = u->unread || ast_lost_path(u->tree, path);

    for (size_t i = 0; i < u->import_count; i++)
        lost = lost || u->imports[i].unit->unread || ast_lost_path(u->imports[i].unit->tree, path);
    return lost;
}

static const char *subject_of(arena *a, const schema_event *e)
{
    return arena_printf(a, "%s.%s", e->domain, e->type);
}

static bool takes_event(arena *a, const char *pattern, const schema_event *e)
{
    const arena_mark before = arena_here(a);
    const bool taken = patterns_meet(pattern, subject_of(a, e));

    arena_back(a, before);
    return taken;
}

/* ---- patterns ---- */

static bool check_shape(unit *u, const ast_path *path, bool *wildcard)
{
    bool rest = false;

    *wildcard = false;
    for (size_t i = 0; i < path->count; i++) {
        const ast_name *part = &path->parts[i];
        bool star = strcmp(part->text, "*") == 0, more = strcmp(part->text, ">") == 0;

        if (rest || (*wildcard && !star && !more)) {
            diag_report(&u->c->reports, 508, part->where, "nothing may follow '%s' in a pattern%s",
                        rest ? ">" : "*", rest ? "" : " but another wildcard");
            return false;
        }
        *wildcard = *wildcard || star || more;
        rest = more;
    }
    if (path->count >= 2 || rest)
        return true;
    diag_report(&u->c->reports, 508, path->where, "an event has a domain and a type");
    diag_add_help(&u->c->reports,
                  strcmp(path->parts[0].text, "*") == 0 ? "'>' takes every event"
                                                        : "'%s.*' takes all of a domain",
                  path->parts[0].text);
    return false;
}

static bool wire_ok(const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < length; i++) {
        char c = name[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
              c == '-'))
            return false;
    }
    return length > 0 && length <= 200;
}

static const char *default_durable(arena *a, const char *service, const char *pattern)
{
    const char *word = "";

    while (*pattern != '\0') {
        size_t length = strcspn(pattern, ".");
        const char *token = *pattern == '*' ? "any" : *pattern == '>' ? "rest" : pattern;

        word = arena_printf(a, "%s%s%.*s", word, *word == '\0' ? "" : "_",
                            token == pattern ? (int)length : (int)strlen(token), token);
        pattern += pattern[length] == '.' ? length + 1 : length;
    }
    return arena_printf(a, "%s__%s", service, word);
}

/* What is stored for a service keeps the name it was stored under first, so that nothing is read again when
 * the service gets another name. */
static const char *first_name(const schema_service *service)
{
    return service->was_count > 0 ? service->was[service->was_count - 1] : service->wire;
}

static void check_durable(service_check *b, schema_subscription *s, const ast_node *node, span where)
{
    unit *u = b->u;
    const ast_value *wire =
        node->members.count > 1 ? NULL : annotation_argument(&node->marks, "wire", NULL, AST_STRING);
    const bus_name *other;

    s->durable =
        wire != NULL ? wire->text : default_durable(&u->c->memory, first_name(b->service), s->pattern);
    if (wire != NULL && (!wire_ok(wire->text) || strlen(wire->text) != wire->length)) {
        if (!said_at(u, wire->where)) {
            diag_report(&u->c->reports, 501, wire->where,
                        "this cannot be the name of a durable subscription");
            diag_add_help(&u->c->reports, "letters, digits, '_' and '-', at most 200 bytes");
        }
        return;
    }
    if (s->broadcast)
        return;
    other = claim_on_bus(u, "durable", s->durable, where,
                         arena_printf(&u->c->memory, "'%s' of service '%s'", s->pattern, b->service->name));
    if (other == NULL)
        return;
    diag_report(&u->c->reports, 509, wire != NULL ? wire->where : where,
                "%s and '%s' of service '%s' would both be stored as \"%s\"", other->owner, s->pattern,
                b->service->name, s->durable);
    diag_add_note(&u->c->reports, other->where, "the other is here");
    diag_add_help(&u->c->reports, "name them apart with @wire(\"...\")");
}

static uint32_t count_of(const ast_value *value, uint32_t otherwise)
{
    return value != NULL && value->magnitude <= UINT32_MAX ? (uint32_t)value->magnitude : otherwise;
}

static void check_marks(service_check *b, schema_subscription *s, const ast_node *node)
{
    unit *u = b->u;
    const ast_marks *marks = &node->marks;
    const ast_value *from = annotation_argument(marks, "from", NULL, AST_PATH);
    const ast_value *backoff = annotation_argument(marks, "retry", "backoff", AST_RANGE);

    const ast_value *final = annotation_argument(marks, "retry", "final", AST_NAMES);

    if (final == NULL)
        final = annotation_argument(marks, "retry", "final", AST_EMPTY_LIST);
    if (final != NULL)
        diag_report(&u->c->reports, 605, final->where, "only commands are tried again after their errors");
    s->docs = docs_of(u, marks);
    s->broadcast = annotation_find(marks, "broadcast") != NULL;
    s->from_new = from == NULL ? s->broadcast : strcmp(from->path->parts[0].text, "new") == 0;
    s->ordered = annotation_find(marks, "ordered") != NULL;
    s->concurrency = count_of(annotation_argument(marks, "concurrency", NULL, AST_INT), 1);
    s->in_flight = s->concurrency > IN_FLIGHT ? s->concurrency : IN_FLIGHT;
    s->in_flight = count_of(annotation_argument(marks, "concurrency", "in_flight", AST_INT), s->in_flight);
    s->max_retries = count_of(annotation_argument(marks, "retry", "max", AST_INT), RETRIES);
    s->backoff_min = duration_of(backoff != NULL ? backoff->low : NULL, BACKOFF_MIN);
    s->backoff_max = duration_of(backoff != NULL ? backoff->high : NULL, BACKOFF_MAX);
}

/* More than the server lets all instances hold would never come. */
static void check_in_flight(unit *u, const ast_node *node, const ast_value *concurrency)
{
    const ast_value *held = annotation_argument(&node->marks, "concurrency", "in_flight", AST_INT);

    if (held != NULL && concurrency != NULL && held->magnitude < concurrency->magnitude)
        diag_report(&u->c->reports, 605, held->where, "fewer events than handlers: some would never run");
    else if (held != NULL && held->magnitude > IN_FLIGHT_MAX)
        diag_report(&u->c->reports, 605, held->where, "at most %d events can be in flight", IN_FLIGHT_MAX);
}

/* What is wrong with the annotations, once for a statement. */
static void check_marks_fit(unit *u, const ast_node *node)
{
    const ast_annotation *broadcast = annotation_find(&node->marks, "broadcast");
    const ast_annotation *ordered = annotation_find(&node->marks, "ordered");
    const ast_annotation *wire = annotation_find(&node->marks, "wire");
    const ast_value *concurrency = annotation_argument(&node->marks, "concurrency", NULL, AST_INT);

    annotations_check(&u->c->memory, &u->c->reports, &node->marks, ON_SUBSCRIBES);
    check_in_flight(u, node, concurrency);
    if (concurrency != NULL && concurrency->magnitude == 0)
        diag_report(&u->c->reports, 605, concurrency->where, "at least one handler must run");
    if (concurrency != NULL && concurrency->magnitude > 1 && ordered != NULL) {
        diag_report(&u->c->reports, 605, concurrency->where,
                    "events that are handled at once are not handled in order");
        diag_add_note(&u->c->reports, ordered->where, "'@ordered' is here");
    }
    if (wire != NULL && node->members.count > 1)
        diag_report(&u->c->reports, 605, wire->where, "'@wire' names one subscription, and here are %zu",
                    node->members.count);
    if (wire != NULL && broadcast != NULL) {
        diag_report(&u->c->reports, 605, wire->where, "a broadcast subscription is not stored under a name");
        diag_add_note(&u->c->reports, broadcast->where, "'@broadcast' is here");
    }
}

/* ---- cases ---- */

static bool taken_twice(service_check *b, const schema_subscription *s, const schema_event *e, span where)
{
    for (size_t i = 0; i < b->service->subscription_count; i++) {
        for (size_t k = 0; k < b->subscriptions[i].case_count; k++) {
            if (b->subscriptions[i].cases[k].event != e)
                continue;
            diag_report(&b->u->c->reports, 507, where, "'%s' takes event '%s', which '%s' takes already",
                        s->pattern, e->name, b->subscriptions[i].pattern);
            diag_add_note(&b->u->c->reports, b->places[i], "subscribed to here");
            return true;
        }
    }
    return false;
}

/* Where events of the subscription may be published, or were, that its own pattern does not take. */
static void add_older(service_check *b, schema_subscription *s, const char *name)
{
    arena *a = &b->u->c->memory;
    schema_older *older;

    if (patterns_meet(s->pattern, name))
        return;
    for (size_t i = 0; i < s->older_count; i++) {
        if (strcmp(s->older[i].pattern, name) == 0)
            return;
    }
    older = (schema_older *)arena_grow(a, s->older, s->older_count, sizeof *older);
    older[s->older_count++] = (schema_older){name, default_durable(a, first_name(b->service), name)};
    s->older = older;
}

static void find_older(service_check *b, schema_subscription *s)
{
    for (size_t i = 0; i < s->case_count; i++) {
        const schema_event *e = s->cases[i].event;

        add_older(b, s, subject_of(&b->u->c->memory, e));
        for (size_t k = 0; k < e->was_count; k++)
            add_older(b, s, e->was[k]);
    }
}

/* An older version may be made into the latest before it is handled, where that one comes here too. The cases
 * are where they stay. */
static void find_upcasts(service_check *b, schema_case *cases, size_t count, span where)
{
    arena *a = &b->u->c->memory;

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count && !cases[i].event->latest; k++) {
            if (cases[k].event->package == cases[i].event->package && cases[k].event->latest &&
                strcmp(cases[k].event->name, cases[i].event->name) == 0)
                cases[i].latest = &cases[k];
        }
        if (cases[i].latest == NULL)
            continue;
        cases[i].c_upcast = arena_printf(a, "upcast_%s", cases[i].c_op + strlen("on_"));
        claim_op(b, cases[i].c_upcast, where, "an upcast", cases[i].event);
    }
}

/* False when an event is taken twice: that is enough about this subscription. */
static bool check_cases(service_check *b, schema_subscription *s, const char *written, span where)
{
    unit *u = b->u;
    arena *a = &u->c->memory;
    schema_case *cases = NULL;
    const schema_event *e;
    import *from;

    for (size_t at = 0; (e = event_at(u, at, &from)) != NULL; at++) {
        const char *word;

        if (s->wildcard ? !takes_event(a, s->pattern, e) : strcmp(written, e->name) != 0)
            continue;
        if (from != NULL)
            from->used = true;
        if (!s->wildcard)
            s->pattern = subject_of(a, e);
        if (taken_twice(b, s, e, where))
            return false;
        word = arena_printf(a, "on_%s", event_word(a, e->name));
        if (!e->latest)
            word = arena_printf(a, "%s_v%u", word, (unsigned)e->major);
        if (!claim_op(b, word, where, "a handler", e))
            return false;
        cases = (schema_case *)arena_grow(a, cases, s->case_count, sizeof *cases);
        cases[s->case_count++] =
            (schema_case){.event = e, .c_op = word, .c_var = arena_printf(a, "%s_%s", b->word, word)};
        s->cases = cases;
    }
    return true;
}

static void no_events(service_check *b, const schema_subscription *s, const char *written,
                      const ast_path *path)
{
    unit *u = b->u;

    if (maybe_lost(u, path))
        return;
    diag_report(&u->c->reports, 504, path->where,
                s->wildcard ? "no declared event matches '%s': only the raw handler '%s' will see them"
                            : "no event '%s' is declared: only the raw handler '%s' will see it",
                written, s->c_raw);
    if (!s->wildcard)
        help_event(u, path->where, written);
}

/* Whether an event that is not declared would come to two handlers. */
static bool meets_other(service_check *b, const schema_subscription *s, span where)
{
    for (size_t i = 0; i < b->service->subscription_count; i++) {
        if (!patterns_meet(b->subscriptions[i].pattern, s->pattern))
            continue;
        diag_report(&b->u->c->reports, 507, where, "'%s' and '%s' take the same events",
                    b->subscriptions[i].pattern, s->pattern);
        diag_add_note(&b->u->c->reports, b->places[i], "subscribed to here");
        return true;
    }
    return false;
}

/* The handler of what no case takes; an event called `any` has the plain name. */
static const char *raw_op(const service_check *b, const char *word)
{
    const char *name = arena_printf(&b->u->c->memory, "on_%s", word);

    for (size_t i = 0; i < b->op_count; i++) {
        if (strcmp(b->ops[i].c_op, name) == 0)
            return arena_printf(&b->u->c->memory, "%s_", name);
    }
    return name;
}

static void check_subscription(service_check *b, const ast_node *node, const ast_path *path)
{
    static const char *const of_cases[] = {"_type", "_case", NULL}, *const endings[] = {"_cases", "_raw",
                                                                                        "_older", NULL};
    unit *u = b->u;
    arena *a = &u->c->memory;
    const char *written = ast_path_text(a, path), *word = event_word(a, written);
    schema_subscription s = {0};
    schema_case *cases;

    if (!check_shape(u, path, &s.wildcard))
        return;
    s.pattern = written;
    check_marks(b, &s, node);
    for (size_t i = 0; i < b->service->subscription_count; i++) {
        if (strcmp(b->subscriptions[i].pattern, written) == 0) {
            diag_report(&u->c->reports, 507, path->where, "'%s' is subscribed to twice", written);
            diag_add_note(&u->c->reports, b->places[i], "first here");
            return;
        }
    }
    if (!check_cases(b, &s, written, path->where) || meets_other(b, &s, path->where))
        return;
    if (s.wildcard || s.case_count == 0) {
        s.c_raw = raw_op(b, word);
        claim_op(b, s.c_raw, path->where, "a handler", NULL);
    }
    if (s.case_count == 0)
        no_events(b, &s, written, path);
    check_durable(b, &s, node, path->where);
    find_older(b, &s);
    cases = (schema_case *)arena_array(a, s.case_count, sizeof *cases);
    for (size_t i = 0; i < s.case_count; i++) {
        cases[i] = s.cases[i];
        claim_static(u, &cases[i].c_var, of_cases);
    }
    s.cases = cases;
    find_upcasts(b, cases, s.case_count, path->where);
    if (s.case_count > 0 && !b->service->unsupported)
        b->service->unsupported =
            claim_op(b, "on_unsupported", path->where, "the handler of unknown versions", NULL);
    s.c_var = arena_printf(a, "%s_on_%s", b->word, word);
    b->subscriptions[b->service->subscription_count] = s;
    claim_static(u, &b->subscriptions[b->service->subscription_count].c_var, endings);
    b->places[b->service->subscription_count++] = path->where;
}

void check_subscribes(service_check *b, const ast_node *node)
{
    check_marks_fit(b->u, node);
    for (size_t i = 0; i < node->members.count; i++)
        check_subscription(b, node, (const ast_path *)node->members.items[i]);
}
