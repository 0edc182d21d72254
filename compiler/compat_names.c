/* Names on the wire of what is sent or called: services, methods, events, errors. Who receives accepts the
 * older names that it declares with @was; who sends uses the present one.
 */
#include "compat_parts.h"

#include <string.h>

bool compat_accepts(const char *own, const char *const *was, size_t was_count, const char *name)
{
    if (strcmp(own, name) == 0)
        return true;
    for (size_t i = 0; i < was_count; i++) {
        if (strcmp(was[i], name) == 0)
            return true;
    }
    return false;
}

void compat_dropped_names(compat *c, const at *where, const char *what, const wire_names *old,
                          const wire_names *now)
{
    for (size_t i = 0; i < old->was_count; i++) {
        if (!compat_accepts(now->name, now->was, now->was_count, old->was[i]))
            (void)compat_report(
                c, where, WIRE_OLD_NAME_DROPPED, 0,
                "%s is no longer known by its older name \"%s\": what is from before the rename is "
                "not understood",
                what, old->was[i]);
    }
}

bool compat_renamed(compat *c, const at *where, const renaming *r, const wire_names *old,
                    const wire_names *now)
{
    const bool forward = compat_accepts(now->name, now->was, now->was_count, old->name);
    const bool backward = compat_accepts(old->name, old->was, old->was_count, now->name);
    const unsigned classes = RULE_WIRE | (r->in_c ? RULE_SOURCE : 0u);
    bool reported = false;

    if (!forward)
        reported =
            compat_report(c, where, r->rule, classes, "%s is called \"%s\" on the wire, no longer \"%s\": %s",
                          r->what, now->name, old->name, r->without_was);
    else if (!backward)
        reported = compat_report(c, where, WIRE_RENAMED_WAS, classes,
                                 "%s is called \"%s\" on the wire, no longer \"%s\": %s", r->what, now->name,
                                 old->name, r->with_was);
    if (reported && !forward)
        diag_add_help(c->reports, "@was(\"%s\") still accepts the older name, @wire(\"%s\") keeps it",
                      old->name, old->name);
    else if (reported)
        diag_add_help(
            c->reports,
            "first keep the name and accept both, @wire(\"%s\") @was(\"%s\"); rename when every receiver "
            "does",
            old->name, now->name);
    compat_dropped_names(c, where, r->what, old, now);
    return reported;
}
