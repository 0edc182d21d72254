/* The view of services and events: methods, what they raise, what a service subscribes to. */
#include "view_parts.h"

#include <string.h>

/* ---- methods ------------------------------------------------------------------------------------------ */

typedef struct view_raise {
    const char *wire, *code, *c_type, *member, *kind, *reply, *index, *message, *retried;
} view_raise;

static const shape_member raise_members[] = {
    SHOWS_TEXT(view_raise, wire),   SHOWS_TEXT(view_raise, code),    SHOWS_TEXT(view_raise, c_type),
    SHOWS_TEXT(view_raise, member), SHOWS_TEXT(view_raise, kind),    SHOWS_TEXT(view_raise, reply),
    SHOWS_TEXT(view_raise, index),  SHOWS_TEXT(view_raise, message), SHOWS_TEXT(view_raise, retried),
};
static const shape raise_shape = SHAPE_OF(view_raise, raise_members);

static shape_list raises_of(const schema_method *method, arena *a)
{
    view_raise *made = (view_raise *)arena_array(a, method->raise_count, sizeof *made);

    for (size_t i = 0; i < method->raise_count; i++) {
        const schema_raise *raise = &method->raises[i];
        const schema_field *message = raise->error->message;

        made[i].wire = raise->error->wire;
        made[i].code = arena_printf(a, "%d", (int)raise->error->code);
        made[i].c_type = raise->error->c_name;
        made[i].member = raise->c_member;
        made[i].kind = raise->c_kind;
        made[i].reply = raise->c_reply;
        made[i].retried = raise->retried ? "true" : "false";
        made[i].index = arena_printf(a, "%zu", i);
        made[i].message = message == NULL ? "NULL" : arena_printf(a, "error->%s", message->c_name);
    }
    return view_list(made, method->raise_count);
}

/* An older name of a typed error, and which of the method's it is. */
typedef struct view_older_error {
    const char *name, *index;
} view_older_error;

static const shape_member older_error_members[] = {
    SHOWS_TEXT(view_older_error, name),
    SHOWS_TEXT(view_older_error, index),
};
static const shape older_error_shape = SHAPE_OF(view_older_error, older_error_members);

static shape_list older_errors_of(const schema_method *method, arena *a)
{
    view_older_error *made;
    size_t total = 0, count = 0;

    for (size_t i = 0; i < method->raise_count; i++)
        total += method->raises[i].error->was_count;
    made = (view_older_error *)arena_array(a, total, sizeof *made);
    for (size_t i = 0; i < method->raise_count; i++) {
        const schema_record *error = method->raises[i].error;

        for (size_t k = 0; k < error->was_count; k++)
            made[count++] = (view_older_error){error->was[k], arena_printf(a, "%zu", i)};
    }
    return view_list(made, count);
}

/* One part of an idempotency key: which function takes it, and what it is given. */
typedef struct view_key {
    const char *function, *value;
} view_key;

static const shape_member key_members[] = {
    SHOWS_TEXT(view_key, function),
    SHOWS_TEXT(view_key, value),
};
static const shape key_shape = SHAPE_OF(view_key, key_members);

static view_key key_of(arena *a, const schema_field *field)
{
    const char *value = arena_printf(a, "request->%s", field->c_name);

    switch (field->type->kind) {
    case SCHEMA_UUID:
        return (view_key){"uuid", value};
    case SCHEMA_ENUM:
        return (view_key){"text", arena_printf(a, "%s_name(%s)", field->type->enumeration->c_name, value)};
    case SCHEMA_TIMESTAMP:
        return (view_key){"timestamp", value};
    case SCHEMA_STRING:
        return (view_key){"text", value};
    default:
        return (view_key){field->type->kind >= SCHEMA_U8 ? "u64" : "i64", value};
    }
}

static shape_list keys_of(const schema_method *method, arena *a)
{
    view_key *made = (view_key *)arena_array(a, method->key_count, sizeof *made);

    for (size_t i = 0; i < method->key_count; i++)
        made[i] = key_of(a, method->keys[i]);
    return view_list(made, method->key_count);
}

typedef struct view_method {
    const char *name, *service_wire, *service, *c_name, *c_macro, *op, *var, *docs, *deprecated;
    const char *request, *result, *progress;
    const char *timeout, *hedge, *priority, *guarantee, *max_retries, *backoff_min, *backoff_max,
        *raise_count;
    const char *was_count, *older_error_count;
    bool command, idempotent, lanes, retries_errors;
    shape_list raises, was, older_errors, keys;
} view_method;

