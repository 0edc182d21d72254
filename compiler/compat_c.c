/* Which types differ in C. Names that follow from the package's prefix do not count: when that changes, it is
 * said once.
 */
#include "compat_parts.h"

#include <string.h>

const char *compat_below_prefix(const schema_package *package, const char *c_name)
{
    const size_t length = strlen(package->c_prefix);

    return strncmp(c_name, package->c_prefix, length) == 0 ? c_name + length : c_name;
}

bool compat_renamed_in_c(const schema_record *old, const schema_record *now)
{
    return strcmp(compat_below_prefix(old->package, old->c_name),
                  compat_below_prefix(now->package, now->c_name)) != 0;
}

/* Kinds that are the same type in C where they stand alone; lists and optionals of them are not. */
static schema_kind underlying(schema_kind kind)
{
    switch (kind) {
    case SCHEMA_TIMESTAMP:
    case SCHEMA_DURATION:
        return SCHEMA_I64;
    case SCHEMA_ENUM:
        return SCHEMA_I32;
    case SCHEMA_DECIMAL:
        return SCHEMA_STRING;
    default:
        return kind;
    }
}

/* Whether they differ as parts of another type's name. */
static bool named_differently(const compat *c, const schema_type *old, const schema_type *now)
{
    if (old->kind != now->kind)
        return underlying(old->kind) != SCHEMA_STRING || underlying(now->kind) != SCHEMA_STRING;
    if (old->kind == SCHEMA_RECORD)
        return compat_now(c, old->record) != now->record;
    if (old->kind == SCHEMA_ENUM)
        return compat_now(c, old->enumeration) != now->enumeration;
    return old->element != NULL && named_differently(c, old->element, now->element);
}

bool compat_c_type_differs(const compat *c, const schema_type *old, const schema_type *now)
{
    if (old->kind == SCHEMA_RECORD || old->element != NULL)
        return named_differently(c, old, now);
    return underlying(old->kind) != underlying(now->kind);
}

/* An optional string is a pointer as every string is. */
static schema_presence form_of(const schema_field *f)
{
    return f->presence == SCHEMA_POINTER && underlying(f->type->kind) == SCHEMA_STRING ? SCHEMA_REQUIRED
                                                                                       : f->presence;
}

bool compat_c_member_differs(const compat *c, const schema_field *old, const schema_field *now)
{
    if (form_of(old) != form_of(now))
        return true;
    return form_of(old) == SCHEMA_REQUIRED ? compat_c_type_differs(c, old->type, now->type)
                                           : named_differently(c, old->type, now->type);
}
