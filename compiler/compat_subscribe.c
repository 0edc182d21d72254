/* Subscriptions: which events still have a handler, and whether the durable one on the server is found again.
 */
#include "compat_parts.h"

#include <string.h>

/* A subscription in both versions. */
typedef struct subscription_pair {
    const schema_service *before, *after;
    const schema_subscription *old, *now;
    at where;
} subscription_pair;

static span place_of(unit *u, const schema_service *service, const schema_subscription *s)
{
    const ast_path *path = place_subscription(u, service, s, NULL);

    return path != NULL ? path->where : place_name(place_symbol(u, service->name));
}

static bool takes(const schema_subscription *s, const schema_event *event)
{
    for (size_t i = 0; i < s->case_count; i++) {
        if (s->cases[i].event == event)
            return true;
    }
    return false;
}

/* The new subscription that does an old one's work: of the same pattern, else one that takes all its events.
 */
static const schema_subscription *subscription_now(const compat *c, const schema_service *now,
                                                   const schema_subscription *old)
{
    for (size_t i = 0; i < now->subscription_count; i++) {
        if (strcmp(now->subscriptions[i].pattern, old->pattern) == 0)
            return &now->subscriptions[i];
    }
    for (size_t i = 0; i < now->subscription_count; i++) {
        const schema_subscription *s = &now->subscriptions[i];
        size_t taken = 0;

        for (size_t k = 0; k < old->case_count; k++) {
            const schema_event *event = (const schema_event *)compat_now(c, old->cases[k].event);

            taken += event != NULL && takes(s, event) ? 1 : 0;
        }
        if (taken > 0 && taken == old->case_count)
            return s;
    }
    return NULL;
}

/* A durable's name without the service's, whose change says more. */
static const char *below_service(const schema_service *service, const char *durable)
{
    const size_t length = strlen(service->wire);

    return strncmp(durable, service->wire, length) == 0 ? durable + length : durable;
}

/* Whether the events it takes are called differently on the wire, which says more. */
static bool events_renamed(const compat *c, const schema_subscription *s)
{
    for (size_t i = 0; i < s->case_count; i++) {
        const schema_event *before = s->cases[i].event, *after = (const schema_event *)compat_now(c, before);

        if (after != NULL &&
            (strcmp(before->domain, after->domain) != 0 || strcmp(before->type, after->type) != 0))
            return true;
    }
    return false;
}

/* Whether every event it takes is gone, which is said where they were. */
static bool events_gone(const compat *c, const schema_subscription *s)
{
    for (size_t i = 0; i < s->case_count; i++) {
        if (compat_now(c, s->cases[i].event) != NULL)
            return false;
    }
    return s->case_count > 0 && !s->wildcard;
}

static bool durable_differs(const compat *c, const subscription_pair *p)
{
    return !p->now->broadcast && !events_renamed(c, p->old) &&
           strcmp(p->old->durable, p->now->durable) != 0 &&
           strcmp(below_service(p->before, p->old->durable), below_service(p->after, p->now->durable)) != 0;
}

static void compare_pair(compat *c, const subscription_pair *p)
{
    const schema_subscription *old = p->old, *now = p->now;

    if (old->broadcast != now->broadcast)
        (void)compat_report(c, &p->where, BEHAVIOUR_BROADCAST_CHANGED, 0,
                            now->broadcast
                                ? "'%s' is broadcast: every instance receives every event while it runs, "
                                  "and nothing is kept for it longer"
                                : "'%s' is no longer broadcast: each event goes to one instance",
                            now->pattern);
    else if (durable_differs(c, p))
        (void)compat_report(c, &p->where, BEHAVIOUR_DURABLE_RENAMED, 0,
                            "'%s' is stored as \"%s\", no longer as \"%s\": it starts again with %s events",
                            now->pattern, now->durable, old->durable, now->from_new ? "new" : "all stored");
    if (now->broadcast == old->broadcast && old->from_new != now->from_new)
        (void)compat_report(c, &p->where, BEHAVIOUR_START_CHANGED, 0,
                            "'%s' starts with %s events, no longer with %s", now->pattern,
                            now->from_new ? "new" : "all stored",
                            old->from_new ? "new ones" : "all stored ones");
    if (old->ordered && !now->ordered)
        (void)compat_report(c, &p->where, BEHAVIOUR_ORDER_LOST, 0, "'%s' is no longer ordered", now->pattern);
}

/* Whether a handler of this name was in the ops table. */
static bool had_handler(const schema_service *service, const char *c_op)
{
    for (size_t i = 0; i < service->subscription_count; i++) {
        for (size_t k = 0; k < service->subscriptions[i].case_count; k++) {
            if (strcmp(service->subscriptions[i].cases[k].c_op, c_op) == 0)
                return true;
        }
    }
    return false;
}

/* Whether the event was taken before, perhaps by another handler. */
static bool took(const compat *c, const schema_service *service, const schema_event *event)
{
    for (size_t i = 0; i < service->subscription_count; i++) {
        for (size_t k = 0; k < service->subscriptions[i].case_count; k++) {
            if (compat_now(c, service->subscriptions[i].cases[k].event) == event)
                return true;
        }
    }
    return false;
}

/* Handlers that nobody asked for: of events that an old pattern matches now. */
static void compare_handlers(compat *c, const subscription_pair *p)
{
    for (size_t i = 0; i < p->now->case_count; i++) {
        const schema_case *one = &p->now->cases[i];

        if (one->latest == NULL && strcmp(p->old->pattern, p->now->pattern) == 0 &&
            !had_handler(p->before, one->c_op) && !took(c, p->before, one->event))
            (void)compat_report(c, &p->where, BEHAVIOUR_HANDLER_ADDED, 0,
                                "'%s' takes '%s' too: without a handler '%s' the service does not start",
                                p->now->pattern, one->event->name, one->c_op);
    }
}

void compat_subscriptions(compat *c, const schema_service *old, const schema_service *now)
{
    unit *before = compat_old_unit(c, old->package), *after = compat_new_unit(c, now->package);

    for (size_t i = 0; i < old->subscription_count; i++) {
        const schema_subscription *s = &old->subscriptions[i];
        const char *subject = arena_printf(c->memory, "%s.%s.%s", now->package->name, now->name, s->pattern);
        subscription_pair pair = {old, now, s, subscription_now(c, now, s), {0}};

        if (pair.now != NULL) {
            pair.where = compat_at(subject, place_of(after, now, pair.now), place_of(before, old, s), NULL);
            compare_pair(c, &pair);
            compare_handlers(c, &pair);
            continue;
        }
        if (events_gone(c, s))
            continue;
        pair.where = compat_at(subject, place_name(place_symbol(after, now->name)), place_of(before, old, s),
                               "it was here");
        (void)compat_report(c, &pair.where, BEHAVIOUR_SUBSCRIPTION_REMOVED, 0,
                            "service '%s' no longer subscribes to '%s'", now->name, s->pattern);
    }
}