static const shape_member method_members[] = {
    SHOWS_TEXT(view_method, name),
    SHOWS_TEXT(view_method, service_wire),
    SHOWS_TEXT(view_method, service),
    SHOWS_TEXT(view_method, c_name),
    SHOWS_TEXT(view_method, c_macro),
    SHOWS_TEXT(view_method, op),
    SHOWS_TEXT(view_method, var),
    SHOWS_TEXT(view_method, docs),
    SHOWS_TEXT(view_method, deprecated),
    SHOWS_TEXT(view_method, request),
    SHOWS_TEXT(view_method, result),
    SHOWS_TEXT(view_method, progress),
    SHOWS_TEXT(view_method, timeout),
    SHOWS_TEXT(view_method, hedge),
    SHOWS_TEXT(view_method, priority),
    SHOWS_TEXT(view_method, guarantee),
    SHOWS_TEXT(view_method, max_retries),
    SHOWS_TEXT(view_method, backoff_min),
    SHOWS_TEXT(view_method, backoff_max),
    SHOWS_TEXT(view_method, raise_count),
    SHOWS_TRUTH(view_method, command),
    SHOWS_TRUTH(view_method, idempotent),
    SHOWS_TRUTH(view_method, lanes),
    SHOWS_TRUTH(view_method, retries_errors),
    SHOWS_TEXT(view_method, was_count),
    SHOWS_TEXT(view_method, older_error_count),
    SHOWS_LIST(view_method, raises, &raise_shape),
    SHOWS_LIST(view_method, was, NULL),
    SHOWS_LIST(view_method, older_errors, &older_error_shape),
    SHOWS_LIST(view_method, keys, &key_shape),
};
static const shape method_shape = SHAPE_OF(view_method, method_members);

static const char *nanoseconds(arena *a, int64_t value)
{
    return arena_printf(a, "INT64_C(%lld)", (long long)value);
}

static view_method method_of(arena *a, const schema_method *method)
{
    static const char *const priorities[] = {"LOW", "NORMAL", "HIGH", "CRITICAL"};
    static const char *const guarantees[] = {"AT_LEAST_ONCE", "AT_MOST_ONCE", "EXACTLY_ONCE"};
    const char *deprecated = method->deprecated != NULL ? method->deprecated : method->service->deprecated;
    view_method made = {.name = method->name,
                        .service_wire = method->service->wire,
                        .service = method->service->c_name,
                        .c_name = method->c_name,
                        .c_macro = method->c_macro,
                        .op = method->c_op,
                        .var = arena_printf(a, "%s_method", method->c_var),
                        .docs = view_docs(a, method->docs, deprecated),
                        .deprecated = deprecated,
                        .request = method->request->c_name,
                        .result = method->result->c_name,
                        .progress = method->progress == NULL ? NULL : method->progress->c_name,
                        .priority = priorities[method->priority],
                        .guarantee = guarantees[method->delivery],
                        .command = method->kind == SCHEMA_COMMAND,
                        .idempotent = method->idempotent,
                        .lanes = method->lanes};

    made.timeout = nanoseconds(a, method->timeout);
    made.hedge = nanoseconds(a, method->hedge);
    made.max_retries = arena_printf(a, "%u", (unsigned)method->max_retries);
    made.backoff_min = nanoseconds(a, method->backoff_min);
    made.backoff_max = nanoseconds(a, method->backoff_max);
    made.raise_count = arena_printf(a, "%zu", method->raise_count);
    made.raises = raises_of(method, a);
    for (size_t i = 0; i < method->raise_count; i++)
        made.retries_errors = made.retries_errors || method->raises[i].retried;
    made.was = view_list(method->was, method->was_count);
    made.was_count = arena_printf(a, "%zu", method->was_count);
    made.keys = keys_of(method, a);
    made.older_errors = older_errors_of(method, a);
    made.older_error_count = arena_printf(a, "%zu", made.older_errors.count);
    return made;
}

/* ---- subscriptions ------------------------------------------------------------------------------------ */

/* One name under which an event comes. */
typedef struct view_case {
    const char *op, *case_var, *event, *c_type, *version;
    const char *upcast, *latest_op, *latest_type, *latest_init; /* NULL unless it has an upcast */
    shape_list names;
} view_case;

typedef struct view_event_name {
    const char *domain, *type;
} view_event_name;

static const shape_member event_name_members[] = {
    SHOWS_TEXT(view_event_name, domain),
    SHOWS_TEXT(view_event_name, type),
};
static const shape event_name_shape = SHAPE_OF(view_event_name, event_name_members);

static const shape_member case_members[] = {
    SHOWS_TEXT(view_case, op),          SHOWS_TEXT(view_case, case_var),
    SHOWS_TEXT(view_case, event),       SHOWS_TEXT(view_case, c_type),
    SHOWS_TEXT(view_case, upcast),      SHOWS_TEXT(view_case, latest_op),
    SHOWS_TEXT(view_case, latest_type), SHOWS_TEXT(view_case, latest_init),
    SHOWS_TEXT(view_case, version),     SHOWS_LIST(view_case, names, &event_name_shape),
};
static const shape case_shape = SHAPE_OF(view_case, case_members);

