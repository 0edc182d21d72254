/* The view of services and events: methods, what they raise, what a service subscribes to. */
#include "view_parts.h"

static node *raise_view(const view *v, const schema_raise *raise, size_t index)
{
    arena *a = v->memory;
    node *made = node_object(a);
    const schema_field *message = raise->error->message;

    node_set_text(a, made, "wire", raise->error->wire);
    node_set_format(a, made, "code", "%d", (int)raise->error->code);
    node_set_text(a, made, "c_type", raise->error->c_name);
    node_set_text(a, made, "member", raise->c_member);
    node_set_text(a, made, "kind", raise->c_kind);
    node_set_text(a, made, "reply", raise->c_reply);
    node_set_format(a, made, "index", "%zu", index);
    node_set_text(a, made, "message",
                  message == NULL ? "NULL" : arena_printf(a, "error->%s", message->c_name));
    return made;
}

static node *method_view(const view *v, const schema_method *method)
{
    static const char *const priorities[] = {"LOW", "NORMAL", "HIGH", "CRITICAL"};
    arena *a = v->memory;
    node *made = node_object(a), *raises = node_list(a);

    for (size_t i = 0; i < method->raise_count; i++)
        node_add(a, raises, raise_view(v, &method->raises[i], i));
    node_set_text(a, made, "name", method->name);
    node_set_text(a, made, "service_wire", method->service->wire);
    node_set_text(a, made, "service", method->service->c_name);
    node_set_text(a, made, "c_name", method->c_name);
    node_set_text(a, made, "c_macro", method->c_macro);
    node_set_text(a, made, "op", method->c_op);
    node_set_text(a, made, "var", method->c_var);
    node_set_bool(a, made, "command", method->kind == SCHEMA_COMMAND);
    node_set_text(a, made, "request", method->request->c_name);
    node_set_text(a, made, "result", method->result->c_name);
    node_set_text(a, made, "progress", method->progress == NULL ? NULL : method->progress->c_name);
    node_set(a, made, "raises", raises);
    node_set_format(a, made, "raise_count", "%zu", method->raise_count);
    node_set_format(a, made, "timeout", "INT64_C(%lld)", (long long)method->timeout);
    node_set_bool(a, made, "idempotent", method->idempotent);
    node_set_text(a, made, "priority", priorities[method->priority]);
    node_set_bool(a, made, "lanes", method->lanes);
    node_set_format(a, made, "max_retries", "%u", (unsigned)method->max_retries);
    node_set_format(a, made, "backoff_min", "INT64_C(%lld)", (long long)method->backoff_min);
    node_set_format(a, made, "backoff_max", "INT64_C(%lld)", (long long)method->backoff_max);
    node_set_text(a, made, "docs", method->docs);
    return made;
}

static node *subscription_view(const view *v, const schema_subscription *subscription)
{
    arena *a = v->memory;
    node *made = node_object(a), *cases = node_list(a);

    for (size_t i = 0; i < subscription->case_count; i++) {
        const schema_case *matched = &subscription->cases[i];
        const schema_event *event = matched->event;
        node *item = node_object(a);

        node_set_text(a, item, "op", matched->c_op);
        node_set_text(a, item, "case_var", matched->c_var);
        node_set_text(a, item, "event", event->name);
        node_set_text(a, item, "c_type", event->record->c_name);
        node_set_text(a, item, "domain", event->domain);
        node_set_text(a, item, "type", event->type);
        node_set_text(a, item, "version", event->version);
        node_add(a, cases, item);
    }
    node_set_text(a, made, "pattern", subscription->pattern);
    node_set_text(a, made, "durable", subscription->durable);
    node_set_text(a, made, "raw", subscription->c_raw);
    node_set_text(a, made, "var", subscription->c_var);
    node_set_bool(a, made, "from_new", subscription->from_new);
    node_set_bool(a, made, "broadcast", subscription->broadcast);
    node_set_bool(a, made, "ordered", subscription->ordered);
    node_set_format(a, made, "concurrency", "%u", (unsigned)subscription->concurrency);
    node_set(a, made, "cases", cases);
    node_set_format(a, made, "case_count", "%zu", subscription->case_count);
    node_set_text(a, made, "docs", subscription->docs);
    return made;
}

static node *service_view(const view *v, const schema_service *service)
{
    arena *a = v->memory;
    node *made = node_object(a), *methods = node_list(a), *subscriptions = node_list(a);

    for (size_t i = 0; i < service->method_count; i++)
        node_add(a, methods, method_view(v, &service->methods[i]));
    for (size_t i = 0; i < service->subscription_count; i++)
        node_add(a, subscriptions, subscription_view(v, &service->subscriptions[i]));
    node_set_text(a, made, "name", service->name);
    node_set_text(a, made, "wire", service->wire);
    node_set_text(a, made, "version", service->version);
    node_set_text(a, made, "c_name", service->c_name);
    node_set_text(a, made, "service_var", service->c_var);
    node_set_text(a, made, "service", service->c_name);
    node_set(a, made, "methods", methods);
    node_set_format(a, made, "method_count", "%zu", service->method_count);
    node_set(a, made, "subscriptions", subscriptions);
    node_set_format(a, made, "subscription_count", "%zu", service->subscription_count);
    node_set_bool(a, made, "empty", service->method_count == 0 && service->subscription_count == 0);
    node_set_text(a, made, "docs", service->docs);
    return made;
}

node *view_services(const view *v)
{
    node *list = node_list(v->memory);

    for (size_t i = 0; i < v->package->service_count; i++)
        node_add(v->memory, list, service_view(v, v->package->services[i]));
    return list;
}

node *view_events(const view *v)
{
    arena *a = v->memory;
    node *list = node_list(a);

    for (size_t i = 0; i < v->package->event_count; i++) {
        const schema_event *event = v->package->events[i];
        node *made = node_object(a);

        node_set_text(a, made, "name", event->name);
        node_set_text(a, made, "c_name", event->record->c_name);
        node_set_text(a, made, "var", event->c_var);
        node_set_text(a, made, "domain", event->domain);
        node_set_text(a, made, "type", event->type);
        node_set_text(a, made, "version", event->version);
        node_set_text(a, made, "docs", event->docs);
        node_add(a, list, made);
    }
    return list;
}
