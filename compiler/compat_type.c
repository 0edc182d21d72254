/* What a type accepts and sends, in both versions. Integers of all widths, and durations, are numbers within
 * a range; texts of all kinds are strings of which some readers accept less; anything else that changes its
 * kind travels in another form.
 */
#include "compat_parts.h"

#include <string.h>

/* How much of what one type sends another reads. */
typedef enum reading { READS_NONE, READS_SOME, READS_ALL } reading;

/* Report about a use; true when the rule counts. */
static bool report(compat *c, const type_use *use, int rule, const char *text)
{
    unsigned classes = diag_rule_numbered(rule)->classes | (use->c_differs ? RULE_SOURCE : 0u);

    if (use->wire_only)
        classes &= ~(unsigned)RULE_SOURCE;
    return compat_report(c, use->where, rule, classes, "%s", text);
}

/* ---- kinds ---- */

static bool is_integer(schema_kind kind)
{
    return (kind >= SCHEMA_I8 && kind <= SCHEMA_U64) || kind == SCHEMA_DURATION;
}

static bool is_float(schema_kind kind)
{
    return kind == SCHEMA_F32 || kind == SCHEMA_F64;
}

/* What travels as text and is read from text. */
static bool is_text(schema_kind kind)
{
    return kind == SCHEMA_STRING || kind == SCHEMA_TIMESTAMP || kind == SCHEMA_UUID ||
           kind == SCHEMA_DECIMAL || kind == SCHEMA_ENUM;
}

static bool is_anything(schema_kind kind)
{
    return kind == SCHEMA_ANY || kind == SCHEMA_RAW;
}

/* For kinds that differ. */
static reading reads(const schema_type *reader, const schema_type *writer)
{
    if (is_anything(reader->kind))
        return READS_ALL;
    if (is_anything(writer->kind))
        return READS_SOME;
    if (is_float(reader->kind) && is_integer(writer->kind))
        return reader->range.has_min || reader->range.has_max ? READS_SOME : READS_ALL;
    if (!is_text(reader->kind) || !is_text(writer->kind))
        return READS_NONE;
    if (reader->kind == SCHEMA_STRING)
        return reader->range.has_min || reader->range.has_max || reader->pattern != NULL ? READS_SOME
                                                                                         : READS_ALL;
    return writer->kind == SCHEMA_STRING ? READS_SOME : READS_NONE;
}

static bool compare_kinds(compat *c, const type_use *use, const schema_type *old, const schema_type *now)
{
    const reading forward = reads(now, old), backward = reads(old, now);
    const char *change =
        arena_printf(c->memory, "%s changes from '%s' to '%s'", use->what, old->text, now->text);

    if (forward == READS_ALL && backward == READS_ALL)
        return false;
    if (forward == READS_ALL)
        return report(c, use, WIRE_TYPE_WIDENED,
                      arena_printf(c->memory, "%s: old readers refuse %s new messages", change,
                                   backward == READS_SOME ? "some" : "all"));
    if (backward == READS_ALL)
        return report(c, use, WIRE_TYPE_NARROWED,
                      arena_printf(c->memory, "%s: new readers refuse %s old messages", change,
                                   forward == READS_SOME ? "some" : "all"));
    return report(c, use, WIRE_TYPE_CHANGED,
                  arena_printf(c->memory, "%s: neither version understands the other", change));
}

/* ---- bounds ---- */

/* A whole number of any of the types. */
typedef struct whole {
    bool negative;
    uint64_t magnitude;
} whole;

static whole whole_of(int64_t value)
{
    return value < 0 ? (whole){true, (uint64_t)(-(value + 1)) + 1} : (whole){false, (uint64_t)value};
}

static bool below(whole one, whole other)
{
    if (one.negative != other.negative)
        return one.negative;
    return one.negative ? one.magnitude > other.magnitude : one.magnitude < other.magnitude;
}

static const char *whole_text(compat *c, whole value)
{
    return arena_printf(c->memory, "%s%llu", value.negative ? "-" : "", (unsigned long long)value.magnitude);
}

/* Both ends of what a type accepts; lengths and counts are without sign. */
typedef struct ends {
    whole low, high;
} ends;

