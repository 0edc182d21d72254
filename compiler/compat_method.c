/* Methods: what they are called, take, return and raise, and how they are called: deadlines, repeats,
 * priority. */
#include "compat_parts.h"

#include <string.h>

/* A method in both versions. */
typedef struct method_pair {
    const schema_method *old, *now;
    at where;
} method_pair;

static const ast_node *node_of(unit *u, const schema_method *m)
{
    return place_member(&place_symbol(u, m->service->name)->members, m->idl_name);
}

static span place_method(unit *u, const schema_method *m)
{
    return place_name(node_of(u, m));
}

static const char *subject_of(compat *c, const schema_method *m)
{
    return arena_printf(c->memory, "%s.%s.%s", m->service->package->name, m->service->name, m->idl_name);
}

static const char *kind_name(const schema_method *m)
{
    return m->kind == SCHEMA_RPC ? "rpc" : "command";
}

/* ---- errors ---- */

static bool raises(const schema_method *m, const schema_record *error)
{
    for (size_t i = 0; i < m->raise_count; i++) {
        if (m->raises[i].error == error)
            return true;
    }
    return false;
}

/* The place of an error among those a method raises, which the checker keeps in the order of the source. */
static span place_raise(unit *u, const schema_method *m, size_t i)
{
    const ast_node *node = node_of(u, m);

    return i < node->raises.count ? ((const ast_path *)node->raises.items[i])->where : place_name(node);
}

static void compare_raises(compat *c, const method_pair *p)
{
    unit *before = compat_old_unit(c, p->old->service->package);
    unit *after = compat_new_unit(c, p->now->service->package);

    for (size_t i = 0; i < p->old->raise_count; i++) {
        const schema_record *error = p->old->raises[i].error;
        const schema_record *now = (const schema_record *)compat_now(c, error);
        at where = p->where;

        if (now != NULL && raises(p->now, now))
            continue;
        where.before = place_raise(before, p->old, i);
        where.note = "it was raised here";
        (void)compat_report(
            c, &where, WIRE_RAISES_REMOVED, 0,
            "%s '%s' no longer raises '%s': new callers see a plain failure when an old service does",
            kind_name(p->now), p->now->idl_name, error->name);
    }
    for (size_t i = 0; i < p->now->raise_count; i++) {
        const schema_record *error = p->now->raises[i].error;
        bool known = false;
        at where = p->where;

        for (size_t k = 0; k < p->old->raise_count; k++)
            known = known || compat_now(c, p->old->raises[k].error) == error;
        if (known)
            continue;
        where.now = place_raise(after, p->now, i);
        (void)compat_report(c, &where, SOURCE_RAISES_ADDED, 0,
                            "%s '%s' raises '%s' too: a switch over its outcome misses a case",
                            kind_name(p->now), p->now->idl_name, error->name);
    }
}

/* ---- policies ---- */

static void compare_times(compat *c, const method_pair *p)
{
    const schema_method *old = p->old, *now = p->now;
    const bool same_promise = old->idempotent == now->idempotent; /* else repeats follow from that */

    if (now->timeout < old->timeout)
        (void)compat_report(c, &p->where, BEHAVIOUR_TIMEOUT_SHORTENED, 0, "%s '%s' may take %s, no longer %s",
                            kind_name(now), now->idl_name, compat_duration(c, now->timeout),
                            compat_duration(c, old->timeout));
    if (same_promise && now->max_retries != old->max_retries)
        (void)compat_report(c, &p->where, BEHAVIOUR_RETRIES_CHANGED, 0,
                            "%s '%s' is repeated at most %u times, no longer %u", kind_name(now),
                            now->idl_name, (unsigned)now->max_retries, (unsigned)old->max_retries);
    if (same_promise && (now->backoff_min != old->backoff_min || now->backoff_max != old->backoff_max))
        (void)compat_report(c, &p->where, BEHAVIOUR_BACKOFF_CHANGED, 0,
                            "%s '%s' is repeated after %s..%s, no longer %s..%s", kind_name(now),
                            now->idl_name, compat_duration(c, now->backoff_min),
                            compat_duration(c, now->backoff_max), compat_duration(c, old->backoff_min),
                            compat_duration(c, old->backoff_max));
    if (now->hedge != old->hedge)
        (void)compat_report(
            c, &p->where, BEHAVIOUR_HEDGE_CHANGED, 0, "a second request for '%s' is sent %s, no longer %s",
            now->idl_name,
            now->hedge == 0 ? "never" : arena_printf(c->memory, "after %s", compat_duration(c, now->hedge)),
            old->hedge == 0 ? "never" : arena_printf(c->memory, "after %s", compat_duration(c, old->hedge)));
}