/* The present one, then the older ones. */
static shape_list event_names_of(const schema_event *event, arena *a)
{
    view_event_name *made = (view_event_name *)arena_array(a, 1 + event->was_count, sizeof *made);

    made[0] = (view_event_name){event->domain, event->type};
    for (size_t i = 0; i < event->was_count; i++) {
        size_t domain = strcspn(event->was[i], ".");

        made[1 + i] = (view_event_name){arena_copy(a, event->was[i], domain), event->was[i] + domain + 1};
    }
    return view_list(made, 1 + event->was_count);
}

static shape_list cases_of(const schema_subscription *subscription, arena *a)
{
    view_case *made = (view_case *)arena_array(a, subscription->case_count, sizeof *made);

    for (size_t i = 0; i < subscription->case_count; i++) {
        const schema_case *matched = &subscription->cases[i];
        const schema_event *event = matched->event;

        made[i] = (view_case){.op = matched->c_op,
                              .case_var = matched->c_var,
                              .event = event->name,
                              .c_type = event->record->c_name,
                              .version = event->version,
                              .upcast = matched->c_upcast,
                              .names = event_names_of(event, a)};
        if (matched->latest != NULL) {
            const schema_record *latest = matched->latest->event->record;

            made[i].latest_op = matched->latest->c_op;
            made[i].latest_type = latest->c_name;
            made[i].latest_init = latest->needs_init ? arena_printf(a, "%s_INIT", latest->c_macro) : "{0}";
        }
    }
    return view_list(made, subscription->case_count);
}

typedef struct view_subscription {
    const char *pattern, *durable, *raw, *var, *docs, *concurrency, *case_count;
    const char *older_count, *in_flight, *max_retries, *backoff_min, *backoff_max;
    bool from_new, broadcast, ordered;
    shape_list cases, older;
} view_subscription;

static const shape_member older_members[] = {
    SHOWS_TEXT(schema_older, pattern),
    SHOWS_TEXT(schema_older, durable),
};
static const shape older_shape = SHAPE_OF(schema_older, older_members);

static const shape_member subscription_members[] = {
    SHOWS_TEXT(view_subscription, pattern),
    SHOWS_TEXT(view_subscription, durable),
    SHOWS_TEXT(view_subscription, raw),
    SHOWS_TEXT(view_subscription, var),
    SHOWS_TEXT(view_subscription, docs),
    SHOWS_TEXT(view_subscription, concurrency),
    SHOWS_TEXT(view_subscription, case_count),
    SHOWS_TRUTH(view_subscription, from_new),
    SHOWS_TRUTH(view_subscription, broadcast),
    SHOWS_TRUTH(view_subscription, ordered),
    SHOWS_TEXT(view_subscription, older_count),
    SHOWS_TEXT(view_subscription, in_flight),
    SHOWS_TEXT(view_subscription, max_retries),
    SHOWS_TEXT(view_subscription, backoff_min),
    SHOWS_TEXT(view_subscription, backoff_max),
    SHOWS_LIST(view_subscription, cases, &case_shape),
    SHOWS_LIST(view_subscription, older, &older_shape),
};
static const shape subscription_shape = SHAPE_OF(view_subscription, subscription_members);

static view_subscription subscription_of(arena *a, const schema_subscription *subscription)
{
    view_subscription made = {.pattern = subscription->pattern,
                              .durable = subscription->durable,
                              .raw = subscription->c_raw,
                              .var = subscription->c_var,
                              .docs = subscription->docs,
                              .from_new = subscription->from_new,
                              .broadcast = subscription->broadcast,
                              .ordered = subscription->ordered};
    size_t names = 0;

    made.concurrency = arena_printf(a, "%u", (unsigned)subscription->concurrency);
    made.in_flight = arena_printf(a, "%u", (unsigned)subscription->in_flight);
    made.max_retries = arena_printf(a, "%u", (unsigned)subscription->max_retries);
    made.backoff_min = nanoseconds(a, subscription->backoff_min);
    made.backoff_max = nanoseconds(a, subscription->backoff_max);
    for (size_t i = 0; i < subscription->case_count; i++)
        names += 1 + subscription->cases[i].event->was_count;
    made.case_count = arena_printf(a, "%zu", names);
    made.older = view_list(subscription->older, subscription->older_count);
    made.older_count = arena_printf(a, "%zu", subscription->older_count);
    made.cases = cases_of(subscription, a);
    return made;
}

/* What a list of services shows of one: the first paragraph of its docs, in one line. */
#define DESCRIPTION_MAX 240

