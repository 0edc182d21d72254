/* Whether one pattern accepts all that another does: both machines read the same text side by side, and no
 * text may bring the other to a match that this one does not have. Pairs of states are visited once.
 */
#include "compat_parts.h"

#include <string.h>

/* Pairs of states times ranges of characters that are looked at before giving up. */
#define STEPS_MAX ((size_t)20000000)

/* Two machines side by side. */
typedef struct race {
    const pattern *one, *other;
    uint32_t *firsts; /* the first characters of the ranges in which both machines see one kind */
    size_t first_count;
    bool *seen; /* by pair */
    uint32_t *open;
    size_t open_count;
} race;

static size_t next_state(const pattern *p, size_t state, size_t kind)
{
    return state <= PATTERN_MATCHED ? state : p->moves[state * (p->kind_count + 1) + kind];
}

static bool matches_at_end(const pattern *p, size_t state)
{
    return next_state(p, state, p->kind_count) == PATTERN_MATCHED;
}

static size_t kind_of(const pattern *p, uint32_t character)
{
    size_t i = 0;

    while (i + 1 < p->range_count && p->ranges[i + 1].first <= character)
        i++;
    return p->ranges[i].kind;
}

static void cut_ranges(race *r, arena *memory)
{
    size_t i = 0, k = 0;

    r->firsts =
        (uint32_t *)arena_array(memory, r->one->range_count + r->other->range_count, sizeof *r->firsts);
    while (i < r->one->range_count || k < r->other->range_count) {
        const uint32_t a = i < r->one->range_count ? r->one->ranges[i].first : UINT32_MAX;
        const uint32_t b = k < r->other->range_count ? r->other->ranges[k].first : UINT32_MAX;

        i += a <= b ? 1 : 0;
        k += b <= a ? 1 : 0;
        r->firsts[r->first_count++] = a < b ? a : b;
    }
}

static void visit(race *r, size_t one, size_t other)
{
    const size_t pair = one * r->other->state_count + other;

    if (other == PATTERN_NEVER || one == PATTERN_MATCHED || r->seen[pair])
        return;
    r->seen[pair] = true;
    r->open[r->open_count++] = (uint32_t)pair;
}

bool compat_pattern_includes(compat *c, const pattern *one, const pattern *other)
{
    static const pattern_range every[] = {{0, 0}};
    static const uint16_t moves[] = {0, 0, 1, 1, PATTERN_MATCHED, PATTERN_MATCHED};
    static const pattern anything = {
        .ranges = every, .range_count = 1, .kind_count = 1, .moves = moves, .state_count = 3};
    race r = {.one = one, .other = other != NULL ? other : &anything};
    size_t pairs;

    if (one == NULL || one->any || one == other || (other != NULL && strcmp(one->text, other->text) == 0))
        return true;
    cut_ranges(&r, c->memory);
    pairs = one->state_count * r.other->state_count;
    if (pairs * r.first_count > STEPS_MAX)
        return false;
    r.seen = (bool *)arena_array(c->memory, pairs, sizeof *r.seen);
    r.open = (uint32_t *)arena_array(c->memory, pairs, sizeof *r.open);
    visit(&r, PATTERN_START, PATTERN_START);
    while (r.open_count > 0) {
        const uint32_t pair = r.open[--r.open_count];
        const size_t a = pair / r.other->state_count, b = pair % r.other->state_count;

        if (matches_at_end(r.other, b) && !matches_at_end(one, a))
            return false;
        for (size_t i = 0; i < r.first_count; i++)
            visit(&r, next_state(one, a, kind_of(one, r.firsts[i])),
                  next_state(r.other, b, kind_of(r.other, r.firsts[i])));
    }
    return true;
}