/* Of the errors both raise, which are followed by another attempt. */
static void compare_finals(compat *c, const method_pair *p)
{
    for (size_t i = 0; i < p->old->raise_count; i++) {
        const schema_raise *old = &p->old->raises[i];

        for (size_t k = 0; k < p->now->raise_count; k++) {
            const schema_raise *now = &p->now->raises[k];

            if (compat_now(c, old->error) == now->error && old->retried != now->retried)
                (void)compat_report(c, &p->where, BEHAVIOUR_RETRIES_CHANGED, 0,
                                    now->retried ? "command '%s' is tried again after '%s', which was final"
                                                 : "command '%s' is no longer tried again after '%s'",
                                    p->now->idl_name, now->error->name);
        }
    }
}

static void compare_promises(compat *c, const method_pair *p)
{
    static const char *const deliveries[] = {"at least once", "at most once", "exactly once"};
    static const char *const priorities[] = {"low", "normal", "high", "critical"};
    const schema_method *old = p->old, *now = p->now;

    if (old->idempotent && !now->idempotent)
        (void)compat_report(c, &p->where, BEHAVIOUR_IDEMPOTENT_REMOVED, 0,
                            "rpc '%s' is no longer idempotent, but old callers still repeat it",
                            now->idl_name);
    if (!old->idempotent && now->idempotent)
        (void)compat_report(c, &p->where, BEHAVIOUR_IDEMPOTENT_ADDED, 0,
                            "rpc '%s' is idempotent: new callers repeat it, also at old services",
                            now->idl_name);
    if (old->delivery != now->delivery)
        (void)compat_report(c, &p->where, BEHAVIOUR_DELIVERY_CHANGED, 0, "command '%s' runs %s, no longer %s",
                            now->idl_name, deliveries[now->delivery], deliveries[old->delivery]);
    if (old->lanes && !now->lanes)
        (void)compat_report(
            c, &p->where, WIRE_LANES_REMOVED, 0,
            "command '%s' has no priority lanes any more: new services do not see what old callers "
            "send to them",
            now->idl_name);
    if (!old->lanes && now->lanes)
        (void)compat_report(
            c, &p->where, WIRE_LANES_ADDED, 0,
            "command '%s' has priority lanes: old services do not see what new callers send to them",
            now->idl_name);
    if (old->lanes && now->lanes && old->priority != now->priority)
        (void)compat_report(c, &p->where, BEHAVIOUR_PRIORITY_CHANGED, 0,
                            "command '%s' has the priority %s, no longer %s", now->idl_name,
                            priorities[now->priority], priorities[old->priority]);
}

static bool same_keys(const schema_method *old, const schema_method *now)
{
    if (old->key_count != now->key_count)
        return false;
    for (size_t i = 0; i < old->key_count; i++) {
        const schema_field *was = old->keys[i], *is = now->keys[i];

        if (strcmp(was->idl_name, is->idl_name) != 0 &&
            !compat_accepts(is->name, is->was, is->was_count, was->name))
            return false;
    }
    return true;
}

/* "'customer', 'number'", or "nothing". */
static const char *keys_text(compat *c, const schema_method *m)
{
    const char *text = m->key_count == 0 ? "nothing" : "";

    for (size_t i = 0; i < m->key_count; i++)
        text = arena_printf(c->memory, "%s%s'%s'", text, i == 0 ? "" : ", ", m->keys[i]->idl_name);
    return text;
}

static void compare_keys(compat *c, const method_pair *p)
{
    if (same_keys(p->old, p->now))
        return;
    (void)compat_report(c, &p->where, BEHAVIOUR_IDEMPOTENCY_KEY_CHANGED, 0,
                        "command '%s' is told apart by %s, no longer by %s", p->now->idl_name,
                        keys_text(c, p->now), keys_text(c, p->old));
}

/* ---- the method ---- */

