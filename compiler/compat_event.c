/* Events: a name and a major version, each with a payload. Subscribers tell versions apart by the major
 * number alone.
 */
#include "compat_parts.h"

#include <string.h>

static bool same_subject(const schema_event *one, const schema_event *other)
{
    return strcmp(one->domain, other->domain) == 0 && strcmp(one->type, other->type) == 0;
}

/* Whether the new event is published, or taken, where the old one was published. */
static bool is_or_was(const schema_event *now, const schema_event *old)
{
    const size_t domain = strlen(old->domain);

    for (size_t i = 0; i < now->was_count; i++) {
        if (strncmp(now->was[i], old->domain, domain) == 0 && now->was[i][domain] == '.' &&
            strcmp(now->was[i] + domain + 1, old->type) == 0)
            return true;
    }
    return same_subject(now, old);
}

static wire_names names_of(compat *c, const schema_event *e)
{
    return (wire_names){arena_printf(c->memory, "%s.%s", e->domain, e->type), e->was, e->was_count};
}

static const schema_event *event_now(const schema_event *old, const schema_package *now)
{
    for (size_t i = 0; i < now->event_count; i++) {
        if (now->events[i]->major == old->major && strcmp(now->events[i]->name, old->name) == 0)
            return now->events[i];
    }
    for (size_t i = 0; i < now->event_count; i++) {
        if (now->events[i]->major == old->major && is_or_was(now->events[i], old))
            return now->events[i];
    }
    return NULL;
}

void compat_match_events(compat *c, const schema_package *old, const schema_package *now)
{
    for (size_t i = 0; i < old->event_count; i++) {
        const schema_event *other = event_now(old->events[i], now);

        if (other != NULL)
            compat_match(c, old->events[i], other);
    }
}

static const char *subject_of(compat *c, const schema_event *e)
{
    return arena_printf(c->memory, "%s.%s", e->package->name, e->name);
}

static span place_of(const unit *u, const schema_event *e)
{
    return place_event(u, e)->path->where;
}

/* An event of the same name in another major version, or NULL. */
static const schema_event *other_version(const schema_event *old, const schema_package *now)
{
    for (size_t i = 0; i < now->event_count; i++) {
        if (strcmp(now->events[i]->name, old->name) == 0 || is_or_was(now->events[i], old))
            return now->events[i];
    }
    return NULL;
}

static void event_gone(compat *c, const schema_event *old, const schema_package *now)
{
    const unit *after = compat_new_unit(c, now);
    const schema_event *other = other_version(old, now);
    const at where =
        compat_at(subject_of(c, old), other != NULL ? place_of(after, other) : place_package(after),
                  place_of(compat_old_unit(c, old->package), old), "it was declared here");

    if (other == NULL)
        (void)compat_report(c, &where, WIRE_EVENT_REMOVED, 0, "event '%s' is gone", old->name);
    else if (compat_report(c, &where, WIRE_EVENT_VERSION_REMOVED, 0,
                           "event '%s' has no version %u any more: new subscribers cannot read old events",
                           old->name, (unsigned)old->major))
        diag_add_help(c->reports, "keep @version(\"%s\") event %s { ... } beside it", old->version,
                      old->name);
}

static void compare_event(compat *c, const schema_event *old, const schema_event *now)
{
    const at where = compat_at(subject_of(c, now), place_of(compat_new_unit(c, now->package), now),
                               place_of(compat_old_unit(c, old->package), old), NULL);
    const record_pair payload = {old->record, now->record, false};
    const char *before = compat_below_prefix(old->package, old->record->c_name);
    const char *after = compat_below_prefix(now->package, now->record->c_name);

    const renaming r = {
        .what = arena_printf(c->memory, "event '%s'", now->name),
        .rule = WIRE_EVENT_RENAMED,
        .in_c = strcmp(before, after) != 0,
        .without_was = "neither version receives the other's",
        .with_was = "old subscribers do not receive it",
    };
    const wire_names old_names = names_of(c, old), now_names = names_of(c, now);

    if (!compat_renamed(c, &where, &r, &old_names, &now_names) && r.in_c)
        (void)compat_report(c, &where, SOURCE_EVENT_C_NAME_CHANGED, 0,
                            "version %u of event '%s' is called '%s' in C, no longer '%s'",
                            (unsigned)now->major, now->name, now->record->c_name, old->record->c_name);
    if (compat_version_lower(now->version, old->version))
        (void)compat_report(c, &where, BEHAVIOUR_VERSION_WENT_BACK, 0,
                            "event '%s' has version %s, lower than %s before", now->name, now->version,
                            old->version);
    compat_records(c, &payload);
}

void compat_events(compat *c, const schema_package *old, const schema_package *now)
{
    for (size_t i = 0; i < old->event_count; i++) {
        const schema_event *other = (const schema_event *)compat_now(c, old->events[i]);

        if (other == NULL)
            event_gone(c, old->events[i], now);
        else
            compare_event(c, old->events[i], other);
    }
}