static const char *description_of(arena *a, const char *docs)
{
    size_t length = 0;
    char *text;

    if (docs == NULL)
        return "";
    while (docs[length] != '\0' && strncmp(docs + length, "\n\n", 2) != 0)
        length++;
    if (length > DESCRIPTION_MAX) {
        for (length = DESCRIPTION_MAX; length > 0 && ((unsigned char)docs[length] & 0xc0) == 0x80;)
            length--;
    }
    text = arena_copy(a, docs, length);
    for (size_t i = 0; i < length; i++)
        text[i] = text[i] == '\n' ? ' ' : text[i];
    return text;
}

/* ---- services ----------------------------------------------------------------------------------------- */

typedef struct view_service {
    const schema_service *is;
    const char *name, *wire, *version, *description, *c_name, *service_var, *service, *docs, *method_count,
        *subscription_count, *was_count;
    bool empty, unsupported;
    shape_list was;
} view_service;

static shape_list methods_of(const void *self, arena *scratch)
{
    const schema_service *service = ((const view_service *)self)->is;
    view_method *made = (view_method *)arena_array(scratch, service->method_count, sizeof *made);

    for (size_t i = 0; i < service->method_count; i++)
        made[i] = method_of(scratch, &service->methods[i]);
    return view_list(made, service->method_count);
}

static shape_list subscriptions_of(const void *self, arena *scratch)
{
    const schema_service *service = ((const view_service *)self)->is;
    view_subscription *made =
        (view_subscription *)arena_array(scratch, service->subscription_count, sizeof *made);

    for (size_t i = 0; i < service->subscription_count; i++)
        made[i] = subscription_of(scratch, &service->subscriptions[i]);
    return view_list(made, service->subscription_count);
}

static const shape_member service_members[] = {
    SHOWS_TEXT(view_service, name),
    SHOWS_TEXT(view_service, wire),
    SHOWS_TEXT(view_service, version),
    SHOWS_TEXT(view_service, description),
    SHOWS_TEXT(view_service, c_name),
    SHOWS_TEXT(view_service, service_var),
    SHOWS_TEXT(view_service, service),
    SHOWS_TEXT(view_service, docs),
    SHOWS_TEXT(view_service, method_count),
    SHOWS_TEXT(view_service, subscription_count),
    SHOWS_TEXT(view_service, was_count),
    SHOWS_TRUTH(view_service, empty),
    SHOWS_TRUTH(view_service, unsupported),
    SHOWS_LIST(view_service, was, NULL),
    SHOWS_MADE("methods", methods_of, &method_shape),
    SHOWS_MADE("subscriptions", subscriptions_of, &subscription_shape),
};
const shape view_service_shape = SHAPE_OF(view_service, service_members);

const void *view_service_at(const void *from, size_t index, arena *scratch)
{
    const schema_service *service = ((const view *)from)->package->services[index];
    view_service *made = arena_new(scratch, view_service);

    made->is = service;
    made->name = service->name;
    made->wire = service->wire;
    made->version = service->version;
    made->description = description_of(scratch, service->docs);
    made->c_name = service->c_name;
    made->service_var = arena_printf(scratch, "%s_service", service->c_var);
    made->service = service->c_name;
    made->docs = view_docs(scratch, service->docs, service->deprecated);
    made->method_count = arena_printf(scratch, "%zu", service->method_count);
    made->subscription_count = arena_printf(scratch, "%zu", service->subscription_count);
    made->was = view_list(service->was, service->was_count);
    made->was_count = arena_printf(scratch, "%zu", service->was_count);
    made->unsupported = service->unsupported;
    made->empty = service->method_count == 0 && service->subscription_count == 0;
    return made;
}

/* ---- events ------------------------------------------------------------------------------------------- */

typedef struct view_event {
    const char *name, *c_name, *var, *domain, *type, *version, *docs, *deprecated;
} view_event;

static const shape_member event_members[] = {
    SHOWS_TEXT(view_event, name),   SHOWS_TEXT(view_event, c_name),     SHOWS_TEXT(view_event, var),
    SHOWS_TEXT(view_event, domain), SHOWS_TEXT(view_event, type),       SHOWS_TEXT(view_event, version),
    SHOWS_TEXT(view_event, docs),   SHOWS_TEXT(view_event, deprecated),
};
const shape view_event_shape = SHAPE_OF(view_event, event_members);

const void *view_event_at(const void *from, size_t index, arena *scratch)
{
    const schema_event *event = ((const view *)from)->package->events[index];
    view_event *made = arena_new(scratch, view_event);

    *made = (view_event){event->name,
                         event->record->c_name,
                         arena_printf(scratch, "%s_event", event->c_var),
                         event->domain,
                         event->type,
                         event->version,
                         view_docs(scratch, event->docs, event->deprecated),
                         event->deprecated};
    return made;
}