static void compare_result(compat *c, const method_pair *p)
{
    const schema_record *old = p->old->result, *now = p->now->result;
    const bool both_inline = p->old->inline_result && p->now->inline_result;
    const bool same = both_inline || compat_now(c, old) == now;
    const record_pair pair = {old, now, !both_inline};

    if (!same)
        (void)compat_report(c, &p->where, SOURCE_RESULT_TYPE_CHANGED, 0,
                            "%s '%s' returns '%s' in C, no longer '%s'", kind_name(p->now), p->now->idl_name,
                            now->c_name, old->c_name);
    if (both_inline || !same)
        compat_records(c, &pair);
}

static void compare_progress(compat *c, const method_pair *p)
{
    const record_pair pair = {p->old->progress, p->now->progress, false};

    if (pair.old != NULL && pair.now != NULL)
        compat_records(c, &pair);
    else if (pair.old != NULL || pair.now != NULL)
        (void)compat_report(c, &p->where, SOURCE_PROGRESS_CHANGED, 0, "command '%s' %s progress",
                            p->now->idl_name, pair.now != NULL ? "reports" : "no longer reports");
}

static void compare_names(compat *c, const method_pair *p)
{
    const schema_method *old = p->old, *now = p->now;
    const renaming r = {
        .what = arena_printf(c->memory, "%s '%s'", kind_name(now), now->idl_name),
        .rule = WIRE_METHOD_RENAMED,
        .in_c = strcmp(old->c_op, now->c_op) != 0,
        .without_was = "versions do not reach each other",
        .with_was = "new callers do not reach old services",
    };

    if (!compat_renamed(c, &p->where, &r, &(wire_names){old->name, old->was, old->was_count},
                        &(wire_names){now->name, now->was, now->was_count}) &&
        r.in_c)
        (void)compat_report(c, &p->where, SOURCE_METHOD_C_NAME_CHANGED, 0,
                            "%s '%s' is called '%s' in C, no longer '%s'", kind_name(now), now->idl_name,
                            now->c_name, old->c_name);
}

static void compare_method(compat *c, const method_pair *p)
{
    const record_pair request = {p->old->request, p->now->request, false};

    if (p->old->kind != p->now->kind) {
        (void)compat_report(c, &p->where, WIRE_METHOD_KIND_CHANGED, 0, "'%s' was an %s and is %s %s now",
                            p->now->idl_name, p->old->kind == SCHEMA_RPC ? "rpc" : "command",
                            p->now->kind == SCHEMA_RPC ? "an" : "a", kind_name(p->now));
        return;
    }
    compare_names(c, p);
    compat_records(c, &request);
    compare_result(c, p);
    compare_progress(c, p);
    compare_raises(c, p);
    compare_times(c, p);
    compare_finals(c, p);
    compare_promises(c, p);
    compare_keys(c, p);
}

/* By its name on the wire, else by that in the IDL, unless that is another old one's. */
static const schema_method *method_now(const schema_service *before, const schema_service *now,
                                       const schema_method *old)
{
    for (size_t i = 0; i < now->method_count; i++) {
        const schema_method *m = &now->methods[i];

        if (compat_accepts(m->name, m->was, m->was_count, old->name))
            return m;
    }
    for (size_t i = 0; i < now->method_count; i++) {
        const schema_method *m = &now->methods[i];
        bool taken = false;

        for (size_t k = 0; k < before->method_count; k++)
            taken = taken || strcmp(before->methods[k].name, m->name) == 0;
        if (!taken && strcmp(m->idl_name, old->idl_name) == 0)
            return m;
    }
    return NULL;
}

void compat_methods(compat *c, const schema_service *old, const schema_service *now)
{
    unit *before = compat_old_unit(c, old->package), *after = compat_new_unit(c, now->package);

    for (size_t i = 0; i < old->method_count; i++) {
        const schema_method *m = &old->methods[i], *n = method_now(old, now, m);
        method_pair pair = {m, n, {0}};

        if (n != NULL) {
            pair.where = compat_at(subject_of(c, n), place_method(after, n), place_method(before, m), NULL);
            compare_method(c, &pair);
            continue;
        }
        pair.where = compat_at(subject_of(c, m), place_name(place_symbol(after, now->name)),
                               place_method(before, m), "it was declared here");
        (void)compat_report(c, &pair.where, WIRE_METHOD_REMOVED, 0,
                            "%s '%s' of service '%s' is gone: old callers are not answered", kind_name(m),
                            m->idl_name, now->name);
    }
}