static ends ends_of(const schema_type *type)
{
    if (type->kind == SCHEMA_DURATION)
        return (ends){whole_of(INT64_MIN), whole_of(INT64_MAX)};
    if (type->kind >= SCHEMA_I8 && type->kind <= SCHEMA_I64)
        return (ends){whole_of(type->range.min.i), whole_of(type->range.max.i)};
    return (ends){{false, type->range.min.u}, {false, type->range.max.u}};
}

/* "1..100", "..32"; "any" without bounds. */
static const char *ends_text(compat *c, const schema_type *type)
{
    const ends e = ends_of(type);
    const bool number = is_integer(type->kind);
    const bool has_min = number || e.low.magnitude > 0, has_max = number || e.high.magnitude < UINT64_MAX;

    if (!has_min && !has_max)
        return "any";
    return arena_printf(c->memory, "%s..%s", has_min ? whole_text(c, e.low) : "",
                        has_max ? whole_text(c, e.high) : "");
}

static const char *float_ends_text(compat *c, const schema_type *type)
{
    const schema_range *r = &type->range;

    if (!r->has_min && !r->has_max)
        return "any";
    return arena_printf(c->memory, "%s..%s", r->has_min ? arena_printf(c->memory, "%g", r->min.f) : "",
                        r->has_max ? arena_printf(c->memory, "%g", r->max.f) : "");
}

static const char *counted(schema_kind kind)
{
    if (kind == SCHEMA_STRING || kind == SCHEMA_BYTES)
        return "the length of ";
    return kind == SCHEMA_LIST || kind == SCHEMA_MAP ? "the number of entries of " : "the value of ";
}

static bool report_bounds(compat *c, const type_use *use, const schema_type *now, bool narrower, bool wider,
                          const char *before, const char *after)
{
    const char *change = arena_printf(c->memory, "%s%s was within %s and is now within %s",
                                      counted(now->kind), use->what, before, after);
    bool reported = false;

    if (narrower)
        reported = report(c, use, WIRE_BOUNDS_NARROWED,
                          arena_printf(c->memory, "%s: new readers refuse old messages beyond that", change));
    if (wider)
        reported =
            report(c, use, WIRE_BOUNDS_WIDENED,
                   arena_printf(c->memory, "%s: old readers refuse new messages beyond that", change)) ||
            reported;
    return reported;
}

static bool compare_ends(compat *c, const type_use *use, const schema_type *old, const schema_type *now)
{
    const ends before = ends_of(old), after = ends_of(now);
    const bool narrower = below(before.low, after.low) || below(after.high, before.high);
    const bool wider = below(after.low, before.low) || below(before.high, after.high);

    return report_bounds(c, use, now, narrower, wider, ends_text(c, old), ends_text(c, now));
}

/* Whether `one` refuses numbers that `other` accepts. */
static bool float_narrower(const schema_range *one, const schema_range *other)
{
    return (one->has_min && (!other->has_min || one->min.f > other->min.f)) ||
           (one->has_max && (!other->has_max || one->max.f < other->max.f));
}

static bool compare_floats(compat *c, const type_use *use, const schema_type *old, const schema_type *now)
{
    bool reported = report_bounds(c, use, now, float_narrower(&now->range, &old->range),
                                  float_narrower(&old->range, &now->range), float_ends_text(c, old),
                                  float_ends_text(c, now));

    if (old->kind != now->kind)
        reported = report(c, use, BEHAVIOUR_FLOAT_PRECISION,
                          arena_printf(c->memory, "%s changes from '%s' to '%s': %s readers round", use->what,
                                       old->text, now->text, now->kind == SCHEMA_F32 ? "new" : "old")) ||
                   reported;
    return reported;
}

static bool compare_integers(compat *c, const type_use *use, const schema_type *old, const schema_type *now)
{
    bool reported = compare_ends(c, use, old, now);

    if ((old->kind == SCHEMA_DURATION) != (now->kind == SCHEMA_DURATION))
        reported =
            report(c, use, BEHAVIOUR_UNIT_CHANGED,
                   arena_printf(c->memory, "%s changes from '%s' to '%s': the same number is%s nanoseconds",
                                use->what, old->text, now->text,
                                now->kind == SCHEMA_DURATION ? " now read as" : " no longer read as")) ||
            reported;
    return reported;
}

