/* Events: a name and a major version, each with a payload. Subscribers tell versions apart by the major
 * number alone.
 */
#include "compat_parts.h"

#include <string.h>

static bool same_subject(const schema_event *one, const schema_event *other)
{
    return strcmp(one->domain, other->domain) == 0 && strcmp(one->type, other->type) == 0;
}

static const schema_event *event_now(const schema_event *old, const schema_package *now)
{
    for (size_t i = 0; i < now->event_count; i++) {
        if (now->events[i]->major == old->major && strcmp(now->events[i]->name, old->name) == 0)
            return now->events[i];
    }
    for (size_t i = 0; i < now->event_count; i++) {
        if (now->events[i]->major == old->major && same_subject(now->events[i], old))
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
        if (strcmp(now->events[i]->name, old->name) == 0 || same_subject(now->events[i], old))
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

    if (!same_subject(old, now))
        (void)compat_report(c, &where, WIRE_EVENT_RENAMED,
                            RULE_WIRE | (strcmp(before, after) != 0 ? RULE_SOURCE : 0u),
                            "event '%s' is published as \"%s.%s\", no longer as \"%s.%s\"", now->name,
                            now->domain, now->type, old->domain, old->type);
    else if (strcmp(before, after) != 0)
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
