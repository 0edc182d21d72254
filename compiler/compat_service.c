/* Services: their name on the bus, in C, their version, and what they publish. */
#include "compat_parts.h"

#include <string.h>

static span place_of(unit *u, const schema_service *service)
{
    return place_name(place_symbol(u, service->name));
}

static const char *subject_of(compat *c, const schema_service *service)
{
    return arena_printf(c->memory, "%s.%s", service->package->name, service->name);
}

/* Whether an old service of the package is matched with it. */
static bool is_taken(const compat *c, const schema_package *old, const schema_service *service)
{
    for (size_t i = 0; i < old->service_count; i++) {
        for (size_t k = 0; k < c->match_count; k++) {
            if (c->matches[k].old == old->services[i] && c->matches[k].now == service)
                return true;
        }
    }
    return false;
}

static bool is_matched(const compat *c, const schema_service *old)
{
    for (size_t k = 0; k < c->match_count; k++) {
        if (c->matches[k].old == old)
            return true;
    }
    return false;
}

void compat_match_services(compat *c, const schema_package *old, const schema_package *now)
{
    for (size_t i = 0; i < old->service_count; i++) {
        if (is_matched(c, old->services[i]))
            continue;
        for (size_t k = 0; k < now->service_count; k++) {
            if (!compat_accepts(now->services[k]->wire, now->services[k]->was, now->services[k]->was_count,
                                old->services[i]->wire) ||
                is_taken(c, old, now->services[k]))
                continue;
            compat_match(c, old->services[i], now->services[k]);
            break;
        }
    }
}

/* ---- what it publishes ---- */

static bool publishes(const schema_service *service, const schema_event *event)
{
    for (size_t i = 0; i < service->publish_count; i++) {
        if (service->publishes[i] == event)
            return true;
    }
    return false;
}

/* Where a service lists an event, or the service. */
static span place_publish(unit *u, const schema_service *service, const schema_event *event)
{
    const ast_node *node = place_symbol(u, service->name);

    for (size_t i = 0; i < node->members.count; i++) {
        const ast_node *member = (const ast_node *)node->members.items[i];

        for (size_t k = 0; member->kind == AST_PUBLISHES && k < member->members.count; k++) {
            const ast_path *path = (const ast_path *)member->members.items[k];

            if (strcmp(ast_path_text(&u->c->memory, path), event->name) == 0)
                return path->where;
        }
    }
    return place_name(node);
}

static void compare_publishes(compat *c, const schema_service *old, const schema_service *now)
{
    unit *before = compat_old_unit(c, old->package);
    const span here = place_of(compat_new_unit(c, now->package), now);

    for (size_t i = 0; i < old->publish_count; i++) {
        const schema_event *event = (const schema_event *)compat_now(c, old->publishes[i]);
        at where;

        if (event == NULL || publishes(now, event))
            continue;
        where = compat_at(subject_of(c, now), here, place_publish(before, old, old->publishes[i]),
                          "it was listed here");
        (void)compat_report(c, &where, BEHAVIOUR_PUBLISHES_REMOVED, 0,
                            "service '%s' no longer publishes '%s'", now->name, event->name);
    }
}

/* ---- the service ---- */

static void service_gone(compat *c, const schema_service *old, const schema_package *now)
{
    const at where = compat_at(subject_of(c, old), place_package(compat_new_unit(c, now)),
                               place_of(compat_old_unit(c, old->package), old), "it was declared here");

    (void)compat_report(c, &where, WIRE_SERVICE_REMOVED, 0,
                        "service '%s' is gone: old callers are not answered", old->name);
}

static void compare_head(compat *c, const schema_service *old, const schema_service *now)
{
    const at where = compat_at(subject_of(c, now), place_of(compat_new_unit(c, now->package), now),
                               place_of(compat_old_unit(c, old->package), old), NULL);
    const bool renamed = strcmp(compat_below_prefix(old->package, old->c_name),
                                compat_below_prefix(now->package, now->c_name)) != 0;

    const renaming r = {
        .what = arena_printf(c->memory, "service '%s'", now->name),
        .rule = WIRE_SERVICE_RENAMED,
        .in_c = renamed,
        .without_was = "versions do not reach each other",
        .with_was = "new callers do not reach old services",
    };

    if (!compat_renamed(c, &where, &r, &(wire_names){old->wire, old->was, old->was_count},
                        &(wire_names){now->wire, now->was, now->was_count}) &&
        renamed)
        (void)compat_report(c, &where, SOURCE_SERVICE_PREFIX_CHANGED, 0,
                            "the C names of service '%s' begin with '%s_', no longer with '%s_'", now->name,
                            now->c_name, old->c_name);
    if (compat_version_lower(now->version, old->version))
        (void)compat_report(c, &where, BEHAVIOUR_VERSION_WENT_BACK, 0,
                            "service '%s' has version %s, lower than %s before", now->name, now->version,
                            old->version);
}

void compat_services(compat *c, const schema_package *old, const schema_package *now)
{
    for (size_t i = 0; i < old->service_count; i++) {
        const schema_service *other = (const schema_service *)compat_now(c, old->services[i]);

        if (other == NULL) {
            service_gone(c, old->services[i], now);
            continue;
        }
        compare_head(c, old->services[i], other);
        compat_methods(c, old->services[i], other);
        compat_subscriptions(c, old->services[i], other);
        compare_publishes(c, old->services[i], other);
    }
}