/* What the patterns accept, however they are written; without one, everything. */
static bool compare_patterns(compat *c, const type_use *use, const schema_type *old, const schema_type *now)
{
    const bool narrower = !compat_pattern_includes(c, now->pattern, old->pattern);
    const bool wider = !compat_pattern_includes(c, old->pattern, now->pattern);
    bool reported = false;

    if (narrower)
        reported = report(c, use, WIRE_PATTERN_NARROWED,
                          arena_printf(c->memory,
                                       "%s has %s pattern: new readers refuse old messages that do not "
                                       "match it",
                                       use->what, old->pattern == NULL ? "a" : "another"));
    if (wider)
        reported =
            report(
                c, use, WIRE_PATTERN_WIDENED,
                arena_printf(c->memory, "%s has %s: old readers refuse new messages that do not match theirs",
                             use->what, now->pattern == NULL ? "no pattern any more" : "another pattern")) ||
            reported;
    return reported;
}

/* ---- types ---- */

/* Whether both are the same alias, whose change is reported where it is declared. */
static bool same_alias(compat *c, const type_use *use, const schema_type *old, const schema_type *now)
{
    const char *before, *after;

    if (use->wire_only || old->alias == NULL || now->alias == NULL || use->old_written == NULL ||
        use->now_written == NULL || use->old_written->kind != AST_NAMED ||
        use->now_written->kind != AST_NAMED)
        return false;
    before = ast_path_text(c->memory, use->old_written->name);
    after = ast_path_text(c->memory, use->now_written->name);
    return strcmp(before, after) == 0;
}

static const ast_type *element_of(const ast_type *written, const schema_type *type)
{
    return written != NULL && written->kind != AST_NAMED && type->element != NULL ? written->element : NULL;
}

static bool compare_elements(compat *c, const type_use *use, const schema_type *old, const schema_type *now)
{
    const type_use inner = {.where = use->where,
                            .what = arena_printf(c->memory, "%s of %s",
                                                 now->kind == SCHEMA_LIST ? "each element" : "each value",
                                                 use->what),
                            .c_differs = use->c_differs,
                            .wire_only = use->wire_only,
                            .old_written = element_of(use->old_written, old),
                            .now_written = element_of(use->now_written, now)};
    const bool bounds = compare_ends(c, use, old, now);

    return compat_types(c, &inner, old->element, now->element) || bounds;
}

/* Two types that are not the same declaration may still travel alike. */
static bool compare_records(compat *c, const type_use *use, const schema_type *old, const schema_type *now)
{
    const record_pair pair = {old->record, now->record, true};

    if (compat_now(c, old->record) == now->record)
        return false;
    if (old->record->kind != now->record->kind)
        return report(c, use, WIRE_TYPE_CHANGED,
                      arena_printf(c->memory,
                                   "%s changes from a %s to a %s: neither version understands the other",
                                   use->what, old->record->kind == SCHEMA_UNION ? "union" : "struct",
                                   now->record->kind == SCHEMA_UNION ? "union" : "struct"));
    compat_records(c, &pair);
    return false;
}

bool compat_types(compat *c, const type_use *use, const schema_type *old, const schema_type *now)
{
    bool bounds;

    if (same_alias(c, use, old, now))
        return true;
    if (is_integer(old->kind) && is_integer(now->kind))
        return compare_integers(c, use, old, now);
    if (is_float(old->kind) && is_float(now->kind))
        return compare_floats(c, use, old, now);
    if (old->kind != now->kind)
        return compare_kinds(c, use, old, now);
    switch (now->kind) {
    case SCHEMA_STRING:
        bounds = compare_ends(c, use, old, now);
        return compare_patterns(c, use, old, now) || bounds;
    case SCHEMA_BYTES:
        return compare_ends(c, use, old, now);
    case SCHEMA_LIST:
    case SCHEMA_MAP:
        return compare_elements(c, use, old, now);
    case SCHEMA_ENUM:
        if (compat_now(c, old->enumeration) != now->enumeration)
            compat_enums(c, old->enumeration, now->enumeration, true);
        return false;
    case SCHEMA_RECORD:
        return compare_records(c, use, old, now);
    default:
        return false;
    }
}
